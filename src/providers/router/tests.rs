//! Choices on small entries made here, properties on random ones, and the time that a long film takes.

use std::collections::BTreeMap;
use std::sync::LazyLock;
use std::time::Instant;

use expect_test::expect;
use model::{Call, Image, Quality, Task};
use proptest::prelude::*;

use super::*;
use crate::Catalog;
use crate::manifest::Date;
use crate::manifest::tests::{call, media, reference};
use crate::manifest::{Can, Lengths, Per, Price, Prices, Sizes, Tier};

const TODAY: Date = Date(2026, 11, 22);

fn entry(name: &str) -> Entry {
    static BASE: LazyLock<Entry> =
        LazyLock::new(|| Catalog::built_in().entry("runway/gen4.5").expect("it is built in").clone());
    let base = BASE.clone();
    let (provider, id) = name.split_once('/').expect("a name with a slash");
    let mut made = Entry { name: name.to_owned(), provider: provider.to_owned(), id: id.to_owned(), ..base };
    (made.rules, made.options, made.retires_on) = (Vec::new(), BTreeMap::new(), None);
    (made.limits.seconds, made.limits.sizes) = (Lengths::Between(1, 10), Sizes::Unknown);
    made.prices = each(100_000);
    made.operations = vec![(Vec::new(), "text".to_owned())];
    made
}

fn each(microusd: u64) -> Prices {
    let price = Price { when: Vec::new(), per: Per::Call, microusd, least: 0, free: 0 };
    Prices { rules: vec![price], extras: Vec::new() }
}

fn open(entry: &Entry) -> Candidate<'_> {
    Candidate::untried(Offer::Entry(entry))
}

fn tier(tier: u8) -> Option<Tier> {
    Some(Tier { tier, source: "test".to_owned() })
}

/// Three models: dear and good, cheap and slow, and one of which little is known.
fn three() -> Vec<Entry> {
    let good = Entry { tier: tier(5), expected_seconds: Some(90), prices: each(800_000), ..entry("a/good") };
    let cheap = Entry { tier: tier(2), expected_seconds: Some(200), prices: each(50_000), ..entry("b/cheap") };
    let dark = Entry { tier: tier(5), expected_seconds: Some(10), prices: Prices::default(), ..entry("c/dark") };
    vec![good, cheap, dark]
}

fn chosen(entries: &[Entry], policy: &Policy) -> Result<String, String> {
    let candidates: Vec<_> = entries.iter().map(open).collect();
    let routed = route(&call(), &candidates, policy, TODAY);
    routed.map(|it| it.choice.to_owned()).map_err(|refusal| refusal.diagnostic().to_string())
}

#[test]
fn each_aim_finds_its_own() {
    let fast = Entry { expected_seconds: Some(20), prices: each(400_000), ..entry("d/fast") };
    let entries = [three(), vec![fast]].concat();
    let under = |aim| chosen(&entries, &Policy::of(aim));
    assert_eq!(under(Aim::Cheapest).as_deref(), Ok("b/cheap"));
    assert_eq!(under(Aim::Fastest).as_deref(), Ok("d/fast"), "what nobody can price comes last");
    assert_eq!(under(Aim::Best).as_deref(), Ok("a/good"));
    let weights = |cost, time, quality| Aim::Balanced(Weights { cost, time, quality });
    assert_eq!(under(weights(1, 0, 0)).as_deref(), Ok("b/cheap"));
    assert_eq!(under(weights(0, 1, 0)).as_deref(), Ok("d/fast"));
    assert_eq!(under(weights(0, 0, 9)).as_deref(), Ok("a/good"));
    assert_eq!(under(weights(0, 0, 0)).as_deref(), Ok("b/cheap"), "nothing matters: what costs least");
    for name in Aim::NAMES {
        assert!(under(Aim::parse(name).expect("it is one")).is_ok());
    }
    assert_eq!(Aim::parse("runway/gen4.5"), None);
}

#[test]
fn equals_are_ordered_by_name() {
    let entries = ["b/x", "a/y", "a/x"].map(entry);
    for aim in [Aim::Cheapest, Aim::Fastest, Aim::Best, Aim::Balanced(Weights::default())] {
        assert_eq!(chosen(&entries, &Policy::of(aim)).as_deref(), Ok("a/x"));
    }
}

/// The built-in models that speak, by what they make of a voice: who is chosen as the cheapest, and why others are not.
#[track_caller]
fn speaks(voice: &str, told: &[(&str, &str)]) -> String {
    let catalog = Catalog::built_in();
    let entries = catalog.entries().into_iter().filter(|entry| entry.tasks == [Task::Voice]);
    let candidates: Vec<_> = entries.map(open).collect();
    let options = (!voice.is_empty()).then(|| ("voice".to_owned(), voice.to_owned()));
    let call = Call { options: options.into_iter().collect(), ..Call::new(Task::Voice, "Hm.") };
    let routed = route(&call, &candidates, &Policy::of(Aim::Cheapest), TODAY);
    let (removed, choice) = match &routed {
        Ok(decision) => (&decision.removed, decision.choice.to_owned()),
        Err(refusal) => (&refusal.removed, String::new()),
    };
    for (name, why) in told {
        let found = removed.iter().find(|it| it.name == *name).map(|it| (it.filter, it.why.to_string()));
        assert_eq!(found, Some((Filter::Capability, (*why).to_owned())), "{name}");
    }
    choice
}

#[test]
fn a_voice_is_spoken_by_whoever_has_it() {
    let without = ("elevenlabs/eleven_v3", "nobody knows whether it has a voice `marin`");
    assert_eq!(
        speaks("marin", &[without, ("openai/tts-1", "nobody knows whether it has a voice `marin`")]),
        "openai/gpt-4o-mini-tts"
    );
    assert_eq!(speaks("onyx", &[]), "openai/tts-1", "the cheapest of those that have it");
    assert!(
        speaks("Kore", &[without].map(|(name, _)| (name, "nobody knows whether it has a voice `Kore`")))
            .starts_with("gemini/")
    );
    assert_eq!(speaks("JBF", &[("openai/tts-1", "nobody knows whether it has a voice `JBF`")]), "", "whose is it?");
    let own = "elevenlabs: JBF";
    let only = ("openai/tts-1", "no voice is given for it, only elevenlabs: JBF");
    assert!(speaks(own, &[only]).starts_with("elevenlabs/"), "whoever writes it for a provider knows it");
    assert_eq!(speaks("elevenlabs: JBF, openai: onyx", &[]), "openai/tts-1");
    assert_eq!(speaks("openai: marin", &[]), "openai/gpt-4o-mini-tts", "not every model of theirs has it");
    assert_eq!(speaks("", &[]), "openai/tts-1", "its default voice serves");
}

#[test]
fn an_unknown_price_is_never_zero() {
    let dark = Entry { prices: Prices::default(), ..entry("a/dark") };
    let dear = Entry { prices: each(u64::MAX), ..entry("b/dear") };
    let cheapest = Policy::of(Aim::Cheapest);
    assert_eq!(chosen(&[dark.clone(), dear], &cheapest).as_deref(), Ok("b/dear"));
    assert_eq!(chosen(std::slice::from_ref(&dark), &cheapest).as_deref(), Ok("a/dark"), "there is no cap");
    let capped = Policy { most_microusd: Some(u64::MAX), ..cheapest };
    let told = chosen(&[dark], &capped).expect_err("it is above every cap");
    assert!(told.contains("its price is unknown"), "{told}");
}

#[test]
fn every_filter_removes_in_its_turn() {
    // Each entry fails at one filter and at all that come after it, so the order shows.
    let names = ["a/0", "a/1", "a/2", "a/3", "a/4", "a/5", "a/6", "a/7", "a/8"];
    let mut entries = names.map(entry);
    for (idx, it) in entries.iter_mut().enumerate() {
        if idx == 0 {
            it.tasks = vec![Task::Image];
        }
        it.can.last_frame = if idx <= 1 { Can::No } else { Can::Yes };
        if idx <= 2 {
            it.operations.clear();
        }
        if idx <= 3 {
            it.limits.seconds = Lengths::Between(1, 2);
        }
        if idx <= 4 {
            it.retires_on = Some(TODAY);
        }
        it.prices = if idx <= 6 { each(2_000_000) } else { each(1) };
    }
    let candidates: Vec<_> = (0u32..)
        .zip(&entries)
        .map(|(idx, it)| {
            let cooling = if idx <= 8 { Some(30) } else { None };
            Candidate {
                offer: Offer::Entry(it),
                has_credentials: 8 <= idx,
                health: Health { cooling_seconds: cooling, ..Health::default() },
                tastes: &[],
            }
        })
        .collect();
    let asked = Call { last_frame: Some(Image::File(media("end").into())), ..call() };
    let deny = names.iter().take(6).map(|name| (*name).to_owned()).collect();
    let policy = Policy { deny, most_microusd: Some(1_000_000), ..Policy::of(Aim::Cheapest) };
    let refusal = route(&asked, &candidates, &policy, TODAY).expect_err("nobody is left");
    let filters: Vec<_> = refusal.removed.iter().map(|it| (it.name, it.filter)).collect();
    let order = [
        Filter::Task,
        Filter::Capability,
        Filter::Input,
        Filter::Limits,
        Filter::Retired,
        Filter::AllowAndDeny,
        Filter::PriceCap,
        Filter::Credentials,
        Filter::Health,
    ];
    assert_eq!(filters, names.into_iter().zip(order).collect::<Vec<_>>());
    expect![[r#"
        error[no-model]: no model can make this clip; removed by task 1, capability 1, inputs 1, limits 1, retired 1, allow and deny 1, price cap 1, credentials 1, health 1
          help: health: a/8 (it failed again and again, and rests for another 30 s). Try again later
          help: credentials: a/7 (RUNWAYML_API_SECRET is not there). Set a key with `throughline keys set NAME`
          help: price cap: a/6 (it costs $2.00, and the cap is $1.00). Raise the cap
          help: allow and deny: a/5 (it is denied). Change the allow and deny lists
          help: `throughline models` lists all models and what they take
    "#]]
    .assert_eq(&format!("{}\n", refusal.diagnostic()));
}

#[test]
fn a_decision_reads_as_a_record() {
    let mut entries = three();
    entries.push(Entry { tasks: vec![Task::Text], ..entry("d/words") });
    entries.push(Entry { limits: Default::default(), retires_on: Some(Date(2026, 1, 1)), ..entry("e/old") });
    entries[0].can.negative = Can::Yes;
    entries[1].can.negative = Can::Yes;
    entries[2].can.negative = Can::Unknown;
    entries[4].can.negative = Can::Yes;
    let candidates: Vec<_> = entries.iter().map(open).collect();
    let asked = Call { negative: "blur".to_owned(), ..call() };
    let decision = route(&asked, &candidates, &Policy::of(Aim::Cheapest), TODAY).expect("two are left");
    assert_eq!((decision.choice, &*decision.reason), ("b/cheap", "the cheapest of 2 that can do this, at $0.05"));
    expect![[r#"
        1. b/cheap: $0.05, about 200 s, quality 2 of 5, score 1000
        2. a/good: $0.80, about 90 s, quality 5 of 5, score 62
        removed by task: 1 model that makes something else
        removed by capability: c/dark, as nobody knows whether it takes a negative prompt
        removed by retired: e/old, as it is refused since 2026-01-01
    "#]]
    .assert_eq(&decision.record().lines().iter().map(|line| format!("{line}\n")).collect::<String>());
    let named = Policy { doubts: Doubts::Accept, ..Policy::of(Aim::Cheapest) };
    assert!(route(&asked, &candidates[2..3], &named, TODAY).is_ok(), "who names a model takes its doubts");
}

#[test]
fn health_is_measured_before_it_is_believed() {
    let entries = three();
    let mut candidates: Vec<_> = entries.iter().take(2).map(open).collect();
    candidates[0].health = Health { tried: 10, succeeded: 2, median_seconds: Some(60), cooling_seconds: None };
    let fastest = Policy::of(Aim::Fastest);
    let decision = route(&call(), &candidates, &fastest, TODAY).expect("two are left");
    assert_eq!((decision.choice, decision.ranked[1].seconds), ("b/cheap", Some(300)), "five tries of a minute");
    candidates[1].health = Health { cooling_seconds: Some(9), ..Health::default() };
    assert_eq!(route(&call(), &candidates, &fastest, TODAY).expect("one is left").choice, "a/good");
}

#[test]
fn a_model_of_the_program_competes_like_any_other() {
    let entries = three();
    let tasks = [Task::Image, Task::Video];
    let own = Candidate::untried(Offer::BuiltIn { name: "animatic", tasks: &tasks });
    let candidates: Vec<_> = entries.iter().map(open).chain([own]).collect();
    let cheapest = Policy::of(Aim::Cheapest);
    assert_eq!(route(&call(), &candidates, &cheapest, TODAY).expect("free").estimate, Some(0));
    let text = Call { task: Task::Text, ..call() };
    let told = route(&text, &[own], &cheapest, TODAY).expect_err("it draws").diagnostic();
    assert_eq!(told.message, "no model can make this text; removed by task 1");
}

fn cans() -> impl Strategy<Value = Can> {
    prop_oneof![Just(Can::Yes), Just(Can::No), Just(Can::Unknown)]
}

prop_compose! {
    fn entries()(
        n in 0u32..40, task in 0usize..3, cans in [cans(), cans(), cans(), cans()], longest in 1u32..20,
        price in prop::option::of(0u64..2_000_000), seconds in prop::option::of(1u32..600),
        stars in prop::option::of(1u8..6), retires in prop::option::of(2025u16..2029), letters in 0usize..4,
    ) -> Entry {
        let mut made = entry(&format!("p{}/m{n}", n % 7));
        made.tasks = [vec![Task::Video], vec![Task::Image, Task::Video], vec![Task::Image]][task].clone();
        [made.can.first_frame, made.can.last_frame, made.can.references, made.can.negative] = cans;
        made.limits.seconds = Lengths::Between(1, longest);
        made.prices = price.map_or_else(Prices::default, each);
        // Some count the letters of a prompt, for its price or for its length.
        if let (Some(price), Some(per)) = (made.prices.rules.first_mut(), [Per::ThousandChars, Per::MillionInputTokens].get(letters)) {
            price.per = *per;
        }
        made.limits.prompt_chars = (letters == 2).then_some(100 * n);
        (made.expected_seconds, made.tier) = (seconds, stars.and_then(tier));
        made.retires_on = retires.map(|year| Date(year, 6, 1));
        // Few weights in fewer families, so that ladders have somewhere to go.
        (made.model, made.family) = (format!("w{}", n % 5), format!("f{}", n % 2));
        made
    }
}

/// Entries with different names, whether their credentials are there, and for how long they rest.
fn catalogs() -> impl Strategy<Value = Vec<(Entry, bool, Option<u64>)>> {
    let one = (entries(), any::<bool>(), prop::option::weighted(0.1, 1u64..900));
    prop::collection::vec(one, 0..24).prop_map(|all| {
        let by_name: BTreeMap<_, _> = all.into_iter().map(|it| (it.0.name.clone(), it)).collect();
        by_name.into_values().collect()
    })
}

prop_compose! {
    fn calls()(frames in 1u32..400, parts in any::<[bool; 5]>()) -> Call {
        let [first, last, references, negative, is_image] = parts;
        let frame = |wanted: bool, name: &str| wanted.then(|| Image::File(media(name).into()));
        let mut made = Call { n_frames: frames, first_frame: frame(first, "a"), last_frame: frame(last, "b"), ..call() };
        made.references = if references { vec![reference("MARA", 1)] } else { Vec::new() };
        made.negative = if negative { "blur".to_owned() } else { String::new() };
        made.task = if is_image { Task::Image } else { Task::Video };
        made.quality = if frames % 2 == 0 { Quality::Draft } else { Quality::Final };
        made
    }
}

prop_compose! {
    fn policies()(
        aim in 0usize..4, allow in prop::collection::vec(0u32..7, 0..4), deny in prop::collection::vec(0u32..40, 0..6),
        most_microusd in prop::option::of(0u64..2_000_000), accepts in any::<bool>(), weights in any::<[u32; 3]>(),
    ) -> Policy {
        let [cost, time, quality] = weights;
        Policy {
            aim: [Aim::Cheapest, Aim::Fastest, Aim::Best, Aim::Balanced(Weights { cost, time, quality })][aim],
            allow: allow.into_iter().map(|n| format!("p{n}")).collect(),
            deny: deny.into_iter().map(|n| format!("p{}/m{n}", n % 7)).collect(),
            most_microusd,
            doubts: if accepts { Doubts::Accept } else { Doubts::Refuse },
            ladder: Ladder::default(),
        }
    }
}

/// What failed before, and how far a call may go: whoever was ranked first and some more.
fn ladders() -> impl Strategy<Value = (usize, usize)> {
    (0usize..4, 1usize..4)
}

const CONSENTS: [Consent; 4] = [Consent::Off, Consent::SameModel, Consent::SameFamily, Consent::Any];

fn candidates(catalog: &[(Entry, bool, Option<u64>)]) -> Vec<Candidate<'_>> {
    catalog
        .iter()
        .map(|(entry, has_credentials, cooling_seconds)| Candidate {
            offer: Offer::Entry(entry),
            has_credentials: *has_credentials,
            health: Health { cooling_seconds: *cooling_seconds, ..Health::default() },
            tastes: &[],
        })
        .collect()
}

/// Every filter said again, in plain words, over what was chosen.
fn assert_allowed(call: &Call, candidate: &Candidate<'_>, policy: &Policy) {
    let Offer::Entry(entry) = candidate.offer else { panic!("only entries here") };
    assert!(entry.tasks.contains(&call.task));
    let needs = [
        (call.first_frame.is_some(), entry.can.first_frame),
        (call.last_frame.is_some(), entry.can.last_frame),
        (!call.references.is_empty(), entry.can.references),
        (!call.negative.is_empty(), entry.can.negative),
    ];
    for (is_asked, can) in needs {
        assert!(!is_asked || can == Can::Yes || can == Can::Unknown && policy.doubts == Doubts::Accept);
    }
    let Lengths::Between(_, longest) = entry.limits.seconds else { panic!("made above") };
    assert!(call.task == Task::Image || call.n_frames <= longest * 24);
    assert!(entry.retires_on.is_none_or(|day| TODAY < day));
    assert!(!policy.deny.contains(&entry.name) && !policy.deny.contains(&entry.provider));
    assert!(policy.allow.is_empty() || policy.allow.contains(&entry.provider) || policy.allow.contains(&entry.name));
    let chars = call.prompt.chars().count() as u64;
    assert!(entry.limits.prompt_chars.is_none_or(|most| chars <= u64::from(most)));
    let price = entry.prices.rules.first().map(|price| match price.per {
        Per::ThousandChars => (price.microusd * chars).div_ceil(1000),
        Per::MillionInputTokens => (price.microusd * chars).div_ceil(1_000_000),
        _ => price.microusd,
    });
    assert!(policy.most_microusd.is_none_or(|cap| price.is_some_and(|price| price <= cap)));
    assert!(candidate.has_credentials && candidate.health.cooling_seconds.is_none());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_filter_is_ever_violated(catalog in catalogs(), call in calls(), policy in policies()) {
        let candidates = candidates(&catalog);
        let name = |it: &&Candidate<'_>, wanted: &str| it.offer.name() == wanted;
        let (removed, ranked) = match route(&call, &candidates, &policy, TODAY) {
            Ok(decision) => {
                let winner = candidates.iter().find(|it| name(it, decision.choice)).expect("it is one of them");
                assert_allowed(&call, winner, &policy);
                prop_assert_eq!(decision.ranked[0].name, decision.choice);
                prop_assert_eq!(decision.ranked[0].cost, decision.estimate);
                prop_assert!(decision.removed.iter().all(|it| it.name != decision.choice), "a removed one won");
                let is_cheapest = |it: &Ranked<'_>| it.cost.is_none() || decision.estimate <= it.cost;
                prop_assert!(policy.aim != Aim::Cheapest || decision.ranked.iter().all(is_cheapest));
                (decision.removed, decision.ranked.len())
            }
            Err(refusal) => {
                prop_assert!(refusal.diagnostic().to_string().len() < 8_000);
                (refusal.removed, 0)
            }
        };
        prop_assert_eq!(removed.len() + ranked, candidates.len(), "everybody is accounted for");
        prop_assert!(removed.iter().all(|it| !it.why.is_empty()));
    }

    #[test]
    fn a_desk_decides_as_if_every_call_came_alone(
        catalog in catalogs(), asked in prop::collection::vec((calls(), 0usize..900), 1..12), policy in policies(),
    ) {
        let candidates = candidates(&catalog);
        let mut desk = Desk::new(&candidates, &policy, TODAY);
        for (call, n_chars) in asked {
            let call = Call { prompt: "x".repeat(n_chars * 3), ..call };
            prop_assert_eq!(&*desk.route(&call), &route(&call, &candidates, &policy, TODAY));
        }
    }

    #[test]
    fn a_ladder_goes_no_further_than_the_graph_consents(
        catalog in catalogs(), call in calls(), policy in policies(), (consent, n_fallen) in ladders(),
    ) {
        let candidates = candidates(&catalog);
        let entry = |name: &str| &catalog.iter().find(|it| it.0.name == name).expect("it is one of them").0;
        let Ok(first) = route(&call, &candidates, &policy, TODAY) else { return Ok(()) };
        let fell = |name: &str| {
            let entry = entry(name);
            let (model, family) = (entry.model.clone(), entry.family.clone());
            Fallen { name: entry.name.clone(), model, family, why: "it cannot be reached".to_owned() }
        };
        let fallen: Vec<_> = first.ranked.iter().take(n_fallen).map(|it| fell(it.name)).collect();
        let consent = CONSENTS[consent];
        let climbing = Policy { ladder: Ladder { consent, fallen: fallen.clone() }, ..policy.clone() };
        let rung = |name: &str| match (entry(name), entry(first.choice)) {
            (own, meant) if own.model == meant.model => Consent::SameModel,
            (own, meant) if own.family == meant.family => Consent::SameFamily,
            _ => Consent::Any,
        };
        let left = first.ranked.iter().filter(|it| !fallen.iter().any(|fallen| fallen.name == it.name));
        let left: Vec<_> = left.filter(|it| rung(it.name) <= consent).map(|it| it.name).collect();
        match route(&call, &candidates, &climbing, TODAY) {
            Ok(next) => {
                let winner = candidates.iter().find(|it| it.offer.name() == next.choice).expect("it is one of them");
                assert_allowed(&call, winner, &policy);
                prop_assert!(left.contains(&next.choice), "it fell, or is too far away");
                prop_assert!(left.iter().all(|name| rung(next.choice) <= rung(name)), "a nearer one was there");
                prop_assert!(next.reason.contains("it cannot be reached"), "{}", next.reason);
                prop_assert_eq!(next.removed.len() + next.ranked.len(), candidates.len());
            }
            Err(_) => prop_assert!(left.is_empty(), "{left:?}"),
        }
    }

    #[test]
    fn calls_that_belong_together_get_one_model_that_can_make_them(
        catalog in catalogs(), asked in prop::collection::vec(calls(), 1..6), policy in policies(), bound in 0usize..24,
    ) {
        let candidates = candidates(&catalog);
        let asked: Vec<_> = asked.into_iter().map(|call| Call { task: Task::Video, ..call }).collect();
        let decided = |candidates: &[Candidate<'_>], anchor: Option<&Entry>| {
            let mut desk = Desk::new(candidates, &policy, TODAY);
            let judged: Vec<_> = asked.iter().map(|call| desk.judge(call)).collect();
            let anchor = anchor.map(|entry| Anchor { name: &entry.name, model: Some(&entry.model) });
            let own = |it: &Routed<'_>| it.as_ref().as_ref().ok().map(|it| it.choice.to_owned());
            together(&judged, anchor, candidates, &policy, "MARA").iter().map(own).collect::<Vec<_>>()
        };
        let able = |name: &str| {
            let can = |call: &&Call| {
                let found = route(call, &candidates, &policy, TODAY);
                found.is_ok_and(|it| it.ranked.iter().any(|it| it.name == name))
            };
            asked.iter().filter(can).count()
        };
        let free = decided(&candidates, None);
        let names: std::collections::BTreeSet<_> = free.iter().flatten().collect();
        prop_assert!(names.len() <= 1, "{names:?}");
        let most = candidates.iter().map(|it| able(it.offer.name())).max().unwrap_or(0);
        prop_assert_eq!(free.iter().flatten().count(), most, "nobody could make more of them");
        for (call, name) in asked.iter().zip(&free) {
            if let Some(name) = name {
                let winner = candidates.iter().find(|it| it.offer.name() == *name).expect("it is one of them");
                assert_allowed(call, winner, &policy);
            }
        }
        let mut reversed = candidates.clone();
        reversed.reverse();
        prop_assert_eq!(&free, &decided(&reversed, None), "in any order");
        let outsider = Entry { tasks: vec![Task::Music], ..entry("p0/a") };
        let with: Vec<_> = candidates.iter().copied().chain([open(&outsider)]).collect();
        prop_assert_eq!(&free, &decided(&with, None), "who cannot make them changes nothing");
        // Whoever made some already makes the rest, or the same weights elsewhere do, or nobody.
        if let Some((anchor, ..)) = catalog.get(bound) {
            for name in decided(&candidates, Some(anchor)).iter().flatten() {
                let model = &catalog.iter().find(|it| it.0.name == *name).expect("one of them").0.model;
                prop_assert_eq!(model, &anchor.model);
                prop_assert!(*name == anchor.name || able(&anchor.name) == 0);
            }
        }
    }

    #[test]
    fn takes_that_the_user_chose_never_cost_a_model_its_place(
        catalog in catalogs(), call in calls(), policy in policies(), which in 0usize..24, counts in any::<[u8; 3]>(),
    ) {
        let candidates = candidates(&catalog);
        let [chosen, rolled, more] = counts.map(u32::from);
        let with = |taste: Taste| {
            let tastes = [(call.task, taste), (Task::Music, Taste { chosen: 99, rolled: 0 })];
            let judged: Vec<_> = (0..).zip(&candidates).map(|(n, it)| match n == which {
                true => Candidate { tastes: &tastes, ..*it },
                false => *it,
            }).collect();
            let routed = route(&call, &judged, &policy, TODAY);
            let ranked = routed.map(|it| it.ranked).unwrap_or_default().into_iter();
            ranked.map(|it| (it.name.to_owned(), it.score, it.quality)).collect::<Vec<_>>()
        };
        let untried: Vec<_> = match route(&call, &candidates, &policy, TODAY) {
            Ok(it) => it.ranked.iter().map(|it| (it.name.to_owned(), it.score, it.quality)).collect(),
            Err(_) => Vec::new(),
        };
        prop_assert_eq!(&untried, &with(Taste::default()), "takes of another task say nothing about this one");
        let name = candidates.get(which).map(|it| it.offer.name());
        let at = |ranked: &[(String, u32, Option<u32>)]| ranked.iter().position(|it| Some(&*it.0) == name);
        let (less, more) = (with(Taste { chosen, rolled }), with(Taste { chosen: chosen + more, rolled }));
        if let (Some(before), Some(after)) = (at(&less), at(&more)) {
            prop_assert!(after <= before, "more chosen takes put it further back");
            prop_assert!(less[before].1 <= more[after].1, "or lowered its score");
        }
    }

    #[test]
    fn the_same_inputs_give_the_same_decision(catalog in catalogs(), call in calls(), policy in policies()) {
        let mut candidates = candidates(&catalog);
        let first = route(&call, &candidates, &policy, TODAY);
        prop_assert_eq!(&first, &route(&call, &candidates, &policy, TODAY));
        candidates.reverse();
        prop_assert_eq!(&first, &route(&call, &candidates, &policy, TODAY), "in any order");
    }

    #[test]
    fn who_cannot_win_changes_nothing(catalog in catalogs(), call in calls(), policy in policies(), fault in 0usize..4) {
        let candidates = candidates(&catalog);
        let mut outsider = Entry { prices: each(0), tier: tier(5), expected_seconds: Some(1), ..entry("p0/a") };
        match fault {
            0 => outsider.tasks = vec![Task::Music],
            1 => outsider.operations.clear(),
            2 => outsider.retires_on = Some(TODAY),
            _ => {}
        }
        let added = Candidate { has_credentials: fault != 3, ..open(&outsider) };
        let with: Vec<_> = candidates.iter().copied().chain([added]).collect();
        let without_it = |mut removed: Vec<Removed<'_>>| {
            removed.retain(|it| it.name != "p0/a");
            removed.into_iter().map(|it| (it.name.to_owned(), it.filter, it.why)).collect::<Vec<_>>()
        };
        match (route(&call, &candidates, &policy, TODAY), route(&call, &with, &policy, TODAY)) {
            (Ok(before), Ok(after)) => {
                prop_assert_eq!((before.choice, before.reason), (after.choice, after.reason));
                prop_assert_eq!(before.ranked, after.ranked);
                prop_assert_eq!(after.removed.len(), before.removed.len() + 1);
                prop_assert_eq!(without_it(before.removed), without_it(after.removed));
            }
            (Err(before), Err(after)) => {
                prop_assert_eq!(after.removed.len(), before.removed.len() + 1);
                prop_assert_eq!(without_it(before.removed), without_it(after.removed));
            }
            (before, after) => prop_assert!(false, "{before:?} became {after:?}"),
        }
    }
}

/// A film of a thousand shots over two hundred models, which must take less than 50 ms in a release build. Run there by
/// `cargo test --release -p providers thousand`; a debug build only counts the decisions.
#[test]
fn a_thousand_shots_over_two_hundred_models_are_routed() {
    let catalog = Catalog::built_in();
    let known = catalog.entries();
    let mut many: Vec<Entry> = (0..200)
        .map(|n| {
            let base = known[n % known.len()];
            Entry { name: format!("{}-{n}", base.name), ..base.clone() }
        })
        .collect();
    many.sort_by(|a, b| a.name.cmp(&b.name));
    let candidates: Vec<_> = many.iter().map(open).collect();
    let shots: Vec<Call> = (0..1000u32)
        .map(|n| Call {
            prompt: format!("shot {n}: {}", "a lamp in fog. ".repeat(20)),
            n_frames: 48 + n % 90,
            ..call()
        })
        .collect();
    let policy = Policy::of(Aim::Balanced(Weights::default()));
    let routed = || {
        let mut desk = Desk::new(&candidates, &policy, TODAY);
        shots.iter().filter(|shot| desk.route(shot).is_ok()).count()
    };
    let started = Instant::now();
    assert_eq!(routed(), shots.len());
    // The first run, not the best of several.
    let took = started.elapsed();
    assert!(cfg!(debug_assertions) || took.as_millis() < 50, "it took {took:?}");
}
