//! Which changes belong together: typing in one field while it keeps the focus, or one drag, is one undo step.

use crate::cx::Shared;

/// The gesture that goes on in a panel, if any.
#[derive(Debug, Default)]
pub(crate) struct Gestures {
    now: Option<(String, u64)>,
}

impl Gestures {
    /// Call for every field of every frame: `started` says that the focus came, or a drag began.
    pub(crate) fn note(&mut self, field: &str, started: bool) {
        if started && self.now.as_ref().is_some_and(|(now, _)| now == field) {
            self.now = None;
        }
    }

    /// The number for a change of a field.
    pub(crate) fn number(&mut self, field: &str, shared: &mut Shared) -> u64 {
        match &self.now {
            Some((now, number)) if now == field => *number,
            _ => {
                let number = shared.new_gesture();
                self.now = Some((field.to_owned(), number));
                number
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_keeps_its_number_until_the_focus_comes_back() {
        let (mut gestures, mut shared) = (Gestures::default(), Shared::default());
        let first = gestures.number("a", &mut shared);
        gestures.note("b", true);
        gestures.note("a", false);
        assert_eq!(gestures.number("a", &mut shared), first);
        gestures.note("a", true);
        let second = gestures.number("a", &mut shared);
        assert_ne!(second, first);
        assert_ne!(gestures.number("b", &mut shared), second);
    }
}
