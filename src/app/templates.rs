//! New documents: the example graphs, compiled in with the files that they read.
//!
//! A new document lies in a folder of its own below the user's data folder until it is saved somewhere, so that it
//! has a store, can be run at once, and survives a crash.

use std::fs;
use std::path::{Path, PathBuf};

use model::{Data, Diagnostic, Document};

use super::{settings, thread};
use crate::carried::{self, Carried};
use crate::project::{Project, write_atomic};

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
        name: "voices",
        summary: "Lines are spoken, places sound, and music lies under the film",
        graph: include_str!("../../graphs/voices.ron"),
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
    let drafts = drafts_or_say()?;
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

/// Opens the graph that a film carries: the one beside it where that is still the same, else a new document of what
/// the film carries, with the media that lie beside the film. Runs nothing. Blocks on the disk.
///
/// # Errors
/// A diagnostic where the folder cannot be written.
pub(super) fn recover_blocking(film: &Path, carried: &Carried) -> Result<PathBuf, Diagnostic> {
    thread::may_block();
    let beside = film.parent().unwrap_or(Path::new("")).to_owned();
    let graph = beside.join(&carried.graph);
    let present = Project::open(&graph).ok().and_then(|project| Carried::of(&project));
    if present.is_some_and(|present| present.at(&carried.item).digest() == carried.digest()) {
        return Ok(graph);
    }
    let stem = film.file_stem().unwrap_or_default().to_string_lossy();
    let folder = free_folder(&drafts_or_say()?, &stem)?;
    let path = carried.unpack(&folder)?;
    // What the film does not carry: pictures and sounds, which lie beside it where it was not sent away.
    let document = Project::open(&path).map(|project| project.document).unwrap_or_default();
    let mut names = Vec::new();
    document.nodes.values().flat_map(|node| node.params.values()).for_each(|value| texts(value, &mut names));
    for name in names.iter().filter(|name| carried::is_media(name)) {
        let inside = Path::new(name).components().all(|part| matches!(part, std::path::Component::Normal(_)));
        let (source, target) = (beside.join(name), folder.join(name));
        if inside && source.is_file() && !target.exists() {
            copy(&source, &target)?;
        }
    }
    Ok(path)
}

/// Whether a document was never saved by its user.
pub(super) fn is_draft(path: &Path) -> bool {
    drafts().is_some_and(|drafts| path.starts_with(drafts))
}

/// Brings what a document reads, and its results, to the folder where it is saved now: a draft moves with everything,
/// of other documents a copy is made. Files that are there already stay as they are. Nobody may have the old store
/// open. Blocks on the disk.
///
/// # Errors
/// A diagnostic where a file cannot be brought there.
pub(super) fn follow_blocking(document: &Document, from: &Path, to: &Path) -> Result<(), Diagnostic> {
    thread::may_block();
    let (Some(old), Some(new)) = (from.parent(), to.parent()) else { return Ok(()) };
    if old == new {
        return Ok(());
    }
    if is_draft(from) && !new.starts_with(old) { settle(from, to) } else { copy_along(document, from, to) }
}

/// Moves all that lies around a draft: its store, what it reads, what it wrote.
fn settle(from: &Path, to: &Path) -> Result<(), Diagnostic> {
    let (Some(old), Some(new)) = (from.parent(), to.parent()) else { return Ok(()) };
    move_entry(&from.with_extension("ids.ron"), &to.with_extension("ids.ron"))?;
    let name = from.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let own = [name.clone(), format!(".{name}.autosave")];
    for entry in entries(old)? {
        let file = entry.file_name().unwrap_or_default();
        if !own.iter().any(|own| file == own.as_str()) {
            move_entry(&entry, &new.join(file))?;
        }
    }
    // The draft itself has become the file that was saved. Where something else is left, its folder stays.
    own.iter().for_each(|own| drop(fs::remove_file(old.join(own))));
    let _ = fs::remove_dir(old);
    Ok(())
}

/// Moves a file or a folder to where nothing is; folders that are there already are filled, except stores: two of
/// them cannot become one.
fn move_entry(source: &Path, target: &Path) -> Result<(), Diagnostic> {
    if fs::symlink_metadata(source).is_err() {
        return Ok(());
    }
    if fs::symlink_metadata(target).is_ok() {
        if !source.is_dir() || !target.is_dir() || source.ends_with(STORE) {
            return Ok(());
        }
        for entry in entries(source)? {
            move_entry(&entry, &target.join(entry.file_name().unwrap_or_default()))?;
        }
        let _ = fs::remove_dir(source);
        return Ok(());
    }
    if let Some(parent) = target.parent() {
        make_folder(parent)?;
    }
    if fs::rename(source, target).is_ok() {
        return Ok(());
    }
    // Another disk: a copy, and the old one goes only when that is whole.
    if source.is_dir() {
        copy_folder(source, target)?;
        fs::remove_dir_all(source).map_err(|error| unwritable(&error, source))
    } else {
        copy(source, target)?;
        fs::remove_file(source).map_err(|error| unwritable(&error, source))
    }
}

fn copy_along(document: &Document, from: &Path, to: &Path) -> Result<(), Diagnostic> {
    let (Some(old), Some(new)) = (from.parent(), to.parent()) else { return Ok(()) };
    let mut names = Vec::new();
    for node in document.nodes.values() {
        node.params.values().for_each(|value| texts(value, &mut names));
    }
    for name in names {
        let inside = Path::new(&name).components().all(|part| matches!(part, std::path::Component::Normal(_)));
        let (source, target) = (old.join(&name), new.join(&name));
        if inside && source.is_file() && !target.exists() {
            copy(&source, &target)?;
        }
    }
    let (source, target) = (from.with_extension("ids.ron"), to.with_extension("ids.ron"));
    if source.is_file() && !target.exists() {
        copy(&source, &target)?;
    }
    let (source, target) = (old.join(STORE), new.join(STORE));
    if source.is_dir() && !target.exists() { copy_folder(&source, &target) } else { Ok(()) }
}

/// The store's folder beside a graph.
const STORE: &str = ".throughline";

fn entries(folder: &Path) -> Result<Vec<PathBuf>, Diagnostic> {
    let read = fs::read_dir(folder).and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect());
    read.map_err(|error| unwritable(&error, folder))
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
    for entry in entries(from)? {
        let target = to.join(entry.file_name().unwrap_or_default());
        if entry.is_dir() { copy_folder(&entry, &target) } else { copy(&entry, &target) }?;
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

fn drafts_or_say() -> Result<PathBuf, Diagnostic> {
    drafts().ok_or_else(|| {
        Diagnostic::error("no-home", "there is no home folder for new documents")
            .hint("set HOME, or XDG_DATA_HOME, to a folder that can be written")
    })
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

    #[test]
    fn a_draft_moves_with_its_results_and_leaves_nothing() {
        let root = tempfile::tempdir().unwrap();
        let (old, new) = (root.path().join("drafts/untitled-1"), root.path().join("films"));
        for folder in [old.join("refs"), old.join(".throughline/a"), new.join("refs")] {
            fs::create_dir_all(folder).unwrap();
        }
        let files = ["untitled.ron", ".untitled.ron.autosave", "untitled.ids.ron", "film.mp4", "refs/x.png"];
        files.iter().for_each(|file| fs::write(old.join(file), *file).unwrap());
        fs::write(old.join(".throughline/a/b"), "made").unwrap();
        fs::write(new.join("tea.ron"), "saved").unwrap();
        settle(&old.join("untitled.ron"), &new.join("tea.ron")).unwrap();
        assert!(!old.exists(), "{:?}", fs::read_dir(&old));
        let read = |file: &str| fs::read_to_string(new.join(file)).unwrap();
        assert_eq!(
            ["tea.ron", "tea.ids.ron", "film.mp4", "refs/x.png", ".throughline/a/b"].map(read),
            ["saved", "untitled.ids.ron", "film.mp4", "refs/x.png", "made"]
        );
    }

    #[test]
    fn what_is_there_already_stays_and_so_does_what_found_no_place() {
        let root = tempfile::tempdir().unwrap();
        let (old, new) = (root.path().join("untitled-1"), root.path().join("films"));
        for folder in [old.join(".throughline"), new.join(".throughline")] {
            fs::create_dir_all(folder).unwrap();
        }
        for (folder, text) in [(&old, "of the draft"), (&new, "of the project")] {
            fs::write(folder.join("film.mp4"), text).unwrap();
            fs::write(folder.join(".throughline/index"), text).unwrap();
        }
        fs::write(old.join("untitled.ron"), "").unwrap();
        settle(&old.join("untitled.ron"), &new.join("tea.ron")).unwrap();
        for file in ["film.mp4", ".throughline/index"] {
            assert_eq!(fs::read_to_string(new.join(file)).unwrap(), "of the project");
            assert_eq!(fs::read_to_string(old.join(file)).unwrap(), "of the draft");
        }
    }

    #[test]
    fn the_graph_of_a_film_opens_where_it_is_or_as_a_new_document() {
        let folder = tempfile::tempdir().unwrap();
        let graph = folder.path().join("tea.ron");
        fs::write(&graph, model::fixture::graph("a: import.image file=\"x.png\"").to_text()).unwrap();
        let carried = Carried::of(&Project::open(&graph).unwrap()).unwrap();
        let film = folder.path().join("tea.mp4");
        assert_eq!(recover_blocking(&film, &carried).unwrap(), graph, "the same graph is beside it");
    }
}
