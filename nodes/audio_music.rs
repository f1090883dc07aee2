//! Music from words and a length. Without a model's name it is a scratch track, made here and free.

use model::{Help, NodeSpec, ParamSpec, Plan, PlanCx, PortType, Ports, Stop, Task, no_upgrade};

use crate::{generation, sounding};

/// The longest piece, seconds: what the longest of the models makes.
const LONGEST: f64 = 600.0;

/// `audio.music`.
pub(crate) const SPEC: NodeSpec =
    NodeSpec {
        kind: "audio.music",
        version: 1,
        help: Help {
            title: "Music",
            category: "Sound",
            summary: "Makes music from words, for so many seconds or as long as some clips",
            keywords: &["score", "song", "soundtrack", "theme", "underscore"],
        },
        params: &[
            ParamSpec::multiline("prompt", "").help("Mood, style, instruments and tempo"),
            ParamSpec::number("seconds", 30.0)
                .range(1.0, LONGEST)
                .soft(5.0, 180.0)
                .unit("seconds")
                .help("Length of the music where no clips give one"),
            sounding::MODEL,
            sounding::SEED,
            generation::OPTIONS,
        ],
        ports: |_| {
            Ports::new()
                .optional_gather("clips", PortType::Clip, "Clips that it lasts for, one after the other")
                .output("audio", PortType::Audio, "The music")
        },
        plan,
        sibling: None,
        upgrade: no_upgrade,
    };

fn plan(cx: &PlanCx<'_>) -> Result<Plan, Stop> {
    let prompt = sounding::told(cx, "prompt")?;
    let clips = cx.clips("clips")?;
    let frames = clips.iter().fold(0, |sum: u64, (_, clip)| sum.saturating_add(clip.n_frames()));
    let seconds = if clips.is_empty() { cx.number("seconds")? } else { cx.settings.fps.seconds(frames) };
    if !(0.0 < seconds && seconds <= LONGEST) {
        let message = format!("the clips last {seconds:.0} seconds, and music lasts for up to {LONGEST}");
        return Err(cx.refuse("clips", message).hint("make music for a part of them, or set `seconds`"));
    }
    Ok(Plan::work(sounding::work(sounding::call(cx, Task::Music, prompt, seconds)?)))
}

#[cfg(test)]
mod tests {
    use model::{ModelChoice, Work};

    use super::*;
    use crate::samples::{asked, clip, list};
    use crate::testing::Fixture;

    fn calm() -> Fixture {
        Fixture::new(&SPEC).param("prompt", "calm strings")
    }

    #[track_caller]
    fn call(fixture: &Fixture) -> model::Call {
        match asked(fixture.plan()) {
            Work::Call(call) => *call,
            other => panic!("a call, not {other:?}"),
        }
    }

    #[test]
    fn it_lasts_as_long_as_it_is_told_or_as_its_clips() {
        let made = call(&calm().param("seconds", 10.0));
        assert_eq!((made.task, made.model, made.n_frames), (Task::Music, ModelChoice::Auto, 240));
        assert_eq!(call(&calm().input("clips", list([clip(48), clip(24)]))).n_frames, 72);
    }

    #[test]
    fn takes_differ_and_options_go_along() {
        let options = || model::Data::List(vec!["instrumental=true".into()]);
        let of =
            |take: u32| call(&calm().take(take).param("options", options()).param("model", "elevenlabs/music_v2_5"));
        assert_ne!(of(1).seed, of(2).seed);
        assert_eq!(of(1).options["instrumental"], "true");
        assert_eq!(of(1).model, ModelChoice::Named("elevenlabs/music_v2_5".to_owned()));
    }

    #[test]
    fn endless_and_wordless_music_is_refused() {
        assert_eq!(Fixture::new(&SPEC).refusal(), "nothing says what is to be heard");
        let long = calm().input("clips", list([clip(24 * 601)]));
        assert_eq!(long.refusal(), "the clips last 601 seconds, and music lasts for up to 600");
    }
}
