//! What every built-in manifest must hold: sources for its facts, nothing retired, templates that say all that the
//! model is said to take.

use model::{Call, Image, Quality, Task};

use super::bench::Plain;
use crate::Catalog;
use crate::manifest::tests::{call, media, reference};
use crate::manifest::{Can, Date, Entry, Lengths, Limits, Manifest, Prices, Sizes, VoiceList};
use crate::request::{Studio, build, files, says};

/// The day of the last look at the facts: a model that was retired by then is no default.
const DAY: Date = Date(2026, 11, 28);

fn every(check: impl Fn(&Manifest, &Entry)) {
    let catalog = Catalog::built_in();
    for manifest in catalog.manifests() {
        manifest.models.iter().for_each(|entry| check(manifest, entry));
    }
}

#[test]
fn every_fact_has_a_source_and_a_date() {
    every(|manifest, entry| {
        // Two jobs at a time are our own choice, where a provider does not say.
        let has_pace = manifest.rate.is_some() || entry.rate.is_some() || entry.concurrency != Some(2);
        let needed = [
            ("concurrency", has_pace && manifest.place == crate::manifest::Place::Hosted),
            ("tasks", true),
            ("can", true),
            ("operations", true),
            ("limits", entry.limits != Limits::default()),
            ("rules", !entry.rules.is_empty()),
            ("voices", entry.voices != VoiceList::default()),
            ("prices", entry.prices != Prices::default()),
            ("result_seconds", entry.result_seconds.is_some()),
            ("retires_on", entry.retires_on.is_some()),
        ];
        for (fact, is_needed) in needed {
            assert!(!is_needed || entry.facts.contains_key(fact), "{} has no source of its {fact}", entry.name);
        }
        for (name, source) in &manifest.sources {
            let is_tier = |entry: &Entry| entry.tier.as_ref().is_some_and(|tier| tier.source == *name);
            let is_used = |entry: &Entry| entry.facts.values().any(|fact| fact == name) || is_tier(entry);
            assert!(manifest.models.iter().any(is_used), "{}: nothing was read in {name}", manifest.provider);
            assert!(source.url.starts_with("https://") && !source.what.is_empty(), "{}: {name}", manifest.provider);
            assert!(source.date <= DAY, "{}: {name} is from the future", manifest.provider);
        }
    });
}

#[test]
fn whoever_speaks_says_with_which_voices() {
    let mut told = std::collections::BTreeMap::new();
    for entry in Catalog::built_in().entries() {
        let speaks = entry.tasks.contains(&model::Task::Voice);
        // Previs has one scratch voice that is pitched, not named.
        if speaks && entry.place != crate::manifest::Place::Local {
            assert_ne!(entry.voices.summary(), "", "{} tells no voice", entry.name);
        }
        assert!(speaks || entry.voices == VoiceList::default(), "{} has voices and speaks not", entry.name);
        told.insert(entry.name.clone(), entry.voices.summary());
    }
    assert_eq!(told["openai/gpt-4o-mini-tts"], "13 voices");
    assert_eq!(told["elevenlabs/eleven_v4"], "voices by id");
}

#[test]
fn nothing_built_in_is_retired() {
    every(|_, entry| assert!(!entry.is_retired(DAY), "{} is retired", entry.name));
}

#[test]
fn every_operation_is_used_and_local_ones_are_free() {
    every(|manifest, entry| {
        for name in manifest.operations.keys() {
            let uses = |entry: &Entry| entry.operations.iter().any(|(_, operation)| operation == name);
            assert!(manifest.models.iter().any(uses), "{}: nobody asks by {name}", manifest.provider);
        }
        let is_free = entry.prices.rules.iter().any(|price| price.microusd == 0);
        assert_eq!(is_free, manifest.place == crate::manifest::Place::Local, "{}", entry.name);
    });
}

/// Sizes that a model is said to make, with the lengths at both ends.
fn sizes(entry: &Entry) -> Vec<(u32, u32)> {
    match &entry.limits.sizes {
        Sizes::Unknown => vec![(1280, 720)],
        Sizes::OneOf(all) => all.iter().map(|(_, width, height)| (*width, *height)).collect(),
        Sizes::Free { .. } => vec![(1280, 720), (512, 512), (720, 1280)],
        Sizes::Ratios { ratios, resolutions } => {
            let sides: Vec<u32> = resolutions.iter().map(|(_, side)| *side).chain([16]).collect();
            let parsed = ratios.iter().filter_map(|ratio| ratio.split_once(':'));
            let parsed =
                parsed.map(|(w, h)| (w.parse::<u32>().expect("a number"), h.parse::<u32>().expect("a number")));
            let at = |(w, h): (u32, u32), side: u32| (side * w / w.min(h), side * h / w.min(h));
            parsed.flat_map(|ratio| sides.iter().map(move |side| at(ratio, *side))).collect()
        }
    }
}

/// A clip of so many seconds.
fn clip(seconds: u32) -> std::sync::Arc<model::Media> {
    let video = model::VideoInfo { n_frames: u64::from(seconds) * 24, ..super::bench::info() };
    std::sync::Arc::new(model::Media { format: "mp4".to_owned(), video: Some(video), ..media("clip") })
}

fn lengths(entry: &Entry) -> Vec<u32> {
    match &entry.limits.seconds {
        Lengths::Unknown => vec![1, 5],
        Lengths::OneOf(all) => all.clone(),
        Lengths::Between(least, most) => vec![*least, *most],
        Lengths::Source(most) => vec![1, *most],
    }
}

/// Calls with every combination of inputs, at every size, in draft and final quality.
pub(crate) fn calls(entry: &Entry) -> Vec<Call> {
    let picture = |name: &str| Some(Image::File(std::sync::Arc::new(media(name))));
    let mut found = Vec::new();
    // Clips, sounds and masks with all kinds of pictures, but not with all else.
    for bits in (0..64_u32).chain((1..8).flat_map(|kinds| (0..8).map(move |bits| bits | kinds << 6))) {
        let has = |bit: u32| bits >> bit & 1 == 1;
        // Of which nobody knows, no template need speak: what it leaves out is refused.
        let kinds = [entry.can.video_references, entry.can.audio_references, entry.can.mask];
        if (6..9).zip(kinds).any(|(bit, can)| has(bit) && can != Can::Yes) {
            continue;
        }
        let n_references = entry.limits.references.unwrap_or(2).min(3);
        let needed = entry.options.keys().filter(|name| ["voice", "model", "max_tokens"].contains(&name.as_str()));
        let base = Call {
            first_frame: has(0).then(|| picture("first")).flatten(),
            last_frame: has(1).then(|| picture("last")).flatten(),
            references: if has(2) { (0..n_references).map(|n| reference(&n.to_string(), 1)).collect() } else { vec![] },
            negative: if has(3) { "no \"blur\"".to_owned() } else { String::new() },
            source: has(6).then(|| clip(1)),
            audio: has(7).then(|| std::sync::Arc::new(media("voice"))),
            mask: has(8).then(|| picture("mask")).flatten(),
            sound: has(4),
            quality: if has(5) { Quality::Draft } else { Quality::Final },
            options: needed.map(|name| (name.clone(), "x".to_owned())).collect(),
            ..call()
        };
        for task in &entry.tasks {
            for size in sizes(entry) {
                for seconds in lengths(entry) {
                    let source = base.source.is_some().then(|| clip(seconds));
                    found.push(Call { task: *task, size, n_frames: seconds * 24, source, ..base.clone() });
                }
            }
        }
    }
    found
}

#[test]
fn every_template_says_all_that_a_model_is_said_to_take() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = engine::store::Store::open(folder.path()).expect("it opens");
    let account = [("account.project".to_owned(), serde_json::json!("project-1"))].into();
    let studio = Studio { artifacts: &store, codec: &Plain, account: &account };
    every(|manifest, entry| {
        let [mut first, mut last, mut references, mut negative, mut source, mut audio, mut mask] = [false; 7];
        let mut n_sizes = std::collections::BTreeSet::new();
        for call in calls(entry) {
            let Ok(ask) = entry.fit(&call) else { continue };
            let request = build(manifest, entry, &call, &ask, &studio)
                .unwrap_or_else(|told| panic!("{} for {ask:?}: {told}", entry.name));
            assert_eq!(files(&request.body), ask.n_files(), "{} for {ask:?}: {}", entry.name, request.body);
            assert!(says(&request.body, &call.prompt), "{} for {ask:?}: {}", entry.name, request.body);
            assert_eq!(ask.references as usize, call.references.len(), "{}", entry.name);
            if !entry.prices.rules.is_empty() && matches!(manifest.place, crate::manifest::Place::Local) {
                assert_eq!(request.estimate_microusd, Some(0), "{}", entry.name);
            }
            if call.task == Task::Video && entry.limits.seconds != Lengths::Unknown {
                assert!(u64::from(call.n_frames) <= u64::from(ask.seconds) * 24, "{} for {ask:?}", entry.name);
            }
            first |= ask.first_frame;
            last |= ask.last_frame;
            references |= 0 < ask.references;
            negative |= ask.negative;
            source |= ask.source;
            audio |= ask.audio;
            mask |= ask.mask;
            n_sizes.insert(call.size);
        }
        let claims = [
            (entry.can.first_frame, first, "first frames"),
            (entry.can.last_frame, last, "last frames"),
            (entry.can.references, references, "references"),
            (entry.can.negative, negative, "negative prompts"),
            (entry.can.video_references, source, "source clips"),
            (entry.can.audio_references, audio, "sounds to follow"),
            (entry.can.mask, mask, "masks"),
        ];
        for (can, found, what) in claims {
            assert!(can != Can::Yes || found, "{} claims {what}, but no call with them fits", entry.name);
        }
        let visual = entry.tasks.iter().any(|task| matches!(task, Task::Video | Task::Image));
        assert!(
            !visual || n_sizes.len() == sizes(entry).iter().collect::<std::collections::BTreeSet<_>>().len(),
            "{} claims sizes that no call fits",
            entry.name
        );
    });
}
