//! Every frame can be reached, exactly.

use super::Viewer;
use crate::testing::{Bench, piece, recipe};

#[test]
fn every_frame_of_a_clip_is_reached_exactly() {
    let Some(bench) = Bench::new() else { return };
    let viewer = Viewer::new(&bench, recipe(vec![piece(&bench.clip(0, 100), 100)]));
    assert_eq!(viewer.settled(), 0, "it opens at the first frame");
    // In an order that has hits, small and large steps, both ways.
    for i in 0..100 {
        let frame = i * 37 % 100;
        assert_eq!(u64::from(viewer.at(frame)), frame);
    }
    for frame in (0..100).chain((0..100).rev()) {
        assert_eq!(u64::from(viewer.at(frame)), frame);
    }
    assert_eq!(viewer.at(1_000_000), 99, "beyond the end is the end");
}
