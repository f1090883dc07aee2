//! A sound effect from words and a length. Without a model's name it is a scratch sound, made here and free.

use model::{Help, NodeSpec, ParamSpec, Plan, PlanCx, PortType, Ports, Scope, Stop, Task, no_upgrade};

use crate::{generation, sounding};

/// `audio.effect`.
pub(crate) const SPEC: NodeSpec = NodeSpec {
    kind: "audio.effect",
    version: 1,
    help: Help {
        title: "Sound effect",
        category: "Sound",
        summary: "Makes a sound from words: an effect, or the tone of a place",
        keywords: &["foley", "sfx", "ambience", "room tone", "atmosphere", "noise"],
    },
    params: &[
        ParamSpec::multiline("prompt", "").help("What is heard; where it is empty, the shot's place and words"),
        ParamSpec::number("seconds", 4.0)
            .range(0.1, 30.0)
            .unit("seconds")
            .help("Length of the sound where no shot gives one"),
        sounding::MODEL,
        sounding::SEED,
        generation::OPTIONS,
    ],
    ports: |_| {
        Ports::new().optional("shot", PortType::Shot, "A shot to sound for, as long as it is").output(
            "audio",
            PortType::Audio,
            "The sound",
        )
    },
    plan,
    sibling: None,
    upgrade: no_upgrade,
};

fn plan(cx: &PlanCx<'_>) -> Result<Plan, Stop> {
    let shot = cx.maybe("shot").map(|_| cx.shot("shot")).transpose()?;
    let own = cx.text("prompt")?;
    let (prompt, seconds) = match shot {
        None => (sounding::told(cx, "prompt")?, cx.number("seconds")?),
        Some(shot) if own.trim().is_empty() => {
            let told = [shot.setting.location.as_str(), &crate::words::light(&shot.setting), shot.text.trim()];
            (crate::words::listed(told), shot.duration_s)
        }
        Some(shot) => (own.trim().to_owned(), shot.duration_s),
    };
    // Nobody is seen in a sound: who is in the shot ties it to no other.
    let scope = shot.map_or_else(Scope::default, |shot| Scope::new(&shot.scene, &shot.id, []));
    Ok(Plan::work(sounding::work(sounding::call(cx, Task::Sound, prompt, seconds)?)).within(scope))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use expect_test::expect;
    use model::{Value, Work};

    use super::*;
    use crate::samples::{asked, shot, shown};
    use crate::testing::Fixture;

    #[test]
    fn words_and_seconds_are_enough() {
        expect![[r#"
            call.task=sound
            call.model=auto
            call.quality=draft
            call.prompt=a door slams
            call.size.0=0
            call.size.1=0
            call.rate.0=24
            call.rate.1=1
            call.n_frames=36
            call.seed=3984928589440811132
            call.take=1
            call.captions=false
            call.sound=true
        "#]]
        .assert_eq(&shown(Fixture::new(&SPEC).param("prompt", "a door slams").param("seconds", 1.5).plan()));
    }

    #[test]
    fn a_shot_gives_words_and_length() {
        let of = |prompt: &str| {
            let fixture = Fixture::new(&SPEC).input("shot", Value::Shot(Arc::new(shot("s1.b1"))));
            match asked(fixture.param("prompt", prompt).plan()) {
                Work::Call(call) => (call.prompt, call.n_frames),
                other => panic!("a call, not {other:?}"),
            }
        };
        assert_eq!(of(""), ("LIGHTHOUSE - STAIR, interior, night, storm, Mara climbs the stair.".to_owned(), 60));
        assert_eq!(of("wind"), ("wind".to_owned(), 60));
    }

    #[test]
    fn silence_is_no_order() {
        assert_eq!(Fixture::new(&SPEC).refusal(), "nothing says what is to be heard");
        assert_eq!(
            Fixture::new(&SPEC).param("prompt", "x").param("seconds", 90.0).refusal(),
            "90 is outside 0.1 to 30"
        );
    }
}
