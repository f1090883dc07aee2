//! What the engine asks of a store: results by key, and facts about items that survive a restart.

use std::path::Path;
use std::sync::Arc;

use model::{Diagnostic, Digest, Outputs, Work};

use crate::worker::Artifacts;

/// A finished work with its origin.
#[derive(Clone, Debug, PartialEq)]
pub struct Made {
    pub outputs: Outputs,
    pub work: Work,
    /// Model and version that made it, for calls.
    pub model: Option<(String, u32)>,
    /// Micro-dollars.
    pub cost: u64,
    pub seconds: f64,
}

/// The engine's view of a store. Implementations are shared by lane threads.
pub trait Traces: Artifacts {
    /// The outputs of a key, if they were made.
    fn outputs(&self, key: &Digest) -> Result<Option<Arc<Outputs>>, Diagnostic>;

    /// Records a result; durable when it returns.
    fn keep(&self, key: &Digest, made: &Made) -> Result<(), Diagnostic>;

    /// The work behind a key, for explanations.
    fn work(&self, key: &Digest) -> Result<Option<Made>, Diagnostic>;

    /// The key of an item's last result in a graph.
    fn last_key(&self, graph: &str, item: &str) -> Result<Option<Digest>, Diagnostic>;

    /// Records last keys, all or nothing.
    fn set_last_keys(&self, graph: &str, keys: &[(String, Digest)]) -> Result<(), Diagnostic>;

    /// The key of a numbered take of an item.
    fn take_key(&self, graph: &str, item: &str, take: u32) -> Result<Option<Digest>, Diagnostic>;

    /// Records a take of an item.
    fn add_take(&self, graph: &str, item: &str, take: u32, key: &Digest, made: &Made) -> Result<(), Diagnostic>;

    /// The digest of a project file whose length and time stamp are unchanged since it was read.
    fn file_digest(&self, path: &Path, len: u64, mtime_ns: i128) -> Option<Digest>;

    /// Remembers a project file's digest.
    fn remember_file(&self, path: &Path, len: u64, mtime_ns: i128, digest: Digest);
}
