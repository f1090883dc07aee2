//! Evaluation against fake nodes and workers: tests assert the log of what ran.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use indexmap::IndexMap;
use model::plan::compute;
use model::policy::Policy;
use model::{
    Applied, Call, Catalog, Data, Diagnostic, Digest, Document, Feed, Help, List, ModelChoice, Name, Node, NodeSpec,
    Outputs, ParamSpec, Params, Plan, PlanCx, PortRef, PortType, Ports, Scope, Stop, TakeChoice, Task, Value, Work,
    no_upgrade,
};

use crate::caps::{Caps, Limit, Origin};
use crate::demand::Target;
use crate::engine::{Approval, Engine, Event, Setup};
use crate::lanes::LaneSpec;
use crate::memory::MemoryStore;
use crate::models::{Admission, Asked, Chosen, Falls, Models};
use crate::money::Total;
use crate::take_tests::SAID;
use crate::worker::{Job, JobCx, JobError, Worker};

pub(crate) const fn spec(
    kind: &'static str,
    params: &'static [ParamSpec],
    ports: fn(&Params) -> Ports,
    plan: fn(&PlanCx<'_>) -> Result<Plan, Stop>,
) -> NodeSpec {
    let help = Help { title: "", category: "", summary: "", keywords: &[] };
    NodeSpec { kind, version: 1, help, params, ports, plan, sibling: None, upgrade: no_upgrade }
}

/// A text, free.
static TEXT: NodeSpec = spec(
    "t.text",
    &[ParamSpec::text("text", "")],
    |_| Ports::new().output("out", PortType::Text, ""),
    |cx| Ok(Plan::values([("out", Value::Text(cx.text("text")?))])),
);

/// The words of a text as a list, each its own id.
static WORDS: NodeSpec = spec(
    "t.words",
    &[ParamSpec::text("text", "")],
    |_| Ports::new().outputs("out", PortType::Text, ""),
    |cx| {
        let text = cx.text("text")?;
        let pair = |word: &str| {
            let (id, value) = word.split_once('=').unwrap_or((word, word));
            (id.into(), Value::from(value))
        };
        Ok(Plan::values([("out", Value::List(List::new(text.split_whitespace().map(pair))))]))
    },
);

/// Work on one text: upper case.
static UPPER: NodeSpec = spec(
    "t.upper",
    &[],
    |_| Ports::new().input("in", PortType::Text, "").output("out", PortType::Text, ""),
    |cx| Ok(Plan::work(compute("upper", 1, [("in", cx.input("in")?.clone())]))),
);

/// Work that gives the first letter only: many inputs, one output.
static FIRST: NodeSpec = spec(
    "t.first",
    &[],
    |_| Ports::new().input("in", PortType::Text, "").output("out", PortType::Text, ""),
    |cx| Ok(Plan::work(compute("first", 1, [("in", cx.input("in")?.clone())]))),
);

/// Joins two texts, free.
static PAIR: NodeSpec = spec(
    "t.pair",
    &[],
    |_| Ports::new().input("a", PortType::Text, "").input("b", PortType::Text, "").output("out", PortType::Text, ""),
    |cx| {
        let text = |port: &str| match cx.input(port) {
            Ok(Value::Text(text)) => Ok(text.clone()),
            Ok(_) => Err(cx.refuse(port, "not a text")),
            Err(stop) => Err(stop),
        };
        Ok(Plan::values([("out", Value::Text(format!("{}{}", text("a")?, text("b")?).into()))]))
    },
);

/// Work over all texts.
static JOIN: NodeSpec = spec(
    "t.join",
    &[],
    |_| Ports::new().gather("in", PortType::Text, "").output("out", PortType::Text, ""),
    |cx| Ok(Plan::work(compute("join", 1, [("in", cx.input("in")?.clone())]))),
);

/// The words of a text, known only after work.
static SPLIT: NodeSpec = spec(
    "t.split",
    &[],
    |_| Ports::new().input("in", PortType::Text, "").outputs("out", PortType::Text, ""),
    |cx| Ok(Plan::work(compute("split", 1, [("in", cx.input("in")?.clone())]))),
);

/// Each element builds on the one before.
static CHAIN: NodeSpec = NodeSpec {
    sibling: Some(|cx| match cx.params.get("circle") {
        Some(_) => Some((cx.idx + 1) % cx.elements.len()),
        None => cx.idx.checked_sub(1),
    }),
    ..spec(
        "t.chain",
        &[ParamSpec::flag("circle", false)],
        |_| Ports::new().input("in", PortType::Text, "").output("out", PortType::Text, ""),
        |cx| {
            let before = cx.sibling("out").cloned().unwrap_or("".into());
            Ok(Plan::work(compute("cat", 1, [("a", before), ("b", cx.input("in")?.clone())])))
        },
    )
};

/// A paid call with takes.
static PAID: NodeSpec = spec(
    "t.paid",
    &[],
    |_| Ports::new().input("in", PortType::Text, "").output("out", PortType::Text, ""),
    |cx| {
        let Value::Text(prompt) = cx.input("in")? else { return Err(cx.refuse("in", "not a text")) };
        Ok(Plan::work(paid(prompt, cx.take)))
    },
);

pub(crate) fn paid(prompt: &str, take: u32) -> Work {
    Work::Call(Box::new(Call { size: (16, 16), take, ..Call::new(Task::Text, prompt) }))
}

/// Reads a value out of a paid answer, and asks once more where it is wrong: the text ends in `?`.
static READ: NodeSpec = spec(
    "t.read",
    &[],
    |_| Ports::new().input("in", PortType::Text, "").output("out", PortType::Text, ""),
    |cx| {
        let Value::Text(prompt) = cx.input("in")? else { return Err(cx.refuse("in", "not a text")) };
        let mut work = paid(prompt, cx.take);
        let mut outputs = cx.own(&work)?;
        if matches!(&outputs[0].1, Value::Text(said) if said.contains('?')) {
            work = paid(&prompt.replace('?', "!"), cx.take);
            outputs = cx.own(&work)?;
        }
        let Value::Text(said) = &outputs[0].1 else { return Err(cx.refuse("in", "not a text")) };
        Ok(Plan::values([("out", Value::from(format!("read {said}").as_str()))]).made_by(work))
    },
);

/// Needs a measurement of its input before it can decide.
static NEEDY: NodeSpec = spec(
    "t.needy",
    &[],
    |_| Ports::new().input("in", PortType::Text, "").output("out", PortType::Text, ""),
    |cx| {
        let measured = cx.compute("upper", 1, [("in", cx.input("in")?.clone())], "out")?;
        Ok(Plan::work(compute("first", 1, [("in", measured)])))
    },
);

static CATALOG: Catalog =
    Catalog(&[&TEXT, &WORDS, &UPPER, &FIRST, &PAIR, &JOIN, &SPLIT, &CHAIN, &PAID, &READ, &NEEDY, &SAID]);

/// Does text arithmetic; fails on "bad"; never finishes "slow" until it is cancelled.
#[derive(Default)]
struct Fake {
    ran: Mutex<u32>,
}

impl Worker for Fake {
    fn run(&self, job: &Job, cx: &JobCx<'_>) -> Result<Outputs, JobError> {
        *self.ran.lock().unwrap() += 1;
        let text = |value: &Value| match value {
            Value::Text(text) => text.to_string(),
            other => panic!("not a text: {other:?}"),
        };
        let value = match &job.work {
            Work::Call(_) if job.model.as_deref() == Some("broken") => {
                return Err(Diagnostic::error("down", "it cannot be reached").into());
            }
            Work::Call(call) => Value::from(format!("{} take {}", call.prompt, call.take).as_str()),
            Work::Compute(compute) => {
                let arg = |name: &str| text(&compute.args[name]);
                match compute.op.as_str() {
                    "upper" if arg("in") == "bad" => {
                        return Err(Diagnostic::error("bad", "this text is bad").into());
                    }
                    "upper" if arg("in") == "panic" => panic!("broken worker"),
                    "upper" if arg("in") == "slow" => loop {
                        cx.cancel.check()?;
                        std::thread::yield_now();
                    },
                    "upper" => Value::from(arg("in").to_uppercase().as_str()),
                    "first" => Value::from(&arg("in")[..1]),
                    "cat" => Value::from((arg("a") + &arg("b")).as_str()),
                    "split" => Value::List(List::new(
                        arg("in").split_whitespace().map(|word| (word.into(), Value::from(word))),
                    )),
                    "join" => match &compute.args["in"] {
                        Value::List(list) => {
                            let texts: Vec<_> = list.iter().map(|entry| text(&entry.value)).collect();
                            Value::from(texts.join(" ").as_str())
                        }
                        other => panic!("not a list: {other:?}"),
                    },
                    other => panic!("unknown op {other}"),
                }
            }
            other => panic!("unexpected work {other:?}"),
        };
        Ok(vec![(Name::Borrowed("out"), value)])
    }
}

fn budget(microusd: u64) -> Approval {
    Approval { budget: microusd, ..Approval::default() }
}

fn picked(model: &str, cost: Option<u64>) -> Chosen {
    Chosen {
        model: model.to_owned(),
        version: 1,
        choice: ModelChoice::Auto,
        lane: "compute",
        cost,
        deterministic: false,
        reason: "the only one".to_owned(),
        record: None,
        ask: None,
        falls: Falls::Never,
    }
}

/// Two models of which the first is broken; the second is dearer.
#[derive(Default)]
struct Ladder {
    has_fallen: Mutex<bool>,
    /// Whether the first is not even asked.
    rests: bool,
}

impl Models for Ladder {
    fn choose(&self, _policy: &Policy, asked: &[Asked<'_>]) -> Vec<Result<Chosen, Diagnostic>> {
        let has_fallen = *self.has_fallen.lock().unwrap();
        let pick = || if has_fallen { picked("spare", Some(5)) } else { picked("broken", Some(4)) };
        asked.iter().map(|_| Ok(pick())).collect()
    }

    fn admit(&self, chosen: &Chosen) -> Admission {
        match self.rests && chosen.model == "broken" {
            true => Admission::Rests(Box::new(Diagnostic::error("rests", "it rests"))),
            false => Admission::Go,
        }
    }

    fn gives_way(&self, chosen: &Chosen, _key: &Digest, _why: &Diagnostic) -> bool {
        *self.has_fallen.lock().unwrap() = true;
        chosen.model == "broken"
    }
}

/// Chooses one model for all calls: by the longest of their prompts.
struct Tied;

impl Models for Tied {
    fn choose(&self, _policy: &Policy, asked: &[Asked<'_>]) -> Vec<Result<Chosen, Diagnostic>> {
        let longest = asked.iter().map(|it| it.call.prompt.len()).max().unwrap_or(0);
        asked.iter().map(|_| Ok(picked(&format!("m{longest}"), Some(0)))).collect()
    }

    fn is_joint(&self, _policy: &Policy, _call: &Call, _scope: &Scope) -> bool {
        true
    }
}

struct Prices(Option<u64>);

impl Models for Prices {
    fn choose(&self, _policy: &Policy, asked: &[Asked<'_>]) -> Vec<Result<Chosen, Diagnostic>> {
        asked.iter().map(|_| Ok(picked("fake", self.0))).collect()
    }
}

/// `a: t.text text=hello`, `b: t.upper in<-a.out`, `j: t.join in<-[a.out b.out]`.
fn document(text: &str) -> Document {
    let mut document = Document::default();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (id, rest) = line.split_once(": ").unwrap();
        let (kind, rest) = rest.split_once(' ').unwrap_or((rest, ""));
        let mut params = IndexMap::new();
        if let Some((_, text)) = rest.split_once("text=") {
            params.insert("text".to_owned(), Data::from(text));
        } else if rest.contains("circle") {
            params.insert("circle".to_owned(), Data::Flag(true));
        }
        for word in rest.split_whitespace().filter(|word| word.contains("<-")) {
            let (port, sources) = word.split_once("<-").unwrap();
            let sources: Vec<_> =
                sources.trim_matches(['[', ']']).split(',').map(|it| PortRef::parse(it).unwrap()).collect();
            let feed = if sources.len() == 1 { Feed::One(sources[0].clone()) } else { Feed::Many(sources) };
            document.links.insert(PortRef::new(id, port), feed);
        }
        document
            .nodes
            .insert(id.to_owned(), Node { kind: kind.to_owned(), version: 1, params, unknown: IndexMap::new() });
    }
    document
}

pub(crate) struct Bench {
    pub(crate) engine: Engine,
    document: Document,
    pub(crate) store: Arc<MemoryStore>,
}

impl Bench {
    pub(crate) fn new(text: &str) -> Bench {
        Bench::with(text, Arc::default(), Some(0))
    }

    pub(crate) fn with(text: &str, store: Arc<MemoryStore>, price: Option<u64>) -> Bench {
        Bench::over(text, store, Arc::new(Prices(price)))
    }

    fn over(text: &str, store: Arc<MemoryStore>, models: Arc<dyn Models>) -> Bench {
        let document = document(text);
        let engine = Engine::new(Setup {
            document: &document,
            graph: "test",
            project: Path::new("."),
            catalog: CATALOG,
            store: store.clone(),
            models,
            lanes: vec![LaneSpec { name: "compute", width: 2, worker: Arc::new(Fake::default()) }],
            memories: IndexMap::new(),
            contents: BTreeMap::new(),
            wake: Arc::new(|| {}),
        });
        Bench { engine, document, store }
    }

    /// Sets a node's text as an edit would.
    pub(crate) fn set(&mut self, node: &str, text: &str) {
        self.document.nodes[node].params.insert("text".to_owned(), Data::from(text));
        self.edited(node);
    }

    /// Chooses a take as an edit would.
    pub(crate) fn choose(&mut self, item: &str, choice: TakeChoice) {
        self.document.takes.insert(item.to_owned(), choice);
        self.edited(model::node_of_item(item));
    }

    /// Takes a node away that nobody is connected to.
    pub(crate) fn remove(&mut self, node: &str) {
        self.document.nodes.shift_remove(node);
        self.edited(node);
    }

    fn edited(&mut self, node: &str) {
        let applied = Applied { inverse: Vec::new(), touched: vec![node.to_owned()] };
        self.engine.edited(&self.document, &applied);
    }

    /// Runs targets to the end and gives the sorted names of what ran.
    pub(crate) fn run(&mut self, targets: &str) -> String {
        self.run_with(targets, Approval::default())
    }

    pub(crate) fn run_with(&mut self, targets: &str, approval: Approval) -> String {
        self.engine.start(targets.split(' ').map(Target::parse).collect(), approval);
        while self.engine.pump(Duration::from_secs(5)) {}
        let mut ran: Vec<_> = self
            .engine
            .events()
            .into_iter()
            .filter_map(|event| match event {
                Event::Ran { item, .. } => Some(item),
                Event::Failed { item, diagnostic } => Some(format!("{item} failed: {}", diagnostic.code)),
                _ => None,
            })
            .collect();
        ran.sort();
        ran.join(", ")
    }

    pub(crate) fn states(&self, node: &str) -> String {
        let names: Vec<_> = self.engine.items(node).iter().map(|item| item.state.name()).collect();
        names.join(" ")
    }

    #[track_caller]
    pub(crate) fn value(&self, item: &str) -> String {
        let at = self.engine.find_item(item).unwrap();
        match self.engine.value(at, "out") {
            Some(Value::Text(text)) => text.to_string(),
            other => format!("{other:?}"),
        }
    }
}

#[test]
fn only_what_changed_runs_again() {
    let mut bench = Bench::new(
        "w: t.words text=a b c
         u: t.upper in<-w.out
         j: t.join in<-u.out",
    );
    assert_eq!(bench.run("j"), "j, u/a, u/b, u/c");
    assert_eq!(bench.value("j"), "A B C");
    assert_eq!(bench.run("j"), "");
    bench.set("w", "a b=x c");
    assert_eq!(bench.states("u"), "done ready done");
    assert_eq!(bench.value("u/b"), "B", "the last result stays visible while it is stale");
    assert_eq!(bench.run("j"), "j, u/b");
    assert_eq!(bench.value("j"), "A X C");
    bench.set("w", "a b c");
    assert_eq!(bench.run("j"), "", "going back finds the old results");
    assert_eq!(bench.value("j"), "A B C");
}

#[test]
fn a_broken_model_gives_way_within_the_budget() {
    let text = "a: t.text text=x
         p: t.paid in<-a.out";
    for rests in [false, true] {
        let bench = || Bench::over(text, Arc::default(), Arc::new(Ladder { rests, ..Ladder::default() }));
        let approval = |budget| Approval { budget, ..Approval::default() };
        let mut poor = bench();
        assert_eq!(poor.run_with("p", approval(4)), "", "the next one costs more than was approved");
        assert_eq!(poor.states("p"), "held");
        let at = poor.engine.find_item("p").unwrap();
        let chosen = poor.engine.wanted(at)[0].chosen.clone().unwrap();
        assert_eq!((chosen.model.as_str(), chosen.cost), ("spare", Some(5)));
        let mut rich = bench();
        assert_eq!(rich.run_with("p", approval(9)), "p");
        assert_eq!(rich.value("p"), "x take 1");
    }
}

#[test]
fn calls_that_are_chosen_together_move_together() {
    let mut bench = Bench::over(
        "w: t.words text=a b
         p: t.paid in<-w.out",
        Arc::default(),
        Arc::new(Tied),
    );
    let model = |bench: &Bench, item: &str| {
        let at = bench.engine.find_item(item).unwrap();
        let wanted = bench.engine.wanted(at).first();
        wanted.and_then(|it| it.chosen.as_ref()).map_or("none".to_owned(), |it| it.model.clone())
    };
    let models = |bench: &Bench| ["p/a", "p/b"].map(|item| model(bench, item));
    assert_eq!(models(&bench), ["m1", "m1"]);
    bench.set("w", "a b=long");
    assert_eq!(models(&bench), ["m4", "m4"], "a did not change, and moves with b");
    assert!(bench.engine.explain(bench.engine.find_item("p/a").unwrap()).unwrap().model().unwrap().starts_with("m4 1"));
    assert_eq!(bench.run("p"), "p/a, p/b");
    bench.set("w", "a b=long c=longer");
    assert_eq!(bench.states("p"), "ready ready ready", "all three belong to the longest");
    bench.set("w", "a b=long");
    assert_eq!(bench.states("p"), "done done");
    bench.document.nodes["w"].params.insert("text".to_owned(), Data::from("b=long"));
    bench.edited("w");
    assert_eq!(bench.states("p"), "done");
}

#[test]
fn equal_outputs_stop_the_wave() {
    let mut bench = Bench::new(
        "a: t.text text=hello
         f: t.first in<-a.out
         u: t.upper in<-f.out",
    );
    assert_eq!(bench.run("u"), "f, u");
    bench.set("a", "house");
    assert_eq!(bench.run("u"), "f");
    assert_eq!(bench.value("u"), "H");
}

#[test]
fn inserting_an_element_leaves_the_others_alone() {
    let mut bench = Bench::new(
        "w: t.words text=a b
         u: t.upper in<-w.out
         j: t.join in<-u.out",
    );
    bench.run("j");
    bench.set("w", "new a b");
    assert_eq!(bench.run("j"), "j, u/new");
    bench.set("w", "b a");
    assert_eq!(bench.run("j"), "j", "reordering makes only the join again");
    assert_eq!(bench.value("j"), "B A");
}

#[test]
fn a_new_process_reuses_everything() {
    let text = "w: t.words text=a b
         u: t.upper in<-w.out
         j: t.join in<-u.out";
    let mut first = Bench::new(text);
    first.run("j");
    let mut second = Bench::with(text, first.store.clone(), Some(0));
    assert_eq!(second.states("u"), "done done");
    assert_eq!(second.run("j"), "");
    assert_eq!(second.value("j"), "A B");
}

#[test]
fn elements_may_be_known_only_after_a_run() {
    let mut bench = Bench::new(
        "a: t.text text=x y
         s: t.split in<-a.out
         u: t.upper in<-s.out
         j: t.join in<-u.out",
    );
    assert_eq!((bench.states("s").as_str(), bench.states("u").as_str()), ("ready", "want"));
    assert_eq!(bench.run("j"), "j, s, u/x, u/y");
    assert_eq!(bench.value("j"), "X Y");
    bench.set("a", "x y z");
    assert_eq!(bench.run("j"), "j, s, u/z");
    assert_eq!(bench.value("j"), "X Y Z");
}

#[test]
fn siblings_run_in_order_and_a_change_reaches_later_ones_only() {
    let mut bench = Bench::new(
        "w: t.words text=a b c
         c: t.chain in<-w.out",
    );
    assert_eq!(bench.run("c"), "c/a, c/b, c/c");
    assert_eq!(bench.value("c/c"), "abc");
    bench.set("w", "a b=x c");
    assert_eq!(bench.run("c"), "c/b, c/c");
    assert_eq!(bench.value("c/c"), "axc");
    bench.set("w", "a b=x c=y");
    assert_eq!(bench.run("c/b"), "", "a target of one element needs only what is before it");
    assert_eq!(bench.run("c"), "c/c");
}

#[test]
fn circles_of_siblings_are_refused() {
    let mut bench = Bench::new(
        "w: t.words text=a b c
         c: t.chain circle in<-w.out",
    );
    bench.run("c");
    let codes: BTreeSet<_> = bench.engine.diagnostics().into_iter().map(|it| it.code).collect();
    assert!(codes.contains("sibling-circle"), "{codes:?}");
}

#[test]
fn circles_of_links_are_refused_and_the_rest_runs() {
    let mut bench = Bench::new(
        "a: t.upper in<-b.out
         b: t.upper in<-a.out
         t: t.text text=x
         u: t.upper in<-t.out",
    );
    assert_eq!(bench.run("a u"), "u");
    let codes: Vec<_> = bench.engine.diagnostics().into_iter().map(|it| it.code).collect();
    assert_eq!(codes, ["cycle", "cycle"]);
}

#[test]
fn a_failure_blocks_what_needs_it_and_nothing_else() {
    let mut bench = Bench::new(
        "w: t.words text=a bad c
         u: t.upper in<-w.out
         j: t.join in<-u.out",
    );
    assert_eq!(bench.run("j"), "u/a, u/bad failed: bad, u/c");
    assert_eq!((bench.states("u").as_str(), bench.states("j").as_str()), ("done failed done", "blocked"));
    assert_eq!(bench.run("j"), "u/bad failed: bad", "a new run tries again");
    bench.set("w", "a bad=good c");
    assert_eq!(bench.run("j"), "j, u/bad");
    assert_eq!(bench.value("j"), "A GOOD C");
}

#[test]
fn a_panicking_worker_is_a_failed_item() {
    let mut bench = Bench::new(
        "w: t.words text=a panic
         u: t.upper in<-w.out",
    );
    assert_eq!(bench.run("u"), "u/a, u/panic failed: worker-panicked");
}

#[test]
fn paid_work_is_held_until_it_is_approved() {
    let text = "w: t.words text=a b
         p: t.paid in<-w.out
         u: t.upper in<-p.out";
    let mut bench = Bench::with(text, Arc::default(), Some(1_000));
    assert_eq!(bench.run("u"), "");
    assert_eq!(bench.states("p"), "held held");
    assert_eq!(bench.run_with("u", budget(1_500)), "p/a, u/a");
    assert_eq!(
        bench.run_with("u", Approval { items: BTreeSet::from(["p/b".to_owned()]), ..Approval::default() }),
        "p/b, u/b"
    );
    let mut unknown = Bench::with(text, Arc::default(), None);
    assert_eq!(unknown.run_with("u", budget(u64::MAX)), "", "unknown is not zero");
}

#[test]
fn a_cap_holds_what_is_approved_and_says_so() {
    let text = "w: t.words text=a b c
         p: t.paid in<-w.out
         u: t.upper in<-p.out";
    let mut bench = Bench::with(text, Arc::default(), Some(1_000));
    let caps = |microusd| Caps { month: Some(Limit { microusd, origin: Origin::User }), ..Caps::default() };
    assert_eq!(bench.run_with("u", Approval { caps: caps(2_500), ..budget(9_000) }), "p/a, p/b, u/a, u/b");
    assert_eq!(bench.states("p"), "done done held");
    let told = bench.engine.diagnostics();
    assert_eq!(told.iter().map(|it| it.code.as_str()).collect::<Vec<_>>(), ["cap-reached"], "{told:?}");
    assert_eq!(told[0].subject.element.as_deref(), Some("c"));
    let tally = bench.engine.tally(&bench.engine.demand(&[Target::parse("u")]));
    assert_eq!((tally.cost, tally.held), (Total::of(2_000), 1));
    let named = Approval { items: BTreeSet::from(["p/c".to_owned()]), caps: caps(2_999), ..Approval::default() };
    assert_eq!(bench.run_with("u", named), "", "a cap holds what is let through by name");
    assert_eq!(bench.run_with("u", Approval { caps: caps(3_000), ..budget(999) }), "", "so does the budget");
    assert_eq!(bench.run_with("u", Approval { caps: caps(3_000), ..budget(1_000) }), "p/c, u/c");
    assert_eq!(bench.engine.diagnostics(), []);
}

#[test]
fn values_read_from_an_answer_have_its_key_and_its_takes() {
    let text = "a: t.text text=x
         r: t.read in<-a.out";
    let mut bench = Bench::with(text, Arc::default(), Some(1_000));
    assert_eq!((bench.run("r"), bench.states("r")), (String::new(), "held".to_owned()));
    let at = bench.engine.find_item("r").unwrap();
    let key = bench.engine.item(at).key;
    assert_eq!(key, Some(paid("x", 1).key(Some(("fake", 1)))), "what it waits for is what it is about");
    let told = bench.engine.explain(at).unwrap();
    assert_eq!((told.key, told.model().as_deref()), (key, Some("fake 1: the only one")));
    let approval = || Approval { budget: 9_000, ..Approval::default() };
    assert_eq!((bench.run_with("r", approval()), bench.value("r")), ("r".to_owned(), "read x take 1".to_owned()));
    let at = bench.engine.find_item("r").unwrap();
    assert_eq!(bench.engine.item(at).key, key);
    assert_eq!(bench.engine.explain(at).unwrap().ingredients.iter().filter(|it| it.path.contains("prompt")).count(), 1);

    // The second take is pinned: its answer is read, whatever is asked now.
    bench.choose("r", TakeChoice::of(2));
    assert_eq!((bench.run_with("r", approval()), bench.value("r")), ("r".to_owned(), "read x take 2".to_owned()));
    bench.choose("r", TakeChoice { pinned: true, ..TakeChoice::of(2) });
    bench.set("a", "y");
    assert_eq!((bench.run("r"), bench.value("r")), (String::new(), "read x take 2".to_owned()));
}

#[test]
fn a_second_question_is_held_like_the_first() {
    let text = "a: t.text text=x?
         r: t.read in<-a.out";
    let mut bench = Bench::with(text, Arc::default(), Some(1_000));
    let budget = |budget: u64| Approval { budget, ..Approval::default() };
    assert_eq!((bench.run_with("r", budget(1_000)), bench.states("r")), ("r".to_owned(), "held".to_owned()));
    assert_eq!((bench.run_with("r", budget(1_000)), bench.value("r")), ("r".to_owned(), "read x! take 1".to_owned()));
    let mut again = Bench::with(text, bench.store.clone(), Some(1_000));
    assert_eq!((again.run("r"), again.value("r")), (String::new(), "read x! take 1".to_owned()), "both are kept");
}

#[test]
fn needed_works_run_first_and_only_once() {
    let mut bench = Bench::new(
        "w: t.words text=ab p=ab
         n: t.needy in<-w.out",
    );
    // Both elements ask for the same works: each is made once, for whoever waits.
    bench.run("n");
    assert_eq!(bench.store.len(), 2);
    assert_eq!((bench.value("n/ab"), bench.value("n/p")), ("A".to_owned(), "A".to_owned()));
}

#[test]
fn what_ran_is_counted_as_what_is_reused_next_time() {
    let text = "w: t.words text=ab p=ab
         n: t.needy in<-w.out
         u: t.upper in<-n.out";
    let mut bench = Bench::new(text);
    let counts = |bench: &Bench| {
        let tally = bench.engine.tally(&bench.engine.demand(&[Target::parse("u")]));
        (tally.ran, tally.reused, tally.waiting)
    };
    bench.run("u");
    let (ran, reused, _) = counts(&bench);
    assert_eq!((ran, reused), (4, 0), "values are not counted, works that others needed are");
    let mut again = Bench::with(text, bench.store.clone(), Some(0));
    assert_eq!(counts(&again), (0, 4, 0));
    assert_eq!(again.run("u"), "");
    assert_eq!(counts(&again), (0, 4, 0));
}

#[test]
fn cancelling_keeps_what_is_finished() {
    let mut bench = Bench::new(
        "w: t.words text=a slow
         u: t.upper in<-w.out",
    );
    bench.engine.start(vec![Target::parse("u")], Approval::default());
    while bench.states("u") != "done running" {
        bench.engine.pump(Duration::from_millis(50));
    }
    bench.engine.cancel();
    while bench.engine.pump(Duration::from_millis(50)) {}
    assert_eq!(bench.states("u"), "done ready");
}

#[test]
fn lists_meet_by_id_and_lengths_must_agree() {
    let mut bench = Bench::new(
        "v: t.words text=a=1 b=2 c=3
         w: t.words text=c=z a=x
         p: t.pair a<-v.out b<-w.out
         j: t.join in<-p.out",
    );
    bench.run("j");
    assert_eq!(bench.value("j"), "1x 3z");
    bench.set("w", "p q");
    let codes: Vec<_> = bench.engine.diagnostics().into_iter().map(|it| it.code).collect();
    assert_eq!(codes, ["lengths-differ"]);
}

#[test]
fn many_sources_of_a_gathering_port_keep_their_order() {
    let mut bench = Bench::new(
        "a: t.text text=x
         w: t.words text=p q
         b: t.text text=y
         j: t.join in<-[a.out,w.out,b.out]",
    );
    bench.run("j");
    assert_eq!(bench.value("j"), "x p q y");
    bench.set("b", "z");
    bench.run("j");
    assert_eq!(bench.value("j"), "x p q z");
}
