//! Remote jobs: bought once, waited for, fetched, paid, across crashes.
//!
//! Knows a store and a provider, neither HTTP nor prices. Every step is in the journal before the next one is taken.
//! Submitting again under the same idempotency key was weighed: providers forget such keys, and bill the second job.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use model::{Diagnostic, Outputs, Work};
use serde_json::Value;

use crate::caps::Purpose;
use crate::money::Cost;
use crate::store::{JobIntent, JournalId, Store, Trace};
use crate::worker::{Job, JobCx, JobError, Worker};

/// A provider's name for a job.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RemoteId(pub String);

impl fmt::Display for RemoteId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a submission gave no id.
#[derive(Clone, Debug, PartialEq)]
pub enum StartError {
    /// Certainly nothing was submitted: refused, or never sent.
    Refused(Box<Diagnostic>),
    /// It arrived and gives nothing, and may cost all the same.
    Failed { reason: Box<Diagnostic>, cost: Cost },
    /// It may have arrived: the answer was lost, or could not be read.
    Unknown(Box<Diagnostic>),
}

/// How a remote job stands.
#[derive(Clone, Debug, PartialEq)]
pub enum Progress {
    /// Ask again after `again`. `done` goes from 0 to 1.
    Running { done: f32, again: Duration },
    /// Its outputs can be fetched.
    Finished { cost: Cost },
    /// It gives nothing, and may cost all the same.
    Failed { reason: Box<Diagnostic>, cost: Cost },
}

/// The answer to a request to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// It stopped; what it cost until then.
    Yes { cost: Cost },
    /// It goes on, or is done already.
    TooLate,
}

/// Where a submission is whose answer nobody heard.
#[derive(Clone, Debug, PartialEq)]
pub enum Sought {
    /// It arrived, under this name.
    Found(RemoteId),
    /// It certainly did not arrive, or submitting it again costs nothing: it may be submitted.
    Absent,
    /// Nobody can tell.
    Unknown,
}

/// What a model provider can do. Each call returns within the provider's own time limit.
pub trait Provider: Send + Sync {
    /// As the journal and the ledger write it.
    fn name(&self) -> &str;

    /// The version of a model, as keys contain it.
    fn version(&self, model: &str) -> u32;

    /// The request for a job, without secrets, and its price in micro-dollars; none where nobody knows it.
    ///
    /// # Errors
    /// A diagnostic where the job asks for what the provider cannot do.
    fn request(&self, job: &Job) -> Result<(Value, Option<u64>), Diagnostic>;

    /// Submits a request. A provider that can is told `idempotency`, which no other submission has.
    fn start(&self, request: &Value, idempotency: &str) -> Result<RemoteId, StartError>;

    /// Looks for the submission that went out with `idempotency`, whose answer was lost. A provider that names jobs
    /// itself cannot tell, which is the default.
    ///
    /// # Errors
    /// A diagnostic where the provider cannot be asked now.
    fn find(&self, _request: &Value, _idempotency: &str) -> Result<Sought, Diagnostic> {
        Ok(Sought::Unknown)
    }

    /// Asks how a job stands.
    fn poll(&self, id: &RemoteId) -> Result<Progress, Diagnostic>;

    /// Brings the outputs of a finished job into the store. May be called again after a failure.
    fn fetch(&self, id: &RemoteId, job: &Job, cx: &JobCx<'_>) -> Result<Outputs, JobError>;

    /// Asks a job to stop.
    fn cancel(&self, id: &RemoteId) -> Result<Stopped, Diagnostic>;
}

/// Polls in a row that may go unanswered.
const PATIENCE: u32 = 5;
/// Bounds on the provider's interval.
const SHORTEST: Duration = Duration::from_millis(10);
const LONGEST: Duration = Duration::from_secs(60);
/// What progress means: waiting, then fetching, then writing it down.
const WAITED: f32 = 0.95;
const KEPT: f32 = 0.99;

/// A worker that buys from a provider. Its lane holds the claim on a job's key while it runs.
pub struct Remote<P> {
    provider: P,
    store: Arc<Store>,
    /// How long one run waits for a job; the next run goes on waiting.
    limit: Duration,
}

impl<P: Provider> Remote<P> {
    /// A worker over a store. Jobs whose results a crash left unpaid in the books are entered now.
    ///
    /// # Errors
    /// The store's diagnostic where the journal cannot be read or written.
    pub fn open(provider: P, store: Arc<Store>, limit: Duration) -> Result<Remote<P>, Diagnostic> {
        let remote = Remote { provider, store, limit };
        for entry in remote.store.open_jobs()? {
            if entry.intent.provider == remote.provider.name()
                && let Some(trace) = remote.store.recover(&entry.key)?
            {
                remote.store.journal_done(entry.id, trace.cost)?;
            }
        }
        Ok(remote)
    }

    /// Writes the intent down, then submits.
    fn buy(&self, job: &Job) -> Result<(JournalId, RemoteId), JobError> {
        let (request, estimate_microusd) = self.provider.request(job)?;
        let provider = self.provider.name().to_owned();
        let purpose = Purpose { item: title(job), ..Purpose::default() };
        let intent = JobIntent { purpose, provider, model: job.model.clone(), request, estimate_microusd };
        let id = self.store.journal_intent(&job.key, &intent)?;
        match self.provider.start(&intent.request, &idempotency(job, id)) {
            Ok(remote) => {
                self.store.journal_submitted(id, &remote.0)?;
                Ok((id, remote))
            }
            Err(StartError::Refused(reason)) => {
                self.store.journal_failed(id, &reason.message, Cost::FREE)?;
                Err(JobError::Failed(reason))
            }
            Err(StartError::Failed { reason, cost }) => {
                self.store.journal_failed(id, &reason.message, cost)?;
                Err(JobError::Failed(reason))
            }
            Err(StartError::Unknown(reason)) => {
                self.store.journal_unknown(id, &reason.message)?;
                Err(self.unknown(id, &intent, &reason.message).into())
            }
        }
    }

    /// An outcome that nobody knows: said, asked about, never bought again.
    fn unknown(&self, id: JournalId, intent: &JobIntent, why: &str) -> Diagnostic {
        let (item, provider) = (&intent.purpose.item, self.provider.name());
        let message = format!("nobody knows whether {provider} received job {id} for {item}: {why}");
        Diagnostic::error("outcome-unknown", message)
            .hint(format!("look for it in {provider}'s list of jobs: it may have been made, and cost money"))
            .hint(format!("then say what you found with `throughline jobs settle GRAPH {id}`, or here in the editor; until then it is not submitted again"))
    }

    /// Waits until the job is over. What it cost, where it has outputs.
    fn wait(&self, id: JournalId, remote: &RemoteId, cx: &JobCx<'_>) -> Result<Cost, JobError> {
        let started = Instant::now();
        let mut unanswered = 0;
        let mut again = SHORTEST;
        loop {
            match self.provider.poll(remote) {
                Ok(Progress::Finished { cost }) => return Ok(cost),
                Ok(Progress::Failed { reason, cost }) => {
                    self.store.journal_failed(id, &reason.message, cost)?;
                    return Err(JobError::Failed(reason));
                }
                Ok(Progress::Running { done, again: interval }) => {
                    unanswered = 0;
                    again = interval.clamp(SHORTEST, LONGEST);
                    (cx.progress)(done.clamp(0.0, 1.0) * WAITED);
                }
                Err(reason) => {
                    unanswered += 1;
                    if PATIENCE <= unanswered {
                        return Err(reason.hint(self.goes_on(id)).into());
                    }
                    again = (again * 2).min(LONGEST);
                }
            }
            if self.limit <= started.elapsed() {
                let message = format!("{} is still at work on job {id} ({remote})", self.provider.name());
                return Err(Diagnostic::error("remote-slow", message).hint(self.goes_on(id)).into());
            }
            self.pause(again, id, remote, cx)?;
        }
    }

    fn goes_on(&self, id: JournalId) -> String {
        format!("run again to go on waiting: job {id} is in the journal and is not submitted again")
    }

    /// Lets time pass, unless the job is cancelled.
    fn pause(&self, length: Duration, id: JournalId, remote: &RemoteId, cx: &JobCx<'_>) -> Result<(), JobError> {
        if cx.cancel.rest(length) {
            return Ok(());
        }
        // Where it cannot be stopped it stays in the journal: the next run fetches what was paid for.
        if let Ok(Stopped::Yes { cost }) = self.provider.cancel(remote) {
            let maybe = matches!(cost, Cost::AtMost(_) | Cost::Unknown);
            let note = if maybe { "cancelled; it may still be billed" } else { "cancelled" };
            self.store.journal_failed(id, note, cost)?;
        }
        Err(JobError::Cancelled)
    }

    /// Fetches, writes the result down, then the bill.
    fn finish(&self, id: JournalId, remote: &RemoteId, job: &Job, cx: &JobCx<'_>) -> Result<Outputs, JobError> {
        let started = Instant::now();
        let cost = self.wait(id, remote, cx)?;
        let outputs = self.provider.fetch(remote, job, cx)?;
        let trace = Trace {
            outputs,
            work: job.work.clone(),
            model: job.model.as_ref().map(|model| format!("{model} {}", self.provider.version(model))),
            cost,
            seconds: started.elapsed().as_secs_f64(),
            made_at: Some(crate::store::now()),
            parts: Vec::new(),
        };
        self.store.put_durably(&job.key, &trace)?;
        (cx.progress)(KEPT);
        self.store.journal_fetched(id)?;
        (cx.progress)(1.0);
        self.store.journal_done(id, cost)?;
        Ok(trace.outputs)
    }
}

impl<P: Provider> Worker for Remote<P> {
    fn run(&self, job: &Job, cx: &JobCx<'_>) -> Result<Outputs, JobError> {
        let open = self.store.open_job(&job.key)?;
        if let Some(trace) = self.store.recover(&job.key)? {
            if let Some(entry) = open {
                self.store.journal_done(entry.id, trace.cost)?;
            }
            return Ok(trace.outputs);
        }
        let Some(entry) = open else {
            cx.cancel.check()?;
            let (id, remote) = self.buy(job)?;
            return self.finish(id, &remote, job, cx);
        };
        if entry.intent.provider != self.provider.name() {
            let message =
                format!("job {} for {} is open at {}", entry.id, entry.intent.purpose.item, entry.intent.provider);
            return Err(Diagnostic::error("job-open", message)
                .hint("let that provider finish it, or settle it")
                .into());
        }
        match &entry.remote_id {
            Some(remote) => self.finish(entry.id, &RemoteId(remote.clone()), job, cx),
            // The claim is ours, so whoever wrote this intent is no longer at it.
            None => match self.provider.find(&entry.intent.request, &idempotency(job, entry.id))? {
                Sought::Found(remote) => {
                    self.store.journal_submitted(entry.id, &remote.0)?;
                    self.finish(entry.id, &remote, job, cx)
                }
                Sought::Absent => {
                    self.store.journal_failed(entry.id, "it never arrived", Cost::FREE)?;
                    cx.cancel.check()?;
                    let (id, remote) = self.buy(job)?;
                    self.finish(id, &remote, job, cx)
                }
                Sought::Unknown => {
                    let why =
                        if entry.note.is_empty() { "the program ended while it was submitted" } else { &entry.note };
                    self.store.journal_unknown(entry.id, why)?;
                    Err(self.unknown(entry.id, &entry.intent, why).into())
                }
            },
        }
    }
}

/// What no other submission has.
fn idempotency(job: &Job, id: JournalId) -> String {
    format!("{}-{id}", job.key)
}

/// What people call a job: scene and shot where it has a slate.
fn title(job: &Job) -> String {
    let short = job.key.short();
    match &job.work {
        Work::Call(call) => match &call.slate {
            Some(slate) => format!("scene {} shot {} take {} ({short})", slate.scene, slate.shot, call.take),
            None => format!("take {} of a {:?} ({short})", call.take, call.task).to_lowercase(),
        },
        work => format!("{} {short}", work.kind()),
    }
}
