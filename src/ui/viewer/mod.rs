//! The viewer: what a port shows, played, compared, and laid out in time.
//!
//! It follows the selection until it is pinned. The player is asked for pictures; nothing here decodes.

mod compare;
mod film;
mod header;
mod markers;
mod preview;
mod seen;
mod stage;
#[cfg(test)]
pub(crate) mod tests;
mod timeline;
mod transport;
mod upstream;

use std::sync::Arc;

use egui::{Rect, Ui, vec2};
use model::{Recipe, Value};

use crate::cx::{Compare, Cx, Look, Picture, Region, Shown};
use crate::icons::Icon;
use crate::panel::{Panel, PanelSpec, Place};
use crate::player::Side;
use crate::theme::space;

use compare::Wipe;
use film::Reel;
use header::Bar;
use preview::sheet::{Sheet, sheet_ui};
use seen::{Cache, Content, FILM, How, Seen};
use stage::Stage;
use timeline::Timeline;
use transport::Transport;

pub(crate) const PANEL: PanelSpec =
    PanelSpec { id: "viewer", title: "Viewer", icon: Icon::Play, home: Place::Aside, make: || Box::<View>::default() };

/// View state of the panel.
#[derive(Default)]
struct View {
    a: Cache,
    b: Cache,
    how: How,
    stage: Stage,
    wipe: Wipe,
    sheet: Sheet,
    transport: Transport,
    timeline: Timeline,
    /// The document's first film node, at a revision.
    film: Option<(u64, Option<String>)>,
    full_screen: bool,
    /// The window was asked to fill the screen.
    asked: bool,
}

impl Panel for View {
    fn show(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        if self.full_screen {
            self.full_screen_ui(ui, cx);
        } else {
            self.viewer_ui(ui, cx);
        }
        self.ask_window(ui.ctx());
    }

    fn act(&mut self, action: &str, cx: &mut Cx<'_>) -> bool {
        match action {
            "full_screen" => self.full_screen = !self.full_screen,
            "marker" => {
                let frame = cx.player.status(Side::A).frame;
                if self.seen(cx).as_deref().and_then(reel_of).is_some() {
                    let (label, edits) = markers::toggle(cx.document, frame);
                    cx.commands.edit(label, edits);
                }
            }
            "wipe_left" => self.wipe.shift(-WIPE_STEP),
            "wipe_right" => self.wipe.shift(WIPE_STEP),
            _ => return self.act_on_content(action, cx),
        }
        true
    }
}

/// How far a key moves the wipe, of the picture's width.
const WIPE_STEP: f32 = 0.02;
/// How often a picture in the making is looked for.
const LOOK: std::time::Duration = std::time::Duration::from_millis(400);

impl View {
    /// An action whose meaning depends on what is looked at.
    fn act_on_content(&mut self, action: &str, cx: &mut Cx<'_>) -> bool {
        let Some(seen) = self.seen(cx) else {
            return self.transport.act(action, cx.player, None);
        };
        let comparing = cx.shared.compare != Compare::Off;
        if let (Content::Sheet(cells), false) = (&seen.content, comparing)
            && self.sheet.act(action, cx, cells, &seen.look)
        {
            return true;
        }
        let by = match action {
            "swap" if comparing => {
                header::swap(cx, &seen.look);
                return true;
            }
            "swap" => return true,
            "previous_shot" => Some(-1),
            "next_shot" => Some(1),
            _ => None,
        };
        // With one element in view, the next shot is another element, not another frame.
        if let (Some(by), Some(element)) = (by, &seen.look.element) {
            let here = seen.elements.iter().position(|it| it == element);
            let next = here.and_then(|here| seen.elements.get(here.checked_add_signed(by)?));
            if let Some(next) = next {
                cx.shared.look_a = Some(Look { element: Some(next.clone()), take: None, ..seen.look.clone() });
            }
            return true;
        }
        self.transport.act(action, cx.player, reel_of(&seen).as_deref())
    }

    /// What is looked at: what is pinned, else what is selected, else the film.
    fn look(&mut self, cx: &Cx<'_>) -> Option<Look> {
        if let Some(look) = &cx.shared.look_a {
            return Some(look.clone());
        }
        if let Some(node) = cx.shared.selection.primary() {
            return Some(Look::at(node));
        }
        if self.film.as_ref().is_none_or(|(revision, _)| *revision != cx.revision) {
            let film = cx.document.nodes.iter().find(|(_, node)| node.kind == FILM).map(|(id, _)| id.clone());
            self.film = Some((cx.revision, film));
        }
        self.film.as_ref()?.1.as_deref().map(Look::at)
    }

    fn seen(&mut self, cx: &Cx<'_>) -> Option<Arc<Seen>> {
        let look = self.look(cx)?;
        Some(self.a.get(cx.document, cx.revision, cx.view, cx.catalog, &look, self.how))
    }

    /// What A is compared with, where something is.
    fn seen_b(&mut self, cx: &Cx<'_>) -> Option<Arc<Seen>> {
        let look = cx.shared.look_b.as_ref().filter(|_| cx.shared.compare != Compare::Off)?;
        Some(self.b.get(cx.document, cx.revision, cx.view, cx.catalog, look, How::default()))
    }

    fn viewer_ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        if ui.rect_contains_pointer(ui.max_rect()) && ui.input(|input| input.pointer.any_pressed()) {
            cx.shared.region = Region::Viewer;
        }
        let Some(seen) = self.seen(cx) else {
            cx.player.load(Side::A, None);
            ui.weak("Select a node to see what it gives, or add a film node to watch the film here.");
            return;
        };
        let b = self.seen_b(cx);
        let reel = reel_of(&seen);
        let rate = cx.document.settings.fps;
        let still = b.as_deref().and_then(|_| playable(&seen, rate));
        cx.player.load(Side::A, reel.as_ref().map(|reel| reel.recipe.clone()).or(still));
        cx.player.load(Side::B, b.as_deref().and_then(|b| playable(b, rate)));
        self.transport.prefer(&cx.shared.preferences);
        self.transport.tell(cx.player, reel.as_ref().map_or(0, |reel| reel.recipe.n_frames()));
        if let Some(reel) = reel.as_deref().filter(|reel| 1 < reel.recipe.n_frames()) {
            self.follow_selection(cx, reel);
            let strip = egui::Panel::bottom("viewer_timeline").frame(bare()).show_separator_line(false);
            strip.resizable(true).default_size(62.0).size_range(44.0..=240.0).show(ui, |ui| {
                self.timeline.show(ui, cx, &seen, reel, &self.transport);
            });
        }
        let mut pressed = None;
        if reel.is_some() {
            below("viewer_transport").show(ui, |ui| pressed = self.transport.show(ui, cx, reel.as_deref()));
        }
        egui::Panel::top("viewer_header").frame(bare()).resizable(false).show_separator_line(false).show(ui, |ui| {
            let bar = Bar { how: &mut self.how, stage: &mut self.stage, safe_areas: self.transport.safe_areas };
            pressed = header::header_ui(ui, cx, &seen, b.as_deref(), bar).or(pressed);
        });
        egui::CentralPanel::no_frame().show(ui, |ui| self.content_ui(ui, cx, &seen, b.as_deref()));
        self.transport.remember(&mut cx.shared.preferences);
        if let Some(action) = pressed {
            self.act(action, cx);
        }
        if cx.player.status(Side::A).speed != 0.0 {
            // The player wakes the window when a picture is ready; this keeps the clock and the levels moving.
            ui.ctx().request_repaint_after(std::time::Duration::from_millis(40));
        }
    }

    /// A shot that was selected elsewhere is shown, unless the film plays.
    fn follow_selection(&mut self, cx: &mut Cx<'_>, reel: &Reel) {
        let chosen = cx.shared.selection.elements.last();
        if chosen == self.timeline.chosen.as_ref() {
            return;
        }
        self.timeline.chosen = chosen.cloned();
        let status = cx.player.status(Side::A);
        if let Some(part) = chosen.and_then(|element| reel.find(element)).filter(|_| status.speed == 0.0) {
            cx.player.seek(part.start);
        }
    }

    fn content_ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, seen: &Seen, b: Option<&Seen>) {
        match b {
            Some(b) if is_picture(seen) && is_picture(b) => self.picture_ui(ui, cx, seen, Some(b), Side::A),
            // Words have no pixels to wipe between: they are read side by side.
            Some(b) => {
                let (left, right) = compare::halves(ui.available_rect_before_wrap());
                for (half, seen, side) in [(left, seen, Side::A), (right, b, Side::B)] {
                    ui.scope_builder(egui::UiBuilder::new().max_rect(half).id_salt(side as u8), |ui| {
                        ui.weak(header::name_of(&seen.look));
                        self.one_ui(ui, cx, seen, side);
                    });
                }
            }
            None => self.one_ui(ui, cx, seen, Side::A),
        }
    }

    fn one_ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, seen: &Seen, side: Side) {
        match &seen.content {
            Content::Nothing(why) => match making(ui, cx, seen) {
                Some((shown, size)) => {
                    let (stage, response) = stage::stage_ui(ui, cx.theme, why);
                    let at = self.stage.place(stage, size);
                    stage::paint(ui, cx.theme, stage, at, &shown);
                    self.stage.navigate(ui, &response, stage, size);
                    stage::plate(ui, cx.theme, stage, 0, cx.theme.watch, why);
                }
                None => nothing_ui(ui, cx, seen, why),
            },
            Content::Reel(_) | Content::Value(Value::Image(_)) => self.picture_ui(ui, cx, seen, None, side),
            Content::Sheet(cells) => sheet_ui(ui, cx, cells, &seen.look, &mut self.sheet),
            Content::Value(value) => preview::value_ui(ui, cx, value),
        }
    }

    /// A picture, or two of them, on the stage, with what must be said of it.
    fn picture_ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, seen: &Seen, b: Option<&Seen>, side: Side) {
        let name = header::name_of(&seen.look);
        let b_name = b.map(|b| header::name_of(&b.look));
        let label = compare::label(cx.shared.compare, &name, b_name.as_deref());
        let (stage, response) = stage::stage_ui(ui, cx.theme, &label);
        let pixels = stage.size() * ui.pixels_per_point();
        cx.player.set_size((pixels.x.clamp(16.0, 8192.0) as u32, pixels.y.clamp(16.0, 8192.0) as u32));
        let place = match &seen.content {
            _ if let Some(b_name) = &b_name => {
                let names = [name.as_str(), b_name.as_str()];
                compare::compare_ui(ui, cx, stage, &self.stage, &mut self.wipe, names)
            }
            Content::Value(Value::Image(image)) => Some(self.still_ui(ui, cx, stage, image)),
            Content::Reel(reel) if reel.sound_only => {
                self.sound_ui(ui, cx, reel, stage);
                None
            }
            _ => {
                let picture = cx.player.picture(ui.ctx(), side);
                let size = picture.map_or(vec2(16.0, 9.0), |(_, size)| size);
                let at = self.stage.place(stage, size);
                let shown = match (picture, cx.player.status(side).error) {
                    (_, Some(problem)) => Shown::Failed(Box::new(problem)),
                    (Some((texture, size)), None) => Shown::Ready(texture, size),
                    (None, None) => Shown::Waiting,
                };
                stage::paint(ui, cx.theme, stage, at, &shown);
                Some((at, size))
            }
        };
        if let Some((place, pixels)) = place {
            let area =
                if b.is_some() && cx.shared.compare == Compare::SideBySide { compare::halves(stage).0 } else { stage };
            self.stage.navigate(ui, &response, area, pixels);
            if self.transport.safe_areas {
                stage::safe_areas(ui, cx.theme, stage, place);
            }
        }
        let names = if b.is_some() { compare::NAMES } else { 0.0 };
        self.plates_ui(ui, cx, seen, stage.with_max_y(stage.bottom() - names));
    }

    fn still_ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, stage: Rect, image: &model::Image) -> (Rect, egui::Vec2) {
        // The texture may be smaller than the picture: the stage thinks in the picture's own pixels.
        let pixels = match image {
            model::Image::File(media) => media.video.as_ref().map(|video| (video.width, video.height)),
            model::Image::Frame { clip, .. } => Some(clip.size),
        };
        let own = pixels.map(|(width, height)| vec2(width as f32, height as f32));
        let wanted = self.stage.place(stage, own.unwrap_or(vec2(1920.0, 1080.0))).width() * ui.pixels_per_point();
        let width = (wanted.max(64.0) as u32).next_power_of_two().min(8192);
        let width = pixels.map_or(width, |(own, _)| width.min(own.max(1)));
        let shown = cx.gallery.picture(ui.ctx(), &Picture::Image(image.clone()), width);
        let size = match (own, &shown) {
            (Some(own), _) => own,
            (None, Shown::Ready(_, size)) => *size,
            (None, _) => vec2(16.0, 9.0),
        };
        let at = self.stage.place(stage, size);
        stage::paint(ui, cx.theme, stage, at, &shown);
        (at, size)
    }

    /// A sound fills the stage with its waveform, and a line where it plays.
    fn sound_ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, reel: &Reel, stage: Rect) {
        let Some(sound) = reel.recipe.sound.first() else { return };
        let columns = stage.width().max(1.0) as usize;
        match cx.gallery.waveform(ui.ctx(), &Value::Audio(sound.media.clone()), columns) {
            Some(wave) => stage::waveform(ui, stage, stage, cx.theme.port(model::PortType::Audio), &wave),
            None => stage::message(ui, stage, cx.theme.on_stage, "Preparing the waveform…"),
        }
        let share = cx.player.status(Side::A).frame as f32 / reel.recipe.n_frames().max(1) as f32;
        let x = stage.left() + stage.width() * share;
        ui.painter_at(stage).vline(x, stage.y_range(), egui::Stroke::new(1.0, cx.theme.accent));
    }

    /// Words that a picture must carry: previs, slate, stale, buffering.
    fn plates_ui(&self, ui: &Ui, cx: &Cx<'_>, seen: &Seen, stage: Rect) {
        let status = cx.player.status(Side::A);
        let part = reel_of(seen).and_then(|reel| reel.parts.get(reel.at(status.frame)?).cloned());
        let mut plates = Vec::new();
        match &part {
            Some(part) => {
                if part.previs {
                    plates.push(("Previs".to_owned(), cx.theme.on_stage));
                }
                if part.clip.is_none() {
                    plates.push((format!("Slate: {} is {}", part.name(), part.word()), cx.theme.watch));
                } else if let Some(node) = &part.before {
                    plates.push((format!("Unfinished: before {node}"), cx.theme.watch));
                } else if part.is_stale() {
                    plates.push((format!("Stale: {} is of earlier inputs", part.name()), cx.theme.watch));
                }
            }
            None if seen.previs => plates.push(("Previs".to_owned(), cx.theme.on_stage)),
            None => {}
        }
        if seen.stale && !plates.iter().any(|(text, _)| text.starts_with("Stale")) {
            plates.push(("Stale: of earlier inputs".to_owned(), cx.theme.watch));
        }
        if status.buffering {
            plates.push(("Buffering…".to_owned(), cx.theme.on_stage));
        }
        if let Some(problem) = &status.error {
            plates.push((problem.message.clone(), cx.theme.bad));
        }
        for (row, (text, color)) in plates.into_iter().enumerate() {
            let rect = stage::plate(ui, cx.theme, stage, row, color, &text);
            let response = ui.interact(rect, ui.scope_id().with(("plate", row)), egui::Sense::hover());
            response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Label, true, &text));
        }
    }

    /// The viewer over the whole window. The panel itself says where the picture went.
    fn full_screen_ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let ctx = ui.ctx().clone();
        ui.weak("The viewer fills the window: Escape brings it back.");
        cx.shared.region = Region::Viewer;
        let window = ctx.content_rect();
        let area = egui::Area::new(egui::Id::unique("viewer_full_screen")).order(egui::Order::Foreground);
        area.fixed_pos(window.min).constrain(false).show(&ctx, |ui| {
            ui.set_min_size(window.size());
            ui.set_max_size(window.size());
            ui.painter().rect_filled(window, 0.0, cx.theme.panel);
            self.viewer_ui(ui, cx);
        });
        if ctx.input_mut(|input| input.consume_key(egui::Modifiers::NONE, egui::Key::Escape)) {
            self.full_screen = false;
        }
    }

    /// Asks the window to follow. Where no window manager listens, the viewer fills what window there is.
    fn ask_window(&mut self, ctx: &egui::Context) {
        if self.asked != self.full_screen {
            self.asked = self.full_screen;
            ctx.send_viewport_cmd(egui::ViewportCommand::Fullscreen(self.full_screen));
        }
    }
}

/// What there is instead of a picture, and where to go.
/// What an item's running job shows so far, and its size in pixels.
fn making(ui: &Ui, cx: &mut Cx<'_>, seen: &Seen) -> Option<(Shown, egui::Vec2)> {
    if !matches!(seen.state, crate::view::ItemState::Running { .. }) {
        return None;
    }
    let name = seen.item.as_ref()?;
    let items = &cx.view.nodes.get(model::node_of_item(name))?.items;
    let key = items.iter().find(|item| item.name == *name)?.key?;
    // Whoever stops asking is shown nothing more.
    ui.ctx().request_repaint_after(LOOK);
    match cx.gallery.picture(ui.ctx(), &Picture::Making(key), 1280) {
        shown @ Shown::Ready(_, size) => Some((shown, size)),
        _ => None,
    }
}

fn nothing_ui(ui: &mut Ui, cx: &mut Cx<'_>, seen: &Seen, why: &str) {
    let color = match seen.state {
        crate::view::ItemState::Failed(_) => cx.theme.bad,
        _ => cx.theme.weak,
    };
    ui.add_space(space::L);
    ui.vertical_centered(|ui| {
        ui.colored_label(color, why);
        let prefix = format!("{}-", seen.look.node);
        let inner: Vec<&String> = cx.view.nodes.keys().filter(|id| id.starts_with(&prefix)).take(24).collect();
        ui.horizontal_wrapped(|ui| {
            for id in inner {
                if ui.button(id).on_hover_text("Look at this inner node").clicked() {
                    cx.shared.look_a = Some(Look::at(id));
                }
            }
        });
    });
}

/// A strip below the picture, without a frame of its own.
fn below(id: &'static str) -> egui::Panel {
    egui::Panel::bottom(id).frame(bare()).resizable(false).show_separator_line(false)
}

fn bare() -> egui::Frame {
    egui::Frame::NONE.inner_margin(egui::Margin::symmetric(0, 2))
}

fn reel_of(seen: &Seen) -> Option<Arc<Reel>> {
    match &seen.content {
        Content::Reel(reel) => Some(reel.clone()),
        _ => None,
    }
}

/// It has pixels to compare.
fn is_picture(seen: &Seen) -> bool {
    match &seen.content {
        Content::Reel(reel) => !reel.sound_only,
        Content::Value(value) => matches!(value, Value::Image(_)),
        Content::Nothing(_) | Content::Sheet(_) => false,
    }
}

/// What a player can show of it: clips, and pictures as one frame.
fn playable(seen: &Seen, rate: model::Rate) -> Option<Arc<Recipe>> {
    match &seen.content {
        Content::Reel(reel) => Some(reel.recipe.clone()),
        Content::Value(value) => film::clip_of(value, rate),
        _ => None,
    }
}
