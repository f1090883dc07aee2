//! `throughline completions` and `throughline man`: generated from the same declarations as `--help`.

use clap::{Args, CommandFactory};

use super::output::Output;
use super::{Cli, Exit};

/// Print a completion script for a shell.
#[derive(Args, Debug)]
pub(super) struct Completions {
    shell: clap_complete::Shell,
}

impl Completions {
    pub(super) fn run(&self, out: &Output) -> Exit {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "throughline", &mut script);
        out.page(&String::from_utf8_lossy(&script));
        Exit::Done
    }
}

/// Print the manual page (view it with `throughline man | man -l -`).
#[derive(Args, Debug)]
pub(super) struct Man {}

impl Man {
    pub(super) fn run(&self, out: &Output) -> Exit {
        let mut command = Cli::command();
        // Gives each subcommand the name that it is called by.
        command.build();
        let mut pages = Vec::new();
        match render(&command, &mut pages) {
            Ok(()) => {
                out.page(&String::from_utf8_lossy(&pages));
                Exit::Done
            }
            Err(error) => out.refuse(&[model::Diagnostic::error("man", error.to_string())]),
        }
    }
}

/// The page of a command, then those of its subcommands.
fn render(command: &clap::Command, pages: &mut Vec<u8>) -> std::io::Result<()> {
    clap_mangen::Man::new(command.clone()).render(pages)?;
    command.get_subcommands().filter(|it| it.get_name() != "help").try_for_each(|it| render(it, pages))
}
