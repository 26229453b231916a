use std::time::Duration;

use super::reader::Reader;

/// Longer than a bank takes to show a credit whose day it dates back, and short enough that nobody wonders.
const GRACE: u64 = 15 * 60;
/// A week: weekends and holidays.
const GRACE_MAX: u64 = 7 * 24 * 3600;

impl Reader<'_> {
    pub(super) fn quote_grace(&mut self) -> Duration {
        let (name, wanted) = ("QUOTE_GRACE_SECONDS", "a number of seconds, 0 to 604800");
        let seconds = self.number(name, wanted).unwrap_or(GRACE);
        if seconds > GRACE_MAX {
            self.problem(name, wanted);
        }
        Duration::from_secs(seconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::testing::fakes::samples;

    fn read(seconds: Option<&str>) -> Result<Duration, Vec<String>> {
        let seed = samples::issuer().to_strkey();
        let config = Config::from_source(|name| match name {
            "SIGNING_SEED" => Some(seed.expose().clone()),
            "SERVER_JWT_KEY" => Some("0123456789abcdefghijklmnopqrstuvwxyz".to_owned()),
            "QUOTE_GRACE_SECONDS" => seconds.map(str::to_owned),
            _ => None,
        });
        config.map(|config| config.quote_grace).map_err(|error| error.problems)
    }

    #[test]
    fn money_of_quoted_deposits_is_asked_about_for_a_week_after_the_end_at_most() {
        assert_eq!(read(None), Ok(Duration::from_secs(GRACE)));
        assert_eq!(read(Some("0")), Ok(Duration::ZERO));
        assert_eq!(read(Some("604800")), Ok(Duration::from_secs(GRACE_MAX)));
        for wrong in ["604801", "-1", "1.5", "15m"] {
            let problems = read(Some(wrong)).unwrap_err();
            assert!(problems.len() == 1 && problems[0].contains("QUOTE_GRACE_SECONDS"), "{problems:?}");
        }
    }
}
