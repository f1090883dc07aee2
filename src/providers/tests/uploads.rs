//! Pictures that are too large for a request: every recipe of a built-in manifest, followed against the fake.

use std::sync::Arc;

use engine::worker::{Cancel, JobError};
use model::{Call, Image, Outputs};

use super::bench::{Bench, code};
use super::fake::{Fault, KEY, Shape, Step};
use super::flow::settled;
use super::shapes::{FAL_IMAGE, LUMA, RUNWAY_IMAGE};
use crate::Catalog;

/// Where a recipe's steps go, what then stands in the request, and which of its steps must be heard.
struct Recipe {
    shape: &'static Shape,
    field: &'static str,
    stands: &'static str,
    steps: &'static [Step],
}

const RECIPES: &[Recipe] = &[
    Recipe {
        shape: &RUNWAY_IMAGE,
        field: "/promptImage/0/uri",
        stands: "runway://f1",
        steps: &[Step::Upload, Step::Bucket],
    },
    Recipe {
        shape: &LUMA,
        field: "/video/start_frame/file_id",
        stands: "f1",
        steps: &[Step::Upload, Step::Bucket, Step::Upload, Step::Ready],
    },
    Recipe {
        shape: &FAL_IMAGE,
        field: "/image_url",
        stands: "$BASE/bucket/it.png",
        steps: &[Step::Upload, Step::Bucket],
    },
];

/// A bench whose pictures are uploaded where they have more bytes than that.
fn bench(shape: &'static Shape, above: u64) -> Bench {
    let mut bench = Bench::new(shape);
    let mut manifest = bench.catalog.manifests().next().expect("one").as_ref().clone();
    manifest.upload.as_mut().expect("it uploads").above = Some(above);
    bench.catalog = Catalog::default().with(manifest);
    bench
}

fn go(bench: &Bench) -> Result<Outputs, JobError> {
    let picture = Some(Image::File(Arc::new(bench.picture())));
    bench.run(Call { first_frame: picture, ..bench.call() }, &Cancel::default())
}

/// Heads and bodies of a step's messages.
fn heard(bench: &Bench, step: Step) -> Vec<(String, String)> {
    let state = bench.fake().state();
    let found = state.heard.iter().filter(|(it, ..)| *it == step);
    found.map(|(_, head, body)| (head.to_lowercase(), String::from_utf8_lossy(body).into_owned())).collect()
}

#[test]
fn a_large_picture_is_uploaded_and_named_in_the_request() {
    for recipe in RECIPES {
        let name = recipe.shape.entry;
        let bench = bench(recipe.shape, 4);
        go(&bench).unwrap_or_else(|error| panic!("{name}: {error}"));
        let steps: Vec<Step> = bench.fake().state().heard.iter().map(|(step, ..)| *step).collect();
        assert!(steps.starts_with(&[recipe.steps, &[Step::Submit]].concat()), "{name}: {steps:?}");
        let submitted: serde_json::Value = serde_json::from_str(&heard(&bench, Step::Submit)[0].1).expect("JSON");
        let stands = recipe.stands.replace("$BASE", &bench.fake().base);
        assert_eq!(submitted.pointer(recipe.field), Some(&stands.into()), "{name}: {submitted}");
        let brought = heard(&bench, Step::Bucket);
        assert!(brought.len() == 1 && brought[0].1.contains("PNG\r\n\u{1a}\npicture"), "{name}: {brought:?}");
        // The fake refuses the key there; neither may anything else of the provider's go along.
        assert!(!brought[0].0.contains("x-runway-version") && !brought[0].0.contains(KEY), "{name}: {brought:?}");
        settled(&bench, recipe.shape, 1);
    }
}

#[test]
fn a_small_picture_goes_along_in_the_request() {
    for recipe in RECIPES {
        let bench = bench(recipe.shape, 1 << 20);
        go(&bench).unwrap_or_else(|error| panic!("{}: {error}", recipe.shape.entry));
        assert_eq!(bench.fake().asked(Step::Upload) + bench.fake().asked(Step::Bucket), 0, "{}", recipe.shape.entry);
        assert!(heard(&bench, Step::Submit)[0].1.contains("iVBOR"), "{}", recipe.shape.entry);
    }
}

#[test]
fn forms_and_headers_are_those_that_the_provider_gave() {
    let runway = bench(&RUNWAY_IMAGE, 4);
    go(&runway).expect("it is made");
    let form = &heard(&runway, Step::Bucket)[0].1;
    let at = |text: &str| form.find(text).unwrap_or_else(|| panic!("no {text} in {form}"));
    assert!(at("name=\"key\"") < at("name=\"policy\"") && at("p1") < at("name=\"file\""), "the file comes last");
    let luma = bench(&LUMA, 4);
    go(&luma).expect("it is made");
    let head = &heard(&luma, Step::Bucket)[0].0;
    assert_eq!(head.matches("content-type: image/png").count(), 1, "{head}");
    assert!(head.contains("x-meta: m1") && !head.contains("authorization"), "{head}");
    let asked = &heard(&luma, Step::Upload)[0].1;
    assert!(asked.contains("\"size_bytes\":15") && asked.contains("\"mime_type\":\"image/png\""), "{asked}");
    let fal = bench(&FAL_IMAGE, 4);
    go(&fal).expect("it is made");
    assert!(heard(&fal, Step::Bucket)[0].0.contains("authorization: bearer upload-token"));
}

#[test]
fn what_breaks_is_tried_again_and_what_is_refused_buys_nothing() {
    let broken = [
        Fault::Answer(500, vec![], String::new()),
        Fault::Reset,
        Fault::Unheard,
        Fault::Answer(429, vec![("Retry-After", "0.01".to_owned())], "{}".to_owned()),
    ];
    for recipe in RECIPES {
        let name = recipe.shape.entry;
        for step in [Step::Upload, Step::Bucket, Step::Ready].into_iter().filter(|it| recipe.steps.contains(it)) {
            for fault in &broken {
                let bench = bench(recipe.shape, 4);
                bench.fake().fault(step, fault.clone());
                go(&bench).unwrap_or_else(|error| panic!("{name} {step:?} {fault:?}: {error}"));
                assert_eq!(bench.fake().submits(), 1, "{name} {step:?} {fault:?}");
            }
            let bench = bench(recipe.shape, 4);
            let said = format!("{{\"error\":\"no {KEY}\"}}");
            bench.fake().fault(step, Fault::Answer(403, vec![], said));
            assert_eq!(code(go(&bench)), "provider-auth", "{name} {step:?}");
            assert_eq!(bench.fake().asked(Step::Submit), 0, "{name} {step:?}");
            assert_eq!(bench.store().open_jobs(), Ok(Vec::new()), "{name} {step:?}: nothing is left open");
            bench.assert_no_key();
        }
        for instead in ["{}", "[]", "<html>", "{\"uploadUrl\":7,\"id\":[]}"] {
            let bench = bench(recipe.shape, 4);
            bench.fake().fault(Step::Upload, Fault::Instead(instead.to_owned()));
            assert_eq!(code(go(&bench)), "provider-bad-reply", "{name} {instead}");
            assert_eq!(bench.fake().asked(Step::Submit), 0, "{name} {instead}");
        }
    }
}

#[test]
fn a_file_is_waited_for_and_a_bad_one_said() {
    let luma = bench(&LUMA, 4);
    for _ in 0..3 {
        luma.fake().fault(Step::Ready, Fault::Instead("{\"state\":\"pending\"}".to_owned()));
    }
    go(&luma).expect("it gets ready");
    assert_eq!(luma.fake().asked(Step::Ready), 4);
    let luma = bench(&LUMA, 4);
    let failed = "{\"state\":\"failed\",\"failure_reason\":\"not a picture\"}";
    luma.fake().fault(Step::Ready, Fault::Instead(failed.to_owned()));
    assert_eq!(code(go(&luma)), "provider-rejected");
    assert_eq!(luma.fake().asked(Step::Submit), 0);
}

#[test]
fn a_signed_url_may_not_mean_this_machine() {
    for bad in ["http://169.254.169.254/latest", "https://127.0.0.1/x", "file:///etc/passwd", "http://localhost:1/x"] {
        let runway = bench(&RUNWAY_IMAGE, 4);
        let given = format!("{{\"uploadUrl\":\"{bad}\",\"fields\":{{}},\"runwayUri\":\"runway://f1\"}}");
        runway.fake().fault(Step::Upload, Fault::Instead(given));
        assert_eq!(code(go(&runway)), "provider-bad-reply", "{bad}");
        assert_eq!((runway.fake().asked(Step::Bucket), runway.fake().asked(Step::Submit)), (0, 0), "{bad}");
    }
}
