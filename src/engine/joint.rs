//! Items whose models are chosen together: shots that share a character, and whatever else the router ties.
//!
//! Their calls are collected while the items of a height are visited, then chosen for at once; the choice may move
//! others that nobody has begun. Choosing for one after the other was rejected: the first would bind the rest to a
//! model that cannot make them.

use model::{Call, Diagnostic, Digest, Scope, Work};

use crate::evaluator::Evaluator;
use crate::models::{Asked, Chosen};
use crate::state::ItemRef;

/// A call that waits to be chosen for, or was.
#[derive(Debug)]
pub(crate) struct Joint {
    call: Box<Call>,
    digest: Digest,
    scope: Scope,
    notes: Vec<Diagnostic>,
    seen: Digest,
    pub(crate) chosen: Option<Result<Chosen, Diagnostic>>,
}

impl Joint {
    pub(crate) fn new(call: Box<Call>, scope: Scope, notes: Vec<Diagnostic>) -> Joint {
        let digest = call.digest();
        Joint { call, digest, scope, notes, seen: Digest::default(), chosen: None }
    }
}

impl Evaluator {
    /// Takes an item in; it is decided when its height is done.
    pub(crate) fn join(&mut self, at: ItemRef, seen: Digest, joint: Joint) {
        self.unchosen.insert((self.nodes[at.node as usize].height, at));
        // Who is at work on the same call stays known.
        let before = self.joint.remove(&at).filter(|before| before.digest == joint.digest);
        self.joint.insert(at, Joint { seen, chosen: before.and_then(|before| before.chosen), ..joint });
    }

    /// Lets an item go that asks for something else now, or for nothing.
    pub(crate) fn part(&mut self, at: ItemRef) {
        if self.joint.remove(&at).is_some() {
            self.unchosen.remove(&(self.nodes[at.node as usize].height, at));
        }
    }

    /// Lets items go whose places change; they are planned anew.
    pub(crate) fn part_all(&mut self, goes: impl Fn(&ItemRef) -> bool) {
        let gone: Vec<ItemRef> = self.joint.keys().filter(|at| goes(at)).copied().collect();
        for at in gone {
            self.part(at);
            if let Some(item) = self.nodes[at.node as usize].items.get_mut(at.slot as usize) {
                item.seen = Digest::default();
            }
        }
    }

    /// Chooses for everybody who waits. Others are planned anew where their choice changes with it.
    pub(crate) fn choose_joint(&mut self) {
        let waiting = std::mem::take(&mut self.unchosen);
        let asked = self.joint.iter().map(|(at, joint)| {
            let chosen = joint.chosen.as_ref().and_then(|chosen| chosen.as_ref().ok());
            let at_work = chosen.filter(|_| self.state(*at).is_in_flight()).map(|chosen| chosen.model.as_str());
            Asked { call: &joint.call, digest: joint.digest, scope: &joint.scope, at_work }
        });
        let asked: Vec<_> = asked.collect();
        let chosen = self.models.choose(&self.policy, &asked);
        let places: Vec<ItemRef> = self.joint.keys().copied().collect();
        for (at, chosen) in places.into_iter().zip(chosen) {
            let is_waiting = waiting.contains(&(self.nodes[at.node as usize].height, at));
            let Some(joint) = self.joint.get_mut(&at) else { continue };
            if is_waiting {
                joint.chosen = Some(chosen.clone());
                let (work, notes, seen) = (Work::Call(joint.call.clone()), joint.notes.clone(), joint.seen);
                let decision = self.look_up(at, work, chosen.map(Some), notes);
                self.settle_on(at, seen, decision);
            } else if joint.chosen.as_ref() != Some(&chosen) {
                joint.chosen = Some(chosen);
                self.forget_item(at);
            }
        }
    }
}
