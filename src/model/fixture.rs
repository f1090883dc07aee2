//! Graphs in a few lines, for tests here and in the packages above.
//!
//! ```text
//! a: prompt.text text="A lamp" // one line per node: id, kind, parameters as RON, links as input<-output
//! b: model.video@2 prompt<-a.text references<-[x.character, y.character]
//! !take b/s1 3 pinned
//! !size 640 360
//! !fps 25 1
//! ```
//! Builder calls would be longer than what they test.

use crate::ronfile::read_prefix;
use crate::{Document, Feed, Node, PortRef, Rate, TakeChoice};

/// Reads a fixture.
///
/// # Errors
/// The line that cannot be read, and why.
pub fn parse(text: &str) -> Result<Document, String> {
    let mut document = Document::default();
    for line in text.lines() {
        let line = line.trim();
        if line.is_empty() || line.starts_with("//") {
            continue;
        }
        let read = match line.strip_prefix('!') {
            Some(setting) => read_setting(&mut document, setting),
            None => read_node(&mut document, line),
        };
        read.ok_or_else(|| format!("this line of the fixture cannot be read: {line}"))?;
    }
    Ok(document)
}

/// Reads a fixture.
///
/// # Panics
/// Where it cannot be read: a fixture is part of a test.
#[track_caller]
pub fn graph(text: &str) -> Document {
    match parse(text) {
        Ok(document) => document,
        Err(message) => panic!("{message}"),
    }
}

fn read_setting(document: &mut Document, text: &str) -> Option<()> {
    let words: Vec<&str> = text.split_whitespace().collect();
    match words[..] {
        ["take", item, take] => {
            document.takes.insert(item.to_owned(), TakeChoice::of(take.parse().ok()?));
        }
        ["take", item, take, "pinned"] => {
            document.takes.insert(item.to_owned(), TakeChoice::pinned(take.parse().ok()?));
        }
        ["size", width, height] => document.settings.size = (width.parse().ok()?, height.parse().ok()?),
        ["fps", frames, seconds] => document.settings.fps = Rate(frames.parse().ok()?, seconds.parse().ok()?),
        _ => return None,
    }
    Some(())
}

fn read_node(document: &mut Document, line: &str) -> Option<()> {
    let (id, rest) = line.split_once(':')?;
    let rest = rest.trim_start();
    let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
    let (kind, version) = rest[..end].split_once('@').unwrap_or((&rest[..end], "1"));
    let mut node = Node {
        kind: kind.to_owned(),
        version: version.parse().ok()?,
        params: Default::default(),
        unknown: Default::default(),
    };
    let mut rest = rest[end..].trim_start();
    while !rest.is_empty() && !rest.starts_with("//") {
        let name_end = rest.find(|c: char| c != '_' && c != '-' && !c.is_alphanumeric()).filter(|end| 0 < *end)?;
        let (name, after) = rest.split_at(name_end);
        if let Some(value) = after.strip_prefix('=') {
            let (data, end) = read_prefix(value).ok()?;
            node.params.insert(name.to_owned(), data);
            rest = value[end..].trim_start();
        } else {
            let (feed, after) = read_feed(after.strip_prefix("<-")?)?;
            document.links.insert(PortRef::new(id, name), feed);
            rest = after.trim_start();
        }
    }
    document.nodes.insert(id.to_owned(), node).is_none().then_some(())
}

fn read_feed(text: &str) -> Option<(Feed, &str)> {
    if let Some(list) = text.strip_prefix('[') {
        let (list, after) = list.split_once(']')?;
        let names = list.split(',').map(str::trim).filter(|name| !name.is_empty());
        return Some((Feed::Many(names.map(PortRef::parse).collect::<Option<_>>()?), after));
    }
    let end = text.find(char::is_whitespace).unwrap_or(text.len());
    Some((Feed::One(PortRef::parse(&text[..end])?), &text[end..]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Data;

    fn shown(document: &Document) -> Vec<String> {
        let params = |node: &Node| Data::Map(node.params.clone()).to_text();
        let nodes = document.nodes.iter();
        nodes.map(|(id, node)| format!("{id} {} {} {}", node.kind, node.version, params(node))).collect()
    }

    #[test]
    fn a_fixture_says_what_a_file_says() {
        let document = graph(
            r#"
            a: prompt.text text="A lamp: \"x\"" n=3 list=["x", "y"] // a comment
            b: model.video@2 prompt<-a.text references<-[a.x, a.y]
            !take b/s1 3 pinned
            !size 640 360
            !fps 25 1
            "#,
        );
        assert_eq!(
            shown(&document),
            [r#"a prompt.text 1 { "text": "A lamp: \"x\"", "n": 3, "list": ["x", "y"] }"#, "b model.video 2 {}"]
        );
        assert_eq!(document.links[&PortRef::new("b", "prompt")], Feed::One(PortRef::new("a", "text")));
        assert_eq!(document.links[&PortRef::new("b", "references")].sources().len(), 2);
        assert_eq!(document.take("b/s1"), TakeChoice::pinned(3));
        assert_eq!((document.settings.size, document.settings.fps), ((640, 360), Rate(25, 1)));
        let again = Document::parse("a.ron", &document.to_text()).unwrap();
        assert_eq!(again.document, document);
    }

    #[test]
    fn wrong_lines_are_refused() {
        for wrong in ["a", "a: t.t x", "a: t.t x=", "a: t.t x<-b", "a: t.t\na: t.t", "!what", "a: t.t@x"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
