//! One HTTP request: what is known of it, how it ended, and what it is counted under.
//!
//! A [`Recording`] is made in `call` and moves into the future, and from there into the body. It counts its request
//! once: when somebody knows how the request ended, or else when it is dropped.
//!
//! It is a pointer to a box that holds the request's state. The thread on which the request ends keeps the box for
//! its next one, so that nothing is allocated in steady state. Where requests always end on another thread than they
//! start on, the boxes collect on that thread. It keeps up to 512 of them, and leaves others to all threads, 256 at a
//! time, so that the lock for that is rarely taken.

mod active;
mod amount;
mod call;
mod end;
mod exemplar;
mod expected;
mod extras;
mod flags;
mod frames;
mod grpc;
mod head;
mod key;
mod outcome;
mod recorder;
mod recording;
mod response;
mod spare;
mod start;
mod trace_id;

pub use self::trace_id::TraceId;

pub(crate) use self::{
    amount::{Amount, Amounts},
    exemplar::ExemplarOf,
    expected::Expected,
    flags::Flags,
    grpc::Code,
    key::{ActiveKey, RequestKey},
    outcome::{Completion, Outcome},
    recorder::{Recorder, VersionFrom},
    recording::{Panicking, Recording},
};
