//! Takes: chosen, kept and pinned; those of items that several calls make are one, and explained as one.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::plan::compute;
use model::{Digest, List, NodeSpec, Plan, PortType, Ports, Scope, TakeChoice, Value};

use crate::engine::Approval;
use crate::money::Cost;
use crate::store::TakeRecord;
use crate::tests::{Bench, paid, spec};

/// Every word of a text is a paid call; the answers are joined.
pub(crate) static SAID: NodeSpec = spec(
    "t.said",
    &[],
    |_| Ports::new().input("in", PortType::Text, "").output("out", PortType::Text, ""),
    |cx| {
        let Value::Text(text) = cx.input("in")? else { return Err(cx.refuse("in", "not a text")) };
        let calls: Vec<_> = text.split_whitespace().map(|word| (paid(word, cx.take), Scope::default())).collect();
        let answers = cx.parts(&calls)?;
        let texts = answers.iter().enumerate().map(|(idx, it)| (idx.to_string().into(), it[0].1.clone()));
        let joined = compute("join", 1, [("in", Value::List(List::new(texts)))]);
        let outputs = cx.need(&joined)?;
        Ok(Plan::values([("out", outputs[0].1.clone())]).made_by(joined))
    },
);

const TEXT: &str = "a: t.text text=hi ho
    s: t.said in<-a.out
    u: t.upper in<-s.out";

fn approved() -> Approval {
    Approval { budget: 9_000, ..Approval::default() }
}

fn key(bench: &Bench) -> Option<Digest> {
    bench.engine.item(bench.engine.find_item("s").unwrap()).key
}

fn takes(bench: &Bench, take: u32) -> Vec<TakeRecord> {
    bench.store.takes("test", "s", take)
}

/// Both takes are made; the second is chosen.
fn rolled() -> Bench {
    let mut bench = Bench::with(TEXT, Arc::default(), Some(1_000));
    assert_eq!(bench.run_with("u", approved()), "s, s, s, u", "two calls, and what is made of them");
    bench.choose("s", TakeChoice::of(2));
    assert_eq!(bench.run_with("u", approved()), "s, s, s, u");
    bench
}

#[test]
fn several_calls_are_one_take() {
    let bench = rolled();
    assert_eq!(bench.value("s"), "hi take 2 ho take 2");
    for take in [1, 2] {
        let found = takes(&bench, take);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!((found[0].cost, found[0].model.as_deref()), (Cost::Listed(2_000), Some("fake 1")));
    }
    assert_eq!(key(&bench), Some(takes(&bench, 2)[0].key), "what is shown is its take");
}

#[test]
fn an_older_take_comes_back_for_nothing() {
    let mut bench = rolled();
    bench.choose("s", TakeChoice::of(1));
    assert_eq!((bench.run("u"), bench.value("u")), (String::new(), "HI TAKE 1 HO TAKE 1".to_owned()));
    assert_eq!(key(&bench), Some(takes(&bench, 1)[0].key));
}

#[test]
fn a_pinned_take_holds_whatever_changes_and_tells_that_it_is_older() {
    let mut bench = rolled();
    bench.choose("s", TakeChoice::pinned(1));
    let held = takes(&bench, 1)[0].key;
    assert_eq!((bench.run("u"), key(&bench)), (String::new(), Some(held)));
    for changed in ["hi hey", "hi ho hum", "hi", ""] {
        bench.set("a", changed);
        let told = (bench.run("u"), bench.value("u"), bench.states("s"));
        assert_eq!(told, (String::new(), "HI TAKE 1 HO TAKE 1".to_owned(), "done".to_owned()), "{changed}");
        assert_ne!(key(&bench), Some(held), "{changed}");
    }
    bench.set("a", "hi ho");
    assert_eq!(key(&bench), Some(held), "as old as its inputs again");
    // In a fresh process too.
    let again = TEXT.replace("hi ho", "hey");
    let mut again = Bench::with(&again, bench.store.clone(), Some(1_000));
    again.choose("s", TakeChoice { key: Some(held), ..TakeChoice::pinned(1) });
    assert_eq!((again.run("u"), again.value("s")), (String::new(), "hi take 1 ho take 1".to_owned()));
    again.choose("s", TakeChoice::of(1));
    assert_eq!(again.states("s"), "held", "let go, what is asked for now costs money");
    assert_eq!(takes(&again, 1).len(), 1, "and is no take yet");
}

#[test]
fn its_calls_are_explained_beside_those_of_the_last_take() {
    let mut bench = rolled();
    bench.set("a", "hi hey");
    let told = |bench: &Bench| {
        let explained = bench.engine.explain(bench.engine.find_item("s").unwrap()).unwrap();
        let changes = explained.changes().map(|it| (it.path.clone(), (it.before.clone(), it.now.clone())));
        (changes.collect::<BTreeMap<_, _>>(), explained.model())
    };
    let (changes, model) = told(&bench);
    let words = |was: &str, is: &str| (Some(was.to_owned()), Some(is.to_owned()));
    assert_eq!(changes, BTreeMap::from([("2.call.prompt".to_owned(), words("ho", "hey"))]));
    assert_eq!(model.as_deref(), Some("fake 1: the only one"));
    assert_eq!(bench.run_with("u", approved()), "s, s, u", "the changed call alone is paid");
    let (changes, _) = told(&bench);
    assert_eq!(changes["2.call.prompt"], words("ho", "hey"));
    assert_eq!(changes.len(), 2, "and what was made of it: {changes:?}");
}

#[test]
fn a_node_that_goes_leaves_no_take_to_another() {
    let text = "a: t.text text=y
         p: t.paid in<-a.out
         u: t.upper in<-p.out";
    let mut bench = Bench::new(text);
    bench.run("u");
    let mut bench = Bench::with(&format!("x: t.text text=z\n{text}"), bench.store, Some(0));
    bench.remove("x");
    bench.run("u");
    let takes = |item: &str| bench.store.takes("test", item, 1).len();
    assert_eq!((takes("p"), takes("u")), (1, 0));
}

#[test]
fn takes_are_chosen_kept_and_pinned() {
    let mut bench = Bench::new(
        "a: t.text text=x
         p: t.paid in<-a.out",
    );
    assert_eq!(bench.run("p"), "p");
    assert_eq!(bench.value("p"), "x take 1");
    bench.choose("p", TakeChoice::of(2));
    assert_eq!(bench.run("p"), "p");
    assert_eq!(bench.value("p"), "x take 2");
    bench.choose("p", TakeChoice::pinned(1));
    assert_eq!((bench.run("p"), bench.value("p")), (String::new(), "x take 1".to_owned()));
    bench.set("a", "y");
    assert_eq!((bench.run("p"), bench.value("p")), (String::new(), "x take 1".to_owned()), "pinned whatever changes");
}

#[test]
fn a_pinned_take_is_the_result_that_was_chosen() {
    let mut bench = Bench::new(
        "a: t.text text=x
         p: t.paid in<-a.out",
    );
    bench.run("p");
    let first = bench.engine.item(bench.engine.find_item("p").unwrap()).key;
    bench.set("a", "y");
    bench.run("p");
    // Back to the first, by undo: it is there, and the newest of number 1 is the other one.
    bench.set("a", "x");
    assert_eq!((bench.run("p"), bench.value("p")), (String::new(), "x take 1".to_owned()));
    bench.choose("p", TakeChoice { key: first, ..TakeChoice::pinned(1) });
    bench.set("a", "z");
    assert_eq!((bench.run("p"), bench.value("p")), (String::new(), "x take 1".to_owned()), "not the newest");
    bench.choose("p", TakeChoice::pinned(1));
    assert_eq!(bench.value("p"), "y take 1", "files that name no result mean the newest, as before");
}
