//! A graph file on disk with what stands beside it: identities and store. Reading writes nothing.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Component, Path, PathBuf};
use std::time::SystemTime;

use engine::moved::Contents;
use indexmap::IndexMap;
use model::{
    Applied, Data, Diagnostic, Document, Edit, GROUP, GroupFace, Place, PortRef, Severity, SourceText, check,
    expand_groups, policy,
};

/// A group's file: where it is, when it was written, and what is in it.
type GroupFile = (PathBuf, Option<SystemTime>, Result<Document, Diagnostic>);
/// What nodes remember, by node; what was in media, by path.
type Remembered = (IndexMap<String, String>, BTreeMap<String, Contents>);

/// An opened graph.
#[derive(Debug)]
pub struct Project {
    /// The graph file.
    pub path: PathBuf,
    /// The document with its groups expanded: what is planned and run.
    pub document: Document,
    /// The document as the file has it.
    pub written: Document,
    /// Files of groups that were read.
    pub group_files: Vec<PathBuf>,
    /// What the graph's groups show, by their nodes' ids; nothing for those whose file cannot be read.
    pub faces: IndexMap<String, GroupFace>,
    /// When the files of groups were written, as they were read.
    stamps: Vec<Option<SystemTime>>,
    pub source: SourceText,
    /// What is wrong with the document, warnings included.
    pub diagnostics: Vec<Diagnostic>,
    /// What nodes remembered at the last committed run.
    pub memories: IndexMap<String, String>,
    /// What was in the project's media at that run, by path.
    pub contents: BTreeMap<String, Contents>,
}

/// What an edit did to the expanded document.
#[derive(Debug)]
pub enum Edited {
    /// The same as to the file's.
    Described(Applied),
    /// Groups were read again, or nodes bypassed: anything may have changed.
    Expanded,
}

/// Where identities of media stand among those of nodes, whose names have no slash.
const MEDIA: &str = "/media";

/// Largest graph file that is read, in bytes.
const LARGEST: u64 = 64 << 20;

impl Project {
    /// Opens a graph.
    ///
    /// # Errors
    /// Diagnostics where the file cannot be read as a graph at all; what is wrong inside it is in `diagnostics`.
    pub fn open(path: &Path) -> Result<Project, Vec<Diagnostic>> {
        let name = path.display().to_string();
        let text = read_text(path, &name).map_err(|diagnostic| vec![diagnostic])?;
        let loaded = Document::parse(&name, &text)?;
        let mut project = Project {
            path: path.to_owned(),
            document: Document::default(),
            written: loaded.document,
            group_files: Vec::new(),
            faces: IndexMap::new(),
            stamps: Vec::new(),
            source: loaded.source,
            diagnostics: loaded.diagnostics,
            memories: IndexMap::new(),
            contents: BTreeMap::new(),
        };
        project.diagnostics.extend(model::upgrade(&mut project.written, nodes::CATALOG));
        let problems = project.expand();
        project.diagnostics.extend(problems);
        match project.read_memories() {
            Ok((memories, contents)) => (project.memories, project.contents) = (memories, contents),
            Err(diagnostic) => project.diagnostics.push(diagnostic),
        }
        Ok(project)
    }

    /// Puts the nodes of groups in their place.
    fn expand(&mut self) -> Vec<Diagnostic> {
        // One file may stand for many nodes: it is read once.
        let mut read: IndexMap<String, GroupFile> = IndexMap::new();
        let mut load = |file: &str| {
            let (_, _, inner) = read.entry(file.to_owned()).or_insert_with(|| {
                let path = self.path.with_file_name(file);
                let stamp = written_at(&path);
                (path, stamp, Project::read_beside(&self.path, file))
            });
            inner.clone()
        };
        let (document, mut problems) = expand_groups(&self.written, &mut load);
        let groups = self.written.nodes.iter().filter(|(_, node)| node.kind == GROUP);
        let faces = groups.filter_map(|(id, node)| {
            let inner = load(node.params.get("file")?.as_text()?).ok()?;
            Some((id.clone(), model::group_face(&inner, nodes::CATALOG, &mut load)))
        });
        self.faces = faces.collect();
        self.document = model::bypass(&document, nodes::CATALOG);
        (self.group_files, self.stamps) = read.into_values().map(|(path, stamp, _)| (path, stamp)).unzip();
        problems.extend(model::upgrade(&mut self.document, nodes::CATALOG));
        problems
    }

    /// Applies edits to the file's document and to the expanded one.
    ///
    /// # Errors
    /// The diagnostic of the edit that is refused; nothing is changed.
    pub fn edit(&mut self, edits: &[Edit]) -> Result<Edited, Diagnostic> {
        let expanded = is_rewritten(&self.written);
        let applied = self.written.apply(edits)?;
        if !expanded && !is_rewritten(&self.written) {
            self.document.apply(edits)?;
            return Ok(Edited::Described(applied));
        }
        self.diagnostics = self.expand();
        Ok(Edited::Expanded)
    }

    /// Takes another document in place of the one in the file: what autosave kept.
    pub fn replace(&mut self, document: Document) {
        self.written = document;
        let problems = self.expand();
        self.diagnostics.extend(problems);
    }

    /// The path of a graph file that another graph names.
    ///
    /// # Errors
    /// A diagnostic where the file lies outside the graph's folder.
    pub fn beside(graph: &Path, file: &str) -> Result<PathBuf, Diagnostic> {
        let inside = Path::new(file).components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
        if !inside {
            return Err(Diagnostic::error("path-outside", format!("`{file}` is outside the graph's folder"))
                .hint("copy the group into the project and use its relative path"));
        }
        Ok(graph.with_file_name(file))
    }

    /// The document of a graph file that another graph names.
    ///
    /// # Errors
    /// A diagnostic where the file lies outside the graph's folder, or cannot be read.
    pub fn read_beside(graph: &Path, file: &str) -> Result<Document, Diagnostic> {
        let text = read_text(&Project::beside(graph, file)?, file)?;
        Document::parse(file, &text).map(|loaded| loaded.document).map_err(|mut found| found.swap_remove(0))
    }

    /// Reads the files of groups again where one of them was written since; whether one was.
    pub fn refresh_groups(&mut self) -> bool {
        let changed = std::iter::zip(&self.group_files, &self.stamps).any(|(path, stamp)| written_at(path) != *stamp);
        if changed {
            self.diagnostics = self.expand();
        }
        changed
    }

    /// What stands behind the outputs of a group of this graph, named as in the expanded document; none where the
    /// node is no group.
    pub fn behind(&self, group: &str) -> Option<Vec<(&str, Vec<PortRef>)>> {
        let face = self.faces.get(group)?;
        let flat = |port: &PortRef| PortRef::new(&format!("{group}-{}", port.node), &port.port);
        Some(face.outputs.iter().map(|(name, ports)| (name.as_str(), ports.iter().map(flat).collect())).collect())
    }

    /// Applies an edit from the command line, to a node of the file or to one inside a group (`group-node`).
    ///
    /// # Errors
    /// The diagnostic of the edit that is refused.
    pub fn set(&mut self, edit: Edit) -> Result<(), Diagnostic> {
        let in_file = matches!(&edit, Edit::SetParam { node, .. } if self.written.nodes.contains_key(node));
        if !in_file {
            return self.document.apply(&[edit]).map(|_| ());
        }
        self.written.apply(&[edit])?;
        let problems = self.expand();
        problems.into_iter().find(|it| it.severity == Severity::Error).map_or(Ok(()), Err)
    }

    /// What is wrong with the document as it stands now.
    pub fn check(&self) -> Vec<Diagnostic> {
        let mut found = self.diagnostics.clone();
        found.extend(self.check_models());
        for diagnostic in check(&self.document, nodes::CATALOG).into_iter().chain(nodes::check_outputs(&self.document))
        {
            if !found.contains(&diagnostic) {
                found.push(diagnostic);
            }
        }
        found
    }

    /// What is wrong with how models are chosen, with its place while the file still says so.
    fn check_models(&self) -> Vec<Diagnostic> {
        let Some(section) = self.written.settings.unknown.get(policy::SECTION) else { return Vec::new() };
        let is_as_read = self.source.print(&self.written) == self.source.text();
        let name = self.path.display().to_string();
        let placed = |problem: policy::Problem| {
            let mut diagnostic = problem.diagnostic;
            if is_as_read {
                let path = ["settings", policy::SECTION].into_iter().chain(problem.path.iter().map(String::as_str));
                let offset = self.source.offset_of(path);
                diagnostic.subject.place = Some(Place::of(&name, self.source.text(), offset));
            }
            diagnostic
        };
        policy::Policy::read(section).1.into_iter().map(placed).collect()
    }

    /// The graph's folder: paths in the graph are relative to it.
    pub fn folder(&self) -> PathBuf {
        match self.path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
            _ => PathBuf::from("."),
        }
    }

    /// The graph's name in the store.
    pub fn name(&self) -> String {
        self.path.file_name().map_or_else(|| "graph".to_owned(), |name| name.to_string_lossy().into_owned())
    }

    fn memories_path(&self) -> PathBuf {
        self.path.with_extension("ids.ron")
    }

    fn read_memories(&self) -> Result<Remembered, Diagnostic> {
        let path = self.memories_path();
        if !path.exists() {
            return Ok(Default::default());
        }
        let name = path.display().to_string();
        let text = read_text(&path, &name)?;
        let ignored = |diagnostic: Diagnostic| {
            Diagnostic { severity: Severity::Warning, ..diagnostic }
                .hint("the file is ignored: identities are made from the script alone")
        };
        let data = Data::parse(&text).map_err(ignored)?;
        let fields = data.as_fields().ok_or_else(|| {
            ignored(Diagnostic::warning("ids-unreadable", format!("`{name}` is not a map from node to identities")))
        })?;
        let memories = fields.iter().filter_map(|(node, text)| Some((node.clone(), text.as_text()?.to_owned())));
        let media = fields.get(MEDIA).and_then(Data::as_fields).into_iter().flatten();
        let contents = media.filter_map(|(path, text)| Some((path.clone(), Contents::parse(text.as_text()?)?)));
        Ok((memories.collect(), contents.collect()))
    }

    /// Writes what nodes want remembered and what is in their media, if it differs from what they were given.
    ///
    /// # Errors
    /// A diagnostic where the file cannot be written.
    pub fn remember(
        &mut self,
        memories: IndexMap<String, String>,
        contents: BTreeMap<String, Contents>,
    ) -> Result<(), Diagnostic> {
        if memories == self.memories && contents == self.contents {
            return Ok(());
        }
        // A line for each, so that two people's changes merge.
        let line = |key: &str, text: &str| format!("{}: {},\n", Data::from(key).to_text(), Data::from(text).to_text());
        let mut lines: String = memories.iter().map(|(node, text)| format!("    {}", line(node, text))).collect();
        if !contents.is_empty() {
            let media = contents.iter().map(|(path, it)| format!("        {}", line(path, &it.to_string())));
            lines += &format!("    {}: {{\n{}    }},\n", Data::from(MEDIA).to_text(), media.collect::<String>());
        }
        let head = "// Identities of shots and of media. Written by `throughline run`; commit it with the graph.";
        let text = format!("{head}\n{{\n{lines}}}\n");
        write_atomic(&self.memories_path(), text.as_bytes())?;
        (self.memories, self.contents) = (memories, contents);
        Ok(())
    }
}

/// Whether what is run differs from what the file says: groups are expanded, bypassed nodes left out.
fn is_rewritten(document: &Document) -> bool {
    document.nodes.values().any(|node| node.kind == GROUP || node.is_bypassed())
}

fn written_at(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).and_then(|meta| meta.modified()).ok()
}

fn read_text(path: &Path, name: &str) -> Result<String, Diagnostic> {
    let unreadable = |error: std::io::Error| {
        Diagnostic::error("file-unreadable", format!("cannot read the graph: {error}: {name}"))
            .hint("give the path of a graph file, graphs/hello.ron for example")
    };
    let meta = fs::metadata(path).map_err(unreadable)?;
    if !meta.is_file() {
        return Err(Diagnostic::error("not-a-file", format!("not a regular file: {name}"))
            .hint("give the path of a graph file, graphs/hello.ron for example"));
    }
    if LARGEST < meta.len() {
        return Err(Diagnostic::error(
            "file-too-large",
            format!("{} bytes are too many for a graph: {name}", meta.len()),
        ));
    }
    String::from_utf8(fs::read(path).map_err(unreadable)?).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let line = error.as_bytes()[..at].iter().filter(|byte| **byte == b'\n').count() + 1;
        Diagnostic::error("not-utf8", format!("not UTF-8 text from line {line}, byte {at} on: {name}"))
            .hint("save it as UTF-8")
    })
}

/// Writes a file whole or not at all: temporary name, sync, rename.
///
/// # Errors
/// A diagnostic that names the path.
pub fn write_atomic(path: &Path, bytes: &[u8]) -> Result<(), Diagnostic> {
    let unwritable = |error: std::io::Error| {
        Diagnostic::error("file-unwritable", format!("cannot write: {error}: {}", path.display()))
            .hint("check that the folder exists, is writable and has room")
    };
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.tmp", std::process::id()));
    let temporary = path.with_file_name(name);
    let written = fs::File::create(&temporary)
        .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
        .and_then(|()| fs::rename(&temporary, path));
    if written.is_err() {
        // Best effort: the write's own error is the one to report.
        let _ = fs::remove_file(&temporary);
    }
    written.map_err(unwritable)
}
