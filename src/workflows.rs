//! ComfyUI workflows that become models: what the command line and a drop on the window share.
//!
//! A model is two files in a folder, the workflow and its bindings. Nothing here asks a server or runs anything.

use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use model::Diagnostic;
use providers::comfy::{Classes, Item, Workflow, bindings_path, embedded, suggest};

/// Largest workflow file in bytes.
pub(crate) const MOST_BYTES: u64 = 16 << 20;

/// What becomes of a model that has the name already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Present {
    Stays,
    IsReplaced,
}

pub(crate) fn unread(path: &Path, why: &dyn std::fmt::Display) -> Diagnostic {
    Diagnostic::error("comfy-file", format!("{} cannot be read: {why}", path.display()))
}

fn unwritten(path: &Path, why: &dyn std::fmt::Display) -> Diagnostic {
    Diagnostic::error("comfy-file", format!("{} cannot be written: {why}", path.display()))
}

/// The workflow in a file: exported JSON, or a PNG or MP4 that ComfyUI saved.
///
/// # Errors
/// Why the file holds none that can be run.
pub(crate) fn read(path: &Path) -> Result<Workflow, Diagnostic> {
    let shown = path.display().to_string();
    let mut start = [0; 12];
    let mut file = fs::File::open(path).map_err(|error| unread(path, &error))?;
    let n = file.read(&mut start).map_err(|error| unread(path, &error))?;
    if start.starts_with(b"\x89PNG") || start.get(4..8) == Some(b"ftyp") {
        return embedded(path)?.workflow(&shown);
    }
    let mut bytes = start[..n].to_vec();
    file.take(MOST_BYTES).read_to_end(&mut bytes).map_err(|error| unread(path, &error))?;
    let text = String::from_utf8(bytes).map_err(|_| {
        unread(path, &"it is neither text, PNG nor MP4")
            .hint("give a workflow exported with File > Export (API), or a PNG or MP4 that ComfyUI saved")
    })?;
    Workflow::parse(&shown, &text)
}

/// Makes a model of a workflow, which came from `file`: writes it and its bindings into a folder. The model, and where
/// its workflow lies.
///
/// # Errors
/// There is a model of that name, the workflow makes nothing that a film can use, or the folder cannot be written.
pub(crate) fn keep(
    file: &Path,
    workflow: &Workflow,
    name: &str,
    folder: &Path,
    present: Present,
    classes: &Classes,
) -> Result<(Item, PathBuf), Vec<Diagnostic>> {
    let json = folder.join(format!("{name}.json"));
    let is_same = fs::canonicalize(file).is_ok_and(|file| fs::canonicalize(&json).is_ok_and(|json| json == file));
    let is_there = bindings_path(&json).exists() || json.exists() && !is_same;
    if present == Present::Stays && is_there {
        let message = format!("there is a model comfy/{name} already: {}", json.display());
        return Err(vec![
            Diagnostic::error("comfy-exists", message).hint("replace it with --again, or give another --name"),
        ]);
    }
    let bindings = suggest(name, workflow, classes);
    if bindings.outputs.is_empty() {
        let message = format!("{} saves nothing that a film can use: no picture, clip, sound or text", file.display());
        return Err(vec![
            Diagnostic::error("comfy-no-output", message).hint("add a Save node in ComfyUI and export again"),
        ]);
    }
    let item = Item::new(name.to_owned(), workflow, bindings)?;
    let write = || -> Result<(), Diagnostic> {
        fs::create_dir_all(folder).map_err(|error| unwritten(folder, &error))?;
        put(&json, &format!("{:#}\n", workflow.to_json()))?;
        put(&bindings_path(&json), &item.bindings.to_text())
    };
    write().map_err(|told| vec![told])?;
    Ok((item, json))
}

/// Writes a file whole or not at all.
fn put(path: &Path, text: &str) -> Result<(), Diagnostic> {
    let aside = path.with_extension("part");
    let write = || -> std::io::Result<()> {
        let mut file = fs::File::create(&aside)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&aside, path)
    };
    write().map_err(|error| unwritten(path, &error))
}
