use std::time::Duration;

use super::reader::Reader;

/// Ten years.
const DAYS_MAX: u64 = 3650;

const DAY: u64 = 24 * 3600;

impl Reader<'_> {
    /// A day at least: until then the deposit that made a balance is confirmed, whatever happens.
    pub(super) fn claimable_reclaim_after(&mut self) -> Option<Duration> {
        let (name, wanted) = ("CLAIMABLE_RECLAIM_AFTER_DAYS", "a number of days, 1 to 3650");
        self.text(name)?;
        let days: u64 = self.number(name, wanted)?;
        if !(1..=DAYS_MAX).contains(&days) {
            self.problem(name, wanted);
            return None;
        }
        Some(Duration::from_secs(days.saturating_mul(DAY)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::testing::fakes::samples;

    fn read(days: Option<&str>) -> Result<Option<Duration>, Vec<String>> {
        let seed = samples::issuer().to_strkey();
        let config = Config::from_source(|name| match name {
            "SIGNING_SEED" => Some(seed.expose().clone()),
            "SERVER_JWT_KEY" => Some("0123456789abcdefghijklmnopqrstuvwxyz".to_owned()),
            "CLAIMABLE_RECLAIM_AFTER_DAYS" => days.map(str::to_owned),
            _ => None,
        });
        config.map(|config| config.claimable_reclaim_after).map_err(|error| error.problems)
    }

    #[test]
    fn nothing_is_taken_back_unless_days_are_given_and_nonsense_is_refused() {
        assert_eq!(read(None), Ok(None));
        assert_eq!(read(Some(" ")), Ok(None));
        assert_eq!(read(Some("90")), Ok(Some(Duration::from_secs(90 * DAY))));
        for wrong in ["0", "3651", "-1", "1.5", "often", "99999999999999999999"] {
            let problems = read(Some(wrong)).unwrap_err();
            assert!(
                problems.len() == 1 && problems[0].contains("CLAIMABLE_RECLAIM_AFTER_DAYS"),
                "{problems:?}"
            );
        }
    }
}
