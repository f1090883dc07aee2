//! Help: every key and gesture in one searchable table, where keys are changed and presets chosen.
//!
//! It is made from the table that the keys themselves are made from, so it cannot be out of date.

use egui::{ComboBox, Event, Id, Key, Modal, Modifiers, RichText, ScrollArea, TextEdit, Ui};

use crate::actions::{ACTIONS, ActionSpec, GESTURES, Keymap, PRESETS, action, parse, text_of};
use crate::cx::Cx;
use crate::icons::Icon;
use crate::theme::{size, space};
use crate::widgets::icon_button;

const SIZE: egui::Vec2 = egui::vec2(720.0, 520.0);
/// Where the keys begin, in points.
const TITLES: f32 = 330.0;

/// See the module.
#[derive(Default)]
pub(crate) struct Help {
    open: bool,
    query: String,
    /// The action that gets the next key that is pressed.
    capturing: Option<&'static str>,
    /// What the last key that was set also does: the key, and the other action.
    conflict: Option<(String, &'static str)>,
}

impl Help {
    /// Whether it shows.
    pub(crate) fn is_open(&self) -> bool {
        self.open
    }

    /// Opens it, or closes it.
    pub(crate) fn toggle(&mut self) {
        *self = Help { open: !self.open, ..Help::default() };
    }

    /// Draws it.
    pub(crate) fn show(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        if !self.open {
            return;
        }
        self.capture(ui, cx);
        let modal = Modal::new(Id::unique("help"));
        let shown = modal.show(ui.ctx(), |ui| {
            ui.set_width(SIZE.x);
            ui.set_height(SIZE.y);
            self.head_ui(ui, cx);
            ui.separator();
            ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| self.rows_ui(ui, cx));
        });
        if shown.should_close() {
            *self = Help::default();
        }
    }

    fn head_ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        ui.horizontal(|ui| {
            ui.label(RichText::new("Keys").size(size::TITLE));
            ui.add_space(space::L);
            let search = TextEdit::singleline(&mut self.query).hint_text("Search keys").desired_width(180.0);
            ui.add(search).accessible_name("Search keys");
            let now = cx.shared.keymap.preset.clone();
            let combo = ComboBox::from_id_salt("preset").selected_text(&now).width(110.0);
            let shown = combo.show_ui(ui, |ui| {
                for (name, _) in PRESETS {
                    if ui.selectable_label(*name == now, *name).clicked() {
                        cx.shared.keymap = Keymap::new(name, cx.shared.keymap.own.clone());
                    }
                }
            });
            shown.response.on_hover_text("Keys as in another program").accessible_name("Preset of keys");
            if !cx.shared.keymap.own.is_empty() && ui.button("Reset all").clicked() {
                cx.shared.keymap = Keymap::new(&now, Default::default());
                self.conflict = None;
            }
            if ui.button("Take the tour").clicked() {
                cx.shared.tour = Some(0);
                self.open = false;
            }
            if icon_button(ui, Icon::X, "Close").clicked() {
                self.open = false;
            }
        });
        if let Some((key, other)) = self.conflict.clone() {
            ui.horizontal(|ui| {
                let title = action(other).map_or(other, |action| action.title);
                ui.colored_label(cx.theme.watch, format!("{key} is also “{title}”"));
                if ui.button("Take it away there").clicked() {
                    let mut keys = cx.shared.keymap.keys(other);
                    keys.retain(|it| parse(it) != parse(&key));
                    set_keys(cx, other, Some(keys));
                    self.conflict = None;
                }
            });
        }
        for problem in cx.shared.keymap.problems().into_iter().take(3) {
            ui.colored_label(cx.theme.watch, problem);
        }
    }

    fn rows_ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let query = self.query.trim().to_lowercase();
        let mut group = "";
        let mut n_shown = 0;
        for row in ACTIONS {
            let keys = cx.shared.keymap.keys(row.id);
            // The first of nine slots stands for all, until somebody looks for them.
            let numbered = query.is_empty() && row.id.ends_with(|c: char| ('2'..='9').contains(&c));
            let named = row.title.to_lowercase().contains(&query) || row.group.to_lowercase().contains(&query);
            let keyed = keys.iter().any(|key| key.to_lowercase().contains(&query));
            if numbered || !(named || keyed) {
                continue;
            }
            if row.group != group {
                group = row.group;
                ui.add_space(space::M);
                ui.label(RichText::new(group).color(cx.theme.accent).strong());
            }
            n_shown += 1;
            ui.push_id(row.id, |ui| self.row_ui(ui, cx, row, &keys));
        }
        let mut heading = Some("Mouse");
        for (gesture, what) in GESTURES {
            if !(gesture.to_lowercase().contains(&query) || what.to_lowercase().contains(&query)) {
                continue;
            }
            if let Some(heading) = heading.take() {
                ui.add_space(space::M);
                ui.label(RichText::new(heading).color(cx.theme.accent).strong());
            }
            n_shown += 1;
            ui.horizontal(|ui| {
                title_ui(ui, what);
                ui.label(RichText::new(*gesture).color(cx.theme.weak));
            });
        }
        if n_shown == 0 {
            ui.weak("Nothing is called so. Try another word.");
        }
    }

    fn row_ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, row: &'static ActionSpec, keys: &[String]) {
        ui.horizontal(|ui| {
            title_ui(ui, row.title);
            for key in keys {
                let button = egui::Button::new(RichText::new(key).monospace()).small();
                let response = ui.add(button).on_hover_text("Click to take this key away");
                if response.clicked() {
                    let left = keys.iter().filter(|it| *it != key).cloned().collect();
                    set_keys(cx, row.id, Some(left));
                }
            }
            if self.capturing == Some(row.id) {
                ui.colored_label(cx.theme.accent, "Press a key, or Escape");
            } else if icon_button(ui, Icon::Plus, &format!("Add a key for {}", row.title)).clicked() {
                self.capturing = Some(row.id);
                self.conflict = None;
            }
            if cx.shared.keymap.own.contains_key(row.id)
                && icon_button(ui, Icon::RotateCcw, &format!("Reset keys of {}", row.title)).clicked()
            {
                set_keys(cx, row.id, None);
                self.conflict = None;
            }
        });
    }

    /// Takes the next key for the action that waits for one, before anything else sees it.
    fn capture(&mut self, ui: &Ui, cx: &mut Cx<'_>) {
        let Some(id) = self.capturing else { return };
        let pressed = ui.input_mut(|input| {
            let held = input.modifiers;
            let found = input.events.iter().find_map(|event| match event {
                Event::Key { key, pressed: true, modifiers, .. } => Some((*modifiers, *key)),
                Event::Copy => Some((Modifiers::COMMAND | held, Key::C)),
                Event::Cut => Some((Modifiers::COMMAND | held, Key::X)),
                Event::Paste(_) => Some((Modifiers::COMMAND | held, Key::V)),
                _ => None,
            });
            if found.is_some() {
                input.events.retain(|event| matches!(event, Event::PointerMoved(_) | Event::MouseMoved(_)));
            }
            found
        });
        let Some((modifiers, key)) = pressed else { return };
        self.capturing = None;
        if key == Key::Escape && modifiers.is_none() {
            return;
        }
        let text = text_of(modifiers, key);
        let Some(shortcut) = parse(&text) else { return };
        let mut keys = cx.shared.keymap.keys(id);
        if !keys.iter().any(|it| parse(it) == Some(shortcut)) {
            keys.push(text.clone());
        }
        set_keys(cx, id, Some(keys));
        let scope = action(id).map(|action| action.scope);
        let mut others = ACTIONS.iter().filter(|other| other.id != id && Some(other.scope) == scope);
        let keymap = &cx.shared.keymap;
        let other = others.find(|other| keymap.keys(other.id).iter().any(|it| parse(it) == Some(shortcut)));
        self.conflict = other.map(|other| (text, other.id));
    }
}

fn title_ui(ui: &mut Ui, title: &str) {
    let size = egui::vec2(TITLES, ui.spacing().interact_size.y);
    ui.allocate_ui_with_layout(size, egui::Layout::left_to_right(egui::Align::Center), |ui| {
        ui.set_min_width(TITLES);
        ui.add(egui::Label::new(title).truncate());
    });
}

/// Gives an action keys of the user's own, or those of the preset again.
fn set_keys(cx: &mut Cx<'_>, id: &str, keys: Option<Vec<String>>) {
    let keymap = &cx.shared.keymap;
    let mut own = keymap.own.clone();
    match keys {
        Some(keys) => {
            own.insert(id.to_owned(), keys);
        }
        None => {
            own.shift_remove(id);
        }
    }
    cx.shared.keymap = Keymap::new(&keymap.preset, own);
}

#[cfg(test)]
mod tests {
    use egui_kittest::Harness;
    use egui_kittest::kittest::Queryable as _;

    use super::*;
    use crate::editor::Editor;
    use crate::testing::Bench;

    fn open() -> Harness<'static, Bench> {
        let mut editor = Editor::default();
        let mut harness = Bench::new("").window((1280.0, 720.0), move |ui, cx| editor.show(ui, cx));
        harness.run();
        harness.key_press(Key::F1);
        harness.run();
        harness
    }

    fn search(harness: &mut Harness<'_, Bench>, text: &str) {
        harness.get_by_label("Search keys").focus();
        harness.run();
        harness.get_by_label("Search keys").type_text(text);
        harness.run();
    }

    #[test]
    fn a_key_is_pressed_for_an_action_and_conflicts_are_named() {
        let mut harness = open();
        search(&mut harness, "find node");
        harness.get_by_label("Add a key for Find node…").click();
        harness.run();
        harness.key_press_modifiers(Modifiers::COMMAND, Key::D);
        harness.run();
        assert_eq!(harness.state().shared.keymap.keys("find"), ["Ctrl+F", "Ctrl+D"]);
        harness.get_by_label("Ctrl+D is also “Duplicate”");
        harness.get_by_label("Take it away there").click();
        harness.run();
        assert_eq!(harness.state().shared.keymap.keys("duplicate"), Vec::<String>::new());
        assert_eq!(harness.state().shared.keymap.problems(), Vec::<String>::new());
        harness.get_by_label("Reset keys of Find node…").click();
        harness.run();
        assert_eq!(harness.state().shared.keymap.keys("find"), ["Ctrl+F"]);
        assert!(harness.state().sent.is_empty(), "no key acted while it was set");
    }

    #[test]
    fn a_preset_is_chosen_and_escape_ends_waiting_then_help() {
        let mut harness = open();
        harness.get_by_label("Preset of keys").click();
        harness.run();
        harness.get_by_label("Nuke").click();
        harness.run();
        assert_eq!(harness.state().shared.keymap.hint("run"), "F7");
        search(&mut harness, "undo");
        harness.get_by_label("Add a key for Undo").click();
        harness.run();
        harness.get_by_label("Press a key, or Escape");
        harness.key_press(Key::Escape);
        harness.run();
        assert!(harness.query_by_label("Press a key, or Escape").is_none());
        assert_eq!(harness.state().shared.keymap.keys("undo"), ["Ctrl+Z"]);
        harness.key_press(Key::Escape);
        harness.run();
        harness.key_press(Key::Escape);
        harness.run();
        assert!(harness.query_by_label("Search keys").is_none());
    }

    #[test]
    fn gestures_are_found_too() {
        let mut harness = open();
        search(&mut harness, "shake");
        harness.get_by_label("Pull it out and heal the wires");
        assert!(harness.query_by_label("Add a key for Undo").is_none());
    }
}
