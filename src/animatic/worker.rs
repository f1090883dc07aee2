//! The animatic as a worker: a call in, a clip or a picture out.
//!
//! It knows a codec only through the engine's trait. One thread per job: lanes run jobs beside one another.

use std::sync::Arc;

use engine::codec::{Codec, EncodeSpec, Flow, Frame};
use engine::worker::{Job, JobCx, JobError, Worker};
use model::{Call, Diagnostic, Image, Media, Outputs, Recipe, Task, Value, Work, even};

use crate::{Pictures, Scene, sound};

/// Seconds of sound that are made at once; longer ones would fill the memory.
const LONGEST_TRACK: f64 = 900.0;

/// The embedded previs model.
pub struct Animatic {
    pub codec: Arc<dyn Codec>,
}

impl Worker for Animatic {
    fn run(&self, job: &Job, cx: &JobCx<'_>) -> Result<Outputs, JobError> {
        let Work::Call(call) = &job.work else {
            return Err(refuse(&format!("the animatic cannot do `{}` work", job.work.kind())));
        };
        match call.task {
            Task::Video => self.video(call, cx),
            Task::Image => self.image(call, cx),
            Task::Voice => self.track(call, crate::voice, cx),
            Task::Sound => self.track(call, crate::effect, cx),
            Task::Music => self.track(call, crate::music, cx),
            Task::Text => Err(refuse("the animatic draws and sounds, it writes nothing")),
        }
    }
}

fn refuse(message: &str) -> JobError {
    Diagnostic::error("animatic-task", message).hint("choose another model for this node").into()
}

impl Animatic {
    fn video(&self, call: &Call, cx: &JobCx<'_>) -> Result<Outputs, JobError> {
        // 4:2:0 pictures have even sides.
        let call = Call { size: (even(call.size.0), even(call.size.1)), ..call.clone() };
        let pictures = self.pictures(&call, cx)?;
        let mut scene = Scene::new(&call, &pictures)?;
        let spec = EncodeSpec { size: call.size, rate: call.rate, n_frames: call.n_frames };
        let path = cx.artifacts.scratch("mp4")?;
        let mut draw = |frame_idx: u32, frame: &mut Frame| {
            cx.cancel.check()?;
            scene.draw(frame_idx, frame);
            (cx.progress)(0.95 * (frame_idx + 1) as f32 / call.n_frames as f32);
            Ok(())
        };
        let video = self.codec.encode(&spec, &path, &mut draw, cx)?;
        let video = Arc::new(cx.artifacts.adopt(&path, "mp4", Some(video), None)?);
        cx.cancel.check()?;
        let audio = if call.sound { Some(Arc::new(self.sound(&sound(&call), cx)?)) } else { None };
        (cx.progress)(1.0);
        let clip = Value::Clip(Arc::new(Recipe::file(video, audio, call.rate)));
        Ok(vec![("clip".into(), clip)])
    }

    /// Sound alone.
    fn track(&self, call: &Call, make: fn(&Call) -> Vec<f32>, cx: &JobCx<'_>) -> Result<Outputs, JobError> {
        let seconds = if call.rate.is_valid() { call.rate.seconds(u64::from(call.n_frames)) } else { 0.0 };
        if seconds <= 0.0 || LONGEST_TRACK < seconds {
            let message = format!("the animatic sounds for up to {LONGEST_TRACK} seconds, not for {seconds}");
            return Err(Diagnostic::error("animatic-length", message).at_field("seconds").into());
        }
        let media = self.sound(&make(call), cx)?;
        Ok(vec![("audio".into(), Value::Audio(Arc::new(media)))])
    }

    fn sound(&self, samples: &[f32], cx: &JobCx<'_>) -> Result<Media, JobError> {
        let path = cx.artifacts.scratch("wav")?;
        let info = self.codec.write_sound(samples, &path)?;
        Ok(cx.artifacts.adopt(&path, "wav", None, Some(info))?)
    }

    fn image(&self, call: &Call, cx: &JobCx<'_>) -> Result<Outputs, JobError> {
        let pictures = self.pictures(call, cx)?;
        // A panel of a moving shot shows the composition that the move is about: its middle.
        let length = call.shot.as_ref().map_or(1, |shot| shot.n_frames(call.rate)).clamp(1, crate::MOST_FRAMES);
        let still = Call { n_frames: length, captions: false, ..call.clone() };
        let mut scene = Scene::new(&still, &Pictures { first: None, last: None, ..pictures })?;
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
        let key_frame = |image: &Option<Image>, code: &str| {
            image.as_ref().map(|image| self.key_frame(image, code, call.size, longest, cx)).transpose()
        };
        let first = key_frame(&call.first_frame, "animatic-first-frame")?;
        let last = key_frame(&call.last_frame, "animatic-last-frame")?;
        Ok(Pictures { references, first, last })
    }

    /// A frame that the shot starts from or ends on.
    fn key_frame(
        &self,
        image: &Image,
        code: &str,
        size: (u32, u32),
        longest: u32,
        cx: &JobCx<'_>,
    ) -> Result<Frame, JobError> {
        let (clip, frame) = match image {
            Image::File(media) => return self.codec.read_picture(&cx.artifacts.locate(media)?, longest),
            Image::Frame { clip, frame } => (clip, *frame),
        };
        let mut found = None;
        let mut keep = |_: u64, picture: &Frame| {
            found = Some(picture.clone());
            Ok(Flow::Enough)
        };
        self.codec.play(clip, frame..frame.saturating_add(1), size, &mut keep, cx)?;
        found.ok_or_else(|| {
            let message = format!("frame {frame} of the clip that gives a key frame could not be decoded");
            Diagnostic::error(code, message).hint("render that clip again, or disconnect the key frame").into()
        })
    }
}
