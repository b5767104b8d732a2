//! What threads share: values that are added and never removed, and the one way to lock.

mod list;
mod lock;
mod table;

pub(crate) use self::{
    list::List,
    lock::lock,
    table::{HASH_FACTOR, Table},
};
