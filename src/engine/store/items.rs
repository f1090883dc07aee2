//! What is remembered about items, files and money: last keys, digests of unchanged files, the ledger, and blobs.
//!
//! Last keys and blobs are conveniences that may be lost; file digests are a cache that must be right or absent; the
//! ledger is money and is recorded beside the index as well.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use model::{Diagnostic, Digest};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension, params};
use serde::{Deserialize, Serialize};

use super::disk::{self, Durability};
use super::error::Fault;
use super::index::{CostColumn, integer, is_whole, put_row, text};
use super::journal::JournalId;
use super::{Access, Store};
use crate::caps::Purpose;
use crate::money::{Cost, Total};

/// Coarser than any file system's clock (FAT: two seconds).
const SETTLED_NS: i64 = 3_000_000_000;

/// Money that was spent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Default)]
pub struct LedgerEntry {
    /// The remote job that cost it; a job is entered once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<JournalId>,
    #[serde(flatten)]
    pub purpose: Purpose,
    pub provider: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<Digest>,
    #[serde(rename = "cost_microusd")]
    pub cost: Cost,
    /// What the job was expected to cost, in micro-dollars; none where nobody knew.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub estimate_microusd: Option<u64>,
    /// When: seconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}

impl LedgerEntry {
    /// When, in seconds since 1970; none where an older version did not write it.
    pub fn seconds(&self) -> Option<u64> {
        self.at.as_ref()?.parse().ok()
    }
}

/// An entry as its record file holds it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct LedgerFile {
    pub(super) id: u64,
    pub(super) entry: LedgerEntry,
}

fn digest_in(row: &rusqlite::Row<'_>, idx: usize) -> rusqlite::Result<Option<Digest>> {
    Ok(row.get_ref(idx)?.as_blob().ok().and_then(|bytes| bytes.try_into().ok()).map(Digest))
}

impl Store {
    /// The key of an item's previous result.
    pub fn last_key(&self, graph: &str, item: &str) -> Result<Option<Digest>, Diagnostic> {
        self.read(None, |db| {
            let mut statement = db.prepare_cached("SELECT * FROM last WHERE graph = ?1 AND item = ?2")?;
            let found = statement
                .query_row([graph, item], |row| if is_whole("last", row)? { digest_in(row, 2) } else { Ok(None) });
            Ok(found.optional()?.flatten())
        })
    }

    /// The last keys of all items of a graph.
    pub fn last_keys(&self, graph: &str) -> Result<BTreeMap<String, Digest>, Diagnostic> {
        self.read(BTreeMap::new(), |db| {
            let mut statement = db.prepare_cached("SELECT * FROM last WHERE graph = ?1")?;
            let mut rows = statement.query([graph])?;
            let mut found = BTreeMap::new();
            while let Some(row) = rows.next()? {
                if let (true, Some(key)) = (is_whole("last", row)?, digest_in(row, 2)?) {
                    found.insert(row.get(1)?, key);
                }
            }
            Ok(found)
        })
    }

    /// Remembers the results of items, in one transaction.
    pub fn set_last_keys(&self, graph: &str, keys: &[(&str, Digest)]) -> Result<(), Diagnostic> {
        if keys.is_empty() {
            return Ok(());
        }
        self.write(Durability::Soon, |tx| {
            keys.iter()
                .try_for_each(|(item, key)| put_row(tx, "last", &[text(graph), text(item), ValueRef::Blob(&key.0)]))
        })
    }

    /// The digest of a project file that was hashed before and has the same length and modification time
    /// (nanoseconds since 1970) since.
    pub fn file_digest(&self, path: &str, len: u64, mtime_ns: i64) -> Result<Option<Digest>, Diagnostic> {
        self.read(None, |db| {
            let mut statement =
                db.prepare_cached("SELECT * FROM file WHERE path = ?1 AND len = ?2 AND mtime_ns = ?3")?;
            let found = statement.query_row(params![path, len as i64, mtime_ns], |row| {
                if is_whole("file", row)? { digest_in(row, 3) } else { Ok(None) }
            });
            Ok(found.optional()?.flatten())
        })
    }

    /// Remembers the digest of a project file. A cache: does nothing where there is no store yet, or none to write to,
    /// nor for a file that changed so lately that its next change could bear the same time.
    pub fn remember_file(&self, path: &str, len: u64, mtime_ns: i64, digest: Digest) -> Result<(), Diagnostic> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos() as i64);
        if self.access == Access::Read || !self.exists() || now - SETTLED_NS < mtime_ns {
            return Ok(());
        }
        self.write(Durability::Soon, |tx| {
            let columns = [text(path), integer(len), ValueRef::Integer(mtime_ns), ValueRef::Blob(&digest.0)];
            put_row(tx, "file", &columns)
        })
    }

    /// Enters a cost. Those of remote jobs are entered by [`Store::journal_done`] and [`Store::journal_failed`]:
    /// entering one again with its job's id changes nothing.
    pub fn ledger_add(&self, entry: &LedgerEntry) -> Result<(), Diagnostic> {
        let entered = self.write(Durability::Now, |tx| enter(tx, entry))?;
        entered.map_or(Ok(()), |file| self.keep_ledger(&file))
    }

    /// The sum of every cost.
    pub fn ledger_total(&self) -> Result<Total, Diagnostic> {
        Ok(self.ledger()?.iter().map(|entry| entry.cost).sum())
    }

    /// Every cost, in order of entry.
    ///
    /// # Errors
    /// `store-damaged` where a row changed: a sum that leaves money out would be a lie.
    pub fn ledger(&self) -> Result<Vec<LedgerEntry>, Diagnostic> {
        self.read(Vec::new(), |db| {
            let mut statement = db.prepare_cached("SELECT * FROM ledger ORDER BY id")?;
            let mut rows = statement.query([])?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                let entry = serde_json::from_str(row.get_ref(3)?.as_str().unwrap_or_default());
                match (is_whole("ledger", row)?, entry) {
                    (true, Ok(entry)) => found.push(entry),
                    _ => return Err(super::error::damaged("an entry of the ledger changed".to_owned()).into()),
                }
            }
            Ok(found)
        })
    }

    pub(super) fn keep_ledger(&self, file: &LedgerFile) -> Result<(), Diagnostic> {
        let sealed = disk::sealed(file)
            .map_err(|refused| Diagnostic::error("store-unrepresentable", format!("BUG: a cost: {refused}")))?;
        let path = self.root.join("records").join("ledger").join(format!("{:08}.json", file.id));
        self.write_file(&path, &[sealed.as_bytes()], Durability::Now)
    }

    fn blob_path(&self, name: &str) -> PathBuf {
        self.root.join("blobs").join(Digest::of(name.as_bytes()).short())
    }

    /// Keeps bytes that may be lost, such as a start-up snapshot. Does nothing where there is no store yet.
    pub fn put_blob(&self, name: &str, bytes: &[u8]) -> Result<(), Diagnostic> {
        if self.access == Access::Read || !self.exists() {
            return Ok(());
        }
        self.write_file(&self.blob_path(name), &[&Digest::of(bytes).0, bytes], Durability::Soon)
    }

    /// The bytes kept under a name; none where they were lost or changed.
    pub fn get_blob(&self, name: &str) -> Option<Vec<u8>> {
        let mut bytes = fs::read(self.blob_path(name)).ok()?;
        let (sum, rest) = bytes.split_first_chunk::<32>()?;
        if Digest::of(rest).0 != *sum {
            return None;
        }
        bytes.drain(..32);
        Some(bytes)
    }
}

/// Enters a cost into the index; none where the job's cost is entered already.
pub(super) fn enter(db: &Connection, entry: &LedgerEntry) -> Result<Option<LedgerFile>, Fault> {
    if let Some(job) = entry.job {
        let mut statement = db.prepare_cached("SELECT 1 FROM ledger WHERE job = ?1")?;
        if statement.exists([job.0])? {
            return Ok(None);
        }
    }
    // Entries are never deleted, so the number after the highest was never used.
    let id: i64 = db.query_row("SELECT coalesce(max(id), 0) + 1 FROM ledger", [], |row| row.get(0))?;
    let file = LedgerFile { id: id as u64, entry: entry.clone() };
    restore_ledger(db, &file)?;
    Ok(Some(file))
}

/// Puts an entry under its own number.
pub(super) fn restore_ledger(db: &Connection, file: &LedgerFile) -> Result<(), Fault> {
    let record = serde_json::to_string(&file.entry)
        .map_err(|refused| Diagnostic::error("store-unrepresentable", format!("BUG: a cost: {refused}")))?;
    let job = file.entry.job.map_or(ValueRef::Null, |job| ValueRef::Integer(job.0));
    let cost = CostColumn::of(file.entry.cost);
    put_row(db, "ledger", &[integer(file.id), job, cost.value(), text(&record)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::traces::tests::trace;

    fn store() -> (tempfile::TempDir, Store) {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(&folder.path().join("s")).expect("it opens");
        (folder, store)
    }

    #[test]
    fn last_keys_are_per_graph_and_replaced() {
        let (_folder, store) = store();
        let [a, b] = [Digest::of(b"a"), Digest::of(b"b")];
        store.set_last_keys("film", &[("x/s1", a), ("x/s2", a)]).expect("set");
        store.set_last_keys("film", &[("x/s2", b)]).expect("set");
        store.set_last_keys("other", &[("x/s1", b)]).expect("set");
        assert_eq!(store.last_key("film", "x/s2"), Ok(Some(b)));
        assert_eq!(store.last_key("film", "x/s3"), Ok(None));
        let all = BTreeMap::from([("x/s1".to_owned(), a), ("x/s2".to_owned(), b)]);
        assert_eq!(store.last_keys("film"), Ok(all));
    }

    #[test]
    fn a_file_is_known_only_while_it_looks_the_same() {
        let (_folder, store) = store();
        store.put(&Digest::of(b"k"), &trace(model::Value::Flag(true))).expect("there is a store now");
        let digest = Digest::of(b"content");
        store.remember_file("a.png", 7, -5, digest).expect("remembered");
        assert_eq!(store.file_digest("a.png", 7, -5), Ok(Some(digest)));
        assert_eq!(store.file_digest("a.png", 8, -5), Ok(None));
        assert_eq!(store.file_digest("a.png", 7, 5), Ok(None));
        assert_eq!(store.file_digest("b.png", 7, -5), Ok(None));
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_nanos() as i64;
        store.remember_file("new.png", 7, now, digest).expect("accepted");
        assert_eq!(store.file_digest("new.png", 7, now), Ok(None), "it may change again within the same tick");
    }

    #[test]
    fn the_ledger_adds_up_and_enters_a_job_once() {
        let (_folder, store) = store();
        let entry = |job, cost| LedgerEntry { job, cost: Cost::Exact(cost), ..LedgerEntry::default() };
        for (job, cost) in [(None, 5), (Some(JournalId(1)), 70), (Some(JournalId(1)), 70), (None, 5)] {
            store.ledger_add(&entry(job, cost)).expect("entered");
        }
        assert_eq!(store.ledger_total(), Ok(Total::of(80)));
        assert_eq!(store.ledger().map(|all| all.len()), Ok(3));
        let damage = "UPDATE ledger SET record = replace(record, '70', '07') WHERE id = 2";
        store.write(Durability::Now, |tx| Ok(tx.execute_batch(damage)?)).expect("damaged");
        assert_eq!(store.ledger_total().expect_err("refused").code, "store-damaged");
    }

    #[test]
    fn the_books_of_an_older_version_are_read_as_they_are() {
        let (_folder, store) = store();
        let old: LedgerEntry =
            serde_json::from_str(r#"{"item":"v/s1","provider":"fal","cost_microusd":70}"#).expect("read");
        assert_eq!((old.cost, old.estimate_microusd, &old.at), (Cost::Exact(70), None, &None));
        store.ledger_add(&old).expect("entered");
        let older = "DROP TABLE reserved; PRAGMA user_version = 2";
        store.write(Durability::Now, |tx| Ok(tx.execute_batch(older)?)).expect("made old");
        let (root, before) = (store.root.clone(), store.ledger());
        drop(store);
        let looked = Store::open_read_only(&root).expect("opens");
        assert_eq!(looked.ledger(), before, "without bringing it up to date");
        assert!(looked.books().is_ok() && looked.verify().expect("verifies").is_clean());
        drop(looked);
        let store = Store::open(&root).expect("opens");
        store.ledger_add(&LedgerEntry { cost: Cost::AtMost(5), ..old.clone() }).expect("entered");
        store.ledger_add(&LedgerEntry { cost: Cost::Unknown, ..old }).expect("entered");
        assert_eq!(store.ledger_total(), Ok(Total { microusd: 70, maybe: 5, n_unknown: 1 }));
        assert!(store.verify().expect("verifies").is_clean());
    }

    #[test]
    fn a_blob_is_whole_or_absent() {
        let (_folder, store) = store();
        store.put(&Digest::of(b"k"), &trace(model::Value::Flag(true))).expect("there is a store now");
        store.put_blob("snapshot", b"items").expect("kept");
        assert_eq!(store.get_blob("snapshot").as_deref(), Some(&b"items"[..]));
        assert_eq!(store.get_blob("other"), None);
        let path = store.blob_path("snapshot");
        let mut bytes = fs::read(&path).expect("read");
        bytes[34] ^= 4;
        fs::write(&path, &bytes).expect("flipped");
        assert_eq!(store.get_blob("snapshot"), None);
        fs::write(&path, b"short").expect("cut");
        assert_eq!(store.get_blob("snapshot"), None);
    }
}
