//! The worker against a codec that keeps notes: what is asked of it, in which order, and what comes out.
//!
//! No GStreamer: files hold digests of what would have been encoded.

use std::ops::Range;
use std::path::Path;
use std::sync::{Arc, Mutex};

use engine::codec::{Codec, EncodeSpec, Flow, Frame};
use engine::scratch::ScratchFolder;
use engine::worker::{Artifacts, Cancel, Job, JobCx, JobError, Worker};
use model::*;

use crate::tests::{call, shot};
use crate::{Animatic, MODEL, sound};

/// What a codec was asked to do.
#[derive(Clone, Debug, PartialEq)]
enum Asked {
    Begin((u32, u32), Rate, u32),
    Frame(u32, (u32, u32), Digest),
    Sound(usize),
    Read(u32),
    Play(Range<u64>, (u32, u32)),
    Picture((u32, u32), Digest),
}

#[derive(Default)]
struct Notes {
    asked: Mutex<Vec<Asked>>,
    /// Whether `play` finds frames.
    empty_clips: bool,
}

impl Notes {
    fn add(&self, asked: Asked) {
        self.asked.lock().expect("no test panics while noting").push(asked);
    }

    fn all(&self) -> Vec<Asked> {
        self.asked.lock().expect("no test panics while noting").clone()
    }
}

fn info(size: (u32, u32), rate: Rate, n_frames: u64, codec: &str) -> VideoInfo {
    VideoInfo { width: size.0, height: size.1, rate, n_frames, codec: codec.to_owned() }
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), JobError> {
    std::fs::write(path, bytes).map_err(|error| Diagnostic::error("notes", error.to_string()).into())
}

const RED: [u8; 4] = [255, 0, 0, 255];

impl Codec for Notes {
    fn encode(
        &self,
        spec: &EncodeSpec,
        path: &Path,
        draw: &mut dyn FnMut(u32, &mut Frame) -> Result<(), JobError>,
        _cx: &JobCx<'_>,
    ) -> Result<VideoInfo, JobError> {
        self.add(Asked::Begin(spec.size, spec.rate, spec.n_frames));
        let mut frame = Frame::default();
        let mut file = Vec::new();
        for idx in 0..spec.n_frames {
            draw(idx, &mut frame)?;
            let digest = Digest::of(&frame.data);
            file.extend(digest.0);
            self.add(Asked::Frame(idx, (frame.width, frame.height), digest));
        }
        write(path, &file)?;
        Ok(info(spec.size, spec.rate, u64::from(spec.n_frames), "h264"))
    }

    fn play(
        &self,
        _recipe: &Recipe,
        range: Range<u64>,
        size: (u32, u32),
        each: &mut dyn FnMut(u64, &Frame) -> Result<Flow, JobError>,
        _cx: &JobCx<'_>,
    ) -> Result<(), JobError> {
        self.add(Asked::Play(range.clone(), size));
        let frame = Frame { width: size.0, height: size.1, data: RED.repeat((size.0 * size.1) as usize) };
        for idx in range.filter(|_| !self.empty_clips) {
            if each(idx, &frame)? == Flow::Enough {
                break;
            }
        }
        Ok(())
    }

    fn listen(&self, _recipe: &Recipe, _cx: &JobCx<'_>) -> Result<Vec<f32>, JobError> {
        Err(Diagnostic::error("notes", "the animatic does not listen").into())
    }

    fn write_sound(&self, samples: &[f32], path: &Path) -> Result<AudioInfo, JobError> {
        self.add(Asked::Sound(samples.len()));
        let bytes: Vec<u8> = samples.iter().flat_map(|sample| sample.to_le_bytes()).collect();
        write(path, &bytes)?;
        let n_samples = samples.len() as u64 / 2;
        Ok(AudioInfo { sample_rate: 48_000, channels: 2, n_samples, codec: "pcm".to_owned() })
    }

    fn read_picture(&self, path: &Path, longest: u32) -> Result<Frame, JobError> {
        assert!(path.exists(), "asked for an artifact that is in the store");
        self.add(Asked::Read(longest));
        Ok(Frame { width: 32, height: 18, data: RED.repeat(32 * 18) })
    }

    fn write_picture(&self, frame: &Frame, path: &Path) -> Result<VideoInfo, JobError> {
        self.add(Asked::Picture((frame.width, frame.height), Digest::of(&frame.data)));
        write(path, &frame.data)?;
        Ok(info((frame.width, frame.height), Rate(1, 1), 1, "png"))
    }
}

struct Bench {
    folder: tempfile::TempDir,
    artifacts: ScratchFolder,
    notes: Arc<Notes>,
}

impl Bench {
    fn new(empty_clips: bool) -> Bench {
        let folder = tempfile::tempdir().expect("a folder for temporary files");
        let artifacts = ScratchFolder::new(folder.path());
        Bench { artifacts, folder, notes: Arc::new(Notes { empty_clips, ..Notes::default() }) }
    }

    fn run(&self, call: Call, cancel: &Cancel, progress: &dyn Fn(f32)) -> Result<Outputs, JobError> {
        let work = Work::Call(Box::new(call));
        let job = Job { key: work.key(None), work, model: Some(MODEL.to_owned()) };
        let cx = JobCx { artifacts: &self.artifacts, cancel: cancel.clone(), progress, project: self.folder.path() };
        Animatic { codec: self.notes.clone() }.run(&job, &cx)
    }

    fn outputs(&self, call: Call) -> Outputs {
        self.run(call, &Cancel::default(), &|_| ()).expect("a call that can be drawn")
    }

    /// Names of the files that are left.
    fn files(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.folder.path()).expect("the folder is there");
        let mut names: Vec<String> =
            entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    fn frames(&self) -> Vec<(u32, Digest)> {
        let frame = |asked: Asked| if let Asked::Frame(idx, _, digest) = asked { Some((idx, digest)) } else { None };
        self.notes.all().into_iter().filter_map(frame).collect()
    }

    /// A still that is in the store.
    fn still(&self) -> Arc<Media> {
        let path = self.artifacts.scratch("png").expect("a path");
        std::fs::write(&path, b"a picture").expect("a file");
        let video = info((32, 18), Rate(1, 1), 1, "png");
        Arc::new(self.artifacts.adopt(&path, "png", Some(video), None).expect("an artifact"))
    }
}

fn short() -> Call {
    Call { n_frames: 14, ..call(shot()) }
}

fn file_of(outputs: &Outputs) -> (Arc<Media>, Option<Arc<Media>>) {
    let [(port, Value::Clip(recipe))] = outputs.as_slice() else { panic!("one clip, not {outputs:?}") };
    assert_eq!(port, "clip");
    let [Piece { source: Source::File { video, audio }, .. }] = recipe.pieces.as_slice() else {
        panic!("one file, not {recipe:?}")
    };
    (video.clone(), audio.clone())
}

#[test]
fn a_clip_is_drawn_once_in_order_with_its_exact_sound() {
    let bench = Bench::new(false);
    let seen = Mutex::new(Vec::new());
    let note = |done: f32| seen.lock().expect("no panic").push(done);
    let odd = Call { size: (321, 181), rate: Rate(30_000, 1001), ..short() };
    let outputs = bench.run(odd.clone(), &Cancel::default(), &note).expect("a call that can be drawn");
    let asked = bench.notes.all();
    assert_eq!(asked[0], Asked::Begin((even(321), even(181)), odd.rate, 14));
    assert_eq!(bench.frames().iter().map(|(idx, _)| *idx).collect::<Vec<_>>(), (0..14).collect::<Vec<_>>());
    let n_samples = odd.rate.sample_at(14, 48_000);
    assert_eq!(asked.last(), Some(&Asked::Sound(n_samples as usize * 2)));

    let (video, audio) = file_of(&outputs);
    let audio = audio.expect("sound was asked for");
    assert_eq!((video.format.as_str(), audio.format.as_str()), ("mp4", "wav"));
    assert_eq!(video.video, Some(info((even(321), even(181)), odd.rate, 14, "h264")));
    assert_eq!((video.audio.clone(), audio.video.clone()), (None, None));
    assert_eq!(audio.audio.as_ref().map(|info| info.n_samples), Some(n_samples));
    let heard = std::fs::read(bench.artifacts.locate(&audio).expect("it is in the store")).expect("it can be read");
    let told: Vec<u8> = sound(&odd).iter().flat_map(|sample| sample.to_le_bytes()).collect();
    assert_eq!(heard, told);
    let Value::Clip(recipe) = &outputs[0].1 else { panic!("a clip") };
    assert_eq!((recipe.n_frames(), recipe.rate), (14, odd.rate));
    assert_eq!(bench.files().len(), 2, "nothing but the two artifacts is left");

    let seen = seen.into_inner().expect("no panic");
    assert!(seen.is_sorted() && seen.last() == Some(&1.0) && 14 < seen.len(), "{seen:?}");
    let again = Bench::new(false);
    assert_eq!(again.outputs(odd), outputs);
}

#[test]
fn a_clip_without_sound_has_none() {
    let bench = Bench::new(false);
    let (_, audio) = file_of(&bench.outputs(Call { sound: false, ..short() }));
    assert_eq!(audio, None);
    assert!(!bench.notes.all().iter().any(|asked| matches!(asked, Asked::Sound(_))));
}

#[test]
fn cancelling_stops_between_frames_and_leaves_nothing() {
    let bench = Bench::new(false);
    let cancel = Cancel::default();
    let stop = cancel.clone();
    let progress = move |done: f32| {
        if 0.3 < done {
            stop.cancel();
        }
    };
    assert_eq!(bench.run(short(), &cancel, &progress), Err(JobError::Cancelled));
    assert_eq!(bench.frames().len(), 5, "the frame that crossed a third is the last");
    assert_eq!(bench.files(), Vec::<String>::new());
    let before = Bench::new(false);
    assert_eq!(before.run(short(), &cancel, &|_| ()), Err(JobError::Cancelled));
    assert_eq!((before.frames().len(), before.files().len()), (0, 0));
}

#[test]
fn an_image_is_one_picture_of_the_shot_without_captions() {
    let bench = Bench::new(false);
    let image = Call { task: Task::Image, n_frames: 1, ..short() };
    let outputs = bench.outputs(image.clone());
    let [(port, Value::Image(Image::File(media)))] = outputs.as_slice() else { panic!("one picture, not {outputs:?}") };
    assert_eq!((&**port, media.format.as_str(), media.is_still()), ("image", "png", true));
    assert!(matches!(bench.notes.all().as_slice(), [Asked::Picture((320, 180), _)]));
    assert_eq!(bench.outputs(Call { captions: !image.captions, ..image }), outputs);
}

#[test]
fn a_first_frame_is_fetched_and_dissolves() {
    let plain = Bench::new(false);
    plain.outputs(short());
    let bench = Bench::new(false);
    let from_file = Call { first_frame: Some(Image::File(bench.still())), ..short() };
    bench.outputs(from_file);
    assert_eq!(bench.notes.all()[0], Asked::Read(320));
    let clip = Arc::new(Recipe::file(Arc::new(plain_media()), None, Rate::FILM));
    let from_clip = Call { first_frame: Some(Image::Frame { clip, frame: 7 }), ..short() };
    let played = Bench::new(false);
    played.outputs(from_clip.clone());
    assert_eq!(played.notes.all()[0], Asked::Play(7..8, (320, 180)));
    // Red from a file or from a clip is the same red; after the dissolve the panel is the plain one.
    assert_eq!(bench.frames(), played.frames());
    assert_ne!(bench.frames()[..10], plain.frames()[..10]);
    assert_eq!(bench.frames()[10..], plain.frames()[10..]);
    let ending = Bench::new(false);
    ending.outputs(Call { last_frame: Some(Image::File(ending.still())), ..short() });
    let n = plain.frames().len() - 10;
    assert_eq!(ending.frames()[..n], plain.frames()[..n]);
    assert!(ending.frames()[n..].iter().zip(&plain.frames()[n..]).all(|(ended, plain)| ended != plain));

    let empty = Bench::new(true);
    let Err(JobError::Failed(refusal)) = empty.run(from_clip, &Cancel::default(), &|_| ()) else {
        panic!("a clip without that frame is refused")
    };
    assert_eq!((refusal.code.as_ref(), refusal.hints.is_empty()), ("animatic-first-frame", false));
}

fn plain_media() -> Media {
    let video = Some(info((320, 180), Rate::FILM, 48, "h264"));
    Media { digest: Digest::of(b"earlier"), bytes: 7, format: "mp4".to_owned(), video, audio: None }
}

#[test]
fn other_tasks_and_missing_artifacts_are_refused() {
    let bench = Bench::new(false);
    let refusal = |call: Call| match bench.run(call, &Cancel::default(), &|_| ()) {
        Err(JobError::Failed(refusal)) => refusal.code.to_string(),
        other => panic!("a refusal, not {other:?}"),
    };
    assert_eq!(refusal(Call { task: Task::Text, ..short() }), "animatic-task");
    assert_eq!(refusal(Call { task: Task::Music, n_frames: 100_000, ..short() }), "animatic-length");
    assert_eq!(refusal(Call { n_frames: 0, ..short() }), "animatic-length");
    let lost = Image::File(Arc::new(plain_media()));
    assert_eq!(refusal(Call { first_frame: Some(lost), ..short() }), "artifact-missing");
    assert_eq!(bench.files(), Vec::<String>::new());
}
