//! Every frame can be reached, exactly, and looks as it does in a film.

use std::sync::Arc;

use engine::codec::Frame;
use model::{
    Color, Fit, Grade, Image, ImportKind, Piece, Rate, Recipe, Source, Title, Transition, TransitionKind, Value,
};

use super::Viewer;
use crate::testing::{Bench, SIZE, foreign, mean, piece, recipe};

#[test]
fn every_frame_of_a_clip_is_reached_exactly() {
    let Some(bench) = Bench::new() else { return };
    let viewer = Viewer::new(&bench, recipe(vec![piece(&bench.clip(0, 100), 100)]));
    assert_eq!(viewer.settled(), 0, "it opens at the first frame");
    // In an order that has hits, small and large steps, both ways.
    for i in 0..100 {
        let frame = i * 37 % 100;
        assert_eq!(u64::from(viewer.at(frame)), frame);
    }
    for frame in (0..100).chain((0..100).rev()) {
        assert_eq!(u64::from(viewer.at(frame)), frame);
    }
    assert_eq!(viewer.at(1_000_000), 99, "beyond the end is the end");
}

#[test]
fn steps_are_frames() {
    let Some(bench) = Bench::new() else { return };
    let viewer = Viewer::new(&bench, recipe(vec![piece(&bench.clip(0, 60), 60)]));
    viewer.at(30);
    for (by, frame) in [(1, 31), (1, 32), (-1, 31), (-3, 28), (-1, 27), (-1, 26), (10, 36), (-100, 0), (1, 1), (99, 59)]
    {
        viewer.playback.step(by);
        assert_eq!(viewer.settled(), frame, "after a step by {by}");
    }
    // Steps that come faster than pictures add up.
    for _ in 0..20 {
        viewer.playback.step(-1);
    }
    assert_eq!(viewer.settled(), 39);
}

/// Asserts that each frame looks as the player gives it in order, whatever the order.
#[track_caller]
fn check_all(bench: &Bench, recipe: &Recipe) {
    let frames = bench.frames(recipe).unwrap();
    let viewer = Viewer::new(bench, recipe.clone());
    let n = frames.len() as u64;
    for i in 0..n {
        let frame = i * 41 % n;
        viewer.playback.seek(frame);
        viewer.settled();
        let picture = viewer.playback.picture().unwrap();
        assert_eq!((picture.size, picture.frame), (recipe.size, frame));
        let (width, height) = picture.size;
        let seen = Frame { width, height, data: picture.rgba8.to_vec() };
        assert!(seen == frames[frame as usize], "frame {frame}: {:?} {:?}", mean(&seen), mean(&frames[frame as usize]));
    }
}

#[test]
fn an_edit_looks_as_it_does_in_a_film() {
    let Some(bench) = Bench::new() else { return };
    let clip = bench.clip(0, 60);
    let white = Color { r: 255, g: 255, b: 255 };
    let title = |text: &str, start, frames| Title {
        text: text.to_owned(),
        at: (0.5, 0.5),
        size: 0.2,
        color: white,
        start,
        frames,
    };
    let mut fading = piece(&clip, 30);
    (fading.fade_in, fading.start) = (5, 3);
    fading.transition = Some(Transition { kind: TransitionKind::Crossfade, frames: 8 });
    let mut slow = piece(&clip, 25);
    (slow.speed, slow.start) = ((1, 2), 20);
    slow.grades = vec![Grade { exposure: 0.7, ..Grade::default() }];
    slow.titles = vec![title("Lamp", 4, 9)];
    // What a film shows for a shot that is not made yet.
    let mut slate = Piece::whole(Source::Blank(Color { r: 30, g: 40, b: 60 }), 12);
    slate.titles = vec![title("Shot 4: not made yet", 0, 12)];
    slate.transition = Some(Transition { kind: TransitionKind::Wipe, frames: 6 });
    let still = Image::Frame { clip: Arc::new(recipe(vec![piece(&clip, 60)])), frame: 42 };
    let mut held = Piece::whole(Source::Still(still), 10);
    held.fit = Fit::Cover;
    let mut last = piece(&bench.clip_at(100, 40, Rate(48, 1)), 20);
    last.fade_out = 6;
    check_all(&bench, &recipe(vec![fading, slow, slate, held, last]));
}

#[test]
fn other_containers_and_codecs_are_exact_too() {
    let Some(bench) = Bench::new() else { return };
    let raw = "videotestsrc num-buffers=90 pattern=ball ! video/x-raw,width=160,height=96,framerate=30/1";
    for (name, rest) in [
        ("vp8.mkv", "vp8enc keyframe-max-dist=40 ! matroskamux"),
        ("jpeg.avi", "jpegenc ! avimux"),
        // B-frames, and key frames far apart.
        ("deep.mp4", "x264enc bframes=3 key-int-max=250 ! h264parse ! mp4mux"),
        // No index at all.
        ("live.ts", "x264enc ! h264parse ! mpegtsmux"),
        ("live.flv", "x264enc ! h264parse ! flvmux streamable=true"),
    ] {
        foreign(&bench.folder.path().join(name), &format!("{raw} ! {rest}"));
        let outputs = bench.import(ImportKind::Clip, name).unwrap();
        let Value::Clip(clip) = &outputs[0].1 else { panic!("{outputs:?}") };
        assert_eq!(clip.size, SIZE);
        check_all(&bench, clip);
    }
}

#[test]
fn the_latest_of_many_seeks_counts() {
    let Some(bench) = Bench::new() else { return };
    let viewer = Viewer::new(&bench, recipe(vec![piece(&bench.clip(0, 200), 200)]));
    viewer.settled();
    for i in 0..500_u64 {
        viewer.playback.seek(i * 7 % 200);
    }
    assert_eq!(viewer.at(123), 123);
    let shown = viewer.playback.status().shown;
    assert!(shown < 100, "{shown} pictures were made for 500 seeks that nobody waited for");
}

#[test]
fn a_smaller_viewer_gets_smaller_pictures() {
    let Some(bench) = Bench::new() else { return };
    let viewer = Viewer::new(&bench, recipe(vec![piece(&bench.clip(0, 50), 50)]));
    viewer.at(21);
    viewer.playback.set_size((80, 80));
    assert_eq!(viewer.settled(), 21);
    assert_eq!(viewer.playback.picture().unwrap().size, (80, 48));
    viewer.playback.set_size((4000, 4000));
    assert_eq!(viewer.at(22), 22);
    assert_eq!(viewer.playback.picture().unwrap().size, SIZE, "nothing is enlarged");
}
