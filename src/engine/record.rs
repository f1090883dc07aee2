//! The record of a choice as data: who was left, in which order and why, and who was removed by what.
//!
//! Knows no models: whoever chooses writes it. Words are made from it when somebody reads them; a text in its place was
//! rejected, as most records are never read and programs cannot read a text.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::money::dollars;

/// Most models that words list by name for one reason.
pub const MOST_LISTED: usize = 8;

/// See the module.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    pub choice: String,
    /// Micro-dollars; none where the price is unknown.
    pub estimate_microusd: Option<u64>,
    /// One sentence without a final period.
    pub reason: String,
    /// Best first; the first is the choice.
    pub ranked: Vec<Ranked>,
    /// In the order of the filters, then by name.
    pub removed: Vec<Removed>,
    /// How many models make something else, and were no candidates.
    pub others: usize,
}

/// A candidate that passed every filter. Scores are in thousandths.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ranked {
    pub name: String,
    /// How far it is from whom the call falls back: 0 the same model, 1 its family, 2 another; 0 at the first try.
    pub rung: u8,
    pub cost_microusd: Option<u64>,
    /// From submission to result, retries included.
    pub seconds: Option<u64>,
    /// 1 to 5, as its manifest or the user says.
    pub tier: Option<u8>,
    /// Takes of it that the user chose, and those that the user rolled again.
    pub chosen_takes: u32,
    pub rolled_takes: u32,
    /// From the tier and the takes; none where neither says anything.
    pub quality: Option<u32>,
    pub cost_score: u32,
    pub time_score: u32,
    pub quality_score: u32,
    pub score: u32,
}

/// A candidate that cannot win.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Removed {
    pub name: String,
    /// The first filter that it does not pass: `price cap`.
    pub filter: Cow<'static, str>,
    /// A clause: "it takes no last frame".
    pub why: Cow<'static, str>,
}

impl Record {
    /// The rank and the removed in words, a line each. Bounded: whoever has a thousand models reads a page about them.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for (idx, it) in self.ranked.iter().take(MOST_LISTED).enumerate() {
            lines.push(format!("{}. {}: {}", idx + 1, it.name, it.told()));
        }
        lines.extend(more(self.ranked.len()));
        match self.others {
            0 => {}
            1 => lines.push("removed by task: 1 model that makes something else".to_owned()),
            n => lines.push(format!("removed by task: {n} models that make something else")),
        }
        for them in self.removed.chunk_by(|a, b| a.filter == b.filter) {
            let named = them.iter().take(MOST_LISTED);
            lines.extend(named.map(|it| format!("removed by {}: {}, as {}", it.filter, it.name, it.why)));
            lines.extend(more(them.len()).map(|more| format!("removed by {}: {more}", them[0].filter)));
        }
        lines
    }
}

impl Ranked {
    /// `$0.25, about 60 s, quality 4 of 5, score 800`.
    fn told(&self) -> String {
        let price = match self.cost_microusd {
            None => "price unknown".to_owned(),
            Some(0) => "free".to_owned(),
            Some(cost) => dollars(cost),
        };
        let time = self.seconds.map_or_else(|| "time unknown".to_owned(), |seconds| format!("about {seconds} s"));
        let tier = self.tier.map_or_else(|| "quality unknown".to_owned(), |tier| format!("quality {tier} of 5"));
        let takes = match (self.chosen_takes, self.rolled_takes) {
            (0, 0) => String::new(),
            (chosen, rolled) => format!(" ({chosen} takes chosen, {rolled} rolled again)"),
        };
        format!("{price}, {time}, {tier}{takes}, score {}", self.score)
    }
}

/// `and 3 more`, where not all are listed.
pub fn more(n: usize) -> Option<String> {
    (MOST_LISTED < n).then(|| format!("and {} more", n - MOST_LISTED))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_record_is_a_page_in_words_and_whole_as_data() {
        let ranked = |n: usize| Ranked { name: format!("a/{n}"), cost_microusd: Some(250_000), ..Ranked::default() };
        let removed =
            |n: usize| Removed { name: format!("b/{n}"), filter: "limits".into(), why: "it is too short".into() };
        let record = Record {
            choice: "a/0".to_owned(),
            ranked: (0..20).map(ranked).collect(),
            removed: (0..9).map(removed).collect(),
            others: 1,
            ..Record::default()
        };
        let lines = record.lines();
        assert_eq!(lines.len(), 8 + 1 + 1 + 8 + 1);
        assert_eq!(lines[0], "1. a/0: $0.25, time unknown, quality unknown, score 0");
        assert_eq!(lines[8..10], ["and 12 more", "removed by task: 1 model that makes something else"]);
        assert_eq!(lines[10], "removed by limits: b/0, as it is too short");
        assert_eq!(lines[18], "removed by limits: and 1 more");
        let text = serde_json::to_string(&record).expect("plain data");
        assert_eq!(serde_json::from_str::<Record>(&text).expect("the same"), record);
        let liked = Ranked { tier: Some(4), chosen_takes: 3, ..Ranked::default() };
        assert_eq!(
            liked.told(),
            "price unknown, time unknown, quality 4 of 5 (3 takes chosen, 0 rolled again), score 0"
        );
    }
}
