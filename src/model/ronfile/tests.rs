//! Files and documents: what is kept, what is rewritten, what is refused.

use expect_test::expect;

use crate::{Data, Document, Edit, Feed, Node, PortRef, TakeChoice};

const EXAMPLE: &str = r#"(
    throughline: 1,
    settings: (size: (1280, 720), fps: (24, 1)),
    nodes: {
        "script": (kind: "structure.script", version: 1, params: { "file": "lighthouse.fountain" }),
        "shots": (kind: "structure.breakdown", version: 1, params: { "max_seconds": 6.0 }),
        "mara": (kind: "reference.character", version: 1, params: { "name": "MARA", "images": ["refs/mara.png"] }),
        "generate": (kind: "model.video", version: 1, params: { "model": "auto", "quality": "draft" }),
        "film": (kind: "output.film", version: 1, params: { "file": "lighthouse.mp4" }),
    },
    links: {
        "shots.script": "script.script",
        "generate.shot": "shots.shots",
        "generate.references": ["mara.character"],
        "film.clips": "generate.clip",
    },
    takes: { "generate/s2.b1": (take: 3, pinned: false) },
    layout: { "script": (at: (40, 80)) },
)
"#;

#[test]
fn the_example_is_canonical() {
    let loaded = Document::parse("a.ron", EXAMPLE).unwrap();
    assert_eq!(loaded.diagnostics, []);
    assert_eq!(loaded.document.to_text(), EXAMPLE);
    assert_eq!(loaded.source.print(&loaded.document), EXAMPLE);
}

/// Loads, edits, prints; shows the lines that differ; checks that the print reads back as the document and that
/// undoing gives the text again.
#[track_caller]
fn diff(text: &str, edits: &[Edit]) -> String {
    let loaded = Document::parse("a.ron", text).unwrap();
    let mut document = loaded.document.clone();
    let applied = document.apply(edits).unwrap();
    let printed = loaded.source.print(&document);
    let again = Document::parse("a.ron", &printed).unwrap_or_else(|problems| panic!("{}\n{printed}", problems[0]));
    assert_eq!(again.document.to_text(), document.to_text(), "{printed}");
    document.apply(&applied.inverse).unwrap();
    assert_eq!(document, loaded.document);
    assert_eq!(document.to_text(), loaded.document.to_text());
    assert_eq!(loaded.source.print(&document), text);
    let (old, new): (Vec<_>, Vec<_>) = (text.lines().collect(), printed.lines().collect());
    let same_start = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let room = old.len().min(new.len()) - same_start;
    let same_end = old.iter().rev().zip(new.iter().rev()).take(room).take_while(|(a, b)| a == b).count();
    let mut shown = String::new();
    old[same_start..old.len() - same_end].iter().for_each(|line| shown += &format!("-{line}\n"));
    new[same_start..new.len() - same_end].iter().for_each(|line| shown += &format!("+{line}\n"));
    shown
}

fn set(node: &str, param: &str, value: impl Into<Data>) -> Edit {
    Edit::SetParam { node: node.into(), param: param.into(), value: Some(value.into()), at: None }
}

fn node(kind: &str) -> Node {
    Node { kind: kind.into(), version: 1, params: Default::default(), unknown: Default::default() }
}

#[test]
fn one_change_is_a_few_lines() {
    expect![[r##"
        -        "shots": (kind: "structure.breakdown", version: 1, params: { "max_seconds": 6.0 }),
        +        "shots": (kind: "structure.breakdown", version: 1, params: { "max_seconds": 7.5 }),
    "##]]
    .assert_eq(&diff(EXAMPLE, &[set("shots", "max_seconds", 7.5)]));
    expect![[r##"
        -        "film": (kind: "output.film", version: 1, params: { "file": "lighthouse.mp4" }),
        +        "film": (kind: "output.film", version: 1, params: {
        +            "file": "lighthouse.mp4",
        +            "notes": r#"first line
        +second line"#,
        +        }),
    "##]]
    .assert_eq(&diff(EXAMPLE, &[set("film", "notes", "first line\nsecond line")]));
    let take = TakeChoice::pinned(2);
    expect![[r##"
        -    takes: { "generate/s2.b1": (take: 3, pinned: false) },
        +    takes: {
        +        "generate/s2.b1": (take: 3, pinned: false),
        +        "generate/s3.b1": (take: 2, pinned: true),
        +    },
    "##]]
    .assert_eq(&diff(EXAMPLE, &[Edit::SetTake { item: "generate/s3.b1".into(), choice: Some(take), at: None }]));
    expect![[r##"
        +        "note": (kind: "text.note", version: 1, params: {}),
    "##]]
    .assert_eq(&diff(EXAMPLE, &[Edit::AddNode { id: "note".into(), node: node("text.note"), at: Some(2) }]));
    expect![[r##"
        -        "generate.references": ["mara.character"],
    "##]]
    .assert_eq(&diff(EXAMPLE, &[Edit::SetLink { to: PortRef::new("generate", "references"), feed: None, at: None }]));
    expect![[r##"
        -        "mara": (kind: "reference.character", version: 1, params: { "name": "MARA", "images": ["refs/mara.png"] }),
        +        "lead": (kind: "reference.character", version: 1, params: { "name": "MARA", "images": ["refs/mara.png"] }),
                 "generate": (kind: "model.video", version: 1, params: { "model": "auto", "quality": "draft" }),
    "##]]
    .assert_eq(
        &diff(EXAMPLE, &[Edit::RenameNode { from: "mara".into(), to: "lead".into() }])
            .lines()
            .filter(|line| line.contains("kind: \"reference"))
            .map(|line| format!("{line}\n"))
            .chain(["         \"generate\": (kind: \"model.video\", version: 1, params: { \"model\": \"auto\", \"quality\": \"draft\" }),\n".to_owned()])
            .collect::<String>(),
    );
}

const COMMENTED: &str = r#"// A film.
#![enable(implicit_some)]
(
  throughline: 1, // the format
  future: Some(Thing(x: 1,    y: [1,2 , 3])), /* from a newer version */
  nodes: {
    // The prompt.
    "a": ( kind: "prompt.text", /* written by hand */ params: {
      "text": "hello",   // said first
      "n": 0x10
    }, tint: "red" ),

    /* Two on a line. */ "b": (kind: "prompt.text"), "c": (kind: "prompt.text", version: 2),
    "broken": 12, // kept
    "d": (kind: "output.film") // last
    // the end
  },
  links: { "d.clips": ["a.text",  "b.text"], "c.text": "a.text" },
  settings: (fps: (25, 1), colour: "warm"),
)
// after"#;

#[test]
fn the_name_before_a_bracket_survives_edits_as_it_is_written() {
    for name in ["Graph", "r#-g", "Graph /* Graph */ "] {
        let text = format!("{name}(throughline: 1, nodes: {{\n  \"a\": (kind: \"prompt.text\"),\n}})\n");
        let loaded = Document::parse("a.ron", &text).unwrap();
        let mut document = loaded.document.clone();
        document.apply(&[Edit::RenameNode { from: "a".into(), to: "b".into() }]).unwrap();
        assert_eq!(loaded.source.print(&document), text.replace("\"a\"", "\"b\""));
    }
}

#[test]
fn comments_and_odd_layout_survive_edits() {
    expect![[r##"
        -      "text": "hello",   // said first
        -      "n": 0x10
        +      "text": "bye",   // said first
        +      "n": 0x10,
        +      "new": true,
    "##]]
    .assert_eq(&diff(COMMENTED, &[set("a", "text", "bye"), set("a", "new", true)]));
    expect![[r##"
        -    "d": (kind: "output.film") // last
        +    "d": (kind: "output.film"), // last
        +    "e": (kind: "text.note", version: 1, params: {}),
    "##]]
    .assert_eq(&diff(COMMENTED, &[Edit::AddNode { id: "e".into(), node: node("text.note"), at: None }]));
    expect![[r##"
        -    /* Two on a line. */ "b": (kind: "prompt.text"), "c": (kind: "prompt.text", version: 2),
        +    /* Two on a line. */ "b": (kind: "prompt.text"), "c": (kind: "prompt.text", version: 2, params: { "x": 1 }),
    "##]]
    .assert_eq(&diff(COMMENTED, &[set("c", "x", 1_i64)]));
    expect![[r##"
        -  links: { "d.clips": ["a.text",  "b.text"], "c.text": "a.text" },
        -  settings: (fps: (25, 1), colour: "warm"),
        +  links: { "d.clips": "c.text", "c.text": "a.text" },
        +  settings: (size: (640, 360), fps: (25, 1), colour: "warm"),
    "##]]
    .assert_eq(&diff(
        COMMENTED,
        &[
            Edit::SetLink {
                to: PortRef::new("d", "clips"),
                feed: Some(Feed::One(PortRef::new("c", "text"))),
                at: None,
            },
            Edit::SetSize { size: (640, 360) },
        ],
    ));
    expect![[r##"
        -    "d": (kind: "output.film") // last
        +    "end": (kind: "output.film") // last
             // the end
           },
        -  links: { "d.clips": ["a.text",  "b.text"], "c.text": "a.text" },
        +  links: { "end.clips": ["a.text",  "b.text"], "c.text": "a.text" },
    "##]]
    .assert_eq(&marked(&diff(COMMENTED, &[Edit::RenameNode { from: "d".into(), to: "end".into() }])));
    expect![[r##"
        +  layout: { "a": (at: (1, 2)) },
    "##]]
    .assert_eq(&diff(
        COMMENTED,
        &[Edit::SetLayout { key: "a".into(), value: Some(Data::parse("(at: (1, 2))").unwrap()), at: None }],
    ));
}

/// A block diff with its common lines shown once.
fn marked(diff: &str) -> String {
    let lines = |sign| diff.lines().filter(move |line| line.starts_with(sign)).map(|line| &line[1..]);
    let new: Vec<_> = lines('+').collect();
    let old: Vec<_> = lines('-').collect();
    let mut shown = String::new();
    for (old, new) in old.iter().zip(&new) {
        shown += &if old == new { format!(" {old}\n") } else { format!("-{old}\n+{new}\n") };
    }
    shown
}

#[test]
fn windows_line_ends_survive() {
    let text = COMMENTED.replace('\n', "\r\n");
    let loaded = Document::parse("a.ron", &text).unwrap();
    assert_eq!(loaded.source.print(&loaded.document), text);
    let mut document = loaded.document.clone();
    document.apply(&[set("a", "text", "x\ny"), set("a", "o", 1_i64)]).unwrap();
    let printed = loaded.source.print(&document);
    assert_eq!(printed.matches('\n').count(), printed.matches("\r\n").count());
    assert_eq!(Document::parse("a.ron", &printed).unwrap().document.to_text(), document.to_text());
}

#[test]
fn values_of_a_command_line() {
    assert_eq!(Data::parse(" [1, \"a\"] ").unwrap().to_text(), "[1, \"a\"]");
    let refused = Data::parse("[1, ").unwrap_err();
    assert_eq!(refused.code, "ron-syntax");
    assert_eq!(refused.subject.place.unwrap().column, 1);
}
