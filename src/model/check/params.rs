//! Parameters against their declarations.

use indexmap::IndexMap;

use crate::nearest::nearest;
use crate::ronfile::cut;
use crate::spec::{NodeSpec, ParamKind, ParamSpec};
use crate::{Color, Data, Diagnostic, Edit, Node};

/// A wrong value: what to say, and what to set instead.
struct Wrong {
    code: &'static str,
    message: String,
    hint: String,
    instead: Option<Data>,
    is_warning: bool,
    /// The value is a part of the parameter: no fix, for it would replace the whole.
    is_part: bool,
}

impl Wrong {
    fn new(code: &'static str, message: String, hint: impl Into<String>) -> Wrong {
        Wrong { code, message, hint: hint.into(), instead: None, is_warning: false, is_part: false }
    }
}

/// More problems of one parameter are counted, not shown.
const MAX_SHOWN: usize = 20;

pub(super) fn check(id: &str, node: &Node, spec: &NodeSpec, found: &mut Vec<Diagnostic>) {
    for (name, value) in &node.params {
        let set = |value| vec![Edit::SetParam { node: id.to_owned(), param: name.clone(), value, at: None }];
        let Some(param) = spec.param(name) else {
            let message = format!("`{}` has no parameter `{}`", spec.kind, cut(name));
            let diagnostic = Diagnostic::error("unknown-param", message).at_node(id).at_field(name);
            let hint = names_hint(name, "parameters", spec.params);
            found.push(diagnostic.hint(hint).fixed_by("Remove the parameter", set(None)));
            continue;
        };
        let mut wrongs = Vec::new();
        check_value(param, value, name, &mut wrongs);
        let n_hidden = wrongs.len().saturating_sub(MAX_SHOWN);
        wrongs.truncate(MAX_SHOWN);
        for wrong in wrongs {
            let diagnostic = match wrong.is_warning {
                true => Diagnostic::warning(wrong.code, wrong.message),
                false => Diagnostic::error(wrong.code, wrong.message),
            };
            let diagnostic = diagnostic.at_node(id).at_field(name).hint(wrong.hint);
            found.push(match wrong.instead {
                _ if wrong.is_part => diagnostic,
                Some(instead) => diagnostic.fixed_by(&format!("Set it to {}", instead.to_text()), set(Some(instead))),
                None if wrong.is_warning => diagnostic,
                None => diagnostic.fixed_by("Use the default", set(None)),
            });
        }
        if 0 < n_hidden {
            let message = format!("`{}` has {n_hidden} more problems", cut(name));
            found.push(Diagnostic::info("more-problems", message).at_node(id).at_field(name));
        }
    }
}

fn names_hint(name: &str, what: &str, params: &[ParamSpec]) -> String {
    match nearest(name, params.iter().map(|param| param.name)) {
        Some(known) => format!("did you mean `{known}`?"),
        None if params.is_empty() => format!("it has no {what}"),
        None => {
            let names: Vec<&str> = params.iter().map(|param| param.name).collect();
            format!("its {what} are: {}", names.join(", "))
        }
    }
}

/// `at` names the value, such as `rows.first.file`.
fn check_value(param: &ParamSpec, value: &Data, at: &str, wrongs: &mut Vec<Wrong>) {
    let ill_typed = |expected: &str, example: &str| {
        let message = format!("`{}` expects {expected}, found {}", cut(at), value.describe());
        Wrong::new("param-type", message, format!("write it like {example}"))
    };
    match param.kind {
        ParamKind::Text { .. } => {
            if value.as_text().is_none() {
                wrongs.push(ill_typed("a text", "\"this\""));
            }
        }
        ParamKind::Number { min, max, .. } => match value.as_number() {
            None => wrongs.push(ill_typed("a number", "0.5")),
            Some(number) if !number.is_finite() || number < min || max < number => {
                let wrong = out_of_range(at, &value.to_text(), &show(min), &show(max), param.unit);
                let clamped = Some(number.clamp(min, max)).filter(|number| number.is_finite());
                wrongs.push(Wrong { instead: clamped.map(Data::Number), ..wrong });
            }
            Some(_) => {}
        },
        ParamKind::Integer { min, max, .. } => match value {
            Data::Integer(integer) if (min..=max).contains(integer) => {}
            Data::Integer(integer) => {
                let wrong = out_of_range(at, &integer.to_string(), &min.to_string(), &max.to_string(), param.unit);
                wrongs.push(Wrong { instead: Some(Data::Integer((*integer).clamp(min, max))), ..wrong });
            }
            _ => wrongs.push(ill_typed("an integer", "3")),
        },
        ParamKind::Flag { .. } => {
            if value.as_flag().is_none() {
                wrongs.push(ill_typed("true or false", "true"));
            }
        }
        ParamKind::Choice { options, .. } => match value.as_text() {
            None => wrongs.push(ill_typed("a choice", &format!("{:?}", options.first().unwrap_or(&"")))),
            Some(text) if options.contains(&text) => {}
            Some(text) => {
                let message = format!("`{}` cannot be `{}`", cut(at), cut(text));
                let instead = nearest(text, options.iter().copied()).map(Data::from);
                let wrong = Wrong::new("param-choice", message, format!("choose one of: {}", options.join(", ")));
                wrongs.push(Wrong { instead, ..wrong });
            }
        },
        ParamKind::Color { .. } => check_color(value, at, wrongs),
        ParamKind::Colors => check_items(value, at, wrongs, "a list of colours", "[\"#a03020\"]", check_color),
        ParamKind::File { .. } => check_path(value, at, wrongs),
        ParamKind::Folder => check_path(value, at, wrongs),
        ParamKind::Files { .. } => check_items(value, at, wrongs, "a list of files", "[\"refs/a.png\"]", check_path),
        ParamKind::Texts => check_items(value, at, wrongs, "a list of texts", "[\"a\", \"b\"]", |item, at, wrongs| {
            if item.as_text().is_none() {
                let message = format!("`{}` expects a text, found {}", cut(at), item.describe());
                wrongs.push(Wrong::new("param-type", message, "write it like \"this\""));
            }
        }),
        ParamKind::Table { columns } => match value.as_fields() {
            Some(rows) => {
                rows.iter().for_each(|(row, cells)| check_row(columns, cells, &format!("{at}.{row}"), wrongs))
            }
            None if *value == Data::Unit => {}
            None => wrongs.push(ill_typed("rows by id", "{ \"row\": { \"column\": 1 } }")),
        },
    }
}

fn check_row(columns: &[ParamSpec], cells: &Data, at: &str, wrongs: &mut Vec<Wrong>) {
    let empty = IndexMap::new();
    let fields = match cells {
        Data::Unit => &empty,
        _ => match cells.as_fields() {
            Some(fields) => fields,
            None => {
                let message = format!("`{}` expects fields, found {}", cut(at), cells.describe());
                let wrong = Wrong::new("param-type", message, "write it like { \"column\": 1 }");
                return wrongs.push(Wrong { is_part: true, ..wrong });
            }
        },
    };
    let first = wrongs.len();
    for (name, cell) in fields {
        let at = format!("{at}.{name}");
        match columns.iter().find(|column| column.name == name) {
            Some(column) => check_value(column, cell, &at, wrongs),
            None => {
                let message = format!("`{}` is in no column of the table", cut(&at));
                wrongs.push(Wrong::new("unknown-column", message, names_hint(name, "columns", columns)));
            }
        }
    }
    wrongs[first..].iter_mut().for_each(|wrong| wrong.is_part = true);
}

fn check_items(
    value: &Data,
    at: &str,
    wrongs: &mut Vec<Wrong>,
    expected: &str,
    example: &str,
    check: impl Fn(&Data, &str, &mut Vec<Wrong>),
) {
    match value.as_items() {
        Some(items) => {
            let first = wrongs.len();
            items.iter().enumerate().for_each(|(i, item)| check(item, &format!("{at}.{i}"), wrongs));
            wrongs[first..].iter_mut().for_each(|wrong| wrong.is_part = true);
        }
        None if *value == Data::Unit => {}
        None => {
            let message = format!("`{}` expects {expected}, found {}", cut(at), value.describe());
            wrongs.push(Wrong::new("param-type", message, format!("write it like {example}")));
        }
    }
}

fn check_color(value: &Data, at: &str, wrongs: &mut Vec<Wrong>) {
    if value.as_text().and_then(Color::parse).is_none() {
        let shown = value.as_text().map_or_else(|| value.describe().to_owned(), |text| format!("`{}`", cut(text)));
        let message = format!("`{}` expects a colour, found {shown}", cut(at));
        wrongs.push(Wrong::new("param-type", message, "write it like \"#a03020\""));
    }
}

fn check_path(value: &Data, at: &str, wrongs: &mut Vec<Wrong>) {
    let Some(path) = value.as_text() else {
        let message = format!("`{}` expects a path, found {}", cut(at), value.describe());
        return wrongs.push(Wrong::new("param-type", message, "write it like \"refs/a.png\""));
    };
    if path.contains(char::is_control) {
        let message = format!("`{}` holds a character that no path can hold", cut(at));
        return wrongs.push(Wrong::new("param-type", message, "write it like \"refs/a.png\""));
    }
    let why = if is_absolute(path) {
        "names a place on this machine only"
    } else if leaves_folder(path) {
        "leaves the graph's folder"
    } else {
        return;
    };
    let message = format!("`{}` {why}: {}", cut(at), cut(path));
    let hint = "copy the file beside the graph and give its relative path";
    wrongs.push(Wrong { is_warning: true, ..Wrong::new("path-outside", message, hint) });
}

/// On any system: the graph may have been written elsewhere.
fn is_absolute(path: &str) -> bool {
    let drive = path.as_bytes().get(1) == Some(&b':') && path.starts_with(|c: char| c.is_ascii_alphabetic());
    path.starts_with(['/', '\\', '~']) || drive || path.contains("://")
}

fn leaves_folder(path: &str) -> bool {
    let mut depth = 0i64;
    path.split(['/', '\\']).any(|part| {
        depth += match part {
            ".." => -1,
            "" | "." => 0,
            _ => 1,
        };
        depth < 0
    })
}

fn out_of_range(at: &str, value: &str, min: &str, max: &str, unit: &str) -> Wrong {
    let space = if unit.is_empty() { "" } else { " " };
    let message = format!("`{}` is {value}, outside {min} to {max}{space}{unit}", cut(at));
    Wrong::new("param-range", message, format!("use a value from {min} to {max}"))
}

fn show(limit: f64) -> String {
    format!("{limit}")
}
