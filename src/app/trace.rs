//! `throughline edit --trace FILE`: how long the window takes, in the trace-event format that browsers' profilers open.
//!
//! Marks say when something was there (the window, the document, the first frame with it, a picture), spans how long
//! each frame took and in which part of the window. Each event is written at once: who ends the program in any way
//! keeps what happened until then. The format lets a list stay open for that.

use std::cell::RefCell;
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use model::Diagnostic;
use serde_json::{Value, json};

/// Most events of a file: a day at the desk must not fill the disk.
const MOST: u64 = 1_000_000;

struct Trace {
    file: File,
    started: Instant,
    left: u64,
}

thread_local! {
    /// The window has one thread, and everything that is traced happens there.
    static TRACE: RefCell<Option<Trace>> = const { RefCell::new(None) };
}

/// Begins a trace of this thread, whose time counts from `started`.
///
/// # Errors
/// A diagnostic where the file cannot be written.
pub(super) fn begin(path: &Path, started: Instant) -> Result<(), Diagnostic> {
    let opened = File::create(path).and_then(|mut file| file.write_all(b"[\n").map(|()| file));
    let file = opened.map_err(|error| {
        Diagnostic::error("file-unwritable", format!("cannot write the trace: {error}: {}", path.display()))
            .hint("check that the folder exists and is writable")
    })?;
    TRACE.set(Some(Trace { file, started, left: MOST }));
    Ok(())
}

/// Something is there, or has happened.
pub(super) fn mark(name: &str) {
    event(Duration::ZERO, |at| json!({ "name": name, "ph": "i", "s": "g", "pid": 1, "tid": 1, "ts": at }));
}

/// A frame has ended just now: its length, and the part of the window that took most of it.
pub(super) fn frame(took: Duration, place: &str) {
    event(
        took,
        |at| json!({ "name": "frame", "cat": place, "ph": "X", "pid": 1, "tid": 2, "ts": at, "dur": took.as_micros() as u64 }),
    );
}

/// Writes what began `ago`.
fn event(ago: Duration, make: impl FnOnce(u64) -> Value) {
    TRACE.with_borrow_mut(|trace| {
        let Some(it) = trace else { return };
        let at = it.started.elapsed().saturating_sub(ago).as_micros() as u64;
        let written = writeln!(it.file, "{},", make(at));
        it.left -= 1;
        // A full disk ends the trace, not the work.
        if written.is_err() || it.left == 0 {
            *trace = None;
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_is_a_list_that_is_still_open() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("trace.json");
        mark("nobody listens");
        begin(&path, Instant::now()).unwrap();
        mark("window");
        frame(Duration::from_millis(3), "viewer");
        let text = std::fs::read_to_string(&path).unwrap();
        let closed = format!("{}]", text.trim_end().trim_end_matches(','));
        let events: Vec<Value> = serde_json::from_str(&closed).unwrap();
        assert_eq!(events.len(), 2, "{text}");
        assert_eq!((&events[1]["cat"], &events[1]["dur"]), (&json!("viewer"), &json!(3000)));
        assert!(begin(folder.path(), Instant::now()).is_err());
        TRACE.set(None);
    }
}
