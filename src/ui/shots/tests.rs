//! Gestures of the shot table, each to the exact edit.

use egui::{Key, Modifiers};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use model::{Data, Edit};

use super::*;
use crate::testing::Bench;
use crate::view::ItemState;

const TEXTS: &[(&str, &str)] = &[("s1.b1", "Mara climbs"), ("s1.b2", "The lamp turns"), ("s2.b1", "Jon waits")];

fn harness_of(graph: &str, texts: &[(&str, &str)]) -> Harness<'static, Bench> {
    let states = [
        ItemState::Done,
        ItemState::Held { cost: Some(250_000) },
        ItemState::Failed(Box::new(model::Diagnostic::error("x", "it failed"))),
    ];
    let mut bench = Bench::new(graph);
    bench.view = rows::tests::view(texts, &states);
    let mut view = View::default();
    let mut harness = bench.window((1200.0, 400.0), move |ui, cx| view.show(ui, cx));
    harness.run();
    harness
}

fn harness() -> Harness<'static, Bench> {
    harness_of(
        "shots: structure.breakdown\ntable: structure.shots rows={} shots<-shots.shots\ngenerate: model.video shot<-table.shots",
        TEXTS,
    )
}

fn double_click(harness: &mut Harness<'_, Bench>, label: &str) {
    // In one frame: the harness takes a quarter of a second for each event of its own.
    let pos = harness.get_by_label(label).rect().center();
    let events = &mut harness.input_mut().events;
    events.push(egui::Event::PointerMoved(pos));
    for pressed in [true, false, true, false] {
        let button = egui::PointerButton::Primary;
        events.push(egui::Event::PointerButton { pos, button, pressed, modifiers: Modifiers::NONE });
    }
    harness.run();
}

fn set(rows: &str) -> Vec<Edit> {
    let value = Some(Data::parse(rows).unwrap());
    vec![Edit::SetParam { node: "table".to_owned(), param: "rows".to_owned(), value, at: None }]
}

fn edited(label: &str, rows: &str) -> Command {
    Command::Edit { label: label.to_owned(), edits: set(rows), gesture: None }
}

fn elements(harness: &Harness<'_, Bench>) -> Vec<String> {
    harness.state().shared.selection.elements.iter().cloned().collect()
}

#[test]
fn a_double_click_changes_a_text_as_one_step() {
    let mut harness = harness();
    double_click(&mut harness, "Text of s1.b2");
    harness.get_by_label("Text of s1.b2, being changed").type_text("!");
    harness.run();
    harness.key_press(Key::Enter);
    harness.run();
    let text = &harness.state().sent;
    let [Command::Edit { label, edits, .. }] = &text[..] else { panic!("{text:?}") };
    assert_eq!((label.as_str(), edits), ("Change text of s1.b2", &set(r#"{"s1.b2": {"text": "!"}}"#)));
    assert_eq!(harness.get_by_label("Text of s1.b2").value().as_deref(), Some("!"));
    harness.key_press_modifiers(Modifiers::COMMAND, Key::Z);
    harness.run();
    assert_eq!(harness.state().sent.last(), Some(&Command::Undo));
    assert_eq!(harness.get_by_label("Text of s1.b2").value().as_deref(), Some("The lamp turns"));
}

#[test]
fn one_change_sets_all_selected_rows() {
    let mut harness = harness();
    harness.get_by_label("Shot of s1.b1").click();
    harness.run();
    harness.get_by_label("Shot of s2.b1").click_modifiers(Modifiers::COMMAND);
    harness.run();
    assert_eq!(elements(&harness), ["s1.b1", "s2.b1"]);
    double_click(&mut harness, "Size of s2.b1");
    harness.get_by_label("Changes 2 shots");
    harness.get_by_label("ECU").click();
    harness.run();
    let rows = r#"{"s1.b1": {"size": "ECU"}, "s2.b1": {"size": "ECU"}}"#;
    assert_eq!(harness.state().sent, [edited("Change size of 2 shots", rows)]);
}

#[test]
fn keys_move_change_and_reset() {
    let mut harness = harness();
    harness.get_by_label("Seconds of s1.b1").click();
    harness.run();
    harness.key_press(Key::ArrowDown);
    harness.run();
    assert_eq!(elements(&harness), ["s1.b2"]);
    harness.key_press(Key::Enter);
    harness.run();
    harness.get_by_label("Seconds of s1.b2, being changed").type_text("2.5");
    harness.run();
    harness.key_press(Key::Enter);
    harness.run();
    assert_eq!(harness.state().sent, [edited("Change seconds of s1.b2", r#"{"s1.b2": {"duration": 2.5}}"#)]);
    harness.key_press(Key::Delete);
    harness.run();
    assert_eq!(harness.state().sent[1], edited("Reset seconds of s1.b2", "{}"));
    harness.key_press_modifiers(Modifiers::SHIFT, Key::ArrowUp);
    harness.run();
    assert_eq!(elements(&harness), ["s1.b1", "s1.b2"]);
}

#[test]
fn what_is_wrong_is_said_and_not_written() {
    let mut harness = harness();
    double_click(&mut harness, "Seconds of s1.b1");
    harness.get_by_label("Seconds of s1.b1, being changed").type_text("500");
    harness.run();
    harness.get_by_label("type 0.2 to 120 seconds");
    harness.key_press(Key::Enter);
    harness.run();
    harness.key_press(Key::Escape);
    harness.run();
    assert!(harness.query_by_label("Seconds of s1.b1, being changed").is_none());
    assert_eq!(harness.state().sent, []);
}

#[test]
fn rows_move_by_drag_and_by_key() {
    let mut harness = harness();
    let from = harness.get_by_label("# of s1.b1").rect().center();
    let to = harness.get_by_label("# of s2.b1").rect().center_bottom();
    harness.drag_at(from);
    harness.run();
    harness.hover_at(from + egui::vec2(0.0, 20.0));
    harness.run();
    harness.hover_at(to);
    harness.run();
    harness.drop_at(to);
    harness.run();
    assert_eq!(harness.state().sent, [edited("Move s1.b1", r#"{"s1.b1": {"order": 4.0}}"#)]);
    harness.get_by_label("Text of s1.b1").click();
    harness.run();
    for _ in 0..2 {
        harness.key_press_modifiers(Modifiers::ALT, Key::ArrowUp);
        harness.run();
    }
    assert_eq!(harness.state().history.document().nodes["table"].params["rows"].to_text(), "{}", "back home");
}

#[test]
fn skipped_and_changed_shots_are_marked_and_reset() {
    let mut harness = harness();
    harness.get_by_label("Skip of s1.b2").click();
    harness.run();
    assert_eq!(harness.state().sent, [edited("Change skip of s1.b2", r#"{"s1.b2": {"skip": true}}"#)]);
    assert_eq!(harness.get_by_label("State of s1.b2").value().as_deref(), Some("skipped"));
    harness.get_by_label("Skip of s1.b2").hover();
    harness.run();
    harness.get_by_label("Reset Skip of s1.b2").click();
    harness.run();
    assert_eq!(harness.state().sent[1], edited("Change skip of s1.b2", "{}"));
}

#[test]
fn rows_are_filtered_and_sorted() {
    let mut harness = harness();
    let top = |harness: &Harness<'_, Bench>, id: &str| {
        harness.query_by_label(&format!("Shot of {id}")).map(|node| node.rect().top())
    };
    harness.get_by_label("Sort by Text").click();
    harness.run();
    assert!(top(&harness, "s2.b1") < top(&harness, "s1.b1"));
    harness.get_by_label("Filter shots").click();
    harness.get_by_label("Filter shots").type_text("lamp turns");
    harness.run();
    assert!(top(&harness, "s1.b2").is_some() && top(&harness, "s1.b1").is_none());
    harness.get_by_label("1 of 3 shots");
    assert_eq!(harness.state().sent, []);
}

#[test]
fn columns_take_the_width_that_somebody_drags() {
    let mut harness = harness();
    let width = |harness: &Harness<'_, Bench>| harness.get_by_label("Size of s1.b1").rect().width();
    let before = width(&harness);
    let from = harness.get_by_label("Width of Size").rect().center();
    harness.drag_at(from);
    harness.run();
    harness.hover_at(from + egui::vec2(40.0, 0.0));
    harness.run();
    harness.drop_at(from + egui::vec2(40.0, 0.0));
    harness.run();
    assert_eq!(width(&harness), before + 40.0);
    assert!(harness.state().shared.preferences.columns.contains_key("size"));
    double_click(&mut harness, "Width of Size");
    assert_eq!(width(&harness), before, "a double click gives the first width back");
    assert_eq!(harness.state().sent, [], "a width is no part of the document");
}

#[test]
fn shots_inside_a_group_are_rows_that_can_be_looked_at() {
    let mut bench = Bench::new("film: group file=\"film.ron\"");
    let states = [ItemState::Done, ItemState::Ready, ItemState::Done];
    let inner = rows::tests::view(TEXTS, &states);
    for (id, kind) in [("shots", "structure.breakdown"), ("generate", "model.video")] {
        let mut node = (*inner.nodes[id]).clone();
        node.kind = kind.to_owned();
        node.items.iter_mut().for_each(|item| item.name = format!("film-{}", item.name));
        bench.view.nodes.insert(format!("film-{id}"), Arc::new(node));
    }
    let mut view = View::default();
    let mut harness = bench.window((1200.0, 400.0), move |ui, cx| view.show(ui, cx));
    harness.run();
    assert_eq!(harness.get_by_label("State of s1.b2").value().as_deref(), Some("ready"));
    harness.get_by_label("in the group film");
    assert!(harness.query_by_label("Add a shot table").is_none());
    harness.get_by_label("Take of s2.b1").click();
    harness.run();
    let shared = &harness.state().shared;
    let look = shared.look_a.as_ref().unwrap();
    assert_eq!((look.node.as_str(), look.element.as_deref()), ("film-generate", Some("s2.b1")));
    assert_eq!(shared.selection.primary(), None);
}

#[test]
fn shots_inside_a_group_are_changed_for_the_instance() {
    let mut bench = Bench::new("film: group file=\"film.ron\"");
    let inner = rows::tests::view(TEXTS, &[ItemState::Done, ItemState::Ready, ItemState::Done]);
    for (id, kind) in [("shots", "structure.breakdown"), ("table", "structure.shots"), ("generate", "model.video")] {
        let mut node = (*inner.nodes[if id == "table" { "shots" } else { id }]).clone();
        node.kind = kind.to_owned();
        node.items.iter_mut().for_each(|item| item.name = format!("film-{}", item.name));
        bench.view.nodes.insert(format!("film-{id}"), Arc::new(node));
    }
    let spec = nodes::ALL.iter().find(|spec| spec.kind == "structure.shots").unwrap().param("rows").unwrap();
    let param = model::GroupParam { name: "shots".to_owned(), spec: *spec, inherited: None };
    let face = model::GroupFace { params: vec![param], ..model::GroupFace::default() };
    bench.view.groups = Arc::new([("film".to_owned(), face)].into());
    let mut view = View::default();
    let mut harness = bench.window((1200.0, 400.0), move |ui, cx| view.show(ui, cx));
    harness.run();
    assert!(harness.query_by_label("in the group film").is_none());
    double_click(&mut harness, "Text of s1.b2");
    harness.get_by_label("Text of s1.b2, being changed").type_text("!");
    harness.run();
    harness.key_press(Key::Enter);
    harness.run();
    let written = |harness: &Harness<'_, Bench>| {
        harness.state().history.document().nodes["film"].params.get("shots").map(Data::to_text)
    };
    assert_eq!(written(&harness).as_deref(), Some(r#"{ "s1.b2": { "text": "!" } }"#));
    assert_eq!(harness.get_by_label("Text of s1.b2").value().as_deref(), Some("!"));
    harness.key_press_modifiers(Modifiers::COMMAND, Key::Z);
    harness.run();
    assert_eq!(written(&harness), None);
}

#[test]
fn a_table_is_offered_where_there_is_none() {
    let mut harness = harness_of("shots: structure.breakdown\ngenerate: model.video shot<-shots.shots", TEXTS);
    harness.get_by_label("Add a shot table").click();
    harness.run();
    let document = harness.state().history.document();
    assert_eq!(document.links.len(), 2);
    assert_eq!(harness.state().history.done().len(), 1, "one step");
    assert!(harness.query_by_label("Add a shot table").is_none());
}

#[test]
fn the_take_of_a_shot_shows_its_takes() {
    let mut harness = harness();
    harness.get_by_label("Take of s2.b1").click();
    harness.run();
    let shared = &harness.state().shared;
    assert_eq!((shared.selection.primary(), shared.show_panel), (Some("generate"), Some("takes")));
    assert_eq!(elements(&harness), ["s2.b1"]);
}

#[test]
fn five_hundred_shots_draw_what_is_in_sight() {
    let ids: Vec<String> = (1..=500).map(|n| format!("s1.b{n}")).collect();
    let texts: Vec<(&str, &str)> = ids.iter().map(|id| (id.as_str(), "Mara climbs")).collect();
    let mut harness = harness_of("shots: structure.breakdown\ntable: structure.shots shots<-shots.shots", &texts);
    assert!(harness.query_by_label("Shot of s1.b1").is_some());
    assert!(harness.query_by_label("Shot of s1.b400").is_none());
    harness.state_mut().shared.selection.elements.insert("s1.b400".to_owned());
    harness.run();
    harness.run();
    assert!(harness.query_by_label("Shot of s1.b400").is_some(), "what is selected elsewhere comes into sight");
    assert!(harness.query_by_label("Shot of s1.b1").is_none());
}
