//! Tokens of a RON text with their byte spans.
//!
//! Knows no documents. The `ron` crate reads the same language but keeps neither spans nor comments, so an edited
//! file could not be written back as its author left it; here it serves the tests as an oracle.

use std::borrow::Cow;

/// Byte offsets of a piece of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) start: u32,
    pub(crate) end: u32,
}

impl Span {
    pub(crate) fn new(start: usize, end: usize) -> Span {
        // Texts are at most 64 MiB long.
        Span { start: start as u32, end: end as u32 }
    }
    pub(crate) fn from(self) -> usize {
        self.start as usize
    }
    pub(crate) fn to(self) -> usize {
        self.end as usize
    }
    pub(crate) fn of(self, text: &str) -> &str {
        &text[self.from()..self.to()]
    }
}

/// Why a text cannot be read.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Fault {
    pub(crate) at: usize,
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
    /// A bracket that is still open there.
    pub(crate) opened: Option<usize>,
}

impl Fault {
    pub(crate) fn new(at: usize, message: impl Into<String>) -> Fault {
        Fault { at, message: message.into(), hint: None, opened: None }
    }
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Fault {
        self.hint = Some(hint.into());
        self
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bracket {
    Paren,
    Square,
    Brace,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Token<'a> {
    Open(Bracket),
    Close(Bracket),
    Colon,
    Comma,
    Ident(&'a str),
    Text(Cow<'a, str>),
    Char(char),
    Integer(i64),
    Number(f64),
    /// An integer that does not fit 64 bits, as the nearest number.
    Rounded(f64),
    End,
}

impl Token<'_> {
    /// What it is, for messages.
    pub(crate) fn describe(&self) -> String {
        match self {
            Token::Open(Bracket::Paren) => "`(`".to_owned(),
            Token::Open(Bracket::Square) => "`[`".to_owned(),
            Token::Open(Bracket::Brace) => "`{`".to_owned(),
            Token::Close(Bracket::Paren) => "`)`".to_owned(),
            Token::Close(Bracket::Square) => "`]`".to_owned(),
            Token::Close(Bracket::Brace) => "`}`".to_owned(),
            Token::Colon => "`:`".to_owned(),
            Token::Comma => "`,`".to_owned(),
            Token::Ident(name) => format!("`{}`", cut(name)),
            Token::Text(text) => format!("the text \"{}\"", cut(text).escape_debug()),
            Token::Char(_) => "a character".to_owned(),
            Token::Integer(_) | Token::Number(_) | Token::Rounded(_) => "a number".to_owned(),
            Token::End => "the end of the file".to_owned(),
        }
    }
}

/// The first 40 characters, so that no message grows with the file.
pub(crate) fn cut(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(40) {
        None => Cow::Borrowed(text),
        Some((end, _)) => Cow::Owned(format!("{}…", &text[..end])),
    }
}

/// Whether a name can stand as it is.
pub(crate) fn is_ident(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(starts_ident) && chars.all(continues_ident)
}

/// Whether a name can stand after `r#`.
pub(crate) fn is_raw_ident(name: &str) -> bool {
    !name.is_empty() && name.chars().all(continues_raw_ident)
}

fn starts_ident(c: char) -> bool {
    c == '_' || c.is_alphabetic()
}

fn continues_ident(c: char) -> bool {
    c == '_' || c.is_alphanumeric()
}

fn continues_raw_ident(c: char) -> bool {
    continues_ident(c) || matches!(c, '.' | '+' | '-')
}

pub(crate) struct Scanner<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Scanner<'a> {
    /// Starts after a byte order mark and `#![enable(…)]` headers.
    pub(crate) fn new(text: &'a str) -> Result<Scanner<'a>, Fault> {
        let mut scanner = Scanner { text, at: if text.starts_with('\u{feff}') { 3 } else { 0 } };
        scanner.skip_trivia()?;
        while scanner.rest().starts_with("#!") {
            scanner.skip_header()?;
            scanner.skip_trivia()?;
        }
        Ok(scanner)
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn byte(&self, ahead: usize) -> u8 {
        self.text.as_bytes().get(self.at + ahead).copied().unwrap_or(0)
    }

    fn skip_header(&mut self) -> Result<(), Fault> {
        let start = self.at;
        let mut in_text = false;
        for (i, c) in self.rest().char_indices() {
            match c {
                '"' => in_text = !in_text,
                ']' if !in_text => {
                    self.at += i + 1;
                    return Ok(());
                }
                _ => {}
            }
        }
        Err(Fault::new(start, "this header is never closed").hint("end it with `]`, or remove it"))
    }

    /// Where the next token starts: after white space and comments.
    pub(crate) fn skip_trivia(&mut self) -> Result<(), Fault> {
        while let Some(c) = self.peek() {
            if c.is_whitespace() || matches!(c, '\u{200e}' | '\u{200f}') {
                self.at += c.len_utf8();
            } else if self.rest().starts_with("//") {
                self.at += self.rest().find('\n').unwrap_or(self.rest().len());
            } else if self.rest().starts_with("/*") {
                self.skip_block_comment()?;
            } else {
                break;
            }
        }
        Ok(())
    }

    fn skip_block_comment(&mut self) -> Result<(), Fault> {
        match block_comment(self.rest()) {
            Some(len) => {
                self.at += len;
                Ok(())
            }
            None => Err(Fault::new(self.at, "this comment is never closed").hint("end it with `*/`; comments nest")),
        }
    }

    /// The next token; `End` again and again at the end.
    pub(crate) fn next(&mut self) -> Result<(Token<'a>, Span), Fault> {
        self.skip_trivia()?;
        let start = self.at;
        let token = self.token()?;
        Ok((token, Span::new(start, self.at)))
    }

    fn token(&mut self) -> Result<Token<'a>, Fault> {
        let Some(c) = self.peek() else { return Ok(Token::End) };
        let simple = match c {
            '(' => Token::Open(Bracket::Paren),
            ')' => Token::Close(Bracket::Paren),
            '[' => Token::Open(Bracket::Square),
            ']' => Token::Close(Bracket::Square),
            '{' => Token::Open(Bracket::Brace),
            '}' => Token::Close(Bracket::Brace),
            ':' => Token::Colon,
            ',' => Token::Comma,
            '"' => return self.text_token(),
            '\'' => return self.char_token(),
            '0'..='9' => return self.number(),
            '+' | '-' | '.' if self.byte(1).is_ascii_digit() || (c != '.' && self.byte(1) == b'.') => {
                return self.number();
            }
            '+' | '-' if self.rest()[1..].starts_with("inf") || self.rest()[1..].starts_with("NaN") => {
                return self.signed_word(c);
            }
            'r' if matches!(self.byte(1), b'"' | b'#') => return self.raw(),
            'b' if matches!(self.byte(1), b'"' | b'\'') || self.rest().starts_with("br\"") => {
                return Err(Fault::new(self.at, "bytes cannot stand in a graph file")
                    .hint("write a text, or name a file by its path"));
            }
            c if starts_ident(c) => return Ok(self.ident()),
            c => return Err(self.stray(c)),
        };
        self.at += 1;
        Ok(simple)
    }

    fn stray(&self, c: char) -> Fault {
        let fault = Fault::new(self.at, format!("`{}` cannot stand here", c.escape_debug()));
        match c {
            '“' | '”' | '„' | '«' | '»' | '`' => {
                fault.hint("texts stand in plain double quotes: \"like this\"")
            }
            '‘' | '’' => fault.hint("characters stand in plain quotes: 'x'; texts in double quotes"),
            '=' => fault.hint("a value follows its name after `:`"),
            ';' => fault.hint("entries end with `,`"),
            '#' => fault.hint("comments start with `//`; colours are texts: \"#a03020\""),
            _ => fault,
        }
    }

    fn ident(&mut self) -> Token<'a> {
        let rest = self.rest();
        let end = rest.find(|c| !continues_ident(c)).unwrap_or(rest.len());
        self.at += end;
        match &rest[..end] {
            "inf" => Token::Number(f64::INFINITY),
            name => Token::Ident(name),
        }
    }

    fn signed_word(&mut self, sign: char) -> Result<Token<'a>, Fault> {
        self.at += 1;
        Ok(match self.ident() {
            Token::Number(number) => Token::Number(if sign == '-' { -number } else { number }),
            other => other,
        })
    }

    /// A raw text `r#"…"#` or a raw name `r#name`.
    fn raw(&mut self) -> Result<Token<'a>, Fault> {
        let start = self.at;
        let after = &self.rest()[1..];
        let n_hashes = after.bytes().take_while(|byte| *byte == b'#').count();
        let body = &after[n_hashes..];
        if let Some(body) = body.strip_prefix('"') {
            let close = format!("\"{}", "#".repeat(n_hashes));
            let Some(len) = body.find(&close) else {
                return Err(Fault::new(start, "this text is never closed").hint(format!("end it with `{close}`")));
            };
            self.at = start + 1 + n_hashes + 1 + len + close.len();
            return Ok(Token::Text(with_plain_line_ends(&body[..len])));
        }
        let end = body.find(|c| !continues_raw_ident(c)).unwrap_or(body.len());
        if n_hashes != 1 || end == 0 {
            return Err(Fault::new(start, "expected a raw text").hint("raw texts look like r#\"this\"#"));
        }
        self.at = start + 2 + end;
        Ok(Token::Ident(&body[..end]))
    }

    fn text_token(&mut self) -> Result<Token<'a>, Fault> {
        let start = self.at;
        self.at += 1;
        let mut owned: Option<String> = None;
        loop {
            let rest = self.rest();
            let Some(len) = rest.find(['"', '\\']) else {
                return Err(Fault::new(start, "this text is never closed").hint("end it with `\"`"));
            };
            let piece = with_plain_line_ends(&rest[..len]);
            self.at += len;
            if self.byte(0) == b'"' {
                self.at += 1;
                return Ok(Token::Text(match owned {
                    None => piece,
                    Some(text) => Cow::Owned(text + &piece),
                }));
            }
            let text = owned.get_or_insert_default();
            text.push_str(&piece);
            let c = self.escape()?;
            owned.get_or_insert_default().push(c);
        }
    }

    fn char_token(&mut self) -> Result<Token<'a>, Fault> {
        let start = self.at;
        let wrong = |message: &str| Fault::new(start, message).hint("texts stand in double quotes: \"like this\"");
        self.at += 1;
        let c = match self.peek() {
            None | Some('\'') => return Err(wrong("a character is missing after `'`")),
            Some('\\') => self.escape()?,
            Some(c) => {
                self.at += c.len_utf8();
                c
            }
        };
        if self.byte(0) != b'\'' {
            return Err(wrong("single quotes hold one character"));
        }
        self.at += 1;
        Ok(Token::Char(c))
    }

    /// Reads an escape; stands on the backslash.
    fn escape(&mut self) -> Result<char, Fault> {
        let start = self.at;
        let wrong = |message: &str| {
            Fault::new(start, message).hint("escapes are \\n \\r \\t \\0 \\\\ \\\" \\' \\x41 and \\u{1f3ac}")
        };
        self.at += 1;
        let Some(c) = self.peek() else { return Err(wrong("the text ends within an escape")) };
        self.at += c.len_utf8();
        Ok(match c {
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            '0' => '\0',
            '\\' | '"' | '\'' => c,
            'x' => {
                let code = self.rest().get(..2).filter(|hex| hex.bytes().all(|byte| byte.is_ascii_hexdigit()));
                let code = code.and_then(|hex| u8::from_str_radix(hex, 16).ok());
                self.at += 2;
                char::from(code.ok_or_else(|| wrong("`\\x` needs two hex digits"))?)
            }
            'u' => {
                let body = self.rest().strip_prefix('{').and_then(|rest| rest.split_once('}'));
                let Some((hex, _)) = body.filter(|(hex, _)| {
                    (1..=6).contains(&hex.len()) && hex.bytes().all(|byte| byte.is_ascii_hexdigit())
                }) else {
                    return Err(wrong("`\\u` needs one to six hex digits in braces"));
                };
                self.at += hex.len() + 2;
                let code = u32::from_str_radix(hex, 16).ok().and_then(char::from_u32);
                code.ok_or_else(|| wrong("this escape names no character"))?
            }
            _ => return Err(wrong("this escape is unknown")),
        })
    }

    fn number(&mut self) -> Result<Token<'a>, Fault> {
        let start = self.at;
        let bytes = self.rest().as_bytes();
        let signed = usize::from(matches!(bytes[0], b'+' | b'-'));
        let based = bytes.get(signed) == Some(&b'0') && matches!(bytes.get(signed + 1), Some(b'x' | b'b' | b'o'));
        let mut end = signed;
        while let Some(byte) = bytes.get(end) {
            let after_exponent = !based && end > 0 && matches!(bytes[end - 1], b'e' | b'E');
            if !(byte.is_ascii_alphanumeric()
                || matches!(byte, b'_' | b'.')
                || matches!(byte, b'+' | b'-') && after_exponent)
            {
                break;
            }
            end += 1;
        }
        let word = &self.rest()[..end];
        self.at += end;
        read_number(word)
            .ok_or_else(|| Fault::new(start, format!("`{}` is not a number", cut(word))))
            .map_err(|fault| fault.hint("numbers look like 12, -0.5, 1e-3 or 0xff; names start with a letter"))
    }
}

/// The length of the nested comment that `text` starts with; none where it is never closed.
pub(crate) fn block_comment(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let (mut at, mut depth) = (0, 0u32);
    loop {
        match bytes.get(at..at + 2)? {
            b"/*" => {
                depth += 1;
                at += 2;
            }
            b"*/" => {
                depth -= 1;
                at += 2;
                if depth == 0 {
                    return Some(at);
                }
            }
            _ => at += 1,
        }
    }
}

/// A line end within a text is `\n` whatever the checkout made of it: a key must not change with it.
fn with_plain_line_ends(text: &str) -> Cow<'_, str> {
    if text.contains("\r\n") { Cow::Owned(text.replace("\r\n", "\n")) } else { Cow::Borrowed(text) }
}

fn read_number(word: &str) -> Option<Token<'static>> {
    let digits: String = word.chars().filter(|c| *c != '_').collect();
    let (negative, magnitude) = match digits.as_bytes().first()? {
        b'-' => (true, &digits[1..]),
        b'+' => (false, &digits[1..]),
        _ => (false, digits.as_str()),
    };
    let based = [("0x", 16), ("0b", 2), ("0o", 8)];
    if let Some((prefix, base)) = based.into_iter().find(|(prefix, _)| magnitude.starts_with(prefix)) {
        return integer(without_suffix(&magnitude[prefix.len()..], &["i", "u"]), base, negative);
    }
    let plain = without_suffix(magnitude, &["i", "u"]);
    if plain.bytes().all(|byte| byte.is_ascii_digit()) {
        return integer(plain, 10, negative);
    }
    let plain = without_suffix(magnitude, &["f"]);
    // The parser of Rust also takes words such as `infinity`, which are names here.
    if !plain.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'E' | b'+' | b'-')) {
        return None;
    }
    let number: f64 = plain.parse().ok()?;
    Some(Token::Number(if negative { -number } else { number }))
}

fn without_suffix<'a>(digits: &'a str, kinds: &[&str]) -> &'a str {
    for kind in kinds {
        for bits in ["8", "16", "32", "64", "128", "size"] {
            if let Some(rest) = digits.strip_suffix(bits).and_then(|rest| rest.strip_suffix(kind)) {
                return rest;
            }
        }
    }
    digits
}

fn integer(digits: &str, base: u32, negative: bool) -> Option<Token<'static>> {
    if digits.is_empty() || !digits.chars().all(|c| c.is_digit(base)) {
        return None;
    }
    let value = i128::from_str_radix(digits, base).ok().map(|value| if negative { -value } else { value });
    if let Some(value) = value.and_then(|value| i64::try_from(value).ok()) {
        return Some(Token::Integer(value));
    }
    let magnitude = digits
        .chars()
        .filter_map(|c| c.to_digit(base))
        .fold(0.0, |sum, digit| sum * f64::from(base) + f64::from(digit));
    Some(Token::Rounded(if negative { -magnitude } else { magnitude }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(text: &str) -> Result<Vec<Token<'_>>, Fault> {
        let mut scanner = Scanner::new(text)?;
        let mut tokens = Vec::new();
        loop {
            match scanner.next()?.0 {
                Token::End => return Ok(tokens),
                token => tokens.push(token),
            }
        }
    }

    #[track_caller]
    fn one(text: &str) -> Token<'_> {
        let tokens = tokens(text).unwrap();
        assert_eq!(tokens.len(), 1, "{tokens:?}");
        tokens.into_iter().next().unwrap()
    }

    #[test]
    fn numbers_in_every_form() {
        assert_eq!(one("1_000"), Token::Integer(1000));
        assert_eq!(one("0xff"), Token::Integer(255));
        assert_eq!(one("-0b101"), Token::Integer(-5));
        assert_eq!(one("0o17u8"), Token::Integer(15));
        assert_eq!(one("7i64"), Token::Integer(7));
        assert_eq!(one("-9223372036854775808"), Token::Integer(i64::MIN));
        assert_eq!(one("18446744073709551616"), Token::Rounded(18446744073709551616.0));
        assert_eq!(one("-.5"), Token::Number(-0.5));
        assert_eq!(one("5."), Token::Number(5.0));
        assert_eq!(one("1e-3"), Token::Number(0.001));
        assert_eq!(one("2.5f32"), Token::Number(2.5));
        assert_eq!(one("-inf"), Token::Number(f64::NEG_INFINITY));
        for wrong in ["1x", "0x", "1.2.3", "0b2", "1e"] {
            assert!(tokens(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn texts_characters_and_names() {
        assert_eq!(one(r#""a\"\n\x41\u{e9}""#), Token::Text("a\"\nAé".into()));
        assert_eq!(one("r#\"a \"quoted\" \\n\"#"), Token::Text("a \"quoted\" \\n".into()));
        assert_eq!(one("\"a\r\nb\""), Token::Text("a\nb".into()));
        assert_eq!(one("r#kebab-name"), Token::Ident("kebab-name"));
        assert_eq!(one(r"'\''"), Token::Char('\''));
        assert_eq!(one("'é'"), Token::Char('é'));
        for wrong in ["\"open", "r#\"open\"", "'ab'", r#""\q""#, r#""\u{d800}""#, "b\"x\"", "/* open", "“x”"] {
            assert!(tokens(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn headers_and_comments_are_no_tokens() {
        let text = "\u{feff}#![enable(implicit_some)] // a\n/* b /* c */ */ ( // d";
        assert_eq!(tokens(text).unwrap(), [Token::Open(Bracket::Paren)]);
    }
}
