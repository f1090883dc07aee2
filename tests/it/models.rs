//! Hosted models from outside: a graph that asks for the cheapest one, and a server on loopback that makes its clip.
//!
//! The server speaks the one protocol that needs no account, and counts what it is asked.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

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

/// A video server with one clip for everybody; gives its address and how often it was asked for one.
pub(crate) fn serve(clip: Vec<u8>) -> (String, Arc<AtomicU32>) {
    let submits = Arc::new(AtomicU32::new(0));
    let counted = submits.clone();
    let address = helpers::serve(move |path, _| match path {
        "/v1/videos" => {
            counted.fetch_add(1, Ordering::SeqCst);
            ("application/json", br#"{ "id": "v1", "status": "queued" }"#.to_vec())
        }
        "/v1/videos/v1" => ("application/json", br#"{ "id": "v1", "status": "completed" }"#.to_vec()),
        _ => ("video/mp4", clip.clone()),
    });
    (address, submits)
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
    assert!(record.contains("model openai-videos/served 1: the only model that can do this, free"), "{record}");
    assert!(record.contains("removed by credentials: fal/bytedance/seedance-2.0, as FAL_KEY is not there"), "{record}");

    // Neither again nor elsewhere: what is made needs no server and no key.
    std::fs::remove_file(folder.path().join("film.mp4")).unwrap();
    call(&["run", "g.ron"], &open).expect(0);
    call(&["run", "g.ron", "--set", "generate.slate=true"], &[]).expect(0);
    assert_eq!(submits.load(Ordering::SeqCst), 1);
    let kept = call(&["explain", "g.ron", "generate"], &[]).expect(0).out;
    assert!(kept.contains("it has made this already; today nobody could make it"), "{kept}");

    write("openai-videos/served");
    let named = call(&["explain", "g.ron", "generate"], &[]).expect(2).err;
    assert!(named.contains("openai-videos/served cannot make this, by credentials: "), "{named}");
}
