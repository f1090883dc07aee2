//! Decisions of one session's candidates, each made once for all calls that ask for the same.
//!
//! A thousand shots differ in their words; filters and prices look at the length of a prompt at most. So calls with
//! equal properties share one decision, and calls that differ in the length of their prompts share what the filters say
//! of everybody who does not count letters. Remembering by the call itself was rejected: no two shots are the same call.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use model::{Call, Quality, Task};

use super::ladder::{Ladder, climb};
use super::{Candidate, Decision, Filter, Offer, Policy, Ranked, Refusal, Removed, filter, rank, record};
use crate::manifest::{Date, Per, media_seconds, reference_pictures};

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
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Profile {
    is_final: bool,
    seconds: u64,
    size: (u32, u32),
    first_frame: bool,
    last_frame: bool,
    /// Frames and rate of the source clip, as some make just as much.
    source: Option<(u64, u32, u32)>,
    /// Seconds of the sound to follow.
    audio: Option<u64>,
    mask: bool,
    /// References with a picture, and pictures.
    references: (usize, usize),
    negative: bool,
    sound: bool,
    /// Zero where the prompt is too short to matter to anybody.
    prompt_chars: usize,
    options: BTreeMap<String, String>,
}

/// What the filters say of one candidate.
type Verdict<'a> = Result<Ranked<'a>, filter::Why>;

/// The candidates for one task, and what was said of them.
struct Field<'a> {
    /// Those that do such things: their place, and from how many letters on the length of a prompt matters to them.
    able: Vec<(usize, usize)>,
    /// Everybody else, by name.
    others: Vec<Removed<'a>>,
    /// The least of the lengths from which on somebody counts letters.
    counted_from: usize,
    /// What is said of `able` where a prompt is short, by a profile without its length.
    verdicts: BTreeMap<Profile, Arc<Vec<Verdict<'a>>>>,
    judged: BTreeMap<Profile, Arc<Judged<'a>>>,
    routed: BTreeMap<Profile, Routed<'a>>,
}

/// See the module.
pub struct Desk<'a, 'd> {
    candidates: &'d [Candidate<'a>],
    policy: &'d Policy,
    today: Date,
    fields: BTreeMap<Task, Field<'a>>,
}

impl<'a, 'd> Desk<'a, 'd> {
    /// A desk over candidates, whose order does not matter; by name is fastest.
    pub fn new(candidates: &'d [Candidate<'a>], policy: &'d Policy, today: Date) -> Desk<'a, 'd> {
        Desk { candidates, policy, today, fields: BTreeMap::new() }
    }

    /// What the filters say about a call.
    pub fn judge(&mut self, call: &Call) -> Arc<Judged<'a>> {
        let Desk { candidates, policy, today, fields } = self;
        let field = fields.entry(call.task).or_insert_with(|| Field::of(call.task, candidates));
        field.judge(field.profile(call), call, candidates, policy, *today)
    }

    /// Chooses a model for a call by itself.
    pub fn route(&mut self, call: &Call) -> Routed<'a> {
        let Desk { candidates, policy, today, fields } = self;
        let field = fields.entry(call.task).or_insert_with(|| Field::of(call.task, candidates));
        let profile = field.profile(call);
        if let Some(known) = field.routed.get(&profile) {
            return known.clone();
        }
        let judged = Judged::clone(&field.judge(profile.clone(), call, candidates, policy, *today));
        let routed = Arc::new(decide(climb(judged, candidates, &policy.ladder), policy));
        field.routed.insert(profile, routed.clone());
        routed
    }

    /// What the filters say about a call that falls back.
    pub fn judge_from(&mut self, call: &Call, ladder: &Ladder) -> Arc<Judged<'a>> {
        let judged = self.judge(call);
        if ladder.fallen.is_empty() { judged } else { Arc::new(climb(Judged::clone(&judged), self.candidates, ladder)) }
    }
}

impl<'a> Field<'a> {
    fn of(task: Task, candidates: &[Candidate<'a>]) -> Field<'a> {
        let (mut able, mut others) = (Vec::new(), Vec::new());
        for (idx, candidate) in candidates.iter().enumerate() {
            match candidate.offer {
                Offer::Entry(entry) if entry.tasks.contains(&task) => able.push((idx, counted_from(entry))),
                Offer::BuiltIn { tasks, .. } if tasks.contains(&task) => able.push((idx, usize::MAX)),
                offer => {
                    let why = Cow::Borrowed(filter::makes_no(task));
                    others.push(Removed { name: offer.name(), filter: Filter::Task, why });
                }
            }
        }
        others.sort_by_key(|it| it.name);
        Field {
            counted_from: able.iter().map(|(_, from)| *from).min().unwrap_or(usize::MAX),
            able,
            others,
            verdicts: BTreeMap::new(),
            judged: BTreeMap::new(),
            routed: BTreeMap::new(),
        }
    }

    fn profile(&self, call: &Call) -> Profile {
        let chars = call.prompt.chars().count();
        let frames = u64::from(call.n_frames) * u64::from(call.rate.1);
        Profile {
            is_final: call.quality == Quality::Final,
            seconds: frames.div_ceil(u64::from(call.rate.0.max(1))),
            size: call.size,
            first_frame: call.first_frame.is_some(),
            last_frame: call.last_frame.is_some(),
            source: call.source.as_ref().map(|source| match &source.video {
                Some(info) => (info.n_frames, info.rate.0, info.rate.1),
                None => (0, 1, 1),
            }),
            audio: call.audio.as_ref().map(|audio| media_seconds(audio).unwrap_or(0)),
            mask: call.mask.is_some(),
            references: (
                call.references.iter().filter(|reference| !reference.images.is_empty()).count(),
                reference_pictures(call, None).len(),
            ),
            negative: !call.negative.is_empty(),
            sound: call.sound,
            prompt_chars: if self.counted_from <= chars { chars } else { 0 },
            options: call.options.clone(),
        }
    }

    fn judge(
        &mut self,
        profile: Profile,
        call: &Call,
        candidates: &[Candidate<'a>],
        policy: &Policy,
        today: Date,
    ) -> Arc<Judged<'a>> {
        if let Some(known) = self.judged.get(&profile) {
            return known.clone();
        }
        let chars = profile.prompt_chars;
        let verdicts = self.verdicts.entry(Profile { prompt_chars: 0, ..profile.clone() }).or_insert_with(|| {
            let short = Call { prompt: String::new(), ..call.clone() };
            let verdict = |(idx, _): &(usize, usize)| filter::judge(&short, &candidates[*idx], policy, today);
            Arc::new(self.able.iter().map(verdict).collect())
        });
        let mut judged = Judged { task: call.task, passed: Vec::new(), removed: self.others.clone() };
        for ((idx, from), verdict) in self.able.iter().zip(verdicts.iter()) {
            let candidate = &candidates[*idx];
            match *from <= chars {
                true => judged.take(candidate, filter::judge(call, candidate, policy, today)),
                false => judged.take(candidate, verdict.clone()),
            }
        }
        judged.sort();
        let judged = Arc::new(judged);
        self.judged.insert(profile, judged.clone());
        judged
    }
}

/// From how many letters of a prompt on its length matters to a model.
fn counted_from(entry: &crate::Entry) -> usize {
    let counts = |price: &crate::manifest::Price| matches!(price.per, Per::ThousandChars | Per::MillionInputTokens);
    match entry.limits.prompt_chars {
        _ if entry.prices.rules.iter().chain(&entry.prices.extras).any(counts) => 1,
        Some(most) => (most as usize).saturating_add(1),
        None => usize::MAX,
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
    let mut judged = Judged { task: call.task, passed: Vec::new(), removed: Vec::with_capacity(candidates.len()) };
    for candidate in candidates {
        judged.take(candidate, filter::judge(call, candidate, policy, today));
    }
    judged.sort();
    judged
}

impl<'a> Judged<'a> {
    fn take(&mut self, candidate: &Candidate<'a>, verdict: Verdict<'a>) {
        match verdict {
            Ok(ranked) => self.passed.push(ranked),
            Err((filter, why)) => self.removed.push(Removed { name: candidate.offer.name(), filter, why }),
        }
    }

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
