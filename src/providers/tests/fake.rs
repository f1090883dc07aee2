//! A provider for tests: one process-wide state per server, jobs that go through documented states, books of what was
//! submitted and billed, and faults at any step. Speaks HTTP/1.1 over loopback, a connection for each request.
//!
//! Written by hand on sockets: a server library would not let a test cut an answer in the middle.

use std::collections::{BTreeMap, VecDeque};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The key that tests are let in with. Found nowhere that a run leaves.
pub(crate) const KEY: &str = "sk-test-4f1e9c77aa-do-not-leak";

/// How a provider talks, with `$ID`, `$BASE`, `$NOW` and `$B64` to be filled in.
pub(crate) struct Shape {
    /// `runway/gen4.5`.
    pub(crate) entry: &'static str,
    /// `POST /v1/text_to_video`.
    pub(crate) submit: &'static str,
    /// The status of an answer to a submission.
    pub(crate) made: u16,
    /// How jobs are named, by their number `$N`, or `$12` where it has twelve digits.
    pub(crate) ids: &'static str,
    /// The answer to a submission; the result itself where there is no poll.
    pub(crate) accepted: &'static str,
    pub(crate) poll: Option<&'static str>,
    pub(crate) running: &'static [&'static str],
    pub(crate) done: &'static str,
    /// A failed job's answer; an explicit refusal with status 200 where there is no poll.
    pub(crate) failed: Option<&'static str>,
    /// A second question, and its answer.
    pub(crate) second: Option<(&'static str, &'static str)>,
    /// A way to the file besides `$BASE/files/$ID`.
    pub(crate) content: Option<&'static str>,
    pub(crate) cancel: Option<&'static str>,
    /// The answer to that.
    pub(crate) stopped: (u16, &'static str),
    /// Ways besides those of jobs, and their answers with status.
    pub(crate) others: &'static [(&'static str, u16, &'static str)],
    /// What it bills for the test's call, in micro-dollars: as its answers and prices say.
    pub(crate) bill: u64,
    /// The header that lets in, with `$KEY`.
    pub(crate) auth: (&'static str, &'static str),
    /// The file's first bytes.
    pub(crate) file: &'static [u8],
}

/// A step of a job, as the server sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Step {
    Submit,
    Poll,
    Second,
    File,
    Cancel,
    /// A picture that goes along: the provider is told, and told that it is there.
    Upload,
    /// It is asked whether it has the picture.
    Ready,
    /// The picture is brought to where a signed URL says.
    Bucket,
    /// A signature is exchanged for a token.
    Token,
    Other,
}

/// What goes wrong.
#[derive(Clone, Debug)]
pub(crate) enum Fault {
    /// Another answer, and nothing happens.
    Answer(u16, Vec<(&'static str, String)>, String),
    /// The connection is closed before an answer, and nothing happens.
    Reset,
    /// It happens, but the connection is closed before the answer.
    Unheard,
    /// The answer breaks off after so many bytes of its body.
    Cut(usize),
    /// It happens, but the answer does not come.
    Stall,
    /// It happens, but the answer's body is this.
    Instead(String),
    /// The answer's body is so many spaces.
    Huge(usize),
}

#[derive(Default)]
pub(crate) struct State {
    /// Jobs by id: how often each was asked for.
    pub(crate) jobs: BTreeMap<String, usize>,
    pub(crate) cancelled: Vec<String>,
    pub(crate) faults: VecDeque<(Step, Fault)>,
    /// All that came in: step, head and body.
    pub(crate) heard: Vec<(Step, String, Vec<u8>)>,
    /// Jobs end in failure.
    pub(crate) fails: bool,
    /// Answers in place of the shape's `running`.
    pub(crate) endless: bool,
    pub(crate) ranges: usize,
    /// The address that answers name, where clients come by way of somebody else.
    pub(crate) front: Option<String>,
    /// How each job's provider talks.
    shapes: BTreeMap<String, &'static Shape>,
    /// When each job was last asked about, and the shortest time that passed between two questions about one.
    asked: BTreeMap<String, Instant>,
    pub(crate) hastiest: Option<Duration>,
    /// How often each job's file was fetched.
    pub(crate) fetched: BTreeMap<String, usize>,
    /// Jobs whose file nobody has fetched: now, and at most.
    open: usize,
    pub(crate) peak: usize,
}

/// The way into a server: connections are taken by a thread of its own, until the door is closed.
pub(crate) struct Door {
    pub(crate) base: String,
    closed: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Door {
    /// Opens a door on loopback; whoever serves is told the address and whether it was closed meanwhile.
    pub(crate) fn open(serve: impl Fn(TcpStream, &str, &AtomicBool) -> Option<()> + Send + Sync + 'static) -> Door {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback");
        let base = format!("http://{}", listener.local_addr().expect("an address"));
        let closed = Arc::new(AtomicBool::new(false));
        let (over, home, serve) = (closed.clone(), base.clone(), Arc::new(serve));
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if over.load(Ordering::SeqCst) {
                    return;
                }
                let (over, home, serve) = (over.clone(), home.clone(), serve.clone());
                std::thread::spawn(move || drop(stream.map(|stream| serve(stream, &home, &over))));
            }
        });
        Door { base, closed, thread: Some(thread) }
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        self.closed.store(true, Ordering::SeqCst);
        drop(TcpStream::connect(self.base.trim_start_matches("http://")));
        drop(self.thread.take().map(JoinHandle::join));
    }
}

pub(crate) struct Fake {
    pub(crate) base: String,
    shapes: &'static [&'static Shape],
    state: Arc<Mutex<State>>,
    _door: Door,
}

impl Fake {
    pub(crate) fn new(shape: &'static Shape) -> Fake {
        Fake::of(Box::leak(Box::new([shape])))
    }

    /// A provider that talks in several ways.
    pub(crate) fn of(shapes: &'static [&'static Shape]) -> Fake {
        let state: Arc<Mutex<State>> = Arc::default();
        let books = state.clone();
        let door = Door::open(move |stream, base, over| serve(stream, shapes, &books, base, over));
        Fake { base: door.base.clone(), shapes, state, _door: door }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn fault(&self, step: Step, fault: Fault) {
        self.state().faults.push_back((step, fault));
    }

    /// How many jobs were accepted.
    pub(crate) fn submits(&self) -> usize {
        self.state().jobs.len()
    }

    pub(crate) fn asked(&self, step: Step) -> usize {
        self.state().heard.iter().filter(|(it, ..)| *it == step).count()
    }

    /// What it bills in all.
    pub(crate) fn bill(&self) -> u64 {
        self.submits() as u64 * self.shapes[0].bill
    }
}

/// The bytes of every result: a head that tells what it is, then enough to be cut.
pub(crate) fn file(shape: &Shape) -> Vec<u8> {
    let mut bytes = shape.file.to_vec();
    bytes.extend((0..40_000_u32).map(|n| (n % 251) as u8));
    bytes
}

fn serve(
    stream: TcpStream,
    shapes: &[&'static Shape],
    books: &Mutex<State>,
    base: &str,
    over: &AtomicBool,
) -> Option<()> {
    stream.set_read_timeout(Some(Duration::from_secs(10))).ok()?;
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let (head, body) = read(&mut reader)?;
    let line = head.lines().next()?.trim_end_matches(" HTTP/1.1").to_owned();
    // Some name the job in the body.
    let named = serde_json::from_slice::<serde_json::Value>(&body).ok();
    let named = named.and_then(|body| Some(body.get("operationName")?.as_str()?.rsplit('/').next()?.to_owned()));
    let line = named.map_or(line.clone(), |id| format!("{line} {id}"));
    let mut state = books.lock().unwrap_or_else(PoisonError::into_inner);
    let fits = |shape: &&&'static Shape| step(shape, &line).0 != Step::Other;
    let shape = *shapes.iter().find(fits).unwrap_or(shapes.first()?);
    let (step, id) = step(shape, &line);
    // A job goes on as it began.
    let shape = state.shapes.get(&id).copied().unwrap_or(shape);
    let front = state.front.clone().unwrap_or_else(|| base.to_owned());
    state.heard.push((step, head.clone(), body));
    let fault = due(&mut state.faults, step);
    let mut stream = stream;
    if fault.as_ref().is_some_and(Fault::prevents) {
        drop(state);
        return answer_with(&mut stream, over, fault, Answer::default());
    }
    let told = act(shape, &mut state, step, id, &line, &head, &front);
    drop(state);
    answer_with(&mut stream, over, fault, told)
}

impl Fault {
    /// Nothing happens.
    pub(crate) fn prevents(&self) -> bool {
        matches!(self, Fault::Reset | Fault::Answer(..))
    }
}

/// The fault that is next for a step.
pub(crate) fn due<S: PartialEq>(faults: &mut VecDeque<(S, Fault)>, step: S) -> Option<Fault> {
    let at = faults.iter().position(|(it, _)| *it == step)?;
    faults.remove(at).map(|(_, fault)| fault)
}

/// Writes an answer, or what a fault makes of it.
pub(crate) fn answer_with(
    stream: &mut TcpStream,
    over: &AtomicBool,
    fault: Option<Fault>,
    (status, headers, bytes): Answer,
) -> Option<()> {
    let n = bytes.len();
    match fault {
        Some(Fault::Reset | Fault::Unheard) => None,
        Some(Fault::Answer(status, headers, body)) => answer(stream, status, &headers, body.as_bytes(), body.len()),
        Some(Fault::Stall) => {
            while !over.load(Ordering::SeqCst) && stream.read(&mut [0; 64]).is_ok_and(|n| 0 < n) {}
            None
        }
        Some(Fault::Cut(shown)) => answer(stream, status, &headers, &bytes, shown),
        Some(Fault::Instead(text)) => answer(stream, status, &headers, text.as_bytes(), text.len()),
        Some(Fault::Huge(n)) => answer(stream, status, &headers, &vec![b' '; n], n),
        None => answer(stream, status, &headers, &bytes, n),
    }
}

pub(crate) fn read(reader: &mut BufReader<TcpStream>) -> Option<(String, Vec<u8>)> {
    let mut head = String::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|n| 0 < *n)?;
        if line == "\r\n" {
            break;
        }
        head.push_str(&line);
    }
    let header = |name: &str| {
        let lower = format!("{name}:");
        head.lines().find(|line| line.to_lowercase().starts_with(&lower)).map(|line| line[lower.len()..].trim())
    };
    let mut body = Vec::new();
    if let Some(length) = header("content-length").and_then(|length| length.parse::<usize>().ok()) {
        body = vec![0; length];
        reader.read_exact(&mut body).ok()?;
    } else if header("transfer-encoding").is_some() {
        loop {
            let mut size = String::new();
            reader.read_line(&mut size).ok()?;
            let size = usize::from_str_radix(size.trim(), 16).ok()?;
            let mut chunk = vec![0; size + 2];
            reader.read_exact(&mut chunk).ok()?;
            if size == 0 {
                break;
            }
            body.extend_from_slice(&chunk[..size]);
        }
    }
    Some((head, body))
}

/// The step that a request is, and the job that it names.
fn step(shape: &Shape, line: &str) -> (Step, String) {
    let id = |pattern: &str| {
        let (before, after) = pattern.split_once("$ID")?;
        let id = line.strip_prefix(before)?.strip_suffix(after)?;
        (!id.is_empty() && !id.contains(['/', '?'])).then(|| id.to_owned())
    };
    let ways = [
        (Step::Poll, shape.poll),
        (Step::Second, shape.second.map(|(way, _)| way)),
        (Step::Cancel, shape.cancel),
        (Step::File, shape.content),
        (Step::File, Some("GET /files/$ID")),
    ];
    for (step, way) in ways {
        if let Some(id) = way.and_then(id) {
            return (step, id);
        }
    }
    match line {
        _ if line == shape.submit => (Step::Submit, String::new()),
        "POST /v1/files" | "POST /v1/uploads" | "POST /v1/files/f1/complete" => (Step::Upload, String::new()),
        _ if line.starts_with("POST /storage/auth/token") => (Step::Upload, String::new()),
        "GET /v1/files/f1" => (Step::Ready, String::new()),
        "PUT /bucket/f1?signed=1" | "POST /bucket/form" | "POST /bucket/files/upload" => (Step::Bucket, String::new()),
        "POST /token" => (Step::Token, String::new()),
        _ => (Step::Other, String::new()),
    }
}

/// Status, headers and body.
pub(crate) type Answer = (u16, Vec<(&'static str, String)>, Vec<u8>);

fn act(shape: &'static Shape, state: &mut State, step: Step, id: String, line: &str, head: &str, base: &str) -> Answer {
    let text = |text: &str, id: &str| {
        let coded = || STANDARD.encode(file(shape));
        let text = text.replace("$ID", id).replace("$BASE", base).replace("$NOW", "2026-11-22T10:00:00Z");
        let text = if text.contains("$B64") { text.replace("$B64", &coded()) } else { text };
        let kind = if text.starts_with(['{', '[']) { "application/json" } else { "text/event-stream; charset=utf-8" };
        (200, vec![("Content-Type", kind.to_owned())], text.into_bytes())
    };
    let (name, value) = (shape.auth.0, shape.auth.1.replace("$KEY", KEY));
    let is_in = name.is_empty()
        || head
            .lines()
            .any(|line| line.split_once(": ").is_some_and(|(k, v)| k.eq_ignore_ascii_case(name) && v == value));
    let is_open = step == Step::File && shape.content.is_none();
    if step == Step::Bucket && head.contains(KEY) {
        return (400, Vec::new(), b"{\"error\":\"keep your key\"}".to_vec());
    }
    if step == Step::Token {
        return text(&format!(r#"{{"access_token":"{KEY}","token_type":"Bearer","expires_in":3599}}"#), "");
    }
    if !is_in && !is_open && step != Step::Bucket {
        return (401, Vec::new(), format!("{{\"error\":\"who are you? not {KEY}\"}}").into_bytes());
    }
    match step {
        Step::Submit => {
            let n = state.jobs.len() + 1;
            let id = shape.ids.replace("$N", &n.to_string()).replace("$12", &format!("{n:012}"));
            state.jobs.insert(id.clone(), 0);
            state.shapes.insert(id.clone(), shape);
            state.open += 1;
            state.peak = state.peak.max(state.open);
            if shape.poll.is_some() {
                let (_, headers, body) = text(shape.accepted, &id);
                return (shape.made, headers, body);
            }
            match shape.failed.filter(|_| state.fails) {
                Some(failed) => text(failed, &id),
                None if shape.accepted == "$FILE" => {
                    (200, vec![("Content-Type", "application/octet-stream".to_owned())], file(shape))
                }
                None => text(shape.accepted, &id),
            }
        }
        Step::Poll => {
            let (fails, endless) = (state.fails, state.endless);
            let Some(asked) = state.jobs.get_mut(&id) else { return (404, Vec::new(), b"{}".to_vec()) };
            *asked += 1;
            let n = *asked - 1;
            let now = Instant::now();
            if let Some(last) = state.asked.insert(id.clone(), now) {
                let passed = now - last;
                state.hastiest = Some(state.hastiest.map_or(passed, |hastiest| hastiest.min(passed)));
            }
            if endless {
                return text(shape.running[n % shape.running.len()], &id);
            }
            match shape.running.get(n) {
                Some(running) => text(running, &id),
                None => text(if fails { shape.failed.unwrap_or(shape.done) } else { shape.done }, &id),
            }
        }
        Step::Second => text(shape.second.map_or("{}", |(_, answer)| answer), &id),
        Step::Cancel => {
            let (_, headers, body) = text(shape.stopped.1, &id);
            state.cancelled.push(id);
            (shape.stopped.0, headers, body)
        }
        Step::File => {
            state.open = state.open.saturating_sub(1);
            *state.fetched.entry(id).or_default() += 1;
            let bytes = file(shape);
            let range = head.lines().find_map(|line| {
                let line = line.to_lowercase();
                line.strip_prefix("range: bytes=")?.strip_suffix('-')?.parse::<usize>().ok()
            });
            let mut headers = vec![("ETag", "\"v1\"".to_owned())];
            // Where the file is one of its operations, it says what it is.
            if shape.content.is_some_and(|_| !line.contains("/files/")) {
                let kind = infer::get(shape.file).map_or("application/octet-stream", |kind| kind.mime_type());
                headers.push(("Content-Type", kind.to_owned()));
            }
            match range.filter(|from| *from < bytes.len()) {
                Some(from) => {
                    state.ranges += 1;
                    headers.push(("Content-Range", format!("bytes {from}-{}/{}", bytes.len() - 1, bytes.len())));
                    (206, headers, bytes[from..].to_vec())
                }
                None => (200, headers, bytes),
            }
        }
        Step::Bucket => text(r#"{"access_url":"$BASE/bucket/it.png"}"#, ""),
        Step::Token => (404, Vec::new(), Vec::new()),
        Step::Upload | Step::Ready | Step::Other => match shape.others.iter().find(|(way, ..)| *way == line) {
            Some((_, status, answer)) => {
                let (_, headers, body) = text(answer, "");
                (*status, headers, body)
            }
            None => (404, Vec::new(), b"{\"error\":\"no such way\"}".to_vec()),
        },
    }
}

/// Writes an answer of which only the first `shown` bytes of the body come.
fn answer(
    stream: &mut TcpStream,
    status: u16,
    headers: &[(&'static str, String)],
    body: &[u8],
    shown: usize,
) -> Option<()> {
    let mut head = format!("HTTP/1.1 {status} X\r\nContent-Length: {}\r\nConnection: close\r\n", body.len());
    headers.iter().for_each(|(name, value)| head.push_str(&format!("{name}: {value}\r\n")));
    head.push_str("\r\n");
    stream.write_all(head.as_bytes()).ok()?;
    stream.write_all(&body[..shown.min(body.len())]).ok()?;
    stream.flush().ok()
}
