//! The menu under the right button: what can be done with what is there, with its keys.

use egui::{Pos2, Response, Ui};

use super::decor::{self, DecorKind};
use super::hit::Hit;
use super::{Canvas, edits};
use crate::actions;
use crate::cx::Cx;

/// Rows of the menu by what it is about; a dash separates.
const NODE: &[&str] = &[
    "rename",
    "bypass",
    "collapse",
    "thumbnail",
    "swap_inputs",
    "-",
    "copy",
    "cut",
    "duplicate",
    "duplicate_linked",
    "linked_copy",
    "unlink",
    "-",
    "group",
    "ungroup",
    "enter",
    "backdrop",
    "tidy",
    "-",
    "delete_heal",
    "delete",
];
const EMPTY: &[&str] =
    &["add", "paste", "paste_linked", "-", "note", "backdrop", "-", "tidy", "select_all", "frame_all"];
const DECOR: &[&str] = &["rename", "-", "copy", "duplicate", "-", "delete"];

/// What the menu is about.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum About {
    Node,
    Decor(String),
    Empty,
}

impl Canvas {
    /// Remembers what the menu will be about, and selects it.
    pub(super) fn menu_at(&mut self, at: Pos2, hit: &Hit, cx: &mut Cx<'_>) {
        self.menu_place = Some(at);
        let selection = &mut cx.shared.selection;
        self.menu_about = match (hit.node(), hit) {
            (Some(node), _) => {
                let id = &self.scene.nodes[node as usize].id;
                if !selection.nodes.contains(id) {
                    selection.only(id);
                }
                About::Node
            }
            (None, Hit::Decor(key) | Hit::Corner(key)) => {
                if !selection.decor.contains(key) {
                    selection.clear();
                    selection.decor.insert(key.clone());
                }
                About::Decor(key.clone())
            }
            _ => About::Empty,
        };
    }

    pub(super) fn menu_ui(&mut self, response: &Response, cx: &mut Cx<'_>) {
        let about = self.menu_about.clone();
        let mut chosen = None;
        let shown = response.context_menu(|ui| {
            let rows = match &about {
                About::Node => NODE,
                About::Decor(key) => {
                    self.color_rows(ui, key, cx);
                    DECOR
                }
                About::Empty => EMPTY,
            };
            for row in rows {
                let Some(action) = actions::action(row) else {
                    ui.separator();
                    continue;
                };
                let hint = cx.shared.keymap.hint(row);
                if ui.add(egui::Button::new(action.title).shortcut_text(hint)).clicked() {
                    chosen = Some(*row);
                    ui.close();
                }
            }
        });
        if let Some(action) = chosen {
            self.act(action, cx);
        }
        if shown.is_none() {
            self.menu_place = None;
        }
    }

    fn color_rows(&self, ui: &mut Ui, key: &str, cx: &mut Cx<'_>) {
        let Some(shape) = self.scene.decor.get(key) else { return };
        ui.menu_button("Colour", |ui| {
            for (name, color) in decor::COLORS {
                let text =
                    egui::RichText::new(name).color(cx.theme.text).background_color(cx.theme.document_color(color));
                if ui.button(text).clicked() {
                    let label = if shape.kind == DecorKind::Frame { "Colour a frame" } else { "Colour a note" };
                    let made = vec![decor::paint(cx.document, key, color)];
                    cx.commands.edit(label, edits::finish(cx.document, made));
                    ui.close();
                }
            }
        });
        ui.separator();
    }
}
