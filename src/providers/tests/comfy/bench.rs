//! What a test of a workflow needs: a store, a lane over one server or several, workflows as models.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use engine::money::Total;
use engine::store::{Claim, Store};
use engine::worker::{Artifacts, Cancel, Job, JobCx, JobError};
use model::{Call, Diagnostic, Image, Media, Outputs, Task, Value, Work};

use super::super::bench::{Believer, Plain, folder, info, timing};
use crate::comfy::{ADDRESSES, Bindings, Item, Shelf, Workflow, suggest};
use crate::lane::{Setup, lane};
use crate::manifest::tests::call;
use crate::{Http, Keys, Previews, Timing};

/// A workflow of the kind that people have: a prompt, what must not be there, a sampler.
pub(super) const PORTRAIT: &str = r#"{
    "3": { "class_type": "KSampler", "inputs": { "seed": 5, "steps": 20, "cfg": 8.0, "sampler_name": "euler",
        "positive": ["6", 0], "negative": ["7", 0], "latent_image": ["5", 0] } },
    "5": { "class_type": "EmptyLatentImage", "inputs": { "width": 512, "height": 512, "batch_size": 1 } },
    "6": { "class_type": "CLIPTextEncode", "inputs": { "text": "a cat" }, "_meta": { "title": "Positive" } },
    "7": { "class_type": "CLIPTextEncode", "inputs": { "text": "blur" }, "_meta": { "title": "Negative" } },
    "8": { "class_type": "VAEDecode", "inputs": { "samples": ["3", 0] } },
    "9": { "class_type": "SaveImage", "inputs": { "images": ["8", 0], "filename_prefix": "x" } }
}"#;

/// A workflow of the acceptance tests.
pub(super) fn example(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../tests/comfy/{name}.json"));
    std::fs::read_to_string(path).expect("a workflow")
}

/// A workflow as a model, bound as suggested.
pub(super) fn item(name: &str, text: &str) -> Item {
    let workflow = Workflow::parse(name, text).expect("it reads");
    let bindings = suggest(name, &workflow, &std::collections::BTreeMap::new());
    // As it is read back from its file.
    let bindings = Bindings::parse("x", &bindings.to_text()).expect("it reads");
    Item::new(name.to_owned(), &workflow, bindings).expect("it resolves")
}

pub(super) struct Bench {
    root: PathBuf,
    _folder: Option<tempfile::TempDir>,
    addresses: String,
    pub(super) item: Item,
    pub(super) timing: Timing,
    pub(super) previews: Arc<Previews>,
}

impl Bench {
    pub(super) fn new(addresses: &str, item: Item) -> Bench {
        let folder = folder();
        let beside = Bench::beside(addresses, folder.path(), item);
        Bench { _folder: Some(folder), ..beside }
    }

    /// A bench over the folder of another process.
    pub(super) fn beside(addresses: &str, root: &Path, item: Item) -> Bench {
        let timing = Timing { answer: Duration::from_secs(5), ..timing() };
        Bench {
            root: root.to_owned(),
            _folder: None,
            addresses: addresses.to_owned(),
            item,
            timing,
            previews: Arc::default(),
        }
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    pub(super) fn store(&self) -> Arc<Store> {
        Arc::new(Store::open(&self.root.join("store")).expect("it opens"))
    }

    fn setup(&self, store: &Arc<Store>) -> Setup {
        Setup {
            http: Arc::new(Http::start(self.timing.clone()).expect("it starts")),
            keys: Keys::fixed([(ADDRESSES, self.addresses.as_str())]),
            store: store.clone(),
            codec: Arc::new(Plain),
            importer: Arc::new(Believer),
            limit: self.timing.stuck * 4,
            previews: self.previews.clone(),
            observe: None,
        }
    }

    /// A call that the workflow can do.
    pub(super) fn call(&self) -> Call {
        let entry = self.item.entry();
        let prompt = if entry.limits.prompt_chars == Some(0) { String::new() } else { "a lamp".to_owned() };
        let task = entry.tasks[0];
        Call { task, prompt, size: (256, 144), n_frames: if task == Task::Video { 12 } else { 1 }, ..call() }
    }

    /// A picture of that content in the store.
    pub(super) fn media(&self, bytes: &[u8]) -> Media {
        self.file("png", bytes)
    }

    /// A file of that content in the store.
    pub(super) fn file(&self, format: &str, bytes: &[u8]) -> Media {
        let store = self.store();
        let path = store.scratch(format).expect("a path");
        std::fs::write(&path, bytes).expect("written");
        store.adopt(&path, format, Some(info()), None).expect("adopted")
    }

    /// The call with that picture as its reference.
    pub(super) fn with_picture(&self, bytes: &[u8]) -> Call {
        let mut reference = (*crate::manifest::tests::reference("MARA", 0)).clone();
        reference.images.push(self.media(bytes));
        Call { references: vec![Arc::new(reference)], ..self.call() }
    }

    /// The call that starts from that picture.
    pub(super) fn starting_at(&self, bytes: &[u8]) -> Call {
        Call { first_frame: Some(Image::File(Arc::new(self.media(bytes)))), ..self.call() }
    }

    pub(super) fn job(&self, call: Call) -> Job {
        let (work, model) = (Work::Call(Box::new(call)), format!("comfy/{}", self.item.name));
        Job { key: work.key(Some((&model, self.item.entry().version))), work, model: Some(model) }
    }

    /// Runs a job as a lane does, in a program that has just started.
    pub(super) fn watch(&self, call: Call, cancel: &Cancel, progress: &dyn Fn(f32)) -> Result<Outputs, JobError> {
        let store = self.store();
        let mut shelf = Shelf::default();
        shelf.put(self.item.clone());
        let lane = lane(&Arc::new(shelf.manifest()), &self.setup(&store))?;
        let job = self.job(call);
        let Claim::Ours(_guard) = store.claim(&job.key)? else { panic!("nobody else is here") };
        let cx = JobCx { artifacts: &*store, cancel: cancel.clone(), progress, project: &self.root };
        lane.worker.run(&job, &cx)
    }

    pub(super) fn run(&self, call: Call) -> Result<Outputs, JobError> {
        self.watch(call, &Cancel::default(), &|_| {})
    }

    pub(super) fn go(&self) -> Result<Outputs, JobError> {
        self.run(self.call())
    }

    /// The artifact of a result.
    pub(super) fn bytes(&self, outputs: &Outputs) -> Vec<u8> {
        let media: Media = match &outputs[0].1 {
            Value::Image(Image::File(media)) | Value::Audio(media) => (**media).clone(),
            Value::Clip(recipe) => recipe.sources()[0].clone(),
            other => panic!("{other:?}"),
        };
        std::fs::read(self.store().locate(&media).expect("it is there")).expect("it reads")
    }

    /// Nothing is left open, and nothing was paid.
    #[track_caller]
    pub(super) fn settled(&self) {
        let store = self.store();
        assert_eq!(store.open_jobs(), Ok(Vec::new()));
        assert_eq!(store.ledger_total(), Ok(Total::default()));
    }
}

/// What a failure says.
#[track_caller]
pub(super) fn told(ended: Result<Outputs, JobError>) -> Diagnostic {
    match ended {
        Err(JobError::Failed(told)) => *told,
        other => panic!("{other:?}"),
    }
}
