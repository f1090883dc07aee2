//! How providers' models did lately on this machine: what the router's last filter and its times are read from, and a
//! breaker before each model.
//!
//! Kept in the user's folder of settings from session to session, bounded, and worth a few tries if it is lost: a
//! provider that is down is down for every project. It decides who is asked next, never what is made already.

use std::collections::{BTreeMap, VecDeque};
use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use engine::models::Admission;
use model::Diagnostic;
use providers::Observation;
use providers::router::Health;
use serde::{Deserialize, Serialize};

use crate::project::write_atomic;

/// Jobs that are remembered of each model, and models.
const MOST_JOBS: usize = 32;
const MOST_MODELS: usize = 500;
/// Failures in a row after which it rests, and for how many seconds at first and at most; each further one doubles it.
const PATIENCE: u32 = 3;
const FIRST_REST: u64 = 60;
const LONGEST_REST: u64 = 15 * 60;
/// What is older says nothing about today.
const FORGOTTEN: u64 = 30 * 24 * 60 * 60;
/// Failures that are the provider's: nobody rests because of a prompt that was refused.
const ITS_OWN: [&str; 4] = ["provider-network", "provider-rate-limited", "provider-quota", "provider-bad-reply"];
/// Told of a model that is not asked because it rests.
const RESTING: &str = "provider-resting";
/// Largest file that is read, in bytes.
const LARGEST: u64 = 4 << 20;

/// Whether a failure is the provider's own: then another one may be asked.
pub(crate) fn is_own_fault(code: &str) -> bool {
    code == RESTING || ITS_OWN.contains(&code)
}

/// Where it is kept: beside the user's own manifests.
pub(crate) fn file() -> Option<PathBuf> {
    Some(providers::catalog::user_folder()?.with_file_name("health.json"))
}

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Monitor {
    all: Mutex<BTreeMap<String, Past>>,
    is_changed: AtomicBool,
    /// Where it is kept; nowhere in tests.
    file: Option<PathBuf>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Past {
    /// Whether each job gave a result, its seconds, and when it ended in seconds since 1970; the newest last.
    jobs: VecDeque<(bool, f64, u64)>,
    failures_in_row: u32,
    /// Seconds since 1970. Closed where none; open until then; half open after it, until the next job has ended.
    rests_until: Option<u64>,
    /// A job is under way that will tell whether it is well again.
    #[serde(skip)]
    is_tried: bool,
}

impl Monitor {
    /// A monitor that is kept in a file. It is read by [`Monitor::recall`], and written when the monitor goes.
    pub(crate) fn kept_in(file: Option<PathBuf>) -> Monitor {
        Monitor { file, all: Mutex::default(), is_changed: AtomicBool::default() }
    }

    /// Takes over what its file remembers; nothing where there is none, or nobody can read it.
    pub(crate) fn recall(&self) {
        let Some(file) = &self.file else { return };
        let is_fair = fs::metadata(file).is_ok_and(|found| found.is_file() && found.len() <= LARGEST);
        let kept = is_fair.then(|| fs::read(file).ok()).flatten();
        let kept = kept.and_then(|bytes| serde_json::from_slice::<BTreeMap<String, Past>>(&bytes).ok());
        let now = now();
        let mut all = self.locked();
        for (name, mut past) in kept.into_iter().flatten().take(MOST_MODELS) {
            past.jobs.retain(|(_, seconds, at)| seconds.is_finite() && now.saturating_sub(*at) < FORGOTTEN);
            past.jobs.truncate(MOST_JOBS);
            // A clock that was wrong must not keep a model out for years.
            past.rests_until = past.rests_until.map(|until| until.min(now + LONGEST_REST));
            all.entry(name).or_insert(past);
        }
    }

    /// Writes down what happened, where anything did. Best effort: it may be lost.
    pub(crate) fn keep(&self) {
        let Some(file) = self.file.as_ref().filter(|_| self.is_changed.swap(false, Ordering::Relaxed)) else { return };
        let mut all = self.locked();
        while MOST_MODELS < all.len() {
            let last = |past: &Past| past.jobs.back().map_or(0, |(_, _, at)| *at);
            let Some(oldest) = all.iter().min_by_key(|(_, past)| last(past)).map(|(name, _)| name.clone()) else {
                break;
            };
            all.remove(&oldest);
        }
        let text = serde_json::to_vec(&*all).unwrap_or_default();
        drop(all);
        if let Some(folder) = file.parent().filter(|_| !text.is_empty()) {
            let _ = fs::create_dir_all(folder);
            let _ = write_atomic(file, &text);
        }
    }

    fn locked(&self) -> MutexGuard<'_, BTreeMap<String, Past>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Remembers how a job ended.
    pub(crate) fn take(&self, seen: &Observation) {
        self.take_at(seen, now());
    }

    fn take_at(&self, seen: &Observation, now: u64) {
        let mut all = self.locked();
        let past = all.entry(seen.name.clone()).or_default();
        past.is_tried = false;
        let is_its_own = seen.failed.as_deref().map(|code| ITS_OWN.contains(&code));
        if is_its_own == Some(false) {
            return;
        }
        self.is_changed.store(true, Ordering::Relaxed);
        if MOST_JOBS <= past.jobs.len() {
            past.jobs.pop_front();
        }
        past.jobs.push_back((is_its_own.is_none(), seen.seconds, now));
        past.failures_in_row = if is_its_own.is_none() { 0 } else { past.failures_in_row.saturating_add(1) };
        past.rests_until = past.failures_in_row.checked_sub(PATIENCE).map(|further| {
            let rest = FIRST_REST.saturating_mul(1 << further.min(10));
            now + rest.min(LONGEST_REST)
        });
    }

    /// A new run: jobs that were given up told nobody how they ended.
    pub(crate) fn begin(&self) {
        self.locked().values_mut().for_each(|past| past.is_tried = false);
    }

    /// Whether a model may be sent a job: not while it rests, and one job alone after that.
    pub(crate) fn admit(&self, name: &str) -> Admission {
        self.admit_at(name, now())
    }

    fn admit_at(&self, name: &str, now: u64) -> Admission {
        let mut all = self.locked();
        let Some((past, until)) = all.get_mut(name).and_then(|past| past.rests_until.map(|until| (past, until))) else {
            return Admission::Go;
        };
        if now < until {
            let message = format!("{name} failed again and again, and rests for another {} s", until - now);
            return Admission::Rests(Box::new(Diagnostic::error(RESTING, message).hint("run again later")));
        }
        if past.is_tried { Admission::Wait } else { Admission::Go }
    }

    /// A job is being sent; the first after a rest is the one that tries it out.
    pub(crate) fn sent(&self, name: &str) {
        if let Some(past) = self.locked().get_mut(name).filter(|past| past.rests_until.is_some()) {
            past.is_tried = true;
        }
    }

    /// How a model does.
    pub(crate) fn of_model(&self, name: &str) -> Health {
        self.of_at(name, now())
    }

    fn of_at(&self, name: &str, now: u64) -> Health {
        let all = self.locked();
        let Some(past) = all.get(name) else { return Health::default() };
        let mut seconds: Vec<f64> = past.jobs.iter().filter(|(is_done, ..)| *is_done).map(|(_, it, _)| *it).collect();
        seconds.sort_by(f64::total_cmp);
        Health {
            tried: past.jobs.len() as u32,
            succeeded: seconds.len() as u32,
            median_seconds: seconds.get(seconds.len() / 2).map(|seconds| seconds.ceil() as u32),
            cooling_seconds: past.rests_until.and_then(|until| until.checked_sub(now)).filter(|rest| 0 < *rest),
        }
    }
}

/// Health in a few words: `31 of 32, 40 s`, `rests 50 s`; empty where nothing is known.
pub(crate) fn told(health: Health) -> String {
    let rest = health.cooling_seconds.map(|rest| format!("rests {rest} s"));
    let tried = (0 < health.tried).then(|| format!("{} of {}", health.succeeded, health.tried));
    let took = health.median_seconds.map(|seconds| format!("{seconds} s"));
    [rest, tried, took].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

impl Drop for Monitor {
    fn drop(&mut self) {
        self.keep();
    }
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: u64 = 1_800_000_000;

    fn ended(seconds: f64, failed: Option<&str>) -> Observation {
        Observation { name: "a/x".to_owned(), seconds, failed: failed.map(str::to_owned) }
    }

    #[test]
    fn failures_in_a_row_give_a_rest_that_ends() {
        let monitor = Monitor::default();
        assert_eq!(monitor.of_at("a/x", START), Health::default());
        monitor.take_at(&ended(8.0, None), START);
        monitor.take_at(&ended(2.5, None), START);
        for _ in 0..9 {
            monitor.take_at(&ended(1.0, Some("provider-rejected")), START);
        }
        let well = Health { tried: 2, succeeded: 2, median_seconds: Some(8), cooling_seconds: None };
        assert_eq!(monitor.of_at("a/x", START), well, "a refused prompt is not its fault");
        for _ in 0..3 {
            monitor.take_at(&ended(1.0, Some("provider-network")), START);
        }
        assert_eq!(monitor.of_at("a/x", START).cooling_seconds, Some(60));
        assert_eq!(monitor.of_at("a/x", START + 60).cooling_seconds, None);
        for _ in 0..40 {
            monitor.take_at(&ended(1.0, Some("provider-network")), START);
        }
        let ill = monitor.of_at("a/x", START);
        assert_eq!((ill.tried, ill.succeeded, ill.cooling_seconds), (32, 0, Some(900)));
        monitor.take_at(&ended(4.0, None), START);
        assert_eq!(monitor.of_at("a/x", START).cooling_seconds, None, "a result ends the rest");
    }

    #[test]
    fn one_job_tries_out_whether_a_model_is_well_again() {
        let monitor = Monitor::default();
        let admits = |now| monitor.admit_at("a/x", now);
        for _ in 0..3 {
            assert_eq!(admits(START), Admission::Go, "closed");
            monitor.sent("a/x");
            monitor.take_at(&ended(1.0, Some("provider-network")), START);
        }
        assert!(matches!(admits(START + 59), Admission::Rests(why) if is_own_fault(&why.code)), "open");
        assert_eq!(admits(START + 60), Admission::Go, "half open");
        monitor.sent("a/x");
        assert_eq!(admits(START + 60), Admission::Wait, "for the one that is under way");
        monitor.take_at(&ended(1.0, Some("provider-rejected")), START + 61);
        assert_eq!(admits(START + 61), Admission::Go, "a refused prompt tells nothing");
        monitor.sent("a/x");
        monitor.take_at(&ended(1.0, Some("provider-network")), START + 62);
        assert!(matches!(admits(START + 62 + 119), Admission::Rests(_)), "open again, for longer");
        monitor.sent("a/x");
        assert_eq!(admits(START + 62 + 120), Admission::Wait);
        monitor.begin();
        assert_eq!(admits(START + 62 + 120), Admission::Go, "a run that was stopped is over");
        monitor.take_at(&ended(1.0, None), START + 190);
        monitor.sent("a/x");
        assert_eq!(admits(START + 190), Admission::Go, "closed: several at a time");
    }

    #[test]
    fn health_outlives_the_session() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("throughline").join("health.json");
        let kept = || Monitor::kept_in(Some(file.clone()));
        let monitor = kept();
        monitor.recall();
        monitor.keep();
        assert!(!file.exists(), "nothing happened");
        monitor.take(&ended(8.0, None));
        for _ in 0..3 {
            monitor.take(&ended(1.0, Some("provider-quota")));
        }
        drop(monitor);
        let later = kept();
        later.recall();
        let again = later.of_model("a/x");
        assert_eq!((again.tried, again.succeeded, again.median_seconds), (4, 1, Some(8)));
        assert!(again.cooling_seconds.is_some_and(|rest| 0 < rest && rest <= 60));
        fs::write(&file, "not ours").expect("written");
        let damaged = kept();
        damaged.recall();
        assert_eq!(damaged.of_model("a/x"), Health::default());
    }
}
