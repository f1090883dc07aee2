//! The inspector by gestures: what is typed, dragged and clicked becomes edits.

use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use model::{Data, Document};

use super::View;
use crate::panel::Panel as _;
use crate::testing::Bench;

fn open(graph: &str, selected: &[&str]) -> Harness<'static, Bench> {
    let mut bench = Bench::new(graph);
    bench.shared.selection.nodes = selected.iter().map(|id| (*id).to_owned()).collect();
    show(bench)
}

fn show(bench: Bench) -> Harness<'static, Bench> {
    let mut view = View::default();
    let mut harness = bench.window((320.0, 1200.0), move |ui, cx| view.show(ui, cx));
    harness.run();
    harness
}

fn document<'a>(harness: &'a Harness<'_, Bench>) -> &'a Document {
    harness.state().history.document()
}

fn param<'a>(harness: &'a Harness<'_, Bench>, node: &str, name: &str) -> Option<&'a Data> {
    document(harness).nodes[node].params.get(name)
}

fn steps(harness: &Harness<'_, Bench>) -> Vec<String> {
    harness.state().history.done().map(str::to_owned).collect()
}

#[test]
fn typing_in_a_prompt_is_one_step() {
    let mut harness = open("a: prompt.text text=\"A \"", &["a"]);
    harness.get_by_label("Text").focus();
    harness.run();
    harness.get_by_label("Text").type_text("l");
    harness.run();
    harness.get_by_label("Text").type_text("amp");
    harness.run();
    assert_eq!(param(&harness, "a", "text"), Some(&Data::from("A lamp")));
    assert_eq!(steps(&harness), ["Set text"]);
}
