//! Settling a remote job by hand: what a person found in the provider's own list of jobs.
//!
//! Knows the journal, no windows; what a name at a provider looks like its manifest says. Guessing from time passed was weighed: a guess buys twice.

use engine::money::{Cost, dollars};
use engine::store::{JournalId, Store};
use model::Diagnostic;
use providers::Catalog;

/// What became of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The provider has it under this name.
    Runs(String),
    /// It never arrived.
    Nothing,
    /// It gave nothing, and was billed: micro-dollars.
    Billed(u64),
}

impl Outcome {
    /// One word.
    pub fn name(&self) -> &'static str {
        match self {
            Outcome::Runs(_) => "runs",
            Outcome::Nothing => "nothing",
            Outcome::Billed(_) => "billed",
        }
    }
}

/// Writes down what became of a job, and says what follows from it.
///
/// # Errors
/// `job-missing` and `job-over` where there is nothing to settle, `job-busy` while a process is at it, `remote-id` where
/// its provider cannot be asked about such a name.
pub fn settle(store: &Store, catalog: &Catalog, id: JournalId, outcome: &Outcome) -> Result<String, Diagnostic> {
    let Some(job) = store.open_jobs()?.into_iter().find(|job| job.id == id) else {
        return Err(match store.job(id)? {
            Some(_) => Diagnostic::error("job-over", format!("job {id} is over: there is nothing to settle")),
            None => Diagnostic::error("job-missing", format!("the journal has no job {id}")),
        }
        .hint("`throughline jobs list GRAPH` shows those that are not over"));
    };
    if let Some(holder) = store.holder(&job.key) {
        let message = format!("process {} is at work on job {id}", holder.pid);
        return Err(Diagnostic::error("job-busy", message).hint("stop it first, or let it finish"));
    }
    let item = &job.intent.purpose.item;
    match outcome {
        Outcome::Runs(remote) if remote.trim().is_empty() => {
            Err(Diagnostic::error("remote-id", "a job's name at its provider is not empty"))
        }
        Outcome::Runs(remote) => {
            providers::judge_name(catalog, &job, remote.trim())?;
            store.journal_submitted(id, remote.trim())?;
            Ok(format!("job {id} runs as {}: the next run of {item} waits for it", remote.trim()))
        }
        Outcome::Nothing => {
            store.journal_failed(id, "a person found that it never arrived", Cost::FREE)?;
            Ok(format!("job {id} never arrived: the next run of {item} may submit it again"))
        }
        Outcome::Billed(microusd) => {
            store.journal_failed(id, "a person found that it was billed and gave nothing", Cost::Exact(*microusd))?;
            Ok(format!("job {id} cost {}: the next run of {item} may buy it again", dollars(*microusd)))
        }
    }
}

#[cfg(test)]
mod tests {
    use engine::caps::Purpose;
    use engine::money::Total;
    use engine::store::{Claim, JobIntent, JobState};
    use model::Digest;

    use super::*;

    #[test]
    fn a_job_of_unknown_outcome_is_settled_in_each_way() {
        let folder = tempfile::tempdir().unwrap();
        let key = Digest::of(b"k");
        let submit = |key: &Digest, provider: &str| {
            // Another process writes the intent and is gone.
            let intent = JobIntent {
                purpose: Purpose { item: "v/s1".to_owned(), ..Purpose::default() },
                provider: provider.to_owned(),
                model: None,
                request: serde_json::Value::Null,
                estimate_microusd: Some(5),
            };
            Store::open(folder.path()).unwrap().journal_intent(key, &intent).unwrap()
        };
        let (runway, id) = (submit(&Digest::of(b"other"), "runway"), submit(&key, "films"));
        let store = Store::open(folder.path()).unwrap();
        assert_eq!(store.open_jobs().unwrap()[0].state, JobState::Unknown);
        let refused = |id, outcome: &Outcome| settle(&store, &Catalog::default(), id, outcome).unwrap_err().code;
        assert_eq!(refused(JournalId(9), &Outcome::Nothing), "job-missing");
        {
            let Claim::Ours(_guard) = store.claim(&key).unwrap() else { panic!("nobody else is here") };
            assert_eq!(refused(id, &Outcome::Nothing), "job-busy");
        }
        assert_eq!(refused(id, &Outcome::Runs(" ".to_owned())), "remote-id");
        let told = settle(&store, &Catalog::built_in(), runway, &Outcome::Runs("https://a.example/7".to_owned()));
        assert_eq!(told.unwrap_err().code, "remote-id", "its provider names jobs in another way");
        settle(&store, &Catalog::default(), id, &Outcome::Runs(" job-7\n".to_owned())).unwrap();
        let job = store.open_jobs().unwrap().remove(1);
        assert_eq!((job.state, job.remote_id.as_deref()), (JobState::Submitted, Some("job-7")));
        settle(&store, &Catalog::default(), id, &Outcome::Nothing).unwrap();
        settle(&store, &Catalog::default(), runway, &Outcome::Nothing).unwrap();
        assert_eq!((store.open_jobs().unwrap().len(), store.ledger_total().unwrap()), (0, Total::default()));
        assert_eq!(refused(id, &Outcome::Nothing), "job-over");
        let id = submit(&key, "films");
        settle(&store, &Catalog::default(), id, &Outcome::Billed(7)).unwrap();
        assert_eq!((store.open_jobs().unwrap().len(), store.ledger_total().unwrap()), (0, Total::of(7)));
    }
}
