//! The picture in the viewer: fitted or magnified, panned, with safe areas and the labels that it must carry.

use egui::{Align2, Color32, FontId, Pos2, Rect, Response, Sense, Stroke, StrokeKind, TextureId, Ui, Vec2, pos2, vec2};

use crate::cx::Shown;
use crate::theme::{Theme, size, space};

/// Action and title safe areas of 16:9 pictures, by SMPTE ST 2046-1:2009: 93 % and 90 % of width and height. RP 218's
/// older 90 % and 80 % were for the overscan of picture tubes.
pub(crate) const SAFE_AREAS: [(f32, &str); 2] = [(0.93, "action"), (0.90, "title")];
/// Points on the screen for a pixel of the picture.
const ZOOM: std::ops::RangeInclusive<f32> = 0.02..=32.0;

/// How a picture is looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Stage {
    /// Points for a pixel; the whole picture is fitted where none.
    zoom: Option<f32>,
    /// From the middle of the stage to the middle of the picture, in points.
    offset: Vec2,
}

impl Stage {
    /// Where a picture of so many pixels lies.
    pub(crate) fn place(&self, stage: Rect, picture: Vec2) -> Rect {
        let scale = self.zoom.unwrap_or_else(|| fitting(stage, picture));
        Rect::from_center_size(stage.center() + self.offset, picture * scale)
    }

    /// All of the picture.
    pub(crate) fn fit(&mut self) {
        *self = Stage::default();
    }

    /// One pixel of the picture for each of the screen.
    pub(crate) fn one_to_one(&mut self, pixels_per_point: f32) {
        *self = Stage { zoom: Some(1.0 / pixels_per_point), offset: Vec2::ZERO };
    }

    pub(crate) fn is_fitted(&self) -> bool {
        self.zoom.is_none()
    }

    /// Wheel and pinch zoom at the cursor, drags pan, a double click fits.
    pub(crate) fn navigate(&mut self, ui: &Ui, response: &Response, stage: Rect, picture: Vec2) {
        if response.dragged() && !self.is_fitted() {
            self.offset += response.drag_delta();
        }
        if response.double_clicked() {
            self.fit();
        }
        if let Some(at) = response.hover_pos() {
            let (scroll, pinch) = ui.input(|input| (input.smooth_scroll_delta().y, input.zoom_delta()));
            let factor = pinch * (scroll / 200.0).exp();
            if factor != 1.0 && factor.is_finite() {
                self.zoom_at(at, factor, stage, picture);
            }
        }
    }

    fn zoom_at(&mut self, at: Pos2, factor: f32, stage: Rect, picture: Vec2) {
        let before = self.zoom.unwrap_or_else(|| fitting(stage, picture));
        let after = (before * factor).clamp(*ZOOM.start(), *ZOOM.end());
        let middle = stage.center() + self.offset;
        self.offset = at + (middle - at) * (after / before) - stage.center();
        self.zoom = Some(after);
    }
}

fn fitting(stage: Rect, picture: Vec2) -> f32 {
    let scale = (stage.width() / picture.x.max(1.0)).min(stage.height() / picture.y.max(1.0));
    if scale.is_finite() { scale.max(1e-3) } else { 1.0 }
}

/// Makes a stage out of what is left of a panel: dark, clickable, with a name for who cannot see it.
pub(crate) fn stage_ui(ui: &mut Ui, theme: &Theme, label: &str) -> (Rect, Response) {
    let rect = ui.available_rect_before_wrap();
    let response = ui.allocate_rect(rect, Sense::click_and_drag());
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Image, true, label));
    ui.painter().rect_filled(rect, 0.0, theme.stage);
    (rect, response)
}

/// Paints a picture, or says why there is none.
pub(crate) fn paint(ui: &Ui, theme: &Theme, stage: Rect, at: Rect, shown: &Shown) {
    match shown {
        Shown::Ready(texture, _) => paint_texture(ui, stage, at, *texture),
        Shown::Waiting => message(ui, stage, theme.faded(theme.on_stage, 0.7), "Preparing the picture…"),
        Shown::Failed(problem) => {
            let hint = problem.hints.first().map(|hint| format!("\n{hint}")).unwrap_or_default();
            message(ui, stage, theme.bad, &format!("{}{hint}", problem.message));
        }
    }
}

/// All of a texture in a rectangle; what lies outside of `clip` is cut.
pub(crate) fn paint_texture(ui: &Ui, clip: Rect, at: Rect, texture: TextureId) {
    let whole = Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0));
    ui.painter_at(clip).image(texture, at, whole, Color32::WHITE);
}

/// A text in the middle of the stage.
pub(crate) fn message(ui: &Ui, stage: Rect, color: Color32, text: &str) {
    let painter = ui.painter_at(stage);
    let wrap = (stage.width() - 2.0 * space::XL).max(40.0);
    let galley = painter.layout(text.to_owned(), FontId::proportional(size::HEADING), color, wrap);
    let at = stage.center() - galley.size() / 2.0;
    painter.galley(at, galley, color);
}

/// A word on a plate in the lower left of the stage, where no slate stands, `row` plates above the first one. Gives
/// where it is.
pub(crate) fn plate(ui: &Ui, theme: &Theme, stage: Rect, row: usize, color: Color32, text: &str) -> Rect {
    let painter = ui.painter_at(stage);
    let galley = painter.layout_no_wrap(text.to_owned(), FontId::proportional(size::SMALL), color);
    let padding = vec2(space::S, space::XS);
    let step = galley.size().y + 2.0 * padding.y + space::XS;
    let at = stage.left_bottom() + vec2(space::M, -space::M - step * (row + 1) as f32);
    let rect = Rect::from_min_size(at, galley.size() + 2.0 * padding);
    painter.rect_filled(rect, 3.0, theme.faded(theme.stage, 0.8));
    painter.galley(at + padding, galley, color);
    rect
}

/// A waveform over all of a rectangle; only the columns inside of `clip` are drawn.
pub(crate) fn waveform(ui: &Ui, clip: Rect, rect: Rect, color: Color32, wave: &[(f32, f32)]) {
    let painter = ui.painter_at(clip);
    let (middle, half) = (rect.center().y, rect.height() / 2.0 - 1.0);
    let step = rect.width() / wave.len().max(1) as f32;
    // Several columns on one point are drawn as one.
    let stride = (1.0 / step.max(1e-3)).ceil().max(1.0) as usize;
    for (idx, columns) in wave.chunks(stride).enumerate() {
        let x = rect.left() + step * stride as f32 * (idx as f32 + 0.5);
        if x < clip.left() || clip.right() < x {
            continue;
        }
        let low = columns.iter().map(|column| column.0).fold(0.0, f32::min).max(-1.0) * half;
        let high = columns.iter().map(|column| column.1).fold(0.0, f32::max).min(1.0) * half;
        painter.vline(x, middle - high..=middle - low + 0.5, Stroke::new((step * stride as f32).max(1.0), color));
    }
}

/// The frames inside which action and titles are safe.
pub(crate) fn safe_areas(ui: &Ui, theme: &Theme, stage: Rect, picture: Rect) {
    let painter = ui.painter_at(stage);
    let color = theme.faded(theme.on_stage, 0.6);
    for (share, name) in SAFE_AREAS {
        let area = Rect::from_center_size(picture.center(), picture.size() * share);
        painter.rect_stroke(area, 0.0, Stroke::new(1.0, color), StrokeKind::Middle);
        // The two frames are near each other: one is named above, the other below.
        let (at, align) = match name {
            "action" => (area.left_top() + vec2(space::S, 0.0), Align2::LEFT_BOTTOM),
            _ => (area.left_bottom() + vec2(space::S, -space::XS), Align2::LEFT_BOTTOM),
        };
        painter.text(at, align, name, FontId::proportional(size::SMALL), color);
    }
    let middle = picture.center();
    for arm in [vec2(space::M, 0.0), vec2(0.0, space::M)] {
        painter.line_segment([middle - arm, middle + arm], Stroke::new(1.0, color));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAGE: Rect = Rect { min: pos2(0.0, 0.0), max: pos2(640.0, 200.0) };

    #[test]
    fn a_fitted_picture_touches_two_edges() {
        let at = Stage::default().place(STAGE, vec2(1280.0, 720.0));
        assert!((at.height() - 200.0).abs() < 1e-3 && at.width() < 640.0);
        assert_eq!(at.center(), STAGE.center());
    }

    #[test]
    fn zooming_keeps_what_is_under_the_cursor() {
        let (picture, cursor) = (vec2(1280.0, 720.0), pos2(300.0, 40.0));
        let mut stage = Stage::default();
        let share = |stage: &Stage| (cursor - stage.place(STAGE, picture).min) / stage.place(STAGE, picture).size();
        let before = share(&stage);
        stage.zoom_at(cursor, 3.0, STAGE, picture);
        assert!((share(&stage) - before).length() < 1e-4, "{:?} {before:?}", share(&stage));
        stage.one_to_one(2.0);
        assert_eq!(stage.place(STAGE, picture).size(), picture / 2.0);
    }

    #[test]
    fn an_empty_picture_or_stage_is_no_panic() {
        let mut stage = Stage::default();
        for picture in [Vec2::ZERO, vec2(1e9, 0.0)] {
            for rect in [Rect::NOTHING, Rect::ZERO, STAGE] {
                stage.zoom_at(pos2(1.0, 1.0), 0.0, rect, picture);
                stage.place(rect, picture);
            }
        }
    }
}
