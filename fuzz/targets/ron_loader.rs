//! Fuzzes the graph file's reader, printer and checks: whatever opens is written back to the byte and reads back equal.
//!
//! Knows what a stranger's graph file may be, which is any text, and nothing of planning. `cargo fuzz` was the
//! alternative; it needs a nightly compiler and a program of its own.

#![no_main]

use libfuzzer_sys::fuzz_target;
use model::{Data, Document, check};

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
});
