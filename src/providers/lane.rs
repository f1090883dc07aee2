//! Lanes: providers as the engine's scheduler sees them, one bounded queue for each that lets us in.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use engine::codec::Codec;
use engine::lanes::LaneSpec;
use engine::remote::{Provider, Remote};
use engine::store::Store;
use engine::worker::{Job, JobCx, JobError, Worker};
use model::{Diagnostic, Outputs};

use crate::answer::Handle;
use crate::catalog::Catalog;
use crate::comfy;
use crate::hosted::{Desk, Hosted};
use crate::http::Http;
use crate::keys::Keys;
use crate::manifest::Manifest;
use crate::pass::addressed;
use crate::previews::Previews;
use crate::reach::Reach;
use crate::spool;

/// What lanes are made of.
#[derive(Clone)]
pub struct Setup {
    pub http: Arc<Http>,
    pub keys: Keys,
    pub store: Arc<Store>,
    /// Draws frames of clips that go along as pictures.
    pub codec: Arc<dyn Codec>,
    /// Runs `Work::Import` on a file that a provider sent: the media package's worker.
    pub importer: Arc<dyn Worker>,
    /// How long one run waits for a job; the next run goes on waiting.
    pub limit: Duration,
    /// Where pictures of jobs in the making go.
    pub previews: Arc<Previews>,
    /// Told how each job ended.
    pub observe: Option<Observer>,
}

/// Told how jobs end, on the lanes' threads.
pub type Observer = Arc<dyn Fn(&Observation) + Send + Sync>;

/// How a job ended: what health is reckoned from.
#[derive(Clone, Debug, PartialEq)]
pub struct Observation {
    /// The entry's name, `runway/gen4.5`.
    pub name: String,
    pub seconds: f64,
    /// The diagnostic's code where it failed (`provider-network`); cancelled jobs are not told.
    pub failed: Option<String>,
}

/// The lane of one provider. Its name is the provider's.
///
/// # Errors
/// The store's diagnostic where the journal cannot be read.
pub fn lane(manifest: &Arc<Manifest>, setup: &Setup) -> Result<LaneSpec, Diagnostic> {
    if let Some(shelf) = &manifest.workflows {
        return comfy::lane(manifest, shelf, setup);
    }
    let manifest = &addressed(manifest, &setup.keys)?;
    let reach = Reach::of(manifest)
        .ok_or_else(|| Diagnostic::error("manifest", format!("{}'s base is no URL", manifest.title)))?;
    let desk = Arc::new(Desk::default());
    let hosted = Hosted {
        manifest: manifest.clone(),
        reach,
        http: setup.http.clone(),
        keys: setup.keys.clone(),
        store: setup.store.clone(),
        codec: setup.codec.clone(),
        importer: setup.importer.clone(),
        desk: desk.clone(),
    };
    let open: BTreeSet<String> = setup
        .store
        .open_jobs()?
        .into_iter()
        .filter_map(|job| serde_json::from_str::<Handle>(&job.remote_id?).ok()?.spool)
        .collect();
    if setup.store.exists() {
        spool::sweep(&hosted.spool(), &open);
    }
    let most = manifest.models.iter().map(|entry| (entry.name.clone(), entry.concurrency.unwrap_or(1))).collect();
    let remote = Remote::open(hosted, setup.store.clone(), setup.limit)?;
    let worker = Arc::new(Gated { remote, desk, most, observe: setup.observe.clone() });
    Ok(LaneSpec { name: lasting(&manifest.provider), width: manifest.concurrency as usize, worker })
}

/// The lanes of every provider whose credentials are there.
///
/// # Errors
/// As for [`lane`].
pub fn lanes(catalog: &Catalog, setup: &Setup) -> Result<Vec<LaneSpec>, Diagnostic> {
    catalog
        .manifests()
        .filter(|manifest| setup.keys.open(&manifest.credentials))
        .map(|manifest| lane(manifest, setup))
        .collect()
}

/// A provider's name for as long as the program runs, as lanes want it. There are as many as there are manifests.
pub fn lasting(name: &str) -> &'static str {
    static NAMES: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
    let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = names.get(name) {
        return known;
    }
    let lasting: &'static str = Box::leak(name.to_owned().into_boxed_str());
    names.insert(lasting);
    lasting
}

/// A remote worker behind the gates of its models.
pub(crate) struct Gated<P> {
    pub(crate) remote: Remote<P>,
    pub(crate) desk: Arc<Desk>,
    /// Jobs at a time, by the entry's name.
    pub(crate) most: BTreeMap<String, u32>,
    pub(crate) observe: Option<Observer>,
}

impl<P: Provider> Worker for Gated<P> {
    fn run(&self, job: &Job, cx: &JobCx<'_>) -> Result<Outputs, JobError> {
        let name = job.model.as_deref().unwrap_or_default();
        let most = self.most.get(name).copied().unwrap_or(1);
        let _place = self.desk.gates.enter(name, most, &cx.cancel)?;
        let key = job.key.to_string();
        let cancels = || self.desk.cancels.lock().unwrap_or_else(PoisonError::into_inner);
        cancels().insert(key.clone(), cx.cancel.clone());
        let started = Instant::now();
        let ended = self.remote.run(job, cx);
        cancels().remove(&key);
        let ended = match ended {
            // Given up while it waited for its turn: nothing was submitted.
            Err(JobError::Failed(told)) if told.code == "cancelled" => Err(JobError::Cancelled),
            other => other,
        };
        let failed = match &ended {
            Ok(_) => None,
            Err(JobError::Failed(told)) => Some(told.code.clone()),
            Err(JobError::Cancelled) => return ended,
        };
        if let Some(observe) = &self.observe {
            observe(&Observation { name: name.to_owned(), seconds: started.elapsed().as_secs_f64(), failed });
        }
        ended
    }
}
