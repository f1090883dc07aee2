//! What is heard of running jobs: progress and pictures out of the socket's messages, and when anything last moved.
//!
//! A convenience: the truth is asked for by HTTP. Only short messages about one node are read; the ones that repeat the
//! state of every node are not.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use model::Digest;
use serde_json::Value;

use crate::previews::Previews;

/// Nodes that are counted, of a job that makes more while it runs.
const MOST_NODES: usize = 20_000;

/// Jobs of one server that this program waits for.
#[derive(Default)]
pub(super) struct Watch {
    jobs: Mutex<BTreeMap<String, Seen>>,
    previews: Arc<Previews>,
}

/// What was heard of a job.
struct Seen {
    /// The engine's name of it, where it is known.
    key: Option<Digest>,
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
    /// A watch that hands pictures on.
    pub(super) fn over(previews: Arc<Previews>) -> Watch {
        Watch { jobs: Mutex::default(), previews }
    }

    fn jobs(&self) -> MutexGuard<'_, BTreeMap<String, Seen>> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins to wait for a job.
    pub(super) fn begin(&self, id: &str, n_nodes: usize, key: Option<Digest>) {
        self.jobs().entry(id.to_owned()).or_insert_with(|| Seen {
            key,
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
        let over = self.jobs().remove(id);
        over.and_then(|seen| seen.key).iter().for_each(|key| self.previews.end(key));
    }

    /// Whether anybody looks at a job of this server.
    pub(super) fn is_watched(&self) -> bool {
        self.jobs().values().filter_map(|seen| seen.key).any(|key| self.previews.is_watched(&key))
    }

    /// Takes a picture of the socket in: of the job that it names, or of the one that runs where it names none.
    pub(super) fn show(&self, frame: &[u8]) {
        let Some((id, picture)) = picture(frame) else { return };
        let jobs = self.jobs();
        let seen = match id {
            Some(id) => jobs.get(&id),
            None => jobs.values().find(|seen| seen.running.is_some()),
        };
        let key = seen.and_then(|seen| seen.key);
        drop(jobs);
        key.iter().for_each(|key| self.previews.put(key, picture));
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

/// The job that a frame of the socket is about, where it says, and its picture: 1 is a picture alone, 4 one with what
/// it is of.
fn picture(frame: &[u8]) -> Option<(Option<String>, &[u8])> {
    let number = |at: usize| Some(u32::from_be_bytes(frame.get(at..at + 4)?.try_into().ok()?));
    let (id, picture) = match number(0)? {
        1 => (None, frame.get(8..)?),
        4 => {
            let (told, picture) = frame.get(8..)?.split_at_checked(usize::try_from(number(4)?).ok()?)?;
            let told: Value = serde_json::from_slice(told).ok()?;
            (Some(told.get("prompt_id")?.as_str()?.to_owned()), picture)
        }
        _ => return None,
    };
    // Believed by its bytes, not by its label.
    let is_picture = picture.starts_with(&[0xff, 0xd8, 0xff]) || picture.starts_with(b"\x89PNG\r\n\x1a\n");
    is_picture.then_some((id, picture))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn pictures_go_to_the_job_that_they_are_of() {
        let (a, b) = (Digest::of(b"a"), Digest::of(b"b"));
        let previews = Arc::new(Previews::default());
        let watch = Watch::over(previews.clone());
        watch.begin("a", 1, Some(a));
        watch.begin("b", 1, Some(b));
        assert!(!watch.is_watched());
        assert_eq!((previews.look(&a), previews.look(&b)), (None, None));
        assert!(watch.is_watched());
        let frame = |kind: u32, second: u32, rest: &[&[u8]]| {
            [&kind.to_be_bytes()[..], &second.to_be_bytes(), &rest.concat()].concat()
        };
        let told = br#"{"prompt_id":"a","image_type":"image/png"}"#;
        watch.show(&frame(4, told.len() as u32, &[told, b"\x89PNG\r\n\x1a\n1"]));
        watch.take(br#"{"type": "executing", "data": {"prompt_id": "b", "node": "2"}}"#);
        watch.show(&frame(1, 1, &[b"\xff\xd8\xff2"]));
        for odd in
            [frame(1, 1, &[b"<html>"]), frame(4, u32::MAX, &[told]), frame(4, 3, &[b"abc"]), frame(9, 0, &[]), vec![1]]
        {
            watch.show(&odd);
        }
        assert_eq!(previews.look(&a).as_deref(), Some(&b"\x89PNG\r\n\x1a\n1"[..]));
        assert_eq!(previews.look(&b).as_deref(), Some(&b"\xff\xd8\xff2"[..]));
        watch.end("a");
        assert_eq!(previews.look(&a), None, "it is over");
    }

    #[test]
    fn progress_is_counted_in_nodes() {
        let watch = Watch::default();
        watch.begin("a", 4, None);
        watch.begin("b", 1, None);
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
        watch.begin("a", 1, None);
        let first = watch.still_since("a", Some(3));
        assert_eq!(watch.still_since("a", Some(4)), first);
        assert_eq!(watch.still_since("a", None), first);
        assert!(first < watch.still_since("a", Some(3)));
    }
}
