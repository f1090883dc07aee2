//! The animatic as a worker: a call in, a clip or a picture out.
//!
//! It knows a codec only through the engine's trait. Lanes run jobs beside one another; a job that is alone has its
//! frames drawn by all the threads that the lane's jobs would have.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use engine::codec::{Codec, EncodeSpec, Flow, Frame};
use engine::worker::{Job, JobCx, JobError, Worker};
use model::{Call, Diagnostic, Image, Media, Outputs, Recipe, Task, Value, Work, even};

use crate::crew::painted;
use crate::{Pictures, Scene, sound};

/// Most painters of one shot: each has the whole scene and three frames in memory.
const MOST_PAINTERS: usize = 4;

/// Frames that are worth another painter.
const WORTH: usize = 12;

/// The embedded previs model.
pub struct Animatic {
    codec: Arc<dyn Codec>,
    /// Threads that all jobs together may draw with.
    n_painters: usize,
    n_jobs: AtomicUsize,
}

/// A job at work, counted while it lives.
struct AtWork<'a>(&'a AtomicUsize);

impl Drop for AtWork<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Worker for Animatic {
    fn run(&self, job: &Job, cx: &JobCx<'_>) -> Result<Outputs, JobError> {
        self.n_jobs.fetch_add(1, Ordering::Relaxed);
        let _at_work = AtWork(&self.n_jobs);
        let Work::Call(call) = &job.work else {
            return Err(refuse(&format!("the animatic cannot do `{}` work", job.work.kind())));
        };
        match call.task {
            Task::Video => self.video(call, cx),
            Task::Image => self.image(call, cx),
            Task::Text | Task::Voice | Task::Sound | Task::Music => Err(refuse(
                &format!("the animatic draws pictures and clips, it has no task `{:?}`", call.task).to_lowercase(),
            )),
        }
    }
}

fn refuse(message: &str) -> JobError {
    Diagnostic::error("animatic-task", message).hint("choose another model for this node").into()
}

impl Animatic {
    /// The model with a codec for its files. All jobs together draw with about `n_painters` threads.
    pub fn new(codec: Arc<dyn Codec>, n_painters: usize) -> Animatic {
        Animatic { codec, n_painters, n_jobs: AtomicUsize::new(0) }
    }

    fn video(&self, call: &Call, cx: &JobCx<'_>) -> Result<Outputs, JobError> {
        // 4:2:0 pictures have even sides.
        let call = Call { size: (even(call.size.0), even(call.size.1)), ..call.clone() };
        let pictures = self.pictures(&call, cx)?;
        let share = self.n_painters / self.n_jobs.load(Ordering::Relaxed).max(1);
        let n_painters = share.clamp(1, MOST_PAINTERS).min(call.n_frames as usize / WORTH + 1);
        let scenes = (0..n_painters).map(|_| Scene::new(&call, &pictures)).collect::<Result<Vec<_>, _>>()?;
        let spec = EncodeSpec { size: call.size, rate: call.rate, n_frames: call.n_frames };
        let path = cx.artifacts.scratch("mp4")?;
        let video = painted(scenes, call.n_frames, &cx.cancel, |draw| {
            let mut draw = |frame_idx: u32, frame: &mut Frame| {
                draw(frame_idx, frame)?;
                (cx.progress)(0.95 * (frame_idx + 1) as f32 / call.n_frames as f32);
                Ok(())
            };
            self.codec.encode(&spec, &path, &mut draw, cx)
        })?;
        let video = Arc::new(cx.artifacts.adopt(&path, "mp4", Some(video), None)?);
        cx.cancel.check()?;
        let audio = if call.sound { Some(Arc::new(self.sound(&call, cx)?)) } else { None };
        (cx.progress)(1.0);
        let clip = Value::Clip(Arc::new(Recipe::file(video, audio, call.rate)));
        Ok(vec![("clip".into(), clip)])
    }

    fn sound(&self, call: &Call, cx: &JobCx<'_>) -> Result<Media, JobError> {
        let path = cx.artifacts.scratch("wav")?;
        let info = self.codec.write_sound(&sound(call), &path)?;
        Ok(cx.artifacts.adopt(&path, "wav", None, Some(info))?)
    }

    fn image(&self, call: &Call, cx: &JobCx<'_>) -> Result<Outputs, JobError> {
        let pictures = self.pictures(call, cx)?;
        // A panel of a moving shot shows the composition that the move is about: its middle.
        let length = call.shot.as_ref().map_or(1, |shot| shot.n_frames(call.rate)).clamp(1, crate::MOST_FRAMES);
        let still = Call { n_frames: length, captions: false, first_frame: None, ..call.clone() };
        let mut scene = Scene::new(&still, &Pictures { first: None, ..pictures })?;
        let mut frame = Frame::default();
        scene.draw(length / 2, &mut frame);
        let path = cx.artifacts.scratch("png")?;
        let info = self.codec.write_picture(&frame, &path)?;
        let media = cx.artifacts.adopt(&path, "png", Some(info), None)?;
        Ok(vec![("image".into(), Value::Image(Image::File(Arc::new(media))))])
    }

    /// Decodes the pictures that the call refers to.
    fn pictures(&self, call: &Call, cx: &JobCx<'_>) -> Result<Pictures, JobError> {
        let longest = call.size.0.max(call.size.1).clamp(64, 2048);
        let mut references = Vec::with_capacity(call.references.len());
        for reference in &call.references {
            cx.cancel.check()?;
            let still = reference.images.iter().find(|media| media.is_still());
            references.push(match still {
                Some(media) => Some(self.codec.read_picture(&cx.artifacts.locate(media)?, longest)?),
                None => None,
            });
        }
        let first = match &call.first_frame {
            None => None,
            Some(Image::File(media)) => Some(self.codec.read_picture(&cx.artifacts.locate(media)?, longest)?),
            Some(Image::Frame { clip, frame }) => {
                let mut found = None;
                let mut keep = |_: u64, picture: &Frame| {
                    found = Some(picture.clone());
                    Ok(Flow::Enough)
                };
                self.codec.play(clip, *frame..frame.saturating_add(1), call.size, &mut keep, cx)?;
                if found.is_none() {
                    let message = format!("frame {frame} of the clip that the shot starts from could not be decoded");
                    return Err(Diagnostic::error("animatic-first-frame", message)
                        .hint("render the earlier shot again, or disconnect the first frame")
                        .into());
                }
                found
            }
        };
        Ok(Pictures { references, first })
    }
}
