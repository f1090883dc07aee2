//! Making a group of nodes and putting a group's nodes back: pure, for whoever writes and reads the group's file.
//!
//! Expanding is the model's; this is its inverse, and the edits of both.

use indexmap::{IndexMap, IndexSet};
use model::{Data, Diagnostic, Document, Edit, Feed, GROUP, Node, PortRef, expand_groups};

use crate::wiring::{move_node, place_of};

/// A group that was made of nodes.
#[derive(Clone, Debug, PartialEq)]
pub struct Grouped {
    /// The group's own graph, with its interface.
    pub file: Document,
    /// One undo step that puts the group in the place of the nodes.
    pub edits: Vec<Edit>,
}

/// Moves nodes into a graph of their own. `id` is the group's, and free; `path` names its file in the graph.
///
/// # Errors
/// Where there is nothing to group, or an input is fed from both sides.
pub fn group_nodes(document: &Document, nodes: &IndexSet<String>, id: &str, path: &str) -> Result<Grouped, Diagnostic> {
    let inside = |port: &PortRef| nodes.contains(&port.node);
    let mut file = Document { settings: document.settings.clone(), ..Document::default() };
    let members = document.nodes.iter().filter(|(id, _)| nodes.contains(*id));
    file.nodes.extend(members.map(|(id, node)| (id.clone(), node.clone())));
    if file.nodes.is_empty() {
        return Err(Diagnostic::error("group-empty", "there are no nodes to group").hint("select some first"));
    }
    let (mut inputs, mut outputs) = (IndexMap::new(), IndexMap::new());
    let mut edits = Vec::new();
    let node = Node {
        kind: GROUP.to_owned(),
        version: 1,
        params: IndexMap::from([("file".to_owned(), path.into())]),
        unknown: IndexMap::new(),
    };
    edits.push(Edit::AddNode { id: id.to_owned(), node, at: None });
    for (to, feed) in &document.links {
        let n_inside = feed.sources().iter().filter(|source| inside(source)).count();
        if !inside(to) {
            if 0 < n_inside {
                let put = |source: &PortRef| match inside(source) {
                    true => PortRef::new(id, &name_for(source, &mut outputs)),
                    false => source.clone(),
                };
                let sources: Vec<PortRef> = feed.sources().iter().map(put).collect();
                let feed = match feed {
                    Feed::One(_) => Feed::One(sources[0].clone()),
                    Feed::Many(_) => Feed::Many(sources),
                };
                edits.push(Edit::SetLink { to: to.clone(), feed: Some(feed), at: None });
            }
        } else if n_inside == feed.sources().len() {
            file.links.insert(to.clone(), feed.clone());
        } else if 0 < n_inside {
            let message = format!("`{to}` is fed by nodes of the group and by others");
            let refusal = Diagnostic::error("group-mixed", message).at_node(&to.node).at_field(&to.port);
            return Err(refusal.hint("group what feeds it too, or leave the node out"));
        } else {
            let to = PortRef::new(id, &name_for(to, &mut inputs));
            edits.push(Edit::SetLink { to, feed: Some(feed.clone()), at: None });
        }
    }
    let takes = document.takes.iter().filter(|(item, _)| nodes.contains(model::node_of_item(item)));
    file.takes.extend(takes.map(|(item, choice)| (item.clone(), *choice)));
    let looks = document.layout.iter().filter(|(key, _)| nodes.contains(*key));
    file.layout.extend(looks.map(|(key, look)| (key.clone(), look.clone())));
    let section = |ports: IndexMap<PortRef, String>| {
        Data::Map(ports.into_iter().map(|(port, name)| (name, Data::Text(port.to_string()))).collect())
    };
    let interface = IndexMap::from([
        ("inputs".to_owned(), section(inputs)),
        ("outputs".to_owned(), section(outputs)),
        ("params".to_owned(), Data::Map(IndexMap::new())),
    ]);
    file.unknown.insert("interface".to_owned(), Data::Struct(None, interface));
    if let Some(at) = file.nodes.keys().find_map(|node| place_of(document, node)) {
        edits.push(move_node(&Document::default(), id, at));
    }
    edits.extend(file.nodes.keys().map(|node| Edit::RemoveNode { id: node.clone() }));
    Ok(Grouped { file, edits: super::edits::finish(document, edits) })
}

/// The interface's name for a port: the port's own, or with its node where that is taken.
fn name_for(port: &PortRef, names: &mut IndexMap<PortRef, String>) -> String {
    if let Some(name) = names.get(port) {
        return name.clone();
    }
    let taken = |name: &str| names.values().any(|other| other == name);
    let name = if taken(&port.port) { format!("{}_{}", port.node, port.port) } else { port.port.clone() };
    names.insert(port.clone(), name.clone());
    name
}

/// Puts the nodes of a group's file in its place; they are named `group-node`, as the engine runs them, so that
/// results and takes stay theirs.
///
/// # Errors
/// What expanding the group says.
pub fn ungroup_node(document: &Document, id: &str, file: &Document) -> Result<Vec<Edit>, Diagnostic> {
    // Only this group: others, and those inside, are hidden behind a kind that nobody has.
    const HIDDEN: &str = "group hidden";
    let hide = |document: &Document, but: Option<&str>| {
        let mut document = document.clone();
        for (id, node) in &mut document.nodes {
            if node.kind == GROUP && Some(id.as_str()) != but {
                node.kind = HIDDEN.to_owned();
            }
        }
        document
    };
    let (flat, problems) = expand_groups(&hide(document, Some(id)), &mut |_| Ok(hide(file, None)));
    if let Some(problem) = problems.into_iter().next() {
        return Err(problem);
    }
    let mut edits = Vec::new();
    for (name, node) in flat.nodes.iter().filter(|(name, _)| !document.nodes.contains_key(*name)) {
        let kind = if node.kind == HIDDEN { GROUP.to_owned() } else { node.kind.clone() };
        edits.push(Edit::AddNode { id: name.clone(), node: Node { kind, ..node.clone() }, at: None });
    }
    for (to, feed) in flat.links.iter().filter(|(to, feed)| document.links.get(*to) != Some(*feed)) {
        edits.push(Edit::SetLink { to: to.clone(), feed: Some(feed.clone()), at: None });
    }
    for (item, choice) in flat.takes.iter().filter(|(item, _)| !document.takes.contains_key(*item)) {
        edits.push(Edit::SetTake { item: item.clone(), choice: Some(*choice), at: None });
    }
    let (x, y) = place_of(document, id).unwrap_or((0.0, 0.0));
    let places: Vec<_> = file.nodes.keys().filter_map(|node| Some((node, place_of(file, node)?))).collect();
    let left = places.iter().map(|(_, at)| at.0).fold(f32::INFINITY, f32::min);
    let top = places.iter().map(|(_, at)| at.1).fold(f32::INFINITY, f32::min);
    for (node, at) in places {
        edits.push(move_node(&Document::default(), &format!("{id}-{node}"), (at.0 - left + x, at.1 - top + y)));
    }
    edits.push(Edit::RemoveNode { id: id.to_owned() });
    Ok(super::edits::finish(document, edits))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GRAPH: &str = "video: model.video
        warm: edit.color clip<-video.clip
        fade: edit.fade clip<-warm.clip
        other: model.video
        film: output.film clips<-[fade.clip, other.clip]
        !take fade 2";

    fn set(ids: &[&str]) -> IndexSet<String> {
        ids.iter().map(|id| (*id).to_owned()).collect()
    }

    #[test]
    fn a_group_expands_to_what_it_was_made_of() {
        let document = model::fixture::graph(GRAPH);
        let Grouped { file, edits } = group_nodes(&document, &set(&["warm", "fade"]), "look", "look.ron").unwrap();
        let text = file.to_text();
        let file = Document::parse("look.ron", &text).unwrap().document;
        let mut outer = document.clone();
        outer.apply(&edits).unwrap();
        assert_eq!(outer.nodes.keys().collect::<Vec<_>>(), ["video", "other", "film", "look"]);
        let (flat, problems) = expand_groups(&outer, &mut |_| Ok(file.clone()));
        assert_eq!(problems, []);
        let source = |to: &str| {
            let feed = &flat.links[&PortRef::parse(to).unwrap()];
            feed.sources().iter().map(PortRef::to_string).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(source("look-warm.clip"), "video.clip");
        assert_eq!(source("look-fade.clip"), "look-warm.clip");
        assert_eq!(source("film.clips"), "look-fade.clip other.clip");
        assert_eq!(flat.takes["look-fade"].take, 2);
        // And back, with the names that the engine knew the nodes by.
        outer.apply(&ungroup_node(&outer, "look", &file).unwrap()).unwrap();
        assert_eq!(outer.nodes.keys().collect::<Vec<_>>(), ["video", "other", "film", "look-warm", "look-fade"]);
        assert_eq!(outer.links, flat.links);
        assert_eq!(outer.takes, flat.takes);
    }

    #[test]
    fn an_input_that_is_fed_from_both_sides_is_refused() {
        let document = model::fixture::graph(GRAPH);
        let refused = |ids: &[&str]| group_nodes(&document, &set(ids), "g", "g.ron").unwrap_err().code;
        assert_eq!(refused(&["fade", "film"]), "group-mixed");
        assert_eq!(refused(&[]), "group-empty");
    }
}
