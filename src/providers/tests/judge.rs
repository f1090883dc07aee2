//! What we send, judged by the providers' own documents: Prism stands between our client and the fake and refuses what
//! an OpenAPI document does not allow, in requests and in the fake's answers.
//!
//! The documents are nobody's to copy: the folder that `THROUGHLINE_SPECS` names has them, and without it, or without
//! Prism, these tests are skipped and say so. `./x judge` installs Prism and starts them. Every operation is also
//! asked something wrong, since a judge that lets everything pass looks like a good one.

use std::collections::BTreeSet;
use std::io::Write;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use engine::remote::{Provider, Stopped};
use model::{Call, Image, Media};
use serde_json::{Value, json};

use super::bench::Bench;
use super::fake::{Fake, KEY, Shape, Step};
use super::schema::calls;
use super::shapes::{MP3, MP4, OPENAI_IMAGES, SYNC};
use crate::hosted::Hosted;
use crate::http::{Message, Part, Payload};
use crate::manifest::{Manifest, Method};
use crate::reach::Reach;
use crate::{Http, Standing};

/// How long Prism may take to read a document.
const PATIENCE: Duration = Duration::from_secs(120);
/// A name that Runway's document allows.
const TASK: &str = "3fa85f64-5717-4562-b3fc-000000000001";

/// A document, and what of it is ours.
struct Case {
    document: &'static str,
    provider: &'static str,
    /// Paths as the document writes them.
    operations: &'static [(&'static str, &'static [&'static str])],
    /// How the fake talks; each is gone through once from call to value.
    shapes: &'static [&'static Shape],
    /// Changes a call to what the document is about; none where it is about something else.
    suit: fn(Call) -> Option<Call>,
    /// One good and one bad message for each operation.
    pairs: fn() -> Vec<Pair>,
}

struct Pair {
    method: Method,
    good: (&'static str, Payload),
    bad: (&'static str, Payload),
    /// What the bad one comes without, besides: a header of the manifest, or the key.
    without: Without,
}

#[derive(Clone, Copy, PartialEq)]
enum Without {
    Nothing,
    Headers,
    Key,
}

fn json_of(value: Value) -> Payload {
    Payload::Json(value.to_string().into_bytes())
}

fn form(texts: &[(&str, &str)], files: &[&str]) -> Payload {
    let file =
        || Part::File { bytes: Arc::from(&b"\x89PNG\r\n\x1a\nx"[..]), name: "x.png".into(), mime: "image/png".into() };
    let texts = texts.iter().map(|(name, text)| ((*name).to_owned(), Part::Text((*text).to_owned())));
    Payload::Form(texts.chain(files.iter().map(|name| ((*name).to_owned(), file()))).collect())
}

fn posts(path: &'static str, good: Payload, bad: Payload) -> Pair {
    Pair { method: Method::Post, good: (path, good), bad: (path, bad), without: Without::Nothing }
}

fn asks(method: Method, good: &'static str, bad: &'static str, without: Without) -> Pair {
    Pair { method, good: (good, Payload::Empty), bad: (bad, Payload::Empty), without }
}

/// A prediction as Replicate's document has it.
macro_rules! prediction {
    ($status:literal, $output:literal) => {
        concat!(
            r#"{"id":"$ID","model":"a/b","version":"v1","input":{},"data_removed":false,"error":null,"#,
            r#""created_at":"$NOW","urls":{"web":"https://replicate.com/p/$ID","get":"$BASE/v1/predictions/$ID","#,
            r#""cancel":"$BASE/v1/predictions/$ID/cancel"},"status":""#,
            $status,
            r#"","output":"#,
            $output,
            "}"
        )
    };
}

/// A video as OpenAI's document has it.
macro_rules! video {
    ($status:literal, $progress:literal) => {
        concat!(
            r#"{"id":"$ID","object":"video","model":"sora-2","created_at":1,"completed_at":null,"expires_at":null,"#,
            r#""prompt":"p","size":"1280x720","seconds":"4","remixed_from_video_id":null,"error":null,"progress":"#,
            $progress,
            r#","status":""#,
            $status,
            "\"}"
        )
    };
}

const RUNWAY: Shape = Shape {
    entry: "runway/gen4.5",
    submit: "POST /v1/text_to_video",
    ids: "3fa85f64-5717-4562-b3fc-$12",
    accepted: r#"{"id":"$ID","estimatedCost":{"credits":36}}"#,
    poll: Some("GET /v1/tasks/$ID"),
    running: &[
        r#"{"id":"$ID","createdAt":"$NOW","status":"PENDING","estimatedCost":{"credits":36}}"#,
        r#"{"id":"$ID","createdAt":"$NOW","status":"THROTTLED","estimatedCost":{"credits":36}}"#,
        r#"{"id":"$ID","createdAt":"$NOW","status":"RUNNING","progress":0.5,"estimatedCost":{"credits":36}}"#,
    ],
    done: r#"{"id":"$ID","createdAt":"$NOW","status":"SUCCEEDED","output":["$BASE/files/$ID"],"cost":{"credits":36}}"#,
    cancel: Some("DELETE /v1/tasks/$ID"),
    stopped: (204, ""),
    others: &[
        (
            "GET /v1/organization",
            200,
            r#"{"tier":{"maxMonthlyCreditSpend":1,"models":{}},"creditBalance":1,"usage":{"models":{}}}"#,
        ),
        (
            "POST /v1/uploads",
            200,
            r#"{"uploadUrl":"$BASE/bucket/form","fields":{"key":"k"},"runwayUri":"runway://f1"}"#,
        ),
    ],
    file: MP4,
    ..SYNC
};

const RUNWAY_IMAGE: Shape = Shape { entry: "runway/gen4_turbo", submit: "POST /v1/image_to_video", ..RUNWAY };
const RUNWAY_EDIT: Shape = Shape { entry: "runway/aleph2", submit: "POST /v1/video_to_video", ..RUNWAY };

const REPLICATE: Shape = Shape {
    entry: "replicate/black-forest-labs/flux-2-pro",
    submit: "POST /v1/models/black-forest-labs/flux-2-pro/predictions",
    made: 201,
    accepted: prediction!("starting", "null"),
    poll: Some("GET /v1/predictions/$ID"),
    running: &[prediction!("starting", "null"), prediction!("processing", "null")],
    done: prediction!("succeeded", "\"$BASE/files/$ID\""),
    cancel: Some("POST /v1/predictions/$ID/cancel"),
    stopped: (200, prediction!("canceled", "null")),
    // Prism takes files for texts: this one's beginning is one.
    file: b"RIFF\x24\0\0\0WEBPVP8 ",
    others: &[
        ("GET /v1/account", 200, r#"{"type":"user","username":"x"}"#),
        (
            "POST /v1/files",
            201,
            r#"{"id":"f1","name":"a.png","content_type":"image/png","size":1,"etag":"e","metadata":{},
                "checksums":{"sha256":"s","md5":"m"},"created_at":"$NOW","expires_at":"$NOW",
                "urls":{"get":"$BASE/v1/files/f1"}}"#,
        ),
    ],
    ..SYNC
};

const REPLICATE_VIDEO: Shape = Shape {
    entry: "replicate/bytedance/seedance-2.0",
    submit: "POST /v1/models/bytedance/seedance-2.0/predictions",
    file: MP4,
    ..REPLICATE
};

const REPLICATE_FAST: Shape = Shape {
    entry: "replicate/bytedance/seedance-2.0-fast",
    submit: "POST /v1/models/bytedance/seedance-2.0-fast/predictions",
    ..REPLICATE_VIDEO
};

const OPENAI_EDITS: Shape = Shape { submit: "POST /v1/images/edits", ..OPENAI_IMAGES };

const SPEECH: Shape = Shape { entry: "openai/tts-1", submit: "POST /v1/audio/speech", file: MP3, ..SYNC };

const VIDEOS: Shape = Shape {
    entry: "openai-videos/served",
    submit: "POST /v1/videos",
    accepted: video!("queued", 0),
    poll: Some("GET /v1/videos/$ID"),
    running: &[video!("queued", 0), video!("in_progress", 40)],
    done: video!("completed", 100),
    content: Some("GET /v1/videos/$ID/content"),
    file: MP4,
    ..SYNC
};

const CASES: &[Case] = &[
    Case {
        document: "runway.json",
        provider: "runway",
        operations: &[
            ("/v1/text_to_video", &["post"]),
            ("/v1/image_to_video", &["post"]),
            ("/v1/video_to_video", &["post"]),
            ("/v1/tasks/{id}", &["get", "delete"]),
            ("/v1/organization", &["get"]),
            ("/v1/uploads", &["post"]),
        ],
        shapes: &[&RUNWAY, &RUNWAY_IMAGE, &RUNWAY_EDIT],
        suit: Some,
        pairs: runway,
    },
    Case {
        document: "replicate.json",
        provider: "replicate",
        operations: &[
            ("/models/{model_owner}/{model_name}/predictions", &["post"]),
            ("/predictions/{prediction_id}", &["get"]),
            ("/predictions/{prediction_id}/cancel", &["post"]),
            ("/files", &["post"]),
            ("/account", &["get"]),
        ],
        shapes: &[&REPLICATE, &REPLICATE_VIDEO, &REPLICATE_FAST],
        suit: Some,
        pairs: replicate,
    },
    Case {
        document: "openai-media.json",
        provider: "openai",
        operations: &[("/images/generations", &["post"]), ("/images/edits", &["post"]), ("/audio/speech", &["post"])],
        shapes: &[&OPENAI_IMAGES, &OPENAI_EDITS, &SPEECH],
        // Text is another document's.
        suit: |call| (call.task != model::Task::Text).then_some(call),
        pairs: openai,
    },
    Case {
        document: "openai-media.json",
        provider: "openai-videos",
        operations: &[
            ("/videos", &["post"]),
            ("/videos/{video_id}", &["get"]),
            ("/videos/{video_id}/content", &["get"]),
        ],
        shapes: &[&VIDEOS],
        // Servers of one's own take more lengths and models than the document, which is about OpenAI's.
        suit: |call| {
            let options = [("model".to_owned(), "sora-2".to_owned())].into();
            Some(Call { n_frames: 4 * 24, negative: String::new(), options, ..call })
        },
        pairs: videos,
    },
];

fn runway() -> Vec<Pair> {
    let text = |change: Value| {
        let mut body = json!({ "model": "gen4.5", "promptText": "a lamp", "ratio": "1280:720", "duration": 4 });
        body.as_object_mut().expect("one").extend(change.as_object().expect("one").clone());
        json_of(body)
    };
    let image = json!({ "promptImage": "https://example.com/a.png" });
    vec![
        posts("/v1/text_to_video", text(json!({})), text(json!({ "duration": 11 }))),
        posts("/v1/image_to_video", text(image), text(json!({}))),
        posts(
            "/v1/video_to_video",
            json_of(json!({ "model": "aleph2", "videoUri": "https://example.com/a.mp4" })),
            json_of(json!({ "model": "aleph2", "promptText": "as a woodcut" })),
        ),
        asks(Method::Get, "/v1/tasks/3fa85f64-5717-4562-b3fc-000000000001", "/v1/tasks/one", Without::Nothing),
        asks(Method::Delete, "/v1/tasks/3fa85f64-5717-4562-b3fc-000000000001", "/v1/tasks/one", Without::Nothing),
        asks(Method::Get, "/v1/organization", "/v1/organization", Without::Headers),
        posts(
            "/v1/uploads",
            json_of(json!({ "filename": "a.png", "type": "ephemeral" })),
            json_of(json!({ "filename": "a.png", "type": "eternal" })),
        ),
    ]
}

fn replicate() -> Vec<Pair> {
    const MAKE: &str = "/v1/models/bytedance/seedance-2.0/predictions";
    vec![
        posts(MAKE, json_of(json!({ "input": {} })), json_of(json!({ "prompt": "a lamp" }))),
        asks(Method::Get, "/v1/predictions/job-1", "/v1/predictions/job-1", Without::Key),
        asks(Method::Post, "/v1/predictions/job-1/cancel", "/v1/predictions/job-1/cancel", Without::Key),
        posts("/v1/files", form(&[], &["content"]), form(&[("name", "x")], &[])),
        asks(Method::Get, "/v1/account", "/v1/account", Without::Key),
    ]
}

fn openai() -> Vec<Pair> {
    let draw = |n: u32| json_of(json!({ "model": "gpt-image-2", "prompt": "a lamp", "n": n }));
    let say = |speed: f32| json_of(json!({ "model": "tts-1", "input": "hm", "voice": "alloy", "speed": speed }));
    vec![
        posts("/v1/images/generations", draw(1), draw(99)),
        posts("/v1/images/edits", form(&[("prompt", "a lamp")], &["image[]"]), form(&[], &["image[]"])),
        posts("/v1/audio/speech", say(1.0), say(9.0)),
    ]
}

fn videos() -> Vec<Pair> {
    let film = |prompt: &'static str, seconds: &'static str| form(&[(prompt, "a lamp"), ("seconds", seconds)], &[]);
    vec![
        posts("/v1/videos", film("prompt", "4"), film("prompts", "4")),
        asks(Method::Get, "/v1/videos/job-1", "/v1/videos/job-1", Without::Key),
        asks(Method::Get, "/v1/videos/job-1/content", "/v1/videos/job-1/content?variant=poster", Without::Nothing),
    ]
}

/// What `./x judge` hands over, or why there is nothing to do.
fn tools() -> Result<(PathBuf, PathBuf), String> {
    let folder = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.exists());
    let specs = folder("THROUGHLINE_SPECS").ok_or("THROUGHLINE_SPECS names no folder of documents")?;
    let prism = folder("THROUGHLINE_PRISM").ok_or("THROUGHLINE_PRISM names no Prism; ./x judge installs it")?;
    Ok((specs, prism))
}

#[test]
fn the_providers_documents_allow_what_we_send() {
    let (specs, prism) = match tools() {
        Ok(tools) => tools,
        Err(why) => return say(&format!("SKIPPED: our requests were not judged: {why}\n")),
    };
    // Two at a time: Prism reads for seconds, and there are few processors.
    std::thread::scope(|scope| {
        for cases in CASES.chunks(2) {
            let (specs, prism) = (&specs, &prism);
            scope.spawn(move || cases.iter().for_each(|case| judge(case, specs, prism)));
        }
    });
}

/// Past the harness, which would swallow it: what was skipped or counted must be seen.
fn say(text: &str) {
    let _ = std::io::stderr().write_all(text.as_bytes());
}

fn judge(case: &Case, specs: &Path, prism: &Path) {
    let folder = tempfile::tempdir().expect("a folder");
    let text = std::fs::read(specs.join(case.document)).expect("the document is there");
    let mended = mended(serde_json::from_slice(&text).expect("JSON"), case.operations);
    let document = folder.path().join(case.document);
    std::fs::write(&document, mended.to_string()).expect("written");
    let fake = Fake::of(case.shapes);
    let court = Court::open(prism, &document, &fake.base);
    fake.state().front = Some(court.base.clone());
    let n = valid(case, &fake, &court);
    for shape in case.shapes {
        whole(case, shape, &fake, &court);
    }
    for pair in (case.pairs)() {
        refused(case, &pair, &fake, &court);
    }
    say(&format!("judged by {}: {n} requests of {} are valid\n", case.document, case.provider));
}

/// A copy of a document that Prism can judge by: our operations only, paths with the server's base in front (which it
/// forgets), no `nullable` without a type (which makes it accept anything), no `Prefer` (its own switch), lists of files
/// under the name that forms give them, and the way to results.
fn mended(mut document: Value, operations: &[(&str, &[&str])]) -> Value {
    let base = document.pointer("/servers/0/url").and_then(Value::as_str).map(str::to_owned).unwrap_or_default();
    let base = reqwest::Url::parse(&base).expect("a server").path().trim_end_matches('/').to_owned();
    let mut paths = serde_json::Map::new();
    for (path, methods) in operations {
        let Some(Value::Object(found)) = document["paths"].get(*path) else { panic!("it has no {path}") };
        let ours = found.iter().filter(|(name, _)| methods.contains(&name.as_str()) || *name == "parameters");
        let ours: serde_json::Map<_, _> = ours.map(|(name, it)| (name.clone(), it.clone())).collect();
        assert!(methods.iter().all(|method| ours.contains_key(*method)), "{path}");
        paths.insert(format!("{base}{path}"), Value::Object(ours));
    }
    let name = json!({ "name": "id", "in": "path", "required": true, "schema": { "type": "string" } });
    let answers = json!({ "200": { "description": "a result" }, "206": { "description": "the rest of one" } });
    paths.insert(
        "/files/{id}".to_owned(),
        json!({ "get": { "security": [], "parameters": [name], "responses": answers } }),
    );
    let forms: BTreeSet<String> = paths.values().flat_map(forms).collect();
    for name in forms {
        if let Some(schema) = document.pointer_mut(name.trim_start_matches('#')) {
            bracketed(schema);
        }
    }
    document["paths"] = Value::Object(paths);
    document["servers"] = json!([{ "url": "/" }]);
    document.as_object_mut().expect("an object").remove("webhooks");
    mend(&mut document);
    document
}

/// The schemas of the forms that a path takes.
fn forms(path: &Value) -> Vec<String> {
    let bodies = path.as_object().into_iter().flatten();
    let named = |(_, operation): (_, &Value)| {
        operation.pointer("/requestBody/content/multipart~1form-data/schema/$ref")?.as_str().map(str::to_owned)
    };
    bodies.filter_map(named).collect()
}

/// In a form several files are written `image[]`, as OpenAI's own libraries do it; its document calls them `image`.
fn bracketed(schema: &mut Value) {
    let is_list = |property: &Value| {
        let ways = property["anyOf"].as_array().into_iter().flatten();
        ways.filter(|way| way["type"] == "array").any(|way| way["items"]["format"] == "binary")
    };
    let properties = schema["properties"].as_object().into_iter().flatten();
    let lists: Vec<String> = properties.filter(|(_, it)| is_list(it)).map(|(name, _)| name.clone()).collect();
    for name in lists {
        let property = schema["properties"][&name].take();
        schema["properties"][format!("{name}[]")] = property;
        schema["properties"].as_object_mut().expect("it has some").remove(&name);
        let required = schema["required"].as_array_mut().into_iter().flatten();
        required.filter(|it| **it == name).for_each(|it| *it = Value::from(format!("{name}[]")));
    }
}

fn mend(value: &mut Value) {
    match value {
        Value::Array(members) => {
            members.retain(|member| member.get("name").and_then(Value::as_str) != Some("Prefer"));
            members.iter_mut().for_each(mend);
        }
        Value::Object(fields) => {
            fields.values_mut().for_each(mend);
            if fields.get("nullable") == Some(&Value::Bool(true)) && !fields.contains_key("type") {
                fields.remove("nullable");
                let plain = std::mem::take(fields);
                fields.insert("anyOf".to_owned(), json!([plain, { "type": "null" }]));
            }
        }
        _ => {}
    }
}

/// Prism between us and the fake.
struct Court {
    base: String,
    process: Child,
}

impl Court {
    fn open(prism: &Path, document: &Path, upstream: &str) -> Court {
        let port = TcpListener::bind("127.0.0.1:0").and_then(|it| it.local_addr()).expect("loopback").port();
        let process = Command::new(prism)
            .args(["proxy", "--host", "127.0.0.1", "--port", &port.to_string(), "--errors"])
            .arg(document)
            .arg(upstream)
            .current_dir(document.parent().expect("a folder"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("Prism starts");
        let mut court = Court { base: format!("http://127.0.0.1:{port}"), process };
        let until = Instant::now() + PATIENCE;
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert_eq!(court.process.try_wait().expect("ours"), None, "Prism does not take {}", document.display());
            assert!(Instant::now() < until, "Prism does not answer");
            let _ = crossbeam_channel::after(Duration::from_millis(20)).recv();
        }
        court
    }
}

impl Drop for Court {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// A bench that goes by way of Prism.
fn bench(shape: &'static Shape, court: &Court, root: &Path) -> Bench {
    let mut bench = Bench::beside(shape, court.base.clone(), root);
    let patient = Duration::from_secs(30);
    (bench.timing.answer, bench.timing.result, bench.timing.stall) = (patient, patient, patient);
    bench
}

fn hosted(bench: &Bench, manifest: &Arc<Manifest>) -> Hosted {
    let setup = bench.setup(&bench.store());
    Hosted {
        reach: Reach::of(manifest).expect("a base"),
        manifest: manifest.clone(),
        http: setup.http,
        keys: setup.keys,
        store: setup.store,
        codec: setup.codec,
        importer: setup.importer,
        desk: Arc::default(),
    }
}

/// Sends every different request of a provider's models; gives how many there are.
fn valid(case: &Case, fake: &Fake, court: &Court) -> usize {
    let folder = tempfile::tempdir().expect("a folder");
    let bench = bench(case.shapes[0], court, folder.path());
    let manifest = bench.catalog.manifest(case.provider).expect("it is the shape's").clone();
    let hosted = hosted(&bench, &manifest);
    let given = [bench.picture(), bench.file("mp4", MP4), bench.file("wav", b"RIFF")];
    let mut sent = BTreeSet::new();
    for entry in &manifest.models {
        let mut asked: Vec<Call> = calls(entry).into_iter().filter_map(case.suit).collect();
        // Every setting that has a list of values, by itself.
        let plain = asked.iter().find(|call| entry.fit(call).is_ok()).cloned();
        let settings = entry.options.iter().flat_map(|(name, values)| values.iter().map(move |value| (name, value)));
        asked.extend(settings.zip(plain.iter().cycle()).map(|((name, value), plain)| {
            let mut call = plain.clone();
            call.options.insert(name.clone(), value.clone());
            call
        }));
        for call in asked.into_iter().filter(|call| entry.fit(call).is_ok()) {
            let job = bench.job_at(with_files(call, &given), entry);
            let (request, _) = hosted.request(&job).unwrap_or_else(|told| panic!("{}: {told}", entry.name));
            if !sent.insert(request.to_string()) {
                continue;
            }
            let n = sent.len();
            if let Err(refused) = hosted.start(&request, &format!("{}-{n}", job.key)) {
                panic!("{}: {request} is refused: {refused:?}\n{}", entry.name, court_said(&hosted, &request));
            }
        }
    }
    assert_eq!(fake.asked(Step::Submit), sent.len(), "what was allowed has arrived");
    sent.len()
}

/// What Prism objects to, for the person who reads the failure.
fn court_said(hosted: &Hosted, request: &Value) -> String {
    let body = request["body"].to_string().into_bytes();
    let target = request["path"].as_str().unwrap_or_default().to_owned();
    let headers = hosted.manifest.headers.iter().map(|(k, v)| (k.clone(), v.clone())).collect();
    let (within, most) = (PATIENCE, 1 << 20);
    let payload = Payload::Json(body);
    let message = Message { method: Method::Post, target, headers, payload, within, most };
    let pass = hosted.pass().ok().flatten();
    let told = hosted.http.send(&message, &hosted.reach, pass.as_ref());
    told.map_or_else(|fault| format!("{fault:?}"), |reply| String::from_utf8_lossy(&reply.body).into_owned())
}

fn with_files(call: Call, [picture, clip, sound]: &[Media; 3]) -> Call {
    let image = |image: Option<Image>| image.map(|_| Image::File(Arc::new(picture.clone())));
    let pictured = |reference: &Arc<model::Reference>| {
        let mut reference = (**reference).clone();
        reference.images.iter_mut().for_each(|image| *image = picture.clone());
        Arc::new(reference)
    };
    Call {
        first_frame: image(call.first_frame),
        last_frame: image(call.last_frame),
        references: call.references.iter().map(pictured).collect(),
        // As long as the one that the call is about.
        source: call.source.map(|source| Arc::new(Media { video: source.video.clone(), ..clip.clone() })),
        audio: call.audio.map(|_| Arc::new(sound.clone())),
        mask: image(call.mask),
        ..call
    }
}

/// Goes from call to value, and stops another job, all under Prism's eyes; the account is asked about as well.
fn whole(case: &Case, shape: &'static Shape, fake: &Fake, court: &Court) {
    let folder = tempfile::tempdir().expect("a folder");
    let bench = bench(shape, court, folder.path());
    let mut call = (case.suit)(bench.call()).expect("it suits");
    if case.provider == "replicate" {
        // Pictures are uploaded there.
        call.first_frame = Some(Image::File(Arc::new(bench.picture())));
    }
    if shape.submit == RUNWAY_EDIT.submit {
        (call.first_frame, call.source) = (None, Some(Arc::new(bench.file("mp4", MP4))));
    }
    if shape.submit == OPENAI_EDITS.submit {
        call.references = vec![bench.reference()];
    }
    bench.run(call.clone(), &Default::default()).unwrap_or_else(|error| panic!("{}: {error}", shape.entry));
    let manifest = bench.catalog.manifest(case.provider).expect("it is the shape's").clone();
    if shape.cancel.is_some() {
        let hosted = hosted(&bench, &manifest);
        let (request, _) = hosted.request(&bench.job(call)).expect("it fits");
        let id = hosted.start(&request, "other-1").expect("it is allowed");
        let before = fake.state().cancelled.len();
        assert!(matches!(hosted.cancel(&id), Ok(Stopped::Yes { .. })), "{}: it stops", shape.entry);
        assert_eq!(fake.state().cancelled.len(), before + 1, "{}", shape.entry);
    }
    let way = manifest.check.as_ref().map(|check| format!("GET {}", check.path));
    if shape.others.iter().any(|(other, ..)| Some((*other).to_owned()) == way) {
        let http = Arc::new(Http::start(bench.timing.clone()).expect("it starts"));
        let checked = crate::check(&bench.catalog, &bench.keys(), &http, Some(case.provider));
        assert_eq!(checked[0].state, Standing::Works, "{:?}", checked[0].diagnostic);
    }
    bench.assert_no_key();
}

fn refused(case: &Case, pair: &Pair, fake: &Fake, court: &Court) {
    let folder = tempfile::tempdir().expect("a folder");
    let bench = bench(case.shapes[0], court, folder.path());
    let manifest = bench.catalog.manifest(case.provider).expect("it is the shape's").clone();
    let hosted = hosted(&bench, &manifest);
    let pass = hosted.pass().expect("there is a key");
    let headers: Vec<_> = manifest.headers.iter().map(|(k, v)| (k.clone(), v.clone())).collect();
    let send = |(target, payload): &(&str, Payload), headers: Vec<(String, String)>, has_key: bool| {
        let (target, payload) = ((*target).to_owned(), payload.clone());
        let message = Message { method: pair.method, target, headers, payload, within: PATIENCE, most: 1 << 20 };
        let reply = hosted.http.send(&message, &hosted.reach, pass.as_ref().filter(|_| has_key)).expect("an answer");
        (reply.status, String::from_utf8_lossy(&reply.body).into_owned())
    };
    // A job that the document's own example may name.
    fake.state().jobs.entry(TASK.to_owned()).or_default();
    fake.state().jobs.entry("job-1".to_owned()).or_default();
    let (status, said) = send(&pair.good, headers.clone(), true);
    assert!((200..300).contains(&status), "{} {}: {status} {said}", case.provider, pair.good.0);
    let heard = fake.state().heard.len();
    let headers = if pair.without == Without::Headers { Vec::new() } else { headers };
    let (status, said) = send(&pair.bad, headers, pair.without != Without::Key);
    assert!((400..500).contains(&status), "{} {} is let through: {status} {said}", case.provider, pair.bad.0);
    assert!(!said.contains(KEY), "{said}");
    assert_eq!(fake.state().heard.len(), heard, "{} {}: it did not arrive", case.provider, pair.bad.0);
}

#[test]
fn documents_are_mended_where_prism_would_accept_anything() {
    let document = json!({
        "servers": [{ "url": "https://api.example.com/v1" }],
        "webhooks": {},
        "paths": {
            "/a": { "post": { "requestBody": { "content": { "multipart/form-data": { "schema": { "$ref": "#/c" } } } },
                "parameters": [{ "name": "Prefer" }, { "name": "x" }], "schema": {
                "nullable": true, "$ref": "#/b" } }, "get": {} },
            "/z": { "get": {} },
        },
        "b": { "nullable": true, "type": "string" },
        "c": {
            "required": ["prompt", "image"],
            "properties": { "image": { "anyOf": [{ "type": "array", "items": { "format": "binary" } }] }, "prompt": {} },
        },
    });
    let mended = mended(document, &[("/a", &["post"])]);
    let paths: Vec<_> = mended["paths"].as_object().expect("an object").keys().collect();
    assert_eq!(paths, ["/v1/a", "/files/{id}"]);
    let ours = &mended["paths"]["/v1/a"];
    assert_eq!(ours.get("get"), None);
    assert_eq!(ours["post"]["parameters"], json!([{ "name": "x" }]));
    assert_eq!(ours["post"]["schema"], json!({ "anyOf": [{ "$ref": "#/b" }, { "type": "null" }] }));
    assert_eq!(
        (&mended["c"]["required"], mended["c"]["properties"].get("image")),
        (&json!(["prompt", "image[]"]), None)
    );
    assert_eq!(mended["b"], json!({ "nullable": true, "type": "string" }));
    assert_eq!((mended.get("webhooks"), &mended["servers"][0]["url"]), (None, &json!("/")));
}
