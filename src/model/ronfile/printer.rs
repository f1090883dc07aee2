//! The canonical form of a graph file.
//!
//! Rows of a section stand on lines of their own, a row on one line where it is short, so that a small change is a
//! small diff. The `ron` crate's pretty printer decides by nesting depth alone and would give each node ten lines.

use indexmap::IndexMap;

use super::scanner::{is_ident, is_raw_ident};
use crate::Data;

/// The longest line, in characters, that a row is put on.
const WIDTH: usize = 120;
const STEP: &str = "    ";

/// Which part of a file a value is; decides where its lines break.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layout {
    Document,
    /// A section whose rows are nodes.
    Nodes,
    /// A section with one row per line.
    Rows,
    /// The same; a single short row stays on the section's line.
    FewRows,
    Node,
    /// Anything else: on one line where it is short.
    Plain,
}

impl Layout {
    /// The layout of a member.
    pub(crate) fn inside(self, key: &str) -> Layout {
        match (self, key) {
            (Layout::Document, "nodes") => Layout::Nodes,
            (Layout::Document, "links") => Layout::Rows,
            (Layout::Document, "takes" | "layout") => Layout::FewRows,
            (Layout::Nodes, _) => Layout::Node,
            _ => Layout::Plain,
        }
    }
}

/// Appends canonical text; `newline` is the file's line end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Printer<'a> {
    pub(crate) newline: &'a str,
}

impl Printer<'_> {
    /// Appends a value whose line starts with `indent`.
    pub(crate) fn value(self, out: &mut String, data: &Data, layout: Layout, indent: &str) {
        match layout {
            Layout::Document => self.document(out, data, indent),
            Layout::Nodes | Layout::Rows => self.broken(out, data, layout, indent),
            Layout::FewRows => {
                let single = data.as_fields().is_none_or(|rows| rows.len() < 2);
                if !(single && self.on_one_line(out, data)) {
                    self.broken(out, data, layout, indent);
                }
            }
            Layout::Node => {
                if !self.on_one_line(out, data) {
                    self.node(out, data, indent);
                }
            }
            Layout::Plain => {
                if !self.on_one_line(out, data) {
                    self.broken(out, data, layout, indent);
                }
            }
        }
    }

    /// Appends the value if it fits the rest of the line, with a comma after it.
    fn on_one_line(self, out: &mut String, data: &Data) -> bool {
        if holds_lines(data) {
            return false;
        }
        let start = out.len();
        let room = WIDTH.saturating_sub(column(out) + 1);
        // A character takes at most four bytes: beyond that there is no need to look further.
        if flat(data, out, start + room * 4) && out[start..].chars().count() <= room {
            return true;
        }
        out.truncate(start);
        false
    }

    fn document(self, out: &mut String, data: &Data, indent: &str) {
        let Data::Struct(_, sections) = data else { return self.broken(out, data, Layout::Plain, indent) };
        let inside = format!("{indent}{STEP}");
        let as_struct = sections.keys().all(|key| is_name(key));
        out.push(if as_struct { '(' } else { '{' });
        for (key, section) in sections {
            let optional = matches!(key.as_str(), "takes" | "layout");
            if optional && section.as_fields().is_some_and(IndexMap::is_empty) {
                continue;
            }
            self.line(out, &inside);
            self.key(out, key, !as_struct);
            self.value(out, section, Layout::Document.inside(key), &inside);
            out.push(',');
        }
        self.line(out, indent);
        out.push(if as_struct { ')' } else { '}' });
    }

    /// A node that does not fit a line: its fields follow one another, parameters take a line each.
    fn node(self, out: &mut String, data: &Data, indent: &str) {
        let Data::Struct(None, fields) = data else { return self.broken(out, data, Layout::Plain, indent) };
        if !fields.keys().all(|key| is_name(key)) {
            return self.broken(out, data, Layout::Plain, indent);
        }
        out.push('(');
        for (i, (key, value)) in fields.iter().enumerate() {
            if 0 < i {
                out.push_str(", ");
            }
            self.key(out, key, false);
            match value {
                Data::Map(params) if key == "params" && !params.is_empty() => {
                    self.broken(out, value, Layout::Plain, indent);
                }
                _ => self.value(out, value, Layout::Plain, indent),
            }
        }
        out.push(')');
    }

    /// One member per line; what has no members as it is.
    fn broken(self, out: &mut String, data: &Data, layout: Layout, indent: &str) {
        match data {
            Data::Text(text) => self.text(out, text),
            Data::Named(name, Some(items)) if !items.is_empty() => {
                push_name(out, name);
                self.items(out, items, ['(', ')'], indent);
            }
            Data::List(items) if !items.is_empty() => self.items(out, items, ['[', ']'], indent),
            Data::Tuple(items) if !items.is_empty() => self.items(out, items, ['(', ')'], indent),
            Data::Map(fields) | Data::Struct(_, fields) if !fields.is_empty() => {
                let as_map = is_map(data);
                if let (Data::Struct(Some(name), _), false) = (data, as_map) {
                    push_name(out, name);
                }
                let inside = format!("{indent}{STEP}");
                out.push(if as_map { '{' } else { '(' });
                for (key, value) in fields {
                    self.line(out, &inside);
                    self.key(out, key, as_map);
                    self.value(out, value, layout.inside(key), &inside);
                    out.push(',');
                }
                self.line(out, indent);
                out.push(if as_map { '}' } else { ')' });
            }
            _ => {
                flat(data, out, usize::MAX);
            }
        }
    }

    fn items(self, out: &mut String, items: &[Data], brackets: [char; 2], indent: &str) {
        let inside = format!("{indent}{STEP}");
        out.push(brackets[0]);
        for item in items {
            self.line(out, &inside);
            self.value(out, item, Layout::Plain, &inside);
            out.push(',');
        }
        self.line(out, indent);
        out.push(brackets[1]);
    }

    /// A text of several lines stands raw, so that a changed line is a changed line.
    fn text(self, out: &mut String, text: &str) {
        if !is_raw(text) {
            return push_text(out, text);
        }
        let longest = text.split('"').skip(1).map(|rest| rest.bytes().take_while(|byte| *byte == b'#').count()).max();
        let hashes = "#".repeat(longest.map_or(1, |n| n + 1));
        out.push('r');
        out.push_str(&hashes);
        out.push('"');
        if self.newline == "\n" {
            out.push_str(text);
        } else {
            out.push_str(&text.replace('\n', self.newline));
        }
        out.push('"');
        out.push_str(&hashes);
    }

    /// A key with its colon.
    pub(crate) fn key(self, out: &mut String, key: &str, in_map: bool) {
        if in_map {
            push_text(out, key);
        } else {
            push_name(out, key);
        }
        out.push_str(": ");
    }

    /// Starts a line.
    pub(crate) fn line(self, out: &mut String, indent: &str) {
        out.push_str(self.newline);
        out.push_str(indent);
    }
}

/// Appends a value on one line; stops with `false` once `out` is longer than `limit` bytes.
pub(crate) fn flat(data: &Data, out: &mut String, limit: usize) -> bool {
    if limit < out.len() {
        return false;
    }
    match data {
        Data::Unit => out.push_str("()"),
        Data::Flag(flag) => out.push_str(if *flag { "true" } else { "false" }),
        Data::Integer(integer) => out.push_str(&integer.to_string()),
        // Rust's debug form is the shortest that reads back the same.
        Data::Number(number) => out.push_str(&format!("{number:?}")),
        Data::Char(c) => push_char(out, *c),
        Data::Text(text) => push_text(out, text),
        Data::List(items) => return flat_items(items, ['[', ']'], out, limit),
        Data::Tuple(items) => return flat_items(items, ['(', ')'], out, limit),
        Data::Named(name, items) => {
            push_name(out, name);
            if let Some(items) = items {
                return flat_items(items, ['(', ')'], out, limit);
            }
        }
        Data::Map(fields) | Data::Struct(_, fields) => {
            let as_map = is_map(data);
            if let (Data::Struct(Some(name), _), false) = (data, as_map) {
                push_name(out, name);
            }
            let [open, close] = if as_map { ["{ ", " }"] } else { ["(", ")"] };
            if fields.is_empty() {
                out.push_str(open.trim_end());
                out.push_str(close.trim_start());
                return true;
            }
            out.push_str(open);
            for (i, (key, value)) in fields.iter().enumerate() {
                if 0 < i {
                    out.push_str(", ");
                }
                if as_map {
                    push_text(out, key);
                } else {
                    push_name(out, key);
                }
                out.push_str(": ");
                if !flat(value, out, limit) {
                    return false;
                }
            }
            out.push_str(close);
        }
    }
    out.len() <= limit
}

fn flat_items(items: &[Data], brackets: [char; 2], out: &mut String, limit: usize) -> bool {
    out.push(brackets[0]);
    for (i, item) in items.iter().enumerate() {
        if 0 < i {
            out.push_str(", ");
        }
        if !flat(item, out, limit) {
            return false;
        }
    }
    out.push(brackets[1]);
    out.len() <= limit
}

/// Whether fields stand in braces: a map, or a struct with a key that cannot be a name.
fn is_map(data: &Data) -> bool {
    match data {
        Data::Struct(_, fields) => !fields.keys().all(|key| is_name(key)),
        _ => true,
    }
}

/// Whether a struct can have a field of this name.
pub(crate) fn is_name(name: &str) -> bool {
    is_ident(name) || is_raw_ident(name)
}

fn push_name(out: &mut String, name: &str) {
    // `inf` reads as a number.
    if !is_ident(name) || name == "inf" {
        out.push_str("r#");
    }
    out.push_str(name);
}

/// Whether a text within the value is printed raw, over several lines.
fn holds_lines(data: &Data) -> bool {
    match data {
        Data::Text(text) => is_raw(text),
        Data::List(items) | Data::Tuple(items) | Data::Named(_, Some(items)) => items.iter().any(holds_lines),
        Data::Map(fields) | Data::Struct(_, fields) => fields.values().any(holds_lines),
        _ => false,
    }
}

/// Raw text shows everything as it is: not where that would be invisible or lost on the way through an editor.
fn is_raw(text: &str) -> bool {
    text.contains('\n')
        && text.chars().all(|c| matches!(c, '\n' | '\t') || !is_hidden(c))
        && !text.contains(" \n")
        && !text.contains("\t\n")
}

/// Characters that a reader of the file could not see, or that reorder what they see.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

fn push_char(out: &mut String, c: char) {
    out.push('\'');
    match c {
        '\'' => out.push_str("\\'"),
        c => push_escaped(out, c),
    }
    out.push('\'');
}

fn push_text(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            c => push_escaped(out, c),
        }
    }
    out.push('"');
}

fn push_escaped(out: &mut String, c: char) {
    match c {
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        '\\' => out.push_str("\\\\"),
        // Joins what is one sign to people, such as families and flags.
        '\u{200d}' => out.push(c),
        c if is_hidden(c) => out.push_str(&format!("\\u{{{:x}}}", u32::from(c))),
        c => out.push(c),
    }
}

/// Characters on the last line, or more than a line holds; looks at its end only.
fn column(out: &str) -> usize {
    let mut from = out.len().saturating_sub(WIDTH * 4);
    while !out.is_char_boundary(from) {
        from -= 1;
    }
    match out[from..].rfind('\n') {
        Some(at) => out[from + at + 1..].chars().count(),
        None if from == 0 => out.chars().count(),
        None => WIDTH,
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;
    use crate::ronfile::reader::read;

    #[track_caller]
    fn check(text: &str, layout: Layout, expect: Expect) {
        let data = read(text).unwrap().root.to_data();
        let mut out = String::new();
        Printer { newline: "\n" }.value(&mut out, &data, layout, "");
        assert_eq!(read(&out).unwrap().root.to_data(), data);
        expect.assert_eq(&out);
    }

    #[test]
    fn values_on_one_line() {
        check(
            "(a:[1,2.50,-0.0,1e300],b:{\"k\":'x'},c:Name(1),d:Some,e:(),f:{},g:[],r#in-x:\"\\u{202e}\\t\")",
            Layout::Plain,
            expect![[
                r#"(a: [1, 2.5, -0.0, 1e300], b: { "k": 'x' }, c: Name(1), d: Some, e: (), f: {}, g: [], r#in-x: "\u{202e}\t")"#
            ]],
        );
    }

    #[test]
    fn a_long_node_takes_a_line_per_parameter() {
        let text = r##"(kind: "prompt.text", version: 1, params: {"text": r#"A "lamp"#,
"#turns.
"#, "short": 1, "list": ["aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb", "c"]}, tint: "red")"##;
        let text = text.replace("A \"lamp\"#,\n\"#turns", "A lamp\nturns");
        check(
            &text,
            Layout::Node,
            expect![[r##"
            (kind: "prompt.text", version: 1, params: {
                "text": r#"A lamp
            turns.
            "#,
                "short": 1,
                "list": [
                    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
                    "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb",
                    "c",
                ],
            }, tint: "red")"##]],
        );
    }

    #[test]
    fn raw_texts_find_enough_hashes_or_are_escaped() {
        let printed = |text: &str| {
            let mut out = String::new();
            Printer { newline: "\n" }.value(&mut out, &text.into(), Layout::Plain, "");
            assert_eq!(read(&out).unwrap().root.to_data(), Data::from(text));
            out
        };
        assert_eq!(printed("a\n\"##b"), "r###\"a\n\"##b\"###");
        assert_eq!(printed("a \nb"), "\"a \\nb\"");
        assert_eq!(printed("a\r\nb"), "\"a\\r\\nb\"");
    }
}
