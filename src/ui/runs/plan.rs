//! What a run would make, why, and for how much; targets, approval and the Run button.

use std::collections::BTreeSet;

use egui::{Button, ComboBox, RichText, ScrollArea, Ui};

use super::approval::{self, Asked};
use crate::command::{Approval, Ask, Command};
use crate::cx::Cx;
use crate::icons::{self, Icon};
use crate::lines::{Field, LINE, empty_ui, field_ui, line_ui, titles_ui};
use crate::theme::{size, space};
use crate::view::{ForecastView, StepView, dollars};

/// A pause in editing before a forecast is asked for, in seconds.
const PAUSE: f64 = 0.35;

/// What is to be brought up to date.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Targets {
    #[default]
    Outputs,
    Selection,
    Named,
}

/// What a forecast depends on.
#[derive(Clone, Debug, PartialEq)]
struct Mark {
    revision: u64,
    targets: Vec<String>,
    running: bool,
}

/// See the module.
#[derive(Default)]
pub(super) struct Plan {
    targets: Targets,
    named: String,
    /// Items that may run whatever they cost.
    approved: BTreeSet<String>,
    /// Dollars, as typed.
    budget: String,
    asked: Option<Mark>,
    /// What is to be asked for, and when it was last different.
    pending: Option<(Mark, f64)>,
    /// The question before money is spent.
    question: Option<Asked>,
}

/// Reads dollars as micro-dollars; nothing typed is nothing to spend.
pub(crate) fn micro_dollars(text: &str) -> Option<u64> {
    let text = text.trim().trim_start_matches('$').trim().replace(',', ".");
    if text.is_empty() {
        return Some(0);
    }
    engine::money::amount(&text).ok()
}

impl Plan {
    pub(super) fn show(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let targets = self.names(cx);
        self.ask(ui, cx, &targets);
        let forecast = cx.view.forecast.clone();
        let forecast = forecast.as_deref().filter(|_| self.asked.is_some());
        if let Some(forecast) = forecast {
            let held: BTreeSet<&str> =
                forecast.steps.iter().filter(|it| is_paid(it)).map(|it| it.item.as_str()).collect();
            self.approved.retain(|item| held.contains(item.as_str()));
        }
        ui.horizontal_wrapped(|ui| {
            self.targets_ui(ui, cx);
            self.run_ui(ui, cx, forecast, targets);
        });
        if let Some(question) = &mut self.question {
            match approval::show(ui, cx, question) {
                approval::Answer::Open => {}
                approval::Answer::Cancelled => self.question = None,
                approval::Answer::Approved => {
                    let Asked { targets, approval, .. } = question.clone();
                    cx.commands.push(Command::Run { targets, approval });
                    self.question = None;
                    self.approved.clear();
                    self.budget.clear();
                }
            }
        }
        match forecast {
            None => empty_ui(ui, cx.theme, "Working out what would run…"),
            Some(forecast) if forecast.steps.is_empty() => {
                let text = format!("Everything is up to date: {} results are reused", forecast.reused);
                empty_ui(ui, cx.theme, &text);
            }
            Some(forecast) => self.steps_ui(ui, cx, forecast),
        }
    }

    fn targets_ui(&mut self, ui: &mut Ui, cx: &Cx<'_>) {
        let name = |targets| match targets {
            Targets::Outputs => "All outputs",
            Targets::Selection => "The selection",
            Targets::Named => "Named items",
        };
        let shown = ComboBox::from_id_salt("targets").selected_text(name(self.targets)).width(110.0);
        let shown = shown.show_ui(ui, |ui| {
            for targets in [Targets::Outputs, Targets::Selection, Targets::Named] {
                ui.selectable_value(&mut self.targets, targets, name(targets));
            }
        });
        let label = format!("Make: {}", name(self.targets));
        shown.response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::ComboBox, true, &label));
        match self.targets {
            Targets::Named => {
                field_ui(ui, &mut self.named, "Names of items", "film, generate/s2.b1", 170.0);
            }
            Targets::Selection if cx.shared.selection.nodes.is_empty() => {
                ui.label(RichText::new("Nothing is selected").color(cx.theme.watch));
            }
            _ => {}
        }
    }

    /// Names of the targets; none for all outputs.
    fn names(&self, cx: &Cx<'_>) -> Vec<String> {
        let selection = &cx.shared.selection;
        match self.targets {
            Targets::Outputs => Vec::new(),
            Targets::Named => {
                let words = self.named.split(|c: char| c == ',' || c.is_whitespace());
                words.filter(|word| !word.is_empty()).map(str::to_owned).collect()
            }
            Targets::Selection => {
                let of = |node: &String| {
                    let view = cx.view.nodes.get(node);
                    let found: Vec<String> = selection
                        .elements
                        .iter()
                        .filter_map(|element| Some(view?.item(Some(element))?.name.clone()))
                        .collect();
                    if found.is_empty() { vec![node.clone()] } else { found }
                };
                selection.nodes.iter().filter(|node| cx.document.nodes.contains_key(*node)).flat_map(of).collect()
            }
        }
    }

    /// An empty list means all outputs, which nobody who chose a selection or names asked for.
    fn is_empty(&self, targets: &[String]) -> bool {
        self.targets != Targets::Outputs && targets.is_empty()
    }

    /// Asks for a forecast when something changed and editing pauses.
    fn ask(&mut self, ui: &Ui, cx: &mut Cx<'_>, targets: &[String]) {
        let mark = Mark { revision: cx.revision, targets: targets.to_vec(), running: cx.view.run.running };
        if self.asked.as_ref() == Some(&mark) || self.is_empty(targets) {
            self.pending = None;
            return;
        }
        let now = ui.input(|input| input.time);
        let since = match &self.pending {
            Some((pending, since)) if *pending == mark => *since,
            _ => now,
        };
        // The first forecast is not waited for.
        let left = if self.asked.is_none() { 0.0 } else { PAUSE - (now - since) };
        if 0.0 < left {
            self.pending = Some((mark, since));
            ui.ctx().request_repaint_after(std::time::Duration::from_secs_f64(left));
            return;
        }
        cx.commands.ask(Ask::Forecast(targets.to_vec()));
        self.asked = Some(mark);
        self.pending = None;
    }

    fn run_ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, forecast: Option<&ForecastView>, targets: Vec<String>) {
        let budget = micro_dollars(&self.budget);
        let approval = Approval { budget: budget.unwrap_or(0), items: self.approved.iter().cloned().collect() };
        let spends = approval != Approval::default();
        let steps = forecast.map_or(&[][..], |forecast| &forecast.steps);
        let word = if spends { "Run and spend…" } else { "Run" };
        let can = budget.is_some() && !self.is_empty(&targets);
        let button = ui.add_enabled(can, Button::new((icons::text(Icon::Play, size::BODY), word)));
        button.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, can, word));
        let hint = cx.shared.keymap.hint("run_all");
        if button.on_hover_text(format!("Brings the targets up to date. All outputs: {hint}")).clicked() {
            if spends {
                self.question = Some(Asked::new(targets, approval, steps));
            } else {
                cx.commands.push(Command::Run { targets, approval });
            }
        }
        if cx.view.run.running {
            let button = ui.add(Button::new((icons::text(Icon::CircleStop, size::BODY), "Stop")));
            button.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, "Stop"));
            if button.on_hover_text("What is finished is kept").clicked() {
                cx.commands.push(Command::Stop);
            }
        }
        let Some(forecast) = forecast else { return };
        let paid: Vec<&StepView> = forecast.steps.iter().filter(|step| is_paid(step)).collect();
        let cost = match (forecast.cost, forecast.unknown_prices) {
            (0, 0) => "free".to_owned(),
            (cost, 0) => dollars(cost),
            (cost, n) => format!("{} and {n} unknown prices", dollars(cost)),
        };
        ui.label(format!("{} to make, {} reused,", forecast.steps.len(), forecast.reused));
        let color = if forecast.cost == 0 && forecast.unknown_prices == 0 { cx.theme.good } else { cx.theme.money };
        ui.label(RichText::new(cost).color(color));
        if paid.is_empty() {
            return;
        }
        ui.end_row();
        ui.label("Budget $");
        let field = field_ui(ui, &mut self.budget, "Budget in dollars", "0.00", 56.0);
        field.on_hover_text("What the run may spend in all, item after item; the rest stays held");
        if budget.is_none() {
            ui.label(RichText::new("type dollars, like 2.50").color(cx.theme.bad));
        }
        let all = paid.len() == self.approved.len();
        let word = if all { "Approve none" } else { "Approve all" };
        if ui.button(word).on_hover_text(format!("{} items cost money and are held", paid.len())).clicked() {
            self.approved = if all { BTreeSet::new() } else { paid.iter().map(|step| step.item.clone()).collect() };
        }
        if !spends {
            ui.label(RichText::new("without approval they stay held").small().color(cx.theme.weak));
        }
    }

    fn steps_ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, forecast: &ForecastView) {
        ui.add_space(space::XS);
        titles_ui(
            ui,
            cx.theme,
            &[(24.0, ""), (-2.0, "Item"), (58.0, "State"), (-1.5, "Model"), (84.0, "Cost"), (-3.0, "Why")],
        );
        ScrollArea::vertical().id_salt("plan").auto_shrink([false, false]).show_rows(
            ui,
            LINE,
            forecast.steps.len(),
            |ui, seen| {
                for step in forecast.steps.get(seen).unwrap_or_default() {
                    ui.horizontal(|ui| self.step_ui(ui, cx, step));
                }
            },
        );
    }

    fn step_ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, step: &StepView) {
        let paid = is_paid(step);
        let mut approved = self.approved.contains(&step.item);
        ui.spacing_mut().item_spacing.x = 0.0;
        ui.add_enabled_ui(paid, |ui| {
            ui.set_width(24.0);
            let check = ui.checkbox(&mut approved, "");
            let label = format!("Approve {}", step.item);
            check.widget_info(|| egui::WidgetInfo::selected(egui::Role::CheckBox, paid, approved, &label));
            if check.changed() {
                if approved {
                    self.approved.insert(step.item.clone());
                } else {
                    self.approved.remove(&step.item);
                }
            }
        });
        let (cost, color) = match step.cost {
            None if paid => ("unknown".to_owned(), cx.theme.bad),
            None => ("not yet known".to_owned(), cx.theme.weak),
            Some(cost) if 0 < cost => (dollars(cost), cx.theme.money),
            _ => (String::new(), cx.theme.weak),
        };
        let state = match step.state.as_str() {
            "held" => cx.theme.money,
            "failed" => cx.theme.bad,
            "blocked" => cx.theme.watch,
            _ => cx.theme.weak,
        };
        let why = step.why.first().map_or("", String::as_str);
        let fields = [
            Field { width: -2.0, text: &step.item, color: cx.theme.text },
            Field { width: 58.0, text: &step.state, color: state },
            Field { width: -1.5, text: step.model.as_deref().unwrap_or(""), color: cx.theme.weak },
            Field { width: 84.0, text: &cost, color },
            Field { width: -3.0, text: why, color: cx.theme.weak },
        ];
        let line = line_ui(ui, cx.theme, false, &fields);
        let line = if step.why.len() < 2 { line } else { line.on_hover_text(step.why.join("\n")) };
        if line.clicked() {
            super::select(cx, &step.item);
        }
    }
}

/// It costs money, or nobody knows whether it does.
fn is_paid(step: &StepView) -> bool {
    step.state == "held" || step.cost.is_some_and(|cost| 0 < cost)
}
