//! Server-sent events: an answer that comes in pieces, gathered into the JSON document that manifests read results from.
//!
//! A plug-in, since data cannot say how a stream is cut into events. What is gathered is `{"text": ..., "events": [...]}`:
//! the pieces of a text are joined as they come, and only events that bring none are kept, so that a long answer is as
//! small as its text. Handing every event to paths was tried on paper: a path looks at a thousand values, a chapter has
//! more pieces.

use serde_json::{Value, json};

use crate::manifest::{End, Events};

/// Most events without text: signs of life, usage, errors.
const MOST_EVENTS: usize = 1024;

/// Takes a stream in, cut anywhere.
pub(crate) struct Gathering {
    wanted: Events,
    /// Most bytes in all.
    most: u64,
    n_bytes: u64,
    line: Vec<u8>,
    /// The last line ended with a carriage return: a line feed that follows belongs to it.
    after_return: bool,
    is_first_line: bool,
    /// Of the event that is not over yet.
    name: String,
    data: Option<String>,
    text: String,
    events: Vec<Value>,
    /// The last event that brought text: it may say more than its text.
    last: Option<Value>,
    ended: bool,
}

impl Gathering {
    pub(crate) fn new(wanted: &Events, most: u64) -> Gathering {
        Gathering {
            wanted: wanted.clone(),
            most,
            n_bytes: 0,
            line: Vec::new(),
            after_return: false,
            is_first_line: true,
            name: String::new(),
            data: None,
            text: String::new(),
            events: Vec::new(),
            last: None,
            ended: false,
        }
    }

    /// Takes the next bytes in; whether the answer is whole.
    ///
    /// # Errors
    /// A clause where it is larger than anybody wants.
    pub(crate) fn take(&mut self, bytes: &[u8]) -> Result<bool, String> {
        self.n_bytes += bytes.len() as u64;
        if self.most < self.n_bytes {
            return Err(format!("its answer is larger than {} bytes", self.most));
        }
        for byte in bytes {
            let is_second = std::mem::replace(&mut self.after_return, *byte == b'\r') && *byte == b'\n';
            match byte {
                b'\n' if is_second => {}
                b'\n' | b'\r' => self.line_over()?,
                other => self.line.push(*other),
            }
            if self.ended {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The document, once the connection is closed or nothing more is wanted.
    ///
    /// # Errors
    /// A clause where the answer is cut off.
    pub(crate) fn finish(mut self) -> Result<Vec<u8>, String> {
        if !self.ended {
            // Some leave the last blank line out.
            if !self.line.is_empty() {
                self.line_over()?;
            }
            self.event_over()?;
        }
        if !self.ended && !self.wanted.end.contains(&End::Closed) {
            return Err("its answer is cut off".to_owned());
        }
        self.events.extend(self.last.take());
        // An answer without a word has no text: that is not the same as an empty one.
        let text = (!self.text.is_empty()).then_some(self.text);
        let document = text
            .map_or_else(|| json!({ "events": self.events }), |text| json!({ "text": text, "events": self.events }));
        Ok(document.to_string().into_bytes())
    }

    fn line_over(&mut self) -> Result<(), String> {
        let line = std::mem::take(&mut self.line);
        let line = String::from_utf8_lossy(&line);
        let is_first = std::mem::replace(&mut self.is_first_line, false);
        let line = if is_first { line.strip_prefix('\u{feff}').unwrap_or(&line) } else { &line };
        if line.is_empty() {
            return self.event_over();
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => value.clone_into(&mut self.name),
            "data" => match &mut self.data {
                Some(data) => {
                    data.push('\n');
                    data.push_str(value);
                }
                None => self.data = Some(value.to_owned()),
            },
            // Comments have no name; ids and pauses are for those who connect again, which would buy again.
            _ => {}
        }
        Ok(())
    }

    fn event_over(&mut self) -> Result<(), String> {
        let name = std::mem::take(&mut self.name);
        let Some(data) = self.data.take() else { return Ok(()) };
        let name = if name.is_empty() { "message".to_owned() } else { name };
        let ends = |end: &End| match end {
            End::Data(wanted) => *wanted == data,
            End::Event(wanted) => *wanted == name,
            End::Closed => false,
        };
        self.ended = self.wanted.end.iter().any(ends);
        let is_mark = self.wanted.end.iter().any(|end| matches!(end, End::Data(wanted) if *wanted == data));
        if is_mark {
            return Ok(());
        }
        let data = serde_json::from_str(&data).unwrap_or(Value::String(data));
        let piece = self.wanted.text.as_ref().and_then(|path| path.texts(&data));
        let event = json!({ "event": name, "data": data });
        match piece {
            Some(piece) => {
                self.text.push_str(&piece);
                self.last = Some(event);
            }
            None if MOST_EVENTS <= self.events.len() => return Err("it sends events without end".to_owned()),
            None => self.events.push(event),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::Path;

    fn wanted() -> Events {
        let end = vec![End::Data("[DONE]".to_owned()), End::Event("error".to_owned())];
        Events { end, text: Path::parse("choices[0].delta.content") }
    }

    /// What comes of a stream that arrives in pieces of that length.
    fn gathered(text: &str, piece: usize) -> Result<Value, String> {
        let mut gathering = Gathering::new(&wanted(), 4096);
        for bytes in text.as_bytes().chunks(piece) {
            if gathering.take(bytes)? {
                break;
            }
        }
        gathering.finish().map(|bytes| serde_json::from_slice(&bytes).expect("JSON"))
    }

    const CHAT: &str = concat!(
        "\u{feff}: a comment\n\nretry: 10\nid: 7\n\n",
        "data: {\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":\"\"},\"finish_reason\":null}]}\n\n",
        "data:{\"choices\":[{\"delta\":{\"content\":\"a l\u{e4}\"}}]}\r\n\r\n",
        "event: message\rdata: {\"choices\":\rdata: [{\"delta\":{\"content\":\"mp\"},\"finish_reason\":\"length\"}]}\r\r",
        "event: usage\ndata: {\"tokens\":3}\n\n",
        "data: [DONE]\n\ndata: {\"never\":\"read\"}\n\n",
    );

    #[test]
    fn a_stream_is_one_document_wherever_it_is_cut() {
        let whole = gathered(CHAT, 4096).expect("it is whole");
        assert_eq!(whole["text"], "a lämp");
        assert_eq!(whole["events"][0], json!({ "event": "usage", "data": { "tokens": 3 } }));
        let finish = Path::parse("events[*].data.choices[*].finish_reason").expect("a path");
        assert_eq!(finish.text(&whole).as_deref(), Some("length"), "the last piece of a text says more than that");
        assert_eq!(whole["events"].as_array().map(Vec::len), Some(2));
        for piece in [1, 2, 3, 7, 64] {
            assert_eq!(gathered(CHAT, piece), Ok(whole.clone()), "{piece}");
        }
    }

    #[test]
    fn what_is_cut_off_is_no_answer() {
        let ends = CHAT.find("[DONE]").expect("there");
        for at in (0..ends).filter(|at| CHAT.is_char_boundary(*at)) {
            assert_eq!(gathered(&CHAT[..at], 16), Err("its answer is cut off".to_owned()), "{at}");
        }
        // The mark alone counts, with or without the blank line after it.
        assert!(gathered(&CHAT[..ends + 6], 16).is_ok());
        let told = gathered("event: error\ndata: {\"error\":{\"message\":\"no\"}}\n\n", 5).expect("an end");
        assert_eq!(told["events"][0]["data"]["error"]["message"], "no");
        let mut open = Gathering::new(&Events { end: vec![End::Closed], text: None }, 99);
        assert_eq!(open.take(b"data: plain words\n\ndata"), Ok(false));
        let told: Value = serde_json::from_slice(&open.finish().expect("closed")).expect("JSON");
        assert_eq!(
            told["events"],
            json!([{ "event": "message", "data": "plain words" }, { "event": "message", "data": "" }])
        );
    }

    #[test]
    fn a_stream_has_bounds() {
        let endless = "x".repeat(5000);
        assert_eq!(gathered(&endless, 100), Err("its answer is larger than 4096 bytes".to_owned()));
        let mut gathering = Gathering::new(&wanted(), 1 << 20);
        let many = "data: {}\n\n".repeat(MOST_EVENTS);
        assert_eq!(gathering.take(many.as_bytes()), Ok(false));
        assert_eq!(gathering.take(b"data: {}\n\n"), Err("it sends events without end".to_owned()));
        let mut gathering = Gathering::new(&wanted(), 1 << 20);
        for _ in 0..MOST_EVENTS * 2 {
            assert_eq!(gathering.take(b"data: {\"choices\":[{\"delta\":{\"content\":\"x\"}}]}\n\n"), Ok(false));
        }
        assert_eq!(gathering.text.len(), MOST_EVENTS * 2, "pieces of a text are no events");
    }
}
