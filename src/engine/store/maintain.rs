//! Looking after a store: checking every byte, and counting.
//!
//! Verification is the one place that reads everything; decisions never do. It reports damage and repairs nothing:
//! `rebuild` does that, when a person asks for it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use model::{Diagnostic, Digest, Outputs};
use rusqlite::Connection;
use rusqlite::types::ValueRef;

use super::artifacts::digest_of_file;
use super::disk::{self, Durability};
use super::error::Fault;
use super::index::{CHECKED, cost_in, is_whole};
use super::traces::media_in;
use super::{Access, Store, index};
use crate::money::{Cost, Total};

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

/// How much there is.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct StoreStats {
    pub results: u64,
    pub takes: u64,
    pub open_jobs: u64,
    /// Millionths of a dollar.
    pub spent: Total,
    /// Number and bytes of artifacts by format.
    pub artifacts: BTreeMap<String, (u64, u64)>,
    pub index_bytes: u64,
    pub record_bytes: u64,
    pub blob_bytes: u64,
    pub temporary_bytes: u64,
}

pub(super) fn len_of(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |metadata| metadata.len())
}

pub(super) fn as_digest(value: ValueRef<'_>) -> Option<Digest> {
    value.as_blob().ok().and_then(|bytes| bytes.try_into().ok()).map(Digest)
}

/// Calls `each` with every row of a checked table and whether it is whole.
pub(super) fn scan(
    db: &Connection,
    table: &str,
    mut each: impl FnMut(&rusqlite::Row<'_>, bool) -> Result<(), Fault>,
) -> Result<(), Fault> {
    // A store of an older version that is only read lacks what came later.
    if !db.table_exists(None, table)? {
        return Ok(());
    }
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
pub(super) fn parts_of(path: &Path) -> Option<(Digest, &str)> {
    let folder = path.parent()?.file_name()?.to_str()?;
    let rest = path.file_stem()?.to_str()?;
    Some((format!("{folder}{rest}").parse().ok()?, path.extension()?.to_str()?))
}

impl Store {
    pub(super) fn artifact_files(&self) -> Result<Vec<PathBuf>, Diagnostic> {
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
        if report.is_clean() && self.access == Access::Write && !self.is_at_home()? {
            // Every byte was looked at: what came from another machine is at home here now.
            let host = index::this_host();
            let marked = self.write(Durability::Soon, |tx| {
                Ok(tx.execute("UPDATE meta SET value = ?1 WHERE name = 'host'", [host])?)
            });
            // On a disk that cannot be written it stays a guest, and is hashed again when it is used.
            if let Err(told) = marked
                && told.code != "store-read-only"
            {
                return Err(told);
            }
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
            if let (Some(key), true) = (as_digest(row.get_ref(0)?), whole && cost_in(row.get_ref(3)?) != Cost::FREE)
                && !self.record_path(&key).exists()
            {
                report.missing_records.push(key);
            }
            Ok(())
        })
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
        stats.spent = self.ledger_total()?;
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

#[cfg(test)]
pub(super) mod tests {
    use std::sync::Arc;

    use model::{Image, Media, Value};

    use super::*;
    use crate::store::Trace;
    use crate::store::takes::tests::take;
    use crate::store::traces::tests::trace;
    use crate::worker::Artifacts;

    pub(in crate::store) fn store() -> (tempfile::TempDir, Store) {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(&folder.path().join("s")).expect("it opens");
        (folder, store)
    }

    /// A result with one artifact of its own.
    pub(in crate::store) fn result(store: &Store, name: &str) -> (Digest, Media) {
        let scratch = store.scratch("png").expect("a path");
        fs::write(&scratch, name).expect("it is written");
        let media = store.adopt(&scratch, "png", None, None).expect("it is adopted");
        let key = Digest::of(name.as_bytes());
        store.put(&key, &trace(Value::Image(Image::File(Arc::new(media.clone()))))).expect("stored");
        (key, media)
    }

    #[test]
    fn verification_names_each_kind_of_damage() {
        let (_folder, store) = store();
        let (_, flipped) = result(&store, "flipped");
        let (lost_key, lost) = result(&store, "lost");
        let (paid_key, _) = result(&store, "paid");
        let paid = store.trace(&paid_key).expect("reads").expect("is there");
        store.put(&paid_key, &Trace { cost: Cost::Exact(1), ..paid }).expect("stored");
        fs::write(store.scratch("mp4").expect("a path"), "half").expect("a stray");
        let report = store.verify().expect("it verifies");
        assert!(report.is_clean());
        assert_eq!((report.artifacts, report.temporary.len()), (3, 1));

        let path = store.locate(&flipped).expect("found");
        let mut bytes = fs::read(&path).expect("read");
        bytes[3] ^= 0x10;
        fs::write(&path, bytes).expect("flipped");
        fs::remove_file(store.locate(&lost).expect("found")).expect("removed");
        fs::remove_file(store.record_path(&paid_key)).expect("removed");
        let report = store.verify().expect("it verifies");
        assert!(!report.is_clean());
        assert_eq!(report.damaged_artifacts, [path]);
        assert_eq!(report.missing_artifacts, [(lost_key, lost.digest)]);
        assert_eq!(report.missing_records, [paid_key]);
    }

    #[test]
    fn statistics_count_by_kind() {
        let (_folder, store) = store();
        for name in ["one", "three"] {
            result(&store, name);
        }
        store.add_take("film", "x", &take(1)).expect("added");
        let stats = store.stats().expect("counted");
        assert_eq!((stats.results, stats.takes, stats.open_jobs, stats.spent), (2, 1, 0, Total::default()));
        assert_eq!(stats.artifacts, BTreeMap::from([("png".to_owned(), (2, 8))]));
        assert!(0 < stats.index_bytes && 0 < stats.record_bytes);
    }
}
