//! What flows along links: port types and values.
//!
//! Values are small and cheap to clone; pictures and sound are artifacts named by digest, clips are recipes.

use std::fmt;
use std::sync::Arc;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{Digest, List, Rate, Recipe, Reference, Role, Script, Shot};

/// The type of a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PortType {
    Text,
    Number,
    Integer,
    Flag,
    Choice,
    Color,
    Image,
    Audio,
    Clip,
    Script,
    Shot,
    Character,
    Location,
    Prop,
    Style,
    Report,
    Any,
}

impl PortType {
    /// Lower-case name, as documentation and diagnostics write it.
    pub fn name(self) -> &'static str {
        match self {
            PortType::Text => "text",
            PortType::Number => "number",
            PortType::Integer => "integer",
            PortType::Flag => "flag",
            PortType::Choice => "choice",
            PortType::Color => "color",
            PortType::Image => "image",
            PortType::Audio => "audio",
            PortType::Clip => "clip",
            PortType::Script => "script",
            PortType::Shot => "shot",
            PortType::Character => "character",
            PortType::Location => "location",
            PortType::Prop => "prop",
            PortType::Style => "style",
            PortType::Report => "report",
            PortType::Any => "any",
        }
    }

    /// Whether a value of type `self` can enter a port of type `to`: the same, `any`, or a conversion that loses
    /// nothing (integer to number, choice to and from text, image to a clip of one frame).
    pub fn fits(self, to: PortType) -> bool {
        use PortType::*;
        self == to
            || self == Any
            || to == Any
            || matches!((self, to), (Integer, Number) | (Choice, Text) | (Text, Choice) | (Image, Clip))
    }

    /// Whether entering `to` converts the value, which the link shows.
    pub fn converts(self, to: PortType) -> bool {
        self != to && self != PortType::Any && to != PortType::Any
    }
}

/// An sRGB colour, `#rrggbb` in files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct Color {
    pub r: u8,
    pub g: u8,
    pub b: u8,
}

impl Color {
    /// Reads `#rrggbb` or `#rgb`.
    pub fn parse(text: &str) -> Option<Color> {
        let hex = text.trim().strip_prefix('#')?;
        let nibble = |i: usize| (hex.as_bytes()[i] as char).to_digit(16).map(|d| d as u8);
        match hex.len() {
            3 => Some(Color { r: nibble(0)? * 17, g: nibble(1)? * 17, b: nibble(2)? * 17 }),
            6 => {
                let byte = |i: usize| Some(nibble(i)? * 16 + nibble(i + 1)?);
                Some(Color { r: byte(0)?, g: byte(2)?, b: byte(4)? })
            }
            _ => None,
        }
    }
}

impl fmt::Display for Color {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{:02x}{:02x}{:02x}", self.r, self.g, self.b)
    }
}

impl Serialize for Color {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Color {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Color, D::Error> {
        let text = String::deserialize(deserializer)?;
        Color::parse(&text).ok_or_else(|| D::Error::custom(format!("`{text}` is not a colour like #a03020")))
    }
}

/// The picture track of a media artifact.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VideoInfo {
    pub width: u32,
    pub height: u32,
    /// Zero frames per second never occurs; a still has `Rate(1, 1)` and one frame.
    pub rate: Rate,
    pub n_frames: u64,
    /// Short codec name, `h264`, `png`.
    pub codec: String,
}

/// The sound track of a media artifact.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AudioInfo {
    /// Samples per second.
    pub sample_rate: u32,
    pub channels: u32,
    /// Samples per channel.
    pub n_samples: u64,
    pub codec: String,
}

/// A media artifact in the store: bytes by digest, and what was found in them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Media {
    pub digest: Digest,
    pub bytes: u64,
    /// File name extension without the dot: chooses the reader, tells people what it is.
    pub format: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub video: Option<VideoInfo>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audio: Option<AudioInfo>,
}

impl Media {
    /// Whether this is one still picture.
    pub fn is_still(&self) -> bool {
        self.video.as_ref().is_some_and(|video| video.n_frames == 1) && self.audio.is_none()
    }
}

/// A picture: an artifact, or one frame of a recipe that is decoded when somebody looks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Image {
    File(Arc<Media>),
    Frame { clip: Arc<Recipe>, frame: u64 },
}

/// A measurement: JSON for programs, a plot for people, verdicts in between.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Default)]
pub struct Report {
    pub title: String,
    /// One sentence.
    pub summary: String,
    /// Worst verdict inside.
    pub verdict: Verdict,
    pub data: serde_json::Value,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plot: Option<Media>,
}

/// How a measure compares with its thresholds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    NotMeasured,
    #[default]
    Good,
    Watch,
    Break,
}

/// A value on a port.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Value {
    Text(Arc<str>),
    Number(f64),
    Integer(i64),
    Flag(bool),
    Choice(Arc<str>),
    Color(Color),
    Image(Image),
    Audio(Arc<Media>),
    Clip(Arc<Recipe>),
    Script(Arc<Script>),
    Shot(Arc<Shot>),
    /// A character, location, prop or style, by its role.
    Reference(Arc<Reference>),
    Report(Arc<Report>),
    List(List),
}

impl Value {
    /// The type of the value; of the first element for a list.
    pub fn port_type(&self) -> PortType {
        match self {
            Value::Text(_) => PortType::Text,
            Value::Number(_) => PortType::Number,
            Value::Integer(_) => PortType::Integer,
            Value::Flag(_) => PortType::Flag,
            Value::Choice(_) => PortType::Choice,
            Value::Color(_) => PortType::Color,
            Value::Image(_) => PortType::Image,
            Value::Audio(_) => PortType::Audio,
            Value::Clip(_) => PortType::Clip,
            Value::Script(_) => PortType::Script,
            Value::Shot(_) => PortType::Shot,
            Value::Reference(it) => match it.role {
                Role::Character => PortType::Character,
                Role::Location => PortType::Location,
                Role::Prop => PortType::Prop,
                Role::Style => PortType::Style,
            },
            Value::Report(_) => PortType::Report,
            Value::List(list) => list.iter().next().map_or(PortType::Any, |entry| entry.value.port_type()),
        }
    }

    /// The value as a port of type `to` takes it; `None` where [`PortType::fits`] says no.
    pub fn converted(&self, to: PortType, rate: Rate) -> Option<Value> {
        match (self, to) {
            (Value::Integer(i), PortType::Number) => Some(Value::Number(*i as f64)),
            (Value::Choice(text), PortType::Text) => Some(Value::Text(text.clone())),
            (Value::Text(text), PortType::Choice) => Some(Value::Choice(text.clone())),
            (Value::Image(image), PortType::Clip) => Some(Value::Clip(Arc::new(Recipe::still(image.clone(), 1, rate)))),
            _ if self.port_type().fits(to) => Some(self.clone()),
            _ => None,
        }
    }

    /// The digest of the value's canonical encoding.
    pub fn digest(&self) -> Digest {
        match self {
            Value::List(list) => list.digest(),
            _ => crate::walk::digest_of(self),
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Value {
        Value::Text(text.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_parse_both_lengths() {
        assert_eq!(Color::parse("#fff"), Some(Color { r: 255, g: 255, b: 255 }));
        assert_eq!(Color::parse("#a03020").map(|c| c.to_string()).as_deref(), Some("#a03020"));
        for bad in ["a03020", "#a0302", "#zzzzzz", "#é0302"] {
            assert_eq!(Color::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn only_lossless_conversions_fit() {
        assert!(PortType::Integer.fits(PortType::Number));
        assert!(!PortType::Number.fits(PortType::Integer));
        assert!(PortType::Image.fits(PortType::Clip));
        assert!(!PortType::Clip.fits(PortType::Image));
        assert_eq!(Value::Integer(3).converted(PortType::Number, Rate::FILM), Some(Value::Number(3.0)));
        assert_eq!(Value::Number(3.0).converted(PortType::Integer, Rate::FILM), None);
    }
}
