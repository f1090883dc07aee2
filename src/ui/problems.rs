//! The problems panel: what is wrong with the document and the run, the worst first, with ways out.

use std::sync::Arc;

use egui::{RichText, ScrollArea, Ui};
use model::{Diagnostic, Severity};

use crate::cx::Cx;
use crate::icons::Icon;
use crate::panel::{Panel, PanelSpec, Place};
use crate::theme::{size, space};
use crate::widgets::diagnostic::{diagnostic_ui, fix, reveal, severity, severity_color};

pub(crate) const PANEL: PanelSpec = PanelSpec {
    id: "problems",
    title: "Problems",
    icon: Icon::TriangleAlert,
    home: Place::Corner,
    make: || Box::<View>::default(),
};

/// At most so many of a severity are drawn: nobody reads more, and a broken file may have as many as it has nodes.
const MOST: usize = 200;

#[derive(Default)]
struct View {}

impl Panel for View {
    fn show(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let problems = Arc::clone(&cx.view.problems);
        if problems.is_empty() {
            ui.label(RichText::new("No problems").strong());
            ui.label(RichText::new("What is wrong with the graph or a run appears here").color(cx.theme.weak));
            return;
        }
        ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
            for level in [Severity::Error, Severity::Warning, Severity::Info] {
                let found: Vec<&Diagnostic> = problems.iter().filter(|it| it.severity == level).collect();
                if !found.is_empty() {
                    group_ui(ui, cx, level, &found);
                }
            }
        });
    }
}

fn group_ui(ui: &mut Ui, cx: &mut Cx<'_>, level: Severity, found: &[&Diagnostic]) {
    let (_, word) = severity(level);
    let title = match found.len() {
        1 => format!("1 {word}"),
        n => format!("{n} {word}s"),
    };
    ui.label(RichText::new(title).size(size::SMALL).color(severity_color(cx.theme, level)));
    ui.add_space(space::XS);
    for (idx, diagnostic) in found.iter().take(MOST).enumerate() {
        let done = ui.push_id((word, idx), |ui| diagnostic_ui(ui, cx.theme, diagnostic)).inner;
        let asks = diagnostic.code == "outcome-unknown";
        if asks
            && ui.button("Settle the job…").on_hover_text("Say what you found in the provider's list of jobs").clicked()
        {
            settle(cx, diagnostic);
        } else if let Some((title, edits)) = done.fix {
            fix(cx, &title, edits);
        } else if done.clicked {
            reveal(cx, diagnostic);
        }
    }
    if MOST < found.len() {
        ui.weak(format!("… and {} more", found.len() - MOST));
    }
    ui.add_space(space::M);
}

/// Asks what became of the job that a diagnostic is about.
fn settle(cx: &mut Cx<'_>, diagnostic: &Diagnostic) {
    let model::Subject { node, element, .. } = &diagnostic.subject;
    let item = [node.as_deref(), element.as_deref()].into_iter().flatten().collect::<Vec<_>>().join("/");
    let unknown = |job: &&crate::view::JobView| job.unknown && job.item == item;
    cx.shared.settle = cx.view.jobs.iter().find(unknown).map(|job| job.id);
    // Where it cannot be told which job it is, the panel lists them all.
    cx.shared.show_panel = Some("runs");
}

#[cfg(test)]
mod tests {
    use egui_kittest::kittest::Queryable as _;
    use model::Edit;

    use super::*;
    use crate::command::Command;
    use crate::testing::Bench;

    fn open(problems: Vec<Diagnostic>) -> egui_kittest::Harness<'static, Bench> {
        let mut bench = Bench::new("a: prompt.text\nb: prompt.text");
        bench.view.problems = Arc::new(problems);
        let mut view = View::default();
        let mut harness = bench.window((360.0, 500.0), move |ui, cx| view.show(ui, cx));
        harness.run();
        harness
    }

    #[test]
    fn a_click_reveals_the_subject_and_a_fix_is_one_step() {
        let remove = |id: &str| vec![Edit::RemoveNode { id: id.to_owned() }];
        let mut harness = open(vec![
            Diagnostic::warning("unused", "nothing reads it").at_node("b").at_element("s1").hint("connect it"),
            Diagnostic::error("bad", "it is broken").at_node("a").fixed_by("Remove it", remove("a")),
            Diagnostic::error("gone", "it was broken").fixed_by("Remove ghost", remove("ghost")),
        ]);
        let (errors, warnings) = (harness.get_by_label("2 errors").rect(), harness.get_by_label("1 warning").rect());
        assert!(errors.top() < warnings.top(), "the worst first");
        harness.get_by_label("connect it");
        harness.get_by_label("nothing reads it").click();
        harness.run();
        let shared = &harness.state().shared;
        assert_eq!((shared.selection.primary(), shared.reveal.as_deref()), (Some("b"), Some("b")));
        assert!(shared.selection.elements.contains("s1"));
        harness.get_by_label("Fix: Remove ghost").click();
        harness.run();
        assert!(harness.state().sent.is_empty(), "a fix that no longer applies is not pushed");
        assert!(harness.state().shared.toast.is_some());
        harness.get_by_label("Fix: Remove it").click();
        harness.run();
        let expected = Command::Edit { label: "Remove it".to_owned(), edits: remove("a"), gesture: None };
        assert_eq!(harness.state().sent, [expected]);
    }

    #[test]
    fn a_job_that_nobody_knows_about_can_be_settled_from_its_problem() {
        let told = Diagnostic::error("outcome-unknown", "nobody knows").at_node("a").at_element("s1");
        let mut harness = open(vec![told]);
        let job = |id, item: &str| crate::view::JobView {
            id,
            unknown: true,
            item: item.to_owned(),
            ..crate::view::JobView::default()
        };
        harness.state_mut().view.jobs = Arc::new(vec![job(3, "b"), job(4, "a/s1")]);
        harness.get_by_label("Settle the job…").click();
        harness.run();
        let shared = &harness.state().shared;
        assert_eq!((shared.settle, shared.show_panel), (Some(4), Some("runs")));
    }

    #[test]
    fn without_problems_it_says_what_it_is_for() {
        open(Vec::new()).get_by_label("No problems");
    }
}
