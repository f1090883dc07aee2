//! Pictures and waveforms for the window, made on a thread of their own and kept as textures.
//!
//! What was asked for last is made first, and what nobody asked for again is not made at all: scrolling through a
//! contact sheet of 500 shots costs what is seen.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use egui::{ColorImage, TextureHandle, TextureOptions};
use engine::codec::{Codec, Frame};
use engine::store::Store;
use engine::worker::{Artifacts, Cancel, JobCx, JobError};
use indexmap::IndexMap;
use media::Gst;
use media::playback::{Audible, waveform_blocking};
use model::{Diagnostic, Digest, Image, Media, Value, walk};
use providers::Previews;
use ui::{Picture, Shown};

use super::{thread, trace};

/// Most bytes of textures that are kept.
const CACHE: usize = 256 << 20;
/// Most waveforms that are kept.
const WAVES: usize = 512;
/// Most requests that wait.
const QUEUE: usize = 512;
/// Widths are rounded up to these, so that zooming does not decode at every size.
const WIDTHS: [u32; 6] = [96, 192, 384, 768, 1280, 2560];
/// Frames after which a request that nobody repeated is forgotten.
const PATIENCE: u64 = 90;

/// What is asked of the thread.
#[derive(Clone)]
enum Want {
    Picture(Picture, u32),
    /// A picture's file, in memory.
    Making(Arc<[u8]>),
    Wave(Value, usize),
}

enum Made {
    Picture(Box<Result<Frame, Diagnostic>>),
    Wave(Vec<(f32, f32)>),
}

#[derive(Default)]
struct Queue {
    /// Newest last; the number is the window's frame at the last request.
    wants: IndexMap<Digest, (Want, u64)>,
    made: Vec<(Digest, Made)>,
    at_work: Option<Digest>,
    frame: u64,
    closed: bool,
}

struct Shared {
    queue: Mutex<Queue>,
    woken: Condvar,
    repaint: Box<dyn Fn() + Send + Sync>,
}

/// Low and high of each column.
type Wave = Arc<Vec<(f32, f32)>>;

struct Kept {
    shown: Shown,
    /// Keeps the texture alive.
    _texture: Option<TextureHandle>,
    bytes: usize,
    used: u64,
}

/// See the module.
pub(super) struct Gallery {
    shared: Arc<Shared>,
    pictures: IndexMap<Digest, Kept>,
    /// With the frame of the window that used it last.
    waves: IndexMap<Digest, (Wave, u64)>,
    previews: Arc<Previews>,
    /// The picture of a running job that was shown last, until the next one is made: its job's key and its own.
    making: Option<(Digest, Digest)>,
    bytes: usize,
    frame: u64,
}

impl Gallery {
    /// A gallery over a store; files of the project are relative to `folder`.
    pub(super) fn new(
        store: Arc<Store>,
        folder: PathBuf,
        previews: Arc<Previews>,
        repaint: Box<dyn Fn() + Send + Sync>,
    ) -> Gallery {
        let shared = Arc::new(Shared { queue: Mutex::default(), woken: Condvar::new(), repaint });
        let theirs = shared.clone();
        // Where no thread starts there are no pictures; everything else still works.
        let _ = std::thread::Builder::new().name("gallery".to_owned()).spawn(move || work(&theirs, &store, &folder));
        let (pictures, waves) = (IndexMap::new(), IndexMap::new());
        Gallery { shared, pictures, waves, previews, making: None, bytes: 0, frame: 0 }
    }

    /// Takes what was made since the last frame. Called once a frame, before anything is drawn.
    pub(super) fn begin(&mut self, ctx: &egui::Context) {
        self.frame += 1;
        let made = {
            let mut queue = self.shared.queue.lock().unwrap_or_else(PoisonError::into_inner);
            queue.frame = self.frame;
            std::mem::take(&mut queue.made)
        };
        for (key, made) in made {
            match made {
                Made::Picture(made) => self.keep(ctx, key, *made),
                Made::Wave(wave) => {
                    self.waves.insert(key, (Arc::new(wave), self.frame));
                }
            }
        }
        self.forget();
    }

    fn keep(&mut self, ctx: &egui::Context, key: Digest, made: Result<Frame, Diagnostic>) {
        trace::mark("picture");
        let kept = match made {
            Ok(frame) => {
                let size = [frame.width as usize, frame.height as usize];
                let image = ColorImage::from_rgba_unmultiplied(size, &frame.data);
                let texture = ctx.load_texture("gallery", image, TextureOptions::LINEAR);
                let shown = Shown::Ready(texture.id(), texture.size_vec2());
                Kept { shown, _texture: Some(texture), bytes: frame.data.len(), used: self.frame }
            }
            Err(problem) => {
                Kept { shown: Shown::Failed(Box::new(problem)), _texture: None, bytes: 0, used: self.frame }
            }
        };
        self.bytes += kept.bytes;
        if let Some(old) = self.pictures.insert(key, kept) {
            self.bytes -= old.bytes;
        }
    }

    fn forget(&mut self) {
        while CACHE < self.bytes {
            let oldest = self.pictures.values().map(|kept| kept.used).min().unwrap_or_default();
            if oldest == self.frame {
                break;
            }
            let before = self.bytes;
            self.pictures.retain(|_, kept| kept.used != oldest);
            self.bytes = self.pictures.values().map(|kept| kept.bytes).sum();
            if before == self.bytes {
                break;
            }
        }
        if WAVES < self.waves.len() {
            let now = self.frame;
            self.waves.retain(|_, (_, used)| now - *used < PATIENCE);
        }
    }

    /// The newest picture of a running job that is made, while the next one is.
    fn making(&mut self, job: &Digest) -> Shown {
        let newest = self.previews.look(job).map(|bytes| (Digest::of(&bytes), bytes));
        let before = self.making.filter(|(own, _)| own == job).map(|(_, picture)| picture);
        if let Some((key, bytes)) = newest {
            if self.pictures.contains_key(&key) {
                self.making = Some((*job, key));
            } else {
                self.ask(key, Want::Making(bytes));
            }
            let key = self.making.filter(|(own, _)| own == job).map_or(key, |(_, picture)| picture);
            if let Some(kept) = self.pictures.get_mut(&key) {
                kept.used = self.frame;
                return kept.shown.clone();
            }
        }
        before.and_then(|key| self.pictures.get(&key)).map_or(Shown::Waiting, |kept| kept.shown.clone())
    }

    fn ask(&self, key: Digest, want: Want) {
        let mut queue = self.shared.queue.lock().unwrap_or_else(PoisonError::into_inner);
        if queue.at_work == Some(key) {
            return;
        }
        let frame = self.frame;
        let new = queue.wants.insert(key, (want, frame)).is_none();
        if QUEUE < queue.wants.len() {
            queue.wants.shift_remove_index(0);
        }
        if new {
            self.shared.woken.notify_one();
        }
    }
}

impl Drop for Gallery {
    fn drop(&mut self) {
        self.shared.queue.lock().unwrap_or_else(PoisonError::into_inner).closed = true;
        self.shared.woken.notify_one();
    }
}

impl ui::Gallery for Gallery {
    fn picture(&mut self, _: &egui::Context, source: &Picture, width: u32) -> Shown {
        if let Picture::Making(job) = source {
            return self.making(job);
        }
        let width = WIDTHS.into_iter().find(|it| width <= *it).unwrap_or(WIDTHS[WIDTHS.len() - 1]);
        let key = picture_key(source, width);
        if let Some(kept) = self.pictures.get_mut(&key) {
            kept.used = self.frame;
            return kept.shown.clone();
        }
        self.ask(key, Want::Picture(source.clone(), width));
        Shown::Waiting
    }

    fn waveform(&mut self, _: &egui::Context, source: &Value, columns: usize) -> Option<Wave> {
        let key = walk::digest_of(&("wave", source.digest(), columns));
        if let Some((wave, used)) = self.waves.get_mut(&key) {
            *used = self.frame;
            return Some(wave.clone());
        }
        self.ask(key, Want::Wave(source.clone(), columns));
        None
    }
}

fn picture_key(source: &Picture, width: u32) -> Digest {
    match source {
        Picture::Image(image) => walk::digest_of(&("image", image, width)),
        Picture::Frame { clip, frame } => walk::digest_of(&("frame", &**clip, frame, width)),
        Picture::Media(media) => walk::digest_of(&("media", media.digest, width)),
        Picture::File(path) => walk::digest_of(&("file", path, width)),
        Picture::Making(job) => walk::digest_of(&("making", job, width)),
    }
}

fn work(shared: &Shared, store: &Arc<Store>, folder: &Path) {
    let mut gst = None;
    loop {
        let (key, want) = {
            let mut queue = shared.queue.lock().unwrap_or_else(PoisonError::into_inner);
            loop {
                if queue.closed {
                    return;
                }
                let now = queue.frame;
                match queue.wants.pop() {
                    Some((_, (_, asked))) if asked + PATIENCE < now => {}
                    Some((key, (want, _))) => {
                        queue.at_work = Some(key);
                        break (key, want);
                    }
                    None => {
                        let waited = shared.woken.wait_timeout(queue, Duration::from_secs(60));
                        queue = waited.unwrap_or_else(PoisonError::into_inner).0;
                    }
                }
            }
        };
        let gst = gst.get_or_insert_with(Gst::new);
        let made = match gst {
            Ok(gst) => make(&want, gst, store, folder),
            Err(problem) => Err(problem.clone()),
        };
        let made = match made {
            Ok(made) => made,
            Err(problem) => match want {
                Want::Picture(..) | Want::Making(_) => Made::Picture(Box::new(Err(problem))),
                Want::Wave(_, columns) => Made::Wave(vec![(0.0, 0.0); columns.min(1)]),
            },
        };
        let mut queue = shared.queue.lock().unwrap_or_else(PoisonError::into_inner);
        queue.at_work = None;
        queue.made.push((key, made));
        drop(queue);
        (shared.repaint)();
    }
}

fn make(want: &Want, gst: &Gst, store: &Arc<Store>, folder: &Path) -> Result<Made, Diagnostic> {
    thread::may_block();
    let files: &dyn Artifacts = &**store;
    let cx = JobCx { artifacts: files, cancel: Cancel::default(), progress: &|_| {}, project: folder };
    let frame = match want {
        Want::Wave(value, columns) => {
            let audible = match value {
                Value::Clip(recipe) => Audible::Clip(recipe.clone()),
                Value::Audio(media) => Audible::Sound(media.clone()),
                _ => return Err(Diagnostic::error("no-sound", "this value has no sound")),
            };
            let wave = waveform_blocking(&audible, *columns, files, &cx.cancel).map_err(diagnostic)?;
            return Ok(Made::Wave(wave));
        }
        Want::Making(bytes) => {
            let path = store.scratch(if bytes.starts_with(b"\x89PNG") { "png" } else { "jpg" })?;
            let written = std::fs::write(&path, bytes)
                .map_err(|error| Diagnostic::error("disk", format!("a picture could not be written: {error}")));
            let read = written.map_err(JobError::from).and_then(|()| gst.read_picture(&path, WIDTHS[4]));
            let _ = std::fs::remove_file(&path);
            read
        }
        // What a running job shows is asked for by its bytes.
        Want::Picture(Picture::Making(_), _) => return Err(Diagnostic::error("cancelled", "nobody looks any more")),
        Want::Picture(Picture::Frame { clip, frame } | Picture::Image(Image::Frame { clip, frame }), width) => {
            gst.thumbnail(clip, *frame, *width, &cx)
        }
        Want::Picture(Picture::Image(Image::File(media)), width) => still(gst, store, media, *width),
        Want::Picture(Picture::Media(media), width) => still(gst, store, media, *width),
        Want::Picture(Picture::File(path), width) => {
            let inside = Path::new(path).components().all(|part| matches!(part, std::path::Component::Normal(_)));
            if !inside {
                return Err(Diagnostic::error("path-outside", format!("`{path}` is outside the graph's folder")));
            }
            gst.read_picture(&folder.join(path), *width)
        }
    };
    Ok(Made::Picture(Box::new(Ok(frame.map_err(diagnostic)?))))
}

fn still(gst: &Gst, store: &Arc<Store>, media: &Media, width: u32) -> Result<Frame, JobError> {
    gst.read_picture(&store.locate(media)?, width)
}

fn diagnostic(error: JobError) -> Diagnostic {
    match error {
        JobError::Failed(diagnostic) => *diagnostic,
        JobError::Cancelled => Diagnostic::error("cancelled", "nobody looks any more"),
    }
}
