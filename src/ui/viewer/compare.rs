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

impl Default for Wipe {
    fn default() -> Wipe {
        Wipe { at: 0.5 }
    }
}

/// Draws both sides' pictures. Gives where A's picture lies and its size in pixels, for what is drawn over it.
pub(crate) fn compare_ui(
    ui: &mut Ui,
    cx: &mut Cx<'_>,
    stage: Rect,
    looked: &Stage,
    wipe: &mut Wipe,
) -> Option<(Rect, Vec2)> {
    let ctx = ui.ctx().clone();
    let a = cx.player.picture(&ctx, Side::A);
    let b = cx.player.picture(&ctx, Side::B);
    match cx.shared.compare {
        Compare::SideBySide => Some(side_by_side(ui, cx, stage, looked, a, b)),
        Compare::Wipe => Some(wipe_ui(ui, cx, stage, looked, a, b, wipe)),
        Compare::Difference => {
            let found = cx.player.difference(&ctx);
            let pixels = found.map_or_else(|| picture_size(a), |(_, size)| size);
            let at = looked.place(stage, pixels);
            match found {
                Some((texture, _)) => {
                    stage::paint_texture(ui, stage, at, texture);
                    stage::plate(
                        ui,
                        cx.theme,
                        stage,
                        0,
                        cx.theme.on_stage,
                        "Difference of A and B, four times as bright",
                    );
                }
                None => stage::message(ui, stage, cx.theme.on_stage, "The difference needs a picture on both sides."),
            }
            Some((at, pixels))
        }
        Compare::Off => None,
    }
}

fn picture_size(picture: Option<(TextureId, Vec2)>) -> Vec2 {
    picture.map_or(Vec2::new(16.0, 9.0), |(_, size)| size)
}

fn shown(picture: Option<(TextureId, Vec2)>) -> Shown {
    picture.map_or(Shown::Waiting, |(texture, size)| Shown::Ready(texture, size))
}

fn side_by_side(
    ui: &Ui,
    cx: &Cx<'_>,
    stage: Rect,
    looked: &Stage,
    a: Option<(TextureId, Vec2)>,
    b: Option<(TextureId, Vec2)>,
) -> (Rect, Vec2) {
    let (left, right) = halves(stage);
    for (half, picture, name) in [(left, a, "A"), (right, b, "B")] {
        stage::paint(ui, cx.theme, half, looked.place(half, picture_size(picture)), &shown(picture));
        let at = half.left_bottom() + egui::vec2(4.0, -2.0);
        ui.painter().text(at, Align2::LEFT_BOTTOM, name, FontId::proportional(size::BODY), cx.theme.on_stage);
    }
    (looked.place(left, picture_size(a)), picture_size(a))
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

fn wipe_ui(
    ui: &mut Ui,
    cx: &Cx<'_>,
    stage: Rect,
    looked: &Stage,
    a: Option<(TextureId, Vec2)>,
    b: Option<(TextureId, Vec2)>,
    wipe: &mut Wipe,
) -> (Rect, Vec2) {
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
    if response.has_focus() {
        let step = ui.input(|input| {
            f32::from(input.num_presses(egui::Key::ArrowRight) as u8)
                - f32::from(input.num_presses(egui::Key::ArrowLeft) as u8)
        });
        wipe.at = (wipe.at + 0.02 * step).clamp(0.0, 1.0);
    }
    let color = if response.hovered() || response.dragged() { cx.theme.accent } else { cx.theme.on_stage };
    let painter = ui.painter_at(stage);
    painter.vline(x, stage.y_range(), Stroke::new(1.0, color));
    painter.circle_filled(pos2(x, stage.center().y), 4.0, color);
    for (name, align, dx) in [("A", Align2::RIGHT_BOTTOM, -6.0), ("B", Align2::LEFT_BOTTOM, 6.0)] {
        let font = FontId::proportional(size::BODY);
        painter.text(pos2(x + dx, stage.bottom() - 2.0), align, name, font, color);
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
