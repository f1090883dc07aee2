//! The shot table: one row a shot, joined from the script, the table of changes, what was made and what was measured.
//!
//! A change is an override by shot id in the `structure.shots` node. Editing the shots themselves was the alternative:
//! a new breakdown of the script would lose it.

mod cell;
mod columns;
mod edits;
mod grid;
mod rows;

use std::collections::BTreeSet;
use std::sync::Arc;

use egui::{ComboBox, RichText, Ui};
use model::Shot;

use crate::command::{Approval, Command, FileCommand};
use crate::cx::{Cx, Look};
use crate::icons::{self, Icon};
use crate::lines::field_ui;
use crate::panel::{Panel, PanelSpec, Place};
use crate::theme::{size, space};
use crate::view::NodeView;

use columns::Column;
use grid::{Act, Grid, Shots};
use rows::{Row, STATES, Sources};

pub(crate) use rows::{picture_of, short};

pub(crate) const PANEL: PanelSpec =
    PanelSpec { id: "shots", title: "Shots", icon: Icon::Table, home: Place::Corner, make: || Box::<View>::default() };

#[derive(Default)]
struct View {
    grid: Grid,
    filter: String,
    /// Position in [`STATES`].
    state: usize,
    /// The table that somebody chose, where there are several.
    table: Option<String>,
    made: Option<Made>,
    arranged: Option<Arranged>,
}

/// Positions of the rows that are shown, and what they were arranged by.
struct Arranged {
    filter: String,
    state: usize,
    sort: Option<(Column, bool)>,
    shown: Vec<usize>,
}

/// Rows and what they were made from: nothing is joined again while that is the same.
struct Made {
    revision: u64,
    table: Option<String>,
    n_nodes: usize,
    groups: Arc<indexmap::IndexMap<String, model::GroupFace>>,
    sources: Sources,
    nodes: Vec<Option<Arc<NodeView>>>,
    rows: Vec<Row>,
}

impl View {
    fn refresh(&mut self, cx: &Cx<'_>) {
        let same_nodes =
            |made: &Made| made.n_nodes == cx.view.nodes.len() && Arc::ptr_eq(&made.groups, &cx.view.groups);
        let same = |made: &Made| made.revision == cx.revision && made.table == self.table && same_nodes(made);
        // Where shots come out of a group is known only once they are there.
        let known =
            |made: &Made| !made.rows.is_empty() || !cx.document.nodes.values().any(|it| it.kind == model::GROUP);
        let kept = self.made.take().filter(|made| same(made) && known(made));
        let sources = match &kept {
            Some(made) => made.sources.clone(),
            None => Sources::of(cx, self.table.as_deref()),
        };
        let nodes: Vec<_> = sources.nodes(cx.view).into_iter().map(Option::<&Arc<_>>::cloned).collect();
        let same = |a: &Option<Arc<NodeView>>, b: &Option<Arc<NodeView>>| match (a, b) {
            (Some(a), Some(b)) => Arc::ptr_eq(a, b),
            (None, None) => true,
            _ => false,
        };
        self.made = match kept {
            Some(made) if made.nodes.len() == nodes.len() && made.nodes.iter().zip(&nodes).all(|(a, b)| same(a, b)) => {
                Some(made)
            }
            _ => {
                self.arranged = None;
                let rows = rows::rows(cx.document, cx.view, &sources);
                let (n_nodes, groups) = (cx.view.nodes.len(), cx.view.groups.clone());
                Some(Made { revision: cx.revision, table: self.table.clone(), n_nodes, groups, sources, nodes, rows })
            }
        };
    }

    /// Which rows are shown, in order; kept until the rows or what they are arranged by change.
    fn arrange(&mut self, rows: &[Row]) -> Arranged {
        let (state, sort) = (self.state, self.grid.sort);
        let same = |held: &Arranged| held.filter == self.filter && held.state == state && held.sort == sort;
        self.arranged.take().filter(same).unwrap_or_else(|| Arranged {
            filter: self.filter.clone(),
            state,
            sort,
            shown: rows::arranged(rows, &self.filter, state, sort),
        })
    }

    fn bar(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, sources: &Sources, n_shown: usize, n_rows: usize) {
        ui.horizontal_wrapped(|ui| {
            ui.label(icons::text(Icon::Search, size::BODY));
            field_ui(ui, &mut self.filter, "Filter shots", "Filter shots", 130.0);
            let states = ComboBox::from_id_salt("state").width(110.0).selected_text(STATES[self.state].0);
            let states = states.show_ui(ui, |ui| {
                for (idx, (name, _)) in STATES.iter().enumerate() {
                    ui.selectable_value(&mut self.state, idx, *name);
                }
            });
            states.response.widget_info(|| {
                egui::WidgetInfo::labeled(egui::Role::ComboBox, true, format!("State: {}", STATES[self.state].0))
            });
            if 1 < sources.tables.len() {
                let now = sources.table.as_ref().map(|table| table.node.clone()).unwrap_or_default();
                ComboBox::from_id_salt("table").selected_text(&now).show_ui(ui, |ui| {
                    for table in &sources.tables {
                        if ui.selectable_label(table.node == now, &table.node).clicked() {
                            self.table = Some(table.node.clone());
                        }
                    }
                });
            }
            let n_selected = cx.shared.selection.elements.len();
            let count =
                if n_shown == n_rows { format!("{n_rows} shots") } else { format!("{n_shown} of {n_rows} shots") };
            ui.label(RichText::new(count).color(cx.theme.weak));
            if 1 < n_selected {
                ui.label(
                    RichText::new(format!("{n_selected} selected: a change is made to all")).color(cx.theme.accent),
                );
            }
            if let Some(group) = sources.in_group(cx.document) {
                ui.label(RichText::new(format!("in the group {group}")).color(cx.theme.weak)).on_hover_text(
                    "Show the rows of its shot table on the group to change them here for this use of it",
                );
                let file = cx.document.nodes[group].params.get("file").and_then(model::Data::as_text);
                if let Some(file) = file.map(str::to_owned)
                    && ui.button("Enter the group").clicked()
                {
                    let node = group.to_owned();
                    cx.commands.push(Command::File(FileCommand::Enter { node, file }));
                }
            }
            if let Some(source) = sources.can_insert_after(cx.document) {
                let add = ui
                    .button("Add a shot table")
                    .on_hover_text(format!("Puts a node behind `{source}` that keeps what you change, by shot"));
                if add.clicked()
                    && let Some((id, edits)) = edits::insert(cx.document, cx.catalog, source)
                {
                    cx.commands.edit(format!("Add shot table {id}"), edits);
                }
            }
        });
    }

    fn act(cx: &mut Cx<'_>, sources: &Sources, rows: &[Row], act: Act) {
        let count = |ids: &[String]| match ids {
            [id] => id.clone(),
            ids => format!("{} shots", ids.len()),
        };
        let named = |ids: &[String]| -> Vec<(String, Arc<Shot>)> {
            let meant = rows.iter().filter(|row| ids.contains(&row.id));
            meant.map(|row| (row.id.clone(), row.shot.clone())).collect()
        };
        let made = |id: &str| rows.iter().find(|row| row.id == id).and_then(|row| row.made.as_ref());
        match act {
            Act::Set { column, ids, typed } => {
                let (Some(table), Ok(value)) = (&sources.table, edits::parse(column, &typed)) else { return };
                let shots = named(&ids);
                let shots = shots.iter().map(|(id, shot)| (id.as_str(), &**shot));
                let edits = edits::set(cx.document, table, column, value.as_ref(), shots);
                let word = if value.is_some() || column == Column::Skip { "Change" } else { "Reset" };
                let what = column.title().to_lowercase();
                cx.commands.edit(format!("{word} {what} of {}", count(&ids)), edits);
            }
            Act::Reset(ids) => {
                let Some(table) = &sources.table else { return };
                let edits = edits::reset(cx.document, table, ids.iter().map(String::as_str));
                cx.commands.edit(format!("Reset {}", count(&ids)), edits);
            }
            Act::Move { ids, before } => {
                let Some(table) = &sources.table else { return };
                let placed: Vec<_> = rows.iter().map(Row::placed).collect();
                let moved: BTreeSet<&str> = ids.iter().map(String::as_str).collect();
                let edits = edits::reorder(cx.document, table, &placed, &moved, before);
                cx.commands.edit(format!("Move {}", count(&ids)), edits);
            }
            Act::Look(id) => {
                let Some(made) = made(&id) else { return };
                let node = model::node_of_item(&made.item).to_owned();
                cx.shared.look_a = Some(Look { node, element: Some(id), ..Look::default() });
                cx.shared.show_panel = Some("viewer");
            }
            Act::Takes(id) => {
                let Some(made) = made(&id) else { return };
                // A node inside a group cannot be selected here; what it made can be looked at.
                if !cx.document.nodes.contains_key(model::node_of_item(&made.item)) {
                    return View::act(cx, sources, rows, Act::Look(id));
                }
                cx.shared.selection.only(model::node_of_item(&made.item));
                cx.shared.selection.elements.clear();
                cx.shared.selection.elements.insert(id);
                cx.shared.show_panel = Some("takes");
            }
            Act::Roll(ids) => {
                for made in ids.iter().filter_map(|id| made(id)) {
                    // Takes of nodes in a group are the group's own.
                    if !cx.document.nodes.contains_key(model::node_of_item(&made.item)) {
                        cx.shared.toast = Some("Enter the group to roll its takes".to_owned());
                        continue;
                    }
                    cx.commands.push(Command::Roll { item: made.item.clone(), n: 1, approval: Approval::default() });
                }
            }
        }
    }
}

impl Panel for View {
    fn show(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        self.refresh(cx);
        let Some(made) = self.made.take() else { return };
        let arranged = self.arrange(&made.rows);
        let shown = &arranged.shown;
        self.bar(ui, cx, &made.sources, shown.len(), made.rows.len());
        undo_keys(ui, cx);
        if made.rows.is_empty() {
            empty(ui, cx, &made.sources);
        } else if shown.is_empty() {
            ui.add_space(space::L);
            ui.vertical_centered(|ui| {
                ui.label("No shot passes the filter");
                if ui.button("Show all shots").clicked() {
                    self.filter.clear();
                    self.state = 0;
                }
            });
        } else {
            let shots = Shots { rows: &made.rows, shown, editable: made.sources.table.is_some() };
            for act in self.grid.show(ui, cx, shots) {
                View::act(cx, &made.sources, &made.rows, act);
            }
        }
        self.arranged = Some(arranged);
        self.made = Some(made);
    }
}

/// While the grid has the focus, the window leaves keys to it; undo and redo still mean what they mean everywhere.
fn undo_keys(ui: &Ui, cx: &mut Cx<'_>) {
    if ui.ctx().text_edit_focused() {
        return;
    }
    for (action, command) in [("redo", Command::Redo), ("undo", Command::Undo)] {
        for key in cx.shared.keymap.keys(action) {
            let Some(shortcut) = crate::actions::parse(&key) else { continue };
            if ui.input_mut(|input| input.consume_shortcut(&shortcut)) {
                cx.commands.push(command.clone());
            }
        }
    }
}

fn empty(ui: &mut Ui, cx: &Cx<'_>, sources: &Sources) {
    ui.add_space(space::XL);
    ui.vertical_centered(|ui| {
        ui.label(icons::text(Icon::Clapperboard, size::TITLE).color(cx.theme.weak));
        let text = match sources.shots.first() {
            None => "No node gives shots yet: wire a script into a breakdown, and each shot is a row here",
            Some(_) => "The shots are not known yet: run the breakdown, and each shot is a row here",
        };
        ui.label(RichText::new(text).color(cx.theme.weak));
    });
}

#[cfg(test)]
mod tests;
