//! How the models of a graph are chosen: the section `models` of its settings, and where in a story a call belongs.
//!
//! Knows words, not models: whether a name or a pattern means somebody is for the router, which has the manifests. The
//! section is kept as it was written, unknown fields included, and read from there: two copies would drift apart.

use std::collections::BTreeSet;
use std::fmt;

use indexmap::IndexMap;

use crate::nearest::nearest;
use crate::{Data, Diagnostic, Quality, Settings};

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

    /// Reads a section; what is wrong in it, by the path of fields below `models`.
    pub fn read(data: &Data) -> (Policy, Vec<Problem>) {
        let mut reader = Reader { policy: Policy::default(), problems: Vec::new() };
        reader.section(data);
        (reader.policy, reader.problems)
    }
}

/// Something wrong in the section.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem {
    /// Fields from the section down: `pins`, `scene:`.
    pub path: Vec<String>,
    pub diagnostic: Diagnostic,
}

const FIELDS: [&str; 9] =
    ["version", "aim", "weights", "allow", "deny", "pins", "consistency", "fallback", "after_refusal"];
/// Largest weight; only ratios matter.
const MOST_WEIGHT: i64 = 1000;
/// Most entries of a list or of pins: they are compared for each call and model.
const MOST_ENTRIES: usize = 1000;

struct Reader {
    policy: Policy,
    problems: Vec<Problem>,
}

impl Reader {
    fn wrong(&mut self, path: &[&str], message: String, hint: &str) {
        let field: String = std::iter::once(SECTION).chain(path.iter().copied()).collect::<Vec<_>>().join(".");
        let diagnostic = Diagnostic::error("models-policy", message).at_field(format!("settings.{field}")).hint(hint);
        self.problems.push(Problem { path: path.iter().map(|it| (*it).to_owned()).collect(), diagnostic });
    }

    fn section(&mut self, data: &Data) {
        if *data == Data::Unit {
            return;
        }
        let Some(fields) = data.as_fields() else {
            let hint = "write models: (aim: (draft: \"cheapest\", final: \"best\"))";
            return self.wrong(&[], format!("how models are chosen is {}", data.describe()), hint);
        };
        if let Some(version) = fields.get("version") {
            match version.as_integer() {
                Some(1..=VERSION) => {}
                Some(newer) if VERSION < newer => {
                    let message =
                        format!("how models are chosen has version {newer}; this build reads up to {VERSION}");
                    self.wrong(&["version"], message, "open the graph with a newer version of Throughline");
                }
                _ => self.wrong(&["version"], "the version is not a number from 1".to_owned(), "write version: 1"),
            }
        }
        for (name, value) in fields {
            match name.as_str() {
                "version" => {}
                "aim" => self.aim(value),
                "weights" => self.weights(value),
                "allow" => self.policy.allow = self.names("allow", value),
                "deny" => self.policy.deny = self.names("deny", value),
                "pins" => self.pins(value),
                "consistency" => match self.word("consistency", value, &Consistency::NAMES) {
                    Some("off") => self.policy.consistency = Consistency::Off,
                    _ => self.policy.consistency = Consistency::ByCharacter,
                },
                "fallback" => {
                    self.policy.fallback = match self.word("fallback", value, &Consent::NAMES) {
                        Some("off") => Some(Consent::Off),
                        Some("same_model") => Some(Consent::SameModel),
                        Some("same_family") => Some(Consent::SameFamily),
                        Some("any") => Some(Consent::Any),
                        // What cannot be read consents to nothing.
                        _ => Some(Consent::Off),
                    }
                }
                "after_refusal" => match value.as_flag() {
                    Some(flag) => self.policy.after_refusal = flag,
                    None => {
                        let message = format!("`after_refusal` is {}", value.describe());
                        self.wrong(&["after_refusal"], message, "write after_refusal: true, or leave it out");
                    }
                },
                // A newer version's, or a mistake: kept, and said where it looks like one of ours.
                other => {
                    if let Some(near) = nearest(other, FIELDS) {
                        let message = format!("`{}` says nothing about choosing models", crate::ronfile::cut(other));
                        self.wrong(&[other], message, &format!("did you mean `{near}`?"));
                    }
                }
            }
        }
        self.contradictions();
    }

    fn aim(&mut self, value: &Data) {
        let Some(tiers) = value.as_fields() else {
            let message = format!("the aim is {}", value.describe());
            return self.wrong(&["aim"], message, "write aim: (draft: \"cheapest\", final: \"best\")");
        };
        for (tier, wish) in tiers {
            let text = wish.as_text().map(str::trim).filter(|text| !text.is_empty());
            match (tier.as_str(), text) {
                ("draft", Some(wish)) => self.policy.draft = wish.to_owned(),
                ("final", Some(wish)) => self.policy.last = wish.to_owned(),
                ("draft" | "final", None) => {
                    let hint = "write \"auto\", \"cheapest\", \"fastest\", \"best\", \"balanced\" or a model's name";
                    self.wrong(&["aim", tier], format!("the aim of {tier} is {}", wish.describe()), hint);
                }
                _ => self.wrong(
                    &["aim", tier],
                    format!("there is no quality `{}`", crate::ronfile::cut(tier)),
                    "qualities are draft and final",
                ),
            }
        }
    }

    fn weights(&mut self, value: &Data) {
        let hint = "write weights: (cost: 2, time: 1, quality: 2)";
        let Some(fields) = value.as_fields() else {
            return self.wrong(&["weights"], format!("the weights are {}", value.describe()), hint);
        };
        let mut weights = Weights::default();
        for (name, value) in fields {
            let number = value.as_integer().filter(|number| (0..=MOST_WEIGHT).contains(number));
            let slot = match name.as_str() {
                "cost" => &mut weights.cost,
                "time" => &mut weights.time,
                "quality" => &mut weights.quality,
                _ => {
                    let message = format!("there is no weight `{}`", crate::ronfile::cut(name));
                    self.wrong(&["weights", name], message, "weights are cost, time and quality");
                    continue;
                }
            };
            match number {
                Some(number) => *slot = u32::try_from(number).unwrap_or_default(),
                None => {
                    let message = format!("the weight `{name}` is not an integer from 0 to {MOST_WEIGHT}");
                    self.wrong(&["weights", name], message, hint);
                }
            }
        }
        self.policy.weights = weights;
    }

    fn names(&mut self, field: &str, value: &Data) -> Vec<String> {
        let hint = format!("write {field}: [\"runway/*\", \"kling\"]");
        let Some(items) = value.as_items() else {
            self.wrong(&[field], format!("`{field}` is {}", value.describe()), &hint);
            return Vec::new();
        };
        if MOST_ENTRIES < items.len() {
            self.wrong(
                &[field],
                format!("`{field}` has more than {MOST_ENTRIES} entries"),
                "use patterns: \"runway/*\"",
            );
        }
        let mut names = Vec::new();
        for item in items.iter().take(MOST_ENTRIES) {
            match item.as_text().map(str::trim).filter(|text| !text.is_empty()) {
                Some(name) => names.push(name.to_owned()),
                None => {
                    let what = if item.as_text().is_some() { "empty" } else { item.describe() };
                    self.wrong(&[field], format!("an entry of `{field}` is {what}"), &hint);
                }
            }
        }
        // A list that allows nobody who can be read is not a list that allows everybody.
        if field == "allow" && names.is_empty() && !items.is_empty() {
            names.push(String::new());
        }
        names
    }

    fn pins(&mut self, value: &Data) {
        let hint = "write pins: { \"graph\": \"runway/gen4.5\", \"scene:s2\": .., \"character:MARA\": .., \"shot:s2.b1\": .. }";
        let Some(fields) = value.as_fields() else {
            if *value != Data::Unit {
                self.wrong(&["pins"], format!("the pins are {}", value.describe()), hint);
            }
            return;
        };
        if MOST_ENTRIES < fields.len() {
            self.wrong(&["pins"], format!("there are more than {MOST_ENTRIES} pins"), "pin scenes or characters");
        }
        for (key, model) in fields.iter().take(MOST_ENTRIES) {
            let model = model.as_text().map(str::trim).filter(|model| !model.is_empty() && Aim::parse(model).is_none());
            match (PinScope::parse(key), model) {
                (Some(scope), Some(model)) => {
                    if let Some(other) = self.policy.pins.get(&scope).filter(|other| *other != model) {
                        let message = format!("{scope} is pinned to {other} and to {model}");
                        self.wrong(&["pins", key], message, "keep one of them");
                    } else {
                        self.policy.pins.insert(scope, model.to_owned());
                    }
                }
                (None, _) => {
                    let message = format!("`{}` is nothing that can be pinned", crate::ronfile::cut(key));
                    self.wrong(&["pins", key], message, hint);
                }
                (_, None) => {
                    let message = format!("`{}` is not pinned to a model", crate::ronfile::cut(key));
                    self.wrong(&["pins", key], message, "a pin names one model: \"runway/gen4.5\"");
                }
            }
        }
    }

    fn word<'w>(&mut self, field: &str, value: &Data, words: &[&'w str]) -> Option<&'w str> {
        let found = value.as_text().and_then(|text| words.iter().copied().find(|word| *word == text));
        if found.is_none() {
            let message = match value.as_text() {
                Some(text) => format!("`{field}` cannot be `{}`", crate::ronfile::cut(text)),
                None => format!("`{field}` is {}", value.describe()),
            };
            self.wrong(&[field], message, &format!("choose one of: {}", words.join(", ")));
        }
        found
    }

    /// Pins to models that the graph denies by name: nobody could ever make those shots.
    fn contradictions(&mut self) {
        let pins: Vec<_> = self.policy.pins.iter().map(|(scope, model)| (scope.to_string(), model.clone())).collect();
        for (scope, model) in pins {
            if let Some(deny) = self.policy.deny.iter().find(|deny| matches(deny, &model)).cloned() {
                let message = format!("{scope} is pinned to {model}, which is denied by `{deny}`");
                self.wrong(&["pins", &scope], message, "remove the pin, or the entry of `deny`");
            }
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
    use expect_test::expect;

    use super::*;
    use crate::ronfile::read_prefix;

    fn read(text: &str) -> (Policy, Vec<String>) {
        let (policy, problems) = Policy::read(&read_prefix(text).expect("it is RON").0);
        let told = |it: Problem| format!("{}: {}", it.path.join("."), it.diagnostic.message);
        (policy, problems.into_iter().map(told).collect())
    }

    #[test]
    fn a_whole_section_is_read() {
        let (policy, problems) = read(
            r#"(version: 1, aim: (draft: "cheapest", final: "best"), weights: (cost: 3, time: 0), allow: ["runway/*"],
            deny: ["kling"], pins: { "scene:s2": "runway/gen4.5", "character:mara": "runway/gen4" },
            consistency: "off", fallback: "any", after_refusal: true, mood: "ours")"#,
        );
        assert_eq!(problems, [] as [String; 0]);
        assert_eq!((policy.wish(Quality::Draft), policy.wish(Quality::Final)), ("cheapest", "best"));
        assert_eq!(policy.weights, Weights { cost: 3, time: 0, quality: 2 });
        assert_eq!((policy.allow.join(" "), policy.deny.join(" ")), ("runway/*".to_owned(), "kling".to_owned()));
        assert_eq!(
            (policy.consistency, policy.consent(), policy.after_refusal),
            (Consistency::Off, Consent::Any, true)
        );
        assert_eq!(policy.pins[&PinScope::Character("MARA".to_owned())], "runway/gen4");
        assert_eq!(read("()"), (Policy::default(), Vec::new()));
    }

    #[test]
    fn every_mistake_is_said_with_its_field() {
        let (policy, problems) = read(
            r#"(version: 9, aim: (draft: 3, best: "x"), weights: (cost: -1, taste: 1), allow: [1], deny: "kling",
            pins: { "shot": "a/b", "graph": "best", "scene:s1": "kling/v3", "character:A": "a/b", "character:a": "a/c" },
            consistency: "always", fallback: "family", after_refusal: 1, alow: [])"#,
        );
        expect![[r#"
            version: how models are chosen has version 9; this build reads up to 1
            aim.draft: the aim of draft is an integer
            aim.best: there is no quality `best`
            weights.cost: the weight `cost` is not an integer from 0 to 1000
            weights.taste: there is no weight `taste`
            allow: an entry of `allow` is an integer
            deny: `deny` is a text
            pins.shot: `shot` is nothing that can be pinned
            pins.graph: `graph` is not pinned to a model
            pins.character:a: character:A is pinned to a/b and to a/c
            consistency: `consistency` cannot be `always`
            fallback: `fallback` cannot be `family`
            after_refusal: `after_refusal` is an integer
            alow: `alow` says nothing about choosing models
        "#]]
        .assert_eq(&problems.iter().map(|line| format!("{line}\n")).collect::<String>());
        assert_eq!(policy.fallback, Some(Consent::Off), "what cannot be read consents to nothing");
        assert_eq!(policy.allow, [""], "and allows nobody");
        let (_, denied) = read(r#"(deny: ["kling"], pins: { "scene:s1": "kling/v3" })"#);
        assert_eq!(denied, ["pins.scene:s1: scene:s1 is pinned to kling/v3, which is denied by `kling`"]);
    }

    #[test]
    fn the_most_specific_pin_wins_and_equals_conflict() {
        let (policy, _) = read(
            r#"(pins: { "graph": "a/g", "character:MARA": "a/m", "character:JON": "a/j", "scene:s2": "a/s",
            "shot:s2.b9": "a/b" })"#,
        );
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
