//! Questions about the document's file: unsaved changes, a file that changed on disk, work that autosave brought back.
//!
//! They are drawn from the file's state and answer with commands; when a question is asked is the application's to
//! say. A banner does not block: only what would lose work is a dialog.

use egui::{Frame, Id, Key, Margin, Modal, RichText, Ui};

use crate::command::{Answer, Carried, Command, FileCommand, Offered};
use crate::cx::Cx;
use crate::icons::{self, Icon};
use crate::theme::{size, space};

/// Draws the question that is asked, if any. Call it once a frame, after everything else.
pub fn questions(ui: &mut Ui, cx: &mut Cx<'_>) {
    unsaved_ui(ui, cx);
    carried_ui(ui, cx);
}

/// A film that was dropped is both a clip and the graph that made it, a picture of ComfyUI also a workflow: which of
/// them is meant is asked.
fn carried_ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    let Some(offered) = cx.files.carried.clone() else { return };
    let (title, text, yes, is_read) = match &offered {
        Offered::Graph { file, graph } => (
            "Open the graph of this file?",
            format!("{file} carries {graph}, the graph it was made from. Opening it runs nothing."),
            "Open the graph",
            true,
        ),
        Offered::Workflow { file, model, is_read } => (
            "Make a model of this workflow?",
            format!(
                "{file} holds a ComfyUI workflow. As {model} every graph can name it, and it runs on your own server, \
                 which then does whatever its nodes do: look at where the file comes from. Nothing runs now."
            ),
            "Make a model",
            *is_read,
        ),
    };
    let modal = Modal::new(Id::unique("carried")).show(ui.ctx(), |ui| {
        ui.set_width(400.0);
        ui.heading(title);
        ui.add_space(space::S);
        ui.label(text);
        ui.add_space(space::M);
        ui.horizontal(|ui| {
            let open = ui.add(egui::Button::new(yes).fill(cx.theme.selection));
            if ui.memory(|memory| memory.focused().is_none()) {
                open.request_focus();
            }
            let import = ui.add_enabled(is_read, egui::Button::new("Import the file"));
            let import = import.on_hover_text("Adds it to this graph as what it is");
            let cancel = ui.button("Cancel").clicked() || ui.input(|input| input.key_pressed(Key::Escape));
            match (open.clicked(), import.clicked(), cancel) {
                (true, _, _) => Some(Carried::Open),
                (_, true, _) => Some(Carried::Import),
                (_, _, true) => Some(Carried::Cancel),
                _ => None,
            }
        })
        .inner
    });
    let answer = modal.inner.or_else(|| modal.should_close().then_some(Carried::Cancel));
    if let Some(answer) = answer {
        cx.commands.push(Command::File(FileCommand::Carried(answer)));
    }
}

fn unsaved_ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    let Some(question) = cx.files.question.clone() else { return };
    let modal = Modal::new(Id::unique("unsaved")).show(ui.ctx(), |ui| {
        ui.set_width(380.0);
        ui.heading("Save changes?");
        ui.add_space(space::S);
        ui.label(format!("{} has changes that are lost if you {question} without saving", cx.files.name()));
        ui.add_space(space::M);
        ui.horizontal(|ui| {
            let save = ui.add(egui::Button::new("Save").fill(cx.theme.selection));
            // Enter saves: the answer that loses nothing.
            if ui.memory(|memory| memory.focused().is_none()) {
                save.request_focus();
            }
            let discard = ui.button(RichText::new("Don't save").color(cx.theme.bad));
            let cancel = ui.button("Cancel").clicked() || ui.input(|input| input.key_pressed(Key::Escape));
            match (save.clicked(), discard.clicked(), cancel) {
                (true, _, _) => Some(Answer::Save),
                (_, true, _) => Some(Answer::Discard),
                (_, _, true) => Some(Answer::Cancel),
                _ => None,
            }
        })
        .inner
    });
    let answer = modal.inner.or_else(|| modal.should_close().then_some(Answer::Cancel));
    if let Some(answer) = answer {
        cx.commands.push(Command::File(FileCommand::Answer(answer)));
    }
}

/// Draws banners above the canvas; nothing where there is nothing to say.
pub fn banners(ui: &mut Ui, cx: &mut Cx<'_>) {
    if cx.files.changed_on_disk {
        let dirty = cx.files.dirty;
        let text = match dirty {
            true => "The file changed on disk, and there are changes here that are not saved",
            false => "The file changed on disk",
        };
        let help = if dirty { "Reads the file again; what is not saved here is lost" } else { "Reads the file again" };
        banner(
            ui,
            cx,
            Icon::RefreshCw,
            text,
            [
                ("Reload", help, FileCommand::Reload),
                ("Keep mine", "The next save overwrites the file", FileCommand::KeepMine),
            ],
        );
    }
    if cx.files.recovered {
        banner(
            ui,
            cx,
            Icon::LifeBuoy,
            "This was brought back from a session that ended without saving",
            [
                ("Keep it", "Goes on with what was brought back", FileCommand::KeepRecovered),
                ("Back to the saved file", "Gives up what was brought back", FileCommand::Reload),
            ],
        );
    }
}

fn banner(ui: &mut Ui, cx: &mut Cx<'_>, icon: Icon, text: &str, answers: [(&str, &str, FileCommand); 2]) {
    let margin = Margin::symmetric(space::M as i8, space::S as i8);
    Frame::new().fill(cx.theme.sunken).inner_margin(margin).show(ui, |ui| {
        ui.horizontal_wrapped(|ui| {
            ui.set_width(ui.available_width());
            ui.label(icons::text(icon, size::ICON).color(cx.theme.watch));
            ui.label(text);
            for (word, help, command) in answers {
                if ui.button(word).on_hover_text(help).clicked() {
                    cx.commands.push(Command::File(command));
                }
            }
        });
    });
}

#[cfg(test)]
mod tests {
    use egui_kittest::Harness;
    use egui_kittest::kittest::Queryable as _;

    use super::*;
    use crate::testing::Bench;

    fn harness(set: impl FnOnce(&mut crate::cx::FileState)) -> Harness<'static, Bench> {
        let mut bench = Bench::new("");
        set(&mut bench.files);
        let mut harness = bench.window((700.0, 400.0), |ui, cx| {
            banners(ui, cx);
            questions(ui, cx);
        });
        harness.run();
        harness
    }

    fn answered(harness: &Harness<'_, Bench>, answer: Answer) {
        assert_eq!(harness.state().sent, [Command::File(FileCommand::Answer(answer))]);
    }

    #[test]
    fn unsaved_changes_are_asked_about() {
        for (label, answer) in [("Save", Answer::Save), ("Don't save", Answer::Discard), ("Cancel", Answer::Cancel)] {
            let mut harness = harness(|files| files.question = Some("quit".to_owned()));
            harness.get_by_label("untitled.ron has changes that are lost if you quit without saving");
            harness.get_by_label(label).click();
            harness.run();
            answered(&harness, answer);
        }
    }

    #[test]
    fn a_film_that_carries_its_graph_is_asked_about() {
        for (label, answer) in
            [("Open the graph", Carried::Open), ("Import the file", Carried::Import), ("Cancel", Carried::Cancel)]
        {
            let carried = Some(Offered::Graph { file: "tea.mp4".to_owned(), graph: "tea.ron".to_owned() });
            let mut harness = harness(|files| files.carried = carried);
            harness.get_by_label_contains("tea.mp4 carries tea.ron");
            harness.get_by_label(label).click();
            harness.run();
            assert_eq!(harness.state().sent, [Command::File(FileCommand::Carried(answer))]);
        }
    }

    #[test]
    fn a_workflow_is_made_a_model_only_when_asked_for() {
        let carried = Offered::Workflow { file: "a.png".to_owned(), model: "comfy/a".to_owned(), is_read: true };
        let mut harness = harness(|files| files.carried = Some(carried));
        harness.get_by_label_contains("As comfy/a every graph can name it");
        harness.get_by_label("Make a model").click();
        harness.run();
        assert_eq!(harness.state().sent, [Command::File(FileCommand::Carried(Carried::Open))]);
    }

    #[test]
    fn escape_stays_and_enter_saves() {
        let mut stays = harness(|files| files.question = Some("close".to_owned()));
        stays.key_press(Key::Escape);
        stays.run();
        answered(&stays, Answer::Cancel);
        let mut saves = harness(|files| files.question = Some("close".to_owned()));
        saves.key_press(Key::Enter);
        saves.run();
        answered(&saves, Answer::Save);
    }

    #[test]
    fn a_file_that_changed_on_disk_is_never_overwritten_unasked() {
        let mut harness = harness(|files| (files.changed_on_disk, files.dirty) = (true, true));
        harness.get_by_label("Reload").click();
        harness.run();
        harness.get_by_label("Keep mine").click();
        harness.run();
        assert_eq!(harness.state().sent, [FileCommand::Reload, FileCommand::KeepMine].map(Command::File));
    }

    #[test]
    fn what_was_brought_back_can_be_kept_or_given_up() {
        let mut harness = harness(|files| files.recovered = true);
        harness.get_by_label("Keep it").click();
        harness.run();
        harness.get_by_label("Back to the saved file").click();
        harness.run();
        assert_eq!(harness.state().sent, [FileCommand::KeepRecovered, FileCommand::Reload].map(Command::File));
    }

    #[test]
    fn nothing_is_drawn_where_there_is_nothing_to_say() {
        let harness = harness(|_| {});
        assert!(harness.query_by_label("Save").is_none() && harness.query_by_label("Reload").is_none());
    }
}
