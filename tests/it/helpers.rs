//! What the modules share: project folders that go away, the program as a process with a time limit, counted frames.
//!
//! Knows the program only by its path. A crate for running commands was weighed: none of them ends a process that
//! takes too long without polling for it.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use engine::scratch::ScratchFolder;
use engine::worker::{Cancel, Job, JobCx, Worker};
use media::Gst;
use model::{Digest, Import, ImportKind, Value, Work};

/// No process of these tests may take longer.
pub(crate) const LONGEST: Duration = Duration::from_secs(300);

/// How a process ended.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// None where a signal ended it.
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Outcome {
    /// Asserts the exit status.
    #[track_caller]
    pub(crate) fn expect(self, code: i32) -> Outcome {
        assert_eq!(self.code, Some(code), "stdout:\n{}\nstderr:\n{}", self.out, self.err);
        self
    }

    /// The last line of standard output.
    pub(crate) fn last(&self) -> &str {
        self.out.lines().next_back().unwrap_or_default()
    }

    /// Standard output as JSON, line by line; a line that is none fails.
    #[track_caller]
    pub(crate) fn json(&self) -> Vec<serde_json::Value> {
        let parse = |line| serde_json::from_str(line).unwrap_or_else(|error| panic!("not JSON: {error}: {line}"));
        self.out.lines().map(parse).collect()
    }
}

/// A running process with its output collected by two threads.
pub(crate) struct Running {
    child: Child,
    /// Standard output and error, each line as it comes.
    lines: Receiver<(Stream, String)>,
    start: Instant,
    out: String,
    err: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stream {
    Out,
    Err,
}

impl Running {
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits for the first line on standard error.
    #[track_caller]
    pub(crate) fn wait_for_progress(&mut self) -> String {
        while self.err.is_empty() {
            assert!(self.take(LONGEST), "it ended before it made anything: {}", self.out);
        }
        self.err.clone()
    }

    /// Waits for the end, which must come within `limit` of the start.
    #[track_caller]
    pub(crate) fn wait(mut self, limit: Duration) -> Outcome {
        while self.take(limit) {}
        let status: ExitStatus = self.child.wait().unwrap();
        Outcome { code: status.code(), out: self.out, err: self.err }
    }

    /// Kills it after that long, as `kill -9` does; how it ended where it was faster.
    #[track_caller]
    pub(crate) fn end_within(&mut self, length: Duration) -> Option<Outcome> {
        let until = Instant::now() + length;
        loop {
            match self.lines.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok((Stream::Out, line)) => self.out.push_str(&line),
                Ok((Stream::Err, line)) => self.err.push_str(&line),
                Err(RecvTimeoutError::Disconnected) => {
                    let code = self.child.wait().unwrap().code();
                    return Some(Outcome { code, out: self.out.clone(), err: self.err.clone() });
                }
                Err(RecvTimeoutError::Timeout) => {
                    self.child.kill().unwrap();
                    self.child.wait().unwrap();
                    return None;
                }
            }
        }
    }

    /// Takes one more line; `false` where both streams have ended.
    #[track_caller]
    fn take(&mut self, limit: Duration) -> bool {
        match self.lines.recv_timeout(limit.saturating_sub(self.start.elapsed())) {
            Ok((Stream::Out, line)) => self.out.push_str(&line),
            Ok((Stream::Err, line)) => self.err.push_str(&line),
            Err(RecvTimeoutError::Disconnected) => return false,
            Err(RecvTimeoutError::Timeout) => {
                self.child.kill().unwrap();
                panic!("not finished after {limit:?}\nstdout:\n{}\nstderr:\n{}", self.out, self.err);
            }
        }
        true
    }
}

/// Starts the program in a folder.
pub(crate) fn start(folder: &Path, args: &[&str]) -> Running {
    start_with(folder, args, &[])
}

/// The same with more in its environment.
pub(crate) fn start_with(folder: &Path, args: &[&str], environment: &[(&str, &str)]) -> Running {
    let mut command = Command::new(env!("CARGO_BIN_EXE_throughline"));
    command.current_dir(folder).args(args).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    // Neither the keys nor the manifests of whoever runs the tests.
    command.env("THROUGHLINE_KEYRING", "off").env("XDG_CONFIG_HOME", folder);
    // A window must not open on the screen of whoever runs the tests.
    command.env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY").env_remove("WAYLAND_SOCKET");
    command.envs(environment.iter().copied());
    let mut child = command.spawn().unwrap();
    let (sender, lines) = sync_channel(256);
    let streams: [(Stream, Box<dyn Read + Send>); 2] =
        [(Stream::Out, Box::new(child.stdout.take().unwrap())), (Stream::Err, Box::new(child.stderr.take().unwrap()))];
    for (stream, source) in streams {
        let sender = sender.clone();
        std::thread::spawn(move || {
            let mut source = BufReader::new(source);
            loop {
                let mut line = Vec::new();
                match source.read_until(b'\n', &mut line) {
                    Ok(n) if 0 < n => {}
                    _ => return,
                }
                if sender.send((stream, String::from_utf8_lossy(&line).into_owned())).is_err() {
                    return;
                }
            }
        });
    }
    Running { child, lines, start: Instant::now(), out: String::new(), err: String::new() }
}

/// Runs the program in a folder to its end.
#[track_caller]
pub(crate) fn throughline(folder: &Path, args: &[&str]) -> Outcome {
    start(folder, args).wait(LONGEST)
}

pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A server on loopback that answers each request for a path with what `reply` says; gives its address. What has
/// no type wants money first, and says whom it knows.
///
/// One function on a socket: a server library was weighed, and would be the only user of an asynchronous runtime here.
pub(crate) fn serve(reply: impl Fn(&str, &[u8]) -> (&'static str, Vec<u8>) + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let reply = Arc::new(reply);
    // It ends with the test's process.
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let reply = reply.clone();
            std::thread::spawn(move || answer(stream, &*reply));
        }
    });
    address
}

fn answer(mut stream: TcpStream, reply: &impl Fn(&str, &[u8]) -> (&'static str, Vec<u8>)) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let (mut first, mut length, mut known) = (String::new(), 0, String::new());
    reader.read_line(&mut first).ok()?;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
        if let Some((_, value)) = line.split_once(':').filter(|(name, _)| name.eq_ignore_ascii_case("authorization")) {
            value.trim().clone_into(&mut known);
        }
        if line.trim().is_empty() {
            break;
        }
    }
    let mut asked = Vec::new();
    reader.take(length).read_to_end(&mut asked).ok()?;
    let (kind, body) = reply(first.split_whitespace().nth(1)?, &asked);
    let (status, body) = match kind {
        "" => ("402 Payment Required", format!("{{ \"error\": {{ \"message\": \"no credit for {known}\" }} }}").into()),
        _ => ("200 OK", body),
    };
    let head = format!("HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {}\r\n", body.len());
    stream.write_all(format!("{head}connection: close\r\n\r\n").as_bytes()).ok()?;
    stream.write_all(&body).ok()
}

/// Copies a folder with everything in it but stores.
pub(crate) fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let (path, target) = entry.map(|entry| (entry.path(), to.join(entry.file_name()))).unwrap();
        if !path.is_dir() {
            fs::copy(&path, &target).unwrap();
        } else if path.file_name().is_some_and(|name| name != ".throughline") {
            copy_folder(&path, &target);
        }
    }
}

/// Every file below a folder, relative to it, sorted.
pub(crate) fn listing(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(at) = folders.pop() {
        for entry in fs::read_dir(at).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push(path.strip_prefix(folder).unwrap().to_owned());
            }
        }
    }
    found.sort();
    found
}

/// Started once; none, with a message, where GStreamer or an element of it is not installed.
pub(crate) fn gst() -> Option<Gst> {
    static GST: OnceLock<Option<Gst>> = OnceLock::new();
    *GST.get_or_init(|| match Gst::new() {
        Ok(gst) => Some(gst),
        Err(diagnostic) => {
            // Written past the test harness, which would swallow it: a skipped test must be visible.
            let _ = writeln!(std::io::stderr(), "SKIPPED: {diagnostic}");
            None
        }
    })
}

/// The number of frames that a video file holds, counted.
#[track_caller]
pub(crate) fn n_frames(gst: &Gst, folder: &Path, file: &str) -> u64 {
    let scratch = tempfile::tempdir().unwrap();
    let store = ScratchFolder::new(scratch.path());
    let cx = JobCx { artifacts: &store, cancel: Cancel::default(), progress: &|_| {}, project: folder };
    let import = Import { kind: ImportKind::Clip, path: file.to_owned(), content: None, rate: None };
    let job = Job { key: Digest::of(b"count"), work: Work::Import(import), model: None };
    match gst.run(&job, &cx).unwrap().remove(0).1 {
        Value::Clip(clip) => clip.n_frames(),
        other => panic!("{file} is not a clip: {other:?}"),
    }
}
