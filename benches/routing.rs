//! Choosing models for a film of a thousand shots among two hundred models.
//!
//! Prints figures and judges nothing, as `overhead` does. `routing` alone prints everything; `routing WHAT PASSES` does
//! just that work so many times, for a profiler to count.

use std::time::Instant;

use engine::models::{Asked, Models};
use model::policy::Policy;
use model::{Call, Digest, ModelChoice, Quality, Scope, Task};
use providers::manifest::{Date, Manifest};
use providers::router::{self, Aim, Candidate, Desk, Offer, together};
use providers::{Catalog, Keys};
use throughline::router::Router;

mod counting;

use counting::{instructions, say};

const N_SHOTS: usize = 1_000;
const N_MODELS: usize = 200;
const PASSES: usize = 21;

/// What is measured: a name, and what it stands for.
const WHAT: [(&str, &str); 4] = [
    ("words", "each shot by itself"),
    ("long", "prompts of different lengths, longer than some models take"),
    ("cast", "a hundred casts, each with one model"),
    ("session", "as a session asks: casts, digests, records in words"),
];

fn main() {
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with("--")).collect();
    if let [what, passes] = args.as_slice() {
        measured(what, passes.parse().expect("a number of passes"));
        return;
    }
    say("a thousand shots over two hundred models: median of runs, the slowest, and instructions of one (valgrind)");
    for (what, stands_for) in WHAT {
        let took = measured(what, PASSES);
        let (median, slowest) = (took[PASSES / 2], took[PASSES - 1]);
        let counted = instructions(&[what, "1"]).zip(instructions(&[what, "3"]));
        let counted = counted.map_or("no valgrind".to_owned(), |(one, three)| {
            format!("{:>6.1} M", three.saturating_sub(one) as f64 / 2e6)
        });
        say(&format!("{what:8} {median:>6.2} ms  {slowest:>6.2} ms  {counted}  {stands_for}"));
    }
}

/// Milliseconds of each pass, ascending.
fn measured(what: &str, passes: usize) -> Vec<f64> {
    let catalog = many();
    let entries = catalog.entries();
    let candidates: Vec<_> = entries.into_iter().map(|entry| Candidate::untried(Offer::Entry(entry))).collect();
    let aim = router::Policy::of(Aim::parse("balanced").expect("it is one"));
    let shots: Vec<Call> = (0..N_SHOTS).map(|n| shot(n, what == "long")).collect();
    let asked: Vec<(Digest, Scope)> = (0..).zip(&shots).map(|(n, shot)| (shot.digest(), scope(n))).collect();
    let keys: Vec<(String, &str)> = catalog
        .manifests()
        .flat_map(|manifest| manifest.credentials.iter().flat_map(|way| way.names.iter().cloned()))
        .map(|name| (name, "k"))
        .collect();
    let mut took = Vec::new();
    for _ in 0..passes {
        let started = Instant::now();
        let n_made = match what {
            "words" | "long" => {
                let mut desk = Desk::new(&candidates, &aim, TODAY);
                shots.iter().filter(|shot| desk.route(shot).is_ok()).count()
            }
            "cast" => {
                let mut desk = Desk::new(&candidates, &aim, TODAY);
                let one = |shots: &[Call]| {
                    let judged: Vec<_> = shots.iter().map(|shot| desk.judge(shot)).collect();
                    together(&judged, None, &candidates, &aim, "MARA").iter().filter(|it| it.is_ok()).count()
                };
                shots.chunks(N_SHOTS / 100).map(one).sum()
            }
            _ => {
                // A session remembers its answers: each pass is a session of its own.
                let names = keys.iter().map(|(name, value)| (name.as_str(), *value));
                let session = Router::over(many, Keys::fixed(names));
                let both = shots.iter().zip(&asked);
                let asked: Vec<_> =
                    both.map(|(call, (digest, scope))| Asked { call, digest: *digest, scope, at_work: None }).collect();
                session.choose(&Policy::default(), &asked).iter().filter(|it| it.is_ok()).count()
            }
        };
        took.push(started.elapsed().as_secs_f64() * 1e3);
        assert_eq!(n_made, N_SHOTS, "every shot has somebody");
    }
    took.sort_by(f64::total_cmp);
    took
}

const TODAY: Date = Date(2026, 11, 22);

/// The built-in models, some of them under several names.
fn many() -> Catalog {
    let catalog = Catalog::built_in();
    let n_known = catalog.entries().len();
    let n_copies = N_MODELS / n_known;
    let mut left = N_MODELS % n_known;
    let manifests: Vec<Manifest> = catalog.manifests().map(|manifest| (**manifest).clone()).collect();
    manifests.into_iter().fold(catalog, |catalog, mut manifest| {
        let known = std::mem::take(&mut manifest.models);
        for entry in &known {
            let more = usize::from(0 < left);
            left -= more;
            manifest.models.extend((0..n_copies + more).map(|n| {
                let mut copy = entry.clone();
                if 0 < n {
                    (copy.name, copy.id) = (format!("{}-{n}", entry.name), format!("{}-{n}", entry.id));
                }
                copy
            }));
        }
        catalog.with(manifest)
    })
}

fn shot(n: usize, is_long: bool) -> Call {
    let words = if is_long { "a lamp in fog. ".repeat(70) + &"x".repeat(n) } else { "a lamp in fog. ".repeat(20) };
    Call {
        model: ModelChoice::Named("balanced".to_owned()),
        quality: Quality::Final,
        size: (1280, 720),
        n_frames: 48 + n as u32 % 90,
        seed: n as u64,
        ..Call::new(Task::Video, format!("shot {n}: {words}"))
    }
}

/// A hundred characters, each in ten shots.
fn scope(n: usize) -> Scope {
    let character = format!("CHARACTER {}", n / 10);
    Scope::new("s1", &format!("s1.b{n}"), [character.as_str()])
}
