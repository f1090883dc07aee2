//! How the store fails: every refusal of the disk or the database becomes a diagnostic that names the way out.
//!
//! One function per source, so that a full disk reads the same whether a file or the index met it. An error enum of
//! the store's own would be translated at each call by callers that only show it.

use std::io::ErrorKind;
use std::path::Path;

use model::Diagnostic;
use rusqlite::ErrorCode;

/// SQLite's extended code for shared memory that could not grow: the disk below the WAL index is full.
const SHMSIZE: i32 = 4874;

/// What a transaction may end with.
#[derive(Debug)]
pub(super) enum Fault {
    Sql(rusqlite::Error),
    Said(Box<Diagnostic>),
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Fault {
        Fault::Sql(error)
    }
}

impl From<Diagnostic> for Fault {
    fn from(diagnostic: Diagnostic) -> Fault {
        Fault::Said(Box::new(diagnostic))
    }
}

impl Fault {
    pub(super) fn told(self, index: &Path) -> Diagnostic {
        match self {
            Fault::Sql(error) => sql(&error, index),
            Fault::Said(diagnostic) => *diagnostic,
        }
    }
}

fn full(message: String) -> Diagnostic {
    Diagnostic::error("store-full", message)
        .hint("free some space on that disk, then run again: finished results are kept")
        .hint("`throughline store gc GRAPH` removes results that nothing refers to")
        .hint("`--store DIR` puts the store on another disk")
}

fn read_only(message: String) -> Diagnostic {
    Diagnostic::error("store-read-only", message)
        .hint("make the folder writable for this user")
        .hint("`--store DIR` puts the store somewhere else")
}

/// A refusal of the file system. `action` completes "could not ...".
pub(super) fn io(action: &str, path: &Path, error: &std::io::Error) -> Diagnostic {
    let message = format!("could not {action}: {error}: {}", path.display());
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => full(message),
        ErrorKind::ReadOnlyFilesystem | ErrorKind::PermissionDenied => read_only(message),
        ErrorKind::NotADirectory | ErrorKind::AlreadyExists => Diagnostic::error("store-folder", message)
            .hint("something in the path of the store is a file, not a folder: move it away")
            .hint("`--store DIR` puts the store somewhere else"),
        _ => Diagnostic::error("store-io", message).hint("check that the disk is connected and healthy"),
    }
}

/// A refusal of the database.
pub(super) fn sql(error: &rusqlite::Error, index: &Path) -> Diagnostic {
    let (code, extended) = match error {
        rusqlite::Error::SqliteFailure(failure, _) => (failure.code, failure.extended_code),
        _ => (ErrorCode::Unknown, 0),
    };
    let message = format!("the store's index refused: {error}: {}", index.display());
    match code {
        ErrorCode::DiskFull => full(message),
        _ if extended == SHMSIZE => full(message),
        ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen => read_only(message),
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => Diagnostic::error("store-busy", message)
            .hint("another process has kept the store busy for long: wait for it, or end it"),
        ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => damaged(message),
        ErrorCode::SystemIoFailure => {
            Diagnostic::error("store-io", message).hint("check that the disk is connected, healthy and not full")
        }
        _ => Diagnostic::error("store-index", message),
    }
}

/// Damage in the index, which the records can repair.
pub(super) fn damaged(message: String) -> Diagnostic {
    Diagnostic::error("store-damaged", message)
        .hint("`throughline store rebuild GRAPH` makes the index again from the records beside it")
}

/// A write to a store that was opened for reading.
pub(super) fn opened_for_reading(root: &Path) -> Diagnostic {
    read_only(format!("the store is open for reading only: {}", root.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_refusal_has_its_code_and_a_way_out() {
        let path = Path::new("s");
        for (kind, code) in [
            (ErrorKind::StorageFull, "store-full"),
            (ErrorKind::QuotaExceeded, "store-full"),
            (ErrorKind::ReadOnlyFilesystem, "store-read-only"),
            (ErrorKind::PermissionDenied, "store-read-only"),
            (ErrorKind::NotADirectory, "store-folder"),
            (ErrorKind::TimedOut, "store-io"),
        ] {
            let told = io("write a file", path, &kind.into());
            assert_eq!(told.code, code);
            assert!(!told.hints.is_empty());
        }
        for (raw, code) in [
            (13, "store-full"),
            (8, "store-read-only"),
            (5, "store-busy"),
            (11, "store-damaged"),
            (SHMSIZE, "store-full"),
        ] {
            let error = rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(raw), None);
            assert_eq!(sql(&error, path).code, code, "{raw}");
        }
    }
}
