//! The document as boxes and curves: made once, brought up to date after each edit, moved in place while somebody
//! drags.
//!
//! Knows no painter and no gesture. Reading the document in each frame was the alternative: at 10,000 nodes it costs
//! more than the whole frame may.

mod boxes;
mod update;

use std::collections::HashMap;
use std::sync::Arc;

use egui::{Pos2, Rect, Vec2, pos2, vec2};
use indexmap::IndexMap;
use model::{Document, GroupFace, PortRef, PortType};

use self::boxes::Maker;
pub(crate) use self::boxes::{NodeBox, PortBox, part};
use super::decor::{self, Decor};
use super::grid::Grid;
use super::{tidy, wires};
use crate::cx::Cx;
use crate::view::{NodeView, RunView};

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

/// What gestures moved, each once or more often.
#[derive(Debug, Default)]
pub(crate) struct Moved {
    pub(crate) nodes: Vec<u32>,
    pub(crate) wires: Vec<u32>,
}

impl Moved {
    pub(crate) fn is_empty(&self) -> bool {
        self.nodes.is_empty() && self.wires.is_empty()
    }
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
    made_of: Option<(u64, Arc<IndexMap<String, GroupFace>>)>,
    /// Keys of the layout that a gesture moved and then gave up.
    spoiled: Vec<String>,
    /// Since it was last taken.
    moved: Moved,
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
            spoiled: Vec::new(),
            moved: Moved::default(),
            node_grid: Grid::default(),
            wire_grid: Grid::default(),
            wires_of: Vec::new(),
            homes: HashMap::new(),
            homeless: Vec::new(),
        }
    }
}

impl Scene {
    /// Brings it up to date where the document or a group's ports changed, or a gesture was given up; whether it did.
    pub(crate) fn refresh(&mut self, cx: &Cx<'_>) -> bool {
        let spoiled = std::mem::take(&mut self.spoiled);
        let before = self.made_of.replace((cx.revision, cx.view.groups.clone()));
        let Some((revision, groups)) = before else {
            self.rebuild(cx);
            return true;
        };
        if revision == cx.revision && spoiled.is_empty() && same(&groups, &cx.view.groups) {
            return false;
        }
        match update::Changed::since(revision, cx, &groups, &spoiled) {
            // Making one box by one costs more than making all of them where most are made.
            Some(changed) if changed.len() < 64 + self.nodes.len() / 4 => self.update(cx, &changed),
            _ => self.rebuild(cx),
        }
        true
    }

    /// Forgets what a gesture did to entries of the layout, by their keys: the next [`refresh`](Self::refresh) reads
    /// them again.
    pub(crate) fn spoil(&mut self, keys: impl IntoIterator<Item = String>) {
        self.spoiled.extend(keys);
    }

    fn rebuild(&mut self, cx: &Cx<'_>) {
        let ends = Ends::of(cx.document);
        let maker = Maker::new(cx);
        self.nodes.clear();
        self.homeless.clear();
        for i in 0..cx.document.nodes.len() {
            let Some((made, placed)) = maker.make(i, &ends.inputs[i], &ends.outputs[i]) else { continue };
            if !placed {
                self.homeless.push(i as u32);
            }
            self.nodes.push(made);
        }
        self.wire(cx.document, &ends);
        let lost = self.homeless.iter().copied().filter(|i| !self.homes.contains_key(&self.nodes[*i as usize].id));
        self.house(&lost.collect::<Vec<_>>());
        (0..self.wires.len()).for_each(|i| self.place_wire(i));
        self.decor = decor::of(cx.document);
        self.index();
        self.settled();
    }

    /// What every change ends with.
    fn settled(&mut self) {
        self.version += 1;
        self.built += 1;
        self.moved = Moved::default();
        self.bounds = Rect::NOTHING;
        self.nodes.iter().for_each(|node| self.bounds |= node.rect);
        self.decor.values().for_each(|decor| self.bounds |= decor.rect);
    }

    /// Gives nodes that were never put anywhere a place, and moves all without a place in the document to theirs.
    fn house(&mut self, lost: &[u32]) {
        if !lost.is_empty() {
            let number: HashMap<u32, u32> = lost.iter().enumerate().map(|(i, node)| (*node, i as u32)).collect();
            let links = lost.iter().flat_map(|node| &self.wires_of[*node as usize]);
            let links = links.map(|wire| &self.wires[*wire as usize]).map(|wire| (wire.from.0, wire.to.0));
            let mut edges: Vec<(u32, u32)> =
                links.filter_map(|(a, b)| Some((*number.get(&a)?, *number.get(&b)?))).collect();
            edges.sort_unstable();
            edges.dedup();
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

    /// Makes all wires, which have no places yet.
    fn wire(&mut self, document: &Document, ends: &Ends<'_>) {
        self.wires.clear();
        self.wires_of = vec![Vec::new(); self.nodes.len()];
        // Looking for points costs a name for each wire.
        let bent = document.layout.keys().any(|key| key.starts_with(wires::PREFIX));
        for end in &ends.wires {
            let bends = if bent { wires::bends(document, end.from, end.to) } else { Vec::new() };
            self.add_wire((end.from_node, end.from), (end.to_node, end.to), bends);
        }
    }

    /// Adds a wire without a place.
    fn add_wire(&mut self, from: (u32, &PortRef), to: (u32, &PortRef), bends: Vec<Pos2>) -> Option<u32> {
        let (feeder, reader) = (&self.nodes[from.0 as usize], &self.nodes[to.0 as usize]);
        let output = feeder.outputs.iter().position(|port| port.name == from.1.port)?;
        let input = reader.inputs.iter().position(|port| port.name == to.1.port)?;
        let i = self.wires.len() as u32;
        self.wires.push(Wire {
            from: (from.0, output as u32),
            to: (to.0, input as u32),
            many: feeder.outputs[output].many,
            bends,
            a: Pos2::ZERO,
            b: Pos2::ZERO,
            bounds: Rect::NOTHING,
        });
        self.wires_of[from.0 as usize].push(i);
        if from.0 != to.0 {
            self.wires_of[to.0 as usize].push(i);
        }
        Some(i)
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
        for (i, node) in self.nodes.iter().enumerate() {
            self.node_grid.insert(i as u32, node.rect);
        }
        for (i, wire) in self.wires.iter().enumerate() {
            self.wire_grid.insert(i as u32, wire.bounds);
        }
    }

    /// What was moved since this was last asked, or since it was made anew.
    pub(crate) fn take_moved(&mut self) -> Moved {
        std::mem::take(&mut self.moved)
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
        self.moved.nodes.extend(nodes);
        self.moved.wires.extend(&wires);
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
        self.moved.wires.push(wire);
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
fn same(a: &Arc<IndexMap<String, GroupFace>>, b: &Arc<IndexMap<String, GroupFace>>) -> bool {
    Arc::ptr_eq(a, b) || a == b
}

/// The ends of all links by the index of their nodes.
struct Ends<'a> {
    inputs: Vec<Vec<&'a str>>,
    outputs: Vec<Vec<&'a str>>,
    wires: Vec<End<'a>>,
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
        let mut ends = Ends { inputs: vec![Vec::new(); n], outputs: vec![Vec::new(); n], wires: Vec::new() };
        for (to, feed) in &document.links {
            let Some(reader) = document.nodes.get_index_of(&to.node) else { continue };
            for from in feed.sources() {
                let Some(feeder) = document.nodes.get_index_of(&from.node) else { continue };
                push_new(&mut ends.inputs[reader], &to.port);
                push_new(&mut ends.outputs[feeder], &from.port);
                ends.wires.push(End { from_node: feeder as u32, from, to_node: reader as u32, to });
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
