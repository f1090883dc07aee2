//! Graph files: RON text to a document and back, with places in every complaint and the author's text kept.
//!
//! Knows no file system: the session reads and writes. serde with the `ron` crate was the alternative; it keeps
//! neither spans nor comments nor unknown sections, and stops at the first wrong field.

mod document;
mod printer;
#[cfg(test)]
mod properties;
mod reader;
mod report;
#[cfg(test)]
mod scale;
mod scanner;
mod source;
#[cfg(test)]
mod tests;

pub use document::Loaded;
pub use source::SourceText;

use crate::{Data, Diagnostic};

pub(crate) use reader::{MAX_DEPTH, read_prefix};
pub(crate) use scanner::cut;
pub(crate) use source::same;

impl Data {
    /// Reads one RON value, such as a parameter on a command line.
    ///
    /// # Errors
    /// A diagnostic that names the place in `text`.
    pub fn parse(text: &str) -> Result<Data, Diagnostic> {
        match reader::read(text) {
            Ok(reading) => Ok(reading.root.to_data()),
            Err(fault) => Err(report::syntax("value", text, fault)),
        }
    }

    /// RON on one line.
    pub fn to_text(&self) -> String {
        let mut out = String::new();
        printer::flat(self, &mut out, usize::MAX);
        out
    }

    /// Why a graph file could not hold this value within `depth` more brackets, if so.
    pub(crate) fn unprintable(&self, depth: usize) -> Option<&'static str> {
        let inside = |mut items: Box<dyn Iterator<Item = &Data> + '_>| match depth {
            0 => Some("it is nested too deep"),
            _ => items.find_map(|item| item.unprintable(depth - 1)),
        };
        match self {
            Data::Number(number) if number.is_nan() => Some("NaN is not a number"),
            Data::List(items) => inside(Box::new(items.iter())),
            Data::Tuple(items) if items.is_empty() => Some("an empty tuple is written as nothing, `()`"),
            Data::Tuple(items) => inside(Box::new(items.iter())),
            Data::Map(fields) => inside(Box::new(fields.values())),
            Data::Struct(name, fields) => {
                if fields.is_empty() {
                    Some("an empty struct is written as nothing, `()`")
                } else if name.as_ref().is_some_and(|name| !is_type_name(name))
                    || !fields.keys().all(|key| printer::is_name(key))
                {
                    Some("a name in it is not made of letters and digits")
                } else {
                    inside(Box::new(fields.values()))
                }
            }
            Data::Named(name, items) => {
                if !is_type_name(name) {
                    return Some("a name in it is not made of letters and digits");
                }
                items.as_ref().and_then(|items| inside(Box::new(items.iter())))
            }
            _ => None,
        }
    }
}

/// Whether a name can stand before brackets or alone.
fn is_type_name(name: &str) -> bool {
    printer::is_name(name) && !matches!(name, "true" | "false")
}
