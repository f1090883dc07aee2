//! Full and read-only disks, for real: a tiny memory disk in a namespace of its own, in which this binary runs again.
//!
//! Permissions do not stop the superuser and limits on file size are not a full disk, hence the mount. Where the
//! system forbids it, the tests say that they were skipped.

#![cfg(target_os = "linux")]

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use engine::store::{Claim, Store, Trace};
use engine::worker::Artifacts;
use model::{Compute, Digest, Value, Work};

const DISK: &str = "THROUGHLINE_TEST_DISK";

fn trace(text: &str) -> Trace {
    let work = Work::Compute(Compute { op: "text".to_owned(), version: 1, args: BTreeMap::new() });
    let outputs = vec![("value".into(), Value::from(text))];
    Trace {
        outputs,
        work,
        model: None,
        cost: engine::money::Cost::Exact(1),
        seconds: 0.0,
        made_at: None,
        parts: vec![],
    }
}

fn say(line: &str) {
    // Past the test harness, which would keep it to itself.
    let mut out = std::io::stderr().lock();
    drop(out.write_all(line.as_bytes()));
}

/// Runs a test of this binary on a memory disk of 2 MiB after some more shell commands about it.
fn on_a_small_disk(test: &str, prepare: &str) {
    let folder = tempfile::tempdir().expect("a folder");
    let disk = folder.path().join("disk");
    std::fs::create_dir(&disk).expect("a folder");
    let mount = "mount -t tmpfs -o size=2m none \"$0\"";
    let in_namespace = |script: &str, args: &[&str]| {
        Command::new("unshare")
            .args(["--user", "--map-root-user", "--mount", "sh", "-c", script])
            .arg(&disk)
            .args(args)
            .env(DISK, &disk)
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .output()
    };
    if !in_namespace(mount, &[]).is_ok_and(|output| output.status.success()) {
        say(&format!("SKIPPED {test}: this system does not let a test mount a memory disk\n"));
        return;
    }
    let binary = std::env::current_exe().expect("this binary");
    let script = format!("{mount} && {prepare} exec \"$1\" --exact {test} --nocapture");
    let output = in_namespace(&script, &[&binary.to_string_lossy()]).expect("it runs");
    let told = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && told.contains("1 passed"), "{told}");
    assert!(told.contains("REACHED"), "the inner half did not run: {told}");
}

#[test]
fn a_full_disk_is_told_and_nothing_is_lost() {
    let Ok(disk) = std::env::var(DISK) else {
        return on_a_small_disk("a_full_disk_is_told_and_nothing_is_lost", "");
    };
    let disk = Path::new(&disk);
    let store = Store::open(&disk.join("s")).expect("it opens");
    let key = |n: u32| Digest::of(&n.to_le_bytes());
    let text = |n: u32| format!("{n}").repeat(4000);
    let mut stored = 0;
    let told = loop {
        match store.put(&key(stored), &trace(&text(stored))) {
            Ok(()) => stored += 1,
            Err(told) => break told,
        }
        assert!(stored < 1000, "the disk has two mebibytes");
    };
    assert!(10 < stored);
    assert_eq!(told.code, "store-full", "{told}");
    assert!(told.hints.iter().any(|hint| hint.contains("space")));
    // An artifact does not fit either; what is there stays readable, by this process and by a new one.
    let refused = store.scratch("wav").map(|scratch| {
        let written = std::fs::write(&scratch, vec![1; 4 << 20]);
        drop(std::fs::remove_file(scratch));
        written
    });
    assert!(refused.is_ok_and(|written| written.is_err()));
    for store in [store, Store::open(&disk.join("s")).expect("it opens")] {
        for n in 0..stored {
            assert_eq!(store.get(&key(n)), Ok(Some(trace(&text(n)).outputs)), "{n} of {stored}");
        }
        let report = store.verify().expect("it verifies");
        assert!(report.is_clean(), "{report:?}");
    }
    // With space again, it goes on where it stopped.
    for n in 0..8 {
        let record = key(n).to_string();
        std::fs::remove_file(disk.join("s/records").join(&record[..2]).join(format!("{record}.json"))).expect("freed");
    }
    let store = Store::open(&disk.join("s")).expect("it opens");
    store.put(&key(stored), &trace("short")).expect("there is space now");
    say("REACHED\n");
}

#[test]
fn a_read_only_disk_is_read_and_refuses_writes() {
    if let Ok(disk) = std::env::var(DISK) {
        let disk = Path::new(&disk);
        let key = Digest::of(b"k");
        if std::env::args().any(|arg| arg == "fill") {
            let store = Store::open(&disk.join("s")).expect("it opens");
            store.put(&key, &trace("kept")).expect("stored");
            return;
        }
        for store in [Store::open(&disk.join("s")), Store::open_read_only(&disk.join("s"))] {
            let store = store.expect("it opens");
            assert_eq!(store.get(&key), Ok(Some(trace("kept").outputs)));
            assert!(store.verify().expect("it verifies").is_clean());
            let told = store.put(&Digest::of(b"other"), &trace("new")).expect_err("refused");
            assert_eq!(told.code, "store-read-only", "{told}");
            assert_eq!(
                store.claim(&key).map(|claim| matches!(claim, Claim::Ours(_))).expect_err("refused").code,
                "store-read-only"
            );
            assert_eq!(store.scratch("wav").expect_err("refused").code, "store-read-only");
        }
        let fresh = Store::open(&disk.join("fresh")).expect("it opens");
        assert_eq!(fresh.get(&key), Ok(None));
        assert_eq!(fresh.put(&key, &trace("new")).expect_err("refused").code, "store-read-only");
        say("REACHED\n");
        return;
    }
    let fill = "\"$1\" --exact a_read_only_disk_is_read_and_refuses_writes fill >/dev/null && \
                mount -o remount,ro \"$0\" &&";
    on_a_small_disk("a_read_only_disk_is_read_and_refuses_writes", fill);
}
