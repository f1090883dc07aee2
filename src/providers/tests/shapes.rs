//! How each built-in provider talks, from the replies that its documents and libraries show.

use super::fake::Shape;

pub(crate) const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";
pub(crate) const MP4: &[u8] = b"\0\0\0\x18ftypisom\0\0\x02\0isomiso2";
pub(crate) const MP3: &[u8] = b"ID3\x04\0\0\0\0\0\0";
const WAV: &[u8] = b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0";
pub(crate) const BEARER: (&str, &str) = ("authorization", "Bearer $KEY");

/// At least one for each provider.
pub(crate) static SHAPES: &[Shape] = &[
    OPENAI_IMAGES,
    OPENAI_SPEECH,
    RUNWAY,
    REPLICATE,
    FAL,
    OPENAI_VIDEOS,
    GEMINI,
    GEMINI_IMAGE,
    LUMA,
    KLING,
    MINIMAX,
    BFL,
    XAI,
    STABILITY,
    ELEVENLABS,
    OPENROUTER,
    LOCALAI,
    ANTHROPIC,
    CHAT_SERVER,
    OPENAI_CHAT,
    GEMINI_CHAT,
    OPENAI_LUNA,
    ANTHROPIC_HAIKU,
    GEMINI_FLASH,
    GEMINI_TTS,
    LYRIA,
    ELEVEN_EFFECT,
    ELEVEN_MUSIC,
    VERTEX,
];

/// Answers at once, for nothing, and knows no way but one.
pub(crate) const SYNC: Shape = Shape {
    entry: "",
    submit: "",
    made: 200,
    ids: "job-$N",
    accepted: "$FILE",
    poll: None,
    running: &[],
    done: "",
    failed: None,
    second: None,
    content: None,
    cancel: None,
    stopped: (200, "{}"),
    others: &[],
    bill: 0,
    auth: BEARER,
    file: PNG,
};

pub(crate) const OPENAI_IMAGES: Shape = Shape {
    entry: "openai/gpt-image-2",
    submit: "POST /v1/images/generations",
    accepted: r#"{"created":1,"data":[{"b64_json":"$B64"}],
        "usage":{"input_tokens":20,"input_tokens_details":{"text_tokens":20,"image_tokens":0},"output_tokens":1000,"total_tokens":1020}}"#,
    bill: 20 * 5 + 1000 * 30,
    ..SYNC
};

const OPENAI_SPEECH: Shape = Shape {
    entry: "openai/tts-1",
    submit: "POST /v1/audio/speech",
    // Thirteen characters.
    bill: 13 * 15,
    file: MP3,
    ..SYNC
};

pub(crate) const RUNWAY: Shape = Shape {
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
    cancel: Some("DELETE /v1/tasks/$ID"),
    others: &[(
        "POST /v1/uploads",
        200,
        r#"{"uploadUrl":"$BASE/bucket/form","fields":{"key":"k1","policy":"p1"},"runwayUri":"runway://f1"}"#,
    )],
    bill: 350_000,
    file: MP4,
    ..SYNC
};

pub(crate) const RUNWAY_EDIT: Shape = Shape { entry: "runway/aleph2", submit: "POST /v1/video_to_video", ..RUNWAY };

pub(crate) const RUNWAY_IMAGE: Shape = Shape { submit: "POST /v1/image_to_video", ..RUNWAY };

pub(crate) const REPLICATE: Shape = Shape {
    entry: "replicate/black-forest-labs/flux-2-pro",
    submit: "POST /v1/models/black-forest-labs/flux-2-pro/predictions",
    accepted: r#"{"id":"$ID","status":"starting","urls":{"get":"$BASE/v1/predictions/$ID"},"error":null}"#,
    poll: Some("GET /v1/predictions/$ID"),
    running: &[r#"{"id":"$ID","status":"starting"}"#, r#"{"id":"$ID","status":"processing","logs":"50%"}"#],
    done: r#"{"id":"$ID","status":"succeeded","output":"$BASE/files/$ID","error":null}"#,
    failed: Some(r#"{"id":"$ID","status":"failed","error":"NSFW content detected","output":null}"#),
    cancel: Some("POST /v1/predictions/$ID/cancel"),
    others: &[("POST /v1/files", 200, r#"{"id":"up","urls":{"get":"$BASE/v1/files/up"}}"#)],
    ..SYNC
};

pub(crate) const FAL_IMAGE: Shape = Shape { submit: "POST /bytedance/seedance-2.5/image-to-video", ..FAL };

pub(crate) const FAL: Shape = Shape {
    entry: "fal/bytedance/seedance-2.5",
    submit: "POST /bytedance/seedance-2.5/text-to-video",
    accepted: r#"{"request_id":"$ID","status_url":"$BASE/bytedance/requests/$ID/status",
        "response_url":"$BASE/bytedance/requests/$ID","cancel_url":"$BASE/bytedance/requests/$ID/cancel"}"#,
    poll: Some("GET /bytedance/requests/$ID/status"),
    running: &[r#"{"status":"IN_QUEUE","queue_position":2}"#, r#"{"status":"IN_PROGRESS","logs":null}"#],
    done: r#"{"status":"COMPLETED","metrics":{"inference_time":3.5}}"#,
    failed: Some(
        r#"{"status":"COMPLETED","error":"content policy violation","error_type":"content_policy_violation"}"#,
    ),
    second: Some(("GET /bytedance/requests/$ID", r#"{"video":{"url":"$BASE/files/$ID"},"seed":3}"#)),
    cancel: Some("PUT /bytedance/requests/$ID/cancel"),
    others: &[(
        "POST /storage/auth/token?storage_type=fal-cdn-v3",
        200,
        r#"{"token":"upload-token","token_type":"Bearer","base_url":"$BASE/bucket"}"#,
    )],
    // Four seconds at 720p.
    bill: 4 * 473_000,
    auth: ("authorization", "Key $KEY"),
    file: MP4,
    ..SYNC
};

const OPENAI_VIDEOS: Shape = Shape {
    entry: "openai-videos/served",
    submit: "POST /v1/videos",
    accepted: r#"{"id":"$ID","object":"video","status":"queued","progress":0,"seconds":"3"}"#,
    poll: Some("GET /v1/videos/$ID"),
    running: &[r#"{"id":"$ID","status":"queued"}"#, r#"{"id":"$ID","status":"in_progress","progress":40}"#],
    done: r#"{"id":"$ID","status":"completed","progress":100,"expires_at":1}"#,
    failed: Some(r#"{"id":"$ID","status":"failed","error":{"code":"out_of_memory","message":"no memory"}}"#),
    content: Some("GET /v1/videos/$ID/content"),
    file: MP4,
    ..SYNC
};

const GEMINI: Shape = Shape {
    entry: "gemini/gemini-omni-1.1-flash",
    submit: "POST /v1beta/interactions",
    accepted: r#"{"id":"$ID","status":"queued"}"#,
    poll: Some("GET /v1beta/interactions/$ID?stream=false"),
    running: &[r#"{"id":"$ID","status":"queued"}"#, r#"{"id":"$ID","status":"in_progress","steps":[]}"#],
    done: r#"{"id":"$ID","status":"completed","steps":[{"type":"thought"},
        {"type":"model_output","content":[{"type":"text","text":"x"},{"type":"video","uri":"$BASE/files/$ID"}]}]}"#,
    failed: Some(r#"{"id":"$ID","status":"failed","error":{"status":"INVALID_ARGUMENT","message":"unsafe"}}"#),
    cancel: Some("POST /v1beta/interactions/$ID/cancel"),
    bill: 3 * 100_000,
    auth: ("x-goog-api-key", "$KEY"),
    file: MP4,
    ..SYNC
};

const GEMINI_IMAGE: Shape = Shape {
    entry: "gemini/gemini-3.1-flash-image",
    submit: "POST /v1beta/models/gemini-3.1-flash-image:generateContent",
    accepted: r#"{"candidates":[{"content":{"parts":[{"text":"here"},
        {"inlineData":{"mimeType":"image/png","data":"$B64"}}]}}]}"#,
    failed: Some(r#"{"promptFeedback":{"blockReason":"PROHIBITED_CONTENT"}}"#),
    bill: 45_000,
    auth: ("x-goog-api-key", "$KEY"),
    ..SYNC
};

pub(crate) const LUMA: Shape = Shape {
    entry: "luma/ray-3.2",
    submit: "POST /v1/generations",
    accepted: r#"{"id":"$ID","state":"queued"}"#,
    poll: Some("GET /v1/generations/$ID"),
    running: &[r#"{"id":"$ID","state":"queued"}"#, r#"{"id":"$ID","state":"processing"}"#],
    done: r#"{"id":"$ID","state":"completed","output":[{"type":"video","url":"$BASE/files/$ID"}]}"#,
    failed: Some(r#"{"id":"$ID","state":"failed","failure_code":"content_moderated","failure_reason":"unsafe"}"#),
    others: &[
        (
            "POST /v1/files",
            200,
            r#"{"id":"f1","state":"pending","upload":{"method":"PUT","url":"$BASE/bucket/f1?signed=1",
                "headers":{"Content-Type":"image/png","x-meta":"m1","Authorization":"theirs"}}}"#,
        ),
        ("POST /v1/files/f1/complete", 200, r#"{"id":"f1","state":"pending"}"#),
        ("GET /v1/files/f1", 200, r#"{"id":"f1","state":"ready"}"#),
    ],
    file: MP4,
    ..SYNC
};

const KLING: Shape = Shape {
    entry: "kling/kling-v3",
    submit: "POST /v1/videos/text2video",
    accepted: r#"{"code":0,"message":"SUCCEED","request_id":"r","data":{"task_id":"$ID","task_status":"submitted"}}"#,
    poll: Some("GET /v1/videos/text2video/$ID"),
    running: &[
        r#"{"code":0,"data":{"task_id":"$ID","task_status":"submitted"}}"#,
        r#"{"code":0,"data":{"task_id":"$ID","task_status":"processing"}}"#,
    ],
    done: r#"{"code":0,"data":{"task_id":"$ID","task_status":"succeed",
        "task_result":{"videos":[{"id":"v","url":"$BASE/files/$ID","duration":"3"}]}}}"#,
    failed: Some(r#"{"code":0,"data":{"task_id":"$ID","task_status":"failed","task_status_msg":"risk control"}}"#),
    file: MP4,
    ..SYNC
};

const MINIMAX: Shape = Shape {
    entry: "minimax/MiniMax-H3",
    submit: "POST /v2/video_generation",
    accepted: r#"{"task_id":"$ID"}"#,
    poll: Some("GET /v2/query/video_generation/$ID"),
    running: &[r#"{"task":{"id":"$ID","status":"queued"}}"#, r#"{"task":{"id":"$ID","status":"running"}}"#],
    done: r#"{"task":{"id":"$ID","status":"succeeded","content":{"url":"$BASE/files/$ID"}}}"#,
    failed: Some(r#"{"task":{"id":"$ID","status":"failed","error":{"message":"input new_sensitive (1026)"}}}"#),
    bill: 4 * 80_000,
    file: MP4,
    ..SYNC
};

const BFL: Shape = Shape {
    entry: "bfl/flux-2-pro",
    submit: "POST /v1/flux-2-pro",
    accepted: r#"{"id":"$ID","polling_url":"$BASE/v1/get_result?id=$ID","cost":4.5,"output_mp":1}"#,
    poll: Some("GET /v1/get_result?id=$ID"),
    running: &[r#"{"id":"$ID","status":"Pending","result":null}"#],
    done: r#"{"id":"$ID","status":"Ready","result":{"sample":"$BASE/files/$ID"}}"#,
    failed: Some(r#"{"id":"$ID","status":"Content Moderated","result":null}"#),
    bill: 45_000,
    auth: ("x-key", "$KEY"),
    ..SYNC
};

const XAI: Shape = Shape {
    entry: "xai/grok-imagine-video",
    submit: "POST /v1/videos/generations",
    accepted: r#"{"request_id":"$ID"}"#,
    poll: Some("GET /v1/videos/$ID"),
    running: &[r#"{"status":"pending"}"#],
    // The state may be missing when the video is there.
    done: r#"{"video":{"url":"$BASE/files/$ID","respect_moderation":true},"usage":{"cost_in_usd_ticks":2100000000}}"#,
    failed: Some(r#"{"status":"done","video":{"url":"$BASE/files/$ID","respect_moderation":false}}"#),
    bill: 210_000,
    file: MP4,
    ..SYNC
};

const STABILITY: Shape =
    Shape { entry: "stability/core", submit: "POST /v2beta/stable-image/generate/core", bill: 30_000, ..SYNC };

const ELEVENLABS: Shape = Shape {
    entry: "elevenlabs/eleven_v3",
    submit: "POST /v1/text-to-speech/v1?output_format=mp3_44100_128",
    bill: 13 * 80,
    auth: ("xi-api-key", "$KEY"),
    file: MP3,
    ..SYNC
};

const OPENROUTER: Shape = Shape {
    entry: "openrouter/video",
    submit: "POST /api/v1/videos",
    accepted: r#"{"id":"$ID","polling_url":"$BASE/api/v1/videos/$ID","status":"pending"}"#,
    poll: Some("GET /api/v1/videos/$ID"),
    running: &[r#"{"id":"$ID","status":"pending"}"#, r#"{"id":"$ID","status":"in_progress"}"#],
    done: r#"{"id":"$ID","status":"completed","unsigned_urls":[],"usage":{"cost":0.25}}"#,
    failed: Some(r#"{"id":"$ID","status":"failed","error":"upstream refused"}"#),
    content: Some("GET /api/v1/videos/$ID/content?index=0"),
    bill: 250_000,
    file: MP4,
    ..SYNC
};

const LOCALAI: Shape = Shape {
    entry: "localai/image",
    submit: "POST /v1/images/generations",
    accepted: r#"{"created":1,"data":[{"b64_json":"$B64"}]}"#,
    ..SYNC
};

const ANTHROPIC: Shape = Shape {
    entry: "anthropic/chat",
    submit: "POST /v1/messages",
    accepted: r#"{"id":"$ID","content":[{"type":"thinking","thinking":"hm"},{"type":"text","text":"a lamp"}],
        "stop_reason":"end_turn","usage":{"input_tokens":9,"output_tokens":4}}"#,
    failed: Some(r#"{"id":"$ID","content":[],"stop_reason":"refusal"}"#),
    auth: ("x-api-key", "$KEY"),
    ..SYNC
};

pub(crate) const CHAT_SERVER: Shape = Shape {
    entry: "chat-server/chat",
    submit: "POST /v1/chat/completions",
    accepted: concat!(
        ": a comment\r\n\r\n",
        "data: {\"id\":\"$ID\",\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":\"\"},\"finish_reason\":null}]}\r\n\r\n",
        "data: {\"choices\":[{\"delta\":{\"content\":\"a la\"}}]}\n\n",
        "data: {\"choices\":[{\"delta\":{\"content\":\"mp\"},\"finish_reason\":\"stop\"}]}\n\n",
        "data: [DONE]\n\n",
    ),
    ..SYNC
};

const OPENAI_CHAT: Shape = Shape {
    entry: "openai/chat",
    accepted: r#"{"id":"$ID","choices":[{"index":0,"message":{"role":"assistant","content":"a lamp"}}]}"#,
    failed: Some(r#"{"id":"$ID","choices":[{"message":{"content":null,"refusal":"I cannot help with that"}}]}"#),
    ..CHAT_SERVER
};

const GEMINI_CHAT: Shape = Shape {
    entry: "gemini/chat",
    submit: "POST /v1beta/models/m1:generateContent",
    accepted: r#"{"candidates":[{"content":{"parts":[{"text":"a lamp"}]},"finishReason":"STOP"}]}"#,
    failed: Some(r#"{"promptFeedback":{"blockReason":"SAFETY"}}"#),
    auth: ("x-goog-api-key", "$KEY"),
    ..SYNC
};

const OPENAI_LUNA: Shape = Shape {
    entry: "openai/gpt-5.6-luna",
    accepted: r#"{"id":"$ID","choices":[{"index":0,"finish_reason":"stop","message":{"content":"a lamp"}}],
        "usage":{"prompt_tokens":1000,"completion_tokens":50}}"#,
    // 0.2 and 1.2 dollars a million.
    bill: 200 + 60,
    ..OPENAI_CHAT
};

const ANTHROPIC_HAIKU: Shape = Shape { entry: "anthropic/claude-haiku-4-5", bill: 9 + 4 * 5, ..ANTHROPIC };

const GEMINI_FLASH: Shape = Shape {
    entry: "gemini/gemini-3.8-flash",
    submit: "POST /v1beta/models/gemini-3.8-flash:generateContent",
    // An answer in two parts, and thoughts that are paid like it.
    accepted: r#"{"candidates":[{"content":{"parts":[{"text":"a "},{"text":"lamp"}]},"finishReason":"STOP"}],
        "usageMetadata":{"promptTokenCount":4,"candidatesTokenCount":8,"thoughtsTokenCount":8}}"#,
    bill: 3 + 60,
    ..GEMINI_CHAT
};

const GEMINI_TTS: Shape = Shape {
    entry: "gemini/gemini-3.8-flash-tts",
    submit: "POST /v1beta/interactions",
    accepted: r#"{"id":"$ID","status":"completed","steps":[{"type":"model_output","content":[
        {"type":"audio","mime_type":"audio/wav","data":"$B64"}]}],
        "usage":{"total_input_tokens":2,"total_output_tokens":100}}"#,
    failed: Some(r#"{"id":"$ID","status":"failed","error":{"message":"no such voice"}}"#),
    bill: 1 + 900,
    auth: ("x-goog-api-key", "$KEY"),
    file: WAV,
    ..SYNC
};

const LYRIA: Shape = Shape {
    entry: "gemini/lyria-3.5",
    accepted: r#"{"id":"$ID","status":"completed","steps":[{"type":"thought"},{"type":"model_output","content":[
        {"type":"text","text":"[verse]"},{"type":"audio","mime_type":"audio/mp3","data":"$B64"}]}]}"#,
    failed: Some(r#"{"id":"$ID","status":"incomplete"}"#),
    bill: 80_000,
    file: MP3,
    ..GEMINI_TTS
};

pub(crate) const ELEVEN_EFFECT: Shape = Shape {
    entry: "elevenlabs/eleven_text_to_sound_v2",
    submit: "POST /v1/sound-generation?output_format=mp3_44100_128",
    bill: 0,
    ..ELEVENLABS
};

pub(crate) const ELEVEN_MUSIC: Shape =
    Shape { entry: "elevenlabs/music_v2_5", submit: "POST /v1/music?output_format=mp3_44100_128", ..ELEVEN_EFFECT };

pub(crate) const VERTEX: Shape = Shape {
    entry: "vertex/veo-3.1-lite-generate-001",
    submit: "POST /v1/projects/project-1/locations/us-central1/publishers/google/models/veo-3.1-lite-generate-001:predictLongRunning",
    accepted: r#"{"name":"projects/project-1/operations/$ID"}"#,
    // The job is named in the body.
    poll: Some(
        "POST /v1/projects/project-1/locations/us-central1/publishers/google/models/veo-3.1-lite-generate-001:fetchPredictOperation $ID",
    ),
    running: &[r#"{"name":"projects/project-1/operations/$ID"}"#, r#"{"name":"x","done":false,"metadata":{}}"#],
    done: r#"{"name":"x","done":true,"response":{"raiMediaFilteredCount":0,
        "videos":[{"bytesBase64Encoded":"$B64","mimeType":"video/mp4"}]}}"#,
    failed: Some(
        r#"{"name":"x","done":true,"response":{"raiMediaFilteredCount":1,"raiMediaFilteredReasons":["unsafe"]}}"#,
    ),
    bill: 4 * 50_000,
    file: MP4,
    ..SYNC
};
