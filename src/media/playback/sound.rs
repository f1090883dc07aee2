//! The thread that makes sound: while playing it mixes a little ahead and reports what has been heard.
//!
//! Must not know pictures. Nothing here can stop playing: without a sound card, or with a sound that cannot be
//! decoded, pictures go on by the computer's clock, and the status says why it is quiet.

use std::path::Path;
use std::time::{Duration, Instant};

use engine::codec::SAMPLE_RATE;
use engine::worker::{JobCx, JobError};

use super::Voice;
use super::desk::{Cue, Desk, Hub};
use super::devices;
use super::mixer::Mixer;
use super::output::Output;
use super::transport::Run;
use crate::mix;

/// Samples mixed ahead: enough for a slow disk, little enough for a quick start.
const AHEAD: u64 = SAMPLE_RATE as u64 * 2 / 5;

/// Samples that must be there before sound starts.
const START: u64 = SAMPLE_RATE as u64 / 10;

/// Frames mixed ahead of the picture where nobody listens, for their levels.
const LEVELS_AHEAD: u64 = 4;

/// How often sound and picture are compared.
const GLANCE: Duration = Duration::from_millis(20);

/// Length of what a scrub lets hear, and of its ramps.
const SNIPPET: u64 = SAMPLE_RATE as u64 / 12;
const RAMP: usize = SAMPLE_RATE as usize / 200;

/// How long after a scrub the sound card rests.
const SCRUB_REST: Duration = Duration::from_secs(1);

/// What a wait has found.
#[derive(PartialEq)]
enum Next {
    Frame,
    Stop,
}

/// Makes sound until the playback ends.
pub(super) fn make(hub: &Hub, sink: &str) {
    let cx = JobCx { artifacts: &*hub.files, cancel: hub.cancel.clone(), progress: &|_| {}, project: Path::new("") };
    let mut output: Option<Output> = None;
    // The device that was opened: none before the first.
    let mut opened: Option<Option<String>> = None;
    loop {
        let (recipe, edition, device) = {
            let desk = hub.desk();
            (desk.recipe.clone(), desk.edition, desk.device.clone())
        };
        let mixer = if mix::has_sound(&recipe) { Mixer::new(&recipe, &cx).map(Some) } else { Ok(None) };
        let mixer = mixer.unwrap_or_else(|error| {
            if let JobError::Failed(diagnostic) = error {
                hub.change(|desk| desk.fail_sound(edition, *diagnostic));
                hub.wake();
            }
            None
        });
        let Some(mut mixer) = mixer else {
            rest(output.as_ref());
            hub.change(|desk| desk.set_voice(edition, Voice::None));
            let other = |desk: &mut Desk| match desk.cue(edition, None) {
                Some(Cue::Close) => Some(true),
                Some(Cue::Recipe) => Some(false),
                _ => None,
            };
            if hub.wait(None, other) == Some(true) {
                return;
            }
            continue;
        };
        if opened.as_ref() != Some(&device) {
            // What is wrong with a sound card is for its own settings to say; here it is only missing. A device is let
            // go of before the next one is opened: some belong to one program at a time.
            drop(output.take());
            let chosen = device.as_deref().and_then(devices::sink).and_then(|sink| Output::on(sink).ok().flatten());
            output = chosen.or_else(|| Output::open(sink).ok().flatten());
            opened = Some(device);
        }
        let voice = if output.is_some() { Voice::Device } else { Voice::NoDevice };
        hub.change(|desk| desk.set_voice(edition, voice));
        let mut done = None;
        let mut is_scrubbing = false;
        loop {
            let limit = is_scrubbing.then_some(SCRUB_REST);
            let cue = hub.wait(limit, |desk| desk.cue(edition, done));
            is_scrubbing = matches!(cue, Some(Cue::Scrub(..)));
            let made = match cue {
                Some(Cue::Recipe) => break,
                Some(Cue::Close) => return,
                // A snippet has been heard; a card that waits for more would keep the processor awake.
                None => {
                    rest(output.as_ref());
                    Ok(())
                }
                Some(Cue::Silence(epoch)) => {
                    done = Some(epoch);
                    rest(output.as_ref());
                    Ok(())
                }
                Some(Cue::Play(epoch, run)) => {
                    done = Some(epoch);
                    match &mut output {
                        Some(output) => play(hub, output, &mut mixer, edition, epoch, &run),
                        None => levels(hub, &mut mixer, edition, epoch, &run),
                    }
                }
                Some(Cue::Scrub(epoch, frame)) => {
                    done = Some(epoch);
                    output.as_mut().map_or(Ok(()), |output| scrub(hub, output, &mut mixer, &recipe, edition, frame))
                }
            };
            match made {
                Ok(()) => {}
                Err(JobError::Cancelled) => return,
                // A card that was pulled out.
                Err(JobError::Failed(_)) => {
                    output = None;
                    hub.change(|desk| desk.set_voice(edition, Voice::NoDevice));
                    done = None;
                }
            }
        }
    }
}

fn rest(output: Option<&Output>) {
    if let Some(output) = output {
        output.stop();
    }
}

/// The sound of a frame, and its level on the desk.
fn mixed(hub: &Hub, mixer: &mut Mixer<'_>, edition: u64, frame: u64) -> Result<Vec<f32>, JobError> {
    let samples = mixer.frame(frame)?;
    let level = peaks(&samples);
    hub.desk().note_level(frame, level);
    report(hub, mixer, edition);
    Ok(samples)
}

/// Says what cannot be heard.
fn report(hub: &Hub, mixer: &mut Mixer<'_>, edition: u64) {
    if let Some(trouble) = mixer.trouble() {
        hub.change(|desk| desk.fail_sound(edition, trouble));
        hub.wake();
    }
}

/// Plays a run until another one is wanted.
fn play(
    hub: &Hub,
    output: &mut Output,
    mixer: &mut Mixer<'_>,
    edition: u64,
    epoch: u64,
    run: &Run,
) -> Result<(), JobError> {
    output.restart()?;
    let mut volume = hub.desk().volume;
    output.set_volume(volume);
    let (mut step, mut n_mixed, mut is_rolling) = (0, 0, false);
    loop {
        output.check()?;
        let is_over = run.frame_of(step).is_none();
        if !is_rolling && (START <= n_mixed || is_over) && hub.desk().is_primed(epoch) {
            output.roll()?;
            is_rolling = true;
        }
        if is_rolling && let Some(heard) = output.heard() {
            let now = Instant::now();
            hub.change(|desk| desk.transport.sync(epoch, now, heard));
        }
        let mut is_full = AHEAD <= output.n_waiting() || is_over;
        if let (false, Some(frame)) = (is_full, run.frame_of(step)) {
            let samples = mixed(hub, mixer, edition, frame)?;
            output.push(&samples)?;
            (step, n_mixed) = (step + 1, n_mixed + samples.len() as u64 / 2);
            is_full = !is_rolling && START <= n_mixed;
        }
        let limit = if is_full { GLANCE } else { Duration::ZERO };
        let mut wanted = 0.0;
        let stop = |desk: &mut Desk| {
            wanted = desk.volume;
            (!desk.is_current(edition, epoch)).then_some(())
        };
        if hub.wait(Some(limit), stop).is_some() {
            return Ok(());
        }
        if wanted != volume {
            output.set_volume(wanted);
            volume = wanted;
        }
    }
}

/// Follows a run without a sound card.
fn levels(hub: &Hub, mixer: &mut Mixer<'_>, edition: u64, epoch: u64, run: &Run) -> Result<(), JobError> {
    let mut step = 0;
    loop {
        let Some(frame) = run.frame_of(step) else { return Ok(()) };
        mixed(hub, mixer, edition, frame)?;
        step += 1;
        let next = |desk: &mut Desk| {
            if !desk.is_current(edition, epoch) {
                return Some(Next::Stop);
            }
            let shown = desk.transport.run().map_or(0, Run::done);
            (step <= shown.saturating_add(LEVELS_AHEAD)).then_some(Next::Frame)
        };
        if hub.wait(None, next) != Some(Next::Frame) {
            return Ok(());
        }
    }
}

/// A snippet at a frame.
fn scrub(
    hub: &Hub,
    output: &mut Output,
    mixer: &mut Mixer<'_>,
    recipe: &model::Recipe,
    edition: u64,
    frame: u64,
) -> Result<(), JobError> {
    output.restart()?;
    output.set_volume(hub.desk().volume);
    let from = recipe.rate.sample_at(frame, SAMPLE_RATE);
    let len = SNIPPET.min(mixer.n_samples().saturating_sub(from));
    let mut samples = mixer.stretch(from, len)?;
    report(hub, mixer, edition);
    let n = samples.len() / 2;
    for (i, pair) in samples.chunks_exact_mut(2).enumerate() {
        let ramp = (i.min(n - 1 - i) as f32 / RAMP as f32).min(1.0);
        for value in pair {
            *value *= ramp;
        }
    }
    output.push(&samples)?;
    // Silence behind it, so that a card with a large buffer starts at once.
    output.push(&vec![0.0; SAMPLE_RATE as usize / 2])?;
    output.roll()
}

/// Peaks of both channels in decibels.
fn peaks(samples: &[f32]) -> [f32; 2] {
    let peak = samples
        .chunks_exact(2)
        .fold([0.0_f32; 2], |peak, pair| [peak[0].max(pair[0].abs()), peak[1].max(pair[1].abs())]);
    peak.map(|value| 20.0 * value.log10())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn peaks_are_decibels_below_full_scale() {
        assert_eq!(peaks(&[0.0, 0.0]), [f32::NEG_INFINITY; 2]);
        let [left, right] = peaks(&[0.5, 0.1, -1.0, -0.05]);
        assert_eq!(left, 0.0);
        assert!((right + 20.0).abs() < 0.001, "{right}");
    }
}
