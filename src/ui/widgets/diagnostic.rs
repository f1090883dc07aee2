//! A diagnostic as a card: what is wrong, the ways out, and a button where the program can take one.

use egui::{Response, RichText, Ui};
use model::{Diagnostic, Edit, Severity};

use crate::cx::Cx;
use crate::icons::{self, Icon};
use crate::theme::{Theme, size, space};

/// What a person did with a card.
#[derive(Debug, Default)]
pub(crate) struct Done {
    /// The message was clicked: show its subject.
    pub(crate) clicked: bool,
    /// The fix was asked for.
    pub(crate) fix: Option<(String, Vec<Edit>)>,
}

/// How bad it is: icon and word.
pub(crate) fn severity(severity: Severity) -> (Icon, &'static str) {
    match severity {
        Severity::Error => (Icon::CircleX, "error"),
        Severity::Warning => (Icon::TriangleAlert, "warning"),
        Severity::Info => (Icon::Info, "info"),
    }
}

/// The colour of a severity.
pub(crate) fn severity_color(theme: &Theme, severity: Severity) -> egui::Color32 {
    match severity {
        Severity::Error => theme.bad,
        Severity::Warning => theme.watch,
        Severity::Info => theme.accent,
    }
}

/// See the module.
pub(crate) fn diagnostic_ui(ui: &mut Ui, theme: &Theme, diagnostic: &Diagnostic) -> Done {
    let mut done = Done::default();
    let (icon, _) = severity(diagnostic.severity);
    ui.horizontal_top(|ui| {
        ui.label(icons::text(icon, size::ICON).color(severity_color(theme, diagnostic.severity)));
        ui.vertical(|ui| {
            let message = model::printable(&diagnostic.message);
            let text = RichText::new(&*message).color(theme.text);
            let button = egui::Button::new(text).wrap().frame_when_inactive(false);
            let response = ui.scope(|ui| {
                ui.spacing_mut().button_padding.x = 0.0;
                ui.add(button)
            });
            done.clicked = response.inner.on_hover_text(diagnostic.code.as_str()).clicked();
            ui.label(RichText::new(place_of(diagnostic)).size(size::SMALL).color(theme.weak));
            for hint in &diagnostic.hints {
                let hint = model::printable(hint);
                ui.add(egui::Label::new(RichText::new(&*hint).color(theme.weak)).wrap());
            }
            if let Some(fix) = &diagnostic.fix
                && fix_button(ui, &fix.title).clicked()
            {
                done.fix = Some((fix.title.clone(), fix.edits.clone()));
            }
        });
    });
    ui.add_space(space::XS);
    done
}

fn fix_button(ui: &mut Ui, title: &str) -> Response {
    ui.button(format!("Fix: {}", model::printable(title)))
}

/// Code and subject on one line.
fn place_of(diagnostic: &Diagnostic) -> String {
    let subject = &diagnostic.subject;
    let mut place = diagnostic.code.clone();
    if let Some(node) = &subject.node {
        place.push_str(" · ");
        place.push_str(node);
    }
    if let Some(element) = &subject.element {
        place.push('/');
        place.push_str(element);
    }
    if let Some(field) = &subject.field {
        place.push('.');
        place.push_str(field);
    }
    if let Some(at) = &subject.place {
        place.push_str(&format!(" · {}:{}:{}", at.file, at.line, at.column));
    }
    model::printable(&place).into_owned()
}

/// Selects what a diagnostic speaks of and brings it into view.
pub(crate) fn reveal(cx: &mut Cx<'_>, diagnostic: &Diagnostic) {
    let Some(node) = &diagnostic.subject.node else { return };
    // Nodes of a group are named after it; the canvas shows the group.
    let shown = |id: &&str| cx.document.nodes.contains_key(*id);
    let Some(id) = Some(node.as_str()).filter(shown).or_else(|| {
        let ends = node.match_indices('-').map(|(at, _)| &node[..at]);
        ends.rev().find(shown)
    }) else {
        return;
    };
    cx.shared.selection.only(id);
    cx.shared.selection.elements.clear();
    cx.shared.selection.elements.extend(diagnostic.subject.element.clone());
    cx.shared.reveal = Some(id.to_owned());
}

/// Pushes a fix as one undo step; one that no longer applies is said, not pushed.
pub(crate) fn fix(cx: &mut Cx<'_>, title: &str, edits: Vec<Edit>) {
    match cx.document.clone().apply(&edits) {
        Ok(_) => cx.commands.edit(title, edits),
        Err(refusal) => cx.shared.toast = Some(refusal.message),
    }
}
