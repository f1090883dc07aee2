//! A workflow's way from call to value on a fake server, and everything that can happen on it.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use engine::store::JobState;
use engine::worker::{Cancel, JobError};
use model::{Call, Value};
use serde_json::json;

use super::super::fake::Fault;
use super::super::shapes::{MP4, PNG};
use super::bench::{Bench, PORTRAIT, example, item, told};
use super::fake::{Fake, Step, file};
use crate::comfy::{Bindings, Role, Shelf, Workflow, standings};
use crate::{Http, Keys};

fn portrait(fake: &Fake) -> Bench {
    Bench::new(&fake.base, item("portrait", PORTRAIT))
}

#[test]
fn a_workflow_is_filled_in_run_and_fetched() {
    let fake = Fake::new();
    let bench = portrait(&fake);
    let call =
        Call { negative: "fog".to_owned(), options: [("steps".to_owned(), "30".to_owned())].into(), ..bench.call() };
    let outputs = bench.run(call.clone()).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!((&*outputs[0].0, bench.bytes(&outputs)), ("image", file(PNG)));
    let sent = &fake.bodies(Step::Submit)[0];
    let input = |path: &str| sent.pointer(&format!("/prompt/{path}")).cloned();
    assert_eq!(input("6/inputs/text"), Some(json!("a lamp")));
    assert_eq!(input("7/inputs/text"), Some(json!("fog")));
    assert_eq!(input("3/inputs/steps"), Some(json!(30)));
    assert_eq!(input("3/inputs/cfg"), Some(json!(8.0)), "what nobody binds stays");
    assert_eq!(input("3/inputs/seed"), Some(json!(call.seed & 0xffff_ffff)));
    assert_eq!((input("5/inputs/width"), input("5/inputs/height")), (Some(json!(256)), Some(json!(144))));
    let (id, prefix) = (sent["prompt_id"].as_str().expect("a name"), input("9/inputs/filename_prefix"));
    assert_eq!(prefix, Some(json!(format!("throughline/{id}"))), "files have a name of the job's own");
    assert!(sent["client_id"].as_str().is_some_and(|client| client.starts_with("throughline-")));
    bench.settled();
    // It is there: nobody is asked again.
    assert_eq!(bench.run(call), Ok(outputs));
    assert_eq!(fake.asked(Step::Submit), 1);
}

#[test]
fn progress_comes_from_the_socket() {
    let fake = Fake::new();
    // No file to fetch, so that all progress is that of waiting.
    let text = r#"{ "1": { "class_type": "PrimitiveStringMultiline", "inputs": { "value": "x" }, "_meta": { "title": "Prompt" } },
        "2": { "class_type": "PreviewAny", "inputs": { "source": ["1", 0] } } }"#;
    let bench = Bench::new(&fake.base, item("words", text));
    // The job does not move before the socket stands, and is not done before progress was heard of.
    fake.state().is_dead = true;
    fake.state().is_held = true;
    let seen = |done: f32| {
        let mut state = fake.state();
        state.is_dead &= !state.has_socket();
        // The server asks whether we are there, between its messages.
        let is_answered = state.heard.iter().any(|(_, head, body)| head == "answer" && body == b"there?");
        state.is_held &= done == 0.0 || !is_answered;
    };
    let outputs = bench.watch(bench.call(), &Cancel::default(), &seen).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(outputs[0].1, Value::Text("a lamp".into()));
    bench.settled();
}

#[test]
fn a_picture_in_the_making_is_there_for_whoever_looks() {
    let fake = Fake::new();
    let bench = portrait(&fake);
    let key = bench.job(bench.call()).key;
    fake.state().is_dead = true;
    fake.state().is_held = true;
    let shown = std::cell::RefCell::new(None);
    let look = |_: f32| {
        let picture = bench.previews.look(&key);
        let mut state = fake.state();
        state.is_dead &= !state.has_socket();
        state.is_held &= picture.is_none();
        if let Some(picture) = picture {
            *shown.borrow_mut() = Some(picture);
        }
    };
    bench.watch(bench.call(), &Cancel::default(), &look).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(shown.take().as_deref(), Some(&[PNG, b"half done"].concat()[..]));
    assert_eq!(bench.previews.look(&key), None, "there is the result");
    bench.settled();
}

#[test]
fn a_lost_socket_does_not_matter() {
    let fake = Fake::new();
    for _ in 0..20 {
        fake.fault(Step::Socket, Fault::Reset);
    }
    let bench = portrait(&fake);
    bench.go().unwrap_or_else(|error| panic!("{error}"));
    bench.settled();
}

#[test]
fn pictures_are_uploaded_under_their_digest() {
    let fake = Fake::new();
    let bench = Bench::new(&fake.base, item("upload", &example("upload")));
    let call = bench.with_picture(b"\x89PNG\r\n\x1a\nred");
    bench.run(call.clone()).unwrap_or_else(|error| panic!("{error}"));
    let sent = &fake.bodies(Step::Submit)[0];
    let name = format!("throughline/{}.png", call.references[0].images[0].digest.short());
    assert_eq!(sent.pointer("/prompt/1/inputs/image"), Some(&json!(name)));
    let told_of = fake.bodies(Step::Submit)[0].to_string();
    assert!(!told_of.contains("$media"), "{told_of}");
    fake.fault(Step::Upload, Fault::Answer(413, vec![], "Maximum request body size exceeded".to_owned()));
    let large = told(bench.run(Call { take: 2, ..call.clone() }));
    assert_eq!(large.code, "comfy-upload");
    assert!(large.hints[0].contains("--max-upload-size"), "{large}");
    let first = told(bench.run(bench.starting_at(b"\x89PNG\r\n\x1a\nred")));
    assert_eq!(first.code, "model-misfit", "a first frame is not dropped: {first}");
    bench.settled();
}

#[test]
fn clips_sounds_and_masks_are_uploaded_and_never_left_out() {
    let fake = Fake::new();
    let text = r#"{
        "1": { "class_type": "LoadVideo", "inputs": { "file": "a.mp4" } },
        "2": { "class_type": "GetVideoComponents", "inputs": { "video": ["1", 0] } },
        "3": { "class_type": "LoadImageMask", "inputs": { "image": "a.png", "channel": "alpha" } },
        "4": { "class_type": "InpaintModelConditioning", "inputs": { "pixels": ["2", 0], "mask": ["3", 0] } },
        "5": { "class_type": "VAEDecode", "inputs": { "samples": ["4", 0] } },
        "6": { "class_type": "LoadAudio", "inputs": { "audio": "a.wav" } },
        "7": { "class_type": "CreateVideo", "inputs": { "images": ["5", 0], "audio": ["6", 0], "fps": 24 } },
        "8": { "class_type": "SaveVideo", "inputs": { "video": ["7", 0], "filename_prefix": "x", "format": "mp4", "codec": "auto" } }
    }"#;
    let bench = Bench::new(&fake.base, item("lips", text));
    let bound = |role: Role| bench.item.resolved.count(&role);
    assert_eq!([Role::Source, Role::Audio, Role::Mask].map(bound), [1, 1, 1]);
    let (source, audio) = (bench.file("mp4", b"film"), bench.file("wav", b"voice"));
    let mask = bench.media(b"\x89PNG\r\n\x1a\nmask");
    let call = Call {
        source: Some(source.clone().into()),
        audio: Some(audio.clone().into()),
        mask: Some(model::Image::File(mask.clone().into())),
        ..bench.call()
    };
    bench.run(call.clone()).unwrap_or_else(|error| panic!("{error}"));
    let sent = &fake.bodies(Step::Submit)[0];
    let name = |media: &model::Media| Some(json!(format!("throughline/{}.{}", media.digest.short(), media.format)));
    let given = |at: &str| sent.pointer(&format!("/prompt/{at}")).cloned();
    assert_eq!(given("1/inputs/file"), name(&source));
    assert_eq!(given("6/inputs/audio"), name(&audio));
    assert_eq!(given("3/inputs/image"), name(&mask));
    assert_eq!(given("3/inputs/channel"), Some(json!("red")), "ours are read by their brightness");
    assert_eq!(fake.asked(Step::Upload), 3);
    for lacking in
        [Call { source: None, ..call.clone() }, Call { audio: None, ..call.clone() }, Call { mask: None, ..call }]
    {
        assert_eq!(told(bench.run(lacking)).code, "model-misfit", "its author's files are never taken");
    }
    let portrait = portrait(&fake);
    let clip = Call { source: Some(portrait.file("mp4", b"film").into()), ..portrait.call() };
    let refused = told(portrait.run(clip));
    assert!(refused.message.ends_with("it takes no source clip"), "{refused}");
    bench.settled();
}

#[test]
fn a_lost_answer_is_found_by_our_own_name() {
    for fault in [Fault::Unheard, Fault::Cut(3), Fault::Answer(502, vec![], "bad gateway".to_owned())] {
        let arrives = !matches!(fault, Fault::Answer(..));
        let fake = Fake::new();
        let bench = portrait(&fake);
        fake.fault(Step::Submit, fault);
        let ended = bench.go();
        if arrives {
            ended.unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(fake.asked(Step::Submit), 1);
        } else {
            let told = told(ended);
            assert_eq!(told.code, "provider-network");
            assert!(told.hints.iter().any(|hint| hint.contains("it never arrived")), "{told}");
            bench.go().unwrap_or_else(|error| panic!("{error}"));
        }
        bench.settled();
    }
}

#[test]
fn a_server_that_restarts_loses_the_job_and_the_next_run_makes_it() {
    let fake = Fake::new();
    let bench = portrait(&fake);
    let asked = AtomicU32::new(0);
    let restart = |_: f32| {
        if asked.fetch_add(1, Ordering::SeqCst) == 1 {
            fake.restart();
        }
    };
    let lost = told(bench.watch(bench.call(), &Cancel::default(), &restart));
    assert_eq!(lost.code, "comfy-lost", "{lost}");
    bench.settled();
    bench.go().unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(fake.asked(Step::Submit), 2);
    bench.settled();
}

#[test]
fn a_file_that_was_deleted_is_made_again() {
    let fake = Fake::new();
    let bench = portrait(&fake);
    // Killed between the job's end and its file.
    fake.fault(Step::View, Fault::Answer(500, vec![], String::new()));
    (0..8).for_each(|_| fake.fault(Step::View, Fault::Answer(500, vec![], String::new())));
    assert_eq!(told(bench.go()).code, "provider-network");
    fake.state().faults.clear();
    fake.lose_files();
    assert_eq!(told(bench.go()).code, "comfy-lost");
    bench.go().unwrap_or_else(|error| panic!("{error}"));
    bench.settled();
}

#[test]
fn a_download_goes_on_where_it_broke() {
    let fake = Fake::new();
    let bench = Bench::new(&fake.base, item("film", &example("film")));
    // The first is the question whether the file is there.
    fake.fault(Step::View, Fault::Instead(String::new()));
    fake.fault(Step::View, Fault::Cut(20_000));
    let outputs = bench.go().unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(bench.bytes(&outputs), file(MP4));
    assert!(0 < fake.state().ranges);
    let sent = &fake.bodies(Step::Submit)[0];
    let n = |id: &str| sent.pointer(&format!("/prompt/{id}/inputs/batch_size")).cloned();
    assert_eq!((n("1"), n("2")), (Some(json!(12)), Some(json!(12))));
    bench.settled();
}

#[test]
fn a_cancelled_job_stops_by_the_newest_way_that_the_server_knows() {
    for is_old in [false, true] {
        let fake = Fake::new();
        fake.state().is_dead = true;
        fake.state().is_old = is_old;
        let bench = portrait(&fake);
        let cancel = Cancel::default();
        let ended = bench.watch(bench.call(), &cancel, &|_| cancel.cancel());
        assert_eq!(ended, Err(JobError::Cancelled));
        assert_eq!(fake.waiting(), 0, "nothing runs any more");
        assert_eq!(fake.asked(Step::Interrupt), usize::from(is_old));
        bench.settled();
    }
}

#[test]
fn a_stuck_server_is_told_and_the_job_stays() {
    let fake = Fake::new();
    fake.state().is_dead = true;
    let mut bench = portrait(&fake);
    bench.timing.stuck = Duration::from_millis(300);
    let stuck = told(bench.go());
    assert_eq!(stuck.code, "comfy-stuck", "{stuck}");
    let open = bench.store().open_jobs().expect("it reads");
    assert_eq!((open.len(), open[0].state), (1, JobState::Submitted));
    // Its user restarts it.
    fake.restart();
    fake.state().is_dead = false;
    assert_eq!(told(bench.go()).code, "comfy-lost");
    bench.go().unwrap_or_else(|error| panic!("{error}"));
    bench.settled();
}

#[test]
fn refusals_are_shown() {
    let fake = Fake::new();
    let bench = portrait(&fake);
    let refused = |fault: Fault| {
        fake.fault(Step::Submit, fault);
        let told = told(bench.go());
        bench.settled();
        (told.code.clone(), told.message)
    };
    let answer = |status: u16, body: &str| refused(Fault::Answer(status, vec![], body.to_owned()));
    let (code, message) = answer(500, "500 Internal Server Error");
    assert!(code == "comfy-refused" && message.contains("none that it can read"), "{message}");
    let (code, message) = answer(413, "too large");
    assert!(code == "comfy-refused" && message.contains("--max-upload-size"), "{message}");
    let (code, message) =
        answer(400, r#"{"error":{"type":"invalid_prompt_id","message":"Invalid id","details":""},"node_errors":{}}"#);
    assert!(code == "comfy-refused" && message.ends_with("Invalid id"), "{message}");
    let errors = r#"{"prompt_id":"x","node_errors":{"5":{"class_type":"EmptyLatentImage","errors":[{"message":"Value is smaller than min","details":"width"}]}}}"#;
    let (code, message) = answer(200, errors);
    assert!(
        code == "comfy-refused" && message.contains("EmptyLatentImage (#5): Value is smaller than min width"),
        "{message}"
    );
    assert_eq!(answer(403, "").0, "provider-auth");
    assert_eq!(fake.waiting(), 0);
}

#[test]
fn a_part_of_a_workflow_is_not_enough() {
    let fake = Fake::new();
    // What it says of its classes lets the workflow pass; its check does not.
    fake.state().is_lax = true;
    let bench = Bench::new(&fake.base, item("partial", &example("partial")));
    let told = told(bench.go());
    assert_eq!(told.code, "comfy-refused", "{told}");
    assert!(told.message.contains("Value is bigger than max batch_size"), "{told}");
    assert_eq!(fake.waiting(), 0, "what was dropped takes the rest along");
    bench.settled();
}

#[test]
fn the_shorter_queue_gets_the_job_and_a_dead_server_none() {
    let (busy, idle, lacking) = (Fake::new(), Fake::new(), Fake::new());
    busy.state().others = 3;
    for _ in 0..40 {
        lacking.fault(Step::Info, Fault::Instead("{}".to_owned()));
    }
    let addresses = format!("{}/, {}, http://127.0.0.1:9,{}", busy.base, lacking.base, idle.base);
    let bench = Bench::new(&addresses, item("portrait", PORTRAIT));
    bench.go().unwrap_or_else(|error| panic!("{error}"));
    let submits = [&busy, &idle, &lacking].map(|fake| fake.asked(Step::Submit));
    assert_eq!(submits, [0, 1, 0], "the one that has its classes and the least to do");
    busy.state().others = 0;
    idle.state().others = 1;
    bench.run(Call { take: 2, ..bench.call() }).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!((busy.asked(Step::Submit), idle.asked(Step::Submit)), (1, 1));
    bench.settled();
    let nobody = Bench::new("http://127.0.0.1:9", item("portrait", PORTRAIT));
    let told = told(nobody.go());
    assert_eq!(told.code, "provider-network");
    assert!(told.hints.iter().any(|hint| hint.contains("COMFYUI_URL")), "{told}");
    nobody.settled();
}

#[test]
fn version_two_is_spoken_where_nothing_else_is() {
    let fake = Fake::new();
    fake.state().is_v2 = true;
    let bench = Bench::new(&fake.base, item("upload", &example("upload")));
    // The answer is lost: the job is found by its label.
    fake.fault(Step::Submit, Fault::Unheard);
    let call = bench.with_picture(b"\x89PNG\r\n\x1a\nred");
    let outputs = bench.run(call).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(bench.bytes(&outputs), file(PNG));
    assert_eq!(fake.asked(Step::Submit), 1);
    let sent = &fake.bodies(Step::Submit)[0];
    assert_eq!(sent.pointer("/workflow/1/inputs/image/__type"), Some(&json!("core/ASSET")));
    let broken = told(bench.run(bench.with_picture(b"not a picture")));
    assert_eq!(broken.code, "comfy-node-failed", "{broken}");
    bench.settled();
    fake.state().is_dead = true;
    let cancel = Cancel::default();
    let other = Call { take: 3, ..bench.with_picture(b"\x89PNG\r\n\x1a\nblue") };
    assert_eq!(bench.watch(other, &cancel, &|_| cancel.cancel()), Err(JobError::Cancelled));
    assert_eq!(fake.waiting(), 0);
    bench.settled();
}

#[test]
fn servers_say_how_they_stand() {
    let fake = Fake::new();
    let http = std::sync::Arc::new(Http::start(super::super::bench::timing()).expect("it starts"));
    let keys = Keys::fixed([("COMFYUI_URL", fake.base.as_str())]);
    let found = standings(None, &keys, &http).expect("they are known");
    assert_eq!((found[0].queue, found[0].version.as_deref(), found[0].v2), (Some(0), Some("0.26.0"), false));
    let found = standings(Some("http://127.0.0.1:9"), &keys, &http).expect("an address");
    assert_eq!(found[0].diagnostic.as_ref().map(|it| it.code.as_str()), Some("provider-network"));
    let told = |addresses: &str| standings(Some(addresses), &keys, &http).expect_err("refused").code;
    assert_eq!(told("ftp://x"), "address");
    assert_eq!(told("http://me:pw@127.0.0.1"), "address");
    assert_eq!(standings(None, &Keys::fixed([]), &http).expect_err("none").code, "comfy-server");
}

#[test]
fn a_model_says_what_it_takes() {
    let manifest = |item| {
        let mut shelf = Shelf::default();
        shelf.put(item);
        shelf.manifest()
    };
    let portrait = manifest(item("portrait", PORTRAIT));
    let entry = &portrait.models[0];
    assert_eq!((entry.name.as_str(), entry.prices.summary().as_str()), ("comfy/portrait", "free"));
    let bench = Bench::new("", item("portrait", PORTRAIT));
    let ask = entry.fit(&bench.call()).expect("it can");
    assert_eq!((entry.price(&ask), ask.width, ask.doubts.len()), (Some(0), 256, 0));
    let odd = Call { size: (250, 141), ..bench.call() };
    assert_eq!(entry.fit(&odd).map(|ask| (ask.width, ask.height)), Ok((256, 144)), "in steps of the latent");
    let upload = manifest(item("upload", &example("upload")));
    assert!(upload.models[0].fit(&bench.call()).is_err(), "it needs a picture, and takes no prompt");
    let other = manifest(item("portrait", &PORTRAIT.replace("\"cfg\": 8.0", "\"cfg\": 7.0")));
    assert_ne!(other.models[0].version, entry.version, "another workflow under the same name is another model");
}

#[test]
fn frames_are_counted_at_the_models_own_rate() {
    let text = example("film");
    let workflow = Workflow::parse("film", &text).expect("it reads");
    let mut bindings: Bindings = item("film", &text).bindings;
    (bindings.limits.fps, bindings.limits.frames_step, bindings.limits.frames_plus) = (16.0, 4, 1);
    let item = crate::comfy::Item::new("film".to_owned(), &workflow, bindings).expect("it resolves");
    assert_eq!(item.resolved.count(&Role::Frames), 2);
    let fake = Fake::new();
    let bench = Bench::new(&fake.base, item);
    bench.run(Call { n_frames: 60, ..bench.call() }).unwrap_or_else(|error| panic!("{error}"));
    let sent = &fake.bodies(Step::Submit)[0];
    // 60 frames at 24 are 40 at 16, and the model makes one more than a multiple of four.
    assert_eq!(sent.pointer("/prompt/1/inputs/batch_size"), Some(&json!(41)));
    let long = told(bench.run(Call { n_frames: 600, ..bench.call() }));
    assert_eq!(long.code, "comfy-short", "frames that are missing are not passed over: {long}");
}
