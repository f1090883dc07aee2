//! Fuzzy search over a few named fields of each entry, for the palettes. Knows no entries and no window.
//!
//! `nucleo-matcher` scores one text; here every word of the query may be found in another field, so that
//! `clip trim` and `trim clip` find the same.

use nucleo_matcher::pattern::{AtomKind, CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Matcher, Utf32Str};

/// A text to search, with what a match in it weighs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Field<'a> {
    pub(crate) text: &'a str,
    pub(crate) weight: u32,
    /// A long text, in which scattered letters mean nothing: only whole words count.
    pub(crate) prose: bool,
}

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Finder {
    matcher: Option<Matcher>,
    buffer: Vec<char>,
}

impl Finder {
    /// The score of an entry; none where some word of the query is nowhere in it. An empty query fits everything.
    pub(crate) fn score(&mut self, query: &str, fields: &[Field<'_>]) -> Option<u32> {
        let matcher = self.matcher.get_or_insert_with(Matcher::default);
        let loose = Pattern::new(query, CaseMatching::Ignore, Normalization::Smart, AtomKind::Fuzzy);
        let strict = Pattern::new(query, CaseMatching::Ignore, Normalization::Smart, AtomKind::Substring);
        let mut total = 0;
        for (loose, strict) in loose.atoms.iter().zip(&strict.atoms) {
            let scores = fields.iter().filter_map(|field| {
                let atom = if field.prose { strict } else { loose };
                let text = Utf32Str::new(field.text, &mut self.buffer);
                let exact = u32::from(field.text.eq_ignore_ascii_case(query.trim())) * 200;
                atom.score(text, matcher).map(|score| u32::from(score) * field.weight + exact)
            });
            total += scores.max()?;
        }
        Some(total)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn score(query: &str, title: &str, prose: &str) -> Option<u32> {
        let fields = [Field { text: title, weight: 4, prose: false }, Field { text: prose, weight: 1, prose: true }];
        Finder::default().score(query, &fields)
    }

    #[test]
    fn every_word_is_found_somewhere() {
        assert!(score("vmod", "Video model", "").is_some());
        assert!(score("model clip", "Video model", "Makes a clip").is_some());
        assert_eq!(score("mkc", "Video model", "Makes a clip"), None, "letters scattered in prose mean nothing");
        assert_eq!(score("model audio", "Video model", "Makes a clip"), None);
        assert_eq!(score(" ", "x", ""), Some(0));
        assert!(score("trim", "Trim", "") > score("trim", "Trim to match", ""));
    }
}
