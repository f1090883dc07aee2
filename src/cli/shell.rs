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
        out.line(String::from_utf8_lossy(&script).trim_end());
        Exit::Done
    }
}

/// Print the manual page (view it with `throughline man | man -l -`).
#[derive(Args, Debug)]
pub(super) struct Man {}

impl Man {
    pub(super) fn run(&self, out: &Output) -> Exit {
        let command = Cli::command();
        let mut pages = Vec::new();
        let mut render = |command: clap::Command| clap_mangen::Man::new(command).render(&mut pages);
        let rendered = render(command.clone())
            .and_then(|()| command.get_subcommands().try_for_each(|subcommand| render(subcommand.clone())));
        match rendered {
            Ok(()) => {
                out.line(String::from_utf8_lossy(&pages).trim_end());
                Exit::Done
            }
            Err(error) => out.refuse(&[model::Diagnostic::error("man", error.to_string())]),
        }
    }
}
