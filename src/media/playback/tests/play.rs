//! Playing: forwards, backwards, in loops.

use super::Viewer;
use crate::testing::{Bench, piece, recipe};

#[test]
fn playing_shows_or_counts_every_frame() {
    let Some(bench) = Bench::new() else { return };
    let viewer = Viewer::new(&bench, recipe(vec![piece(&bench.clip(0, 30), 30)]));
    viewer.settled();
    let status = viewer.play_out(1.0);
    assert_eq!((status.frame, status.shown + status.dropped), (29, 30), "{status:?}");
    for (frame, number) in viewer.seen.lock().unwrap().iter() {
        assert_eq!(*frame, u64::from(*number));
    }
}
