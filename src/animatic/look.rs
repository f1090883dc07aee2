//! How a character looks: drawn from the name and the reference only, so that it is the same in every shot.
//!
//! It must not know shot, seed or take. Words of the description win over chance, the palette wins over words.

use model::Reference;

use crate::math::{Rng, seed_of};
use crate::tone::{Tone, lch};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hair {
    Crop,
    Side,
    Bob,
    Long,
    Bun,
    Curls,
    Bald,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outfit {
    Jacket,
    Coat,
    Jumper,
    Dress,
    Suit,
    Oilskin,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hat {
    None,
    Beanie,
    Cap,
    Brim,
}

/// Everything that makes a figure recognisable.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Look {
    pub(crate) name: String,
    pub(crate) skin: Tone,
    pub(crate) hair: Tone,
    pub(crate) style: Hair,
    pub(crate) hat: Hat,
    pub(crate) beard: bool,
    pub(crate) glasses: bool,
    pub(crate) outfit: Outfit,
    pub(crate) main: Tone,
    pub(crate) second: Tone,
    pub(crate) accent: Tone,
    /// Factor on all widths.
    pub(crate) build: f64,
    /// Factor on the height of 1.8 m.
    pub(crate) stature: f64,
    /// Base pitch of the scratch voice in hertz.
    pub(crate) pitch: f64,
    pub(crate) seed: u64,
}

const COLOURS: &[(&str, f64, f64, f64)] = &[
    ("black", 0.24, 0.01, 270.0),
    ("charcoal", 0.32, 0.01, 270.0),
    ("white", 0.93, 0.01, 90.0),
    ("cream", 0.90, 0.04, 90.0),
    ("grey", 0.58, 0.01, 260.0),
    ("gray", 0.58, 0.01, 260.0),
    ("silver", 0.75, 0.01, 260.0),
    ("red", 0.52, 0.19, 27.0),
    ("crimson", 0.46, 0.18, 20.0),
    ("orange", 0.68, 0.17, 55.0),
    ("yellow", 0.82, 0.16, 92.0),
    ("mustard", 0.70, 0.13, 85.0),
    ("green", 0.52, 0.12, 145.0),
    ("olive", 0.50, 0.08, 115.0),
    ("teal", 0.52, 0.09, 195.0),
    ("blue", 0.50, 0.13, 255.0),
    ("navy", 0.33, 0.08, 265.0),
    ("purple", 0.45, 0.14, 305.0),
    ("violet", 0.50, 0.14, 300.0),
    ("pink", 0.76, 0.11, 5.0),
    ("brown", 0.42, 0.07, 60.0),
    ("tan", 0.70, 0.06, 75.0),
    ("beige", 0.80, 0.04, 85.0),
];

fn words(text: &str) -> Vec<String> {
    text.to_lowercase().split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).map(str::to_owned).collect()
}

fn colour(word: &str) -> Option<Tone> {
    COLOURS.iter().find(|(name, ..)| *name == word).map(|(_, l, c, h)| lch(*l, *c, *h))
}

/// The colour word within three words before one of `things`: "yellow oilskin coat".
fn colour_of(words: &[String], things: &[&str]) -> Option<Tone> {
    words
        .iter()
        .enumerate()
        .filter(|(_, word)| things.contains(&word.as_str()))
        .find_map(|(i, _)| words[i.saturating_sub(3)..i].iter().rev().find_map(|word| colour(word)))
}

impl Look {
    /// The look of `name`, with the reference that carries it where there is one.
    pub(crate) fn of(name: &str, reference: Option<&Reference>) -> Look {
        // An alias must look like the reference's own name.
        let own = reference.map_or(name, |it| it.name.as_str());
        let seed = seed_of(own);
        let mut rng = Rng::new(seed);
        let text = reference.map_or(String::new(), |it| it.description.chars().take(2000).collect());
        let words = words(&format!("{text} {own}"));
        let has = |any: &[&str]| words.iter().any(|word| any.contains(&word.as_str()));

        let child = has(&["child", "boy", "girl", "kid", "son", "daughter", "toddler"]) && !has(&["adult"]);
        let woman = has(&["woman", "girl", "she", "her", "mother", "sister", "wife", "queen", "lady", "daughter"]);
        let man = has(&["man", "boy", "he", "his", "father", "brother", "husband", "king", "mr", "son"]);
        let old = has(&["old", "elderly", "aged", "grandfather", "grandmother", "sixties", "seventies", "weathered"]);
        let female = woman || (!man && rng.chance(0.5));

        let skins =
            [(0.82, 0.045, 60.0), (0.77, 0.06, 58.0), (0.68, 0.07, 58.0), (0.56, 0.07, 55.0), (0.45, 0.06, 52.0)];
        let (l, c, h) = skins[rng.below(skins.len())];
        let skin = if has(&["pale", "fair"]) {
            lch(0.84, 0.04, 55.0)
        } else if has(&["dark", "black"]) && has(&["skin", "skinned"]) {
            lch(0.45, 0.06, 52.0)
        } else {
            lch(l, c, h)
        };
        let hairs =
            [(0.22, 0.02, 50.0), (0.30, 0.05, 50.0), (0.40, 0.07, 55.0), (0.48, 0.11, 45.0), (0.70, 0.09, 82.0)];
        let (l, c, h) = hairs[rng.below(hairs.len())];
        let grown = lch(l, c, h);
        let hair = if old || has(&["grizzled"]) {
            lch(0.76, 0.01, 250.0)
        } else if has(&["blonde", "blond", "fair"]) {
            lch(0.78, 0.10, 85.0)
        } else if has(&["redhead", "ginger", "auburn"]) {
            lch(0.50, 0.14, 42.0)
        } else {
            colour_of(&words, &["hair", "haired", "curls", "braid", "ponytail"]).unwrap_or(grown)
        };
        let style = if has(&["bald", "shaven"]) {
            Hair::Bald
        } else if has(&["curly", "curls", "afro"]) {
            Hair::Curls
        } else if has(&["bun", "ponytail", "tied"]) {
            Hair::Bun
        } else if has(&["bob"]) {
            Hair::Bob
        } else if has(&["long"]) && has(&["hair", "haired"]) {
            Hair::Long
        } else if female {
            [Hair::Bob, Hair::Long, Hair::Bun, Hair::Curls][rng.below(4)]
        } else {
            [Hair::Crop, Hair::Side, Hair::Crop, Hair::Curls][rng.below(4)]
        };
        let outfit = if has(&["oilskin", "raincoat", "slicker", "oilskins"]) {
            Outfit::Oilskin
        } else if has(&["coat", "overcoat", "cloak", "robe"]) {
            Outfit::Coat
        } else if has(&["dress", "gown", "skirt"]) {
            Outfit::Dress
        } else if has(&["suit", "tie", "uniform", "officer", "inspector", "captain"]) {
            Outfit::Suit
        } else if has(&["sweater", "jumper", "pullover", "hoodie"]) {
            Outfit::Jumper
        } else {
            [Outfit::Jacket, Outfit::Coat, Outfit::Jumper, Outfit::Jacket][rng.below(4)]
        };
        let hat = if has(&["beanie", "toque"]) {
            Hat::Beanie
        } else if has(&["cap", "captain", "officer"]) {
            Hat::Cap
        } else if has(&["hat", "fedora", "stetson", "sou"]) {
            Hat::Brim
        } else {
            Hat::None
        };

        let hue = rng.range(0.0, 360.0);
        let drawn = [
            lch(rng.range(0.44, 0.62), rng.range(0.07, 0.13), hue),
            lch(rng.range(0.28, 0.42), rng.range(0.02, 0.05), hue + rng.range(120.0, 240.0)),
            lch(rng.range(0.70, 0.84), rng.range(0.09, 0.14), hue + rng.range(150.0, 210.0)),
        ];
        let palette: Vec<Tone> =
            reference.map_or(Vec::new(), |it| it.palette.iter().take(3).map(|color| Tone::of(*color)).collect());
        let worn = [
            "coat", "oilskin", "raincoat", "jacket", "dress", "sweater", "jumper", "suit", "uniform", "cloak", "shirt",
        ];
        let main = palette.first().copied().or_else(|| colour_of(&words, &worn)).unwrap_or(drawn[0]);
        let below = ["trousers", "pants", "jeans", "skirt", "boots"];
        let second = palette.get(1).copied().or_else(|| colour_of(&words, &below)).unwrap_or(drawn[1]);
        let trim = ["scarf", "tie", "hat", "cap", "gloves", "belt", "beanie"];
        let accent = palette.get(2).copied().or_else(|| colour_of(&words, &trim)).unwrap_or(drawn[2]);

        let beard = has(&["beard", "bearded", "whiskers"]) || (man && old) || (!female && !child && rng.chance(0.25));
        let pitch = match (child, female) {
            (true, _) => rng.range(250.0, 300.0),
            (_, true) => rng.range(175.0, 225.0),
            _ => rng.range(92.0, 135.0),
        };
        Look {
            name: own.to_owned(),
            skin,
            hair,
            style,
            hat,
            beard: beard && !child,
            glasses: has(&["glasses", "spectacles"]),
            outfit,
            main,
            second,
            accent,
            build: if has(&["burly", "stocky", "broad", "fat", "heavy", "big"]) {
                1.16
            } else if has(&["thin", "slim", "lean", "gaunt", "slender"]) {
                0.90
            } else {
                rng.range(0.94, 1.08)
            },
            stature: if child { 0.70 } else { rng.range(0.97, 1.03) - if female { 0.045 } else { 0.0 } },
            pitch: reference.and_then(|it| it.pitch_hz).filter(|hz| hz.is_finite()).unwrap_or(pitch).clamp(60.0, 420.0),
            seed,
        }
    }
}

#[cfg(test)]
mod tests {
    use model::{Color, Role};

    use super::*;

    fn reference(description: &str, palette: &[&str]) -> Reference {
        Reference {
            role: Role::Character,
            name: "MARA".to_owned(),
            aliases: vec!["THE KEEPER".to_owned()],
            description: description.to_owned(),
            negative: String::new(),
            palette: palette.iter().filter_map(|hex| Color::parse(hex)).collect(),
            images: Vec::new(),
            pitch_hz: None,
            voice: String::new(),
            ambience: String::new(),
        }
    }

    #[test]
    fn a_name_is_a_look_and_an_alias_is_the_same() {
        assert_eq!(Look::of("MARA", None), Look::of("MARA", None));
        assert_ne!(Look::of("MARA", None), Look::of("TOM", None));
        let mara = reference("", &[]);
        assert_eq!(Look::of("MARA", Some(&mara)), Look::of("The Keeper", Some(&mara)));
    }

    #[test]
    fn words_and_palettes_decide() {
        let look = Look::of("MARA", Some(&reference("An old woman in a yellow oilskin, long hair, glasses", &[])));
        assert_eq!((look.outfit, look.style, look.glasses), (Outfit::Oilskin, Hair::Long, true));
        assert_eq!(look.main, lch(0.82, 0.16, 92.0));
        let painted = Look::of("MARA", Some(&reference("a yellow oilskin", &["#204080"])));
        assert_eq!(painted.main, Tone::of(Color { r: 0x20, g: 0x40, b: 0x80 }));
    }
}
