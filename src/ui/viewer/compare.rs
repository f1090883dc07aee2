//! A and B in one stage: a wipe with a line to drag, side by side, or their difference.

use egui::{Align2, CursorIcon, FontId, Rect, Sense, Stroke, TextureId, Ui, Vec2, WidgetInfo, pos2};

use super::stage::{self, Stage};
use crate::cx::{Compare, Cx, Shown};
use crate::player::Side;
use crate::theme::size;

/// Where the wipe's line is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wipe {
    /// 0 to 1, from the left of the picture.
    pub(crate) at: f32,
}

impl Wipe {
    /// Moves the line by a share of the picture's width.
    pub(crate) fn shift(&mut self, by: f32) {
        self.at = (self.at + by).clamp(0.0, 1.0);
    }
}

impl Default for Wipe {
    fn default() -> Wipe {
        Wipe { at: 0.5 }
    }
}

/// The two pictures that are compared, and what they are called.
struct Pair<'a> {
    pictures: [Option<(TextureId, Vec2)>; 2],
    names: [&'a str; 2],
}

impl Pair<'_> {
    /// `A film`.
    fn title(&self, idx: usize) -> String {
        format!("{} {}", ["A", "B"][idx], self.names[idx])
    }
}

/// Draws both sides' pictures. Gives where A's picture lies and its size in pixels, for what is drawn over it.
pub(crate) fn compare_ui(
    ui: &mut Ui,
    cx: &mut Cx<'_>,
    stage: Rect,
    looked: &Stage,
    wipe: &mut Wipe,
    names: [&str; 2],
) -> Option<(Rect, Vec2)> {
    let ctx = ui.ctx().clone();
    let pictures = [Side::A, Side::B].map(|side| cx.player.picture(&ctx, side));
    let pair = Pair { pictures, names };
    match cx.shared.compare {
        Compare::SideBySide => Some(side_by_side(ui, cx, stage, looked, &pair)),
        Compare::Wipe => Some(wipe_ui(ui, cx, stage, looked, &pair, wipe)),
        Compare::Difference => Some(difference_ui(ui, cx, stage, looked, &pair)),
        Compare::Off => None,
    }
}

fn difference_ui(ui: &Ui, cx: &mut Cx<'_>, stage: Rect, looked: &Stage, pair: &Pair<'_>) -> (Rect, Vec2) {
    let found = cx.player.difference(ui.ctx());
    let pixels = found.map_or_else(|| picture_size(pair.pictures[0]), |(_, size)| size);
    let at = looked.place(stage, pixels);
    match found {
        Some((texture, _)) => stage::paint_texture(ui, stage, at, texture),
        None => stage::message(ui, stage, cx.theme.on_stage, "The difference needs a picture on both sides."),
    }
    let text = format!("Difference of {} and {}, brightened", pair.title(0), pair.title(1));
    let font = FontId::proportional(size::SMALL);
    ui.painter_at(stage).text(stage.left_bottom() + NAME, Align2::LEFT_BOTTOM, text, font, cx.theme.on_stage);
    (at, pixels)
}

/// What the names of two pictures take of the lower edge.
pub(crate) const NAMES: f32 = size::SMALL + 6.0;

/// From a lower left corner to the name of what is shown there.
const NAME: Vec2 = Vec2::new(6.0, -2.0);

fn picture_size(picture: Option<(TextureId, Vec2)>) -> Vec2 {
    picture.map_or(Vec2::new(16.0, 9.0), |(_, size)| size)
}

fn shown(picture: Option<(TextureId, Vec2)>) -> Shown {
    picture.map_or(Shown::Waiting, |(texture, size)| Shown::Ready(texture, size))
}

fn side_by_side(ui: &Ui, cx: &Cx<'_>, stage: Rect, looked: &Stage, pair: &Pair<'_>) -> (Rect, Vec2) {
    let (left, right) = halves(stage);
    for (idx, half) in [left, right].into_iter().enumerate() {
        let picture = pair.pictures[idx];
        stage::paint(ui, cx.theme, half, looked.place(half, picture_size(picture)), &shown(picture));
        let font = FontId::proportional(size::SMALL);
        let painter = ui.painter_at(half);
        painter.text(half.left_bottom() + NAME, Align2::LEFT_BOTTOM, pair.title(idx), font, cx.theme.on_stage);
    }
    let a = picture_size(pair.pictures[0]);
    (looked.place(left, a), a)
}

/// The two halves of a stage, with a gap.
pub(crate) fn halves(stage: Rect) -> (Rect, Rect) {
    let gap = 2.0;
    let middle = stage.center().x;
    (
        Rect::from_min_max(stage.min, pos2(middle - gap, stage.bottom())),
        Rect::from_min_max(pos2(middle + gap, stage.top()), stage.max),
    )
}

fn wipe_ui(ui: &mut Ui, cx: &Cx<'_>, stage: Rect, looked: &Stage, pair: &Pair<'_>, wipe: &mut Wipe) -> (Rect, Vec2) {
    let [a, b] = pair.pictures;
    // B is laid over A's place, whatever its own size: a wipe compares what is at the same place.
    let pixels = picture_size(a.or(b));
    let at = looked.place(stage, pixels);
    let on_screen = at.intersect(stage);
    let x = at.left() + at.width() * wipe.at;
    let x = x.clamp(on_screen.left(), on_screen.right().max(on_screen.left()));
    let (left, right) =
        (Rect::from_min_max(stage.min, pos2(x, stage.bottom())), Rect::from_min_max(pos2(x, stage.top()), stage.max));
    stage::paint(ui, cx.theme, left, at, &shown(a));
    stage::paint(ui, cx.theme, right, at, &shown(b));
    let handle = Rect::from_center_size(pos2(x, stage.center().y), egui::vec2(12.0, stage.height()));
    let response = ui.interact(handle, ui.scope_id().with("wipe"), Sense::drag());
    let response = response.on_hover_and_drag_cursor(CursorIcon::ResizeHorizontal);
    response.widget_info(|| WidgetInfo::slider(true, f64::from(wipe.at), "Wipe between A and B"));
    if let Some(pointer) = response.interact_pointer_pos().filter(|_| response.dragged()) {
        wipe.at = ((pointer.x - at.left()) / at.width().max(1.0)).clamp(0.0, 1.0);
    }
    let color = if response.hovered() || response.dragged() { cx.theme.accent } else { cx.theme.on_stage };
    let painter = ui.painter_at(stage);
    painter.vline(x, stage.y_range(), Stroke::new(1.0, color));
    painter.circle_filled(pos2(x, stage.center().y), 4.0, color);
    for (idx, align, dx) in [(0, Align2::RIGHT_BOTTOM, -NAME.x), (1, Align2::LEFT_BOTTOM, NAME.x)] {
        let font = FontId::proportional(size::SMALL);
        painter.text(pos2(x + dx, stage.bottom() + NAME.y), align, pair.title(idx), font, color);
    }
    (at, pixels)
}

/// What a screen reader says of the stage.
pub(crate) fn label(compare: Compare, a: &str, b: Option<&str>) -> String {
    match (compare, b) {
        (Compare::Off, _) | (_, None) => format!("Viewer: {a}"),
        (Compare::Wipe, Some(b)) => format!("Viewer: wipe of {a} and {b}"),
        (Compare::SideBySide, Some(b)) => format!("Viewer: {a} beside {b}"),
        (Compare::Difference, Some(b)) => format!("Viewer: difference of {a} and {b}"),
    }
}
