//! A seed: its number, dice, and a lock where the node has a policy that can hold it.
//!
//! The number is typed, not dragged: `DragValue` counts in floating point, which seeds of 63 bits do not survive.

use egui::{Response, TextEdit, Ui};
use model::Data;

use super::draft::draft;
use super::icon_button;
use super::param::Bits;
use crate::icons::Icon;

/// Thrown seeds stay below this, so that people can read and repeat them.
const MOST_THROWN: i64 = 1_000_000;

/// Whether seeds are locked, for nodes that have a seed policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lock {
    Open,
    Locked,
}

/// See the module.
pub(crate) fn seed_ui(
    ui: &mut Ui,
    default: i64,
    limits: (i64, i64),
    value: Option<&Data>,
    bits: &mut Bits<'_>,
) -> Option<Option<Data>> {
    let now = value.and_then(Data::as_integer).unwrap_or(default);
    let mut change = None;
    ui.horizontal(|ui| {
        let keys = if bits.lock.is_some() { 2.0 } else { 1.0 };
        let width = (ui.available_width() - keys * 30.0).max(40.0);
        let id = ui.scope_id().with("seed draft");
        let field = |ui: &mut Ui, text: &mut String| ui.add(TextEdit::singleline(text).desired_width(width));
        let typed = draft(ui, id, &now.to_string(), field);
        bits.note_focus(&typed.response);
        bits.named(typed.response.clone());
        if typed.response.changed()
            && let Ok(seed) = typed.text.trim().parse::<i64>()
            && (limits.0..=limits.1).contains(&seed)
        {
            change = Some(Some(Data::Integer(seed)));
        }
        if icon_button(ui, Icon::Dices, "Throw a new seed").clicked() {
            bits.started = true;
            let most = limits.1.min(MOST_THROWN);
            let seed = throw(now, ui.input(|input| input.time)) % most.max(1);
            change = Some(Some(Data::Integer(seed.max(limits.0))));
        }
        if let Some(lock) = bits.lock {
            let (icon, tip, other) = match lock {
                Lock::Open => (Icon::LockOpen, "Lock the seed: every shot and take uses this number", Lock::Locked),
                Lock::Locked => (Icon::Lock, "Unlock the seed: each shot gets its own", Lock::Open),
            };
            if icon_button(ui, icon, tip).clicked() {
                bits.set_lock = Some(other);
            }
        }
    });
    change
}

/// A number that nobody chose: splitmix64 over the seed before and the time of the click.
fn throw(before: i64, time: f64) -> i64 {
    let mut mixed = (before as u64) ^ time.to_bits() ^ 0x9e37_79b9_7f4a_7c15;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((mixed ^ (mixed >> 31)) >> 1) as i64
}

/// A field of a form that is typed into, for the gesture: the focus came.
pub(crate) fn focus_came(response: &Response) -> bool {
    response.gained_focus() || response.drag_started()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dice_differ_from_throw_to_throw() {
        let first = throw(0, 1.0);
        assert!(0 <= first && first != throw(first, 1.0) && first != throw(0, 2.0));
    }
}
