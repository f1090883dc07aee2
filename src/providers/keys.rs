//! Where credentials come from: the environment first, then the system's keyring.
//!
//! Knows names, not providers. A file of our own was rejected: it would be copied, committed and read by others. A
//! keyring may ask its user, or hang: nobody waits for it for long, and nobody is asked about what the environment has.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use model::Diagnostic;
use serde::{Deserialize, Serialize};

use crate::catalog::Catalog;
use crate::manifest::Credential;
use crate::secret::Secret;

/// Under which name the keyring files our secrets.
const SERVICE: &str = "throughline";
/// How long a keyring may take: somebody may have to type a password.
const PATIENCE: Duration = Duration::from_secs(20);
/// Longest credential.
const MOST_BYTES: usize = 16 * 1024;

/// Where a credential was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    Environment,
    Keyring,
}

/// A credential that some manifest names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct KeyState {
    pub name: String,
    /// Providers that take it.
    pub providers: Vec<String>,
    /// None where it is not there.
    pub origin: Option<Origin>,
}

/// A place that keeps secrets by name.
pub trait Vault: Send + Sync {
    /// The secret of that name.
    ///
    /// # Errors
    /// A diagnostic where the place cannot be asked.
    fn get(&self, name: &str) -> Result<Option<Secret>, Diagnostic>;

    /// Keeps a secret.
    ///
    /// # Errors
    /// As for [`Vault::get`].
    fn set(&self, name: &str, secret: &Secret) -> Result<(), Diagnostic>;

    /// Forgets a secret; whether there was one.
    ///
    /// # Errors
    /// As for [`Vault::get`].
    fn remove(&self, name: &str) -> Result<bool, Diagnostic>;
}

/// Looks a name up in the environment.
pub type Environment = Arc<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// Looks credentials up, and remembers what the keyring said.
#[derive(Clone)]
pub struct Keys {
    environment: Environment,
    vault: Arc<dyn Vault>,
    known: Arc<Mutex<BTreeMap<String, Option<Secret>>>>,
    /// The keyring cannot be asked, so it is not asked again and again.
    is_dead: Arc<AtomicBool>,
}

impl Keys {
    /// The environment and the system's keyring; without the latter where `THROUGHLINE_KEYRING` is `off`, for machines
    /// on which nobody can answer its questions.
    pub fn system() -> Keys {
        if std::env::var("THROUGHLINE_KEYRING").is_ok_and(|value| value == "off") {
            return Keys::environment_only();
        }
        Keys::new(Arc::new(|name| std::env::var(name).ok()), Arc::new(Keyring))
    }

    /// Other places: for tests, and for programs that keep secrets elsewhere.
    pub fn new(environment: Environment, vault: Arc<dyn Vault>) -> Keys {
        Keys { environment, vault, known: Arc::default(), is_dead: Arc::default() }
    }

    /// Only what the environment has.
    pub fn environment_only() -> Keys {
        Keys::new(Arc::new(|name| std::env::var(name).ok()), Arc::new(Nowhere))
    }

    /// Exactly these.
    pub fn fixed<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Keys {
        let pairs: BTreeMap<String, String> = pairs.into_iter().map(|(k, v)| (k.to_owned(), v.to_owned())).collect();
        Keys::new(Arc::new(move |name| pairs.get(name).cloned()), Arc::new(Nowhere))
    }

    /// A credential and where it was found. A keyring that cannot be asked has none.
    pub fn find(&self, name: &str) -> Option<(Secret, Origin)> {
        let given = (self.environment)(name).map(Secret::new).filter(|secret| !secret.is_empty());
        if let Some(secret) = given {
            return Some((secret, Origin::Environment));
        }
        // Held while the keyring is asked, so that it is asked once.
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let secret = match known.get(name) {
            Some(secret) => secret.clone(),
            None => {
                let asked = if self.is_dead.load(Ordering::Relaxed) { Ok(None) } else { self.vault.get(name) };
                if asked.is_err() {
                    self.is_dead.store(true, Ordering::Relaxed);
                }
                let secret = asked.ok().flatten().filter(|secret| !secret.is_empty());
                known.insert(name.to_owned(), secret.clone());
                secret
            }
        };
        secret.map(|secret| (secret, Origin::Keyring))
    }

    /// Whether one of the ways in is open. True where nobody asks.
    pub fn open(&self, credentials: &[Credential]) -> bool {
        credentials.is_empty()
            || credentials.iter().any(|it| it.optional || it.names.iter().all(|name| self.find(name).is_some()))
    }

    /// Puts a credential into the keyring.
    ///
    /// # Errors
    /// `key-name`, `key-empty`, or `keyring` where the keyring refuses.
    pub fn set(&self, name: &str, secret: &Secret) -> Result<(), Diagnostic> {
        judge_name(name)?;
        if secret.is_empty() || MOST_BYTES < secret.expose().len() || secret.expose().chars().any(char::is_control) {
            return Err(Diagnostic::error("key-empty", format!("what was given for {name} is no key"))
                .hint("a key is one line of text"));
        }
        self.vault.set(name, secret)?;
        self.forget(name);
        Ok(())
    }

    /// Takes a credential out of the keyring; whether there was one.
    ///
    /// # Errors
    /// `key-name`, or `keyring` where the keyring refuses.
    pub fn remove(&self, name: &str) -> Result<bool, Diagnostic> {
        judge_name(name)?;
        let was_there = self.vault.remove(name)?;
        self.forget(name);
        Ok(was_there)
    }

    fn forget(&self, name: &str) {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).remove(name);
    }

    /// Every credential that a manifest names, by name.
    pub fn list(&self, catalog: &Catalog) -> Vec<KeyState> {
        let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for manifest in catalog.manifests() {
            for name in manifest.credentials.iter().flat_map(|credential| &credential.names) {
                let providers = found.entry(name.clone()).or_default();
                if !providers.contains(&manifest.provider) {
                    providers.push(manifest.provider.clone());
                }
            }
        }
        let state = |(name, providers): (String, Vec<String>)| {
            let origin = self.find(&name).map(|(_, origin)| origin);
            KeyState { name, providers, origin }
        };
        found.into_iter().map(state).collect()
    }
}

/// Puts a credential into the system's keyring.
///
/// # Errors
/// As for [`Keys::set`].
pub fn set(name: &str, secret: &Secret) -> Result<(), Diagnostic> {
    Keys::system().set(name, secret)
}

/// Every credential that a manifest names, and where it was found.
pub fn list(catalog: &Catalog) -> Vec<KeyState> {
    Keys::system().list(catalog)
}

/// Takes a credential out of the system's keyring; whether there was one.
///
/// # Errors
/// As for [`Keys::remove`].
pub fn remove(name: &str) -> Result<bool, Diagnostic> {
    Keys::system().remove(name)
}

fn judge_name(name: &str) -> Result<(), Diagnostic> {
    let fine = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    if name.is_empty() || 64 < name.len() || !name.chars().all(fine) {
        return Err(Diagnostic::error("key-name", "that is not the name of a key")
            .hint("names look like RUNWAYML_API_SECRET; `throughline keys list` shows those that are used"));
    }
    Ok(())
}

struct Nowhere;

impl Vault for Nowhere {
    fn get(&self, _: &str) -> Result<Option<Secret>, Diagnostic> {
        Ok(None)
    }

    fn set(&self, _: &str, _: &Secret) -> Result<(), Diagnostic> {
        Err(unavailable("there is none here"))
    }

    fn remove(&self, _: &str) -> Result<bool, Diagnostic> {
        Ok(false)
    }
}

/// The system's keyring: Secret Service, Keychain or Credential Manager.
struct Keyring;

impl Vault for Keyring {
    fn get(&self, name: &str) -> Result<Option<Secret>, Diagnostic> {
        match asked(name, |entry| entry.get_password())? {
            Ok(text) => Ok(Some(Secret::new(text))),
            Err(keyring::Error::NoEntry) => Ok(None),
            Err(error) => Err(refused(&error)),
        }
    }

    fn set(&self, name: &str, secret: &Secret) -> Result<(), Diagnostic> {
        let secret = secret.clone();
        asked(name, move |entry| entry.set_password(secret.expose()))?.map_err(|error| refused(&error))
    }

    fn remove(&self, name: &str) -> Result<bool, Diagnostic> {
        match asked(name, |entry| entry.delete_credential())? {
            Ok(()) => Ok(true),
            Err(keyring::Error::NoEntry) => Ok(false),
            Err(error) => Err(refused(&error)),
        }
    }
}

/// Asks the keyring on a thread of its own, which is left behind where it never answers.
fn asked<T: Send + 'static>(
    name: &str,
    ask: impl FnOnce(&keyring::v1::Entry) -> keyring::Result<T> + Send + 'static,
) -> Result<keyring::Result<T>, Diagnostic> {
    let (tell, told) = crossbeam_channel::bounded(1);
    let name = name.to_owned();
    let spawned = std::thread::Builder::new().name("keyring".to_owned()).spawn(move || {
        let _ = tell.send(keyring::v1::Entry::new(SERVICE, &name).and_then(|entry| ask(&entry)));
    });
    spawned.map_err(|error| unavailable(&error.to_string()))?;
    told.recv_timeout(PATIENCE).map_err(|_| unavailable("it does not answer"))
}

/// Some errors of the keyring hold what was read; those are not shown.
fn refused(error: &keyring::Error) -> Diagnostic {
    match error {
        keyring::Error::NoDefaultStore => unavailable("there is none, or it does not run"),
        keyring::Error::BadEncoding(_) | keyring::Error::BadDataFormat(..) => unavailable("what it holds is no text"),
        error => unavailable(&error.to_string()),
    }
}

fn unavailable(why: &str) -> Diagnostic {
    Diagnostic::error("keyring", format!("the system's keyring cannot be used: {why}"))
        .hint("put the key into the environment instead: export NAME=...")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::Auth;

    #[derive(Default)]
    struct Memory(Mutex<BTreeMap<String, Secret>>);

    impl Vault for Memory {
        fn get(&self, name: &str) -> Result<Option<Secret>, Diagnostic> {
            Ok(self.0.lock().expect("no panics").get(name).cloned())
        }

        fn set(&self, name: &str, secret: &Secret) -> Result<(), Diagnostic> {
            self.0.lock().expect("no panics").insert(name.to_owned(), secret.clone());
            Ok(())
        }

        fn remove(&self, name: &str) -> Result<bool, Diagnostic> {
            Ok(self.0.lock().expect("no panics").remove(name).is_some())
        }
    }

    #[test]
    fn the_environment_comes_before_the_keyring() {
        let given = |name: &str| (name == "OPENAI_API_KEY").then(|| "from-environment".to_owned());
        let keys = Keys::new(Arc::new(given), Arc::new(Memory::default()));
        let way = |names: &[&str]| Credential {
            names: names.iter().map(|name| (*name).to_owned()).collect(),
            auth: Auth::Bearer,
            optional: false,
            address: false,
        };
        assert!(!keys.open(&[way(&["RUNWAYML_API_SECRET"])]));
        assert!(keys.open(&[way(&["RUNWAYML_API_SECRET"]), way(&["OPENAI_API_KEY"])]));
        assert!(keys.open(&[]));
        keys.set("RUNWAYML_API_SECRET", &Secret::new("from-keyring".to_owned())).expect("kept");
        assert!(keys.open(&[way(&["RUNWAYML_API_SECRET", "OPENAI_API_KEY"])]));
        let listed: Vec<_> = keys.list(&Catalog::built_in()).into_iter().map(|it| (it.name, it.origin)).collect();
        assert!(listed.contains(&("OPENAI_API_KEY".to_owned(), Some(Origin::Environment))), "{listed:?}");
        assert!(listed.contains(&("RUNWAYML_API_SECRET".to_owned(), Some(Origin::Keyring))), "{listed:?}");
        assert_eq!((keys.remove("RUNWAYML_API_SECRET"), keys.remove("RUNWAYML_API_SECRET")), (Ok(true), Ok(false)));
        assert!(keys.find("RUNWAYML_API_SECRET").is_none());
    }

    #[test]
    fn what_is_no_key_is_refused_without_being_shown() {
        let keys = Keys::new(Arc::new(|_| None), Arc::new(Memory::default()));
        let told = keys.set("sk-live-pasted-by-mistake", &Secret::new("x".to_owned())).expect_err("refused");
        assert!(!told.to_string().contains("pasted"), "{told}");
        assert_eq!(keys.set("A_KEY", &Secret::new("  ".to_owned())).expect_err("refused").code, "key-empty");
        assert_eq!(keys.set("A_KEY", &Secret::new("a\nb".to_owned())).expect_err("refused").code, "key-empty");
        assert_eq!(Keys::fixed([]).set("A_KEY", &Secret::new("abc".to_owned())).expect_err("refused").code, "keyring");
    }
}
