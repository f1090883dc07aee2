//! The fallback ladder: the same model elsewhere, then its family, then any other, as far as the graph consents.
//!
//! Knows who fell and why, not jobs or errors. A list of substitutes in the graph was rejected: it would go stale with
//! every model that comes or goes, and the manifests say already who is related.

use serde::Serialize;

use super::desk::Judged;
use super::{Candidate, Consent, Filter, Ranked};

/// A model that failed for a reason of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fallen {
    pub name: String,
    /// Equal texts mean the same weights.
    pub model: String,
    pub family: String,
    /// A clause: "Runway cannot be reached".
    pub why: String,
}

/// Whom a call falls back from, and how far it may go.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Ladder {
    pub consent: Consent,
    /// In the order in which they failed; the first is the one that was meant.
    pub fallen: Vec<Fallen>,
}

/// Removes those that fell and those that are too far away; says of the rest how far they are.
pub(super) fn climb<'a>(mut judged: Judged<'a>, candidates: &[Candidate<'a>], ladder: &Ladder) -> Judged<'a> {
    let Some(meant) = ladder.fallen.first() else { return judged };
    let rung = |name: &str| {
        let found = candidates.iter().find(|it| it.offer.name() == name);
        match found.map(|it| (it.offer.model(), it.offer.family())) {
            Some((model, _)) if model == meant.model => 0,
            Some((_, family)) if family == meant.family => 1,
            _ => 2,
        }
    };
    let furthest = match ladder.consent {
        Consent::Off => None,
        Consent::SameModel => Some(0),
        Consent::SameFamily => Some(1),
        Consent::Any => Some(2),
    };
    for it in &mut judged.passed {
        it.rung = rung(it.name);
    }
    judged.removing(Filter::Fallback, |it: &Ranked<'_>| {
        if let Some(fallen) = ladder.fallen.iter().find(|fallen| fallen.name == it.name) {
            return Some(format!("it failed: {}", fallen.why).into());
        }
        let is_near = furthest.is_some_and(|furthest| it.rung <= furthest);
        let far = || match ladder.consent {
            Consent::Off => format!("the graph does not let this fall back from {}", meant.name),
            Consent::SameModel => format!("it is not the same model as {}", meant.name),
            _ => format!("it is of another family than {}", meant.name),
        };
        (!is_near).then(|| far().into())
    })
}
