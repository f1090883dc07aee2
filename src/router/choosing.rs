//! Choosing for calls: alone, by name, or together where shots share a character.
//!
//! Looks up what binds them (what is made, who is at work, who failed) and leaves the choice to the pure router.

use std::collections::BTreeMap;
use std::sync::Arc;

use engine::models::{Asked, Chosen, Falls};
use engine::record::Record;
use model::policy::{Aim, Consent, Consistency, Policy};
use model::{Call, Diagnostic, Digest, ModelChoice, Quality, Task, walk};
use providers::lasting;
use providers::manifest::{Date, Entry};
use providers::router::{
    self, Anchor, Candidate, Desk, Doubts, Fallen, Filter, Ladder, Offer, Removed, route, together,
};

use super::kept::{self, Kept};
use super::wish::{self, Wish};
use super::{MOST_REMEMBERED, Router, World, locked};

/// A call on its way to a choice.
struct Member<'a> {
    /// Its place among those that were asked.
    place: usize,
    asked: Asked<'a>,
    ask: Digest,
    fallen: Vec<Fallen>,
}

/// Calls that share a choice.
struct Group<'a> {
    wish: Wish,
    /// Who is seen in them, where that is what ties them.
    of: Vec<String>,
    members: Vec<Member<'a>>,
}

impl Router {
    pub(super) fn choose_all(&self, policy: &Policy, asked: &[Asked<'_>]) -> Vec<Result<Chosen, Diagnostic>> {
        let mut answers: Vec<Option<Result<Chosen, Diagnostic>>> = vec![None; asked.len()];
        let mut groups = Vec::new();
        let mut tied: BTreeMap<(Task, bool, String), (Wish, Vec<Member<'_>>)> = BTreeMap::new();
        for (place, it) in asked.iter().enumerate() {
            let wish = match wish::of(policy, it, &|| self.world()) {
                Ok(Wish::Previs(reason)) => {
                    answers[place] = Some(previs(it.call, &reason));
                    continue;
                }
                Ok(wish) => wish,
                Err(conflict) => {
                    answers[place] = Some(Err(conflict));
                    continue;
                }
            };
            let text = wish.text();
            let ask = walk::digest_of(&("ask", it.digest, &text));
            let fallen = locked(&self.fallen).get(&ask).cloned().unwrap_or_default();
            let member = Member { place, asked: *it, ask, fallen };
            let is_tied = matches!(wish, Wish::Aim(_))
                && policy.consistency == Consistency::ByCharacter
                && !it.scope.characters.is_empty();
            match is_tied {
                true => {
                    let tie = (it.call.task, it.call.quality == Quality::Final, text);
                    tied.entry(tie).or_insert_with(|| (wish, Vec::new())).1.push(member);
                }
                false => groups.push(Group { wish, of: Vec::new(), members: vec![member] }),
            }
        }
        for (wish, members) in tied.into_values() {
            groups.extend(components(&wish, members));
        }
        if !groups.is_empty() {
            self.choose_groups(policy, groups, &mut answers);
        }
        let lost = || Err(Diagnostic::error("no-model", "BUG: nobody chose a model for this call"));
        answers.into_iter().map(|answer| answer.unwrap_or_else(lost)).collect()
    }

    fn choose_groups(
        &self,
        policy: &Policy,
        groups: Vec<Group<'_>>,
        answers: &mut [Option<Result<Chosen, Diagnostic>>],
    ) {
        let world = self.world();
        let candidates = self.candidates(world);
        // Policies differ by their aim alone; one desk serves the calls of one aim.
        let mut policies: BTreeMap<String, router::Policy> = BTreeMap::new();
        for group in &groups {
            if let Wish::Aim(aim) = group.wish {
                policies.entry(group.wish.text()).or_insert_with(|| routing(policy, aim));
            }
        }
        let mut desks: BTreeMap<&str, Desk<'_, '_>> = policies
            .iter()
            .map(|(text, policy)| (text.as_str(), Desk::new(&candidates, policy, (self.today)())))
            .collect();
        let mut records = BTreeMap::new();
        for mut group in groups {
            // Who was asked in which order does not matter.
            group.members.sort_by_key(|member| (member.ask, member.place));
            let kept: Vec<_> = group.members.iter().map(|it| self.kept(it.ask, it.asked.call, policy, world)).collect();
            let question = question(policy, &group, &kept);
            let known = locked(&self.decided).get(&question).cloned();
            let chosen = known.unwrap_or_else(|| {
                let chosen = match &group.wish {
                    Wish::Aim(aim) => {
                        let text = group.wish.text();
                        let desk = desks.get_mut(text.as_str()).expect("every aim has a desk");
                        let mut asked = Together {
                            router: self,
                            world,
                            candidates: &candidates,
                            policy,
                            aim: *aim,
                            records: &mut records,
                        };
                        asked.choose(&group, kept, desk)
                    }
                    Wish::Named { name, why } => {
                        let one = |(member, kept): (&Member<'_>, _)| self.named(policy, member, kept, name, why, world);
                        group.members.iter().zip(kept).map(one).collect()
                    }
                    Wish::Previs(reason) => group.members.iter().map(|it| previs(it.asked.call, reason)).collect(),
                };
                let chosen = Arc::new(chosen);
                let mut decided = locked(&self.decided);
                if MOST_REMEMBERED <= decided.len() {
                    decided.shift_remove_index(0);
                }
                decided.insert(question, chosen.clone());
                chosen
            });
            for (member, chosen) in group.members.iter().zip(chosen.iter()) {
                answers[member.place] = Some(chosen.clone());
            }
        }
    }

    /// A model by its name, if it can do the call. It falls back to the same model elsewhere where the graph says so.
    fn named(
        &self,
        policy: &Policy,
        member: &Member<'_>,
        kept: Result<Option<Kept>, Diagnostic>,
        name: &str,
        why: &str,
        world: &World,
    ) -> Result<Chosen, Diagnostic> {
        let call = member.asked.call;
        let entry = world.catalog.entry(name).ok_or_else(|| unknown(name, world))?;
        if let Some(kept) = kept?.filter(|kept| kept.model != entry.name) {
            return Ok(kept.chosen(member.ask, world.catalog.entry(&kept.model), why));
        }
        if let Some(kept) = self.kept_of_old(call, [entry], world)? {
            return Ok(kept.chosen(member.ask, Some(entry), why));
        }
        let consent = policy.fallback.unwrap_or(Consent::Off).min(Consent::SameModel);
        let ladder = Ladder { consent, fallen: member.fallen.clone() };
        let routing = router::Policy { doubts: Doubts::Accept, ladder, ..routing(policy, Aim::Cheapest) };
        let candidates = match member.fallen.is_empty() {
            true => vec![self.candidate(entry, world)],
            false => self.candidates(world),
        };
        let falls = if consent == Consent::Off { Falls::Never } else { falls(policy, consent) };
        match route(call, &candidates, &routing, (self.today)()) {
            Ok(decision) => {
                let entry = world.catalog.entry(decision.choice).unwrap_or(entry);
                let doubts = entry.fit(call).map(|ask| ask.doubts).unwrap_or_default();
                let doubts = doubts.into_iter().map(|doubt| format!("  in doubt: {}", doubt.reason));
                let first = match member.fallen.is_empty() {
                    true => why.to_owned(),
                    false => format!("{why}: {name}; {}", decision.reason),
                };
                let lines: Vec<_> = std::iter::once(first).chain(doubts).collect();
                // Who is named is no choice: there is a record where it falls back.
                let record = (!member.fallen.is_empty()).then(|| Arc::new(decision.record()));
                Ok(Chosen { falls, record, ..chosen(entry, decision.estimate, lines.join("\n"), member.ask) })
            }
            Err(refusal) => {
                let removed = refusal.removed.iter().find(|it| it.name == entry.name).or(refusal.removed.first());
                let is_able = removed.is_some_and(|it| !it.filter.is_about_ability());
                if let Some(removed) = removed.filter(|it| is_able && it.filter != Filter::AllowAndDeny) {
                    let written = ModelChoice::Named(entry.name.clone());
                    let key = kept::key(call, &written, &entry.name, entry.version);
                    let is_bought = || self.is_bought(&key);
                    if self.is_made(&key)? || is_bought()? {
                        let today = format!("{why}; it has made this already; today it could not, as {}", removed.why);
                        return Ok(Chosen { cost: Some(0), ..chosen(entry, None, today, member.ask) });
                    }
                }
                Err(removed.map_or_else(|| refusal.diagnostic(), refused))
            }
        }
    }
}

/// The record of a choice, shared by calls that were decided alike.
type Routed = Arc<Record>;

/// What calls that share a choice are chosen by.
struct Together<'r, 'w> {
    router: &'r Router,
    world: &'w World,
    candidates: &'r [Candidate<'w>],
    policy: &'r Policy,
    aim: Aim,
    /// Records of the decisions that desks have made, by where they lie: the desks keep them there.
    records: &'r mut BTreeMap<usize, Routed>,
}

impl<'w> Together<'_, 'w> {
    fn choose(
        &mut self,
        group: &Group<'_>,
        kept: Vec<Result<Option<Kept>, Diagnostic>>,
        desk: &mut Desk<'w, '_>,
    ) -> Vec<Result<Chosen, Diagnostic>> {
        let mut kept = kept;
        for (member, kept) in group.members.iter().zip(&mut kept) {
            if matches!(kept, Ok(None)) && !self.world.old.is_empty() {
                let entries = self.world.catalog.entries();
                let able = entries.into_iter().filter(|entry| {
                    entry.fit(member.asked.call).is_ok()
                        && router::is_listed(entry, &self.policy.allow, &self.policy.deny)
                });
                *kept = self.router.kept_of_old(member.asked.call, able, self.world);
            }
        }
        let free: Vec<usize> = (0..kept.len()).filter(|idx| matches!(kept[*idx], Ok(None))).collect();
        let mut routed = self.route(group, &kept, &free, desk).into_iter();
        let falls = falls(self.policy, self.policy.consent());
        kept.into_iter()
            .zip(&group.members)
            .map(|(kept, member)| match kept {
                Err(unreadable) => Err(unreadable),
                Ok(Some(kept)) => Ok(kept.chosen(member.ask, self.world.catalog.entry(&kept.model), "")),
                Ok(None) => {
                    let lost = || Err(Diagnostic::error("no-model", "BUG: a call was not routed"));
                    let record = routed.next().unwrap_or_else(lost)?;
                    let name = &record.choice;
                    let entry = self.world.catalog.entry(name).ok_or_else(|| unknown(name, self.world))?;
                    let chosen = chosen(entry, record.estimate_microusd, record.reason.clone(), member.ask);
                    Ok(Chosen { falls, record: Some(record), ..chosen })
                }
            })
            .collect()
    }

    /// The pure choice for those that are free.
    fn route(
        &mut self,
        group: &Group<'_>,
        kept: &[Result<Option<Kept>, Diagnostic>],
        free: &[usize],
        desk: &mut Desk<'w, '_>,
    ) -> Vec<Result<Routed, Diagnostic>> {
        let mut fallen: Vec<Fallen> = Vec::new();
        for it in group.members.iter().flat_map(|member| &member.fallen) {
            if !fallen.iter().any(|known| known.name == it.name) {
                fallen.push(it.clone());
            }
        }
        if group.of.is_empty() && fallen.is_empty() {
            let mut one = |idx: &usize| {
                let routed = desk.route(group.members[*idx].asked.call);
                match &*routed {
                    Ok(decision) => {
                        let place = Arc::as_ptr(&routed).addr();
                        Ok(self.records.entry(place).or_insert_with(|| Arc::new(decision.record())).clone())
                    }
                    Err(refusal) => Err(refusal.diagnostic()),
                }
            };
            return free.iter().map(&mut one).collect();
        }
        let ladder = Ladder { consent: self.policy.consent(), fallen };
        let routing = router::Policy { ladder, ..routing(self.policy, self.aim) };
        let judged: Vec<_> =
            free.iter().map(|idx| desk.judge_from(group.members[*idx].asked.call, &routing.ladder)).collect();
        let of = group.of.join(", ");
        let anchor = self.anchor(group, kept);
        let anchor = anchor.map(|entry| Anchor { name: &entry.name, model: Some(&entry.model) });
        if group.of.is_empty() {
            let today = (self.router.today)();
            let one = |idx: &usize| match route(group.members[*idx].asked.call, self.candidates, &routing, today) {
                Ok(decision) => Ok(Arc::new(decision.record())),
                Err(refusal) => Err(refusal.diagnostic()),
            };
            return free.iter().map(one).collect();
        }
        // Calls that the filters say the same of have one decision, and so one record.
        let mut records: BTreeMap<usize, Result<Routed, Diagnostic>> = BTreeMap::new();
        let one = |routed: &router::Routed<'_>| {
            let record = || match &**routed {
                Ok(decision) => Ok(Arc::new(decision.record())),
                Err(refusal) => Err(refusal.diagnostic()),
            };
            records.entry(Arc::as_ptr(routed).addr()).or_insert_with(record).clone()
        };
        together(&judged, anchor, self.candidates, &routing, &of).iter().map(one).collect()
    }

    /// Who made most of the group, or is at it.
    fn anchor(&self, group: &Group<'_>, kept: &[Result<Option<Kept>, Diagnostic>]) -> Option<&'w Entry> {
        let mut bound: BTreeMap<&str, usize> = BTreeMap::new();
        for (kept, member) in kept.iter().zip(&group.members) {
            let made = kept.as_ref().ok().and_then(Option::as_ref).map(|kept| kept.model.as_str());
            // Whoever fell in this run is not at work any more.
            let at_work = member.asked.at_work.filter(|name| !member.fallen.iter().any(|it| it.name == *name));
            if let Some(name) = made.or(at_work) {
                *bound.entry(name).or_default() += 1;
            }
        }
        let most = bound.into_iter().rev().max_by_key(|(_, n)| *n)?;
        self.world.catalog.entry(most.0)
    }
}

/// Everything that an answer depends on besides the world, as one digest.
fn question(policy: &Policy, group: &Group<'_>, kept: &[Result<Option<Kept>, Diagnostic>]) -> Digest {
    let members = group.members.iter().zip(kept).map(|(member, kept)| {
        let kept = kept.as_ref().ok().and_then(Option::as_ref).map(|kept| kept.model.as_str());
        let fallen: Vec<&str> = member.fallen.iter().map(|it| it.name.as_str()).collect();
        (member.ask, member.asked.at_work, kept, fallen)
    });
    let says = match &group.wish {
        Wish::Previs(why) | Wish::Named { why, .. } => why.as_str(),
        Wish::Aim(_) => "",
    };
    let lists = (&policy.allow, &policy.deny, policy.fallback, policy.after_refusal);
    walk::digest_of(&(members.collect::<Vec<_>>(), group.wish.text(), says, &group.of, lists))
}

/// Calls that share a character, directly or through others.
fn components<'a>(wish: &Wish, members: Vec<Member<'a>>) -> Vec<Group<'a>> {
    let mut names: BTreeMap<&str, usize> = BTreeMap::new();
    let mut parents: Vec<usize> = Vec::new();
    fn root(parents: &mut [usize], mut idx: usize) -> usize {
        while parents[idx] != idx {
            parents[idx] = parents[parents[idx]];
            idx = parents[idx];
        }
        idx
    }
    let mut firsts = Vec::with_capacity(members.len());
    for member in &members {
        let mut first = None;
        for name in &member.asked.scope.characters {
            let idx = *names.entry(name).or_insert_with(|| {
                parents.push(parents.len());
                parents.len() - 1
            });
            let own = root(&mut parents, idx);
            match first {
                None => first = Some(own),
                Some(other) => {
                    let other = root(&mut parents, other);
                    parents[own.max(other)] = own.min(other);
                }
            }
        }
        firsts.push(first.unwrap_or_default());
    }
    let mut of: BTreeMap<usize, Vec<String>> = BTreeMap::new();
    for (name, idx) in names {
        of.entry(root(&mut parents, idx)).or_default().push(name.to_owned());
    }
    let mut groups: BTreeMap<usize, Vec<Member<'a>>> = BTreeMap::new();
    for (member, first) in members.into_iter().zip(firsts) {
        groups.entry(root(&mut parents, first)).or_default().push(member);
    }
    let group = |(root, members)| Group { wish: wish.clone(), of: of.get(&root).cloned().unwrap_or_default(), members };
    groups.into_iter().map(group).collect()
}

/// The graph's policy as the pure router takes it.
fn routing(policy: &Policy, aim: Aim) -> router::Policy {
    router::Policy { allow: policy.allow.clone(), deny: policy.deny.clone(), ..router::Policy::of(aim) }
}

fn falls(policy: &Policy, consent: Consent) -> Falls {
    match (consent, policy.after_refusal) {
        (Consent::Off, _) => Falls::Never,
        (_, false) => Falls::ForFaults,
        (_, true) => Falls::ForRefusals,
    }
}

/// The animatic, which takes everything but text.
fn previs(call: &Call, reason: &str) -> Result<Chosen, Diagnostic> {
    if !animatic::TASKS.contains(&call.task) {
        let own = Candidate::untried(Offer::BuiltIn { name: animatic::MODEL, tasks: animatic::TASKS });
        let told = match route(call, &[own], &router::Policy::of(Aim::Cheapest), Date(0, 1, 1)) {
            Err(refusal) => refusal.diagnostic(),
            Ok(_) => Diagnostic::error("no-model", "BUG: the animatic takes what it does not make").at_field("model"),
        };
        return Err(told
            .hint("the built-in model draws and sounds, but writes nothing; name another one, or write \"cheapest\""));
    }
    if let Some(name) = call.options.keys().find(|name| !animatic::options(call.task).contains(&name.as_str())) {
        let message = format!("the built-in previs model has no option `{name}`");
        let told = Diagnostic::error("no-model", message).at_field("options");
        let told = match animatic::options(call.task) {
            [] => told,
            names => told.hint(format!("it has: {}", names.join(", "))),
        };
        return Err(told.hint("name the model that the option is for"));
    }
    // It draws from words, key frames and references.
    let inputs = [
        (call.source.is_some(), "source clip"),
        (call.audio.is_some(), "sound to follow"),
        (call.mask.is_some(), "mask"),
    ];
    if let Some((_, what)) = inputs.iter().find(|(is_given, _)| *is_given) {
        let message = format!("the built-in previs model takes no {what}");
        let told = Diagnostic::error("no-model", message).at_field("model");
        return Err(told.hint("name a model that takes one, or write \"cheapest\"; `throughline models` says who does"));
    }
    Ok(Chosen {
        model: animatic::MODEL.to_owned(),
        version: animatic::VERSION,
        // As it stands: these keys are as old as the animatic, and nobody pays for them.
        choice: match &call.model {
            ModelChoice::Named(name) if name == animatic::MODEL => call.model.clone(),
            _ => ModelChoice::Auto,
        },
        lane: "animatic",
        cost: Some(0),
        deterministic: true,
        reason: reason.to_owned(),
        record: None,
        ask: None,
        falls: Falls::Never,
    })
}

fn chosen(entry: &Entry, cost: Option<u64>, reason: String, ask: Digest) -> Chosen {
    Chosen {
        model: entry.name.clone(),
        version: entry.version,
        choice: ModelChoice::Named(entry.name.clone()),
        lane: lasting(&entry.provider),
        cost,
        deterministic: entry.deterministic,
        reason,
        record: None,
        ask: Some(ask),
        falls: Falls::Never,
    }
}

/// A named model that a filter removes.
fn refused(removed: &Removed<'_>) -> Diagnostic {
    let (name, filter, why) = (removed.name, removed.filter.title(), &removed.why);
    let told = Diagnostic::error("no-model", format!("{name} cannot make this, by {filter}: {why}")).at_field("model");
    let told = match removed.filter {
        Filter::Credentials => told.hint("set a key with `throughline keys set NAME`, or in the environment"),
        Filter::Health => told.hint("run again later, or name another model"),
        Filter::AllowAndDeny => told.hint("change `allow` and `deny` in the graph's `settings.models`"),
        _ => told.hint("change what is asked for, or name another model"),
    };
    told.hint("`model: \"auto\"` draws it as previs; \"cheapest\" chooses among the models that can make it")
}

fn unknown(name: &str, world: &World) -> Diagnostic {
    let told = Diagnostic::error("unknown-model", format!("there is no model `{name}`")).at_field("model");
    // What keeps a workflow from being a model is told where it is asked for.
    let own = name.strip_prefix("comfy/").filter(|own| !own.is_empty());
    let about = |it: &&Diagnostic| it.code.starts_with("comfy") && own.is_some_and(|own| it.message.contains(own));
    let kept_out = world.catalog.diagnostics().iter().filter(about);
    let told =
        kept_out.fold(told, |told, it| it.hints.iter().fold(told.hint(it.message.clone()), |told, it| told.hint(it)));
    let provider = name.split('/').next().unwrap_or_default();
    let near: Vec<_> = match world.catalog.manifest(provider) {
        Some(manifest) => manifest.models.iter().map(|entry| entry.name.as_str()).take(12).collect(),
        None => Vec::new(),
    };
    let told = if near.is_empty() { told } else { told.hint(format!("of that provider: {}", near.join(", "))) };
    let names = Aim::NAMES.join("\", \"");
    told.hint(format!("use \"auto\" or \"{}\" for previs, or \"{names}\" for a hosted model", animatic::MODEL))
        .hint("`throughline models` lists the names")
}
