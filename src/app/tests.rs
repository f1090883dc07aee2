//! Files dropped on the window, through the whole of it: the toolkit's event in, the document out.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, bounded};
use egui::{Context, RawInput, Rect, pos2};
use model::{Data, Document};
use ui::Offered;

use super::App;
use crate::carried::Carried;
use crate::project::Project;

/// Only a hang takes so long.
const LIMIT: Duration = Duration::from_secs(60);

const WORKFLOW: &str = r#"{
    "1": { "class_type": "EmptyImage", "inputs": { "width": 64 } },
    "2": { "class_type": "SaveImage", "inputs": { "images": ["1", 0], "filename_prefix": "x" } }
}"#;

#[derive(Debug)]
struct Dropped(PathBuf);

impl egui::DroppedFile for Dropped {
    fn path(&self) -> &Path {
        &self.0
    }
    fn bytes(&self) -> Result<Vec<u8>, String> {
        fs::read(&self.0).map_err(|error| error.to_string())
    }
}

/// The program's window without a screen, with one graph open.
struct Window {
    app: App,
    ctx: Context,
    woken: Receiver<()>,
    folder: tempfile::TempDir,
}

impl Window {
    fn new() -> Window {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("film")).unwrap();
        let graph = folder.path().join("film/tea.ron");
        fs::write(&graph, model::fixture::graph("a: prompt.text text=\"tea\"").to_text()).unwrap();
        let (wake, woken) = bounded(1);
        let ctx = Context::default();
        ctx.set_request_repaint_callback(move |_| {
            // One that waits is enough.
            let _ = wake.try_send(());
        });
        let mut app = App::new(&ctx, Some(&graph));
        app.settings.toured = true;
        app.workflows = Some(folder.path().join("models"));
        let mut window = Window { app, ctx, woken, folder };
        window.until("the graph is open", |app| app.tabs[0].1.history.document().nodes.contains_key("a"));
        window
    }

    fn frame(&mut self, dropped: &[PathBuf]) {
        let input = RawInput {
            screen_rect: Some(Rect::from_min_max(pos2(0.0, 0.0), pos2(1280.0, 720.0))),
            dropped_files: dropped.iter().map(|path| Arc::new(Dropped(path.clone())) as _).collect(),
            ..RawInput::default()
        };
        let mut output = self.ctx.run_ui(input, |ui| self.app.frame(ui));
        output.textures_delta.clear();
    }

    /// Draws frames until something is so.
    #[track_caller]
    fn until(&mut self, what: &str, is: impl Fn(&App) -> bool) {
        let end = Instant::now() + LIMIT;
        while !is(&self.app) {
            assert!(Instant::now() < end, "it never happened: {what}");
            self.frame(&[]);
            // Whatever goes on elsewhere asks for a frame when it is done.
            let _ = self.woken.recv_timeout(Duration::from_millis(100));
        }
    }

    /// A file outside the project, dropped on the window.
    fn drop_file(&mut self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        self.frame(std::slice::from_ref(&path));
        path
    }

    fn document(&self) -> &Document {
        document(&self.app)
    }

    fn answer(&mut self, answer: ui::Carried) {
        let ctx = self.ctx.clone();
        let (id, tab) = &mut self.app.tabs[0];
        let (id, wish) = (*id, tab.execute(ui::Command::File(ui::FileCommand::Carried(answer))));
        self.app.wish(&ctx, id, wish.unwrap());
    }
}

fn document(app: &App) -> &Document {
    app.tabs[0].1.history.document()
}

fn picture() -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("graphs/refs/dusk.png")).unwrap()
}

/// A picture as ComfyUI saves it.
fn of_comfy() -> Vec<u8> {
    let text = [b"prompt\0", WORKFLOW.as_bytes()].concat();
    let chunk = [&(text.len() as u32).to_be_bytes()[..], b"tEXt", &text, b"crc!"].concat();
    let picture = picture();
    // Behind the signature and the header, which has 25 bytes.
    [&picture[..33], &chunk, &picture[33..]].concat()
}

#[test]
fn media_become_nodes_and_graphs_tabs() {
    let mut window = Window::new();
    window.drop_file("dusk.png", &picture());
    window.until("a node reads it", |app| document(app).nodes.len() == 2);
    let node = &window.document().nodes[1];
    assert_eq!((node.kind.as_str(), node.params["file"].as_text()), ("import.image", Some("media/dusk.png")));
    window.drop_file("notes.xyz", b"what is this");
    window.until("it is said", |app| app.tabs[0].1.shared.toast.as_deref() == Some("No node reads notes.xyz"));
    let other = model::fixture::graph("b: prompt.text text=\"milk\"").to_text();
    let graph = window.drop_file("milk.ron", other.as_bytes());
    window.until("it is a tab", |app| app.tabs.len() == 2 && app.tabs[1].1.path == graph);
}

#[test]
fn a_finished_file_gives_its_graph_back() {
    let mut window = Window::new();
    let graph = window.folder.path().join("film/tea.ron");
    let carried = Carried::of(&Project::open(&graph).unwrap()).unwrap();
    let film = window.folder.path().join("film/still.png");
    fs::write(&film, picture()).unwrap();
    assert!(carried.at("still").put(&film, "png").unwrap());
    window.frame(std::slice::from_ref(&film));
    let offered = Offered::Graph { file: "still.png".to_owned(), graph: "tea.ron".to_owned() };
    window.until("it is asked", |app| app.tabs[0].1.carried.as_ref() == Some(&offered));
    window.answer(ui::Carried::Import);
    window.until("a node reads it", |app| document(app).nodes.len() == 2);
    assert_eq!(window.document().nodes[1].params["file"].as_text(), Some("still.png"));
    window.frame(&[film]);
    window.until("it is asked", |app| app.tabs[0].1.carried.as_ref() == Some(&offered));
    window.answer(ui::Carried::Open);
    window.until("its graph is read again", |app| app.tasks.is_empty() && document(app).nodes.len() == 1);
}

#[test]
fn a_picture_of_comfyui_becomes_a_model_once() {
    let mut window = Window::new();
    for (name, bytes, is_read) in [("my lamp.png", of_comfy(), true), ("my lamp.json", WORKFLOW.into(), false)] {
        window.drop_file(name, &bytes);
        let (file, model) = (name.to_owned(), "comfy/my_lamp".to_owned());
        let offered = Offered::Workflow { file, model, is_read };
        window.until("it is asked", |app| app.tabs[0].1.carried.as_ref() == Some(&offered));
        let n = window.document().nodes.len();
        window.answer(ui::Carried::Open);
        window.until("a node is there", |app| document(app).nodes.len() == n + 1 && app.tasks.is_empty());
        let node = window.document().nodes.last().unwrap().1;
        assert_eq!(node.kind, "model.image");
        assert_eq!(node.params.get("model").and_then(Data::as_text), Some("comfy/my_lamp"), "the same workflow is one");
    }
    let models = fs::read_dir(window.folder.path().join("models")).unwrap();
    let mut names: Vec<_> = models.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    assert_eq!(names, ["my_lamp.comfy.ron", "my_lamp.json"]);
    assert!(window.app.tabs[0].1.is_dirty(), "the document and its history stay while models are looked up");
}
