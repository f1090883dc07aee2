//! The graph that a finished file carries: what made it, so that a film alone is enough to go on from it.
//!
//! A box of our own at the end of an MP4, a text chunk of a PNG, a chunk of a WAV: players skip all three, and no byte
//! of picture or sound moves. What is carried is the graph's text and the small text files that it reads, never media,
//! results or paths of this machine. A file beside the film was rejected: it is lost as soon as the film is sent on.
//!
//! Reading trusts nothing: sizes are bounded, names stay inside a folder, and what is found is only text.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Component, Path, PathBuf};

use model::{Data, Diagnostic, Digest, Document, ParamKind, walk};
use serde::{Deserialize, Serialize};

use crate::project::{Project, write_atomic};

/// Most bytes of the carried texts together; a graph that is larger is not carried.
const MOST: usize = 4 << 20;
/// Most bytes of one text file that a graph reads.
const MOST_TEXT: u64 = 512 << 10;
/// Most files beside the graph.
const MOST_FILES: usize = 64;

/// The `uuid` box of an MP4.
const BOX: [u8; 16] = *b"\x8f\x51\x2c\x07\x6e\x3a\x4d\x9b\xa4\x60throug";
/// The keyword of a PNG's text chunk.
const KEYWORD: &[u8] = b"throughline";
/// The chunk of a WAV.
const CHUNK: &[u8; 4] = b"thrl";

/// See the module.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Carried {
    /// Version of this form.
    throughline: u32,
    /// The graph's file name.
    pub graph: String,
    /// The item whose file this is.
    pub item: String,
    /// The graph.
    pub text: String,
    /// Text files that the graph reads, by path relative to it.
    #[serde(default)]
    pub files: BTreeMap<String, String>,
}

/// The version that is written.
const VERSION: u32 = 1;

impl Carried {
    /// What files of a project carry: the graph as it stands; none where it is too large.
    pub(crate) fn of(project: &Project) -> Option<Carried> {
        let text = project.source.print(&portable(&project.written));
        let folder = project.folder();
        let mut files = BTreeMap::new();
        let ids = project.path.with_extension("ids.ron");
        let beside = project.group_files.iter().chain([&ids]);
        let beside =
            beside.filter_map(|path| path.strip_prefix(&folder).ok().or_else(|| path.file_name().map(Path::new)));
        let beside = beside.map(|path| path.to_string_lossy().replace('\\', "/"));
        for name in texts_of(&project.document).into_iter().chain(beside) {
            if !is_inside(&name) || MOST_FILES <= files.len() {
                continue;
            }
            let path = folder.join(&name);
            let small = fs::metadata(&path).is_ok_and(|meta| meta.is_file() && meta.len() <= MOST_TEXT);
            if small && let Some(text) = fs::read(&path).ok().and_then(|bytes| String::from_utf8(bytes).ok()) {
                files.insert(name, text);
            }
        }
        let carried = Carried { throughline: VERSION, graph: project.name(), item: String::new(), text, files };
        (carried.bytes().len() <= MOST).then_some(carried)
    }

    /// What the file of one item carries.
    pub(crate) fn at(&self, item: &str) -> Carried {
        Carried { item: item.to_owned(), ..self.clone() }
    }

    fn bytes(&self) -> Vec<u8> {
        // Maps of texts have no value that JSON lacks.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// What tells two of them apart: places on the canvas do not.
    pub(crate) fn digest(&self) -> Digest {
        let text = Document::parse(&self.graph, &self.text).map(|loaded| {
            let document = Document { layout: Default::default(), ..loaded.document };
            document.to_text()
        });
        walk::digest_of(&(&self.graph, &self.item, text.as_ref().unwrap_or(&self.text), &self.files))
    }

    /// Writes it into a file of a format that has a place for it; whether that is one.
    ///
    /// # Errors
    /// The file cannot be read or written.
    pub(crate) fn put(&self, path: &Path, format: &str) -> io::Result<bool> {
        let mut file = OpenOptions::new().read(true).write(true).open(path)?;
        match format {
            "mp4" => put_mp4(&mut file, &self.bytes()),
            "png" => put_png(&mut file, &self.bytes()),
            "wav" => put_wav(&mut file, &self.bytes()),
            _ => Ok(false),
        }
    }

    /// What a file carries; none where it carries nothing that this version can read.
    pub fn read(path: &Path) -> Option<Carried> {
        let mut file = File::open(path).ok().filter(|file| file.metadata().is_ok_and(|meta| meta.is_file()))?;
        let mut head = [0; 12];
        file.read_exact(&mut head).ok()?;
        let bytes = match &head {
            [0x89, b'P', b'N', b'G', ..] => get_png(&mut file),
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'A', b'V', b'E'] => get_wav(&mut file),
            [_, _, _, _, b'f', b't', b'y', b'p', ..] => get_mp4(&mut file),
            _ => return None,
        };
        let carried: Carried = serde_json::from_slice(&bytes.ok()??).ok()?;
        let named = is_inside(&carried.graph) && !carried.graph.contains('/') && carried.graph.ends_with(".ron");
        let sound = carried.throughline == VERSION && named && carried.files.len() <= MOST_FILES;
        (sound && carried.files.keys().all(|name| is_inside(name) && *name != carried.graph)).then_some(carried)
    }

    /// Writes the graph and its files into a folder, in which none of them may be; the graph's path.
    ///
    /// # Errors
    /// A diagnostic for a file that is there already, or that cannot be written.
    pub fn unpack(&self, folder: &Path) -> Result<PathBuf, Diagnostic> {
        let graph = folder.join(&self.graph);
        let files: Vec<_> = self.files.iter().map(|(name, text)| (folder.join(name), text)).collect();
        for path in files.iter().map(|(path, _)| path).chain([&graph]) {
            if fs::symlink_metadata(path).is_ok() {
                return Err(Diagnostic::error("file-exists", format!("there is a file already: {}", path.display()))
                    .hint("choose an empty folder"));
            }
        }
        // The graph comes last: where something fails there is none that reads half of its files.
        for (path, text) in files.iter().map(|(path, text)| (path, text.as_str())).chain([(&graph, self.text.as_str())])
        {
            if let Some(parent) = path.parent() {
                fs::create_dir_all(parent).map_err(|error| {
                    Diagnostic::error(
                        "file-unwritable",
                        format!("cannot make the folder: {error}: {}", parent.display()),
                    )
                })?;
            }
            write_atomic(path, text.as_bytes())?;
        }
        Ok(graph)
    }
}

/// A relative path that stays below its folder.
fn is_inside(name: &str) -> bool {
    let plain = !name.is_empty() && name.len() < 512 && !name.contains(['\\', ':', '\0']);
    // Hidden files and folders are never ours to write: the store is one.
    let fine = |part| matches!(part, Component::Normal(part) if !part.to_string_lossy().starts_with('.'));
    plain && Path::new(name).components().all(fine)
}

/// A document without paths that only this machine has.
fn portable(document: &Document) -> Document {
    let mut document = document.clone();
    for node in document.nodes.values_mut() {
        let spec = nodes::CATALOG.find(&node.kind);
        for (name, value) in &mut node.params {
            let reads = match spec.and_then(|spec| spec.param(name)).map(|param| param.kind) {
                Some(ParamKind::File { .. } | ParamKind::Files { .. } | ParamKind::Folder) => true,
                Some(_) => false,
                None => true,
            };
            if reads {
                shorten(value);
            }
        }
    }
    document
}

fn shorten(value: &mut Data) {
    match value {
        Data::Text(text) => {
            let drive = text.as_bytes().get(1..3).is_some_and(|it| it == b":\\" || it == b":/");
            let leaves =
                text.starts_with(['/', '\\', '~']) || drive || text.split(['/', '\\']).any(|part| part == "..");
            if leaves && !text.contains('\n') {
                *text = text.rsplit(['/', '\\']).next().unwrap_or_default().to_owned();
            }
        }
        Data::List(items) | Data::Tuple(items) => items.iter_mut().for_each(shorten),
        Data::Map(fields) | Data::Struct(_, fields) => fields.values_mut().for_each(shorten),
        _ => {}
    }
}

/// Text files that a document's nodes read: scripts, tables, subtitles.
fn texts_of(document: &Document) -> Vec<String> {
    let mut found = Vec::new();
    for node in document.nodes.values() {
        let Some(spec) = nodes::CATALOG.find(&node.kind) else { continue };
        for param in spec.params {
            let value = node.params.get(param.name);
            match (param.kind, value) {
                (ParamKind::File { .. }, Some(Data::Text(name))) => found.push(name.clone()),
                (ParamKind::Files { .. }, Some(Data::List(names))) => {
                    found.extend(names.iter().filter_map(Data::as_text).map(str::to_owned));
                }
                _ => {}
            }
        }
    }
    found.retain(|name| !is_media(name));
    found
}

/// Whether a name is one of a picture, a sound or a clip.
pub(crate) fn is_media(name: &str) -> bool {
    const MEDIA: [&str; 20] = [
        "png", "jpg", "jpeg", "webp", "gif", "tif", "tiff", "exr", "bmp", "mp4", "mov", "mkv", "webm", "avi", "m4v",
        "wav", "flac", "mp3", "ogg", "m4a",
    ];
    let extension = name.rsplit_once('.').map_or(String::new(), |(_, extension)| extension.to_lowercase());
    MEDIA.contains(&&*extension)
}

fn broken() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "the parts of the file do not nest")
}

/// Type, place of the content, and its length, of the box that begins at `at`; none for one that reaches to the end of
/// the file, whatever that is.
fn mp4_box(file: &mut File, at: u64, end: u64) -> io::Result<Option<([u8; 4], u64, u64)>> {
    file.seek(SeekFrom::Start(at))?;
    let mut header = [0; 8];
    file.read_exact(&mut header)?;
    let [a, b, c, d, kind @ ..] = header;
    let (mut size, mut head) = (u64::from(u32::from_be_bytes([a, b, c, d])), 8);
    if size == 0 {
        return Ok(None);
    }
    if size == 1 {
        let mut large = [0; 8];
        file.read_exact(&mut large)?;
        (size, head) = (u64::from_be_bytes(large), 16);
    }
    if size < head || end - at < size {
        return Err(broken());
    }
    Ok(Some((kind, at + head, size - head)))
}

/// Most boxes and chunks that are walked through: files of ours have a dozen.
const MOST_PARTS: usize = 10_000;

fn get_mp4(file: &mut File) -> io::Result<Option<Vec<u8>>> {
    let end = file.seek(SeekFrom::End(0))?;
    let (mut at, mut found) = (0, None);
    for _ in 0..MOST_PARTS {
        if end < at + 8 {
            break;
        }
        let Some((kind, start, len)) = mp4_box(file, at, end)? else { break };
        if &kind == b"uuid" && (16..=(MOST + 16) as u64).contains(&len) {
            file.seek(SeekFrom::Start(start))?;
            let mut id = [0; 16];
            file.read_exact(&mut id)?;
            if id == BOX {
                let mut bytes = vec![0; (len - 16) as usize];
                file.read_exact(&mut bytes)?;
                found = Some(bytes);
            }
        }
        at = start + len;
    }
    Ok(found)
}

fn put_mp4(file: &mut File, bytes: &[u8]) -> io::Result<bool> {
    let end = file.seek(SeekFrom::End(0))?;
    let mut at = 0;
    for _ in 0..MOST_PARTS {
        if at == end {
            let size = u32::try_from(bytes.len() + 24).map_err(|_| broken())?;
            file.seek(SeekFrom::Start(end))?;
            file.write_all(&[&size.to_be_bytes()[..], b"uuid", &BOX, bytes].concat())?;
            return Ok(true);
        }
        let Some((_, start, len)) = mp4_box(file, at, end)? else { break };
        at = start + len;
    }
    Ok(false)
}

/// CRC-32 as PNG wants it; texts are short, so no table.
fn crc32(parts: &[&[u8]]) -> u32 {
    let step = |crc: u32, byte: &u8| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { 0xedb8_8320 ^ (crc >> 1) } else { crc >> 1 })
    };
    !parts.iter().flat_map(|part| part.iter()).fold(u32::MAX, step)
}

/// The last chunk of every PNG.
const PNG_END: &[u8; 12] = b"\0\0\0\0IEND\xae\x42\x60\x82";

fn get_png(file: &mut File) -> io::Result<Option<Vec<u8>>> {
    let end = file.seek(SeekFrom::End(0))?;
    let (mut at, mut found) = (8, None);
    for _ in 0..MOST_PARTS {
        if end < at + 12 {
            break;
        }
        file.seek(SeekFrom::Start(at))?;
        let mut header = [0; 8];
        file.read_exact(&mut header)?;
        let [a, b, c, d, kind @ ..] = header;
        let len = u64::from(u32::from_be_bytes([a, b, c, d]));
        if end - at - 12 < len {
            return Err(broken());
        }
        if &kind == b"iTXt" && len <= (MOST + 64) as u64 {
            let mut bytes = vec![0; len as usize];
            file.read_exact(&mut bytes)?;
            let head = [KEYWORD, b"\0\0\0\0\0"].concat();
            if bytes.starts_with(&head) {
                found = Some(bytes.split_off(head.len()));
            }
        }
        at += 12 + len;
    }
    Ok(found)
}

fn put_png(file: &mut File, bytes: &[u8]) -> io::Result<bool> {
    let Ok(tail) = file.seek(SeekFrom::End(-(PNG_END.len() as i64))) else { return Ok(false) };
    let mut last = [0; PNG_END.len()];
    file.read_exact(&mut last)?;
    if last != *PNG_END {
        return Ok(false);
    }
    // Keyword, not compressed, no language, no translated keyword, then the text.
    let content = [KEYWORD, b"\0\0\0\0\0", bytes].concat();
    let len = u32::try_from(content.len()).map_err(|_| broken())?;
    let crc = crc32(&[b"iTXt", &content]);
    file.seek(SeekFrom::Start(tail))?;
    file.write_all(&[&len.to_be_bytes()[..], b"iTXt", &content, &crc.to_be_bytes(), PNG_END].concat())?;
    Ok(true)
}

fn get_wav(file: &mut File) -> io::Result<Option<Vec<u8>>> {
    let end = file.seek(SeekFrom::End(0))?;
    let (mut at, mut found) = (12, None);
    for _ in 0..MOST_PARTS {
        if end < at + 8 {
            break;
        }
        file.seek(SeekFrom::Start(at))?;
        let mut header = [0; 8];
        file.read_exact(&mut header)?;
        let [kind @ .., a, b, c, d] = header;
        let len = u64::from(u32::from_le_bytes([a, b, c, d]));
        if end - at - 8 < len {
            return Err(broken());
        }
        if &kind == CHUNK && len <= MOST as u64 {
            let mut bytes = vec![0; len as usize];
            file.read_exact(&mut bytes)?;
            found = Some(bytes);
        }
        at += 8 + len + len % 2;
    }
    Ok(found)
}

fn put_wav(file: &mut File, bytes: &[u8]) -> io::Result<bool> {
    let end = file.seek(SeekFrom::End(0))?;
    file.seek(SeekFrom::Start(0))?;
    let mut header = [0; 12];
    file.read_exact(&mut header)?;
    let [b'R', b'I', b'F', b'F', a, b, c, d, b'W', b'A', b'V', b'E'] = header else { return Ok(false) };
    let len = u32::try_from(bytes.len()).map_err(|_| broken())?;
    let grown = u32::from_le_bytes([a, b, c, d]).checked_add(8 + len + len % 2);
    let (Some(grown), true) = (grown, u64::from(u32::from_le_bytes([a, b, c, d])) + 8 == end && end % 2 == 0) else {
        return Ok(false);
    };
    file.seek(SeekFrom::Start(end))?;
    file.write_all(&[&CHUNK[..], &len.to_le_bytes(), bytes, &b"\0"[..(len % 2) as usize]].concat())?;
    file.seek(SeekFrom::Start(4))?;
    file.write_all(&grown.to_le_bytes())?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn carried() -> Carried {
        Carried {
            throughline: VERSION,
            graph: "tea.ron".to_owned(),
            item: "film".to_owned(),
            text: model::fixture::graph("a: prompt.text text=\"one\"").to_text(),
            files: BTreeMap::from([("scripts/tea.fountain".to_owned(), "INT. KITCHEN\n".to_owned())]),
        }
    }

    fn mp4(boxes: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
        let one =
            |(kind, body): &(&[u8; 4], &[u8])| [&(body.len() as u32 + 8).to_be_bytes()[..], &kind[..], body].concat();
        boxes.iter().flat_map(one).collect()
    }

    fn png() -> Vec<u8> {
        [&b"\x89PNG\r\n\x1a\n"[..], b"\0\0\0\x02IDATxx\0\0\0\0", PNG_END].concat()
    }

    fn wav() -> Vec<u8> {
        [&b"RIFF"[..], &16_u32.to_le_bytes(), b"WAVEdata", &4_u32.to_le_bytes(), b"abcd"].concat()
    }

    #[test]
    fn what_is_put_into_a_file_is_read_from_it_and_nothing_before_it_moves() {
        let folder = tempfile::tempdir().unwrap();
        let samples =
            [("a.mp4", mp4(&[(b"ftyp", b"isom0000"), (b"mdat", b"pictures")])), ("a.png", png()), ("a.wav", wav())];
        for (name, before) in samples {
            let path = folder.path().join(name);
            fs::write(&path, &before).unwrap();
            assert_eq!(Carried::read(&path), None, "{name}");
            assert!(carried().put(&path, &name[2..]).unwrap());
            assert_eq!(Carried::read(&path), Some(carried()), "{name}");
            let after = fs::read(&path).unwrap();
            let kept = if name == "a.png" { before.len() - PNG_END.len() } else { before.len() };
            let same = (0..kept).all(|at| before[at] == after[at] || (name == "a.wav" && (4..8).contains(&at)));
            assert!(same, "{name}");
            // A film that was made of this file carries its own graph.
            let later = Carried { item: "later".to_owned(), ..carried() };
            assert!(later.put(&path, &name[2..]).unwrap());
            assert_eq!(Carried::read(&path), Some(later), "{name}");
        }
        assert_eq!(crc32(&[b"IEND"]), 0xae42_6082);
    }

    #[test]
    fn files_without_a_place_are_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        let open_end = [mp4(&[(b"ftyp", b"isom0000")]), b"\0\0\0\0mdat".to_vec()].concat();
        for (format, bytes) in [("mp4", open_end), ("png", b"\x89PNG\r\n\x1a\nno end".to_vec()), ("jpg", vec![1; 40])] {
            fs::write(&path, &bytes).unwrap();
            assert!(!carried().put(&path, format).unwrap());
            assert_eq!(fs::read(&path).unwrap(), bytes);
        }
    }

    #[test]
    fn damaged_and_hostile_files_carry_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.mp4");
        let read = |bytes: &[u8]| {
            fs::write(&path, bytes).unwrap();
            Carried::read(&path)
        };
        let film = |json: &[u8]| mp4(&[(b"ftyp", b"isom0000"), (b"uuid", &[&BOX[..], json].concat())]);
        let whole = film(&carried().bytes());
        assert!(read(&whole).is_some());
        for cut in 0..whole.len() {
            assert_eq!(read(&whole[..cut]), None, "cut at {cut}");
        }
        let named = |graph: &str, file: &str| {
            let files = BTreeMap::from([(file.to_owned(), String::new())]);
            film(&Carried { graph: graph.to_owned(), files, ..carried() }.bytes())
        };
        assert!(read(&named("tea.ron", "a/b.txt")).is_some());
        for (graph, file) in [
            ("../tea.ron", "a"),
            ("a/tea.ron", "a"),
            ("tea.sh", "a"),
            ("tea.ron", "../a"),
            ("tea.ron", "/etc/a"),
            ("tea.ron", "a/../../b"),
            ("tea.ron", ".throughline/index"),
            ("tea.ron", "c:\\a"),
            ("tea.ron", ""),
            ("tea.ron", "tea.ron"),
        ] {
            assert_eq!(read(&named(graph, file)), None, "{graph} {file}");
        }
        assert_eq!(read(&film(&b"[".repeat(100_000))), None);
        let huge = [mp4(&[(b"ftyp", b"isom0000")]), b"\xff\xff\xff\xffuuid".to_vec(), BOX.to_vec()].concat();
        assert_eq!(read(&huge), None);
    }

    #[test]
    fn unpacking_overwrites_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let graph = carried().unpack(folder.path()).unwrap();
        assert_eq!(fs::read_to_string(&graph).unwrap(), carried().text);
        assert!(folder.path().join("scripts/tea.fountain").exists());
        fs::remove_file(&graph).unwrap();
        let refused = carried().unpack(folder.path()).unwrap_err();
        assert_eq!(refused.code, "file-exists");
        assert!(!graph.exists(), "nothing is written where something stands in the way");
    }

    #[test]
    fn paths_of_this_machine_stay_here_and_places_change_nothing() {
        let text = "a: import.image file=\"/home/ann/secret/a.png\"\nb: reference.character images=[\"refs/b.png\", \"../c.png\"]\nc: prompt.text text=\"/imagine\"\nd: unknown.kind path=\"C:\\\\Users\\\\ann\\\\d.png\"";
        let document = portable(&model::fixture::graph(text));
        let text = document.to_text();
        for (present, what) in [
            (true, "\"a.png\""),
            (true, "refs/b.png"),
            (true, "\"c.png\""),
            (true, "/imagine"),
            (true, "\"d.png\""),
            (false, "ann"),
        ] {
            assert_eq!(text.contains(what), present, "{what} in {text}");
        }
        let placed = |x: f64| {
            let mut document = document.clone();
            let at = Data::Tuple(vec![Data::Number(x), Data::Number(0.0)]);
            document.layout.insert("a".to_owned(), Data::Struct(None, [("at".to_owned(), at)].into()));
            Carried { text: document.to_text(), ..carried() }
        };
        assert_ne!(placed(1.0), placed(2.0));
        assert_eq!(placed(1.0).digest(), placed(2.0).digest());
    }
}
