//! Named references: characters, locations, props and styles, one shape for all four.

use serde::{Deserialize, Serialize};

use crate::{Color, Media};

/// What a reference stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    Character,
    Location,
    Prop,
    Style,
}

/// A thing that must look the same in every shot.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reference {
    pub role: Role,
    /// As the script names it, upper case: matched against cast, location and props.
    pub name: String,
    /// Other names the script uses.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    /// Pasted verbatim into prompts.
    pub description: String,
    /// What a model must not show.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub negative: String,
    pub palette: Vec<Color>,
    pub images: Vec<Media>,
    /// Characters: base pitch of the scratch voice in hertz.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pitch_hz: Option<f64>,
    /// Characters: name or id of the voice at a voice model. No part of a picture.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub voice: String,
    /// Locations: words that choose room tone and backdrop, "sea, wind".
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub ambience: String,
}

impl Reference {
    /// A reference of which nothing is known.
    pub fn nameless(role: Role) -> Reference {
        Reference {
            role,
            name: String::new(),
            aliases: Vec::new(),
            description: String::new(),
            negative: String::new(),
            palette: Vec::new(),
            images: Vec::new(),
            pitch_hz: None,
            voice: String::new(),
            ambience: String::new(),
        }
    }

    /// Whether the script's `name` means this reference.
    pub fn is_called(&self, name: &str) -> bool {
        let same = |own: &String| own.trim().eq_ignore_ascii_case(name.trim());
        same(&self.name) || self.aliases.iter().any(same)
    }
}
