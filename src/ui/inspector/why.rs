//! "Why?": the key of an item, what it is made of beside what it was made of, and how its model was chosen.

use std::sync::Arc;

use egui::{CollapsingHeader, RichText, Ui};

use super::item_of;
use crate::command::Ask;
use crate::cx::Cx;
use crate::theme::{size, space};
use crate::view::ExplanationView;
use crate::widgets::diagnostic::{diagnostic_ui, fix};

/// At most so many ingredients are listed, and so many characters of each shown.
const MOST: usize = 200;
const MOST_CHARS: usize = 160;

/// What was asked last: the question is put once per item and state of the graph, not per frame.
#[derive(Default)]
pub(super) struct Why {
    asked: Option<(String, u64, &'static str)>,
}

impl Why {
    /// Draws the answer, and asks the question while it is open.
    pub(super) fn show(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, node: &str) {
        let Some(item) = item_of(cx, node) else { return };
        let question = (item.name.clone(), cx.view.revision, item.state.name());
        CollapsingHeader::new("Why?").id_salt("why").show(ui, |ui| {
            if self.asked.as_ref() != Some(&question) {
                cx.commands.ask(Ask::Explain(question.0.clone()));
                self.asked = Some(question.clone());
            }
            match cx.view.explanation.as_ref().filter(|found| found.item == question.0) {
                Some(found) => explanation_ui(ui, cx, &Arc::clone(found)),
                None => {
                    ui.weak("Looking it up…");
                }
            }
        });
    }
}

fn explanation_ui(ui: &mut Ui, cx: &mut Cx<'_>, found: &ExplanationView) {
    ui.label(RichText::new(format!("Item {}", found.item)).size(size::SMALL).color(cx.theme.weak));
    let short = |digest: &model::Digest| digest.to_string().chars().take(12).collect::<String>();
    if let Some(key) = &found.key {
        ui.horizontal(|ui| {
            ui.weak("Key");
            ui.monospace(short(key)).on_hover_text(key.to_string());
            if let Some(before) = &found.before {
                ui.weak("was");
                ui.monospace(short(before)).on_hover_text(before.to_string());
            }
        });
    }
    if let Some(problem) = &found.problem {
        let done = diagnostic_ui(ui, cx.theme, problem);
        if let Some((title, edits)) = done.fix {
            fix(cx, &title, edits);
        }
    }
    if let Some(model) = &found.model {
        ui.add_space(space::S);
        ui.label(RichText::new("How the model was chosen").strong());
        for line in model.lines() {
            ui.label(line);
        }
    }
    ui.add_space(space::S);
    let has_before = found.before.is_some();
    let is_changed = |(_, now, before): &&(String, Option<String>, Option<String>)| has_before && now != before;
    let changed: Vec<_> = found.ingredients.iter().filter(is_changed).collect();
    ui.label(
        RichText::new(match (has_before, changed.len()) {
            (false, _) => "It was never made before".to_owned(),
            (true, 0) => "Nothing changed since the last result".to_owned(),
            (true, 1) => "One thing changed since the last result".to_owned(),
            (true, n) => format!("{n} things changed since the last result"),
        })
        .strong(),
    );
    for (path, now, before) in changed.into_iter().take(MOST) {
        ui.label(RichText::new(path).monospace().size(size::SMALL).color(cx.theme.watch));
        for (word, text) in [("was", before), ("now", now)] {
            ui.horizontal_wrapped(|ui| {
                ui.add_space(space::L);
                ui.weak(word);
                value_ui(ui, text.as_deref().unwrap_or("nothing"));
            });
        }
    }
    let rest: Vec<_> = found.ingredients.iter().filter(|it| !is_changed(it)).collect();
    if rest.is_empty() {
        return;
    }
    let title = if has_before { format!("{} unchanged", rest.len()) } else { format!("{} ingredients", rest.len()) };
    CollapsingHeader::new(title).id_salt("rest").show(ui, |ui| {
        for (path, now, _) in rest.into_iter().take(MOST) {
            ui.horizontal_wrapped(|ui| {
                ui.label(RichText::new(path).monospace().size(size::SMALL).color(cx.theme.weak));
                value_ui(ui, now.as_deref().unwrap_or_default());
            });
        }
    });
}

/// A value, cut where it is long; all of it as a tooltip.
fn value_ui(ui: &mut Ui, text: &str) {
    let text = model::printable(text);
    let cut: String = text.chars().take(MOST_CHARS).collect();
    let long = cut.len() < text.len();
    let label = ui.label(if long { format!("{cut}…") } else { cut });
    if long {
        label.on_hover_ui(|ui| {
            ui.set_max_width(420.0);
            ui.label(text.chars().take(4000).collect::<String>());
        });
    }
}
