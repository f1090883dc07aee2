//! Kills a buying process at every step between intent and fetched file; the next one finishes the job, and the fake's
//! books say that it was bought once. The buyer is this same test binary, started again with a variable set.

#![cfg(unix)]

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::time::Duration;

use engine::store::JobState;
use engine::worker::Cancel;
use model::Value;

use super::bench::{Bench, code};
use super::fake::{Fault, Shape, Step, file};
use super::shapes::SHAPES;

const BASE: &str = "THROUGHLINE_TEST_FAKE";
const FOLDER: &str = "THROUGHLINE_TEST_FOLDER";
const ENTRY: &str = "THROUGHLINE_TEST_ENTRY";
const POINT: &str = "THROUGHLINE_TEST_AT";
const LIMIT: Duration = Duration::from_secs(60);

/// Where a buyer dies: while the fake does not answer, or when it has come so far.
#[derive(Clone, Copy, Debug)]
enum Point {
    Unanswered(Step),
    Kept,
    Fetched,
}

/// Runs only when this binary was started as the buyer; as an ordinary test it has nothing to do.
#[test]
fn buyer() {
    let variable = |name: &str| std::env::var(name).ok();
    let (Some(base), Some(folder), Some(entry)) = (variable(BASE), variable(FOLDER), variable(ENTRY)) else { return };
    let point = variable(POINT).unwrap_or_default();
    let shape = SHAPES.iter().find(|shape| shape.entry == entry).expect("a shape");
    let mut bench = Bench::beside(shape, base, folder.as_ref());
    // It waits for an answer as long as it lives.
    (bench.timing.answer, bench.timing.result, bench.timing.stall) = (LIMIT, LIMIT, LIMIT);
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

fn kill_at(bench: &Bench, point: Point) {
    let name = match point {
        Point::Unanswered(step) => {
            bench.fake().fault(step, Fault::Stall);
            ""
        }
        Point::Kept => "kept",
        Point::Fetched => "fetched",
    };
    let mut child = Command::new(std::env::current_exe().expect("this binary"))
        .args(["--exact", "tests::crash::buyer", "--nocapture", "--test-threads=1"])
        .env(BASE, &bench.fake().base)
        .env(FOLDER, bench.root())
        .env(ENTRY, bench.entry)
        .env(POINT, name)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("it starts");
    let reached = match point {
        Point::Unanswered(step) => {
            let reached = || !bench.fake().state().faults.iter().any(|(it, _)| *it == step);
            (0..6000).any(|_| {
                let _ = crossbeam_channel::after(Duration::from_millis(5)).recv();
                reached()
            })
        }
        _ => {
            let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines().map_while(Result::ok);
            lines.any(|line| line == format!("at {name}"))
        }
    };
    child.kill().expect("killed");
    child.wait().expect("gone");
    assert!(reached, "{}: the buyer never came to {point:?}", bench.entry);
}

fn dies_and_goes_on(shape: &'static Shape) {
    let mut points = vec![Point::Unanswered(Step::Submit), Point::Kept, Point::Fetched];
    if shape.poll.is_some() {
        points.push(Point::Unanswered(Step::Poll));
        // Some give the result inside their answer.
        points.extend((!shape.done.contains("$B64")).then_some(Point::Unanswered(Step::File)));
        points.extend(shape.second.map(|_| Point::Unanswered(Step::Second)));
    }
    for point in points {
        let bench = Bench::new(shape);
        kill_at(&bench, point);
        let store = bench.store();
        assert_eq!(bench.fake().submits(), 1, "{} {point:?}", shape.entry);
        if matches!(point, Point::Unanswered(Step::Submit)) {
            assert_eq!(code(bench.go()), "outcome-unknown", "{}", shape.entry);
            let open = store.open_jobs().expect("reads");
            assert_eq!((open.len(), open[0].state), (1, JobState::Unknown), "{}", shape.entry);
            // A person looked at the provider's list. A job that is asked about by its name can be taken up again.
            let by_url = ["fal/", "bfl/", "openrouter/"].iter().any(|provider| shape.entry.starts_with(provider));
            if shape.poll.is_none() || by_url {
                continue;
            }
            store.journal_submitted(open[0].id, "job-1").expect("found");
        }
        let outputs = bench.go().unwrap_or_else(|error| panic!("{} {point:?}: {error}", shape.entry));
        match &outputs[0].1 {
            Value::Text(text) => assert_eq!(&**text, "a lamp", "{} {point:?}", shape.entry),
            _ => assert_eq!(bench.bytes(&outputs), file(shape), "{} {point:?}", shape.entry),
        }
        assert_eq!(bench.fake().asked(Step::Submit), 1, "{} {point:?}: it was submitted again", shape.entry);
        assert_eq!(store.open_jobs(), Ok(Vec::new()), "{} {point:?}", shape.entry);
        bench.assert_no_key();
    }
}

#[test]
fn a_killed_program_buys_nothing_twice_and_loses_nothing() {
    std::thread::scope(|scope| {
        for shapes in SHAPES.chunks(5) {
            scope.spawn(|| shapes.iter().for_each(dies_and_goes_on));
        }
    });
}
