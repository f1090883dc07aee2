//! The viewer in a window: a fake player and gallery, real keys and clicks.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use egui::{Key, Modifiers, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use model::{Color, Digest, Image, List, Media, Rate, Recipe, Report, Shot, Value, Verdict, VideoInfo};

use super::{PANEL, Panel};
use crate::command::{Command, FileCommand};
use crate::cx::{Compare, Look, Region};
use crate::testing::Bench;
use crate::testing::fakes::{Deck, FakeGallery, FakePlayer};
use crate::view::{ItemState, ItemView, NodeView};

struct Window {
    harness: Harness<'static, Bench>,
    deck: Rc<RefCell<Deck>>,
    n_pictures: Rc<RefCell<usize>>,
}

impl Window {
    /// The panel in a window, with the editor's way of handing it keys.
    fn new(bench: Bench) -> Window {
        Window::sized(bench, (900.0, 500.0))
    }

    fn sized(bench: Bench, size: (f32, f32)) -> Window {
        let (player, gallery) = (FakePlayer::default(), FakeGallery::default());
        let (deck, n_pictures) = (player.0.clone(), gallery.0.clone());
        let mut panel: Box<dyn Panel> = (PANEL.make)();
        let harness = bench.window(size, move |ui, cx| {
            let (mut player, mut gallery) = (player.clone(), gallery.clone());
            let mut cx = cx.with(&mut gallery, &mut player);
            let (keymap, focus) = (cx.shared.keymap.clone(), crate::actions::Focus::of(ui.ctx()));
            while let Some(action) = keymap.pressed(ui.ctx(), cx.shared.region, focus, &mut Vec::new()) {
                panel.act(action, &mut cx);
            }
            panel.show(ui, &mut cx);
        });
        let mut window = Window { harness, deck, n_pictures };
        window.harness.run();
        window.deck.borrow_mut().told.clear();
        window
    }

    fn press(&mut self, key: Key) -> Vec<String> {
        self.press_with(Modifiers::NONE, key)
    }

    /// What the player was told because of a key.
    fn press_with(&mut self, modifiers: Modifiers, key: Key) -> Vec<String> {
        self.harness.key_press_modifiers(modifiers, key);
        self.harness.run();
        std::mem::take(&mut self.deck.borrow_mut().told)
    }

    fn click(&mut self, label: &str) -> Vec<String> {
        self.harness.get_by_label(label).click();
        self.harness.run();
        std::mem::take(&mut self.deck.borrow_mut().told)
    }

    /// Both clicks within one frame: the harness's clock is too slow for anything else.
    fn double_click(&mut self, label: &str) {
        let pos = self.harness.get_by_label(label).rect().center();
        self.harness.hover_at(pos);
        self.harness.run();
        for pressed in [true, false, true, false] {
            let button = egui::PointerButton::Primary;
            let event = egui::Event::PointerButton { pos, button, pressed, modifiers: Modifiers::NONE };
            self.harness.input_mut().events.push(event);
        }
        self.harness.run();
    }
}

fn media(name: &str, frames: u64) -> Arc<Media> {
    let video = VideoInfo { width: 640, height: 360, rate: Rate::FILM, n_frames: frames, codec: "h264".into() };
    let digest = Digest::of(name.as_bytes());
    Arc::new(Media { digest, bytes: 1, format: "mp4".into(), video: Some(video), audio: None })
}

pub(crate) fn clip(name: &str, frames: u64) -> Value {
    Value::Clip(Arc::new(Recipe::file(media(name, frames), None, Rate::FILM)))
}

fn item(node: &str, element: Option<&str>, port: &str, value: Option<Value>, state: ItemState) -> ItemView {
    let name = element.map_or_else(|| node.to_owned(), |element| format!("{node}/{element}"));
    ItemView {
        name,
        element: element.map(str::to_owned),
        state,
        values: value.map(|value| (port.to_owned(), value)).into_iter().collect(),
        model: Some("animatic 2".to_owned()),
        ..ItemView::default()
    }
}

fn shot(id: &str, seconds: f64) -> Value {
    let shot = serde_json::json!({
        "id": id, "scene": "s1", "number": "1-010", "text": format!("What happens in {id}"),
        "setting": { "location": "ROCK", "int_ext": "EXT", "time": "DAY", "weather": "clear" },
        "camera": { "size": "MS", "framing": "single", "angle": "eye", "move": "static", "lens_mm": 35 },
        "cast": [], "props": [], "lines": [], "duration_s": seconds, "purpose": "action",
    });
    Value::Shot(Arc::new(serde_json::from_value::<Shot>(shot).unwrap()))
}

/// Three shots of which the second is missing, and a film of them.
pub(crate) fn bench() -> Bench {
    let mut bench = Bench::new(
        "shots: structure.breakdown\n\
         generate: model.video shot<-shots.shots\n\
         film: output.film clips<-generate.clip",
    );
    let shots = ["s1.b1", "s1.b2", "s1.b3"];
    let list = List::new(shots.iter().zip([2.0, 3.0, 1.0]).map(|(id, seconds)| ((*id).into(), shot(id, seconds))));
    let made = item("shots", None, "shots", Some(Value::List(list)), ItemState::Done);
    let clips = vec![
        item("generate", Some(shots[0]), "clip", Some(clip("one", 48)), ItemState::Done),
        item("generate", Some(shots[1]), "clip", None, ItemState::Held { cost: Some(250_000) }),
        item("generate", Some(shots[2]), "clip", Some(clip("three", 24)), ItemState::Ready),
    ];
    let film = item("film", None, "file", None, ItemState::Want { by: "generate/s1.b2".to_owned() });
    for (id, items) in [("shots", vec![made]), ("generate", clips), ("film", vec![film])] {
        bench.view.nodes.insert(id.to_owned(), Arc::new(NodeView::new(items)));
    }
    bench.shared.region = Region::Viewer;
    bench
}

#[test]
fn the_film_plays_as_it_stands_with_the_keys_of_the_table() {
    let mut window = Window::new(bench());
    window.harness.get_by_label("Viewer: film");
    assert_eq!(window.deck.borrow().status.n_frames, 48 + 72 + 24);
    assert_eq!(window.press(Key::Space), ["play 1"]);
    assert_eq!(window.press(Key::Space), ["pause"]);
    let shuttle: Vec<_> = (0..5).flat_map(|_| window.press(Key::L)).collect();
    assert_eq!(shuttle, ["play 1", "play 2", "play 4", "play 8", "play 8"]);
    assert_eq!(window.press(Key::J), ["play -1"], "the other way starts slowly");
    assert_eq!(window.press(Key::J), ["play -2"]);
    assert_eq!(window.press(Key::K), ["pause"]);
    assert_eq!(window.press(Key::ArrowRight), ["step 1"]);
    assert_eq!(window.press_with(Modifiers::SHIFT, Key::ArrowRight), ["step 10"]);
    assert_eq!(window.press(Key::ArrowLeft), ["step -1"]);
    assert_eq!(window.press(Key::ArrowDown), ["seek 48"]);
    assert_eq!(window.press(Key::ArrowDown), ["seek 120"]);
    assert_eq!(window.press(Key::ArrowUp), ["seek 48"]);
    assert_eq!(window.press(Key::End), ["seek 143"]);
    assert_eq!(window.press(Key::Home), ["seek 0"]);
}

#[test]
fn range_loop_and_volume_reach_the_player() {
    let mut window = Window::new(bench());
    window.press(Key::S);
    window.press(Key::ArrowDown);
    assert_eq!(window.press(Key::I), ["range Some((48, 143)) false"]);
    window.press(Key::ArrowDown);
    assert_eq!(window.press(Key::O), ["range Some((48, 120)) false"]);
    assert_eq!(window.click("Toggle loop"), ["range Some((48, 120)) true"]);
    assert_eq!(window.press(Key::Home), ["seek 48"]);
    assert_eq!(window.press(Key::Home), ["seek 0"], "a second time leaves the range");
    assert_eq!(window.press_with(Modifiers::ALT, Key::X), ["range None true"]);
    assert_eq!(window.click("Mute"), ["volume 0"]);
    assert_eq!(window.click("Sound on"), ["volume 1"]);
}

#[test]
fn playing_from_the_end_starts_over() {
    let mut window = Window::new(bench());
    window.press(Key::End);
    assert_eq!(window.press(Key::Space), ["seek 0", "play 1"]);
    assert_eq!(window.click("Play or pause"), ["pause"]);
}

#[test]
fn a_click_on_a_shot_selects_it_and_keeps_the_film() {
    let mut window = Window::new(bench());
    assert_eq!(window.click("Shot s1.b2, held"), ["seek 84"]);
    let shared = &window.harness.state().shared;
    assert_eq!(shared.selection.elements.first().map(String::as_str), Some("s1.b2"));
    assert_eq!(shared.selection.primary(), Some("generate"));
    assert_eq!(shared.look_a, Some(Look { port: Some("file".to_owned()), ..Look::at("film") }));
    window.harness.get_by_label("Viewer: film");
    window.harness.get_by_label("Shot s1.b1, done, previs");
    window.harness.get_by_label("Shot s1.b3, stale, previs");
    window.double_click("Shot s1.b1, done, previs");
    window.harness.get_by_label("Viewer: generate/s1.b1");
}

#[test]
fn a_shot_that_is_selected_elsewhere_is_shown() {
    let mut window = Window::new(bench());
    window.harness.state_mut().shared.selection.elements.insert("s1.b3".to_owned());
    window.harness.run();
    assert_eq!(window.deck.borrow().told, ["seek 120"]);
}

#[test]
fn dragging_along_the_timeline_scrubs() {
    let mut window = Window::new(bench());
    window.press(Key::Space);
    let rect = window.harness.get_by_label("Timeline").rect();
    let at = |share: f32| egui::pos2(rect.left() + rect.width() * share, rect.top() + 40.0);
    window.harness.hover_at(at(0.25));
    window.harness.drag_at(at(0.25));
    window.harness.run();
    window.harness.hover_at(at(0.5));
    window.harness.run();
    window.harness.drop_at(at(0.5));
    window.harness.run();
    let told = window.deck.borrow().told.clone();
    assert_eq!(told.first().map(String::as_str), Some("pause"), "{told:?}");
    assert!(told.contains(&"scrub 72".to_owned()), "{told:?}");
    assert_eq!(told.last().map(String::as_str), Some("seek 72"), "{told:?}");
}

#[test]
fn markers_are_edits_that_undo() {
    let mut window = Window::new(bench());
    window.press(Key::ArrowDown);
    window.press(Key::M);
    let layout =
        |window: &Window| window.harness.state().history.document().layout.get("markers").map(model::Data::to_text);
    assert_eq!(layout(&window).as_deref(), Some(r#"[(48, "")]"#));
    assert_eq!(window.harness.state().sent.len(), 1);
    window.press(Key::End);
    assert_eq!(window.click("Marker unnamed"), ["seek 48"]);
    let at = window.harness.get_by_label("Marker unnamed").rect().center();
    let to = at + vec2(100.0, 0.0);
    window.harness.hover_at(at);
    window.harness.drag_at(at);
    window.harness.run();
    for step in [30.0, 60.0, 100.0] {
        window.harness.hover_at(at + vec2(step, 0.0));
        window.harness.run();
    }
    window.harness.drop_at(to);
    window.harness.run();
    let moved = layout(&window).unwrap();
    assert_ne!(moved, r#"[(48, "")]"#);
    assert_eq!(window.harness.state().history.done().count(), 2, "a drag is one step");
    window.harness.get_by_label("Marker unnamed").click_secondary();
    window.harness.run();
    window.harness.get_by_role(egui::accesskit::Role::TextInput).type_text("Storm");
    window.harness.run();
    assert!(layout(&window).unwrap().contains("Storm"));
    window.harness.get_by_label("Remove marker").click();
    window.harness.run();
    assert_eq!(layout(&window), None);
}

#[test]
fn the_wheel_zooms_and_500_shots_draw_only_what_is_in_view() {
    let mut bench = Bench::new("generate: model.video\nfilm: output.film clips<-generate.clip");
    let items = (0..500).map(|i| {
        let (id, name) = (format!("s{i}"), format!("clip {i}"));
        item("generate", Some(&id), "clip", Some(clip(&name, 48)), ItemState::Done)
    });
    bench.view.nodes.insert("generate".to_owned(), Arc::new(NodeView::new(items.collect())));
    let film = vec![item("film", None, "file", None, ItemState::Ready)];
    bench.view.nodes.insert("film".to_owned(), Arc::new(NodeView::new(film)));
    let mut window = Window::new(bench);
    assert_eq!(*window.n_pictures.borrow(), 0, "all of the film in view: blocks are a stripe");
    let rect = window.harness.get_by_label("Timeline").rect();
    window.harness.hover_at(rect.center());
    window.harness.run();
    for _ in 0..12 {
        window.harness.event(egui::Event::MouseWheel {
            unit: egui::MouseWheelUnit::Point,
            delta: vec2(0.0, 120.0),
            phase: egui::TouchPhase::Move,
            source: egui::MouseWheelSource::Wheel,
            modifiers: Modifiers::NONE,
        });
        window.harness.run_steps(8);
    }
    *window.n_pictures.borrow_mut() = 0;
    window.harness.step();
    let drawn = *window.n_pictures.borrow();
    assert!((1..60).contains(&drawn), "{drawn} thumbnails");
    assert!(window.harness.query_by_label("Shot s250, done, previs").is_some());
}

#[test]
fn a_list_of_pictures_is_a_contact_sheet() {
    let mut bench = Bench::new("draw: model.image");
    let items = (0..3000).map(|i| {
        let (id, name) = (format!("s{i}"), format!("picture {i}"));
        let value = (i != 1).then(|| Value::Image(Image::File(media(&name, 1))));
        let state = if i == 1 { ItemState::Queued } else { ItemState::Done };
        item("draw", Some(&id), "image", value, state)
    });
    bench.view.nodes.insert("draw".to_owned(), Arc::new(NodeView::new(items.collect())));
    bench.shared.selection.only("draw");
    let mut window = Window::new(bench);
    *window.n_pictures.borrow_mut() = 0;
    window.harness.step();
    let drawn = *window.n_pictures.borrow();
    assert!((1..80).contains(&drawn), "{drawn} of 3000 thumbnails");
    window.harness.get_by_label("s0 done, previs");
    window.click("s1 queued");
    let modifiers = Modifiers { command: true, ctrl: true, ..Modifiers::NONE };
    window.harness.get_by_label("s2 done, previs").click_modifiers(modifiers);
    window.harness.run();
    let chosen: Vec<_> = window.harness.state().shared.selection.elements.iter().cloned().collect();
    assert_eq!(chosen, ["s1", "s2"]);
    window.double_click("s2 done, previs");
    let look = window.harness.state().shared.look_a.clone().unwrap();
    assert_eq!((look.node.as_str(), look.element.as_deref()), ("draw", Some("s2")));
    window.harness.get_by_label("Viewer: draw/s2");
}

#[test]
fn keys_walk_a_sheet_and_shots_alone() {
    let mut window = Window::new(bench());
    window.click("Contact sheet");
    let chosen = |window: &Window| window.harness.state().shared.selection.elements.last().cloned();
    for (key, element) in
        [(Key::ArrowRight, "s1.b1"), (Key::ArrowRight, "s1.b2"), (Key::End, "s1.b3"), (Key::ArrowLeft, "s1.b2")]
    {
        window.press(key);
        assert_eq!(chosen(&window).as_deref(), Some(element));
    }
    window.press(Key::Home);
    window.press(Key::Enter);
    window.harness.get_by_label("Viewer: film/s1.b1");
    window.press(Key::ArrowDown);
    window.harness.get_by_label_contains("generate/s1.b2 is held");
    window.press(Key::ArrowUp);
    window.harness.get_by_label("Viewer: film/s1.b1");
    window.harness.get_by_label("Previs");
}

#[test]
fn the_sheet_of_a_film_shows_states() {
    let mut window = Window::new(bench());
    window.click("Contact sheet");
    window.harness.get_by_label("s1.b2 held");
    window.harness.get_by_label("s1.b3 stale, previs");
    window.click("Contact sheet");
    window.harness.get_by_label("Viewer: film");
}

#[test]
fn two_nodes_are_compared() {
    let mut window = Window::new(bench());
    window.harness.state_mut().shared.look_b = Some(Look { element: Some("s1.b1".to_owned()), ..Look::at("generate") });
    window.harness.state_mut().shared.compare = Compare::Wipe;
    window.harness.run();
    window.harness.get_by_label("Viewer: wipe of film and generate/s1.b1");
    assert_eq!(window.deck.borrow().loaded[1].as_ref().map(|recipe| recipe.n_frames()), Some(48));
    let line = window.harness.get_by_label("Wipe between A and B").rect().center();
    window.harness.hover_at(line);
    window.harness.drag_at(line);
    window.harness.run();
    window.harness.hover_at(line + vec2(80.0, 0.0));
    window.harness.run();
    window.harness.drop_at(line + vec2(80.0, 0.0));
    window.harness.run();
    let moved = window.harness.get_by_label("Wipe between A and B").rect().center();
    assert!((moved.x - line.x - 80.0).abs() < 2.0, "{line:?} {moved:?}");
    window.press_with(Modifiers::ALT, Key::ArrowLeft);
    assert!(window.harness.get_by_label("Wipe between A and B").rect().center().x < moved.x);
    for (compare, label) in [
        (Compare::SideBySide, "Viewer: film beside generate/s1.b1"),
        (Compare::Difference, "Viewer: difference of film and generate/s1.b1"),
    ] {
        window.harness.state_mut().shared.compare = compare;
        window.harness.run();
        window.harness.get_by_label(label);
    }
    assert!(window.deck.borrow().told.contains(&"difference".to_owned()));
    window.press(Key::Enter);
    let shared = &window.harness.state().shared;
    assert_eq!(shared.look_a.as_ref().map(|look| look.node.as_str()), Some("generate"));
    assert_eq!(shared.look_b.as_ref().map(|look| look.node.as_str()), Some("film"));
    window.harness.state_mut().shared.compare = Compare::Off;
    window.harness.run();
    assert_eq!(window.deck.borrow().loaded[1], None, "nothing is decoded that nobody sees");
}

#[test]
fn a_take_is_looked_at() {
    let mut bench = bench();
    let value = vec![("clip".to_owned(), clip("take two", 96))];
    let take = crate::view::TakeView { take: 2, values: value, ..Default::default() };
    bench.view.takes = Some(Arc::new(crate::view::TakesView { item: "generate/s1.b1".to_owned(), takes: vec![take] }));
    let look = Look { element: Some("s1.b1".to_owned()), take: Some(2), ..Look::at("generate") };
    bench.shared.look_a = Some(look);
    let window = Window::new(bench);
    assert_eq!(window.deck.borrow().status.n_frames, 96);
    window.harness.get_by_label("Viewer: generate/s1.b1 take 2");
}

#[test]
fn a_finished_film_plays_its_file_until_it_is_asked_otherwise() {
    let mut bench = bench();
    let film = item("film", None, "file", Some(clip("the film", 144)), ItemState::Done);
    bench.view.nodes.insert("film".to_owned(), Arc::new(NodeView::new(vec![film])));
    let mut window = Window::new(bench);
    let n_pieces = |window: &Window| window.deck.borrow().loaded[0].as_ref().map(|recipe| recipe.pieces.len());
    assert_eq!(n_pieces(&window), Some(1));
    window.harness.get_by_label("Shot s1.b2, held");
    window.click("As it stands");
    assert_eq!(n_pieces(&window), Some(3));
    window.click("Finished file");
    assert_eq!(n_pieces(&window), Some(1));
}

#[test]
fn a_recipe_stays_the_same_while_states_change() {
    let mut window = Window::new(bench());
    let before = window.deck.borrow().loaded[0].clone().unwrap();
    let bench = window.harness.state_mut();
    let mut node = (*bench.view.nodes["generate"]).clone();
    node.items[0].state = ItemState::Ready;
    bench.view.nodes.insert("generate".to_owned(), Arc::new(node));
    window.harness.run();
    let after = window.deck.borrow().loaded[0].clone().unwrap();
    assert!(Arc::ptr_eq(&before, &after), "a new state is no new film");
    window.harness.get_by_label("Shot s1.b1, stale, previs");
}

#[test]
fn every_type_has_something_to_show() {
    let report = Report {
        title: "Cuts".into(),
        summary: "One cut breaks.".into(),
        verdict: Verdict::Break,
        data: serde_json::json!({ "cuts": [{ "from": "a", "value": 0.5 }] }),
        plot: Some((*media("plot", 1)).clone()),
    };
    let reference = serde_json::json!({
        "role": "character", "name": "MARA", "description": "Keeper of the light",
        "palette": ["#a03020"], "images": [],
    });
    let values = [
        (Value::Text("A lamp turns".into()), "A lamp turns"),
        (Value::Number(2.5), "2.5"),
        (Value::Integer(7), "7"),
        (Value::Flag(true), "on"),
        (Value::Choice("draft".into()), "draft"),
        (Value::Color(Color { r: 160, g: 48, b: 32 }), "Colour #a03020"),
        (Value::Report(Arc::new(report)), "One cut breaks."),
        (Value::Reference(Arc::new(serde_json::from_value(reference).unwrap())), "Keeper of the light"),
        (shot("s1.b1", 2.0), "What happens in s1.b1"),
        (Value::Script(Arc::new(model::Script { text: "EXT. ROCK".into() })), "EXT. ROCK"),
        (Value::Image(Image::File(media("still", 1))), "Viewer: a"),
        (Value::List(List::new([])), "The list is empty."),
    ];
    for (value, label) in values {
        let mut bench = Bench::new("a: prompt.text");
        let item = item("a", None, "text", Some(value), ItemState::Done);
        bench.view.nodes.insert("a".to_owned(), Arc::new(NodeView::new(vec![item])));
        bench.shared.selection.only("a");
        let window = Window::new(bench);
        window.harness.get_by_label(label);
    }
}

#[test]
fn a_sound_is_a_waveform_that_plays() {
    let mut bench = Bench::new("a: import.audio");
    let sound = Media {
        audio: Some(model::AudioInfo { sample_rate: 48_000, channels: 2, n_samples: 96_000, codec: "pcm".into() }),
        video: None,
        ..(*media("sound", 1)).clone()
    };
    let item = item("a", None, "audio", Some(Value::Audio(Arc::new(sound))), ItemState::Done);
    bench.view.nodes.insert("a".to_owned(), Arc::new(NodeView::new(vec![item])));
    bench.shared.selection.only("a");
    let mut window = Window::new(bench);
    assert_eq!(window.deck.borrow().status.n_frames, 48);
    assert_eq!(window.press(Key::Space), ["play 1"]);
}

#[test]
fn what_is_missing_says_why() {
    let problem = model::Diagnostic::error("x", "the key was refused").hint("check the key");
    for (state, text) in [
        (ItemState::Held { cost: Some(250_000) }, "a is held: it costs $0.25. Approve it in the run panel."),
        (ItemState::Want { by: "b".into() }, "a waits for b."),
        (ItemState::Failed(Box::new(problem)), "a failed: the key was refused. Hint: check the key."),
    ] {
        let mut bench = Bench::new("a: model.video");
        bench.view.nodes.insert("a".to_owned(), Arc::new(NodeView::new(vec![item("a", None, "clip", None, state)])));
        bench.shared.selection.only("a");
        Window::new(bench).harness.get_by_label(text);
    }
    Window::new(Bench::new("")).harness.get_by_label_contains("Select a node");
}

#[test]
fn a_running_item_shows_its_picture_in_the_making() {
    for (key, state, n_pictures) in [
        (Some(Digest::of(b"a")), ItemState::Running { progress: 0.4 }, 1),
        (None, ItemState::Running { progress: 0.4 }, 0),
        (Some(Digest::of(b"a")), ItemState::Queued, 0),
    ] {
        let mut bench = Bench::new("a: model.video");
        let running = ItemView { key, ..item("a", None, "clip", None, state) };
        bench.view.nodes.insert("a".to_owned(), Arc::new(NodeView::new(vec![running])));
        bench.shared.selection.only("a");
        let window = Window::new(bench);
        window.harness.get_by_label("a is being made.");
        assert_eq!((*window.n_pictures.borrow()).min(1), n_pictures, "{key:?}");
    }
}

#[test]
fn a_pin_keeps_the_view_and_slots_hold_nodes() {
    let mut bench = bench();
    bench.shared.selection.only("generate");
    let mut window = Window::new(bench);
    window.harness.get_by_label("Viewer: generate");
    window.click("Pin: stay here whatever is selected");
    window.harness.state_mut().shared.selection.only("shots");
    window.harness.run();
    window.harness.get_by_label("Viewer: generate");
    window.click("Slot 2: empty");
    assert_eq!(window.harness.state().shared.slots[1], Some(Look::at("shots")));
    window.click("Pinned: follow the selection again");
    assert_eq!(window.harness.state().shared.look_a, None);
}

#[test]
fn export_names_the_item_and_the_port() {
    let mut window = Window::new(bench());
    window.click("Export what is shown…");
    let expected = Command::File(FileCommand::Export { item: "film".into(), port: "file".into() });
    assert_eq!(window.harness.state().sent, [expected]);
}

#[test]
fn full_screen_comes_and_goes() {
    let mut window = Window::new(bench());
    let small = window.harness.get_by_label("Viewer: film").rect().height();
    window.press(Key::F);
    let large = window.harness.get_by_label("Viewer: film").rect().height();
    assert!(small < large, "{small} {large}");
    assert_eq!(window.press(Key::Space), ["play 1"], "keys go on working");
    window.press(Key::Escape);
    assert_eq!(window.harness.get_by_label("Viewer: film").rect().height(), small);
}

#[test]
fn with_k_held_j_and_l_go_frame_by_frame() {
    let mut window = Window::new(bench());
    window.harness.key_down(Key::K);
    window.harness.run();
    window.deck.borrow_mut().told.clear();
    assert_eq!(window.press(Key::L), ["step 1"]);
    assert_eq!(window.press(Key::L), ["step 1"]);
    assert_eq!(window.press(Key::J), ["step -1"]);
    window.harness.key_up(Key::K);
    window.harness.run();
    assert_eq!(window.press(Key::L), ["play 1"]);
}

#[test]
fn a_narrow_panel_keeps_its_rows_and_puts_the_rest_into_a_menu() {
    let mut window = Window::sized(bench(), (430.0, 430.0));
    assert!(window.harness.query_by_label("Slot 2: empty").is_none());
    let picture = window.harness.get_by_label("Viewer: film").rect();
    assert!(220.0 < picture.height(), "{picture:?}");
    window.click("More ways to look");
    window.harness.get_by_label("Slot 2: empty");
    window.click("Toggle safe areas");
}

#[test]
fn idle_asks_for_no_repaint() {
    let mut window = Window::new(bench());
    window.harness.step();
    let delay = |window: &Window| window.harness.output().viewport_output[&egui::ViewportId::ROOT].repaint_delay;
    assert_eq!(delay(&window), std::time::Duration::MAX);
    window.press(Key::Space);
    assert!(delay(&window) < std::time::Duration::from_millis(100));
}
