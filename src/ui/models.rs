//! The models panel: what can be asked, by whom, for what, and at which price; a click gives it to the selected nodes.

use egui::{ComboBox, RichText, ScrollArea, Ui};
use model::{Data, Edit};

use crate::cx::Cx;
use crate::icons::Icon;
use crate::lines::{Field, LINE, empty_ui, field_ui, line_ui, titles_ui};
use crate::panel::{Panel, PanelSpec, Place};
use crate::view::ModelView;

pub(crate) const PANEL: PanelSpec =
    PanelSpec { id: "models", title: "Models", icon: Icon::Cpu, home: Place::Corner, make: || Box::<View>::default() };

/// The parameter that names a model.
const PARAM: &str = "model";
/// The choice that leaves it to the program.
const AUTO: &str = "auto";

#[derive(Default)]
struct View {
    filter: String,
    task: Option<String>,
    only_usable: bool,
    by_provider: bool,
}

impl View {
    fn bar(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, models: &[ModelView], n_shown: usize) {
        ui.horizontal_wrapped(|ui| {
            field_ui(ui, &mut self.filter, "Find a model", "Find a model", 140.0);
            let mut tasks: Vec<&str> = models.iter().flat_map(|model| &model.tasks).map(String::as_str).collect();
            tasks.sort_unstable();
            tasks.dedup();
            let now = self.task.clone().unwrap_or_else(|| "every task".to_owned());
            let shown = ComboBox::from_id_salt("task").selected_text(&now).width(90.0).show_ui(ui, |ui| {
                ui.selectable_value(&mut self.task, None, "every task");
                for task in tasks {
                    ui.selectable_value(&mut self.task, Some(task.to_owned()), task);
                }
            });
            shown.response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::ComboBox, true, format!("For {now}")));
            ui.checkbox(&mut self.only_usable, "Only usable")
                .on_hover_text("Credentials are there, or none are needed");
            ui.checkbox(&mut self.by_provider, "By provider");
            ui.label(RichText::new(format!("{n_shown} of {}", models.len())).color(cx.theme.weak));
        });
        let nodes = model_nodes(cx);
        if !nodes.is_empty() {
            ui.horizontal_wrapped(|ui| {
                let named = if nodes.len() == 1 { format!("`{}`", nodes[0]) } else { format!("{} nodes", nodes.len()) };
                let text = format!("Click a model to use it for {named}");
                ui.label(RichText::new(text).color(cx.theme.weak));
                if ui.button("Choose by itself").on_hover_text("By capability, price, speed and quality").clicked() {
                    use_model(cx, AUTO);
                }
            });
        }
    }

    /// Positions of models that pass, in order.
    fn arranged(&self, models: &[ModelView]) -> Vec<usize> {
        let words: Vec<String> = self.filter.split_whitespace().map(str::to_lowercase).collect();
        let passes = |model: &ModelView| {
            let text =
                format!("{} {} {} {}", model.name, model.provider, model.tasks.join(" "), model.note).to_lowercase();
            (!self.only_usable || model.usable)
                && self.task.as_ref().is_none_or(|task| model.tasks.contains(task))
                && words.iter().all(|word| text.contains(word.as_str()))
        };
        let mut shown: Vec<usize> = (0..models.len()).filter(|idx| passes(&models[*idx])).collect();
        if self.by_provider {
            shown.sort_by(|a, b| models[*a].provider.cmp(&models[*b].provider));
        }
        shown
    }
}

/// Selected nodes that name a model.
fn model_nodes(cx: &Cx<'_>) -> Vec<String> {
    let names = |id: &&String| cx.spec(id).is_some_and(|spec| spec.param(PARAM).is_some());
    cx.shared.selection.nodes.iter().filter(names).cloned().collect()
}

/// Gives a model to the selected nodes, as one step.
fn use_model(cx: &mut Cx<'_>, name: &str) {
    let edits = model_nodes(cx).into_iter().map(|node| Edit::SetParam {
        node,
        param: PARAM.to_owned(),
        value: Some(Data::Text(name.to_owned())),
        at: None,
    });
    let edits = edits.collect();
    cx.commands.edit(format!("Use model {name}"), edits);
}

impl Panel for View {
    fn show(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let models = cx.view.models.clone();
        let shown = self.arranged(&models);
        self.bar(ui, cx, &models, shown.len());
        if shown.is_empty() {
            let text = if models.is_empty() { "No model is known yet" } else { "No model passes the filter" };
            return empty_ui(ui, cx.theme, text);
        }
        titles_ui(
            ui,
            cx.theme,
            &[(-2.0, "Model"), (-1.2, "Provider"), (-1.5, "Makes"), (-2.0, "Price"), (84.0, "Health")],
        );
        let used: Vec<String> = model_nodes(cx)
            .iter()
            .filter_map(|node| Some(cx.document.nodes[node].params.get(PARAM)?.as_text()?.to_owned()))
            .collect();
        ScrollArea::vertical().auto_shrink([false, false]).show_rows(ui, LINE, shown.len(), |ui, seen| {
            for model in shown.get(seen).unwrap_or_default().iter().map(|idx| &models[*idx]) {
                let (name, health) = match model.usable {
                    true => (cx.theme.text, cx.theme.good),
                    false => (cx.theme.weak, cx.theme.watch),
                };
                let tasks = model.tasks.join(", ");
                let state = if model.usable || !model.health.is_empty() { model.health.as_str() } else { "no key" };
                let fields = [
                    Field { width: -2.0, text: &model.name, color: name },
                    Field { width: -1.2, text: &model.provider, color: cx.theme.weak },
                    Field { width: -1.5, text: &tasks, color: cx.theme.weak },
                    Field { width: -2.0, text: &model.price, color: cx.theme.money },
                    Field { width: 84.0, text: state, color: health },
                ];
                let line = line_ui(ui, cx.theme, used.contains(&model.name), &fields);
                let line = if model.note.is_empty() { line } else { line.on_hover_text(&model.note) };
                if line.clicked() {
                    use_model(cx, &model.name);
                }
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use egui_kittest::Harness;
    use egui_kittest::kittest::Queryable as _;

    use super::*;
    use crate::command::Command;
    use crate::testing::Bench;

    fn model(name: &str, provider: &str, task: &str, usable: bool) -> ModelView {
        ModelView {
            name: name.to_owned(),
            provider: provider.to_owned(),
            tasks: vec![task.to_owned()],
            price: "$0.10 a second".to_owned(),
            usable,
            health: if usable { "good".to_owned() } else { String::new() },
            note: String::new(),
        }
    }

    fn harness() -> Harness<'static, Bench> {
        let mut bench = Bench::new("v: model.video\nw: model.video\np: prompt.text");
        bench.view.models = Arc::new(vec![
            model("animatic", "local", "video", true),
            model("big", "cloud", "video", false),
            model("still", "cloud", "image", true),
        ]);
        let mut view = View::default();
        let mut harness = bench.window((700.0, 300.0), move |ui, cx| view.show(ui, cx));
        harness.run();
        harness
    }

    #[test]
    fn a_click_gives_a_model_to_all_selected_model_nodes() {
        let mut harness = harness();
        harness.get_by_label("animatic, local, video, $0.10 a second, good").click();
        harness.run();
        assert_eq!(harness.state().sent, [], "nothing is selected");
        harness.state_mut().shared.selection.nodes.extend(["v", "p", "w"].map(str::to_owned));
        harness.run();
        harness.get_by_label("animatic, local, video, $0.10 a second, good").click();
        harness.run();
        let edit = |node: &str| Edit::SetParam {
            node: node.to_owned(),
            param: "model".to_owned(),
            value: Some("animatic".into()),
            at: None,
        };
        let edits = vec![edit("v"), edit("w")];
        assert_eq!(
            harness.state().sent,
            [Command::Edit { label: "Use model animatic".to_owned(), edits, gesture: None }]
        );
    }

    #[test]
    fn models_are_found_by_word_task_and_use() {
        let models = harness().state().view.models.clone();
        let shown = |view: View| view.arranged(&models);
        assert_eq!(shown(View { filter: "CLOUD".to_owned(), ..View::default() }), [1, 2]);
        assert_eq!(shown(View { task: Some("video".to_owned()), only_usable: true, ..View::default() }), [0]);
        assert_eq!(shown(View { by_provider: true, ..View::default() }), [1, 2, 0]);
    }

    #[test]
    fn a_model_without_a_key_says_so() {
        let mut harness = harness();
        harness.get_by_label("big, cloud, video, $0.10 a second, no key");
        harness.get_by_label("Only usable").click();
        harness.run();
        assert!(harness.query_by_label("big, cloud, video, $0.10 a second, no key").is_none());
        harness.get_by_label("2 of 3");
    }
}
