//! Links against the ports of the nodes that they join.

use indexmap::IndexSet;

use super::Known;
use crate::nearest::nearest;
use crate::ronfile::cut;
use crate::spec::{PortSpec, Ports};
use crate::{Diagnostic, Document, Edit, Feed, PortRef};

/// Inputs that must be connected and are not.
pub(super) fn check_required(document: &Document, id: &str, ports: &Ports, found: &mut Vec<Diagnostic>) {
    for port in ports.inputs.iter().filter(|port| port.required) {
        let feed = document.links.get(&PortRef::new(id, &port.name));
        if feed.is_none_or(|feed| feed.sources().is_empty()) {
            let message = format!("input `{}` of `{id}` is not connected", port.name);
            let hint = format!("connect an output of type {}", port.ty.name());
            found.push(Diagnostic::error("missing-input", message).at_node(id).at_field(&port.name).hint(hint));
        }
    }
}

pub(super) fn check(document: &Document, known: &[Known], found: &mut Vec<Diagnostic>) {
    for (to, feed) in &document.links {
        let mut link = Link { document, known, to, feed, found };
        let input = link.input();
        link.check_count(input.as_ref());
        let mut seen: IndexSet<&PortRef> = IndexSet::new();
        for (i, source) in feed.sources().iter().enumerate() {
            if seen.insert(source) {
                link.check_source(source, input.as_ref());
            } else {
                let message = format!("`{source}` is connected to `{to}` twice");
                let mut left = feed.sources().to_vec();
                left.remove(i);
                link.report_with(Diagnostic::warning("duplicate-link", message), "Disconnect the second", left);
            }
        }
    }
}

struct Link<'a> {
    document: &'a Document,
    known: &'a [Known],
    to: &'a PortRef,
    feed: &'a Feed,
    found: &'a mut Vec<Diagnostic>,
}

impl<'a> Link<'a> {
    /// Adds a problem with the change that disconnects one source, or all.
    fn report(&mut self, diagnostic: Diagnostic, fix: &str, source: Option<&PortRef>) {
        let left: Vec<PortRef> = match source {
            None => Vec::new(),
            Some(source) => self.feed.sources().iter().filter(|other| *other != source).cloned().collect(),
        };
        self.report_with(diagnostic, fix, left);
    }

    /// Adds a problem with the change that leaves these sources connected.
    fn report_with(&mut self, diagnostic: Diagnostic, fix: &str, left: Vec<PortRef>) {
        let feed = (!left.is_empty()).then_some(Feed::Many(left));
        let edit = Edit::SetLink { to: self.to.clone(), feed, at: None };
        let diagnostic = diagnostic.at_node(&self.to.node).at_field(&self.to.port);
        self.found.push(diagnostic.fixed_by(fix, vec![edit]));
    }

    /// The ports of a node; none where the node or its kind is unknown.
    fn ports(&self, node: &str) -> Option<&'a Ports> {
        match self.known.get(self.document.nodes.get_index_of(node)?)? {
            Known::Kind(_, ports) => Some(ports),
            Known::Placeholder => None,
        }
    }

    fn unknown_node(&self, node: &str) -> Diagnostic {
        let message = format!("the link to `{}` names node `{}`, which does not exist", self.to, cut(node));
        let diagnostic = Diagnostic::error("unknown-node", message);
        // Comparing with each of very many names would make checking a broken graph slow.
        let names = self.document.nodes.keys().take(2000).map(String::as_str);
        match nearest(node, names) {
            Some(name) => diagnostic.hint(format!("did you mean `{name}`?")),
            None => diagnostic,
        }
    }

    fn unknown_port(&self, port: &PortRef, side: &str, ports: &[PortSpec]) -> Diagnostic {
        let message = format!("`{}` has no {side} `{}`", port.node, cut(&port.port));
        let diagnostic = Diagnostic::error("unknown-port", message);
        let names: Vec<&str> = ports.iter().map(|port| &*port.name).collect();
        match nearest(&port.port, names.iter().copied()) {
            Some(name) => diagnostic.hint(format!("did you mean `{name}`?")),
            None if names.is_empty() => diagnostic.hint(format!("it has no {side}s")),
            None => diagnostic.hint(format!("its {side}s are: {}", names.join(", "))),
        }
    }

    /// The port that the link leads to, where it is known.
    fn input(&mut self) -> Option<PortSpec> {
        if !self.document.nodes.contains_key(&self.to.node) {
            let diagnostic = self.unknown_node(&self.to.node);
            self.report(diagnostic, "Disconnect it", None);
            return None;
        }
        let ports = self.ports(&self.to.node)?;
        let port = ports.inputs.iter().find(|port| port.name == self.to.port);
        if port.is_none() {
            let diagnostic = self.unknown_port(self.to, "input", &ports.inputs);
            self.report(diagnostic, "Disconnect it", None);
        }
        port.cloned()
    }

    fn check_count(&mut self, input: Option<&PortSpec>) {
        let sources = self.feed.sources();
        if let Some(input) = input
            && let [first, _, ..] = sources
            && !input.many
        {
            let message = format!("`{}` takes one value, but {} outputs are connected", self.to, sources.len());
            let edit = Edit::SetLink { to: self.to.clone(), feed: Some(Feed::One(first.clone())), at: None };
            let diagnostic = Diagnostic::error("several-sources", message).at_node(&self.to.node);
            let diagnostic =
                diagnostic.at_field(&self.to.port).hint("keep one of them, or collect them in a node before");
            self.found.push(diagnostic.fixed_by("Keep the first", vec![edit]));
        }
    }

    fn check_source(&mut self, source: &PortRef, input: Option<&PortSpec>) {
        if !self.document.nodes.contains_key(&source.node) {
            let diagnostic = self.unknown_node(&source.node);
            return self.report(diagnostic, "Disconnect it", Some(source));
        }
        let Some(ports) = self.ports(&source.node) else { return };
        let Some(output) = ports.outputs.iter().find(|port| port.name == source.port) else {
            let diagnostic = self.unknown_port(source, "output", &ports.outputs);
            return self.report(diagnostic, "Disconnect it", Some(source));
        };
        let Some(input) = input else { return };
        if output.ty.fits(input.ty) {
            return;
        }
        let (given, wanted) = (output.ty.name(), input.ty.name());
        let message = format!("`{source}` gives {given}, but `{}` takes {wanted}", self.to);
        let mut diagnostic = Diagnostic::error("port-mismatch", message);
        if let Some(other) = ports.outputs.iter().find(|other| other.ty.fits(input.ty) && other.name != source.port) {
            diagnostic = diagnostic.hint(format!("`{}.{}` would fit", source.node, other.name));
        }
        self.report(diagnostic, "Disconnect it", Some(source));
    }
}
