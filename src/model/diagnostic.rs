//! Diagnostics: what the program tells the user about a document or a run, as data.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Edit;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    Info,
    Warning,
    Error,
}

/// Where it is: something a front end can select.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Subject {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// A port or a parameter of the node.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub element: Option<String>,
    /// A file and the place in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
}

/// A place in a text file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    pub file: String,
    /// From 1.
    pub line: usize,
    /// In characters, from 1.
    pub column: usize,
    /// The source line without its line end.
    pub text: String,
}

impl Place {
    /// The place of a byte offset in `text`; an offset past the end is the end.
    pub fn of(file: &str, text: &str, offset: usize) -> Place {
        let mut offset = offset.min(text.len());
        while !text.is_char_boundary(offset) {
            offset -= 1;
        }
        let start = text[..offset].rfind('\n').map_or(0, |at| at + 1);
        let line = text[..offset].bytes().filter(|byte| *byte == b'\n').count() + 1;
        let end = text[start..].find('\n').map_or(text.len(), |at| start + at);
        Place {
            file: file.to_owned(),
            line,
            column: text[start..offset].chars().count() + 1,
            text: text[start..end].trim_end_matches('\r').to_owned(),
        }
    }
}

/// A change that removes the problem.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fix {
    /// Imperative, "Disconnect the second link".
    pub title: String,
    pub edits: Vec<Edit>,
}

/// One thing to tell the user.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Diagnostic {
    pub severity: Severity,
    /// Stable, kebab case: `port-mismatch`.
    pub code: String,
    pub subject: Subject,
    /// One sentence without a final period.
    pub message: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hints: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fix: Option<Fix>,
}

impl Diagnostic {
    /// An error.
    pub fn error(code: &str, message: impl Into<String>) -> Diagnostic {
        Diagnostic {
            severity: Severity::Error,
            code: code.to_owned(),
            subject: Subject::default(),
            message: message.into(),
            hints: Vec::new(),
            fix: None,
        }
    }

    /// A warning.
    pub fn warning(code: &str, message: impl Into<String>) -> Diagnostic {
        Diagnostic { severity: Severity::Warning, ..Diagnostic::error(code, message) }
    }

    /// Something worth knowing.
    pub fn info(code: &str, message: impl Into<String>) -> Diagnostic {
        Diagnostic { severity: Severity::Info, ..Diagnostic::error(code, message) }
    }

    /// Says which node.
    pub fn at_node(mut self, node: impl fmt::Display) -> Diagnostic {
        self.subject.node = Some(node.to_string());
        self
    }

    /// Says which port or parameter.
    pub fn at_field(mut self, field: impl fmt::Display) -> Diagnostic {
        self.subject.field = Some(field.to_string());
        self
    }

    /// Says which element.
    pub fn at_element(mut self, element: impl fmt::Display) -> Diagnostic {
        self.subject.element = Some(element.to_string());
        self
    }

    /// Says which place of which file.
    pub fn at_place(mut self, place: Place) -> Diagnostic {
        self.subject.place = Some(place);
        self
    }

    /// Adds a way out.
    pub fn hint(mut self, hint: impl Into<String>) -> Diagnostic {
        self.hints.push(hint.into());
        self
    }

    /// Adds a change that the user can apply.
    pub fn fixed_by(mut self, title: &str, edits: Vec<Edit>) -> Diagnostic {
        self.fix = Some(Fix { title: title.to_owned(), edits });
        self
    }
}

/// The text with what would command a terminal replaced: control characters but line ends and tabs, and the marks that
/// turn the direction of writing. Files and graphs come from strangers.
pub fn printable(text: &str) -> Cow<'_, str> {
    let commands = |c: char| {
        c.is_control() && !matches!(c, '\n' | '\t')
            || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    if text.contains(commands) { Cow::Owned(text.replace(commands, "\u{fffd}")) } else { Cow::Borrowed(text) }
}

/// Like a compiler: severity and code, location, source line with a caret, hints.
impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Info => "info",
            Severity::Warning => "warning",
            Severity::Error => "error",
        };
        write!(f, "{severity}[{}]: {}", self.code, printable(&self.message))?;
        let subject = &self.subject;
        if let Some(node) = &subject.node {
            write!(f, "\n  --> {}", printable(node))?;
            if let Some(element) = &subject.element {
                write!(f, "/{}", printable(element))?;
            }
            if let Some(field) = &subject.field {
                write!(f, ".{}", printable(field))?;
            }
        }
        if let Some(place) = &subject.place {
            let number = place.line.to_string();
            let margin = " ".repeat(number.len());
            let text: String = place.text.chars().take(160).collect();
            write!(f, "\n{margin} --> {}:{}:{}", printable(&place.file), place.line, place.column)?;
            write!(f, "\n{margin} |\n{number} | {}", printable(&text))?;
            let indent: String = place
                .text
                .chars()
                .take(place.column.saturating_sub(1).min(160))
                .map(|c| if c == '\t' { '\t' } else { ' ' })
                .collect();
            write!(f, "\n{margin} | {indent}^")?;
        }
        for hint in &self.hints {
            write!(f, "\n  help: {}", printable(hint))?;
        }
        if let Some(fix) = &self.fix {
            write!(f, "\n  fix: {}", printable(&fix.title))?;
        }
        Ok(())
    }
}

impl std::error::Error for Diagnostic {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_like_a_compiler() {
        let text = "(\n    throughline: 1,\n    nodes: {,\n)";
        let shown = Diagnostic::error("ron-syntax", "expected a key")
            .at_place(Place::of("a.ron", text, text.find("{,").expect("it is there") + 1))
            .hint("remove the comma")
            .to_string();
        assert_eq!(
            shown,
            "error[ron-syntax]: expected a key\n  --> a.ron:3:13\n  |\n3 |     nodes: {,\n  |             ^\n  help: remove the comma"
        );
    }

    #[test]
    fn nothing_printed_commands_the_terminal() {
        let text = "a\x1b[2J\u{202e}b\tc";
        let shown = Diagnostic::error("bad-id", format!("`{text}` is no id"))
            .at_node(text)
            .at_place(Place::of("a\r.ron", text, 2))
            .hint(text)
            .to_string();
        assert_eq!(printable(text), "a\u{fffd}[2J\u{fffd}b\tc");
        assert!(!shown.contains(['\x1b', '\r', '\u{202e}']), "{shown:?}");
    }

    #[test]
    fn places_survive_any_offset() {
        for offset in 0..40 {
            Place::of("x", "héé\nöö\r\nend", offset);
        }
    }
}
