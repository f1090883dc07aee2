//! Large documents open, change and print without anything that grows with the square of their size.

use crate::{Data, Document, Edit, Feed, PortRef, TakeChoice, fixture};

fn large(n: usize) -> Document {
    let mut document = Document::default();
    let node = fixture::graph("a: prompt.text text=\"A lamp turns\" n=3 f=0.5").nodes["a"].clone();
    for i in 0..n {
        document.nodes.insert(format!("n{i}"), node.clone());
        if 0 < i {
            let feed = Feed::One(PortRef::new(&format!("n{}", i - 1), "text"));
            document.links.insert(PortRef::new(&format!("n{i}"), "text"), feed);
        }
    }
    document
}

/// A scan of all nodes for each of 3,000 edits, or of all rows for each row, would take minutes here.
#[test]
fn thirty_thousand_nodes() {
    let mut document = large(30_000);
    let text = document.to_text();
    let loaded = Document::parse("a.ron", &text).unwrap();
    assert_eq!(loaded.document, document);
    for i in 0..1000 {
        let (node, param) = (format!("n{}", i * 29), "text".to_owned());
        let feed = Some(Feed::One(PortRef::new("n5", "text")));
        let edits = [
            Edit::SetParam { node: node.clone(), param, value: Some(Data::Integer(i)), at: None },
            Edit::SetLink { to: PortRef::new(&node, "other"), feed, at: None },
            Edit::SetTake { item: node, choice: Some(TakeChoice::pinned(2)), at: None },
        ];
        document.apply(&edits).unwrap();
    }
    let printed = loaded.source.print(&document);
    let changed = text.lines().zip(printed.lines()).take(30_004).filter(|(old, new)| old != new).count();
    assert_eq!(changed, 1000);
}
