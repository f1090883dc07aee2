//! Artifacts in a plain folder, without an index: for workers' tests and for trying a worker alone.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use model::{AudioInfo, Diagnostic, Digest, Media, Outputs, VideoInfo, Work};

use crate::worker::Artifacts;

/// See the module.
#[derive(Debug)]
pub struct ScratchFolder {
    root: PathBuf,
    next: AtomicU32,
    recorded: Mutex<BTreeMap<Digest, Outputs>>,
}

impl ScratchFolder {
    /// Artifacts below `root`, which exists.
    pub fn new(root: &Path) -> ScratchFolder {
        ScratchFolder { root: root.to_owned(), next: AtomicU32::new(0), recorded: Mutex::default() }
    }
}

fn failed(error: std::io::Error) -> Diagnostic {
    Diagnostic::error("scratch-folder", error.to_string())
}

impl Artifacts for ScratchFolder {
    fn locate(&self, media: &Media) -> Result<PathBuf, Diagnostic> {
        let path = self.root.join(format!("{}.{}", media.digest, media.format));
        if path.exists() {
            Ok(path)
        } else {
            Err(Diagnostic::error("artifact-missing", format!("no artifact {:?}", media.digest)))
        }
    }

    fn scratch(&self, format: &str) -> Result<PathBuf, Diagnostic> {
        Ok(self.root.join(format!("scratch-{}.{format}", self.next.fetch_add(1, Ordering::Relaxed))))
    }

    fn adopt(
        &self,
        scratch: &Path,
        format: &str,
        video: Option<VideoInfo>,
        audio: Option<AudioInfo>,
    ) -> Result<Media, Diagnostic> {
        let bytes = std::fs::read(scratch).map_err(failed)?;
        let media =
            Media { digest: Digest::of(&bytes), bytes: bytes.len() as u64, format: format.to_owned(), video, audio };
        std::fs::rename(scratch, self.root.join(format!("{}.{format}", media.digest))).map_err(failed)?;
        Ok(media)
    }

    fn recall(&self, work: &Work) -> Option<Outputs> {
        self.recorded.lock().ok()?.get(&work.key(None)).cloned()
    }

    fn record(&self, work: &Work, outputs: &Outputs) -> Result<(), Diagnostic> {
        if let Ok(mut recorded) = self.recorded.lock() {
            recorded.insert(work.key(None), outputs.clone());
        }
        Ok(())
    }
}
