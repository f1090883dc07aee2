//! Graph fixtures and what is said about them.

use expect_test::{Expect, expect};

use super::*;
use crate::spec::{Help, ParamSpec, Params};
use crate::{Data, PortRef, PortType, fixture, no_upgrade};

const HELP: Help = Help { title: "", category: "", summary: "", keywords: &[] };
const COLUMNS: &[ParamSpec] = &[ParamSpec::file("file", &["png"]), ParamSpec::number("gain", 1.0).range(0.0, 2.0)];

const SPECS: &[&NodeSpec] = &[
    &NodeSpec {
        kind: "prompt.text",
        version: 3,
        help: HELP,
        params: &[ParamSpec::multiline("text", "")],
        ports: |_| Ports::new().output("text", PortType::Text, ""),
        plan: |_| Err(crate::Stop::Pending),
        sibling: None,
        upgrade: |from, params| {
            let step = format!("{}{from}", params.get("text").and_then(Data::as_text).unwrap_or(""));
            params.insert("text".to_owned(), Data::Text(step));
        },
    },
    &NodeSpec {
        kind: "model.video",
        version: 1,
        help: HELP,
        params: &[
            ParamSpec::choice("quality", "draft", &["draft", "final"]),
            ParamSpec::number("strength", 0.5).range(0.0, 1.0),
            ParamSpec::integer("steps", 20, 1, 50).unit("steps"),
            ParamSpec::flag("sound", true),
            ParamSpec::color("tint", "#ffffff"),
            ParamSpec::colors("palette"),
            ParamSpec::file("mask", &["png"]),
            ParamSpec::files("extra", &["png"]),
            ParamSpec::texts("words"),
            ParamSpec::table("rows", COLUMNS),
        ],
        ports: |_| {
            Ports::new()
                .input("prompt", PortType::Text, "")
                .optional_gather("references", PortType::Character, "")
                .output("clip", PortType::Clip, "")
                .output("words", PortType::Text, "")
        },
        plan: |_| Err(crate::Stop::Pending),
        sibling: None,
        upgrade: no_upgrade,
    },
];

const CATALOG: Catalog = Catalog(SPECS);

#[track_caller]
fn checked(text: &str, expect: Expect) {
    let document = fixture::graph(text);
    let mut shown = String::new();
    for diagnostic in check(&document, CATALOG) {
        shown += &format!("{diagnostic}\n");
        if let Some(fix) = diagnostic.fix {
            let mut fixed = document.clone();
            fixed.apply(&fix.edits).unwrap_or_else(|refusal| panic!("{refusal}"));
            let messages = |document: &Document| -> Vec<String> {
                check(document, CATALOG).into_iter().map(|diagnostic| diagnostic.message).collect()
            };
            assert!(!messages(&fixed).contains(&diagnostic.message), "the fix leaves it: {}", diagnostic.message);
        }
    }
    expect.assert_eq(&shown);
}

#[test]
fn a_sound_graph_has_no_problems() {
    checked(
        r##"a: prompt.text@3 text="x"
           v: model.video prompt<-a.text quality="final" strength=1 tint="#abc" palette=["#000000"] extra=["a/../b.png"]
           w: model.video prompt<-v.words quality<-a.text rows={ "r": { "gain": 2.0 } }
           !take v/s1 2"##,
        expect![""],
    );
}

#[test]
fn kinds_and_parameters() {
    checked(
        r##"a: prompt.txet
           new: model.video@2 whatever=1
           v: model.video prompt<-a.text qualty="draft" quality="finale" strength=1.5 steps="x" sound=1 tint="red" palette=["#fff", 3] zzz=1
           w: model.video prompt<-a.text steps=99 mask="a\0.png" extra=["/etc/x.png", "a/../../b.png", "C:\\x.png"] words="x" rows={ "r": { "gain": 3, "glow": 1, "file": "~/x" }, "s": 1 }"##,
        expect![[r##"
            warning[unknown-kind]: `prompt.txet` is no node kind of this version; the node is kept but cannot run
              --> a
              help: did you mean `prompt.text`?
            warning[newer-kind]: the node was written by version 2 of `model.video`, this is version 1; it is kept but cannot run
              --> new
              help: open the graph with a newer version of Throughline
            error[unknown-param]: `model.video` has no parameter `qualty`
              --> v.qualty
              help: did you mean `quality`?
              fix: Remove the parameter
            error[param-choice]: `quality` cannot be `finale`
              --> v.quality
              help: choose one of: draft, final
              fix: Set it to "final"
            error[param-range]: `strength` is 1.5, outside 0 to 1
              --> v.strength
              help: use a value from 0 to 1
              fix: Set it to 1.0
            error[param-type]: `steps` expects an integer, found a text
              --> v.steps
              help: write it like 3
              fix: Use the default
            error[param-type]: `sound` expects true or false, found an integer
              --> v.sound
              help: write it like true
              fix: Use the default
            error[param-type]: `tint` expects a colour, found `red`
              --> v.tint
              help: write it like "#a03020"
              fix: Use the default
            error[param-type]: `palette.1` expects a colour, found an integer
              --> v.palette
              help: write it like "#a03020"
            error[unknown-param]: `model.video` has no parameter `zzz`
              --> v.zzz
              help: its parameters are: quality, strength, steps, sound, tint, palette, mask, extra, words, rows
              fix: Remove the parameter
            error[param-range]: `steps` is 99, outside 1 to 50 steps
              --> w.steps
              help: use a value from 1 to 50
              fix: Set it to 50
            error[param-type]: `mask` holds a character that no path can hold
              --> w.mask
              help: write it like "refs/a.png"
              fix: Use the default
            warning[path-outside]: `extra.0` names a place on this machine only: /etc/x.png
              --> w.extra
              help: copy the file beside the graph and give its relative path
            warning[path-outside]: `extra.1` leaves the graph's folder: a/../../b.png
              --> w.extra
              help: copy the file beside the graph and give its relative path
            warning[path-outside]: `extra.2` names a place on this machine only: C:\x.png
              --> w.extra
              help: copy the file beside the graph and give its relative path
            error[param-type]: `words` expects a list of texts, found a text
              --> w.words
              help: write it like ["a", "b"]
              fix: Use the default
            error[param-range]: `rows.r.gain` is 3, outside 0 to 2
              --> w.rows
              help: use a value from 0 to 2
            error[unknown-column]: `rows.r.glow` is in no column of the table
              --> w.rows
              help: its columns are: file, gain
            warning[path-outside]: `rows.r.file` names a place on this machine only: ~/x
              --> w.rows
              help: copy the file beside the graph and give its relative path
            error[param-type]: `rows.s` expects fields, found an integer
              --> w.rows
              help: write it like { "column": 1 }
        "##]],
    );
}

#[test]
fn links_and_takes() {
    checked(
        "a: prompt.text@3
         lost: model.video
         v: model.video prompt<-[a.text, w.clip] references<-[a.text, a.text, ghost.character, v.clips]
         w: model.video promt<-a.text prompt<-v.clip
         !take gone/s1 2",
        expect![[r#"
            error[missing-input]: input `prompt` of `lost` is not connected
              --> lost.prompt
              help: connect an output of type text
            error[several-sources]: `v.prompt` takes one value, but 2 outputs are connected
              --> v.prompt
              help: keep one of them, or collect them in a node before
              fix: Keep the first
            error[port-mismatch]: `w.clip` gives clip, but `v.prompt` takes text
              --> v.prompt
              help: `w.words` would fit
              fix: Disconnect it
            error[port-mismatch]: `a.text` gives text, but `v.references` takes character
              --> v.references
              fix: Disconnect it
            warning[duplicate-link]: `a.text` is connected to `v.references` twice
              --> v.references
              fix: Disconnect the second
            error[unknown-node]: the link to `v.references` names node `ghost`, which does not exist
              --> v.references
              fix: Disconnect it
            error[unknown-port]: `v` has no output `clips`
              --> v.references
              help: did you mean `clip`?
              fix: Disconnect it
            error[unknown-port]: `w` has no input `promt`
              --> w.promt
              help: did you mean `prompt`?
              fix: Disconnect it
            error[port-mismatch]: `v.clip` gives clip, but `w.prompt` takes text
              --> w.prompt
              help: `v.words` would fit
              fix: Disconnect it
            error[cycle]: `v` feeds itself
              --> v
              help: disconnect one of these links
            warning[unknown-take]: a take is chosen for `gone/s1`, but there is no such node
              --> gone
              fix: Forget the take
        "#]],
    );
}

#[test]
fn cycles_name_their_nodes_in_order() {
    checked(
        "a: model.video prompt<-c.words
         b: model.video prompt<-a.words
         c: model.video prompt<-b.words
         d: model.video prompt<-d.words",
        expect![[r#"
            error[cycle]: these nodes feed each other in a circle: a -> b -> c -> a
              --> a
              help: disconnect one of these links
            error[cycle]: `d` feeds itself
              --> d
              help: disconnect one of these links
        "#]],
    );
}

#[test]
fn upgrades_run_one_version_at_a_time() {
    let mut document = fixture::graph("a: prompt.text text=\"x\"\nb: prompt.text@3\nc: model.video@9");
    let said: Vec<String> = upgrade(&mut document, CATALOG).into_iter().map(|diagnostic| diagnostic.message).collect();
    assert_eq!(said, ["upgraded `a` from version 1 of `prompt.text` to 3"]);
    assert_eq!(document.nodes["a"].params, Params::from([("text".to_owned(), Data::from("x12"))]));
    assert_eq!((document.nodes["a"].version, document.nodes["c"].version), (3, 9));
    assert!(upgrade(&mut document, CATALOG).is_empty());
}

#[test]
fn a_link_to_a_missing_node_can_be_undone_after_its_fix() {
    let mut document = fixture::graph("a: prompt.text@3");
    document.links.insert(PortRef::new("ghost", "x"), crate::Feed::One(PortRef::new("a", "text")));
    let before = document.clone();
    let fix = check(&document, CATALOG).remove(0).fix.unwrap();
    let applied = document.apply(&fix.edits).unwrap();
    assert!(check(&document, CATALOG).is_empty());
    document.apply(&applied.inverse).unwrap();
    assert_eq!(document, before);
}
