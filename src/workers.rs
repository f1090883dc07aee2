//! The lanes of this build. GStreamer starts with the first job that needs it: planning never waits for it.

use std::ops::Range;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use animatic::Animatic;
use compute::Compute;
use engine::codec::{Codec, EncodeSpec, Flow, Frame};
use engine::lanes::LaneSpec;
use engine::worker::{Job, JobCx, JobError, Worker};
use media::Gst;
use model::{AudioInfo, Diagnostic, Outputs, Recipe, VideoInfo};

/// GStreamer, started when it is first used; a failure to start is remembered.
#[derive(Default)]
struct LazyGst(OnceLock<Result<Gst, Diagnostic>>);

impl LazyGst {
    fn get(&self) -> Result<&Gst, JobError> {
        self.0.get_or_init(Gst::new).as_ref().map_err(|diagnostic| diagnostic.clone().into())
    }
}

impl Worker for LazyGst {
    fn run(&self, job: &Job, cx: &JobCx<'_>) -> Result<Outputs, JobError> {
        self.get()?.run(job, cx)
    }
}

impl Codec for LazyGst {
    fn encode(
        &self,
        spec: &EncodeSpec,
        path: &Path,
        draw: &mut dyn FnMut(u32, &mut Frame) -> Result<(), JobError>,
        cx: &JobCx<'_>,
    ) -> Result<VideoInfo, JobError> {
        self.get()?.encode(spec, path, draw, cx)
    }

    fn play(
        &self,
        recipe: &Recipe,
        range: Range<u64>,
        size: (u32, u32),
        each: &mut dyn FnMut(u64, &Frame) -> Result<Flow, JobError>,
        cx: &JobCx<'_>,
    ) -> Result<(), JobError> {
        self.get()?.play(recipe, range, size, each, cx)
    }

    fn listen(&self, recipe: &Recipe, cx: &JobCx<'_>) -> Result<Vec<f32>, JobError> {
        self.get()?.listen(recipe, cx)
    }

    fn write_sound(&self, samples: &[f32], path: &Path) -> Result<AudioInfo, JobError> {
        self.get()?.write_sound(samples, path)
    }

    fn read_picture(&self, path: &Path, longest: u32) -> Result<Frame, JobError> {
        self.get()?.read_picture(path, longest)
    }

    fn write_picture(&self, frame: &Frame, path: &Path) -> Result<VideoInfo, JobError> {
        self.get()?.write_picture(frame, path)
    }
}

/// The media package for those that hand it files: lanes of providers draw frames and look at what they brought.
pub(crate) struct Media {
    pub(crate) codec: Arc<dyn Codec>,
    pub(crate) importer: Arc<dyn Worker>,
}

/// One lane for each kind of worker of this machine, `jobs` wide, and what providers' lanes share with them.
pub(crate) fn lanes(jobs: usize) -> (Vec<LaneSpec>, Media) {
    let gst = Arc::new(LazyGst::default());
    let codec: Arc<dyn Codec> = gst.clone();
    let lanes = vec![
        LaneSpec { name: "animatic", width: jobs, worker: Arc::new(Animatic { codec: codec.clone() }) },
        LaneSpec { name: "compute", width: jobs, worker: Arc::new(Compute::new(codec.clone())) },
        LaneSpec { name: "media", width: jobs, worker: gst.clone() },
    ];
    (lanes, Media { codec, importer: gst })
}
