//! The files of a folder as a list; a file's name is its element id, so adding one changes no other.

use std::collections::BTreeMap;

use model::plan::all;
use model::{
    Data, Help, ImportKind, List, NodeSpec, ParamSpec, Params, Plan, PlanCx, PortType, Ports, Stop, Value, no_upgrade,
};

use crate::import_audio::SOUNDS;
use crate::import_clip::CLIPS;
use crate::referring::PICTURES;

/// `import.folder`.
pub(crate) const SPEC: NodeSpec = NodeSpec {
    kind: "import.folder",
    version: 1,
    help: Help {
        title: "Import folder",
        category: "Imports",
        summary: "Reads the pictures, clips or sounds of a folder, by name",
        keywords: &["load", "directory", "batch", "files", "list"],
    },
    params: &[
        ParamSpec::folder("folder").help("The folder, relative to the graph's folder"),
        ParamSpec::choice("kind", "image", &["image", "clip", "audio"])
            .help("Which files are read; others are ignored"),
    ],
    ports: |params| Ports::new().outputs("files", kind(params).0, "The files, each under its name"),
    plan,
    sibling: None,
    upgrade: no_upgrade,
};

/// More files than this are an accident.
const MOST_FILES: usize = 10_000;

fn kind(params: &Params) -> (PortType, ImportKind, &'static [&'static str]) {
    match params.get("kind").and_then(Data::as_text) {
        Some("clip") => (PortType::Clip, ImportKind::Clip, CLIPS),
        Some("audio") => (PortType::Audio, ImportKind::Audio, SOUNDS),
        _ => (PortType::Image, ImportKind::Image, PICTURES),
    }
}

fn plan(cx: &PlanCx<'_>) -> Result<Plan, Stop> {
    if cx.maybe("kind").is_some() {
        return Err(cx.refuse("kind", "the output's type cannot come from a link").hint("choose the kind here"));
    }
    cx.choice("kind")?;
    let (_, import, extensions) = kind(cx.params);
    let folder = cx.text("folder")?;
    let Value::List(names) = cx.import(ImportKind::Folder, "folder", &folder)? else {
        return Err(cx.refuse("folder", "BUG: the worker gave no list of names"));
    };
    let folder = folder.trim_end_matches('/');
    let mut paths = BTreeMap::new();
    for entry in names.iter() {
        let Value::Text(path) = &entry.value else { continue };
        let name = path.rsplit('/').next().unwrap_or(path);
        let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
        if !name.starts_with('.') && extensions.iter().any(|known| known.eq_ignore_ascii_case(extension)) {
            let inside = path.contains('/') || folder == ".";
            let path = if inside { path.to_string() } else { format!("{folder}/{path}") };
            paths.insert(name.to_owned(), path);
        }
    }
    if MOST_FILES < paths.len() {
        return Err(cx.refuse("folder", format!("it holds {} files, more than {MOST_FILES}", paths.len())));
    }
    // All are asked for before the first that is missing stops the plan, so that they arrive together.
    let values = all(paths.values().map(|path| cx.import(import, "folder", path)).collect())?;
    let n_files = values.len();
    let files = List::new(paths.into_keys().map(Into::into).zip(values));
    let plan = Plan::values([("files", Value::List(files))]);
    if n_files == 0 {
        let message = format!("the folder holds no file that ends in .{}", extensions.join(", ."));
        return Ok(plan.note(cx.warn("empty-folder", "folder", message)));
    }
    Ok(plan)
}

#[cfg(test)]
mod tests {
    use model::Work;

    use super::*;
    use crate::samples::{given, image, list};
    use crate::testing::Fixture;

    fn folder() -> Fixture {
        Fixture::new(&SPEC).param("folder", "refs/").answers(|work| match work {
            Work::Import(import) if import.kind == ImportKind::Folder => {
                let names = ["refs/b.png", "refs/a.JPG", "refs/notes.txt", "refs/.hidden.png"].map(Value::from);
                Some(vec![("value".into(), list(names))])
            }
            Work::Import(import) => Some(vec![("value".into(), image(&import.path))]),
            _ => None,
        })
    }

    #[test]
    fn names_are_element_ids_in_order() {
        let Value::List(files) = given(folder().plan(), "files") else { panic!("a list") };
        let found: Vec<_> = files.iter().map(|entry| (entry.id.to_string(), entry.value.clone())).collect();
        assert_eq!(found, [("a.JPG".to_owned(), image("refs/a.JPG")), ("b.png".to_owned(), image("refs/b.png"))]);
    }

    #[test]
    fn the_kind_decides_the_ports_type() {
        let ports = |kind: &str| SPEC.ports_of(&Params::from([("kind".to_owned(), kind.into())])).outputs[0].ty;
        assert_eq!([ports("image"), ports("clip"), ports("audio")], [PortType::Image, PortType::Clip, PortType::Audio]);
        let empty = folder().param("kind", "clip").plan().expect("it plans");
        assert!(empty.notes[0].message.starts_with("the folder holds no file that ends in .mp4"));
    }

    #[test]
    fn linked_kinds_and_missing_folders_are_refused() {
        assert_eq!(folder().input("kind", "clip".into()).refusal(), "the output's type cannot come from a link");
        assert_eq!(Fixture::new(&SPEC).refusal(), "no file is chosen");
    }
}
