//! What the editor shows of a run: a snapshot that the session's thread publishes and panels only read.
//!
//! It is plain data with shared parts, so that publishing after a change of one node costs that node. Handing panels
//! the engine itself was the alternative: they would wait for it, or it for them.

use std::sync::Arc;

use engine::money::{Cost, Total};
use indexmap::IndexMap;
use model::{Diagnostic, Digest, GroupFace, Value};

/// See the module.
#[derive(Clone, Debug, Default)]
pub struct RunView {
    /// By node id; nodes of groups are named `group-node`, as the engine runs them, and follow by the groups' own ids:
    /// what comes out of them, and how everything in them stands.
    pub nodes: IndexMap<String, Arc<NodeView>>,
    /// The revision of the document that this is about; smaller than the editor's while an edit is on its way.
    pub revision: u64,
    pub run: RunState,
    pub lanes: Vec<LaneView>,
    /// What is wrong with the document and the run.
    pub problems: Arc<Vec<Diagnostic>>,
    /// Newest last.
    pub log: Arc<Vec<LogLine>>,
    /// What a run of the targets would do; recomputed when somebody asked for it.
    pub forecast: Option<Arc<ForecastView>>,
    /// The answer to the newest [`crate::Ask::Explain`].
    pub explanation: Option<Arc<ExplanationView>>,
    /// The answer to the newest [`crate::Ask::Takes`].
    pub takes: Option<Arc<TakesView>>,
    /// What groups show, by the node's id: their files are the session's to read.
    pub groups: Arc<IndexMap<String, GroupFace>>,
    pub models: Arc<Vec<ModelView>>,
    pub ledger: Arc<Vec<LedgerLine>>,
    /// Limits of spending, where somebody set them.
    pub caps: Arc<Vec<CapView>>,
    /// Remote jobs that are not over.
    pub jobs: Arc<Vec<JobView>>,
}

/// One node and its items.
#[derive(Clone, Debug, Default)]
pub struct NodeView {
    /// Its kind: nodes inside groups are not in the editor's document.
    pub kind: String,
    pub items: Vec<ItemView>,
    /// How many are done.
    pub n_done: usize,
    /// What the node shows as a whole.
    pub state: ItemState,
    /// The model of its items, or how many there are; empty where they ask none.
    pub model: String,
    /// How often items of it ran since the graph was opened, and for how long in all.
    pub n_cooks: u64,
    pub seconds: f64,
    /// The number of elements is not known yet.
    pub unknown_elements: bool,
}

/// One item: a node at one element, or at none.
#[derive(Clone, Debug, Default)]
pub struct ItemView {
    /// `generate/s2.b1`, or `film`.
    pub name: String,
    pub element: Option<String>,
    pub state: ItemState,
    pub key: Option<Digest>,
    /// The last outputs by port; stale unless the state is `Done`.
    pub values: Vec<(String, Value)>,
    pub notes: Arc<Vec<Diagnostic>>,
    /// Model and version that would be, or was, chosen.
    pub model: Option<String>,
    /// Micro-dollars it would cost; none where the price is unknown or there is nothing to pay.
    pub cost: Option<u64>,
}

impl ItemView {
    /// The last value at a port.
    pub fn value(&self, port: &str) -> Option<&Value> {
        self.values.iter().find(|(name, _)| name == port).map(|(_, value)| value)
    }

    /// It has a result, but not of its present inputs.
    pub fn is_stale(&self) -> bool {
        !self.values.is_empty() && self.state != ItemState::Done
    }
}

/// Where an item, or a node as a whole, stands.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum ItemState {
    #[default]
    Unknown,
    /// Waits for an input.
    Want {
        by: String,
    },
    Ready,
    /// Micro-dollars; none where the price is unknown.
    Held {
        cost: Option<u64>,
    },
    Queued,
    /// 0 to 1.
    Running {
        progress: f32,
    },
    Done,
    Failed(Box<Diagnostic>),
    Blocked {
        by: String,
    },
}

impl ItemState {
    /// One lower-case word, as the command line prints it.
    pub fn name(&self) -> &'static str {
        match self {
            ItemState::Unknown => "unknown",
            ItemState::Want { .. } => "waiting",
            ItemState::Ready => "ready",
            ItemState::Held { .. } => "held",
            ItemState::Queued => "queued",
            ItemState::Running { .. } => "running",
            ItemState::Done => "done",
            ItemState::Failed(_) => "failed",
            ItemState::Blocked { .. } => "blocked",
        }
    }

    /// What several items show as one.
    pub fn of_all<'a>(items: impl IntoIterator<Item = &'a ItemView, IntoIter: Clone>) -> ItemState {
        let items = items.into_iter();
        let worst = items.clone().max_by_key(|item| item.state.rank()).map(|item| item.state.clone());
        match worst.unwrap_or_default() {
            ItemState::Running { .. } => {
                let share = |item: &ItemView| match item.state {
                    ItemState::Done => 1.0,
                    ItemState::Running { progress } => progress,
                    _ => 0.0,
                };
                let n = items.clone().count().max(1);
                ItemState::Running { progress: items.map(share).sum::<f32>() / n as f32 }
            }
            ItemState::Held { .. } => ItemState::Held { cost: held_cost(items) },
            other => other,
        }
    }

    /// What matters most when several items make one badge: trouble first, then work, then money.
    fn rank(&self) -> u8 {
        match self {
            ItemState::Failed(_) => 8,
            ItemState::Running { .. } => 7,
            ItemState::Queued => 6,
            ItemState::Held { .. } => 5,
            ItemState::Blocked { .. } => 4,
            ItemState::Ready => 3,
            ItemState::Want { .. } => 2,
            ItemState::Unknown => 1,
            ItemState::Done => 0,
        }
    }
}

impl NodeView {
    /// A node's view from its items: the badge counts them and shows what matters most.
    pub fn new(items: Vec<ItemView>) -> NodeView {
        let n_done = items.iter().filter(|item| item.state == ItemState::Done).count();
        let state = ItemState::of_all(&items);
        let mut models: Vec<&str> = items.iter().filter_map(|item| item.model.as_deref()).collect();
        models.sort_unstable();
        models.dedup();
        let model = match models.as_slice() {
            [] => String::new(),
            [only] => (*only).to_owned(),
            several => format!("{} models", several.len()),
        };
        NodeView { items, n_done, state, model, ..NodeView::default() }
    }

    /// The item of an element, or the only one.
    pub fn item(&self, element: Option<&str>) -> Option<&ItemView> {
        self.items.iter().find(|item| item.element.as_deref() == element)
    }

    /// Some item has a result that is not of its present inputs.
    pub fn is_stale(&self) -> bool {
        self.items.iter().any(ItemView::is_stale)
    }
}

/// The price of all held items; none where one of them is unknown.
fn held_cost<'a>(mut items: impl Iterator<Item = &'a ItemView>) -> Option<u64> {
    items.try_fold(0, |sum, item| match item.state {
        ItemState::Held { cost } => cost.map(|cost| sum + cost),
        _ => Some(sum),
    })
}

/// How the present run stands.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RunState {
    pub running: bool,
    pub targets: Vec<String>,
    pub ran: u64,
    pub failed: u64,
    pub held: u64,
    /// Items that are still to be made.
    pub waiting: u64,
    /// What the results of this run cost.
    pub cost: Total,
    /// Seconds left, by the pace of the items so far.
    pub left: Option<f64>,
    /// Free work runs by itself as the document changes.
    pub live: bool,
}

/// One lane at work.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LaneView {
    pub name: String,
    pub width: usize,
    /// Items at work: name and progress.
    pub running: Vec<(String, f32)>,
    pub queued: usize,
    /// Seconds until it has nothing left, by its pace in this run; none before anything of it is finished.
    pub left: Option<f64>,
    /// What it spent in this run.
    pub cost: Total,
}

/// One line of the log.
#[derive(Clone, Debug, PartialEq)]
pub struct LogLine {
    /// Seconds since the graph was opened.
    pub at: f64,
    pub item: String,
    pub text: String,
    pub failed: bool,
}

/// What a run would do.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ForecastView {
    pub targets: Vec<String>,
    pub reused: u64,
    pub steps: Vec<StepView>,
    /// Micro-dollars of all steps whose price is known.
    pub cost: u64,
    /// How many steps have an unknown price.
    pub unknown_prices: u64,
}

/// One item that a run would make.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StepView {
    pub item: String,
    pub state: String,
    pub model: Option<String>,
    pub cost: Option<u64>,
    pub why: Vec<String>,
}

/// Why an item is, or is not, up to date.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ExplanationView {
    pub item: String,
    pub key: Option<Digest>,
    pub before: Option<Digest>,
    /// Path, now, before.
    pub ingredients: Vec<(String, Option<String>, Option<String>)>,
    /// The model that was chosen, and why: the decision record as lines.
    pub model: Option<String>,
    /// What the item cannot be planned for.
    pub problem: Option<Diagnostic>,
}

/// The takes of an item, oldest first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TakesView {
    pub item: String,
    pub takes: Vec<TakeView>,
}

/// One take.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TakeView {
    pub take: u32,
    pub key: Option<Digest>,
    pub seed: u64,
    pub model: Option<String>,
    pub cost: Cost,
    pub seconds: f64,
    pub made_at: Option<String>,
    pub note: String,
    /// Its outputs, where they are still in the store.
    pub values: Vec<(String, Value)>,
}

/// A model that may be asked.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ModelView {
    pub name: String,
    pub provider: String,
    pub tasks: Vec<String>,
    pub price: String,
    /// When the price was read.
    pub priced_on: String,
    /// The least that it costs, in micro-dollars for one unit; none where no price is known.
    pub least: Option<u64>,
    /// Credentials are present, or none are needed.
    pub usable: bool,
    pub health: String,
    pub note: String,
    /// What it takes: `first frame`, `seed`.
    pub takes: Vec<String>,
    /// What else is known, by name: for comparing.
    pub facts: Vec<(String, String)>,
}

/// One line of the ledger.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LedgerLine {
    pub at: String,
    pub item: String,
    pub provider: String,
    pub model: String,
    pub cost: Cost,
    /// What it was expected to cost, in micro-dollars; none where nobody knew.
    pub estimate: Option<u64>,
    /// Why it cost money and gave nothing; empty for results.
    pub note: String,
}

/// A limit of spending and what is gone of it, in micro-dollars.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CapView {
    /// What it holds for, `2026-11` or `runway, 2026-11`.
    pub scope: String,
    pub limit: u64,
    pub spent: Total,
    /// What jobs under way may cost.
    pub reserved: u64,
    pub left: u64,
}

/// A remote job that is not over.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct JobView {
    pub id: i64,
    /// Nobody knows whether it was submitted: a person must look.
    pub unknown: bool,
    pub item: String,
    pub provider: String,
    /// Micro-dollars; none where the price is unknown.
    pub price: Option<u64>,
    pub note: String,
}

/// Micro-dollars as people read them; nothing is lost of a part of a cent.
pub fn dollars(cost: u64) -> String {
    if cost == 0 { "free".to_owned() } else { engine::money::dollars(cost) }
}

/// A price that may be unknown.
pub fn price(cost: Option<u64>) -> String {
    cost.map_or_else(|| "unknown".to_owned(), dollars)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(state: ItemState) -> ItemView {
        ItemView { state, ..ItemView::default() }
    }

    #[test]
    fn a_badge_shows_what_matters_most() {
        let node = NodeView::new(vec![
            item(ItemState::Done),
            item(ItemState::Running { progress: 0.5 }),
            item(ItemState::Held { cost: Some(5) }),
        ]);
        assert_eq!((node.n_done, node.state), (1, ItemState::Running { progress: 0.5 }));
        let held = |costs: &[Option<u64>]| {
            NodeView::new(costs.iter().map(|cost| item(ItemState::Held { cost: *cost })).collect()).state
        };
        assert_eq!(held(&[Some(2), Some(3)]), ItemState::Held { cost: Some(5) });
        assert_eq!(held(&[Some(2), None]), ItemState::Held { cost: None }, "an unknown price is not zero");
    }

    #[test]
    fn money_reads_well() {
        assert_eq!([0, 4_200, 250_000, 12_340_000].map(dollars), ["free", "$0.0042", "$0.25", "$12.34"]);
    }
}
