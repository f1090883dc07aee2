//! When and how loud a line is spoken: shared by mouths and the scratch voice, so that they move together.
//!
//! Syllables are groups of vowels, spread evenly over the line. Real alignment needs a voice, which comes later.

use model::Line;

use crate::math::{Rng, finite, seed_of, sin};

/// A line in time.
#[derive(Clone, Debug)]
pub(crate) struct Speech {
    pub(crate) character: String,
    pub(crate) start: f64,
    pub(crate) length: f64,
    /// Loudness of each syllable, 0 for the gap between sentences.
    pub(crate) syllables: Vec<f64>,
    pub(crate) asks: bool,
    /// Heard, not seen.
    pub(crate) unseen: bool,
}

/// Syllables that a line can have; longer ones repeat their rhythm too fast to hear anyway.
const MOST: usize = 1200;

impl Speech {
    pub(crate) fn of(line: &Line) -> Speech {
        let mut syllables = Vec::new();
        let mut rng = Rng::new(seed_of(&line.text));
        let mut in_vowel = false;
        for c in line.text.chars().take(20_000) {
            let vowel = "aeiouyäöüéèêàâôîûáíóúαεηιουωаеиоуыэюя".contains(c.to_lowercase().next().unwrap_or(c));
            if vowel && !in_vowel {
                syllables.push(rng.range(0.65, 1.0));
            }
            in_vowel = vowel;
            if matches!(c, '.' | ',' | '!' | '?' | ';' | ':' | '—') && syllables.last().is_some_and(|last| 0.0 < *last)
            {
                syllables.push(0.0);
            }
            if MOST <= syllables.len() {
                break;
            }
        }
        while syllables.last() == Some(&0.0) {
            syllables.pop();
        }
        if syllables.is_empty() {
            syllables.push(0.8);
        }
        Speech {
            character: line.character.clone(),
            start: finite(line.start_s).clamp(0.0, 36_000.0),
            length: finite(line.duration_s).clamp(0.0, 36_000.0),
            syllables,
            asks: line.text.trim_end().ends_with('?'),
            unseen: !line.extension.trim().is_empty(),
        }
    }

    /// Which syllable sounds at `t` seconds, and where in it, 0 to 1.
    pub(crate) fn syllable(&self, t: f64) -> Option<(usize, f64)> {
        if self.length <= 0.0 || t < self.start || self.start + self.length <= t {
            return None;
        }
        let at = (t - self.start) / self.length * self.syllables.len() as f64;
        let index = (at as usize).min(self.syllables.len() - 1);
        Some((index, at - index as f64))
    }

    /// 0 to 1.
    pub(crate) fn loudness(&self, t: f64) -> f64 {
        let Some((index, within)) = self.syllable(t) else { return 0.0 };
        // A syllable opens quickly and closes slowly.
        let shape = sin(std::f64::consts::PI * libm::pow(within, 0.7));
        self.syllables[index] * shape.max(0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str, start_s: f64, duration_s: f64) -> Line {
        Line {
            character: "MARA".to_owned(),
            text: text.to_owned(),
            parenthetical: String::new(),
            extension: String::new(),
            start_s,
            duration_s,
        }
    }

    #[test]
    fn speech_sounds_only_while_it_lasts() {
        let speech = Speech::of(&line("The lamp is out.", 1.0, 2.0));
        assert_eq!(speech.syllables.len(), 4);
        assert_eq!((speech.loudness(0.9), speech.loudness(3.1)), (0.0, 0.0));
        assert!(0.3 < speech.loudness(1.2));
    }

    #[test]
    fn odd_lines_are_silent() {
        for (start, length) in [(f64::NAN, 1.0), (0.0, f64::NAN), (1.0, -1.0), (0.0, 0.0), (f64::INFINITY, 1.0)] {
            let speech = Speech::of(&line("", start, length));
            assert!(speech.loudness(5.0).is_finite());
        }
    }
}
