//! The evaluator: brings items up to date by height, stops where nothing changed.
//!
//! Push of dirtiness, no recursion, no walk over what is not affected: an edit costs its affected items. Deep graphs
//! need no stack. A demand-driven walk, as salsa does, visits every reachable node in every revision.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use indexmap::IndexMap;
use model::policy::Policy;
use model::{Catalog, Digest, Document, Settings};

use crate::engine::Setup;
use crate::files::Files;
use crate::graph::{self, NodeState};
use crate::joint::Joint;
use crate::models::Models;
use crate::needs::{Known, Wanted};
use crate::state::{ItemRef, State};
use crate::traces::Traces;
use crate::whole::Whole;

/// How often plans were called and skipped; tests and benches read it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    pub planned: u64,
    pub visited: u64,
}

/// See the module.
pub(crate) struct Evaluator {
    pub(crate) catalog: Catalog,
    pub(crate) settings: Settings,
    pub(crate) graph: String,
    pub(crate) store: Arc<dyn Traces>,
    pub(crate) models: Arc<dyn Models>,
    pub(crate) files: RefCell<Files>,
    pub(crate) known: RefCell<Known>,
    pub(crate) nodes: Vec<NodeState>,
    pub(crate) index: IndexMap<String, u32>,
    /// How models are chosen.
    pub(crate) policy: Policy,
    /// Items whose models are chosen together.
    pub(crate) joint: BTreeMap<ItemRef, Joint>,
    /// Those of them that wait to be chosen for, by height.
    pub(crate) unchosen: BTreeSet<(u32, ItemRef)>,
    /// The models that items' works were chosen for, those that are done included, by the item's name: a rebuild plans
    /// nothing anew that is done.
    pub(crate) models_of: RefCell<BTreeMap<String, String>>,
    /// Works that items wait for.
    pub(crate) wants: IndexMap<ItemRef, Vec<Wanted>>,
    /// Items that could run.
    pub(crate) ready: BTreeSet<ItemRef>,
    /// What nodes remember, by node id, as committed.
    pub(crate) memories: IndexMap<String, String>,
    /// What plans want remembered.
    pub(crate) new_memories: RefCell<IndexMap<String, String>>,
    /// Takes that were there already, by the item's name: key and number.
    pub(crate) bought: RefCell<BTreeMap<String, (Digest, u32)>>,
    /// Takes of items that are made of several calls, as they were last put together, by the item's name.
    pub(crate) wholes: RefCell<BTreeMap<String, Whole>>,
    /// Which nodes looked at which project path.
    pub(crate) readers: RefCell<IndexMap<String, BTreeSet<u32>>>,
    /// Items whose state changed since somebody last asked.
    pub(crate) changed: BTreeSet<ItemRef>,
    dirty: BTreeSet<(u32, u32, u32)>,
    /// Keys of jobs that are bought and not over; none where they must be looked up.
    pub(crate) open_keys: Option<BTreeSet<Digest>>,
    pub(crate) counters: Counters,
    /// Grows whenever elements or siblings change: who depends on whom may differ.
    pub(crate) wiring_rev: u64,
}

/// The queue slot that stands for a node's shape; items follow it.
pub(crate) const SHAPE: u32 = 0;

impl Evaluator {
    pub(crate) fn new(setup: Setup<'_>) -> Evaluator {
        let Setup { document, graph, project, catalog, store, models, memories, contents, .. } = setup;
        let mut evaluator = Evaluator {
            catalog,
            settings: document.settings.clone(),
            graph: graph.to_owned(),
            store,
            models,
            files: RefCell::new(Files::new(project, contents)),
            known: RefCell::default(),
            nodes: Vec::new(),
            index: IndexMap::new(),
            policy: Policy::of(&document.settings),
            joint: BTreeMap::new(),
            models_of: RefCell::default(),
            unchosen: BTreeSet::new(),
            wants: IndexMap::new(),
            ready: BTreeSet::new(),
            memories,
            new_memories: RefCell::default(),
            bought: RefCell::default(),
            wholes: RefCell::default(),
            readers: RefCell::default(),
            changed: BTreeSet::new(),
            dirty: BTreeSet::new(),
            open_keys: None,
            counters: Counters::default(),
            wiring_rev: 0,
        };
        evaluator.rebuild(document);
        evaluator
    }

    /// Whether a job of that key is bought and not over: waiting for it costs nothing more. Where the journal cannot
    /// be read it counts as not bought: then it is held, and buying it is refused by the journal.
    pub(crate) fn is_bought(&mut self, key: &Digest) -> bool {
        let store = &self.store;
        self.open_keys.get_or_insert_with(|| store.open_keys().unwrap_or_default()).contains(key)
    }

    /// Makes the picture again from the document, keeping results of nodes that are still there.
    pub(crate) fn rebuild(&mut self, document: &Document) {
        let mut nodes = graph::build(document, self.catalog);
        self.part_all(|_| true);
        let mut old: IndexMap<String, NodeState> =
            self.nodes.drain(..).map(|node| (node.id.to_string(), node)).collect();
        for node in &mut nodes {
            if let Some(old) = old.swap_remove(&*node.id) {
                node.shape = old.shape;
                node.items = old.items;
                node.pending = (0..node.items.len() as u32).collect();
                for item in &mut node.items {
                    item.state = State::Unknown;
                }
            }
        }
        self.settings = document.settings.clone();
        self.policy = Policy::of(&self.settings);
        self.index = nodes.iter().enumerate().map(|(idx, node)| (node.id.to_string(), idx as u32)).collect();
        self.nodes = nodes;
        self.models_of.borrow_mut().retain(|item, _| self.index.contains_key(model::node_of_item(item)));
        self.wants.clear();
        self.ready.clear();
        self.readers.borrow_mut().clear();
        self.dirty = self.nodes.iter().enumerate().map(|(idx, node)| (node.height, idx as u32, SHAPE)).collect();
        self.wiring_rev += 1;
    }

    /// Takes over parameters and takes of touched nodes; `false` where ports changed and a rebuild is needed.
    pub(crate) fn patch(&mut self, document: &Document, touched: &[String]) -> bool {
        for id in touched {
            let (Some(idx), Some(node)) = (self.index.get(id).copied(), document.nodes.get(id)) else { return false };
            let state = &mut self.nodes[idx as usize];
            let Some(spec) = state.spec else { continue };
            if spec.kind != node.kind {
                return false;
            }
            let rev = graph::revision(&node.kind, spec.version, &node.params, &document.settings);
            if rev != state.rev {
                if state.ports != spec.ports_of(&node.params) {
                    return false;
                }
                state.params = node.params.clone();
                state.rev = rev;
            }
            if !document.takes.is_empty() || !state.takes.is_empty() {
                state.takes = graph::takes_of(document, id);
            }
            self.mark_all(idx);
        }
        true
    }

    /// Looks at project files again; nodes that read a changed one are planned anew.
    pub(crate) fn refresh_files(&mut self) {
        let changed = self.files.borrow().changed();
        for path in changed {
            let nodes = self.readers.borrow().get(&path).cloned().unwrap_or_default();
            for node in nodes {
                self.forget(node);
            }
        }
    }

    /// Plans every item of a node anew, whatever it saw before.
    pub(crate) fn forget(&mut self, node: u32) {
        for item in &mut self.nodes[node as usize].items {
            item.seen = Digest::default();
        }
        self.mark_all(node);
    }

    /// Plans one item anew, whatever it saw before.
    pub(crate) fn forget_item(&mut self, at: ItemRef) {
        if let Some(item) = self.nodes.get_mut(at.node as usize).and_then(|node| node.items.get_mut(at.slot as usize)) {
            item.seen = Digest::default();
            self.mark(at.node, at.slot);
        }
    }

    pub(crate) fn mark_all(&mut self, node: u32) {
        for slot in 0..self.nodes[node as usize].items.len() as u32 {
            self.mark(node, slot);
        }
    }

    pub(crate) fn mark(&mut self, node: u32, slot: u32) {
        self.dirty.insert((self.nodes[node as usize].height, node, slot + 1));
    }

    pub(crate) fn mark_shape(&mut self, node: u32) {
        self.dirty.insert((self.nodes[node as usize].height, node, SHAPE));
    }

    /// Whether anything is dirty.
    pub(crate) fn has_news(&self) -> bool {
        !self.dirty.is_empty()
    }

    /// Works through everything dirty, lowest first.
    pub(crate) fn settle(&mut self) {
        loop {
            // Who is chosen for together waits for the others of its height, and nobody above looks at it before.
            let height = self.dirty.first().map_or(u32::MAX, |(height, ..)| *height);
            if self.unchosen.first().is_some_and(|(waiting, _)| *waiting < height) {
                self.choose_joint();
                continue;
            }
            let Some((_, node, slot)) = self.dirty.pop_first() else { return };
            if slot == SHAPE {
                self.visit_shape(node);
            } else if ((slot - 1) as usize) < self.nodes[node as usize].items.len() {
                self.visit(ItemRef { node, slot: slot - 1 });
            }
        }
    }
}
