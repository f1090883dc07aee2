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

    /// Everything in one frame: frames of tests are a quarter of a second apart.
    fn at_once(&mut self, events: impl IntoIterator<Item = Event>) {
        self.harness.input_mut().events.extend(events);
        self.harness.step();
    }

    fn double_click(&mut self, at: Pos2) {
        self.move_to(at, Modifiers::NONE);
        let button = PointerButton::Primary;
        let click = [true, false, true, false];
        self.at_once(click.map(|pressed| Event::PointerButton {
            pos: at,
            button,
            pressed,
            modifiers: Modifiers::NONE,
        }));
        self.harness.run();
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

fn secondary(stage: &mut Stage, modifiers: Modifiers, path: &[Pos2]) {
    stage.drag_with(PointerButton::Secondary, modifiers, path);
}

/// The middle of the wire into an input, on the screen.
fn wire(stage: &Stage, to: &str) -> Pos2 {
    let canvas = stage.canvas.borrow();
    let wire = canvas.scene.wires.iter().find(|wire| canvas.scene.names(wire).1.to_string() == to).unwrap();
    let path = super::wires::path(wire.a, &wire.bends, wire.b, 16);
    canvas.camera.to_screen(path[8])
}

#[test]
fn a_line_across_wires_cuts_them() {
    for y_key in [false, true] {
        let mut stage = Stage::new(CHAIN);
        let before = stage.document().clone();
        let at = wire(&stage, "video.prompt");
        let path = [at - vec2(0.0, 40.0), at + vec2(0.0, 40.0)];
        if y_key {
            stage.harness.key_down(egui::Key::Y);
            stage.drag(path[0], path[1]);
            stage.harness.key_up(egui::Key::Y);
        } else {
            secondary(&mut stage, Modifiers::COMMAND, &path);
        }
        stage.expect_feed("video.prompt", &[]);
        stage.expect_feed("film.clips", &["video.clip"]);
        stage.undo();
        assert_eq!(*stage.document(), before);
    }
}

#[test]
fn reroute_points_come_move_follow_and_go() {
    let mut stage = Stage::new(CHAIN);
    let at = wire(&stage, "video.prompt");
    secondary(&mut stage, Modifiers::SHIFT, &[at - vec2(0.0, 40.0), at + vec2(0.0, 40.0)]);
    let key = "wire:video.prompt<-join.text";
    assert!(stage.document().layout.contains_key(key));
    let bend = |stage: &Stage| {
        let canvas = stage.canvas.borrow();
        let wire = canvas.scene.wires.iter().find(|wire| !wire.bends.is_empty()).unwrap();
        canvas.camera.to_screen(wire.bends[0])
    };
    let place = bend(&stage);
    stage.drag(place, place + vec2(0.0, 60.0));
    assert!(40.0 < bend(&stage).y - place.y);
    // Renaming the node keeps the points; deleting it takes them along.
    stage.click(stage.title("join"), NONE);
    stage.act("rename");
    stage.harness.event(Event::Text("both".to_owned()));
    stage.harness.key_press(egui::Key::Enter);
    stage.harness.run();
    assert!(stage.document().nodes.contains_key("both"));
    assert!(stage.document().layout.contains_key("wire:video.prompt<-both.text"), "{:?}", stage.document().layout);
    assert_eq!(stage.selected(), "both");
    let place = bend(&stage);
    stage.click(place, Modifiers::ALT);
    assert!(!stage.document().layout.keys().any(|key| key.starts_with("wire:")));
    stage.undo();
    stage.act("delete");
    assert!(!stage.document().layout.keys().any(|key| key.starts_with("wire:")));
}

#[test]
fn a_click_with_alt_on_a_wire_adds_a_point() {
    let mut stage = Stage::new(CHAIN);
    let at = wire(&stage, "film.clips");
    stage.click(at, Modifiers::ALT);
    assert!(stage.document().layout.contains_key("wire:film.clips<-video.clip"), "{:?}", stage.document().layout);
}

#[test]
fn a_node_dropped_on_a_wire_is_inserted_unless_alt_is_held() {
    let graph = format!("{CHAIN}\n grade: edit.color");
    for (modifiers, inserted) in [(NONE, true), (Modifiers::ALT, false)] {
        let mut stage = Stage::new(&graph);
        // The node hangs below its title.
        let to = wire(&stage, "film.clips") - vec2(0.0, 60.0);
        stage.drag_with(PointerButton::Primary, modifiers, &[stage.title("grade"), to]);
        if inserted {
            stage.expect_feed("grade.clip", &["video.clip"]);
            stage.expect_feed("film.clips", &["grade.clip"]);
        } else {
            stage.expect_feed("film.clips", &["video.clip"]);
        }
        assert_eq!(stage.n_steps(), 1);
    }
}

#[test]
fn shaking_pulls_a_node_out_and_heals() {
    let graph = "video: model.video\n grade: edit.color clip<-video.clip\n film: output.film clips<-grade.clip";
    let mut stage = Stage::new(graph);
    let at = stage.title("grade");
    stage.press(at, PointerButton::Primary, NONE);
    let shake = [60.0, -60.0, 60.0, -60.0, 60.0, 0.0].map(|x| Event::PointerMoved(at + vec2(x, 2.0)));
    stage.at_once(shake);
    stage.move_to(at + vec2(0.0, 150.0), NONE);
    stage.release(at + vec2(0.0, 150.0), PointerButton::Primary, NONE);
    stage.harness.run();
    stage.expect_feed("film.clips", &["video.clip"]);
    stage.expect_feed("grade.clip", &[]);
    assert_eq!(stage.n_steps(), 1);
}

#[test]
fn alt_and_the_right_button_connect_without_aiming() {
    let mut stage = Stage::new("video: model.video\n film: output.film\n text: prompt.text");
    let (from, to) = (stage.title("video"), stage.title("film"));
    secondary(&mut stage, Modifiers::ALT, &[from, to]);
    stage.expect_feed("film.clips", &["video.clip"]);
    let (from, to) = (stage.title("film"), stage.title("video"));
    secondary(&mut stage, Modifiers::ALT, &[from, to]);
    assert_eq!(stage.n_steps(), 1, "a circle is not made");
}

#[test]
fn a_double_click_adds_renames_and_shows() {
    let mut stage = Stage::new(CHAIN);
    stage.double_click(Pos2::new(1150.0, 780.0));
    assert!(stage.harness.state_mut().shared.palette.take().is_some_and(|request| request.wire.is_none()));
    let at = stage.title("film");
    stage.double_click(at);
    stage.harness.event(Event::Text("cut".to_owned()));
    stage.harness.key_press(egui::Key::Enter);
    stage.harness.run();
    assert!(stage.document().nodes.contains_key("cut"));
    let at = stage.title("video") + vec2(0.0, 60.0);
    stage.double_click(at);
    assert_eq!(stage.harness.state().shared.look_a.as_ref().map(|look| look.node.as_str()), Some("video"));
}

#[test]
fn a_name_that_is_taken_is_refused_in_words() {
    let mut stage = Stage::new(CHAIN);
    for (name, words) in [("film", "there is a node `film` already"), ("a b", "`a b` cannot be a node's id")] {
        stage.click(stage.title("a"), NONE);
        stage.act("rename");
        stage.harness.event(Event::Text(name.to_owned()));
        stage.harness.key_press(egui::Key::Enter);
        stage.harness.run();
        assert_eq!(stage.harness.state().shared.toast.as_deref(), Some(words));
    }
    assert_eq!(stage.n_steps(), 0);
}

#[test]
fn copied_text_pastes_into_another_window() {
    let mut stage = Stage::new(CHAIN);
    stage.click(stage.title("join"), NONE);
    stage.click(stage.title("video"), Modifiers::SHIFT);
    stage.act("copy");
    let text = stage.canvas.borrow().last_copied.clone().unwrap();
    assert!(text.contains("\"video.prompt\": \"join.text\""), "{text}");
    let mut other = Stage::new("video: model.video\n a: prompt.text");
    for (action, feed) in [("paste", &[][..]), ("paste_linked", &["a.text"][..])] {
        other.harness.state_mut().shared.pasted = Some(text.clone());
        other.act(action);
        other.expect_feed("video_2.prompt", &["join.text"]);
        other.expect_feed("join.texts", feed);
        assert_eq!(other.selected(), "join video_2");
        other.undo();
    }
    other.harness.state_mut().shared.pasted = Some("hello".to_owned());
    other.act("paste");
    assert_eq!(other.harness.state().shared.toast.as_deref(), Some("What was pasted is no graph"));
}

#[test]
fn duplicates_come_with_and_without_inputs() {
    let mut stage = Stage::new(CHAIN);
    stage.click(stage.title("video"), NONE);
    stage.act("duplicate_linked");
    stage.expect_feed("video_2.prompt", &["join.text"]);
    assert_eq!(stage.selected(), "video_2");
    stage.act("duplicate");
    stage.expect_feed("video_3.prompt", &[]);
    assert_eq!(stage.n_steps(), 2);
}

#[test]
fn bypass_collapse_and_thumbnail_toggle() {
    let mut stage = Stage::new(CHAIN);
    let before = stage.document().to_text();
    stage.click(stage.title("video"), NONE);
    stage.act("bypass");
    assert!(stage.document().nodes["video"].is_bypassed());
    stage.act("bypass");
    assert_eq!(stage.document().to_text(), before);
    let height = |stage: &Stage| stage.canvas.borrow().scene.nodes[3].rect.height();
    let full = height(&stage);
    stage.act("thumbnail");
    let plain = height(&stage);
    stage.act("collapse");
    assert!(height(&stage) < plain && plain < full);
    stage.act("collapse");
    stage.act("thumbnail");
    assert_eq!(height(&stage), full);
}

#[test]
fn deleting_cuts_and_pulling_out_heals() {
    let graph = "video: model.video\n grade: edit.color clip<-video.clip\n film: output.film clips<-grade.clip";
    for (action, feed) in [("delete", &[][..]), ("delete_heal", &["video.clip"][..]), ("cut", &[][..])] {
        let mut stage = Stage::new(graph);
        stage.click(stage.title("grade"), NONE);
        stage.act(action);
        assert!(!stage.document().nodes.contains_key("grade"));
        stage.expect_feed("film.clips", feed);
        assert_eq!(stage.n_steps(), 1);
    }
}

#[test]
fn inputs_swap() {
    let mut stage = Stage::new("a: prompt.text\n b: prompt.text\n join: text.join texts<-[a.text, b.text]");
    stage.click(stage.title("join"), NONE);
    stage.act("swap_inputs");
    stage.expect_feed("join.texts", &["b.text", "a.text"]);
}

#[test]
fn a_frame_carries_what_lies_inside_and_is_resized() {
    let mut stage = Stage::new(CHAIN);
    stage.click(stage.title("video"), NONE);
    stage.act("backdrop");
    stage.harness.event(Event::Text("Act one".to_owned()));
    stage.harness.key_press(egui::Key::Enter);
    stage.harness.run();
    let frame = |stage: &Stage| stage.canvas.borrow().scene.decor["frame:1"].clone();
    assert_eq!(frame(&stage).text, "Act one");
    let screen = |stage: &Stage, at: Pos2| stage.canvas.borrow().camera.to_screen(at);
    let (video, film) = (stage.at("video"), stage.at("film"));
    let from = screen(&stage, frame(&stage).rect.left_top() + vec2(60.0, 10.0));
    stage.drag(from, from - vec2(0.0, 60.0));
    let moved = stage.at("video") - video;
    assert!(moved.y < -20.0, "{moved:?}");
    assert_eq!(stage.at("film"), film);
    let size = frame(&stage).rect.size();
    let corner = screen(&stage, frame(&stage).rect.max - vec2(5.0, 5.0));
    stage.drag(corner, corner + vec2(50.0, 40.0));
    assert!(size.x < frame(&stage).rect.width() && size.y < frame(&stage).rect.height());
}

#[test]
fn a_note_is_written_and_kept() {
    let mut stage = Stage::new(CHAIN);
    stage.act("note");
    stage.harness.event(Event::Text("Ask Jon".to_owned()));
    stage.harness.run();
    stage.click(Pos2::new(1190.0, 790.0), NONE);
    assert!(stage.document().layout["note:1"].to_text().contains("Ask Jon"));
    stage.act("note");
    stage.harness.event(Event::Text("Ask Mara".to_owned()));
    stage.harness.run();
    stage.harness.key_press(egui::Key::Escape);
    stage.harness.run();
    assert!(stage.document().layout["note:2"].to_text().contains("Ask Mara"), "Escape ends it and loses nothing");
}

#[test]
fn tidy_and_align_are_one_step_each() {
    let mut stage = Stage::new(CHAIN);
    stage.act("select_all");
    stage.act("align_left");
    assert_eq!(stage.at("a").x, stage.at("film").x);
    stage.act("tidy");
    assert!(stage.at("a").x < stage.at("join").x && stage.at("join").x < stage.at("video").x);
    stage.act("align_top");
    assert_eq!(stage.at("a").y, stage.at("film").y);
    assert_eq!(stage.n_steps(), 3);
}

#[test]
fn arrows_walk_along_wires() {
    let mut stage = Stage::new(CHAIN);
    stage.click(stage.title("video"), NONE);
    stage.act("walk_left");
    assert_eq!(stage.selected(), "join");
    stage.act("extend_left");
    assert_eq!(stage.selected(), "join a");
    stage.act("walk_down");
    assert_eq!(stage.selected(), "b");
    stage.act("walk_up");
    assert_eq!(stage.selected(), "a");
}

#[test]
fn unknown_kinds_keep_their_wires_and_are_named() {
    use egui_kittest::kittest::Queryable as _;
    let mut stage = Stage::new("odd: no.such x=1\n film: output.film clips<-odd.clip");
    stage.harness.get_by_label("Node odd");
    stage.drag(stage.port(End::Input, "film.clips"), Pos2::new(600.0, 780.0));
    stage.expect_feed("film.clips", &[]);
    stage.undo();
    stage.expect_feed("film.clips", &["odd.clip"]);
}

#[test]
fn the_pointer_at_rest_is_told_what_is_there() {
    use egui_kittest::kittest::Queryable as _;
    let mut stage = Stage::new(CHAIN);
    let at = stage.port(End::Output, "video.clip");
    stage.move_to(at, NONE);
    stage.harness.run();
    (0..60).for_each(|_| stage.harness.step());
    stage.harness.get_by_label("clip: clip");
}

#[test]
fn linked_copies_change_together_until_they_are_unlinked() {
    let mut stage = Stage::new(CHAIN);
    let first = stage.document().to_text();
    stage.click(stage.title("video"), NONE);
    stage.act("linked_copy");
    assert_eq!(stage.selected(), "video_2");
    assert_eq!(stage.n_steps(), 1);
    let set = |stage: &mut Stage, node: &str, seconds: f64| {
        let value = Some(model::Data::Number(seconds));
        let edit = model::Edit::SetParam { node: node.to_owned(), param: "seconds".to_owned(), value, at: None };
        stage.harness.state_mut().history.apply("Set", vec![edit], None).unwrap();
        stage.harness.run();
    };
    let seconds = |stage: &Stage, node: &str| stage.document().nodes[node].params["seconds"].as_number();
    set(&mut stage, "video_2", 3.5);
    assert_eq!(seconds(&stage, "video"), Some(3.5));
    assert!(stage.canvas.borrow().scene.nodes[stage.index("video")].linked);
    stage.act("linked_copy");
    set(&mut stage, "video", 2.5);
    assert_eq!([seconds(&stage, "video_2"), seconds(&stage, "video_3")], [Some(2.5); 2]);
    // A plain copy is its own.
    stage.act("duplicate");
    set(&mut stage, "video", 1.5);
    assert_eq!(seconds(&stage, "video_4"), Some(2.5));
    stage.click(stage.title("video"), NONE);
    stage.act("unlink");
    set(&mut stage, "video", 9.0);
    assert_eq!([seconds(&stage, "video_2"), seconds(&stage, "video_3")], [Some(1.5); 2]);
    // The last of a set is no copy of anything.
    stage.click(stage.title("video_3"), NONE);
    stage.act("delete");
    assert_eq!(stage.document().nodes["video_2"].linked(), None);
    while stage.harness.state_mut().history.undo().is_some() {}
    assert_eq!(stage.document().to_text(), first);
}

/// A stage in which a group was entered.
fn inside() -> Stage {
    let mut bench = Bench::new(CHAIN);
    bench.files.crumbs = vec!["film.ron".to_owned()];
    Stage::of(bench)
}

#[test]
fn a_group_is_entered_and_left() {
    use crate::command::{Command, FileCommand};
    let mut stage = Stage::new("g: group file=\"look.ron\"\nfilm: output.film clips<-g.clip");
    let enter = Command::File(FileCommand::Enter { node: "g".to_owned(), file: "look.ron".to_owned() });
    stage.click(stage.title("g"), NONE);
    stage.act("enter");
    assert_eq!(stage.harness.state().sent, std::slice::from_ref(&enter));
    stage.double_click(stage.title("g") + vec2(0.0, 20.0));
    assert_eq!(stage.harness.state().sent, [enter.clone(), enter]);

    let mut stage = inside();
    let leave = Command::File(FileCommand::Leave(1));
    // Escape ends a gesture first.
    let at = stage.title("video");
    stage.press(at, PointerButton::Primary, NONE);
    stage.move_to(at + vec2(80.0, 0.0), NONE);
    stage.act("leave");
    stage.release(at, PointerButton::Primary, NONE);
    assert_eq!(stage.harness.state().sent, []);
    stage.act("leave");
    assert_eq!(stage.harness.state().sent, [leave]);
}

#[test]
fn no_node_of_a_template_lies_over_another() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../graphs");
    let mut n = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if !name.ends_with(".ron") || name.ends_with(".ids.ron") {
            continue;
        }
        let document = Document::parse(&name, &std::fs::read_to_string(&path).unwrap()).unwrap().document;
        let stage = Stage::of(Bench { history: model::History::new(document), ..Bench::default() });
        let canvas = stage.canvas.borrow();
        let nodes = &canvas.scene.nodes;
        for (i, one) in nodes.iter().enumerate() {
            for other in &nodes[i + 1..] {
                assert!(!one.rect.intersects(other.rect), "{name}: {} lies over {}", one.id, other.id);
            }
        }
        n += 1;
    }
    assert!(5 < n, "{n} templates were found");
}
