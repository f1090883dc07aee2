//! Files that come from outside the project: copied into it, then named by a parameter or by a new node.

use std::fs;
use std::path::{Path, PathBuf};

use model::{Data, Diagnostic, Document, Edit, NodeSpec, ParamKind, Task};
use providers::comfy::{self, Workflow, name_of};
use ui::{Pick, wiring};

use super::thread;
use crate::carried::Carried;
use crate::workflows::{self, Present};

/// Files that were dropped, once it is known what they are.
pub(super) struct Dropped {
    pub(super) paths: Vec<PathBuf>,
    /// The first of them that carries the graph it was made from.
    pub(super) carried: Option<(PathBuf, Carried)>,
    /// The first that holds a ComfyUI workflow, where none carries a graph.
    pub(super) workflow: Option<(PathBuf, Workflow)>,
}

/// Looks into files that were dropped. Blocks on the disk.
pub(super) fn look_blocking(paths: Vec<PathBuf>) -> Dropped {
    thread::may_block();
    let carried = paths.iter().find_map(|path| Some((path.clone(), Carried::read(path)?)));
    let mut workflow = None;
    if carried.is_none() {
        let may_hold = |path: &&PathBuf| ["png", "mp4", "json"].contains(&&*extension(path));
        workflow = paths.iter().filter(may_hold).find_map(|path| Some((path.clone(), workflows::read(path).ok()?)));
    }
    Dropped { paths, carried, workflow }
}

/// A ComfyUI workflow that has become a model.
pub(super) struct Adopted {
    model: String,
    task: Task,
}

/// The name that a file's workflow gets as a model.
pub(super) fn model_name(file: &Path) -> String {
    let stem = file.file_stem().unwrap_or_default().to_string_lossy();
    let plain = |c: char| if c.is_alphanumeric() || matches!(c, '-' | '_' | '.') { c } else { '_' };
    let name: String = stem.chars().map(plain).take(60).collect();
    let is_fine = name_of(Path::new(&format!("{name}.json"))).is_ok();
    if is_fine { name } else { "workflow".to_owned() }
}

/// Makes a model of a workflow in a folder: the one that is there where it is the same. Blocks on the disk.
///
/// # Errors
/// The workflow makes nothing that a film can use, or the folder cannot be written.
pub(super) fn adopt_blocking(file: &Path, workflow: &Workflow, folder: Option<PathBuf>) -> Result<Adopted, Diagnostic> {
    thread::may_block();
    let folder = folder.ok_or_else(|| Diagnostic::error("comfy-file", "there is no folder of settings"))?;
    let stem = model_name(file);
    let digest = workflow.digest();
    for n in 1..1000 {
        let name = if n == 1 { stem.clone() } else { format!("{stem}-{n}") };
        let json = folder.join(format!("{name}.json"));
        let (is_same, item) = match comfy::bindings_path(&json).exists() || json.exists() {
            true => (workflows::read(&json).is_ok_and(|found| found.digest() == digest), comfy::Item::read(&json).ok()),
            false => {
                let made = workflows::keep(file, workflow, &name, &folder, Present::Stays, &comfy::Classes::new());
                (true, Some(made.map_err(|mut told| told.swap_remove(0))?.0))
            }
        };
        if let Some(item) = item.filter(|_| is_same) {
            return Ok(Adopted { model: format!("comfy/{name}"), task: item.bindings.task });
        }
    }
    Err(Diagnostic::error("too-many-files", format!("a thousand models are called `{stem}` already")))
}

impl Adopted {
    /// A node that the model makes, at a place of the canvas.
    pub(super) fn edits(&self, document: &Document, at: (f32, f32)) -> Vec<Edit> {
        let kind = match self.task {
            Task::Image => "model.image",
            Task::Video => "model.video",
            Task::Text => "text.chat",
            Task::Voice => "audio.speech",
            Task::Sound => "audio.effect",
            Task::Music => "audio.music",
        };
        let Some(spec) = nodes::CATALOG.find(kind) else { return Vec::new() };
        let id = wiring::free_id(document, kind);
        let mut edits = wiring::add_node(&id, spec, at);
        let value = Some(Data::from(self.model.as_str()));
        edits.push(Edit::SetParam { node: id, param: "model".to_owned(), value, at: None });
        edits
    }

    /// What undo calls it.
    pub(super) fn label(&self) -> String {
        format!("Add {}", self.model)
    }
}

fn extension(path: &Path) -> String {
    path.extension().unwrap_or_default().to_string_lossy().to_lowercase()
}

/// Whether some node reads such a file.
pub(super) fn is_read(path: &Path) -> bool {
    reader_of(&path.to_string_lossy()).is_some()
}

/// What becomes of the files once they are in the project.
pub(super) enum Plan {
    /// A parameter names them.
    Param { node: String, param: String, pick: Pick },
    /// A node each, from a place of the canvas downwards.
    Nodes { at: (f32, f32) },
}

/// How far apart nodes for dropped files stand.
const STEP: f32 = 160.0;

impl Plan {
    /// The edits, and what undo calls them.
    pub(super) fn edits(&self, document: &Document, names: &[String]) -> (String, Vec<Edit>) {
        match self {
            Plan::Param { node, param, pick } => {
                let text = |name: &String| Data::from(name.as_str());
                let value = match pick {
                    Pick::Files => {
                        let present = document.nodes.get(node).and_then(|node| node.params.get(param)?.as_items());
                        let new = names.iter().map(text).filter(|name| !present.unwrap_or_default().contains(name));
                        Some(Data::List(present.unwrap_or_default().iter().cloned().chain(new).collect()))
                    }
                    Pick::File | Pick::Folder => names.first().map(text),
                };
                let edit = Edit::SetParam { node: node.clone(), param: param.clone(), value, at: None };
                let exists = document.nodes.contains_key(node);
                (format!("Set {param}"), exists.then_some(edit).into_iter().collect())
            }
            Plan::Nodes { at } => {
                let mut scratch = document.clone();
                let mut edits = Vec::new();
                for name in names {
                    let Some((spec, param, many)) = reader_of(name) else { continue };
                    let id = wiring::free_id(&scratch, spec.kind);
                    let place = (at.0, at.1 + STEP * (edits.len() / 3) as f32);
                    let value =
                        if many { Data::List(vec![Data::from(name.as_str())]) } else { Data::from(name.as_str()) };
                    let mut batch = wiring::add_node(&id, spec, place);
                    batch.push(Edit::SetParam { node: id, param: param.to_owned(), value: Some(value), at: None });
                    if scratch.apply(&batch).is_ok() {
                        edits.extend(batch);
                    }
                }
                ("Drop files".to_owned(), edits)
            }
        }
    }
}

/// The node kind that reads such a file: its declaration, the parameter, and whether that takes several.
fn reader_of(name: &str) -> Option<(&'static NodeSpec, &'static str, bool)> {
    let extension = extension(Path::new(name));
    let families = ["import.", "structure."];
    families.iter().flat_map(|family| nodes::ALL.iter().filter(move |spec| spec.kind.starts_with(family))).find_map(
        |spec| {
            spec.params.iter().find_map(|param| match param.kind {
                ParamKind::File { extensions } if extensions.contains(&&*extension) => Some((*spec, param.name, false)),
                ParamKind::Files { extensions } if extensions.contains(&&*extension) => Some((*spec, param.name, true)),
                _ => None,
            })
        },
    )
}

/// Paths relative to the project, copying in what lies outside. Blocks on the disk.
///
/// # Errors
/// A diagnostic that names the file that cannot be read or copied.
pub(super) fn bring_blocking(folder: &Path, paths: &[PathBuf]) -> Result<Brought, Diagnostic> {
    thread::may_block();
    let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    let mut brought = Brought::default();
    for path in paths {
        let path = std::path::absolute(path).unwrap_or_else(|_| path.clone());
        if let Ok(inside) = path.strip_prefix(&folder) {
            brought.names.push(inside.to_string_lossy().replace('\\', "/"));
        } else {
            brought.names.push(bring(&folder, &path)?);
            brought.n_copied += 1;
        }
    }
    Ok(brought)
}

/// Files by their paths in the project.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Brought {
    pub(super) names: Vec<String>,
    /// How many of them lay elsewhere.
    n_copied: usize,
}

impl Brought {
    /// What became of files from elsewhere, and why; nothing where all were in the project.
    pub(super) fn note(&self) -> Option<String> {
        let what = match (self.n_copied, self.names.as_slice()) {
            (0, _) => return None,
            (1, [name]) => format!("Copied to {name}"),
            (n, _) => format!("Copied {n} files to media/"),
        };
        Some(format!("{what}: a graph names only files of its own folder, so that it can be moved and shared"))
    }
}

/// Copies a file into the project's `media` folder, unless it is there.
fn bring(folder: &Path, path: &Path) -> Result<String, Diagnostic> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let failed = |error: std::io::Error| {
        Diagnostic::error("file-unreadable", format!("cannot copy into the project: {error}: {}", path.display()))
            .hint("check that the file can be read and that the project has room")
    };
    if !path.is_file() {
        return Err(Diagnostic::error("not-a-file", format!("not a regular file: {}", path.display()))
            .hint("drop files; a folder inside the project can be named by `import.folder`"));
    }
    let media = folder.join("media");
    fs::create_dir_all(&media).map_err(failed)?;
    let (stem, extension) = match name.rsplit_once('.') {
        Some((stem, extension)) => (stem.to_owned(), format!(".{extension}")),
        None => (name, String::new()),
    };
    for n in 1..1000 {
        let number = if n == 1 { String::new() } else { format!("-{n}") };
        let candidate = format!("{stem}{number}{extension}");
        let target = media.join(&candidate);
        let len = |path: &Path| fs::metadata(path).map(|meta| meta.len()).ok();
        let same = || len(&target) == len(path) && fs::read(&target).ok() == fs::read(path).ok();
        if !target.exists() {
            fs::copy(path, &target).map_err(failed)?;
        } else if !same() {
            continue;
        }
        return Ok(format!("media/{candidate}"));
    }
    Err(Diagnostic::error("too-many-files", format!("a thousand files are called `{stem}{extension}` already")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_from_outside_are_copied_once() {
        let (project, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let file = outside.path().join("a.png");
        fs::write(&file, "one").unwrap();
        let brought = bring_blocking(project.path(), std::slice::from_ref(&file)).unwrap();
        assert!(brought.note().is_some_and(|note| note.starts_with("Copied to media/a.png: ")), "{brought:?}");
        let bring = |path: &PathBuf| bring_blocking(project.path(), std::slice::from_ref(path)).unwrap().names;
        assert_eq!(bring(&file), ["media/a.png"]);
        assert_eq!(bring(&file), ["media/a.png"], "the same file is not copied twice");
        fs::write(&file, "two").unwrap();
        assert_eq!(bring(&file), ["media/a-2.png"], "another file of that name does not overwrite it");
        let inside = project.path().join("media/a.png");
        assert_eq!(bring(&inside), ["media/a.png"]);
        assert_eq!(bring_blocking(project.path(), &[inside]).unwrap().note(), None);
    }

    #[test]
    fn a_dropped_file_gets_the_node_that_reads_it() {
        let document = Document::default();
        let names = ["media/a.png".to_owned(), "film.fountain".to_owned(), "notes.xyz".to_owned()];
        let (_, edits) = Plan::Nodes { at: (0.0, 0.0) }.edits(&document, &names);
        let mut after = document.clone();
        after.apply(&edits).unwrap();
        let kinds: Vec<_> = after.nodes.values().map(|node| node.kind.as_str()).collect();
        assert_eq!(kinds, ["import.image", "structure.script"]);
    }
}
