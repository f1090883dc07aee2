//! Where the playhead is, and which picture is due when: a state machine over instants that it is given.
//!
//! Must not know threads, GStreamer or pictures, so that every rule of playing is tested without a clock. Times are
//! counted in steps from where playing began rather than in film time: loops, reverse and shuttle are then the same
//! few lines, and sound follows the same steps.

use std::time::{Duration, Instant};

use model::Rate;

use super::Looping;

/// Faster playing shows every second, third, ... frame, so that no more pictures are asked for than this per second.
const SHUTTLE_FPS: f64 = 30.0;

/// Slowest and fastest playing.
const SPEEDS: (f64, f64) = (1.0 / 16.0, 64.0);

/// How long playing waits for sound to start before it goes on without.
const SOUND_PATIENCE: Duration = Duration::from_secs(2);

/// Pictures later than this count as waiting for the disk and the decoder.
const LATE: Duration = Duration::from_millis(250);

/// A jump of the sound's clock that is followed at once; smaller ones are smoothed.
const LEAP: Duration = Duration::from_millis(80);

/// Frames made ahead of a playhead at rest.
const REST_AHEAD: u64 = 4;

/// Fewest frames that a playhead going backwards has in store.
const REST_BEHIND: u64 = 3;

/// A seek back by no more than this is a drag: more of the kind will follow.
const DRAG: u64 = 6;

/// What is known of a frame's picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    Ready,
    Failed,
    Missing,
}

/// What has to be done now.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Tick {
    /// The picture to put up.
    pub(super) show: Option<u64>,
    /// The frame whose picture cannot be made, and at which playing has stopped.
    pub(super) failed: Option<u64>,
    /// Playing has reached its end.
    pub(super) ended: bool,
    /// When to look again, if nothing else happens before.
    pub(super) next: Option<Instant>,
}

/// The playhead.
#[derive(Clone, Debug)]
pub(super) struct Transport {
    rate: Rate,
    n_frames: u64,
    position: u64,
    speed: f64,
    range: Option<(u64, u64)>,
    looping: Looping,
    run: Option<Run>,
    /// The last move went back: frames before the playhead are wanted next.
    is_back: bool,
    /// Another number whenever sound has to start anew or stop.
    epoch: u64,
    dropped: u64,
}

/// One stretch of playing, from the command to the next one.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Run {
    rate: Rate,
    origin: u64,
    /// First frame, and the one after the last.
    bounds: (u64, u64),
    speed: f64,
    /// Frames from one shown to the next.
    stride: u64,
    looping: Looping,
    waits_for_sound: bool,
    asked: Instant,
    clock: Option<Clock>,
    /// Newest step that is shown or given up.
    done: u64,
}

/// How long the run has lasted at an instant.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Clock {
    at: Instant,
    played: Duration,
}

impl Clock {
    fn played(self, now: Instant) -> Duration {
        self.played + now.saturating_duration_since(self.at)
    }
}

impl Run {
    /// The frame of a step; none after the end.
    pub(super) fn frame_of(&self, step: u64) -> Option<u64> {
        let moved = step.checked_mul(self.stride)?;
        let (low, high) = self.bounds;
        let is_looping = self.looping == Looping::On;
        if 0.0 < self.speed {
            let ahead = self.origin.checked_add(moved)?;
            if ahead < high {
                return Some(ahead);
            }
            return is_looping.then(|| low + (ahead - high) % (high - low));
        }
        let room = self.origin - low;
        if moved <= room {
            return Some(self.origin - moved);
        }
        is_looping.then(|| high - 1 - (moved - room - 1) % (high - low))
    }

    /// The last step, where there is one.
    fn last(&self) -> Option<u64> {
        let (low, high) = self.bounds;
        let room = if 0.0 < self.speed { high - 1 - self.origin } else { self.origin - low };
        (self.looping == Looping::Off).then_some(room / self.stride)
    }

    /// The newest step that is shown or given up.
    pub(super) fn done(&self) -> u64 {
        self.done
    }

    fn steps_per_second(&self) -> f64 {
        f64::from(self.rate.0) / f64::from(self.rate.1) * self.speed.abs() / self.stride as f64
    }

    /// The step that is due.
    fn due(&self, now: Instant) -> u64 {
        // A hundredth of a step of grace: timers that wake at the boundary must not see the step before.
        let played = self.clock.map_or(Duration::ZERO, |clock| clock.played(now));
        (played.as_secs_f64() * self.steps_per_second() + 0.01) as u64
    }

    /// When a step is due.
    fn instant_of(&self, step: u64) -> Option<Instant> {
        let clock = self.clock?;
        let played = Duration::try_from_secs_f64(step as f64 / self.steps_per_second()).ok()?;
        clock.at.checked_add(played.saturating_sub(clock.played))
    }
}

impl Transport {
    /// At rest on the first frame.
    pub(super) fn new(rate: Rate, n_frames: u64) -> Transport {
        Transport {
            rate,
            n_frames: n_frames.max(1),
            position: 0,
            speed: 1.0,
            range: None,
            looping: Looping::Off,
            run: None,
            is_back: false,
            epoch: 0,
            dropped: 0,
        }
    }

    pub(super) fn position(&self) -> u64 {
        self.position
    }

    pub(super) fn n_frames(&self) -> u64 {
        self.n_frames
    }

    pub(super) fn rate(&self) -> Rate {
        self.rate
    }

    pub(super) fn speed(&self) -> f64 {
        self.speed
    }

    pub(super) fn dropped(&self) -> u64 {
        self.dropped
    }

    pub(super) fn epoch(&self) -> u64 {
        self.epoch
    }

    pub(super) fn run(&self) -> Option<&Run> {
        self.run.as_ref()
    }

    /// Whether pictures that are due are missing.
    pub(super) fn is_late(&self, now: Instant) -> bool {
        let Some(run) = &self.run else { return false };
        match run.instant_of(run.done.saturating_add(1)) {
            Some(instant) => LATE < now.saturating_duration_since(instant),
            None => LATE < now.saturating_duration_since(run.asked),
        }
    }

    fn bounds(&self) -> (u64, u64) {
        let whole = (0, self.n_frames);
        let inside = |(first, end): (u64, u64)| (first, end.min(self.n_frames));
        self.range.map(inside).filter(|(first, end)| first < end).unwrap_or(whole)
    }

    fn start(&mut self, bounds: (u64, u64), now: Instant, can_sound: bool) {
        let fps = f64::from(self.rate.0) / f64::from(self.rate.1);
        let stride = if self.speed.abs() <= 1.0 { 1.0 } else { (self.speed.abs() * fps / fps.max(SHUTTLE_FPS)).ceil() };
        self.epoch += 1;
        self.is_back = self.speed < 0.0;
        self.run = Some(Run {
            rate: self.rate,
            origin: self.position,
            bounds,
            speed: self.speed,
            stride: stride as u64,
            looping: self.looping,
            waits_for_sound: can_sound && self.speed == 1.0,
            asked: now,
            clock: None,
            done: 0,
        });
    }

    /// Starts again from the playhead, after something that changes what comes next.
    fn restart(&mut self, now: Instant, can_sound: bool) {
        let (first, end) = self.bounds();
        // Who goes outside the range while playing means it.
        let bounds = if (first..end).contains(&self.position) { (first, end) } else { (0, self.n_frames) };
        self.start(bounds, now, can_sound);
    }

    /// Plays; a speed that is none is a pause.
    pub(super) fn play(&mut self, speed: f64, now: Instant, can_sound: bool) {
        if !speed.is_finite() || speed == 0.0 {
            return self.pause();
        }
        let speed = speed.abs().clamp(SPEEDS.0, SPEEDS.1).copysign(speed);
        if self.run.as_ref().is_some_and(|run| run.speed == speed) {
            return;
        }
        self.speed = speed;
        let (first, end) = self.bounds();
        let is_outside = !(first..end).contains(&self.position);
        if 0.0 < speed && (is_outside || self.position == end - 1) {
            self.position = first;
        } else if speed < 0.0 && is_outside {
            self.position = end - 1;
        }
        self.start((first, end), now, can_sound);
    }

    /// Stops where it is.
    pub(super) fn pause(&mut self) {
        if self.run.take().is_some() {
            self.epoch += 1;
        }
    }

    /// Goes to a frame; playing goes on from there.
    pub(super) fn seek(&mut self, frame: u64, now: Instant, can_sound: bool) {
        let frame = frame.min(self.n_frames - 1);
        self.is_back = (frame + 1..=frame + DRAG).contains(&self.position);
        self.position = frame;
        self.epoch += 1;
        if self.run.is_some() {
            self.restart(now, can_sound);
        }
    }

    /// Goes some frames on or back, at rest.
    pub(super) fn step(&mut self, frames: i64) {
        self.pause();
        self.position = self.position.saturating_add_signed(frames).min(self.n_frames - 1);
        self.is_back = frames < 0;
        self.epoch += 1;
    }

    pub(super) fn set_range(&mut self, range: Option<(u64, u64)>, looping: Looping, now: Instant, can_sound: bool) {
        if (self.range, self.looping) == (range, looping) {
            return;
        }
        (self.range, self.looping) = (range, looping);
        if self.run.is_some() {
            self.restart(now, can_sound);
        }
    }

    /// The same film after an edit.
    pub(super) fn replace(&mut self, rate: Rate, n_frames: u64, now: Instant, can_sound: bool) {
        (self.rate, self.n_frames) = (rate, n_frames.max(1));
        self.position = self.position.min(self.n_frames - 1);
        self.epoch += 1;
        if self.run.is_some() {
            self.restart(now, can_sound);
        }
    }

    /// The sound of an epoch cannot be had: playing goes on by the computer's clock.
    pub(super) fn lose_sound(&mut self, epoch: u64) {
        if let Some(run) = self.run.as_mut().filter(|_| epoch == self.epoch) {
            run.waits_for_sound = false;
        }
    }

    /// What has been heard since the start of the epoch: the sound is the clock.
    pub(super) fn sync(&mut self, epoch: u64, now: Instant, heard: Duration) {
        let Some(run) = self.run.as_mut().filter(|_| epoch == self.epoch) else { return };
        let played = match run.clock.map(|clock| clock.played(now)) {
            // Sound cards report in steps; following each of them would make the picture shake.
            Some(played) if played.abs_diff(heard) < LEAP => (played * 7 + heard) / 8,
            _ => heard,
        };
        run.clock = Some(Clock { at: now, played });
    }

    /// Whether the first picture of an epoch is there, so that its sound may start.
    pub(super) fn is_primed(&self, epoch: u64, look: impl Fn(u64) -> Look) -> bool {
        epoch == self.epoch && self.run.as_ref().is_some_and(|run| look(run.origin) == Look::Ready)
    }

    /// Moves on to `now`. `is_up` is whether the playhead's picture is the one that is shown.
    pub(super) fn tick(&mut self, now: Instant, is_up: bool, look: impl Fn(u64) -> Look) -> Tick {
        if self.run.is_none() {
            return self.rest(is_up, look);
        }
        let position = self.position;
        let Some(run) = &mut self.run else { return Tick::default() };
        if run.clock.is_none() {
            return match look(position) {
                Look::Missing => Tick::default(),
                Look::Failed => self.fail(position),
                Look::Ready => {
                    let limit = run.asked + SOUND_PATIENCE;
                    let is_waiting = run.waits_for_sound && now < limit;
                    if !is_waiting {
                        run.clock = Some(Clock { at: now, played: Duration::ZERO });
                    }
                    let next = if is_waiting { Some(limit) } else { run.instant_of(1) };
                    Tick { show: (!is_up).then_some(position), next, ..Tick::default() }
                }
            };
        }
        let due = run.due(now);
        let newest = due.min(run.last().unwrap_or(u64::MAX));
        // No cache is larger, and a computer that slept must not count its dreams.
        let oldest = run.done.max(newest.saturating_sub(1024));
        let mut tick = Tick::default();
        for step in (oldest.saturating_add(1)..=newest).rev() {
            let Some(frame) = run.frame_of(step) else { continue };
            match look(frame) {
                Look::Ready => {
                    self.dropped += step - run.done - 1;
                    run.done = step;
                    self.position = frame;
                    tick.show = Some(frame);
                    break;
                }
                Look::Failed if step - run.done == 1 => return self.fail(frame),
                Look::Failed | Look::Missing => {}
            }
        }
        if run.last().is_some_and(|last| last < due) {
            return self.end(tick, look);
        }
        tick.next = run.instant_of(due.max(run.done).saturating_add(1));
        tick
    }

    fn rest(&self, is_up: bool, look: impl Fn(u64) -> Look) -> Tick {
        match look(self.position) {
            Look::Ready if !is_up => Tick { show: Some(self.position), ..Tick::default() },
            Look::Failed => Tick { failed: Some(self.position), ..Tick::default() },
            _ => Tick::default(),
        }
    }

    fn fail(&mut self, frame: u64) -> Tick {
        self.pause();
        self.position = frame;
        Tick { failed: Some(frame), ended: true, ..Tick::default() }
    }

    /// Rests on the frame where playing ends.
    fn end(&mut self, mut tick: Tick, look: impl Fn(u64) -> Look) -> Tick {
        let Some(run) = self.run.take() else { return tick };
        let (low, high) = run.bounds;
        // The last picture is still to come, whenever it is ready.
        self.dropped += run.last().unwrap_or(run.done).saturating_sub(run.done.saturating_add(1));
        let before = std::mem::replace(&mut self.position, if 0.0 < run.speed { high - 1 } else { low });
        self.epoch += 1;
        tick.ended = true;
        if self.position != before && look(self.position) == Look::Ready {
            tick.show = Some(self.position);
        }
        tick
    }

    /// The frame to make next, with `ahead` of them in store. Going back, frames are made in runs of `chunk` from low
    /// to high, because decoders only go forward.
    pub(super) fn wanted(&self, now: Instant, ahead: u64, chunk: u64, look: impl Fn(u64) -> Look) -> Option<u64> {
        let chunk = chunk.max(1);
        let below = |from: u64| {
            let lowest = from.saturating_sub(chunk - 1);
            (lowest..=from).rev().take_while(|frame| look(*frame) == Look::Missing).last()
        };
        let Some(run) = &self.run else {
            if look(self.position) == Look::Missing {
                return if self.is_back { below(self.position) } else { Some(self.position) };
            }
            if self.is_back {
                let behind = self.position.saturating_sub(REST_BEHIND.min(ahead))..self.position;
                let gap = behind.rev().find(|frame| look(*frame) != Look::Ready);
                return gap.filter(|frame| look(*frame) == Look::Missing).and_then(below);
            }
            let after = self.position + 1..self.n_frames.min(self.position + 1 + REST_AHEAD.min(ahead));
            let gap = after.into_iter().find(|frame| look(*frame) != Look::Ready);
            return gap.filter(|frame| look(*frame) == Look::Missing);
        };
        let first = if run.clock.is_none() { 0 } else { run.done.saturating_add(1).max(run.due(now)) };
        let mut steps = (first..first.saturating_add(ahead.max(1))).map_while(|step| run.frame_of(step));
        let gap = steps.find(|frame| look(*frame) != Look::Ready);
        let gap = gap.filter(|frame| look(*frame) == Look::Missing)?;
        if 0.0 < run.speed {
            return Some(gap);
        }
        let mut lowest = gap;
        for frame in steps.take(chunk as usize - 1) {
            if lowest <= frame || look(frame) != Look::Missing {
                break;
            }
            lowest = frame;
        }
        Some(lowest)
    }

    /// Frames that must stay in store.
    pub(super) fn needed(&self, ahead: u64) -> Vec<u64> {
        match &self.run {
            Some(run) => (run.done..=run.done.saturating_add(ahead)).map_while(|step| run.frame_of(step)).collect(),
            None => {
                let around = self.position.saturating_sub(ahead / 2)..=self.position.saturating_add(ahead / 2);
                around.collect()
            }
        }
    }
}
