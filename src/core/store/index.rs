//! `index.db`: the table of packages in the store, a SQLite database that pnpm and pacwatch share.
//!
//! Rows are read in one batch before anything else happens, and written by one thread in batches; a row is
//! written only after all its files are. Several processes may do both at once.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rusqlite::{Connection, OpenFlags};
use rustc_hash::FxHashMap;

use super::StoreError;

/// Rows written in one transaction, as pnpm does.
const WRITE_BATCH: usize = 256;
/// How long rows gather for a transaction: one for every few of them takes several times as long in all.
const GATHERING: Duration = Duration::from_millis(100);
/// How long a process waits for another that writes.
const BUSY: Duration = Duration::from_secs(5);

/// The key of a package of a registry or of a tarball: its integrity and its id (`name@version`, or the URL of a
/// tarball).
#[must_use]
pub fn key(integrity: &str, package_id: &str) -> String {
    format!("{integrity}\t{package_id}")
}

/// Reads the rows of these keys, once; see [`IndexReader::read`].
///
/// # Errors
/// When the database is there and cannot be read.
pub fn read<'k>(path: &Path, keys: &[&'k str]) -> Result<FxHashMap<&'k str, Vec<u8>>, StoreError> {
    IndexReader::new(path).read(keys)
}

/// Reads rows, batch after batch. The database is opened by the first batch that finds one and stays open: to open and
/// to close one makes files and removes them, which takes longer than a batch.
#[derive(Debug)]
pub struct IndexReader {
    path: PathBuf,
    connection: Option<Connection>,
}

impl IndexReader {
    /// A reader of the database at a path. Nothing is opened yet.
    #[must_use]
    pub fn new(path: &Path) -> Self {
        Self { path: path.to_path_buf(), connection: None }
    }

    /// Reads the rows of these keys; a key without a row is absent from the answer. Without a database there are no
    /// rows.
    ///
    /// # Errors
    /// When the database is there and cannot be read.
    pub fn read<'k>(&mut self, keys: &[&'k str]) -> Result<FxHashMap<&'k str, Vec<u8>>, StoreError> {
        let mut rows = FxHashMap::default();
        if keys.is_empty() || (self.connection.is_none() && !self.path.exists()) {
            return Ok(rows);
        }
        let Self { path, connection } = self;
        let fail = |source| StoreError::index("read", path, source);
        let connection = match connection {
            Some(connection) => connection,
            None => connection.insert(open_for_reading(path)?),
        };
        // One transaction, or each row would be locked and unlocked for itself.
        let transaction = connection.transaction().map_err(fail)?;
        let statement = transaction.prepare_cached("SELECT data FROM package_index WHERE key = ?1");
        let mut statement = match statement {
            Ok(statement) => statement,
            // Another process has made the file and not yet its table.
            Err(rusqlite::Error::SqliteFailure(_, Some(message))) if message.starts_with("no such table") => {
                return Ok(rows);
            }
            Err(source) => return Err(fail(source)),
        };
        for &key in keys {
            let mut found = statement.query([key]).map_err(fail)?;
            // A row of another type than BLOB was written by nobody we know.
            if let Some(row) = found.next().map_err(fail)?
                && let Ok(data) = row.get_ref(0).map_err(fail)?.as_blob()
            {
                rows.insert(key, data.to_vec());
            }
        }
        Ok(rows)
    }
}

fn open_for_reading(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let fail = |source| StoreError::index("open", path, source);
    let connection = Connection::open_with_flags(path, flags).map_err(fail)?;
    connection.busy_timeout(BUSY).map_err(fail)?;
    connection.execute_batch("PRAGMA mmap_size = 536870912;").map_err(fail)?;
    Ok(connection)
}

/// A row on its way to the writer.
struct Row {
    key: String,
    data: Vec<u8>,
}

/// The thread that writes rows. Rows are durable against a kill of this process once [`IndexWriter::finish`] has
/// returned; dropping the writer finishes it too, without a word about errors.
#[derive(Debug)]
pub struct IndexWriter {
    sender: Mutex<Option<Sender<Row>>>,
    thread: Mutex<Option<JoinHandle<Result<(), StoreError>>>>,
}

impl IndexWriter {
    /// Starts the thread; the database is opened, and made if need be, when the first row comes.
    ///
    /// # Errors
    /// When the system has no thread to give.
    pub fn start(path: &Path) -> Result<Self, StoreError> {
        let (sender, receiver) = channel();
        let thread = std::thread::Builder::new()
            .name("store index".into())
            .spawn({
                let path = path.to_path_buf();
                move || write_all(&path, &receiver)
            })
            .map_err(|source| StoreError::io("start the writer of", path, source))?;
        Ok(Self { sender: Mutex::new(Some(sender)), thread: Mutex::new(Some(thread)) })
    }

    /// Queues a row. An error of the thread shows in [`IndexWriter::finish`]; after that, rows are dropped.
    pub fn write(&self, key: String, data: Vec<u8>) {
        if let Some(sender) = &*lock(&self.sender) {
            // The thread stops early only on an error, which `finish` reports.
            let _ = sender.send(Row { key, data });
        }
    }

    /// No further row comes: the thread writes what it has and closes the database, which takes a while.
    pub fn close(&self) {
        *lock(&self.sender) = None;
    }

    /// Waits until every row is written.
    ///
    /// # Errors
    /// When a row could not be written.
    pub fn finish(&self) -> Result<(), StoreError> {
        self.close();
        let thread = lock(&self.thread).take();
        match thread.map(JoinHandle::join) {
            None | Some(Ok(Ok(()))) => Ok(()),
            Some(Ok(Err(error))) => Err(error),
            Some(Err(_)) => Err(StoreError::WriterStopped("it panicked".into())),
        }
    }
}

impl Drop for IndexWriter {
    fn drop(&mut self) {
        // Whoever wants to know calls `finish`.
        let _ = self.finish();
    }
}

/// What these locks guard is replaced as a whole, so a panic leaves it whole.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn write_all(path: &Path, receiver: &Receiver<Row>) -> Result<(), StoreError> {
    let fail = |source| StoreError::index("write", path, source);
    let Ok(first) = receiver.recv() else {
        return Ok(());
    };
    let mut connection = open_for_writing(path)?;
    let mut next = Some(first);
    while let Some(row) = next.take() {
        let mut batch = vec![row];
        let until = Instant::now() + GATHERING;
        while batch.len() < WRITE_BATCH {
            // Nobody comes any more, or not in time.
            let Ok(row) = receiver.recv_timeout(until.saturating_duration_since(Instant::now())) else {
                break;
            };
            batch.push(row);
        }
        let transaction =
            connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate).map_err(fail)?;
        {
            let mut statement = transaction
                .prepare_cached("INSERT OR REPLACE INTO package_index (key, data) VALUES (?1, ?2)")
                .map_err(fail)?;
            for Row { key, data } in &batch {
                statement.execute(rusqlite::params![key, data]).map_err(fail)?;
            }
        }
        transaction.commit().map_err(fail)?;
        next = receiver.recv().ok();
    }
    Ok(())
}

/// Opens the database as pnpm does and makes its tables. Two processes may do so at the same moment, and a change
/// of the journal mode does not wait for the other by itself.
fn open_for_writing(path: &Path) -> Result<Connection, StoreError> {
    let fail = |source| StoreError::index("open", path, source);
    let mut attempts = 0;
    loop {
        let opened = Connection::open(path).and_then(|connection| {
            connection.busy_timeout(BUSY)?;
            connection.execute_batch(
                "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
                 PRAGMA cache_size = -4000; PRAGMA temp_store = MEMORY; PRAGMA wal_autocheckpoint = 10000;
                 CREATE TABLE IF NOT EXISTS package_index (key TEXT PRIMARY KEY, data BLOB NOT NULL) WITHOUT ROWID;
                 CREATE TABLE IF NOT EXISTS package_index_alias
                   (key TEXT PRIMARY KEY, target TEXT NOT NULL) WITHOUT ROWID;",
            )?;
            Ok(connection)
        });
        match opened {
            Err(rusqlite::Error::SqliteFailure(error, _))
                if matches!(
                    error.code,
                    rusqlite::ErrorCode::DatabaseBusy | rusqlite::ErrorCode::DatabaseLocked
                ) && attempts < 100 =>
            {
                attempts += 1;
                std::thread::sleep(Duration::from_millis(50));
            }
            other => return other.map_err(fail),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_read_back_in_one_batch_and_absent_keys_are_absent() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("index.db");
        let keys: Vec<String> = (0..2500).map(|index| key("sha512-x", &format!("p@{index}"))).collect();
        let writer = IndexWriter::start(&path).unwrap();
        for key in &keys[1..] {
            writer.write(key.clone(), key.as_bytes().to_vec());
        }
        writer.finish().unwrap();
        let wanted: Vec<&str> = keys.iter().map(String::as_str).collect();
        let rows = read(&path, &wanted).unwrap();
        assert_eq!(rows.len(), keys.len() - 1);
        assert_eq!(rows[wanted[7]], wanted[7].as_bytes());
        assert!(!rows.contains_key(wanted[0]));
    }

    #[test]
    fn a_reader_finds_a_database_that_was_made_after_it_and_rows_that_came_since() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("index.db");
        let mut reader = IndexReader::new(&path);
        assert!(reader.read(&["a", "b"]).unwrap().is_empty());
        for key in ["a", "b"] {
            let writer = IndexWriter::start(&path).unwrap();
            writer.write(key.to_owned(), key.into());
            writer.finish().unwrap();
            assert_eq!(reader.read(&["a", "b"]).unwrap()[key], key.as_bytes());
        }
    }

    #[test]
    fn without_a_database_there_are_no_rows_and_none_is_made() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("index.db");
        assert!(read(&path, &["a"]).unwrap().is_empty());
        IndexWriter::start(&path).unwrap().finish().unwrap();
        assert!(!path.exists());
    }

    #[test]
    fn writers_of_one_database_wait_for_each_other() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("index.db");
        let writers: Vec<_> = (0..4).map(|_| IndexWriter::start(&path).unwrap()).collect();
        for (number, writer) in writers.iter().enumerate() {
            for row in 0..300 {
                writer.write(format!("{number} {row}"), vec![0; 100]);
            }
        }
        for writer in writers {
            writer.finish().unwrap();
        }
        let count: u32 = Connection::open(&path)
            .and_then(|connection| {
                connection.query_row("SELECT count(*) FROM package_index", [], |row| row.get(0))
            })
            .unwrap();
        assert_eq!(count, 1200);
    }

    #[test]
    fn a_file_that_is_no_database_is_an_error_that_names_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("index.db");
        std::fs::write(&path, vec![b'x'; 5000]).unwrap();
        let error = read(&path, &["a"]).unwrap_err();
        assert!(error.to_string().contains("index.db"), "{error}");
        assert!(error.help().is_some());
    }
}
