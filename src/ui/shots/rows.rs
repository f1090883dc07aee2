//! The rows of the shot table: shots as the script gives them, what the table says about each, and what was made.
//!
//! Rows come from the table node's *input* and the document, not from its output: a change shows at once, and shots
//! that are left out stay in sight. They are made again only when one of those changes.

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use model::{Data, Document, Params, PortRef, PortType, Shot, Value, Verdict};

use super::columns::Column;
use super::edits::{self, Placed, Table};
use crate::cx::{Cx, Picture};
use crate::view::{ItemState, ItemView, NodeView, RunView, dollars};

/// Where shots come from in a document, who makes clips or pictures of them, and who judges those.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Sources {
    pub(super) tables: Vec<Table>,
    pub(super) table: Option<Table>,
    /// Outputs that give the shots.
    pub(super) shots: Vec<PortRef>,
    makers: Vec<String>,
    reports: Vec<String>,
}

impl Sources {
    /// Looks through a document. `wanted` is the table that somebody chose.
    pub(super) fn of(cx: &Cx<'_>, wanted: Option<&str>) -> Sources {
        let mut found = Sources::default();
        let mut breakdown = None;
        let mut other = None;
        for (id, node) in &cx.document.nodes {
            match node.kind.as_str() {
                edits::KIND => found.tables.push(Table::new(id)),
                "structure.breakdown" => breakdown = breakdown.or(Some(PortRef::new(id, "shots"))),
                kind if kind.starts_with("model.") => found.makers.push(id.clone()),
                kind if kind.starts_with("consistency.") => found.reports.push(id.clone()),
                _ if other.is_none() || node.kind == model::GROUP => {
                    let table = cx.view.groups.get(id).and_then(|face| Table::in_group(id, face, cx.catalog));
                    found.tables.extend(table);
                    let ports = cx.ports(id).outputs;
                    let port = ports.iter().find(|it| it.ty == PortType::Shot).map(|it| PortRef::new(id, &it.name));
                    other = other.or(port);
                }
                _ => {}
            }
        }
        inner(cx, &mut found);
        let wanted = wanted.and_then(|wanted| found.tables.iter().find(|table| table.node == wanted).cloned());
        found.table = wanted.or_else(|| found.tables.last().cloned());
        found.shots = match &found.table {
            Some(table) if is_group(cx, &table.node) => {
                found.shots.extend(before_table(cx, &table.node));
                return found;
            }
            Some(table) => {
                let feed = cx.document.links.get(&PortRef::new(&table.node, "shots"));
                feed.map(|feed| feed.sources().to_vec()).unwrap_or_default()
            }
            None => breakdown.or(other).into_iter().collect(),
        };
        found.shots = found.shots.iter().map(|port| inside(cx, port)).collect();
        if found.shots.is_empty() {
            found.shots.extend(inner_shots(cx, None));
        }
        found
    }

    /// The group in which the shots are made: there they are changed.
    pub(super) fn in_group<'a>(&self, document: &'a Document) -> Option<&'a str> {
        let shots = self.shots.first().filter(|_| self.table.is_none())?;
        let holds = |id: &&String| shots.node.strip_prefix(id.as_str()).is_some_and(|rest| rest.starts_with('-'));
        let mut groups = document.nodes.iter().filter(|(_, node)| node.kind == model::GROUP).map(|(id, _)| id);
        groups.find(holds).map(String::as_str).filter(|_| !document.nodes.contains_key(&shots.node))
    }

    /// The output that a table can be put behind.
    pub(super) fn can_insert_after(&self, document: &Document) -> Option<&PortRef> {
        let inside = |port: &&PortRef| document.nodes.contains_key(&port.node);
        if self.table.is_none() { self.shots.first().filter(inside) } else { None }
    }

    /// What rows depend on besides the document.
    pub(super) fn nodes<'a>(&self, view: &'a RunView) -> Vec<Option<&'a Arc<NodeView>>> {
        let shots = self.shots.iter().map(|port| &port.node);
        shots.chain(&self.makers).chain(&self.reports).map(|id| view.nodes.get(id)).collect()
    }
}

/// Makers and reports inside groups: the run knows them as `group-node`, the document only the group.
fn inner(cx: &Cx<'_>, found: &mut Sources) {
    for (id, node) in inner_nodes(cx, None) {
        match node.kind.as_str() {
            kind if kind.starts_with("model.") => found.makers.push(id.clone()),
            kind if kind.starts_with("consistency.") => found.reports.push(id.clone()),
            _ => {}
        }
    }
}

/// Nodes of the run that are inside a group, or inside any.
fn inner_nodes<'a>(cx: &'a Cx<'_>, group: Option<&'a str>) -> impl Iterator<Item = (&'a String, &'a Arc<NodeView>)> {
    let groups = cx.document.nodes.iter().filter(|(_, node)| node.kind == model::GROUP).map(|(id, _)| format!("{id}-"));
    let prefixes: Vec<String> = match group {
        Some(group) => vec![format!("{group}-")],
        None => groups.collect(),
    };
    let nodes = cx.view.nodes.iter().filter(|(id, _)| !cx.document.nodes.contains_key(*id));
    nodes.filter(move |(id, _)| prefixes.iter().any(|prefix| id.starts_with(prefix)))
}

/// The output inside a group, or inside any, that gives its shots: that of a table before that of a breakdown.
fn inner_shots(cx: &Cx<'_>, group: Option<&str>) -> Option<PortRef> {
    let rank = |kind: &str| match kind {
        edits::KIND => 2,
        "structure.breakdown" => 1,
        _ => 0,
    };
    let giving =
        inner_nodes(cx, group).filter_map(|(id, node)| Some((rank(&node.kind), PortRef::new(id, &shot_port(node)?))));
    giving.max_by_key(|(rank, _)| *rank).map(|(_, port)| port)
}

/// What the table in a group changes: the shots of another node in it, or those that come in.
fn before_table(cx: &Cx<'_>, group: &str) -> Option<PortRef> {
    let mut inner = inner_nodes(cx, Some(group)).filter(|(_, node)| node.kind != edits::KIND);
    let inner = inner.find_map(|(id, node)| Some(PortRef::new(id, &shot_port(node)?)));
    let comes_in = || {
        let inputs = cx.ports(group).inputs;
        let feeds = inputs.iter().filter(|port| port.ty == PortType::Shot);
        feeds.filter_map(|port| cx.document.links.get(&PortRef::new(group, &port.name))).next()
    };
    let comes_in = || comes_in().and_then(|feed| feed.sources().first()).map(|port| inside(cx, port));
    inner.or_else(comes_in).or_else(|| inner_shots(cx, Some(group)))
}

fn is_group(cx: &Cx<'_>, node: &str) -> bool {
    cx.document.nodes.get(node).is_some_and(|node| node.kind == model::GROUP)
}

/// The port at which a node gives shots.
fn shot_port(node: &NodeView) -> Option<String> {
    let values = node.items.iter().flat_map(|item| &item.values);
    values.filter(|(_, value)| gives_shots(value)).map(|(name, _)| name.clone()).next()
}

fn gives_shots(value: &Value) -> bool {
    match value {
        Value::Shot(_) => true,
        Value::List(list) => list.iter().next().is_some_and(|entry| matches!(entry.value, Value::Shot(_))),
        _ => false,
    }
}

/// The output that a group's output shows; any other is itself.
fn inside(cx: &Cx<'_>, port: &PortRef) -> PortRef {
    let found = is_group(cx, &port.node).then(|| inner_shots(cx, Some(&port.node))).flatten();
    found.unwrap_or_else(|| port.clone())
}

/// The kind of a node, wherever it is.
fn kind_of<'a>(document: &'a Document, view: &'a RunView, node: &str) -> &'a str {
    let written = document.nodes.get(node).map(|node| node.kind.as_str());
    written.or_else(|| view.nodes.get(node).map(|node| node.kind.as_str())).unwrap_or_default()
}

/// What was made of a shot.
#[derive(Clone, Debug, Default)]
pub(super) struct Made {
    pub(super) item: String,
    pub(super) state: ItemState,
    pub(super) stale: bool,
    pub(super) model: Option<String>,
    pub(super) take: u32,
    pub(super) pinned: bool,
    pub(super) cost: Option<u64>,
    pub(super) picture: Option<Picture>,
}

/// A verdict on a shot.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Score {
    pub(super) verdict: Verdict,
    pub(super) text: String,
}

/// One shot.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) id: String,
    /// As it comes, before the table's changes.
    pub(super) shot: Arc<Shot>,
    /// What the table says about it.
    pub(super) own: Params,
    natural: f64,
    pub(super) order: f64,
    pub(super) made: Option<Made>,
    pub(super) scores: Vec<Score>,
    /// Everything that a filter looks at, lower case.
    haystack: String,
}

impl Row {
    /// The table says something about this column.
    pub(super) fn is_changed(&self, column: Column) -> bool {
        column.param().is_some_and(|param| self.own.contains_key(param))
    }

    fn own_text(&self, param: &str) -> Option<&str> {
        self.own.get(param)?.as_text().map(str::trim).filter(|text| !text.is_empty() && *text != "auto")
    }

    pub(super) fn skipped(&self) -> bool {
        self.own.get("skip").and_then(Data::as_flag) == Some(true)
    }

    pub(super) fn seconds(&self) -> f64 {
        let own = self.own.get("duration").and_then(Data::as_number).filter(|it| it.is_finite() && *it != 0.0);
        own.unwrap_or(self.shot.duration_s)
    }

    fn seed(&self) -> Option<u64> {
        let own = self.own.get("seed").and_then(Data::as_integer).and_then(|seed| u64::try_from(seed).ok());
        own.or(self.shot.seed)
    }

    /// What an editable cell holds, as it would be typed.
    pub(super) fn typed(&self, column: Column) -> String {
        match column {
            Column::Text => self.own_text("text").unwrap_or(&self.shot.text).to_owned(),
            Column::Size => self.own_text("size").unwrap_or(self.shot.camera.size.name()).to_owned(),
            Column::Move => self.own_text("move").unwrap_or(self.shot.camera.r#move.name()).to_owned(),
            Column::Seconds => short(self.seconds()),
            Column::Seed => self.seed().map_or_else(String::new, |seed| seed.to_string()),
            Column::Skip => if self.skipped() { "yes" } else { "no" }.to_owned(),
            _ => String::new(),
        }
    }

    /// What the script says in a cell.
    pub(super) fn scripted(&self, column: Column) -> String {
        let plain = Row { own: Params::default(), ..self.clone() };
        plain.typed(column)
    }

    /// What a cell shows.
    pub(super) fn shown(&self, column: Column, place: usize) -> String {
        let made = self.made.as_ref();
        match column {
            Column::Place => (place + 1).to_string(),
            Column::Picture => String::new(),
            Column::Id => self.id.clone(),
            Column::Scene => format!("{} {}", self.shot.scene, self.shot.setting.location).trim().to_owned(),
            Column::Text => match self.own_text("extra") {
                Some(extra) => format!("{} {extra}", self.typed(column)).trim().to_owned(),
                None => self.typed(column),
            },
            Column::Model => made.and_then(|made| made.model.clone()).unwrap_or_default(),
            Column::Take => made.map_or_else(String::new, |made| made.take.to_string()),
            Column::State => self.state().to_owned(),
            Column::Cost => made.and_then(|made| made.cost).map(dollars).unwrap_or_default(),
            Column::Scores => self.worst().map(|verdict| verdict_name(verdict).to_owned()).unwrap_or_default(),
            _ => self.typed(column),
        }
    }

    /// Where it stands, in one word.
    pub(super) fn state(&self) -> &'static str {
        match &self.made {
            _ if self.skipped() => "skipped",
            None => "",
            Some(made) if made.stale && !matches!(made.state, ItemState::Failed(_) | ItemState::Running { .. }) => {
                "stale"
            }
            Some(made) => made.state.name(),
        }
    }

    /// The worst verdict of all reports.
    pub(super) fn worst(&self) -> Option<Verdict> {
        self.scores.iter().map(|score| score.verdict).max()
    }

    /// Its place in the film.
    pub(super) fn placed(&self) -> Placed<'_> {
        Placed { id: &self.id, order: self.order, natural: self.natural }
    }
}

pub(super) fn verdict_name(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::NotMeasured => "not measured",
        Verdict::Good => "good",
        Verdict::Watch => "watch",
        Verdict::Break => "break",
    }
}

/// A number with at most two decimals, without trailing zeros.
pub(crate) fn short(number: f64) -> String {
    let text = format!("{number:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// All shots in the order of the film.
pub(super) fn rows(document: &Document, view: &RunView, sources: &Sources) -> Vec<Row> {
    let held = sources.table.as_ref().and_then(|table| edits::rows(document, table));
    let mut made = made(document, view, sources);
    let mut scores = scores(view, sources);
    let mut rows: Vec<Row> = sources
        .shots
        .iter()
        .flat_map(|port| shots_at(view, port))
        .enumerate()
        .map(|(idx, (id, shot))| {
            let own = held.and_then(|rows| rows.get(&id)?.as_fields()).cloned().unwrap_or_default();
            let natural = idx as f64 + 1.0;
            let order = own.get("order").and_then(Data::as_number).filter(|order| order.is_finite());
            let (made, scores) = (made.remove(&id), scores.remove(&id).unwrap_or_default());
            let order = order.unwrap_or(natural);
            let mut row = Row { id, shot, own, natural, order, made, scores, haystack: String::new() };
            row.haystack = haystack(&row);
            row
        })
        .collect();
    rows.sort_by(|a, b| a.order.total_cmp(&b.order));
    rows
}

fn haystack(row: &Row) -> String {
    let searched = [Column::Id, Column::Scene, Column::Text, Column::Size, Column::Move, Column::Model, Column::State];
    let mut text: String = searched.iter().map(|column| row.shown(*column, 0) + "\n").collect();
    row.shot.cast.iter().for_each(|member| text.extend([&member.name, "\n"]));
    row.shot.lines.iter().for_each(|line| text.extend([&line.text, "\n"]));
    text.to_lowercase()
}

/// The shots that an output gives, by element id.
fn shots_at(view: &RunView, port: &PortRef) -> Vec<(String, Arc<Shot>)> {
    let mut found = Vec::new();
    for item in view.nodes.get(&port.node).map_or(&[][..], |node| &node.items) {
        match item.value(&port.port) {
            Some(Value::List(list)) => found.extend(list.iter().filter_map(|entry| match &entry.value {
                Value::Shot(shot) => Some((entry.id.to_string(), shot.clone())),
                _ => None,
            })),
            Some(Value::Shot(shot)) => {
                found.push((item.element.clone().unwrap_or_else(|| shot.id.clone()), shot.clone()));
            }
            _ => {}
        }
    }
    found
}

/// What the makers made, by element: a clip before a picture, the last node of several.
fn made(document: &Document, view: &RunView, sources: &Sources) -> HashMap<String, Made> {
    let mut found = HashMap::new();
    let video = |id: &&String| kind_of(document, view, id) == "model.video";
    let (clips, pictures): (Vec<_>, Vec<_>) = sources.makers.iter().partition(video);
    for maker in pictures.into_iter().chain(clips) {
        for item in view.nodes.get(maker).map_or(&[][..], |node| &node.items) {
            let Some(element) = &item.element else { continue };
            let take = document.take(&item.name);
            let made = Made {
                item: item.name.clone(),
                state: item.state.clone(),
                stale: item.is_stale(),
                model: item.model.clone(),
                take: take.take,
                pinned: take.pinned,
                cost: item.cost,
                picture: picture(item),
            };
            found.insert(element.clone(), made);
        }
    }
    found
}

/// A picture of what an item gives: the middle of a clip.
fn picture(item: &ItemView) -> Option<Picture> {
    item.values.iter().find_map(|(_, value)| picture_of(value))
}

/// A picture of a value, where it is one that can be seen.
pub(crate) fn picture_of(value: &Value) -> Option<Picture> {
    match value {
        Value::Clip(clip) => Some(Picture::Frame { clip: clip.clone(), frame: clip.n_frames() / 2 }),
        Value::Image(image) => Some(Picture::Image(image.clone())),
        _ => None,
    }
}

/// Verdicts of reports, by the shots that they name.
fn scores(view: &RunView, sources: &Sources) -> BTreeMap<String, Vec<Score>> {
    let mut found: BTreeMap<String, Vec<Score>> = BTreeMap::new();
    let mut add = |id: &str, verdict: Verdict, text: String| {
        found.entry(id.to_owned()).or_default().push(Score { verdict, text });
    };
    for item in sources.reports.iter().filter_map(|id| view.nodes.get(id)).flat_map(|node| &node.items) {
        for (_, value) in &item.values {
            let Value::Report(report) = value else { continue };
            if let Some(element) = &item.element {
                add(element, report.verdict, format!("{}: {}", report.title, report.summary));
            }
            for row in report.data["rows"].as_array().map_or(&[][..], Vec::as_slice) {
                let Ok(verdict) = serde_json::from_value::<Verdict>(row["verdict"].clone()) else { continue };
                let name = |field: &str| row[field].as_str().unwrap_or_default();
                match name("subject") {
                    "shot" => add(name("id"), verdict, format!("{}: the shot itself", report.title)),
                    "cut" => add(name("to"), verdict, format!("{}: the cut from {}", report.title, name("from"))),
                    _ => {}
                }
            }
        }
    }
    found
}

/// A filter by state: its name and its test.
type Named = (&'static str, fn(&Row) -> bool);

/// Which rows a state filter lets through.
pub(super) const STATES: &[Named] = &[
    ("All shots", |_| true),
    ("To be made", |row| !row.skipped() && !matches!(row.state(), "done" | "")),
    ("Held", |row| row.state() == "held"),
    ("Running", |row| matches!(row.state(), "running" | "queued")),
    ("Done", |row| row.state() == "done"),
    ("Stale", |row| row.state() == "stale"),
    ("Failed", |row| matches!(row.state(), "failed" | "blocked")),
    ("Changed by hand", |row| !row.own.is_empty()),
    ("Skipped", Row::skipped),
    ("With a bad score", |row| matches!(row.worst(), Some(Verdict::Watch | Verdict::Break))),
];

/// Positions of rows that pass a filter, sorted by a column; in the order of the film where none is given.
pub(super) fn arranged(rows: &[Row], filter: &str, state: usize, sort: Option<(Column, bool)>) -> Vec<usize> {
    let words: Vec<String> = filter.split_whitespace().map(str::to_lowercase).collect();
    let passes = STATES.get(state).map_or(STATES[0].1, |(_, passes)| *passes);
    let kept = |row: &Row| passes(row) && words.iter().all(|word| row.haystack.contains(word.as_str()));
    let mut shown: Vec<usize> = (0..rows.len()).filter(|idx| kept(&rows[*idx])).collect();
    if let Some((column, ascending)) = sort {
        shown.sort_by(|a, b| {
            let order = compare(&rows[*a], &rows[*b], column);
            if ascending { order } else { order.reverse() }
        });
    }
    shown
}

fn compare(a: &Row, b: &Row, column: Column) -> Ordering {
    let made = |row: &Row| row.made.as_ref().map(|made| (made.take, made.cost));
    match column {
        Column::Place | Column::Picture => a.order.total_cmp(&b.order),
        Column::Seconds => a.seconds().total_cmp(&b.seconds()),
        Column::Seed => a.seed().cmp(&b.seed()),
        Column::Take => made(a).map(|it| it.0).cmp(&made(b).map(|it| it.0)),
        Column::Cost => made(a).and_then(|it| it.1).cmp(&made(b).and_then(|it| it.1)),
        Column::Scores => a.worst().cmp(&b.worst()),
        // Sizes are a ladder, not words.
        Column::Size => {
            let rank = |row: &Row| model::ShotSize::named(&row.typed(Column::Size)).map(|size| size as usize);
            rank(a).cmp(&rank(b))
        }
        _ => a.shown(column, 0).to_lowercase().cmp(&b.shown(column, 0).to_lowercase()),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use model::{Camera, List, Move, Report, Setting, ShotSize};
    use serde_json::json;

    use super::*;

    pub(in super::super) fn shot(id: &str, scene: &str, text: &str) -> Shot {
        Shot {
            id: id.to_owned(),
            scene: scene.to_owned(),
            number: String::new(),
            text: text.to_owned(),
            setting: Setting { location: "LAMP ROOM".to_owned(), ..Setting::default() },
            camera: Camera { size: ShotSize::Ms, r#move: Move::Static, ..Camera::default() },
            cast: Vec::new(),
            props: Vec::new(),
            lines: Vec::new(),
            duration_s: 3.0,
            seed: None,
            purpose: String::new(),
            provenance: Default::default(),
        }
    }

    /// A run in which `shots` gave so many shots and `generate` stands at each as told.
    pub(in super::super) fn view(texts: &[(&str, &str)], states: &[ItemState]) -> RunView {
        let list = List::new(texts.iter().map(|(id, text)| {
            let scene = id.split('.').next().unwrap_or(id);
            ((*id).into(), Value::Shot(Arc::new(shot(id, scene, text))))
        }));
        let mut view = RunView::default();
        let shots = ItemView {
            name: "shots".to_owned(),
            state: ItemState::Done,
            values: vec![("shots".to_owned(), Value::List(list))],
            ..ItemView::default()
        };
        view.nodes.insert("shots".to_owned(), Arc::new(NodeView::new(vec![shots])));
        let items = texts.iter().zip(states).map(|((id, _), state)| ItemView {
            name: format!("generate/{id}"),
            element: Some((*id).to_owned()),
            state: state.clone(),
            model: Some("animatic".to_owned()),
            ..ItemView::default()
        });
        view.nodes.insert("generate".to_owned(), Arc::new(NodeView::new(items.collect())));
        view
    }

    fn sources(table: bool) -> Sources {
        Sources {
            tables: Vec::new(),
            table: table.then(|| Table::new("table")),
            shots: vec![PortRef::new("shots", "shots")],
            makers: vec!["generate".to_owned()],
            reports: vec!["cuts".to_owned()],
        }
    }

    const TEXTS: &[(&str, &str)] = &[("s1.b1", "Mara climbs"), ("s1.b2", "The lamp turns"), ("s2.b1", "Jon waits")];

    #[test]
    fn rows_show_the_tables_changes_at_once_and_in_its_order() {
        let rows_text = r#"{"s2.b1": {"order": 0.5, "text": "Jon runs", "size": "CU"}, "s1.b2": {"skip": true}}"#;
        let document = model::fixture::graph(&format!(
            "shots: structure.breakdown\ntable: structure.shots rows={rows_text}\ngenerate: model.video\n!take generate/s1.b1 4 pinned"
        ));
        let held = ItemState::Held { cost: Some(5) };
        let rows = rows(&document, &view(TEXTS, &[ItemState::Done, held, ItemState::Ready]), &sources(true));
        let shown = |column| rows.iter().map(|row| row.shown(column, 0)).collect::<Vec<_>>();
        assert_eq!(shown(Column::Id), ["s2.b1", "s1.b1", "s1.b2"]);
        assert_eq!(shown(Column::Text), ["Jon runs", "Mara climbs", "The lamp turns"]);
        assert_eq!(shown(Column::State), ["ready", "done", "skipped"]);
        assert_eq!(shown(Column::Take), ["1", "4", "1"]);
        assert!(rows[0].is_changed(Column::Size) && !rows[0].is_changed(Column::Move));
        assert_eq!(rows[0].scripted(Column::Text), "Jon waits");
        assert!(rows[1].made.as_ref().unwrap().pinned);
    }

    #[test]
    fn reports_that_name_a_shot_are_its_scores() {
        let mut view = view(TEXTS, &[]);
        let data = json!({ "rows": [
            { "subject": "shot", "id": "s1.b2", "verdict": "good" },
            { "subject": "cut", "from": "s1.b1", "to": "s1.b2", "verdict": "break" },
            { "subject": "cut", "from": "s1.b2", "to": "s2.b1", "verdict": null },
        ] });
        let (title, summary) = ("Cuts".to_owned(), String::new());
        let report = Report { title, summary, verdict: Verdict::Break, data, plot: None };
        let item =
            ItemView { values: vec![("report".to_owned(), Value::Report(Arc::new(report)))], ..ItemView::default() };
        view.nodes.insert("cuts".to_owned(), Arc::new(NodeView::new(vec![item])));
        let rows = rows(&Document::default(), &view, &sources(false));
        let worst: Vec<_> = rows.iter().map(Row::worst).collect();
        assert_eq!(worst, [None, Some(Verdict::Break), None]);
        assert_eq!(rows[1].scores[1].text, "Cuts: the cut from s1.b1");
    }

    #[test]
    fn filters_and_sorting() {
        let states =
            [ItemState::Done, ItemState::Failed(Box::new(model::Diagnostic::error("x", "it failed"))), ItemState::Done];
        let rows = rows(&Document::default(), &view(TEXTS, &states), &sources(false));
        assert_eq!(arranged(&rows, "", 0, None), [0, 1, 2]);
        assert_eq!(arranged(&rows, "LAMP turn", 0, None), [1], "every word, in any field");
        assert_eq!(arranged(&rows, "", 0, Some((Column::Text, true))), [2, 0, 1]);
        assert_eq!(arranged(&rows, "", 0, Some((Column::Text, false))), [1, 0, 2]);
        let failed = STATES.iter().position(|(name, _)| *name == "Failed").unwrap();
        assert_eq!(arranged(&rows, "", failed, None), [1]);
    }
}
