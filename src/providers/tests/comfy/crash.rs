//! Kills a running process at every step between intent and fetched file: the next one finishes the job, and the server
//! was asked for it once. The process is this same test binary, started again with a variable set.

#![cfg(unix)]

use engine::worker::Cancel;

use super::super::doomed::{self, LIMIT, variable};
use super::super::fake::Fault;
use super::super::shapes::PNG;
use super::bench::{Bench, PORTRAIT, item};
use super::fake::{Fake, Step, file};

const BASE: &str = "THROUGHLINE_TEST_COMFY";
const FOLDER: &str = "THROUGHLINE_TEST_COMFY_FOLDER";

type Point = doomed::Point<Step>;

/// Runs only when this binary was started for it; as an ordinary test it has nothing to do.
#[test]
fn worker() {
    let (Some(base), Some(folder)) = (variable(BASE), variable(FOLDER)) else { return };
    let mut bench = Bench::beside(&base, folder.as_ref(), item("portrait", PORTRAIT));
    (bench.timing.answer, bench.timing.stall) = (LIMIT, LIMIT);
    drop(bench.watch(bench.call(), &Cancel::default(), &doomed::progress));
    panic!("it should have been killed");
}

fn kill_at(fake: &Fake, bench: &Bench, point: Point) {
    let step = match point {
        Point::Unanswered(step) => Some(step),
        _ => None,
    };
    step.iter().for_each(|step| fake.fault(*step, Fault::Stall));
    let variables = [(BASE, fake.base.as_ref()), (FOLDER, bench.root().as_os_str())];
    let unanswered = || !fake.state().faults.iter().any(|(it, _)| Some(*it) == step);
    doomed::kill_at("tests::comfy::crash::worker", &variables, &point, unanswered);
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
