//! The contact sheet: one cell for each element of a list, of which only those in view are drawn.

use egui::{FontId, Rect, Role, ScrollArea, Sense, Stroke, StrokeKind, Ui, WidgetInfo, pos2, vec2};
use model::Value;

use super::in_a_line;
use crate::cx::{Cx, Look, Picture, Shown};
use crate::theme::{size, space};
use crate::view::ItemState;
use crate::viewer::seen::Cell;
use crate::viewer::stage;

/// Least width of a cell, in points: cells grow to fill the row.
const CELL: f32 = 132.0;
const CAPTION: f32 = 16.0;

/// Where somebody is in a sheet.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sheet {
    n_columns: usize,
    /// The selected cell was reached by a key: it is brought into view.
    reveal: Option<usize>,
}

impl Sheet {
    /// Takes a key of the viewer: arrows walk from cell to cell, Enter looks at one alone.
    pub(crate) fn act(&mut self, action: &str, cx: &mut Cx<'_>, cells: &[Cell], look: &Look) -> bool {
        let chosen = &mut cx.shared.selection.elements;
        let here = chosen.last().and_then(|last| cells.iter().position(|cell| cell.element == *last));
        let row = self.n_columns.max(1);
        let to = match (action, here) {
            ("swap", Some(here)) => {
                cx.shared.look_a = Some(Look { element: Some(cells[here].element.clone()), ..look.clone() });
                return true;
            }
            ("step_back" | "step_on" | "previous_shot" | "next_shot", None) => 0,
            ("step_back", Some(here)) => here.saturating_sub(1),
            ("step_on", Some(here)) => here + 1,
            ("previous_shot", Some(here)) => here.checked_sub(row).unwrap_or(here),
            ("next_shot", Some(here)) if here + row < cells.len() => here + row,
            ("next_shot", Some(here)) => here,
            ("to_start", _) => 0,
            ("to_end", _) => cells.len(),
            _ => return false,
        };
        let to = to.min(cells.len().saturating_sub(1));
        if let Some(cell) = cells.get(to) {
            chosen.clear();
            chosen.insert(cell.element.clone());
            self.reveal = Some(to);
        }
        true
    }
}

/// Draws it. A click selects the element, Ctrl adds or removes it, Shift takes all from the last; a double click
/// looks at it alone.
pub(crate) fn sheet_ui(ui: &mut Ui, cx: &mut Cx<'_>, cells: &[Cell], look: &Look, sheet: &mut Sheet) {
    let width = ui.available_width() - ui.spacing().scroll.allocated_width();
    let n_columns = ((width + space::S) / (CELL + space::S)).floor().max(1.0) as usize;
    let cell_width = ((width - space::S * (n_columns - 1) as f32) / n_columns as f32).max(40.0);
    let (across, down) = cx.document.settings.size;
    let picture = vec2(cell_width, (cell_width * down as f32 / across.max(1) as f32).clamp(20.0, 2.0 * cell_width));
    let height = picture.y + CAPTION;
    let mut clicked = None;
    ui.spacing_mut().item_spacing = vec2(space::S, space::S);
    sheet.n_columns = n_columns;
    let mut area = ScrollArea::vertical().auto_shrink(false);
    if let Some(idx) = sheet.reveal.take() {
        let middle = (idx / n_columns) as f32 * (height + space::S) - (ui.available_height() - height) / 2.0;
        area = area.vertical_scroll_offset(middle.max(0.0));
    }
    area.show_rows(ui, height, cells.len().div_ceil(n_columns), |ui, rows| {
        for row in rows {
            ui.horizontal(|ui| {
                for (idx, cell) in cells.iter().enumerate().skip(row * n_columns).take(n_columns) {
                    let (rect, response) = ui.allocate_exact_size(vec2(picture.x, height), Sense::click());
                    cell_ui(ui, cx, cell, rect, picture.y, &response);
                    if response.double_clicked() {
                        cx.shared.look_a = Some(Look { element: Some(cell.element.clone()), ..look.clone() });
                    } else if response.clicked() {
                        clicked = Some(idx);
                    }
                }
            });
        }
    });
    if let Some(idx) = clicked {
        select(ui, cx, cells, idx);
    }
}

fn select(ui: &Ui, cx: &mut Cx<'_>, cells: &[Cell], idx: usize) {
    let modifiers = ui.input(|input| input.modifiers);
    let chosen = &mut cx.shared.selection.elements;
    let id = &cells[idx].element;
    if modifiers.command {
        if !chosen.shift_remove(id) {
            chosen.insert(id.clone());
        }
        return;
    }
    let last = chosen.last().and_then(|last| cells.iter().position(|cell| cell.element == *last));
    match last.filter(|_| modifiers.shift) {
        Some(last) => {
            let range = if last <= idx { last..=idx } else { idx..=last };
            chosen.extend(cells[range].iter().map(|cell| cell.element.clone()));
        }
        None => {
            chosen.clear();
            chosen.insert(id.clone());
        }
    }
}

fn cell_ui(ui: &mut Ui, cx: &mut Cx<'_>, cell: &Cell, rect: Rect, height: f32, response: &egui::Response) {
    let theme = cx.theme;
    let selected = cx.shared.selection.elements.contains(&cell.element);
    let word = if cell.stale { "stale" } else { cell.state.name() };
    let previs = if cell.previs { ", previs" } else { "" };
    response
        .widget_info(|| WidgetInfo::selected(Role::Button, true, selected, format!("{} {word}{previs}", cell.element)));
    let painter = ui.painter_at(rect);
    let picture = Rect::from_min_size(rect.min, vec2(rect.width(), height));
    let source = cell.value.as_ref().and_then(picture_of);
    let is_words = source.is_none() && cell.value.is_some();
    painter.rect_filled(picture, 2.0, if is_words { theme.raised } else { theme.stage });
    match source {
        Some(source) => {
            let width = (rect.width() * ui.pixels_per_point()) as u32;
            match cx.gallery.picture(ui.ctx(), &source, width) {
                Shown::Ready(texture, size) => {
                    let at = stage::Stage::default().place(picture, size);
                    stage::paint_texture(ui, picture, at, texture);
                }
                Shown::Failed(problem) => words(ui, picture, theme.bad, &problem.message),
                Shown::Waiting => {}
            }
        }
        None => {
            let text = match (&cell.value, &cell.state) {
                (Some(value), _) => in_a_line(value),
                (None, ItemState::Failed(problem)) => problem.message.clone(),
                (None, state) => state.name().to_owned(),
            };
            words(ui, picture, if is_words { theme.text } else { theme.on_stage }, &text);
        }
    }
    if cell.previs {
        stage::plate(ui, theme, picture, 0, theme.on_stage, "Previs");
    }
    let color = if cell.stale { theme.watch } else { theme.state(&cell.state) };
    let middle = rect.bottom() - CAPTION / 2.0;
    painter.circle_filled(pos2(rect.left() + 5.0, middle), 3.5, color);
    let font = FontId::proportional(size::SMALL);
    let id = painter.layout_no_wrap(cell.element.clone(), font.clone(), theme.text);
    let at = pos2(rect.left() + 12.0, middle - id.size().y / 2.0);
    let state_at = at.x + id.size().x + space::S;
    painter.galley(at, id, theme.text);
    if cell.state != ItemState::Done {
        painter.text(pos2(state_at, middle), egui::Align2::LEFT_CENTER, word, font, color);
    }
    if selected || response.hovered() {
        let color = if selected { theme.accent } else { theme.outline };
        painter.rect_stroke(rect, 2.0, Stroke::new(2.0, color), StrokeKind::Inside);
    }
}

fn words(ui: &Ui, rect: Rect, color: egui::Color32, text: &str) {
    let painter = ui.painter_at(rect);
    let rect = rect.shrink(space::S);
    let galley = painter.layout(text.to_owned(), FontId::proportional(size::SMALL), color, rect.width());
    painter.galley(rect.min, galley, color);
}

/// What a thumbnail of a value shows: a clip's middle is more telling than its first frame, which may fade in.
pub(crate) fn picture_of(value: &Value) -> Option<Picture> {
    match value {
        Value::Image(image) => Some(Picture::Image(image.clone())),
        Value::Clip(clip) => Some(Picture::Frame { clip: clip.clone(), frame: clip.n_frames() / 2 }),
        Value::Reference(reference) => reference.images.first().cloned().map(Picture::Media),
        Value::Report(report) => report.plot.clone().map(Picture::Media),
        _ => None,
    }
}
