//! What the threads of a playback share, and the conductor: the thread that puts up pictures when they are due.
//!
//! Must not decode or wait for anything but time: the lock around the desk is held for moments only, so that the
//! owner's calls never wait. Channels between the threads were rejected: only the latest wish counts, never a queue.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use engine::worker::{Artifacts, Cancel};
use model::{Diagnostic, Piece, Recipe};

use crate::mix;
use crate::player::{starts, visible};
use crate::segment::silent;

use super::store::{Store, room};
use super::transport::{Run, Transport};
use super::{Options, Picture, Sound, Status, Voice};

/// Frames whose loudness is remembered.
const N_LEVELS: usize = 128;

/// How many pieces further a piece is looked for after an edit.
const FAR: usize = 64;

/// The desk and those who work at it.
pub(super) struct Hub {
    desk: Mutex<Desk>,
    changed: Condvar,
    pub(super) files: Arc<dyn Artifacts>,
    pub(super) cancel: Cancel,
    wake: Arc<dyn Fn() + Send + Sync>,
}

/// All state of a playback.
pub(super) struct Desk {
    pub(super) transport: Transport,
    pub(super) store: Store,
    pub(super) recipe: Arc<Recipe>,
    /// Another number with each recipe.
    pub(super) edition: u64,
    /// Another number with each recipe and size: pictures of an older one are thrown away.
    pub(super) generation: u64,
    /// Largest picture.
    largest: (u32, u32),
    pub(super) size: (u32, u32),
    pub(super) shown: Option<Arc<Picture>>,
    /// The picture that shows is of another recipe or size.
    is_stale: bool,
    n_shown: u64,
    error: Option<Diagnostic>,
    /// Why the recipe cannot be played at all.
    refusal: Option<Diagnostic>,
    /// Memory of a picture that is no longer needed.
    spare: Option<Vec<u8>>,
    sound: Sound,
    pub(super) scrub: Sound,
    pub(super) volume: f32,
    /// The device that somebody chose.
    pub(super) device: Option<String>,
    voice: Voice,
    /// The epoch in which a snippet is to be heard.
    scrub_epoch: Option<u64>,
    levels: VecDeque<(u64, [f32; 2])>,
    is_closing: bool,
    n_threads: usize,
}

/// What the sound thread has to do.
pub(super) enum Cue {
    Close,
    /// The recipe is another one.
    Recipe,
    Silence(u64),
    Play(u64, Run),
    /// A snippet at a frame.
    Scrub(u64, u64),
}

/// What the picture thread has to do.
pub(super) enum Order {
    Close,
    Recipe,
    /// Make a frame, into memory that is given.
    Frame(u64, Vec<u8>),
}

impl Hub {
    pub(super) fn new(desk: Desk, files: Arc<dyn Artifacts>, cancel: Cancel, wake: Arc<dyn Fn() + Send + Sync>) -> Hub {
        Hub { desk: Mutex::new(desk), changed: Condvar::new(), files, cancel, wake }
    }

    pub(super) fn desk(&self) -> MutexGuard<'_, Desk> {
        // Nobody leaves a desk half changed: every change is made of whole assignments.
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the desk and tells everybody.
    pub(super) fn change<T>(&self, change: impl FnOnce(&mut Desk) -> T) -> T {
        let changed = change(&mut self.desk());
        self.changed.notify_all();
        changed
    }

    /// A wish of the owner's.
    pub(super) fn command(&self, command: impl FnOnce(&mut Desk, Instant)) {
        self.change(|desk| {
            desk.error = None;
            desk.store.forget_failures();
            command(desk, Instant::now());
            if desk.refusal.is_some() {
                desk.transport.pause();
            }
        });
    }

    /// Tells the owner that something is new.
    pub(super) fn wake(&self) {
        (self.wake)();
    }

    /// Waits until `found` finds something, or until a time has passed.
    pub(super) fn wait<T>(&self, limit: Option<Duration>, mut found: impl FnMut(&mut Desk) -> Option<T>) -> Option<T> {
        let end = limit.map(|limit| Instant::now() + limit);
        let mut desk = self.desk();
        loop {
            if let Some(found) = found(&mut desk) {
                return Some(found);
            }
            desk = match end.map(|end| end.saturating_duration_since(Instant::now())) {
                Some(left) if left.is_zero() => return None,
                Some(left) => self.changed.wait_timeout(desk, left).unwrap_or_else(PoisonError::into_inner).0,
                None => self.changed.wait(desk).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }

    /// Starts a thread that works at the desk.
    pub(super) fn spawn(self: &Arc<Hub>, name: &str, work: impl FnOnce(&Hub) + Send + 'static) {
        let hub = self.clone();
        self.desk().n_threads += 1;
        let leave = Leave(hub.clone());
        let spawned = std::thread::Builder::new().name(name.to_owned()).spawn(move || {
            let leave = leave;
            work(&leave.0);
        });
        if let Err(error) = spawned {
            let message = format!("no thread can be started: {error}");
            hub.change(|desk| desk.error = Some(Diagnostic::error("playback", message).hint("close other programs")));
        }
    }

    /// Sends everybody home and waits a little until they have gone.
    pub(super) fn close(&self, limit: Duration) {
        self.cancel.cancel();
        self.change(|desk| desk.is_closing = true);
        self.wait(Some(limit), |desk| (desk.n_threads == 0).then_some(()));
    }
}

/// Counts a thread out, however it ends.
struct Leave(Arc<Hub>);

impl Drop for Leave {
    fn drop(&mut self) {
        self.0.change(|desk| {
            desk.n_threads -= 1;
            if std::thread::panicking() {
                let message = "playback has stopped because of an error in the program";
                desk.error = Some(Diagnostic::error("playback", message).hint("open the clip again, and report it"));
                desk.is_closing = true;
            }
        });
    }
}

impl Desk {
    pub(super) fn new(recipe: Recipe, options: Options) -> Desk {
        let has_sound = options.sound == Sound::On && mix::has_sound(&recipe);
        Desk {
            transport: Transport::new(sane(recipe.rate), recipe.n_frames()),
            store: Store::default(),
            size: fitted(recipe.size, options.size),
            recipe: Arc::new(recipe),
            edition: 1,
            generation: 1,
            largest: options.size,
            shown: None,
            is_stale: true,
            n_shown: 0,
            error: None,
            refusal: None,
            spare: None,
            sound: options.sound,
            scrub: Sound::On,
            volume: if options.volume.is_finite() { options.volume.clamp(0.0, 1.0) } else { 0.0 },
            device: None,
            voice: if has_sound { Voice::Waiting } else { Voice::None },
            scrub_epoch: None,
            levels: VecDeque::new(),
            is_closing: false,
            n_threads: 0,
        }
    }

    /// Whether playing at the film's speed is to wait for its sound.
    pub(super) fn can_sound(&self) -> bool {
        matches!(self.voice, Voice::Waiting | Voice::Device)
    }

    /// Sound at the playhead, if anybody wants it.
    pub(super) fn scrub_here(&mut self) {
        let is_wanted = self.scrub == Sound::On && self.transport.run().is_none();
        self.scrub_epoch = is_wanted.then(|| self.transport.epoch());
    }

    pub(super) fn set_size(&mut self, largest: (u32, u32)) {
        self.largest = largest;
        let size = fitted(self.recipe.size, largest);
        if size != self.size {
            self.size = size;
            self.generation += 1;
            self.is_stale = true;
            self.spare = None;
            self.store.clear();
        }
    }

    pub(super) fn replace(&mut self, recipe: Recipe, now: Instant) {
        if recipe == *self.recipe {
            return;
        }
        let before = std::mem::replace(&mut self.recipe, Arc::new(recipe));
        let recipe = self.recipe.clone();
        self.edition += 1;
        self.generation += 1;
        (self.is_stale, self.refusal) = (true, None);
        let size = fitted(recipe.size, self.largest);
        if size == self.size && (before.rate, before.size) == (recipe.rate, recipe.size) {
            let (old, new) = (Sights::new(&before), Sights::new(&recipe));
            self.store.renumber(|frame| old.place_in(frame, &new));
        } else {
            self.store.clear();
            self.spare = None;
        }
        self.size = size;
        self.levels.clear();
        let has_sound = self.sound == Sound::On && mix::has_sound(&recipe);
        self.voice = match self.voice {
            _ if !has_sound => Voice::None,
            Voice::None => Voice::Waiting,
            other => other,
        };
        let can_sound = self.can_sound();
        self.transport.replace(sane(recipe.rate), recipe.n_frames(), now, can_sound);
    }

    /// Another device: the sound starts over on it. Pictures stay what they are.
    pub(super) fn set_device(&mut self, device: Option<String>, now: Instant) {
        if device == self.device {
            return;
        }
        self.device = device;
        self.edition += 1;
        if self.voice == Voice::NoDevice {
            self.voice = Voice::Waiting;
        }
        let (rate, n_frames, can_sound) = (self.transport.rate(), self.transport.n_frames(), self.can_sound());
        self.transport.replace(rate, n_frames, now, can_sound);
    }

    pub(super) fn status(&self, now: Instant) -> Status {
        let transport = &self.transport;
        let frame = transport.position();
        let is_up = !self.is_stale && self.shown.as_ref().is_some_and(|shown| shown.frame == frame);
        let error = self.refusal.as_ref().or(self.error.as_ref());
        let heard = transport.run().and_then(|_| self.levels.iter().rev().find(|(at, _)| *at == frame));
        Status {
            frame,
            n_frames: transport.n_frames(),
            rate: transport.rate(),
            speed: transport.speed(),
            playing: transport.run().is_some(),
            dropped: transport.dropped(),
            shown: self.n_shown,
            buffering: error.is_none() && (!is_up || transport.is_late(now)),
            voice: self.voice,
            error: error.cloned(),
            levels: heard.map_or([f32::NEG_INFINITY; 2], |(_, levels)| *levels),
        }
    }

    /// Moves on to now; whether there is something new to see, and when to look again.
    fn tick(&mut self, now: Instant) -> (bool, Option<Instant>) {
        let at = self.transport.position();
        let is_up = !self.is_stale && self.shown.as_ref().is_some_and(|shown| shown.frame == at);
        let was = (self.transport.run().is_some(), self.error.is_some());
        let tick = self.transport.tick(now, is_up, |frame| self.store.look(frame));
        if let Some(picture) = tick.show.and_then(|frame| self.store.picture(frame)) {
            self.shown = Some(picture);
            self.is_stale = false;
            self.n_shown += 1;
        }
        if let Some(failure) = tick.failed.and_then(|frame| self.store.failure(frame)) {
            self.error = Some((*failure).clone());
        }
        let is_news = tick.show.is_some() || was != (self.transport.run().is_some(), self.error.is_some());
        (is_news, tick.next)
    }

    /// What the picture thread does next; none means to wait.
    pub(super) fn order(&mut self, generation: u64) -> Option<Order> {
        if self.is_closing {
            return Some(Order::Close);
        }
        if generation != self.generation {
            return Some(Order::Recipe);
        }
        let (ahead, chunk) = self.reach();
        let frame = self.transport.wanted(Instant::now(), ahead, chunk, |frame| self.store.look(frame))?;
        Some(Order::Frame(frame, self.spare.take().unwrap_or_default()))
    }

    /// Pictures to have in store ahead of the playhead, and how many are made in one run when going back.
    fn reach(&self) -> (u64, u64) {
        let ahead = (room(self.size) as u64 * 2 / 3).min(48);
        (ahead, (ahead / 2).clamp(1, 12))
    }

    /// Takes what became of a frame.
    pub(super) fn take(&mut self, generation: u64, frame: u64, made: Result<Vec<u8>, Diagnostic>) {
        if generation != self.generation {
            return;
        }
        let made = match made {
            Ok(rgba8) => Ok(Arc::new(Picture { frame, size: self.size, rgba8: Arc::new(rgba8) })),
            Err(diagnostic) => Err(Arc::new(diagnostic)),
        };
        let needed = self.transport.needed(self.reach().0);
        let gone = self.store.add(frame, made, room(self.size), &needed);
        self.spare = gone.and_then(Arc::into_inner).and_then(|picture| Arc::into_inner(picture.rgba8));
    }

    /// The recipe cannot be played at all.
    pub(super) fn refuse(&mut self, generation: u64, diagnostic: Diagnostic) {
        if generation == self.generation {
            self.transport.pause();
            self.refusal = Some(diagnostic);
        }
    }

    /// What the sound thread does next, after it has done what epoch `done` asked for; none means to wait.
    pub(super) fn cue(&self, edition: u64, done: Option<u64>) -> Option<Cue> {
        if self.is_closing {
            return Some(Cue::Close);
        }
        if edition != self.edition {
            return Some(Cue::Recipe);
        }
        let epoch = self.transport.epoch();
        if Some(epoch) == done {
            return None;
        }
        Some(match self.transport.run() {
            Some(run) if self.transport.speed() == 1.0 => Cue::Play(epoch, run.clone()),
            None if self.scrub_epoch == Some(epoch) => Cue::Scrub(epoch, self.transport.position()),
            _ => Cue::Silence(epoch),
        })
    }

    /// Whether the sound of an epoch is still wanted.
    pub(super) fn is_current(&self, edition: u64, epoch: u64) -> bool {
        !self.is_closing && (edition, epoch) == (self.edition, self.transport.epoch())
    }

    /// Whether the first picture of an epoch is there.
    pub(super) fn is_primed(&self, epoch: u64) -> bool {
        self.transport.is_primed(epoch, |frame| self.store.look(frame))
    }

    /// Where the sound of an edition goes is known now.
    pub(super) fn set_voice(&mut self, edition: u64, voice: Voice) {
        if edition != self.edition {
            return;
        }
        self.voice = voice;
        if voice != Voice::Device {
            self.transport.lose_sound(self.transport.epoch());
        }
    }

    /// A sound cannot be decoded: said once, and playing goes on.
    pub(super) fn fail_sound(&mut self, edition: u64, diagnostic: Diagnostic) {
        if edition == self.edition {
            self.error = Some(diagnostic);
        }
    }

    pub(super) fn note_level(&mut self, frame: u64, level: [f32; 2]) {
        if N_LEVELS <= self.levels.len() {
            self.levels.pop_front();
        }
        self.levels.push_back((frame, level));
    }
}

/// Puts up pictures when they are due.
pub(super) fn conduct(hub: &Hub) {
    let mut desk = hub.desk();
    while !desk.is_closing {
        let (is_news, next) = desk.tick(Instant::now());
        if is_news {
            drop(desk);
            hub.changed.notify_all();
            hub.wake();
            desk = hub.desk();
            continue;
        }
        desk = match next.map(|at| at.saturating_duration_since(Instant::now())) {
            Some(left) => hub.changed.wait_timeout(desk, left).unwrap_or_else(PoisonError::into_inner).0,
            None => hub.changed.wait(desk).unwrap_or_else(PoisonError::into_inner),
        };
    }
}

/// The pieces that show at each frame of a recipe, without their sound.
struct Sights<'a> {
    recipe: &'a Recipe,
    starts: Vec<u64>,
}

impl<'a> Sights<'a> {
    fn new(recipe: &'a Recipe) -> Sights<'a> {
        Sights { recipe, starts: starts(recipe) }
    }

    fn at(&self, frame: u64) -> Vec<(Piece, u64)> {
        let seen = visible(self.recipe, &self.starts, frame);
        seen.map(|idx| (silent(&self.recipe.pieces[idx]), frame - self.starts[idx])).collect()
    }

    /// The frame of another recipe at which the same is seen.
    fn place_in(&self, frame: u64, other: &Sights<'_>) -> Option<u64> {
        if self.recipe.n_frames() <= frame {
            return None;
        }
        let seen = self.at(frame);
        let (first, k) = seen.first()?;
        if frame < other.recipe.n_frames() && other.at(frame) == seen {
            return Some(frame);
        }
        // Pieces were put in or taken out before it: looked for around its old place, because the owner waits.
        let before = visible(self.recipe, &self.starts, frame).start;
        let around = before.saturating_sub(FAR)..other.recipe.pieces.len().min(before + FAR);
        let idx = around.into_iter().find(|idx| silent(&other.recipe.pieces[*idx]) == *first)?;
        let moved = other.starts[idx] + k;
        (moved < other.recipe.n_frames() && other.at(moved) == seen).then_some(moved)
    }
}

/// A rate that can be divided by; the recipe's check names the other kind.
fn sane(rate: model::Rate) -> model::Rate {
    if rate.is_valid() { rate } else { model::Rate::FILM }
}

/// The size of pictures: the recipe's shape within the largest.
fn fitted(size: (u32, u32), largest: (u32, u32)) -> (u32, u32) {
    let (width, height) = (u64::from(size.0.max(1)), u64::from(size.1.max(1)));
    let (most_across, most_down) = (u64::from(largest.0.max(1)), u64::from(largest.1.max(1)));
    if width <= most_across && height <= most_down {
        return (size.0.max(1), size.1.max(1));
    }
    // Across is the tighter one where width / most_across is the larger ratio.
    let (across, down) = if height * most_across <= width * most_down {
        (most_across, (height * most_across + width / 2) / width)
    } else {
        ((width * most_down + height / 2) / height, most_down)
    };
    (across.max(1) as u32, down.max(1) as u32)
}
