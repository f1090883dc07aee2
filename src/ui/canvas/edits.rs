//! The edits of the canvas's gestures and actions, as pure functions. Knows no egui but its geometry.

use std::collections::HashSet;

use egui::Pos2;
use indexmap::IndexSet;
use model::{Data, Document, Edit, Feed, Node, PortRef, PortType};

use super::scene::{NodeBox, PortBox, Scene};
use super::wires;
use crate::wiring::{connect, disconnect, move_node};

/// Adds what keeps the layout right: points of links that go, or whose ends get other names.
pub fn finish(document: &Document, mut edits: Vec<Edit>) -> Vec<Edit> {
    let bent: Vec<(usize, &String)> =
        document.layout.keys().enumerate().filter(|(_, key)| key.starts_with(wires::PREFIX)).collect();
    if edits.is_empty() || bent.is_empty() {
        return edits;
    }
    let links: Vec<_> = bent.iter().filter_map(|(_, key)| wires::link_of(key)).collect();
    let mut after = part_about(document, &edits, &links);
    if after.apply(&edits).is_err() {
        return edits;
    }
    let renames: Vec<(String, String)> = edits
        .iter()
        .filter_map(|edit| match edit {
            Edit::RenameNode { from, to } => Some((from.clone(), to.clone())),
            _ => None,
        })
        .collect();
    let renamed = |port: &mut PortRef| {
        for (from, to) in &renames {
            if port.node == *from {
                port.node.clone_from(to);
            }
        }
    };
    for (i, key) in bent {
        let Some((mut from, mut to)) = wires::link_of(key) else { continue };
        renamed(&mut from);
        renamed(&mut to);
        let kept = after.links.get(&to).is_some_and(|feed| feed.sources().contains(&from));
        let now = wires::key(&from, &to);
        if kept && now == *key {
            continue;
        }
        edits.push(Edit::SetLayout { key: key.clone(), value: None, at: None });
        if kept && !document.layout.contains_key(&now) {
            edits.push(Edit::SetLayout { key: now, value: document.layout.get(key).cloned(), at: Some(i) });
        }
    }
    edits
}

/// As much of a document as edits and some links speak of: a copy of all of it costs what the graph is large.
fn part_about(document: &Document, edits: &[Edit], links: &[(PortRef, PortRef)]) -> Document {
    let mut ids: Vec<&str> = Vec::new();
    let mut inputs: Vec<&PortRef> = links.iter().map(|(_, to)| to).collect();
    for edit in edits {
        match edit {
            Edit::RemoveNode { id } | Edit::RenameNode { from: id, .. } => ids.push(id),
            Edit::SetParam { node, .. } | Edit::SetBypass { node, .. } | Edit::SetLinked { node, .. } => ids.push(node),
            Edit::SetLink { to, feed, .. } => {
                inputs.push(to);
                ids.push(&to.node);
                ids.extend(feed.iter().flat_map(Feed::sources).map(|source| source.node.as_str()));
            }
            Edit::SetTake { item, .. } => ids.push(model::node_of_item(item)),
            Edit::AddNode { .. }
            | Edit::SetLayout { .. }
            | Edit::SetSection { .. }
            | Edit::SetSize { .. }
            | Edit::SetRate { .. }
            | Edit::SetSetting { .. } => {}
        }
    }
    let mut part = Document::default();
    for to in inputs {
        if let Some(feed) = document.links.get(to) {
            ids.push(&to.node);
            ids.extend(feed.sources().iter().map(|source| source.node.as_str()));
            part.links.insert(to.clone(), feed.clone());
        }
    }
    for id in ids {
        if let Some(node) = document.nodes.get(id) {
            let bare = || Node { params: Default::default(), unknown: Default::default(), ..node.clone() };
            part.nodes.entry(id.to_owned()).or_insert_with(bare);
        }
    }
    part
}

/// Whether the document would take these edits. It costs a copy: for rare things such as a rename.
pub(crate) fn applies(document: &Document, edits: &[Edit]) -> bool {
    document.clone().apply(edits).is_ok()
}

/// The input of a node that a value of this type goes to when nobody aims: one of the same type before one that
/// converts, a free one before one that loses its wire, a declared one before a parameter.
pub(crate) fn best_input(node: &NodeBox, ty: PortType) -> Option<usize> {
    let fits = |port: &PortBox| !port.missing && ty.fits(port.ty);
    let rank = |port: &PortBox| {
        (port.connected && !port.many, port.ty != ty, port.param, ty == PortType::Any || port.ty == PortType::Any)
    };
    let candidates = node.inputs.iter().enumerate().filter(|(_, port)| fits(port));
    candidates.min_by_key(|(_, port)| rank(port)).map(|(i, _)| i)
}

/// The output of a node that fits an input of this type best.
pub(crate) fn best_output(node: &NodeBox, ty: PortType) -> Option<usize> {
    let candidates = node.outputs.iter().enumerate().filter(|(_, port)| !port.missing && port.ty.fits(ty));
    candidates.min_by_key(|(_, port)| (port.ty != ty, port.ty == PortType::Any)).map(|(i, _)| i)
}

/// The best pair of an output of one node and an input of another: free inputs of the same type first.
pub(crate) fn best_pair(from: &NodeBox, to: &NodeBox) -> Option<(usize, usize)> {
    let pairs = from.outputs.iter().enumerate().filter(|(_, output)| !output.missing).flat_map(|(o, output)| {
        let inputs = to.inputs.iter().enumerate().filter(|(_, input)| !input.missing && output.ty.fits(input.ty));
        inputs.map(move |(i, input)| {
            let taken = input.connected && !input.many;
            ((taken, output.ty != input.ty, input.param), (o, i))
        })
    });
    pairs.min_by_key(|(rank, _)| *rank).map(|(_, pair)| pair)
}

/// The name of a node's output.
pub(crate) fn output(node: &NodeBox, port: usize) -> PortRef {
    PortRef::new(&node.id, &node.outputs[port].name)
}

/// The name of a node's input.
pub(crate) fn input(node: &NodeBox, port: usize) -> PortRef {
    PortRef::new(&node.id, &node.inputs[port].name)
}

/// Puts another output in the place of one that feeds an input.
pub(crate) fn replace_source(document: &Document, to: &PortRef, old: &PortRef, new: &PortRef) -> Vec<Edit> {
    let Some(feed) = document.links.get(to) else { return Vec::new() };
    if old == new {
        return Vec::new();
    }
    if feed.sources().contains(new) {
        return disconnect(document, old, to);
    }
    let put = |source: &PortRef| if source == old { new.clone() } else { source.clone() };
    let feed = match feed {
        Feed::One(source) => Feed::One(put(source)),
        Feed::Many(sources) => Feed::Many(sources.iter().map(put).collect()),
    };
    vec![Edit::SetLink { to: to.clone(), feed: Some(feed), at: None }]
}

/// Puts a node into a wire.
pub(crate) fn insert(document: &Document, scene: &Scene, node: u32, wire: u32) -> Vec<Edit> {
    let (link, node) = (&scene.wires[wire as usize], &scene.nodes[node as usize]);
    let (from, to) = scene.names(link);
    let (given, wanted) = scene.types(link);
    let (Some(i), Some(o)) = (best_input(node, given), best_output(node, wanted)) else { return Vec::new() };
    let mut edits = connect(document, &from, &input(node, i), node.inputs[i].many);
    edits.extend(replace_source(document, &to, &from, &output(node, o)));
    edits
}

/// Whether a node fits into a wire.
pub(crate) fn fits_into(scene: &Scene, node: u32, wire: u32) -> bool {
    let link = &scene.wires[wire as usize];
    let (given, wanted) = scene.types(link);
    let it = &scene.nodes[node as usize];
    link.from.0 != node
        && link.to.0 != node
        && best_input(it, given).is_some_and(|i| !it.inputs[i].connected || it.inputs[i].many)
        && best_output(it, wanted).is_some()
        // What the node feeds already must not be what now feeds it, nor the other way round.
        && !scene.reach(link.from.0, true)[node as usize]
        && !scene.reach(link.to.0, false)[node as usize]
}

/// What feeds the links of nodes that go, as if their outputs were their first fitting inputs; links among the others.
/// The nodes themselves are not removed.
pub(crate) fn heal(document: &Document, scene: &Scene, gone: &IndexSet<String>) -> Vec<Edit> {
    let mut edits = Vec::new();
    for (to, feed) in &document.links {
        if gone.contains(&to.node) || !feed.sources().iter().any(|source| gone.contains(&source.node)) {
            continue;
        }
        let reader = scene.find(document, &to.node).map(|i| &scene.nodes[i as usize]);
        let port = reader.and_then(|node| node.inputs.iter().find(|port| port.name == to.port));
        let (wanted, many) = port.map_or((PortType::Any, true), |port| (port.ty, port.many));
        let mut sources: Vec<PortRef> = Vec::new();
        for source in feed.sources() {
            for source in through(document, scene, gone, source, wanted) {
                if !sources.contains(&source) && (many || sources.is_empty()) {
                    sources.push(source);
                }
            }
        }
        let feed = match (feed, sources.len()) {
            (_, 0) => None,
            (Feed::One(_), 1) => Some(Feed::One(sources.remove(0))),
            _ => Some(Feed::Many(sources)),
        };
        edits.push(Edit::SetLink { to: to.clone(), feed, at: None });
    }
    edits
}

/// What stands for an output once the nodes that go let their inputs through.
fn through(
    document: &Document,
    scene: &Scene,
    gone: &IndexSet<String>,
    output: &PortRef,
    wanted: PortType,
) -> Vec<PortRef> {
    let (mut found, mut seen, mut open) = (Vec::new(), HashSet::new(), vec![output.clone()]);
    let node_of = |port: &PortRef| scene.find(document, &port.node).map(|i| &scene.nodes[i as usize]);
    let type_of =
        |port: &PortRef| node_of(port)?.outputs.iter().find(|it| it.name == port.port && !it.missing).map(|it| it.ty);
    while let Some(port) = open.pop() {
        if !gone.contains(&port.node) {
            if type_of(&port).is_some_and(|ty| ty.fits(wanted)) {
                found.push(port);
            }
            continue;
        }
        if !seen.insert(port.clone()) {
            continue;
        }
        let (Some(node), Some(given)) = (node_of(&port), type_of(&port)) else { continue };
        let feeds = node.inputs.iter().filter_map(|it| {
            let feed = document.links.get(&PortRef::new(&node.id, &it.name))?;
            let ty = if it.ty == PortType::Any { type_of(feed.sources().first()?)? } else { it.ty };
            ty.fits(given).then_some((ty != given, feed))
        });
        if let Some((_, feed)) = feeds.min_by_key(|(converts, _)| *converts) {
            open.extend(feed.sources().iter().rev().cloned());
        }
    }
    found
}

/// Disconnects nodes from all others, which are joined as [`heal`] says.
pub(crate) fn pull_out(document: &Document, scene: &Scene, nodes: &IndexSet<String>) -> Vec<Edit> {
    let mut edits = heal(document, scene, nodes);
    for (to, feed) in document.links.iter().filter(|(to, _)| nodes.contains(&to.node)) {
        let inner: Vec<PortRef> = feed.sources().iter().filter(|it| nodes.contains(&it.node)).cloned().collect();
        if inner.len() != feed.sources().len() {
            let feed = match (feed, inner.len()) {
                (_, 0) => None,
                (Feed::One(_), _) => Some(Feed::One(inner[0].clone())),
                _ => Some(Feed::Many(inner)),
            };
            edits.push(Edit::SetLink { to: to.clone(), feed, at: None });
        }
    }
    edits
}

/// Moves nodes to where the scene has them, and writes down places that the document does not have yet: nodes that
/// were put somewhere by the editor must not jump once one of them is moved.
pub(crate) fn settle(document: &Document, scene: &Scene, nodes: &[u32]) -> Vec<Edit> {
    let homeless = scene.homeless.iter().filter(|i| nodes.binary_search(i).is_err());
    let all = nodes.iter().chain(homeless);
    all.map(|i| {
        let node = &scene.nodes[*i as usize];
        move_node(document, &node.id, (node.rect.min.x, node.rect.min.y))
    })
    .collect()
}

/// Points of links between nodes that moved together.
pub(crate) fn settle_bends(scene: &Scene, nodes: &[u32]) -> Vec<Edit> {
    let both = |wire: &&super::scene::Wire| {
        !wire.bends.is_empty() && nodes.binary_search(&wire.from.0).is_ok() && nodes.binary_search(&wire.to.0).is_ok()
    };
    scene
        .wires
        .iter()
        .filter(both)
        .map(|wire| {
            let (from, to) = scene.names(wire);
            wires::set_bends(&from, &to, &wire.bends)
        })
        .collect()
}

/// Sets or clears one field of a node's layout; `at` is where the node is, for nodes without a place.
pub(crate) fn set_look(document: &Document, id: &str, at: Pos2, field: &str, value: Option<Data>) -> Edit {
    let mut fields = document.layout.get(id).and_then(Data::as_fields).cloned().unwrap_or_default();
    if !fields.contains_key("at") {
        let whole = |value: f32| Data::Integer(value.round() as i64);
        fields.insert("at".to_owned(), Data::Tuple(vec![whole(at.x), whole(at.y)]));
    }
    match value {
        Some(value) => {
            fields.insert(field.to_owned(), value);
        }
        None => {
            fields.shift_remove(field);
        }
    }
    Edit::SetLayout { key: id.to_owned(), value: Some(Data::Struct(None, fields)), at: None }
}
