//! A store in memory: for tests, and for looking at a graph without leaving anything behind.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use model::{AudioInfo, Diagnostic, Digest, Media, Outputs, VideoInfo, Work};

use crate::caps::{Books, Limits, Purchase, Refusal};
use crate::money::Cost;
use crate::store::TakeRecord;
use crate::traces::{Made, Traces};
use crate::worker::Artifacts;

#[derive(Debug, Default)]
struct Kept {
    made: BTreeMap<Digest, (Arc<Outputs>, Made)>,
    last: BTreeMap<(String, String), Digest>,
    /// Newest last.
    takes: BTreeMap<(String, String, u32), Vec<TakeRecord>>,
    runs: u64,
    spent: Vec<(Purchase, Cost)>,
    reserved: BTreeMap<Digest, Purchase>,
}

impl Kept {
    /// One endless month: nothing here outlives a test.
    fn books(&self) -> Books {
        let mut books = Books::default();
        self.spent.iter().for_each(|(it, cost)| books.spend(Some(books.month()), &it.provider, &it.purpose, *cost));
        self.reserved.values().for_each(|it| books.reserve(&it.provider, &it.purpose, it.price));
        books
    }
}

/// See the module. Artifacts are refused: there is no place for bytes.
#[derive(Debug, Default)]
pub struct MemoryStore(Mutex<Kept>);

impl MemoryStore {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The results of a numbered take of an item, from old to new.
    pub fn takes(&self, graph: &str, item: &str, take: u32) -> Vec<TakeRecord> {
        self.kept().takes.get(&(graph.to_owned(), item.to_owned(), take)).cloned().unwrap_or_default()
    }

    /// How many results are kept.
    pub fn len(&self) -> usize {
        self.kept().made.len()
    }

    /// Whether nothing is kept.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

fn no_bytes() -> Diagnostic {
    Diagnostic::error("store-in-memory", "this store keeps no files")
}

impl Artifacts for MemoryStore {
    fn locate(&self, _media: &Media) -> Result<PathBuf, Diagnostic> {
        Err(no_bytes())
    }
    fn scratch(&self, _format: &str) -> Result<PathBuf, Diagnostic> {
        Err(no_bytes())
    }
    fn adopt(&self, _: &Path, _: &str, _: Option<VideoInfo>, _: Option<AudioInfo>) -> Result<Media, Diagnostic> {
        Err(no_bytes())
    }
    fn recall(&self, work: &Work) -> Option<Outputs> {
        self.kept().made.get(&work.key(None)).map(|(outputs, _)| (**outputs).clone())
    }
    fn record(&self, work: &Work, outputs: &Outputs) -> Result<(), Diagnostic> {
        let made = Made {
            outputs: outputs.clone(),
            work: work.clone(),
            model: None,
            cost: Cost::FREE,
            seconds: 0.0,
            parts: vec![],
        };
        self.keep(&work.key(None), &made)
    }
}

impl Traces for MemoryStore {
    fn outputs(&self, key: &Digest) -> Result<Option<Arc<Outputs>>, Diagnostic> {
        Ok(self.kept().made.get(key).map(|(outputs, _)| outputs.clone()))
    }
    fn keep(&self, key: &Digest, made: &Made) -> Result<(), Diagnostic> {
        self.kept().made.insert(*key, (Arc::new(made.outputs.clone()), made.clone()));
        Ok(())
    }
    fn work(&self, key: &Digest) -> Result<Option<Made>, Diagnostic> {
        Ok(self.kept().made.get(key).map(|(_, made)| made.clone()))
    }
    fn new_run(&self) -> String {
        self.kept().runs += 1;
        self.kept().runs.to_string()
    }
    fn books(&self) -> Result<Books, Diagnostic> {
        Ok(self.kept().books())
    }
    fn reserve(&self, purchases: &[Purchase], limits: &Limits) -> Result<Result<(), Box<Refusal>>, Diagnostic> {
        let mut kept = self.kept();
        let fits = kept.books().try_reserve(purchases, limits);
        if fits.is_ok() {
            kept.reserved.extend(purchases.iter().map(|it| (it.key, it.clone())));
        }
        Ok(fits)
    }
    fn settle(&self, key: &Digest, cost: Cost) -> Result<(), Diagnostic> {
        let mut kept = self.kept();
        let purchase = kept.reserved.remove(key);
        kept.spent.extend(purchase.map(|purchase| (purchase, cost)));
        Ok(())
    }
    fn last_key(&self, graph: &str, item: &str) -> Result<Option<Digest>, Diagnostic> {
        Ok(self.kept().last.get(&(graph.to_owned(), item.to_owned())).copied())
    }
    fn last_keys(&self, graph: &str) -> Result<BTreeMap<String, Digest>, Diagnostic> {
        let kept = self.kept();
        let of_graph = kept.last.iter().filter(|((owner, _), _)| owner == graph);
        Ok(of_graph.map(|((_, item), key)| (item.clone(), *key)).collect())
    }
    fn set_last_keys(&self, graph: &str, keys: &[(String, Digest)]) -> Result<(), Diagnostic> {
        self.kept().last.extend(keys.iter().map(|(item, key)| ((graph.to_owned(), item.clone()), *key)));
        Ok(())
    }
    fn take_key(&self, graph: &str, item: &str, take: u32) -> Result<Option<Digest>, Diagnostic> {
        let kept = self.kept();
        Ok(kept.takes.get(&(graph.to_owned(), item.to_owned(), take)).and_then(|them| them.last()).map(|it| it.key))
    }
    fn add_take(&self, graph: &str, item: &str, take: &TakeRecord) -> Result<(), Diagnostic> {
        let mut kept = self.kept();
        let results = kept.takes.entry((graph.to_owned(), item.to_owned(), take.take)).or_default();
        if results.iter().all(|it| it.key != take.key) {
            results.push(take.clone());
        }
        Ok(())
    }
    fn file_digest(&self, _: &Path, _: u64, _: i128) -> Option<Digest> {
        None
    }
    fn remember_file(&self, _: &Path, _: u64, _: i128, _: Digest) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_take_number_gives_its_newest_result() {
        let store = MemoryStore::default();
        let work = Work::Compute(model::Compute { op: "count".to_owned(), version: 1, args: BTreeMap::new() });
        let made = Made { outputs: vec![], work, model: None, cost: Cost::FREE, seconds: 0.0, parts: vec![] };
        let [before, after] = [Digest::of(b"before"), Digest::of(b"after")];
        for key in [before, after, before] {
            store.add_take("film", "generate/s1", &TakeRecord::of(1, &key, &made)).expect("added");
        }
        assert_eq!(store.take_key("film", "generate/s1", 1), Ok(Some(after)));
        assert_eq!(store.take_key("film", "generate/s1", 2), Ok(None));
    }
}
