//! Paths into replies: `data.videos[*].url`, `steps[type=model_output].content[type=video].uri`.
//!
//! JSON Pointer was rejected: it cannot select the member of a list that has a property. Full JSONPath can do more
//! than anybody needs, in more time than anybody gave.

use std::fmt;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

/// Most values that one path may select.
const MOST: usize = 1024;

/// See the module. The empty path is the whole reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path {
    text: String,
    steps: Vec<Step>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Field(String),
    All,
    At(usize),
    Where(String, String),
}

impl Path {
    /// Reads a path; `None` where it is not one.
    pub fn parse(text: &str) -> Option<Path> {
        let mut steps = Vec::new();
        for part in text.split('.').filter(|_| !text.is_empty()) {
            let (name, mut rest) = match part.find('[') {
                Some(at) => part.split_at(at),
                None => (part, ""),
            };
            if !name.is_empty() {
                steps.push(Step::Field(name.to_owned()));
            } else if rest.is_empty() {
                return None;
            }
            while !rest.is_empty() {
                let (inside, after) = rest.strip_prefix('[')?.split_once(']')?;
                steps.push(match inside.split_once('=') {
                    Some((field, value)) => Step::Where(field.to_owned(), value.to_owned()),
                    None if inside == "*" => Step::All,
                    None => Step::At(inside.parse().ok()?),
                });
                rest = after;
            }
        }
        Some(Path { text: text.to_owned(), steps })
    }

    /// Everything that it selects, in order.
    pub fn all<'a>(&self, reply: &'a Value) -> Vec<&'a Value> {
        let mut found = vec![reply];
        for step in &self.steps {
            let mut next = Vec::new();
            for value in found {
                match step {
                    Step::Field(name) => next.extend(value.get(name)),
                    Step::At(at) => next.extend(value.get(at)),
                    Step::All => next.extend(value.as_array().into_iter().flatten().take(MOST)),
                    Step::Where(field, wanted) => {
                        let fits = |member: &&Value| member.get(field).is_some_and(|it| shown(it) == *wanted);
                        next.extend(value.as_array().into_iter().flatten().filter(fits).take(MOST));
                    }
                }
            }
            next.truncate(MOST);
            found = next;
        }
        found
    }

    /// The first value that it selects, unless that is null.
    pub fn first<'a>(&self, reply: &'a Value) -> Option<&'a Value> {
        self.all(reply).into_iter().find(|value| !value.is_null())
    }

    /// All texts that it selects, as one: answers come in parts.
    pub fn texts(&self, reply: &Value) -> Option<String> {
        let texts: Vec<&str> = self.all(reply).into_iter().filter_map(Value::as_str).collect();
        (!texts.is_empty()).then(|| texts.concat())
    }

    /// The first text, number or flag that it selects, as text.
    pub fn text(&self, reply: &Value) -> Option<String> {
        self.first(reply).filter(|value| !value.is_object() && !value.is_array()).map(shown)
    }
}

/// A value as text: strings without quotes.
pub(crate) fn shown(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Serialize for Path {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Path {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Path, D::Error> {
        let text = String::deserialize(deserializer)?;
        Path::parse(&text).ok_or_else(|| D::Error::custom(format!("`{text}` is not a path like data[*].url")))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn texts(path: &str, reply: &Value) -> Vec<String> {
        Path::parse(path).expect("a path").all(reply).into_iter().map(shown).collect()
    }

    #[test]
    fn paths_select() {
        let reply = json!({
            "steps": [
                { "type": "thought" },
                { "type": "model_output", "content": [{ "type": "text" }, { "type": "video", "uri": "u" }] },
            ],
            "data": { "videos": [{ "url": "a" }, { "url": "b" }], "code": 0 },
            "none": null,
        });
        assert_eq!(texts("data.videos[*].url", &reply), ["a", "b"]);
        assert_eq!(texts("data.videos[1].url", &reply), ["b"]);
        assert_eq!(texts("steps[type=model_output].content[type=video].uri", &reply), ["u"]);
        assert_eq!(texts("data.code", &reply), ["0"]);
        assert_eq!(texts("", &json!(3)), ["3"]);
        assert_eq!(texts("data[*].x.y[3]", &reply), [""; 0]);
        assert_eq!(Path::parse("none").and_then(|path| path.text(&reply)), None);
        for bad in ["a..b", "a[", "a[x]", "a]b[", "a[1", ".a"] {
            assert!(Path::parse(bad).is_none(), "{bad}");
        }
    }
}
