//! Takes of items that are made of several calls, such as the lines of a shot: one take is all that the item gives.
//!
//! It is kept as a result of its own, under a key of what it says, with its calls and what was made of them as parts: so
//! it can be pinned whatever becomes of them, and going back to it pays nothing. Recording each call as a take was
//! rejected: one number had as many results as there are calls, and pinning one of them said nothing of the others.

use std::collections::BTreeSet;
use std::sync::Arc;

use model::plan::compute;
use model::{Diagnostic, Digest, Outputs, Work};

use crate::engine::Engine;
use crate::evaluator::Evaluator;
use crate::money::Cost;
use crate::needs::Wanted;
use crate::state::ItemRef;
use crate::store::TakeRecord;
use crate::traces::Made;

/// The operation that names a whole take. Nobody runs it: its result is there before it is asked for.
const OP: &str = "whole";

/// A take that the last plan put together.
#[derive(Debug)]
pub(crate) struct Whole {
    pub take: u32,
    pub outputs: Arc<Outputs>,
    /// Its calls, and what was made of them.
    pub parts: Vec<Digest>,
}

/// What an item gives, as the work of its take.
pub(crate) fn work(outputs: &Outputs) -> Work {
    let Work::Compute(empty) = compute(OP, 1, []) else { unreachable!("it is arithmetic") };
    let args = outputs.iter().map(|(port, value)| (port.to_string(), value.clone())).collect();
    Work::Compute(model::Compute { args, ..empty })
}

/// Whether a result is a whole take.
pub fn is_whole(work: &Work) -> bool {
    matches!(work, Work::Compute(compute) if compute.op == OP)
}

/// Stands for the key of a take that nobody has made: other calls, another key.
pub(crate) fn unmade(parts: &[Wanted]) -> Digest {
    let keys: Vec<u8> = parts.iter().flat_map(|part| part.key.0).collect();
    Digest::of(&keys)
}

impl Evaluator {
    /// What an item gives where it is pinned to a whole take.
    pub(crate) fn pinned_whole(&self, at: ItemRef) -> Result<Option<Arc<Outputs>>, Diagnostic> {
        let Some(key) = self.pinned_key(at)? else { return Ok(None) };
        let made = self.store.work(&key)?.filter(|made| is_whole(&made.work));
        let ports = &self.nodes[at.node as usize].ports.outputs;
        let fits = |made: &Made| ports.iter().all(|port| made.outputs.iter().any(|(name, _)| *name == port.name));
        Ok(made.filter(fits).map(|made| Arc::new(made.outputs)))
    }
}

impl Engine {
    /// Records the whole takes that were put together since the last time, unless they are recorded already.
    pub(crate) fn record_wholes(&mut self) {
        let wholes = std::mem::take(&mut *self.ev.wholes.borrow_mut());
        for (item, whole) in wholes {
            if let Err(diagnostic) = self.record_whole(&item, &whole) {
                self.fail(item, diagnostic);
            }
        }
    }

    fn record_whole(&self, item: &str, whole: &Whole) -> Result<(), Diagnostic> {
        let store = &self.ev.store;
        let work = work(&whole.outputs);
        let key = work.key(None);
        if store.take_key(&self.ev.graph, item, whole.take)? == Some(key) {
            return Ok(());
        }
        let parts = whole.parts.iter().map(|part| store.work(part)).collect::<Result<Vec<_>, _>>()?;
        let parts: Vec<Made> = parts.into_iter().flatten().collect();
        let made = Made {
            outputs: Outputs::clone(&whole.outputs),
            work,
            model: None,
            // Its parts are entered in the books; it costs nothing besides.
            cost: Cost::FREE,
            seconds: parts.iter().map(|part| part.seconds).sum(),
            parts: whole.parts.clone(),
        };
        if store.outputs(&key)?.is_none() {
            store.keep(&key, &made)?;
        }
        let models: BTreeSet<String> = parts.iter().filter_map(TakeRecord::model_of).collect();
        let record = TakeRecord {
            seed: parts.iter().map(TakeRecord::seed_of).find(|seed| *seed != 0).unwrap_or_default(),
            model: Some(models.into_iter().collect::<Vec<_>>().join(", ")).filter(|models| !models.is_empty()),
            cost: parts.iter().map(|part| part.cost).fold(Cost::FREE, Cost::and),
            ..TakeRecord::of(whole.take, &key, &made)
        };
        store.add_take(&self.ev.graph, item, &record)
    }
}
