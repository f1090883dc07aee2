//! `throughline models`: which models there are, what they can do and cost, whether their providers let us in.

use clap::{Args, Subcommand};
use model::{Diagnostic, Task};
use providers::manifest::{Can, Date, Entry, Lengths, Place};
use providers::{Catalog, Checked, Http, Keys, Standing, Timing};
use serde_json::{Value, json};

use super::Exit;
use super::output::Output;

/// List the models of all providers, or check that their credentials work.
#[derive(Args, Debug)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Models {
    #[command(subcommand)]
    command: Option<ModelsCommand>,
    /// Part of a name, title, provider, family or task.
    filter: Option<String>,
}

#[derive(Subcommand, Debug)]
enum ModelsCommand {
    /// Ask each provider whether it lets us in; nothing is bought.
    Check {
        /// One provider; all of them where none is named.
        provider: Option<String>,
    },
}

impl Models {
    pub(super) fn run(&self, out: &Output) -> Exit {
        // A project is a folder: the one that the command runs in.
        let catalog = Catalog::system().with_project(std::path::Path::new("."));
        if !out.json {
            out.problems(catalog.diagnostics());
        }
        match &self.command {
            Some(ModelsCommand::Check { provider }) => check(&catalog, provider.as_deref(), out),
            None => list(&catalog, self.filter.as_deref().unwrap_or_default(), out),
        }
    }
}

fn list(catalog: &Catalog, filter: &str, out: &Output) -> Exit {
    let filter = filter.to_lowercase();
    let matches = |entry: &&Entry| {
        let words = [&entry.name, &entry.title, &entry.family];
        words.into_iter().any(|word| word.to_lowercase().contains(&filter)) || tasks(entry).contains(&filter)
    };
    let found: Vec<&Entry> = catalog.entries().into_iter().filter(matches).collect();
    if found.is_empty() {
        return out.refuse(&[Diagnostic::error("unknown-model", format!("no model matches `{filter}`"))
            .hint("`throughline models` lists them all")]);
    }
    let keys = Keys::system();
    if out.json {
        out.object(&json!({
            "models": found.into_iter().map(|entry| object(entry, catalog, &keys)).collect::<Vec<_>>(),
            "diagnostics": catalog.diagnostics(),
        }));
        return Exit::Done;
    }
    let width = |text: fn(&Entry) -> String| found.iter().map(|entry| text(entry).chars().count()).max().unwrap_or(0);
    let (name, made, price) = (width(|it| it.name.clone()), width(tasks), width(|it| it.prices.summary()));
    for entry in found {
        let ready = if keys.open(&entry.credentials) { "ready" } else { "no key" };
        let line = format!(
            "{:name$}  {:made$}  {:price$}  {ready:6}  {}",
            entry.name,
            tasks(entry),
            entry.prices.summary(),
            takes(entry)
        );
        out.line(line.trim_end());
    }
    Exit::Done
}

/// `image, video`.
fn tasks(entry: &Entry) -> String {
    entry.tasks.iter().map(|task| format!("{task:?}").to_lowercase()).collect::<Vec<_>>().join(", ")
}

/// Capabilities with their names in JSON and for people.
fn capabilities(entry: &Entry) -> Vec<(&'static str, &'static str, Can)> {
    let can = &entry.can;
    let mut found = vec![
        ("prompt_only", "words alone", can.prompt_only),
        ("first_frame", "first frame", can.first_frame),
        ("last_frame", "last frame", can.last_frame),
        ("references", "references", can.references),
        ("seed", "seed", can.seed),
        ("negative", "negative prompt", can.negative),
    ];
    if entry.tasks.contains(&Task::Video) {
        found.push(("sound", "sound", can.sound));
        if can.sound != Can::No {
            found.push(("sound_switch", "silence", can.sound_switch));
        }
    }
    found
}

/// Lengths and inputs in a few words; what is not known has a question mark.
fn takes(entry: &Entry) -> String {
    let mut words = match &entry.limits.seconds {
        Lengths::Unknown => Vec::new(),
        Lengths::OneOf(all) => {
            vec![format!("{} s", all.iter().map(u32::to_string).collect::<Vec<_>>().join(", "))]
        }
        Lengths::Between(least, most) => vec![format!("{least} to {most} s")],
    };
    for (_, name, can) in capabilities(entry) {
        match can {
            Can::Yes => words.push(name.to_owned()),
            Can::Unknown => words.push(format!("{name}?")),
            Can::No => {}
        }
    }
    words.extend(entry.retires_on.map(|day| format!("retires {day}")));
    words.join(", ")
}

fn object(entry: &Entry, catalog: &Catalog, keys: &Keys) -> Value {
    let named = |wanted: Can| {
        let found = capabilities(entry).into_iter().filter(|(_, _, can)| *can == wanted);
        found.map(|(name, ..)| name).collect::<Vec<_>>()
    };
    let credentials: Vec<_> = entry.credentials.iter().map(|credential| &credential.names).collect();
    json!({
        "name": entry.name,
        "title": entry.title,
        "provider": entry.provider,
        "local": entry.place == Place::Local,
        "family": entry.family,
        "tasks": entry.tasks,
        "takes": named(Can::Yes),
        "unknown": named(Can::Unknown),
        "price": entry.prices.summary(),
        "priced_on": catalog.source(entry, "prices").map(|source| source.date.to_string()),
        "credentials": credentials,
        "ready": keys.open(&entry.credentials),
        "result_seconds": entry.result_seconds,
        "retires_on": entry.retires_on.map(|day: Date| day.to_string()),
    })
}

fn check(catalog: &Catalog, provider: Option<&str>, out: &Output) -> Exit {
    if let Some(name) = provider.filter(|name| catalog.manifest(name).is_none()) {
        let known: Vec<_> = catalog.manifests().map(|manifest| manifest.provider.as_str()).collect();
        return out.refuse(&[Diagnostic::error("unknown-provider", format!("there is no provider `{name}`"))
            .hint(format!("providers: {}", known.join(", ")))]);
    }
    let http = match Http::start(Timing::default()) {
        Ok(http) => std::sync::Arc::new(http),
        Err(diagnostic) => return out.refuse(&[diagnostic]),
    };
    let checked = providers::check(catalog, &Keys::system(), &http, provider);
    // Nobody has keys of all of them; that one is missing is a failure only where it was asked for.
    let fails = |it: &Checked| it.state == Standing::Fails || provider.is_some() && it.state == Standing::NoCredentials;
    let exit = if checked.iter().any(fails) { Exit::Failed } else { Exit::Done };
    if out.json {
        out.object(&json!({ "providers": checked }));
        return exit;
    }
    let widest = checked.iter().map(|it| it.title.chars().count()).max().unwrap_or(0);
    for it in &checked {
        let state = match it.state {
            Standing::Works => "works",
            Standing::NoCredentials => "no key",
            Standing::NotChecked => "not checked: it has no question that costs nothing",
            Standing::Fails => "fails",
        };
        out.line(format!("{:widest$}  {state}", it.title));
    }
    for it in checked.iter().filter(|it| fails(it)) {
        it.diagnostic.iter().for_each(|diagnostic| out.problem(diagnostic));
    }
    exit
}
