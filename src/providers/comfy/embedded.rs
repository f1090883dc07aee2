//! The workflow inside a picture or film that ComfyUI saved: text chunks of a PNG, metadata tags of an MP4.
//!
//! Read by hand, box by box with bounds: a decoder of films would be a dependency for two tags.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use model::Diagnostic;
use serde_json::Value;

use super::workflow::{Workflow, ui_format};

/// Longest text that is taken, and longest table of an MP4, in bytes.
const MOST_TEXT: u64 = 16 << 20;
const MOST_TABLE: u64 = 256 << 20;
/// Chunks and boxes that are looked at.
const MOST_PARTS: usize = 100_000;

/// What a file holds.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Embedded {
    /// The API format: what was run.
    pub prompt: Option<String>,
    /// The editor's format.
    pub workflow: Option<String>,
}

/// The texts in a picture or film.
///
/// # Errors
/// `comfy-file` where it cannot be read or is neither.
pub fn embedded(path: &Path) -> Result<Embedded, Diagnostic> {
    let unread = |why: String| Diagnostic::error("comfy-file", format!("{} cannot be read: {why}", path.display()));
    let mut file = File::open(path).map_err(|error| unread(error.to_string()))?;
    let mut head = [0; 12];
    let n = file.read(&mut head).map_err(|error| unread(error.to_string()))?;
    let found = match &head[..n] {
        head if head.starts_with(b"\x89PNG\r\n\x1a\n") => png(&mut file),
        head if head.get(4..8) == Some(b"ftyp") => mp4(&mut file),
        _ => {
            return Err(unread("it is neither PNG nor MP4".to_owned())
                .hint("give a workflow exported with File > Export (API), or a PNG or MP4 that ComfyUI saved"));
        }
    };
    found.map_err(|error| unread(error.to_string()))
}

impl Embedded {
    /// The workflow that was run.
    ///
    /// # Errors
    /// `comfy-ui-format` where only the editor's format is there, `comfy-no-workflow` where nothing is.
    pub fn workflow(&self, name: &str) -> Result<Workflow, Diagnostic> {
        match (&self.prompt, &self.workflow) {
            (Some(text), _) => Workflow::parse(name, text),
            (None, Some(_)) => Err(ui_format(name)),
            (None, None) => Err(Diagnostic::error("comfy-no-workflow", format!("{name} holds no ComfyUI workflow"))
                .hint("ComfyUI writes it into what it saves, unless it was started with --disable-metadata")
                .hint("programs that edit or send pictures take it out again")),
        }
    }

    fn take(&mut self, key: &str, text: String) {
        match key {
            "prompt" => self.prompt = self.prompt.take().or(Some(text)),
            "workflow" => self.workflow = self.workflow.take().or(Some(text)),
            // Some nodes write both into one remark.
            "comment" | "\u{a9}cmt" => {
                if let Ok(Value::Object(fields)) = serde_json::from_str::<Value>(&text) {
                    for (key, value) in fields.into_iter().filter(|(key, _)| key == "prompt" || key == "workflow") {
                        self.take(&key, value.as_str().map_or_else(|| value.to_string(), str::to_owned));
                    }
                }
            }
            _ => {}
        }
    }
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

fn png(file: &mut File) -> std::io::Result<Embedded> {
    let mut found = Embedded::default();
    file.seek(SeekFrom::Start(8))?;
    for _ in 0..MOST_PARTS {
        let mut head = [0; 8];
        if file.read_exact(&mut head).is_err() {
            break;
        }
        let length = u64::from(u32_at(&head, 0).unwrap_or(0));
        let kind = &head[4..];
        if !matches!(kind, b"tEXt" | b"iTXt") || MOST_TEXT < length {
            if kind == b"IEND" {
                break;
            }
            file.seek_relative(i64::try_from(length + 4).unwrap_or(i64::MAX))?;
            continue;
        }
        let mut body = Vec::new();
        file.take(length).read_to_end(&mut body)?;
        file.seek_relative(4)?;
        let Some(end) = body.iter().position(|byte| *byte == 0) else { continue };
        let key = String::from_utf8_lossy(&body[..end]).into_owned();
        let rest = &body[end + 1..];
        if kind == b"tEXt" {
            // Latin-1 by the standard.
            found.take(&key, rest.iter().map(|byte| char::from(*byte)).collect());
        } else if let [0, _, rest @ ..] = rest {
            // Not compressed; a language and a translated keyword stand before the text.
            let mut parts = rest.splitn(3, |byte| *byte == 0);
            let text = parts.nth(2).unwrap_or_default();
            found.take(&key, String::from_utf8_lossy(text).into_owned());
        }
    }
    Ok(found)
}

fn mp4(file: &mut File) -> std::io::Result<Embedded> {
    let mut found = Embedded::default();
    let end = file.seek(SeekFrom::End(0))?;
    let mut at = 0;
    for _ in 0..MOST_PARTS {
        if end < at + 8 {
            break;
        }
        file.seek(SeekFrom::Start(at))?;
        let mut head = [0; 16];
        file.read_exact(&mut head[..8])?;
        let (mut length, mut skip) = (u64::from(u32_at(&head, 0).unwrap_or(0)), 8);
        if length == 1 {
            file.read_exact(&mut head[8..])?;
            length = u64::from_be_bytes(head[8..].try_into().unwrap_or_default());
            skip = 16;
        } else if length == 0 {
            length = end - at;
        }
        if length < skip {
            break;
        }
        if &head[4..8] == b"moov" {
            let mut body = Vec::new();
            file.take((length - skip).min(MOST_TABLE)).read_to_end(&mut body)?;
            tags(&body, 0, &mut found);
            break;
        }
        at = at.saturating_add(length);
    }
    Ok(found)
}

/// The boxes of a piece: kind and content.
fn boxes(mut piece: &[u8]) -> Vec<([u8; 4], &[u8])> {
    let mut found = Vec::new();
    while let (Some(length), Some(kind)) = (u32_at(piece, 0), piece.get(4..8)) {
        let length = length as usize;
        if length < 8 || piece.len() < length || MOST_PARTS < found.len() {
            break;
        }
        found.push((kind.try_into().unwrap_or_default(), &piece[8..length]));
        piece = &piece[length..];
    }
    found
}

/// Looks for tables of tags: `keys` with names and `ilst` with values, or `ilst` with names of four letters.
fn tags(piece: &[u8], depth: u32, found: &mut Embedded) {
    let all = boxes(piece);
    let of = |kind: &[u8; 4]| all.iter().find(|(own, _)| own == kind).map(|(_, body)| *body);
    let names = of(b"keys").map(names).unwrap_or_default();
    for (kind, body) in of(b"ilst").map(boxes).unwrap_or_default() {
        let Some((_, data)) = boxes(body).into_iter().find(|(own, _)| own == b"data") else { continue };
        let text = String::from_utf8_lossy(data.get(8..).unwrap_or_default()).into_owned();
        let nth = u32::from_be_bytes(kind) as usize;
        match names.get(nth.wrapping_sub(1)) {
            Some(name) => found.take(name, text),
            None => found.take(&kind.iter().map(|byte| char::from(*byte)).collect::<String>(), text),
        }
    }
    for (kind, body) in all.iter().filter(|_| depth < 4) {
        match kind {
            b"udta" => tags(body, depth + 1, found),
            b"meta" => {
                // In one of the two families of files a version stands before the boxes.
                tags(body, depth + 1, found);
                tags(body.get(4..).unwrap_or_default(), depth + 1, found);
            }
            _ => {}
        }
    }
}

fn names(body: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = body.get(8..).unwrap_or_default();
    while let Some(length) = u32_at(rest, 0) {
        let length = length as usize;
        if length < 8 || rest.len() < length || MOST_PARTS < found.len() {
            break;
        }
        found.push(String::from_utf8_lossy(&rest[8..length]).into_owned());
        rest = &rest[length..];
    }
    found
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn chunk(kind: &[u8; 4], body: &[u8]) -> Vec<u8> {
        [&(body.len() as u32).to_be_bytes()[..], kind, body, b"crc!"].concat()
    }

    fn part(kind: &[u8], body: &[u8]) -> Vec<u8> {
        [&(body.len() as u32 + 8).to_be_bytes()[..], kind, body].concat()
    }

    fn of(bytes: &[u8]) -> Result<Embedded, Diagnostic> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("x");
        fs::write(&path, bytes).expect("written");
        embedded(&path)
    }

    const PROMPT: &str = r#"{"1": {"class_type": "SaveImage", "inputs": {}, "is_changed": [NaN]}}"#;

    fn a_png(texts: &[Vec<u8>]) -> Vec<u8> {
        [b"\x89PNG\r\n\x1a\n".to_vec(), chunk(b"IHDR", &[0; 13]), texts.concat(), chunk(b"IEND", b"")].concat()
    }

    fn an_mp4(meta: &[u8]) -> Vec<u8> {
        let moov = part(b"moov", &[part(b"mvhd", &[0; 20]), part(b"udta", &part(b"meta", meta))].concat());
        [part(b"ftyp", b"isom0000"), part(b"mdat", &[7; 100]), moov].concat()
    }

    #[test]
    fn the_workflow_is_taken_out_of_a_png() {
        let text = chunk(b"tEXt", format!("prompt\0{PROMPT}").as_bytes());
        let found = of(&a_png(&[text])).expect("it reads");
        assert_eq!(found.workflow("x").expect("a workflow").nodes["1"].class, "SaveImage");
        let text = chunk(b"iTXt", b"workflow\0\0\0en\0\0{\"nodes\": []}");
        let found = of(&a_png(&[text])).expect("it reads");
        assert_eq!(found.workflow.as_deref(), Some("{\"nodes\": []}"));
        assert_eq!(found.workflow("x").expect_err("refused").code, "comfy-ui-format");
        assert_eq!(of(&a_png(&[])).and_then(|it| it.workflow("x")).expect_err("nothing").code, "comfy-no-workflow");
    }

    #[test]
    fn the_workflow_is_taken_out_of_an_mp4() {
        let data = |text: &str| part(b"data", &[b"\0\0\0\x01\0\0\0\0", text.as_bytes()].concat());
        let names = [b"\0\0\0\0\0\0\0\x02".to_vec(), part(b"mdta", b"other"), part(b"mdta", b"prompt")].concat();
        let values = [part(&1_u32.to_be_bytes(), &data("x")), part(&2_u32.to_be_bytes(), &data(PROMPT))].concat();
        let keyed =
            [b"\0\0\0\0".to_vec(), part(b"hdlr", &[0; 16]), part(b"keys", &names), part(b"ilst", &values)].concat();
        assert_eq!(of(&an_mp4(&keyed)).expect("it reads").prompt.as_deref(), Some(PROMPT));
        let remark = serde_json::json!({ "prompt": PROMPT, "workflow": { "nodes": [] } }).to_string();
        let plain = [b"\0\0\0\0".to_vec(), part(b"ilst", &part(b"\xa9cmt", &data(&remark)))].concat();
        let found = of(&an_mp4(&plain)).expect("it reads");
        assert_eq!((found.prompt.as_deref(), found.workflow.as_deref()), (Some(PROMPT), Some("{\"nodes\":[]}")));
    }

    #[test]
    fn damaged_files_end() {
        assert_eq!(of(b"GIF89a").expect_err("refused").code, "comfy-file");
        let whole = [a_png(&[chunk(b"tEXt", format!("prompt\0{PROMPT}").as_bytes())]), an_mp4(&[0; 40])];
        let mut random = fastrand::Rng::with_seed(5);
        for bytes in whole {
            for _ in 0..200 {
                let mut bytes = bytes[..random.usize(12..bytes.len())].to_vec();
                let at = random.usize(8..bytes.len());
                bytes[at] = random.u8(..);
                let _ = of(&bytes).map(|it| it.workflow("x").map(drop));
            }
        }
    }
}
