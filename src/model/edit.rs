//! Edits: the only way to change a document. Each has an inverse; a gesture is one batch.

use serde::{Deserialize, Serialize};

use crate::{Data, Document, Feed, Node, PortRef, Rate, TakeChoice};

/// One change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Edit {
    /// Adds a node; `at` is its place in the file, the end where none.
    AddNode {
        id: String,
        node: Node,
        at: Option<usize>,
    },
    /// Removes a node with its links, takes and layout.
    RemoveNode {
        id: String,
    },
    /// Renames a node wherever it is mentioned.
    RenameNode {
        from: String,
        to: String,
    },
    /// Sets a parameter, or unsets it (its default holds) with none.
    SetParam {
        node: String,
        param: String,
        value: Option<Data>,
        at: Option<usize>,
    },
    /// Sets what feeds an input, or disconnects it with none.
    SetLink {
        to: PortRef,
        feed: Option<Feed>,
        at: Option<usize>,
    },
    SetTake {
        item: String,
        choice: Option<TakeChoice>,
        at: Option<usize>,
    },
    SetLayout {
        key: String,
        value: Option<Data>,
        at: Option<usize>,
    },
    SetSize {
        size: (u32, u32),
    },
    SetRate {
        fps: Rate,
    },
}

/// What `Document::apply` did.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Applied {
    /// Undoes the batch when applied.
    pub inverse: Vec<Edit>,
    /// Nodes whose plan may change, in order of first mention.
    pub touched: Vec<String>,
}

impl Document {
    /// Applies a batch, all or nothing.
    ///
    /// # Errors
    /// A diagnostic that names the edit's subject; the document is unchanged.
    pub fn apply(&mut self, edits: &[Edit]) -> Result<Applied, crate::Diagnostic> {
        let _ = edits;
        Err(crate::Diagnostic::error("not-yet", "edits are not there yet"))
    }
}
