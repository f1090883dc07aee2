//! Fit and price of entries, on small entries made here.

use std::sync::Arc;

use model::{AudioInfo, Call, Digest, Image, Media, Quality, Reference, Role, Task};

use super::*;
use crate::Catalog;

pub(crate) fn media(name: &str) -> Media {
    Media { digest: Digest::of(name.as_bytes()), bytes: 5, format: "png".to_owned(), video: None, audio: None }
}

/// Two seconds and a half at 1280x720, from words.
pub(crate) fn call() -> Call {
    Call {
        quality: Quality::Final,
        size: (1280, 720),
        n_frames: 60,
        seed: 7,
        ..Call::new(Task::Video, "a lamp in fog")
    }
}

pub(crate) fn reference(name: &str, n_images: usize) -> Arc<Reference> {
    let images = (0..n_images).map(|n| media(&format!("{name}{n}"))).collect();
    let (name, description) = (name.to_owned(), String::new());
    Arc::new(Reference {
        role: Role::Character,
        name,
        aliases: Vec::new(),
        description,
        negative: String::new(),
        palette: Vec::new(),
        images,
        pitch_hz: None,
        voice: String::new(),
        ambience: String::new(),
    })
}

fn entry() -> Entry {
    let runway = Catalog::built_in();
    Entry { rules: Vec::new(), ..runway.entry("runway/gen4.5").expect("it is built in").clone() }
}

fn picture(name: &str) -> Option<Image> {
    Some(Image::File(Arc::new(media(name))))
}

fn reasons(entry: &Entry, call: &Call) -> Vec<String> {
    entry
        .fit(call)
        .expect_err("it does not fit")
        .into_iter()
        .map(|it| format!("{:?}: {}", it.stage, it.reason))
        .collect()
}

#[test]
fn an_ask_is_at_least_what_was_called_for() {
    let ask = entry().fit(&call()).expect("it fits");
    assert_eq!((ask.seconds, ask.size.as_deref(), ask.operation.as_str()), (3, Some("1280:720"), "text"));
    assert_eq!(entry().price(&ask), Some(360_000));
    let long = Call { n_frames: 241, ..call() };
    assert_eq!(reasons(&entry(), &long), ["Limit: its longest clip is 10 s, not 11 s"]);
    let mut listed = entry();
    listed.limits.seconds = Lengths::OneOf(vec![4, 6, 8]);
    assert_eq!(listed.fit(&call()).expect("it fits").seconds, 4);
    assert_eq!(listed.fit(&Call { n_frames: 97, ..call() }).expect("it fits").seconds, 6);
    let tower = Call { size: (512, 2048), ..call() };
    assert_eq!(reasons(&entry(), &tower), ["Limit: it makes no picture shaped like 512x2048"]);
}

#[test]
fn drafts_are_small_and_finals_large_enough() {
    let mut sized = entry();
    sized.limits.sizes = Sizes::Ratios {
        ratios: vec!["16:9".to_owned(), "9:16".to_owned(), "adaptive".to_owned()],
        resolutions: vec![("480p".to_owned(), 480), ("720p".to_owned(), 720)],
    };
    let asked = |call: &Call| {
        let ask = sized.fit(call).expect("it fits");
        (ask.ratio.expect("a ratio"), ask.resolution.expect("a resolution"), ask.width, ask.height)
    };
    assert_eq!(asked(&call()), ("16:9".to_owned(), "720p".to_owned(), 1280, 720));
    let draft = Call { quality: Quality::Draft, size: (720, 1280), ..call() };
    assert_eq!(asked(&draft), ("9:16".to_owned(), "480p".to_owned(), 480, 853));
    let large = Call { size: (1920, 1080), ..call() };
    assert_eq!(reasons(&sized, &large), ["Limit: its largest pictures are 720p, not 1080 pixels on the short side"]);
}

#[test]
fn nothing_that_is_asked_for_is_dropped() {
    let picture = || Some(Image::File(Arc::new(media("f"))));
    let rich = Call {
        first_frame: picture(),
        last_frame: picture(),
        negative: "blur".to_owned(),
        references: vec![reference("MARA", 2), reference("ANN", 0)],
        options: [("motion".to_owned(), "3".to_owned())].into(),
        ..call()
    };
    assert_eq!(
        reasons(&entry(), &rich),
        [
            "Capability: it takes no reference picture",
            "Capability: it takes no last frame",
            "Capability: it takes no negative prompt",
            "Capability: it has no option `motion`",
        ]
    );
    let turbo = Catalog::built_in().entry("runway/gen4_turbo").expect("it is built in").clone();
    let told = reasons(&turbo, &call());
    assert_eq!(told, ["Input: it takes no request of words alone", "Input: it has no way to ask for that"]);
    assert_eq!(turbo.fit(&Call { first_frame: picture(), ..call() }).expect("it fits").operation, "image");
    assert_eq!(reasons(&entry(), &Call { task: Task::Music, ..call() }), ["Task: it makes no music"]);
    // Unknown is neither: it fits, with a doubt.
    let mut unknown = entry();
    unknown.can.last_frame = Can::Unknown;
    let ask = unknown.fit(&Call { last_frame: picture(), ..call() }).expect("it fits");
    assert_eq!(ask.doubts[0].reason, "nobody knows whether it takes a last frame");
}

#[test]
fn rules_forbid_and_demand() {
    let mut ruled = entry();
    (ruled.can.references, ruled.can.last_frame) = (Can::Yes, Can::Yes);
    ruled.rules = vec![
        Rule::Excludes(Term::FirstFrame, Term::References),
        Rule::Requires(Term::LastFrame, Term::FirstFrame),
        Rule::Requires(Term::Final, Term::Not(Box::new(Term::Seconds(3)))),
    ];
    let picture = || Some(Image::File(Arc::new(media("f"))));
    let both = Call { first_frame: picture(), references: vec![reference("MARA", 1)], n_frames: 96, ..call() };
    assert_eq!(reasons(&ruled, &both), ["Input: a first frame not with references"]);
    let last = Call { last_frame: picture(), ..call() };
    assert_eq!(
        reasons(&ruled, &last),
        ["Input: a last frame only with a first frame", "Input: final quality only with no 3 s"]
    );
}

#[test]
fn clips_sounds_and_masks_are_asked_for_like_all_else() {
    let catalog = Catalog::built_in();
    let clip = |n_frames: u64| {
        let video =
            model::VideoInfo { width: 1280, height: 720, rate: model::Rate::FILM, n_frames, codec: String::new() };
        Some(Arc::new(Media { video: Some(video), ..media("clip") }))
    };
    let from = |n_frames: u64| Call { source: clip(n_frames), ..call() };
    let kling = catalog.entry("kling/kling-v3").expect("built in");
    let masked = Call { mask: Some(Image::File(Arc::new(media("mask")))), first_frame: picture("f"), ..call() };
    assert_eq!(kling.fit(&masked).map(|ask| ask.doubts.len()), Ok(1), "nobody knows");
    let reasons_of = |name: &str, call: &Call| reasons(catalog.entry(name).expect("built in"), call);
    assert_eq!(reasons_of("runway/gen4.5", &from(60)), ["Capability: it takes no source clip"]);
    // What edits a clip gives as much as it got: no less than the shot needs, no more than it takes.
    assert_eq!(
        reasons_of("runway/aleph2", &from(59)),
        ["Limit: its clip is as long as its source, and that is too short"]
    );
    assert_eq!(reasons_of("runway/aleph2", &from(24 * 31)), ["Limit: its source has at most 30 s, not 31 s"]);
    let aleph = catalog.entry("runway/aleph2").expect("built in");
    let ask = aleph.fit(&from(100)).expect("it fits");
    assert_eq!((ask.seconds, ask.operation.as_str(), aleph.price(&ask)), (5, "edit", Some(1_400_000)));
    assert_eq!(
        reasons_of("runway/aleph2", &call()),
        ["Input: it takes no request of words alone", "Input: it has no way to ask for that",]
    );
    // One that follows a clip makes as much as is asked for; what that costs is not said.
    let seedance = catalog.entry("runway/seedance2").expect("built in");
    let ask = seedance.fit(&from(60)).expect("it fits");
    assert_eq!((ask.seconds, ask.operation.as_str(), seedance.price(&ask)), (4, "video", None));
    assert_eq!(reasons_of("runway/seedance2", &from(24 * 16)), ["Limit: its longest source clip is 15 s, not 16 s"]);
    let sound = AudioInfo { sample_rate: 48000, channels: 2, n_samples: 48000 * 15 + 1, codec: String::new() };
    let led = Call { audio: Some(Arc::new(Media { audio: Some(sound), ..media("voice") })), ..call() };
    assert_eq!(reasons_of("runway/seedance2", &led), ["Limit: its longest sound to follow is 15 s, not 16 s"]);
    let both = Call { first_frame: picture("f"), ..from(60) };
    assert_eq!(reasons_of("runway/seedance2", &both), ["Input: a source clip not with a first frame or a last frame"]);
}

#[test]
fn prices_are_whole_and_unknown_is_not_free() {
    let mut priced = entry();
    let asked = entry().fit(&call()).expect("it fits");
    let ask = Ask { references: 7, width: 1920, height: 1080, seconds: 5, max_tokens: Some(4000), ..asked };
    let price = |per: Per, microusd: u64| Price { when: Vec::new(), per, microusd, least: 0, free: 0 };
    priced.prices = Prices::default();
    assert_eq!(priced.price(&ask), None);
    priced.prices.rules = vec![Price { when: vec![Term::Draft], ..price(Per::Second, 1) }];
    assert_eq!(priced.price(&ask), None, "no rule is for final quality");
    for (per, wanted) in [
        (Per::Call, 3_000),
        (Per::Second, 15_000),
        (Per::Megapixel, 9_000),
        (Per::ThousandChars, 39),
        (Per::Picture, 21_000),
        // 1920 * 1080 * 24 * 5 / 1024 / 1e6 millions of tokens: 0.243; rounded up.
        (Per::MillionVideoTokens, 729),
        (Per::MillionOutputTokens, 12),
        // Seven pictures of 5,000 and a prompt of 13 characters; rounded up.
        (Per::MillionInputTokens, 106),
    ] {
        priced.prices.rules = vec![price(per, 3_000)];
        assert_eq!(priced.price(&ask), Some(wanted), "{per:?}");
    }
    priced.prices.rules = vec![Price { least: 640_000, ..price(Per::Second, 100_000) }];
    priced.prices.extras = vec![Price { free: 5, ..price(Per::Picture, 40_000) }];
    assert_eq!(priced.price(&ask), Some(720_000));
}

#[test]
fn stopping_says_what_it_costs() {
    let catalog = Catalog::built_in();
    let stops = |provider: &str, operation: &str| catalog.manifest(provider).expect("built in").stops(operation);
    assert_eq!(stops("runway", "text"), Stops::MaybeBilled);
    assert_eq!((stops("luma", "video"), stops("luma", "nothing")), (Stops::Never, Stops::Never));
    assert!(stops("runway", "text").to_string().contains("may still be billed"));
}

#[test]
fn prices_have_words() {
    let catalog = Catalog::built_in();
    let summary = |name: &str| catalog.entry(name).expect("built in").prices.summary();
    assert_eq!(summary("runway/veo3.1"), "$0.20 to $0.40 a second");
    assert_eq!(summary("elevenlabs/eleven_v3"), "$0.08 a thousand characters");
    assert_eq!((summary("localai/image"), summary("luma/ray-3.2")), ("free".to_owned(), "unknown".to_owned()));
}

#[test]
fn a_damaged_manifest_names_the_place() {
    let told = Manifest::parse("x.ron", "(\n    manifest: 1,\n    provider: 3,\n)").expect_err("refused");
    assert_eq!((told.code.as_str(), told.subject.place.map(|place| place.line)), ("manifest-syntax", Some(3)));
    let text = include_str!("../manifests/runway.ron");
    for (from, to, wanted) in [
        ("https://api.dev", "http://api.dev", "not an https URL"),
        ("https://api.dev", "https://me:pw@api.dev", "more than scheme"),
        ("manifest: 1", "manifest: 9", "format 9"),
        ("provider: \"runway\"", "provider: \"Run/way\"", "no name for a provider"),
        ("\"{seconds}\"", "\"{secs}\"", "templates know no `secs`"),
        ("\"{seconds}\"", "\"{seconds:lookup}\"", "neither a form nor a table"),
        ("(method: Delete, path: \"/v1", "(method: Delete, path: \"https://evil", "begins neither"),
        ("(method: Get, path: \"/v1/tasks/{id}\")", "(method: Get, path: \"{urls.poll}\")", "no URL `poll`"),
        ("[([FirstFrame], \"image\")]", "[([], \"sound\")]", "no operation `sound`"),
        ("\"prices\": \"docs\"", "\"prices\": \"rumour\"", "no source `rumour`"),
        ("id: \"gen4_turbo\"", "id: \"gen4.5\"", "twice"),
    ] {
        assert!(text.contains(from), "{from}");
        let told = Manifest::parse("runway.ron", &text.replace(from, to)).expect_err(wanted);
        assert!(told.message.contains(wanted), "{told}");
    }
    let deep = "[".repeat(100_000);
    assert!(Manifest::parse("deep.ron", &deep).is_err());
}

#[test]
fn no_damage_of_a_manifest_breaks_the_reader() {
    let text = include_str!("../manifests/runway.ron");
    let mut random = fastrand::Rng::with_seed(7);
    for n in 0..300 {
        let mut bytes = text.as_bytes().to_vec();
        if n % 3 == 0 {
            bytes.truncate(random.usize(..bytes.len()));
        }
        for _ in 0..random.usize(1..4) {
            let at = random.usize(..bytes.len().max(1)).min(bytes.len().saturating_sub(1));
            if let Some(byte) = bytes.get_mut(at) {
                *byte = random.u8(b' '..=b'~');
            }
        }
        // Whether it still can be used or not, reading it ends.
        if let Err(told) = Manifest::parse("x.ron", &String::from_utf8_lossy(&bytes)) {
            assert!(told.code.starts_with("manifest"), "{told}");
        }
    }
}
