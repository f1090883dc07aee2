//! Who speaks, as a graph writes it: one voice, or one for each provider or model.
//!
//! `marin` is a voice whoever speaks; `openai: marin, elevenlabs: JBFqnCBsd6RMkjVDRZzb` names one for each. A pattern is
//! a provider, or a model as lists of models write it. A call keeps the whole text until a model is chosen for it, and
//! is then narrowed to that model's own voice, so that another provider's voice changes no key.

use std::fmt;

use crate::policy::matches;

/// The option of a call that says who speaks.
pub const VOICE: &str = "voice";

/// Voices by provider or model, in the order in which they are written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Voices {
    /// What holds for whoever has none of its own.
    pub any: Option<String>,
    /// Pattern and voice.
    pub own: Vec<(String, String)>,
}

impl Voices {
    /// Reads what a graph writes.
    ///
    /// # Errors
    /// A sentence about what is wrong.
    pub fn parse(text: &str) -> Result<Voices, String> {
        let text = text.trim();
        let mut voices = Voices::default();
        if text.is_empty() {
            return Ok(voices);
        }
        // A voice's name may have commas, as long as nobody is named.
        if !text.contains(": ") {
            if let Some((pattern, voice)) = text.split_once(':').filter(|(pattern, _)| is_pattern(pattern)) {
                return Err(format!("`{text}` can be read in two ways: write `{pattern}: {voice}`"));
            }
            voices.any = Some(text.to_owned());
            return Ok(voices);
        }
        for entry in text.split([',', '\n']).map(str::trim).filter(|entry| !entry.is_empty()) {
            match entry.split_once(": ") {
                Some((pattern, voice)) if is_pattern(pattern.trim()) && !voice.trim().is_empty() => {
                    let (pattern, voice) = (pattern.trim().to_owned(), voice.trim().to_owned());
                    if voices.own.iter().any(|(known, _)| *known == pattern) {
                        return Err(format!("`{pattern}` has two voices"));
                    }
                    voices.own.push((pattern, voice));
                }
                Some(_) => return Err(format!("`{entry}` is no provider with its voice")),
                None if voices.any.is_some() => {
                    return Err(format!("`{entry}` is the second voice that belongs to no provider"));
                }
                None => voices.any = Some(entry.to_owned()),
            }
        }
        Ok(voices)
    }

    /// The voice at a model, and whether it is written for it: the model's own, else its provider's, else any.
    pub fn at(&self, model: &str) -> Option<(&str, bool)> {
        let own = self.own.iter().filter(|(pattern, _)| matches(pattern, model));
        let own = own.max_by_key(|(pattern, _)| (pattern == model, pattern.len()));
        own.map(|(_, voice)| (voice.as_str(), true)).or(self.any.as_deref().map(|voice| (voice, false)))
    }

    /// The same with the voices of `other` for those that have none here.
    #[must_use]
    pub fn or(mut self, other: Voices) -> Voices {
        if self.any.is_none() {
            let provider = |pattern: &str| pattern.split('/').next().unwrap_or_default().to_owned();
            let known: Vec<String> = self.own.iter().map(|(pattern, _)| provider(pattern)).collect();
            self.own.extend(other.own.into_iter().filter(|(pattern, _)| !known.contains(&provider(pattern))));
            self.any = other.any;
        }
        self
    }
}

impl fmt::Display for Voices {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let own = self.own.iter().map(|(pattern, voice)| format!("{pattern}: {voice}"));
        f.write_str(&own.chain(self.any.clone()).collect::<Vec<_>>().join(", "))
    }
}

/// Whether a text could name a provider or models: lower case, without spaces.
fn is_pattern(text: &str) -> bool {
    let is_part = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_./*".contains(c);
    text.starts_with(|c: char| c.is_ascii_lowercase()) && text.chars().all(is_part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn read(text: &str) -> Voices {
        Voices::parse(text).expect("it can be read")
    }

    #[test]
    fn one_voice_is_whoevers() {
        assert_eq!(read(" marin ").at("openai/tts-1"), Some(("marin", false)));
        assert_eq!(read("Anna, warm").at("a/b"), Some(("Anna, warm", false)), "nobody is named");
        assert_eq!(read("").at("a/b"), None);
        assert_eq!(read("Custom:17").at("a/b"), Some(("Custom:17", false)));
    }

    #[test]
    fn a_models_own_comes_before_its_providers_before_any() {
        let voices = read("openai: marin, openai/tts-1: onyx\nelevenlabs: JBF, Kore");
        assert_eq!(voices.at("openai/tts-1"), Some(("onyx", true)));
        assert_eq!(voices.at("openai/gpt-4o-mini-tts"), Some(("marin", true)));
        assert_eq!(voices.at("elevenlabs/eleven_v3"), Some(("JBF", true)));
        assert_eq!(voices.at("gemini/x"), Some(("Kore", false)));
        assert_eq!(read(&voices.to_string()), voices, "it is written as it is read");
        let sure = Voices { any: None, ..voices };
        assert_eq!(sure.at("gemini/x"), None);
    }

    #[test]
    fn what_is_missing_comes_from_the_others() {
        let mara = read("openai: marin");
        let both = mara.clone().or(read("openai/tts-1: onyx, gemini: Kore, ash"));
        assert_eq!(both.to_string(), "openai: marin, gemini: Kore, ash");
        assert_eq!(read("marin").or(read("gemini: Kore")).to_string(), "marin", "who has one for all needs no other");
    }

    #[test]
    fn unclear_voices_are_told() {
        let told = |text: &str| Voices::parse(text).expect_err("it is refused");
        assert_eq!(told("openai:marin"), "`openai:marin` can be read in two ways: write `openai: marin`");
        assert_eq!(told("openai: a, openai: b"), "`openai` has two voices");
        assert_eq!(told("openai: a, b, c"), "`c` is the second voice that belongs to no provider");
        assert_eq!(told("Open AI: a"), "`Open AI: a` is no provider with its voice");
    }
}
