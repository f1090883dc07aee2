//! `throughline check`: everything that is wrong with a graph, without running any of it. Writes nothing.

use clap::Args;
use model::Diagnostic;
use model::policy::{self, Policy};
use providers::Catalog;
use serde_json::json;

use super::Exit;
use super::graph::GraphArgs;
use super::output::{Output, has_errors};
use crate::project::Project;
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
        found.extend(nobody(&project));
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

/// Entries of the graph's lists that name no model: a slip in `deny` lets through what was to be kept out.
fn nobody(project: &Project) -> Vec<Diagnostic> {
    let policy = Policy::of(&project.written.settings);
    if policy.allow.is_empty() && policy.deny.is_empty() {
        return Vec::new();
    }
    let catalog = Catalog::system();
    let entries = catalog.entries();
    let is_known = |name: &str| entries.iter().any(|it| it.family == name || policy::matches(name, &it.name));
    let lists = [("allow", &policy.allow), ("deny", &policy.deny)];
    let named = lists.into_iter().flat_map(|(list, names)| names.iter().map(move |name| (list, name)));
    let unknown = named.filter(|(_, name)| !name.is_empty() && !is_known(name));
    unknown
        .map(|(list, name)| {
            Diagnostic::warning("models-nobody", format!("`{name}` of `{list}` names no model"))
                .at_field(format!("settings.models.{list}"))
                .hint("`throughline models` lists names, providers and families")
        })
        .collect()
}
