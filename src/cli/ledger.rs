//! `throughline ledger`: what was spent, by whom it was billed, and what the caps leave. Writes nothing but the CSV.

use std::path::{Path, PathBuf};

use clap::Args;
use engine::caps::date_time;
use engine::money::Total;
use engine::store::LedgerEntry;
use model::Diagnostic;
use serde_json::json;

use super::Exit;
use super::graph::GraphArgs;
use super::output::Output;
use super::plan::{print_caps, total};
use crate::ledger::{By, csv, totals};
use crate::session::{Access, CapLine};
use crate::{caps, project};

/// List what was spent through a graph's store, with totals, and how the caps stand.
#[derive(Args, Debug)]
pub(super) struct Ledger {
    #[command(flatten)]
    graph: GraphArgs,
    /// Write it as CSV to a file, or to standard output where none is named.
    #[arg(long, value_name = "FILE", num_args = 0..=1, default_missing_value = "-")]
    csv: Option<PathBuf>,
}

impl Ledger {
    pub(super) fn run(&self, out: &Output) -> Exit {
        self.show(out).unwrap_or_else(|diagnostics| out.refuse(&diagnostics))
    }

    fn show(&self, out: &Output) -> Result<Exit, Vec<Diagnostic>> {
        let one = |diagnostic| vec![diagnostic];
        let session = self.graph.session(Access::Read, 1, out)?;
        let entries = session.store.ledger().map_err(one)?;
        if let Some(file) = &self.csv {
            return match file.as_os_str() == "-" {
                true => {
                    out.text(&csv(&entries));
                    Ok(Exit::Done)
                }
                false => write(file, &entries, out).map_err(one),
            };
        }
        let standing: Vec<_> = session.standings().map_err(one)?.into_iter().map(CapLine::from).collect();
        if let Err(diagnostic) = caps::of(&session.project.document) {
            out.problem(&diagnostic);
        }
        if out.json {
            out.object(&object(&entries, &standing));
        } else {
            print(&entries, &standing, out);
        }
        Ok(Exit::Done)
    }
}

fn write(file: &Path, entries: &[LedgerEntry], out: &Output) -> Result<Exit, Diagnostic> {
    project::write_atomic(file, csv(entries).as_bytes())?;
    if !out.json {
        out.line(format!("wrote {} entries to {}", entries.len(), file.display()));
    }
    Ok(Exit::Done)
}

fn when(entry: &LedgerEntry) -> String {
    entry.seconds().map_or_else(|| "unknown".to_owned(), date_time)
}

fn print(entries: &[LedgerEntry], caps: &[CapLine], out: &Output) {
    for entry in entries {
        let model = entry.model.as_deref().unwrap_or("-");
        let cost = entry.cost.beside(entry.estimate_microusd);
        let note = if entry.note.is_empty() { String::new() } else { format!("  {}", entry.note) };
        let item = &entry.purpose.item;
        out.line(format!("{:20}  {item}  {}  {model}  {cost}{note}", when(entry), entry.provider));
    }
    for (title, by) in [("month", By::Month), ("provider", By::Provider), ("model", By::Model)] {
        for (name, sum) in totals(entries, by) {
            out.line(format!("{title:8}  {name}  {sum}"));
        }
    }
    let sum: Total = entries.iter().map(|entry| entry.cost).sum();
    out.line(format!("{} entries, {}", entries.len(), total(sum)));
    print_caps(caps, out);
    if let Some(file) = crate::caps::file() {
        let what = if file.exists() { "caps are set in" } else { "caps can be set in" };
        out.line(format!("{what} {}", file.display()));
    }
}

fn object(entries: &[LedgerEntry], caps: &[CapLine]) -> serde_json::Value {
    let sum = |total: Total| json!({ "cost_microusd": total.microusd, "maybe_microusd": total.maybe, "unknown_costs": total.n_unknown });
    let by = |by: By| {
        let named = totals(entries, by).into_iter().map(|(name, total)| {
            let mut row = sum(total);
            row["name"] = name.into();
            row
        });
        named.collect::<Vec<_>>()
    };
    let entry = |it: &LedgerEntry| {
        json!({
            "at": it.seconds().map(date_time),
            "graph": it.purpose.graph,
            "item": it.purpose.item,
            "provider": it.provider,
            "model": it.model,
            "cost_microusd": it.cost.known(),
            "at_most_microusd": it.cost.most(),
            "basis": it.cost.basis(),
            "estimate_microusd": it.estimate_microusd,
            "job": it.job,
            "note": it.note,
        })
    };
    json!({
        "entries": entries.iter().map(entry).collect::<Vec<_>>(),
        "total": sum(entries.iter().map(|entry| entry.cost).sum()),
        "months": by(By::Month),
        "providers": by(By::Provider),
        "models": by(By::Model),
        "caps": caps,
    })
}
