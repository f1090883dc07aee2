//! ComfyUI behind the engine's [`Provider`]: choose a server, send files and workflow, ask, fetch and stop.
//!
//! Every job has a name of ours, made of its key and its number in the journal: whatever is lost on the way, a job is
//! found again by asking for that name.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use engine::codec::Codec;
use engine::lanes::LaneSpec;
use engine::money::Cost;
use engine::remote::{Progress, Provider, Remote, RemoteId, Sought, StartError, Stopped};
use engine::store::Store;
use engine::worker::{Cancel, Job, JobCx, JobError, Worker};
use model::{Call, Diagnostic, Digest, Outputs, Task, Value as PortValue, Work};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::outcome::{Failure, Made, Outcome};
use super::patch::{self, Request};
use super::server::{Posted, Server, State, uuid};
use super::servers::{configured, judged};
use super::shelf::{Item, Shelf};
use super::watch::Watch;
use super::workflow::{Workflow, short};
use super::{MOST_JOBS, PLACE, PROVIDER, v2};
use crate::download::{NoFile, Want};
use crate::fetch::{Sound, take_in};
use crate::hosted::Desk;
use crate::http::{Http, Message, Payload};
use crate::lane::{Gated, Setup, lasting};
use crate::manifest::{ErrorClass, Manifest, Method};
use crate::request::{self, Studio};
use crate::template::Values;

/// How often a running job is asked about: HTTP on one's own network costs little.
const EVERY: Duration = Duration::from_millis(500);
/// While its socket tells of a job, nobody asks how its queue stands more often than this.
const LISTENED: Duration = Duration::from_secs(5);
/// Largest result in bytes.
const MOST_FILE: u64 = 8 << 30;
/// Jobs for each server: one that runs and one that waits, so that it never stands still.
const AHEAD: usize = 2;

/// A job's name in the journal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Handle {
    server: String,
    /// Our own UUID, or the server's name of the job where it speaks version 2.
    job: String,
    #[serde(default)]
    v2: bool,
    n_nodes: usize,
    outputs: Vec<String>,
    task: Task,
    /// The job's key, under which its pictures are looked for.
    #[serde(default)]
    key: Option<Digest>,
}

/// See the module.
pub(super) struct Comfy {
    shelf: Arc<Shelf>,
    servers: Vec<Server>,
    http: Arc<Http>,
    store: Arc<Store>,
    codec: Arc<dyn Codec>,
    importer: Arc<dyn Worker>,
    desk: Arc<Desk>,
    /// How long nothing may move before a server counts as stuck.
    stuck: Duration,
}

/// The lane of all servers.
///
/// # Errors
/// `address` where an address is none; the store's diagnostic where the journal cannot be read.
pub(crate) fn lane(manifest: &Manifest, shelf: &Arc<Shelf>, setup: &Setup) -> Result<LaneSpec, Diagnostic> {
    let mut servers = configured(&setup.keys, &setup.http)?;
    servers.iter_mut().for_each(|server| server.watch = Arc::new(Watch::over(setup.previews.clone())));
    let desk = Arc::new(Desk::default());
    let width = (servers.len() * AHEAD).clamp(1, MOST_JOBS as usize);
    let comfy = Comfy {
        shelf: shelf.clone(),
        servers,
        http: setup.http.clone(),
        store: setup.store.clone(),
        codec: setup.codec.clone(),
        importer: setup.importer.clone(),
        desk: desk.clone(),
        stuck: setup.http.timing.stuck,
    };
    let most = manifest.models.iter().map(|entry| (entry.name.clone(), MOST_JOBS)).collect();
    let remote = Remote::open(comfy, setup.store.clone(), setup.limit)?;
    let worker = Arc::new(Gated { remote, desk, most, observe: setup.observe.clone() });
    Ok(LaneSpec { name: lasting(PROVIDER), width, worker })
}

impl Comfy {
    fn item(&self, model: &str) -> Result<&Item, Diagnostic> {
        let name = model.strip_prefix(PROVIDER).and_then(|rest| rest.strip_prefix('/')).unwrap_or(model);
        self.shelf.get(name).ok_or_else(|| {
            Diagnostic::error("unknown-model", format!("there is no workflow `{}`", short(name)))
                .at_field("model")
                .hint("`throughline models comfy` lists them, `throughline comfy import` adds one")
        })
    }

    fn handle(&self, id: &RemoteId) -> Result<(Handle, &Server), Diagnostic> {
        let handle: Handle = serde_json::from_str(&id.0)
            .map_err(|_| Diagnostic::error("remote-id", format!("`{}` is no job of a ComfyUI server", short(&id.0))))?;
        // The journal lies in the project's folder: it may name servers, not choose whom we ask.
        let server = self.servers.iter().find(|server| server.base == handle.server).ok_or_else(|| {
            let message =
                format!("a job runs on the ComfyUI at {}, which is not in COMFYUI_URL", short(&handle.server));
            Diagnostic::error("comfy-server", message).hint("add its address, separated by a comma, and run again")
        })?;
        Ok((handle, server))
    }

    fn named(
        &self,
        server: &Server,
        (job, v2): (String, bool),
        request: &Request,
        key: Option<Digest>,
    ) -> Result<RemoteId, StartError> {
        let handle = Handle {
            server: server.base.clone(),
            job,
            v2,
            n_nodes: request.workflow.as_object().map_or(1, serde_json::Map::len),
            outputs: request.outputs.clone(),
            task: request.task,
            key,
        };
        let named = serde_json::to_string(&handle).map_err(|error| {
            StartError::Unknown(Box::new(Diagnostic::error("request", format!("BUG: a job cannot be named: {error}"))))
        })?;
        Ok(RemoteId(named))
    }

    /// Servers that answer, the one with the least to do first.
    fn by_depth(&self) -> Result<Vec<&Server>, Diagnostic> {
        let mut first = None;
        let mut open = Vec::new();
        for server in &self.servers {
            match server.depth() {
                Ok(depth) => open.push((depth, server)),
                Err(told) => drop(first.get_or_insert(told)),
            }
        }
        open.sort_by_key(|(depth, _)| *depth);
        match (open.is_empty(), first) {
            (true, Some(told)) => Err(told),
            _ => Ok(open.into_iter().map(|(_, server)| server).collect()),
        }
    }

    /// Puts the server's names of files in place of ours.
    fn send_files(&self, server: &Server, value: &mut Value) -> Result<(), Diagnostic> {
        if let Some(media) = value.get("$media") {
            let (bytes, media) = request::read(media, &*self.store)?;
            let name = format!("{}.{}", media.digest.short(), media.format);
            let mime = request::mime(&media.format);
            *value = if server.speaks_v2()? {
                v2::upload(server, &name, mime, bytes.into())?
            } else {
                server.upload(&name, mime, bytes.into()).map(Value::String)?
            };
            return Ok(());
        }
        match value {
            Value::Array(members) => members.iter_mut().try_for_each(|member| self.send_files(server, member)),
            Value::Object(fields) => fields.values_mut().try_for_each(|field| self.send_files(server, field)),
            _ => Ok(()),
        }
    }

    /// Sends one job to one server.
    fn send(&self, server: &Server, request: &Request, idempotency: &str, cancel: &Cancel) -> Result<RemoteId, Sent> {
        let refused = |told: Diagnostic| Sent::Refused(told);
        let (id, key) = (name_of(idempotency), key_of(idempotency));
        let parsed = Workflow::parse(&request.model, &request.workflow.to_string()).map_err(refused)?;
        let is_v2 = server.speaks_v2().map_err(Sent::Elsewhere)?;
        if !is_v2 {
            // Another server may have what this one lacks.
            judged(server, &request.model, &parsed).map_err(Sent::Elsewhere)?;
        }
        let mut workflow = request.workflow.clone();
        self.send_files(server, &mut workflow).map_err(Sent::Elsewhere)?;
        own_names(&mut workflow, &request.outputs, &id);
        if cancel.is_cancelled() {
            return Err(Sent::Refused(Diagnostic::error("cancelled", "cancelled before it was submitted")));
        }
        let posted = if is_v2 { v2::submit(server, &workflow, &id) } else { (server.submit(&workflow, &id), None) };
        match posted {
            (Posted::Taken, job) => {
                server.watch.begin(&id, parsed.nodes.len(), key);
                self.named(server, (job.unwrap_or(id), is_v2), request, key).map_err(Sent::Ended)
            }
            (Posted::Refused(told), _) => Err(Sent::Refused(told)),
            (Posted::Unsent(told), _) => Err(Sent::Elsewhere(told)),
            (Posted::Unheard(told), _) => match self.look(server, &id, is_v2, self.http.timing.tries, cancel) {
                Ok(Some(job)) => self.named(server, (job, is_v2), request, key).map_err(Sent::Ended),
                Ok(None) => Err(Sent::Refused(told.hint("it never arrived: run again, it costs nothing"))),
                Err(_) => Err(Sent::Ended(StartError::Unknown(Box::new(told)))),
            },
        }
    }

    /// Looks for a job whose answer was lost, a few times: it may still be on its way through the server.
    fn look(
        &self,
        server: &Server,
        id: &str,
        is_v2: bool,
        tries: u32,
        cancel: &Cancel,
    ) -> Result<Option<String>, Diagnostic> {
        let mut told = None;
        for n in 1..=tries {
            let found = if is_v2 {
                v2::find(server, id)
            } else {
                server.state(id).map(|state| (state != State::Lost).then(|| id.to_owned()))
            };
            match found {
                Ok(Some(job)) => return Ok(Some(job)),
                Ok(None) => told = None,
                Err(error) => told = Some(error),
            }
            if n < tries && !cancel.rest(self.http.pause(n, None)) {
                break;
            }
        }
        told.map_or(Ok(None), Err)
    }

    fn failed(&self, server: &Server, failure: &Failure) -> Diagnostic {
        match failure {
            Failure::Cancelled => {
                Diagnostic::error("comfy-cancelled", format!("the job was stopped on the ComfyUI at {}", server.base))
                    .hint("run again, it costs nothing")
            }
            Failure::Other(said) => server.error(ErrorClass::Rejected, said),
            Failure::Node { class, id, kind, said } => {
                let why = if said.is_empty() { kind } else { said };
                let said: String = why.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(400).collect();
                let message = format!("{class} (#{id}) failed on the ComfyUI at {}: {said}", server.base);
                let told = Diagnostic::error("comfy-node-failed", message);
                if kind.contains("OutOfMemory") {
                    return told.hint("ask for a smaller or shorter picture, or free memory on the server");
                }
                told.hint("repair the workflow in ComfyUI and export it again, or see the server's log")
            }
        }
    }

    fn call<'a>(&self, job: &'a Job) -> Result<(&Item, &'a Call), Diagnostic> {
        let Work::Call(call) = &job.work else {
            return Err(Diagnostic::error("provider-task", format!("a workflow cannot do `{}` work", job.work.kind())));
        };
        Ok((self.item(job.model.as_deref().unwrap_or_default())?, call))
    }

    fn state(&self, handle: &Handle, server: &Server) -> Result<State, Diagnostic> {
        if handle.v2 { v2::state(server, &handle.job) } else { server.state(&handle.job) }
    }

    /// Brings the file of a result.
    fn download(&self, server: &Server, target: &str, cx: &JobCx<'_>) -> Result<std::path::PathBuf, JobError> {
        let path = cx.artifacts.scratch("part")?;
        let get = Message {
            method: Method::Get,
            target: target.to_owned(),
            headers: Vec::new(),
            payload: Payload::Empty,
            within: self.http.timing.answer,
            most: MOST_FILE,
        };
        let progress = |done: f32| (cx.progress)(0.95 + 0.03 * done);
        let want =
            Want { get: &get, reach: &server.reach, pass: None, path: &path, cancel: &cx.cancel, progress: &progress };
        let ended = self.http.download(&want);
        if ended.is_err() {
            let _ = std::fs::remove_file(&path);
        }
        match ended {
            Ok(()) => Ok(path),
            Err(NoFile::Cancelled) => Err(JobError::Cancelled),
            Err(NoFile::Disk(why)) => Err(Diagnostic::error("disk", format!("the result could not be written: {why}"))
                .hint("make room on the disk of the store")
                .into()),
            Err(NoFile::Expired(why) | NoFile::Failed(why)) => Err(server.error(ErrorClass::Network, &why).into()),
        }
    }

    /// Whether the file of a result is still there: the history tells of files that were deleted since.
    fn is_there(&self, server: &Server, target: &str) -> Result<bool, Diagnostic> {
        let message = Message {
            method: Method::Get,
            target: target.to_owned(),
            headers: vec![("range".to_owned(), "bytes=0-0".to_owned())],
            payload: Payload::Empty,
            within: self.http.timing.answer,
            most: 1024,
        };
        match self.http.send(&message, &server.reach, None) {
            Ok(reply) => Ok(reply.status != 404),
            // A server that sends all of it, more than was asked for, has it.
            Err(crate::http::Fault::Lost(why)) if why.contains("larger than") => Ok(true),
            Err(fault) => Err(server.error(ErrorClass::Network, fault.said())),
        }
    }
}

/// Why a job was not sent to a server.
enum Sent {
    /// Another one may take it.
    Elsewhere(Diagnostic),
    Refused(Diagnostic),
    Ended(StartError),
}

/// The job's name: the same for the same submission, whoever asks.
fn name_of(idempotency: &str) -> String {
    let digest = Digest::of(idempotency.as_bytes()).to_string();
    let mut bytes = [0; 16];
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&digest[at * 2..at * 2 + 2], 16).unwrap_or(0);
    }
    uuid(&bytes)
}

/// The key of the job that a submission is for.
fn key_of(idempotency: &str) -> Option<Digest> {
    idempotency.split('-').next()?.parse().ok()
}

/// Gives files of outputs a name of this job's own. A server that has made the same before writes no new file, and the
/// old one may be gone by now.
fn own_names(workflow: &mut Value, outputs: &[String], id: &str) {
    for output in outputs {
        if let Some(prefix) =
            workflow.get_mut(output).and_then(|node| node.get_mut("inputs")?.get_mut("filename_prefix"))
            && prefix.is_string()
        {
            *prefix = Value::String(format!("{PLACE}/{id}"));
        }
    }
}

impl Provider for Comfy {
    fn name(&self) -> &str {
        PROVIDER
    }

    fn version(&self, model: &str) -> u32 {
        self.item(model).map_or(1, |item| item.entry().version)
    }

    fn request(&self, job: &Job) -> Result<(Value, Option<u64>), Diagnostic> {
        let (item, call) = self.call(job)?;
        let entry = item.entry();
        let ask = entry.ask(call)?;
        let account = Values::new();
        let studio = Studio { artifacts: &*self.store, codec: &*self.codec, account: &account };
        let request = patch::fill(item, call, &ask, &studio)?;
        let request = serde_json::to_value(&request)
            .map_err(|error| Diagnostic::error("request", format!("BUG: a request cannot be written: {error}")))?;
        Ok((request, Some(0)))
    }

    fn start(&self, request: &Value, idempotency: &str) -> Result<RemoteId, StartError> {
        let refused = |told: Diagnostic| StartError::Refused(Box::new(told));
        let request: Request = serde_json::from_value(request.clone()).map_err(|error| {
            refused(Diagnostic::error("request", format!("the journal's request is damaged: {error}")))
        })?;
        let cancel = self.desk.cancel_of(idempotency);
        let mut first = None;
        for server in self.by_depth().map_err(refused)? {
            server.sending.fetch_add(1, Ordering::SeqCst);
            let sent = self.send(server, &request, idempotency, &cancel);
            server.sending.fetch_sub(1, Ordering::SeqCst);
            match sent {
                Ok(id) => return Ok(id),
                Err(Sent::Refused(told)) => return Err(refused(told)),
                Err(Sent::Ended(error)) => return Err(error),
                Err(Sent::Elsewhere(told)) => drop(first.get_or_insert(told)),
            }
        }
        Err(refused(first.unwrap_or_else(|| Diagnostic::error("comfy-server", "there is no ComfyUI server"))))
    }

    fn find(&self, request: &Value, idempotency: &str) -> Result<Sought, Diagnostic> {
        let Ok(request) = serde_json::from_value::<Request>(request.clone()) else { return Ok(Sought::Absent) };
        let id = name_of(idempotency);
        for server in &self.servers {
            let is_v2 = server.speaks_v2()?;
            if let Some(job) = self.look(server, &id, is_v2, 1, &Cancel::default())? {
                let named = self.named(server, (job, is_v2), &request, key_of(idempotency));
                return Ok(named.map_or(Sought::Absent, Sought::Found));
            }
        }
        Ok(Sought::Absent)
    }

    fn poll(&self, id: &RemoteId) -> Result<Progress, Diagnostic> {
        let (handle, server) = self.handle(id)?;
        let again = self.http.timing.poll_ms.map_or(EVERY, Duration::from_millis);
        let watch = &server.watch;
        if !handle.v2 {
            watch.begin(&handle.job, handle.n_nodes, handle.key);
            server.listen();
        }
        let failed = |reason: Diagnostic| {
            watch.end(&handle.job);
            Ok(Progress::Failed { reason: Box::new(reason), cost: Cost::FREE })
        };
        let running = |done: f32| Ok(Progress::Running { done, again });
        match self.state(&handle, server)? {
            State::Lost => failed(
                Diagnostic::error(
                    "comfy-lost",
                    format!("the ComfyUI at {} no longer knows the job: it was restarted", server.base),
                )
                .hint("run again: the job is made anew, and costs nothing"),
            ),
            // Whatever runs before it may take as long as it likes.
            State::Waiting => {
                watch.waits(&handle.job);
                running(0.0)
            }
            State::Running => {
                let is_heard = watch.heard(&handle.job).is_some_and(|at| at.elapsed() < LISTENED);
                let ahead = if is_heard || handle.v2 { None } else { server.depth().ok() };
                let still = watch.still_since(&handle.job, ahead).elapsed();
                if self.stuck <= still && !handle.v2 {
                    let minutes = still.as_secs().div_ceil(60);
                    let message =
                        format!("the ComfyUI at {} is stuck: nothing has moved for {minutes} minutes", server.base);
                    return Err(Diagnostic::error("comfy-stuck", message)
                        .hint("look at its log, and restart it; then run again"));
                }
                running(watch.done(&handle.job))
            }
            State::Over(Outcome { failure: Some(failure), .. }) => failed(self.failed(server, &failure)),
            State::Over(outcome) => match outcome.pick(&handle.outputs, handle.task) {
                None => failed(
                    Diagnostic::error(
                        "comfy-no-output",
                        "the workflow ended well, but its outputs made nothing that fits",
                    )
                    .hint("bind another node as output: `throughline comfy bindings FILE` shows them"),
                ),
                Some(Made::File(name, target)) if !self.is_there(server, target)? => failed(
                    Diagnostic::error(
                        "comfy-lost",
                        format!("{} is gone from the ComfyUI at {}", short(name), server.base),
                    )
                    .hint("run again: it is made anew, and costs nothing"),
                ),
                Some(_) => {
                    watch.end(&handle.job);
                    Ok(Progress::Finished { cost: Cost::FREE })
                }
            },
        }
    }

    fn fetch(&self, id: &RemoteId, job: &Job, cx: &JobCx<'_>) -> Result<Outputs, JobError> {
        let (item, call) = self.call(job)?;
        let (handle, server) = self.handle(id)?;
        let gone = || {
            Diagnostic::error("comfy-lost", format!("the ComfyUI at {} has forgotten the result", server.base))
                .hint("run again: the job is made anew, and costs nothing")
        };
        let State::Over(outcome) = self.state(&handle, server)? else { return Err(gone().into()) };
        match outcome.pick(&handle.outputs, handle.task) {
            None => Err(gone().into()),
            Some(Made::Text(text)) => Ok(vec![("text".into(), PortValue::Text(text.as_str().into()))]),
            Some(Made::File(_, target)) => {
                let path = self.download(server, target, cx)?;
                let has_sound = item.entry().can.sound == crate::manifest::Can::Yes;
                let sound = if !call.sound && has_sound { Sound::Unasked } else { Sound::Wanted };
                let refuse = |said: &str| server.error(ErrorClass::BadReply, said);
                let taken = take_in(&path, call, job, cx, &*self.importer, sound, &refuse);
                let _ = std::fs::remove_file(&path);
                let taken = taken?;
                match taken.first() {
                    Some((_, PortValue::Clip(clip))) if clip.n_frames() < u64::from(call.n_frames) => {
                        let message = format!(
                            "the workflow made {} pictures at the film's rate, the shot needs {}",
                            clip.n_frames(),
                            call.n_frames
                        );
                        Err(Diagnostic::error("comfy-short", message)
                            .hint("bind the length: `throughline comfy bindings FILE` shows what could be, and `fps` in limits")
                            .into())
                    }
                    _ => Ok(taken),
                }
            }
        }
    }

    fn cancel(&self, id: &RemoteId) -> Result<Stopped, Diagnostic> {
        let (handle, server) = self.handle(id)?;
        server.watch.end(&handle.job);
        let stopped = if handle.v2 { v2::cancel(server, &handle.job)? } else { server.cancel(&handle.job)? };
        Ok(if stopped { Stopped::Yes { cost: Cost::FREE } } else { Stopped::TooLate })
    }
}
