//! Media that moved: a file is named by path and by what is in it, so that a moved or renamed one is found again.
//!
//! Looks below the project's folder only, at files of the right length, when a file is missing and not before. Keeping
//! the contents in the store was rejected: it would know no more on another machine.

use std::fmt;
use std::path::Path;

use model::{Data, Diagnostic, Digest, Edit, Params};

use crate::files::{digest_at, stamp_of};
use crate::traces::Traces;

/// What is in a file: enough to know it again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contents {
    /// Bytes.
    pub len: u64,
    pub digest: Digest,
}

impl Contents {
    /// Reads what [`fmt::Display`] writes: the digest and the length.
    pub fn parse(text: &str) -> Option<Contents> {
        let (digest, len) = text.split_once(' ')?;
        Some(Contents { len: len.parse().ok()?, digest: digest.parse().ok()? })
    }
}

impl fmt::Display for Contents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.digest, self.len)
    }
}

/// Most names that are looked at. A folder with more is not a project's.
const MOST_NAMES: usize = 50_000;

/// The path of a file below `root` with these contents, the first by name; hidden folders are not looked into.
pub(crate) fn search(root: &Path, wanted: Contents, store: &dyn Traces) -> Option<String> {
    let mut folders = vec![String::new()];
    let mut n_names = 0;
    while let Some(folder) = folders.pop() {
        // What cannot be read holds nothing that could be used.
        let Ok(entries) = std::fs::read_dir(root.join(&folder)) else { continue };
        let mut names: Vec<_> = entries.flatten().filter_map(|entry| entry.file_name().into_string().ok()).collect();
        names.sort();
        n_names += names.len();
        if MOST_NAMES < n_names {
            return None;
        }
        let mut inner = Vec::new();
        for name in names.into_iter().filter(|name| !name.starts_with('.')) {
            let path = if folder.is_empty() { name } else { format!("{folder}/{name}") };
            let full = root.join(&path);
            // Links could lead out of the project, or in a circle.
            let Ok(kind) = std::fs::symlink_metadata(&full).map(|meta| meta.file_type()) else { continue };
            if kind.is_dir() {
                inner.push(path);
            } else if kind.is_file()
                && let Some(stamp) = stamp_of(&full).filter(|stamp| stamp.len == wanted.len)
                && digest_at(&full, stamp, store).is_ok_and(|digest| digest == wanted.digest)
            {
                return Some(path);
            }
        }
        folders.extend(inner.into_iter().rev());
    }
    None
}

/// Says at a node that one of its files is elsewhere, with the edit that writes this down; none where that is done.
pub(crate) fn told(node: &str, params: &Params, from: &str, to: &str) -> Option<Diagnostic> {
    let has = |data: &Data, path: &str| {
        let is = |data: &Data| data.as_text() == Some(path);
        is(data) || data.as_items().is_some_and(|items| items.iter().any(is))
    };
    let named = params.iter().find(|(_, data)| has(data, from));
    if named.is_none() && params.values().any(|data| has(data, to)) {
        return None;
    }
    let renamed = |data: &Data| if has(data, from) { Data::from(to) } else { data.clone() };
    let named = named.map(|(param, data)| match data.as_items() {
        Some(items) => (param, Data::List(items.iter().map(renamed).collect())),
        None => (param, Data::from(to)),
    });
    let moved = format!("`{from}` is gone; `{to}` holds the same and is used in its place");
    let told = Diagnostic::warning("file-moved", moved).at_node(node).hint(format!("write `{to}` in the graph"));
    // A path that comes along a link has no parameter to change.
    let Some((param, value)) = named else { return Some(told) };
    let edit = Edit::SetParam { node: node.to_owned(), param: param.clone(), value: Some(value), at: None };
    Some(told.at_field(param).fixed_by(&format!("Use `{to}`"), vec![edit]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::MemoryStore;

    #[test]
    fn the_first_file_with_the_same_bytes_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        write(".throughline/artifacts/a", "picture");
        write("b/other.png", "pictuer");
        write("b/c/d.png", "picture");
        write("z.png", "longer than it");
        let wanted = Contents { len: 7, digest: Digest::of(b"picture") };
        let store = MemoryStore::default();
        assert_eq!(search(folder.path(), wanted, &store).as_deref(), Some("b/c/d.png"));
        write("a.png", "picture");
        assert_eq!(search(folder.path(), wanted, &store).as_deref(), Some("a.png"));
        let gone = Contents { len: 7, digest: Digest::of(b"nothing") };
        assert_eq!(search(folder.path(), gone, &store), None);
        assert_eq!(search(&folder.path().join("absent"), wanted, &store), None);
    }

    #[test]
    fn contents_are_written_and_read() {
        let contents = Contents { len: 42, digest: Digest::of(b"x") };
        assert_eq!(Contents::parse(&contents.to_string()), Some(contents));
        for bad in ["", "42", "zz 42", &format!("{} -1", contents.digest)] {
            assert_eq!(Contents::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn the_fix_names_the_parameter_alone_or_in_a_list() {
        let fix = |data: Data| {
            let params = Params::from([("name".into(), Data::from("MARA")), ("images".into(), data)]);
            let told = told("mara", &params, "a.png", "refs/a.png")?;
            told.fix.map(|fix| (told.subject.field.unwrap(), fix.edits))
        };
        let edit = |value: Data| {
            let (node, param) = ("mara".to_owned(), "images".to_owned());
            Some((param.clone(), vec![Edit::SetParam { node, param, value: Some(value), at: None }]))
        };
        assert_eq!(fix("a.png".into()), edit("refs/a.png".into()));
        let list = |first: &str| Data::List(vec![first.into(), "b.png".into()]);
        assert_eq!(fix(list("a.png")), edit(list("refs/a.png")));
        assert_eq!(fix("c.png".into()), None);
        let done = Params::from([("images".into(), list("refs/a.png"))]);
        assert_eq!(told("mara", &done, "a.png", "refs/a.png"), None);
    }
}
