//! What threads share: values that are added and never removed, the one way to lock, and the one to yield.

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
