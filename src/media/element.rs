//! The GStreamer elements this package uses, and which Debian package brings each.
//!
//! Must not know what the elements are used for. A table beats asking the package manager: the answer is needed
//! where none is installed.

use gstreamer as gst;
use gstreamer::prelude::*;
use model::Diagnostic;

/// Element and the Debian package that contains it.
const PACKAGES: &[(&str, &str)] = &[
    ("filesrc", "libgstreamer1.0-0"),
    ("filesink", "libgstreamer1.0-0"),
    ("capsfilter", "libgstreamer1.0-0"),
    ("fakesink", "libgstreamer1.0-0"),
    ("appsrc", "gstreamer1.0-plugins-base"),
    ("appsink", "gstreamer1.0-plugins-base"),
    ("decodebin", "gstreamer1.0-plugins-base"),
    ("parsebin", "gstreamer1.0-plugins-base"),
    ("videoconvert", "gstreamer1.0-plugins-base"),
    ("videotestsrc", "gstreamer1.0-plugins-base"),
    ("audioconvert", "gstreamer1.0-plugins-base"),
    ("audioresample", "gstreamer1.0-plugins-base"),
    ("videoflip", "gstreamer1.0-plugins-good"),
    ("qtdemux", "gstreamer1.0-plugins-good"),
    ("matroskademux", "gstreamer1.0-plugins-good"),
    ("mp4mux", "gstreamer1.0-plugins-good"),
    ("wavparse", "gstreamer1.0-plugins-good"),
    ("h264parse", "gstreamer1.0-plugins-bad"),
    ("avdec_h264", "gstreamer1.0-libav"),
    ("aacparse", "gstreamer1.0-plugins-good"),
    ("avenc_aac", "gstreamer1.0-libav"),
    ("textoverlay", "gstreamer1.0-x"),
];

/// Looked for one after the other: the first is better and GPL, the second is enough and BSD.
const ENCODERS: [(&str, &str); 2] =
    [("x264enc", "gstreamer1.0-plugins-ugly"), ("openh264enc", "gstreamer1.0-plugins-bad")];

/// Which H.264 encoder is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoder {
    X264,
    OpenH264,
}

impl Encoder {
    /// The `codec` of a mezzanine: a new encoder or a changed setting needs a new mark, because files of different
    /// marks do not join.
    pub(crate) fn mark(self) -> &'static str {
        match self {
            Encoder::X264 => "h264/mezzanine1",
            Encoder::OpenH264 => "h264/mezzanine1-openh264",
        }
    }
}

/// Checks that every element is there.
///
/// # Errors
/// A diagnostic that names what is missing and what to install.
pub(crate) fn check() -> Result<Encoder, Diagnostic> {
    for (name, _) in PACKAGES {
        if gst::ElementFactory::find(name).is_none() {
            return Err(missing(name));
        }
    }
    if gst::ElementFactory::find(ENCODERS[0].0).is_some() {
        return Ok(Encoder::X264);
    }
    if gst::ElementFactory::find(ENCODERS[1].0).is_some() {
        return Ok(Encoder::OpenH264);
    }
    Err(missing(ENCODERS[0].0).hint(format!("or install {} for {}", ENCODERS[1].1, ENCODERS[1].0)))
}

/// A new element with properties given as text, as `gst-launch` takes them.
///
/// # Errors
/// A diagnostic where the element is missing.
pub(crate) fn make(name: &str, properties: &[(&str, &str)]) -> Result<gst::Element, Diagnostic> {
    let element = gst::ElementFactory::make(name).build().map_err(|_| missing(name))?;
    for (property, value) in properties {
        element.set_property_from_str(property, value);
    }
    Ok(element)
}

/// The diagnostic for a missing element.
pub(crate) fn missing(name: &str) -> Diagnostic {
    let package = PACKAGES.iter().chain(&ENCODERS).find(|(element, _)| *element == name).map(|(_, package)| *package);
    let diagnostic = Diagnostic::error("gstreamer-element-missing", format!("GStreamer has no element `{name}`"));
    match package {
        Some(package) => diagnostic.hint(format!("install it: apt install {package}")),
        None => diagnostic,
    }
}

/// The Debian package that probably decodes streams of that media type.
pub(crate) fn decoder_package(media_type: &str) -> &'static str {
    match media_type {
        "video/x-vp8" | "video/x-vp9" | "image/jpeg" | "image/png" => "gstreamer1.0-plugins-good",
        "video/x-av1" | "audio/x-ac4" => "gstreamer1.0-plugins-bad",
        "audio/mpeg" | "audio/x-ac3" | "video/mpeg" => "gstreamer1.0-libav or gstreamer1.0-plugins-ugly",
        "audio/x-vorbis" | "audio/x-opus" | "video/x-theora" => "gstreamer1.0-plugins-base",
        _ => "gstreamer1.0-libav",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_element_names_its_package() {
        let shown = missing("x264enc").to_string();
        assert!(shown.contains("x264enc") && shown.contains("apt install gstreamer1.0-plugins-ugly"), "{shown}");
        assert_ne!(Encoder::X264.mark(), Encoder::OpenH264.mark(), "files of two encoders do not join");
    }
}
