//! What the editor remembers between sessions, in the user's configuration folder. Never secrets.

use std::path::PathBuf;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use crate::project::write_atomic;

/// Most recent files that are remembered.
const RECENT: usize = 12;

/// See the module. Fields that another version wrote are ignored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Settings {
    /// Newest first.
    pub(super) recent: Vec<PathBuf>,
    #[serde(flatten)]
    pub(super) preferences: ui::Preferences,
    /// Where panels are.
    pub(super) layout: ui::Layout,
    pub(super) preset: String,
    /// The user's own keys by action.
    pub(super) keys: IndexMap<String, Vec<String>>,
    pub(super) toured: bool,
    /// Kinds that the palette added, the newest first.
    pub(super) kinds: Vec<String>,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            recent: Vec::new(),
            preferences: ui::Preferences::default(),
            layout: ui::Layout::default(),
            preset: "Throughline".to_owned(),
            keys: IndexMap::new(),
            toured: false,
            kinds: Vec::new(),
        }
    }
}

impl Settings {
    /// What was saved; the defaults where nothing was, or where it cannot be read.
    pub(super) fn load() -> Settings {
        let read = file().and_then(|file| std::fs::read_to_string(file).ok());
        read.map_or_else(Settings::default, |text| Settings::read(&text))
    }

    fn read(text: &str) -> Settings {
        let read: Settings = serde_json::from_str(text).unwrap_or_default();
        Settings { preferences: read.preferences.clone().sane(), ..read }
    }

    /// Saves them on a thread of its own. Settings are a comfort: where they cannot be written, work goes on.
    pub(super) fn save(&self) {
        let (Some(file), Ok(text)) = (file(), serde_json::to_string_pretty(self)) else { return };
        let write = move || {
            if let Some(folder) = file.parent() {
                let _ = std::fs::create_dir_all(folder);
            }
            let _ = write_atomic(&file, text.as_bytes());
        };
        let _ = std::thread::Builder::new().name("settings".to_owned()).spawn(write);
    }

    /// Puts a file in front of the recent ones.
    pub(super) fn opened(&mut self, path: &std::path::Path) {
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        self.recent.retain(|it| *it != path);
        self.recent.insert(0, path);
        self.recent.truncate(RECENT);
    }
}

/// `$XDG_CONFIG_HOME/throughline/editor.json`.
fn file() -> Option<PathBuf> {
    // Tests of the window must not change what somebody has set up.
    if cfg!(test) {
        return None;
    }
    Some(folder("XDG_CONFIG_HOME", ".config")?.join("editor.json"))
}

/// The program's folder below one of the user's: the variable names it, else it lies in the home folder.
pub(super) fn folder(variable: &str, below_home: &str) -> Option<PathBuf> {
    let named = std::env::var_os(variable).map(PathBuf::from).filter(|path| path.is_absolute());
    let home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(below_home));
    Some(named.or_else(home)?.join("throughline"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_come_back_and_broken_ones_are_the_defaults() {
        let mut settings = Settings { toured: true, ..Settings::default() };
        settings.preferences.light = true;
        settings.preferences.columns.insert("text".to_owned(), 300.0);
        settings.opened(std::path::Path::new("/films/a.ron"));
        let text = serde_json::to_string(&settings).unwrap();
        assert_eq!(Settings::read(&text), settings);
        assert_eq!(Settings::read("{"), Settings::default());
        let old = Settings::read(r#"{"toured": true, "live": false, "light": true, "colours": []}"#);
        assert!(old.toured && old.preferences.light && !old.preferences.live && old.preferences.scale == 1.0);
    }
}
