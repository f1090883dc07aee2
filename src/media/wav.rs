//! Writes WAV files: 16 bits, stereo, 48 kHz, no dither, so that equal samples give equal bytes. Reads its own.
//!
//! Its own forty-four bytes of header rather than a muxer or a crate: the format is shorter than their interfaces.
//! WAV files in any other form are GStreamer's to read.

use std::fs::File;
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::Path;

use engine::codec::SAMPLE_RATE;
use model::AudioInfo;

/// Bytes before the samples.
const HEADER: usize = 44;

/// Bytes read at once, a multiple of a sample's four.
const BLOCK: u64 = 1 << 16;

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
    out.write_all(&header(bytes))?;
    for sample in samples {
        // NaN casts to zero, which is silence.
        let coded = (sample.clamp(-1.0, 1.0) * 32_767.0).round() as i16;
        out.write_all(&coded.to_le_bytes())?;
    }
    out.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()
}

/// What a file with so many bytes of samples begins with.
fn header(bytes: u32) -> [u8; HEADER] {
    let mut header = [0; HEADER];
    header[..4].copy_from_slice(b"RIFF");
    header[4..8].copy_from_slice(&(36 + bytes).to_le_bytes());
    header[8..16].copy_from_slice(b"WAVEfmt ");
    header[16..20].copy_from_slice(&16_u32.to_le_bytes());
    header[20..22].copy_from_slice(&1_u16.to_le_bytes());
    header[22..24].copy_from_slice(&2_u16.to_le_bytes());
    header[24..28].copy_from_slice(&SAMPLE_RATE.to_le_bytes());
    header[28..32].copy_from_slice(&(SAMPLE_RATE * 4).to_le_bytes());
    header[32..34].copy_from_slice(&4_u16.to_le_bytes());
    header[34..36].copy_from_slice(&16_u16.to_le_bytes());
    header[36..40].copy_from_slice(b"data");
    header[40..].copy_from_slice(&bytes.to_le_bytes());
    header
}

/// A file that [`write`] made, read from front to back.
pub(crate) struct Reader {
    file: File,
    /// Bytes still to come.
    left: u64,
    bytes: Vec<u8>,
}

impl Reader {
    /// Opens `len` samples from `start`, or as many as there are; none for files in any other form.
    pub(crate) fn open(path: &Path, start: u64, len: u64) -> Option<Reader> {
        let mut file = File::open(path).ok()?;
        let bytes = u32::try_from(file.metadata().ok()?.len().checked_sub(HEADER as u64)?).ok()?;
        let mut found = [0; HEADER];
        file.read_exact(&mut found).ok()?;
        // Half a sample at the end, or none at all, is for GStreamer to judge.
        if bytes == 0 || bytes % 4 != 0 || u32::MAX - 36 <= bytes || found != header(bytes) {
            return None;
        }
        let from = start.saturating_mul(4).min(u64::from(bytes));
        file.seek(SeekFrom::Start(HEADER as u64 + from)).ok()?;
        Some(Reader { file, left: len.saturating_mul(4).min(u64::from(bytes) - from), bytes: Vec::new() })
    }

    /// The next samples, interleaved stereo; false at the end.
    ///
    /// # Errors
    /// The file cannot be read, or became shorter.
    pub(crate) fn next(&mut self, out: &mut Vec<f32>) -> io::Result<bool> {
        out.clear();
        self.bytes.resize(self.left.min(BLOCK) as usize, 0);
        self.file.read_exact(&mut self.bytes)?;
        self.left -= self.bytes.len() as u64;
        // The scale of every decoder, a little quieter than what was written.
        out.extend(self.bytes.chunks_exact(2).map(|it| f32::from(i16::from_le_bytes([it[0], it[1]])) / 32_768.0));
        Ok(!out.is_empty())
    }
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
    #[test]
    fn own_files_are_read_and_no_others() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.wav");
        let samples: Vec<f32> = (0..60_000).map(|i| (i % 2000) as f32 / 2000.0 - 0.5).collect();
        write(&samples, &path).unwrap();
        let read = |start, len| {
            let (mut all, mut some) = (Vec::new(), Vec::new());
            let mut reader = Reader::open(&path, start, len).unwrap();
            while reader.next(&mut some).unwrap() {
                all.extend_from_slice(&some);
            }
            all
        };
        let whole = read(0, u64::MAX);
        assert_eq!(whole.len(), samples.len());
        assert!(whole.iter().zip(&samples).all(|(a, b)| (a - b).abs() < 1e-4));
        assert_eq!(read(29_000, 500), whole[58_000..59_000]);
        assert_eq!(read(29_990, 500), whole[59_980..], "no more than there is");
        assert!(read(99_000, 500).is_empty());
        let bytes = std::fs::read(&path).unwrap();
        std::fs::write(&path, &bytes[..bytes.len() - 4]).unwrap();
        assert!(Reader::open(&path, 0, 9).is_none(), "cut off");
        std::fs::write(&path, &bytes[..30]).unwrap();
        assert!(Reader::open(&path, 0, 9).is_none(), "no header");
        let mono = [&bytes[..22], &[1], &bytes[23..]].concat();
        std::fs::write(&path, mono).unwrap();
        assert!(Reader::open(&path, 0, 9).is_none());
    }
}
