//! The frames of one scene, drawn ahead by several painters and handed over in order.
//!
//! Must not know what a scene shows: every painter has the whole scene, and a frame depends on its number alone, so
//! more painters change no pixel. Splitting a frame among painters was rejected: the renderer then waits for itself.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use engine::codec::Frame;
use engine::worker::{Cancel, JobError};
use model::Diagnostic;

use crate::Scene;

/// Frames of one painter that exist at a time: one in its hands, one waiting, one with the encoder.
const IN_FLIGHT: usize = 3;

/// What an encoder asks for its frames, from the first to the last.
pub(crate) type Draw<'a> = dyn FnMut(u32, &mut Frame) -> Result<(), JobError> + 'a;

/// A painter as its customer sees it.
struct Painter {
    done: Receiver<Frame>,
    empty: SyncSender<Frame>,
}

/// Runs `encode` with the frames of `scenes`, which are equal: one painter for each. All painters have stopped when it
/// returns. A painter's panic becomes the caller's.
pub(crate) fn painted<T>(
    mut scenes: Vec<Scene>,
    n_frames: u32,
    cancel: &Cancel,
    encode: impl FnOnce(&mut Draw<'_>) -> Result<T, JobError>,
) -> Result<T, JobError> {
    if let [scene] = scenes.as_mut_slice() {
        return encode(&mut |idx, frame| {
            cancel.check()?;
            scene.draw(idx, frame);
            Ok(())
        });
    }
    let n_painters = scenes.len();
    std::thread::scope(|scope| {
        let hired: Vec<Painter> = scenes
            .iter_mut()
            .enumerate()
            .map(|(first, scene)| {
                let (done, out) = sync_channel(1);
                let (empty, blank) = sync_channel(IN_FLIGHT);
                scope.spawn(move || {
                    let mut spare = IN_FLIGHT - 1;
                    for idx in (first as u32..n_frames).step_by(n_painters) {
                        let frame = if 0 < spare { Ok(Frame::default()) } else { blank.recv() };
                        spare = spare.saturating_sub(1);
                        // Nobody waits for a frame after an error.
                        let Ok(mut frame) = frame else { return };
                        if cancel.is_cancelled() {
                            return;
                        }
                        scene.draw(idx, &mut frame);
                        if done.send(frame).is_err() {
                            return;
                        }
                    }
                });
                Painter { done: out, empty }
            })
            .collect();
        // Takes the painters along, so that they stop when it goes.
        let mut draw = move |idx: u32, frame: &mut Frame| {
            cancel.check()?;
            let painter = &hired[idx as usize % n_painters];
            let Ok(mut drawn) = painter.done.recv() else {
                cancel.check()?;
                return Err(Diagnostic::error("animatic-frame", format!("frame {idx} was not drawn")).into());
            };
            std::mem::swap(frame, &mut drawn);
            // A painter that has drawn its last frame takes none back.
            let _ = painter.empty.try_send(drawn);
            Ok(())
        };
        let made = encode(&mut draw);
        drop(draw);
        made
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Pictures;
    use crate::tests::{call, shot};

    fn scenes(n: usize, n_frames: u32) -> Vec<Scene> {
        let call = model::Call { size: (96, 54), n_frames, ..call(shot()) };
        (0..n).map(|_| Scene::new(&call, &Pictures::default()).expect("it can be drawn")).collect()
    }

    fn frames(n_painters: usize, n_frames: u32) -> Vec<Frame> {
        let mut frames = Vec::new();
        let all = painted(scenes(n_painters, n_frames), n_frames, &Cancel::default(), |draw| {
            let mut frame = Frame::default();
            for idx in 0..n_frames {
                draw(idx, &mut frame)?;
                frames.push(frame.clone());
            }
            Ok(())
        });
        assert_eq!(all, Ok(()));
        frames
    }

    #[test]
    fn more_painters_change_no_pixel() {
        let alone = frames(1, 23);
        assert_ne!(alone[0], alone[22], "something moves");
        for n in [2, 3, 4] {
            assert!(frames(n, 23) == alone, "{n} painters");
        }
        assert!(frames(4, 2) == frames(1, 2), "more painters than frames");
    }

    #[test]
    fn painters_stop_with_the_encoder_and_with_the_job() {
        let cancel = Cancel::default();
        let failed = painted(scenes(2, 1000), 1000, &cancel, |draw| -> Result<(), JobError> {
            draw(0, &mut Frame::default())?;
            Err(Diagnostic::error("disk-full", "no space left").into())
        });
        assert!(matches!(failed, Err(JobError::Failed(it)) if it.code == "disk-full"));
        let stopped = painted(scenes(3, 1000), 1000, &cancel, |draw| {
            let mut frame = Frame::default();
            for idx in 0..1000 {
                draw(idx, &mut frame)?;
                if idx == 10 {
                    cancel.cancel();
                }
            }
            Ok(())
        });
        assert_eq!(stopped, Err(JobError::Cancelled));
    }
}
