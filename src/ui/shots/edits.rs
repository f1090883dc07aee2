//! Pure changes of the shot table: cells by shot id, the order of shots, and the table node itself.
//!
//! One batch is one undo step, however many rows it changes. Knows no egui.

use std::collections::BTreeSet;

use indexmap::IndexMap;
use model::spec::Catalog;
use model::{Data, Document, Edit, Feed, GroupFace, Params, PortRef, Shot};

use super::columns::Column;
use crate::wiring;

/// Where changes are written: a table node, or a group that shows the rows of the table in it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Table {
    pub(super) node: String,
    param: String,
    /// What holds where the node says nothing: what the group's own graph says.
    inherited: Option<Data>,
}

impl Table {
    /// A node of the kind.
    pub(super) fn new(node: &str) -> Table {
        Table { node: node.to_owned(), param: PARAM.to_owned(), inherited: None }
    }

    /// A group's node, where it shows the rows of a table.
    pub(super) fn in_group(node: &str, face: &GroupFace, catalog: Catalog) -> Option<Table> {
        let rows = catalog.find(KIND)?.param(PARAM)?;
        let shown = face.params.iter().find(|param| param.spec.name == rows.name && param.spec.kind == rows.kind)?;
        Some(Table { node: node.to_owned(), param: shown.name.clone(), inherited: shown.inherited.clone() })
    }

    fn held<'a>(&'a self, document: &'a Document) -> Option<&'a Data> {
        document.nodes.get(&self.node)?.params.get(&self.param).or(self.inherited.as_ref())
    }
}

/// The kind of the table node, its port and its parameter.
pub(super) const KIND: &str = "structure.shots";
const PORT: &str = "shots";
const PARAM: &str = "rows";

/// Seeds are kept in 53 bits, as graph files and JSON readers hold them exactly.
const MAX_SEED: i64 = (1 << 53) - 1;

/// Two places nearer than this are numbered anew.
const LEAST_GAP: f64 = 1e-6;

/// One shot in the order of the film.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Placed<'a> {
    pub(super) id: &'a str,
    /// The place it asks for.
    pub(super) order: f64,
    /// The place it would have by itself.
    pub(super) natural: f64,
}

/// The rows that the table holds; none where the parameter is something else, which is for the user to repair.
pub(super) fn rows<'a>(document: &'a Document, table: &'a Table) -> Option<&'a Params> {
    table.held(document)?.as_fields()
}

/// Reads what was typed into a cell; none means that the script's value holds again.
///
/// # Errors
/// What is wrong with it, in one sentence.
pub(super) fn parse(column: Column, text: &str) -> Result<Option<Data>, String> {
    let text = text.trim();
    if text.is_empty() || (text == "auto" && column.options().is_some()) {
        return Ok(None);
    }
    match column {
        Column::Seconds => match text.replace(',', ".").parse::<f64>() {
            Ok(seconds) if (0.2..=120.0).contains(&seconds) => Ok(Some(seconds.into())),
            _ => Err("type 0.2 to 120 seconds".to_owned()),
        },
        Column::Seed => match text.parse::<i64>() {
            Ok(seed) if (0..=MAX_SEED).contains(&seed) => Ok(Some(seed.into())),
            _ => Err(format!("type a whole number from 0 to {MAX_SEED}")),
        },
        Column::Size | Column::Move => {
            let options = column.options().unwrap_or_default();
            let found = options.iter().find(|option| option.eq_ignore_ascii_case(text));
            found.map(|option| Some((*option).into())).ok_or_else(|| format!("choose one of: {}", options.join(", ")))
        }
        Column::Skip => Ok((text == "yes").then_some(true.into())),
        _ => Ok(Some(text.into())),
    }
}

/// What is left of a change for one shot: nothing where it says what the shot says anyway.
fn needed(column: Column, value: &Data, shot: &Shot) -> bool {
    match column {
        Column::Text => value.as_text() != Some(shot.text.as_str()),
        Column::Size => value.as_text() != Some(shot.camera.size.name()),
        Column::Move => value.as_text() != Some(shot.camera.r#move.name()),
        Column::Seconds => value.as_number() != Some(shot.duration_s),
        Column::Seed => value.as_integer() != shot.seed.and_then(|seed| i64::try_from(seed).ok()),
        Column::Skip => value.as_flag() == Some(true),
        _ => true,
    }
}

/// Sets one column of some shots, or resets it with none. Shots come as they are without the table.
pub(super) fn set<'a>(
    document: &Document,
    table: &Table,
    column: Column,
    value: Option<&Data>,
    shots: impl IntoIterator<Item = (&'a str, &'a Shot)>,
) -> Vec<Edit> {
    let Some(param) = column.param() else { return Vec::new() };
    let changes = shots.into_iter().map(|(id, shot)| {
        let kept = value.filter(|value| needed(column, value, shot)).cloned();
        (id, param, kept)
    });
    write(document, table, changes)
}

/// Forgets all that the table says about some shots.
pub(super) fn reset<'a>(document: &Document, table: &Table, ids: impl IntoIterator<Item = &'a str>) -> Vec<Edit> {
    let Some(held) = rows(document, table) else { return Vec::new() };
    let mut changed = held.clone();
    for id in ids {
        changed.shift_remove(id);
    }
    replaced(document, table, changed)
}

/// Moves shots before the one at `before` in `placed`, which is the film in its present order.
pub(super) fn reorder(
    document: &Document,
    table: &Table,
    placed: &[Placed<'_>],
    moved: &BTreeSet<&str>,
    before: usize,
) -> Vec<Edit> {
    let before = before.min(placed.len());
    let stays = |shot: &&Placed<'_>| !moved.contains(shot.id);
    let (first, last) = (&placed[..before], &placed[before..]);
    let carried: Vec<_> = placed.iter().filter(|shot| moved.contains(shot.id)).collect();
    let wanted: Vec<&Placed<'_>> =
        first.iter().filter(stays).chain(carried.iter().copied()).chain(last.iter().filter(stays)).collect();
    if carried.is_empty() || wanted.iter().zip(placed).all(|(a, b)| a.id == b.id) {
        return Vec::new();
    }
    // Back where they come from: no number is needed.
    let free = |shot: &Placed<'_>| if moved.contains(shot.id) { shot.natural } else { shot.order };
    if wanted.is_sorted_by(|a, b| (free(a), a.natural) < (free(b), b.natural)) {
        return write(document, table, carried.iter().map(|shot| (shot.id, "order", None)));
    }
    let low = first.iter().rfind(stays).map(|shot| shot.order);
    let high = last.iter().find(stays).map(|shot| shot.order);
    let n = carried.len() as f64;
    let place = |idx: f64| match (low, high) {
        (Some(low), Some(high)) => low + (high - low) * (idx + 1.0) / (n + 1.0),
        (Some(low), None) => low + idx + 1.0,
        (None, Some(high)) => high - n + idx,
        (None, None) => idx + 1.0,
    };
    if low.zip(high).is_none_or(|(low, high)| LEAST_GAP * (n + 1.0) < high - low) {
        let orders = carried.iter().enumerate().map(|(idx, shot)| (shot.id, "order", Some(place(idx as f64).into())));
        return write(document, table, orders);
    }
    let orders = wanted.iter().enumerate().map(|(idx, shot)| {
        let order = idx as f64 + 1.0;
        (shot.id, "order", (order != shot.natural).then_some(order.into()))
    });
    write(document, table, orders)
}

/// Puts a shot table behind an output of shots: whatever took the shots takes them from the table.
pub(super) fn insert(document: &Document, catalog: Catalog, source: &PortRef) -> Option<(String, Vec<Edit>)> {
    let spec = catalog.find(KIND)?;
    let id = wiring::free_id(document, KIND);
    let (x, y) = wiring::place_of(document, &source.node).unwrap_or_default();
    let mut edits = wiring::add_node(&id, spec, (x + 40.0, y + 160.0));
    let made = PortRef::new(&id, PORT);
    for (to, feed) in &document.links {
        // A link of a broken file, to or from nodes that are not there, cannot be written again.
        let whole = feed.sources().iter().chain([to]).all(|port| document.nodes.contains_key(&port.node));
        if !whole || !feed.sources().contains(source) {
            continue;
        }
        let swapped = |from: &PortRef| if from == source { made.clone() } else { from.clone() };
        let feed = match feed {
            Feed::One(from) => Feed::One(swapped(from)),
            Feed::Many(from) => Feed::Many(from.iter().map(swapped).collect()),
        };
        edits.push(Edit::SetLink { to: to.clone(), feed: Some(feed), at: None });
    }
    edits.push(Edit::SetLink { to: made, feed: Some(Feed::One(source.clone())), at: None });
    Some((id, edits))
}

/// Writes cells; rows that say nothing any more are removed.
fn write<'a>(
    document: &Document,
    table: &Table,
    changes: impl Iterator<Item = (&'a str, &'a str, Option<Data>)>,
) -> Vec<Edit> {
    let held = table.held(document);
    if held.is_some_and(|held| held.as_fields().is_none()) {
        return Vec::new();
    }
    let mut rows = held.and_then(Data::as_fields).cloned().unwrap_or_default();
    for (id, column, value) in changes {
        match (rows.get_mut(id), value) {
            (Some(Data::Map(fields) | Data::Struct(_, fields)), Some(value)) => {
                fields.insert(column.to_owned(), value);
            }
            (Some(Data::Map(fields) | Data::Struct(_, fields)), None) => {
                fields.shift_remove(column);
                if fields.is_empty() {
                    rows.shift_remove(id);
                }
            }
            // Something that is no row: `check` tells about it, and a change must not hide it.
            (Some(_), _) | (None, None) => {}
            (None, Some(value)) => {
                rows.insert(id.to_owned(), Data::Map(IndexMap::from([(column.to_owned(), value)])));
            }
        }
    }
    replaced(document, table, rows)
}

fn replaced(document: &Document, table: &Table, rows: Params) -> Vec<Edit> {
    if !document.nodes.contains_key(&table.node) {
        return Vec::new();
    }
    if table.held(document).and_then(Data::as_fields).map_or(rows.is_empty(), |held| *held == rows) {
        return Vec::new();
    }
    // An instance that says what its group says anyway inherits again.
    let is_inherited = table.inherited.as_ref().and_then(Data::as_fields) == Some(&rows);
    let value = (!is_inherited).then_some(Data::Map(rows));
    vec![Edit::SetParam { node: table.node.clone(), param: table.param.clone(), value, at: None }]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shot(text: &str) -> Shot {
        super::super::rows::tests::shot("s1.b1", "s1", text)
    }

    fn table(rows: &str) -> Document {
        model::fixture::graph(&format!("b: structure.breakdown\nt: structure.shots rows={rows} shots<-b.shots"))
    }

    fn text_of(document: &Document) -> String {
        document.nodes["t"].params["rows"].to_text()
    }

    #[test]
    fn a_cell_is_one_column_of_one_row() {
        let mut document = table("{}");
        let (a, b) = (shot("one"), shot("two"));
        let shots = [("s1.b1", &a), ("s1.b2", &b)];
        let edits = set(&document, &Table::new("t"), Column::Text, Some(&"two".into()), shots);
        document.apply(&edits).unwrap();
        assert_eq!(text_of(&document), r#"{ "s1.b1": { "text": "two" } }"#, "what the script says needs no row");
        document.apply(&set(&document, &Table::new("t"), Column::Size, Some(&"ECU".into()), shots)).unwrap();
        assert_eq!(text_of(&document), r#"{ "s1.b1": { "text": "two", "size": "ECU" }, "s1.b2": { "size": "ECU" } }"#);
        document.apply(&set(&document, &Table::new("t"), Column::Size, None, shots)).unwrap();
        document.apply(&reset(&document, &Table::new("t"), ["s1.b1"])).unwrap();
        assert_eq!(text_of(&document), "{}");
        assert_eq!(set(&document, &Table::new("t"), Column::Size, None, shots), [], "nothing to reset is no step");
    }

    #[test]
    fn what_cannot_be_read_is_left_alone() {
        let a = shot("one");
        let document = table("3");
        assert_eq!(set(&document, &Table::new("t"), Column::Text, Some(&"x".into()), [("s1.b1", &a)]), []);
        let mut document = table("{\"s1.b1\": 4}");
        document
            .apply(&set(&document, &Table::new("t"), Column::Text, Some(&"x".into()), [("s1.b1", &a), ("s1.b2", &a)]))
            .unwrap();
        assert_eq!(text_of(&document), r#"{ "s1.b1": 4, "s1.b2": { "text": "x" } }"#);
    }

    #[test]
    fn typed_values_are_checked() {
        assert_eq!(parse(Column::Seconds, "2,5"), Ok(Some(2.5.into())));
        assert_eq!(parse(Column::Seconds, "0"), Err("type 0.2 to 120 seconds".to_owned()));
        assert_eq!(parse(Column::Seconds, "NaN"), Err("type 0.2 to 120 seconds".to_owned()));
        assert!(parse(Column::Seed, "-1").is_err());
        assert_eq!(parse(Column::Size, "ecu"), Ok(Some("ECU".into())));
        assert!(parse(Column::Move, "teleport").is_err());
        assert_eq!(parse(Column::Text, "  "), Ok(None));
    }

    #[test]
    fn a_group_overrides_for_its_instance_and_inherits_again() {
        let spec = nodes::ALL.iter().find(|spec| spec.kind == KIND).unwrap().param(PARAM).unwrap();
        let inherited = Some(Data::parse(r#"{ "s1.b1": { "size": "CU" } }"#).unwrap());
        let param = model::GroupParam { name: "shots".to_owned(), spec: *spec, inherited };
        let face = GroupFace { params: vec![param], ..GroupFace::default() };
        let table = Table::in_group("g", &face, Catalog(nodes::ALL)).unwrap();
        let mut document = model::fixture::graph("g: group file=\"g.ron\"");
        let a = shot("one");
        let text = |document: &Document| document.nodes["g"].params.get("shots").map(Data::to_text);
        document.apply(&set(&document, &table, Column::Seconds, Some(&2.0.into()), [("s1.b1", &a)])).unwrap();
        assert_eq!(text(&document).as_deref(), Some(r#"{ "s1.b1": { "size": "CU", "duration": 2.0 } }"#));
        document.apply(&set(&document, &table, Column::Seconds, None, [("s1.b1", &a)])).unwrap();
        assert_eq!(text(&document), None, "what the group says needs no override");
        document.apply(&reset(&document, &table, ["s1.b1"])).unwrap();
        assert_eq!(text(&document).as_deref(), Some("{}"), "the script's size holds in this instance");
        assert_eq!(Table::in_group("g", &GroupFace::default(), Catalog(nodes::ALL)), None);
    }

    #[track_caller]
    fn moved(orders: &[(&str, f64)], moved: &[&str], before: usize) -> String {
        let mut document = table("{}");
        let natural = |id: &str| f64::from(id.as_bytes()[0] - b'a') + 1.0;
        let cells = orders.iter().filter(|(id, order)| *order != natural(id));
        document
            .apply(&write(&document, &Table::new("t"), cells.map(|(id, order)| (*id, "order", Some((*order).into())))))
            .unwrap();
        let placed: Vec<_> =
            orders.iter().map(|(id, order)| Placed { id, order: *order, natural: natural(id) }).collect();
        document
            .apply(&reorder(&document, &Table::new("t"), &placed, &moved.iter().copied().collect(), before))
            .unwrap();
        let table = Table::new("t");
        let rows = rows(&document, &table).cloned().unwrap_or_default();
        let order = |id: &str| rows.get(id).and_then(|row| row.as_fields()?.get("order")?.as_number());
        let mut now: Vec<_> =
            orders.iter().map(|(id, _)| (order(id).unwrap_or(natural(id)), natural(id), *id)).collect();
        now.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
        let names: String = now.iter().map(|it| it.2).collect();
        format!("{names} {}", rows.len())
    }

    #[test]
    fn shots_move_with_few_numbers() {
        let plain = [("a", 1.0), ("b", 2.0), ("c", 3.0), ("d", 4.0)];
        assert_eq!(moved(&plain, &["a"], 3), "bcad 1");
        assert_eq!(moved(&plain, &["d"], 0), "dabc 1");
        assert_eq!(moved(&plain, &["a", "c"], 4), "bdac 2");
        assert_eq!(moved(&plain, &["b"], 1), "abcd 0", "where it is");
        assert_eq!(moved(&plain, &["b"], 2), "abcd 0", "where it is");
        let changed = [("b", 2.0), ("c", 3.0), ("a", 3.5), ("d", 4.0)];
        assert_eq!(moved(&changed, &["a"], 0), "abcd 0", "back home needs no number");
        let tight = [("a", 1.0), ("b", 1.0), ("c", 3.0), ("d", 4.0)];
        assert_eq!(moved(&tight, &["d"], 1), "adbc 3", "no room: all are numbered anew");
    }

    #[test]
    fn a_table_is_put_behind_the_breakdown() {
        let mut document = model::fixture::graph(
            "shots: structure.breakdown\nv: model.video shot<-shots.shots\nc: consistency.cuts shots<-[shots.shots]",
        );
        let before = document.to_text();
        let (id, edits) = insert(&document, Catalog(nodes::ALL), &PortRef::new("shots", "shots")).unwrap();
        assert_eq!(id, "shots_2");
        let inverse = document.apply(&edits).unwrap().inverse;
        assert_eq!(document.links[&PortRef::new("v", "shot")], Feed::One(PortRef::new("shots_2", "shots")));
        assert_eq!(document.links[&PortRef::new("c", "shots")], Feed::Many(vec![PortRef::new("shots_2", "shots")]));
        assert_eq!(document.links[&PortRef::new("shots_2", "shots")], Feed::One(PortRef::new("shots", "shots")));
        document.apply(&inverse).unwrap();
        assert_eq!(document.to_text(), before);
    }
}
