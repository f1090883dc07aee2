//! Whether a workflow can run on a server, told from what the server says about its classes: everything at once.
//!
//! The server itself stops at the first missing class and looks at nothing above a wrong link, so that repairing by its
//! answers takes a round for each fault. It stays the judge: what this check does not understand, it lets pass.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use model::Diagnostic;
use serde_json::Value;

use super::info::{Class, Classes, Input};
use super::workflow::{Workflow, link, short};

/// Types that only links give.
const LINKED: &[&str] = &[
    "MODEL",
    "CLIP",
    "VAE",
    "CONDITIONING",
    "LATENT",
    "IMAGE",
    "MASK",
    "AUDIO",
    "VIDEO",
    "SAMPLER",
    "SIGMAS",
    "GUIDER",
    "NOISE",
    "CLIP_VISION",
    "CLIP_VISION_OUTPUT",
    "CONTROL_NET",
    "STYLE_MODEL",
];
/// Choices that a message lists.
const MOST_LISTED: usize = 12;

/// One fault of a workflow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The node's id; empty where it is about the whole.
    pub node: String,
    pub title: String,
    pub input: Option<String>,
    /// A clause.
    pub what: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.node, &self.input) {
            (node, _) if node.is_empty() => f.write_str(&self.what),
            (node, Some(input)) => write!(f, "{} (#{node}) {input}: {}", self.title, self.what),
            (node, None) => write!(f, "{} (#{node}): {}", self.title, self.what),
        }
    }
}

/// Every fault that can be told. `classes` holds what the server said of each class of the workflow.
pub(super) fn faults(workflow: &Workflow, classes: &Classes) -> Vec<Fault> {
    let mut found = Vec::new();
    for (id, node) in &workflow.nodes {
        let mut fault = |input: Option<&str>, what: String| {
            let input = input.map(short);
            found.push(Fault { node: short(id), title: short(&node.title), input, what });
        };
        let class = match classes.get(&node.class) {
            Some(Some(class)) => class,
            Some(None) => {
                fault(None, format!("the server has no class `{}`: a custom node is missing", short(&node.class)));
                continue;
            }
            None => continue,
        };
        for (name, input) in class.inputs.iter().filter(|(_, input)| input.is_required) {
            let grown = node.inputs.keys().filter(|key| key.split_once('.').is_some_and(|(before, _)| before == name));
            let has = node.inputs.contains_key(name) || input.grows() && input.fewest <= grown.count() as u64;
            if !has {
                fault(Some(name), "it is required and missing".to_owned());
            }
        }
        for (name, value) in &node.inputs {
            let input = class.input(name);
            let judged = match link(value) {
                Some((from, slot)) => judge_link(workflow, classes, from, slot, input),
                None => input.map_or(Ok(()), |input| judge_literal(input, value)),
            };
            if let Err(what) = judged {
                fault(Some(name), what);
            }
        }
    }
    let whole = |what: &str| Fault { node: String::new(), title: String::new(), input: None, what: what.to_owned() };
    let is_output = |class: &str| match classes.get(class) {
        Some(Some(class)) => class.is_output,
        _ => true,
    };
    if !workflow.nodes.values().any(|node| is_output(&node.class)) {
        found.push(whole("no node of it saves or shows anything"));
    }
    if let Some(id) = circle(workflow) {
        found.push(whole(&format!("the links go in a circle through #{}", short(&id))));
    }
    found
}

/// All faults as one thing to tell.
pub(crate) fn told(name: &str, server: &str, faults: &[Fault]) -> Diagnostic {
    const MOST: usize = 40;
    let mut list: Vec<_> = faults.iter().take(MOST).map(ToString::to_string).collect();
    if MOST < faults.len() {
        list.push(format!("and {} more", faults.len() - MOST));
    }
    let n = if faults.len() == 1 { "one fault".to_owned() } else { format!("{} faults", faults.len()) };
    Diagnostic::error("comfy-invalid", format!("{name} cannot run on {server}, by {n}: {}", list.join("; ")))
        .hint("repair it in ComfyUI and export it again, or install what is missing on the server")
}

fn judge_link(
    workflow: &Workflow,
    classes: &Classes,
    from: &str,
    slot: u64,
    input: Option<&Input>,
) -> Result<(), String> {
    let Some(source) = workflow.nodes.get(from) else {
        return Err(format!("it is linked to #{}, which is not there", short(from)));
    };
    let Some(Some(Class { outputs, .. })) = classes.get(&source.class) else { return Ok(()) };
    let Some(kind) = usize::try_from(slot).ok().and_then(|slot| outputs.get(slot)) else {
        return Err(format!(
            "{} (#{}) has {} outputs, none at {slot}",
            short(&source.title),
            short(from),
            outputs.len()
        ));
    };
    match input {
        Some(input) if !input.takes(kind) => {
            Err(format!("{} (#{}) gives {kind}, it takes {}", short(&source.title), short(from), input.kind))
        }
        _ => Ok(()),
    }
}

fn judge_literal(input: &Input, value: &Value) -> Result<(), String> {
    if input.is_open() {
        return Ok(());
    }
    let shown = || short(&value.to_string());
    if let Some(choices) = &input.choices {
        // Numbers in choices are written either way.
        let same = |choice: &Value| choice == value || choice.as_f64().is_some() && choice.as_f64() == value.as_f64();
        if value.is_array() || input.is_upload && !value.is_string() || choices.iter().any(same) {
            return Ok(());
        }
        let mut listed: Vec<_> = choices.iter().take(MOST_LISTED).map(|it| short(&it.to_string())).collect();
        if MOST_LISTED < choices.len() {
            listed.push(format!("{} more", choices.len() - MOST_LISTED));
        }
        return Err(format!("{} is none of its choices: {}", shown(), listed.join(", ")));
    }
    let kinds: Vec<_> = input.kind.split(',').map(str::trim).collect();
    if kinds.iter().all(|kind| LINKED.contains(kind)) {
        return Err(format!("it wants a link that gives {}, not {}", input.kind, shown()));
    }
    let [kind] = kinds.as_slice() else { return Ok(()) };
    let number = match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        Value::Bool(flag) => Some(f64::from(u8::from(*flag))),
        _ => None,
    };
    match *kind {
        "INT" | "FLOAT" => {
            let number = number.ok_or_else(|| format!("{} is no number", shown()))?;
            match (input.least, input.most) {
                (Some(least), _) if number < least => Err(format!("{} is less than {least}", shown())),
                (_, Some(most)) if most < number => Err(format!("{} is more than {most}", shown())),
                _ => Ok(()),
            }
        }
        "STRING" if value.is_object() || value.is_array() => Err(format!("{} is no text", shown())),
        _ => Ok(()),
    }
}

/// A node on a circle of links. Without recursion: chains may be long.
fn circle(workflow: &Workflow) -> Option<String> {
    let mut waits: BTreeMap<&str, usize> = BTreeMap::new();
    let mut feeds: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (id, node) in &workflow.nodes {
        let from: BTreeSet<_> = node.inputs.values().filter_map(link).map(|(from, _)| from).collect();
        let from: Vec<_> = from.into_iter().filter(|from| workflow.nodes.contains_key(*from)).collect();
        waits.insert(id, from.len());
        from.into_iter().for_each(|from| feeds.entry(from).or_default().push(id));
    }
    let mut ready: Vec<&str> = waits.iter().filter(|(_, n)| **n == 0).map(|(id, _)| *id).collect();
    while let Some(id) = ready.pop() {
        waits.remove(id);
        for next in feeds.remove(id).into_iter().flatten() {
            if let Some(n) = waits.get_mut(next) {
                *n -= 1;
                if *n == 0 {
                    ready.push(next);
                }
            }
        }
    }
    waits.keys().next().map(|id| (*id).to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn classes() -> Classes {
        let answer = json!({
            "Empty": { "input": { "required": { "width": ["INT", { "min": 1, "max": 4096 }], "color": ["INT", { "min": 0 }] } },
                "output": ["IMAGE"] },
            "Save": { "input": { "required": { "images": ["IMAGE"], "format": [["png", "jpg"]] } }, "output_node": true },
            "Text": { "input": { "required": { "value": ["STRING", {}] } }, "output": ["STRING"] },
            "Grow": { "input": { "required": { "values": ["COMFY_AUTOGROW_V3", { "template": { "min": 1 } }] } }, "output": ["*"] },
        });
        let names = ["Empty", "Save", "Text", "Grow", "Gone"];
        names.into_iter().map(|name| (name.to_owned(), Class::of(&answer, name))).collect()
    }

    #[test]
    fn all_faults_are_told_at_once() {
        let workflow = Workflow::parse(
            "x",
            &json!({
                "1": { "class_type": "Empty", "inputs": { "width": 0, "color": "blue" } },
                "2": { "class_type": "Save", "inputs": { "images": ["4", 0], "format": "gif" } },
                "3": { "class_type": "Gone", "inputs": {} },
                "4": { "class_type": "Text", "inputs": {} },
                "5": { "class_type": "Save", "inputs": { "images": ["1", 7], "format": ["9", 0] } },
                "6": { "class_type": "Grow", "inputs": { "values.a": ["7", 0] } },
                "7": { "class_type": "Grow", "inputs": { "values.a": ["6", 0] } },
                "8": { "class_type": "Save", "inputs": { "images": 3, "format": "png" } },
            })
            .to_string(),
        )
        .expect("it reads");
        let shown: Vec<_> = faults(&workflow, &classes()).iter().map(ToString::to_string).collect();
        assert_eq!(
            shown,
            [
                "Empty (#1) width: 0 is less than 1",
                "Empty (#1) color: \"blue\" is no number",
                "Save (#2) images: Text (#4) gives STRING, it takes IMAGE",
                "Save (#2) format: \"gif\" is none of its choices: \"png\", \"jpg\"",
                "Gone (#3): the server has no class `Gone`: a custom node is missing",
                "Text (#4) value: it is required and missing",
                "Save (#5) images: Empty (#1) has 1 outputs, none at 7",
                "Save (#5) format: it is linked to #9, which is not there",
                "Save (#8) images: it wants a link that gives IMAGE, not 3",
                "the links go in a circle through #6",
            ]
        );
    }

    #[test]
    fn what_the_server_takes_is_let_pass() {
        let workflow = Workflow::parse(
            "x",
            &json!({
                "1": { "class_type": "Empty", "inputs": { "width": "16", "color": 0, "extra": 3 } },
                "2": { "class_type": "Save", "inputs": { "images": ["1", 0], "format": ["3", 0] } },
                "3": { "class_type": "Text", "inputs": { "value": "png" } },
                "4": { "class_type": "Grow", "inputs": { "values.a": ["1", 0], "values.b": 4 } },
                "5": { "class_type": "Never asked about", "inputs": {} },
            })
            .to_string(),
        )
        .expect("it reads");
        assert_eq!(faults(&workflow, &classes()), []);
        let mute = workflow.pruned(&["1"]);
        assert_eq!(faults(&mute, &classes())[0].to_string(), "no node of it saves or shows anything");
    }

    #[test]
    fn a_long_chain_needs_no_stack() {
        let node = |n: u32| json!({ "class_type": "Grow", "inputs": { "values.a": [(n + 1).to_string(), 0] } });
        let nodes = (0..15_000).map(|n| (n.to_string(), node(n))).collect();
        let workflow = Workflow::parse("x", &Value::Object(nodes).to_string()).expect("it reads");
        assert_eq!(faults(&workflow, &classes()).len(), 2, "a dangling link and no output");
    }
}
