//! From a finished job to values: the result is found in the answer, brought, looked at, and taken into the store.
//!
//! What a provider sends is believed by its bytes, not by its label. What is in a file finds the importer out, which
//! the program hands over: this package knows no codec.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use engine::worker::{Job, JobCx, JobError, Worker};
use infer::MatcherType;
use model::{Call, Diagnostic, Import, ImportKind, Outputs, Recipe, Task, Value as PortValue, Work};
use serde_json::Value;

use crate::answer::{Handle, holds};
use crate::download::{NoFile, Want};
use crate::error::ProviderError;
use crate::hosted::Hosted;
use crate::http::{Message, Payload};
use crate::manifest::{Can, ErrorClass, Method, Operation, Pick};
use crate::spool;

/// Largest results in bytes: a picture, a sound, a film.
const MOST_PICTURE: u64 = 256 << 20;
const MOST_SOUND: u64 = 512 << 20;
const MOST_FILM: u64 = 4 << 30;
/// Longest text in bytes.
const MOST_TEXT: usize = 4 << 20;
/// Decibels that nobody hears.
const SILENT: f64 = -200.0;

/// What came.
enum Brought {
    File(PathBuf),
    /// A text, and whether it was cut off.
    Text(String, bool),
}

impl Hosted {
    /// The outputs of a finished job; `last` is its last answer, where it was heard just now.
    pub(crate) fn bring(
        &self,
        handle: &Handle,
        last: Option<Value>,
        call: &Call,
        job: &Job,
        cx: &JobCx<'_>,
    ) -> Result<Outputs, JobError> {
        let operation = self.operation(handle)?;
        let brought = match self.try_bring(handle, operation, last, call, cx) {
            // A dead link: the provider gives fresh ones with a fresh answer, once.
            Err(Missed::Expired(_)) if handle.spool.is_none() => self.try_bring(handle, operation, None, call, cx),
            other => other,
        };
        match brought.map_err(|missed| self.missed(missed))? {
            Brought::Text(text, is_cut) => {
                let text = ("text".into(), PortValue::Text(text.into()));
                // Kept beside the text: it was paid, and whoever asked decides what half an answer is worth.
                let cut = is_cut.then(|| ("cut_short".into(), PortValue::Flag(true)));
                Ok([text].into_iter().chain(cut).collect())
            }
            Brought::File(path) => {
                let _hand = self.http.hand(&cx.cancel)?;
                let taken = self.take_in(&path, call, job, cx);
                // What was not taken in is of no use; what was, is somewhere else.
                let _ = std::fs::remove_file(&path);
                taken
            }
        }
    }

    fn try_bring(
        &self,
        handle: &Handle,
        operation: &Operation,
        last: Option<Value>,
        call: &Call,
        cx: &JobCx<'_>,
    ) -> Result<Brought, Missed> {
        // A result inside an answer is there three times while it is unpacked. Nobody holds a hand while he waits for a
        // provider.
        let mut hand = if handle.spool.is_some() { Some(self.http.hand(&cx.cancel)?) } else { None };
        let (json, bytes) = match (&handle.spool, &operation.poll) {
            (Some(name), _) => {
                let bytes = spool::read(&self.spool(), name)?;
                (serde_json::from_slice(&bytes).unwrap_or(Value::Null), bytes)
            }
            (None, poll) => {
                let polled = poll.as_ref().map(|poll| &poll.exchange);
                let json = match (&operation.second, last, polled) {
                    (None, Some(last), _) => last,
                    (Some(exchange), ..) | (None, None, Some(exchange)) => self.ask(exchange, handle, &cx.cancel)?,
                    (None, None, None) => Value::Null,
                };
                (json, Vec::new())
            }
        };
        let pass = self.pass().map_err(Diagnostic::from)?;
        let reader = self.reader(&pass);
        let is_cut = operation.cut_short.iter().any(|test| holds(test, &json));
        for pick in &operation.result {
            let found = match pick {
                Pick::Url(path) => path.text(&json).map(|url| {
                    drop(hand.take());
                    self.download(&url, &[], call, cx)
                }),
                Pick::Content(exchange) => {
                    drop(hand.take());
                    let Message { target, headers, .. } = self.about(exchange, handle)?;
                    Some(self.download(&target, &headers, call, cx))
                }
                Pick::Base64(path) => path.text(&json).map(|text| {
                    let text = text.split_once("base64,").map_or(text.as_str(), |(_, data)| data);
                    let bytes = STANDARD
                        .decode(text.trim())
                        .map_err(|_| Diagnostic::from(reader.error(ErrorClass::BadReply, "the result is no base64")))?;
                    write(&cx.artifacts.scratch("part")?, &bytes)
                }),
                Pick::Body => Some(write(&cx.artifacts.scratch("part")?, &bytes)),
                Pick::Text(path) => path.texts(&json).map(|text| {
                    if MOST_TEXT < text.len() {
                        let told = reader.error(ErrorClass::BadReply, "the text is endless");
                        return Err(Diagnostic::from(told).into());
                    }
                    Ok(Brought::Text(text, is_cut))
                }),
            };
            if let Some(found) = found {
                return found;
            }
        }
        // A model that thinks first may be cut off before its first word.
        if is_cut && operation.result.iter().any(|pick| matches!(pick, Pick::Text(_))) {
            return Ok(Brought::Text(String::new(), true));
        }
        // Finished, but without a result: refused after it was made is what that means most often.
        let error = reader.failed(operation.poll.as_ref(), &json, ErrorClass::BadReply);
        let said =
            if error.said == "the job failed" { "it is done, but holds no result".to_owned() } else { error.said };
        Err(Diagnostic::from(reader.error(error.class, &said)).into())
    }

    fn download(
        &self,
        target: &str,
        headers: &[(String, String)],
        call: &Call,
        cx: &JobCx<'_>,
    ) -> Result<Brought, Missed> {
        let path = cx.artifacts.scratch("part")?;
        let most = match call.task {
            Task::Video => MOST_FILM,
            Task::Voice | Task::Sound | Task::Music => MOST_SOUND,
            Task::Image | Task::Text => MOST_PICTURE,
        };
        let within = self.http.timing.answer;
        let (target, headers) = (target.to_owned(), headers.to_vec());
        let get = Message { method: Method::Get, target, headers, payload: Payload::Empty, within, most };
        let pass = self.pass().map_err(Diagnostic::from)?;
        let progress = |done: f32| (cx.progress)(0.95 + 0.03 * done);
        let want = Want {
            get: &get,
            reach: &self.reach,
            pass: pass.as_ref(),
            path: &path,
            cancel: &cx.cancel,
            progress: &progress,
        };
        let ended = self.http.download(&want);
        if ended.is_err() {
            let _ = std::fs::remove_file(&path);
        }
        match ended {
            Ok(()) => Ok(Brought::File(path)),
            Err(NoFile::Cancelled) => Err(JobError::Cancelled.into()),
            Err(NoFile::Expired(why)) => Err(Missed::Expired(why)),
            Err(NoFile::Failed(why)) => Err(Diagnostic::from(self.network(&why)).hint(STAYS).into()),
            Err(NoFile::Disk(why)) => {
                let told = Diagnostic::error("disk", format!("the result could not be written: {why}"));
                Err(told.hint("make room on the disk of the store").hint(STAYS).into())
            }
        }
    }

    fn network(&self, why: &str) -> ProviderError {
        let pass = self.pass().ok().flatten();
        self.reader(&pass).error(ErrorClass::Network, why)
    }

    fn missed(&self, missed: Missed) -> JobError {
        match missed {
            Missed::Expired(why) => {
                let message = format!("{} keeps the result no longer: {why}", self.manifest.title);
                Diagnostic::error("result-expired", message)
                    .hint("it was made and is paid; look for it at the provider")
                    .hint("then settle the job in the store's journal; until then it is not made again")
                    .into()
            }
            Missed::Job(error) => error,
        }
    }

    fn take_in(&self, path: &Path, call: &Call, job: &Job, cx: &JobCx<'_>) -> Result<Outputs, JobError> {
        let makes_sound =
            || job.model.as_deref().and_then(|it| self.entry(it)).is_none_or(|it| it.can.sound != Can::No);
        let sound = if !call.sound && makes_sound() { Sound::Unasked } else { Sound::Wanted };
        let refuse = |said: &str| {
            let pass = self.pass().ok().flatten();
            Diagnostic::from(self.reader(&pass).error(ErrorClass::BadReply, said))
        };
        take_in(path, call, job, cx, &*self.importer, sound, &refuse)
    }
}

/// What becomes of the sound in a clip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sound {
    Wanted,
    /// It is turned down.
    Unasked,
}

/// Takes a file into the store as the value that its task promises. `refuse` puts what is wrong with it into words.
pub(crate) fn take_in(
    path: &Path,
    call: &Call,
    job: &Job,
    cx: &JobCx<'_>,
    importer: &dyn Worker,
    sound: Sound,
    refuse: &dyn Fn(&str) -> Diagnostic,
) -> Result<Outputs, JobError> {
    let (kind, port, wanted) = match call.task {
        Task::Image => (ImportKind::Image, "image", "a picture"),
        Task::Video => (ImportKind::Clip, "clip", "a video"),
        Task::Voice | Task::Sound | Task::Music => (ImportKind::Audio, "audio", "a sound"),
        Task::Text => return Err(Diagnostic::error("provider-task", "a file came where a text should be").into()),
    };
    let found = infer::get_from_path(path).ok().flatten();
    let fits = found.is_some_and(|found| match (call.task, found.matcher_type()) {
        (Task::Image, MatcherType::Image) | (Task::Video, MatcherType::Video) => true,
        // Sounds come in containers that films come in as well.
        (Task::Voice | Task::Sound | Task::Music, MatcherType::Audio | MatcherType::Video) => true,
        _ => false,
    });
    let Some(found) = found.filter(|_| fits) else {
        let what = found.map_or("something unknown", |found| found.mime_type());
        return Err(refuse(&format!("it sends {what} where {wanted} should be")).into());
    };
    // The reader is chosen by what the file is.
    let named = path.with_extension(found.extension());
    std::fs::rename(path, &named)
        .map_err(|error| Diagnostic::error("disk", format!("the result could not be named: {error}")))?;
    let import = Import { kind, path: named.to_string_lossy().into_owned(), content: None, rate: Some(call.rate) };
    let import = Job { key: job.key, work: Work::Import(import), model: None };
    let unseen = |_: f32| {};
    let inner = JobCx { artifacts: cx.artifacts, cancel: cx.cancel.clone(), progress: &unseen, project: cx.project };
    let outputs = importer.run(&import, &inner);
    let _ = std::fs::remove_file(&named);
    let value = outputs?.into_iter().next().map(|(_, value)| value);
    let value = value.ok_or_else(|| Diagnostic::error("import", "BUG: the importer gave nothing"))?;
    let value = if kind == ImportKind::Clip { cut(value, call.n_frames, sound == Sound::Unasked) } else { value };
    Ok(vec![(port.into(), value)])
}

const STAYS: &str = "run again to fetch it: the job is in the journal and is not submitted again";

/// Why there is no result.
enum Missed {
    Expired(String),
    Job(JobError),
}

impl From<JobError> for Missed {
    fn from(error: JobError) -> Missed {
        Missed::Job(error)
    }
}

impl From<Diagnostic> for Missed {
    fn from(told: Diagnostic) -> Missed {
        Missed::Job(told.into())
    }
}

fn write(path: &Path, bytes: &[u8]) -> Result<Brought, Missed> {
    std::fs::write(path, bytes)
        .map_err(|error| Diagnostic::error("disk", format!("the result could not be written: {error}")))?;
    Ok(Brought::File(path.to_owned()))
}

/// A clip as long as it was asked for: providers sell whole seconds. Sound that nobody asked for is turned down.
fn cut(value: PortValue, n_frames: u32, mute: bool) -> PortValue {
    let PortValue::Clip(clip) = value else { return value };
    let mut recipe: Recipe = (*clip).clone();
    for piece in &mut recipe.pieces {
        piece.frames = piece.frames.min(u64::from(n_frames.max(1)));
        if mute {
            piece.gain_db = SILENT;
        }
    }
    PortValue::Clip(Arc::new(recipe))
}
