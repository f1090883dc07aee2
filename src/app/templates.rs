//! New documents: the example graphs, compiled in with the files that they read.
//!
//! A new document lies in a folder of its own below the user's data folder until it is saved somewhere, so that it
//! has a store, can be run at once, and survives a crash.

use std::fs;
use std::path::{Path, PathBuf};

use model::{Data, Diagnostic, Document};

use super::{settings, thread};
use crate::project::write_atomic;

/// One example.
pub(super) struct Template {
    pub(super) name: &'static str,
    pub(super) summary: &'static str,
    graph: &'static str,
    /// Path and content of what the graph reads.
    files: &'static [(&'static str, &'static [u8])],
}

macro_rules! file {
    ($path:literal) => {
        ($path, include_bytes!(concat!("../../graphs/", $path)))
    };
}

/// In the order in which one learns from them.
pub(super) const TEMPLATES: &[Template] = &[
    Template {
        name: "hello",
        summary: "A prompt becomes a clip and a film",
        graph: include_str!("../../graphs/hello.ron"),
        files: &[],
    },
    Template {
        name: "references",
        summary: "A character, a place and a style shared by several shots",
        graph: include_str!("../../graphs/references.ron"),
        files: &[file!("refs/mara.png"), file!("refs/jon.png"), file!("refs/lighthouse.png"), file!("refs/dusk.png")],
    },
    Template {
        name: "list_mapping",
        summary: "One node runs once for each element of a list",
        graph: include_str!("../../graphs/list_mapping.ron"),
        files: &[],
    },
    Template {
        name: "reedit",
        summary: "Import a clip and cut, grade and title it",
        graph: include_str!("../../graphs/reedit.ron"),
        files: &[file!("media/clip.mp4")],
    },
    Template {
        name: "continuity",
        summary: "Each shot starts from the last frame of the one before",
        graph: include_str!("../../graphs/continuity.ron"),
        files: &[],
    },
    Template {
        name: "lighthouse",
        summary: "A whole short film from its script: scenes, shots, references, measures",
        graph: include_str!("../../graphs/lighthouse.ron"),
        files: &[
            file!("lighthouse.fountain"),
            file!("lighthouse.ids.ron"),
            file!("refs/mara.png"),
            file!("refs/jon.png"),
            file!("refs/lighthouse.png"),
            file!("refs/dusk.png"),
        ],
    },
];

/// Writes a new document and what it reads into a folder of its own; its path. Blocks on the disk.
///
/// # Errors
/// A diagnostic where the folder cannot be written.
pub(super) fn create_blocking(template: Option<&str>) -> Result<PathBuf, Diagnostic> {
    thread::may_block();
    let drafts = drafts().ok_or_else(|| {
        Diagnostic::error("no-home", "there is no home folder for new documents")
            .hint("set HOME, or XDG_DATA_HOME, to a folder that can be written")
    })?;
    let (name, graph, files) = match template.and_then(|name| TEMPLATES.iter().find(|it| it.name == name)) {
        Some(it) => (it.name, it.graph.to_owned(), it.files),
        None => ("untitled", Document::default().to_text(), &[] as &[_]),
    };
    let folder = free_folder(&drafts, name)?;
    for (path, content) in files {
        let path = folder.join(path);
        if let Some(parent) = path.parent() {
            make_folder(parent)?;
        }
        write_atomic(&path, content)?;
    }
    let path = folder.join(format!("{name}.ron"));
    write_atomic(&path, graph.as_bytes())?;
    Ok(path)
}

/// Whether a document was never saved by its user.
pub(super) fn is_draft(path: &Path) -> bool {
    drafts().is_some_and(|drafts| path.starts_with(drafts))
}

/// Copies what a document reads, and its results, to the folder where it is saved now. Files that are there already
/// stay as they are. Blocks on the disk.
///
/// # Errors
/// A diagnostic where a file cannot be copied.
pub(super) fn follow_blocking(document: &Document, from: &Path, to: &Path) -> Result<(), Diagnostic> {
    thread::may_block();
    let (Some(old), Some(new)) = (from.parent(), to.parent()) else { return Ok(()) };
    if old == new {
        return Ok(());
    }
    let mut names = Vec::new();
    for node in document.nodes.values() {
        node.params.values().for_each(|value| texts(value, &mut names));
    }
    let ids = from.with_extension("ids.ron");
    names.extend(ids.file_name().map(|name| name.to_string_lossy().into_owned()));
    for name in names {
        let inside = Path::new(&name).components().all(|part| matches!(part, std::path::Component::Normal(_)));
        let (source, target) = (old.join(&name), new.join(&name));
        if inside && source.is_file() && !target.exists() {
            copy(&source, &target)?;
        }
    }
    let (source, target) = (old.join(".throughline"), new.join(".throughline"));
    if source.is_dir() && !target.exists() { copy_folder(&source, &target) } else { Ok(()) }
}

fn texts(value: &Data, into: &mut Vec<String>) {
    match value {
        Data::Text(text) if text.len() < 1024 && !text.is_empty() => into.push(text.clone()),
        Data::List(items) | Data::Tuple(items) => items.iter().for_each(|item| texts(item, into)),
        _ => {}
    }
}

fn copy_folder(from: &Path, to: &Path) -> Result<(), Diagnostic> {
    make_folder(to)?;
    let entries = fs::read_dir(from).map_err(|error| unwritable(&error, from))?;
    for entry in entries {
        let entry = entry.map_err(|error| unwritable(&error, from))?;
        let target = to.join(entry.file_name());
        if entry.path().is_dir() { copy_folder(&entry.path(), &target) } else { copy(&entry.path(), &target) }?;
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) -> Result<(), Diagnostic> {
    if let Some(parent) = to.parent() {
        make_folder(parent)?;
    }
    fs::copy(from, to).map(|_| ()).map_err(|error| unwritable(&error, to))
}

fn drafts() -> Option<PathBuf> {
    Some(settings::folder("XDG_DATA_HOME", ".local/share")?.join("drafts"))
}

fn free_folder(drafts: &Path, name: &str) -> Result<PathBuf, Diagnostic> {
    make_folder(drafts)?;
    for n in 1..10_000 {
        let folder = drafts.join(format!("{name}-{n}"));
        match fs::create_dir(&folder) {
            Ok(()) => return Ok(folder),
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(unwritable(&error, &folder)),
        }
    }
    Err(Diagnostic::error("too-many-drafts", format!("10000 drafts are enough: {}", drafts.display()))
        .hint("remove some of them"))
}

fn make_folder(folder: &Path) -> Result<(), Diagnostic> {
    fs::create_dir_all(folder).map_err(|error| unwritable(&error, folder))
}

fn unwritable(error: &std::io::Error, path: &Path) -> Diagnostic {
    Diagnostic::error("file-unwritable", format!("cannot write: {error}: {}", path.display()))
        .hint("check that the folder is writable and has room")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_template_opens_clean_with_the_files_it_reads() {
        for template in TEMPLATES {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("graph.ron");
            fs::write(&path, template.graph).unwrap();
            let document = crate::project::Project::open(&path).unwrap().written;
            let mut names = Vec::new();
            document.nodes.values().flat_map(|node| node.params.values()).for_each(|it| texts(it, &mut names));
            for name in names.iter().filter(|name| name.contains('/') || name.ends_with(".fountain")) {
                let known = template.files.iter().any(|(file, _)| file == name);
                assert!(known, "{} reads {name}", template.name);
            }
        }
    }

    #[test]
    fn a_document_takes_its_files_along() {
        let (old, new) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::create_dir_all(old.path().join("refs")).unwrap();
        fs::create_dir_all(old.path().join(".throughline/a")).unwrap();
        fs::write(old.path().join("refs/x.png"), "x").unwrap();
        fs::write(old.path().join(".throughline/a/b"), "b").unwrap();
        let document = model::fixture::graph("a: reference.character images=[\"refs/x.png\", \"../outside\"]");
        follow_blocking(&document, &old.path().join("g.ron"), &new.path().join("h.ron")).unwrap();
        assert_eq!(fs::read_to_string(new.path().join("refs/x.png")).unwrap(), "x");
        assert_eq!(fs::read_to_string(new.path().join(".throughline/a/b")).unwrap(), "b");
    }
}
