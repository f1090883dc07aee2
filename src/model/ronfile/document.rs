//! Between a document and the data of its file.
//!
//! Whatever has an unexpected shape is reported with its place and left out of the document, but not out of the
//! file: `SourceText` writes it back. Only text that is no RON, or no graph, or newer than this build, fails.

use indexmap::IndexMap;

use super::printer::{Layout, Printer};
use super::reader::{Field, Fields, Spanned, Tree, read};
use super::report::{Report, syntax};
use super::scanner::cut;
use super::source::SourceText;
use crate::document::BYPASS;
use crate::edit::{BAD_ID_HINT, is_valid_id, is_valid_size};
use crate::{Data, Diagnostic, Document, FORMAT, Feed, Node, PortRef, Rate, Settings, TakeChoice};

/// An opened file.
#[derive(Clone, Debug)]
pub struct Loaded {
    pub document: Document,
    /// The text as it stands in the file, for writing back.
    pub source: SourceText,
    /// What is wrong with the file but did not keep it from opening, in the file's order.
    pub diagnostics: Vec<Diagnostic>,
}

impl Document {
    /// Reads a graph file; `file_name` is for messages only.
    ///
    /// # Errors
    /// Diagnostics with places, where the text is not RON, not a graph, or of a newer format.
    pub fn parse(file_name: &str, text: &str) -> Result<Loaded, Vec<Diagnostic>> {
        let reading = read(text).map_err(|fault| vec![syntax(file_name, text, fault)])?;
        let mut report = Report::new(file_name, text);
        report.add_remarks(&reading);
        let refuse = |at: usize, diagnostic: Diagnostic| {
            let mut report = Report::new(file_name, text);
            report.add(at, diagnostic);
            Err(report.finish())
        };
        let start = reading.root.span.from();
        let no_graph = || Diagnostic::error("not-a-graph", "this is no graph file");
        let shape = "a graph file looks like (throughline: 1, nodes: { }, links: { })";
        let Some(root) = reading.root.as_fields() else {
            return refuse(start, no_graph().hint(format!("found {}; {shape}", reading.root.describe())));
        };
        match root.used().find(|section| section.key == "throughline") {
            Some(section) => match section.value.as_leaf() {
                Some(Data::Integer(format)) if i64::from(FORMAT) < *format => {
                    let message = format!("the file has format {format}; this build reads formats up to {FORMAT}");
                    return refuse(
                        section.value.span.from(),
                        Diagnostic::error("format-newer", message).hint("open it with a newer version of Throughline"),
                    );
                }
                Some(Data::Integer(1..)) => {}
                _ => report.add(
                    section.value.span.from(),
                    Diagnostic::error("format-shape", "the format is not a number from 1")
                        .hint(format!("write throughline: {FORMAT}")),
                ),
            },
            None if root.used().any(|section| section.key == "nodes") => report.add(
                start,
                Diagnostic::warning("format-missing", "the file does not say its format")
                    .hint(format!("add throughline: {FORMAT} as the first entry")),
            ),
            None => return refuse(start, no_graph().hint(shape)),
        }
        let document = Loader { report: &mut report }.document(root);
        let diagnostics = report.finish();
        let source = SourceText::new(text, reading.root, document.to_data());
        Ok(Loaded { document, source, diagnostics })
    }

    /// The canonical text of a graph file.
    pub fn to_text(&self) -> String {
        let mut out = String::new();
        Printer { newline: "\n" }.value(&mut out, &self.to_data(), Layout::Document, "");
        out.push('\n');
        out
    }

    /// What the file holds, every section present.
    pub(crate) fn to_data(&self) -> Data {
        let pair = |a: u32, b: u32| Data::Tuple(vec![i64::from(a).into(), i64::from(b).into()]);
        let mut settings = IndexMap::from([
            ("size".to_owned(), pair(self.settings.size.0, self.settings.size.1)),
            ("fps".to_owned(), pair(self.settings.fps.0, self.settings.fps.1)),
        ]);
        settings.extend(clone_entries(&self.settings.unknown));
        let nodes = self.nodes.iter().map(|(id, node)| (id.clone(), node_to_data(node))).collect();
        let links = self.links.iter().map(|(to, feed)| (to.to_string(), feed_to_data(feed))).collect();
        let takes = self.takes.iter().map(|(item, choice)| (item.clone(), take_to_data(choice))).collect();
        let mut sections = IndexMap::from([
            ("throughline".to_owned(), Data::Integer(i64::from(FORMAT))),
            ("settings".to_owned(), Data::Struct(None, settings)),
            ("nodes".to_owned(), Data::Map(nodes)),
            ("links".to_owned(), Data::Map(links)),
            ("takes".to_owned(), Data::Map(takes)),
            ("layout".to_owned(), Data::Map(self.layout.clone())),
        ]);
        sections.extend(clone_entries(&self.unknown));
        Data::Struct(None, sections)
    }
}

fn clone_entries(entries: &IndexMap<String, Data>) -> impl Iterator<Item = (String, Data)> {
    entries.iter().map(|(key, value)| (key.clone(), value.clone()))
}

fn node_to_data(node: &Node) -> Data {
    let mut fields = IndexMap::with_capacity(3 + node.unknown.len());
    fields.insert("kind".to_owned(), Data::Text(node.kind.clone()));
    fields.insert("version".to_owned(), Data::Integer(i64::from(node.version)));
    fields.insert("params".to_owned(), Data::Map(node.params.clone()));
    fields.extend(clone_entries(&node.unknown));
    Data::Struct(None, fields)
}

fn feed_to_data(feed: &Feed) -> Data {
    match feed {
        Feed::One(source) => Data::Text(source.to_string()),
        Feed::Many(sources) => Data::List(sources.iter().map(|source| Data::Text(source.to_string())).collect()),
    }
}

fn take_to_data(choice: &TakeChoice) -> Data {
    let mut fields = IndexMap::from([
        ("take".to_owned(), Data::Integer(i64::from(choice.take))),
        ("pinned".to_owned(), Data::Flag(choice.pinned)),
    ]);
    fields.extend(choice.key.map(|key| ("key".to_owned(), Data::Text(key.to_string()))));
    Data::Struct(None, fields)
}

struct Loader<'a, 'b> {
    report: &'a mut Report<'b>,
}

impl Loader<'_, '_> {
    fn document(mut self, root: &Fields) -> Document {
        let mut document = Document::default();
        for section in root.used() {
            match section.key.as_str() {
                "throughline" => {}
                "settings" => document.settings = self.settings(section),
                "nodes" => document.nodes = self.rows(section, Loader::node),
                "links" => document.links = self.rows(section, Loader::link),
                "takes" => document.takes = self.rows(section, Loader::take),
                "layout" => document.layout = self.rows(section, |_, row| Some((row.key.clone(), row.value.to_data()))),
                _ => {
                    document.unknown.insert(section.key.clone(), section.value.to_data());
                }
            }
        }
        document
    }

    fn wrong(&mut self, value: &Spanned, code: &str, what: &str, expected: &str) {
        let message = format!("{what} is {}", value.describe());
        self.report.add(value.span.from(), Diagnostic::error(code, message).hint(format!("write {expected}")));
    }

    /// Rows of a section that can be read.
    fn rows<K: std::hash::Hash + Eq, V>(
        &mut self,
        section: &Field,
        read: impl Fn(&mut Self, &Field) -> Option<(K, V)>,
    ) -> IndexMap<K, V> {
        match section.value.as_fields() {
            Some(rows) => rows.used().filter_map(|row| read(self, row)).collect(),
            None => {
                // `()` is what an emptied struct looks like.
                if section.value.as_leaf() != Some(&Data::Unit) {
                    let what = format!("section `{}`", section.key);
                    self.wrong(&section.value, "section-shape", &what, "a map: { \"key\": value }");
                }
                IndexMap::new()
            }
        }
    }

    fn settings(&mut self, section: &Field) -> Settings {
        let mut settings = Settings::default();
        let Some(fields) = section.value.as_fields() else {
            if section.value.as_leaf() != Some(&Data::Unit) {
                self.wrong(&section.value, "setting-shape", "section `settings`", "(size: (1280, 720), fps: (24, 1))");
            }
            return settings;
        };
        for field in fields.used() {
            let pair = pair_of(&field.value);
            match field.key.as_str() {
                "size" => match pair.filter(|size| is_valid_size(*size)) {
                    Some(size) => settings.size = size,
                    None => self.report.add(
                        field.value.span.from(),
                        Diagnostic::error("setting-shape", "the picture size cannot be used; 1280 by 720 is used")
                            .hint("write two even numbers from 16 to 8192: size: (1280, 720)"),
                    ),
                },
                "fps" => match pair.map(|(frames, seconds)| Rate(frames, seconds)).filter(|fps| fps.is_valid()) {
                    Some(fps) => settings.fps = fps,
                    None => self.report.add(
                        field.value.span.from(),
                        Diagnostic::error("setting-shape", "the frame rate cannot be used; 24 per second is used")
                            .hint("write frames over seconds: fps: (24, 1) or fps: (30000, 1001)"),
                    ),
                },
                _ => {
                    settings.unknown.insert(field.key.clone(), field.value.to_data());
                }
            }
        }
        settings
    }

    fn node(&mut self, row: &Field) -> Option<(String, Node)> {
        let id = &row.key;
        if !is_valid_id(id) {
            let message = format!("`{}` cannot be a node's id; the node is left out", cut(id));
            self.report.add(row.key_span.from(), Diagnostic::error("bad-id", message).hint(BAD_ID_HINT));
            return None;
        }
        let wrong = |message: String| Diagnostic::error("node-shape", message).at_node(id);
        let shape = "a node looks like (kind: \"prompt.text\", version: 1, params: { })";
        let Some(fields) = row.value.as_fields() else {
            let message = format!("node `{id}` is {}; it is left out", row.value.describe());
            self.report.add(row.value.span.from(), wrong(message).hint(shape));
            return None;
        };
        let mut node = Node { kind: String::new(), version: 1, params: IndexMap::new(), unknown: IndexMap::new() };
        for field in fields.used() {
            let at = field.value.span.from();
            match (field.key.as_str(), &field.value.tree) {
                ("kind", Tree::Leaf(Data::Text(kind))) => node.kind = kind.clone(),
                ("kind", _) => {}
                ("version", Tree::Leaf(Data::Integer(version))) if u32::try_from(*version).is_ok_and(|v| 0 < v) => {
                    node.version = u32::try_from(*version).unwrap_or(1);
                }
                ("version", _) => {
                    self.report
                        .add(at, wrong(format!("the version of `{id}` is not a number from 1")).at_field("version"));
                }
                ("params", Tree::Fields(params)) => node.params = params.to_map(),
                ("params", Tree::Leaf(Data::Unit)) => {}
                ("params", _) => {
                    let message = format!("the parameters of `{id}` are {}; defaults are used", field.value.describe());
                    self.report.add(at, wrong(message).hint("write a map: params: { \"name\": value }"));
                }
                (BYPASS, Tree::Leaf(Data::Flag(_))) => {
                    node.unknown.insert(field.key.clone(), field.value.to_data());
                }
                (BYPASS, _) => {
                    let message = format!("`{BYPASS}` of `{id}` is not true or false; the node is used");
                    self.report.add(at, wrong(message).at_field(BYPASS).hint("write bypass: true, or leave it out"));
                }
                _ => {
                    node.unknown.insert(field.key.clone(), field.value.to_data());
                }
            }
        }
        if node.kind.is_empty() {
            let kind = fields.used().find(|field| field.key == "kind");
            let at = kind.map_or(row.value.span, |field| field.value.span);
            self.report.add(at.from(), wrong(format!("node `{id}` has no kind; it is left out")).hint(shape));
            return None;
        }
        Some((id.clone(), node))
    }

    fn link(&mut self, row: &Field) -> Option<(PortRef, Feed)> {
        const SHAPE: &str = "links look like \"node.input\": \"other.output\" or \"node.input\": [\"a.x\", \"b.y\"]";
        let wrong = |message: String| Diagnostic::error("link-shape", message).hint(SHAPE);
        let Some(to) = PortRef::parse(&row.key) else {
            let message = format!("`{}` names no port; the link is left out", cut(&row.key));
            self.report.add(row.key_span.from(), wrong(message));
            return None;
        };
        let mut source = |value: &Spanned| {
            let at = value.span.from();
            match value.as_leaf().and_then(Data::as_text) {
                Some(text) => {
                    let source = PortRef::parse(text);
                    if source.is_none() {
                        let message = format!("`{}` names no port; it is left out", cut(text));
                        self.report.add(at, wrong(message).at_node(&to.node).at_field(&to.port));
                    }
                    source
                }
                None => {
                    let message = format!("what feeds `{to}` is {}; it is left out", value.describe());
                    self.report.add(at, wrong(message).at_node(&to.node).at_field(&to.port));
                    None
                }
            }
        };
        let feed = match row.value.as_items() {
            Some(items) => {
                let sources: Vec<_> = items.iter().filter_map(&mut source).collect();
                (items.is_empty() || !sources.is_empty()).then_some(Feed::Many(sources))
            }
            None => source(&row.value).map(Feed::One),
        }?;
        Some((to, feed))
    }

    fn take(&mut self, row: &Field) -> Option<(String, TakeChoice)> {
        let fields = row.value.as_fields();
        let field = |name: &str| fields.and_then(|fields| fields.used().find(|field| field.key == name));
        let take = match field("take").and_then(|field| field.value.as_leaf()) {
            Some(Data::Integer(take)) => u32::try_from(*take).ok().filter(|take| 0 < *take),
            _ => None,
        };
        let pinned = match field("pinned").map(|field| field.value.as_leaf()) {
            None => Some(false),
            Some(Some(Data::Flag(pinned))) => Some(*pinned),
            Some(_) => None,
        };
        let key = match field("key").map(|field| field.value.as_leaf()) {
            None => Some(None),
            Some(Some(Data::Text(text))) => text.parse().ok().map(Some),
            Some(_) => None,
        };
        let (Some(take), Some(pinned), Some(key)) = (take, pinned, key) else {
            let message = format!("the take of `{}` cannot be read; it is left out", cut(&row.key));
            let diagnostic = Diagnostic::error("take-shape", message);
            self.report.add(row.value.span.from(), diagnostic.hint("takes look like (take: 3, pinned: false)"));
            return None;
        };
        Some((row.key.clone(), TakeChoice { take, pinned, key }))
    }
}

fn pair_of(value: &Spanned) -> Option<(u32, u32)> {
    let [a, b] = value.as_items()? else { return None };
    let number = |value: &Spanned| u32::try_from(value.as_leaf()?.as_integer()?).ok();
    Some((number(a)?, number(b)?))
}
