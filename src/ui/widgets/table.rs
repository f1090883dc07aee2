//! A table by row id: one row under another, each with its columns as fields. A column that is unset is the default.

use egui::{CollapsingHeader, TextEdit, Ui};
use indexmap::IndexMap;
use model::{Data, ParamSpec};

use super::draft::draft;
use super::param::{Bits, param_ui};
use super::{icon_button, title_of};
use crate::icons::Icon;
use crate::theme::space;

/// More rows than this are not drawn: such a table is edited in the shot table.
const MOST_ROWS: usize = 200;

/// See the module.
pub(crate) fn table_ui(
    ui: &mut Ui,
    columns: &[ParamSpec],
    value: Option<&Data>,
    bits: &mut Bits<'_>,
) -> Option<Option<Data>> {
    let empty = IndexMap::new();
    let rows = value.and_then(Data::as_fields).unwrap_or(&empty);
    let mut change: Option<(String, RowChange)> = None;
    for (id, row) in rows.iter().take(MOST_ROWS) {
        let found = ui.push_id(id, |ui| row_ui(ui, columns, id, row, bits)).inner;
        change = found.map(|found| (id.clone(), found)).or(change);
    }
    if MOST_ROWS < rows.len() {
        ui.label(format!("… and {} more rows", rows.len() - MOST_ROWS));
    }
    ui.horizontal(|ui| {
        let id = ui.scope_id().with("new row");
        let typed =
            draft(ui, id, "", |ui, text| ui.add(TextEdit::singleline(text).desired_width(110.0).hint_text("row id")));
        typed.response.clone().accessible_name(format!("New row of {}", bits.label));
        let name = typed.text.trim();
        let entered = typed.finished && ui.input(|input| input.key_pressed(egui::Key::Enter));
        let free = !name.is_empty() && !rows.contains_key(name);
        if free && entered {
            bits.started = true;
            change = Some((name.to_owned(), RowChange::Add));
        }
    });
    let (id, what) = change?;
    let mut rows = rows.clone();
    match what {
        RowChange::Remove => {
            rows.shift_remove(&id);
        }
        RowChange::Add => {
            rows.insert(id, Data::Map(IndexMap::new()));
        }
        RowChange::Set(column, data) => {
            let row = with_column(rows.get(&id), &column, data);
            rows.insert(id, row);
        }
    }
    Some((!rows.is_empty()).then_some(Data::Map(rows)))
}

enum RowChange {
    Add,
    Remove,
    Set(String, Option<Data>),
}

/// A row with a column set, or unset.
pub(crate) fn with_column(row: Option<&Data>, column: &str, data: Option<Data>) -> Data {
    let mut fields = row.and_then(Data::as_fields).cloned().unwrap_or_default();
    match data {
        Some(data) => {
            fields.insert(column.to_owned(), data);
        }
        None => {
            fields.shift_remove(column);
        }
    }
    match row {
        Some(Data::Struct(name, _)) => Data::Struct(name.clone(), fields),
        _ => Data::Map(fields),
    }
}

fn row_ui(ui: &mut Ui, columns: &[ParamSpec], id: &str, row: &Data, bits: &mut Bits<'_>) -> Option<RowChange> {
    let empty = IndexMap::new();
    let fields = row.as_fields().unwrap_or(&empty);
    let mut change = None;
    ui.horizontal(|ui| {
        let remove = icon_button(ui, Icon::Trash2, &format!("Remove row {id}"));
        if remove.clicked() {
            bits.started = true;
            change = Some(RowChange::Remove);
        }
        let title = match columns {
            [_] => id.to_owned(),
            _ => format!("{id}  ({} set)", fields.len()),
        };
        ui.vertical(|ui| {
            let header = CollapsingHeader::new(title).id_salt("row").default_open(columns.len() == 1);
            header.show(ui, |ui| {
                for column in columns {
                    ui.add_space(space::XS);
                    ui.horizontal(|ui| {
                        ui.label(title_of(column.name)).on_hover_text(column.help);
                        if fields.contains_key(column.name)
                            && icon_button(ui, Icon::RotateCcw, &format!("Reset {} of {id}", column.name)).clicked()
                        {
                            bits.started = true;
                            change = Some(RowChange::Set(column.name.to_owned(), None));
                        }
                    });
                    let mut cell = bits.part(format!("{} of {id}", title_of(column.name)));
                    let found = ui.push_id(column.name, |ui| param_ui(ui, column, fields.get(column.name), &mut cell));
                    let started = cell.started;
                    bits.started |= started;
                    if let Some(data) = found.inner {
                        change = Some(RowChange::Set(column.name.to_owned(), data));
                    }
                }
            });
        });
    });
    change
}
