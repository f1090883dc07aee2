//! The rules of playing, with instants that nobody waited for.

use std::time::{Duration, Instant};

use model::Rate;

use crate::playback::Looping;
use crate::playback::transport::{Look, Tick, Transport};

const FRAME: Duration = Duration::from_nanos(1_000_000_000 / 24);

fn ready(_: u64) -> Look {
    Look::Ready
}

fn missing(_: u64) -> Look {
    Look::Missing
}

/// Ticks at each frame's time, for `n` frames; what was shown.
fn shown(transport: &mut Transport, start: Instant, n: u32, look: impl Fn(u64) -> Look) -> Vec<u64> {
    let mut up = transport.position();
    let ticks = (0..=n).filter_map(|i| {
        let show = transport.tick(start + FRAME * i, up == transport.position(), &look).show;
        up = show.unwrap_or(up);
        show
    });
    ticks.collect()
}

#[test]
fn every_frame_is_shown_once_and_in_time() {
    let now = Instant::now();
    let mut transport = Transport::new(Rate::FILM, 10);
    transport.play(1.0, now, false);
    assert_eq!(shown(&mut transport, now, 9, ready), (1..10).collect::<Vec<_>>());
    assert!(transport.run().is_some(), "the last frame is shown as long as any other");
    assert!(transport.tick(now + FRAME * 10, true, ready).ended);
    assert_eq!((transport.position(), transport.dropped(), transport.run()), (9, 0, None));
    // At the end, playing begins again.
    transport.play(1.0, now, false);
    assert_eq!(transport.position(), 0);
}

#[test]
fn next_is_the_start_of_the_next_frame() {
    let now = Instant::now();
    let mut transport = Transport::new(Rate(25, 1), 100);
    transport.play(1.0, now, false);
    let tick = transport.tick(now, true, ready);
    assert_eq!(tick, Tick { next: Some(now + Duration::from_millis(40)), ..Tick::default() });
    let tick = transport.tick(now + Duration::from_millis(70), true, ready);
    assert_eq!((tick.show, tick.next), (Some(1), Some(now + Duration::from_millis(80))));
}

#[test]
fn late_pictures_are_dropped_and_counted() {
    let now = Instant::now();
    let mut transport = Transport::new(Rate::FILM, 100);
    transport.play(1.0, now, false);
    // Only every third picture is made in time.
    let thirds = |frame: u64| if frame.is_multiple_of(3) { Look::Ready } else { Look::Missing };
    assert_eq!(shown(&mut transport, now, 30, thirds), (1..=10).map(|i| i * 3).collect::<Vec<_>>());
    assert_eq!(transport.dropped(), 20);
    // Nothing comes any more: the next one to make is the one that is due, not the ones that were missed.
    assert_eq!(transport.tick(now + FRAME * 50, true, missing).show, None);
    assert_eq!(transport.wanted(now + FRAME * 50, 8, 4, missing), Some(50));
    assert!(transport.is_late(now + FRAME * 50));
}

#[test]
fn playing_waits_for_its_first_picture_and_for_sound() {
    let now = Instant::now();
    let mut transport = Transport::new(Rate::FILM, 100);
    transport.seek(7, now, true);
    transport.play(1.0, now, true);
    let epoch = transport.epoch();
    assert_eq!(transport.tick(now + FRAME * 5, false, missing), Tick::default());
    assert!(!transport.is_primed(epoch, missing) && transport.is_primed(epoch, ready));
    let tick = transport.tick(now + FRAME * 5, false, ready);
    assert_eq!((tick.show, tick.next), (Some(7), Some(now + Duration::from_secs(2))));
    // The sound has been heard for three frames at that time: it is the clock.
    let started = now + FRAME * 20;
    transport.sync(epoch, started, FRAME * 3);
    assert_eq!(transport.tick(started, true, ready).show, Some(10));
    // Small differences are smoothed, large ones followed, and those of an older epoch are not meant.
    transport.sync(epoch, started + FRAME, FRAME * 4 + Duration::from_millis(16));
    assert_eq!(transport.tick(started + FRAME, true, ready).show, Some(11));
    transport.sync(epoch, started + FRAME, FRAME * 30);
    assert_eq!(transport.tick(started + FRAME, true, ready).show, Some(37));
    transport.sync(epoch - 1, started, FRAME * 60);
    assert_eq!(transport.tick(started + FRAME, true, ready).show, None);

    // Without sound in two seconds, or when it is lost, playing goes on alone.
    transport.seek(0, now, true);
    assert!(transport.tick(now + Duration::from_millis(1999), true, ready).next.is_some());
    transport.tick(now + Duration::from_secs(2), true, ready);
    assert_eq!(transport.tick(now + Duration::from_secs(2) + FRAME, true, ready).show, Some(1));
    transport.seek(0, now, true);
    transport.lose_sound(transport.epoch());
    transport.tick(now, true, ready);
    assert_eq!(transport.tick(now + FRAME, true, ready).show, Some(1));
}

#[test]
fn a_loop_goes_on_at_its_first_frame() {
    let now = Instant::now();
    let mut transport = Transport::new(Rate::FILM, 100);
    transport.set_range(Some((10, 14)), Looping::On, now, false);
    // From outside, playing goes to the range.
    transport.play(1.0, now, false);
    assert_eq!(transport.position(), 10);
    assert_eq!(shown(&mut transport, now, 9, ready), [11, 12, 13, 10, 11, 12, 13, 10, 11]);
    // What comes after the end is made before it is due, and kept.
    transport.tick(now + FRAME * 10, true, ready);
    assert_eq!(transport.needed(3), [12, 13, 10, 11]);
    let first_of_next = |frame: u64| if frame == 10 { Look::Missing } else { Look::Ready };
    assert_eq!(transport.wanted(now + FRAME * 10, 4, 4, first_of_next), Some(10));
    transport.play(-1.0, now, false);
    assert_eq!(transport.position(), 12);
    assert_eq!(shown(&mut transport, now, 7, ready), [11, 10, 13, 12, 11, 10, 13]);
}

#[test]
fn ranges_bound_playing_and_not_seeking() {
    let now = Instant::now();
    let mut transport = Transport::new(Rate::FILM, 100);
    transport.set_range(Some((10, 14)), Looping::Off, now, false);
    transport.play(1.0, now, false);
    shown(&mut transport, now, 20, ready);
    assert_eq!((transport.position(), transport.run()), (13, None));
    transport.seek(50, now, false);
    assert_eq!(transport.position(), 50);
    transport.play(-1.0, now, false);
    assert_eq!(transport.position(), 13);
    // Whoever seeks outside while playing plays there.
    transport.seek(60, now, false);
    assert_eq!(shown(&mut transport, now, 3, ready), [59, 58, 57]);
    // A range that is none is the whole.
    for range in [(20, 20), (30, 20), (100, 200), (u64::MAX, u64::MAX)] {
        transport.pause();
        transport.set_range(Some(range), Looping::On, now, false);
        transport.seek(98, now, false);
        transport.play(1.0, now, false);
        assert_eq!(shown(&mut transport, now, 3, ready), [99, 0, 1]);
    }
}

#[test]
fn shuttle_leaves_out_frames_by_intent() {
    let now = Instant::now();
    let mut transport = Transport::new(Rate::FILM, 1000);
    transport.play(8.0, now, false);
    let seen = shown(&mut transport, now, 24, ready);
    assert_eq!(seen[..3], [7, 14, 21], "192 frames a second are 27 pictures a second");
    assert_eq!(transport.position(), 189);
    assert!(transport.dropped() <= 4, "ticks at 24 a second miss a few of them: {}", transport.dropped());
    transport.play(-2.0, now, false);
    assert_eq!(shown(&mut transport, now, 2, ready), [187, 185]);
    // Slow motion shows every frame, longer.
    transport.play(0.5, now, false);
    assert_eq!(shown(&mut transport, now, 4, ready), [186, 187]);
    // At the end of a shuttle the very last frame shows.
    transport.seek(995, now, false);
    transport.play(8.0, now, false);
    shown(&mut transport, now, 2, ready);
    assert_eq!((transport.position(), transport.run()), (999, None));
}

#[test]
fn backwards_is_made_in_runs_from_low_to_high() {
    let now = Instant::now();
    let mut transport = Transport::new(Rate::FILM, 100);
    transport.seek(50, now, false);
    transport.play(-1.0, now, false);
    let below = |lowest: u64| move |frame: u64| if frame < lowest { Look::Missing } else { Look::Ready };
    assert_eq!(transport.wanted(now, 12, 6, missing), Some(45));
    assert_eq!(transport.wanted(now, 12, 6, below(45)), Some(39));
    assert_eq!(transport.wanted(now, 12, 6, below(39)), None, "twelve are in store");
    // At rest after a step back, the frames before are wanted too, and after a seek the ones behind.
    transport.step(-1);
    assert_eq!(transport.position(), 49);
    assert_eq!(transport.wanted(now, 12, 6, below(49)), Some(43));
    assert_eq!(transport.wanted(now, 12, 6, below(43)), None);
    transport.seek(20, now, false);
    assert_eq!(transport.wanted(now, 12, 6, missing), Some(20));
    assert_eq!(transport.wanted(now, 12, 6, |frame| if frame <= 20 { Look::Ready } else { Look::Missing }), Some(21));
    // The run stops where a loop goes on at the other end.
    transport.set_range(Some((10, 30)), Looping::On, now, false);
    transport.seek(11, now, false);
    transport.play(-1.0, now, false);
    assert_eq!(transport.wanted(now, 12, 6, missing), Some(10));
    assert_eq!(transport.wanted(now, 12, 6, |frame| if frame < 12 { Look::Ready } else { Look::Missing }), Some(24));
}

#[test]
fn failures_stop_playing_where_they_are_due() {
    let now = Instant::now();
    let mut transport = Transport::new(Rate::FILM, 100);
    transport.play(1.0, now, false);
    let look = |frame: u64| if 5 <= frame { Look::Failed } else { Look::Ready };
    assert_eq!(shown(&mut transport, now, 4, look), [1, 2, 3, 4]);
    assert_eq!(transport.wanted(now + FRAME * 4, 8, 4, look), None, "nothing behind a failure is tried");
    let tick = transport.tick(now + FRAME * 5, true, look);
    assert_eq!((tick.failed, transport.position(), transport.run()), (Some(5), 5, None));
    assert_eq!(transport.tick(now, false, look).failed, Some(5));
}

#[test]
fn an_edit_keeps_the_place() {
    let now = Instant::now();
    let mut transport = Transport::new(Rate::FILM, 100);
    transport.seek(60, now, false);
    transport.replace(Rate::FILM, 80, now, false);
    assert_eq!(transport.position(), 60);
    transport.replace(Rate::FILM, 50, now, false);
    assert_eq!(transport.position(), 49);
    transport.seek(20, now, false);
    transport.play(1.0, now, false);
    let epoch = transport.epoch();
    transport.replace(Rate::FILM, 70, now, false);
    assert!(transport.run().is_some() && transport.epoch() != epoch, "it goes on with new sound");
    assert_eq!(shown(&mut transport, now, 2, ready), [21, 22]);
}

#[test]
fn absurd_commands_are_harmless() {
    let now = Instant::now();
    let mut transport = Transport::new(Rate::FILM, 0);
    for speed in [f64::NAN, f64::INFINITY, 0.0, -0.0] {
        transport.play(speed, now, true);
        assert_eq!(transport.run(), None);
    }
    transport.step(i64::MIN);
    transport.step(i64::MAX);
    transport.seek(u64::MAX, now, true);
    assert_eq!(transport.position(), 0);
    for (speed, looping) in [(1e300, Looping::On), (-1e300, Looping::On), (1e-300, Looping::Off)] {
        transport.set_range(None, looping, now, false);
        transport.play(speed, now, false);
        transport.tick(now, true, ready);
        let tick = transport.tick(now + Duration::from_secs(1 << 40), true, ready);
        assert!(tick.show.is_none_or(|frame| frame == 0));
        transport.wanted(now + Duration::from_secs(1 << 40), 8, 8, missing);
    }
}
