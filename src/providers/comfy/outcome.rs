//! What a finished job made, out of the server's history: files and texts by node, or why there are none.
//!
//! Files are told apart by their endings: a saved film stands under `images` like a picture.

use model::Task;
use serde_json::Value;
use url::form_urlencoded;

/// Endings of files by what they hold.
const PICTURES: &[&str] = &["png", "jpg", "jpeg", "webp", "bmp", "tif", "tiff", "avif", "gif"];
const FILMS: &[&str] = &["mp4", "webm", "mov", "mkv", "m4v", "avi", "gif", "webp"];
const SOUNDS: &[&str] = &["flac", "wav", "mp3", "opus", "ogg", "m4a", "aac"];

/// See the module.
#[derive(Clone, Debug, PartialEq, Default)]
pub(super) struct Outcome {
    pub(super) failure: Option<Failure>,
    /// By node, in the server's order.
    pub(super) made: Vec<(String, Made)>,
}

/// Something that a node made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Made {
    /// A file's name, and where it is fetched.
    File(String, String),
    Text(String),
}

/// Why a job made nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    Cancelled,
    /// A node's class, its id, the error's type and its words.
    Node {
        class: String,
        id: String,
        kind: String,
        said: String,
    },
    Other(String),
}

impl Outcome {
    /// Reads what a server's history says of a job.
    pub(super) fn of_history(told: &Value) -> Outcome {
        let status = told.get("status");
        let is_error = status.and_then(|it| it.get("status_str")).and_then(Value::as_str) == Some("error");
        let messages = status.and_then(|it| it.get("messages")).and_then(Value::as_array);
        let mut failure = is_error.then(|| Failure::Other("it does not say why".to_owned()));
        for message in messages.into_iter().flatten() {
            let data = message.get(1).unwrap_or(&Value::Null);
            let text = |name: &str| data.get(name).and_then(Value::as_str).unwrap_or_default().trim().to_owned();
            match message.get(0).and_then(Value::as_str) {
                Some("execution_error") => {
                    let (class, id) = (text("node_type"), text("node_id"));
                    failure = Some(Failure::Node {
                        class,
                        id,
                        kind: text("exception_type"),
                        said: text("exception_message"),
                    });
                }
                Some("execution_interrupted") => failure = Some(Failure::Cancelled),
                _ => {}
            }
        }
        let mut made = Vec::new();
        for (node, outputs) in told.get("outputs").and_then(Value::as_object).into_iter().flatten() {
            let lists =
                outputs.as_object().into_iter().flatten().filter_map(|(key, list)| Some((key, list.as_array()?)));
            for (key, member) in lists.flat_map(|(key, list)| list.iter().map(move |member| (key, member))) {
                match member {
                    Value::Object(_) => made.extend(file(member).map(|file| (node.clone(), file))),
                    Value::String(text) if key.contains("text") || key == "string" => {
                        made.push((node.clone(), Made::Text(text.clone())));
                    }
                    _ => {}
                }
            }
        }
        Outcome { failure, made }
    }

    /// The best of what was made, for a task: of the first of these nodes that made such a thing.
    pub(super) fn pick(&self, outputs: &[String], task: Task) -> Option<&Made> {
        let endings: &[&str] = match task {
            Task::Image => PICTURES,
            Task::Video => FILMS,
            Task::Voice | Task::Sound | Task::Music => SOUNDS,
            Task::Text => &[],
        };
        let fits = |made: &&Made| match made {
            Made::Text(_) => task == Task::Text,
            Made::File(name, _) => {
                let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase()).unwrap_or_default();
                endings.contains(&ending.as_str())
            }
        };
        outputs.iter().find_map(|id| self.made.iter().filter(|(node, _)| node == id).map(|(_, made)| made).find(fits))
    }
}

/// A file of an output; none where it is no file.
fn file(told: &Value) -> Option<Made> {
    let text = |name: &str| told.get(name).and_then(Value::as_str);
    let name = text("filename")?;
    let pairs = [
        ("filename", name),
        ("subfolder", text("subfolder").unwrap_or("")),
        ("type", text("type").unwrap_or("output")),
    ];
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    Some(Made::File(name.to_owned(), format!("/view?{query}")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn endings_tell_what_a_file_is() {
        let outcome = Outcome::of_history(&json!({
            "status": { "status_str": "success", "messages": [["execution_start", {}]] },
            "outputs": {
                "7": { "images": [{ "filename": "a b.png", "subfolder": "x", "type": "temp" }, 3, "odd"] },
                "9": { "images": [{ "filename": "v.MP4", "subfolder": "", "type": "output" }], "animated": [true] },
                "8": { "text": ["a lamp"] },
            },
        }));
        assert_eq!(outcome.failure, None);
        let pick = |ids: &[&str], task| outcome.pick(&ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>(), task);
        let film = Made::File("v.MP4".to_owned(), "/view?filename=v.MP4&subfolder=&type=output".to_owned());
        assert_eq!(pick(&["7", "9"], Task::Video), Some(&film));
        let picture = Made::File("a b.png".to_owned(), "/view?filename=a+b.png&subfolder=x&type=temp".to_owned());
        assert_eq!(pick(&["9", "7"], Task::Image), Some(&picture));
        assert_eq!(pick(&["8"], Task::Text), Some(&Made::Text("a lamp".to_owned())));
        assert_eq!(
            (pick(&["9"], Task::Image), pick(&["1"], Task::Video), pick(&["8"], Task::Music)),
            (None, None, None)
        );
    }

    #[test]
    fn failures_say_which_node() {
        let told = |event: &str, data: Value| {
            Outcome::of_history(
                &json!({ "status": { "status_str": "error", "messages": [[event, data]] }, "outputs": {} }),
            )
            .failure
        };
        let failure = told(
            "execution_error",
            json!({
                "node_id": "4", "node_type": "LoadImage", "exception_type": "PIL.UnidentifiedImageError", "exception_message": "cannot\n",
            }),
        );
        let Some(Failure::Node { class, id, kind, said }) = failure else { panic!("{failure:?}") };
        assert_eq!([class, id, kind, said], ["LoadImage", "4", "PIL.UnidentifiedImageError", "cannot"]);
        assert_eq!(told("execution_interrupted", json!({})), Some(Failure::Cancelled));
        assert_eq!(told("x", json!(3)), Some(Failure::Other("it does not say why".to_owned())));
    }
}
