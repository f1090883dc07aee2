//! The engine's picture of a document: nodes in dense arrays, inputs with their sources, users, heights.
//!
//! Rebuilt when the wiring changes, patched in place when only parameters or takes do. The document stays the only
//! model; this is a cache that can always be made again from it.

use std::collections::BTreeSet;
use std::sync::Arc;

use indexmap::IndexMap;
use model::spec::{Name, Ports};
use model::{
    Catalog, Diagnostic, Digest, Document, ElementId, List, NodeSpec, Params, PortType, Settings, TakeChoice, Value,
    walk,
};

use crate::meet::Elements;
use crate::state::{ItemRef, State};

/// The outputs of a finished item, in the order of the node's output ports.
#[derive(Debug, PartialEq)]
pub(crate) struct Out {
    pub values: Vec<(Value, Digest)>,
}

/// One item.
#[derive(Debug)]
pub(crate) struct Item {
    pub state: State,
    /// Digest of everything the last plan saw; a plan is not called again while it stands.
    pub seen: Digest,
    /// Key of the work, where the item is one.
    pub key: Option<Digest>,
    /// Whether it is a work, or needed some: what counts as made or reused.
    pub worked: bool,
    /// The last outputs; stale unless the state is `Done`.
    pub out: Option<Arc<Out>>,
    /// The slot that this one depends on.
    pub sibling: Option<u32>,
    /// Remarks of the last plan.
    pub notes: Vec<Diagnostic>,
}

impl Default for Item {
    fn default() -> Item {
        Item {
            state: State::Unknown,
            seen: Digest::default(),
            key: None,
            worked: false,
            out: None,
            sibling: None,
            notes: Vec::new(),
        }
    }
}

/// The elements of a node.
#[derive(Clone, Debug)]
pub(crate) enum Shape {
    /// One item, no element.
    Single,
    /// One item for each element.
    Many(Arc<Elements>),
    /// Not known until another item has run.
    Unknown { by: ItemRef },
    /// The inputs do not meet.
    Broken(Box<Diagnostic>),
}

/// How an input finds its value for a slot.
#[derive(Clone, Debug)]
pub(crate) enum Mode {
    /// Not decided yet.
    Unset,
    /// One value for all slots.
    Shared,
    /// The source's item at the same element.
    Each { positions: Option<Arc<[u32]>> },
    /// An entry of the cached list.
    Listed { positions: Option<Arc<[u32]>> },
    /// The whole cached list.
    Gather,
}

/// An output that feeds an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Source {
    pub node: u32,
    /// Index among the source's output ports.
    pub out: u32,
}

/// A connected input.
#[derive(Debug)]
pub(crate) struct Input {
    pub name: Name,
    pub ty: PortType,
    pub many: bool,
    pub sources: Vec<Source>,
    pub mode: Mode,
    /// The elements of all sources as one list, where the mode needs it.
    pub list: Option<List>,
    /// Positions of sources that are not current.
    pub waiting: BTreeSet<u32>,
}

/// An edge seen from its source.
#[derive(Clone, Copy, Debug)]
pub(crate) struct User {
    pub node: u32,
    /// Index among the user's connected inputs.
    pub input: u32,
    /// Position among the input's sources.
    pub position: u32,
    /// Index among the source's output ports.
    pub out: u32,
}

/// One node with its items.
#[derive(Debug)]
pub(crate) struct NodeState {
    pub id: Arc<str>,
    /// Absent for an unknown kind.
    pub spec: Option<&'static NodeSpec>,
    pub params: Params,
    /// Digest of kind, version, parameters and graph settings.
    pub rev: Digest,
    pub ports: Ports,
    pub inputs: Vec<Input>,
    pub users: Vec<User>,
    /// Longest distance from a source.
    pub height: u32,
    pub shape: Shape,
    /// Whether the shape was decided since the last rebuild.
    pub shaped: bool,
    pub items: Vec<Item>,
    /// Slots that are not current.
    pub pending: BTreeSet<u32>,
    /// Slots that failed or are blocked.
    pub dead: BTreeSet<u32>,
    /// Chosen takes by element, empty for the item without one.
    pub takes: IndexMap<String, TakeChoice>,
    /// Who depends on which slot, for nodes whose elements depend on each other.
    pub sibling_users: Vec<Vec<u32>>,
    /// Whether some element ever depended on itself or a later one.
    pub looks_ahead: bool,
    /// Why no plan is possible: unknown kind, a circle.
    pub problem: Option<Box<Diagnostic>>,
    /// Remarks on how the inputs meet.
    pub notes: Vec<Diagnostic>,
}

impl NodeState {
    /// The id of the element at a slot.
    pub(crate) fn element(&self, slot: u32) -> Option<&ElementId> {
        match &self.shape {
            Shape::Many(elements) => elements.get(slot as usize),
            _ => None,
        }
    }

    /// Whether every item is current and the elements are known.
    pub(crate) fn is_settled(&self) -> bool {
        matches!(self.shape, Shape::Single | Shape::Many(_)) && self.pending.is_empty()
    }

    /// The take choice for a slot.
    pub(crate) fn take(&self, slot: u32) -> TakeChoice {
        if self.takes.is_empty() {
            return TakeChoice::of(1);
        }
        let element = self.element(slot).map_or("", |id| &**id);
        self.takes.get(element).copied().unwrap_or(TakeChoice::of(1))
    }
}

/// The digest that stands for a node's own settings in `seen`.
pub(crate) fn revision(kind: &str, version: u32, params: &Params, settings: &Settings) -> Digest {
    // How models are chosen is looked at for every call, so that whoever asks one plans again when it changes.
    let models = settings.unknown.get(model::policy::SECTION);
    walk::digest_of(&(kind, version, params, settings.size, settings.fps, models))
}

/// Takes of one node, by element.
pub(crate) fn takes_of(document: &Document, node: &str) -> IndexMap<String, TakeChoice> {
    let mine = |(item, choice): (&String, &TakeChoice)| {
        let (owner, element) = item.split_once('/').unwrap_or((item.as_str(), ""));
        (owner == node).then(|| (element.to_owned(), *choice))
    };
    document.takes.iter().filter_map(mine).collect()
}

/// Builds every node of a document; items are not planned yet.
pub(crate) fn build(document: &Document, catalog: Catalog) -> Vec<NodeState> {
    let mut nodes: Vec<NodeState> =
        document.nodes.iter().map(|(id, node)| node_of(document, catalog, id, node)).collect();
    for (item, choice) in &document.takes {
        let (owner, element) = item.split_once('/').unwrap_or((item.as_str(), ""));
        if let Some(node_idx) = document.nodes.get_index_of(owner) {
            nodes[node_idx].takes.insert(element.to_owned(), *choice);
        }
    }
    let mut edges: Vec<(u32, User)> = Vec::new();
    for (to, feed) in &document.links {
        let Some(node_idx) = document.nodes.get_index_of(&to.node) else { continue };
        let Some(port) = nodes[node_idx].ports.inputs.iter().find(|port| port.name == to.port).cloned() else {
            continue;
        };
        let mut sources = Vec::new();
        for source in feed.sources() {
            let Some(source_idx) = document.nodes.get_index_of(&source.node) else { continue };
            let Some(out) = nodes[source_idx].ports.outputs.iter().position(|port| port.name == source.port) else {
                continue;
            };
            let position = sources.len() as u32;
            let input = nodes[node_idx].inputs.len() as u32;
            sources.push(Source { node: source_idx as u32, out: out as u32 });
            edges.push((source_idx as u32, User { node: node_idx as u32, input, position, out: out as u32 }));
        }
        if sources.is_empty() {
            continue;
        }
        let waiting = (0..sources.len() as u32).collect();
        nodes[node_idx].inputs.push(Input {
            name: port.name,
            ty: port.ty,
            many: port.many,
            sources,
            mode: Mode::Unset,
            list: None,
            waiting,
        });
    }
    for (source, user) in edges {
        nodes[source as usize].users.push(user);
    }
    set_heights(&mut nodes);
    nodes
}

fn node_of(document: &Document, catalog: Catalog, id: &str, node: &model::Node) -> NodeState {
    let spec = catalog.find(&node.kind);
    let problem = spec.is_none().then(|| {
        Box::new(
            Diagnostic::error("unknown-kind", format!("this build has no node kind `{}`", node.kind))
                .at_node(id)
                .hint("it is kept in the file untouched; a newer version may know it"),
        )
    });
    NodeState {
        id: id.into(),
        spec,
        params: node.params.clone(),
        rev: revision(&node.kind, spec.map_or(node.version, |spec| spec.version), &node.params, &document.settings),
        ports: spec.map(|spec| spec.ports_of(&node.params)).unwrap_or_default(),
        inputs: Vec::new(),
        users: Vec::new(),
        height: 0,
        shape: Shape::Single,
        shaped: false,
        items: vec![Item::default()],
        pending: BTreeSet::from([0]),
        dead: BTreeSet::new(),
        takes: IndexMap::new(),
        sibling_users: Vec::new(),
        looks_ahead: false,
        problem,
        notes: Vec::new(),
    }
}

/// Heights by Kahn's algorithm, without recursion; nodes on or behind a circle get a problem.
fn set_heights(nodes: &mut [NodeState]) {
    let mut missing: Vec<usize> =
        nodes.iter().map(|node| node.inputs.iter().map(|it| it.sources.len()).sum()).collect();
    let mut open: Vec<usize> = (0..nodes.len()).filter(|idx| missing[*idx] == 0).collect();
    let mut n_placed = 0;
    while let Some(idx) = open.pop() {
        n_placed += 1;
        let height = nodes[idx].height + 1;
        for edge in 0..nodes[idx].users.len() {
            let user = nodes[idx].users[edge].node as usize;
            nodes[user].height = nodes[user].height.max(height);
            missing[user] -= 1;
            if missing[user] == 0 {
                open.push(user);
            }
        }
    }
    if n_placed < nodes.len() {
        for (idx, node) in nodes.iter_mut().enumerate() {
            if 0 < missing[idx] {
                let circle = Diagnostic::error("cycle", "this node is part of a circle of links, or waits for one")
                    .at_node(&node.id)
                    .hint("disconnect one link of the circle");
                node.problem = Some(Box::new(circle));
            }
        }
    }
}
