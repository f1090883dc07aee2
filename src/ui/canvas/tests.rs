//! Gestures as a person makes them: pointer and keys in, the document out.

use std::cell::RefCell;
use std::rc::Rc;

use egui::{Event, Modifiers, PointerButton, Pos2, Vec2, vec2};
use egui_kittest::Harness;
use model::{Document, Feed, PortRef};

use super::Canvas;
use crate::cx::End;
use crate::testing::Bench;

/// A window with nothing but a canvas.
pub(super) struct Stage {
    pub(super) harness: Harness<'static, Bench>,
    pub(super) canvas: Rc<RefCell<Canvas>>,
    actions: Rc<RefCell<Vec<String>>>,
}

impl Stage {
    pub(super) fn new(graph: &str) -> Stage {
        Stage::of(Bench::new(graph))
    }

    pub(super) fn of(bench: Bench) -> Stage {
        let canvas = Rc::new(RefCell::new(Canvas::default()));
        let actions: Rc<RefCell<Vec<String>>> = Rc::default();
        let (drawn, queue) = (canvas.clone(), actions.clone());
        let harness = bench.window((1200.0, 800.0), move |ui, cx| {
            let mut canvas = drawn.borrow_mut();
            for action in queue.borrow_mut().drain(..) {
                assert!(canvas.act(&action, cx), "{action} is for the canvas");
            }
            canvas.show(ui, cx);
        });
        let mut stage = Stage { harness, canvas, actions };
        stage.harness.run();
        stage
    }

    pub(super) fn document(&self) -> &Document {
        self.harness.state().history.document()
    }

    pub(super) fn act(&mut self, action: &str) {
        self.actions.borrow_mut().push(action.to_owned());
        self.harness.run();
    }

    fn index(&self, id: &str) -> usize {
        self.document().nodes.get_index_of(id).unwrap()
    }

    /// The middle of a node's title, on the screen.
    pub(super) fn title(&self, id: &str) -> Pos2 {
        let canvas = self.canvas.borrow();
        let rect = canvas.scene.nodes[self.index(id)].rect;
        canvas.camera.to_screen(rect.center_top() + vec2(0.0, 13.0))
    }

    pub(super) fn port(&self, end: End, name: &str) -> Pos2 {
        let name = PortRef::parse(name).unwrap();
        let canvas = self.canvas.borrow();
        let i = self.index(&name.node);
        let node = &canvas.scene.nodes[i];
        let ports = if end == End::Output { &node.outputs } else { &node.inputs };
        let port = ports.iter().position(|port| port.name == name.port).unwrap() as u32;
        canvas.camera.to_screen(match end {
            End::Output => canvas.scene.output_at((i as u32, port)),
            End::Input => canvas.scene.input_at((i as u32, port)),
        })
    }

    pub(super) fn press(&mut self, at: Pos2, button: PointerButton, modifiers: Modifiers) {
        self.button(at, button, true, modifiers);
    }

    pub(super) fn release(&mut self, at: Pos2, button: PointerButton, modifiers: Modifiers) {
        self.button(at, button, false, modifiers);
    }

    fn button(&mut self, pos: Pos2, button: PointerButton, pressed: bool, modifiers: Modifiers) {
        if pressed {
            self.harness.event_modifiers(Event::PointerMoved(pos), modifiers);
            self.harness.step();
        }
        self.harness.event_modifiers(Event::PointerButton { pos, button, pressed, modifiers }, modifiers);
        self.harness.step();
    }

    pub(super) fn move_to(&mut self, at: Pos2, modifiers: Modifiers) {
        self.harness.event_modifiers(Event::PointerMoved(at), modifiers);
        self.harness.step();
    }

    pub(super) fn drag_with(&mut self, button: PointerButton, modifiers: Modifiers, path: &[Pos2]) {
        self.press(path[0], button, modifiers);
        for pair in path.windows(2) {
            for step in 1..=4 {
                self.move_to(pair[0].lerp(pair[1], step as f32 / 4.0), modifiers);
            }
        }
        self.release(path[path.len() - 1], button, modifiers);
        self.harness.run();
    }

    pub(super) fn drag(&mut self, from: Pos2, to: Pos2) {
        self.drag_with(PointerButton::Primary, Modifiers::NONE, &[from, to]);
    }

    pub(super) fn click(&mut self, at: Pos2, modifiers: Modifiers) {
        self.press(at, PointerButton::Primary, modifiers);
        self.release(at, PointerButton::Primary, modifiers);
        self.harness.run();
    }

    pub(super) fn selected(&self) -> String {
        let nodes = &self.harness.state().shared.selection.nodes;
        nodes.iter().map(String::as_str).collect::<Vec<_>>().join(" ")
    }

    pub(super) fn undo(&mut self) {
        self.harness.state_mut().history.undo();
        self.harness.run();
    }

    #[track_caller]
    pub(super) fn expect_feed(&self, to: &str, from: &[&str]) {
        let feed = self.document().links.get(&PortRef::parse(to).unwrap());
        let found: Vec<String> = feed.map_or(&[][..], Feed::sources).iter().map(PortRef::to_string).collect();
        assert_eq!(found, from, "what feeds {to}");
    }

    pub(super) fn at(&self, id: &str) -> Pos2 {
        self.canvas.borrow().scene.nodes[self.index(id)].rect.min
    }

    pub(super) fn n_steps(&self) -> usize {
        self.harness.state().history.done().count()
    }
}

pub(super) const CHAIN: &str = "a: prompt.text text=\"one\"
    b: prompt.text text=\"two\"
    join: text.join texts<-a.text
    video: model.video prompt<-join.text
    film: output.film clips<-video.clip";

const NONE: Modifiers = Modifiers::NONE;

#[test]
fn a_click_selects_shift_adds_and_control_toggles() {
    let mut stage = Stage::new(CHAIN);
    stage.click(stage.title("a"), NONE);
    assert_eq!(stage.selected(), "a");
    stage.click(stage.title("b"), Modifiers::SHIFT);
    stage.click(stage.title("film"), Modifiers::COMMAND);
    assert_eq!(stage.selected(), "a b film");
    stage.click(stage.title("a"), Modifiers::COMMAND);
    assert_eq!(stage.selected(), "b film");
    stage.click(Pos2::new(1190.0, 790.0), NONE);
    assert_eq!(stage.selected(), "");
    assert_eq!(stage.n_steps(), 0, "selecting is no edit");
}

#[test]
fn a_box_selects_what_it_touches() {
    let mut stage = Stage::new(CHAIN);
    let (a, b) = (stage.title("a"), stage.title("b"));
    let from = Pos2::new(a.x.min(b.x) - 150.0, a.y.min(b.y) - 40.0);
    stage.drag(from, Pos2::new(a.x, a.y.max(b.y) + 5.0));
    assert_eq!(stage.selected(), "a b");
    stage.drag_with(PointerButton::Primary, Modifiers::COMMAND, &[from, a]);
    assert!(stage.selected() == "b", "{}", stage.selected());
}

#[test]
fn dragging_moves_as_one_step_and_snaps() {
    let mut stage = Stage::new(CHAIN);
    let before = stage.document().to_text();
    let at = stage.title("film");
    let place = stage.at("film");
    stage.drag(at, at + vec2(63.0, 207.0));
    assert_eq!(stage.n_steps(), 1);
    let moved = stage.at("film") - place;
    assert!(20.0 < moved.x && 20.0 < moved.y, "{moved:?}");
    let place = stage.at("film");
    assert!(stage.document().layout.contains_key("a"), "places that the editor chose are written down");
    stage.undo();
    assert_eq!(stage.document().to_text(), before);
    assert_ne!(stage.at("film"), place);
}

#[test]
fn escape_ends_a_drag_without_an_edit() {
    let mut stage = Stage::new(CHAIN);
    let (at, place) = (stage.title("film"), stage.at("film"));
    stage.press(at, PointerButton::Primary, NONE);
    stage.move_to(at + vec2(100.0, 100.0), NONE);
    assert_ne!(stage.at("film"), place);
    stage.harness.key_press(egui::Key::Escape);
    stage.harness.run();
    stage.release(at + vec2(100.0, 100.0), PointerButton::Primary, NONE);
    assert_eq!((stage.at("film"), stage.n_steps()), (place, 0));
}

#[test]
fn panning_and_zooming_move_the_view_only() {
    let mut stage = Stage::new(CHAIN);
    let at = stage.title("a");
    stage.drag_with(PointerButton::Middle, NONE, &[at, at + vec2(50.0, 30.0)]);
    assert!(stage.title("a").distance(at + vec2(50.0, 30.0)) < 0.5);
    let at = stage.title("a");
    stage.move_to(at, NONE);
    stage.harness.event(Event::Zoom(1.5));
    stage.harness.run();
    assert!(stage.title("a").distance(at) < 1.0, "what is under the cursor stays there");
    let zoom = stage.canvas.borrow().camera.zoom;
    stage.harness.event(Event::MouseWheel {
        unit: egui::MouseWheelUnit::Point,
        delta: vec2(0.0, -50.0),
        phase: egui::TouchPhase::Move,
        source: egui::MouseWheelSource::Wheel,
        modifiers: NONE,
    });
    stage.harness.run();
    assert!(stage.canvas.borrow().camera.zoom < zoom);
    stage.harness.key_down(egui::Key::Space);
    let at = stage.title("a");
    stage.drag(at, at + Vec2::splat(40.0));
    stage.harness.key_up(egui::Key::Space);
    assert!(stage.title("a").distance(at + Vec2::splat(40.0)) < 0.5);
    assert_eq!((stage.n_steps(), stage.selected().as_str()), (0, ""));
}

#[test]
fn a_wire_is_dragged_from_port_to_port() {
    let mut stage = Stage::new(CHAIN);
    stage.drag(stage.port(End::Output, "b.text"), stage.port(End::Input, "join.texts"));
    stage.expect_feed("join.texts", &["a.text", "b.text"]);
    stage.undo();
    stage.drag(stage.port(End::Input, "join.texts"), stage.port(End::Input, "join.texts") + vec2(-20.0, 90.0));
    stage.expect_feed("join.texts", &[]);
}

#[test]
fn a_wire_dropped_on_a_node_takes_its_best_port() {
    let mut stage = Stage::new(CHAIN);
    stage.drag(stage.port(End::Output, "b.text"), stage.title("video"));
    stage.expect_feed("video.prompt", &["join.text"]);
    stage.expect_feed("video.negative", &["b.text"]);
}

#[test]
fn wires_that_would_make_a_circle_or_do_not_fit_are_not_made() {
    let mut stage = Stage::new(CHAIN);
    stage.drag(stage.port(End::Output, "join.text"), stage.title("a"));
    stage.drag(stage.port(End::Output, "b.text"), stage.port(End::Input, "film.clips"));
    assert_eq!(stage.n_steps(), 0);
}

#[test]
fn a_wire_dropped_on_nothing_asks_for_a_node() {
    let mut stage = Stage::new(CHAIN);
    let at = Pos2::new(1150.0, 780.0);
    stage.drag(stage.port(End::Output, "video.clip"), at);
    let request = stage.harness.state().shared.palette.clone().unwrap();
    let wire = request.wire.unwrap();
    assert_eq!((wire.port.to_string().as_str(), wire.end, request.screen), ("video.clip", End::Output, at));
    assert_eq!(stage.n_steps(), 0);
}
