//! The run panel: what would run and why, what it costs, approval; what runs now; and what happened.
//!
//! It holds no plan of its own: the session forecasts when asked, and asking is cheap enough for every pause in
//! editing while the plan is in sight.

mod approval;
mod log;
mod plan;
mod progress;
mod settle;

use egui::{RichText, Ui};

use crate::command::Command;
use crate::cx::Cx;
use crate::icons::Icon;
use crate::panel::{Panel, PanelSpec, Place};

pub(crate) use plan::micro_dollars;

pub(crate) const PANEL: PanelSpec = PanelSpec {
    id: "runs",
    title: "Run",
    icon: Icon::ListChecks,
    home: Place::Corner,
    make: || Box::<View>::default(),
};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Tab {
    #[default]
    Plan,
    Progress,
    Log,
}

#[derive(Default)]
struct View {
    tab: Tab,
    plan: plan::Plan,
    progress: progress::Progress,
    log: log::Log,
    settle: settle::Settle,
}

impl Panel for View {
    fn show(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        ui.horizontal_wrapped(|ui| {
            ui.selectable_value(&mut self.tab, Tab::Plan, "Plan");
            let running = if cx.view.run.running { "Progress, running" } else { "Progress" };
            ui.selectable_value(&mut self.tab, Tab::Progress, running);
            ui.selectable_value(&mut self.tab, Tab::Log, "Log");
            ui.separator();
            mode_ui(ui, cx);
        });
        ui.separator();
        match self.tab {
            Tab::Plan => self.plan.show(ui, cx),
            Tab::Progress => {
                if self.progress.show(ui, cx) {
                    self.tab = Tab::Plan;
                }
            }
            Tab::Log => self.log.show(ui, cx),
        }
        self.settle.show(ui, cx);
    }
}

/// The switch between live and manual, which says what it means.
fn mode_ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    let live = cx.view.run.live;
    let help = "Free work runs by itself, shortly after each edit. What costs money waits for your approval";
    if ui.selectable_label(live, "Live").on_hover_text(help).clicked() && !live {
        cx.commands.push(Command::SetLive(true));
    }
    let help = "Nothing runs until you press Run";
    if ui.selectable_label(!live, "Manual").on_hover_text(help).clicked() && live {
        cx.commands.push(Command::SetLive(false));
    }
    let text = if live { "free work runs as you edit" } else { "nothing runs by itself" };
    ui.label(RichText::new(text).small().color(cx.theme.weak));
}

/// Selects an item where it is found: its node, its shot, and the canvas at it.
fn select(cx: &mut Cx<'_>, item: &str) {
    let (node, element) = item.split_once('/').map_or((item, None), |(node, element)| (node, Some(element)));
    if cx.document.nodes.contains_key(node) {
        cx.shared.selection.only(node);
        cx.shared.reveal = Some(node.to_owned());
    }
    cx.shared.selection.elements.clear();
    cx.shared.selection.elements.extend(element.map(str::to_owned));
}

/// A length of time as people say it.
fn time_left(seconds: f64) -> String {
    let seconds = if seconds.is_finite() { seconds.clamp(0.0, 1e6).round() as u64 } else { 0 };
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, seconds) => format!("{seconds} s"),
        (0, minutes, seconds) => format!("{minutes} min {seconds} s"),
        (hours, minutes, _) => format!("{hours} h {minutes} min"),
    }
}

#[cfg(test)]
mod tests;
