//! Brings a scene up to date with an edit, at the cost of what the edit touched.
//!
//! Boxes stand in the order of the document's nodes. A node that comes or goes between others gives new numbers to
//! those behind it, which is the one part that costs what the graph is large: a few additions for each. Numbers that
//! hold for ever were the alternative; every list of boxes would then have holes.

use std::collections::{BTreeSet, HashMap};

use egui::Rect;
use indexmap::IndexMap;
use model::{Document, GroupFace, PortRef};

use super::boxes::Maker;
use super::{NodeBox, PortBox, Scene, Wire, decor, wires};
use crate::cx::Cx;

/// What changed, by names.
#[derive(Default)]
pub(super) struct Changed<'a> {
    nodes: BTreeSet<&'a str>,
    links: Vec<&'a PortRef>,
    layout: BTreeSet<&'a str>,
    /// Points of wires were moved by a gesture that was given up.
    bends: bool,
}

impl<'a> Changed<'a> {
    /// What changed since a revision; none where that is not known any more.
    pub(super) fn since(
        revision: u64,
        cx: &'a Cx<'_>,
        groups: &'a IndexMap<String, GroupFace>,
        spoiled: &'a [String],
    ) -> Option<Changed<'a>> {
        let layout = spoiled.iter().map(String::as_str).collect();
        let mut changed = Changed { layout, bends: !spoiled.is_empty(), ..Changed::default() };
        if revision != cx.revision {
            for about in cx.recent.since(revision)? {
                changed.nodes.extend(about.nodes.iter().map(String::as_str));
                changed.links.extend(&about.links);
                changed.layout.extend(about.layout.iter().map(String::as_str));
            }
        }
        let now = &*cx.view.groups;
        let regrouped = groups.keys().chain(now.keys()).filter(|id| groups.get(*id) != now.get(*id));
        changed.nodes.extend(regrouped.map(String::as_str));
        Some(changed)
    }

    pub(super) fn len(&self) -> usize {
        self.nodes.len() + self.links.len() + self.layout.len()
    }
}

/// A link that becomes a wire.
struct Coming {
    from: (u32, PortRef),
    to: (u32, PortRef),
}

impl Scene {
    pub(super) fn update(&mut self, cx: &Cx<'_>, changed: &Changed<'_>) {
        let document = cx.document;
        let maker = Maker::new(cx);
        // Boxes that must be made again.
        let mut dirty: BTreeSet<u32> = BTreeSet::new();
        let fresh = self.renumber(document, changed, &mut dirty);
        let coming = self.relink(document, &maker, changed, &fresh, &mut dirty);
        let bent = self.read_layout(document, changed, &mut dirty);
        let before = self.remake(&maker, &dirty, &fresh, &coming);
        let mut moved: BTreeSet<u32> = bent;
        for Coming { from, to } in &coming {
            let bends = wires::bends(document, &from.1, &to.1);
            moved.extend(self.add_wire((from.0, &from.1), (to.0, &to.1), bends));
        }
        let lost: Vec<u32> = dirty
            .iter()
            .copied()
            .filter(|i| self.homeless.binary_search(i).is_ok() && !self.homes.contains_key(&self.nodes[*i as usize].id))
            .collect();
        self.house(&lost);
        for (i, before) in dirty.iter().zip(before) {
            let rect = self.nodes[*i as usize].rect;
            if before != Some(rect) {
                if let Some(before) = before {
                    self.node_grid.remove(*i, before);
                }
                self.node_grid.insert(*i, rect);
            }
            moved.extend(&self.wires_of[*i as usize]);
        }
        for i in moved {
            let before = self.wires[i as usize].bounds;
            if changed.bends {
                let (from, to) = self.names(&self.wires[i as usize]);
                self.wires[i as usize].bends = wires::bends(document, &from, &to);
            }
            self.place_wire(i as usize);
            let bounds = self.wires[i as usize].bounds;
            if before != bounds {
                if before != Rect::NOTHING {
                    self.wire_grid.remove(i, before);
                }
                self.wire_grid.insert(i, bounds);
            }
        }
        self.settled();
    }

    /// Gives boxes the numbers that their nodes have now. Returns those of nodes that have no box yet.
    fn renumber(&mut self, document: &Document, changed: &Changed<'_>, dirty: &mut BTreeSet<u32>) -> BTreeSet<u32> {
        let stands = |id: &str| {
            let i = document.nodes.get_index_of(id);
            i.is_some_and(|i| self.nodes.get(i).is_some_and(|node| node.id == id))
        };
        if self.nodes.len() == document.nodes.len() && changed.nodes.iter().all(|id| stands(id)) {
            return BTreeSet::new();
        }
        let mut numbers: Vec<Option<u32>> = Vec::with_capacity(self.nodes.len());
        let mut next = 0;
        for node in &self.nodes {
            let at = |i: usize| document.nodes.get_index(i).map(|(id, _)| id);
            while at(next).is_some_and(|id| *id != node.id && changed.nodes.contains(id.as_str())) {
                next += 1;
            }
            let number = if at(next) == Some(&node.id) { Some(next) } else { document.nodes.get_index_of(&node.id) };
            numbers.push(number.map(|i| i as u32));
            next += usize::from(number == Some(next));
        }
        for (i, number) in numbers.iter().enumerate() {
            if number.is_some() {
                continue;
            }
            while let Some(wire) = self.wires_of[i].last().copied() {
                let Wire { from, to, .. } = &self.wires[wire as usize];
                dirty.extend([from.0, to.0].iter().filter_map(|end| numbers[*end as usize]));
                self.remove_wire(wire);
            }
            self.node_grid.remove(i as u32, self.nodes[i].rect);
        }
        let same = numbers.iter().enumerate().all(|(i, number)| *number == Some(i as u32));
        let n = document.nodes.len();
        let mut fresh: BTreeSet<u32> = BTreeSet::new();
        if same {
            fresh.extend(self.nodes.len() as u32..n as u32);
        } else {
            let kept: BTreeSet<u32> = numbers.iter().filter_map(|it| *it).collect();
            fresh.extend((0..n as u32).filter(|i| !kept.contains(i)));
            let old = std::mem::take(&mut self.nodes).into_iter().zip(std::mem::take(&mut self.wires_of));
            let mut boxes: Vec<Option<(NodeBox, Vec<u32>)>> = (0..n).map(|_| None).collect();
            for (old, number) in old.zip(&numbers) {
                if let Some(number) = number {
                    boxes[*number as usize] = Some(old);
                }
            }
            let vacant = |it: Option<_>| it.unwrap_or_else(|| (NodeBox::vacant(), Vec::new()));
            (self.nodes, self.wires_of) = boxes.into_iter().map(vacant).unzip();
            let renamed = |i: u32| numbers[i as usize].unwrap_or(u32::MAX);
            for wire in &mut self.wires {
                (wire.from.0, wire.to.0) = (renamed(wire.from.0), renamed(wire.to.0));
            }
            self.node_grid.renumber(renamed);
            self.homeless = self.homeless.iter().filter_map(|i| numbers[*i as usize]).collect();
            self.homeless.sort_unstable();
        }
        self.nodes.resize_with(n, NodeBox::vacant);
        self.wires_of.resize_with(n, Vec::new);
        dirty.extend(&fresh);
        fresh
    }

    fn remove_wire(&mut self, i: u32) {
        let wire = self.wires.swap_remove(i as usize);
        for end in [wire.from.0, wire.to.0] {
            self.wires_of[end as usize].retain(|it| *it != i);
        }
        if wire.bounds != Rect::NOTHING {
            self.wire_grid.remove(i, wire.bounds);
        }
        // The last one has its number now.
        let last = self.wires.len() as u32;
        if let Some(moved) = self.wires.get(i as usize) {
            self.wire_grid.remove(last, moved.bounds);
            self.wire_grid.insert(i, moved.bounds);
            for end in [moved.from.0, moved.to.0] {
                self.wires_of[end as usize].iter_mut().filter(|it| **it == last).for_each(|it| *it = i);
            }
        }
    }

    /// Takes off the wires that come into nodes whose links may have changed. Returns what comes in their place.
    fn relink(
        &mut self,
        document: &Document,
        maker: &Maker<'_>,
        changed: &Changed<'_>,
        fresh: &BTreeSet<u32>,
        dirty: &mut BTreeSet<u32>,
    ) -> Vec<Coming> {
        // The ports that may be connected, by node.
        let mut ports: IndexMap<u32, BTreeSet<String>> = IndexMap::new();
        for id in &changed.nodes {
            if let Some(i) = document.nodes.get_index_of(*id) {
                ports.entry(i as u32).or_default();
            }
        }
        for to in &changed.links {
            if let Some(i) = document.nodes.get_index_of(&to.node) {
                ports.entry(i as u32).or_default().insert(to.port.clone());
            }
        }
        let ids: BTreeSet<&str> =
            fresh.iter().filter_map(|i| Some(document.nodes.get_index(*i as usize)?.0.as_str())).collect();
        if !ids.is_empty() {
            // A link to a node that was not there may wait for it.
            for to in document.links.keys().filter(|to| ids.contains(to.node.as_str())) {
                if let Some(i) = document.nodes.get_index_of(&to.node) {
                    ports.entry(i as u32).or_default().insert(to.port.clone());
                }
            }
        }
        let mut coming = Vec::new();
        for (i, mut names) in ports {
            let id = &document.nodes.get_index(i as usize).expect("its index was just looked up").0;
            names.extend(self.nodes[i as usize].inputs.iter().map(|port| port.name.to_string()));
            names.extend(maker.ports(id).inputs.iter().map(|port| port.name.to_string()));
            let mine = |wire: &&u32| self.wires[**wire as usize].to.0 == i;
            let mut incoming: Vec<u32> = self.wires_of[i as usize].iter().filter(mine).copied().collect();
            // The last first: removing a wire gives its number to the last one.
            incoming.sort_unstable_by_key(|wire| std::cmp::Reverse(*wire));
            for wire in incoming {
                dirty.insert(self.wires[wire as usize].from.0);
                self.remove_wire(wire);
            }
            dirty.insert(i);
            for name in names {
                let to = PortRef::new(id, &name);
                for from in document.links.get(&to).map_or(&[][..], |feed| feed.sources()) {
                    let Some(feeder) = document.nodes.get_index_of(&from.node) else { continue };
                    dirty.insert(feeder as u32);
                    coming.push(Coming { from: (feeder as u32, from.clone()), to: (i, to.clone()) });
                }
            }
        }
        coming
    }

    /// Reads frames and notes again where they changed, and the points of wires. Returns those wires.
    fn read_layout(&mut self, document: &Document, changed: &Changed<'_>, dirty: &mut BTreeSet<u32>) -> BTreeSet<u32> {
        let mut bent = BTreeSet::new();
        let mut decorated = false;
        for key in &changed.layout {
            if let Some(i) = document.nodes.get_index_of(*key) {
                dirty.insert(i as u32);
            } else if let Some((from, to)) = wires::link_of(key) {
                let Some(node) = self.find(document, &to.node) else { continue };
                let wire = self.wires_of[node as usize].iter().copied().find(|i| {
                    let wire = &self.wires[*i as usize];
                    wire.to.0 == node && self.names(wire) == (from.clone(), to.clone())
                });
                if let Some(wire) = wire {
                    self.wires[wire as usize].bends = wires::bends(document, &from, &to);
                    bent.insert(wire);
                }
            } else {
                decorated = true;
            }
        }
        if decorated {
            self.decor = decor::of(document);
        }
        bent
    }

    /// Makes boxes again. Returns where each was; none for those that were not there.
    fn remake(
        &mut self,
        maker: &Maker<'_>,
        dirty: &BTreeSet<u32>,
        fresh: &BTreeSet<u32>,
        coming: &[Coming],
    ) -> Vec<Option<Rect>> {
        let mut inputs: HashMap<u32, Vec<&str>> = HashMap::new();
        let mut outputs: HashMap<u32, Vec<&str>> = HashMap::new();
        for Coming { from, to } in coming {
            inputs.entry(to.0).or_default().push(&to.1.port);
            outputs.entry(from.0).or_default().push(&from.1.port);
        }
        let mut before = Vec::with_capacity(dirty.len());
        for i in dirty {
            let old = std::mem::replace(&mut self.nodes[*i as usize], NodeBox::vacant());
            let mut ins = inputs.remove(i).unwrap_or_default();
            let mut outs = outputs.remove(i).unwrap_or_default();
            for wire in &self.wires_of[*i as usize] {
                let wire = &self.wires[*wire as usize];
                if wire.to.0 == *i {
                    ins.push(&old.inputs[wire.to.1 as usize].name);
                }
                if wire.from.0 == *i {
                    outs.push(&old.outputs[wire.from.1 as usize].name);
                }
            }
            let (made, placed) = maker.make(*i as usize, &ins, &outs).expect("boxes are numbered as the nodes are");
            for wire in &self.wires_of[*i as usize] {
                let wire = &mut self.wires[*wire as usize];
                // Every port that a wire is at is mentioned, so the new box has it.
                let now = |ports: &[PortBox], old: &PortBox| {
                    ports.iter().position(|port| port.name == old.name).expect("a mentioned port is there") as u32
                };
                if wire.to.0 == *i {
                    wire.to.1 = now(&made.inputs, &old.inputs[wire.to.1 as usize]);
                }
                if wire.from.0 == *i {
                    wire.from.1 = now(&made.outputs, &old.outputs[wire.from.1 as usize]);
                    wire.many = made.outputs[wire.from.1 as usize].many;
                }
            }
            before.push((!fresh.contains(i)).then_some(old.rect));
            self.nodes[*i as usize] = made;
            match (placed, self.homeless.binary_search(i)) {
                (true, Ok(at)) => {
                    self.homeless.remove(at);
                }
                (false, Err(at)) => self.homeless.insert(at, *i),
                _ => {}
            }
        }
        before
    }
}

#[cfg(test)]
impl Scene {
    /// How the scene differs from one that is made anew; none where it does not.
    pub(crate) fn differs_from_new(&self, cx: &Cx<'_>) -> Option<String> {
        let mut new = Scene { homes: self.homes.clone(), ..Scene::default() };
        new.refresh(cx);
        let told = |node: &NodeBox| {
            let NodeBox { id, rect, inputs, outputs, more, open, folded, bypassed, linked, thumb, summary, .. } = node;
            format!(
                "{id} {rect:?} {inputs:?} {outputs:?} {more:?} {open} {folded} {bypassed} {linked} {thumb:?} {summary}"
            )
        };
        let nodes = |scene: &Scene| scene.nodes.iter().map(told).collect::<Vec<_>>();
        let wires = |scene: &Scene| {
            let told = |wire: &Wire| {
                let (from, to) = scene.names(wire);
                format!("{from} {to} {} {:?} {:?} {:?} {:?}", wire.many, wire.bends, wire.a, wire.b, wire.bounds)
            };
            let mut wires: Vec<String> = scene.wires.iter().map(told).collect();
            wires.sort_unstable();
            wires
        };
        let at = |scene: &Scene| {
            let mut found = Vec::new();
            scene.nodes_in(Rect::EVERYTHING, &mut found);
            let mut wires = found.clone();
            scene.wires_in(Rect::EVERYTHING, &mut wires);
            let of = (0..scene.nodes.len() as u32).map(|node| scene.wires_of(node).len()).collect::<Vec<_>>();
            (found.len(), wires.len(), of, scene.homeless.clone(), scene.bounds)
        };
        let first = |a: Vec<String>, b: Vec<String>| {
            let i = (0..a.len().max(b.len())).find(|i| a.get(*i) != b.get(*i))?;
            Some(format!("{:?}\nis not\n{:?}", a.get(i), b.get(i)))
        };
        first(nodes(self), nodes(&new))
            .or_else(|| first(wires(self), wires(&new)))
            .or_else(|| (self.decor != new.decor).then(|| "frames and notes".to_owned()))
            .or_else(|| (at(self) != at(&new)).then(|| format!("{:?}\nis not\n{:?}", at(self), at(&new))))
    }
}
