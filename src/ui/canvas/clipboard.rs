//! Parts of graphs as graphs: what is copied is a small document, as text when it leaves the window.
//!
//! Text that people can read and mail was chosen over a format of the clipboard's own: it pastes into another window,
//! an editor, an issue.

use std::collections::HashMap;

use egui::{Pos2, Rect, Vec2, pos2};
use indexmap::{IndexMap, IndexSet};
use model::{Data, Document, Edit, Feed, PortRef};

use super::decor::{self, DecorKind};
use super::scene::Scene;
use super::wires;
use crate::cx::Selection;
use crate::wiring::{move_node, place_of};

/// More than a person's graph; less than what would stop the window.
const MOST_BYTES: usize = 8 << 20;

/// What is selected as a document of its own. Links from outside stay in it: pasting may want them.
pub(crate) fn part_of(document: &Document, scene: &Scene, selection: &Selection) -> Document {
    let mut part = Document { settings: document.settings.clone(), ..Document::default() };
    for (id, node) in document.nodes.iter().filter(|(id, _)| selection.nodes.contains(*id)) {
        part.nodes.insert(id.clone(), node.clone());
        if let Some(i) = scene.find(document, id) {
            let at = scene.nodes[i as usize].rect.min;
            if let Edit::SetLayout { value: Some(value), .. } = move_node(document, id, (at.x, at.y)) {
                part.layout.insert(id.clone(), value);
            }
        }
    }
    for (to, feed) in document.links.iter().filter(|(to, _)| part.nodes.contains_key(&to.node)) {
        part.links.insert(to.clone(), feed.clone());
    }
    for (key, value) in &document.layout {
        let wire = || {
            wires::link_of(key)
                .is_some_and(|(from, to)| part.nodes.contains_key(&from.node) && part.nodes.contains_key(&to.node))
        };
        if selection.decor.contains(key) || wire() {
            part.layout.insert(key.clone(), value.clone());
        }
    }
    part
}

/// Whether anything is in it.
pub(crate) fn is_empty(part: &Document) -> bool {
    part.nodes.is_empty() && decor::of(part).is_empty()
}

/// Reads text that was pasted.
///
/// # Errors
/// A sentence for people.
pub(crate) fn read(text: &str, catalog: model::Catalog) -> Result<Document, String> {
    let text = text.trim();
    if text.is_empty() {
        return Err("The clipboard is empty".to_owned());
    }
    if MOST_BYTES < text.len() {
        return Err("What was pasted is too long for a graph".to_owned());
    }
    let loaded = Document::parse("clipboard", text).map_err(|_| "What was pasted is no graph".to_owned())?;
    let mut part = loaded.document;
    model::upgrade(&mut part, catalog);
    if is_empty(&part) {
        return Err("What was pasted holds no nodes".to_owned());
    }
    Ok(part)
}

/// Whether nodes keep the wires that come from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outside {
    Drop,
    Keep,
}

/// Where pasted things go.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum To {
    /// Their upper left corner here.
    Place(Pos2),
    /// So far from where they were.
    Beside(Vec2),
}

/// The edits that put a part into a document, and what to select then.
pub(crate) fn implant(document: &Document, part: &Document, to: To, outside: Outside) -> (Vec<Edit>, Selection) {
    let by = match to {
        To::Beside(by) => by,
        To::Place(at) => corner_of(part).map_or(Vec2::ZERO, |corner| at - corner),
    };
    let mut names: IndexMap<&str, String> = IndexMap::new();
    let mut taken: IndexSet<String> = IndexSet::new();
    for id in part.nodes.keys() {
        let name = fresh(id, &|name| document.nodes.contains_key(name) || taken.contains(name));
        taken.insert(name.clone());
        names.insert(id, name);
    }
    let mut edits: Vec<Edit> = Vec::new();
    let mut selection = Selection::default();
    for (id, node) in &part.nodes {
        edits.push(Edit::AddNode { id: names[id.as_str()].clone(), node: node.clone(), at: None });
        selection.nodes.insert(names[id.as_str()].clone());
    }
    let renamed = |port: &PortRef| names.get(port.node.as_str()).map(|name| PortRef::new(name, &port.port));
    for (to, feed) in &part.links {
        let Some(to) = renamed(to) else { continue };
        let source = |port: &PortRef| {
            let kept = outside == Outside::Keep && document.nodes.contains_key(&port.node);
            renamed(port).or_else(|| kept.then(|| port.clone()))
        };
        let sources: Vec<PortRef> = feed.sources().iter().filter_map(source).collect();
        let feed = match (feed, sources.as_slice()) {
            (_, []) => continue,
            (Feed::One(_), [only]) => Feed::One(only.clone()),
            _ => Feed::Many(sources),
        };
        edits.push(Edit::SetLink { to, feed: Some(feed), at: None });
    }
    let mut counts: HashMap<DecorKind, u32> = HashMap::new();
    let shapes = decor::of(part);
    for (key, value) in &part.layout {
        if let Some(name) = names.get(key.as_str()) {
            edits.push(Edit::SetLayout { key: name.clone(), value: Some(moved(value, by)), at: None });
        } else if let Some(shape) = shapes.get(key) {
            let used = counts.entry(shape.kind).or_insert(0);
            let key = decor::free_key_after(document, shape.kind, used);
            edits.push(Edit::SetLayout { key: key.clone(), value: Some(moved(value, by)), at: None });
            selection.decor.insert(key);
        } else if let Some((from, to)) = wires::link_of(key)
            && let (Some(new_from), Some(new_to)) = (renamed(&from), renamed(&to))
            && part.links.get(&to).is_some_and(|feed| feed.sources().contains(&from))
        {
            let bends: Vec<Pos2> = wires::bends(part, &from, &to).into_iter().map(|bend| bend + by).collect();
            edits.push(wires::set_bends(&new_from, &new_to, &bends));
        }
    }
    (edits, selection)
}

/// The upper left corner of everything in a part.
fn corner_of(part: &Document) -> Option<Pos2> {
    let nodes = part.nodes.keys().filter_map(|id| place_of(part, id));
    let decor = decor::of(part).into_values().map(|decor| decor.rect.min);
    let places = nodes.map(|(x, y)| pos2(x, y)).chain(decor);
    let area = places.fold(Rect::NOTHING, |area, at| area.union(Rect::from_min_max(at, at)));
    (area.min.x <= area.max.x).then_some(area.min)
}

/// A layout entry somewhere else.
fn moved(value: &Data, by: Vec2) -> Data {
    let Some(fields) = value.as_fields() else { return value.clone() };
    let mut fields = fields.clone();
    let number = |data: &Data| data.as_number().filter(|it| it.is_finite()).map(|it| it.clamp(-1e6, 1e6) as f32);
    if let Some([x, y]) = fields.get("at").and_then(Data::as_items)
        && let (Some(x), Some(y)) = (number(x), number(y))
    {
        let whole = |value: f32| Data::Integer(value.round() as i64);
        fields.insert("at".to_owned(), Data::Tuple(vec![whole(x + by.x), whole(y + by.y)]));
    }
    Data::Struct(None, fields)
}

/// A name like this one that is free: `video_2` after `video`.
fn fresh(id: &str, taken: &dyn Fn(&str) -> bool) -> String {
    if !taken(id) {
        return id.to_owned();
    }
    let base = match id.rsplit_once('_') {
        Some((base, number)) if !base.is_empty() && number.chars().all(|c| c.is_ascii_digit()) => base,
        _ => id,
    };
    // Ids have at most 64 characters.
    let base: String = base.chars().take(54).collect();
    (2..).map(|n: u32| format!("{base}_{n}")).find(|name| !taken(name)).expect("some number is free")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_are_taken_get_a_number() {
        let taken = |name: &str| ["a", "a_2", "b_7", "_"].contains(&name);
        assert_eq!(["a", "b_7", "c", "_"].map(|id| fresh(id, &taken)), ["a_3", "b_2", "c", "__2"]);
        assert!(fresh(&"x".repeat(64), &|name| name.len() == 64).len() <= 64);
    }

    #[test]
    fn text_that_is_no_graph_is_refused_in_a_sentence() {
        let catalog = model::Catalog(nodes::ALL);
        for (text, expected) in [
            ("", "The clipboard is empty"),
            ("hello", "What was pasted is no graph"),
            ("(throughline: 1, nodes: {})", "What was pasted holds no nodes"),
        ] {
            assert_eq!(read(text, catalog).unwrap_err(), expected);
        }
    }

    #[test]
    fn a_part_pastes_twice_with_other_names() {
        let document = model::fixture::graph(
            "out: prompt.text\na: prompt.text text<-out.text\nb: text.join texts<-[a.text, out.text]",
        );
        let mut part = document.clone();
        part.nodes.shift_remove("out");
        part.layout.insert("a".into(), Data::parse("(at: (10, 20), folded: true)").unwrap());
        let mut after = document.clone();
        let (edits, selection) = implant(&document, &part, To::Place(pos2(100.0, 100.0)), Outside::Drop);
        after.apply(&edits).unwrap();
        assert_eq!(selection.nodes.iter().collect::<Vec<_>>(), ["a_2", "b_2"]);
        assert_eq!(after.links[&PortRef::new("b_2", "texts")], Feed::Many(vec![PortRef::new("a_2", "text")]));
        assert_eq!(after.links.get(&PortRef::new("a_2", "text")), None);
        assert_eq!(after.layout["a_2"].to_text(), "(at: (100, 100), folded: true)");
        let (edits, _) = implant(&after, &part, To::Beside(Vec2::ZERO), Outside::Keep);
        after.apply(&edits).unwrap();
        assert_eq!(after.links[&PortRef::new("a_3", "text")], Feed::One(PortRef::new("out", "text")));
    }
}
