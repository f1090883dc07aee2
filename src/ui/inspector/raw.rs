//! Values that no declaration describes, as the file has them: RON text that can be edited.

use egui::{RichText, TextEdit, Ui};
use model::{Data, Diagnostic, Document, Edit, Node};

use super::params::set_params;
use crate::cx::Cx;
use crate::icons::Icon;
use crate::theme::{size, space};
use crate::widgets::draft::draft;
use crate::widgets::gesture::Gestures;
use crate::widgets::icon_button;

/// Draws the named parameters of a node as text.
pub(super) fn raw_ui(ui: &mut Ui, cx: &mut Cx<'_>, gestures: &mut Gestures, id: &str, names: &[String]) {
    let Some(node) = cx.document.nodes.get(id) else { return };
    if names.is_empty() {
        return;
    }
    ui.label(RichText::new("Values as RON text").size(size::SMALL).color(cx.theme.weak));
    let nodes = [id.to_owned()];
    for name in names {
        let Some(value) = node.params.get(name) else { continue };
        ui.push_id((id, name), |ui| {
            let mut removed = false;
            let label = ui.horizontal(|ui| {
                let label = ui.label(name.as_str());
                removed = icon_button(ui, Icon::X, &format!("Remove {name}")).clicked();
                label
            });
            let key = ui.scope_id().with("ron");
            let typed = draft(ui, key, &value.to_text(), |ui, text| {
                let edit = TextEdit::multiline(text).code_editor().desired_rows(1).desired_width(f32::INFINITY);
                ui.add(edit)
            });
            typed.response.clone().labelled_by(label.inner.id);
            let field = format!("{id}.{name}");
            gestures.note(&field, typed.response.gained_focus());
            if removed {
                cx.commands.edit(format!("Remove {name}"), set_params(cx.document, &nodes, name, None));
            } else if typed.text != value.to_text() {
                match parsed(&typed.text) {
                    Ok(data) if typed.response.changed() => {
                        let gesture = gestures.number(&field, cx.shared);
                        let edits = set_params(cx.document, &nodes, name, Some(&data));
                        cx.commands.gesture(format!("Set {name}"), edits, Some(gesture));
                    }
                    Ok(_) => {}
                    Err(why) => {
                        ui.colored_label(cx.theme.bad, why.message.as_str());
                    }
                }
            }
        });
        ui.add_space(space::XS);
    }
}

/// A text as data that a document accepts.
fn parsed(text: &str) -> Result<Data, Box<Diagnostic>> {
    let data = Data::parse(text)?;
    // What a document refuses (numbers that are none, names that are no names) is found by asking a small one.
    let mut document = Document::default();
    let node = Node { kind: "t.t".to_owned(), version: 1, params: Default::default(), unknown: Default::default() };
    document.apply(&[
        Edit::AddNode { id: "t".to_owned(), node, at: None },
        Edit::SetParam { node: "t".to_owned(), param: "t".to_owned(), value: Some(data.clone()), at: None },
    ])?;
    Ok(data)
}
