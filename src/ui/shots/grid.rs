//! The grid of shots: cells, the cursor, the selection, keys, and moving rows. It says what was asked for; the panel
//! turns that into edits.
//!
//! Only rows in sight are drawn. Cells are painted and sensed by hand: `egui_extras`' table was weighed, which owns
//! rows' clicks and has no cursor, no place for a field over a cell and no drag of rows.

use std::collections::BTreeSet;
use std::ops::Range;

use egui::{Align2, FontId, Key, Rect, Response, Role, ScrollArea, Sense, Stroke, StrokeKind, Ui, WidgetInfo};
use indexmap::IndexSet;
use model::{ShotSize, Verdict};

use super::cell::{Cell, Outcome};
use super::columns::{Column, WIDTHS, layout};
use super::rows::Row;
use crate::cx::{Cx, Shown};
use crate::icons::{self, Icon};
use crate::theme::{size, space};

const HEAD: f32 = 22.0;
const ROW: f32 = 34.0;
/// Pixels asked of the gallery for a picture.
const PICTURE: u32 = 128;

/// What a person asked of the grid in a frame.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Act {
    /// Typed into a cell, for these shots; it can be read.
    Set { column: Column, ids: Vec<String>, typed: String },
    /// Forget all that the table says about these shots.
    Reset(Vec<String>),
    /// Move these shots before the one at a place of the film.
    Move { ids: Vec<String>, before: usize },
    /// Show what was made of a shot in the viewer.
    Look(String),
    /// Show the takes of a shot.
    Takes(String),
    /// Make new takes of these shots.
    Roll(Vec<String>),
}

/// Its view state.
#[derive(Default)]
pub(super) struct Grid {
    /// The cell that keys go to: a shot's id and a column.
    cursor: Option<(String, Column)>,
    /// Where Shift extends a selection from.
    anchor: Option<String>,
    cell: Option<Cell>,
    /// Column and whether it ascends; the order of the film where none.
    pub(super) sort: Option<(Column, bool)>,
    /// How far it is scrolled to the right: the header follows.
    offset: f32,
    /// The selection as it was, to notice when somebody else changes it.
    seen: IndexSet<String>,
    /// A row is being dragged to before this place of those shown.
    drop: Option<usize>,
    /// Bring this shot into sight.
    reveal: Option<String>,
}

/// What the grid shows: rows in the order of the film, and which of them in which order.
#[derive(Clone, Copy)]
pub(super) struct Shots<'a> {
    pub(super) rows: &'a [Row],
    pub(super) shown: &'a [usize],
    /// There is a table that changes can be written to.
    pub(super) editable: bool,
}

impl Shots<'_> {
    fn row(&self, at: usize) -> Option<&Row> {
        self.rows.get(*self.shown.get(at)?)
    }

    fn place(&self, id: &str) -> Option<usize> {
        self.shown.iter().position(|idx| self.rows[*idx].id == id)
    }
}

impl Grid {
    /// Draws it and takes its keys.
    pub(super) fn show(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, shots: Shots<'_>) -> Vec<Act> {
        let mut acts = Vec::new();
        if self.seen != cx.shared.selection.elements {
            self.seen.clone_from(&cx.shared.selection.elements);
            self.reveal = self.seen.last().cloned();
        }
        let columns = layout(ui.available_width(), &cx.shared.preferences.columns);
        self.head_ui(ui, cx, &columns);
        let width = columns.last().map_or(0.0, |(_, left, width)| left + width);
        let table = ui.scope_id().with("table");
        let scrolled = ScrollArea::both().id_salt("shots").auto_shrink([false, false]).show_viewport(ui, |ui, seen| {
            ui.set_width(width);
            ui.set_height(ROW * shots.shown.len() as f32);
            let origin = ui.max_rect().left_top();
            let response = ui.interact(ui.clip_rect(), table, Sense::click());
            response.widget_info(|| WidgetInfo::labeled(Role::Grid, true, "Shots"));
            if response.clicked() {
                response.request_focus();
            }
            if let Some(at) = self.reveal.take().and_then(|id| shots.place(&id)) {
                let top = origin.y + at as f32 * ROW;
                ui.scroll_to_rect(Rect::from_x_y_ranges(ui.clip_rect().x_range(), top..=top + ROW), None);
            }
            let first = (seen.min.y / ROW).floor().max(0.0) as usize;
            let last = ((seen.max.y / ROW).ceil().max(0.0) as usize).min(shots.shown.len());
            self.rows_ui(ui, cx, shots, &columns, first.min(last)..last, &response, &mut acts);
            if response.has_focus() {
                let filter =
                    egui::EventFilter { horizontal_arrows: true, vertical_arrows: true, escape: true, tab: false };
                ui.memory_mut(|memory| memory.set_focus_lock_filter(table, filter));
                if self.cell.is_none() {
                    self.keys(ui, cx, shots, &mut acts);
                }
            }
        });
        self.offset = scrolled.state.clamped_offset().x;
        self.cell_ui(ui, cx, shots, table, &mut acts);
        self.seen.clone_from(&cx.shared.selection.elements);
        acts
    }

    fn head_ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, columns: &[(Column, f32, f32)]) {
        let (head, _) = ui.allocate_exact_size(egui::vec2(ui.available_width(), HEAD), Sense::hover());
        let mut ui = ui.new_child(egui::UiBuilder::new().max_rect(head));
        ui.set_clip_rect(head.intersect(ui.clip_rect()));
        let spacing = ui.spacing().item_spacing.y;
        ui.painter().hline(head.x_range(), head.bottom() + spacing * 0.5, Stroke::new(1.0, cx.theme.outline));
        for (column, left, width) in columns {
            let rect =
                Rect::from_min_size(head.left_top() + egui::vec2(left - self.offset, 0.0), egui::vec2(*width, HEAD));
            let response =
                ui.interact(rect, ui.scope_id().with(("head", column)), Sense::click()).on_hover_text(column.help());
            response
                .widget_info(|| WidgetInfo::labeled(Role::ColumnHeader, true, format!("Sort by {}", column.title())));
            let color = if response.hovered() || response.has_focus() { cx.theme.text } else { cx.theme.weak };
            let painter = ui.painter().with_clip_rect(rect.intersect(ui.clip_rect()));
            let at = rect.left_center() + egui::vec2(space::S, 0.0);
            let title = painter.text(at, Align2::LEFT_CENTER, column.title(), FontId::proportional(size::SMALL), color);
            if let Some((_, ascending)) = self.sort.filter(|(sorted, _)| sorted == column) {
                let icon = if ascending { Icon::ArrowUp } else { Icon::ArrowDown };
                glyph(
                    &ui,
                    Rect::from_center_size(title.right_center() + egui::vec2(8.0, 0.0), egui::Vec2::ZERO),
                    icon,
                    11.0,
                    color,
                );
            }
            if response.clicked() {
                self.sort = match self.sort {
                    _ if *column == Column::Place => None,
                    Some((sorted, true)) if sorted == *column => Some((*column, false)),
                    Some((sorted, false)) if sorted == *column => None,
                    _ => Some((*column, true)),
                };
            }
        }
        // After all titles: an edge lies over both of its neighbours.
        for (column, left, width) in columns {
            let at = head.left_top() + egui::vec2(left - self.offset, 0.0);
            resize_ui(&ui, cx, *column, *width, Rect::from_min_size(at, egui::vec2(*width, HEAD)));
        }
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one frame")]
    fn rows_ui(
        &mut self,
        ui: &mut Ui,
        cx: &mut Cx<'_>,
        shots: Shots<'_>,
        columns: &[(Column, f32, f32)],
        seen: Range<usize>,
        table: &Response,
        acts: &mut Vec<Act>,
    ) {
        let origin = ui.max_rect().left_top();
        let row_at = |y: f32| ((y - origin.y) / ROW).max(0.0);
        for at in seen {
            let Some(row) = shots.row(at) else { continue };
            let top = origin + egui::vec2(0.0, at as f32 * ROW);
            let rect = Rect::from_min_size(top, egui::vec2(ui.max_rect().width(), ROW));
            let selected = cx.shared.selection.elements.contains(&row.id);
            if selected {
                ui.painter().rect_filled(rect, 0.0, cx.theme.selection);
            } else if at % 2 == 1 {
                ui.painter().rect_filled(rect, 0.0, cx.theme.faded(cx.theme.raised, 0.5));
            }
            for (column, left, width) in columns {
                let cell = Rect::from_min_size(top + egui::vec2(*left, 0.0), egui::vec2(*width, ROW));
                if !ui.is_rect_visible(cell) {
                    continue;
                }
                self.cell_at(ui, cx, shots, at, *column, cell, table, acts);
                if let Some(open) = &mut self.cell
                    && open.row == row.id
                    && open.column == *column
                {
                    open.at = Some(cell);
                }
            }
        }
        if let Some(drop) = self.drop {
            let y = origin.y + drop as f32 * ROW;
            ui.painter().hline(ui.clip_rect().x_range(), y, Stroke::new(2.0, cx.theme.accent));
            if let Some(pointer) = ui.input(|input| input.pointer.interact_pos()) {
                self.drop = Some((row_at(pointer.y).round() as usize).min(shots.shown.len()));
            }
        }
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one cell")]
    fn cell_at(
        &mut self,
        ui: &mut Ui,
        cx: &mut Cx<'_>,
        shots: Shots<'_>,
        at: usize,
        column: Column,
        rect: Rect,
        table: &Response,
        acts: &mut Vec<Act>,
    ) {
        let Some(row) = shots.row(at) else { return };
        let id = ui.scope_id().with((&row.id, column));
        // Not focusable: the grid as a whole has the focus, and the cursor moves inside.
        let sense = if column == Column::Place { Sense::CLICK | Sense::DRAG } else { Sense::CLICK };
        let response = ui.interact(rect, id, sense);
        let place = shots.shown[at];
        let shown = row.shown(column, place);
        let changed = row.is_changed(column);
        let label = format!("{} of {}", column.title(), row.id);
        response.widget_info(|| {
            let mut info = WidgetInfo::labeled(Role::GridCell, shots.editable || !column.is_editable(), &label);
            info.current_text_value = Some(shown.clone());
            info
        });
        paint(ui, cx, row, column, rect, &shown);
        let here = self.cursor.as_ref().is_some_and(|(id, at)| *id == row.id && *at == column);
        if changed {
            let mark = Rect::from_min_size(rect.left_top() + egui::vec2(0.0, 4.0), egui::vec2(3.0, ROW - 8.0));
            ui.painter().rect_filled(mark, 1.0, cx.theme.accent);
        }
        if here && table.has_focus() {
            ui.painter().rect_stroke(rect.shrink(1.0), 2.0, Stroke::new(1.5, cx.theme.accent), StrokeKind::Inside);
        }
        if changed && (here || response.contains_pointer()) && self.reset_ui(ui, cx, rect, &row.id, column) {
            acts.push(Act::Set { column, ids: vec![row.id.clone()], typed: String::new() });
            return;
        }
        if response.clicked() {
            table.request_focus();
            self.click(ui, cx, shots, at, column);
            if column == Column::Take && row.made.is_some() {
                acts.push(Act::Takes(row.id.clone()));
            }
            if column == Column::Skip && shots.editable {
                acts.push(self.skip(cx, row, shots));
            }
        }
        if response.double_clicked() {
            match column {
                Column::Skip | Column::Take => {}
                _ if column.is_editable() => self.open(shots, row, column),
                _ => acts.push(Act::Look(row.id.clone())),
            }
        }
        if column == Column::Place && shots.editable && self.sort.is_none() {
            self.drag(cx, shots, row, at, &response, acts);
        }
        let response = self.hover(response, row, column, changed);
        response.context_menu(|ui| self.menu(ui, cx, shots, row, column, acts));
    }

    fn hover(&self, response: Response, row: &Row, column: Column, changed: bool) -> Response {
        match column {
            Column::Text => response.on_hover_ui(|ui| {
                ui.set_max_width(320.0);
                ui.label(row.shown(Column::Text, 0));
                if changed {
                    ui.weak(format!("The script says: {}", row.scripted(column)));
                }
            }),
            Column::Scores if !row.scores.is_empty() => response.on_hover_ui(|ui| {
                for score in row.scores.iter().take(20) {
                    ui.label(format!("{}: {}", super::rows::verdict_name(score.verdict), score.text));
                }
            }),
            _ if changed && column != Column::Place => {
                response.on_hover_text(format!("Changed by hand. The script says: {}", row.scripted(column)))
            }
            _ => response,
        }
    }

    /// The small button that takes a change back.
    fn reset_ui(&self, ui: &mut Ui, cx: &Cx<'_>, cell: Rect, id: &str, column: Column) -> bool {
        let rect = Rect::from_center_size(cell.right_center() - egui::vec2(10.0, 0.0), egui::vec2(18.0, 18.0));
        let response = ui.interact(rect, ui.scope_id().with(("reset", id, column)), Sense::CLICK);
        let label = format!("Reset {} of {id}", column.title());
        response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &label));
        ui.painter().rect_filled(rect, 3.0, cx.theme.raised);
        let color = if response.hovered() { cx.theme.accent } else { cx.theme.weak };
        glyph(ui, rect, Icon::RotateCcw, 12.0, color);
        response.on_hover_text("Back to the script").clicked()
    }

    fn menu(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, shots: Shots<'_>, row: &Row, column: Column, acts: &mut Vec<Act>) {
        let ids = self.meant(cx, &row.id, shots);
        let many = if ids.len() == 1 { "shot".to_owned() } else { format!("{} shots", ids.len()) };
        let mut act = None;
        ui.add_enabled_ui(shots.editable, |ui| {
            if column.is_editable()
                && column != Column::Skip
                && ui.button(format!("Change {}", column.title().to_lowercase())).clicked()
            {
                self.cursor = Some((row.id.clone(), column));
                self.open(shots, row, column);
                ui.close();
            }
            if column.is_editable()
                && ui.button(format!("Reset {} of the {many}", column.title().to_lowercase())).clicked()
            {
                act = Some(Act::Set { column, ids: ids.clone(), typed: String::new() });
            }
            if ui.button(format!("Reset the {many}")).clicked() {
                act = Some(Act::Reset(ids.clone()));
            }
            let word = if row.skipped() { "Use" } else { "Skip" };
            if ui.button(format!("{word} the {many}")).clicked() {
                act = Some(self.skip(cx, row, shots));
            }
        });
        ui.separator();
        if ui.button(format!("Roll the {many} again")).clicked() {
            act = Some(Act::Roll(ids));
        }
        if ui.button("Show takes").clicked() {
            act = Some(Act::Takes(row.id.clone()));
        }
        if ui.button("Show in the viewer").clicked() {
            act = Some(Act::Look(row.id.clone()));
        }
        if let Some(act) = act {
            acts.push(act);
            ui.close();
        }
    }

    /// The shots that a change of one means: all that are selected with it.
    fn meant(&self, cx: &Cx<'_>, id: &str, shots: Shots<'_>) -> Vec<String> {
        let elements = &cx.shared.selection.elements;
        if elements.contains(id) {
            shots.rows.iter().filter(|row| elements.contains(&row.id)).map(|row| row.id.clone()).collect()
        } else {
            vec![id.to_owned()]
        }
    }

    fn skip(&self, cx: &Cx<'_>, row: &Row, shots: Shots<'_>) -> Act {
        let typed = if row.skipped() { "" } else { "yes" };
        Act::Set { column: Column::Skip, ids: self.meant(cx, &row.id, shots), typed: typed.to_owned() }
    }

    fn open(&mut self, shots: Shots<'_>, row: &Row, column: Column) {
        if shots.editable {
            self.cell = Some(Cell::new(&row.id, column, row.typed(column), row.scripted(column)));
        }
    }

    fn click(&mut self, ui: &Ui, cx: &mut Cx<'_>, shots: Shots<'_>, at: usize, column: Column) {
        let Some(row) = shots.row(at) else { return };
        let modifiers = ui.input(|input| input.modifiers);
        let elements = &mut cx.shared.selection.elements;
        self.cursor = Some((row.id.clone(), column));
        if modifiers.command {
            if !elements.shift_remove(&row.id) {
                elements.insert(row.id.clone());
            }
            self.anchor = Some(row.id.clone());
        } else if modifiers.shift {
            let from = self.anchor.as_deref().and_then(|id| shots.place(id)).unwrap_or(at);
            elements.clear();
            elements.extend((from.min(at)..=from.max(at)).filter_map(|at| Some(shots.row(at)?.id.clone())));
        } else {
            // A cell of a selected row keeps the selection, so that a double click changes all of it.
            if !(column.is_editable() && 1 < elements.len() && elements.contains(&row.id)) {
                elements.clear();
                elements.insert(row.id.clone());
            }
            self.anchor = Some(row.id.clone());
        }
    }

    fn drag(
        &mut self,
        cx: &mut Cx<'_>,
        shots: Shots<'_>,
        row: &Row,
        at: usize,
        response: &Response,
        acts: &mut Vec<Act>,
    ) {
        if response.drag_started() {
            self.drop = Some(at);
            if !cx.shared.selection.elements.contains(&row.id) {
                cx.shared.selection.elements.clear();
                cx.shared.selection.elements.insert(row.id.clone());
            }
        }
        if response.drag_stopped()
            && let Some(drop) = self.drop.take()
        {
            let before = shots.shown.get(drop).copied().unwrap_or(shots.rows.len());
            acts.push(Act::Move { ids: self.meant(cx, &row.id, shots), before });
        }
    }

    fn cell_ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, shots: Shots<'_>, table: egui::Id, acts: &mut Vec<Act>) {
        let Some(mut cell) = self.cell.take() else { return };
        let ids = self.meant(cx, &cell.row, shots);
        match cell.show(ui, cx, ids.len()) {
            Outcome::Open => self.cell = Some(cell),
            Outcome::Cancelled => ui.memory_mut(|memory| memory.request_focus(table)),
            Outcome::Typed(typed) => {
                ui.memory_mut(|memory| memory.request_focus(table));
                acts.push(Act::Set { column: cell.column, ids, typed });
            }
        }
    }

    fn keys(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, shots: Shots<'_>, acts: &mut Vec<Act>) {
        let n = shots.shown.len();
        if n == 0 {
            return;
        }
        let cursor = self.cursor.clone().and_then(|(id, column)| Some((shots.place(&id)?, column)));
        let (at, column) = cursor.unwrap_or((0, Column::Text));
        let modifiers = ui.input(|input| input.modifiers);
        let key = |key: Key| ui.input_mut(|input| input.consume_key(modifiers, key));
        let (alt, shift) = (modifiers.alt, modifiers.shift);
        let step = if key(Key::ArrowDown) {
            Some((at + 1).min(n - 1))
        } else if key(Key::ArrowUp) {
            Some(at.saturating_sub(1))
        } else if key(Key::Home) {
            Some(0)
        } else if key(Key::End) {
            Some(n - 1)
        } else {
            None
        };
        let side = if key(Key::ArrowRight) {
            1
        } else if key(Key::ArrowLeft) {
            -1
        } else {
            0
        };
        let (enter, space_bar) = (key(Key::Enter) || key(Key::F2), key(Key::Space));
        let (delete, escape) = (key(Key::Delete) || key(Key::Backspace), key(Key::Escape));
        let all = modifiers.command && key(Key::A);
        let Some(row) = shots.row(at) else { return };
        if let Some(to) = step {
            if alt {
                self.shift_rows(cx, shots, to > at, &row.id, acts);
            } else if let Some(row) = shots.row(if cursor.is_none() { at } else { to }) {
                self.cursor = Some((row.id.clone(), column));
                self.reveal = Some(row.id.clone());
                let elements = &mut cx.shared.selection.elements;
                elements.clear();
                if shift {
                    let from = self.anchor.as_deref().and_then(|id| shots.place(id)).unwrap_or(at);
                    elements.extend((from.min(to)..=from.max(to)).filter_map(|at| Some(shots.row(at)?.id.clone())));
                } else {
                    elements.insert(row.id.clone());
                    self.anchor = Some(row.id.clone());
                }
            }
        }
        if side != 0 {
            let columns = super::columns::COLUMNS;
            let idx = columns.iter().position(|it| *it == column).unwrap_or(0);
            let column = columns[idx.saturating_add_signed(side).min(columns.len() - 1)];
            self.cursor = Some((row.id.clone(), column));
        }
        if all {
            let elements = &mut cx.shared.selection.elements;
            elements.clear();
            elements.extend(shots.shown.iter().map(|idx| shots.rows[*idx].id.clone()));
        }
        if escape {
            cx.shared.selection.elements.clear();
            cx.shared.selection.elements.insert(row.id.clone());
        }
        match column {
            Column::Skip if (enter || space_bar) && shots.editable => acts.push(self.skip(cx, row, shots)),
            _ if enter && column.is_editable() => self.open(shots, row, column),
            Column::Take if enter => acts.push(Act::Takes(row.id.clone())),
            _ if enter => acts.push(Act::Look(row.id.clone())),
            _ => {}
        }
        if delete && column.is_editable() && shots.editable {
            acts.push(Act::Set { column, ids: self.meant(cx, &row.id, shots), typed: String::new() });
        }
    }

    /// Moves the selected shots one place, as one block.
    fn shift_rows(&mut self, cx: &Cx<'_>, shots: Shots<'_>, down: bool, id: &str, acts: &mut Vec<Act>) {
        if !shots.editable || self.sort.is_some() {
            return;
        }
        let ids = self.meant(cx, id, shots);
        let moved: BTreeSet<&str> = ids.iter().map(String::as_str).collect();
        let is_moved = |row: &Row| moved.contains(row.id.as_str());
        let before = match down {
            true => shots.rows.iter().rposition(is_moved).map(|last| (last + 2).min(shots.rows.len())),
            false => shots.rows.iter().position(is_moved).and_then(|first| first.checked_sub(1)),
        };
        if let Some(before) = before {
            self.reveal = Some(id.to_owned());
            acts.push(Act::Move { ids, before });
        }
    }
}

/// The right edge of a column's title: dragged it sets the width, a double click gives the first one back.
fn resize_ui(ui: &Ui, cx: &mut Cx<'_>, column: Column, width: f32, head: Rect) {
    let edge =
        Rect::from_min_max(egui::pos2(head.right() - 4.0, head.top()), egui::pos2(head.right() + 4.0, head.bottom()));
    let response = ui.interact(edge, ui.scope_id().with(("width", column)), Sense::click_and_drag());
    let label = format!("Width of {}", column.title());
    response.widget_info(|| WidgetInfo::labeled(Role::Splitter, true, &label));
    if response.hovered() || response.dragged() {
        ui.ctx().set_cursor_icon(egui::CursorIcon::ResizeHorizontal);
        ui.painter().vline(head.right(), head.y_range(), Stroke::new(1.0, cx.theme.accent));
    }
    let columns = &mut cx.shared.preferences.columns;
    if response.double_clicked() {
        columns.remove(column.key());
    } else if response.dragged() && response.drag_delta().x != 0.0 {
        let wanted = (width + response.drag_delta().x).clamp(WIDTHS.0, WIDTHS.1);
        columns.insert(column.key().to_owned(), wanted);
    }
}

fn glyph(ui: &Ui, rect: Rect, icon: Icon, size: f32, color: egui::Color32) {
    let font = FontId::new(size, egui::FontFamily::Name(icons::FAMILY.into()));
    ui.painter().text(rect.center(), Align2::CENTER_CENTER, char::from(icon), font, color);
}

fn paint(ui: &mut Ui, cx: &mut Cx<'_>, row: &Row, column: Column, rect: Rect, shown: &str) {
    let inner = rect.shrink2(egui::vec2(space::S + 1.0, space::XS));
    let faint = row.skipped();
    let theme = *cx.theme;
    let color = match column {
        _ if faint => theme.weak,
        Column::State if shown == "stale" => theme.watch,
        Column::State => row.made.as_ref().map_or(theme.weak, |made| theme.state(&made.state)),
        Column::Scores => match row.worst() {
            Some(Verdict::Break) => theme.bad,
            Some(Verdict::Watch) => theme.watch,
            Some(Verdict::Good) => theme.good,
            _ => theme.weak,
        },
        Column::Cost => theme.money,
        Column::Place | Column::Id | Column::Model => theme.weak,
        Column::Size if ShotSize::named(shown).is_none() => theme.bad,
        _ => theme.text,
    };
    match column {
        Column::Picture => picture(ui, cx, row, rect.shrink(2.0)),
        Column::Skip => {
            let icon = if row.skipped() { Icon::SquareCheck } else { Icon::Square };
            glyph(ui, rect, icon, size::ICON, theme.weak);
        }
        Column::Take if row.made.as_ref().is_some_and(|made| made.pinned) => {
            glyph(ui, Rect::from_center_size(inner.right_center(), egui::Vec2::ZERO), Icon::Pin, 11.0, theme.accent);
            text(ui, inner, shown, size::BODY, color, 1);
        }
        Column::Text => text(ui, inner, shown, size::SMALL, color, 2),
        Column::Scene | Column::Model => text(ui, inner, shown, size::SMALL, color, 2),
        _ => text(ui, inner, shown, size::BODY, color, 1),
    }
    if faint && column == Column::Text {
        ui.painter().hline(inner.x_range(), inner.center().y, Stroke::new(1.0, theme.weak));
    }
}

fn text(ui: &Ui, rect: Rect, text: &str, points: f32, color: egui::Color32, rows: usize) {
    // A shot's text may be long; what cannot be seen is not laid out.
    let seen: String = text.chars().take(400).collect();
    let mut job = egui::text::LayoutJob::simple(seen, FontId::proportional(points), color, rect.width());
    job.wrap.max_rows = rows;
    job.wrap.break_anywhere = rows == 1;
    let galley = ui.painter().layout_job(job);
    let at = egui::pos2(rect.left(), rect.center().y - galley.size().y * 0.5);
    ui.painter().with_clip_rect(rect.expand(1.0).intersect(ui.clip_rect())).galley(at, galley, color);
}

fn picture(ui: &mut Ui, cx: &mut Cx<'_>, row: &Row, rect: Rect) {
    ui.painter().rect_filled(rect, 2.0, cx.theme.stage);
    let made = row.made.as_ref().and_then(|made| made.picture.as_ref());
    let shown = made.map(|picture| cx.gallery.picture(ui.ctx(), picture, PICTURE));
    match shown {
        Some(Shown::Ready(texture, size)) if 0.0 < size.x && 0.0 < size.y => {
            let scale = (rect.width() / size.x).min(rect.height() / size.y);
            let fitted = Rect::from_center_size(rect.center(), size * scale);
            let whole = Rect::from_min_max(egui::Pos2::ZERO, egui::pos2(1.0, 1.0));
            let stale = row.made.as_ref().is_some_and(|made| made.stale);
            let tint = egui::Color32::WHITE.gamma_multiply(if stale { 0.55 } else { 1.0 });
            ui.painter().image(texture, fitted, whole, tint);
        }
        Some(Shown::Failed(_)) => glyph(ui, rect, Icon::ImageOff, size::ICON, cx.theme.bad),
        Some(_) => glyph(ui, rect, Icon::Hourglass, size::ICON, cx.theme.weak),
        None => glyph(ui, rect, Icon::Clapperboard, size::ICON, cx.theme.outline),
    }
}
