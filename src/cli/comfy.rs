//! `throughline comfy`: make models of ComfyUI workflows, look at their bindings, ask servers about them.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, Subcommand};
use model::{Diagnostic, Severity};
use providers::comfy::{
    self, Bindings, Bound, FOLDER, Item, Judged, Socket, Workflow, bindings_path, candidates, name_of, suggest,
    user_folder,
};
use providers::{Http, Keys, Timing};
use serde_json::{Value, json};

use super::Exit;
use super::output::Output;
use crate::workflows::{self, MOST_BYTES, Present, keep, unread};

/// Longest value of an input that is shown.
const MOST_SHOWN: usize = 48;

/// Run ComfyUI workflows as models: import, bind, check, list servers.
#[derive(Args, Debug)]
pub(super) struct Comfy {
    #[command(subcommand)]
    command: ComfyCommand,
}

#[derive(Subcommand, Debug)]
enum ComfyCommand {
    /// Make a model of a workflow: exported with File > Export (API), or out of a PNG or MP4 that ComfyUI saved.
    Import {
        /// WORKFLOW.json, IMAGE.png or VIDEO.mp4.
        file: PathBuf,
        /// The model's name, after `comfy/`; the file's where it is not given.
        #[arg(long)]
        name: Option<String>,
        /// Put it into the `comfy` folder of this project instead of your own settings.
        #[arg(long, value_name = "FOLDER")]
        project: Option<PathBuf>,
        /// Replace the model of that name, and look for its bindings anew.
        #[arg(long)]
        again: bool,
        /// A server whose answers help to find the bindings; those of COMFYUI_URL where it is not given.
        #[arg(long, value_name = "URL")]
        server: Option<String>,
    },
    /// Show which inputs of a workflow a call fills, and which others there are.
    Bindings {
        /// WORKFLOW.json, or the name of a model of your own.
        file: PathBuf,
    },
    /// Tell everything that keeps a workflow from running on a server; nothing is run.
    Check {
        /// WORKFLOW.json, or the name of a model of your own.
        file: PathBuf,
        /// The server to ask; those of COMFYUI_URL where it is not given.
        #[arg(long, value_name = "URL")]
        server: Option<String>,
    },
    /// List the servers of COMFYUI_URL: whether they are there, and how much they have to do.
    Servers {
        /// Another server.
        #[arg(long, value_name = "URL")]
        server: Option<String>,
    },
    /// Let a workflow that came with a project run on your server.
    Allow {
        /// WORKFLOW.json in the project's `comfy` folder.
        file: PathBuf,
    },
}

impl Comfy {
    pub(super) fn run(&self, out: &Output) -> Exit {
        let done = match &self.command {
            ComfyCommand::Import { file, name, project, again, server } => {
                let into = match project {
                    Some(folder) => Some((folder.join(FOLDER), Whose::Project)),
                    None => user_folder().map(|folder| (folder, Whose::Own)),
                };
                import(file, name.as_deref(), into, *again, server.as_deref(), out)
            }
            ComfyCommand::Bindings { file } => bindings(&located(file), out),
            ComfyCommand::Check { file, server } => check(&located(file), server.as_deref(), out),
            ComfyCommand::Servers { server } => servers(server.as_deref(), out),
            ComfyCommand::Allow { file } => allow(file, out),
        };
        done.unwrap_or_else(|problems| out.refuse(&problems))
    }
}

type Done = Result<Exit, Vec<Diagnostic>>;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Whose {
    Own,
    Project,
}

/// A file, or one of the user's own models by its name.
fn located(file: &Path) -> PathBuf {
    let own = || Some(user_folder()?.join(format!("{}.json", file.display())));
    match own().filter(|own| !file.exists() && own.is_file()) {
        Some(own) => own,
        None => file.to_owned(),
    }
}

fn http() -> Result<Arc<Http>, Vec<Diagnostic>> {
    Http::start(Timing::default()).map(Arc::new).map_err(|told| vec![told])
}

/// What the servers say of a workflow's classes; nothing where there is none, and a remark where one does not answer.
fn asked(workflow: &Workflow, server: Option<&str>, out: &Output) -> Result<comfy::Classes, Vec<Diagnostic>> {
    let keys = Keys::system();
    if server.is_none() && keys.find(comfy::ADDRESSES).is_none() {
        return Ok(BTreeMap::new());
    }
    let judged = comfy::judge(workflow, server, &keys, &http()?).map_err(|told| vec![told])?;
    let mut classes = comfy::Classes::new();
    for Judged { faults, classes: told, .. } in judged {
        match faults {
            Ok(_) => classes.extend(told.into_iter().filter(|(_, class)| class.is_some())),
            Err(told) if !out.json => out.problem(&Diagnostic { severity: Severity::Warning, ..told }),
            Err(_) => {}
        }
    }
    Ok(classes)
}

fn import(
    file: &Path,
    name: Option<&str>,
    into: Option<(PathBuf, Whose)>,
    again: bool,
    server: Option<&str>,
    out: &Output,
) -> Done {
    let workflow = workflows::read(file).map_err(|told| vec![told])?;
    let name = name_of(&name.map_or_else(|| file.to_owned(), |name| PathBuf::from(format!("{name}.json"))));
    let name = name.map_err(|told| vec![told])?;
    let (folder, whose) =
        into.ok_or_else(|| vec![Diagnostic::error("comfy-file", "there is no folder of settings")])?;
    let present = if again { Present::IsReplaced } else { Present::Stays };
    let (item, json) = keep(file, &workflow, &name, &folder, present, &asked(&workflow, server, out)?)?;
    if whose == Whose::Project {
        comfy::allow(&item).map_err(|told| vec![told])?;
    }
    if out.json {
        out.object(&json!({ "model": format!("comfy/{name}"), "workflow": json.display().to_string(), "bindings": rows(&item.workflow, &item.bindings) }));
        return Ok(Exit::Done);
    }
    out.line(format!("comfy/{name} is a model now: {}", json.display()));
    shown(&workflow, &item.bindings, out);
    let told = bindings_path(&json);
    out.note(format!("To bind other inputs, edit {}", told.display()));
    if Keys::system().find(comfy::ADDRESSES).is_none() {
        out.note("To run it, say where ComfyUI is: export COMFYUI_URL=http://127.0.0.1:8188");
    }
    Ok(Exit::Done)
}

/// A workflow with its bindings, or with those that would be suggested.
fn bound(file: &Path) -> Result<(Workflow, Bindings, bool), Vec<Diagnostic>> {
    let workflow = workflows::read(file).map_err(|told| vec![told])?;
    let beside = bindings_path(file);
    if !beside.is_file() {
        let title = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let suggested = suggest(&title, &workflow, &BTreeMap::new());
        return Ok((workflow, suggested, false));
    }
    let mut text = String::new();
    let read = fs::File::open(&beside).and_then(|file| file.take(MOST_BYTES).read_to_string(&mut text));
    read.map_err(|error| vec![unread(&beside, &error)])?;
    let bindings = Bindings::parse(&beside.display().to_string(), &text).map_err(|told| vec![told])?;
    Ok((workflow, bindings, true))
}

fn bindings(file: &Path, out: &Output) -> Done {
    let (workflow, bindings, is_saved) = bound(file)?;
    let resolved = bindings.resolve(&file.display().to_string(), &workflow);
    if out.json {
        let free: Vec<_> = free(&workflow, &bindings)
            .map(
                |it| json!({ "title": it.title, "class": it.class, "id": it.id, "input": it.input, "value": it.value }),
            )
            .collect();
        out.object(
            &json!({ "saved": is_saved, "task": bindings.task, "bindings": rows(&workflow, &bindings), "free": free }),
        );
    } else {
        if !is_saved {
            out.note("It is no model yet; this is what `throughline comfy import` would bind.");
        }
        shown(&workflow, &bindings, out);
        let free: Vec<_> = free(&workflow, &bindings).collect();
        if !free.is_empty() {
            out.line("not bound:");
        }
        for it in free {
            out.line(format!("  {} (#{}, {})  {} = {}", it.title, it.id, it.class, it.input, cut(&it.value)));
        }
    }
    match resolved {
        Ok(_) => Ok(Exit::Done),
        Err(problems) => {
            out.problems(&problems);
            Ok(Exit::Failed)
        }
    }
}

fn free<'a>(workflow: &'a Workflow, bindings: &'a Bindings) -> impl Iterator<Item = comfy::Candidate> + 'a {
    let is_bound = |it: &comfy::Candidate| {
        bindings.inputs.iter().any(|row| row.title == it.title && row.class == it.class && row.input == it.input)
    };
    candidates(workflow).into_iter().filter(move |it| !is_bound(it))
}

fn value_of<'a>(workflow: &'a Workflow, row: &Bound) -> Option<&'a Value> {
    let named = |node: &&comfy::Node| node.title == row.title && node.class == row.class;
    let by_id = workflow.nodes.get(&row.id).filter(named);
    by_id.or_else(|| workflow.nodes.values().find(named))?.inputs.get(&row.input)
}

fn rows(workflow: &Workflow, bindings: &Bindings) -> Vec<Value> {
    let row = |row: &Bound| {
        json!({
            "fills": row.fills.to_string(),
            "title": row.title,
            "class": row.class,
            "id": row.id,
            "input": row.input,
            "value": value_of(workflow, row),
        })
    };
    bindings.inputs.iter().map(row).collect()
}

fn shown(workflow: &Workflow, bindings: &Bindings, out: &Output) {
    let makes = format!("{:?}", bindings.task).to_lowercase();
    let from: Vec<_> = bindings.outputs.iter().map(|Socket { title, id, .. }| format!("{title} (#{id})")).collect();
    out.line(format!("makes {makes}, from {}", from.join(", ")));
    let widest = bindings.inputs.iter().map(|row| row.fills.to_string().len()).max().unwrap_or(0);
    for row in &bindings.inputs {
        let value = value_of(workflow, row).map_or_else(|| "nothing there".to_owned(), cut);
        let fills = row.fills.to_string();
        out.line(format!("  {fills:widest$}  {} (#{}, {})  {} = {value}", row.title, row.id, row.class, row.input));
    }
    if !bindings.inputs.iter().any(|row| row.fills == comfy::Role::Prompt) {
        out.note("No prompt was found: the model takes no words until one is bound.");
    }
}

/// A value, short enough for a line.
fn cut(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(MOST_SHOWN) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}

fn check(file: &Path, server: Option<&str>, out: &Output) -> Done {
    let (workflow, bindings, is_saved) = bound(file)?;
    let mut problems = Vec::new();
    let mut wanted = workflow;
    if is_saved {
        match bindings.resolve(&file.display().to_string(), &wanted) {
            // What no output needs is not run.
            Ok(resolved) => wanted = wanted.pruned(&resolved.outputs.iter().map(String::as_str).collect::<Vec<_>>()),
            Err(told) => problems.extend(told),
        }
    }
    let judged = comfy::judge(&wanted, server, &Keys::system(), &http()?).map_err(|told| vec![told])?;
    let fails = |it: &Judged| !it.faults.as_ref().is_ok_and(Vec::is_empty);
    let exit = if problems.is_empty() && !judged.iter().all(fails) { Exit::Done } else { Exit::Failed };
    if out.json {
        let fault =
            |it: &comfy::Fault| json!({ "node": it.node, "title": it.title, "input": it.input, "what": it.what });
        let one = |it: &Judged| match &it.faults {
            Ok(faults) => json!({ "server": it.server, "faults": faults.iter().map(fault).collect::<Vec<_>>() }),
            Err(told) => json!({ "server": it.server, "diagnostic": told }),
        };
        out.object(&json!({ "servers": judged.iter().map(one).collect::<Vec<_>>(), "diagnostics": problems }));
        return Ok(exit);
    }
    out.problems(&problems);
    for Judged { server, faults, .. } in &judged {
        match faults {
            Ok(faults) if faults.is_empty() => out.line(format!("{server}  it can run")),
            Ok(faults) => {
                out.line(format!("{server}  it cannot run:"));
                faults.iter().for_each(|fault| out.line(format!("  {fault}")));
            }
            Err(told) => out.problem(told),
        }
    }
    Ok(exit)
}

fn servers(server: Option<&str>, out: &Output) -> Done {
    let found = comfy::standings(server, &Keys::system(), &http()?).map_err(|told| vec![told])?;
    let exit = if found.iter().any(|it| it.diagnostic.is_some()) { Exit::Failed } else { Exit::Done };
    if out.json {
        out.object(&json!({ "servers": found }));
        return Ok(exit);
    }
    let widest = found.iter().map(|it| it.server.len()).max().unwrap_or(0);
    for it in &found {
        let state = match (&it.diagnostic, it.queue) {
            (None, Some(0)) => "idle".to_owned(),
            (None, Some(n)) => format!("{n} in the queue"),
            _ => "not there".to_owned(),
        };
        let version = it.version.as_ref().map_or_else(String::new, |version| format!("ComfyUI {version}"));
        let device = it.device.as_deref().unwrap_or(if it.v2 { "speaks version 2 only" } else { "" });
        out.line(format!("{:widest$}  {state}  {version}  {device}", it.server).trim_end());
    }
    found.iter().filter_map(|it| it.diagnostic.as_ref()).for_each(|told| out.problem(told));
    Ok(exit)
}

fn allow(file: &Path, out: &Output) -> Done {
    let item = Item::read(file)?;
    let is_news = comfy::allow(&item).map_err(|told| vec![told])?;
    if out.json {
        out.object(&json!({ "model": format!("comfy/{}", item.name), "allowed": true, "new": is_news }));
    } else {
        let words = if is_news { "may run on your servers now" } else { "was allowed already" };
        out.line(format!("comfy/{} {words}", item.name));
        out.note("When the workflow or its bindings change, it asks again.");
    }
    Ok(Exit::Done)
}
