//! Golden keys: what three example graphs ask for, as keys. They change only on purpose, because every changed key is
//! a result that somebody's store has to make, or pay for, again.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use expect_test::{Expect, expect};
use throughline::project::Project;
use throughline::session::{Access, Options, Session};

/// The keys that a graph wants with an empty store, by item.
fn keys(graph: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("graphs").join(graph);
    let nowhere = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("no-store-here");
    let options = Options { store: Some(nowhere), jobs: 1, access: Access::Read };
    let session = Session::open(Project::open(&path).unwrap(), &options).unwrap();
    let mut text = String::new();
    for node in session.engine.node_ids() {
        for item in session.engine.items(node) {
            for wanted in session.engine.wanted(item.at) {
                writeln!(text, "{} {} {}", item.name, wanted.work.kind(), wanted.key.short()).unwrap();
            }
        }
    }
    text
}

#[track_caller]
fn check(graph: &str, expected: &Expect) {
    expected.assert_eq(&keys(graph));
}

#[test]
fn hello() {
    check(
        "hello.ron",
        &expect![[r#"
            generate call a16d1f8a
        "#]],
    );
}

#[test]
fn list_mapping() {
    check(
        "list_mapping.ron",
        &expect![[r#"
            generate/dawn call 238cefe8
            generate/dusk call 0a97aad2
            generate/night call 7e861433
        "#]],
    );
}

#[test]
fn continuity() {
    check(
        "continuity.ron",
        &expect![[r#"
            generate/s1.b1 call aa992f5f
            generate/s2.b1 call a8901e32
        "#]],
    );
}
