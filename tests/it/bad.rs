//! Damaged inputs: whatever stands in a file, the program says what is wrong and where, quickly, and breaks nothing.
//!
//! `tests/bad/EXPECT.txt` says what it must answer. Each input gets a process of its own, so that one which breaks the
//! program or holds it up is known by name.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::helpers::{Outcome, copy_folder, gst, listing, root, start};

/// No input may hold the program up for longer.
const LIMIT: Duration = Duration::from_secs(10);

/// One row of the table.
struct Row {
    /// Below `tests/bad`.
    path: String,
    code: i32,
    words: Vec<String>,
}

impl Row {
    fn file(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }
}

/// The rows of a folder.
fn rows(folder: &str) -> Vec<Row> {
    let text = fs::read_to_string(root().join("tests/bad/EXPECT.txt")).unwrap();
    let lines = text.lines().filter(|line| line.starts_with(&format!("{folder}/")));
    let row = |line: &str| {
        let mut parts = line.splitn(3, '|').map(str::trim);
        let mut part = || parts.next().unwrap_or_else(|| panic!("three columns: {line}"));
        let (path, code, words) = (part(), part(), part());
        let words = words.split(',').map(|word| word.trim().to_lowercase()).filter(|word| !word.is_empty());
        Row { path: path.to_owned(), code: code.parse().unwrap(), words: words.collect() }
    };
    lines.map(row).collect()
}

/// What is wrong with how the program answered, if anything.
fn judge(row: &Row, outcome: &Outcome) -> Option<String> {
    let said = format!("{}{}", outcome.out, outcome.err).to_lowercase();
    let missing: Vec<&String> = row.words.iter().filter(|word| !said.contains(*word)).collect();
    let raw = said.chars().any(|c| c.is_control() && c != '\n' && c != '\t');
    let wrong = [
        (outcome.code != Some(row.code)).then(|| format!("exit {:?}, not {}", outcome.code, row.code)),
        (!missing.is_empty()).then(|| format!("it does not say {missing:?}")),
        said.contains("panicked").then(|| "it panicked".to_owned()),
        raw.then(|| "it prints control characters".to_owned()),
        (20_000 < said.len()).then(|| format!("it prints {} bytes", said.len())),
        (row.code == 0 && row.words.is_empty() && said.contains("error[")).then(|| "an error".to_owned()),
        (row.code != 0 && !said.contains("error[")).then(|| "no error is shown".to_owned()),
    ];
    let wrong: Vec<String> = wrong.into_iter().flatten().collect();
    (!wrong.is_empty()).then(|| format!("{}: {}\n{said}", row.path, wrong.join("; ")))
}

/// Asks the program about each row and compares; `args` names what it is asked. Gives the diagnosed rows.
#[track_caller]
fn check(rows: &[Row], folder: &Path, args: impl Fn(&Row) -> Vec<String>) -> BTreeSet<String> {
    assert!(!rows.is_empty(), "the table is gone");
    let before = listing(folder);
    let mut diagnosed = BTreeSet::new();
    let mut wrong = Vec::new();
    for row in rows {
        let args = args(row);
        let outcome = start(folder, &args.iter().map(String::as_str).collect::<Vec<_>>()).wait(LIMIT);
        wrong.extend(judge(row, &outcome));
        if outcome.err.contains("--> ") {
            diagnosed.insert(row.path.clone());
        }
    }
    // A run remembers what was in its graph's media, in a file beside the graph.
    let is_own = |path: &PathBuf| !path.starts_with(".throughline") && !path.to_string_lossy().ends_with(".ids.ron");
    let after: Vec<_> = listing(folder).into_iter().filter(is_own).collect();
    assert!(wrong.is_empty(), "{} of {} rows:\n{}", wrong.len(), rows.len(), wrong.join("\n"));
    assert_eq!(after, before, "nothing is left beside the inputs");
    diagnosed
}

#[test]
fn damaged_graphs_are_diagnosed_in_their_place() {
    let folder = tempfile::tempdir().unwrap();
    copy_folder(&root().join("tests/bad/graphs"), folder.path());
    let rows = rows("graphs");
    let diagnosed = check(&rows, folder.path(), |row| vec!["check".to_owned(), row.file().to_owned()]);
    assert!(40 <= diagnosed.len(), "{} of {} name the place", diagnosed.len(), rows.len());
    let silent: Vec<&str> =
        rows.iter().filter(|row| row.code != 0 && !diagnosed.contains(&row.path)).map(Row::file).collect();
    assert_eq!(silent, ["not_utf8.ron", "utf16.ron"], "these have no place that can be shown but in words");
    // A document that cannot be run is refused as such, before anything is made.
    for row in rows.iter().filter(|row| row.code == 2).step_by(8) {
        let refused = start(folder.path(), &["run", row.file()]).wait(LIMIT).expect(2);
        assert_eq!(refused.out, "", "{}", row.path);
    }
    assert!(!folder.path().join(".throughline").exists(), "nothing ran, so there is no store");
}

#[test]
fn damaged_scripts_are_diagnosed_in_their_place() {
    let folder = tempfile::tempdir().unwrap();
    copy_folder(&root().join("tests/bad/scripts"), folder.path());
    let rows = rows("scripts");
    for row in &rows {
        let graph = format!(
            r#"(
    throughline: 1,
    nodes: {{
        "script": (kind: "structure.script", version: 1, params: {{ "file": "{}" }}),
        "shots": (kind: "structure.breakdown", version: 1, params: {{}}),
    }},
    links: {{ "shots.script": "script.script" }},
)
"#,
            row.file()
        );
        fs::write(folder.path().join(row.file()).with_extension("ron"), graph).unwrap();
    }
    let diagnosed = check(&rows, folder.path(), |row| {
        vec!["check".to_owned(), Path::new(row.file()).with_extension("ron").display().to_string()]
    });
    assert!(14 <= diagnosed.len(), "{diagnosed:?}");
}

/// Imports each file of the given kinds and puts it out again.
#[track_caller]
fn check_media(extensions: &[&str], output: &str, nodes: &str) {
    if gst().is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    copy_folder(&root().join("tests/bad/media"), folder.path());
    let rows: Vec<Row> = rows("media")
        .into_iter()
        .filter(|row| extensions.iter().any(|extension| row.path.ends_with(&format!(".{extension}"))))
        .collect();
    for row in &rows {
        let graph = format!("(\n    throughline: 1,\n    settings: (size: (64, 36), fps: (12, 1)),\n{nodes})\n");
        fs::write(folder.path().join(format!("{}.ron", row.file())), graph.replace("FILE", row.file())).unwrap();
        // A place for the outputs that are made after all.
        fs::create_dir_all(folder.path().join(".throughline")).unwrap();
    }
    let diagnosed = check(&rows, folder.path(), |row| {
        let file = row.file();
        let output = format!(".throughline/{file}.{output}");
        vec!["run".to_owned(), format!("{file}.ron"), "-o".to_owned(), output]
    });
    let failing = rows.iter().filter(|row| row.code != 0).count();
    assert_eq!(diagnosed.len(), failing, "each failure names its node: {diagnosed:?}");
}

#[test]
fn damaged_clips_are_diagnosed_by_name() {
    check_media(
        &["mp4"],
        "mp4",
        r#"    nodes: {
        "footage": (kind: "import.clip", version: 1, params: { "file": "FILE" }),
        "out": (kind: "output.film", version: 1, params: { "file": "made.mp4" }),
    },
    links: { "out.clips": "footage.clip" },
"#,
    );
}

#[test]
fn damaged_pictures_are_diagnosed_by_name() {
    check_media(
        &["png", "jpg", "webp", "gif", "svg"],
        "png",
        r#"    nodes: {
        "picture": (kind: "import.image", version: 1, params: { "file": "FILE" }),
        "out": (kind: "output.still", version: 1, params: { "file": "made.png" }),
    },
    links: { "out.image": "picture.image" },
"#,
    );
}

#[test]
fn damaged_sounds_are_diagnosed_by_name() {
    check_media(
        &["wav"],
        "mp4",
        r##"    nodes: {
        "picture": (kind: "model.video", version: 1, params: { "prompt": "dusk", "seconds": 0.2 }),
        "sound": (kind: "import.audio", version: 1, params: { "file": "FILE" }),
        "out": (kind: "output.film", version: 1, params: { "file": "made.mp4" }),
    },
    links: { "out.clips": "picture.clip", "out.music": "sound.audio" },
"##,
    );
}
