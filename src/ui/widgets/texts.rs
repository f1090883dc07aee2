//! A list of texts: a line each, with a way out, and one more.

use egui::{TextEdit, Ui};
use model::Data;

use super::color::{list_of, texts_of};
use super::icon_button;
use super::param::Bits;
use crate::icons::Icon;

/// See the module.
pub(crate) fn texts_ui(ui: &mut Ui, value: Option<&Data>, bits: &mut Bits<'_>) -> Option<Option<Data>> {
    let mut texts = texts_of(value);
    let mut changed = false;
    let mut removed = None;
    for (idx, text) in texts.iter_mut().enumerate() {
        let n = idx + 1;
        ui.push_id(idx, |ui| {
            ui.horizontal(|ui| {
                let width = (ui.available_width() - 30.0).max(40.0);
                let response = ui.add(TextEdit::singleline(text).desired_width(width));
                bits.note_focus(&response);
                changed |= response.changed();
                response.accessible_name(format!("{} {n}", bits.label));
                if icon_button(ui, Icon::X, &format!("Remove line {n}")).clicked() {
                    removed = Some(idx);
                }
            });
        });
    }
    if icon_button(ui, Icon::Plus, &format!("Add to {}", bits.label)).clicked() {
        bits.started = true;
        texts.push(String::new());
        changed = true;
    }
    if let Some(idx) = removed {
        bits.started = true;
        texts.remove(idx);
        changed = true;
    }
    changed.then(|| list_of(texts))
}
