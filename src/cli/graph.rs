//! Arguments that every command about a graph shares, and how they become a session.

use std::path::{Path, PathBuf};

use clap::Args;
use engine::store::Store;
use model::{Data, Diagnostic, Edit, ParamKind};

use super::output::{Output, has_errors};
use crate::project::Project;
use crate::session::{Access, Options, Session, store_folder};
use crate::settled::{Question, Settled};

#[derive(Args, Debug)]
pub(super) struct GraphArgs {
    /// The graph file.
    pub(super) graph: PathBuf,
    /// The store's folder; `.throughline` beside the graph unless given.
    #[arg(long, value_name = "DIR")]
    pub(super) store: Option<PathBuf>,
    /// Sets a parameter for this call only; the file is not changed. May be repeated.
    #[arg(long = "set", value_name = "NODE.PARAM=VALUE")]
    pub(super) set: Vec<String>,
}

impl GraphArgs {
    /// Opens the project and applies `--set`.
    ///
    /// # Errors
    /// What makes the file unreadable, or a setting impossible.
    pub(super) fn project(&self) -> Result<Project, Vec<Diagnostic>> {
        let mut project = Project::open(&self.graph)?;
        for setting in &self.set {
            let edit = setting_edit(&project, setting).map_err(|diagnostic| vec![diagnostic])?;
            project.set(edit).map_err(|diagnostic| vec![diagnostic])?;
        }
        Ok(project)
    }

    /// What the last run found, if nothing changed since; read from the store without opening the graph.
    pub(super) fn settled(&self, targets: &[String], output: Option<&Path>) -> Option<Settled> {
        let store = Store::open_read_only(&store_folder(&self.graph, self.store.as_deref())).ok()?;
        Settled::recall(&store, &self.question(targets, output))
    }

    /// What is asked of the graph, as the shortcut knows it.
    pub(super) fn question<'a>(&'a self, targets: &'a [String], output: Option<&'a Path>) -> Question<'a> {
        Question { graph: &self.graph, set: &self.set, targets, output }
    }

    /// Opens a session; warnings are printed, errors of the document refuse.
    ///
    /// # Errors
    /// The diagnostics to refuse with.
    pub(super) fn session(&self, access: Access, jobs: usize, out: &Output) -> Result<Session, Vec<Diagnostic>> {
        let project = self.project()?;
        let found = project.check();
        if has_errors(&found) {
            return Err(found);
        }
        out.problems(&found);
        let options = Options { store: self.store.clone(), jobs, access };
        Session::open(project, &options).map_err(|diagnostic| vec![diagnostic])
    }
}

/// `node.param=value` as an edit: texts as they are typed, everything else as RON.
fn setting_edit(project: &Project, setting: &str) -> Result<Edit, Diagnostic> {
    let malformed = || {
        Diagnostic::error("bad-set", format!("`{setting}` is not NODE.PARAM=VALUE"))
            .hint("for example: --set generate.quality=final")
    };
    let (target, value) = setting.split_once('=').ok_or_else(malformed)?;
    let (node, param) = target.split_once('.').ok_or_else(malformed)?;
    let in_file = project.written.nodes.get(node);
    let Some(found) = in_file.or_else(|| project.document.nodes.get(node)) else {
        let known: Vec<_> = project.document.nodes.keys().map(String::as_str).collect();
        return Err(Diagnostic::error("bad-set", format!("there is no node `{node}`"))
            .hint(format!("nodes: {}", known.join(", "))));
    };
    if found.kind == model::GROUP {
        // A group's parameters have the types of those they stand for, which its expansion checks.
        let value = Data::parse(value).unwrap_or_else(|_| Data::from(value));
        return Ok(Edit::SetParam { node: node.to_owned(), param: param.to_owned(), value: Some(value), at: None });
    }
    let spec = nodes::CATALOG.find(&found.kind).and_then(|spec| spec.param(param));
    let Some(spec) = spec else {
        return Err(Diagnostic::error("bad-set", format!("`{}` has no parameter `{param}`", found.kind))
            .at_node(node)
            .hint(format!("`throughline nodes {}` lists them", found.kind)));
    };
    let is_text = matches!(
        spec.kind,
        ParamKind::Text { .. }
            | ParamKind::Choice { .. }
            | ParamKind::Color { .. }
            | ParamKind::File { .. }
            | ParamKind::Folder
    );
    let value = if is_text {
        Data::from(value)
    } else {
        Data::parse(value).map_err(|diagnostic| diagnostic.at_node(node).at_field(param))?
    };
    Ok(Edit::SetParam { node: node.to_owned(), param: param.to_owned(), value: Some(value), at: None })
}
