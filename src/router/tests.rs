//! The router over the built-in manifests: who is chosen, what holds, and what falls.

use std::collections::BTreeMap;

use engine::models::Falls;
use engine::store::Trace;
use model::policy::{Aim, Consent, Consistency, PinScope};
use model::{ModelChoice, Quality, Task, Value, Work};
use providers::Observation;

use super::*;

fn call(model: &str) -> Call {
    Call {
        model: ModelChoice::written(model),
        size: (1280, 720),
        n_frames: 60,
        seed: 7,
        ..Call::new(Task::Video, "a lamp in fog")
    }
}

fn router(keys: &[(&str, &str)]) -> Router {
    Router { today: || Date(2026, 11, 22), ..Router::over(Catalog::built_in, Keys::fixed(keys.iter().copied())) }
}

fn chosen_under(router: &Router, policy: &Policy, call: &Call, scope: &Scope) -> Result<Chosen, Diagnostic> {
    router.choose(policy, &[Asked { call, digest: call.digest(), scope, at_work: None }]).remove(0)
}

fn choose(router: &Router, call: &Call) -> Result<Chosen, Diagnostic> {
    chosen_under(router, &Policy::default(), call, &Scope::default())
}

const RUNWAY: &[(&str, &str)] = &[("RUNWAYML_API_SECRET", "k")];

#[test]
fn previs_looks_nothing_up() {
    let router = router(RUNWAY);
    for name in ["auto", "animatic"] {
        let chosen = choose(&router, &call(name)).expect("it draws clips");
        assert_eq!((chosen.model.as_str(), chosen.lane, chosen.cost), ("animatic", "animatic", Some(0)));
    }
    let told = choose(&router, &Call { task: Task::Text, ..call("auto") }).expect_err("it cannot write");
    assert_eq!(told.code, "no-model");
    assert!(router.world.get().is_none() && router.http.get().is_none(), "nobody asked for anything hosted");
    let with = |name: &str| Call { options: BTreeMap::from([(name.to_owned(), "on".to_owned())]), ..call("auto") };
    assert!(choose(&router, &with("arrows")).is_ok());
    let refused = choose(&router, &with("motion")).expect_err("nothing is dropped in silence");
    assert_eq!(refused.message, "the built-in previs model has no option `motion`");
    let (digest, format) = (Digest::of(b"clip"), "mp4".to_owned());
    let clip = model::Media { digest, bytes: 4, format, video: None, audio: None };
    let refused = choose(&router, &Call { source: Some(Arc::new(clip)), ..call("auto") }).expect_err("nor is a clip");
    assert_eq!(refused.message, "the built-in previs model takes no source clip");
}

#[test]
fn a_wish_is_met_by_those_that_let_us_in() {
    let open = router(RUNWAY);
    for wish in Aim::NAMES {
        let chosen = choose(&open, &call(wish)).expect("runway is open");
        assert!(chosen.model.starts_with("runway/") && chosen.lane == "runway", "{}", chosen.model);
        assert!(chosen.cost.is_some_and(|cost| 0 < cost));
        let lines = chosen.lines().join("\n");
        assert!(lines.contains("removed by credentials: "), "{lines}");
    }
    let cheapest = choose(&open, &call("cheapest")).expect("as before").cost;
    let all = open.world().catalog.entries().into_iter();
    let runway = all.filter(|it| it.provider == "runway").filter_map(|it| it.price(&it.fit(&call("x")).ok()?));
    assert_eq!(cheapest, runway.min());
    assert!(open.http.get().is_none(), "choosing asks nobody");
    let told = choose(&router(&[]), &call("cheapest")).expect_err("nobody lets us in");
    assert_eq!(told.code, "no-model");
    assert!(told.hints.iter().any(|hint| hint.contains("throughline keys set")), "{told}");
}

#[test]
fn a_named_model_says_which_filter_keeps_it_out() {
    let told = |keys: &[_], call: &Call| choose(&router(keys), call).expect_err("refused").message;
    let gen45 = call("runway/gen4.5");
    assert_eq!(told(&[], &gen45), "runway/gen4.5 cannot make this, by credentials: RUNWAYML_API_SECRET is not there");
    let long = Call { n_frames: 2400, ..gen45.clone() };
    assert_eq!(told(RUNWAY, &long), "runway/gen4.5 cannot make this, by limits: its longest clip is 10 s, not 100 s");
    assert_eq!(told(RUNWAY, &call("runway/gen9")), "there is no model `runway/gen9`");
    assert_eq!(told(RUNWAY, &call("chepest")), "there is no model `chepest`");
    let chosen = choose(&router(RUNWAY), &gen45).expect("it can");
    assert_eq!((chosen.model.as_str(), chosen.reason.as_str()), ("runway/gen4.5", "the graph names it"));
}

#[test]
fn a_call_keeps_its_model_while_the_session_lasts() {
    let router = router(RUNWAY);
    let first = choose(&router, &call("cheapest")).expect("runway is open");
    for _ in 0..9 {
        let failed = Some("provider-network".to_owned());
        router.health.take(&Observation { name: first.model.clone(), seconds: 1.0, failed });
    }
    assert_eq!(choose(&router, &call("cheapest")).as_ref(), Ok(&first));
    let other = choose(&router, &Call { seed: 8, ..call("cheapest") }).expect("others are well");
    assert_ne!(other.model, first.model, "a new call goes elsewhere");
    let lines = other.lines().join("\n");
    assert!(lines.contains("removed by health: "), "{lines}");
}

/// The key of a call as the engine writes it.
fn key_of(call: &Call, chosen: &Chosen) -> Digest {
    kept::key(call, &chosen.choice, &chosen.model, chosen.version)
}

fn result(call: &Call, chosen: &Chosen) -> Trace {
    Trace {
        outputs: vec![("clip".into(), Value::from("made"))],
        work: Work::Call(Box::new(Call { model: chosen.choice.clone(), ..call.clone() })),
        model: Some(format!("{} {}", chosen.model, chosen.version)),
        cost: engine::money::Cost::Exact(5),
        seconds: 1.0,
        made_at: None,
        parts: Vec::new(),
    }
}

fn store() -> (tempfile::TempDir, Arc<Store>) {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Arc::new(Store::open(folder.path()).expect("it opens"));
    (folder, store)
}

/// Sends the job of a call, and keeps its result.
fn make(router: &Router, store: &Store, call: &Call) -> Chosen {
    let chosen = choose(router, call).expect("somebody can make it");
    let key = key_of(call, &chosen);
    router.launching(&chosen, &key).expect("written down");
    store.put(&key, &result(call, &chosen)).expect("kept");
    chosen
}

#[test]
fn what_is_made_stays_without_a_key() {
    let (_folder, store) = store();
    let with = |keys| Router { store: Some(store.clone()), ..router(keys) };
    let dear = make(&with(RUNWAY), &store, &call("best"));
    let elsewhere = with(&[]);
    for wish in ["best", dear.model.as_str()] {
        let chosen = choose(&elsewhere, &call(wish)).expect("its result is here");
        assert_eq!((&chosen.model, chosen.version), (&dear.model, dear.version));
        assert_eq!(key_of(&call(wish), &chosen), key_of(&call("best"), &dear), "naming the model makes no new key");
        assert!(chosen.reason.contains("it has made this already"), "{}", chosen.reason);
        let record = |it: &Chosen| it.record.clone().expect("it was a choice");
        assert!(wish != "best" || record(&chosen) == record(&dear), "the record of that day is kept");
        assert!(choose(&elsewhere, &Call { seed: 8, ..call(wish) }).is_err(), "nothing else is there");
    }
    assert!(choose(&elsewhere, &call("cheapest")).is_err(), "another wish is another question");
    let denied = Policy { deny: vec!["runway".to_owned()], ..Policy::default() };
    let told = chosen_under(&with(RUNWAY), &denied, &call("best"), &Scope::default()).expect_err("nobody is left");
    assert_eq!(told.code, "no-model");
}

#[test]
fn results_of_older_versions_are_found() {
    let (_folder, store) = store();
    let dear = choose(&router(RUNWAY), &call("best")).expect("runway is open");
    let old = Chosen { choice: ModelChoice::Named("fastest".to_owned()), ..dear.clone() };
    store.put(&key_of(&call("fastest"), &old), &result(&call("fastest"), &old)).expect("kept");
    for wish in ["fastest", "cheapest", dear.model.as_str()] {
        let elsewhere = Router { store: Some(store.clone()), ..router(RUNWAY) };
        let chosen = choose(&elsewhere, &call(wish)).expect("its result is here");
        assert_eq!((chosen.model.as_str(), chosen.cost), (dear.model.as_str(), Some(0)), "{wish}");
        assert_eq!(key_of(&call(wish), &chosen), key_of(&call("fastest"), &old), "{wish}");
    }
}

#[test]
fn the_graph_says_what_auto_means() {
    let router = router(RUNWAY);
    let pins = [("graph", "runway/gen4.5"), ("shot:s2.b1", "animatic"), ("scene:s3", "nobody/x")];
    let pins = pins.into_iter().map(|(scope, model)| (PinScope::parse(scope).expect("a scope"), model.to_owned()));
    let policy = Policy { last: "cheapest".to_owned(), ..Policy::default() };
    let pinned = Policy { pins: pins.collect(), ..policy.clone() };
    let named = |policy: &Policy, call: &Call, shot: &str| {
        let scope = Scope::new(shot.split('.').next().unwrap_or_default(), shot, []);
        chosen_under(&router, policy, call, &scope).map_or_else(|told| told.message, |chosen| chosen.model)
    };
    let last = Call { quality: Quality::Final, ..call("auto") };
    let cheapest = named(&policy, &Call { quality: Quality::Final, ..call("cheapest") }, "");
    assert_eq!(named(&policy, &call("auto"), "s1.b1"), "animatic", "drafts stay previs");
    assert_eq!(named(&policy, &last, "s1.b1"), cheapest);
    assert_eq!(named(&pinned, &last, "s1.b1"), "runway/gen4.5");
    assert_eq!(named(&pinned, &call("best"), "s1.b1"), "runway/gen4.5", "a pin says more than a wish");
    assert_eq!(named(&pinned, &call("auto"), "s2.b1"), "animatic");
    assert_eq!(
        named(&pinned, &call("runway/gen4_turbo"), "s2.b1").as_str().split(' ').next(),
        Some("runway/gen4_turbo")
    );
    assert_eq!(named(&pinned, &last, "s3.b1"), "there is no model `nobody/x`");
    let text = Call { task: Task::Text, ..call("auto") };
    assert!(named(&pinned, &text, "s1.b1").starts_with("no model can make this text"), "no pin is about texts");
    let denied = Policy { deny: vec![cheapest.clone()], ..policy.clone() };
    assert_ne!(named(&denied, &last, ""), cheapest);
    assert_eq!(
        named(&denied, &call(&cheapest), ""),
        format!("{cheapest} cannot make this, by allow and deny: it is denied")
    );
    let allowed = Policy { allow: vec!["kling/*".to_owned()], ..policy };
    assert!(named(&allowed, &last, "").contains("allow and deny"), "runway alone is open");
}

#[test]
fn pins_that_disagree_are_said() {
    let pins = ["character:MARA", "character:JON"].map(|scope| PinScope::parse(scope).expect("a scope"));
    let pins = pins.into_iter().zip(["runway/gen4.5", "runway/gen4_turbo"].map(str::to_owned)).collect();
    let policy = Policy { pins, ..Policy::default() };
    let told = |cast: &[&str]| {
        chosen_under(&router(RUNWAY), &policy, &call("auto"), &Scope::new("s1", "s1.b1", cast.iter().copied()))
    };
    assert_eq!(told(&["Mara"]).expect("one of them is there").model, "runway/gen4.5");
    let conflict = told(&["MARA", "JON"]).expect_err("both are");
    assert_eq!(conflict.code, "pin-conflict");
    assert_eq!(conflict.message, "character:MARA is pinned to runway/gen4.5, and character:JON to runway/gen4_turbo");
}

/// The choices for shots of a cast and a length, all asked for together.
fn cast(router: &Router, policy: &Policy, wish: &str, shots: &[(&str, u32)]) -> Vec<Result<Chosen, Diagnostic>> {
    let calls: Vec<_> = (0u64..)
        .zip(shots)
        .map(|(seed, (names, n_frames))| {
            let call = Call { seed, n_frames: *n_frames, ..call(wish) };
            (call.digest(), call, Scope::new("s1", "", names.split_whitespace()))
        })
        .collect();
    let asked = calls.iter().map(|(digest, call, scope)| Asked { call, digest: *digest, scope, at_work: None });
    router.choose(policy, &asked.collect::<Vec<_>>())
}

const TWO: &[(&str, &str)] =
    &[("RUNWAYML_API_SECRET", "k"), ("FAL_KEY", "k"), ("MINIMAX_API_KEY", "k"), ("LUMA_AGENTS_API_KEY", "k")];

#[test]
fn shots_that_share_a_character_get_one_model() {
    let policy = Policy::default();
    let costs = |found: &[Result<Chosen, Diagnostic>]| {
        found.iter().map(|it| it.as_ref().ok().and_then(|it| it.cost)).collect::<Vec<_>>()
    };
    let names = |found: &[Result<Chosen, Diagnostic>]| {
        let name = |it: &Result<Chosen, Diagnostic>| it.as_ref().map_or("none".to_owned(), |it| it.model.clone());
        found.iter().map(name).collect::<Vec<_>>()
    };
    let shots = [("MARA", 48), ("MARA JON", 240), ("JON", 96), ("ADA", 48)];
    let together = names(&cast(&router(TWO), &policy, "cheapest", &shots));
    assert_eq!(together[0], together[1]);
    assert_eq!(together[1], together[2], "through the shot that both are in");
    let off = Policy { consistency: Consistency::Off, ..policy.clone() };
    let apart = cast(&router(TWO), &off, "cheapest", &shots);
    assert_eq!(names(&apart)[3], together[3], "whoever shares nobody is chosen for alone");
    let tied = cast(&router(TWO), &policy, "cheapest", &shots);
    let dearer = costs(&apart).into_iter().zip(costs(&tied)).all(|(apart, tied)| apart.is_some() && apart <= tied);
    assert!(dearer, "by itself each gets the cheapest: {:?}, {:?}", costs(&apart), costs(&tied));
    // The order in which they are asked for does not matter, nor does one that nobody can make.
    let mut reversed = shots;
    reversed.reverse();
    let mut back = names(&cast(&router(TWO), &policy, "cheapest", &reversed));
    back.reverse();
    assert_eq!(back, together);
    let found = cast(&router(TWO), &policy, "cheapest", &[("MARA", 48), ("MARA", 24 * 600), ("MARA", 48)]);
    assert_eq!(found[0].as_ref().map(|it| &it.model), found[2].as_ref().map(|it| &it.model));
    assert!(found[0].is_ok() && found[1].is_err());
    let reason = &cast(&router(TWO), &policy, "cheapest", &shots)[0].as_ref().expect("chosen").reason.clone();
    assert!(reason.starts_with("for all 3 shots of JON, MARA; "), "{reason}");
}

#[test]
fn whoever_made_a_character_goes_on_making_it() {
    let (_folder, store) = store();
    let with = |keys| Router { store: Some(store.clone()), ..router(keys) };
    let scope = Scope::new("s1", "", ["MARA"]);
    let first = Call { seed: 0, n_frames: 240, ..call("best") };
    let maker = with(RUNWAY);
    let made = chosen_under(&maker, &Policy::default(), &first, &scope).expect("runway is open");
    maker.launching(&made, &key_of(&first, &made)).expect("written");
    store.put(&key_of(&first, &made), &result(&first, &made)).expect("kept");
    // More providers are open now; a new shot of hers stays with the one that made the first.
    let found = cast(&with(TWO), &Policy::default(), "best", &[("MARA", 240), ("MARA", 48), ("ADA", 48)]);
    assert_eq!(found[0].as_ref().expect("made").cost, Some(0));
    let second = found[1].as_ref().expect("it can");
    assert_eq!(second.model, made.model);
    assert!(second.reason.starts_with("it makes the shots of MARA already"), "{}", second.reason);
    // Without its key nobody else takes over.
    let told = cast(&with(&[("MINIMAX_API_KEY", "k")]), &Policy::default(), "best", &[("MARA", 240), ("MARA", 48)]);
    let told = told[1].as_ref().expect_err("another one would look different");
    assert_eq!(told.code, "no-model");
}

#[test]
fn a_fault_of_the_model_goes_up_the_ladder_and_a_refusal_does_not() {
    let (_folder, store) = store();
    let router = Router { store: Some(store.clone()), ..router(RUNWAY) };
    let fault = |code: &str| Diagnostic::error(code, "Runway cannot be reached");
    let any = Policy { fallback: Some(Consent::Any), ..Policy::default() };
    let ask = |policy: &Policy| chosen_under(&router, policy, &call("cheapest"), &Scope::default());
    let first = ask(&any).expect("runway is open");
    let key = key_of(&call("cheapest"), &first);
    assert_eq!(first.falls, Falls::ForFaults);
    assert!(!router.gives_way(&first, &key, &fault("provider-rejected")), "another one refuses it as well");
    assert!(!router.gives_way(&first, &key, &fault("outcome-unknown")), "it may be at work");
    assert!(!router.gives_way(&first, &key, &fault("provider-auth")), "the key is ours to mend");
    assert!(router.gives_way(&first, &key, &fault("provider-network")));
    let second = ask(&any).expect("there are others");
    assert_ne!(second.model, first.model);
    assert!(second.reason.contains(&format!("{} failed: Runway cannot be reached", first.model)), "{}", second.reason);
    let lines = second.lines().join("\n");
    assert!(lines.contains("removed by fallback: "), "{lines}");
    // Every step is taken once, and at the end it says what failed.
    let mut last = second;
    let told = loop {
        assert!(router.gives_way(&last, &key_of(&call("cheapest"), &last), &fault("provider-network")));
        match ask(&any) {
            Ok(next) => last = next,
            Err(told) => break told,
        }
    };
    assert!(told.to_string().contains("it failed: Runway cannot be reached"), "{told}");
    router.begin();
    assert_eq!(ask(&any).expect("a new run").model, first.model);
    for (fallback, falls) in [(Consent::Off, Falls::Never), (Consent::SameModel, Falls::ForFaults)] {
        let policy = Policy { fallback: Some(fallback), ..Policy::default() };
        assert_eq!(ask(&policy).expect("as before").falls, falls);
    }
    let frank = Policy { after_refusal: true, ..any };
    let first = ask(&frank).expect("as before");
    assert!(router.gives_way(&first, &key, &fault("provider-rejected")), "the graph said so");
    let named = chosen_under(&router, &Policy::default(), &call("runway/gen4.5"), &Scope::default());
    assert_eq!(named.expect("it can").falls, Falls::Never, "who names a model wants that one");
}

#[test]
fn a_job_that_may_still_run_is_waited_for() {
    let (_folder, store) = store();
    let router = Router { store: Some(store.clone()), ..router(RUNWAY) };
    let first = choose(&router, &call("cheapest")).expect("runway is open");
    let key = key_of(&call("cheapest"), &first);
    router.launching(&first, &key).expect("written");
    let intent = engine::store::JobIntent {
        purpose: engine::caps::Purpose { item: "x".to_owned(), ..engine::caps::Purpose::default() },
        provider: "runway".to_owned(),
        request: serde_json::Value::Null,
        model: None,
        estimate_microusd: Some(5),
    };
    let job = store.journal_intent(&key, &intent).expect("written");
    store.journal_submitted(job, "j1").expect("written");
    assert!(!router.gives_way(&first, &key, &Diagnostic::error("provider-network", "it does not answer")));
    let again = Router { store: Some(store.clone()), ..self::router(RUNWAY) };
    let chosen = choose(&again, &call("cheapest")).expect("it is at work");
    assert_eq!((chosen.model.as_str(), chosen.cost), (first.model.as_str(), Some(0)));
    assert!(chosen.reason.contains("it was asked for this already"), "{}", chosen.reason);
}

#[test]
fn only_providers_have_lanes_here() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Arc::new(Store::open(folder.path()).expect("it opens"));
    let (_, media) = crate::workers::lanes(1);
    let router = Router { store: Some(store), media: Some(media), ..router(RUNWAY) };
    assert_eq!(router.unfinished().expect("it reads").len(), 0);
    assert!(router.world.get().is_none(), "a store that owes nothing opens nothing");
    let lane = router.lane("runway").expect("it opens");
    assert_eq!((lane.name, 0 < lane.width), ("runway", true));
    assert_eq!(router.lane("compute").err().expect("refused").code, "no-lane");
}
