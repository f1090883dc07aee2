//! One model at one provider: identity, what it can do, its limits and rules.
//!
//! Plain data without methods over the network. Unknown is a value of its own everywhere: taking it for "no" would
//! hide models, taking it for "yes" would buy failures.

use std::collections::BTreeMap;
use std::fmt;

use model::{Call, Task, VOICE, Voices};
use serde::{Deserialize, Serialize};

use super::price::Prices;
use super::provider::Window;
use super::{Date, provider};

/// Where a model runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub enum Place {
    /// Over the public network, for money.
    #[default]
    Hosted,
    /// On this machine or this network: private addresses are allowed.
    Local,
}

/// Whether something can be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub enum Can {
    Yes,
    No,
    #[default]
    Unknown,
}

/// A model at a provider. The fields above `id` are the manifest's, copied into each of its entries.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// `runway/gen4.5`: what graphs, pins and allow lists write.
    #[serde(skip_deserializing, default)]
    pub name: String,
    /// `runway`: also the name of its lane, and the provider in journal and ledger.
    #[serde(skip_deserializing, default)]
    pub provider: String,
    #[serde(skip_deserializing, default)]
    pub place: Place,
    /// Ways to be let in; empty where no credentials are needed.
    #[serde(skip_deserializing, default)]
    pub credentials: Vec<provider::Credential>,
    /// The provider's own name of the model.
    pub id: String,
    /// As people call it.
    pub title: String,
    /// Part of keys: raised when the same id starts to give other results.
    #[serde(default = "one")]
    pub version: u32,
    /// The same text at every provider that runs the same weights: the first step of a fallback.
    pub model: String,
    /// Relatives with a similar look: the second step of a fallback.
    pub family: String,
    pub tasks: Vec<Task>,
    #[serde(default)]
    pub can: Capabilities,
    #[serde(default)]
    pub limits: Limits,
    /// What may not, or must, be asked together.
    #[serde(default)]
    pub rules: Vec<Rule>,
    /// Settings that `Call::options` may hold: name to the values that it takes, or none where any text is taken.
    #[serde(default)]
    pub options: BTreeMap<String, Vec<String>>,
    /// Who speaks, for models that speak.
    #[serde(default)]
    pub voices: VoiceList,
    #[serde(default)]
    pub prices: Prices,
    /// From submission to result, where it is known.
    #[serde(default)]
    pub expected_seconds: Option<u32>,
    /// Jobs of this model at a time; the provider's limit holds as well.
    #[serde(default)]
    pub concurrency: Option<u32>,
    /// Submissions in a window of time.
    #[serde(default)]
    pub rate: Option<Window>,
    /// How long a result can be fetched, in seconds.
    #[serde(default)]
    pub result_seconds: Option<u64>,
    /// The day from which it is refused.
    #[serde(default)]
    pub retires_on: Option<Date>,
    /// Whether equal requests with equal seeds give equal bytes.
    #[serde(default)]
    pub deterministic: bool,
    /// How good it is, coarsely; users edit it.
    #[serde(default)]
    pub tier: Option<Tier>,
    /// Which operation of the manifest asks for it: the first whose terms all hold.
    pub operations: Vec<(Vec<Term>, String)>,
    /// Values that only this model's templates use.
    #[serde(default)]
    pub constants: BTreeMap<String, String>,
    /// Where each group of facts was read: `tasks`, `can`, `limits`, `prices`, ... to a key of the manifest's sources.
    pub facts: BTreeMap<String, String>,
}

fn one() -> u32 {
    1
}

/// What a model takes and makes.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Capabilities {
    /// Works from words alone.
    pub prompt_only: Can,
    pub first_frame: Can,
    pub last_frame: Can,
    /// Pictures of characters, places, props and styles.
    pub references: Can,
    /// A clip to work from: [`model::Call::source`].
    pub video_references: Can,
    /// A sound that the picture follows: [`model::Call::audio`].
    pub audio_references: Can,
    /// A picture that says which part is made anew: [`model::Call::mask`].
    pub mask: Can,
    pub seed: Can,
    pub negative: Can,
    /// Makes sound with its pictures.
    pub sound: Can,
    /// The sound can be turned off.
    pub sound_switch: Can,
}

/// Lengths that can be asked for, in whole seconds.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize)]
pub enum Lengths {
    #[default]
    Unknown,
    /// Any of these, ascending.
    OneOf(Vec<u32>),
    /// Any from the first to the second.
    Between(u32, u32),
    /// As long as the clip that it works from, which has at most so many.
    Source(u32),
}

impl fmt::Display for Lengths {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Lengths::Unknown => Ok(()),
            Lengths::OneOf(all) => {
                let all: Vec<_> = all.iter().map(u32::to_string).collect();
                write!(f, "{} s", all.join(", "))
            }
            Lengths::Between(least, most) => write!(f, "{least} to {most} s"),
            Lengths::Source(most) => write!(f, "its source's, up to {most} s"),
        }
    }
}

/// Picture sizes that can be asked for.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize)]
pub enum Sizes {
    #[default]
    Unknown,
    /// Each by the provider's name for it, width and height.
    OneOf(Vec<(String, u32, u32)>),
    /// A ratio like `16:9` and a resolution by name and short side in pixels, ascending. Without resolutions the
    /// provider chooses how large the picture is.
    Ratios {
        ratios: Vec<String>,
        #[serde(default)]
        resolutions: Vec<(String, u32)>,
    },
    /// Any width and height that are multiples of `multiple`, within bounds on the longer side, the pixels and the
    /// ratio of the longer side to the shorter.
    Free { multiple: u32, longest: u32, most_pixels: u64, steepest: u32 },
}

/// The voices of a model.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct VoiceList {
    /// Voices that it has, by the names that requests write.
    pub known: Vec<String>,
    /// Whether it has others: a user's own, by their ids.
    pub others: Can,
    /// Who speaks where a call says nothing.
    pub default: Option<String>,
}

impl VoiceList {
    /// How many there are in a few words; empty where nothing is known of any.
    pub fn summary(&self) -> String {
        match (self.known.len(), self.others) {
            (0, Can::Yes) => "voices by id".to_owned(),
            (0, _) => String::new(),
            (n, Can::Yes) => format!("{n} voices and others by id"),
            (n, _) => format!("{n} voices"),
        }
    }
}

/// Bounds of a request. What is none or unknown is not known, and not checked.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    pub seconds: Lengths,
    pub sizes: Sizes,
    /// Frames per second that it makes; empty where unknown.
    pub fps: Vec<u32>,
    /// Most reference pictures.
    pub references: Option<u32>,
    /// Most characters of a prompt.
    pub prompt_chars: Option<u32>,
    /// Largest seed.
    pub seed: Option<u64>,
    /// Largest picture, clip or sound that is sent along, in bytes.
    pub image_bytes: Option<u64>,
    /// Longest clip to work from.
    pub source_seconds: Option<u32>,
    /// Longest sound to follow.
    pub audio_seconds: Option<u32>,
}

/// A property of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Term {
    FirstFrame,
    LastFrame,
    References,
    /// A clip to work from.
    Source,
    /// A sound that the picture follows.
    Audio,
    Mask,
    Negative,
    /// Sound is wanted.
    Sound,
    Draft,
    Final,
    Is(Task),
    /// The resolution by its name in [`Sizes`].
    Resolution(String),
    Seconds(u32),
    /// The size by its name in [`Sizes`].
    Size(String),
    /// The picture has at most so many pixels.
    Pixels(u64),
    /// An option with this name is given.
    Option(String),
    Not(Box<Term>),
    /// One of them at least.
    Any(Vec<Term>),
}

/// What goes together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Rule {
    /// Where the first holds, the second must.
    Requires(Term, Term),
    /// Never both.
    Excludes(Term, Term),
}

/// Quality from 1 to 5.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tier {
    pub tier: u8,
    /// A key of the manifest's sources.
    pub source: String,
}

impl Entry {
    /// What it may take and do, by name.
    pub fn abilities(&self) -> Vec<(&'static str, Can)> {
        let can = &self.can;
        let mut found = vec![
            ("words alone", can.prompt_only),
            ("first frame", can.first_frame),
            ("last frame", can.last_frame),
            ("references", can.references),
            ("seed", can.seed),
            ("negative prompt", can.negative),
        ];
        if self.tasks.contains(&Task::Video) {
            found.push(("sound", can.sound));
            if can.sound != Can::No {
                found.push(("silence", can.sound_switch));
            }
            found.extend([("source clip", can.video_references), ("sound to follow", can.audio_references)]);
        }
        if self.tasks.iter().any(|task| matches!(task, Task::Image | Task::Video)) {
            found.push(("mask", can.mask));
        }
        found
    }

    /// The voice that it speaks a call with, and whether that is written for it. None where it is up to the provider.
    ///
    /// # Errors
    /// A clause: why it is not known whose voice it would be.
    pub fn voice<'a>(&'a self, call: &Call) -> Result<Option<(std::borrow::Cow<'a, str>, bool)>, String> {
        let Some(text) = call.options.get(VOICE) else {
            return Ok(self.voices.default.as_deref().map(|voice| (voice.into(), true)));
        };
        let voices = Voices::parse(text)?;
        match voices.at(&self.name) {
            Some((voice, is_own)) => Ok(Some((voice.to_owned().into(), is_own))),
            None => Err(format!("no voice is given for it, only {voices}")),
        }
    }

    /// Whether it may still be used on a day.
    pub fn is_retired(&self, today: Date) -> bool {
        self.retires_on.is_some_and(|day| day <= today)
    }
}
