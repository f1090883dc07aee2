//! Writing in place: a node's name, a frame's title, a note's text.

use egui::{Key, Rect, Ui, vec2};
use model::Edit;

use super::decor::{self, DecorKind};
use super::scene::part;
use super::{Canvas, edits};
use crate::cx::Cx;
use crate::theme::size;

/// What is being written.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Writing {
    of: Of,
    text: String,
    /// The field has the focus once it was drawn.
    focused: bool,
}

#[derive(Clone, Debug, PartialEq)]
enum Of {
    Node(String),
    Decor(String),
}

impl Canvas {
    /// Starts to rename a node.
    pub(super) fn start_rename(&mut self, node: u32) {
        let id = self.scene.nodes[node as usize].id.clone();
        self.writing = Some(Writing { of: Of::Node(id.clone()), text: id, focused: false });
    }

    /// Starts to write a frame's title or a note.
    pub(super) fn start_writing(&mut self, key: &str) {
        if let Some(decor) = self.scene.decor.get(key) {
            self.writing = Some(Writing { of: Of::Decor(key.to_owned()), text: decor.text.clone(), focused: false });
        }
    }

    /// Keeps what was written.
    pub(super) fn end_writing(&mut self, cx: &mut Cx<'_>) {
        let Some(writing) = self.writing.take() else { return };
        match writing.of {
            Of::Node(from) => rename(&from, writing.text.trim(), cx),
            Of::Decor(key) => {
                let changed = self.scene.decor.get(&key).is_some_and(|decor| decor.text != writing.text);
                if let Some(edit) = decor::write(cx.document, &key, &writing.text).filter(|_| changed) {
                    cx.commands.edit("Write", vec![edit]);
                }
            }
        }
    }

    pub(super) fn writing_ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let Some(writing) = &mut self.writing else { return };
        let (place, lines, name) = match &writing.of {
            Of::Node(id) => match self.scene.find(cx.document, id) {
                Some(i) => {
                    let rect = self.scene.nodes[i as usize].rect;
                    (Rect::from_min_size(rect.min, vec2(rect.width(), part::TITLE)), false, "Name")
                }
                None => return self.writing = None,
            },
            Of::Decor(key) => match self.scene.decor.get(key) {
                Some(decor) if decor.kind == DecorKind::Frame => {
                    (Rect::from_min_size(decor.rect.min, vec2(decor.rect.width(), decor::TITLE)), false, "Title")
                }
                Some(decor) => (decor.rect, true, "Note"),
                None => return self.writing = None,
            },
        };
        let screen = self.camera.rect_to_screen(place);
        let screen = Rect::from_min_size(screen.min, screen.size().max(vec2(140.0, 24.0)));
        let field = if lines {
            egui::TextEdit::multiline(&mut writing.text)
        } else {
            egui::TextEdit::singleline(&mut writing.text)
        };
        let font = egui::FontId::proportional((size::BODY * self.camera.zoom).clamp(size::BODY, size::TITLE));
        let id = ui.scope_id().with("writing");
        let response = ui.put(screen, field.id(id).font(font).desired_width(screen.width()).char_limit(10_000));
        response.widget_info(|| {
            let mut info = egui::WidgetInfo::labeled(egui::Role::TextInput, true, name);
            info.current_text_value = Some(String::new());
            info
        });
        if !writing.focused {
            writing.focused = true;
            response.request_focus();
            // A new name usually replaces the old one.
            let mut state = egui::text_edit::TextEditState::load(ui.ctx(), id).unwrap_or_default();
            let all = egui::text::CCursorRange::two(
                egui::text::CCursor::default(),
                egui::text::CCursor::new(writing.text.chars().count()),
            );
            state.cursor.set_char_range(Some(all));
            state.store(ui.ctx(), id);
            return;
        }
        // In a note Enter makes a line, so Escape is the key that ends it, and loses nothing.
        if !lines && ui.input(|input| input.key_pressed(Key::Escape)) {
            self.writing = None;
        } else if response.lost_focus() {
            self.end_writing(cx);
        }
    }
}

/// Renames a node where the name can be one; says why not otherwise.
fn rename(from: &str, to: &str, cx: &mut Cx<'_>) {
    if from == to || to.is_empty() {
        return;
    }
    let mut after = cx.document.clone();
    match after.apply(&[Edit::RenameNode { from: from.to_owned(), to: to.to_owned() }]) {
        Ok(_) => {
            let edit = Edit::RenameNode { from: from.to_owned(), to: to.to_owned() };
            cx.commands.edit(format!("Rename {from}"), edits::finish(cx.document, vec![edit]));
            let shared = &mut *cx.shared;
            if let Some(i) = shared.selection.nodes.get_index_of(from)
                && shared.selection.nodes.replace_index(i, to.to_owned()).is_err()
            {
                shared.selection.nodes.shift_remove(from);
            }
            let looks = shared.slots.iter_mut().chain([&mut shared.look_a, &mut shared.look_b]);
            for look in looks.flatten().filter(|look| look.node == from) {
                look.node = to.to_owned();
            }
        }
        Err(refusal) => cx.shared.toast = Some(refusal.message),
    }
}
