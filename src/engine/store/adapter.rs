//! The store as the engine sees it: `Traces` over the store's own methods.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use model::{Diagnostic, Digest, Outputs};

use super::{Claim, Store, TakeRecord, Trace};
use crate::caps::{Books, Limits, Purchase, Refusal};
use crate::money::Cost;
use crate::traces::{ClaimState, Made, Traces};

impl Traces for Store {
    fn outputs(&self, key: &Digest) -> Result<Option<Arc<Outputs>>, Diagnostic> {
        Ok(self.get(key)?.map(Arc::new))
    }

    fn claim(&self, key: &Digest) -> Result<ClaimState, Diagnostic> {
        Ok(match Store::claim(self, key)? {
            Claim::Ours(guard) => ClaimState::Ours(Some(guard)),
            Claim::HeldBy(holder) => ClaimState::HeldBy(holder),
        })
    }

    fn keep(&self, key: &Digest, made: &Made) -> Result<(), Diagnostic> {
        let trace = Trace {
            outputs: made.outputs.clone(),
            work: made.work.clone(),
            model: TakeRecord::model_of(made),
            cost: made.cost,
            seconds: made.seconds,
            made_at: Some(now()),
            parts: made.parts.clone(),
        };
        self.put(key, &trace)
    }

    fn work(&self, key: &Digest) -> Result<Option<Made>, Diagnostic> {
        Ok(self.trace(key)?.map(|trace| Made {
            outputs: trace.outputs,
            work: trace.work,
            model: trace.model.and_then(|text| {
                let (name, version) = text.rsplit_once(' ')?;
                Some((name.to_owned(), version.parse().ok()?))
            }),
            cost: trace.cost,
            seconds: trace.seconds,
            parts: trace.parts,
        }))
    }

    fn new_run(&self) -> String {
        Store::new_run(self)
    }

    fn books(&self) -> Result<Books, Diagnostic> {
        Store::books(self)
    }

    fn reserve(&self, purchases: &[Purchase], limits: &Limits) -> Result<Result<(), Box<Refusal>>, Diagnostic> {
        Store::reserve(self, purchases, limits)
    }

    fn settle(&self, key: &Digest, cost: Cost) -> Result<(), Diagnostic> {
        Store::settle(self, key, cost)
    }

    fn open_keys(&self) -> Result<BTreeSet<Digest>, Diagnostic> {
        Store::open_keys(self)
    }

    fn last_key(&self, graph: &str, item: &str) -> Result<Option<Digest>, Diagnostic> {
        Store::last_key(self, graph, item)
    }

    fn last_keys(&self, graph: &str) -> Result<BTreeMap<String, Digest>, Diagnostic> {
        Store::last_keys(self, graph)
    }

    fn set_last_keys(&self, graph: &str, keys: &[(String, Digest)]) -> Result<(), Diagnostic> {
        let keys: Vec<_> = keys.iter().map(|(item, key)| (item.as_str(), *key)).collect();
        Store::set_last_keys(self, graph, &keys)
    }

    fn take_key(&self, graph: &str, item: &str, take: u32) -> Result<Option<Digest>, Diagnostic> {
        Ok(self.takes(graph, item)?.into_iter().rfind(|it| it.take == take).map(|it| it.key))
    }

    fn add_take(&self, graph: &str, item: &str, take: &TakeRecord) -> Result<(), Diagnostic> {
        Store::add_take(self, graph, item, take)
    }

    fn file_digest(&self, path: &Path, len: u64, mtime_ns: i128) -> Option<Digest> {
        // A cache: where it cannot be read, the file is hashed again.
        Store::file_digest(self, path.to_str()?, len, i64::try_from(mtime_ns).ok()?).ok().flatten()
    }

    fn remember_file(&self, path: &Path, len: u64, mtime_ns: i128, digest: Digest) {
        if let (Some(path), Ok(mtime_ns)) = (path.to_str(), i64::try_from(mtime_ns)) {
            // A cache: a refusal costs another hash, nothing else.
            let _ = Store::remember_file(self, path, len, mtime_ns, digest);
        }
    }
}

/// Seconds since 1970, as text: when a result was made.
pub(crate) fn now() -> String {
    seconds().to_string()
}

/// Seconds since 1970, by the system's clock.
pub(super) fn seconds() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
