//! Takes: the numbered attempts at an item. They are only ever added; choosing one is an edit of the document.
//!
//! A take is a person's time and money, so it is on the disk, in the index and in a record of its own, before
//! `add_take` returns.

use model::{Diagnostic, Digest};
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::{Deserialize, Serialize};

use super::Store;
use super::disk::{self, Durability};
use super::error::Fault;
use super::index::{integer, is_whole, put_row, text};

/// One attempt at an item.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TakeRecord {
    /// From 1.
    pub take: u32,
    /// Where the result is.
    pub key: Digest,
    pub seed: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Millionths of a dollar.
    pub cost_microusd: u64,
    /// How long it took.
    pub seconds: f64,
    /// When, as the caller's clock wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub made_at: Option<String>,
    /// A person's or a measure's remark.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}

/// A take as its record file holds it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct TakeFile {
    pub(super) graph: String,
    pub(super) item: String,
    pub(super) take: TakeRecord,
}

impl Store {
    /// Adds a take. Adding the same one again changes nothing.
    ///
    /// # Errors
    /// `take-exists` where the number belongs to another attempt.
    pub fn add_take(&self, graph: &str, item: &str, take: &TakeRecord) -> Result<(), Diagnostic> {
        let file = TakeFile { graph: graph.to_owned(), item: item.to_owned(), take: take.clone() };
        let unrepresentable = |why: String| Diagnostic::error("store-unrepresentable", format!("BUG: a take {why}"));
        if !take.seconds.is_finite() {
            return Err(unrepresentable("took a time that is not a number".to_owned()));
        }
        let sealed = disk::sealed(&file).map_err(|refused| unrepresentable(refused.to_string()))?;
        let is_new = self.write(Durability::Now, |tx| restore(tx, &file))?;
        let path = self.take_path(&file);
        if is_new || !path.exists() {
            self.write_file(&path, &[sealed.as_bytes()], Durability::Now)?;
        }
        Ok(())
    }

    /// The takes of an item, by number. Damaged rows are left out; [`Store::verify`] names them.
    pub fn takes(&self, graph: &str, item: &str) -> Result<Vec<TakeRecord>, Diagnostic> {
        self.read(Vec::new(), |db| {
            let mut statement = db.prepare_cached("SELECT * FROM take WHERE graph = ?1 AND item = ?2 ORDER BY take")?;
            let rows = statement.query_map([graph, item], whole_take)?;
            Ok(rows.filter_map(Result::transpose).map(|row| row.map(|(_, take)| take)).collect::<Result<_, _>>()?)
        })
    }

    /// Every take of a graph, by item and number.
    pub fn all_takes(&self, graph: &str) -> Result<Vec<(String, TakeRecord)>, Diagnostic> {
        self.read(Vec::new(), |db| {
            let mut statement = db.prepare_cached("SELECT * FROM take WHERE graph = ?1 ORDER BY item, take")?;
            let rows = statement.query_map([graph], whole_take)?;
            Ok(rows.filter_map(Result::transpose).collect::<Result<_, _>>()?)
        })
    }

    fn take_path(&self, file: &TakeFile) -> std::path::PathBuf {
        let name = Digest::of(format!("{}\n{}\n{}", file.graph, file.item, file.take.take).as_bytes());
        self.root.join("records").join("takes").join(format!("{name}.json"))
    }
}

fn whole_take(row: &Row<'_>) -> rusqlite::Result<Option<(String, TakeRecord)>> {
    if !is_whole("take", row)? {
        return Ok(None);
    }
    let item: String = row.get(1)?;
    Ok(serde_json::from_str(row.get_ref(3)?.as_str()?).ok().map(|take| (item, take)))
}

/// Puts a take into the index; false where it is there already.
pub(super) fn restore(db: &Connection, file: &TakeFile) -> Result<bool, Fault> {
    let TakeFile { graph, item, take } = file;
    let old = db
        .prepare_cached("SELECT * FROM take WHERE graph = ?1 AND item = ?2 AND take = ?3")?
        .query_row(params![graph, item, take.take], whole_take)
        .optional()?
        .flatten();
    match old {
        Some((_, old)) if old == *take => Ok(false),
        Some(_) => Err(Diagnostic::error("take-exists", format!("take {} of {item} exists already", take.take))
            .hint("another run added it at the same time: number this one anew")
            .into()),
        None => {
            let record = serde_json::to_string(take).map_err(|refused| {
                Diagnostic::error("store-unrepresentable", format!("BUG: a take cannot be stored: {refused}"))
            })?;
            put_row(db, "take", &[text(graph), text(item), integer(take.take.into()), text(&record)])?;
            Ok(true)
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::store) fn take(n: u32) -> TakeRecord {
        TakeRecord {
            take: n,
            key: Digest::of(&n.to_le_bytes()),
            seed: u64::MAX - u64::from(n),
            model: Some("animatic".to_owned()),
            cost_microusd: 0,
            seconds: 1.5,
            made_at: None,
            note: String::new(),
        }
    }

    #[test]
    fn takes_are_added_listed_and_never_replaced() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(&folder.path().join("s")).expect("it opens");
        for n in [2, 1, 2] {
            store.add_take("film", "generate/s1", &take(n)).expect("added");
        }
        store.add_take("film", "generate/s2", &take(1)).expect("added");
        store.add_take("other", "generate/s1", &take(1)).expect("added");
        assert_eq!(store.takes("film", "generate/s1"), Ok(vec![take(1), take(2)]));
        let all = store.all_takes("film").expect("listed");
        let names: Vec<_> = all.iter().map(|(item, take)| format!("{item}#{}", take.take)).collect();
        assert_eq!(names, ["generate/s1#1", "generate/s1#2", "generate/s2#1"]);
        let other = TakeRecord { seed: 1, ..take(2) };
        assert_eq!(store.add_take("film", "generate/s1", &other).expect_err("refused").code, "take-exists");
        assert_eq!(store.takes("film", "generate/s1"), Ok(vec![take(1), take(2)]));
    }
}
