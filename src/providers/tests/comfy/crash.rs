//! Kills a running process at every step between intent and fetched file: the next one finishes the job, and the server
//! was asked for it once. The process is this same test binary, started again with a variable set.

#![cfg(unix)]

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::time::Duration;

use engine::worker::Cancel;

use super::super::fake::Fault;
use super::super::shapes::PNG;
use super::bench::{Bench, PORTRAIT, item};
use super::fake::{Fake, Step, file};

const BASE: &str = "THROUGHLINE_TEST_COMFY";
const FOLDER: &str = "THROUGHLINE_TEST_COMFY_FOLDER";
const POINT: &str = "THROUGHLINE_TEST_COMFY_AT";
const LIMIT: Duration = Duration::from_secs(60);

/// Where the process dies: while the server does not answer, or when it has come so far.
#[derive(Clone, Copy, Debug)]
enum Point {
    Unanswered(Step),
    Kept,
    Fetched,
}

/// Runs only when this binary was started for it; as an ordinary test it has nothing to do.
#[test]
fn worker() {
    let variable = |name: &str| std::env::var(name).ok();
    let (Some(base), Some(folder)) = (variable(BASE), variable(FOLDER)) else { return };
    let point = variable(POINT).unwrap_or_default();
    let mut bench = Bench::beside(&base, folder.as_ref(), item("portrait", PORTRAIT));
    (bench.timing.answer, bench.timing.stall) = (LIMIT, LIMIT);
    let progress = |done: f32| {
        let at = if done == 1.0 { "fetched" } else { "kept" };
        if 0.985 <= done && point == at {
            let mut out = std::io::stdout().lock();
            out.write_all(format!("\nat {at}\n").as_bytes()).and_then(|()| out.flush()).expect("the parent listens");
            let _ = crossbeam_channel::after(LIMIT).recv();
        }
    };
    drop(bench.watch(bench.call(), &Cancel::default(), &progress));
    panic!("it should have been killed");
}

fn kill_at(fake: &Fake, bench: &Bench, point: Point) {
    let name = match point {
        Point::Unanswered(step) => {
            fake.fault(step, Fault::Stall);
            ""
        }
        Point::Kept => "kept",
        Point::Fetched => "fetched",
    };
    let mut child = Command::new(std::env::current_exe().expect("this binary"))
        .args(["--exact", "tests::comfy::crash::worker", "--nocapture", "--test-threads=1"])
        .env(BASE, &fake.base)
        .env(FOLDER, bench.root())
        .env(POINT, name)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("it starts");
    let reached = match point {
        Point::Unanswered(step) => (0..6000).any(|_| {
            let _ = crossbeam_channel::after(Duration::from_millis(5)).recv();
            !fake.state().faults.iter().any(|(it, _)| *it == step)
        }),
        _ => {
            let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines().map_while(Result::ok);
            lines.any(|line| line == format!("at {name}"))
        }
    };
    child.kill().expect("killed");
    child.wait().expect("gone");
    assert!(reached, "the process never came to {point:?}");
}

#[test]
fn a_killed_program_finds_its_job_again() {
    let unanswered = [Step::Depth, Step::Info, Step::Submit, Step::History, Step::View].map(Point::Unanswered);
    for point in unanswered.into_iter().chain([Point::Kept, Point::Fetched]) {
        let fake = Fake::new();
        let bench = Bench::new(&fake.base, item("portrait", PORTRAIT));
        kill_at(&fake, &bench, point);
        let outputs = bench.go().unwrap_or_else(|error| panic!("{point:?}: {error}"));
        assert_eq!(bench.bytes(&outputs), file(PNG), "{point:?}");
        assert_eq!(fake.asked(Step::Submit), 1, "{point:?}: it was submitted again");
        bench.settled();
    }
}
