//! A document with its undo history. A step is one gesture; undo applies the inverses that [`Document::apply`] gave.
//!
//! Knows no files and no window. Snapshots of the document were the alternative: a step would cost the whole
//! document, and the engine could not be told what an undo touches.

use std::collections::VecDeque;

use crate::{Applied, Diagnostic, Document, Edit, PortRef};

/// Most steps that can be undone; the oldest are forgotten first.
const STEPS: usize = 1000;
/// Most changes that are remembered for those who keep a picture of the document up to date.
const RECENT: usize = 64;

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
    recent: Recent,
}

/// What the newest changes were about, without their values.
#[derive(Clone, Debug, Default)]
pub struct Recent(VecDeque<(u64, About)>);

/// What a change was about.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct About {
    /// Nodes that came, went, got other parameters, or whose links went with them.
    pub nodes: Vec<String>,
    /// Inputs that were connected or disconnected.
    pub links: Vec<PortRef>,
    /// Keys of the layout.
    pub layout: Vec<String>,
}

impl Recent {
    /// The changes since a revision, oldest first; none where too many happened since.
    pub fn since(&self, revision: u64) -> Option<impl Iterator<Item = &About>> {
        let first = self.0.front().map_or(u64::MAX, |(revision, _)| *revision);
        (first <= revision + 1).then(|| self.0.iter().filter(move |(at, _)| revision < *at).map(|(_, about)| about))
    }

    fn add(&mut self, revision: u64, edits: &[Edit], touched: &[String]) {
        if RECENT == self.0.len() {
            self.0.pop_front();
        }
        self.0.push_back((revision, About::of(edits, touched)));
    }
}

impl About {
    fn of(edits: &[Edit], touched: &[String]) -> About {
        // Size, rate and the choice of models touch every node, and change none.
        let of_graph =
            |edit: &Edit| matches!(edit, Edit::SetSize { .. } | Edit::SetRate { .. } | Edit::SetSetting { .. });
        let all = edits.iter().all(of_graph);
        let mut about = About { nodes: if all { Vec::new() } else { touched.to_vec() }, ..About::default() };
        for edit in edits {
            match edit {
                Edit::AddNode { id, .. } | Edit::RemoveNode { id } => about.nodes.push(id.clone()),
                Edit::RenameNode { from, to } => about.nodes.extend([from.clone(), to.clone()]),
                Edit::SetParam { node, .. } | Edit::SetBypass { node, .. } | Edit::SetLinked { node, .. } => {
                    about.nodes.push(node.clone());
                }
                Edit::SetLink { to, .. } => about.links.push(to.clone()),
                Edit::SetLayout { key, .. } => about.layout.push(key.clone()),
                Edit::SetTake { .. } | Edit::SetSection { .. } => {}
                Edit::SetSize { .. } | Edit::SetRate { .. } | Edit::SetSetting { .. } => {}
            }
        }
        about
    }
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

    /// What the newest changes were about.
    pub fn recent(&self) -> &Recent {
        &self.recent
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
        self.recent.add(self.revision, &edits, &touched);
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
        self.recent.add(self.revision, &edits, &applied.touched);
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
        self.recent.add(self.revision, &edits, &applied.touched);
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
        (Edit::SetLinked { set: a, .. }, Edit::SetLinked { set: b, .. }) => a == b,
        (Edit::SetSection { value: a, .. }, Edit::SetSection { value: b, .. }) => a == b,
        (Edit::SetLink { feed: a, .. }, Edit::SetLink { feed: b, .. }) => a == b,
        (Edit::SetTake { choice: a, .. }, Edit::SetTake { choice: b, .. }) => a == b,
        (Edit::SetLayout { value: a, .. }, Edit::SetLayout { value: b, .. }) => a == b,
        (Edit::SetSize { size: a }, Edit::SetSize { size: b }) => a == b,
        (Edit::SetRate { fps: a }, Edit::SetRate { fps: b }) => a == b,
        (Edit::SetSetting { value: a, .. }, Edit::SetSetting { value: b, .. }) => a == b,
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
    fn what_changed_since_a_revision_is_known_for_a_while() {
        let mut history = history();
        let nodes = |history: &History, since| {
            let abouts = history.recent().since(since)?;
            Some(abouts.flat_map(|about| about.nodes.clone()).collect::<Vec<_>>().join(" "))
        };
        assert_eq!(nodes(&history, 0), None, "nothing is known yet");
        history.apply("Type", set("two"), None).unwrap();
        let rename = Edit::RenameNode { from: "a".to_owned(), to: "b".to_owned() };
        history.apply("Rename", vec![rename], None).unwrap();
        assert_eq!(nodes(&history, 0).unwrap(), "a a a b a b");
        assert_eq!(nodes(&history, 1).unwrap(), "a b a b");
        assert_eq!(nodes(&history, 2).unwrap(), "");
        history.undo();
        history.undo();
        assert_eq!(nodes(&history, 3).unwrap(), "a a");
        for i in 0..RECENT {
            history.apply("Type", set(&i.to_string()), None).unwrap();
        }
        assert_eq!(nodes(&history, 3), None, "too long ago");
        assert!(nodes(&history, 4).is_some());
    }

    #[test]
    fn an_edit_that_changes_nothing_is_no_step() {
        let mut history = history();
        history.apply("Type", set("one"), None).unwrap();
        assert_eq!((history.done().count(), history.revision()), (0, 0));
    }
}
