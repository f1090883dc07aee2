//! Words, sentences and pieces of text: the little grammar that the rules need.
//!
//! English inflection by suffix, not by a dictionary of forms: a tagger would be larger than everything else here.

/// A word as it stands, and in small letters without a possessive ending.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Word<'a> {
    pub(super) raw: &'a str,
    pub(super) lower: String,
    /// Two letters or more, all capitals.
    pub(super) caps: bool,
    /// Starts with a capital.
    pub(super) capital: bool,
    /// Ended on `'s`.
    pub(super) possessive: bool,
}

fn in_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '\'' | '’' | '-')
}

/// The words of a text in order.
pub(super) fn words(text: &str) -> Vec<Word<'_>> {
    text.split(|c: char| !in_word(c)).filter_map(word).collect()
}

fn word(piece: &str) -> Option<Word<'_>> {
    let raw = piece.trim_matches(|c: char| !c.is_alphanumeric());
    if raw.is_empty() {
        return None;
    }
    let stem = ["'s", "’s", "'S", "’S"].iter().find_map(|ending| raw.strip_suffix(ending));
    let bare = stem.unwrap_or(raw);
    let letters = bare.chars().filter(|c| c.is_alphabetic()).count();
    Some(Word {
        raw: bare,
        lower: bare.to_lowercase(),
        caps: 2 <= letters && !bare.chars().any(char::is_lowercase) && bare.chars().any(char::is_uppercase),
        capital: bare.starts_with(char::is_uppercase),
        possessive: stem.is_some(),
    })
}

/// How many words a reader counts.
pub(super) fn n_words(text: &str) -> usize {
    text.split_whitespace().filter(|piece| piece.contains(char::is_alphanumeric)).count()
}

/// Small letters, words only, one space between them: what identity compares.
pub(super) fn normal(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for piece in text.split(|c: char| !in_word(c)) {
        let bare = piece.trim_matches(|c: char| !c.is_alphanumeric());
        if !bare.is_empty() {
            if !out.is_empty() {
                out.push(' ');
            }
            out.extend(bare.chars().flat_map(char::to_lowercase));
        }
    }
    out
}

/// One space between words, none at the ends.
pub(super) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

const ABBREVIATIONS: &[&str] = &["mr.", "mrs.", "ms.", "dr.", "st.", "prof.", "capt.", "lt.", "sgt.", "vs.", "no."];

/// The sentences of a text on one line; joined by a space they are the text again.
pub(super) fn sentences(text: &str) -> Vec<&str> {
    split_after(text, |before, after| {
        let closed = before.trim_end_matches(['"', '\'', '”', '’', ')']);
        let last = closed.rsplit(' ').next().unwrap_or_default();
        closed.ends_with(['.', '!', '?', '…'])
            && !after.starts_with(char::is_lowercase)
            && !ABBREVIATIONS.contains(&last.to_lowercase().as_str())
            && !is_initial(last)
    })
}

/// `J.` in `J. Smith`.
fn is_initial(word: &str) -> bool {
    word.len() == 2 && word.starts_with(char::is_uppercase) && word.ends_with('.')
}

/// Cuts at every space where `ends` says that a unit ends before it.
fn split_after(text: &str, mut ends: impl FnMut(&str, &str) -> bool) -> Vec<&str> {
    let mut units = Vec::new();
    let mut from = 0;
    for (at, _) in text.match_indices(' ') {
        // Only the tail of the unit matters; a bounded one keeps this linear.
        let mut start = from.max(at.saturating_sub(32));
        while !text.is_char_boundary(start) {
            start += 1;
        }
        if from < at && ends(&text[start..at], &text[at + 1..]) {
            units.push(&text[from..at]);
            from = at + 1;
        }
    }
    if from < text.len() {
        units.push(&text[from..]);
    }
    units
}

/// Cuts a text of one line into pieces of about equal length, none longer than `limit` words: at ends of sentences
/// where that will do, else at clauses, else between words. Joined by a space they are the text again.
pub(super) fn pieces(text: &str, n: usize, limit: usize) -> Vec<String> {
    let (limit, total) = (limit.max(1), n_words(text));
    let n = n.max(total.div_ceil(limit)).max(1);
    if n == 1 {
        return vec![text.to_owned()];
    }
    let target = total.div_ceil(n);
    let mut units: Vec<&str> = Vec::new();
    for sentence in sentences(text) {
        if n_words(sentence) <= limit {
            units.push(sentence);
            continue;
        }
        let is_clause = |before: &str, _: &str| before.ends_with([',', ';', ':', '—', '–']) || before.ends_with("--");
        for clause in split_after(sentence, is_clause) {
            let n_clause = n_words(clause);
            if n_clause <= limit {
                units.push(clause);
                continue;
            }
            // Even runs of words, so that no piece of one word is left over.
            let run = n_clause.div_ceil(n_clause.div_ceil(limit));
            let mut counted = 0;
            units.extend(split_after(clause, |before, _| {
                counted += n_words(before.rsplit(' ').next().unwrap_or_default());
                counted == run && std::mem::take(&mut counted) == run
            }));
        }
    }
    let mut out: Vec<String> = Vec::new();
    let mut held = 0;
    for unit in units {
        let n_unit = n_words(unit);
        let fits = held + n_unit <= limit && (held == 0 || held + n_unit / 2 < target);
        match out.last_mut() {
            Some(last) if fits => {
                last.push(' ');
                last.push_str(unit);
                held += n_unit;
            }
            _ => {
                out.push(unit.to_owned());
                held = n_unit;
            }
        }
    }
    out
}

/// Whether `word`, in small letters, is a form of the verb: `look`, `looks`, `looked`, `looking`.
pub(super) fn inflects(verb: &str, word: &str) -> bool {
    const ENDINGS: &[&str] = &["", "s", "es", "ed", "d", "ing"];
    if let Some(rest) = word.strip_prefix(verb) {
        if ENDINGS.contains(&rest) {
            return true;
        }
        let mut rest = rest.chars();
        let doubled = rest.next().is_some_and(|c| verb.ends_with(c));
        return doubled && matches!(rest.as_str(), "ed" | "ing");
    }
    let stem = verb.strip_suffix('e').and_then(|stem| word.strip_prefix(stem));
    let soft = verb.strip_suffix('y').and_then(|stem| word.strip_prefix(stem));
    stem == Some("ing") || matches!(soft, Some("ies" | "ied"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn verbs_are_found_in_their_forms() {
        for (verb, word) in
            [("look", "looks"), ("stop", "stopped"), ("write", "writing"), ("carry", "carries"), ("push", "pushes")]
        {
            assert!(inflects(verb, word), "{verb} {word}");
        }
        for (verb, word) in [("look", "lookout"), ("run", "rust"), ("see", "seed-corn"), ("sit", "site")] {
            assert!(!inflects(verb, word), "{verb} {word}");
        }
    }

    #[test]
    fn sentences_end_where_a_reader_ends_them() {
        assert_eq!(sentences("Mr. Hale waits. \"No!\" He goes."), ["Mr. Hale waits.", "\"No!\"", "He goes."]);
        assert_eq!(sentences("It is... well. J. Smith"), ["It is... well.", "J. Smith"]);
    }

    #[test]
    fn long_sentences_are_cut_at_clauses_then_between_words() {
        let text = "one two three, four five six seven eight nine. Ten.";
        assert_eq!(pieces(text, 1, 4), ["one two three,", "four five six", "seven eight nine. Ten."]);
        assert_eq!(pieces("A b c d. E f.", 2, 20), ["A b c d.", "E f."]);
    }

    proptest! {
        #[test]
        fn pieces_lose_nothing_and_keep_the_limit(text in "[a-zA-Z.,!? é-]{0,200}", n in 1usize..6, limit in 1usize..9) {
            let text = one_line(&text);
            let cut = pieces(&text, n, limit);
            prop_assert_eq!(cut.join(" "), text);
            prop_assert!(cut.iter().all(|piece| n_words(piece) <= limit));
        }
    }
}
