//! Shots, references and clips for node tests, and plans as text.

use std::sync::Arc;

use model::{
    AudioInfo, Camera, CastMember, Digest, Image, IntExt, Line, List, Media, Move, Outcome, Plan, Rate, Recipe,
    Reference, Role, Setting, Shot, ShotSize, Side, Stop, TimeOfDay, Value, VideoInfo, Weather, Work, walk,
};

/// A clip artifact of 640x360 at 24 fps, named by its length.
pub(crate) fn media(frames: u64) -> Arc<Media> {
    Arc::new(Media {
        digest: Digest::of(&frames.to_le_bytes()),
        bytes: 1000,
        format: "mp4".to_owned(),
        video: Some(VideoInfo {
            width: 640,
            height: 360,
            rate: Rate::FILM,
            n_frames: frames,
            codec: "h264".to_owned(),
        }),
        audio: None,
    })
}

/// A sound of so many frames.
pub(crate) fn sound(frames: u64) -> Value {
    let audio = AudioInfo { sample_rate: 48000, channels: 2, n_samples: frames * 2000, codec: "pcm".to_owned() };
    let digest = Digest::of(b"sound");
    Value::Audio(Arc::new(Media { digest, bytes: 9, format: "wav".to_owned(), video: None, audio: Some(audio) }))
}

pub(crate) fn picture(name: &str) -> Media {
    let video = VideoInfo { width: 64, height: 48, rate: Rate(1, 1), n_frames: 1, codec: "png".to_owned() };
    let digest = Digest::of(name.as_bytes());
    Media { digest, bytes: 100, format: "png".to_owned(), video: Some(video), audio: None }
}

pub(crate) fn image(name: &str) -> Value {
    Value::Image(Image::File(Arc::new(picture(name))))
}

pub(crate) fn clip(frames: u64) -> Value {
    Value::Clip(Arc::new(Recipe::file(media(frames), None, Rate::FILM)))
}

/// A list with ids `a`, `b` and so on.
pub(crate) fn list(values: impl IntoIterator<Item = Value>) -> Value {
    let ids = ('a'..='z').map(|id| Arc::from(id.to_string()));
    Value::List(List::new(ids.zip(values)))
}

/// A shot of 2.5 seconds in a lighthouse: MARA is seen, JON is heard.
pub(crate) fn shot(id: &str) -> Shot {
    Shot {
        id: id.to_owned(),
        scene: id.split('.').next().unwrap_or(id).to_owned(),
        number: "1-010".to_owned(),
        text: "Mara climbs the stair.".to_owned(),
        setting: Setting {
            location: "LIGHTHOUSE - STAIR".to_owned(),
            int_ext: IntExt::Int,
            time: TimeOfDay::Night,
            weather: Weather::Storm,
        },
        camera: Camera { size: ShotSize::Ws, r#move: Move::PushIn, lens_mm: 35, ..Camera::default() },
        cast: vec![CastMember {
            name: "MARA".to_owned(),
            action: "climbs".to_owned(),
            emotion: String::new(),
            side: Side::Left,
        }],
        props: Vec::new(),
        lines: vec![Line {
            character: "JON".to_owned(),
            text: "Is it lit?".to_owned(),
            parenthetical: String::new(),
            extension: "O.S.".to_owned(),
            start_s: 0.5,
            duration_s: 1.0,
        }],
        duration_s: 2.5,
        seed: None,
        purpose: "action".to_owned(),
        provenance: std::collections::BTreeMap::new(),
    }
}

pub(crate) fn reference(role: Role, name: &str, description: &str) -> Arc<Reference> {
    Arc::new(Reference {
        role,
        name: name.to_owned(),
        aliases: Vec::new(),
        description: description.to_owned(),
        negative: "blur".to_owned(),
        palette: Vec::new(),
        images: vec![picture(name)],
        pitch_hz: None,
        voice: String::new(),
        ambience: String::new(),
    })
}

/// A character with a voice at a model.
pub(crate) fn voiced(name: &str, voice: &str) -> Arc<Reference> {
    let reference = reference(Role::Character, name, "a keeper");
    Arc::new(Reference { voice: voice.to_owned(), ..Reference::clone(&reference) })
}

/// A plan as one line per ingredient, notes last.
#[track_caller]
pub(crate) fn shown(plan: Result<Plan, Stop>) -> String {
    let plan = plan.expect("the node accepts");
    let mut lines = Vec::new();
    match &plan.outcome {
        Outcome::Values(outputs) => {
            for (name, value) in outputs {
                lines.extend(
                    walk::ingredients_of(value).into_iter().map(|(path, text)| format!("{name}.{path}={text}")),
                );
            }
        }
        Outcome::Work(work) => {
            lines.extend(walk::ingredients_of(work).into_iter().map(|(path, text)| format!("{path}={text}")));
        }
    }
    lines.extend(plan.notes.iter().map(|note| format!("note: {}", note.message)));
    lines.join("\n") + "\n"
}

/// The value on an output of a plan that gives values.
#[track_caller]
pub(crate) fn given(plan: Result<Plan, Stop>, port: &str) -> Value {
    match plan.expect("the node accepts").outcome {
        Outcome::Values(outputs) => {
            outputs.into_iter().find(|(name, _)| name == port).map(|(_, value)| value).expect("the node has the output")
        }
        Outcome::Work(work) => panic!("expected values, got {work:?}"),
    }
}

/// The clip on the output `clip`.
#[track_caller]
pub(crate) fn given_clip(plan: Result<Plan, Stop>) -> Arc<Recipe> {
    match given(plan, "clip") {
        Value::Clip(recipe) => recipe,
        other => panic!("expected a clip, got {other:?}"),
    }
}

/// The work that a plan asks for.
#[track_caller]
pub(crate) fn asked(plan: Result<Plan, Stop>) -> Work {
    match plan.expect("the node accepts").outcome {
        Outcome::Work(work) => *work,
        Outcome::Values(values) => panic!("expected work, got {values:?}"),
    }
}
