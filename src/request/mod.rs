//! One HTTP request on its way: what is known of it, how it ended, and what it is counted under.
//!
//! A [`Recording`] is made in `call`, moves into the future and from there into the body, and counts its
//! request once: when somebody knows how it ended, and at its own drop at the latest.

mod active;
mod call;
mod exemplar;
mod grpc;
mod head;
mod key;
mod outcome;
mod recorder;
mod recording;
mod trace_id;

pub use self::trace_id::TraceId;

pub(crate) use self::{
    exemplar::ExemplarOf,
    grpc::Code,
    key::{ActiveKey, RequestKey},
    outcome::{Completion, Outcome},
    recorder::{DURATION, Recorder, VersionFrom},
    recording::{Panicking, Recording},
};
