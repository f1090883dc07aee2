//! One model for calls that must look alike.
//!
//! Knows what the filters say of each call, and who is bound already; what ties the calls is the caller's to know. The
//! model that can make most of them wins, then the one that is best for all of them at once. Refusing them all where
//! one is too long for everybody was rejected: the others can be made.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::desk::{Judged, Routed, decide};
use super::{Candidate, Decision, Filter, Policy, Ranked, rank};

/// Who is bound to make the calls, as it made some already or is at work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Anchor<'a> {
    pub name: &'a str,
    /// The text that entries with the same weights share; they may take its place where it cannot be asked.
    pub model: Option<&'a str>,
}

/// Chooses one model for all of the calls. `of` says whose they are: "MARA, JON".
///
/// Each call's decision names the same model, or its refusal says why that one cannot make it. Calls of which the
/// filters say the same share theirs.
pub fn together<'a>(
    judged: &[Arc<Judged<'a>>],
    anchor: Option<Anchor<'_>>,
    candidates: &[Candidate<'a>],
    policy: &Policy,
    of: &str,
) -> Vec<Routed<'a>> {
    let sum = all_at_once(judged);
    let winner = match anchor {
        Some(anchor) => bound(&sum, anchor, candidates, policy),
        None => {
            let most = sum.values().map(|(n, _)| *n).max().unwrap_or(0);
            let mut best: Vec<_> = sum.into_values().filter(|(n, _)| *n == most).map(|(_, it)| it).collect();
            rank::rank(&mut best, policy.aim);
            best.first().map(|it| it.name)
        }
    };
    let n = judged.len();
    let decided = |judged: &Arc<Judged<'a>>| {
        let tied = Judged::clone(judged).removing(Filter::Consistency, |it: &Ranked<'_>| match (winner, anchor) {
            (Some(winner), _) if winner == it.name => None,
            (Some(winner), _) if n == 1 => Some(format!("{winner} makes the shots of {of}").into()),
            (Some(winner), _) => Some(format!("{winner} is chosen for the {n} shots of {of}").into()),
            (None, Some(anchor)) => Some(format!("{} has made shots of {of}", anchor.name).into()),
            (None, None) => None,
        });
        decide(tied, policy).map(|decision| {
            let reason = match anchor {
                Some(_) => format!("it makes the shots of {of} already; {}", decision.reason),
                None if n == 1 => decision.reason.clone(),
                None => format!("for all {n} shots of {of}; {}", decision.reason),
            };
            Decision { reason, ..decision }
        })
    };
    let mut known: BTreeMap<usize, Routed<'a>> = BTreeMap::new();
    let one = |judged: &Arc<Judged<'a>>| {
        known.entry(Arc::as_ptr(judged).addr()).or_insert_with(|| Arc::new(decided(judged))).clone()
    };
    judged.iter().map(one).collect()
}

/// Whoever passes at least one call: for how many, and as if all of them were one.
fn all_at_once<'a>(judged: &[Arc<Judged<'a>>]) -> BTreeMap<&'a str, (usize, Ranked<'a>)> {
    let mut sum: BTreeMap<&'a str, (usize, Ranked<'a>)> = BTreeMap::new();
    for it in judged.iter().flat_map(|judged| &judged.passed) {
        sum.entry(it.name)
            .and_modify(|(n, all)| {
                *n += 1;
                all.cost = all.cost.zip(it.cost).map(|(a, b)| a.saturating_add(b));
                all.seconds = all.seconds.zip(it.seconds).map(|(a, b)| a.max(b));
                all.rung = all.rung.max(it.rung);
            })
            .or_insert_with(|| (1, it.clone()));
    }
    sum
}

/// The anchor itself, or the same weights elsewhere where it cannot be asked at all.
fn bound<'a>(
    sum: &BTreeMap<&'a str, (usize, Ranked<'a>)>,
    anchor: Anchor<'_>,
    candidates: &[Candidate<'a>],
    policy: &Policy,
) -> Option<&'a str> {
    if let Some((name, _)) = sum.get_key_value(anchor.name) {
        return Some(*name);
    }
    let same =
        |name: &str| candidates.iter().any(|it| it.offer.name() == name && Some(it.offer.model()) == anchor.model);
    let mut elsewhere: Vec<_> = sum.values().filter(|(_, it)| same(it.name)).map(|(_, it)| it.clone()).collect();
    rank::rank(&mut elsewhere, policy.aim);
    elsewhere.first().map(|it| it.name)
}
