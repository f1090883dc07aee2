//! Decisions become states, states become news for users. The only writer of `Item::state`.

use std::sync::Arc;

use model::{Diagnostic, Digest, Entry, Outputs, Value};

use crate::evaluator::Evaluator;
use crate::graph::{Item, Mode, Out, Shape, User};
use crate::items::Decision;
use crate::state::{ItemRef, State};

impl Evaluator {
    pub(crate) fn wait(&mut self, at: ItemRef, by: ItemRef) {
        self.part(at);
        let dead = self.nodes[by.node as usize].dead.contains(&by.slot);
        self.clear_wants(at);
        let state = if dead { State::Blocked { by: self.root_of(by) } } else { State::Want { by } };
        self.transition(at, state);
    }

    /// The failed item behind a blocked one.
    fn root_of(&self, by: ItemRef) -> ItemRef {
        match self.nodes[by.node as usize].items.get(by.slot as usize).map(|item| &item.state) {
            Some(State::Blocked { by }) => *by,
            _ => by,
        }
    }

    fn clear_wants(&mut self, at: ItemRef) {
        self.wants.swap_remove(&at);
        self.ready.remove(&at);
    }

    pub(crate) fn decide(&mut self, at: ItemRef, seen: Digest, decision: Decision) {
        self.counters.planned += 1;
        match decision {
            Decision::Joint(joint) => self.join(at, seen, *joint),
            decision => {
                self.part(at);
                self.settle_on(at, seen, decision);
            }
        }
    }

    /// A decision that stands, whoever had to be chosen for it.
    pub(crate) fn settle_on(&mut self, at: ItemRef, seen: Digest, decision: Decision) {
        self.clear_wants(at);
        match decision {
            Decision::Joint(joint) => self.join(at, seen, *joint),
            Decision::Failed(diagnostic) => {
                self.item_mut(at).seen = Digest::default();
                self.transition(at, State::Failed(diagnostic));
            }
            Decision::Wanted { key, wanted } => {
                let cost = wanted.iter().try_fold(0, |sum: u64, it| {
                    let price = it.chosen.as_ref().map_or(Some(0), |chosen| chosen.cost);
                    if price != Some(0) && self.is_bought(&it.key) {
                        return Some(sum);
                    }
                    price.map(|price| sum.saturating_add(price))
                });
                let item = self.item_mut(at);
                // The outputs on show are not those of these inputs: the next visit must plan again.
                item.seen = Digest::default();
                item.key = key;
                self.wants.insert(at, wanted);
                self.ready.insert(at);
                self.transition(at, if cost == Some(0) { State::Ready } else { State::Held { cost } });
            }
            Decision::Outputs { key, worked, outputs, notes } => match self.arranged(at, &outputs) {
                Err(diagnostic) => self.settle_on(at, Digest::default(), Decision::Failed(diagnostic)),
                Ok(out) => {
                    self.item_mut(at).worked = worked;
                    self.finish(at, seen, key, out, notes);
                }
            },
        }
    }

    /// Outputs in the order of the node's ports, with digests.
    fn arranged(&self, at: ItemRef, outputs: &Outputs) -> Result<Out, Box<Diagnostic>> {
        let node = &self.nodes[at.node as usize];
        let values = node.ports.outputs.iter().map(|port| {
            let found = outputs.iter().find(|(name, _)| *name == port.name);
            let (_, value) = found.ok_or_else(|| {
                let missing = format!("the result has no `{}`", port.name);
                Box::new(self.placed(at, Diagnostic::error("output-missing", missing)).at_field(&port.name))
            })?;
            Ok((value.clone(), value.digest()))
        });
        Ok(Out { values: values.collect::<Result<_, Box<Diagnostic>>>()? })
    }

    fn finish(&mut self, at: ItemRef, seen: Digest, key: Option<Digest>, out: Out, notes: Vec<Diagnostic>) {
        let item = self.item_mut(at);
        item.seen = seen;
        item.key = key;
        item.notes = notes;
        let same =
            item.out.as_ref().is_some_and(|old| old.values.iter().map(|it| it.1).eq(out.values.iter().map(|it| it.1)));
        let old = if same { None } else { item.out.replace(Arc::new(out)) };
        let first = !same && old.is_none();
        self.transition(at, State::Done);
        if same {
            return;
        }
        let n_users = self.nodes[at.node as usize].users.len();
        for user_idx in 0..n_users {
            let user = self.nodes[at.node as usize].users[user_idx];
            let new =
                self.nodes[at.node as usize].items[at.slot as usize].out.as_ref().expect("it was just set").values
                    [user.out as usize]
                    .clone();
            if old.as_ref().is_some_and(|old| old.values[user.out as usize].1 == new.1) {
                continue;
            }
            self.push(at, user, new, first);
        }
        if let Some(users) = self.nodes[at.node as usize].sibling_users.get(at.slot as usize).cloned() {
            users.into_iter().for_each(|slot| self.mark(at.node, slot));
        }
    }

    /// Hands a new output to one user: patches its list, marks its slots.
    fn push(&mut self, at: ItemRef, user: User, new: (Value, Digest), first: bool) {
        let source = &self.nodes[at.node as usize];
        let many_out = source.ports.outputs[user.out as usize].many;
        let source_is_single = matches!(source.shape, Shape::Single);
        let id = source.element(at.slot).unwrap_or(&source.id).clone();
        let input = &mut self.nodes[user.node as usize].inputs[user.input as usize];
        match &mut input.mode {
            Mode::Unset | Mode::Listed { .. } => {
                self.mark_shape(user.node);
            }
            Mode::Shared => self.mark_all(user.node),
            Mode::Each { positions: None } => self.mark(user.node, at.slot),
            Mode::Each { positions: Some(positions) } => {
                let slots: Vec<u32> =
                    (0..positions.len() as u32).filter(|slot| positions[*slot as usize] == at.slot).collect();
                slots.into_iter().for_each(|slot| self.mark(user.node, slot));
            }
            Mode::Gather => {
                let alone = input.sources.len() == 1;
                let at_idx = if alone { at.slot } else { user.position } as usize;
                let patchable = !many_out && !first && (alone || source_is_single);
                input.list = match input.list.take() {
                    Some(list) if patchable && list.get(at_idx).is_some_and(|entry| entry.id == id) => {
                        Some(list.with(at_idx, Entry { id, value: new.0, digest: new.1 }))
                    }
                    _ => None,
                };
                self.mark_all(user.node);
            }
        }
    }

    pub(crate) fn item_mut(&mut self, at: ItemRef) -> &mut Item {
        &mut self.nodes[at.node as usize].items[at.slot as usize]
    }

    pub(crate) fn state(&self, at: ItemRef) -> &State {
        &self.nodes[at.node as usize].items[at.slot as usize].state
    }

    /// The one place where a state changes: keeps counters, tells users whose currentness it decides.
    pub(crate) fn transition(&mut self, at: ItemRef, state: State) {
        let node = &mut self.nodes[at.node as usize];
        let was_settled = node.is_settled();
        let item = &mut node.items[at.slot as usize];
        if item.state == state {
            return;
        }
        let was_current = item.state.is_current();
        let was_dead = item.state.is_dead();
        let (is_current, is_dead) = (state.is_current(), state.is_dead());
        let first = matches!(item.state, State::Unknown);
        item.state = state;
        if is_current {
            node.pending.remove(&at.slot);
        } else {
            node.pending.insert(at.slot);
        }
        if is_dead {
            node.dead.insert(at.slot);
        } else {
            node.dead.remove(&at.slot);
        }
        self.changed.insert(at);
        self.set_settled(at.node, was_settled);
        if was_current != is_current || was_dead != is_dead || (first && is_current) {
            for user_idx in 0..self.nodes[at.node as usize].users.len() {
                let user = self.nodes[at.node as usize].users[user_idx];
                self.wake(at, user);
            }
            if let Some(users) = self.nodes[at.node as usize].sibling_users.get(at.slot as usize).cloned() {
                users.into_iter().for_each(|slot| self.mark(at.node, slot));
            }
        }
    }

    /// Marks the slots of a user that look at an item.
    fn wake(&mut self, at: ItemRef, user: User) {
        match &self.nodes[user.node as usize].inputs[user.input as usize].mode {
            Mode::Unset => self.mark_shape(user.node),
            Mode::Each { positions: None } => {
                if (at.slot as usize) < self.nodes[user.node as usize].items.len() {
                    self.mark(user.node, at.slot);
                }
            }
            Mode::Each { positions: Some(positions) } => {
                let slots: Vec<u32> =
                    (0..positions.len() as u32).filter(|slot| positions[*slot as usize] == at.slot).collect();
                slots.into_iter().for_each(|slot| self.mark(user.node, slot));
            }
            Mode::Shared | Mode::Listed { .. } | Mode::Gather => self.mark_all(user.node),
        }
    }

    /// Tells the users of a node whether all of it is current.
    pub(crate) fn set_settled(&mut self, node_idx: u32, was_settled: bool) {
        let is_settled = self.nodes[node_idx as usize].is_settled();
        // A node starts unsettled and its users start waiting for it, so only changes need telling.
        if was_settled == is_settled {
            return;
        }
        for user_idx in 0..self.nodes[node_idx as usize].users.len() {
            let user = self.nodes[node_idx as usize].users[user_idx];
            let waiting = &mut self.nodes[user.node as usize].inputs[user.input as usize].waiting;
            if is_settled {
                waiting.remove(&user.position);
            } else {
                waiting.insert(user.position);
            }
        }
    }
}
