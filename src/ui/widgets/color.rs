//! A colour and a palette of colours: a swatch that opens a picker, and the same as text.

use egui::{Response, TextEdit, Ui};
use model::{Color, Data};

use super::draft::draft;
use super::icon_button;
use super::param::Bits;
use super::seed::focus_came;
use crate::icons::Icon;

/// One colour.
pub(crate) fn color_ui(ui: &mut Ui, default: &str, value: Option<&Data>, bits: &mut Bits<'_>) -> Option<Option<Data>> {
    let shown = value.and_then(Data::as_text).unwrap_or(default).to_owned();
    let mut change = None;
    ui.horizontal(|ui| {
        let (response, picked) = swatch(ui, &shown);
        response.accessible_name(format!("Pick {}", bits.label));
        change = picked;
        let id = ui.scope_id().with("hex");
        let typed = draft(ui, id, &shown, |ui, text| ui.add(TextEdit::singleline(text).desired_width(80.0)));
        bits.note_focus(&typed.response);
        bits.named(typed.response.clone());
        if typed.response.changed()
            && let Some(color) = Color::parse(&typed.text)
        {
            change = Some(color);
        }
    });
    change.map(|color| Some(Data::Text(color.to_string())))
}

/// A palette: swatches, each with a way out, and one more.
pub(crate) fn colors_ui(ui: &mut Ui, value: Option<&Data>, bits: &mut Bits<'_>) -> Option<Option<Data>> {
    let mut colors: Vec<String> = texts_of(value);
    let mut changed = false;
    let mut removed = None;
    ui.horizontal_wrapped(|ui| {
        for (idx, color) in colors.iter_mut().enumerate() {
            let n = idx + 1;
            let (response, picked) = swatch(ui, color);
            bits.started |= focus_came(&response);
            response.accessible_name(format!("{} {n}: {color}", bits.label));
            if let Some(picked) = picked {
                *color = picked.to_string();
                changed = true;
            }
            if icon_button(ui, Icon::X, &format!("Remove colour {n}")).clicked() {
                removed = Some(idx);
            }
        }
        if icon_button(ui, Icon::Plus, &format!("Add a colour to {}", bits.label)).clicked() {
            bits.started = true;
            colors.push(colors.last().cloned().unwrap_or_else(|| "#808080".to_owned()));
            changed = true;
        }
    });
    if let Some(idx) = removed {
        bits.started = true;
        colors.remove(idx);
        changed = true;
    }
    changed.then(|| list_of(colors))
}

/// A list of texts as a parameter; none where it is empty, which is what it is without the parameter.
pub(crate) fn list_of(texts: Vec<String>) -> Option<Data> {
    (!texts.is_empty()).then(|| Data::List(texts.into_iter().map(Data::Text).collect()))
}

/// The texts of a parameter that is a list.
pub(crate) fn texts_of(value: Option<&Data>) -> Vec<String> {
    let items = value.and_then(Data::as_items).unwrap_or_default();
    items.iter().map(|item| item.as_text().unwrap_or_default().to_owned()).collect()
}

fn swatch(ui: &mut Ui, text: &str) -> (Response, Option<Color>) {
    let now = Color::parse(text).unwrap_or_default();
    let mut bytes = [now.r, now.g, now.b];
    let response = ui.color_edit_button_srgb(&mut bytes);
    let [r, g, b] = bytes;
    let picked = Color { r, g, b };
    let changed = response.changed() && picked != now;
    (response, changed.then_some(picked))
}
