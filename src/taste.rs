//! What the user did with takes: how many of each model were chosen, and how many rolled again, by task.
//!
//! Counted when a session first needs it, from the takes of the graph and the choices in its file; kept nowhere, so that
//! there is nothing to mend. Counting every take that is in use as chosen was rejected: most of them nobody has judged.

use std::collections::{BTreeMap, BTreeSet};

use engine::store::{Store, TakeRecord};
use engine::traces::Traces;
use indexmap::IndexMap;
use model::{Digest, ModelChoice, TakeChoice, Task, Work};
use providers::router::Taste;

/// By model, then by task.
pub(crate) type Tastes = BTreeMap<String, Vec<(Task, Taste)>>;

/// The graph whose takes are counted.
#[derive(Clone, Debug, Default)]
pub(crate) struct Takes {
    pub(crate) graph: String,
    /// The choices in its file, by item.
    pub(crate) choices: IndexMap<String, TakeChoice>,
}

impl Takes {
    /// Counts takes. A store that cannot be read says nothing.
    pub(crate) fn count(&self, store: &Store) -> Tastes {
        let mut tastes = Tastes::new();
        let takes = store.all_takes(&self.graph).unwrap_or_default();
        for them in takes.chunk_by(|a, b| a.0 == b.0) {
            let choice = self.choices.get(&them[0].0).copied();
            for (key, verdict) in judged(them.iter().map(|(_, take)| take), choice) {
                for (model, task) in asked(store, &key) {
                    let own = tastes.entry(model).or_default();
                    let at = own.iter().position(|(known, _)| *known == task).unwrap_or_else(|| {
                        own.push((task, Taste::default()));
                        own.len() - 1
                    });
                    match verdict {
                        Verdict::Chosen => own[at].1.chosen += 1,
                        Verdict::Rolled => own[at].1.rolled += 1,
                    }
                }
            }
        }
        tastes
    }
}

/// The models that a take is from, each once: several where several calls made it.
fn asked(store: &Store, key: &Digest) -> BTreeSet<(String, Task)> {
    let Ok(Some(made)) = store.work(key) else { return BTreeSet::new() };
    let of = |work: Work| match work {
        Work::Call(call) => match call.model {
            ModelChoice::Named(model) => Some((model, call.task)),
            ModelChoice::Auto => None,
        },
        _ => None,
    };
    match engine::is_whole(&made.work) {
        true => made.parts.iter().filter_map(|part| of(store.work(part).ok()??.work)).collect(),
        false => of(made.work).into_iter().collect(),
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Chosen,
    Rolled,
}

/// What the user thought of an item's takes, by their keys. The one in use is chosen where it is pinned, or where a
/// later one was rolled and it was gone back to; every other was rolled again.
fn judged<'a>(takes: impl Iterator<Item = &'a TakeRecord>, choice: Option<TakeChoice>) -> Vec<(Digest, Verdict)> {
    // Of each number the newest result: the others are of inputs that changed, not of a user who did not like them.
    let newest: BTreeMap<u32, Digest> = takes.map(|it| (it.take, it.key)).collect();
    let last = newest.keys().next_back().copied().unwrap_or_default();
    let (used, is_pinned) = choice.map_or((1, false), |choice| (choice.take, choice.pinned));
    let verdict = |(take, key): (u32, Digest)| match take == used {
        true if is_pinned || take < last => {
            Some((choice.filter(|_| is_pinned).and_then(|choice| choice.key).unwrap_or(key), Verdict::Chosen))
        }
        true => None,
        false => Some((key, Verdict::Rolled)),
    };
    newest.into_iter().filter_map(verdict).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(takes: &[u32], choice: Option<TakeChoice>) -> String {
        let record = |take: &u32| TakeRecord {
            take: *take,
            key: Digest::of(&take.to_le_bytes()),
            seed: 0,
            model: None,
            cost: engine::money::Cost::FREE,
            seconds: 1.0,
            made_at: None,
            note: String::new(),
        };
        let records: Vec<_> = takes.iter().map(record).collect();
        let number = |key: Digest| records.iter().find(|it| it.key == key).map_or(0, |it| it.take);
        let judged = judged(records.iter(), choice).into_iter();
        judged.map(|(key, verdict)| format!("{} {verdict:?}", number(key))).collect::<Vec<_>>().join(", ")
    }

    #[test]
    fn only_what_was_judged_counts() {
        assert_eq!(told(&[1], None), "", "made, and nobody has said anything");
        assert_eq!(told(&[1], Some(TakeChoice::pinned(1))), "1 Chosen");
        assert_eq!(told(&[1, 2], Some(TakeChoice::of(2))), "1 Rolled", "the second is there, and not judged yet");
        assert_eq!(told(&[1, 2, 3], Some(TakeChoice::of(2))), "1 Rolled, 2 Chosen, 3 Rolled");
        assert_eq!(told(&[1, 2], Some(TakeChoice::of(3))), "1 Rolled, 2 Rolled", "the third is not made yet");
        assert_eq!(told(&[1, 1, 2], Some(TakeChoice::of(2))), "1 Rolled", "changed inputs are no verdict");
        let older = TakeChoice { key: Some(Digest::of(b"older")), ..TakeChoice::pinned(1) };
        assert_eq!(
            told(&[1, 2], Some(older)),
            "0 Chosen, 2 Rolled",
            "the result that is pinned is the one that counts"
        );
    }
}
