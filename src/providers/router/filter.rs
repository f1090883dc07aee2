//! The hard filters, in their order. The first that a candidate does not pass is the one that removes it.
//!
//! Knows one candidate at a time: whether it passes never depends on the others. Collecting every reason was rejected:
//! a model of another task would be listed with ten reasons that help nobody.

use std::borrow::Cow;

use engine::money::dollars;
use model::policy::matches;
use model::{Call, Task};

use super::taste::quality;
use super::{Candidate, Doubts, Filter, Health, Offer, Policy, Ranked};
use crate::manifest::{Ask, Date, Entry, Misfit, Stage};

/// The filter that removes a candidate, and why.
pub(super) type Why = (Filter, Cow<'static, str>);

/// A candidate that passes, without scores; or the filter that removes it and why.
pub(super) fn judge<'a>(
    call: &Call,
    candidate: &Candidate<'a>,
    policy: &Policy,
    today: Date,
) -> Result<Ranked<'a>, Why> {
    let (cost, seconds, tier) = match candidate.offer {
        Offer::Entry(entry) => {
            let ask = able(call, entry, policy.doubts)?;
            if let Some(day) = entry.retires_on.filter(|day| *day <= today) {
                return Err((Filter::Retired, format!("it is refused since {day}").into()));
            }
            listed(&entry.name, &entry.family, policy)?;
            let cost = entry.price(&ask);
            let tier = entry.tier.as_ref().map(|tier| tier.tier);
            (cost, expected(entry.expected_seconds, candidate.health), tier)
        }
        Offer::BuiltIn { name, tasks } => {
            if !tasks.contains(&call.task) {
                return Err((Filter::Task, makes_no(call.task).into()));
            }
            listed(name, name, policy)?;
            (Some(0), expected(None, candidate.health), None)
        }
    };
    affordable(cost, policy.most_microusd)?;
    if !candidate.has_credentials {
        return Err((Filter::Credentials, credentials(candidate.offer)));
    }
    healthy(candidate.health)?;
    let taste = candidate.tastes.iter().find(|(task, _)| *task == call.task).map(|(_, taste)| *taste);
    let taste = taste.unwrap_or_default();
    Ok(Ranked {
        name: candidate.offer.name(),
        rung: 0,
        cost,
        seconds,
        tier,
        taste,
        quality: quality(tier, taste),
        cost_score: 0,
        time_score: 0,
        quality_score: 0,
        score: 0,
    })
}

/// What the model would be asked, or the first of the filters on ability that removes it.
fn able(call: &Call, entry: &Entry, doubts: Doubts) -> Result<Ask, Why> {
    // Most candidates make something else: they are told apart without building an ask.
    if !entry.tasks.contains(&call.task) {
        return Err((Filter::Task, makes_no(call.task).into()));
    }
    let misfits = match entry.fit(call) {
        Ok(ask) if ask.doubts.is_empty() || doubts == Doubts::Accept => return Ok(ask),
        Ok(mut ask) => {
            ask.doubts.sort_by_key(|doubt| doubt.stage);
            ask.doubts
        }
        Err(misfits) => misfits,
    };
    let stage = misfits.first().map_or(Stage::Input, |misfit| misfit.stage);
    let filter = match stage {
        Stage::Task => Filter::Task,
        Stage::Capability => Filter::Capability,
        Stage::Input => Filter::Input,
        Stage::Limit => Filter::Limits,
    };
    let mut reasons = misfits.into_iter().filter(|misfit: &Misfit| misfit.stage == stage).map(|misfit| misfit.reason);
    let mut why = reasons.next().unwrap_or_default();
    for reason in reasons {
        why.push_str("; ");
        why.push_str(&reason);
    }
    Err((filter, why.into()))
}

pub(super) fn makes_no(task: Task) -> &'static str {
    match task {
        Task::Image => "it makes no image",
        Task::Video => "it makes no video",
        Task::Text => "it makes no text",
        Task::Voice => "it makes no voice",
        Task::Sound => "it makes no sound",
        Task::Music => "it makes no music",
    }
}

/// Whether a graph's lists let a model be used.
pub fn is_listed(entry: &Entry, allow: &[String], deny: &[String]) -> bool {
    let is_in = |list: &[String]| list.iter().any(|it| *it == entry.family || matches(it, &entry.name));
    !is_in(deny) && (allow.is_empty() || is_in(allow))
}

fn listed(name: &str, family: &str, policy: &Policy) -> Result<(), Why> {
    let is_in = |list: &[String]| list.iter().any(|it| it == family || matches(it, name));
    if is_in(&policy.deny) {
        return Err((Filter::AllowAndDeny, "it is denied".into()));
    }
    if !policy.allow.is_empty() && !is_in(&policy.allow) {
        return Err((Filter::AllowAndDeny, "it is not among the allowed ones".into()));
    }
    Ok(())
}

fn affordable(cost: Option<u64>, cap: Option<u64>) -> Result<(), Why> {
    match (cost, cap) {
        (_, None) => Ok(()),
        (None, Some(cap)) => {
            Err((Filter::PriceCap, format!("its price is unknown, and the cap is {}", dollars(cap)).into()))
        }
        (Some(cost), Some(cap)) if cap < cost => {
            Err((Filter::PriceCap, format!("it costs {}, and the cap is {}", dollars(cost), dollars(cap)).into()))
        }
        _ => Ok(()),
    }
}

fn credentials(offer: Offer<'_>) -> Cow<'static, str> {
    let Offer::Entry(entry) = offer else { return "its credentials are missing".into() };
    let ways: Vec<_> = entry.credentials.iter().map(|credential| credential.names.join(" and ")).collect();
    format!("{} is not there", ways.join(" or ")).into()
}

fn healthy(health: Health) -> Result<(), Why> {
    match health.cooling_seconds {
        Some(rest) => {
            Err((Filter::Health, format!("it failed again and again, and rests for another {rest} s").into()))
        }
        None => Ok(()),
    }
}

/// Seconds until a result: what was measured before what was said, and longer where it has to be tried more than once.
fn expected(said: Option<u32>, health: Health) -> Option<u64> {
    let seconds = u64::from(health.median_seconds.or(said)?);
    Some(match health.succeeded {
        0 => seconds,
        succeeded => seconds * u64::from(health.tried.max(succeeded)) / u64::from(succeeded),
    })
}
