//! The viewer's player: two of the media package's playbacks, B led by A, shown as textures.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use egui::{ColorImage, TextureHandle, TextureId, TextureOptions, Vec2};
use engine::store::Store;
use media::Gst;
use media::playback::{self, Looping, Options, Picture, Playback, Sound};
use model::{Diagnostic, Recipe};
use ui::{PlayerStatus, Side};

use super::{thread, trace};

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
    /// Started when something is played for the first time, on a thread: it reads a list of plug-ins from the disk.
    gst: Arc<OnceLock<Result<Gst, Diagnostic>>>,
    starting: bool,
    store: Arc<Store>,
    repaint: Arc<dyn Fn() + Send + Sync>,
    screens: [Screen; 2],
    size: (u32, u32),
    volume: f32,
    scrub: Sound,
    /// The device that somebody chose, by its name.
    device: Option<String>,
    /// Those that there are, once they were looked for.
    devices: Arc<Mutex<Option<Vec<String>>>>,
    difference: Option<Difference>,
}

/// The difference of two pictures, as long as they are the ones that show.
struct Difference {
    of: [Arc<Picture>; 2],
    texture: Option<TextureHandle>,
}

impl Player {
    pub(super) fn new(store: Arc<Store>, repaint: Arc<dyn Fn() + Send + Sync>) -> Player {
        let screens = [Screen::default(), Screen::default()];
        Player {
            gst: Arc::default(),
            starting: false,
            store,
            repaint,
            screens,
            size: (1280, 720),
            volume: 1.0,
            scrub: Sound::On,
            device: None,
            devices: Arc::default(),
            difference: None,
        }
    }

    /// GStreamer, once it has started; a repaint follows when it has.
    fn gst(&mut self) -> Option<Result<Gst, Diagnostic>> {
        if !std::mem::replace(&mut self.starting, true) {
            let (gst, repaint) = (self.gst.clone(), self.repaint.clone());
            let start = move || {
                thread::may_block();
                gst.get_or_init(Gst::new);
                repaint();
            };
            if let Err(error) = std::thread::Builder::new().name("gstreamer".to_owned()).spawn(start) {
                let problem = Diagnostic::error("no-thread", format!("no thread starts: {error}"));
                self.gst.get_or_init(|| Err(problem));
            }
        }
        self.gst.get().cloned()
    }

    /// The device that sounds; the system's own choice with none.
    pub(super) fn set_device(&mut self, device: Option<&str>) {
        if device != self.device.as_deref() {
            self.device = device.map(str::to_owned);
            self.each(|playback| playback.set_device(self.device.clone()));
        }
    }

    fn each(&self, act: impl Fn(&Playback)) {
        self.screens.iter().filter_map(|screen| screen.playback.as_ref()).for_each(act);
    }
}

impl ui::Player for Player {
    fn load(&mut self, side: Side, recipe: Option<Arc<Recipe>>) {
        let screen = &self.screens[side as usize];
        let same = match (&screen.recipe, &recipe) {
            (Some(old), Some(new)) => Arc::ptr_eq(old, new) || old == new,
            (None, None) => true,
            _ => false,
        };
        if same {
            return;
        }
        // While it starts, the recipe is none that is shown: it is asked for again in the next frame.
        let gst = if recipe.is_some() { self.gst() } else { None };
        if recipe.is_some() && gst.is_none() {
            return;
        }
        let screen = &mut self.screens[side as usize];
        screen.recipe = recipe.clone();
        match (recipe, &screen.playback) {
            (Some(recipe), Some(playback)) => playback.replace((*recipe).clone()),
            (Some(recipe), None) => {
                if let Some(Ok(gst)) = &gst {
                    // Two sounds at once tell nobody anything: A is heard.
                    let sound = if side == Side::A { Sound::On } else { Sound::Off };
                    let options = Options { size: self.size, volume: self.volume, sound };
                    let files = self.store.clone();
                    let opened = playback::open(gst, (*recipe).clone(), files, options, self.repaint.clone());
                    opened.set_scrub(self.scrub);
                    opened.set_device(self.device.clone());
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

    fn set_scrub(&mut self, on: bool) {
        self.scrub = if on { Sound::On } else { Sound::Off };
        self.each(|playback| playback.set_scrub(self.scrub));
    }

    fn look_for_devices(&mut self) {
        let (gst, found, repaint) = (self.gst.clone(), self.devices.clone(), self.repaint.clone());
        let look = move || {
            thread::may_block();
            // Where GStreamer does not start nothing plays, which the viewer says.
            let names = gst.get_or_init(Gst::new).as_ref().map(playback::sound_devices_blocking).unwrap_or_default();
            *found.lock().unwrap_or_else(PoisonError::into_inner) = Some(names);
            repaint();
        };
        // Where no thread starts nothing is found: the system's choice stays.
        let _ = std::thread::Builder::new().name("devices".to_owned()).spawn(look);
    }

    fn devices(&self) -> Option<Vec<String>> {
        self.devices.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set_size(&mut self, size: (u32, u32)) {
        if size != self.size {
            self.size = size;
            self.each(|playback| playback.set_size(size));
        }
    }

    fn status(&self, side: Side) -> PlayerStatus {
        let Some(playback) = &self.screens[side as usize].playback else {
            let error = self.gst.get().and_then(|gst| gst.as_ref().err().cloned());
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
            trace::mark("frame shown");
            screen.uploaded = Some(picture);
        }
        screen.texture.as_ref().map(|texture| (texture.id(), texture.size_vec2()))
    }

    fn difference(&mut self, ctx: &egui::Context) -> Option<(TextureId, Vec2)> {
        let [a, b] = &self.screens;
        let of = [a.playback.as_ref()?.picture()?, b.playback.as_ref()?.picture()?];
        let same = |kept: &Difference| std::iter::zip(&kept.of, &of).all(|(a, b)| Arc::ptr_eq(a, b));
        if !self.difference.as_ref().is_some_and(same) {
            let mut texture = self.difference.take().and_then(|kept| kept.texture);
            upload(ctx, &mut texture, difference(&of[0], &of[1]));
            self.difference = Some(Difference { of, texture });
        }
        let texture = self.difference.as_ref()?.texture.as_ref()?;
        Some((texture.id(), texture.size_vec2()))
    }
}

/// Four times the difference of each channel, so that one step in 256 can be seen on a good screen.
fn difference(a: &Picture, b: &Picture) -> ColorImage {
    let (width, height) = (a.size.0.min(b.size.0) as usize, a.size.1.min(b.size.1) as usize);
    let row = |picture: &Picture, y: usize| {
        let stride = picture.size.0 as usize * 4;
        picture.rgba8.get(y * stride..y * stride + width * 4).unwrap_or_default().to_vec()
    };
    let mut rgba = Vec::with_capacity(width * height * 4);
    for y in 0..height {
        for (a, b) in std::iter::zip(row(a, y).chunks_exact(4), row(b, y).chunks_exact(4)) {
            rgba.extend((0..3).map(|channel| a[channel].abs_diff(b[channel]).saturating_mul(4)));
            rgba.push(255);
        }
    }
    rgba.resize(width * height * 4, 255);
    ColorImage::from_rgba_unmultiplied([width, height], &rgba)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_pictures_have_no_difference_and_sizes_may_differ() {
        let picture = |size: (u32, u32), value| Picture {
            frame: 0,
            size,
            rgba8: Arc::new(vec![value; size.0 as usize * size.1 as usize * 4]),
        };
        let black = difference(&picture((4, 2), 7), &picture((2, 4), 7));
        assert_eq!((black.size, black.pixels[0]), ([2, 2], egui::Color32::BLACK));
        let grey = difference(&picture((2, 2), 7), &picture((2, 2), 9));
        assert_eq!(grey.pixels[3].r(), 8);
    }
}
