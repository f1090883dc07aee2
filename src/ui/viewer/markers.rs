//! Markers of the film: frames with names, kept in the document's layout, where undo and saving find them and no key
//! depends on them. Pure functions.

use model::{Data, Document, Edit};

/// The layout's entry: `[(48, "Storm"), (120, "")]`.
const KEY: &str = "markers";
/// Most markers that are read; a graph file is not to be trusted with more.
const MOST: usize = 10_000;

/// A frame with a name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Marker {
    pub(crate) frame: u64,
    pub(crate) name: String,
}

/// The document's markers in order; what cannot be read is left out.
pub(crate) fn read(document: &Document) -> Vec<Marker> {
    let rows = document.layout.get(KEY).and_then(Data::as_items).unwrap_or_default();
    let marker = |row: &Data| {
        let fields = row.as_items()?;
        let frame = u64::try_from(fields.first()?.as_integer()?).ok()?;
        Some(Marker { frame, name: fields.get(1).and_then(Data::as_text).unwrap_or_default().to_owned() })
    };
    let mut markers: Vec<_> = rows.iter().take(MOST).filter_map(marker).collect();
    markers.sort();
    markers.dedup_by_key(|marker| marker.frame);
    markers
}

/// Adds a marker at a frame, or takes away the one that is there.
pub(crate) fn toggle(document: &Document, frame: u64) -> (&'static str, Vec<Edit>) {
    let mut markers = read(document);
    match markers.binary_search_by_key(&frame, |marker| marker.frame) {
        Ok(at) => {
            markers.remove(at);
            ("Remove marker", vec![write(markers)])
        }
        Err(_) if MOST <= markers.len() => ("Set marker", Vec::new()),
        Err(at) => {
            markers.insert(at, Marker { frame, name: String::new() });
            ("Set marker", vec![write(markers)])
        }
    }
}

/// Renames the marker at a frame.
pub(crate) fn rename(document: &Document, frame: u64, name: &str) -> Vec<Edit> {
    let mut markers = read(document);
    match markers.iter_mut().find(|marker| marker.frame == frame) {
        Some(marker) if marker.name != name => name.clone_into(&mut marker.name),
        _ => return Vec::new(),
    }
    vec![write(markers)]
}

/// Moves a marker to a frame that has none.
pub(crate) fn shift(document: &Document, from: u64, to: u64) -> Vec<Edit> {
    let mut markers = read(document);
    if markers.iter().any(|marker| marker.frame == to) {
        return Vec::new();
    }
    match markers.iter_mut().find(|marker| marker.frame == from) {
        Some(marker) => marker.frame = to,
        None => return Vec::new(),
    }
    markers.sort();
    vec![write(markers)]
}

fn write(markers: Vec<Marker>) -> Edit {
    let row = |marker: Marker| {
        let frame = i64::try_from(marker.frame).unwrap_or(i64::MAX);
        Data::Tuple(vec![Data::Integer(frame), Data::Text(marker.name)])
    };
    let rows: Vec<_> = markers.into_iter().map(row).collect();
    Edit::SetLayout { key: KEY.to_owned(), value: (!rows.is_empty()).then_some(Data::List(rows)), at: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markers_come_go_move_and_are_undone() {
        let mut document = model::fixture::graph("a: prompt.text");
        let before = document.clone();
        let mut inverses = Vec::new();
        for frame in [120, 48] {
            inverses.push(document.apply(&toggle(&document, frame).1).unwrap().inverse);
        }
        inverses.push(document.apply(&rename(&document, 48, "Storm")).unwrap().inverse);
        inverses.push(document.apply(&shift(&document, 48, 60)).unwrap().inverse);
        assert_eq!(document.layout[KEY].to_text(), r#"[(60, "Storm"), (120, "")]"#);
        assert_eq!(shift(&document, 60, 120), [], "two markers never share a frame");
        assert_eq!(toggle(&document, 120).0, "Remove marker");
        for inverse in inverses.iter().rev() {
            document.apply(inverse).unwrap();
        }
        assert_eq!(document, before);
    }

    #[test]
    fn the_last_marker_takes_its_entry_with_it() {
        let mut document = model::fixture::graph("a: prompt.text");
        for _ in 0..2 {
            document.apply(&toggle(&document, 7).1).unwrap();
        }
        assert!(!document.layout.contains_key(KEY));
    }

    #[test]
    fn what_cannot_be_read_is_left_out() {
        let mut document = model::fixture::graph("a: prompt.text");
        let rows = Data::parse(r#"[(9, "b"), 3, (-1, "c"), (2,), ("x", "y"), (9, "twice"), ()]"#).unwrap();
        document.apply(&[Edit::SetLayout { key: KEY.into(), value: Some(rows), at: None }]).unwrap();
        let found: Vec<_> = read(&document).into_iter().map(|marker| (marker.frame, marker.name)).collect();
        assert_eq!(found, [(2, String::new()), (9, "b".to_owned())]);
    }
}
