//! What runs now: lanes with their items, time left, cost so far; what failed, and trying it again.

use egui::{Button, ProgressBar, RichText, ScrollArea, Ui};
use indexmap::IndexMap;

use crate::command::Command;
use crate::cx::Cx;
use crate::icons::{self, Icon};
use crate::lines::empty_ui;
use crate::theme::{size, space};
use crate::view::{ItemState, LaneView};

/// Most failures that are listed; the problems panel has all.
const MOST: usize = 50;

/// See the module.
#[derive(Default)]
pub(super) struct Progress {
    /// Failed items with their messages, and the run that they were gathered from: log length and failures.
    failed: Vec<(String, String)>,
    gathered: Option<(usize, u64)>,
}

impl Progress {
    /// Draws it; true where somebody wants to see the plan.
    pub(super) fn show(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) -> bool {
        let run = cx.view.run.clone();
        let idle = !run.running && run.ran == 0 && run.failed == 0 && run.held == 0;
        let lanes_idle = cx.view.lanes.iter().all(|lane| lane.running.is_empty() && lane.queued == 0);
        if idle && lanes_idle && cx.view.jobs.is_empty() {
            empty_ui(ui, cx.theme, "Nothing runs: start a run in the plan, and its lanes show here");
            return ui.vertical_centered(|ui| ui.button("Show the plan").clicked()).inner;
        }
        let mut to_plan = false;
        ScrollArea::vertical().id_salt("progress").auto_shrink([false, false]).show(ui, |ui| {
            self.whole_ui(ui, cx);
            if 0 < run.held {
                ui.horizontal_wrapped(|ui| {
                    let text = format!("{} items cost money and wait for approval", run.held);
                    ui.label(RichText::new(text).color(cx.theme.money));
                    to_plan = ui.button("Show the plan").clicked();
                });
            }
            jobs_ui(ui, cx);
            let view = cx.view;
            for lane in &view.lanes {
                lane_ui(ui, cx, lane);
            }
            self.failed_ui(ui, cx);
        });
        to_plan
    }

    fn whole_ui(&self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let run = &cx.view.run;
        let all = run.ran + run.waiting;
        let share = if all == 0 { 1.0 } else { run.ran as f32 / all as f32 };
        let mut text = format!("{} of {all} made", run.ran);
        if let Some(left) = run.left.filter(|_| run.running && 0 < run.waiting) {
            text += &format!(", about {} left", super::time_left(left));
        }
        bar_ui(ui, share, text, |ui| {
            if run.running {
                let button = ui.add(Button::new((icons::text(Icon::CircleStop, size::BODY), "Stop")));
                button.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, "Stop"));
                if button.on_hover_text("Cancels all that runs; what is finished is kept").clicked() {
                    cx.commands.push(Command::Stop);
                }
            }
        });
        if !run.cost.is_free() {
            ui.label(RichText::new(format!("{} spent in this run", run.cost)).color(cx.theme.money));
        }
    }

    fn gather(&mut self, cx: &Cx<'_>) {
        let mark = (cx.view.log.len(), cx.view.run.failed);
        if self.gathered == Some(mark) {
            return;
        }
        self.gathered = Some(mark);
        let items = cx.view.nodes.values().flat_map(|node| &node.items);
        let failed = items.filter_map(|item| match &item.state {
            ItemState::Failed(diagnostic) => Some((item.name.clone(), diagnostic.message.clone())),
            _ => None,
        });
        // A group shows what comes out of it, so an inner item may be seen twice.
        let failed: IndexMap<String, String> = failed.take(MOST).collect();
        self.failed = failed.into_iter().collect();
    }

    fn failed_ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        if cx.view.run.failed == 0 {
            self.failed.clear();
            self.gathered = None;
            return;
        }
        self.gather(cx);
        ui.add_space(space::M);
        ui.horizontal_wrapped(|ui| {
            ui.label(RichText::new(format!("{} failed", cx.view.run.failed)).color(cx.theme.bad));
            let button = ui.add(Button::new((icons::text(Icon::RefreshCw, size::BODY), "Retry failed")));
            button.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, "Retry failed"));
            if button.on_hover_text("Forgets the failures and runs again; nothing paid runs unasked").clicked() {
                cx.commands.push(Command::Retry);
            }
        });
        for (item, message) in &self.failed {
            let line = ui.add(egui::Label::new(format!("{item}: {message}")).wrap().sense(egui::Sense::click()));
            if line.on_hover_text("Select it").clicked() {
                super::select(cx, item);
            }
        }
    }
}

/// Remote jobs that are not over; those that nobody knows about can be settled.
fn jobs_ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    let view = cx.view;
    let n_running = view.jobs.iter().filter(|job| !job.unknown).count();
    if 0 < n_running {
        ui.label(format!("{n_running} jobs run at their providers, and go on without this program"));
    }
    for job in view.jobs.iter().filter(|job| job.unknown).take(MOST) {
        ui.horizontal_wrapped(|ui| {
            let text = format!("Nobody knows whether {} received job {} for {}", job.provider, job.id, job.item);
            ui.label(RichText::new(text).color(cx.theme.bad));
            let label = format!("Settle job {}…", job.id);
            if ui.button(label).on_hover_text("Say what you found in the provider's list of jobs").clicked() {
                cx.shared.settle = Some(job.id);
            }
        });
    }
}

fn lane_ui(ui: &mut Ui, cx: &mut Cx<'_>, lane: &LaneView) {
    ui.add_space(space::S);
    ui.horizontal_wrapped(|ui| {
        ui.strong(&lane.name);
        let queued = if lane.queued == 0 { String::new() } else { format!(", {} queued", lane.queued) };
        ui.label(
            RichText::new(format!("{} of {} at work{queued}", lane.running.len(), lane.width)).color(cx.theme.weak),
        );
        if let Some(left) = lane.left.filter(|left| 0.0 < *left) {
            ui.label(RichText::new(format!("about {} left", super::time_left(left))).color(cx.theme.weak));
        }
        if !lane.cost.is_free() {
            ui.label(RichText::new(format!("{} spent", lane.cost)).color(cx.theme.money));
        }
    });
    for (item, progress) in &lane.running {
        let text = format!("{item}  {:.0} %", progress * 100.0);
        bar_ui(ui, *progress, text, |ui| {
            let button = ui.add(Button::new(icons::text(Icon::X, size::BODY)));
            let label = format!("Cancel {item}");
            button.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, &label));
            if button.on_hover_text(&label).clicked() {
                cx.commands.push(Command::CancelItem(item.clone()));
            }
        });
    }
}

/// A bar with a button at its right end; the bar takes what the button leaves, so that the panel keeps its width.
fn bar_ui(ui: &mut Ui, share: f32, text: String, button: impl FnOnce(&mut Ui)) {
    let size = egui::vec2(ui.available_width(), ui.spacing().interact_size.y);
    ui.allocate_ui_with_layout(size, egui::Layout::right_to_left(egui::Align::Center), |ui| {
        button(ui);
        let width = ui.available_width();
        ui.add(ProgressBar::new(share.clamp(0.0, 1.0)).desired_width(width).text(text));
    });
}
