//! Claims: one process at a time works on a key, and the others see who.
//!
//! A claim is a locked file. The system lets go of the lock when its process dies, however it dies, so no claim
//! outlives its work and no process id, start time or boot has to be compared.

use std::fs::{self, File, TryLockError};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use model::{Diagnostic, Digest};
use serde::{Deserialize, Serialize};

use super::{Store, disk, error};

/// Tries at a lock file that its last holder is deleting.
const TRIES: usize = 16;

/// Who works on a key.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Holder {
    /// The process id; 0 in the instant before the holder has written it down.
    pub pid: u32,
    /// The machine, as the system names it.
    pub host: String,
}

/// The answer to [`Store::claim`].
#[derive(Debug)]
pub enum Claim {
    /// Nobody else works on the key until the guard is dropped.
    Ours(ClaimGuard),
    /// Somebody does: another process, or another thread of this one.
    HeldBy(Holder),
}

/// A claim on a key. Dropping it, or dying, lets go.
#[derive(Debug)]
pub struct ClaimGuard {
    path: PathBuf,
    file: File,
}

impl Drop for ClaimGuard {
    fn drop(&mut self) {
        // Deleted while still locked: whoever waits for this file notices that its name is gone and makes a new one.
        // Elsewhere than on Unix it stays, empty of meaning without its lock.
        if cfg!(unix) {
            drop(fs::remove_file(&self.path));
        }
        drop(self.file.unlock());
    }
}

impl Store {
    fn claim_path(&self, key: &Digest) -> PathBuf {
        self.root.join("claims").join(format!("{key}.lock"))
    }

    /// Claims a key for this caller, at once or not at all.
    pub fn claim(&self, key: &Digest) -> Result<Claim, Diagnostic> {
        self.claim_file(self.claim_path(key))
    }

    fn claim_file(&self, path: PathBuf) -> Result<Claim, Diagnostic> {
        self.may_write()?;
        disk::make_folder(path.parent().unwrap_or(&self.root))?;
        let told = |refused: std::io::Error| error::io("claim a key", &path, &refused);
        for _ in 0..TRIES {
            let mut file =
                File::options().create(true).truncate(false).read(true).write(true).open(&path).map_err(told)?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => match holder_in(&mut file) {
                    // Somebody is looking at an unheld file, or has not written down who it is.
                    unnamed if unnamed.pid == 0 => {
                        std::thread::yield_now();
                        continue;
                    }
                    holder => return Ok(Claim::HeldBy(holder)),
                },
                Err(TryLockError::Error(refused)) => return Err(told(refused)),
            }
            // The lock may be on a file that its last holder deleted meanwhile, which excludes nobody.
            if disk::identity(&path) != file.metadata().ok().as_ref().and_then(disk::identity_of) {
                continue;
            }
            let holder = Holder { pid: std::process::id(), host: super::index::this_host() };
            let text = serde_json::to_string(&holder).unwrap_or_default();
            file.set_len(0).and_then(|()| file.write_all(text.as_bytes())).map_err(told)?;
            return Ok(Claim::Ours(ClaimGuard { path, file }));
        }
        Ok(Claim::HeldBy(Holder::default()))
    }

    fn opening_path(&self, session: &str) -> PathBuf {
        let name = Digest::of(session.as_bytes());
        self.root.join("claims").join("openings").join(format!("{name}.lock"))
    }

    /// Claims the name of an opening of the store, which nobody else has.
    pub(super) fn claim_opening(&self, session: &str) -> Result<ClaimGuard, Diagnostic> {
        match self.claim_file(self.opening_path(session))? {
            Claim::Ours(guard) => Ok(guard),
            Claim::HeldBy(_) => Err(Diagnostic::error("store-busy", "another process has taken this one's name")
                .hint("run again: names are made of the time and the process")),
        }
    }

    /// Whether an opening of the store that claimed its name is still there.
    pub(super) fn opening_lives(&self, session: &str) -> bool {
        holder_at(&self.opening_path(session)).is_some()
    }

    /// Who works on a key at this moment.
    pub fn holder(&self, key: &Digest) -> Option<Holder> {
        holder_at(&self.claim_path(key))
    }

    /// Everything that is being worked on, by this process or others.
    pub fn held_claims(&self) -> Result<Vec<(Digest, Holder)>, Diagnostic> {
        let files = disk::files_in(&self.root.join("claims"))?;
        let key_of = |path: &Path| path.file_stem()?.to_str()?.parse().ok();
        Ok(files.iter().filter_map(|path| Some((key_of(path)?, holder_at(path)?))).collect())
    }
}

/// A shared lock is refused exactly while somebody holds the claim; lookers do not get in each other's way.
fn holder_at(path: &Path) -> Option<Holder> {
    let mut file = File::open(path).ok()?;
    match file.try_lock_shared() {
        Err(TryLockError::WouldBlock) => Some(holder_in(&mut file)),
        Ok(()) | Err(TryLockError::Error(_)) => None,
    }
}

fn holder_in(file: &mut File) -> Holder {
    let mut text = String::new();
    let read = file.take(4096).read_to_string(&mut text);
    read.ok().and_then(|_| serde_json::from_str(&text).ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[test]
    fn a_key_is_held_by_one_until_it_is_dropped() {
        let folder = tempfile::tempdir().expect("a folder");
        let (first, second) = (Store::open(folder.path()).expect("opens"), Store::open(folder.path()).expect("opens"));
        let (key, other) = (Digest::of(b"k"), Digest::of(b"o"));
        assert_eq!(first.holder(&key), None);
        let Claim::Ours(guard) = first.claim(&key).expect("claimed") else { panic!("nobody else is here") };
        let Claim::HeldBy(holder) = second.claim(&key).expect("asked") else { panic!("it is held") };
        assert_eq!(holder.pid, std::process::id());
        assert_eq!(second.held_claims(), Ok(vec![(key, holder)]));
        assert!(matches!(second.claim(&other), Ok(Claim::Ours(_))));
        drop(guard);
        assert_eq!(second.held_claims(), Ok(Vec::new()));
        assert!(matches!(second.claim(&key), Ok(Claim::Ours(_))));
    }

    #[test]
    fn threads_that_fight_for_a_key_never_hold_it_together() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(folder.path()).expect("opens");
        let (inside, won) = (AtomicU32::new(0), AtomicU32::new(0));
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..200 {
                        if let Claim::Ours(_guard) = store.claim(&Digest::of(b"k")).expect("asked") {
                            assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0);
                            won.fetch_add(1, Ordering::SeqCst);
                            inside.fetch_sub(1, Ordering::SeqCst);
                        }
                    }
                });
            }
        });
        assert!(0 < won.load(Ordering::SeqCst));
    }
}
