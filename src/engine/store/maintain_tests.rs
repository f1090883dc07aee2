//! Tests of `maintain`: what verification sees, and what collection must never take.

use std::sync::Arc;

use model::{Image, Media, Value};

use super::*;
use crate::store::takes::tests::take;
use crate::store::traces::tests::trace;
use crate::store::{TakeRecord, Trace};
use crate::worker::Artifacts;

fn store() -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::open(&folder.path().join("s")).expect("it opens");
    (folder, store)
}

/// A result with one artifact of its own.
fn result(store: &Store, name: &str) -> (Digest, Media) {
    let scratch = store.scratch("png").expect("a path");
    fs::write(&scratch, name).expect("it is written");
    let media = store.adopt(&scratch, "png", None, None).expect("it is adopted");
    let key = Digest::of(name.as_bytes());
    store.put(&key, &trace(Value::Image(Image::File(Arc::new(media.clone()))))).expect("stored");
    (key, media)
}

fn later(hours: u64) -> SystemTime {
    SystemTime::now() + Duration::from_secs(hours * 3600)
}

#[test]
fn verification_names_each_kind_of_damage() {
    let (_folder, store) = store();
    let (_, flipped) = result(&store, "flipped");
    let (lost_key, lost) = result(&store, "lost");
    let (paid_key, _) = result(&store, "paid");
    let paid = store.trace(&paid_key).expect("reads").expect("is there");
    store.put(&paid_key, &Trace { cost_microusd: 1, ..paid }).expect("stored");
    fs::write(store.scratch("mp4").expect("a path"), "half").expect("a stray");
    let report = store.verify().expect("it verifies");
    assert!(report.is_clean());
    assert_eq!((report.artifacts, report.temporary.len()), (3, 1));

    let path = store.locate(&flipped).expect("found");
    let mut bytes = fs::read(&path).expect("read");
    bytes[3] ^= 0x10;
    fs::write(&path, bytes).expect("flipped");
    fs::remove_file(store.locate(&lost).expect("found")).expect("removed");
    fs::remove_file(store.record_path(&paid_key)).expect("removed");
    let report = store.verify().expect("it verifies");
    assert!(!report.is_clean());
    assert_eq!(report.damaged_artifacts, [path]);
    assert_eq!(report.missing_artifacts, [(lost_key, lost.digest)]);
    assert_eq!(report.missing_records, [paid_key]);
}

#[test]
fn collection_takes_only_what_nothing_refers_to() {
    let (_folder, store) = store();
    let [taken, last, kept, paid, loose] = ["taken", "last", "kept", "paid", "loose"].map(|name| result(&store, name));
    store.add_take("film", "x", &TakeRecord { key: taken.0, ..take(1) }).expect("added");
    store.set_last_keys("film", &[("x", last.0)]).expect("set");
    let trace = store.trace(&paid.0).expect("reads").expect("is there");
    store.put(&paid.0, &Trace { cost_microusd: 1, ..trace }).expect("stored");
    fs::write(store.scratch("mp4").expect("a path"), "half").expect("a stray");
    let keep = BTreeSet::from([kept.0]);

    assert_eq!(store.gc(&keep, false).map(|report| (report.results, report.artifacts)), Ok((0, 0)), "all is young");
    let planned = store.gc_at(&keep, true, later(2)).expect("planned");
    assert_eq!((planned.results, planned.artifacts, planned.bytes, planned.temporary), (1, 1, 5, 0));
    assert!(store.locate(&loose.1).is_ok(), "a dry run removes nothing");
    assert_eq!(store.gc_at(&keep, false, later(2)), Ok(planned));
    assert_eq!(store.locate(&loose.1).expect_err("gone").code, "artifact-missing");
    assert_eq!(store.get(&loose.0), Ok(None));
    for (key, media) in [&taken, &last, &kept, &paid] {
        assert!(store.locate(media).is_ok());
        assert!(store.get(key).expect("reads").is_some());
    }
    let swept = store.gc_at(&keep, false, later(48)).expect("swept");
    assert_eq!((swept.temporary, swept.results, swept.kept_artifacts), (1, 0, 4));
    assert!(store.verify().expect("it verifies").is_clean());
}

#[test]
fn collection_keeps_what_a_lost_row_referred_to() {
    let (_folder, store) = store();
    let taken = result(&store, "taken");
    store.add_take("film", "x", &TakeRecord { key: taken.0, ..take(1) }).expect("added");
    store.write(Durability::Now, |tx| forget(tx, &taken.0)).expect("lost");
    assert_eq!(store.gc_at(&BTreeSet::new(), false, later(2)).map(|report| report.artifacts), Ok(0));
    store.rebuild_index().expect("rebuilt");
    assert!(store.get(&taken.0).expect("reads").is_some());
}

#[test]
fn nothing_is_collected_in_doubt_or_while_somebody_works() {
    let (_folder, store) = store();
    let (key, media) = result(&store, "loose");
    let guard = store.claim(&key).expect("claimed");
    let told = store.gc_at(&BTreeSet::new(), false, later(2)).expect_err("refused");
    assert_eq!(told.code, "store-busy");
    drop(guard);
    store.write(Durability::Now, |tx| Ok(tx.execute_batch("UPDATE trace SET sum = 0")?)).expect("damaged");
    let told = store.gc_at(&BTreeSet::new(), false, later(2)).expect_err("refused");
    assert_eq!(told.code, "store-damaged");
    assert!(store.locate(&media).is_ok());
}

#[test]
fn statistics_count_by_kind() {
    let (_folder, store) = store();
    for name in ["one", "three"] {
        result(&store, name);
    }
    store.add_take("film", "x", &take(1)).expect("added");
    let stats = store.stats().expect("counted");
    assert_eq!((stats.results, stats.takes, stats.open_jobs, stats.spent_microusd), (2, 1, 0, 0));
    assert_eq!(stats.artifacts, BTreeMap::from([("png".to_owned(), (2, 8))]));
    assert!(0 < stats.index_bytes && 0 < stats.record_bytes);
}
