//! A manifest as a whole: where a provider is, how it lets people in, its operations, its models, its sources.
//!
//! Untrusted: reading one runs nothing and asks nobody. What it may reach is decided from `base` and `hosts` alone.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use indexmap::IndexMap;
use model::{Diagnostic, Place as TextPlace};
use serde::{Deserialize, Serialize};

use super::entry::{Entry, Place, Tier};
use super::wire::{Billed, ErrorRule, Exchange, Operation};
use super::{Date, Path};
use crate::comfy::Shelf;

/// The format that this program reads.
const FORMAT: u32 = 1;
/// Bounds on a stranger's file.
const MOST_BYTES: usize = 1 << 20;
const MOST_MODELS: usize = 1000;
const MOST_CONCURRENCY: u32 = 1000;
const MOST_STEPS: usize = 8;

/// See the module.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The format's version, 1.
    pub manifest: u32,
    /// Lower-case name: `runway`.
    pub provider: String,
    pub title: String,
    #[serde(default)]
    pub place: Place,
    /// Scheme, host and what all paths begin with: `https://api.dev.runwayml.com`.
    pub base: String,
    /// Further hosts that are the provider's own, to which credentials may go: `api.eu.bfl.ai`.
    #[serde(default)]
    pub hosts: Vec<String>,
    /// Ways to be let in, the first whose names are all known; empty where nobody asks.
    #[serde(default)]
    pub credentials: Vec<Credential>,
    /// Sent with every request.
    #[serde(default)]
    pub headers: IndexMap<String, String>,
    /// Jobs at a time.
    #[serde(default = "two")]
    pub concurrency: u32,
    #[serde(default)]
    pub rate: Option<Window>,
    /// How a file becomes something of the provider's own that a request can name.
    #[serde(default)]
    pub upload: Option<Upload>,
    /// A question that costs nothing and needs the credentials.
    #[serde(default)]
    pub check: Option<Exchange>,
    /// Where refusals say why: codes, then sentences.
    #[serde(default)]
    pub error_codes: Vec<Path>,
    #[serde(default)]
    pub error_reasons: Vec<Path>,
    #[serde(default)]
    pub errors: Vec<ErrorRule>,
    /// Tables that templates look values up in.
    #[serde(default)]
    pub tables: BTreeMap<String, BTreeMap<String, String>>,
    pub operations: BTreeMap<String, Operation>,
    pub models: Vec<Entry>,
    pub sources: BTreeMap<String, Source>,
    /// The workflows that its models are, where a ComfyUI server runs them. No file can say this.
    #[serde(skip)]
    pub workflows: Option<Arc<Shelf>>,
}

fn two() -> u32 {
    2
}

/// What stopping a job means at a provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Stops {
    /// It goes on and is billed; the next run fetches it.
    Never,
    Unbilled,
    /// Nobody knows whether it is billed: the ledger says up to how much.
    MaybeBilled,
}

impl fmt::Display for Stops {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Stops::Never => "it cannot be stopped: it is billed, and the next run fetches it",
            Stops::Unbilled => "it stops and is not billed",
            Stops::MaybeBilled => "it stops, and may still be billed, up to the estimate",
        })
    }
}

/// A way to be let in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Credential {
    /// Names in the environment or the keyring, all needed: `RUNWAYML_API_SECRET`.
    pub names: Vec<String>,
    pub auth: Auth,
    /// It also goes without.
    #[serde(default)]
    pub optional: bool,
    /// The first name is no secret but the address of a server of one's own, which takes the base's place.
    #[serde(default)]
    pub address: bool,
}

/// How a credential is presented.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Auth {
    /// Nothing is presented.
    Open,
    /// `Authorization: Bearer ...`
    Bearer,
    /// `Authorization:` with another first word.
    Word(String),
    /// A header of its own.
    Header(String),
    /// A token signed (HS256) with a pair of keys, renewed before it runs out. Named because data cannot sign.
    SignedToken,
    /// A Google Cloud service account: the file of its key, or the text of that file, is signed (RS256) and exchanged
    /// for an access token. Templates know its project as `account.project`.
    GoogleAccount,
}

/// The recipe of an upload. It costs nothing, so each of its requests may be repeated.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Upload {
    /// Files of more bytes are uploaded where a template asks for `data_uri`, and `NAME.large` is true for them; those
    /// for which it asks for `upload` always are.
    #[serde(default)]
    pub above: Option<u64>,
    pub steps: Vec<UploadStep>,
    /// What stands in the request: a template over what the steps kept.
    pub gives: String,
}

/// One request of an upload. Its templates know `item`, `file.name`, `file.mime`, `file.bytes` and what was kept. A path
/// that begins with a kept URL is a signed one: no credentials go there, and any public host may be meant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UploadStep {
    pub exchange: Exchange,
    /// What later steps need of the answer, for `{kept.NAME}`.
    #[serde(default)]
    pub keeps: IndexMap<String, Path>,
    /// The name of a kept object whose texts are headers that this step must have.
    #[serde(default)]
    pub headers_of: Option<String>,
    /// Asked again until the provider has taken the file.
    #[serde(default)]
    pub until: Option<Until>,
}

/// When a file is ready.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Until {
    pub every_ms: u64,
    pub state: Path,
    pub ready: String,
    /// States that say that it never will be.
    #[serde(default)]
    pub failed: Vec<String>,
}

/// So many in so many seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window(pub u32, pub u32);

/// How sure a fact is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Confidence {
    /// The provider's own library, document or page.
    Official,
    /// A widely used client or price table, or an official page of unknown age.
    Client,
    /// A reseller or a tutorial.
    Hint,
}

/// Where facts were read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    pub what: String,
    pub url: String,
    /// When it was read, or published.
    pub date: Date,
    pub confidence: Confidence,
}

impl Manifest {
    /// Reads a manifest and checks that it hangs together.
    ///
    /// # Errors
    /// `manifest-syntax` with the place, or `manifest` with what is wrong.
    pub fn parse(file: &str, text: &str) -> Result<Manifest, Diagnostic> {
        if MOST_BYTES < text.len() {
            return Err(wrong(file, format!("it has {} bytes, more than {MOST_BYTES}", text.len())));
        }
        let options = ron::Options::default()
            .with_default_extension(ron::extensions::Extensions::IMPLICIT_SOME)
            .with_recursion_limit(64);
        let mut manifest: Manifest = options.from_str(text).map_err(|error| {
            let line_start =
                |n: usize| text.split_inclusive('\n').take(n.saturating_sub(1)).map(str::len).sum::<usize>();
            let at = line_start(error.span.start.line) + error.span.start.col.saturating_sub(1);
            Diagnostic::error("manifest-syntax", format!("{}", error.code)).at_place(TextPlace::of(file, text, at))
        })?;
        manifest.judge().map_err(|reason| wrong(file, reason))?;
        manifest.fill();
        Ok(manifest)
    }

    /// Whether a running job of an operation can be stopped, and what that costs.
    pub fn stops(&self, operation: &str) -> Stops {
        match self.operations.get(operation).and_then(|operation| operation.cancel.as_ref()) {
            None => Stops::Never,
            Some(cancel) if cancel.billed == Billed::No => Stops::Unbilled,
            Some(_) => Stops::MaybeBilled,
        }
    }

    /// The same provider at another address, as a local one: a proxy, or a test's server.
    #[must_use]
    pub fn served_at(mut self, base: &str) -> Manifest {
        base.trim_end_matches('/').clone_into(&mut self.base);
        // Steps of an upload that name one of the provider's further hosts go there as well.
        for exchange in self.upload.iter_mut().flat_map(|upload| &mut upload.steps).map(|step| &mut step.exchange) {
            let below = self.hosts.iter().find_map(|host| exchange.path.strip_prefix(&format!("https://{host}/")));
            if let Some(below) = below {
                exchange.path = format!("/{below}");
            }
        }
        self.hosts.clear();
        self.place = Place::Local;
        self.fill();
        self
    }

    /// Copies what entries share into each of them.
    pub(crate) fn fill(&mut self) {
        for entry in &mut self.models {
            entry.name = format!("{}/{}", self.provider, entry.id);
            entry.provider.clone_from(&self.provider);
            entry.place = self.place;
            entry.credentials.clone_from(&self.credentials);
            entry.concurrency = Some(entry.concurrency.unwrap_or(self.concurrency).min(self.concurrency));
        }
    }

    fn judge(&self) -> Result<(), String> {
        let plain = |text: &str| !text.is_empty() && text.len() <= 40 && text.chars().all(is_plain);
        if self.manifest != FORMAT {
            return Err(format!("it has format {}, this program reads {FORMAT}", self.manifest));
        }
        if !plain(&self.provider) {
            return Err(format!("`{}` is no name for a provider: lower-case letters, digits, - and _", self.provider));
        }
        let base = reqwest::Url::parse(&self.base).map_err(|error| format!("its base is no URL: {error}"))?;
        let is_local = self.place == Place::Local;
        if base.host_str().is_none() || base.scheme() != "https" && !(is_local && base.scheme() == "http") {
            return Err(format!("its base {} is not an https URL", self.base));
        }
        if !base.username().is_empty() || base.password().is_some() || base.query().is_some() {
            return Err("its base holds more than scheme, host and path".to_owned());
        }
        if let Some(host) = self.hosts.iter().find(|host| host.is_empty() || host.contains(['/', '*', ':', '@', ' '])) {
            return Err(format!("`{host}` is not the name of a host"));
        }
        if !(1..=MOST_CONCURRENCY).contains(&self.concurrency) {
            return Err(format!("its concurrency is {}, not 1 to {MOST_CONCURRENCY}", self.concurrency));
        }
        if self.models.is_empty() || MOST_MODELS < self.models.len() {
            return Err(format!("it has {} models, not 1 to {MOST_MODELS}", self.models.len()));
        }
        for credential in &self.credentials {
            let fine = |name: &String| name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
            if credential.names.is_empty() || !credential.names.iter().all(|name| !name.is_empty() && fine(name)) {
                return Err(format!("{:?} are not names like RUNWAYML_API_SECRET", credential.names));
            }
            if credential.auth == Auth::SignedToken && credential.names.len() != 2 {
                return Err("a signed token needs the names of two keys".to_owned());
            }
        }
        if let Some(upload) = self.upload.as_ref().filter(|it| !(1..=MOST_STEPS).contains(&it.steps.len())) {
            return Err(format!("its upload has {} steps, not 1 to {MOST_STEPS}", upload.steps.len()));
        }
        let mut ids = BTreeSet::new();
        for entry in &self.models {
            self.judge_entry(entry).map_err(|reason| format!("{}: {reason}", entry.id))?;
            if !ids.insert(&entry.id) {
                return Err(format!("{} stands there twice", entry.id));
            }
        }
        for (name, operation) in &self.operations {
            if operation.result.is_empty() {
                return Err(format!("operation {name} says nowhere where the result is"));
            }
            let has_handle = !operation.id.is_empty() || !operation.urls.is_empty();
            if operation.poll.is_some() && !has_handle {
                return Err(format!("operation {name} polls, but its submission gives neither id nor URL"));
            }
            if let Some(odd) = operation.endings.keys().find(|url| !operation.urls.contains_key(*url)) {
                return Err(format!("operation {name} has an ending of `{odd}`, which is none of its URLs"));
            }
        }
        crate::template::check(self)
    }

    fn judge_entry(&self, entry: &Entry) -> Result<(), String> {
        if entry.id.is_empty() || 200 < entry.id.len() || entry.id.chars().any(|c| c.is_whitespace() || c.is_control())
        {
            return Err("its id is empty, long or has spaces".to_owned());
        }
        if entry.tasks.is_empty() {
            return Err("it has no task".to_owned());
        }
        if let Some((_, name)) = entry.operations.iter().find(|(_, name)| !self.operations.contains_key(name)) {
            return Err(format!("there is no operation `{name}`"));
        }
        let sources = entry.facts.values().chain(entry.tier.iter().map(|Tier { source, .. }| source));
        if let Some(name) = sources.into_iter().find(|name| !self.sources.contains_key(*name)) {
            return Err(format!("there is no source `{name}`"));
        }
        if entry.tier.as_ref().is_some_and(|it| !(1..=5).contains(&it.tier)) {
            return Err("its tier is not 1 to 5".to_owned());
        }
        Ok(())
    }
}

fn is_plain(c: char) -> bool {
    c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_'
}

fn wrong(file: &str, reason: String) -> Diagnostic {
    Diagnostic::error("manifest", format!("the manifest {file} cannot be used: {reason}"))
        .hint("the other manifests are used without it")
}
