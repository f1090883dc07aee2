//! The engine as its owners see it: one thread that plans, dispatches, and takes reports.
//!
//! Front ends call in, never the other way round: lanes wake them through a closure. An edit alone never spends.

mod dispatch;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use indexmap::IndexMap;
use model::{Applied, Catalog, Diagnostic, Digest, Document, ElementId, Outputs, Value, Work};

use crate::caps::{Caps, Limit, Limits, Origin};
use crate::demand::Target;
use crate::evaluator::{Counters, Evaluator};
use crate::graph::{NodeState, Shape};
use crate::lanes::{LaneSpec, Lanes, Report};
use crate::models::{Chosen, Models};
use crate::money::{Cost, Total};
use crate::moved::{self, Contents};
use crate::needs::Wanted;
use crate::state::{ItemRef, State};
use crate::store::TakeRecord;
use crate::traces::{Made, Traces};
use crate::worker::{Cancel, JobError};

/// What an engine is made of.
pub struct Setup<'a> {
    pub document: &'a Document,
    /// The graph's name in the store: its file name.
    pub graph: &'a str,
    /// The graph's folder.
    pub project: &'a Path,
    pub catalog: Catalog,
    pub store: Arc<dyn Traces>,
    pub models: Arc<dyn Models>,
    pub lanes: Vec<LaneSpec>,
    /// What nodes remembered at the last committed run, by node id.
    pub memories: IndexMap<String, String>,
    /// What was in the project's media at the last committed run, by path.
    pub contents: BTreeMap<String, Contents>,
    /// Called from lane threads whenever there is news.
    pub wake: Arc<dyn Fn() + Send + Sync>,
}

/// What a run may spend.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Approval {
    /// Micro-dollars for the run as a whole.
    pub budget: u64,
    /// Items that may run whatever they cost, within the caps.
    pub items: BTreeSet<String>,
    /// What holds whatever is approved.
    pub caps: Caps,
}

impl Approval {
    /// Whether an item of that price may be bought at all, limits aside. What has no known price must be named.
    pub fn lets(&self, named: bool, price: Option<u64>) -> bool {
        named || (price.is_some() && 0 < self.budget)
    }

    /// The limits that hold for what is bought.
    pub fn limits(&self) -> Limits {
        Limits { caps: self.caps.clone(), budget: Some(Limit { microusd: self.budget, origin: Origin::Run }) }
    }
}

/// News for front ends and logs, in order. Who falls back has a model that failed for a reason of its own; another one
/// is chosen.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    Started {
        item: String,
        work: &'static str,
    },
    Progress {
        item: String,
        done: f32,
    },
    /// `price` is what was expected, in micro-dollars; none where nobody knew.
    Ran {
        item: String,
        work: &'static str,
        seconds: f64,
        cost: Cost,
        price: Option<u64>,
    },
    Failed {
        item: String,
        diagnostic: Box<Diagnostic>,
    },
    FellBack {
        item: String,
        model: String,
        why: Box<Diagnostic>,
    },
    Cancelled {
        item: String,
    },
}

/// How a run stands or ended. Items are counted where they are works or needed some; values are free.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub ran: u64,
    pub reused: u64,
    pub failed: u64,
    pub blocked: u64,
    pub held: u64,
    pub waiting: u64,
    /// What this run cost, failures included.
    pub cost: Total,
}

/// Most items looked at in one round of dispatching; lanes hold far fewer.
const LAUNCHES: usize = 64;

struct InFlight {
    items: Vec<ItemRef>,
    /// Those of them whose takes are of more than this.
    parts_of: BTreeSet<ItemRef>,
    cancel: Cancel,
    lane: usize,
    work: &'static str,
    price: Option<u64>,
    /// Money is set aside for it.
    reserved: bool,
    chosen: Option<Chosen>,
}

/// One item, for front ends.
#[derive(Debug)]
pub struct ItemView<'a> {
    pub at: ItemRef,
    pub name: String,
    pub element: Option<&'a ElementId>,
    pub state: &'a State,
    pub key: Option<Digest>,
    /// The last outputs by port index; stale unless the state is `Done`.
    pub values: &'a [(Value, Digest)],
    pub notes: &'a [Diagnostic],
}

/// See the module.
pub struct Engine {
    pub(crate) ev: Evaluator,
    lanes: Lanes,
    jobs: IndexMap<Digest, InFlight>,
    targets: Vec<Target>,
    approval: Approval,
    running: bool,
    /// A run has made or found results that are not noted as its items' last ones yet.
    uncommitted: bool,
    demand: BTreeSet<ItemRef>,
    demand_rev: u64,
    ran: IndexMap<ItemRef, u64>,
    /// The run's name in the books.
    run: String,
    /// What was bought in this run, by the books, and what results cost that earlier runs bought.
    bought: Total,
    brought: Total,
    /// Approved items that a limit holds, and which. Tried again when something is settled.
    refused: IndexMap<ItemRef, Diagnostic>,
    events: Vec<Event>,
}

impl Engine {
    /// An engine with every item planned; nothing runs yet.
    pub fn new(mut setup: Setup<'_>) -> Engine {
        let lanes = Lanes::new(std::mem::take(&mut setup.lanes), &setup.store, setup.project, &setup.wake);
        let mut ev = Evaluator::new(setup);
        ev.settle();
        Engine {
            ev,
            lanes,
            jobs: IndexMap::new(),
            targets: Vec::new(),
            approval: Approval::default(),
            running: false,
            uncommitted: false,
            demand: BTreeSet::new(),
            demand_rev: 0,
            ran: IndexMap::new(),
            run: String::new(),
            bought: Total::default(),
            brought: Total::default(),
            refused: IndexMap::new(),
            events: Vec::new(),
        }
    }

    /// Takes over an edit of the document.
    pub fn edited(&mut self, document: &Document, applied: &Applied) {
        if document.settings != self.ev.settings
            || document.nodes.len() != self.ev.nodes.len()
            || touches_wiring(&applied.inverse)
            || !self.ev.patch(document, &applied.touched)
        {
            self.ev.rebuild(document);
        }
        self.ev.settle();
        self.reattach();
    }

    /// Takes over a document that changed in ways nobody described: groups that were read again.
    pub fn replaced(&mut self, document: &Document) {
        self.ev.rebuild(document);
        self.ev.settle();
        self.reattach();
    }

    /// Looks at the project's files again.
    pub fn refresh(&mut self) {
        self.ev.refresh_files();
        self.ev.settle();
        self.reattach();
    }

    /// Starts to bring targets up to date; what failed before is tried again.
    pub fn start(&mut self, targets: Vec<Target>, approval: Approval) {
        self.targets = targets;
        self.approval = approval;
        self.running = true;
        self.uncommitted = true;
        self.ran.clear();
        (self.bought, self.brought) = (Total::default(), Total::default());
        self.run = self.ev.store.new_run();
        self.refused.clear();
        self.ev.open_keys = None;
        self.ev.known.borrow_mut().failures.clear();
        self.ev.files.borrow_mut().look_again();
        self.ev.models.begin();
        let dead: Vec<ItemRef> = self.items_where(|state| matches!(state, State::Failed(_)));
        for at in dead {
            self.ev.mark(at.node, at.slot);
        }
        self.ev.settle();
        self.demand_rev = u64::MAX;
        self.dispatch();
    }

    /// Takes reports for up to `timeout`; `true` while the run goes on.
    pub fn pump(&mut self, timeout: Duration) -> bool {
        if let Some(report) = self.lanes.next(if self.jobs.is_empty() { Duration::ZERO } else { timeout }) {
            self.take(report);
            while let Some(report) = self.lanes.next(Duration::ZERO) {
                self.take(report);
            }
            self.ev.settle();
            self.reattach();
            self.record_wholes();
        }
        if self.running {
            self.dispatch();
            // What gave way before it was sent is chosen for anew, until nobody gives way any more.
            while self.ev.has_news() {
                self.ev.settle();
                self.reattach();
                self.dispatch();
            }
        }
        if self.jobs.is_empty() {
            self.running = false;
            if std::mem::take(&mut self.uncommitted) {
                self.commit();
            }
        }
        self.running || !self.jobs.is_empty()
    }

    /// Asks every job to stop; nothing new is started. Finished work is kept.
    pub fn cancel(&mut self) {
        self.running = false;
        self.jobs.values().for_each(|job| job.cancel.cancel());
    }

    /// Ends the engine of a program that is about to end: the memory of its items is left to the system, which takes it
    /// back at once. Freeing ten thousand items one by one costs a twentieth of planning them.
    pub fn leave(mut self) {
        std::mem::forget(std::mem::take(&mut self.ev.nodes));
        std::mem::forget(std::mem::take(&mut *self.ev.known.borrow_mut()));
    }

    /// Asks the jobs of one item to stop.
    pub fn cancel_item(&mut self, at: ItemRef) {
        self.jobs.values().filter(|job| job.items == [at]).for_each(|job| job.cancel.cancel());
    }

    /// News since the last call.
    pub fn events(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.events)
    }

    /// Items whose state changed since the last call.
    pub fn changed(&mut self) -> BTreeSet<ItemRef> {
        std::mem::take(&mut self.ev.changed)
    }

    /// What plans want remembered, by node id; differs from what was given only where something changed.
    pub fn memories(&self) -> IndexMap<String, String> {
        let mut memories = self.ev.memories.clone();
        memories.retain(|node, _| self.ev.index.contains_key(node));
        memories.extend(self.ev.new_memories.borrow().iter().map(|(node, text)| (node.clone(), text.clone())));
        memories
    }

    /// What is in the media that the graph names, by path: for the next session, in case they move.
    pub fn contents(&self) -> BTreeMap<String, Contents> {
        self.ev.files.borrow().contents(self.ev.nodes.iter().all(NodeState::is_settled))
    }

    /// Project files that plans asked for.
    pub fn files(&self) -> Vec<std::path::PathBuf> {
        self.ev.files.borrow().asked()
    }

    /// How often plans were called.
    pub fn counters(&self) -> Counters {
        self.ev.counters
    }

    /// Node ids in document order.
    pub fn node_ids(&self) -> impl Iterator<Item = &str> {
        self.ev.nodes.iter().map(|node| &*node.id)
    }

    /// The items of a node; none for an unknown id.
    pub fn items(&self, node: &str) -> Vec<ItemView<'_>> {
        let Some(idx) = self.ev.index.get(node).copied() else { return Vec::new() };
        (0..self.ev.nodes[idx as usize].items.len() as u32).map(|slot| self.item(ItemRef { node: idx, slot })).collect()
    }

    /// One item.
    pub fn item(&self, at: ItemRef) -> ItemView<'_> {
        let node = &self.ev.nodes[at.node as usize];
        let item = &node.items[at.slot as usize];
        ItemView {
            at,
            name: self.ev.item_name(at),
            element: node.element(at.slot),
            state: &item.state,
            key: item.key,
            values: item.out.as_ref().map_or(&[], |out| &out.values),
            notes: &item.notes,
        }
    }

    /// The item of that name.
    pub fn find_item(&self, name: &str) -> Option<ItemRef> {
        let (node, element) = name.split_once('/').map_or((name, None), |(node, element)| (node, Some(element)));
        let idx = self.ev.index.get(node).copied()?;
        let slot = match (&self.ev.nodes[idx as usize].shape, element) {
            (Shape::Many(elements), Some(element)) => elements.slot_of(element)? as u32,
            (Shape::Single, None) => 0,
            _ => return None,
        };
        Some(ItemRef { node: idx, slot })
    }

    /// Whether an item's outputs are those of its present inputs.
    pub fn is_current(&self, at: ItemRef) -> bool {
        self.ev.state(at).is_current()
    }

    /// Whether the elements of an item's node are not known yet.
    pub fn has_unknown_elements(&self, at: ItemRef) -> bool {
        matches!(self.ev.nodes[at.node as usize].shape, Shape::Unknown { .. })
    }

    /// The value of an output port of an item, current or stale.
    pub fn value(&self, at: ItemRef, port: &str) -> Option<&Value> {
        let node = &self.ev.nodes[at.node as usize];
        let out = node.ports.outputs.iter().position(|it| it.name == port)?;
        node.items[at.slot as usize].out.as_ref().map(|out_values| &out_values.values[out].0)
    }

    /// Remarks about nodes and items: how lists met, what plans noticed, what failed.
    pub fn diagnostics(&self) -> Vec<Diagnostic> {
        let of_item = |(item, at): (&crate::graph::Item, ItemRef)| {
            let held = self.refused.get(&at).filter(|_| matches!(item.state, State::Held { .. }));
            let mut found: Vec<Diagnostic> = item.notes.iter().map(|note| self.ev.placed(at, note.clone())).collect();
            found.extend(held.map(|limit| self.ev.placed(at, limit.clone())));
            if let State::Failed(diagnostic) = &item.state {
                found.push(self.ev.placed(at, (**diagnostic).clone()));
            }
            found
        };
        let of_node = |(idx, node): (usize, &NodeState)| {
            let items = node.items.iter().enumerate();
            let refs = items.map(|(slot, item)| (item, ItemRef { node: idx as u32, slot: slot as u32 }));
            node.notes.iter().cloned().chain(refs.flat_map(of_item)).collect::<Vec<_>>()
        };
        let of_nodes = self.ev.nodes.iter().enumerate().flat_map(of_node);
        of_nodes.chain(self.moved()).collect()
    }

    /// A remark at each node whose media are elsewhere.
    fn moved(&self) -> Vec<Diagnostic> {
        let (files, readers) = (self.ev.files.borrow(), self.ev.readers.borrow());
        let at = |(from, to)| {
            let nodes = readers.get(from).into_iter().flatten().map(|idx| &self.ev.nodes[*idx as usize]);
            nodes.filter_map(|node| moved::told(&node.id, &node.params, from, to)).collect::<Vec<_>>()
        };
        files.moved().flat_map(at).collect()
    }

    /// The model that an item's work is, or was last, chosen for; none where it never asked one.
    pub fn model(&self, at: ItemRef) -> Option<String> {
        self.ev.models_of.borrow().get(&self.ev.item_name(at)).cloned()
    }

    /// The works that an item wants, with the models chosen for them.
    pub fn wanted(&self, at: ItemRef) -> &[Wanted] {
        self.ev.wants.get(&at).map_or(&[], Vec::as_slice)
    }

    /// The items that targets need, themselves included.
    pub fn demand(&self, targets: &[Target]) -> BTreeSet<ItemRef> {
        self.ev.demand(targets)
    }

    /// Counts over a set of items.
    pub fn tally(&self, items: &BTreeSet<ItemRef>) -> Tally {
        let mut tally = Tally { cost: self.bought.and(self.brought), ..Tally::default() };
        for at in items {
            let item = &self.ev.nodes[at.node as usize].items[at.slot as usize];
            match &item.state {
                State::Done if !item.worked => {}
                State::Done if self.ran.contains_key(at) => tally.ran += 1,
                State::Done => tally.reused += 1,
                State::Failed(_) => tally.failed += 1,
                State::Blocked { .. } => tally.blocked += 1,
                State::Held { .. } => tally.held += 1,
                _ => tally.waiting += 1,
            }
        }
        tally
    }

    /// Lanes and how many jobs each works on at once.
    pub fn lanes(&self) -> impl Iterator<Item = (&'static str, usize)> {
        self.lanes.widths()
    }

    fn items_where(&self, wanted: impl Fn(&State) -> bool) -> Vec<ItemRef> {
        let nodes = self.ev.nodes.iter().enumerate();
        nodes
            .flat_map(|(idx, node)| {
                let items = node.items.iter().enumerate();
                items.map(move |(slot, item)| (ItemRef { node: idx as u32, slot: slot as u32 }, &item.state))
            })
            .filter(|(_, state)| wanted(state))
            .map(|(at, _)| at)
            .collect()
    }

    // ---- running

    /// Items that were planned again while their job is at work are shown as such.
    fn reattach(&mut self) {
        let jobs = std::mem::take(&mut self.jobs);
        for (key, job) in &jobs {
            for at in &job.items {
                let waits = self.ev.wants.get(at).is_some_and(|wanted| wanted.iter().any(|it| it.key == *key));
                if waits && !self.ev.state(*at).is_in_flight() {
                    self.ev.transition(*at, State::Queued);
                }
            }
        }
        self.jobs = jobs;
    }

    fn take(&mut self, report: Report) {
        match report {
            Report::Started(key) => {
                let Some(job) = self.jobs.get(&key) else { return };
                for at in &job.items {
                    if self.ev.state(*at).is_in_flight() {
                        self.ev.transition(*at, State::Running { progress: 0.0 });
                    }
                    self.events.push(Event::Started { item: self.ev.item_name(*at), work: job.work });
                }
            }
            Report::Progress(key, done) => {
                let Some(job) = self.jobs.get(&key) else { return };
                for at in &job.items {
                    if self.ev.state(*at).is_in_flight() {
                        self.ev.transition(*at, State::Running { progress: done });
                    }
                    self.events.push(Event::Progress { item: self.ev.item_name(*at), done });
                }
            }
            Report::Finished(key, result) => {
                let Some(job) = self.jobs.swap_remove(&key) else { return };
                self.lanes.release(job.lane);
                self.settle(&key, &job, &result);
                match result {
                    Ok(made) => self.made(key, &job, &made),
                    Err(JobError::Cancelled) => {
                        for at in &job.items {
                            self.events.push(Event::Cancelled { item: self.ev.item_name(*at) });
                        }
                    }
                    Err(JobError::Failed(diagnostic)) => {
                        self.give_way(&job.items, key, job.chosen.as_ref(), diagnostic);
                    }
                }
                job.items.into_iter().for_each(|at| self.ev.forget_item(at));
            }
        }
    }

    /// Ends what was set aside for a job, and looks at what it cost.
    fn settle(&mut self, key: &Digest, job: &InFlight, result: &Result<Made, JobError>) {
        let cost = result.as_ref().map_or(Cost::FREE, |made| made.cost);
        if !job.reserved {
            self.brought.add(cost);
            return;
        }
        self.end_reservation(key, cost);
        match self.ev.store.books() {
            Ok(books) => self.bought = books.of_run(&self.run).0,
            Err(diagnostic) => self.fail(self.ev.graph.clone(), diagnostic),
        }
    }

    fn end_reservation(&mut self, key: &Digest, cost: Cost) {
        if let Err(diagnostic) = self.ev.store.settle(key, cost) {
            self.fail(self.ev.graph.clone(), diagnostic);
        }
        // Whatever was held by a limit may fit now, or be under way.
        self.refused.clear();
        self.ev.open_keys = None;
    }

    /// A job failed: another model is chosen for its items where the router has one, else they fail.
    fn give_way(&mut self, items: &[ItemRef], key: Digest, chosen: Option<&Chosen>, why: Box<Diagnostic>) {
        let giver = chosen.filter(|chosen| self.running && self.ev.models.gives_way(chosen, &key, &why));
        for at in items {
            let item = self.ev.item_name(*at);
            match giver {
                Some(chosen) => {
                    let (model, why) = (chosen.model.clone(), why.clone());
                    self.events.push(Event::FellBack { item, model, why });
                }
                None => self.fail(item, self.ev.placed(*at, (*why).clone())),
            }
        }
        if giver.is_none() {
            self.ev.known.borrow_mut().failures.insert(key, why);
        }
    }

    pub(crate) fn fail(&mut self, item: String, diagnostic: Diagnostic) {
        self.events.push(Event::Failed { item, diagnostic: Box::new(diagnostic) });
    }

    fn made(&mut self, key: Digest, job: &InFlight, made: &Made) {
        let outputs: Arc<Outputs> = Arc::new(made.outputs.clone());
        self.ev.known.borrow_mut().outputs.insert(key, outputs);
        for at in &job.items {
            let item = self.ev.item_name(*at);
            *self.ran.entry(*at).or_default() += 1;
            if let Work::Call(call) = &made.work
                && !job.parts_of.contains(at)
            {
                let take = TakeRecord::of(call.take, &key, made);
                let recorded = self.ev.store.add_take(&self.ev.graph, &item, &take);
                if let Err(diagnostic) = recorded {
                    self.fail(item.clone(), diagnostic);
                }
            }
            let (seconds, cost, price) = (made.seconds, made.cost, job.price);
            self.events.push(Event::Ran { item, work: job.work, seconds, cost, price });
        }
    }

    /// Records takes whose results are there, but whose program died before it had written down whose they are.
    fn find_takes(&mut self) {
        let bought = std::mem::take(&mut *self.ev.bought.borrow_mut());
        for (item, (key, take)) in bought {
            let recorded = self.ev.store.take_key(&self.ev.graph, &item, take).and_then(|known| match known {
                Some(known) if known == key => Ok(()),
                _ => match self.ev.store.work(&key)? {
                    Some(made) => self.ev.store.add_take(&self.ev.graph, &item, &TakeRecord::of(take, &key, &made)),
                    None => Ok(()),
                },
            });
            if let Err(diagnostic) = recorded {
                self.fail(item, diagnostic);
            }
        }
    }

    /// Notes the results of a run as its items' last ones, for the explanations of the next run; those of an earlier run
    /// that ended too soon are among them.
    fn commit(&mut self) {
        self.find_takes();
        self.record_wholes();
        let known = match self.ev.store.last_keys(&self.ev.graph) {
            Ok(known) => known,
            Err(diagnostic) => return self.fail(self.ev.graph.clone(), diagnostic),
        };
        let mut keys = Vec::new();
        for at in self.demand.iter().chain(self.ran.keys()).copied().collect::<BTreeSet<_>>() {
            let Some(node) = self.ev.nodes.get(at.node as usize) else { continue };
            let Some(key) =
                node.items.get(at.slot as usize).filter(|item| item.state.is_current()).and_then(|it| it.key)
            else {
                continue;
            };
            let name = self.ev.item_name(at);
            match known.get(&name) {
                Some(last) if *last == key => continue,
                Some(last) => keys.push((crate::explain::previous(&name), *last)),
                None => {}
            }
            keys.push((name, key));
        }
        if keys.is_empty() {
            return;
        }
        if let Err(diagnostic) = self.ev.store.set_last_keys(&self.ev.graph, &keys) {
            self.fail(self.ev.graph.clone(), diagnostic);
        }
    }
}

/// Whether undoing a batch would change nodes or links: then the batch did.
fn touches_wiring(inverse: &[model::Edit]) -> bool {
    use model::Edit;
    inverse.iter().any(|edit| {
        matches!(edit, Edit::AddNode { .. } | Edit::RemoveNode { .. } | Edit::RenameNode { .. } | Edit::SetLink { .. })
    })
}
