//! Sound: in time with the picture, after AAC too.

use engine::codec::{Codec, SAMPLE_RATE};
use model::{Piece, Rate, Recipe, Render, RenderForm, RenderSettings, Sound, Source, Transition, TransitionKind, Work};

use crate::testing::{Bench, click, piece, recipe};

/// Index of the loudest sample of the left channel.
fn peak(samples: &[f32]) -> usize {
    let loudest = samples.chunks_exact(2).enumerate().max_by(|a, b| a.1[0].abs().total_cmp(&b.1[0].abs()));
    loudest.map_or(0, |(i, _)| i)
}

fn sounding(bench: &Bench, n_frames: u32, samples: &[f32]) -> Piece {
    let video = bench.flat([50; 3], n_frames);
    Piece::whole(Source::File { video, audio: Some(bench.sound(samples)) }, u64::from(n_frames))
}

#[test]
fn clicks_stay_in_place_through_mix_and_aac() {
    let Some(bench) = Bench::new() else { return };
    // Clicks at 0.5 s of the first clip and 0.25 s of the second, which starts at 2 s.
    let pieces = vec![
        sounding(&bench, 48, &click(24_000, 2.0)),
        sounding(&bench, 48, &click(12_000, 2.0)),
        sounding(&bench, 24, &[]),
    ];
    let clip = recipe(pieces);
    let mix = bench.gst.listen(&clip, &bench.cx()).unwrap();
    assert_eq!(mix.len(), 2 * 5 * SAMPLE_RATE as usize, "an empty sound is silence");
    assert_eq!((peak(&mix[..2 * 96_000]), peak(&mix[2 * 96_000..])), (24_000, 12_000));

    let film = bench.film(clip, RenderSettings::default()).unwrap();
    let heard = bench.gst.listen(&Recipe::file(film.clone(), None, Rate::FILM), &bench.cx()).unwrap();
    let (first, second) = (peak(&heard[..2 * 96_000]), peak(&heard[2 * 96_000..]));
    assert!(first.abs_diff(24_000) <= 2 && second.abs_diff(12_000) <= 2, "after AAC: {first} {second}");

    // The picture of a film with sound is read like any other.
    assert_eq!(bench.frames(&Recipe::file(film.clone(), None, Rate::FILM)).unwrap().len(), 120);
    let found = crate::probe::probe(&bench.path(&film), &bench.cancel).unwrap();
    let (video, audio) = (found.video.unwrap(), found.audio.unwrap());
    let seconds = audio.n_samples as f64 / f64::from(audio.sample_rate);
    let difference = (seconds - video.rate.seconds(video.n_frames)).abs();
    assert!(difference <= video.rate.seconds(1), "sound and picture differ by {difference} s");
}

#[test]
fn laid_sounds_start_where_they_should() {
    let Some(bench) = Bench::new() else { return };
    let mut clip = recipe(vec![piece(&bench.flat([9; 3], 72), 72)]);
    let media = bench.sound(&click(30_000, 2.0));
    // From half a second into the sound, at one second of the clip: the click is 6,000 samples after that.
    clip.sound.push(Sound { media, at: 24, start: 12, frames: 40, gain_db: -6.0, fade_in: 0, fade_out: 0 });
    let mix = bench.gst.listen(&clip, &bench.cx()).unwrap();
    assert_eq!((mix.len(), peak(&mix)), (2 * 144_000, 54_000));
    assert!((mix[2 * 54_000] - 0.9 * 0.501).abs() < 0.01, "{}", mix[2 * 54_000]);
    let settings = RenderSettings { form: RenderForm::Wav, ..RenderSettings::default() };
    let outputs = bench.run(Work::Render(Render { recipe: clip.into(), settings })).unwrap();
    let [(_, model::Value::Audio(media))] = outputs.as_slice() else { panic!("{outputs:?}") };
    assert_eq!(media.audio.as_ref().unwrap().n_samples, 144_000);
}

#[test]
fn crossfades_overlap_sound_with_equal_power() {
    let Some(bench) = Bench::new() else { return };
    let tone = |level: f32| vec![level; 96_000];
    let mut pieces = vec![sounding(&bench, 48, &tone(0.4)), sounding(&bench, 48, &tone(0.4))];
    pieces[0].transition = Some(Transition { kind: TransitionKind::Crossfade, frames: 24 });
    let mix = bench.gst.listen(&recipe(pieces.clone()), &bench.cx()).unwrap();
    assert_eq!(mix.len(), 2 * 144_000 / 2 * 2);
    let at = |seconds: f64| mix[(seconds * 48_000.0) as usize * 2];
    assert!((at(0.5) - 0.4).abs() < 0.001 && (at(2.5) - 0.4).abs() < 0.001);
    // The same signal on both sides: 2 sin 45 degrees.
    assert!((at(1.5) - 0.4 * 2_f32.sqrt()).abs() < 0.002, "{}", at(1.5));
    // A hard cut rises over five milliseconds.
    assert!(at(0.0) < 0.01 && (at(0.006) - 0.4).abs() < 0.001);
    pieces[0].transition = None;
    pieces[1].speed = (1, 1);
    pieces[1].gain_db = f64::NEG_INFINITY;
    let mix = bench.gst.listen(&recipe(pieces), &bench.cx()).unwrap();
    assert_eq!(mix[2 * 150_000], 0.0);
}

#[test]
fn speed_changes_the_length_of_sound() {
    let Some(bench) = Bench::new() else { return };
    let mut fast = sounding(&bench, 48, &click(48_000, 2.0));
    (fast.speed, fast.frames) = ((2, 1), 24);
    let mix = bench.gst.listen(&recipe(vec![fast.clone()]), &bench.cx()).unwrap();
    assert_eq!((mix.len(), peak(&mix)), (2 * 48_000, 24_000));
    (fast.speed, fast.frames) = ((1, 2), 96);
    let mix = bench.gst.listen(&recipe(vec![fast]), &bench.cx()).unwrap();
    assert_eq!((mix.len(), peak(&mix)), (2 * 192_000, 96_000));
}

#[test]
fn cuts_inside_one_sound_leave_no_dip() {
    let Some(bench) = Bench::new() else { return };
    let whole = sounding(&bench, 48, &vec![0.3; 96_000]);
    let (mut a, mut b) = (whole.clone(), whole);
    a.frames = 20;
    (b.start, b.frames) = (20, 28);
    let mix = bench.gst.listen(&recipe(vec![a, b]), &bench.cx()).unwrap();
    let cut = 20 * 2000;
    assert!(mix[2 * (cut - 300)..2 * (cut + 300)].iter().all(|value| (value - 0.3).abs() < 0.001));
}
