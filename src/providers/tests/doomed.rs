//! Processes that are killed on purpose: this same test binary, started again with variables set, and stopped by force
//! when it has come to a point. What it leaves behind is what the next process finds.

#![cfg(unix)]

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::time::Duration;

/// Longer than anything takes.
pub(crate) const LIMIT: Duration = Duration::from_secs(60);
/// Where the process waits for its end.
const POINT: &str = "THROUGHLINE_TEST_AT";

/// Where a process dies: while its server does not answer at a step, or when it has come so far.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Point<S> {
    Unanswered(S),
    Kept,
    Fetched,
}

/// A variable that the parent set; none in an ordinary run of the tests.
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Progress that says where it is, and goes no further than the point at which this process is to be killed.
pub(crate) fn progress(done: f32) {
    let at = if done == 1.0 { "fetched" } else { "kept" };
    if 0.985 <= done && variable(POINT).as_deref() == Some(at) {
        let mut out = std::io::stdout().lock();
        out.write_all(format!("\nat {at}\n").as_bytes()).and_then(|()| out.flush()).expect("the parent listens");
        let _ = crossbeam_channel::after(LIMIT).recv();
    }
}

/// Starts the test of that name with variables, and kills it at a point. `unanswered` says whether a server has been
/// asked what it does not answer.
#[track_caller]
pub(crate) fn kill_at<S: std::fmt::Debug>(
    test: &str,
    variables: &[(&str, &OsStr)],
    point: &Point<S>,
    unanswered: impl Fn() -> bool,
) {
    let name = match point {
        Point::Unanswered(_) => "",
        Point::Kept => "kept",
        Point::Fetched => "fetched",
    };
    let mut child = Command::new(std::env::current_exe().expect("this binary"))
        .args(["--exact", test, "--nocapture", "--test-threads=1"])
        .envs(variables.iter().copied())
        .env(POINT, name)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("it starts");
    let reached = if name.is_empty() {
        (0..6000).any(|_| {
            let _ = crossbeam_channel::after(Duration::from_millis(5)).recv();
            unanswered()
        })
    } else {
        let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines().map_while(Result::ok);
        lines.any(|line| line == format!("at {name}"))
    };
    child.kill().expect("killed");
    child.wait().expect("gone");
    assert!(reached, "the process never came to {point:?}");
}
