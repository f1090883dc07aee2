//! Prices: what an ask costs, in integer millionths of a dollar.
//!
//! Knows rules with dates, not ledgers. Floating point was rejected: bills are added up.

use engine::money::dollars;
use serde::{Deserialize, Serialize};

use super::ask::Ask;
use super::entry::{Entry, Term};

/// More tokens than a picture has at any provider that is built in.
const PICTURE_TOKENS: u128 = 5000;

/// The price list of a model. Empty means unknown.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Prices {
    /// The first whose terms all hold is the price; none holding means unknown.
    pub rules: Vec<Price>,
    /// All whose terms hold are added.
    pub extras: Vec<Price>,
}

/// A price under conditions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Price {
    #[serde(default)]
    pub when: Vec<Term>,
    pub per: Per,
    /// Micro-dollars for each unit.
    pub microusd: u64,
    /// The least that is charged, in micro-dollars.
    #[serde(default)]
    pub least: u64,
    /// Units that cost nothing (the first five references).
    #[serde(default)]
    pub free: u64,
}

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Per {
    Call,
    Second,
    /// Started millions of pixels of a picture.
    Megapixel,
    /// Thousands of characters of the prompt, to the character.
    ThousandChars,
    /// Reference pictures, first and last frame included.
    Picture,
    /// Width x height x 24 x seconds / 1024, per million.
    MillionVideoTokens,
    /// Tokens of a question. Nobody here has the model's own counter: an estimate takes a character, which is one
    /// token in the densest scripts and four to a token in English, and 5,000 for a picture. Bills use what is told.
    MillionInputTokens,
    /// Tokens of an answer: as many as it may have.
    MillionOutputTokens,
}

impl Entry {
    /// What an ask costs at most, in micro-dollars. None where the price is unknown; zero only where it is free.
    pub fn price(&self, ask: &Ask) -> Option<u64> {
        let holds = |price: &&Price| price.when.iter().all(|term| ask.holds(term));
        let base = self.prices.rules.iter().find(holds)?;
        let extras = self.prices.extras.iter().filter(holds).map(|extra| extra.of(ask));
        Some(extras.fold(base.of(ask), u64::saturating_add))
    }

    /// What tokens cost that were counted by the provider, in micro-dollars; none where the price does not go by them.
    pub fn price_of_tokens(&self, input: u64, output: u64) -> Option<u64> {
        let all = || self.prices.rules.iter().chain(&self.prices.extras);
        let of = |per: Per, count: u64| {
            let price = all().find(|price| price.per == per)?;
            Some((u128::from(count) * u128::from(price.microusd)).div_ceil(1_000_000))
        };
        let output = of(Per::MillionOutputTokens, output)?;
        let sum = output + of(Per::MillionInputTokens, input).unwrap_or(0);
        Some(u64::try_from(sum).unwrap_or(u64::MAX))
    }
}

impl Prices {
    /// The list in a few words: `$0.05 to $0.08 a second`, `free`, `unknown`.
    pub fn summary(&self) -> String {
        let (Some(first), Some(least), Some(most)) = (
            self.rules.first(),
            self.rules.iter().map(|price| price.microusd).min(),
            self.rules.iter().map(|price| price.microusd).max(),
        ) else {
            return "unknown".to_owned();
        };
        if most == 0 {
            return "free".to_owned();
        }
        let unit = match first.per {
            Per::Call => "each",
            Per::Second => "a second",
            Per::Megapixel => "a megapixel",
            Per::ThousandChars => "a thousand characters",
            Per::Picture => "a picture",
            Per::MillionVideoTokens | Per::MillionInputTokens => "a million tokens",
            Per::MillionOutputTokens => "a million tokens of answer",
        };
        let range = if least == most { dollars(least) } else { format!("{} to {}", dollars(least), dollars(most)) };
        format!("{range} {unit}")
    }
}

impl Price {
    fn of(&self, ask: &Ask) -> u64 {
        let pixels = u128::from(ask.width) * u128::from(ask.height);
        // Counted in parts of a unit, so that nothing is lost before the last division.
        let (count, parts) = match self.per {
            Per::Call => (1, 1),
            Per::Second => (u128::from(ask.seconds), 1),
            Per::Megapixel => (pixels.div_ceil(1_000_000), 1),
            Per::ThousandChars => (u128::from(ask.prompt_chars), 1000),
            Per::Picture => (u128::from(ask.references) + u128::from(ask.first_frame) + u128::from(ask.last_frame), 1),
            Per::MillionInputTokens => {
                (u128::from(ask.input_chars) + u128::from(ask.references) * PICTURE_TOKENS, 1_000_000)
            }
            Per::MillionOutputTokens => (u128::from(ask.max_tokens.unwrap_or(0)), 1_000_000),
            Per::MillionVideoTokens => (pixels * 24 * u128::from(ask.seconds), 1024 * 1_000_000),
        };
        let charged = count.saturating_sub(u128::from(self.free) * parts);
        let cost = (charged * u128::from(self.microusd)).div_ceil(parts);
        u64::try_from(cost).unwrap_or(u64::MAX).max(self.least)
    }
}
