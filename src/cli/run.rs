//! `throughline run`: makes what is not there yet, writes the outputs, remembers identities.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use clap::Args;
use engine::caps::{Caps, Limit, Origin};
use engine::demand::Target;
use engine::engine::{Approval, Tally};
use engine::money::{amount, dollars};
use model::Diagnostic;
use serde_json::json;

use super::Exit;
use super::graph::GraphArgs;
use super::output::Output;
use super::plan::total;
use super::progress::Progress;
use super::trace::Trace;
use crate::export::Exported;
use crate::session::{Access, Go, Session, Step, Verdict, target_name};
use crate::settled::Settled;

/// Make a graph's outputs: what is there already is reused.
#[derive(Args, Debug)]
pub(super) struct Run {
    #[command(flatten)]
    graph: GraphArgs,
    /// Where to write the output of that file type; its `file` parameter says so otherwise.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// A node, or one item of it (`generate/s2.b1`); the graph's outputs unless given. May be repeated.
    #[arg(long = "target", value_name = "NODE[/ELEMENT]")]
    targets: Vec<String>,
    /// Jobs at a time for each kind of work; the number of processors unless given.
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    jobs: Option<u16>,
    /// Let paid items run while their prices add up to no more than this: `5usd`, `0.50` or `50c`.
    #[arg(long, value_name = "AMOUNT", value_parser = amount)]
    budget: Option<u64>,
    /// Write where the time went to a file that browsers' profilers open.
    #[arg(long, value_name = "FILE")]
    trace: Option<PathBuf>,
    /// Let one paid item run whatever it costs, within the caps. May be repeated.
    #[arg(long, value_name = "ITEM")]
    approve: Vec<String>,
    /// Only say what would be made, bought and held; nothing is written.
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    caps: CapArgs,
}

// Limits of this run. They only ever lower those of the user's settings and of the graph. (A doc comment would become
// the command's own help.)
#[derive(Args, Debug)]
struct CapArgs {
    /// Hold what would bring one item above this, all its takes together.
    #[arg(long, value_name = "AMOUNT", value_parser = amount)]
    cap_item: Option<u64>,
    /// Hold what would bring this run above this, approved items included.
    #[arg(long, value_name = "AMOUNT", value_parser = amount)]
    cap_run: Option<u64>,
    /// Hold what would bring this month above this.
    #[arg(long, value_name = "AMOUNT", value_parser = amount)]
    cap_month: Option<u64>,
    /// Hold what would bring a provider above this in this month. May be repeated.
    #[arg(long, value_name = "NAME=AMOUNT", value_parser = provider_amount)]
    cap_provider: Vec<(String, u64)>,
}

fn provider_amount(text: &str) -> Result<(String, u64), String> {
    let (name, cap) = text.split_once('=').ok_or_else(|| "write NAME=AMOUNT, like runway=5usd".to_owned())?;
    Ok((name.trim().to_owned(), amount(cap)?))
}

impl CapArgs {
    fn caps(&self) -> Caps {
        let limit = |microusd: u64| Limit { microusd, origin: Origin::Run };
        let mut caps = Caps {
            item: self.cap_item.map(limit),
            run: self.cap_run.map(limit),
            month: self.cap_month.map(limit),
            ..Caps::default()
        };
        for (name, microusd) in &self.cap_provider {
            let one = Caps { providers: [(name.clone(), limit(*microusd))].into(), ..Caps::default() };
            caps = caps.and(&one);
        }
        caps
    }
}

impl Run {
    pub(super) fn run(&self, out: &Output) -> Exit {
        match self.make(out) {
            Ok(exit) => exit,
            Err(diagnostics) => out.refuse(&diagnostics),
        }
    }

    fn make(&self, out: &Output) -> Result<Exit, Vec<Diagnostic>> {
        if self.dry_run {
            return self.rehearse(out);
        }
        let settled = self.graph.settled(&self.targets, self.output.as_deref());
        if let Some((settled, files)) = settled.and_then(|it| it.exports().map(|files| (it, files))) {
            let tally = Tally { reused: settled.reused, ..Tally::default() };
            self.report(out, &settled.diagnostics, &[], &tally, &files, Exit::Done);
            return Ok(Exit::Done);
        }
        let one = |diagnostic| vec![diagnostic];
        let mut trace = Trace::new(self.trace.clone());
        let mut session = self.graph.session(Access::Write, usize::from(self.jobs.unwrap_or(0)), out)?;
        let planned = trace.step("plan", 0);
        let targets = session.targets(&self.targets).map_err(one)?;
        let output = self.output.as_deref().map(|path| session.output_for(&targets, path)).transpose().map_err(one)?;
        let approval = self.approval(&session).map_err(one)?;
        let demand = session.engine.demand(&targets);
        let before = session.engine.tally(&demand);
        let n_total = before.waiting + before.held;
        let interrupts = interrupts().map_err(one)?;
        let mut progress = Progress::new(out, n_total);
        let tally = session.run(&targets, approval, &mut |_, events| {
            progress.take(events);
            trace.take(events);
            if interrupts.load(Ordering::Relaxed) == 0 { Go::On } else { Go::Stop }
        });
        progress.finish();
        let ran = trace.step("run", planned);
        let committed = session.commit(&targets, output.as_ref());
        trace.step("export", ran);
        if let Err(diagnostic) = trace.finish() {
            out.problem(&diagnostic);
        }
        let stopped = 0 < interrupts.load(Ordering::Relaxed);
        let exit = match (&tally, stopped) {
            (_, true) => Exit::Interrupted,
            (Tally { failed: 1.., .. } | Tally { blocked: 1.., .. }, _) => Exit::Failed,
            (Tally { held: 1.., .. }, _) => Exit::Held,
            _ => Exit::Done,
        };
        let (files, exit) = match committed {
            Ok(files) => (files, exit),
            Err(diagnostics) => {
                out.problems(&diagnostics);
                (Vec::new(), if exit == Exit::Done { Exit::Failed } else { exit })
            }
        };
        let problems = session.engine.diagnostics();
        if exit == Exit::Done {
            self.settle(out, &session, &targets, &tally, &files, &problems);
        }
        self.report(out, &problems, &held(&session), &tally, &files, exit);
        session.engine.leave();
        Ok(exit)
    }

    /// What is approved, if there are such items.
    fn approval(&self, session: &Session) -> Result<Approval, Diagnostic> {
        for name in &self.approve {
            // Elements that are not known yet cannot be looked up.
            let items = session.engine.items(&Target::parse(name).node);
            let to_come = items.first().is_some_and(|item| session.engine.has_unknown_elements(item.at));
            if session.engine.find_item(name).is_none() && !to_come {
                session.targets(std::slice::from_ref(name))?;
            }
        }
        session.approval(self.budget.unwrap_or(0), self.approve.iter().cloned().collect(), &self.caps.caps())
    }

    /// Says what this run would do, and changes nothing.
    fn rehearse(&self, out: &Output) -> Result<Exit, Vec<Diagnostic>> {
        let one = |diagnostic| vec![diagnostic];
        let session = self.graph.session(Access::Read, 0, out)?;
        let targets = session.targets(&self.targets).map_err(one)?;
        let approval = self.approval(&session).map_err(one)?;
        let forecast = session.dry_run(&targets, &approval).map_err(one)?;
        if out.json {
            out.object(&forecast);
        } else {
            super::plan::print(&forecast, false, out);
            super::plan::print_money(&forecast, out);
        }
        let is_held = |step: &Step| matches!(step.money, Some(Verdict::Unapproved | Verdict::Capped(_)));
        Ok(match () {
            () if forecast.steps.iter().any(|step| step.state == "failed") => Exit::Failed,
            () if forecast.steps.iter().any(is_held) => Exit::Held,
            () => Exit::Done,
        })
    }

    /// Leaves a note for the next process that there is nothing to do.
    fn settle(
        &self,
        out: &Output,
        session: &Session,
        targets: &[Target],
        tally: &Tally,
        files: &[Exported],
        problems: &[Diagnostic],
    ) {
        let question = self.graph.question(&self.targets, self.output.as_deref());
        let names = targets.iter().map(target_name).collect();
        let reused = tally.ran + tally.reused;
        let mut read = session.engine.files();
        read.extend(session.project.group_files.iter().cloned());
        if let Err(diagnostic) =
            Settled::keep(&session.store, &question, &read, files, names, reused, problems.to_vec())
        {
            out.problem(&diagnostic);
        }
    }

    fn report(
        &self,
        out: &Output,
        problems: &[Diagnostic],
        held: &[(String, Option<u64>)],
        tally: &Tally,
        files: &[Exported],
        exit: Exit,
    ) {
        if out.json {
            out.object(&json!({
                "event": "finished",
                "exit": exit as u8,
                "ran": tally.ran,
                "reused": tally.reused,
                "failed": tally.failed,
                "blocked": tally.blocked,
                "held": held.iter().map(|(item, cost)| json!({ "item": item, "cost_microusd": cost })).collect::<Vec<_>>(),
                "waiting": tally.waiting,
                "cost_microusd": tally.cost.microusd,
                "maybe_microusd": tally.cost.maybe,
                "unknown_costs": tally.cost.n_unknown,
                "files": files,
                "diagnostics": problems,
            }));
            return;
        }
        out.problems(problems);
        for (item, cost) in held {
            let cost = cost.map_or("an unknown price".to_owned(), dollars);
            out.line(format!("held  {item}  {cost}"));
        }
        for file in files {
            let verb = if file.written { "wrote" } else { "is up to date:" };
            out.line(format!("{} {verb} {}", file.item, file.file.display()));
        }
        let mut counts = vec![format!("ran {}", tally.ran), format!("reused {}", tally.reused)];
        let others =
            [("failed", tally.failed), ("blocked", tally.blocked), ("held", tally.held), ("left", tally.waiting)];
        counts.extend(others.iter().filter(|(_, n)| 0 < *n).map(|(name, n)| format!("{name} {n}")));
        out.line(format!("{}, cost {}", counts.join(", "), total(tally.cost)));
        if exit == Exit::Held {
            out.line("held items cost money: let them run with --budget 5usd, or one with --approve ITEM; --dry-run says what is bought");
        }
    }
}

fn held(session: &Session) -> Vec<(String, Option<u64>)> {
    let mut found = BTreeSet::new();
    for node in session.engine.node_ids() {
        for item in session.engine.items(node) {
            if let engine::state::State::Held { cost } = item.state {
                found.insert((item.name, *cost));
            }
        }
    }
    found.into_iter().collect()
}

/// Counts interrupts: the first asks the run to stop cleanly, the second ends the process.
fn interrupts() -> Result<Arc<AtomicU32>, Diagnostic> {
    let count = Arc::new(AtomicU32::new(0));
    let counter = count.clone();
    ctrlc::set_handler(move || {
        if 0 < counter.fetch_add(1, Ordering::Relaxed) {
            std::process::exit(i32::from(Exit::Interrupted as u8));
        }
    })
    .map_err(|error| Diagnostic::error("signals", format!("cannot listen for Ctrl-C: {error}")))?;
    Ok(count)
}
