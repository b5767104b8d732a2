use rusqlite::{Connection, ErrorCode, OpenFlags};
use std::{
    error::Error,
    panic::resume_unwind,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    task::spawn_blocking,
};
use tower_red::{Buckets, Exposition, Operation, ResolvedOperation};

/// A database of SQLite in memory, behind a pool of connections. The endpoint shows each query by operation and table
/// as `db_query_…`, the waits for a connection as `db_pool_wait_…`, and those in use as `db_connection_active`.
#[derive(Clone, Debug)]
pub struct Database {
    pool: Arc<Pool>,
    queries: Operation<2>,
    waits: ResolvedOperation,
    in_use: ResolvedOperation,
}

#[derive(Debug)]
struct Pool {
    idle: Mutex<Vec<Connection>>,
    /// As many permits as there are connections.
    permits: Arc<Semaphore>,
}

impl Database {
    /// Opens that many connections, and creates the tables.
    ///
    /// # Errors
    ///
    /// If the schema is not valid, or if the endpoint has families of the same names.
    pub fn open(
        schema: &str,
        connections: usize,
        exposition: &Exposition,
    ) -> Result<Self, Box<dyn Error>> {
        let idle: Vec<_> = (0..connections)
            .map(|_| connect())
            .collect::<Result<_, _>>()?;
        for connection in idle.iter().take(1) {
            connection.execute_batch(schema)?;
        }
        let queries = Operation::builder("db_query")
            .labels(["operation", "table"])
            .buckets(Buckets::custom([0.0001, 0.001, 0.01, 0.1, 1.0])?)
            .expose_on(exposition)?;
        let waits = Operation::builder("db_pool_wait")
            .buckets(Buckets::custom([0.0001, 0.001, 0.01, 0.1, 1.0])?)
            .expose_on(exposition)?;
        let in_use = Operation::builder("db_connection").expose_on(exposition)?;
        let pool = Pool {
            idle: Mutex::new(idle),
            permits: Arc::new(Semaphore::new(connections)),
        };
        Ok(Self {
            pool: Arc::new(pool),
            queries,
            waits: waits.with([]),
            in_use: in_use.with([]),
        })
    }

    /// Runs one query on a connection of its own. It runs to its end, even if nobody waits for it any more.
    ///
    /// # Errors
    ///
    /// If the query fails.
    ///
    /// # Panics
    ///
    /// If the query panics.
    pub async fn run<T: Send + 'static>(
        &self,
        operation: &'static str,
        table: &'static str,
        query: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> rusqlite::Result<T> {
        let permits = self.pool.permits.clone();
        // It is never closed: what fails would be this program.
        let permit = self.waits.run(permits.acquire_owned()).await;
        let permit = permit.expect("the pool is open as long as the database");
        let database = self.clone();
        let work = move || database.run_with(permit, operation, table, query);
        match spawn_blocking(work).await {
            Ok(result) => result,
            Err(panicked) => resume_unwind(panicked.into_panic()),
        }
    }

    fn run_with<T>(
        &self,
        permit: OwnedSemaphorePermit,
        operation: &str,
        table: &str,
        query: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<T> {
        let in_use = self.in_use.enter();
        // One that a panic has not brought back is opened again.
        let connection = self.pool.take().map_or_else(connect, Ok)?;
        let queries = self.queries.with([operation, table]);
        let result = queries.run_blocking_by(kind, || query(&connection));
        self.pool.bring_back(connection);
        drop((in_use, permit));
        result
    }
}

impl Pool {
    fn take(&self) -> Option<Connection> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.pop()
    }

    fn bring_back(&self, connection: Connection) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.push(connection);
    }
}

/// All connections of the process share what is in memory.
fn connect() -> rusqlite::Result<Connection> {
    let flags = OpenFlags::default() | OpenFlags::SQLITE_OPEN_URI;
    let connection = Connection::open_with_flags("file:/systems?vfs=memdb", flags)?;
    connection.busy_timeout(Duration::from_secs(5))?;
    Ok(connection)
}

/// By kind and not by text, which has no bounds.
fn kind(error: &rusqlite::Error) -> &'static str {
    match error.sqlite_error_code() {
        Some(ErrorCode::ConstraintViolation) => "constraint",
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => "busy",
        _ => "other",
    }
}
