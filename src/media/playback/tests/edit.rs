//! The film after an edit, broken films, and the end of a playback.

use std::sync::{Arc, Weak};

use engine::scratch::ScratchFolder;
use engine::worker::{Artifacts, Cancel};
use model::{Media, Rate, Recipe, Transition, TransitionKind};

use super::Viewer;
use crate::playback::{Audible, Options, Sound, open, waveform_blocking};
use crate::testing::{Bench, SIZE, click, piece, recipe};

#[test]
fn an_edit_keeps_the_place_and_what_did_not_change() {
    let Some(bench) = Bench::new() else { return };
    let (a, b, c) = (bench.clip(0, 40), bench.clip(100, 40), bench.clip(200, 40));
    let viewer = Viewer::new(&bench, recipe(vec![piece(&a, 40), piece(&b, 40)]));
    assert_eq!(viewer.at(50), 110);
    // Another shot before it.
    viewer.playback.replace(recipe(vec![piece(&c, 40), piece(&b, 40)]));
    assert_eq!((viewer.settled(), viewer.playback.status().frame), (110, 50));
    assert_eq!(viewer.at(3), 203);
    // A shot inserted: the same place shows what is there now.
    assert_eq!(viewer.at(45), 105);
    viewer.playback.replace(recipe(vec![piece(&c, 40), piece(&a, 40), piece(&b, 40)]));
    assert_eq!(viewer.settled(), 5);
    assert_eq!(viewer.at(85), 105);
    // A film that became shorter, and one of another rate.
    viewer.playback.replace(recipe(vec![piece(&c, 40)]));
    assert_eq!((viewer.settled(), viewer.playback.status().n_frames), (239, 40));
    viewer.playback.replace(Recipe { rate: Rate(12, 1), ..recipe(vec![piece(&a, 20)]) });
    assert_eq!(viewer.at(10), 20);
    assert_eq!(viewer.playback.status().rate, Rate(12, 1));
}

#[test]
fn pictures_survive_an_edit_elsewhere() {
    let Some(bench) = Bench::new() else { return };
    let (a, b, c) = (bench.clip(0, 40), bench.clip(100, 40), bench.clip(200, 40));
    let viewer = Viewer::new(&bench, recipe(vec![piece(&a, 40), piece(&b, 40)]));
    assert_eq!(viewer.at(50), 110);
    let before = viewer.playback.picture().unwrap();
    let mut shorter = piece(&c, 30);
    shorter.gain_db = -3.0;
    viewer.playback.replace(recipe(vec![piece(&a, 40), piece(&b, 40), shorter]));
    assert_eq!(viewer.settled(), 110);
    assert!(Arc::ptr_eq(&viewer.playback.picture().unwrap().rgba8, &before.rgba8), "it was not made again");
    viewer.playback.replace(recipe(vec![piece(&c, 30), piece(&b, 40)]));
    assert_eq!(viewer.at(40), 110);
    assert!(Arc::ptr_eq(&viewer.playback.picture().unwrap().rgba8, &before.rgba8), "nor where it moved");
    let mut into = piece(&c, 30);
    into.transition = Some(Transition { kind: TransitionKind::Crossfade, frames: 20 });
    viewer.playback.replace(recipe(vec![into, piece(&b, 40)]));
    viewer.settled();
    assert!(!Arc::ptr_eq(&viewer.playback.picture().unwrap().rgba8, &before.rgba8), "a transition lies over it now");
}

#[test]
fn an_edit_in_mid_play_plays_on() {
    let Some(bench) = Bench::new() else { return };
    let (a, b) = (bench.clip(0, 100), bench.clip(500, 100));
    let viewer = Viewer::new(&bench, recipe(vec![piece(&a, 100)]));
    viewer.playback.play(1.0);
    viewer.until("some pictures", |status, _| 5 < status.shown);
    viewer.playback.replace(recipe(vec![piece(&b, 100)]));
    viewer.seen.lock().unwrap().clear();
    let status = viewer.until("the end", |status, _| !status.playing);
    assert_eq!(status.frame, 99);
    assert_eq!(viewer.settled(), 599);
    assert!(viewer.seen.lock().unwrap().iter().skip(1).all(|(frame, number)| u64::from(*number) == 500 + frame));
}

/// A store file with other content than it had.
fn spoil(bench: &Bench, media: &Media, change: impl FnOnce(&mut Vec<u8>)) {
    let path = bench.path(media);
    let mut bytes = std::fs::read(&path).unwrap();
    change(&mut bytes);
    std::fs::write(path, bytes).unwrap();
}

#[test]
fn broken_sources_are_named_and_do_not_hang() {
    let Some(bench) = Bench::new() else { return };
    // A film has its index in front: cut off, it only ends early.
    let film =
        bench.film(Recipe::file(bench.clip(0, 200), None, Rate::FILM), model::RenderSettings::default()).unwrap();
    spoil(&bench, &film, |bytes| bytes.truncate(bytes.len() * 6 / 10));
    let viewer = Viewer::new(&bench, recipe(vec![piece(&film, 200)]));
    assert_eq!(viewer.settled(), 0);
    viewer.playback.seek(190);
    let status = viewer.until("an error", |status, _| status.error.is_some());
    let error = status.error.unwrap();
    assert!(["media-cut-off", "media-damaged"].contains(&error.code.as_str()), "{error}");
    assert!(!error.hints.is_empty(), "{error}");
    // What is there can still be looked at, and playing stops where it is not.
    assert_eq!(viewer.at(20), 20);
    viewer.playback.play(4.0);
    let status = viewer.until("the broken part", |status, _| !status.playing);
    assert!(status.error.is_some() && 20 < status.frame && status.frame < 199, "{status:?}");

    let gone = bench.clip(7, 30);
    std::fs::remove_file(bench.path(&gone)).unwrap();
    let noise = bench.clip(8, 30);
    spoil(&bench, &noise, |bytes| bytes.iter_mut().enumerate().for_each(|(i, byte)| *byte = ((i * 37) >> 3) as u8));
    let fine = bench.clip(300, 30);
    let viewer = Viewer::new(&bench, recipe(vec![piece(&fine, 30), piece(&gone, 30), piece(&noise, 30)]));
    for (frame, codes) in
        [(40, ["artifact-missing", "artifact-missing", ""]), (70, ["not-media", "media-damaged", "media-failed"])]
    {
        assert_eq!(viewer.at(10), 310, "the shot beside them is fine");
        viewer.playback.seek(frame);
        let status = viewer.until("an error", |status, _| status.error.is_some());
        let error = status.error.unwrap();
        assert!(codes.contains(&error.code.as_str()), "{error}");
    }

    for broken in [recipe(vec![]), Recipe { rate: Rate(0, 0), ..recipe(vec![piece(&fine, 30)]) }] {
        let viewer = Viewer::new(&bench, broken);
        viewer.until("an error", |status, _| status.error.is_some());
        viewer.playback.play(1.0);
        viewer.playback.set_size((64, 64));
        viewer.until("the same error", |status, _| status.error.is_some() && !status.playing);
        // A film that can be played helps.
        viewer.playback.replace(recipe(vec![piece(&fine, 30)]));
        assert_eq!(viewer.at(3), 303);
    }
}

#[test]
fn a_broken_sound_leaves_the_picture() {
    let Some(bench) = Bench::new() else { return };
    let sound = bench.sound(&click(100, 2.0));
    spoil(&bench, &sound, |bytes| bytes.truncate(20));
    let mut clip = recipe(vec![piece(&bench.clip(0, 48), 48)]);
    let (at, start, fade_in, fade_out) = (0, 0, 0, 0);
    clip.sound = vec![model::Sound { media: sound, at, start, frames: 48, gain_db: 0.0, fade_in, fade_out }];
    let options = Options { size: SIZE, volume: 1.0, sound: Sound::On };
    let viewer = Viewer::with(&bench, "fakeaudiosink", clip.clone(), options);
    viewer.playback.play(1.0);
    let mut errors = Vec::new();
    let status = viewer.until("the end", |status, _| {
        errors.extend(status.error.clone());
        !status.playing
    });
    assert_eq!(status.frame, 47);
    assert!(!errors.is_empty(), "{status:?}");
    // A loudness that is none, in an edit.
    let mut loud = clip.clone();
    loud.sound[0].gain_db = f64::NAN;
    viewer.playback.replace(loud);
    viewer.until("an error", |status, _| status.error.is_some());
    assert_eq!(viewer.play_out(1.0).frame, 47);
}

#[test]
fn one_broken_sound_leaves_the_others() {
    let Some(bench) = Bench::new() else { return };
    let broken = bench.sound(&click(100, 2.0));
    spoil(&bench, &broken, |bytes| bytes.truncate(20));
    let lay = |media: &Arc<Media>| {
        let (at, start, fade_in, fade_out) = (0, 0, 0, 0);
        model::Sound { media: media.clone(), at, start, frames: 48, gain_db: 0.0, fade_in, fade_out }
    };
    let mut clip = recipe(vec![piece(&bench.clip(0, 48), 48)]);
    clip.sound = vec![lay(&broken), lay(&bench.sound(&vec![0.5; 96_000]))];
    let options = Options { size: SIZE, volume: 1.0, sound: Sound::On };
    let viewer = Viewer::with(&bench, "fakeaudiosink", clip, options);
    let mut loudest = f32::NEG_INFINITY;
    viewer.playback.play(1.0);
    let status = viewer.until("the end", |status, _| {
        loudest = loudest.max(status.levels[0]);
        !status.playing
    });
    assert!(status.error.is_some_and(|error| !error.message.is_empty()));
    assert!((loudest + 6.02).abs() < 0.01, "{loudest}");
}

#[test]
fn dropping_in_mid_play_ends_every_thread() {
    let Some(bench) = Bench::new() else { return };
    let clip = recipe(vec![piece(&bench.clip(0, 200), 200)]);
    for n_shown in [0, 1, 4] {
        let files: Arc<dyn Artifacts> = Arc::new(ScratchFolder::new(bench.folder.path()));
        let held: Weak<dyn Artifacts> = Arc::downgrade(&files);
        let options = Options { size: SIZE, volume: 1.0, sound: Sound::On };
        let viewer = open(&bench.gst, clip.clone(), files, options, Arc::new(|| {}));
        viewer.play(1.0);
        let end = std::time::Instant::now() + super::LIMIT;
        while viewer.status().shown < n_shown {
            assert!(std::time::Instant::now() < end, "no picture");
            std::thread::yield_now();
        }
        drop(viewer);
        // Threads hold the files: when they have all ended nobody does.
        while held.strong_count() != 0 {
            assert!(std::time::Instant::now() < end, "a thread goes on");
            std::thread::yield_now();
        }
    }
}

#[test]
fn waveforms_show_where_it_is_loud() {
    let Some(bench) = Bench::new() else { return };
    let mut samples = vec![0.0; 96_000];
    samples[24_000..48_000].fill(0.5);
    samples[72_000..].fill(-0.25);
    let sound = bench.sound(&samples);
    let outline = waveform_blocking(&Audible::Sound(sound.clone()), 8, &bench.store, &Cancel::default()).unwrap();
    let near = |a: f32, b: f32| (a - b).abs() < 0.001;
    assert_eq!(outline.len(), 8);
    for (i, (low, high)) in outline.iter().enumerate() {
        let wanted = match i {
            2 | 3 => (0.0, 0.5),
            6 | 7 => (-0.25, 0.0),
            _ => (0.0, 0.0),
        };
        assert!(near(*low, wanted.0) && near(*high, wanted.1), "column {i}: {low} to {high}");
    }
    // A sound alone can be played, too.
    let viewer = Viewer::new(&bench, Audible::Sound(sound).recipe(SIZE, Rate::FILM));
    viewer.settled();
    assert_eq!(viewer.playback.status().n_frames, 48);
    let silent = Audible::Clip(Arc::new(recipe(vec![piece(&bench.clip(0, 10), 10)])));
    let outline = waveform_blocking(&silent, 0, &bench.store, &Cancel::default()).unwrap();
    assert_eq!(outline, [(0.0, 0.0)]);
}
