//! Kills a buying process at every step between intent and fetched file; the next one finishes the job, and the fake's
//! books say that it was bought once. The buyer is this same test binary, started again with a variable set.

#![cfg(unix)]

use engine::store::JobState;
use engine::worker::Cancel;
use model::Value;

use super::bench::{Bench, code};
use super::doomed::{self, LIMIT, variable};
use super::fake::{Fault, Shape, Step, file};
use super::shapes::SHAPES;

const BASE: &str = "THROUGHLINE_TEST_FAKE";
const FOLDER: &str = "THROUGHLINE_TEST_FOLDER";
const ENTRY: &str = "THROUGHLINE_TEST_ENTRY";

type Point = doomed::Point<Step>;

/// Runs only when this binary was started as the buyer; as an ordinary test it has nothing to do.
#[test]
fn buyer() {
    let (Some(base), Some(folder), Some(entry)) = (variable(BASE), variable(FOLDER), variable(ENTRY)) else { return };
    let shape = SHAPES.iter().find(|shape| shape.entry == entry).expect("a shape");
    let mut bench = Bench::beside(shape, base, folder.as_ref());
    // It waits for an answer as long as it lives.
    (bench.timing.answer, bench.timing.result, bench.timing.stall) = (LIMIT, LIMIT, LIMIT);
    drop(bench.watch(bench.call(), &Cancel::default(), &doomed::progress));
    panic!("it should have been killed");
}

fn kill_at(bench: &Bench, point: Point) {
    let step = match point {
        Point::Unanswered(step) => Some(step),
        _ => None,
    };
    step.iter().for_each(|step| bench.fake().fault(*step, Fault::Stall));
    let variables =
        [(BASE, bench.fake().base.as_ref()), (FOLDER, bench.root().as_os_str()), (ENTRY, bench.entry.as_ref())];
    let unanswered = || !bench.fake().state().faults.iter().any(|(it, _)| Some(*it) == step);
    doomed::kill_at("tests::crash::buyer", &variables, &point, unanswered);
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
