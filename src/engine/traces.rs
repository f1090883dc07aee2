//! What the engine asks of a store: results by key, claims on keys, and facts about items that survive a restart.
//!
//! Knows neither tables nor files. One trait, not one per concern: every owner needs all of it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use model::{Diagnostic, Digest, Outputs, Work};

use crate::caps::{Books, Limits, Purchase, Refusal};
use crate::money::Cost;
use crate::store::{ClaimGuard, Holder, TakeRecord};
use crate::worker::Artifacts;

/// A finished work with its origin.
#[derive(Clone, Debug, PartialEq)]
pub struct Made {
    pub outputs: Outputs,
    pub work: Work,
    /// Model and version that made it, for calls.
    pub model: Option<(String, u32)>,
    pub cost: Cost,
    pub seconds: f64,
    /// Keys of the parts (a film's segments) that went into it; they are kept as long as it is.
    pub parts: Vec<Digest>,
}

/// Whether a key may be worked on now.
#[derive(Debug)]
pub enum ClaimState {
    /// Nobody else works on the key until this is dropped.
    Ours(Option<ClaimGuard>),
    /// Somebody does: their result is worth waiting for.
    HeldBy(Holder),
}

/// The engine's view of a store. Implementations are shared by lane threads.
pub trait Traces: Artifacts {
    /// The outputs of a key, if they were made.
    fn outputs(&self, key: &Digest) -> Result<Option<Arc<Outputs>>, Diagnostic>;

    /// Claims a key before it is worked on. A store that nobody else can see has nothing to claim.
    fn claim(&self, _key: &Digest) -> Result<ClaimState, Diagnostic> {
        Ok(ClaimState::Ours(None))
    }

    /// Records a result; durable when it returns.
    fn keep(&self, key: &Digest, made: &Made) -> Result<(), Diagnostic>;

    /// The work behind a key, for explanations.
    fn work(&self, key: &Digest) -> Result<Option<Made>, Diagnostic>;

    /// A name that no other run has.
    fn new_run(&self) -> String;

    /// What was spent and what is reserved.
    fn books(&self) -> Result<Books, Diagnostic>;

    /// Sets money aside for purchases, all of them or none, unless that would break a limit.
    fn reserve(&self, purchases: &[Purchase], limits: &Limits) -> Result<Result<(), Box<Refusal>>, Diagnostic>;

    /// Ends the reservation of a key; what it cost is entered, unless a journal has done that already.
    fn settle(&self, key: &Digest, cost: Cost) -> Result<(), Diagnostic>;

    /// Keys of jobs that were bought and are not over: waiting for them costs nothing more.
    fn open_keys(&self) -> Result<BTreeSet<Digest>, Diagnostic> {
        Ok(BTreeSet::new())
    }

    /// The key of an item's last result in a graph.
    fn last_key(&self, graph: &str, item: &str) -> Result<Option<Digest>, Diagnostic>;

    /// The last keys of all items of a graph.
    fn last_keys(&self, graph: &str) -> Result<BTreeMap<String, Digest>, Diagnostic>;

    /// Records last keys, all or nothing.
    fn set_last_keys(&self, graph: &str, keys: &[(String, Digest)]) -> Result<(), Diagnostic>;

    /// The key of the newest result of a numbered take of an item.
    fn take_key(&self, graph: &str, item: &str, take: u32) -> Result<Option<Digest>, Diagnostic>;

    /// Records a result of a take of an item. A number has several results where the item's inputs changed.
    fn add_take(&self, graph: &str, item: &str, take: &TakeRecord) -> Result<(), Diagnostic>;

    /// The digest of a project file whose length and time stamp are unchanged since it was read.
    fn file_digest(&self, path: &Path, len: u64, mtime_ns: i128) -> Option<Digest>;

    /// Remembers a project file's digest.
    fn remember_file(&self, path: &Path, len: u64, mtime_ns: i128, digest: Digest);
}
