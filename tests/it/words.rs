//! Language models from outside: graphs that ask a chat server on loopback, and films made of its answers.

use std::path::Path;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::helpers::{LONGEST, Outcome, gst, serve, start_with};

/// A chat server that gives these answers, the last one for ever; gives its address and what it was asked.
fn chat(answers: &[&str]) -> (String, Arc<Mutex<Vec<Value>>>) {
    let answers: Vec<String> = answers.iter().map(|it| (*it).to_owned()).collect();
    let asked: Arc<Mutex<Vec<Value>>> = Arc::default();
    let heard = asked.clone();
    let address = serve(move |path, body| {
        assert_eq!(path, "/v1/chat/completions");
        let mut heard = heard.lock().unwrap();
        let answer = &answers[heard.len().min(answers.len() - 1)];
        heard.push(serde_json::from_slice(body).unwrap());
        let message = json!({ "role": "assistant", "content": answer });
        ("application/json", json!({ "choices": [{ "message": message }] }).to_string().into_bytes())
    });
    (address, asked)
}

#[track_caller]
fn call(folder: &Path, args: &[&str], address: &str) -> Outcome {
    start_with(folder, args, &[("CHAT_SERVER_URL", address)]).wait(LONGEST)
}

const CHAT: &str = r#""model": "chat-server/chat", "options": ["model=m"]"#;

/// The question of the n-th request.
fn question(asked: &Mutex<Vec<Value>>, n: usize) -> String {
    let asked = asked.lock().unwrap();
    let messages = asked[n]["messages"].as_array().unwrap();
    messages.last().unwrap()["content"][0]["text"].as_str().unwrap().to_owned()
}

#[test]
fn an_answer_becomes_a_film_is_kept_and_has_takes() {
    if gst().is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let graph = format!(
        r#"(
    throughline: 1,
    settings: (size: (160, 90), fps: (12, 1)),
    nodes: {{
        "ask": (kind: "text.chat", version: 1, params: {{ "prompt": "A place at sea, in five words.", {CHAT} }}),
        "generate": (kind: "model.video", version: 1, params: {{ "seconds": 0.5 }}),
        "film": (kind: "output.film", version: 1, params: {{ "file": "film.mp4" }}),
    }},
    links: {{ "generate.prompt": "ask.text", "film.clips": "generate.clip" }},
)
"#
    );
    std::fs::write(folder.path().join("g.ron"), &graph).unwrap();
    let (address, asked) = chat(&["A lighthouse on black rocks.", "A harbour in fog."]);
    let planned = call(folder.path(), &["plan", "g.ron"], &address).expect(0).out;
    assert!(planned.contains("ask") && planned.contains("call (chat-server/chat 1)"), "{planned}");
    assert_eq!(asked.lock().unwrap().len(), 0, "a plan asks nobody");

    call(folder.path(), &["run", "g.ron"], &address).expect(0);
    assert_eq!(question(&asked, 0), "A place at sea, in five words.");
    let again = call(folder.path(), &["run", "g.ron"], &address).expect(0);
    assert!(again.last().starts_with("ran 0, "), "{}", again.out);
    let told = call(folder.path(), &["explain", "g.ron", "ask"], &address).expect(0).out;
    assert!(told.contains("call.prompt = A place at sea, in five words."), "{told}");
    assert!(told.contains("model chat-server/chat 1: the graph names it"), "{told}");

    // Another take asks anew; the first one is still there, without a server.
    let second = graph.replace("links:", "takes: { \"ask\": (take: 2, pinned: true) },\n    links:");
    std::fs::write(folder.path().join("g.ron"), &second).unwrap();
    call(folder.path(), &["run", "g.ron"], &address).expect(0);
    assert_eq!(asked.lock().unwrap().len(), 2);
    std::fs::write(folder.path().join("g.ron"), second.replace("five words", "six words")).unwrap();
    call(folder.path(), &["run", "g.ron"], &address).expect(0);
    std::fs::write(folder.path().join("g.ron"), &graph).unwrap();
    call(folder.path(), &["run", "g.ron"], "http://127.0.0.1:9").expect(0);
    assert_eq!(asked.lock().unwrap().len(), 2, "a pinned take stands for its question, and nothing is asked twice");
}

#[test]
fn a_wrong_answer_goes_back_once_and_then_fails_with_what_came() {
    let folder = tempfile::tempdir().unwrap();
    let graph = |prompt: &str| {
        let schema = r#"{ \"type\": \"object\", \"required\": [\"mood\"] }"#;
        let text = format!(
            r#"(
    throughline: 1,
    nodes: {{
        "ask": (kind: "text.chat", version: 1, params: {{ "prompt": "{prompt}", "schema": "{schema}", {CHAT} }}),
        "out": (kind: "output.text", version: 1, params: {{ "file": "mood.txt" }}),
    }},
    links: {{ "out.text": "ask.text" }},
)
"#
        );
        std::fs::write(folder.path().join("g.ron"), text).unwrap();
    };
    graph("Which mood?");
    let (address, asked) = chat(&["grey", "```json\n{\"mood\": \"grey\"}\n```"]);
    let ran = call(folder.path(), &["run", "g.ron"], &address).expect(0);
    assert!(ran.err.contains("warning[answer-mended]"), "{}", ran.err);
    assert_eq!(std::fs::read_to_string(folder.path().join("mood.txt")).unwrap(), "{\"mood\": \"grey\"}");
    assert_eq!(asked.lock().unwrap().len(), 2);
    assert_eq!(asked.lock().unwrap()[0]["response_format"]["json_schema"]["schema"]["required"], json!(["mood"]));
    assert!(question(&asked, 1).contains("You have answered:\ngrey"), "{}", question(&asked, 1));

    graph("And now?");
    let (address, asked) = chat(&["never JSON"]);
    let failed = call(folder.path(), &["run", "g.ron"], &address).expect(1);
    assert!(failed.err.contains("the model's answer is of no use, and it could not mend it"), "{}", failed.err);
    assert!(failed.err.contains("it says: never JSON"), "{}", failed.err);
    assert_eq!(asked.lock().unwrap().len(), 2);
    // Both answers are paid and kept: to run again is not to ask again.
    call(folder.path(), &["run", "g.ron"], &address).expect(1);
    assert_eq!(asked.lock().unwrap().len(), 2);
}

#[test]
fn an_idea_becomes_directed_shots_whose_number_nobody_knows_before() {
    let folder = tempfile::tempdir().unwrap();
    let graph = format!(
        r#"(
    throughline: 1,
    nodes: {{
        "idea": (kind: "structure.idea", version: 1, params: {{ "idea": "A dark lamp.", "seconds": 8.0, {CHAT} }}),
        "shots": (kind: "structure.breakdown_model", version: 1, params: {{ {CHAT} }}),
        "prompt": (kind: "prompt.compose", version: 1),
        "out": (kind: "output.text", version: 1, params: {{ "file": "{{element}}.txt" }}),
    }},
    links: {{ "shots.script": "idea.script", "prompt.shot": "shots.shots", "out.text": "prompt.prompt" }},
)
"#
    );
    std::fs::write(folder.path().join("g.ron"), graph).unwrap();
    let script = "INT. LAMP ROOM - NIGHT\n\nMARA lifts the lantern. The glass is dark.\n\nMARA\nIt has stopped.\n";
    let directed = r#"{"shots": [{"shot": "S1", "size": "ECU"}]}"#;
    let (address, asked) = chat(&[script, directed]);
    let planned = call(folder.path(), &["plan", "g.ron"], &address).expect(0).out;
    assert!(planned.contains("its elements are unknown until"), "{planned}");
    call(folder.path(), &["run", "g.ron"], &address).expect(0);
    assert_eq!(asked.lock().unwrap().len(), 2);
    let first = std::fs::read_to_string(folder.path().join("s1.b1.txt")).unwrap();
    assert!(first.contains("Camera: extreme close-up"), "{first}");
    assert!(folder.path().join("s1.b2.txt").exists());
}
