//! How long frames take, and where: the longest frame so far with the part of the window that took longest in it.
//!
//! It measures and asserts nothing: a frame may be long because the machine is busy. Tests and `edit --trace` read it.
//! Times are those of this thread alone, so that it knows nothing of locks and costs nothing to ask.

use std::cell::RefCell;
use std::time::{Duration, Instant};

/// A frame longer than this is felt.
pub const FELT: Duration = Duration::from_millis(50);

/// Frames so far.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Frames {
    pub n_frames: u64,
    /// Frames that took longer than [`FELT`].
    pub n_felt: u64,
    pub longest: Duration,
    /// The part that took most of the longest frame.
    pub place: &'static str,
}

struct Watch {
    frames: Frames,
    /// The frame that is being drawn: its longest part so far.
    worst: (Duration, &'static str),
}

impl Default for Watch {
    fn default() -> Watch {
        Watch { frames: Frames::default(), worst: NOTHING }
    }
}

/// What a frame did outside of all spans is the window's own.
const NOTHING: (Duration, &str) = (Duration::ZERO, "window");

impl Watch {
    fn part(&mut self, took: Duration, place: &'static str) {
        self.worst = self.worst.max((took, place));
    }

    /// Ends a frame; its longest part.
    fn end(&mut self, took: Duration) -> &'static str {
        let (_, place) = std::mem::replace(&mut self.worst, NOTHING);
        let frames = &mut self.frames;
        frames.n_frames += 1;
        frames.n_felt += u64::from(FELT < took);
        if frames.longest < took {
            (frames.longest, frames.place) = (took, place);
        }
        place
    }
}

thread_local! {
    static WATCH: RefCell<Watch> = RefCell::default();
}

/// Measures a part of a frame.
pub fn span<T>(place: &'static str, draw: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let drawn = draw();
    let took = start.elapsed();
    WATCH.with_borrow_mut(|watch| watch.part(took, place));
    drawn
}

/// Measures a frame: its length and longest part.
pub fn frame<T>(draw: impl FnOnce() -> T) -> (T, Duration, &'static str) {
    let start = Instant::now();
    let drawn = draw();
    let took = start.elapsed();
    (drawn, took, WATCH.with_borrow_mut(|watch| watch.end(took)))
}

/// Frames of this thread so far.
pub fn frames() -> Frames {
    WATCH.with_borrow(|watch| watch.frames.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_part_of_the_longest_frame_is_named() {
        let millis = Duration::from_millis;
        let mut watch = Watch::default();
        watch.part(millis(30), "shots");
        watch.part(millis(40), "viewer");
        assert_eq!(watch.end(millis(80)), "viewer");
        watch.part(millis(5), "canvas");
        assert_eq!((watch.end(millis(10)), watch.end(millis(49))), ("canvas", "window"));
        let longest = Frames { n_frames: 3, n_felt: 1, longest: millis(80), place: "viewer" };
        assert_eq!(watch.frames, longest);
    }

    #[test]
    fn frames_and_spans_give_what_is_drawn() {
        let (drawn, _, place) = frame(|| span("canvas", || 7));
        assert_eq!((drawn, place, frames().n_frames), (7, "canvas", 1));
    }
}
