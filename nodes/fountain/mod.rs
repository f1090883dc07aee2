//! Fountain 1.1 read without loss: elements whose spans tile the text, notes and boneyards with their places.
//!
//! Knows text only: no scenes, no shots, no files. The public parsers drop notes, sections or byte positions (rustwell)
//! or stop early (fountain), and our directives live in notes; rustwell stays as the tests' oracle.

mod classify;
mod emphasis;
mod scan;
mod title;

#[cfg(test)]
mod tests;

use std::ops::Range;

pub use emphasis::plain;

use classify::{Around, classify};
use scan::Line;

/// Problems beyond this many are not listed: they share a cause, and each costs the reader a line.
pub const MAX_PROBLEMS: usize = 64;

/// A screenplay as a sequence of elements.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Fountain {
    /// In order; their spans follow each other without a gap from the first byte to the last.
    pub elements: Vec<Element>,
    /// Notes and boneyards, wherever they stand, in order.
    pub hidden: Vec<Hidden>,
    pub problems: Vec<Problem>,
}

/// One element of the screenplay.
#[derive(Clone, Debug, PartialEq)]
pub struct Element {
    pub kind: Kind,
    /// Bytes of the source, line ends and markers included.
    pub span: Range<usize>,
    /// What a reader sees: without markers, notes and boneyards; lines joined by `\n`; emphasis marks kept.
    pub text: String,
    /// Which of [`Fountain::hidden`] stand inside the span.
    pub hidden: Range<usize>,
}

/// What an element is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One entry of the title page.
    TitleField {
        key: String,
    },
    Heading {
        /// Between `#` at the end of the line.
        number: Option<String>,
    },
    Action,
    Character {
        /// Without extension and markers.
        name: String,
        /// Inside the parentheses, `V.O.`; empty where there is none.
        extension: String,
        /// The second of two speeches side by side.
        dual: bool,
    },
    Parenthetical,
    Dialogue,
    Lyrics,
    Transition,
    Centered,
    Section {
        /// 1 to 6.
        level: u8,
    },
    Synopsis,
    PageBreak,
    /// A line of nothing but a note.
    Note,
    /// A line of nothing but a boneyard.
    Boneyard,
    /// Blank lines, and a byte order mark.
    Blank,
}

/// Text that is not printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hidden {
    pub kind: HiddenKind,
    /// With its delimiters.
    pub span: Range<usize>,
    /// Without its delimiters, trimmed.
    pub text: String,
}

/// Which kind of hidden text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HiddenKind {
    Note,
    Boneyard,
}

/// Something that is probably not meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Stable, kebab case.
    pub code: &'static str,
    /// Byte offset in the source.
    pub offset: usize,
    pub message: &'static str,
    pub hint: &'static str,
}

/// Reads a screenplay. Every text is one: what is nothing else is action. Time and memory grow linearly.
pub fn parse(source: &str) -> Fountain {
    let start = if source.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let (hidden, mut problems) = scan::hidden(source);
    let lines = scan::lines(source, start, &hidden);
    let mut builder = Builder { elements: Vec::new() };
    if 0 < start {
        builder.elements.push(Element { kind: Kind::Blank, span: 0..start, text: String::new(), hidden: 0..0 });
    }
    let (fields, n_title) = title::fields(&lines);
    builder.elements.extend(fields);

    let content_after = content_after(&lines);
    let mut in_dialogue = false;
    let mut blank_before = true;
    for (idx, line) in lines.iter().enumerate().skip(n_title) {
        if line.is_blank() {
            if in_dialogue && 2 <= line.text.len() && content_after[idx] {
                builder.append(line, Kind::Dialogue, "");
                continue;
            }
            in_dialogue = false;
            blank_before = true;
            builder.append(line, Kind::Blank, "");
            continue;
        }
        if line.is_hidden() {
            let kind = match hidden[line.hidden.start].kind {
                HiddenKind::Note => Kind::Note,
                HiddenKind::Boneyard => Kind::Boneyard,
            };
            builder.push(line, kind, hidden[line.hidden.start].text.clone());
            blank_before |= !in_dialogue;
            continue;
        }
        let around = Around {
            blank_before,
            blank_after: lines.get(idx + 1).is_none_or(|next| next.is_blank() || next.is_hidden()),
            content_after: content_after[idx],
            in_dialogue,
        };
        let (kind, text) = classify(&line.text, &around);
        let crowded = match kind {
            Kind::Action => blank_before || around.blank_after,
            Kind::Character { .. } => true,
            _ => false,
        };
        if crowded && classify::looks_like_heading(&line.text) {
            report(&mut problems, line.span.start);
        }
        in_dialogue = match kind {
            Kind::Character { .. } | Kind::Parenthetical | Kind::Dialogue => true,
            Kind::Lyrics => in_dialogue,
            _ => false,
        };
        match kind {
            Kind::Action if !blank_before => builder.append(line, Kind::Action, &text),
            Kind::Dialogue => builder.append(line, Kind::Dialogue, &text),
            kind => builder.push(line, kind, text),
        }
        blank_before = false;
    }
    problems.sort_by_key(|problem| problem.offset);
    problems.truncate(MAX_PROBLEMS);
    Fountain { elements: builder.elements, hidden, problems }
}

fn report(problems: &mut Vec<Problem>, offset: usize) {
    if problems.len() < 2 * MAX_PROBLEMS {
        problems.push(Problem {
            code: "heading-not-separated",
            offset,
            message: "this line reads like a scene heading but stands in a paragraph",
            hint: "put a blank line before and after it, or start the line with `!` if it is action",
        });
    }
}

/// For every line: whether the next line that is not wholly hidden has text.
fn content_after(lines: &[Line]) -> Vec<bool> {
    let mut after = vec![false; lines.len()];
    let mut content = false;
    for (idx, line) in lines.iter().enumerate().rev() {
        after[idx] = content;
        if !line.is_hidden() {
            content = !line.is_blank();
        }
    }
    after
}

struct Builder {
    elements: Vec<Element>,
}

impl Builder {
    fn push(&mut self, line: &Line, kind: Kind, text: String) {
        self.elements.push(Element { kind, span: line.span.clone(), text, hidden: line.hidden.clone() });
    }

    /// Adds the line to the last element if that is of the same kind, else starts one.
    fn append(&mut self, line: &Line, kind: Kind, text: &str) {
        match self.elements.last_mut() {
            Some(last) if last.kind == kind => {
                if kind != Kind::Blank {
                    last.text.push('\n');
                    last.text.push_str(text);
                }
                last.span.end = line.span.end;
                last.hidden.end = line.hidden.end;
            }
            _ => self.push(line, kind, text.to_owned()),
        }
    }
}

impl Fountain {
    /// Notes inside an element, without their brackets.
    pub fn notes<'a>(&'a self, element: &Element) -> impl Iterator<Item = &'a str> + use<'a> {
        let hidden = self.hidden.get(element.hidden.clone()).unwrap_or_default();
        hidden.iter().filter(|it| it.kind == HiddenKind::Note).map(|it| it.text.as_str())
    }
}
