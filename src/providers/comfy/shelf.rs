//! The workflows that are models: pairs of `NAME.json` and `NAME.comfy.ron` in the user's folder and the project's.
//!
//! Reading them runs nothing and asks nobody. One in a project's folder was written by whoever made the project, and a
//! workflow runs whatever its nodes do on the user's own server: it becomes a model when its user has allowed it once,
//! by its content. Asking at each run was weighed; people would stop reading.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use model::{Diagnostic, Digest, Severity, Task};

use super::PROVIDER;
use super::bindings::{self, Bindings, Resolved, Role};
use super::workflow::{self, Workflow, short};
use crate::catalog::settings;
use crate::manifest::{Can, Capabilities, Entry, Lengths, Limits, Manifest, Rule, Sizes, Term};

/// The folder of workflows, in the user's settings and beside a graph.
pub const FOLDER: &str = "comfy";
/// What stands in place of `.json` in the name of a file of bindings.
pub const ENDING: &str = ".comfy.ron";
/// Most workflows of a folder.
const MOST_FILES: usize = 500;
/// The file that says which workflows of projects may run.
const ALLOWED: &str = "allowed";

/// The provider of all workflows, before it has any.
const MANIFEST: &str = r#"(
    manifest: 1,
    provider: "comfy",
    title: "ComfyUI",
    place: Local,
    base: "http://127.0.0.1:8188",
    credentials: [(names: ["COMFYUI_URL"], auth: Open, address: true)],
    concurrency: 64,
    operations: {},
    models: [],
    sources: {},
)"#;

/// What every workflow has in common as a model: it is free.
const ENTRY: &str = r#"(
    id: "",
    title: "",
    model: "",
    family: "",
    tasks: [],
    prices: (rules: [(per: Call, microusd: 0)]),
    operations: [([], "run")],
    facts: {},
)"#;

/// The workflows of a session, by name.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Shelf {
    pub(crate) items: BTreeMap<String, Item>,
}

/// A workflow that is a model.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// What stands after `comfy/`.
    pub name: String,
    /// Only what its outputs need.
    pub workflow: Workflow,
    pub bindings: Bindings,
    pub resolved: Resolved,
}

/// Where workflows may come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The user's own folder.
    Own,
    /// The folder of a project, which anybody may have written.
    Project,
}

/// Where the user's own workflows are.
pub fn user_folder() -> Option<PathBuf> {
    Some(settings()?.join(FOLDER))
}

/// The file of bindings that belongs to a workflow.
pub fn bindings_path(workflow: &Path) -> PathBuf {
    let stem = workflow.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    workflow.with_file_name(format!("{stem}{ENDING}"))
}

impl Shelf {
    /// Adds the workflows of a folder; what cannot be used is told. A folder that is not there is empty.
    pub fn add(&mut self, folder: &Path, origin: Origin, told: &mut Vec<Diagnostic>) {
        let Ok(listed) = fs::read_dir(folder) else { return };
        let mut files: Vec<_> = listed
            .filter_map(|file| Some(file.ok()?.path()))
            .filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().ends_with(ENDING)))
            .take(MOST_FILES)
            .collect();
        files.sort();
        if files.is_empty() {
            return;
        }
        let allowed = if origin == Origin::Project { allowed() } else { BTreeSet::new() };
        for file in files {
            let name = file.file_name().unwrap_or_default().to_string_lossy();
            let json = file.with_file_name(format!("{}.json", name.trim_end_matches(ENDING)));
            match Item::read(&json) {
                Ok(item) if origin == Origin::Project && !allowed.contains(&item.digest().to_string()) => {
                    let message = format!(
                        "the workflow {PROVIDER}/{} came with the project and is not allowed yet: it would run on your server",
                        item.name
                    );
                    told.push(
                        Diagnostic::warning("comfy-not-allowed", message)
                            .hint(format!("look at it, then allow it: throughline comfy allow {}", json.display())),
                    );
                }
                Ok(item) => drop(self.items.insert(item.name.clone(), item)),
                Err(problems) => {
                    told.extend(problems.into_iter().map(|it| Diagnostic { severity: Severity::Warning, ..it }));
                }
            }
        }
    }

    /// A workflow by what stands after `comfy/`.
    pub fn get(&self, name: &str) -> Option<&Item> {
        self.items.get(name)
    }

    /// Adds one.
    pub fn put(&mut self, item: Item) {
        self.items.insert(item.name.clone(), item);
    }

    /// The provider that runs these workflows.
    pub(crate) fn manifest(self) -> Manifest {
        let mut models: Vec<_> = self.items.values().map(Item::entry).collect();
        models.sort_by(|a, b| a.id.cmp(&b.id));
        let mut manifest: Manifest = ron::from_str(MANIFEST).expect("the text above is a manifest");
        manifest.models = models;
        manifest.workflows = Some(std::sync::Arc::new(self));
        manifest.fill();
        manifest
    }
}

impl Item {
    /// Reads a workflow and the bindings beside it.
    ///
    /// # Errors
    /// Everything that is wrong with them.
    pub fn read(json: &Path) -> Result<Item, Vec<Diagnostic>> {
        let (workflow, bindings) = (read(json, workflow::MOST_BYTES), read(&bindings_path(json), bindings::MOST_BYTES));
        let (shown, beside) = (json.display().to_string(), bindings_path(json).display().to_string());
        let workflow = workflow.and_then(|text| Workflow::parse(&shown, &text));
        let bindings = bindings.and_then(|text| Bindings::parse(&beside, &text));
        match (workflow, bindings) {
            (Ok(workflow), Ok(bindings)) => Item::new(name_of(json).map_err(|told| vec![told])?, &workflow, bindings),
            (workflow, bindings) => Err([workflow.err(), bindings.err()].into_iter().flatten().collect()),
        }
    }

    /// A workflow with its bindings.
    ///
    /// # Errors
    /// Every binding that does not hold.
    pub fn new(name: String, workflow: &Workflow, bindings: Bindings) -> Result<Item, Vec<Diagnostic>> {
        let resolved = bindings.resolve(&format!("{PROVIDER}/{name}"), workflow)?;
        let outputs: Vec<_> = resolved.outputs.iter().map(String::as_str).collect();
        let workflow = workflow.pruned(&outputs);
        let unused = |(_, id, _): &&(Role, String, String)| !workflow.nodes.contains_key(id);
        if let Some((role, id, _)) = resolved.inputs.iter().find(unused) {
            let message = format!("{PROVIDER}/{name}: {role} is bound to #{}, which no output needs", short(id));
            return Err(vec![
                Diagnostic::error("comfy-binding", message)
                    .hint("bind it to a node that the output comes from, or remove its row from the .comfy.ron file"),
            ]);
        }
        Ok(Item { name, workflow, bindings, resolved })
    }

    /// What its results depend on, wherever it lies and whatever it is called.
    pub fn digest(&self) -> Digest {
        let Resolved { inputs, outputs } = &self.resolved;
        let bound = serde_json::json!([inputs, outputs, self.bindings.task, self.bindings.limits]);
        Digest::of(format!("{} {bound}", self.workflow.digest()).as_bytes())
    }

    fn has(&self, role: &Role) -> bool {
        0 < self.resolved.count(role)
    }

    /// What the router and the lists are told.
    pub fn entry(&self) -> Entry {
        let Bindings { title, family, task, limits, .. } = &self.bindings;
        let can = |role: &Role| if self.has(role) { Can::Yes } else { Can::No };
        let files = [
            (Role::FirstFrame, Term::FirstFrame),
            (Role::LastFrame, Term::LastFrame),
            (Role::Reference, Term::References),
            (Role::Source, Term::Source),
            (Role::Audio, Term::Audio),
            (Role::Mask, Term::Mask),
        ];
        let files: Vec<_> = files.into_iter().filter(|(role, _)| self.has(role)).map(|(_, term)| term).collect();
        // What is bound must be given: the file that was in the workflow is its author's.
        let pairs = files.iter().flat_map(|one| files.iter().map(move |other| (one, other)));
        let rules =
            pairs.filter(|(one, other)| one != other).map(|(one, other)| Rule::Requires(one.clone(), other.clone()));
        let has_sound =
            self.workflow.nodes.values().any(|node| node.inputs.get("audio").is_some_and(serde_json::Value::is_array));
        let names = self.resolved.inputs.iter().filter_map(|(role, ..)| match role {
            Role::Option(name) => Some((name.clone(), Vec::new())),
            _ => None,
        });
        let bytes = self.digest();
        let version = u32::from_str_radix(bytes.short().get(..7).unwrap_or("1"), 16).unwrap_or(1).max(1);
        let mut entry: Entry = ron::from_str(ENTRY).expect("the text above is a model");
        entry.id.clone_from(&self.name);
        entry.title.clone_from(title);
        entry.version = version;
        entry.model = format!("{PROVIDER}:{}", self.name);
        entry.family.clone_from(if family.is_empty() { &self.name } else { family });
        entry.tasks = vec![*task];
        entry.can = Capabilities {
            prompt_only: if files.is_empty() { Can::Yes } else { Can::No },
            first_frame: can(&Role::FirstFrame),
            last_frame: can(&Role::LastFrame),
            references: can(&Role::Reference),
            video_references: can(&Role::Source),
            audio_references: can(&Role::Audio),
            mask: can(&Role::Mask),
            seed: can(&Role::Seed),
            negative: can(&Role::Negative),
            sound: if has_sound && *task == Task::Video { Can::Yes } else { Can::No },
            sound_switch: Can::No,
        };
        entry.limits = Limits {
            seconds: match limits.longest_seconds {
                0 => Lengths::Unknown,
                most => Lengths::Between(1, most),
            },
            sizes: if self.has(&Role::Width) && self.has(&Role::Height) {
                let longest = if limits.longest_side == 0 { 1 << 14 } else { limits.longest_side };
                Sizes::Free { multiple: limits.size_step, longest, most_pixels: 1 << 28, steepest: 64 }
            } else {
                Sizes::Unknown
            },
            references: Some(u32::try_from(self.resolved.count(&Role::Reference)).unwrap_or(u32::MAX)),
            prompt_chars: if self.has(&Role::Prompt) { None } else { Some(0) },
            ..Limits::default()
        };
        entry.rules = rules.collect();
        entry.options = names.collect();
        entry
    }
}

/// The name of the model that a workflow file becomes.
///
/// # Errors
/// `comfy-name` where it would be none that a graph can write.
pub fn name_of(json: &Path) -> Result<String, Diagnostic> {
    let stem = json.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let fine = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    if stem.is_empty() || 100 < stem.len() || !stem.chars().all(fine) {
        let message = format!("`{}` cannot be the name of a model", short(&stem));
        return Err(
            Diagnostic::error("comfy-name", message).hint("use letters, digits, `-`, `_` and `.` in the file's name")
        );
    }
    Ok(stem)
}

/// A text file of at most so many bytes.
pub(crate) fn read(path: &Path, most: u64) -> Result<String, Diagnostic> {
    let unread = |why: String| Diagnostic::error("comfy-file", format!("{} cannot be read: {why}", path.display()));
    match fs::metadata(path) {
        Ok(found) if !found.is_file() => return Err(unread("it is no file".to_owned())),
        Ok(found) if most < found.len() => return Err(unread(format!("it has more than {most} bytes"))),
        Ok(_) => {}
        Err(error) => {
            return Err(
                unread(error.to_string()).hint("`throughline comfy import WORKFLOW` makes a model of a workflow")
            );
        }
    }
    fs::read_to_string(path).map_err(|error| unread(error.to_string()))
}

/// Digests of the workflows that the user has allowed.
fn allowed() -> BTreeSet<String> {
    let text = user_folder().and_then(|folder| read(&folder.join(ALLOWED), 4 << 20).ok()).unwrap_or_default();
    text.lines().filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect()
}

/// Lets a workflow of a project run; whether that is news.
///
/// # Errors
/// `comfy-file` where the user's folder of settings cannot be written.
pub fn allow(item: &Item) -> Result<bool, Diagnostic> {
    let digest = item.digest().to_string();
    if allowed().contains(&digest) {
        return Ok(false);
    }
    let refused = |why: String| Diagnostic::error("comfy-file", format!("the permission cannot be written: {why}"));
    let folder = user_folder().ok_or_else(|| refused("there is no folder of settings".to_owned()))?;
    let write = || -> std::io::Result<()> {
        fs::create_dir_all(&folder)?;
        let mut file = fs::OpenOptions::new().create(true).append(true).open(folder.join(ALLOWED))?;
        file.write_all(format!("{digest} {}\n", item.name).as_bytes())?;
        file.sync_all()
    };
    write().map_err(|error| refused(error.to_string()))?;
    Ok(true)
}
