//! Reads the section `models` of a graph's settings, and says every mistake in it by its field.

use super::{Aim, Consent, Consistency, PinScope, Policy, SECTION, VERSION, Weights, matches};
use crate::nearest::nearest;
use crate::{Data, Diagnostic};

impl Policy {
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

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::Quality;
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
}
