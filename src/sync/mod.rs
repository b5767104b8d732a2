//! What threads share: a list and a table that values are only added to, the one way to lock, and the one to yield.

mod list;
mod lock;
mod table;
mod yield_now;

pub(crate) use self::{
    list::List,
    lock::lock,
    table::{Cursor, HASH_FACTOR, Table},
    yield_now::{at_once, yield_now},
};
