//! A thousand jobs at a time on one machine: how much memory and processor the buyer takes, and whether the provider
//! is asked as rarely as it wants. The buyer is this same test binary, started again, so that the fake is not counted.
//! `cargo test --release -p providers --lib crowd` measures it as it is used, and prints memory and processor time.

#![cfg(target_os = "linux")]

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use engine::store::Claim;
use engine::worker::{Cancel, JobCx};

use super::bench::Bench;
use super::fake::Step;
use super::flow::settled;
use super::shapes::RUNWAY;
use crate::Catalog;

const BASE: &str = "THROUGHLINE_TEST_CROWD";
const FOLDER: &str = "THROUGHLINE_TEST_CROWD_FOLDER";
const N: usize = 1000;
/// Runway's own interval, as its manifest has it.
const EVERY: Duration = Duration::from_secs(6);
const MOST_BYTES: u64 = 150_000_000;
const LIMIT: Duration = Duration::from_secs(300);

/// Runs only when this binary was started as the buyer; as an ordinary test it has nothing to do.
#[test]
fn crowd() {
    let variable = |name: &str| std::env::var(name).ok();
    let (Some(base), Some(folder)) = (variable(BASE), variable(FOLDER)) else { return };
    let mut bench = Bench::beside(&RUNWAY, base, folder.as_ref());
    let mut manifest = bench.catalog.manifests().next().expect("one").as_ref().clone();
    manifest.concurrency = N as u32;
    manifest.models.iter_mut().for_each(|entry| entry.concurrency = Some(N as u32));
    bench.catalog = Catalog::default().with(manifest);
    (bench.timing.answer, bench.timing.stall, bench.timing.poll_ms) = (LIMIT, LIMIT, None);
    let store = bench.store();
    let mut setup = bench.setup(&store);
    setup.limit = LIMIT;
    let manifest = bench.catalog.manifests().next().expect("one");
    let lane = crate::lane(manifest, &setup).expect("a lane");
    assert_eq!(lane.width, N);
    let started = Instant::now();
    // As the engine's lanes do it: a thread for each job at a time.
    std::thread::scope(|scope| {
        for seed in 0..N as u64 {
            let (lane, bench, store) = (&lane, &bench, &store);
            scope.spawn(move || {
                let job = bench.job(model::Call { seed, ..bench.call() });
                let Claim::Ours(_guard) = store.claim(&job.key).expect("claimed") else { panic!("it is ours") };
                let cx =
                    JobCx { artifacts: &**store, cancel: Cancel::default(), progress: &|_| {}, project: bench.root() };
                lane.worker.run(&job, &cx).unwrap_or_else(|error| panic!("{error}"));
            });
        }
    });
    let (peak, cpu, wall) = (peak_bytes(), processor_time(), started.elapsed());
    let told = format!("{N} jobs: {} MB at most, {cpu:.1?} of a processor in {wall:.1?}\n", peak / 1_000_000);
    std::fs::write(bench.root().join("told"), told).expect("told");
    assert!(peak < MOST_BYTES, "{peak} bytes at most");
    assert!(cpu < wall, "{cpu:?} of a processor in {wall:?}");
}

/// The most memory that this process had in its life.
fn peak_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("it is told");
    line.trim().trim_end_matches(" kB").parse::<u64>().expect("kilobytes") * 1024
}

/// What this process used of processors, in user and system mode. Linux counts it in hundredths of a second.
fn processor_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("Linux");
    let fields: Vec<_> = stat.rsplit_once(") ").expect("after the name").1.split(' ').collect();
    let ticks = |at: usize| fields[at].parse::<u64>().expect("ticks");
    Duration::from_millis(10 * (ticks(11) + ticks(12)))
}

#[test]
fn a_thousand_jobs_at_a_time_are_cheap_and_patient() {
    // On a disk: pages of a store in memory would count as the buyer's.
    let bench = Bench::in_folder(&RUNWAY, tempfile::tempdir().expect("a folder"));
    // They all run until the last one is submitted.
    bench.fake().state().endless = true;
    let mut child = Command::new(std::env::current_exe().expect("this binary"))
        .args(["--exact", "tests::crowd::crowd", "--nocapture", "--test-threads=1"])
        .env(BASE, &bench.fake().base)
        .env(FOLDER, bench.root())
        .stdout(Stdio::null())
        .spawn()
        .expect("it starts");
    let until = Instant::now() + LIMIT;
    let status = loop {
        if let Some(status) = child.try_wait().expect("it is ours") {
            break status;
        }
        if bench.fake().submits() == N {
            bench.fake().state().endless = false;
        }
        if until < Instant::now() {
            child.kill().expect("killed");
        }
        let _ = crossbeam_channel::after(Duration::from_millis(20)).recv();
    };
    let told = std::fs::read_to_string(bench.root().join("told")).unwrap_or_default();
    assert!(status.success(), "the buyer failed: {told}");
    eprint_figures(&told);
    let state = bench.fake().state();
    assert_eq!((state.jobs.len(), state.peak), (N, N), "all of them at a time");
    assert!(state.fetched.len() == N && state.fetched.values().all(|n| *n == 1), "each is fetched once");
    let hastiest = state.hastiest.expect("they were asked about");
    assert!(EVERY <= hastiest, "it was asked again after {hastiest:?}");
    drop(state);
    assert_eq!(bench.fake().asked(Step::Submit), N);
    settled(&bench, &RUNWAY, N);
}

/// Past the harness, which would swallow the figures that this test is about.
fn eprint_figures(told: &str) {
    use std::io::Write;
    let _ = std::io::stderr().write_all(told.as_bytes());
}
