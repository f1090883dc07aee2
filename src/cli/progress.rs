//! Progress of a run: a bar with counts and time left on a terminal, plain lines when piped, nothing with JSON.

use std::io::IsTerminal;

use engine::engine::Event;
use engine::money::{Cost, Total};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use super::output::Output;
use super::plan::total;

/// See the module.
pub(super) struct Progress<'a> {
    out: &'a Output,
    bar: Option<ProgressBar>,
    n_done: u64,
    n_total: u64,
    cost: Total,
    running: Vec<(String, f32)>,
}

impl<'a> Progress<'a> {
    /// Progress over `n_total` items, as far as they are known.
    pub(super) fn new(out: &'a Output, n_total: u64) -> Progress<'a> {
        let wanted = !out.json && 0 < n_total && std::io::stderr().is_terminal();
        let bar = wanted.then(|| {
            let bar = ProgressBar::new(n_total * 100);
            let style = ProgressStyle::with_template("{bar:30} {prefix}  {elapsed} elapsed, {eta} left  {wide_msg}");
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar
        });
        Progress { out, bar, n_done: 0, n_total, cost: Total::default(), running: Vec::new() }
    }

    /// Takes news of the run.
    pub(super) fn take(&mut self, events: &[Event]) {
        for event in events {
            match event {
                Event::Started { item, work } => {
                    self.running.push((item.clone(), 0.0));
                    self.object(|| json!({ "event": "started", "item": item, "work": work }));
                }
                Event::Progress { item, done } => {
                    if let Some(running) = self.running.iter_mut().find(|(name, _)| name == item) {
                        running.1 = *done;
                    }
                    self.object(|| json!({ "event": "progress", "item": item, "done": done }));
                }
                Event::Ran { item, work, seconds, cost, price } => {
                    self.n_done += 1;
                    self.cost.add(*cost);
                    self.end(item);
                    self.object(|| {
                        json!({
                            "event": "ran",
                            "item": item,
                            "work": work,
                            "seconds": seconds,
                            "cost_microusd": cost.known(),
                            "estimate_microusd": price,
                        })
                    });
                    let price = if *cost == Cost::FREE { String::new() } else { format!("  {}", cost.beside(*price)) };
                    self.plain(format!("{item}  {work}  {seconds:.1} s{price}"));
                }
                Event::Failed { item, diagnostic } => {
                    self.n_done += 1;
                    self.end(item);
                    self.object(|| json!({ "event": "failed", "item": item, "diagnostic": diagnostic }));
                    if !self.out.json {
                        self.hide(|out| out.problem(diagnostic));
                    }
                }
                Event::FellBack { item, model, why } => {
                    self.end(item);
                    self.object(|| json!({ "event": "fell-back", "item": item, "model": model, "diagnostic": why }));
                    self.plain(format!("{item}  {model} failed, another model is chosen: {}", why.message));
                }
                Event::Cancelled { item } => {
                    self.end(item);
                    self.object(|| json!({ "event": "cancelled", "item": item }));
                    self.plain(format!("{item}  cancelled"));
                }
            }
        }
        self.draw();
    }

    fn end(&mut self, item: &str) {
        self.running.retain(|(name, _)| name != item);
    }

    fn object(&self, value: impl FnOnce() -> serde_json::Value) {
        if self.out.json {
            self.out.object(&value());
        }
    }

    fn plain(&self, text: String) {
        if self.bar.is_none() && !self.out.json {
            self.out.note(format!("[{}/{}] {text}", self.n_done, self.n_total.max(self.n_done)));
        }
    }

    fn hide(&self, print: impl FnOnce(&Output)) {
        match &self.bar {
            Some(bar) => bar.suspend(|| print(self.out)),
            None => print(self.out),
        }
    }

    fn draw(&mut self) {
        let Some(bar) = &self.bar else { return };
        self.n_total = self.n_total.max(self.n_done + self.running.len() as u64);
        let part: f32 = self.running.iter().map(|(_, done)| done * 100.0).sum();
        bar.set_length(self.n_total * 100);
        bar.set_position(self.n_done * 100 + part as u64);
        bar.set_prefix(format!("{}/{} items, cost {}", self.n_done, self.n_total, total(self.cost)));
        let names: Vec<_> = self.running.iter().map(|(item, done)| format!("{item} {:.0} %", done * 100.0)).collect();
        bar.set_message(names.join("  "));
    }

    /// Removes the bar.
    pub(super) fn finish(self) {
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
        }
    }
}
