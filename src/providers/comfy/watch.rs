//! What is heard of running jobs: progress out of the socket's messages, and when anything last moved.
//!
//! A convenience: the truth is asked for by HTTP. Only short messages about one node are read; the ones that repeat the
//! state of every node are not.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use serde_json::Value;

/// Nodes that are counted, of a job that makes more while it runs.
const MOST_NODES: usize = 20_000;

/// Jobs of one server that this program waits for.
#[derive(Default)]
pub(super) struct Watch {
    jobs: Mutex<BTreeMap<String, Seen>>,
}

/// What was heard of a job.
struct Seen {
    n_nodes: usize,
    /// Nodes that are done, and the one that runs.
    begun: BTreeSet<String>,
    running: Option<String>,
    /// How far the node is that runs, from 0 to 1.
    now: f32,
    moved: Instant,
    /// Jobs ahead, when last asked.
    ahead: Option<u64>,
    heard: Option<Instant>,
}

impl Watch {
    fn jobs(&self) -> MutexGuard<'_, BTreeMap<String, Seen>> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins to wait for a job.
    pub(super) fn begin(&self, id: &str, n_nodes: usize) {
        self.jobs().entry(id.to_owned()).or_insert_with(|| Seen {
            n_nodes: n_nodes.max(1),
            begun: BTreeSet::new(),
            running: None,
            now: 0.0,
            moved: Instant::now(),
            ahead: None,
            heard: None,
        });
    }

    /// Nobody waits for it any more.
    pub(super) fn end(&self, id: &str) {
        self.jobs().remove(id);
    }

    pub(super) fn is_idle(&self) -> bool {
        self.jobs().is_empty()
    }

    /// It waits for its turn: that is no standing still.
    pub(super) fn waits(&self, id: &str) {
        if let Some(seen) = self.jobs().get_mut(id) {
            seen.moved = Instant::now();
        }
    }

    /// How far a job is, from 0 to 1.
    pub(super) fn done(&self, id: &str) -> f32 {
        let jobs = self.jobs();
        jobs.get(id).map_or(0.0, |seen| {
            let done = seen.begun.len().saturating_sub(usize::from(seen.running.is_some()));
            ((done as f32 + seen.now) / seen.n_nodes as f32).clamp(0.0, 1.0)
        })
    }

    /// When the socket last told something of a job.
    pub(super) fn heard(&self, id: &str) -> Option<Instant> {
        self.jobs().get(id)?.heard
    }

    /// Since when nothing has moved: neither the job nor the queue before it. `ahead` is how long the queue is now.
    pub(super) fn still_since(&self, id: &str, ahead: Option<u64>) -> Instant {
        let now = Instant::now();
        let mut jobs = self.jobs();
        let Some(seen) = jobs.get_mut(id) else { return now };
        // A longer queue is no sign of life: a server that is dead inside goes on taking jobs.
        if ahead.zip(seen.ahead).is_some_and(|(now, before)| now < before) {
            seen.moved = now;
        }
        seen.ahead = ahead.or(seen.ahead);
        seen.moved
    }

    /// Takes a message of the socket in.
    pub(super) fn take(&self, message: &[u8]) {
        // `{"type": "progress_state", ...` repeats every node: not worth reading.
        let start = &message[..message.len().min(48)];
        if start.windows(14).any(|part| part == b"progress_state") {
            return;
        }
        let Ok(message) = serde_json::from_slice::<Value>(message) else { return };
        let (Some(kind), Some(data)) = (message.get("type").and_then(Value::as_str), message.get("data")) else {
            return;
        };
        let Some(id) = data.get("prompt_id").and_then(Value::as_str) else { return };
        let mut jobs = self.jobs();
        let Some(seen) = jobs.get_mut(id) else { return };
        let now = Instant::now();
        (seen.moved, seen.heard) = (now, Some(now));
        match kind {
            "execution_cached" => {
                let nodes = data.get("nodes").and_then(Value::as_array);
                let nodes = nodes.into_iter().flatten().filter_map(Value::as_str).take(seen.n_nodes);
                seen.begun.extend(nodes.map(str::to_owned));
            }
            "executing" => {
                seen.running = data.get("node").and_then(Value::as_str).map(str::to_owned);
                seen.now = 0.0;
                if let Some(node) = seen.running.clone().filter(|_| seen.begun.len() < MOST_NODES) {
                    seen.begun.insert(node);
                }
            }
            "progress" => {
                let number = |name: &str| data.get(name).and_then(Value::as_f64).unwrap_or(0.0);
                let (value, most) = (number("value"), number("max"));
                if 0.0 < most {
                    seen.now = (value / most).clamp(0.0, 1.0) as f32;
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn progress_is_counted_in_nodes() {
        let watch = Watch::default();
        watch.begin("a", 4);
        watch.begin("b", 1);
        let tell = |kind: &str, data: Value| watch.take(json!({ "type": kind, "data": data }).to_string().as_bytes());
        tell("execution_cached", json!({ "prompt_id": "a", "nodes": ["1"] }));
        tell("executing", json!({ "prompt_id": "a", "node": "2" }));
        assert_eq!(watch.done("a"), 0.25);
        tell("progress", json!({ "prompt_id": "a", "node": "2", "value": 10, "max": 20 }));
        assert_eq!(watch.done("a"), 0.375);
        tell("executing", json!({ "prompt_id": "a", "node": "3" }));
        tell("executing", json!({ "prompt_id": "a", "node": null }));
        assert_eq!((watch.done("a"), watch.done("b"), watch.done("c")), (0.75, 0.0, 0.0));
        watch.take(br#"{"type": "progress_state", "data": {"prompt_id": "b", "nodes": "#);
        watch.take(b"no json");
        assert!(watch.heard("a").is_some() && watch.heard("b").is_none());
        watch.end("a");
        watch.end("b");
        assert!(watch.is_idle());
    }

    #[test]
    fn only_a_shorter_queue_is_a_sign_of_life() {
        let watch = Watch::default();
        watch.begin("a", 1);
        let first = watch.still_since("a", Some(3));
        assert_eq!(watch.still_since("a", Some(4)), first);
        assert_eq!(watch.still_since("a", None), first);
        assert!(first < watch.still_since("a", Some(3)));
    }
}
