//! `--trace FILE`: where the time of a run went, in the trace-event format that browsers' profilers open.

use std::path::PathBuf;
use std::time::Instant;

use engine::engine::Event;
use model::Diagnostic;
use serde_json::{Value, json};

use crate::project::write_atomic;

/// Spans of one run; nothing is collected without a file to write them to.
pub(super) struct Trace {
    file: Option<PathBuf>,
    started: Instant,
    spans: Vec<Value>,
    /// Items at work and when they began, by row: one row for each job at a time.
    rows: Vec<Option<(String, u64)>>,
}

impl Trace {
    pub(super) fn new(file: Option<PathBuf>) -> Trace {
        Trace { file, started: Instant::now(), spans: Vec::new(), rows: Vec::new() }
    }

    fn now(&self) -> u64 {
        self.started.elapsed().as_micros() as u64
    }

    /// A step of the program itself, from `since` (microseconds) to now; gives now.
    pub(super) fn step(&mut self, name: &str, since: u64) -> u64 {
        let now = self.now();
        self.span(name, "program", 0, since, now);
        now
    }

    fn span(&mut self, name: &str, category: &str, row: usize, from: u64, to: u64) {
        if self.file.is_some() {
            self.spans.push(json!({
                "name": name, "cat": category, "ph": "X", "pid": 1, "tid": row, "ts": from, "dur": to.saturating_sub(from),
            }));
        }
    }

    /// Takes news of the run.
    pub(super) fn take(&mut self, events: &[Event]) {
        let now = self.now();
        for event in events {
            let (item, work) = match event {
                Event::Started { item, .. } => {
                    let free = self.rows.iter().position(Option::is_none).unwrap_or(self.rows.len());
                    self.rows.resize(self.rows.len().max(free + 1), None);
                    self.rows[free] = Some((item.clone(), now));
                    continue;
                }
                Event::Progress { .. } => continue,
                Event::Ran { item, work, .. } => (item, *work),
                Event::Failed { item, .. } => (item, "failed"),
                Event::FellBack { item, .. } => (item, "fell back"),
                Event::Cancelled { item } => (item, "cancelled"),
            };
            let row = self.rows.iter().position(|row| row.as_ref().is_some_and(|(name, _)| name == item));
            if let Some((row, (name, from))) = row.and_then(|row| Some((row, self.rows[row].take()?))) {
                self.span(&name, work, row + 1, from, now);
            }
        }
    }

    /// Writes the file.
    ///
    /// # Errors
    /// A diagnostic that names the path.
    pub(super) fn finish(self) -> Result<(), Diagnostic> {
        match self.file {
            Some(file) => write_atomic(&file, json!({ "traceEvents": self.spans }).to_string().as_bytes()),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jobs_become_spans() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("trace.json");
        let mut trace = Trace::new(Some(file.clone()));
        let started = |item: &str| Event::Started { item: item.to_owned(), work: "call" };
        let ran = |item: &str| Event::Ran {
            item: item.to_owned(),
            work: "call",
            seconds: 1.0,
            cost: engine::money::Cost::FREE,
            price: Some(0),
        };
        trace.step("plan", 0);
        trace.take(&[started("a"), started("b"), ran("a"), started("c"), ran("c"), ran("b")]);
        trace.finish().unwrap();
        let found: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
        let rows: Vec<_> = found["traceEvents"]
            .as_array()
            .unwrap()
            .iter()
            .map(|span| (span["name"].as_str().unwrap(), span["tid"].as_u64().unwrap()))
            .collect();
        assert_eq!(rows, [("plan", 0), ("a", 1), ("c", 1), ("b", 2)]);
    }
}
