//! Keys that mean one thing when they are tapped and another while they are held: Space plays and pans, Escape ends
//! a gesture and stops the run.
//!
//! Knows neither canvas nor run: it makes a tap of Space a press, and says when Escape was held long enough.

use egui::{Context, Event, Key};

/// A key that is down for longer than this was held, in seconds.
const TAP: f64 = 0.5;
/// How long Escape is held to stop the run, in seconds.
const STOP: f64 = 0.7;

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Holds {
    /// When Space went down; none once a button was pressed with it.
    space: Option<f64>,
    /// Escape is down and has stopped the run already.
    stopped: bool,
    /// When Escape went down.
    escape: Option<f64>,
}

impl Holds {
    /// Takes presses of Space out of the input, and puts one in where it was tapped: whoever holds it to pan does not
    /// want to play.
    pub(crate) fn take_space(&mut self, ctx: &Context) {
        ctx.input_mut(|input| {
            let now = input.time;
            if !input.focused {
                self.space = None;
            }
            let mut tapped = Vec::new();
            input.events.retain(|event| match event {
                Event::Key { key: Key::Space, pressed: true, repeat, modifiers, .. } if modifiers.is_none() => {
                    if !repeat {
                        self.space = Some(now);
                    }
                    false
                }
                Event::Key { key: Key::Space, pressed: false, .. } => {
                    if self.space.take().is_some_and(|since| now - since <= TAP) {
                        tapped.push(event.clone());
                    }
                    true
                }
                Event::PointerButton { pressed: true, .. } => {
                    self.space = None;
                    true
                }
                _ => true,
            });
            input.events.extend(tapped.into_iter().map(|event| match event {
                Event::Key { key, physical_key, modifiers, .. } => {
                    Event::Key { key, physical_key, pressed: true, repeat: false, modifiers }
                }
                other => other,
            }));
        });
    }

    /// Whether Escape was held long enough, told once; `waits` where there is something to stop.
    pub(crate) fn held_escape(&mut self, ctx: &Context, waits: bool) -> bool {
        let (down, now) = ctx.input_mut(|input| {
            // While it is held it must not go on ending things, one after the other.
            input.events.retain(|event| !matches!(event, Event::Key { key: Key::Escape, repeat: true, .. }));
            (input.key_down(Key::Escape) && input.focused, input.time)
        });
        if !down || !waits {
            // Who held it when nothing ran does not mean a run that starts later.
            self.stopped = down;
            self.escape = None;
            return false;
        }
        let since = *self.escape.get_or_insert(now);
        if self.stopped {
            return false;
        }
        let left = STOP - (now - since);
        if 0.0 < left {
            ctx.request_repaint_after(std::time::Duration::from_secs_f64(left + 0.01));
            return false;
        }
        self.stopped = true;
        true
    }
}

#[cfg(test)]
mod tests {
    use egui::{Modifiers, PointerButton, Pos2, RawInput};

    use super::*;

    fn key(key: Key, pressed: bool) -> Event {
        Event::Key { key, physical_key: None, pressed, repeat: false, modifiers: Modifiers::NONE }
    }

    /// What the holds make of frames of events, at their times.
    fn fed<T>(frames: Vec<(f64, Vec<Event>)>, mut look: impl FnMut(&mut Holds, &Context) -> T) -> Vec<T> {
        let (ctx, mut holds, mut found) = (Context::default(), Holds::default(), Vec::new());
        for (time, events) in frames {
            let input = RawInput { time: Some(time), events, ..RawInput::default() };
            let mut output = ctx.run_ui(input, |ui| found.push(look(&mut holds, ui.ctx())));
            output.textures_delta.clear();
        }
        found
    }

    /// Whether each frame has a press of Space that plays.
    fn presses(frames: Vec<(f64, Vec<Event>)>) -> Vec<bool> {
        fed(frames, |holds, ctx| {
            holds.take_space(ctx);
            let plays = |event: &Event| matches!(event, Event::Key { key: Key::Space, pressed: true, .. });
            ctx.input(|input| input.events.iter().any(plays))
        })
    }

    #[test]
    fn space_plays_when_it_is_tapped_and_not_when_it_panned() {
        let (down, up) = (|| key(Key::Space, true), || key(Key::Space, false));
        assert_eq!(presses(vec![(0.0, vec![down()]), (0.1, vec![up()])]), [false, true]);
        assert_eq!(presses(vec![(0.0, vec![down(), up()])]), [true], "a quick tap is in one frame");
        let drag = Event::PointerButton {
            pos: Pos2::ZERO,
            button: PointerButton::Primary,
            pressed: true,
            modifiers: Modifiers::NONE,
        };
        assert_eq!(presses(vec![(0.0, vec![down()]), (0.1, vec![drag]), (0.2, vec![up()])]), [false; 3]);
        assert_eq!(presses(vec![(0.0, vec![down()]), (3.0, vec![up()])]), [false; 2], "held, and thought better of");
    }

    #[test]
    fn escape_that_is_held_is_told_once() {
        let held = |waits: bool| {
            let mut frames = vec![(0.0, vec![key(Key::Escape, true)])];
            frames.extend((1..6).map(|i| (f64::from(i) * 0.3, Vec::new())));
            fed(frames, move |holds, ctx| holds.held_escape(ctx, waits)).into_iter().filter(|told| *told).count()
        };
        assert_eq!(held(true), 1);
        assert_eq!(held(false), 0, "nothing runs");
        let tapped = vec![(0.0, vec![key(Key::Escape, true)]), (0.1, vec![key(Key::Escape, false)]), (2.0, vec![])];
        assert_eq!(fed(tapped, |holds, ctx| holds.held_escape(ctx, true)), [false; 3]);
    }
}
