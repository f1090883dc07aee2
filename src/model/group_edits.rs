//! Making groups of nodes, and nodes of groups again: the edits, and the graph that goes into a file of its own.
//!
//! Knows no files: whoever edits the document writes and reads them.

use indexmap::{IndexMap, IndexSet};

use crate::group::inline;
use crate::interface::{INTERFACE, with_targets, written};
use crate::{Data, Diagnostic, Document, Edit, Feed, GROUP, Node, PortRef, Shown};

/// Moves nodes into a graph of their own, to be written to `file`, and puts a group called `id` in their place.
/// Links that cross the border become the group's ports.
///
/// # Errors
/// A diagnostic where an input mixes sources from inside and outside: a port of a group has one or the other.
pub fn pack(document: &Document, nodes: &[String], id: &str, file: &str) -> Result<(Document, Vec<Edit>), Diagnostic> {
    let inside: IndexSet<&str> =
        nodes.iter().map(String::as_str).filter(|node| document.nodes.contains_key(*node)).collect();
    let mut inner = Document { settings: document.settings.clone(), ..Document::default() };
    let mut edits: Vec<Edit> = inside.iter().map(|node| Edit::RemoveNode { id: (*node).to_owned() }).collect();
    for node in &inside {
        inner.nodes.insert((*node).to_owned(), document.nodes[*node].clone());
        if let Some(layout) = document.layout.get(*node) {
            inner.layout.insert((*node).to_owned(), layout.clone());
        }
    }
    for (item, choice) in &document.takes {
        if inside.contains(crate::node_of_item(item)) {
            inner.takes.insert(item.clone(), *choice);
        }
    }
    let (mut inputs, mut outputs) = (Ports::default(), Ports::default());
    let (mut before, mut after) = (Vec::new(), Vec::new());
    for (to, feed) in &document.links {
        let n_inside = feed.sources().iter().filter(|source| inside.contains(&*source.node)).count();
        match (inside.contains(&*to.node), n_inside) {
            (true, n) if n == feed.sources().len() => drop(inner.links.insert(to.clone(), feed.clone())),
            (true, 0) => {
                let port = PortRef::new(id, &inputs.name(to));
                before.push(Edit::SetLink { to: port, feed: Some(feed.clone()), at: None });
            }
            (true, _) => {
                return Err(Diagnostic::error(
                    "group-mixed-input",
                    format!("`{to}` is fed from both sides of the group"),
                )
                .at_node(&to.node)
                .at_field(&to.port)
                .hint("select all of its sources, or none of them"));
            }
            (false, 0) => {}
            (false, _) => {
                let mut through = |source: &PortRef| match inside.contains(&*source.node) {
                    true => PortRef::new(id, &outputs.name(source)),
                    false => source.clone(),
                };
                let feed = match feed {
                    Feed::One(source) => Feed::One(through(source)),
                    Feed::Many(sources) => Feed::Many(sources.iter().map(through).collect()),
                };
                after.push(Edit::SetLink { to: to.clone(), feed: Some(feed), at: None });
            }
        }
    }
    // What the graph itself shows of these nodes is shown by the group, for the graph to show.
    let mut params = Ports::default();
    let section = with_targets(document, |what, port| {
        let side = match what {
            _ if !inside.contains(&*port.node) => return vec![port.clone()],
            Shown::Input => &mut inputs,
            Shown::Output => &mut outputs,
            Shown::Param => &mut params,
        };
        vec![PortRef::new(id, &side.name(port))]
    });
    let interface = [("inputs", inputs.data()), ("outputs", outputs.data()), ("params", params.data())];
    let interface = interface.into_iter().map(|(name, ports)| (name.to_owned(), ports)).collect();
    inner.unknown.insert("interface".to_owned(), Data::Struct(None, interface));
    let own = IndexMap::from([("file".to_owned(), Data::from(file))]);
    let node = Node { kind: GROUP.to_owned(), version: 1, params: own, unknown: IndexMap::new() };
    edits.push(Edit::AddNode { id: id.to_owned(), node, at: None });
    let place = inside.iter().find_map(|node| document.layout.get(*node)).cloned();
    edits.push(Edit::SetLayout { key: id.to_owned(), value: place, at: None });
    edits.extend(before);
    edits.extend(after);
    edits.extend(section.map(set_interface));
    Ok((inner, edits))
}

/// Puts a group's nodes in its place, named `group-node`.
///
/// # Errors
/// A diagnostic where the group cannot be expanded.
pub fn unpack(document: &Document, id: &str, inner: &Document) -> Result<Vec<Edit>, Diagnostic> {
    let group = document.nodes.get(id).ok_or_else(|| {
        Diagnostic::error("unknown-node", format!("there is no node `{id}`")).hint("select a group of this graph")
    })?;
    let (flat, members) = inline(document, id, group, inner)?;
    let mut edits = vec![Edit::RemoveNode { id: id.to_owned() }];
    let mut left = document.clone();
    left.apply(&edits)?;
    for member in &members {
        edits.push(Edit::AddNode { id: member.clone(), node: flat.nodes[member].clone(), at: None });
        let layout = member.strip_prefix(&format!("{id}-")).and_then(|node| inner.layout.get(node));
        edits.push(Edit::SetLayout { key: member.clone(), value: layout.cloned(), at: None });
    }
    for (to, feed) in &flat.links {
        if left.links.get(to) != Some(feed) {
            edits.push(Edit::SetLink { to: to.clone(), feed: Some(feed.clone()), at: None });
        }
    }
    for (item, choice) in &flat.takes {
        if left.takes.get(item) != Some(choice) {
            edits.push(Edit::SetTake { item: item.clone(), choice: Some(*choice), at: None });
        }
    }
    let behind = crate::group::targets(inner)?;
    let section = with_targets(document, |what, port| match port.node == id {
        true => {
            behind(what, &port.port).iter().map(|it| PortRef::new(&format!("{id}-{}", it.node), &it.port)).collect()
        }
        false => vec![port.clone()],
    });
    edits.extend(section.map(set_interface));
    Ok(edits)
}

fn set_interface(section: Data) -> Edit {
    Edit::SetSection { key: INTERFACE.to_owned(), value: Some(section), at: None }
}

/// The ports of one side of a group: short names, and what they stand for.
#[derive(Default)]
struct Ports(IndexMap<String, PortRef>);

impl Ports {
    /// The name of the port that stands for an inner one.
    fn name(&mut self, inner: &PortRef) -> String {
        if let Some((name, _)) = self.0.iter().find(|(_, port)| *port == inner) {
            return name.clone();
        }
        let name = match self.0.contains_key(&inner.port) {
            true => format!("{}_{}", inner.node, inner.port),
            false => inner.port.clone(),
        };
        self.0.insert(name.clone(), inner.clone());
        name
    }

    fn data(&self) -> Data {
        Data::Map(self.0.iter().map(|(name, port)| (name.clone(), written(std::slice::from_ref(port)))).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{expand_groups, fixture};

    const GRAPH: &str = "a: prompt.text text=\"one\"\nb: model.video prompt<-a.text\nc: edit.speed clip<-b.clip\n\
                         d: output.film clips<-[c.clip, b.clip]";

    #[test]
    fn a_group_evaluates_as_what_it_was_made_of() {
        let document = fixture::graph(GRAPH);
        let (inner, edits) = pack(&document, &["b".into(), "c".into()], "g", "g.ron").unwrap();
        let mut packed = document.clone();
        packed.apply(&edits).unwrap();
        assert_eq!(packed.nodes.keys().collect::<Vec<_>>(), ["a", "d", "g"]);
        assert_eq!(packed.links[&PortRef::new("g", "prompt")], Feed::One(PortRef::new("a", "text")));
        let text = inner.to_text();
        let (flat, problems) = expand_groups(&packed, &mut |_| {
            Ok(Document::parse("g.ron", &text).map_err(|mut it| it.remove(0))?.document)
        });
        assert_eq!(problems, []);
        let feed = &flat.links[&PortRef::new("d", "clips")];
        assert_eq!(feed.sources(), [PortRef::new("g-c", "clip"), PortRef::new("g-b", "clip")]);
        assert_eq!(flat.links[&PortRef::new("g-b", "prompt")], Feed::One(PortRef::new("a", "text")));
        let mut unpacked = packed.clone();
        unpacked.apply(&unpack(&packed, "g", &inner).unwrap()).unwrap();
        assert_eq!(unpacked.links.len(), document.links.len());
        assert_eq!(unpacked.nodes["g-b"], document.nodes["b"]);
    }

    #[test]
    fn a_group_made_inside_a_group_shows_what_was_shown() {
        let mut document = fixture::graph(GRAPH);
        let (text, clip) = (PortRef::new("a", "text"), PortRef::new("c", "clip"));
        for (what, port) in [(Shown::Param, &text), (Shown::Output, &clip)] {
            let edit = document.show(what, port);
            document.apply(&[edit]).unwrap();
        }
        let nodes = ["a".to_owned(), "b".to_owned(), "c".to_owned()];
        let (inner, edits) = pack(&document, &nodes, "g", "g.ron").unwrap();
        let mut packed = document.clone();
        packed.apply(&edits).unwrap();
        assert_eq!(packed.shown_as(Shown::Param, &PortRef::new("g", "text")), Some("text"));
        assert_eq!(packed.shown_as(Shown::Output, &PortRef::new("g", "clip")), Some("clip"));
        assert_eq!(inner.shown_as(Shown::Param, &text), Some("text"));
        assert_eq!(inner.shown_as(Shown::Output, &clip), Some("clip"));
        packed.apply(&unpack(&packed, "g", &inner).unwrap()).unwrap();
        assert_eq!(packed.shown_as(Shown::Param, &PortRef::new("g-a", "text")), Some("text"));
    }

    #[test]
    fn a_mixed_input_is_refused_by_name() {
        let document = fixture::graph(GRAPH);
        let refused = pack(&document, &["c".into(), "d".into()], "g", "g.ron").unwrap_err();
        assert_eq!(refused.code, "group-mixed-input");
        assert_eq!(refused.subject.field.as_deref(), Some("clips"));
    }
}
