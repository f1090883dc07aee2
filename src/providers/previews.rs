//! Pictures of jobs that are being made, as far as their servers send any: the latest of each, while somebody looks.
//!
//! To ask for one is to look. Who stopped asking costs nothing any more: pictures are then passed over as they arrive.
//! Handing them through the engine was rejected: they are no results, and nobody may wait for them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use model::Digest;

/// For how long somebody looks who asked once.
const LOOK: Duration = Duration::from_secs(3);
/// Most jobs that are looked at; whoever looks at more sees those that he asked for first.
const MOST: usize = 16;

/// See the module.
#[derive(Default)]
pub struct Previews(Mutex<BTreeMap<Digest, Looked>>);

struct Looked {
    last: Instant,
    picture: Option<Arc<[u8]>>,
}

impl Previews {
    fn looked(&self) -> MutexGuard<'_, BTreeMap<Digest, Looked>> {
        let mut looked = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        looked.retain(|_, it| it.last.elapsed() < LOOK);
        looked
    }

    /// The latest picture of the job with that key, a JPEG or PNG as its server sent it.
    pub fn look(&self, key: &Digest) -> Option<Arc<[u8]>> {
        let mut looked = self.looked();
        if MOST <= looked.len() && !looked.contains_key(key) {
            return None;
        }
        let found = looked.entry(*key).or_insert_with(|| Looked { last: Instant::now(), picture: None });
        found.last = Instant::now();
        found.picture.clone()
    }

    /// Whether anybody looks at that job.
    pub(crate) fn is_watched(&self, key: &Digest) -> bool {
        self.looked().contains_key(key)
    }

    /// The next picture of a job; dropped where nobody looks.
    pub(crate) fn put(&self, key: &Digest, picture: &[u8]) {
        if let Some(found) = self.looked().get_mut(key) {
            found.picture = Some(picture.into());
        }
    }

    /// The job is over.
    pub(crate) fn end(&self, key: &Digest) {
        self.looked().remove(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_looked_at_is_kept() {
        let (previews, key) = (Previews::default(), Digest::of(b"a"));
        previews.put(&key, b"one");
        assert_eq!(previews.look(&key), None, "nobody looked when it came");
        previews.put(&key, b"two");
        previews.put(&key, b"three");
        assert_eq!(previews.look(&key).as_deref(), Some(&b"three"[..]));
        assert!(previews.is_watched(&key) && !previews.is_watched(&Digest::of(b"b")));
        previews.end(&key);
        assert!(!previews.is_watched(&key));
        for n in 0..MOST as u8 {
            previews.look(&Digest::of(&[n]));
        }
        assert_eq!(previews.look(&key), None);
        assert!(!previews.is_watched(&key), "there is an end to what is looked at");
    }
}
