//! What a frame of the canvas costs: logic, paint and tessellation, without a window.
//!
//! `cargo bench -p ui --bench canvas`. One table: by number of nodes, with everything in view and with about thirty
//! nodes in view; standing still, panning, dragging a node, drawing a box around some. The bars are those of the design.

#![allow(clippy::print_stdout)]

use std::sync::Arc;
use std::time::Instant;

use egui::{Context, Event, Modifiers, PointerButton, Pos2, RawInput, Rect, TextureId, Vec2, pos2, vec2};
use model::spec::Catalog;
use model::{Data, Document, Edit, Feed, History, Image, Media, Node, PortRef, Value};
use ui::theme::{DARK, Theme};
use ui::view::{ItemState, ItemView, NodeView, RunView};
use ui::{Canvas, Commands, Cx, FileState, Gallery, HistoryView, NoPlayer, Picture, Shared, Shown};

const SIZE: Vec2 = vec2(1280.0, 720.0);
const FRAMES: usize = 120;
const ROUNDS: usize = 9;
const EDITS: i64 = 9;

fn main() {
    println!("ms a frame: medians of {FRAMES} frames, the best of {ROUNDS} rounds; ratios: medians of the rounds");
    let head = ["still", "pan", "drag", "box", "vertices"].map(|it| format!("{it:>9}")).join(" ");
    println!("{:>7}  {:<5} {head}", "nodes", "view");
    let mut benches = [100, 1_000, 10_000].map(Bench::new);
    let mut best = [[[f64::INFINITY; 4]; 2]; 3];
    // Of moving to standing still, for 10,000 nodes: within a round, as a machine's speed changes between rounds.
    let mut ratios: [[Vec<f64>; 3]; 2] = Default::default();
    let mut n_vertices = [[0; 2]; 3];
    // Rounds over all sizes: whatever else the machine does then falls on all of them.
    for _ in 0..ROUNDS {
        for (i, bench) in benches.iter_mut().enumerate() {
            for (j, view) in [View::All, View::Thirty].into_iter().enumerate() {
                let (times, n) = bench.scenarios(view);
                n_vertices[i][j] = n;
                if i == 2 {
                    ratios[j].iter_mut().zip(&times[1..]).for_each(|(ratios, time)| ratios.push(time / times[0]));
                }
                for (best, time) in best[i][j].iter_mut().zip(times) {
                    *best = best.min(time);
                }
            }
        }
    }
    for (i, n) in [100, 1_000, 10_000].into_iter().enumerate() {
        for (j, (name, bar)) in [("all", 3.0), ("30", 1.5)].into_iter().enumerate() {
            let note = if n == 10_000 { verdict(best[i][j][0], bar) } else { String::new() };
            let times = best[i][j].map(|it| format!("{it:>9.3}")).join(" ");
            println!("{n:>7}  {name:<5} {times} {:>9}   {note}", n_vertices[i][j]);
        }
        for view in [View::Thirty, View::All] {
            let costs = benches[i].edits(view).map(|(what, applied, shown)| format!("{what} {applied:.2}+{shown:.2}"));
            let of = if view == View::All { "all" } else { "30" };
            println!("{n:>7}  {of:<5} applying an edit + the frame after it: {}", costs.join(", "));
        }
    }
    for (name, ratios) in ["all", "30"].into_iter().zip(ratios) {
        let [pan, drag, boxed] = ratios.map(|it| ratio(median(it.into_iter()), 1.3));
        println!("with {name} in view: pan {pan}, drag {drag}, box {boxed} of standing still");
    }
    let near = best.map(|it| it[1][0]);
    println!("growth from 100 to 10,000 nodes with 30 in view: {}", ratio(near[2] / near[0], 1.2));
}

fn verdict(found: f64, bar: f64) -> String {
    format!("bar {bar} ms: {}", if found < bar { "kept" } else { "MISSED" })
}

fn ratio(found: f64, bar: f64) -> String {
    format!("{found:.2} times (bar {bar}: {})", if found <= bar { "kept" } else { "MISSED" })
}

#[derive(Clone, Copy, PartialEq)]
enum View {
    All,
    Thirty,
}

/// A gallery whose pictures are always there.
struct Pictures;

impl Gallery for Pictures {
    fn picture(&mut self, _: &Context, _: &Picture, _: u32) -> Shown {
        Shown::Ready(TextureId::default(), vec2(256.0, 144.0))
    }

    fn waveform(&mut self, _: &Context, _: &Value, _: usize) -> Option<Arc<Vec<(f32, f32)>>> {
        None
    }
}

struct Bench {
    ctx: Context,
    history: History,
    view: RunView,
    shared: Shared,
    canvas: Canvas,
    time: f64,
    n_columns: usize,
    /// Drawn in the last frame: what was measured can be told from its size.
    n_vertices: usize,
}

impl Bench {
    fn new(n: usize) -> Bench {
        let document = graph(n);
        let view = run_of(&document);
        let ctx = Context::default();
        Theme::install_fonts(&ctx);
        DARK.apply(&ctx);
        let n_columns = columns(n);
        let mut bench = Bench {
            ctx,
            history: History::new(document),
            view,
            shared: Shared::default(),
            canvas: Canvas::default(),
            time: 0.0,
            n_columns,
            n_vertices: 0,
        };
        (0..3).for_each(|_| {
            bench.frame(Vec::new(), "");
        });
        bench
    }

    /// One frame; milliseconds. An action is done before it is drawn.
    fn frame(&mut self, events: Vec<Event>, action: &str) -> f64 {
        self.time += 1.0 / 60.0;
        let input = RawInput {
            screen_rect: Some(Rect::from_min_size(Pos2::ZERO, SIZE)),
            time: Some(self.time),
            events,
            ..RawInput::default()
        };
        let (canvas, shared, history, view) = (&mut self.canvas, &mut self.shared, &self.history, &self.view);
        let mut commands = Commands::default();
        let start = Instant::now();
        let mut output = self.ctx.run_ui(input, |ui| {
            let mut cx = Cx {
                document: history.document(),
                revision: history.revision(),
                recent: history.recent(),
                catalog: Catalog(nodes::ALL),
                view,
                files: &FileState::default(),
                history: &HistoryView::default(),
                shared: &mut *shared,
                commands: &mut commands,
                gallery: &mut Pictures,
                player: &mut NoPlayer,
                theme: &DARK,
            };
            if !action.is_empty() {
                canvas.act(action, &mut cx);
            }
            canvas.show(ui, &mut cx);
        });
        let primitives = self.ctx.tessellate(std::mem::take(&mut output.shapes), output.pixels_per_point);
        output.textures_delta.clear();
        let spent = start.elapsed().as_secs_f64() * 1e3;
        self.n_vertices = primitives
            .iter()
            .map(|it| match &it.primitive {
                egui::epaint::Primitive::Mesh(mesh) => mesh.vertices.len(),
                egui::epaint::Primitive::Callback(_) => 0,
            })
            .sum();
        spent
    }

    fn look_at(&mut self, view: View) {
        self.shared.selection.clear();
        match view {
            View::All => drop(self.frame(Vec::new(), "frame_all")),
            View::Thirty => {
                // Six columns and three rows in the middle, and what else is seen around them.
                let (n, columns) = (self.history.document().nodes.len(), self.n_columns);
                let (row, column) = (n / columns / 2 - 1, columns / 12 * 6);
                let ids = (row..row + 3).flat_map(|row| (column..column + 6).map(move |it| row * columns + it));
                self.shared.selection.nodes = ids.map(|i| format!("n{i}")).collect();
                self.frame(Vec::new(), "frame");
                self.shared.selection.clear();
            }
        }
    }

    fn scenarios(&mut self, view: View) -> ([f64; 4], usize) {
        let middle = pos2(SIZE.x / 2.0, SIZE.y / 2.0);
        self.look_at(view);
        // The pointer outside: nothing is hovered.
        self.frame(vec![Event::PointerGone], "");
        let still = median((0..FRAMES).map(|_| self.frame(Vec::new(), "")));
        let n_vertices = self.n_vertices;
        let pan = self.dragged(middle, PointerButton::Middle);
        let between = self.clicked(middle, false);
        let boxed = self.dragged(between, PointerButton::Primary);
        let title = self.clicked(middle, true);
        let drag = self.dragged(title, PointerButton::Primary);
        ([still, pan, drag, boxed], n_vertices)
    }

    /// A place on a node, or between nodes, near another one: found by clicking, as a person would.
    fn clicked(&mut self, near: Pos2, on_a_node: bool) -> Pos2 {
        for step in 0..400 {
            let at = near + vec2((step % 20) as f32 * 9.0, (step / 20) as f32 * 7.0) - vec2(90.0, 70.0);
            for pressed in [true, false] {
                self.frame(vec![Event::PointerMoved(at), button(at, PointerButton::Primary, pressed)], "");
            }
            if self.shared.selection.nodes.is_empty() != on_a_node {
                return at;
            }
        }
        panic!("no such place is near the middle");
    }

    fn dragged(&mut self, from: Pos2, with: PointerButton) -> f64 {
        self.frame(vec![Event::PointerMoved(from)], "");
        self.frame(vec![button(from, with, true)], "");
        let place = |i: usize| from + vec2((i as f32 * 0.11).sin() * 90.0, (i as f32 * 0.07).cos() * 60.0);
        self.frame(vec![Event::PointerMoved(place(1))], "");
        let spent = median((0..FRAMES).map(|i| self.frame(vec![Event::PointerMoved(place(i))], "")));
        self.frame(
            vec![Event::Key {
                key: egui::Key::Escape,
                physical_key: None,
                pressed: true,
                repeat: false,
                modifiers: Modifiers::NONE,
            }],
            "",
        );
        self.frame(vec![button(from, with, false), Event::PointerGone], "");
        spent
    }

    /// What edits cost: each applied, and the first frame after it.
    fn edits(&mut self, view: View) -> [(&'static str, f64, f64); 6] {
        self.look_at(view);
        let look = |node: &str, x: i64| {
            let fields = [("at".to_owned(), Data::Tuple(vec![x.into(), 0.into()]))].into();
            Edit::SetLayout { key: node.to_owned(), value: Some(Data::Struct(None, fields)), at: None }
        };
        let text = |i: i64| {
            let value = Some(Data::from(format!("line {i}").as_str()));
            Edit::SetParam { node: "n0".to_owned(), param: "text".to_owned(), value, at: None }
        };
        // Two joins of texts: one more source, and without it.
        let link = |i: i64| {
            let sources = [0, 6].map(|node| PortRef::new(&format!("n{node}"), "text"));
            let feed = Some(Feed::Many(sources[..1 + i as usize % 2].to_vec()));
            Edit::SetLink { to: PortRef::new("n1", "texts"), feed, at: None }
        };
        let node = Node {
            kind: "prompt.text".to_owned(),
            version: 1,
            params: Default::default(),
            unknown: Default::default(),
        };
        let add = |i: i64| {
            vec![Edit::AddNode { id: format!("new{i}"), node: node.clone(), at: None }, look(&format!("new{i}"), i)]
        };
        let half = self.history.document().nodes.len() as i64 / 2;
        let remove = |i: i64| Edit::RemoveNode { id: format!("n{}", half + i) };
        [
            ("move", self.edit(&mut |i| vec![look("n0", i)])),
            ("text", self.edit(&mut |i| vec![text(i)])),
            ("link", self.edit(&mut |i| vec![link(i)])),
            ("add", self.edit(&mut |i| add(i))),
            ("remove", self.edit(&mut |i| vec![remove(i)])),
            ("undo", self.undo()),
        ]
        .map(|(what, (applied, shown))| (what, applied, shown))
    }

    fn edit(&mut self, edits: &mut dyn FnMut(i64) -> Vec<Edit>) -> (f64, f64) {
        let times = (0..EDITS).map(|i| {
            let made = edits(i);
            let start = Instant::now();
            self.history.apply("Edit", made, None).expect("the edit applies");
            (start.elapsed().as_secs_f64() * 1e3, self.frame(Vec::new(), ""))
        });
        medians(times.collect())
    }

    /// Takes back what [`edits`](Self::edits) did last: the nodes come back to where they stood.
    fn undo(&mut self) -> (f64, f64) {
        let times = (0..EDITS).map(|_| {
            let start = Instant::now();
            self.history.undo();
            (start.elapsed().as_secs_f64() * 1e3, self.frame(Vec::new(), ""))
        });
        let cost = medians(times.collect());
        while self.history.undo().is_some() {}
        cost
    }
}

fn medians(times: Vec<(f64, f64)>) -> (f64, f64) {
    (median(times.iter().map(|it| it.0)), median(times.iter().map(|it| it.1)))
}

fn button(pos: Pos2, button: PointerButton, pressed: bool) -> Event {
    Event::PointerButton { pos, button, pressed, modifiers: Modifiers::NONE }
}

fn median(times: impl Iterator<Item = f64>) -> f64 {
    let mut times: Vec<f64> = times.collect();
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// A multiple of six, so that each row is whole groups of nodes and every part of the graph is like any other.
fn columns(n: usize) -> usize {
    ((n as f64).sqrt() / 6.0).ceil() as usize * 6
}

/// A square of nodes with one and a half wires each, most of them to a neighbour.
fn graph(n: usize) -> Document {
    let mut document = Document::default();
    let n_columns = columns(n);
    let kinds = ["prompt.text", "text.join", "model.video", "edit.color", "edit.concatenate", "output.film"];
    for i in 0..n {
        let kind = kinds[i % kinds.len()];
        let params = [("text", Data::from("A lighthouse on black rocks at dusk")), ("seconds", Data::Number(2.5))];
        let keep = |name: &&str| match kind {
            "prompt.text" => *name == "text",
            "model.video" => *name == "seconds",
            _ => false,
        };
        let params = params.into_iter().filter(|(name, _)| keep(name));
        let node = Node {
            kind: kind.to_owned(),
            version: 1,
            params: params.map(|(name, value)| (name.to_owned(), value)).collect(),
            unknown: Default::default(),
        };
        document.nodes.insert(format!("n{i}"), node);
        let at = ((i % n_columns) as i64 * 280, (i / n_columns) as i64 * 320);
        let at = Data::Tuple(vec![at.0.into(), at.1.into()]);
        document.layout.insert(format!("n{i}"), Data::Struct(None, [("at".to_owned(), at)].into()));
    }
    let mut link = |from: usize, output: &str, to: usize, input: &str, many: bool| {
        let from = PortRef::new(&format!("n{from}"), output);
        let to = PortRef::new(&format!("n{to}"), input);
        let feed = if many { Feed::Many(vec![from]) } else { Feed::One(from) };
        document.links.insert(to, feed);
    };
    for group in 0..n / 6 {
        let first = group * 6;
        link(first, "text", first + 1, "texts", true);
        link(first + 1, "text", first + 2, "prompt", false);
        link(first, "text", first + 2, "negative", false);
        link(first + 2, "clip", first + 3, "clip", false);
        link(first + 3, "clip", first + 4, "clips", true);
        link(first + 4, "clip", first + 5, "clips", true);
        if n_columns <= first {
            link(first - n_columns, "text", first, "text", false);
            link(first - n_columns, "text", first + 1, "separator", false);
            link(first - n_columns, "text", first + 5, "file", false);
        }
    }
    document
}

/// A run in which everything is done but a few.
fn run_of(document: &Document) -> RunView {
    let mut view = RunView::default();
    let media =
        Media { digest: model::Digest::of(b"picture"), bytes: 1, format: "png".to_owned(), video: None, audio: None };
    for (i, (id, node)) in document.nodes.iter().enumerate() {
        let state = match i % 17 {
            3 => ItemState::Held { cost: Some(250_000) },
            5 => ItemState::Running { progress: 0.4 },
            _ => ItemState::Done,
        };
        let pictured = !node.kind.starts_with("prompt") && !node.kind.starts_with("text");
        let port = if node.kind == "output.film" { "file" } else { "clip" };
        let value = Value::Image(Image::File(Arc::new(media.clone())));
        let items = (0..if i.is_multiple_of(5) { 4 } else { 1 }).map(|element| ItemView {
            name: format!("{id}/{element}"),
            element: i.is_multiple_of(5).then(|| format!("s{element}")),
            state: state.clone(),
            values: if pictured { vec![(port.to_owned(), value.clone())] } else { Vec::new() },
            ..ItemView::default()
        });
        view.nodes.insert(id.clone(), Arc::new(NodeView::new(items.collect())));
    }
    view
}
