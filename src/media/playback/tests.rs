//! Playback as a viewer uses it: commands in, pictures and counters out. Nothing here looks at a clock; every wait is
//! for a wake-up, with a limit that only a hang reaches.

mod edit;
mod play;
mod seek;
mod transport;

use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use engine::codec::Frame;
use model::Recipe;

use super::{Options, Picture, Playback, Sound, Status, open_on};
use crate::testing::{Bench, SIZE, read_number};

/// Only a hang takes so long.
const LIMIT: Duration = Duration::from_secs(60);

/// A playback with somebody who waits for its wake-ups.
struct Viewer {
    playback: Playback,
    rung: Arc<(Mutex<u64>, Condvar)>,
    /// Numbers of the pictures seen, in order.
    seen: Arc<Mutex<Vec<(u64, u32)>>>,
}

impl Viewer {
    fn new(bench: &Bench, recipe: Recipe) -> Viewer {
        Viewer::with(bench, "autoaudiosink", recipe, Options { size: SIZE, volume: 1.0, sound: Sound::Off })
    }

    fn with(bench: &Bench, sink: &'static str, recipe: Recipe, options: Options) -> Viewer {
        let rung: Arc<(Mutex<u64>, Condvar)> = Arc::default();
        let bell = rung.clone();
        let wake = Arc::new(move || {
            *bell.0.lock().unwrap() += 1;
            bell.1.notify_all();
        });
        let files = Arc::new(engine::scratch::ScratchFolder::new(bench.folder.path()));
        let playback = open_on(sink, recipe, files, options, wake);
        Viewer { playback, rung, seen: Arc::default() }
    }

    /// Waits until `is_done` holds.
    #[track_caller]
    fn until(&self, what: &str, mut is_done: impl FnMut(&Status, Option<&Picture>) -> bool) -> Status {
        let end = Instant::now() + LIMIT;
        loop {
            let rung = *self.rung.0.lock().unwrap();
            let (status, picture) = (self.playback.status(), self.playback.picture());
            if let Some(picture) = &picture {
                let mut seen = self.seen.lock().unwrap();
                if seen.last().is_none_or(|(frame, _)| *frame != picture.frame) {
                    seen.push((picture.frame, number_on(picture)));
                }
            }
            if is_done(&status, picture.as_deref()) {
                return status;
            }
            assert!(Instant::now() < end, "waited for {what}: {status:?}, picture {:?}", picture.map(|it| it.frame));
            let bell = self.rung.0.lock().unwrap();
            // Not everything rings, such as the end of buffering: look now and then.
            let _ = self.rung.1.wait_timeout_while(bell, Duration::from_millis(50), |now| *now == rung).unwrap();
        }
    }

    /// Waits until the picture of the playhead is up, and gives its number.
    #[track_caller]
    fn settled(&self) -> u32 {
        self.until("the picture", |status, picture| {
            assert_eq!(status.error, None);
            !status.buffering && picture.is_some_and(|it| it.frame == status.frame)
        });
        number_on(&self.playback.picture().unwrap())
    }

    /// Seeks, and gives the number of the picture.
    #[track_caller]
    fn at(&self, frame: u64) -> u32 {
        self.playback.seek(frame);
        self.settled()
    }

    /// Plays until playing ends by itself.
    #[track_caller]
    fn play_out(&self, speed: f64) -> Status {
        self.playback.play(speed);
        self.until("the end", |status, picture| !status.playing && picture.is_some_and(|it| it.frame == status.frame))
    }
}

fn number_on(picture: &Picture) -> u32 {
    let (width, height) = picture.size;
    read_number(&Frame { width, height, data: picture.rgba8.to_vec() })
}
