//! Where commands print: results to standard output, diagnostics and progress to standard error.
//!
//! A reader that goes away (`| head`) ends the program quietly instead of breaking it down.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::io::{ErrorKind, Write};

use indexmap::IndexMap;
use model::{Diagnostic, Severity, printable};
use serde::Serialize;
use serde_json::json;

use super::Exit;

/// How many alike diagnostics are shown before the rest is counted.
const ALIKE: usize = 8;

/// See the module.
pub(super) struct Output {
    pub(super) json: bool,
    /// Code, message and item of what people were told: a failed item is reported when it fails, not again at the end.
    told: RefCell<BTreeSet<[String; 4]>>,
}

impl Output {
    pub(super) fn new(json: bool) -> Output {
        Output { json, told: RefCell::default() }
    }

    /// A line of result.
    pub(super) fn line(&self, text: impl AsRef<str>) {
        put(&mut std::io::stdout().lock(), text.as_ref());
    }

    /// A result as it is, line ends included.
    pub(super) fn text(&self, text: &str) {
        let mut out = std::io::stdout().lock();
        ended(out.write_all(text.as_bytes()).and_then(|()| out.flush()));
    }

    /// A text for other programs: a script, a page. In JSON it is a field.
    pub(super) fn page(&self, text: &str) {
        if self.json { self.object(&json!({ "text": text })) } else { self.line(text.trim_end()) }
    }

    /// A result as JSON, on one line.
    pub(super) fn object(&self, value: &impl Serialize) {
        match serde_json::to_string(value) {
            Ok(text) => self.line(text),
            Err(error) => self.problem(&Diagnostic::error("json", error.to_string())),
        }
    }

    /// A line of progress or remark.
    pub(super) fn note(&self, text: impl AsRef<str>) {
        put(&mut std::io::stderr().lock(), text.as_ref());
    }

    /// One diagnostic: like a compiler, or as an object.
    pub(super) fn problem(&self, diagnostic: &Diagnostic) {
        if self.json {
            self.object(&json!({ "diagnostic": diagnostic, "text": diagnostic.to_string() }));
            return;
        }
        let Diagnostic { code, message, subject, .. } = diagnostic;
        let item = [&subject.node, &subject.element].map(|it| it.clone().unwrap_or_default());
        let [node, element] = item;
        if subject.place.is_some() || self.told.borrow_mut().insert([code.clone(), message.clone(), node, element]) {
            self.note(diagnostic.to_string());
        }
    }

    /// Several diagnostics, worst last, so that it stands next to the prompt. For people, what many elements of a node
    /// say alike is said by the first few.
    pub(super) fn problems(&self, diagnostics: &[Diagnostic]) {
        let mut sorted: Vec<_> = diagnostics.iter().collect();
        sorted.sort_by_key(|diagnostic| diagnostic.severity);
        if self.json {
            sorted.into_iter().for_each(|diagnostic| self.problem(diagnostic));
            return;
        }
        let mut alike: IndexMap<_, Vec<&Diagnostic>> = IndexMap::new();
        for diagnostic in sorted {
            let place = (&diagnostic.code, &diagnostic.subject.node, &diagnostic.subject.field);
            alike.entry(place).or_default().push(diagnostic);
        }
        for ((code, node, _), group) in alike {
            group.iter().take(ALIKE).for_each(|diagnostic| self.problem(diagnostic));
            if ALIKE < group.len() {
                let node = node.as_deref().unwrap_or("the graph");
                self.note(format!("  and {} more [{code}] at {node}", group.len() - ALIKE));
            }
        }
    }

    /// Prints what made a command impossible.
    pub(super) fn refuse(&self, diagnostics: &[Diagnostic]) -> Exit {
        self.problems(diagnostics);
        Exit::Usage
    }
}

/// Whether any of them is an error.
pub(super) fn has_errors(diagnostics: &[Diagnostic]) -> bool {
    diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error)
}

fn put(out: &mut dyn Write, text: &str) {
    ended(writeln!(out, "{}", printable(text)));
}

fn ended(written: std::io::Result<()>) {
    if let Err(error) = written
        && error.kind() == ErrorKind::BrokenPipe
    {
        std::process::exit(i32::from(Exit::Done as u8));
    }
}
