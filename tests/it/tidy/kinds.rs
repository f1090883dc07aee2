//! File and table of node kinds: a kind's file has its name, and `ALL` in nodes/lib.rs lists each file once.
//!
//! Reads text only, so that it also sees a file which nobody declared and the compiler therefore never met.

use std::collections::BTreeMap;

use super::Finding;

pub(super) const WHY: &str = "a node is one file named after its kind, one `mod` line and one line in ALL";

/// Checks the files of the `nodes` package, by path.
pub(super) fn check(texts: &BTreeMap<String, String>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let list = texts.get("nodes/lib.rs").map_or("", String::as_str);
    let listed = listed(list);
    for (file, text) in texts {
        let Some(stem) = file.strip_prefix("nodes/").and_then(|name| name.strip_suffix(".rs")) else { continue };
        let Some((line, kind)) = kind(text) else { continue };
        let Some(kind) = kind else {
            findings.push(Finding::new(file, line, "SPEC does not give its kind as a literal", WHY));
            continue;
        };
        if kind.replace('.', "_") != stem {
            findings.push(Finding::new(file, line, format!("kind `{kind}` is not the file's name"), WHY));
        }
        if !well_formed(kind) {
            findings.push(Finding::new(file, line, format!("kind `{kind}` is not `family.noun`"), WHY));
        }
        if !list.lines().any(|line| line.trim_start_matches("pub ") == format!("mod {stem};")) {
            findings.push(Finding::new("nodes/lib.rs", 1, format!("`mod {stem};` is missing"), WHY));
        }
        match listed.iter().filter(|(_, name)| *name == stem).count() {
            1 => {}
            count => {
                let what = format!("`&{stem}::SPEC` stands {count} times in ALL, not once");
                findings.push(Finding::new("nodes/lib.rs", 1, what, WHY));
            }
        }
    }
    for (line, name) in listed {
        if texts.get(&format!("nodes/{name}.rs")).is_none_or(|text| kind(text).is_none()) {
            let what = format!("ALL lists `{name}`, but nodes/{name}.rs declares no SPEC");
            findings.push(Finding::new("nodes/lib.rs", line, what, WHY));
        }
    }
    findings
}

/// The line of a file's `SPEC` and the kind that it gives; none for files that declare no node.
fn kind(text: &str) -> Option<(usize, Option<&str>)> {
    let start = ["const SPEC: NodeSpec", "static SPEC: NodeSpec"].iter().find_map(|name| text.find(name))?;
    let rest = &text[start..];
    let kind = rest.split_once("kind: \"").and_then(|(_, rest)| rest.split_once('"')).map(|(kind, _)| kind);
    let offset = start + rest.find("kind:").unwrap_or(0);
    Some((1 + text[..offset].matches('\n').count(), kind))
}

/// Files that `ALL` lists, with their lines.
fn listed(text: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    let mut inside = false;
    for (number, line) in text.lines().enumerate() {
        inside |= line.contains("const ALL:");
        let entries = if inside { line } else { "" };
        for entry in entries.split(',') {
            let Some((before, _)) = entry.split_once("::SPEC") else { continue };
            let name = before.rsplit(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default();
            found.push((number + 1, name));
        }
        inside &= !line.contains("];");
    }
    found
}

/// `family.noun` in lower case, digits and `_` after the first letter.
fn well_formed(kind: &str) -> bool {
    let word = |word: &str| {
        word.starts_with(|c: char| c.is_ascii_lowercase())
            && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
    };
    kind.split_once('.').is_some_and(|(family, noun)| word(family) && word(noun))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(files: &[(&str, &str)]) -> Vec<String> {
        let texts = files.iter().map(|(file, text)| ((*file).to_owned(), (*text).to_owned())).collect();
        check(&texts).iter().map(|finding| format!("{}:{}: {}", finding.file, finding.line, finding.what)).collect()
    }

    const CROP: &str = "pub(crate) const SPEC: NodeSpec = NodeSpec {\n    kind: \"image.crop\",\n};";
    const LIST: &str = "mod image_crop;\nmod rows;\npub const ALL: &[&NodeSpec] = &[\n    &image_crop::SPEC,\n];\n";

    #[test]
    fn a_listed_file_with_its_kinds_name_passes() {
        let rows = "fn rows() {}";
        assert!(found(&[("nodes/lib.rs", LIST), ("nodes/image_crop.rs", CROP), ("nodes/rows.rs", rows)]).is_empty());
        let one_line = "mod image_crop;\npub const ALL: &[&NodeSpec] = &[&image_crop::SPEC];\nfn f() { &rows::SPEC }";
        assert!(found(&[("nodes/lib.rs", one_line), ("nodes/image_crop.rs", CROP)]).is_empty());
    }

    #[test]
    fn each_rule_can_fail() {
        let other = CROP.replace("image.crop", "image.cut");
        assert_eq!(
            found(&[("nodes/lib.rs", LIST), ("nodes/image_crop.rs", &other)]),
            ["nodes/image_crop.rs:2: kind `image.cut` is not the file's name"]
        );
        assert_eq!(
            found(&[("nodes/lib.rs", "pub const ALL: &[&NodeSpec] = &[];"), ("nodes/image_crop.rs", CROP)]),
            [
                "nodes/lib.rs:1: `mod image_crop;` is missing",
                "nodes/lib.rs:1: `&image_crop::SPEC` stands 0 times in ALL, not once"
            ]
        );
        assert_eq!(
            found(&[("nodes/lib.rs", LIST)]),
            ["nodes/lib.rs:4: ALL lists `image_crop`, but nodes/image_crop.rs declares no SPEC"]
        );
        let computed = CROP.replace("\"image.crop\"", "KIND");
        assert_eq!(
            found(&[("nodes/lib.rs", LIST), ("nodes/image_crop.rs", &computed)]),
            ["nodes/image_crop.rs:2: SPEC does not give its kind as a literal"]
        );
        let upper = CROP.replace("image.crop", "Image.crop");
        let list = LIST.replace("image_crop", "Image_crop");
        assert_eq!(
            found(&[("nodes/lib.rs", &list), ("nodes/Image_crop.rs", &upper)]),
            ["nodes/Image_crop.rs:2: kind `Image.crop` is not `family.noun`"]
        );
    }
}
