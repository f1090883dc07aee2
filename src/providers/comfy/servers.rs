//! The user's servers: their addresses, how they stand, whether they can run a workflow.

use std::sync::Arc;

use model::Diagnostic;
use serde::Serialize;
use serde_json::Value;

use super::faults::{self, Fault};
use super::info::Classes;
use super::server::Server;
use super::workflow::Workflow;
use super::{ADDRESSES, PROVIDER};
use crate::check::Standing as Access;
use crate::http::Http;
use crate::keys::Keys;

/// Most servers.
const MOST: usize = 32;

/// How a server stands.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Standing {
    pub server: String,
    /// Jobs that run and wait; none where it cannot be asked.
    pub queue: Option<u64>,
    pub version: Option<String>,
    /// Its first device, as it calls it.
    pub device: Option<String>,
    /// It speaks version 2 of the interface only.
    pub v2: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub diagnostic: Option<Diagnostic>,
}

/// What a server says of a workflow.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    pub server: String,
    /// Every fault, or why it could not be asked.
    pub faults: Result<Vec<Fault>, Diagnostic>,
    /// What it said of the workflow's classes.
    pub classes: Classes,
}

/// The servers of the environment or the keyring.
///
/// # Errors
/// `comfy-server` where there is none, `address` where one is no address.
pub(super) fn configured(keys: &Keys, http: &Arc<Http>) -> Result<Vec<Server>, Diagnostic> {
    let told = keys.find(ADDRESSES).map(|(addresses, _)| addresses.expose().to_owned()).unwrap_or_default();
    at(&told, http)
}

/// The servers at addresses that are separated by commas.
pub(super) fn at(addresses: &str, http: &Arc<Http>) -> Result<Vec<Server>, Diagnostic> {
    let mut found: Vec<Server> = Vec::new();
    for address in addresses.split(',').map(str::trim).filter(|it| !it.is_empty()).take(MOST) {
        let server = Server::at(address, http).ok_or_else(|| {
            Diagnostic::error("address", format!("{ADDRESSES} holds what is not the address of a server"))
                .hint("write it like http://127.0.0.1:8188, and several with commas between them")
        })?;
        if found.iter().all(|known| known.base != server.base) {
            found.push(server);
        }
    }
    if found.is_empty() {
        return Err(Diagnostic::error("comfy-server", format!("no ComfyUI server is known: {ADDRESSES} is not set"))
            .hint("start ComfyUI, then: export COMFYUI_URL=http://127.0.0.1:8188"));
    }
    Ok(found)
}

/// How the servers stand: those of `addresses`, or the user's own.
///
/// # Errors
/// As for the addresses.
pub fn standings(addresses: Option<&str>, keys: &Keys, http: &Arc<Http>) -> Result<Vec<Standing>, Diagnostic> {
    let servers = match addresses {
        Some(addresses) => at(addresses, http)?,
        None => configured(keys, http)?,
    };
    Ok(servers.iter().map(standing).collect())
}

fn standing(server: &Server) -> Standing {
    let told = server.system().and_then(|system| Ok((system, server.depth()?, server.speaks_v2()?)));
    let server = server.base.clone();
    match told {
        Ok((system, queue, v2)) => {
            let text = |path: &str| system.pointer(path).and_then(Value::as_str).map(str::to_owned);
            let (version, device) = (text("/system/comfyui_version"), text("/devices/0/name"));
            Standing { server, queue: Some(queue), version, device, v2, diagnostic: None }
        }
        Err(told) => Standing { server, queue: None, version: None, device: None, v2: false, diagnostic: Some(told) },
    }
}

/// Whether any server is there, for `models check`.
pub(crate) fn check(keys: &Keys, http: &Arc<Http>) -> (Access, Option<Diagnostic>) {
    match standings(None, keys, http) {
        Ok(all) if all.iter().any(|it| it.diagnostic.is_none()) => (Access::Works, None),
        Ok(all) => (Access::Fails, all.into_iter().find_map(|it| it.diagnostic)),
        Err(told) if told.code == "comfy-server" => (Access::NoCredentials, Some(told)),
        Err(told) => (Access::Fails, Some(told)),
    }
}

/// Whether servers could run a workflow: those of `addresses`, or the user's own.
///
/// # Errors
/// As for the addresses.
pub fn judge(
    workflow: &Workflow,
    addresses: Option<&str>,
    keys: &Keys,
    http: &Arc<Http>,
) -> Result<Vec<Judged>, Diagnostic> {
    let servers = match addresses {
        Some(addresses) => at(addresses, http)?,
        None => configured(keys, http)?,
    };
    let one = |server: &Server| {
        let classes = server.speaks_v2().and_then(|is_v2| match is_v2 {
            false => server.classes(workflow.classes().into_iter(), true),
            true => Err(Diagnostic::info(
                "comfy-unchecked",
                format!("{} speaks version 2 only, and checks workflows when they are run", server.base),
            )),
        });
        let (found, classes) = match classes {
            Ok(classes) => (Ok(faults::faults(workflow, &classes)), classes),
            Err(told) => (Err(told), Classes::new()),
        };
        Judged { server: server.base.clone(), faults: found, classes }
    };
    Ok(servers.iter().map(one).collect())
}

/// Lets a workflow pass that a server can run. What was said earlier in the session may be out of date: before anything
/// is refused the server is asked anew.
///
/// # Errors
/// `comfy-invalid` with every fault.
pub(super) fn judged(server: &Server, name: &str, workflow: &Workflow) -> Result<(), Diagnostic> {
    for anew in [false, true] {
        let classes = server.classes(workflow.classes().into_iter(), anew)?;
        let found = faults::faults(workflow, &classes);
        if found.is_empty() {
            return Ok(());
        }
        if anew {
            return Err(faults::told(&format!("{PROVIDER}/{name}"), &server.base, &found));
        }
    }
    Ok(())
}
