//! A window for tests: a document, a run and a panel without eframe, files or threads.

pub(crate) mod fakes;
pub(crate) mod raster;

use egui_kittest::Harness;
use model::History;
use model::spec::Catalog;

use crate::command::{Command, Commands};
use crate::cx::{Cx, FileState, HistoryView, NoGallery, Shared};
use crate::player::NoPlayer;
use crate::theme::{DARK, Theme};
use crate::view::RunView;

/// What a test can look at between frames.
#[derive(Default)]
pub(crate) struct Bench {
    pub(crate) history: History,
    pub(crate) view: RunView,
    pub(crate) files: FileState,
    pub(crate) shared: Shared,
    /// Every command so far.
    pub(crate) sent: Vec<Command>,
}

impl Bench {
    /// A document in the fixtures' text form, `a: prompt.text text="..."`.
    pub(crate) fn new(graph: &str) -> Bench {
        Bench { history: History::new(model::fixture::graph(graph)), ..Bench::default() }
    }

    /// A frame of something: edits, undo and redo happen at once, everything else is only recorded.
    pub(crate) fn frame(&mut self, ui: &mut egui::Ui, draw: impl FnOnce(&mut egui::Ui, &mut Cx<'_>)) {
        self.frame_with(ui, &DARK, draw);
    }

    /// The same in a theme.
    pub(crate) fn frame_with(
        &mut self,
        ui: &mut egui::Ui,
        theme: &Theme,
        draw: impl FnOnce(&mut egui::Ui, &mut Cx<'_>),
    ) {
        let labels = |steps: &mut dyn Iterator<Item = &str>| steps.map(str::to_owned).collect();
        let history =
            HistoryView { done: labels(&mut self.history.done()), undone: labels(&mut self.history.undone()) };
        let mut commands = Commands::default();
        draw(
            ui,
            &mut Cx {
                document: self.history.document(),
                revision: self.history.revision(),
                recent: self.history.recent(),
                catalog: Catalog(nodes::ALL),
                view: &self.view,
                files: &self.files,
                history: &history,
                shared: &mut self.shared,
                commands: &mut commands,
                gallery: &mut NoGallery,
                player: &mut NoPlayer,
                theme,
            },
        );
        for command in &commands.0 {
            match command {
                Command::Edit { label, edits, gesture } => {
                    self.history.apply(label, edits.clone(), *gesture).expect("panels only push edits that apply");
                }
                Command::Undo => drop(self.history.undo()),
                Command::Redo => drop(self.history.redo()),
                _ => {}
            }
        }
        self.sent.extend(commands.0);
    }

    /// Puts it into a window of a size, drawn by `draw`; look at it with `harness.state()`.
    pub(crate) fn window(
        self,
        size: (f32, f32),
        mut draw: impl FnMut(&mut egui::Ui, &mut Cx<'_>) + 'static,
    ) -> Harness<'static, Bench> {
        let mut styled = false;
        Harness::builder().with_size(egui::vec2(size.0, size.1)).build_ui_state(
            move |ui, bench: &mut Bench| {
                if !styled {
                    Theme::install_fonts(ui.ctx());
                    DARK.apply(ui.ctx());
                    styled = true;
                    // New fonts are there from the next frame on.
                    ui.ctx().request_repaint();
                    return;
                }
                bench.frame(ui, &mut draw);
            },
            self,
        )
    }
}

#[cfg(test)]
mod tests {
    use egui_kittest::kittest::Queryable as _;

    use crate::command::{Command, FileCommand};
    use crate::editor::Editor;

    use super::Bench;

    #[test]
    fn the_whole_editor_draws_and_takes_keys() {
        let mut editor = Editor::default();
        let bench = Bench::new("a: prompt.text text=\"one\"\nb: text.join texts<-a.text");
        let mut harness = bench.window((1280.0, 720.0), move |ui, cx| editor.show(ui, cx));
        harness.run();
        harness.get_by_label("Inspector");
        harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::S);
        harness.run();
        assert_eq!(harness.state().sent, [Command::File(FileCommand::Save)]);
    }
}
