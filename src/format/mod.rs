//! How families are written: a file for each way, and one table of those that can be negotiated.

mod collector;
mod number;
#[cfg(feature = "otlp")]
pub(crate) mod otlp;
#[cfg(feature = "protobuf")]
mod protobuf;
mod text;
#[cfg(any(feature = "otlp", feature = "protobuf"))]
mod wire;
mod writer;

#[cfg(feature = "page")]
pub(crate) use self::number::{push_count, push_float, push_number, push_str};
pub(crate) use self::{
    collector::encode_families,
    writer::{Format, Writer},
};

/// All formats. The first one is for clients without a preference.
pub(crate) static FORMATS: &[Format] = &[
    text::CLASSIC,
    text::OPEN_METRICS,
    #[cfg(feature = "protobuf")]
    protobuf::PROTOBUF,
];
