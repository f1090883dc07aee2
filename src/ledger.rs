//! The ledger as people take it away: lines with dates, sums, and a file for spreadsheets.
//!
//! Knows the store's entries, neither terminals nor windows.

use engine::caps::{Month, date_time};
use engine::money::Total;
use engine::store::LedgerEntry;
use indexmap::IndexMap;

/// What sums are made by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    Month,
    Provider,
    Model,
}

/// Sums by something: months in their order, everything else by what it comes to.
pub fn totals(entries: &[LedgerEntry], by: By) -> Vec<(String, Total)> {
    let mut found: IndexMap<String, Total> = IndexMap::new();
    for entry in entries {
        let name = match by {
            By::Month => entry.seconds().map_or_else(|| "unknown".to_owned(), |at| Month::of_unix(at).to_string()),
            By::Provider => entry.provider.clone(),
            By::Model => entry.model.clone().unwrap_or_else(|| "unknown".to_owned()),
        };
        found.entry(name).or_default().add(entry.cost);
    }
    match by {
        By::Month => found.sort_unstable_keys(),
        By::Provider | By::Model => found.sort_by(|_, a, _, b| b.most().cmp(&a.most())),
    }
    found.into_iter().collect()
}

/// The columns of [`csv`].
const COLUMNS: &[&str] = &[
    "when",
    "graph",
    "item",
    "provider",
    "model",
    "basis",
    "cost_usd",
    "at_most_usd",
    "estimate_usd",
    "job",
    "run",
    "note",
];

/// The ledger as CSV by RFC 4180. Amounts that nobody knows are empty, never 0; a cell that a spreadsheet would take
/// for a formula begins with an apostrophe.
pub fn csv(entries: &[LedgerEntry]) -> String {
    let mut out = String::new();
    line(&mut out, COLUMNS.iter().map(|name| (*name).to_owned()));
    for entry in entries {
        let usd = |microusd: Option<u64>| {
            microusd.map(|micro| format!("{}.{:06}", micro / 1_000_000, micro % 1_000_000)).unwrap_or_default()
        };
        let doubtful = entry.cost.most().filter(|_| entry.cost.known().is_none());
        let cells = [
            entry.seconds().map(date_time).unwrap_or_default(),
            text(&entry.purpose.graph),
            text(&entry.purpose.item),
            text(&entry.provider),
            text(entry.model.as_deref().unwrap_or_default()),
            entry.cost.basis().to_owned(),
            usd(entry.cost.known()),
            usd(doubtful),
            usd(entry.estimate_microusd),
            entry.job.map(|job| job.to_string()).unwrap_or_default(),
            text(&entry.purpose.run),
            text(&entry.note),
        ];
        line(&mut out, cells);
    }
    out
}

/// A text that no spreadsheet executes.
fn text(text: &str) -> String {
    let runs = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']);
    if runs { format!("'{text}") } else { text.to_owned() }
}

fn line(out: &mut String, cells: impl IntoIterator<Item = String>) {
    for (n, cell) in cells.into_iter().enumerate() {
        if 0 < n {
            out.push(',');
        }
        if cell.contains([',', '"', '\r', '\n']) {
            out.push('"');
            out.push_str(&cell.replace('"', "\"\""));
            out.push('"');
        } else {
            out.push_str(&cell);
        }
    }
    out.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    use engine::caps::Purpose;
    use engine::money::Cost;
    use engine::store::JournalId;

    use super::*;

    fn entry(at: u64, provider: &str, cost: Cost) -> LedgerEntry {
        LedgerEntry {
            job: Some(JournalId(7)),
            purpose: Purpose { graph: "film".to_owned(), item: "v/s1".to_owned(), ..Purpose::default() },
            provider: provider.to_owned(),
            cost,
            estimate_microusd: Some(250_000),
            at: Some(at.to_string()),
            ..LedgerEntry::default()
        }
    }

    #[test]
    fn a_cell_is_quoted_and_never_a_formula() {
        let mut odd = entry(1_795_824_000, "fal, inc. \"x\"", Cost::Exact(310_000));
        odd.note = "=HYPERLINK(\"http://evil\")\nsecond line".to_owned();
        odd.model = Some("@sum".to_owned());
        let told = csv(&[odd, entry(0, "b", Cost::AtMost(5)), entry(0, "b", Cost::Unknown)]);
        let (head, rows) = told.split_once("\r\n").unwrap();
        assert_eq!(head, COLUMNS.join(","));
        assert_eq!(
            rows,
            "2026-11-28T00:00:00Z,film,v/s1,\"fal, inc. \"\"x\"\"\",'@sum,exact,0.310000,,0.250000,7,,\
             \"'=HYPERLINK(\"\"http://evil\"\")\nsecond line\"\r\n\
             1970-01-01T00:00:00Z,film,v/s1,b,,at_most,,0.000005,0.250000,7,,\r\n\
             1970-01-01T00:00:00Z,film,v/s1,b,,unknown,,,0.250000,7,,\r\n"
        );
    }

    #[test]
    fn sums_lose_nothing() {
        let entries = [
            entry(1_795_824_000, "b", Cost::Exact(1)),
            entry(0, "a", Cost::Listed(2)),
            entry(0, "b", Cost::Unknown),
            LedgerEntry { at: None, ..entry(0, "a", Cost::AtMost(4)) },
        ];
        let known = |microusd, maybe, n_unknown| Total { microusd, maybe, n_unknown };
        let named = |name: &str, total| (name.to_owned(), total);
        assert_eq!(totals(&entries, By::Provider), [named("a", known(2, 4, 0)), named("b", known(1, 0, 1))]);
        assert_eq!(
            totals(&entries, By::Month),
            [named("1970-01", known(2, 0, 1)), named("2026-11", known(1, 0, 0)), named("unknown", known(0, 4, 0))]
        );
        assert_eq!(totals(&entries, By::Model), [named("unknown", known(3, 4, 1))]);
    }
}
