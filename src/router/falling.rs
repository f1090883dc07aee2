//! Whether a failed job goes to another model: only for its model's own faults, and only where nothing runs any more.

use engine::models::{Chosen, Falls};
use model::{Diagnostic, Digest};
use providers::router::Fallen;

use super::{Router, locked};
use crate::health::is_own_fault;

/// A provider's refusal of what is asked for, moderation among its grounds.
const REFUSED: &str = "provider-rejected";

impl Router {
    /// See [`engine::models::Models::gives_way`]. Never while a job may still run: it could be billed, and a second one
    /// with it.
    pub(super) fn falls(&self, chosen: &Chosen, key: &Digest, why: &Diagnostic) -> bool {
        let Some(ask) = chosen.ask else { return false };
        let is_reason = match chosen.falls {
            Falls::Never => false,
            Falls::ForFaults => is_own_fault(&why.code),
            Falls::ForRefusals => is_own_fault(&why.code) || why.code == REFUSED,
        };
        // A journal that cannot be read may hold the job.
        if !is_reason || self.is_bought(key).unwrap_or(true) {
            return false;
        }
        let entry = self.world().catalog.entry(&chosen.model);
        let (model, family) = entry.map_or(("", ""), |entry| (&entry.model, &entry.family));
        let fallen = Fallen {
            name: chosen.model.clone(),
            model: model.to_owned(),
            family: family.to_owned(),
            why: why.message.clone(),
        };
        let mut all = locked(&self.fallen);
        let own = all.entry(ask).or_default();
        if own.iter().any(|it| it.name == fallen.name) {
            return false;
        }
        own.push(fallen);
        true
    }
}
