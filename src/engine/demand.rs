//! What a run is for: target items and everything they need, item by item.

use std::collections::BTreeSet;

use crate::evaluator::Evaluator;
use crate::graph::{Mode, Shape};
use crate::state::ItemRef;

/// A node, or one element of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    pub node: String,
    pub element: Option<String>,
}

impl Target {
    /// Reads `node` or `node/element`.
    pub fn parse(text: &str) -> Target {
        match text.split_once('/') {
            Some((node, element)) => Target { node: node.to_owned(), element: Some(element.to_owned()) },
            None => Target { node: text.to_owned(), element: None },
        }
    }
}

impl Evaluator {
    /// The items that targets need, themselves included; unknown targets need nothing.
    pub(crate) fn demand(&self, targets: &[Target]) -> BTreeSet<ItemRef> {
        let mut open: Vec<ItemRef> = Vec::new();
        for target in targets {
            let Some(node) = self.index.get(&target.node).copied() else { continue };
            let state = &self.nodes[node as usize];
            match (&target.element, &state.shape) {
                (Some(element), Shape::Many(elements)) => {
                    open.extend(elements.slot_of(element).map(|slot| ItemRef { node, slot: slot as u32 }));
                }
                _ => open.extend((0..state.items.len() as u32).map(|slot| ItemRef { node, slot })),
            }
        }
        let mut found: BTreeSet<ItemRef> = BTreeSet::new();
        while let Some(at) = open.pop() {
            if !found.insert(at) {
                continue;
            }
            let node = &self.nodes[at.node as usize];
            let Some(item) = node.items.get(at.slot as usize) else { continue };
            open.extend(item.sibling.map(|slot| ItemRef { node: at.node, slot }));
            for input in &node.inputs {
                let place = |positions: &Option<std::sync::Arc<[u32]>>| {
                    positions.as_ref().map_or(at.slot, |positions| positions[at.slot as usize])
                };
                match &input.mode {
                    Mode::Shared => open.push(ItemRef { node: input.sources[0].node, slot: 0 }),
                    Mode::Each { positions } => {
                        open.push(ItemRef { node: input.sources[0].node, slot: place(positions) });
                    }
                    Mode::Unset | Mode::Listed { .. } | Mode::Gather => {
                        for source in &input.sources {
                            let n_items = self.nodes[source.node as usize].items.len() as u32;
                            open.extend((0..n_items).map(|slot| ItemRef { node: source.node, slot }));
                        }
                    }
                }
            }
        }
        found.retain(|at| (at.slot as usize) < self.nodes[at.node as usize].items.len());
        found
    }
}
