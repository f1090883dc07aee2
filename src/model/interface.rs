//! The `interface` section of a graph: what it shows as a node of other graphs.
//!
//! Editing it is setting the section as a whole: it is a few lines, and a kind of edit for each entry would be three
//! more that files never need.

use indexmap::IndexMap;

use crate::{Data, Document, Edit, PortRef};

/// The section's name.
pub(crate) const INTERFACE: &str = "interface";

/// One part of the section.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    Input,
    Output,
    Param,
}

impl Shown {
    /// The part's name in files.
    pub(crate) fn part(self) -> &'static str {
        match self {
            Shown::Input => "inputs",
            Shown::Output => "outputs",
            Shown::Param => "params",
        }
    }
}

impl Document {
    /// Whether the graph says what it shows as a node of others.
    pub fn has_interface(&self) -> bool {
        self.unknown.contains_key(INTERFACE)
    }

    /// The name under which a port or a parameter of a node is shown; none where it is not.
    pub fn shown_as(&self, what: Shown, of: &PortRef) -> Option<&str> {
        let part = self.unknown.get(INTERFACE)?.as_fields()?.get(what.part())?.as_fields()?;
        part.iter().find(|(_, targets)| targets_of(targets).any(|it| it == *of)).map(|(name, _)| name.as_str())
    }

    /// Shows a port or a parameter on the group's node, under its own name or, where that is taken, under one with
    /// the node's id.
    pub fn show(&self, what: Shown, of: &PortRef) -> Edit {
        let empty = || Data::Map(IndexMap::new());
        let mut section = self.unknown.get(INTERFACE).and_then(Data::as_fields).cloned().unwrap_or_default();
        // What is an input and what is a parameter is seen as one list of ports on the node.
        let sides = if what == Shown::Output { &[Shown::Output][..] } else { &[Shown::Input, Shown::Param] };
        let taken = |name: &str| {
            let part = |side: &Shown| section.get(side.part()).and_then(Data::as_fields);
            name == "file" || sides.iter().filter_map(part).any(|part| part.contains_key(name))
        };
        let long = || format!("{}_{}", of.node, of.port);
        let numbered = || (2..).map(|n| format!("{}_{n}", long())).find(|name| !taken(name));
        let name = match (taken(&of.port), taken(&long())) {
            (false, _) => of.port.clone(),
            (true, false) => long(),
            (true, true) => numbered().expect("some number is free"),
        };
        if let Data::Map(part) | Data::Struct(_, part) = section.entry(what.part().to_owned()).or_insert_with(empty) {
            part.insert(name, Data::from(of.to_string().as_str()));
        }
        set(section)
    }

    /// Shows a port or a parameter on the group's node no more; none where it was not shown.
    pub fn hide(&self, what: Shown, of: &PortRef) -> Option<Edit> {
        let name = self.shown_as(what, of)?.to_owned();
        let mut section = self.unknown.get(INTERFACE)?.as_fields()?.clone();
        let (Data::Map(part) | Data::Struct(_, part)) = section.get_mut(what.part())? else { return None };
        let left: Vec<PortRef> = targets_of(part.get(&name)?).filter(|it| it != of).collect();
        if left.is_empty() {
            part.shift_remove(&name);
        } else {
            part.insert(name, written(&left));
        }
        Some(set(section))
    }
}

fn set(section: IndexMap<String, Data>) -> Edit {
    Edit::SetSection { key: INTERFACE.to_owned(), value: Some(Data::Struct(None, section)), at: None }
}

/// The ports that an entry names.
fn targets_of(entry: &Data) -> impl Iterator<Item = PortRef> {
    let texts = entry.as_items().unwrap_or(std::slice::from_ref(entry));
    texts.iter().filter_map(|text| PortRef::parse(text.as_text()?))
}

/// Ports as an entry names them: one as a text, several as a list.
pub(crate) fn written(ports: &[PortRef]) -> Data {
    let text = |port: &PortRef| Data::from(port.to_string().as_str());
    match ports {
        [only] => text(only),
        ports => Data::List(ports.iter().map(text).collect()),
    }
}

/// The section with other ports in place of those that it names; none where that changes nothing. An entry that names
/// nothing any more goes.
pub(crate) fn with_targets(document: &Document, mut to: impl FnMut(Shown, &PortRef) -> Vec<PortRef>) -> Option<Data> {
    let mut section = document.unknown.get(INTERFACE)?.clone();
    let (Data::Map(parts) | Data::Struct(_, parts)) = &mut section else { return None };
    let mut changed = false;
    for what in [Shown::Input, Shown::Output, Shown::Param] {
        let Some(Data::Map(part) | Data::Struct(_, part)) = parts.get_mut(what.part()) else { continue };
        part.retain(|_, entry| {
            let before: Vec<PortRef> = targets_of(entry).collect();
            let after: Vec<PortRef> = before.iter().flat_map(|port| to(what, port)).collect();
            if after != before {
                changed = true;
                *entry = written(&after);
            }
            !after.is_empty() || before.is_empty()
        });
    }
    changed.then_some(section)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    fn interface(document: &Document) -> String {
        document.unknown.get(INTERFACE).map_or_else(String::new, Data::to_text)
    }

    #[test]
    fn entries_come_go_and_follow_their_nodes() {
        let mut document = fixture::graph("a: prompt.text text=\"x\"\nb: prompt.text\nc: text.join texts<-a.text");
        let first = document.clone();
        let text = |node: &str| PortRef::new(node, "text");
        let mut inverses = Vec::new();
        let mut apply = |document: &mut Document, edit: Edit| inverses.push(document.apply(&[edit]).unwrap().inverse);
        for (what, node) in [(Shown::Param, "a"), (Shown::Param, "b"), (Shown::Output, "a")] {
            let edit = document.show(what, &text(node));
            apply(&mut document, edit);
        }
        assert_eq!(
            interface(&document),
            r#"(params: { "text": "a.text", "b_text": "b.text" }, outputs: { "text": "a.text" })"#
        );
        assert_eq!(document.shown_as(Shown::Param, &text("b")), Some("b_text"));
        assert_eq!(document.shown_as(Shown::Output, &text("b")), None);
        apply(&mut document, Edit::RenameNode { from: "a".into(), to: "z".into() });
        assert_eq!(document.shown_as(Shown::Output, &text("z")), Some("text"));
        apply(&mut document, Edit::RemoveNode { id: "b".into() });
        assert_eq!(document.shown_as(Shown::Param, &text("b")), None);
        let hidden = document.hide(Shown::Output, &text("z")).unwrap();
        apply(&mut document, hidden);
        assert_eq!(interface(&document), r#"(params: { "text": "z.text" }, outputs: {})"#);
        assert_eq!(document.hide(Shown::Output, &text("z")), None);
        for inverse in inverses.iter().rev() {
            document.apply(inverse).unwrap();
        }
        assert_eq!(document.to_text(), first.to_text());
    }

    #[test]
    fn a_file_changes_by_the_entry_and_comes_back_byte_for_byte() {
        let text = "(
    throughline: 1,
    nodes: {
        \"a\": (kind: \"prompt.text\", version: 1, params: {}), // words
    },
    links: {},
    // what others see
    interface: (
        inputs: {}, // none
        params: { \"say\": \"a.text\" },
    ),
)
";
        let crate::Loaded { mut document, source, .. } = Document::parse("a.ron", text).unwrap();
        assert_eq!(source.print(&document), text);
        let edit = document.show(Shown::Output, &PortRef::new("a", "text"));
        let inverse = document.apply(&[edit]).unwrap().inverse;
        let shown = source.print(&document);
        let again = Document::parse("a.ron", &shown).unwrap().document;
        assert_eq!(again, document, "{shown}");
        assert!(shown.contains("// what others see") && shown.contains("// words"), "{shown}");
        document.apply(&inverse).unwrap();
        assert_eq!(source.print(&document), text);
    }
}
