//! Encodes a film's sound as AAC in stretches beside one another, and splices them where no decoder can tell.
//!
//! Must not know films or files. AAC frames overlap their neighbours by half, so stretches are encoded with some
//! frames of their neighbours before and after, and change hands after a frame whose window both encoders chose alike:
//! what overlaps there cancels as in one stream. Where they never agree, the whole is encoded at once. Stretches are
//! as long on every machine, so the bytes do not depend on the number of processors. One encoder for the whole took
//! three quarters of a film's join; the encoder's faster search was rejected because it codes worse.

use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::sync_channel;

use engine::codec::SAMPLE_RATE;
use engine::worker::{Cancel, JobError};
use gstreamer as gst;
use gstreamer_app as app;
use gstreamer_audio as audio;
use model::Diagnostic;

use crate::element;
use crate::line::Line;

/// Samples of one frame, which are also what the encoder adds in front of the sound.
pub(crate) const FRAME: usize = 1024;

/// Frames of a stretch: five and a half seconds.
const STRETCH: usize = 256;

/// Frames that an encoder hears before its stretch, to be in the same mood as one that heard everything.
const LEAD: usize = 16;

/// Frames after a stretch among which a place to change hands is looked for.
const TAIL: usize = 12;

/// Most encoders at a time.
const MOST_THREADS: usize = 8;

/// Buffers that may wait for the encoder, of [`STEP`] samples each.
const QUEUE: u64 = 8;
const STEP: usize = 8 * FRAME;

/// Coded sound.
pub(crate) struct Coded {
    /// With the decoder's set-up.
    pub(crate) caps: gst::Caps,
    /// Each of [`FRAME`] samples; the first is the encoder's run-up.
    pub(crate) frames: Vec<gst::Buffer>,
}

/// Encodes interleaved stereo at so many kilobits per second. `progress` goes from 0 to 1.
///
/// # Errors
/// A diagnostic of the encoder; [`JobError::Cancelled`].
pub(crate) fn encode(samples: &[f32], kbps: u32, cancel: &Cancel, progress: &dyn Fn(f32)) -> Result<Coded, JobError> {
    let n = ((samples.len() / 2).div_ceil(FRAME) / STRETCH).max(1);
    if 1 < n
        && let Some(coded) = splice(stretches(samples, kbps, n, cancel, progress)?)
    {
        return Ok(coded);
    }
    Ok(run(samples, kbps, cancel)?.into())
}

/// Part of the sound as one encoder coded it.
struct Stretch {
    caps: gst::Caps,
    /// Index of the first frame in the whole.
    first: usize,
    frames: Vec<gst::Buffer>,
}

impl From<Stretch> for Coded {
    fn from(stretch: Stretch) -> Coded {
        Coded { caps: stretch.caps, frames: stretch.frames }
    }
}

/// All stretches in order, a few at a time.
fn stretches(
    samples: &[f32],
    kbps: u32,
    n: usize,
    cancel: &Cancel,
    progress: &dyn Fn(f32),
) -> Result<Vec<Stretch>, JobError> {
    let n_threads = std::thread::available_parallelism().map_or(1, NonZero::get).min(n).min(MOST_THREADS);
    let (next, (done, made)) = (AtomicUsize::new(0), sync_channel(n_threads));
    std::thread::scope(|scope| {
        for _ in 0..n_threads {
            let (next, done) = (&next, done.clone());
            scope.spawn(move || {
                loop {
                    let idx = next.fetch_add(1, Ordering::Relaxed);
                    // Nobody listens after the first failure.
                    if n <= idx || done.send((idx, stretch(samples, kbps, idx, n, cancel))).is_err() {
                        return;
                    }
                }
            });
        }
        drop(done);
        let mut found: Vec<Option<Stretch>> = (0..n).map(|_| None).collect();
        for (count, (idx, stretch)) in made.into_iter().enumerate() {
            found[idx] = Some(stretch?);
            progress((count + 1) as f32 / n as f32);
        }
        Ok(found.into_iter().flatten().collect())
    })
}

/// Stretch `idx` of `n`, with its lead and its tail.
fn stretch(samples: &[f32], kbps: u32, idx: usize, n: usize, cancel: &Cancel) -> Result<Stretch, JobError> {
    let first = (idx * STRETCH).saturating_sub(LEAD);
    // The encoder looks two frames ahead.
    let end = if idx + 1 == n { usize::MAX } else { ((idx + 1) * STRETCH + TAIL + 2) * FRAME * 2 };
    let heard = &samples[first * FRAME * 2..end.min(samples.len())];
    Ok(Stretch { first, ..run(heard, kbps, cancel)? })
}

/// One encoder over all of `samples`.
fn run(samples: &[f32], kbps: u32, cancel: &Cancel) -> Result<Stretch, JobError> {
    let line = Line::new("the film's sound")?;
    let caps = audio::AudioCapsBuilder::new_interleaved()
        .format(audio::AudioFormat::F32le)
        .rate(SAMPLE_RATE as i32)
        .channels(2)
        .build();
    let source = app::AppSrc::builder().caps(&caps).format(gst::Format::Time).max_buffers(QUEUE).build();
    let convert = element::make("audioconvert", &[("dithering", "none")])?;
    let bits = (u64::from(kbps) * 1000).clamp(32_000, 512_000).to_string();
    let encoder = element::make("avenc_aac", &[("bitrate", &bits)])?;
    let n_frames = samples.len() / 2 / FRAME + 4;
    // Holds everything, so that handing over never waits for taking away.
    let sink = app::AppSink::builder().sync(false).max_buffers(n_frames as u32).build();
    line.chain(&[gst::prelude::Cast::upcast_ref(&source), &convert, &encoder, gst::prelude::Cast::upcast_ref(&sink)])?;
    line.play()?;
    for (i, values) in samples.chunks(STEP * 2).enumerate() {
        let mut bytes = Vec::with_capacity(values.len() * 4);
        values.iter().for_each(|value| bytes.extend_from_slice(&value.to_le_bytes()));
        let mut buffer = gst::Buffer::from_mut_slice(bytes);
        stamp(buffer.make_mut(), i * STEP, values.len() / 2);
        line.push(&source, buffer, QUEUE, cancel)?;
    }
    if source.end_of_stream().is_err() {
        line.check()?;
    }
    let mut coded = Stretch { caps: gst::Caps::new_empty(), first: 0, frames: Vec::with_capacity(n_frames) };
    while let Some(sample) = line.pull(&sink, cancel)? {
        if coded.frames.is_empty() {
            coded.caps = sample.caps_owned().unwrap_or(coded.caps);
        }
        coded.frames.extend(sample.buffer_owned());
    }
    if coded.frames.is_empty() {
        return Err(Diagnostic::error("encoder-frames", "the encoder made no sound").into());
    }
    Ok(coded)
}

/// Gives a buffer the time of samples.
pub(crate) fn stamp(buffer: &mut gst::BufferRef, from: usize, len: usize) {
    let time = |sample: usize| (sample as u128 * 1_000_000_000 / u128::from(SAMPLE_RATE)) as u64;
    buffer.set_pts(gst::ClockTime::from_nseconds(time(from)));
    buffer.set_dts(gst::ClockTime::NONE);
    buffer.set_duration(gst::ClockTime::from_nseconds(time(from + len) - time(from)));
}

/// The stretches as one stream; none where two of them agree on no place to change hands.
fn splice(stretches: Vec<Stretch>) -> Option<Coded> {
    let mut stretches = stretches.into_iter();
    let mut whole = stretches.next()?;
    for (next, idx) in stretches.zip(1..) {
        let at = (idx * STRETCH..idx * STRETCH + TAIL).find(|at| {
            let window = |stretch: &Stretch| Window::of(stretch.frames.get(at - 1 - stretch.first)?);
            whole.caps == next.caps && window(&whole).is_some_and(|it| window(&next) == Some(it))
        })?;
        whole.frames.truncate(at);
        whole.frames.extend(next.frames.into_iter().skip(at - next.first));
    }
    Some(whole.into())
}

/// How a frame of both channels fades out into the next: which of four sequences, and in which of two shapes.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Window {
    sequence: u32,
    shape: u32,
}

impl Window {
    /// None where the channels differ or the frame begins in another way than this encoder's frames do.
    fn of(frame: &gst::Buffer) -> Option<Window> {
        Window::read(frame.map_readable().ok()?.as_slice())
    }

    fn read(bytes: &[u8]) -> Option<Window> {
        let mut at = 0;
        let mut bits = |n: usize| {
            let bit = |i: usize| bytes.get(i / 8).map(|byte| u32::from(byte >> (7 - i % 8) & 1));
            let value = (at..at + n).try_fold(0, |value, i| Some(value << 1 | bit(i)?));
            at += n;
            value
        };
        loop {
            match bits(3)? {
                // A fill element: the encoder's name, now and then.
                6 => {
                    let mut n_bytes = bits(4)?;
                    if n_bytes == 15 {
                        n_bytes += bits(8)?.checked_sub(1)?;
                    }
                    for _ in 0..n_bytes {
                        bits(8)?;
                    }
                }
                // A pair of channels: its tag, whether they share a window, a reserved bit.
                1 => {
                    let (_, is_shared, _) = (bits(4)?, bits(1)? == 1, bits(1)?);
                    let window = Window { sequence: bits(2)?, shape: bits(1)? };
                    return is_shared.then_some(window);
                }
                _ => return None,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Bench;

    /// Fifteen seconds of tones that come and go, with noise and clicks, two of them where stretches meet.
    fn programme() -> Vec<f32> {
        let mut noise = 1_u32;
        let sample = |i: usize| {
            noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let t = i as f32 / SAMPLE_RATE as f32;
            let tone = 0.2 * (t * 220.0 * 6.283).sin() + 0.1 * (t * 1870.0 * 6.283).sin() * (t * 1.3).sin();
            let hiss = (noise >> 16) as f32 / 65_536.0 - 0.5;
            let click =
                if [60_000, STRETCH * FRAME - 40, 400_000, 2 * STRETCH * FRAME + 3].contains(&i) { 0.5 } else { 0.0 };
            [tone + 0.02 * hiss + click, 0.7 * tone - 0.02 * hiss + click]
        };
        (0..15 * SAMPLE_RATE as usize).flat_map(sample).collect()
    }

    /// What a player hears, without the run-up.
    fn heard(coded: &Coded) -> Vec<f32> {
        let line = Line::new("a test").unwrap();
        let source = app::AppSrc::builder().caps(&coded.caps).format(gst::Format::Time).build();
        let [decode, convert] = ["avdec_aac", "audioconvert"].map(|name| element::make(name, &[]).unwrap());
        let caps = audio::AudioCapsBuilder::new_interleaved().format(audio::AudioFormat::F32le).build();
        let sink = app::AppSink::builder().caps(&caps).sync(false).build();
        use gst::prelude::Cast;
        line.chain(&[source.upcast_ref(), &decode, &convert, sink.upcast_ref()]).unwrap();
        line.play().unwrap();
        for (i, frame) in coded.frames.iter().enumerate() {
            let mut frame = frame.copy();
            stamp(frame.make_mut(), i * FRAME, FRAME);
            source.push_buffer(frame).unwrap();
        }
        source.end_of_stream().unwrap();
        let mut samples = Vec::new();
        while let Some(sample) = line.pull(&sink, &Cancel::default()).unwrap() {
            let map = sample.buffer().unwrap().map_readable().unwrap();
            samples.extend(map.as_slice().chunks_exact(4).map(|it| f32::from_le_bytes([it[0], it[1], it[2], it[3]])));
        }
        samples.split_off(FRAME * 2)
    }

    /// Power of the difference, for each frame.
    fn errors(samples: &[f32], heard: &[f32]) -> Vec<f32> {
        let power = |(a, b): (&[f32], &[f32])| a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum::<f32>();
        samples.chunks(FRAME * 2).zip(heard.chunks(FRAME * 2)).map(power).collect()
    }

    #[test]
    fn nobody_hears_where_stretches_meet() {
        let Some(_bench) = Bench::new() else { return };
        let samples = programme();
        let cancel = Cancel::default();
        let one = Coded::from(run(&samples, 192, &cancel).unwrap());
        let n = samples.len() / 2 / FRAME / STRETCH;
        assert!(1 < n);
        let many = splice(stretches(&samples, 192, n, &cancel, &|_| {}).unwrap()).expect("they agree");
        assert_eq!(many.frames.len(), one.frames.len(), "no frame lost, none doubled");
        let (of_one, of_many) = (errors(&samples, &heard(&one)), errors(&samples, &heard(&many)));
        let worst = of_one.iter().copied().fold(0.0, f32::max);
        for (i, error) in of_many.iter().enumerate() {
            assert!(*error <= worst, "frame {i}: {error} beside {worst} of one encoder, {}", of_one[i]);
        }
        let sum = |errors: &[f32]| errors.iter().sum::<f32>();
        assert!(sum(&of_many) < 1.1 * sum(&of_one), "{} {}", sum(&of_many), sum(&of_one));
        let bytes = |coded: &Coded| coded.frames.iter().map(|frame| frame.size()).sum::<usize>() as f32;
        assert!((bytes(&many) / bytes(&one) - 1.0).abs() < 0.03, "the data rate stays");
    }

    #[test]
    fn coded_sound_is_the_same_every_time_and_reports_progress() {
        let Some(_bench) = Bench::new() else { return };
        let samples = programme();
        let last = std::cell::Cell::new(0.0);
        let all = |coded: Coded| -> Vec<Vec<u8>> {
            coded.frames.iter().map(|frame| frame.map_readable().unwrap().as_slice().to_vec()).collect()
        };
        let once = |progress: &dyn Fn(f32)| all(encode(&samples, 128, &Cancel::default(), progress).unwrap());
        assert!(once(&|part| last.set(part)) == once(&|_| {}));
        assert_eq!(last.get(), 1.0);
        let cancel = Cancel::default();
        cancel.cancel();
        assert!(matches!(encode(&samples, 128, &cancel, &|_| {}), Err(JobError::Cancelled)));
    }

    #[test]
    fn windows_are_read_behind_fill_elements() {
        // A fill element of two bytes, then a pair with a shared window of sequence 2 and shape 1.
        let bits = "110 0010 00000000 11111111 001 0000 1 0 10 1 00000";
        let bits: Vec<u8> = bits.bytes().filter(|bit| *bit != b' ').map(|bit| bit - b'0').collect();
        let bytes: Vec<u8> = bits.chunks(8).map(|byte| byte.iter().fold(0, |sum, bit| sum << 1 | bit)).collect();
        assert_eq!(Window::read(&bytes), Some(Window { sequence: 2, shape: 1 }));
        assert_eq!(Window::read(&bytes[..3]), None, "cut off");
        assert_eq!(Window::read(&[0x21, 0x00]), None, "a window for each channel");
        assert_eq!(Window::read(&[0xff; 40]), None);
    }
}
