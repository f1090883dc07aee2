//! A single shot by hand: its fields, each inherited from the breakdown or overridden in the shot table.
//!
//! The table is a parameter of a `structure.shots` node; an override is a column of the shot's row, and resetting one
//! removes it.

use std::collections::BTreeSet;

use egui::{RichText, Ui};
use indexmap::IndexMap;
use model::{Data, Document, Edit, ParamKind, ParamSpec, PortRef, Shot, Value};

use super::params::row;
use crate::cx::Cx;
use crate::icons::Icon;
use crate::theme::{Theme, size, space};
use crate::widgets::gesture::Gestures;
use crate::widgets::param::{Bits, param_ui};
use crate::widgets::table::with_column;
use crate::widgets::{icon_button, title_of};

/// The kind whose table holds overrides, and the parameter.
const KIND: &str = "structure.shots";
const ROWS: &str = "rows";

/// See the module.
pub(super) fn overrides_ui(ui: &mut Ui, cx: &mut Cx<'_>, gestures: &mut Gestures, near: Option<&str>) {
    let elements: Vec<String> = cx.shared.selection.elements.iter().cloned().collect();
    let title = match elements.as_slice() {
        [only] => format!("Shot {only}"),
        several => format!("{} shots", several.len()),
    };
    ui.label(RichText::new(title).size(size::HEADING).strong());
    let Some(table) = table_near(cx.document, near) else {
        let text = "Single shots are changed in a shot table: add one between the breakdown and the models";
        ui.label(RichText::new(text).color(cx.theme.weak));
        ui.add_space(space::M);
        return;
    };
    let Some(columns) = columns(cx, &table) else { return };
    let Some(first) = elements.first() else { return };
    let inherited = shot_before(cx, &table, first);
    let rows = cx.document.nodes.get(&table).and_then(|node| node.params.get(ROWS)).and_then(Data::as_fields);
    let overrides = rows.and_then(|rows| rows.get(first)).and_then(Data::as_fields);
    ui.label(RichText::new(format!("Overrides in {table}")).size(size::SMALL).color(cx.theme.weak));
    for column in columns {
        let own = overrides.and_then(|overrides| overrides.get(column.name));
        let before = inherited.as_ref().and_then(|shot| field_of(shot, column.name));
        let name = title_of(column.name);
        let mut bits = Bits::new(format!("Shot {}", column.name), cx.theme, &mut *cx.gallery);
        let mut reset = false;
        let mut change = None;
        let name_ui = |ui: &mut Ui| {
            mark_ui(ui, cx.theme, own.is_some());
            let color = if own.is_some() { cx.theme.text } else { cx.theme.weak };
            let label = egui::Label::new(RichText::new(&name).color(color)).truncate();
            ui.add(label).on_hover_text(column.help).id
        };
        // The name alone would be that of the node's own parameter.
        let widget_ui = |ui: &mut Ui, _| change = param_ui(ui, column, own.or(before.as_ref()), &mut bits);
        let reset_ui = |ui: &mut Ui| {
            reset = icon_button(ui, Icon::RotateCcw, &format!("Reset shot {}", column.name)).clicked();
        };
        ui.push_id((&table, column.name), |ui| {
            row(ui, &column.kind, name_ui, widget_ui, own.is_some().then_some(reset_ui));
        });
        let started = bits.started;
        let field = format!("{table}.{first}.{}", column.name);
        gestures.note(&field, started);
        if reset {
            cx.commands.edit(
                format!("Reset {} of the shot", column.name),
                set(cx.document, &table, &elements, column.name, None),
            );
        } else if let Some(data) = change {
            let gesture = gestures.number(&field, cx.shared);
            let edits = set(cx.document, &table, &elements, column.name, data.as_ref());
            cx.commands.gesture(format!("Set {} of the shot", column.name), edits, Some(gesture));
        }
    }
    ui.add_space(space::S);
    ui.separator();
}

/// A filled dot for a field that is overridden, an empty one for one that is inherited.
pub(super) fn mark_ui(ui: &mut Ui, theme: &Theme, overridden: bool) {
    let (rect, response) = ui.allocate_exact_size(egui::vec2(8.0, 8.0), egui::Sense::hover());
    let (word, radius) = if overridden { ("overridden", 3.5) } else { ("inherited", 3.0) };
    if overridden {
        ui.painter().circle_filled(rect.center(), radius, theme.accent);
    } else {
        ui.painter().circle_stroke(rect.center(), radius, egui::Stroke::new(1.0, theme.weak));
    }
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Image, true, word));
    response.on_hover_text(word);
}

/// The columns of a shot table.
fn columns(cx: &Cx<'_>, table: &str) -> Option<&'static [ParamSpec]> {
    match cx.spec(table)?.param(ROWS)?.kind {
        ParamKind::Table { columns } => Some(columns),
        _ => None,
    }
}

/// The edit that sets a column of rows, or takes it out; empty rows and tables go too.
fn set(document: &Document, table: &str, elements: &[String], column: &str, data: Option<&Data>) -> Vec<Edit> {
    let before = document.nodes.get(table).and_then(|node| node.params.get(ROWS));
    let mut rows: IndexMap<String, Data> = before.and_then(Data::as_fields).cloned().unwrap_or_default();
    for id in elements {
        let row = with_column(rows.get(id), column, data.cloned());
        if row.as_fields().is_some_and(IndexMap::is_empty) {
            rows.shift_remove(id);
        } else {
            rows.insert(id.clone(), row);
        }
    }
    let value = (!rows.is_empty()).then_some(Data::Map(rows));
    if value.as_ref() == before {
        return Vec::new();
    }
    vec![Edit::SetParam { node: table.to_owned(), param: ROWS.to_owned(), value, at: None }]
}

/// The nearest shot table upstream of a node, or itself; the only one of the graph where no node is selected.
fn table_near(document: &Document, near: Option<&str>) -> Option<String> {
    let is_table = |id: &str| document.nodes.get(id).is_some_and(|node| node.kind == KIND);
    let mut tables = document.nodes.keys().filter(|id| is_table(id));
    let only = tables.next().filter(|_| tables.next().is_none()).cloned();
    let Some(near) = near else { return only };
    let mut seen: BTreeSet<&str> = BTreeSet::from([near]);
    let mut wave = vec![near];
    while !wave.is_empty() {
        if let Some(found) = wave.iter().find(|id| is_table(id)) {
            return Some((*found).to_owned());
        }
        let feeds = document.links.iter().filter(|(to, _)| wave.contains(&to.node.as_str()));
        let sources = feeds.flat_map(|(_, feed)| feed.sources()).map(|source| source.node.as_str());
        wave = sources.filter(|id| seen.insert(id)).collect();
    }
    only
}

/// A shot as it comes into the table.
fn shot_before(cx: &Cx<'_>, table: &str, id: &str) -> Option<Shot> {
    let sources = cx.document.links.get(&PortRef::new(table, "shots"))?.sources();
    sources.iter().find_map(|source| {
        let items = &cx.view.nodes.get(&source.node)?.items;
        items.iter().find_map(|item| match item.value(&source.port)? {
            Value::List(list) => match &list.find(id)?.value {
                Value::Shot(shot) => Some(Shot::clone(shot)),
                _ => None,
            },
            Value::Shot(shot) if shot.id == id => Some(Shot::clone(shot)),
            _ => None,
        })
    })
}

/// A field of a shot as its column has it.
fn field_of(shot: &Shot, column: &str) -> Option<Data> {
    Some(match column {
        "text" => Data::from(shot.text.as_str()),
        "duration" => Data::Number(shot.duration_s),
        "size" => Data::from(shot.camera.size.name()),
        "framing" => Data::from(shot.camera.framing.name()),
        "angle" => Data::from(shot.camera.angle.name()),
        "move" => Data::from(shot.camera.r#move.name()),
        "lens" => Data::Integer(i64::from(shot.camera.lens_mm)),
        "seed" => Data::Integer(i64::try_from(shot.seed?).ok()?),
        _ => return None,
    })
}
