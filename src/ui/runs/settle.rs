//! The question what became of a remote job: nobody but a person can see whether its provider received it.

use egui::{Id, Key, Modal, RichText, Ui};
use engine::money::amount;

use crate::command::{Command, Settlement};
use crate::cx::Cx;
use crate::lines::field_ui;
use crate::theme::space;
use crate::view::price;

/// See the module.
#[derive(Default)]
pub(super) struct Settle {
    /// The job that is asked about, and what is typed about it.
    job: Option<i64>,
    remote: String,
    billed: String,
}

impl Settle {
    /// Draws it over the window while somebody wants it.
    pub(super) fn show(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        if let Some(job) = cx.shared.settle.take() {
            *self = Settle { job: Some(job), ..Settle::default() };
        }
        let Some(id) = self.job else { return };
        let Some(job) = cx.view.jobs.iter().find(|job| job.id == id).cloned() else {
            self.job = None;
            return;
        };
        let mut found = None;
        let mut cancelled = false;
        let modal = Modal::new(Id::unique("settle")).show(ui.ctx(), |ui| {
            ui.set_width(440.0);
            ui.heading(format!("What became of job {id}?"));
            ui.add_space(space::S);
            ui.label(format!("{} for {}, price {}", job.provider, job.item, price(job.price)));
            if !job.note.is_empty() {
                ui.label(RichText::new(&job.note).color(cx.theme.weak));
            }
            ui.label(format!("Look at the list of jobs at {}: until you say, it is not submitted again", job.provider));
            ui.add_space(space::M);
            ui.horizontal(|ui| {
                field_ui(ui, &mut self.remote, "The job's name at the provider", "name of the job", 200.0);
                let named = !self.remote.trim().is_empty();
                let button = ui.add_enabled(named, egui::Button::new("It is there"));
                if button.on_hover_text("The next run waits for it and fetches it").clicked() {
                    found = Some(Settlement::Runs(self.remote.trim().to_owned()));
                }
            });
            ui.horizontal(|ui| {
                field_ui(ui, &mut self.billed, "What it was billed", "1.20usd", 200.0);
                let billed = amount(&self.billed).ok();
                let button = ui.add_enabled(billed.is_some(), egui::Button::new("It was billed and gave nothing"));
                if button.on_hover_text("The ledger gets this; the next run may buy it again").clicked() {
                    found = billed.map(Settlement::Billed);
                }
            });
            ui.horizontal(|ui| {
                let button = ui.button("It never arrived");
                if button.on_hover_text("It costs nothing; the next run may submit it again").clicked() {
                    found = Some(Settlement::Nothing);
                }
                cancelled = ui.button("Not now").clicked() || ui.input(|input| input.key_pressed(Key::Escape));
            });
        });
        if let Some(outcome) = found {
            cx.commands.push(Command::Settle { job: id, outcome });
            self.job = None;
        } else if cancelled || modal.should_close() {
            self.job = None;
        }
    }
}
