//! What is visited, and why: explanations beside earlier results, deep chains, the cost of an edit.

use std::time::Duration;

use crate::demand::Target;
use crate::engine::{Approval, Event};
use crate::tests::Bench;

#[test]
fn explain_sets_the_change_beside_the_earlier_result() {
    let mut bench = Bench::new(
        "a: t.text text=x
         u: t.upper in<-a.out",
    );
    bench.run("u");
    bench.set("a", "y");
    let changes = |bench: &Bench| {
        let at = bench.engine.find_item("u").unwrap();
        let explained = bench.engine.explain(at).unwrap();
        let rows: Vec<_> = explained.changes().cloned().collect();
        assert_eq!(rows.len(), 1);
        assert_eq!(rows[0].path, "work.compute.args.in.text");
        (rows[0].before.clone().unwrap(), rows[0].now.clone().unwrap())
    };
    assert_eq!(changes(&bench), ("x".to_owned(), "y".to_owned()), "before the run");
    bench.run("u");
    assert_eq!(changes(&bench), ("x".to_owned(), "y".to_owned()), "and after it");
    bench.set("a", "x");
    assert_eq!(bench.run("u"), "");
    bench.set("a", "z");
    assert_eq!(changes(&bench), ("x".to_owned(), "z".to_owned()), "a result that was there already counts");
}

#[test]
fn what_an_interrupted_run_made_is_explained() {
    let mut bench = Bench::new(
        "w: t.words text=good slow
         u: t.upper in<-w.out",
    );
    bench.engine.start(vec![Target::parse("u")], Approval::default());
    let mut made = false;
    while bench.engine.pump(Duration::from_secs(5)) {
        made |= bench.engine.events().iter().any(|event| matches!(event, Event::Ran { .. }));
        if made {
            bench.engine.cancel();
        }
    }
    bench.set("w", "good=better slow");
    let at = bench.engine.find_item("u/good").unwrap();
    let explained = bench.engine.explain(at).unwrap();
    let texts: Vec<_> = explained.changes().map(|row| (row.before.as_deref(), row.now.as_deref())).collect();
    assert_eq!(texts, [(Some("good"), Some("better"))]);
}

#[test]
fn a_deep_chain_needs_no_stack() {
    let mut text = "n0: t.text text=x\n".to_owned();
    for i in 1..20_000 {
        text += &format!("n{i}: t.pair a<-n{p}.out b<-e.out\n", p = i - 1);
    }
    text += "e: t.text text=\n";
    let bench = Bench::new(&text);
    assert_eq!(bench.states("n19999"), "done");
    assert_eq!(bench.value("n19999"), "x");
}

#[test]
fn an_edit_visits_what_it_affects_only() {
    let mut text = String::new();
    for i in 0..200 {
        text += &format!("a{i}: t.text text=x{i}\nf{i}: t.pair a<-a{i}.out b<-a{i}.out\n");
    }
    let mut bench = Bench::new(&text);
    let before = bench.engine.counters();
    bench.set("a7", "y");
    let after = bench.engine.counters();
    assert_eq!(after.planned - before.planned, 2);
    assert!(after.visited - before.visited <= 4, "{after:?} {before:?}");
}
