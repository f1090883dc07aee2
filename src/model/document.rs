//! The document: nodes, links, takes and layout. Every change is an [`Edit`]; nothing here plans or runs.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use crate::{Data, Digest, Rate};

/// The file format that this build writes.
pub const FORMAT: u32 = 1;

/// A graph. Maps keep the file's order.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Document {
    pub settings: Settings,
    pub nodes: IndexMap<String, Node>,
    /// Input `node.port` to the outputs that feed it.
    pub links: IndexMap<PortRef, Feed>,
    /// Chosen takes by item, `generate/s2.b1`.
    pub takes: IndexMap<String, TakeChoice>,
    /// Positions, colours, folds; never part of a key.
    pub layout: IndexMap<String, Data>,
    /// Sections that this build does not know, written back untouched.
    pub unknown: IndexMap<String, Data>,
}

/// What holds for the whole graph.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Picture width and height in pixels.
    pub size: (u32, u32),
    pub fps: Rate,
    pub unknown: IndexMap<String, Data>,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings { size: (1280, 720), fps: Rate::FILM, unknown: IndexMap::new() }
    }
}

/// One node.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Node {
    /// `family.noun`; may be unknown to this build.
    pub kind: String,
    /// The kind's version when the node was written.
    pub version: u32,
    pub params: IndexMap<String, Data>,
    /// Fields that only some nodes have, `bypass` among them, and those that this build does not know.
    pub unknown: IndexMap<String, Data>,
}

/// The field of a node that says that it is bypassed, `bypass: true`.
pub(crate) const BYPASS: &str = "bypass";

impl Node {
    /// Whether the node lets its input through instead of running.
    pub fn is_bypassed(&self) -> bool {
        self.unknown.get(BYPASS).and_then(Data::as_flag) == Some(true)
    }
}

/// A port of a node, `shots.script` in files.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PortRef {
    pub node: String,
    pub port: String,
}

impl PortRef {
    /// A port by the names of node and port.
    pub fn new(node: &str, port: &str) -> PortRef {
        PortRef { node: node.to_owned(), port: port.to_owned() }
    }

    /// Reads `node.port`: the node is what stands before the first dot.
    pub fn parse(text: &str) -> Option<PortRef> {
        let (node, port) = text.split_once('.')?;
        (!node.is_empty() && !port.is_empty()).then(|| PortRef::new(node, port))
    }
}

impl std::fmt::Display for PortRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.node, self.port)
    }
}

/// What feeds an input: one output, or a list of them in order. Files keep the form.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Feed {
    One(PortRef),
    Many(Vec<PortRef>),
}

impl Feed {
    /// The outputs in order.
    pub fn sources(&self) -> &[PortRef] {
        match self {
            Feed::One(source) => std::slice::from_ref(source),
            Feed::Many(sources) => sources,
        }
    }
}

/// Which take of an item is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TakeChoice {
    pub take: u32,
    /// Used whatever changes upstream.
    pub pinned: bool,
    /// Which result of that number, where several were made of changed inputs; the newest where nobody said.
    pub key: Option<Digest>,
}

impl TakeChoice {
    /// A take by its number, made anew when its inputs change.
    pub fn of(take: u32) -> TakeChoice {
        TakeChoice { take, pinned: false, key: None }
    }

    /// A take that is kept, by its number alone.
    pub fn pinned(take: u32) -> TakeChoice {
        TakeChoice { pinned: true, ..TakeChoice::of(take) }
    }
}

impl Document {
    /// The take of an item that a run asks for; 1 where nobody chose.
    pub fn take(&self, item: &str) -> TakeChoice {
        self.takes.get(item).copied().unwrap_or(TakeChoice::of(1))
    }
}
