//! What a call would become at a model: the length, size and inputs that are asked for, or why it does not fit.
//!
//! Pure, and the only place that turns a call's frames and pixels into a provider's seconds and names: router, price
//! and request all read the same [`Ask`]. Asked-for things are required; nothing is dropped silently.

use model::{Call, Diagnostic, Media, Quality, Task, VOICE};
use serde::{Deserialize, Serialize};

use super::entry::{Can, Entry, Lengths, Rule, Sizes, Term};

/// How far a picture's ratio may be from the one asked for, in thousandths. 1584x672 is sold as 21:9.
const RATIO_TOLERANCE: u64 = 30;

/// An option that is no misfit at a model without it: the prompt says it too, and whoever asks checks the answer.
const SAID_ANYWAY: &str = "schema";

/// The filter that a misfit belongs to, in the router's order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    Task,
    Capability,
    /// Inputs that it cannot take, alone or together.
    Input,
    Limit,
}

/// Why a model cannot do a call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Misfit {
    pub stage: Stage,
    /// A clause: "it takes no last frame".
    pub reason: String,
}

/// Something asked for of which nobody knows whether the model can do it.
pub type Doubt = Misfit;

/// What would be asked of a model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ask {
    pub task: Task,
    pub quality: Quality,
    /// Whole seconds, for clips, sounds and music. At least as long as the call: the result is cut to its frames.
    pub seconds: u32,
    /// Frames of the call itself.
    pub n_frames: u32,
    pub width: u32,
    pub height: u32,
    /// The provider's name of the size (`1280:720`), where sizes have names.
    pub size: Option<String>,
    /// `16:9`.
    pub ratio: Option<String>,
    /// `720p`.
    pub resolution: Option<String>,
    pub first_frame: bool,
    pub last_frame: bool,
    /// Reference pictures that are sent.
    pub references: u32,
    #[serde(default)]
    pub source: bool,
    #[serde(default)]
    pub audio: bool,
    #[serde(default)]
    pub mask: bool,
    pub negative: bool,
    /// Sound is wanted and may come.
    pub sound: bool,
    pub prompt_chars: u32,
    /// Characters of prompt and system prompt together.
    pub input_chars: u32,
    /// Longest answer in tokens, where the call says one.
    pub max_tokens: Option<u32>,
    pub options: Vec<String>,
    /// The operation of the manifest that asks for it.
    pub operation: String,
    /// What is asked for without knowing whether the model can do it. A careful router treats them as misfits.
    pub doubts: Vec<Doubt>,
}

impl Ask {
    /// Whether a term holds.
    pub fn holds(&self, term: &Term) -> bool {
        match term {
            Term::FirstFrame => self.first_frame,
            Term::LastFrame => self.last_frame,
            Term::References => 0 < self.references,
            Term::Source => self.source,
            Term::Audio => self.audio,
            Term::Mask => self.mask,
            Term::Negative => self.negative,
            Term::Sound => self.sound,
            Term::Draft => self.quality == Quality::Draft,
            Term::Final => self.quality == Quality::Final,
            Term::Is(task) => self.task == *task,
            Term::Resolution(name) => self.resolution.as_ref() == Some(name),
            Term::Seconds(seconds) => self.seconds == *seconds,
            Term::Size(name) => self.size.as_ref() == Some(name),
            Term::Pixels(most) => u64::from(self.width) * u64::from(self.height) <= *most,
            Term::Option(name) => self.options.contains(name),
            Term::Not(term) => !self.holds(term),
            Term::Any(terms) => terms.iter().any(|term| self.holds(term)),
        }
    }

    /// How many files go along.
    pub(crate) fn n_files(&self) -> u32 {
        let single = [self.first_frame, self.last_frame, self.source, self.audio, self.mask];
        single.into_iter().map(u32::from).sum::<u32>() + self.references
    }
}

/// The reference pictures of a call in the order in which they are sent: the first picture of every reference, then
/// the second of each, as far as there is room.
pub(crate) fn reference_pictures(call: &Call, most: Option<u32>) -> Vec<&model::Media> {
    let depth = call.references.iter().map(|reference| reference.images.len()).max().unwrap_or(0);
    let rounds = (0..depth).flat_map(|round| call.references.iter().filter_map(move |it| it.images.get(round)));
    rounds.take(most.map_or(usize::MAX, |most| most as usize)).collect()
}

impl Entry {
    /// What the model would be asked for a call. See the module.
    ///
    /// # Errors
    /// Every reason why it certainly cannot do it, in the order of the router's filters.
    pub fn fit(&self, call: &Call) -> Result<Ask, Vec<Misfit>> {
        let mut misfits = Vec::new();
        let mut doubts = Vec::new();
        if !self.tasks.contains(&call.task) {
            let task = format!("{:?}", call.task).to_lowercase();
            return Err(vec![Misfit { stage: Stage::Task, reason: format!("it makes no {task}") }]);
        }
        let mut need = |wanted: bool, can: Can, stage: Stage, what: &str| {
            let found = match can {
                _ if !wanted => return false,
                Can::Yes => return true,
                Can::No => &mut misfits,
                Can::Unknown => &mut doubts,
            };
            let said = if can == Can::No { "it takes no" } else { "nobody knows whether it takes a" };
            found.push(Misfit { stage, reason: format!("{said} {what}") });
            true
        };
        let n_pictures = reference_pictures(call, None).len();
        // Characters without a picture are described in the prompt already.
        let references = need(0 < n_pictures, self.can.references, Stage::Capability, "reference picture");
        let first_frame = need(call.first_frame.is_some(), self.can.first_frame, Stage::Capability, "first frame");
        let last_frame = need(call.last_frame.is_some(), self.can.last_frame, Stage::Capability, "last frame");
        let source = need(call.source.is_some(), self.can.video_references, Stage::Capability, "source clip");
        let audio = need(call.audio.is_some(), self.can.audio_references, Stage::Capability, "sound to follow");
        let mask = need(call.mask.is_some(), self.can.mask, Stage::Capability, "mask");
        let negative = need(!call.negative.is_empty(), self.can.negative, Stage::Capability, "negative prompt");
        let words_only = !(references || first_frame || last_frame || source || audio || mask);
        need(words_only, self.can.prompt_only, Stage::Input, "request of words alone");
        let unknown = |name: &&String| *name != SAID_ANYWAY && !self.options.contains_key(*name);
        for name in call.options.keys().filter(unknown) {
            misfits.push(Misfit { stage: Stage::Capability, reason: format!("it has no option `{name}`") });
        }
        for (name, value) in &call.options {
            let allowed = self.options.get(name).filter(|values| !values.is_empty() && !values.contains(value));
            if let Some(values) = allowed {
                let reason = format!("its option `{name}` is one of {}", values.join(", "));
                misfits.push(Misfit { stage: Stage::Limit, reason });
            }
        }
        if call.task == Task::Voice && self.options.contains_key(VOICE) {
            let found = match self.voice(call) {
                Err(reason) => Some((&mut misfits, reason)),
                Ok(Some((voice, is_own))) if !self.voices.known.iter().any(|known| *known == voice) => {
                    match self.voices.others {
                        Can::No => Some((&mut misfits, format!("it has no voice `{voice}`"))),
                        // Whoever writes a voice for a provider knows it; which of its models has it, a list may tell.
                        others if is_own && (others == Can::Yes || self.voices.known.is_empty()) => None,
                        _ => Some((&mut doubts, format!("nobody knows whether it has a voice `{voice}`"))),
                    }
                }
                Ok(_) => None,
            };
            if let Some((found, reason)) = found {
                found.push(Misfit { stage: Stage::Capability, reason });
            }
        }
        let chars = |text: &str| u32::try_from(text.chars().count()).unwrap_or(u32::MAX);
        let prompt_chars = chars(&call.prompt);
        let system_chars = call.options.get("system").map_or(0, |text| chars(text));
        if let Some(most) = self.limits.prompt_chars.filter(|most| *most < prompt_chars) {
            let reason = match most {
                0 => "it takes no words".to_owned(),
                _ => format!("its prompts have at most {most} characters, this one has {prompt_chars}"),
            };
            misfits.push(Misfit { stage: Stage::Limit, reason });
        }
        if let Some(most) = self.limits.references.filter(|most| *most < call_references(call)) {
            let reason = format!("it takes at most {most} references, not {}", call_references(call));
            misfits.push(Misfit { stage: Stage::Limit, reason });
        }
        let given = [
            ("source clip", self.limits.source_seconds, call.source.as_deref()),
            ("sound to follow", self.limits.audio_seconds, call.audio.as_deref()),
        ];
        for (what, most, media) in given {
            let long = media.and_then(media_seconds).filter(|long| most.is_some_and(|most| u64::from(most) < *long));
            if let (Some(long), Some(most)) = (long, most) {
                let reason = format!("its longest {what} is {most} s, not {long} s");
                misfits.push(Misfit { stage: Stage::Limit, reason });
            }
        }
        let mut limit = |reason: String| misfits.push(Misfit { stage: Stage::Limit, reason });
        let seconds = match call.task {
            Task::Video | Task::Sound | Task::Music => length(&self.limits.seconds, call).unwrap_or_else(|reason| {
                limit(reason);
                0
            }),
            _ => 0,
        };
        let picture = match call.task {
            Task::Video | Task::Image => picture(&self.limits.sizes, call).unwrap_or_else(|reason| {
                limit(reason);
                Picture::default()
            }),
            _ => Picture::default(),
        };
        let mut ask = Ask {
            task: call.task,
            quality: call.quality,
            seconds,
            n_frames: call.n_frames,
            width: picture.width,
            height: picture.height,
            size: picture.size,
            ratio: picture.ratio,
            resolution: picture.resolution,
            first_frame,
            last_frame,
            references: if references { reference_pictures(call, self.limits.references).len() as u32 } else { 0 },
            source,
            audio,
            mask,
            negative,
            sound: call.sound && self.can.sound != Can::No,
            prompt_chars,
            input_chars: prompt_chars.saturating_add(system_chars),
            max_tokens: call.options.get("max_tokens").and_then(|text| text.parse().ok()),
            options: call.options.keys().cloned().collect(),
            operation: String::new(),
            doubts,
        };
        for rule in &self.rules {
            let (broken, said) = match rule {
                Rule::Requires(first, second) => (ask.holds(first) && !ask.holds(second), "only with"),
                Rule::Excludes(first, second) => (ask.holds(first) && ask.holds(second), "not with"),
            };
            if broken {
                let (Rule::Requires(first, second) | Rule::Excludes(first, second)) = rule;
                misfits
                    .push(Misfit { stage: Stage::Input, reason: format!("{} {said} {}", told(first), told(second)) });
            }
        }
        match self.operations.iter().find(|(terms, _)| terms.iter().all(|term| ask.holds(term))) {
            Some((_, operation)) => ask.operation.clone_from(operation),
            None => misfits.push(Misfit { stage: Stage::Input, reason: "it has no way to ask for that".to_owned() }),
        }
        misfits.sort_by_key(|misfit| misfit.stage);
        if misfits.is_empty() { Ok(ask) } else { Err(misfits) }
    }

    /// The same where a misfit ends the matter.
    ///
    /// # Errors
    /// `model-misfit` with every reason.
    pub(crate) fn ask(&self, call: &Call) -> Result<Ask, Diagnostic> {
        self.fit(call).map_err(|misfits| {
            let reasons: Vec<_> = misfits.into_iter().map(|misfit| misfit.reason).collect();
            Diagnostic::error("model-misfit", format!("{} cannot do that: {}", self.title, reasons.join("; ")))
                .at_field("model")
                .hint("choose another model, or ask for less")
        })
    }
}

/// How many references have a picture; each sends at least one.
fn call_references(call: &Call) -> u32 {
    call.references.iter().filter(|reference| !reference.images.is_empty()).count() as u32
}

/// How long a file is, in whole seconds and rounded up.
pub(crate) fn media_seconds(media: &Media) -> Option<u64> {
    let (n, per) = match (&media.video, &media.audio) {
        (Some(info), _) => (u128::from(info.n_frames) * u128::from(info.rate.1), info.rate.0),
        (None, Some(info)) => (u128::from(info.n_samples), info.sample_rate),
        (None, None) => return None,
    };
    u64::try_from(n.div_ceil(u128::from(per.max(1)))).ok()
}

/// The shortest length that is at least the call's.
fn length(lengths: &Lengths, call: &Call) -> Result<u32, String> {
    let frames = u64::from(call.n_frames) * u64::from(call.rate.1);
    let wanted = u32::try_from(frames.div_ceil(u64::from(call.rate.0.max(1)))).unwrap_or(u32::MAX).max(1);
    match lengths {
        Lengths::Unknown => Ok(wanted),
        Lengths::OneOf(all) => all.iter().copied().filter(|length| wanted <= *length).min().ok_or_else(|| {
            format!("its longest {} is {} s, not {wanted} s", what(call.task), all.iter().max().unwrap_or(&0))
        }),
        Lengths::Between(_, most) if *most < wanted => {
            Err(format!("its longest {} is {most} s, not {wanted} s", what(call.task)))
        }
        Lengths::Between(least, _) => Ok(wanted.max(*least)),
        Lengths::Source(most) => {
            let Some(source) = call.source.as_deref() else { return Ok(wanted) };
            let (Some(info), Some(whole)) = (&source.video, media_seconds(source)) else { return Ok(wanted) };
            let whole = u32::try_from(whole).unwrap_or(u32::MAX).max(1);
            // In frames of both rates, so that a clip of just the call's length is long enough.
            let has = u128::from(info.n_frames) * u128::from(info.rate.1) * u128::from(call.rate.0);
            let needs = u128::from(frames) * u128::from(info.rate.0);
            match () {
                () if has < needs => Err("its clip is as long as its source, and that is too short".to_owned()),
                () if *most < whole => Err(format!("its source has at most {most} s, not {whole} s")),
                () => Ok(whole),
            }
        }
    }
}

fn what(task: Task) -> &'static str {
    match task {
        Task::Sound => "sound",
        Task::Music => "piece of music",
        _ => "clip",
    }
}

#[derive(Default)]
struct Picture {
    width: u32,
    height: u32,
    size: Option<String>,
    ratio: Option<String>,
    resolution: Option<String>,
}

/// The smallest size that is at least the call's; for a draft the smallest of its shape.
fn picture(sizes: &Sizes, call: &Call) -> Result<Picture, String> {
    let (width, height) = call.size;
    let (width, height) = (width.max(1), height.max(1));
    let is_draft = call.quality == Quality::Draft;
    match sizes {
        Sizes::Unknown => Ok(Picture { width, height, ratio: Some(simplest(width, height)), ..Picture::default() }),
        Sizes::OneOf(all) => {
            let mut alike: Vec<_> = all.iter().filter(|(_, w, h)| same_shape((*w, *h), (width, height))).collect();
            alike.sort_by_key(|(_, w, h)| u64::from(*w) * u64::from(*h));
            let largest = alike.last().ok_or_else(|| format!("it makes no picture shaped like {width}x{height}"))?;
            let fits = |(_, w, _): &&&(String, u32, u32)| is_draft || width <= w.saturating_add(w / 30);
            let (name, width, height) = alike
                .iter()
                .find(fits)
                .ok_or_else(|| format!("its largest picture of that shape is {}x{}", largest.1, largest.2))?;
            let ratio = Some(simplest(*width, *height));
            Ok(Picture { width: *width, height: *height, size: Some(name.clone()), ratio, resolution: None })
        }
        Sizes::Ratios { ratios, resolutions } => {
            let parsed = ratios.iter().filter_map(|name| Some((name, parse_ratio(name)?)));
            let near = parsed.filter(|(_, ratio)| same_shape(*ratio, (width, height)));
            let (name, ratio) = near
                .min_by_key(|(_, ratio)| distance(*ratio, (width, height)))
                .ok_or_else(|| format!("it makes no picture shaped like {width}x{height}"))?;
            let short = width.min(height);
            let chosen = resolutions.iter().find(|(_, side)| is_draft || short <= *side);
            if let (None, Some((largest, _))) = (chosen, resolutions.last()) {
                return Err(format!("its largest pictures are {largest}, not {short} pixels on the short side"));
            }
            let side = chosen.map_or(short, |(_, side)| *side);
            let long = (u64::from(side) * u64::from(ratio.0.max(ratio.1)) / u64::from(ratio.0.min(ratio.1))) as u32;
            let (width, height) = if ratio.1 <= ratio.0 { (long, side) } else { (side, long) };
            let resolution = chosen.map(|(name, _)| name.clone());
            Ok(Picture { width, height, size: None, ratio: Some(name.clone()), resolution })
        }
        Sizes::Free { multiple, longest, most_pixels, steepest } => {
            let step = (*multiple).max(1);
            let rounded = |side: u32| (side.div_ceil(step) * step).max(step);
            let (w, h) = (rounded(width), rounded(height));
            let (long, short) = (w.max(h), w.min(h));
            if *longest < long || *most_pixels < u64::from(w) * u64::from(h) {
                return Err(format!("{w}x{h} is larger than its largest picture"));
            }
            if u64::from(short) * u64::from(*steepest) < u64::from(long) {
                return Err(format!("{w}x{h} is longer and narrower than its pictures may be"));
            }
            let ratio = Some(simplest(w, h));
            Ok(Picture { width: w, height: h, size: Some(format!("{w}x{h}")), ratio, resolution: None })
        }
    }
}

/// `16:9`; none for `auto` and the like.
fn parse_ratio(name: &str) -> Option<(u32, u32)> {
    let (width, height) = name.split_once(':')?;
    let ratio = (width.parse().ok()?, height.parse().ok()?);
    (0 < ratio.0 && 0 < ratio.1 && ratio.0 < 65_536 && ratio.1 < 65_536).then_some(ratio)
}

/// How far two shapes are apart, in thousandths.
fn distance(a: (u32, u32), b: (u32, u32)) -> u64 {
    let (one, other) = (u64::from(a.0) * u64::from(b.1), u64::from(b.0) * u64::from(a.1));
    let (apart, most) = (one.abs_diff(other), one.max(other).max(1));
    // Routing asks this of every ratio of every model: the wide division is for sizes that no picture has.
    match apart.checked_mul(1000) {
        Some(thousands) => thousands / most,
        None => u64::try_from(u128::from(apart) * 1000 / u128::from(most)).unwrap_or(u64::MAX),
    }
}

fn same_shape(a: (u32, u32), b: (u32, u32)) -> bool {
    distance(a, b) <= RATIO_TOLERANCE
}

/// The ratio in lowest terms.
fn simplest(width: u32, height: u32) -> String {
    let (mut a, mut b) = (width, height);
    while b != 0 {
        (a, b) = (b, a % b);
    }
    format!("{}:{}", width / a.max(1), height / a.max(1))
}

fn told(term: &Term) -> String {
    match term {
        Term::FirstFrame => "a first frame".to_owned(),
        Term::LastFrame => "a last frame".to_owned(),
        Term::References => "references".to_owned(),
        Term::Source => "a source clip".to_owned(),
        Term::Audio => "a sound to follow".to_owned(),
        Term::Mask => "a mask".to_owned(),
        Term::Negative => "a negative prompt".to_owned(),
        Term::Sound => "sound".to_owned(),
        Term::Draft => "draft quality".to_owned(),
        Term::Final => "final quality".to_owned(),
        Term::Is(task) => format!("a task `{task:?}`").to_lowercase(),
        Term::Resolution(name) | Term::Size(name) => name.clone(),
        Term::Seconds(seconds) => format!("{seconds} s"),
        Term::Pixels(most) => format!("at most {most} pixels"),
        Term::Option(name) => format!("option `{name}`"),
        Term::Any(terms) => terms.iter().map(told).collect::<Vec<_>>().join(" or "),
        Term::Not(term) => format!("no {}", told(term).trim_start_matches("a ")),
    }
}
