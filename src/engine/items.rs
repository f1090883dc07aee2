//! One visit of one item: collects its inputs, calls its plan, finds its result or what it wants.

use std::cell::{Cell, RefCell};
use std::sync::Arc;

use model::plan::{Outcome, PlanCx, SiblingCx, Stop};
use model::{Diagnostic, Digest, Name, Outputs, Plan, Value, Work};

use crate::evaluator::Evaluator;
use crate::graph::{Input, Mode, Out, Shape, Source};
use crate::joint::Joint;
use crate::models::Chosen;
use crate::needs::{Resolver, Wanted, keyed};
use crate::state::{ItemRef, State, item_name};
use crate::whole::{self, Whole};

/// Input values by port name, and their digests by input index.
type Collected = (Vec<(Name, Value)>, Vec<(u32, Digest)>);

/// What one visit decided. For joint works a model is chosen together with others, as soon as they are known.
pub(crate) enum Decision {
    /// `worked` where a work was asked for on the way.
    Outputs {
        key: Option<Digest>,
        worked: bool,
        outputs: Arc<Outputs>,
        notes: Vec<Diagnostic>,
    },
    Wanted {
        key: Option<Digest>,
        wanted: Vec<Wanted>,
    },
    Failed(Box<Diagnostic>),
    Joint(Box<Joint>),
}

impl Evaluator {
    pub(crate) fn visit(&mut self, at: ItemRef) {
        self.counters.visited += 1;
        let node = &self.nodes[at.node as usize];
        let Some(spec) = node.spec.filter(|_| node.problem.is_none()) else {
            let problem = node.problem.clone().expect("a node without a spec has a problem");
            return self.decide(at, Digest::default(), Decision::Failed(problem));
        };
        match &node.shape {
            Shape::Unknown { by } => {
                let by = *by;
                return self.wait(at, by);
            }
            Shape::Broken(diagnostic) => {
                let diagnostic = diagnostic.clone();
                return self.decide(at, Digest::default(), Decision::Failed(diagnostic));
            }
            Shape::Single | Shape::Many(_) => {}
        }
        if let (Some(_), Err(circle)) = (spec.sibling, self.find_sibling(at)) {
            return self.decide(at, Digest::default(), Decision::Failed(circle));
        }
        self.fill_lists(at.node);
        let node = &self.nodes[at.node as usize];
        let sibling = node.items[at.slot as usize].sibling;
        if let Some(slot) = sibling.filter(|slot| node.pending.contains(slot)) {
            return self.wait(at, ItemRef { node: at.node, slot });
        }
        let (inputs, digests) = match self.collect(at) {
            Ok(found) => found,
            Err(by) => return self.wait(at, by),
        };
        let sibling_out = sibling.and_then(|slot| node.items[slot as usize].out.clone());
        let seen = self.seen(at, &digests, sibling_out.as_deref());
        let item = &node.items[at.slot as usize];
        if item.seen == seen
            && item.out.is_some()
            && !self.wants.contains_key(&at)
            && !matches!(item.state, State::Failed(_))
        {
            return self.transition(at, State::Done);
        }
        let decision = self.plan(at, spec, &inputs, sibling_out.as_deref());
        self.decide(at, seen, decision);
    }

    /// Makes gathered lists that were dropped because they could not be patched.
    fn fill_lists(&mut self, node_idx: u32) {
        for input_idx in 0..self.nodes[node_idx as usize].inputs.len() {
            let input = &self.nodes[node_idx as usize].inputs[input_idx];
            if input.list.is_none() && matches!(input.mode, Mode::Gather) && input.waiting.is_empty() {
                let list = self.gathered(input);
                self.nodes[node_idx as usize].inputs[input_idx].list = list;
            }
        }
    }

    /// Everything a plan will see, as one digest.
    fn seen(&self, at: ItemRef, digests: &[(u32, Digest)], sibling: Option<&Out>) -> Digest {
        let node = &self.nodes[at.node as usize];
        let take = node.take(at.slot);
        let mut bytes = Vec::with_capacity(96 + digests.len() * 36);
        bytes.extend_from_slice(&node.rev.0);
        bytes.extend_from_slice(&take.take.to_le_bytes());
        bytes.push(take.pinned.into());
        bytes.extend_from_slice(&take.key.unwrap_or_default().0);
        for (port, digest) in digests {
            bytes.extend_from_slice(&port.to_le_bytes());
            bytes.extend_from_slice(&digest.0);
        }
        if let Some(out) = sibling {
            out.values.iter().for_each(|(_, digest)| bytes.extend_from_slice(&digest.0));
        }
        // Some nodes use their element's id (seeds, slates): two elements never share what they saw.
        if let Some(element) = node.element(at.slot) {
            bytes.extend_from_slice(element.as_bytes());
        }
        Digest::of(&bytes)
    }

    fn collect(&self, at: ItemRef) -> Result<Collected, ItemRef> {
        let node = &self.nodes[at.node as usize];
        let mut inputs = Vec::with_capacity(node.inputs.len());
        let mut digests = Vec::with_capacity(node.inputs.len());
        for (idx, input) in node.inputs.iter().enumerate() {
            let (value, digest) = self.input_value(input, at.slot)?;
            let value = if value.port_type().converts(input.ty) && !input.many {
                value.converted(input.ty, self.settings.fps).unwrap_or(value)
            } else {
                value
            };
            inputs.push((input.name.clone(), value));
            digests.push((idx as u32, digest));
        }
        Ok((inputs, digests))
    }

    pub(crate) fn input_value(&self, input: &Input, slot: u32) -> Result<(Value, Digest), ItemRef> {
        let missing = || self.unknown_source(input);
        let of_item = |source: Source, slot: u32| {
            let node = &self.nodes[source.node as usize];
            if node.pending.contains(&slot) {
                return Err(ItemRef { node: source.node, slot });
            }
            let out = node.items.get(slot as usize).and_then(|item| item.out.as_ref()).ok_or_else(missing)?;
            Ok(out.values[source.out as usize].clone())
        };
        let at = |positions: &Option<Arc<[u32]>>| positions.as_ref().map_or(slot, |positions| positions[slot as usize]);
        match &input.mode {
            Mode::Shared => of_item(input.sources[0], 0),
            Mode::Each { positions } => of_item(input.sources[0], at(positions)),
            Mode::Listed { positions } => {
                self.all_current(input)?;
                let entry =
                    input.list.as_ref().and_then(|list| list.get(at(positions) as usize)).ok_or_else(missing)?;
                Ok((entry.value.clone(), entry.digest))
            }
            Mode::Gather => {
                self.all_current(input)?;
                let list = input.list.clone().ok_or_else(missing)?;
                let digest = list.digest();
                Ok((Value::List(list), digest))
            }
            Mode::Unset => Err(missing()),
        }
    }

    fn all_current(&self, input: &Input) -> Result<(), ItemRef> {
        let Some(position) = input.waiting.first() else { return Ok(()) };
        let source = input.sources[*position as usize].node;
        let node = &self.nodes[source as usize];
        let slot = node.dead.first().or(node.pending.first()).copied().unwrap_or_default();
        Err(ItemRef { node: source, slot })
    }

    fn plan(
        &self,
        at: ItemRef,
        spec: &'static model::NodeSpec,
        inputs: &[(Name, Value)],
        sibling: Option<&Out>,
    ) -> Decision {
        let found = match self.pinned_whole(at) {
            Ok(None) => self.resolver_of(at).map(|resolver| (resolver, None)),
            whole => whole.map(|whole| (self.resolver(), whole)),
        };
        let (resolver, whole) = match found {
            Ok(found) => found,
            Err(diagnostic) => return Decision::Failed(Box::new(self.placed(at, diagnostic))),
        };
        let planned = self.call_plan(at, spec, inputs, sibling, &resolver);
        let node = &self.nodes[at.node as usize];
        for path in resolver.paths.take() {
            self.readers.borrow_mut().entry(path).or_default().insert(at.node);
        }
        if let Ok(Plan { memory: Some(memory), .. }) = &planned {
            self.new_memories.borrow_mut().insert(node.id.to_string(), memory.clone());
        }
        if let Some(outputs) = whole {
            // The take stands; what is asked for now tells only whether it is older than that.
            let key = match &planned {
                Ok(plan) => key_of(plan, &resolver),
                Err(Stop::Pending) => Some(whole::unmade(&resolver.parts.take())),
                Err(Stop::Refused(_)) => None,
            };
            return Decision::Outputs { key, worked: true, outputs, notes: Vec::new() };
        }
        match planned {
            Err(Stop::Refused(diagnostic)) => Decision::Failed(diagnostic),
            Err(Stop::Pending) => {
                let wanted = resolver.wanted.into_inner();
                // One call is what the item is about; imports and several works are on the way to it.
                let key = match wanted.as_slice() {
                    [only] if matches!(only.work, Work::Call(_)) && !only.is_part => Some(only.key),
                    _ => None,
                };
                Decision::Wanted { key, wanted }
            }
            Ok(Plan { outcome: Outcome::Work(work), scope, notes, .. }) => match *work {
                Work::Call(call) if self.models.is_joint(&self.policy, &call, &scope) => {
                    Decision::Joint(Box::new(Joint::new(call, scope, notes)))
                }
                work => {
                    let chosen = resolver.choose(&work, &scope);
                    self.look_up(at, work, chosen, notes)
                }
            },
            Ok(plan) => self.given(at, plan, &resolver),
        }
    }

    /// The values of a plan, whose key and takes are those of the work that they were read from, or of the whole where
    /// several calls made them.
    fn given(&self, at: ItemRef, plan: Plan, resolver: &Resolver<'_>) -> Decision {
        let key = key_of(&plan, resolver);
        let worked = resolver.worked.get() || plan.made_by.is_some();
        let Outcome::Values(outputs) = plan.outcome else { unreachable!("work is looked up") };
        let outputs = Arc::new(outputs);
        let parts = resolver.parts.take();
        if !parts.is_empty() {
            let made = plan.made_by.and_then(|work| resolver.key_of(*work, &plan.scope));
            let parts = parts.iter().map(|part| part.key).chain(made).collect();
            let take = self.nodes[at.node as usize].take(at.slot).take;
            let whole = Whole { take, outputs: outputs.clone(), parts };
            self.wholes.borrow_mut().insert(self.item_name(at), whole);
        }
        Decision::Outputs { key, worked, outputs, notes: plan.notes }
    }

    /// Finds the result of a work whose model is chosen, or what it wants.
    pub(crate) fn look_up(
        &self,
        at: ItemRef,
        work: Work,
        chosen: Result<Option<Chosen>, Diagnostic>,
        notes: Vec<Diagnostic>,
    ) -> Decision {
        let failed = |diagnostic| Decision::Failed(Box::new(self.placed(at, diagnostic)));
        let resolver = match self.resolver_of(at) {
            Ok(resolver) => resolver,
            Err(diagnostic) => return failed(diagnostic),
        };
        // Only calls have takes of their own: what else a call is needed for is made from its take.
        let pinned = resolver.pinned.clone().filter(|_| matches!(work, Work::Call(_)));
        let chosen = match (chosen, pinned) {
            // A pinned take is used whatever happens to its model.
            (Err(_), Some(outputs)) => return Decision::Outputs { key: None, worked: true, outputs, notes },
            (Err(diagnostic), None) => return failed(diagnostic),
            (Ok(chosen), Some(outputs)) => {
                let (key, _) = keyed(work, chosen.as_ref());
                return Decision::Outputs { key: Some(key), worked: true, outputs, notes };
            }
            (Ok(chosen), None) => chosen,
        };
        if let Some(chosen) = &chosen {
            self.models_of.borrow_mut().insert(self.item_name(at), chosen.model.clone());
        }
        let (key, work) = keyed(work, chosen.as_ref());
        match resolver.lookup(&key) {
            Err(diagnostic) => Decision::Failed(Box::new(diagnostic)),
            Ok(Some(outputs)) => {
                if let (Work::Call(call), Some(false)) = (&work, chosen.map(|it| it.deterministic)) {
                    self.bought.borrow_mut().insert(self.item_name(at), (key, call.take));
                }
                Decision::Outputs { key: Some(key), worked: true, outputs, notes }
            }
            Ok(None) => match self.known.borrow().failures.get(&key) {
                Some(failure) => failed((**failure).clone()),
                None => Decision::Wanted { key: Some(key), wanted: vec![Wanted { key, work, chosen, is_part: false }] },
            },
        }
    }

    /// The key of the take that an item is pinned to, where it is known.
    pub(crate) fn pinned_key(&self, at: ItemRef) -> Result<Option<Digest>, Diagnostic> {
        let choice = self.nodes[at.node as usize].take(at.slot);
        match choice.key {
            _ if !choice.pinned => Ok(None),
            Some(key) => Ok(Some(key)),
            None => self.store.take_key(&self.graph, &self.item_name(at), choice.take),
        }
    }

    /// A resolver that answers for an item as its pinned take does.
    fn resolver_of(&self, at: ItemRef) -> Result<Resolver<'_>, Diagnostic> {
        let resolver = self.resolver();
        let pinned = self.pinned_key(at)?.map(|key| resolver.lookup(&key)).transpose()?.flatten();
        Ok(Resolver { pinned, ..resolver })
    }

    pub(crate) fn resolver(&self) -> Resolver<'_> {
        Resolver {
            files: &self.files,
            known: &self.known,
            store: &*self.store,
            models: &*self.models,
            policy: &self.policy,
            wanted: RefCell::default(),
            parts: RefCell::default(),
            worked: Cell::new(false),
            paths: RefCell::default(),
            pinned: None,
        }
    }

    fn call_plan(
        &self,
        at: ItemRef,
        spec: &'static model::NodeSpec,
        inputs: &[(Name, Value)],
        sibling: Option<&Out>,
        resolver: &Resolver<'_>,
    ) -> Result<Plan, Stop> {
        let node = &self.nodes[at.node as usize];
        let sibling: Option<Outputs> = sibling.map(|out| {
            let names = node.ports.outputs.iter().map(|port| port.name.clone());
            names.zip(out.values.iter().map(|(value, _)| value.clone())).collect()
        });
        (spec.plan)(&PlanCx {
            node: &node.id,
            spec,
            params: &node.params,
            inputs,
            element: node.element(at.slot),
            settings: &self.settings,
            take: node.take(at.slot).take,
            memory: self.memories.get(&*node.id).map(String::as_str),
            sibling: sibling.as_ref(),
            needs: resolver,
        })
    }

    /// Plans an item again just to look at what it asks for, and at the calls that it is made of; none while its inputs
    /// are not current.
    pub(crate) fn replan(&self, at: ItemRef) -> Option<(Result<Plan, Stop>, Vec<Wanted>)> {
        let node = &self.nodes[at.node as usize];
        let spec = node.spec.filter(|_| node.problem.is_none())?;
        let (inputs, _) = self.collect(at).ok()?;
        let sibling = node.items[at.slot as usize].sibling;
        let sibling = sibling.and_then(|slot| node.items[slot as usize].out.clone());
        let resolver = self.resolver_of(at).ok()?;
        let planned = self.call_plan(at, spec, &inputs, sibling.as_deref(), &resolver);
        Some((planned, resolver.parts.into_inner()))
    }

    /// A diagnostic that says which item it is about, where it does not yet.
    pub(crate) fn placed(&self, at: ItemRef, mut diagnostic: Diagnostic) -> Diagnostic {
        let node = &self.nodes[at.node as usize];
        if diagnostic.subject.node.is_none() {
            diagnostic.subject.node = Some(node.id.to_string());
            diagnostic.subject.element = node.element(at.slot).map(|id| id.to_string());
        }
        diagnostic
    }

    /// The name of an item, `generate/s2.b1`.
    pub(crate) fn item_name(&self, at: ItemRef) -> String {
        let node = &self.nodes[at.node as usize];
        item_name(&node.id, node.element(at.slot))
    }

    fn find_sibling(&mut self, at: ItemRef) -> Result<(), Box<Diagnostic>> {
        let node = &self.nodes[at.node as usize];
        let (Some(sibling), Shape::Many(elements)) = (node.spec.and_then(|spec| spec.sibling), &node.shape) else {
            return Ok(());
        };
        let elements = elements.clone();
        let ids = elements.as_slice();
        let input = |port: &str, slot: usize| {
            let input = node.inputs.iter().find(|input| input.name == port)?;
            self.input_value(input, slot as u32).ok().map(|(value, _)| value)
        };
        let cx = SiblingCx { params: &node.params, elements: ids, idx: at.slot as usize, input: &input };
        let found = sibling(&cx).filter(|slot| *slot < ids.len()).map(|slot| slot as u32);
        let node = &mut self.nodes[at.node as usize];
        let old = std::mem::replace(&mut node.items[at.slot as usize].sibling, found);
        if old == found {
            return Ok(());
        }
        self.wiring_rev += 1;
        if let Some(old) = old {
            node.sibling_users[old as usize].retain(|slot| *slot != at.slot);
        }
        let Some(found) = found else { return Ok(()) };
        node.sibling_users[found as usize].push(at.slot);
        // A circle needs an edge to a later slot; chains that only look back are not walked.
        node.looks_ahead |= at.slot <= found;
        if !node.looks_ahead {
            return Ok(());
        }
        let mut walk = Some(found);
        while let Some(slot) = walk {
            if slot == at.slot {
                node.items[at.slot as usize].sibling = None;
                node.sibling_users[found as usize].retain(|slot| *slot != at.slot);
                let circle =
                    Diagnostic::error("sibling-circle", "this element depends on itself through others of its node")
                        .at_node(&node.id)
                        .at_element(&ids[at.slot as usize])
                        .hint("let one of them start without another");
                return Err(Box::new(circle));
            }
            walk = node.items[slot as usize].sibling;
        }
        Ok(())
    }
}

/// The key of what a plan gives: of its work, or of the work that its values were read from; of all of them where it
/// is made of several calls.
fn key_of(plan: &Plan, resolver: &Resolver<'_>) -> Option<Digest> {
    match (&plan.outcome, &plan.made_by) {
        (Outcome::Values(outputs), _) if !resolver.parts.borrow().is_empty() => Some(whole::work(outputs).key(None)),
        (Outcome::Work(work), _) | (Outcome::Values(_), Some(work)) => resolver.key_of(Work::clone(work), &plan.scope),
        (Outcome::Values(_), None) => None,
    }
}
