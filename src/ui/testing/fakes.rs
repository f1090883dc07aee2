//! A player and a gallery for tests: they do at once what the window's own do with threads and files.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use egui::{TextureId, Vec2, vec2};
use model::{Recipe, Value};

use crate::cx::{Gallery, Picture, Shown};
use crate::player::{Player, PlayerStatus, Side};

/// A player that does what it is told at once, and remembers what it was told.
#[derive(Default)]
pub(crate) struct Deck {
    pub(crate) status: PlayerStatus,
    pub(crate) loaded: [Option<Arc<Recipe>>; 2],
    pub(crate) told: Vec<String>,
    /// The picture of both sides, where it is to be seen.
    pub(crate) texture: Option<egui::TextureHandle>,
    /// Names of sound devices, once they were found.
    pub(crate) devices: Option<Vec<String>>,
}

#[derive(Clone, Default)]
pub(crate) struct FakePlayer(pub(crate) Rc<RefCell<Deck>>);

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
    fn look_for_devices(&mut self) {
        self.tell("look for devices".to_owned());
    }
    fn devices(&self) -> Option<Vec<String>> {
        self.0.borrow().devices.clone()
    }
    fn set_size(&mut self, _: (u32, u32)) {}
    fn status(&self, _: Side) -> PlayerStatus {
        self.0.borrow().status.clone()
    }
    fn picture(&mut self, _: &egui::Context, side: Side) -> Option<(TextureId, Vec2)> {
        let deck = self.0.borrow();
        let shown = deck.texture.as_ref().map_or(TextureId::User(side as u64), egui::TextureHandle::id);
        deck.loaded[side as usize].as_ref().map(|_| (shown, vec2(1280.0, 720.0)))
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
pub(crate) struct FakeGallery(pub(crate) Rc<RefCell<usize>>);

impl Gallery for FakeGallery {
    fn picture(&mut self, _: &egui::Context, _: &Picture, width: u32) -> Shown {
        *self.0.borrow_mut() += 1;
        Shown::Ready(TextureId::User(5), vec2(width as f32, width as f32 * 9.0 / 16.0))
    }
    fn waveform(&mut self, _: &egui::Context, _: &Value, columns: usize) -> Option<Arc<Vec<(f32, f32)>>> {
        Some(Arc::new(vec![(-0.5, 0.5); columns]))
    }
}
