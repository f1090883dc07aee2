//! Kills a buying process at each step of a remote job, then looks at the provider's own books: nothing is bought
//! twice, nothing paid is lost, and the ledger is the bill.
//!
//! The buyer is this same test binary, started again with a variable set. The provider keeps its books in files, so
//! that it outlives the buyer as a real one does.

#![cfg(unix)]

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use engine::caps::{Limits, Purchase, Purpose};
use engine::money::{Cost, Total};
use engine::remote::{Progress, Provider, Remote, RemoteId, StartError, Stopped};
use engine::store::{Claim, JobState, Store};
use engine::worker::{Cancel, Job, JobCx, JobError, Worker};
use model::{Compute, Diagnostic, Digest, Image, Outputs, Value, Work};

const FOLDER: &str = "THROUGHLINE_TEST_REMOTE";
const POINT: &str = "THROUGHLINE_TEST_POINT";
const PRICE: u64 = 250_000;
const RUN: &str = "run-1";
const LIMIT: Duration = Duration::from_secs(60);

/// Where a buyer can be killed, in the order of a job's life, and how often it may be on the way there.
const POINTS: &[&str] = &["reserved", "intent", "accepted", "submitted", "finished", "brought", "kept", "fetched"];

/// A provider whose books are files: a line per submission, a line per job that was cancelled.
struct Books {
    folder: PathBuf,
    /// Where this process waits to be killed; none lives on.
    fatal: Option<String>,
    polls: AtomicU32,
    n_running: u32,
    start: fn() -> Option<StartError>,
    /// What it says of a finished and of a stopped job.
    cost: Cost,
    stopped: Cost,
}

impl Books {
    fn new(folder: &Path) -> Books {
        let (folder, polls) = (folder.to_owned(), AtomicU32::new(0));
        Books {
            folder,
            fatal: None,
            polls,
            n_running: 2,
            start: || None,
            cost: Cost::Exact(PRICE),
            stopped: Cost::Exact(PRICE / 10),
        }
    }

    fn enter(&self, book: &str, line: &str) {
        let file = fs::OpenOptions::new().create(true).append(true).open(self.folder.join(book));
        file.expect("a book").write_all(format!("{line}\n").as_bytes()).expect("entered");
    }

    fn lines(&self, book: &str) -> Vec<String> {
        fs::read_to_string(self.folder.join(book)).unwrap_or_default().lines().map(str::to_owned).collect()
    }

    /// Says that the point is reached and waits for the end there.
    fn reach(&self, point: &str) {
        reach(self.fatal.as_deref(), point);
    }
}

fn reach(fatal: Option<&str>, point: &str) {
    if fatal != Some(point) {
        return;
    }
    let mut out = std::io::stdout().lock();
    out.write_all(format!("\nat {point}\n").as_bytes()).and_then(|()| out.flush()).expect("the parent listens");
    let _ = crossbeam_channel::after(LIMIT).recv();
}

impl Provider for Books {
    fn name(&self) -> &str {
        "books"
    }

    fn version(&self, _: &str) -> u32 {
        3
    }

    fn request(&self, job: &Job) -> Result<(serde_json::Value, Option<u64>), Diagnostic> {
        Ok((serde_json::json!({ "key": job.key.to_string() }), Some(PRICE)))
    }

    fn start(&self, request: &serde_json::Value, idempotency: &str) -> Result<RemoteId, StartError> {
        self.reach("intent");
        if let Some(refused) = (self.start)() {
            return Err(refused);
        }
        let id = format!("job-{}", self.lines("submits").len());
        self.enter("submits", &format!("{id} {} {idempotency}", request["key"].as_str().expect("a key")));
        self.reach("accepted");
        Ok(RemoteId(id))
    }

    fn poll(&self, id: &RemoteId) -> Result<Progress, Diagnostic> {
        self.reach("submitted");
        assert!(self.lines("submits").iter().any(|line| line.starts_with(&format!("{id} "))), "no job {id}");
        if self.polls.fetch_add(1, Ordering::SeqCst) < self.n_running {
            return Ok(Progress::Running { done: 0.5, again: Duration::from_millis(5) });
        }
        Ok(Progress::Finished { cost: self.cost })
    }

    fn fetch(&self, id: &RemoteId, _: &Job, cx: &JobCx<'_>) -> Result<Outputs, JobError> {
        self.reach("finished");
        let scratch = cx.artifacts.scratch("png")?;
        fs::write(&scratch, format!("the picture of {id}")).expect("written");
        let media = cx.artifacts.adopt(&scratch, "png", None, None)?;
        self.reach("brought");
        Ok(vec![("image".into(), Value::Image(Image::File(Arc::new(media))))])
    }

    fn cancel(&self, id: &RemoteId) -> Result<Stopped, Diagnostic> {
        self.enter("cancels", &id.0);
        Ok(Stopped::Yes { cost: self.stopped })
    }
}

fn job() -> Job {
    let work = Work::Compute(Compute { op: "buy".to_owned(), version: 1, args: [].into() });
    Job { key: work.key(Some(("painter", 3))), work, model: Some("painter".to_owned()) }
}

/// Runs the job as a lane does: the claim held, progress reported.
fn run(books: Books, store: &Arc<Store>, cancel: &Cancel) -> Result<Outputs, JobError> {
    let fatal = books.fatal.clone();
    let folder = books.folder.clone();
    let remote = Remote::open(books, store.clone(), LIMIT)?;
    let Claim::Ours(_guard) = store.claim(&job().key)? else { panic!("nobody else is here") };
    let Job { key, model, .. } = job();
    if !store.open_keys()?.contains(&key) && store.get(&key)?.is_none() {
        let purpose = Purpose { item: "generate/s1".to_owned(), run: RUN.to_owned(), ..Purpose::default() };
        let purchase = Purchase { key, purpose, provider: "books".to_owned(), model, price: Some(PRICE) };
        store.reserve(&[purchase], &Limits::default())?.expect("there is no limit");
    }
    reach(fatal.as_deref(), "reserved");
    let progress = |done: f32| match done {
        1.0 => reach(fatal.as_deref(), "fetched"),
        0.99 => reach(fatal.as_deref(), "kept"),
        _ => {}
    };
    let cx = JobCx { artifacts: &**store, cancel: cancel.clone(), progress: &progress, project: &folder };
    remote.run(&job(), &cx)
}

fn open(folder: &Path) -> Arc<Store> {
    Arc::new(Store::open(&folder.join("store")).expect("it opens"))
}

/// Runs only when this binary was started as the buyer; as an ordinary test it has nothing to do.
#[test]
fn buyer() {
    let (Ok(folder), Ok(point)) = (std::env::var(FOLDER), std::env::var(POINT)) else { return };
    let folder = Path::new(&folder);
    let books = Books { fatal: Some(point), ..Books::new(folder) };
    drop(run(books, &open(folder), &Cancel::default()));
    panic!("it should have been killed");
}

fn kill_at(folder: &Path, point: &str) {
    let mut child = Command::new(std::env::current_exe().expect("this binary"))
        .args(["--exact", "buyer", "--nocapture", "--test-threads=1"])
        .env(FOLDER, folder)
        .env(POINT, point)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("it starts");
    let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines().map_while(Result::ok);
    let reached = lines.any(|line| line == format!("at {point}"));
    child.kill().expect("killed");
    child.wait().expect("gone");
    assert!(reached, "the buyer never came to {point}");
}

fn submits(folder: &Path) -> usize {
    let lines = Books::new(folder).lines("submits");
    let keys: std::collections::BTreeSet<_> = lines.iter().filter_map(|line| line.split(' ').nth(1)).collect();
    assert!(lines.len() <= keys.len(), "a key was submitted twice: {lines:?}");
    lines.len()
}

fn code(result: Result<Outputs, JobError>) -> String {
    match result {
        Err(JobError::Failed(told)) => told.code.to_string(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_killed_buyer_buys_nothing_twice_and_loses_nothing() {
    for point in POINTS {
        let root = tempfile::tempdir().expect("a folder");
        let folder = root.path();
        kill_at(folder, point);
        let bought = submits(folder);
        assert_eq!(bought, usize::from(!["reserved", "intent"].contains(point)), "{point}");
        let store = open(folder);
        // What the dead buyer had set aside is free again; what it may have bought is not.
        let under_way = if *point == "reserved" { Total::default() } else { Total::of(PRICE) };
        assert_eq!(store.books().expect("reads").of_run(RUN), (Total::default(), under_way), "{point}");
        if ["intent", "accepted"].contains(point) {
            for _ in 0..3 {
                let told = run(Books::new(folder), &store, &Cancel::default());
                assert_eq!(code(told), "outcome-unknown", "{point}");
            }
            assert_eq!(submits(folder), bought, "{point}: it was submitted again");
            let left = store.open_jobs().expect("reads");
            assert_eq!((left.len(), left[0].state), (1, JobState::Unknown), "{point}");
            assert_eq!(store.ledger_total(), Ok(Total::default()));
            // A person looked at the provider's books and settles it; then it can be bought, or is fetched.
            match bought {
                0 => store.journal_failed(left[0].id, "it never arrived", Cost::FREE).expect("settled"),
                _ => store.journal_submitted(left[0].id, "job-0").expect("found"),
            }
        }
        let outputs = run(Books::new(folder), &store, &Cancel::default()).expect("it is complete");
        let Value::Image(Image::File(media)) = &outputs[0].1 else { panic!("{outputs:?}") };
        let bytes = fs::read(store.locate_media(media)).expect("the picture is there");
        assert_eq!(bytes, b"the picture of job-0", "{point}");
        let trace = store.trace(&job().key).expect("reads").expect("recorded");
        assert_eq!((trace.cost, trace.model.as_deref()), (Cost::Exact(PRICE), Some("painter 3")), "{point}");
        assert_eq!(submits(folder), 1, "{point}");
        assert_eq!(store.ledger_total(), Ok(Total::of(PRICE)), "{point}: the ledger is not the bill");
        assert_eq!(store.open_jobs(), Ok(Vec::new()), "{point}");
        assert_eq!(store.books().expect("reads").of_run(RUN), (Total::of(PRICE), Total::default()), "{point}");
        assert!(store.verify().expect("verifies").is_clean(), "{point}");
        assert_eq!(run(Books::new(folder), &store, &Cancel::default()), Ok(outputs), "{point}: it is there");
        assert_eq!((submits(folder), store.ledger_total()), (1, Ok(Total::of(PRICE))), "{point}");
    }
}

#[test]
fn a_result_that_was_kept_is_paid_in_the_books_when_the_program_starts() {
    for point in ["kept", "fetched"] {
        let root = tempfile::tempdir().expect("a folder");
        kill_at(root.path(), point);
        let store = open(root.path());
        assert_eq!((store.open_jobs().expect("reads").len(), store.ledger_total()), (1, Ok(Total::default())));
        // Its item is done, so no lane will ever see the job again.
        Remote::open(Books::new(root.path()), store.clone(), LIMIT).expect("it opens");
        assert_eq!((store.open_jobs(), store.ledger_total()), (Ok(Vec::new()), Ok(Total::of(PRICE))), "{point}");
    }
}

trait Located {
    fn locate_media(&self, media: &model::Media) -> PathBuf;
}

impl Located for Store {
    fn locate_media(&self, media: &model::Media) -> PathBuf {
        engine::worker::Artifacts::locate(self, media).expect("the artifact is there")
    }
}

#[test]
fn refused_lost_and_cancelled_submissions_are_told_apart() {
    let lost = || Some(StartError::Unknown(Box::new(Diagnostic::error("timeout", "no answer"))));
    let refused = || Some(StartError::Refused(Box::new(Diagnostic::error("too-large", "4096 is too wide"))));
    let root = tempfile::tempdir().expect("a folder");
    let (folder, store) = (root.path(), open(root.path()));
    let told = run(Books { start: refused, ..Books::new(folder) }, &store, &Cancel::default());
    assert_eq!((code(told).as_str(), store.open_jobs()), ("too-large", Ok(Vec::new())), "nothing was bought");

    let cancel = Cancel::default();
    cancel.cancel();
    assert_eq!(run(Books::new(folder), &store, &cancel), Err(JobError::Cancelled));
    assert_eq!(submits(folder), 0, "a job that is not wanted is not bought");
    assert_eq!(stopped(Books::new(folder), &store), Err(JobError::Cancelled));
    assert_eq!(Books::new(folder).lines("cancels"), ["job-0"]);
    assert_eq!(
        (store.open_jobs(), store.ledger_total()),
        (Ok(Vec::new()), Ok(Total::of(PRICE / 10))),
        "it cost a little"
    );

    let failed = || {
        let reason = Box::new(Diagnostic::error("unsafe", "it is not shown"));
        Some(StartError::Failed { reason, cost: Cost::AtMost(PRICE) })
    };
    let told = run(Books { start: failed, ..Books::new(folder) }, &store, &Cancel::default());
    assert_eq!((code(told).as_str(), store.open_jobs()), ("unsafe", Ok(Vec::new())));
    let total = Total { microusd: PRICE / 10, maybe: PRICE, n_unknown: 0 };
    assert_eq!(store.ledger_total(), Ok(total), "what failed in its answer may be billed");

    let told = run(Books { start: lost, ..Books::new(folder) }, &store, &Cancel::default());
    assert_eq!(code(told), "outcome-unknown");
    assert_eq!(code(run(Books::new(folder), &store, &Cancel::default())), "outcome-unknown");
    assert_eq!(submits(folder), 1);
    assert_eq!(store.holder(&Digest::of(b"other")), None);
}

/// Runs a job that never ends and cancels it once it is submitted.
fn stopped(books: Books, store: &Arc<Store>) -> Result<Outputs, JobError> {
    let cancel = Cancel::default();
    std::thread::scope(|scope| {
        let endless = Books { n_running: u32::MAX, ..books };
        let running = scope.spawn(|| run(endless, store, &cancel));
        while store.open_jobs().expect("reads").iter().all(|entry| entry.state != JobState::Submitted) {
            let _ = crossbeam_channel::after(Duration::from_millis(5)).recv();
        }
        cancel.cancel();
        running.join().expect("it ends")
    })
}

#[test]
fn what_nobody_says_is_entered_as_unknown_and_not_as_nothing() {
    let root = tempfile::tempdir().expect("a folder");
    let (folder, store) = (root.path(), open(root.path()));
    // A cancelled job that may still be billed is no fact.
    let doubtful = Books { stopped: Cost::AtMost(PRICE), ..Books::new(folder) };
    assert_eq!(stopped(doubtful, &store), Err(JobError::Cancelled));
    let entry = store.ledger().expect("reads").pop().expect("entered");
    assert_eq!((entry.cost, entry.estimate_microusd), (Cost::AtMost(PRICE), Some(PRICE)));
    assert_eq!(entry.note, "cancelled; it may still be billed");
    run(Books { cost: Cost::Unknown, ..Books::new(folder) }, &store, &Cancel::default()).expect("made");
    let total = Total { microusd: 0, maybe: PRICE, n_unknown: 1 };
    assert_eq!(store.ledger_total(), Ok(total));
    assert_eq!(store.trace(&job().key).expect("reads").map(|trace| trace.cost), Some(Cost::Unknown));
    let (last, before) = (store.ledger().expect("reads").pop().expect("entered"), entry);
    assert_eq!(
        (last.cost, last.estimate_microusd, last.model.as_deref()),
        (Cost::Unknown, Some(PRICE), Some("painter"))
    );
    assert!(last.at.is_some() && before.at.is_some(), "it is known when");
    // All of it comes back from the records.
    drop(store);
    for name in ["index.sqlite", "index.sqlite-wal", "index.sqlite-shm"] {
        drop(fs::remove_file(folder.join("store").join(name)));
    }
    let store = open(folder);
    store.rebuild_index().expect("rebuilt");
    assert_eq!((store.ledger_total(), store.ledger().map(|all| all.len())), (Ok(total), Ok(2)));
    assert!(store.verify().expect("verifies").is_clean());
}
