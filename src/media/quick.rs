//! Any frame of our own films at once: coded pictures are taken out of the file by its table and pushed into a decoder
//! that stays open whatever file comes next.
//!
//! Must not know recipes. Opening a pipeline for each shot of a film that is looked at cost twice as much as decoding,
//! and its seeks wait for two threads of a demuxer. This needs files that decode in the order in which they show and
//! start anew at key frames, which is how `encode` writes them; whatever is not so is [`decode`](crate::decode)'s.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use engine::codec::Frame;
use engine::worker::{Cancel, JobCx, JobError};
use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app as app;
use gstreamer_video as video;
use model::{Digest, Media};

use crate::decode::{GRACE_NANOS, Picture, copy_picture};
use crate::element;
use crate::line::{Line, name_of, regular};
use crate::table::Table;

/// Decoders that stay open: two for a transition, two for where somebody was before.
const MOST_DECODERS: usize = 4;
/// Files that stay open.
const MOST_TABLES: usize = 64;
/// A decoder that gives no picture for so long holds pictures back: its file is read in the general way.
const PATIENCE: Duration = Duration::from_secs(2);
/// The time from one pushed picture to the next. Times are made up: they only count.
const TICK: u64 = 1_000_000;

/// Open files and decoders, for one thread.
#[derive(Default)]
pub(crate) struct Bank {
    /// Oldest use first; none for a file that this cannot read.
    tables: Vec<(Digest, Option<Table>)>,
    /// Oldest use first.
    decoders: Vec<Decoder>,
}

/// A place in one file.
pub(crate) struct QuickReader {
    media: Digest,
    what: String,
    /// The picture that was copied last.
    copied: Option<usize>,
}

impl QuickReader {
    /// The next [`Bank::picture`] copies, whatever was copied last.
    pub(crate) fn refresh(&mut self) {
        self.copied = None;
    }
}

/// What came of a wish for a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Got {
    Copied,
    /// It is the one that was copied last.
    Same,
    /// The file is none for this module.
    Nothing,
}

impl Bank {
    /// A reader of a file; none where it must be read in the general way.
    pub(crate) fn open(&mut self, media: &Media, cx: &JobCx<'_>) -> Result<Option<QuickReader>, JobError> {
        let is_h264 = media.video.as_ref().is_some_and(|info| info.codec.starts_with("h264"));
        if media.format != "mp4" || !is_h264 {
            return Ok(None);
        }
        let path = cx.artifacts.locate(media)?;
        if !self.tables.iter().any(|(digest, _)| *digest == media.digest) {
            regular(&path)?;
            self.tables.push((media.digest, Table::open(&path)));
            if MOST_TABLES < self.tables.len() {
                self.tables.remove(0);
            }
        }
        let known = self.table(media.digest).is_some();
        Ok(known.then(|| QuickReader { media: media.digest, what: name_of(&path), copied: None }))
    }

    fn table(&mut self, digest: Digest) -> Option<&mut Table> {
        let at = self.tables.iter().position(|(known, _)| *known == digest)?;
        self.tables[at..].rotate_left(1);
        self.tables.last_mut()?.1.as_mut()
    }

    /// Copies the picture that shows at `nanos` into `out`, unless it is the one copied last.
    ///
    /// # Errors
    /// [`JobError::Cancelled`]. Whatever else goes wrong gives [`Got::Nothing`]: the general way finds the words.
    pub(crate) fn picture(
        &mut self,
        reader: &mut QuickReader,
        nanos: u64,
        out: &mut Frame,
        cancel: &Cancel,
    ) -> Result<Got, JobError> {
        let digest = reader.media;
        let Some(idx) = self.table(digest).and_then(|table| table.at(nanos, GRACE_NANOS)) else {
            return Ok(Got::Nothing);
        };
        if reader.copied == Some(idx) {
            return Ok(Got::Same);
        }
        match self.decode(digest, idx, cancel) {
            Ok(Some(picture)) if copy_picture(&picture, &reader.what, out).is_ok() => {
                reader.copied = Some(idx);
                Ok(Got::Copied)
            }
            Err(JobError::Cancelled) => Err(JobError::Cancelled),
            _ => {
                // Its decoder may be stuck, and the next try would be as slow.
                self.decoders.retain(|decoder| decoder.place.is_none_or(|(media, _)| media != digest));
                if let Some((_, table)) = self.tables.iter_mut().find(|(known, _)| *known == digest) {
                    *table = None;
                }
                Ok(Got::Nothing)
            }
        }
    }

    fn decode(&mut self, digest: Digest, idx: usize, cancel: &Cancel) -> Result<Option<Picture>, JobError> {
        let Some(table) = self.table(digest) else { return Ok(None) };
        let (Some(key), codec, size) = (table.key(idx), table.codec.clone(), table.size) else { return Ok(None) };
        let on = |decoder: &Decoder| {
            decoder.place.is_some_and(|(media, next)| media == digest && (key..=idx).contains(&next))
        };
        let at = match self.decoders.iter().position(on) {
            Some(at) => at,
            None => self.free(&codec, size)?,
        };
        self.decoders[at..].rotate_left(1);
        let (Some(decoder), Some(table)) =
            (self.decoders.last_mut(), self.tables.last_mut().and_then(|(_, table)| table.as_mut()))
        else {
            return Ok(None);
        };
        let from = decoder.place.filter(|(media, next)| *media == digest && (key..=idx).contains(next));
        let from = from.map_or(key, |(_, next)| next);
        decoder.place = None;
        let wanted = decoder.n_pushed + (idx - from) as u64;
        decoder.wanted.store(wanted * TICK, Ordering::SeqCst);
        for sample in from..=idx {
            let Some(bytes) = table.read(sample) else { return Ok(None) };
            decoder.push(bytes, sample == from)?;
        }
        let picture = decoder.pull(wanted, cancel)?;
        decoder.place = Some((digest, idx + 1));
        Ok(picture)
    }

    /// A decoder of such files that is used least: a new one while there is room.
    fn free(&mut self, codec: &[u8], size: (u32, u32)) -> Result<usize, JobError> {
        if self.decoders.len() < MOST_DECODERS {
            self.decoders.push(Decoder::open(codec, size)?);
            return Ok(self.decoders.len() - 1);
        }
        match self.decoders.iter().position(|decoder| decoder.codec == codec) {
            Some(at) => Ok(at),
            None => {
                self.decoders[0] = Decoder::open(codec, size)?;
                Ok(0)
            }
        }
    }
}

/// A pipeline that decodes what it is given.
struct Decoder {
    line: Line,
    source: app::AppSrc,
    sink: app::AppSink,
    codec: Vec<u8>,
    n_pushed: u64,
    /// Pictures before this time are of no use: they are not converted.
    wanted: Arc<AtomicU64>,
    /// The file that was decoded last, and the picture that comes next in it.
    place: Option<(Digest, usize)>,
}

impl Decoder {
    fn open(codec: &[u8], (width, height): (u32, u32)) -> Result<Decoder, JobError> {
        let line = Line::new("a clip")?;
        let caps = gst::Caps::builder("video/x-h264")
            .field("stream-format", "avc")
            .field("alignment", "au")
            .field("codec_data", gst::Buffer::from_slice(codec.to_vec()))
            .field("width", width as i32)
            .field("height", height as i32)
            .build();
        let source = app::AppSrc::builder().caps(&caps).format(gst::Format::Time).max_bytes(0).build();
        let parse = element::make("h264parse", &[])?;
        let decoder = element::make("avdec_h264", &[("max-threads", "1")])?;
        let convert = element::make("videoconvert", &[("n-threads", "1"), ("dither", "none")])?;
        let raw = video::VideoCapsBuilder::new().format(video::VideoFormat::Rgba).build();
        let sink = app::AppSink::builder().caps(&raw).sync(false).max_buffers(2).build();
        line.chain(&[source.upcast_ref(), &parse, &decoder, &convert, sink.upcast_ref()])?;
        let wanted = Arc::new(AtomicU64::new(0));
        if let Some(pad) = decoder.static_pad("src") {
            let wanted = wanted.clone();
            pad.add_probe(gst::PadProbeType::BUFFER, move |_, info| {
                let time = info.buffer().and_then(|buffer| buffer.pts()).map_or(0, gst::ClockTime::nseconds);
                if time < wanted.load(Ordering::SeqCst) { gst::PadProbeReturn::Drop } else { gst::PadProbeReturn::Ok }
            });
        }
        line.play()?;
        Ok(Decoder { line, source, sink, codec: codec.to_vec(), n_pushed: 0, wanted, place: None })
    }

    fn push(&mut self, bytes: Vec<u8>, is_first: bool) -> Result<(), JobError> {
        let mut buffer = gst::Buffer::from_mut_slice(bytes);
        let stamped = buffer.make_mut();
        let time = gst::ClockTime::from_nseconds(self.n_pushed * TICK);
        stamped.set_pts(time);
        stamped.set_dts(time);
        stamped.set_duration(gst::ClockTime::from_nseconds(TICK));
        if !is_first {
            stamped.set_flags(gst::BufferFlags::DELTA_UNIT);
        }
        self.n_pushed += 1;
        if self.source.push_buffer(buffer).is_err() {
            self.line.check()?;
            return Err(JobError::Cancelled);
        }
        Ok(())
    }

    /// The picture of a push; none where it does not come.
    fn pull(&self, wanted: u64, cancel: &Cancel) -> Result<Option<Picture>, JobError> {
        let end = Instant::now() + PATIENCE;
        while Instant::now() < end {
            cancel.check()?;
            self.line.check()?;
            let Some(sample) = self.sink.try_pull_sample(gst::ClockTime::from_mseconds(50)) else {
                if self.sink.is_eos() {
                    return Ok(None);
                }
                continue;
            };
            let Some(buffer) = sample.buffer_owned() else { continue };
            if buffer.pts().is_some_and(|time| time.nseconds() == wanted * TICK) {
                return Ok(Some(Picture { time: 0, buffer, caps: sample.caps_owned() }));
            }
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::VideoReader;
    use crate::testing::{Bench, number, read_number};

    fn nanos(frame: u64) -> u64 {
        frame * 1_000_000_000 / 24 + 19_000_000
    }

    #[test]
    fn any_order_gives_the_pixels_of_the_general_way() {
        let Some(bench) = Bench::new() else { return };
        let (cx, cancel) = (bench.cx(), Cancel::default());
        let clips = [bench.clip(100, 60), bench.clip(300, 30), bench.clip(500, 3)];
        let mut bank = Bank::default();
        let mut readers = clips.each_ref().map(|clip| bank.open(clip, &cx).unwrap().unwrap());
        let mut random = 7_u64;
        let (mut quick, mut general) = (Frame::default(), Frame::default());
        for _ in 0..120 {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let clip = (random >> 33) as usize % clips.len();
            let frame = (random >> 40) % clips[clip].video.as_ref().unwrap().n_frames;
            readers[clip].refresh();
            assert_eq!(bank.picture(&mut readers[clip], nanos(frame), &mut quick, &cancel).unwrap(), Got::Copied);
            assert_eq!(read_number(&quick), [100, 300, 500][clip] + frame as u32);
        }
        assert!(bank.decoders.len() <= MOST_DECODERS);
        let mut line = VideoReader::open(&bench.path(&clips[0]), &clips[0], 0, &cancel).unwrap();
        for frame in 0..60 {
            readers[0].refresh();
            bank.picture(&mut readers[0], nanos(frame), &mut quick, &cancel).unwrap();
            line.at(nanos(frame), &mut general, &cancel).unwrap();
            assert!(quick == general, "frame {frame}");
        }
    }

    #[test]
    fn two_files_at_once_do_not_disturb_each_other() {
        let Some(bench) = Bench::new() else { return };
        let (cx, cancel) = (bench.cx(), Cancel::default());
        let clips = [bench.clip(0, 40), bench.clip(1000, 40)];
        let mut bank = Bank::default();
        let mut readers = clips.each_ref().map(|clip| bank.open(clip, &cx).unwrap().unwrap());
        let mut out = Frame::default();
        for frame in 0..40 {
            for (reader, first) in readers.iter_mut().zip([0, 1000]) {
                bank.picture(reader, nanos(frame), &mut out, &cancel).unwrap();
                assert_eq!(read_number(&out), first + frame as u32);
                assert_eq!(bank.picture(reader, nanos(frame), &mut out, &cancel).unwrap(), Got::Same);
            }
        }
        assert_eq!(bank.decoders.iter().map(|it| it.n_pushed).sum::<u64>(), 80, "each picture is decoded once");
    }

    #[test]
    fn what_is_not_ours_is_left_to_the_general_way() {
        let Some(bench) = Bench::new() else { return };
        let cx = bench.cx();
        let mut bank = Bank::default();
        let path = bench.folder.path().join("b.mp4");
        let source = "videotestsrc num-buffers=30 ! video/x-raw,format=I420,width=160,height=96,framerate=24/1";
        crate::testing::foreign(&path, &format!("{source} ! x264enc bframes=2 ! mp4mux"));
        let outputs = bench.import(model::ImportKind::Clip, "b.mp4").unwrap();
        let Some((_, model::Value::Clip(clip))) = outputs.first() else { panic!("a clip: {outputs:?}") };
        assert!(bank.open(clip.sources()[0], &cx).unwrap().is_none(), "pictures that are reordered");
        let gone = bench.clip(1, 10);
        let mut reader = bank.open(&gone, &cx).unwrap().unwrap();
        let mut out = Frame::default();
        assert_eq!(bank.picture(&mut reader, nanos(100), &mut out, &Cancel::default()).unwrap(), Got::Nothing);
    }

    #[test]
    fn films_are_read_too() {
        let Some(bench) = Bench::new() else { return };
        let mut draw = |i: u32, frame: &mut Frame| number(frame, i);
        let spec = engine::codec::EncodeSpec { size: crate::testing::SIZE, rate: model::Rate::FILM, n_frames: 30 };
        let pieces = vec![
            crate::testing::piece(&bench.drawn(&spec, &mut draw), 30),
            crate::testing::piece(&bench.clip(30, 30), 30),
        ];
        let film = bench.film(crate::testing::recipe(pieces), model::RenderSettings::default()).unwrap();
        let mut bank = Bank::default();
        let mut reader = bank.open(&film, &bench.cx()).unwrap().unwrap();
        let mut out = Frame::default();
        for frame in [59, 0, 30, 29, 45] {
            bank.picture(&mut reader, nanos(frame), &mut out, &Cancel::default()).unwrap();
            assert_eq!(u64::from(read_number(&out)), frame);
        }
    }
}
