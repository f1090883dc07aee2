//! The order of those that passed every filter.
//!
//! Knows numbers only. Named aims compare their own criterion exactly and the other two after it; a weighted sum alone
//! was rejected for them: rounding could put a dearer model before a cheaper one.

use std::cmp::{Ordering, Reverse};

use super::{Aim, Ranked, Weights};

/// Scores everybody and sorts the best to the front. An unknown price comes last under every aim: nobody can say that
/// it is worth it.
pub(super) fn rank(ranked: &mut [Ranked<'_>], aim: Aim) {
    let cheapest = ranked.iter().filter_map(|it| it.cost).min().unwrap_or(0);
    let fastest = ranked.iter().filter_map(|it| it.seconds).min().unwrap_or(0);
    let weights = match aim {
        Aim::Cheapest => Weights { cost: 1, time: 0, quality: 0 },
        Aim::Fastest => Weights { cost: 0, time: 1, quality: 0 },
        Aim::Best => Weights { cost: 0, time: 0, quality: 1 },
        Aim::Balanced(weights) => weights,
    };
    for it in ranked.iter_mut() {
        it.cost_score = it.cost.map_or(0, |cost| share(cheapest, cost));
        it.time_score = it.seconds.map_or(0, |seconds| share(fastest, seconds));
        it.quality_score = it.quality.unwrap_or(0);
        it.score = weighted(it, weights);
    }
    ranked.sort_unstable_by(|a, b| order(a, b, aim));
}

/// A smaller number's share in a larger one, in thousandths. One is added to both: free things divide nothing.
fn share(least: u64, own: u64) -> u32 {
    let (least, own) = (least.saturating_add(1), own.saturating_add(1));
    match least.checked_mul(1000) {
        Some(thousands) => (thousands / own) as u32,
        None => (u128::from(least) * 1000 / u128::from(own)) as u32,
    }
}

fn weighted(it: &Ranked<'_>, weights: Weights) -> u32 {
    let parts = [(weights.cost, it.cost_score), (weights.time, it.time_score), (weights.quality, it.quality_score)];
    let sum: u64 = parts.iter().map(|(weight, score)| u64::from(*weight) * u64::from(*score)).sum();
    let all: u64 = parts.iter().map(|(weight, _)| u64::from(*weight)).sum();
    (sum / all.max(1)) as u32
}

fn order(a: &Ranked<'_>, b: &Ranked<'_>, aim: Aim) -> Ordering {
    let cost = || (a.cost.is_none(), a.cost).cmp(&(b.cost.is_none(), b.cost));
    let time = || (a.seconds.is_none(), a.seconds).cmp(&(b.seconds.is_none(), b.seconds));
    let quality = || Reverse(a.quality).cmp(&Reverse(b.quality));
    let unknown = a.cost.is_none().cmp(&b.cost.is_none());
    // A step of the ladder is taken only where the one before it holds nobody.
    let wished = a.rung.cmp(&b.rung).then(unknown).then_with(|| match aim {
        Aim::Cheapest => cost().then_with(quality).then_with(time),
        Aim::Fastest => time().then_with(cost).then_with(quality),
        Aim::Best => quality().then_with(cost).then_with(time),
        Aim::Balanced(_) => b.score.cmp(&a.score).then_with(cost).then_with(quality).then_with(time),
    });
    wished.then_with(|| a.name.cmp(b.name))
}
