//! The start-up shortcut: a graph whose outputs were all there at the last run, and that nobody touched since.
//!
//! A disposable blob in the store says what the run looked at: the graph's text, the project files and those of models
//! by stamp, the program. While all of that is unchanged there is nothing to parse, plan or look up. Anything else
//! takes the long way, which needs no blob; artifacts are not looked at either way.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use engine::store::Store;
use model::{Diagnostic, Digest, walk};
use serde::{Deserialize, Serialize};

use crate::export::Exported;

/// What was asked of the graph: the question that a settled state answers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Question<'a> {
    pub graph: &'a Path,
    pub set: &'a [String],
    pub targets: &'a [String],
    /// Where `-o` sends the output; a plan has none and accepts any.
    pub output: Option<&'a Path>,
}

/// What a finished run found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Settled {
    /// Graph text, identities, program, settings and targets.
    fingerprint: Digest,
    output: Option<PathBuf>,
    /// Project files that plans read.
    files: Vec<Seen>,
    /// Files that the run wrote or found in place: path and stamp.
    exports: Vec<(String, Seen)>,
    pub targets: Vec<String>,
    pub reused: u64,
    pub diagnostics: Vec<Diagnostic>,
}

/// A file from outside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    pub path: PathBuf,
    pub len: u64,
    pub mtime_ns: u64,
}

impl Seen {
    /// A file as it is now; none where it cannot be looked at.
    pub fn now(path: &Path) -> Option<Seen> {
        let meta = fs::metadata(path).ok()?;
        let since = meta.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
        Some(Seen { path: path.to_owned(), len: meta.len(), mtime_ns: u64::try_from(since.as_nanos()).ok()? })
    }

    fn is_unchanged(&self) -> bool {
        Seen::now(&self.path).as_ref() == Some(self)
    }

    /// A file changed so recently that another change might leave the same stamp.
    fn is_fresh(&self) -> bool {
        let at = UNIX_EPOCH + Duration::from_nanos(self.mtime_ns);
        SystemTime::now().duration_since(at).is_ok_and(|age| age < Duration::from_secs(1))
    }
}

fn blob(graph: &Path) -> String {
    format!("settled {}", graph.file_name().unwrap_or_default().to_string_lossy())
}

fn fingerprint(question: &Question<'_>) -> Option<Digest> {
    let text = fs::read(question.graph).ok()?;
    let ids = fs::read(question.graph.with_extension("ids.ron")).unwrap_or_default();
    let program = Seen::now(&std::env::current_exe().ok()?)?;
    let graph = std::path::absolute(question.graph).ok()?;
    let models = models(question.graph);
    Some(walk::digest_of(&(
        Digest::of(&text),
        Digest::of(&ids),
        program,
        graph,
        question.set,
        question.targets,
        models,
    )))
}

/// Files that say which models there are: another workflow under the same name is another model.
fn models(graph: &Path) -> Vec<Seen> {
    let beside = graph.parent().map(|folder| folder.join(providers::comfy::FOLDER));
    let folders = [beside, providers::comfy::user_folder(), providers::catalog::user_folder()];
    let listed = folders.into_iter().flatten().filter_map(|folder| fs::read_dir(folder).ok());
    let mut files: Vec<_> = listed.flatten().filter_map(|file| Seen::now(&file.ok()?.path())).collect();
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files
}

impl Settled {
    /// The settled state that answers a question, if nothing it rests on has changed.
    pub fn recall(store: &Store, question: &Question<'_>) -> Option<Settled> {
        let settled: Settled = serde_json::from_slice(&store.get_blob(&blob(question.graph))?).ok()?;
        let output_fits = question.output.is_none() || question.output == settled.output.as_deref();
        let holds = output_fits
            && fingerprint(question)? == settled.fingerprint
            && settled.files.iter().all(Seen::is_unchanged);
        holds.then_some(settled)
    }

    /// The outputs that stand where the run left them; none where one was changed or removed.
    pub fn exports(&self) -> Option<Vec<Exported>> {
        let standing = |(item, seen): &(String, Seen)| {
            let export = Exported { item: item.clone(), file: seen.path.clone(), written: false };
            seen.is_unchanged().then_some(export)
        };
        self.exports.iter().map(standing).collect()
    }

    /// Keeps what a run found, for the next process. Where something cannot be vouched for, nothing is kept.
    pub fn keep(
        store: &Store,
        question: &Question<'_>,
        files: &[PathBuf],
        exports: &[Exported],
        targets: Vec<String>,
        reused: u64,
        diagnostics: Vec<Diagnostic>,
    ) -> Result<(), Diagnostic> {
        let files: Option<Vec<Seen>> = files.iter().map(|path| Seen::now(path)).collect();
        let exports: Option<Vec<_>> = exports.iter().map(|it| Some((it.item.clone(), Seen::now(&it.file)?))).collect();
        let (Some(files), Some(exports), Some(fingerprint)) = (files, exports, fingerprint(question)) else {
            return Ok(());
        };
        if files.iter().chain(&models(question.graph)).any(Seen::is_fresh) {
            return Ok(());
        }
        let output = question.output.map(Path::to_owned);
        let settled = Settled { fingerprint, output, files, exports, targets, reused, diagnostics };
        match serde_json::to_vec(&settled) {
            Ok(bytes) => store.put_blob(&blob(question.graph), &bytes),
            Err(error) => Err(Diagnostic::error("settled-unrepresentable", error.to_string())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_change_ends_the_shortcut() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let old = |path: &Path| {
            let file = fs::File::options().write(true).open(path).unwrap();
            file.set_modified(SystemTime::now() - Duration::from_secs(60)).unwrap();
        };
        for name in ["g.ron", "script.fountain", "film.mp4"] {
            fs::write(at(name), name).unwrap();
            old(&at(name));
        }
        let store = Store::open(&at("store")).unwrap();
        // Blobs are kept only where a store is; its first record makes one.
        store.set_last_keys("g", &[("a", Digest::default())]).unwrap();
        let graph = at("g.ron");
        let question = Question { graph: &graph, set: &[], targets: &[], output: None };
        let exports = [Exported { item: "film".to_owned(), file: at("film.mp4"), written: true }];
        let keep = || {
            Settled::keep(&store, &question, &[at("script.fountain")], &exports, vec!["film".to_owned()], 3, vec![])
                .unwrap();
        };
        keep();
        let recalled = Settled::recall(&store, &question).expect("nothing changed");
        assert_eq!(recalled.reused, 3);
        assert_eq!(recalled.exports().map(|it| it.len()), Some(1));
        let other = ["x.y=1".to_owned()];
        assert!(Settled::recall(&store, &Question { set: &other, ..question.clone() }).is_none());
        fs::write(at("film.mp4"), "somebody else's").unwrap();
        assert_eq!(recalled.exports(), None);
        fs::write(at("script.fountain"), "another text").unwrap();
        assert!(Settled::recall(&store, &question).is_none(), "a changed script");
        keep();
        assert!(Settled::recall(&store, &question).is_none(), "a script changed just now is not vouched for");
        old(&at("script.fountain"));
        keep();
        assert!(Settled::recall(&store, &question).is_some());
        fs::write(&graph, "another graph").unwrap();
        assert!(Settled::recall(&store, &question).is_none(), "a changed graph");
    }
}
