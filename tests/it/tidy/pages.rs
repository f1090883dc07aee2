//! What pages and scripts must say: the README's invariants and commands, the node reference, the list of packages.
//!
//! The invariants are repeated here word for word, so that changing one takes two deliberate edits.

use std::collections::BTreeSet;

use super::{Finding, packages};

/// The architecture's invariants, one sentence each.
const INVARIANTS: &[&str] = &[
    "Arrows are the only allowed imports, enforced by a test (tests/it/tidy.rs).",
    "`model`, `engine` and `nodes` never pull in egui, GStreamer, tokio or reqwest.",
    "The CLI builds without the gui feature.",
    "New packages only at a new dependency wall.",
];

/// The rows of the feature table.
const PROMISES: &[&str] =
    &["Structure", "Continuity", "Workflows", "State", "Orchestration", "State management", "Iteration", "Consistency"];

const COMMANDS: &[&str] = &["./x film", "./x test"];

const README_WHY: &str = "the README is where people learn the architecture, the promises and the two commands";
const LAYOUT_WHY: &str = "the layout in the README and the workspace are the same list";
const REFERENCE_WHY: &str = "the page is generated: throughline nodes --markdown > docs/NODES.md";
const SYSTEM_WHY: &str = "system-packages.txt is the one list, so that people and CI install the same";
const EXPECT_WHY: &str = "a damaged input whose message nobody expects is not tested";

/// Checks sentences, rows and commands of the README.
pub(super) fn check_readme(file: &str, text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut need = |there: bool, what: String| {
        if !there {
            findings.push(Finding::new(file, 1, what, README_WHY));
        }
    };
    for sentence in INVARIANTS {
        need(text.lines().any(|line| line.trim_start_matches("- ") == *sentence), format!("missing line: {sentence}"));
    }
    for promise in PROMISES {
        let row = format!("| {promise} |");
        need(text.lines().any(|line| line.starts_with(&row)), format!("missing row of the feature table: {promise}"));
    }
    for command in COMMANDS {
        need(text.lines().any(|line| line.trim().starts_with(command)), format!("missing command: {command}"));
    }
    findings
}

/// Checks that the README's layout has a line for each member of the workspace, with its arrow.
pub(super) fn check_layout(file: &str, text: &str, members: &[String]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for member in members {
        let name = member.rsplit('/').next().unwrap_or(member);
        let arrow = match packages::ARROWS.iter().find(|(package, _)| *package == name) {
            Some((_, [])) => "-> nothing of ours".to_owned(),
            Some((_, allowed)) => format!("-> {}", allowed.join(", ")),
            None => continue,
        };
        let start = format!("{member}/ ");
        match text.lines().enumerate().find(|(_, line)| line.trim_start().starts_with(&start)) {
            None => findings.push(Finding::new(file, 1, format!("the layout has no line for {member}/"), LAYOUT_WHY)),
            Some((_, line)) if line.ends_with(&arrow) => {}
            Some((number, _)) => {
                let what = format!("the line of {member}/ does not end with `{arrow}`");
                findings.push(Finding::new(file, number + 1, what, LAYOUT_WHY));
            }
        }
    }
    findings
}

/// Compares the node reference with what the declarations give now.
pub(super) fn check_reference(file: &str, page: &str, wanted: &str) -> Vec<Finding> {
    if page == wanted {
        return Vec::new();
    }
    let same = page.lines().zip(wanted.lines()).take_while(|(page, wanted)| page == wanted).count();
    let line = |text: &str| text.lines().nth(same).map_or("the end".to_owned(), |line| format!("`{line}`"));
    let what = format!("it has {} where the declarations give {}", line(page), line(wanted));
    vec![Finding::new(file, same + 1, what, REFERENCE_WHY)]
}

/// Checks that `./x` reads the list, that CI goes through `./x`, and that neither names a package of its own.
pub(super) fn check_system_packages(list: &str, x: &str, ci: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    let rows: Vec<Vec<&str>> = list
        .lines()
        .filter(|line| !line.starts_with('#') && !line.trim().is_empty())
        .map(|line| line.split_whitespace().collect())
        .collect();
    if rows.is_empty() {
        findings.push(Finding::new("system-packages.txt", 1, "the list is empty", SYSTEM_WHY));
    }
    for row in rows
        .iter()
        .filter(|row| row.len() != 5 || !["build", "run", "test", "bench", "fuzz", "judge"].contains(&row[0]))
    {
        let what = format!("the row `{}` is not a need and four names", row.join(" "));
        findings.push(Finding::new("system-packages.txt", 1, what, SYSTEM_WHY));
    }
    for (file, text) in [("x", x), (".ci/run", ci)] {
        if !text.contains("system-packages.txt") {
            findings.push(Finding::new(file, 1, "it does not mention system-packages.txt", SYSTEM_WHY));
        }
        for (number, line) in text.lines().enumerate() {
            let word = |word: &str| {
                rows.iter().any(|row| row.get(1) == Some(&word) && word.contains('-') && word != "pkg-config")
            };
            if let Some(name) = line.split_whitespace().find(|name| word(name)) {
                findings.push(Finding::new(file, number + 1, format!("it names the package {name}"), SYSTEM_WHY));
            }
        }
    }
    if !commands(x).any(|line| line.contains("system-packages.txt")) {
        findings.push(Finding::new("x", 1, "it does not read system-packages.txt", SYSTEM_WHY));
    }
    if !commands(ci).any(|line| line.contains("./x test")) {
        findings.push(Finding::new(".ci/run", 1, "it does not run `./x test`", SYSTEM_WHY));
    }
    findings
}

/// Lines of a shell script that are not comments.
fn commands(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter(|line| !line.trim_start().starts_with('#'))
}

/// The paths of the table of damaged inputs.
pub(super) fn listed_paths(text: &str) -> Vec<String> {
    let rows = text.lines().filter(|line| !line.starts_with('#'));
    rows.filter_map(|line| line.split_once('|')).map(|(path, _)| path.trim().to_owned()).collect()
}

/// Compares the table of damaged inputs with the files.
pub(super) fn check_expectations(file: &str, listed: &[String], there: &BTreeSet<String>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let rows: BTreeSet<String> = listed.iter().cloned().collect();
    if rows.len() != listed.len() {
        findings.push(Finding::new(file, 1, "an input is listed twice", EXPECT_WHY));
    }
    for path in rows.symmetric_difference(there) {
        let what = if rows.contains(path) { "is listed but not there" } else { "is not listed" };
        findings.push(Finding::new(file, 1, format!("{path} {what}"), EXPECT_WHY));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn what(findings: Vec<Finding>) -> Vec<String> {
        findings.into_iter().map(|finding| format!("{}:{}: {}", finding.file, finding.line, finding.what)).collect()
    }

    #[test]
    fn each_line_of_the_readme_is_needed() {
        let rows = PROMISES.iter().map(|promise| format!("| {promise} | it works |\n"));
        let lines = INVARIANTS.iter().map(|line| format!("- {line}\n")).chain(rows);
        let text: String = lines.chain(COMMANDS.iter().map(|command| format!("    {command}\n"))).collect();
        assert_eq!(what(check_readme("R", &text)), Vec::<String>::new());
        for (number, line) in text.lines().enumerate() {
            let without: String =
                text.lines().enumerate().filter(|(at, _)| *at != number).map(|(_, line)| format!("{line}\n")).collect();
            assert_eq!(check_readme("R", &without).len(), 1, "nobody missed: {line}");
        }
        let reworded = text.replace("only allowed imports", "allowed imports");
        assert_eq!(what(check_readme("R", &reworded)), [format!("R:1: missing line: {}", INVARIANTS[0])]);
    }

    #[test]
    fn the_layout_can_fail() {
        let members = ["src/model".to_owned(), "src/media".to_owned()];
        let text = "    src/model/   values    -> nothing of ours\n    src/media/   GStreamer -> engine, model\n";
        assert_eq!(what(check_layout("R", text, &members)), Vec::<String>::new());
        let missing = text.replace("src/model/", "src/modal/");
        assert_eq!(what(check_layout("R", &missing, &members)), ["R:1: the layout has no line for src/model/"]);
        let wrong = text.replace("engine, model", "engine");
        assert_eq!(
            what(check_layout("R", &wrong, &members)),
            ["R:2: the line of src/media/ does not end with `-> engine, model`"]
        );
    }

    #[test]
    fn the_reference_can_be_stale() {
        assert_eq!(what(check_reference("N", "a\nb\n", "a\nb\n")), Vec::<String>::new());
        assert_eq!(what(check_reference("N", "a\nb\n", "a\nc\n")), ["N:2: it has `b` where the declarations give `c`"]);
        assert_eq!(
            what(check_reference("N", "a\n", "a\nb\n")),
            ["N:2: it has the end where the declarations give `b`"]
        );
    }

    #[test]
    fn a_second_list_of_packages_is_found() {
        let list = "# need debian\nrun gstreamer1.0-x a b c\n";
        let (x, ci) = ("awk system-packages.txt\n", "# system-packages.txt\nstep ./x test\n");
        assert_eq!(what(check_system_packages(list, x, ci)), Vec::<String>::new());
        let second = format!("{ci}apt-get install gstreamer1.0-x\n");
        assert_eq!(what(check_system_packages(list, x, &second)), [".ci/run:3: it names the package gstreamer1.0-x"]);
        assert_eq!(
            what(check_system_packages(list, "# system-packages.txt", ci)),
            ["x:1: it does not read system-packages.txt"]
        );
        assert_eq!(
            what(check_system_packages(list, x, "cargo test")),
            [".ci/run:1: it does not mention system-packages.txt", ".ci/run:1: it does not run `./x test`"]
        );
        assert_eq!(
            what(check_system_packages("run one\n", x, ci)),
            ["system-packages.txt:1: the row `run one` is not a need and four names"]
        );
        assert_eq!(what(check_system_packages("# none\n", x, ci)), ["system-packages.txt:1: the list is empty"]);
    }

    #[test]
    fn expectations_and_files_are_the_same_list() {
        let there = BTreeSet::from(["graphs/a.ron".to_owned(), "graphs/b.ron".to_owned()]);
        let listed = listed_paths("# path | words\ngraphs/a.ron | a\ngraphs/c.ron | c\ngraphs/c.ron | c\n");
        assert_eq!(
            what(check_expectations("E", &listed, &there)),
            [
                "E:1: an input is listed twice",
                "E:1: graphs/b.ron is not listed",
                "E:1: graphs/c.ron is listed but not there"
            ]
        );
    }
}
