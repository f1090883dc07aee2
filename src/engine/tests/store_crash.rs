//! Kills a writing process at seeded moments and looks at what it left: whatever it acknowledged must be there, whole.
//!
//! The writer is this same test binary, started again with a variable set. A kill spares the page cache, so this
//! sees torn sequences of operations, not lost syncs; those were measured with a simulated power cut.

#![cfg(unix)]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use engine::caps::Purpose;
use engine::money::Cost;
use engine::store::{Claim, JobIntent, JobState, JournalId, Store, TakeRecord, Trace};
use engine::worker::Artifacts;
use model::{Compute, Digest, Image, Media, Value, Work};

const FOLDER: &str = "THROUGHLINE_TEST_STORE";
const ROUND: &str = "THROUGHLINE_TEST_ROUND";
const KILLS: u64 = 120;

fn work(n: u64) -> Work {
    let args = BTreeMap::from([("n".to_owned(), Value::Integer(n as i64))]);
    Work::Compute(Compute { op: "count".to_owned(), version: 1, args })
}

fn take(n: u64) -> TakeRecord {
    TakeRecord {
        take: n as u32,
        key: work(n).key(None),
        seed: n,
        model: None,
        cost: Cost::Exact(n),
        seconds: 0.5,
        made_at: None,
        note: String::new(),
    }
}

fn bytes_of(n: u64) -> Vec<u8> {
    n.to_le_bytes().repeat(1000 + (n % 7) as usize * 900)
}

fn intent(n: u64) -> JobIntent {
    let request = serde_json::json!({ "n": n });
    JobIntent {
        purpose: Purpose { item: format!("generate/s{n}"), ..Purpose::default() },
        provider: "loopback".to_owned(),
        request,
        model: None,
        estimate_microusd: Some(n),
    }
}

/// One line per thing that is promised to be there.
fn acknowledge(line: &str) {
    let mut out = std::io::stdout().lock();
    // The test harness has left its own line open before the first one.
    out.write_all(format!("\nack {line}\n").as_bytes()).and_then(|()| out.flush()).expect("the parent listens");
}

/// Runs only when this binary was started as the writer; as an ordinary test it has nothing to do.
#[test]
fn writer() {
    let (Ok(folder), Ok(round)) = (std::env::var(FOLDER), std::env::var(ROUND)) else { return };
    let round: u64 = round.parse().expect("a number");
    let store = Store::open(Path::new(&folder)).expect("it opens");
    for n in (round * 1000 + 1).. {
        let key = work(n).key(None);
        let Claim::Ours(_guard) = store.claim(&key).expect("claimed") else { panic!("nobody else is here") };
        acknowledge(&format!("claim {n}"));
        let id = store.journal_intent(&key, &intent(n)).expect("journalled");
        acknowledge(&format!("intent {n} {id}"));
        store.journal_submitted(id, &format!("remote-{n}")).expect("journalled");
        acknowledge(&format!("submitted {n} {id}"));
        let scratch = store.scratch("mp4").expect("a path");
        std::fs::write(&scratch, bytes_of(n)).expect("written");
        let media = store.adopt(&scratch, "mp4", None, None).expect("adopted");
        acknowledge(&format!("artifact {n}"));
        let outputs = vec![("clip".into(), Value::Image(Image::File(Arc::new(media))))];
        // Every other result is free: killed processes must not lose those either.
        let cost = Cost::Exact(n % 2 * n);
        let trace = Trace { outputs, work: work(n), model: None, cost, seconds: 0.5, made_at: None, parts: vec![] };
        store.put(&key, &trace).expect("stored");
        acknowledge(&format!("trace {n}"));
        store.journal_done(id, Cost::Exact(n)).expect("settled");
        acknowledge(&format!("done {n} {id}"));
        store.add_take("film", "generate/s1", &take(n)).expect("added");
        acknowledge(&format!("take {n}"));
        store.set_last_keys("film", &[("generate/s1", key)]).expect("set");
        acknowledge(&format!("last {n}"));
    }
}

fn start(folder: &Path, round: u64) -> Child {
    // The child inherits this working directory, which it does not use.
    Command::new(std::env::current_exe().expect("this binary"))
        .args(["--exact", "writer", "--nocapture", "--test-threads=1"])
        .env(FOLDER, folder)
        .env(ROUND, round.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("it starts")
}

/// Starts the writer, kills it after so many acknowledgements and microseconds, and gives what it acknowledged.
fn killed_after(folder: &Path, round: u64, lines: u64, micros: u64) -> Vec<Vec<String>> {
    let mut child = start(folder, round);
    let mut acks = BufReader::new(child.stdout.take().expect("piped")).lines();
    let mut seen = Vec::new();
    while (seen.len() as u64) < lines {
        let line = acks.next().expect("the writer goes on until it is killed").expect("text");
        seen.extend(line.strip_prefix("ack ").map(str::to_owned));
    }
    let started = Instant::now();
    while started.elapsed() < Duration::from_micros(micros) {
        std::hint::spin_loop();
    }
    child.kill().expect("killed");
    child.wait().expect("gone");
    for line in acks.map_while(Result::ok) {
        // Lines are written whole, so the kill does not cut the last one.
        seen.extend(line.strip_prefix("ack ").map(str::to_owned));
    }
    seen.iter().map(|line| line.split(' ').map(str::to_owned).collect()).collect()
}

fn media_of(store: &Store, n: u64) -> Media {
    let outputs = store.get(&work(n).key(None)).expect("reads").unwrap_or_else(|| panic!("trace {n} was acknowledged"));
    match &outputs[0].1 {
        Value::Image(Image::File(media)) => (**media).clone(),
        other => panic!("trace {n} became {other:?}"),
    }
}

/// How far each job had come, by the last line about it.
fn check(store: &Store, acks: &[Vec<String>]) {
    let mut jobs = BTreeMap::new();
    for ack in acks {
        let n: u64 = ack[1].parse().expect("a number");
        let key = work(n).key(None);
        match ack[0].as_str() {
            "claim" => assert_eq!(store.holder(&key), None, "a claim outlived its process"),
            "artifact" => {
                let digest = Digest::of(&bytes_of(n));
                let bytes = bytes_of(n).len() as u64;
                let media = Media { digest, bytes, format: "mp4".to_owned(), video: None, audio: None };
                let path = store.locate(&media).expect("the artifact was acknowledged");
                assert_eq!(std::fs::read(path).expect("read"), bytes_of(n));
            }
            "trace" => {
                assert!(store.locate(&media_of(store, n)).is_ok());
                assert_eq!(store.work_of(&key), Ok(Some((work(n), None))));
            }
            "take" => assert!(store.takes("film", "generate/s1").expect("reads").contains(&take(n))),
            "last" => assert!(store.last_key("film", "generate/s1").expect("reads").is_some()),
            step => {
                jobs.insert(ack[2].parse::<i64>().expect("an id"), (step.to_owned(), n));
            }
        }
    }
    let ledger = store.ledger().expect("reads");
    for (id, (step, n)) in jobs {
        let job = store.job(JournalId(id)).expect("reads").expect("the job was acknowledged");
        assert_eq!((job.key, &job.intent), (work(n).key(None), &intent(n)));
        let reached = match job.state {
            JobState::Intent => 0,
            JobState::Submitted => 1,
            JobState::Settled => 2,
            other => panic!("job {id} is {other:?}"),
        };
        assert!(["intent", "submitted", "done"].iter().position(|name| *name == step).expect("a step") <= reached);
        assert_eq!(job.remote_id.is_some(), 1 <= reached);
        let costs = ledger.iter().filter(|entry| entry.job == Some(JournalId(id))).count();
        assert_eq!(costs, usize::from(reached == 2), "paid exactly when it is settled");
    }
}

/// Jobs that are open after a kill: an intent without an id is unknown and refuses a second submission.
fn check_open_jobs(store: &Store) {
    let open = store.open_jobs().expect("reads");
    assert!(open.len() <= 1, "one writer has at most one job under way: {open:?}");
    for job in open {
        match &job.remote_id {
            Some(id) => assert_eq!(
                (job.state, id.as_str()),
                (JobState::Submitted, &*format!("remote-{}", job.intent.estimate_microusd.expect("known")))
            ),
            None => assert_eq!(job.state, JobState::Unknown),
        }
        let again = store.journal_intent(&job.key, &job.intent).expect_err("never bought blindly");
        assert!(["job-open", "result-exists"].contains(&again.code.as_str()), "{again}");
        store.journal_failed(job.id, "settled by the test", Cost::FREE).expect("settled");
    }
}

/// A small generator, so that the moments are the same in every run.
fn next(seed: &mut u64) -> u64 {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    *seed >> 33
}

#[test]
fn nothing_acknowledged_is_lost_when_the_writer_is_killed() {
    let root = tempfile::tempdir().expect("a folder");
    let mut seed = 2026;
    let (mut acknowledged, mut open_seen) = (0, 0);
    for round in 0..KILLS {
        // A fresh store every few kills, so that many die while it is created.
        let folder = root.path().join(format!("store-{}", round / 4));
        let lines = if round % 4 == 0 { next(&mut seed) % 3 } else { next(&mut seed) % 14 };
        let acks = killed_after(&folder, round, lines, next(&mut seed) % 4000);
        acknowledged += acks.len();
        let store = Store::open(&folder).expect("it opens");
        check(&store, &acks);
        open_seen += store.open_jobs().expect("reads").len();
        check_open_jobs(&store);
        let report = store.verify().expect("it verifies");
        assert!(report.is_clean(), "round {round}: {report:?}");
    }
    assert!(500 < acknowledged, "only {acknowledged} steps were under test");
    assert!(20 < open_seen, "only {open_seen} kills met an open job");
}

#[test]
fn two_processes_write_one_store_and_a_reader_sees_both() {
    let root = tempfile::tempdir().expect("a folder");
    let folder = root.path().join("store");
    let mut children = [start(&folder, 1), start(&folder, 2)];
    let mut acks: Vec<_> =
        children.iter_mut().map(|child| BufReader::new(child.stdout.take().expect("piped")).lines()).collect();
    let mut seen = Vec::new();
    while seen.len() < 80 {
        for lines in &mut acks {
            let line = lines.next().expect("both go on").expect("text");
            seen.extend(line.strip_prefix("ack ").map(|ack| ack.split(' ').map(str::to_owned).collect::<Vec<_>>()));
        }
    }
    let store = Store::open(&folder).expect("it opens");
    let others: Vec<u32> = store.held_claims().expect("listed").into_iter().map(|(_, holder)| holder.pid).collect();
    assert!(others.iter().all(|pid| children.iter().any(|child| child.id() == *pid)), "{others:?}");
    // Work in progress in another process is seen, and cannot be started here.
    let held = seen.iter().rev().find(|ack| ack[0] == "claim").map(|ack| ack[1].parse::<u64>().expect("a number"));
    assert!(held.is_some());
    for child in &mut children {
        child.kill().expect("killed");
        child.wait().expect("gone");
    }
    assert_eq!(store.held_claims(), Ok(Vec::new()));
    check(&store, &seen);
    for job in store.open_jobs().expect("reads") {
        assert_ne!(job.state, JobState::Intent, "its process is dead");
    }
    assert!(store.verify().expect("it verifies").is_clean());
}

#[test]
fn a_claim_is_free_the_moment_its_process_dies() {
    let root = tempfile::tempdir().expect("a folder");
    let folder = root.path().join("store");
    let mut child = start(&folder, 3);
    let mut acks = BufReader::new(child.stdout.take().expect("piped")).lines();
    let first = acks.by_ref().take(50).find(|line| line.as_ref().is_ok_and(|line| line == "ack claim 3001"));
    assert!(first.is_some());
    child.kill().expect("killed");
    child.wait().expect("gone");
    let store = Store::open(&folder).expect("it opens");
    assert!(matches!(store.claim(&work(3001).key(None)), Ok(Claim::Ours(_))));
}
