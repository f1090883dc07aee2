//! How many jobs of a model run at a time, and how fast submissions follow each other.
//!
//! Knows numbers, not jobs. Waiting is cancellable, so a queue can be emptied.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use engine::worker::{Cancel, JobError};

use crate::http::LOOK;
use crate::manifest::Window;

/// The gates of one provider.
#[derive(Default)]
pub(crate) struct Gates {
    running: Mutex<BTreeMap<String, u32>>,
    /// Rung when a place is given back.
    freed: Condvar,
    /// When submissions were let through, by model; the provider's own under the empty name.
    sent: Mutex<BTreeMap<String, VecDeque<Instant>>>,
}

/// A running job's place; given back when dropped.
pub(crate) struct Place<'a> {
    gates: &'a Gates,
    model: String,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut running = self.gates.running.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(n) = running.get_mut(&self.model) {
            *n = n.saturating_sub(1);
        }
        self.gates.freed.notify_all();
    }
}

impl Gates {
    /// Waits until fewer than `most` jobs of a model run.
    ///
    /// # Errors
    /// [`JobError::Cancelled`].
    pub(crate) fn enter(&self, model: &str, most: u32, cancel: &Cancel) -> Result<Place<'_>, JobError> {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let n = running.entry(model.to_owned()).or_default();
            if *n < most.max(1) {
                *n += 1;
                return Ok(Place { gates: self, model: model.to_owned() });
            }
            cancel.check()?;
            running = self.freed.wait_timeout(running, LOOK).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// How long a submission has to wait for its turn; its turn is taken where that is nothing.
    fn turn(&self, name: &str, window: Window, now: Instant) -> Duration {
        let mut sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        let turns = sent.entry(name.to_owned()).or_default();
        let length = Duration::from_secs(u64::from(window.1.max(1)));
        while turns.front().is_some_and(|turn| length <= now.saturating_duration_since(*turn)) {
            turns.pop_front();
        }
        match turns.front() {
            Some(first) if window.0.max(1) as usize <= turns.len() => {
                length.saturating_sub(now.saturating_duration_since(*first)).max(Duration::from_millis(1))
            }
            _ => {
                turns.push_back(now);
                Duration::ZERO
            }
        }
    }

    /// Waits for a turn in a window; false where the job was cancelled meanwhile.
    pub(crate) fn wait(&self, name: &str, window: Option<Window>, cancel: &Cancel) -> bool {
        let Some(window) = window else { return true };
        loop {
            let left = self.turn(name, window, Instant::now());
            if left.is_zero() {
                return true;
            }
            if !cancel.rest(left) {
                return false;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_run_at_a_time() {
        let gates = Gates::default();
        let cancel = Cancel::default();
        let first = gates.enter("a", 1, &cancel).expect("there is room");
        let _other = gates.enter("b", 1, &cancel).expect("another model");
        let waiting = Cancel::default();
        waiting.cancel();
        assert_eq!(gates.enter("a", 1, &waiting).map(drop), Err(JobError::Cancelled));
        drop(first);
        assert!(gates.enter("a", 1, &waiting).is_ok());
    }

    #[test]
    fn so_many_in_a_window() {
        let gates = Gates::default();
        let start = Instant::now();
        let at = |ms: u64| gates.turn("a", Window(2, 10), start + Duration::from_millis(ms));
        assert_eq!((at(0), at(1000)), (Duration::ZERO, Duration::ZERO));
        assert_eq!(at(2000), Duration::from_secs(8));
        assert_eq!((at(10_000), at(10_500)), (Duration::ZERO, Duration::from_millis(500)));
        // A clock that jumps back does not break it.
        assert!(at(500) <= Duration::from_secs(10));
    }
}
