//! `throughline models`: which models there are, what they can do and cost, whether their providers let us in.

use clap::{Args, Subcommand};
use model::Diagnostic;
use providers::manifest::{Can, Date, Entry, Place, Source};
use providers::{Catalog, Checked, Http, Keys, Standing, Timing};
use serde_json::{Value, json};

use super::Exit;
use super::output::Output;
use crate::health::{self, Monitor};

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
    let (keys, health) = (Keys::system(), Monitor::kept_in(health::file()));
    health.recall();
    if out.json {
        out.object(&json!({
            "models": found.into_iter().map(|entry| object(entry, catalog, &keys, &health)).collect::<Vec<_>>(),
            "diagnostics": catalog.diagnostics(),
        }));
        return Exit::Done;
    }
    let width = |text: fn(&Entry) -> String| found.iter().map(|entry| text(entry).chars().count()).max().unwrap_or(0);
    let (name, made, price) = (width(|it| it.name.clone()), width(tasks), width(|it| it.prices.summary()));
    for entry in found {
        let seen = health::told(health.of_model(&entry.name));
        let ready = match (keys.open(&entry.credentials), seen.is_empty()) {
            (false, _) => "no key".to_owned(),
            (true, true) => "ready".to_owned(),
            (true, false) => format!("ready ({seen})"),
        };
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

/// Lengths, inputs and jobs at a time in a few words; what is not known has a question mark.
fn takes(entry: &Entry) -> String {
    let lengths = entry.limits.seconds.to_string();
    let mut words: Vec<_> = std::iter::once(lengths).filter(|text| !text.is_empty()).collect();
    for (name, can) in entry.abilities() {
        match can {
            Can::Yes => words.push(name.to_owned()),
            Can::Unknown => words.push(format!("{name}?")),
            Can::No => {}
        }
    }
    words.extend(Some(entry.voices.summary()).filter(|text| !text.is_empty()));
    words.extend(entry.concurrency.map(|n| format!("{n} at a time")));
    words.extend(entry.retires_on.map(|day| format!("retires {day}")));
    words.join(", ")
}

/// An ability as JSON writes it.
fn word(ability: &str) -> String {
    match ability {
        "words alone" => "prompt_only".to_owned(),
        "negative prompt" => "negative".to_owned(),
        "silence" => "sound_switch".to_owned(),
        other => other.replace(' ', "_"),
    }
}

fn object(entry: &Entry, catalog: &Catalog, keys: &Keys, health: &Monitor) -> Value {
    let named = |wanted: Can| {
        let found = entry.abilities().into_iter().filter(|(_, can)| *can == wanted);
        found.map(|(name, _)| word(name)).collect::<Vec<_>>()
    };
    let seen = health.of_model(&entry.name);
    let credentials: Vec<_> = entry.credentials.iter().map(|credential| &credential.names).collect();
    let source = |(fact, source): (&String, &Source)| {
        let Source { what, url, date, confidence } = source;
        json!({ "fact": fact, "what": what, "url": url, "date": date, "confidence": confidence })
    };
    let known = entry.facts.keys().filter_map(|fact| Some((fact, catalog.source(entry, fact)?)));
    let facts: Vec<_> = known.map(source).collect();
    json!({
        "name": entry.name,
        "title": entry.title,
        "provider": entry.provider,
        "local": entry.place == Place::Local,
        "family": entry.family,
        "tasks": entry.tasks,
        "takes": named(Can::Yes),
        "unknown": named(Can::Unknown),
        "voices": entry.voices,
        "price": entry.prices.summary(),
        "priced_on": catalog.source(entry, "prices").map(|source| source.date.to_string()),
        "concurrency": entry.concurrency,
        "facts": facts,
        "credentials": credentials,
        "ready": keys.open(&entry.credentials),
        "tried": seen.tried,
        "succeeded": seen.succeeded,
        "median_seconds": seen.median_seconds,
        "rests_seconds": seen.cooling_seconds,
        "expected_seconds": entry.expected_seconds,
        "quality": entry.tier.as_ref().map(|tier| tier.tier),
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
