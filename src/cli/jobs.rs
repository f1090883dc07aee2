//! `throughline jobs`: remote jobs that are not over, and settling those whose outcome nobody knows.

use clap::{Args, Subcommand};
use engine::money::{amount, dollars};
use engine::store::{JobState, JournalEntry, JournalId};
use model::Diagnostic;
use providers::Catalog;
use serde_json::json;

use super::Exit;
use super::graph::GraphArgs;
use super::output::Output;
use crate::jobs::{self, Outcome};
use crate::session::Access;

/// List remote jobs that are not over, or settle one whose outcome nobody knows.
#[derive(Args, Debug)]
pub(super) struct Jobs {
    #[command(subcommand)]
    command: JobsCommand,
}

#[derive(Subcommand, Debug)]
enum JobsCommand {
    /// List jobs that run at a provider, and those of which nobody knows whether they do.
    List {
        #[command(flatten)]
        graph: GraphArgs,
    },
    /// Say what became of a job, after a look at the provider's own list of jobs.
    Settle {
        #[command(flatten)]
        graph: GraphArgs,
        /// The job's number, as `jobs list` gives it.
        id: i64,
        #[command(flatten)]
        found: Found,
    },
}

#[derive(Args, Debug)]
#[group(required = true, multiple = false)]
struct Found {
    /// The provider has it under this name, or this URL: the next run waits for it and fetches it.
    #[arg(long, value_name = "ID")]
    remote_id: Option<String>,
    /// It never arrived and costs nothing: the next run may submit it again.
    #[arg(long)]
    nothing: bool,
    /// It gave nothing, and was billed all the same: the ledger gets this.
    #[arg(long, value_name = "AMOUNT", value_parser = amount)]
    cost: Option<u64>,
}

impl Jobs {
    pub(super) fn run(&self, out: &Output) -> Exit {
        let done = match &self.command {
            JobsCommand::List { graph } => list(graph, out),
            JobsCommand::Settle { graph, id, found } => settle(graph, JournalId(*id), found, out),
        };
        done.unwrap_or_else(|diagnostics| out.refuse(&diagnostics))
    }
}

type Done = Result<Exit, Vec<Diagnostic>>;

fn one(diagnostic: Diagnostic) -> Vec<Diagnostic> {
    vec![diagnostic]
}

fn state(job: &JournalEntry) -> &'static str {
    match job.state {
        JobState::Intent => "submitting",
        JobState::Submitted => "running",
        JobState::Fetched => "fetched",
        JobState::Unknown => "unknown",
        JobState::Settled => "settled",
        JobState::Failed => "failed",
    }
}

fn list(graph: &GraphArgs, out: &Output) -> Done {
    let jobs = graph.session(Access::Read, 1, out)?.store.open_jobs().map_err(one)?;
    if out.json {
        let job = |job: &JournalEntry| {
            json!({
                "id": job.id,
                "state": state(job),
                "graph": job.intent.purpose.graph,
                "item": job.intent.purpose.item,
                "provider": job.intent.provider,
                "model": job.intent.model,
                "estimate_microusd": job.intent.estimate_microusd,
                "remote_id": job.remote_id,
                "note": job.note,
                "key": job.key,
            })
        };
        out.object(&json!({ "jobs": jobs.iter().map(job).collect::<Vec<_>>() }));
        return Ok(Exit::Done);
    }
    for job in &jobs {
        let price = job.intent.estimate_microusd.map_or_else(|| "unknown price".to_owned(), dollars);
        let (item, provider) = (&job.intent.purpose.item, &job.intent.provider);
        let note = if job.note.is_empty() { String::new() } else { format!("  {}", job.note) };
        out.line(format!("{}  {:10} {item}  {provider}  {price}{note}", job.id, state(job)));
    }
    let n_unknown = jobs.iter().filter(|job| job.state == JobState::Unknown).count();
    out.line(format!("{} jobs are not over, {n_unknown} of unknown outcome", jobs.len()));
    if 0 < n_unknown {
        out.line("look for them at the provider, then: throughline jobs settle GRAPH ID --remote-id ID, --nothing or --cost 1.20usd");
    }
    Ok(Exit::Done)
}

fn settle(graph: &GraphArgs, id: JournalId, found: &Found, out: &Output) -> Done {
    let session = graph.session(Access::Write, 1, out)?;
    let outcome = match (&found.remote_id, found.cost) {
        (Some(remote), _) => Outcome::Runs(remote.clone()),
        (_, Some(cost)) => Outcome::Billed(cost),
        _ => Outcome::Nothing,
    };
    let said = jobs::settle(&session.store, &Catalog::system(), id, &outcome).map_err(one)?;
    if out.json {
        out.object(&json!({ "id": id, "settled": outcome.name() }));
    } else {
        out.line(said);
    }
    Ok(Exit::Done)
}
