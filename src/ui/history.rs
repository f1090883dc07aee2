//! The history panel: every step that can be undone or redone; a click goes there.

use egui::{Align, RichText, ScrollArea, Ui};

use crate::command::Command;
use crate::cx::Cx;
use crate::icons::Icon;
use crate::panel::{Panel, PanelSpec, Place};
use crate::theme::size;

pub(crate) const PANEL: PanelSpec = PanelSpec {
    id: "history",
    title: "History",
    icon: Icon::History,
    home: Place::Right,
    make: || Box::<View>::default(),
};

#[derive(Default)]
struct View {
    /// The step that was shown last, to scroll to a new one.
    at: usize,
}

impl Panel for View {
    fn show(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let (done, undone) = (&cx.history.done, &cx.history.undone);
        ui.horizontal(|ui| {
            for (command, title, id, steps) in
                [(Command::Undo, "Undo", "undo", done.len()), (Command::Redo, "Redo", "redo", undone.len())]
            {
                let button = ui.add_enabled(0 < steps, egui::Button::new(title).small());
                if button.on_hover_text(cx.shared.keymap.hint(id)).clicked() {
                    cx.commands.push(command);
                }
            }
        });
        ui.separator();
        let moved = self.at != done.len();
        self.at = done.len();
        let scroll = ScrollArea::vertical().auto_shrink([false, false]);
        scroll.show(ui, |ui| {
            let first = std::iter::once("As it was opened");
            let steps = first.chain(done.iter().chain(undone).map(String::as_str));
            for (step, label) in steps.enumerate() {
                let here = step == done.len();
                let mut text = RichText::new(label);
                if done.len() < step {
                    text = text.color(cx.theme.weak).italics();
                }
                let row = ui.push_id(step, |ui| ui.selectable_label(here, text)).inner;
                if here && moved {
                    row.scroll_to_me(Some(Align::Center));
                }
                if row.clicked() && !here {
                    cx.commands.push(Command::JumpTo(step));
                }
            }
            if done.is_empty() && undone.is_empty() {
                let text = "Every change is a step here; a click goes back to it";
                ui.label(RichText::new(text).size(size::SMALL).color(cx.theme.weak));
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use egui_kittest::kittest::Queryable as _;
    use model::Edit;

    use super::*;
    use crate::testing::Bench;

    #[test]
    fn a_click_jumps_and_what_was_undone_stays_in_the_list() {
        let mut bench = Bench::new("a: prompt.text");
        for (n, label) in ["One", "Two", "Three"].into_iter().enumerate() {
            let edit = Edit::SetSize { size: (640 + 2 * n as u32, 360) };
            bench.history.apply(label, vec![edit], None).unwrap();
        }
        bench.history.undo();
        let mut view = View::default();
        let mut harness = bench.window((220.0, 300.0), move |ui, cx| view.show(ui, cx));
        harness.run();
        for label in ["Three", "One", "As it was opened", "Two"] {
            harness.get_by_label(label).click();
            harness.run();
        }
        let jump = Command::JumpTo;
        assert_eq!(harness.state().sent, [jump(3), jump(1), jump(0)], "the present step is no jump");
        harness.get_by_label("Redo").click();
        harness.run();
        assert_eq!(harness.state().sent.last(), Some(&Command::Redo));
        assert_eq!(harness.state().history.done().count(), 3);
    }
}
