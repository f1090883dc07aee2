//! The viewer in a window: a fake player and gallery, real keys and clicks.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use egui::{Key, Modifiers, TextureId, Vec2, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use model::{Digest, Image, List, Media, Rate, Recipe, Shot, Value, VideoInfo};

use super::{PANEL, Panel};
use crate::cx::{Cx, Gallery, Look, Picture, Region, Shown};
use crate::player::{Player, PlayerStatus, Side};
use crate::testing::Bench;
use crate::view::{ItemState, ItemView, NodeView};

/// A player that does what it is told at once, and remembers what it was told.
#[derive(Default)]
pub(super) struct Deck {
    pub(super) status: PlayerStatus,
    pub(super) loaded: [Option<Arc<Recipe>>; 2],
    pub(super) told: Vec<String>,
}

#[derive(Clone, Default)]
struct FakePlayer(Rc<RefCell<Deck>>);

impl FakePlayer {
    fn tell(&self, text: String) {
        self.0.borrow_mut().told.push(text);
    }
}

impl Player for FakePlayer {
    fn load(&mut self, side: Side, recipe: Option<Arc<Recipe>>) {
        let mut deck = self.0.borrow_mut();
        if side == Side::A {
            deck.status.n_frames = recipe.as_ref().map_or(0, |recipe| recipe.n_frames());
            deck.status.rate = recipe.as_ref().map(|recipe| recipe.rate);
        }
        deck.loaded[side as usize] = recipe;
    }
    fn play(&mut self, speed: f64) {
        self.0.borrow_mut().status.speed = speed;
        self.tell(format!("play {speed}"));
    }
    fn pause(&mut self) {
        self.0.borrow_mut().status.speed = 0.0;
        self.tell("pause".to_owned());
    }
    fn seek(&mut self, frame: u64) {
        self.0.borrow_mut().status.frame = frame;
        self.tell(format!("seek {frame}"));
    }
    fn step(&mut self, frames: i64) {
        let mut deck = self.0.borrow_mut();
        deck.status.frame = deck.status.frame.saturating_add_signed(frames);
        drop(deck);
        self.tell(format!("step {frames}"));
    }
    fn set_range(&mut self, range: Option<(u64, u64)>, looping: bool) {
        self.tell(format!("range {range:?} {looping}"));
    }
    fn set_volume(&mut self, volume: f32) {
        self.tell(format!("volume {volume}"));
    }
    fn set_size(&mut self, _: (u32, u32)) {}
    fn status(&self, _: Side) -> PlayerStatus {
        self.0.borrow().status.clone()
    }
    fn picture(&mut self, _: &egui::Context, side: Side) -> Option<(TextureId, Vec2)> {
        let deck = self.0.borrow();
        deck.loaded[side as usize].as_ref().map(|_| (TextureId::User(side as u64), vec2(1280.0, 720.0)))
    }
    fn scrub(&mut self, frame: u64) {
        self.0.borrow_mut().status.frame = frame;
        self.tell(format!("scrub {frame}"));
    }
    fn difference(&mut self, _: &egui::Context) -> Option<(TextureId, Vec2)> {
        self.tell("difference".to_owned());
        Some((TextureId::User(9), vec2(1280.0, 720.0)))
    }
}

/// A gallery whose pictures are ready at once. It counts what it was asked for.
#[derive(Clone, Default)]
struct FakeGallery(Rc<RefCell<usize>>);

impl Gallery for FakeGallery {
    fn picture(&mut self, _: &egui::Context, _: &Picture, width: u32) -> Shown {
        *self.0.borrow_mut() += 1;
        Shown::Ready(TextureId::User(5), vec2(width as f32, width as f32 * 9.0 / 16.0))
    }
    fn waveform(&mut self, _: &egui::Context, _: &Value, columns: usize) -> Option<Arc<Vec<(f32, f32)>>> {
        Some(Arc::new(vec![(-0.5, 0.5); columns]))
    }
}

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
            let mut cx = Cx {
                document: cx.document,
                revision: cx.revision,
                catalog: cx.catalog,
                view: cx.view,
                files: cx.files,
                history: cx.history,
                shared: &mut *cx.shared,
                commands: &mut *cx.commands,
                gallery: &mut gallery,
                player: &mut player,
                theme: cx.theme,
            };
            for action in cx.shared.keymap.clone().pressed(ui.ctx(), cx.shared.region) {
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
}

fn media(name: &str, frames: u64) -> Arc<Media> {
    let video = VideoInfo { width: 640, height: 360, rate: Rate::FILM, n_frames: frames, codec: "h264".into() };
    let digest = Digest::of(name.as_bytes());
    Arc::new(Media { digest, bytes: 1, format: "mp4".into(), video: Some(video), audio: None })
}

fn clip(name: &str, frames: u64) -> Value {
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
fn bench() -> Bench {
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
