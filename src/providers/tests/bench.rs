//! What a test needs to run jobs: a store, a lane over the fake, a codec and an importer that believe what they see.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use engine::codec::{Codec, EncodeSpec, Flow, Frame};
use engine::store::{Claim, Store};
use engine::worker::{Artifacts, Cancel, Job, JobCx, JobError, Worker};
use model::{
    AudioInfo, Call, Diagnostic, Image, ImportKind, Media, Outputs, Rate, Recipe, Task, Value, VideoInfo, Work,
};

use super::fake::{Fake, KEY, Shape};
use crate::lane::{Observation, Setup, lane};
use crate::manifest::tests::{call, reference};
use crate::manifest::{Auth, Credential, Entry};
use crate::{Catalog, Http, Keys, Timing};

/// Makes pictures of nothing.
pub(crate) struct Plain;

impl Codec for Plain {
    fn encode(
        &self,
        _: &EncodeSpec,
        _: &Path,
        _: &mut dyn FnMut(u32, &mut Frame) -> Result<(), JobError>,
        _: &JobCx<'_>,
    ) -> Result<VideoInfo, JobError> {
        Err(Diagnostic::error("test", "nobody encodes here").into())
    }

    fn play(
        &self,
        _: &Recipe,
        range: Range<u64>,
        _: (u32, u32),
        each: &mut dyn FnMut(u64, &Frame) -> Result<Flow, JobError>,
        _: &JobCx<'_>,
    ) -> Result<(), JobError> {
        each(range.start, &Frame::black(4, 4)).map(drop)
    }

    fn listen(&self, _: &Recipe, _: &JobCx<'_>) -> Result<Vec<f32>, JobError> {
        Ok(Vec::new())
    }

    fn write_sound(&self, _: &[f32], _: &Path) -> Result<AudioInfo, JobError> {
        Err(Diagnostic::error("test", "nobody listens here").into())
    }

    fn read_picture(&self, _: &Path, _: u32) -> Result<Frame, JobError> {
        Ok(Frame::black(4, 4))
    }

    fn write_picture(&self, _: &Frame, path: &Path) -> Result<VideoInfo, JobError> {
        std::fs::write(path, b"\x89PNG\r\n\x1a\nframe").expect("written");
        Ok(info())
    }
}

pub(crate) fn info() -> VideoInfo {
    VideoInfo { width: 1280, height: 720, rate: Rate(24, 1), n_frames: 240, codec: "test".to_owned() }
}

/// Takes any file in.
pub(crate) struct Believer;

impl Worker for Believer {
    fn run(&self, job: &Job, cx: &JobCx<'_>) -> Result<Outputs, JobError> {
        let Work::Import(import) = &job.work else { panic!("only imports come here") };
        let original = cx.project.join(&import.path);
        let format = original.extension().expect("a format").to_string_lossy().into_owned();
        let path = cx.artifacts.scratch(&format)?;
        std::fs::copy(&original, &path).expect("copied");
        let media = Arc::new(cx.artifacts.adopt(&path, &format, Some(info()), None)?);
        let value = match import.kind {
            ImportKind::Image => Value::Image(Image::File(media)),
            ImportKind::Audio => Value::Audio(media),
            _ => Value::Clip(Arc::new(Recipe::file(media, None, import.rate.expect("a rate")))),
        };
        Ok(vec![("value".into(), value)])
    }
}

/// A fast world, but no faster than a machine on which a thousand jobs run at the same time.
pub(crate) fn timing() -> Timing {
    Timing {
        connect: Duration::from_secs(3),
        answer: Duration::from_secs(3),
        result: Duration::from_secs(3),
        stall: Duration::from_secs(2),
        tries: 4,
        pause: (Duration::from_millis(2), Duration::from_millis(8)),
        patience: Duration::from_secs(3),
        poll_ms: Some(10),
        stuck: Duration::from_secs(20),
        seed: 7,
    }
}

/// A folder that goes away, in memory where there is plenty: killing a process loses nothing that it has written, so
/// that waiting for a disk would prove no more. Who set TMPDIR has chosen.
pub(crate) fn folder() -> tempfile::TempDir {
    let mounts = std::fs::read_to_string("/proc/mounts").unwrap_or_default();
    let memory =
        mounts.lines().map(|line| line.split(' ').collect::<Vec<_>>()).find(|it| it.get(1) == Some(&"/dev/shm"));
    let options = memory.as_ref().and_then(|it| it.get(3)).copied().unwrap_or("ro");
    let size =
        options.split(',').find_map(|option| option.strip_prefix("size=")?.strip_suffix('k')?.parse::<u64>().ok());
    let is_plenty = options.starts_with("rw") && size.is_none_or(|kilobytes| 1 << 20 <= kilobytes);
    let made = if is_plenty && std::env::var_os("TMPDIR").is_none() {
        tempfile::tempdir_in("/dev/shm")
    } else {
        tempfile::tempdir()
    };
    made.or_else(|_| tempfile::tempdir()).expect("a folder")
}

pub(crate) struct Bench {
    root: PathBuf,
    /// Removed at the end, where it is ours.
    _folder: Option<tempfile::TempDir>,
    fake: Option<Fake>,
    base: String,
    pub(crate) catalog: Catalog,
    pub(crate) entry: &'static str,
    pub(crate) seen: Arc<Mutex<Vec<Observation>>>,
    pub(crate) timing: Timing,
    /// No credentials are there.
    pub(crate) is_locked_out: bool,
}

impl Bench {
    pub(crate) fn new(shape: &'static Shape) -> Bench {
        Bench::in_folder(shape, folder())
    }

    pub(crate) fn in_folder(shape: &'static Shape, folder: tempfile::TempDir) -> Bench {
        let fake = Fake::new(shape);
        let beside = Bench::beside(shape, fake.base.clone(), folder.path());
        Bench { fake: Some(fake), _folder: Some(folder), ..beside }
    }

    /// A bench over the fake and the folder of another process.
    pub(crate) fn beside(shape: &'static Shape, base: String, root: &Path) -> Bench {
        let provider = shape.entry.split('/').next().expect("a provider");
        let manifest = Catalog::built_in().manifest(provider).expect("built in").as_ref().clone();
        let catalog = Catalog::default().with(manifest.served_at(&base));
        Bench {
            root: root.to_owned(),
            _folder: None,
            fake: None,
            base,
            catalog,
            entry: shape.entry,
            seen: Arc::default(),
            timing: timing(),
            is_locked_out: false,
        }
    }

    pub(crate) fn fake(&self) -> &Fake {
        self.fake.as_ref().expect("it is ours")
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    pub(crate) fn keys(&self) -> Keys {
        if self.is_locked_out {
            return Keys::fixed([]);
        }
        let ways: Vec<_> = self.catalog.manifests().flat_map(|manifest| &manifest.credentials).collect();
        let named = ways.iter().flat_map(|way| way.names.iter().enumerate().map(move |(n, name)| (way, n, name)));
        let account = crate::google::tests::key_file(&self.base);
        let value = |way: &Credential, n: usize| match way.auth {
            Auth::GoogleAccount => account.as_str(),
            _ if way.address && n == 0 => self.base.as_str(),
            _ => KEY,
        };
        Keys::fixed(named.map(|(way, n, name)| (name.as_str(), value(way, n))))
    }

    pub(crate) fn store(&self) -> Arc<Store> {
        Arc::new(Store::open(&self.root.join("store")).expect("it opens"))
    }

    pub(crate) fn setup(&self, store: &Arc<Store>) -> Setup {
        let seen = self.seen.clone();
        Setup {
            http: Arc::new(Http::start(self.timing.clone()).expect("it starts")),
            keys: self.keys(),
            store: store.clone(),
            codec: Arc::new(Plain),
            importer: Arc::new(Believer),
            limit: Duration::from_secs(20),
            previews: Arc::default(),
            observe: Some(Arc::new(move |it: &Observation| seen.lock().expect("no panics").push(it.clone()))),
        }
    }

    /// The call that the shape is about.
    pub(crate) fn call(&self) -> Call {
        let entry = self.catalog.entry(self.entry).expect("an entry");
        let task = entry.tasks[0];
        let needs_picture = entry.can.prompt_only == crate::manifest::Can::No;
        let picture = || Some(Image::File(Arc::new(self.picture())));
        let needed = [("voice", "v1"), ("model", "m1"), ("max_tokens", "500")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
        let options = needed.into_iter().filter(|(name, _)| entry.options.contains_key(name)).collect();
        Call { task, first_frame: needs_picture.then(picture).flatten(), options, ..call() }
    }

    /// A picture that is in the store.
    pub(crate) fn picture(&self) -> Media {
        self.file("png", b"\x89PNG\r\n\x1a\npicture")
    }

    /// A file in the store.
    pub(crate) fn file(&self, format: &str, bytes: &[u8]) -> Media {
        let store = self.store();
        let path = store.scratch(format).expect("a path");
        std::fs::write(&path, bytes).expect("written");
        store.adopt(&path, format, Some(info()), None).expect("adopted")
    }

    /// A reference whose only picture is in the store.
    pub(crate) fn reference(&self) -> Arc<model::Reference> {
        let mut reference = (*reference("MARA", 0)).clone();
        reference.images.push(self.picture());
        Arc::new(reference)
    }

    pub(crate) fn job(&self, call: Call) -> Job {
        let work = Work::Call(Box::new(call));
        Job { key: work.key(Some((self.entry, 1))), work, model: Some(self.entry.to_owned()) }
    }

    /// The same at another model.
    pub(crate) fn job_at(&self, call: Call, entry: &Entry) -> Job {
        let work = Work::Call(Box::new(call));
        Job { key: work.key(Some((&entry.name, entry.version))), work, model: Some(entry.name.clone()) }
    }

    /// Runs a job as a lane does, in a program that has just started: the claim held, progress reported.
    pub(crate) fn run(&self, call: Call, cancel: &Cancel) -> Result<Outputs, JobError> {
        self.watch(call, cancel, &|_| {})
    }

    pub(crate) fn watch(&self, call: Call, cancel: &Cancel, progress: &dyn Fn(f32)) -> Result<Outputs, JobError> {
        let store = self.store();
        let manifest = self.catalog.manifests().next().expect("one");
        let lane = lane(manifest, &self.setup(&store))?;
        let job = self.job(call);
        // A program that another test starts holds what is open here from its fork to its exec, a claim's lock too.
        let until = Instant::now() + Duration::from_secs(20);
        let _guard = loop {
            match store.claim(&job.key)? {
                Claim::Ours(guard) => break guard,
                _ if Instant::now() < until => std::thread::yield_now(),
                _ => panic!("nobody else is here"),
            }
        };
        let cx = JobCx { artifacts: &*store, cancel: cancel.clone(), progress, project: &self.root };
        lane.worker.run(&job, &cx)
    }

    pub(crate) fn go(&self) -> Result<Outputs, JobError> {
        self.run(self.call(), &Cancel::default())
    }

    /// The artifact of a result.
    pub(crate) fn bytes(&self, outputs: &Outputs) -> Vec<u8> {
        let media: Media = match &outputs[0].1 {
            Value::Image(Image::File(media)) | Value::Audio(media) => (**media).clone(),
            Value::Clip(recipe) => recipe.sources()[0].clone(),
            other => panic!("{other:?}"),
        };
        std::fs::read(self.store().locate(&media).expect("it is there")).expect("it reads")
    }

    /// Fails where the key, or a line of a service account's, is in any file of the store.
    pub(crate) fn assert_no_key(&self) {
        let private = crate::google::tests::PEM.lines().nth(3).expect("a line of it");
        for path in files(&self.root) {
            let bytes = std::fs::read(&path).expect("it reads");
            for secret in [KEY, private, &STANDARD.encode(KEY)] {
                let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
                assert!(!found, "{} holds the key", path.display());
            }
        }
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() { folders.push(path) } else { found.push(path) }
        }
    }
    found
}

/// The code of a failure.
#[track_caller]
pub(crate) fn code(ended: Result<Outputs, JobError>) -> String {
    match ended {
        Err(JobError::Failed(told)) => {
            assert!(!told.to_string().contains(KEY), "the key is shown: {told}");
            told.code.clone()
        }
        other => panic!("{other:?}"),
    }
}

/// The output's port of a task.
pub(crate) fn port(task: Task) -> &'static str {
    match task {
        Task::Image => "image",
        Task::Video => "clip",
        Task::Text => "text",
        Task::Voice | Task::Sound | Task::Music => "audio",
    }
}
