//! One ComfyUI server: its questions and answers, as measured on 0.26 and as far back as 0.3.
//!
//! Knows the protocol, not calls or workflows' meanings. What an answer of an odd shape means is decided here: a wrong
//! guess about a lost job would make it twice or wait for it for ever.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use model::Diagnostic;
use reqwest::Url;
use serde_json::{Value, json};
use url::form_urlencoded;

use super::info::{Class, Classes};
use super::outcome::Outcome;
use super::socket::{Said, Socket};
use super::watch::Watch;
use crate::error::ProviderError;
use crate::http::{Fault, Http, Message, Part, Payload, Reply};
use crate::manifest::{ErrorClass, Method};
use crate::reach::Reach;

/// Most bytes of an answer, and of one that lists jobs with their workflows.
const MOST_ANSWER: u64 = 32 << 20;
/// Questions that are answered at once.
pub(super) const SHORT: Duration = Duration::from_secs(20);
/// A server that is asked how long its queue is may be switched off.
const PEEK: Duration = Duration::from_secs(5);
/// Pauses before a lost socket is opened again.
const REOPEN: Duration = Duration::from_secs(2);

/// See the module.
pub(super) struct Server {
    /// As its user wrote it, without a final `/`.
    pub(super) base: String,
    pub(super) reach: Reach,
    http: Arc<Http>,
    /// Whose messages the socket carries.
    pub(super) client: String,
    pub(super) watch: Arc<Watch>,
    has_socket: Arc<AtomicBool>,
    classes: Mutex<Classes>,
    /// Submissions on their way there.
    pub(super) sending: AtomicU64,
    /// Whether it speaks version 2 only; asked once.
    is_v2: Mutex<Option<bool>>,
}

/// How a job stands at its server.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum State {
    Waiting,
    Running,
    Over(Outcome),
    /// Neither queue nor history know it.
    Lost,
}

/// How a submission ended.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Posted {
    Taken,
    Refused(Diagnostic),
    /// It certainly did not arrive.
    Unsent(Diagnostic),
    /// Nobody heard the answer.
    Unheard(Diagnostic),
}

impl Server {
    /// A server at an address; none where that is no address.
    pub(super) fn at(address: &str, http: &Arc<Http>) -> Option<Server> {
        let base = address.trim().trim_end_matches('/');
        let url = Url::parse(base).ok().filter(|url| {
            let is_plain = url.username().is_empty() && url.password().is_none() && url.query().is_none();
            matches!(url.scheme(), "http" | "https") && url.has_host() && is_plain
        })?;
        let noise = fastrand::u128(..).to_be_bytes();
        Some(Server {
            base: base.to_owned(),
            reach: Reach::local(url),
            http: http.clone(),
            client: format!("throughline-{}", uuid(&noise)),
            watch: Arc::default(),
            has_socket: Arc::default(),
            classes: Mutex::default(),
            sending: AtomicU64::new(0),
            is_v2: Mutex::default(),
        })
    }

    pub(super) fn error(&self, class: ErrorClass, said: &str) -> Diagnostic {
        ProviderError::new(class, &format!("the ComfyUI at {}", self.base), said, None).into()
    }

    fn unreachable(&self, said: &str) -> Diagnostic {
        self.error(ErrorClass::Network, said).hint("start the server, or correct the addresses in COMFYUI_URL")
    }

    pub(super) fn message(&self, method: Method, target: String, payload: Payload) -> Message {
        let within = self.http.timing.answer;
        Message { method, target, headers: Vec::new(), payload, within, most: MOST_ANSWER }
    }

    pub(super) fn exchange(&self, message: &Message) -> Result<Reply, Fault> {
        self.http.send(message, &self.reach, None)
    }

    fn send(&self, method: Method, target: String, payload: Payload, within: Duration) -> Result<Reply, Fault> {
        let message = self.message(method, target, payload);
        self.exchange(&Message { within: within.min(message.within), ..message })
    }

    /// Asks something and reads the JSON; none where the server says 404 or 405.
    pub(super) fn get(&self, target: &str, within: Duration) -> Result<Option<Value>, Diagnostic> {
        let reply = self.send(Method::Get, target.to_owned(), Payload::Empty, within);
        self.read(reply)
    }

    fn post(&self, target: &str, body: &Value) -> Result<Option<Value>, Diagnostic> {
        let payload = Payload::Json(body.to_string().into_bytes());
        let reply = self.send(Method::Post, target.to_owned(), payload, SHORT);
        self.read(reply)
    }

    fn read(&self, reply: Result<Reply, Fault>) -> Result<Option<Value>, Diagnostic> {
        let reply = reply.map_err(|fault| self.unreachable(fault.said()))?;
        match reply.status {
            200..=299 if reply.body.is_empty() => Ok(Some(Value::Null)),
            200..=299 => serde_json::from_slice(&reply.body)
                .map(Some)
                .map_err(|error| self.error(ErrorClass::BadReply, &format!("not JSON ({error})"))),
            404 | 405 => Ok(None),
            401 | 403 => Err(self.error(ErrorClass::Auth, &format!("the answer is {}", reply.status))),
            408 | 425 | 429 | 500.. => Err(self.unreachable(&format!("the answer is {}", reply.status))),
            status => Err(self.error(ErrorClass::BadReply, &format!("the answer is {status}"))),
        }
    }

    /// How many jobs it has, those on their way from here included.
    ///
    /// # Errors
    /// `provider-network` where it is not there.
    pub(super) fn depth(&self) -> Result<u64, Diagnostic> {
        let told = self.get("/prompt", PEEK)?;
        let n = told.as_ref().and_then(|told| told.pointer("/exec_info/queue_remaining")).and_then(Value::as_u64);
        let n = match n {
            Some(n) => n,
            // One that offers version 2 only says how many jobs it has in a list.
            None if self.speaks_v2()? => 0,
            None => return Err(self.error(ErrorClass::BadReply, "nothing there speaks as ComfyUI does")),
        };
        Ok(n + self.sending.load(Ordering::SeqCst))
    }

    /// Whether only version 2 of the interface is there: a proxy in front of a server, or a hosted one.
    pub(super) fn speaks_v2(&self) -> Result<bool, Diagnostic> {
        let known = *self.is_v2.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = known {
            return Ok(known);
        }
        let speaks = self.get("/prompt", PEEK)?.is_none() && self.get("/api/v2/health", PEEK)?.is_some();
        *self.is_v2.lock().unwrap_or_else(PoisonError::into_inner) = Some(speaks);
        Ok(speaks)
    }

    /// What the server is: version, devices.
    ///
    /// # Errors
    /// `provider-network` where it is not there.
    pub(super) fn system(&self) -> Result<Value, Diagnostic> {
        match self.get("/system_stats", SHORT)? {
            Some(told) => Ok(told),
            None if self.speaks_v2()? => Ok(json!({ "api": 2 })),
            None => Err(self.error(ErrorClass::BadReply, "nothing there speaks as ComfyUI does")),
        }
    }

    /// What it says of classes; asked once in a session, and again where `anew`.
    ///
    /// # Errors
    /// `provider-network` where it is not there.
    pub(super) fn classes<'a>(&self, names: impl Iterator<Item = &'a str>, anew: bool) -> Result<Classes, Diagnostic> {
        let mut found = Classes::new();
        for name in names {
            let known = self.classes.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned();
            let class = match known.filter(|_| !anew) {
                Some(class) => class,
                None => {
                    let told = self.get(&format!("/object_info/{}", segment(name)), SHORT)?;
                    let class = Class::of(&told.unwrap_or(Value::Null), name);
                    self.classes.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), class.clone());
                    class
                }
            };
            found.insert(name.to_owned(), class);
        }
        Ok(found)
    }

    /// Gives the server a file; what to write where it is used. The same file twice is one file.
    ///
    /// # Errors
    /// `provider-network`, or `comfy-upload` where it is refused.
    pub(super) fn upload(&self, name: &str, mime: &str, bytes: Arc<[u8]>) -> Result<String, Diagnostic> {
        let n_bytes = bytes.len();
        let parts = vec![
            ("image".to_owned(), Part::File { bytes, name: name.to_owned(), mime: mime.to_owned() }),
            ("type".to_owned(), Part::Text("input".to_owned())),
            ("subfolder".to_owned(), Part::Text(super::PLACE.to_owned())),
        ];
        let sent = self.send(Method::Post, "/upload/image".to_owned(), Payload::Form(parts), self.http.timing.answer);
        let reply = sent.map_err(|fault| self.unreachable(fault.said()))?;
        let refused =
            |why: &str| Diagnostic::error("comfy-upload", format!("the ComfyUI at {} takes no file: {why}", self.base));
        match reply.status {
            200 => {}
            413 => {
                return Err(refused(&format!("{n_bytes} bytes are more than it takes"))
                    .hint("start it with a larger --max-upload-size (in MB), or send a smaller picture"));
            }
            status => return Err(refused(&format!("the answer is {status}"))),
        }
        let told: Value = serde_json::from_slice(&reply.body).unwrap_or(Value::Null);
        let text = |name: &str| told.get(name).and_then(Value::as_str).unwrap_or_default();
        match (text("subfolder"), text("name")) {
            (_, "") => Err(refused("it does not say under which name")),
            ("", name) => Ok(name.to_owned()),
            (subfolder, name) => Ok(format!("{subfolder}/{name}")),
        }
    }

    /// Submits a workflow under our own name.
    pub(super) fn submit(&self, workflow: &Value, id: &str) -> Posted {
        // Without a client's id the results of a run that is all cached are not told.
        let body = json!({ "prompt": workflow, "prompt_id": id, "client_id": self.client });
        let payload = Payload::Json(body.to_string().into_bytes());
        let reply = match self.send(Method::Post, "/prompt".to_owned(), payload, self.http.timing.answer) {
            Ok(reply) => reply,
            Err(Fault::Unsent(why)) => return Posted::Unsent(self.unreachable(&why)),
            Err(Fault::Forbidden(why)) => return Posted::Refused(self.error(ErrorClass::BadReply, &why)),
            Err(Fault::Lost(why)) => return Posted::Unheard(self.unreachable(&why)),
        };
        let told: Value = serde_json::from_slice(&reply.body).unwrap_or(Value::Null);
        let refused =
            |said: String| {
                let message = format!("the ComfyUI at {} refuses the workflow: {said}", self.base);
                Posted::Refused(Diagnostic::error("comfy-refused", message).hint(
                    "`throughline comfy check` shows all faults at once; repair it in ComfyUI and export it again",
                ))
            };
        let errors = node_errors(&told);
        match reply.status {
            200 if errors.is_empty() => match told.get("prompt_id").and_then(Value::as_str).filter(|own| *own != id) {
                None => Posted::Taken,
                Some(own) => {
                    // Nobody would find it again: it is stopped, as far as that goes.
                    let _ = self.cancel(own);
                    Posted::Refused(
                        self.error(ErrorClass::BadReply, "it gives the job another name than we did")
                            .hint("ComfyUI 0.3.44 or newer is needed"),
                    )
                }
            },
            // Some outputs run, others were dropped in silence: nobody asked for a part.
            200 => {
                let cancelled = self.cancel(id);
                let rest = if cancelled.is_ok() { "the rest is cancelled" } else { "the rest may run" };
                refused(format!("{}; {rest}", errors.join("; ")))
            }
            400 => {
                let message = told.pointer("/error/message").and_then(Value::as_str).unwrap_or("it does not say why");
                let details = told.pointer("/error/details").and_then(Value::as_str).unwrap_or_default();
                let said = if errors.is_empty() { format!("{message} {details}") } else { errors.join("; ") };
                refused(said.trim().to_owned())
            }
            413 => refused("it is larger than the server takes (--max-upload-size)".to_owned()),
            401 | 403 => Posted::Refused(self.error(ErrorClass::Auth, &format!("the answer is {}", reply.status))),
            // What it answers where it cannot read the workflow at all.
            500 => refused("it breaks down over it (500): the workflow is none that it can read".to_owned()),
            502..=504 => Posted::Unheard(self.unreachable(&format!("the answer is {}", reply.status))),
            status => refused(format!("the answer is {status}")),
        }
    }

    /// How a job stands.
    ///
    /// # Errors
    /// `provider-network` where the server cannot be asked.
    pub(super) fn state(&self, id: &str) -> Result<State, Diagnostic> {
        if let Some(over) = self.history(id)? {
            return Ok(State::Over(over));
        }
        let state = match self.get(&format!("/api/jobs/{id}"), SHORT)? {
            Some(told) => match told.get("status").and_then(Value::as_str) {
                Some("pending") => Some(State::Waiting),
                Some("in_progress") => Some(State::Running),
                _ => None,
            },
            None => self.queued(id)?,
        };
        match state {
            Some(state) => Ok(state),
            // It may have ended between the two questions.
            None => Ok(self.history(id)?.map_or(State::Lost, State::Over)),
        }
    }

    fn history(&self, id: &str) -> Result<Option<Outcome>, Diagnostic> {
        let told = self.get(&format!("/history/{id}"), SHORT)?;
        let told = told.ok_or_else(|| self.error(ErrorClass::BadReply, "it keeps no history"))?;
        Ok(told.get(id).map(Outcome::of_history))
    }

    fn queued(&self, id: &str) -> Result<Option<State>, Diagnostic> {
        let told = self.get("/queue", SHORT)?.unwrap_or(Value::Null);
        let has = |name: &str| {
            let jobs = told.get(name).and_then(Value::as_array);
            jobs.into_iter().flatten().any(|job| job.get(1).and_then(Value::as_str) == Some(id))
        };
        Ok(match () {
            () if has("queue_running") => Some(State::Running),
            () if has("queue_pending") => Some(State::Waiting),
            () => None,
        })
    }

    /// Stops a job, by the newest way that the server knows; whether there was one to stop.
    ///
    /// # Errors
    /// `provider-network` where it cannot be asked.
    pub(super) fn cancel(&self, id: &str) -> Result<bool, Diagnostic> {
        if let Some(told) = self.post(&format!("/api/jobs/{id}/cancel"), &json!({}))? {
            return Ok(told.get("cancelled").and_then(Value::as_bool) != Some(false));
        }
        match self.queued(id)? {
            None => Ok(false),
            Some(State::Waiting) => Ok(self.post("/queue", &json!({ "delete": [id] }))?.is_some()),
            // Servers before 0.3.56 stop whatever runs: this one runs ours.
            Some(_) => Ok(self.post("/interrupt", &json!({ "prompt_id": id }))?.is_some()),
        }
    }

    /// Listens to the server while it has jobs of ours. A socket that is lost is opened again; none is needed.
    pub(super) fn listen(&self) {
        if self.has_socket.swap(true, Ordering::SeqCst) {
            return;
        }
        let (watch, open) = (self.watch.clone(), self.has_socket.clone());
        let client = self.http.client(self.reach.place()).clone();
        let target = format!("/ws?clientId={}", self.client);
        let Ok((url, _)) = self.reach.judge(&target) else { return };
        self.http.spawn(async move {
            loop {
                while !watch.is_idle() {
                    if let Some(socket) = Socket::open(&client, url.clone()).await {
                        hear(socket, &watch).await;
                    }
                    tokio::time::sleep(REOPEN).await;
                }
                open.store(false, Ordering::SeqCst);
                // A job that came just now found this one still open.
                if watch.is_idle() || open.swap(true, Ordering::SeqCst) {
                    return;
                }
            }
        });
    }
}

/// Takes messages in until the socket ends, or nobody waits for any.
async fn hear(mut socket: Socket, watch: &Watch) {
    loop {
        // Given up only between messages: half of one would be taken for the start of the next.
        let mut next = std::pin::pin!(socket.next(|| watch.is_watched()));
        let said = loop {
            match tokio::time::timeout(REOPEN, &mut next).await {
                Ok(said) => break said,
                Err(_) if watch.is_idle() => return,
                Err(_) => {}
            }
        };
        match said {
            Some(Said::Text(text)) => watch.take(&text),
            Some(Said::Picture(frame)) => watch.show(&frame),
            Some(Said::Other) => {}
            None => return,
        }
    }
}

/// What a server says is wrong with nodes, in its words.
fn node_errors(told: &Value) -> Vec<String> {
    let mut found = Vec::new();
    for (id, node) in told.get("node_errors").and_then(Value::as_object).into_iter().flatten() {
        let class = node.get("class_type").and_then(Value::as_str).unwrap_or("node");
        for error in node.get("errors").and_then(Value::as_array).into_iter().flatten() {
            let text = |name: &str| error.get(name).and_then(Value::as_str).unwrap_or_default();
            found.push(format!("{class} (#{id}): {} {}", text("message"), text("details")).trim().to_owned());
        }
    }
    found.truncate(40);
    found
}

/// A name as a part of a path.
pub(super) fn segment(name: &str) -> String {
    form_urlencoded::byte_serialize(name.as_bytes()).collect::<String>().replace('+', "%20")
}

/// A lower-case UUID out of sixteen bytes, marked as one of our own making.
pub(super) fn uuid(bytes: &[u8; 16]) -> String {
    let mut bytes = *bytes;
    bytes[6] = bytes[6] & 0x0f | 0x80;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}
