//! Who is in a text: names from cues and introductions, found again in action.
//!
//! Pronouns are resolved inside a paragraph and by the scene's cues only. Looking back across paragraphs would guess
//! better and make every edit ripple through its scene.

use std::collections::BTreeMap;

use super::outline::{BeatKind, Scene};
use super::timing::finds;
use super::words::{Word, words};
use super::{lexicon, rules};

/// The names of a script.
#[derive(Debug, Default)]
pub(super) struct People {
    /// Tokens in small letters and the name they mean, by first token, longest first.
    by_token: BTreeMap<String, Vec<(Vec<String>, String)>>,
}

/// A name found in a text.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Mention {
    pub(super) name: String,
    /// Index of its first word.
    pub(super) word_idx: usize,
    pub(super) possessive: bool,
    /// In capitals, with an age or a description after it.
    pub(super) introduced: bool,
}

impl People {
    /// Reads all cues, then all introductions in action.
    pub(super) fn of(scenes: &[Scene]) -> People {
        let mut people = People::default();
        let speeches = scenes.iter().flat_map(|scene| &scene.beats).filter_map(|beat| beat.speech.as_ref());
        for name in speeches.flat_map(|speech| &speech.names) {
            people.add(name, name);
        }
        let actions = scenes.iter().flat_map(|scene| &scene.beats).filter(|beat| beat.kind == BeatKind::Action);
        for beat in actions {
            let words = words(&beat.text);
            for run in introductions(&beat.text, &words) {
                let full = run.iter().map(|word| word.raw).collect::<Vec<_>>().join(" ");
                let known = run.iter().find_map(|word| people.by_token.get(&word.lower).map(|it| it[0].1.clone()));
                people.add(&full, &known.unwrap_or_else(|| full.clone()));
            }
        }
        people
    }

    fn add(&mut self, written: &str, name: &str) {
        let tokens: Vec<String> = words(written).into_iter().map(|word| word.lower).collect();
        let Some(first) = tokens.first() else { return };
        let known = self.by_token.entry(first.clone()).or_default();
        if !known.iter().any(|(it, _)| *it == tokens) && known.len() < 64 {
            known.push((tokens, name.to_owned()));
            known.sort_by_key(|(tokens, _)| std::cmp::Reverse(tokens.len()));
        }
    }

    /// Names in a text, in order, each once.
    pub(super) fn mentions(&self, text: &str, words: &[Word<'_>]) -> Vec<Mention> {
        let mut found: Vec<Mention> = Vec::new();
        let mut at = 0;
        while at < words.len() {
            let known = self.by_token.get(&words[at].lower).into_iter().flatten();
            let hit = known.into_iter().find(|(tokens, _)| {
                let run = words.get(at..at + tokens.len()).unwrap_or_default();
                run.len() == tokens.len()
                    && run.iter().zip(tokens).all(|(word, token)| word.lower == *token)
                    && (1 < run.len() || run[0].capital)
            });
            let Some((tokens, name)) = hit else {
                at += 1;
                continue;
            };
            let last = &words[at + tokens.len() - 1];
            let described = following(text, last).trim_start().starts_with([',', '(']);
            if !found.iter().any(|it| it.name == *name) {
                found.push(Mention {
                    name: name.clone(),
                    word_idx: at,
                    possessive: last.possessive,
                    introduced: words[at].caps && described,
                });
            }
            at += tokens.len();
        }
        found
    }
}

/// The text after a word that was cut from it.
fn following<'a>(text: &'a str, word: &Word<'_>) -> &'a str {
    let start = word.raw.as_ptr() as usize - text.as_ptr() as usize;
    &text[start + word.raw.len()..]
}

/// Runs of up to three words in capitals with an age after them: `HENRY MAST, 11,`.
fn introductions<'a, 'b>(text: &str, words: &'b [Word<'a>]) -> Vec<&'b [Word<'a>]> {
    const AGES: &[&str] = &["teens", "twenties", "thirties", "forties", "fifties", "sixties", "seventies", "eighties"];
    let mut found = Vec::new();
    let mut at = 0;
    while at < words.len() {
        let len = words[at..].iter().take(4).take_while(|word| word.caps).count();
        if len == 0 {
            at += 1;
            continue;
        }
        let run = &words[at..at + len];
        let tail = following(text, &run[len - 1]).trim_start();
        let described = tail.strip_prefix([',', '(']).map(str::trim_start);
        let age = described.is_some_and(|rest| {
            rest.starts_with(|c: char| c.is_ascii_digit())
                || rest.split(|c: char| !c.is_alphanumeric()).take(3).any(|word| AGES.contains(&word))
        });
        let known_word = |word: &Word<'_>| {
            lexicon::is_sound(word.raw)
                || rules::DIRECTIVES.iter().any(|it| it.caps && it.phrases.contains(&word.lower.as_str()))
        };
        if age && len <= 3 && !run.iter().any(known_word) {
            found.push(run);
        }
        at += len;
    }
    found
}

/// Which pronouns stand for people of the scene.
pub(super) fn pronouns(words: &[Word<'_>]) -> usize {
    if finds(words, "they", false) {
        2
    } else {
        usize::from(words.iter().any(|word| matches!(word.lower.as_str(), "she" | "he")))
    }
}

/// Things named in a text: those of the dictionary, and nouns in capitals after an article.
pub(super) fn props(words: &[Word<'_>], mentions: &[Mention]) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut add = |name: String| {
        if found.len() < 4 && !found.contains(&name) {
            found.push(name);
        }
    };
    let mut at = 0;
    while at < words.len() {
        let word = &words[at];
        let near = &words[at.saturating_sub(2)..at];
        let determined = near.iter().any(|it| lexicon::DETERMINERS.contains(&it.lower.as_str()));
        let is_person = mentions.iter().any(|mention| mention.word_idx == at);
        if determined && word.caps && !is_person && !lexicon::is_sound(word.raw) {
            let len = words[at..].iter().take(3).take_while(|word| word.caps && !lexicon::is_sound(word.raw)).count();
            add(words[at..at + len].iter().map(|word| word.lower.as_str()).collect::<Vec<_>>().join(" "));
            at += len;
            continue;
        }
        if let Some(thing) = lexicon::thing(&word.lower) {
            add(thing.to_owned());
        }
        at += 1;
    }
    found
}
