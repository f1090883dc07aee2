//! Which model answers a call: what its node says, else what the graph says, else the animatic.
//!
//! Looks up what the pure router must be told: manifests, credentials, the day, health, and what is made already. All
//! of it waits until a graph names something hosted, so that previs alone reads no manifest and asks no keyring. Equal
//! questions have one answer for as long as a session lasts: health changes, and films must not with it.

mod choosing;
mod falling;
mod kept;
#[cfg(test)]
mod tests;
mod wish;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use engine::lanes::LaneSpec;
use engine::models::{Admission, Asked, Chosen, Models};
use engine::store::{Choice, Store};
use indexmap::IndexMap;
use model::policy::Policy;
use model::{Call, Diagnostic, Digest, Scope};
use providers::manifest::{Date, Entry};
use providers::router::{Candidate, Fallen, Offer};
use providers::{Catalog, Http, Keys, Previews, Timing};

use crate::health::{self, Monitor};
use crate::taste::{Takes, Tastes};
use crate::workers::Media;

/// The answers to one question: one for each call that is chosen for together.
type Decided = Arc<Vec<Result<Chosen, Diagnostic>>>;

/// Answers that are remembered.
const MOST_REMEMBERED: usize = 16 * 1024;
/// How long one run waits for a hosted job; the next run goes on waiting.
const LIMIT: Duration = Duration::from_secs(60 * 60);

/// See the module.
pub struct Router {
    keys: Keys,
    /// Reads the manifests.
    load: fn() -> Catalog,
    today: fn() -> Date,
    /// Workflows of this folder are models as well.
    project: Option<PathBuf>,
    takes: Takes,
    store: Option<Arc<Store>>,
    /// What lanes need besides; none where nothing may run.
    media: Option<Media>,
    world: OnceLock<World>,
    http: OnceLock<Result<Arc<Http>, Diagnostic>>,
    health: Arc<Monitor>,
    /// Pictures of jobs in the making.
    pub(crate) previews: Arc<Previews>,
    /// Answers by question: who was asked together, who is bound, who failed.
    decided: Mutex<IndexMap<Digest, Decided>>,
    /// What the store remembers of questions that were put in this session.
    recalled: Mutex<BTreeMap<Digest, Option<Choice>>>,
    /// Who failed in this run, by question.
    fallen: Mutex<BTreeMap<Digest, Vec<Fallen>>>,
}

/// What was looked up when the first hosted model was named.
struct World {
    catalog: Catalog,
    /// Providers that let us in.
    open: BTreeSet<String>,
    /// Keys that an older version wrote with a wish in place of a name: results and open jobs.
    old: BTreeSet<Digest>,
    /// What the user did with the models' takes until then: decisions hold for as long as a session lasts.
    tastes: Tastes,
}

impl Router {
    /// A router over the system's manifests and credentials, for a project's graph with these takes. With `media` it
    /// opens lanes as well.
    pub(crate) fn system(project: &Path, takes: Takes, store: Arc<Store>, media: Option<Media>) -> Router {
        let (project, health) = (Some(project.to_owned()), Arc::new(Monitor::kept_in(health::file())));
        Router { project, takes, store: Some(store), media, health, ..Router::over(Catalog::system, Keys::system()) }
    }

    /// A router that knows these manifests and credentials, and neither a store nor lanes.
    pub fn over(load: fn() -> Catalog, keys: Keys) -> Router {
        Router {
            keys,
            load,
            today,
            project: None,
            takes: Takes::default(),
            store: None,
            media: None,
            world: OnceLock::new(),
            http: OnceLock::new(),
            health: Arc::default(),
            previews: Arc::default(),
            decided: Mutex::default(),
            recalled: Mutex::default(),
            fallen: Mutex::default(),
        }
    }

    fn world(&self) -> &World {
        self.world.get_or_init(|| {
            let catalog = (self.load)();
            let catalog = match &self.project {
                Some(folder) => catalog.with_project(folder),
                None => catalog,
            };
            let open = catalog.manifests().filter(|manifest| self.keys.open(&manifest.credentials));
            let open = open.map(|manifest| manifest.provider.clone()).collect();
            let old = self.old_keys();
            self.health.recall();
            let store = self.store.as_ref().filter(|store| store.exists());
            let tastes = store.map(|store| self.takes.count(store)).unwrap_or_default();
            World { catalog, open, old, tastes }
        })
    }

    fn candidates<'w>(&self, world: &'w World) -> Vec<Candidate<'w>> {
        world.catalog.entries().into_iter().map(|entry| self.candidate(entry, world)).collect()
    }

    fn candidate<'a>(&self, entry: &'a Entry, world: &'a World) -> Candidate<'a> {
        Candidate {
            offer: Offer::Entry(entry),
            has_credentials: world.open.contains(&entry.provider),
            health: self.health.of_model(&entry.name),
            tastes: world.tastes.get(&entry.name).map_or(&[], Vec::as_slice),
        }
    }

    fn http(&self) -> Result<Arc<Http>, Diagnostic> {
        self.http.get_or_init(|| Http::start(Timing::default()).map(Arc::new)).clone()
    }

    fn open_lane(&self, name: &str) -> Result<LaneSpec, Diagnostic> {
        let found = self.store.as_ref().zip(self.media.as_ref()).zip(self.world().catalog.manifest(name));
        let Some(((store, media), manifest)) = found else {
            return Err(Diagnostic::error("no-lane", format!("nothing here runs `{name}` work")));
        };
        let health = self.health.clone();
        let setup = providers::Setup {
            http: self.http()?,
            keys: self.keys.clone(),
            store: store.clone(),
            codec: media.codec.clone(),
            importer: media.importer.clone(),
            limit: LIMIT,
            previews: self.previews.clone(),
            observe: Some(Arc::new(move |seen| health.take(seen))),
        };
        providers::lane(manifest, &setup)
    }

    /// The lanes of providers that owe us something: opening one enters what a crash left out of the books.
    ///
    /// # Errors
    /// The store's diagnostic where its journal cannot be read.
    pub(crate) fn unfinished(&self) -> Result<Vec<LaneSpec>, Diagnostic> {
        let Some(store) = self.store.as_ref().filter(|store| store.exists()) else { return Ok(Vec::new()) };
        let owing: BTreeSet<_> = store.open_jobs()?.into_iter().map(|job| job.intent.provider).collect();
        // A provider whose manifest or address is gone cannot be asked; its jobs stay in the journal, and whoever needs
        // its lane is told why it does not open.
        Ok(owing.iter().filter_map(|name| self.open_lane(name).ok()).collect())
    }
}

impl Models for Router {
    fn choose(&self, policy: &Policy, asked: &[Asked<'_>]) -> Vec<Result<Chosen, Diagnostic>> {
        self.choose_all(policy, asked)
    }

    fn is_joint(&self, policy: &Policy, call: &Call, scope: &Scope) -> bool {
        wish::is_joint(policy, call, scope)
    }

    fn admit(&self, chosen: &Chosen) -> Admission {
        if chosen.ask.is_none() { Admission::Go } else { self.health.admit(&chosen.model) }
    }

    fn launching(&self, chosen: &Chosen, _key: &Digest) -> Result<(), Diagnostic> {
        self.remember(chosen)?;
        self.health.sent(&chosen.model);
        Ok(())
    }

    fn gives_way(&self, chosen: &Chosen, key: &Digest, why: &Diagnostic) -> bool {
        self.falls(chosen, key, why)
    }

    fn begin(&self) {
        locked(&self.fallen).clear();
        self.health.begin();
        self.health.keep();
    }

    fn lane(&self, name: &str) -> Result<LaneSpec, Diagnostic> {
        self.open_lane(name)
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn today() -> Date {
    Date::of_unix(SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()))
}
