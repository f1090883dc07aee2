//! Tells the window's thread from the others, so that debug builds stop at anything there that may block.

use std::cell::Cell;

thread_local! {
    static IS_WINDOW: Cell<bool> = const { Cell::new(false) };
}

/// This is the window's thread from now on.
pub(super) fn enter_window() {
    IS_WINDOW.set(true);
}

/// Stands at the start of everything that may block.
#[track_caller]
pub(super) fn may_block() {
    debug_assert!(!IS_WINDOW.get(), "this may block, and the window's thread must not");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg_attr(not(debug_assertions), ignore = "only debug builds check")]
    fn the_windows_thread_is_stopped_from_blocking() {
        may_block();
        enter_window();
        let stopped = std::panic::catch_unwind(may_block);
        IS_WINDOW.set(false);
        assert!(stopped.is_err());
    }
}
