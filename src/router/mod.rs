//! Which model answers a call: the animatic unless the graph names another one, or a wish that a hosted one can meet.
//!
//! Looks up what the pure router must be told: manifests, credentials, the day, health, and what is made already. All
//! of it waits until a graph names something hosted, so that previs alone reads no manifest and asks no keyring. The
//! same call has one answer for as long as a session lasts: health changes, and films must not with it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use engine::lanes::LaneSpec;
use engine::models::{Chosen, Models};
use engine::store::Store;
use indexmap::IndexMap;
use model::{Call, Diagnostic, Digest, ModelChoice, Work, walk};
use providers::manifest::{Date, Entry};
use providers::router::{Aim, Candidate, Decision, Doubts, Filter, Health, Offer, Policy, Refusal, Removed, route};
use providers::{Catalog, Http, Keys, Timing, lasting};

use crate::health::Monitor;
use crate::workers::Media;

/// Why it answers, asked for by name and unasked.
const PREVIS_REASON: &str = "the built-in previs model: local, free, deterministic";
const PREVIS_DEFAULT: &str = "the built-in previs model: local, free, deterministic\n  \
    `model` may also be \"cheapest\", \"fastest\", \"best\" or \"balanced\", which choose among hosted models";
/// Choices that are remembered.
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
    store: Option<Arc<Store>>,
    /// What lanes need besides; none where nothing may run.
    media: Option<Media>,
    world: OnceLock<World>,
    http: OnceLock<Result<Arc<Http>, Diagnostic>>,
    health: Arc<Monitor>,
    decided: Mutex<IndexMap<Digest, Chosen>>,
}

/// What was looked up when the first hosted model was named.
struct World {
    catalog: Catalog,
    /// Providers that let us in.
    open: BTreeSet<String>,
    /// Jobs that were bought and are not over: whoever has one keeps it.
    bought: BTreeSet<Digest>,
}

impl Router {
    /// A router over the system's manifests and credentials. With `media` it opens lanes as well.
    pub(crate) fn system(project: &Path, store: Arc<Store>, media: Option<Media>) -> Router {
        let project = Some(project.to_owned());
        Router { project, store: Some(store), media, ..Router::over(Catalog::system, Keys::system()) }
    }

    /// A router that knows these manifests and credentials, and neither a store nor lanes.
    pub fn over(load: fn() -> Catalog, keys: Keys) -> Router {
        Router {
            keys,
            load,
            today,
            project: None,
            store: None,
            media: None,
            world: OnceLock::new(),
            http: OnceLock::new(),
            health: Arc::default(),
            decided: Mutex::default(),
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
            // A damaged journal has kept a session that may buy from opening.
            let jobs = self.store.as_ref().and_then(|store| store.open_jobs().ok()).unwrap_or_default();
            World { catalog, open, bought: jobs.into_iter().map(|job| job.key).collect() }
        })
    }

    fn candidate<'a>(&self, entry: &'a Entry, world: &World) -> Candidate<'a> {
        Candidate {
            offer: Offer::Entry(entry),
            has_credentials: world.open.contains(&entry.provider),
            health: self.health.of(&entry.name),
        }
    }

    /// The choice among all hosted models, by what matters most.
    fn among(&self, call: &Call, aim: Aim) -> Result<Chosen, Diagnostic> {
        let world = self.world();
        let entries = world.catalog.entries();
        let candidates: Vec<_> = entries.into_iter().map(|entry| self.candidate(entry, world)).collect();
        let routed = route(call, &candidates, &Policy::of(aim), (self.today)());
        let (ranked, removed) = match &routed {
            Ok(Decision { ranked, removed, .. }) => (ranked.as_slice(), removed.as_slice()),
            Err(Refusal { removed, .. }) => (&[] as &[_], removed.as_slice()),
        };
        // What one of them has made stays, though another one would be chosen today: nothing is paid twice.
        let able = removed.iter().filter(|it| !it.filter.is_about_ability()).map(|it| it.name);
        let able: Vec<_> = ranked.iter().map(|it| it.name).chain(able).collect();
        if let Some(made) = self.made(call, world, &able)?
            && routed.as_ref().map_or(true, |decision| decision.choice != made.name)
        {
            let today = match &routed {
                Ok(decision) => format!("today it would be {}", decision.choice),
                Err(_) => "today nobody could make it".to_owned(),
            };
            let reason = format!("it has made this already; {today}");
            let (lines, cost) = match &routed {
                Ok(decision) => {
                    let own = decision.ranked.iter().find(|it| it.name == made.name).and_then(|it| it.cost);
                    (decision.lines(), own)
                }
                Err(refusal) => (refusal.lines(), None),
            };
            return Ok(chosen(made, cost, &[vec![reason], lines].concat()));
        }
        let decision = routed.map_err(|refusal| refusal.diagnostic())?;
        let entry = world.catalog.entry(decision.choice).ok_or_else(|| unknown(decision.choice, world))?;
        let own = format!("{}: ", decision.choice);
        let lines = decision.lines();
        let lines: Vec<_> = lines.iter().map(|line| line.trim_start_matches(own.as_str()).to_owned()).collect();
        Ok(chosen(entry, decision.estimate, &lines))
    }

    /// A model by its name, if it can do the call.
    fn named(&self, call: &Call, name: &str) -> Result<Chosen, Diagnostic> {
        let world = self.world();
        let entry = world.catalog.entry(name).ok_or_else(|| unknown(name, world))?;
        let policy = Policy { doubts: Doubts::Accept, ..Policy::of(Aim::Cheapest) };
        match route(call, &[self.candidate(entry, world)], &policy, (self.today)()) {
            Ok(decision) => {
                let doubts = entry.fit(call).map(|ask| ask.doubts).unwrap_or_default();
                let doubts = doubts.into_iter().map(|doubt| format!("  in doubt: {}", doubt.reason));
                let lines: Vec<_> = ["the graph names it".to_owned()].into_iter().chain(doubts).collect();
                Ok(chosen(entry, decision.estimate, &lines))
            }
            Err(refusal) => {
                let removed = refusal.removed.first();
                let is_able = removed.is_some_and(|it| !it.filter.is_about_ability());
                if let Some(removed) = removed.filter(|_| is_able)
                    && self.made(call, world, &[&entry.name])?.is_some()
                {
                    let today = format!("it has made this already; today it could not, as {}", removed.why);
                    return Ok(chosen(entry, None, &[today]));
                }
                Err(removed.map_or_else(|| refusal.diagnostic(), refused))
            }
        }
    }

    /// The first of these models that has a result or a running job for the call.
    fn made<'w>(&self, call: &Call, world: &'w World, names: &[&str]) -> Result<Option<&'w Entry>, Diagnostic> {
        let Some(store) = self.store.as_ref().filter(|store| store.exists()) else { return Ok(None) };
        let entries: Vec<_> = names.iter().filter_map(|name| world.catalog.entry(name)).collect();
        let work = Work::Call(Box::new(call.clone()));
        let keys: Vec<_> = entries.iter().map(|it| work.key(Some((&it.name, it.version)))).collect();
        let found = store.get_all(&keys)?;
        let has = |(key, outputs): (&Digest, &Option<_>)| outputs.is_some() || world.bought.contains(key);
        let first = keys.iter().zip(&found).position(has);
        Ok(first.map(|idx| entries[idx]))
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
    fn choose(&self, call: &Call) -> Result<Chosen, Diagnostic> {
        let name = match &call.model {
            ModelChoice::Auto => return previs(call, PREVIS_DEFAULT),
            ModelChoice::Named(name) if name == animatic::MODEL => return previs(call, PREVIS_REASON),
            ModelChoice::Named(name) => name,
        };
        let decided = || self.decided.lock().unwrap_or_else(PoisonError::into_inner);
        let digest = walk::digest_of(call);
        if let Some(known) = decided().get(&digest) {
            return Ok(known.clone());
        }
        let chosen = match Aim::parse(name) {
            Some(aim) => self.among(call, aim)?,
            None => self.named(call, name)?,
        };
        let mut decided = decided();
        if MOST_REMEMBERED <= decided.len() {
            decided.shift_remove_index(0);
        }
        decided.insert(digest, chosen.clone());
        Ok(chosen)
    }

    fn lane(&self, name: &str) -> Result<LaneSpec, Diagnostic> {
        self.open_lane(name)
    }
}

/// The animatic, which takes everything but text.
fn previs(call: &Call, reason: &str) -> Result<Chosen, Diagnostic> {
    if !animatic::TASKS.contains(&call.task) {
        let own = Offer::BuiltIn { name: animatic::MODEL, tasks: animatic::TASKS };
        let own = Candidate { offer: own, has_credentials: true, health: Health::default() };
        let told = match route(call, &[own], &Policy::of(Aim::Cheapest), Date(0, 1, 1)) {
            Err(refusal) => refusal.diagnostic(),
            Ok(_) => Diagnostic::error("no-model", "BUG: the animatic takes what it does not make").at_field("model"),
        };
        return Err(told
            .hint("the built-in model draws and sounds, but writes nothing; name another one, or write \"cheapest\""));
    }
    if let Some(name) = call.options.keys().find(|name| !animatic::OPTIONS.contains(&name.as_str())) {
        let message = format!("the built-in previs model has no option `{name}`");
        return Err(Diagnostic::error("no-model", message)
            .at_field("options")
            .hint(format!("it has: {}", animatic::OPTIONS.join(", ")))
            .hint("name the model that the option is for"));
    }
    Ok(Chosen {
        model: animatic::MODEL.to_owned(),
        version: animatic::VERSION,
        lane: "animatic",
        cost: Some(0),
        deterministic: true,
        reason: reason.to_owned(),
    })
}

fn chosen(entry: &Entry, cost: Option<u64>, lines: &[String]) -> Chosen {
    Chosen {
        model: entry.name.clone(),
        version: entry.version,
        lane: lasting(&entry.provider),
        cost,
        deterministic: entry.deterministic,
        reason: lines.join("\n"),
    }
}

/// A named model that a filter removes.
fn refused(removed: &Removed<'_>) -> Diagnostic {
    let (name, filter, why) = (removed.name, removed.filter.title(), &removed.why);
    let told = Diagnostic::error("no-model", format!("{name} cannot make this, by {filter}: {why}")).at_field("model");
    let told = match removed.filter {
        Filter::Credentials => told.hint("set a key with `throughline keys set NAME`, or in the environment"),
        Filter::Health => told.hint("run again later, or name another model"),
        _ => told.hint("change what is asked for, or name another model"),
    };
    told.hint("`model: \"auto\"` draws it as previs; \"cheapest\" chooses among the models that can make it")
}

fn unknown(name: &str, world: &World) -> Diagnostic {
    let told = Diagnostic::error("unknown-model", format!("there is no model `{name}`")).at_field("model");
    // What keeps a workflow from being a model is told where it is asked for.
    let own = name.strip_prefix("comfy/").filter(|own| !own.is_empty());
    let about = |it: &&Diagnostic| it.code.starts_with("comfy") && own.is_some_and(|own| it.message.contains(own));
    let kept_out = world.catalog.diagnostics().iter().filter(about);
    let told =
        kept_out.fold(told, |told, it| it.hints.iter().fold(told.hint(it.message.clone()), |told, it| told.hint(it)));
    let provider = name.split('/').next().unwrap_or_default();
    let near: Vec<_> = match world.catalog.manifest(provider) {
        Some(manifest) => manifest.models.iter().map(|entry| entry.name.as_str()).take(12).collect(),
        None => Vec::new(),
    };
    let told = if near.is_empty() { told } else { told.hint(format!("of that provider: {}", near.join(", "))) };
    let names = Aim::NAMES.join("\", \"");
    told.hint(format!("use \"auto\" or \"{}\" for previs, or \"{names}\" for a hosted model", animatic::MODEL))
        .hint("`throughline models` lists the names")
}

fn today() -> Date {
    Date::of_unix(SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use engine::store::Trace;
    use model::{Quality, Rate, Task, Value};
    use providers::Observation;

    use super::*;

    fn call(model: &str) -> Call {
        Call {
            task: Task::Video,
            model: if model == "auto" { ModelChoice::Auto } else { ModelChoice::Named(model.to_owned()) },
            quality: Quality::Draft,
            prompt: "a lamp in fog".to_owned(),
            negative: String::new(),
            shot: None,
            references: Vec::new(),
            first_frame: None,
            last_frame: None,
            size: (1280, 720),
            rate: Rate(24, 1),
            n_frames: 60,
            seed: 7,
            take: 1,
            slate: None,
            captions: false,
            sound: false,
            options: BTreeMap::new(),
        }
    }

    fn router(keys: &[(&str, &str)]) -> Router {
        Router { today: || Date(2026, 11, 22), ..Router::over(Catalog::built_in, Keys::fixed(keys.iter().copied())) }
    }

    const RUNWAY: &[(&str, &str)] = &[("RUNWAYML_API_SECRET", "k")];

    #[test]
    fn previs_looks_nothing_up() {
        let router = router(RUNWAY);
        for name in ["auto", "animatic"] {
            let chosen = router.choose(&call(name)).expect("it draws clips");
            assert_eq!((chosen.model.as_str(), chosen.lane, chosen.cost), ("animatic", "animatic", Some(0)));
        }
        let told = router.choose(&Call { task: Task::Text, ..call("auto") }).expect_err("it cannot write");
        assert_eq!(told.code, "no-model");
        assert!(router.world.get().is_none() && router.http.get().is_none(), "nobody asked for anything hosted");
        let with = |name: &str| Call { options: BTreeMap::from([(name.to_owned(), "on".to_owned())]), ..call("auto") };
        assert!(router.choose(&with("arrows")).is_ok());
        let refused = router.choose(&with("motion")).expect_err("nothing is dropped in silence");
        assert_eq!(refused.message, "the built-in previs model has no option `motion`");
    }

    #[test]
    fn a_wish_is_met_by_those_that_let_us_in() {
        let open = router(RUNWAY);
        for wish in Aim::NAMES {
            let chosen = open.choose(&call(wish)).expect("runway is open");
            assert!(chosen.model.starts_with("runway/") && chosen.lane == "runway", "{}", chosen.model);
            assert!(chosen.cost.is_some_and(|cost| 0 < cost));
            assert!(chosen.reason.contains("removed by credentials: "), "{}", chosen.reason);
        }
        let cheapest = open.choose(&call("cheapest")).expect("as before").cost;
        let all = open.world().catalog.entries().into_iter();
        let runway = all.filter(|it| it.provider == "runway").filter_map(|it| it.price(&it.fit(&call("x")).ok()?));
        assert_eq!(cheapest, runway.min());
        assert!(open.http.get().is_none(), "choosing asks nobody");
        let told = router(&[]).choose(&call("cheapest")).expect_err("nobody lets us in");
        assert_eq!(told.code, "no-model");
        assert!(told.hints.iter().any(|hint| hint.contains("throughline keys set")), "{told}");
    }

    #[test]
    fn a_named_model_says_which_filter_keeps_it_out() {
        let told = |keys: &[_], call: &Call| router(keys).choose(call).expect_err("refused").message;
        let gen45 = call("runway/gen4.5");
        assert_eq!(
            told(&[], &gen45),
            "runway/gen4.5 cannot make this, by credentials: RUNWAYML_API_SECRET is not there"
        );
        let long = Call { n_frames: 2400, ..gen45.clone() };
        assert_eq!(
            told(RUNWAY, &long),
            "runway/gen4.5 cannot make this, by limits: its longest clip is 10 s, not 100 s"
        );
        assert_eq!(told(RUNWAY, &call("runway/gen9")), "there is no model `runway/gen9`");
        assert_eq!(told(RUNWAY, &call("chepest")), "there is no model `chepest`");
        let chosen = router(RUNWAY).choose(&gen45).expect("it can");
        assert_eq!((chosen.model.as_str(), chosen.reason.as_str()), ("runway/gen4.5", "the graph names it"));
    }

    #[test]
    fn a_call_keeps_its_model_while_the_session_lasts() {
        let router = router(RUNWAY);
        let first = router.choose(&call("cheapest")).expect("runway is open");
        for _ in 0..9 {
            let failed = Some("provider-network".to_owned());
            router.health.take(&Observation { name: first.model.clone(), seconds: 1.0, failed });
        }
        assert_eq!(router.choose(&call("cheapest")).as_ref(), Ok(&first));
        let other = router.choose(&Call { seed: 8, ..call("cheapest") }).expect("others are well");
        assert_ne!(other.model, first.model, "a new call goes elsewhere");
        assert!(other.reason.contains("removed by health: "), "{}", other.reason);
    }

    #[test]
    fn what_is_made_stays_without_a_key() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Arc::new(Store::open(folder.path()).expect("it opens"));
        let dear = router(RUNWAY).choose(&call("best")).expect("runway is open");
        for wish in ["cheapest", dear.model.as_str()] {
            let work = Work::Call(Box::new(call(wish)));
            let trace = Trace {
                outputs: vec![("clip".into(), Value::from("made"))],
                work: work.clone(),
                model: Some(format!("{} {}", dear.model, dear.version)),
                cost: engine::money::Cost::Exact(5),
                seconds: 1.0,
                made_at: None,
                parts: Vec::new(),
            };
            store.put(&work.key(Some((&dear.model, dear.version))), &trace).expect("kept");
            let elsewhere = Router { store: Some(store.clone()), ..router(&[]) };
            let chosen = elsewhere.choose(&call(wish)).expect("its result is here");
            assert_eq!((&chosen.model, chosen.version), (&dear.model, dear.version));
            assert!(chosen.reason.contains("it has made this already"), "{}", chosen.reason);
            assert!(elsewhere.choose(&Call { seed: 8, ..call(wish) }).is_err(), "nothing else is there");
        }
    }

    #[test]
    fn only_providers_have_lanes_here() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Arc::new(Store::open(folder.path()).expect("it opens"));
        let (_, media) = crate::workers::lanes(1);
        let router = Router { store: Some(store), media: Some(media), ..router(RUNWAY) };
        assert_eq!(router.unfinished().expect("it reads").len(), 0);
        assert!(router.world.get().is_none(), "a store that owes nothing opens nothing");
        let lane = router.lane("runway").expect("it opens");
        assert_eq!((lane.name, 0 < lane.width), ("runway", true));
        assert_eq!(router.lane("compute").err().expect("refused").code, "no-lane");
    }
}
