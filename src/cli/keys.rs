//! `throughline keys`: credentials in the system's keyring. They are never printed, and never an argument: arguments
//! stand in the shell's history and in the list of processes.

use std::io::{IsTerminal, Read};

use clap::{Args, Subcommand};
use model::Diagnostic;
use providers::keys::Origin;
use providers::{Catalog, Keys, Secret};
use serde_json::json;

use super::Exit;
use super::output::Output;

/// Longest input that is read for a key, in bytes.
const MOST_BYTES: u64 = 64 * 1024;

/// Set, list or remove the credentials of providers.
#[derive(Args, Debug)]
pub(super) struct KeysArgs {
    #[command(subcommand)]
    command: KeysCommand,
}

#[derive(Subcommand, Debug)]
enum KeysCommand {
    /// Put a key into the system's keyring; it is typed unseen, or read from standard input.
    Set {
        /// The key's name, `RUNWAYML_API_SECRET`.
        name: String,
    },
    /// Which keys are used, and where they were found.
    List,
    /// Take a key out of the system's keyring.
    Remove {
        /// The key's name.
        name: String,
    },
}

impl KeysArgs {
    pub(super) fn run(&self, out: &Output) -> Exit {
        let done = match &self.command {
            KeysCommand::Set { name } => set(name, out),
            KeysCommand::List => {
                list(out);
                Ok(())
            }
            KeysCommand::Remove { name } => remove(name, out),
        };
        match done {
            Ok(()) => Exit::Done,
            Err(diagnostic) => out.refuse(&[diagnostic]),
        }
    }
}

fn set(name: &str, out: &Output) -> Result<(), Diagnostic> {
    let known = Keys::fixed([]).list(&Catalog::system());
    if !known.iter().any(|key| key.name == name) {
        // The name may be the key itself, pasted into the wrong place: it is not repeated.
        return Err(Diagnostic::error("key-name", "no provider takes a key of that name")
            .hint("`throughline keys list` shows the names"));
    }
    let unread = |error: std::io::Error| Diagnostic::error("key-empty", format!("the key could not be read: {error}"));
    let text = if std::io::stdin().is_terminal() {
        rpassword::prompt_password(format!("{name}: ")).map_err(unread)?
    } else {
        let mut text = String::new();
        std::io::stdin().lock().take(MOST_BYTES).read_to_string(&mut text).map_err(unread)?;
        text
    };
    providers::keys::set(name, &Secret::new(text))?;
    said(out, json!({ "key": name, "origin": "keyring" }), format!("{name} is in the system's keyring"));
    Ok(())
}

fn remove(name: &str, out: &Output) -> Result<(), Diagnostic> {
    let was_there = providers::keys::remove(name)?;
    let words = if was_there { "is out of the system's keyring" } else { "was not in the system's keyring" };
    said(out, json!({ "key": name, "removed": was_there }), format!("{name} {words}"));
    Ok(())
}

fn list(out: &Output) {
    let keys = providers::keys::list(&Catalog::system());
    if out.json {
        let object = |key: &providers::keys::KeyState| json!({ "key": key.name, "providers": key.providers, "origin": key.origin });
        out.object(&json!({ "keys": keys.iter().map(object).collect::<Vec<_>>() }));
        return;
    }
    let widest = keys.iter().map(|key| key.name.len()).max().unwrap_or(0);
    for key in keys {
        let origin = match key.origin {
            Some(Origin::Environment) => "environment",
            Some(Origin::Keyring) => "keyring",
            None => "-",
        };
        out.line(format!("{:widest$}  {origin:11}  {}", key.name, key.providers.join(", ")));
    }
}

fn said(out: &Output, object: serde_json::Value, words: String) {
    if out.json { out.object(&object) } else { out.line(words) }
}
