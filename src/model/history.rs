//! A document with its undo history. A step is one gesture; undo applies the inverses that [`Document::apply`] gave.
//!
//! Knows no files and no window. Snapshots of the document were the alternative: a step would cost the whole
//! document, and the engine could not be told what an undo touches.

use std::collections::VecDeque;

use crate::{Applied, Diagnostic, Document, Edit};

/// Most steps that can be undone; the oldest are forgotten first.
const STEPS: usize = 1000;

/// One entry of the history.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// What a person did, `Move 3 nodes`.
    pub label: String,
    inverse: Vec<Edit>,
    /// Known once the step was undone.
    forward: Vec<Edit>,
    /// Steps of one gesture in progress share a number and become one step.
    gesture: Option<u64>,
    /// Names the state after the step.
    id: u64,
}

/// See the module.
#[derive(Clone, Debug, Default)]
pub struct History {
    document: Document,
    undo: VecDeque<Step>,
    redo: Vec<Step>,
    revision: u64,
    /// The state that is on disk.
    saved: Option<u64>,
    /// The state before the oldest step.
    base: u64,
    last_id: u64,
}

/// What the document now differs by: tell an engine.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// What was applied, in order.
    pub edits: Vec<Edit>,
    pub touched: Vec<String>,
}

impl History {
    /// A history that starts with a document as it is on disk.
    pub fn new(document: Document) -> History {
        History { document, saved: Some(0), ..History::default() }
    }

    /// The document as it stands.
    pub fn document(&self) -> &Document {
        &self.document
    }

    /// Grows with every change: a cache made at one revision holds while it is the same.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// Applies one batch. Batches with the same gesture number, one after the other, become one step.
    ///
    /// # Errors
    /// The refusal of the edit; the document is unchanged.
    pub fn apply(&mut self, label: &str, edits: Vec<Edit>, gesture: Option<u64>) -> Result<Change, Diagnostic> {
        let Applied { inverse, touched } = self.document.apply(&edits)?;
        if edits.len() == inverse.len() && edits.iter().zip(inverse.iter().rev()).all(|(a, b)| sets_the_same(a, b)) {
            return Ok(Change { edits: Vec::new(), touched });
        }
        self.revision += 1;
        self.last_id += 1;
        self.redo.clear();
        let id = self.last_id;
        let same = |last: &&mut Step| gesture.is_some() && last.gesture == gesture;
        match self.undo.back_mut().filter(same) {
            Some(last) => {
                let later = std::mem::take(&mut last.inverse);
                last.inverse = inverse.into_iter().chain(later).collect();
                last.id = id;
            }
            None => self.undo.push_back(Step { label: label.to_owned(), inverse, forward: Vec::new(), gesture, id }),
        }
        if STEPS < self.undo.len() {
            self.base = self.undo.pop_front().map_or(self.base, |step| step.id);
        }
        Ok(Change { edits, touched })
    }

    /// Undoes the newest step; none where there is none.
    pub fn undo(&mut self) -> Option<Change> {
        let mut step = self.undo.pop_back()?;
        let edits = std::mem::take(&mut step.inverse);
        let applied = self.document.apply(&edits).expect("the inverse of what was applied applies");
        step.forward = applied.inverse;
        step.gesture = None;
        self.redo.push(step);
        self.revision += 1;
        Some(Change { edits, touched: applied.touched })
    }

    /// Redoes the step that was undone last; none where there is none.
    pub fn redo(&mut self) -> Option<Change> {
        let mut step = self.redo.pop()?;
        let edits = std::mem::take(&mut step.forward);
        let applied = self.document.apply(&edits).expect("what undo gave back applies again");
        step.inverse = applied.inverse;
        self.undo.push_back(step);
        self.revision += 1;
        Some(Change { edits, touched: applied.touched })
    }

    /// Labels of steps that can be undone, oldest first.
    pub fn done(&self) -> impl ExactSizeIterator<Item = &str> {
        self.undo.iter().map(|step| step.label.as_str())
    }

    /// Labels of steps that can be redone, next first.
    pub fn undone(&self) -> impl ExactSizeIterator<Item = &str> {
        self.redo.iter().rev().map(|step| step.label.as_str())
    }

    /// The present state is on disk now.
    pub fn mark_saved(&mut self) {
        self.saved = Some(self.state_id());
        // A gesture that goes on after a save is another step: undo must stop at what is on disk.
        if let Some(last) = self.undo.back_mut() {
            last.gesture = None;
        }
    }

    /// The present state is on no disk: a recovered document.
    pub fn mark_unsaved(&mut self) {
        self.saved = None;
    }

    /// Whether the document differs from what was saved.
    pub fn is_dirty(&self) -> bool {
        self.saved != Some(self.state_id())
    }

    fn state_id(&self) -> u64 {
        self.undo.back().map_or(self.base, |step| step.id)
    }
}

/// Whether an edit and its inverse set the same value: the edit changed nothing. An entry's place does not matter,
/// since only a new entry gets one.
fn sets_the_same(edit: &Edit, inverse: &Edit) -> bool {
    match (edit, inverse) {
        (Edit::SetParam { value: a, .. }, Edit::SetParam { value: b, .. }) => a == b,
        (Edit::SetBypass { on: a, .. }, Edit::SetBypass { on: b, .. }) => a == b,
        (Edit::SetLink { feed: a, .. }, Edit::SetLink { feed: b, .. }) => a == b,
        (Edit::SetTake { choice: a, .. }, Edit::SetTake { choice: b, .. }) => a == b,
        (Edit::SetLayout { value: a, .. }, Edit::SetLayout { value: b, .. }) => a == b,
        (Edit::SetSize { size: a }, Edit::SetSize { size: b }) => a == b,
        (Edit::SetRate { fps: a }, Edit::SetRate { fps: b }) => a == b,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    fn set(value: &str) -> Vec<Edit> {
        let value = Some(crate::Data::from(value));
        vec![Edit::SetParam { node: "a".into(), param: "text".into(), value, at: None }]
    }

    fn history() -> History {
        History::new(fixture::graph("a: prompt.text text=\"one\""))
    }

    #[test]
    fn a_gesture_is_one_step() {
        let mut history = history();
        let first = history.document().clone();
        for text in ["two", "three", "four"] {
            history.apply("Type", set(text), Some(7)).unwrap();
        }
        history.apply("Type", set("five"), Some(8)).unwrap();
        assert_eq!(history.done().count(), 2);
        let last = history.document().clone();
        history.undo();
        history.undo().unwrap();
        assert_eq!(*history.document(), first);
        assert!(history.undo().is_none());
        history.redo();
        history.redo().unwrap();
        assert_eq!(*history.document(), last);
        assert_eq!(history.undone().count(), 0);
    }

    #[test]
    fn dirty_means_different_from_what_was_saved() {
        let mut history = history();
        assert!(!history.is_dirty());
        history.apply("Type", set("two"), Some(1)).unwrap();
        assert!(history.is_dirty());
        history.mark_saved();
        history.apply("Type", set("three"), Some(1)).unwrap();
        assert!(history.is_dirty());
        history.undo();
        assert!(!history.is_dirty(), "undo stops at what was saved");
        history.undo();
        history.redo();
        assert!(!history.is_dirty(), "redo comes back to what was saved");
        history.undo();
        assert!(history.is_dirty());
    }

    #[test]
    fn an_edit_that_changes_nothing_is_no_step() {
        let mut history = history();
        history.apply("Type", set("one"), None).unwrap();
        assert_eq!((history.done().count(), history.revision()), (0, 0));
    }
}
