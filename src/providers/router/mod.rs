//! Chooses a model for a call: hard filters in a fixed order, then a rank, with a record of both.
//!
//! Pure: knows calls, entries and a date, but no clock, store, credential or network; whoever asks looks those up. One
//! score that punishes what is missing was rejected: a model that cannot do a shot could then win by being cheap.

mod desk;
mod filter;
mod ladder;
mod rank;
mod record;
mod taste;
#[cfg(test)]
mod tests;
mod together;

use std::borrow::Cow;

use model::Task;
pub use model::policy::{Aim, Consent, Weights};
use serde::Serialize;

use crate::manifest::Entry;

pub use desk::{Desk, Judged, Routed, route};
pub use filter::is_listed;
pub use ladder::{Fallen, Ladder};
pub use taste::Taste;
pub use together::{Anchor, together};

/// What may be chosen.
#[derive(Clone, Copy, Debug)]
pub enum Offer<'a> {
    /// A provider's model.
    Entry(&'a Entry),
    /// A model inside the program: free, and it takes every call of its tasks.
    BuiltIn { name: &'a str, tasks: &'a [Task] },
}

impl<'a> Offer<'a> {
    /// What allow lists, pins and records call it.
    pub fn name(self) -> &'a str {
        match self {
            Offer::Entry(entry) => &entry.name,
            Offer::BuiltIn { name, .. } => name,
        }
    }

    /// The same text where the weights are the same.
    fn model(self) -> &'a str {
        match self {
            Offer::Entry(entry) => &entry.model,
            Offer::BuiltIn { name, .. } => name,
        }
    }

    /// The same text where the look is similar.
    fn family(self) -> &'a str {
        match self {
            Offer::Entry(entry) => &entry.family,
            Offer::BuiltIn { name, .. } => name,
        }
    }
}

/// How a model did lately on this machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// Jobs that ended, and those of them that gave a result.
    pub tried: u32,
    pub succeeded: u32,
    /// From submission to result.
    pub median_seconds: Option<u32>,
    /// Seconds until it may be asked again, after failures in a row; none where it is not cooling.
    pub cooling_seconds: Option<u64>,
}

/// A model with what only the world knows about it.
#[derive(Clone, Copy, Debug)]
pub struct Candidate<'a> {
    pub offer: Offer<'a>,
    /// Whether its credentials are there.
    pub has_credentials: bool,
    pub health: Health,
    /// What the user thought of its takes, by task; none where the user has not judged any.
    pub tastes: &'a [(Task, Taste)],
}

impl<'a> Candidate<'a> {
    /// A candidate that nobody has tried, and that lets everybody in.
    pub fn untried(offer: Offer<'a>) -> Candidate<'a> {
        Candidate { offer, has_credentials: true, health: Health::default(), tastes: &[] }
    }
}

/// What to do about inputs of which nobody knows whether a model takes them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Doubts {
    /// They count as not taken: the failed try would cost money.
    #[default]
    Refuse,
    /// They count as taken: for a model that was named.
    Accept,
}

/// How to choose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Policy {
    pub aim: Aim,
    /// Names (`runway/gen4.5`), providers (`runway`), families or patterns (`runway/*`) of which it must be one; empty
    /// allows all.
    pub allow: Vec<String>,
    /// The same of which it must not be one; stronger than `allow`.
    pub deny: Vec<String>,
    /// The most that the call may cost, in micro-dollars. An unknown price is above every cap.
    pub most_microusd: Option<u64>,
    pub doubts: Doubts,
    /// Whom it falls back from, and how far; empty at the first try.
    pub ladder: Ladder,
}

impl Policy {
    /// An aim without further wishes.
    pub fn of(aim: Aim) -> Policy {
        let (allow, deny, ladder) = (Vec::new(), Vec::new(), Ladder::default());
        Policy { aim, allow, deny, most_microusd: None, doubts: Doubts::Refuse, ladder }
    }
}

/// Hard filters, in the order in which they are applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Filter {
    Task,
    Capability,
    Input,
    Limits,
    Retired,
    AllowAndDeny,
    PriceCap,
    Credentials,
    Health,
    /// It failed just now, or is further away than the graph lets a call fall back.
    Fallback,
    /// Another model makes what must look alike.
    Consistency,
}

impl Filter {
    /// In words: `price cap`.
    pub fn title(self) -> &'static str {
        match self {
            Filter::Task => "task",
            Filter::Capability => "capability",
            Filter::Input => "inputs",
            Filter::Limits => "limits",
            Filter::Retired => "retired",
            Filter::AllowAndDeny => "allow and deny",
            Filter::PriceCap => "price cap",
            Filter::Credentials => "credentials",
            Filter::Health => "health",
            Filter::Fallback => "fallback",
            Filter::Consistency => "consistency",
        }
    }

    /// Whether it is about what the model can do, not about today, the user or this machine. A result of a model that
    /// others removed is still a result.
    pub fn is_about_ability(self) -> bool {
        self <= Filter::Limits
    }
}

/// A candidate that cannot win.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Removed<'a> {
    pub name: &'a str,
    /// The first filter that it does not pass.
    pub filter: Filter,
    /// A clause: "it takes no last frame".
    pub why: Cow<'static, str>,
}

/// A candidate that passed every filter, with its scores in thousandths.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Ranked<'a> {
    pub name: &'a str,
    /// How far it is from whom the call falls back: 0 the same model, 1 its family, 2 another; 0 at the first try.
    pub rung: u8,
    /// Micro-dollars; none where the price is unknown.
    pub cost: Option<u64>,
    /// From submission to result, retries included; none where nobody knows.
    pub seconds: Option<u64>,
    /// 1 to 5; none where nobody has said.
    pub tier: Option<u8>,
    /// What the user thought of its takes for this task.
    pub taste: Taste,
    /// From tier and taste, in thousandths; none where neither says anything.
    pub quality: Option<u32>,
    /// Of the cheapest one's price to its own; 0 where the price is unknown.
    pub cost_score: u32,
    /// Of the fastest one's time to its own; 0 where it is unknown.
    pub time_score: u32,
    pub quality_score: u32,
    /// The three by the policy's weights.
    pub score: u32,
}

/// A choice, and everything that led to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Decision<'a> {
    pub choice: &'a str,
    /// Micro-dollars; none where the price is unknown.
    pub estimate: Option<u64>,
    /// In the order of the filters, then by name.
    pub removed: Vec<Removed<'a>>,
    /// Best first; the first is the choice.
    pub ranked: Vec<Ranked<'a>>,
    /// One sentence without a final period.
    pub reason: String,
}

/// Nobody passes the filters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Refusal<'a> {
    pub task: Task,
    /// In the order of the filters, then by name.
    pub removed: Vec<Removed<'a>>,
}
