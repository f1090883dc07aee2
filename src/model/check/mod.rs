//! What is wrong with a document, given the kinds that this build knows.
//!
//! Pure and complete: it never stops at the first problem, and a broken document is still shown. Refusing to open one
//! was the alternative; nobody can repair what does not open.

mod links;
mod params;

use indexmap::IndexMap;

use crate::graph::cycles;
use crate::nearest::nearest;
use crate::ronfile::cut;
use crate::spec::{Catalog, NodeSpec, Ports};
use crate::{Diagnostic, Document, Edit, Node, node_of_item};

/// What is known about a node of the document.
pub(crate) enum Known {
    /// Its kind is unknown or newer: it is kept, not judged.
    Placeholder,
    Kind(&'static NodeSpec, Ports),
}

/// All problems: nodes in the order of the document, then links, cycles and takes.
pub fn check(document: &Document, catalog: Catalog) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let kinds: IndexMap<&str, &'static NodeSpec> = catalog.0.iter().map(|spec| (spec.kind, *spec)).collect();
    let known: Vec<Known> = document.nodes.iter().map(|(id, node)| check_kind(id, node, &kinds, &mut found)).collect();
    for ((id, node), known) in document.nodes.iter().zip(&known) {
        if let Known::Kind(spec, ports) = known {
            params::check(id, node, spec, &mut found);
            links::check_required(document, id, ports, &mut found);
        }
    }
    links::check(document, &known, &mut found);
    check_cycles(document, &mut found);
    check_takes(document, &mut found);
    crate::linked::check(document, &mut found);
    found
}

fn check_kind(id: &str, node: &Node, kinds: &IndexMap<&str, &'static NodeSpec>, found: &mut Vec<Diagnostic>) -> Known {
    let Some(spec) = kinds.get(node.kind.as_str()) else {
        let message = format!("`{}` is no node kind of this version; the node is kept but cannot run", cut(&node.kind));
        let diagnostic = Diagnostic::warning("unknown-kind", message).at_node(id);
        found.push(match nearest(&node.kind, kinds.keys().copied()) {
            Some(kind) => diagnostic.hint(format!("did you mean `{kind}`?")),
            None => diagnostic.hint("it may need a newer version of Throughline"),
        });
        return Known::Placeholder;
    };
    if spec.version < node.version {
        let message = format!(
            "the node was written by version {} of `{}`, this is version {}; it is kept but cannot run",
            node.version, spec.kind, spec.version
        );
        found.push(
            Diagnostic::warning("newer-kind", message)
                .at_node(id)
                .hint("open the graph with a newer version of Throughline"),
        );
        return Known::Placeholder;
    }
    Known::Kind(spec, spec.ports_of(&node.params))
}

fn check_cycles(document: &Document, found: &mut Vec<Diagnostic>) {
    /// Longer cycles are cut in the middle.
    const MAX_NAMED: usize = 12;
    let name = |node: &u32| document.nodes.get_index(*node as usize).map_or("", |(id, _)| id.as_str());
    for cycle in cycles(document) {
        let mut names: Vec<&str> = cycle.iter().map(name).collect();
        if MAX_NAMED < names.len() {
            names.splice(MAX_NAMED - 2..names.len() - 1, ["…"]);
        }
        let first = cycle.first().map_or("", name);
        names.push(first);
        let message = match cycle.len() {
            1 => format!("`{first}` feeds itself"),
            _ => format!("these nodes feed each other in a circle: {}", names.join(" -> ")),
        };
        found.push(Diagnostic::error("cycle", message).at_node(first).hint("disconnect one of these links"));
    }
}

fn check_takes(document: &Document, found: &mut Vec<Diagnostic>) {
    for item in document.takes.keys() {
        let node = node_of_item(item);
        if document.nodes.contains_key(node) {
            continue;
        }
        let message = format!("a take is chosen for `{}`, but there is no such node", cut(item));
        let forget = Edit::SetTake { item: item.clone(), choice: None, at: None };
        found
            .push(Diagnostic::warning("unknown-take", message).at_node(node).fixed_by("Forget the take", vec![forget]));
    }
}

/// Brings nodes of older kinds up to date, one version at a time; says which.
pub fn upgrade(document: &mut Document, catalog: Catalog) -> Vec<Diagnostic> {
    let kinds: IndexMap<&str, &'static NodeSpec> = catalog.0.iter().map(|spec| (spec.kind, *spec)).collect();
    let mut found = Vec::new();
    for (id, node) in &mut document.nodes {
        let Some(spec) = kinds.get(node.kind.as_str()).filter(|spec| node.version < spec.version) else { continue };
        for from in node.version..spec.version {
            (spec.upgrade)(from, &mut node.params);
        }
        let message = format!("upgraded `{id}` from version {} of `{}` to {}", node.version, spec.kind, spec.version);
        found.push(Diagnostic::info("upgraded", message).at_node(id));
        node.version = spec.version;
    }
    found
}

#[cfg(test)]
mod tests;
