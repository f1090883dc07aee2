//! The question before money is spent: every item by name, and the total. Nothing paid runs without its answer.

use egui::{Id, Key, Modal, RichText, ScrollArea, Ui};
use engine::money::dollars as dollars_of;

use crate::command::Approval;
use crate::cx::Cx;
use crate::lines::{Field, LINE, line_ui};
use crate::theme::space;
use crate::view::{StepView, dollars};

/// What is asked about. It is frozen: a forecast that changes behind the question changes nothing of it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Asked {
    pub(super) targets: Vec<String>,
    pub(super) approval: Approval,
    items: Vec<StepView>,
}

/// What became of the question in a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    Open,
    Cancelled,
    Approved,
}

impl Asked {
    pub(super) fn new(targets: Vec<String>, approval: Approval, steps: &[StepView]) -> Asked {
        let items = steps.iter().filter(|step| approval.items.contains(&step.item)).cloned().collect();
        Asked { targets, approval, items }
    }

    /// Micro-dollars of items with a known price, and how many have none.
    fn total(&self) -> (u64, usize) {
        let known = self.items.iter().filter_map(|step| step.cost).fold(0, u64::saturating_add);
        (known, self.items.iter().filter(|step| step.cost.is_none()).count())
    }
}

/// Draws it over the window.
pub(super) fn show(ui: &mut Ui, cx: &Cx<'_>, asked: &Asked) -> Answer {
    let (total, unknown) = asked.total();
    let most = total.saturating_add(asked.approval.budget);
    let modal = Modal::new(Id::unique("approval")).show(ui.ctx(), |ui| {
        ui.set_width(440.0);
        ui.heading("Spend money?");
        ui.add_space(space::S);
        if !asked.items.is_empty() {
            ui.label(format!("These {} items run whatever they cost, within your caps:", asked.items.len()));
            ScrollArea::vertical().max_height(220.0).show_rows(ui, LINE, asked.items.len(), |ui, seen| {
                for step in asked.items.get(seen).unwrap_or_default() {
                    let cost = step.cost.map_or_else(|| "unknown price".to_owned(), dollars);
                    let fields = [
                        Field { width: -2.0, text: &step.item, color: cx.theme.text },
                        Field { width: -2.0, text: step.model.as_deref().unwrap_or(""), color: cx.theme.weak },
                        Field { width: 100.0, text: &cost, color: cx.theme.money },
                    ];
                    line_ui(ui, cx.theme, false, &fields);
                }
            });
        }
        if 0 < asked.approval.budget {
            let budget = dollars(asked.approval.budget);
            ui.label(format!("Other items run while they cost no more than {budget} in all"));
        }
        if 0 < unknown {
            let text = format!("{unknown} of them have no known price: they may cost more than what is shown here");
            ui.label(RichText::new(text).color(cx.theme.bad));
        }
        for cap in cx.view.caps.iter() {
            let left = dollars_of(cap.left);
            let text = format!("{}: {left} left of {}", cap.scope, dollars_of(cap.limit));
            let color = if cap.left < most { cx.theme.bad } else { cx.theme.weak };
            ui.label(RichText::new(text).color(color));
            if cap.left < most {
                ui.label(RichText::new("What goes beyond that stays held").small().color(cx.theme.weak));
            }
        }
        ui.add_space(space::M);
        ui.horizontal(|ui| {
            let word = match unknown {
                0 => format!("Approve up to {}", dollars(most)),
                n => format!("Approve {} and {n} unknown prices", dollars(most)),
            };
            let approve = ui.button(RichText::new(word).color(cx.theme.money).strong()).clicked();
            let cancel = ui.button("Cancel").clicked() || ui.input(|input| input.key_pressed(Key::Escape));
            match (approve, cancel) {
                (true, _) => Answer::Approved,
                (_, true) => Answer::Cancelled,
                _ => Answer::Open,
            }
        })
        .inner
    });
    if modal.inner == Answer::Open && modal.should_close() { Answer::Cancelled } else { modal.inner }
}
