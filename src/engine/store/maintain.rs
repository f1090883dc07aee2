//! Looking after a store: checking every byte, collecting what nothing refers to, counting.
//!
//! Collection errs on the side of keeping: takes, last results, paid results, open jobs and anything young stay,
//! whoever made them; and where a row that might refer to something is damaged, nothing is removed at all.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use model::{Diagnostic, Digest, Outputs};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Transaction};

use super::artifacts::digest_of_file;
use super::disk::{self, Durability};
use super::error::{self, Fault};
use super::index::{CHECKED, is_whole};
use super::traces::{TraceRecord, media_in};
use super::{Access, Store, index};

/// Unreferenced artifacts and results younger than this may belong to a run that has not recorded them yet.
const YOUNG: Duration = Duration::from_secs(60 * 60);
/// A worker that has not touched its temporary file for so long is gone.
const ABANDONED: Duration = Duration::from_secs(24 * 60 * 60);

/// What [`Store::verify`] found.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct VerifyReport {
    /// Artifacts that were hashed, and their bytes.
    pub artifacts: u64,
    pub bytes: u64,
    /// Rows whose checksum was compared.
    pub rows: u64,
    /// Files whose bytes no longer have the digest in their name.
    pub damaged_artifacts: Vec<PathBuf>,
    /// Results that refer to an artifact which is not there: key, and the artifact's digest.
    pub missing_artifacts: Vec<(Digest, Digest)>,
    /// Table and key of rows whose checksum is wrong.
    pub damaged_rows: Vec<String>,
    /// What SQLite says about the file itself.
    pub index_problems: Vec<String>,
    pub damaged_records: Vec<PathBuf>,
    /// Paid results without a record file.
    pub missing_records: Vec<Digest>,
    /// Temporary files: of workers that run now, or of a crash. No damage.
    pub temporary: Vec<PathBuf>,
}

impl VerifyReport {
    /// Whether everything but temporary files is as it should be.
    pub fn is_clean(&self) -> bool {
        self.damaged_artifacts.is_empty()
            && self.missing_artifacts.is_empty()
            && self.damaged_rows.is_empty()
            && self.index_problems.is_empty()
            && self.damaged_records.is_empty()
            && self.missing_records.is_empty()
    }
}

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

/// How much there is.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct StoreStats {
    pub results: u64,
    pub takes: u64,
    pub open_jobs: u64,
    /// Millionths of a dollar.
    pub spent_microusd: u64,
    /// Number and bytes of artifacts by format.
    pub artifacts: BTreeMap<String, (u64, u64)>,
    pub index_bytes: u64,
    pub record_bytes: u64,
    pub blob_bytes: u64,
    pub temporary_bytes: u64,
}

fn len_of(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |metadata| metadata.len())
}

/// Whether a file was touched within `limit` before `now`; a file that cannot be dated counts as young.
fn is_within(path: &Path, now: SystemTime, limit: Duration) -> bool {
    let modified = fs::metadata(path).and_then(|metadata| metadata.modified());
    !modified.is_ok_and(|modified| now.duration_since(modified).is_ok_and(|age| limit <= age))
}

fn remove(path: &Path) -> Result<(), Diagnostic> {
    fs::remove_file(path).map_err(|refused| error::io("remove the file", path, &refused))
}

fn as_digest(value: ValueRef<'_>) -> Option<Digest> {
    value.as_blob().ok().and_then(|bytes| bytes.try_into().ok()).map(Digest)
}

/// Calls `each` with every row of a checked table and whether it is whole.
fn scan(
    db: &Connection,
    table: &str,
    mut each: impl FnMut(&rusqlite::Row<'_>, bool) -> Result<(), Fault>,
) -> Result<(), Fault> {
    let mut statement = db.prepare(&format!("SELECT * FROM {table}"))?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        each(row, is_whole(table, row)?)?;
    }
    Ok(())
}

/// Names of the rows whose checksum is wrong.
pub(super) fn damaged_rows(db: &Connection, n_rows: &mut u64) -> Result<Vec<String>, Fault> {
    let mut damaged = Vec::new();
    for table in CHECKED {
        scan(db, table, |row, whole| {
            *n_rows += 1;
            if !whole {
                let key = row.get_ref(0)?;
                let name = match key {
                    ValueRef::Integer(id) => id.to_string(),
                    ValueRef::Text(bytes) => String::from_utf8_lossy(bytes).into_owned(),
                    other => as_digest(other).map_or_else(|| "?".to_owned(), |digest| digest.to_string()),
                };
                damaged.push(format!("{table} {name}"));
            }
            Ok(())
        })?;
    }
    Ok(damaged)
}

/// The digest in an artifact's path, and its format; none for files that are not ours.
fn parts_of(path: &Path) -> Option<(Digest, &str)> {
    let folder = path.parent()?.file_name()?.to_str()?;
    let rest = path.file_stem()?.to_str()?;
    Some((format!("{folder}{rest}").parse().ok()?, path.extension()?.to_str()?))
}

impl Store {
    fn artifact_files(&self) -> Result<Vec<PathBuf>, Diagnostic> {
        let mut files = Vec::new();
        for folder in disk::folders_in(&self.root.join("artifacts"))? {
            files.extend(disk::files_in(&folder)?);
        }
        Ok(files)
    }

    /// Every record file, whatever it records.
    fn record_files(&self) -> Result<Vec<PathBuf>, Diagnostic> {
        let mut files = Vec::new();
        for folder in disk::folders_in(&self.root.join("records"))? {
            files.extend(disk::files_in(&folder)?);
        }
        Ok(files)
    }

    /// Hashes every artifact and checks every row and record. Damage is what it reports, not a failure of it.
    pub fn verify(&self) -> Result<VerifyReport, Diagnostic> {
        let mut report = VerifyReport::default();
        for path in self.artifact_files()? {
            let Some((digest, _)) = parts_of(&path) else { continue };
            let (found, bytes) = digest_of_file(&path)?;
            report.artifacts += 1;
            report.bytes += bytes;
            if found != digest {
                report.damaged_artifacts.push(path);
            }
        }
        for path in self.record_files()? {
            let text = fs::read_to_string(&path);
            if !text.is_ok_and(|text| disk::unsealed::<serde_json::Value>(&text).is_some()) {
                report.damaged_records.push(path);
            }
        }
        if let Err(told) = self.read((), |db| self.verify_index(db, &mut report)) {
            if told.code != "store-damaged" {
                return Err(told);
            }
            report.index_problems.push(told.message);
        }
        report.temporary = disk::files_in(&self.root.join("tmp"))?;
        if report.is_clean() && self.access == Access::Write && self.exists() {
            // Every byte was looked at: what came from another machine is at home here now.
            let host = index::this_host();
            self.write(Durability::Soon, |tx| {
                Ok(tx.execute("UPDATE meta SET value = ?1 WHERE name = 'host' AND value <> ?1", [host])?)
            })?;
        }
        Ok(report)
    }

    fn verify_index(&self, db: &Connection, report: &mut VerifyReport) -> Result<(), Fault> {
        let mut check = db.prepare("PRAGMA integrity_check(20)")?;
        let lines = check.query_map([], |row| row.get::<_, String>(0))?.collect::<Result<Vec<_>, _>>()?;
        report.index_problems.extend(lines.into_iter().filter(|line| line != "ok"));
        report.damaged_rows = damaged_rows(db, &mut report.rows)?;
        scan(db, "trace", |row, whole| {
            let (Some(key), true) = (as_digest(row.get_ref(0)?), whole) else { return Ok(()) };
            let outputs: Outputs = serde_json::from_str(row.get_ref(1)?.as_str().unwrap_or("[]")).unwrap_or_default();
            for media in media_in(&outputs) {
                if !self.artifact_path(&media.digest, &media.format).is_ok_and(|path| path.exists()) {
                    report.missing_artifacts.push((key, media.digest));
                }
            }
            Ok(())
        })?;
        scan(db, "origin", |row, whole| {
            if let (Some(key), true) = (as_digest(row.get_ref(0)?), whole && 0 < row.get::<_, i64>(3)?)
                && !self.record_path(&key).exists()
            {
                report.missing_records.push(key);
            }
            Ok(())
        })
    }

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
        scan(db, "take", |row, _| {
            let take: Option<super::TakeRecord> =
                row.get_ref(3)?.as_str().ok().and_then(|it| serde_json::from_str(it).ok());
            roots.extend(take.map(|take| take.key));
            Ok(())
        })?;
        for (table, column) in [("last", 2), ("job", 1)] {
            scan(db, table, |row, _| {
                roots.extend(as_digest(row.get_ref(column)?));
                Ok(())
            })?;
        }
        scan(db, "origin", |row, _| {
            let is_paid = 0 < row.get::<_, i64>(3)?;
            roots.extend(as_digest(row.get_ref(0)?).filter(|_| is_paid));
            Ok(())
        })?;
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

    /// Counts and sizes.
    pub fn stats(&self) -> Result<StoreStats, Diagnostic> {
        let mut stats = self.read(StoreStats::default(), |db| {
            let count = |what: &str| -> rusqlite::Result<u64> {
                db.query_row(&format!("SELECT count(*) FROM {what}"), [], |row| row.get::<_, i64>(0)).map(|n| n as u64)
            };
            Ok(StoreStats {
                results: count("trace")?,
                takes: count("take")?,
                open_jobs: count("job WHERE state NOT IN ('settled', 'failed')")?,
                ..StoreStats::default()
            })
        })?;
        stats.spent_microusd = self.ledger_total()?;
        for path in self.artifact_files()? {
            let Some((_, format)) = parts_of(&path) else { continue };
            let (n, bytes) = stats.artifacts.entry(format.to_owned()).or_default();
            *n += 1;
            *bytes += len_of(&path);
        }
        let total = |files: Vec<PathBuf>| files.iter().map(|path| len_of(path)).sum::<u64>();
        let is_index =
            |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("index."));
        stats.index_bytes = total(disk::files_in(&self.root)?.into_iter().filter(is_index).collect());
        stats.record_bytes = total(self.record_files()?);
        stats.blob_bytes = total(disk::files_in(&self.root.join("blobs"))?);
        stats.temporary_bytes = total(disk::files_in(&self.root.join("tmp"))?);
        Ok(stats)
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
#[path = "maintain_tests.rs"]
mod tests;
