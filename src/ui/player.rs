//! Playback as the viewer sees it. The application implements it with the media package; tests with a fake.

use std::sync::Arc;

use model::{Diagnostic, Rate, Recipe};

/// Two pictures can play together: A, and what it is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    A,
    B,
}

/// How playback stands.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PlayerStatus {
    pub frame: u64,
    pub n_frames: u64,
    pub rate: Option<Rate>,
    /// 1 is forward at the film's rate, negative is backward, 0 is paused.
    pub speed: f64,
    pub dropped: u64,
    pub buffering: bool,
    pub error: Option<Diagnostic>,
    /// Peak of each channel, 0 to 1.
    pub levels: Vec<f32>,
}

/// See the module.
pub trait Player {
    /// Shows a recipe on a side; the same recipe again changes nothing, a changed one keeps the position.
    fn load(&mut self, side: Side, recipe: Option<Arc<Recipe>>);
    /// Plays at a speed; both sides follow A.
    fn play(&mut self, speed: f64);
    fn pause(&mut self);
    /// Shows exactly this frame.
    fn seek(&mut self, frame: u64);
    fn step(&mut self, frames: i64);
    /// In and out point, first and last frame, and whether playback starts over at the end.
    fn set_range(&mut self, range: Option<(u64, u64)>, looping: bool);
    /// 0 to 1.
    fn set_volume(&mut self, volume: f32);
    /// Whether seeks and steps at rest sound.
    fn set_scrub(&mut self, on: bool) {
        let _ = on;
    }
    /// Asks anew which devices there are that sound can come out of.
    fn look_for_devices(&mut self) {}
    /// Their names; none until they are known.
    fn devices(&self) -> Option<Vec<String>> {
        None
    }
    /// The largest picture that can be seen, in pixels.
    fn set_size(&mut self, size: (u32, u32));
    fn status(&self, side: Side) -> PlayerStatus;
    /// The picture that is shown now, with its size in pixels.
    fn picture(&mut self, ctx: &egui::Context, side: Side) -> Option<(egui::TextureId, egui::Vec2)>;
    /// Shows this frame as soon as it can, with a moment of its sound where that is possible; the newest wins.
    fn scrub(&mut self, frame: u64) {
        self.seek(frame);
    }
    /// How far A and B are from each other, pixel by pixel and bright enough to see: `min(1, 4 |a - b|)` of each
    /// channel. Textures alone cannot be subtracted, so this is asked of who has the pixels; none where nobody has.
    fn difference(&mut self, ctx: &egui::Context) -> Option<(egui::TextureId, egui::Vec2)> {
        let _ = ctx;
        None
    }
}

/// A player that plays nothing, for tests and for machines without GStreamer.
#[derive(Clone, Debug, Default)]
pub struct NoPlayer;

impl Player for NoPlayer {
    fn load(&mut self, _: Side, _: Option<Arc<Recipe>>) {}
    fn play(&mut self, _: f64) {}
    fn pause(&mut self) {}
    fn seek(&mut self, _: u64) {}
    fn step(&mut self, _: i64) {}
    fn set_range(&mut self, _: Option<(u64, u64)>, _: bool) {}
    fn set_volume(&mut self, _: f32) {}
    fn set_size(&mut self, _: (u32, u32)) {}
    fn status(&self, _: Side) -> PlayerStatus {
        PlayerStatus::default()
    }
    fn picture(&mut self, _: &egui::Context, _: Side) -> Option<(egui::TextureId, egui::Vec2)> {
        None
    }
}
