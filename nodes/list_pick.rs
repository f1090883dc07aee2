//! Takes one element out of a list.

use model::{Help, NodeSpec, ParamSpec, Plan, PlanCx, PortType, Ports, Stop, no_upgrade};

use crate::listing::items;

/// `list.pick`.
pub(crate) const SPEC: NodeSpec = NodeSpec {
    kind: "list.pick",
    version: 1,
    help: Help {
        title: "Pick",
        category: "Lists",
        summary: "Takes one element out of a list",
        keywords: &["index", "element", "get", "first", "last", "nth"],
    },
    params: &[
        ParamSpec::integer("index", 0, -1_000_000, 1_000_000).help("Position: 0 is the first, -1 the last"),
        ParamSpec::text("id", "").help("The element's id; where it is empty, the position counts"),
    ],
    ports: |_| {
        Ports::new().gather("items", PortType::Any, "The list").output("value", PortType::Any, "The element's value")
    },
    plan,
    sibling: None,
    upgrade: no_upgrade,
};

fn plan(cx: &PlanCx<'_>) -> Result<Plan, Stop> {
    let (items, id, index) = (items(cx)?, cx.text("id")?, cx.integer("index")?);
    let entry = if id.is_empty() {
        let n_items = items.len();
        let idx =
            if index < 0 { n_items.checked_add_signed(index as isize) } else { Some(index.unsigned_abs() as usize) };
        idx.and_then(|idx| items.get(idx))
            .ok_or_else(|| cx.refuse("index", format!("the list has {n_items} elements, so there is no {index}")))?
    } else {
        items.find(&id).ok_or_else(|| {
            let known: Vec<_> = items.iter().take(8).map(|entry| &*entry.id).collect();
            cx.refuse("id", format!("no element is called `{id}`")).hint(format!("it begins with {}", known.join(", ")))
        })?
    };
    Ok(Plan::values([("value", entry.value.clone())]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{given, list};
    use crate::testing::Fixture;

    fn three() -> Fixture {
        Fixture::new(&SPEC).input("items", list(["x", "y", "z"].map(model::Value::from)))
    }

    #[test]
    fn by_position_or_id() {
        assert_eq!(given(three().plan(), "value"), "x".into());
        assert_eq!(given(three().param("index", -1i64).plan(), "value"), "z".into());
        assert_eq!(given(three().param("index", 2i64).param("id", "b").plan(), "value"), "y".into());
    }

    #[test]
    fn what_is_not_there_is_refused() {
        assert_eq!(three().param("index", 3i64).refusal(), "the list has 3 elements, so there is no 3");
        assert_eq!(three().param("index", -4i64).refusal(), "the list has 3 elements, so there is no -4");
        assert_eq!(three().param("id", "q").refusal(), "no element is called `q`");
    }
}
