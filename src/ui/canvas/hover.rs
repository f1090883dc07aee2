//! What the pointer rests on, in a few lines: a node's runs, a port's type and value, a wire's conversion.

use egui::{Id, Ui};
use model::{PortSpec, Value};

use super::Canvas;
use super::hit::Hit;
use super::scene::{NodeBox, PortBox};
use crate::cx::{Cx, End};
use crate::view::{ItemState, NodeView, dollars};

/// How long the pointer rests before anything is said, in seconds.
const DELAY: f32 = 0.45;

impl Canvas {
    pub(super) fn hover_ui(&self, ui: &Ui, hover: &Hit, cx: &Cx<'_>) {
        if matches!(hover, Hit::Empty | Hit::Decor(_) | Hit::Corner(_) | Hit::Bend { .. } | Hit::More(_)) {
            return;
        }
        let rested = ui.input(|input| input.pointer.time_since_last_movement());
        if rested < DELAY {
            ui.ctx().request_repaint_after(std::time::Duration::from_secs_f32(DELAY - rested + 0.01));
            return;
        }
        if egui::Popup::is_any_open(ui.ctx()) {
            return;
        }
        let lines = self.lines(hover, cx);
        if lines.is_empty() {
            return;
        }
        let id: Id = ui.scope_id().with("hover");
        egui::Tooltip::always_open(ui.ctx().clone(), ui.layer_id(), id, egui::PopupAnchor::Pointer).gap(14.0).show(
            |ui| {
                ui.set_max_width(320.0);
                for (i, line) in lines.iter().enumerate() {
                    match (i, line.bad) {
                        (_, true) => ui.colored_label(cx.theme.bad, &line.text),
                        (0, _) => ui.strong(&line.text),
                        _ => ui.label(&line.text),
                    };
                }
            },
        );
    }

    fn lines(&self, hover: &Hit, cx: &Cx<'_>) -> Vec<Line> {
        match hover {
            Hit::Port { node, port, end } => {
                let it = &self.scene.nodes[*node as usize];
                let ports = if *end == End::Output { &it.outputs } else { &it.inputs };
                port_lines(it, &ports[*port as usize], *end, self.scene.view_of(cx.view, *node), cx)
            }
            Hit::Wire { wire, .. } => {
                let it = &self.scene.wires[*wire as usize];
                let (from, to) = self.scene.names(it);
                let (given, wanted) = self.scene.types(it);
                let mut lines = vec![Line::new(format!("{from} to {to}"))];
                if given.converts(wanted) {
                    lines.push(Line::new(format!("{} becomes {}", given.name(), wanted.name())));
                }
                let n = self.scene.view_of(cx.view, it.from.0).map_or(0, |view| view.items.len());
                if it.many || 1 < n {
                    lines.push(Line::new(if 1 < n { format!("A list of {n}") } else { "A list".to_owned() }));
                }
                lines
            }
            Hit::Title(node) | Hit::Body(node) => {
                let it = &self.scene.nodes[*node as usize];
                let mut lines = node_lines(it, self.scene.view_of(cx.view, *node));
                if it.linked {
                    let others: Vec<&str> = cx.document.linked_with(&it.id).take(6).collect();
                    lines.push(Line::new(format!("Linked with {}", others.join(", "))));
                }
                lines
            }
            _ => Vec::new(),
        }
    }
}

struct Line {
    text: String,
    bad: bool,
}

impl Line {
    fn new(text: impl Into<String>) -> Line {
        Line { text: text.into(), bad: false }
    }

    fn bad(text: impl Into<String>) -> Line {
        Line { text: text.into(), bad: true }
    }
}

fn node_lines(node: &NodeBox, view: Option<&NodeView>) -> Vec<Line> {
    let mut lines = vec![Line::new(format!("{}: {}", node.id, node.title))];
    if let Some(spec) = node.spec {
        lines.push(Line::new(spec.help.summary));
    }
    let Some(view) = view else { return lines };
    match &view.state {
        ItemState::Failed(problem) => {
            lines.push(Line::bad(&problem.message));
            lines.extend(problem.hints.iter().take(3).map(Line::new));
        }
        ItemState::Held { cost: Some(cost) } => {
            lines.push(Line::new(format!("Held: it would cost {}", dollars(*cost))))
        }
        ItemState::Blocked { by } => lines.push(Line::bad(format!("Blocked by {by}"))),
        state => lines.push(Line::new(state.name())),
    }
    if 1 < view.items.len() {
        lines.push(Line::new(format!("{} of {} done", view.n_done, view.items.len())));
    }
    match view.n_cooks {
        0 if matches!(view.state, ItemState::Running { .. }) => {}
        0 => lines.push(Line::new("Not run since the graph was opened")),
        1 => lines.push(Line::new(format!("Ran once, {:.1} s", view.seconds))),
        n => lines.push(Line::new(format!("Ran {n} times, {:.1} s in all", view.seconds))),
    }
    if let Some(model) = view.items.iter().find_map(|item| item.model.as_ref()) {
        lines.push(Line::new(format!("Model: {model}")));
    }
    lines
}

fn port_lines(node: &NodeBox, port: &PortBox, end: End, view: Option<&NodeView>, cx: &Cx<'_>) -> Vec<Line> {
    let list = if port.many { ", a list" } else { "" };
    let mut lines = vec![Line::new(format!("{}: {}{list}", port.name, port.ty.name()))];
    if port.missing {
        lines.push(Line::bad(match node.spec {
            Some(_) => "This node has no such port",
            None => "This kind of node is unknown to this version",
        }));
    }
    if let Some(help) = help_of(node, port, end, cx) {
        lines.push(Line::new(help));
    }
    if end == End::Input && port.required && !port.connected {
        lines.push(Line::bad("It must be connected"));
    }
    if let Some(view) = view.filter(|_| end == End::Output)
        && let Some(value) = view.items.iter().find_map(|item| item.value(&port.name))
    {
        let n = view.items.len();
        let word = in_a_word(value);
        lines.push(Line::new(if 1 < n { format!("{word}, and {} more", n - 1) } else { word }));
    }
    let here = |problem: &&model::Diagnostic| {
        problem.subject.node.as_deref() == Some(&node.id) && problem.subject.field.as_deref() == Some(&*port.name)
    };
    let failed = match view.map(|view| &view.state) {
        Some(ItemState::Failed(problem)) => Some(&**problem),
        _ => None,
    };
    for problem in cx.view.problems.iter().chain(failed).filter(here).take(3) {
        lines.push(Line::bad(&problem.message));
        lines.extend(problem.hints.iter().take(2).map(Line::new));
    }
    lines
}

fn help_of(node: &NodeBox, port: &PortBox, end: End, cx: &Cx<'_>) -> Option<&'static str> {
    let ports = cx.ports(&node.id);
    let side: &[PortSpec] = if end == End::Output { &ports.outputs } else { &ports.inputs };
    side.iter().find(|it| it.name == port.name).map(|it| it.help).filter(|help| !help.is_empty())
}

/// A value as a few words.
fn in_a_word(value: &Value) -> String {
    let short = |text: &str| {
        let line = text.lines().next().unwrap_or_default();
        let cut: String = line.chars().take(80).collect();
        if cut.len() < text.len() { format!("“{cut}…”") } else { format!("“{cut}”") }
    };
    match value {
        Value::Text(text) | Value::Choice(text) => short(text),
        Value::Number(number) => number.to_string(),
        Value::Integer(integer) => integer.to_string(),
        Value::Flag(flag) => if *flag { "true" } else { "false" }.to_owned(),
        Value::Color(color) => color.to_string(),
        Value::Clip(clip) => format!("{} frames, {} by {}", clip.n_frames(), clip.size.0, clip.size.1),
        Value::Report(report) => report.summary.clone(),
        Value::List(list) => format!("a list of {}", list.len()),
        other => other.port_type().name().to_owned(),
    }
}
