//! How each built-in provider talks, from the replies that its documents and libraries show.

use super::fake::Shape;

pub(crate) const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";
pub(crate) const MP4: &[u8] = b"\0\0\0\x18ftypisom\0\0\x02\0isomiso2";
pub(crate) const BEARER: (&str, &str) = ("authorization", "Bearer $KEY");

/// One for each provider.
pub(crate) static SHAPES: &[Shape] = &[OPENAI_IMAGES, RUNWAY];

const OPENAI_IMAGES: Shape = Shape {
    entry: "openai/gpt-image-2",
    submit: "POST /v1/images/generations",
    accepted: r#"{"created":1,"data":[{"b64_json":"$B64"}],
        "usage":{"input_tokens":20,"input_tokens_details":{"text_tokens":20,"image_tokens":0},"output_tokens":1000}}"#,
    poll: None,
    running: &[],
    done: "",
    failed: None,
    second: None,
    content: None,
    cancel: None,
    bill: 20 * 5 + 1000 * 30,
    auth: BEARER,
    file: PNG,
};

const RUNWAY: Shape = Shape {
    entry: "runway/gen4.5",
    submit: "POST /v1/text_to_video",
    accepted: r#"{"id":"$ID","estimatedCost":{"credits":36}}"#,
    poll: Some("GET /v1/tasks/$ID"),
    running: &[
        r#"{"id":"$ID","status":"PENDING"}"#,
        r#"{"id":"$ID","status":"RUNNING","progress":0.5}"#,
        r#"{"id":"$ID","status":"THROTTLED"}"#,
        r#"{"id":"$ID","status":"RUNNING","progress":0.4}"#,
    ],
    done: r#"{"id":"$ID","status":"SUCCEEDED","output":["$BASE/files/$ID"],"cost":{"credits":35}}"#,
    failed: Some(
        r#"{"id":"$ID","status":"FAILED","failure":"no","failureCode":"SAFETY.INPUT.TEXT","cost":{"credits":0}}"#,
    ),
    second: None,
    content: None,
    cancel: Some("DELETE /v1/tasks/$ID"),
    bill: 350_000,
    auth: BEARER,
    file: MP4,
};
