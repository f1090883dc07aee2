//! A node with everything on it, and the box with a title that is left of it further out.

use egui::{Align2, CornerRadius, Id, Pos2, Rect, Sense, Shape, Stroke, StrokeKind, Ui, pos2, vec2};
use model::{Severity, Value};

use super::Brush;
use crate::canvas::gestures::Gesture;
use crate::canvas::hit::Hit;
use crate::canvas::scene::{NodeBox, PortBox, part};
use crate::cx::{Cx, End, Picture, Shown};
use crate::icons::{self, Icon};
use crate::theme::size;
use crate::view::{ItemState, ItemView, NodeView, dollars};

impl Brush<'_> {
    pub(super) fn node(&self, ui: &Ui, i: u32, cx: &mut Cx<'_>) {
        let node = &self.scene.nodes[i as usize];
        let rect = self.camera.rect_to_screen(node.rect);
        let view = self.scene.view_of(cx.view, i);
        self.label(ui, i, node, rect, view);
        let zoom = self.camera.zoom;
        let alpha = if node.bypassed { 0.45 } else { 1.0 };
        let round = 6.0 * zoom;
        let selected = cx.shared.selection.nodes.contains(&node.id);
        let state = view.map(|view| &view.state);
        let edge = match state {
            _ if selected => Stroke::new(2.0, self.theme.text),
            Some(ItemState::Running { .. }) => Stroke::new(1.5, self.theme.accent),
            Some(ItemState::Failed(_)) => Stroke::new(1.5, self.theme.bad),
            _ => Stroke::new(1.0, self.theme.outline),
        };
        self.painter.rect(rect, round, self.theme.faded(self.theme.raised, alpha), edge, StrokeKind::Outside);
        let title = Rect::from_min_size(rect.min, vec2(rect.width(), part::TITLE * zoom));
        let corner = |on: bool| if on { round.round() as u8 } else { 0 };
        let corners =
            CornerRadius { nw: corner(true), ne: corner(true), sw: corner(node.folded), se: corner(node.folded) };
        self.painter.rect_filled(title, corners, self.theme.faded(self.theme.family(&node.kind), alpha));
        let known = node.spec.is_some() || node.kind == model::GROUP;
        let icon = if known { icons::of_kind(&node.kind) } else { Icon::CircleQuestionMark };
        self.icon(pos2(title.left() + 14.0 * zoom, title.center().y), icon, size::ICON, self.theme.text);
        let text = pos2(title.left() + 27.0 * zoom, title.center().y);
        let badge = self.badge(title, node, view);
        self.line(text, Align2::LEFT_CENTER, &node.id, size::BODY, self.theme.text, badge - text.x - 4.0 * zoom);
        if node.bypassed {
            let (a, b) = (rect.left_bottom(), rect.right_top());
            self.painter.line_segment([a, b], Stroke::new(2.0 * zoom, self.theme.watch));
        }
        if node.folded {
            self.ports(i, node, view, cx);
            return;
        }
        if !node.summary.is_empty() {
            let at = pos2(rect.left() + 8.0 * zoom, title.bottom() + part::SUMMARY * 0.5 * zoom + zoom);
            let room = rect.width() - 16.0 * zoom;
            self.line(at, Align2::LEFT_CENTER, &node.summary, size::SMALL, self.theme.weak, room);
        }
        self.ports(i, node, view, cx);
        if let Some(thumb) = node.thumb {
            self.thumbnail(i, thumb, view, cx);
        }
        self.state(rect, node, view);
    }

    /// What screen readers and tests find. It senses no click: the canvas takes those itself.
    fn label(&self, ui: &Ui, i: u32, node: &NodeBox, rect: Rect, view: Option<&NodeView>) {
        let rect = rect.intersect(self.camera.view);
        let response = ui.interact(rect, ui.scope_id().with(("node", &node.id)), Sense::hover());
        response.widget_info(|| {
            let state = view.map_or("unknown", |view| view.state.name());
            let mut info = egui::WidgetInfo::labeled(egui::Role::Group, true, format!("Node {}", node.id));
            info.current_text_value = Some(format!("{}, {state}", node.title));
            info
        });
        if !matches!(self.hover, Hit::Port { node, .. } if *node == i) {
            return;
        }
        if let Hit::Port { port, end, .. } = self.hover {
            let (name, at) = match end {
                End::Output => (&node.outputs[*port as usize].name, self.scene.output_at((i, *port))),
                End::Input => (&node.inputs[*port as usize].name, self.scene.input_at((i, *port))),
            };
            let place = Rect::from_center_size(self.camera.to_screen(at), vec2(14.0, 14.0));
            let id: Id = ui.scope_id().with(("port", &node.id, name));
            ui.interact(place, id, Sense::hover()).widget_info(|| {
                egui::WidgetInfo::labeled(egui::Role::Button, true, format!("Port {}.{name}", node.id))
            });
        }
    }

    /// How many elements are done, at the right of the title; returns where it starts.
    fn badge(&self, title: Rect, node: &NodeBox, view: Option<&NodeView>) -> f32 {
        let zoom = self.camera.zoom;
        let mut right = title.right() - 6.0 * zoom;
        if node.kind == model::GROUP {
            self.icon(pos2(right - 6.0 * zoom, title.center().y), Icon::ExternalLink, size::BODY, self.theme.weak);
            right -= 18.0 * zoom;
        }
        if node.linked {
            self.icon(pos2(right - 6.0 * zoom, title.center().y), Icon::Link2, size::BODY, self.theme.text);
            right -= 18.0 * zoom;
        }
        let Some(view) = view else { return right };
        let text = match view.items.as_slice() {
            _ if view.unknown_elements => "?".to_owned(),
            [] => return right,
            [only] if only.element.is_none() => return right,
            items => format!("{}/{}", view.n_done, items.len()),
        };
        let at = pos2(right, title.center().y);
        let color = if view.n_done == view.items.len() { self.theme.good } else { self.theme.text };
        self.line(at, Align2::RIGHT_CENTER, &text, size::SMALL, color, title.width() * 0.4).left()
    }

    fn ports(&self, i: u32, node: &NodeBox, view: Option<&NodeView>, cx: &Cx<'_>) {
        let failed = match view.map(|view| &view.state) {
            Some(ItemState::Failed(problem)) => problem.subject.field.as_deref(),
            _ => None,
        };
        let mine =
            cx.view.problems.iter().take(200).filter(|problem| {
                problem.severity == Severity::Error && problem.subject.node.as_deref() == Some(&node.id)
            });
        let fields: Vec<&str> = mine.filter_map(|problem| problem.subject.field.as_deref()).chain(failed).collect();
        let problems = |name: &str| fields.contains(&name);
        for (end, ports) in [(End::Input, &node.inputs), (End::Output, &node.outputs)] {
            for (port, at, n) in ports.iter().enumerate().filter_map(|(n, port)| Some((port, port.at?, n as u32))) {
                let bad = port.missing && node.spec.is_some() || problems(&port.name);
                self.port(i, node, (end, n), port, self.camera.to_screen(node.rect.min + at), bad);
            }
        }
        if let Some(more) = node.more {
            let at = self.camera.to_screen(node.rect.min + more.left_center().to_vec2());
            let text = if node.open {
                "Fewer inputs".to_owned()
            } else {
                match node.n_hidden {
                    1 => "1 more input".to_owned(),
                    n => format!("{n} more inputs"),
                }
            };
            let lit = matches!(self.hover, Hit::More(node) if *node == i);
            let color = if lit { self.theme.text } else { self.theme.weak };
            let room = more.width() * self.camera.zoom;
            self.line(at + vec2(12.0, 0.0) * self.camera.zoom, Align2::LEFT_CENTER, &text, size::SMALL, color, room);
        }
    }

    fn port(&self, i: u32, node: &NodeBox, (end, n): (End, u32), port: &PortBox, at: Pos2, bad: bool) {
        let zoom = self.camera.zoom;
        let alpha = self.port_alpha(i, end, port.ty);
        let color = self.theme.faded(self.theme.port(port.ty), alpha);
        let radius = part::PORT * zoom;
        let lit = matches!(self.hover, Hit::Port { node, port, end: side } if (*node, *port, *side) == (i, n, end));
        let edge = Stroke::new(1.0, self.theme.canvas);
        // A port for many values is a square; an input that must be connected and is not has a hole.
        let fill = if port.required && !port.connected { self.theme.canvas } else { color };
        let edge = if fill == color { edge } else { Stroke::new(2.0 * zoom, color) };
        if port.many {
            let square = Rect::from_center_size(at, vec2(radius, radius) * 1.8);
            self.painter.rect(square, 2.0 * zoom, fill, edge, StrokeKind::Middle);
        } else {
            self.painter.circle(at, radius, fill, edge);
        }
        if lit {
            self.painter.circle_stroke(at, radius + 3.0, Stroke::new(1.5, self.theme.accent));
        }
        if bad {
            self.painter.circle_stroke(at, radius + 2.5 * zoom, Stroke::new(2.0 * zoom, self.theme.bad));
        }
        if node.folded {
            return;
        }
        let shown = if bad { self.theme.bad } else { self.theme.text };
        let shown = self.theme.faded(shown, if port.param && !port.connected { alpha * 0.65 } else { alpha });
        let side = if node.outputs.is_empty() || node.inputs.is_empty() { 0.9 } else { 0.55 };
        let room = (part::WIDTH * side - 12.0) * zoom;
        match end {
            End::Input => {
                self.line(at + vec2(10.0, 0.0) * zoom, Align2::LEFT_CENTER, &port.name, size::SMALL + 0.5, shown, room)
            }
            End::Output => {
                self.line(at - vec2(10.0, 0.0) * zoom, Align2::RIGHT_CENTER, &port.name, size::SMALL + 0.5, shown, room)
            }
        };
    }

    fn thumbnail(&self, i: u32, place: Rect, view: Option<&NodeView>, cx: &mut Cx<'_>) {
        let zoom = self.camera.zoom;
        let node = &self.scene.nodes[i as usize];
        let rect = self.camera.rect_to_screen(place.translate(node.rect.min.to_vec2()));
        self.painter.rect_filled(rect, 3.0 * zoom, self.theme.stage);
        let across = match (self.hover, self.pointer) {
            (Hit::Thumb(node), Some(pointer)) if *node == i && matches!(self.gesture, Gesture::Idle) => {
                Some(((pointer.x - rect.left()) / rect.width()).clamp(0.0, 0.999))
            }
            _ => None,
        };
        let Some((picture, stale, caption)) = view.and_then(|view| pictured(node, view, across, cx)) else {
            let word = if view.is_some_and(|view| matches!(view.state, ItemState::Running { .. })) {
                "Making it"
            } else {
                "Nothing yet"
            };
            self.line(rect.center(), Align2::CENTER_CENTER, word, size::SMALL, self.theme.outline, rect.width());
            return;
        };
        let ctx = self.painter.ctx();
        // Two sizes only, so that zooming asks for no new pictures.
        let wanted = if rect.width() * ctx.pixels_per_point() <= 256.0 { 256 } else { 640 };
        match cx.gallery.picture(ctx, &picture, wanted) {
            Shown::Ready(texture, pixels) => {
                let scale = (rect.width() / pixels.x).min(rect.height() / pixels.y);
                let shown = Rect::from_center_size(rect.center(), pixels * scale);
                let uv = Rect::from_min_max(Pos2::ZERO, pos2(1.0, 1.0));
                let tint = self.theme.faded(egui::Color32::WHITE, if stale { 0.45 } else { 1.0 });
                self.painter.image(texture, shown, uv, tint);
            }
            Shown::Waiting => {
                self.line(rect.center(), Align2::CENTER_CENTER, "…", size::BODY, self.theme.outline, rect.width());
            }
            Shown::Failed(_) => {
                let place = rect.center();
                self.line(place, Align2::CENTER_CENTER, "No picture", size::SMALL, self.theme.watch, rect.width());
            }
        }
        if let Some(across) = across {
            let x = rect.left() + across * rect.width();
            self.painter.vline(x, rect.y_range(), Stroke::new(1.0, self.theme.accent));
            let at = rect.left_bottom() + vec2(4.0, -3.0) * zoom;
            self.line(at, Align2::LEFT_BOTTOM, &caption, size::SMALL, self.theme.weak, rect.width() - 8.0);
        }
        if stale {
            let at = rect.right_top() + vec2(-4.0, 3.0) * zoom;
            self.line(at, Align2::RIGHT_TOP, "stale", size::SMALL, self.theme.watch, rect.width());
        }
    }

    /// The strip at the bottom: a word for the state, and the price where it waits for money.
    fn state(&self, rect: Rect, node: &NodeBox, view: Option<&NodeView>) {
        let zoom = self.camera.zoom;
        let strip = Rect::from_min_max(pos2(rect.left(), rect.bottom() - part::STATE * zoom), rect.max);
        let known = node.spec.is_some() || node.kind == model::GROUP;
        let unknown = ItemState::Unknown;
        let state = view.map_or(&unknown, |view| &view.state);
        let (word, color) = match state {
            _ if !known => ("unknown kind, kept as it is".to_owned(), self.theme.watch),
            _ if node.bypassed => ("bypassed".to_owned(), self.theme.watch),
            ItemState::Held { cost: Some(cost) } => (format!("held, {}", dollars(*cost)), self.theme.state(state)),
            ItemState::Held { cost: None } => ("held, price unknown".to_owned(), self.theme.state(state)),
            ItemState::Running { progress } => {
                let share = progress.clamp(0.0, 1.0);
                let bar = Rect::from_min_size(strip.min, vec2(strip.width() * share, strip.height()));
                self.painter.rect_filled(bar, 0.0, self.theme.faded(self.theme.accent, 0.3));
                (format!("running, {:.0} %", share * 100.0), self.theme.state(state))
            }
            ItemState::Failed(problem) => (problem.message.clone(), self.theme.state(state)),
            ItemState::Blocked { by } => (format!("blocked by {by}"), self.theme.state(state)),
            ItemState::Want { by } => (format!("waiting for {by}"), self.theme.state(state)),
            ItemState::Unknown => (node.title.clone(), self.theme.weak),
            other => (other.name().to_owned(), self.theme.state(other)),
        };
        let stale = view.is_some_and(NodeView::is_stale) && !matches!(state, ItemState::Done);
        let word = if stale && !node.bypassed { format!("{word} (stale)") } else { word };
        let model = view.map_or("", |view| view.model.as_str());
        let word = if model.is_empty() || !known { word } else { format!("{word} · {model}") };
        let dot = pos2(strip.left() + 10.0 * zoom, strip.center().y);
        self.painter.circle_filled(dot, 3.0 * zoom, color);
        let at = dot + vec2(8.0 * zoom, 0.0);
        self.line(at, Align2::LEFT_CENTER, &word, size::SMALL, color, strip.width() - 26.0 * zoom);
    }

    /// A box with a title.
    pub(super) fn small_node(&self, ui: &Ui, i: u32, cx: &Cx<'_>) {
        let node = &self.scene.nodes[i as usize];
        let rect = self.camera.rect_to_screen(node.rect);
        let view = self.scene.view_of(cx.view, i);
        if self.scene.nodes.len() <= 300 {
            self.label(ui, i, node, rect, view);
        }
        let alpha = if node.bypassed { 0.4 } else { 1.0 };
        let selected = cx.shared.selection.nodes.contains(&node.id);
        let edge = if selected { Stroke::new(2.0, self.theme.text) } else { Stroke::NONE };
        let fill = self.theme.faded(self.theme.family(&node.kind), alpha);
        self.painter.rect(rect, 2.0, fill, edge, StrokeKind::Outside);
        if let Some(view) = view {
            let strip = Rect::from_min_max(pos2(rect.left(), rect.bottom() - 3.0), rect.max);
            self.painter.add(Shape::rect_filled(strip, 0.0, self.theme.state(&view.state)));
        }
        // Titles stay readable further out than anything else on a node.
        let points = (size::BODY * self.camera.zoom).clamp(8.0, size::BODY) / self.camera.zoom;
        if 30.0 < rect.width() {
            let at = rect.left_top() + vec2(4.0, 2.0);
            self.line(at, Align2::LEFT_TOP, &node.id, points, self.theme.text, rect.width() - 6.0);
        }
    }
}

/// The picture of a node: of the selected element or the first that has one; under the pointer, of the element or the
/// frame that it points at. With whether it is stale, and what it is of.
fn pictured<'a>(
    node: &NodeBox,
    view: &'a NodeView,
    across: Option<f32>,
    cx: &Cx<'_>,
) -> Option<(Picture, bool, String)> {
    let port =
        |item: &'a ItemView| node.outputs.iter().find_map(|port| item.value(&port.name).filter(|it| is_picture(it)));
    let selected = &cx.shared.selection.elements;
    let chosen =
        |item: &&'a ItemView| item.element.as_ref().is_some_and(|id| selected.contains(id)) && port(item).is_some();
    let first = || view.items.iter().find(|item| port(item).is_some());
    let (item, several) = match across {
        Some(across) => {
            // Who scrubs looks at the list; more elements than a thumbnail has columns cannot be told apart.
            let with: Vec<&ItemView> = view.items.iter().filter(|item| port(item).is_some()).take(2000).collect();
            let several = 1 < with.len();
            let at = if several { (across * with.len() as f32) as usize } else { 0 };
            (with.get(at).copied()?, several)
        }
        None if selected.is_empty() => (first()?, false),
        None => (view.items.iter().find(chosen).or_else(first)?, false),
    };
    let value = port(item)?;
    let within = across.filter(|_| !several).unwrap_or(0.0);
    let (picture, what) = picture_of(value, within)?;
    let caption = match (&item.element, several) {
        (Some(element), true) => element.clone(),
        _ => what,
    };
    Some((picture, item.is_stale(), caption))
}

fn is_picture(value: &Value) -> bool {
    match value {
        Value::Image(_) => true,
        Value::Clip(clip) => 0 < clip.n_frames(),
        Value::List(list) => list.get(0).is_some_and(|entry| matches!(entry.value, Value::Image(_) | Value::Clip(_))),
        _ => false,
    }
}

/// A still of a value, so far into it.
fn picture_of(value: &Value, across: f32) -> Option<(Picture, String)> {
    match value {
        Value::Image(image) => Some((Picture::Image(image.clone()), String::new())),
        Value::Clip(clip) => {
            let n = clip.n_frames();
            // Scrubbing asks for few different frames, which are kept.
            let steps = n.clamp(1, 24);
            let frame = (across * steps as f32) as u64 * n / steps;
            let frame = frame.min(n.checked_sub(1)?);
            Some((Picture::Frame { clip: clip.clone(), frame }, format!("frame {frame} of {n}")))
        }
        Value::List(list) => {
            let at = (across * list.len() as f32) as usize;
            let entry = list.get(at.min(list.len().checked_sub(1)?))?;
            let (picture, _) = picture_of(&entry.value, 0.0)?;
            Some((picture, entry.id.to_string()))
        }
        _ => None,
    }
}
