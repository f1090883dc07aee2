//! Script, scene, beat, line and shot as data: what a breakdown makes and a model gets.
//!
//! A compact form of the shot schema that production boards share: flat rows with ids, enums for camera language,
//! and the origin of every field. Display numbers are derived, never stored as identity.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::Rate;

/// The text of a screenplay in Fountain 1.1, with the settings that its readers share. Parsing is the nodes' work.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Script {
    pub text: String,
}

macro_rules! vocabulary {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident $text:literal,)* } default $default:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name { $($(#[$vdoc])* #[serde(rename = $text)] $variant,)* }

        impl $name {
            /// Every member, in ladder or dictionary order.
            pub const ALL: &'static [$name] = &[$($name::$variant,)*];
            /// The names used in files and on screen, in the same order.
            pub const NAMES: &'static [&'static str] = &[$($text,)*];

            /// The name used in files and on screen.
            pub fn name(self) -> &'static str {
                match self { $($name::$variant => $text,)* }
            }

            /// The member of that name, any case.
            pub fn named(text: &str) -> Option<$name> {
                Self::ALL.iter().copied().find(|it| it.name().eq_ignore_ascii_case(text))
            }
        }

        impl Default for $name {
            fn default() -> $name { $name::$default }
        }
    };
}

vocabulary! {
    /// Shot sizes as a ladder from closest to widest; two steps apart is a clean cut.
    ShotSize {
        Ecu "ECU", Vcu "VCU", Cu "CU", Mcu "MCU", Bust "BUST", Ms "MS", Cowboy "COWBOY", Mls "MLS", Fs "FS", Ws "WS",
        Ews "EWS",
    } default Ms
}

impl ShotSize {
    /// Frame height in heads of an eight-head figure.
    pub fn heads(self) -> f64 {
        [0.5, 0.9, 1.3, 2.2, 2.8, 4.0, 5.3, 6.3, 8.8, 16.0, 24.0][self as usize]
    }
}

vocabulary! {
    /// What the frame holds, independent of size.
    Framing {
        Single "single", Two "two", Three "three", Group "group", OtsLeft "ots_l", OtsRight "ots_r", Pov "pov",
        Insert "insert", Establishing "establishing", Aerial "aerial",
    } default Single
}

vocabulary! {
    /// Camera height and tilt.
    Angle {
        BirdsEye "birds_eye", Overhead "overhead", High "high", Eye "eye", Low "low", WormsEye "worms_eye", Dutch "dutch",
    } default Eye
}

vocabulary! {
    /// Camera movement.
    Move {
        Static "static", PanLeft "pan_l", PanRight "pan_r", TiltUp "tilt_u", TiltDown "tilt_d", PushIn "push_in",
        PullOut "pull_out", TrackLeft "track_l", TrackRight "track_r", CraneUp "crane_u", CraneDown "crane_d",
        ZoomIn "zoom_in", ZoomOut "zoom_out", Handheld "handheld", WhipPan "whip_pan", Follow "follow",
        ArcLeft "arc_l", ArcRight "arc_r", RackFocus "rack_focus",
    } default Static
}

vocabulary! {
    /// Time of day as scene headings give it.
    TimeOfDay {
        Dawn "DAWN", Morning "MORNING", Day "DAY", Afternoon "AFTERNOON", GoldenHour "GOLDEN HOUR", Dusk "DUSK",
        Night "NIGHT",
    } default Day
}

vocabulary! {
    /// Inside or outside.
    IntExt { Int "INT", Ext "EXT", Both "INT/EXT", } default Ext
}

vocabulary! {
    /// Weather that changes light and air.
    Weather { Clear "clear", Cloud "cloud", Fog "fog", Rain "rain", Storm "storm", Snow "snow", } default Clear
}

vocabulary! {
    /// Who decided a field.
    Origin { Rule "rule", Script "script", User "user", Model "model", } default Rule
}

/// Where a value of a field came from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Provenance {
    pub by: Origin,
    /// The rule's id, the model's name, or the node that overrode it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub source: String,
    /// 0 to 1.
    pub confidence: f64,
}

/// How the camera sees a shot.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Default)]
pub struct Camera {
    pub size: ShotSize,
    pub framing: Framing,
    pub angle: Angle,
    pub r#move: Move,
    /// Focal length in millimetres on a 36 mm wide sensor.
    pub lens_mm: u32,
}

/// One figure in a shot.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CastMember {
    /// The character's name as cues give it, upper case.
    pub name: String,
    /// Verb phrase that selects a pose, "stands", "runs", "sits".
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub action: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub emotion: String,
    pub side: Side,
}

vocabulary! {
    /// Screen side; the first two speakers of a scene keep left and right.
    Side { Left "L", Centre "C", Right "R", } default Centre
}

/// One spoken line, placed in time by its shot.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Line {
    pub character: String,
    pub text: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub parenthetical: String,
    /// `V.O.`, `O.S.` or `O.C.`: heard, not seen.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub extension: String,
    /// Start within the shot, seconds.
    pub start_s: f64,
    /// Length, seconds.
    pub duration_s: f64,
}

/// Place and light of a shot.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Default)]
pub struct Setting {
    /// The location's name as headings give it, upper case, without time.
    pub location: String,
    pub int_ext: IntExt,
    pub time: TimeOfDay,
    pub weather: Weather,
}

/// One shot: the unit of generation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Shot {
    /// Stable element id, `s2.b1` or `s2.b1.2`. Survives inserts and edits elsewhere.
    pub id: String,
    /// Stable scene id, `s2`.
    pub scene: String,
    /// Display number, `2-030`; derived from order, not part of what a model gets.
    pub number: String,
    /// What happens, as the script says it.
    pub text: String,
    pub setting: Setting,
    pub camera: Camera,
    pub cast: Vec<CastMember>,
    pub props: Vec<String>,
    pub lines: Vec<Line>,
    /// Seconds.
    pub duration_s: f64,
    /// A seed the user fixed for this shot alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// Why the shot exists: establish, introduce, dialogue, reaction, insert, action.
    pub purpose: String,
    /// Origin by field name: `camera.size`, `duration_s`, `text`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub provenance: BTreeMap<String, Provenance>,
}

impl Shot {
    /// The shot without identity, order and provenance: the part that may enter a key.
    pub fn content(&self) -> Shot {
        Shot {
            id: String::new(),
            scene: String::new(),
            number: String::new(),
            provenance: BTreeMap::new(),
            ..self.clone()
        }
    }

    /// Length in frames.
    pub fn n_frames(&self, rate: Rate) -> u32 {
        rate.frames_in(self.duration_s)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip() {
        for size in ShotSize::ALL {
            assert_eq!(ShotSize::named(size.name()), Some(*size));
            assert!(0.0 < size.heads());
        }
        assert_eq!(Move::named("PUSH_IN"), Some(Move::PushIn));
        assert_eq!(Move::named("teleport"), None);
    }
}
