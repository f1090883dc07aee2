//! Reservations: money that is set aside from the decision to buy until the journal has the job.
//!
//! An open job in the journal is a reservation by itself, so that only the journal has to survive a crash: what is
//! reserved without a job is void when the process that did it is gone. Every process that shares the store decides
//! inside one transaction, by the same sums.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering;

use model::{Diagnostic, Digest};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension};
use serde::{Deserialize, Serialize};

use super::claim::ClaimGuard;
use super::disk::Durability;
use super::error::{self, Fault};
use super::index::{is_whole, put_row, text};
use super::items::{self, LedgerEntry, LedgerFile};
use super::{Store, locked};
use crate::caps::{Books, Limits, Month, Purchase, Purpose, Refusal};
use crate::money::Cost;

/// In `meta`: the latest moment that the books have seen, in seconds since 1970.
const CLOCK: &str = "clock";

/// What was settled so far, read once: entries of the ledger never change.
#[derive(Debug, Default)]
pub(super) struct Settled {
    last: i64,
    latest: u64,
    books: Books,
}

/// Holds a reservation's owner alive; see [`Store::is_alive`].
pub(super) type Alive = Option<ClaimGuard>;

/// The parts of an open job that count.
#[derive(Deserialize)]
struct Open {
    key: Digest,
    intent: OpenIntent,
}

/// Its fields stand here again, and are not flattened: so a request is skipped, not read.
#[derive(Deserialize)]
struct OpenIntent {
    #[serde(default)]
    graph: String,
    #[serde(default)]
    item: String,
    #[serde(default)]
    run: String,
    #[serde(default)]
    named: bool,
    provider: String,
    #[serde(default)]
    estimate_microusd: Option<u64>,
}

/// A reservation as its row holds it.
#[derive(Serialize, Deserialize)]
struct Reserved {
    /// The opening of the store that made it.
    owner: String,
    #[serde(flatten)]
    purchase: Purchase,
}

impl Store {
    /// A name that no other run has.
    pub fn new_run(&self) -> String {
        format!("{}-{}", self.session, self.next.fetch_add(1, Ordering::Relaxed))
    }

    /// What was spent and what is reserved, at this moment.
    ///
    /// # Errors
    /// `store-damaged` where a row changed: a sum that leaves money out would let more be spent.
    pub fn books(&self) -> Result<Books, Diagnostic> {
        let now = (self.clock)();
        let nothing = Books::new(Month::of_unix(now));
        let mut alive = BTreeMap::new();
        self.read(nothing, |db| {
            let tx = db.unchecked_transaction()?;
            self.books_in(&tx, now, &mut alive)
        })
    }

    /// Sets money aside for purchases, all of them or none, unless that would break a limit.
    ///
    /// # Errors
    /// The store's diagnostic where the books cannot be read or written.
    pub fn reserve(&self, purchases: &[Purchase], limits: &Limits) -> Result<Result<(), Box<Refusal>>, Diagnostic> {
        self.live()?;
        let now = (self.clock)();
        let mut alive = BTreeMap::new();
        self.write(Durability::Soon, |tx| {
            tick(tx, now)?;
            let mut books = self.books_in(tx, now, &mut alive)?;
            drop_stale(tx, &alive)?;
            if let Err(refused) = books.try_reserve(purchases, limits) {
                return Ok(Err(refused));
            }
            for purchase in purchases {
                let reserved = Reserved { owner: self.session.clone(), purchase: purchase.clone() };
                let record = serde_json::to_string(&reserved).map_err(|refused| {
                    Diagnostic::error(
                        "store-unrepresentable",
                        format!("BUG: a reservation cannot be stored: {refused}"),
                    )
                })?;
                put_row(tx, "reserved", &[ValueRef::Blob(&purchase.key.0), text(&self.session), text(&record)])?;
            }
            Ok(Ok(()))
        })
    }

    /// Ends a reservation that no job of the journal took over; what it cost all the same is entered into the ledger.
    pub fn settle(&self, key: &Digest, cost: Cost) -> Result<(), Diagnostic> {
        let now = (self.clock)();
        let entered = self.write(if cost == Cost::FREE { Durability::Soon } else { Durability::Now }, |tx| {
            let Some(Reserved { purchase, .. }) = taken(tx, key)? else { return Ok(None) };
            if cost == Cost::FREE {
                return Ok(None);
            }
            let entry = LedgerEntry {
                job: None,
                purpose: purchase.purpose,
                provider: purchase.provider,
                key: Some(*key),
                cost,
                estimate_microusd: purchase.price,
                at: Some(tick(tx, now)?.to_string()),
                model: purchase.model,
                note: String::new(),
            };
            items::enter(tx, &entry)
        })?;
        entered.map_or(Ok(()), |file: LedgerFile| self.keep_ledger(&file))
    }

    /// Books inside a transaction. `alive` gets the owners that were looked at.
    fn books_in(&self, db: &Connection, now: u64, alive: &mut BTreeMap<String, bool>) -> Result<Books, Fault> {
        let mut books = self.settled_in(db, now)?;
        let mut statement = db.prepare_cached("SELECT * FROM job WHERE state NOT IN ('settled', 'failed')")?;
        let mut rows = statement.query([])?;
        let mut open = BTreeSet::new();
        while let Some(row) = rows.next()? {
            let job = serde_json::from_str::<Open>(row.get_ref(3)?.as_str().unwrap_or_default());
            let (true, Ok(Open { key, intent })) = (is_whole("job", row)?, job) else {
                return Err(error::damaged("an entry of the journal of remote jobs changed".to_owned()).into());
            };
            let OpenIntent { graph, item, run, named, provider, estimate_microusd } = intent;
            books.reserve(&provider, &Purpose { graph, item, run, named }, estimate_microusd);
            open.insert(key);
        }
        // A store of an older version that is only read has none.
        if !db.table_exists(None, "reserved")? {
            return Ok(books);
        }
        let mut statement = db.prepare_cached("SELECT * FROM reserved")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let (true, Some(Reserved { owner, purchase })) = (is_whole("reserved", row)?, reserved_in(row)) else {
                return Err(error::damaged("a reservation changed".to_owned()).into());
            };
            let lives = *alive.entry(owner).or_insert_with_key(|owner| self.is_alive(owner));
            if lives && !open.contains(&purchase.key) {
                books.reserve(&purchase.provider, &purchase.purpose, purchase.price);
            }
        }
        Ok(books)
    }

    /// What was spent, by the ledger. The month is the latest that the books have seen: a clock that goes back must
    /// not open a limit again.
    fn settled_in(&self, db: &Connection, now: u64) -> Result<Books, Fault> {
        let mut settled = locked(&self.settled);
        let newest: i64 = db.query_row("SELECT coalesce(max(id), 0) FROM ledger", [], |row| row.get(0))?;
        if newest < settled.last {
            // Another index lies here now.
            *settled = Settled::default();
        }
        let mut statement = db.prepare_cached("SELECT * FROM ledger WHERE ?1 < id ORDER BY id")?;
        let mut rows = statement.query([settled.last])?;
        while let Some(row) = rows.next()? {
            let entry = serde_json::from_str::<LedgerEntry>(row.get_ref(3)?.as_str().unwrap_or_default());
            let (true, Ok(entry)) = (is_whole("ledger", row)?, entry) else {
                return Err(error::damaged("an entry of the ledger changed".to_owned()).into());
            };
            let at = entry.seconds();
            settled.latest = settled.latest.max(at.unwrap_or(0));
            settled.books.spend(at.map(Month::of_unix), &entry.provider, &entry.purpose, entry.cost);
            settled.last = row.get(0)?;
        }
        let mut books = settled.books.clone();
        books.turn(Month::of_unix(now.max(settled.latest).max(clock_in(db)?)));
        Ok(books)
    }

    /// Keeps this opening of the store recognisable as alive, however it ends.
    fn live(&self) -> Result<(), Diagnostic> {
        let mut alive = locked(&self.alive);
        if alive.is_none() {
            *alive = Some(self.claim_opening(&self.session)?);
        }
        Ok(())
    }

    fn is_alive(&self, owner: &str) -> bool {
        owner == self.session || self.opening_lives(owner)
    }
}

/// The reservation of a key, removed.
fn taken(db: &Connection, key: &Digest) -> Result<Option<Reserved>, Fault> {
    let mut statement = db.prepare_cached("SELECT * FROM reserved WHERE key = ?1")?;
    let found = statement.query_row([&key.0[..]], |row| Ok(reserved_in(row))).optional()?.flatten();
    db.prepare_cached("DELETE FROM reserved WHERE key = ?1")?.execute([&key.0[..]])?;
    Ok(found)
}

/// What a job of that key was reserved for; the job is the reservation from now on.
pub(super) fn take_over(db: &Connection, key: &Digest) -> Result<Option<Purpose>, Fault> {
    Ok(taken(db, key)?.map(|reserved| reserved.purchase.purpose))
}

fn reserved_in(row: &rusqlite::Row<'_>) -> Option<Reserved> {
    serde_json::from_str(row.get_ref(2).ok()?.as_str().ok()?).ok()
}

/// Removes what processes reserved that are gone.
fn drop_stale(db: &Connection, alive: &BTreeMap<String, bool>) -> Result<(), Fault> {
    for (owner, _) in alive.iter().filter(|(_, lives)| !**lives) {
        db.prepare_cached("DELETE FROM reserved WHERE owner = ?1")?.execute([owner])?;
    }
    Ok(())
}

fn clock_in(db: &Connection) -> Result<u64, Fault> {
    let mut statement = db.prepare_cached("SELECT value FROM meta WHERE name = ?1")?;
    let found: Option<String> = statement.query_row([CLOCK], |row| row.get(0)).optional()?;
    Ok(found.and_then(|text| text.parse().ok()).unwrap_or(0))
}

/// Lets the books see the time; gives the moment that holds for them, which never goes back.
pub(super) fn tick(db: &Connection, now: u64) -> Result<u64, Fault> {
    let seen = clock_in(db)?;
    if seen < now {
        db.prepare_cached("INSERT OR REPLACE INTO meta(name, value) VALUES (?1, ?2)")?
            .execute([CLOCK, &now.to_string()])?;
    }
    Ok(seen.max(now))
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Barrier;
    use std::sync::atomic::AtomicU64;

    use proptest::prelude::*;

    use super::*;
    use crate::caps::{Caps, Limit, Origin};
    use crate::money::Total;
    use crate::store::JobIntent;

    fn month_of(microusd: u64) -> Limits {
        let limit = Limit { microusd, origin: Origin::User };
        Limits { caps: Caps { month: Some(limit), ..Caps::default() }, budget: None }
    }

    fn purchase(n: u64, price: u64) -> Purchase {
        let purpose = Purpose { graph: "film".into(), item: format!("v/s{n}"), run: "r".into(), named: false };
        let key = Digest::of(&n.to_le_bytes());
        Purchase { key, purpose, provider: "fal".into(), model: None, price: Some(price) }
    }

    fn intent(price: u64) -> JobIntent {
        JobIntent {
            purpose: Purpose { item: "scene 1".into(), ..Purpose::default() },
            provider: "fal".into(),
            model: None,
            request: serde_json::json!({ "prompt": "a lamp" }),
            estimate_microusd: Some(price),
        }
    }

    /// What the month's cap sees: spent and reserved.
    fn standing(store: &Store) -> (Total, Total) {
        let standing = store.books().expect("reads").of_month(&month_of(0).caps).remove(0);
        (standing.spent, standing.reserved)
    }

    fn open(dir: &Path) -> Store {
        Store::open(dir).expect("it opens")
    }

    #[test]
    fn openings_of_one_store_keep_to_one_limit() {
        let folder = tempfile::tempdir().expect("a folder");
        open(folder.path()).reserve(&[], &Limits::default()).expect("written").expect("nothing to refuse");
        let (won, all) = (AtomicU64::new(0), Barrier::new(3));
        std::thread::scope(|scope| {
            for opening in 0..3u64 {
                let (won, all, dir) = (&won, &all, folder.path());
                scope.spawn(move || {
                    let store = open(dir);
                    let key = |n| opening * 100 + n;
                    let fits = |n| store.reserve(&[purchase(key(n), 7)], &month_of(100)).expect("reads").is_ok();
                    won.fetch_add((0..20).filter(|n| fits(*n)).count() as u64, Ordering::SeqCst);
                    // Nobody goes before all have tried, or their reservations would be void.
                    all.wait();
                });
            }
        });
        assert_eq!(won.load(Ordering::SeqCst), 14, "14 times 7 is 98");
    }

    #[test]
    fn a_reservation_ends_with_its_process_and_a_job_does_not() {
        let folder = tempfile::tempdir().expect("a folder");
        let (first, second) = (open(folder.path()), open(folder.path()));
        for n in [1, 2, 3] {
            first.reserve(&[purchase(n, 10)], &month_of(30)).expect("written").expect("it fits");
        }
        assert_eq!(standing(&second), (Total::default(), Total::of(30)), "others see it");
        assert!(second.reserve(&[purchase(4, 1)], &month_of(30)).expect("reads").is_err());
        let id = first.journal_intent(&purchase(1, 10).key, &intent(10)).expect("written");
        let job = first.job(id).expect("reads").expect("there");
        assert_eq!(job.intent.purpose, purchase(1, 10).purpose, "the journal takes the reservation over");
        assert_eq!(standing(&second).1, Total::of(30), "and nothing counts twice");
        first.settle(&purchase(2, 10).key, Cost::FREE).expect("ended");
        assert_eq!(standing(&second).1, Total::of(20));
        drop(first);
        assert_eq!(standing(&second).1, Total::of(10), "only the job is left: it may have been bought");
        assert!(second.reserve(&[purchase(5, 20)], &month_of(30)).expect("reads").is_ok());
        second.journal_failed(id, "it never arrived", Cost::FREE).expect("settled");
        assert_eq!(standing(&second), (Total::default(), Total::of(20)));
        second.settle(&purchase(5, 20).key, Cost::Exact(25)).expect("entered");
        second.settle(&purchase(5, 20).key, Cost::Exact(25)).expect("once");
        assert_eq!(standing(&second), (Total::of(25), Total::default()), "more than was set aside is seen");
        let entry = second.ledger().expect("reads").remove(0);
        assert_eq!((entry.estimate_microusd, entry.purpose.item.as_str()), (Some(20), "v/s5"));
        assert!(second.verify().expect("verifies").is_clean());
    }

    #[test]
    fn a_clock_that_goes_back_opens_no_limit() {
        static NOW: AtomicU64 = AtomicU64::new(0);
        let november = 1_795_824_000;
        let day = 86_400;
        let folder = tempfile::tempdir().expect("a folder");
        let at = |now: u64| {
            NOW.store(now, Ordering::SeqCst);
            Store { clock: || NOW.load(Ordering::SeqCst), ..open(folder.path()) }
        };
        let buy = |store: &Store, n, cost| {
            store.reserve(&[purchase(n, cost)], &month_of(100)).expect("reads").map(|()| {
                store.settle(&purchase(n, cost).key, Cost::Exact(cost)).expect("entered");
            })
        };
        let store = at(november);
        buy(&store, 1, 90).expect("it fits");
        assert!(buy(&store, 2, 20).is_err());
        assert!(buy(&at(november - 60 * day), 2, 20).is_err(), "September does not come back");
        // The moment that was seen survives the index.
        drop(store);
        for name in ["index.sqlite", "index.sqlite-wal", "index.sqlite-shm"] {
            drop(std::fs::remove_file(folder.path().join(name)));
        }
        let back = at(november - 60 * day);
        back.rebuild_index().expect("rebuilt");
        assert!(buy(&back, 2, 20).is_err());
        buy(&at(november + 30 * day), 2, 20).expect("December is a new month");
        let entries = at(0).ledger().expect("reads");
        assert!(
            entries.is_sorted_by_key(|entry| entry.seconds()),
            "no entry is older than the one before: {entries:?}"
        );
    }

    #[derive(Clone, Debug)]
    enum Step {
        Reserve(u64),
        Intent,
        Done(Cost),
        Failed(Cost),
        Release,
        Reopen,
    }

    fn any_cost() -> impl Strategy<Value = Cost> {
        prop_oneof![(0u64..40).prop_map(Cost::Exact), (1u64..40).prop_map(Cost::AtMost), Just(Cost::Unknown)]
    }

    fn any_step() -> impl Strategy<Value = Step> {
        prop_oneof![
            3 => (1u64..30).prop_map(Step::Reserve),
            3 => Just(Step::Intent),
            2 => any_cost().prop_map(Step::Done),
            1 => any_cost().prop_map(Step::Failed),
            1 => Just(Step::Release),
            1 => Just(Step::Reopen),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn the_ledger_is_what_the_journal_settled(steps in prop::collection::vec(any_step(), 1..30)) {
            const CAP: u64 = 100;
            let folder = tempfile::tempdir().expect("a folder");
            let mut store = open(folder.path());
            let (mut reserved, mut jobs) = (Vec::new(), Vec::new());
            let mut paid = Total::default();
            for (n, step) in steps.into_iter().enumerate() {
                match step {
                    Step::Reserve(price) => {
                        let wanted = purchase(n as u64, price);
                        if store.reserve(std::slice::from_ref(&wanted), &month_of(CAP)).expect("reads").is_ok() {
                            reserved.push(wanted);
                            let (spent, under_way) = standing(&store);
                            prop_assert!(spent.most() + under_way.most() <= CAP);
                        }
                    }
                    Step::Intent => {
                        let Some(wanted) = reserved.pop() else { continue };
                        let price = wanted.price.expect("known");
                        jobs.push((store.journal_intent(&wanted.key, &intent(price)).expect("written"), price));
                    }
                    Step::Done(cost) | Step::Failed(cost) => {
                        let Some((id, _)) = jobs.pop() else { continue };
                        for _ in 0..2 {
                            match step {
                                Step::Done(_) => store.journal_done(id, cost).expect("settled"),
                                _ => store.journal_failed(id, "no", cost).expect("settled"),
                            }
                        }
                        paid.add(cost);
                    }
                    Step::Release => {
                        let Some(wanted) = reserved.pop() else { continue };
                        store.settle(&wanted.key, Cost::FREE).expect("ended");
                    }
                    Step::Reopen => {
                        drop(store);
                        store = open(folder.path());
                        reserved.clear();
                    }
                }
                let held = reserved.iter().filter_map(|it| it.price).chain(jobs.iter().map(|it| it.1)).sum();
                prop_assert_eq!(standing(&store), (paid, Total::of(held)));
                prop_assert_eq!(store.ledger_total().expect("reads"), paid);
            }
        }
    }
}
