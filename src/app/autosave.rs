//! Keeps a copy of an unsaved document beside its file, and notices when somebody else writes the file.
//!
//! The copy lies in the file's folder as `.NAME.autosave`, so that it moves with the project and survives a full
//! home folder. It is whole or absent: it is written like every other file.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use model::{Diagnostic, Document, SourceText};

use crate::project::write_atomic;

/// See the module.
pub(super) struct Autosave {
    file: PathBuf,
    copy: PathBuf,
    dirty: bool,
    /// An edit since the last copy.
    changed: bool,
    kept: Instant,
    seen: Option<SystemTime>,
}

impl Autosave {
    pub(super) fn new(file: &Path) -> Autosave {
        Autosave {
            file: file.to_owned(),
            copy: copy_of(file),
            dirty: false,
            changed: false,
            kept: Instant::now(),
            seen: modified(file),
        }
    }

    /// The document was edited; `dirty` says whether it differs from the file.
    pub(super) fn mark(&mut self, dirty: bool) {
        self.dirty = dirty;
        self.changed = true;
    }

    /// The file was written by us.
    pub(super) fn saved(&mut self) {
        self.seen = modified(&self.file);
        self.dirty = false;
        self.remove();
    }

    /// Writes a copy if one is due.
    ///
    /// # Errors
    /// A diagnostic where it cannot be written; it is tried again after the next edit.
    pub(super) fn keep(&mut self, every: Duration, text: impl FnOnce() -> String) -> Result<(), Diagnostic> {
        if !self.changed || self.kept.elapsed() < every {
            return Ok(());
        }
        self.changed = false;
        self.kept = Instant::now();
        if !self.dirty {
            self.remove();
            return Ok(());
        }
        write_atomic(&self.copy, text().as_bytes())
    }

    /// Forgets the copy.
    pub(super) fn remove(&mut self) {
        self.changed = false;
        // It may never have been written.
        let _ = fs::remove_file(&self.copy);
    }

    /// Whether somebody else wrote the file since the last call.
    pub(super) fn changed_on_disk(&mut self) -> bool {
        let now = modified(&self.file);
        let changed = now.is_some() && now != self.seen;
        if changed {
            self.seen = now;
        }
        changed
    }
}

/// What an earlier session left unsaved, where it is newer than the file and differs from it.
pub(super) fn recover(file: &Path, source: &SourceText) -> Option<Document> {
    let copy = copy_of(file);
    if modified(&copy)? < modified(file)? {
        return None;
    }
    let text = fs::read_to_string(&copy).ok()?;
    if text == source.text() {
        return None;
    }
    Document::parse(&copy.display().to_string(), &text).ok().map(|loaded| loaded.document)
}

fn copy_of(file: &Path) -> PathBuf {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    file.with_file_name(format!(".{name}.autosave"))
}

fn modified(file: &Path) -> Option<SystemTime> {
    fs::metadata(file).and_then(|meta| meta.modified()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unsaved_document_comes_back_and_a_saved_one_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.ron");
        let text = Document::default().to_text();
        fs::write(&file, &text).unwrap();
        let source = Document::parse("a.ron", &text).unwrap().source;
        assert!(recover(&file, &source).is_none());
        let mut autosave = Autosave::new(&file);
        let edited = model::fixture::graph("a: prompt.text text=\"one\"");
        autosave.mark(true);
        autosave.keep(Duration::ZERO, || edited.to_text()).unwrap();
        assert_eq!(recover(&file, &source), Some(edited));
        fs::write(&file, &text).unwrap();
        autosave.saved();
        assert!(recover(&file, &source).is_none());
        assert!(!autosave.changed_on_disk(), "our own save is no surprise");
    }
}
