//! Joins clips in list order and renders them to one file, with music under them if wanted.

use std::sync::Arc;

use model::{
    Help, NodeSpec, ParamSpec, Plan, PlanCx, PortType, Ports, Recipe, Render, RenderForm, RenderSettings, Sound, Stop,
    Transition, TransitionKind, Work, no_upgrade,
};

use crate::generation::size;
use crate::rendering::{self, check_file};

/// `output.film`.
pub(crate) const SPEC: NodeSpec = NodeSpec {
    kind: "output.film",
    version: 1,
    help: Help {
        title: "Film",
        category: "Outputs",
        summary: "Joins clips in order and writes an MP4",
        keywords: &["render", "export", "mp4", "movie", "video", "assemble"],
    },
    params: &[
        ParamSpec::text("file", "film.mp4").help("Where the film is written, relative to the graph's folder"),
        ParamSpec::integer("crossfade", 0, 0, 240)
            .unit("frames")
            .help("Overlap of neighbouring clips; 0 is a plain cut"),
        ParamSpec::number("music_gain_db", -12.0).range(-60.0, 12.0).unit("dB").help("Loudness of the music"),
        ParamSpec::integer("music_fade", 24, 0, 480).unit("frames").help("How long the music fades at the film's end"),
        ParamSpec::integer("crf", 20, 0, 51).help("Quality for x264: 0 is lossless, 18 looks so, 28 is small"),
        ParamSpec::choice(
            "preset",
            "veryfast",
            &["ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow"],
        )
        .help("Speed of x264: slower makes smaller files of the same quality"),
        ParamSpec::integer("audio_kbps", 192, 0, 512).unit("kbit/s").help("Data rate of the sound; 0 is a silent file"),
        rendering::WIDTH,
        rendering::HEIGHT,
        rendering::CARRY,
    ],
    ports: |_| {
        Ports::new()
            .gather("clips", PortType::Clip, "The clips in order")
            .optional("music", PortType::Audio, "Sound under the whole film, cut to its length")
            .output("file", PortType::Clip, "The finished film")
    },
    plan,
    sibling: None,
    upgrade: no_upgrade,
};

fn plan(cx: &PlanCx<'_>) -> Result<Plan, Stop> {
    check_file(cx, SPEC.kind)?;
    let clips = cx.clips("clips")?;
    let crossfade = cx.integer("crossfade")?.unsigned_abs();
    let between = (0 < crossfade).then_some(Transition { kind: TransitionKind::Crossfade, frames: crossfade });
    let mut film = Recipe::join(clips.iter().map(|(_, clip)| &***clip), size(cx)?, cx.settings.fps, between);
    if film.n_frames() == 0 {
        return Err(cx.refuse("clips", "there is no clip to join").hint("connect clips that have at least one frame"));
    }
    if cx.maybe("music").is_some() {
        film = film.lay_sound(Sound {
            media: cx.audio("music")?.clone(),
            at: 0,
            start: 0,
            frames: film.n_frames(),
            gain_db: cx.number("music_gain_db")?,
            fade_in: 0,
            fade_out: cx.integer("music_fade")?.unsigned_abs(),
        });
    }
    let settings = RenderSettings {
        form: RenderForm::Mp4,
        crf: cx.integer("crf")?.unsigned_abs() as u32,
        preset: cx.choice("preset")?.to_owned(),
        audio_kbps: cx.integer("audio_kbps")?.unsigned_abs() as u32,
    };
    Ok(Plan::work(Work::Render(Render { recipe: Arc::new(film), settings })))
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::samples::{asked, clip, list, shown, sound};
    use crate::testing::Fixture;

    fn film() -> Fixture {
        Fixture::new(&SPEC).input("clips", list([clip(48), clip(24)]))
    }

    #[test]
    fn clips_are_joined_at_the_graphs_size() {
        expect![[r#"
            render.recipe.rate.0=24
            render.recipe.rate.1=1
            render.recipe.size.0=1280
            render.recipe.size.1=720
            render.recipe.pieces.0.source.file.video.digest=00ccdfd62a48f4cdd69cf97ad1e32f4b15e236b54f3d18cbd151f9f4e951c49e
            render.recipe.pieces.0.source.file.video.bytes=1000
            render.recipe.pieces.0.source.file.video.format=mp4
            render.recipe.pieces.0.source.file.video.video.width=640
            render.recipe.pieces.0.source.file.video.video.height=360
            render.recipe.pieces.0.source.file.video.video.rate.0=24
            render.recipe.pieces.0.source.file.video.video.rate.1=1
            render.recipe.pieces.0.source.file.video.video.n_frames=48
            render.recipe.pieces.0.source.file.video.video.codec=h264
            render.recipe.pieces.0.start=0
            render.recipe.pieces.0.frames=48
            render.recipe.pieces.0.speed.0=1
            render.recipe.pieces.0.speed.1=1
            render.recipe.pieces.0.fit=contain
            render.recipe.pieces.0.gain_db=0
            render.recipe.pieces.0.fade_in=0
            render.recipe.pieces.0.fade_out=0
            render.recipe.pieces.1.source.file.video.digest=66f337e5d3376e74f9af23e0dd287854af600f5881d0876a5e0fe96d85386249
            render.recipe.pieces.1.source.file.video.bytes=1000
            render.recipe.pieces.1.source.file.video.format=mp4
            render.recipe.pieces.1.source.file.video.video.width=640
            render.recipe.pieces.1.source.file.video.video.height=360
            render.recipe.pieces.1.source.file.video.video.rate.0=24
            render.recipe.pieces.1.source.file.video.video.rate.1=1
            render.recipe.pieces.1.source.file.video.video.n_frames=24
            render.recipe.pieces.1.source.file.video.video.codec=h264
            render.recipe.pieces.1.start=0
            render.recipe.pieces.1.frames=24
            render.recipe.pieces.1.speed.0=1
            render.recipe.pieces.1.speed.1=1
            render.recipe.pieces.1.fit=contain
            render.recipe.pieces.1.gain_db=0
            render.recipe.pieces.1.fade_in=0
            render.recipe.pieces.1.fade_out=0
            render.settings.form=mp4
            render.settings.crf=20
            render.settings.preset=veryfast
            render.settings.audio_kbps=192
        "#]].assert_eq(&shown(film().plan()));
    }

    #[test]
    fn crossfades_shorten_and_music_ends_with_the_film() {
        let Work::Render(render) = asked(film().param("crossfade", 12i64).input("music", sound(900)).plan()) else {
            panic!("a film is rendered")
        };
        assert_eq!(render.recipe.n_frames(), 60);
        assert_eq!((render.recipe.sound[0].frames, render.recipe.sound[0].fade_out), (60, 24));
    }

    #[test]
    fn bad_files_and_empty_films_are_refused() {
        assert_eq!(
            film().param("file", "../film.mp4").refusal(),
            "`../film.mp4` is not a path inside the graph's folder"
        );
        assert_eq!(film().param("file", "film.mov").refusal(), "`film.mov` does not end in .mp4");
        assert_eq!(Fixture::new(&SPEC).input("clips", list([])).refusal(), "there is no clip to join");
        let each = film().element("s1.b1");
        assert_eq!(each.refusal(), "every element of the list would be written to the same file");
        film().element("s1.b1").param("file", "shots/{element}.mp4").plan().expect("one file per element");
    }
}
