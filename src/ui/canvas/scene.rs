//! The document as boxes and curves: made once per revision, moved in place while somebody drags.
//!
//! Knows no painter and no gesture. Reading the document in each frame was the alternative: at 10,000 nodes it costs
//! more than the whole frame may.

use std::collections::HashMap;
use std::sync::Arc;

use egui::{Pos2, Rect, Vec2, pos2, vec2};
use indexmap::IndexMap;
use model::{Data, Document, GROUP, Name, NodeSpec, ParamKind, PortRef, PortSpec, PortType, Ports};

use super::decor::{self, Decor};
use super::grid::Grid;
use super::{tidy, wires};
use crate::cx::Cx;
use crate::view::{NodeView, RunView};
use crate::wiring::place_of;

/// Sizes of a node's parts, in canvas points.
pub(crate) mod part {
    pub(crate) const WIDTH: f32 = 184.0;
    pub(crate) const TITLE: f32 = 26.0;
    pub(crate) const SUMMARY: f32 = 17.0;
    pub(crate) const ROW: f32 = 18.0;
    pub(crate) const THUMB: f32 = 100.0;
    pub(crate) const STATE: f32 = 18.0;
    /// The radius of a port.
    pub(crate) const PORT: f32 = 5.0;
}

/// A port as the canvas shows it.
#[derive(Clone, Debug)]
pub(crate) struct PortBox {
    pub(crate) name: Name,
    pub(crate) ty: PortType,
    pub(crate) many: bool,
    pub(crate) required: bool,
    pub(crate) param: bool,
    /// Links mention it, but the node does not have it.
    pub(crate) missing: bool,
    pub(crate) connected: bool,
    /// Where it is, from the node's upper left corner; none for inputs that are not shown.
    pub(crate) at: Option<Vec2>,
}

/// A node as the canvas shows it.
#[derive(Clone, Debug)]
pub(crate) struct NodeBox {
    pub(crate) id: String,
    pub(crate) kind: String,
    /// What the kind is called.
    pub(crate) title: String,
    pub(crate) spec: Option<&'static NodeSpec>,
    pub(crate) rect: Rect,
    pub(crate) inputs: Vec<PortBox>,
    pub(crate) outputs: Vec<PortBox>,
    /// How many inputs are not shown.
    pub(crate) n_hidden: usize,
    /// The row that shows or hides them.
    pub(crate) more: Option<Rect>,
    pub(crate) open: bool,
    pub(crate) folded: bool,
    pub(crate) bypassed: bool,
    /// Where the thumbnail is, from the upper left corner.
    pub(crate) thumb: Option<Rect>,
    /// Parameters that the document sets, in one line.
    pub(crate) summary: String,
}

/// A link as the canvas shows it.
#[derive(Clone, Debug)]
pub(crate) struct Wire {
    /// Node and output, node and input, by index.
    pub(crate) from: (u32, u32),
    pub(crate) to: (u32, u32),
    pub(crate) bends: Vec<Pos2>,
    pub(crate) a: Pos2,
    pub(crate) b: Pos2,
    pub(crate) bounds: Rect,
    /// The output gives a list.
    pub(crate) many: bool,
}

/// See the module.
pub(crate) struct Scene {
    pub(crate) nodes: Vec<NodeBox>,
    pub(crate) wires: Vec<Wire>,
    pub(crate) decor: IndexMap<String, Decor>,
    /// Everything there is.
    pub(crate) bounds: Rect,
    /// Grows with every change: pictures made of a scene hold while it is the same.
    pub(crate) version: u64,
    /// Grows when it is made anew, not while something is dragged.
    pub(crate) built: u64,
    made_of: Option<(u64, Arc<IndexMap<String, Ports>>)>,
    node_grid: Grid,
    wire_grid: Grid,
    wires_of: Vec<Vec<u32>>,
    /// Where nodes without a place in the document were put, so that they do not jump.
    homes: HashMap<String, Pos2>,
    /// Nodes without a place in the document.
    pub(crate) homeless: Vec<u32>,
}

impl Default for Scene {
    fn default() -> Scene {
        Scene {
            nodes: Vec::new(),
            wires: Vec::new(),
            decor: IndexMap::new(),
            bounds: Rect::NOTHING,
            version: 0,
            built: 0,
            made_of: None,
            node_grid: Grid::default(),
            wire_grid: Grid::default(),
            wires_of: Vec::new(),
            homes: HashMap::new(),
            homeless: Vec::new(),
        }
    }
}

impl Scene {
    /// Makes it anew where the document or a group's ports changed; whether it did.
    pub(crate) fn refresh(&mut self, cx: &Cx<'_>) -> bool {
        let fresh = self
            .made_of
            .as_ref()
            .is_some_and(|(revision, groups)| *revision == cx.revision && same(groups, &cx.view.groups));
        if !fresh {
            self.rebuild(cx);
            self.made_of = Some((cx.revision, cx.view.groups.clone()));
        }
        !fresh
    }

    /// Forgets what a gesture moved: the next [`refresh`](Self::refresh) makes it anew.
    pub(crate) fn spoil(&mut self) {
        self.made_of = None;
    }

    fn rebuild(&mut self, cx: &Cx<'_>) {
        let document = cx.document;
        let ends = Ends::of(document);
        self.version += 1;
        self.built += 1;
        self.nodes.clear();
        self.homeless.clear();
        for (i, (id, node)) in document.nodes.iter().enumerate() {
            let spec = cx.catalog.find(&node.kind);
            let ports = match spec {
                Some(spec) => spec.ports_of(&node.params),
                None if node.kind == GROUP => cx.view.groups.get(id).cloned().unwrap_or_default(),
                None => Ports::default(),
            };
            let place = place_of(document, id);
            if place.is_none() {
                self.homeless.push(i as u32);
            }
            let at = place.map_or(Pos2::ZERO, |(x, y)| pos2(x, y));
            let look = document.layout.get(id).and_then(Data::as_fields);
            let flag = |name: &str| look.and_then(|look| look.get(name)).and_then(Data::as_flag);
            self.nodes.push(measured(
                NodeBox {
                    id: id.clone(),
                    title: match (spec, node.kind.as_str()) {
                        (Some(spec), _) => spec.help.title.to_owned(),
                        (None, GROUP) => "Group".to_owned(),
                        (None, kind) => kind.to_owned(),
                    },
                    kind: node.kind.clone(),
                    spec,
                    rect: Rect::from_min_size(at, Vec2::ZERO),
                    inputs: ports.inputs.iter().map(|port| port_box(port, &ends.inputs[i])).collect(),
                    outputs: ports.outputs.iter().map(|port| port_box(port, &ends.outputs[i])).collect(),
                    n_hidden: 0,
                    more: None,
                    open: flag("open") == Some(true),
                    folded: flag("folded") == Some(true),
                    bypassed: node.is_bypassed(),
                    thumb: None,
                    summary: summary(node, spec),
                },
                &ends.inputs[i],
                &ends.outputs[i],
                flag("thumbnail") != Some(false),
            ));
        }
        self.house(&ends.links);
        self.wire(document, &ends);
        self.decor = decor::of(document);
        self.index();
    }

    /// Gives nodes without a place one.
    fn house(&mut self, links: &[(u32, u32)]) {
        let lost: Vec<u32> =
            self.homeless.iter().copied().filter(|i| !self.homes.contains_key(&self.nodes[*i as usize].id)).collect();
        if !lost.is_empty() {
            let number: HashMap<u32, u32> = lost.iter().enumerate().map(|(i, node)| (*node, i as u32)).collect();
            let edges: Vec<(u32, u32)> =
                links.iter().filter_map(|(a, b)| Some((*number.get(a)?, *number.get(b)?))).collect();
            let sizes: Vec<Vec2> = lost.iter().map(|i| self.nodes[*i as usize].rect.size()).collect();
            let housed = |i: &usize| !number.contains_key(&(*i as u32));
            let bottom = (0..self.nodes.len()).filter(housed).map(|i| self.nodes[i].rect.bottom()).reduce(f32::max);
            let origin = pos2(40.0, bottom.map_or(80.0, |bottom| bottom + 60.0));
            for (node, at) in lost.iter().zip(tidy::layout(&sizes, &edges, origin)) {
                self.homes.insert(self.nodes[*node as usize].id.clone(), at);
            }
        }
        for i in &self.homeless {
            let node = &mut self.nodes[*i as usize];
            if let Some(at) = self.homes.get(&node.id) {
                node.rect = Rect::from_min_size(*at, node.rect.size());
            }
        }
    }

    fn wire(&mut self, document: &Document, ends: &Ends<'_>) {
        self.wires.clear();
        let bent = document.layout.keys().any(|key| key.starts_with(wires::PREFIX));
        for end in &ends.wires {
            let (from, to) = (&self.nodes[end.from_node as usize], &self.nodes[end.to_node as usize]);
            let output = from.outputs.iter().position(|port| port.name == end.from.port);
            let input = to.inputs.iter().position(|port| port.name == end.to.port);
            let (Some(output), Some(input)) = (output, input) else { continue };
            let bends = if bent { wires::bends(document, end.from, end.to) } else { Vec::new() };
            self.wires.push(Wire {
                from: (end.from_node, output as u32),
                to: (end.to_node, input as u32),
                many: from.outputs[output].many,
                bends,
                a: Pos2::ZERO,
                b: Pos2::ZERO,
                bounds: Rect::NOTHING,
            });
        }
        for i in 0..self.wires.len() {
            self.place_wire(i);
        }
    }

    fn place_wire(&mut self, i: usize) {
        let wire = &self.wires[i];
        let (a, b) = (self.output_at(wire.from), self.input_at(wire.to));
        let wire = &mut self.wires[i];
        (wire.a, wire.b) = (a, b);
        wire.bounds = wires::bounds(a, &wire.bends, b);
    }

    /// Where an output is.
    pub(crate) fn output_at(&self, (node, port): (u32, u32)) -> Pos2 {
        let node = &self.nodes[node as usize];
        node.outputs[port as usize]
            .at
            .map_or(node.rect.right_top() + vec2(0.0, part::TITLE / 2.0), |at| node.rect.min + at)
    }

    /// Where an input is.
    pub(crate) fn input_at(&self, (node, port): (u32, u32)) -> Pos2 {
        let node = &self.nodes[node as usize];
        node.inputs[port as usize]
            .at
            .map_or(node.rect.left_top() + vec2(0.0, part::TITLE / 2.0), |at| node.rect.min + at)
    }

    fn index(&mut self) {
        (self.node_grid, self.wire_grid) = (Grid::default(), Grid::default());
        self.bounds = Rect::NOTHING;
        for (i, node) in self.nodes.iter().enumerate() {
            self.node_grid.insert(i as u32, node.rect);
            self.bounds |= node.rect;
        }
        for decor in self.decor.values() {
            self.bounds |= decor.rect;
        }
        self.wires_of = vec![Vec::new(); self.nodes.len()];
        for (i, wire) in self.wires.iter().enumerate() {
            self.wire_grid.insert(i as u32, wire.bounds);
            self.wires_of[wire.from.0 as usize].push(i as u32);
            if wire.from.0 != wire.to.0 {
                self.wires_of[wire.to.0 as usize].push(i as u32);
            }
        }
    }

    /// Moves nodes, which are in ascending order, and what hangs on them. The document does not know.
    pub(crate) fn shift(&mut self, nodes: &[u32], by: Vec2) {
        if by == Vec2::ZERO {
            return;
        }
        self.version += 1;
        let mut wires: Vec<u32> = Vec::new();
        for i in nodes {
            let node = &mut self.nodes[*i as usize];
            let (before, after) = (node.rect, node.rect.translate(by));
            node.rect = after;
            self.node_grid.remove(*i, before);
            self.node_grid.insert(*i, after);
            self.bounds |= after;
            wires.extend(&self.wires_of[*i as usize]);
        }
        wires.sort_unstable();
        wires.dedup();
        for i in wires {
            let wire = &mut self.wires[i as usize];
            let before = wire.bounds;
            if nodes.binary_search(&wire.from.0).is_ok() && nodes.binary_search(&wire.to.0).is_ok() {
                wire.bends.iter_mut().for_each(|bend| *bend += by);
            }
            self.place_wire(i as usize);
            self.wire_grid.remove(i, before);
            self.wire_grid.insert(i, self.wires[i as usize].bounds);
        }
    }

    /// Moves a reroute point. The document does not know.
    pub(crate) fn move_bend(&mut self, wire: u32, bend: usize, to: Pos2) {
        self.version += 1;
        let before = self.wires[wire as usize].bounds;
        if let Some(bend) = self.wires[wire as usize].bends.get_mut(bend) {
            *bend = to;
        }
        self.place_wire(wire as usize);
        self.wire_grid.remove(wire, before);
        self.wire_grid.insert(wire, self.wires[wire as usize].bounds);
    }

    /// Nodes that touch a rectangle, in the order of the document.
    pub(crate) fn nodes_in(&self, rect: Rect, found: &mut Vec<u32>) {
        self.node_grid.near(rect, found);
        found.retain(|i| self.nodes[*i as usize].rect.intersects(rect));
    }

    /// Wires whose bounds touch a rectangle.
    pub(crate) fn wires_in(&self, rect: Rect, found: &mut Vec<u32>) {
        self.wire_grid.near(rect, found);
        found.retain(|i| self.wires[*i as usize].bounds.intersects(rect));
    }

    /// The wires at a node.
    pub(crate) fn wires_of(&self, node: u32) -> &[u32] {
        &self.wires_of[node as usize]
    }

    /// A node's index by its id.
    pub(crate) fn find(&self, document: &Document, id: &str) -> Option<u32> {
        let i = document.nodes.get_index_of(id)?;
        self.nodes.get(i).filter(|node| node.id == id).map(|_| i as u32)
    }

    /// The names at the ends of a wire: output, input.
    pub(crate) fn names(&self, wire: &Wire) -> (PortRef, PortRef) {
        let (from, to) = (&self.nodes[wire.from.0 as usize], &self.nodes[wire.to.0 as usize]);
        (
            PortRef::new(&from.id, &from.outputs[wire.from.1 as usize].name),
            PortRef::new(&to.id, &to.inputs[wire.to.1 as usize].name),
        )
    }

    /// The types at the ends of a wire.
    pub(crate) fn types(&self, wire: &Wire) -> (PortType, PortType) {
        let (from, to) = (&self.nodes[wire.from.0 as usize], &self.nodes[wire.to.0 as usize]);
        (from.outputs[wire.from.1 as usize].ty, to.inputs[wire.to.1 as usize].ty)
    }

    /// A node and all that it reads from, or all that read from it.
    pub(crate) fn reach(&self, node: u32, upstream: bool) -> Vec<bool> {
        let mut seen = vec![false; self.nodes.len()];
        let mut stack = vec![node];
        while let Some(node) = stack.pop() {
            if std::mem::replace(&mut seen[node as usize], true) {
                continue;
            }
            for wire in &self.wires_of[node as usize] {
                let wire = &self.wires[*wire as usize];
                let (here, there) = if upstream { (wire.to.0, wire.from.0) } else { (wire.from.0, wire.to.0) };
                if here == node && !seen[there as usize] {
                    stack.push(there);
                }
            }
        }
        seen
    }

    /// What the run says of a node. Views stand in the order of the expanded document, so the place is a good guess.
    pub(crate) fn view_of<'a>(&self, view: &'a RunView, node: u32) -> Option<&'a NodeView> {
        let id = &self.nodes[node as usize].id;
        match view.nodes.get_index(node as usize) {
            Some((found, it)) if found == id => Some(it),
            _ => view.nodes.get(id).map(|it| &**it),
        }
    }
}

/// Whether groups have the same ports; usually they are the same copy.
fn same(a: &Arc<IndexMap<String, Ports>>, b: &Arc<IndexMap<String, Ports>>) -> bool {
    Arc::ptr_eq(a, b) || a == b
}

/// The ends of all links by the index of their nodes.
struct Ends<'a> {
    inputs: Vec<Vec<&'a str>>,
    outputs: Vec<Vec<&'a str>>,
    wires: Vec<End<'a>>,
    links: Vec<(u32, u32)>,
}

struct End<'a> {
    from_node: u32,
    from: &'a PortRef,
    to_node: u32,
    to: &'a PortRef,
}

impl<'a> Ends<'a> {
    fn of(document: &'a Document) -> Ends<'a> {
        let n = document.nodes.len();
        let mut ends =
            Ends { inputs: vec![Vec::new(); n], outputs: vec![Vec::new(); n], wires: Vec::new(), links: Vec::new() };
        for (to, feed) in &document.links {
            let Some(reader) = document.nodes.get_index_of(&to.node) else { continue };
            for from in feed.sources() {
                let Some(feeder) = document.nodes.get_index_of(&from.node) else { continue };
                push_new(&mut ends.inputs[reader], &to.port);
                push_new(&mut ends.outputs[feeder], &from.port);
                ends.wires.push(End { from_node: feeder as u32, from, to_node: reader as u32, to });
                ends.links.push((feeder as u32, reader as u32));
            }
        }
        ends
    }
}

fn push_new<'a>(list: &mut Vec<&'a str>, name: &'a str) {
    if !list.contains(&name) {
        list.push(name);
    }
}

fn port_box(port: &PortSpec, connected: &[&str]) -> PortBox {
    PortBox {
        name: port.name.clone(),
        ty: port.ty,
        many: port.many,
        required: port.required,
        param: port.param,
        missing: false,
        connected: connected.contains(&&*port.name),
        at: None,
    }
}

/// A port that only links know: of a kind that this build does not know, or a wrong name.
fn missing_port(name: &str) -> PortBox {
    PortBox {
        name: name.to_owned().into(),
        ty: PortType::Any,
        many: true,
        required: false,
        param: false,
        missing: true,
        connected: true,
        at: None,
    }
}

/// Decides which ports show, and where everything is.
fn measured(mut node: NodeBox, inputs: &[&str], outputs: &[&str], thumbnail: bool) -> NodeBox {
    for name in inputs {
        if !node.inputs.iter().any(|port| port.name == *name) {
            node.inputs.push(missing_port(name));
        }
    }
    for name in outputs {
        if !node.outputs.iter().any(|port| port.name == *name) {
            node.outputs.push(missing_port(name));
        }
    }
    let place = |at: Pos2, height: f32| Rect::from_min_size(at, vec2(part::WIDTH, height));
    if node.folded {
        let middle = part::TITLE / 2.0;
        node.inputs.iter_mut().filter(|port| port.connected || !port.param).for_each(|port| {
            port.at = Some(vec2(0.0, middle));
        });
        node.outputs.iter_mut().for_each(|port| port.at = Some(vec2(part::WIDTH, middle)));
        node.rect = place(node.rect.min, part::TITLE);
        return node;
    }
    let mut top = part::TITLE;
    if !node.summary.is_empty() {
        top += part::SUMMARY;
    }
    let row = |i: usize| top + (i as f32 + 0.5) * part::ROW + 2.0;
    let prompt = |port: &PortBox| {
        let spec = node.spec.and_then(|spec| spec.param(&port.name));
        matches!(spec.map(|spec| spec.kind), Some(ParamKind::Text { multiline: true, .. }))
    };
    let shown: Vec<bool> =
        node.inputs.iter().map(|port| !port.param || port.connected || node.open || prompt(port)).collect();
    let mut n_rows = 0;
    for (port, shown) in node.inputs.iter_mut().zip(&shown) {
        if *shown {
            port.at = Some(vec2(0.0, row(n_rows)));
            n_rows += 1;
        }
    }
    node.n_hidden = shown.iter().filter(|shown| !**shown).count();
    let foldable = node.inputs.iter().zip(&shown).any(|(port, shown)| !shown || (node.open && port.param));
    for (i, port) in node.outputs.iter_mut().enumerate() {
        port.at = Some(vec2(part::WIDTH, row(i)));
    }
    if foldable {
        let left = row(n_rows) - part::ROW / 2.0;
        node.more = Some(Rect::from_min_size(pos2(0.0, left), vec2(part::WIDTH * 0.6, part::ROW)));
        n_rows += 1;
    }
    let mut bottom = top + n_rows.max(node.outputs.len()) as f32 * part::ROW + 4.0;
    let pictured = node.outputs.iter().any(|port| matches!(port.ty, PortType::Image | PortType::Clip));
    if thumbnail && pictured {
        node.thumb = Some(Rect::from_min_size(pos2(6.0, bottom), vec2(part::WIDTH - 12.0, part::THUMB - 4.0)));
        bottom += part::THUMB;
    }
    node.rect = place(node.rect.min, bottom + part::STATE);
    node
}

/// What the document sets, shortly: the most telling values first come from the order of the declaration.
fn summary(node: &model::Node, spec: Option<&NodeSpec>) -> String {
    let mut line = String::new();
    for (name, value) in &node.params {
        let text = match value {
            Data::Text(text) => text.lines().next().unwrap_or_default().to_owned(),
            Data::Flag(true) => name.clone(),
            Data::Flag(false) => format!("no {name}"),
            Data::Integer(_) | Data::Number(_) => {
                let unit = spec.and_then(|spec| spec.param(name)).map_or("", |param| param.unit);
                // `seconds 2.0` says it all.
                let unit = if name.contains(unit) { String::new() } else { format!(" {unit}") };
                format!("{name} {}{unit}", value.to_text())
            }
            Data::List(items) => format!("{} {name}", items.len()),
            _ => continue,
        };
        if text.is_empty() {
            continue;
        }
        if !line.is_empty() {
            line.push_str(" · ");
        }
        line.extend(text.chars().take(60));
        if 60 < line.len() {
            break;
        }
    }
    line
}
