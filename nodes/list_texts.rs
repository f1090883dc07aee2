//! A list of texts that somebody typed: the simplest thing to run a graph over.

use model::{ElementId, Help, List, NodeSpec, ParamSpec, Plan, PlanCx, PortType, Ports, Stop, Value, no_upgrade};

/// `list.texts`.
pub(crate) const SPEC: NodeSpec = NodeSpec {
    kind: "list.texts",
    version: 1,
    help: Help {
        title: "Texts",
        category: "Lists",
        summary: "A list of texts; what it feeds runs once for each",
        keywords: &["array", "batch", "prompts", "rows", "map", "for each"],
    },
    params: &[
        ParamSpec::texts("items").help("Texts by position; inserting one in the middle renames all behind it"),
        ParamSpec::table("rows", &[ParamSpec::multiline("text", "").help("The row's text")])
            .help("Texts by id, which stay the same elements wherever they stand; before the items"),
    ],
    ports: |_| Ports::new().outputs("texts", PortType::Text, "The texts"),
    plan,
    sibling: None,
    upgrade: no_upgrade,
};

fn plan(cx: &PlanCx<'_>) -> Result<Plan, Stop> {
    let mut texts: Vec<(ElementId, Value)> = Vec::new();
    for (id, row) in cx.table("rows")? {
        let text = row.get("text").and_then(model::Data::as_text).ok_or_else(|| {
            cx.refuse("rows", format!("the row `{id}` has no text")).hint("write it like {\"dawn\": {\"text\": \"…\"}}")
        })?;
        texts.push((id.into(), text.into()));
    }
    let n_rows = texts.len();
    for (idx, item) in cx.texts("items")?.into_iter().enumerate() {
        let id: ElementId = (idx + 1).to_string().into();
        if texts[..n_rows].iter().any(|(row, _)| *row == id) {
            return Err(cx.refuse("rows", format!("a row and an item are both called `{id}`")).hint("rename the row"));
        }
        texts.push((id, item.into()));
    }
    if texts.is_empty() {
        return Err(cx.refuse("items", "the list is empty").hint("add a text"));
    }
    Ok(Plan::values([("texts", Value::List(List::new(texts)))]))
}

#[cfg(test)]
mod tests {
    use indexmap::IndexMap;
    use model::Data;

    use super::*;
    use crate::samples::given;
    use crate::testing::Fixture;

    fn rows(rows: &[(&str, &str)]) -> Data {
        let row = |text: &str| Data::Map(IndexMap::from([("text".to_owned(), text.into())]));
        Data::Map(rows.iter().map(|(id, text)| ((*id).to_owned(), row(text))).collect())
    }

    #[test]
    fn rows_keep_their_ids_and_items_count() {
        let items = Data::List(vec!["three".into(), "four".into()]);
        let fixture =
            Fixture::new(&SPEC).param("rows", rows(&[("dawn", "one"), ("dusk", "two")])).param("items", items);
        let Value::List(texts) = given(fixture.plan(), "texts") else { panic!("a list") };
        let found: Vec<_> = texts.iter().map(|entry| (&*entry.id, entry.value.clone())).collect();
        let expected = [("dawn", "one"), ("dusk", "two"), ("1", "three"), ("2", "four")];
        assert_eq!(found, expected.map(|(id, text)| (id, text.into())));
    }

    #[test]
    fn empty_lists_and_doubled_ids_are_refused() {
        assert_eq!(Fixture::new(&SPEC).refusal(), "the list is empty");
        let items = Data::List(vec!["a".into()]);
        let doubled = Fixture::new(&SPEC).param("rows", rows(&[("1", "b")])).param("items", items);
        assert_eq!(doubled.refusal(), "a row and an item are both called `1`");
    }
}
