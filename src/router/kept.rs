//! What was chosen before: a choice is written down when its job is sent, and holds as long as there is a result or a
//! running job of it. So nothing is paid twice, whoever would be chosen today.
//!
//! Choices are remembered by what was asked and wished for. Remembering by key alone was rejected: who asks for the
//! best after the cheapest would get the cheapest for ever.

use std::collections::BTreeSet;
use std::sync::Arc;

use engine::models::{Chosen, Falls};
use engine::record::Record;
use engine::store::Choice;
use model::policy::{Aim, Policy};
use model::{Call, Diagnostic, Digest, ModelChoice, Work};
use providers::lasting;
use providers::manifest::Entry;
use providers::router::is_listed;

use super::{Router, World, locked};

/// A choice that holds.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    pub(super) model: String,
    pub(super) version: u32,
    /// How the key writes the model.
    pub(super) written: ModelChoice,
    /// Whether there is a result; else a job is under way.
    is_made: bool,
    why: Vec<String>,
    record: Option<Arc<Record>>,
}

impl Kept {
    pub(super) fn chosen(&self, ask: Digest, entry: Option<&Entry>, why: &str) -> Chosen {
        let said = if self.is_made { "it has made this already" } else { "it was asked for this already" };
        let why = if why.is_empty() { said.to_owned() } else { format!("{why}; {said}") };
        let record = self.why.iter().map(|line| format!("  {}", line.trim_start()));
        let has_record = !self.why.is_empty() || self.record.is_some();
        let before = has_record.then(|| "  when it was chosen:".to_owned());
        let lines: Vec<_> = std::iter::once(why).chain(before).chain(record).collect();
        Chosen {
            model: self.model.clone(),
            version: self.version,
            choice: self.written.clone(),
            lane: lasting(self.model.split('/').next().unwrap_or_default()),
            // What is bought is not bought again: waiting for it costs nothing.
            cost: Some(0),
            deterministic: entry.is_some_and(|entry| entry.deterministic),
            reason: lines.join("\n"),
            record: self.record.clone(),
            ask: Some(ask),
            falls: Falls::Never,
        }
    }
}

/// The key of a call as a model gets it.
pub(super) fn key(call: &Call, written: &ModelChoice, model: &str, version: u32) -> Digest {
    Work::Call(Box::new(call.at(written, model))).key(Some((model, version)))
}

impl Router {
    /// Who made a call before, or is at it; none where the policy has been told not to use it since.
    pub(super) fn kept(
        &self,
        ask: Digest,
        call: &Call,
        policy: &Policy,
        world: &World,
    ) -> Result<Option<Kept>, Diagnostic> {
        let Some(choice) = self.recall(ask)? else { return Ok(None) };
        let entry = world.catalog.entry(&choice.model);
        // A raised version means that the same name gives other results now.
        if entry.is_some_and(|entry| entry.version != choice.version || !is_listed(entry, &policy.allow, &policy.deny))
        {
            return Ok(None);
        }
        let written = ModelChoice::Named(choice.model.clone());
        let key = key(call, &written, &choice.model, choice.version);
        let is_made = self.is_made(&key)?;
        if !is_made && (entry.is_none() || !self.is_bought(&key)?) {
            return Ok(None);
        }
        let Choice { model, version, why, record } = choice;
        Ok(Some(Kept { model, version, written, is_made, why, record }))
    }

    fn recall(&self, ask: Digest) -> Result<Option<Choice>, Diagnostic> {
        let Some(store) = self.store.as_ref().filter(|store| store.exists()) else { return Ok(None) };
        if let Some(known) = locked(&self.recalled).get(&ask) {
            return Ok(known.clone());
        }
        let found = store.choice(&ask);
        locked(&self.recalled).insert(ask, found.clone());
        Ok(found)
    }

    /// Writes a choice down before its job is sent.
    pub(super) fn remember(&self, chosen: &Chosen) -> Result<(), Diagnostic> {
        let (Some(ask), Some(store)) = (chosen.ask, &self.store) else { return Ok(()) };
        let why: Vec<_> = chosen.reason.lines().map(str::to_owned).collect();
        let record = chosen.record.clone();
        let choice = Choice { model: chosen.model.clone(), version: chosen.version, why, record };
        if self.recall(ask)?.is_some_and(|known| (&known.model, known.version) == (&choice.model, choice.version)) {
            return Ok(());
        }
        store.put_choice(&ask, &choice)?;
        locked(&self.recalled).insert(ask, Some(choice));
        Ok(())
    }

    pub(super) fn is_made(&self, key: &Digest) -> Result<bool, Diagnostic> {
        match &self.store {
            Some(store) => Ok(store.get(key)?.is_some()),
            None => Ok(false),
        }
    }

    /// Whether a job of a key is under way, or nobody knows.
    pub(super) fn is_bought(&self, key: &Digest) -> Result<bool, Diagnostic> {
        match self.store.as_ref().filter(|store| store.exists()) {
            Some(store) => Ok(store.open_job(key)?.is_some()),
            None => Ok(false),
        }
    }

    /// Keys that older versions wrote: with the wish in place of the model's name.
    pub(super) fn old_keys(&self) -> BTreeSet<Digest> {
        let Some(store) = self.store.as_ref().filter(|store| store.exists()) else { return BTreeSet::new() };
        // A damaged journal or index has kept a session that may buy from opening.
        let mut old = store.keys_that_name(&Aim::NAMES).unwrap_or_default();
        if let Ok(jobs) = store.open_jobs() {
            old.extend(jobs.into_iter().map(|job| job.key));
        }
        old
    }

    /// What an older version made or bought for a call, by one of these models.
    pub(super) fn kept_of_old<'w>(
        &self,
        call: &Call,
        entries: impl IntoIterator<Item = &'w Entry>,
        world: &World,
    ) -> Result<Option<Kept>, Diagnostic> {
        if world.old.is_empty() {
            return Ok(None);
        }
        for entry in entries {
            let wishes = Aim::NAMES.iter().map(|wish| ModelChoice::Named((*wish).to_owned()));
            for written in wishes {
                let key = key(call, &written, &entry.name, entry.version);
                if world.old.contains(&key) {
                    let (model, version) = (entry.name.clone(), entry.version);
                    let is_made = self.is_made(&key)?;
                    return Ok(Some(Kept { model, version, written, is_made, why: Vec::new(), record: None }));
                }
            }
        }
        Ok(None)
    }
}
