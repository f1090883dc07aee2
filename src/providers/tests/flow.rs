//! Every provider's way from call to value, and everything that can happen on it.

use engine::money::Total;
use engine::store::Claim;
use engine::worker::{Cancel, JobCx, JobError};
use model::Value;

use super::bench::{Bench, code, port};
use super::fake::{Fault, Shape, Step, file};
use super::shapes::SHAPES;

pub(crate) fn each(check: impl Fn(&'static Shape) + Sync) {
    // Side by side: most of the time they wait.
    std::thread::scope(|scope| {
        for shape in SHAPES {
            scope.spawn(|| check(shape));
        }
    });
}

#[track_caller]
pub(crate) fn settled(bench: &Bench, shape: &Shape, submits: usize) {
    let store = bench.store();
    assert_eq!(bench.fake().submits(), submits, "{}: jobs at the provider", shape.entry);
    assert_eq!(store.open_jobs(), Ok(Vec::new()), "{}: nothing is left open", shape.entry);
    // Where neither the answer nor a price list says what it cost, nobody knows: that is not nothing.
    let catalog = crate::Catalog::built_in();
    let has_price = catalog.entry(shape.entry).is_some_and(|entry| !entry.prices.rules.is_empty());
    let n_unknown = if has_price || 0 < shape.bill { 0 } else { submits as u64 };
    let total = Total { microusd: bench.fake().bill(), maybe: 0, n_unknown };
    assert_eq!(store.ledger_total(), Ok(total), "{}: the ledger is the bill", shape.entry);
    bench.assert_no_key();
}

#[test]
fn a_call_becomes_a_value_and_is_paid_once() {
    each(|shape| {
        let bench = Bench::new(shape);
        let outputs = bench.go().unwrap_or_else(|error| panic!("{}: {error}", shape.entry));
        let task = bench.call().task;
        assert_eq!(&*outputs[0].0, port(task), "{}", shape.entry);
        match &outputs[0].1 {
            Value::Text(text) => assert_eq!(&**text, "a lamp", "{}", shape.entry),
            _ => assert_eq!(bench.bytes(&outputs), file(shape), "{}", shape.entry),
        }
        if let Value::Clip(clip) = &outputs[0].1 {
            assert_eq!(clip.n_frames(), 60, "{}: cut to what was asked for", shape.entry);
        }
        settled(&bench, shape, 1);
        assert_eq!(bench.go(), Ok(outputs), "{}: it is there", shape.entry);
        settled(&bench, shape, 1);
        let seen = bench.seen.lock().expect("no panics");
        assert!(seen.iter().all(|it| it.failed.is_none() && it.name == shape.entry), "{seen:?}");
    });
}

#[test]
fn a_refusal_is_shown_and_costs_nothing() {
    let answers = [
        (400, "provider-rejected"),
        (401, "provider-auth"),
        (402, "provider-quota"),
        (404, "provider-rejected"),
        (302, "provider-bad-reply"),
    ];
    each(|shape| {
        for (status, wanted) in answers {
            let bench = Bench::new(shape);
            let said = format!("{{\"error\":{{\"message\":\"no {}\"}}}}", super::fake::KEY);
            bench.fake().fault(Step::Submit, Fault::Answer(status, vec![], said));
            assert_eq!(code(bench.go()), wanted, "{}", shape.entry);
            assert_eq!(bench.fake().asked(Step::Submit), 1, "{}: not tried again", shape.entry);
            settled(&bench, shape, 0);
        }
    });
}

#[test]
fn too_fast_is_tried_again_when_the_provider_says() {
    each(|shape| {
        let bench = Bench::new(shape);
        let wait = vec![("Retry-After", "0.01".to_owned())];
        for _ in 0..2 {
            bench.fake().fault(Step::Submit, Fault::Answer(429, wait.clone(), "{}".to_owned()));
        }
        bench.fake().fault(Step::Poll, Fault::Answer(429, wait.clone(), "{}".to_owned()));
        bench.go().unwrap_or_else(|error| panic!("{}: {error}", shape.entry));
        settled(&bench, shape, 1);
        let bench = Bench::new(shape);
        bench
            .fake()
            .fault(Step::Submit, Fault::Answer(429, vec![("Retry-After", "86400".to_owned())], "{}".to_owned()));
        assert_eq!(code(bench.go()), "provider-rate-limited", "{}: not tomorrow", shape.entry);
        settled(&bench, shape, 0);
    });
}

#[test]
fn a_lost_answer_asks_and_is_never_submitted_again() {
    each(|shape| {
        let lost = [Fault::Unheard, Fault::Stall, Fault::Cut(3), Fault::Instead("<html>".to_owned())];
        for fault in lost {
            let bench = Bench::new(shape);
            if shape.accepted == "$FILE" && matches!(fault, Fault::Instead(_)) {
                continue;
            }
            bench.fake().fault(Step::Submit, fault.clone());
            for _ in 0..3 {
                assert_eq!(code(bench.go()), "outcome-unknown", "{} after {fault:?}", shape.entry);
            }
            assert_eq!(bench.fake().asked(Step::Submit), 1, "{} after {fault:?}", shape.entry);
            assert_eq!(bench.store().open_jobs().expect("reads").len(), 1);
            bench.assert_no_key();
        }
    });
}

#[test]
fn an_answer_of_events_is_gathered_and_one_that_is_cut_off_asks() {
    let shape = &super::shapes::CHAT_SERVER;
    let instead = |text: &str| Fault::Instead(text.to_owned());
    for fault in [Fault::Cut(150), Fault::Huge(9 << 20), instead("data: {\"choices\":[]}\n\n"), instead("")] {
        let bench = Bench::new(shape);
        bench.fake().fault(Step::Submit, fault.clone());
        (0..2).for_each(|_| assert_eq!(code(bench.go()), "outcome-unknown", "{fault:?}"));
        assert_eq!(bench.fake().asked(Step::Submit), 1, "{fault:?}");
    }
    let bench = Bench::new(shape);
    bench.fake().fault(Step::Submit, instead("data: {\"error\":{\"message\":\"no memory\"}}\n\ndata: [DONE]\n\n"));
    let Err(JobError::Failed(told)) = bench.go() else { panic!("it failed") };
    assert!(told.code == "provider-rejected" && told.message.contains("no memory"), "{told}");
    settled(&bench, shape, 1);
    // A server that knows no streams answers as a whole.
    let bench = Bench::new(shape);
    let whole = r#"{"choices":[{"message":{"content":"a lamp"},"finish_reason":"length"}]}"#;
    let kind = vec![("Content-Type", "application/json".to_owned())];
    bench.fake().fault(Step::Submit, Fault::Answer(200, kind, whole.to_owned()));
    let outputs = bench.go().expect("it is read all the same");
    let cut = ("cut_short".into(), Value::Flag(true));
    assert_eq!(outputs, [("text".into(), Value::Text("a lamp".into())), cut.clone()]);
    let bench = Bench::new(shape);
    let stream =
        "data: {\"choices\":[{\"delta\":{\"content\":\"a la\"},\"finish_reason\":\"length\"}]}\n\ndata: [DONE]\n\n";
    bench.fake().fault(Step::Submit, instead(stream));
    assert_eq!(bench.go().expect("half of it"), [("text".into(), Value::Text("a la".into())), cut]);
}

#[test]
fn a_lost_job_that_a_person_found_is_waited_for_and_fetched() {
    each(|shape| {
        let Some(poll) = shape.poll else { return };
        let bench = Bench::new(shape);
        bench.fake().fault(Step::Submit, Fault::Unheard);
        assert_eq!(code(bench.go()), "outcome-unknown", "{}", shape.entry);
        let store = bench.store();
        let open = store.open_jobs().expect("reads").remove(0);
        let manifest = bench.catalog.manifests().next().expect("one");
        let names = &manifest.operations.values().next().expect("one").urls;
        // Where it answers with URLs, that is what people find; Google's names of jobs are paths.
        let found = match (names.is_empty(), shape.accepted.contains("projects/")) {
            (false, _) => poll.replace("GET ", &bench.fake().base),
            (true, true) => "projects/project-1/operations/$ID".to_owned(),
            (true, false) => "$ID".to_owned(),
        };
        let found = found.replace("$ID", "job-1");
        crate::judge_name(&bench.catalog, &open, &found).unwrap_or_else(|told| panic!("{}: {told}", shape.entry));
        store.journal_submitted(open.id, &found).expect("written");
        let outputs = bench.go().unwrap_or_else(|error| panic!("{}: {error}", shape.entry));
        assert_eq!(bench.bytes(&outputs), file(shape), "{}", shape.entry);
        // What the answer to the submission says of the price was never heard: the price list counts.
        assert_eq!((bench.fake().submits(), store.open_jobs()), (1, Ok(Vec::new())), "{}", shape.entry);
        bench.assert_no_key();
    });
}

#[test]
fn whatever_happens_while_waiting_the_job_is_finished_once() {
    each(|shape| {
        if shape.poll.is_none() {
            return;
        }
        for step in [Step::Poll, Step::Second, Step::File] {
            // Some have no second question, and some no file outside their answer.
            let is_inside = shape.done.contains("$B64");
            if step == Step::Second && shape.second.is_none() || step == Step::File && is_inside {
                continue;
            }
            let faults = [
                Fault::Reset,
                Fault::Cut(10),
                Fault::Answer(500, vec![], "<html>broken</html>".to_owned()),
                Fault::Answer(503, vec![("Retry-After", "0".to_owned())], String::new()),
            ];
            for fault in faults {
                let bench = Bench::new(shape);
                bench.fake().fault(step, fault.clone());
                let outputs = bench.go().unwrap_or_else(|error| panic!("{} {step:?} {fault:?}: {error}", shape.entry));
                assert_eq!(bench.bytes(&outputs), file(shape), "{} {step:?} {fault:?}", shape.entry);
                settled(&bench, shape, 1);
            }
        }
        for instead in ["null", "[]", "{\"status\":[1]}", "7", "\"x\""] {
            let bench = Bench::new(shape);
            bench.fake().fault(Step::Poll, Fault::Instead(instead.to_owned()));
            bench.go().unwrap_or_else(|error| panic!("{} {instead}: {error}", shape.entry));
            settled(&bench, shape, 1);
        }
    });
}

#[test]
fn a_failed_job_is_told_in_the_providers_words() {
    each(|shape| {
        let Some(_) = shape.failed else { return };
        let bench = Bench::new(shape);
        bench.fake().state().fails = true;
        let told = code(bench.go());
        assert!(told.starts_with("provider-"), "{}: {told}", shape.entry);
        assert_eq!(bench.fake().submits(), 1, "{}: not tried again", shape.entry);
        assert_eq!(bench.store().open_jobs(), Ok(Vec::new()), "{}", shape.entry);
        // Runway says that a failed job is refunded, a server of one's own is free; of others nobody knows, those that fail
        // in the answer to their submission included.
        let free = ["runway/", "openai-videos/", "chat-server/"].iter().any(|it| shape.entry.starts_with(it));
        let owed = bench.store().ledger_total().expect("reads");
        assert_eq!((owed.microusd, owed.is_free()), (0, free), "{}: {owed}", shape.entry);
        bench.assert_no_key();
    });
}

#[test]
fn a_job_can_be_stopped_where_the_provider_lets_it() {
    each(|shape| {
        if shape.poll.is_none() {
            return;
        }
        let bench = Bench::new(shape);
        bench.fake().state().endless = true;
        let cancel = Cancel::default();
        let ended = std::thread::scope(|scope| {
            let running = scope.spawn(|| bench.run(bench.call(), &cancel));
            while bench.fake().asked(Step::Poll) < 2 {
                let _ = crossbeam_channel::after(std::time::Duration::from_millis(2)).recv();
            }
            cancel.cancel();
            running.join().expect("it ends")
        });
        assert_eq!(ended, Err(JobError::Cancelled), "{}", shape.entry);
        let open = bench.store().open_jobs().expect("reads").len();
        match shape.cancel {
            Some(_) => assert_eq!((bench.fake().state().cancelled.len(), open), (1, 0), "{}", shape.entry),
            None => assert_eq!(open, 1, "{}: it goes on, and is fetched by the next run", shape.entry),
        }
        let owed = bench.store().ledger_total().expect("reads");
        assert_eq!(owed.microusd, 0, "{}: a cancelled job's bill is no fact: {owed}", shape.entry);
        assert_eq!(bench.fake().submits(), 1);
    });
}

#[test]
fn a_dead_link_is_asked_for_again_and_a_dead_result_is_said() {
    let gone = || Fault::Answer(403, vec![], "expired".to_owned());
    each(|shape| {
        if shape.poll.is_none() || shape.done.contains("$B64") {
            return;
        }
        let bench = Bench::new(shape);
        bench.fake().fault(Step::File, gone());
        bench.go().unwrap_or_else(|error| panic!("{}: {error}", shape.entry));
        settled(&bench, shape, 1);
        let bench = Bench::new(shape);
        bench.fake().fault(Step::File, gone());
        bench.fake().fault(Step::File, gone());
        assert_eq!(code(bench.go()), "result-expired", "{}", shape.entry);
        assert_eq!(bench.store().open_jobs().expect("reads").len(), 1, "{}: it is not made again", shape.entry);
        bench.go().unwrap_or_else(|error| panic!("{}: {error}", shape.entry));
        settled(&bench, shape, 1);
    });
}

#[test]
fn a_broken_download_goes_on_where_it_broke() {
    each(|shape| {
        if shape.poll.is_none() || shape.done.contains("$B64") {
            return;
        }
        let bench = Bench::new(shape);
        bench.fake().fault(Step::File, Fault::Cut(20_000));
        let outputs = bench.go().unwrap_or_else(|error| panic!("{}: {error}", shape.entry));
        assert_eq!(bench.bytes(&outputs), file(shape), "{}", shape.entry);
        assert_eq!(bench.fake().state().ranges, 1, "{}", shape.entry);
        settled(&bench, shape, 1);
    });
}

#[test]
fn what_is_no_media_or_too_large_is_not_taken() {
    each(|shape| {
        if shape.poll.is_none() || shape.done.contains("$B64") {
            return;
        }
        let bench = Bench::new(shape);
        bench.fake().fault(Step::File, Fault::Instead("<html>sorry</html>".to_owned()));
        assert_eq!(code(bench.go()), "provider-bad-reply", "{}", shape.entry);
        assert_eq!(bench.store().open_jobs().expect("reads").len(), 1, "{}: it is not made again", shape.entry);
        bench.go().unwrap_or_else(|error| panic!("{}: {error}", shape.entry));
        settled(&bench, shape, 1);
    });
    // One of them is enough for what is large and slow.
    let bench = Bench::new(&super::shapes::RUNWAY);
    bench.fake().fault(Step::Poll, Fault::Huge(9 << 20));
    bench.fake().fault(Step::Poll, Fault::Stall);
    bench.fake().fault(Step::File, Fault::Stall);
    bench.go().expect("it is made");
    settled(&bench, &super::shapes::RUNWAY, 1);
}

#[test]
fn pictures_go_along_and_the_key_stays_at_home() {
    let bench = Bench::new(&super::shapes::RUNWAY);
    let picture = || Some(model::Image::File(std::sync::Arc::new(bench.picture())));
    // The fake knows another way only, so it refuses: what was sent is what counts.
    let told = code(bench.run(model::Call { first_frame: picture(), ..bench.call() }, &Cancel::default()));
    assert_eq!(told, "provider-rejected");
    let state = bench.fake().state();
    let (_, head, body) = state.heard.last().expect("heard");
    assert!(head.starts_with("POST /v1/image_to_video "), "{head}");
    assert!(head.to_lowercase().contains("x-runway-version: 2024-11-06"), "{head}");
    let body: serde_json::Value = serde_json::from_slice(body).expect("JSON");
    let uri = body["promptImage"][0]["uri"].as_str().expect("a picture");
    assert!(uri.starts_with("data:image/png;base64,iVBOR"), "{uri}");
    assert_eq!((&body["promptImage"][0]["position"], &body["duration"]), (&"first".into(), &3.into()));
    drop(state);
    bench.assert_no_key();
}

#[test]
fn a_clip_to_work_from_goes_along() {
    let bench = Bench::new(&super::shapes::RUNWAY_EDIT);
    let clip = || Some(std::sync::Arc::new(bench.file("mp4", super::shapes::MP4)));
    bench
        .run(model::Call { source: clip(), first_frame: None, ..bench.call() }, &Cancel::default())
        .expect("it is made");
    let state = bench.fake().state();
    let sent = state.heard.iter().find(|(_, head, _)| head.starts_with("POST /v1/video_to_video ")).expect("sent");
    let body: serde_json::Value = serde_json::from_slice(&sent.2).expect("JSON");
    let uri = body["videoUri"].as_str().expect("a clip");
    assert!(uri.starts_with("data:video/mp4;base64,"), "{uri}");
    drop(state);
    settled(&bench, &super::shapes::RUNWAY_EDIT, 1);
}

#[test]
fn a_clips_frame_becomes_a_picture() {
    let bench = Bench::new(&super::shapes::OPENAI_IMAGES);
    let clip = model::Recipe::still(model::Image::File(std::sync::Arc::new(bench.picture())), 24, model::Rate(24, 1));
    let frame = model::Image::Frame { clip: std::sync::Arc::new(clip), frame: 23 };
    let reference = bench.reference();
    code(bench.run(model::Call { first_frame: Some(frame), ..bench.call() }, &Cancel::default()));
    code(bench.run(model::Call { references: vec![reference], ..bench.call() }, &Cancel::default()));
    let state = bench.fake().state();
    let forms: Vec<String> =
        state.heard.iter().map(|(_, _, body)| String::from_utf8_lossy(body).into_owned()).collect();
    for (form, inside) in forms.iter().zip(["frame", "picture"]) {
        assert!(form.contains("name=\"image[]\"; filename=\"picture.png\"") && form.contains("image/png"), "{form}");
        assert!(form.contains(&format!("PNG\r\n\u{1a}\n{inside}")) && form.contains("name=\"prompt\""), "{form}");
    }
    assert_eq!(forms.len(), 2);
}

#[test]
fn without_a_key_nothing_is_asked() {
    each(|shape| {
        let mut bench = Bench::new(shape);
        bench.is_locked_out = true;
        let manifest = bench.catalog.manifests().next().expect("one").clone();
        if manifest.credentials.iter().any(|way| way.address) {
            // Its address is not known then: nothing is asked at the default one.
            assert!(!bench.keys().open(&manifest.credentials), "{}", shape.entry);
            return;
        }
        assert_eq!(code(bench.go()), "provider-auth", "{}", shape.entry);
        assert!(bench.fake().state().heard.is_empty(), "{}", shape.entry);
        assert_eq!(bench.store().open_jobs(), Ok(Vec::new()), "{}", shape.entry);
    });
}

#[test]
fn many_jobs_are_made_once_each_and_not_all_at_a_time() {
    const N: u64 = 12;
    let shape = &super::shapes::RUNWAY;
    let bench = Bench::new(shape);
    let store = bench.store();
    let manifest = bench.catalog.manifests().next().expect("one");
    let lane = crate::lane(manifest, &bench.setup(&store)).expect("a lane");
    assert_eq!((lane.name, lane.width), ("runway", 2));
    std::thread::scope(|scope| {
        for seed in 0..N {
            let (lane, bench, store) = (&lane, &bench, &store);
            scope.spawn(move || {
                let job = bench.job(model::Call { seed, ..bench.call() });
                let Claim::Ours(_guard) = store.claim(&job.key).expect("claimed") else { panic!("it is ours") };
                let progress = |_: f32| {};
                let cancel = Cancel::default();
                let cx = JobCx { artifacts: &**store, cancel, progress: &progress, project: bench.root() };
                lane.worker.run(&job, &cx).unwrap_or_else(|error| panic!("{error}"));
            });
        }
    });
    settled(&bench, shape, N as usize);
    assert_eq!(bench.fake().asked(Step::File), N as usize, "each is fetched once");
    assert_eq!(bench.fake().state().peak, 2, "no more at a time than the provider lets run");
}

#[test]
fn a_picture_is_uploaded_before_it_is_submitted() {
    let shape = &super::shapes::REPLICATE;
    let bench = Bench::new(shape);
    bench.fake().fault(Step::Upload, Fault::Answer(500, vec![], String::new()));
    let call = model::Call { references: vec![bench.reference()], ..bench.call() };
    bench.run(call, &Cancel::default()).expect("it is made, and an upload may be tried again");
    settled(&bench, shape, 1);
    let state = bench.fake().state();
    let bodies = |step: Step| {
        let found = state.heard.iter().filter(move |(it, ..)| *it == step);
        found.map(|(.., body)| String::from_utf8_lossy(body).into_owned()).collect::<Vec<_>>()
    };
    let uploads = bodies(Step::Upload);
    assert!(uploads.len() == 2 && uploads[1].contains("name=\"content\"; filename=\"picture.png\""), "{uploads:?}");
    let submitted: serde_json::Value = serde_json::from_str(&bodies(Step::Submit)[0]).expect("JSON");
    assert_eq!(submitted["input"]["input_images"][0], format!("{}/v1/files/up", bench.fake().base));
    assert_eq!((&submitted["input"]["width"], &submitted["input"]["height"]), (&1280.into(), &736.into()));
}

#[test]
fn a_provider_is_checked_without_a_purchase() {
    let keys = |bench: &Bench| bench.keys();
    let http = std::sync::Arc::new(crate::Http::start(super::bench::timing()).expect("it starts"));
    let standing = |bench: &Bench, keys: &crate::Keys| {
        let checked = crate::check(&bench.catalog, keys, &http, None);
        assert_eq!(checked.len(), 1);
        let told = checked[0].diagnostic.as_ref().map(ToString::to_string).unwrap_or_default();
        assert!(!told.contains(super::fake::KEY), "{told}");
        checked[0].state
    };
    let bench = Bench::new(&super::shapes::RUNWAY);
    // The fake knows no such way, and says so.
    assert_eq!(standing(&bench, &keys(&bench)), crate::Standing::Fails);
    bench.fake().fault(Step::Other, Fault::Answer(200, vec![], "{}".to_owned()));
    assert_eq!(standing(&bench, &keys(&bench)), crate::Standing::Works);
    assert_eq!(standing(&bench, &crate::Keys::fixed([])), crate::Standing::NoCredentials);
    let wrong = crate::Keys::fixed([("RUNWAYML_API_SECRET", "sk-another-key")]);
    // The fake names the right key then, which nobody here knows.
    assert_eq!(crate::check(&bench.catalog, &wrong, &http, Some("runway"))[0].state, crate::Standing::Fails);
    let heard = &bench.fake().state().heard;
    assert!(heard.iter().all(|(_, head, _)| head.starts_with("GET /v1/organization ")), "{heard:?}");
    let unasked = Bench::new(&super::shapes::FAL);
    assert_eq!(standing(&unasked, &keys(&unasked)), crate::Standing::NotChecked);
}

#[test]
fn redirects_are_judged_and_get_no_key() {
    let shape = &super::shapes::RUNWAY;
    let sent_to = |target: &str| Fault::Answer(302, vec![("Location", target.to_owned())], String::new());
    let bench = Bench::new(shape);
    bench.fake().fault(Step::File, sent_to("/files/job-1"));
    bench.go().expect("it is followed");
    let state = bench.fake().state();
    let has_key = |head: &String| head.to_lowercase().contains("authorization:");
    let files: Vec<bool> =
        state.heard.iter().filter(|(it, ..)| *it == Step::File).map(|(_, head, _)| has_key(head)).collect();
    assert_eq!(files, [true, false], "the provider's own host gets the key, but not by way of a redirect");
    drop(state);
    for bad in ["http://169.254.169.254/latest", "http://localhost:1/x", "file:///etc/passwd", "https://10.0.0.1/"] {
        let bench = Bench::new(shape);
        bench.fake().fault(Step::File, sent_to(bad));
        assert_eq!(code(bench.go()), "provider-network", "{bad}");
        bench.go().expect("the next run fetches it");
        settled(&bench, shape, 1);
    }
    // In a circle.
    let bench = Bench::new(shape);
    (0..7).for_each(|_| bench.fake().fault(Step::File, sent_to("/files/job-1")));
    assert_eq!(code(bench.go()), "provider-network");
}
