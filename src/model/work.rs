//! Work: the complete, hashable description of what an item asks for.
//!
//! Nothing in here names a node, a position or a file name, so that equal requests share one result wherever they
//! stand. What a worker needs and a key must not see travels in `Job` (engine), not here.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{Digest, Image, Media, Rate, Recipe, Reference, Shot, VOICE, Value, Voices, walk};

/// What an item asks for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Work {
    /// A model makes something.
    Call(Box<Call>),
    /// Arithmetic on artifacts.
    Compute(Compute),
    /// A file from a recipe.
    Render(Render),
    /// A file enters the store.
    Import(Import),
}

/// What a model is asked to make.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Task {
    Image,
    Video,
    Text,
    Voice,
    Sound,
    Music,
}

/// Which model: the router's choice, or a name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ModelChoice {
    Auto,
    Named(String),
}

impl ModelChoice {
    /// What a graph writes: nothing or `auto`, or a name.
    pub fn written(text: &str) -> ModelChoice {
        match text.trim() {
            "" | "auto" => ModelChoice::Auto,
            name => ModelChoice::Named(name.to_owned()),
        }
    }
}

/// How good, how slow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Quality {
    Draft,
    Final,
}

/// One request to a model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Call {
    pub task: Task,
    pub model: ModelChoice,
    pub quality: Quality,
    pub prompt: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub negative: String,
    /// `Shot::content` of the shot, for models that read structure (the animatic does).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shot: Option<Arc<Shot>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<Arc<Reference>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_frame: Option<Image>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_frame: Option<Image>,
    /// A clip to work from: it is restyled, edited or followed, as the model does it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Arc<Media>>,
    /// A sound that the picture follows: speech for lips, music for cuts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audio: Option<Arc<Media>>,
    /// Which part of the picture is made anew: what is white here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mask: Option<Image>,
    /// Width and height in pixels.
    pub size: (u32, u32),
    pub rate: Rate,
    /// Length of a clip; 1 for an image.
    pub n_frames: u32,
    pub seed: u64,
    /// Attempt number, from 1.
    pub take: u32,
    /// What the slate shows; none turns it off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slate: Option<Slate>,
    /// Whether dialogue is drawn on the picture.
    pub captions: bool,
    /// Whether sound is wanted.
    pub sound: bool,
    /// Model-specific settings by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub options: BTreeMap<String, String>,
}

impl Call {
    /// A draft in words alone, by any model: one frame without a size, with nothing given to start from.
    pub fn new(task: Task, prompt: impl Into<String>) -> Call {
        Call {
            task,
            model: ModelChoice::Auto,
            quality: Quality::Draft,
            prompt: prompt.into(),
            negative: String::new(),
            shot: None,
            references: Vec::new(),
            first_frame: None,
            last_frame: None,
            source: None,
            audio: None,
            mask: None,
            size: (0, 0),
            rate: Rate::FILM,
            n_frames: 1,
            seed: 0,
            take: 1,
            slate: None,
            captions: false,
            sound: false,
            options: BTreeMap::new(),
        }
    }

    /// The digest of what is asked for, whoever makes it.
    pub fn digest(&self) -> Digest {
        match self.model {
            ModelChoice::Auto => walk::digest_of(self),
            ModelChoice::Named(_) => walk::digest_of(&Call { model: ModelChoice::Auto, ..self.clone() }),
        }
    }

    /// The call as the model that was chosen for it gets it: by the name that keys write, with its own voice.
    #[must_use]
    pub fn at(&self, written: &ModelChoice, model: &str) -> Call {
        let mut call = Call { model: written.clone(), ..self.clone() };
        let voices = call.options.get(VOICE).and_then(|text| Voices::parse(text).ok());
        if let Some(voices) = voices.filter(|voices| !voices.own.is_empty()) {
            match voices.at(model) {
                Some((voice, _)) => call.options.insert(VOICE.to_owned(), voice.to_owned()),
                None => call.options.remove(VOICE),
            };
        }
        call
    }
}

/// The slate's fields that come from identity; lens and timecode are known from the shot.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Slate {
    pub scene: String,
    pub shot: String,
}

/// A named operation on values, versioned: a new version is a new key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Compute {
    pub op: String,
    pub version: u32,
    pub args: BTreeMap<String, Value>,
}

/// A file to make from a recipe.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Render {
    pub recipe: Arc<Recipe>,
    pub settings: RenderSettings,
}

/// Codecs and container of a rendered file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RenderSettings {
    pub form: RenderForm,
    /// x264 constant rate factor, 0 (lossless) to 51.
    pub crf: u32,
    /// x264 speed preset: `ultrafast` to `veryslow`.
    pub preset: String,
    /// Kilobits per second of AAC sound; 0 for a silent file.
    pub audio_kbps: u32,
}

/// What kind of file a render makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RenderForm {
    /// MP4 with H.264 and AAC.
    Mp4,
    /// One PNG: the recipe's first frame.
    Png,
    /// WAV, 48 kHz stereo, 16 bits.
    Wav,
}

impl Default for RenderSettings {
    fn default() -> RenderSettings {
        RenderSettings { form: RenderForm::Mp4, crf: 20, preset: "veryfast".to_owned(), audio_kbps: 192 }
    }
}

/// What kind of file enters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ImportKind {
    /// UTF-8 text, read whole, as `Value::Text` on port `value`.
    Text,
    Image,
    Clip,
    Audio,
    /// The names in a folder, as a list of `Value::Text` paths on port `value`.
    Folder,
}

/// A file that enters the store. The key covers kind and content; the path is how to find it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Import {
    pub kind: ImportKind,
    /// Relative to the graph's folder, with `/`.
    pub path: String,
    /// Digest of the content, filled in by the engine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<Digest>,
    /// Clips: the rate that frames are counted at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<Rate>,
}

/// Bumped when the meaning of a worker's operation changes, so that old results are made again.
const WORK_VERSION: u32 = 1;

impl Work {
    /// One lower-case word: what kind of work this is.
    pub fn kind(&self) -> &'static str {
        match self {
            Work::Call(_) => "call",
            Work::Compute(_) => "compute",
            Work::Render(_) => "render",
            Work::Import(_) => "import",
        }
    }

    /// The key: the digest of every ingredient. `model` is the chosen model and its version for a call.
    pub fn key(&self, model: Option<(&str, u32)>) -> Digest {
        walk::digest_of(&Keyed { version: WORK_VERSION, model, work: &self.keyed() })
    }

    /// The key's ingredients with their dotted paths, from the same walk.
    pub fn ingredients(&self, model: Option<(&str, u32)>) -> Vec<(String, String)> {
        walk::ingredients_of(&Keyed { version: WORK_VERSION, model, work: &self.keyed() })
    }

    fn keyed(&self) -> std::borrow::Cow<'_, Work> {
        match self {
            Work::Import(import) => {
                std::borrow::Cow::Owned(Work::Import(Import { path: String::new(), ..import.clone() }))
            }
            _ => std::borrow::Cow::Borrowed(self),
        }
    }
}

#[derive(Serialize)]
struct Keyed<'a> {
    version: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<(&'a str, u32)>,
    work: &'a Work,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_providers_voice_is_in_no_key() {
        let call = |voice: &str| Call {
            options: [("voice".to_owned(), voice.to_owned())].into(),
            ..Call::new(Task::Voice, "Hm.")
        };
        let at = |voice: &str, model: &str| call(voice).at(&ModelChoice::Named(model.to_owned()), model).options;
        let (one, other) = ("openai: marin, elevenlabs: x", "openai: marin, elevenlabs: y");
        assert_eq!(at(one, "openai/tts-1"), at(other, "openai/tts-1"));
        assert_eq!(at(one, "openai/tts-1")["voice"], "marin");
        assert_eq!(at(one, "elevenlabs/eleven_v3")["voice"], "x");
        assert_eq!(at(one, "animatic"), [].into());
        assert_eq!(at("marin", "animatic")["voice"], "marin", "as it stands");
    }

    #[test]
    fn an_import_is_keyed_by_content_not_by_path() {
        let import = |path: &str, content: &[u8]| {
            Work::Import(Import {
                kind: ImportKind::Image,
                path: path.to_owned(),
                content: Some(Digest::of(content)),
                rate: None,
            })
            .key(None)
        };
        assert_eq!(import("a.png", b"x"), import("b.png", b"x"));
        assert_ne!(import("a.png", b"x"), import("a.png", b"y"));
    }

    #[test]
    fn what_a_call_leaves_out_is_no_part_of_its_key() {
        let call = Call::new(Task::Video, "a lamp in fog");
        let named = Call { model: ModelChoice::written(" runway/gen4.5 "), ..call.clone() };
        assert_eq!(call.digest(), named.digest(), "whoever makes it");
        // As it was before calls could be given clips: what is made is kept.
        assert_eq!(call.digest().short(), "6c948e33");
    }

    #[test]
    fn every_ingredient_is_named() {
        let work = Work::Compute(Compute {
            op: "measure".to_owned(),
            version: 2,
            args: BTreeMap::from([("amount".to_owned(), Value::Number(0.5))]),
        });
        let paths: Vec<_> = work.ingredients(None).into_iter().map(|(path, text)| format!("{path}={text}")).collect();
        assert_eq!(
            paths,
            ["version=1", "work.compute.op=measure", "work.compute.version=2", "work.compute.args.amount.number=0.5"]
        );
    }
}
