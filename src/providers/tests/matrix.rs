//! Every manifest against every fault at every step after the submission: what this run says, that the next one
//! finishes the job, that it was bought once and that the ledger is the bill.
//!
//! One table for all of them: a provider whose manifest needs an exception would show here. Faults of the submission
//! itself are in [`super::flow`], since there money hangs on them.

use std::time::Duration;

use engine::worker::{Cancel, JobError};

use super::bench::{Bench, code};
use super::fake::{Fault, Shape, Step};
use super::flow::{each, settled};

/// What a run comes to.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Comes {
    /// It makes the thing.
    Made,
    /// It fails with that code; the next one makes the thing.
    Later(&'static str),
}

use Comes::{Later, Made};

struct Row {
    step: Step,
    fault: Fault,
    /// How often in a row.
    times: usize,
    comes: Comes,
}

fn row(step: Step, fault: Fault, times: usize, comes: Comes) -> Row {
    Row { step, fault, times, comes }
}

fn says(status: u16) -> Fault {
    Fault::Answer(status, vec![], "{\"error\":\"x\"}".to_owned())
}

fn html() -> Fault {
    Fault::Instead("<html>sorry</html>".to_owned())
}

fn rows() -> Vec<Row> {
    const LARGE: usize = 9 << 20;
    vec![
        // Once, anything may come while a job is waited for.
        row(Step::Poll, html(), 1, Made),
        row(Step::Poll, says(404), 1, Made),
        row(Step::Poll, says(401), 2, Made),
        row(Step::Poll, says(402), 1, Made),
        row(Step::Poll, Fault::Cut(0), 3, Made),
        // Again and again it is said, and the job stays in the journal.
        row(Step::Poll, says(500), 5, Later("provider-network")),
        row(Step::Poll, Fault::Reset, 5, Later("provider-network")),
        row(Step::Poll, html(), 5, Later("provider-bad-reply")),
        row(Step::Poll, says(404), 5, Later("provider-rejected")),
        row(Step::Poll, says(401), 5, Later("provider-auth")),
        row(Step::Second, says(500), 3, Made),
        row(Step::Second, says(500), 4, Later("provider-network")),
        row(Step::Second, Fault::Cut(1), 2, Made),
        row(Step::Second, html(), 1, Later("provider-bad-reply")),
        row(Step::Second, says(404), 1, Later("provider-rejected")),
        row(Step::Second, Fault::Instead("{\"video\":[{}]}".to_owned()), 1, Later("provider-bad-reply")),
        row(Step::Second, Fault::Huge(LARGE), 1, Made),
        row(Step::File, says(500), 3, Made),
        row(Step::File, says(500), 4, Later("provider-network")),
        row(Step::File, says(429), 2, Made),
        row(Step::File, says(418), 1, Later("provider-network")),
        row(Step::File, Fault::Reset, 3, Made),
        row(Step::File, Fault::Cut(0), 2, Made),
        row(Step::File, Fault::Instead(String::new()), 1, Later("provider-bad-reply")),
        row(Step::File, Fault::Huge(100_000), 1, Later("provider-bad-reply")),
        row(Step::File, says(404), 1, Made),
        row(Step::File, says(410), 2, Later("result-expired")),
    ]
}

/// The steps that a job of this provider goes through.
fn has(shape: &Shape, step: Step) -> bool {
    match step {
        Step::Poll => shape.poll.is_some(),
        Step::Second => shape.second.is_some(),
        Step::File => shape.poll.is_some() && !shape.done.contains("$B64"),
        Step::Cancel => shape.cancel.is_some(),
        _ => false,
    }
}

#[test]
fn a_fault_after_the_submission_loses_nothing_and_buys_nothing() {
    each(|shape| {
        for Row { step, fault, times, comes } in rows().into_iter().filter(|row| has(shape, row.step)) {
            let bench = Bench::new(shape);
            (0..times).for_each(|_| bench.fake().fault(step, fault.clone()));
            let what = format!("{} {step:?} {fault:?} {times} times", shape.entry);
            match comes {
                Made => drop(bench.go().unwrap_or_else(|error| panic!("{what}: {error}"))),
                Later(wanted) => {
                    assert_eq!(code(bench.go()), wanted, "{what}");
                    assert_eq!(bench.store().open_jobs().expect("reads").len(), 1, "{what}: it is not given up");
                    bench.go().unwrap_or_else(|error| panic!("{what}, then: {error}"));
                }
            }
            settled(&bench, shape, 1);
        }
    });
}

#[test]
fn states_that_repeat_or_go_backwards_change_nothing() {
    each(|shape| {
        let Some(_) = shape.poll else { return };
        let bench = Bench::new(shape);
        let order = [shape.running.len() - 1, 0, shape.running.len() - 1, 0, 0];
        for at in order {
            let text = shape.running[at].replace("$ID", "job-1").replace("$BASE", &bench.fake().base);
            bench.fake().fault(Step::Poll, Fault::Instead(text));
        }
        bench.go().unwrap_or_else(|error| panic!("{}: {error}", shape.entry));
        settled(&bench, shape, 1);
        assert!(order.len() < bench.fake().asked(Step::Poll), "{}", shape.entry);
    });
}

/// Runs a job and cancels it when that step was heard.
fn cancelled_at(bench: &Bench, step: Step) -> Result<model::Outputs, JobError> {
    let cancel = Cancel::default();
    std::thread::scope(|scope| {
        let running = scope.spawn(|| bench.run(bench.call(), &cancel));
        while bench.fake().asked(step) < 1 && !running.is_finished() {
            let _ = crossbeam_channel::after(Duration::from_millis(2)).recv();
        }
        cancel.cancel();
        running.join().expect("it ends")
    })
}

#[test]
fn what_cannot_be_stopped_is_fetched_by_the_next_run() {
    // The provider does not hear, or does not want to.
    let faults = [Fault::Reset, says(500), says(404)];
    each(|shape| {
        if !has(shape, Step::Cancel) {
            return;
        }
        for fault in &faults {
            let bench = Bench::new(shape);
            bench.fake().state().endless = true;
            bench.fake().fault(Step::Cancel, fault.clone());
            assert_eq!(cancelled_at(&bench, Step::Poll), Err(JobError::Cancelled), "{} {fault:?}", shape.entry);
            assert_eq!(bench.store().open_jobs().expect("reads").len(), 1, "{} {fault:?}", shape.entry);
            bench.fake().state().endless = false;
            bench.go().unwrap_or_else(|error| panic!("{} {fault:?}: {error}", shape.entry));
            settled(&bench, shape, 1);
        }
    });
}

#[test]
fn a_download_can_be_stopped_and_is_taken_up_again() {
    each(|shape| {
        if !has(shape, Step::File) {
            return;
        }
        let bench = Bench::new(shape);
        bench.fake().fault(Step::File, Fault::Stall);
        assert_eq!(cancelled_at(&bench, Step::File), Err(JobError::Cancelled), "{}", shape.entry);
        assert_eq!(bench.store().open_jobs().expect("reads").len(), 1, "{}: it is paid", shape.entry);
        bench.go().unwrap_or_else(|error| panic!("{}: {error}", shape.entry));
        settled(&bench, shape, 1);
    });
}

#[test]
fn a_submission_that_is_under_way_is_not_forgotten_by_a_cancellation() {
    each(|shape| {
        let bench = Bench::new(shape);
        bench.fake().fault(Step::Submit, Fault::Stall);
        let told = code(cancelled_at(&bench, Step::Submit));
        assert_eq!(told, "outcome-unknown", "{}: it may have been bought", shape.entry);
        assert_eq!((bench.fake().submits(), bench.fake().asked(Step::Submit)), (1, 1), "{}", shape.entry);
    });
}
