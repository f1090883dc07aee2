//! The title page: `Key: value` entries at the very top, up to the first blank line.
//!
//! A body that merely starts with `CUT TO:` or `She says: no` must not be eaten, so the first key is either well
//! known or one capitalised word.

use super::scan::Line;
use super::{Element, Kind};

const KNOWN: &[&str] = &[
    "title",
    "credit",
    "author",
    "authors",
    "source",
    "draft date",
    "date",
    "contact",
    "contact info",
    "copyright",
    "notes",
    "revision",
    "format",
    "episode",
    "series",
    "font",
];

/// The entries, and how many lines they take, the blank line after them not included.
pub(super) fn fields(lines: &[Line]) -> (Vec<Element>, usize) {
    let mut fields: Vec<Element> = Vec::new();
    for (idx, line) in lines.iter().enumerate() {
        if line.is_blank() {
            break;
        }
        let first = fields.is_empty();
        if let Some((key, value)) = key_value(&line.text) {
            let continued = lines.get(idx + 1).is_some_and(|next| is_indented(&next.text));
            if first && (!may_open(key) || (value.is_empty() && !continued)) {
                break;
            }
            fields.push(Element {
                kind: Kind::TitleField { key: key.to_owned() },
                span: line.span.clone(),
                text: value.to_owned(),
                hidden: line.hidden.clone(),
            });
            continue;
        }
        match fields.last_mut() {
            Some(last) if is_indented(&line.text) || line.is_hidden() => {
                let text = line.text.trim();
                if !last.text.is_empty() && !text.is_empty() {
                    last.text.push('\n');
                }
                last.text.push_str(text);
                last.span.end = line.span.end;
                last.hidden.end = line.hidden.end;
            }
            _ => break,
        }
    }
    let end = fields.last().map_or(0, |field| field.span.end);
    let n_lines = lines.iter().take_while(|line| line.span.end <= end).count();
    (fields, n_lines)
}

fn key_value(line: &str) -> Option<(&str, &str)> {
    if line.starts_with(' ') {
        return None;
    }
    let (key, value) = line.split_once(':')?;
    let fits = key.len() <= 32
        && key.starts_with(|c: char| c.is_alphabetic())
        && key.chars().all(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_' | '(' | ')'));
    fits.then(|| (key.trim_end(), value.trim()))
}

fn is_indented(line: &str) -> bool {
    line.starts_with("   ") && !line.trim().is_empty()
}

fn may_open(key: &str) -> bool {
    KNOWN.iter().any(|known| known.eq_ignore_ascii_case(key))
        || (!key.contains(' ') && key.contains(|c: char| c.is_lowercase()) && key.starts_with(char::is_uppercase))
}
