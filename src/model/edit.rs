//! Edits: the only way to change a document. Each has an inverse; a gesture is one batch.
//!
//! Knows neither kinds nor files: whether a parameter makes sense is for `check`. Undo by cloning the document was
//! the alternative; inverses cost what the edit costs, and the same edits serve undo, scripts and fixes.

mod batch;

use serde::{Deserialize, Serialize};

use batch::Batch;

use crate::{Data, Diagnostic, Document, Feed, Node, PortRef, Rate, TakeChoice};

/// One change.
///
/// `at` is where a new entry goes in the file; an entry that exists keeps its place. Links and takes of nodes that do
/// not exist are refused, except with `at`: inverses give it, and must be able to restore what a broken file held.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Edit {
    /// Adds a node; `at` is its place in the file, the end where none.
    AddNode {
        id: String,
        node: Node,
        at: Option<usize>,
    },
    /// Removes a node with its links, takes and layout.
    RemoveNode {
        id: String,
    },
    /// Renames a node wherever it is mentioned.
    RenameNode {
        from: String,
        to: String,
    },
    /// Sets a parameter, or unsets it (its default holds) with none; that of all linked copies, except with `at`.
    SetParam {
        node: String,
        param: String,
        value: Option<Data>,
        at: Option<usize>,
    },
    /// Sets whether a node is bypassed, or unsets it (it is not) with none.
    SetBypass {
        node: String,
        on: Option<bool>,
        at: Option<usize>,
    },
    /// Sets which set of linked copies a node is in, or takes it out with none.
    SetLinked {
        node: String,
        set: Option<String>,
        at: Option<usize>,
    },
    /// Sets what feeds an input, or disconnects it with none.
    SetLink {
        to: PortRef,
        feed: Option<Feed>,
        at: Option<usize>,
    },
    SetTake {
        item: String,
        choice: Option<TakeChoice>,
        at: Option<usize>,
    },
    SetLayout {
        key: String,
        value: Option<Data>,
        at: Option<usize>,
    },
    /// Sets a section that is the editor's own or unknown, `interface` for example, or removes it with none.
    SetSection {
        key: String,
        value: Option<Data>,
        at: Option<usize>,
    },
    SetSize {
        size: (u32, u32),
    },
    SetRate {
        fps: Rate,
    },
    /// Sets a field of `settings` that has no edit of its own, or unsets it with none: how models are chosen
    /// (`models`), or how much may be spent (`caps`).
    SetSetting {
        name: String,
        value: Option<Data>,
        at: Option<usize>,
    },
}

/// What `Document::apply` did.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Applied {
    /// Undoes the batch when applied.
    pub inverse: Vec<Edit>,
    /// Nodes whose plan may change, in order of first mention. An edit that changes nothing touches nothing; size,
    /// rate and the choice of models touch every node.
    pub touched: Vec<String>,
}

/// The longest node id, in characters.
const MAX_ID: usize = 64;
pub(crate) const BAD_ID_HINT: &str = "ids are made of letters, digits, `_` and `-`, at most 64 of them";

/// Whether a node may be called so: letters, digits, `_` and `-`, at most 64 of them.
pub(crate) fn is_valid_id(id: &str) -> bool {
    !id.is_empty()
        && id.chars().take(MAX_ID + 1).count() <= MAX_ID
        && id.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-'))
}

/// Whether pictures can have this size: H.264 wants even numbers, textures bounded ones.
pub(crate) fn is_valid_size((width, height): (u32, u32)) -> bool {
    [width, height].into_iter().all(|side| side.is_multiple_of(2) && (16..=8192).contains(&side))
}

/// The node that an item belongs to: `generate` of `generate/s2.b1`.
pub fn node_of_item(item: &str) -> &str {
    item.split_once('/').map_or(item, |(node, _)| node)
}

impl Document {
    /// Applies a batch, all or nothing.
    ///
    /// # Errors
    /// A diagnostic that names the edit's subject; the document is unchanged.
    pub fn apply(&mut self, edits: &[Edit]) -> Result<Applied, Diagnostic> {
        let mut batch = Batch::new(self);
        for edit in edits {
            if let Err(refusal) = batch.check(edit).and_then(|()| batch.edit(edit)) {
                batch.roll_back();
                return Err(*refusal);
            }
        }
        Ok(batch.finish())
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;
    use crate::fixture;

    const GRAPH: &str = "a: prompt.text text=\"x\"
        b: model.video prompt<-a.text references<-[c.character, a.text]
        c: reference.character
        d: output.film clips<-[b.clip, c.clip]
        !take b/s1 2
        !take c 3 pinned
        !take b/s2 4";

    fn link(to: &str, from: &str) -> Edit {
        let port = |text| PortRef::parse(text).unwrap();
        Edit::SetLink { to: port(to), feed: Some(Feed::One(port(from))), at: None }
    }

    #[track_caller]
    fn refused(edit: Edit, expect: Expect) {
        let mut document = fixture::graph(GRAPH);
        let before = document.to_text();
        let good = Edit::RenameNode { from: "a".to_owned(), to: "first".to_owned() };
        let refusal = document.apply(&[good, Edit::RemoveNode { id: "d".to_owned() }, edit]).unwrap_err();
        expect.assert_eq(&refusal.to_string());
        assert_eq!(document.to_text(), before);
    }

    #[test]
    fn what_makes_no_sense_is_refused_and_the_batch_undone() {
        let node =
            || Node { kind: "t.t".to_owned(), version: 1, params: Default::default(), unknown: Default::default() };
        let add = |id: &str, node: Node| Edit::AddNode { id: id.to_owned(), node, at: None };
        let set = |node: &str, value: Data| Edit::SetParam {
            node: node.to_owned(),
            param: "x".to_owned(),
            value: Some(value),
            at: None,
        };
        let take = |item: &str, take: u32| Edit::SetTake {
            item: item.to_owned(),
            choice: Some(TakeChoice::of(take)),
            at: None,
        };
        let deep = (0..125).fold(Data::Unit, |inner, _| Data::List(vec![inner]));
        refused(
            add("b", node()),
            expect![[r#"
            error[duplicate-id]: there is a node `b` already
              --> b
              help: choose another id"#]],
        );
        refused(
            add("a.b", node()),
            expect![[r#"
            error[bad-id]: `a.b` cannot be a node's id
              help: ids are made of letters, digits, `_` and `-`, at most 64 of them"#]],
        );
        refused(
            add(&"x".repeat(65), node()),
            expect![[r#"
            error[bad-id]: `xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx` cannot be a node's id
              help: ids are made of letters, digits, `_` and `-`, at most 64 of them"#]],
        );
        refused(
            add("e", Node { kind: String::new(), ..node() }),
            expect![[r#"
            error[bad-node]: node `e` needs a kind and a version from 1
              --> e"#]],
        );
        refused(
            Edit::RemoveNode { id: "ghost".to_owned() },
            expect![[r#"
            error[unknown-node]: there is no node `ghost`
              --> ghost"#]],
        );
        refused(
            Edit::RenameNode { from: "b".to_owned(), to: "c".to_owned() },
            expect![[r#"
            error[duplicate-id]: there is a node `c` already
              --> c
              help: choose another id"#]],
        );
        refused(
            set("a", Data::Unit),
            expect![[r#"
            error[unknown-node]: there is no node `a`
              --> a"#]],
        );
        refused(
            set("b", Data::Number(f64::NAN)),
            expect![[r#"
            error[bad-data]: this value cannot be kept: NaN is not a number
              --> b.x"#]],
        );
        refused(
            set("b", deep),
            expect![[r#"
            error[bad-data]: this value cannot be kept: it is nested too deep
              --> b.x"#]],
        );
        refused(
            set("b", Data::Named("two words".to_owned(), None)),
            expect![[r#"
            error[bad-data]: this value cannot be kept: a name in it is not made of letters and digits
              --> b.x"#]],
        );
        refused(
            link("ghost.x", "b.clip"),
            expect![[r#"
            error[unknown-node]: there is no node `ghost`
              --> ghost"#]],
        );
        refused(
            link("b.prompt", "ghost.text"),
            expect![[r#"
            error[unknown-node]: there is no node `ghost` to connect
              --> b.prompt"#]],
        );
        refused(
            take("ghost/s1", 1),
            expect![[r#"
            error[unknown-node]: there is no node `ghost`
              --> ghost"#]],
        );
        refused(
            take("b/s1", 0),
            expect![[r#"
            error[bad-take]: takes are counted from 1
              --> b"#]],
        );
        refused(
            Edit::SetSize { size: (15, 720) },
            expect![[r#"
            error[bad-size]: pictures cannot be 15 by 720 pixels
              help: use even numbers from 16 to 8192"#]],
        );
        refused(
            Edit::SetSize { size: (1280, 8194) },
            expect![[r#"
            error[bad-size]: pictures cannot be 1280 by 8194 pixels
              help: use even numbers from 16 to 8192"#]],
        );
        refused(
            Edit::SetRate { fps: Rate(24, 0) },
            expect![[r#"
            error[bad-rate]: 24/0 is not a frame rate
              help: use at most 1000 frames per second, such as 24/1"#]],
        );
    }

    #[track_caller]
    fn touched(edits: &[Edit], expect: &str) {
        let mut document = fixture::graph(GRAPH);
        let before = document.clone();
        let applied = document.apply(edits).unwrap();
        assert_eq!(applied.touched.join(" "), expect);
        document.apply(&applied.inverse).unwrap();
        assert_eq!(document.to_text(), before.to_text());
    }

    #[test]
    fn touched_are_the_nodes_whose_plan_may_change() {
        let set = |value: &str| {
            let (node, param) = ("a".to_owned(), "text".to_owned());
            Edit::SetParam { node, param, value: Some(value.into()), at: None }
        };
        let take =
            |item: &str, take| Edit::SetTake { item: item.to_owned(), choice: Some(TakeChoice::of(take)), at: None };
        touched(&[set("y")], "a");
        touched(&[set("x")], "");
        touched(&[link("d.clips", "b.clip"), set("y"), link("d.clips", "c.clip")], "d a");
        touched(&[take("b/s1", 5), take("d/x/y", 2)], "b d");
        touched(&[take("b/s1", 2)], "");
        touched(&[Edit::RemoveNode { id: "c".to_owned() }], "c b d");
        touched(&[Edit::RenameNode { from: "a".to_owned(), to: "z".to_owned() }], "a z b");
        touched(&[Edit::SetLayout { key: "a".to_owned(), value: Some(Data::Unit), at: None }], "");
        touched(&[Edit::SetRate { fps: Rate(25, 1) }], "a b c d");
        touched(&[Edit::SetRate { fps: Rate(24, 1) }], "");
    }

    #[test]
    fn removing_and_renaming_reach_every_mention() {
        let mut document = fixture::graph(GRAPH);
        document.apply(&[Edit::RenameNode { from: "b".to_owned(), to: "shot".to_owned() }]).unwrap();
        document.apply(&[Edit::RemoveNode { id: "c".to_owned() }]).unwrap();
        expect![[r#"
            (
                throughline: 1,
                settings: (size: (1280, 720), fps: (24, 1)),
                nodes: {
                    "a": (kind: "prompt.text", version: 1, params: { "text": "x" }),
                    "shot": (kind: "model.video", version: 1, params: {}),
                    "d": (kind: "output.film", version: 1, params: {}),
                },
                links: {
                    "shot.prompt": "a.text",
                    "shot.references": ["a.text"],
                    "d.clips": ["shot.clip"],
                },
                takes: {
                    "shot/s1": (take: 2, pinned: false),
                    "shot/s2": (take: 4, pinned: false),
                },
            )
        "#]]
        .assert_eq(&document.to_text());
    }

    #[test]
    fn a_name_that_leftovers_speak_of_is_not_taken_by_renaming() {
        let mut document = fixture::graph("a: t.t\nb: t.t x<-[a.x, gone.x]");
        let rename = Edit::RenameNode { from: "a".to_owned(), to: "gone".to_owned() };
        assert_eq!(document.apply(&[rename]).unwrap_err().code, "duplicate-id");
        // Adding it connects them; undoing that leaves them as they were.
        let before = document.clone();
        let node = document.nodes["a"].clone();
        let applied = document.apply(&[Edit::AddNode { id: "gone".to_owned(), node, at: Some(0) }]).unwrap();
        assert_eq!(applied.touched, ["gone", "b"]);
        document.apply(&applied.inverse).unwrap();
        assert_eq!(document, before);
    }
}
