//! Nodes as boxes: which ports show, and where each part of a node is.
//!
//! A box depends on its node, its look in the layout and the names of the ports that links mention, and on nothing
//! else: that is what lets the scene make one box anew after an edit.

use std::collections::HashMap;

use egui::{Pos2, Rect, Vec2, pos2, vec2};
use indexmap::IndexMap;
use model::{Data, Document, GROUP, GroupFace, Name, NodeSpec, ParamKind, PortSpec, PortType, Ports};

use crate::cx::Cx;
use crate::wiring::place_of;

/// Sizes of a node's parts, in canvas points.
pub(crate) mod part {
    pub(crate) const WIDTH: f32 = 184.0;
    pub(crate) const TITLE: f32 = 26.0;
    pub(crate) const SUMMARY: f32 = 17.0;
    pub(crate) const ROW: f32 = 18.0;
    pub(crate) const THUMB: f32 = 100.0;
    pub(crate) const STATE: f32 = 18.0;
    /// The radius of a port.
    pub(crate) const PORT: f32 = 5.0;
}

/// A port as the canvas shows it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct PortBox {
    pub(crate) name: Name,
    pub(crate) ty: PortType,
    pub(crate) many: bool,
    pub(crate) required: bool,
    pub(crate) param: bool,
    /// Links mention it, but the node does not have it.
    pub(crate) missing: bool,
    pub(crate) connected: bool,
    /// Where it is, from the node's upper left corner; none for inputs that are not shown.
    pub(crate) at: Option<Vec2>,
}

/// A node as the canvas shows it.
#[derive(Clone, Debug)]
pub(crate) struct NodeBox {
    pub(crate) id: String,
    pub(crate) kind: String,
    /// What the kind is called.
    pub(crate) title: String,
    pub(crate) spec: Option<&'static NodeSpec>,
    pub(crate) rect: Rect,
    pub(crate) inputs: Vec<PortBox>,
    pub(crate) outputs: Vec<PortBox>,
    /// How many inputs are not shown.
    pub(crate) n_hidden: usize,
    /// The row that shows or hides them.
    pub(crate) more: Option<Rect>,
    pub(crate) open: bool,
    pub(crate) folded: bool,
    pub(crate) bypassed: bool,
    /// It shares its parameters with others.
    pub(crate) linked: bool,
    /// Where the thumbnail is, from the upper left corner.
    pub(crate) thumb: Option<Rect>,
    /// Parameters that the document sets, in one line.
    pub(crate) summary: String,
}

impl NodeBox {
    /// A box that is not made yet.
    pub(super) fn vacant() -> NodeBox {
        NodeBox {
            id: String::new(),
            kind: String::new(),
            title: String::new(),
            spec: None,
            rect: Rect::NOTHING,
            inputs: Vec::new(),
            outputs: Vec::new(),
            n_hidden: 0,
            more: None,
            open: false,
            folded: false,
            bypassed: false,
            linked: false,
            thumb: None,
            summary: String::new(),
        }
    }
}

/// Makes boxes of a document's nodes.
pub(super) struct Maker<'a> {
    document: &'a Document,
    kinds: HashMap<&'static str, &'static NodeSpec>,
    groups: &'a IndexMap<String, GroupFace>,
}

impl<'a> Maker<'a> {
    pub(super) fn new(cx: &'a Cx<'_>) -> Maker<'a> {
        let kinds = cx.catalog.0.iter().map(|spec| (spec.kind, *spec)).collect();
        Maker { document: cx.document, kinds, groups: &cx.view.groups }
    }

    /// The ports that a node has by its declaration.
    pub(super) fn ports(&self, id: &str) -> Ports {
        let Some(node) = self.document.nodes.get(id) else { return Ports::default() };
        match self.kinds.get(node.kind.as_str()) {
            Some(spec) => spec.ports_of(&node.params),
            None if node.kind == GROUP => self.groups.get(id).map(|face| face.ports.clone()).unwrap_or_default(),
            None => Ports::default(),
        }
    }

    /// A node's box, and whether the document says where it is. `inputs` and `outputs` are the ports that links
    /// mention.
    pub(super) fn make(&self, i: usize, inputs: &[&str], outputs: &[&str]) -> Option<(NodeBox, bool)> {
        let (id, node) = self.document.nodes.get_index(i)?;
        let spec = self.kinds.get(node.kind.as_str()).copied();
        let ports = self.ports(id);
        let place = place_of(self.document, id);
        let at = place.map_or(Pos2::ZERO, |(x, y)| pos2(x, y));
        let look = self.document.layout.get(id).and_then(Data::as_fields);
        let flag = |name: &str| look.and_then(|look| look.get(name)).and_then(Data::as_flag);
        let made = NodeBox {
            id: id.clone(),
            title: match (spec, node.kind.as_str()) {
                (Some(spec), _) => spec.help.title.to_owned(),
                (None, GROUP) => "Group".to_owned(),
                (None, kind) => kind.to_owned(),
            },
            kind: node.kind.clone(),
            spec,
            rect: Rect::from_min_size(at, Vec2::ZERO),
            inputs: ports.inputs.iter().map(|port| port_box(port, inputs)).collect(),
            outputs: ports.outputs.iter().map(|port| port_box(port, outputs)).collect(),
            n_hidden: 0,
            more: None,
            open: flag("open") == Some(true),
            folded: flag("folded") == Some(true),
            bypassed: node.is_bypassed(),
            linked: node.linked().is_some(),
            thumb: None,
            summary: summary(node, spec),
        };
        Some((measured(made, inputs, outputs, flag("thumbnail") != Some(false)), place.is_some()))
    }
}

fn port_box(port: &PortSpec, connected: &[&str]) -> PortBox {
    PortBox {
        name: port.name.clone(),
        ty: port.ty,
        many: port.many,
        required: port.required,
        param: port.param,
        missing: false,
        connected: connected.contains(&&*port.name),
        at: None,
    }
}

/// A port that only links know: of a kind that this build does not know, or a wrong name.
fn missing_port(name: &str) -> PortBox {
    PortBox {
        name: name.to_owned().into(),
        ty: PortType::Any,
        many: true,
        required: false,
        param: false,
        missing: true,
        connected: true,
        at: None,
    }
}

/// Adds the ports that only links know, by name: their order must not depend on that of the links.
fn add_missing(ports: &mut Vec<PortBox>, mentioned: &[&str]) {
    let mut missing: Vec<&str> =
        mentioned.iter().copied().filter(|name| !ports.iter().any(|port| port.name == *name)).collect();
    missing.sort_unstable();
    missing.dedup();
    ports.extend(missing.into_iter().map(missing_port));
}

/// Decides which ports show, and where everything is.
fn measured(mut node: NodeBox, inputs: &[&str], outputs: &[&str], thumbnail: bool) -> NodeBox {
    add_missing(&mut node.inputs, inputs);
    add_missing(&mut node.outputs, outputs);
    let place = |at: Pos2, height: f32| Rect::from_min_size(at, vec2(part::WIDTH, height));
    if node.folded {
        let middle = part::TITLE / 2.0;
        node.inputs.iter_mut().filter(|port| port.connected || !port.param).for_each(|port| {
            port.at = Some(vec2(0.0, middle));
        });
        node.outputs.iter_mut().for_each(|port| port.at = Some(vec2(part::WIDTH, middle)));
        node.rect = place(node.rect.min, part::TITLE);
        return node;
    }
    let mut top = part::TITLE;
    if !node.summary.is_empty() {
        top += part::SUMMARY;
    }
    let row = |i: usize| top + (i as f32 + 0.5) * part::ROW + 2.0;
    let prompt = |port: &PortBox| {
        let spec = node.spec.and_then(|spec| spec.param(&port.name));
        matches!(spec.map(|spec| spec.kind), Some(ParamKind::Text { multiline: true, .. }))
    };
    let shown: Vec<bool> =
        node.inputs.iter().map(|port| !port.param || port.connected || node.open || prompt(port)).collect();
    let mut n_rows = 0;
    for (port, shown) in node.inputs.iter_mut().zip(&shown) {
        if *shown {
            port.at = Some(vec2(0.0, row(n_rows)));
            n_rows += 1;
        }
    }
    node.n_hidden = shown.iter().filter(|shown| !**shown).count();
    let foldable = node.inputs.iter().zip(&shown).any(|(port, shown)| !shown || (node.open && port.param));
    for (i, port) in node.outputs.iter_mut().enumerate() {
        port.at = Some(vec2(part::WIDTH, row(i)));
    }
    if foldable {
        let left = row(n_rows) - part::ROW / 2.0;
        node.more = Some(Rect::from_min_size(pos2(0.0, left), vec2(part::WIDTH * 0.6, part::ROW)));
        n_rows += 1;
    }
    let mut bottom = top + n_rows.max(node.outputs.len()) as f32 * part::ROW + 4.0;
    let pictured = node.outputs.iter().any(|port| matches!(port.ty, PortType::Image | PortType::Clip));
    if thumbnail && pictured {
        node.thumb = Some(Rect::from_min_size(pos2(6.0, bottom), vec2(part::WIDTH - 12.0, part::THUMB - 4.0)));
        bottom += part::THUMB;
    }
    node.rect = place(node.rect.min, bottom + part::STATE);
    node
}

/// What the document sets, shortly: the most telling values first come from the order of the declaration.
fn summary(node: &model::Node, spec: Option<&NodeSpec>) -> String {
    let mut line = String::new();
    for (name, value) in &node.params {
        let text = match value {
            Data::Text(text) => text.lines().next().unwrap_or_default().to_owned(),
            Data::Flag(true) => name.clone(),
            Data::Flag(false) => format!("no {name}"),
            Data::Integer(_) | Data::Number(_) => {
                let unit = spec.and_then(|spec| spec.param(name)).map_or("", |param| param.unit);
                // `seconds 2.0` says it all.
                let unit = if name.contains(unit) { String::new() } else { format!(" {unit}") };
                format!("{name} {}{unit}", value.to_text())
            }
            Data::List(items) => format!("{} {name}", items.len()),
            _ => continue,
        };
        if text.is_empty() {
            continue;
        }
        if !line.is_empty() {
            line.push_str(" · ");
        }
        line.extend(text.chars().take(60));
        if 60 < line.len() {
            break;
        }
    }
    line
}
