//! Takes the time of day out of MP4 files: `mp4mux` writes when it ran, and equal frames must give equal bytes.
//!
//! Knows only box headers and the three boxes with dates. Read-modify-write in place; nothing moves.

use std::fs::OpenOptions;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

/// Boxes that only contain boxes and lead to dates.
const CONTAINERS: [&[u8; 4]; 3] = [b"moov", b"trak", b"mdia"];
/// Boxes with a creation and a modification time after version and flags.
const DATED: [&[u8; 4]; 3] = [b"mvhd", b"tkhd", b"mdhd"];

/// Sets every creation and modification time to zero, which means unknown.
///
/// # Errors
/// The file cannot be read or written, or its boxes do not nest.
pub(crate) fn clear_dates(path: &Path) -> io::Result<()> {
    let mut file = OpenOptions::new().read(true).write(true).open(path)?;
    let end = file.seek(SeekFrom::End(0))?;
    let mut pending = vec![(0, end)];
    while let Some((mut at, end)) = pending.pop() {
        while at + 8 <= end {
            file.seek(SeekFrom::Start(at))?;
            let mut header = [0; 8];
            file.read_exact(&mut header)?;
            let mut size = u64::from(u32::from_be_bytes([header[0], header[1], header[2], header[3]]));
            let mut head = 8;
            if size == 1 {
                let mut large = [0; 8];
                file.read_exact(&mut large)?;
                size = u64::from_be_bytes(large);
                head = 16;
            } else if size == 0 {
                size = end - at;
            }
            if size < head || end - at < size {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "the boxes of the MP4 file do not nest"));
            }
            let kind = &header[4..8];
            if CONTAINERS.iter().any(|name| kind == &name[..]) {
                pending.push((at + head, at + size));
            } else if DATED.iter().any(|name| kind == &name[..]) {
                file.seek(SeekFrom::Start(at + head))?;
                let mut version = [0; 4];
                file.read_exact(&mut version)?;
                let dates = if version[0] == 1 { 16 } else { 8 };
                file.write_all(&[0; 16][..dates])?;
            }
            at += size;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_become_zero_and_nothing_else_moves() {
        let boxed =
            |kind: &[u8; 4], body: &[u8]| [&(body.len() as u32 + 8).to_be_bytes()[..], &kind[..], body].concat();
        let dated = |date: u8| {
            let head = [&[0; 4][..], &[date; 8], &[7; 4]].concat();
            let trak = boxed(b"trak", &boxed(b"mdia", &boxed(b"mdhd", &head)));
            [boxed(b"mdat", &[9; 5]), boxed(b"moov", &[boxed(b"mvhd", &head), trak].concat())].concat()
        };
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.mp4");
        std::fs::write(&path, dated(3)).unwrap();
        clear_dates(&path).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), dated(0));
        std::fs::write(&path, [0, 0, 0, 99, b'm', b'o', b'o', b'v']).unwrap();
        assert!(clear_dates(&path).is_err());
    }
}
