//! What a worker gets and gives. The scheduler knows states, not work; a worker knows work, not the graph.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use model::{AudioInfo, Diagnostic, Digest, Media, Outputs, VideoInfo, Work};

/// One piece of work on its way to a worker.
#[derive(Clone, Debug)]
pub struct Job {
    pub key: Digest,
    pub work: Work,
    /// The chosen model, for calls.
    pub model: Option<String>,
}

/// Why a job gave nothing.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum JobError {
    /// Somebody asked for it to stop.
    #[error("cancelled")]
    Cancelled,
    #[error("{0}")]
    Failed(Box<Diagnostic>),
}

impl From<Diagnostic> for JobError {
    fn from(diagnostic: Diagnostic) -> JobError {
        JobError::Failed(Box::new(diagnostic))
    }
}

/// A flag that a job looks at between frames, and waits on where it has nothing to do but wait.
#[derive(Clone, Debug, Default)]
pub struct Cancel(Arc<Flag>);

#[derive(Debug, Default)]
struct Flag {
    is_set: AtomicBool,
    /// Held while the flag is set, so that nobody begins to wait between a look and the bell.
    lock: Mutex<()>,
    bell: Condvar,
}

impl Cancel {
    /// Asks the job to stop.
    pub fn cancel(&self) {
        let _held = self.0.lock.lock().unwrap_or_else(PoisonError::into_inner);
        self.0.is_set.store(true, Ordering::Relaxed);
        self.0.bell.notify_all();
    }

    /// Whether the job should stop.
    pub fn is_cancelled(&self) -> bool {
        self.0.is_set.load(Ordering::Relaxed)
    }

    /// Lets time pass; `false`, and at once, when the job should stop. A thousand jobs that wait cost nothing.
    pub fn rest(&self, length: Duration) -> bool {
        let held = self.0.lock.lock().unwrap_or_else(PoisonError::into_inner);
        let waits = |_: &mut ()| !self.is_cancelled();
        drop(self.0.bell.wait_timeout_while(held, length, waits).unwrap_or_else(PoisonError::into_inner));
        !self.is_cancelled()
    }

    /// # Errors
    /// [`JobError::Cancelled`] when the job should stop.
    pub fn check(&self) -> Result<(), JobError> {
        if self.is_cancelled() { Err(JobError::Cancelled) } else { Ok(()) }
    }
}

/// What a job may touch besides its work.
pub struct JobCx<'a> {
    pub artifacts: &'a dyn Artifacts,
    pub cancel: Cancel,
    /// Called with 0 to 1, often.
    pub progress: &'a dyn Fn(f32),
    /// The graph's folder: imports are relative to it.
    pub project: &'a Path,
}

/// The store as workers see it.
pub trait Artifacts: Send + Sync {
    /// Where an artifact's bytes are.
    ///
    /// # Errors
    /// A diagnostic where the artifact is missing from the store.
    fn locate(&self, media: &Media) -> Result<PathBuf, Diagnostic>;

    /// A new unused path on the store's own file system, for a file of that format.
    fn scratch(&self, format: &str) -> Result<PathBuf, Diagnostic>;

    /// Takes a finished scratch file into the store under its digest.
    ///
    /// # Errors
    /// A diagnostic for a full disk or a read-only folder; nothing half-written stays.
    fn adopt(
        &self,
        scratch: &Path,
        format: &str,
        video: Option<VideoInfo>,
        audio: Option<AudioInfo>,
    ) -> Result<Media, Diagnostic>;

    /// The recorded outputs of a part of a job (a film's segment), if it was made before.
    fn recall(&self, work: &Work) -> Option<Outputs>;

    /// Records the outputs of a part of a job.
    fn record(&self, work: &Work, outputs: &Outputs) -> Result<(), Diagnostic>;
}

/// Runs one kind of work. Called from lane threads, several at a time; a panic becomes a failed job.
pub trait Worker: Send + Sync {
    /// Makes the outputs that the work describes, named after the node's ports.
    fn run(&self, job: &Job, cx: &JobCx<'_>) -> Result<Outputs, JobError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_rests_is_woken_by_a_cancellation() {
        let cancel = Cancel::default();
        assert!(cancel.rest(Duration::from_millis(1)));
        std::thread::scope(|scope| {
            let resting = scope.spawn(|| cancel.rest(Duration::from_secs(3600)));
            cancel.cancel();
            assert_eq!(resting.join().ok(), Some(false));
        });
        assert!(!cancel.rest(Duration::from_secs(3600)), "and never rests again");
    }
}
