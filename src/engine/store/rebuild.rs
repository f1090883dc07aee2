//! Makes the index again from the record files, in place where it can be, anew where it is beyond repair.
//!
//! Restores results, takes, jobs and costs. Last keys and file digests are conveniences and come back by themselves.

use std::fs;
use std::path::{Path, PathBuf};

use model::Diagnostic;
use rusqlite::Connection;
use serde::de::DeserializeOwned;

use super::disk::{self, Durability};
use super::error::{self, Fault};
use super::items::LedgerFile;
use super::journal::{self, JournalEntry};
use super::takes::{self, TakeFile};
use super::traces::{self, TraceRecord};
use super::{Store, index, items, locked, maintain};

/// What [`Store::rebuild_index`] did.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct RebuildReport {
    pub results: u64,
    pub takes: u64,
    pub jobs: u64,
    pub costs: u64,
    /// Records of results whose artifacts are gone; they were left out.
    pub without_artifacts: u64,
    /// Records that changed on the disk; they were left out.
    pub damaged_records: Vec<PathBuf>,
    /// Where the old index lies, if it was beyond repair.
    pub moved_to: Option<PathBuf>,
}

impl Store {
    /// Writes every record into the index; an index that is beyond repair is moved aside first.
    ///
    /// # Errors
    /// `store-busy` where the index must be replaced and another process has it open.
    pub fn rebuild_index(&self) -> Result<RebuildReport, Diagnostic> {
        self.may_write()?;
        match self.restore_all() {
            Ok(Some(report)) => return Ok(report),
            Ok(None) => {}
            Err(told) if told.code == "store-damaged" => {}
            Err(told) => return Err(told),
        }
        let moved_to = self.move_index_aside()?;
        let report = self.restore_all()?.ok_or_else(|| error::damaged("a new index is damaged at once".to_owned()))?;
        Ok(RebuildReport { moved_to: Some(moved_to), ..report })
    }

    /// None where something in the index stays damaged; then nothing was changed.
    fn restore_all(&self) -> Result<Option<RebuildReport>, Diagnostic> {
        let done = self.write(Durability::Now, |tx| {
            let problems: String = tx.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
            if problems != "ok" {
                return Err(error::damaged(problems).into());
            }
            let mut report = RebuildReport::default();
            self.restore_into(tx, &mut report)?;
            let damaged = maintain::damaged_rows(tx, &mut 0)?;
            if damaged.is_empty() { Ok(report) } else { Err(error::damaged(damaged.join(", ")).into()) }
        });
        match done {
            Ok(report) => Ok(Some(report)),
            Err(told) if told.code == "store-damaged" => Ok(None),
            Err(told) => Err(told),
        }
    }

    /// Puts every whole record into the index.
    pub(super) fn restore_into(&self, db: &Connection, report: &mut RebuildReport) -> Result<(), Fault> {
        let mut all_takes: Vec<TakeFile> = Vec::new();
        for folder in disk::folders_in(&self.root.join("records"))? {
            let name = folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            for path in disk::files_in(&folder)? {
                match name.as_str() {
                    "takes" => self.restore_one(&path, report, |_, file: TakeFile| {
                        all_takes.push(file);
                        Ok(())
                    })?,
                    "jobs" => self.restore_one(&path, report, |report, entry: JournalEntry| {
                        report.jobs += 1;
                        journal::restore(db, &entry)
                    })?,
                    "ledger" => self.restore_one(&path, report, |report, file: LedgerFile| {
                        report.costs += 1;
                        items::restore_ledger(db, &file)
                    })?,
                    _ => self.restore_one(&path, report, |report, record: TraceRecord| {
                        // An earlier result of the same key has another name and is not restored.
                        if path != self.record_path(&record.key) {
                            return Ok(());
                        }
                        if self.whole_record(&record.key).is_none() {
                            report.without_artifacts += 1;
                            return Ok(());
                        }
                        report.results += 1;
                        traces::restore(db, &record)
                    })?,
                }
            }
        }
        // Files lie in the order of their names; the newest result of a take must be the last again.
        all_takes.sort_by(|a, b| (a.id, &a.take.made_at).cmp(&(b.id, &b.take.made_at)));
        report.takes += all_takes.len() as u64;
        all_takes.iter().try_for_each(|file| takes::restore(db, file).map(|_| ()))
    }

    fn restore_one<T: DeserializeOwned>(
        &self,
        path: &Path,
        report: &mut RebuildReport,
        restore: impl FnOnce(&mut RebuildReport, T) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        match fs::read_to_string(path).ok().and_then(|text| disk::unsealed::<T>(&text)) {
            Some(record) => restore(report, record),
            None => {
                report.damaged_records.push(path.to_owned());
                Ok(())
            }
        }
    }

    /// Closes the index and moves its files into a folder of their own, where a person can look at them.
    fn move_index_aside(&self) -> Result<PathBuf, Diagnostic> {
        let mut writer = locked(&self.writer);
        let mut reader = locked(&self.reader);
        (*writer, *reader) = (None, None);
        let _alone = index::lock_out_others(&self.paths)?;
        let folder = (1..u32::MAX).map(|n| self.root.join(format!("damaged-{n}"))).find(|folder| !folder.exists());
        let folder = folder.expect("a folder does not hold four billion folders");
        disk::make_folder(&folder)?;
        for name in ["index.sqlite", "index.sqlite-wal", "index.sqlite-shm"] {
            let from = self.root.join(name);
            if from.exists() {
                let moved = fs::rename(&from, folder.join(name));
                moved.map_err(|refused| error::io("move the damaged index aside", &from, &refused))?;
            }
        }
        disk::sync_folder(&self.root)?;
        Ok(folder)
    }
}

#[cfg(test)]
mod tests {
    use model::{Digest, Value};

    use super::*;
    use crate::money::{Cost, Total};
    use crate::store::journal::tests::intent;
    use crate::store::takes::tests::take;
    use crate::store::traces::tests::trace;
    use crate::store::{JobState, Trace};

    /// A store with a paid result, a take, an open and a settled job.
    fn filled(dir: &Path) -> (Store, Digest, Trace) {
        let store = Store::open(dir).expect("it opens");
        let key = Digest::of(b"k");
        let settled = store.journal_intent(&key, &intent()).expect("written");
        let paid = Trace { cost: Cost::Exact(9), ..trace(Value::from("paid")) };
        store.put(&key, &paid).expect("stored");
        store.journal_done(settled, Cost::Exact(9)).expect("settled");
        let open = store.journal_intent(&Digest::of(b"o"), &intent()).expect("written");
        store.journal_submitted(open, "req-1").expect("written");
        store.add_take("film", "generate/s1", &take(1)).expect("added");
        (store, key, paid)
    }

    fn check(store: &Store, key: &Digest, paid: &Trace) {
        assert_eq!(store.trace(key), Ok(Some(paid.clone())));
        assert_eq!(store.takes("film", "generate/s1"), Ok(vec![take(1)]));
        let open = store.open_jobs().expect("listed");
        assert_eq!((open.len(), open[0].state, open[0].remote_id.as_deref()), (1, JobState::Submitted, Some("req-1")));
        assert_eq!(store.ledger_total(), Ok(Total::of(9)));
        assert!(store.verify().expect("it verifies").is_clean());
    }

    #[test]
    fn a_deleted_index_comes_back_from_the_records() {
        let folder = tempfile::tempdir().expect("a folder");
        let dir = folder.path().join("s");
        let (store, key, paid) = filled(&dir);
        drop(store);
        for name in ["index.sqlite", "index.sqlite-wal", "index.sqlite-shm"] {
            drop(fs::remove_file(dir.join(name)));
        }
        let store = Store::open(&dir).expect("it opens");
        assert_eq!(store.get(&key), Ok(None));
        let report = store.rebuild_index().expect("rebuilt");
        assert_eq!((report.results, report.takes, report.jobs, report.costs), (1, 1, 2, 1));
        assert_eq!(report.moved_to, None);
        check(&store, &key, &paid);
    }

    #[test]
    fn a_torn_index_is_moved_aside_and_made_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let dir = folder.path().join("s");
        let (store, key, paid) = filled(&dir);
        drop(store);
        let index = dir.join("index.sqlite");
        let len = fs::metadata(&index).expect("it is there").len() as usize;
        fs::write(&index, vec![0xa5; len]).expect("torn");
        let store = Store::open(&dir).expect("it opens");
        assert_eq!(store.get(&key).expect_err("it says so").code, "store-damaged");
        assert!(!store.verify().expect("it verifies").is_clean());
        let report = store.rebuild_index().expect("rebuilt");
        assert!(report.moved_to.is_some_and(|folder| folder.join("index.sqlite").exists()));
        check(&store, &key, &paid);
    }

    #[test]
    fn damaged_rows_are_repaired_and_damaged_records_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let dir = folder.path().join("s");
        let (store, key, paid) = filled(&dir);
        let flips = "UPDATE trace SET sum = 0; UPDATE take SET sum = 0; UPDATE job SET sum = 0";
        store.write(Durability::Now, |tx| Ok(tx.execute_batch(flips)?)).expect("damaged");
        assert_eq!(store.verify().expect("it verifies").damaged_rows.len(), 4);
        assert_eq!(store.rebuild_index().expect("rebuilt").moved_to, None);
        check(&store, &key, &paid);
        let record = store.record_path(&key);
        fs::write(&record, "{}").expect("damaged");
        let report = store.rebuild_index().expect("rebuilt");
        assert_eq!(report.damaged_records, std::slice::from_ref(&record));
        assert_eq!(store.verify().expect("it verifies").damaged_records, [record]);
        assert_eq!(store.trace(&key), Ok(Some(paid)), "the row was whole and stays");
    }
}
