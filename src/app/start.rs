//! The page without a document: it draws the start page and turns its commands into wishes.

use model::spec::Catalog;
use model::{Document, History};
use ui::theme::Theme;
use ui::view::RunView;
use ui::{Command, Commands, Cx, FileCommand, FileState, HistoryView, NoGallery, NoPlayer, Shared};

use super::settings::Settings;
use super::tab::Wish;
use super::templates;

/// Draws the page.
pub(super) fn show(ui: &mut egui::Ui, settings: &Settings, theme: &Theme) -> Vec<Wish> {
    let history = History::new(Document::default());
    let files = FileState {
        recent: settings.recent.clone(),
        templates: templates::TEMPLATES.iter().map(|it| (it.name, it.summary)).collect(),
        ..FileState::default()
    };
    let (mut shared, mut commands) = (Shared::default(), Commands::default());
    let mut cx = Cx {
        document: history.document(),
        revision: 0,
        recent: &model::Recent::default(),
        catalog: Catalog(nodes::ALL),
        view: &RunView::default(),
        files: &files,
        history: &HistoryView::default(),
        shared: &mut shared,
        commands: &mut commands,
        gallery: &mut NoGallery,
        player: &mut NoPlayer,
        theme,
    };
    ui::start_page(ui, &mut cx);
    let ctx = ui.ctx();
    // The first one leaves this page: what was typed after it has nowhere to go.
    if let Some(action) = shared.keymap.pressed(ctx, ui::Region::Other, ui::actions::Focus::of(ctx), &mut Vec::new()) {
        match action {
            "new" => commands.push(Command::File(FileCommand::New(None))),
            "open" => commands.push(Command::File(FileCommand::Open(None))),
            "quit" => commands.push(Command::Quit),
            _ => {}
        }
    }
    let dropped: Vec<_> =
        ctx.input(|input| input.raw.dropped_files.iter().map(|file| file.path().to_owned()).collect());
    let mut wishes: Vec<Wish> = commands
        .0
        .into_iter()
        .filter_map(|command| match command {
            Command::File(FileCommand::New(template)) => Some(Wish::New(template)),
            Command::File(FileCommand::Open(Some(path))) => Some(Wish::Open(path)),
            Command::File(FileCommand::Open(None)) => Some(Wish::AskOpen),
            Command::Quit => Some(Wish::Quit),
            _ => None,
        })
        .collect();
    if !dropped.is_empty() {
        wishes.push(Wish::Drop { paths: dropped, at: None });
    }
    wishes
}
