//! The journal of remote jobs: what was asked for, under which id it runs, how it ended. Every step is on the disk
//! before its call returns, because each may be the last before a crash.
//!
//! A key with an open job cannot get another intent, so nothing is bought twice by retrying. Keeping only ids would be
//! simpler, and lose the submission that was under way when the power failed.

use std::collections::BTreeSet;
use std::fmt;

use model::{Diagnostic, Digest};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension};
use serde::{Deserialize, Serialize};

use super::disk::{self, Durability};
use super::error::Fault;
use super::index::{is_whole, put_row, text};
use super::items::{self, LedgerEntry, LedgerFile};
use super::{Store, locked, reserve};
use crate::caps::Purpose;
use crate::money::Cost;

/// A job's number within its store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct JournalId(pub i64);

impl fmt::Display for JournalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// What is about to be bought.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JobIntent {
    /// What it is for. A reservation of the same key knows better, and is taken over.
    #[serde(flatten)]
    pub purpose: Purpose,
    pub provider: String,
    /// The request as it will be sent, without secrets.
    pub request: serde_json::Value,
    /// The model, as the graph knows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Millionths of a dollar; none where the price is unknown.
    pub estimate_microusd: Option<u64>,
}

/// How far a job has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobState {
    /// Being submitted by a living process.
    Intent,
    /// Running remotely under its id: ask for it, do not submit it again.
    Submitted,
    /// Its result is in the store; the cost is not settled yet.
    Fetched,
    /// Submitted or not, nobody knows: a person decides.
    Unknown,
    /// Over and paid.
    Settled,
    /// Over without a result.
    Failed,
}

impl JobState {
    fn name(self) -> &'static str {
        match self {
            JobState::Intent => "intent",
            JobState::Submitted => "submitted",
            JobState::Fetched => "fetched",
            JobState::Unknown => "unknown",
            JobState::Settled => "settled",
            JobState::Failed => "failed",
        }
    }

    fn is_open(self) -> bool {
        !matches!(self, JobState::Settled | JobState::Failed)
    }
}

/// A job and how far it has come.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JournalEntry {
    pub id: JournalId,
    pub key: Digest,
    pub state: JobState,
    pub intent: JobIntent,
    /// The provider's id, once it has given one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remote_id: Option<String>,
    /// What it did cost, once it is over.
    #[serde(default, rename = "cost_microusd", skip_serializing_if = "Option::is_none")]
    pub cost: Option<Cost>,
    /// Why it failed, or why its outcome is unknown.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}

impl Store {
    /// Writes down that a job is about to be submitted. Only then may it be.
    ///
    /// # Errors
    /// `job-open` where a job of the same key is under way or of unknown outcome; `result-exists` where the key was
    /// bought and its record and artifacts are there ([`Store::recover`] gives them).
    pub fn journal_intent(&self, key: &Digest, intent: &JobIntent) -> Result<JournalId, Diagnostic> {
        if self.whole_record(key).is_some() {
            return Err(Diagnostic::error(
                "result-exists",
                format!("the result for {} is in the store already", intent.purpose.item),
            )
            .hint("`throughline store rebuild GRAPH` brings it back into the index"));
        }
        let entry = self.write(Durability::Now, |tx| {
            if let Some(open) = open_of(tx, key)? {
                return Err(already_open(&open).into());
            }
            let mut intent = intent.clone();
            if let Some(purpose) = reserve::take_over(tx, key)? {
                intent.purpose = purpose;
            }
            // Jobs are never deleted, so the number after the highest was never used.
            let id = tx.query_row("SELECT coalesce(max(id), 0) + 1 FROM job", [], |row| row.get(0))?;
            let entry = JournalEntry {
                id: JournalId(id),
                key: *key,
                state: JobState::Intent,
                intent,
                remote_id: None,
                cost: None,
                note: String::new(),
            };
            restore(tx, &entry)?;
            Ok(entry)
        })?;
        locked(&self.own_jobs).insert(entry.id);
        if let Err(refused) = self.keep_job(&entry) {
            // The caller will not submit it, so it must not stand in the way of the next try.
            drop(self.journal_failed(entry.id, "it was not submitted: the journal could not be written", Cost::FREE));
            return Err(refused);
        }
        Ok(entry.id)
    }

    /// Writes down the provider's id of a submitted job.
    pub fn journal_submitted(&self, id: JournalId, remote_id: &str) -> Result<(), Diagnostic> {
        self.advance(id, None, |entry| {
            entry.state = JobState::Submitted;
            entry.remote_id = Some(remote_id.to_owned());
        })
    }

    /// Writes down that a job's result is in the store.
    pub fn journal_fetched(&self, id: JournalId) -> Result<(), Diagnostic> {
        self.advance(id, None, |entry| entry.state = JobState::Fetched)
    }

    /// Ends a job and enters its cost into the ledger, both or neither.
    pub fn journal_done(&self, id: JournalId, cost: Cost) -> Result<(), Diagnostic> {
        self.advance(id, Some(cost), |entry| entry.state = JobState::Settled)
    }

    /// Ends a job that gave nothing; what it cost, or may have cost, all the same is entered into the ledger. Also how a person settles
    /// a job of unknown outcome, after which its key can be tried again.
    pub fn journal_failed(&self, id: JournalId, reason: &str, cost: Cost) -> Result<(), Diagnostic> {
        self.advance(id, Some(cost), |entry| {
            entry.state = JobState::Failed;
            entry.note = reason.to_owned();
        })
    }

    /// Writes down that nobody knows whether a submission arrived.
    pub fn journal_unknown(&self, id: JournalId, reason: &str) -> Result<(), Diagnostic> {
        self.advance(id, None, |entry| {
            entry.state = JobState::Unknown;
            entry.note = reason.to_owned();
        })
    }

    /// Every job that is not over. An intent without an id reads as [`JobState::Unknown`] unless this store object
    /// wrote it or somebody alive holds the claim on its key.
    ///
    /// # Errors
    /// `store-damaged` where a row changed: a job left out could be bought again.
    pub fn open_jobs(&self) -> Result<Vec<JournalEntry>, Diagnostic> {
        let mut open = self.read(Vec::new(), |db| {
            let mut statement =
                db.prepare_cached("SELECT * FROM job WHERE state NOT IN ('settled', 'failed') ORDER BY id")?;
            let mut rows = statement.query([])?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                found.push(whole_job(row)?);
            }
            Ok(found)
        })?;
        open.iter_mut().for_each(|entry| self.judge(entry));
        Ok(open)
    }

    /// The keys of every job that is not over.
    pub fn open_keys(&self) -> Result<BTreeSet<Digest>, Diagnostic> {
        self.read(BTreeSet::new(), |db| {
            let mut statement = db.prepare_cached("SELECT key FROM job WHERE state NOT IN ('settled', 'failed')")?;
            let keys = statement.query_map([], |row| row.get::<_, [u8; 32]>(0).map(Digest))?;
            Ok(keys.collect::<Result<_, _>>()?)
        })
    }

    /// The job of a key that is not over, read as by [`Store::open_jobs`].
    ///
    /// # Errors
    /// As for [`Store::open_jobs`].
    pub fn open_job(&self, key: &Digest) -> Result<Option<JournalEntry>, Diagnostic> {
        let mut open = self.read(None, |db| open_of(db, key))?;
        open.iter_mut().for_each(|entry| self.judge(entry));
        Ok(open)
    }

    /// An intent whose writer is gone is of unknown outcome.
    fn judge(&self, entry: &mut JournalEntry) {
        let is_ours = locked(&self.own_jobs).contains(&entry.id);
        if entry.state == JobState::Intent && !is_ours && self.holder(&entry.key).is_none() {
            entry.state = JobState::Unknown;
            entry.note = "the program ended while it was being submitted".to_owned();
        }
    }

    /// One job, over or not.
    pub fn job(&self, id: JournalId) -> Result<Option<JournalEntry>, Diagnostic> {
        self.read(None, |db| job_of(db, id))
    }

    fn advance(
        &self,
        id: JournalId,
        cost: Option<Cost>,
        change: impl FnOnce(&mut JournalEntry),
    ) -> Result<(), Diagnostic> {
        let now = (self.clock)();
        let (entry, entered) = self.write(Durability::Now, |tx| {
            let mut entry = job_of(tx, id)?.ok_or_else(|| no_job(id))?;
            let was_open = entry.state.is_open();
            let before = entry.state;
            change(&mut entry);
            if !was_open && entry.state != before {
                let message = format!("job {id} is over ({}): it cannot become {}", before.name(), entry.state.name());
                return Err(Diagnostic::error("job-over", message).into());
            }
            entry.cost = cost.or(entry.cost);
            restore(tx, &entry)?;
            let at = reserve::tick(tx, now)?;
            let cost = cost.filter(|cost| *cost != Cost::FREE);
            Ok((entry.clone(), cost.map_or(Ok(None), |cost| items::enter(tx, &cost_of(&entry, cost, at)))?))
        })?;
        self.keep_job(&entry)?;
        entered.map_or(Ok(()), |file: LedgerFile| self.keep_ledger(&file))
    }

    fn keep_job(&self, entry: &JournalEntry) -> Result<(), Diagnostic> {
        let sealed = disk::sealed(entry).map_err(|refused| unrepresentable(&refused))?;
        let path = self.root.join("records").join("jobs").join(format!("{:08}.json", entry.id.0));
        self.write_file(&path, &[sealed.as_bytes()], Durability::Now)
    }
}

fn cost_of(entry: &JournalEntry, cost: Cost, at: u64) -> LedgerEntry {
    LedgerEntry {
        job: Some(entry.id),
        purpose: entry.intent.purpose.clone(),
        provider: entry.intent.provider.clone(),
        key: Some(entry.key),
        cost,
        estimate_microusd: entry.intent.estimate_microusd,
        at: Some(at.to_string()),
        model: entry.intent.model.clone(),
        note: entry.note.clone(),
    }
}

fn unrepresentable(refused: &serde_json::Error) -> Diagnostic {
    Diagnostic::error("store-unrepresentable", format!("BUG: a job cannot be stored: {refused}"))
}

fn no_job(id: JournalId) -> Diagnostic {
    Diagnostic::error("job-missing", format!("the journal has no job {id}"))
}

fn already_open(open: &JournalEntry) -> Diagnostic {
    let (item, provider) = (&open.intent.purpose.item, &open.intent.provider);
    let message = format!("job {} for {item} at {provider} is still open ({})", open.id, open.state.name());
    let told = Diagnostic::error("job-open", message);
    match &open.remote_id {
        Some(_) => told.hint("it is waited for, not submitted again"),
        None => told.hint("whether it was submitted is not known: look at the provider's list of jobs, then settle it"),
    }
}

/// Writes a job's row.
pub(super) fn restore(db: &Connection, entry: &JournalEntry) -> Result<(), Fault> {
    let record = serde_json::to_string(entry).map_err(|refused| unrepresentable(&refused))?;
    let columns =
        [ValueRef::Integer(entry.id.0), ValueRef::Blob(&entry.key.0), text(entry.state.name()), text(&record)];
    put_row(db, "job", &columns)
}

fn whole_job(row: &rusqlite::Row<'_>) -> Result<JournalEntry, Fault> {
    let entry = serde_json::from_str(row.get_ref(3)?.as_str().unwrap_or_default());
    match (is_whole("job", row)?, entry) {
        (true, Ok(entry)) => Ok(entry),
        _ => Err(super::error::damaged("an entry of the journal of remote jobs changed".to_owned()).into()),
    }
}

fn job_of(db: &Connection, id: JournalId) -> Result<Option<JournalEntry>, Fault> {
    let mut statement = db.prepare_cached("SELECT * FROM job WHERE id = ?1")?;
    statement.query_row([id.0], |row| Ok(whole_job(row))).optional()?.transpose()
}

fn open_of(db: &Connection, key: &Digest) -> Result<Option<JournalEntry>, Fault> {
    let mut statement = db.prepare_cached("SELECT * FROM job WHERE key = ?1 AND state NOT IN ('settled', 'failed')")?;
    statement.query_row([&key.0[..]], |row| Ok(whole_job(row))).optional()?.transpose()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::money::Total;
    use crate::store::Claim;

    pub(in crate::store) fn intent() -> JobIntent {
        JobIntent {
            purpose: Purpose { item: "generate/s1".to_owned(), ..Purpose::default() },
            provider: "fal".to_owned(),
            request: serde_json::json!({ "prompt": "a lamp", "seed": 7, "guidance": 3.5 }),
            model: Some("fal/wan".to_owned()),
            estimate_microusd: Some(300_000),
        }
    }

    fn store() -> (tempfile::TempDir, Store) {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(&folder.path().join("s")).expect("it opens");
        (folder, store)
    }

    #[test]
    fn a_job_goes_its_way_and_is_paid_once() {
        let (_folder, store) = store();
        let key = Digest::of(b"k");
        let id = store.journal_intent(&key, &intent()).expect("written");
        assert_eq!(store.journal_intent(&key, &intent()).expect_err("refused").code, "job-open");
        let open = store.open_jobs().expect("listed");
        assert_eq!((open.len(), open[0].state, &open[0].intent), (1, JobState::Intent, &intent()));
        assert_eq!(store.open_job(&key), Ok(open.first().cloned()));
        assert_eq!(store.open_job(&Digest::of(b"other")), Ok(None));
        store.journal_submitted(id, "req-9").expect("written");
        assert_eq!(store.open_jobs().expect("listed")[0].remote_id.as_deref(), Some("req-9"));
        store.journal_fetched(id).expect("written");
        assert_eq!(store.open_jobs().expect("listed")[0].state, JobState::Fetched);
        for _ in 0..2 {
            store.journal_done(id, Cost::Exact(310_000)).expect("settled, and settling again changes nothing");
        }
        assert_eq!(store.open_jobs(), Ok(Vec::new()));
        assert_eq!(store.ledger_total(), Ok(Total::of(310_000)));
        assert_eq!(store.journal_failed(id, "late", Cost::FREE).expect_err("refused").code, "job-over");
        assert_eq!(store.journal_submitted(JournalId(99), "x").expect_err("refused").code, "job-missing");
        assert!(store.journal_intent(&key, &intent()).is_ok_and(|next| id < next));
    }

    #[test]
    fn an_intent_whose_process_is_gone_is_of_unknown_outcome() {
        let (_folder, store) = store();
        let key = Digest::of(b"k");
        let id = store.journal_intent(&key, &intent()).expect("written");
        let later = Store::open(store.root()).expect("another process");
        {
            let Claim::Ours(_guard) = store.claim(&key).expect("claimed") else { panic!("nobody else is here") };
            assert_eq!(later.open_jobs().expect("listed")[0].state, JobState::Intent, "its submitter lives");
        }
        assert_eq!(later.open_jobs().expect("listed")[0].state, JobState::Unknown);
        assert_eq!(later.open_job(&key).expect("read").map(|job| job.state), Some(JobState::Unknown));
        assert_eq!(later.journal_intent(&key, &intent()).expect_err("refused").code, "job-open");
        later.journal_failed(id, "a person looked: it never arrived", Cost::FREE).expect("settled");
        assert!(later.journal_intent(&key, &intent()).is_ok());
    }

    #[test]
    fn what_the_records_know_is_not_bought_again() {
        use crate::store::Trace;
        use crate::store::traces::tests::trace;
        let (_folder, store) = store();
        let key = Digest::of(b"k");
        let paid = Trace { cost: Cost::Exact(5), ..trace(model::Value::Integer(1)) };
        store.put(&key, &paid).expect("stored");
        store.write(Durability::Now, |tx| Ok(tx.execute_batch("DELETE FROM trace")?)).expect("the row is lost");
        assert_eq!(store.get(&key), Ok(None));
        assert_eq!(store.journal_intent(&key, &intent()).expect_err("refused").code, "result-exists");
        assert_eq!(store.recover(&key), Ok(Some(paid.clone())));
        assert_eq!(store.get(&key), Ok(Some(paid.outputs)));
    }

    #[test]
    fn a_damaged_journal_says_so() {
        let (_folder, store) = store();
        let id = store.journal_intent(&Digest::of(b"k"), &intent()).expect("written");
        let damage = "UPDATE job SET record = replace(record, 'fal', 'fel')";
        store.write(Durability::Now, |tx| Ok(tx.execute_batch(damage)?)).expect("damaged");
        assert_eq!(store.open_jobs().expect_err("refused").code, "store-damaged");
        assert_eq!(store.job(id).expect_err("refused").code, "store-damaged");
    }
}
