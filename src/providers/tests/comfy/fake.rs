//! A ComfyUI server for tests: the protocol as measured on 0.26, over HTTP and its socket, and version 2 of it where
//! asked for. A job moves on by one step each time its history is asked for, so that no test waits for a clock.
//!
//! It validates by its own table of classes and keeps files as bytes; nothing is drawn. What is sent to it is kept.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io::{BufReader, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::digest;
use serde_json::{Map, Value, json};

use super::super::fake::{Answer, Door, Fault, answer_with, due, read};
use super::super::shapes::{MP4, PNG};

/// What a request is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Step {
    Submit,
    Depth,
    History,
    Job,
    Queue,
    Cancel,
    Delete,
    Interrupt,
    Upload,
    View,
    Info,
    Socket,
    Other,
}

/// A job in the queue.
struct Job {
    id: String,
    client: String,
    workflow: Map<String, Value>,
    /// Outputs that passed the check.
    outputs: Vec<String>,
    asked: usize,
    label: Option<String>,
}

#[derive(Default)]
pub(super) struct State {
    queue: VecDeque<Job>,
    history: BTreeMap<String, Value>,
    uploads: BTreeMap<String, Vec<u8>>,
    files: BTreeMap<String, Vec<u8>>,
    sockets: Vec<(String, TcpStream)>,
    pub(super) faults: VecDeque<(Step, Fault)>,
    pub(super) heard: Vec<(Step, String, Vec<u8>)>,
    /// The worker inside is dead: jobs are taken and never run.
    pub(super) is_dead: bool,
    /// Jobs stay half done.
    pub(super) is_held: bool,
    /// Before 0.5.1: no jobs by name.
    pub(super) is_old: bool,
    /// Offers version 2 only.
    pub(super) is_v2: bool,
    /// What it says of its classes is laxer than its check.
    pub(super) is_lax: bool,
    /// Jobs that others have in the queue.
    pub(super) others: u64,
    pub(super) ranges: usize,
    keys: BTreeSet<String>,
}

pub(super) struct Fake {
    pub(super) base: String,
    state: Arc<Mutex<State>>,
    _door: Door,
}

impl Fake {
    pub(super) fn new() -> Fake {
        let state: Arc<Mutex<State>> = Arc::default();
        let books = state.clone();
        let door = Door::open(move |stream, base, over| serve(stream, &books, over, base));
        Fake { base: door.base.clone(), state, _door: door }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn fault(&self, step: Step, fault: Fault) {
        self.state().faults.push_back((step, fault));
    }

    pub(super) fn asked(&self, step: Step) -> usize {
        self.state().heard.iter().filter(|(it, ..)| *it == step).count()
    }

    /// The bodies of what was sent.
    pub(super) fn bodies(&self, step: Step) -> Vec<Value> {
        let state = self.state();
        let bodies = state.heard.iter().filter(|(it, ..)| *it == step).map(|(.., body)| body);
        bodies.map(|body| serde_json::from_slice(body).unwrap_or(Value::Null)).collect()
    }

    /// It ends and starts again: queue, history and sockets are gone, files stay.
    pub(super) fn restart(&self) {
        let mut state = self.state();
        state.queue.clear();
        state.history.clear();
        state.sockets.drain(..).for_each(|(_, socket)| drop(socket.shutdown(Shutdown::Both)));
    }

    /// Somebody deletes all that was made.
    pub(super) fn lose_files(&self) {
        self.state().files.clear();
    }

    pub(super) fn waiting(&self) -> usize {
        self.state().queue.len()
    }
}

impl State {
    /// Somebody listens, and has said that he knows whose pictures he gets.
    pub(super) fn has_socket(&self) -> bool {
        !self.sockets.is_empty()
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.restart();
    }
}

/// What the server knows of its classes. Two encodings of choices, as in the original.
pub(super) fn classes() -> Value {
    let class = |required: Value, output: Value, is_output: bool| json!({ "input": { "required": required, "optional": {} }, "output": output, "output_node": is_output });
    let size = || json!(["INT", { "default": 512, "min": 1, "max": 16384, "step": 1 }]);
    json!({
        "EmptyImage": class(json!({ "width": size(), "height": size(), "batch_size": ["INT", { "min": 1, "max": 4096 }],
            "color": ["INT", { "min": 0, "max": 16777215 }] }), json!(["IMAGE"]), false),
        "SaveImage": class(json!({ "images": ["IMAGE"], "filename_prefix": ["STRING", {}] }), json!([]), true),
        "LoadImage": class(json!({ "image": [["example.png"], { "image_upload": true }] }), json!(["IMAGE", "MASK"]), false),
        "LoadImageMask": class(json!({ "image": [["example.png"], { "image_upload": true }],
            "channel": [["alpha", "red", "green", "blue"]] }), json!(["MASK"]), false),
        "LoadVideo": class(json!({ "file": ["COMBO", { "options": ["example.mp4"], "video_upload": true }] }), json!(["VIDEO"]), false),
        "LoadAudio": class(json!({ "audio": [["example.wav"], { "audio_upload": true }] }), json!(["AUDIO"]), false),
        "GetVideoComponents": class(json!({ "video": ["VIDEO", {}] }), json!(["IMAGE", "AUDIO", "FLOAT"]), false),
        "InpaintModelConditioning": class(json!({ "pixels": ["IMAGE"], "mask": ["MASK"] }), json!(["LATENT"]), false),
        "ImageInvert": class(json!({ "image": ["IMAGE"] }), json!(["IMAGE"]), false),
        "ImageBatch": class(json!({ "image1": ["IMAGE"], "image2": ["IMAGE"] }), json!(["IMAGE"]), false),
        "CreateVideo": class(json!({ "images": ["IMAGE", {}], "fps": ["FLOAT", { "min": 1.0, "max": 120.0 }] }), json!(["VIDEO"]), false),
        "SaveVideo": class(json!({ "video": ["VIDEO", {}], "filename_prefix": ["STRING", {}],
            "format": ["COMBO", { "options": ["auto", "mp4"] }], "codec": ["COMBO", { "options": ["auto", "h264"] }] }), json!([]), true),
        "CLIPTextEncode": class(json!({ "text": ["STRING", { "multiline": true }] }), json!(["CONDITIONING"]), false),
        "EmptyLatentImage": class(json!({ "width": ["INT", { "min": 16, "max": 16384, "step": 8 }],
            "height": ["INT", { "min": 16, "max": 16384, "step": 8 }], "batch_size": ["INT", { "min": 1, "max": 4096 }] }), json!(["LATENT"]), false),
        "KSampler": class(json!({ "seed": ["INT", { "min": 0, "max": 18_446_744_073_709_551_615_u64 }], "steps": ["INT", { "min": 1, "max": 10000 }],
            "cfg": ["FLOAT", { "min": 0.0, "max": 100.0 }], "sampler_name": [["euler", "dpmpp_2m"], {}],
            "positive": ["CONDITIONING"], "negative": ["CONDITIONING"], "latent_image": ["LATENT"] }), json!(["LATENT"]), false),
        "VAEDecode": class(json!({ "samples": ["LATENT"] }), json!(["IMAGE"]), false),
        "PreviewAny": class(json!({ "source": ["*", {}] }), json!([]), true),
        "PrimitiveStringMultiline": class(json!({ "value": ["STRING", { "multiline": true }] }), json!(["STRING"]), false),
    })
}

/// The bytes of a saved file: what they are, then enough to be cut.
pub(super) fn file(head: &[u8]) -> Vec<u8> {
    let mut bytes = head.to_vec();
    bytes.extend((0..40_000_u32).map(|n| (n % 251) as u8));
    bytes
}

fn serve(stream: TcpStream, books: &Mutex<State>, over: &AtomicBool, base: &str) -> Option<()> {
    stream.set_read_timeout(Some(Duration::from_secs(10))).ok()?;
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let (head, body) = read(&mut reader)?;
    let line = head.lines().next()?.trim_end_matches(" HTTP/1.1").to_owned();
    let mut state = books.lock().unwrap_or_else(PoisonError::into_inner);
    let step = step_of(&line);
    state.heard.push((step, head.clone(), body.clone()));
    let fault = due(&mut state.faults, step);
    let mut stream = stream;
    if fault.as_ref().is_some_and(Fault::prevents) {
        drop(state);
        return answer_with(&mut stream, over, fault, Answer::default());
    }
    if step == Step::Socket {
        drop(state);
        return socket(stream, &head, &line, books, over);
    }
    let told = act(&mut state, step, &line, &head, &body, base);
    drop(state);
    answer_with(&mut stream, over, fault, told)
}

fn step_of(line: &str) -> Step {
    let (method, target) = line.split_once(' ').unwrap_or_default();
    let path = target.split('?').next().unwrap_or_default();
    match (method, path) {
        ("POST", "/prompt" | "/api/v2/jobs") => Step::Submit,
        ("GET", "/prompt") => Step::Depth,
        ("GET", "/queue") => Step::Queue,
        ("POST", "/queue") => Step::Delete,
        ("POST", "/interrupt") => Step::Interrupt,
        ("POST", "/upload/image" | "/api/v2/assets") => Step::Upload,
        ("GET", "/view") => Step::View,
        ("GET", "/ws") => Step::Socket,
        ("GET", _) if path.starts_with("/history/") || path.starts_with("/api/v2/jobs/") => Step::History,
        ("GET", _) if path.starts_with("/api/v2/assets/") => Step::View,
        ("GET", _) if path.starts_with("/object_info/") => Step::Info,
        ("POST", _) if path.ends_with("/cancel") => Step::Cancel,
        ("GET", _) if path.starts_with("/api/jobs/") => Step::Job,
        _ => Step::Other,
    }
}

fn told(status: u16, value: &Value) -> Answer {
    (status, vec![("Content-Type", "application/json".to_owned())], value.to_string().into_bytes())
}

fn text(status: u16, text: &str) -> Answer {
    (status, vec![("Content-Type", "text/plain".to_owned())], text.as_bytes().to_vec())
}

fn act(state: &mut State, step: Step, line: &str, head: &str, body: &[u8], base: &str) -> Answer {
    let target = line.split_once(' ').map_or("", |(_, target)| target);
    let is_v2 = target.starts_with("/api/v2/");
    if is_v2 != state.is_v2 {
        return text(404, "404: Not Found");
    }
    let name = |prefix: &str| target.strip_prefix(prefix).unwrap_or_default().trim_end_matches("/cancel").to_owned();
    let json = || serde_json::from_slice::<Value>(body).unwrap_or(Value::Null);
    if is_v2 {
        return second(state, step, target, head, body, base);
    }
    match step {
        Step::Submit => submit(state, &json()),
        Step::Depth => {
            told(200, &json!({ "exec_info": { "queue_remaining": state.queue.len() as u64 + state.others } }))
        }
        Step::History => {
            let id = name("/history/");
            advance(state, &id);
            told(200, &state.history.get(&id).map_or(json!({}), |told| json!({ id: told })))
        }
        Step::Job | Step::Cancel if state.is_old => text(404, "404: Not Found"),
        Step::Job => {
            let id = name("/api/jobs/");
            let at = state.queue.iter().position(|job| job.id == id);
            match (at, state.history.contains_key(&id)) {
                (Some(at), _) => {
                    told(200, &json!({ "id": id, "status": if at == 0 { "in_progress" } else { "pending" } }))
                }
                (None, true) => told(200, &json!({ "id": id, "status": "completed" })),
                (None, false) => told(404, &json!({ "error": "Job not found" })),
            }
        }
        Step::Cancel => {
            let id = name("/api/jobs/");
            told(200, &json!({ "cancelled": stop(state, &id) }))
        }
        Step::Queue => {
            let row = |job: &Job| json!([0, job.id, job.workflow, {}, job.outputs]);
            let running: Vec<_> = state.queue.iter().take(1).map(row).collect();
            let pending: Vec<_> = state.queue.iter().skip(1).map(row).collect();
            told(200, &json!({ "queue_running": running, "queue_pending": pending }))
        }
        Step::Delete => {
            let ids: Vec<_> = json()["delete"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(|id| id.as_str().map(str::to_owned))
                .collect();
            let running = state.queue.front().map(|job| job.id.clone());
            ids.iter().filter(|id| Some(*id) != running.as_ref()).for_each(|id| {
                stop(state, id);
            });
            (200, Vec::new(), Vec::new())
        }
        Step::Interrupt => {
            let wanted = json()["prompt_id"].as_str().map(str::to_owned);
            let running = state.queue.front().map(|job| job.id.clone());
            if let Some(id) = running.filter(|id| wanted.is_none_or(|wanted| wanted == *id)) {
                stop(state, &id);
            }
            (200, Vec::new(), Vec::new())
        }
        Step::Upload => match upload(state, head, body) {
            Some(name) => told(200, &json!({ "name": name, "subfolder": "throughline", "type": "input" })),
            None => text(400, "no image"),
        },
        Step::View => {
            let query = target.split_once('?').map_or("", |(_, query)| query);
            let pairs: BTreeMap<_, _> = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
            let of = |name: &str| pairs.get(name).cloned().unwrap_or_default();
            let path = format!("{}/{}", of("subfolder"), of("filename"));
            let bytes = state.files.get(path.trim_start_matches('/')).cloned();
            view(state, head, bytes)
        }
        Step::Info => {
            let class = percent(&name("/object_info/"));
            let mut all = classes();
            if state.is_lax {
                all["EmptyImage"]["input"]["required"]["batch_size"] = json!(["INT", { "min": 1, "max": 100_000 }]);
            }
            told(200, &all.get(&class).map_or(json!({}), |told| json!({ class: told })))
        }
        _ if target == "/system_stats" => told(
            200,
            &json!({ "system": { "comfyui_version": "0.26.0" }, "devices": [{ "name": "cpu", "type": "cpu" }] }),
        ),
        _ => text(404, "404: Not Found"),
    }
}

fn percent(text: &str) -> String {
    let pair = format!("x={text}");
    url::form_urlencoded::parse(pair.as_bytes()).next().map(|(_, value)| value.into_owned()).unwrap_or_default()
}

fn submit(state: &mut State, body: &Value) -> Answer {
    let Some(workflow) = body["prompt"].as_object() else {
        return told(400, &json!({ "error": { "type": "no_prompt" } }));
    };
    if workflow.values().any(|node| !node.is_object()) {
        return text(500, "500 Internal Server Error");
    }
    let id = body["prompt_id"].as_str().unwrap_or_default();
    let is_uuid = id.len() == 36 && id.chars().all(|c| c == '-' || c.is_ascii_hexdigit() && !c.is_ascii_uppercase());
    if !is_uuid {
        return told(
            400,
            &json!({ "error": { "type": "invalid_prompt_id", "message": "Invalid prompt_id", "details": "" } }),
        );
    }
    let all = classes();
    for (id, node) in workflow {
        let class = node["class_type"].as_str().unwrap_or_default();
        if all.get(class).is_none() {
            let message = format!("Node '{class}' not found");
            let extra = json!({ "node_id": id, "class_type": class });
            return told(
                400,
                &json!({ "error": { "type": "missing_node_type", "message": message, "details": "", "extra_info": extra }, "node_errors": {} }),
            );
        }
    }
    let is_output = |node: &Value| all[node["class_type"].as_str().unwrap_or_default()]["output_node"] == json!(true);
    let (mut good, mut errors) = (Vec::new(), Map::new());
    for (id, _) in workflow.iter().filter(|(_, node)| is_output(node)) {
        let mut wrong = Map::new();
        let mut open = vec![id.clone()];
        let mut seen = BTreeSet::new();
        while let Some(id) = open.pop() {
            let Some(node) = workflow.get(&id).filter(|_| seen.insert(id.clone())) else { continue };
            let found = check(node, &all, workflow);
            if !found.is_empty() {
                let class = &node["class_type"];
                wrong.insert(id.clone(), json!({ "errors": found, "dependent_outputs": [], "class_type": class }));
            }
            let links =
                node["inputs"].as_object().into_iter().flatten().filter_map(|(_, value)| value.get(0)?.as_str());
            open.extend(links.map(str::to_owned));
        }
        if wrong.is_empty() { good.push(id.clone()) } else { errors.extend(wrong) }
    }
    if good.is_empty() {
        let error = json!({ "type": "prompt_outputs_failed_validation", "message": "Prompt outputs failed validation", "details": "" });
        return told(400, &json!({ "error": error, "node_errors": errors }));
    }
    let (workflow, client) = (workflow.clone(), body["client_id"].as_str().unwrap_or_default().to_owned());
    state.queue.push_back(Job { id: id.to_owned(), client, workflow, outputs: good, asked: 0, label: None });
    told(200, &json!({ "prompt_id": id, "number": 0, "node_errors": errors }))
}

fn check(node: &Value, all: &Value, workflow: &Map<String, Value>) -> Vec<Value> {
    let mut found = Vec::new();
    let mut wrong = |kind: &str, message: &str, details: String| {
        found.push(json!({ "type": kind, "message": message, "details": details }))
    };
    let spec = &all[node["class_type"].as_str().unwrap_or_default()]["input"]["required"];
    for (name, spec) in spec.as_object().into_iter().flatten() {
        let Some(value) = node["inputs"].get(name) else {
            wrong("required_input_missing", "Required input is missing", name.clone());
            continue;
        };
        if let Some(from) = value.get(0).and_then(Value::as_str) {
            if !workflow.contains_key(from) {
                wrong("exception_during_validation", "Exception when validating node", format!("'{from}'"));
            }
            continue;
        }
        let number = value.as_f64().unwrap_or(0.0);
        if spec[1]["min"].as_f64().is_some_and(|least| number < least) {
            wrong("value_smaller_than_min", "Value is smaller than min", name.clone());
        }
        if spec[1]["max"].as_f64().is_some_and(|most| most < number) {
            wrong("value_bigger_than_max", "Value is bigger than max", name.clone());
        }
    }
    found
}

/// One step of the job at the head of the queue: begun, half done, over.
fn advance(state: &mut State, id: &str) {
    let (is_dead, is_held) = (state.is_dead, state.is_held);
    let moves = |job: &&mut Job| job.id == id && !is_dead && !(is_held && job.asked == 2);
    let Some(job) = state.queue.front_mut().filter(moves) else { return };
    job.asked += 1;
    let (client, first) = (job.client.clone(), job.workflow.keys().next().cloned().unwrap_or_default());
    let all: Vec<_> = job.workflow.keys().cloned().collect();
    match job.asked {
        1 => {
            tell(state, &client, "execution_start", &json!({ "prompt_id": id, "timestamp": 1 }));
            tell(state, &client, "execution_cached", &json!({ "prompt_id": id, "nodes": [] }));
            tell(state, &client, "executing", &json!({ "prompt_id": id, "node": first, "display_node": first }));
        }
        2 => {
            // Longer than anybody keeps.
            let nodes: Map<_, _> = (0..2000)
                .map(|n| (n.to_string(), json!({ "state": "finished", "value": 1, "max": 1, "node_id": n })))
                .collect();
            tell(state, &client, "progress_state", &json!({ "prompt_id": id, "nodes": nodes }));
            tell(state, &client, "progress", &json!({ "prompt_id": id, "node": first, "value": 10, "max": 20 }));
            let told = json!({ "node_id": first, "prompt_id": id, "image_type": "image/png" }).to_string();
            let head = [4_u32.to_be_bytes(), (told.len() as u32).to_be_bytes()].concat();
            show(state, &client, &[&head, told.as_bytes(), PNG, b"half done"].concat());
        }
        3 => all.iter().for_each(|node| tell(state, &client, "executing", &json!({ "prompt_id": id, "node": node }))),
        _ => {
            if let Some(job) = state.queue.pop_front() {
                let over = run(state, &job);
                state.history.insert(job.id.clone(), over);
                tell(state, &client, "executing", &json!({ "prompt_id": id, "node": null }));
            }
        }
    }
}

/// What a job makes, as its history tells.
fn run(state: &mut State, job: &Job) -> Value {
    let class = |id: &str| job.workflow.get(id).and_then(|node| node["class_type"].as_str()).unwrap_or_default();
    for (id, node) in job.workflow.iter().filter(|(id, _)| class(id) == "LoadImage") {
        let name = node["inputs"]["image"].as_str().unwrap_or_default();
        let bytes = state.uploads.get(name.trim_start_matches("throughline/")).cloned().unwrap_or_default();
        if !bytes.starts_with(PNG.get(..8).unwrap_or_default()) {
            let error = json!({ "prompt_id": job.id, "node_id": id, "node_type": "LoadImage", "executed": [],
                "exception_type": "PIL.UnidentifiedImageError", "exception_message": "cannot identify image file\n", "traceback": [] });
            return json!({ "prompt": [], "outputs": {}, "status": { "status_str": "error", "completed": false,
                "messages": [["execution_start", {}], ["execution_error", error]] } });
        }
    }
    let mut outputs = Map::new();
    for id in &job.outputs {
        let inputs = &job.workflow[id]["inputs"];
        let prefix = inputs["filename_prefix"].as_str().unwrap_or_default();
        let (subfolder, name) = prefix.rsplit_once('/').unwrap_or(("", prefix));
        let mut save = |ending: &str, head: &[u8]| {
            let name = format!("{name}_00001_.{ending}");
            state.files.insert(format!("{subfolder}/{name}").trim_start_matches('/').to_owned(), file(head));
            json!({ "filename": name, "subfolder": subfolder, "type": "output" })
        };
        let made = match class(id) {
            "SaveImage" => json!({ "images": [save("png", PNG)] }),
            "SaveVideo" => json!({ "images": [save("mp4", MP4)], "animated": [true] }),
            _ => {
                let from = inputs["source"][0].as_str().unwrap_or_default();
                json!({ "text": [job.workflow.get(from).map_or(Value::Null, |node| node["inputs"]["value"].clone())] })
            }
        };
        outputs.insert(id.clone(), made);
    }
    json!({ "prompt": [], "outputs": outputs, "status": { "status_str": "success", "completed": true, "messages": [["execution_success", {}]] } })
}

fn stop(state: &mut State, id: &str) -> bool {
    let Some(at) = state.queue.iter().position(|job| job.id == id) else { return false };
    state.queue.remove(at);
    if at == 0 {
        let messages = json!([["execution_interrupted", { "prompt_id": id }]]);
        state.history.insert(
            id.to_owned(),
            json!({ "outputs": {}, "status": { "status_str": "error", "completed": false, "messages": messages } }),
        );
    }
    true
}

/// The file of a form; its name on the server.
fn upload(state: &mut State, head: &str, body: &[u8]) -> Option<String> {
    let boundary =
        head.lines().find_map(|line| line.split_once("boundary=")).map(|(_, boundary)| boundary.trim_matches('"'))?;
    let mark = format!("--{boundary}");
    let find =
        |from: usize, what: &[u8]| body.get(from..)?.windows(what.len()).position(|it| it == what).map(|at| from + at);
    let mut at = 0;
    while let Some(start) = find(at, mark.as_bytes()) {
        let start = start + mark.len();
        let blank = find(start, b"\r\n\r\n")?;
        let end = find(blank, format!("\r\n{mark}").as_bytes())?;
        let part = String::from_utf8_lossy(&body[start..blank]).into_owned();
        if let Some((_, name)) = part.split_once("filename=\"") {
            let name = name.split('"').next()?.to_owned();
            state.uploads.insert(name.clone(), body[blank + 4..end].to_vec());
            return Some(name);
        }
        at = end;
    }
    None
}

fn view(state: &mut State, head: &str, bytes: Option<Vec<u8>>) -> Answer {
    let Some(bytes) = bytes else { return text(404, "404: Not Found") };
    let range = head.lines().find_map(|line| line.to_lowercase().strip_prefix("range: bytes=").map(str::to_owned));
    let mut headers = vec![("ETag", "\"v1\"".to_owned())];
    let Some((from, to)) = range.as_deref().and_then(|range| range.split_once('-')) else {
        return (200, headers, bytes);
    };
    let from = from.parse::<usize>().unwrap_or(0).min(bytes.len());
    let to = to.parse::<usize>().map_or(bytes.len(), |to| (to + 1).min(bytes.len()));
    state.ranges += 1;
    headers.push(("Content-Range", format!("bytes {from}-{}/{}", to.saturating_sub(1), bytes.len())));
    (206, headers, bytes[from..to].to_vec())
}

/// Version 2 of the interface, as its proxy answers.
fn second(state: &mut State, step: Step, target: &str, head: &str, body: &[u8], base: &str) -> Answer {
    let problem =
        |status: u16, code: &str| told(status, &json!({ "error": { "code": code, "message": code, "details": null } }));
    let job = |id: &str, status: &str, outputs: Value, error: Value| json!({ "id": id, "status": status, "outputs": outputs, "error": error, "progress": null });
    match step {
        _ if target == "/api/v2/health" => told(200, &json!({ "status": "ok" })),
        Step::Submit => {
            let asked: Value = serde_json::from_slice(body).unwrap_or(Value::Null);
            let key =
                head.lines().find_map(|line| line.to_lowercase().strip_prefix("idempotency-key: ").map(str::to_owned));
            if key.is_some_and(|key| !state.keys.insert(key)) {
                return problem(422, "idempotency_key_reuse");
            }
            // The server names the job.
            let id = format!("00000000-0000-4000-8000-{:012}", state.keys.len());
            let mut workflow = asked["workflow"].clone();
            resolve(&mut workflow);
            let (status, headers, told_body) = submit(state, &json!({ "prompt": workflow, "prompt_id": id }));
            if status != 200 {
                return problem(422, "invalid_workflow");
            }
            drop((headers, told_body));
            if let Some(last) = state.queue.back_mut() {
                last.label = asked["metadata"].as_str().map(str::to_owned);
            }
            told(201, &job(&id, "queued", json!([]), Value::Null))
        }
        Step::History => {
            let id = target.trim_start_matches("/api/v2/jobs/").to_owned();
            advance(state, &id);
            match (state.history.get(&id), state.queue.iter().position(|job| job.id == id)) {
                (None, Some(at)) => {
                    told(200, &job(&id, if at == 0 { "running" } else { "queued" }, json!([]), Value::Null))
                }
                (None, None) => problem(404, "not_found"),
                (Some(over), _) if over["status"]["status_str"] == "error" => {
                    let error = json!({ "code": "node_execution_error", "message": "broken", "class_type": "LoadImage", "node_id": "1" });
                    told(200, &job(&id, "failed", json!([]), error))
                }
                (Some(over), _) => {
                    let mut outputs = Vec::new();
                    for (node, made) in over["outputs"].as_object().into_iter().flatten() {
                        for file in made["images"].as_array().into_iter().flatten() {
                            let path = format!(
                                "{}/{}",
                                file["subfolder"].as_str().unwrap_or(""),
                                file["filename"].as_str().unwrap_or("")
                            );
                            let url = format!("{base}/api/v2/assets/{}/content", path.trim_start_matches('/'));
                            outputs.push(json!({ "node_id": node, "name": file["filename"], "url": url }));
                        }
                    }
                    told(200, &job(&id, "succeeded", json!(outputs), Value::Null))
                }
            }
        }
        Step::Cancel => {
            let id = target.trim_start_matches("/api/v2/jobs/").trim_end_matches("/cancel");
            if stop(state, id) {
                told(200, &job(id, "canceling", json!([]), Value::Null))
            } else {
                problem(404, "not_found")
            }
        }
        Step::Upload => match upload(state, head, body) {
            Some(name) => told(201, &json!({ "id": name, "created_new": true })),
            None => problem(422, "invalid_request"),
        },
        Step::View => {
            let path = target.trim_start_matches("/api/v2/assets/").trim_end_matches("/content");
            let bytes = state.files.get(path).cloned();
            view(state, head, bytes)
        }
        _ if target.starts_with("/api/v2/jobs") => {
            let rows = state.queue.iter().map(|job| json!({ "id": job.id, "metadata": job.label, "status": "queued" }));
            told(200, &json!({ "jobs": rows.collect::<Vec<_>>(), "truncated": false }))
        }
        _ => problem(404, "not_found"),
    }
}

/// Puts file names in place of references to assets.
fn resolve(value: &mut Value) {
    if let Some(id) = value.pointer("/info/id").cloned() {
        *value = id;
        return;
    }
    match value {
        Value::Array(members) => members.iter_mut().for_each(resolve),
        Value::Object(fields) => fields.values_mut().for_each(resolve),
        _ => {}
    }
}

/// Sends a message to the socket of a client.
fn tell(state: &mut State, client: &str, kind: &str, data: &Value) {
    let text = format!("{{\"type\": \"{kind}\", \"data\": {data}}}");
    for (_, socket) in state.sockets.iter_mut().filter(|(own, _)| own == client) {
        let _ = socket.write_all(&frame(0x81, text.as_bytes()));
        // A question whether it is there, between any two messages.
        let _ = socket.write_all(&frame(0x89, b"there?"));
    }
}

/// Sends a picture in the making.
fn show(state: &mut State, client: &str, body: &[u8]) {
    for (_, socket) in state.sockets.iter_mut().filter(|(own, _)| own == client) {
        let _ = socket.write_all(&frame(0x82, body));
    }
}

fn frame(code: u8, body: &[u8]) -> Vec<u8> {
    let mut frame = vec![code];
    match body.len() {
        n @ 0..=125 => frame.push(n as u8),
        n @ 126..=65_535 => {
            frame.push(126);
            frame.extend((n as u16).to_be_bytes());
        }
        n => {
            frame.push(127);
            frame.extend((n as u64).to_be_bytes());
        }
    }
    frame.extend(body);
    frame
}

fn socket(mut stream: TcpStream, head: &str, line: &str, books: &Mutex<State>, over: &AtomicBool) -> Option<()> {
    let key = head
        .lines()
        .find_map(|line| line.split_once(": ").filter(|(name, _)| name.eq_ignore_ascii_case("sec-websocket-key")))?
        .1;
    let proof = digest::digest(
        &digest::SHA1_FOR_LEGACY_USE_ONLY,
        format!("{key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11").as_bytes(),
    );
    let proof = STANDARD.encode(proof);
    let head = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {proof}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).ok()?;
    let client = line.split_once("clientId=").map_or("", |(_, client)| client).to_owned();
    stream
        .write_all(&frame(0x81, br#"{"type": "status", "data": {"status": {"exec_info": {"queue_remaining": 0}}}}"#))
        .ok()?;
    let mut said = Vec::new();
    let mut piece = [0; 256];
    while !over.load(Ordering::SeqCst) {
        match stream.read(&mut piece) {
            Ok(0) => break,
            Ok(n) => said.extend_from_slice(&piece[..n]),
            Err(_) => break,
        }
        // Head, length, mask, text: what clients say is short and masked.
        while let Some(length) = said.get(1).map(|it| usize::from(it & 0x7f)).filter(|it| it + 6 <= said.len()) {
            let frame: Vec<_> = said.drain(..length + 6).collect();
            let text: Vec<_> =
                frame[6..].iter().zip(frame[2..6].iter().cycle()).map(|(byte, mask)| byte ^ mask).collect();
            let mut state = books.lock().unwrap_or_else(PoisonError::into_inner);
            if frame[0] == 0x81 && text.windows(12).any(|part| part == b"feature_flag") {
                state.sockets.push((client.clone(), stream.try_clone().ok()?));
            } else {
                state.heard.push((Step::Socket, "answer".to_owned(), text));
            }
        }
    }
    Some(())
}
