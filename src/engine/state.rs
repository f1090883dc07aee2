//! Item states. One function of the evaluator makes every transition; front ends only read.

use model::{Diagnostic, ElementId};

/// An item: a node at one element, or at none, by dense index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ItemRef {
    pub node: u32,
    pub slot: u32,
}

/// Where an item stands.
#[derive(Clone, Debug, PartialEq)]
pub enum State {
    /// Nothing is known yet: not planned, or its elements are not known.
    Unknown,
    /// Waits for an input that is not current.
    Want { by: ItemRef },
    /// May run: every input is current, the result is not in the store.
    Ready,
    /// May run, but costs money that nobody approved. Micro-dollars; none where the price is unknown.
    Held { cost: Option<u64> },
    /// In a lane's queue.
    Queued,
    /// At a worker; 0 to 1.
    Running { progress: f32 },
    /// Outputs are current.
    Done,
    /// Refused its input, or its worker failed.
    Failed(Box<Diagnostic>),
    /// An input failed.
    Blocked { by: ItemRef },
}

impl State {
    /// One lower-case word.
    pub fn name(&self) -> &'static str {
        match self {
            State::Unknown => "unknown",
            State::Want { .. } => "want",
            State::Ready => "ready",
            State::Held { .. } => "held",
            State::Queued => "queued",
            State::Running { .. } => "running",
            State::Done => "done",
            State::Failed(_) => "failed",
            State::Blocked { .. } => "blocked",
        }
    }

    /// Whether the outputs are those of the present inputs.
    pub fn is_current(&self) -> bool {
        matches!(self, State::Done)
    }

    /// Whether a job for it is queued or at work.
    pub fn is_in_flight(&self) -> bool {
        matches!(self, State::Queued | State::Running { .. })
    }

    /// Whether nothing more can happen without a change from outside.
    pub fn is_dead(&self) -> bool {
        matches!(self, State::Failed(_) | State::Blocked { .. })
    }
}

/// The name of an item in documents, messages and the store: `generate/s2.b1`, or `film`.
pub fn item_name(node: &str, element: Option<&ElementId>) -> String {
    match element {
        Some(element) => format!("{node}/{element}"),
        None => node.to_owned(),
    }
}
