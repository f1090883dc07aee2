//! Answers that are results, kept from their arrival until their file is in the store.
//!
//! A provider that answers at once bills at once: a crash before the journal's next line must not lose the picture.
//! Keeping them in memory was rejected for that reason.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use model::Diagnostic;

/// Writes an answer and syncs it.
///
/// # Errors
/// `spool` where the disk refuses.
pub(crate) fn keep(folder: &Path, name: &str, bytes: &[u8]) -> Result<(), Diagnostic> {
    let path = place(folder, name)?;
    let aside = path.with_extension("part");
    let write = || -> std::io::Result<()> {
        fs::create_dir_all(folder)?;
        let mut file = File::create(&aside)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&aside, &path)?;
        File::open(folder)?.sync_all()
    };
    write().map_err(|error| refused("kept", &error))
}

/// An answer that was kept.
///
/// # Errors
/// `spool` where it is gone.
pub(crate) fn read(folder: &Path, name: &str) -> Result<Vec<u8>, Diagnostic> {
    fs::read(place(folder, name)?).map_err(|error| refused("read", &error))
}

/// Removes what belongs to no job that is open.
pub(crate) fn sweep(folder: &Path, open: &BTreeSet<String>) {
    let Ok(listed) = fs::read_dir(folder) else { return };
    for path in listed.filter_map(|file| Some(file.ok()?.path())) {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if !open.contains(name) {
            // Left for the next time where it cannot be removed.
            let _ = fs::remove_file(&path);
        }
    }
}

/// Names come from the journal: a key and a number.
fn place(folder: &Path, name: &str) -> Result<PathBuf, Diagnostic> {
    let plain =
        !name.is_empty() && name.len() <= 120 && name.bytes().all(|it| it.is_ascii_alphanumeric() || it == b'-');
    if plain {
        return Ok(folder.join(name));
    }
    Err(Diagnostic::error("spool", "the journal names an answer that cannot be one"))
}

fn refused(action: &str, error: &std::io::Error) -> Diagnostic {
    Diagnostic::error("spool", format!("the provider's answer could not be {action}: {error}"))
        .hint("make room on the disk of the store")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_stay_until_their_job_is_over() {
        let folder = tempfile::tempdir().expect("a folder");
        let spool = folder.path().join("spool");
        keep(&spool, "abc-1", b"one").expect("kept");
        keep(&spool, "abc-2", b"two").expect("kept");
        sweep(&spool, &["abc-2".to_owned()].into());
        assert_eq!(read(&spool, "abc-1").expect_err("gone").code, "spool");
        assert_eq!(read(&spool, "abc-2"), Ok(b"two".to_vec()));
        for bad in ["", "../x", "a/b", "a.b"] {
            assert!(keep(&spool, bad, b"").is_err(), "{bad}");
        }
    }
}
