//! Decisions for people: the sentence, the readable record, the refusal with its ways out.
//!
//! Knows decisions, not how they came about. Bounded: whoever has a thousand models reads a page about them, not a book.

use engine::money::dollars;
use model::{Diagnostic, Task};

use super::{Aim, Decision, Filter, Policy, Ranked, Refusal, Removed};

/// Most models that are listed by name for one reason.
const MOST_LISTED: usize = 8;

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
        Aim::Best if first.tier.is_none() => "the cheapest, as nobody has said how good they are,",
        Aim::Best => "the best",
        Aim::Balanced(_) => "the best balance",
    };
    format!("{by} of {} that can do this, {price}", ranked.len())
}

impl Decision<'_> {
    /// The whole record, a line each: the choice, the rank, who was removed by which filter and why.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = vec![format!("{}: {}", self.choice, self.reason)];
        for (idx, it) in self.ranked.iter().take(MOST_LISTED).enumerate() {
            lines.push(format!("  {}. {}: {}", idx + 1, it.name, told(it)));
        }
        lines.extend(more(self.ranked.len()).map(|more| format!("  {more}")));
        lines.extend(removed_lines(&self.removed).into_iter().map(|line| format!("  {line}")));
        lines
    }
}

impl Refusal<'_> {
    /// The record of a refusal, a line for each removed candidate or group of them.
    pub fn lines(&self) -> Vec<String> {
        removed_lines(&self.removed)
    }

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

/// `$0.25, about 60 s, quality 4, score 800`.
fn told(it: &Ranked<'_>) -> String {
    let price = it
        .cost
        .map_or_else(|| "price unknown".to_owned(), |cost| if cost == 0 { "free".to_owned() } else { dollars(cost) });
    let mut words = vec![price];
    words.push(it.seconds.map_or_else(|| "time unknown".to_owned(), |seconds| format!("about {seconds} s")));
    words.push(it.tier.map_or_else(|| "quality unknown".to_owned(), |tier| format!("quality {tier} of 5")));
    words.push(format!("score {}", it.score));
    words.join(", ")
}

/// The removed, who are sorted by filter, in groups.
fn groups<'r, 'a>(removed: &'r [Removed<'a>]) -> impl Iterator<Item = (Filter, &'r [Removed<'a>])> {
    removed.chunk_by(|a, b| a.filter == b.filter).filter_map(|them| Some((them.first()?.filter, them)))
}

fn removed_lines(removed: &[Removed<'_>]) -> Vec<String> {
    let mut lines = Vec::new();
    for (filter, them) in groups(removed) {
        // Of another task is most of the catalog, always for the same reason.
        if filter == Filter::Task {
            lines.push(format!("removed by {}: {}", filter.title(), counted(them)));
            continue;
        }
        let named = them.iter().take(MOST_LISTED);
        lines.extend(named.map(|it| format!("removed by {}: {}, as {}", filter.title(), it.name, it.why)));
        lines.extend(more(them.len()).map(|more| format!("removed by {}: {more}", filter.title())));
    }
    lines
}

/// `35 models, as it makes no video`.
fn counted(them: &[Removed<'_>]) -> String {
    match them {
        [one] => format!("{}, as {}", one.name, one.why),
        _ => format!("{} models that make something else", them.len()),
    }
}

/// `runway/gen4.5 (it takes no last frame), luma/ray-2 (...)`.
fn listed(them: &[Removed<'_>]) -> String {
    let named: Vec<_> = them.iter().take(MOST_LISTED).map(|it| format!("{} ({})", it.name, it.why)).collect();
    named.into_iter().chain(more(them.len())).collect::<Vec<_>>().join(", ")
}

fn more(n: usize) -> Option<String> {
    (MOST_LISTED < n).then(|| format!("and {} more", n - MOST_LISTED))
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
