//! Which inputs of a workflow a call fills, as a small file beside it: `portrait.json` and `portrait.comfy.ron`.
//!
//! A node is named by title, class and, as a hint, its id: ids change when a workflow is exported again, and the title
//! is the only name that survives. What no longer resolves is told with the way out, never guessed.

use std::fmt;
use std::fmt::Write as _;

use model::{Diagnostic, Place, Task};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::workflow::{Workflow, link, short};

/// The format that this program reads and writes.
pub(super) const FORMAT: u32 = 1;
/// Bounds on a stranger's file.
pub(crate) const MOST_BYTES: u64 = 1 << 20;
const MOST_ROWS: usize = 500;

/// See the module.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bindings {
    /// The format's version, 1.
    pub comfy: u32,
    /// As people call it.
    pub title: String,
    /// The look's family: fallbacks stay within it.
    #[serde(default)]
    pub family: String,
    /// What it makes.
    pub task: Task,
    pub inputs: Vec<Bound>,
    /// Nodes whose files are the result, best first; nothing else of the workflow is run.
    pub outputs: Vec<Socket>,
    #[serde(default)]
    pub limits: Bounds,
}

/// An input that a call fills.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bound {
    pub fills: Role,
    pub title: String,
    pub class: String,
    pub input: String,
    pub id: String,
}

/// A node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Socket {
    pub title: String,
    pub class: String,
    pub id: String,
}

/// What an input is filled with.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    Prompt,
    Negative,
    Seed,
    Width,
    Height,
    /// How many pictures the clip has, at the workflow's own rate.
    Frames,
    /// The rate of the film.
    Fps,
    FirstFrame,
    LastFrame,
    /// A picture of a character, place, prop or style; the first row takes the first one.
    Reference,
    /// A clip to work from.
    Source,
    /// A sound that the picture follows.
    Audio,
    /// A picture whose white part is made anew.
    Mask,
    /// An option of the call, by name.
    Option(String),
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Role::Prompt => "prompt",
            Role::Negative => "negative",
            Role::Seed => "seed",
            Role::Width => "width",
            Role::Height => "height",
            Role::Frames => "frames",
            Role::Fps => "fps",
            Role::FirstFrame => "first_frame",
            Role::LastFrame => "last_frame",
            Role::Reference => "reference",
            Role::Source => "source",
            Role::Audio => "audio",
            Role::Mask => "mask",
            Role::Option(name) => return write!(f, "option {name}"),
        })
    }
}

impl Role {
    /// It takes a file.
    pub fn is_file(&self) -> bool {
        matches!(self, Role::FirstFrame | Role::LastFrame | Role::Reference | Role::Source | Role::Audio | Role::Mask)
    }
}

/// What the workflow can be asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Bounds {
    /// Width and height are multiples of this.
    pub size_step: u32,
    /// The longest side in pixels; 0 where nobody knows.
    pub longest_side: u32,
    /// Pictures per second that the model makes; 0 where it makes what the film has.
    pub fps: f64,
    /// Frames are this many more than a multiple of `frames_step`: 4 and 1 make 81 out of 78.
    pub frames_step: u32,
    pub frames_plus: u32,
    /// The longest clip in seconds; 0 where nobody knows.
    pub longest_seconds: u32,
}

impl Default for Bounds {
    fn default() -> Bounds {
        Bounds { size_step: 8, longest_side: 0, fps: 0.0, frames_step: 1, frames_plus: 0, longest_seconds: 0 }
    }
}

/// Bindings with the nodes that they mean.
#[derive(Clone, Debug, PartialEq)]
pub struct Resolved {
    /// Role, node and input, in the order of the file.
    pub inputs: Vec<(Role, String, String)>,
    /// Nodes.
    pub outputs: Vec<String>,
}

impl Resolved {
    /// How many inputs have a role.
    pub fn count(&self, role: &Role) -> usize {
        self.inputs.iter().filter(|(own, ..)| own == role).count()
    }
}

impl Bindings {
    /// Reads a file of bindings.
    ///
    /// # Errors
    /// `comfy-bindings` with the place or with what is wrong.
    pub fn parse(file: &str, text: &str) -> Result<Bindings, Diagnostic> {
        let wrong = |why: String| {
            Diagnostic::error("comfy-bindings", format!("the bindings {file} cannot be used: {why}"))
                .hint("`throughline comfy import --again WORKFLOW` writes them anew")
        };
        if MOST_BYTES < text.len() as u64 {
            return Err(wrong(format!("the file has more than {MOST_BYTES} bytes")));
        }
        let options = ron::Options::default()
            .with_default_extension(ron::extensions::Extensions::IMPLICIT_SOME)
            .with_recursion_limit(32);
        let bindings: Bindings = options.from_str(text).map_err(|error| {
            let line = text.split_inclusive('\n').take(error.span.start.line.saturating_sub(1));
            let at = line.map(str::len).sum::<usize>() + error.span.start.col.saturating_sub(1);
            wrong(error.code.to_string()).at_place(Place::of(file, text, at))
        })?;
        bindings.judge().map_err(wrong)?;
        Ok(bindings)
    }

    fn judge(&self) -> Result<(), String> {
        let Bounds { size_step, fps, frames_step, frames_plus, longest_side, longest_seconds } = &self.limits;
        if self.comfy != FORMAT {
            return Err(format!("it has format {}, this program reads {FORMAT}", self.comfy));
        }
        if self.outputs.is_empty() {
            return Err("no output is bound".to_owned());
        }
        if MOST_ROWS < self.inputs.len() + self.outputs.len() {
            return Err(format!("it binds more than {MOST_ROWS} inputs"));
        }
        if !(1..=4096).contains(size_step) || !(1..=4096).contains(frames_step) || 4096 < *frames_plus {
            return Err("size_step and frames_step are 1 to 4096".to_owned());
        }
        if !(0.0..=1000.0).contains(fps) || 1 << 16 < *longest_side || 1 << 20 < *longest_seconds {
            return Err("a limit is out of reach".to_owned());
        }
        let fine = |name: &String| !name.is_empty() && name.len() <= 60 && !name.chars().any(char::is_control);
        if let Some(Bound { fills, .. }) =
            self.inputs.iter().find(|it| matches!(&it.fills, Role::Option(name) if !fine(name)))
        {
            return Err(format!("`{}` is no name for an option", short(&fills.to_string())));
        }
        Ok(())
    }

    /// As it is written: one row for each input, so that people can read, edit and compare it.
    pub fn to_text(&self) -> String {
        let quoted = |text: &str| ron::to_string(text).unwrap_or_default();
        let mut text = String::from(
            "// Which inputs of the workflow beside this file a call fills. Nodes are found by title and class; the id is a\n\
             // hint. `fills` is prompt, negative, seed, width, height, frames, fps, first_frame, last_frame, reference,\n\
             // source, audio, mask or option(\"name\"). Rows may be added and removed; `throughline comfy bindings FILE`\n\
             // shows what else there is.\n(\n",
        );
        let task = format!("{:?}", self.task).to_lowercase();
        let _ = write!(
            text,
            "    comfy: {},\n    title: {},\n    family: {},\n    task: {task},\n    inputs: [\n",
            self.comfy,
            quoted(&self.title),
            quoted(&self.family)
        );
        for Bound { fills, title, class, input, id } in &self.inputs {
            let fills = match fills {
                Role::Option(name) => format!("option({})", quoted(name)),
                role => role.to_string(),
            };
            let [title, class, input, id] = [title, class, input, id].map(|it| quoted(it));
            let _ =
                writeln!(text, "        (fills: {fills}, title: {title}, class: {class}, input: {input}, id: {id}),");
        }
        text.push_str("    ],\n    outputs: [\n");
        for Socket { title, class, id } in &self.outputs {
            let [title, class, id] = [title, class, id].map(|it| quoted(it));
            let _ = writeln!(text, "        (title: {title}, class: {class}, id: {id}),");
        }
        let Bounds { size_step, longest_side, fps, frames_step, frames_plus, longest_seconds } = &self.limits;
        let _ = write!(
            text,
            "    ],\n    limits: (size_step: {size_step}, longest_side: {longest_side}, fps: {fps:?}, \
             frames_step: {frames_step}, frames_plus: {frames_plus}, longest_seconds: {longest_seconds}),\n)\n"
        );
        text
    }

    /// The nodes that the bindings mean.
    ///
    /// # Errors
    /// `comfy-binding` for every row that means none, or several.
    pub fn resolve(&self, name: &str, workflow: &Workflow) -> Result<Resolved, Vec<Diagnostic>> {
        let mut told = Vec::new();
        let mut inputs = Vec::new();
        let mut outputs = Vec::new();
        let wrong = |what: String, why: String| {
            Diagnostic::error("comfy-binding", format!("{name}: the binding of {what} does not hold: {why}"))
                .hint("give the node its title back in ComfyUI and export again, or correct the .comfy.ron file")
                .hint("or write it anew with `throughline comfy import --again WORKFLOW`")
        };
        for Bound { fills, title, class, input, id } in &self.inputs {
            let found = node(workflow, title, class, id).and_then(|id| match workflow.nodes[id].inputs.get(input) {
                None => Err(format!("{} (#{}) has no input `{}`", short(title), short(id), short(input))),
                Some(value) if link(value).is_some() => Err(format!(
                    "`{}` of {} (#{}) is linked now, nothing can be filled in",
                    short(input),
                    short(title),
                    short(id)
                )),
                Some(Value::Object(_)) => Err(format!("`{}` of {} is no plain value", short(input), short(title))),
                Some(_) => Ok(id),
            });
            match found {
                Ok(id) => inputs.push((fills.clone(), id.to_owned(), input.clone())),
                Err(why) => told.push(wrong(fills.to_string(), why)),
            }
        }
        for Socket { title, class, id } in &self.outputs {
            match node(workflow, title, class, id) {
                Ok(id) => outputs.push(id.to_owned()),
                Err(why) => told.push(wrong("the output".to_owned(), why)),
            }
        }
        if told.is_empty() { Ok(Resolved { inputs, outputs }) } else { Err(told) }
    }
}

/// The node of that title and class; the id decides between several, and nothing else.
fn node<'a>(workflow: &'a Workflow, title: &str, class: &str, id: &str) -> Result<&'a str, String> {
    let (shown, of) = (short(title), short(class));
    let mine = |by_title: bool| {
        let fits = move |node: &&super::workflow::Node| node.class == class && (!by_title || node.title == title);
        workflow.nodes.iter().filter(move |(_, node)| fits(node)).map(|(id, _)| id.as_str()).collect::<Vec<_>>()
    };
    let named = mine(true);
    match named.as_slice() {
        [only] => Ok(only),
        [] => match mine(false).as_slice() {
            // Its title changed, but it is the only one of its kind.
            [only] => Ok(only),
            [] => Err(format!("there is no node of class {of}")),
            all => Err(format!("of {} nodes of class {of} none is called {shown}", all.len())),
        },
        all => all.iter().find(|own| **own == id).copied().ok_or_else(|| {
            format!("{} nodes of class {of} are called {shown}, none has the id {}", all.len(), short(id))
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(fills: Role, title: &str, input: &str, id: &str) -> Bound {
        let (title, input, id) = (title.to_owned(), input.to_owned(), id.to_owned());
        Bound { fills, title, class: "CLIPTextEncode".to_owned(), input, id }
    }

    fn bindings(inputs: Vec<Bound>) -> Bindings {
        let output = Socket { title: "Save".to_owned(), class: "SaveImage".to_owned(), id: "9".to_owned() };
        let limits = Bounds { fps: 16.0, ..Bounds::default() };
        Bindings {
            comfy: FORMAT,
            title: "Port\"rait".to_owned(),
            family: String::new(),
            task: Task::Image,
            inputs,
            outputs: vec![output],
            limits,
        }
    }

    const WORKFLOW: &str = r#"{
        "6": { "class_type": "CLIPTextEncode", "inputs": { "text": "a", "clip": ["1", 0] }, "_meta": { "title": "Good" } },
        "7": { "class_type": "CLIPTextEncode", "inputs": { "text": "b", "clip": ["1", 0] }, "_meta": { "title": "Bad" } },
        "9": { "class_type": "SaveImage", "inputs": { "images": ["8", 0] } }
    }"#;

    #[test]
    fn bindings_are_written_and_read() {
        let own =
            bindings(vec![row(Role::Prompt, "Good", "text", "6"), row(Role::Option("a b".to_owned()), "x", "y", "1")]);
        let text = own.to_text();
        assert_eq!(Bindings::parse("x", &text), Ok(own), "{text}");
        assert!(text.contains("fills: option(\"a b\"), title: \"x\""), "{text}");
        let told = Bindings::parse("x", &text.replace("task: image", "task: soup")).expect_err("refused");
        assert_eq!((told.code.as_str(), told.subject.place.map(|it| it.line)), ("comfy-bindings", Some(9)));
        for (from, to) in [("comfy: 1", "comfy: 2"), ("size_step: 8", "size_step: 0"), ("fps: 16.0", "fps: -1.0")] {
            assert!(Bindings::parse("x", &text.replace(from, to)).is_err(), "{to}");
        }
    }

    #[test]
    fn the_title_counts_and_the_id_is_a_hint() {
        let workflow = Workflow::parse("x", WORKFLOW).expect("it reads");
        let node_of = |workflow: &Workflow, row: Bound| {
            bindings(vec![row])
                .resolve("x", workflow)
                .map(|it| it.inputs[0].1.clone())
                .map_err(|told| told[0].message.clone())
        };
        let good = || row(Role::Prompt, "Good", "text", "7");
        assert_eq!(node_of(&workflow, good()), Ok("6".to_owned()), "ids changed, titles did not");
        let same = Workflow::parse("x", &WORKFLOW.replace("Bad", "Good")).expect("it reads");
        assert_eq!(node_of(&same, good()), Ok("7".to_owned()), "the id decides between two");
        let message = node_of(&same, row(Role::Prompt, "Good", "text", "1")).expect_err("two of them");
        assert!(message.ends_with("2 nodes of class CLIPTextEncode are called Good, none has the id 1"), "{message}");
        let message = node_of(&workflow, row(Role::Negative, "Ugly", "text", "7")).expect_err("neither");
        assert!(message.contains("binding of negative") && message.contains("none is called Ugly"), "{message}");
        for (input, wanted) in [("clip", "is linked now"), ("texts", "has no input")] {
            let message = node_of(&workflow, row(Role::Prompt, "Good", input, "6")).expect_err(input);
            assert!(message.contains(wanted), "{message}");
        }
        let retitled =
            Workflow::parse("x", &WORKFLOW.replace("\"SaveImage\"", "\"SaveImage\", \"_meta\": {\"title\": \"Mine\"}"));
        assert!(node_of(&retitled.expect("it reads"), good()).is_ok(), "the only one of its class");
    }
}
