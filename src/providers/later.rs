//! How long a provider asks us to wait: in seconds, in milliseconds, or until a date.
//!
//! A date is compared with the answer's own: neither our clock, which may be wrong or jump, nor time zones matter.

use std::time::Duration;

use reqwest::header::{DATE, HeaderMap, HeaderName, RETRY_AFTER};

use crate::http::text_of;

/// The wait that an answer asks for; none where it asks for none that can be read.
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let number = |name: HeaderName| text_of(headers, name).trim().parse::<f64>().ok().filter(|it| it.is_finite());
    let until = || {
        let (then, now) = (seconds(&text_of(headers, RETRY_AFTER))?, seconds(&text_of(headers, DATE))?);
        Some(then.saturating_sub(now) as f64)
    };
    let asked = number(HeaderName::from_static("retry-after-ms")).map(|ms| ms / 1000.0);
    let asked = asked.or_else(|| number(RETRY_AFTER)).or_else(until)?;
    Some(Duration::from_secs_f64(asked.clamp(0.0, 1e6)))
}

/// Seconds of a date as HTTP writes it, `Sun, 06 Nov 1994 08:49:37 GMT`, since the year 0.
fn seconds(date: &str) -> Option<u64> {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let mut parts = date.trim().split_once(", ")?.1.split(' ');
    let day: u64 = parts.next()?.parse().ok()?;
    let month = parts.next()?;
    let month = MONTHS.iter().position(|it| *it == month)? as u64 + 1;
    let year: u64 = parts.next()?.parse().ok().filter(|year| (1..10_000).contains(year))?;
    let mut clock = parts.next()?.split(':').map(|part| part.parse::<u64>().ok().filter(|it| *it < 62));
    let (hours, minutes, seconds) = (clock.next()??, clock.next()??, clock.next()??);
    if parts.next() != Some("GMT") || clock.next().is_some() || !(1..=31).contains(&day) {
        return None;
    }
    // Years begin in March, so that the day that is sometimes there is a year's last one.
    let (year, month) = if month <= 2 { (year - 1, month + 9) } else { (year, month - 3) };
    let days = 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day;
    Some(((days * 24 + hours) * 60 + minutes) * 60 + seconds)
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    fn asked(pairs: &[(&'static str, &'static str)]) -> Option<Duration> {
        let pairs = pairs.iter().map(|(k, v)| (HeaderName::from_static(k), HeaderValue::from_static(v)));
        retry_after(&pairs.collect())
    }

    #[test]
    fn waits_are_read_in_every_form() {
        assert_eq!(asked(&[("retry-after", "2.5")]), Some(Duration::from_millis(2500)));
        assert_eq!(asked(&[("retry-after", "9"), ("retry-after-ms", "30")]), Some(Duration::from_millis(30)));
        assert_eq!(asked(&[("retry-after", "-3")]), Some(Duration::ZERO));
        assert_eq!(asked(&[("retry-after", "1e300")]), Some(Duration::from_secs(1_000_000)));
        let now = ("date", "Sat, 28 Feb 2032 23:59:30 GMT");
        let until = |then: &'static str| asked(&[("retry-after", then), now]).map(|it| it.as_secs());
        assert_eq!(until("Sun, 29 Feb 2032 00:00:10 GMT"), Some(40));
        assert_eq!(until("Mon, 01 Mar 2032 00:00:00 GMT"), Some(86_430), "a leap year");
        assert_eq!(until("Sat, 28 Feb 2032 23:00:00 GMT"), Some(0), "it is over");
        for odd in ["soon", "Sun, 29 Feb 2032", "Sun, 29 Foo 2032 00:00:10 GMT", "Sun, 99 Feb 2032 00:00:10 GMT"] {
            assert_eq!(until(odd), None, "{odd}");
        }
        assert_eq!(asked(&[("retry-after", "Sun, 29 Feb 2032 00:00:10 GMT")]), None, "nobody says when now is");
        assert_eq!(asked(&[]), None);
    }
}
