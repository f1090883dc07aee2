//! All manifests of a session: the built-in ones, and a user's, which add to them or take their place.
//!
//! Reads files and parses; asks nobody. One manifest is one file and one line here.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use model::{Diagnostic, Severity};
use serde::Deserialize;

use crate::comfy::{self, Origin};
use crate::manifest::{Entry, Manifest, Source, Tier};

/// The built-in manifests: name of the file and its text.
const BUILT_IN: &[(&str, &str)] = &[
    ("anthropic.ron", include_str!("manifests/anthropic.ron")),
    ("bfl.ron", include_str!("manifests/bfl.ron")),
    ("chat-server.ron", include_str!("manifests/chat-server.ron")),
    ("elevenlabs.ron", include_str!("manifests/elevenlabs.ron")),
    ("fal.ron", include_str!("manifests/fal.ron")),
    ("gemini.ron", include_str!("manifests/gemini.ron")),
    ("kling.ron", include_str!("manifests/kling.ron")),
    ("localai.ron", include_str!("manifests/localai.ron")),
    ("luma.ron", include_str!("manifests/luma.ron")),
    ("minimax.ron", include_str!("manifests/minimax.ron")),
    ("openai.ron", include_str!("manifests/openai.ron")),
    ("openai-videos.ron", include_str!("manifests/openai-videos.ron")),
    ("openrouter.ron", include_str!("manifests/openrouter.ron")),
    ("replicate.ron", include_str!("manifests/replicate.ron")),
    ("runway.ron", include_str!("manifests/runway.ron")),
    ("stability.ron", include_str!("manifests/stability.ron")),
    ("vertex.ron", include_str!("manifests/vertex.ron")),
    ("xai.ron", include_str!("manifests/xai.ron")),
];

/// Most manifests that a user's folder may hold, and their largest size in bytes.
const MOST_FILES: usize = 200;
const MOST_BYTES: u64 = 1 << 20;

/// The source of a tier that the user gave.
const OPINION: &str = "the user";

/// What a user thinks of a model.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Opinion {
    tier: Option<u8>,
    expected_seconds: Option<u32>,
}

/// See the module.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    /// By provider.
    manifests: BTreeMap<String, Arc<Manifest>>,
    diagnostics: Vec<Diagnostic>,
}

impl Catalog {
    /// What this build carries. Read once in a process.
    pub fn built_in() -> Catalog {
        static READ: OnceLock<Catalog> = OnceLock::new();
        let read = READ.get_or_init(|| {
            let mut catalog = Catalog::default();
            for (file, text) in BUILT_IN {
                catalog.take(file, text);
            }
            catalog
        });
        read.clone()
    }

    /// What this build carries, the manifests and workflows of the user's own folders, and what the user thinks of
    /// models.
    pub fn system() -> Catalog {
        let (catalog, folder) = (Catalog::built_in(), user_folder());
        let catalog = match &folder {
            Some(folder) => catalog.with_user_folder(folder),
            None => catalog,
        };
        let catalog = catalog.with_workflows(comfy::user_folder().as_deref(), Origin::Own);
        match folder {
            Some(folder) => catalog.with_opinions(&folder.with_file_name("models.ron")),
            None => catalog,
        }
    }

    /// The same with the workflows of a project's folder, as far as its user has allowed them.
    #[must_use]
    pub fn with_project(self, folder: &Path) -> Catalog {
        self.with_workflows(Some(&folder.join(comfy::FOLDER)), Origin::Project)
    }

    fn with_workflows(mut self, folder: Option<&Path>, origin: Origin) -> Catalog {
        let known = self.manifests.get(comfy::PROVIDER).and_then(|manifest| manifest.workflows.as_deref());
        let mut shelf = known.cloned().unwrap_or_default();
        if let Some(folder) = folder {
            shelf.add(folder, origin, &mut self.diagnostics);
        }
        self.with(shelf.manifest())
    }

    /// Takes over what a user thinks of models, by name: `{ "runway/gen4.5": (tier: 5, expected_seconds: 90) }`. A file
    /// that is not there says nothing; what cannot be used becomes a diagnostic.
    #[must_use]
    pub fn with_opinions(mut self, file: &Path) -> Catalog {
        let Ok(found) = std::fs::metadata(file) else { return self };
        let name = file.display().to_string();
        let told = |why: String| warned(Diagnostic::error("opinions", format!("{name} cannot be used: {why}")));
        if !found.is_file() || MOST_BYTES < found.len() {
            self.diagnostics.push(told(format!("it is no file of at most {MOST_BYTES} bytes")));
            return self;
        }
        let options = ron::Options::default().with_default_extension(ron::extensions::Extensions::IMPLICIT_SOME);
        let read = std::fs::read_to_string(file).map_err(|error| error.to_string());
        let read = read
            .and_then(|text| options.from_str::<BTreeMap<String, Opinion>>(&text).map_err(|error| error.to_string()));
        let opinions = match read {
            Ok(opinions) => opinions,
            Err(why) => {
                self.diagnostics.push(told(why));
                return self;
            }
        };
        for (model, opinion) in opinions {
            let provider = model.split('/').next().unwrap_or_default();
            let manifest = self.manifests.get_mut(provider).map(Arc::make_mut);
            let entry = manifest.and_then(|manifest| manifest.models.iter_mut().find(|entry| entry.name == model));
            let Some(entry) = entry else {
                self.diagnostics.push(told(format!("there is no model `{model}`")));
                continue;
            };
            match opinion.tier {
                Some(tier @ 1..=5) => entry.tier = Some(Tier { tier, source: OPINION.to_owned() }),
                Some(tier) => self.diagnostics.push(told(format!("the tier {tier} of {model} is not 1 to 5"))),
                None => {}
            }
            entry.expected_seconds = opinion.expected_seconds.or(entry.expected_seconds);
        }
        self
    }

    /// Adds the manifests of a folder (`*.ron`); one of the same provider takes the built-in one's place. A folder
    /// that is not there is empty; a manifest that cannot be used becomes a diagnostic.
    #[must_use]
    pub fn with_user_folder(mut self, folder: &Path) -> Catalog {
        let Ok(listed) = std::fs::read_dir(folder) else { return self };
        let mut files: Vec<_> = listed
            .filter_map(|file| Some(file.ok()?.path()))
            .filter(|path| path.extension().is_some_and(|extension| extension == "ron"))
            .take(MOST_FILES)
            .collect();
        files.sort();
        for path in files {
            let name = path.display().to_string();
            match std::fs::metadata(&path) {
                Ok(found) if found.is_file() && found.len() <= MOST_BYTES => {}
                _ => {
                    let message = format!("{name} is no manifest: not a file of at most {MOST_BYTES} bytes");
                    self.diagnostics.push(warned(Diagnostic::error("manifest", message)));
                    continue;
                }
            }
            match std::fs::read_to_string(&path) {
                Ok(text) => self.take(&name, &text),
                Err(error) => {
                    let message = format!("{name} cannot be read: {error}");
                    self.diagnostics.push(warned(Diagnostic::error("manifest", message)));
                }
            }
        }
        self
    }

    /// Adds one manifest.
    #[must_use]
    pub fn with(mut self, manifest: Manifest) -> Catalog {
        self.manifests.insert(manifest.provider.clone(), Arc::new(manifest));
        self
    }

    fn take(&mut self, file: &str, text: &str) {
        match Manifest::parse(file, text) {
            Ok(manifest) => drop(self.manifests.insert(manifest.provider.clone(), Arc::new(manifest))),
            Err(diagnostic) => self.diagnostics.push(warned(diagnostic)),
        }
    }

    /// Every model, by name.
    pub fn entries(&self) -> Vec<&Entry> {
        let mut entries: Vec<_> = self.manifests.values().flat_map(|manifest| &manifest.models).collect();
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        entries
    }

    /// A model by its name, `runway/gen4.5`.
    pub fn entry(&self, name: &str) -> Option<&Entry> {
        let (provider, id) = name.split_once('/')?;
        self.manifests.get(provider)?.models.iter().find(|entry| entry.id == id)
    }

    /// Where a group of an entry's facts was read: `prices`, `limits`, `can`.
    pub fn source(&self, entry: &Entry, fact: &str) -> Option<&Source> {
        self.manifests.get(&entry.provider)?.sources.get(entry.facts.get(fact)?)
    }

    /// Every manifest, by provider.
    pub fn manifests(&self) -> impl Iterator<Item = &Arc<Manifest>> {
        self.manifests.values()
    }

    /// A provider's manifest.
    pub fn manifest(&self, provider: &str) -> Option<&Arc<Manifest>> {
        self.manifests.get(provider)
    }

    /// What is wrong with manifests, as warnings.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }
}

/// Where users keep manifests of their own: `throughline/providers` in their folder of settings.
pub fn user_folder() -> Option<PathBuf> {
    Some(settings()?.join("providers"))
}

/// The user's folder of settings: `throughline` where the system keeps them.
pub(crate) fn settings() -> Option<PathBuf> {
    let folder = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let settings = folder("XDG_CONFIG_HOME").or_else(|| folder("APPDATA"));
    let settings = settings.or_else(|| Some(folder("HOME")?.join(".config")))?;
    settings.is_absolute().then(|| settings.join("throughline"))
}

/// The program works without that manifest.
fn warned(diagnostic: Diagnostic) -> Diagnostic {
    Diagnostic { severity: Severity::Warning, ..diagnostic }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::Date;

    #[test]
    fn the_built_in_manifests_are_whole() {
        let catalog = Catalog::built_in();
        assert_eq!(catalog.diagnostics(), []);
        assert_eq!(catalog.manifests().count(), BUILT_IN.len(), "one provider for each file");
        let names: Vec<_> = catalog.entries().iter().map(|entry| entry.name.clone()).collect();
        assert!(names.is_sorted(), "{names:?}");
        let dated = |name: &str| catalog.source(catalog.entry(name).expect("built in"), "prices").map(|it| it.date);
        assert_eq!((dated("fal/bytedance/seedance-2.5"), dated("luma/ray-3.2")), (Some(Date(2026, 10, 22)), None));
        assert!(names.iter().all(|name| catalog.entry(name).is_some_and(|entry| entry.name == *name)));
    }

    #[test]
    fn a_users_opinion_is_taken() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("models.ron");
        let with = |text: &str| {
            std::fs::write(&file, text).expect("written");
            Catalog::built_in().with_opinions(&file)
        };
        let catalog = with(r#"{ "runway/gen4.5": (tier: 5), "kling/kling-v3": (expected_seconds: 90) }"#);
        assert_eq!(catalog.diagnostics(), []);
        let entry = |name: &str| catalog.entry(name).expect("built in");
        assert_eq!(entry("runway/gen4.5").tier.as_ref().map(|it| it.tier), Some(5));
        let kling = entry("kling/kling-v3");
        assert_eq!((kling.tier.as_ref().map(|it| it.tier), kling.expected_seconds), (Some(4), Some(90)));
        let told = |text: &str| with(text).diagnostics().iter().map(|it| it.message.clone()).collect::<Vec<_>>();
        assert!(told(r#"{ "runway/gen4.5": (tier: 6) }"#)[0].ends_with("the tier 6 of runway/gen4.5 is not 1 to 5"));
        assert!(told(r#"{ "runway/gen9": (tier: 1) }"#)[0].ends_with("there is no model `runway/gen9`"));
        assert_eq!((told("{ ").len(), told(r#"{ "runway/gen4.5": (teir: 1) }"#).len()), (1, 1));
        assert_eq!(Catalog::built_in().with_opinions(folder.path()).diagnostics().len(), 1);
        assert_eq!(Catalog::built_in().with_opinions(&folder.path().join("none")).diagnostics(), []);
    }

    #[test]
    fn a_users_manifest_takes_the_built_in_ones_place() {
        let folder = tempfile::tempdir().expect("a folder");
        let own = include_str!("manifests/runway.ron").replace("title: \"Runway\"", "title: \"Ours\"");
        std::fs::write(folder.path().join("runway.ron"), own).expect("written");
        std::fs::write(folder.path().join("bad.ron"), "(manifest: 1").expect("written");
        std::fs::write(folder.path().join("notes.txt"), "not a manifest").expect("written");
        let catalog = Catalog::built_in().with_user_folder(folder.path());
        assert_eq!(catalog.manifest("runway").map(|manifest| manifest.title.as_str()), Some("Ours"));
        let told: Vec<_> = catalog.diagnostics().iter().map(|it| (it.severity, it.code.as_str())).collect();
        assert_eq!(told, [(Severity::Warning, "manifest-syntax")]);
        assert_eq!(Catalog::built_in().with_user_folder(Path::new("/nowhere")).diagnostics(), []);
    }
}
