//! Every provider's way from call to value, and everything that can happen on it.

use engine::worker::{Cancel, JobError};
use model::{Task, Value};

use super::bench::{Bench, code, port};
use super::fake::{Fault, Shape, Step, file};
use super::shapes::SHAPES;

fn each(check: impl Fn(&'static Shape) + Sync) {
    // A provider at a time: a test's failure names it, and sockets stay few.
    for shape in SHAPES {
        check(shape);
    }
}

#[track_caller]
fn settled(bench: &Bench, shape: &Shape, submits: usize) {
    let store = bench.store();
    assert_eq!(bench.fake.submits(), submits, "{}: jobs at the provider", shape.entry);
    assert_eq!(store.open_jobs(), Ok(Vec::new()), "{}: nothing is left open", shape.entry);
    assert_eq!(store.ledger_total(), Ok(bench.fake.bill()), "{}: the ledger is the bill", shape.entry);
    bench.assert_no_key();
}

#[test]
fn a_call_becomes_a_value_and_is_paid_once() {
    each(|shape| {
        let bench = Bench::new(shape);
        let outputs = bench.go().unwrap_or_else(|error| panic!("{}: {error}", shape.entry));
        let task = bench.call().task;
        assert_eq!(&*outputs[0].0, port(task), "{}", shape.entry);
        if task != Task::Text {
            assert_eq!(bench.bytes(&outputs), file(shape), "{}", shape.entry);
        }
        if let Value::Clip(clip) = &outputs[0].1 {
            assert_eq!(clip.n_frames(), 60, "{}: cut to what was asked for", shape.entry);
        }
        settled(&bench, shape, 1);
        assert_eq!(bench.go(), Ok(outputs), "{}: it is there", shape.entry);
        settled(&bench, shape, 1);
        let seen = bench.seen.lock().expect("no panics");
        assert!(seen.iter().all(|it| it.failed.is_none() && it.name == shape.entry), "{seen:?}");
    });
}

#[test]
fn a_refusal_is_shown_and_costs_nothing() {
    let answers = [
        (400, "provider-rejected"),
        (401, "provider-auth"),
        (402, "provider-quota"),
        (404, "provider-rejected"),
        (302, "provider-bad-reply"),
    ];
    each(|shape| {
        for (status, wanted) in answers {
            let bench = Bench::new(shape);
            let said = format!("{{\"error\":{{\"message\":\"no {}\"}}}}", super::fake::KEY);
            bench.fake.fault(Step::Submit, Fault::Answer(status, vec![], said));
            assert_eq!(code(bench.go()), wanted, "{}", shape.entry);
            assert_eq!(bench.fake.asked(Step::Submit), 1, "{}: not tried again", shape.entry);
            settled(&bench, shape, 0);
        }
    });
}

#[test]
fn too_fast_is_tried_again_when_the_provider_says() {
    each(|shape| {
        let bench = Bench::new(shape);
        let wait = vec![("Retry-After", "0.01".to_owned())];
        for _ in 0..2 {
            bench.fake.fault(Step::Submit, Fault::Answer(429, wait.clone(), "{}".to_owned()));
        }
        bench.fake.fault(Step::Poll, Fault::Answer(429, wait.clone(), "{}".to_owned()));
        bench.go().unwrap_or_else(|error| panic!("{}: {error}", shape.entry));
        settled(&bench, shape, 1);
        let bench = Bench::new(shape);
        bench.fake.fault(Step::Submit, Fault::Answer(429, vec![("Retry-After", "86400".to_owned())], "{}".to_owned()));
        assert_eq!(code(bench.go()), "provider-rate-limited", "{}: not tomorrow", shape.entry);
        settled(&bench, shape, 0);
    });
}

#[test]
fn a_lost_answer_asks_and_is_never_submitted_again() {
    each(|shape| {
        let lost = [Fault::Unheard, Fault::Stall, Fault::Cut(3), Fault::Instead("<html>".to_owned())];
        for fault in lost {
            let bench = Bench::new(shape);
            if shape.accepted == "$FILE" && matches!(fault, Fault::Instead(_)) {
                continue;
            }
            bench.fake.fault(Step::Submit, fault.clone());
            for _ in 0..3 {
                assert_eq!(code(bench.go()), "outcome-unknown", "{} after {fault:?}", shape.entry);
            }
            assert_eq!(bench.fake.asked(Step::Submit), 1, "{} after {fault:?}", shape.entry);
            assert_eq!(bench.store().open_jobs().expect("reads").len(), 1);
            bench.assert_no_key();
        }
    });
}

#[test]
fn whatever_happens_while_waiting_the_job_is_finished_once() {
    each(|shape| {
        if shape.poll.is_none() {
            return;
        }
        for step in [Step::Poll, Step::Second, Step::File] {
            let faults = [
                Fault::Reset,
                Fault::Cut(10),
                Fault::Answer(500, vec![], "<html>broken</html>".to_owned()),
                Fault::Answer(503, vec![("Retry-After", "0".to_owned())], String::new()),
            ];
            for fault in faults {
                let bench = Bench::new(shape);
                bench.fake.fault(step, fault.clone());
                let outputs = bench.go().unwrap_or_else(|error| panic!("{} {step:?} {fault:?}: {error}", shape.entry));
                assert_eq!(bench.bytes(&outputs), file(shape), "{} {step:?} {fault:?}", shape.entry);
                settled(&bench, shape, 1);
            }
        }
        for instead in ["null", "[]", "{\"status\":[1]}", "7", "\"x\""] {
            let bench = Bench::new(shape);
            bench.fake.fault(Step::Poll, Fault::Instead(instead.to_owned()));
            bench.go().unwrap_or_else(|error| panic!("{} {instead}: {error}", shape.entry));
            settled(&bench, shape, 1);
        }
    });
}

#[test]
fn a_failed_job_is_told_in_the_providers_words() {
    each(|shape| {
        let Some(_) = shape.failed else { return };
        let bench = Bench::new(shape);
        bench.fake.state().fails = true;
        let told = code(bench.go());
        assert!(told.starts_with("provider-"), "{}: {told}", shape.entry);
        assert_eq!(bench.fake.submits(), 1, "{}: not tried again", shape.entry);
        assert_eq!(bench.store().open_jobs(), Ok(Vec::new()), "{}", shape.entry);
        bench.assert_no_key();
    });
}

#[test]
fn a_job_can_be_stopped_where_the_provider_lets_it() {
    each(|shape| {
        if shape.poll.is_none() {
            return;
        }
        let bench = Bench::new(shape);
        bench.fake.state().endless = true;
        let cancel = Cancel::default();
        let ended = std::thread::scope(|scope| {
            let running = scope.spawn(|| bench.run(bench.call(), &cancel));
            while bench.fake.asked(Step::Poll) < 2 {
                let _ = crossbeam_channel::after(std::time::Duration::from_millis(2)).recv();
            }
            cancel.cancel();
            running.join().expect("it ends")
        });
        assert_eq!(ended, Err(JobError::Cancelled), "{}", shape.entry);
        let open = bench.store().open_jobs().expect("reads").len();
        match shape.cancel {
            Some(_) => assert_eq!((bench.fake.state().cancelled.len(), open), (1, 0), "{}", shape.entry),
            None => assert_eq!(open, 1, "{}: it goes on, and is fetched by the next run", shape.entry),
        }
        assert_eq!(bench.fake.submits(), 1);
    });
}
