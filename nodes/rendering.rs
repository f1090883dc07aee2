//! File names and sizes that the output nodes share.
//!
//! Nothing is written here: a render gives an artifact, and the session copies it to the name that `file` gives.

use model::{ParamSpec, PlanCx, Stop};

pub(crate) const WIDTH: ParamSpec =
    ParamSpec::integer("width", 0, 0, 8192).unit("pixels").help("Width of the file's picture; 0 is the graph's");
pub(crate) const HEIGHT: ParamSpec =
    ParamSpec::integer("height", 0, 0, 8192).unit("pixels").help("Height of the file's picture; 0 is the graph's");

/// Checks parameter `file`: a path inside the project that ends in one of the extensions.
///
/// # Errors
/// A refusal that names a good file name.
pub(crate) fn check_file(cx: &PlanCx<'_>, extensions: &[&str]) -> Result<(), Stop> {
    let file = cx.text("file")?;
    let outside = file.starts_with('/')
        || file.contains('\\')
        || file.contains(':')
        || file.split('/').any(|part| matches!(part, "" | "." | ".."));
    if outside {
        return Err(cx
            .refuse("file", format!("`{file}` is not a path inside the project"))
            .hint(format!("write it like renders/film.{}", extensions[0])));
    }
    let extension = file.rsplit_once('.').map_or("", |(_, extension)| extension);
    if !extensions.iter().any(|known| known.eq_ignore_ascii_case(extension)) {
        return Err(cx
            .refuse("file", format!("`{file}` does not end in .{}", extensions.join(" or .")))
            .hint(format!("end the name in .{}", extensions[0])));
    }
    if cx.element.is_some() && !file.contains("{element}") {
        return Err(cx
            .refuse("file", "every element of the list would be written to the same file")
            .hint("put {element} into the name"));
    }
    Ok(())
}
