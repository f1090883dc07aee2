//! A job by the name that a person found at its provider, after the answer to its submission was lost.
//!
//! What is typed is judged when it is typed: a name that nothing can be done with would only be found out by the next
//! run, when whoever knew better is gone. URLs are taken whole, from the provider's own hosts: building them out of a
//! name was rejected, as providers say that they change.

use std::collections::BTreeMap;

use engine::store::JournalEntry;
use model::Diagnostic;

use crate::answer::{Handle, LONGEST_ID};
use crate::catalog::Catalog;
use crate::manifest::{Manifest, Operation};
use crate::reach::{Owner, Reach};
use crate::request::Request;

/// Whether a job can be asked about under a name that a person found.
///
/// # Errors
/// `remote-id` with what is wanted instead.
pub fn judge_name(catalog: &Catalog, entry: &JournalEntry, name: &str) -> Result<(), Diagnostic> {
    // A provider whose manifest is gone says nothing of names; it cannot be asked either, until it is back.
    let Some(manifest) = catalog.manifest(&entry.intent.provider) else { return Ok(()) };
    if manifest.workflows.is_some() {
        return Err(Diagnostic::error("remote-id", "jobs of ComfyUI servers have names of our own")
            .hint("run again: the server is asked, and what never arrived is made anew and costs nothing"));
    }
    handle_of(manifest, entry, name).map(drop)
}

/// The job as the interpreter knows it.
///
/// # Errors
/// `remote-id` with what is wanted instead.
pub(crate) fn handle_of(manifest: &Manifest, entry: &JournalEntry, name: &str) -> Result<Handle, Diagnostic> {
    let title = &manifest.title;
    let told = |why: &str| Diagnostic::error("remote-id", format!("`{}` is no job of {title}: {why}", shown(name)));
    let request: Request = serde_json::from_value(entry.intent.request.clone())
        .map_err(|_| told("the journal does not say what was asked for"))?;
    let operation = manifest
        .operations
        .get(&request.operation)
        .ok_or_else(|| told(&format!("its manifest has no operation `{}` any more", request.operation)))?;
    if operation.poll.is_none() {
        return Err(told("it answers with the result itself, and keeps no jobs").hint(
            "look into its list of usage, then settle the job with --cost AMOUNT where it was billed, or --nothing",
        ));
    }
    let mut handle = Handle {
        model: request.model,
        operation: request.operation,
        microusd: request.estimate_microusd,
        ..Handle::default()
    };
    let is_url = name.contains("://");
    if operation.urls.is_empty() {
        if is_url || name.starts_with('{') || LONGEST_ID < name.len() || name.chars().any(char::is_whitespace) {
            return Err(told("it names jobs by an id").hint("give the id alone, as its list of jobs shows it"));
        }
        handle.id = name.to_owned();
        return Ok(handle);
    }
    let wanted = |why: &str| told(why).hint(how(manifest, operation));
    if !is_url {
        return Err(wanted("it names jobs by URLs"));
    }
    match Reach::of(manifest).map(|reach| reach.judge(name)) {
        Some(Ok((_, Owner::Own))) => {}
        Some(Err(why)) => return Err(wanted(&why)),
        _ => return Err(wanted("the URL is of another host")),
    }
    let stem = stem(operation, name);
    handle.urls =
        urls(operation, name, stem).ok_or_else(|| wanted("its manifest does not say how URLs of a job differ"))?;
    handle.id = id_in(stem).ok_or_else(|| wanted("the URL names no job"))?;
    Ok(handle)
}

/// What the URLs of a job share: what is left of the one that was found.
fn stem<'a>(operation: &Operation, found: &'a str) -> &'a str {
    let endings = operation.endings.values().filter(|ending| !ending.is_empty());
    endings.filter_map(|ending| found.strip_suffix(ending.as_str())).next().unwrap_or(found)
}

/// Every URL of a job.
fn urls(operation: &Operation, found: &str, stem: &str) -> Option<BTreeMap<String, String>> {
    let mut names = operation.urls.keys();
    if let (Some(only), None) = (names.next(), names.next()) {
        return Some(BTreeMap::from([(only.clone(), found.to_owned())]));
    }
    let url = |name: &String| Some((name.clone(), format!("{stem}{}", operation.endings.get(name)?)));
    operation.urls.keys().map(url).collect()
}

/// The job's name in its URL, for providers that want it as well: `?id=...`, or the last part of the path.
fn id_in(stem: &str) -> Option<String> {
    let url = reqwest::Url::parse(stem).ok()?;
    let asked = url.query_pairs().find(|(name, _)| name == "id").map(|(_, id)| id.into_owned());
    asked.or_else(|| url.path_segments()?.next_back().map(str::to_owned)).filter(|id| !id.is_empty())
}

/// What a person has to find.
fn how(manifest: &Manifest, operation: &Operation) -> String {
    let hosts: Vec<_> = reqwest::Url::parse(&manifest.base)
        .ok()
        .and_then(|base| base.host_str().map(str::to_owned))
        .into_iter()
        .chain(manifest.hosts.iter().cloned())
        .collect();
    let ending = operation.endings.values().find(|ending| !ending.is_empty());
    let ending = ending.map(|ending| format!(", ending in {ending}")).unwrap_or_default();
    format!(
        "give the whole URL under which {} tells how the job stands{ending}, at {}",
        manifest.title,
        hosts.join(" or ")
    )
}

/// What was typed, no longer than a line.
fn shown(name: &str) -> String {
    name.chars().take(80).collect()
}

#[cfg(test)]
mod tests {
    use engine::caps::Purpose;
    use engine::store::{JobIntent, JobState, JournalId};
    use model::Digest;
    use serde_json::json;

    use super::*;

    fn entry(provider: &str, operation: &str) -> JournalEntry {
        let request = json!({ "model": "m", "operation": operation, "estimate_microusd": 5, "path": "/", "body": {} });
        JournalEntry {
            id: JournalId(1),
            key: Digest::of(b"k"),
            state: JobState::Unknown,
            intent: JobIntent {
                purpose: Purpose::default(),
                provider: provider.to_owned(),
                model: None,
                request,
                estimate_microusd: Some(5),
            },
            remote_id: None,
            cost: None,
            note: String::new(),
        }
    }

    #[track_caller]
    fn refused(provider: &str, operation: &str, name: &str) -> String {
        let told = judge_name(&Catalog::built_in(), &entry(provider, operation), name).expect_err("refused");
        assert_eq!(told.code, "remote-id");
        format!("{} {}", told.message, told.hints.join(" "))
    }

    #[test]
    fn a_job_with_several_urls_is_known_by_any_of_them() {
        let catalog = Catalog::built_in();
        let fal = catalog.manifest("fal").expect("built in");
        let base = "https://queue.fal.run/bytedance/seedance-2.5/requests/r-1";
        for found in ["", "/status", "/cancel"] {
            let handle = handle_of(fal, &entry("fal", "video_text"), &format!("{base}{found}")).expect("it is one");
            let url = |name: &str| handle.urls[name].strip_prefix(base).map(str::to_owned);
            let all = ["status", "response", "cancel"].map(url);
            assert_eq!(all, ["/status", "", "/cancel"].map(|it| Some(it.to_owned())), "{found}");
            assert_eq!((handle.microusd, handle.operation.as_str()), (Some(5), "video_text"));
        }
        let told = refused("fal", "video_text", "r-1");
        assert!(told.contains("ending in /status, at queue.fal.run or queue.falrun.com"), "{told}");
    }

    #[test]
    fn urls_are_taken_from_the_providers_own_hosts_only() {
        let told = refused("fal", "video_text", "https://queue.fal.run.example.com/a/b/requests/r-1/status");
        assert!(told.contains("the URL is of another host"), "{told}");
        for odd in
            ["http://queue.fal.run/a/b/requests/r-1", "https://me:pw@queue.fal.run/r", "https://127.0.0.1/r", "://"]
        {
            refused("fal", "video_text", odd);
        }
        for (provider, operation, url) in [
            ("bfl", "flux2", "https://api.eu.bfl.ai/v1/get_result?id=v1"),
            ("openrouter", "video", "https://openrouter.ai/api/v1/videos/v1"),
        ] {
            let catalog = Catalog::built_in();
            let manifest = catalog.manifest(provider).expect("built in");
            let handle = handle_of(manifest, &entry(provider, operation), url).expect("it is one");
            assert_eq!((handle.urls["poll"].as_str(), handle.id.as_str()), (url, "v1"));
        }
    }

    #[test]
    fn ids_are_ids_and_what_answers_at_once_has_none() {
        let runs = |name: &str| judge_name(&Catalog::built_in(), &entry("runway", "text"), name);
        assert_eq!(runs("0d5c2b"), Ok(()));
        for odd in ["https://api.dev.runwayml.com/v1/tasks/1", "{}", "a b", &"x".repeat(3000)] {
            assert!(refused("runway", "text", odd).contains("give the id alone"), "{odd}");
        }
        let told = refused("openai", "generate", "x");
        assert!(told.contains("--cost AMOUNT"), "{told}");
        assert_eq!(judge_name(&Catalog::built_in(), &entry("nobody", "x"), "y"), Ok(()));
    }
}
