//! Reads and writes picture files with the image crate.
//!
//! Must not know recipes. The dimensions in the header are checked before anything is decoded: GStreamer's decoders
//! have no such limit, and a small file can claim gigabytes.

use std::path::Path;

use engine::codec::Frame;
use image::{DynamicImage, ImageDecoder, ImageError, ImageReader, Limits};
use model::{Diagnostic, Rate, VideoInfo};

use crate::encode::disk;
use crate::line::{name_of, regular};

/// Most pixels of a picture file.
pub(crate) const MAX_PIXELS: u64 = 64_000_000;

/// Most bytes of a picture file.
const MAX_BYTES: u64 = 512 << 20;

/// Reads a file, shrunk until its longer side has at most `longest` pixels.
///
/// # Errors
/// A diagnostic for a file that is missing, no picture, too large or damaged.
pub(crate) fn read(path: &Path, longest: u32) -> Result<Frame, Diagnostic> {
    let mut decoder = open(path)?.into_decoder().map_err(|error| explain(path, &error))?;
    cap(path, decoder.dimensions())?;
    let mut limits = Limits::default();
    limits.max_alloc = Some(MAX_PIXELS * 16);
    decoder.set_limits(limits).map_err(|error| explain(path, &error))?;
    let orientation = decoder.orientation().map_err(|error| explain(path, &error))?;
    let mut picture = DynamicImage::from_decoder(decoder).map_err(|error| explain(path, &error))?;
    picture.apply_orientation(orientation);
    if longest < picture.width().max(picture.height()) {
        let longest = longest.max(1);
        picture = picture.resize(longest, longest, image::imageops::FilterType::Triangle);
    }
    let picture = picture.into_rgba8();
    Ok(Frame { width: picture.width(), height: picture.height(), data: picture.into_raw() })
}

/// What a picture file's header says, as it will be shown (turned upright).
///
/// # Errors
/// As [`read`], without decoding.
pub(crate) fn probe(path: &Path) -> Result<VideoInfo, Diagnostic> {
    let reader = open(path)?;
    let codec = match reader.format() {
        Some(image::ImageFormat::Png) => "png",
        Some(image::ImageFormat::Jpeg) => "jpeg",
        Some(image::ImageFormat::WebP) => "webp",
        _ => "",
    };
    let mut decoder = reader.into_decoder().map_err(|error| explain(path, &error))?;
    let (mut width, mut height) = decoder.dimensions();
    cap(path, (width, height))?;
    let orientation = decoder.orientation().map_err(|error| explain(path, &error))?;
    use image::metadata::Orientation::{Rotate90, Rotate90FlipH, Rotate270, Rotate270FlipH};
    if matches!(orientation, Rotate90 | Rotate270 | Rotate90FlipH | Rotate270FlipH) {
        (width, height) = (height, width);
    }
    Ok(VideoInfo { width, height, rate: Rate(1, 1), n_frames: 1, codec: codec.to_owned() })
}

/// Whether a file begins like a picture.
pub(crate) fn is_picture(path: &Path) -> bool {
    use image::ImageFormat::{Jpeg, Png, WebP};
    regular(path).is_ok() && matches!(guessed(path), Some(Png | Jpeg | WebP))
}

/// Writes a PNG.
///
/// # Errors
/// `frame-size` and `disk`.
pub(crate) fn write(frame: &Frame, path: &Path) -> Result<VideoInfo, Diagnostic> {
    let picture = image::RgbaImage::from_raw(frame.width, frame.height, frame.data.clone())
        .filter(|picture| 0 < picture.width() && 0 < picture.height())
        .ok_or_else(|| Diagnostic::error("frame-size", "a frame's bytes do not match its size"))?;
    let made = picture.save_with_format(path, image::ImageFormat::Png);
    made.map_err(|error| disk(path, &std::io::Error::other(error.to_string())))?;
    let (width, height) = (frame.width, frame.height);
    Ok(VideoInfo { width, height, rate: Rate(1, 1), n_frames: 1, codec: "png".to_owned() })
}

/// The format by the first bytes, whatever the extension says.
fn guessed(path: &Path) -> Option<image::ImageFormat> {
    use std::io::Read;
    let mut head = [0; 64];
    let n_read = std::fs::File::open(path).and_then(|mut file| file.read(&mut head)).ok()?;
    image::guess_format(&head[..n_read]).ok()
}

fn open(path: &Path) -> Result<ImageReader<std::io::BufReader<std::fs::File>>, Diagnostic> {
    let n_bytes = regular(path)?;
    let name = name_of(path);
    if MAX_BYTES < n_bytes {
        let message = format!("{name} has {} MB, too many for a picture", n_bytes >> 20);
        return Err(Diagnostic::error("picture-too-large", message).hint("save it smaller"));
    }
    let unknown = || {
        Diagnostic::error("not-a-picture", format!("{name} is not a PNG, JPEG or WebP picture"))
            .hint("check that the extension matches the content, or save it as PNG")
    };
    let format = guessed(path).ok_or_else(unknown)?;
    if !matches!(format, image::ImageFormat::Png | image::ImageFormat::Jpeg | image::ImageFormat::WebP) {
        return Err(unknown());
    }
    let file = std::fs::File::open(path).map_err(|error| explain(path, &ImageError::IoError(error)))?;
    Ok(ImageReader::with_format(std::io::BufReader::new(file), format))
}

fn cap(path: &Path, (width, height): (u32, u32)) -> Result<(), Diagnostic> {
    if u64::from(width) * u64::from(height) <= MAX_PIXELS && 0 < width && 0 < height {
        return Ok(());
    }
    let message = format!("{} claims {width} by {height} pixels; at most {MAX_PIXELS} are read", name_of(path));
    Err(Diagnostic::error("picture-too-large", message).hint("scale it down to at most 8000 by 8000 pixels"))
}

fn explain(path: &Path, error: &ImageError) -> Diagnostic {
    let name = name_of(path);
    match error {
        ImageError::Limits(_) => Diagnostic::error("picture-too-large", format!("{name} needs too much memory"))
            .hint("scale it down to at most 8000 by 8000 pixels"),
        ImageError::Unsupported(_) => {
            Diagnostic::error("not-a-picture", format!("{name} cannot be read: {error}")).hint("save it as PNG")
        }
        _ => Diagnostic::error("picture-damaged", format!("{name} is damaged or cut off: {error}"))
            .hint("copy or download it again"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_round_trip_and_shrink() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.png");
        let mut frame = Frame::black(40, 20);
        frame.data[0] = 77;
        write(&frame, &path).unwrap();
        assert_eq!(read(&path, 100).unwrap(), frame);
        let small = read(&path, 10).unwrap();
        assert_eq!((small.width, small.height), (10, 5));
        assert_eq!(
            probe(&path).unwrap(),
            VideoInfo { width: 40, height: 20, rate: Rate(1, 1), n_frames: 1, codec: "png".into() }
        );
        assert!(is_picture(&path));
    }

    #[test]
    fn a_huge_claim_is_refused_from_the_header() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("huge.png");
        std::fs::write(&path, crate::testing::huge_png(30_000, 20_000)).unwrap();
        let shown = read(&path, 100).unwrap_err();
        assert_eq!(shown.code, "picture-too-large", "{shown}");
        assert!(shown.message.contains("30000 by 20000"), "{shown}");
    }
}
