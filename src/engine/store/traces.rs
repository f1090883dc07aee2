//! Traces: what a key gave. The hot half (outputs) and the cold half (work, model, cost) are two tables, so that a
//! lookup of ten thousand keys reads only what decides.
//!
//! Each result also has an immutable record file. The index is a cache of the records, not the other way round.

use std::fs;

use model::{Diagnostic, Digest, Image, Media, Outputs, Value, Work};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension};
use serde::{Deserialize, Serialize};

use super::disk::{self, Durability};
use super::error::Fault;
use super::index::{CostColumn, cost_in, is_whole, maybe_text, put_row, text};
use super::{Store, error};
use crate::money::Cost;

/// A result and how it came to be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trace {
    /// By port.
    pub outputs: Outputs,
    pub work: Work,
    /// The model that ran and its version, for calls.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    #[serde(rename = "cost_microusd")]
    pub cost: Cost,
    /// How long it took.
    pub seconds: f64,
    /// When, as the caller's clock wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub made_at: Option<String>,
    /// Keys of the results that went into it as parts; collection keeps them as long as this one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<Digest>,
}

impl Trace {
    /// Whether it cost money, or may have.
    fn is_paid(&self) -> bool {
        self.cost != Cost::FREE
    }
}

/// A trace as its record file holds it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct TraceRecord {
    pub(super) key: Digest,
    pub(super) trace: Trace,
}

impl Store {
    /// The outputs recorded for a key. A damaged row reads as absent; [`Store::verify`] names it.
    pub fn get(&self, key: &Digest) -> Result<Option<Outputs>, Diagnostic> {
        self.read(None, |db| outputs_of(db, key))
    }

    /// The outputs of many keys, in their order, in one transaction.
    pub fn get_all(&self, keys: &[Digest]) -> Result<Vec<Option<Outputs>>, Diagnostic> {
        let found = self.read(None, |db| {
            let tx = db.unchecked_transaction()?;
            keys.iter().map(|key| outputs_of(&tx, key)).collect::<Result<Vec<_>, _>>().map(Some)
        })?;
        Ok(found.unwrap_or_else(|| vec![None; keys.len()]))
    }

    /// The whole trace of a key: for inspectors and explanations.
    pub fn trace(&self, key: &Digest) -> Result<Option<Trace>, Diagnostic> {
        self.read(None, |db| {
            let tx = db.unchecked_transaction()?;
            trace_of(&tx, key)
        })
    }

    /// The work behind a key, and the model that ran.
    pub fn work_of(&self, key: &Digest) -> Result<Option<(Work, Option<String>)>, Diagnostic> {
        let origin = self.read(None, |db| origin_of(db, key))?;
        Ok(origin.map(|origin| (origin.work, origin.model)))
    }

    /// Records a result. A paid one is on the disk when this returns; a free one survives the process.
    ///
    /// # Errors
    /// `store-unrepresentable` for outputs that would not read back equal (numbers that are no numbers).
    pub fn put(&self, key: &Digest, trace: &Trace) -> Result<(), Diagnostic> {
        let durability = if trace.is_paid() { Durability::Now } else { Durability::Soon };
        self.put_with(key, trace, durability)
    }

    /// Records a result that is on the disk when this returns, whatever it cost.
    ///
    /// # Errors
    /// As for [`Store::put`].
    pub fn put_durably(&self, key: &Digest, trace: &Trace) -> Result<(), Diagnostic> {
        self.put_with(key, trace, Durability::Now)
    }

    /// The trace in the record file of a key, put back into the index: for a paid key whose row is absent or damaged,
    /// before it is bought again. None where there is no whole record, or where its artifacts are gone.
    pub fn recover(&self, key: &Digest) -> Result<Option<Trace>, Diagnostic> {
        let Some(record) = self.whole_record(key) else { return Ok(None) };
        self.write(Durability::Now, |tx| restore(tx, &record))?;
        Ok(Some(record.trace))
    }

    /// The record of a key whose artifacts are all there.
    pub(super) fn whole_record(&self, key: &Digest) -> Option<TraceRecord> {
        let text = fs::read_to_string(self.record_path(key)).ok()?;
        let record = disk::unsealed::<TraceRecord>(&text).filter(|record| record.key == *key)?;
        let there =
            |media: &model::Media| self.artifact_path(&media.digest, &media.format).is_ok_and(|path| path.exists());
        media_in(&record.trace.outputs).into_iter().all(there).then_some(record)
    }

    /// Records many results in one transaction: all of them or none reach the index.
    pub fn put_all(&self, traces: &[(Digest, Trace)]) -> Result<(), Diagnostic> {
        if traces.is_empty() {
            return Ok(());
        }
        let is_paid = traces.iter().any(|(_, trace)| trace.is_paid());
        let durability = if is_paid { Durability::Now } else { Durability::Soon };
        let mut rows = Vec::with_capacity(traces.len());
        for (key, trace) in traces {
            rows.push((key, trace, self.keep_record(key, trace, durability)?));
        }
        self.write(durability, |tx| rows.iter().try_for_each(|(key, trace, outputs)| insert(tx, key, trace, outputs)))
    }

    pub(super) fn put_with(&self, key: &Digest, trace: &Trace, durability: Durability) -> Result<(), Diagnostic> {
        let outputs = self.keep_record(key, trace, durability)?;
        self.write(durability, |tx| insert(tx, key, trace, &outputs))
    }

    /// Writes the record file and gives the outputs as text. The record comes before the row: a result that only the
    /// record knows is found by a rebuild, never bought again.
    fn keep_record(&self, key: &Digest, trace: &Trace, durability: Durability) -> Result<String, Diagnostic> {
        let outputs = readable(trace)?;
        let record = TraceRecord { key: *key, trace: trace.clone() };
        let sealed = disk::sealed(&record).map_err(|refused| unrepresentable(&refused.to_string()))?;
        let path = self.record_path(key);
        match fs::read_to_string(&path) {
            Ok(old) if old == sealed => return Ok(outputs),
            Ok(_) => self.set_aside(&path)?,
            Err(_) => {}
        }
        self.write_file(&path, &[sealed.as_bytes()], durability)?;
        Ok(outputs)
    }

    /// Where the record of a key lies: `records/ab/<key>.json`.
    pub(super) fn record_path(&self, key: &Digest) -> std::path::PathBuf {
        let name = key.to_string();
        self.root.join("records").join(&name[..2]).join(format!("{name}.json"))
    }

    /// An earlier result of the same key keeps a name of its own.
    fn set_aside(&self, path: &std::path::Path) -> Result<(), Diagnostic> {
        let older = (1..u32::MAX).map(|n| path.with_extension(format!("{n}.json"))).find(|older| !older.exists());
        let older = older.expect("a folder does not hold four billion files");
        fs::rename(path, &older).map_err(|refused| error::io("keep the earlier record", path, &refused))
    }
}

/// Every artifact that outputs refer to.
pub(super) fn media_in(outputs: &Outputs) -> Vec<&Media> {
    let mut found = Vec::new();
    let mut pending: Vec<&Value> = outputs.iter().map(|(_, value)| value).collect();
    while let Some(value) = pending.pop() {
        match value {
            Value::Image(Image::File(media)) | Value::Audio(media) => found.push(&**media),
            Value::Image(Image::Frame { clip, .. }) | Value::Clip(clip) => found.extend(clip.sources()),
            Value::Reference(reference) => found.extend(&reference.images),
            Value::Report(report) => found.extend(&report.plot),
            Value::List(list) => pending.extend(list.iter().map(|entry| &entry.value)),
            Value::Text(_) | Value::Number(_) | Value::Integer(_) | Value::Flag(_) | Value::Choice(_) => {}
            Value::Color(_) | Value::Script(_) | Value::Shot(_) => {}
        }
    }
    found
}

fn unrepresentable(why: &str) -> Diagnostic {
    Diagnostic::error("store-unrepresentable", format!("BUG: a worker's outputs cannot be stored: {why}"))
        .hint("please report it with the item's `explain`")
}

/// The outputs as text that is known to read back equal.
fn readable(trace: &Trace) -> Result<String, Diagnostic> {
    let text = serde_json::to_string(&trace.outputs).map_err(|refused| unrepresentable(&refused.to_string()))?;
    let back: Outputs = serde_json::from_str(&text).map_err(|refused| unrepresentable(&refused.to_string()))?;
    if back != trace.outputs {
        return Err(unrepresentable("they read back as something else"));
    }
    if !trace.seconds.is_finite() {
        return Err(unrepresentable("the time it took is not a number"));
    }
    Ok(text)
}

/// Writes both rows of a trace, the outputs already as text.
fn insert(db: &Connection, key: &Digest, trace: &Trace, outputs: &str) -> Result<(), Fault> {
    let work = serde_json::to_string(&trace.work).map_err(|refused| unrepresentable(&refused.to_string()))?;
    let cost = CostColumn::of(trace.cost);
    let parts = trace.parts.iter().flat_map(|part| part.0).collect::<Vec<u8>>();
    put_row(db, "trace", &[ValueRef::Blob(&key.0), text(outputs)])?;
    let origin = [
        ValueRef::Blob(&key.0),
        text(&work),
        maybe_text(trace.model.as_deref()),
        cost.value(),
        ValueRef::Real(trace.seconds),
        maybe_text(trace.made_at.as_deref()),
        ValueRef::Blob(&parts),
    ];
    put_row(db, "origin", &origin)
}

/// Writes a record into the index.
pub(super) fn restore(db: &Connection, record: &TraceRecord) -> Result<(), Fault> {
    insert(db, &record.key, &record.trace, &readable(&record.trace)?)
}

fn outputs_of(db: &Connection, key: &Digest) -> Result<Option<Outputs>, Fault> {
    let mut statement = db.prepare_cached("SELECT key, outputs, sum FROM trace WHERE key = ?1")?;
    let mut rows = statement.query([&key.0[..]])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    if !is_whole("trace", row)? {
        return Ok(None);
    }
    Ok(row.get_ref(1)?.as_str().ok().and_then(|text| serde_json::from_str(text).ok()))
}

struct Origin {
    work: Work,
    model: Option<String>,
    cost: Cost,
    seconds: f64,
    made_at: Option<String>,
    parts: Vec<Digest>,
}

/// The parts that a row of `origin` names.
pub(super) fn parts_in(column: ValueRef<'_>) -> Vec<Digest> {
    let bytes = column.as_blob().unwrap_or_default();
    bytes.as_chunks::<32>().0.iter().map(|chunk| Digest(*chunk)).collect()
}

fn origin_of(db: &Connection, key: &Digest) -> Result<Option<Origin>, Fault> {
    let mut statement =
        db.prepare_cached("SELECT key, work, model, cost, seconds, made_at, parts, sum FROM origin WHERE key = ?1")?;
    let origin = statement.query_row([&key.0[..]], |row| {
        if !is_whole("origin", row)? {
            return Ok(None);
        }
        let Ok(work) = serde_json::from_str(row.get_ref(1)?.as_str()?) else { return Ok(None) };
        Ok(Some(Origin {
            work,
            model: row.get(2)?,
            cost: cost_in(row.get_ref(3)?),
            seconds: row.get(4)?,
            made_at: row.get(5)?,
            parts: parts_in(row.get_ref(6)?),
        }))
    });
    Ok(origin.optional()?.flatten())
}

fn trace_of(db: &Connection, key: &Digest) -> Result<Option<Trace>, Fault> {
    let (Some(outputs), Some(origin)) = (outputs_of(db, key)?, origin_of(db, key)?) else { return Ok(None) };
    let Origin { work, model, cost, seconds, made_at, parts } = origin;
    Ok(Some(Trace { outputs, work, model, cost, seconds, made_at, parts }))
}

#[cfg(test)]
pub(super) mod tests {
    use std::collections::BTreeMap;

    use model::{Compute, List};

    use super::*;

    pub(in crate::store) fn work(n: i64) -> Work {
        let args = BTreeMap::from([("n".to_owned(), Value::Integer(n))]);
        Work::Compute(Compute { op: "count".to_owned(), version: 1, args })
    }

    pub(in crate::store) fn trace(value: Value) -> Trace {
        let outputs = vec![("value".into(), value)];
        Trace { outputs, work: work(1), model: None, cost: Cost::FREE, seconds: 0.25, made_at: None, parts: vec![] }
    }

    fn store() -> (tempfile::TempDir, Store) {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(&folder.path().join("s")).expect("it opens");
        (folder, store)
    }

    #[test]
    fn a_trace_reads_back_whole() {
        let (_folder, store) = store();
        let key = Digest::of(b"k");
        let list = List::new([("s1".into(), Value::Number(0.1)), ("s2".into(), Value::from("é\n"))]);
        let paid = Trace {
            model: Some("wan-2 v3".to_owned()),
            cost: Cost::Exact(410_000),
            made_at: Some("2026-01-02T03:04:05Z".to_owned()),
            ..trace(Value::List(list))
        };
        store.put(&key, &paid).expect("stored");
        assert_eq!(store.get(&key), Ok(Some(paid.outputs.clone())));
        assert_eq!(store.trace(&key), Ok(Some(paid.clone())));
        assert_eq!(store.work_of(&key), Ok(Some((work(1), Some("wan-2 v3".to_owned())))));
        assert_eq!(store.work_of(&Digest::of(b"other")), Ok(None));
        let record: TraceRecord =
            disk::unsealed(&fs::read_to_string(store.record_path(&key)).expect("a record")).expect("it is whole");
        assert_eq!(record.trace, paid);
    }

    #[test]
    fn a_second_result_of_a_key_keeps_the_first_record() {
        let (_folder, store) = store();
        let key = Digest::of(b"k");
        for n in [1, 1, 2] {
            store.put(&key, &trace(Value::Integer(n))).expect("stored");
        }
        assert_eq!(store.get(&key), Ok(Some(trace(Value::Integer(2)).outputs)));
        let path = store.record_path(&key);
        let older: TraceRecord =
            disk::unsealed(&fs::read_to_string(path.with_extension("1.json")).expect("kept")).expect("it is whole");
        assert_eq!(older.trace, trace(Value::Integer(1)));
        assert!(!path.with_extension("2.json").exists());
    }

    #[test]
    fn outputs_that_json_cannot_hold_are_refused_not_changed() {
        let (_folder, store) = store();
        for bad in [trace(Value::Number(f64::NAN)), trace(Value::Number(f64::INFINITY))] {
            assert_eq!(store.put(&Digest::of(b"k"), &bad).expect_err("refused").code, "store-unrepresentable");
        }
        assert_eq!(store.get(&Digest::of(b"k")), Ok(None));
    }

    #[test]
    fn any_flipped_column_reads_as_absent() {
        let (_folder, store) = store();
        let key = Digest::of(b"k");
        for change in [
            "UPDATE trace SET outputs = replace(outputs, '7', '8')",
            "UPDATE trace SET sum = sum + 1",
            "UPDATE trace SET outputs = CAST(outputs AS BLOB)",
        ] {
            store.put(&key, &trace(Value::Integer(7))).expect("stored");
            assert!(store.get(&key).expect("reads").is_some());
            store.write(Durability::Soon, |tx| Ok(tx.execute_batch(change)?)).expect("damaged");
            assert_eq!(store.get(&key), Ok(None), "{change}");
            assert_eq!(store.verify().expect("verifies").damaged_rows.len(), 1, "{change}");
        }
        store.put(&key, &trace(Value::Integer(7))).expect("stored");
        store.write(Durability::Soon, |tx| Ok(tx.execute_batch("UPDATE origin SET cost = 9")?)).expect("damaged");
        assert_eq!(store.work_of(&key), Ok(None));
        assert_eq!(store.recover(&key), Ok(Some(trace(Value::Integer(7)))), "the record still knows");
        assert_eq!(store.trace(&key), Ok(Some(trace(Value::Integer(7)))));
    }

    #[test]
    fn ten_thousand_keys_come_back_in_order() {
        let (_folder, store) = store();
        let key = |n: i64| Digest::of(&n.to_le_bytes());
        let all: Vec<i64> = (0..10_000).collect();
        let even: Vec<_> = all.iter().filter(|n| *n % 2 == 0).map(|n| (key(*n), trace(Value::Integer(*n)))).collect();
        store.put_all(&even).expect("stored");
        let found = store.get_all(&all.iter().map(|n| key(*n)).collect::<Vec<_>>()).expect("read");
        for (n, outputs) in all.iter().zip(found) {
            assert_eq!(outputs, (n % 2 == 0).then(|| trace(Value::Integer(*n)).outputs));
        }
    }
}
