//! The command line: one file per subcommand, each a thin front end of a session.

mod check;
mod comfy;
mod edit;
mod explain;
mod graph;
mod jobs;
mod keys;
mod ledger;
mod models;
mod nodes;
mod output;
mod plan;
mod progress;
mod run;
mod shell;
mod store;
mod trace;
mod unpack;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use model::Diagnostic;

/// What the process says when it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    Done = 0,
    Failed = 1,
    Usage = 2,
    Held = 3,
    Interrupted = 130,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit as u8)
    }
}

const EXIT_CODES: &str = "Exit codes:\n  0    done\n  1    items failed\n  2    bad usage or document\n  \
     3    held for approval\n  130  interrupted";

/// The production system around AI video models: from a script to a film, and only what changed is made again.
#[derive(Parser, Debug)]
#[command(name = "throughline", version, after_help = EXIT_CODES, max_term_width = 100)]
pub struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    /// Print JSON: one object, or for `run` one object a line.
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Subcommand, Debug)]
enum Command {
    Run(run::Run),
    Plan(plan::Plan),
    Explain(explain::Explain),
    Check(check::Check),
    Nodes(nodes::Nodes),
    Models(models::Models),
    Comfy(comfy::Comfy),
    Keys(keys::KeysArgs),
    Store(store::Store),
    Ledger(ledger::Ledger),
    Jobs(jobs::Jobs),
    Edit(edit::Edit),
    Unpack(unpack::Unpack),
    Completions(shell::Completions),
    Man(shell::Man),
}

/// Parses the command line and does what it says.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(refused) => return misused(&refused).into(),
    };
    let out = output::Output::new(cli.json);
    let exit = match cli.command {
        Some(Command::Run(it)) => it.run(&out),
        Some(Command::Plan(it)) => it.run(&out),
        Some(Command::Explain(it)) => it.run(&out),
        Some(Command::Check(it)) => it.run(&out),
        Some(Command::Nodes(it)) => it.run(&out),
        Some(Command::Models(it)) => it.run(&out),
        Some(Command::Comfy(it)) => it.run(&out),
        Some(Command::Keys(it)) => it.run(&out),
        Some(Command::Store(it)) => it.run(&out),
        Some(Command::Ledger(it)) => it.run(&out),
        Some(Command::Jobs(it)) => it.run(&out),
        Some(Command::Edit(it)) => it.run(&out),
        Some(Command::Unpack(it)) => it.run(&out),
        Some(Command::Completions(it)) => it.run(&out),
        Some(Command::Man(it)) => it.run(&out),
        None => edit::Edit::default().run(&out),
    };
    exit.into()
}

/// A command line that cannot be parsed, or asks for help: in clap's words for people, as a diagnostic for programs.
fn misused(refused: &clap::Error) -> Exit {
    let wants_json = std::env::args_os().take_while(|arg| arg != "--").any(|arg| arg == "--json");
    if !wants_json || !refused.use_stderr() {
        refused.exit();
    }
    let text = refused.render().to_string();
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let message = lines.next().unwrap_or_default();
    let diagnostic = Diagnostic::error("usage", message.strip_prefix("error: ").unwrap_or(message));
    output::Output::new(true).refuse(&[lines.fold(diagnostic, Diagnostic::hint)])
}
