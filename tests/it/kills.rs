//! A film of fifty bought shots whose maker is killed two hundred times: nothing is bought twice, nothing that was paid
//! is lost, and the ledger is the provider's own bill to the micro-dollar.
//!
//! The maker is the program itself over a real graph, the provider a fake with books. It paces the run, so that the
//! kills are spread over all fifty shots, and says when a message comes or a file goes, so that they fall on every step
//! between. Where nobody can know whether a submission arrived, a person must look; here the test looks into the books.

#![cfg(unix)]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use engine::money::Cost;
use engine::store::{JobState, Store};

use crate::helpers::{LONGEST, Outcome, Running, gst, n_frames, start_with};

const SHOTS: usize = 50;
const KILLS: usize = 200;
/// Frames of one shot: half a second.
const FRAMES: u64 = 6;
const SEED: u64 = 11;
/// How long a life may take to come to where it is to be killed; then it is killed where it is.
const PATIENCE: Duration = Duration::from_secs(3);

const MANIFEST: &str = r##"(
    manifest: 1, provider: "tally", title: "Tally", place: Local, base: "$BASE", concurrency: 4,
    operations: { "video": (
        submit: (
            path: "/make", headers: { "X-Take": "{idempotency}" },
            body: Json(r#"{ "prompt": "{prompt}", "seconds": "{seconds}" }"#),
        ),
        id: ["id"],
        poll: (
            exchange: (method: Get, path: "/jobs/{id}"), every_ms: 15, state: ["state"],
            states: { "queued": Queued, "running": Running, "done": Done, "failed": Failed },
        ),
        result: [Url("url")],
        cost: [([("microusd", (1, 1))])],
    ) },
    models: [(
        id: "clip", title: "Clip", model: "clip", family: "clip", tasks: [video], can: (prompt_only: Yes),
        prices: (rules: [(per: Call, microusd: 90000)]), operations: [([], "video")],
        facts: { "tasks": "test", "can": "test", "prices": "test", "operations": "test" },
    )],
    sources: { "test": (what: "a test", url: "https://example.com/", date: "2026-11-22", confidence: Hint) },
)
"##;

/// A graph of so many shots; the length is one clip's.
fn graph(n: usize, model: &str, seconds: f64) -> String {
    let rows: Vec<_> = (1..=n).map(|n| format!("\"s{n}\": {{ \"text\": \"the lamp in hour {n}\" }}")).collect();
    let params = format!("\"model\": \"{model}\", \"seconds\": {seconds:?}");
    format!(
        r#"(
    throughline: 1,
    settings: (size: (160, 90), fps: (12, 1)),
    nodes: {{
        "shots": (kind: "list.texts", version: 1, params: {{ "rows": {{ {} }} }}),
        "generate": (kind: "model.video", version: 1, params: {{ {params} }}),
        "film": (kind: "output.film", version: 1, params: {{ "file": "film.mp4" }}),
    }},
    links: {{ "generate.prompt": "shots.texts", "film.clips": "generate.clip" }},
)
"#,
        rows.join(", ")
    )
}

/// When a life ends.
#[derive(Clone, Copy, Debug)]
enum End {
    /// At the message after so many others; what it asks for has happened, but the answer does not come.
    Unanswered(usize),
    /// At that message, once it is answered and some time has passed.
    Answered(usize, Duration),
    /// At the next submission, which does not arrive.
    Lost,
    /// Some time after the next submission was accepted.
    Accepted(Duration),
    /// Some time after the next file was sent.
    Sent(Duration),
    /// Some time after its start.
    Early(Duration),
}

#[derive(Default)]
struct Books {
    /// What was asked for by take, with the number of its job from 1.
    takes: BTreeMap<String, usize>,
    n_jobs: usize,
    n_kills: usize,
    /// Jobs up to this one may get done. It grows with the lives that are to end at a submission or a file.
    n_done: usize,
    n_files: BTreeMap<usize, usize>,
    end: Option<End>,
    /// Connections that are being served.
    n_open: usize,
}

struct Provider {
    base: String,
    books: Arc<(Mutex<Books>, Condvar)>,
    /// Told when a life is to end: after that long.
    due: Receiver<Duration>,
}

/// What a job is billed.
fn bill(job: usize) -> u64 {
    31_000 + 137 * job as u64
}

impl Provider {
    fn new(clip: Vec<u8>) -> Provider {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let books: Arc<(Mutex<Books>, Condvar)> = Arc::default();
        let (tell, due) = sync_channel(1);
        let (shared, home, clip) = (books.clone(), base.clone(), Arc::new(clip));
        // It ends with the test's process.
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                locked(&shared.0).n_open += 1;
                let (shared, home, clip, tell) = (shared.clone(), home.clone(), clip.clone(), tell.clone());
                std::thread::spawn(move || {
                    serve(stream, &shared.0, &home, &clip, &tell);
                    locked(&shared.0).n_open -= 1;
                    shared.1.notify_all();
                });
            }
        });
        Provider { base, books, due }
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        locked(&self.books.0)
    }

    /// Waits until everything that the dead have sent was read: connections are taken in the order in which they came.
    fn settle(&self) {
        let mut stream = TcpStream::connect(self.base.trim_start_matches("http://")).unwrap();
        stream.write_all(b"GET /sync HTTP/1.1\r\n\r\n").unwrap();
        stream.read_to_end(&mut Vec::new()).unwrap();
        let quiet = self.books.1.wait_timeout_while(self.books(), LONGEST, |books| 0 < books.n_open);
        assert!(!quiet.unwrap_or_else(PoisonError::into_inner).1.timed_out(), "a connection does not end");
    }
}

fn locked(books: &Mutex<Books>) -> MutexGuard<'_, Books> {
    books.lock().unwrap_or_else(PoisonError::into_inner)
}

fn serve(stream: TcpStream, books: &Mutex<Books>, base: &str, clip: &[u8], tell: &SyncSender<Duration>) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let (mut first, mut length, mut take) = (String::new(), 0, String::new());
    reader.read_line(&mut first).ok()?;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|n| 0 < *n)?;
        let (name, value) = line.split_once(':').unwrap_or((line.trim(), ""));
        match name.to_lowercase().as_str() {
            "" => break,
            "content-length" => length = value.trim().parse().ok()?,
            "x-take" => value.trim().clone_into(&mut take),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let target = first.split_whitespace().nth(1)?.to_owned();
    let mut held = locked(books);
    let is_submission = target == "/make";
    let is_file = target.starts_with("/files/");
    let end = held.end;
    // The message after so many others, or the first of its kind.
    let falls = match &mut held.end {
        _ if target == "/sync" => false,
        Some(End::Unanswered(left) | End::Answered(left, _)) if 0 < *left => {
            *left -= 1;
            false
        }
        Some(End::Unanswered(_) | End::Answered(..)) => true,
        Some(End::Lost | End::Accepted(_)) => is_submission,
        Some(End::Sent(_)) => is_file,
        Some(End::Early(_)) | None => false,
    };
    if falls {
        held.end = None;
    }
    if falls && matches!(end, Some(End::Lost)) {
        let _ = tell.try_send(Duration::ZERO);
        drop(held);
        return wait_for_death(reader);
    }
    let (kind, answer) = act(&mut held, &target, take, base, clip);
    drop(held);
    if falls && matches!(end, Some(End::Unanswered(_))) {
        let _ = tell.try_send(Duration::ZERO);
        return wait_for_death(reader);
    }
    let mut stream = stream;
    let head = format!("HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {}\r\n", answer.len());
    stream.write_all(format!("{head}connection: close\r\n\r\n").as_bytes()).ok()?;
    stream.write_all(&answer).ok()?;
    if let Some(End::Answered(_, after) | End::Accepted(after) | End::Sent(after)) = end.filter(|_| falls) {
        let _ = tell.try_send(after);
    }
    Some(())
}

fn wait_for_death(mut reader: BufReader<TcpStream>) -> Option<()> {
    reader.read_to_end(&mut Vec::new()).ok().map(drop)
}

fn act(books: &mut Books, target: &str, take: String, base: &str, clip: &[u8]) -> (&'static str, Vec<u8>) {
    let number = |text: &str| text.parse::<usize>().unwrap_or(0);
    let json = |text: String| ("application/json", text.into_bytes());
    if target == "/make" {
        books.n_jobs += 1;
        let job = books.n_jobs;
        assert_eq!(books.takes.insert(take, job), None, "a take was submitted twice");
        return json(format!("{{ \"id\": \"{job}\" }}"));
    }
    if let Some(job) = target.strip_prefix("/jobs/").map(number) {
        let state = if job <= books.n_done { "done" } else { "running" };
        return json(format!(
            "{{ \"state\": \"{state}\", \"url\": \"{base}/files/{job}\", \"microusd\": {} }}",
            bill(job)
        ));
    }
    if let Some(job) = target.strip_prefix("/files/").map(number) {
        *books.n_files.entry(job).or_default() += 1;
        return ("video/mp4", clip.to_vec());
    }
    json("{}".to_owned())
}

/// Numbers from a seed: the same kills in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }

    fn millis(&mut self, bound: u64) -> Duration {
        Duration::from_millis(self.below(bound))
    }

    fn end(&mut self) -> End {
        match self.below(12) {
            0 => End::Lost,
            1 => End::Accepted(self.millis(30)),
            2 => End::Sent(self.millis(120)),
            3 | 4 => End::Early(self.millis(400)),
            5..=8 => End::Unanswered(self.below(12) as usize),
            _ => End::Answered(self.below(12) as usize, self.millis(40)),
        }
    }
}

fn run(folder: &Path) -> Running {
    start_with(folder, &["run", "g.ron", "--budget", "50usd"], &[])
}

/// One life, ended as was drawn. Whether it ended by itself.
fn live(folder: &Path, provider: &Provider, end: End) -> Option<Outcome> {
    while provider.due.try_recv().is_ok() {}
    {
        let mut books = provider.books();
        books.end = Some(end);
        // The last ones are kept for the lives after.
        let grows = matches!(end, End::Lost | End::Accepted(_) | End::Sent(_)) && books.n_done + 4 < SHOTS;
        books.n_done += usize::from(grows);
    }
    let mut running = run(folder);
    let after = match end {
        End::Early(after) => after,
        _ => provider.due.recv_timeout(PATIENCE).unwrap_or_default(),
    };
    let ended = running.end_within(after);
    if ended.is_none() {
        provider.books().n_kills += 1;
    }
    provider.books().end = None;
    provider.settle();
    ended
}

/// What a person does whose program died between sending and hearing: looks into the provider's books.
fn decide(store: &Store, provider: &Provider) -> usize {
    let open = store.open_jobs().unwrap();
    let unknown: Vec<_> = open.into_iter().filter(|job| job.state == JobState::Unknown).collect();
    for job in &unknown {
        match provider.books().takes.get(&format!("{}-{}", job.key, job.id)) {
            Some(n) => store.journal_submitted(job.id, &n.to_string()).unwrap(),
            None => store.journal_failed(job.id, "it never arrived", Cost::FREE).unwrap(),
        }
    }
    unknown.len()
}

#[test]
fn a_film_survives_two_hundred_kills_and_is_paid_once() {
    let Some(gst) = gst() else { return };
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    // The provider's one clip is a drawn one, long enough for every shot.
    std::fs::write(root.join("g.ron"), graph(1, "auto", 1.0)).unwrap();
    start_with(root, &["run", "g.ron", "--store", "drawn"], &[]).wait(LONGEST).expect(0);
    let provider = Provider::new(std::fs::read(root.join("film.mp4")).unwrap());
    std::fs::remove_file(root.join("film.mp4")).unwrap();
    std::fs::write(root.join("g.ron"), graph(SHOTS, "tally/clip", 0.5)).unwrap();
    let manifests = root.join("throughline/providers");
    std::fs::create_dir_all(&manifests).unwrap();
    std::fs::write(manifests.join("tally.ron"), MANIFEST.replace("$BASE", &provider.base)).unwrap();

    let mut random = Random(SEED);
    let (mut n_decided, mut ends) = (0, BTreeMap::<String, usize>::new());
    let store = Store::open(&root.join(".throughline")).unwrap();
    while provider.books().n_kills < KILLS {
        let end = random.end();
        if let Some(ended) = live(root, &provider, end) {
            panic!("it ended before it was killed {KILLS} times: {ended:?}");
        }
        *ends.entry(format!("{end:?}").chars().take_while(|it| it.is_alphabetic()).collect()).or_default() += 1;
        n_decided += decide(&store, &provider);
    }
    provider.books().n_done = SHOTS;
    // All jobs can be finished now. Some more deaths on the way to the film, which may end before them.
    for _ in 0..5 {
        let end = End::Early(Duration::from_millis(300 + random.below(1500)));
        drop(live(root, &provider, end));
        n_decided += decide(&store, &provider);
    }
    run(root).wait(LONGEST).expect(0);

    let books = provider.books();
    let (n_jobs, bills) = (books.n_jobs, (1..=books.n_jobs).map(bill).sum::<u64>());
    let keys: std::collections::BTreeSet<_> = books.takes.keys().filter_map(|take| take.split('-').next()).collect();
    assert_eq!((n_jobs, keys.len()), (SHOTS, SHOTS), "each take was submitted once");
    assert_eq!(books.n_files.len(), SHOTS);
    drop(books);
    // As the ledger writes it down: whole micro-dollars, or this fails.
    let costs = store.ledger().unwrap().into_iter().map(|entry| serde_json::to_value(entry).unwrap());
    let costs: Vec<u64> = costs.map(|entry| entry["cost_microusd"].as_u64().unwrap()).filter(|it| *it != 0).collect();
    assert_eq!((costs.len(), costs.iter().sum()), (SHOTS, bills), "the ledger is the provider's bill");
    let takes = store.all_takes("g.ron").unwrap();
    assert_eq!(takes.iter().filter(|(item, _)| item.starts_with("generate")).count(), SHOTS);
    assert_eq!(store.open_jobs(), Ok(Vec::new()));
    assert!(store.verify().unwrap().is_clean());
    assert_eq!(n_frames(&gst, root, "film.mp4"), SHOTS as u64 * FRAMES);
    // Nobody could know of some submissions whether they arrived: else the test killed at no interesting moment.
    assert!(0 < n_decided && 5 < ends.len(), "{n_decided} to decide, killed at {ends:?}");

    let again = run(root).wait(LONGEST).expect(0);
    assert!(again.last().contains("ran 0"), "{}", again.out);
    assert_eq!(provider.books().n_jobs, SHOTS);
}
