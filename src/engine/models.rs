//! Who can answer a call: the router's seat. The engine needs the choice, its price and its lane, and tells how jobs
//! went.
//!
//! Calls that must agree (shots that share a character) are chosen for together, with whoever is at work already.

use std::sync::Arc;

use model::policy::Policy;
use model::{Call, Diagnostic, Digest, ModelChoice, Scope};

use crate::lanes::LaneSpec;
use crate::record::Record;

/// A call that somebody must be chosen for.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    pub call: &'a Call,
    /// [`Call::digest`], which takes a while.
    pub digest: Digest,
    pub scope: &'a Scope,
    /// The model that makes it at this moment.
    pub at_work: Option<&'a str>,
}

/// A model picked for a call.
#[derive(Clone, Debug, PartialEq)]
pub struct Chosen {
    /// The model's name; part of the key.
    pub model: String,
    /// The model's version; part of the key.
    pub version: u32,
    /// How the key writes the call's model: by its name, so that choosing it and naming it give one key.
    pub choice: ModelChoice,
    /// The lane that runs it.
    pub lane: &'static str,
    /// Estimate in micro-dollars; none where the price is unknown, zero where it is free.
    pub cost: Option<u64>,
    /// Whether equal requests give equal results, so that a take needs no record.
    pub deterministic: bool,
    /// Why this one: a sentence, and what else there is to say, a line each.
    pub reason: String,
    /// The record of the decision, of the day when it was made; none where there was nobody else to choose.
    pub record: Option<Arc<Record>>,
    /// What was asked, to remember the choice by; none where it needs no remembering.
    pub ask: Option<Digest>,
    /// When another one may take its place.
    pub falls: Falls,
}

impl Chosen {
    /// Why this one, and the record of the decision, a line each.
    pub fn lines(&self) -> Vec<String> {
        let said = self.reason.lines().map(str::to_owned);
        let record = self.record.iter().flat_map(|record| record.lines());
        said.chain(record.map(|line| format!("  {line}"))).collect()
    }
}

/// When a call goes to another model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Falls {
    #[default]
    Never,
    /// When its model fails for a reason of its own: unreachable, overloaded, out of credit.
    ForFaults,
    /// Also when it refuses what is asked for.
    ForRefusals,
}

/// Whether a job may be sent to its model now.
#[derive(Clone, Debug, PartialEq)]
pub enum Admission {
    Go,
    /// Another job tries it out first.
    Wait,
    /// It rests after failures in a row.
    Rests(Box<Diagnostic>),
}

/// Chooses models. Pure: the same calls give the same choices while the configuration stands.
pub trait Models: Send + Sync {
    /// The models for calls, in their order.
    ///
    /// # Errors
    /// A diagnostic where no model can do a call, saying which filter removed which candidate.
    fn choose(&self, policy: &Policy, asked: &[Asked<'_>]) -> Vec<Result<Chosen, Diagnostic>>;

    /// Whether the choice for a call depends on other calls.
    fn is_joint(&self, _policy: &Policy, _call: &Call, _scope: &Scope) -> bool {
        false
    }

    /// Whether a model may be sent a job now.
    fn admit(&self, _chosen: &Chosen) -> Admission {
        Admission::Go
    }

    /// A job is about to be sent; the choice is remembered before anything is bought.
    ///
    /// # Errors
    /// Where it cannot be written down; then nothing may be sent.
    fn launching(&self, _chosen: &Chosen, _key: &Digest) -> Result<(), Diagnostic> {
        Ok(())
    }

    /// A job failed, or was not admitted. Whether another model may be chosen for the call instead.
    fn gives_way(&self, _chosen: &Chosen, _key: &Digest, _why: &Diagnostic) -> bool {
        false
    }

    /// A new run begins: what failed before may be tried again.
    fn begin(&self) {}

    /// The lane of that name, for an engine that has none: asked when a job first needs it, so that what nobody uses
    /// costs nothing.
    ///
    /// # Errors
    /// `no-lane` where there is none, or whatever keeps it from opening.
    fn lane(&self, name: &str) -> Result<LaneSpec, Diagnostic> {
        Err(Diagnostic::error("no-lane", format!("nothing here runs `{name}` work")))
    }
}
