//! The editor from outside: a real window under Xvfb, driven by keyboard and mouse only, from nothing to a saved graph.
//!
//! Skipped, and saying so, where Xvfb or xdotool is missing. Waiting goes through xdotool, which sleeps in its own
//! process; every wait has an end.

// A test that is skipped must say so.
#![allow(clippy::print_stderr)]

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// A screen of its own with the editor on it.
struct Desktop {
    screen: Child,
    editor: Child,
    display: String,
    home: tempfile::TempDir,
}

impl Desktop {
    /// None where the machine has no Xvfb or no xdotool.
    fn start() -> Option<Desktop> {
        let has = |program: &str| Command::new(program).arg("-version").output().is_ok();
        if !has("Xvfb") || !has("xdotool") {
            return None;
        }
        let home = tempfile::tempdir().unwrap();
        let mut screen = Command::new("Xvfb")
            .args(["-displayfd", "1", "-screen", "0", "1280x720x24", "-nolisten", "tcp"])
            .current_dir(home.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut number = String::new();
        BufReader::new(screen.stdout.take().unwrap()).read_line(&mut number).unwrap();
        let display = format!(":{}", number.trim());
        let settings = home.path().join("config/throughline");
        fs::create_dir_all(&settings).unwrap();
        fs::write(settings.join("editor.json"), "{\"toured\": true, \"live\": false}").unwrap();
        let editor = Command::new(env!("CARGO_BIN_EXE_throughline"))
            .arg("edit")
            .current_dir(home.path())
            .env("DISPLAY", &display)
            .env("HOME", home.path())
            .env("XDG_CONFIG_HOME", home.path().join("config"))
            .env("XDG_DATA_HOME", home.path().join("data"))
            .env("THROUGHLINE_OWN_DIALOGS", "1")
            .env("LIBGL_ALWAYS_SOFTWARE", "1")
            .env("THROUGHLINE_KEYRING", "off")
            .env_remove("WAYLAND_DISPLAY")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let desktop = Desktop { screen, editor, display, home };
        let opened = (0..120).any(|_| {
            desktop.rest(0.5);
            desktop.xdotool(&["search", "--name", "Throughline", "windowfocus"])
        });
        assert!(opened, "no window opened");
        desktop.rest(1.5);
        Some(desktop)
    }

    /// Runs xdotool; whether it succeeded.
    fn xdotool(&self, arguments: &[&str]) -> bool {
        let mut command = Command::new("xdotool");
        command.args(arguments).current_dir(self.home.path()).env("DISPLAY", &self.display);
        command.stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap().success()
    }

    fn rest(&self, seconds: f64) {
        self.xdotool(&["sleep", &seconds.to_string()]);
    }

    fn key(&self, key: &str) {
        assert!(self.xdotool(&["key", key]));
        self.rest(0.7);
    }

    fn write(&self, text: &str) {
        assert!(self.xdotool(&["type", "--delay", "40", text]));
        self.rest(0.7);
    }

    fn point(&self, (x, y): (u32, u32)) {
        assert!(self.xdotool(&["mousemove", &x.to_string(), &y.to_string()]));
        self.rest(0.3);
    }

    fn click(&self, at: (u32, u32)) {
        self.point(at);
        assert!(self.xdotool(&["click", "1"]));
        self.rest(0.5);
    }

    /// Adds a node of the first kind that these words find, at a place.
    fn add(&self, words: &str, at: (u32, u32)) {
        self.point(at);
        self.key("Tab");
        self.write(words);
        self.key("Return");
    }

    /// Waits for something, half a second at a time.
    #[track_caller]
    fn until(&self, what: &str, seconds: u32, mut is: impl FnMut() -> bool) {
        let there = (0..2 * seconds).any(|_| {
            self.rest(0.5);
            is()
        });
        if !there {
            let picture = std::env::temp_dir().join("throughline-editor.xwd");
            let mut dump = Command::new("xwd");
            dump.args(["-root", "-silent", "-out"]).arg(&picture).current_dir(self.home.path());
            let dumped = dump.env("DISPLAY", &self.display).status();
            panic!("{what} within {seconds} s (screen dumped to {}: {dumped:?})", picture.display());
        }
    }

    /// The bytes of what is on the screen; none where xwd is missing.
    fn screen(&self) -> Option<Vec<u8>> {
        let mut dump = Command::new("xwd");
        dump.args(["-root", "-silent"]).current_dir(self.home.path()).env("DISPLAY", &self.display);
        dump.output().ok().map(|output| output.stdout)
    }

    fn draft(&self) -> PathBuf {
        self.home.path().join("data/throughline/drafts/untitled-1")
    }
}

impl Drop for Desktop {
    fn drop(&mut self) {
        // Either may have ended by itself.
        let _ = self.editor.kill();
        let _ = self.editor.wait();
        let _ = self.screen.kill();
        let _ = self.screen.wait();
    }
}

/// The text in the middle of the inspector for the three nodes that the test adds.
const TEXT_FIELD: (u32, u32) = (1040, 592);

const SAVED: &str = r#"(
    throughline: 1,
    settings: (size: (1280, 720), fps: (24, 1)),
    nodes: {
        "text": (kind: "prompt.text", version: 1, params: { "text": "A lighthouse at dusk" }),
        "video": (kind: "model.video", version: 1, params: {}),
        "film": (kind: "output.film", version: 1, params: {}),
    },
    links: {
        "video.prompt": "text.text",
        "film.clips": "video.clip",
    },
"#;

#[test]
fn a_film_is_built_run_played_and_saved_by_hand() {
    let Some(desktop) = Desktop::start() else {
        eprintln!("skipped: Xvfb or xdotool is missing");
        return;
    };
    desktop.key("ctrl+n");
    desktop.until("a new document is there", 20, || desktop.draft().join("untitled.ron").exists());
    desktop.rest(1.5);
    desktop.add("prompt text", (250, 100));
    desktop.click(TEXT_FIELD);
    desktop.write("A lighthouse at dusk");
    desktop.key("Escape");
    desktop.add("video model", (420, 100));
    desktop.add("film", (640, 100));
    desktop.key("ctrl+shift+Return");
    desktop.until("the film is made", 120, || desktop.draft().join("film.mp4").exists());
    desktop.rest(2.0);
    plays(&desktop);
    // Collapsing the selected node is a change like any other: it is undone, and is not in the file.
    desktop.point((500, 330));
    desktop.key("h");
    desktop.key("ctrl+z");
    desktop.key("ctrl+s");
    let saved = desktop.home.path().join("by_hand.ron");
    desktop.key("ctrl+a");
    desktop.write(&saved.display().to_string());
    desktop.key("Return");
    desktop.until("the graph is saved", 30, || saved.exists());
    let text = fs::read_to_string(&saved).unwrap();
    let (head, layout) = text.split_once("    layout: {").expect("places are saved");
    assert_eq!(head, SAVED);
    assert_eq!(layout.matches("(at: (").count(), 3, "{layout}");
    assert!(!layout.contains("folded") && !layout.contains("collapsed"), "{layout}");
    planned(&saved);
}

/// Space plays: the screen changes while it does, and rests when it is pressed again.
fn plays(desktop: &Desktop) {
    let Some(still) = desktop.screen() else {
        eprintln!("skipped: xwd is missing, nobody can see whether it plays");
        return;
    };
    desktop.key("space");
    desktop.rest(0.5);
    assert!(desktop.screen() != Some(still), "playing changes the picture");
    desktop.key("k");
    // Pictures that were asked for may still arrive; then nothing moves any more.
    let mut seen = desktop.screen();
    desktop.until("paused, it comes to rest", 10, || {
        let before = std::mem::replace(&mut seen, desktop.screen());
        before == seen
    });
}

/// What was saved is a graph that the command line takes.
fn planned(graph: &Path) {
    let checked = Command::new(env!("CARGO_BIN_EXE_throughline"))
        .arg("check")
        .arg(graph)
        .current_dir(graph.parent().unwrap())
        .output()
        .unwrap();
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
}
