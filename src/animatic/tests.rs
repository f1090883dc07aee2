//! Properties of whole panels and of the scratch sound, and their golden digests.

use std::sync::Arc;

use engine::codec::Frame;
use expect_test::expect;
use model::*;

use crate::{MODEL, Pictures, Scene, draw, sound};

pub(crate) fn member(name: &str, action: &str, side: Side) -> CastMember {
    CastMember { name: name.to_owned(), action: action.to_owned(), emotion: String::new(), side }
}

pub(crate) fn line(character: &str, start_s: f64, duration_s: f64) -> Line {
    Line {
        character: character.to_owned(),
        text: "The lamp has not been lit since the storm.".to_owned(),
        parenthetical: String::new(),
        extension: String::new(),
        start_s,
        duration_s,
    }
}

pub(crate) fn shot() -> Shot {
    Shot {
        id: String::new(),
        scene: String::new(),
        number: String::new(),
        text: String::new(),
        setting: Setting {
            location: "LIVING ROOM".into(),
            int_ext: IntExt::Int,
            time: TimeOfDay::Day,
            weather: Weather::Clear,
        },
        camera: Camera { size: ShotSize::Ms, lens_mm: 35, ..Camera::default() },
        cast: vec![member("MARA", "stands", Side::Left)],
        props: Vec::new(),
        lines: Vec::new(),
        duration_s: 2.0,
        seed: None,
        purpose: String::new(),
        provenance: Default::default(),
    }
}

pub(crate) fn call(shot: Shot) -> Call {
    Call {
        model: ModelChoice::Named(MODEL.to_owned()),
        shot: Some(Arc::new(shot)),
        size: (320, 180),
        n_frames: 48,
        seed: 1,
        captions: true,
        sound: true,
        ..Call::new(Task::Video, "")
    }
}

fn with(change: impl FnOnce(&mut Shot)) -> Call {
    let mut shot = shot();
    change(&mut shot);
    call(shot)
}

#[track_caller]
fn frame(call: &Call, idx: u32) -> Frame {
    let mut frame = Frame::default();
    draw(call, &Pictures::default(), idx, &mut frame).expect("a call that can be drawn");
    frame
}

fn digest(bytes: &[u8]) -> String {
    Digest::of(bytes).short()
}

#[test]
fn golden_frames() {
    let lighthouse = with(|shot| {
        shot.setting = Setting {
            location: "LIGHTHOUSE".into(),
            int_ext: IntExt::Ext,
            time: TimeOfDay::Dusk,
            ..Setting::default()
        };
        shot.camera.size = ShotSize::Ews;
    });
    let two = with(|shot| {
        shot.cast.push(member("TOM", "talks", Side::Right));
        shot.lines = vec![line("TOM", 0.2, 1.5)];
        shot.camera.framing = Framing::Two;
    });
    let prompt = Call {
        shot: None,
        prompt: "Wide shot of a woman walking through a foggy forest at dawn".into(),
        ..call(shot())
    };
    let digests: Vec<String> = [&lighthouse, &two, &prompt].iter().map(|call| digest(&frame(call, 20).data)).collect();
    expect!["86600d99 571dc403 ca10d635"].assert_eq(&digests.join(" "));
}

#[test]
fn the_same_call_gives_the_same_bytes_in_any_order() {
    let call = with(|shot| shot.camera.r#move = Move::Handheld);
    let mut scene = Scene::new(&call, &Pictures::default()).expect("a call that can be drawn");
    let (mut late, mut early, mut again) = (Frame::default(), Frame::default(), Frame::default());
    scene.draw(30, &mut late);
    scene.draw(3, &mut early);
    scene.draw(30, &mut again);
    assert_eq!(late, again);
    assert_ne!(late, early);
    assert_eq!(frame(&call, 3), early);
}

#[test]
fn seeds_and_takes_differ() {
    let one = call(shot());
    assert_ne!(frame(&one, 0), frame(&Call { seed: 2, ..one.clone() }, 0));
    assert_ne!(frame(&one, 0), frame(&Call { take: 2, ..one.clone() }, 0));
}

/// How bright the columns of a picture's upper part are.
fn columns(frame: &Frame) -> Vec<f64> {
    let (w, h) = (frame.width as usize, frame.height as usize);
    (0..w)
        .map(|x| {
            (0..h).map(|y| (0..3).map(|c| f64::from(frame.data[(y * w + x) * 4 + c])).sum::<f64>()).sum::<f64>()
                / h as f64
        })
        .collect()
}

/// By how many pixels `b` lies to the right of `a`, at best.
fn shifted(a: &Frame, b: &Frame) -> i32 {
    let (a, b) = (columns(a), columns(b));
    let cost = |by: i32| {
        let pairs = a.iter().enumerate().filter_map(|(x, value)| {
            let other = b.get(usize::try_from(x as i32 + by).ok()?)?;
            Some((value - other).abs())
        });
        let all: Vec<f64> = pairs.collect();
        all.iter().sum::<f64>() / all.len() as f64
    };
    (-90..=90).min_by(|a, b| cost(*a).total_cmp(&cost(*b))).unwrap_or(0)
}

#[test]
fn moves_go_where_they_say() {
    let moved = |kind| {
        let call = with(|shot| {
            shot.camera.r#move = kind;
            shot.cast.clear();
            shot.camera.size = ShotSize::Fs;
        });
        (frame(&call, 0), frame(&call, 47))
    };
    let pan = |kind| {
        let (a, b) = moved(kind);
        shifted(&a, &b)
    };
    assert!(20 < pan(Move::PanLeft), "{}", pan(Move::PanLeft));
    assert!(pan(Move::PanRight) < -20, "{}", pan(Move::PanRight));
    assert!(5 < pan(Move::TrackLeft), "{}", pan(Move::TrackLeft));
    assert!(pan(Move::TrackRight) < -5, "{}", pan(Move::TrackRight));
    let (a, b) = moved(Move::Static);
    assert_eq!(a, b, "nothing moves in a still room");
    for kind in Move::ALL.iter().filter(|kind| **kind != Move::Static) {
        let (a, b) = (moved(*kind).0, {
            let call = with(|shot| {
                shot.camera.r#move = *kind;
                shot.cast.clear();
                shot.camera.size = ShotSize::Cu;
            });
            (frame(&call, 0), frame(&call, 30))
        });
        assert_ne!(b.0, b.1, "{kind:?}");
        assert_eq!(a.width, 320);
    }
}

#[test]
fn the_slate_changes_only_its_strip() {
    let plain = Call { size: (640, 360), ..with(|shot| shot.camera.size = ShotSize::Cu) };
    let slated = Call { slate: Some(Slate { scene: "2".into(), shot: "2-030".into() }), ..plain.clone() };
    let (a, b) = (frame(&plain, 5), frame(&slated, 5));
    let strip = (360.0 * crate::overlay::SLATE).ceil() as usize * 640 * 4;
    assert_ne!(a.data[..strip], b.data[..strip]);
    assert!(a.data[strip..] == b.data[strip..]);
}

#[test]
fn a_mouth_moves_with_its_line() {
    let call = with(|shot| {
        shot.camera.size = ShotSize::Cu;
        shot.lines = vec![line("MARA", 0.5, 1.0)];
    });
    let silent = Call { captions: false, ..call };
    let differ = |a: u32, b: u32| {
        let (a, b) = (frame(&silent, a), frame(&silent, b));
        a.data.iter().zip(&b.data).filter(|(a, b)| 40 < a.abs_diff(**b)).count()
    };
    assert!(differ(4, 5) < differ(4, 16));
}

#[test]
fn key_frames_dissolve_into_the_panel_and_out_of_it() {
    let call = call(shot());
    let plain = |color: [u8; 4]| Some(Frame { width: 64, height: 36, data: color.repeat(64 * 36) });
    let pictures = Pictures { references: Vec::new(), first: plain([255, 0, 0, 255]), last: plain([0, 255, 0, 255]) };
    let mut scene = Scene::new(&call, &pictures).expect("a call that can be drawn");
    let mut drawn = Frame::default();
    scene.draw(0, &mut drawn);
    assert!(200 < drawn.data[0] && drawn.data[1] < 60);
    scene.draw(20, &mut drawn);
    assert_eq!(drawn, frame(&call, 20));
    scene.draw(call.n_frames - 1, &mut drawn);
    assert!(drawn.data[0] < 60 && 200 < drawn.data[1]);
}

fn energy(samples: &[f32], from_s: f64, to_s: f64) -> f64 {
    let part = &samples[(from_s * 96_000.0) as usize..(to_s * 96_000.0) as usize];
    (part.iter().map(|x| f64::from(*x) * f64::from(*x)).sum::<f64>() / part.len() as f64).sqrt()
}

#[test]
fn sound_is_exact_and_speaks_only_in_lines() {
    let call = with(|shot| shot.lines = vec![line("MARA", 0.5, 1.0)]);
    let samples = sound(&call);
    assert_eq!(samples.len(), 96_000 * 2);
    assert_eq!(samples, sound(&call));
    let (room, voice) = (energy(&samples, 0.0, 0.45), energy(&samples, 0.6, 1.4));
    assert!(0.0001 < room && room < 0.02, "{room}");
    assert!(5.0 * room < voice && voice < 0.3, "{room} {voice}");
    assert!(energy(&samples, 1.6, 1.95) < 2.0 * room);
    let odd = Call { rate: Rate(30000, 1001), n_frames: 7, ..call };
    assert_eq!(sound(&odd).len() as u64, 2 * odd.rate.sample_at(7, 48_000));
}

#[test]
fn voices_differ_by_character() {
    let speak = |name: &str| sound(&with(|shot| shot.lines = vec![line(name, 0.0, 1.5)]));
    assert_ne!(speak("MARA"), speak("TOM"));
    assert_eq!(speak("MARA"), speak("MARA"));
}

/// The frequency in 60 to 420 Hz at which a part of a signal repeats itself best.
fn fundamental(samples: &[f32]) -> f64 {
    let mono: Vec<f64> = samples.iter().step_by(2).map(|x| f64::from(*x)).collect();
    let likeness = |lag: usize| -> f64 {
        let (a, b) = (&mono[..mono.len() - lag], &mono[lag..]);
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        dot(a, b) / (dot(a, a) * dot(b, b)).sqrt().max(1e-12)
    };
    let scores: Vec<(usize, f64)> = (48_000 / 420..48_000 / 60).map(|lag| (lag, likeness(lag))).collect();
    let best = scores.iter().map(|(_, score)| *score).fold(0.0, f64::max);
    // Every multiple of the period is as alike; the shortest is the period, at the top of its hill.
    let start = scores.iter().position(|(_, score)| 0.9 * best < *score).expect("the best itself");
    let hill = scores[start..].iter().take_while(|(_, score)| 0.9 * best < *score);
    let lag = hill.max_by(|a, b| a.1.total_cmp(&b.1)).expect("a hill has a top").0;
    48_000.0 / lag as f64
}

#[test]
fn murmurs_have_the_pitch_of_their_characters() {
    let person = |name: &str, pitch_hz: Option<f64>, description: &str| Reference {
        role: Role::Character,
        name: name.to_owned(),
        aliases: Vec::new(),
        description: description.to_owned(),
        negative: String::new(),
        palette: Vec::new(),
        images: Vec::new(),
        pitch_hz,
        voice: String::new(),
        ambience: String::new(),
    };
    let pitch = |reference: Reference| {
        let name = reference.name.clone();
        let call = Call {
            references: vec![Arc::new(reference)],
            ..with(|shot| shot.lines = vec![Line { text: "Aaa".to_owned(), ..line(&name, 0.0, 1.0) }])
        };
        // The middle of one long syllable.
        fundamental(&sound(&call)[2 * 14_400..2 * 19_200])
    };
    for hz in [95.0, 140.0, 195.0, 280.0] {
        let measured = pitch(person("MARA", Some(hz), ""));
        assert!((0.82 * hz..1.15 * hz).contains(&measured), "{hz} is heard as {measured}");
    }
    let (man, woman) = (pitch(person("TOM", None, "an old man")), pitch(person("MARA", None, "a woman of forty")));
    let girl = pitch(person("NELL", None, "a girl of nine"));
    assert!(1.2 * man < woman && 1.05 * woman < girl, "{man} {woman} {girl}");
}

/// Columns of a picture in which magenta is seen.
fn magenta(frame: &Frame) -> usize {
    let w = frame.width as usize;
    let is = |pixel: &[u8]| {
        90 < pixel[0].min(pixel[2]) && 60 < pixel[0].abs_diff(pixel[1]) && pixel[0].abs_diff(pixel[2]) < 60
    };
    (0..w).filter(|x| frame.data.chunks_exact(4).skip(*x).step_by(w).any(is)).count()
}

#[test]
fn a_reference_picture_stands_in_where_it_can() {
    // A magenta person, a fifth as wide as tall, before a grey that grows lighter downwards.
    let mut picture = Frame::black(100, 200);
    for (i, pixel) in picture.data.chunks_exact_mut(4).enumerate() {
        let (x, y) = (i % 100, i / 100);
        let inside = (30..70).contains(&x) && (10..190).contains(&y);
        pixel[..3].copy_from_slice(&if inside { [230, 20, 230] } else { [120 + y as u8 / 4; 3] });
    }
    let reference = Reference {
        role: Role::Character,
        name: "MARA".to_owned(),
        aliases: Vec::new(),
        description: String::new(),
        negative: String::new(),
        palette: vec![Color { r: 20, g: 120, b: 40 }],
        images: Vec::new(),
        pitch_hz: None,
        voice: String::new(),
        ambience: String::new(),
    };
    let drawn = |size: ShotSize, action: &str| {
        let references = vec![Arc::new(reference.clone())];
        let call = Call {
            references,
            size: (640, 360),
            ..with(|shot| (shot.camera.size, shot.cast) = (size, vec![member("MARA", action, Side::Left)]))
        };
        let pictures = Pictures { references: vec![Some(picture.clone())], first: None, last: None };
        let mut frame = Frame::default();
        draw(&call, &pictures, 5, &mut frame).expect("a call that can be drawn");
        magenta(&frame)
    };
    let wide = drawn(ShotSize::Fs, "stands");
    assert!((40..120).contains(&wide), "{wide}");
    // Lips may be near to it.
    assert!(drawn(ShotSize::Cu, "stands") < 12, "too coarse for a close shot");
    assert!(drawn(ShotSize::Fs, "kneels") < 12, "a picture cannot kneel");
}

#[test]
fn extremes_neither_panic_nor_hang() {
    let tiny =
        |call: Call| Call { size: (160, 90), slate: Some(Slate { scene: "x".repeat(500), shot: "".into() }), ..call };
    let mut calls = vec![
        with(|shot| shot.cast.clear()),
        with(|shot| shot.cast = (0..200).map(|i| member(&format!("P{i}"), "runs", Side::Centre)).collect()),
        with(|shot| {
            shot.lines = vec![
                Line { text: "word ".repeat(2000), ..line("MARA", f64::NAN, f64::NAN) },
                line("", -5.0, 0.0),
                line("X", 1e300, 1e300),
            ];
            shot.lines.push(Line { text: "x".repeat(10_000), ..line("MARA", 0.0, 1.0) });
            shot.duration_s = f64::NAN;
        }),
        with(|shot| {
            shot.cast = vec![member("灯台 \u{202e}مرحبا", "", Side::Right)];
            shot.props = vec!["\0".into(); 300];
            shot.camera.framing = Framing::Insert;
            shot.camera.lens_mm = u32::MAX;
        }),
        Call { shot: None, prompt: "é".repeat(50_000), ..call(shot()) },
        Call { n_frames: 1, ..call(shot()) },
    ];
    for angle in Angle::ALL {
        calls.push(with(|shot| shot.camera.angle = *angle));
    }
    for framing in Framing::ALL {
        calls.push(with(|shot| shot.camera.framing = *framing));
    }
    for size in ShotSize::ALL {
        let setting = Setting {
            location: "HARBOUR".into(),
            weather: Weather::Storm,
            time: TimeOfDay::Night,
            int_ext: IntExt::Ext,
        };
        calls.push(with(|shot| (shot.camera.size, shot.setting) = (*size, setting)));
    }
    for call in calls.into_iter().map(tiny) {
        let last = call.n_frames - 1;
        for idx in [0, last / 2, last, u32::MAX] {
            assert_eq!(frame(&call, idx).data.len(), 160 * 90 * 4);
        }
        sound(&Call { n_frames: 4, ..call });
    }
    for size in [(16, 16), (1, 1), (2, 900), (4096, 2160)] {
        let call = Call { size, ..call(shot()) };
        assert_eq!(frame(&call, 0).data.len() as u64, u64::from(size.0) * u64::from(size.1) * 4);
    }
}

#[test]
fn what_cannot_be_drawn_is_refused() {
    let good = call(shot());
    for bad in [
        Call { size: (0, 180), ..good.clone() },
        Call { size: (320, 100_000), ..good.clone() },
        Call { rate: Rate(0, 1), ..good.clone() },
        Call { n_frames: 0, ..good.clone() },
    ] {
        let refusal = Scene::new(&bad, &Pictures::default()).err().expect("a refusal");
        assert!(!refusal.hints.is_empty() && refusal.code.starts_with("animatic-"), "{refusal}");
    }
    assert!(sound(&Call { rate: Rate(1, 0), ..good }).is_empty());
}
