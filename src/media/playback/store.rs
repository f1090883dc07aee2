//! Made pictures around the playhead, within a number of bytes.
//!
//! Knows no playhead: whoever adds a picture says which frames are needed. A plain list of the most recently used was
//! rejected: in a loop it throws away exactly the frame that comes next.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::Diagnostic;

use super::Picture;
use super::transport::Look;

/// Most bytes of pictures.
const MAX_BYTES: usize = 64 << 20;

/// Least and most pictures, whatever their size.
const N_PICTURES: (usize, usize) = (6, 256);

/// Pictures by frame, and why there is none.
#[derive(Default)]
pub(super) struct Store {
    kept: BTreeMap<u64, Result<Arc<Picture>, Arc<Diagnostic>>>,
}

/// How many pictures of a size are kept.
pub(super) fn room(size: (u32, u32)) -> usize {
    let bytes = (size.0 as usize * size.1 as usize * 4).max(1);
    (MAX_BYTES / bytes).clamp(N_PICTURES.0, N_PICTURES.1)
}

impl Store {
    pub(super) fn look(&self, frame: u64) -> Look {
        match self.kept.get(&frame) {
            Some(Ok(_)) => Look::Ready,
            Some(Err(_)) => Look::Failed,
            None => Look::Missing,
        }
    }

    pub(super) fn picture(&self, frame: u64) -> Option<Arc<Picture>> {
        self.kept.get(&frame).and_then(|it| it.as_ref().ok()).cloned()
    }

    pub(super) fn failure(&self, frame: u64) -> Option<Arc<Diagnostic>> {
        self.kept.get(&frame).and_then(|it| it.as_ref().err()).cloned()
    }

    /// Keeps what became of a frame. What is neither `needed` nor near goes first; a picture that had to go is given
    /// back, so that its memory can be used again.
    pub(super) fn add(
        &mut self,
        frame: u64,
        made: Result<Arc<Picture>, Arc<Diagnostic>>,
        room: usize,
        needed: &[u64],
    ) -> Option<Arc<Picture>> {
        self.kept.insert(frame, made);
        let mut gone = None;
        while room.max(1) < self.kept.len() {
            let far = |at: &&u64| (!needed.contains(at) && **at != frame, at.abs_diff(frame));
            let Some(at) = self.kept.keys().max_by_key(far).copied() else { break };
            gone = self.kept.remove(&at).and_then(Result::ok).or(gone);
        }
        gone
    }

    /// Failures may not happen again: files come back.
    pub(super) fn forget_failures(&mut self) {
        self.kept.retain(|_, made| made.is_ok());
    }

    pub(super) fn clear(&mut self) {
        self.kept.clear();
    }

    /// Keeps the pictures that `moved` gives a new frame.
    pub(super) fn renumber(&mut self, moved: impl Fn(u64) -> Option<u64>) {
        let kept = std::mem::take(&mut self.kept);
        for (frame, made) in kept {
            let (Ok(picture), Some(frame)) = (made, moved(frame)) else { continue };
            let picture = if picture.frame == frame {
                picture
            } else {
                // The pixels are shared, not copied.
                Arc::new(Picture { frame, size: picture.size, rgba8: picture.rgba8.clone() })
            };
            self.kept.insert(frame, Ok(picture));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(frame: u64) -> Result<Arc<Picture>, Arc<Diagnostic>> {
        Ok(Arc::new(Picture { frame, size: (1, 1), rgba8: Arc::new(vec![0; 4]) }))
    }

    fn frames(store: &Store) -> Vec<u64> {
        store.kept.keys().copied().collect()
    }

    #[test]
    fn needed_pictures_stay_however_far() {
        let mut store = Store::default();
        for frame in 90..98 {
            assert!(store.add(frame, picture(frame), 8, &[]).is_none());
        }
        // The loop goes on at 10: its first frames come in while the last ones are still shown.
        let needed = [96, 97, 10, 11, 12];
        for frame in [10, 11, 12] {
            assert!(store.add(frame, picture(frame), 8, &needed).is_some());
        }
        // Seen from 10 to 12 the ones that are not needed go from the far end.
        assert_eq!(frames(&store), [10, 11, 12, 90, 91, 92, 96, 97]);
    }

    #[test]
    fn more_needed_than_fits_is_still_bounded() {
        let mut store = Store::default();
        let needed: Vec<u64> = (0..100).collect();
        for frame in 0..100 {
            store.add(frame, picture(frame), 8, &needed);
        }
        assert_eq!(frames(&store), (92..100).collect::<Vec<_>>());
    }

    #[test]
    fn renumbering_keeps_failures_out() {
        let mut store = Store::default();
        store.add(1, picture(1), 8, &[]);
        store.add(2, picture(2), 8, &[]);
        store.add(3, Err(Arc::new(Diagnostic::error("x", "y"))), 8, &[]);
        store.renumber(|frame| (frame != 1).then_some(frame + 10));
        assert_eq!(frames(&store), [12]);
        assert_eq!(store.picture(12).map(|it| it.frame), Some(12));
    }
}
