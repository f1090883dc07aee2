//! `throughline edit`: the editor's place.

use std::path::PathBuf;

use clap::Args;
use model::Diagnostic;

use super::Exit;
use super::output::Output;

/// Open a graph in the editor (not part of this build yet).
#[derive(Args, Debug, Default)]
pub(super) struct Edit {
    /// The graph file.
    graph: Option<PathBuf>,
}

impl Edit {
    pub(super) fn run(&self, out: &Output) -> Exit {
        let graph = self.graph.as_ref().map_or("GRAPH".to_owned(), |graph| graph.display().to_string());
        out.refuse(&[Diagnostic::error("no-editor", "this build has no editor yet")
            .hint(format!("edit {graph} as text, then: throughline plan {graph}"))
            .hint("`throughline --help` lists what there is")])
    }
}
