//! Rules for one source file, on text whose comments and literals have been told apart from its code.
//!
//! Knows the little of Rust's grammar that this takes, not its syntax tree: a parser crate would have to follow every
//! edition for six rules.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::Finding;

const MAX_LINES: usize = 800;

/// A file's code and comments, each as long as the text and blank where the other stands, and its test code.
struct Source {
    code: String,
    comments: String,
    tests: Vec<Range<usize>>,
}

impl Source {
    fn new(text: &str) -> Source {
        let (code, comments) = split(text);
        let tests = test_regions(&code);
        Source { code, comments, tests }
    }

    fn is_test(&self, offset: usize) -> bool {
        self.tests.iter().any(|range| range.contains(&offset))
    }

    /// Modules that are declared `#[cfg(test)] mod name;`.
    fn test_modules(&self) -> impl Iterator<Item = &str> {
        self.tests.iter().filter_map(|range| {
            let declaration = self.code[range.clone()].strip_suffix(';')?;
            let (before, name) = declaration.rsplit_once(char::is_whitespace)?;
            before.trim_end().ends_with("mod").then_some(name)
        })
    }
}

/// Files that are compiled for tests only: below `tests` or `benches`, or declared so by the module above.
pub(super) fn test_files(texts: &BTreeMap<String, String>) -> BTreeSet<String> {
    let mut found: BTreeSet<String> =
        texts.keys().filter(|file| file.split('/').any(|part| part == "tests" || part == "benches")).cloned().collect();
    let mut folders = Vec::new();
    for (file, text) in texts {
        let (folder, name) = file.rsplit_once('/').unwrap_or(("", file));
        let below = match name {
            "lib.rs" | "main.rs" | "mod.rs" => folder.to_owned(),
            _ => file.trim_end_matches(".rs").to_owned(),
        };
        for module in Source::new(text).test_modules() {
            folders.push(format!("{below}/{module}"));
        }
    }
    for folder in folders {
        let (file, inside) = (format!("{folder}.rs"), format!("{folder}/"));
        found.extend(texts.keys().filter(|path| **path == file || path.starts_with(&inside)).cloned());
    }
    found
}

/// Checks one file; `only_tests` is whether it is compiled for tests only.
pub(super) fn check(file: &str, text: &str, only_tests: bool) -> Vec<Finding> {
    let source = Source::new(text);
    let mut findings = Vec::new();
    let mut find = |offset: usize, what: String, why: &'static str| {
        let line = 1 + text[..offset].matches('\n').count();
        findings.push(Finding::new(file, line, what, why));
    };
    if !text.starts_with("//!") {
        find(0, "the file does not begin with `//!`".into(), "a reader learns first what it is and must not know");
    }
    let lines = text.lines().count();
    if MAX_LINES < lines {
        find(0, format!("the file has {lines} lines, more than {MAX_LINES}"), "long files hide their parts");
    }
    for name in ["todo!", "unimplemented!", "dbg!"] {
        for (offset, _) in words(&source.code, name) {
            find(offset, format!("`{name}` is left"), "unfinished work sits behind a flag, not in the program");
        }
    }
    for name in ["TODO", "FIXME", "XXX"] {
        for (offset, rest) in words(&source.comments, name) {
            let reason = rest.strip_prefix('(').and_then(|rest| rest.split_once(')')).map_or("", |(reason, _)| reason);
            if reason.trim().is_empty() {
                find(offset, format!("`{name}` has no reason"), "write `TODO(until what holds): ...` or do it now");
            }
        }
    }
    for (offset, _) in source.code.match_indices(".unwrap()") {
        if !only_tests && !source.is_test(offset) {
            find(
                offset,
                "`.unwrap()` outside tests".into(),
                "panics are for bugs: return an error or say why it holds",
            );
        }
    }
    for (offset, rest) in words(&source.code, "use") {
        let import = rest.split(';').next().unwrap_or(rest);
        let glob = import.contains('*') && rest.starts_with(char::is_whitespace) && !is_fair_glob(text, offset, import);
        if glob && !only_tests && !source.is_test(offset) {
            find(offset, format!("glob import `use{import}`"), "a name must be found by searching for it");
        }
    }
    findings.sort_by_key(|finding| finding.line);
    findings
}

/// Globs that are meant to be: another crate's prelude, which is its traits, and an enum's variants inside one function
/// (`use PortType::*;`), where a long match reads better.
fn is_fair_glob(text: &str, offset: usize, import: &str) -> bool {
    let Some(path) = import.trim().strip_suffix("::*") else { return false };
    let (crate_name, last) = (path.split("::").next().unwrap_or(path), path.rsplit("::").next().unwrap_or(path));
    let foreign_prelude = last == "prelude" && !["crate", "self", "super", "prelude"].contains(&crate_name);
    foreign_prelude || text[..offset].ends_with("    ") && last.starts_with(|c: char| c.is_ascii_uppercase())
}

/// Where `word` stands by itself, with what follows it.
fn words<'a>(text: &'a str, word: &'a str) -> impl Iterator<Item = (usize, &'a str)> {
    text.match_indices(word).filter_map(move |(offset, _)| {
        let inside = |c: char| c.is_alphanumeric() || c == '_';
        let rest = &text[offset + word.len()..];
        let alone = !text[..offset].ends_with(inside) && (word.ends_with('!') || !rest.starts_with(inside));
        alone.then_some((offset, rest))
    })
}

/// Separates code from comments; literals are blank in both. Lines and offsets stay as they were.
fn split(text: &str) -> (String, String) {
    let bytes = text.as_bytes();
    let blank: Vec<u8> = bytes.iter().map(|byte| if *byte == b'\n' { b'\n' } else { b' ' }).collect();
    let (mut code, mut comments) = (blank.clone(), blank);
    let mut at = 0;
    while at < bytes.len() {
        let (token, length) = token(&bytes[at..], at.checked_sub(1).map(|before| bytes[before]));
        let end = (at + length.max(1)).min(bytes.len());
        match token {
            Token::Code => code[at..end].copy_from_slice(&bytes[at..end]),
            Token::Comment => comments[at..end].copy_from_slice(&bytes[at..end]),
            Token::Literal => {}
        }
        at = end;
    }
    let text = |bytes| String::from_utf8(bytes).expect("tokens end at ASCII characters");
    (text(code), text(comments))
}

#[derive(Debug, PartialEq)]
enum Token {
    Code,
    Comment,
    Literal,
}

/// What `rest` begins with, and its length in bytes.
fn token(rest: &[u8], before: Option<u8>) -> (Token, usize) {
    let in_name = before.is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    match rest {
        [b'/', b'/', ..] => (Token::Comment, rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len())),
        [b'/', b'*', ..] => (Token::Comment, block_comment(rest)),
        [b'"', ..] => (Token::Literal, text_literal(rest)),
        [b'r', b'"' | b'#', ..] if !in_name || before == Some(b'b') || before == Some(b'c') => {
            raw_literal(rest).map_or((Token::Code, 1), |length| (Token::Literal, length))
        }
        [b'\'', b'\\', _, tail @ ..] => {
            (Token::Literal, 3 + tail.iter().position(|byte| *byte == b'\'').map_or(tail.len(), |at| at + 1))
        }
        [b'\'', first, tail @ ..] => {
            // A character may take up to four bytes; a lifetime has no closing quote after one character.
            let more = if first.is_ascii() { 0 } else { tail.iter().take_while(|byte| (**byte >> 6) == 0b10).count() };
            if tail.get(more) == Some(&b'\'') { (Token::Literal, more + 3) } else { (Token::Code, 1) }
        }
        _ => (Token::Code, 1),
    }
}

fn block_comment(rest: &[u8]) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at + 1 < rest.len() {
        match &rest[at..at + 2] {
            b"/*" => (depth, at) = (depth + 1, at + 2),
            b"*/" => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            return at;
        }
    }
    rest.len()
}

fn text_literal(rest: &[u8]) -> usize {
    let mut at = 1;
    while at < rest.len() {
        match rest[at] {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    rest.len()
}

/// The length of `r#"..."#`, or none for a raw name such as `r#type`.
fn raw_literal(rest: &[u8]) -> Option<usize> {
    let hashes = rest[1..].iter().take_while(|byte| **byte == b'#').count();
    if rest.get(1 + hashes) != Some(&b'"') {
        return None;
    }
    let close: Vec<u8> = std::iter::once(b'"').chain(std::iter::repeat_n(b'#', hashes)).collect();
    let start = 2 + hashes;
    let end = rest[start..].windows(close.len()).position(|window| window == close);
    Some(end.map_or(rest.len(), |at| start + at + close.len()))
}

/// Items under `#[cfg(test)]` or `#[test]`, from the attribute to the item's end.
fn test_regions(code: &str) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    for marker in ["#[cfg(test)]", "#[cfg(all(test,", "#[test]"] {
        found.extend(code.match_indices(marker).map(|(start, _)| start..item_end(code, start)));
    }
    if code.contains("#![cfg(test)]") {
        found.push(0..code.len());
    }
    found
}

/// The end of the item whose attributes begin at `start`: its closing brace, or its semicolon.
fn item_end(code: &str, start: usize) -> usize {
    let (mut round, mut curly) = (0_i32, 0_i32);
    for (offset, byte) in code.bytes().enumerate().skip(start) {
        match byte {
            b'(' | b'[' => round += 1,
            b')' | b']' => round -= 1,
            b'{' => curly += 1,
            b'}' => {
                curly -= 1;
                if curly <= 0 && round <= 0 {
                    return offset + 1;
                }
            }
            b';' if round <= 0 && curly == 0 => return offset + 1,
            _ => {}
        }
    }
    code.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The findings of a file that is otherwise fine, as `line: what`.
    fn found(body: &str) -> Vec<String> {
        let text = format!("//! A file.\n{body}");
        check("a.rs", &text, false).iter().map(|finding| format!("{}: {}", finding.line, finding.what)).collect()
    }

    #[test]
    fn a_clean_file_passes() {
        assert_eq!(
            found(
                r##"
                use std::fmt::{self, Debug};
                use gstreamer::prelude::*;
                fn variants() {
                    use PortType::*;
                }
                const A: &str = "todo!() .unwrap() // TODO"; /* use a::*; dbg! */
                const B: &str = r#"use b::*; " .unwrap()"#;
                const C: (char, char, char) = ('"', '\'', 'é');
                fn f<'a>(x: &'a str) -> Option<&'a str> { reuse * x; my_todo!() }
                // TODO(until 1.0 of the format): drop it
                #[cfg(test)]
                mod tests { use super::*; fn g() { f("}").unwrap(); } }
                "##
            ),
            Vec::<String>::new()
        );
    }

    #[test]
    fn each_rule_can_fail() {
        assert_eq!(found("fn f() { todo!() }"), ["2: `todo!` is left"]);
        assert_eq!(found("fn f() { unimplemented!() }"), ["2: `unimplemented!` is left"]);
        assert_eq!(found("\nfn f() { dbg!(1); }"), ["3: `dbg!` is left"]);
        assert_eq!(found("// TODO: later"), ["2: `TODO` has no reason"]);
        assert_eq!(found("/* FIXME( ) */"), ["2: `FIXME` has no reason"]);
        assert_eq!(found("fn f() { g().unwrap(); }"), ["2: `.unwrap()` outside tests"]);
        assert_eq!(found("pub use crate::{a, b::*};"), ["2: glob import `use crate::{a, b::*}`"]);
        assert_eq!(found("use PortType::*;"), ["2: glob import `use PortType::*`"]);
        assert_eq!(found("use crate::prelude::*;"), ["2: glob import `use crate::prelude::*`"]);
        assert_eq!(found("fn f() {\n    use model::*;\n}"), ["3: glob import `use model::*`"]);
        assert_eq!(found(&"\n".repeat(MAX_LINES)), ["1: the file has 801 lines, more than 800"]);
        let headless = check("a.rs", "use std::fmt;\n", false);
        assert_eq!(
            headless[0].to_string(),
            "a.rs:1: the file does not begin with `//!` (a reader learns first what it is and must not know)"
        );
    }

    #[test]
    fn test_code_ends_with_its_item() {
        let body =
            "#[cfg(test)]\nuse a::{b, c};\n#[cfg(test)]\nfn t(x: [u8; 2]) { x.unwrap(); }\nfn f() { g().unwrap(); }";
        assert_eq!(found(body), ["6: `.unwrap()` outside tests"]);
        assert_eq!(found("#[cfg(not(test))]\nfn f() { g().unwrap(); }"), ["3: `.unwrap()` outside tests"]);
    }

    #[test]
    fn test_files_are_found_by_folder_and_declaration() {
        let file = |path: &str, text: &str| (path.to_owned(), text.to_owned());
        let texts = BTreeMap::from([
            file("nodes/lib.rs", "#[cfg(test)]\nmod testing;\nmod image_crop;"),
            file("nodes/testing.rs", ""),
            file("nodes/testing/answers.rs", ""),
            file("nodes/image_crop.rs", "#[cfg(test)]\n#[path = \"x\"]\nmod cases;"),
            file("nodes/image_crop/cases.rs", ""),
            file("src/tests.rs", ""),
            file("tests/it/main.rs", ""),
        ]);
        let found: Vec<String> = test_files(&texts).into_iter().collect();
        let wanted = ["nodes/image_crop/cases.rs", "nodes/testing.rs", "nodes/testing/answers.rs", "tests/it/main.rs"];
        assert_eq!(found, wanted);
    }
}
