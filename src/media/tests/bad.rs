//! Files that strangers send: each ends in a diagnostic, quickly.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use model::{ImportKind, Rate, Value};

use crate::testing::{Bench, failed, foreign, huge_png};

/// Imports a file and gives the code of its diagnostic.
#[track_caller]
fn code(bench: &Bench, kind: ImportKind, name: &str) -> String {
    let start = Instant::now();
    let diagnostic = failed(bench.import(kind, name));
    assert!(start.elapsed() < Duration::from_secs(10), "{name} took {:?}", start.elapsed());
    assert!(diagnostic.message.contains(name), "the file is named: {diagnostic}");
    assert!(!diagnostic.message.contains("scratch-"), "by its own name: {diagnostic}");
    assert!(!diagnostic.hints.is_empty() || diagnostic.code == "file-missing", "a way out: {diagnostic}");
    diagnostic.code
}

fn file(bench: &Bench, name: &str, bytes: &[u8]) -> PathBuf {
    let path = bench.folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    path
}

#[test]
fn what_is_no_file_is_refused_before_it_is_opened() {
    let Some(bench) = Bench::new() else { return };
    std::fs::create_dir(bench.folder.path().join("folder.mp4")).unwrap();
    let made = std::process::Command::new("mkfifo").arg(bench.folder.path().join("pipe.mp4")).status().unwrap();
    assert!(made.success());
    file(&bench, "empty.mp4", b"");
    for kind in [ImportKind::Clip, ImportKind::Audio, ImportKind::Image] {
        assert_eq!(code(&bench, kind, "folder.mp4"), "not-a-file");
        assert_eq!(code(&bench, kind, "pipe.mp4"), "not-a-file");
        assert_eq!(code(&bench, kind, "empty.mp4"), "file-empty");
        assert_eq!(code(&bench, kind, "nowhere.mp4"), "file-missing");
    }
}

#[test]
fn mislabelled_files_are_named_for_what_they_are_not() {
    let Some(bench) = Bench::new() else { return };
    file(&bench, "text.mp4", "To be, or not to be.\n".repeat(100).as_bytes());
    file(&bench, "noise.mp4", &(0..9000_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect::<Vec<_>>());
    for kind in [ImportKind::Clip, ImportKind::Audio] {
        assert_eq!(code(&bench, kind, "text.mp4"), "not-media");
        assert_eq!(code(&bench, kind, "noise.mp4"), "not-media");
    }
    assert_eq!(code(&bench, ImportKind::Image, "text.mp4"), "not-a-picture");
    let sound = bench.sound(&[0.1; 9600]);
    std::fs::copy(bench.path(&sound), bench.folder.path().join("sound.wav")).unwrap();
    assert_eq!(code(&bench, ImportKind::Clip, "sound.wav"), "wrong-kind");
    assert_eq!(code(&bench, ImportKind::Image, "sound.wav"), "not-a-picture");
    let clip = bench.clip(0, 10);
    std::fs::copy(bench.path(&clip), bench.folder.path().join("clip.mp4")).unwrap();
    assert_eq!(code(&bench, ImportKind::Audio, "clip.mp4"), "wrong-kind");
    crate::picture::write(&engine::codec::Frame::black(20, 20), &bench.folder.path().join("shot.png")).unwrap();
    assert_eq!(code(&bench, ImportKind::Clip, "shot.png"), "wrong-kind");
    // A wrong extension alone harms nobody.
    std::fs::copy(bench.path(&clip), bench.folder.path().join("clip.avi")).unwrap();
    let outputs = bench.import(ImportKind::Clip, "clip.avi").unwrap();
    let Value::Clip(clip) = &outputs[0].1 else { panic!("{outputs:?}") };
    assert_eq!(bench.numbers(clip), (0..10).collect::<Vec<_>>());
}

#[test]
fn truncated_and_corrupt_files_are_found_out() {
    let Some(bench) = Bench::new() else { return };
    let clip = bench.clip(0, 200);
    let bytes = std::fs::read(bench.path(&clip)).unwrap();
    file(&bench, "index-lost.mp4", &bytes[..bytes.len() * 6 / 10]);
    assert_eq!(code(&bench, ImportKind::Clip, "index-lost.mp4"), "media-damaged");
    // With the index in front nothing but counting shows that the end is missing.
    let film = bench.film(model::Recipe::file(clip, None, Rate::FILM), model::RenderSettings::default()).unwrap();
    let fast = std::fs::read(bench.path(&film)).unwrap();
    file(&bench, "end-lost.mp4", &fast[..fast.len() * 6 / 10]);
    assert_eq!(code(&bench, ImportKind::Clip, "end-lost.mp4"), "media-cut-off");
    let moov = bytes.windows(4).position(|it| it == b"moov").unwrap();
    let mut corrupt = bytes.clone();
    for (i, byte) in corrupt[moov + 4..].iter_mut().enumerate() {
        *byte = (i * 37) as u8;
    }
    file(&bench, "corrupt.mp4", &corrupt);
    let found = code(&bench, ImportKind::Clip, "corrupt.mp4");
    assert!(["media-damaged", "not-media", "media-failed"].contains(&found.as_str()), "{found}");
    let path = bench.folder.path().join("whole.mkv");
    foreign(
        &path,
        "videotestsrc num-buffers=100 ! video/x-raw,width=160,height=96,framerate=25/1 ! vp8enc ! matroskamux",
    );
    let mkv = std::fs::read(&path).unwrap();
    file(&bench, "end-lost.mkv", &mkv[..mkv.len() / 2]);
    assert_eq!(code(&bench, ImportKind::Clip, "end-lost.mkv"), "media-cut-off");
}

#[test]
fn pictures_are_judged_by_their_header() {
    let Some(bench) = Bench::new() else { return };
    file(&bench, "huge.png", &huge_png(30_000, 20_000));
    assert_eq!(code(&bench, ImportKind::Image, "huge.png"), "picture-too-large");
    file(&bench, "zero.png", &huge_png(0, 0));
    assert!(["picture-damaged", "picture-too-large"].contains(&code(&bench, ImportKind::Image, "zero.png").as_str()));
    file(&bench, "nothing.png", b"");
    assert_eq!(code(&bench, ImportKind::Image, "nothing.png"), "file-empty");
    file(&bench, "head.png", b"\x89PNG\r\n\x1a\n");
    assert_eq!(code(&bench, ImportKind::Image, "head.png"), "picture-damaged");
    assert_eq!(code(&bench, ImportKind::Clip, "huge.png"), "wrong-kind");
}

#[test]
fn huge_video_is_refused_without_decoding() {
    let Some(bench) = Bench::new() else { return };
    let path = bench.folder.path().join("huge.mkv");
    foreign(
        &path,
        "videotestsrc num-buffers=1 pattern=black ! video/x-raw,width=8192,height=4096 ! jpegenc ! matroskamux",
    );
    assert_eq!(code(&bench, ImportKind::Clip, "huge.mkv"), "media-too-large");
}

#[test]
fn foreign_files_are_counted_by_their_time_stamps() {
    let Some(bench) = Bench::new() else { return };
    let sources = [
        ("vp8.webm", "video/x-raw,width=160,height=96,framerate=25/1 ! vp8enc ! webmmux", Rate(25, 1)),
        ("vp9.webm", "video/x-raw,width=160,height=96,framerate=30/1 ! vp9enc cpu-used=8 ! webmmux", Rate(30, 1)),
        ("b.mp4", "video/x-raw,width=160,height=96,framerate=24/1 ! x264enc bframes=3 ! mp4mux", Rate(24, 1)),
        ("mjpeg.avi", "video/x-raw,width=160,height=96,framerate=25/1 ! jpegenc ! avimux", Rate(25, 1)),
        ("raw.mkv", "video/x-raw,format=I420,width=160,height=96,framerate=25/1 ! matroskamux", Rate(25, 1)),
    ];
    for (name, source, rate) in sources {
        foreign(&bench.folder.path().join(name), &format!("videotestsrc num-buffers=61 ! {source}"));
        let outputs = bench.import(ImportKind::Clip, name).unwrap_or_else(|error| panic!("{name}: {error}"));
        let Value::Clip(clip) = &outputs[0].1 else { panic!("{outputs:?}") };
        assert_eq!((clip.n_frames(), clip.rate, clip.size), (61, rate, (160, 96)), "{name}");
        assert_eq!(bench.frames(clip).unwrap().len(), 61, "{name}");
    }
}

#[test]
fn a_cancelled_import_stops() {
    let Some(bench) = Bench::new() else { return };
    file(&bench, "long.mp4", &[7; 4_000_000]);
    bench.cancel.cancel();
    let result = bench.import(ImportKind::Clip, "long.mp4");
    assert_eq!(result, Err(engine::worker::JobError::Cancelled));
    let left = std::fs::read_dir(bench.folder.path()).unwrap().count();
    assert_eq!(left, 1, "the copy is gone");
}
