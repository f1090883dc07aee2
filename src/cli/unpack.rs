//! `throughline unpack`: the graph that a finished film, picture or sound carries. Runs nothing.

use std::path::PathBuf;

use clap::Args;
use model::Diagnostic;
use serde_json::json;

use super::Exit;
use super::output::Output;
use crate::carried::Carried;

/// Take the graph out of a film that was made from it.
#[derive(Args, Debug)]
pub(super) struct Unpack {
    /// A film, a picture or a sound that Throughline wrote.
    file: PathBuf,
    /// The folder to write the graph and the scripts that it reads to; without it the graph is printed.
    #[arg(short = 'o', long = "to", value_name = "DIR")]
    folder: Option<PathBuf>,
}

impl Unpack {
    pub(super) fn run(self, out: &Output) -> Exit {
        let Some(carried) = Carried::read(&self.file) else {
            return out.refuse(&[none(&self.file)]);
        };
        let Some(folder) = &self.folder else {
            match out.json {
                true => out.object(&carried),
                false => out.line(carried.text.trim_end()),
            }
            return Exit::Done;
        };
        match carried.unpack(folder) {
            Ok(graph) if out.json => {
                out.object(&json!({ "graph": graph, "files": carried.files.keys().collect::<Vec<_>>() }))
            }
            Ok(graph) => out.line(graph.display().to_string()),
            Err(problem) => return out.refuse(&[problem]),
        }
        Exit::Done
    }
}

/// A file that carries no graph.
fn none(file: &std::path::Path) -> Diagnostic {
    let message = format!("the file carries no graph: {}", file.display());
    Diagnostic::error("no-graph", message).hint(
        "films, stills and sounds carry one unless their output's `carry_graph` is off, or another program wrote them",
    )
}
