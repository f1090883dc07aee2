//! ComfyUI from outside: a workflow is imported, checked, listed and run by the real program on a server of the test's
//! own, which speaks as much of the protocol as one picture needs.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::helpers::{LONGEST, Outcome, gst, root, start_with};

const WORKFLOW: &str = r#"{
    "1": { "class_type": "Sampler", "inputs": { "seed": 1, "positive": ["2", 0] } },
    "2": { "class_type": "TextEncode", "inputs": { "text": "a cat" }, "_meta": { "title": "Words" } },
    "3": { "class_type": "SaveImage", "inputs": { "images": ["1", 0], "filename_prefix": "x" } }
}"#;

const GRAPH: &str = r#"(
    throughline: 1,
    settings: (size: (320, 180), fps: (24, 1)),
    nodes: {
        "generate": (kind: "model.image", version: 1, params: { "prompt": "a lamp in fog", "model": "comfy/lamp" }),
        "still": (kind: "output.still", version: 1, params: { "file": "lamp.png" }),
    },
    links: { "still.image": "generate.image" },
)
"#;

/// A server with one picture for everybody; what was submitted is kept.
fn serve() -> (String, Arc<Mutex<Vec<Value>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let submits: Arc<Mutex<Vec<Value>>> = Arc::default();
    let kept = submits.clone();
    // It ends with the test's process.
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let kept = kept.clone();
            std::thread::spawn(move || answer(stream, &kept));
        }
    });
    (address, submits)
}

fn class(name: &str) -> Value {
    let class = |required: Value, output: &[&str], is_output: bool| json!({ name: { "input": { "required": required }, "output": output, "output_node": is_output } });
    match name {
        "Sampler" => class(json!({ "seed": ["INT", { "min": 0 }], "positive": ["CONDITIONING"] }), &["IMAGE"], false),
        "TextEncode" => class(json!({ "text": ["STRING", { "multiline": true }] }), &["CONDITIONING"], false),
        "SaveImage" => class(json!({ "images": ["IMAGE"], "filename_prefix": ["STRING"] }), &[], true),
        _ => json!({}),
    }
}

fn answer(stream: TcpStream, submits: &Mutex<Vec<Value>>) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let (mut first, mut length) = (String::new(), 0);
    reader.read_line(&mut first).ok()?;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
        if line.trim().is_empty() {
            break;
        }
    }
    let mut sent = Vec::new();
    reader.take(length).read_to_end(&mut sent).ok()?;
    let mut words = first.split_whitespace();
    let (method, target) = (words.next()?, words.next()?);
    let body = match (method, target) {
        ("POST", "/prompt") => {
            let sent: Value = serde_json::from_slice(&sent).ok()?;
            let id = sent["prompt_id"].clone();
            submits.lock().ok()?.push(sent);
            json!({ "prompt_id": id, "number": 0, "node_errors": {} })
        }
        ("GET", "/prompt") => json!({ "exec_info": { "queue_remaining": 0 } }),
        ("GET", "/system_stats") => {
            json!({ "system": { "comfyui_version": "0.26.0" }, "devices": [{ "name": "cpu" }] })
        }
        _ if target.starts_with("/object_info/") => class(target.trim_start_matches("/object_info/")),
        _ if target.starts_with("/history/") => {
            let outputs = json!({ "3": { "images": [{ "filename": "x.png", "subfolder": "", "type": "output" }] } });
            json!({ target.trim_start_matches("/history/"): { "outputs": outputs, "status": { "status_str": "success", "messages": [] } } })
        }
        _ => Value::Null,
    };
    let body = match target {
        _ if target.starts_with("/view?") => std::fs::read(root().join("graphs/refs/dusk.png")).ok()?,
        _ => body.to_string().into_bytes(),
    };
    let status = if body == b"null" { "404 Not Found" } else { "200 OK" };
    let head = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
    let mut stream = stream;
    stream.write_all(head.as_bytes()).ok()?;
    stream.write_all(&body).ok()
}

#[track_caller]
fn call(folder: &Path, args: &[&str], address: &str) -> Outcome {
    start_with(folder, args, &[("COMFYUI_URL", address)]).wait(LONGEST)
}

#[test]
fn an_exported_workflow_becomes_a_model_and_makes_a_picture() {
    if gst().is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("export.json", WORKFLOW);
    write("g.ron", GRAPH);
    let (address, submits) = serve();
    let call = |args: &[&str]| call(folder.path(), args, &address);

    let unknown = call(&["run", "g.ron"]).expect(1);
    assert!(unknown.err.contains("there is no model `comfy/lamp`"), "{}", unknown.err);

    let imported = call(&["comfy", "import", "export.json", "--name", "lamp"]).expect(0);
    assert!(imported.out.contains("prompt  Words (#2, TextEncode)  text = \"a cat\""), "{}", imported.out);
    let twice = call(&["comfy", "import", "export.json", "--name", "lamp"]).expect(2);
    assert!(twice.err.contains("error[comfy-exists]"), "{}", twice.err);
    let shown = call(&["--json", "comfy", "bindings", "lamp"]).expect(0).json();
    assert_eq!(shown[0]["bindings"][0]["fills"], "prompt");
    assert!(call(&["comfy", "check", "lamp"]).expect(0).out.ends_with("it can run\n"));
    assert!(call(&["comfy", "servers"]).expect(0).out.contains("idle  ComfyUI 0.26.0  cpu"));
    let listed = call(&["models", "comfy"]).expect(0).out;
    assert!(listed.contains("comfy/lamp  image  free  ready   words alone, seed"), "{listed}");
    assert!(call(&["models", "check", "comfy"]).expect(0).out.contains("ComfyUI  works"));

    let made = call(&["run", "g.ron"]).expect(0);
    let sent = submits.lock().unwrap().clone();
    assert_eq!(sent.len(), 1, "{}\n{}", made.out, made.err);
    assert_eq!(sent[0]["prompt"]["2"]["inputs"]["text"], "a lamp in fog");
    assert!(folder.path().join("lamp.png").is_file());
    call(&["run", "g.ron"]).expect(0);
    assert_eq!(submits.lock().unwrap().len(), 1, "what is made stays");

    // Another workflow under the same name is another model: its picture is made.
    write("export.json", &WORKFLOW.replace("\"seed\": 1", "\"seed\": 1, \"steps\": 9"));
    call(&["comfy", "import", "export.json", "--name", "lamp", "--again"]).expect(0);
    call(&["run", "g.ron"]).expect(0);
    assert_eq!(submits.lock().unwrap().len(), 2);
    write("export.json", &WORKFLOW.replace("SaveImage", "SaveNothingKnown"));
    let faults = call(&["comfy", "check", "export.json"]).expect(1).out;
    assert!(faults.contains("the server has no class `SaveNothingKnown`"), "{faults}");
}

#[test]
fn a_projects_workflow_waits_for_its_users_word() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("lamp.json", WORKFLOW);
    write("g.ron", GRAPH);
    let call = |args: &[&str]| call(folder.path(), args, "http://127.0.0.1:9");
    // Somebody else made the project.
    call(&["comfy", "import", "lamp.json", "--project", "."]).expect(0);
    std::fs::remove_file(folder.path().join("throughline/comfy/allowed")).unwrap();
    let planned = call(&["explain", "g.ron", "generate"]).expect(2).err;
    assert!(planned.contains("came with the project and is not allowed yet"), "{planned}");
    assert!(planned.contains("throughline comfy allow"), "{planned}");
    call(&["comfy", "allow", "comfy/lamp.json"]).expect(0);
    let explained = call(&["explain", "g.ron", "generate"]).expect(0).out;
    assert!(explained.contains("model comfy/lamp"), "{explained}");
    // By its content, not by its name.
    let text = std::fs::read_to_string(folder.path().join("comfy/lamp.json")).unwrap();
    write("comfy/lamp.json", &text.replace("\"seed\": 1", "\"seed\": 2"));
    call(&["explain", "g.ron", "generate"]).expect(2);
}

#[test]
fn what_is_no_workflow_is_explained() {
    let folder = tempfile::tempdir().unwrap();
    let told = |name: &str, bytes: &[u8]| {
        std::fs::write(folder.path().join(name), bytes).unwrap();
        call(folder.path(), &["comfy", "import", name], "http://127.0.0.1:9").expect(2).err
    };
    let ui = told("ui.json", br#"{"nodes": [], "links": [], "version": 0.4}"#);
    assert!(ui.contains("error[comfy-ui-format]") && ui.contains("File > Export (API)"), "{ui}");
    assert!(told("x.json", b"{}").contains("error[comfy-workflow]"));
    let plain = std::fs::read(root().join("graphs/refs/dusk.png")).unwrap();
    assert!(told("plain.png", &plain).contains("holds no ComfyUI workflow"));
    assert!(told("x.bin", b"\xff\xfe\xff\xfe and more than that").contains("neither text, PNG nor MP4"));
    assert!(told("gone away.json", WORKFLOW.as_bytes()).contains("error[comfy-name]"));
}
