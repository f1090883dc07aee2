//! `throughline nodes`: the node kinds of this build, from their declarations.

use std::fmt::Write;

use clap::Args;
use model::{Diagnostic, NodeSpec, ParamKind, ParamSpec, Params, PortSpec};
use serde_json::json;

use super::Exit;
use super::output::Output;

/// List node kinds, show one in detail, or print the reference page.
#[derive(Args, Debug)]
pub(super) struct Nodes {
    /// A kind, `edit.trim`; part of a name lists what matches.
    kind: Option<String>,
    /// The reference page of all kinds (docs/NODES.md).
    #[arg(long, conflicts_with = "kind")]
    markdown: bool,
}

impl Nodes {
    pub(super) fn run(&self, out: &Output) -> Exit {
        if self.markdown {
            out.page(&nodes::markdown());
            return Exit::Done;
        }
        let text = self.kind.as_deref().unwrap_or_default();
        if let Some(spec) = nodes::CATALOG.find(text) {
            if out.json {
                out.object(&object(spec));
            } else {
                out.line(detail(spec).trim_end());
            }
            return Exit::Done;
        }
        let matches = |spec: &&&NodeSpec| {
            let help = &spec.help;
            spec.kind.contains(text)
                || help.title.contains(text)
                || help.keywords.iter().any(|word| word.contains(text))
        };
        let found: Vec<&NodeSpec> = nodes::ALL.iter().filter(matches).copied().collect();
        if found.is_empty() {
            return out.refuse(&[Diagnostic::error("unknown-kind", format!("no node kind matches `{text}`"))
                .hint("`throughline nodes` lists them all")]);
        }
        if out.json {
            out.object(&found.into_iter().map(object).collect::<Vec<_>>());
            return Exit::Done;
        }
        let widest = found.iter().map(|spec| spec.kind.len()).max().unwrap_or(0);
        for spec in found {
            out.line(format!("{:widest$}  {}", spec.kind, spec.help.summary));
        }
        Exit::Done
    }
}

fn port_line(port: &PortSpec) -> String {
    let many = if port.many { " (many)" } else { "" };
    let required = if port.required { ", required" } else { "" };
    format!("{}: {}{many}{required}", port.name, port.ty.name())
}

/// The type of a parameter with its default and limits, in a few words.
fn kind_text(kind: &ParamKind) -> String {
    match kind {
        ParamKind::Text { default, multiline } => {
            let long = if *multiline { "text of any length" } else { "text" };
            if default.is_empty() { long.to_owned() } else { format!("{long}, default {default:?}") }
        }
        ParamKind::Number { default, min, max, .. } => match (min.is_finite(), max.is_finite()) {
            (false, false) => format!("number, default {default}"),
            _ => format!("number {min} to {max}, default {default}"),
        },
        ParamKind::Integer { default, min, max } => format!("integer {min} to {max}, default {default}"),
        ParamKind::Flag { default } => format!("flag, default {default}"),
        ParamKind::Choice { default, options } => format!("one of {}, default {default}", options.join(", ")),
        ParamKind::Color { default } => format!("colour, default {default}"),
        ParamKind::Colors => "list of colours".to_owned(),
        ParamKind::File { extensions } => format!("file ({})", extensions.join(", ")),
        ParamKind::Files { extensions } => format!("files ({})", extensions.join(", ")),
        ParamKind::Folder => "folder".to_owned(),
        ParamKind::Texts => "list of texts".to_owned(),
        ParamKind::Table { columns } => {
            let names: Vec<_> = columns.iter().map(|column| column.name).collect();
            format!("rows by id with {}", names.join(", "))
        }
    }
}

fn detail(spec: &NodeSpec) -> String {
    let mut text = format!("{} (version {})  {}\n{}\n", spec.kind, spec.version, spec.help.title, spec.help.summary);
    let ports = (spec.ports)(&Params::new());
    // Writing to a String cannot fail.
    for (title, ports) in [("inputs", &ports.inputs), ("outputs", &ports.outputs)] {
        if !ports.is_empty() {
            let _ = writeln!(text, "\n{title}");
        }
        for port in ports {
            let _ = writeln!(text, "  {}\n      {}", port_line(port), port.help);
        }
    }
    if !spec.params.is_empty() {
        text.push_str("\nparameters\n");
    }
    for param in spec.params {
        let unit = if param.unit.is_empty() { String::new() } else { format!(" [{}]", param.unit) };
        let _ = writeln!(text, "  {}{unit}: {}\n      {}", param.name, kind_text(&param.kind), param.help);
    }
    text
}

fn object(spec: &NodeSpec) -> serde_json::Value {
    let ports = (spec.ports)(&Params::new());
    let port = |port: &PortSpec| json!({ "name": port.name, "type": port.ty, "many": port.many, "required": port.required, "help": port.help });
    let param = |param: &ParamSpec| json!({ "name": param.name, "type": kind_text(&param.kind), "unit": param.unit, "help": param.help });
    json!({
        "kind": spec.kind,
        "version": spec.version,
        "title": spec.help.title,
        "category": spec.help.category,
        "summary": spec.help.summary,
        "keywords": spec.help.keywords,
        "inputs": ports.inputs.iter().map(port).collect::<Vec<_>>(),
        "outputs": ports.outputs.iter().map(port).collect::<Vec<_>>(),
        "params": spec.params.iter().map(param).collect::<Vec<_>>(),
    })
}
