//! The window: tabs with documents, file dialogs, settings. Documents are changed by their tabs alone.

mod autosave;
mod desk;
mod dialogs;
mod drops;
mod gallery;
mod groups;
mod playback;
mod publish;
mod settings;
mod start;
mod tab;
mod templates;
mod thread;
mod trace;

use std::path::{Path, PathBuf};
use std::time::Instant;

use crossbeam_channel::{Receiver, bounded};
use model::Diagnostic;
use ui::theme::{Shade, Theme};

use crate::carried::{self, Carried};

use self::dialogs::{Answer, Dialog, Purpose, Question};
use self::settings::Settings;
use self::tab::{Entered, Tab, Wish, repaint};
use crate::project::Project;

/// Opens a window with a graph, or with a new document where none is given; returns when it is closed.
///
/// # Errors
/// A diagnostic where no window can be opened, or the trace not be written.
pub(crate) fn run(graph: Option<PathBuf>, trace: Option<&Path>) -> Result<(), Diagnostic> {
    if let Some(trace) = trace {
        trace::begin(trace, Instant::now())?;
    }
    let viewport = egui::ViewportBuilder::default()
        .with_title("Throughline")
        .with_app_id("throughline")
        .with_inner_size([1280.0, 720.0])
        .with_min_inner_size([640.0, 400.0])
        .with_drag_and_drop(true);
    let options = eframe::NativeOptions { viewport, ..eframe::NativeOptions::default() };
    let create: eframe::AppCreator<'_> = Box::new(move |cx| Ok(Box::new(App::new(&cx.egui_ctx, graph.as_deref()))));
    eframe::run_native("throughline", options, create).map_err(|error| {
        Diagnostic::error("no-window", format!("no window opens: {error}"))
            .hint("the editor needs a display with OpenGL 2 or newer; the other commands need none")
    })
}

/// Work on the disk that a thread does for the window.
enum Task {
    /// A new document was written.
    Created(Receiver<Result<PathBuf, Diagnostic>>),
    /// A document's files were brought to where it is saved now.
    Moved(Receiver<Result<(), Diagnostic>>, PathBuf, u64),
    /// A group's file was written, or read.
    Grouped(Receiver<Result<groups::Done, Diagnostic>>, u64),
    /// Files were brought into a project.
    Brought(Receiver<Result<drops::Brought, Diagnostic>>, drops::Plan, u64),
    /// A workflow became a model, which a node is to be added for.
    Adopted(Receiver<Result<drops::Adopted, Diagnostic>>, u64, (f32, f32)),
    /// Files that were dropped on a tab, or on no tab, were looked into.
    Looked(Receiver<drops::Dropped>, u64, (f32, f32)),
}

/// Files that were dropped, one of which carries a graph: what is meant is being asked.
struct Offer {
    dropped: drops::Dropped,
    at: (f32, f32),
}

/// See the module.
struct App {
    tabs: Vec<(u64, Tab)>,
    front: usize,
    next_id: u64,
    settings: Settings,
    dialog: Option<(u64, Dialog)>,
    tasks: Vec<Task>,
    offer: Option<Offer>,
    /// Where workflows of the user's own are kept.
    workflows: Option<PathBuf>,
    /// The tab that asks whether to save before it closes.
    asking: Option<u64>,
    quitting: bool,
    notice: Option<Diagnostic>,
    /// Theme and scale as they were last given to the window.
    themed: Option<(bool, f32)>,
    /// What the window's title says now.
    title: String,
}

impl App {
    fn new(ctx: &egui::Context, graph: Option<&Path>) -> App {
        thread::enter_window();
        trace::mark("window");
        Theme::install_fonts(ctx);
        let settings = Settings::load();
        let mut app = App {
            tabs: Vec::new(),
            front: 0,
            next_id: 0,
            settings,
            dialog: None,
            tasks: Vec::new(),
            offer: None,
            workflows: providers::comfy::user_folder(),
            asking: None,
            quitting: false,
            notice: None,
            themed: None,
            title: String::new(),
        };
        match graph {
            Some(film) if carried::is_media(&film.to_string_lossy()) => {
                app.look(ctx, 0, (0.0, 0.0), vec![film.to_owned()])
            }
            Some(graph) => app.open(ctx, graph),
            None => {}
        }
        app
    }

    fn open(&mut self, ctx: &egui::Context, path: &Path) {
        let tab = Tab::open(path, ctx, &self.settings);
        if let Some(at) = self.tabs.iter().position(|(_, tab)| tab.path == path) {
            // Opened again on purpose: what is on disk counts.
            self.tabs[at].1 = tab;
            self.front = at;
            return;
        }
        self.next_id += 1;
        self.tabs.push((self.next_id, tab));
        self.front = self.tabs.len() - 1;
    }

    /// Opens a group's graph from a tab, or brings it to the front with all that was done to it.
    fn enter(&mut self, ctx: &egui::Context, id: u64, node: String, file: &str) {
        let Some(graph) = self.tabs.iter().find(|(it, _)| *it == id).map(|(_, tab)| tab.path.clone()) else { return };
        let path = match Project::beside(&graph, file) {
            Ok(path) => path,
            Err(problem) => return self.notice = Some(problem),
        };
        match self.tabs.iter().position(|(_, tab)| tab.path == path) {
            Some(at) => self.front = at,
            None => self.open(ctx, &path),
        }
        // A graph that contains itself is a diagnostic: the way out must end all the same.
        if graph != path {
            self.tabs[self.front].1.entered = Some(Entered { graph, node });
        }
    }

    /// Goes back to where groups were entered.
    fn leave(&mut self, ctx: &egui::Context, id: u64, levels: usize) {
        let mut at = self.tabs.iter().position(|(it, _)| *it == id);
        for _ in 0..levels {
            let Some(tab) = at.and_then(|at| self.tabs.get_mut(at)).map(|(_, tab)| tab) else { return };
            let Some(Entered { graph, node }) = tab.entered.clone() else { break };
            if !tab.save_to_leave() {
                tab.shared.toast = Some("The file was changed by another program: decide about that first".to_owned());
                break;
            }
            match self.tabs.iter().position(|(_, tab)| tab.path == graph) {
                Some(at) => self.front = at,
                None => self.open(ctx, &graph),
            }
            let shared = &mut self.tabs[self.front].1.shared;
            shared.selection.only(&node);
            at = Some(self.front);
        }
        ctx.request_repaint();
    }

    /// The graphs that a tab was entered from, the outermost first, by their names.
    fn crumbs(&self, at: usize) -> Vec<String> {
        /// As deep as groups may stand in groups.
        const DEEPEST: usize = 8;
        let mut crumbs = Vec::new();
        let mut entered = self.tabs.get(at).and_then(|(_, tab)| tab.entered.as_ref());
        while let Some(from) = entered.filter(|_| crumbs.len() < DEEPEST) {
            crumbs.push(from.graph.file_name().unwrap_or_default().to_string_lossy().into_owned());
            let tab = self.tabs.iter().find(|(_, tab)| tab.path == from.graph);
            entered = tab.and_then(|(_, tab)| tab.entered.as_ref());
        }
        crumbs.reverse();
        crumbs
    }

    fn create(&mut self, ctx: &egui::Context, template: Option<&'static str>) {
        let done = spawn(ctx, move || templates::create_blocking(template));
        self.tasks.push(Task::Created(done));
    }

    fn finish_tasks(&mut self, ctx: &egui::Context) {
        for task in std::mem::take(&mut self.tasks) {
            match task {
                Task::Created(done) => match done.try_recv() {
                    Ok(Ok(path)) => self.open(ctx, &path),
                    Ok(Err(problem)) => self.notice = Some(problem),
                    Err(_) => self.tasks.push(Task::Created(done)),
                },
                Task::Moved(done, path, id) => match done.try_recv() {
                    Ok(moved) => {
                        self.notice = moved.err();
                        let settings = &mut self.settings;
                        if !templates::is_draft(&path) {
                            settings.opened(&path);
                            settings.save();
                        }
                        if let Some((_, tab)) = self.tabs.iter_mut().find(|(it, _)| *it == id) {
                            tab.move_to(path, ctx, settings);
                            if tab.close_when_saved {
                                self.close(ctx, id);
                            }
                        }
                    }
                    Err(_) => self.tasks.push(Task::Moved(done, path, id)),
                },
                Task::Grouped(done, id) => match done.try_recv() {
                    Ok(Ok(done)) => {
                        if let Some((_, tab)) = self.tabs.iter_mut().find(|(it, _)| *it == id) {
                            let edits = ui::with_layout(tab.history.document(), done.edits);
                            tab.edit(done.label, edits, None);
                            if let Some(select) = done.select {
                                tab.shared.selection.only(&select);
                            }
                        }
                    }
                    Ok(Err(problem)) => self.notice = Some(problem),
                    Err(_) => self.tasks.push(Task::Grouped(done, id)),
                },
                Task::Brought(done, plan, id) => match done.try_recv() {
                    Ok(Ok(brought)) => {
                        if let Some((_, tab)) = self.tabs.iter_mut().find(|(it, _)| *it == id) {
                            let (label, edits) = plan.edits(tab.history.document(), &brought.names);
                            tab.shared.toast = brought.note().or(tab.shared.toast.take());
                            tab.edit(&label, edits, None);
                        }
                    }
                    Ok(Err(problem)) => self.notice = Some(problem),
                    Err(_) => self.tasks.push(Task::Brought(done, plan, id)),
                },
                Task::Adopted(done, id, at) => match done.try_recv() {
                    Ok(Ok(adopted)) => {
                        if let Some((_, tab)) = self.tabs.iter_mut().find(|(it, _)| *it == id) {
                            let edits = adopted.edits(tab.history.document(), at);
                            tab.edit(&adopted.label(), edits, None);
                            tab.read_again();
                        }
                    }
                    Ok(Err(problem)) => self.notice = Some(problem),
                    Err(_) => self.tasks.push(Task::Adopted(done, id, at)),
                },
                Task::Looked(done, id, at) => match done.try_recv() {
                    Ok(dropped) => self.dropped(ctx, id, at, dropped),
                    Err(_) => self.tasks.push(Task::Looked(done, id, at)),
                },
            }
        }
    }

    fn ask(&mut self, ctx: &egui::Context, id: u64, question: Question) {
        let repaint = repaint(ctx);
        self.dialog = Some((id, Dialog::open(question, repaint)));
    }

    fn folder(&self, id: u64) -> PathBuf {
        let tab = self.tabs.iter().find(|(it, _)| *it == id).map(|(_, tab)| tab);
        let folder = tab.filter(|tab| !templates::is_draft(&tab.path)).and_then(|tab| tab.path.parent());
        let home = || std::env::var_os("HOME").map(PathBuf::from);
        folder.map(Path::to_owned).or_else(|| std::env::current_dir().ok()).or_else(home).unwrap_or_default()
    }

    fn wish(&mut self, ctx: &egui::Context, id: u64, wish: Wish) {
        let graphs = || vec!["ron".to_owned()];
        let question = |purpose, title: &str, folder, name: &str, extensions| Question {
            purpose,
            title: title.to_owned(),
            folder,
            name: name.to_owned(),
            extensions,
        };
        match wish {
            Wish::New(template) => self.create(ctx, template),
            Wish::Open(path) => self.open(ctx, &path),
            Wish::Opened(path) => {
                if !templates::is_draft(&path) {
                    self.settings.opened(&path);
                    self.settings.save();
                }
            }
            Wish::AskOpen => {
                self.ask(ctx, id, question(Purpose::Open, "Open a graph", self.folder(id), "", graphs()));
            }
            Wish::AskSaveAs => {
                let tab = self.tabs.iter().find(|(it, _)| *it == id);
                let name = tab.and_then(|(_, tab)| tab.path.file_name()).unwrap_or_default().to_string_lossy();
                let asked = question(Purpose::SaveAs, "Save the graph as", self.folder(id), &name, graphs());
                self.ask(ctx, id, asked);
            }
            Wish::Pick { node, param, extensions, kind } => {
                let purpose = Purpose::Param { node, param, pick: kind };
                self.ask(ctx, id, question(purpose, "Choose", self.folder(id), "", extensions));
            }
            Wish::AskExport { item, port } => {
                let name = item.replace('/', "-");
                let purpose = Purpose::Export { item, port };
                self.ask(ctx, id, question(purpose, "Export", self.folder(id), &name, Vec::new()));
            }
            Wish::AskLedger => {
                let asked = question(
                    Purpose::Ledger,
                    "Export the ledger",
                    self.folder(id),
                    "ledger.csv",
                    vec!["csv".to_owned()],
                );
                self.ask(ctx, id, asked);
            }
            Wish::Drop { paths, at } => {
                let (graphs, media): (Vec<_>, Vec<_>) =
                    paths.into_iter().partition(|path| path.extension().is_some_and(|it| it == "ron"));
                graphs.iter().for_each(|path| self.open(ctx, path));
                if !media.is_empty() {
                    self.look(ctx, id, at.unwrap_or((40.0, 40.0)), media);
                }
            }
            Wish::Carried(answer) => {
                let Some(Offer { dropped, at }) = self.offer.take() else { return };
                match (answer, dropped.carried, dropped.workflow) {
                    (ui::Carried::Open, Some((film, carried)), _) => self.recover(ctx, film, carried),
                    (ui::Carried::Open, None, Some((file, workflow))) => {
                        let folder = self.workflows.clone();
                        let done = spawn(ctx, move || drops::adopt_blocking(&file, &workflow, folder));
                        self.tasks.push(Task::Adopted(done, id, at));
                    }
                    (ui::Carried::Import, _, _) => self.bring(ctx, id, drops::Plan::Nodes { at }, dropped.paths),
                    _ => {}
                }
            }
            Wish::Moved(path) => {
                if let Some((_, tab)) = self.tabs.iter().find(|(it, _)| *it == id) {
                    let (document, old, new) = (tab.history.document().clone(), tab.path.clone(), path.clone());
                    let done = spawn(ctx, move || templates::follow_blocking(&document, &old, &new));
                    self.tasks.push(Task::Moved(done, path, id));
                }
            }
            Wish::DropOn { node, param, paths, kind } => {
                self.bring(ctx, id, drops::Plan::Param { node, param, pick: kind }, paths);
            }
            Wish::Group { nodes } => {
                if let Some((_, tab)) = self.tabs.iter().find(|(it, _)| *it == id) {
                    let (document, path) = (tab.history.document().clone(), tab.path.clone());
                    let done = spawn(ctx, move || groups::group_blocking(&document, &path, &nodes));
                    self.tasks.push(Task::Grouped(done, id));
                }
            }
            Wish::Ungroup { node } => {
                if let Some((_, tab)) = self.tabs.iter().find(|(it, _)| *it == id) {
                    let (document, path) = (tab.history.document().clone(), tab.path.clone());
                    let done = spawn(ctx, move || groups::ungroup_blocking(&document, &path, &node));
                    self.tasks.push(Task::Grouped(done, id));
                }
            }
            Wish::ForgetRecent => {
                self.settings.recent.clear();
                self.settings.save();
            }
            Wish::Enter { node, file } => self.enter(ctx, id, node, &file),
            Wish::Leave(levels) => self.leave(ctx, id, levels),
            Wish::Answer(answer) => self.answered(ctx, id, answer),
            Wish::Close => self.close(ctx, id),
            Wish::Quit => {
                self.quitting = true;
                ctx.request_repaint();
            }
        }
    }

    /// Looks into files that were dropped on a tab, or on none.
    fn look(&mut self, ctx: &egui::Context, id: u64, at: (f32, f32), paths: Vec<PathBuf>) {
        let done = spawn(ctx, move || drops::look_blocking(paths));
        self.tasks.push(Task::Looked(done, id, at));
    }

    /// It is known what was dropped: a film that carries its graph is asked about where a document is open.
    fn dropped(&mut self, ctx: &egui::Context, id: u64, at: (f32, f32), dropped: drops::Dropped) {
        let tab = self.tabs.iter_mut().find(|(it, _)| *it == id).map(|(_, tab)| tab);
        let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        match (tab, &dropped.carried, &dropped.workflow) {
            (Some(tab), Some((film, carried)), _) => {
                tab.carried = Some(ui::Offered::Graph { file: name(film), graph: carried.graph.clone() });
                self.offer = Some(Offer { dropped, at });
            }
            (Some(tab), None, Some((file, _))) => {
                let model = format!("comfy/{}", drops::model_name(file));
                tab.carried = Some(ui::Offered::Workflow { file: name(file), model, is_read: drops::is_read(file) });
                self.offer = Some(Offer { dropped, at });
            }
            (Some(tab), None, None) => {
                let (read, other): (Vec<_>, Vec<_>) = dropped.paths.into_iter().partition(|path| drops::is_read(path));
                if let Some(other) = other.first() {
                    tab.shared.toast = Some(format!("No node reads {}", name(other)));
                }
                if !read.is_empty() {
                    self.bring(ctx, id, drops::Plan::Nodes { at }, read);
                }
            }
            (None, Some((film, carried)), _) => self.recover(ctx, film.clone(), carried.clone()),
            (None, None, _) => {
                let name = dropped.paths.first().map(|path| path.display().to_string()).unwrap_or_default();
                let problem = Diagnostic::error("no-graph", format!("{name} carries no graph"))
                    .hint("open a graph first, then drop the file on it to import it");
                self.notice = Some(problem);
            }
        }
    }

    /// Opens the graph that a film carries.
    fn recover(&mut self, ctx: &egui::Context, film: PathBuf, carried: Carried) {
        let done = spawn(ctx, move || templates::recover_blocking(&film, &carried));
        self.tasks.push(Task::Created(done));
    }

    /// Brings files into the project of a tab.
    fn bring(&mut self, ctx: &egui::Context, id: u64, plan: drops::Plan, paths: Vec<PathBuf>) {
        let Some((_, tab)) = self.tabs.iter().find(|(it, _)| *it == id) else { return };
        let folder = tab.path.parent().map(Path::to_owned).unwrap_or_default();
        let done = spawn(ctx, move || drops::bring_blocking(&folder, &paths));
        self.tasks.push(Task::Brought(done, plan, id));
    }

    fn chosen(&mut self, ctx: &egui::Context, id: u64, purpose: Purpose, paths: Vec<PathBuf>) {
        let Some(first) = paths.first().cloned() else { return };
        match purpose {
            Purpose::Open => self.open(ctx, &first),
            Purpose::SaveAs => {
                let path = if first.extension().is_none() { first.with_extension("ron") } else { first };
                if let Some((_, tab)) = self.tabs.iter_mut().find(|(it, _)| *it == id) {
                    tab.save(path);
                }
            }
            Purpose::Param { node, param, pick } => {
                self.bring(ctx, id, drops::Plan::Param { node, param, pick }, paths)
            }
            Purpose::Ledger => {
                if let Some((_, tab)) = self.tabs.iter_mut().find(|(it, _)| *it == id) {
                    tab.desk.send(desk::Request::Ledger { to: first });
                }
            }
            Purpose::Export { item, port } => {
                if let Some((_, tab)) = self.tabs.iter_mut().find(|(it, _)| *it == id) {
                    tab.desk.send(desk::Request::Export { item, port, to: first });
                }
            }
        }
    }

    /// Closes a tab, asking first where something is not saved.
    fn close(&mut self, ctx: &egui::Context, id: u64) {
        let Some(at) = self.tabs.iter().position(|(it, _)| *it == id) else { return };
        if self.tabs[at].1.is_dirty() {
            self.front = at;
            self.asking = Some(id);
            self.tabs[at].1.question = Some(if self.quitting { "quit" } else { "close it" }.to_owned());
            return;
        }
        self.remove(ctx, at);
    }

    fn remove(&mut self, ctx: &egui::Context, at: usize) {
        self.tabs[at].1.desk.send(desk::Request::Discard);
        self.tabs.remove(at);
        self.front = self.front.min(self.tabs.len().saturating_sub(1));
        ctx.request_repaint();
    }

    /// Asks about what is not saved, tab by tab; closes the window when nothing is left to ask.
    fn quit(&mut self, ctx: &egui::Context) {
        // The question is open, or its save is under way.
        let saving = self.tabs.iter().any(|(_, tab)| tab.close_when_saved);
        if self.asking.is_some() || saving {
            return;
        }
        if let Some((id, _)) = self.tabs.iter().find(|(_, tab)| tab.is_dirty()) {
            self.close(ctx, *id);
            return;
        }
        self.tabs.iter_mut().for_each(|(_, tab)| tab.desk.send(desk::Request::Discard));
        self.tabs.clear();
        ctx.send_viewport_cmd(egui::ViewportCommand::Close);
    }

    /// What somebody said to the question about unsaved changes.
    fn answered(&mut self, ctx: &egui::Context, id: u64, answer: ui::Answer) {
        self.asking = None;
        let Some(at) = self.tabs.iter().position(|(it, _)| *it == id) else { return };
        let tab = &mut self.tabs[at].1;
        tab.question = None;
        match answer {
            ui::Answer::Save => {
                tab.close_when_saved = true;
                // A draft asks for a name first; the window stays until it has one.
                if let Some(wish) = tab.execute(ui::Command::File(ui::FileCommand::Save)) {
                    self.wish(ctx, id, wish);
                }
            }
            ui::Answer::Discard => self.remove(ctx, at),
            ui::Answer::Cancel => self.quitting = false,
        }
    }

    /// Keeps what a tab changed that belongs to the user and not to the document.
    fn remember(&mut self, ctx: &egui::Context) {
        let Some((_, tab)) = self.tabs.get(self.front) else { return };
        let (shared, settings) = (&tab.shared, &mut self.settings);
        let held = ctx.input(|input| input.pointer.any_down());
        // While a border is dragged it is somewhere else in every frame.
        let arranged = held || settings.layout == *tab.editor.layout();
        let same = arranged
            && settings.preferences == shared.preferences
            && settings.toured == shared.tour_seen
            && settings.kinds == shared.recent_kinds
            && settings.preset == shared.keymap.preset
            && settings.keys == shared.keymap.own;
        if !same {
            settings.toured = shared.tour_seen;
            settings.kinds.clone_from(&shared.recent_kinds);
            settings.preset.clone_from(&shared.keymap.preset);
            settings.keys.clone_from(&shared.keymap.own);
            settings.preferences.clone_from(&shared.preferences);
            settings.layout.clone_from(tab.editor.layout());
            settings.save();
        }
    }

    /// The theme, given to the window where it or the scale has changed.
    fn theme(&mut self, ctx: &egui::Context) -> &'static Theme {
        let preferences = &mut self.settings.preferences;
        // The window's own keys zoom too; what they did is kept like the rest.
        if let Some((_, scale)) = self.themed
            && scale == preferences.scale
            && ctx.zoom_factor() != scale
        {
            preferences.scale = ctx.zoom_factor();
            self.themed = Some((preferences.light, preferences.scale));
            self.settings.save();
        }
        let preferences = &self.settings.preferences;
        let theme = Theme::of(if preferences.light { Shade::Light } else { Shade::Dark });
        let wanted = (preferences.light, preferences.scale);
        if self.themed != Some(wanted) {
            theme.apply(ctx);
            ctx.set_zoom_factor(preferences.scale);
            self.themed = Some(wanted);
        }
        theme
    }

    fn tab_bar(&mut self, ui: &mut egui::Ui) {
        let mut close = None;
        ui.horizontal(|ui| {
            for (at, (id, tab)) in self.tabs.iter().enumerate() {
                let label =
                    ui.selectable_label(at == self.front, tab.title()).on_hover_text(tab.path.display().to_string());
                if label.clicked() {
                    self.front = at;
                }
                let button = ui.small_button(ui::icons::text(ui::icons::Icon::X, 11.0)).on_hover_text("Close");
                button.widget_info(|| {
                    egui::WidgetInfo::labeled(egui::Role::Button, true, format!("Close {}", tab.title()))
                });
                if button.clicked() || label.middle_clicked() {
                    close = Some(*id);
                }
                ui.separator();
            }
        });
        if let Some(id) = close {
            self.close(ui.ctx(), id);
        }
    }
}

/// Runs blocking work on a thread and repaints when it is done.
fn spawn<T: Send + 'static>(ctx: &egui::Context, work: impl FnOnce() -> T + Send + 'static) -> Receiver<T> {
    let (send, done) = bounded(1);
    let repaint = repaint(ctx);
    let run = move || {
        // The window may have gone meanwhile.
        let _ = send.send(work());
        repaint();
    };
    // Where no thread starts the sender is dropped and the task never finishes: nothing is changed.
    let _ = std::thread::Builder::new().name("files".to_owned()).spawn(run);
    done
}

impl eframe::App for App {
    fn ui(&mut self, ui: &mut egui::Ui, _: &mut eframe::Frame) {
        let ((), took, place) = ui::watch::frame(|| self.frame(ui));
        trace::frame(took, place);
    }
}

impl App {
    fn frame(&mut self, ui: &mut egui::Ui) {
        let ctx = ui.ctx().clone();
        let theme = self.theme(&ctx);
        if ctx.input(|input| input.viewport().close_requested()) && self.tabs.iter().any(|(_, tab)| tab.is_dirty()) {
            ctx.send_viewport_cmd(egui::ViewportCommand::CancelClose);
            self.quitting = true;
        }
        self.finish_tasks(&ctx);
        if 1 < self.tabs.len() {
            egui::Panel::top("tabs").show(ui, |ui| self.tab_bar(ui));
        }
        let mut wishes = Vec::new();
        let mut title = "Throughline".to_owned();
        let crumbs = self.crumbs(self.front);
        if let Some((id, tab)) = self.tabs.get_mut(self.front) {
            tab.set_crumbs(crumbs);
            title = format!("{} \u{2014} {} \u{2014} Throughline", tab.title(), tab.path.display());
            let id = *id;
            let shown = ui.push_id(id, |ui| tab.show(ui, &self.settings, theme));
            wishes.extend(shown.inner.into_iter().map(|wish| (id, wish)));
            self.remember(&ctx);
        } else if self.tasks.is_empty() {
            wishes.extend(start::show(ui, &self.settings, theme).into_iter().map(|wish| (0, wish)));
        }
        // Every command to the window asks for another frame: only a new title is one.
        if title != self.title {
            ctx.send_viewport_cmd(egui::ViewportCommand::Title(title.clone()));
            self.title = title;
        }
        for (id, wish) in wishes {
            self.wish(&ctx, id, wish);
        }
        if let Some((id, mut dialog)) = self.dialog.take() {
            match dialog.show(&ctx) {
                Answer::Open => self.dialog = Some((id, dialog)),
                Answer::Cancelled => {
                    self.quitting = false;
                    self.tabs.iter_mut().for_each(|(_, tab)| tab.close_when_saved = false);
                }
                Answer::Chosen(purpose, paths) => self.chosen(&ctx, id, purpose, paths),
            }
        }
        if let Some(problem) = self.notice.clone() {
            let modal = egui::Modal::new(egui::Id::unique("notice")).show(&ctx, |ui| {
                ui.set_width(360.0);
                ui.heading("That did not work");
                ui.label(&problem.message);
                problem.hints.iter().for_each(|hint| drop(ui.weak(&**hint)));
                ui.button("OK").clicked()
            });
            if modal.inner || modal.should_close() {
                self.notice = None;
            }
        }
        if self.quitting {
            self.quit(&ctx);
        }
    }
}

#[cfg(test)]
mod tests;
