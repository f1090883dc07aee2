//! The inspector by gestures: what is typed, dragged and clicked becomes edits.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use egui::{Key, Role};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use model::{Data, Document, List, Rate, Shot, Value};

use super::View;
use crate::command::{Ask, Command, FileCommand, Pick};
use crate::cx::Look;
use crate::panel::Panel as _;
use crate::testing::Bench;
use crate::view::{ExplanationView, ItemState, ItemView, ModelView, NodeView};

fn open(graph: &str, selected: &[&str]) -> Harness<'static, Bench> {
    let mut bench = Bench::new(graph);
    bench.shared.selection.nodes = selected.iter().map(|id| (*id).to_owned()).collect();
    show(bench)
}

fn show(bench: Bench) -> Harness<'static, Bench> {
    let mut view = View::default();
    let mut harness = bench.window((320.0, 1600.0), move |ui, cx| view.show(ui, cx));
    harness.run();
    harness
}

fn document<'a>(harness: &'a Harness<'_, Bench>) -> &'a Document {
    harness.state().history.document()
}

fn param(harness: &Harness<'_, Bench>, node: &str, name: &str) -> Option<String> {
    document(harness).nodes[node].params.get(name).map(Data::to_text)
}

fn steps(harness: &Harness<'_, Bench>) -> Vec<String> {
    harness.state().history.done().map(str::to_owned).collect()
}

fn click(harness: &mut Harness<'_, Bench>, label: &str) {
    harness.get_by_label(label).click();
    harness.run();
}

fn unfold(harness: &mut Harness<'_, Bench>, label: &str) {
    harness.get_by_role_and_label(Role::ComboBox, label).click();
    harness.run();
}

/// Types into a field that may have the focus already.
fn type_into(harness: &mut Harness<'_, Bench>, role: Role, label: &str, text: &str) {
    if !harness.get_by_role_and_label(role, label).is_focused() {
        harness.get_by_role_and_label(role, label).focus();
        harness.run();
    }
    harness.get_by_role_and_label(role, label).type_text(text);
    harness.run();
}

fn item(name: &str, element: Option<&str>, values: Vec<(&str, Value)>) -> ItemView {
    ItemView {
        name: name.to_owned(),
        element: element.map(str::to_owned),
        state: ItemState::Done,
        values: values.into_iter().map(|(port, value)| (port.to_owned(), value)).collect(),
        ..ItemView::default()
    }
}

#[test]
fn typing_in_a_prompt_is_one_step_until_the_focus_comes_back() {
    let mut harness = open("a: prompt.text text=\"A \"", &["a"]);
    for text in ["l", "amp"] {
        type_into(&mut harness, Role::MultilineTextInput, "Text", text);
    }
    assert_eq!(param(&harness, "a", "text").as_deref(), Some("\"A lamp\""));
    assert_eq!(steps(&harness), ["Set text"]);
    harness.get_by_role_and_label(Role::TextInput, "Id").focus();
    harness.run();
    type_into(&mut harness, Role::MultilineTextInput, "Text", "s");
    assert_eq!(steps(&harness), ["Set text", "Set text"]);
}

#[test]
fn choices_flags_and_numbers() {
    let mut harness = open("v: model.video", &["v"]);
    click(&mut harness, "Quality");
    click(&mut harness, "final");
    assert_eq!(param(&harness, "v", "quality").as_deref(), Some("\"final\""));
    click(&mut harness, "Slate");
    assert_eq!(param(&harness, "v", "slate").as_deref(), Some("false"));
    type_into(&mut harness, Role::SpinButton, "Seconds", "7.5");
    assert_eq!(param(&harness, "v", "seconds").as_deref(), Some("7.5"));
    type_into(&mut harness, Role::SpinButton, "Width", "99999");
    assert_eq!(param(&harness, "v", "width").as_deref(), Some("8192"), "hard limits hold");
    assert_eq!(steps(&harness), ["Set quality", "Set slate", "Set seconds", "Set width"]);
    click(&mut harness, "Reset Quality");
    assert_eq!(param(&harness, "v", "quality"), None);
}

#[test]
fn a_driven_parameter_shows_what_arrives_and_cannot_be_edited() {
    let mut bench = Bench::new("a: prompt.text\nv: model.video prompt<-a.text");
    bench.shared.selection.only("v");
    let node = NodeView::new(vec![item("a", None, vec![("text", Value::from("A lamp in fog"))])]);
    bench.view.nodes.insert("a".to_owned(), Arc::new(node));
    let mut harness = show(bench);
    let field = harness.get_by_role_and_label(Role::MultilineTextInput, "Prompt");
    assert_eq!(field.value().as_deref(), Some("A lamp in fog"));
    harness.get_all_by_label("a.text").next().unwrap().click();
    harness.run();
    let look = Look { port: Some("text".to_owned()), ..Look::at("a") };
    assert_eq!(harness.state().shared.look_a, Some(look));
    type_into(&mut harness, Role::MultilineTextInput, "Prompt", "no");
    assert!(harness.state().sent.is_empty());
}

#[test]
fn seeds_are_thrown_typed_and_locked() {
    let mut harness = open("v: model.video", &["v"]);
    click(&mut harness, "Throw a new seed");
    let thrown = param(&harness, "v", "seed").unwrap();
    assert_ne!(thrown, "0");
    click(&mut harness, "Throw a new seed");
    assert_ne!(param(&harness, "v", "seed").unwrap(), thrown);
    assert_eq!(steps(&harness), ["Set seed", "Set seed"], "each throw is a step");
    let label = "Lock the seed: every shot and take uses this number";
    click(&mut harness, label);
    assert_eq!(param(&harness, "v", "seed_policy").as_deref(), Some("\"fixed\""));
    click(&mut harness, "Unlock the seed: each shot gets its own");
    assert_eq!(param(&harness, "v", "seed_policy"), None);
    let mut harness = open("v: model.video seed=12", &["v"]);
    type_into(&mut harness, Role::TextInput, "Seed", "3");
    assert_eq!(param(&harness, "v", "seed").as_deref(), Some("123"));
    type_into(&mut harness, Role::TextInput, "Seed", "x");
    assert_eq!(param(&harness, "v", "seed").as_deref(), Some("123"), "half a number is nothing");
}

#[derive(Debug)]
struct Dropped(PathBuf);

impl egui::DroppedFile for Dropped {
    fn path(&self) -> &Path {
        &self.0
    }
    fn bytes(&self) -> Result<Vec<u8>, String> {
        Ok(Vec::new())
    }
}

#[test]
fn files_are_browsed_for_dropped_moved_and_removed() {
    let mut harness = open("m: reference.character images=[\"a.txt\", \"b.txt\"]", &["m"]);
    click(&mut harness, "Browse for Images");
    let sent = harness.state().sent.last().unwrap().clone();
    let Command::File(FileCommand::Pick { node, param: name, kind, extensions }) = sent else { panic!("{sent:?}") };
    assert_eq!((node.as_str(), name.as_str(), kind), ("m", "images", Pick::Files));
    assert!(extensions.contains(&"png".to_owned()));
    click(&mut harness, "Move b.txt up");
    assert_eq!(param(&harness, "m", "images").as_deref(), Some("[\"b.txt\", \"a.txt\"]"));
    click(&mut harness, "Remove b.txt");
    assert_eq!(param(&harness, "m", "images").as_deref(), Some("[\"a.txt\"]"));
    let at = harness.get_by_label("Images 1").rect().center();
    harness.hover_at(at);
    harness.input_mut().dropped_files = vec![Arc::new(Dropped("/p/mara.png".into()))];
    harness.run();
    let expected = FileCommand::DropOn {
        node: "m".to_owned(),
        param: "images".to_owned(),
        paths: vec!["/p/mara.png".into()],
        kind: Pick::Files,
    };
    assert_eq!(harness.state().sent.last(), Some(&Command::File(expected)));
}

#[test]
fn palettes_texts_and_tables_grow_and_shrink() {
    let mut harness = open("m: reference.character palette=[\"#102030\"]\nl: list.texts", &["m"]);
    click(&mut harness, "Add a colour to Palette");
    assert_eq!(param(&harness, "m", "palette").as_deref(), Some("[\"#102030\", \"#102030\"]"));
    click(&mut harness, "Remove colour 1");
    click(&mut harness, "Remove colour 1");
    assert_eq!(param(&harness, "m", "palette"), None, "an empty list is the default");
    click(&mut harness, "Add to Aliases");
    type_into(&mut harness, Role::TextInput, "Aliases 1", "KEEPER");
    assert_eq!(param(&harness, "m", "aliases").as_deref(), Some("[\"KEEPER\"]"));
    harness.state_mut().shared.selection.only("l");
    harness.run();
    type_into(&mut harness, Role::TextInput, "New row of Rows", "one");
    harness.key_press(Key::Enter);
    harness.run();
    type_into(&mut harness, Role::MultilineTextInput, "Text of one", "hi");
    assert_eq!(param(&harness, "l", "rows").as_deref(), Some("{ \"one\": { \"text\": \"hi\" } }"));
    click(&mut harness, "Remove row one");
    assert_eq!(param(&harness, "l", "rows"), None);
}

#[test]
fn renaming_takes_the_selection_along_and_refuses_what_is_taken() {
    let mut harness = open("a: prompt.text\nb: model.video prompt<-a.text", &["a"]);
    type_into(&mut harness, Role::TextInput, "Id", "1");
    harness.key_press(Key::Enter);
    harness.run();
    let ids: Vec<&String> = document(&harness).nodes.keys().collect();
    assert_eq!(ids, ["a1", "b"]);
    assert_eq!(harness.state().shared.selection.primary(), Some("a1"));
    assert_eq!(steps(&harness), ["Rename a"]);
    type_into(&mut harness, Role::TextInput, "Id", " or not");
    harness.key_press(Key::Enter);
    harness.run();
    assert_eq!(steps(&harness), ["Rename a"]);
    assert!(harness.state().shared.toast.is_some());
}

#[test]
fn several_nodes_are_edited_together() {
    let mut harness = open("a: model.video\nb: model.video quality=\"final\"\nc: model.image", &["a", "b", "c"]);
    harness.get_by_label("3 nodes");
    assert!(harness.query_by_label("Seconds").is_none(), "pictures have no length");
    harness.get_by_label("different values; a change sets all of them");
    click(&mut harness, "Quality");
    click(&mut harness, "final");
    let all = ["a", "b", "c"].map(|id| param(&harness, id, "quality").unwrap());
    assert_eq!(all, ["\"final\"", "\"final\"", "\"final\""]);
    assert_eq!(steps(&harness).len(), 1);
}

#[test]
fn unknown_kinds_are_edited_as_text() {
    let mut harness = open("x: new.kind n=3 who=\"Mara\"", &["x"]);
    harness.get_by_label("Unknown kind");
    type_into(&mut harness, Role::MultilineTextInput, "n", "4");
    assert_eq!(param(&harness, "x", "n").as_deref(), Some("34"));
    type_into(&mut harness, Role::MultilineTextInput, "n", "(");
    assert_eq!(param(&harness, "x", "n").as_deref(), Some("34"), "what cannot be read changes nothing");
}

#[test]
fn the_graph_has_a_size_and_a_rate() {
    let mut harness = open("", &[]);
    click(&mut harness, "Picture size");
    click(&mut harness, "1080p");
    click(&mut harness, "Frame rate");
    click(&mut harness, "25");
    type_into(&mut harness, Role::SpinButton, "Picture width", "641");
    let settings = &document(&harness).settings;
    assert_eq!((settings.size, settings.fps), ((640, 1080), Rate(25, 1)));
}

fn shots(ids: &[&str]) -> Value {
    let shot = |id: &&str| {
        let text = format!(
            "{{\"id\":\"{id}\",\"scene\":\"s1\",\"number\":\"1\",\"text\":\"Mara walks in.\",\
            \"setting\":{{\"location\":\"\",\"int_ext\":\"EXT\",\"time\":\"DAY\",\"weather\":\"clear\"}},\
            \"camera\":{{\"size\":\"MS\",\"framing\":\"single\",\"angle\":\"eye\",\"move\":\"static\",\"lens_mm\":35}},\
            \"cast\":[],\"props\":[],\"lines\":[],\"duration_s\":4.0,\"purpose\":\"action\"}}"
        );
        let shot: Shot = serde_json::from_str(&text).unwrap();
        ((*id).into(), Value::Shot(Arc::new(shot)))
    };
    Value::List(List::new(ids.iter().map(shot)))
}

#[test]
fn a_shots_fields_are_inherited_until_they_are_overridden() {
    let mut bench = Bench::new(
        "b: structure.breakdown\nt: structure.shots shots<-b.shots rows={\"s1.b2\": {\"lens\": 85}}\n\
         v: model.video shot<-t.shots",
    );
    bench.shared.selection.only("v");
    bench.shared.selection.elements.insert("s1.b1".to_owned());
    let node = NodeView::new(vec![item("b", None, vec![("shots", shots(&["s1.b1", "s1.b2"]))])]);
    bench.view.nodes.insert("b".to_owned(), Arc::new(node));
    let mut harness = show(bench);
    harness.get_by_label("Shot s1.b1");
    let text = harness.get_by_role_and_label(Role::MultilineTextInput, "Shot text");
    assert_eq!(text.value().as_deref(), Some("Mara walks in."));
    assert_eq!(harness.query_all_by_label("overridden").count(), 0);
    click(&mut harness, "Shot size");
    click(&mut harness, "CU");
    assert_eq!(
        param(&harness, "t", "rows").as_deref(),
        Some("{ \"s1.b2\": { \"lens\": 85 }, \"s1.b1\": { \"size\": \"CU\" } }")
    );
    assert_eq!(harness.query_all_by_label("overridden").count(), 1);
    click(&mut harness, "Reset shot size");
    assert_eq!(param(&harness, "t", "rows").as_deref(), Some("{ \"s1.b2\": { \"lens\": 85 } }"));
}

#[test]
fn what_was_selected_last_comes_first() {
    let mut bench =
        Bench::new("b: structure.breakdown\nt: structure.shots shots<-b.shots\nv: model.video shot<-t.shots");
    bench.shared.selection.only("v");
    bench.shared.selection.elements.insert("s1.b1".to_owned());
    let mut harness = show(bench);
    let top = |harness: &Harness<'_, Bench>, label: &str| harness.get_by_label(label).rect().top();
    assert!(top(&harness, "Shot s1.b1") < top(&harness, "Video model"), "both at once");
    harness.state_mut().shared.selection.only("t");
    harness.run();
    assert!(top(&harness, "Shot table") < top(&harness, "Shot s1.b1"), "a node after a shot");
    harness.state_mut().shared.selection.elements.insert("s1.b2".to_owned());
    harness.run();
    assert!(top(&harness, "2 shots") < top(&harness, "Shot table"), "a shot after a node");
    harness.state_mut().shared.selection.clear();
    harness.run();
    assert!(top(&harness, "2 shots") < top(&harness, "Graph"), "shots before the graph itself");
}

#[test]
fn ports_show_values_and_can_be_looked_at_and_disconnected() {
    let mut bench = Bench::new("a: prompt.text\nj: text.join texts<-a.text");
    bench.shared.selection.only("j");
    let node = NodeView::new(vec![item("j", None, vec![("text", Value::from("One two"))])]);
    bench.view.nodes.insert("j".to_owned(), Arc::new(node));
    let mut harness = show(bench);
    harness.get_by_label("“One two”");
    harness.get_by_role_and_label(Role::Button, "text").click();
    harness.run();
    assert_eq!(harness.state().shared.look_a.as_ref().map(|look| look.node.as_str()), Some("j"));
    click(&mut harness, "Disconnect a.text from j.texts");
    assert!(document(&harness).links.is_empty());
}

#[test]
fn why_asks_once_and_shows_what_changed() {
    let mut bench = Bench::new("a: prompt.text");
    bench.shared.selection.only("a");
    bench.view.nodes.insert("a".to_owned(), Arc::new(NodeView::new(vec![item("a", None, Vec::new())])));
    let mut harness = show(bench);
    assert!(harness.state().sent.is_empty());
    click(&mut harness, "Why?");
    harness.run_steps(3);
    assert_eq!(harness.state().sent, [Command::Ask(Ask::Explain("a".to_owned()))]);
    let digest = |text: &str| Some(model::Digest::of(text.as_bytes()));
    let ingredient =
        |path: &str, now: &str, before: &str| (path.to_owned(), Some(now.to_owned()), Some(before.to_owned()));
    harness.state_mut().view.explanation = Some(Arc::new(ExplanationView {
        item: "a".to_owned(),
        key: digest("now"),
        before: digest("before"),
        ingredients: vec![ingredient("call.seed", "1", "1"), ingredient("call.prompt", "fog", "rain")],
        model: Some("animatic 3: free".to_owned()),
        problem: None,
    }));
    harness.run();
    for label in ["One thing changed since the last result", "call.prompt", "fog", "rain", "1 unchanged"] {
        harness.get_by_label(label);
    }
    harness.get_by_label("animatic 3: free");
    assert_eq!(harness.state().sent.len(), 1);
}

fn models(harness: &Harness<'_, Bench>) -> Option<String> {
    document(harness).settings.unknown.get("models").map(Data::to_text)
}

#[test]
fn how_models_are_chosen_is_edited_a_field_at_a_time() {
    let mut bench = Bench::new("a: prompt.text");
    let named = |name: &str| ModelView { name: name.to_owned(), usable: true, ..ModelView::default() };
    bench.view.models = Arc::new(vec![named("a/big"), named("b/small")]);
    let mut harness = show(bench);
    click(&mut harness, "Models");
    harness.run_steps(8);
    unfold(&mut harness, "Finals are made by");
    click(&mut harness, "the best");
    assert_eq!(models(&harness).as_deref(), Some("(aim: (final: \"best\"))"));
    unfold(&mut harness, "Consistency");
    click(&mut harness, "Each shot by itself");
    unfold(&mut harness, "When a model fails");
    click(&mut harness, "Then any model");
    click(&mut harness, "Also when a provider refuses the prompt");
    type_into(&mut harness, Role::TextInput, "Pin for", "scene:s2");
    unfold(&mut harness, "Pinned model");
    click(&mut harness, "a/big");
    click(&mut harness, "Add pin");
    assert_eq!(
        models(&harness).as_deref(),
        Some(
            "(aim: (final: \"best\"), consistency: \"off\", fallback: \"any\", after_refusal: true, pins: { \"scene:s2\": \"a/big\" })"
        )
    );
    click(&mut harness, "Remove the pin of scene:s2");
    click(&mut harness, "Also when a provider refuses the prompt");
    click(&mut harness, "Add to Denied models");
    type_into(&mut harness, Role::TextInput, "Denied models 1", "a/*");
    assert_eq!(
        models(&harness).as_deref(),
        Some("(aim: (final: \"best\"), consistency: \"off\", fallback: \"any\", deny: [\"a/*\"])")
    );
    unfold(&mut harness, "Finals are made by");
    click(&mut harness, "previs");
    assert_eq!(models(&harness).as_deref(), Some("(consistency: \"off\", fallback: \"any\", deny: [\"a/*\"])"));
    for _ in 0..20 {
        harness.state_mut().history.undo();
    }
    assert_eq!(models(&harness), None, "every step has a way back");
}

/// In a panel, what is too wide makes the panel wider, frame by frame.
#[test]
fn no_kind_is_wider_than_the_panel() {
    let mut kinds: Vec<String> = nodes::ALL.iter().map(|spec| format!("n: {}", spec.kind)).collect();
    kinds.extend([
        "n: model.video quality=\"final\" seconds=2.0 width=640 seed=7 slate=false prompt<-a.text negative<-a.text \
         references<-[a.text, a.text]\na: prompt.text"
            .to_owned(),
        "n: reference.character name=\"MARA\" description=\"a woman\" images=[\"refs/mara.png\", \"refs/b.png\"] \
         palette=[\"#102030\", \"#405060\", \"#405060\", \"#405060\", \"#405060\", \"#405060\"] aliases=[\"K\"]"
            .to_owned(),
        "n: structure.shots rows={\"s1.b1\": {\"size\": \"CU\", \"lens\": 85}}".to_owned(),
        "n: new.kind some=[1, 2] long=\"value value value value value value value value\"".to_owned(),
        String::new(),
    ]);
    let mut wide = Vec::new();
    for graph in kinds {
        let mut bench = Bench::new(&graph);
        if !graph.is_empty() {
            bench.shared.selection.only("n");
            bench.shared.selection.elements.insert("s1.b1".to_owned());
        }
        let mut view = View::default();
        let mut harness = bench.window((276.0, 2400.0), move |ui, cx| {
            // What does not fit moves this edge too.
            let right = ui.max_rect().right();
            view.show(ui, cx);
            cx.shared.toast = Some(format!("{:.0}", ui.min_rect().right() - right));
        });
        harness.run();
        let over = harness.state().shared.toast.clone();
        wide.extend(over.filter(|over| over != "0").map(|over| format!("{graph}: {over}")));
    }
    assert_eq!(wide, Vec::<String>::new());
}

const LOOK: &str = r#"(
    throughline: 1,
    nodes: { "grade": (kind: "edit.color", version: 1, params: { "exposure": 0.5 }) },
    links: {},
    interface: (
        inputs: { "clip": "grade.clip" },
        outputs: { "clip": "grade.clip" },
        params: { "light": "grade.exposure" },
    ),
)"#;

#[test]
fn a_groups_parameters_have_their_widgets_and_a_way_back() {
    let mut bench = Bench::new("night: group file=\"look.ron\"");
    let inner = Document::parse("look.ron", LOOK).unwrap().document;
    let face = model::group_face(&inner, model::Catalog(nodes::ALL), &mut |_| unreachable!("no group in it"));
    bench.view.groups = Arc::new([("night".to_owned(), face)].into());
    bench.shared.selection.only("night");
    let mut harness = show(bench);
    harness.get_by_label("inherited");
    assert!(harness.query_by_label("Values as RON text").is_none());
    type_into(&mut harness, Role::SpinButton, "Light", "1.5");
    assert_eq!(param(&harness, "night", "light").as_deref(), Some("1.5"));
    harness.get_by_label("overridden");
    click(&mut harness, "Reset Light");
    assert_eq!(param(&harness, "night", "light"), None);
    harness.get_by_label("inherited");
}

#[test]
fn parameters_and_ports_are_shown_on_the_group_and_hidden_again() {
    let first = Document::parse("look.ron", LOOK).unwrap().document;
    let mut bench = Bench { history: model::History::new(first.clone()), ..Bench::default() };
    bench.shared.selection.only("grade");
    let mut harness = show(bench);
    let shown = |harness: &Harness<'_, Bench>, what: model::Shown, port: &str| {
        document(harness).shown_as(what, &model::PortRef::new("grade", port)).map(str::to_owned)
    };
    click(&mut harness, "Show grade.contrast on the group");
    assert_eq!(shown(&harness, model::Shown::Param, "contrast").as_deref(), Some("contrast"));
    click(&mut harness, "Show grade.exposure on the group");
    assert_eq!(shown(&harness, model::Shown::Param, "exposure"), None);
    assert_eq!(steps(&harness), ["Show grade.contrast", "Hide light"]);
    harness.state_mut().history.undo();
    harness.state_mut().history.undo();
    assert_eq!(document(&harness), &first);
}

#[test]
fn a_linked_copy_says_so_and_can_be_unlinked() {
    let mut bench = Bench::new("a: prompt.text text=\"fog\"\nb: prompt.text text=\"fog\"");
    let link = |node: &str| model::Edit::SetLinked { node: node.to_owned(), set: Some("fog".to_owned()), at: None };
    bench.history.apply("Link", vec![link("a"), link("b")], None).unwrap();
    bench.shared.selection.only("b");
    let mut harness = show(bench);
    harness.get_by_label("Linked with a: a change of one changes all");
    type_into(&mut harness, Role::MultilineTextInput, "Text", "!");
    assert_eq!(param(&harness, "a", "text"), param(&harness, "b", "text"));
    assert_eq!(param(&harness, "a", "text").as_deref(), Some("\"fog!\""));
    click(&mut harness, "Unlink");
    assert_eq!(document(&harness).nodes["a"].linked(), None);
}

#[test]
fn what_may_be_spent_is_typed_taken_away_and_undone() {
    let caps = |harness: &Harness<'_, Bench>| document(harness).settings.unknown.get("caps").map(Data::to_text);
    let mut bench = Bench::new("v: model.video");
    let model = ModelView { name: "gen4".to_owned(), provider: "runway".to_owned(), ..ModelView::default() };
    bench.view.models = Arc::new(vec![model]);
    let mut harness = show(bench);
    click(&mut harness, "Spending");
    harness.run();
    type_into(&mut harness, Role::TextInput, "Most for a run", "5us");
    harness.get_by_label_contains("write an amount like");
    assert_eq!(caps(&harness), None, "half an amount is no limit");
    type_into(&mut harness, Role::TextInput, "Most for a run", "d");
    harness.key_press(Key::Enter);
    harness.run();
    assert_eq!(caps(&harness).as_deref(), Some("(run: \"5usd\")"));
    unfold(&mut harness, "Provider to limit");
    click(&mut harness, "runway");
    type_into(&mut harness, Role::TextInput, "Most for the provider", "50c");
    click(&mut harness, "Add limit");
    assert_eq!(caps(&harness).as_deref(), Some("(run: \"5usd\", providers: { \"runway\": \"50c\" })"));
    assert_eq!(steps(&harness), ["Set what may be spent", "Set what may be spent"]);
    click(&mut harness, "Remove the limit of runway");
    assert_eq!(caps(&harness).as_deref(), Some("(run: \"5usd\")"));
    while harness.state_mut().history.undo().is_some() {}
    assert_eq!(caps(&harness), None);
}

#[test]
fn a_limit_that_is_misspelt_can_be_removed() {
    let mut bench = Bench::new("v: model.video");
    let value = Some(Data::parse("(mnoth: 5)").unwrap());
    let edit = model::Edit::SetSetting { name: "caps".to_owned(), value, at: None };
    bench.history.apply("caps", vec![edit], None).unwrap();
    let mut harness = show(bench);
    harness.get_by_label_contains("There is no limit `mnoth`");
    click(&mut harness, "Remove mnoth");
    assert!(!document(&harness).settings.unknown.contains_key("caps"));
}
