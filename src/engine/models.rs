//! Who can answer a call: the router's seat. The engine only needs the choice, its price and its lane.

use model::{Call, Diagnostic};

use crate::lanes::LaneSpec;

/// A model picked for a call.
#[derive(Clone, Debug, PartialEq)]
pub struct Chosen {
    /// The model's name; part of the key.
    pub model: String,
    /// The model's version; part of the key.
    pub version: u32,
    /// The lane that runs it.
    pub lane: &'static str,
    /// Estimate in micro-dollars; none where the price is unknown, zero where it is free.
    pub cost: Option<u64>,
    /// Whether equal requests give equal results, so that a take needs no record.
    pub deterministic: bool,
    /// Why this one, in a sentence.
    pub reason: String,
}

/// Chooses models. Pure: the same call gives the same choice while the configuration stands.
pub trait Models: Send + Sync {
    /// The model for a call.
    ///
    /// # Errors
    /// A diagnostic where no model can do it, saying which filter removed which candidate.
    fn choose(&self, call: &Call) -> Result<Chosen, Diagnostic>;

    /// The lane of that name, for an engine that has none: asked when a job first needs it, so that what nobody uses
    /// costs nothing.
    ///
    /// # Errors
    /// `no-lane` where there is none, or whatever keeps it from opening.
    fn lane(&self, name: &str) -> Result<LaneSpec, Diagnostic> {
        Err(Diagnostic::error("no-lane", format!("nothing here runs `{name}` work")))
    }
}
