//! Frames around nodes and sticky notes: entries of the document's layout, `frame:1` and `note:1`.
//!
//! They are no nodes: nothing of them is planned, and a build that does not know them keeps them.

use egui::{Pos2, Rect, Vec2, pos2, vec2};
use indexmap::IndexMap;
use model::{Color, Data, Document, Edit};

use crate::wiring::place_of;

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum DecorKind {
    Frame,
    Note,
}

impl DecorKind {
    fn prefix(self) -> &'static str {
        match self {
            DecorKind::Frame => "frame:",
            DecorKind::Note => "note:",
        }
    }

    /// The field that holds its words.
    fn field(self) -> &'static str {
        match self {
            DecorKind::Frame => "title",
            DecorKind::Note => "text",
        }
    }

    /// What people call it.
    pub(crate) fn word(self) -> &'static str {
        match self {
            DecorKind::Frame => "frame",
            DecorKind::Note => "note",
        }
    }
}

/// A frame or a note.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Decor {
    pub(crate) kind: DecorKind,
    pub(crate) rect: Rect,
    pub(crate) text: String,
    pub(crate) color: Option<Color>,
}

/// The height of a frame's title, in canvas points.
pub(crate) const TITLE: f32 = 28.0;
/// The side of the corner that is dragged to resize, in canvas points.
pub(crate) const CORNER: f32 = 18.0;
const LEAST: Vec2 = vec2(80.0, 50.0);

/// Colours that the menu offers, by name.
pub(crate) const COLORS: [(&str, Color); 6] = [
    ("Blue", Color { r: 0x3a, g: 0x62, b: 0x9c }),
    ("Green", Color { r: 0x3a, g: 0x7a, b: 0x52 }),
    ("Yellow", Color { r: 0xa8, g: 0x88, b: 0x30 }),
    ("Red", Color { r: 0x9c, g: 0x44, b: 0x44 }),
    ("Violet", Color { r: 0x74, g: 0x50, b: 0x9c }),
    ("Grey", Color { r: 0x70, g: 0x72, b: 0x78 }),
];

fn kind_of(key: &str) -> Option<DecorKind> {
    [DecorKind::Frame, DecorKind::Note].into_iter().find(|kind| key.starts_with(kind.prefix()))
}

/// All of a document's, by their keys.
pub(crate) fn of(document: &Document) -> IndexMap<String, Decor> {
    let read = |key: &str| {
        let kind = kind_of(key)?;
        let fields = document.layout.get(key)?.as_fields()?;
        let (x, y) = place_of(document, key)?;
        let size = fields.get("size").and_then(Data::as_items).unwrap_or_default();
        let side = |i: usize| size.get(i).and_then(Data::as_number).filter(|it| it.is_finite());
        let size = vec2(
            side(0).map_or(240.0, |it| it.clamp(0.0, 1e5) as f32),
            side(1).map_or(140.0, |it| it.clamp(0.0, 1e5) as f32),
        );
        Some(Decor {
            kind,
            rect: Rect::from_min_size(pos2(x, y), size.max(LEAST)),
            text: fields.get(kind.field()).and_then(Data::as_text).unwrap_or_default().to_owned(),
            color: fields.get("color").and_then(Data::as_text).and_then(Color::parse),
        })
    };
    document.layout.keys().filter_map(|key| Some((key.clone(), read(key)?))).collect()
}

/// A key that is free.
pub(crate) fn free_key(document: &Document, kind: DecorKind) -> String {
    free_key_after(document, kind, &mut 0)
}

/// The next key that is free, for several at once: `used` is the last number that was given.
pub(crate) fn free_key_after(document: &Document, kind: DecorKind, used: &mut u32) -> String {
    loop {
        *used += 1;
        let key = format!("{}{used}", kind.prefix());
        if !document.layout.contains_key(&key) {
            return key;
        }
    }
}

/// Sets fields of an entry and keeps the others.
fn set(document: &Document, key: &str, changes: Vec<(&str, Data)>) -> Edit {
    let mut fields = document.layout.get(key).and_then(Data::as_fields).cloned().unwrap_or_default();
    fields.extend(changes.into_iter().map(|(name, value)| (name.to_owned(), value)));
    Edit::SetLayout { key: key.to_owned(), value: Some(Data::Struct(None, fields)), at: None }
}

fn pair(a: f32, b: f32) -> Data {
    Data::Tuple(vec![Data::Integer(a.round() as i64), Data::Integer(b.round() as i64)])
}

/// Moves and resizes.
pub(crate) fn put(document: &Document, key: &str, rect: Rect) -> Edit {
    let size = rect.size().max(LEAST);
    set(document, key, vec![("at", pair(rect.min.x, rect.min.y)), ("size", pair(size.x, size.y))])
}

/// Moves.
pub(crate) fn place(document: &Document, key: &str, at: Pos2) -> Edit {
    set(document, key, vec![("at", pair(at.x, at.y))])
}

/// Sets the words.
pub(crate) fn write(document: &Document, key: &str, text: &str) -> Option<Edit> {
    Some(set(document, key, vec![(kind_of(key)?.field(), text.into())]))
}

/// Sets the colour.
pub(crate) fn paint(document: &Document, key: &str, color: Color) -> Edit {
    set(document, key, vec![("color", Data::Text(color.to_string()))])
}

/// A new entry with its key.
pub(crate) fn add(document: &Document, kind: DecorKind, rect: Rect, text: &str) -> (String, Edit) {
    let key = free_key(document, kind);
    let changes = vec![
        ("at", pair(rect.min.x, rect.min.y)),
        ("size", pair(rect.width().max(LEAST.x), rect.height().max(LEAST.y))),
        (kind.field(), text.into()),
    ];
    let edit = set(document, &key, changes);
    (key, edit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_written_read_and_changed() {
        let mut document = model::fixture::graph("a: prompt.text");
        let rect = Rect::from_min_size(pos2(10.0, 20.0), vec2(300.0, 200.0));
        let (key, edit) = add(&document, DecorKind::Frame, rect, "Act one");
        document.apply(&[edit]).unwrap();
        document.apply(&[paint(&document, &key, COLORS[0].1), place(&document, &key, pos2(4.6, 0.0))]).unwrap();
        assert_eq!(
            document.layout["frame:1"].to_text(),
            r##"(at: (5, 0), size: (300, 200), title: "Act one")"##,
            "a batch is made from one document: the later edit of a key wins"
        );
        document.apply(&[paint(&document, &key, COLORS[0].1)]).unwrap();
        let found = of(&document);
        assert_eq!(found[&key].rect, Rect::from_min_size(pos2(5.0, 0.0), vec2(300.0, 200.0)));
        assert_eq!((found[&key].text.as_str(), found[&key].color), ("Act one", Some(COLORS[0].1)));
        assert_eq!(free_key(&document, DecorKind::Frame), "frame:2");
    }

    #[test]
    fn nonsense_in_a_file_is_no_decor_or_a_bounded_one() {
        let mut document = model::fixture::graph("a: prompt.text");
        for (key, text) in [("frame:1", "(at: (0, 0), size: (1e300, -4))"), ("note:x", "7"), ("frame:2", "()")] {
            document.layout.insert(key.to_owned(), Data::parse(text).unwrap());
        }
        let found = of(&document);
        assert_eq!(found.len(), 1);
        assert!(found["frame:1"].rect.is_finite());
    }
}
