//! Which inputs of a workflow a call would fill, found by looking at it: samplers, texts, seeds, sizes, files.
//!
//! A suggestion that people see and edit. Names alone do not tell the prompt from what it must not show: links are
//! followed from a sampler's `positive` and `negative` up to the text. What the server says of its classes helps, but
//! a workflow can be imported without one.

use std::collections::BTreeSet;

use model::Task;
use serde_json::Value;

use super::bindings::{Bindings, Bound, Bounds, FORMAT, Role, Socket};
use super::info::{Classes, Input};
use super::workflow::{Node, Workflow, link};

/// Inputs that hold texts, most telling first.
const TEXTS: &[&str] =
    &["text", "prompt", "positive_prompt", "text_g", "text_l", "clip_l", "t5xxl", "tags", "value", "string"];
/// Settings of samplers that are worth an option.
const OPTIONS: &[&str] = &["steps", "cfg", "denoise", "guidance", "sampler_name", "scheduler"];
/// Titles and inputs that say which picture a file is.
const LAST: &[&str] =
    &["end_image", "last_frame", "end_frame", "last_image", "end image", "last frame", "end frame", "last image"];
const FIRST: &[&str] =
    &["start_image", "first_frame", "start_frame", "first_image", "start image", "first frame", "start frame"];
const REFERENCE: &[&str] = &["reference", "ref_", "ref ", "style", "character", "face", "ipadapter", "clip_vision"];
/// Inputs that take files, where no server says so: its own, and those of the most used nodes for films.
const LOADERS: &[(&str, &str)] = &[
    ("LoadImage", "image"),
    ("LoadImageOutput", "image"),
    ("LoadImageMask", "image"),
    ("LoadVideo", "file"),
    ("LoadAudio", "audio"),
    ("VHS_LoadVideo", "video"),
    ("VHS_LoadAudioUpload", "audio"),
];
/// Links that are followed from a file to what it is for.
const MOST_STEPS: usize = 8;

/// A literal input that could be bound.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    pub id: String,
    pub title: String,
    pub class: String,
    pub input: String,
    pub value: Value,
}

/// Looks at a workflow; `classes` may be empty.
pub fn suggest(title: &str, workflow: &Workflow, classes: &Classes) -> Bindings {
    let look = Look { workflow, classes };
    let (task, outputs) = look.outputs();
    let ids: Vec<_> = outputs.iter().map(String::as_str).collect();
    let run = workflow.pruned(&ids);
    let look = Look { workflow: &run, classes };
    let mut found = Found { workflow: &run, rows: Vec::new(), taken: BTreeSet::new() };
    look.texts(&mut found);
    look.numbers(task, &mut found);
    look.files(task, &mut found);
    look.options(&mut found);
    let limits = look.limits(task, &found.rows);
    let socket = |id: &String| {
        let Node { class, title, .. } = &workflow.nodes[id];
        Socket { title: title.clone(), class: class.clone(), id: id.clone() }
    };
    let outputs = outputs.iter().map(socket).collect();
    Bindings {
        comfy: FORMAT,
        title: title.to_owned(),
        family: String::new(),
        task,
        inputs: found.rows,
        outputs,
        limits,
    }
}

/// Every literal input, with its value.
pub fn candidates(workflow: &Workflow) -> Vec<Candidate> {
    let mut found = Vec::new();
    for (id, Node { class, title, inputs }) in &workflow.nodes {
        for (input, value) in inputs.iter().filter(|(_, value)| !value.is_array() && !value.is_object()) {
            let (id, title, class) = (id.clone(), title.clone(), class.clone());
            found.push(Candidate { id, title, class, input: input.clone(), value: value.clone() });
        }
    }
    found
}

struct Look<'a> {
    workflow: &'a Workflow,
    classes: &'a Classes,
}

struct Found<'a> {
    workflow: &'a Workflow,
    rows: Vec<Bound>,
    taken: BTreeSet<(String, String)>,
}

impl Found<'_> {
    fn bind(&mut self, fills: Role, id: &str, input: &str) {
        let Some(Node { class, title, .. }) = self.workflow.nodes.get(id) else { return };
        if self.taken.insert((id.to_owned(), input.to_owned())) {
            let (title, class) = (title.clone(), class.clone());
            self.rows.push(Bound { fills, title, class, input: input.to_owned(), id: id.to_owned() });
        }
    }
}

impl<'a> Look<'a> {
    fn input(&self, node: &Node, input: &str) -> Option<&Input> {
        self.classes.get(&node.class)?.as_ref()?.input(input)
    }

    /// What is made, and the nodes that make it: saved films before saved pictures, sounds and shown texts.
    fn outputs(&self) -> (Task, Vec<String>) {
        let mut kinds: [Vec<String>; 5] = Default::default();
        for (id, node) in &self.workflow.nodes {
            let class = node.class.as_str();
            let told = self.classes.get(class).and_then(Option::as_ref).map(|class| class.is_output);
            let by_name =
                ["Save", "Preview", "VHS_VideoCombine", "ShowText", "Output"].iter().any(|name| class.contains(name));
            if told == Some(false) || told.is_none() && !by_name {
                continue;
            }
            let has = |words: &[&str]| words.iter().any(|word| class.contains(word));
            let at = match () {
                () if has(&["Video", "WEBM", "AnimatedWEBP", "AnimatedPNG"]) => 0,
                () if has(&["Audio"]) => 3,
                () if has(&["Any", "Text", "String"]) => 4,
                () if has(&["Image"]) && !has(&["Preview"]) => 1,
                () if has(&["Image"]) => 2,
                () => continue,
            };
            kinds[at].push(id.clone());
        }
        let [films, pictures, shown, sounds, texts] = kinds;
        let music =
            self.workflow.nodes.values().any(|node| node.class.contains("AceStep") || node.class.contains("Music"));
        let sound = if music { Task::Music } else { Task::Sound };
        let ways =
            [(Task::Video, films), (Task::Image, pictures), (Task::Image, shown), (sound, sounds), (Task::Text, texts)];
        ways.into_iter().find(|(_, ids)| !ids.is_empty()).unwrap_or((Task::Image, Vec::new()))
    }

    /// The literal that a value comes from: its own, or that of a primitive which it is linked to.
    fn literal(&self, id: &'a str, input: &'a str) -> Option<(&'a str, &'a str)> {
        let (mut id, mut input) = (id, input);
        for _ in 0..MOST_STEPS {
            let node = self.workflow.nodes.get(id)?;
            let (name, value) = node.inputs.get_key_value(input)?;
            let Some((from, _)) = link(value) else { return Some((id, name)) };
            let source = self.workflow.nodes.get(from)?;
            // A node that only passes a value on: a primitive, or one that has a single input.
            let inner =
                ["value", "text", "string", "int", "seed"].iter().find(|name| source.inputs.contains_key(**name));
            let inner = inner.copied().or_else(|| match source.inputs.len() {
                1 => source.inputs.keys().next().map(String::as_str),
                _ => None,
            })?;
            (id, input) = (from, inner);
        }
        None
    }

    fn texts(&self, found: &mut Found<'_>) {
        let nodes = || self.workflow.nodes.iter();
        let ends = |name: &'static str| {
            nodes().filter_map(move |(_, node)| node.inputs.get(name).and_then(link)).map(|(id, _)| id)
        };
        let positive = ends("positive").chain(ends("conditioning").filter(|_| ends("positive").next().is_none()));
        for (id, input) in positive.flat_map(|id| self.above(id, "negative")).collect::<Vec<_>>() {
            found.bind(Role::Prompt, id, input);
        }
        for (id, input) in ends("negative").flat_map(|id| self.above(id, "positive")).collect::<Vec<_>>() {
            found.bind(Role::Negative, id, input);
        }
        if found.rows.iter().any(|row| row.fills == Role::Prompt) {
            return;
        }
        // No sampler: by titles, or the only text.
        let texts: Vec<_> = nodes()
            .filter_map(|(id, node)| Some((id.as_str(), self.text_of(id)?, node.title.to_lowercase())))
            .collect();
        let says = |words: &[&str], title: &str| words.iter().any(|word| title.contains(word));
        for (id, (at, input), title) in &texts {
            if says(&["negative"], title) {
                found.bind(Role::Negative, at, input);
            } else if says(&["prompt", "positive"], title) || texts.len() == 1 && *id == *at {
                found.bind(Role::Prompt, at, input);
            }
        }
    }

    /// Texts that a conditioning comes from: the nearest ones upwards. A node with both kinds passes each on under its
    /// own name, so that the `other` one is not followed.
    fn above(&self, start: &'a str, other: &str) -> Vec<(&'a str, &'a str)> {
        let mut found = Vec::new();
        let mut seen = BTreeSet::new();
        let mut open = vec![start];
        while let Some(id) = open.pop() {
            let Some(node) = self.workflow.nodes.get(id).filter(|_| seen.insert(id)) else { continue };
            match self.text_of(id) {
                Some(text) => found.push(text),
                // A conditioning of nothing asks for nothing.
                None if node.class == "ConditioningZeroOut" => {}
                None => {
                    let aside = ["model", "vae", "clip", "image", "latent", "clip_vision_output", other];
                    let links = node.inputs.iter().filter(|(name, _)| !aside.contains(&name.as_str()));
                    open.extend(links.filter_map(|(_, value)| link(value)).map(|(id, _)| id));
                }
            }
        }
        found
    }

    /// Where a node's text is, if it holds one.
    fn text_of(&self, id: &'a str) -> Option<(&'a str, &'a str)> {
        let node = self.workflow.nodes.get(id)?;
        let by_class = ["TextEncode", "String", "Text", "Prompt"].iter().any(|word| node.class.contains(word));
        let name = TEXTS.iter().copied().find(|name| {
            let told = self.input(node, name);
            let is_text = told.map_or(by_class, |input| input.kind == "STRING");
            is_text && node.inputs.contains_key(*name)
        })?;
        let (at, input) = self.literal(id, name)?;
        self.workflow.nodes[at].inputs[input].is_string().then_some((at, input))
    }

    fn numbers(&self, task: Task, found: &mut Found<'_>) {
        let nodes: Vec<_> = self.workflow.nodes.iter().collect();
        let mut bind = |role: &Role, id: &'a str, input: &'a str| {
            if let Some((at, name)) = self.literal(id, input)
                && self.workflow.nodes[at].inputs[name].is_number()
            {
                found.bind(role.clone(), at, name);
            }
        };
        for (id, node) in &nodes {
            for name in ["seed", "noise_seed"].into_iter().filter(|name| node.inputs.contains_key(*name)) {
                bind(&Role::Seed, id, name);
            }
        }
        for (id, node) in &nodes {
            let has = |name: &str| node.inputs.contains_key(name);
            // Where pictures begin: a canvas, or a node that makes a film's latent out of a picture.
            let begins = node.class.starts_with("Empty") || has("batch_size") || has("length");
            if begins && has("width") && has("height") {
                bind(&Role::Width, id, "width");
                bind(&Role::Height, id, "height");
            }
            if task == Task::Video {
                let names = ["length", "num_frames", "video_frames"].into_iter().filter(|name| has(name));
                names.for_each(|name| bind(&Role::Frames, id, name));
                if node.class == "EmptyImage" && has("batch_size") {
                    bind(&Role::Frames, id, "batch_size");
                }
            }
        }
    }

    fn files(&self, task: Task, found: &mut Found<'_>) {
        let is_visual = matches!(task, Task::Image | Task::Video);
        for (id, node) in &self.workflow.nodes {
            let class = node.class.as_str();
            let by_name = |name: &str| LOADERS.contains(&(class, name));
            let is_file = |name: &&String| self.input(node, name).map_or(by_name(name), |input| input.is_upload);
            let Some(name) = node.inputs.keys().find(is_file) else { continue };
            let mut words = vec![node.title.to_lowercase()];
            words.extend(self.uses(id));
            let says = |list: &[&str]| words.iter().any(|word| list.iter().any(|it| word.contains(it)));
            let has = |role: &Role| found.rows.iter().any(|row| row.fills == *role);
            let role = match task {
                // There is one of each. What makes sound alone is given neither.
                _ if class.contains("Video") => (is_visual && !has(&Role::Source)).then_some(Role::Source),
                _ if class.contains("Audio") => (task == Task::Video && !has(&Role::Audio)).then_some(Role::Audio),
                _ if !class.contains("Image") => None,
                _ if class.contains("Mask") || self.is_mask(id) => {
                    (is_visual && !has(&Role::Mask)).then_some(Role::Mask)
                }
                _ if says(LAST) => Some(Role::LastFrame),
                _ if says(FIRST) => Some(Role::FirstFrame),
                _ if says(REFERENCE) => Some(Role::Reference),
                // What a mask is for, and what a film starts from.
                Task::Video if !has(&Role::FirstFrame) => Some(Role::FirstFrame),
                Task::Image if self.has_mask() && !has(&Role::FirstFrame) => Some(Role::FirstFrame),
                _ => Some(Role::Reference),
            };
            if let Some(role) = role {
                found.bind(role, id, name);
            }
        }
    }

    /// A picture that is only made a mask of.
    fn is_mask(&self, id: &str) -> bool {
        let links = self.workflow.nodes.values().flat_map(|node| node.inputs.values().map(move |value| (node, value)));
        let mut used = links.filter(|(_, value)| link(value).is_some_and(|(from, _)| from == id)).peekable();
        used.peek().is_some() && used.all(|(node, _)| node.class.contains("ToMask"))
    }

    /// A part of a picture is made anew by a file of its own.
    fn has_mask(&self) -> bool {
        let nodes = &self.workflow.nodes;
        nodes
            .iter()
            .any(|(id, node)| node.class.contains("LoadImage") && (node.class.contains("Mask") || self.is_mask(id)))
    }

    /// Names of the inputs that a node's output goes into, through a few nodes.
    fn uses(&self, id: &str) -> Vec<String> {
        let mut words = Vec::new();
        let mut level = vec![id.to_owned()];
        for _ in 0..3 {
            let mut next = Vec::new();
            for (to, node) in &self.workflow.nodes {
                for (name, value) in &node.inputs {
                    if link(value).is_some_and(|(from, _)| level.iter().any(|it| it == from)) {
                        words.push(name.to_lowercase());
                        next.push(to.clone());
                    }
                }
            }
            level = next;
        }
        words
    }

    fn options(&self, found: &mut Found<'_>) {
        for (id, node) in self.workflow.nodes.iter().filter(|(_, node)| node.inputs.contains_key("steps")) {
            for name in OPTIONS
                .iter()
                .filter(|name| node.inputs.get(**name).is_some_and(|it| !it.is_array() && !it.is_object()))
            {
                found.bind(Role::Option((*name).to_owned()), id, name);
            }
        }
    }

    fn limits(&self, task: Task, rows: &[Bound]) -> Bounds {
        let mut limits = Bounds::default();
        let told = |row: &Bound| self.input(self.workflow.nodes.get(&row.id)?, &row.input);
        let bound = |role: Role| rows.iter().filter(move |row| row.fills == role);
        let steps =
            bound(Role::Width).chain(bound(Role::Height)).map(|row| match told(row).and_then(|input| input.step) {
                Some(step) => whole(step),
                None if row.class == "EmptyImage" => 1,
                None if task == Task::Video => 16,
                None => 8,
            });
        limits.size_step = steps.max().unwrap_or(1);
        let sides = bound(Role::Width).chain(bound(Role::Height)).filter_map(|row| told(row)?.most);
        limits.longest_side = sides.map(whole).min().unwrap_or(0).min(1 << 16);
        if let Some(row) = bound(Role::Frames).next() {
            let told = told(row);
            limits.frames_step = told.and_then(|input| input.step).map_or(1, whole);
            let least = told.and_then(|input| input.least).map_or(0, whole);
            limits.frames_plus = if 1 < limits.frames_step { least % limits.frames_step } else { 0 };
            if told.is_none() && row.input == "length" {
                // What latent films of today take: one more than a multiple of four.
                (limits.frames_step, limits.frames_plus) = (4, 1);
            }
        }
        if task == Task::Video {
            let rate = |node: &Node| ["fps", "frame_rate"].iter().find_map(|name| node.inputs.get(*name)?.as_f64());
            limits.fps =
                self.workflow.nodes.values().find_map(rate).filter(|rate| (1.0..=240.0).contains(rate)).unwrap_or(0.0);
        }
        limits
    }
}

/// A bound out of a server's answer.
fn whole(number: f64) -> u32 {
    if (1.0..=65_536.0).contains(&number) { number as u32 } else { 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> (Task, Vec<String>) {
        let workflow = Workflow::parse("x", text).expect("it reads");
        let found = suggest("x", &workflow, &Classes::new());
        assert!(found.resolve("x", &workflow).is_ok());
        (found.task, found.inputs.iter().map(|row| format!("{} = #{} {}", row.fills, row.id, row.input)).collect())
    }

    #[test]
    fn the_prompt_is_what_the_sampler_wants() {
        let (task, rows) = rows(
            r#"{
            "7": { "class_type": "CLIPTextEncode", "inputs": { "text": "blur", "clip": ["4", 1] } },
            "6": { "class_type": "CLIPTextEncode", "inputs": { "text": ["10", 0], "clip": ["4", 1] } },
            "10": { "class_type": "PrimitiveStringMultiline", "inputs": { "value": "a lamp" } },
            "11": { "class_type": "FluxGuidance", "inputs": { "conditioning": ["6", 0], "guidance": 3.5 } },
            "4": { "class_type": "CheckpointLoaderSimple", "inputs": { "ckpt_name": "m.safetensors" } },
            "5": { "class_type": "EmptyLatentImage", "inputs": { "width": 512, "height": 512, "batch_size": 1 } },
            "3": { "class_type": "KSampler", "inputs": { "seed": 5, "steps": 20, "cfg": 8.0, "sampler_name": "euler",
                "scheduler": "normal", "denoise": 1.0, "model": ["4", 0], "positive": ["11", 0], "negative": ["7", 0],
                "latent_image": ["5", 0] } },
            "8": { "class_type": "VAEDecode", "inputs": { "samples": ["3", 0], "vae": ["4", 2] } },
            "9": { "class_type": "SaveImage", "inputs": { "images": ["8", 0], "filename_prefix": "x" } },
            "20": { "class_type": "PreviewImage", "inputs": { "images": ["8", 0] } }
        }"#,
        );
        assert_eq!(task, Task::Image);
        assert_eq!(
            rows,
            [
                "prompt = #10 value",
                "negative = #7 text",
                "seed = #3 seed",
                "width = #5 width",
                "height = #5 height",
                "option steps = #3 steps",
                "option cfg = #3 cfg",
                "option denoise = #3 denoise",
                "option sampler_name = #3 sampler_name",
                "option scheduler = #3 scheduler",
            ]
        );
    }

    #[test]
    fn a_mask_is_told_from_the_picture_that_it_is_for() {
        let (task, rows) = rows(
            r#"{
            "1": { "class_type": "LoadImage", "inputs": { "image": "mask.png" } },
            "2": { "class_type": "LoadImage", "inputs": { "image": "house.png" } },
            "3": { "class_type": "ImageToMask", "inputs": { "image": ["1", 0], "channel": "red" } },
            "4": { "class_type": "InpaintModelConditioning", "inputs": { "pixels": ["2", 0], "mask": ["3", 0] } },
            "5": { "class_type": "VAEDecode", "inputs": { "samples": ["4", 2] } },
            "6": { "class_type": "SaveImage", "inputs": { "images": ["5", 0], "filename_prefix": "x" } }
        }"#,
        );
        assert_eq!(
            (task, rows),
            (Task::Image, vec!["mask = #1 image".to_owned(), "first_frame = #2 image".to_owned()])
        );
    }

    #[test]
    fn key_frames_are_told_by_where_they_go() {
        let (task, rows) = rows(
            r#"{
            "1": { "class_type": "LoadImage", "inputs": { "image": "b.png" } },
            "2": { "class_type": "LoadImage", "inputs": { "image": "a.png" } },
            "3": { "class_type": "CLIPTextEncode", "inputs": { "text": "fog" } },
            "4": { "class_type": "CLIPTextEncode", "inputs": { "text": "rain" } },
            "5": { "class_type": "WanFirstLastFrameToVideo", "inputs": { "positive": ["3", 0], "negative": ["4", 0],
                "width": 832, "height": 480, "length": 81, "start_image": ["2", 0], "end_image": ["1", 0] } },
            "6": { "class_type": "KSampler", "inputs": { "seed": 1, "positive": ["5", 0], "negative": ["5", 1],
                "latent_image": ["5", 2] } },
            "7": { "class_type": "VAEDecode", "inputs": { "samples": ["6", 0] } },
            "8": { "class_type": "CreateVideo", "inputs": { "images": ["7", 0], "fps": 16 } },
            "9": { "class_type": "SaveVideo", "inputs": { "video": ["8", 0], "filename_prefix": "v" } }
        }"#,
        );
        assert_eq!(task, Task::Video);
        assert_eq!(
            rows,
            [
                "prompt = #3 text",
                "negative = #4 text",
                "seed = #6 seed",
                "width = #5 width",
                "height = #5 height",
                "frames = #5 length",
                "last_frame = #1 image",
                "first_frame = #2 image",
            ]
        );
    }
}
