//! What requests are labelled with. Cardinality is decided here and nowhere else.

mod calls;
mod combinations;
#[cfg(feature = "axum")]
mod matched_path;
mod method;
mod methods;
mod names;
mod peer;
mod request_head;
mod response_head;
mod route;
mod routes;
mod scheme;
mod service;
mod set;
mod settings;
mod status;
mod template;
mod text;
mod user_labels;
mod value_sets;
mod version;

pub use self::{
    peer::Peer, request_head::RequestHead, response_head::ResponseHead, template::RouteTemplate,
};

pub(crate) use self::{
    calls::CallRoute,
    combinations::UserValues,
    method::Method,
    methods::{MAX_METHODS, Methods},
    peer::{MAX_PEERS, Peers, is_same_peer},
    route::Route,
    routes::Routes,
    scheme::Scheme,
    service::is_call_path,
    set::{LabelSet, Labelled},
    settings::RouteSettings,
    status::Status,
    user_labels::{UserLabel, UserLabels, ValueOf},
    value_sets::ValueSets,
    version::Version,
};

/// Stands for a value that is not on a fixed list.
pub(crate) const OTHER: &str = "_OTHER";
/// Stands for the route of a request that matched none.
pub(crate) const UNMATCHED: &str = "_unmatched";
/// Stands for the routes of label sets past the budget.
pub(crate) const OVERFLOW: &str = "_overflow";
/// A longer label value is a mistake, or comes from a client.
const LONGEST_VALUE: usize = 256;
