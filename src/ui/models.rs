//! The models panel: what can be asked, by whom, for what, and at which price; a click gives it to the selected nodes,
//! or puts it beside others. A window of its own for comparing was weighed: it would hide the list it is filled from.

use egui::{ComboBox, Grid, RichText, ScrollArea, Ui};
use model::{Data, Edit};

use crate::cx::Cx;
use crate::icons::Icon;
use crate::lines::{Field, LINE, empty_ui, field_ui, line_ui, titles_ui};
use crate::panel::{Panel, PanelSpec, Place};
use crate::runs::micro_dollars;
use crate::view::ModelView;
use crate::widgets::icon_button;

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
    provider: Option<String>,
    takes: Option<String>,
    /// The most that a unit may cost, in dollars as typed.
    most: String,
    only_usable: bool,
    by_provider: bool,
    /// A click puts a model beside others, instead of using it.
    compares: bool,
    /// Names of those that are compared.
    beside: Vec<String>,
}

/// Most models side by side.
const MOST_BESIDE: usize = 3;

/// A choice among what models have; none for all of it.
fn any_of_ui(ui: &mut Ui, id: &str, all: &str, label: &str, chosen: &mut Option<String>, mut found: Vec<&str>) {
    found.sort_unstable();
    found.dedup();
    let now = chosen.clone().unwrap_or_else(|| all.to_owned());
    let shown = ComboBox::from_id_salt(id).selected_text(&now).width(90.0).show_ui(ui, |ui| {
        ui.selectable_value(chosen, None, all);
        for word in found {
            ui.selectable_value(chosen, Some(word.to_owned()), word);
        }
    });
    shown.response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::ComboBox, true, format!("{label} {now}")));
}

impl View {
    fn bar(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, models: &[ModelView], n_shown: usize) {
        ui.horizontal_wrapped(|ui| {
            field_ui(ui, &mut self.filter, "Find a model", "Find a model", 140.0);
            let tasks = models.iter().flat_map(|model| &model.tasks).map(String::as_str).collect();
            any_of_ui(ui, "task", "every task", "For", &mut self.task, tasks);
            let providers = models.iter().map(|model| model.provider.as_str()).collect();
            any_of_ui(ui, "provider", "every provider", "Of", &mut self.provider, providers);
            let takes = models.iter().flat_map(|model| &model.takes).map(String::as_str).collect();
            any_of_ui(ui, "takes", "any input", "Takes", &mut self.takes, takes);
            field_ui(ui, &mut self.most, "At most, in dollars", "at most $", 60.0)
                .on_hover_text("What a second, a picture or a call may cost; unknown prices are above every limit");
            ui.checkbox(&mut self.only_usable, "Only usable")
                .on_hover_text("Credentials are there, or none are needed");
            ui.checkbox(&mut self.by_provider, "By provider");
            ui.checkbox(&mut self.compares, "Compare").on_hover_text("A click puts a model beside up to two others");
            ui.label(RichText::new(format!("{n_shown} of {}", models.len())).color(cx.theme.weak));
        });
        let nodes = model_nodes(cx);
        if !nodes.is_empty() && !self.compares {
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
        let most = micro_dollars(&self.most).filter(|_| !self.most.trim().is_empty());
        let passes = |model: &ModelView| {
            let text =
                format!("{} {} {} {}", model.name, model.provider, model.tasks.join(" "), model.note).to_lowercase();
            (!self.only_usable || model.usable)
                && self.task.as_ref().is_none_or(|task| model.tasks.contains(task))
                && self.provider.as_ref().is_none_or(|provider| model.provider == *provider)
                && self.takes.as_ref().is_none_or(|takes| model.takes.contains(takes))
                && most.is_none_or(|most| model.least.is_some_and(|least| least <= most))
                && words.iter().all(|word| text.contains(word.as_str()))
        };
        let mut shown: Vec<usize> = (0..models.len()).filter(|idx| passes(&models[*idx])).collect();
        if self.by_provider {
            shown.sort_by(|a, b| models[*a].provider.cmp(&models[*b].provider));
        }
        shown
    }
}

impl View {
    /// Puts a model beside the others, or takes it away; the one that stands there longest makes room.
    fn compare(&mut self, name: &str) {
        match self.beside.iter().position(|it| it == name) {
            Some(idx) => drop(self.beside.remove(idx)),
            None => {
                if MOST_BESIDE <= self.beside.len() {
                    self.beside.remove(0);
                }
                self.beside.push(name.to_owned());
            }
        }
    }

    /// The facts of those that are compared, side by side; what differs stands out.
    fn beside_ui(&mut self, ui: &mut Ui, cx: &Cx<'_>, models: &[ModelView]) {
        let found: Vec<&ModelView> =
            self.beside.iter().filter_map(|name| models.iter().find(|model| model.name == *name)).collect();
        if !self.compares || found.is_empty() {
            return;
        }
        let mut names: Vec<&str> = Vec::new();
        for (name, _) in found.iter().flat_map(|model| &model.facts) {
            if !names.contains(&name.as_str()) {
                names.push(name);
            }
        }
        let mut gone = None;
        ScrollArea::horizontal().id_salt("beside").show(ui, |ui| {
            Grid::new("compared").striped(true).show(ui, |ui| {
                ui.label("");
                for model in &found {
                    ui.horizontal(|ui| {
                        ui.label(RichText::new(&model.name).strong());
                        if icon_button(ui, Icon::X, &format!("Compare {} no more", model.name)).clicked() {
                            gone = Some(model.name.clone());
                        }
                    });
                }
                ui.end_row();
                for name in names {
                    let fact = |model: &ModelView| {
                        let fact = model.facts.iter().find(|(it, _)| it == name).map(|(_, text)| text.clone());
                        fact.unwrap_or_default()
                    };
                    let facts: Vec<String> = found.iter().map(|model| fact(model)).collect();
                    let is_same = facts.iter().all(|it| *it == facts[0]);
                    ui.label(RichText::new(name).color(cx.theme.weak));
                    for text in facts {
                        let color = if is_same { cx.theme.weak } else { cx.theme.text };
                        ui.label(RichText::new(text).color(color));
                    }
                    ui.end_row();
                }
            });
        });
        if let Some(name) = gone {
            self.compare(&name);
        }
        ui.separator();
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
        self.beside_ui(ui, cx, &models);
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
                let chosen = if self.compares { &self.beside } else { &used };
                let line = line_ui(ui, cx.theme, chosen.contains(&model.name), &fields);
                let note = match model.priced_on.as_str() {
                    "" => model.note.clone(),
                    day => format!("{}\nPriced on {day}", model.note),
                };
                let line = if note.is_empty() { line } else { line.on_hover_text(note) };
                match (line.clicked(), self.compares) {
                    (true, true) => self.compare(&model.name),
                    (true, false) => use_model(cx, &model.name),
                    (false, _) => {}
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
            takes: vec![if usable { "seed" } else { "last frame" }.to_owned()],
            least: (name != "still").then_some(if usable { 50_000 } else { 100_000 }),
            facts: vec![("Family".to_owned(), provider.to_owned()), ("Time".to_owned(), format!("{} s", name.len()))],
            ..ModelView::default()
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
        assert_eq!(shown(View { provider: Some("cloud".to_owned()), ..View::default() }), [1, 2]);
        assert_eq!(shown(View { takes: Some("seed".to_owned()), ..View::default() }), [0, 2]);
        let most = |most: &str| shown(View { most: most.to_owned(), ..View::default() });
        assert_eq!((most("0.05"), most("$0.1"), most("")), (vec![0], vec![0, 1], vec![0, 1, 2]));
    }

    #[test]
    fn models_stand_side_by_side() {
        let mut harness = harness();
        harness.state_mut().shared.selection.nodes.extend(["v".to_owned()]);
        harness.get_by_label("Compare").click();
        harness.run();
        for line in ["animatic, local, video, $0.10 a second, good", "big, cloud, video, $0.10 a second, no key"] {
            harness.get_by_label(line).click();
            harness.run();
        }
        for fact in ["local", "cloud", "8 s", "3 s"] {
            harness.get_by_label(fact);
        }
        assert_eq!(harness.state().sent, [], "comparing changes nothing");
        harness.get_by_label("Compare animatic no more").click();
        harness.run();
        assert!(harness.query_by_label("8 s").is_none());
        harness.get_by_label("3 s");
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
