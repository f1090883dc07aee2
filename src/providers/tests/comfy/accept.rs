//! The acceptance cases: workflows of `tests/comfy` that need no weights, on the fake here and on a real server where
//! THROUGHLINE_COMFY_URL names one (`./x comfy URL`).

use std::io::Write;

use engine::caps::Purpose;
use engine::store::JobIntent;
use engine::worker::{Cancel, JobError};

use super::bench::{Bench, example, item, told};
use super::fake::Fake;

/// A PNG of 64 red pixels, whole: a real server reads it.
const RED: &[u8] = &[
    137, 80, 78, 71, 13, 10, 26, 10, 0, 0, 0, 13, 73, 72, 68, 82, 0, 0, 0, 8, 0, 0, 0, 8, 8, 2, 0, 0, 0, 75, 109, 41,
    220, 0, 0, 0, 17, 73, 68, 65, 84, 120, 218, 99, 248, 207, 192, 128, 21, 49, 12, 45, 9, 0, 40, 255, 63, 193, 206,
    119, 200, 79, 0, 0, 0, 0, 73, 69, 78, 68, 174, 66, 96, 130,
];

fn bench(address: &str, name: &str) -> Bench {
    Bench::new(address, item(name, &example(name)))
}

fn image(address: &str) {
    let bench = bench(address, "image");
    let outputs = bench.go().unwrap_or_else(|error| panic!("{error}"));
    assert!(bench.bytes(&outputs).starts_with(b"\x89PNG"));
    bench.settled();
    // The server has it all in its cache, and no new file need be written: there is one all the same.
    let again = bench.run(model::Call { take: 2, ..bench.call() }).unwrap_or_else(|error| panic!("{error}"));
    assert!(bench.bytes(&again).starts_with(b"\x89PNG"));
}

fn upload(address: &str) {
    let bench = bench(address, "upload");
    let outputs = bench.run(bench.with_picture(RED)).unwrap_or_else(|error| panic!("{error}"));
    assert!(bench.bytes(&outputs).starts_with(b"\x89PNG"));
    bench.settled();
    let missing = told(bench.go());
    assert_eq!(missing.code, "model-misfit", "its author's file is never taken: {missing}");
}

fn film(address: &str) {
    let bench = bench(address, "film");
    let outputs = bench.go().unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(bench.bytes(&outputs).get(4..8), Some(&b"ftyp"[..]));
    let model::Value::Clip(clip) = &outputs[0].1 else { panic!("{outputs:?}") };
    assert_eq!(clip.n_frames(), 12, "cut to what was asked for");
    bench.settled();
}

/// A film that the server has made goes back to it, and comes again.
fn restyle(address: &str) {
    let first = bench(address, "film");
    let made = first.go().unwrap_or_else(|error| panic!("{error}"));
    let bench = bench(address, "restyle");
    let source = Some(std::sync::Arc::new(bench.file("mp4", &first.bytes(&made))));
    let outputs = bench.run(model::Call { source, ..bench.call() }).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(bench.bytes(&outputs).get(4..8), Some(&b"ftyp"[..]));
    bench.settled();
    assert_eq!(told(bench.go()).code, "model-misfit", "its author's film is never taken");
}

fn invalid(address: &str) {
    let bench = bench(address, "invalid");
    let told = told(bench.go());
    assert_eq!(told.code, "comfy-invalid");
    for fault in [
        "Canvas (#1) batch_size: 0 is less than 1",
        "Canvas (#1) color: -1 is less than 0",
        "Invert (#2) image: it is linked to #9",
        "Save (#4) filename_prefix: it is required",
    ] {
        assert!(told.message.contains(fault), "{fault}: {told}");
    }
    bench.settled();
}

fn partial(address: &str) {
    let bench = bench(address, "partial");
    let told = told(bench.go());
    assert_eq!(told.code, "comfy-invalid", "no part of it is run: {told}");
    assert!(told.message.contains("Bad (#2) batch_size: 5000 is more than 4096"), "{told}");
    bench.settled();
}

fn broken(address: &str) {
    let bench = bench(address, "upload");
    let told = told(bench.run(bench.with_picture(b"this is no picture, though it is called one")));
    assert_eq!(told.code, "comfy-node-failed", "{told}");
    assert!(told.message.contains("LoadImage (#1) failed"), "{told}");
    bench.settled();
}

fn missing(address: &str) {
    let bench = bench(address, "missing");
    let told = told(bench.go());
    assert_eq!(told.code, "comfy-invalid");
    assert!(told.message.contains("the server has no class `ThroughlineNoSuchNode`"), "{told}");
    bench.settled();
}

/// A job that the server has forgotten is made again by the next run.
fn restarted(address: &str) {
    let bench = bench(address, "image");
    let job = bench.job(bench.call());
    let store = bench.store();
    let intent = JobIntent {
        purpose: Purpose { item: "x".to_owned(), ..Purpose::default() },
        provider: "comfy".to_owned(),
        request: serde_json::json!({}),
        model: None,
        estimate_microusd: Some(0),
    };
    let id = store.journal_intent(&job.key, &intent).expect("written");
    let handle = serde_json::json!({ "server": address, "job": "5f1b7a52-9f63-4a39-8a49-0d5c4a5c1f11", "n_nodes": 2, "outputs": ["2"], "task": "image" });
    store.journal_submitted(id, &handle.to_string()).expect("written");
    let told = told(bench.go());
    assert_eq!(told.code, "comfy-lost");
    assert!(told.hints[0].contains("run again"), "{told}");
    bench.settled();
    bench.go().unwrap_or_else(|error| panic!("{error}"));
    bench.settled();
}

fn cancelled(address: &str) {
    let bench = bench(address, "film");
    let cancel = Cancel::default();
    let call = model::Call { n_frames: 240, size: (1024, 1024), ..bench.call() };
    assert_eq!(bench.watch(call, &cancel, &|_| cancel.cancel()), Err(JobError::Cancelled));
    bench.settled();
}

type Case = (&'static str, fn(&str));

const CASES: &[Case] = &[
    ("image", image),
    ("image from an upload", upload),
    ("batch to mp4", film),
    ("clip from an upload", restyle),
    ("validation error", invalid),
    ("partly valid", partial),
    ("run-time error", broken),
    ("missing node", missing),
    ("restart in mid-job", restarted),
    ("cancel", cancelled),
];

#[test]
fn the_fake_meets_the_acceptance_cases() {
    for (_, case) in CASES {
        case(&Fake::new().base);
    }
}

#[test]
fn a_real_server_meets_the_acceptance_cases() {
    let Some(address) = std::env::var("THROUGHLINE_COMFY_URL").ok().filter(|it| !it.is_empty()) else {
        say("SKIPPED: THROUGHLINE_COMFY_URL names no ComfyUI server; `./x comfy URL` runs these cases");
        return;
    };
    for (name, case) in CASES {
        say(&format!("{name} ..."));
        case(&address);
    }
}

/// Says something past the test harness, which would swallow it: a skipped test must be visible.
fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}
