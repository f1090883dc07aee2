//! The lines of a shot, spoken with their characters' voices and placed at their times.
//!
//! Each line is a call of its own, so that a line that two shots share is paid once and a changed line alone is spoken
//! anew. The lines are laid into one sound as long as the shot: it meets the shot's clip by element id, and is its take.

use std::sync::Arc;

use model::{
    Color, Diagnostic, Help, Line, Media, NodeSpec, ParamSpec, Piece, Plan, PlanCx, PortType, Ports, Recipe, Reference,
    Render, RenderForm, RenderSettings, Role, Scope, Shot, Sound, Source, Stop, Task, VOICE, Value, Work, no_upgrade,
};

use crate::{generation, referring, sounding, structure_lines};

/// `audio.speech`.
pub(crate) const SPEC: NodeSpec = NodeSpec {
    kind: "audio.speech",
    version: 1,
    help: Help {
        title: "Speech",
        category: "Sound",
        summary: "Speaks the lines of a shot, or a text, with the characters' voices",
        keywords: &["voice", "dialogue", "tts", "text to speech", "narration", "voice over", "dubbing"],
    },
    params: &[
        ParamSpec::multiline("text", "").help("What is said, where no shot has lines"),
        ParamSpec::text("voice", "").help(
            "Voice of whoever has none of their own: its name or id, or one for each provider, such as \
                `openai: onyx, gemini: Kore`; where nobody has one, the model's default speaks",
        ),
        ParamSpec::choice("length", "shot", &["shot", "lines"])
            .help("Whether the sound is as long as the shot, or as its lines take"),
        ParamSpec::flag("directions", false)
            .help("Whether the script's directions, such as (quietly), go along as option `instructions`"),
        ParamSpec::number("words_per_second", 2.5)
            .range(1.0, 6.0)
            .unit("words")
            .help("Speed of the scratch voice in a text"),
        sounding::MODEL,
        sounding::SEED,
        generation::OPTIONS,
    ],
    ports: |_| {
        Ports::new()
            .optional("shot", PortType::Shot, "The shot whose lines are spoken; one without lines is silent")
            .optional_gather("characters", PortType::Character, "Everybody; a line takes its speaker's voice and pitch")
            .output("audio", PortType::Audio, "What is said, each line at its time in the shot")
    },
    plan,
    sibling: None,
    upgrade: no_upgrade,
};

/// Silence around a spoken text, seconds; the breakdown's own.
const AROUND: f64 = 0.35;

fn plan(cx: &PlanCx<'_>) -> Result<Plan, Stop> {
    let characters: Vec<_> = cx.references("characters")?.into_iter().map(|(_, it)| it.clone()).collect();
    let text = cx.text("text")?.trim().to_owned();
    let shot = cx.maybe("shot").map(|_| cx.shot("shot")).transpose()?;
    match shot {
        None if text.is_empty() => {
            Err(cx.refuse("shot", "there is nothing to say").hint("connect shots, or type a text"))
        }
        None => {
            let words = text.split_whitespace().count().max(1) as f64;
            let seconds = words / cx.number("words_per_second")? + AROUND;
            let call = spoken(cx, sounding::call(cx, Task::Voice, text, seconds)?, None, "")?;
            Ok(Plan::work(sounding::work(call)))
        }
        Some(_) if !text.is_empty() => Err(cx
            .refuse("text", "both a shot and a text are given")
            .hint("clear `text` to speak the shot's lines, or disconnect the shot")),
        Some(shot) => lines(cx, shot, &characters),
    }
}

fn lines(cx: &PlanCx<'_>, shot: &Shot, characters: &[Arc<Reference>]) -> Result<Plan, Stop> {
    let calls = shot.lines.iter().map(|line| {
        let call = sounding::call(cx, Task::Voice, line.text.trim().to_owned(), line.duration_s)?;
        let who = characters.iter().find(|it| it.is_called(&line.character));
        let mut call = spoken(cx, call, who, &line.parenthetical)?;
        call.shot = Some(Arc::new(alone(shot, line)));
        let name = who.map_or(&line.character, |it| &it.name);
        Ok((sounding::work(call), Scope::new(&shot.scene, &shot.id, [name.as_str()])))
    });
    let calls = calls.collect::<Result<Vec<_>, Stop>>()?;
    let answers = cx.parts(&calls)?;
    let sounds = answers.iter().map(|outputs| sounding::sound_of(cx, outputs, "audio"));
    let sounds = sounds.collect::<Result<Vec<_>, Stop>>()?;
    let (mix, notes) = laid(cx, shot, &sounds)?;
    let outputs = cx.need(&mix)?;
    let plan = Plan::values([("audio", Value::Audio(sounding::sound_of(cx, &outputs, "file")?))]);
    Ok(notes.into_iter().fold(plan.made_by(mix), Plan::note))
}

/// A line without its place: where it stands in the script makes it no other line.
fn alone(shot: &Shot, line: &Line) -> Shot {
    let alone = structure_lines::alone(shot, line, "");
    Shot {
        setting: model::Setting::default(),
        camera: model::Camera::default(),
        cast: Vec::new(),
        seed: None,
        ..alone.content()
    }
}

/// A call with the voice of whoever speaks.
fn spoken(
    cx: &PlanCx<'_>,
    mut call: model::Call,
    who: Option<&Arc<Reference>>,
    direction: &str,
) -> Result<model::Call, Stop> {
    let own = referring::voices(cx, "characters", who.map_or("", |it| it.voice.as_str()))?;
    let voice = own.or(referring::voices(cx, "voice", &cx.text("voice")?)?).to_string();
    if !voice.is_empty() {
        call.options.entry(VOICE.to_owned()).or_insert(voice);
    }
    let direction = direction.trim().trim_matches(['(', ')']).trim();
    if cx.flag("directions")? && !direction.is_empty() {
        call.options.entry("instructions".to_owned()).or_insert(direction.to_owned());
    }
    // Looks say nothing about a voice: name and pitch are what the scratch voice goes by.
    call.references = who
        .map(|it| {
            let heard = Reference {
                role: Role::Character,
                name: it.name.clone(),
                aliases: it.aliases.clone(),
                pitch_hz: it.pitch_hz,
                ..Reference::nameless(Role::Character)
            };
            Arc::new(heard)
        })
        .into_iter()
        .collect();
    Ok(call)
}

/// The sounds at their lines' times, one after the other where one is longer than was planned.
fn laid(cx: &PlanCx<'_>, shot: &Shot, sounds: &[Arc<Media>]) -> Result<(Work, Vec<Diagnostic>), Stop> {
    let rate = cx.settings.fps;
    let mut placed = Vec::new();
    let mut free = 0;
    for (line, media) in shot.lines.iter().zip(sounds) {
        let planned = (line.start_s * f64::from(rate.0) / f64::from(rate.1)).round().max(0.0) as u64;
        let at = planned.max(free);
        let frames = frames_of(media, rate).unwrap_or(u64::from(rate.frames_in(line.duration_s)));
        free = at.saturating_add(frames);
        placed.push((at, frames, media));
    }
    let total = match cx.choice("length")? {
        "lines" if 0 < free => free,
        _ => u64::from(shot.n_frames(rate)),
    };
    let mut recipe = Recipe {
        rate,
        size: (16, 16),
        pieces: vec![Piece::whole(Source::Blank(Color::default()), total)],
        sound: vec![],
    };
    for (at, frames, media) in placed {
        recipe = recipe.lay_sound(Sound {
            media: media.clone(),
            at,
            start: 0,
            frames,
            gain_db: 0.0,
            fade_in: 0,
            fade_out: 0,
        });
    }
    let notes = if total < free {
        let message = format!(
            "the lines take {:.1} seconds and the shot lasts {:.1}, so their end is not heard",
            rate.seconds(free),
            rate.seconds(total)
        );
        vec![cx.warn("line-cut-off", "shot", message).hint("make the shot longer in a shot table, or shorten the line")]
    } else {
        Vec::new()
    };
    let settings = RenderSettings { form: RenderForm::Wav, ..RenderSettings::default() };
    Ok((Work::Render(Render { recipe: Arc::new(recipe), settings }), notes))
}

fn frames_of(media: &Media, rate: model::Rate) -> Option<u64> {
    let audio = media.audio.as_ref()?;
    let frames = u128::from(audio.n_samples) * u128::from(rate.0);
    let frames = frames.div_ceil((u128::from(audio.sample_rate) * u128::from(rate.1)).max(1));
    Some(u64::try_from(frames).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use model::{Call, Outputs};

    use super::*;
    use crate::samples::{asked, given, list, shot, shown, sound, voiced};
    use crate::testing::Fixture;

    /// Every line takes so many frames.
    fn speaking(fixture: Fixture, frames: u64) -> Fixture {
        fixture.answers(move |work| -> Option<Outputs> {
            Some(match work {
                Work::Call(call) if call.task == Task::Voice => vec![("audio".into(), sound(frames))],
                Work::Render(_) => vec![("file".into(), sound(60))],
                other => panic!("nobody asked for {other:?}"),
            })
        })
    }

    fn said(n_lines: usize) -> Fixture {
        let mut shot = shot("s1.b1");
        let line = shot.lines.remove(0);
        for idx in 0..n_lines {
            let text = format!("Line {idx}.");
            shot.lines.push(Line {
                text,
                start_s: 0.5 + idx as f64,
                parenthetical: "(quietly)".to_owned(),
                ..line.clone()
            });
        }
        let characters = list([Value::Reference(voiced("JON", "marin")), Value::Reference(voiced("MARA", "onyx"))]);
        Fixture::new(&SPEC).input("shot", Value::Shot(Arc::new(shot))).input("characters", characters)
    }

    fn calls(fixture: &Fixture) -> Vec<Call> {
        let calls = fixture.asked().into_iter().filter_map(|work| match work {
            Work::Call(call) => Some(*call),
            _ => None,
        });
        calls.collect()
    }

    fn mix(fixture: &Fixture) -> Arc<Recipe> {
        let render = fixture.asked().into_iter().find_map(|work| match work {
            Work::Render(render) => Some(render.recipe),
            _ => None,
        });
        render.expect("the lines are laid")
    }

    #[test]
    fn a_line_is_a_call_with_its_speakers_voice() {
        let fixture = speaking(said(1), 24);
        let plan = fixture.plan().expect("it speaks");
        let call = calls(&fixture).remove(0);
        assert_eq!(plan.made_by.map(|work| work.kind()), Some("render"));
        expect![[r#"
            call.task=voice
            call.model=auto
            call.quality=draft
            call.prompt=Line 0.
        "#]]
        .assert_eq(
            &shown(Ok(Plan::work(sounding::work(call.clone()))))
                .lines()
                .take(4)
                .fold(String::new(), |all, it| all + it + "\n"),
        );
        assert_eq!((call.n_frames, call.options["voice"].as_str()), (24, "marin"));
        assert_eq!(
            call.references.iter().map(|it| (it.name.as_str(), it.images.len())).collect::<Vec<_>>(),
            [("JON", 0)]
        );
        let line = call.shot.expect("the scratch voice reads it");
        assert_eq!((line.id.as_str(), line.setting.location.as_str(), line.lines[0].start_s), ("", "", 0.0));
        assert_eq!((mix(&fixture).sound[0].at, mix(&fixture).n_frames()), (12, 60), "at its time in the shot");
        assert_eq!(given(fixture.plan(), "audio"), sound(60));
    }

    #[test]
    fn lines_never_talk_over_each_other() {
        let fixture = speaking(said(2), 30);
        let plan = fixture.plan().expect("it speaks");
        let at: Vec<_> = mix(&fixture).sound.iter().map(|it| (it.at, it.frames)).collect();
        assert_eq!(at, [(12, 30), (42, 18)], "the second waits, and ends with the shot");
        assert_eq!(plan.notes[0].code, "line-cut-off");
        assert_eq!(plan.made_by.map(|work| work.kind()), Some("render"));
        let whole = speaking(said(2), 30).param("length", "lines");
        assert_eq!(whole.plan().expect("it speaks").notes, []);
        assert_eq!(mix(&whole).n_frames(), 72);
    }

    #[test]
    fn a_shot_without_lines_is_silent_and_asks_no_model() {
        let fixture = speaking(said(0), 30);
        fixture.plan().expect("it is silent");
        assert_eq!((calls(&fixture).len(), mix(&fixture).sound.len(), mix(&fixture).n_frames()), (0, 0, 60));
    }

    #[test]
    fn directions_go_along_where_they_are_wanted() {
        let of = |wanted: bool| {
            let fixture = speaking(said(1), 24).param("directions", wanted);
            fixture.plan().expect("it speaks");
            calls(&fixture).remove(0).options.get("instructions").cloned()
        };
        assert_eq!((of(false), of(true)), (None, Some("quietly".to_owned())));
    }

    #[test]
    fn whoever_has_no_voice_at_a_provider_gets_the_nodes() {
        let of = |own: &str, nodes: &str| {
            let mut shot = shot("s1.b1");
            shot.lines.truncate(1);
            let name = shot.lines[0].character.clone();
            let fixture = Fixture::new(&SPEC).input("shot", Value::Shot(Arc::new(shot))).param("voice", nodes);
            let fixture = speaking(fixture.input("characters", list([Value::Reference(voiced(&name, own))])), 24);
            fixture.plan().map(|_| calls(&fixture).remove(0).options.get("voice").cloned().unwrap_or_default())
        };
        assert_eq!(of("openai: marin", "gemini: Kore"), Ok("openai: marin, gemini: Kore".to_owned()));
        assert_eq!(of("marin", "gemini: Kore"), Ok("marin".to_owned()));
        assert_eq!(of("", "gemini: Kore"), Ok("gemini: Kore".to_owned()));
        assert!(matches!(of("", "gemini: a, gemini: b"), Err(Stop::Refused(_))));
    }

    #[test]
    fn a_text_is_spoken_alone() {
        let fixture = Fixture::new(&SPEC).param("text", "The sea gives back nothing.").param("voice", "onyx");
        let Work::Call(call) = asked(fixture.plan()) else { panic!("a call") };
        assert_eq!((call.n_frames, call.options["voice"].as_str()), (56, "onyx"));
    }

    #[test]
    fn nothing_and_two_things_are_refused() {
        assert_eq!(Fixture::new(&SPEC).refusal(), "there is nothing to say");
        assert_eq!(said(1).param("text", "x").refusal(), "both a shot and a text are given");
    }
}
