//! All commands by name: a search over the one table of actions, with their keys beside them.

use egui::{Align, Align2, Area, Id, Order, RichText, ScrollArea, TextEdit, Ui, vec2};

use crate::actions::{ACTIONS, ActionSpec};
use crate::cx::Cx;
use crate::fuzzy::{Field, Finder};
use crate::palette::Keys;
use crate::theme::size;

const WIDTH: f32 = 460.0;
const HEIGHT: f32 = 360.0;

/// See the module.
#[derive(Default)]
pub(crate) struct CommandsPalette {
    open: bool,
    /// It opened this frame: the click that did it is not one elsewhere.
    fresh: bool,
    query: String,
    highlighted: usize,
    finder: Finder,
}

impl CommandsPalette {
    /// Whether it shows.
    pub(crate) fn is_open(&self) -> bool {
        self.open
    }

    /// Opens it, empty.
    pub(crate) fn open(&mut self) {
        *self = CommandsPalette { open: true, fresh: true, ..CommandsPalette::default() };
    }

    /// Draws it; the action that was chosen.
    pub(crate) fn show(&mut self, ui: &mut Ui, cx: &Cx<'_>) -> Option<&'static str> {
        if !self.open {
            return None;
        }
        let rows = self.rows();
        let keys = Keys::take(ui);
        self.highlighted = keys.step(self.highlighted, rows.len());
        let mut chosen = rows.get(self.highlighted).filter(|_| keys.enter).map(|row| row.id);
        let area = Area::new(Id::unique("commands palette")).order(Order::Foreground).fade_in(false);
        let shown = area.anchor(Align2::CENTER_TOP, vec2(0.0, 60.0)).show(ui.ctx(), |ui| {
            egui::Frame::popup(ui.style()).show(ui, |ui| {
                ui.set_width(WIDTH);
                ui.set_height(HEIGHT);
                let search = TextEdit::singleline(&mut self.query);
                let search = ui.add(search.hint_text("Type what you want to do").desired_width(f32::INFINITY));
                search.request_focus();
                if search.changed() {
                    self.highlighted = 0;
                }
                search.accessible_name("Search commands");
                ui.separator();
                ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
                    if rows.is_empty() {
                        ui.weak("No command is called so. Try another word, or press Escape.");
                    }
                    for (idx, row) in rows.iter().enumerate() {
                        if self.row_ui(ui, cx, idx, row, keys.moved()) {
                            chosen = Some(row.id);
                        }
                    }
                });
            });
        });
        let left = !self.fresh && shown.response.clicked_elsewhere();
        self.fresh = false;
        if chosen.is_some() || keys.escape || left {
            self.open = false;
        }
        chosen
    }

    fn rows(&mut self) -> Vec<&'static ActionSpec> {
        let mut found: Vec<(u32, &'static ActionSpec)> = Vec::new();
        for action in ACTIONS.iter().filter(|action| action.id != "commands") {
            let fields = [
                Field { text: action.title, weight: 3, prose: false },
                Field { text: action.group, weight: 1, prose: false },
            ];
            if let Some(score) = self.finder.score(&self.query, &fields) {
                found.push((score, action));
            }
        }
        found.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
        found.into_iter().map(|(_, action)| action).collect()
    }

    fn row_ui(&mut self, ui: &mut Ui, cx: &Cx<'_>, idx: usize, row: &ActionSpec, moved: bool) -> bool {
        let selected = idx == self.highlighted;
        let side = format!("{}   {}", row.group, cx.shared.keymap.hint(row.id));
        let side = RichText::new(side).size(size::SMALL).color(cx.theme.weak);
        let button = egui::Button::selectable(selected, row.title).right_text(side).truncate();
        let response = ui.push_id(row.id, |ui| ui.add_sized([ui.available_width(), 20.0], button)).inner;
        response.widget_info(|| egui::WidgetInfo::selected(egui::Role::ListBoxOption, true, selected, row.title));
        if selected && moved {
            response.scroll_to_me(Some(Align::Center));
        }
        if response.hovered() && ui.input(|input| input.pointer.delta() != egui::Vec2::ZERO) {
            self.highlighted = idx;
        }
        response.clicked()
    }
}

#[cfg(test)]
mod tests {
    use egui::{Key, Modifiers};
    use egui_kittest::kittest::Queryable as _;

    use crate::command::{Command, FileCommand};
    use crate::editor::Editor;
    use crate::testing::Bench;

    #[test]
    fn a_command_is_found_by_its_name_and_done() {
        let mut editor = Editor::default();
        let mut harness = Bench::new("").window((1280.0, 720.0), move |ui, cx| editor.show(ui, cx));
        harness.run();
        harness.key_press_modifiers(Modifiers::COMMAND | Modifiers::SHIFT, Key::P);
        harness.run();
        harness.get_by_label("Search commands").type_text("save as");
        harness.run();
        harness.key_press(Key::Enter);
        harness.run();
        assert_eq!(harness.state().sent, [Command::File(FileCommand::SaveAs)]);
        assert!(harness.query_by_label("Search commands").is_none());
    }
}
