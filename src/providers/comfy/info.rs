//! What a server says about its classes of nodes (`/object_info`): inputs with types, bounds and choices, outputs.
//!
//! Both ways of writing choices are read, and inputs that grow. What is not understood is left unjudged: a check that
//! refuses what the server would take is worse than one that misses something.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// One class.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Class {
    pub inputs: BTreeMap<String, Input>,
    /// Types of its outputs.
    pub outputs: Vec<String>,
    /// Its results are what a run is for.
    pub is_output: bool,
}

/// One input of a class.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Input {
    /// `INT`, `IMAGE`, `INT,FLOAT`, `*`; `COMBO` where it is a choice.
    pub kind: String,
    pub is_required: bool,
    /// What a choice may be; none where the server does not say.
    pub choices: Option<Vec<Value>>,
    pub least: Option<f64>,
    pub most: Option<f64>,
    pub step: Option<f64>,
    pub is_multiline: bool,
    /// It names a file that can be uploaded.
    pub is_upload: bool,
    /// Fewest of an input that grows.
    pub fewest: u64,
}

/// Classes by name; none where the server has no such class.
pub type Classes = BTreeMap<String, Option<Class>>;

impl Class {
    /// Reads one class out of the server's answer; none where it is not in there.
    pub fn of(answer: &Value, name: &str) -> Option<Class> {
        let told = answer.get(name)?.as_object()?;
        let mut class =
            Class { is_output: told.get("output_node").and_then(Value::as_bool) == Some(true), ..Class::default() };
        for (section, is_required) in [("required", true), ("optional", false)] {
            let inputs = told.get("input").and_then(|input| input.get(section)).and_then(Value::as_object);
            for (name, spec) in inputs.into_iter().flatten() {
                class.inputs.insert(name.clone(), Input::of(spec, is_required));
            }
        }
        let outputs = told.get("output").and_then(Value::as_array);
        class.outputs = outputs.into_iter().flatten().map(|kind| kind.as_str().unwrap_or("COMBO").to_owned()).collect();
        Some(class)
    }

    /// The input that a key of a workflow is for: `images.image0` is for the growing input `images`.
    pub fn input(&self, key: &str) -> Option<&Input> {
        self.inputs.get(key).or_else(|| {
            let (before, _) = key.split_once('.')?;
            self.inputs.get(before).filter(|input| input.grows())
        })
    }
}

impl Input {
    fn of(spec: &Value, is_required: bool) -> Input {
        let (kind, options) = match spec.as_array().map(Vec::as_slice) {
            Some([kind, options, ..]) => (kind, options.as_object()),
            Some([kind]) => (kind, None),
            _ => (&Value::Null, None),
        };
        let none = Map::new();
        let options = options.unwrap_or(&none);
        let flag = |name: &str| options.get(name).and_then(Value::as_bool) == Some(true);
        let number = |name: &str| options.get(name).and_then(Value::as_f64);
        let uploads = ["image_upload", "video_upload", "audio_upload", "file_upload"];
        let listed = match kind {
            Value::Array(all) => Some(all.clone()),
            _ => options.get("options").and_then(Value::as_array).cloned(),
        };
        let is_many = flag("multiselect") || options.contains_key("multi_select");
        Input {
            kind: kind.as_str().unwrap_or("COMBO").to_owned(),
            is_required,
            // An empty list is filled in elsewhere, most often by the front end.
            choices: listed.filter(|all| !all.is_empty() && !is_many && !options.contains_key("remote")),
            least: number("min"),
            most: number("max"),
            step: number("step"),
            is_multiline: flag("multiline"),
            is_upload: uploads.iter().any(|name| flag(name)),
            fewest: options
                .get("template")
                .and_then(|template| template.get("min"))
                .or_else(|| options.get("min"))
                .and_then(Value::as_u64)
                .unwrap_or(0),
        }
    }

    /// It takes any number of values, each under a key of its own.
    pub fn grows(&self) -> bool {
        self.kind.starts_with("COMFY_AUTOGROW") || self.kind.starts_with("COMFY_DYNAMIC")
    }

    /// Nobody can tell from its type what it takes.
    pub fn is_open(&self) -> bool {
        self.kind.is_empty() || self.kind == "*" || self.kind.starts_with("COMFY_")
    }

    /// Whether an output of a type may be linked to it.
    pub fn takes(&self, output: &str) -> bool {
        let any = |kind: &str| kind == "*" || kind.is_empty() || kind.starts_with("COMFY_");
        if self.is_open() || any(output) {
            return true;
        }
        let parts = |text: &str| text.split(',').map(|part| part.trim().to_owned()).collect::<Vec<_>>();
        let (own, given) = (parts(&self.kind), parts(output));
        own.iter().any(|kind| given.contains(kind) || any(kind)) || given.iter().any(|kind| any(kind))
            // A text or another choice may feed a choice: the server looks at its value only.
            || self.kind == "COMBO" && given.iter().any(|kind| kind == "COMBO" || kind == "STRING")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn both_encodings_of_choices_and_growing_inputs_are_read() {
        let answer = json!({ "A": {
            "input": {
                "required": {
                    "old": [["a", "b"], { "tooltip": "x" }],
                    "new": ["COMBO", { "options": ["c"] }],
                    "steps": ["INT", { "min": 1, "max": 9, "step": 2 }],
                    "image": [["in.png"], { "image_upload": true }],
                    "values": ["COMFY_AUTOGROW_V3", { "template": { "min": 2 } }],
                },
                "optional": { "any": ["*"], "either": ["INT,FLOAT", {}] },
            },
            "output": ["IMAGE", ["x", "y"]],
            "output_node": true,
        }});
        assert_eq!(Class::of(&json!({}), "A"), None);
        let class = Class::of(&answer, "A").expect("it is there");
        assert_eq!((class.outputs.as_slice(), class.is_output), (&["IMAGE".to_owned(), "COMBO".to_owned()][..], true));
        assert_eq!(class.inputs["old"].choices, Some(vec![json!("a"), json!("b")]));
        assert_eq!(class.inputs["new"].choices, Some(vec![json!("c")]));
        assert_eq!((class.inputs["steps"].least, class.inputs["steps"].step), (Some(1.0), Some(2.0)));
        assert!(class.inputs["image"].is_upload && !class.inputs["any"].is_required);
        assert_eq!(class.input("values.a").map(|input| input.fewest), Some(2));
        assert_eq!(class.input("steps.a"), None);
        assert!(class.inputs["either"].takes("FLOAT") && !class.inputs["either"].takes("IMAGE"));
        assert!(class.inputs["any"].takes("IMAGE") && class.inputs["steps"].takes("*"));
        assert!(class.inputs["old"].takes("STRING") && !class.inputs["old"].takes("IMAGE"));
    }
}
