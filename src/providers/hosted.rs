//! One provider behind the engine's [`Provider`]: submit, ask, fetch and stop, as its manifest says.
//!
//! The engine's journal calls this step by step; whatever must survive a crash is in the handle that it returns, or in
//! the spool before that. It decides what may be sent again: only what certainly did not arrive.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use engine::codec::Codec;
use engine::money::Cost;
use engine::remote::{Progress, Provider, RemoteId, StartError, Stopped};
use engine::store::Store;
use engine::worker::{Cancel, Job, JobCx, JobError, Worker};
use model::{Call, Diagnostic, Outputs, Work};
use serde_json::{Value, json};

use crate::answer::{Handle, Reader, cost, token_cost};
use crate::error::ProviderError;
use crate::gate::Gates;
use crate::google;
use crate::http::{Fault, Http, Message, Pass, Payload, Reply};
use crate::keys::Keys;
use crate::manifest::{Billed, Body, Entry, ErrorClass, Exchange, Manifest, Operation, Phase, Pick, ServerErrors};
use crate::named;
use crate::pass::pass;
use crate::reach::Reach;
use crate::request::{self, Request, Sources, Studio};
use crate::spool;
use crate::template::{self, Values};

/// Most bytes of an answer, and of one that holds a picture.
pub(crate) const MOST_ANSWER: u64 = 8 << 20;
const MOST_PICTURE: u64 = 128 << 20;

/// What a provider's lane and its provider share.
#[derive(Default)]
pub(crate) struct Desk {
    pub(crate) gates: Gates,
    /// Running jobs by key, so that a submission that waits for its turn can be given up.
    pub(crate) cancels: Mutex<BTreeMap<String, Cancel>>,
    /// What a job's last answer said, from the moment that it is done until its result is brought: to ask again at
    /// once would be sooner than the provider wants to be asked.
    pub(crate) last: Mutex<BTreeMap<RemoteId, Value>>,
}

impl Desk {
    /// The flag of the job that a submission is for.
    pub(crate) fn cancel_of(&self, idempotency: &str) -> Cancel {
        let key = idempotency.split('-').next().unwrap_or_default();
        self.cancels.lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned().unwrap_or_default()
    }
}

/// See the module.
pub(crate) struct Hosted {
    pub(crate) manifest: Arc<Manifest>,
    pub(crate) reach: Reach,
    pub(crate) http: Arc<Http>,
    pub(crate) keys: Keys,
    pub(crate) store: Arc<Store>,
    pub(crate) codec: Arc<dyn Codec>,
    /// Takes downloaded files into the store, knowing what is in them.
    pub(crate) importer: Arc<dyn Worker>,
    pub(crate) desk: Arc<Desk>,
}

impl Hosted {
    pub(crate) fn entry(&self, model: &str) -> Option<&Entry> {
        self.manifest.models.iter().find(|entry| entry.name == model || entry.id == model)
    }

    pub(crate) fn operation(&self, handle: &Handle) -> Result<&Operation, Diagnostic> {
        self.manifest.operations.get(&handle.operation).ok_or_else(|| {
            let message =
                format!("{}'s manifest has no operation `{}` any more", self.manifest.title, handle.operation);
            Diagnostic::error("manifest", message).hint("bring the manifest back under which the job was submitted")
        })
    }

    /// The job that the journal names. A person may have entered the provider's own name of it.
    pub(crate) fn handle(&self, id: &RemoteId) -> Result<Handle, Diagnostic> {
        if let Ok(handle) = serde_json::from_str::<Handle>(&id.0) {
            return Ok(handle);
        }
        let told = || Diagnostic::error("remote-id", format!("`{id}` is no job of {}", self.manifest.title));
        // What was asked for stands in the intent.
        let entries = self.store.open_jobs()?;
        let entry = entries.into_iter().find(|entry| entry.remote_id.as_ref() == Some(&id.0)).ok_or_else(told)?;
        named::handle_of(&self.manifest, &entry, &id.0)
    }

    pub(crate) fn pass(&self) -> Result<Option<Pass>, ProviderError> {
        pass(&self.manifest, &self.keys, &self.http)
    }

    /// What templates know of the account that lets us in.
    fn account(&self) -> Values {
        google::account_of(&self.manifest, &self.keys)
    }

    pub(crate) fn reader<'a>(&'a self, pass: &'a Option<Pass>) -> Reader<'a> {
        Reader { manifest: &self.manifest, secret: pass.as_ref().map(|pass| &pass.secret) }
    }

    /// The message of an exchange about a job that runs.
    pub(crate) fn about(&self, exchange: &Exchange, handle: &Handle) -> Result<Message, Diagnostic> {
        let mut values = Values::from([("id".to_owned(), json!(handle.id)), ("model".to_owned(), json!(handle.model))]);
        values.extend(self.account());
        values.extend(handle.urls.iter().map(|(name, url)| (format!("urls.{name}"), json!(url))));
        let (target, body) = request::render(&self.manifest, exchange, &values).map_err(|why| unsayable(&why))?;
        let payload = self.payload(exchange, &body, &Cancel::default())?;
        let headers = self.headers(exchange, &values)?;
        let within = self.http.timing.answer;
        let most = most_of(self.operation(handle)?);
        Ok(Message { method: exchange.method, target, headers, payload, within, most })
    }

    fn payload(&self, exchange: &Exchange, body: &Value, cancel: &Cancel) -> Result<Payload, Diagnostic> {
        let upload = |media: &Value| self.upload(media, cancel);
        let above = self.manifest.upload.as_ref().and_then(|upload| upload.above);
        request::payload(&exchange.body, body, &Sources { artifacts: &*self.store, above, upload: &upload })
    }

    pub(crate) fn headers(&self, exchange: &Exchange, values: &Values) -> Result<Vec<(String, String)>, Diagnostic> {
        let mut headers: Vec<_> = self.manifest.headers.iter().map(|(k, v)| (k.clone(), v.clone())).collect();
        for (name, text) in &exchange.headers {
            let value =
                template::fill_line(text, values, &self.manifest.tables, false).map_err(|why| unsayable(&why))?;
            headers.extend(value.map(|value| (name.clone(), value)));
        }
        Ok(headers)
    }

    /// Asks about a job and reads the answer's JSON, trying again what may be.
    pub(crate) fn ask(&self, exchange: &Exchange, handle: &Handle, cancel: &Cancel) -> Result<Value, JobError> {
        self.exchange(&self.about(exchange, handle)?, cancel)
    }

    fn exchange(&self, message: &Message, cancel: &Cancel) -> Result<Value, JobError> {
        let reply = self.answer(message, Errand::Ask, cancel)?;
        let pass = self.pass().map_err(Diagnostic::from)?;
        Ok(self.reader(&pass).json(&reply).map_err(Diagnostic::from)?)
    }

    /// Sends what may be sent again until it is answered.
    pub(crate) fn answer(&self, message: &Message, errand: Errand, cancel: &Cancel) -> Result<Reply, JobError> {
        let pass = self.pass().map_err(Diagnostic::from)?;
        let reader = self.reader(&pass);
        let mut n = 1;
        loop {
            let sent = match errand {
                Errand::Ask => self.http.send(message, &self.reach, pass.as_ref()),
                Errand::Bring => self.http.send_signed(message, &self.reach),
            };
            let error = match sent {
                Ok(reply) => match reader.status(&reply) {
                    Ok(()) => return Ok(reply),
                    Err(error) => error,
                },
                Err(Fault::Forbidden(said)) => reader.error(ErrorClass::BadReply, &said),
                Err(fault) => reader.error(ErrorClass::Network, fault.said()),
            };
            if !self.may_repeat(&error, n) {
                return Err(Diagnostic::from(error).into());
            }
            if !cancel.rest(self.http.pause(n, error.retry_after)) {
                return Err(JobError::Cancelled);
            }
            n += 1;
        }
    }

    fn may_repeat(&self, error: &ProviderError, n: u32) -> bool {
        matches!(error.class, ErrorClass::Network | ErrorClass::RateLimited)
            && n < self.http.timing.tries
            && error.retry_after.is_none_or(|asked| asked <= self.http.timing.patience)
    }

    /// Sends a submission until it certainly arrived, was certainly refused, or nobody knows.
    fn submit(&self, message: &Message, entry: &Entry, operation: &Operation, cancel: &Cancel) -> Sent {
        let pass = match self.pass() {
            Ok(pass) => pass,
            Err(error) => return Sent::Refused(error.into()),
        };
        let reader = self.reader(&pass);
        let mut n = 1;
        loop {
            let gates = &self.desk.gates;
            let has_turn = gates.wait("", self.manifest.rate, cancel) && gates.wait(&entry.id, entry.rate, cancel);
            if !has_turn || cancel.is_cancelled() {
                return Sent::Refused(Diagnostic::error("cancelled", "cancelled before it was submitted"));
            }
            let sent = match &operation.events {
                Some(events) => self.http.send_for_events(message, &self.reach, pass.as_ref(), events),
                None => self.http.send(message, &self.reach, pass.as_ref()),
            };
            let error = match sent {
                Ok(reply) => match reader.status(&reply) {
                    Ok(()) => return Sent::Accepted(reply),
                    Err(error) => {
                        // An answer that asks to come back later says that nothing was begun.
                        let later = reply.status == 503 && error.retry_after.is_some();
                        let known = later || operation.server_errors == ServerErrors::Refused && reply.status != 408;
                        if error.class == ErrorClass::Network && !known {
                            return Sent::Unknown(error.into());
                        }
                        error
                    }
                },
                Err(Fault::Unsent(said)) => reader.error(ErrorClass::Network, &said),
                Err(Fault::Forbidden(said)) => return Sent::Refused(reader.error(ErrorClass::BadReply, &said).into()),
                Err(Fault::Lost(said)) => return Sent::Unknown(reader.error(ErrorClass::Network, &said).into()),
            };
            if !self.may_repeat(&error, n) {
                return Sent::Refused(error.into());
            }
            if !cancel.rest(self.http.pause(n, error.retry_after)) {
                return Sent::Refused(Diagnostic::error("cancelled", "cancelled before it was submitted"));
            }
            n += 1;
        }
    }

    /// Reads the answer to a submission that was accepted.
    fn taken(&self, reply: &Reply, request: &Request, operation: &Operation, name: &str) -> Result<Handle, StartError> {
        let unknown = |told: Diagnostic| StartError::Unknown(Box::new(told));
        let pass = self.pass().ok().flatten();
        let reader = self.reader(&pass);
        let is_file = matches!(operation.result.as_slice(), [Pick::Body]);
        let mut handle = Handle::default();
        let mut said = None;
        if operation.poll.is_some() || !is_file {
            let json = reader.json(reply).map_err(|error| unknown(error.into()))?;
            let by_tokens = || token_cost(&operation.tokens, self.entry(&request.model)?, &json);
            said = cost(&operation.cost, &json).or_else(by_tokens);
            reader.tests(operation, &json).map_err(|error| {
                let reason = Box::new(Diagnostic::from(error));
                // Where the answer names a job it refuses to begin one; where it is the result, there was work.
                match (operation.poll.is_some(), said) {
                    (true, _) => StartError::Refused(reason),
                    (false, Some(said)) => StartError::Failed { reason, cost: Cost::Exact(said) },
                    (false, None) => StartError::Failed { reason, cost: Cost::at_most(request.estimate_microusd) },
                }
            })?;
            if operation.poll.is_some() {
                handle = reader.accepted(operation, &json).map_err(|error| unknown(error.into()))?;
            }
        }
        if operation.poll.is_none() {
            spool::keep(&self.spool(), name, &reply.body).map_err(unknown)?;
            handle.spool = Some(name.to_owned());
        }
        handle.model.clone_from(&request.model);
        handle.operation.clone_from(&request.operation);
        handle.microusd = said.or(request.estimate_microusd);
        handle.said = said.is_some();
        Ok(handle)
    }

    pub(crate) fn spool(&self) -> PathBuf {
        self.store.root().join("spool")
    }

    fn call<'a>(&self, job: &'a Job) -> Result<(&Entry, &'a Call), Diagnostic> {
        let Work::Call(call) = &job.work else {
            return Err(Diagnostic::error("provider-task", format!("a provider cannot do `{}` work", job.work.kind())));
        };
        let model = job.model.as_deref().unwrap_or_default();
        let entry = self.entry(model).ok_or_else(|| {
            Diagnostic::error("unknown-model", format!("{} has no model `{model}`", self.manifest.title))
                .at_field("model")
                .hint("`throughline models` lists them")
        })?;
        Ok((entry, call))
    }
}

/// What a message is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Errand {
    /// The provider is asked, with credentials.
    Ask,
    /// A file is brought to where a signed URL says, without.
    Bring,
}

/// How large an operation's answers may be.
fn most_of(operation: &Operation) -> u64 {
    let is_inside = |pick: &Pick| matches!(pick, Pick::Base64(_) | Pick::Body);
    if operation.result.iter().any(is_inside) { MOST_PICTURE } else { MOST_ANSWER }
}

/// How a submission ended.
enum Sent {
    Accepted(Reply),
    Refused(Diagnostic),
    Unknown(Diagnostic),
}

pub(crate) fn unsayable(why: &str) -> Diagnostic {
    Diagnostic::error("manifest", format!("the manifest asks for what is not there: {why}"))
}

impl Provider for Hosted {
    fn name(&self) -> &str {
        &self.manifest.provider
    }

    fn version(&self, model: &str) -> u32 {
        self.entry(model).map_or(1, |entry| entry.version)
    }

    fn request(&self, job: &Job) -> Result<(Value, Option<u64>), Diagnostic> {
        let (entry, call) = self.call(job)?;
        let ask = entry.ask(call)?;
        // Found out before the intent is written: a job without a key is not of unknown outcome.
        self.pass().map_err(Diagnostic::from)?;
        let account = self.account();
        let studio = Studio { artifacts: &*self.store, codec: &*self.codec, account: &account };
        let request = request::build(&self.manifest, entry, call, &ask, &studio)?;
        let estimate = request.estimate_microusd;
        let request = serde_json::to_value(&request)
            .map_err(|error| Diagnostic::error("request", format!("BUG: a request cannot be written: {error}")))?;
        Ok((request, estimate))
    }

    fn start(&self, request: &Value, idempotency: &str) -> Result<RemoteId, StartError> {
        let refused = |told: Diagnostic| StartError::Refused(Box::new(told));
        let request: Request = serde_json::from_value(request.clone()).map_err(|error| {
            refused(Diagnostic::error("request", format!("the journal's request is damaged: {error}")))
        })?;
        let handle = Handle { operation: request.operation.clone(), ..Handle::default() };
        let operation = self.operation(&handle).map_err(refused)?;
        let entry = self.entry(&request.model).ok_or_else(|| {
            refused(Diagnostic::error("unknown-model", format!("there is no model `{}` any more", request.model)))
        })?;
        let exchange = &operation.submit;
        let values = Values::from([("idempotency".to_owned(), json!(idempotency))]);
        let within = if operation.poll.is_some() { self.http.timing.answer } else { self.http.timing.result };
        let cancel = self.desk.cancel_of(idempotency);
        let message = Message {
            method: exchange.method,
            target: request.path.clone(),
            headers: self.headers(exchange, &values).map_err(refused)?,
            payload: match exchange.body {
                Body::Empty => Payload::Empty,
                _ => self.payload(exchange, &request.body, &cancel).map_err(refused)?,
            },
            within,
            most: most_of(operation),
        };
        let reply = match self.submit(&message, entry, operation, &cancel) {
            Sent::Accepted(reply) => reply,
            Sent::Refused(told) => return Err(refused(told)),
            Sent::Unknown(told) => return Err(StartError::Unknown(Box::new(told))),
        };
        let handle = self.taken(&reply, &request, operation, idempotency)?;
        let named = serde_json::to_string(&handle).map_err(|error| {
            StartError::Unknown(Box::new(Diagnostic::error("request", format!("BUG: a job cannot be named: {error}"))))
        })?;
        Ok(RemoteId(named))
    }

    fn poll(&self, id: &RemoteId) -> Result<Progress, Diagnostic> {
        let handle = self.handle(id)?;
        let operation = self.operation(&handle)?;
        let Some(poll) = operation.poll.as_ref().filter(|_| handle.spool.is_none()) else {
            return Ok(Progress::Finished { cost: handle.cost() });
        };
        let again = Duration::from_millis(self.http.timing.poll_ms.unwrap_or(poll.every_ms));
        let message = self.about(&poll.exchange, &handle)?;
        let pass = self.pass()?;
        let reader = self.reader(&pass);
        let reply = self.http.send(&message, &self.reach, pass.as_ref()).map_err(|fault| {
            let class = if matches!(fault, Fault::Forbidden(_)) { ErrorClass::BadReply } else { ErrorClass::Network };
            reader.error(class, fault.said())
        })?;
        match reader.status(&reply) {
            Ok(()) => {}
            Err(error) if error.class == ErrorClass::RateLimited => {
                let asked = error.retry_after.unwrap_or_default();
                return Ok(Progress::Running { done: 0.0, again: again.max(asked) });
            }
            Err(error) => return Err(error.into()),
        }
        let json = reader.json(&reply)?;
        let billed = cost(&operation.cost, &json).map(Cost::Exact);
        // A failure that says nothing of its price may be billed: only a reported zero is free.
        let lost = billed.unwrap_or_else(|| handle.cost_of_nothing());
        let failed = |error: ProviderError| Progress::Failed { reason: Box::new(error.into()), cost: lost };
        if let Err(error) = reader.tests(operation, &json) {
            return Ok(failed(error));
        }
        Ok(match reader.phase(poll, &json) {
            (Phase::Queued | Phase::Running, done) => Progress::Running { done, again: jittered(again, &self.http) },
            (Phase::Done, _) => {
                self.desk.last.lock().unwrap_or_else(PoisonError::into_inner).insert(id.clone(), json);
                Progress::Finished { cost: billed.unwrap_or_else(|| handle.cost()) }
            }
            (Phase::Failed, _) => failed(reader.failed(Some(poll), &json, ErrorClass::Rejected)),
            (Phase::Cancelled, _) => failed(reader.error(ErrorClass::Rejected, "the job was cancelled")),
            (Phase::Expired, _) => Progress::Failed {
                reason: Box::new(reader.error(ErrorClass::Rejected, "the result is kept no longer").into()),
                cost: billed.unwrap_or_else(|| handle.cost()),
            },
        })
    }

    fn fetch(&self, id: &RemoteId, job: &Job, cx: &JobCx<'_>) -> Result<Outputs, JobError> {
        // Taken first: whatever goes wrong from here on, nothing is kept of a job that is over.
        let last = self.desk.last.lock().unwrap_or_else(PoisonError::into_inner).remove(id);
        let (_, call) = self.call(job)?;
        self.bring(&self.handle(id)?, last, call, job, cx)
    }

    fn cancel(&self, id: &RemoteId) -> Result<Stopped, Diagnostic> {
        let handle = self.handle(id)?;
        let operation = self.operation(&handle)?;
        let Some(cancel) = operation.cancel.as_ref().filter(|_| handle.spool.is_none()) else {
            return Ok(Stopped::TooLate);
        };
        let message = self.about(&cancel.exchange, &handle)?;
        let pass = self.pass()?;
        let reader = self.reader(&pass);
        let reply = self
            .http
            .send(&message, &self.reach, pass.as_ref())
            .map_err(|fault| reader.error(ErrorClass::Network, fault.said()))?;
        if reader.status(&reply).is_err() {
            return Ok(Stopped::TooLate);
        }
        let said = reader.json(&reply).ok().and_then(|json| cost(&operation.cost, &json)).map(Cost::Exact);
        let cost = match cancel.billed {
            Billed::No => said.unwrap_or(Cost::FREE),
            Billed::Maybe => said.unwrap_or_else(|| handle.cost_of_nothing()),
        };
        Ok(Stopped::Yes { cost })
    }
}

/// An interval that many jobs do not keep in step.
fn jittered(interval: Duration, http: &Http) -> Duration {
    let spread = http.pause(1, None).min(interval / 4);
    interval + spread
}
