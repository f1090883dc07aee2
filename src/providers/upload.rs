//! Uploads: a file of the store becomes something of the provider's own that a request can name.
//!
//! The recipe is the manifest's; here it is followed, step by step. A URL out of an answer is a signed one: the file
//! goes there and nothing else does, neither key nor the manifest's headers, wherever it points. One function for each
//! provider was rejected: four of them differ by what is data.

use std::time::Duration;

use engine::worker::{Cancel, JobError};
use model::{Diagnostic, Media};
use serde_json::{Value, json};

use crate::hosted::{Errand, Hosted, MOST_ANSWER, unsayable};
use crate::http::{Message, Payload};
use crate::manifest::{Body, ErrorClass, UploadStep};
use crate::request::{self, Sources};
use crate::template::{Values, fill_line};

/// Longest text that is kept of an answer.
const LONGEST: usize = 8192;
/// Headers that an answer may not put on a step.
const NOT_THEIRS: &[&str] = &["authorization", "cookie", "host", "content-length", "transfer-encoding", "connection"];
/// How often a file's state is asked for.
const MOST_LOOKS: u32 = 200;

impl Hosted {
    /// What stands in a request for a file that is uploaded first. It costs nothing, so it may be done again.
    pub(crate) fn upload(&self, media: &Value, cancel: &Cancel) -> Result<String, Diagnostic> {
        let upload = self.manifest.upload.as_ref().ok_or_else(|| unsayable("an upload"))?;
        let named: Media = serde_json::from_value(media.clone()).map_err(|_| unsayable("a file"))?;
        let mut values = Values::from([
            ("item".to_owned(), json!({ "$media": media })),
            ("file.name".to_owned(), json!(request::file_name(&named.format))),
            ("file.mime".to_owned(), json!(request::mime(&named.format))),
            ("file.bytes".to_owned(), json!(named.bytes)),
        ]);
        for step in &upload.steps {
            let kept = self.step(step, &values, media, cancel)?;
            values.extend(kept);
        }
        let gives = fill_line(&upload.gives, &values, &self.manifest.tables, false).map_err(|why| unsayable(&why))?;
        gives.filter(|gives| !gives.is_empty()).ok_or_else(|| self.lost("gives no name for it"))
    }

    /// Takes one step; what it keeps of the answer.
    fn step(&self, step: &UploadStep, values: &Values, media: &Value, cancel: &Cancel) -> Result<Values, Diagnostic> {
        let exchange = &step.exchange;
        let errand = if exchange.path.starts_with("{kept.") { Errand::Bring } else { Errand::Ask };
        let (target, body) = request::render(&self.manifest, exchange, values).map_err(|why| unsayable(&why))?;
        let payload = match &exchange.body {
            Body::File => {
                let (bytes, named) = request::read(media, &*self.store)?;
                Payload::Bytes(bytes, request::mime(&named.format).to_owned())
            }
            body_of => {
                let again = |_: &Value| Err(unsayable("an upload in an upload"));
                let sources = Sources { artifacts: &*self.store, above: None, upload: &again };
                request::payload(body_of, &body, &sources)?
            }
        };
        let mut headers = self.headers(exchange, values)?;
        if errand == Errand::Bring {
            headers.retain(|(name, _)| exchange.headers.contains_key(name));
        }
        let theirs = step.headers_of.as_ref().and_then(|name| values.get(&format!("kept.{name}")));
        for (name, value) in theirs.and_then(Value::as_object).into_iter().flatten() {
            if let Some(value) = value.as_str().filter(|_| !NOT_THEIRS.contains(&name.to_lowercase().as_str())) {
                headers.push((name.clone(), value.to_owned()));
            }
        }
        let within = self.http.timing.result;
        let message = Message { method: exchange.method, target, headers, payload, within, most: MOST_ANSWER };
        let steps = self.manifest.upload.iter().flat_map(|upload| &upload.steps);
        let is_headers = |name: &String| steps.clone().any(|step| step.headers_of.as_ref() == Some(name));
        let mut n = 0;
        loop {
            let reply = self.answer(&message, errand, cancel).map_err(|error| match error {
                JobError::Failed(told) => *told,
                JobError::Cancelled => Diagnostic::error("cancelled", "cancelled"),
            })?;
            if step.keeps.is_empty() && step.until.is_none() {
                return Ok(Values::new());
            }
            let pass = self.pass()?;
            let answer = self.reader(&pass).json(&reply)?;
            if let Some(until) = &step.until {
                let state = until.state.text(&answer).unwrap_or_default();
                if until.failed.contains(&state) {
                    let error = self.reader(&pass).failed(None, &answer, ErrorClass::Rejected);
                    return Err(error.into());
                }
                n += 1;
                if state != until.ready {
                    if MOST_LOOKS <= n {
                        return Err(self.lost("does not get ready with it"));
                    }
                    let every = self.http.timing.poll_ms.unwrap_or(until.every_ms);
                    if !cancel.rest(Duration::from_millis(every)) {
                        return Err(Diagnostic::error("cancelled", "cancelled"));
                    }
                    continue;
                }
            }
            let mut kept = Values::new();
            for (name, path) in &step.keeps {
                let value = path.first(&answer).filter(|value| value.to_string().len() <= LONGEST);
                match value {
                    Some(value) => drop(kept.insert(format!("kept.{name}"), value.clone())),
                    // No headers are wanted.
                    None if is_headers(name) => {}
                    None => return Err(self.lost(&format!("says no `{path}`"))),
                }
            }
            return Ok(kept);
        }
    }

    fn lost(&self, why: &str) -> Diagnostic {
        let pass = self.pass().ok().flatten();
        self.reader(&pass).error(ErrorClass::BadReply, &format!("it takes a file, but {why}")).into()
    }
}
