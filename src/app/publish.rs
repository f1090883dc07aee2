//! Makes the window's view of a session: what changed is rebuilt, everything else is shared with the view before.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;

use engine::caps::{Scope, Standing, date_time};
use engine::demand::Target;
use engine::engine::Event;
use engine::money::{Cost, Total};
use engine::state::{ItemRef, State};
use engine::store::{JobState, JournalEntry};
use indexmap::IndexMap;
use model::{Diagnostic, GROUP, Ports};
use providers::manifest::Can;
use providers::{Catalog, Entry, Keys};
use ui::Ask;
use ui::view::{
    CapView, ExplanationView, ForecastView, ItemState, ItemView, JobView, LaneView, LedgerLine, LogLine, ModelView,
    NodeView, RunState, RunView, StepView, TakeView, TakesView,
};

use crate::health::{self, Monitor};
use crate::session::{Session, target_name};

/// Most lines that the log keeps.
const LOG: usize = 2000;

/// See the module.
pub(super) struct Publisher {
    /// The revision of the document that the session has taken.
    pub(super) revision: u64,
    view: RunView,
    opened: Instant,
    log: Vec<LogLine>,
    /// Items at work: name, lane and progress.
    at_work: IndexMap<String, (String, f32)>,
    /// How often a node's items ran, and for how long.
    cooks: IndexMap<String, (u64, f64)>,
    run: Pace,
    /// Why the books cannot be read.
    books: Vec<Diagnostic>,
}

/// The present run, to tell how long it will take.
struct Pace {
    started: Instant,
    targets: Vec<Target>,
    ran: u64,
    failed: u64,
    /// What each lane has done.
    lanes: IndexMap<String, Done>,
}

/// What a lane did in a run.
#[derive(Default)]
struct Done {
    n: u64,
    seconds: f64,
    cost: Total,
}

impl Pace {
    fn new(started: Instant, targets: Vec<Target>) -> Pace {
        Pace { started, targets, ran: 0, failed: 0, lanes: IndexMap::new() }
    }
}

impl Publisher {
    pub(super) fn new(now: Instant) -> Publisher {
        let run = Pace::new(now, Vec::new());
        Publisher {
            revision: 0,
            view: RunView::default(),
            opened: now,
            log: Vec::new(),
            at_work: IndexMap::new(),
            cooks: IndexMap::new(),
            run,
            books: Vec::new(),
        }
    }

    /// A run of these targets has begun.
    pub(super) fn started(&mut self, targets: &[Target]) {
        self.run = Pace::new(Instant::now(), targets.to_vec());
    }

    /// Takes the engine's news; whether there was any.
    pub(super) fn take(&mut self, session: &mut Session) -> bool {
        let events = session.engine.events();
        let changed = session.engine.changed();
        let any = !events.is_empty() || !changed.is_empty();
        for event in events {
            self.event(session, event);
        }
        let nodes: BTreeSet<u32> = changed.iter().map(|at| at.node).collect();
        let ids: Vec<String> = session.engine.node_ids().map(str::to_owned).collect();
        for node in &nodes {
            if let Some(id) = ids.get(*node as usize) {
                self.node(session, id);
            }
        }
        let changed: Vec<&String> = nodes.iter().filter_map(|node| ids.get(*node as usize)).collect();
        for group in session.project.faces.keys() {
            let prefix = format!("{group}-");
            if changed.iter().any(|id| id.starts_with(&prefix)) {
                self.group(session, group);
            }
        }
        any
    }

    fn event(&mut self, session: &Session, event: Event) {
        let line = |item: &str, text: String, failed| LogLine {
            at: self.opened.elapsed().as_secs_f64(),
            item: item.to_owned(),
            text,
            failed,
        };
        match event {
            Event::Started { item, work } => {
                let lane = lane_of(session, &item, work);
                self.at_work.insert(item, (lane, 0.0));
            }
            Event::Progress { item, done } => {
                if let Some((_, progress)) = self.at_work.get_mut(&item) {
                    *progress = done;
                }
            }
            Event::Ran { item, work, seconds, cost, price } => {
                if let Some((lane, _)) = self.at_work.shift_remove(&item) {
                    let done = self.run.lanes.entry(lane).or_default();
                    (done.n, done.seconds) = (done.n + 1, done.seconds + seconds);
                    done.cost.add(cost);
                }
                let node = model::node_of_item(&item).to_owned();
                let (n, took) = self.cooks.entry(node).or_default();
                *n += 1;
                *took += seconds;
                self.run.ran += 1;
                let price = if cost == Cost::FREE { String::new() } else { format!(", {}", cost.beside(price)) };
                self.log.push(line(&item, format!("{work} made in {seconds:.2} s{price}"), false));
            }
            Event::Failed { item, diagnostic } => {
                self.at_work.shift_remove(&item);
                self.run.failed += 1;
                self.log.push(line(&item, diagnostic.message.clone(), true));
            }
            Event::FellBack { item, model, why } => {
                self.at_work.shift_remove(&item);
                let text = format!("{model} failed, another model is chosen: {}", why.message);
                self.log.push(line(&item, text, true));
            }
            Event::Cancelled { item } => {
                self.at_work.shift_remove(&item);
                self.log.push(line(&item, "cancelled".to_owned(), false));
            }
        }
        if LOG < self.log.len() {
            self.log.drain(..self.log.len() - LOG);
        }
    }

    /// Rebuilds every node: after edits that may have added, removed or renamed some.
    pub(super) fn rebuild(&mut self, session: &mut Session) {
        session.engine.changed();
        let ids: Vec<String> = session.engine.node_ids().map(str::to_owned).collect();
        let (project, view) = (&session.project, &mut self.view);
        view.nodes.retain(|id, _| project.document.nodes.contains_key(id) || project.faces.contains_key(id));
        for id in &ids {
            self.node(session, id);
        }
        session.project.faces.keys().for_each(|group| self.group(session, group));
        if *self.view.groups != session.project.faces {
            self.view.groups = Arc::new(session.project.faces.clone());
        }
        self.view.problems = Arc::new(self.problems(session));
    }

    fn node(&mut self, session: &Session, id: &str) {
        let engine = &session.engine;
        let found = engine.items(id);
        let unknown = found.first().is_some_and(|item| engine.has_unknown_elements(item.at));
        let document = &session.project.document;
        let kind = document.nodes.get(id).map(|node| node.kind.clone()).unwrap_or_default();
        let spec = document.nodes.get(id).and_then(|node| nodes::CATALOG.find(&node.kind).map(|spec| (spec, node)));
        let ports: Ports = spec.map(|(spec, node)| spec.ports_of(&node.params)).unwrap_or_default();
        let items = found
            .into_iter()
            .map(|item| {
                let chosen = engine.wanted(item.at).first().and_then(|wanted| wanted.chosen.as_ref());
                ItemView {
                    element: item.element.map(|element| element.to_string()),
                    state: state_of(session, item.at, item.state),
                    key: item.key,
                    values: std::iter::zip(&ports.outputs, item.values)
                        .map(|(port, (value, _))| (port.name.to_string(), value.clone()))
                        .collect(),
                    notes: Arc::new(item.notes.to_vec()),
                    model: engine.model(item.at),
                    cost: chosen.and_then(|chosen| chosen.cost),
                    name: item.name,
                }
            })
            .collect();
        let (n_cooks, seconds) = self.cooks.get(id).copied().unwrap_or_default();
        let view = NodeView { kind, n_cooks, seconds, unknown_elements: unknown, ..NodeView::new(items) };
        self.view.nodes.insert(id.to_owned(), Arc::new(view));
    }

    /// A group as one node: what comes out of it, and how everything in it stands.
    fn group(&mut self, session: &Session, group: &str) {
        let mut items: IndexMap<Option<String>, ItemView> = IndexMap::new();
        for (name, ports) in session.project.behind(group).unwrap_or_default() {
            for port in ports {
                let Some(node) = self.view.nodes.get(&port.node) else { continue };
                for item in &node.items {
                    // Its own name: it is the inner item that is explained, taken and made again.
                    let values = || item.value(&port.port).map(|value| (name.to_owned(), value.clone()));
                    match items.get_mut(&item.element) {
                        Some(found) => found.values.extend(values()),
                        None => {
                            let values = values().into_iter().collect();
                            items.insert(item.element.clone(), ItemView { values, ..item.clone() });
                        }
                    }
                }
            }
        }
        let prefix = format!("{group}-");
        let written = &session.project.written.nodes;
        let inside = |id: &str| id.starts_with(&prefix) && !written.contains_key(id);
        let inner: Vec<&Arc<NodeView>> =
            self.view.nodes.iter().filter(|(id, _)| inside(id)).map(|(_, node)| node).collect();
        let state = ItemState::of_all(inner.iter().flat_map(|node| &node.items));
        let (n_cooks, seconds) = inner.iter().fold((0, 0.0), |(n, took), it| (n + it.n_cooks, took + it.seconds));
        let unknown_elements = items.is_empty() && inner.iter().any(|it| it.unknown_elements);
        let view = NodeView::new(items.into_values().collect());
        let view = NodeView { kind: GROUP.to_owned(), state, n_cooks, seconds, unknown_elements, ..view };
        self.view.nodes.insert(group.to_owned(), Arc::new(view));
    }

    /// The view as it stands.
    pub(super) fn view(&mut self, session: &mut Session, running: bool, live: bool) -> RunView {
        self.take(session);
        let demand = session.engine.demand(&self.run.targets);
        let tally = session.engine.tally(&demand);
        let left = (running && 0 < self.run.ran)
            .then(|| self.run.started.elapsed().as_secs_f64() / self.run.ran as f64 * (tally.waiting as f64));
        self.view.run = RunState {
            running,
            targets: self.run.targets.iter().map(target_name).collect(),
            ran: self.run.ran,
            failed: tally.failed.max(self.run.failed),
            held: tally.held,
            waiting: tally.waiting,
            cost: tally.cost,
            left,
            live,
        };
        self.view.lanes = self.lanes(session, running.then_some(&demand));
        self.view.revision = self.revision;
        if self.log.len() != self.view.log.len() || self.log.last() != self.view.log.last() {
            self.view.log = Arc::new(self.log.clone());
            self.look_at_money(session);
            self.view.problems = Arc::new(self.problems(session));
        }
        self.view.clone()
    }

    /// Adds a line to the log that is about no item.
    pub(super) fn say(&mut self, text: String) {
        let at = self.opened.elapsed().as_secs_f64();
        self.log.push(LogLine { at, item: String::new(), text, failed: false });
    }

    /// Reads the ledger, the limits and the jobs that are not over. What cannot be read is a problem, not nothing.
    pub(super) fn look_at_money(&mut self, session: &Session) {
        let mut failed = Vec::new();
        let mut keep = |problem: Diagnostic| failed.push(problem);
        match ledger(session) {
            Ok(lines) => self.view.ledger = Arc::new(lines),
            Err(problem) => keep(problem),
        }
        match session.standings() {
            Ok(standings) => self.view.caps = Arc::new(standings.iter().map(cap).collect()),
            Err(problem) => keep(problem),
        }
        match session.store.open_jobs() {
            Ok(jobs) => self.view.jobs = Arc::new(jobs.into_iter().map(job).collect()),
            Err(problem) => keep(problem),
        }
        if let Err(problem) = crate::caps::of(&session.project.document) {
            keep(problem);
        }
        self.books = failed;
    }

    fn problems(&self, session: &Session) -> Vec<Diagnostic> {
        self.books.iter().cloned().chain(problems(session)).collect()
    }

    /// Lanes at work, and those that have something to do in a run; `demand` is what the run needs.
    fn lanes(&self, session: &Session, demand: Option<&BTreeSet<ItemRef>>) -> Vec<LaneView> {
        let mut lanes: IndexMap<String, LaneView> = IndexMap::new();
        let new = |lane: &str| LaneView { name: lane.to_owned(), ..LaneView::default() };
        for (item, (lane, progress)) in &self.at_work {
            let view = lanes.entry(lane.clone()).or_insert_with(|| new(lane));
            view.running.push((item.clone(), *progress));
        }
        for at in demand.into_iter().flatten() {
            let item = session.engine.item(*at);
            let waits = matches!(item.state, State::Ready | State::Queued);
            if waits
                && !self.at_work.contains_key(&item.name)
                && let Some(wanted) = session.engine.wanted(*at).first()
            {
                let lane = wanted.chosen.as_ref().map_or(wanted.work.kind(), |chosen| chosen.lane);
                let lane = if matches!(lane, "call" | "render" | "import") { "media" } else { lane };
                lanes.entry(lane.to_owned()).or_insert_with(|| new(lane)).queued += 1;
            }
        }
        for (name, width) in session.engine.lanes() {
            if let Some(view) = lanes.get_mut(name) {
                view.width = width;
            }
        }
        for (name, done) in &self.run.lanes {
            let Some(view) = lanes.get_mut(name).filter(|_| 0 < done.n) else { continue };
            let each = done.seconds / done.n as f64;
            let begun: f64 = view.running.iter().map(|(_, progress)| 1.0 - f64::from(progress.clamp(0.0, 1.0))).sum();
            view.left = Some((view.queued as f64 + begun) * each / view.width.max(1) as f64);
            view.cost = done.cost;
        }
        lanes.into_values().collect()
    }

    /// Looks up which models there are and which of them let us in. Slow: the system's keyring is asked.
    pub(super) fn look_up_models(&mut self, project: &std::path::Path) {
        let (catalog, keys) = (Catalog::system().with_project(project), Keys::system());
        let health = Monitor::kept_in(health::file());
        health.recall();
        let model = |entry: &Entry| model_view(entry, &catalog, keys.open(&entry.credentials), &health);
        let built_in = ModelView {
            name: animatic::MODEL.to_owned(),
            provider: "built in".to_owned(),
            tasks: vec!["image".to_owned(), "video".to_owned()],
            price: "free".to_owned(),
            usable: true,
            health: "ready".to_owned(),
            note: "Moving storyboard panels: previs".to_owned(),
            least: Some(0),
            ..ModelView::default()
        };
        let hosted = catalog.entries().into_iter().map(model);
        self.view.models = Arc::new(std::iter::once(built_in).chain(hosted).collect());
    }

    /// Answers a question.
    pub(super) fn answer(&mut self, session: &Session, ask: &Ask) {
        match ask {
            Ask::Forecast(targets) => {
                let forecast = session.targets(targets).and_then(|targets| session.forecast(&targets));
                self.view.forecast = forecast.ok().map(|it| {
                    let step = |step: crate::session::Step| StepView {
                        item: step.item,
                        state: step.state.to_owned(),
                        model: step.model,
                        cost: step.cost_microusd,
                        why: step.why,
                    };
                    Arc::new(ForecastView {
                        targets: it.targets,
                        reused: it.reused,
                        steps: it.steps.into_iter().map(step).collect(),
                        cost: it.cost_microusd,
                        unknown_prices: it.unknown_prices,
                    })
                });
            }
            Ask::Explain(item) => {
                self.view.explanation = Some(Arc::new(match session.explain(item) {
                    Ok(it) => ExplanationView {
                        model: it.model(),
                        item: it.item,
                        key: it.key,
                        before: it.before,
                        ingredients: it.ingredients.into_iter().map(|it| (it.path, it.now, it.before)).collect(),
                        problem: None,
                    },
                    Err(problem) => {
                        ExplanationView { item: item.clone(), problem: Some(problem), ..ExplanationView::default() }
                    }
                }));
            }
            Ask::Takes(item) => {
                let takes = takes(session, item).unwrap_or_default();
                self.view.takes = Some(Arc::new(TakesView { item: item.clone(), takes }));
            }
        }
        self.look_at_money(session);
    }
}

/// A model as the panel shows it.
fn model_view(entry: &Entry, catalog: &Catalog, usable: bool, health: &Monitor) -> ModelView {
    let tasks: Vec<String> = entry.tasks.iter().map(|task| format!("{task:?}").to_lowercase()).collect();
    let takes: Vec<&str> = entry.abilities().into_iter().filter(|it| it.1 == Can::Yes).map(|it| it.0).collect();
    let unknown: Vec<&str> = entry.abilities().into_iter().filter(|it| it.1 == Can::Unknown).map(|it| it.0).collect();
    let told = health::told(health.of_model(&entry.name));
    let priced_on = catalog.source(entry, "prices").map(|source| source.date.to_string()).unwrap_or_default();
    let measured = health.of_model(&entry.name).median_seconds;
    let seconds = match (measured, entry.expected_seconds) {
        (Some(seconds), _) => format!("{seconds} s, measured here"),
        (None, Some(seconds)) => format!("{seconds} s, as its manifest says"),
        (None, None) => "unknown".to_owned(),
    };
    let quality = entry.tier.as_ref().map_or("unknown".to_owned(), |tier| format!("{} of 5", tier.tier));
    let lengths = entry.limits.seconds.to_string();
    let facts = [
        ("Makes", tasks.join(", ")),
        ("Price", entry.prices.summary()),
        ("Priced on", priced_on.clone()),
        ("Time", seconds),
        ("Quality", quality),
        ("Length", lengths),
        ("Takes", takes.join(", ")),
        ("Unknown", unknown.join(", ")),
        ("Voices", if entry.voices.known.is_empty() { entry.voices.summary() } else { entry.voices.known.join(", ") }),
        ("Family", entry.family.clone()),
        ("Retires", entry.retires_on.map(|day| day.to_string()).unwrap_or_default()),
        ("Lately", told.clone()),
    ];
    ModelView {
        name: entry.name.clone(),
        provider: entry.provider.clone(),
        takes: takes.iter().map(|it| (*it).to_owned()).collect(),
        tasks,
        price: entry.prices.summary(),
        least: entry.prices.rules.iter().map(|price| price.microusd).min(),
        priced_on,
        usable,
        health: match (usable, told.is_empty()) {
            (false, _) => "no key".to_owned(),
            (true, true) => "ready".to_owned(),
            (true, false) => told,
        },
        note: entry.title.clone(),
        facts: facts.into_iter().map(|(name, text)| (name.to_owned(), text)).collect(),
    }
}

/// What is wrong with the document and with what ran.
fn problems(session: &Session) -> Vec<Diagnostic> {
    let mut found = session.project.check();
    for problem in session.engine.diagnostics() {
        if !found.contains(&problem) {
            found.push(problem);
        }
    }
    found
}

fn lane_of(session: &Session, item: &str, work: &str) -> String {
    let wanted = session.engine.find_item(item).map(|at| session.engine.wanted(at));
    let chosen = wanted.and_then(|wanted| wanted.first()?.chosen.as_ref());
    match (chosen, work) {
        (Some(chosen), _) => chosen.lane.to_owned(),
        (None, "compute") => "compute".to_owned(),
        _ => "media".to_owned(),
    }
}

fn state_of(session: &Session, at: ItemRef, state: &State) -> ItemState {
    let name = |by: &ItemRef| session.engine.item(*by).name;
    match state {
        State::Unknown => ItemState::Unknown,
        State::Want { by } if *by == at => ItemState::Unknown,
        State::Want { by } => ItemState::Want { by: name(by) },
        State::Ready => ItemState::Ready,
        State::Held { cost } => ItemState::Held { cost: *cost },
        State::Queued => ItemState::Queued,
        State::Running { progress } => ItemState::Running { progress: *progress },
        State::Done => ItemState::Done,
        State::Failed(diagnostic) => ItemState::Failed(diagnostic.clone()),
        State::Blocked { by } => ItemState::Blocked { by: name(by) },
    }
}

fn takes(session: &Session, item: &str) -> Result<Vec<TakeView>, Diagnostic> {
    let store = &session.store;
    let records = store.takes(&session.project.name(), item)?;
    let node = model::node_of_item(item);
    let outputs = |names: Option<model::Outputs>| {
        names.unwrap_or_default().into_iter().map(|(name, value)| (name.to_string(), value)).collect()
    };
    let mut takes = Vec::with_capacity(records.len());
    for record in records {
        takes.push(TakeView {
            take: record.take,
            values: outputs(store.get(&record.key)?),
            key: Some(record.key),
            seed: record.seed,
            model: record.model,
            cost: record.cost,
            seconds: record.seconds,
            made_at: record.made_at,
            note: session.take_note(item, record.take).unwrap_or(record.note),
        });
    }
    // A model that always gives the same needs no record of its takes: the present result stands for itself.
    if let (true, Some(at)) = (takes.is_empty(), session.engine.find_item(item)) {
        let present = session.engine.item(at);
        if let Some(key) = present.key.filter(|_| !present.values.is_empty()) {
            let take = session.project.document.take(item).take;
            takes.push(TakeView {
                take,
                key: Some(key),
                cost: Cost::FREE,
                values: outputs(store.get(&key)?),
                note: session.take_note(item, take).unwrap_or_default(),
                model: session.project.document.nodes.get(node).map(|node| node.kind.clone()),
                ..TakeView::default()
            });
        }
    }
    Ok(takes)
}

fn cap(standing: &Standing) -> CapView {
    let scope = match &standing.scope {
        Scope::Provider(name) => format!("{name}, {}", standing.month),
        _ => standing.month.to_string(),
    };
    let (spent, reserved) = (standing.spent, standing.reserved.most());
    CapView { scope, limit: standing.limit.microusd, spent, reserved, left: standing.left() }
}

fn job(entry: JournalEntry) -> JobView {
    JobView {
        id: entry.id.0,
        unknown: entry.state == JobState::Unknown,
        item: entry.intent.purpose.item,
        provider: entry.intent.provider,
        price: entry.intent.estimate_microusd,
        note: entry.note,
    }
}

fn ledger(session: &Session) -> Result<Vec<LedgerLine>, Diagnostic> {
    let lines = session.store.ledger()?.into_iter();
    let lines = lines
        .map(|line| LedgerLine {
            at: line.seconds().map(date_time).unwrap_or_default(),
            item: line.purpose.item,
            provider: line.provider,
            model: line.model.unwrap_or_default(),
            cost: line.cost,
            estimate: line.estimate_microusd,
            note: line.note,
        })
        .collect();
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::Project;
    use crate::session::Options;

    #[test]
    fn a_group_shows_what_comes_out_of_it_and_can_be_a_target() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        let words = |text: &str| {
            format!(
                r#"(throughline: 1, nodes: {{ "a": (kind: "prompt.text", version: 1, params: {{ "text": "{text}" }}) }},
                links: {{}}, interface: (outputs: {{ "words": "a.text" }}, params: {{ "say": "a.text" }}))"#
            )
        };
        write("words.ron", &words("fog"));
        write(
            "middle.ron",
            r#"(throughline: 1, nodes: { "w": (kind: "group", version: 1, params: { "file": "words.ron" }) }, links: {},
            interface: (outputs: { "words": "w.words" }, params: { "say": "w.say" }))"#,
        );
        write(
            "graph.ron",
            r#"(throughline: 1, nodes: {
            "one": (kind: "group", version: 1, params: { "file": "middle.ron" }),
            "two": (kind: "group", version: 1, params: { "file": "middle.ron", "say": "rain" }) }, links: {})"#,
        );
        let project = Project::open(&folder.path().join("graph.ron")).unwrap();
        let mut session = Session::open(project, &Options::default()).unwrap();
        let mut publisher = Publisher::new(Instant::now());
        publisher.rebuild(&mut session);
        let said = |publisher: &Publisher, group: &str| {
            let node = &publisher.view.nodes[group];
            node.items[0].value("words").map(|value| format!("{value:?}"))
        };
        assert!(said(&publisher, "one").unwrap().contains("fog"));
        assert!(said(&publisher, "two").unwrap().contains("rain"));
        assert_eq!(publisher.view.nodes["one"].items[0].name, "one-w-a");
        assert_eq!(publisher.view.groups["one"].params[0].inherited, Some(model::Data::from("fog")));
        let targets = session.targets(&["one".to_owned()]).unwrap();
        assert_eq!(targets.iter().map(target_name).collect::<Vec<_>>(), ["one-w-a"]);
        // A group's file that is written by somebody is read again.
        assert!(!session.project.refresh_groups());
        write("words.ron", &words("a great deal of fog"));
        let file = std::fs::File::options().write(true).open(folder.path().join("words.ron")).unwrap();
        file.set_modified(std::time::SystemTime::now() + std::time::Duration::from_secs(5)).unwrap();
        assert!(session.project.refresh_groups());
        session.engine.replaced(&session.project.document);
        publisher.rebuild(&mut session);
        assert!(said(&publisher, "one").unwrap().contains("a great deal"));
    }
}
