//! File names and sizes that the output nodes share.
//!
//! Nothing is written here: a render gives an artifact, and the session copies it to the name that `file` gives.

use model::{Data, Diagnostic, Document, ParamSpec, PlanCx, Stop};

pub(crate) const WIDTH: ParamSpec =
    ParamSpec::integer("width", 0, 0, 8192).unit("pixels").help("Width of the file's picture; 0 is the graph's");
pub(crate) const HEIGHT: ParamSpec =
    ParamSpec::integer("height", 0, 0, 8192).unit("pixels").help("Height of the file's picture; 0 is the graph's");
pub(crate) const CARRY: ParamSpec = ParamSpec::flag("carry_graph", true)
    .help("Whether the file carries this graph and the scripts it reads, so that the file alone opens in the editor");

/// What each kind of output writes.
const FORMATS: &[(&str, &[&str])] = &[
    ("output.audio", &["wav"]),
    ("output.film", &["mp4"]),
    ("output.json", &["json"]),
    ("output.still", &["png"]),
    ("output.text", &["txt", "md", "csv", "fountain", "srt", "vtt"]),
];

/// What is wrong with the files that a document's outputs name, before anything upstream has run.
///
/// The plan of an output refuses the same, but it is called only when its inputs are there: hours later, maybe.
pub fn check_outputs(document: &Document) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for (id, node) in &document.nodes {
        let Some((_, extensions)) = FORMATS.iter().find(|(kind, _)| *kind == node.kind) else { continue };
        let Some(file) = node.params.get("file").and_then(Data::as_text) else { continue };
        if let Some((message, hint)) = wrong(file, extensions) {
            found.push(Diagnostic::error("output-file", message).at_node(id).at_field("file").hint(hint));
        }
    }
    found
}

/// Checks parameter `file`: a path inside the project that ends in one of the kind's extensions.
///
/// # Errors
/// A refusal that names a good file name.
pub(crate) fn check_file(cx: &PlanCx<'_>, kind: &str) -> Result<(), Stop> {
    let file = cx.text("file")?;
    let extensions = FORMATS.iter().find(|(known, _)| *known == kind).map_or(&[][..], |(_, extensions)| *extensions);
    if let Some((message, hint)) = wrong(&file, extensions) {
        return Err(cx.refuse("file", message).hint(hint));
    }
    if cx.element.is_some() && !file.contains("{element}") {
        return Err(cx
            .refuse("file", "every element of the list would be written to the same file")
            .hint("put {element} into the name"));
    }
    Ok(())
}

/// What is wrong with an output's path, and the way out.
fn wrong(file: &str, extensions: &[&str]) -> Option<(String, String)> {
    let outside = file.starts_with('/')
        || file.contains(['\\', ':', '\0'])
        || file.split('/').any(|part| matches!(part, "" | "." | ".."));
    let good = extensions.first().copied().unwrap_or("txt");
    if outside {
        let message = format!("`{file}` is not a path inside the graph's folder");
        return Some((
            message,
            format!("use a relative path like renders/film.{good}, or choose another place with -o"),
        ));
    }
    let extension = file.rsplit_once('.').map_or("", |(_, extension)| extension);
    if extensions.iter().any(|known| known.eq_ignore_ascii_case(extension)) {
        return None;
    }
    let message = format!("`{file}` does not end in .{}", extensions.join(" or ."));
    Some((message, format!("end the name in .{good}")))
}
