//! Writes WAV files: 16 bits, stereo, 48 kHz, no dither, so that equal samples give equal bytes.
//!
//! Its own forty-four bytes of header rather than a muxer or a crate: the format is shorter than their interfaces.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use engine::codec::SAMPLE_RATE;
use model::AudioInfo;

/// Writes interleaved stereo.
///
/// # Errors
/// The file cannot be written, or the sound is longer than the format's 4 GiB.
pub(crate) fn write(samples: &[f32], path: &Path) -> io::Result<()> {
    let bytes = u32::try_from(samples.len() * 2)
        .ok()
        .filter(|bytes| *bytes < u32::MAX - 36)
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "the sound is too long for a WAV file"))?;
    let mut out = BufWriter::new(File::create(path)?);
    out.write_all(b"RIFF")?;
    out.write_all(&(36 + bytes).to_le_bytes())?;
    out.write_all(b"WAVEfmt ")?;
    out.write_all(&16_u32.to_le_bytes())?;
    for word in [1_u16, 2] {
        out.write_all(&word.to_le_bytes())?;
    }
    out.write_all(&SAMPLE_RATE.to_le_bytes())?;
    out.write_all(&(SAMPLE_RATE * 4).to_le_bytes())?;
    for word in [4_u16, 16] {
        out.write_all(&word.to_le_bytes())?;
    }
    out.write_all(b"data")?;
    out.write_all(&bytes.to_le_bytes())?;
    for sample in samples {
        // NaN casts to zero, which is silence.
        let coded = (sample.clamp(-1.0, 1.0) * 32_767.0).round() as i16;
        out.write_all(&coded.to_le_bytes())?;
    }
    out.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()
}

/// What a file of those samples contains.
pub(crate) fn info(samples: &[f32]) -> AudioInfo {
    AudioInfo {
        sample_rate: SAMPLE_RATE,
        channels: 2,
        n_samples: samples.len() as u64 / 2,
        codec: "pcm_s16le".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn header_and_samples_are_exact() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.wav");
        write(&[0.0, 1.0, -1.0, f32::NAN], &path).unwrap();
        let bytes = std::fs::read(&path).unwrap();
        assert_eq!(bytes.len(), 44 + 8);
        assert_eq!(&bytes[24..28], &48_000_u32.to_le_bytes());
        assert_eq!(bytes[44..], [0, 0, 255, 127, 1, 128, 0, 0]);
    }
}
