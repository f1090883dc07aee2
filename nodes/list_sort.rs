//! Puts a list into another order.

use std::cmp::Ordering;

use model::{Entry, Help, List, NodeSpec, ParamSpec, Plan, PlanCx, Stop, Value, no_upgrade};

use crate::listing::{items, natural, ports, texts_of};

/// `list.sort`.
pub(crate) const SPEC: NodeSpec = NodeSpec {
    kind: "list.sort",
    version: 1,
    help: Help {
        title: "Sort",
        category: "Lists",
        summary: "Puts a list into another order; equal elements keep theirs",
        keywords: &["order", "rank", "arrange", "reverse"],
    },
    params: &[
        ParamSpec::choice("by", "id", &["id", "text", "number", "duration"])
            .help("What is compared; digits in ids and texts count as numbers"),
        ParamSpec::flag("descending", false).help("Largest first"),
    ],
    ports: |_| ports(),
    plan,
    sibling: None,
    upgrade: no_upgrade,
};

enum Rank {
    Text(String),
    Number(f64),
}

impl Rank {
    fn of(cx: &PlanCx<'_>, by: &str, entry: &Entry) -> Result<Rank, Stop> {
        Ok(match (by, &entry.value) {
            ("number", Value::Number(number)) => Rank::Number(*number),
            ("number", Value::Integer(integer)) => Rank::Number(*integer as f64),
            ("duration", Value::Shot(shot)) => Rank::Number(shot.duration_s),
            ("duration", Value::Clip(clip)) => Rank::Number(clip.rate.seconds(clip.n_frames())),
            _ => Rank::Text(texts_of(cx, by, entry)?.concat()),
        })
    }
    fn compare(&self, other: &Rank) -> Ordering {
        match (self, other) {
            (Rank::Text(a), Rank::Text(b)) => natural(&a.to_lowercase(), &b.to_lowercase()),
            (Rank::Number(a), Rank::Number(b)) => a.total_cmp(b),
            (Rank::Number(_), Rank::Text(_)) => Ordering::Less,
            (Rank::Text(_), Rank::Number(_)) => Ordering::Greater,
        }
    }
}

fn plan(cx: &PlanCx<'_>) -> Result<Plan, Stop> {
    let (by, descending) = (cx.choice("by")?, cx.flag("descending")?);
    let ranked: Result<Vec<_>, Stop> = items(cx)?.iter().map(|entry| Ok((Rank::of(cx, by, entry)?, entry))).collect();
    let mut ranked = ranked?;
    ranked.sort_by(|(a, _), (b, _)| if descending { b.compare(a) } else { a.compare(b) });
    let sorted = List::from_iter(ranked.into_iter().map(|(_, entry)| entry.clone()));
    Ok(Plan::values([("items", Value::List(sorted))]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{clip, given, list};
    use crate::testing::Fixture;

    fn sorted(values: impl IntoIterator<Item = Value>, by: &str, descending: bool) -> String {
        let fixture = Fixture::new(&SPEC).input("items", list(values)).param("by", by).param("descending", descending);
        match given(fixture.plan(), "items") {
            Value::List(items) => items.iter().map(|entry| entry.id.to_string()).collect(),
            other => panic!("a list, not {other:?}"),
        }
    }

    #[test]
    fn orders() {
        assert_eq!(sorted([clip(48), clip(12), clip(24)], "duration", false), "bca");
        assert_eq!(sorted([clip(48), clip(12), clip(24)], "id", true), "cba");
        assert_eq!(sorted(["s10", "S2", "s2"].map(Value::from), "text", false), "bca");
        assert_eq!(sorted([Value::Number(0.5), Value::Integer(-1), Value::Number(0.5)], "number", true), "acb");
    }

    #[test]
    fn a_clip_has_no_number() {
        let fixture = Fixture::new(&SPEC).input("items", list([clip(1)])).param("by", "number");
        assert_eq!(fixture.refusal(), "element `a` is a clip and has no number");
    }
}
