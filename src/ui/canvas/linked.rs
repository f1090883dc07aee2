//! Making linked copies and ending that: which set a node is in. Knows no egui.

use indexmap::{IndexMap, IndexSet};
use model::{Data, Document, Edit, GROUP, Node};

/// The field of a node that names its set.
const LINKED: &str = "linked";

/// The sets that copies of nodes are in: those of the originals, or new ones named after them. Groups share their
/// file already.
pub(crate) fn sets_for<'a>(document: &Document, nodes: impl Iterator<Item = &'a String>) -> IndexMap<String, String> {
    let mut taken: IndexSet<String> = document.nodes.values().filter_map(Node::linked).map(str::to_owned).collect();
    let mut set_of = |id: &String| {
        let node = document.nodes.get(id).filter(|node| node.kind != GROUP)?;
        if let Some(set) = node.linked() {
            return Some((id.clone(), set.to_owned()));
        }
        // Such names have at most 64 characters.
        let base: String = id.chars().take(54).collect();
        let free = std::iter::once(id.clone()).chain((2..).map(|n| format!("{base}_{n}")));
        let set = free.into_iter().find(|set| !taken.contains(set))?;
        taken.insert(set.clone());
        Some((id.clone(), set))
    };
    nodes.filter_map(&mut set_of).collect()
}

/// Puts a node that is no part of a document into a set, or takes it out.
pub(crate) fn mark(node: &mut Node, set: Option<&str>) {
    match set {
        Some(set) => {
            node.unknown.insert(LINKED.to_owned(), Data::from(set));
        }
        None => {
            node.unknown.shift_remove(LINKED);
        }
    }
}

/// Takes a node out of its set, and the last one that is left there; `also` are others that go.
pub(crate) fn unlink(document: &Document, id: &str, also: &IndexSet<String>) -> Vec<Edit> {
    if document.nodes.get(id).is_none_or(|node| node.linked().is_none()) {
        return Vec::new();
    }
    let out = |node: &str| Edit::SetLinked { node: node.to_owned(), set: None, at: None };
    let mut rest = document.linked_with(id).filter(|other| !also.contains(*other));
    let last = rest.next().filter(|_| rest.next().is_none());
    std::iter::once(id).chain(last).map(out).collect()
}
