//! What holds for every node kind: names that can stay for ever, help for people, defaults inside their limits.

use std::collections::BTreeSet;

use model::{Color, Name, ParamKind, ParamSpec, Params, Plan, PlanCx, Settings, Stop, plan::NoNeeds};

use crate::ALL;

fn is_snake(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

#[track_caller]
fn is_sentence(text: &str, of: &str) {
    assert!(!text.trim().is_empty(), "{of} has no help");
    assert!(!text.ends_with('.') && text == text.trim(), "{of}: no full stop, no space around: {text}");
    let starts_well = !text.starts_with(|c: char| c.is_ascii_lowercase());
    assert!(starts_well, "{of}: start with a capital: {text}");
}

fn check_param(param: &ParamSpec, of: &str) {
    let of = format!("{of}.{}", param.name);
    assert!(is_snake(param.name), "{of} is not snake case");
    is_sentence(param.help, &of);
    match param.kind {
        ParamKind::Number { default, min, max, soft } => {
            assert!(min <= default && default <= max, "{of}: the default is out of range");
            assert!(min <= soft.0 && soft.0 < soft.1 && soft.1 <= max, "{of}: the slider leaves the range");
        }
        ParamKind::Integer { default, min, max } => assert!(min <= default && default <= max, "{of}"),
        ParamKind::Choice { default, options } => {
            assert!(options.contains(&default), "{of}: the default is no option");
            assert_eq!(options.iter().collect::<BTreeSet<_>>().len(), options.len(), "{of}");
        }
        ParamKind::Color { default } => assert!(Color::parse(default).is_some(), "{of}"),
        ParamKind::File { extensions } | ParamKind::Files { extensions } => assert!(!extensions.is_empty(), "{of}"),
        ParamKind::Table { columns } => columns.iter().for_each(|column| check_param(column, &of)),
        _ => {}
    }
}

#[test]
fn kinds_are_unique_and_well_named() {
    let kinds: BTreeSet<_> = ALL.iter().map(|spec| spec.kind).collect();
    assert_eq!(kinds.len(), ALL.len(), "two kinds share a name");
    for spec in ALL {
        let (family, name) = spec.kind.split_once('.').expect("a kind is family.name");
        assert!(is_snake(family) && is_snake(name), "{} is not a kind's name", spec.kind);
        assert!(0 < spec.version, "{} counts versions from 1", spec.kind);
    }
}

#[test]
fn help_is_complete() {
    for spec in ALL {
        is_sentence(spec.help.summary, spec.kind);
        is_sentence(spec.help.title, spec.kind);
        is_sentence(spec.help.category, spec.kind);
        assert!(!spec.help.keywords.is_empty(), "{} has no keywords", spec.kind);
        let ports = (spec.ports)(&Params::new());
        for port in ports.inputs.iter().chain(&ports.outputs) {
            is_sentence(port.help, &format!("{}.{}", spec.kind, port.name));
        }
    }
}

#[test]
fn parameters_have_names_help_and_limits() {
    for spec in ALL {
        for param in spec.params {
            check_param(param, spec.kind);
            if let ParamKind::Number { min, max, .. } = param.kind {
                assert!(min.is_finite() && max.is_finite(), "{}.{} has no range", spec.kind, param.name);
            }
        }
        let names: BTreeSet<_> = spec.params.iter().map(|param| param.name).collect();
        assert_eq!(names.len(), spec.params.len(), "{} has two parameters of one name", spec.kind);
    }
}

#[test]
fn ports_are_unique_and_every_kind_gives_something() {
    for spec in ALL {
        let ports = spec.ports_of(&Params::new());
        for side in [&ports.inputs, &ports.outputs] {
            let names: BTreeSet<_> = side.iter().map(|port| &port.name).collect();
            assert_eq!(names.len(), side.len(), "{} has two ports of one name", spec.kind);
            assert!(side.iter().all(|port| is_snake(&port.name)), "{}", spec.kind);
        }
        assert!(!ports.outputs.is_empty(), "{} gives nothing", spec.kind);
        if spec.kind.starts_with("output.") {
            assert!(spec.param("file").is_some() && ports.outputs.iter().any(|port| port.name == "file"));
        }
    }
}

/// With nothing connected and wrong values everywhere, a plan refuses or goes on; it never panics.
#[test]
fn no_kind_panics_on_bare_or_wrong_parameters() {
    for spec in ALL {
        for wrong in [None, Some(model::Data::Unit), Some(model::Data::Integer(i64::MIN)), Some("\u{0}{".into())] {
            let params: Params =
                spec.params.iter().filter_map(|param| Some((param.name.to_owned(), wrong.clone()?))).collect();
            let ports = spec.ports_of(&params);
            let flags: Vec<(Name, model::Value)> =
                ports.inputs.iter().map(|port| (port.name.clone(), model::Value::Flag(true))).collect();
            for inputs in [&[][..], &flags] {
                let settings = Settings::default();
                let planned: Result<Plan, Stop> = (spec.plan)(&PlanCx {
                    node: "node",
                    spec,
                    params: &params,
                    inputs,
                    element: None,
                    settings: &settings,
                    take: 1,
                    memory: None,
                    sibling: None,
                    needs: &NoNeeds,
                });
                if let Err(Stop::Refused(diagnostic)) = planned {
                    assert!(!diagnostic.message.is_empty() && !diagnostic.message.ends_with('.'), "{}", spec.kind);
                    assert_eq!(diagnostic.subject.node.as_deref(), Some("node"), "{}", spec.kind);
                }
            }
        }
    }
}
