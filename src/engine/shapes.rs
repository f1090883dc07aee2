//! Which elements a node runs over, and how each input finds its value for one of them.

use std::collections::BTreeSet;
use std::sync::Arc;

use indexmap::IndexMap;
use model::{Diagnostic, Entry, List, Value};

use crate::evaluator::Evaluator;
use crate::graph::{Input, Item, Mode, Shape, Source};
use crate::meet::{Elements, meet};
use crate::state::{ItemRef, State};

/// What an input adds to its node's shape: how it finds values, its cached list, its elements if it is a list.
/// The elements are an error while they are not known.
type InputShape = (Mode, Option<List>, Result<Option<Arc<Elements>>, ItemRef>);

impl Evaluator {
    pub(crate) fn visit_shape(&mut self, node_idx: u32) {
        if self.nodes[node_idx as usize].problem.is_some() {
            self.mark_all(node_idx);
            return;
        }
        let before: Vec<Option<List>> =
            self.nodes[node_idx as usize].inputs.iter().map(|input| input.list.clone()).collect();
        let (shape, modes, lists, notes) = self.shape_of(node_idx);
        let node = &mut self.nodes[node_idx as usize];
        node.notes = notes;
        for ((input, mode), list) in node.inputs.iter_mut().zip(modes).zip(lists) {
            input.mode = mode;
            input.list = list;
        }
        let same = match (&node.shape, &shape) {
            (Shape::Single, Shape::Single) => true,
            (Shape::Many(old), Shape::Many(new)) => old == new,
            _ => false,
        };
        if same && node.shaped {
            self.mark_changed_entries(node_idx, &before);
            return;
        }
        self.part_all(|at| at.node == node_idx);
        let node = &mut self.nodes[node_idx as usize];
        let old_ids: IndexMap<Option<model::ElementId>, usize> =
            (0..node.items.len()).map(|slot| (node.element(slot as u32).cloned(), slot)).collect();
        let mut old_items: Vec<Option<Item>> = std::mem::take(&mut node.items).into_iter().map(Some).collect();
        let was_settled = node.is_settled();
        node.shape = shape;
        node.shaped = true;
        let n_items = match &node.shape {
            Shape::Many(elements) => elements.len(),
            _ => 1,
        };
        let items = (0..n_items)
            .map(|slot| {
                let old = old_ids.get(&node.element(slot as u32).cloned()).and_then(|old| old_items[*old].take());
                Item { state: State::Unknown, sibling: None, ..old.unwrap_or_default() }
            })
            .collect();
        node.items = items;
        node.pending = (0..n_items as u32).collect();
        node.dead.clear();
        node.sibling_users =
            vec![Vec::new(); if node.spec.is_some_and(|it| it.sibling.is_some()) { n_items } else { 0 }];
        self.wants.retain(|item, _| item.node != node_idx);
        self.ready.retain(|item| item.node != node_idx);
        self.wiring_rev += 1;
        self.set_settled(node_idx, was_settled);
        self.mark_all(node_idx);
        for user in 0..self.nodes[node_idx as usize].users.len() {
            let user = self.nodes[node_idx as usize].users[user].node;
            self.mark_shape(user);
        }
    }

    /// Same elements as before: only slots whose list entry differs, and those without a list, need a look.
    fn mark_changed_entries(&mut self, node_idx: u32, before: &[Option<List>]) {
        let node = &self.nodes[node_idx as usize];
        let mut slots = BTreeSet::new();
        let n_items = node.items.len() as u32;
        for (input, old) in node.inputs.iter().zip(before) {
            match (&input.mode, old, &input.list) {
                (Mode::Listed { positions }, Some(old), Some(new)) if old.len() == new.len() => {
                    for slot in 0..n_items {
                        let at = positions.as_ref().map_or(slot, |positions| positions[slot as usize]) as usize;
                        if old.get(at).map(|entry| entry.digest) != new.get(at).map(|entry| entry.digest) {
                            slots.insert(slot);
                        }
                    }
                }
                _ => slots.extend(0..n_items),
            }
        }
        // Currentness may have changed with the list; waiting items look again.
        slots.extend(node.pending.iter().copied());
        if node.inputs.iter().any(|input| !input.waiting.is_empty()) {
            slots.extend(0..n_items);
        }
        slots.into_iter().for_each(|slot| self.mark(node_idx, slot));
    }

    fn shape_of(&self, node_idx: u32) -> (Shape, Vec<Mode>, Vec<Option<List>>, Vec<Diagnostic>) {
        let node = &self.nodes[node_idx as usize];
        let mut modes = Vec::with_capacity(node.inputs.len());
        let mut lists: Vec<Option<List>> = Vec::with_capacity(node.inputs.len());
        let mut meeting: Vec<(usize, &str, Arc<Elements>)> = Vec::new();
        let mut unknown = None;
        for (idx, input) in node.inputs.iter().enumerate() {
            let (mode, list, elements) = self.input_shape(input);
            match elements {
                Err(by) => unknown = unknown.or(Some(by)),
                Ok(Some(elements)) => meeting.push((idx, &input.name, elements)),
                Ok(None) => {}
            }
            modes.push(mode);
            lists.push(list);
        }
        if let Some(by) = unknown {
            return (Shape::Unknown { by }, modes, lists, Vec::new());
        }
        if meeting.is_empty() {
            return (Shape::Single, modes, lists, Vec::new());
        }
        let named: Vec<(&str, Arc<Elements>)> =
            meeting.iter().map(|(_, name, elements)| (*name, elements.clone())).collect();
        match meet(&named) {
            Err(diagnostic) => (Shape::Broken(Box::new(diagnostic.at_node(&node.id))), modes, lists, Vec::new()),
            Ok(met) => {
                for ((idx, ..), positions) in meeting.iter().zip(met.positions) {
                    modes[*idx] = match modes[*idx] {
                        Mode::Each { .. } => Mode::Each { positions },
                        _ => Mode::Listed { positions },
                    };
                }
                let notes = met.notes.into_iter().map(|note| note.at_node(&node.id)).collect();
                (Shape::Many(met.elements), modes, lists, notes)
            }
        }
    }

    /// Mode, cached list and elements of an input; the elements are an error while they are not known.
    fn input_shape(&self, input: &Input) -> InputShape {
        if input.many {
            return (Mode::Gather, self.gathered(input), Ok(None));
        }
        if let [source] = input.sources[..] {
            let node = &self.nodes[source.node as usize];
            let many = node.ports.outputs[source.out as usize].many;
            match &node.shape {
                Shape::Unknown { by } => return (Mode::Unset, None, Err(*by)),
                Shape::Broken(_) => return (Mode::Unset, None, Err(ItemRef { node: source.node, slot: 0 })),
                Shape::Single if !many => return (Mode::Shared, None, Ok(None)),
                Shape::Many(elements) if !many => {
                    return (Mode::Each { positions: None }, None, Ok(Some(elements.clone())));
                }
                _ => {}
            }
        }
        match self.gathered(input) {
            Some(list) => {
                let ids: Vec<_> = list.iter().map(|entry| entry.id.clone()).collect();
                (Mode::Listed { positions: None }, Some(list), Ok(Some(Arc::new(Elements::new(&ids)))))
            }
            None => (Mode::Unset, None, Err(self.unknown_source(input))),
        }
    }

    pub(crate) fn unknown_source(&self, input: &Input) -> ItemRef {
        let unknown = |source: &&Source| self.source_entries(**source, 0).is_none();
        let source = input.sources.iter().find(unknown).or(input.sources.first());
        match source {
            Some(source) => match &self.nodes[source.node as usize].shape {
                Shape::Unknown { by } => *by,
                _ => ItemRef { node: source.node, slot: 0 },
            },
            None => ItemRef { node: 0, slot: 0 },
        }
    }

    /// All elements of an input's sources as one list; none while a source has never had an output.
    pub(crate) fn gathered(&self, input: &Input) -> Option<List> {
        if let [source] = input.sources[..] {
            let node = &self.nodes[source.node as usize];
            if matches!(node.shape, Shape::Single) && node.ports.outputs[source.out as usize].many {
                return match &node.items[0].out.as_ref()?.values[source.out as usize].0 {
                    Value::List(list) => Some(list.clone()),
                    _ => None,
                };
            }
        }
        let mut entries = Vec::new();
        for (position, source) in input.sources.iter().enumerate() {
            entries.extend(self.source_entries(*source, position)?);
        }
        let ids = Elements::new(entries.iter().map(|entry| &entry.id));
        if ids.iter().zip(&entries).any(|(unique, entry)| *unique != entry.id) {
            for (unique, entry) in ids.iter().zip(&mut entries) {
                entry.id = unique.clone();
            }
        }
        Some(entries.into_iter().collect())
    }

    fn source_entries(&self, source: Source, _position: usize) -> Option<Vec<Entry>> {
        let node = &self.nodes[source.node as usize];
        if matches!(node.shape, Shape::Unknown { .. } | Shape::Broken(_)) {
            return None;
        }
        let many = node.ports.outputs[source.out as usize].many;
        let mut entries = Vec::with_capacity(node.items.len());
        for (slot, item) in node.items.iter().enumerate() {
            let (value, digest) = item.out.as_ref()?.values[source.out as usize].clone();
            let element = node.element(slot as u32);
            match value {
                Value::List(list) if many => entries.extend(list.iter().map(|entry| match element {
                    None => entry.clone(),
                    Some(outer) => Entry { id: format!("{outer}.{}", entry.id).into(), ..entry.clone() },
                })),
                value => entries.push(Entry { id: element.unwrap_or(&node.id).clone(), value, digest }),
            }
        }
        Some(entries)
    }
}
