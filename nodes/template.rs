//! Text with named slots: `{light}` is a slot, `{{` and `}}` are braces.
//!
//! Knows texts only. A general template language would bring loops and calls, hence code, into graph files.

/// A stretch of a template.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Part<'a> {
    Text(&'a str),
    Slot(&'a str),
}

/// More slots than this in one text is a mistake, not a template.
pub(crate) const MOST_SLOTS: usize = 64;

/// Text and slots in order.
///
/// # Errors
/// One sentence about the first brace that opens or closes nothing, or about too many slots.
pub(crate) fn parse(text: &str) -> Result<Vec<Part<'_>>, String> {
    let (mut parts, mut rest, mut n_slots) = (Vec::new(), text, 0);
    while let Some(at) = rest.find(['{', '}']) {
        if 0 < at {
            parts.push(Part::Text(&rest[..at]));
        }
        let tail = &rest[at..];
        if tail.starts_with("{{") || tail.starts_with("}}") {
            parts.push(Part::Text(&tail[..1]));
            rest = &tail[2..];
            continue;
        }
        let name = tail.strip_prefix('{').and_then(|inner| Some(&inner[..inner.find('}')?]));
        let Some(name) = name.filter(|name| is_name(name)) else {
            let shown: String = tail.chars().take(24).collect();
            return Err(format!("a brace stands alone at `{shown}`"));
        };
        n_slots += 1;
        if MOST_SLOTS < n_slots {
            return Err(format!("there are more than {MOST_SLOTS} slots"));
        }
        parts.push(Part::Slot(name));
        rest = &tail[name.len() + 2..];
    }
    if !rest.is_empty() {
        parts.push(Part::Text(rest));
    }
    Ok(parts)
}

/// The names of the slots, each once, in order of first mention; none where the text is malformed.
pub(crate) fn slots(text: &str) -> Vec<&str> {
    let mut names = Vec::new();
    for part in parse(text).unwrap_or_default() {
        if let Part::Slot(name) = part
            && !names.contains(&name)
        {
            names.push(name);
        }
    }
    names
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && text.len() <= 40
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn slots_and_escapes() {
        use Part::{Slot, Text};
        assert_eq!(
            parse("a {who} in {{x}} {who}"),
            Ok(vec![Text("a "), Slot("who"), Text(" in "), Text("{"), Text("x"), Text("}"), Text(" "), Slot("who")])
        );
        assert_eq!(slots("{b} {a} {b}"), ["b", "a"]);
        for bad in ["{", "}", "{}", "{a", "{a b}", "{1}", "{é}"] {
            assert!(parse(bad).is_err(), "{bad}");
        }
        assert!(parse(&"{a}".repeat(65)).is_err());
    }

    proptest! {
        #[test]
        fn any_text_parses_or_is_refused(text in "[a{} é]{0,40}") {
            if let Ok(parts) = parse(&text) {
                let length: usize = parts.iter().map(|part| match part {
                    Part::Text(text) => text.len() + usize::from(*text == "{" || *text == "}"),
                    Part::Slot(name) => name.len() + 2,
                }).sum();
                prop_assert_eq!(length, text.len());
            }
        }
    }
}
