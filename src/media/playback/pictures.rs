//! The thread that makes pictures: always the one that is wanted most, one at a time.
//!
//! Must not know what is due: the transport says what is wanted next. One thread is enough, and the decoders beneath
//! it work ahead on threads of their own; two would ask the same decoder for different places.

use std::path::Path;

use engine::codec::Frame;
use engine::worker::{JobCx, JobError};

use crate::player::{Parked, Player};

use super::desk::{Hub, Order};

/// Pieces that stay open when the playhead has left them, in pixels: five at 1280 by 720.
const PARKED_PIXELS: u64 = 5 * 1280 * 720;

/// Makes pictures until the playback ends.
pub(super) fn make(hub: &Hub) {
    let cx = JobCx { artifacts: &*hub.files, cancel: hub.cancel.clone(), progress: &|_| {}, project: Path::new("") };
    let mut parked = Parked::new(PARKED_PIXELS);
    loop {
        let (recipe, size, generation) = {
            let desk = hub.desk();
            (desk.recipe.clone(), desk.size, desk.generation)
        };
        let mut player = match Player::new(&recipe, size, &cx) {
            Ok(player) => player.resume(parked),
            Err(JobError::Cancelled) => return,
            Err(JobError::Failed(diagnostic)) => {
                hub.change(|desk| desk.refuse(generation, *diagnostic));
                hub.wake();
                let other = |desk: &mut super::desk::Desk| match desk.order(generation) {
                    Some(Order::Close) => Some(true),
                    Some(Order::Recipe) => Some(false),
                    _ => None,
                };
                if hub.wait(None, other) == Some(true) {
                    return;
                }
                parked = Parked::new(PARKED_PIXELS);
                continue;
            }
        };
        loop {
            let (frame, memory) = match hub.wait(None, |desk| desk.order(generation)) {
                Some(Order::Frame(frame, memory)) => (frame, memory),
                Some(Order::Recipe) => break,
                Some(Order::Close) | None => return,
            };
            // Memory of the right length is a frame already; any other is replaced.
            let mut picture = Frame { width: size.0, height: size.1, data: memory };
            let made = match player.frame(frame, &mut picture) {
                Ok(()) => Ok(picture.data),
                Err(JobError::Cancelled) => return,
                Err(JobError::Failed(diagnostic)) => Err(*diagnostic),
            };
            hub.change(|desk| desk.take(generation, frame, made));
        }
        parked = player.park();
    }
}
