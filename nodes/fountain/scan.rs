//! Notes, boneyards and lines: the layer below the elements.
//!
//! A line here ends at the first line end outside hidden text, so a boneyard over many lines is part of one line.
//! Removing hidden text first and parsing the rest would lose every byte position.

use std::ops::Range;

use super::{Hidden, HiddenKind, MAX_PROBLEMS, Problem};

/// A line with its hidden text taken out.
#[derive(Clone, Debug)]
pub(super) struct Line {
    /// Bytes of the source, line end included.
    pub(super) span: Range<usize>,
    /// Without line end and hidden text, tabs as four spaces.
    pub(super) text: String,
    /// Which hidden texts stand in it.
    pub(super) hidden: Range<usize>,
}

impl Line {
    /// Nothing but white space.
    pub(super) fn is_blank(&self) -> bool {
        self.hidden.is_empty() && self.text.trim().is_empty()
    }

    /// Nothing but hidden text.
    pub(super) fn is_hidden(&self) -> bool {
        !self.hidden.is_empty() && self.text.trim().is_empty()
    }
}

/// Finds notes and boneyards; whichever opens first wins, an unclosed one stays text.
pub(super) fn hidden(source: &str) -> (Vec<Hidden>, Vec<Problem>) {
    let bytes = source.as_bytes();
    let (mut found, mut problems) = (Vec::new(), Vec::new());
    // A failed search is remembered, so that ten thousand openings cost one search.
    let mut boneyards_end = false;
    let mut unclosed_until = 0;
    let mut at = 0;
    while at + 1 < bytes.len() {
        let (kind, end) = match (bytes[at], bytes[at + 1]) {
            (b'/', b'*') if !boneyards_end => match source[at + 2..].find("*/") {
                Some(len) => (HiddenKind::Boneyard, at + 2 + len + 2),
                None => {
                    boneyards_end = true;
                    problems.push(Problem {
                        code: "boneyard-unclosed",
                        offset: at,
                        message: "this comment is never closed, so its text is part of the script",
                        hint: "close it with `*/`, or remove the `/*`",
                    });
                    at += 2;
                    continue;
                }
            },
            (b'[', b'[') if unclosed_until <= at => match note_end(bytes, at + 2) {
                Ok(end) => (HiddenKind::Note, end),
                Err(end) => {
                    unclosed_until = end;
                    if problems.len() < MAX_PROBLEMS {
                        problems.push(Problem {
                            code: "note-unclosed",
                            offset: at,
                            message: "this note is not closed before the paragraph ends, so its text is part of the script",
                            hint: "close it with `]]`; a blank line inside a note needs two spaces",
                        });
                    }
                    at += 2;
                    continue;
                }
            },
            _ => {
                at += 1;
                continue;
            }
        };
        let text = source[at + 2..end - 2].trim().to_owned();
        found.push(Hidden { kind, span: at..end, text });
        at = end;
    }
    (found, problems)
}

/// The end of the note whose text starts at `at`, or where its paragraph ends.
fn note_end(bytes: &[u8], mut at: usize) -> Result<usize, usize> {
    while at < bytes.len() {
        match bytes[at] {
            b']' if bytes.get(at + 1) == Some(&b']') => return Ok(at + 2),
            b'\n' | b'\r' => {
                at += line_end(bytes, at);
                let blanks = bytes[at..].iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
                let next = at + blanks;
                if blanks < 2 && bytes.get(next).is_none_or(|byte| matches!(byte, b'\n' | b'\r')) {
                    return Err(next);
                }
                at = next;
            }
            _ => at += 1,
        }
    }
    Err(bytes.len())
}

/// The length of the line end at `at`: LF, CR LF, or a lone CR.
fn line_end(bytes: &[u8], at: usize) -> usize {
    match (bytes.get(at), bytes.get(at + 1)) {
        (Some(b'\r'), Some(b'\n')) => 2,
        (Some(b'\n' | b'\r'), _) => 1,
        _ => 0,
    }
}

/// Cuts the source from `start` on into lines.
pub(super) fn lines(source: &str, start: usize, hidden: &[Hidden]) -> Vec<Line> {
    let bytes = source.as_bytes();
    let mut lines = Vec::with_capacity(bytes.len() / 24);
    let (mut at, mut next) = (start, 0);
    while at < bytes.len() {
        let (from, first) = (at, next);
        let mut text = String::new();
        let mut shown = at;
        let end = loop {
            if let Some(it) = hidden.get(next).filter(|it| it.span.start == at) {
                text.push_str(&source[shown..at]);
                at = it.span.end;
                shown = at;
                next += 1;
                continue;
            }
            let len = line_end(bytes, at);
            if 0 < len || at == bytes.len() {
                break at + len;
            }
            at += 1;
        };
        text.push_str(&source[shown..at]);
        if text.contains('\t') {
            text = text.replace('\t', "    ");
        }
        lines.push(Line { span: from..end, text, hidden: first..next });
        at = end;
    }
    lines
}
