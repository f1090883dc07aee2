//! `throughline edit`: the editor's window.

use std::path::PathBuf;

use clap::Args;

use super::Exit;
use super::output::Output;

/// Open a graph in the editor; a new one where none is named.
#[derive(Args, Debug, Default)]
pub(super) struct Edit {
    /// The graph file, or a film that carries its graph.
    graph: Option<PathBuf>,
    /// Write how long the window and its frames take, for a browser's profiler.
    #[arg(long, value_name = "FILE")]
    trace: Option<PathBuf>,
}

impl Edit {
    #[cfg(feature = "gui")]
    pub(super) fn run(self, out: &Output) -> Exit {
        match crate::app::run(self.graph, self.trace.as_deref()) {
            Ok(()) => Exit::Done,
            Err(problem) => out.refuse(&[problem]),
        }
    }

    #[cfg(not(feature = "gui"))]
    pub(super) fn run(self, out: &Output) -> Exit {
        let graph = self.graph.map_or("GRAPH".to_owned(), |graph| graph.display().to_string());
        out.refuse(&[model::Diagnostic::error("no-editor", "this build has no editor")
            .hint("build it with the feature `gui`")
            .hint(format!("or edit {graph} as text, then: throughline plan {graph}"))])
    }
}
