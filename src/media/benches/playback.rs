//! How fast a film is looked at: seeks, steps and ten seconds of playing, at 1280 by 720.
//!
//! Prints figures and judges nothing: machines are noisy. The film is made as `output.film` makes it, so its key
//! frames lie where those of every film do.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use engine::codec::{Codec, EncodeSpec, Frame, SAMPLE_RATE};
use engine::scratch::ScratchFolder;
use engine::worker::{Cancel, Job, JobCx, Worker};
use media::Gst;
use media::playback::{self, Audible, Looping, Options, Playback, Sound};
use model::{
    Digest, Media, Piece, Rate, Recipe, Render, RenderSettings, Source, Transition, TransitionKind, Value, Work,
};

const SIZE: (u32, u32) = (1280, 720);
const N_CLIPS: u32 = 10;
const CLIP_FRAMES: u32 = 144;

fn say(text: &str) {
    use std::io::Write;
    // A bench whose reader went away has nobody to tell.
    let _ = writeln!(std::io::stdout(), "{text}");
}

fn main() {
    let gst = match Gst::new() {
        Ok(gst) => gst,
        Err(diagnostic) => return say(&format!("SKIPPED: {diagnostic}")),
    };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store = ScratchFolder::new(folder.path());
    let cx = JobCx { artifacts: &store, cancel: Cancel::default(), progress: &|_| {}, project: folder.path() };
    let start = Instant::now();
    let recipe = cut(&gst, &cx);
    let film = rendered(&gst, &cx, &recipe);
    say(&format!("a film of {} frames made in {:.1} s", recipe.n_frames(), start.elapsed().as_secs_f64()));

    let start = Instant::now();
    let sound = Audible::Clip(Arc::new(film.clone()));
    let outline = playback::waveform_blocking(&sound, 2000, &store, &cx.cancel).expect("the film has sound");
    assert!(outline.iter().any(|(_, high)| 0.1 < *high), "and it is not silent");
    say(&format!("waveform of a minute: {:.0} ms", start.elapsed().as_secs_f64() * 1e3));

    for (name, recipe, size) in [
        ("film file", &film, SIZE),
        ("film file in a small viewer", &film, (640, 360)),
        ("film as it stands", &recipe, SIZE),
    ] {
        say(&format!("{name}, {} by {}", size.0, size.1));
        look(&gst, recipe, folder.path(), size);
    }
}

/// Ten clips, some with transitions, fades and titles between them.
fn cut(gst: &Gst, cx: &JobCx<'_>) -> Recipe {
    let mut pieces = Vec::new();
    for clip in 0..N_CLIPS {
        let path = cx.artifacts.scratch("mp4").expect("a scratch file");
        let spec = EncodeSpec { size: SIZE, rate: Rate::FILM, n_frames: CLIP_FRAMES };
        let mut draw = |i: u32, frame: &mut Frame| {
            paint(frame, clip, i);
            Ok(())
        };
        let info = gst.encode(&spec, &path, &mut draw, cx).expect("a clip");
        let video = cx.artifacts.adopt(&path, "mp4", Some(info), None).expect("a clip in the store");
        let seconds = Rate::FILM.seconds(u64::from(CLIP_FRAMES));
        let tone: Vec<f32> = (0..(seconds * f64::from(SAMPLE_RATE)) as u32)
            .flat_map(|i| {
                [((i * (110 + clip * 20)) as f32 / SAMPLE_RATE as f32 * std::f32::consts::TAU).sin() * 0.3; 2]
            })
            .collect();
        let path = cx.artifacts.scratch("wav").expect("a scratch file");
        let info = gst.write_sound(&tone, &path).expect("a sound");
        let audio = cx.artifacts.adopt(&path, "wav", None, Some(info)).expect("a sound in the store");
        let source = Source::File { video: Arc::new(video), audio: Some(Arc::new(audio)) };
        let mut piece = Piece::whole(source, u64::from(CLIP_FRAMES));
        if clip % 3 == 1 {
            piece.transition = Some(Transition { kind: TransitionKind::Crossfade, frames: 12 });
        }
        pieces.push(piece);
    }
    Recipe { rate: Rate::FILM, size: SIZE, pieces, sound: Vec::new() }
}

/// Soft shapes that move over a grain, as busy as drawn film.
fn paint(frame: &mut Frame, clip: u32, i: u32) {
    let width = frame.width as usize;
    for (at, pixel) in frame.data.chunks_exact_mut(4).enumerate() {
        let (x, y) = ((at % width) as u32, (at / width) as u32);
        let grain = (x.wrapping_mul(2_654_435_761) ^ y.wrapping_mul(40_503) ^ (i / 2).wrapping_mul(97)) >> 13 & 7;
        let wave = (x + i * 5) / 40 % 2 * 40 + (y + i * 3 + clip * 50) / 60 % 2 * 30;
        let base = x * 90 / 1280 + y * 60 / 720 + grain;
        pixel.copy_from_slice(&[(base + wave) as u8, (base + clip * 7) as u8, (base / 2 + wave / 2 + 20) as u8, 255]);
    }
}

fn rendered(gst: &Gst, cx: &JobCx<'_>, recipe: &Recipe) -> Recipe {
    let work = Work::Render(Render { recipe: Arc::new(recipe.clone()), settings: RenderSettings::default() });
    let outputs = gst.run(&Job { key: Digest::default(), work, model: None }, cx).expect("a film");
    let Some((_, Value::Clip(film))) = outputs.first() else { panic!("not a clip: {outputs:?}") };
    let media: &Media = film.sources().first().copied().expect("a file");
    say(&format!("its file: {:.1} MB", media.bytes as f64 / 1e6));
    (**film).clone()
}

type Bell = Arc<(Mutex<()>, Condvar)>;

/// Waits for the picture of a frame.
fn until(playback: &Playback, bell: &Bell, is_done: impl Fn(&Playback) -> bool) {
    let end = Instant::now() + Duration::from_secs(60);
    let mut guard = bell.0.lock().expect("nobody panics with it");
    while !is_done(playback) {
        assert!(Instant::now() < end, "no picture: {:?}", playback.status());
        guard = bell.1.wait_timeout(guard, Duration::from_millis(20)).expect("nobody panics with it").0;
    }
}

fn look(gst: &Gst, recipe: &Recipe, folder: &Path, size: (u32, u32)) {
    let bell: Bell = Arc::default();
    let rung = bell.clone();
    let wake = Arc::new(move || {
        drop(rung.0.lock());
        rung.1.notify_all();
    });
    let options = Options { size, volume: 0.0, sound: Sound::On };
    let start = Instant::now();
    let files = Arc::new(ScratchFolder::new(folder));
    let playback = playback::open(gst, recipe.clone(), files, options, wake);
    let is_at = |frame: u64| move |it: &Playback| it.picture().is_some_and(|picture| picture.frame == frame);
    until(&playback, &bell, is_at(0));
    say(&format!("  first picture         {:6.1} ms", start.elapsed().as_secs_f64() * 1e3));

    let n_frames = recipe.n_frames();
    let mut random = 12_345_u64;
    let mut next = || {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) % n_frames
    };
    let seek = |frame: u64| {
        let start = Instant::now();
        playback.seek(frame);
        until(&playback, &bell, is_at(frame));
        start.elapsed().as_secs_f64() * 1e3
    };
    let mut times: Vec<f64> = (0..200).map(|_| seek(next())).collect();
    spread("seek to any frame", &mut times);
    let mut times: Vec<f64> = (0..150).map(|i| seek(400 + i * 3)).collect();
    spread("drag forward by 3", &mut times);
    let mut times: Vec<f64> = (0..150).map(|i| seek(900 - i * 3)).collect();
    spread("drag back by 3", &mut times);
    let step = |by: i64| {
        let frame = playback.status().frame.saturating_add_signed(by);
        let start = Instant::now();
        playback.step(by);
        until(&playback, &bell, is_at(frame));
        start.elapsed().as_secs_f64() * 1e3
    };
    seek(300);
    let mut times: Vec<f64> = (0..120).map(|_| step(1)).collect();
    spread("step forward", &mut times);
    let mut times: Vec<f64> = (0..120).map(|_| step(-1)).collect();
    spread("step back", &mut times);

    for speed in [1.0, 2.0, 4.0, 8.0, -1.0, -2.0] {
        let from: u64 = if speed < 0.0 { 700 } else { 200 };
        let length = (speed * 240.0) as i64;
        seek(from);
        let to = from.saturating_add_signed(length).min(n_frames);
        playback.set_range(Some((from.min(to), from.max(to) + 1)), Looping::Off);
        let (before, start) = (playback.status(), Instant::now());
        playback.play(speed);
        until(&playback, &bell, |it| !it.status().playing);
        let (after, seconds) = (playback.status(), start.elapsed().as_secs_f64());
        let mut line = format!("  play {:>5} frames at {speed:>4}x {seconds:6.2} s", from.abs_diff(to));
        let _ = write!(line, ", {} shown, {} dropped", after.shown - before.shown, after.dropped - before.dropped);
        say(&line);
        playback.set_range(None, Looping::Off);
    }
    say(&format!("  memory now            {:6.0} MB", resident()));
    let start = Instant::now();
    playback.seek(1000);
    playback.play(1.0);
    drop(playback);
    say(&format!("  drop in mid-play      {:6.1} ms", start.elapsed().as_secs_f64() * 1e3));
}

/// Megabytes that the process has in memory, where the system says so.
fn resident() -> f64 {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = text.split(' ').nth(1).and_then(|pages| pages.parse::<f64>().ok());
    pages.map_or(f64::NAN, |pages| pages * 4096.0 / 1e6)
}

fn spread(what: &str, times: &mut [f64]) {
    times.sort_by(f64::total_cmp);
    let at = |part: f64| times[((times.len() - 1) as f64 * part) as usize];
    say(&format!("  {what:<20} {:7.1} ms median, {:6.1} ms at 95 %, {:6.1} ms worst", at(0.5), at(0.95), at(1.0)));
}
