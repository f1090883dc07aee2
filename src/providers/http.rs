//! HTTP as providers need it: bounded in time, size and redirects, with credentials for the provider's own hosts only.
//!
//! Knows messages and bytes, no manifests' meanings. One thread drives every connection of the program; callers wait
//! for it to tell. Driving a connection on its caller's own thread was tried: a thousand deep stacks took 236 MB.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use engine::worker::{Cancel, JobError};
use model::Diagnostic;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, Response};
use tokio::runtime::{Builder, Runtime};

use crate::events::Gathering;
use crate::gate::Gates;
use crate::google::Tokens;
use crate::later::retry_after;
use crate::manifest::{Events, Method, Place};
use crate::reach::{Owner, PublicOnly, Reach};
use crate::secret::Secret;

/// The longest that a cancelled download goes unnoticed.
pub(crate) const LOOK: Duration = Duration::from_millis(50);

/// What is said where the thread of connections ended under a request: a bug, and not the provider's.
pub(crate) const BROKE_DOWN: &str = "the program's own network thread broke down";

const NO_ANSWER: &str = "it does not answer in time";

/// A stream of events may take so many times as long as an answer that comes whole.
const LONGEST_STREAM: u32 = 12;

/// How long things may take, and how often they are tried. Tests shorten them.
#[derive(Clone, Debug, PartialEq)]
pub struct Timing {
    /// Until a connection stands.
    pub connect: Duration,
    /// For a question and its answer.
    pub answer: Duration,
    /// For a submission whose answer is the result.
    pub result: Duration,
    /// Between two pieces of a download.
    pub stall: Duration,
    /// Tries of what may be tried again.
    pub tries: u32,
    /// First and longest pause between tries; each doubles, and is jittered by up to a quarter.
    pub pause: (Duration, Duration),
    /// The longest that a provider may ask us to wait.
    pub patience: Duration,
    /// Milliseconds between polls instead of the manifest's.
    pub poll_ms: Option<u64>,
    /// How long nothing may move on a server of the user's own before it counts as stuck.
    pub stuck: Duration,
    /// Seed of the jitter.
    pub seed: u64,
}

impl Default for Timing {
    fn default() -> Timing {
        Timing {
            connect: Duration::from_secs(15),
            answer: Duration::from_secs(90),
            result: Duration::from_secs(600),
            stall: Duration::from_secs(45),
            tries: 5,
            pause: (Duration::from_millis(500), Duration::from_secs(8)),
            patience: Duration::from_secs(120),
            poll_ms: None,
            stuck: Duration::from_secs(30 * 60),
            seed: u64::from(std::process::id()),
        }
    }
}

/// A credential as a header.
#[derive(Clone)]
pub(crate) struct Pass {
    pub(crate) header: String,
    /// What stands before the secret: `Bearer `.
    pub(crate) before: String,
    pub(crate) secret: Secret,
}

/// One part of a form.
#[derive(Clone)]
pub(crate) enum Part {
    Text(String),
    File { bytes: Arc<[u8]>, name: String, mime: String },
}

/// What is sent.
#[derive(Clone, Default)]
pub(crate) enum Payload {
    #[default]
    Empty,
    Json(Vec<u8>),
    /// Bytes and their media type.
    Bytes(Vec<u8>, String),
    Form(Vec<(String, Part)>),
}

/// A message on its way.
#[derive(Clone)]
pub(crate) struct Message {
    pub(crate) method: Method,
    /// A path below the base, or a URL out of a reply.
    pub(crate) target: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) payload: Payload,
    pub(crate) within: Duration,
    /// Most bytes of the answer.
    pub(crate) most: u64,
}

/// An answer, whatever it says.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) retry_after: Option<Duration>,
    pub(crate) body: Vec<u8>,
}

/// No answer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Fault {
    /// It was certainly not sent.
    Unsent(String),
    /// It must not be asked.
    Forbidden(String),
    /// It may have arrived; the answer is lost or too large.
    Lost(String),
}

impl Fault {
    pub(crate) fn said(&self) -> &str {
        match self {
            Fault::Unsent(said) | Fault::Forbidden(said) | Fault::Lost(said) => said,
        }
    }
}

/// The connections of the program.
pub struct Http {
    runtime: Runtime,
    public: Client,
    local: Client,
    pub(crate) timing: Timing,
    jitter: Mutex<fastrand::Rng>,
    /// Results that are unpacked and looked at side by side, of all providers.
    hands: Gates,
    n_hands: u32,
    /// Access tokens that were exchanged for signatures.
    pub(crate) tokens: Tokens,
}

impl Http {
    /// Starts the thread that drives connections.
    ///
    /// # Errors
    /// `http` where the system refuses threads, or this build's TLS cannot be set up.
    pub fn start(timing: Timing) -> Result<Http, Diagnostic> {
        let told = |why: String| Diagnostic::error("http", format!("the network cannot be used: {why}"));
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .max_blocking_threads(8)
            .thread_name("providers")
            .enable_all()
            .build()
            .map_err(|error| told(error.to_string()))?;
        let roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| told(error.to_string()))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let client = || {
            Client::builder()
                .tls_backend_preconfigured(tls.clone())
                .redirect(reqwest::redirect::Policy::none())
                .retry(reqwest::retry::never())
                .connect_timeout(timing.connect)
                .read_timeout(timing.stall.max(timing.result))
                // An old connection may be closed just as it is used again: then nobody knows what arrived.
                .pool_idle_timeout(Duration::from_secs(10))
                .user_agent(concat!("throughline/", env!("CARGO_PKG_VERSION")))
                .referer(false)
        };
        let public = client().dns_resolver(Arc::new(PublicOnly)).build().map_err(|error| told(error.to_string()))?;
        let local = client().no_proxy().build().map_err(|error| told(error.to_string()))?;
        let jitter = Mutex::new(fastrand::Rng::with_seed(timing.seed));
        let n_hands = std::thread::available_parallelism().map_or(1, |n| u32::try_from(n.get()).unwrap_or(1));
        Ok(Http { runtime, public, local, timing, jitter, hands: Gates::default(), n_hands, tokens: Tokens::default() })
    }

    /// Waits for a hand to unpack a result with: a thousand that finish together must not be in memory together.
    ///
    /// # Errors
    /// [`JobError::Cancelled`].
    pub(crate) fn hand(&self, cancel: &Cancel) -> Result<crate::gate::Place<'_>, JobError> {
        self.hands.enter("", self.n_hands, cancel)
    }

    pub(crate) fn client(&self, place: Place) -> &Client {
        match place {
            Place::Hosted => &self.public,
            Place::Local => &self.local,
        }
    }

    /// The pause before try `n`, from 1; what the provider asked for, where that is longer.
    pub(crate) fn pause(&self, n: u32, asked: Option<Duration>) -> Duration {
        let (first, most) = self.timing.pause;
        let plain = first.saturating_mul(1 << (n.saturating_sub(1)).min(16)).min(most);
        let share = self.jitter.lock().unwrap_or_else(PoisonError::into_inner).f64();
        plain.mul_f64(0.75 + share * 0.5).max(asked.unwrap_or_default())
    }

    /// Sends a message once and reads the answer. The pass goes along only to the provider's own hosts.
    pub(crate) fn send(&self, message: &Message, reach: &Reach, pass: Option<&Pass>) -> Result<Reply, Fault> {
        let (_, owner) = reach.judge(&message.target).map_err(Fault::Forbidden)?;
        if owner == Owner::Foreign && !matches!(message.payload, Payload::Empty) {
            return Err(Fault::Forbidden("it would have a request sent to somebody else".to_owned()));
        }
        self.deliver(message, reach, pass, None)
    }

    /// The same where the answer may come as server-sent events: it may take long, but not be silent for long.
    pub(crate) fn send_for_events(
        &self,
        message: &Message,
        reach: &Reach,
        pass: Option<&Pass>,
        events: &Events,
    ) -> Result<Reply, Fault> {
        match reach.judge(&message.target).map_err(Fault::Forbidden)? {
            (_, Owner::Own) => self.deliver(message, reach, pass, Some(events)),
            (_, Owner::Foreign) => Err(Fault::Forbidden("it would have a request sent to somebody else".to_owned())),
        }
    }

    /// The same without a pass, to whomever a signed URL means: only files to be uploaded go there.
    pub(crate) fn send_signed(&self, message: &Message, reach: &Reach) -> Result<Reply, Fault> {
        self.deliver(message, reach, None, None)
    }

    fn deliver(
        &self,
        message: &Message,
        reach: &Reach,
        pass: Option<&Pass>,
        events: Option<&Events>,
    ) -> Result<Reply, Fault> {
        let (url, owner) = reach.judge(&message.target).map_err(Fault::Forbidden)?;
        let headers = headers(&message.headers, pass.filter(|_| owner == Owner::Own))?;
        let client = self.client(if owner == Owner::Own { reach.place() } else { Place::Hosted });
        let method = match message.method {
            Method::Get => reqwest::Method::GET,
            Method::Post => reqwest::Method::POST,
            Method::Put => reqwest::Method::PUT,
            Method::Delete => reqwest::Method::DELETE,
        };
        let is_typed = headers.contains_key(CONTENT_TYPE);
        let within = message.within;
        let whole = if events.is_some() { within * LONGEST_STREAM } else { within };
        let request = client.request(method, url).headers(headers).timeout(whole);
        let request = match &message.payload {
            Payload::Empty => request,
            Payload::Json(bytes) => request.header(CONTENT_TYPE, "application/json").body(bytes.clone()),
            // A signed URL may want a type of its own.
            Payload::Bytes(bytes, _) if is_typed => request.body(bytes.clone()),
            Payload::Bytes(bytes, mime) => request.header(CONTENT_TYPE, mime.as_str()).body(bytes.clone()),
            Payload::Form(parts) => request.multipart(form(parts)?),
        };
        let most = message.most;
        let gathering = events.map(|events| Gathering::new(events, most));
        self.wait(async move {
            let silent = |_| Fault::Lost(NO_ANSWER.to_owned());
            let response = tokio::time::timeout(within, request.send()).await.map_err(silent)?;
            let response = response.map_err(|error| fault(&error))?;
            let status = response.status().as_u16();
            let retry_after = retry_after(response.headers());
            let is_stream = text_of(response.headers(), CONTENT_TYPE).starts_with("text/event-stream");
            let body = match gathering.filter(|_| is_stream && (200..300).contains(&status)) {
                Some(gathering) => gathered(response, gathering, within).await?,
                None => bounded(response, most).await?,
            };
            Ok(Reply { status, retry_after, body })
        })
        .unwrap_or_else(|| Err(Fault::Lost(BROKE_DOWN.to_owned())))
    }

    /// Lets something run beside the callers; it ends with the program's last connection.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        drop(self.runtime.spawn(task));
    }

    /// Has something done on the thread of connections; none where it broke down there.
    pub(crate) fn wait<T: Send + 'static>(&self, answer: impl Future<Output = T> + Send + 'static) -> Option<T> {
        let (tell, told) = crossbeam_channel::bounded(1);
        self.runtime.spawn(async move { drop(tell.send(answer.await)) });
        told.recv().ok()
    }

    /// The same for what can be given up: it ends there when the job is cancelled here.
    ///
    /// # Errors
    /// [`JobError::Cancelled`].
    pub(crate) fn wait_unless<T: Send + 'static>(
        &self,
        cancel: &Cancel,
        answer: impl Future<Output = T> + Send + 'static,
    ) -> Result<Option<T>, JobError> {
        let (tell, told) = crossbeam_channel::bounded(1);
        let task = self.runtime.spawn(async move { drop(tell.send(answer.await)) });
        loop {
            match told.recv_timeout(LOOK) {
                Ok(answer) => return Ok(Some(answer)),
                Err(crossbeam_channel::RecvTimeoutError::Disconnected) => return Ok(None),
                Err(crossbeam_channel::RecvTimeoutError::Timeout) => {}
            }
            if cancel.is_cancelled() {
                task.abort();
                return Err(JobError::Cancelled);
            }
        }
    }
}

/// The headers of a message, with the pass where it goes along.
pub(crate) fn headers(pairs: &[(String, String)], pass: Option<&Pass>) -> Result<HeaderMap, Fault> {
    let mut headers = HeaderMap::new();
    let unfit = |name: &str| Fault::Forbidden(format!("`{name}` is no header, or its value none for a header"));
    for (name, value) in pairs {
        let header = HeaderName::from_bytes(name.as_bytes()).map_err(|_| unfit(name))?;
        headers.insert(header, HeaderValue::from_str(value).map_err(|_| unfit(name))?);
    }
    if let Some(Pass { header, before, secret }) = pass {
        let name = HeaderName::from_bytes(header.as_bytes()).map_err(|_| unfit(header))?;
        let text = zeroize::Zeroizing::new(format!("{before}{}", secret.expose()));
        let mut value = HeaderValue::from_str(&text).map_err(|_| unfit(header))?;
        value.set_sensitive(true);
        headers.insert(name, value);
    }
    Ok(headers)
}

fn form(parts: &[(String, Part)]) -> Result<reqwest::multipart::Form, Fault> {
    let mut form = reqwest::multipart::Form::new();
    for (name, part) in parts {
        form = match part {
            Part::Text(text) => form.text(name.clone(), text.clone()),
            Part::File { bytes, name: file, mime } => {
                let part = reqwest::multipart::Part::bytes(bytes.to_vec()).file_name(file.clone());
                let part = part.mime_str(mime).map_err(|_| Fault::Forbidden(format!("`{mime}` is no media type")))?;
                form.part(name.clone(), part)
            }
        };
    }
    Ok(form)
}

/// What an error of the library means. URLs stay out: some are as good as a key.
pub(crate) fn fault(error: &reqwest::Error) -> Fault {
    let mut said = String::new();
    let mut cause: Option<&dyn std::error::Error> = std::error::Error::source(error);
    while let Some(error) = cause {
        said = error.to_string();
        cause = error.source();
    }
    let said = match () {
        () if error.is_timeout() => NO_ANSWER.to_owned(),
        () if said.is_empty() => "the connection broke".to_owned(),
        () => said,
    };
    if error.is_connect() || error.is_builder() { Fault::Unsent(said) } else { Fault::Lost(said) }
}

pub(crate) fn text_of(headers: &HeaderMap, name: HeaderName) -> String {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
}

/// Reads an answer's body, unless it is too large.
async fn bounded(mut response: Response, most: u64) -> Result<Vec<u8>, Fault> {
    let too_large = || Fault::Lost(format!("its answer is larger than {most} bytes"));
    if response.content_length().is_some_and(|length| most < length) {
        return Err(too_large());
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| lost(&error))? {
        if most < (body.len() + chunk.len()) as u64 {
            return Err(too_large());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// Reads a stream of events until it says that it is over.
async fn gathered(mut response: Response, mut gathering: Gathering, silence: Duration) -> Result<Vec<u8>, Fault> {
    loop {
        let chunk = tokio::time::timeout(silence, response.chunk()).await;
        let chunk = chunk.map_err(|_| Fault::Lost("it sends nothing more".to_owned()))?;
        let is_over = match chunk.map_err(|error| lost(&error))? {
            Some(chunk) => gathering.take(&chunk).map_err(Fault::Lost)?,
            None => true,
        };
        if is_over {
            return gathering.finish().map_err(Fault::Lost);
        }
    }
}

/// A failure after the first byte of the answer.
pub(crate) fn lost(error: &reqwest::Error) -> Fault {
    Fault::Lost(fault(error).said().to_owned())
}
