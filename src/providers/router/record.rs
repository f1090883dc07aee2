//! Decisions for others: the sentence, the record as data, the refusal with its ways out.
//!
//! Knows decisions, not how they came about. A refusal is bounded: whoever has a thousand models reads a page about
//! them, not a book.

use engine::money::dollars;
use engine::record::{MOST_LISTED, Record, more};
use model::{Diagnostic, Task};

use super::{Aim, Decision, Filter, Policy, Ranked, Refusal, Removed};

/// Why the first of them was chosen.
pub(super) fn reason(ranked: &[Ranked<'_>], policy: &Policy) -> String {
    let Some(first) = ranked.first() else { return String::new() };
    let (aim, fallen) = (policy.aim, policy.ladder.fallen.last());
    let price = match first.cost {
        None => "at an unknown price".to_owned(),
        Some(0) => "free".to_owned(),
        Some(cost) => format!("at {}", dollars(cost)),
    };
    if let Some(fallen) = fallen {
        let step = ["the same model elsewhere", "of the same family", "another model"][usize::from(first.rung.min(2))];
        return format!("{step}, {price}, as {} failed: {}", fallen.name, fallen.why);
    }
    if ranked.len() == 1 {
        return format!("the only model that can do this, {price}");
    }
    let by = match aim {
        Aim::Cheapest if first.cost.is_none() => "the first, as no price is known,",
        Aim::Cheapest => "the cheapest",
        Aim::Fastest if first.seconds.is_none() => "the cheapest, as no time is known,",
        Aim::Fastest => "the fastest",
        Aim::Best if first.quality.is_none() => "the cheapest, as nobody has said how good they are,",
        Aim::Best => "the best",
        Aim::Balanced(_) => "the best balance",
    };
    format!("{by} of {} that can do this, {price}", ranked.len())
}

impl Decision<'_> {
    /// The whole record as data of its own. Models of another task are counted only: they are most of a catalog, always
    /// for the same reason.
    pub fn record(&self) -> Record {
        let ranked = |it: &Ranked<'_>| engine::record::Ranked {
            name: it.name.to_owned(),
            rung: it.rung,
            cost_microusd: it.cost,
            seconds: it.seconds,
            tier: it.tier,
            chosen_takes: it.taste.chosen,
            rolled_takes: it.taste.rolled,
            quality: it.quality,
            cost_score: it.cost_score,
            time_score: it.time_score,
            quality_score: it.quality_score,
            score: it.score,
        };
        let removed = |it: &Removed<'_>| engine::record::Removed {
            name: it.name.to_owned(),
            filter: it.filter.title().into(),
            why: it.why.clone(),
        };
        let n_others = self.removed.partition_point(|it| it.filter == Filter::Task);
        Record {
            choice: self.choice.to_owned(),
            estimate_microusd: self.estimate,
            reason: self.reason.clone(),
            ranked: self.ranked.iter().map(ranked).collect(),
            removed: self.removed[n_others..].iter().map(removed).collect(),
            others: n_others,
        }
    }
}

impl Refusal<'_> {
    /// `no-model`: how many each filter removed; the hints begin with those that came furthest.
    pub fn diagnostic(&self) -> Diagnostic {
        let task = task(self.task);
        let groups: Vec<_> = groups(&self.removed).collect();
        let counts: Vec<_> = groups.iter().map(|(filter, them)| format!("{} {}", filter.title(), them.len())).collect();
        let message = match counts.as_slice() {
            [] => format!("there is no model to choose from for this {task}"),
            counts => format!("no model can make this {task}; removed by {}", counts.join(", ")),
        };
        let told = Diagnostic::error("no-model", message).at_field("model");
        let told = groups
            .into_iter()
            .rev()
            .filter(|(filter, _)| *filter != Filter::Task)
            .take(4)
            .fold(told, |told, (filter, them)| {
                told.hint(format!("{}: {}. {}", filter.title(), listed(them), way_out(filter)))
            });
        told.hint("`throughline models` lists all models and what they take")
    }
}

/// What can be done about a filter.
fn way_out(filter: Filter) -> &'static str {
    match filter {
        Filter::Task => "Choose a model that makes such things",
        Filter::Capability | Filter::Input => "Ask for less, or name a model that takes it",
        Filter::Limits => "Make the shot shorter, the picture smaller or the prompt shorter",
        Filter::Retired => "Choose a model that is still offered",
        Filter::AllowAndDeny => "Change the allow and deny lists",
        Filter::PriceCap => "Raise the cap",
        Filter::Credentials => "Set a key with `throughline keys set NAME`",
        Filter::Health => "Try again later",
        Filter::Fallback => "Try again later, or let the graph fall back further: `models: (fallback: \"any\")`",
        Filter::Consistency => "Pin another model for these shots, or turn `consistency` off in the graph's `models`",
    }
}

/// The removed, who are sorted by filter, in groups.
fn groups<'r, 'a>(removed: &'r [Removed<'a>]) -> impl Iterator<Item = (Filter, &'r [Removed<'a>])> {
    removed.chunk_by(|a, b| a.filter == b.filter).filter_map(|them| Some((them.first()?.filter, them)))
}

/// `runway/gen4.5 (it takes no last frame), luma/ray-2 (...)`.
fn listed(them: &[Removed<'_>]) -> String {
    let named: Vec<_> = them.iter().take(MOST_LISTED).map(|it| format!("{} ({})", it.name, it.why)).collect();
    named.into_iter().chain(more(them.len())).collect::<Vec<_>>().join(", ")
}

fn task(task: Task) -> &'static str {
    match task {
        Task::Image => "image",
        Task::Video => "clip",
        Task::Text => "text",
        Task::Voice => "voice",
        Task::Sound => "sound",
        Task::Music => "music",
    }
}
