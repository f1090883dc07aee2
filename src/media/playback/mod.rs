//! Plays a recipe for people: the picture of any frame at once, sound in time, forwards, backwards and in loops.
//!
//! Must not know windows: a closure tells its owner that there is something new to show, and nothing here waits for
//! the owner. GStreamer's own players were rejected: they play files, not edit decisions, and one of two clips of a
//! film that was joined by them showed wrong frames. Three threads: pictures are made, sound is made, and a conductor
//! puts up each picture when its time comes; the sound card is the clock where there is one.

mod desk;
mod devices;
mod mixer;
mod output;
mod pictures;
mod sound;
mod store;
mod transport;
mod waveform;

use std::sync::Arc;
use std::time::{Duration, Instant};

use engine::worker::{Artifacts, Cancel};
use model::{Diagnostic, Rate, Recipe};

use crate::Gst;

pub use self::devices::sound_devices_blocking;
pub use self::waveform::{Audible, waveform_blocking};

use self::desk::{Desk, Hub};

/// How long a drop waits for the threads; they end by themselves soon after.
const FAREWELL: Duration = Duration::from_millis(180);

/// A recipe being looked at. Dropping it stops it.
pub struct Playback {
    hub: Arc<Hub>,
}

/// How to play.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Options {
    /// Most pixels across and down; the shape is kept, and nothing is enlarged.
    pub size: (u32, u32),
    /// Factor on the sound's amplitude, 0 to 1.
    pub volume: f32,
    pub sound: Sound,
}

impl Default for Options {
    fn default() -> Options {
        Options { size: (1280, 720), volume: 1.0, sound: Sound::On }
    }
}

/// Whether there is to be sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sound {
    On,
    Off,
}

/// Whether playing goes on at the other end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Looping {
    On,
    Off,
}

/// Where the sound goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Voice {
    /// None is wanted, or the recipe has none.
    None,
    /// Nobody has listened yet.
    Waiting,
    /// A sound card plays it, and is the clock.
    Device,
    /// There is no sound card, or it does not work: levels are shown, the computer's clock counts.
    NoDevice,
}

/// One picture, ready to show.
#[derive(Clone, Debug, PartialEq)]
pub struct Picture {
    pub frame: u64,
    pub size: (u32, u32),
    /// sRGB, opaque, rows top down without padding: width times height times 4 bytes.
    pub rgba8: Arc<Vec<u8>>,
}

/// What a viewer shows around the picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Status {
    /// The playhead. While a seek is under way the picture is still the one before.
    pub frame: u64,
    pub n_frames: u64,
    pub rate: Rate,
    /// Of the last `play`, negative backwards.
    pub speed: f64,
    pub playing: bool,
    /// Frames that playing left out because they came too late. Shuttle leaves out frames by intent.
    pub dropped: u64,
    /// Pictures put up.
    pub shown: u64,
    /// The picture that is due is not there yet.
    pub buffering: bool,
    pub voice: Voice,
    pub error: Option<Diagnostic>,
    /// Peaks of left and right at the playhead, in dB below full scale; minus infinity is silence.
    pub levels: [f32; 2],
}

/// Opens a recipe at its first frame. Returns at once; what goes wrong is in the status.
///
/// `wake` is called from other threads whenever picture or status have changed by themselves. Of `files` only
/// `locate` is used.
pub fn open(
    _gst: &Gst,
    recipe: Recipe,
    files: Arc<dyn Artifacts>,
    options: Options,
    wake: Arc<dyn Fn() + Send + Sync>,
) -> Playback {
    open_on(output::AUTOMATIC, recipe, files, options, wake)
}

/// Opens with a sound sink of the caller's choice.
fn open_on(
    sink: &'static str,
    recipe: Recipe,
    files: Arc<dyn Artifacts>,
    options: Options,
    wake: Arc<dyn Fn() + Send + Sync>,
) -> Playback {
    let hub = Arc::new(Hub::new(Desk::new(recipe, options), files, Cancel::default(), wake));
    hub.spawn("playback", desk::conduct);
    hub.spawn("playback-pictures", pictures::make);
    if options.sound == Sound::On {
        hub.spawn("playback-sound", move |hub| sound::make(hub, sink));
    }
    Playback { hub }
}

impl Playback {
    /// Plays at a speed: 1 is as fast as the film, 2 twice as fast, -1 backwards; 0 is a pause. At the end of what
    /// there is to play, forwards, it starts again. Sound is heard at 1.
    pub fn play(&self, speed: f64) {
        self.hub.command(|desk, now| {
            let can_sound = desk.can_sound();
            desk.transport.play(speed, now, can_sound);
        });
    }

    /// Stops at the picture that shows.
    pub fn pause(&self) {
        self.hub.command(|desk, _| desk.transport.pause());
    }

    /// Goes to exactly that frame, the last one if there are fewer. While playing, goes on from there; at rest a
    /// snippet of its sound is heard, see [`set_scrub`](Playback::set_scrub). Only the latest request counts.
    pub fn seek(&self, frame: u64) {
        self.hub.command(|desk, now| {
            let can_sound = desk.can_sound();
            desk.transport.seek(frame, now, can_sound);
            desk.scrub_here();
        });
    }

    /// Pauses, and goes some frames on or back.
    pub fn step(&self, frames: i64) {
        self.hub.command(|desk, _| {
            desk.transport.step(frames);
            desk.scrub_here();
        });
    }

    /// In and out point: the first frame, and the one after the last. Playing keeps inside, seeking need not.
    pub fn set_range(&self, range: Option<(u64, u64)>, looping: Looping) {
        self.hub.command(|desk, now| {
            let can_sound = desk.can_sound();
            desk.transport.set_range(range, looping, now, can_sound);
        });
    }

    /// Factor on the sound's amplitude, 0 to 1.
    pub fn set_volume(&self, volume: f32) {
        self.hub.command(|desk, _| desk.volume = if volume.is_finite() { volume.clamp(0.0, 1.0) } else { 0.0 });
    }

    /// Whether seeks and steps at rest sound. At first they do.
    pub fn set_scrub(&self, scrub: Sound) {
        self.hub.command(|desk, _| desk.scrub = scrub);
    }

    /// The device that sounds from now on, by its name; the system's own choice with none, and where it is not there.
    pub fn set_device(&self, device: Option<String>) {
        self.hub.command(|desk, now| desk.set_device(device, now));
    }

    /// Most pixels across and down from now on. The picture at the playhead is made anew.
    pub fn set_size(&self, size: (u32, u32)) {
        self.hub.command(|desk, _| desk.set_size(size));
    }

    /// Plays another recipe from the same place: the film after an edit. What did not change is not made again.
    pub fn replace(&self, recipe: Recipe) {
        self.hub.command(|desk, now| desk.replace(recipe, now));
    }

    /// Everything but the picture. Never waits for work.
    pub fn status(&self) -> Status {
        self.hub.desk().status(Instant::now())
    }

    /// The newest picture put up.
    pub fn picture(&self) -> Option<Arc<Picture>> {
        self.hub.desk().shown.clone()
    }
}

impl Drop for Playback {
    fn drop(&mut self) {
        self.hub.close(FAREWELL);
    }
}

#[cfg(test)]
mod tests;
