//! `throughline store`: what a project's store holds, whether it is whole, what can go.

use std::path::Path;

use clap::{Args, Subcommand};
use model::Diagnostic;
use serde_json::json;

use super::Exit;
use super::graph::GraphArgs;
use super::output::Output;
use crate::session::{Access, Options, Session};

/// Check, count, clean or mend the store of a graph.
#[derive(Args, Debug)]
pub(super) struct Store {
    #[command(subcommand)]
    command: StoreCommand,
}

#[derive(Subcommand, Debug)]
enum StoreCommand {
    /// Compare every byte and every row with its digest.
    Verify {
        #[command(flatten)]
        graph: GraphArgs,
    },
    /// Remove what no take, no last result and no graph refers to.
    Gc {
        #[command(flatten)]
        graph: GraphArgs,
        /// Only say what would go.
        #[arg(long)]
        dry_run: bool,
    },
    /// Count results and bytes.
    Stats {
        #[command(flatten)]
        graph: GraphArgs,
    },
    /// Make the index again from the records beside the artifacts.
    Rebuild {
        #[command(flatten)]
        graph: GraphArgs,
    },
}

impl Store {
    pub(super) fn run(&self, out: &Output) -> Exit {
        let done = match &self.command {
            StoreCommand::Verify { graph } => verify(graph, out),
            StoreCommand::Gc { graph, dry_run } => gc(graph, *dry_run, out),
            StoreCommand::Stats { graph } => stats(graph, out),
            StoreCommand::Rebuild { graph } => rebuild(graph, out),
        };
        done.unwrap_or_else(|diagnostics| out.refuse(&diagnostics))
    }
}

type Done = Result<Exit, Vec<Diagnostic>>;

fn open(graph: &GraphArgs, access: Access) -> Result<Session, Vec<Diagnostic>> {
    let options = Options { store: graph.store.clone(), jobs: 1, access };
    Session::open(graph.project()?, &options).map_err(one)
}

fn one(diagnostic: Diagnostic) -> Vec<Diagnostic> {
    vec![diagnostic]
}

fn names(paths: &[impl AsRef<Path>]) -> Vec<String> {
    paths.iter().map(|path| path.as_ref().display().to_string()).collect()
}

fn verify(graph: &GraphArgs, out: &Output) -> Done {
    let report = open(graph, Access::Read)?.store.verify().map_err(one)?;
    let mut problems: Vec<String> = Vec::new();
    problems.extend(names(&report.damaged_artifacts).into_iter().map(|it| format!("damaged artifact  {it}")));
    problems.extend(
        report
            .missing_artifacts
            .iter()
            .map(|(key, artifact)| format!("missing artifact  {} of result {}", artifact.short(), key.short())),
    );
    problems.extend(report.damaged_rows.iter().map(|it| format!("damaged row  {it}")));
    problems.extend(report.index_problems.iter().map(|it| format!("damaged index  {it}")));
    problems.extend(names(&report.damaged_records).into_iter().map(|it| format!("damaged record  {it}")));
    problems.extend(report.missing_records.iter().map(|it| format!("missing record  {}", it.short())));
    let clean = report.is_clean();
    if out.json {
        out.object(&json!({
            "clean": clean,
            "artifacts": report.artifacts,
            "bytes": report.bytes,
            "rows": report.rows,
            "temporary": names(&report.temporary),
            "problems": problems,
        }));
    } else {
        problems.iter().for_each(|problem| out.line(problem));
        out.line(format!("{} artifacts, {}, {} rows checked", report.artifacts, bytes(report.bytes), report.rows));
        out.line(if clean { "the store is whole" } else { "what is damaged is made again when it is needed" });
    }
    Ok(if clean { Exit::Done } else { Exit::Failed })
}

fn gc(graph: &GraphArgs, dry_run: bool, out: &Output) -> Done {
    let session = open(graph, if dry_run { Access::Read } else { Access::Write })?;
    let report = session.store.gc(&session.keys(), dry_run).map_err(one)?;
    if out.json {
        out.object(&json!({
            "dry_run": dry_run,
            "results": report.results,
            "artifacts": report.artifacts,
            "temporary": report.temporary,
            "bytes": report.bytes,
            "kept_artifacts": report.kept_artifacts,
            "kept_bytes": report.kept_bytes,
        }));
    } else {
        let verb = if dry_run { "would remove" } else { "removed" };
        out.line(format!("{verb} {} results, {} artifacts, {}", report.results, report.artifacts, bytes(report.bytes)));
        out.line(format!("kept {} artifacts, {}", report.kept_artifacts, bytes(report.kept_bytes)));
    }
    Ok(Exit::Done)
}

fn stats(graph: &GraphArgs, out: &Output) -> Done {
    let stats = open(graph, Access::Read)?.store.stats().map_err(one)?;
    if out.json {
        let artifacts: serde_json::Map<_, _> = stats
            .artifacts
            .iter()
            .map(|(format, (n, bytes))| (format.clone(), json!({ "files": n, "bytes": bytes })))
            .collect();
        out.object(&json!({
            "results": stats.results,
            "takes": stats.takes,
            "open_jobs": stats.open_jobs,
            "spent_microusd": stats.spent.microusd,
            "maybe_microusd": stats.spent.maybe,
            "unknown_costs": stats.spent.n_unknown,
            "artifacts": artifacts,
            "index_bytes": stats.index_bytes,
            "record_bytes": stats.record_bytes,
            "blob_bytes": stats.blob_bytes,
            "temporary_bytes": stats.temporary_bytes,
        }));
        return Ok(Exit::Done);
    }
    out.line(format!("{} results, {} takes, {} open jobs", stats.results, stats.takes, stats.open_jobs));
    for (format, (n, size)) in &stats.artifacts {
        out.line(format!("{n} {format} files, {}", bytes(*size)));
    }
    out.line(format!("index {}, records {}", bytes(stats.index_bytes), bytes(stats.record_bytes)));
    Ok(Exit::Done)
}

fn rebuild(graph: &GraphArgs, out: &Output) -> Done {
    let report = open(graph, Access::Write)?.store.rebuild_index().map_err(one)?;
    let damaged = names(&report.damaged_records);
    if out.json {
        out.object(&json!({
            "results": report.results,
            "takes": report.takes,
            "jobs": report.jobs,
            "without_artifacts": report.without_artifacts,
            "damaged_records": damaged,
            "old_index": report.moved_to.as_ref().map(|path| path.display().to_string()),
        }));
    } else {
        damaged.iter().for_each(|it| out.line(format!("damaged record  {it}")));
        out.line(format!("restored {} results, {} takes, {} jobs", report.results, report.takes, report.jobs));
    }
    Ok(if damaged.is_empty() { Exit::Done } else { Exit::Failed })
}

/// Bytes for people.
fn bytes(n: u64) -> String {
    match n {
        0..1_000 => format!("{n} B"),
        1_000..1_000_000 => format!("{:.1} kB", n as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", n as f64 / 1e6),
        _ => format!("{:.1} GB", n as f64 / 1e9),
    }
}
