//! Whether credentials work, found out by a question that costs nothing.

use std::sync::Arc;

use model::Diagnostic;
use serde::Serialize;

use crate::answer::Reader;
use crate::catalog::Catalog;
use crate::comfy;
use crate::http::{Fault, Http, Message, Payload};
use crate::keys::Keys;
use crate::manifest::{Auth, ErrorClass, Manifest};
use crate::pass::{addressed, pass};
use crate::reach::Reach;

/// Most bytes of an answer.
const MOST_ANSWER: u64 = 8 << 20;

/// How a provider stands.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Checked {
    pub provider: String,
    pub title: String,
    pub state: Standing,
    /// Why it does not work.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub diagnostic: Option<Diagnostic>,
}

/// See [`Checked`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It lets us in.
    Works,
    /// Credentials are missing.
    NoCredentials,
    /// It has no question that costs nothing.
    NotChecked,
    Fails,
}

/// Asks every provider of a catalog, or the one that is named.
pub fn check(catalog: &Catalog, keys: &Keys, http: &Arc<Http>, only: Option<&str>) -> Vec<Checked> {
    let asked = catalog.manifests().filter(|manifest| only.is_none_or(|only| manifest.provider == only));
    asked.map(|manifest| one(manifest, keys, http)).collect()
}

fn one(manifest: &Arc<Manifest>, keys: &Keys, http: &Arc<Http>) -> Checked {
    let standing = |state, diagnostic| Checked {
        provider: manifest.provider.clone(),
        title: manifest.title.clone(),
        state,
        diagnostic,
    };
    if manifest.workflows.is_some() {
        let (state, diagnostic) = comfy::check(keys, http);
        return standing(state, diagnostic);
    }
    let manifest = match addressed(manifest, keys) {
        Ok(manifest) => manifest,
        Err(told) => return standing(Standing::Fails, Some(told)),
    };
    if !keys.open(&manifest.credentials) {
        let missing = pass(&manifest, keys, http).err().map(Diagnostic::from);
        return standing(Standing::NoCredentials, missing);
    }
    let pass = match pass(&manifest, keys, http) {
        Ok(pass) => pass,
        Err(error) => return standing(Standing::Fails, Some(error.into())),
    };
    // Whose key was exchanged for a token has been let in already.
    if manifest.check.is_none() && manifest.credentials.iter().any(|way| way.auth == Auth::GoogleAccount) {
        return standing(Standing::Works, None);
    }
    let (Some(question), Some(reach)) = (&manifest.check, Reach::of(&manifest)) else {
        return standing(Standing::NotChecked, None);
    };
    let message = Message {
        method: question.method,
        target: question.path.clone(),
        headers: manifest.headers.iter().map(|(k, v)| (k.clone(), v.clone())).collect(),
        payload: Payload::Empty,
        within: http.timing.answer.min(std::time::Duration::from_secs(20)),
        most: MOST_ANSWER,
    };
    let reader = Reader { manifest: &manifest, secret: pass.as_ref().map(|pass| &pass.secret) };
    let answered = match http.send(&message, &reach, pass.as_ref()) {
        Ok(reply) => reader.status(&reply),
        Err(Fault::Forbidden(said)) => Err(reader.error(ErrorClass::BadReply, &said)),
        Err(fault) => Err(reader.error(ErrorClass::Network, fault.said())),
    };
    match answered {
        Ok(()) => standing(Standing::Works, None),
        Err(error) => standing(Standing::Fails, Some(error.into())),
    }
}
