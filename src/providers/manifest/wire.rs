//! How one operation is asked for over HTTP: what is sent, how replies are read, what failures mean.
//!
//! Templates are JSON texts. In them `"{name}"` is a value of the request with its type, `"{seconds}s"` a text; what
//! is absent takes its field along. `{name:table}` looks the value up in a table of the manifest; `{name:string}`, `{name:json}`,
//! `{name:data_uri}`, `{name:base64}`, `{name:mime}`, `{name:file}` and `{name:upload}` change its form. `{"$if": "name", "then": ...}` is there where
//! the value is there and true, `{"$each": "references", "as": ...}` repeats with `{item}`, `"$spread": "kept.fields"`
//! puts in the texts of an object out of an answer, and
//! `"$numbered": {"input_image": "references"}` makes `input_image`, `input_image_2` and so on.
//!
//! A scripting language was rejected: a manifest is a stranger's file.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use super::Path;

/// HTTP methods that providers use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Method {
    Get,
    #[default]
    Post,
    Put,
    Delete,
}

/// The body of a request.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize)]
pub enum Body {
    #[default]
    Empty,
    /// A JSON template.
    Json(String),
    /// A JSON template of an object, whose fields become the parts of a form; arrays repeat their part.
    Form(String),
    /// The bytes of the file that is uploaded. Only steps of an upload have one.
    File,
}

/// One request.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Exchange {
    pub method: Method,
    /// A template: a path below the manifest's base (`/v1/tasks/{id}`), or one saved URL (`{urls.poll}`).
    pub path: String,
    /// Templates by header name; one whose value is absent is left out.
    pub headers: IndexMap<String, String>,
    pub body: Body,
}

/// How a thing is made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Operation {
    pub submit: Exchange,
    /// The reply to the submission comes as server-sent events; results, costs and tests then look at what they are
    /// gathered into. None where it comes whole. A reply that is no stream is read as it is.
    #[serde(default)]
    pub events: Option<Events>,
    /// Where a reply to the submission names the job; the first that is there. Not needed without polling.
    #[serde(default)]
    pub id: Vec<Path>,
    /// URLs in that reply, by the name under which templates use them: `{urls.poll}`.
    #[serde(default)]
    pub urls: IndexMap<String, Path>,
    /// How those URLs differ at their ends, where there are several: one that a person found gives the others.
    #[serde(default)]
    pub endings: IndexMap<String, String>,
    /// None where the reply to the submission is the result.
    #[serde(default)]
    pub poll: Option<Poll>,
    /// A second request after the job is done, whose reply holds the result.
    #[serde(default)]
    pub second: Option<Exchange>,
    /// Where the result is; the first that is there.
    pub result: Vec<Pick>,
    /// What a finished job cost: the first whose paths are there. Without any, the estimate is entered.
    #[serde(default)]
    pub cost: Vec<Cost>,
    /// Where a reply counts tokens, for models that are paid by them.
    #[serde(default)]
    pub tokens: Tokens,
    /// Tests that say that a text stops where it may not grow longer.
    #[serde(default)]
    pub cut_short: Vec<Test>,
    /// Tests that make a failure of any reply, however it looks otherwise.
    #[serde(default)]
    pub failures: Vec<Failure>,
    #[serde(default)]
    pub cancel: Option<Cancel>,
    /// What an answer of 500 and above to a submission means: `Refused` where the provider says that nothing runs and
    /// nothing is billed, else nobody knows and it is never repeated.
    #[serde(default)]
    pub server_errors: ServerErrors,
}

/// How a stream of server-sent events becomes `{"text": ..., "events": [{"event": ..., "data": ...}]}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Events {
    /// What says that the stream is over; one that ends without is cut off.
    pub end: Vec<End>,
    /// Where an event's data holds a piece of the text. Of the events with such a piece only the last is kept besides.
    #[serde(default)]
    pub text: Option<Path>,
}

/// The end of a stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum End {
    /// Data that is this text: `[DONE]`. It is a mark, and no event.
    Data(String),
    /// An event of this name: `message_stop`, `error`.
    Event(String),
    /// The connection's end.
    Closed,
}

/// See [`Operation::server_errors`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum ServerErrors {
    #[default]
    Unknown,
    Refused,
}

/// How to ask about a job.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Poll {
    pub exchange: Exchange,
    /// Milliseconds between two questions.
    pub every_ms: u64,
    /// Where the state is; the first that is there.
    pub state: Vec<Path>,
    /// What states mean. An unknown one means that it goes on.
    pub states: IndexMap<String, Phase>,
    /// It is done where this is there, whatever the state says.
    #[serde(default)]
    pub done_if: Option<Path>,
    /// Where progress is, and the number that means done.
    #[serde(default)]
    pub progress: Option<(Path, u32)>,
    /// Where a failed job says why: codes, then sentences.
    #[serde(default)]
    pub codes: Vec<Path>,
    #[serde(default)]
    pub reasons: Vec<Path>,
}

/// What a provider's state means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Phase {
    Queued,
    Running,
    Done,
    Failed,
    Cancelled,
    /// Its result is gone.
    Expired,
}

/// Where a result is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Pick {
    /// A URL; no credentials go along unless it is the provider's own host.
    Url(Path),
    Base64(Path),
    Text(Path),
    /// A file behind a request of its own.
    Content(Exchange),
    /// The reply's bytes.
    Body,
}

/// A sum over numbers of a reply: each path with the micro-dollars of one unit as a fraction. Paths that are absent
/// count nothing, but one at least must be there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cost(pub Vec<(Path, (u64, u64))>);

/// Paths to counts of tokens, added up.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Tokens {
    pub input: Vec<Path>,
    pub output: Vec<Path>,
}

/// A test on a reply.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Test {
    /// Something that is neither null nor empty is there.
    There(Path),
    /// The first value, as text, is this.
    Is(Path, String),
    /// It is there and is not this.
    IsNot(Path, String),
}

/// A test that makes a failure.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Failure {
    pub when: Test,
    pub class: ErrorClass,
}

/// What kind of failure it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ErrorClass {
    /// The credentials are missing, wrong or without the right.
    Auth,
    /// No credit, or a quota is used up.
    Quota,
    /// Too fast: later.
    RateLimited,
    /// The request, or what it asks for, is refused.
    Rejected,
    /// The provider, or the way to it, is broken for now.
    Network,
    /// The provider answers what nobody can read.
    BadReply,
}

/// Tells failures apart by what a reply says; the first that fits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ErrorRule {
    #[serde(default)]
    pub status: Option<u16>,
    /// A part of the reply's code or sentence, in any case.
    #[serde(default)]
    pub says: Option<String>,
    pub class: ErrorClass,
}

/// How a job is stopped.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cancel {
    pub exchange: Exchange,
    pub billed: Billed,
}

/// Whether a stopped job is billed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Billed {
    No,
    /// In full, or nobody knows: the ledger gets a line of up to the estimate.
    Maybe,
}
