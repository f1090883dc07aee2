//! Playing: forwards, backwards, in loops, with and without a sound card.

use model::{Piece, Source};

use super::Viewer;
use crate::playback::{Looping, Options, Sound, Voice};
use crate::testing::{Bench, SIZE, click, piece, recipe};

#[track_caller]
fn assert_numbers(viewer: &Viewer) {
    for (frame, number) in viewer.seen.lock().unwrap().iter() {
        assert_eq!(*frame, u64::from(*number), "the picture of frame {frame}");
    }
}

#[test]
fn playing_shows_or_counts_every_frame() {
    let Some(bench) = Bench::new() else { return };
    let viewer = Viewer::new(&bench, recipe(vec![piece(&bench.clip(0, 30), 30)]));
    viewer.settled();
    let status = viewer.play_out(1.0);
    assert_eq!((status.frame, status.shown + status.dropped), (29, 30), "{status:?}");
    assert_numbers(&viewer);
    // From the end it starts again.
    let status = viewer.play_out(1.0);
    assert_eq!((status.frame, status.shown + status.dropped), (29, 60), "{status:?}");
}

#[test]
fn backwards_shows_or_counts_every_frame() {
    let Some(bench) = Bench::new() else { return };
    let viewer = Viewer::new(&bench, recipe(vec![piece(&bench.clip(0, 20), 20), piece(&bench.clip(20, 20), 20)]));
    viewer.at(39);
    let before = viewer.playback.status().shown;
    let status = viewer.play_out(-1.0);
    assert_eq!((status.frame, status.shown - before + status.dropped), (0, 39), "{status:?}");
    assert_numbers(&viewer);
    let seen: Vec<u64> = viewer.seen.lock().unwrap().iter().map(|(frame, _)| *frame).filter(|it| *it != 0).collect();
    assert!(seen.is_sorted_by(|a, b| a > b), "{seen:?}");
}

#[test]
fn a_loop_stays_inside_its_range() {
    let Some(bench) = Bench::new() else { return };
    let viewer = Viewer::new(&bench, recipe(vec![piece(&bench.clip(0, 60), 60)]));
    viewer.playback.set_range(Some((20, 29)), Looping::On);
    viewer.at(20);
    viewer.seen.lock().unwrap().clear();
    let before = viewer.playback.status();
    viewer.playback.play(1.0);
    let status = viewer.until("three rounds", |status, _| 27 < status.shown - before.shown);
    assert!(status.playing);
    viewer.playback.pause();
    let seen = viewer.seen.lock().unwrap().clone();
    assert!(seen.iter().all(|(frame, _)| (20..29).contains(frame)), "{seen:?}");
    assert!(1 < seen.windows(2).filter(|pair| pair[1].0 < pair[0].0).count(), "it went round: {seen:?}");
    assert_numbers(&viewer);
    // A range without a loop ends at its last frame.
    viewer.playback.set_range(Some((20, 29)), Looping::Off);
    viewer.at(25);
    assert_eq!(viewer.play_out(1.0).frame, 28);
}

#[test]
fn shuttle_reaches_the_end() {
    let Some(bench) = Bench::new() else { return };
    let viewer = Viewer::new(&bench, recipe(vec![piece(&bench.clip(0, 120), 120)]));
    viewer.settled();
    for (speed, end) in [(4.0, 119), (-8.0, 0), (2.0, 119)] {
        assert_eq!(viewer.play_out(speed).frame, end);
        assert_numbers(&viewer);
    }
}

#[test]
fn pause_and_seek_while_playing() {
    let Some(bench) = Bench::new() else { return };
    let viewer = Viewer::new(&bench, recipe(vec![piece(&bench.clip(0, 200), 200)]));
    viewer.playback.play(1.0);
    viewer.until("some pictures", |status, _| 5 < status.shown);
    viewer.playback.seek(100);
    let status = viewer.until("pictures from there", |_, picture| picture.is_some_and(|it| 103 < it.frame));
    assert!(status.playing && 103 < status.frame && status.frame < 200);
    viewer.playback.pause();
    let status = viewer.playback.status();
    assert!(!status.playing);
    assert_eq!(u64::from(viewer.settled()), status.frame, "it rests on the picture that showed");
    assert_numbers(&viewer);
}

fn sounding(bench: &Bench) -> Piece {
    let mut samples = click(20_000, 2.0);
    samples[60_000..70_000].fill(0.5);
    Piece::whole(Source::File { video: bench.clip(0, 48), audio: Some(bench.sound(&samples)) }, 48)
}

#[test]
fn sound_is_the_clock_where_there_is_a_card() {
    let Some(bench) = Bench::new() else { return };
    let options = Options { size: SIZE, volume: 0.5, sound: Sound::On };
    let viewer = Viewer::with(&bench, "fakeaudiosink", recipe(vec![sounding(&bench)]), options);
    viewer.settled();
    for frame in [40, 3, 30] {
        assert_eq!(u64::from(viewer.at(frame)), frame, "with a snippet of sound");
    }
    viewer.at(0);
    let before = viewer.playback.status();
    viewer.playback.play(1.0);
    let mut loudest = f32::NEG_INFINITY;
    let status = viewer.until("the end", |status, _| {
        loudest = loudest.max(status.levels[0]);
        !status.playing
    });
    assert_eq!((status.voice, status.frame, status.error), (Voice::Device, 47, None));
    assert_eq!(status.shown - before.shown + status.dropped, 47);
    assert!((-6.1..-0.8).contains(&loudest), "{loudest}");
    assert_numbers(&viewer);
    // Loops, seeks and another volume while it sounds.
    viewer.playback.set_range(Some((24, 36)), Looping::On);
    viewer.playback.play(1.0);
    let start = viewer.playback.status().shown;
    viewer.until("two rounds", |status, _| start + 24 < status.shown);
    viewer.playback.set_volume(0.0);
    viewer.playback.seek(30);
    let start = viewer.playback.status().shown;
    viewer.until("another round", |status, _| start + 12 < status.shown);
    assert_numbers(&viewer);
}

#[test]
fn without_a_card_pictures_and_levels_go_on() {
    let Some(bench) = Bench::new() else { return };
    let options = Options { size: SIZE, volume: 1.0, sound: Sound::On };
    // An element that is no sink of sound stands for a card that does not start.
    let viewer = Viewer::with(&bench, "filesink", recipe(vec![sounding(&bench)]), options);
    viewer.settled();
    let mut loudest = f32::NEG_INFINITY;
    viewer.playback.play(1.0);
    let status = viewer.until("the end", |status, _| {
        loudest = loudest.max(status.levels[0]);
        !status.playing
    });
    assert_eq!((status.voice, status.frame, status.error), (Voice::NoDevice, 47, None));
    assert!((-6.1..-0.8).contains(&loudest), "{loudest}");
    // The computer's own card, if it has one.
    let viewer = Viewer::with(&bench, "autoaudiosink", recipe(vec![sounding(&bench)]), options);
    let status = viewer.play_out(1.0);
    assert!(matches!(status.voice, Voice::Device | Voice::NoDevice), "{status:?}");
    assert_eq!(status.frame, 47);
}

#[test]
fn two_at_once_do_not_disturb_each_other() {
    let Some(bench) = Bench::new() else { return };
    let clip = bench.clip(0, 40);
    let one = Viewer::new(&bench, recipe(vec![piece(&clip, 40)]));
    let mut second = piece(&clip, 30);
    second.start = 10;
    let other = Viewer::new(&bench, recipe(vec![second]));
    one.playback.play(1.0);
    other.playback.play(1.0);
    let is_over = |status: &crate::playback::Status, _: Option<&crate::playback::Picture>| !status.playing;
    let (one_ended, other_ended) = (one.until("one", is_over), other.until("the other", is_over));
    assert_eq!((one_ended.frame, one_ended.shown + one_ended.dropped), (39, 40));
    assert_eq!((other_ended.frame, other_ended.shown + other_ended.dropped), (29, 30));
    assert_eq!((one.settled(), other.settled()), (39, 39));
}
