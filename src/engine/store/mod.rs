//! The store: artifacts as files named by digest, an index in SQLite, and records from which the index can be rebuilt.
//!
//! Knows keys, works and bytes; knows no graph (its name is a label here), no lanes, no providers. Lanes of several
//! processes share one store. Everything inside SQLite was weighed: large blobs are slow there, and one damaged file
//! would take every result along; plain files alone are slow to look up (reference figures: 7 us against 1 us).

mod adapter;
mod artifacts;
mod choices;
mod claim;
mod collect;
mod disk;
mod error;
mod index;
mod items;
mod journal;
mod maintain;
mod rebuild;
mod reserve;
mod takes;
mod traces;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use model::{Diagnostic, Digest};
use rusqlite::{Connection, Transaction, TransactionBehavior};

pub(crate) use adapter::now;
pub use choices::Choice;
pub use claim::{Claim, ClaimGuard, Holder};
pub use collect::GcReport;
pub use items::LedgerEntry;
pub use journal::{JobIntent, JobState, JournalEntry, JournalId};
pub use maintain::{StoreStats, VerifyReport};
pub use rebuild::RebuildReport;
pub use takes::TakeRecord;
pub use traces::Trace;

use disk::Durability;
use error::Fault;
use index::{Connected, IndexPaths};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Access {
    Write,
    Read,
}

/// A store beside a graph. Shared by threads behind an `Arc`; any number of processes may have one open.
///
/// Nothing is created on disk before the first result arrives, so a plan of a fresh project leaves no trace.
pub struct Store {
    root: PathBuf,
    access: Access,
    paths: IndexPaths,
    /// Locked before `reader` where both are needed.
    writer: Mutex<Option<Connected>>,
    reader: Mutex<Option<Connected>>,
    /// Tells this opening of the store from every other in names of temporary files.
    session: String,
    next: AtomicU64,
    /// Artifacts that were hashed since the store came from another machine.
    hashed: Mutex<BTreeSet<Digest>>,
    /// Jobs whose intent this process wrote: it knows how their submission stands.
    own_jobs: Mutex<BTreeSet<JournalId>>,
    settled: Mutex<reserve::Settled>,
    /// There while this opening may have reserved something.
    alive: Mutex<reserve::Alive>,
    /// Seconds since 1970.
    clock: fn() -> u64,
}

impl Store {
    /// The store in the folder `dir`, which may not exist yet.
    ///
    /// # Errors
    /// `store-folder` where `dir` is not a folder, `store-sqlite` for an unsafe library.
    pub fn open(dir: &Path) -> Result<Store, Diagnostic> {
        Store::with_access(dir, Access::Write)
    }

    /// The store in the folder `dir`, never written: every method that would write is refused, caches are silent.
    ///
    /// # Errors
    /// As for [`Store::open`].
    pub fn open_read_only(dir: &Path) -> Result<Store, Diagnostic> {
        Store::with_access(dir, Access::Read)
    }

    fn with_access(dir: &Path, access: Access) -> Result<Store, Diagnostic> {
        index::check_library()?;
        if dir.exists() && !dir.is_dir() {
            let refused = std::io::Error::from(std::io::ErrorKind::NotADirectory);
            return Err(error::io("open the store", dir, &refused));
        }
        let nanos = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos());
        let paths = IndexPaths {
            index: dir.join("index.sqlite"),
            in_use: dir.join("index.in-use"),
            setting_up: dir.join("index.setting-up"),
        };
        Ok(Store {
            root: dir.to_owned(),
            access,
            paths,
            writer: Mutex::default(),
            reader: Mutex::default(),
            session: format!("{}-{nanos:x}", std::process::id()),
            next: AtomicU64::new(0),
            hashed: Mutex::default(),
            own_jobs: Mutex::default(),
            settled: Mutex::default(),
            alive: Mutex::default(),
            clock: adapter::seconds,
        })
    }

    /// The store's folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Whether anything was ever stored here.
    pub fn exists(&self) -> bool {
        self.paths.index.exists()
    }

    fn may_write(&self) -> Result<(), Diagnostic> {
        if self.access == Access::Write { Ok(()) } else { Err(error::opened_for_reading(&self.root)) }
    }

    /// A path in `tmp/` that nobody has used; the folder exists afterwards.
    fn aside(&self, extension: &str) -> Result<PathBuf, Diagnostic> {
        self.may_write()?;
        let folder = self.root.join("tmp");
        disk::make_folder(&folder)?;
        let n = self.next.fetch_add(1, Ordering::Relaxed);
        Ok(folder.join(format!("{}-{n}.{extension}", self.session)))
    }

    /// A file of the store, by way of `tmp/`.
    fn write_file(&self, path: &Path, bytes: &[&[u8]], durability: Durability) -> Result<(), Diagnostic> {
        disk::write_file(path, &self.aside("part")?, bytes, durability)
    }

    /// A look into the index; `absent` where there is none yet.
    fn read<T>(&self, absent: T, look: impl FnOnce(&Connection) -> Result<T, Fault>) -> Result<T, Diagnostic> {
        let mut slot = locked(&self.reader);
        if slot.is_none() {
            *slot = index::connect_reader(&self.paths)?;
        }
        match slot.as_ref() {
            Some(connected) => look(&connected.db).map_err(|fault| fault.told(&self.paths.index)),
            None => Ok(absent),
        }
    }

    /// A transaction: all of `change` or nothing of it.
    fn write<T>(
        &self,
        durability: Durability,
        change: impl FnOnce(&Transaction<'_>) -> Result<T, Fault>,
    ) -> Result<T, Diagnostic> {
        self.may_write()?;
        let mut slot = locked(&self.writer);
        // Somebody may have deleted the folder underneath: a commit into a file without a name is a lost result.
        if slot.as_ref().is_none_or(|connected| !connected.is_at(&self.paths.index)) {
            *slot = None;
            *locked(&self.reader) = None;
            disk::make_folder(&self.root)?;
            *slot = Some(index::connect_writer(&self.paths)?);
        }
        let connected = slot.as_mut().expect("it was connected above");
        let commit = || -> Result<T, Fault> {
            connected.set_level(durability)?;
            let tx = connected.db.transaction_with_behavior(TransactionBehavior::Immediate)?;
            if connected.is_hollow {
                self.restore_into(&tx, &mut RebuildReport::default())?;
                index::set_filled(&tx)?;
            }
            let done = change(&tx)?;
            tx.commit()?;
            connected.is_hollow = false;
            Ok(done)
        };
        commit().map_err(|fault| fault.told(&self.paths.index))
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A panic elsewhere rolled its transaction back; the connection is as good as before.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use model::Value;

    use super::*;
    use crate::money::Total;
    use crate::store::traces::tests::trace;

    #[test]
    fn lanes_share_a_store() {
        fn shared<T: Send + Sync>() {}
        shared::<Store>();
    }

    #[test]
    fn looking_into_a_store_that_is_not_there_creates_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let dir = folder.path().join(".throughline");
        for store in [Store::open(&dir), Store::open_read_only(&dir)] {
            let store = store.expect("it opens");
            let key = Digest::of(b"k");
            assert_eq!(store.get(&key), Ok(None));
            assert_eq!(store.get_all(&[key]), Ok(vec![None]));
            assert_eq!(store.last_key("g", "a"), Ok(None));
            assert_eq!(store.takes("g", "a"), Ok(Vec::new()));
            assert_eq!(store.open_jobs(), Ok(Vec::new()));
            assert_eq!(store.ledger_total(), Ok(Total::default()));
            assert_eq!(store.get_blob("snapshot"), None);
            assert_eq!(store.remember_file("a.txt", 1, 2, key), Ok(()));
            assert_eq!(store.put_blob("snapshot", b"x"), Ok(()));
            assert!(store.verify().expect("it verifies").is_clean());
            assert_eq!(store.stats().map(|stats| stats.results), Ok(0));
        }
        assert!(!dir.exists());
    }

    #[test]
    fn a_read_only_store_reads_and_refuses() {
        let folder = tempfile::tempdir().expect("a folder");
        let dir = folder.path().join("s");
        let key = Digest::of(b"k");
        let first = Store::open(&dir).expect("it opens");
        first.put(&key, &trace(Value::Integer(1))).expect("it is stored");
        let second = Store::open_read_only(&dir).expect("it opens");
        assert_eq!(second.get(&key), Ok(Some(trace(Value::Integer(1)).outputs)));
        let told = second.put(&key, &trace(Value::Integer(2))).expect_err("it is refused");
        assert_eq!(told.code, "store-read-only");
    }

    #[test]
    fn a_store_below_a_file_is_refused_with_a_way_out() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("notes");
        std::fs::write(&file, "x").expect("it is written");
        assert_eq!(Store::open(&file).map(|_| ()).expect_err("refused").code, "store-folder");
        let below = Store::open(&file.join("store")).expect("it opens lazily");
        let told = below.put(&Digest::of(b"k"), &trace(Value::Integer(1))).expect_err("refused");
        assert_eq!(told.code, "store-folder");
        assert!(!told.hints.is_empty());
    }

    #[test]
    fn foreign_newer_and_damaged_indexes_are_told_apart() {
        let folder = tempfile::tempdir().expect("a folder");
        let code = |name: &str, make: &dyn Fn(&Path)| {
            let dir = folder.path().join(name);
            std::fs::create_dir(&dir).expect("a folder");
            make(&dir.join("index.sqlite"));
            let store = Store::open(&dir).expect("it opens lazily");
            let read = store.get(&Digest::of(b"k")).expect_err("reading is refused").code;
            let write = store.put(&Digest::of(b"k"), &trace(Value::Integer(1))).expect_err("so is writing").code;
            assert_eq!(read, write);
            read
        };
        let foreign = code("foreign", &|path| {
            Connection::open(path).expect("a db").execute_batch("CREATE TABLE notes(x)").expect("a table");
        });
        let newer = code("newer", &|path| {
            let pragmas = "PRAGMA application_id = 0x7468726c; PRAGMA user_version = 999";
            Connection::open(path).expect("a db").execute_batch(pragmas).expect("pragmas");
        });
        let damaged = code("damaged", &|path| std::fs::write(path, [7; 8192]).expect("a file"));
        assert_eq!(
            (foreign.as_str(), newer.as_str(), damaged.as_str()),
            ("store-foreign", "store-newer", "store-damaged")
        );
    }

    #[test]
    fn a_folder_deleted_underneath_is_made_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let dir = folder.path().join("s");
        let store = Store::open(&dir).expect("it opens");
        store.put(&Digest::of(b"a"), &trace(Value::Integer(1))).expect("stored");
        std::fs::remove_dir_all(&dir).expect("deleted");
        store.put(&Digest::of(b"b"), &trace(Value::Integer(2))).expect("stored again");
        assert!(Store::open(&dir).expect("opens").get(&Digest::of(b"b")).expect("reads").is_some());
        assert_eq!(store.get(&Digest::of(b"a")), Ok(None));
    }
}
