//! Artifacts: bytes in plain files named by their digest, as workers see them.
//!
//! A name is given only to bytes that are on the disk, so whatever has a name is whole. Decisions never stat or open
//! artifacts; they are looked at when somebody uses them.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use model::{AudioInfo, Diagnostic, Digest, Media, Outputs, VideoInfo, Work};

use super::disk::{self, Durability};
use super::traces::Trace;
use super::{Store, error, index, locked};
use crate::worker::Artifacts;

/// Longest file name extension.
const LONGEST_FORMAT: usize = 12;

impl Store {
    /// Where an artifact lies, or would. The format comes from outside and names a file: letters and digits only.
    pub(super) fn artifact_path(&self, digest: &Digest, format: &str) -> Result<PathBuf, Diagnostic> {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        if format.is_empty() || LONGEST_FORMAT < format.len() || !format.bytes().all(plain) {
            let shown: String = format.chars().take(LONGEST_FORMAT).collect();
            return Err(Diagnostic::error(
                "artifact-format",
                format!("`{}` is not a file format", shown.escape_debug()),
            )
            .hint("a format is a short file name extension in lower case, like mp4"));
        }
        let name = digest.to_string();
        Ok(self.root.join("artifacts").join(&name[..2]).join(format!("{}.{format}", &name[2..])))
    }

    /// Held shared by whoever adopts, exclusively by whoever collects.
    pub(super) fn collecting_lock(&self) -> Result<File, Diagnostic> {
        let path = self.root.join("collecting.lock");
        disk::make_folder(&self.root)?;
        let open = File::options().create(true).truncate(false).write(true).open(&path);
        open.map_err(|refused| error::io("open the lock file", &path, &refused))
    }

    /// Whether the index was made on this machine, so that its artifacts were hashed when they were adopted.
    pub(super) fn is_at_home(&self) -> Result<bool, Diagnostic> {
        let host = self.read(None, |db| {
            Ok(Some(db.query_row("SELECT value FROM meta WHERE name = 'host'", [], |row| row.get::<_, String>(0))?))
        })?;
        Ok(host.is_none_or(|host| host == index::this_host()))
    }
}

fn missing(media: &Media) -> Diagnostic {
    Diagnostic::error("artifact-missing", format!("the store has no {} file {}", media.format, media.digest.short()))
        .hint("run the item that made it again")
        .hint("a store copied from another machine needs its `artifacts` folder too")
}

fn damaged(media: &Media, path: &Path) -> Diagnostic {
    Diagnostic::error("artifact-damaged", format!("the stored bytes changed: {}", path.display()))
        .hint(format!("delete the file and run the item that made {} again", media.digest.short()))
        .hint("`throughline store verify GRAPH` looks for more")
}

/// The digest of a file's bytes and their number.
pub(super) fn digest_of_file(path: &Path) -> Result<(Digest, u64), Diagnostic> {
    let read = || -> std::io::Result<(Digest, u64)> {
        let mut hasher = blake3::Hasher::new();
        hasher.update_reader(File::open(path)?)?;
        Ok((Digest(*hasher.finalize().as_bytes()), hasher.count()))
    };
    read().map_err(|refused| error::io("read the file", path, &refused))
}

impl Artifacts for Store {
    fn locate(&self, media: &Media) -> Result<PathBuf, Diagnostic> {
        let path = self.artifact_path(&media.digest, &media.format)?;
        let len = match fs::metadata(&path) {
            Ok(metadata) => metadata.len(),
            Err(refused) if refused.kind() == ErrorKind::NotFound => return Err(missing(media)),
            Err(refused) => return Err(error::io("look at the artifact", &path, &refused)),
        };
        if len != media.bytes {
            return Err(damaged(media, &path));
        }
        if !locked(&self.hashed).contains(&media.digest) {
            if !self.is_at_home()? && digest_of_file(&path)?.0 != media.digest {
                return Err(damaged(media, &path));
            }
            locked(&self.hashed).insert(media.digest);
        }
        Ok(path)
    }

    fn scratch(&self, format: &str) -> Result<PathBuf, Diagnostic> {
        self.artifact_path(&Digest::default(), format)?;
        let path = self.aside(format)?;
        // Found out here, a full or read-only disk has a name; found out by an encoder, it has an error number.
        let probe = File::create_new(&path).and_then(|_| fs::remove_file(&path));
        probe.map_err(|refused| error::io("write temporary files", &path, &refused))?;
        Ok(path)
    }

    fn adopt(
        &self,
        scratch: &Path,
        format: &str,
        video: Option<VideoInfo>,
        audio: Option<AudioInfo>,
    ) -> Result<Media, Diagnostic> {
        self.may_write()?;
        let told = |action: &'static str| move |refused: std::io::Error| error::io(action, scratch, &refused);
        let (digest, bytes) = digest_of_file(scratch)?;
        let path = self.artifact_path(&digest, format)?;
        let file = File::options().read(true).write(true).open(scratch).map_err(told("open the finished file"))?;
        file.sync_all().map_err(told("sync the finished file"))?;
        // Young for the collector, however long the worker took.
        file.set_modified(SystemTime::now()).map_err(told("date the finished file"))?;
        drop(file);
        let folder = path.parent().unwrap_or(&self.root);
        disk::make_folder(folder)?;
        let collecting = self.collecting_lock()?;
        collecting.lock_shared().map_err(|refused| error::io("lock the store", &self.root, &refused))?;
        match fs::rename(scratch, &path) {
            Err(refused) if refused.kind() == ErrorKind::CrossesDevices => {
                let near = self.aside(format)?;
                let copied = fs::copy(scratch, &near).and_then(|_| File::open(&near)?.sync_all());
                if let Err(refused) = copied.and_then(|()| fs::rename(&near, &path)) {
                    // What a failed copy leaves is no use; the whole file still lies where the worker put it.
                    drop(fs::remove_file(&near));
                    return Err(error::io("copy the finished file into the store", &path, &refused));
                }
                // The copy is safe; a leftover outside the store is its maker's.
                drop(fs::remove_file(scratch));
            }
            moved => moved.map_err(|refused| error::io("move the finished file into the store", &path, &refused))?,
        }
        disk::sync_folder(folder)?;
        locked(&self.hashed).insert(digest);
        Ok(Media { digest, bytes, format: format.to_owned(), video, audio })
    }

    fn recall(&self, work: &Work) -> Option<Outputs> {
        self.get(&work.key(None)).ok().flatten()
    }

    fn record(&self, work: &Work, outputs: &Outputs) -> Result<(), Diagnostic> {
        let trace = Trace {
            outputs: outputs.clone(),
            work: work.clone(),
            model: None,
            cost: crate::money::Cost::FREE,
            seconds: 0.0,
            made_at: None,
            parts: Vec::new(),
        };
        self.put_with(&work.key(None), &trace, Durability::Soon)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store() -> (tempfile::TempDir, Store) {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(&folder.path().join("s")).expect("it opens");
        (folder, store)
    }

    fn adopted(store: &Store, bytes: &[u8]) -> Media {
        let scratch = store.scratch("wav").expect("a path");
        fs::write(&scratch, bytes).expect("it is written");
        store.adopt(&scratch, "wav", None, None).expect("it is adopted")
    }

    #[test]
    fn adopted_bytes_are_found_by_digest_and_the_scratch_is_gone() {
        let (_folder, store) = store();
        let media = adopted(&store, b"sound");
        assert_eq!((media.digest, media.bytes), (Digest::of(b"sound"), 5));
        assert_eq!(fs::read(store.locate(&media).expect("found")).expect("read"), b"sound");
        assert_eq!(adopted(&store, b"sound"), media, "the same bytes are one artifact");
        assert_eq!(disk::files_in(&store.root().join("tmp")), Ok(Vec::new()));
    }

    #[test]
    fn a_missing_and_a_cut_artifact_are_refused() {
        let (_folder, store) = store();
        let media = adopted(&store, b"sound");
        let path = store.locate(&media).expect("found");
        fs::write(&path, b"soun").expect("cut");
        assert_eq!(store.locate(&media).expect_err("refused").code, "artifact-damaged");
        fs::remove_file(&path).expect("removed");
        assert_eq!(store.locate(&media).expect_err("refused").code, "artifact-missing");
    }

    #[test]
    fn artifacts_from_another_machine_are_hashed_before_use() {
        let (_folder, store) = store();
        let media = adopted(&store, b"sound");
        store.record(&crate::store::traces::tests::work(1), &Vec::new()).expect("there is an index now");
        let path = store.locate(&media).expect("found");
        fs::write(&path, b"soond").expect("one byte differs");
        assert!(Store::open(store.root()).expect("opens").locate(&media).is_ok(), "at home the length is enough");
        store
            .write(Durability::Now, |tx| Ok(tx.execute("UPDATE meta SET value = 'elsewhere' WHERE name = 'host'", [])?))
            .expect("it came from elsewhere");
        let copied = Store::open(store.root()).expect("opens");
        assert_eq!(copied.locate(&media).expect_err("refused").code, "artifact-damaged");
    }

    #[test]
    fn formats_cannot_leave_the_folder() {
        let (_folder, store) = store();
        for bad in ["", "../x", "mp4/..", "a b", "MP4", "averyveryverylongone", "é"] {
            assert_eq!(store.scratch(bad).expect_err("refused").code, "artifact-format", "{bad}");
            let media = Media { digest: Digest::of(b""), bytes: 0, format: bad.to_owned(), video: None, audio: None };
            assert_eq!(store.locate(&media).expect_err("refused").code, "artifact-format", "{bad}");
        }
    }

    #[test]
    fn parts_of_jobs_are_recalled_by_their_work() {
        let (_folder, store) = store();
        let (part, other) = (crate::store::traces::tests::work(1), crate::store::traces::tests::work(2));
        let outputs: Outputs = vec![("file".into(), model::Value::from("x"))];
        assert_eq!(store.recall(&part), None);
        store.record(&part, &outputs).expect("recorded");
        assert_eq!(store.recall(&part), Some(outputs));
        assert_eq!(store.recall(&other), None);
    }
}
