//! The field over a cell that is being changed: words, a number, or one of a few names. It knows neither rows nor
//! documents; it answers with what was typed.

use egui::{Area, Frame, Key, KeyboardShortcut, Modifiers, Order, Rect, ScrollArea, TextEdit, Ui};

use super::columns::Column;
use super::edits;
use crate::cx::Cx;
use crate::theme::space;

/// See the module.
#[derive(Clone, Debug)]
pub(super) struct Cell {
    /// The shot's id.
    pub(super) row: String,
    pub(super) column: Column,
    /// Where the cell is on the screen; none until it was drawn.
    pub(super) at: Option<Rect>,
    typed: String,
    /// What the script says: the choice that resets.
    scripted: String,
    /// The highlighted choice.
    choice: usize,
    /// The frames that it has been open for: the click that opened it must not close it.
    frames: u32,
}

/// What became of it in a frame.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Outcome {
    Open,
    Cancelled,
    /// What was typed; it can be read.
    Typed(String),
}

impl Cell {
    pub(super) fn new(row: &str, column: Column, typed: String, scripted: String) -> Cell {
        let choice = column.options().and_then(|options| options.iter().position(|option| *option == typed));
        let typed = if column.options().is_some() { String::new() } else { typed };
        let choice = choice.map_or(0, |choice| choice + 1);
        Cell { row: row.to_owned(), column, at: None, typed, scripted, choice, frames: 0 }
    }

    /// Draws it over the cell. `n_rows` is how many shots it will change.
    pub(super) fn show(&mut self, ui: &mut Ui, cx: &Cx<'_>, n_rows: usize) -> Outcome {
        let Some(at) = self.at else { return Outcome::Open };
        self.frames += 1;
        let area =
            Area::new(ui.scope_id().with("cell")).order(Order::Foreground).fixed_pos(at.left_top()).constrain(true);
        let shown = area.show(ui.ctx(), |ui| {
            Frame::popup(ui.style())
                .show(ui, |ui| {
                    ui.set_width(at.width().max(if self.column == Column::Text { 300.0 } else { 150.0 }));
                    let outcome = match self.column.options() {
                        Some(options) => self.choose_ui(ui, options),
                        None => self.type_ui(ui, cx),
                    };
                    if 1 < n_rows {
                        ui.weak(format!("Changes {n_rows} shots"));
                    }
                    outcome
                })
                .inner
        });
        let away = 1 < self.frames
            && ui.input(|input| input.pointer.any_pressed())
            && ui.input(|input| input.pointer.interact_pos()).is_some_and(|at| !shown.response.rect.contains(at));
        match shown.inner {
            Outcome::Open if away && self.column.options().is_some() => Outcome::Cancelled,
            Outcome::Open if away => self.leave(),
            outcome => outcome,
        }
    }

    /// A click elsewhere keeps what was typed where it can be read.
    fn leave(&self) -> Outcome {
        match edits::parse(self.column, &self.typed) {
            Ok(_) => Outcome::Typed(self.typed.clone()),
            Err(_) => Outcome::Cancelled,
        }
    }

    fn type_ui(&mut self, ui: &mut Ui, cx: &Cx<'_>) -> Outcome {
        let cancel = ui.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Escape));
        // `consume_key` takes Shift+Enter too, which is a new line.
        let done = ui.input_mut(|input| input.modifiers.is_none() && input.consume_key(Modifiers::NONE, Key::Enter));
        let several = self.column == Column::Text;
        let field = match several {
            true => TextEdit::multiline(&mut self.typed)
                .desired_rows(3)
                .return_key(KeyboardShortcut::new(Modifiers::SHIFT, Key::Enter)),
            false => TextEdit::singleline(&mut self.typed),
        };
        let id = ui.scope_id().with("field");
        let field = ui.add(field.id(id).desired_width(f32::INFINITY).hint_text(&self.scripted));
        let label = format!("{} of {}, being changed", self.column.title(), self.row);
        let value = self.typed.clone();
        field.widget_info(|| {
            let mut info = egui::WidgetInfo::labeled(egui::Role::TextInput, true, &label);
            info.current_text_value = Some(value.clone());
            info
        });
        if self.frames == 1 {
            field.request_focus();
            let mut state = egui::text_edit::TextEditState::load(ui.ctx(), id).unwrap_or_default();
            let end = egui::text::CCursor::end_of_str(&self.typed);
            let start = egui::text::CCursor::default();
            state.cursor.set_char_range(Some(egui::text::CCursorRange::two(start, end)));
            state.store(ui.ctx(), id);
        }
        let wrong = edits::parse(self.column, &self.typed).err();
        if let Some(wrong) = &wrong {
            ui.colored_label(cx.theme.bad, wrong);
        }
        ui.add_space(space::XS);
        ui.horizontal(|ui| {
            let keep = ui.add_enabled(wrong.is_none(), egui::Button::new("Keep")).on_hover_text("Enter");
            let reset = ui.button("Reset").on_hover_text(format!("Back to the script: {}", self.scripted));
            if cancel {
                Outcome::Cancelled
            } else if reset.clicked() {
                Outcome::Typed(String::new())
            } else if (done && wrong.is_none()) || keep.clicked() {
                Outcome::Typed(self.typed.clone())
            } else {
                Outcome::Open
            }
        })
        .inner
    }

    fn choose_ui(&mut self, ui: &mut Ui, options: &'static [&'static str]) -> Outcome {
        let wanted = self.typed.to_lowercase();
        let all = std::iter::once("auto").chain(options.iter().copied());
        let shown: Vec<(usize, &str)> =
            all.enumerate().filter(|(_, option)| option.to_lowercase().contains(&wanted)).collect();
        let at = shown.iter().position(|(idx, _)| *idx == self.choice).unwrap_or(0);
        let (up, down, done, cancel) = ui.input_mut(|input| {
            let mut key = |key| input.consume_key(Modifiers::NONE, key);
            (key(Key::ArrowUp), key(Key::ArrowDown), key(Key::Enter), key(Key::Escape))
        });
        let moved = if down {
            at + 1
        } else if up {
            at.saturating_sub(1)
        } else {
            at
        };
        let at = moved.min(shown.len().saturating_sub(1));
        if let Some((choice, _)) = shown.get(at) {
            self.choice = *choice;
        }
        let id = ui.scope_id().with("field");
        let field = ui.add(TextEdit::singleline(&mut self.typed).id(id).desired_width(f32::INFINITY).hint_text("Find"));
        if self.frames == 1 {
            field.request_focus();
        }
        if field.changed() {
            self.choice = usize::MAX;
        }
        let mut outcome = Outcome::Open;
        ScrollArea::vertical().auto_shrink([false, true]).max_height(190.0).show(ui, |ui| {
            for (idx, option) in &shown {
                let name = if *idx == 0 { format!("auto ({})", self.scripted) } else { (*option).to_owned() };
                let choice = ui.selectable_label(*idx == self.choice, name);
                if (up || down || self.frames == 1) && *idx == self.choice {
                    choice.scroll_to_me(None);
                }
                if choice.clicked() {
                    outcome = Outcome::Typed((*option).to_owned());
                }
            }
        });
        match shown.get(at) {
            _ if cancel => Outcome::Cancelled,
            Some((_, option)) if done => Outcome::Typed((*option).to_owned()),
            _ => outcome,
        }
    }
}
