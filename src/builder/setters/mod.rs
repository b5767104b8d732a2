//! The builder's setters. What they are given is checked when the layer is built.

mod endpoint;
mod labels;
mod measures;
mod names;
mod routes;
