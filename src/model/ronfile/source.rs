//! A file's text, written back with as few changes as the edits ask for.
//!
//! Printing compares three trees: what the text said (`base`), what the document says now, and the text's own tree
//! with its spans. What did not change is copied with its comments; what changed is printed canonically in place.
//! Patching the text at each edit was the alternative: two representations to keep in step.

use indexmap::{IndexMap, IndexSet};

use super::printer::{Layout, Printer, is_name};
use super::reader::{Fields, Spanned};
use super::scanner::{Span, block_comment};
use crate::{Data, Document};

/// The text that a document was read from.
#[derive(Clone, Debug)]
pub struct SourceText {
    text: String,
    root: Spanned,
    base: Data,
}

impl SourceText {
    pub(crate) fn new(text: &str, root: Spanned, base: Data) -> SourceText {
        SourceText { text: text.to_owned(), root, base }
    }

    /// The text as it was read.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Where a value stands in the text as it was read, by its keys from the outermost; as deep as they lead.
    pub fn offset_of<'k>(&self, path: impl IntoIterator<Item = &'k str>) -> usize {
        let mut value = &self.root;
        for key in path {
            let fields = value.as_fields();
            let Some(field) = fields.and_then(|fields| fields.used().find(|field| field.key == key)) else { break };
            value = &field.value;
        }
        value.span.from()
    }

    /// The text with the document's changes: byte for byte the same where there are none.
    pub fn print(&self, document: &Document) -> String {
        let target = document.to_data();
        if same(&self.base, &target) {
            return self.text.clone();
        }
        let windows = self.text.split_inclusive('\n').next().is_some_and(|line| line.ends_with("\r\n"));
        let printer = Printer { newline: if windows { "\r\n" } else { "\n" } };
        let mut merge = Merge { text: &self.text, printer, out: String::with_capacity(self.text.len() + 1024) };
        merge.out.push_str(&self.text[..self.root.span.from()]);
        merge.value(&self.root, &self.base, &target, Layout::Document, "");
        merge.out.push_str(&self.text[self.root.span.to()..]);
        merge.out
    }
}

/// Equality that minds the order of fields, as files do.
pub(crate) fn same(a: &Data, b: &Data) -> bool {
    let all = |a: &[Data], b: &[Data]| a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b));
    let fields = |a: &IndexMap<String, Data>, b: &IndexMap<String, Data>| {
        a.len() == b.len() && a.iter().zip(b).all(|((a_key, a), (b_key, b))| a_key == b_key && same(a, b))
    };
    match (a, b) {
        (Data::Number(a), Data::Number(b)) => a.to_bits() == b.to_bits(),
        (Data::List(a), Data::List(b)) | (Data::Tuple(a), Data::Tuple(b)) => all(a, b),
        (Data::Named(a_name, Some(a)), Data::Named(b_name, Some(b))) => a_name == b_name && all(a, b),
        (Data::Map(a), Data::Map(b)) => fields(a, b),
        (Data::Struct(a_name, a), Data::Struct(b_name, b)) => a_name == b_name && fields(a, b),
        _ => a == b,
    }
}

/// What one entry of the printed text is made from.
enum Item<'a> {
    /// The entry at an index of the text, as it stands.
    Kept(usize),
    /// The same with another value.
    Changed(usize),
    /// The same under another key.
    Renamed(usize, &'a str),
    New(&'a str),
}

/// An entry with what surrounds it: white space and comments before it, and behind it on its line.
struct Chunk {
    start: usize,
    end: usize,
    /// A `//` comment ends it, so that a line end must follow.
    ends_in_comment: bool,
}

struct Merge<'a> {
    text: &'a str,
    printer: Printer<'a>,
    out: String,
}

impl<'a> Merge<'a> {
    fn value(&mut self, source: &'a Spanned, base: &Data, target: &Data, layout: Layout, indent: &str) {
        if same(base, target) {
            self.out.push_str(source.span.of(self.text));
            return;
        }
        if let Some(fields) = source.as_fields()
            && let (Some(base_fields), Some(target_fields)) = (base.as_fields(), target.as_fields())
            && same_kind(base, target)
            && (fields.is_map || target_fields.keys().all(|key| is_name(key)))
            && !self.is_plain_line(source, fields, base_fields, layout)
        {
            // A name, raw or with comments after it, stays as it is written.
            self.out.push_str(&self.text[source.span.from()..fields.inner.from()]);
            self.fields(fields, base_fields, target, target_fields, layout, indent);
            // What follows the last entry up to the bracket is written by `fields`; the bracket is ours.
            let close = source.span.to() - 1;
            self.out.push_str(&self.text[close..close + 1]);
            return;
        }
        self.printer.value(&mut self.out, target, layout, indent);
    }

    /// Whether nothing would be lost by printing the value anew: one line, no comment, nothing unread.
    fn is_plain_line(&self, source: &Spanned, fields: &Fields, base: &IndexMap<String, Data>, layout: Layout) -> bool {
        let text = source.span.of(self.text);
        let section = matches!(layout, Layout::Document | Layout::Nodes | Layout::Rows | Layout::FewRows);
        (!section || fields.entries.is_empty())
            && !text.contains('\n')
            && !text.contains("//")
            && !text.contains("/*")
            && fields.entries.iter().all(|entry| !entry.shadowed && base.contains_key(&entry.key))
    }

    fn fields(
        &mut self,
        fields: &'a Fields,
        base: &IndexMap<String, Data>,
        target: &Data,
        target_fields: &IndexMap<String, Data>,
        layout: Layout,
        indent: &str,
    ) {
        let items = match target {
            Data::Map(_) => in_rows(fields, base, target_fields),
            _ => in_struct(fields, base, target_fields),
        };
        let chunks = self.chunks(fields);
        let tail = &self.text[chunks.last().map_or(fields.inner.from(), |chunk| chunk.end)..fields.inner.to()];
        if items.is_empty() && tail.trim().is_empty() {
            return;
        }
        let own_lines = chunks.iter().zip(&fields.entries).find_map(|(chunk, entry)| {
            let lead = &self.text[chunk.start..entry.key_span.from()];
            lead.rfind('\n').map(|at| lead[at + 1..].to_owned())
        });
        let grows = items.iter().any(|item| matches!(item, Item::New(_)));
        let spread = grows && own_lines.is_none() && self.is_bare(fields, &chunks, tail);
        let row_indent = match own_lines {
            Some(lead) if lead.chars().all(char::is_whitespace) => lead,
            _ => format!("{indent}    "),
        };
        let n_items = items.len();
        let mut after_comment = false;
        for (n, item) in items.into_iter().enumerate() {
            let is_last = n + 1 == n_items;
            if let Item::New(key) = item {
                self.printer.line(&mut self.out, &row_indent);
                self.entry(key, &target_fields[key], fields.is_map, layout, &row_indent);
                self.out.push(',');
                after_comment = false;
                continue;
            }
            let (Item::Kept(i) | Item::Changed(i) | Item::Renamed(i, _)) = item else { continue };
            let (entry, chunk) = (&fields.entries[i], &chunks[i]);
            let lead = &self.text[chunk.start..entry.key_span.from()];
            if spread {
                self.printer.line(&mut self.out, &row_indent);
            } else {
                self.after(after_comment, lead);
            }
            match item {
                Item::Renamed(_, key) => {
                    let mut printed = String::new();
                    self.printer.key(&mut printed, key, fields.is_map);
                    self.out.push_str(printed.trim_end().trim_end_matches(':'));
                    self.out.push_str(&self.text[entry.key_span.to()..entry.value.span.to()]);
                }
                Item::Changed(_) => {
                    self.out.push_str(&self.text[entry.key_span.from()..entry.value.span.from()]);
                    let own = lead.rfind('\n').map(|at| &lead[at + 1..]);
                    let indent = own.filter(|own| own.chars().all(char::is_whitespace)).unwrap_or(&row_indent);
                    let (base, target) = (base.get(&entry.key), &target_fields[&entry.key]);
                    match base {
                        Some(base) => self.value(&entry.value, base, target, layout.inside(&entry.key), indent),
                        None => self.printer.value(&mut self.out, target, layout.inside(&entry.key), indent),
                    }
                }
                _ => self.out.push_str(&self.text[entry.key_span.from()..entry.value.span.to()]),
            }
            if entry.comma.is_none() && (spread || !is_last) {
                self.out.push(',');
            }
            self.out.push_str(&self.text[entry.value.span.to()..chunk.end]);
            after_comment = chunk.ends_in_comment;
        }
        if spread {
            self.printer.line(&mut self.out, indent);
        } else {
            self.after(after_comment, tail);
        }
    }

    fn entry(&mut self, key: &str, value: &Data, in_map: bool, layout: Layout, indent: &str) {
        self.printer.key(&mut self.out, key, in_map);
        self.printer.value(&mut self.out, value, layout.inside(key), indent);
    }

    /// Appends what stands before an entry or a closing bracket.
    fn after(&mut self, comment: bool, lead: &str) {
        if comment && !lead.starts_with(['\n', '\r']) {
            self.out.push_str(self.printer.newline);
        }
        self.out.push_str(lead);
    }

    /// Whether there is nothing but white space between entries, all on one line.
    fn is_bare(&self, fields: &Fields, chunks: &[Chunk], tail: &str) -> bool {
        let blank = |from: usize, to: usize| self.text[from..to].chars().all(|c| matches!(c, ' ' | '\t' | ','));
        tail.chars().all(|c| matches!(c, ' ' | '\t'))
            && fields.entries.iter().zip(chunks).all(|(entry, chunk)| {
                blank(chunk.start, entry.key_span.from()) && blank(entry.value.span.to(), chunk.end)
            })
    }

    fn chunks(&self, fields: &Fields) -> Vec<Chunk> {
        let mut start = fields.inner.from();
        fields
            .entries
            .iter()
            .map(|entry| {
                let after = entry.comma.map_or(entry.value.span.to(), |comma| comma as usize + 1);
                let (end, ends_in_comment) = self.end_of_line(after, fields.inner);
                let chunk = Chunk { start, end, ends_in_comment };
                start = end;
                chunk
            })
            .collect()
    }

    /// The end of the line's comments after `from`, where nothing else follows on the line.
    fn end_of_line(&self, from: usize, inner: Span) -> (usize, bool) {
        let rest = &self.text[from..inner.to()];
        let (mut at, mut end) = (0, 0);
        loop {
            let here = &rest[at..];
            match here.chars().next() {
                None | Some('\n' | '\r') => return (from + end, false),
                Some(c) if c.is_whitespace() => at += c.len_utf8(),
                Some('/') if here.starts_with("//") => {
                    let len = here.find('\n').unwrap_or(here.len());
                    let len = here[..len].trim_end_matches('\r').len();
                    return (from + at + len, true);
                }
                Some('/') if here.starts_with("/*") => {
                    let len = block_comment(here).unwrap_or(here.len());
                    if here[..len].contains('\n') {
                        return (from + end, false);
                    }
                    at += len;
                    end = at;
                }
                // Something follows: comments before it are its own.
                Some(_) => return (from, false),
            }
        }
    }
}

fn same_kind(a: &Data, b: &Data) -> bool {
    match (a, b) {
        (Data::Map(_), Data::Map(_)) => true,
        (Data::Struct(a, _), Data::Struct(b, _)) => a == b,
        _ => false,
    }
}

/// Whether an entry of the text belongs to no part of the document: unreadable, or standing twice.
fn is_foreign(entry: &super::reader::Field, base: &IndexMap<String, Data>, target: &IndexMap<String, Data>) -> bool {
    match base.contains_key(&entry.key) {
        // Of a pair, the second goes with the first.
        true => entry.shadowed && target.contains_key(&entry.key),
        false => entry.shadowed || !target.contains_key(&entry.key),
    }
}

/// A section's entries in the document's order.
fn in_rows<'t>(fields: &Fields, base: &IndexMap<String, Data>, target: &'t IndexMap<String, Data>) -> Vec<Item<'t>> {
    let at: IndexMap<&str, usize> = fields
        .entries
        .iter()
        .enumerate()
        .filter(|(_, entry)| !entry.shadowed)
        .map(|(i, entry)| (entry.key.as_str(), i))
        .collect();
    let mut items = Vec::with_capacity(target.len());
    let mut cursor = 0;
    for (key, value) in target {
        let unchanged = base.get(key).is_some_and(|base| same(base, value));
        if let Some(i) = at.get(key.as_str()).copied() {
            while cursor < i {
                if is_foreign(&fields.entries[cursor], base, target) {
                    items.push(Item::Kept(cursor));
                }
                cursor += 1;
            }
            cursor = cursor.max(i + 1);
            items.push(if unchanged { Item::Kept(i) } else { Item::Changed(i) });
            continue;
        }
        if unchanged {
            continue;
        }
        // A new key in the place of a lost one with the same value: a rename keeps its comments.
        let lost = fields.entries[cursor..]
            .iter()
            .take_while(|entry| !target.contains_key(&entry.key) || entry.shadowed)
            .position(|entry| !entry.shadowed && base.get(&entry.key).is_some_and(|base| same(base, value)));
        match lost {
            Some(ahead) => {
                let i = cursor + ahead;
                while cursor < i {
                    if is_foreign(&fields.entries[cursor], base, target) {
                        items.push(Item::Kept(cursor));
                    }
                    cursor += 1;
                }
                cursor = i + 1;
                items.push(Item::Renamed(i, key));
            }
            None => items.push(Item::New(key)),
        }
    }
    for (i, entry) in fields.entries.iter().enumerate().skip(cursor) {
        if is_foreign(entry, base, target) {
            items.push(Item::Kept(i));
        }
    }
    items
}

/// A struct's entries in the text's order; new ones follow the one that precedes them in the document.
fn in_struct<'t>(fields: &Fields, base: &IndexMap<String, Data>, target: &'t IndexMap<String, Data>) -> Vec<Item<'t>> {
    let mut items = Vec::with_capacity(target.len());
    let mut keys: Vec<Option<&str>> = Vec::with_capacity(target.len());
    let mut present = IndexSet::new();
    for (i, entry) in fields.entries.iter().enumerate() {
        let value = target.get(&entry.key).filter(|_| !entry.shadowed);
        match value {
            Some(value) => {
                let unchanged = base.get(&entry.key).is_some_and(|base| same(base, value));
                items.push(if unchanged { Item::Kept(i) } else { Item::Changed(i) });
                present.insert(entry.key.as_str());
            }
            None if is_foreign(entry, base, target) => items.push(Item::Kept(i)),
            None => continue,
        }
        keys.push(value.map(|_| entry.key.as_str()));
    }
    let mut before: Option<&str> = None;
    for (key, value) in target {
        if !present.contains(key.as_str()) {
            if base.get(key).is_some_and(|base| same(base, value)) {
                continue;
            }
            let at = keys.iter().position(|other| before.is_some() && *other == before).map_or(0, |at| at + 1);
            items.insert(at, Item::New(key));
            keys.insert(at, Some(key));
        }
        before = Some(key);
    }
    items
}
