//! What the list nodes share: looking into values, matching texts, ordering ids as people do.

use std::cmp::Ordering;

use model::{Entry, List, PlanCx, PortType, Ports, Stop, Value};

/// Ports of a node that takes a list and gives one.
pub(crate) fn ports() -> Ports {
    Ports::new().gather("items", PortType::Any, "The list").outputs(
        "items",
        PortType::Any,
        "The changed list; elements keep their ids",
    )
}

/// The list on port `items`.
pub(crate) fn items<'a>(cx: &PlanCx<'a>) -> Result<&'a List, Stop> {
    cx.list("items")?.ok_or_else(|| cx.refuse("items", "nothing is connected here").hint("connect a list to it"))
}

/// The texts that `by` finds in an element: its id, a text, or names in a shot or a reference.
///
/// # Errors
/// A refusal where the element has no such thing.
pub(crate) fn texts_of(cx: &PlanCx<'_>, by: &str, entry: &Entry) -> Result<Vec<String>, Stop> {
    Ok(match (by, &entry.value) {
        ("id", _) => vec![entry.id.to_string()],
        ("text", Value::Text(text) | Value::Choice(text)) => vec![text.to_string()],
        ("text", Value::Shot(shot)) => vec![shot.text.clone()],
        ("text", Value::Reference(reference)) => vec![reference.name.clone()],
        ("text", Value::Number(number)) => vec![number.to_string()],
        ("text", Value::Integer(integer)) => vec![integer.to_string()],
        ("character", Value::Shot(shot)) => {
            let seen = shot.cast.iter().map(|member| member.name.clone());
            seen.chain(shot.lines.iter().map(|line| line.character.clone())).collect()
        }
        ("location", Value::Shot(shot)) => vec![shot.setting.location.clone()],
        ("scene", Value::Shot(shot)) => vec![shot.scene.clone()],
        ("size", Value::Shot(shot)) => vec![shot.camera.size.name().to_owned()],
        ("character" | "location", Value::Reference(reference)) => {
            std::iter::once(&reference.name).chain(&reference.aliases).cloned().collect()
        }
        (_, other) => {
            let message = format!("element `{}` is a {} and has no {by}", entry.id, other.port_type().name());
            return Err(cx.refuse("by", message).hint("ids work for every list"));
        }
    })
}

/// Whether a text matches a pattern: `*` stands for anything, `|` separates alternatives, case does not matter.
pub(crate) fn matches(pattern: &str, text: &str) -> bool {
    let text = text.trim().to_lowercase();
    pattern.to_lowercase().split('|').any(|alternative| is_like(alternative.trim(), &text))
}

fn is_like(pattern: &str, text: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut text) = text.strip_prefix(first) else { return false };
    let (middle, last) = rest.rsplit_once('*').unwrap_or(("", rest));
    for part in middle.split('*') {
        match text.find(part) {
            Some(at) => text = &text[at + part.len()..],
            None => return false,
        }
    }
    text.ends_with(last)
}

/// Ids as people order them: digits count as numbers, so `s2` comes before `s10`.
pub(crate) fn natural(a: &str, b: &str) -> Ordering {
    let (mut left, mut right) = (a, b);
    while let (Some(x), Some(y)) = (left.chars().next(), right.chars().next()) {
        let ordering = if x.is_ascii_digit() && y.is_ascii_digit() {
            let (digits, other) = (digits(&mut left), digits(&mut right));
            // Longer numbers without leading zeros are larger; no number overflows this way.
            digits.len().cmp(&other.len()).then_with(|| digits.cmp(other))
        } else {
            (left, right) = (&left[x.len_utf8()..], &right[y.len_utf8()..]);
            x.cmp(&y)
        };
        if ordering != Ordering::Equal {
            return ordering;
        }
    }
    left.len().cmp(&right.len()).then_with(|| a.cmp(b))
}

fn digits<'a>(text: &mut &'a str) -> &'a str {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    *text = rest;
    digits.trim_start_matches('0')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn patterns() {
        for (pattern, text) in
            [("mara", "MARA"), ("m*", "MARA"), ("*ar*", "Mara"), ("jon | m*a", "mara"), ("*", ""), ("a*a", "aa")]
        {
            assert!(matches(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in [("mar", "mara"), ("*x*", "mara"), ("a*a", "a"), ("", "mara"), ("jon|ada", "mara")] {
            assert!(!matches(pattern, text), "{pattern} {text}");
        }
    }

    #[test]
    fn ids_order_as_people_do() {
        let mut ids = ["s10.b1", "s2.b10", "s2.b9", "s2", "é", "s02.b9"];
        ids.sort_by(|a, b| natural(a, b));
        assert_eq!(ids, ["s2", "s02.b9", "s2.b9", "s2.b10", "s10.b1", "é"]);
    }

    proptest! {
        #[test]
        fn natural_is_an_order(a in "[s0-9é.]{0,6}", b in "[s0-9é.]{0,6}", c in "[s0-9é.]{0,6}") {
            prop_assert_eq!(natural(&a, &b), natural(&b, &a).reverse());
            if natural(&a, &b).is_le() && natural(&b, &c).is_le() {
                prop_assert!(natural(&a, &c).is_le());
            }
            matches(&a, &b);
        }
    }
}
