//! Text with named slots: `{light}` is a slot, `{{` and `}}` are braces.
//!
//! A general template language would bring loops and calls, hence code, into graph files.

use model::{Data, NodeSpec, Params, PlanCx, PortType, Ports, Stop, Value};

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

/// The slots of a text parameter as optional inputs; names of parameters stay theirs.
pub(crate) fn slot_ports(spec: &NodeSpec, field: &str, params: &Params) -> Ports {
    let text = params.get(field).and_then(Data::as_text).unwrap_or_default();
    let free = slots(text).into_iter().filter(|slot| spec.param(slot).is_none());
    free.fold(Ports::new(), |ports, slot| ports.optional(slot.to_owned(), PortType::Text, "What fills the slot"))
}

/// A text parameter with its slots filled from the inputs of their names.
///
/// # Errors
/// A refusal of a loose brace, of a slot that is called like a parameter, and, unless they may be empty, of slots
/// without a link.
pub(crate) fn filled(cx: &PlanCx<'_>, field: &str, template: &str, keep_empty: bool) -> Result<String, Stop> {
    let parts =
        parse(template).map_err(|reason| cx.refuse(field, reason).hint("write {{ or }} for a brace in the text"))?;
    let mut text = String::with_capacity(template.len());
    for part in parts {
        match part {
            Part::Text(literal) => text.push_str(literal),
            Part::Slot(slot) if cx.spec.param(slot).is_some() => {
                return Err(cx.refuse(field, format!("a slot cannot be called `{slot}`")).hint("choose another name"));
            }
            Part::Slot(slot) => match cx.maybe(slot) {
                Some(Value::Text(filling) | Value::Choice(filling)) => text.push_str(filling),
                Some(other) => return Err(cx.refuse(slot, format!("a slot cannot take {}", other.port_type().name()))),
                None if keep_empty => {}
                None => {
                    let way = if cx.spec.param("keep_empty").is_some() { "turn on keep_empty" } else { "take it out" };
                    return Err(cx
                        .refuse(slot, format!("nothing fills the slot `{slot}`"))
                        .hint(format!("connect a text to it, or {way}")));
                }
            },
        }
    }
    Ok(text)
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
