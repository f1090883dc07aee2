//! A ComfyUI workflow in the API format: nodes by id, read from a stranger's file, never trusted.
//!
//! Knows the file's shape, not what its classes mean: that is in [`super::info`]. Turning the editor's own format into
//! this one was rejected: only ComfyUI's front end can do it, as it alone knows the order of each node's widgets.

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;
use model::{Diagnostic, Digest};
use serde_json::{Map, Value, json};

/// Largest workflow file in bytes.
pub(crate) const MOST_BYTES: u64 = 16 << 20;
/// Most nodes.
const MOST_NODES: usize = 20_000;
/// How a workflow becomes a file that can be used.
const EXPORT: &str = "open it in ComfyUI, choose File > Export (API), and use the file that this saves";

/// See the module.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Workflow {
    pub nodes: IndexMap<String, Node>,
}

/// One node.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    pub class: String,
    /// As its author called it; the class where it has no title of its own.
    pub title: String,
    pub inputs: Map<String, Value>,
}

impl Workflow {
    /// Reads a workflow. A saved request (`{"prompt": {...}}`) is taken as well.
    ///
    /// # Errors
    /// `comfy-ui-format` for the format that ComfyUI's editor saves, `comfy-workflow` for what is none at all.
    pub fn parse(name: &str, text: &str) -> Result<Workflow, Diagnostic> {
        let wrong = |why: String| {
            Diagnostic::error("comfy-workflow", format!("{name} is no ComfyUI workflow: {why}")).hint(EXPORT)
        };
        if MOST_BYTES < text.len() as u64 {
            return Err(wrong(format!("it has more than {MOST_BYTES} bytes")));
        }
        let value: Value = serde_json::from_str(text)
            // Python writes numbers that JSON has not; they stand where a node had no fixed result.
            .or_else(|error| if text.contains("NaN") { serde_json::from_str(&without_nan(text)) } else { Err(error) })
            .map_err(|error| wrong(format!("it is not JSON ({error})")))?;
        let Value::Object(fields) = value else { return Err(wrong("it is not an object".to_owned())) };
        Workflow::of(name, fields)
    }

    fn of(name: &str, mut fields: Map<String, Value>) -> Result<Workflow, Diagnostic> {
        let wrong = |why: String| {
            Diagnostic::error("comfy-workflow", format!("{name} is no ComfyUI workflow: {why}")).hint(EXPORT)
        };
        if is_ui(&fields) {
            return Err(ui_format(name));
        }
        if let Some(Value::Object(inner)) = fields.get_mut("prompt")
            && !inner.contains_key("class_type")
        {
            let inner = std::mem::take(inner);
            return Workflow::of(name, inner);
        }
        if fields.is_empty() || MOST_NODES < fields.len() {
            return Err(wrong(format!("it has {} nodes, not 1 to {MOST_NODES}", fields.len())));
        }
        let mut nodes = IndexMap::new();
        for (id, mut value) in fields {
            let Some(class) = value.get("class_type").and_then(Value::as_str).map(str::to_owned) else {
                return Err(wrong(format!("`{}` has no class_type", short(&id))));
            };
            let title = value.pointer("/_meta/title").and_then(Value::as_str).filter(|title| !title.trim().is_empty());
            let title = title.unwrap_or(&class).to_owned();
            let inputs = match value.get_mut("inputs").map(Value::take) {
                Some(Value::Object(inputs)) => inputs,
                None | Some(Value::Null) => Map::new(),
                Some(_) => return Err(wrong(format!("the inputs of `{}` are no object", short(&id)))),
            };
            nodes.insert(id, Node { class, title, inputs });
        }
        Ok(Workflow { nodes })
    }

    /// As the server wants it.
    pub fn to_json(&self) -> Value {
        let node =
            |node: &Node| json!({ "class_type": node.class, "inputs": node.inputs, "_meta": { "title": node.title } });
        Value::Object(self.nodes.iter().map(|(id, it)| (id.clone(), node(it))).collect())
    }

    /// What its results depend on: titles and the order of the file are left out.
    pub fn digest(&self) -> Digest {
        let nodes: BTreeMap<_, _> = self
            .nodes
            .iter()
            .map(|(id, node)| (id, (&node.class, node.inputs.iter().collect::<BTreeMap<_, _>>())))
            .collect();
        Digest::of(json!(nodes).to_string().as_bytes())
    }

    /// Only what these nodes need.
    #[must_use]
    pub fn pruned(&self, outputs: &[&str]) -> Workflow {
        let mut wanted: BTreeSet<&str> = BTreeSet::new();
        let mut open: Vec<&str> = outputs.to_vec();
        while let Some(id) = open.pop() {
            if let Some(node) = self.nodes.get(id)
                && wanted.insert(id)
            {
                open.extend(node.inputs.values().filter_map(link).map(|(id, _)| id));
            }
        }
        let nodes = self.nodes.iter().filter(|(id, _)| wanted.contains(id.as_str()));
        Workflow { nodes: nodes.map(|(id, node)| (id.clone(), node.clone())).collect() }
    }

    /// The classes that it uses.
    pub fn classes(&self) -> BTreeSet<&str> {
        self.nodes.values().map(|node| node.class.as_str()).collect()
    }
}

/// JSON with null for each `NaN` that stands outside of texts.
fn without_nan(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let (mut is_text, mut is_escaped) = (false, false);
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if !is_text && rest.starts_with("NaN") {
            plain.push_str("null");
            rest = &rest[3..];
            continue;
        }
        is_text ^= c == '"' && !is_escaped;
        is_escaped = is_text && c == '\\' && !is_escaped;
        plain.push(c);
        rest = &rest[c.len_utf8()..];
    }
    plain
}

/// A link to an output of another node: its id and the output's number.
pub(crate) fn link(value: &Value) -> Option<(&str, u64)> {
    match value.as_array().map(Vec::as_slice) {
        Some([Value::String(id), Value::Number(slot)]) => Some((id, slot.as_u64()?)),
        _ => None,
    }
}

/// The format that ComfyUI's editor saves: nodes and links as lists, widgets by position.
fn is_ui(fields: &Map<String, Value>) -> bool {
    let has_list = |name: &str| fields.get(name).is_some_and(Value::is_array);
    has_list("nodes") && (has_list("links") || fields.contains_key("last_node_id") || fields.contains_key("version"))
}

/// Why a file of the editor's own format cannot be used.
pub(crate) fn ui_format(name: &str) -> Diagnostic {
    let message = format!("{name} is in the format of ComfyUI's editor, which only ComfyUI itself can turn into a job");
    Diagnostic::error("comfy-ui-format", message)
        .hint(EXPORT)
        .hint("where the menu has no such entry, switch on the developer mode in ComfyUI's settings first")
}

/// A name out of a stranger's file, short enough to be shown.
pub(crate) fn short(text: &str) -> String {
    let mut shown: String = text.chars().take(60).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: &str = r#"{
        "9": { "class_type": "SaveImage", "inputs": { "images": ["3", 0], "filename_prefix": "x" } },
        "3": { "class_type": "EmptyImage", "inputs": { "width": 64 }, "_meta": { "title": "Canvas" } },
        "4": { "class_type": "PreviewAny", "inputs": { "source": ["3", 0] } }
    }"#;

    #[test]
    fn an_export_is_read_and_written() {
        let workflow = Workflow::parse("x.json", SMALL).expect("it reads");
        assert_eq!(workflow.nodes["3"].title, "Canvas");
        assert_eq!(workflow.nodes["9"].title, "SaveImage");
        let again = Workflow::parse("x.json", &workflow.to_json().to_string()).expect("it reads");
        assert_eq!(again, workflow);
        let request = format!("{{\"prompt\": {SMALL}, \"client_id\": \"me\"}}");
        assert_eq!(Workflow::parse("x.json", &request), Ok(workflow.clone()));
        let pruned = workflow.pruned(&["9"]);
        assert_eq!(pruned.nodes.keys().collect::<Vec<_>>(), ["9", "3"]);
    }

    #[test]
    fn what_depends_on_a_title_is_nothing() {
        let workflow = Workflow::parse("x.json", SMALL).expect("it reads");
        let retitled = Workflow::parse("x.json", &SMALL.replace("Canvas", "Sheet")).expect("it reads");
        assert_eq!(retitled.digest(), workflow.digest());
        let wider = Workflow::parse("x.json", &SMALL.replace("64", "65")).expect("it reads");
        assert_ne!(wider.digest(), workflow.digest());
    }

    #[test]
    fn other_files_are_explained() {
        let told = |text: &str| Workflow::parse("x.json", text).expect_err("refused");
        let ui = told(r#"{"last_node_id": 1, "nodes": [], "links": [], "version": 0.4}"#);
        assert_eq!(ui.code, "comfy-ui-format");
        assert!(ui.hints[0].contains("File > Export (API)"), "{ui}");
        for bad in [
            "",
            "[]",
            "{}",
            "{\"a\": 1}",
            "{\"a\": {\"class_type\": 1}}",
            "{\"1\": {\"class_type\": \"A\", \"inputs\": 3}}",
        ] {
            assert_eq!(told(bad).code, "comfy-workflow", "{bad}");
        }
        assert!(Workflow::parse("deep", &"[".repeat(100_000)).is_err());
    }
}
