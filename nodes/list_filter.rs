//! Keeps the elements of a list that match.

use model::{Help, List, NodeSpec, ParamSpec, Plan, PlanCx, Stop, Value, no_upgrade};

use crate::listing::{items, matches, ports, texts_of};

/// `list.filter`.
pub(crate) const SPEC: NodeSpec = NodeSpec {
    kind: "list.filter",
    version: 1,
    help: Help {
        title: "Filter",
        category: "Lists",
        summary: "Keeps the elements that match",
        keywords: &["select", "where", "only", "exclude", "search"],
    },
    params: &[
        ParamSpec::choice("by", "id", &["id", "text", "character", "location", "scene", "size"])
            .help("What is compared: the element's id, its text, or a part of a shot"),
        ParamSpec::text("match", "*")
            .help("`*` stands for anything, `|` separates alternatives, case does not matter: `s2.* | s3.*`"),
        ParamSpec::flag("invert", false).help("Keeps what does not match instead"),
    ],
    ports: |_| ports(),
    plan,
    sibling: None,
    upgrade: no_upgrade,
};

fn plan(cx: &PlanCx<'_>) -> Result<Plan, Stop> {
    let (by, pattern, invert) = (cx.choice("by")?, cx.text("match")?, cx.flag("invert")?);
    let (mut kept, list) = (Vec::new(), items(cx)?);
    for entry in list.iter() {
        let found = texts_of(cx, by, entry)?.iter().any(|text| matches(&pattern, text));
        if found != invert {
            kept.push(entry.clone());
        }
    }
    let is_empty = kept.is_empty() && !list.is_empty();
    let plan = Plan::values([("items", Value::List(List::from_iter(kept)))]);
    if is_empty {
        return Ok(plan.note(cx.warn("nothing-matches", "match", format!("nothing matches: {pattern}"))));
    }
    Ok(plan)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::samples::{clip, given, list, shot};
    use crate::testing::Fixture;

    fn ids(fixture: &Fixture) -> Vec<String> {
        match given(fixture.plan(), "items") {
            Value::List(items) => items.iter().map(|entry| entry.id.to_string()).collect(),
            other => panic!("a list, not {other:?}"),
        }
    }

    #[test]
    fn shots_are_found_by_what_they_hold() {
        let mut other = shot("s2.b1");
        (other.cast, other.lines) = (Vec::new(), Vec::new());
        let shots = list([Value::Shot(Arc::new(shot("s1.b1"))), Value::Shot(Arc::new(other))]);
        let by = |by: &str, pattern: &str| {
            ids(&Fixture::new(&SPEC).input("items", shots.clone()).param("by", by).param("match", pattern))
        };
        assert_eq!(by("character", "jon"), ["a"]);
        assert_eq!(by("scene", "s2"), ["b"]);
        assert_eq!(by("location", "lighthouse*"), ["a", "b"]);
        assert_eq!(by("size", "WS|CU"), ["a", "b"]);
        assert!(by("text", "no such").is_empty());
    }

    #[test]
    fn anything_is_found_by_id_and_order_stays() {
        let clips = list([clip(1), clip(2), clip(3)]);
        let fixture = Fixture::new(&SPEC).input("items", clips).param("match", "b");
        assert_eq!(ids(&fixture), ["b"]);
        assert_eq!(ids(&fixture.param("invert", true)), ["a", "c"]);
    }

    #[test]
    fn a_clip_has_no_character() {
        let fixture = Fixture::new(&SPEC).input("items", list([clip(1)])).param("by", "character");
        assert_eq!(fixture.refusal(), "element `a` is a clip and has no character");
    }
}
