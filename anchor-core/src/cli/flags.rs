//! What a subcommand takes from its flags, and from the settings where a flag is not given.

use std::fmt::Display;
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::str::FromStr;

use super::Settings;
use crate::config::ConfigError;

/// Reads the settings of a subcommand: a flag goes before the environment, and that before the `.env` file. All that is
/// wrong is said at once.
///
/// Clap's own `env` would not do: it knows nothing of the file.
#[derive(Debug)]
pub struct Flags<'a> {
    settings: &'a Settings,
    problems: Vec<String>,
}

impl<'a> Flags<'a> {
    /// Nothing is read yet.
    pub const fn new(settings: &'a Settings) -> Self {
        Self { settings, problems: Vec::new() }
    }

    /// A whole number within these bounds. The bounds of the flag are clap's to check.
    pub fn number<T>(&mut self, flag: Option<T>, name: &str, bounds: RangeInclusive<i64>) -> Option<T>
    where
        T: TryFrom<i64>,
    {
        if flag.is_some() {
            return flag;
        }
        let text = self.settings.get(name)?;
        let number = text.trim().parse::<i64>().ok().filter(|number| bounds.contains(number));
        let number = number.and_then(|number| T::try_from(number).ok());
        if number.is_none() {
            let (least, most) = (bounds.start(), bounds.end());
            let wanted = if *most == i64::MAX {
                format!("a whole number of at least {least}")
            } else {
                format!("a whole number from {least} to {most}")
            };
            self.problem(name, wanted);
        }
        number
    }

    /// An address of this machine, with a port.
    pub fn address(&mut self, flag: Option<SocketAddr>, name: &str) -> Option<SocketAddr> {
        self.parsed(flag, name, "address and port, such as 127.0.0.1:8000")
    }

    fn parsed<T: FromStr>(&mut self, flag: Option<T>, name: &str, wanted: &str) -> Option<T> {
        if flag.is_some() {
            return flag;
        }
        let parsed = self.settings.get(name)?.trim().parse().ok();
        if parsed.is_none() {
            self.problem(name, wanted);
        }
        parsed
    }

    fn problem(&mut self, name: &str, wanted: impl Display) {
        self.problems.push(format!("  {name}: should be {wanted}"));
    }

    /// Nothing is wrong.
    ///
    /// # Errors
    /// Everything that is, without the values.
    pub fn check(self) -> Result<(), ConfigError> {
        if self.problems.is_empty() { Ok(()) } else { Err(ConfigError { problems: self.problems }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(folder: &tempfile::TempDir, text: &str) -> Settings {
        let path = folder.path().join(".env");
        std::fs::write(&path, text).unwrap();
        Settings::load(path).unwrap()
    }

    #[test]
    fn flag_goes_before_the_file_and_what_nobody_says_is_absent() {
        let folder = tempfile::tempdir().unwrap();
        let settings = settings(&folder, "ANCHOR_TEST_CAP=200\nANCHOR_TEST_LISTEN=127.0.0.1:81\n");
        let mut flags = Flags::new(&settings);
        assert_eq!(flags.number(Some(7_u32), "ANCHOR_TEST_CAP", 100..=1000), Some(7));
        assert_eq!(flags.number(None::<u32>, "ANCHOR_TEST_CAP", 100..=1000), Some(200));
        assert_eq!(flags.number(None::<u32>, "ANCHOR_TEST_NONE", 100..=1000), None);
        assert_eq!(flags.address(None, "ANCHOR_TEST_LISTEN").unwrap().port(), 81);
        flags.check().unwrap();
    }

    #[test]
    fn all_that_is_out_of_bounds_is_said_at_once_and_never_with_its_value() {
        let folder = tempfile::tempdir().unwrap();
        let settings = settings(&folder, "ANCHOR_TEST_A=99\nANCHOR_TEST_B=many\nANCHOR_TEST_C=port7\n");
        let mut flags = Flags::new(&settings);
        flags.number(None::<u32>, "ANCHOR_TEST_A", 100..=1000);
        flags.number(None::<i64>, "ANCHOR_TEST_B", 1..=i64::MAX);
        flags.address(None, "ANCHOR_TEST_C");
        let problems = flags.check().unwrap_err().problems;
        assert_eq!(problems.len(), 3, "{problems:?}");
        assert!(
            problems[0].contains("from 100 to 1000") && problems[1].contains("at least 1"),
            "{problems:?}"
        );
        assert!(!problems.concat().contains("99") && !problems.concat().contains("port7"), "{problems:?}");
    }
}
