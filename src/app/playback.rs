//! The viewer's player: two of the media package's playbacks, B led by A, shown as textures.

use std::sync::Arc;

use egui::{ColorImage, TextureHandle, TextureId, TextureOptions, Vec2};
use engine::store::Store;
use media::Gst;
use media::playback::{self, Looping, Options, Picture, Playback, Sound};
use model::{Diagnostic, Recipe};
use ui::{PlayerStatus, Side};

/// One side.
#[derive(Default)]
struct Screen {
    recipe: Option<Arc<Recipe>>,
    playback: Option<Playback>,
    texture: Option<TextureHandle>,
    /// The picture that the texture holds.
    uploaded: Option<Arc<Picture>>,
}

/// See the module.
pub(super) struct Player {
    /// Started when something is played for the first time.
    gst: Option<Result<Gst, Diagnostic>>,
    store: Arc<Store>,
    repaint: Arc<dyn Fn() + Send + Sync>,
    screens: [Screen; 2],
    size: (u32, u32),
    volume: f32,
}

impl Player {
    pub(super) fn new(store: Arc<Store>, repaint: Arc<dyn Fn() + Send + Sync>) -> Player {
        let screens = [Screen::default(), Screen::default()];
        Player { gst: None, store, repaint, screens, size: (1280, 720), volume: 1.0 }
    }

    fn each(&self, act: impl Fn(&Playback)) {
        self.screens.iter().filter_map(|screen| screen.playback.as_ref()).for_each(act);
    }
}

impl ui::Player for Player {
    fn load(&mut self, side: Side, recipe: Option<Arc<Recipe>>) {
        let screen = &mut self.screens[side as usize];
        let same = match (&screen.recipe, &recipe) {
            (Some(old), Some(new)) => Arc::ptr_eq(old, new) || old == new,
            (None, None) => true,
            _ => false,
        };
        if same {
            return;
        }
        screen.recipe = recipe.clone();
        match (recipe, &screen.playback) {
            (Some(recipe), Some(playback)) => playback.replace((*recipe).clone()),
            (Some(recipe), None) => {
                let gst = self.gst.get_or_insert_with(Gst::new);
                if let Ok(gst) = gst {
                    // Two sounds at once tell nobody anything: A is heard.
                    let sound = if side == Side::A { Sound::On } else { Sound::Off };
                    let options = Options { size: self.size, volume: self.volume, sound };
                    let files = self.store.clone();
                    let opened = playback::open(gst, (*recipe).clone(), files, options, self.repaint.clone());
                    screen.playback = Some(opened);
                }
            }
            (None, _) => *screen = Screen::default(),
        }
    }

    fn play(&mut self, speed: f64) {
        self.each(|playback| playback.play(speed));
    }

    fn pause(&mut self) {
        self.each(Playback::pause);
    }

    fn seek(&mut self, frame: u64) {
        self.each(|playback| playback.seek(frame));
    }

    fn step(&mut self, frames: i64) {
        self.each(|playback| playback.step(frames));
    }

    fn set_range(&mut self, range: Option<(u64, u64)>, looping: bool) {
        let looping = if looping { Looping::On } else { Looping::Off };
        // Here the last frame belongs to the range, there it is the first one outside.
        let range = range.map(|(first, last)| (first, last + 1));
        self.each(|playback| playback.set_range(range, looping));
    }

    fn set_volume(&mut self, volume: f32) {
        self.volume = volume;
        self.each(|playback| playback.set_volume(volume));
    }

    fn set_size(&mut self, size: (u32, u32)) {
        if size != self.size {
            self.size = size;
            self.each(|playback| playback.set_size(size));
        }
    }

    fn status(&self, side: Side) -> PlayerStatus {
        let Some(playback) = &self.screens[side as usize].playback else {
            let error = self.gst.as_ref().and_then(|gst| gst.as_ref().err().cloned());
            return PlayerStatus { error, ..PlayerStatus::default() };
        };
        let status = playback.status();
        PlayerStatus {
            frame: status.frame,
            n_frames: status.n_frames,
            rate: Some(status.rate),
            speed: if status.playing { status.speed } else { 0.0 },
            dropped: status.dropped,
            buffering: status.buffering,
            error: status.error,
            levels: status.levels.iter().map(|db| 10f32.powf(db / 20.0)).collect(),
        }
    }

    fn picture(&mut self, ctx: &egui::Context, side: Side) -> Option<(TextureId, Vec2)> {
        let screen = &mut self.screens[side as usize];
        let picture = screen.playback.as_ref()?.picture()?;
        if !screen.uploaded.as_ref().is_some_and(|old| Arc::ptr_eq(old, &picture)) {
            upload(ctx, &mut screen.texture, image(&picture));
            screen.uploaded = Some(picture);
        }
        screen.texture.as_ref().map(|texture| (texture.id(), texture.size_vec2()))
    }
}

fn image(picture: &Picture) -> ColorImage {
    ColorImage::from_rgba_unmultiplied([picture.size.0 as usize, picture.size.1 as usize], &picture.rgba8)
}

fn upload(ctx: &egui::Context, texture: &mut Option<TextureHandle>, image: ColorImage) {
    match texture {
        Some(texture) => texture.set(image, TextureOptions::LINEAR),
        None => *texture = Some(ctx.load_texture("viewer", image, TextureOptions::LINEAR)),
    }
}
