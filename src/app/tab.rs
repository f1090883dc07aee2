//! One open document: its history, its session's thread, and its part of the window.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use model::spec::Catalog;
use model::{Change, Diagnostic, Edit, History, TakeChoice};
use ui::theme::Theme;
use ui::{Approval, Command, Commands, Cx, Editor, FileCommand, FileState, HistoryView, NoGallery, NoPlayer, Shared};

use super::desk::{Desk, Live, News, Request};
use super::gallery::Gallery;
use super::playback::Player;
use super::settings::Settings;
use super::{templates, trace};

/// See the module.
pub(super) struct Tab {
    pub(super) path: PathBuf,
    pub(super) history: History,
    pub(super) shared: Shared,
    pub(super) editor: Editor,
    pub(super) desk: Desk,
    stage: Stage,
    gallery: Option<Gallery>,
    player: Option<Player>,
    files: FileState,
    watch: Vec<String>,
    /// Undo labels as panels see them, made anew when the history changes.
    labels: (u64, HistoryView),
    rolling: VecDeque<Rolling>,
    /// What the question about unsaved changes says, while it is asked.
    pub(super) question: Option<String>,
    /// A dropped film and the graph that it carries, while it is asked which of them is meant.
    pub(super) carried: Option<ui::Offered>,
    /// A frame with the document in it was drawn.
    usable: bool,
    /// Close once the save that is under way has succeeded.
    pub(super) close_when_saved: bool,
    /// The graph and the group that this one was entered from.
    pub(super) entered: Option<Entered>,
}

/// Where a group was entered.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Entered {
    pub(super) graph: PathBuf,
    pub(super) node: String,
}

/// New takes of an item on their way.
struct Rolling {
    item: String,
    /// How many are still to be begun.
    n: u32,
    /// The number of the next one; none until the numbers of the present takes are known.
    next: Option<u32>,
    /// These were asked for.
    asked: bool,
    approval: Approval,
    /// The revision at which the present one was begun.
    since: Option<u64>,
}

enum Stage {
    Opening,
    /// The document is here already: it was saved under another name.
    Moving,
    Open,
    Refused(Vec<Diagnostic>),
}

/// What a tab asks of the application.
pub(super) enum Wish {
    New(Option<&'static str>),
    Open(PathBuf),
    AskOpen,
    AskSaveAs,
    Close,
    Quit,
    Pick {
        node: String,
        param: String,
        extensions: Vec<String>,
        kind: ui::Pick,
    },
    Drop {
        paths: Vec<PathBuf>,
        at: Option<(f32, f32)>,
    },
    AskExport {
        item: String,
        port: String,
    },
    AskLedger,
    /// The document lies elsewhere now: move its files and open it there.
    Moved(PathBuf),
    Opened(PathBuf),
    DropOn {
        node: String,
        param: String,
        paths: Vec<PathBuf>,
        kind: ui::Pick,
    },
    Group {
        nodes: Vec<String>,
    },
    Ungroup {
        node: String,
    },
    Enter {
        node: String,
        file: String,
    },
    Leave(usize),
    Answer(ui::Answer),
    Carried(ui::Carried),
    ForgetRecent,
}

/// A closure that asks for a repaint.
pub(super) fn repaint(ctx: &egui::Context) -> Box<dyn Fn() + Send + Sync> {
    let ctx = ctx.clone();
    Box::new(move || ctx.request_repaint())
}

impl Tab {
    /// Opens a graph; it shows that it is being read until it is there.
    pub(super) fn open(path: &Path, ctx: &egui::Context, settings: &Settings) -> Tab {
        let live = if settings.preferences.live { Live::On } else { Live::Off };
        let mut shared = Shared::default();
        shared.keymap = ui::actions::Keymap::new(&settings.preset, settings.keys.clone());
        shared.tour_seen = settings.toured;
        shared.preferences.clone_from(&settings.preferences);
        shared.recent_kinds.clone_from(&settings.kinds);
        Tab {
            path: path.to_owned(),
            history: History::default(),
            shared,
            editor: Editor::new(settings.layout.clone()),
            desk: Desk::open(path.to_owned(), live, repaint(ctx)),
            stage: Stage::Opening,
            gallery: None,
            player: None,
            files: FileState::default(),
            watch: Vec::new(),
            labels: (u64::MAX, HistoryView::default()),
            rolling: VecDeque::new(),
            question: None,
            carried: None,
            usable: false,
            close_when_saved: false,
            entered: None,
        }
    }

    /// The document was saved as another file: from now on that one is edited, with its own store.
    pub(super) fn move_to(&mut self, path: PathBuf, ctx: &egui::Context, settings: &Settings) {
        let live = if settings.preferences.live { Live::On } else { Live::Off };
        self.desk = Desk::open(path.clone(), live, repaint(ctx));
        self.path = path;
        self.stage = Stage::Moving;
    }

    /// Opens the session anew, with the models that there are now; the document and its history stay.
    pub(super) fn read_again(&mut self) {
        // A run would be cancelled by it.
        if self.desk.view().run.running {
            self.shared.toast = Some("Open the graph again to use the new model, when the run is over".to_owned());
        } else {
            self.desk.send(Request::Leave { to: self.path.clone() });
        }
    }

    /// The name on the tab and in the window's title, with a mark where something is not saved.
    pub(super) fn title(&self) -> String {
        let name = self.path.file_name().unwrap_or_default().to_string_lossy();
        let mark = if self.is_dirty() { "\u{2022} " } else { "" };
        if templates::is_draft(&self.path) { format!("{mark}{name} (draft)") } else { format!("{mark}{name}") }
    }

    /// Whether closing would lose something.
    pub(super) fn is_dirty(&self) -> bool {
        matches!(self.stage, Stage::Open | Stage::Moving) && self.history.is_dirty()
    }

    /// Takes news and shows the tab. What it cannot do itself comes back as wishes.
    pub(super) fn show(&mut self, ui: &mut egui::Ui, settings: &Settings, theme: &Theme) -> Vec<Wish> {
        let ctx = ui.ctx().clone();
        let mut wishes = Vec::new();
        // Before anything returns: what the tab has is kept as what somebody wants.
        self.shared.preferences.clone_from(&settings.preferences);
        for news in self.desk.news() {
            self.news(news, &ctx, &mut wishes);
        }
        self.desk.flush();
        match &self.stage {
            Stage::Opening => {
                ui.centered_and_justified(|ui| ui.spinner());
                return wishes;
            }
            Stage::Refused(problems) => {
                refused(ui, &self.path, problems, theme);
                return wishes;
            }
            Stage::Open | Stage::Moving => {}
        }
        let view = self.desk.view();
        self.describe(settings);
        let mut commands = Commands::default();
        if let Some(gallery) = &mut self.gallery {
            gallery.begin(&ctx);
        }
        if let Some(player) = &mut self.player {
            player.set_device(self.shared.preferences.device.as_deref());
        }
        let (mut no_gallery, mut no_player) = (NoGallery, NoPlayer);
        let mut cx = Cx {
            document: self.history.document(),
            revision: self.history.revision(),
            recent: self.history.recent(),
            catalog: Catalog(nodes::ALL),
            view: &view,
            files: &self.files,
            history: &self.labels.1,
            shared: &mut self.shared,
            commands: &mut commands,
            gallery: self.gallery.as_mut().map_or(&mut no_gallery, |it| it as &mut dyn ui::Gallery),
            player: self.player.as_mut().map_or(&mut no_player, |it| it as &mut dyn ui::Player),
            theme,
        };
        self.editor.show(ui, &mut cx);
        if !std::mem::replace(&mut self.usable, true) {
            trace::mark("usable");
        }
        ui::questions(ui, &mut cx);
        let dropped: Vec<PathBuf> =
            ctx.input(|input| input.raw.dropped_files.iter().map(|file| file.path().to_owned()).collect());
        if !dropped.is_empty() {
            commands.push(Command::File(FileCommand::Drop { paths: dropped, at: None }));
        }
        for command in commands.0 {
            wishes.extend(self.execute(command));
        }
        self.watch();
        self.roll_on();
        wishes
    }

    /// Says where the graph was entered from.
    pub(super) fn set_crumbs(&mut self, crumbs: Vec<String>) {
        self.files.crumbs = crumbs;
    }

    /// Saves what was changed, before somebody goes back to a graph that uses this one. False where the file on disk
    /// is another one by now: that is the person's to decide.
    pub(super) fn save_to_leave(&mut self) -> bool {
        let safe = !self.files.changed_on_disk;
        if self.is_dirty() && safe {
            self.save(self.path.clone());
        }
        safe || !self.is_dirty()
    }

    fn describe(&mut self, settings: &Settings) {
        self.files.path = (!templates::is_draft(&self.path)).then(|| self.path.clone());
        self.files.dirty = self.history.is_dirty();
        self.files.question.clone_from(&self.question);
        self.files.carried.clone_from(&self.carried);
        if self.files.recent != settings.recent {
            self.files.recent.clone_from(&settings.recent);
        }
        if self.files.templates.is_empty() {
            self.files.templates = templates::TEMPLATES.iter().map(|it| (it.name, it.summary)).collect();
        }
        if self.labels.0 != self.history.revision() {
            let done = self.history.done().map(str::to_owned).collect();
            let undone = self.history.undone().map(str::to_owned).collect();
            self.labels = (self.history.revision(), HistoryView { done, undone });
        }
    }

    fn news(&mut self, news: News, ctx: &egui::Context, wishes: &mut Vec<Wish>) {
        match news {
            News::Opened(opened) => {
                trace::mark("document");
                self.gallery = Some(Gallery::new(opened.store.clone(), opened.folder, opened.previews, repaint(ctx)));
                self.player = Some(Player::new(opened.store, Arc::from(repaint(ctx))));
                if matches!(self.stage, Stage::Moving) {
                    if *self.history.document() != opened.document {
                        self.desk.send(Request::Replace(Box::new(self.history.document().clone())));
                    }
                } else {
                    self.history = History::new(opened.document);
                    if opened.recovered {
                        self.history.mark_unsaved();
                        self.files.recovered = true;
                    }
                    wishes.push(Wish::Opened(self.path.clone()));
                    if !self.shared.tour_seen {
                        self.shared.tour = Some(0);
                    }
                }
                self.stage = Stage::Open;
                self.watch.clear();
            }
            News::Refused(problems) => self.stage = Stage::Refused(problems),
            News::Saved(path) => {
                self.history.mark_saved();
                self.files.recovered = false;
                self.files.changed_on_disk = false;
                self.shared.toast = Some(format!("Saved {}", path.display()));
                if path != self.path {
                    self.desk.send(Request::Leave { to: path });
                } else if self.close_when_saved {
                    wishes.push(Wish::Close);
                }
            }
            News::Left(path) => wishes.push(Wish::Moved(path)),
            News::Exported(path) => self.shared.toast = Some(format!("Exported {}", path.display())),
            News::Problem(problem) => {
                self.close_when_saved = false;
                self.shared.toast = Some(problem.message);
            }
            News::ChangedOnDisk => self.files.changed_on_disk = true,
        }
    }

    /// Executes a command of the panels.
    pub(super) fn execute(&mut self, command: Command) -> Option<Wish> {
        match command {
            Command::Edit { label, edits, gesture } => self.edit(&label, edits, gesture),
            Command::Undo => {
                if let Some(change) = self.history.undo() {
                    self.tell(change);
                }
            }
            Command::Redo => {
                if let Some(change) = self.history.redo() {
                    self.tell(change);
                }
            }
            Command::JumpTo(n) => {
                while n < self.history.done().len() {
                    let change = self.history.undo()?;
                    self.tell(change);
                }
                while self.history.done().len() < n {
                    let change = self.history.redo()?;
                    self.tell(change);
                }
            }
            Command::Quit => return Some(Wish::Quit),
            Command::Roll { item, n, approval } => self.roll(item, n, approval),
            Command::File(command) => return self.file(command),
            other => self.desk.send(Request::Command(other)),
        }
        None
    }

    fn file(&mut self, command: FileCommand) -> Option<Wish> {
        match command {
            FileCommand::New(template) => Some(Wish::New(template)),
            FileCommand::Open(Some(path)) => Some(Wish::Open(path)),
            FileCommand::Open(None) => Some(Wish::AskOpen),
            FileCommand::Save if templates::is_draft(&self.path) => Some(Wish::AskSaveAs),
            FileCommand::Save => {
                self.save(self.path.clone());
                None
            }
            FileCommand::SaveAs => Some(Wish::AskSaveAs),
            FileCommand::Close => Some(Wish::Close),
            FileCommand::Reload => Some(Wish::Open(self.path.clone())),
            FileCommand::KeepMine => {
                self.files.changed_on_disk = false;
                self.history.mark_unsaved();
                None
            }
            FileCommand::Pick { node, param, extensions, kind } => Some(Wish::Pick { node, param, extensions, kind }),
            FileCommand::Drop { paths, at } => Some(Wish::Drop { paths, at }),
            FileCommand::Export { item, port } => Some(Wish::AskExport { item, port }),
            FileCommand::ExportLedger => Some(Wish::AskLedger),
            FileCommand::DropOn { node, param, paths, kind } => Some(Wish::DropOn { node, param, paths, kind }),
            FileCommand::Group { nodes } => Some(Wish::Group { nodes }),
            FileCommand::Ungroup { node } => Some(Wish::Ungroup { node }),
            FileCommand::Enter { node, file } => Some(Wish::Enter { node, file }),
            FileCommand::Leave(levels) => Some(Wish::Leave(levels)),
            FileCommand::Answer(answer) => Some(Wish::Answer(answer)),
            FileCommand::Carried(answer) => {
                self.carried = None;
                Some(Wish::Carried(answer))
            }
            FileCommand::ForgetRecent => Some(Wish::ForgetRecent),
            FileCommand::KeepRecovered => {
                self.files.recovered = false;
                None
            }
        }
    }

    /// Saves the document to a file.
    pub(super) fn save(&mut self, to: PathBuf) {
        self.desk.send(Request::Save { to });
    }

    /// Applies edits as one step.
    pub(super) fn edit(&mut self, label: &str, edits: Vec<Edit>, gesture: Option<u64>) {
        match self.history.apply(label, edits, gesture) {
            Ok(change) => self.tell(change),
            Err(problem) => self.shared.toast = Some(problem.message),
        }
    }

    fn tell(&mut self, change: Change) {
        if !change.edits.is_empty() {
            trace::mark("edit");
            let (revision, dirty) = (self.history.revision(), self.history.is_dirty());
            self.desk.send(Request::Edit { edits: change.edits, revision, dirty });
        }
    }

    /// Makes new takes of an item, one after the other, when those that are being made are there.
    fn roll(&mut self, item: String, n: u32, approval: Approval) {
        self.rolling.push_back(Rolling { item, n: n.max(1), next: None, asked: false, approval, since: None });
        self.roll_on();
    }

    /// Starts the next take when the one before is there, or cannot be.
    fn roll_on(&mut self) {
        let Some(mut rolling) = self.rolling.pop_front() else { return };
        let view = self.desk.view();
        if let Some(since) = rolling.since {
            let node = view.nodes.get(model::node_of_item(&rolling.item));
            let item = node.and_then(|node| node.items.iter().find(|item| item.name == rolling.item));
            let settled = item.is_none_or(|item| {
                use ui::view::ItemState::{Blocked, Done, Failed, Held};
                matches!(item.state, Done | Failed(_) | Held { .. } | Blocked { .. })
            });
            if view.revision < since || !settled {
                self.rolling.push_front(rolling);
                return;
            }
            self.desk.send(Request::Command(Command::Ask(ui::Ask::Takes(rolling.item.clone()))));
        }
        if rolling.n == 0 {
            return;
        }
        let next = match rolling.next {
            Some(next) => next,
            None => {
                let Some(known) = view.takes.as_ref().filter(|takes| takes.item == rolling.item) else {
                    // New takes have the numbers after the last, which the store knows.
                    if !std::mem::replace(&mut rolling.asked, true) {
                        self.desk.send(Request::Command(Command::Ask(ui::Ask::Takes(rolling.item.clone()))));
                    }
                    self.rolling.push_front(rolling);
                    return;
                };
                let last = known.takes.iter().map(|take| take.take).max().unwrap_or(0);
                last.max(self.history.document().take(&rolling.item).take) + 1
            }
        };
        let choice = Some(TakeChoice { take: next, key: None, ..self.history.document().take(&rolling.item) });
        let edit = Edit::SetTake { item: rolling.item.clone(), choice, at: None };
        self.edit(&format!("Roll take {next}"), vec![edit], None);
        let run = Command::Run { targets: vec![rolling.item.clone()], approval: rolling.approval.clone() };
        self.desk.send(Request::Command(run));
        rolling.since = Some(self.history.revision());
        (rolling.n, rolling.next) = (rolling.n - 1, Some(next + 1));
        self.rolling.push_front(rolling);
    }

    /// Tells live mode what somebody looks at.
    fn watch(&mut self) {
        let looks = [&self.shared.look_a, &self.shared.look_b].into_iter().flatten();
        let names = looks.map(|look| match &look.element {
            Some(element) => format!("{}/{element}", look.node),
            None => look.node.clone(),
        });
        let mut watch: Vec<String> = names.collect();
        if watch.is_empty() {
            watch.extend(self.shared.selection.primary().map(str::to_owned));
        }
        if watch != self.watch {
            self.watch.clone_from(&watch);
            self.desk.send(Request::Watch(watch));
        }
    }
}

fn refused(ui: &mut egui::Ui, path: &Path, problems: &[Diagnostic], theme: &Theme) {
    ui.vertical_centered(|ui| {
        ui.add_space(ui.available_height() / 4.0);
        ui.heading("This graph cannot be opened");
        ui.label(path.display().to_string());
        for problem in problems {
            ui.colored_label(theme.bad, &problem.message);
            if let Some(place) = &problem.subject.place {
                ui.monospace(format!("{}:{}:{}", place.file, place.line, place.column));
                ui.monospace(&place.text);
            }
            for hint in &problem.hints {
                ui.weak(&**hint);
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tab_that_is_being_opened_wants_what_was_set_up() {
        let mut settings = Settings::default();
        settings.preferences.light = true;
        let tab = Tab::open(Path::new("nowhere.ron"), &egui::Context::default(), &settings);
        assert_eq!(tab.shared.preferences, settings.preferences);
        assert_eq!(*tab.editor.layout(), settings.layout);
    }
}
