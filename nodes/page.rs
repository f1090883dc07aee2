//! The reference page of all node kinds, made from their declarations, so that it cannot say anything else.
//!
//! Pure text; who writes it to a file is somebody else's business.

use std::fmt::Write as _;

use model::{NodeSpec, ParamKind, ParamSpec, Params, PortSpec};

use crate::ALL;

/// All node kinds by category as Markdown.
pub fn markdown() -> String {
    let mut page = String::from(
        "# Node reference\n\nMade from the declarations in `nodes/`; do not edit.\nA parameter of a scalar type is also an \
         input of its name: a link overrides the value.\n",
    );
    let mut categories: Vec<&str> = Vec::new();
    for spec in ALL {
        if !categories.contains(&spec.help.category) {
            categories.push(spec.help.category);
        }
    }
    for category in categories {
        page.push_str(&format!("\n## {category}\n"));
        ALL.iter().filter(|spec| spec.help.category == category).for_each(|spec| section(&mut page, spec));
    }
    page
}

fn section(page: &mut String, spec: &NodeSpec) {
    let help = &spec.help;
    page.push_str(&format!("\n### {}: `{}`\n\n{}.\n", help.title, spec.kind, help.summary));
    if !help.keywords.is_empty() {
        page.push_str(&format!("Also found as: {}.\n", help.keywords.join(", ")));
    }
    let ports = (spec.ports)(&Params::new());
    table(page, ["Input", "Type", "Help"], ports.inputs.iter().map(port_row));
    table(page, ["Output", "Type", "Help"], ports.outputs.iter().map(port_row));
    table(page, ["Parameter", "Type", "Default", "Help"], spec.params.iter().map(param_row));
    for param in spec.params {
        if let ParamKind::Table { columns } = param.kind {
            page.push_str(&format!("\nColumns of `{}`:\n", param.name));
            table(page, ["Column", "Type", "Default", "Help"], columns.iter().map(param_row));
        }
    }
}

fn table<const N: usize>(page: &mut String, head: [&str; N], rows: impl Iterator<Item = [String; N]>) {
    let mut rows = rows.peekable();
    if rows.peek().is_none() {
        return;
    }
    page.push_str(&format!("\n| {} |\n|{}\n", head.join(" | "), "---|".repeat(N)));
    for row in rows {
        let cells = row.map(|cell| cell.replace('|', "\\|").replace('\n', "<br>"));
        page.push_str(&format!("| {} |\n", cells.join(" | ")));
    }
}

fn port_row(port: &PortSpec) -> [String; 3] {
    let mut ty = if port.many { format!("list of {}", port.ty.name()) } else { port.ty.name().to_owned() };
    if port.required {
        ty.push_str(", required");
    }
    [format!("`{}`", port.name), ty, port.help.to_owned()]
}

fn param_row(param: &ParamSpec) -> [String; 4] {
    let (mut ty, default) = kind(&param.kind);
    if !param.unit.is_empty() {
        let _ = write!(ty, ", {}", param.unit);
    }
    [format!("`{}`", param.name), ty, default, param.help.to_owned()]
}

fn kind(kind: &ParamKind) -> (String, String) {
    let quoted = |text: &str| if text.is_empty() { String::new() } else { format!("`{text}`") };
    let limits = |low: f64, high: f64| match (low.is_finite(), high.is_finite()) {
        (true, true) => format!(" {low} to {high}"),
        (true, false) => format!(" from {low}"),
        (false, true) => format!(" up to {high}"),
        (false, false) => String::new(),
    };
    match *kind {
        ParamKind::Text { default, .. } => ("text".to_owned(), quoted(default)),
        ParamKind::Number { default, min, max, .. } => (format!("number{}", limits(min, max)), format!("`{default}`")),
        ParamKind::Integer { default, min, max } => {
            let limits = if max == i64::MAX { format!("from {min}") } else { format!("{min} to {max}") };
            (format!("integer {limits}"), format!("`{default}`"))
        }
        ParamKind::Flag { default } => ("flag".to_owned(), format!("`{default}`")),
        ParamKind::Choice { default, options } => (format!("one of {}", options.join(", ")), quoted(default)),
        ParamKind::Color { default } => ("color".to_owned(), quoted(default)),
        ParamKind::Colors => ("list of color".to_owned(), String::new()),
        ParamKind::File { extensions } => (format!("file: {}", extensions.join(", ")), String::new()),
        ParamKind::Files { extensions } => (format!("files: {}", extensions.join(", ")), String::new()),
        ParamKind::Folder => ("folder".to_owned(), String::new()),
        ParamKind::Texts => ("list of text".to_owned(), String::new()),
        ParamKind::Table { .. } => ("rows by id".to_owned(), String::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_names_every_kind_and_parameter() {
        let page = markdown();
        for spec in ALL {
            let start = page.find(&format!("`{}`\n", spec.kind)).expect("the kind has a heading");
            let section = page[start..].split("\n### ").next().unwrap_or_default();
            for param in spec.params {
                assert!(section.contains(&format!("| `{}` |", param.name)), "{} {}", spec.kind, param.name);
                assert!(
                    section
                        .contains(param.help.lines().next().unwrap_or_default().split('|').next().unwrap_or_default())
                );
            }
        }
    }

    #[test]
    fn tables_have_as_many_cells_as_heads() {
        for line in markdown().lines().filter(|line| line.starts_with("| ")) {
            let cells = line.replace("\\|", "").matches('|').count() - 1;
            assert!(cells == 3 || cells == 4, "{line}");
        }
    }
}
