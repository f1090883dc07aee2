//! Where the coded pictures of an MP4 lie: the sample table of its one H.264 track.
//!
//! Must not know GStreamer. It reads what `mp4mux` writes for us and no more: one description, no reordering, no
//! rotation, no edit that shifts time. Everything else gives none, and `decode` reads the file in the general way.
//! Files are untrusted: every count is checked against the bytes that are there.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

/// Largest `moov` that is read.
const MOST_BYTES: u64 = 32 << 20;
/// Most pictures of one file: twelve hours at 24 frames a second.
const MOST_SAMPLES: usize = 1 << 20;

/// See the module.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) file: File,
    /// The decoder's set-up, `avcC`.
    pub(crate) codec: Vec<u8>,
    pub(crate) size: (u32, u32),
    samples: Vec<Sample>,
    /// Where the last picture ends, in nanoseconds.
    end: u64,
}

/// One coded picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Sample {
    offset: u64,
    size: u32,
    /// Nanoseconds from the first.
    time: u64,
    is_key: bool,
}

impl Table {
    /// The table of a file; none where it is in any other form.
    pub(crate) fn open(path: &Path) -> Option<Table> {
        let mut file = File::open(path).ok()?;
        let moov = moov(&mut file)?;
        let tracks = Boxes(&moov).filter(|(kind, _)| *kind == *b"trak").map(|(_, body)| body);
        let mut videos = tracks.filter(|track| {
            let handler = descend(track, &[*b"mdia", *b"hdlr"]);
            handler.and_then(|body| body.get(8..12)) == Some(b"vide")
        });
        let (track, None) = (videos.next()?, videos.next()) else { return None };
        let (samples, codec, size, end) = read(track)?;
        let len = file.metadata().ok()?.len();
        let inside = samples.iter().all(|it| it.offset.checked_add(u64::from(it.size)).is_some_and(|end| end <= len));
        inside.then_some(Table { file, codec, size, samples, end })
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.samples.len()
    }

    /// The picture that shows at a time; none behind the end, `grace` nanoseconds of it included.
    pub(crate) fn at(&self, nanos: u64, grace: u64) -> Option<usize> {
        if self.end.saturating_add(grace) < nanos {
            return None;
        }
        self.samples.partition_point(|sample| sample.time <= nanos).checked_sub(1)
    }

    /// The last picture up to `idx` from which decoding can begin.
    pub(crate) fn key(&self, idx: usize) -> Option<usize> {
        self.samples.get(..=idx)?.iter().rposition(|sample| sample.is_key)
    }

    /// The bytes of a coded picture.
    pub(crate) fn read(&mut self, idx: usize) -> Option<Vec<u8>> {
        let sample = self.samples.get(idx)?;
        let mut bytes = vec![0; sample.size as usize];
        self.file.seek(SeekFrom::Start(sample.offset)).ok()?;
        self.file.read_exact(&mut bytes).ok()?;
        Some(bytes)
    }
}

/// The body of the file's `moov`.
fn moov(file: &mut File) -> Option<Vec<u8>> {
    let end = file.seek(SeekFrom::End(0)).ok()?;
    let mut at = 0;
    while at + 8 <= end {
        file.seek(SeekFrom::Start(at)).ok()?;
        let mut header = [0; 16];
        let n_read = if end - at < 16 { 8 } else { 16 };
        file.read_exact(&mut header[..n_read]).ok()?;
        let (mut size, mut head) = (u64::from(u32_at(&header, 0)?), 8);
        if size == 1 {
            (size, head) = (u64_at(&header, 8)?, 16);
        }
        if size < head || end - at < size {
            return None;
        }
        if &header[4..8] == b"moov" {
            let len = (size - head).min(MOST_BYTES + 1);
            let mut bytes = vec![0; usize::try_from(len).ok().filter(|_| len <= MOST_BYTES)?];
            file.seek(SeekFrom::Start(at + head)).ok()?;
            file.read_exact(&mut bytes).ok()?;
            return Some(bytes);
        }
        at += size;
    }
    None
}

/// Boxes in order, as far as they nest.
struct Boxes<'a>(&'a [u8]);

impl<'a> Iterator for Boxes<'a> {
    type Item = ([u8; 4], &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let size = u32_at(self.0, 0)? as usize;
        let kind = self.0.get(4..8)?.try_into().ok()?;
        let body = self.0.get(8..size)?;
        self.0 = &self.0[size..];
        Some((kind, body))
    }
}

fn find<'a>(body: &'a [u8], kind: &[u8; 4]) -> Option<&'a [u8]> {
    Boxes(body).find(|(found, _)| found == kind).map(|(_, body)| body)
}

fn descend<'a>(body: &'a [u8], path: &[[u8; 4]]) -> Option<&'a [u8]> {
    path.iter().try_fold(body, |body, kind| find(body, kind))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_be_bytes(bytes.get(at..at + 8)?.try_into().ok()?))
}

/// The entries of a full box: so many words each, after a count.
fn entries<const N: usize>(body: &[u8]) -> Option<Vec<[u32; N]>> {
    let n = u32_at(body, 4)? as usize;
    let rest = body.get(8..)?;
    if MOST_SAMPLES < n || rest.len() / (4 * N) < n {
        return None;
    }
    let word = |entry: &[u8], i: usize| u32_at(entry, i * 4).unwrap_or_default();
    Some(rest.chunks_exact(4 * N).take(n).map(|entry| std::array::from_fn(|i| word(entry, i))).collect())
}

type Found = (Vec<Sample>, Vec<u8>, (u32, u32), u64);

fn read(track: &[u8]) -> Option<Found> {
    // A turned picture is for `videoflip`.
    let header = find(track, b"tkhd")?;
    let matrix = if *header.first()? == 1 { 52 } else { 40 };
    let upright = [0x1_0000, 0, 0, 0, 0x1_0000, 0, 0, 0, 0x4000_0000];
    if (0..9).any(|i| u32_at(header, matrix + 4 * i) != Some(upright[i])) {
        return None;
    }
    if let Some(edits) = descend(track, &[*b"edts", *b"elst"]) {
        let (version, n) = (*edits.first()?, u32_at(edits, 4)?);
        let start = if version == 1 { u64_at(edits, 16)? } else { u64::from(u32_at(edits, 12)?) };
        if n != 1 || start != 0 {
            return None;
        }
    }
    let media = find(track, b"mdia")?;
    let clock = find(media, b"mdhd")?;
    let scale = u64::from(u32_at(clock, if *clock.first()? == 1 { 20 } else { 12 })?);
    let table = descend(media, &[*b"minf", *b"stbl"])?;
    if scale == 0 || find(table, b"ctts").is_some() {
        return None;
    }
    let (codec, size) = description(find(table, b"stsd")?)?;
    let (samples, end) = samples(table, scale)?;
    Some((samples, codec, size, end))
}

/// The decoder's set-up and the picture's size.
fn description(body: &[u8]) -> Option<(Vec<u8>, (u32, u32))> {
    let mut found = Boxes(body.get(8..)?);
    let (entry, 1) = (found.next()?, u32_at(body, 4)?) else { return None };
    let (kind, entry) = entry;
    let size = u32_at(entry, 24)?;
    let inner = entry.get(78..)?;
    // Pixels that are not square are for the general way.
    let square = find(inner, b"pasp").is_none_or(|shape| shape.get(..4) == shape.get(4..8));
    let codec = find(inner, b"avcC").filter(|_| &kind == b"avc1" && square)?;
    Some((codec.to_vec(), (size >> 16, size & 0xffff)))
}

fn samples(table: &[u8], scale: u64) -> Option<(Vec<Sample>, u64)> {
    let sizes = find(table, b"stsz")?;
    let (same, n) = (u32_at(sizes, 4)?, u32_at(sizes, 8)? as usize);
    if n == 0 || MOST_SAMPLES < n || (same == 0 && sizes.len().saturating_sub(12) / 4 < n) {
        return None;
    }
    let size = |idx: usize| if same == 0 { u32_at(sizes, 12 + 4 * idx) } else { Some(same) };
    let chunks: Vec<u64> = match (find(table, b"stco"), find(table, b"co64")) {
        (Some(body), _) => entries::<1>(body)?.into_iter().map(|[at]| u64::from(at)).collect(),
        (None, Some(body)) => {
            entries::<2>(body)?.into_iter().map(|[high, low]| u64::from(high) << 32 | u64::from(low)).collect()
        }
        (None, None) => return None,
    };
    let runs = entries::<3>(find(table, b"stsc")?)?;
    let keys = match find(table, b"stss") {
        Some(body) => Some(entries::<1>(body)?),
        None => None,
    };
    let times = entries::<2>(find(table, b"stts")?)?;
    let mut durations = times.iter().flat_map(|[n, ticks]| std::iter::repeat_n(*ticks, *n as usize));

    let mut found: Vec<Sample> = Vec::with_capacity(n);
    let mut ticks = 0_u64;
    let nanos = |ticks: u64| u64::try_from(u128::from(ticks) * 1_000_000_000 / u128::from(scale)).ok();
    for (i, chunk) in chunks.iter().enumerate() {
        let run = runs.partition_point(|[first, _, _]| (*first as usize) <= i + 1).checked_sub(1)?;
        let [_, n_here, description] = runs[run];
        if description != 1 {
            return None;
        }
        let mut offset = *chunk;
        for _ in 0..n_here.min((n - found.len()) as u32) {
            let size = size(found.len())?;
            found.push(Sample { offset, size, time: nanos(ticks)?, is_key: keys.is_none() });
            offset = offset.checked_add(u64::from(size))?;
            ticks = ticks.checked_add(u64::from(durations.next()?))?;
        }
    }
    for [number] in keys.unwrap_or_default() {
        found.get_mut((number as usize).checked_sub(1)?)?.is_key = true;
    }
    (found.len() == n && found[0].is_key).then_some((found, nanos(ticks)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Bench;

    #[test]
    fn the_table_of_a_mezzanine_is_read_and_a_damaged_one_is_not_trusted() {
        let Some(bench) = Bench::new() else { return };
        let path = bench.path(&bench.clip(1, 60));
        let mut table = Table::open(&path).unwrap();
        assert_eq!((table.len(), table.size), (60, crate::testing::SIZE));
        let key = |idx: usize| table.key(idx).unwrap();
        assert!(
            (0..60).all(|idx| key(idx) <= idx
                && idx - key(idx) < crate::encode::GOP as usize
                && key(key(idx)) == key(idx))
        );
        let middle = |frame: u64| frame * 1_000_000_000 / 24 + 20_000_000;
        assert_eq!([0, 1, 59].map(|frame| table.at(middle(frame), 0)), [Some(0), Some(1), Some(59)]);
        assert_eq!((table.at(middle(60), 0), table.at(middle(60), 100_000_000)), (None, Some(59)));
        assert!(table.read(59).is_some_and(|bytes| !bytes.is_empty()));
        let whole = std::fs::read(&path).unwrap();
        let copy = bench.folder.path().join("damaged.mp4");
        let at = whole.windows(4).position(|it| it == b"moov").unwrap();
        let mut random = 1_u64;
        for _ in 0..2000 {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let mut bytes = whole.clone();
            let place = at + (random >> 33) as usize % (whole.len() - at);
            bytes[place] = (random >> 20) as u8;
            std::fs::write(&copy, &bytes).unwrap();
            // Whatever it says, what it says can be read.
            if let Some(mut table) = Table::open(&copy) {
                assert!((0..table.len()).all(|idx| table.read(idx).is_some()), "byte {place}");
            }
        }
        std::fs::write(&copy, &whole[..whole.len() / 2]).unwrap();
        assert!(Table::open(&copy).is_none());
    }
}
