//! Linked copies: nodes that share their parameters. Setting one of them sets all.
//!
//! Each of them keeps its parameters in the file, with the name of the set in a field `linked`: nothing that plans or
//! runs needs to know. A copy that only points at its original was the alternative; it would be nothing without it,
//! and every reader of parameters would have to look elsewhere first.

use indexmap::IndexSet;

use crate::{Data, Diagnostic, Document, Node};

/// The field of a node that names the set.
pub(crate) const LINKED: &str = "linked";

impl Node {
    /// The set of linked copies that the node is in.
    pub fn linked(&self) -> Option<&str> {
        self.unknown.get(LINKED).and_then(Data::as_text)
    }
}

impl Document {
    /// The other nodes that share a node's parameters, in the order of the document.
    pub fn linked_with<'a>(&'a self, id: &'a str) -> impl Iterator<Item = &'a str> {
        let node = self.nodes.get(id);
        let set = node.and_then(|node| Some((node.linked()?, node.kind.as_str())));
        let same = move |node: &Node| set.is_some() && node.linked().map(|it| (it, node.kind.as_str())) == set;
        // Most nodes are in no set: then there is nothing to look through.
        let nodes = set.map(|_| self.nodes.iter()).into_iter().flatten();
        nodes.filter(move |(other, node)| *other != id && same(node)).map(|(other, _)| other.as_str())
    }
}

/// Copies that differ, which only an edit by hand can cause.
pub(crate) fn check(document: &Document, found: &mut Vec<Diagnostic>) {
    let mut seen: IndexSet<(&str, &str)> = IndexSet::new();
    for (id, node) in &document.nodes {
        let Some(set) = node.linked() else { continue };
        if !seen.insert((set, node.kind.as_str())) {
            continue;
        }
        for other in document.linked_with(id) {
            let params = &document.nodes[other].params;
            let names = node.params.keys().chain(params.keys());
            let Some(name) = names.into_iter().find(|name| node.params.get(*name) != params.get(*name)) else {
                continue;
            };
            let message = format!("`{other}` is a linked copy of `{id}`, but its `{name}` differs");
            let diagnostic = Diagnostic::warning("linked-differ", message).at_node(other).at_field(name);
            found.push(diagnostic.hint("set it once in the editor and both have it, or unlink the copy"));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::{Edit, fixture};

    use super::*;

    fn set(node: &str, value: Option<&str>) -> Edit {
        Edit::SetParam { node: node.to_owned(), param: "text".to_owned(), value: value.map(Data::from), at: None }
    }

    fn link(node: &str) -> Edit {
        Edit::SetLinked { node: node.to_owned(), set: Some("fog".to_owned()), at: None }
    }

    #[test]
    fn setting_one_sets_all_and_undo_unsets_all() {
        let mut document = fixture::graph("a: prompt.text text=\"x\"\nb: prompt.text\nc: prompt.text text=\"x\"");
        document.apply(&[set("b", Some("x")), link("a"), link("b")]).unwrap();
        assert_eq!(document.linked_with("a").collect::<Vec<_>>(), ["b"]);
        assert_eq!(document.linked_with("c").count(), 0);
        let before = document.clone();
        let applied = document.apply(&[set("b", Some("fog"))]).unwrap();
        assert_eq!(applied.touched, ["b", "a"]);
        let text = |document: &Document, id: &str| {
            document.nodes[id].params.get("text").and_then(Data::as_text).map(str::to_owned)
        };
        assert_eq!([text(&document, "a"), text(&document, "b")], [Some("fog".into()), Some("fog".into())]);
        assert_eq!(text(&document, "c").as_deref(), Some("x"));
        let redo = document.apply(&applied.inverse).unwrap().inverse;
        assert_eq!(document, before);
        document.apply(&redo).unwrap();
        assert_eq!(text(&document, "a").as_deref(), Some("fog"));
        document.apply(&[Edit::SetLinked { node: "a".to_owned(), set: None, at: None }, set("a", None)]).unwrap();
        assert_eq!([text(&document, "a"), text(&document, "b")], [None, Some("fog".into())], "unlinked");
    }

    #[test]
    fn copies_that_differ_are_named_and_undo_restores_them() {
        let mut document = fixture::graph("a: prompt.text text=\"x\"\nb: prompt.text");
        document.apply(&[link("a"), link("b")]).unwrap();
        let mut found = Vec::new();
        check(&document, &mut found);
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].code.as_str(), found[0].subject.node.as_deref()), ("linked-differ", Some("b")));
        for (edit, id) in [(set("b", Some("y")), "b"), (set("a", Some("y")), "a")] {
            let before = document.clone();
            let inverse = document.apply(&[edit]).unwrap().inverse;
            assert_eq!(document.nodes["a"].params, document.nodes["b"].params, "{id}");
            document.apply(&inverse).unwrap();
            assert_eq!(document.to_text(), before.to_text(), "{id}");
        }
    }
}
