//! Brings media files into the store: copied first, then probed, so that what was judged is what is kept.
//!
//! Must not know nodes or keys. Probing the original was rejected: it may change while it is read.

use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;
use std::sync::Arc;

use engine::codec::Frame;
use engine::worker::{JobCx, JobError};
use model::{AudioInfo, Diagnostic, Image, Import, ImportKind, Outputs, Recipe, Value, VideoInfo};

use crate::encode::disk;
use crate::line::{name_of, regular};
use crate::player::Player;
use crate::{picture, probe};

/// Bytes copied between two looks at the cancel flag.
const CHUNK: usize = 1 << 20;

/// Size of a picture that is only decoded to see that it can be.
const LOOK: (u32, u32) = (32, 32);

/// Runs an import of a picture, clip or sound.
///
/// # Errors
/// A diagnostic that names the file; [`JobError::Cancelled`].
pub(crate) fn import(import: &Import, cx: &JobCx<'_>) -> Result<Outputs, JobError> {
    let original = cx.project.join(&import.path);
    let n_bytes = regular(&original)?;
    let format = original.extension().map_or_else(|| "bin".to_owned(), |it| it.to_string_lossy().to_lowercase());
    let format = if format.len() <= 8 && format.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        format
    } else {
        "bin".to_owned()
    };
    // Pictures are judged by their header before a byte of them is copied.
    if import.kind == ImportKind::Image {
        picture::probe(&original)?;
        // A header promises nothing about the pixels; found out later, the damage would be blamed on another node.
        picture::read(&original, LOOK.0)?;
    }
    let path = cx.artifacts.scratch(&format)?;
    let brought = copy(&original, &path, n_bytes, cx).and_then(|()| keep(import, &path, &format, &original, cx));
    if brought.is_err() {
        // What was not adopted is of no use.
        let _ = std::fs::remove_file(&path);
    }
    (cx.progress)(1.0);
    Ok(vec![("value".into(), brought?)])
}

fn keep(import: &Import, path: &Path, format: &str, original: &Path, cx: &JobCx<'_>) -> Result<Value, JobError> {
    let (video, audio) = judge(import.kind, path).map_or_else(|| streams(import, path, original, cx), |it| Ok(it?))?;
    // The reader is chosen by what the file is, not by what it is called.
    let format = match video.as_ref().map(|info| info.codec.as_str()) {
        Some(codec @ ("png" | "jpeg" | "webp")) if import.kind == ImportKind::Image => codec.to_owned(),
        _ => format.to_owned(),
    };
    let media = Arc::new(cx.artifacts.adopt(path, &format, video, audio)?);
    if import.content.is_some_and(|content| content != media.digest) {
        let message = format!("{} changed while it was read", name_of(original));
        return Err(Diagnostic::error("file-changed", message).hint("run again when it is complete").into());
    }
    Ok(match import.kind {
        ImportKind::Image => Value::Image(Image::File(media)),
        ImportKind::Audio => Value::Audio(media),
        _ => {
            let own = media.video.as_ref().map_or(model::Rate::FILM, |info| info.rate);
            let rate = import.rate.filter(|rate| rate.is_valid()).unwrap_or(own);
            let clip = Recipe::file(media.clone(), None, rate);
            look(&clip, cx).map_err(|error| match cx.artifacts.locate(&media) {
                Ok(kept) => named(error, &kept, original),
                Err(_) => error,
            })?;
            Value::Clip(Arc::new(clip))
        }
    })
}

/// Decodes the first frame: the streams of a file whose frames are noise look as good as any.
fn look(clip: &Recipe, cx: &JobCx<'_>) -> Result<(), JobError> {
    Player::new(clip, LOOK, cx)?.frame(0, &mut Frame::default())
}

type Streams = (Option<VideoInfo>, Option<AudioInfo>);

/// Pictures need no pipeline; none for everything else.
fn judge(kind: ImportKind, path: &Path) -> Option<Result<Streams, Diagnostic>> {
    (kind == ImportKind::Image).then(|| Ok((Some(picture::probe(path)?), None)))
}

fn streams(import: &Import, path: &Path, original: &Path, cx: &JobCx<'_>) -> Result<Streams, JobError> {
    let name = name_of(original);
    if picture::is_picture(path) {
        let message = format!("{name} is a picture");
        return Err(Diagnostic::error("wrong-kind", message).hint("import it as an image").into());
    }
    let found = probe::probe(path, &cx.cancel).map_err(|error| named(error, path, original))?;
    match import.kind {
        ImportKind::Clip if found.video.is_none() => {
            let message = format!("{name} has sound but no picture");
            Err(Diagnostic::error("wrong-kind", message).hint("import it as audio").into())
        }
        ImportKind::Audio => match found.audio {
            Some(audio) => Ok((found.video, Some(audio))),
            None => {
                let message = format!("{name} has no sound");
                Err(Diagnostic::error("wrong-kind", message).hint("import it as a clip").into())
            }
        },
        ImportKind::Clip => Ok((found.video, found.audio)),
        _ => Err(Diagnostic::error("wrong-kind", "the media worker imports images, clips and audio").into()),
    }
}

/// Says the user's name of the file instead of the store's.
fn named(error: JobError, path: &Path, original: &Path) -> JobError {
    match error {
        JobError::Failed(mut diagnostic) => {
            diagnostic.message = diagnostic.message.replace(&name_of(path), &name_of(original));
            JobError::Failed(diagnostic)
        }
        JobError::Cancelled => JobError::Cancelled,
    }
}

fn copy(from: &Path, to: &Path, n_bytes: u64, cx: &JobCx<'_>) -> Result<(), JobError> {
    let mut source = File::open(from)
        .map_err(|error| Diagnostic::error("file-missing", format!("cannot read {}: {error}", name_of(from))))?;
    let mut target = File::create(to).map_err(|error| disk(to, &error))?;
    let mut chunk = vec![0; CHUNK];
    let mut at = 0_u64;
    loop {
        cx.cancel.check()?;
        let n_read = source
            .read(&mut chunk)
            .map_err(|error| Diagnostic::error("file-missing", format!("cannot read {}: {error}", name_of(from))))?;
        if n_read == 0 {
            return Ok(target.sync_all().map_err(|error| disk(to, &error))?);
        }
        at += n_read as u64;
        if n_bytes < at {
            let message = format!("{} grows while it is read", name_of(from));
            return Err(Diagnostic::error("file-changed", message).hint("run again when it is complete").into());
        }
        target.write_all(&chunk[..n_read]).map_err(|error| disk(to, &error))?;
        (cx.progress)(0.5 * at as f32 / n_bytes.max(1) as f32);
    }
}
