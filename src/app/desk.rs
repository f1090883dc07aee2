//! The session's thread: it takes edits and commands, pumps the engine, and publishes what the window shows.
//!
//! The window never waits for it: requests go through a bounded queue that the window empties into when there is
//! room, and the view is swapped whole. One thread a document, so that the engine has one owner.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};
use engine::caps::Caps;
use engine::demand::Target;
use engine::engine::Approval;
use engine::state::State;
use engine::store::{JournalId, Store};
use model::{Diagnostic, Document, Edit};
use providers::{Catalog, Previews};
use ui::view::RunView;
use ui::{Ask, Command, Settlement};

use super::autosave;
use super::publish::Publisher;
use super::thread;
use crate::export;
use crate::jobs::{self, Outcome};
use crate::project::{Edited, Project, write_atomic};
use crate::session::{Access, Options, Session, target_name};

/// How long edits rest before live mode runs: two frames, so that a drag runs once it rests. Letters come further apart
/// than any wait that could not be felt.
const DEBOUNCE: Duration = Duration::from_millis(30);
/// How often files on disk are looked at.
const LOOK: Duration = Duration::from_secs(1);
/// How often an unsaved document is saved beside itself.
const AUTOSAVE: Duration = Duration::from_secs(5);
/// The view is published at most so often while a run goes on.
const FRAME: Duration = Duration::from_millis(33);

/// What the window asks of the thread.
pub(super) enum Request {
    /// An edit that the window's document has taken already.
    Edit {
        edits: Vec<Edit>,
        revision: u64,
        dirty: bool,
    },
    Command(Command),
    /// Takes another document in place of the one that was read.
    Replace(Box<Document>),
    /// What somebody looks at: live mode makes it first.
    Watch(Vec<String>),
    /// Writes the document to its file, or to another one, which becomes its file.
    Save {
        to: PathBuf,
    },
    /// Writes an item's file, or what a port shows, to a path.
    Export {
        item: String,
        port: String,
        to: PathBuf,
    },
    /// The document lies elsewhere now: ends the thread and lets go of the store, so that it can be moved.
    Leave {
        to: PathBuf,
    },
    /// Writes the ledger as CSV.
    Ledger {
        to: PathBuf,
    },
    /// The document was closed on purpose: what autosave kept is not needed.
    Discard,
    /// Something happened in a lane.
    Wake,
}

/// What the thread tells the window, beside the view.
pub(super) enum News {
    Opened(Box<Opened>),
    /// The graph cannot be opened at all.
    Refused(Vec<Diagnostic>),
    Saved(PathBuf),
    /// The thread has ended and holds nothing any more; the document is to be opened there.
    Left(PathBuf),
    Exported(PathBuf),
    /// Something that was asked for did not work.
    Problem(Box<Diagnostic>),
    /// Another program wrote the graph's file.
    ChangedOnDisk,
}

/// A document as it was read.
pub(super) struct Opened {
    pub(super) document: Document,
    pub(super) recovered: bool,
    pub(super) store: Arc<Store>,
    pub(super) folder: PathBuf,
    pub(super) previews: Arc<Previews>,
}

/// The window's end of the thread.
pub(super) struct Desk {
    requests: Sender<Request>,
    waiting: VecDeque<Request>,
    shared: Arc<Shared>,
}

struct Shared {
    view: Mutex<Arc<RunView>>,
    news: Mutex<Vec<News>>,
    repaint: Box<dyn Fn() + Send + Sync>,
}

impl Shared {
    fn tell(&self, news: News) {
        self.news.lock().unwrap_or_else(PoisonError::into_inner).push(news);
        (self.repaint)();
    }

    fn show(&self, view: RunView) {
        *self.view.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(view);
        (self.repaint)();
    }
}

impl Desk {
    /// Opens a graph on a thread of its own; the answer comes as news.
    pub(super) fn open(path: PathBuf, live: Live, repaint: Box<dyn Fn() + Send + Sync>) -> Desk {
        let (requests, inbox) = bounded(256);
        let shared = Arc::new(Shared { view: Mutex::default(), news: Mutex::default(), repaint });
        let (theirs, wake) = (shared.clone(), requests.clone());
        let thread = std::thread::Builder::new().name("session".to_owned());
        let spawned = thread.spawn(move || match Clerk::open(&path, live, &theirs, wake) {
            Ok(clerk) => clerk.work(&inbox),
            Err(problems) => theirs.tell(News::Refused(problems)),
        });
        if let Err(error) = spawned {
            shared.tell(News::Refused(vec![Diagnostic::error("no-thread", format!("no thread starts: {error}"))]));
        }
        Desk { requests, waiting: VecDeque::new(), shared }
    }

    /// Sends a request, or keeps it until there is room: the window never waits.
    pub(super) fn send(&mut self, request: Request) {
        self.waiting.push_back(request);
        self.flush();
    }

    /// Sends what waits.
    pub(super) fn flush(&mut self) {
        while let Some(request) = self.waiting.pop_front() {
            if let Err(TrySendError::Full(request)) = self.requests.try_send(request) {
                self.waiting.push_front(request);
                return;
            }
        }
    }

    /// The newest view.
    pub(super) fn view(&self) -> Arc<RunView> {
        self.shared.view.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// News since the last call.
    pub(super) fn news(&self) -> Vec<News> {
        std::mem::take(&mut *self.shared.news.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Whether free work runs by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Live {
    On,
    Off,
}

/// What the thread owns.
struct Clerk {
    session: Session,
    publisher: Publisher,
    shared: Arc<Shared>,
    live: Live,
    watch: Vec<String>,
    /// When live mode is due.
    due: Option<Instant>,
    /// A run that somebody asked for: its outputs are written when it ends.
    asked: Option<Vec<Target>>,
    /// Targets of the last run that somebody asked for, by name: they may be gone by now.
    last: Option<Vec<String>>,
    /// Where the document lies from now on, once this thread has ended.
    leaving: Option<PathBuf>,
    /// Live mode has made what somebody looks at, and goes on with the rest.
    rest: bool,
    running: bool,
    autosave: autosave::Autosave,
    looked: Instant,
    published: Instant,
    stale: bool,
}

impl Clerk {
    fn open(path: &Path, live: Live, shared: &Arc<Shared>, wake: Sender<Request>) -> Result<Clerk, Vec<Diagnostic>> {
        thread::may_block();
        let mut project = Project::open(path)?;
        let recovered = autosave::recover(path, &project.source);
        if let Some(document) = &recovered {
            project.replace(document.clone());
        }
        let options = Options { access: Access::Write, ..Options::default() };
        let wake = Arc::new(move || {
            // A full queue has something to wake up for already.
            let _ = wake.try_send(Request::Wake);
        });
        let session = Session::open_waking(project, &options, wake).map_err(|problem| vec![problem])?;
        shared.tell(News::Opened(Box::new(Opened {
            document: session.project.written.clone(),
            recovered: recovered.is_some(),
            store: session.store.clone(),
            folder: session.project.folder(),
            previews: session.previews.clone(),
        })));
        let now = Instant::now();
        let mut clerk = Clerk {
            publisher: Publisher::new(now),
            autosave: autosave::Autosave::new(path),
            session,
            shared: shared.clone(),
            live,
            watch: Vec::new(),
            due: (live == Live::On).then_some(now),
            asked: None,
            last: None,
            leaving: None,
            rest: false,
            running: false,
            looked: now,
            published: now,
            stale: true,
        };
        clerk.publisher.rebuild(&mut clerk.session);
        clerk.publish();
        clerk.publisher.look_up_models(&clerk.session.project.folder());
        clerk.stale = true;
        Ok(clerk)
    }

    /// Works until the window goes.
    fn work(mut self, inbox: &Receiver<Request>) {
        loop {
            let wait = self.wait();
            match inbox.recv_timeout(wait) {
                Ok(request) => {
                    self.take(request);
                    while let Ok(request) = inbox.try_recv() {
                        self.take(request);
                    }
                }
                Err(crossbeam_channel::RecvTimeoutError::Timeout) => {}
                Err(crossbeam_channel::RecvTimeoutError::Disconnected) => break,
            }
            if self.leaving.is_some() {
                break;
            }
            self.tick();
        }
        self.session.engine.cancel();
        let (shared, leaving) = (self.shared.clone(), self.leaving.take());
        drop(self);
        if let Some(to) = leaving {
            shared.tell(News::Left(to));
        }
    }

    fn wait(&self) -> Duration {
        let now = Instant::now();
        let due = self.due.map(|due| due.saturating_duration_since(now));
        let late = self.stale.then(|| FRAME.saturating_sub(self.published.elapsed()));
        [due, late].into_iter().flatten().fold(LOOK.saturating_sub(self.looked.elapsed()), Duration::min)
    }

    fn tick(&mut self) {
        let goes_on = self.session.engine.pump(Duration::ZERO);
        self.stale |= self.publisher.take(&mut self.session);
        if self.running && !goes_on {
            self.running = false;
            self.stale = true;
            self.ended();
        }
        if self.due.is_some_and(|due| due <= Instant::now()) {
            self.due = None;
            self.start_live();
        }
        if LOOK <= self.looked.elapsed() {
            self.looked = Instant::now();
            self.look();
        }
        if self.stale && FRAME <= self.published.elapsed() {
            self.publish();
        }
    }

    fn publish(&mut self) {
        self.stale = false;
        self.published = Instant::now();
        let live = self.live == Live::On;
        let view = self.publisher.view(&mut self.session, self.running, live);
        self.shared.show(view);
    }

    fn take(&mut self, request: Request) {
        self.stale = true;
        match request {
            Request::Edit { edits, revision, dirty } => self.edit(&edits, revision, dirty),
            Request::Command(command) => self.command(command),
            Request::Replace(document) => {
                self.session.project.replace(*document);
                self.session.engine.replaced(&self.session.project.document);
                self.publisher.rebuild(&mut self.session);
                self.autosave.mark(true);
                self.touch_live();
            }
            Request::Watch(watch) => {
                if watch != self.watch {
                    self.watch = watch;
                    self.touch_live();
                }
            }
            Request::Save { to } => self.save(&to),
            Request::Export { item, port, to } => {
                let news = match self.export(&item, &port, &to) {
                    Ok(()) => News::Exported(to),
                    Err(problem) => News::Problem(Box::new(problem)),
                };
                self.shared.tell(news);
            }
            Request::Leave { to } => self.leaving = Some(to),
            Request::Ledger { to } => {
                let written = self.session.store.ledger().map(|entries| crate::ledger::csv(&entries));
                let written = written.and_then(|text| write_atomic(&to, text.as_bytes()));
                let news = written.map_or_else(|problem| News::Problem(Box::new(problem)), |()| News::Exported(to));
                self.shared.tell(news);
            }
            Request::Discard => self.autosave.remove(),
            Request::Wake => {}
        }
    }

    fn edit(&mut self, edits: &[Edit], revision: u64, dirty: bool) {
        let edited = self.session.project.edit(edits);
        let document = &self.session.project.document;
        match edited {
            Ok(Edited::Described(applied)) => self.session.engine.edited(document, &applied),
            Ok(Edited::Expanded) => self.session.engine.replaced(document),
            Err(problem) => {
                self.shared.tell(News::Problem(Box::new(problem)));
                return;
            }
        }
        self.publisher.revision = revision;
        if edits.iter().any(|edit| matches!(edit, Edit::SetSetting { .. })) {
            self.publisher.look_at_money(&self.session);
        }
        self.publisher.rebuild(&mut self.session);
        self.autosave.mark(dirty);
        if edits.iter().any(|edit| !matches!(edit, Edit::SetLayout { .. })) {
            self.touch_live();
        }
    }

    fn touch_live(&mut self) {
        if self.live == Live::On && self.asked.is_none() {
            self.due = Some(Instant::now() + DEBOUNCE);
        }
    }

    /// Starts what somebody looks at; the rest follows when that is there. Nothing paid runs: nothing is approved.
    fn start_live(&mut self) {
        let targets: Vec<Target> = self.watch.iter().flat_map(|name| self.session.known_targets(name)).collect();
        self.rest = targets.is_empty();
        let targets = if self.rest { self.session.targets(&[]).unwrap_or_default() } else { targets };
        self.start(targets, Approval::default());
    }

    fn start(&mut self, targets: Vec<Target>, approval: Approval) {
        self.publisher.started(&targets);
        self.session.engine.start(targets, approval);
        self.running = true;
    }

    /// A run has ended.
    fn ended(&mut self) {
        match self.asked.take() {
            Some(targets) => {
                if let Err(problems) = self.session.commit(&targets, None) {
                    problems.into_iter().for_each(|problem| self.shared.tell(News::Problem(Box::new(problem))));
                }
                self.touch_live();
            }
            None if self.live == Live::On && !self.rest && self.due.is_none() => {
                self.rest = true;
                let targets = self.session.targets(&[]).unwrap_or_default();
                self.start(targets, Approval::default());
            }
            None => {}
        }
    }

    fn command(&mut self, command: Command) {
        match command {
            Command::Run { targets, approval } => match self.session.targets(&targets) {
                Ok(targets) => {
                    let items = approval.items.into_iter().collect();
                    self.asked = Some(targets.clone());
                    self.last = Some(targets.iter().map(target_name).collect());
                    self.due = None;
                    let approval = self.session.approval(approval.budget, items, &Caps::default());
                    let approval = approval.unwrap_or_else(|problem| {
                        self.shared.tell(News::Problem(Box::new(problem)));
                        Approval::default()
                    });
                    self.start(targets, approval);
                }
                Err(problem) => self.shared.tell(News::Problem(Box::new(problem))),
            },
            Command::Stop => {
                self.asked = None;
                self.rest = true;
                self.due = None;
                self.session.engine.cancel();
            }
            Command::CancelItem(item) => {
                if let Some(at) = self.session.engine.find_item(&item) {
                    self.session.engine.cancel_item(at);
                }
            }
            Command::Retry => {
                let targets = self.failed_targets();
                self.asked = Some(targets.clone());
                self.due = None;
                self.start(targets, Approval::default());
            }
            Command::SetLive(on) => {
                self.live = if on { Live::On } else { Live::Off };
                self.touch_live();
            }
            Command::NoteTake { item, take, note } => {
                if let Err(problem) = self.session.note_take(&item, take, &note) {
                    self.shared.tell(News::Problem(Box::new(problem)));
                }
                self.publisher.answer(&self.session, &Ask::Takes(item));
            }
            Command::Settle { job, outcome } => {
                let outcome = match outcome {
                    Settlement::Runs(remote) => Outcome::Runs(remote),
                    Settlement::Nothing => Outcome::Nothing,
                    Settlement::Billed(microusd) => Outcome::Billed(microusd),
                };
                match jobs::settle(&self.session.store, &Catalog::system(), JournalId(job), &outcome) {
                    Ok(said) => self.publisher.say(said),
                    Err(problem) => self.shared.tell(News::Problem(Box::new(problem))),
                }
                self.publisher.look_at_money(&self.session);
            }
            Command::Ask(ask) => self.publisher.answer(&self.session, &ask),
            // The window's own: it never sends them on.
            Command::Roll { .. }
            | Command::Edit { .. }
            | Command::Undo
            | Command::Redo
            | Command::JumpTo(_)
            | Command::File(_) => {}
            Command::Quit => {}
        }
    }

    /// What failed, and what somebody asked for last: the rest of that waits for it.
    fn failed_targets(&self) -> Vec<Target> {
        let engine = &self.session.engine;
        let items = engine.node_ids().flat_map(|node| engine.items(node));
        let failed = items.filter(|item| matches!(item.state, State::Failed(_))).map(|item| item.name);
        let asked = self.last.iter().flatten().cloned();
        let mut targets: Vec<Target> = Vec::new();
        for target in asked.chain(failed).flat_map(|name| self.session.known_targets(&name)) {
            if !targets.contains(&target) {
                targets.push(target);
            }
        }
        targets
    }

    fn save(&mut self, to: &Path) {
        thread::may_block();
        let project = &mut self.session.project;
        let text = project.source.print(&project.written);
        let saved = write_atomic(to, text.as_bytes()).and_then(|()| {
            let name = to.display().to_string();
            let loaded = Document::parse(&name, &text).map_err(|mut found| found.swap_remove(0))?;
            project.source = loaded.source;
            Ok(())
        });
        match saved {
            Ok(()) => {
                self.autosave.saved();
                self.shared.tell(News::Saved(to.to_owned()));
            }
            Err(problem) => self.shared.tell(News::Problem(Box::new(problem))),
        }
    }

    fn export(&self, item: &str, port: &str, to: &Path) -> Result<(), Diagnostic> {
        let unknown = || Diagnostic::error("nothing-to-export", format!("`{item}` has no result at `{port}` yet"));
        let at = self.session.engine.find_item(item).ok_or_else(unknown)?;
        let value = self.session.engine.value(at, port).ok_or_else(unknown)?;
        let carried = export::carried(&self.session, item);
        export::write(&self.session, to, value, carried.as_ref()).map(|_| ())
    }

    /// Looks at the disk: the graph's file, the files that it reads, and whether to keep a copy.
    fn look(&mut self) {
        if self.autosave.changed_on_disk() {
            self.shared.tell(News::ChangedOnDisk);
        }
        let project = &self.session.project;
        let text = || project.source.print(&project.written);
        if let Err(problem) = self.autosave.keep(AUTOSAVE, text) {
            self.shared.tell(News::Problem(Box::new(problem)));
        }
        if self.session.project.refresh_groups() {
            self.session.engine.replaced(&self.session.project.document);
            self.publisher.rebuild(&mut self.session);
            self.stale = true;
            self.touch_live();
        }
        self.session.engine.refresh();
        if self.publisher.take(&mut self.session) {
            self.stale = true;
            self.touch_live();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A graph with a node that works and one whose file is missing.
    const GRAPH: &str = r#"(
    throughline: 1,
    nodes: {
        "good": (kind: "prompt.text", version: 1, params: { "text": "a lamp" }),
        "bad": (kind: "import.image", version: 1, params: { "file": "missing.png" }),
    },
)"#;

    #[test]
    fn a_retry_is_of_what_failed_and_of_what_was_asked_for() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("g.ron");
        std::fs::write(&path, GRAPH).unwrap();
        let shared = Arc::new(Shared { view: Mutex::default(), news: Mutex::default(), repaint: Box::new(|| {}) });
        let (wake, inbox) = bounded(16);
        let mut clerk = Clerk::open(&path, Live::Off, &shared, wake).unwrap_or_else(|problems| panic!("{problems:?}"));
        let names = |clerk: &Clerk| clerk.failed_targets().iter().map(target_name).collect::<Vec<_>>();
        let run = |targets: &[&str]| Command::Run {
            targets: targets.iter().map(|it| (*it).to_owned()).collect(),
            approval: ui::Approval::default(),
        };
        let settle = |clerk: &mut Clerk, command| {
            clerk.command(command);
            clerk.tick();
            while clerk.running {
                // A limit that only a hang reaches.
                let request = inbox.recv_timeout(Duration::from_secs(60)).unwrap();
                clerk.take(request);
                clerk.tick();
            }
        };
        settle(&mut clerk, run(&["bad"]));
        assert_eq!(names(&clerk), ["bad"]);
        settle(&mut clerk, run(&["good"]));
        assert_eq!(names(&clerk), ["good", "bad"], "the outputs, of which there are none, are not what is meant");
        std::fs::copy(
            Path::new(env!("CARGO_MANIFEST_DIR")).join("graphs/refs/mara.png"),
            folder.path().join("missing.png"),
        )
        .unwrap();
        settle(&mut clerk, Command::Retry);
        assert_eq!(names(&clerk), ["good"], "nothing failed any more");
        let bad = clerk.session.engine.find_item("bad").unwrap();
        assert!(matches!(clerk.session.engine.item(bad).state, State::Done), "it is made now");
    }
}
