//! Lines of cells with fixed widths, for lists that are read and not edited: plans, models, the ledger, the log.
//!
//! A line is one widget with one label, so that a thousand of them cost what is in sight. `egui::Grid` was the
//! alternative: it lays out every line in every frame.

use egui::{Color32, FontId, Rect, Response, Role, Sense, Stroke, TextEdit, Ui, WidgetInfo};

use crate::theme::{Theme, size, space};

/// The height of a line, in points.
pub(crate) const LINE: f32 = 22.0;

/// One cell: a width in points, or a share of what is left where it is negative; its text and colour.
pub(crate) struct Field<'a> {
    pub(crate) width: f32,
    pub(crate) text: &'a str,
    pub(crate) color: Color32,
}

/// Widths with shares resolved.
fn widths(fields: &[Field<'_>], available: f32) -> Vec<f32> {
    let fixed: f32 = fields.iter().map(|field| field.width.max(0.0)).sum();
    let shares: f32 = fields.iter().map(|field| (-field.width).max(0.0)).sum();
    let left = (available - fixed).max(0.0);
    fields.iter().map(|field| if field.width < 0.0 { left * -field.width / shares } else { field.width }).collect()
}

/// Draws a line; its label is all of its text.
pub(crate) fn line_ui(ui: &mut Ui, theme: &Theme, selected: bool, fields: &[Field<'_>]) -> Response {
    let (rect, response) = ui.allocate_exact_size(egui::vec2(ui.available_width(), LINE), Sense::click());
    response.widget_info(|| {
        let words: Vec<&str> = fields.iter().map(|field| field.text).filter(|text| !text.is_empty()).collect();
        WidgetInfo::selected(Role::ListItem, true, selected, words.join(", "))
    });
    if selected {
        ui.painter().rect_filled(rect, 2.0, theme.selection);
    } else if response.hovered() || response.has_focus() {
        ui.painter().rect_filled(rect, 2.0, theme.raised);
    }
    let mut left = rect.left();
    for (field, width) in fields.iter().zip(widths(fields, rect.width())) {
        let cell = Rect::from_min_size(egui::pos2(left, rect.top()), egui::vec2(width, LINE));
        text_ui(ui, cell.shrink2(egui::vec2(space::S, 0.0)), field.text, size::BODY, field.color);
        left += width;
    }
    response
}

/// Draws titles over lines of the same widths.
pub(crate) fn titles_ui(ui: &mut Ui, theme: &Theme, fields: &[(f32, &str)]) {
    let fields: Vec<Field<'_>> =
        fields.iter().map(|(width, text)| Field { width: *width, text, color: theme.weak }).collect();
    let (rect, _) = ui.allocate_exact_size(egui::vec2(ui.available_width(), 18.0), Sense::hover());
    let mut left = rect.left();
    for (field, width) in fields.iter().zip(widths(&fields, rect.width())) {
        let cell = Rect::from_min_size(egui::pos2(left, rect.top()), egui::vec2(width, rect.height()));
        text_ui(ui, cell.shrink2(egui::vec2(space::S, 0.0)), field.text, size::SMALL, field.color);
        left += width;
    }
    ui.painter().hline(rect.x_range(), rect.bottom(), Stroke::new(1.0, theme.outline));
}

/// One row of text, cut with an ellipsis where it is too long.
fn text_ui(ui: &Ui, rect: Rect, text: &str, points: f32, color: Color32) {
    let seen: String = text.chars().take(300).collect();
    let mut job = egui::text::LayoutJob::simple(seen, FontId::proportional(points), color, rect.width());
    job.wrap.max_rows = 1;
    job.wrap.break_anywhere = true;
    let galley = ui.painter().layout_job(job);
    let at = egui::pos2(rect.left(), rect.center().y - galley.size().y * 0.5);
    ui.painter().with_clip_rect(rect.intersect(ui.clip_rect())).galley(at, galley, color);
}

/// A field of one line with a label of its own, which a hint alone does not give.
pub(crate) fn field_ui(ui: &mut Ui, text: &mut String, label: &str, hint: &str, width: f32) -> Response {
    let field = ui.add(TextEdit::singleline(text).hint_text(hint).desired_width(width));
    let enabled = ui.is_enabled();
    field.widget_info(|| {
        let mut info = WidgetInfo::labeled(Role::TextInput, enabled, label);
        info.current_text_value = Some(text.clone());
        info
    });
    field
}

/// What an empty list says, in one sentence.
pub(crate) fn empty_ui(ui: &mut Ui, theme: &Theme, text: &str) {
    ui.add_space(space::XL);
    ui.vertical_centered(|ui| ui.label(egui::RichText::new(text).color(theme.weak)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_take_what_is_left() {
        let field = |width| Field { width, text: "", color: Color32::WHITE };
        assert_eq!(widths(&[field(30.0), field(-1.0), field(-2.0)], 90.0), [30.0, 20.0, 40.0]);
        assert_eq!(widths(&[field(30.0), field(-1.0)], 10.0), [30.0, 0.0]);
    }
}
