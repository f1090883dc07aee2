//! Loudness and defects of sound, after EBU R 128 through `ebur128`.
//!
//! Knows samples only, 48 kHz interleaved stereo. Silence has no loudness: it is `None`, never minus infinity.

use ebur128::{EbuR128, Mode};
use engine::codec::SAMPLE_RATE;
use model::Diagnostic;
use serde::{Deserialize, Serialize};

use crate::stats::rounded;

/// Stereo samples in a tenth of a second.
const STEP: usize = SAMPLE_RATE as usize / 10;
/// Peak below which a tenth of a second is silent: -60 dBFS.
const SILENT: f32 = 0.001;

/// What a piece of sound measures.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Loudness {
    /// Seconds.
    pub(crate) seconds: f64,
    /// Integrated loudness in LUFS; none for silence and for less than 0.4 s.
    pub(crate) integrated: Option<f64>,
    /// The loudest three seconds in LUFS.
    pub(crate) short_term_max: Option<f64>,
    /// Loudness range in LU, from ten seconds on.
    pub(crate) range: Option<f64>,
    /// dBTP.
    pub(crate) true_peak: Option<f64>,
    /// Momentary loudness of the first and the last 0.4 s, for the step across a cut.
    pub(crate) head: Option<f64>,
    pub(crate) tail: Option<f64>,
    /// Silences of more than a second: start and end in seconds.
    pub(crate) silences: Vec<(f64, f64)>,
    /// Whether all of it is silent.
    pub(crate) silent: bool,
    /// Mean of all samples, where 1 is full scale.
    pub(crate) dc_offset: f64,
}

/// Measures interleaved stereo at 48 kHz.
///
/// # Errors
/// A diagnostic for samples that are no numbers.
pub(crate) fn measure(samples: &[f32]) -> Result<Loudness, Diagnostic> {
    if let Some(at) = samples.iter().position(|sample| !sample.is_finite()) {
        return Err(Diagnostic::error("sound-invalid", format!("sample {at} of the sound is not a number")));
    }
    let failed = |error: ebur128::Error| Diagnostic::error("loudness-failed", error.to_string());
    let mut meter =
        EbuR128::new(2, SAMPLE_RATE, Mode::I | Mode::M | Mode::S | Mode::LRA | Mode::TRUE_PEAK).map_err(failed)?;
    let (mut short_term_max, mut head) = (None, None);
    let mut loud = Vec::with_capacity(samples.len() / (2 * STEP) + 1);
    for (step, chunk) in samples.chunks(2 * STEP).enumerate() {
        meter.add_frames_f32(chunk).map_err(failed)?;
        loud.push(chunk.iter().any(|sample| SILENT <= sample.abs()));
        if step == 3 {
            head = heard(meter.loudness_momentary().map_err(failed)?);
        }
        if 30 <= step + 1 {
            let now = heard(meter.loudness_shortterm().map_err(failed)?);
            short_term_max = [short_term_max, now].into_iter().flatten().reduce(f64::max);
        }
    }
    let (n_steps, seconds) = (loud.len(), samples.len() as f64 / 2.0 / f64::from(SAMPLE_RATE));
    let peak = [0, 1].into_iter().map(|channel| meter.true_peak(channel)).collect::<Result<Vec<_>, _>>();
    let peak = peak.map_err(failed)?.into_iter().fold(0.0, f64::max);
    let tail = if 4 <= n_steps { heard(meter.loudness_momentary().map_err(failed)?) } else { None };
    Ok(Loudness {
        seconds: rounded(seconds),
        integrated: if 4 <= n_steps { heard(meter.loudness_global().map_err(failed)?) } else { None },
        short_term_max,
        range: if 100 <= n_steps { Some(rounded(meter.loudness_range().map_err(failed)?)) } else { None },
        true_peak: heard(20.0 * peak.log10()),
        head,
        tail,
        silences: silences(&loud, seconds),
        silent: !loud.contains(&true),
        dc_offset: rounded(samples.iter().map(|sample| f64::from(*sample)).sum::<f64>() / samples.len().max(1) as f64),
    })
}

/// The level, where there is something to hear.
fn heard(level: f64) -> Option<f64> {
    (level.is_finite() && -120.0 < level).then(|| rounded(level))
}

/// Runs of more than ten silent steps.
fn silences(loud: &[bool], seconds: f64) -> Vec<(f64, f64)> {
    let mut found = Vec::new();
    let mut start = 0;
    for run in loud.chunk_by(|a, b| a == b) {
        let end = start + run.len();
        if !run[0] && 10 < run.len() {
            found.push((start as f64 / 10.0, (end as f64 / 10.0).min(rounded(seconds))));
        }
        start = end;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::sine;

    #[test]
    fn the_reference_sines_measure_as_the_standard_says() {
        for dbfs in [-23.0, -33.0] {
            let found = measure(&sine(1000.0, dbfs, 20.0)).expect("it is sound");
            let lufs = found.integrated.expect("it is loud enough");
            assert!((lufs - dbfs).abs() < 0.1, "{dbfs}: {lufs}");
            assert!((found.short_term_max.expect("it is long enough") - dbfs).abs() < 0.1);
            assert!((found.true_peak.expect("it has a peak") - dbfs).abs() < 0.2);
            assert!(found.range.expect("it is long enough") < 0.1);
            assert!((found.head.expect("0.4 s") - found.tail.expect("0.4 s")).abs() < 0.1);
            assert_eq!((found.silences.len(), found.silent), (0, false));
        }
    }

    #[test]
    fn silence_has_no_loudness() {
        let found = measure(&vec![0.0; 2 * 48_000 * 2]).expect("it is sound");
        assert_eq!((found.integrated, found.true_peak, found.silent), (None, None, true));
        assert_eq!(found.silences, [(0.0, 2.0)]);
        let nothing = measure(&[]).expect("no sound is sound");
        assert_eq!((nothing.integrated, nothing.silent, nothing.seconds), (None, true, 0.0));
    }

    #[test]
    fn a_gap_in_the_middle_is_found_and_a_breath_is_not() {
        let sound = |gap: f64| {
            [sine(440.0, -20.0, 2.0), vec![0.0; (gap * 96_000.0) as usize], sine(440.0, -20.0, 2.0)].concat()
        };
        assert_eq!(measure(&sound(1.5)).expect("it is sound").silences, [(2.0, 3.5)]);
        assert_eq!(measure(&sound(0.5)).expect("it is sound").silences, []);
    }

    #[test]
    fn overs_offset_and_broken_samples_are_told() {
        let over = measure(&sine(997.0, 1.0, 1.0)).expect("it is sound");
        assert!(0.5 < over.true_peak.expect("it has a peak"));
        let offset: Vec<f32> = sine(440.0, -20.0, 1.0).iter().map(|sample| sample + 0.1).collect();
        assert!((measure(&offset).expect("it is sound").dc_offset - 0.1).abs() < 1e-3);
        assert_eq!(measure(&[0.0, f32::NAN]).expect_err("that is no number").code, "sound-invalid");
    }
}
