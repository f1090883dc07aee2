//! How lists meet when a node runs once per element: by element id where ids are related, else by position.
//!
//! Pure; knows no items. Repeating the shorter list, as other tools do, is refused: it hides mistakes.

use std::sync::Arc;

use indexmap::IndexSet;
use model::{Diagnostic, ElementId};

/// The elements that a node runs over, in order.
#[derive(Debug, PartialEq)]
pub struct Elements {
    /// The ids again, as a plain slice: plans read them as one.
    order: Vec<ElementId>,
    ids: IndexSet<ElementId>,
}

impl Elements {
    /// Elements with unique ids; a repeated id gets a suffix, so that no element is lost.
    pub fn new<'a>(ids: impl IntoIterator<Item = &'a ElementId>) -> Elements {
        let mut unique = IndexSet::new();
        for id in ids {
            let mut candidate = id.clone();
            let mut n = 2;
            while !unique.insert(candidate.clone()) {
                candidate = format!("{id}~{n}").into();
                n += 1;
            }
        }
        Elements { order: unique.iter().cloned().collect(), ids: unique }
    }

    /// Number of elements.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// The id at a slot.
    pub fn get(&self, slot: usize) -> Option<&ElementId> {
        self.ids.get_index(slot)
    }

    /// The slot of an id.
    pub fn slot_of(&self, id: &str) -> Option<usize> {
        self.ids.get_index_of(id)
    }

    /// Ids in order.
    pub fn iter(&self) -> impl Iterator<Item = &ElementId> {
        self.ids.iter()
    }

    /// Ids in order, as a slice.
    pub fn as_slice(&self) -> &[ElementId] {
        &self.order
    }
}

/// What came of several lists: the node's elements, and for each list the position of each element in it
/// (none where they are the same slots).
#[derive(Debug)]
pub struct Met {
    pub elements: Arc<Elements>,
    pub positions: Vec<Option<Arc<[u32]>>>,
    pub notes: Vec<Diagnostic>,
}

/// Brings lists together. `lists` pairs an input's name with its elements; there is at least one.
///
/// # Errors
/// A diagnostic where lists with unrelated ids differ in length.
pub fn meet(lists: &[(&str, Arc<Elements>)]) -> Result<Met, Diagnostic> {
    let (first_name, first) = &lists[0];
    let same = |other: &Arc<Elements>| Arc::ptr_eq(first, other) || first.order == other.order;
    if lists.iter().all(|(_, list)| same(list)) {
        return Ok(Met { elements: first.clone(), positions: vec![None; lists.len()], notes: Vec::new() });
    }
    let related =
        |other: &Elements| other.iter().any(|id| first.slot_of(id).is_some()) || other.is_empty() || first.is_empty();
    let mut notes = Vec::new();
    let mut kept: Vec<ElementId> = first.order.clone();
    for (name, list) in &lists[1..] {
        if related(list) {
            kept.retain(|id| list.slot_of(id).is_some());
            let missing_here = first.iter().filter(|id| list.slot_of(id).is_none()).count();
            let missing_there = list.iter().filter(|id| first.slot_of(id).is_none()).count();
            // One list being a part of the other is a filter at work; anything else may be a mistake.
            if 0 < missing_here && 0 < missing_there {
                notes.push(
                    Diagnostic::warning(
                        "elements-differ",
                        format!(
                            "`{first_name}` and `{name}` share {} elements; {missing_here} and {missing_there} are left out",
                            kept.len()
                        ),
                    )
                    .at_field(name)
                    .hint("lists meet by element id: wire both from the same source, or filter one"),
                );
            }
        } else if list.len() != first.len() {
            return Err(Diagnostic::error(
                "lengths-differ",
                format!("`{first_name}` has {} elements and `{name}` has {}", first.len(), list.len()),
            )
            .at_field(name)
            .hint("lists with unrelated ids meet by position and must be equally long"));
        }
    }
    let elements = Arc::new(Elements::new(&kept));
    let positions = lists
        .iter()
        .map(|(_, list)| {
            let by_id = |id: &ElementId| list.slot_of(id).or_else(|| first.slot_of(id));
            let positions: Vec<u32> = elements.iter().map(|id| by_id(id).unwrap_or_default() as u32).collect();
            let identity = positions.iter().enumerate().all(|(slot, at)| slot == *at as usize);
            (!(identity && list.len() == elements.len())).then(|| positions.into())
        })
        .collect();
    Ok(Met { elements, positions, notes })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(ids: &str) -> Arc<Elements> {
        let ids: Vec<ElementId> = ids.split_whitespace().map(Into::into).collect();
        Arc::new(Elements::new(&ids))
    }

    #[track_caller]
    fn check(lists: &[&str], elements: &str, positions: &[Option<&[u32]>]) {
        let names = ["a", "b", "c"];
        let lists: Vec<_> = names.into_iter().zip(lists.iter().map(|ids| list(ids))).collect();
        let met = meet(&lists).expect("these lists meet");
        assert_eq!(met.elements, list(elements));
        let found: Vec<_> = met.positions.iter().map(|positions| positions.as_deref()).collect();
        assert_eq!(found, positions);
    }

    #[test]
    fn equal_lists_share_slots() {
        check(&["x y z", "x y z"], "x y z", &[None, None]);
    }

    #[test]
    fn related_lists_meet_by_id_in_the_first_ones_order() {
        check(&["x y z", "z x"], "x z", &[Some(&[0, 2]), Some(&[1, 0])]);
        check(&["z x", "x y z"], "z x", &[None, Some(&[2, 0])]);
    }

    #[test]
    fn unrelated_lists_meet_by_position_or_not_at_all() {
        check(&["x y", "p q"], "x y", &[None, None]);
        let refused = meet(&[("a", list("x y")), ("b", list("p q r"))]).expect_err("lengths differ");
        assert_eq!(refused.code, "lengths-differ");
    }

    #[test]
    fn overlaps_that_are_no_filter_are_said() {
        let met = meet(&[("a", list("x y")), ("b", list("y z"))]).expect("they overlap");
        assert_eq!(met.elements, list("y"));
        assert_eq!(met.notes[0].code, "elements-differ");
    }

    #[test]
    fn repeated_ids_lose_nothing() {
        let ids: Vec<ElementId> = vec!["a".into(), "a".into()];
        assert_eq!(Elements::new(&ids).as_slice(), ["a".into(), "a~2".into()] as [ElementId; 2]);
    }
}
