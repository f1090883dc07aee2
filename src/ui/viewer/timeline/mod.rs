//! The timeline: the film's shots as blocks, their sound, markers, range and playhead. Drags scrub, the wheel zooms.
//!
//! Only what is in view is drawn, and blocks too narrow to tell apart are drawn as one stripe of states.

mod paint;
mod scale;

use egui::{CursorIcon, Rect, Response, Role, Sense, Ui, WidgetInfo, pos2, vec2};

use super::film::{Part, Reel};
use super::markers::{self, Marker};
use super::seen::Seen;
use super::transport::Transport;
use crate::cx::{Cx, Look};
use crate::player::Side;
use crate::theme::{size, space};
use scale::Scale;

/// Heights in points: the ruler, and the sound below the blocks.
const RULER: f32 = 16.0;
const SOUND: f32 = 20.0;

/// See the module.
#[derive(Debug)]
pub(crate) struct Timeline {
    /// How much larger than all of the film it is, and the first frame in view.
    zoom: f64,
    first: f64,
    scrub: Option<u64>,
    /// A marker that is dragged: where it is now, and the gesture's number.
    moved: Option<(u64, u64)>,
    /// A name that is typed: the marker's frame, the text, and the gesture's number.
    naming: Option<(u64, String, u64)>,
    /// The element that was selected last, here or elsewhere.
    pub(crate) chosen: Option<String>,
}

impl Default for Timeline {
    fn default() -> Timeline {
        Timeline { zoom: 1.0, first: 0.0, scrub: None, moved: None, naming: None, chosen: None }
    }
}

/// The lanes of the strip.
#[derive(Clone, Copy)]
struct Lanes {
    ruler: Rect,
    blocks: Rect,
    sound: Rect,
}

/// What a gesture on the strip happens on.
struct Strip<'a> {
    scale: Scale,
    lanes: Lanes,
    seen: &'a Seen,
    reel: &'a Reel,
}

impl Lanes {
    fn new(rect: Rect) -> Lanes {
        let ruler = Rect::from_min_size(rect.min, vec2(rect.width(), RULER));
        let below = rect.bottom() - SOUND.min((rect.height() - RULER) * 0.4).max(0.0);
        let blocks = Rect::from_min_max(pos2(rect.left(), ruler.bottom()), pos2(rect.right(), below));
        let sound = Rect::from_min_max(pos2(rect.left(), below + 1.0), rect.max);
        Lanes { ruler, blocks, sound }
    }
}

impl Timeline {
    pub(crate) fn show(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, seen: &Seen, reel: &Reel, transport: &Transport) {
        let rect = ui.available_rect_before_wrap();
        let response = ui.allocate_rect(rect, Sense::click_and_drag());
        response.widget_info(|| WidgetInfo::labeled(Role::Group, true, "Timeline"));
        let n_frames = reel.recipe.n_frames();
        let status = cx.player.status(Side::A);
        let playhead = self.scrub.unwrap_or(status.frame).min(n_frames.saturating_sub(1));
        let mut scale = Scale::zoomed(rect.x_range(), n_frames, self.zoom, self.first);
        if status.speed != 0.0 && !scale.visible().contains(&playhead) {
            scale = Scale::zoomed(rect.x_range(), n_frames, self.zoom, playhead as f64);
        }
        scale = navigate(ui, &response, scale);
        (self.zoom, self.first) = (scale.zoom(), scale.first);
        let lanes = Lanes::new(rect);
        paint::blocks(ui, cx, &scale, &lanes, reel);
        paint::ruler(ui, cx.theme, &scale, lanes.ruler, reel.recipe.rate);
        paint::range(ui, cx.theme, &scale, rect, transport.range(n_frames));
        paint::playhead(ui, cx.theme, &scale, rect, playhead);
        self.gestures(ui, cx, &response, &Strip { scale, lanes, seen, reel });
        self.markers_ui(ui, cx, &scale, rect, lanes.ruler);
    }

    fn gestures(&mut self, ui: &Ui, cx: &mut Cx<'_>, response: &Response, strip: &Strip<'_>) {
        let Strip { scale, lanes, seen, reel } = strip;
        let pointer = response.interact_pointer_pos();
        if let (Some(at), true) = (pointer, response.dragged_by(egui::PointerButton::Primary)) {
            let frame = scale.frame(at.x);
            if self.scrub.is_none() && cx.player.status(Side::A).speed != 0.0 {
                cx.player.pause();
            }
            if self.scrub.replace(frame) != Some(frame) {
                cx.player.scrub(frame);
            }
        } else if let Some(frame) = self.scrub.take() {
            cx.player.seek(frame);
        }
        let part = |at: egui::Pos2| {
            let idx = reel.at(scale.frame(at.x)).filter(|_| !lanes.ruler.contains(at))?;
            reel.parts.get(idx)
        };
        if let (Some(at), true) = (pointer, response.clicked()) {
            cx.player.seek(scale.frame(at.x));
            if let Some(part) = part(at) {
                self.choose(ui, cx, seen, reel, part);
            }
        }
        if let (Some(part), true) = (pointer.and_then(part), response.double_clicked()) {
            let at = Look { node: part.node.clone(), element: part.element.clone(), ..Look::default() };
            cx.shared.look_a = Some(at);
        }
        if let Some(part) = response.hover_pos().and_then(part).filter(|_| !response.dragged()) {
            let response = response.clone().on_hover_cursor(CursorIcon::PointingHand);
            response.on_hover_ui_at_pointer(|ui| hint_ui(ui, cx, part, reel));
        }
    }

    /// Selects a shot's element and the node that made it. The viewer stays where it is.
    fn choose(&mut self, ui: &Ui, cx: &mut Cx<'_>, seen: &Seen, reel: &Reel, part: &Part) {
        let Some(element) = part.element.clone() else { return };
        let modifiers = ui.input(|input| input.modifiers);
        let chosen = &mut cx.shared.selection.elements;
        let position = |element: &str| reel.parts.iter().position(|part| part.element.as_deref() == Some(element));
        let last = chosen.last().and_then(|last| position(last)).filter(|_| modifiers.shift);
        if modifiers.command {
            if !chosen.shift_remove(&element) {
                chosen.insert(element.clone());
            }
        } else if let (Some(last), Some(here)) = (last, position(&element)) {
            let range = last.min(here)..=last.max(here);
            chosen.extend(reel.parts[range].iter().filter_map(|part| part.element.clone()));
        } else {
            chosen.clear();
            chosen.insert(element.clone());
        }
        self.chosen = chosen.last().cloned();
        if cx.document.nodes.contains_key(&part.node) {
            if cx.shared.look_a.is_none() && part.node != seen.look.node {
                // The viewer follows the selection: without a pin, selecting a shot would leave the film.
                cx.shared.look_a = Some(seen.look.clone());
            }
            cx.shared.selection.only(&part.node);
        }
    }

    /// Markers hang from the ruler: click to go there, drag to move, right click to name or remove.
    fn markers_ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, scale: &Scale, rect: Rect, ruler: Rect) {
        let visible = scale.visible();
        for marker in markers::read(cx.document) {
            if !visible.contains(&marker.frame) {
                continue;
            }
            let x = scale.x(marker.frame);
            paint::marker(ui, cx.theme, rect, x, ruler, &marker.name);
            let grip = Rect::from_center_size(pos2(x, ruler.center().y), vec2(10.0, ruler.height()));
            let id = ui.scope_id().with(("marker", marker.frame));
            let response = ui.interact(grip, id, Sense::click_and_drag());
            let name = if marker.name.is_empty() { "unnamed" } else { &marker.name };
            response.widget_info(|| WidgetInfo::labeled(Role::Button, true, format!("Marker {name}")));
            self.marker_gestures(cx, &marker, &response);
            response.on_hover_text(format!("{name}, frame {}: drag to move, right click to name", marker.frame));
        }
        self.drag_marker(ui, cx, scale);
    }

    fn marker_gestures(&mut self, cx: &mut Cx<'_>, marker: &Marker, response: &Response) {
        if response.clicked() {
            cx.player.seek(marker.frame);
        }
        if response.drag_started() {
            self.moved = Some((marker.frame, cx.shared.new_gesture()));
        }
        let menu = response.context_menu(|ui| {
            let fresh = self.naming.as_ref().is_none_or(|(frame, ..)| *frame != marker.frame);
            if fresh {
                self.naming = Some((marker.frame, marker.name.clone(), cx.shared.new_gesture()));
            }
            let Some((_, name, gesture)) = &mut self.naming else { return };
            let field = ui.add(egui::TextEdit::singleline(name).hint_text("Name").desired_width(120.0));
            if fresh {
                field.request_focus();
            }
            if field.changed() {
                let edits = markers::rename(cx.document, marker.frame, name);
                cx.commands.gesture("Name marker", edits, Some(*gesture));
            }
            if field.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter)) {
                ui.close();
            }
            if ui.button("Remove marker").clicked() {
                let (label, edits) = markers::toggle(cx.document, marker.frame);
                cx.commands.edit(label, edits);
                ui.close();
            }
        });
        if menu.is_none() && self.naming.as_ref().is_some_and(|(frame, ..)| *frame == marker.frame) {
            self.naming = None;
        }
    }

    /// A drag goes on by the pointer: the marker's own widget changes its frame under it.
    fn drag_marker(&mut self, ui: &Ui, cx: &mut Cx<'_>, scale: &Scale) {
        let Some((frame, gesture)) = self.moved else { return };
        let (down, at) = ui.input(|input| (input.pointer.primary_down(), input.pointer.interact_pos()));
        let Some(at) = at.filter(|_| down) else {
            self.moved = None;
            return;
        };
        let to = scale.frame(at.x);
        let edits = markers::shift(cx.document, frame, to);
        if to != frame && !edits.is_empty() {
            cx.commands.gesture("Move marker", edits, Some(gesture));
            self.moved = Some((to, gesture));
        }
    }
}

/// Wheel and pinch zoom at the cursor; sideways wheel, Shift and wheel, and middle drags move along.
fn navigate(ui: &Ui, response: &Response, scale: Scale) -> Scale {
    let range = egui::Rangef::new(scale.left, scale.left + scale.width);
    let along = |scale: Scale, points: f32| {
        Scale::zoomed(range, scale.n_frames, scale.zoom(), scale.first - f64::from(points) / scale.step)
    };
    let mut scale = scale;
    if response.dragged_by(egui::PointerButton::Middle) {
        scale = along(scale, response.drag_delta().x);
    }
    if let Some(at) = response.hover_pos() {
        let (scroll, pinch) = ui.input(|input| (input.smooth_scroll_delta(), f64::from(input.zoom_delta())));
        if scroll.x != 0.0 {
            scale = along(scale, scroll.x);
        }
        let factor = pinch * f64::from(scroll.y / 160.0).exp();
        if factor != 1.0 && factor.is_finite() {
            scale = scale.zoom_at(at.x, factor);
        }
    }
    scale
}

/// What a shot says when the pointer rests on it.
fn hint_ui(ui: &mut Ui, cx: &Cx<'_>, part: &Part, reel: &Reel) {
    ui.set_max_width(320.0);
    let number = part.shot.as_ref().map(|shot| shot.number.as_str()).unwrap_or_default();
    ui.label(egui::RichText::new(format!("{number} {}", part.name()).trim()).size(size::BODY).strong());
    if let Some(shot) = &part.shot {
        ui.label(&shot.text);
    }
    ui.add_space(space::XS);
    let rate = reel.recipe.rate;
    let length =
        format!("{} to {}, {} frames", rate.timecode(part.start), rate.timecode(part.start + part.frames), part.frames);
    ui.weak(length);
    let previs = if part.previs { ", previs" } else { "" };
    let before = part.before.as_deref().map(|node| format!(", before {node}")).unwrap_or_default();
    ui.colored_label(paint::color(cx.theme, part), format!("{}{before}{previs}", part.word()));
}
