//! Fuzzes the graph file's reader, printer and checks: whatever opens is written back to the byte and reads back equal.
//!
//! Knows what a stranger's graph file may be, which is any text, and nothing of planning. `cargo fuzz` was the
//! alternative; it needs a nightly compiler and a program of its own.

#![no_main]

use libfuzzer_sys::fuzz_target;
use model::{Data, Document, Edit, PortRef, check};

fuzz_target!(|text: &str| {
    if let Ok(data) = Data::parse(text) {
        // Compared as text, because NaN is unequal to itself.
        let printed = data.to_text();
        let again = Data::parse(&printed).expect("a printed value is a value");
        assert_eq!(printed, again.to_text(), "printing a value changed it");
    }
    let Ok(loaded) = Document::parse("fuzz.ron", text) else { return };
    assert_eq!(text, loaded.source.print(&loaded.document), "writing an unchanged graph changed its file");
    let printed = loaded.document.to_text();
    let again = Document::parse("printed.ron", &printed).expect("a printed graph is a graph");
    assert_eq!(loaded.document, again.document, "printing a graph changed it:\n{printed}");
    check(&loaded.document, nodes::CATALOG);

    let mut edited = loaded.document.clone();
    let Some(edit) = edit(&edited, text.len()) else { return };
    let Ok(applied) = edited.apply(std::slice::from_ref(&edit)) else { return };
    let printed = loaded.source.print(&edited);
    let again = Document::parse("edited.ron", &printed).expect("an edited graph is a graph");
    assert_eq!(edited, again.document, "{edit:?} was not written:\n{printed}");
    edited.apply(&applied.inverse).expect("what was done can be undone");
    assert_eq!(loaded.document, edited, "{edit:?} was not undone");
});

/// One edit of the document; the choice hangs on the length of the text, which the fuzzer varies.
fn edit(document: &Document, choice: usize) -> Option<Edit> {
    let n_nodes = document.nodes.len().max(1);
    let (id, node) = document.nodes.get_index(choice / 8 % n_nodes)?;
    let id = id.clone();
    let to = PortRef::new(&id, "in");
    Some(match choice % 8 {
        0 => Edit::RemoveNode { id },
        1 => Edit::RenameNode { from: id, to: "renamed".to_owned() },
        2 => Edit::AddNode { id: "added".to_owned(), node: node.clone(), at: Some(0) },
        3 => Edit::SetParam { node: id, param: "text".to_owned(), value: Some(Data::Integer(1)), at: None },
        4 => Edit::SetParam { node: id, param: node.params.keys().next()?.clone(), value: None, at: None },
        5 => Edit::SetLink { to, feed: document.links.values().next().cloned(), at: Some(0) },
        6 => Edit::SetLayout { key: id, value: document.unknown.values().next().cloned(), at: None },
        _ => Edit::SetSize { size: (640, 360) },
    })
}
