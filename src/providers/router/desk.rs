//! Decisions of one session's candidates, each made once for all calls that ask for the same.
//!
//! A thousand shots differ in their words; filters and prices look at the length of a prompt at most. So calls with
//! equal properties share one decision. Remembering by the call itself was rejected: no two shots are the same call.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use model::{Call, Quality, Task};

use super::ladder::{Ladder, climb};
use super::{Candidate, Decision, Offer, Policy, Ranked, Refusal, Removed, filter, rank, record};
use crate::manifest::{Date, Per, reference_pictures};

/// What the filters say of every candidate: those that pass, without scores, and those that do not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged<'a> {
    pub task: Task,
    pub(super) passed: Vec<Ranked<'a>>,
    pub(super) removed: Vec<Removed<'a>>,
}

/// A decision, or a refusal, that calls share.
pub type Routed<'a> = Arc<Result<Decision<'a>, Refusal<'a>>>;

/// All of a call that decides who can make it, and at which price.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Profile {
    task: Task,
    is_final: bool,
    seconds: u64,
    size: (u32, u32),
    first_frame: bool,
    last_frame: bool,
    /// References with a picture, and pictures.
    references: (usize, usize),
    negative: bool,
    sound: bool,
    /// Zero where the prompt is short enough for everybody and nobody counts its letters.
    prompt_chars: usize,
    options: BTreeMap<String, String>,
}

/// See the module.
pub struct Desk<'a, 'd> {
    candidates: &'d [Candidate<'a>],
    policy: &'d Policy,
    today: Date,
    /// The shortest limit of a prompt.
    shortest_prompt: usize,
    /// Tasks whose prices count letters.
    by_letter: BTreeSet<Task>,
    judged: BTreeMap<Profile, Arc<Judged<'a>>>,
    routed: BTreeMap<Profile, Routed<'a>>,
}

impl<'a, 'd> Desk<'a, 'd> {
    /// A desk over candidates, whose order does not matter; by name is fastest.
    pub fn new(candidates: &'d [Candidate<'a>], policy: &'d Policy, today: Date) -> Desk<'a, 'd> {
        let entries =
            || candidates.iter().filter_map(|it| if let Offer::Entry(it) = it.offer { Some(it) } else { None });
        let limits = entries().filter_map(|entry| entry.limits.prompt_chars);
        let counts_letters = |entry: &&crate::Entry| {
            entry.prices.rules.iter().chain(&entry.prices.extras).any(|price| price.per == Per::ThousandChars)
        };
        Desk {
            candidates,
            policy,
            today,
            shortest_prompt: limits.min().map_or(usize::MAX, |least| least as usize),
            by_letter: entries().filter(counts_letters).flat_map(|entry| entry.tasks.iter().copied()).collect(),
            judged: BTreeMap::new(),
            routed: BTreeMap::new(),
        }
    }

    fn profile(&self, call: &Call) -> Profile {
        let chars = call.prompt.chars().count();
        let is_counted = self.shortest_prompt < chars || self.by_letter.contains(&call.task);
        let frames = u64::from(call.n_frames) * u64::from(call.rate.1);
        Profile {
            task: call.task,
            is_final: call.quality == Quality::Final,
            seconds: frames.div_ceil(u64::from(call.rate.0.max(1))),
            size: call.size,
            first_frame: call.first_frame.is_some(),
            last_frame: call.last_frame.is_some(),
            references: (
                call.references.iter().filter(|reference| !reference.images.is_empty()).count(),
                reference_pictures(call, None).len(),
            ),
            negative: !call.negative.is_empty(),
            sound: call.sound,
            prompt_chars: if is_counted { chars } else { 0 },
            options: call.options.clone(),
        }
    }

    /// What the filters say about a call.
    pub fn judge(&mut self, call: &Call) -> Arc<Judged<'a>> {
        let profile = self.profile(call);
        self.judge_as(profile, call)
    }

    fn judge_as(&mut self, profile: Profile, call: &Call) -> Arc<Judged<'a>> {
        if let Some(known) = self.judged.get(&profile) {
            return known.clone();
        }
        let judged = Arc::new(judge(call, self.candidates, self.policy, self.today));
        self.judged.insert(profile, judged.clone());
        judged
    }

    /// Chooses a model for a call by itself.
    pub fn route(&mut self, call: &Call) -> Routed<'a> {
        let profile = self.profile(call);
        if let Some(known) = self.routed.get(&profile) {
            return known.clone();
        }
        let judged = Judged::clone(&self.judge_as(profile.clone(), call));
        let routed = Arc::new(decide(climb(judged, self.candidates, &self.policy.ladder), self.policy));
        self.routed.insert(profile, routed.clone());
        routed
    }

    /// What the filters say about a call that falls back.
    pub fn judge_from(&mut self, call: &Call, ladder: &Ladder) -> Arc<Judged<'a>> {
        let judged = self.judge(call);
        if ladder.fallen.is_empty() { judged } else { Arc::new(climb(Judged::clone(&judged), self.candidates, ladder)) }
    }
}

/// Chooses a model for a call. The order of the candidates does not matter.
///
/// # Errors
/// Where no candidate passes the filters: who was removed by which, and why.
pub fn route<'a>(
    call: &Call,
    candidates: &[Candidate<'a>],
    policy: &Policy,
    today: Date,
) -> Result<Decision<'a>, Refusal<'a>> {
    decide(climb(judge(call, candidates, policy, today), candidates, &policy.ladder), policy)
}

fn judge<'a>(call: &Call, candidates: &[Candidate<'a>], policy: &Policy, today: Date) -> Judged<'a> {
    let (mut removed, mut passed) = (Vec::with_capacity(candidates.len()), Vec::new());
    for candidate in candidates {
        match filter::judge(call, candidate, policy, today) {
            Ok(ranked) => passed.push(ranked),
            Err((filter, why)) => removed.push(Removed { name: candidate.offer.name(), filter, why }),
        }
    }
    let mut judged = Judged { task: call.task, passed, removed };
    judged.sort();
    judged
}

impl<'a> Judged<'a> {
    /// By name first, which is the order that catalogs have anyway, so that this is one pass over them.
    fn sort(&mut self) {
        self.removed.sort_by(|a, b| (a.name, &a.why).cmp(&(b.name, &b.why)));
        self.removed.sort_by_key(|it| it.filter);
    }

    /// Removes those that passed and for whom there is a reason.
    pub(super) fn removing(
        mut self,
        filter: super::Filter,
        why: impl Fn(&Ranked<'a>) -> Option<Cow<'static, str>>,
    ) -> Judged<'a> {
        let removed = &mut self.removed;
        self.passed.retain(|it| match why(it) {
            Some(why) => {
                removed.push(Removed { name: it.name, filter, why });
                false
            }
            None => true,
        });
        self.sort();
        self
    }
}

/// Ranks those that pass.
pub(super) fn decide<'a>(judged: Judged<'a>, policy: &Policy) -> Result<Decision<'a>, Refusal<'a>> {
    let Judged { task, passed: mut ranked, removed } = judged;
    rank::rank(&mut ranked, policy.aim);
    match ranked.first() {
        None => Err(Refusal { task, removed }),
        Some(first) => {
            let reason = record::reason(&ranked, policy);
            Ok(Decision { choice: first.name, estimate: first.cost, removed, reason, ranked })
        }
    }
}
