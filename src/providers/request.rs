//! From a job to the request that the journal keeps, and from that to what is sent.
//!
//! The journal's request names pictures by digest; their bytes are put in when it is sent. It holds no secret: those
//! join the message one step later, in [`crate::http`].

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use engine::codec::{Codec, Flow, Frame};
use engine::worker::{Artifacts, Cancel, JobCx, JobError};
use model::{Call, Diagnostic, Image, Media, Quality, Task};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::http::{Part, Payload};
use crate::manifest::{Ask, Body, Can, Entry, Exchange, Manifest, reference_pictures, shown};
use crate::template::{self, Values};

/// Longest picture that goes along, where the manifest does not say, in bytes.
const MOST_PICTURE: u64 = 20_000_000;

/// The form of a request in the journal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Request {
    /// The model's id at the provider.
    pub(crate) model: String,
    pub(crate) operation: String,
    /// Millionths of a dollar; none where the price is unknown.
    pub(crate) estimate_microusd: Option<u64>,
    pub(crate) path: String,
    pub(crate) body: Value,
}

/// What turning a call into a request may use.
pub(crate) struct Studio<'a> {
    pub(crate) artifacts: &'a dyn Artifacts,
    pub(crate) codec: &'a dyn Codec,
    /// What templates know of the account: [`crate::google`].
    pub(crate) account: &'a Values,
}

/// The request for a call that fits.
///
/// # Errors
/// A diagnostic where a picture cannot be made ready, or the manifest's template cannot say it.
pub(crate) fn build(
    manifest: &Manifest,
    entry: &Entry,
    call: &Call,
    ask: &Ask,
    studio: &Studio<'_>,
) -> Result<Request, Diagnostic> {
    let values = values(manifest, entry, call, ask, studio)?;
    let exchange = &manifest.operations[&ask.operation].submit;
    let (path, body) = render(manifest, exchange, &values).map_err(|why| unsayable(entry, &why))?;
    undropped(entry, call, ask, &body)?;
    Ok(Request {
        model: entry.id.clone(),
        operation: ask.operation.clone(),
        estimate_microusd: entry.price(ask),
        path,
        body,
    })
}

/// No file and no negative prompt may get lost between a call and its request: a template that forgets one is found
/// out before it is paid.
fn undropped(entry: &Entry, call: &Call, ask: &Ask, body: &Value) -> Result<(), Diagnostic> {
    if files(body) < ask.n_files() {
        return Err(unsayable(entry, "its template leaves a picture, clip or sound out"));
    }
    if ask.negative && !says(body, &call.negative) {
        return Err(unsayable(entry, "its template leaves the negative prompt out"));
    }
    Ok(())
}

/// How many files a body holds.
pub(crate) fn files(body: &Value) -> u32 {
    match body {
        Value::Array(members) => members.iter().map(files).sum(),
        Value::Object(fields) if fields.contains_key("$media") => 1,
        Value::Object(fields) => fields.values().map(files).sum(),
        _ => 0,
    }
}

/// Whether a text stands in a body.
pub(crate) fn says(body: &Value, text: &str) -> bool {
    match body {
        Value::Array(members) => members.iter().any(|member| says(member, text)),
        Value::Object(fields) => fields.values().any(|field| says(field, text)),
        Value::String(own) => own.contains(text),
        _ => false,
    }
}

fn unsayable(entry: &Entry, why: &str) -> Diagnostic {
    Diagnostic::error("manifest", format!("{} cannot be asked for that: {why}", entry.title))
        .hint("choose another model, or correct its manifest")
}

/// Path and body of an exchange. A body of no fields is an empty object.
pub(crate) fn render(manifest: &Manifest, exchange: &Exchange, values: &Values) -> Result<(String, Value), String> {
    let path = template::fill_line(&exchange.path, values, &manifest.tables, true)?;
    let path = path.ok_or_else(|| format!("nothing stands for `{}`", exchange.path))?;
    let body = match &exchange.body {
        Body::Empty | Body::File => Value::Null,
        Body::Json(text) | Body::Form(text) => {
            let template: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
            template::fill(&template, values, &manifest.tables)?.unwrap_or_else(|| json!({}))
        }
    };
    Ok((path, body))
}

/// What templates can name.
fn values(
    manifest: &Manifest,
    entry: &Entry,
    call: &Call,
    ask: &Ask,
    studio: &Studio<'_>,
) -> Result<Values, Diagnostic> {
    let mut values = plain_values(entry, call, ask);
    values.extend(studio.account.clone());
    let large = manifest.upload.as_ref().and_then(|upload| upload.above);
    let most = entry.limits.image_bytes.unwrap_or(MOST_PICTURE);
    let file = |media: &Media| {
        if most < media.bytes {
            let message = format!("{} takes files of at most {most} bytes, one has {}", entry.title, media.bytes);
            return Err(
                Diagnostic::error("file-too-large", message).hint("give it a smaller picture or a shorter clip")
            );
        }
        let is_large = large.is_some_and(|above| above < media.bytes);
        serde_json::to_value(media)
            .map(|media| if is_large { json!({ "$media": media, "large": true }) } else { json!({ "$media": media }) })
            .map_err(|error| Diagnostic::error("picture", format!("BUG: a picture cannot be named: {error}")))
    };
    for (name, image) in [("first_frame", &call.first_frame), ("last_frame", &call.last_frame), ("mask", &call.mask)] {
        if let Some(image) = image {
            values.insert(name.to_owned(), file(&*studio.still(image)?)?);
        }
    }
    for (name, media) in [("source", &call.source), ("audio", &call.audio)] {
        if let Some(media) = media {
            values.insert(name.to_owned(), file(media)?);
        }
    }
    if 0 < ask.references {
        let pictures = reference_pictures(call, entry.limits.references);
        let pictures = pictures.into_iter().map(file).collect::<Result<Vec<_>, _>>()?;
        values.insert("references".to_owned(), Value::Array(pictures));
    }
    Ok(values)
}

/// The values of a call that are no pictures.
pub(crate) fn plain_values(entry: &Entry, call: &Call, ask: &Ask) -> Values {
    let mut values = Values::new();
    let mut put = |name: &str, value: Value| drop(values.insert(name.to_owned(), value));
    put("model", json!(entry.id));
    // A clip alone may say what is wanted: then there are no words, rather than empty ones.
    if !call.prompt.is_empty() {
        put("prompt", json!(call.prompt));
    }
    if ask.negative {
        put("negative", json!(call.negative));
    }
    if entry.can.seed == Can::Yes {
        // The same seed for the same shot, whatever range the provider takes.
        put("seed", json!(entry.limits.seed.map_or(call.seed, |most| call.seed % most.saturating_add(1).max(1))));
    }
    put("take", json!(call.take));
    put("quality", json!(if call.quality == Quality::Draft { "draft" } else { "final" }));
    if 0 < ask.seconds {
        put("seconds", json!(ask.seconds));
        put("milliseconds", json!(u64::from(ask.seconds) * 1000));
        put("n_frames", json!(call.n_frames));
        put("fps", json!(f64::from(call.rate.0) / f64::from(call.rate.1.max(1))));
    }
    if 0 < ask.width {
        put("width", json!(ask.width));
        put("height", json!(ask.height));
        put("size", json!(ask.size.clone().unwrap_or_else(|| format!("{}x{}", ask.width, ask.height))));
    }
    if let Some(ratio) = &ask.ratio {
        put("ratio", json!(ratio));
    }
    if let Some(resolution) = &ask.resolution {
        put("resolution", json!(resolution));
    }
    if entry.can.sound_switch == Can::Yes {
        put("sound", json!(call.sound));
    }
    for (name, value) in &call.options {
        put(&format!("option.{name}"), option(value));
    }
    if let (Task::Voice, Ok(Some((voice, _)))) = (call.task, entry.voice(call)) {
        put("option.voice", json!(voice));
    }
    for (name, value) in &entry.constants {
        put(&format!("constant.{name}"), json!(value));
    }
    values
}

/// Options are texts in a graph; a provider wants numbers and flags as such.
fn option(text: &str) -> Value {
    match text {
        "true" => json!(true),
        "false" => json!(false),
        _ => match (text.parse::<i64>(), text.parse::<f64>()) {
            (Ok(whole), _) => json!(whole),
            (_, Ok(number)) if number.is_finite() => json!(number),
            _ => json!(text),
        },
    }
}

impl Studio<'_> {
    /// A picture as an artifact; a frame of a clip is drawn now.
    pub(crate) fn still(&self, image: &Image) -> Result<Arc<Media>, Diagnostic> {
        let (clip, frame) = match image {
            Image::File(media) => return Ok(media.clone()),
            Image::Frame { clip, frame } => (clip, *frame),
        };
        let unseen = |_: f32| {};
        let cx = JobCx {
            artifacts: self.artifacts,
            cancel: Cancel::default(),
            progress: &unseen,
            project: std::path::Path::new(""),
        };
        let mut found = None;
        let mut keep = |_: u64, picture: &Frame| {
            found = Some(picture.clone());
            Ok(Flow::Enough)
        };
        let drawn = self.codec.play(clip, frame..frame.saturating_add(1), clip.size, &mut keep, &cx);
        let drawn = drawn.and_then(|()| match &found {
            Some(picture) => {
                let path = self.artifacts.scratch("png")?;
                let info = self.codec.write_picture(picture, &path)?;
                Ok(self.artifacts.adopt(&path, "png", Some(info), None)?)
            }
            None => Err(Diagnostic::error("no-frame", format!("frame {frame} of a clip could not be decoded")).into()),
        });
        match drawn {
            Ok(media) => Ok(Arc::new(media)),
            Err(JobError::Failed(told)) => Err(*told),
            Err(JobError::Cancelled) => Err(Diagnostic::error("cancelled", "cancelled")),
        }
    }
}

/// Where the bytes of pictures come from, and how one gets a URL.
pub(crate) struct Sources<'a> {
    pub(crate) artifacts: &'a dyn Artifacts,
    /// Files of more bytes get one where a data URI was asked for.
    pub(crate) above: Option<u64>,
    /// Takes the picture's name as the journal writes it.
    pub(crate) upload: &'a dyn Fn(&Value) -> Result<String, Diagnostic>,
}

/// The bytes to send for a body, with its pictures put in.
///
/// # Errors
/// A diagnostic where a picture is missing from the store.
pub(crate) fn payload(body: &Body, value: &Value, sources: &Sources<'_>) -> Result<Payload, Diagnostic> {
    match body {
        Body::Empty => Ok(Payload::Empty),
        // Only uploads have one, which know their file: see [`crate::upload`].
        Body::File => Err(Diagnostic::error("manifest", "the manifest sends a file where no file is uploaded")),
        Body::Json(_) => {
            let mut value = value.clone();
            put_in(&mut value, sources)?;
            Ok(Payload::Json(value.to_string().into_bytes()))
        }
        Body::Form(_) => {
            let mut parts = Vec::new();
            for (name, value) in value.as_object().into_iter().flatten() {
                let members = value.as_array().map_or_else(|| std::slice::from_ref(value), Vec::as_slice);
                for member in members {
                    parts.push((name.clone(), part(member, sources)?));
                }
            }
            Ok(Payload::Form(parts))
        }
    }
}

fn part(value: &Value, sources: &Sources<'_>) -> Result<Part, Diagnostic> {
    match (value.get("$media"), value.get("as").and_then(Value::as_str)) {
        (Some(media), Some("file")) => {
            let (bytes, media) = read(media, sources.artifacts)?;
            let name = file_name(&media.format);
            Ok(Part::File { bytes: bytes.into(), name, mime: mime(&media.format).to_owned() })
        }
        (Some(_), _) => {
            let mut value = value.clone();
            put_in(&mut value, sources)?;
            Ok(Part::Text(shown(&value)))
        }
        _ => Ok(Part::Text(shown(value))),
    }
}

/// Replaces the names of pictures by their bytes.
fn put_in(value: &mut Value, sources: &Sources<'_>) -> Result<(), Diagnostic> {
    if let (Some(media), Some(form)) = (value.get("$media"), value.get("as").and_then(Value::as_str)) {
        let bytes = media.get("bytes").and_then(Value::as_u64).unwrap_or(0);
        let is_large = form == "data_uri" && sources.above.is_some_and(|above| above < bytes);
        if form == "upload" || is_large {
            *value = Value::String((sources.upload)(media)?);
            return Ok(());
        }
        let (bytes, media) = read(media, sources.artifacts)?;
        let coded = STANDARD.encode(bytes);
        let text = if form == "base64" { coded } else { format!("data:{};base64,{coded}", mime(&media.format)) };
        *value = Value::String(text);
        return Ok(());
    }
    match value {
        Value::Array(members) => members.iter_mut().try_for_each(|member| put_in(member, sources)),
        Value::Object(fields) => fields.values_mut().try_for_each(|field| put_in(field, sources)),
        _ => Ok(()),
    }
}

/// The bytes of a picture that a request names.
pub(crate) fn read(media: &Value, artifacts: &dyn Artifacts) -> Result<(Vec<u8>, Media), Diagnostic> {
    let media: Media = serde_json::from_value(media.clone())
        .map_err(|error| Diagnostic::error("picture", format!("a picture of the request has no name: {error}")))?;
    let path = artifacts.locate(&media)?;
    let bytes = std::fs::read(&path)
        .map_err(|error| Diagnostic::error("picture", format!("a picture of the request cannot be read: {error}")))?;
    Ok((bytes, media))
}

/// A name for a file that says what it is.
pub(crate) fn file_name(format: &str) -> String {
    let kind = match mime(format).split('/').next() {
        Some("video") => "clip",
        Some("audio") => "sound",
        _ => "picture",
    };
    format!("{kind}.{format}")
}

/// The media type of a file format.
pub(crate) fn mime(format: &str) -> &'static str {
    match format {
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "webp" => "image/webp",
        "gif" => "image/gif",
        "mp4" => "video/mp4",
        "mov" => "video/quicktime",
        "webm" => "video/webm",
        "wav" => "audio/wav",
        "mp3" => "audio/mpeg",
        "flac" => "audio/flac",
        "ogg" => "audio/ogg",
        "m4a" => "audio/mp4",
        _ => "application/octet-stream",
    }
}
