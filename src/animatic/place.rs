//! Which kind of place a location is, and what about it stays the same in every shot.
//!
//! Read from words of the location's name and of its reference; unknown places are a room or a field by INT or EXT.

use model::{IntExt, Reference, Setting};

use crate::math::{Rng, seed_of};
use crate::tone::{Tone, lch};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Sea,
    Lighthouse,
    Harbour,
    Street,
    Forest,
    Desert,
    Mountain,
    Field,
    LampRoom,
    Kitchen,
    Bedroom,
    Office,
    Room,
    Corridor,
    Bar,
    Vehicle,
    Cave,
}

impl Kind {
    pub(crate) fn indoors(self) -> bool {
        matches!(
            self,
            Kind::LampRoom
                | Kind::Kitchen
                | Kind::Bedroom
                | Kind::Office
                | Kind::Room
                | Kind::Corridor
                | Kind::Bar
                | Kind::Vehicle
                | Kind::Cave
        )
    }
}

type Words = &'static [&'static str];

/// Words, the kind outdoors, the kind indoors. The first row with a word in the name decides.
const KINDS: &[(Words, Kind, Kind)] = &[
    (&["lighthouse", "lantern", "lamp", "gallery"], Kind::Lighthouse, Kind::LampRoom),
    (&["kitchen", "galley", "pantry"], Kind::Street, Kind::Kitchen),
    (&["bedroom", "hotel", "ward", "hospital", "nursery", "dormitory"], Kind::Street, Kind::Bedroom),
    (
        &["office", "studio", "newsroom", "laboratory", "lab", "school", "classroom", "station", "bank", "library"],
        Kind::Street,
        Kind::Office,
    ),
    (&["bar", "pub", "cafe", "café", "diner", "restaurant", "tavern", "inn"], Kind::Street, Kind::Bar),
    (
        &["corridor", "hallway", "hall", "stairs", "stairwell", "staircase", "tunnel", "passage", "subway"],
        Kind::Street,
        Kind::Corridor,
    ),
    (
        &["car", "truck", "taxi", "van", "bus", "train", "cab", "cockpit", "vehicle", "helicopter"],
        Kind::Street,
        Kind::Vehicle,
    ),
    (&["cave", "cavern", "mine", "cellar", "basement", "dungeon", "crypt"], Kind::Mountain, Kind::Cave),
    (
        &["harbour", "harbor", "port", "dock", "docks", "pier", "quay", "marina", "jetty", "wharf"],
        Kind::Harbour,
        Kind::Room,
    ),
    (
        &[
            "sea", "ocean", "beach", "shore", "coast", "cliff", "cliffs", "bay", "island", "boat", "ship", "lake",
            "water", "rocks", "causeway",
        ],
        Kind::Sea,
        Kind::Room,
    ),
    (&["forest", "wood", "woods", "jungle", "trees", "grove"], Kind::Forest, Kind::Room),
    (&["desert", "dune", "dunes", "wasteland", "canyon"], Kind::Desert, Kind::Room),
    (
        &["mountain", "mountains", "hill", "hills", "ridge", "summit", "valley", "glacier", "peak"],
        Kind::Mountain,
        Kind::Room,
    ),
    (
        &[
            "street", "city", "town", "village", "road", "alley", "square", "market", "downtown", "rooftop", "bridge",
            "avenue", "plaza", "suburb",
        ],
        Kind::Street,
        Kind::Room,
    ),
    (
        &["field", "farm", "garden", "park", "meadow", "yard", "path", "graveyard", "churchyard"],
        Kind::Field,
        Kind::Room,
    ),
];

/// The first kind whose words are in `text`.
pub(crate) fn kind_in(text: &str, int_ext: IntExt) -> Option<Kind> {
    let lower = text.to_lowercase();
    let words: Vec<&str> = lower.split(|c: char| !c.is_alphanumeric()).collect();
    let row = KINDS.iter().find(|(known, ..)| known.iter().any(|word| words.contains(word)))?;
    Some(if int_ext == IntExt::Int { row.2 } else { row.1 })
}

/// What about a location never changes.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) kind: Kind,
    pub(crate) seed: u64,
    /// Walls indoors, ground outdoors.
    pub(crate) base: Tone,
    pub(crate) second: Tone,
    pub(crate) accent: Tone,
}

impl Place {
    pub(crate) fn of(setting: &Setting, reference: Option<&Reference>, fallback: &str) -> Place {
        let name = reference.map_or(setting.location.as_str(), |it| it.name.as_str());
        let told = reference.map_or(String::new(), |it| it.description.chars().take(400).collect());
        let heard = reference.map_or("", |it| it.ambience.as_str());
        let kind = [name, &setting.location, heard, &told, fallback]
            .into_iter()
            .find_map(|text| kind_in(text, setting.int_ext))
            .unwrap_or(if setting.int_ext == IntExt::Int { Kind::Room } else { Kind::Field });
        let seed = seed_of(if name.trim().is_empty() { fallback } else { name });
        let mut rng = Rng::new(seed);
        let (base, second, accent) = match kind {
            Kind::Sea | Kind::Lighthouse => (lch(0.50, 0.055, 130.0), lch(0.46, 0.02, 60.0), lch(0.55, 0.18, 28.0)),
            Kind::Harbour => (lch(0.50, 0.02, 70.0), lch(0.40, 0.03, 60.0), lch(0.58, 0.14, rng.range(20.0, 60.0))),
            Kind::Street => (lch(0.42, 0.012, 260.0), lch(0.55, 0.035, rng.range(20.0, 90.0)), lch(0.80, 0.12, 85.0)),
            Kind::Forest => (lch(0.40, 0.055, 125.0), lch(0.30, 0.035, 60.0), lch(0.50, 0.09, 135.0)),
            Kind::Desert => (lch(0.76, 0.075, 75.0), lch(0.60, 0.085, 50.0), lch(0.50, 0.06, 40.0)),
            Kind::Mountain => (lch(0.50, 0.04, 130.0), lch(0.48, 0.025, 265.0), lch(0.92, 0.01, 240.0)),
            Kind::Field => (lch(0.60, 0.09, 125.0), lch(0.48, 0.075, 135.0), lch(0.72, 0.11, 92.0)),
            Kind::Cave => (lch(0.32, 0.02, 60.0), lch(0.24, 0.02, 50.0), lch(0.75, 0.12, 65.0)),
            Kind::Vehicle => (lch(0.28, 0.012, 260.0), lch(0.20, 0.01, 260.0), lch(0.60, 0.10, 40.0)),
            Kind::Office => (
                lch(0.76, 0.012, rng.range(200.0, 260.0)),
                lch(0.52, 0.03, 250.0),
                lch(0.62, 0.10, rng.range(0.0, 360.0)),
            ),
            Kind::LampRoom => (lch(0.58, 0.035, 165.0), lch(0.38, 0.05, 160.0), lch(0.74, 0.11, 82.0)),
            Kind::Kitchen => (
                lch(0.80, 0.035, rng.range(75.0, 110.0)),
                lch(0.52, 0.06, rng.range(150.0, 240.0)),
                lch(0.66, 0.12, 45.0),
            ),
            Kind::Bar => (lch(0.42, 0.06, rng.range(20.0, 60.0)), lch(0.33, 0.05, 50.0), lch(0.80, 0.12, 80.0)),
            Kind::Bedroom | Kind::Room | Kind::Corridor => {
                let hue = rng.range(0.0, 360.0);
                (lch(0.66, 0.045, hue), lch(0.45, 0.05, 58.0), lch(0.58, 0.11, hue + 150.0))
            }
        };
        let painted: Vec<Tone> =
            reference.map_or(Vec::new(), |it| it.palette.iter().take(3).map(|color| Tone::of(*color)).collect());
        let pick = |i: usize, drawn: Tone| painted.get(i).copied().unwrap_or(drawn);
        Place { kind, seed, base: pick(0, base), second: pick(1, second), accent: pick(2, accent) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_choose_the_place() {
        let kind = |location: &str, int_ext| {
            Place::of(&Setting { location: location.to_owned(), int_ext, ..Setting::default() }, None, "").kind
        };
        assert_eq!(kind("LIGHTHOUSE - LAMP ROOM", IntExt::Int), Kind::LampRoom);
        assert_eq!(kind("LIGHTHOUSE", IntExt::Ext), Kind::Lighthouse);
        assert_eq!(kind("COTTAGE KITCHEN", IntExt::Int), Kind::Kitchen);
        assert_eq!(kind("NOWHERE", IntExt::Ext), Kind::Field);
        assert_eq!(kind("", IntExt::Int), Kind::Room);
    }
}
