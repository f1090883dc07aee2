//! How providers' models did in this session: what the router's last filter and its times are read from.
//!
//! Knows names, ends and a clock. Kept in memory only: a health that outlived the session would send the same graph to
//! other models on another day, and what is made already would be bought again.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use providers::Observation;
use providers::router::Health;

/// Jobs that are remembered of each model.
const MOST_JOBS: usize = 32;
/// Failures in a row after which it rests, and for how long at first and at most; each further one doubles it.
const PATIENCE: u32 = 3;
const FIRST_REST: Duration = Duration::from_secs(60);
const LONGEST_REST: Duration = Duration::from_secs(15 * 60);
/// Failures that are the provider's: nobody rests because of a prompt that was refused.
const ITS_OWN: [&str; 4] = ["provider-network", "provider-rate-limited", "provider-quota", "provider-bad-reply"];

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Monitor(Mutex<BTreeMap<String, Past>>);

#[derive(Debug, Default)]
struct Past {
    /// Whether each job gave a result, and its seconds; the newest last.
    jobs: VecDeque<(bool, f64)>,
    failures_in_row: u32,
    rests_until: Option<Instant>,
}

impl Monitor {
    /// Remembers how a job ended.
    pub(crate) fn take(&self, seen: &Observation) {
        self.take_at(seen, Instant::now());
    }

    fn take_at(&self, seen: &Observation, now: Instant) {
        let is_its_own = seen.failed.as_deref().map(|code| ITS_OWN.contains(&code));
        if is_its_own == Some(false) {
            return;
        }
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let past = all.entry(seen.name.clone()).or_default();
        if MOST_JOBS <= past.jobs.len() {
            past.jobs.pop_front();
        }
        past.jobs.push_back((is_its_own.is_none(), seen.seconds));
        past.failures_in_row = if is_its_own.is_none() { 0 } else { past.failures_in_row.saturating_add(1) };
        past.rests_until = past.failures_in_row.checked_sub(PATIENCE).map(|further| {
            let rest = FIRST_REST.saturating_mul(1 << further.min(10));
            now + rest.min(LONGEST_REST)
        });
    }

    /// How a model does.
    pub(crate) fn of(&self, name: &str) -> Health {
        self.of_at(name, Instant::now())
    }

    fn of_at(&self, name: &str, now: Instant) -> Health {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(past) = all.get(name) else { return Health::default() };
        let mut seconds: Vec<f64> = past.jobs.iter().filter(|(is_done, _)| *is_done).map(|(_, it)| *it).collect();
        seconds.sort_by(f64::total_cmp);
        let rest = past.rests_until.and_then(|until| until.checked_duration_since(now)).filter(|rest| !rest.is_zero());
        Health {
            tried: past.jobs.len() as u32,
            succeeded: seconds.len() as u32,
            median_seconds: seconds.get(seconds.len() / 2).map(|seconds| seconds.ceil() as u32),
            cooling_seconds: rest.map(|rest| rest.as_secs().max(1)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(seconds: f64, failed: Option<&str>) -> Observation {
        Observation { name: "a/x".to_owned(), seconds, failed: failed.map(str::to_owned) }
    }

    #[test]
    fn failures_in_a_row_give_a_rest_that_ends() {
        let (monitor, start) = (Monitor::default(), Instant::now());
        assert_eq!(monitor.of_at("a/x", start), Health::default());
        monitor.take_at(&ended(8.0, None), start);
        monitor.take_at(&ended(2.5, None), start);
        for _ in 0..9 {
            monitor.take_at(&ended(1.0, Some("provider-rejected")), start);
        }
        let well = Health { tried: 2, succeeded: 2, median_seconds: Some(8), cooling_seconds: None };
        assert_eq!(monitor.of_at("a/x", start), well, "a refused prompt is not its fault");
        for _ in 0..3 {
            monitor.take_at(&ended(1.0, Some("provider-network")), start);
        }
        assert_eq!(monitor.of_at("a/x", start).cooling_seconds, Some(60));
        assert_eq!(monitor.of_at("a/x", start + Duration::from_secs(60)).cooling_seconds, None);
        for _ in 0..40 {
            monitor.take_at(&ended(1.0, Some("provider-network")), start);
        }
        let ill = monitor.of_at("a/x", start);
        assert_eq!((ill.tried, ill.succeeded, ill.cooling_seconds), (32, 0, Some(900)));
        monitor.take_at(&ended(4.0, None), start);
        assert_eq!(monitor.of_at("a/x", start).cooling_seconds, None, "a result ends the rest");
    }
}
