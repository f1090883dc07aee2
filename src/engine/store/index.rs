//! The SQLite index: schema, migrations, connections and row checksums. Knows tables, not what the rows are for.
//!
//! WAL with one writing and one reading connection per process, so that a lookup never waits for somebody's sync.
//! SQLite does not protect values by itself (reference figures: 128 of 200 flipped bits came back as wrong values),
//! hence a checksum in every row. redb and LMDB were weighed: one process only, and lost stores at creation.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;

use model::Diagnostic;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags, Row};

use super::disk::{self, Durability};
use super::error::{self, Fault};
use crate::money::Cost;

/// Older ones corrupt a WAL that two connections share.
const OLDEST_SQLITE: i32 = 3_051_003;
/// "thrl" as SQLite's application id.
const APPLICATION: i32 = 0x7468_726c;
const BUSY: Duration = Duration::from_secs(10);

/// One step per version; `user_version` counts the steps taken.
const MIGRATIONS: &[&str] = &[
    "
    CREATE TABLE meta(name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE trace(key BLOB PRIMARY KEY, outputs TEXT NOT NULL, sum INTEGER NOT NULL) WITHOUT ROWID;
    CREATE TABLE origin(key BLOB PRIMARY KEY, work TEXT NOT NULL, model TEXT, cost INTEGER NOT NULL,
        seconds REAL NOT NULL, made_at TEXT, sum INTEGER NOT NULL) WITHOUT ROWID;
    CREATE TABLE last(graph TEXT NOT NULL, item TEXT NOT NULL, key BLOB NOT NULL, sum INTEGER NOT NULL,
        PRIMARY KEY(graph, item)) WITHOUT ROWID;
    CREATE TABLE take(graph TEXT NOT NULL, item TEXT NOT NULL, take INTEGER NOT NULL, record TEXT NOT NULL,
        sum INTEGER NOT NULL, PRIMARY KEY(graph, item, take)) WITHOUT ROWID;
    CREATE TABLE file(path TEXT PRIMARY KEY, len INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, digest BLOB NOT NULL,
        sum INTEGER NOT NULL) WITHOUT ROWID;
    CREATE TABLE job(id INTEGER PRIMARY KEY, key BLOB NOT NULL, state TEXT NOT NULL,
        record TEXT NOT NULL, sum INTEGER NOT NULL);
    CREATE INDEX job_by_state ON job(state);
    CREATE INDEX job_by_key ON job(key);
    CREATE TABLE ledger(id INTEGER PRIMARY KEY, job INTEGER UNIQUE, cost INTEGER NOT NULL,
        record TEXT NOT NULL, sum INTEGER NOT NULL);
",
    "
    -- Emptied, not converted: the records hold everything, and fill the index again (`Connected::is_hollow`).
    DROP TABLE take;
    DROP TABLE origin;
    CREATE TABLE origin(key BLOB PRIMARY KEY, work TEXT NOT NULL, model TEXT, cost INTEGER NOT NULL,
        seconds REAL NOT NULL, made_at TEXT, parts BLOB NOT NULL, sum INTEGER NOT NULL) WITHOUT ROWID;
    CREATE TABLE take(id INTEGER PRIMARY KEY, graph TEXT NOT NULL, item TEXT NOT NULL, take INTEGER NOT NULL,
        key BLOB NOT NULL, record TEXT NOT NULL, sum INTEGER NOT NULL, UNIQUE(graph, item, take, key));
",
    // Costs that are no plain numbers are texts from here on: programs that would misread them are kept out.
    "",
    "
    -- What is set aside for jobs that the journal does not have yet.
    CREATE TABLE reserved(key BLOB PRIMARY KEY, owner TEXT NOT NULL, record TEXT NOT NULL,
        sum INTEGER NOT NULL) WITHOUT ROWID;
",
];
/// Older versions leave tables empty that the records fill.
const FILLED_SINCE: usize = 2;
/// Older versions must be brought up to date before anything is read from them.
const READ_SINCE: usize = 2;
/// In `meta` while the records have not been read back.
const HOLLOW: &str = "hollow";

/// Tables whose rows carry a checksum as their last column.
pub(super) const CHECKED: &[&str] = &["trace", "origin", "last", "take", "file", "job", "ledger", "reserved"];

/// An open index. Dropping it lets go of the lock that keeps others from replacing the file.
pub(super) struct Connected {
    pub(super) db: Connection,
    level: Option<Durability>,
    /// Whether the records must be read back: an older version made this index.
    pub(super) is_hollow: bool,
    identity: Option<(u64, u64)>,
    _in_use: Option<File>,
}

impl Connected {
    /// Whether the file at `path` is still the one that is open.
    pub(super) fn is_at(&self, path: &Path) -> bool {
        disk::identity(path) == self.identity && path.exists()
    }

    /// Chooses when commits reach the disk. In WAL a later durable commit carries the earlier ones along.
    pub(super) fn set_level(&mut self, level: Durability) -> rusqlite::Result<()> {
        if self.level != Some(level) {
            self.db.pragma_update(None, "synchronous", if level == Durability::Now { "FULL" } else { "NORMAL" })?;
            self.level = Some(level);
        }
        Ok(())
    }
}

/// The paths that connections need.
pub(super) struct IndexPaths {
    pub(super) index: PathBuf,
    /// Held shared while connected, exclusively while the file is replaced.
    pub(super) in_use: PathBuf,
    /// Held exclusively while the file is created or migrated.
    pub(super) setting_up: PathBuf,
}

/// # Errors
/// `store-sqlite` where the program was linked with a SQLite that damages shared stores.
pub(super) fn check_library() -> Result<(), Diagnostic> {
    if rusqlite::version_number() < OLDEST_SQLITE {
        let message = format!("SQLite {} can damage a store that two programs use", rusqlite::version());
        return Err(Diagnostic::error("store-sqlite", message).hint("build with the bundled SQLite, 3.51.3 or newer"));
    }
    Ok(())
}

/// Opens the index for writing; makes and migrates it as needed. The folder exists.
pub(super) fn connect_writer(paths: &IndexPaths) -> Result<Connected, Diagnostic> {
    let in_use = open_lock(&paths.in_use)?;
    in_use.lock_shared().map_err(|refused| error::io("lock the store", &paths.in_use, &refused))?;
    let setting_up = open_lock(&paths.setting_up)?;
    setting_up.lock().map_err(|refused| error::io("lock the store", &paths.setting_up, &refused))?;
    let is_new = !paths.index.exists();
    let told = |error: rusqlite::Error| error::sql(&error, &paths.index);
    let db = Connection::open(&paths.index).map_err(told)?;
    prepare(&db).map_err(told)?;
    let mode: String = db.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0)).map_err(told)?;
    if !mode.eq_ignore_ascii_case("wal") {
        return Err(Diagnostic::error(
            "store-wal",
            format!("this disk cannot hold a shared index: {}", paths.index.display()),
        )
        .hint("the store wants a local disk: `--store DIR` puts it on one"));
    }
    migrate(&db, &paths.index)?;
    let is_hollow =
        db.prepare("SELECT 1 FROM meta WHERE name = ?1").and_then(|mut it| it.exists([HOLLOW])).map_err(told)?;
    if is_new {
        disk::sync_folder(paths.index.parent().unwrap_or(&paths.index))?;
    }
    Ok(Connected { is_hollow, ..connected(db, &paths.index, Some(in_use)) })
}

/// Opens the index for reading; none where there is none, or where it is being created at this moment.
pub(super) fn connect_reader(paths: &IndexPaths) -> Result<Option<Connected>, Diagnostic> {
    if !paths.index.exists() {
        return Ok(None);
    }
    let in_use = open_lock(&paths.in_use).ok();
    if let Some(lock) = &in_use {
        lock.lock_shared().map_err(|refused| error::io("lock the store", &paths.in_use, &refused))?;
    }
    let db = open_to_read(&paths.index)?;
    let version = version_of(&db, &paths.index)?;
    if version == 0 {
        return Ok(None);
    }
    if version < READ_SINCE {
        drop(db);
        return Err(Diagnostic::error(
            "store-old",
            format!("an older version made this store: {}", paths.index.display()),
        )
        .hint("open it once with permission to write: it is brought up to date by itself"));
    }
    Ok(Some(connected(db, &paths.index, in_use)))
}

/// A writable connection keeps a shared WAL readable even when it is the first one; a medium that cannot be written
/// is read as it lies there, which is complete unless a log still waits beside it.
fn open_to_read(index: &Path) -> Result<Connection, Diagnostic> {
    let try_open = |flags: OpenFlags, name: &Path| {
        let db = Connection::open_with_flags(name, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
        prepare(&db)?;
        db.pragma_update(None, "query_only", true)?;
        db.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
        Ok::<_, rusqlite::Error>(db)
    };
    let refused = match try_open(OpenFlags::SQLITE_OPEN_READ_WRITE, index) {
        Ok(db) => return Ok(db),
        Err(refused) => refused,
    };
    let told = error::sql(&refused, index);
    if told.code != "store-read-only" {
        return Err(told);
    }
    if let Ok(db) = try_open(OpenFlags::SQLITE_OPEN_READ_ONLY, index) {
        return Ok(db);
    }
    let mut log = index.as_os_str().to_owned();
    log.push("-wal");
    if std::fs::metadata(&log).is_ok_and(|metadata| 0 < metadata.len()) {
        return Err(told.hint("copy the store to a disk that can be written: its last changes are still in a log"));
    }
    let name = format!("file:{}?immutable=1", percent_encoded(index));
    try_open(OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI, Path::new(&name)).map_err(|_| told)
}

fn percent_encoded(path: &Path) -> String {
    let mut out = String::new();
    for byte in path.to_string_lossy().bytes() {
        if byte.is_ascii_alphanumeric() || b"/._-".contains(&byte) {
            out.push(byte as char);
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

fn open_lock(path: &Path) -> Result<File, Diagnostic> {
    File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path)
        .map_err(|refused| error::io("open the lock file", path, &refused))
}

/// Takes the index out of everybody's use for as long as the file is held.
pub(super) fn lock_out_others(paths: &IndexPaths) -> Result<File, Diagnostic> {
    let file = open_lock(&paths.in_use)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => {
            Err(Diagnostic::error("store-busy", "another process has the store open")
                .hint("close the editor and other runs on this graph, then try again"))
        }
        Err(std::fs::TryLockError::Error(refused)) => Err(error::io("lock the store", &paths.in_use, &refused)),
    }
}

fn prepare(db: &Connection) -> rusqlite::Result<()> {
    db.busy_timeout(BUSY)?;
    db.set_prepared_statement_cache_capacity(64);
    db.pragma_update(None, "trusted_schema", false)?;
    db.pragma_update(None, "cell_size_check", true)?;
    db.pragma_update(None, "cache_size", -16_000)?;
    db.pragma_update(None, "journal_size_limit", 64 << 20)
}

fn connected(db: Connection, index: &Path, in_use: Option<File>) -> Connected {
    Connected { db, level: None, is_hollow: false, identity: disk::identity(index), _in_use: in_use }
}

fn version_of(db: &Connection, index: &Path) -> Result<usize, Diagnostic> {
    let told = |error: rusqlite::Error| error::sql(&error, index);
    let application: i32 = db.pragma_query_value(None, "application_id", |row| row.get(0)).map_err(told)?;
    let version: i64 = db.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(told)?;
    let tables: i64 = db.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).map_err(told)?;
    if application != APPLICATION && (application != 0 || version != 0 || tables != 0) {
        return Err(Diagnostic::error("store-foreign", format!("this is not a store's index: {}", index.display()))
            .hint("`--store DIR` names another folder for the store"));
    }
    match usize::try_from(version) {
        Ok(version) if version <= MIGRATIONS.len() => Ok(version),
        _ => Err(Diagnostic::error("store-newer", format!("a newer version made this store: {}", index.display()))
            .hint("use that version, or another store with `--store DIR`")),
    }
}

fn migrate(db: &Connection, index: &Path) -> Result<(), Diagnostic> {
    let version = version_of(db, index)?;
    if version == MIGRATIONS.len() {
        return Ok(());
    }
    let steps = || -> rusqlite::Result<()> {
        let tx = db.unchecked_transaction()?;
        for step in &MIGRATIONS[version..] {
            tx.execute_batch(step)?;
        }
        tx.execute("INSERT OR IGNORE INTO meta(name, value) VALUES ('host', ?1)", [this_host()])?;
        if (1..FILLED_SINCE).contains(&version) {
            tx.execute("INSERT OR IGNORE INTO meta(name, value) VALUES (?1, '')", [HOLLOW])?;
        }
        tx.pragma_update(None, "application_id", APPLICATION)?;
        tx.pragma_update(None, "user_version", MIGRATIONS.len() as i64)?;
        tx.commit()
    };
    steps().map_err(|error| error::sql(&error, index))
}

/// Says that the records were read back.
pub(super) fn set_filled(db: &Connection) -> rusqlite::Result<()> {
    db.execute("DELETE FROM meta WHERE name = ?1", [HOLLOW]).map(|_| ())
}

/// What names this machine, so that a store that was copied from another one is read with care.
pub(super) fn this_host() -> String {
    ["/etc/machine-id", "/etc/hostname"]
        .iter()
        .find_map(|path| std::fs::read_to_string(path).ok())
        .map_or_else(|| "unknown".to_owned(), |text| text.trim().to_owned())
}

/// The checksum of a row: BLAKE3 over the table's name and each column with its length, cut to 64 bits.
pub(super) fn row_sum(table: &str, columns: &[ValueRef<'_>]) -> i64 {
    let mut hasher = blake3::Hasher::new();
    hasher.update(table.as_bytes());
    for column in columns {
        let (tag, number, bytes): (u8, [u8; 8], &[u8]) = match column {
            ValueRef::Null => (b'0', [0; 8], &[]),
            ValueRef::Integer(i) => (b'i', i.to_le_bytes(), &[]),
            ValueRef::Real(r) => (b'r', r.to_bits().to_le_bytes(), &[]),
            ValueRef::Text(bytes) => (b't', (bytes.len() as u64).to_le_bytes(), bytes),
            ValueRef::Blob(bytes) => (b'b', (bytes.len() as u64).to_le_bytes(), bytes),
        };
        hasher.update(&[tag]);
        hasher.update(&number);
        hasher.update(bytes);
    }
    let mut cut = [0; 8];
    cut.copy_from_slice(&hasher.finalize().as_bytes()[..8]);
    i64::from_le_bytes(cut)
}

/// Whether a row that was read with all its columns, the checksum last, is as it was written.
pub(super) fn is_whole(table: &str, row: &Row<'_>) -> rusqlite::Result<bool> {
    let n_columns = row.as_ref().column_count();
    let mut columns = Vec::with_capacity(n_columns);
    for idx in 0..n_columns - 1 {
        columns.push(row.get_ref(idx)?);
    }
    Ok(row.get_ref(n_columns - 1)? == ValueRef::Integer(row_sum(table, &columns)))
}

/// Inserts or replaces a row; the checksum is added as the last column.
pub(super) fn put_row(db: &Connection, table: &str, columns: &[ValueRef<'_>]) -> Result<(), Fault> {
    let marks = ["?"; 10].get(..columns.len() + 1).map(|marks| marks.join(",")).expect("tables have under ten columns");
    let mut statement = db.prepare_cached(&format!("INSERT OR REPLACE INTO {table} VALUES ({marks})"))?;
    for (idx, column) in columns.iter().enumerate() {
        statement.raw_bind_parameter(idx + 1, rusqlite::types::ToSqlOutput::Borrowed(*column))?;
    }
    statement.raw_bind_parameter(columns.len() + 1, row_sum(table, columns))?;
    statement.raw_execute()?;
    Ok(())
}

/// A text column.
pub(super) fn text(value: &str) -> ValueRef<'_> {
    ValueRef::Text(value.as_bytes())
}

/// A text column that may be empty of a value.
pub(super) fn maybe_text(value: Option<&str>) -> ValueRef<'_> {
    value.map_or(ValueRef::Null, text)
}

/// A cost as a column holds it: an exact one as a number, another as the text of its record.
pub(super) enum CostColumn {
    Exact(u64),
    Text(String),
}

impl CostColumn {
    pub(super) fn of(cost: Cost) -> CostColumn {
        match cost {
            Cost::Exact(microusd) => CostColumn::Exact(microusd),
            doubtful => CostColumn::Text(serde_json::json!(doubtful).to_string()),
        }
    }

    pub(super) fn value(&self) -> ValueRef<'_> {
        match self {
            CostColumn::Exact(microusd) => integer(*microusd),
            CostColumn::Text(record) => text(record),
        }
    }
}

/// The cost in a column; what cannot be read is unknown.
pub(super) fn cost_in(column: ValueRef<'_>) -> Cost {
    match column {
        ValueRef::Integer(microusd) => Cost::Exact(microusd as u64),
        other => other.as_str().ok().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default(),
    }
}

/// An integer column. SQLite's integers are signed: the top bit travels as the sign.
pub(super) fn integer<'a>(value: u64) -> ValueRef<'a> {
    ValueRef::Integer(value as i64)
}
