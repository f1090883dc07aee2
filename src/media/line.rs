//! One running pipeline with a watchdog: nothing in this package waits for GStreamer anywhere else.
//!
//! Every wait is short, looks at the job's cancel flag and at the bus, and gives up after [`STALL`] without progress.
//! `appsrc` is never set to block: after an error downstream it would block for ever, because nothing drains it.

use std::path::Path;
use std::time::{Duration, Instant};

use engine::worker::{Cancel, JobError};
use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app as app;
use model::Diagnostic;

use crate::element;

/// No pipeline may be silent for longer, unless it says so.
const STALL: Duration = Duration::from_secs(20);

/// How long one wait lasts before the cancel flag is looked at.
const NAP: gst::ClockTime = gst::ClockTime::from_mseconds(50);

/// A pipeline that stops when it is dropped.
pub(crate) struct Line {
    pub(crate) pipeline: gst::Pipeline,
    bus: gst::Bus,
    /// What it works on, for messages.
    what: String,
    /// How long it may be silent.
    pub(crate) patience: Duration,
}

impl Line {
    /// An empty pipeline working on `what`.
    pub(crate) fn new(what: impl Into<String>) -> Result<Line, Diagnostic> {
        let pipeline = gst::Pipeline::new();
        let what = what.into();
        let bus = pipeline.bus().ok_or_else(|| Diagnostic::error("media-pipeline", "a pipeline has no bus"))?;
        bus.set_sync_handler(|_, message| match message.type_() {
            gst::MessageType::Error | gst::MessageType::Eos | gst::MessageType::Element => gst::BusSyncReply::Pass,
            _ => gst::BusSyncReply::Drop,
        });
        Ok(Line { pipeline, bus, what, patience: STALL })
    }

    /// Adds elements, each linked to the one before it.
    pub(crate) fn chain(&self, elements: &[&gst::Element]) -> Result<(), Diagnostic> {
        self.pipeline.add_many(elements.iter().copied()).map_err(|error| self.broken(&error.to_string()))?;
        gst::Element::link_many(elements.iter().copied()).map_err(|error| self.broken(&error.to_string()))
    }

    /// Links the first pad of `from` whose caps begin with `kind` to `to`, when it appears.
    pub(crate) fn link_later(from: &gst::Element, kind: &'static str, to: &gst::Element) {
        let to = to.downgrade();
        from.connect_pad_added(move |_, pad| {
            let caps = pad.current_caps().unwrap_or_else(|| pad.query_caps(None));
            let fits = caps.structure(0).is_some_and(|structure| structure.name().starts_with(kind));
            let Some(sink) = to.upgrade().and_then(|to| to.static_pad("sink")) else { return };
            if fits && !sink.is_linked() {
                // A failed link shows itself as a pipeline error or as a stream without frames.
                let _ = pad.link(&sink);
            }
        });
    }

    /// Starts.
    pub(crate) fn play(&self) -> Result<(), JobError> {
        if self.pipeline.set_state(gst::State::Playing).is_err() {
            self.check()?;
            return Err(self.broken("it does not start").into());
        }
        Ok(())
    }

    /// Reports an error that the pipeline had.
    pub(crate) fn check(&self) -> Result<(), JobError> {
        while let Some(message) = self.bus.pop_filtered(&[gst::MessageType::Error, gst::MessageType::Element]) {
            self.judge(&message)?;
        }
        Ok(())
    }

    /// The next sample, none at the end.
    pub(crate) fn pull(&self, sink: &app::AppSink, cancel: &Cancel) -> Result<Option<gst::Sample>, JobError> {
        let start = Instant::now();
        loop {
            cancel.check()?;
            if let Some(sample) = sink.try_pull_sample(NAP) {
                return Ok(Some(sample));
            }
            self.check()?;
            if sink.is_eos() {
                return Ok(None);
            }
            self.watch(start)?;
        }
    }

    /// Hands over a buffer as soon as fewer than `queue` are waiting.
    pub(crate) fn push(
        &self,
        source: &app::AppSrc,
        buffer: gst::Buffer,
        queue: u64,
        cancel: &Cancel,
    ) -> Result<(), JobError> {
        let start = Instant::now();
        while queue <= source.current_level_buffers() {
            cancel.check()?;
            let errors = [gst::MessageType::Error];
            if let Some(message) = self.bus.timed_pop_filtered(gst::ClockTime::from_mseconds(2), &errors) {
                self.judge(&message)?;
            }
            self.watch(start)?;
        }
        if source.push_buffer(buffer).is_err() {
            self.check()?;
            return Err(self.broken("it takes no more data").into());
        }
        Ok(())
    }

    /// Waits for the end of a pipeline whose sources have ended. `progress` is anything that changes while it works.
    pub(crate) fn finish(&self, cancel: &Cancel, progress: &dyn Fn() -> u64) -> Result<(), JobError> {
        let (mut start, mut seen) = (Instant::now(), progress());
        loop {
            cancel.check()?;
            let kinds = [gst::MessageType::Error, gst::MessageType::Eos, gst::MessageType::Element];
            if let Some(message) = self.bus.timed_pop_filtered(NAP, &kinds) {
                if message.type_() == gst::MessageType::Eos {
                    return Ok(());
                }
                self.judge(&message)?;
            }
            let now = progress();
            if now != seen {
                (start, seen) = (Instant::now(), now);
            }
            self.watch(start)?;
        }
    }

    fn watch(&self, start: Instant) -> Result<(), JobError> {
        if start.elapsed() < self.patience {
            return Ok(());
        }
        self.check()?;
        let message = format!("{} made no progress for {} seconds", self.what, self.patience.as_secs());
        Err(Diagnostic::error("media-stalled", message).hint("try the file in a player, or convert it to H.264").into())
    }

    fn broken(&self, why: &str) -> Diagnostic {
        Diagnostic::error("media-pipeline", format!("cannot work on {}: {why}", self.what))
    }

    fn judge(&self, message: &gst::Message) -> Result<(), JobError> {
        match message.view() {
            gst::MessageView::Error(error) => Err(self.explain(&error.error(), error.debug().as_deref()).into()),
            gst::MessageView::Element(element) => match element.structure() {
                Some(structure) if structure.name() == "missing-plugin" => {
                    let caps = structure.get::<gst::Caps>("detail").ok();
                    let kind = caps.as_ref().and_then(|caps| caps.structure(0)).map(|it| it.name().to_string());
                    Err(no_decoder(&self.what, kind.as_deref().unwrap_or("unknown")).into())
                }
                _ => Ok(()),
            },
            _ => Ok(()),
        }
    }

    /// What a GStreamer error means to a user.
    fn explain(&self, error: &gst::glib::Error, debug: Option<&str>) -> Diagnostic {
        let what = &self.what;
        if error.matches(gst::StreamError::TypeNotFound) || error.matches(gst::StreamError::WrongType) {
            return not_media(what);
        }
        if error.matches(gst::StreamError::CodecNotFound) || error.matches(gst::CoreError::MissingPlugin) {
            return no_decoder(what, "unknown");
        }
        let damaged = error.matches(gst::StreamError::Demux) || error.matches(gst::StreamError::Decode);
        // The debug text's last line is the element's own reason; the lines before it are source locations.
        let detail = debug.and_then(|text| text.lines().next_back()).unwrap_or_default().trim();
        let reason = error.to_string();
        let reason = reason.trim_end_matches('.');
        let shown = if detail.is_empty() || detail.contains(reason) || detail.starts_with("../") {
            reason.to_owned()
        } else {
            format!("{reason} ({})", detail.trim_end_matches('.'))
        };
        if damaged {
            Diagnostic::error("media-damaged", format!("{what} is damaged or cut off: {shown}"))
                .hint("copy or download the file again, or repair it: ffmpeg -i FILE -c copy repaired.mp4")
        } else if error.matches(gst::ResourceError::NoSpaceLeft) {
            Diagnostic::error("disk-full", format!("no space left while working on {what}"))
        } else {
            Diagnostic::error("media-failed", format!("cannot work on {what}: {shown}"))
        }
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        // A pipeline that refuses to stop has nothing more to tell.
        let _ = self.pipeline.set_state(gst::State::Null);
        self.bus.unset_sync_handler();
    }
}

/// The file holds nothing that GStreamer knows.
pub(crate) fn not_media(what: &str) -> Diagnostic {
    Diagnostic::error("not-media", format!("{what} is not a video, sound or picture that GStreamer knows"))
        .hint("check that the extension matches the content, or convert the file to MP4, WAV or PNG")
}

/// No decoder for a stream.
pub(crate) fn no_decoder(what: &str, media_type: &str) -> Diagnostic {
    Diagnostic::error("decoder-missing", format!("no decoder is installed for {media_type}, found in {what}"))
        .hint(format!("install one: apt install {}", element::decoder_package(media_type)))
}

/// The name that messages give a file.
pub(crate) fn name_of(path: &Path) -> String {
    let name = path.file_name().map_or_else(|| path.to_string_lossy(), |name| name.to_string_lossy());
    format!("`{name}`")
}

/// An input file element. Only regular files get here: opening a FIFO would block for ever.
pub(crate) fn file_source(path: &Path) -> Result<gst::Element, Diagnostic> {
    regular(path)?;
    let source = element::make("filesrc", &[])?;
    source.set_property("location", path.to_string_lossy().as_ref());
    Ok(source)
}

/// Refuses everything but regular files, without opening them.
///
/// # Errors
/// `file-missing`, `not-a-file`, `file-empty`, `file-name`.
pub(crate) fn regular(path: &Path) -> Result<u64, Diagnostic> {
    let name = name_of(path);
    let meta = std::fs::metadata(path)
        .map_err(|error| Diagnostic::error("file-missing", format!("cannot read {name}: {error}")))?;
    if meta.is_dir() {
        return Err(Diagnostic::error("not-a-file", format!("{name} is a folder")).hint("name one file in it"));
    }
    if !meta.is_file() {
        return Err(Diagnostic::error("not-a-file", format!("{name} is a pipe or a device, not a file"))
            .hint("save its content to a file first"));
    }
    if meta.len() == 0 {
        return Err(Diagnostic::error("file-empty", format!("{name} is empty")).hint("copy or download it again"));
    }
    if path.to_str().is_none() {
        let message = format!("the path of {name} is not UTF-8, which GStreamer needs");
        return Err(Diagnostic::error("file-name", message).hint("rename the file or its folder"));
    }
    Ok(meta.len())
}
