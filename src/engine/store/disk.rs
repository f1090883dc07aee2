//! Files and folders that survive a crash: written aside, synced, renamed, the folder synced.
//!
//! Knows nothing of what the files mean, besides the envelope that carries a checksum around a record. Writing in
//! place would be shorter and leave halves behind.

use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use model::Diagnostic;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::error;

/// When a write must have reached the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Durability {
    /// Before the call returns: money or a person's choice hangs on it.
    Now,
    /// Whenever the system gets to it; it survives the process, not a power cut.
    Soon,
}

/// Makes a folder and those above it; each new one is synced into its parent.
pub(super) fn make_folder(path: &Path) -> Result<(), Diagnostic> {
    let mut missing = Vec::new();
    let mut at = path;
    while !at.as_os_str().is_empty() && !at.is_dir() {
        missing.push(at);
        let Some(parent) = at.parent() else { break };
        at = parent;
    }
    for folder in missing.into_iter().rev() {
        match fs::create_dir(folder) {
            Err(refused) if refused.kind() != ErrorKind::AlreadyExists || !folder.is_dir() => {
                return Err(error::io("make the folder", folder, &refused));
            }
            _ => sync_folder(folder.parent().unwrap_or(folder))?,
        }
    }
    Ok(())
}

/// Makes renames and creations in a folder durable. Only Unix lets a folder be opened and synced.
pub(super) fn sync_folder(path: &Path) -> Result<(), Diagnostic> {
    if !cfg!(unix) {
        return Ok(());
    }
    let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
    File::open(path)
        .and_then(|folder| folder.sync_all())
        .map_err(|refused| error::io("sync the folder", path, &refused))
}

/// Writes a whole file at `path` by way of `aside`, on the same file system. Nothing half-written stays at `path`.
pub(super) fn write_file(path: &Path, aside: &Path, bytes: &[&[u8]], durability: Durability) -> Result<(), Diagnostic> {
    let folder = path.parent().unwrap_or(path);
    make_folder(folder)?;
    let written = File::create(aside).and_then(|mut file| {
        bytes.iter().try_for_each(|part| file.write_all(part))?;
        if durability == Durability::Now { file.sync_all() } else { Ok(()) }
    });
    if let Err(refused) = written.and_then(|()| fs::rename(aside, path)) {
        // The write failed; that its remains cannot be removed either is the lesser news.
        drop(fs::remove_file(aside));
        return Err(error::io("write the file", path, &refused));
    }
    if durability == Durability::Now { sync_folder(folder) } else { Ok(()) }
}

/// What tells a file from another one that later has its name; none where the system cannot tell, or no file is there.
pub(super) fn identity(path: &Path) -> Option<(u64, u64)> {
    fs::metadata(path).ok().as_ref().and_then(identity_of)
}

#[cfg(unix)]
pub(super) fn identity_of(metadata: &fs::Metadata) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    Some((metadata.dev(), metadata.ino()))
}

#[cfg(not(unix))]
pub(super) fn identity_of(_: &fs::Metadata) -> Option<(u64, u64)> {
    None
}

/// The files directly in a folder, sorted; empty where there is no folder.
pub(super) fn files_in(folder: &Path) -> Result<Vec<PathBuf>, Diagnostic> {
    entries(folder, |path| path.is_file())
}

/// The folders directly in a folder, sorted; empty where there is no folder.
pub(super) fn folders_in(folder: &Path) -> Result<Vec<PathBuf>, Diagnostic> {
    entries(folder, |path| path.is_dir())
}

fn entries(folder: &Path, wanted: fn(&Path) -> bool) -> Result<Vec<PathBuf>, Diagnostic> {
    let told = |refused: std::io::Error| error::io("list the folder", folder, &refused);
    let listing = match fs::read_dir(folder) {
        Err(refused) if refused.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        other => other.map_err(told)?,
    };
    let mut found = Vec::new();
    for entry in listing {
        let path = entry.map_err(told)?.path();
        if wanted(&path) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

const HEAD: &str = "{\"sum\":\"";
const NECK: &str = "\",\"record\":";
const TAIL: &str = "}\n";
const SUM_DIGITS: usize = 16;

/// A JSON file with a checksum over the exact bytes of its record: `{"sum":"...","record":{...}}`.
pub(super) fn sealed<T: Serialize>(record: &T) -> Result<String, serde_json::Error> {
    let body = serde_json::to_string(record)?;
    Ok(format!("{HEAD}{}{NECK}{body}{TAIL}", digits(body.as_bytes())))
}

/// The record of a sealed file; none where a bit is wrong.
pub(super) fn unsealed<T: DeserializeOwned>(text: &str) -> Option<T> {
    let rest = text.strip_prefix(HEAD)?;
    let (sum, rest) = rest.split_at_checked(SUM_DIGITS)?;
    let body = rest.strip_prefix(NECK)?.strip_suffix(TAIL)?;
    if sum == digits(body.as_bytes()) { serde_json::from_str(body).ok() } else { None }
}

fn digits(bytes: &[u8]) -> String {
    blake3::hash(bytes).to_hex().as_str()[..SUM_DIGITS].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_record_is_json_and_any_flip_breaks_it() {
        let text = sealed(&("lamp", 0.1)).expect("it serializes");
        let json: serde_json::Value = serde_json::from_str(&text).expect("it is JSON");
        assert_eq!(json["record"][0], "lamp");
        assert_eq!(unsealed::<(String, f64)>(&text), Some(("lamp".to_owned(), 0.1)));
        for at in 0..text.len() {
            let mut bytes = text.clone().into_bytes();
            bytes[at] ^= 1;
            let flipped = String::from_utf8(bytes).expect("a low bit keeps ASCII");
            assert_eq!(unsealed::<(String, f64)>(&flipped), None, "byte {at}");
        }
    }

    #[test]
    fn a_failed_write_leaves_nothing_and_says_where() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("plain");
        fs::write(&file, "x").expect("it is written");
        let below = file.join("sub").join("a.json");
        let told =
            write_file(&below, &folder.path().join("aside"), &[b"y"], Durability::Now).expect_err("it is refused");
        assert_eq!(told.code, "store-folder");
        assert!(told.message.contains("plain"));
        assert_eq!(files_in(folder.path()).map(|files| files.len()), Ok(1));
    }
}
