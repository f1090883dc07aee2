//! What an answer means: refused and why, accepted under which name, how far, how much.
//!
//! Pure over replies: recorded ones test it. Whatever a reply says, reading it ends, and keeps to what the manifest
//! names.

use std::collections::BTreeMap;

use engine::money::Cost;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::ProviderError;
use crate::http::Reply;
use crate::manifest::{self, Entry, ErrorClass, Manifest, Operation, Path, Phase, Poll, Test, Tokens, shown};
use crate::secret::Secret;

/// Longest name that a provider may give a job.
pub(crate) const LONGEST_ID: usize = 2048;

/// A job at a provider, as the journal keeps it.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize)]
pub(crate) struct Handle {
    /// The provider's name of the job.
    pub(crate) id: String,
    pub(crate) model: String,
    pub(crate) operation: String,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) urls: BTreeMap<String, String>,
    /// What the price list says, or what the provider said on submission. Millionths of a dollar.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) microusd: Option<u64>,
    /// The provider itself said so.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) said: bool,
    /// The answer that is the result lies in this file of the spool.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) spool: Option<String>,
}

impl Handle {
    /// What the job costs where its last answer does not say.
    pub(crate) fn cost(&self) -> Cost {
        match self.microusd {
            Some(microusd) if self.said => Cost::Exact(microusd),
            listed => Cost::listed(listed),
        }
    }

    /// The same for a job that gives nothing: nobody said that it is billed, nor that it is not.
    pub(crate) fn cost_of_nothing(&self) -> Cost {
        Cost::at_most(self.microusd)
    }
}

/// Reads answers of one provider.
pub(crate) struct Reader<'a> {
    pub(crate) manifest: &'a Manifest,
    pub(crate) secret: Option<&'a Secret>,
}

impl Reader<'_> {
    pub(crate) fn error(&self, class: ErrorClass, said: &str) -> ProviderError {
        ProviderError::new(class, &self.manifest.title, said, self.secret)
    }

    /// The JSON of an answer.
    ///
    /// # Errors
    /// [`ErrorClass::BadReply`] for anything else.
    pub(crate) fn json(&self, reply: &Reply) -> Result<Value, ProviderError> {
        serde_json::from_slice(&reply.body).map_err(|error| {
            let start = String::from_utf8_lossy(&reply.body[..reply.body.len().min(80)]).into_owned();
            let start = start.replace(char::is_control, " ");
            self.error(ErrorClass::BadReply, &format!("not JSON ({error}), but `{start}`"))
        })
    }

    /// The refusal that an answer is, if it is one.
    ///
    /// # Errors
    /// That refusal.
    pub(crate) fn status(&self, reply: &Reply) -> Result<(), ProviderError> {
        if (200..300).contains(&reply.status) {
            return Ok(());
        }
        let json: Value = serde_json::from_slice(&reply.body).unwrap_or(Value::Null);
        let said = self.said(&json, &self.manifest.error_codes, &self.manifest.error_reasons);
        let class = self.rule(Some(reply.status), &said).unwrap_or(match reply.status {
            401 | 403 => ErrorClass::Auth,
            402 => ErrorClass::Quota,
            429 => ErrorClass::RateLimited,
            408 | 425 | 500.. => ErrorClass::Network,
            300..=399 => ErrorClass::BadReply,
            _ => ErrorClass::Rejected,
        });
        let said = if said.is_empty() { format!("the answer is {}", reply.status) } else { said };
        Err(ProviderError { retry_after: reply.retry_after, ..self.error(class, &said) })
    }

    /// The manifest's rule for what was said.
    fn rule(&self, status: Option<u16>, said: &str) -> Option<ErrorClass> {
        let said = said.to_lowercase();
        let fits = |rule: &&crate::manifest::ErrorRule| {
            rule.status.is_none_or(|wanted| Some(wanted) == status)
                && rule.says.as_ref().is_none_or(|wanted| said.contains(&wanted.to_lowercase()))
        };
        self.manifest.errors.iter().find(fits).map(|rule| rule.class)
    }

    /// Code and sentence of a failure.
    fn said(&self, reply: &Value, codes: &[Path], reasons: &[Path]) -> String {
        let first = |paths: &[Path]| {
            let text = |path: &Path| path.text(reply).filter(|text| !text.trim().is_empty());
            paths.iter().find_map(text)
        };
        match (first(codes), first(reasons)) {
            (Some(code), Some(reason)) if !reason.contains(&code) => format!("{reason} ({code})"),
            (_, Some(reason)) => reason,
            (Some(code), None) => code,
            (None, None) => String::new(),
        }
    }

    /// The failure that an answer is by the operation's tests, whatever its state says.
    ///
    /// # Errors
    /// That failure.
    pub(crate) fn tests(&self, operation: &Operation, reply: &Value) -> Result<(), ProviderError> {
        match operation.failures.iter().find(|failure| holds(&failure.when, reply)) {
            Some(failure) => Err(self.failed(operation.poll.as_ref(), reply, failure.class)),
            None => Ok(()),
        }
    }

    /// Why a job failed.
    pub(crate) fn failed(&self, poll: Option<&Poll>, reply: &Value, class: ErrorClass) -> ProviderError {
        let paths = |own: Option<&Vec<Path>>, all: &[Path]| own.into_iter().flatten().chain(all).cloned().collect();
        let codes: Vec<Path> = paths(poll.map(|poll| &poll.codes), &self.manifest.error_codes);
        let reasons: Vec<Path> = paths(poll.map(|poll| &poll.reasons), &self.manifest.error_reasons);
        let said = self.said(reply, &codes, &reasons);
        let class = self.rule(None, &said).unwrap_or(class);
        self.error(class, if said.is_empty() { "the job failed" } else { &said })
    }

    /// The job that was accepted.
    ///
    /// # Errors
    /// [`ErrorClass::BadReply`] where the answer names none: it may run all the same.
    pub(crate) fn accepted(&self, operation: &Operation, reply: &Value) -> Result<Handle, ProviderError> {
        let id = operation.id.iter().find_map(|path| path.text(reply)).unwrap_or_default();
        let mut urls = BTreeMap::new();
        for (name, path) in &operation.urls {
            urls.extend(path.text(reply).map(|url| (name.clone(), url)));
        }
        let is_named = if operation.id.is_empty() { operation.urls.len() <= urls.len() } else { !id.is_empty() };
        if !is_named {
            return Err(self.error(ErrorClass::BadReply, "it accepts the job, but does not name it"));
        }
        if LONGEST_ID < id.len() || urls.values().any(|url| 4 * LONGEST_ID < url.len()) {
            return Err(self.error(ErrorClass::BadReply, "it accepts the job, but its name is endless"));
        }
        Ok(Handle { id, urls, ..Handle::default() })
    }

    /// How a job stands, with its progress from 0 to 1.
    pub(crate) fn phase(&self, poll: &Poll, reply: &Value) -> (Phase, f32) {
        if poll.done_if.as_ref().and_then(|path| path.first(reply)).is_some_and(|it| !is_empty(it)) {
            return (Phase::Done, 1.0);
        }
        let progress = poll.progress.as_ref().and_then(|(path, whole)| {
            let done = path.text(reply)?.parse::<f32>().ok()?;
            (done.is_finite() && 0 < *whole).then(|| (done / *whole as f32).clamp(0.0, 1.0))
        });
        let state = poll.state.iter().find_map(|path| path.text(reply)).unwrap_or_default();
        let phase = poll.states.get(&state).copied().unwrap_or(Phase::Running);
        (phase, progress.unwrap_or(0.0))
    }
}

/// Whether a test holds for a reply.
pub(crate) fn holds(test: &Test, reply: &Value) -> bool {
    match test {
        Test::There(path) => path.first(reply).is_some_and(|it| !is_empty(it)),
        Test::Is(path, wanted) => path.first(reply).is_some_and(|it| shown(it) == *wanted),
        Test::IsNot(path, wanted) => path.first(reply).is_some_and(|it| shown(it) != *wanted),
    }
}

/// Null, an empty text, list or object, false.
fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) => text.is_empty(),
        Value::Array(members) => members.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        Value::Bool(true) | Value::Number(_) => false,
    }
}

/// What a reply says that the job cost, in micro-dollars, rounded up. None where it does not say.
pub(crate) fn cost(costs: &[manifest::Cost], reply: &Value) -> Option<u64> {
    costs.iter().find_map(|manifest::Cost(terms)| {
        let mut sum = None;
        for (path, (microusd, parts)) in terms {
            let Some(Value::Number(number)) = path.first(reply) else { continue };
            let parts = u128::from((*parts).max(1));
            let whole = match (number.as_u64(), number.as_f64()) {
                (Some(whole), _) => (u128::from(whole) * u128::from(*microusd)).div_ceil(parts),
                // Fractions of a credit or a dollar: six digits are more than a bill has.
                (None, Some(part)) if (0.0..1e12).contains(&part) => {
                    let millionths = (part * 1e6).round() as u128;
                    (millionths * u128::from(*microusd)).div_ceil(parts * 1_000_000)
                }
                _ => continue,
            };
            sum = Some(sum.unwrap_or(0) + whole);
        }
        sum.map(|sum: u128| u64::try_from(sum).unwrap_or(u64::MAX))
    })
}

/// What a reply's tokens cost by the model's price list. None where it counts none, or nothing goes by tokens.
pub(crate) fn token_cost(tokens: &Tokens, entry: &Entry, reply: &Value) -> Option<u64> {
    let sum = |paths: &[Path]| {
        let counts = paths.iter().filter_map(|path| path.first(reply)?.as_u64());
        counts.fold(None, |sum: Option<u64>, count| Some(sum.unwrap_or(0).saturating_add(count)))
    };
    entry.price_of_tokens(sum(&tokens.input)?, sum(&tokens.output)?)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::Catalog;

    fn reply(status: u16, body: &str) -> Reply {
        Reply { status, retry_after: None, body: body.as_bytes().to_vec() }
    }

    #[test]
    fn refusals_have_a_class_and_the_providers_words() {
        let catalog = Catalog::built_in();
        let reader = Reader { manifest: catalog.manifest("openai").expect("built in"), secret: None };
        let told = |status: u16, body: &str| reader.status(&reply(status, body)).map_err(|it| (it.class, it.said));
        assert_eq!(told(201, "x"), Ok(()));
        let body = r#"{"error":{"message":"Bad size.","code":"invalid_size"}}"#;
        assert_eq!(told(400, body), Err((ErrorClass::Rejected, "Bad size. (invalid_size)".to_owned())));
        assert_eq!(told(401, "{}"), Err((ErrorClass::Auth, "the answer is 401".to_owned())));
        assert_eq!(told(429, "{}").map_err(|it| it.0), Err(ErrorClass::RateLimited));
        let quota = r#"{"error":{"code":"insufficient_quota"}}"#;
        assert_eq!(told(429, quota), Err((ErrorClass::Quota, "insufficient_quota".to_owned())));
        assert_eq!(told(503, "<html>").map_err(|it| it.0), Err(ErrorClass::Network));
        assert_eq!(told(302, "").map_err(|it| it.0), Err(ErrorClass::BadReply));
        assert_eq!(reader.json(&reply(200, "<html>")).map_err(|it| it.class), Err(ErrorClass::BadReply));
    }

    #[test]
    fn costs_are_sums_of_fractions() {
        let path = |text: &str| Path::parse(text).expect("a path");
        let tokens = manifest::Cost(vec![(path("in"), (5, 1)), (path("out"), (30, 1))]);
        let ticks = manifest::Cost(vec![(path("ticks"), (1, 10_000))]);
        let dollars = manifest::Cost(vec![(path("usd"), (1_000_000, 1))]);
        let costs = [tokens, ticks, dollars];
        assert_eq!(cost(&costs, &json!({ "in": 10, "out": 3 })), Some(140));
        assert_eq!(cost(&costs, &json!({ "out": 0 })), Some(0));
        assert_eq!(cost(&costs, &json!({ "ticks": 500_001 })), Some(51));
        assert_eq!(cost(&costs, &json!({ "usd": 0.25 })), Some(250_000));
        for nothing in [json!({}), json!({ "usd": "free" }), json!({ "usd": -1.0 }), json!([])] {
            assert_eq!(cost(&costs, &nothing), None, "{nothing}");
        }
        assert_eq!(cost(&costs, &json!({ "in": u64::MAX })), Some(u64::MAX));
    }

    #[test]
    fn an_unknown_state_goes_on() {
        let catalog = Catalog::built_in();
        let manifest = catalog.manifest("runway").expect("built in");
        let reader = Reader { manifest, secret: None };
        let poll = manifest.operations["text"].poll.as_ref().expect("it polls");
        let phase = |state: Value| reader.phase(poll, &json!({ "status": state, "progress": 0.5 }));
        assert_eq!(phase(json!("SUCCEEDED")).0, Phase::Done);
        assert_eq!(phase(json!("DREAMING")), (Phase::Running, 0.5));
        assert_eq!(phase(json!([1])).0, Phase::Running);
        assert_eq!(reader.phase(poll, &json!(null)), (Phase::Running, 0.0));
    }

    /// A value of any shape, with names and texts that manifests look for.
    fn anything(random: &mut fastrand::Rng, depth: u32) -> Value {
        let words =
            ["status", "state", "id", "error", "data", "code", "output", "url", "task", "COMPLETED", "done", ""];
        let word = |random: &mut fastrand::Rng| words[random.usize(..words.len())];
        match random.u8(..if depth == 0 { 5 } else { 8 }) {
            0 => Value::Null,
            1 => json!(random.bool()),
            2 => json!(random.i64(..)),
            3 => json!(random.f64() * 1e300),
            4 => json!(word(random)),
            5 => (0..random.usize(..4)).map(|_| anything(random, depth - 1)).collect(),
            _ => {
                let fields = (0..random.usize(..5)).map(|_| (word(random).to_owned(), anything(random, depth - 1)));
                Value::Object(fields.collect())
            }
        }
    }

    #[test]
    fn whatever_is_answered_is_read() {
        let catalog = Catalog::built_in();
        let mut random = fastrand::Rng::with_seed(11);
        for _ in 0..300 {
            let json = anything(&mut random, 5);
            let text = json.to_string();
            let whole = reply(200 + random.u16(..400), &text[..random.usize(..=text.len()).min(text.len())]);
            for manifest in catalog.manifests() {
                let reader = Reader { manifest, secret: None };
                let _ = (reader.status(&whole), reader.json(&whole));
                for operation in manifest.operations.values() {
                    let _ = (reader.tests(operation, &json), cost(&operation.cost, &json));
                    if let (Some(_), Ok(named)) = (&operation.poll, reader.accepted(operation, &json)) {
                        assert!(!named.id.is_empty() || !named.urls.is_empty(), "{json}");
                    }
                    let done = operation.poll.as_ref().map_or(0.0, |poll| reader.phase(poll, &json).1);
                    assert!((0.0..=1.0).contains(&done), "{json}");
                }
            }
        }
    }
}
