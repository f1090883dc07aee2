//! `throughline check`: everything that is wrong with a graph, without running any of it. Writes nothing.

use clap::Args;
use model::Diagnostic;
use serde_json::json;

use super::Exit;
use super::graph::GraphArgs;
use super::output::{Output, has_errors};
use crate::session::{Access, Options, Session};

/// Report everything that is wrong with a graph.
#[derive(Args, Debug)]
pub(super) struct Check {
    #[command(flatten)]
    graph: GraphArgs,
}

impl Check {
    pub(super) fn run(&self, out: &Output) -> Exit {
        let found = match self.find() {
            Ok(found) => found,
            Err(diagnostics) => return out.refuse(&diagnostics),
        };
        if out.json {
            out.object(&json!({ "diagnostics": found }));
        } else {
            out.problems(&found);
            let errors = found.iter().filter(|it| it.severity == model::Severity::Error).count();
            match found.len() {
                0 => out.line("no problems found"),
                n => out.line(format!("{errors} errors, {} warnings and remarks", n - errors)),
            }
        }
        if has_errors(&found) { Exit::Usage } else { Exit::Done }
    }

    fn find(&self) -> Result<Vec<Diagnostic>, Vec<Diagnostic>> {
        let project = self.graph.project()?;
        let mut found = project.check();
        let options = Options { store: self.graph.store.clone(), jobs: 1, access: Access::Read };
        let session = Session::open(project, &options).map_err(|diagnostic| vec![diagnostic])?;
        for diagnostic in session.engine.diagnostics() {
            // A plan repeats what the document's check already said about the same place, or says it more strongly.
            let same = |it: &Diagnostic| it.subject == diagnostic.subject;
            found.retain(|it| !(same(it) && it.code == diagnostic.code && it.severity < diagnostic.severity));
            if !found.iter().any(|it| same(it) && it.severity == diagnostic.severity) {
                found.push(diagnostic);
            }
        }
        Ok(found)
    }
}
