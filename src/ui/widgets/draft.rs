//! A text that is a person's own until it can be taken: a name, a colour in hexadecimal, RON.
//!
//! While the field has the focus its text lives in egui's memory of the frame, so that half a value is neither pushed
//! as an edit nor typed over by the document.

use egui::{Id, Response, Ui};

/// What became of a draft this frame.
pub(crate) struct Draft {
    pub(crate) response: Response,
    pub(crate) text: String,
    /// Enter was pressed, or the focus left.
    pub(crate) finished: bool,
}

/// Draws a field for `shown` with `field`; `id` names the draft.
pub(crate) fn draft(ui: &mut Ui, id: Id, shown: &str, field: impl FnOnce(&mut Ui, &mut String) -> Response) -> Draft {
    let kept: Option<String> = ui.data(|data| data.get_temp(id));
    let mut text = kept.unwrap_or_else(|| shown.to_owned());
    let response = field(ui, &mut text);
    let escaped = ui.input(|input| input.key_pressed(egui::Key::Escape));
    if response.has_focus() {
        ui.data_mut(|data| data.insert_temp(id, text.clone()));
    } else {
        ui.data_mut(|data| data.remove_temp::<String>(id));
    }
    let finished = response.lost_focus() && !escaped;
    Draft { response, text, finished }
}
