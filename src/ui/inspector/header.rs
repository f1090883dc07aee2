//! What a node is: its id, its kind, how it stands and what is wrong with it.

use std::sync::Arc;

use egui::{RichText, TextEdit, Ui};
use indexmap::IndexSet;
use model::{Diagnostic, Edit, GROUP};

use super::item_of;
use crate::canvas::with_layout;
use crate::cx::{Cx, Look};
use crate::icons::{self, Icon};
use crate::theme::{size, space};
use crate::view::{ItemState, dollars};
use crate::widgets::diagnostic::{diagnostic_ui, fix, reveal};
use crate::widgets::draft::draft;

/// Draws the head of a node. True where the node was renamed: what follows speaks of the old name.
pub(super) fn header_ui(ui: &mut Ui, cx: &mut Cx<'_>, id: &str) -> bool {
    let Some(node) = cx.document.nodes.get(id) else { return false };
    let spec = cx.spec(id);
    ui.horizontal_wrapped(|ui| {
        ui.label(icons::text(icons::of_kind(&node.kind), size::HEADING));
        let title = match spec {
            Some(spec) => spec.help.title,
            None if node.kind == GROUP => "Group",
            None => "Unknown kind",
        };
        ui.label(RichText::new(title).size(size::HEADING).strong());
        ui.label(RichText::new(&node.kind).size(size::SMALL).color(cx.theme.weak));
    });
    match spec {
        Some(spec) => ui.label(RichText::new(spec.help.summary).color(cx.theme.weak)),
        None if node.kind == GROUP => ui.label(RichText::new("A graph as one node").color(cx.theme.weak)),
        None => ui.label(
            RichText::new("This build does not know the kind; its values are kept as they are").color(cx.theme.watch),
        ),
    };
    let renamed = ui.horizontal(|ui| {
        let label = ui.label("Id");
        let field = ui.scope_id().with(("rename", id));
        let width = ui.available_width();
        let typed = draft(ui, field, id, |ui, text| {
            let usable = text.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-')) && !text.is_empty();
            let color = if usable { cx.theme.text } else { cx.theme.bad };
            ui.add(TextEdit::singleline(text).text_color(color).desired_width(width))
        });
        typed.response.clone().labelled_by(label.id);
        typed.finished && typed.text != id && rename(cx, id, typed.text.trim())
    });
    linked_ui(ui, cx, id);
    state_ui(ui, cx, id);
    ui.add_space(space::S);
    renamed.inner
}

/// Renames a node as one undo step and follows it with selection, slots and viewer.
fn rename(cx: &mut Cx<'_>, from: &str, to: &str) -> bool {
    let edits = vec![Edit::RenameNode { from: from.to_owned(), to: to.to_owned() }];
    if let Err(refusal) = cx.document.clone().apply(&edits) {
        cx.shared.toast = Some(refusal.message);
        return false;
    }
    cx.commands.edit(format!("Rename {from}"), with_layout(cx.document, edits));
    let follow = |id: &mut String| {
        if id == from {
            to.clone_into(id);
        }
    };
    let mut nodes: Vec<String> = cx.shared.selection.nodes.iter().cloned().collect();
    nodes.iter_mut().for_each(follow);
    cx.shared.selection.nodes = nodes.into_iter().collect();
    let shared = &mut *cx.shared;
    let looks = shared.slots.iter_mut().chain([&mut shared.look_a, &mut shared.look_b]);
    looks.flatten().for_each(|look: &mut Look| follow(&mut look.node));
    true
}

/// One line: the state in a word, how many elements are done, what it ran for and costs.
fn state_ui(ui: &mut Ui, cx: &Cx<'_>, id: &str) {
    let Some(view) = cx.view.nodes.get(id) else { return };
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = space::M;
        ui.label(RichText::new(view.state.name()).color(cx.theme.state(&view.state)).strong());
        if 1 < view.items.len() {
            ui.label(format!("{} of {} done", view.n_done, view.items.len()));
        }
        if view.unknown_elements {
            ui.label(RichText::new("number of elements not known yet").color(cx.theme.weak));
        }
        match &view.state {
            ItemState::Held { cost } => {
                let price = cost.map_or_else(|| "price unknown".to_owned(), dollars);
                ui.label(RichText::new(price).color(cx.theme.money));
            }
            ItemState::Running { progress } => {
                ui.label(format!("{:.0} %", progress * 100.0));
            }
            ItemState::Want { by } | ItemState::Blocked { by } => {
                ui.label(format!("by {by}"));
            }
            _ => {}
        }
        if view.is_stale() {
            ui.label(RichText::new("shown result is older than its inputs").color(cx.theme.watch));
        }
        if 0 < view.n_cooks {
            let times = if view.n_cooks == 1 { "once".to_owned() } else { format!("{} times", view.n_cooks) };
            ui.label(RichText::new(format!("ran {times}, {:.1} s", view.seconds)).color(cx.theme.weak));
        }
        if let Some(model) = item_of(cx, id).and_then(|item| item.model.as_ref()) {
            ui.label(RichText::new(format!("model {model}")).color(cx.theme.weak));
        }
    });
}

/// Whom the node shares its parameters with, and the way out of that.
fn linked_ui(ui: &mut Ui, cx: &mut Cx<'_>, id: &str) {
    let others: Vec<&str> = cx.document.linked_with(id).take(4).collect();
    if others.is_empty() {
        return;
    }
    ui.horizontal_wrapped(|ui| {
        ui.label(icons::text(Icon::Link2, size::SMALL).color(cx.theme.accent));
        let more = cx.document.linked_with(id).count() - others.len();
        let more = if 0 < more { format!(" and {more} more") } else { String::new() };
        ui.label(format!("Linked with {}{more}: a change of one changes all", others.join(", ")));
        if ui.small_button("Unlink").clicked() {
            let edits = crate::canvas::unlink(cx.document, id, &IndexSet::new());
            cx.commands.edit("Unlink", edits);
        }
    });
}

/// The error and the notes of the node's item, each with its fix.
pub(super) fn notes_ui(ui: &mut Ui, cx: &mut Cx<'_>, id: &str) {
    let Some(item) = item_of(cx, id) else { return };
    let error: Option<&Diagnostic> = match &item.state {
        ItemState::Failed(diagnostic) => Some(diagnostic),
        _ => None,
    };
    let notes = Arc::clone(&item.notes);
    for diagnostic in error.into_iter().chain(notes.iter()) {
        let done = diagnostic_ui(ui, cx.theme, diagnostic);
        if let Some((title, edits)) = done.fix {
            fix(cx, &title, edits);
        } else if done.clicked {
            reveal(cx, diagnostic);
        }
    }
}
