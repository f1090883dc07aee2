//! Frame rates and exact conversions. Times are frames over a rate; seconds exist only at the last step.

use serde::{Deserialize, Serialize};

/// Frames per second as a ratio, `(24, 1)` or `(30000, 1001)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Rate(pub u32, pub u32);

impl Rate {
    /// The project default, 24 fps.
    pub const FILM: Rate = Rate(24, 1);

    /// Frames in `seconds`, rounded to the nearest, at least one.
    pub fn frames_in(self, seconds: f64) -> u32 {
        let frames = (seconds * f64::from(self.0) / f64::from(self.1)).round();
        if frames < 1.0 { 1 } else { frames.min(f64::from(u32::MAX)) as u32 }
    }

    /// Start of a frame in nanoseconds, rounded down.
    pub fn nanos_at(self, frame: u64) -> u64 {
        (u128::from(frame) * u128::from(self.1) * 1_000_000_000 / u128::from(self.0)) as u64
    }

    /// Length of `frames` in seconds.
    pub fn seconds(self, frames: u64) -> f64 {
        frames as f64 * f64::from(self.1) / f64::from(self.0)
    }

    /// The first audio sample at or after the start of a frame.
    pub fn sample_at(self, frame: u64, sample_rate: u32) -> u64 {
        let numerator = u128::from(frame) * u128::from(self.1) * u128::from(sample_rate);
        numerator.div_ceil(u128::from(self.0)) as u64
    }

    /// Whether both numbers can be divided by: neither is zero and the rate is at most 1,000 fps.
    pub fn is_valid(self) -> bool {
        0 < self.0 && 0 < self.1 && self.0 / self.1 <= 1000
    }

    /// Non-drop timecode `HH:MM:SS:FF` of a frame.
    pub fn timecode(self, frame: u64) -> String {
        let base = u64::from(self.0.div_ceil(self.1)).max(1);
        let (seconds, ff) = (frame / base, frame % base);
        format!("{:02}:{:02}:{:02}:{ff:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conversions_are_exact() {
        assert_eq!(Rate::FILM.frames_in(2.5), 60);
        assert_eq!(Rate::FILM.frames_in(0.0), 1);
        assert_eq!(Rate(30000, 1001).nanos_at(30000), 1_001_000_000_000);
        assert_eq!(Rate::FILM.sample_at(1, 48000), 2000);
        assert_eq!(Rate::FILM.timecode(24 * 3661 + 5), "01:01:01:05");
    }
}
