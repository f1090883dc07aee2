//! Groups on disk: writing the graph that nodes become, reading the one that becomes nodes again.

use std::path::Path;

use model::{Data, Diagnostic, Document, Edit, group_edits};

use super::thread;
use crate::project::write_atomic;

/// What the window does once the disk is done.
pub(super) struct Done {
    pub(super) label: &'static str,
    pub(super) edits: Vec<Edit>,
    /// The node to select.
    pub(super) select: Option<String>,
}

/// Writes a group of nodes beside the graph. Blocks on the disk.
///
/// # Errors
/// A diagnostic where the nodes make no group, or the file cannot be written.
pub(super) fn group_blocking(document: &Document, graph: &Path, nodes: &[String]) -> Result<Done, Diagnostic> {
    thread::may_block();
    let folder = graph.parent().unwrap_or(Path::new("."));
    let free = |n: &u32| {
        let id = name(*n);
        let prefix = format!("{id}-");
        !document.nodes.keys().any(|node| *node == id || node.starts_with(&prefix))
            && !folder.join(format!("{id}.ron")).exists()
    };
    let id = (1..10_000).find(free).map(name).ok_or_else(|| {
        Diagnostic::error("too-many-groups", "10000 groups in one folder are enough").hint("remove some of their files")
    })?;
    let file = format!("{id}.ron");
    let (inner, edits) = group_edits::pack(document, nodes, &id, &file)?;
    write_atomic(&folder.join(&file), inner.to_text().as_bytes())?;
    Ok(Done { label: "Group", edits, select: Some(id) })
}

fn name(n: u32) -> String {
    if n == 1 { "group".to_owned() } else { format!("group_{n}") }
}

/// Reads a group's file and puts its nodes in its place. The file stays: other graphs may use it. Blocks on the disk.
///
/// # Errors
/// A diagnostic where the node is no group, or its file cannot be read.
pub(super) fn ungroup_blocking(document: &Document, graph: &Path, node: &str) -> Result<Done, Diagnostic> {
    thread::may_block();
    let file = document.nodes.get(node).and_then(|node| node.params.get("file")).and_then(Data::as_text);
    let file = file.ok_or_else(|| Diagnostic::error("not-a-group", format!("`{node}` is no group with a file")))?;
    let inner = crate::project::Project::read_beside(graph, file)?;
    let edits = group_edits::unpack(document, node, &inner)?;
    Ok(Done { label: "Ungroup", edits, select: None })
}
