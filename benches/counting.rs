//! What the benches share: printing, quiet children, and instructions counted by valgrind.

use std::process::{Command, Stdio};

pub(crate) fn say(text: &str) {
    use std::io::Write;
    // A bench whose reader went away has nobody to tell.
    let _ = writeln!(std::io::stdout(), "{text}");
}

pub(crate) fn quiet(command: &mut Command) -> &mut Command {
    command.stdout(Stdio::null()).stderr(Stdio::null()).stdin(Stdio::null())
}

/// Instructions of this program with these arguments; none without valgrind.
pub(crate) fn instructions(args: &[&str]) -> Option<u64> {
    let program = std::env::current_exe().ok()?;
    let done = quiet(Command::new("valgrind").args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]))
        .arg(program)
        .args(args)
        .stderr(Stdio::piped())
        .output()
        .ok()?;
    let text = String::from_utf8_lossy(&done.stderr).into_owned();
    text.lines().find_map(|line| line.split_once("Collected : ")?.1.trim().parse().ok())
}
