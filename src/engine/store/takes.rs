//! Takes: the numbered attempts at an item. They are only ever added; choosing one is an edit of the document.
//!
//! A take is a person's time and money, so it is on the disk, in the index and in a record of its own, before
//! `add_take` returns.

use model::{Diagnostic, Digest, Work};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::{Deserialize, Serialize};

use super::Store;
use super::adapter::now;
use super::disk::{self, Durability};
use super::error::Fault;
use super::index::{integer, is_whole, put_row, text};
use crate::money::Cost;
use crate::traces::Made;

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
    #[serde(rename = "cost_microusd")]
    pub cost: Cost,
    /// How long it took.
    pub seconds: f64,
    /// When, as the caller's clock wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub made_at: Option<String>,
    /// A person's or a measure's remark.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}

impl TakeRecord {
    /// A take of which `made` is the result.
    pub fn of(take: u32, key: &Digest, made: &Made) -> TakeRecord {
        TakeRecord {
            take,
            key: *key,
            seed: TakeRecord::seed_of(made),
            model: TakeRecord::model_of(made),
            cost: made.cost,
            seconds: made.seconds,
            made_at: Some(now()),
            note: String::new(),
        }
    }

    pub(crate) fn seed_of(made: &Made) -> u64 {
        match &made.work {
            Work::Call(call) => call.seed,
            _ => 0,
        }
    }

    pub(crate) fn model_of(made: &Made) -> Option<String> {
        made.model.as_ref().map(|(name, version)| format!("{name} {version}"))
    }
}

/// A take as its record file holds it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct TakeFile {
    /// Grows with every take of the store: the newest is the highest. Zero where an older version wrote the record.
    #[serde(default)]
    pub(super) id: i64,
    pub(super) graph: String,
    pub(super) item: String,
    pub(super) take: TakeRecord,
}

impl Store {
    /// Adds a result of a take. Graph, item, number and key are what it is known by: adding the same again changes
    /// nothing, another key under the same number is another result beside the first.
    pub fn add_take(&self, graph: &str, item: &str, take: &TakeRecord) -> Result<(), Diagnostic> {
        let file = TakeFile { id: 0, graph: graph.to_owned(), item: item.to_owned(), take: take.clone() };
        if !take.seconds.is_finite() {
            return Err(unrepresentable("took a time that is not a number"));
        }
        let file = self.write(Durability::Now, |tx| restore(tx, &file))?;
        let path = self.take_path(&file);
        if !path.exists() {
            let sealed = disk::sealed(&file).map_err(|refused| unrepresentable(&refused.to_string()))?;
            self.write_file(&path, &[sealed.as_bytes()], Durability::Now)?;
        }
        Ok(())
    }

    /// The takes of an item, by number, results of one number from old to new. Damaged rows are left out;
    /// [`Store::verify`] names them.
    pub fn takes(&self, graph: &str, item: &str) -> Result<Vec<TakeRecord>, Diagnostic> {
        self.read(Vec::new(), |db| {
            let mut statement =
                db.prepare_cached("SELECT * FROM take WHERE graph = ?1 AND item = ?2 ORDER BY take, id")?;
            let rows = statement.query_map([graph, item], whole_take)?;
            Ok(rows.filter_map(Result::transpose).map(|row| row.map(|file| file.take)).collect::<Result<_, _>>()?)
        })
    }

    /// Every take of a graph, by item and number.
    pub fn all_takes(&self, graph: &str) -> Result<Vec<(String, TakeRecord)>, Diagnostic> {
        self.read(Vec::new(), |db| {
            let mut statement = db.prepare_cached("SELECT * FROM take WHERE graph = ?1 ORDER BY item, take, id")?;
            let rows = statement.query_map([graph], whole_take)?.filter_map(Result::transpose);
            Ok(rows.map(|row| row.map(|file| (file.item, file.take))).collect::<Result<_, _>>()?)
        })
    }

    fn take_path(&self, file: &TakeFile) -> std::path::PathBuf {
        let TakeFile { graph, item, take, .. } = file;
        let name = Digest::of(format!("{graph}\n{item}\n{}\n{}", take.take, take.key).as_bytes());
        self.root.join("records").join("takes").join(format!("{name}.json"))
    }
}

fn unrepresentable(why: &str) -> Diagnostic {
    Diagnostic::error("store-unrepresentable", format!("BUG: a take cannot be stored: {why}"))
}

fn whole_take(row: &Row<'_>) -> rusqlite::Result<Option<TakeFile>> {
    if !is_whole("take", row)? {
        return Ok(None);
    }
    let Ok(take) = serde_json::from_str(row.get_ref(5)?.as_str()?) else { return Ok(None) };
    Ok(Some(TakeFile { id: row.get(0)?, graph: row.get(1)?, item: row.get(2)?, take }))
}

/// Puts a take into the index and gives it as it stands there. A record that has no number, or one that another take
/// has by now, gets the next.
pub(super) fn restore(db: &Connection, file: &TakeFile) -> Result<TakeFile, Fault> {
    let TakeFile { id, graph, item, take } = file;
    let old = db
        .prepare_cached("SELECT * FROM take WHERE graph = ?1 AND item = ?2 AND take = ?3 AND key = ?4")?
        .query_row(params![graph, item, take.take, &take.key.0[..]], whole_take)
        .optional()?
        .flatten();
    if let Some(old) = old {
        return Ok(old);
    }
    let holder = db.prepare_cached("SELECT * FROM take WHERE id = ?1")?.query_row([id], whole_take).optional()?;
    let is_free = 0 < *id && !matches!(holder, Some(Some(_)));
    // Takes are never deleted, so the number after the highest was never used.
    let next = || db.query_row("SELECT coalesce(max(id), 0) + 1 FROM take", [], |row| row.get(0));
    let id = if is_free { *id } else { next()? };
    let record = serde_json::to_string(take).map_err(|refused| unrepresentable(&refused.to_string()))?;
    let columns = [
        ValueRef::Integer(id),
        text(graph),
        text(item),
        integer(take.take.into()),
        ValueRef::Blob(&take.key.0),
        text(&record),
    ];
    put_row(db, "take", &columns)?;
    Ok(TakeFile { id, ..file.clone() })
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
            cost: Cost::FREE,
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
    }

    #[test]
    fn a_number_keeps_the_results_of_changed_inputs_newest_last() {
        use crate::traces::Traces;
        let folder = tempfile::tempdir().expect("a folder");
        let dir = folder.path().join("s");
        let store = Store::open(&dir).expect("it opens");
        let (before, after) = (take(1), TakeRecord { key: Digest::of(b"changed"), ..take(1) });
        for take in [&take(2), &before, &after, &before] {
            store.add_take("film", "generate/s1", take).expect("added");
        }
        let check = |store: &Store| {
            assert_eq!(store.takes("film", "generate/s1"), Ok(vec![before.clone(), after.clone(), take(2)]));
            assert_eq!(store.take_key("film", "generate/s1", 1), Ok(Some(after.key)), "the newest");
            assert_eq!(store.take_key("film", "generate/s1", 2), Ok(Some(take(2).key)));
            assert_eq!(store.take_key("film", "generate/s1", 3), Ok(None));
        };
        check(&store);
        drop(store);
        for name in ["index.sqlite", "index.sqlite-wal", "index.sqlite-shm"] {
            drop(std::fs::remove_file(dir.join(name)));
        }
        let store = Store::open(&dir).expect("it opens");
        assert_eq!(store.rebuild_index().expect("rebuilt").takes, 3);
        check(&store);
        // A damaged row is not taken for the newest.
        let damage = "UPDATE take SET sum = 0 WHERE id = 3";
        store.write(Durability::Now, |tx| Ok(tx.execute_batch(damage)?)).expect("damaged");
        assert_eq!(store.take_key("film", "generate/s1", 1), Ok(Some(before.key)));
        store.rebuild_index().expect("rebuilt");
        check(&store);
    }

    #[test]
    fn a_store_of_the_first_version_is_filled_again_from_its_records() {
        use crate::store::traces::tests::trace;
        let folder = tempfile::tempdir().expect("a folder");
        let dir = folder.path().join("s");
        let (key, made) = (Digest::of(b"k"), trace(model::Value::from("x")));
        let store = Store::open(&dir).expect("it opens");
        store.put(&key, &made).expect("stored");
        store.add_take("film", "generate/s1", &take(1)).expect("added");
        let older = "DROP TABLE take; DROP TABLE origin; DROP TABLE reserved; PRAGMA user_version = 1;
            CREATE TABLE take(graph, item, take, record, sum); CREATE TABLE origin(key, work, model, cost, sum)";
        store.write(Durability::Now, |tx| Ok(tx.execute_batch(older)?)).expect("made old");
        drop(store);
        assert_eq!(Store::open_read_only(&dir).expect("opens").get(&key).expect_err("refused").code, "store-old");
        let store = Store::open(&dir).expect("it opens");
        store.add_take("film", "generate/s1", &take(2)).expect("added");
        assert_eq!(store.takes("film", "generate/s1"), Ok(vec![take(1), take(2)]));
        assert_eq!(store.trace(&key), Ok(Some(made)));
        assert!(store.verify().expect("it verifies").is_clean());
    }
}
