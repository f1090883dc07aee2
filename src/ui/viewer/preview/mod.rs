//! A value as something to look at: one function for each type, one file for each that needs more.
//!
//! Pictures and clips are the stage's; everything here is words, swatches and tables that scroll.

mod reference;
mod report;
pub(crate) mod sheet;
mod shot;

use egui::{RichText, ScrollArea, Ui};
use model::Value;

use crate::cx::Cx;
use crate::theme::{size, space};

/// Characters of a text that are laid out; longer ones are cut, with a word about it.
const MOST_TEXT: usize = 200_000;

/// Draws a value other than a picture, a clip or a sound.
pub(crate) fn value_ui(ui: &mut Ui, cx: &mut Cx<'_>, value: &Value) {
    match value {
        Value::Text(text) => text_ui(ui, text, false),
        Value::Script(script) => text_ui(ui, &script.text, true),
        Value::Choice(text) => big_ui(ui, text),
        Value::Number(number) => big_ui(ui, &number.to_string()),
        Value::Integer(number) => big_ui(ui, &number.to_string()),
        Value::Flag(on) => big_ui(ui, if *on { "on" } else { "off" }),
        Value::Color(color) => {
            swatch_ui(ui, cx, *color, egui::vec2(120.0, 80.0));
            ui.label(RichText::new(color.to_string()).monospace().size(size::TITLE));
        }
        Value::Shot(shot) => shot::shot_ui(ui, shot),
        Value::Reference(reference) => reference::reference_ui(ui, cx, reference),
        Value::Report(report) => report::report_ui(ui, cx, report),
        Value::List(list) => {
            ui.label(format!("A list of {} elements", list.len()));
        }
        Value::Image(_) | Value::Clip(_) | Value::Audio(_) => {}
    }
}

/// A value in a line, for cells and hints.
pub(crate) fn in_a_line(value: &Value) -> String {
    let line = |text: &str| {
        let line: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
        match line.char_indices().nth(160) {
            Some((end, _)) => format!("{}…", &line[..end]),
            None => line,
        }
    };
    match value {
        Value::Text(text) | Value::Choice(text) => line(&head(text, 800)),
        Value::Script(script) => line(&head(&script.text, 800)),
        Value::Number(number) => number.to_string(),
        Value::Integer(number) => number.to_string(),
        Value::Flag(on) => (if *on { "on" } else { "off" }).to_owned(),
        Value::Color(color) => color.to_string(),
        Value::Shot(shot) => line(&shot.text),
        Value::Reference(reference) => line(&format!("{}: {}", reference.name, reference.description)),
        Value::Report(report) => line(&report.summary),
        Value::List(list) => format!("{} elements", list.len()),
        Value::Image(_) => "image".to_owned(),
        Value::Audio(_) => "audio".to_owned(),
        Value::Clip(clip) => format!("{} frames", clip.n_frames()),
    }
}

/// At most so many characters from the start of a text.
fn head(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}

fn text_ui(ui: &mut Ui, text: &str, monospace: bool) {
    let cut = text.char_indices().nth(MOST_TEXT).map(|(end, _)| end);
    let shown = &text[..cut.unwrap_or(text.len())];
    ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        if text.trim().is_empty() {
            ui.weak("The text is empty.");
        }
        let rich = RichText::new(shown).size(size::HEADING);
        ui.add(egui::Label::new(if monospace { rich.monospace() } else { rich }).wrap().selectable(true));
        if cut.is_some() {
            ui.weak(format!("Only the first {MOST_TEXT} characters are shown; export the text to read all of it."));
        }
    });
}

fn big_ui(ui: &mut Ui, text: &str) {
    ui.add_space(space::L);
    ui.label(RichText::new(text).size(2.0 * size::TITLE));
}

fn swatch_ui(ui: &mut Ui, cx: &Cx<'_>, color: model::Color, extent: egui::Vec2) -> egui::Response {
    let (rect, response) = ui.allocate_exact_size(extent, egui::Sense::hover());
    ui.painter().rect_filled(rect, 3.0, cx.theme.document_color(color));
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Image, true, format!("Colour {color}")));
    response.on_hover_text(color.to_string())
}
