//! What threads share: a list, a table and an interner that values are only added to, and the one way to lock, to
//! yield, and to run what may panic.

mod caught;
mod interner;
mod list;
mod lock;
mod table;
mod yield_now;

pub(crate) use self::{
    caught::caught,
    interner::Interner,
    list::List,
    lock::lock,
    table::{Cursor, HASH_FACTOR, Table},
    yield_now::{at_once, yield_now},
};
