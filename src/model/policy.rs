//! How the models of a graph are chosen: the section `models` of its settings, and where in a story a call belongs.
//!
//! Knows words, not models: whether a name or a pattern means somebody is for the router, which has the manifests. The
//! section is kept as it was written, unknown fields included, and read from there: two copies would drift apart.

use std::collections::BTreeSet;
use std::fmt;

use indexmap::IndexMap;

use crate::{Quality, Settings};

mod reading;

pub use reading::Problem;

/// The name of the section in a graph's settings.
pub const SECTION: &str = "models";
/// The version of the section that this build writes and reads.
pub const VERSION: i64 = 1;

/// What matters most. What is equal there is ordered by the other two, and at last by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Aim {
    Cheapest,
    Fastest,
    /// By the manifest's tier, and what the user thought of its takes.
    Best,
    Balanced(Weights),
}

impl Aim {
    /// The words that a graph writes in place of a model's name.
    pub const NAMES: [&'static str; 4] = ["cheapest", "fastest", "best", "balanced"];

    /// Reads one of [`Aim::NAMES`].
    pub fn parse(text: &str) -> Option<Aim> {
        match text {
            "cheapest" => Some(Aim::Cheapest),
            "fastest" => Some(Aim::Fastest),
            "best" => Some(Aim::Best),
            "balanced" => Some(Aim::Balanced(Weights::default())),
            _ => None,
        }
    }
}

/// How much each criterion counts; only their ratios matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
pub struct Weights {
    pub cost: u32,
    pub time: u32,
    pub quality: u32,
}

impl Default for Weights {
    fn default() -> Weights {
        Weights { cost: 2, time: 1, quality: 2 }
    }
}

/// Which models belong together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Consistency {
    /// One model and version for all shots that share a character, directly or through others.
    #[default]
    ByCharacter,
    /// Each shot by itself.
    Off,
}

/// How far a call may go when its model fails for a reason of its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Consent {
    /// Nowhere: it fails.
    Off,
    /// The same model at another provider.
    SameModel,
    /// Then a relative with a similar look.
    #[default]
    SameFamily,
    /// Then any that can do it, though the look changes.
    Any,
}

impl Consistency {
    pub const NAMES: [&'static str; 2] = ["by_character", "off"];
}

impl Consent {
    pub const NAMES: [&'static str; 4] = ["off", "same_model", "same_family", "any"];
}

/// What a pin is for. Later ones are more specific, and win.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PinScope {
    Graph,
    Scene(String),
    Character(String),
    Shot(String),
}

impl PinScope {
    /// Reads `graph`, `scene:s2`, `character:MARA` or `shot:s2.b1`.
    pub fn parse(text: &str) -> Option<PinScope> {
        if text == "graph" {
            return Some(PinScope::Graph);
        }
        let (kind, name) = text.split_once(':')?;
        let name = Some(name.trim()).filter(|name| !name.is_empty())?.to_owned();
        match kind {
            "scene" => Some(PinScope::Scene(name)),
            "character" => Some(PinScope::Character(character(&name))),
            "shot" => Some(PinScope::Shot(name)),
            _ => None,
        }
    }
}

impl fmt::Display for PinScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PinScope::Graph => f.write_str("graph"),
            PinScope::Scene(name) => write!(f, "scene:{name}"),
            PinScope::Character(name) => write!(f, "character:{name}"),
            PinScope::Shot(name) => write!(f, "shot:{name}"),
        }
    }
}

/// A character's name as pins and scopes compare it.
fn character(name: &str) -> String {
    name.trim().to_uppercase()
}

/// Where in the story a call belongs. It decides who is asked, and is no part of any key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// `s2`; empty where no shot says it.
    pub scene: String,
    /// `s2.b1`.
    pub shot: String,
    /// Who is seen, in upper case.
    pub characters: BTreeSet<String>,
}

impl Scope {
    /// The scope of a shot with these characters.
    pub fn new<'a>(scene: &str, shot: &str, characters: impl IntoIterator<Item = &'a str>) -> Scope {
        let characters = characters.into_iter().map(character).filter(|name| !name.is_empty()).collect();
        Scope { scene: scene.to_owned(), shot: shot.to_owned(), characters }
    }
}

/// A pin that holds for a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pin<'a> {
    pub scope: &'a PinScope,
    pub model: &'a str,
}

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// What `auto` means for drafts and for finals: `auto` (previs), an aim, or a model's name.
    pub draft: String,
    pub last: String,
    pub weights: Weights,
    /// Names, providers, families or patterns (`runway/*`) of which a model must be one; empty allows all.
    pub allow: Vec<String>,
    /// The same of which it must not be one; stronger than `allow`.
    pub deny: Vec<String>,
    pub pins: IndexMap<PinScope, String>,
    pub consistency: Consistency,
    /// None where the graph does not say; see [`Policy::consent`].
    pub fallback: Option<Consent>,
    /// Whether another provider may be asked for what one refused on grounds of its rules.
    pub after_refusal: bool,
}

/// What `auto` means in a graph that says nothing.
pub const AUTO: &str = "auto";

impl Default for Policy {
    fn default() -> Policy {
        Policy {
            draft: AUTO.to_owned(),
            last: AUTO.to_owned(),
            weights: Weights::default(),
            allow: Vec::new(),
            deny: Vec::new(),
            pins: IndexMap::new(),
            consistency: Consistency::default(),
            fallback: None,
            after_refusal: false,
        }
    }
}

impl Policy {
    /// The policy of a graph; what cannot be read has its default, as [`Policy::read`] says.
    pub fn of(settings: &Settings) -> Policy {
        settings.unknown.get(SECTION).map(|data| Policy::read(data).0).unwrap_or_default()
    }

    /// What `auto` means at a quality.
    pub fn wish(&self, quality: Quality) -> &str {
        match quality {
            Quality::Draft => &self.draft,
            Quality::Final => &self.last,
        }
    }

    /// How far a choice may fall back; the same model, then its family, where the graph does not say.
    pub fn consent(&self) -> Consent {
        self.fallback.unwrap_or_default()
    }

    /// The most specific pin that holds for a scope, of those whose model fits: one that makes no voices says nothing
    /// about voices.
    ///
    /// # Errors
    /// Two pins of that rank that name different models.
    pub fn pin(&self, scope: &Scope, fits: impl Fn(&str) -> bool) -> Result<Option<Pin<'_>>, (Pin<'_>, Pin<'_>)> {
        let holds = |pin: &PinScope| match pin {
            PinScope::Graph => true,
            PinScope::Scene(scene) => *scene == scope.scene,
            PinScope::Character(name) => scope.characters.contains(name),
            PinScope::Shot(shot) => *shot == scope.shot,
        };
        let rank = |pin: &Pin<'_>| match pin.scope {
            PinScope::Graph => 0,
            PinScope::Scene(_) => 1,
            PinScope::Character(_) => 2,
            PinScope::Shot(_) => 3,
        };
        let pins = self.pins.iter().map(|(scope, model)| Pin { scope, model });
        let held: Vec<_> = pins.filter(|pin| holds(pin.scope) && fits(pin.model)).collect();
        let Some(highest) = held.iter().map(rank).max() else { return Ok(None) };
        let mut held = held.into_iter().filter(|pin| rank(pin) == highest);
        let Some(first) = held.next() else { return Ok(None) };
        match held.find(|other| other.model != first.model) {
            Some(other) => Err((first, other)),
            None => Ok(Some(first)),
        }
    }
}

/// Whether an entry of a list names a model by its name, its provider or a pattern. A family is the router's to know.
pub fn matches(entry: &str, name: &str) -> bool {
    let provider = name.split('/').next().unwrap_or_default();
    entry == name || entry == provider || entry.contains('*') && glob(entry, name)
}

/// Whether a text fits a pattern in which each `*` stands for anything. Linear in their product at worst.
fn glob(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ronfile::read_prefix;

    #[test]
    fn the_most_specific_pin_wins_and_equals_conflict() {
        let section = read_prefix(
            r#"(pins: { "graph": "a/g", "character:MARA": "a/m", "character:JON": "a/j", "scene:s2": "a/s",
            "shot:s2.b9": "a/b" })"#,
        );
        let (policy, _) = Policy::read(&section.expect("it is RON").0);
        let pin = |shot: &str, cast: &[&str]| {
            let scope = Scope::new(shot.split('.').next().unwrap_or_default(), shot, cast.iter().copied());
            match policy.pin(&scope, |_| true) {
                Ok(pin) => pin.map_or("none".to_owned(), |pin| pin.model.to_owned()),
                Err((one, other)) => format!("{} or {}", one.model, other.model),
            }
        };
        assert_eq!(pin("s1.b1", &[]), "a/g");
        assert_eq!(pin("s2.b1", &[]), "a/s");
        assert_eq!(pin("s2.b1", &["mara"]), "a/m");
        assert_eq!(pin("s1.b1", &["MARA", "JON"]), "a/m or a/j");
        assert_eq!(pin("s2.b9", &["MARA", "JON"]), "a/b", "the shot settles it");
    }

    #[test]
    fn patterns_fit_names_and_providers() {
        for (entry, name, fits) in [
            ("runway", "runway/gen4.5", true),
            ("runway/gen4.5", "runway/gen4.5", true),
            ("runway/*", "runway/gen4.5", true),
            ("*/seedance*", "fal/bytedance/seedance-2.5", true),
            ("*seedance*", "fal/bytedance/seedance-2.5", true),
            ("*", "a/b", true),
            ("run", "runway/gen4.5", false),
            ("runway/*5*5", "runway/gen4.5", false),
        ] {
            assert_eq!(matches(entry, name), fits, "{entry} {name}");
        }
    }
}
