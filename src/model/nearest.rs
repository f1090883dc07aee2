//! The known name that an unknown one probably means.
//!
//! Knows only texts. A crate for edit distances was weighed; one short function on short names needs none.

/// The closest of `known` within a third of the name's length, for a hint.
pub(crate) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // Names are short; what is not gets no hint, so that hostile files cost nothing.
    let name: Vec<char> = name.chars().take(65).flat_map(char::to_lowercase).collect();
    if name.is_empty() || 64 < name.len() {
        return None;
    }
    let limit = (name.len() / 3).max(1);
    known
        .into_iter()
        .filter(|other| other.len().abs_diff(name.len()) <= limit * 4)
        .map(|other| (distance(&name, other), other))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, other)| other)
}

/// Insertions, removals, replacements and swaps of neighbours between two names.
fn distance(a: &[char], b: &str) -> usize {
    let b: Vec<char> = b.chars().flat_map(char::to_lowercase).take(128).collect();
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=b.len()).collect();
    for (i, a_char) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, b_char) in b.iter().enumerate() {
            let replaced = above[j] + usize::from(a_char != b_char);
            let mut best = replaced.min(above[j + 1] + 1).min(row[j] + 1);
            if 0 < i && 0 < j && *a_char == b[j - 1] && a[i - 1] == *b_char {
                best = best.min(before[j - 1] + 1);
            }
            row.push(best);
        }
        before = std::mem::replace(&mut above, row);
    }
    above[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typing_errors_find_their_names() {
        let known = ["model.video", "model.image", "prompt.text"];
        assert_eq!(nearest("model.vidoe", known), Some("model.video"));
        assert_eq!(nearest("Prompt.Txt", known), Some("prompt.text"));
        assert_eq!(nearest("reference.character", known), None);
        assert_eq!(nearest("", known), None);
        assert_eq!(nearest(&"x".repeat(1000), known), None);
    }
}
