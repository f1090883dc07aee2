//! Money: whole millionths of a dollar, and how well an amount is known. What nobody knows is never zero.
//!
//! Knows neither stores nor providers. A plain number with zero for "unknown" is what bills get lost in; floating
//! point does not add up.

use std::fmt;
use std::iter::Sum;

use serde::{Deserialize, Serialize};

/// Micro-dollars in a dollar.
const DOLLAR: u64 = 1_000_000;

/// What something cost, in micro-dollars.
///
/// Records write an exact amount as a number, the others as `{"listed": n}`, `{"at_most": n}` and `"unknown"`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cost {
    /// By the price list: whoever was paid did not say.
    Listed(u64),
    /// It may be billed, up to this much: nobody said.
    AtMost(u64),
    /// Nobody knows.
    #[default]
    Unknown,
    /// Whoever was paid said so, or it is certain.
    #[serde(untagged)]
    Exact(u64),
}

impl Cost {
    pub const FREE: Cost = Cost::Exact(0);

    /// By the price list, where there is one.
    pub fn listed(microusd: Option<u64>) -> Cost {
        match microusd {
            None => Cost::Unknown,
            Some(0) => Cost::FREE,
            Some(microusd) => Cost::Listed(microusd),
        }
    }

    /// It may be billed, up to the price list's amount.
    pub fn at_most(microusd: Option<u64>) -> Cost {
        match microusd {
            None => Cost::Unknown,
            Some(0) => Cost::FREE,
            Some(microusd) => Cost::AtMost(microusd),
        }
    }

    /// The amount, where it is a fact.
    pub fn known(self) -> Option<u64> {
        match self {
            Cost::Exact(microusd) | Cost::Listed(microusd) => Some(microusd),
            Cost::AtMost(_) | Cost::Unknown => None,
        }
    }

    /// The most that it can be: what limits count.
    pub fn most(self) -> Option<u64> {
        match self {
            Cost::Exact(microusd) | Cost::Listed(microusd) | Cost::AtMost(microusd) => Some(microusd),
            Cost::Unknown => None,
        }
    }

    /// Both together, known as well as the worse known of them.
    #[must_use]
    pub fn and(self, other: Cost) -> Cost {
        let Some(sum) = self.most().zip(other.most()).map(|(one, other)| one.saturating_add(other)) else {
            return Cost::Unknown;
        };
        match (self, other) {
            (Cost::AtMost(_), _) | (_, Cost::AtMost(_)) => Cost::AtMost(sum),
            (Cost::Listed(_), _) | (_, Cost::Listed(_)) => Cost::Listed(sum),
            _ => Cost::Exact(sum),
        }
    }

    /// The cost for people, with what was expected where that is something else.
    pub fn beside(self, expected: Option<u64>) -> String {
        match expected {
            Some(expected) if self.known().is_some_and(|cost| cost != expected) => {
                format!("{self} (expected {})", dollars(expected))
            }
            _ => self.to_string(),
        }
    }

    /// One lower-case word or two for how well it is known.
    pub fn basis(self) -> &'static str {
        match self {
            Cost::Exact(_) => "exact",
            Cost::Listed(_) => "listed",
            Cost::AtMost(_) => "at_most",
            Cost::Unknown => "unknown",
        }
    }
}

impl From<Option<u64>> for Cost {
    fn from(microusd: Option<u64>) -> Cost {
        microusd.map_or(Cost::Unknown, Cost::Exact)
    }
}

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Cost::Exact(microusd) | Cost::Listed(microusd) => f.write_str(&dollars(*microusd)),
            Cost::AtMost(microusd) => write!(f, "up to {}", dollars(*microusd)),
            Cost::Unknown => f.write_str("unknown"),
        }
    }
}

/// A sum of costs, the doubtful ones apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Total {
    /// Micro-dollars of all that is known.
    pub microusd: u64,
    /// Micro-dollars that may be billed besides.
    pub maybe: u64,
    /// How many costs nobody knows.
    pub n_unknown: u64,
}

impl Total {
    /// A sum that is wholly known.
    pub fn of(microusd: u64) -> Total {
        Total { microusd, ..Total::default() }
    }

    pub fn add(&mut self, cost: Cost) {
        match cost {
            Cost::Exact(microusd) | Cost::Listed(microusd) => self.microusd = self.microusd.saturating_add(microusd),
            Cost::AtMost(microusd) => self.maybe = self.maybe.saturating_add(microusd),
            Cost::Unknown => self.n_unknown += 1,
        }
    }

    /// Both together.
    #[must_use]
    pub fn and(self, other: Total) -> Total {
        Total {
            microusd: self.microusd.saturating_add(other.microusd),
            maybe: self.maybe.saturating_add(other.maybe),
            n_unknown: self.n_unknown.saturating_add(other.n_unknown),
        }
    }

    /// Whether nothing was, may be or might be paid.
    pub fn is_free(&self) -> bool {
        *self == Total::default()
    }

    /// The most that the known and the doubtful come to; costs that nobody knows come on top.
    pub fn most(&self) -> u64 {
        self.microusd.saturating_add(self.maybe)
    }
}

impl Sum<Cost> for Total {
    fn sum<I: Iterator<Item = Cost>>(costs: I) -> Total {
        let mut total = Total::default();
        costs.for_each(|cost| total.add(cost));
        total
    }
}

impl fmt::Display for Total {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&dollars(self.microusd))?;
        if 0 < self.maybe {
            write!(f, ", perhaps {} more", dollars(self.maybe))?;
        }
        match self.n_unknown {
            0 => Ok(()),
            1 => f.write_str(" and 1 unknown price"),
            n => write!(f, " and {n} unknown prices"),
        }
    }
}

/// Micro-dollars for people: two digits at least, and no more than it has, so that no part of a cent is lost.
pub fn dollars(microusd: u64) -> String {
    let (whole, part) = (microusd / DOLLAR, format!("{:06}", microusd % DOLLAR));
    let part = part.trim_end_matches('0');
    format!("${whole}.{part:0<2}")
}

/// Reads `5`, `5usd`, `$0.50` or `50c` as micro-dollars.
///
/// # Errors
/// A sentence for people.
pub fn amount(text: &str) -> Result<u64, String> {
    let told = || "write an amount like 5, 5usd, 0.25 or 50c".to_owned();
    let text = text.trim().to_ascii_lowercase();
    let text = text.strip_prefix('$').unwrap_or(&text);
    let (number, unit) = match (text.strip_suffix("usd"), text.strip_suffix('c')) {
        (Some(number), _) => (number.trim_end(), DOLLAR),
        (_, Some(number)) => (number.trim_end(), DOLLAR / 100),
        _ => (text, DOLLAR),
    };
    let (whole, part) = number.split_once('.').unwrap_or((number, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(part) {
        return Err(told());
    }
    let too_large = || "the amount is too large".to_owned();
    let whole: u64 = whole.parse().map_err(|_| too_large())?;
    let n_digits = unit.ilog10() as usize;
    let part = part.trim_end_matches('0');
    if n_digits < part.len() {
        return Err("an amount has no parts smaller than a millionth of a dollar".to_owned());
    }
    let part: u64 = format!("{part:0<n_digits$}").parse().map_err(|_| told())?;
    whole.checked_mul(unit).and_then(|micro| micro.checked_add(part)).ok_or_else(too_large)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_exactly_and_said_in_full() {
        for (text, micro) in [
            ("5", 5_000_000),
            ("5usd", 5_000_000),
            (" 5 USD ", 5_000_000),
            ("$0.50", 500_000),
            ("50c", 500_000),
            ("0.5c", 5_000),
            ("0.000001usd", 1),
            ("0", 0),
        ] {
            assert_eq!(amount(text), Ok(micro), "{text}");
        }
        let bad = ["", "usd", "c", "-1", "+1", "1e3", "1.", ".5", "0.0000001", "0.00001c", "5 eur", "$", "1,5"];
        for text in bad.into_iter().chain(["99999999999999999999usd", "18446744073709usd1", "18446744073710"]) {
            assert!(amount(text).is_err(), "{text}");
        }
        assert_eq!(
            [0, 1, 4_200, 250_000, 12_345_678].map(dollars),
            ["$0.00", "$0.000001", "$0.0042", "$0.25", "$12.345678"]
        );
        for micro in [0, 1, 9_999, 10_000, 123_456_789, u64::MAX] {
            assert_eq!(amount(&dollars(micro)), Ok(micro));
        }
    }

    #[test]
    fn what_nobody_knows_is_never_zero() {
        let total: Total =
            [Cost::Exact(2), Cost::Listed(3), Cost::AtMost(5), Cost::Unknown, Cost::Unknown].into_iter().sum();
        assert_eq!(total, Total { microusd: 5, maybe: 5, n_unknown: 2 });
        assert!(!Total { n_unknown: 1, ..Total::default() }.is_free());
        assert_eq!(total.to_string(), "$0.000005, perhaps $0.000005 more and 2 unknown prices");
        assert_eq!((Cost::listed(None), Cost::at_most(None)), (Cost::Unknown, Cost::Unknown));
        assert_eq!((Cost::listed(Some(0)), Cost::at_most(Some(0))), (Cost::FREE, Cost::FREE), "free is known");
    }

    #[test]
    fn records_write_plain_numbers_for_facts() {
        for (cost, text) in [
            (Cost::Exact(70), "70"),
            (Cost::Exact(u64::MAX), "18446744073709551615"),
            (Cost::Listed(7), r#"{"listed":7}"#),
            (Cost::AtMost(7), r#"{"at_most":7}"#),
            (Cost::Unknown, r#""unknown""#),
        ] {
            assert_eq!(serde_json::to_string(&cost).expect("written"), text);
            assert_eq!(serde_json::from_str::<Cost>(text).expect("read"), cost);
        }
    }
}
