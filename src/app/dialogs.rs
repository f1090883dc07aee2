//! File dialogs: the desktop's own through `rfd`, on a thread so that the window goes on; where no portal answers, a
//! plain browser in the window.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, TryRecvError, bounded};
use ui::Pick;

use super::thread;

/// What a dialog is for.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Purpose {
    Open,
    SaveAs,
    Param { node: String, param: String, pick: Pick },
    Export { item: String, port: String },
    Ledger,
}

/// What a dialog asks for.
#[derive(Clone, Debug)]
pub(super) struct Question {
    pub(super) purpose: Purpose,
    pub(super) title: String,
    pub(super) folder: PathBuf,
    /// The name that is proposed for a new file.
    pub(super) name: String,
    /// Without the dot; all files where there are none.
    pub(super) extensions: Vec<String>,
}

impl Question {
    fn writes(&self) -> bool {
        matches!(self.purpose, Purpose::SaveAs | Purpose::Export { .. } | Purpose::Ledger)
    }

    fn pick(&self) -> Pick {
        match self.purpose {
            Purpose::Param { pick, .. } => pick,
            _ => Pick::File,
        }
    }
}

/// A dialog that is open.
pub(super) struct Dialog {
    question: Question,
    stage: Stage,
}

enum Stage {
    Desktop(Receiver<Option<Vec<PathBuf>>>, Instant),
    Own(Browser),
}

/// How a dialog stands.
pub(super) enum Answer {
    Open,
    Cancelled,
    Chosen(Purpose, Vec<PathBuf>),
}

/// A portal that says no so soon is none: nobody reads a dialog in this time.
const TOO_SOON: Duration = Duration::from_millis(400);

impl Dialog {
    /// Opens one; `repaint` is called when there is an answer.
    pub(super) fn open(question: Question, repaint: Box<dyn Fn() + Send>) -> Dialog {
        let has_desktop = std::env::var_os("DBUS_SESSION_BUS_ADDRESS").is_some();
        if !has_desktop || std::env::var_os("THROUGHLINE_OWN_DIALOGS").is_some() {
            let stage = Stage::Own(Browser::new(&question, repaint));
            return Dialog { question, stage };
        }
        let (send, answer) = bounded(1);
        let asked = question.clone();
        let ask = move || {
            // The window may have gone meanwhile.
            let _ = send.send(desktop_blocking(&asked));
            repaint();
        };
        // A thread that does not start drops its sender, and the own browser opens.
        let _ = std::thread::Builder::new().name("dialog".to_owned()).spawn(ask);
        Dialog { question, stage: Stage::Desktop(answer, Instant::now()) }
    }

    /// Draws the own browser, if it is that, and looks for an answer.
    pub(super) fn show(&mut self, ctx: &egui::Context) -> Answer {
        match &mut self.stage {
            Stage::Desktop(answer, since) => match answer.try_recv() {
                Ok(Some(paths)) => Answer::Chosen(self.question.purpose.clone(), paths),
                Ok(None) if TOO_SOON < since.elapsed() => Answer::Cancelled,
                Err(TryRecvError::Empty) => Answer::Open,
                Ok(None) | Err(TryRecvError::Disconnected) => {
                    let repaint = ctx.clone();
                    let repaint = Box::new(move || repaint.request_repaint());
                    self.stage = Stage::Own(Browser::new(&self.question, repaint));
                    ctx.request_repaint();
                    Answer::Open
                }
            },
            Stage::Own(browser) => match browser.show(ctx, &self.question) {
                Some(paths) if paths.is_empty() => Answer::Cancelled,
                Some(paths) => Answer::Chosen(self.question.purpose.clone(), paths),
                None => Answer::Open,
            },
        }
    }
}

fn desktop_blocking(question: &Question) -> Option<Vec<PathBuf>> {
    thread::may_block();
    let mut dialog = rfd::FileDialog::new().set_title(&question.title).set_directory(&question.folder);
    if !question.extensions.is_empty() {
        dialog = dialog.add_filter(question.extensions.join(", "), &question.extensions);
    }
    if question.writes() {
        return dialog.set_file_name(&question.name).save_file().map(|path| vec![path]);
    }
    match question.pick() {
        Pick::File => dialog.pick_file().map(|path| vec![path]),
        Pick::Files => dialog.pick_files(),
        Pick::Folder => dialog.pick_folder().map(|path| vec![path]),
    }
}

/// Files of a folder in the window. Folders are read on a thread.
struct Browser {
    folder: PathBuf,
    entries: Vec<(String, bool)>,
    name: String,
    chosen: Vec<String>,
    reading: Option<Receiver<Vec<(String, bool)>>>,
    focused: bool,
}

/// Most entries of a folder that are listed.
const ENTRIES: usize = 5000;

impl Browser {
    fn new(question: &Question, repaint: Box<dyn Fn() + Send>) -> Browser {
        let folder = std::path::absolute(&question.folder).unwrap_or_else(|_| question.folder.clone());
        let mut browser = Browser {
            folder,
            entries: Vec::new(),
            name: question.name.clone(),
            chosen: Vec::new(),
            reading: None,
            focused: false,
        };
        browser.read(question, repaint);
        browser
    }

    fn read(&mut self, question: &Question, repaint: Box<dyn Fn() + Send>) {
        let (send, answer) = bounded(1);
        let (folder, extensions) = (self.folder.clone(), question.extensions.clone());
        let read = move || {
            let _ = send.send(list_blocking(&folder, &extensions));
            repaint();
        };
        let _ = std::thread::Builder::new().name("folder".to_owned()).spawn(read);
        self.reading = Some(answer);
        self.chosen.clear();
    }

    /// The chosen paths once there are any; none of them where it was cancelled.
    fn show(&mut self, ctx: &egui::Context, question: &Question) -> Option<Vec<PathBuf>> {
        if let Some(entries) = self.reading.as_ref().and_then(|reading| reading.try_recv().ok()) {
            self.entries = entries;
            self.reading = None;
        }
        let mut answer = None;
        let mut enter = None;
        let modal = egui::Modal::new(egui::Id::unique("browser")).show(ctx, |ui| {
            ui.set_width(520.0);
            ui.heading(&question.title);
            ui.horizontal(|ui| {
                if ui.button("Up").clicked() {
                    enter = self.folder.parent().map(Path::to_owned);
                }
                ui.label(self.folder.display().to_string());
            });
            egui::ScrollArea::vertical().max_height(300.0).auto_shrink([false, false]).show_rows(
                ui,
                20.0,
                self.entries.len(),
                |ui, rows| {
                    for (name, is_folder) in &self.entries[rows] {
                        let label = if *is_folder { format!("{name}/") } else { name.clone() };
                        let row = ui.selectable_label(self.chosen.contains(name) || self.name == *name, label);
                        if row.double_clicked() && !is_folder {
                            answer = Some(vec![self.folder.join(name)]);
                        } else if row.clicked() && *is_folder {
                            enter = Some(self.folder.join(name));
                        } else if row.clicked() && question.pick() == Pick::Files {
                            match self.chosen.iter().position(|it| it == name) {
                                Some(at) => drop(self.chosen.remove(at)),
                                None => self.chosen.push(name.clone()),
                            }
                        } else if row.clicked() {
                            self.name.clone_from(name);
                        }
                    }
                },
            );
            let field =
                ui.add(egui::TextEdit::singleline(&mut self.name).hint_text("Name or path").desired_width(500.0));
            let label = if question.writes() { "File name" } else { "File" };
            field.widget_info(|| egui::WidgetInfo::text_edit(true, "", &self.name, label));
            if !std::mem::replace(&mut self.focused, true) {
                field.request_focus();
            }
            let entered = field.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter));
            ui.horizontal(|ui| {
                let action = if question.writes() { "Save" } else { "Choose" };
                if ui.button(action).clicked() || entered {
                    answer = Some(self.paths(question));
                }
                if ui.button("Cancel").clicked() {
                    answer = Some(Vec::new());
                }
            });
        });
        if modal.should_close() {
            return Some(Vec::new());
        }
        if let Some(folder) = enter {
            self.folder = folder;
            let repaint = ctx.clone();
            self.read(question, Box::new(move || repaint.request_repaint()));
        }
        answer.filter(|paths| !paths.is_empty() || self.name.is_empty() || question.pick() != Pick::File)
    }

    fn paths(&self, question: &Question) -> Vec<PathBuf> {
        match question.pick() {
            Pick::Folder => vec![self.folder.clone()],
            Pick::Files if !self.chosen.is_empty() => self.chosen.iter().map(|name| self.folder.join(name)).collect(),
            // Joining an absolute path gives that path: a typed path works too.
            _ if !self.name.is_empty() => vec![self.folder.join(&self.name)],
            _ => Vec::new(),
        }
    }
}

/// Folders first, then files of the right types, by name.
fn list_blocking(folder: &Path, extensions: &[String]) -> Vec<(String, bool)> {
    thread::may_block();
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let fits = |name: &str| {
        let extension = Path::new(name).extension().map(|it| it.to_string_lossy().to_lowercase());
        extensions.is_empty() || extension.is_some_and(|it| extensions.contains(&it))
    };
    let mut found: Vec<_> = entries
        .flatten()
        .map(|entry| (entry.file_name().to_string_lossy().into_owned(), entry.path().is_dir()))
        .filter(|(name, is_folder)| !name.starts_with('.') && (*is_folder || fits(name)))
        .take(ENTRIES)
        .collect();
    found.sort_by_key(|(name, is_folder)| (!is_folder, name.to_lowercase()));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_come_first_and_other_types_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("refs")).unwrap();
        for name in ["b.RON", "a.ron", "c.png", ".hidden.ron"] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        let found = list_blocking(folder.path(), &["ron".to_owned()]);
        let names: Vec<_> = found.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["refs", "a.ron", "b.RON"]);
    }
}
