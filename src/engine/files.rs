//! The project's own files as plans see them: stamped, digested once, read whole where they are small texts.
//!
//! Artifacts are never opened here; deciding what is dirty looks at source files only. Media that moved are found by
//! what is in them ([`crate::moved`]).

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use model::{Diagnostic, Digest, ImportKind, List, Value};

use crate::moved::{self, Contents};
use crate::traces::Traces;

/// Longest text file that is read whole, in bytes.
const LONGEST_TEXT: u64 = 16 << 20;
/// Most names that a folder gives.
const MOST_NAMES: usize = 10_000;

/// What a file or folder looked like from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    pub len: u64,
    pub mtime_ns: i128,
}

/// The files below a project folder.
#[derive(Debug)]
pub(crate) struct Files {
    root: PathBuf,
    seen: BTreeMap<String, Option<Stamp>>,
    /// Names that a folder gave: whoever wants those looks into the folder.
    listed: BTreeSet<String>,
    /// What was in media at the last committed run.
    known: BTreeMap<String, Contents>,
    /// What is in the media that plans asked for.
    found: BTreeMap<String, Contents>,
    /// Where missing media are now, or that they are nowhere.
    moved: BTreeMap<String, Option<String>>,
}

/// A file as an import needs it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Found {
    /// Text and folders are values at once.
    Value(Value),
    /// Media enter through a worker, keyed by content; the path is where they lie.
    Content { digest: Digest, path: String },
}

impl Files {
    /// Files below `root`, and what was in them when they were last used.
    pub(crate) fn new(root: &Path, known: BTreeMap<String, Contents>) -> Files {
        let (root, seen, listed) = (root.to_owned(), BTreeMap::new(), BTreeSet::new());
        Files { root, seen, listed, known, found: BTreeMap::new(), moved: BTreeMap::new() }
    }

    /// Looks again for media that were nowhere, when somebody asks for them.
    pub(crate) fn look_again(&mut self) {
        self.moved.retain(|_, now| now.is_some());
    }

    /// Missing media by their path in the graph, and where they are now.
    pub(crate) fn moved(&self) -> impl Iterator<Item = (&str, &str)> {
        self.moved.iter().filter_map(|(from, to)| Some((from.as_str(), to.as_deref()?)))
    }

    /// What is in the media that the graph names. Where not `all` plans were made, those that nobody asked for stay.
    pub(crate) fn contents(&self, all: bool) -> BTreeMap<String, Contents> {
        let mut contents = if all { BTreeMap::new() } else { self.known.clone() };
        contents.extend(self.found.iter().map(|(path, found)| (path.clone(), *found)));
        contents
    }

    /// Paths that plans asked for and that look different now.
    pub(crate) fn changed(&self) -> Vec<String> {
        let differs = |(path, stamp): &(&String, &Option<Stamp>)| stamp_of(&self.root.join(path)) != **stamp;
        self.seen.iter().filter(differs).map(|(path, _)| path.clone()).collect()
    }

    /// Every path that plans asked for.
    pub(crate) fn asked(&self) -> Vec<PathBuf> {
        self.seen.keys().map(|path| self.root.join(path)).collect()
    }

    /// Finds a file for an import.
    ///
    /// # Errors
    /// A diagnostic for a path that leaves the project, a missing or unreadable file, a text that is not UTF-8.
    pub(crate) fn find(&mut self, kind: ImportKind, path: &str, store: &dyn Traces) -> Result<Found, Diagnostic> {
        let full = self.inside(path)?;
        let stamp = stamp_of(&full);
        self.seen.insert(path.to_owned(), stamp);
        let Some(stamp) = stamp else {
            return self.elsewhere(kind, path, store).ok_or_else(|| {
                Diagnostic::error("file-missing", format!("there is no `{path}` in the graph's folder"))
                    .hint("paths are relative to the graph file; check the spelling and the case")
            });
        };
        let meta = std::fs::metadata(&full).map_err(|error| unreadable(path, &error))?;
        match kind {
            ImportKind::Folder if meta.is_dir() => {
                let names = names(&full, path)?;
                self.listed.extend(names.iter().filter_map(|entry| match &entry.value {
                    Value::Text(path) => Some(path.to_string()),
                    _ => None,
                }));
                Ok(Found::Value(Value::List(names)))
            }
            ImportKind::Folder => Err(Diagnostic::error("not-a-folder", format!("`{path}` is not a folder"))),
            // Opening a named pipe would wait for ever.
            _ if !meta.is_file() => Err(Diagnostic::error("not-a-file", format!("`{path}` is not a regular file"))
                .hint("choose a file; folders, pipes and devices cannot be imported")),
            ImportKind::Text => text(&full, path, stamp.len).map(Found::Value),
            ImportKind::Image | ImportKind::Clip | ImportKind::Audio => {
                let digest = digest_at(&full, stamp, store).map_err(|error| unreadable(path, &error))?;
                self.moved.remove(path);
                if !self.listed.contains(path) {
                    self.found.insert(path.to_owned(), Contents { len: stamp.len, digest });
                }
                Ok(Found::Content { digest, path: path.to_owned() })
            }
        }
    }

    /// Media that are not where the graph says, found by what was in them.
    fn elsewhere(&mut self, kind: ImportKind, path: &str, store: &dyn Traces) -> Option<Found> {
        if matches!(kind, ImportKind::Folder | ImportKind::Text) {
            return None;
        }
        let wanted = self.found.get(path).or(self.known.get(path)).copied()?;
        let stamp = |path: &str| stamp_of(&self.root.join(path));
        let now = match self.moved.get(path) {
            Some(now) if now.as_ref().is_none_or(|now| stamp(now).is_some()) => now.clone()?,
            _ => {
                let now = moved::search(&self.root, wanted, store);
                self.moved.insert(path.to_owned(), now.clone());
                now?
            }
        };
        self.seen.insert(now.clone(), stamp(&now));
        self.found.insert(path.to_owned(), wanted);
        Some(Found::Content { digest: wanted.digest, path: now })
    }

    fn inside(&self, path: &str) -> Result<PathBuf, Diagnostic> {
        let mut inside = PathBuf::new();
        for part in Path::new(path).components() {
            let stays = match part {
                Component::Normal(name) => {
                    inside.push(name);
                    true
                }
                Component::CurDir => true,
                Component::ParentDir => inside.pop(),
                Component::RootDir | Component::Prefix(_) => false,
            };
            // Graph files are untrusted: a shared one must not read the rest of the disk.
            if !stays {
                return Err(Diagnostic::error("path-outside", format!("`{path}` is outside the graph's folder"))
                    .hint("copy the file into the project and use its relative path"));
            }
        }
        Ok(self.root.join(inside))
    }
}

fn unreadable(path: &str, error: &std::io::Error) -> Diagnostic {
    Diagnostic::error("file-unreadable", format!("cannot read `{path}`: {error}"))
}

/// The digest of a file that looks like `stamp`, from the store where it is known.
pub(crate) fn digest_at(full: &Path, stamp: Stamp, store: &dyn Traces) -> std::io::Result<Digest> {
    if let Some(digest) = store.file_digest(full, stamp.len, stamp.mtime_ns) {
        return Ok(digest);
    }
    let digest = digest_file(full)?;
    store.remember_file(full, stamp.len, stamp.mtime_ns, digest);
    Ok(digest)
}

pub(crate) fn stamp_of(path: &Path) -> Option<Stamp> {
    let meta = std::fs::metadata(path).ok()?;
    let modified = meta.modified().ok()?;
    let mtime_ns = match modified.duration_since(UNIX_EPOCH) {
        Ok(after) => after.as_nanos() as i128,
        Err(before) => -(before.duration().as_nanos() as i128),
    };
    Some(Stamp { len: meta.len(), mtime_ns })
}

fn text(full: &Path, path: &str, len: u64) -> Result<Value, Diagnostic> {
    if LONGEST_TEXT < len {
        return Err(Diagnostic::error("text-too-long", format!("`{path}` has {len} bytes"))
            .hint(format!("texts up to {LONGEST_TEXT} bytes are read")));
    }
    let bytes = std::fs::read(full).map_err(|error| unreadable(path, &error))?;
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Value::Text(text.into())),
        Err(error) => {
            let at = error.utf8_error().valid_up_to();
            let line = error.as_bytes()[..at].iter().filter(|byte| **byte == b'\n').count() + 1;
            Err(Diagnostic::error("not-utf8", format!("`{path}` is not UTF-8 text (line {line}, byte {at})"))
                .hint("save it as UTF-8"))
        }
    }
}

fn names(full: &Path, path: &str) -> Result<List, Diagnostic> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(full).map_err(|error| unreadable(path, &error))? {
        let entry = entry.map_err(|error| unreadable(path, &error))?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        if !name.starts_with('.') && entry.path().is_file() {
            names.push(name);
        }
        if MOST_NAMES < names.len() {
            return Err(Diagnostic::error("folder-too-large", format!("`{path}` has more than {MOST_NAMES} files")));
        }
    }
    names.sort();
    let folder = path.trim_end_matches('/');
    Ok(List::new(names.into_iter().map(|name| {
        let file = if folder.is_empty() || folder == "." { name.clone() } else { format!("{folder}/{name}") };
        (Arc::from(name.as_str()), Value::Text(file.into()))
    })))
}

fn digest_file(path: &Path) -> std::io::Result<Digest> {
    let mut hasher = blake3::Hasher::new();
    let mut file = std::fs::File::open(path)?;
    let mut buffer = vec![0; 1 << 16];
    loop {
        let n = file.read(&mut buffer)?;
        if n == 0 {
            return Ok(Digest(*hasher.finalize().as_bytes()));
        }
        hasher.update(&buffer[..n]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::MemoryStore;

    #[test]
    fn paths_stay_inside_the_project() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.txt"), "hello").unwrap();
        let mut files = Files::new(folder.path(), BTreeMap::new());
        let store = MemoryStore::default();
        let mut code = |path: &str| files.find(ImportKind::Text, path, &store).map_err(|found| found.code);
        assert_eq!(code("a.txt"), Ok(Found::Value("hello".into())));
        assert_eq!(code("./x/../a.txt").err().as_deref(), None);
        assert_eq!(code("../a.txt").err().as_deref(), Some("path-outside"));
        assert_eq!(code("x/../../a.txt").err().as_deref(), Some("path-outside"));
        assert_eq!(code("/etc/hostname").err().as_deref(), Some("path-outside"));
        assert_eq!(code("b.txt").err().as_deref(), Some("file-missing"));
        assert_eq!(code(".").err().as_deref(), Some("not-a-file"));
    }

    #[test]
    fn changes_are_seen_and_bad_text_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.txt");
        std::fs::write(&path, b"ok\nbad \xff").unwrap();
        let mut files = Files::new(folder.path(), BTreeMap::new());
        let store = MemoryStore::default();
        let refused = files.find(ImportKind::Text, "a.txt", &store).expect_err("0xff is not UTF-8");
        assert!(refused.message.contains("line 2"), "{}", refused.message);
        assert_eq!(files.changed(), Vec::<String>::new());
        std::fs::write(&path, "longer text now").unwrap();
        assert_eq!(files.changed(), ["a.txt"]);
    }
}
