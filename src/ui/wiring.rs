//! Pure questions and changes about links and nodes: what fits where, and the edits of a gesture. Knows no egui.

use model::{Data, Document, Edit, Feed, NodeSpec, PortRef, PortSpec, PortType, Ports};

/// The ports of a node of an unknown kind: those that links mention, of any type.
pub(crate) fn mentioned_ports(document: &Document, node: &str) -> Ports {
    let mut ports = Ports::new();
    let port = |name: &str| PortSpec {
        name: name.to_owned().into(),
        ty: PortType::Any,
        many: true,
        required: false,
        param: false,
        help: "",
    };
    for (to, feed) in &document.links {
        if to.node == node && !ports.inputs.iter().any(|it| it.name == to.port) {
            ports.inputs.push(port(&to.port));
        }
        for from in feed.sources() {
            if from.node == node && !ports.outputs.iter().any(|it| it.name == from.port) {
                ports.outputs.push(port(&from.port));
            }
        }
    }
    ports
}

/// An id for a new node: the last word of its kind, with a number where that is taken.
pub fn free_id(document: &Document, kind: &str) -> String {
    let base = kind.rsplit('.').next().unwrap_or(kind);
    let taken = |id: &str| document.nodes.contains_key(id);
    if !taken(base) {
        return base.to_owned();
    }
    (2..).map(|n| format!("{base}_{n}")).find(|id| !taken(id)).expect("some number is free")
}

/// Adds a node of a kind at a place of the canvas.
pub fn add_node(id: &str, spec: &NodeSpec, at: (f32, f32)) -> Vec<Edit> {
    let node = model::Node {
        kind: spec.kind.to_owned(),
        version: spec.version,
        params: Default::default(),
        unknown: Default::default(),
    };
    vec![Edit::AddNode { id: id.to_owned(), node, at: None }, move_node(&Document::default(), id, at)]
}

/// Puts a node at a place, keeping what else its layout says. Whole points keep files readable.
pub fn move_node(document: &Document, id: &str, at: (f32, f32)) -> Edit {
    let mut fields = document.layout.get(id).and_then(Data::as_fields).cloned().unwrap_or_default();
    let point = |value: f32| Data::Integer(value.round() as i64);
    fields.insert("at".to_owned(), Data::Tuple(vec![point(at.0), point(at.1)]));
    Edit::SetLayout { key: id.to_owned(), value: Some(Data::Struct(None, fields)), at: None }
}

/// Where a layout entry stands.
pub fn place_of(document: &Document, key: &str) -> Option<(f32, f32)> {
    let at = document.layout.get(key)?.as_fields()?.get("at")?.as_items()?;
    let point = |data: &Data| data.as_number().filter(|it| it.is_finite()).map(|it| it.clamp(-1e6, 1e6) as f32);
    Some((point(at.first()?)?, point(at.get(1)?)?))
}

/// Connects an output to an input. An input that takes many gets one more; another loses what it had.
pub fn connect(document: &Document, from: &PortRef, to: &PortRef, many: bool) -> Vec<Edit> {
    let present = document.links.get(to);
    let feed = match present {
        Some(feed) if feed.sources().contains(from) => return Vec::new(),
        Some(feed) if many => {
            let mut sources = feed.sources().to_vec();
            sources.push(from.clone());
            Feed::Many(sources)
        }
        _ => Feed::One(from.clone()),
    };
    vec![Edit::SetLink { to: to.clone(), feed: Some(feed), at: None }]
}

/// Disconnects one source of an input.
pub fn disconnect(document: &Document, from: &PortRef, to: &PortRef) -> Vec<Edit> {
    let Some(feed) = document.links.get(to) else { return Vec::new() };
    let left: Vec<_> = feed.sources().iter().filter(|it| *it != from).cloned().collect();
    if left.len() == feed.sources().len() {
        return Vec::new();
    }
    let feed = match (left.len(), feed) {
        (0, _) => None,
        (1, Feed::One(_)) => Some(Feed::One(left[0].clone())),
        _ => Some(Feed::Many(left)),
    };
    vec![Edit::SetLink { to: to.clone(), feed, at: None }]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wire_comes_and_goes() {
        let mut document = model::fixture::graph("a: prompt.text text=\"one\"\nb: prompt.text\nc: text.join");
        let before = document.clone();
        let (a, b, to) = (PortRef::new("a", "text"), PortRef::new("b", "text"), PortRef::new("c", "texts"));
        document.apply(&connect(&document, &a, &to, true)).unwrap();
        document.apply(&connect(&document, &b, &to, true)).unwrap();
        assert_eq!(document.links[&to], Feed::Many(vec![a.clone(), b.clone()]));
        assert_eq!(connect(&document, &a, &to, true), vec![], "the same wire twice is no change");
        document.apply(&disconnect(&document, &a, &to)).unwrap();
        document.apply(&disconnect(&document, &b, &to)).unwrap();
        assert_eq!(document, before);
    }

    #[test]
    fn moving_keeps_what_else_the_layout_says() {
        let mut document = model::fixture::graph("a: prompt.text");
        let folded = Data::parse("(folded: true)").unwrap();
        document.apply(&[Edit::SetLayout { key: "a".into(), value: Some(folded), at: None }]).unwrap();
        document.apply(&[move_node(&document, "a", (10.4, -3.0))]).unwrap();
        assert_eq!(place_of(&document, "a"), Some((10.0, -3.0)));
        assert_eq!(document.layout["a"].to_text(), "(folded: true, at: (10, -3))");
    }

    #[test]
    fn new_ids_are_short_and_free() {
        let document = model::fixture::graph("text: prompt.text\ntext_2: prompt.text");
        assert_eq!(free_id(&document, "prompt.text"), "text_3");
        assert_eq!(free_id(&document, "model.video"), "video");
    }
}
