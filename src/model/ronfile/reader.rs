//! From tokens to a tree that remembers where each value stands.
//!
//! The tree keeps what `Data` cannot: spans, commas and entries that stand twice. Depth, size and number of values
//! are bounded, so that no text can exhaust the stack or the memory.

use indexmap::IndexMap;

use super::scanner::{Bracket, Fault, Scanner, Span, Token, cut};
use crate::Data;

/// The longest text that is read, in bytes.
pub(crate) const MAX_BYTES: usize = 64 << 20;
/// The deepest nesting of brackets that is read.
pub(crate) const MAX_DEPTH: usize = 128;
/// The most values that are read; a graph of 100,000 nodes has about a million.
const MAX_VALUES: usize = 4_000_000;

/// A value and its place.
#[derive(Clone, Debug)]
pub(crate) struct Spanned {
    pub(crate) span: Span,
    pub(crate) tree: Tree,
}

#[derive(Clone, Debug)]
pub(crate) enum Tree {
    /// Whatever has no parts.
    Leaf(Data),
    List(Vec<Spanned>),
    Tuple(Vec<Spanned>),
    Named(String, Vec<Spanned>),
    Fields(Box<Fields>),
}

/// A map or a struct.
#[derive(Clone, Debug)]
pub(crate) struct Fields {
    pub(crate) name: Option<String>,
    /// `{"key": value}` rather than `(key: value)`.
    pub(crate) is_map: bool,
    /// What stands between the brackets.
    pub(crate) inner: Span,
    pub(crate) entries: Vec<Field>,
}

#[derive(Clone, Debug)]
pub(crate) struct Field {
    pub(crate) key: String,
    pub(crate) key_span: Span,
    pub(crate) value: Spanned,
    /// Offset of the comma after the value.
    pub(crate) comma: Option<u32>,
    /// An entry before it has the same key, and counts.
    pub(crate) shadowed: bool,
}

impl Spanned {
    /// The value alone; of entries that stand twice, the first.
    pub(crate) fn to_data(&self) -> Data {
        let all = |items: &[Spanned]| items.iter().map(Spanned::to_data).collect();
        match &self.tree {
            Tree::Leaf(data) => data.clone(),
            Tree::List(items) => Data::List(all(items)),
            Tree::Tuple(items) => Data::Tuple(all(items)),
            Tree::Named(name, items) => Data::Named(name.clone(), Some(all(items))),
            Tree::Fields(fields) => {
                let entries = fields.to_map();
                if fields.is_map { Data::Map(entries) } else { Data::Struct(fields.name.clone(), entries) }
            }
        }
    }

    pub(crate) fn as_fields(&self) -> Option<&Fields> {
        match &self.tree {
            Tree::Fields(fields) => Some(fields),
            _ => None,
        }
    }

    pub(crate) fn as_items(&self) -> Option<&[Spanned]> {
        match &self.tree {
            Tree::List(items) | Tree::Tuple(items) => Some(items),
            _ => None,
        }
    }

    pub(crate) fn as_leaf(&self) -> Option<&Data> {
        match &self.tree {
            Tree::Leaf(data) => Some(data),
            _ => None,
        }
    }

    /// What it is, for messages.
    pub(crate) fn describe(&self) -> &'static str {
        match &self.tree {
            Tree::Leaf(data) => data.describe(),
            Tree::List(_) => "a list",
            Tree::Tuple(_) => "a tuple",
            Tree::Named(..) => "a name",
            Tree::Fields(fields) if fields.is_map => "a map",
            Tree::Fields(_) => "a struct",
        }
    }
}

impl Fields {
    pub(crate) fn to_map(&self) -> IndexMap<String, Data> {
        self.used().map(|entry| (entry.key.clone(), entry.value.to_data())).collect()
    }

    /// Entries that count.
    pub(crate) fn used(&self) -> impl Iterator<Item = &Field> {
        self.entries.iter().filter(|entry| !entry.shadowed)
    }
}

/// Something in a readable text that the author should know.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Remark {
    /// A key stands twice.
    Twice { key: String, first: usize, second: usize },
    /// An integer was too large.
    Rounded { at: usize },
    /// A key is no text.
    Key { at: usize },
}

/// What was read.
#[derive(Clone, Debug)]
pub(crate) struct Reading {
    pub(crate) root: Spanned,
    pub(crate) remarks: Vec<Remark>,
}

/// Reads a whole text.
pub(crate) fn read(text: &str) -> Result<Reading, Fault> {
    if MAX_BYTES < text.len() {
        return Err(Fault::new(0, format!("the file has {} MiB; at most 64 are read", text.len() >> 20))
            .hint("keep media in files of their own and name them by path"));
    }
    let mut reader = Reader::new(text)?;
    if reader.next_is(&Token::End)? {
        return Err(
            Fault::new(0, "the file is empty").hint("a graph file looks like (throughline: 1, nodes: { }, links: { })")
        );
    }
    let root = reader.value()?;
    let (token, span) = reader.take()?;
    if token != Token::End {
        return Err(Fault::new(span.from(), format!("expected the end of the file, found {}", token.describe()))
            .hint("one value stands in a file; is there a bracket too many before this?"));
    }
    Ok(Reading { root, remarks: reader.remarks })
}

/// Reads the value that a text starts with, and says where it ends.
pub(crate) fn read_prefix(text: &str) -> Result<(Data, usize), Fault> {
    let mut reader = Reader::new(&text[..text.len().min(MAX_BYTES)])?;
    let value = reader.value()?;
    Ok((value.to_data(), value.span.to()))
}

struct Reader<'a> {
    scanner: Scanner<'a>,
    peeked: Option<(Token<'a>, Span)>,
    remarks: Vec<Remark>,
    depth: usize,
    n_values: usize,
}

impl<'a> Reader<'a> {
    fn new(text: &'a str) -> Result<Reader<'a>, Fault> {
        Ok(Reader { scanner: Scanner::new(text)?, peeked: None, remarks: Vec::new(), depth: 0, n_values: 0 })
    }

    fn peek(&mut self) -> Result<&(Token<'a>, Span), Fault> {
        let next = match self.peeked.take() {
            Some(next) => next,
            None => self.scanner.next()?,
        };
        Ok(self.peeked.insert(next))
    }

    fn take(&mut self) -> Result<(Token<'a>, Span), Fault> {
        match self.peeked.take() {
            Some(next) => Ok(next),
            None => self.scanner.next(),
        }
    }

    fn next_is(&mut self, token: &Token<'_>) -> Result<bool, Fault> {
        Ok(self.peek()?.0 == *token)
    }

    fn value(&mut self) -> Result<Spanned, Fault> {
        let (token, span) = self.take()?;
        self.value_from(token, span)
    }

    fn value_from(&mut self, token: Token<'a>, span: Span) -> Result<Spanned, Fault> {
        self.n_values += 1;
        if MAX_VALUES < self.n_values {
            return Err(Fault::new(span.from(), format!("the file holds more than {MAX_VALUES} values")));
        }
        let leaf = |data| Ok(Spanned { span, tree: Tree::Leaf(data) });
        match token {
            Token::Text(text) => leaf(Data::Text(text.into_owned())),
            Token::Char(c) => leaf(Data::Char(c)),
            Token::Integer(integer) => leaf(Data::Integer(integer)),
            Token::Number(number) => leaf(Data::Number(number)),
            Token::Rounded(number) => {
                self.remarks.push(Remark::Rounded { at: span.from() });
                leaf(Data::Number(number))
            }
            Token::Ident("true") => leaf(Data::Flag(true)),
            Token::Ident("false") => leaf(Data::Flag(false)),
            Token::Ident(name) => {
                if !self.next_is(&Token::Open(Bracket::Paren))? {
                    return leaf(Data::Named(name.to_owned(), None));
                }
                let (_, open) = self.take()?;
                let inside = self.nested(open, |reader| reader.parens(Some(name), open))?;
                Ok(Spanned { span: Span { start: span.start, end: inside.span.end }, ..inside })
            }
            Token::Open(Bracket::Paren) => self.nested(span, |reader| reader.parens(None, span)),
            Token::Open(Bracket::Square) => self.nested(span, |reader| {
                let (items, span) = reader.items(Bracket::Square, span, None)?;
                Ok(Spanned { span, tree: Tree::List(items) })
            }),
            Token::Open(Bracket::Brace) => self.nested(span, |reader| reader.fields(None, Bracket::Brace, span, None)),
            other => Err(Fault::new(span.from(), format!("expected a value, found {}", other.describe()))
                .hint("a value is a text, a number, true or false, a list [ ], a map { } or a struct ( )")),
        }
    }

    fn nested(
        &mut self,
        open: Span,
        read: impl FnOnce(&mut Reader<'a>) -> Result<Spanned, Fault>,
    ) -> Result<Spanned, Fault> {
        if self.depth == MAX_DEPTH {
            return Err(Fault::new(open.from(), format!("brackets are nested more than {MAX_DEPTH} deep")));
        }
        self.depth += 1;
        let value = read(self);
        self.depth -= 1;
        value
    }

    /// What follows `(`: nothing, a tuple or a struct.
    fn parens(&mut self, name: Option<&str>, open: Span) -> Result<Spanned, Fault> {
        let close = Token::Close(Bracket::Paren);
        if self.next_is(&close)? {
            let (_, end) = self.take()?;
            let tree = match name {
                None => Tree::Leaf(Data::Unit),
                Some(name) => Tree::Named(name.to_owned(), Vec::new()),
            };
            return Ok(Spanned { span: Span { start: open.start, end: end.end }, tree });
        }
        let (token, span) = self.take()?;
        if matches!(token, Token::Ident(_)) && self.next_is(&Token::Colon)? {
            return self.fields(name, Bracket::Paren, open, Some((token, span)));
        }
        if matches!(token, Token::Text(_)) && self.next_is(&Token::Colon)? {
            return Err(Fault::new(span.from(), "a struct's names have no quotes")
                .hint("remove the quotes, or write a map: { \"key\": value }"));
        }
        if token == Token::End {
            return Err(never_closed(open, Bracket::Paren));
        }
        let first = self.value_from(token, span)?;
        let (items, span) = self.items(Bracket::Paren, open, Some(first))?;
        let tree = match name {
            None => Tree::Tuple(items),
            Some(name) => Tree::Named(name.to_owned(), items),
        };
        Ok(Spanned { span, tree })
    }

    /// Values up to a closing bracket.
    fn items(&mut self, bracket: Bracket, open: Span, first: Option<Spanned>) -> Result<(Vec<Spanned>, Span), Fault> {
        let mut items = Vec::new();
        let mut next = first;
        loop {
            let item = match next.take() {
                Some(item) => item,
                None => {
                    let (token, span) = self.take()?;
                    match token {
                        Token::Close(found) if found == bracket => {
                            return Ok((items, Span { start: open.start, end: span.end }));
                        }
                        Token::End => return Err(never_closed(open, bracket)),
                        token => self.value_from(token, span).map_err(|fault| within(fault, open))?,
                    }
                }
            };
            items.push(item);
            if let Some(end) = self.separator(bracket, open)?.closed() {
                return Ok((items, Span { start: open.start, end }));
            }
        }
    }

    /// Entries up to a closing bracket.
    fn fields(
        &mut self,
        name: Option<&str>,
        bracket: Bracket,
        open: Span,
        first: Option<(Token<'a>, Span)>,
    ) -> Result<Spanned, Fault> {
        let is_map = bracket == Bracket::Brace;
        let mut entries = Vec::new();
        let mut next = first;
        let end = loop {
            let (token, key_span) = match next.take() {
                Some(key) => key,
                None => self.take()?,
            };
            match token {
                Token::Close(found) if found == bracket => break key_span.end,
                Token::End => return Err(never_closed(open, bracket)),
                _ => {}
            }
            let key = self.key(token, key_span, is_map).map_err(|fault| within(fault, open))?;
            let (colon, span) = self.take()?;
            if colon != Token::Colon {
                let message = format!("expected `:` after `{}`, found {}", cut(&key), colon.describe());
                return Err(within(Fault::new(span.from(), message).hint("entries look like key: value"), open));
            }
            let value = self.value()?;
            let separator = self.separator(bracket, open)?;
            let comma = match separator {
                Separator::Comma(at) => Some(at),
                Separator::Closed(_) => None,
            };
            entries.push(Field { key, key_span, value, comma, shadowed: false });
            if let Some(end) = separator.closed() {
                break end;
            }
        };
        self.mark_shadowed(&mut entries);
        let inner = Span { start: open.end, end: end - 1 };
        let fields = Fields { name: name.map(str::to_owned), is_map, inner, entries };
        Ok(Spanned { span: Span { start: open.start, end }, tree: Tree::Fields(Box::new(fields)) })
    }

    fn key(&mut self, token: Token<'a>, span: Span, is_map: bool) -> Result<String, Fault> {
        match (token, is_map) {
            (Token::Text(text), true) => Ok(text.into_owned()),
            (Token::Ident(name), false) => Ok(name.to_owned()),
            (Token::Ident(name @ ("true" | "false")), true) => {
                self.remarks.push(Remark::Key { at: span.from() });
                Ok(name.to_owned())
            }
            (Token::Ident(name), true) => Err(Fault::new(span.from(), "a map's keys are texts")
                .hint(format!("put quotes round it: \"{}\"", cut(name)))),
            (Token::Text(_), false) => Err(Fault::new(span.from(), "a struct's names have no quotes")
                .hint("remove the quotes, or write a map: { \"key\": value }")),
            (Token::Integer(integer), true) => {
                self.remarks.push(Remark::Key { at: span.from() });
                Ok(integer.to_string())
            }
            (Token::Char(c), true) => {
                self.remarks.push(Remark::Key { at: span.from() });
                Ok(c.to_string())
            }
            (other, _) => Err(Fault::new(span.from(), format!("expected a key, found {}", other.describe()))
                .hint("entries look like \"key\": value in { } and key: value in ( )")),
        }
    }

    fn separator(&mut self, bracket: Bracket, open: Span) -> Result<Separator, Fault> {
        let (token, span) = self.take()?;
        match token {
            Token::Comma => Ok(Separator::Comma(span.start)),
            Token::Close(found) if found == bracket => Ok(Separator::Closed(span.end)),
            Token::End => Err(never_closed(open, bracket)),
            Token::Colon if bracket == Bracket::Square => {
                Err(Fault::new(open.from(), "this list holds entries with keys")
                    .hint("write a map: { \"key\": value }"))
            }
            other => {
                let close = Token::Close(bracket).describe();
                let message = format!("expected `,` or {close}, found {}", other.describe());
                let hint = match other {
                    Token::Close(_) => "brackets close in the reverse order of opening",
                    Token::Colon => "a key is missing, or stands where a value should",
                    _ => "put a comma between entries",
                };
                Err(within(Fault::new(span.from(), message).hint(hint), open))
            }
        }
    }

    fn mark_shadowed(&mut self, entries: &mut [Field]) {
        if entries.len() < 2 {
            return;
        }
        let mut first: IndexMap<&str, usize> = IndexMap::with_capacity(entries.len());
        let mut shadowed = Vec::new();
        for (i, entry) in entries.iter().enumerate() {
            let at = entry.key_span.from();
            match first.get(entry.key.as_str()) {
                None => {
                    first.insert(&entry.key, at);
                }
                Some(first) => {
                    shadowed.push(i);
                    self.remarks.push(Remark::Twice { key: entry.key.clone(), first: *first, second: at });
                }
            }
        }
        for i in shadowed {
            entries[i].shadowed = true;
        }
    }
}

enum Separator {
    Comma(u32),
    Closed(u32),
}

impl Separator {
    fn closed(&self) -> Option<u32> {
        match self {
            Separator::Comma(_) => None,
            Separator::Closed(end) => Some(*end),
        }
    }
}

fn never_closed(open: Span, bracket: Bracket) -> Fault {
    let (open_bracket, close) = (Token::Open(bracket).describe(), Token::Close(bracket).describe());
    Fault::new(open.from(), format!("{open_bracket} is never closed")).hint(format!("add {close} where it ends"))
}

fn within(mut fault: Fault, open: Span) -> Fault {
    fault.opened.get_or_insert(open.from());
    fault
}
