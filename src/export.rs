//! Puts finished outputs where their `file` parameters say: artifacts are copied, texts written, whole or not at all.

use std::fs;
use std::path::{Path, PathBuf};

use engine::demand::Target;
use engine::worker::Artifacts;
use model::{Data, Diagnostic, Digest, Image, Media, ParamKind, Params, Source, Value};
use serde::Serialize;

use crate::carried::Carried;
use crate::project::write_atomic;
use crate::session::Session;

/// A file that was written, or stood already.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Exported {
    pub item: String,
    pub file: PathBuf,
    /// Whether it had to be written.
    pub written: bool,
}

/// Exports the finished items of output nodes among the targets; `output` replaces the path of one.
///
/// # Errors
/// A diagnostic for each file that cannot be written.
pub(crate) fn export(
    session: &Session,
    targets: &[Target],
    output: Option<&(String, PathBuf)>,
) -> Result<Vec<Exported>, Vec<Diagnostic>> {
    let mut done = Vec::new();
    let mut problems = Vec::new();
    let mut carried = None;
    for target in targets {
        let Some(node) = session.project.document.nodes.get(&target.node) else { continue };
        if !node.kind.starts_with("output.") {
            continue;
        }
        let pattern = node.params.get("file").and_then(Data::as_text).unwrap_or_else(|| default_file(&node.kind));
        for item in session.engine.items(&target.node) {
            if !item.state.is_current()
                || target.element.as_deref().is_some_and(|it| Some(it) != item.element.map(|id| &**id))
            {
                continue;
            }
            let path = match output {
                Some((node, path)) if *node == target.node => path.clone(),
                _ if pattern.is_empty() => continue,
                _ => match place(session, pattern, item.element.map(|id| &**id)) {
                    Ok(path) => path,
                    Err(problem) => {
                        problems.push(problem.at_node(&target.node).at_field("file"));
                        continue;
                    }
                },
            };
            let Some(value) = session.engine.value(item.at, "file") else { continue };
            let graph = if carries(&node.params) && !matches!(value, Value::Text(_)) {
                carried.get_or_insert_with(|| Carried::of(&session.project)).as_ref().map(|it| it.at(&item.name))
            } else {
                None
            };
            match write(session, &path, value, graph.as_ref()) {
                Ok(written) => done.push(Exported { item: item.name, file: path, written }),
                Err(problem) => problems.push(problem.at_node(&target.node).at_field("file")),
            }
        }
    }
    if problems.is_empty() { Ok(done) } else { Err(problems) }
}

/// Whether an output's file is to carry the graph.
fn carries(params: &Params) -> bool {
    params.get("carry_graph").and_then(Data::as_flag) != Some(false)
}

/// What the file of an item carries, where nobody forbids it. The window exports what is looked at.
#[cfg(feature = "gui")]
pub(crate) fn carried(session: &Session, item: &str) -> Option<Carried> {
    let node = session.project.document.nodes.get(model::node_of_item(item))?;
    let carried = carries(&node.params).then(|| Carried::of(&session.project)).flatten();
    carried.map(|carried| carried.at(item))
}

/// Where a kind of output writes when nobody says so.
fn default_file(kind: &str) -> &'static str {
    match nodes::CATALOG.find(kind).and_then(|spec| spec.param("file")).map(|param| param.kind) {
        Some(ParamKind::Text { default, .. }) => default,
        _ => "",
    }
}

/// The path of an output: below the graph's folder, `{element}` filled in.
fn place(session: &Session, pattern: &str, element: Option<&str>) -> Result<PathBuf, Diagnostic> {
    let safe = |id: &str| id.replace(['/', '\\', ':'], "_");
    let file = match element {
        Some(element) if pattern.contains("{element}") => pattern.replace("{element}", &safe(element)),
        // Several elements must not overwrite each other.
        Some(element) => {
            let path = Path::new(pattern);
            let stem = path.file_stem().unwrap_or_default().to_string_lossy();
            let name = match path.extension() {
                Some(extension) => format!("{stem}-{}.{}", safe(element), extension.to_string_lossy()),
                None => format!("{stem}-{}", safe(element)),
            };
            path.with_file_name(name).to_string_lossy().into_owned()
        }
        None => pattern.to_owned(),
    };
    let relative = Path::new(&file);
    let leaves = relative
        .components()
        .any(|part| !matches!(part, std::path::Component::Normal(_) | std::path::Component::CurDir));
    if leaves {
        // A shared graph must not write where it likes; the command line may.
        return Err(Diagnostic::error("path-outside", format!("`{file}` is outside the graph's folder"))
            .hint("use a path below the graph's folder, or choose another place with -o"));
    }
    Ok(session.project.folder().join(relative))
}

/// Writes a value to a path, with the graph that it carries; whether it had to be written.
///
/// # Errors
/// A diagnostic where the value is no file, or cannot be written.
pub(crate) fn write(
    session: &Session,
    path: &Path,
    value: &Value,
    carried: Option<&Carried>,
) -> Result<bool, Diagnostic> {
    match value {
        Value::Text(text) => {
            if fs::read(path).is_ok_and(|old| old == text.as_bytes()) {
                return Ok(false);
            }
            folder_of(path)?;
            write_atomic(path, text.as_bytes())?;
            Ok(true)
        }
        Value::Clip(recipe) => match recipe.pieces.as_slice() {
            [piece] => match &piece.source {
                Source::File { video, .. } => copy(session, path, video, carried),
                _ => Err(not_a_file()),
            },
            _ => Err(not_a_file()),
        },
        Value::Image(Image::File(media)) | Value::Audio(media) => copy(session, path, media, carried),
        _ => Err(not_a_file()),
    }
}

fn not_a_file() -> Diagnostic {
    Diagnostic::error("output-no-file", "this output's value is not a file")
}

/// What a copied file looked like, so that a second run need not read it.
fn stamp(path: &Path, digest: &Digest, carried: Option<&Carried>) -> Option<Vec<u8>> {
    let meta = fs::metadata(path).ok()?;
    let modified = meta.modified().ok()?.duration_since(std::time::UNIX_EPOCH).ok()?.as_nanos();
    let carried = carried.map(|it| it.digest().to_string()).unwrap_or_default();
    Some(format!("{digest} {carried} {} {modified}", meta.len()).into_bytes())
}

fn copy(session: &Session, path: &Path, media: &Media, carried: Option<&Carried>) -> Result<bool, Diagnostic> {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let name = format!("export {}", absolute.display());
    let known = session.store.get_blob(&name);
    if known.is_some() && known == stamp(path, &media.digest, carried) {
        return Ok(false);
    }
    let from = session.store.locate(media)?;
    folder_of(path)?;
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(format!(".{}.tmp", std::process::id()));
    let temporary = PathBuf::from(temporary);
    let copied = fs::copy(&from, &temporary).and_then(|_| {
        if let Some(carried) = carried {
            carried.put(&temporary, &media.format)?;
        }
        fs::rename(&temporary, path)
    });
    if let Err(error) = copied {
        // Best effort: the copy's own error is the one to report.
        let _ = fs::remove_file(&temporary);
        return Err(Diagnostic::error("file-unwritable", format!("cannot write: {error}: {}", path.display()))
            .hint("check that the folder exists, is writable and has room"));
    }
    if let Some(stamp) = stamp(path, &media.digest, carried) {
        session.store.put_blob(&name, &stamp)?;
    }
    Ok(true)
}

fn folder_of(path: &Path) -> Result<(), Diagnostic> {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => fs::create_dir_all(folder).map_err(|error| {
            Diagnostic::error("file-unwritable", format!("cannot make the folder: {error}: {}", folder.display()))
        }),
        _ => Ok(()),
    }
}
