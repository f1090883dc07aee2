//! Calendar dates, `2026-11-22` in files. Only compared: a calendar library would bring time zones along.

use std::fmt;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A day: year, month from 1, day from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(pub u16, pub u8, pub u8);

impl Date {
    /// Reads `2026-11-22`.
    pub fn parse(text: &str) -> Option<Date> {
        let mut parts = text.split('-');
        let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
        if parts.next().is_some() || (year.len(), month.len(), day.len()) != (4, 2, 2) {
            return None;
        }
        let date = Date(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?);
        ((1..=12).contains(&date.1) && (1..=31).contains(&date.2)).then_some(date)
    }

    /// The day of a time in seconds since 1970, in UTC.
    pub fn of_unix(seconds: u64) -> Date {
        // Days to a civil date by eras of 400 years, which all have the same length.
        let days = seconds / 86_400 + 719_468;
        let (era, day_of_era) = (days / 146_097, days % 146_097);
        let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted = (5 * day_of_year + 2) / 153;
        let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
        let year = era * 400 + year_of_era + u64::from(month <= 2);
        Date(u16::try_from(year).unwrap_or(u16::MAX), month as u8, (day_of_year - (153 * shifted + 2) / 5 + 1) as u8)
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.0, self.1, self.2)
    }
}

impl Serialize for Date {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Date {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Date, D::Error> {
        let text = String::deserialize(deserializer)?;
        Date::parse(&text).ok_or_else(|| D::Error::custom(format!("`{text}` is not a date like 2026-11-22")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_and_counted() {
        assert_eq!(Date::parse("2026-11-22"), Some(Date(2026, 11, 22)));
        for bad in ["2026-13-01", "26-11-22", "2026-11", "2026-11-22-1", "2026-00-01"] {
            assert_eq!(Date::parse(bad), None, "{bad}");
        }
        assert_eq!(Date::of_unix(0), Date(1970, 1, 1));
        assert_eq!(Date::of_unix(951_782_400), Date(2000, 2, 29));
        assert_eq!(Date::of_unix(1_795_305_600), Date(2026, 11, 22));
        assert!(Date(2026, 9, 30) < Date(2026, 10, 1));
    }
}
