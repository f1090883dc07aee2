//! A session: document, engine, store and workers together. The command line, tests and (later) the editor own one.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use engine::caps::{Caps, Purchase, Purpose, Scope, Standing};
use engine::demand::Target;
use engine::engine::{Approval, Engine, Event, Setup, Tally};
use engine::explain::Explanation;
use engine::models::Chosen;
use engine::state::{ItemRef, State};
use engine::store::Store;
use model::policy::{AUTO, Policy};
use model::{Data, Diagnostic, Digest, PortRef};
use providers::Previews;
use serde::Serialize;

use crate::project::Project;
use crate::router::Router;
use crate::taste::Takes;
use crate::{export, workers};

/// How a session is set up.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The store's folder; `.throughline` beside the graph where none.
    pub store: Option<PathBuf>,
    /// Jobs at a time per lane; the number of processors where zero.
    pub jobs: usize,
    /// Whether anything may be written: `run` may, planning and explaining may not.
    pub access: Access,
}

/// What a session may do to the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Access {
    /// Look only: no store is made, no file is written.
    #[default]
    Read,
    Write,
}

/// See the module.
pub struct Session {
    pub project: Project,
    pub engine: Engine,
    pub store: Arc<Store>,
    /// Pictures of jobs in the making, for whoever looks.
    pub previews: Arc<Previews>,
}

/// One item that a run would make.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Step {
    pub item: String,
    /// `ready`, `held`, `want`, `failed`, `blocked` or `unknown`.
    pub state: &'static str,
    /// `call`, `compute`, `render` or `import`; none while it is not known.
    pub work: Option<&'static str>,
    /// Model and version, for calls.
    pub model: Option<String>,
    /// Who would be paid; none where nobody is.
    pub provider: Option<String>,
    /// How the model was chosen, a line each: why, the rank, who was removed by what; empty unless it is a call.
    pub choice: Vec<String>,
    /// Micro-dollars; none where the price is unknown, or not known yet.
    pub cost_microusd: Option<u64>,
    /// What the run that is asked about would do where it costs money.
    pub money: Option<Verdict>,
    /// Why it is not reused, one reason a line.
    pub why: Vec<String>,
}

/// What becomes of a step that costs money.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It is approved, and every limit has room for it.
    Buys,
    /// Nobody approved it.
    Unapproved,
    /// It is approved, and a limit holds it all the same.
    Capped(Box<Diagnostic>),
}

/// How a limit of a month stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CapLine {
    /// `month` or `provider`.
    pub scope: &'static str,
    /// Whose money it is about, for `provider`.
    pub provider: Option<String>,
    /// By UTC.
    pub month: String,
    pub limit_microusd: u64,
    pub spent_microusd: u64,
    /// What may be billed besides, at most.
    pub maybe_microusd: u64,
    /// How many costs nobody knows; the limit cannot count them.
    pub unknown_costs: u64,
    /// What jobs under way may cost.
    pub reserved_microusd: u64,
    pub left_microusd: u64,
}

impl From<Standing> for CapLine {
    fn from(it: Standing) -> CapLine {
        CapLine {
            scope: it.scope.name(),
            provider: if let Scope::Provider(name) = &it.scope { Some(name.clone()) } else { None },
            month: it.month.to_string(),
            limit_microusd: it.limit.microusd,
            spent_microusd: it.spent.microusd,
            maybe_microusd: it.spent.maybe,
            unknown_costs: it.spent.n_unknown + it.reserved.n_unknown,
            reserved_microusd: it.reserved.most(),
            left_microusd: it.left(),
        }
    }
}

/// What a run would do.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Forecast {
    pub graph: String,
    pub targets: Vec<String>,
    /// Items whose results are there.
    pub reused: u64,
    pub steps: Vec<Step>,
    /// Micro-dollars of all steps whose price is known.
    pub cost_microusd: u64,
    /// How many steps have an unknown price.
    pub unknown_prices: u64,
    /// How the limits of this month stand.
    pub caps: Vec<CapLine>,
}

impl Forecast {
    /// Everything is there.
    pub fn nothing(graph: String, targets: Vec<String>, reused: u64) -> Forecast {
        Forecast { graph, targets, reused, steps: Vec::new(), cost_microusd: 0, unknown_prices: 0, caps: Vec::new() }
    }
}

impl Session {
    /// A session over an opened project.
    ///
    /// # Errors
    /// A diagnostic where the store cannot be opened.
    pub fn open(project: Project, options: &Options) -> Result<Session, Diagnostic> {
        Session::open_waking(project, options, Arc::new(|| {}))
    }

    /// The same for owners that sleep: `wake` is called from workers' threads whenever there is news.
    ///
    /// # Errors
    /// A diagnostic where the store cannot be opened.
    pub fn open_waking(
        project: Project,
        options: &Options,
        wake: Arc<dyn Fn() + Send + Sync>,
    ) -> Result<Session, Diagnostic> {
        let folder = store_folder(&project.path, options.store.as_deref());
        let store = Arc::new(match options.access {
            Access::Read => Store::open_read_only(&folder)?,
            Access::Write => Store::open(&folder)?,
        });
        let jobs = match options.jobs {
            0 => std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            jobs => jobs,
        };
        let (mut lanes, media) = match options.access {
            Access::Read => (Vec::new(), None),
            Access::Write => {
                let (lanes, media) = workers::lanes(jobs);
                (lanes, Some(media))
            }
        };
        let takes = Takes { graph: project.name(), choices: project.document.takes.clone() };
        let router = Router::system(&project.folder(), takes, store.clone(), media);
        let previews = router.previews.clone();
        if options.access == Access::Write {
            lanes.extend(router.unfinished()?);
        }
        let engine = Engine::new(Setup {
            document: &project.document,
            graph: &project.name(),
            project: &project.folder(),
            catalog: nodes::CATALOG,
            store: store.clone(),
            models: Arc::new(router),
            lanes,
            memories: project.memories.clone(),
            contents: project.contents.clone(),
            wake,
        });
        Ok(Session { project, engine, store, previews })
    }

    /// Targets by name, or the graph's outputs where none is named.
    ///
    /// # Errors
    /// A diagnostic where a name is neither a node nor one of its items.
    pub fn targets(&self, names: &[String]) -> Result<Vec<Target>, Diagnostic> {
        if names.is_empty() {
            return Ok(self.default_targets());
        }
        let names = names.iter().flat_map(|name| self.behind(name).unwrap_or_else(|| vec![name.clone()]));
        names
            .map(|name| {
                let name = &name;
                let target = Target::parse(name);
                if !self.project.document.nodes.contains_key(&target.node) {
                    let known: Vec<_> = self.project.document.nodes.keys().map(String::as_str).collect();
                    return Err(Diagnostic::error("unknown-target", format!("there is no node `{}`", target.node))
                        .hint(format!("nodes: {}", known.join(", "))));
                }
                if target.element.is_some() && self.engine.find_item(name).is_none() {
                    return Err(self.no_item(name, &target.node));
                }
                Ok(target)
            })
            .collect()
    }

    /// The targets behind a group's outputs; none where the name is not that of a group.
    fn behind(&self, name: &str) -> Option<Vec<String>> {
        let target = Target::parse(name);
        let outputs = self.project.behind(&target.node)?;
        let mut nodes: Vec<String> = outputs.into_iter().flat_map(|(_, ports)| ports).map(|port| port.node).collect();
        nodes.sort_unstable();
        nodes.dedup();
        Some(match &target.element {
            Some(element) => nodes.iter().map(|node| format!("{node}/{element}")).collect(),
            None => nodes,
        })
    }

    /// The targets of that name; none where there is nothing of that name.
    pub fn known_targets(&self, name: &str) -> Vec<Target> {
        self.targets(&[name.to_owned()]).unwrap_or_default()
    }

    /// A person's remark on a take.
    pub fn take_note(&self, item: &str, take: u32) -> Option<String> {
        let note = self.store.get_blob(&self.note_name(item, take))?;
        String::from_utf8(note).ok()
    }

    /// Keeps a person's remark on a take. Takes themselves are never changed: the remark lies beside them.
    ///
    /// # Errors
    /// A diagnostic where the store cannot be written.
    pub fn note_take(&self, item: &str, take: u32, note: &str) -> Result<(), Diagnostic> {
        self.store.put_blob(&self.note_name(item, take), note.as_bytes())
    }

    fn note_name(&self, item: &str, take: u32) -> String {
        format!("note {} {item} {take}", self.project.name())
    }

    fn no_item(&self, name: &str, node: &str) -> Diagnostic {
        let known: Vec<_> = self.engine.items(node).into_iter().take(40).map(|item| item.name).collect();
        Diagnostic::error("unknown-item", format!("there is no item `{name}`"))
            .hint(format!("items: {}", known.join(", ")))
    }

    fn default_targets(&self) -> Vec<Target> {
        let document = &self.project.document;
        let outputs: Vec<_> = document.nodes.iter().filter(|(_, node)| node.kind.starts_with("output.")).collect();
        let used = |id: &str| document.links.values().any(|feed| feed.sources().iter().any(|it| it.node == id));
        let ends = document.nodes.iter().filter(|(id, _)| !used(id));
        let chosen: Vec<_> = if outputs.is_empty() { ends.collect() } else { outputs };
        chosen.into_iter().map(|(id, _)| Target { node: id.clone(), element: None }).collect()
    }

    /// The output that a path on the command line is for: the only target, or the only one that makes such files.
    ///
    /// # Errors
    /// A diagnostic where no output or several could be meant.
    pub fn output_for(&self, targets: &[Target], path: &Path) -> Result<(String, PathBuf), Diagnostic> {
        let extension = |file: &str| Path::new(file).extension().map(|it| it.to_ascii_lowercase());
        let wanted = path.extension().map(|it| it.to_ascii_lowercase());
        let outputs: Vec<_> = targets
            .iter()
            .filter_map(|target| Some((target, self.project.document.nodes.get(&target.node)?)))
            .filter(|(_, node)| node.kind.starts_with("output."))
            .collect();
        let same_type = |(_, node): &&(&Target, &model::Node)| {
            wanted.is_some() && extension(node.params.get("file").and_then(Data::as_text).unwrap_or_default()) == wanted
        };
        let fitting: Vec<_> = outputs.iter().filter(same_type).collect();
        match (outputs.as_slice(), fitting.as_slice()) {
            ([(only, _)], _) | (_, [(only, _)]) => Ok((only.node.clone(), path.to_owned())),
            _ => {
                let names: Vec<_> = targets.iter().map(|target| target.node.as_str()).collect();
                Err(Diagnostic::error("many-outputs", "-o could mean several outputs, or none")
                    .hint(format!("choose one with --target: {}", names.join(", "))))
            }
        }
    }

    /// What a run of targets would do, and why.
    ///
    /// # Errors
    /// The store's diagnostic where an earlier result cannot be read.
    pub fn forecast(&self, targets: &[Target]) -> Result<Forecast, Diagnostic> {
        let demand = self.engine.demand(targets);
        let tally = self.engine.tally(&demand);
        let targets = targets.iter().map(target_name).collect();
        let mut forecast = Forecast::nothing(self.project.name(), targets, tally.reused);
        forecast.caps = self.standings()?.into_iter().map(CapLine::from).collect();
        for at in demand {
            if let Some(step) = self.step(at)? {
                match step.cost_microusd {
                    Some(cost) => forecast.cost_microusd += cost,
                    None => forecast.unknown_prices += 1,
                }
                forecast.steps.push(step);
            }
        }
        Ok(forecast)
    }

    /// What a run of targets would buy with an approval, in the order in which it would. Nothing is set aside.
    ///
    /// # Errors
    /// As for [`Session::forecast`].
    pub fn dry_run(&self, targets: &[Target], approval: &Approval) -> Result<Forecast, Diagnostic> {
        let mut forecast = self.forecast(targets)?;
        let mut books = self.store.books()?;
        let limits = approval.limits();
        for step in forecast.steps.iter_mut().filter(|step| step.state == "held") {
            let named = approval.items.contains(&step.item);
            if !approval.lets(named, step.cost_microusd) {
                step.money = Some(Verdict::Unapproved);
                continue;
            }
            let purpose =
                Purpose { graph: self.project.name(), item: step.item.clone(), run: "dry-run".to_owned(), named };
            let purchase = Purchase {
                key: Digest::default(),
                purpose,
                provider: step.provider.clone().unwrap_or_default(),
                model: step.model.clone(),
                price: step.cost_microusd,
            };
            let fits = books.try_reserve(&[purchase], &limits);
            step.money =
                Some(fits.map_or_else(|refusal| Verdict::Capped(Box::new(refusal.diagnostic())), |()| Verdict::Buys));
        }
        Ok(forecast)
    }

    /// What a run may spend: what is approved, and the limits of the user, the graph and the run.
    ///
    /// # Errors
    /// `caps` where a limit cannot be read.
    pub fn approval(&self, budget: u64, items: BTreeSet<String>, run: &Caps) -> Result<Approval, Diagnostic> {
        Ok(Approval { budget, items, caps: crate::caps::of(&self.project.document)?.and(run) })
    }

    /// How the limits of this month stand. A limit that cannot be read is a limit of nothing.
    ///
    /// # Errors
    /// The store's diagnostic where its books cannot be read.
    pub fn standings(&self) -> Result<Vec<Standing>, Diagnostic> {
        let caps = crate::caps::of(&self.project.document).unwrap_or_else(|_| Caps::closed());
        Ok(self.store.books()?.of_month(&caps))
    }

    fn step(&self, at: ItemRef) -> Result<Option<Step>, Diagnostic> {
        if self.engine.is_current(at) {
            return Ok(None);
        }
        let item = self.engine.item(at);
        let name = |by: &ItemRef| self.engine.item(*by).name;
        let (why, cost) = match item.state {
            State::Want { by } | State::Blocked { by } if *by == at => (vec![], self.price_to_come(at)),
            State::Want { by } if self.is_unknown(at) => {
                (vec![format!("its elements are unknown until {} has run", name(by))], self.price_to_come(at))
            }
            State::Want { by } => (vec![format!("follows {}", name(by))], self.price_to_come(at)),
            State::Blocked { by } => (vec![format!("blocked by {}", name(by))], Some(0)),
            State::Failed(diagnostic) => (vec![diagnostic.message.clone()], Some(0)),
            State::Held { cost } => (self.reasons(at)?, *cost),
            _ => (self.reasons(at)?, Some(0)),
        };
        let wanted = self.engine.wanted(at).first();
        let chosen = wanted.and_then(|wanted| wanted.chosen.as_ref());
        Ok(Some(Step {
            item: item.name.clone(),
            state: item.state.name(),
            work: wanted.map(|wanted| wanted.work.kind()),
            model: chosen.map(|it| format!("{} {}", it.model, it.version)),
            provider: chosen.filter(|it| it.cost != Some(0)).map(|it| it.lane.to_owned()),
            choice: chosen.map(Chosen::lines).unwrap_or_default(),
            cost_microusd: cost,
            money: None,
            why,
        }))
    }

    /// The price of an item that cannot be planned yet: none where a model that may cost money makes it. Its length,
    /// say, is unknown until others have run; that previs is free is known all the same.
    fn price_to_come(&self, at: ItemRef) -> Option<u64> {
        let name = self.engine.item(at).name;
        let Some(node) = self.project.document.nodes.get(model::node_of_item(&name)) else { return Some(0) };
        let Some(spec) = nodes::CATALOG.find(&node.kind) else { return Some(0) };
        if !spec.params.iter().any(|param| param.name == "model") {
            return Some(0);
        }
        let id = model::node_of_item(&name);
        let is_fed = |param: &str| self.project.document.links.contains_key(&PortRef::new(id, param));
        let is_previs = |model: &str| [AUTO, animatic::MODEL].contains(&model);
        // Only pictures and sounds have a free model; words have none.
        let is_drawn = ["model.", "audio."].iter().any(|family| spec.kind.starts_with(family));
        let model = node.params.get("model").and_then(Data::as_text).map_or(AUTO, str::trim);
        if !is_drawn || is_fed("model") || !is_previs(model) {
            return None;
        }
        // What `auto` means may be something that costs money: the graph's aim, or a pin.
        let policy = Policy::of(&self.project.document.settings);
        let is_final = node.params.get("quality").and_then(Data::as_text) == Some("final");
        let wishes = match (is_fed("quality"), is_final) {
            (true, _) => vec![&policy.draft, &policy.last],
            (false, true) => vec![&policy.last],
            (false, false) => vec![&policy.draft],
        };
        let is_free = policy.pins.values().chain(wishes).all(|model| is_previs(model));
        (model == animatic::MODEL || is_free).then_some(0)
    }

    fn is_unknown(&self, at: ItemRef) -> bool {
        self.engine.item(at).element.is_none() && self.engine.has_unknown_elements(at)
    }

    fn reasons(&self, at: ItemRef) -> Result<Vec<String>, Diagnostic> {
        let explained = self.engine.explain(at)?;
        if explained.before.is_none() {
            return Ok(vec!["not made yet".to_owned()]);
        }
        let reasons: Vec<_> = explained
            .changes()
            .map(|it| {
                let side = |text: &Option<String>| text.as_deref().map_or_else(|| "nothing".to_owned(), shorten);
                format!("{}: {} -> {}", it.path.trim_start_matches("work."), side(&it.before), side(&it.now))
            })
            .collect();
        Ok(if reasons.is_empty() { vec!["its result is no longer in the store".to_owned()] } else { reasons })
    }

    /// Explains one item by name.
    ///
    /// # Errors
    /// A diagnostic where there is no such item, or its plan refuses its input.
    pub fn explain(&self, name: &str) -> Result<Explanation, Diagnostic> {
        let at = self.engine.find_item(name).ok_or_else(|| {
            let node = Target::parse(name).node;
            if self.project.document.nodes.contains_key(&node) {
                return self.no_item(name, &node);
            }
            Diagnostic::error("unknown-item", format!("there is no node `{node}`"))
        })?;
        self.engine.explain(at)
    }

    /// Brings targets up to date, calling `watch` with news; it answers whether to go on.
    pub fn run(
        &mut self,
        targets: &[Target],
        approval: Approval,
        watch: &mut dyn FnMut(&Session, &[Event]) -> Go,
    ) -> Tally {
        self.engine.start(targets.to_vec(), approval);
        let mut stopping = false;
        loop {
            let goes_on = self.engine.pump(Duration::from_millis(100));
            let events = self.engine.events();
            if watch(self, &events) == Go::Stop && !stopping {
                stopping = true;
                self.engine.cancel();
            }
            if !goes_on {
                break;
            }
        }
        let demand = self.engine.demand(targets);
        self.engine.tally(&demand)
    }

    /// Writes the files of finished outputs and what nodes want remembered.
    ///
    /// # Errors
    /// A diagnostic for each file that cannot be written.
    pub fn commit(
        &mut self,
        targets: &[Target],
        output: Option<&(String, PathBuf)>,
    ) -> Result<Vec<export::Exported>, Vec<Diagnostic>> {
        // First what is remembered: the files carry it.
        let remembered = self.project.remember(self.engine.memories(), self.engine.contents());
        let exported = export::export(self, targets, output);
        remembered.map_err(|diagnostic| vec![diagnostic])?;
        exported
    }

    /// The keys that the document refers to now: collection keeps them.
    pub fn keys(&self) -> BTreeSet<Digest> {
        self.engine.node_ids().flat_map(|node| self.engine.items(node)).filter_map(|item| item.key).collect()
    }
}

/// Whether a run goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Go {
    On,
    Stop,
}

/// The store of a graph: `.throughline` beside it, unless another is named.
pub fn store_folder(graph: &Path, store: Option<&Path>) -> PathBuf {
    match (store, graph.parent()) {
        (Some(store), _) => store.to_owned(),
        (None, Some(folder)) => folder.join(".throughline"),
        (None, None) => PathBuf::from(".throughline"),
    }
}

/// The name of a target, as the command line takes it.
pub fn target_name(target: &Target) -> String {
    match &target.element {
        Some(element) => format!("{}/{element}", target.node),
        None => target.node.clone(),
    }
}

/// A text in quotes, cut to what fits a line.
fn shorten(text: &str) -> String {
    let mut chars = text.chars().map(|c| if c == '\n' { ' ' } else { c });
    let start: String = chars.by_ref().take(60).collect();
    if chars.next().is_some() { format!("\u{201c}{start}\u{2026}\u{201d}") } else { format!("\u{201c}{start}\u{201d}") }
}
