//! Hosted models from outside: a graph that asks for the cheapest one, and a server on loopback that makes its clip.
//!
//! The server speaks the one protocol that needs no account, and counts what it is asked.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::cli::Project;
use crate::helpers::{self, LONGEST, Outcome, gst, start_with};

pub(crate) const GRAPH: &str = r#"(
    throughline: 1,
    settings: (size: (320, 180), fps: (24, 1)),
    nodes: {
        "generate": (kind: "model.video", version: 1, params: { "prompt": "a lamp in fog", "seconds": 1.0 }),
        "film": (kind: "output.film", version: 1, params: { "file": "film.mp4" }),
    },
    links: { "film.clips": "generate.clip" },
)
"#;

/// A video server with one clip for everybody, or one that wants money first where the clip is empty; gives its
/// address and how often it was asked for one.
pub(crate) fn serve(clip: Vec<u8>) -> (String, Arc<AtomicU32>) {
    let submits = Arc::new(AtomicU32::new(0));
    let counted = submits.clone();
    let address = helpers::serve(move |path, _| match path {
        "/v1/videos" => {
            counted.fetch_add(1, Ordering::SeqCst);
            if clip.is_empty() {
                return ("", Vec::new());
            }
            ("application/json", br#"{ "id": "v1", "status": "queued" }"#.to_vec())
        }
        "/v1/videos/v1" => ("application/json", br#"{ "id": "v1", "status": "completed" }"#.to_vec()),
        _ => ("video/mp4", clip.clone()),
    });
    (address, submits)
}

/// A key, as every file, message and trace is looked through for it.
const KEY: &str = "tl-5e1c9f-not-to-be-found";

/// Fails where a file of the folder holds the key.
fn assert_no_key(folder: &std::path::Path) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            assert_no_key(&path);
        } else {
            let bytes = std::fs::read(&path).unwrap();
            assert!(!bytes.windows(KEY.len()).any(|it| it == KEY.as_bytes()), "{} holds the key", path.display());
        }
    }
}

#[test]
fn the_cheapest_model_that_lets_us_in_makes_the_clip_once() {
    if gst().is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let write = |model: &str| {
        let graph = GRAPH.replace("\"seconds\"", &format!("\"model\": \"{model}\", \"seconds\""));
        std::fs::write(folder.path().join("g.ron"), graph).unwrap();
    };
    #[track_caller]
    fn call(folder: &std::path::Path, args: &[&str], environment: &[(&str, &str)]) -> Outcome {
        start_with(folder, args, environment).wait(LONGEST)
    }
    let call = |args: &[&str], environment: &[(&str, &str)]| call(folder.path(), args, environment);

    write("auto");
    call(&["run", "g.ron"], &[]).expect(0);
    let (address, submits) = serve(std::fs::read(folder.path().join("film.mp4")).unwrap());
    let open = [("VIDEO_SERVER_URL", address.as_str())];

    write("cheapest");
    let refused = call(&["run", "g.ron"], &[]).expect(1);
    assert!(refused.err.contains("error[no-model]"), "{}", refused.err);
    assert!(refused.err.contains("throughline keys set"), "{}", refused.err);

    // A key alone buys nothing: what costs money waits for a run that approves it.
    let held = call(&["run", "g.ron"], &[("RUNWAYML_API_SECRET", "no-such-key")]).expect(3);
    assert!(held.out.contains("ran 0, reused 0, held 1"), "{}", held.out);

    let made = call(&["run", "g.ron"], &open).expect(0);
    assert_eq!(submits.load(Ordering::SeqCst), 1, "{}\n{}", made.out, made.err);
    let record = call(&["explain", "g.ron", "generate"], &open).expect(0).out;
    assert!(record.contains("model openai-videos/served 1: it has made this already\n"), "{record}");
    assert!(record.contains("when it was chosen:\n  the only model that can do this, free\n"), "{record}");
    assert!(record.contains("removed by credentials: fal/bytedance/seedance-2.0, as FAL_KEY is not there"), "{record}");

    // Neither again nor elsewhere: what is made needs no server and no key.
    std::fs::remove_file(folder.path().join("film.mp4")).unwrap();
    call(&["run", "g.ron"], &open).expect(0);
    call(&["run", "g.ron", "--set", "generate.slate=true"], &[]).expect(0);
    assert_eq!(submits.load(Ordering::SeqCst), 1);
    let kept = call(&["explain", "g.ron", "generate"], &[]).expect(0).out;
    assert!(kept.contains("it has made this already"), "{kept}");
    assert!(kept.contains("removed by credentials: fal/bytedance/seedance-2.0"), "the record is kept: {kept}");

    // Naming the model that was chosen makes no new key.
    write("openai-videos/served");
    let plan = call(&["plan", "g.ron", "--target", "generate"], &[]).expect(0).out;
    assert!(plan.starts_with("nothing to run: 1 reused"), "{plan}");
    write("fastest");
    let other = call(&["explain", "g.ron", "generate"], &[]).expect(2).err;
    assert!(other.contains("error[no-model]"), "another wish is another question: {other}");
}

#[test]
fn a_model_that_fails_gives_way_to_the_same_one_elsewhere() {
    if gst().is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let call = |args: &[&str], environment: &[(&str, &str)]| start_with(folder.path(), args, environment).wait(LONGEST);
    std::fs::write(folder.path().join("g.ron"), GRAPH).unwrap();
    call(&["run", "g.ron"], &[]).expect(0);
    let clip = std::fs::read(folder.path().join("film.mp4")).unwrap();
    let ((good, submits), (broken, refusals)) = (serve(clip), serve(Vec::new()));
    // The same server under another name, which comes first.
    let providers = folder.path().join("throughline/providers");
    std::fs::create_dir_all(&providers).unwrap();
    let mirror = include_str!("../../src/providers/manifests/openai-videos.ron")
        .replace("provider: \"openai-videos\"", "provider: \"mirror\"")
        .replace("VIDEO_SERVER_", "MIRROR_");
    std::fs::write(providers.join("mirror.ron"), mirror).unwrap();
    let settings = "fps: (24, 1), models: (aim: (draft: \"cheapest\"), FALLBACK)";
    let write = |fallback: &str| {
        let graph = GRAPH.replace("fps: (24, 1)", &settings.replace("FALLBACK", fallback));
        std::fs::write(folder.path().join("g.ron"), graph).unwrap();
    };
    let keys = [("VIDEO_SERVER_KEY", KEY), ("MIRROR_KEY", KEY)];
    let open = [("VIDEO_SERVER_URL", good.as_str()), ("MIRROR_URL", broken.as_str()), keys[0], keys[1]];

    write("fallback: \"off\"");
    let failed = call(&["run", "g.ron"], &open).expect(1);
    assert!(failed.err.contains("error[provider-quota]"), "{}", failed.err);
    // The provider says the key back: it was used, and is shown to nobody.
    assert!(failed.err.contains("no credit for Bearer ***"), "{}", failed.err);
    assert!(!format!("{}{}", failed.out, failed.err).contains(KEY));
    assert_eq!((refusals.load(Ordering::SeqCst), submits.load(Ordering::SeqCst)), (1, 0));

    write("");
    let plan = call(&["plan", "g.ron", "--choices"], &open).expect(0).out;
    assert!(plan.contains("mirror/served") && plan.contains("2. openai-videos/served: free"), "{plan}");
    let made = call(&["run", "g.ron", "--trace", "trace.json"], &open).expect(0);
    let said = format!("{}{}", made.out, made.err);
    assert!(!said.contains(KEY) && folder.path().join("trace.json").exists(), "{said}");
    assert_no_key(folder.path());
    assert!(said.contains("generate  mirror/served failed, another model is chosen: "), "{said}");
    assert_eq!((refusals.load(Ordering::SeqCst), submits.load(Ordering::SeqCst)), (2, 1));
    let record = call(&["explain", "g.ron", "generate"], &open).expect(0).out;
    assert!(record.contains("model openai-videos/served 1: it has made this already"), "{record}");
    assert!(record.contains("the same model elsewhere, free, as mirror/served failed: "), "{record}");
    let models = call(&["models", "served"], &open).expect(0).out;
    assert!(models.contains("0 of 2") && models.contains("1 of 1"), "{models}");
}

#[test]
fn a_graph_says_who_makes_its_shots() {
    let project = Project::new();
    let graph = std::fs::read_to_string(project.path().join("tea.ron")).unwrap();
    let write = |models: &str| {
        project.write("tea.ron", &graph.replace("fps: (12, 1)", &format!("fps: (12, 1), models: ({models})")))
    };
    let call =
        |args: &[&str]| start_with(project.path(), args, &[("RUNWAYML_API_SECRET", "no-such-key")]).wait(LONGEST);
    write("aim: (draft: \"cheapest\"), pins: { \"scene:s1\": \"animatic\" }");
    let steps = call(&["plan", "tea.ron", "--json"]).expect(0).json()[0]["steps"].clone();
    let model = |item: &str| {
        let step = steps.as_array().unwrap().iter().find(|step| step["item"] == item);
        step.and_then(|step| step["model"].as_str()).unwrap_or_default().to_owned()
    };
    assert!(model("generate/s1.b1").starts_with("animatic "), "{steps}");
    assert!(model("generate/s2.b1").starts_with("runway/"), "{steps}");
    write("aim: (draft: \"cheapest\"), deny: [\"runway\"]");
    let denied = call(&["plan", "tea.ron"]).expect(1);
    assert!(denied.err.contains("allow and deny"), "{}", denied.err);
    write("consistency: \"sometimes\", deny: [\"runwai/*\"]");
    let wrong = call(&["check", "tea.ron"]).expect(2).err;
    assert!(wrong.contains("error[models-policy]: `consistency` cannot be `sometimes`"), "{wrong}");
    assert!(wrong.contains("tea.ron:3:"), "with its place: {wrong}");
    assert!(wrong.contains("warning[models-nobody]: `runwai/*` of `deny` names no model"), "{wrong}");
}
