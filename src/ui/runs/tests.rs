//! The run panel's gestures, each to the exact command.

use std::sync::Arc;

use egui::Key;
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use engine::money::Total;

use super::*;
use crate::command::{Approval, Ask, Settlement};
use crate::testing::Bench;
use crate::view::{ForecastView, ItemState, ItemView, LaneView, LogLine, NodeView, RunState, StepView};

fn step(item: &str, state: &str, cost: Option<u64>) -> StepView {
    StepView {
        item: item.to_owned(),
        state: state.to_owned(),
        model: Some("big".to_owned()),
        cost,
        why: vec!["the prompt changed".to_owned()],
    }
}

fn bench() -> Bench {
    let mut bench = Bench::new("v: model.video\nfilm: output.film clips<-v.clip");
    let steps = vec![
        step("v/s1", "held", Some(250_000)),
        step("v/s2", "held", Some(500_000)),
        step("v/s3", "held", None),
        step("film", "want", Some(0)),
    ];
    bench.view.forecast =
        Some(Arc::new(ForecastView { targets: Vec::new(), reused: 7, steps, cost: 750_000, unknown_prices: 1 }));
    bench
}

fn window(bench: Bench) -> Harness<'static, Bench> {
    let mut view = View::default();
    let mut harness = bench.window((700.0, 420.0), move |ui, cx| view.show(ui, cx));
    harness.run();
    harness
}

fn run(targets: &[&str], budget: u64, items: &[&str]) -> Command {
    let owned = |names: &[&str]| names.iter().map(|it| (*it).to_owned()).collect();
    Command::Run { targets: owned(targets), approval: Approval { budget, items: owned(items) } }
}

#[test]
fn running_without_approval_spends_nothing() {
    let mut harness = window(bench());
    assert_eq!(harness.state().sent, [Command::Ask(Ask::Forecast(Vec::new()))]);
    harness.get_by_label("$0.75 and 1 unknown prices");
    harness.get_by_label("Run").click();
    harness.run();
    assert_eq!(harness.state().sent[1..], [run(&[], 0, &[])]);
}

#[test]
fn approved_items_are_listed_before_anything_is_paid() {
    let mut harness = window(bench());
    harness.get_by_label("Approve v/s1").click();
    harness.run();
    harness.get_by_label("Approve v/s2").click();
    harness.run();
    harness.get_by_label("Run and spend…").click();
    harness.run();
    assert_eq!(harness.state().sent.len(), 1, "the question comes first");
    harness.get_by_label("v/s1, big, $0.25");
    harness.get_by_label("Approve up to $0.75").click();
    harness.run();
    assert_eq!(harness.state().sent[1..], [run(&[], 0, &["v/s1", "v/s2"])]);
    harness.get_by_label("Run");
}

#[test]
fn a_budget_is_dollars_and_can_be_refused() {
    let mut harness = window(bench());
    harness.get_by_label("Budget in dollars").focus();
    harness.run();
    harness.get_by_label("Budget in dollars").type_text("2,5");
    harness.run();
    harness.get_by_label("Run and spend…").click();
    harness.run();
    harness.key_press(Key::Escape);
    harness.run();
    assert!(harness.query_by_label("Spend money?").is_none());
    harness.get_by_label("Run and spend…").click();
    harness.run();
    harness.get_by_label("Approve up to $2.50").click();
    harness.run();
    assert_eq!(harness.state().sent[1..], [run(&[], 2_500_000, &[])]);
    assert_eq!(plan::micro_dollars("x"), None);
    assert_eq!(plan::micro_dollars("-1"), None);
    assert_eq!(plan::micro_dollars("$0.01"), Some(10_000));
}

#[test]
fn an_unknown_price_is_said() {
    let mut harness = window(bench());
    harness.get_by_label("Approve all").click();
    harness.run();
    harness.get_by_label("Run and spend…").click();
    harness.run();
    harness.get_by_label("Approve $0.75 and 1 unknown prices");
    harness.get_by_label("Cancel").click();
    harness.run();
    assert_eq!(harness.state().sent.len(), 1);
}

#[test]
fn a_forecast_follows_a_pause_in_editing() {
    let mut harness = window(bench());
    let edit = crate::wiring::move_node(&harness.state().history.document().clone(), "v", (1.0, 2.0));
    harness.state_mut().history.apply("Move", vec![edit], None).unwrap();
    harness.step();
    assert_eq!(harness.state().sent.len(), 1, "not while somebody edits");
    harness.run();
    harness.run_steps(4);
    assert_eq!(harness.state().sent.len(), 2);
}

#[test]
fn progress_has_lanes_that_can_be_cancelled() {
    let mut bench = bench();
    bench.view.run = RunState {
        running: true,
        ran: 3,
        waiting: 9,
        failed: 1,
        left: Some(125.0),
        targets: vec!["film".to_owned()],
        ..RunState::default()
    };
    let running = vec![("v/s1".to_owned(), 0.5)];
    bench.view.lanes = vec![LaneView {
        name: "animatic".to_owned(),
        width: 2,
        running,
        queued: 4,
        left: Some(75.0),
        cost: Total::of(1_500_000),
    }];
    let failed = ItemState::Failed(Box::new(model::Diagnostic::error("rejected", "the model refused the prompt")));
    let item = ItemView { name: "v/s2".to_owned(), state: failed, ..ItemView::default() };
    bench.view.nodes.insert("v".to_owned(), Arc::new(NodeView::new(vec![item])));
    let mut harness = window(bench);
    harness.get_by_label("Progress, running").click();
    harness.run();
    harness.get_by_label("1 of 2 at work, 4 queued");
    let n = harness.state().sent.len();
    for label in ["Cancel v/s1", "Retry failed", "Stop"] {
        harness.get_by_label(label).click();
        harness.run();
    }
    harness.get_by_label("about 1 min 15 s left");
    harness.get_by_label("$1.50 spent");
    let sent = [Command::CancelItem("v/s1".to_owned()), Command::Retry, Command::Stop];
    assert_eq!(harness.state().sent[n..], sent);
    harness.get_by_label("v/s2: the model refused the prompt").click();
    harness.run();
    assert_eq!(harness.state().shared.selection.primary(), Some("v"));
    assert_eq!([5.0, 125.0, 7300.0, f64::NAN].map(time_left), ["5 s", "2 min 5 s", "2 h 1 min", "0 s"]);
}

#[test]
fn the_log_is_filtered_and_drawn_as_far_as_seen() {
    let mut bench = bench();
    let line = |n: usize| LogLine { at: n as f64, item: format!("v/s{n}"), text: "made".to_owned(), failed: n == 7 };
    bench.view.log = Arc::new((0..5000).map(line).collect());
    let mut harness = window(bench);
    harness.get_by_label("Log").click();
    harness.run();
    harness.run();
    assert!(harness.query_by_label("4999.0 s, v/s4999, made").is_some(), "the newest is in sight");
    assert!(harness.query_by_label("0.0 s, v/s0, made").is_none());
    harness.get_by_label("Only failures").click();
    harness.run();
    harness.get_by_label("7.0 s, v/s7, made");
    assert!(harness.query_by_label("4999.0 s, v/s4999, made").is_none());
}

#[test]
fn live_and_manual_say_what_they_mean() {
    let mut harness = window(bench());
    harness.get_by_label("nothing runs by itself");
    harness.get_by_label("Live").click();
    harness.run();
    assert_eq!(harness.state().sent.last(), Some(&Command::SetLive(true)));
}

fn unknown_job() -> crate::view::JobView {
    crate::view::JobView {
        id: 7,
        unknown: true,
        item: "v/s1".to_owned(),
        provider: "fal".to_owned(),
        price: Some(250_000),
        note: "no answer".to_owned(),
    }
}

#[test]
fn a_job_of_unknown_outcome_is_settled_by_a_person() {
    let settled = |outcome| Command::Settle { job: 7, outcome };
    let mut bench = bench();
    bench.view.jobs = Arc::new(vec![unknown_job()]);
    let mut harness = window(bench);
    harness.get_by_label("Progress").click();
    harness.run();
    let ask = |harness: &mut Harness<'static, Bench>| {
        harness.get_by_label("Settle job 7…").click();
        harness.run();
        harness.get_by_label("fal for v/s1, price $0.25");
    };
    ask(&mut harness);
    harness.get_by_label("Not now").click();
    harness.run();
    assert!(!harness.state().sent.iter().any(|it| matches!(it, Command::Settle { .. })), "nothing is said");
    ask(&mut harness);
    harness.get_by_label("It never arrived").click();
    harness.run();
    assert_eq!(harness.state().sent.last(), Some(&settled(Settlement::Nothing)));
    ask(&mut harness);
    harness.get_by_label("The job's name at the provider").focus();
    harness.run();
    harness.get_by_label("The job's name at the provider").type_text("req-9");
    harness.run();
    harness.get_by_label("It is there").click();
    harness.run();
    assert_eq!(harness.state().sent.last(), Some(&settled(Settlement::Runs("req-9".to_owned()))));
    ask(&mut harness);
    harness.get_by_label("What it was billed").focus();
    harness.run();
    harness.get_by_label("What it was billed").type_text("1.20usd");
    harness.run();
    harness.get_by_label("It was billed and gave nothing").click();
    harness.run();
    assert_eq!(harness.state().sent.last(), Some(&settled(Settlement::Billed(1_200_000))));
}

#[test]
fn the_question_before_spending_says_what_caps_leave() {
    let mut bench = bench();
    let cap = |scope: &str, left| crate::view::CapView {
        scope: scope.to_owned(),
        limit: 5_000_000,
        left,
        ..crate::view::CapView::default()
    };
    bench.view.caps = Arc::new(vec![cap("2026-11", 4_000_000), cap("fal, 2026-11", 500_000)]);
    let mut harness = window(bench);
    for label in ["Approve v/s1", "Approve v/s2", "Run and spend…"] {
        harness.get_by_label(label).click();
        harness.run();
    }
    harness.get_by_label("2026-11: $4.00 left of $5.00");
    harness.get_by_label("fal, 2026-11: $0.50 left of $5.00");
    harness.get_by_label("What goes beyond that stays held");
}
