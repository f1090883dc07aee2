//! Why an item would run: the ingredients of its key beside those of its last result, from the walk that makes keys.

use model::plan::Outcome;
use model::{Diagnostic, Digest, Stop, Work};

use crate::engine::Engine;
use crate::models::Chosen;
use crate::needs::keyed;
use crate::state::{ItemRef, State};
use crate::traces::Made;
use crate::whole;

/// One ingredient, now and at the previous result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ingredient {
    pub path: String,
    pub now: Option<String>,
    pub before: Option<String>,
}

impl Ingredient {
    /// Whether the two differ.
    pub fn is_changed(&self) -> bool {
        self.now != self.before
    }
}

/// What is known about an item's key.
#[derive(Clone, Debug, PartialEq)]
pub struct Explanation {
    pub item: String,
    pub state: State,
    pub key: Option<Digest>,
    /// The key of the result before this one; none where there was none.
    pub before: Option<Digest>,
    pub ingredients: Vec<Ingredient>,
    /// The model that was chosen, and why.
    pub chosen: Option<Chosen>,
}

impl Explanation {
    /// The model that was chosen, its version, and how: a line each.
    pub fn model(&self) -> Option<String> {
        self.chosen.as_ref().map(|it| format!("{} {}: {}", it.model, it.version, it.lines().join("\n")))
    }

    /// The ingredients that differ; empty where there is no earlier result.
    pub fn changes(&self) -> impl Iterator<Item = &Ingredient> {
        self.ingredients.iter().filter(|it| self.before.is_some() && it.is_changed())
    }
}

/// Where the store keeps the key before the last one.
pub(crate) fn previous(item: &str) -> String {
    format!("{item}@previous")
}

impl Engine {
    /// Explains an item.
    ///
    /// # Errors
    /// The store's diagnostic where an earlier result cannot be read.
    pub fn explain(&self, at: ItemRef) -> Result<Explanation, Diagnostic> {
        let item = self.item(at);
        let name = item.name.clone();
        let (mut key, mut now, mut answered) = (None, Vec::new(), None);
        let (planned, parts) = self.ev.replan(at).unzip();
        let parts = parts.unwrap_or_default();
        for (idx, part) in parts.iter().enumerate() {
            now.extend(numbered(idx, part.work.ingredients(named(part.chosen.as_ref()))));
            answered = answered.or_else(|| part.chosen.clone());
        }
        // Whether all that the key is made of is known.
        let mut is_whole = true;
        match planned {
            Some(Ok(plan)) => match (plan.outcome, plan.made_by) {
                (Outcome::Work(work), _) | (Outcome::Values(_), Some(work)) => {
                    let resolver = self.ev.resolver();
                    let chosen = match self.ev.joint.get(&at).and_then(|joint| joint.chosen.clone()) {
                        Some(chosen) => Some(chosen?),
                        None => resolver.choose(&work, &plan.scope)?,
                    };
                    let (found, work) = keyed(*work, chosen.as_ref());
                    key = if parts.is_empty() { Some(found) } else { item.key };
                    now.extend(work.ingredients(named(chosen.as_ref())));
                    answered = answered.or(chosen);
                }
                (Outcome::Values(_), None) if !parts.is_empty() => key = item.key,
                (Outcome::Values(outputs), None) => {
                    for (port, value) in outputs {
                        let listed = model::walk::ingredients_of(&value);
                        now.extend(listed.into_iter().map(|(path, text)| (format!("{port}.{path}"), text)));
                    }
                }
            },
            Some(Err(Stop::Pending)) | None if !parts.is_empty() => (key, is_whole) = (item.key, false),
            Some(Err(Stop::Pending)) | None => {
                for wanted in self.wanted(at) {
                    let chosen = wanted.chosen.as_ref();
                    now.extend(wanted.work.ingredients(named(chosen)));
                    key = item.key;
                    answered = answered.or_else(|| chosen.cloned());
                }
            }
            Some(Err(Stop::Refused(diagnostic))) => return Err(self.ev.placed(at, *diagnostic)),
        }
        let store = &self.ev.store;
        let last = store.last_key(&self.ev.graph, &name)?;
        let before = if last == key { store.last_key(&self.ev.graph, &previous(&name))? } else { last };
        let old = match before.map(|before| store.work(&before)).transpose()?.flatten() {
            Some(made) if whole::is_whole(&made.work) => self.of_whole(&made, is_whole)?,
            Some(made) => of_made(&made),
            None => Vec::new(),
        };
        Ok(Explanation {
            item: name,
            state: item.state.clone(),
            key,
            before,
            ingredients: beside(now, old),
            chosen: answered,
        })
    }

    /// The ingredients of the calls that a take was made of, and, where asked for, of what was made of them.
    fn of_whole(&self, whole: &Made, with_made: bool) -> Result<Vec<(String, String)>, Diagnostic> {
        let mut found = Vec::new();
        let mut n_calls = 0;
        for part in &whole.parts {
            match self.ev.store.work(part)? {
                Some(made) if matches!(made.work, Work::Call(_)) => {
                    found.extend(numbered(n_calls, of_made(&made)));
                    n_calls += 1;
                }
                Some(made) if with_made => found.extend(of_made(&made)),
                _ => {}
            }
        }
        Ok(found)
    }
}

/// The ingredients of a work that was done.
fn of_made(made: &Made) -> Vec<(String, String)> {
    made.work.ingredients(made.model.as_ref().map(|(name, version)| (name.as_str(), *version)))
}

/// The ingredients of one call of several.
fn numbered(idx: usize, listed: Vec<(String, String)>) -> impl Iterator<Item = (String, String)> {
    let path = move |path: &str| format!("{}.{}", idx + 1, path.strip_prefix("work.").unwrap_or(path));
    listed.into_iter().map(move |(old, text)| (path(&old), text))
}

fn named(chosen: Option<&Chosen>) -> Option<(&str, u32)> {
    chosen.map(|it| (it.model.as_str(), it.version))
}

/// Pairs two listings by path, in the order of the first, with what only the second has at the end.
fn beside(now: Vec<(String, String)>, before: Vec<(String, String)>) -> Vec<Ingredient> {
    let mut before: indexmap::IndexMap<String, String> = before.into_iter().collect();
    let mut rows: Vec<Ingredient> = now
        .into_iter()
        .map(|(path, text)| {
            let old = before.shift_remove(&path);
            Ingredient { path, now: Some(text), before: old }
        })
        .collect();
    rows.extend(before.into_iter().map(|(path, text)| Ingredient { path, now: None, before: Some(text) }));
    rows
}
