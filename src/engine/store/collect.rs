//! Collecting what nothing refers to.
//!
//! Errs on the side of keeping: takes, last results, paid results, open jobs and anything young stay, whoever made
//! them; and where a row that might refer to something is damaged, nothing is removed at all.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use model::{Diagnostic, Digest, Outputs};
use rusqlite::{Connection, Transaction};

use super::Store;
use super::disk::{self, Durability};
use super::error::{self, Fault};
use super::index::cost_in;
use super::maintain::{as_digest, damaged_rows, len_of, parts_of, scan};
use super::traces::{TraceRecord, media_in, parts_in};
use crate::money::Cost;

/// Unreferenced artifacts and results younger than this may belong to a run that has not recorded them yet.
const YOUNG: Duration = Duration::from_secs(60 * 60);
/// A worker that has not touched its temporary file for so long is gone.
const ABANDONED: Duration = Duration::from_secs(24 * 60 * 60);

/// What [`Store::gc`] removed, or would.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct GcReport {
    pub results: u64,
    pub artifacts: u64,
    pub temporary: u64,
    /// Bytes given back, temporary files included.
    pub bytes: u64,
    pub kept_artifacts: u64,
    pub kept_bytes: u64,
}

/// Whether a file was touched within `limit` before `now`; a file that cannot be dated counts as young.
fn is_within(path: &Path, now: SystemTime, limit: Duration) -> bool {
    let modified = fs::metadata(path).and_then(|metadata| metadata.modified());
    !modified.is_ok_and(|modified| now.duration_since(modified).is_ok_and(|age| limit <= age))
}

fn remove(path: &Path) -> Result<(), Diagnostic> {
    fs::remove_file(path).map_err(|refused| error::io("remove the file", path, &refused))
}

impl Store {
    /// Removes results and artifacts that no take, no item's last result, no paid result, no open job and no key in
    /// `keep` refers to, and temporary files that nobody has touched for a day. What is younger than an hour stays.
    ///
    /// # Errors
    /// `store-busy` while anybody works on a key; `store-damaged` where a damaged row may refer to something.
    pub fn gc(&self, keep: &BTreeSet<Digest>, dry_run: bool) -> Result<GcReport, Diagnostic> {
        self.gc_at(keep, dry_run, SystemTime::now())
    }

    fn gc_at(&self, keep: &BTreeSet<Digest>, dry_run: bool, now: SystemTime) -> Result<GcReport, Diagnostic> {
        let mut report = GcReport::default();
        if !self.root.is_dir() {
            return Ok(report);
        }
        if dry_run {
            let sorted = self.read(None, |db| self.sort_out(db, keep, now).map(Some))?.unwrap_or_default();
            self.sweep(&sorted, dry_run, now, &mut report)?;
            return Ok(report);
        }
        self.may_write()?;
        // Nobody adopts an artifact meanwhile.
        let collecting = self.collecting_lock()?;
        collecting.lock().map_err(|refused| error::io("lock the store", &self.root, &refused))?;
        if let Some((key, holder)) = self.held_claims()?.first() {
            let message = format!("process {} is making {} at this moment", holder.pid, key.short());
            return Err(Diagnostic::error("store-busy", message).hint("collect when nothing runs"));
        }
        let sorted = if self.exists() {
            self.write(Durability::Now, |tx| {
                let sorted = self.sort_out(tx, keep, now)?;
                sorted.doomed.iter().try_for_each(|key| forget(tx, key))?;
                Ok(sorted)
            })?
        } else {
            Sorted::default()
        };
        for path in sorted.doomed.iter().map(|key| self.record_path(key)).filter(|path| path.exists()) {
            remove(&path)?;
        }
        self.sweep(&sorted, dry_run, now, &mut report)?;
        Ok(report)
    }

    /// Which results stay and which artifacts they need.
    fn sort_out(&self, db: &Connection, keep: &BTreeSet<Digest>, now: SystemTime) -> Result<Sorted, Fault> {
        let damaged = damaged_rows(db, &mut 0)?;
        if let Some(first) = damaged.iter().find(|row| !row.starts_with("file ")) {
            return Err(error::damaged(format!("nothing is collected while rows are damaged: {first}")).into());
        }
        let mut roots = keep.clone();
        let mut sorted = Sorted::default();
        for (table, column) in [("take", 4), ("last", 2), ("job", 1)] {
            scan(db, table, |row, _| {
                roots.extend(as_digest(row.get_ref(column)?));
                Ok(())
            })?;
        }
        scan(db, "origin", |row, _| {
            let is_paid = cost_in(row.get_ref(3)?) != Cost::FREE;
            roots.extend(as_digest(row.get_ref(0)?).filter(|_| is_paid));
            Ok(())
        })?;
        // A film keeps its segments: after a change to one shot the others are not encoded again.
        let mut parts = BTreeSet::new();
        scan(db, "origin", |row, _| {
            let Some(key) = as_digest(row.get_ref(0)?) else { return Ok(()) };
            let found = parts_in(row.get_ref(6)?);
            if !found.is_empty() && (roots.contains(&key) || is_young_record(&self.record_path(&key), now)) {
                parts.extend(found);
            }
            Ok(())
        })?;
        roots.append(&mut parts);
        scan(db, "trace", |row, _| {
            let Some(key) = as_digest(row.get_ref(0)?) else { return Ok(()) };
            if roots.contains(&key) || is_young_record(&self.record_path(&key), now) {
                let outputs: Outputs =
                    serde_json::from_str(row.get_ref(1)?.as_str().unwrap_or("[]")).unwrap_or_default();
                sorted.needed.extend(media_in(&outputs).iter().map(|media| media.digest));
                roots.remove(&key);
            } else {
                sorted.doomed.push(key);
            }
            Ok(())
        })?;
        // A root without a row may still have its record.
        for key in &roots {
            let record =
                fs::read_to_string(self.record_path(key)).ok().and_then(|it| disk::unsealed::<TraceRecord>(&it));
            if let Some(record) = record {
                sorted.needed.extend(media_in(&record.trace.outputs).iter().map(|media| media.digest));
            }
        }
        sorted.doomed.sort_unstable();
        Ok(sorted)
    }

    fn sweep(&self, sorted: &Sorted, dry_run: bool, now: SystemTime, report: &mut GcReport) -> Result<(), Diagnostic> {
        report.results = sorted.doomed.len() as u64;
        for path in self.artifact_files()? {
            let Some((digest, _)) = parts_of(&path) else { continue };
            let bytes = len_of(&path);
            if sorted.needed.contains(&digest) || is_within(&path, now, YOUNG) {
                report.kept_artifacts += 1;
                report.kept_bytes += bytes;
                continue;
            }
            report.artifacts += 1;
            report.bytes += bytes;
            if !dry_run {
                remove(&path)?;
            }
        }
        for path in disk::files_in(&self.root.join("tmp"))? {
            if !is_within(&path, now, ABANDONED) {
                report.temporary += 1;
                report.bytes += len_of(&path);
                if !dry_run {
                    remove(&path)?;
                }
            }
        }
        Ok(())
    }
}

#[derive(Default)]
struct Sorted {
    /// Results that go.
    doomed: Vec<Digest>,
    /// Artifacts that stay.
    needed: BTreeSet<Digest>,
}

fn is_young_record(path: &Path, now: SystemTime) -> bool {
    path.exists() && is_within(path, now, YOUNG)
}

fn forget(tx: &Transaction<'_>, key: &Digest) -> Result<(), Fault> {
    for table in ["trace", "origin"] {
        tx.prepare_cached(&format!("DELETE FROM {table} WHERE key = ?1"))?.execute([&key.0[..]])?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::maintain::tests::{result, store};
    use crate::store::takes::tests::take;
    use crate::store::{TakeRecord, Trace};
    use crate::worker::Artifacts;

    fn later(hours: u64) -> SystemTime {
        SystemTime::now() + Duration::from_secs(hours * 3600)
    }

    #[test]
    fn collection_takes_only_what_nothing_refers_to() {
        let (_folder, store) = store();
        let [taken, last, kept, paid, loose] =
            ["taken", "last", "kept", "paid", "loose"].map(|name| result(&store, name));
        store.add_take("film", "x", &TakeRecord { key: taken.0, ..take(1) }).expect("added");
        store.set_last_keys("film", &[("x", last.0)]).expect("set");
        let trace = store.trace(&paid.0).expect("reads").expect("is there");
        store.put(&paid.0, &Trace { cost: Cost::Exact(1), ..trace }).expect("stored");
        fs::write(store.scratch("mp4").expect("a path"), "half").expect("a stray");
        let keep = BTreeSet::from([kept.0]);

        assert_eq!(store.gc(&keep, false).map(|report| (report.results, report.artifacts)), Ok((0, 0)), "all is young");
        let planned = store.gc_at(&keep, true, later(2)).expect("planned");
        assert_eq!((planned.results, planned.artifacts, planned.bytes, planned.temporary), (1, 1, 5, 0));
        assert!(store.locate(&loose.1).is_ok(), "a dry run removes nothing");
        assert_eq!(store.gc_at(&keep, false, later(2)), Ok(planned));
        assert_eq!(store.locate(&loose.1).expect_err("gone").code, "artifact-missing");
        assert_eq!(store.get(&loose.0), Ok(None));
        for (key, media) in [&taken, &last, &kept, &paid] {
            assert!(store.locate(media).is_ok());
            assert!(store.get(key).expect("reads").is_some());
        }
        let swept = store.gc_at(&keep, false, later(48)).expect("swept");
        assert_eq!((swept.temporary, swept.results, swept.kept_artifacts), (1, 0, 4));
        assert!(store.verify().expect("it verifies").is_clean());
    }

    #[test]
    fn a_kept_film_keeps_the_segments_that_went_into_it() {
        let (_folder, store) = store();
        let [film, used, dropped] = ["film", "used", "dropped"].map(|name| result(&store, name));
        let [older, only_older] = ["older film", "only older"].map(|name| result(&store, name));
        let with_parts = |(key, _): &(Digest, model::Media), parts: &[Digest]| {
            let trace = store.trace(key).expect("reads").expect("is there");
            store.put(key, &Trace { parts: parts.to_vec(), ..trace }).expect("stored");
        };
        with_parts(&film, &[used.0]);
        with_parts(&older, &[used.0, only_older.0]);
        let keep = BTreeSet::from([film.0]);
        assert_eq!(store.gc_at(&keep, false, later(2)).map(|report| report.results), Ok(3));
        assert!(store.locate(&used.1).is_ok());
        for (key, media) in [dropped, only_older, older] {
            assert_eq!((store.get(&key), store.locate(&media).is_ok()), (Ok(None), false));
        }
        // The record knows the parts too.
        store.write(Durability::Now, |tx| forget(tx, &film.0)).expect("lost");
        store.rebuild_index().expect("rebuilt");
        assert_eq!(store.gc_at(&keep, false, later(2)).map(|report| report.results), Ok(0));
    }

    #[test]
    fn collection_keeps_what_a_lost_row_referred_to() {
        let (_folder, store) = store();
        let taken = result(&store, "taken");
        store.add_take("film", "x", &TakeRecord { key: taken.0, ..take(1) }).expect("added");
        store.write(Durability::Now, |tx| forget(tx, &taken.0)).expect("lost");
        assert_eq!(store.gc_at(&BTreeSet::new(), false, later(2)).map(|report| report.artifacts), Ok(0));
        store.rebuild_index().expect("rebuilt");
        assert!(store.get(&taken.0).expect("reads").is_some());
    }

    #[test]
    fn nothing_is_collected_in_doubt_or_while_somebody_works() {
        let (_folder, store) = store();
        let (key, media) = result(&store, "loose");
        let guard = store.claim(&key).expect("claimed");
        let told = store.gc_at(&BTreeSet::new(), false, later(2)).expect_err("refused");
        assert_eq!(told.code, "store-busy");
        drop(guard);
        store.write(Durability::Now, |tx| Ok(tx.execute_batch("UPDATE trace SET sum = 0")?)).expect("damaged");
        let told = store.gc_at(&BTreeSet::new(), false, later(2)).expect_err("refused");
        assert_eq!(told.code, "store-damaged");
        assert!(store.locate(&media).is_ok());
    }
}
