//! Complaints about a text, gathered by offset and given their places at the end.
//!
//! A place per complaint as it comes would scan a file again and again; a hostile file has millions of lines.

use super::reader::{Reading, Remark};
use super::scanner::{Fault, cut};
use crate::{Diagnostic, Place};

/// More complaints than this are counted, not shown.
const MAX_SHOWN: usize = 1000;
/// The most characters of a source line that a place quotes.
const MAX_QUOTED: usize = 1000;

/// Complaints about one file.
pub(crate) struct Report<'a> {
    file: &'a str,
    text: &'a str,
    found: Vec<(usize, Diagnostic)>,
}

impl<'a> Report<'a> {
    pub(crate) fn new(file: &'a str, text: &'a str) -> Report<'a> {
        Report { file, text, found: Vec::new() }
    }

    pub(crate) fn add(&mut self, at: usize, diagnostic: Diagnostic) {
        self.found.push((at, diagnostic));
    }

    /// What the reader noticed.
    pub(crate) fn add_remarks(&mut self, reading: &Reading) {
        let mut firsts: Vec<usize> = reading
            .remarks
            .iter()
            .filter_map(|remark| match remark {
                Remark::Twice { first, .. } => Some(*first),
                _ => None,
            })
            .collect();
        firsts.sort_unstable();
        firsts.truncate(MAX_SHOWN);
        let mut places = Places::new(self.file, self.text);
        let firsts: Vec<(usize, (usize, usize))> = firsts.into_iter().map(|at| (at, places.position(at))).collect();
        for remark in &reading.remarks {
            match remark {
                Remark::Twice { key, first, second } => {
                    let message = match firsts.binary_search_by_key(first, |(at, _)| *at) {
                        Ok(i) => {
                            let (line, column) = firsts[i].1;
                            format!("`{}` stands twice; the one on line {line}, column {column} is used", cut(key))
                        }
                        Err(_) => format!("`{}` stands twice; the first is used", cut(key)),
                    };
                    self.add(
                        *second,
                        Diagnostic::error("duplicate-key", message).hint("rename this one, or remove it"),
                    );
                }
                Remark::Rounded { at } => self.add(
                    *at,
                    Diagnostic::warning("number-rounded", "this integer does not fit 64 bits and is rounded")
                        .hint("write it as a text if all digits matter"),
                ),
                Remark::Key { at } => self.add(
                    *at,
                    Diagnostic::warning("key-text", "keys are texts; this one is read as if it had quotes")
                        .hint("put quotes round it"),
                ),
            }
        }
    }

    /// Diagnostics in the order of the file.
    pub(crate) fn finish(mut self) -> Vec<Diagnostic> {
        self.found.sort_by_key(|(at, _)| *at);
        let n_hidden = self.found.len().saturating_sub(MAX_SHOWN);
        let mut places = Places::new(self.file, self.text);
        let mut shown: Vec<Diagnostic> = self
            .found
            .into_iter()
            .take(MAX_SHOWN)
            .map(|(at, diagnostic)| diagnostic.at_place(places.place(at)))
            .collect();
        if 0 < n_hidden {
            shown.push(Diagnostic::info("more-problems", format!("{n_hidden} more problems are not shown")));
        }
        shown
    }
}

/// The diagnostic of an unreadable text.
pub(crate) fn syntax(file: &str, text: &str, fault: Fault) -> Diagnostic {
    let mut places = Places::new(file, text);
    let opened = fault.opened.map(|at| places.position(at));
    let mut diagnostic = Diagnostic::error("ron-syntax", fault.message).at_place(places.place(fault.at));
    diagnostic.hints.extend(fault.hint);
    match opened {
        Some((line, column)) => diagnostic.hint(format!("inside the bracket opened on line {line}, column {column}")),
        None => diagnostic,
    }
}

/// Lines and columns of ascending offsets, in one pass.
struct Places<'a> {
    file: &'a str,
    text: &'a str,
    at: usize,
    line: usize,
    line_start: usize,
    column: usize,
}

impl<'a> Places<'a> {
    fn new(file: &'a str, text: &'a str) -> Places<'a> {
        let start = if text.starts_with('\u{feff}') { 3 } else { 0 };
        Places { file, text, at: start, line: 1, line_start: start, column: 1 }
    }

    /// Line and column, from 1.
    fn position(&mut self, at: usize) -> (usize, usize) {
        if at < self.at {
            *self = Places::new(self.file, self.text);
        }
        let mut at = at.min(self.text.len()).max(self.at);
        while !self.text.is_char_boundary(at) {
            at -= 1;
        }
        for (i, c) in self.text[self.at..at].char_indices() {
            self.column += 1;
            if c == '\n' {
                self.line += 1;
                self.column = 1;
                self.line_start = self.at + i + 1;
            }
        }
        self.at = at;
        (self.line, self.column)
    }

    fn place(&mut self, at: usize) -> Place {
        let (line, column) = self.position(at);
        let rest = &self.text[self.line_start..];
        let text = rest.chars().take(MAX_QUOTED).take_while(|c| *c != '\n').collect::<String>();
        Place { file: self.file.to_owned(), line, column, text: text.trim_end_matches('\r').to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_in_any_order() {
        let text = "\u{feff}ab\r\nçd\n";
        let mut places = Places::new("a.ron", text);
        let c = text.find('d').unwrap();
        assert_eq!(places.position(c), (2, 2));
        assert_eq!(places.position(3), (1, 1));
        assert_eq!(places.place(c).text, "çd");
        assert_eq!(places.position(1000), (3, 1));
        assert_eq!(places.position(0), (1, 1));
    }
}
