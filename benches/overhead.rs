//! Evaluation overhead: what the engine costs when there is little or nothing to do.
//!
//! Prints figures and judges nothing: machines are noisy, so compare the ratios and the instruction counts. `overhead`
//! alone prints everything; `overhead edits NODES COUNT cutoff|wave` does just that work, for a profiler to count.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Instant;

use engine::engine::{Engine, Setup};
use engine::memory::MemoryStore;
use indexmap::IndexMap;
use model::{Data, Document, Edit, Feed, Node, PortRef};
use providers::{Catalog, Keys};
use throughline::router::Router;

mod counting;

use counting::{instructions as counted, quiet, say};

const BIN: &str = env!("CARGO_BIN_EXE_throughline");

fn main() {
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with("--")).collect();
    if let [what, nodes, count, kind] = args.as_slice() {
        assert_eq!(what, "edits");
        let count = count.parse().expect("a number of edits");
        edits(nodes.parse().expect("a number of nodes"), count, kind);
        return;
    }
    fresh_process();
    in_session();
    instructions();
    deep_chain();
}

/// `n` nodes as pipelines of ten, joined by one sink when there are few enough of them for a film.
fn pipelines(n: usize, sink: bool) -> Document {
    let mut document = Document::default();
    let mut add = |id: String, kind: &str, params: &[(&str, Data)]| {
        let params = params.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        document.nodes.insert(id, Node { kind: kind.to_owned(), version: 1, params, unknown: IndexMap::new() });
    };
    let mut ends = Vec::new();
    let mut links = Vec::new();
    for chain in 0..n / 10 {
        add(format!("a{chain}"), "number.value", &[("number", Data::Number(chain as f64 + 10.0))]);
        for step in 1..10 {
            // The first step is a minimum: a value above it changes nothing further on.
            let (operation, b): (&str, f64) = if step == 1 { ("min", 5.0) } else { ("add", 1.0) };
            add(format!("n{chain}_{step}"), "number.math", &[("op", operation.into()), ("b", b.into())]);
            let from = if step == 1 { format!("a{chain}") } else { format!("n{chain}_{}", step - 1) };
            links.push((PortRef::new(&format!("n{chain}_{step}"), "a"), Feed::One(PortRef::new(&from, "number"))));
        }
        ends.push(PortRef::new(&format!("n{chain}_9"), "number"));
    }
    if sink {
        add("sink".to_owned(), "list.pick", &[]);
        links.push((PortRef::new("sink", "items"), Feed::Many(ends)));
    }
    document.links.extend(links);
    document
}

fn engine(document: &Document) -> Engine {
    Engine::new(Setup {
        document,
        graph: "bench",
        project: Path::new("."),
        catalog: nodes::CATALOG,
        store: Arc::new(MemoryStore::default()),
        models: Arc::new(Router::over(Catalog::default, Keys::fixed([]))),
        lanes: Vec::new(),
        memories: IndexMap::new(),
        contents: Default::default(),
        wake: Arc::new(|| {}),
    })
}

/// Does `count` edits of one leaf; gives seconds and plans of one edit.
fn edits(n: usize, count: u32, kind: &str) -> (f64, u64) {
    let mut document = pipelines(n, kind == "wave");
    let mut engine = engine(&document);
    let before = engine.counters();
    let started = Instant::now();
    for i in 0..count {
        // Above the minimum nothing changes behind it; below it everything does.
        let value = if kind == "cutoff" { 10.0 + f64::from(i % 7) } else { f64::from(i % 7) / 2.0 };
        let edit = Edit::SetParam {
            node: "a3".to_owned(),
            param: "number".to_owned(),
            value: Some(Data::Number(value)),
            at: None,
        };
        let applied = document.apply(&[edit]).expect("the node is there");
        engine.edited(&document, &applied);
    }
    let seconds = started.elapsed().as_secs_f64() / f64::from(count);
    (seconds, (engine.counters().planned - before.planned) / u64::from(count))
}

fn in_session() {
    say("\nin a session, one edit of a leaf (document and engine together)");
    for (n, kind) in [(1_000, "wave"), (1_000, "cutoff"), (10_000, "cutoff"), (100_000, "cutoff")] {
        let (seconds, planned) = edits(n, 2_000, kind);
        say(&format!("{n:>7} items, {kind:6}  {:>7.1} us, {planned} plans", seconds * 1e6));
    }
}

/// Instructions of one edit: the difference between two runs that differ in edits only.
fn instructions() {
    let count = |n: usize, edits: u32| counted(&["edits", &n.to_string(), &edits.to_string(), "cutoff"]);
    say("\ninstructions of one edit with early cutoff (valgrind)");
    let mut first = None;
    for n in [1_000, 10_000, 100_000] {
        let (Some(few), Some(many)) = (count(n, 100), count(n, 1_100)) else {
            say("skipped: valgrind is not there");
            return;
        };
        let one = many.saturating_sub(few) as f64 / 1_000.0;
        let base = *first.get_or_insert(one);
        say(&format!("{n:>7} items  {one:>9.0}  x {:.3}", one / base));
    }
}

fn deep_chain() {
    let n = 100_000;
    let mut document = Document::default();
    for i in 0..n {
        let kind = if i == 0 { "number.value" } else { "number.math" };
        let node = Node { kind: kind.to_owned(), version: 1, params: IndexMap::new(), unknown: IndexMap::new() };
        document.nodes.insert(format!("n{i}"), node);
        if 0 < i {
            let from = PortRef::new(&format!("n{}", i - 1), "number");
            document.links.insert(PortRef::new(&format!("n{i}"), "a"), Feed::One(from));
        }
    }
    let started = Instant::now();
    let engine = engine(&document);
    let state = engine.items(&format!("n{}", n - 1))[0].state.name();
    say(&format!("\na chain {n} deep on a default stack: {state} in {:.2} s", started.elapsed().as_secs_f64()));
}

/// CPU seconds of children that have ended, from the kernel's own account.
fn children_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |idx: usize| fields.get(idx).and_then(|text| text.parse::<f64>().ok()).unwrap_or_default();
    (ticks(13) + ticks(14)) / 100.0
}

fn cpu_ms(times: u32, mut run: impl FnMut()) -> f64 {
    let before = children_seconds();
    (0..times).for_each(|_| run());
    (children_seconds() - before) * 1e3 / f64::from(times)
}

/// 20 nodes over 500 elements, everything there, against ninja's no-op over as many edges.
fn fresh_process() {
    let folder = std::env::temp_dir().join(format!("throughline-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("the temporary folder is writable");
    let graph = write_graph(&folder);
    let target = ["--target", "e18"];
    let run = |command: &str| {
        quiet(Command::new(BIN).current_dir(&folder).arg(command).arg(&graph).args(target))
            .status()
            .expect("it starts");
    };
    run("run");
    run("run");
    say("10,000 items (20 nodes over 500 elements), all cached, fresh process, CPU");
    let short = cpu_ms(40, || run("plan"));
    // The value that it has anyway, set again, makes the shortcut inapplicable: everything is planned and looked up.
    let long = cpu_ms(20, || {
        let set = ["--set", "t1.find=e"];
        quiet(Command::new(BIN).current_dir(&folder).arg("plan").arg(&graph).args(target).args(set))
            .status()
            .expect("it starts");
    });
    say(&format!("  nothing touched   {short:>6.1} ms"));
    say(&format!("  planned in full   {long:>6.1} ms"));
    match ninja(&folder) {
        Some(ninja) => {
            say(&format!("  ninja, no work    {ninja:>6.1} ms   ratios {:.2} and {:.2}", short / ninja, long / ninja))
        }
        None => say("  ninja is not there: install ninja-build to compare"),
    }
    // Best effort: a temporary folder.
    let _ = std::fs::remove_dir_all(&folder);
}

fn write_graph(folder: &Path) -> PathBuf {
    let items: Vec<String> = (0..500).map(|i| format!("\"item {i} at the harbour\"")).collect();
    let mut nodes = format!(
        "        \"words\": (kind: \"list.texts\", version: 1, params: {{ \"items\": [{}] }}),\n",
        items.join(", ")
    );
    let mut links = String::new();
    let mut from = "words.texts".to_owned();
    for i in 0..19 {
        // Writing to a String cannot fail.
        let (id, kind, port, out, params) = match i {
            0..8 => (format!("t{i}"), "text.replace", "text", "text", "\"find\": \"e\", \"replace\": \"a\""),
            8 => ("img".to_owned(), "model.image", "prompt", "image", "\"width\": 32, \"height\": 32"),
            _ => (format!("e{i}"), "edit.color", "clip", "clip", "\"exposure\": 0.1"),
        };
        let _ = writeln!(nodes, "        \"{id}\": (kind: \"{kind}\", version: 1, params: {{ {params} }}),");
        let _ = writeln!(links, "        \"{id}.{port}\": \"{from}\",");
        from = format!("{id}.{out}");
    }
    let path = folder.join("bench.ron");
    let text = format!("(\n    throughline: 1,\n    nodes: {{\n{nodes}    }},\n    links: {{\n{links}    }},\n)\n");
    std::fs::write(&path, text).expect("the temporary folder is writable");
    path
}

fn ninja(folder: &Path) -> Option<f64> {
    let folder = folder.join("ninja");
    std::fs::create_dir_all(&folder).ok()?;
    let mut text = "rule copy\n  command = cp $in $out\n".to_owned();
    for chain in 0..500 {
        std::fs::write(folder.join(format!("s{chain}")), chain.to_string()).ok()?;
        let mut from = format!("s{chain}");
        for step in 0..20 {
            let to = format!("o{chain}_{step}");
            let _ = writeln!(text, "build {to}: copy {from}");
            from = to;
        }
    }
    std::fs::write(folder.join("build.ninja"), text).ok()?;
    let run = || quiet(Command::new("ninja").current_dir(&folder)).status().map(|status| status.success());
    run().ok()?.then_some(())?;
    Some(cpu_ms(40, || {
        // The first call said that it starts.
        let _ = run();
    }))
}
