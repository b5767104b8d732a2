//! Requests whose series are there from the start.

use super::{Mistakes, routes};
use crate::{
    BuildError,
    label::{Method, UNMATCHED, is_call_path},
    request::Expected,
};

/// `methods` are those that are known, if these are not the standard ones.
pub(super) fn check(expected: &[Expected], methods: Option<&[String]>, mistakes: &mut Mistakes) {
    let is_known = |name: &String| match methods {
        Some(methods) => methods.contains(name),
        None => Method::is_standard(name),
    };
    for expected in expected {
        match expected {
            Expected::Http(method, route) => {
                if !is_known(method) {
                    mistakes.add(BuildError::InvalidMethod {
                        method: method.clone(),
                        variable: None,
                        reason: String::from("it is in `initialize`, and is not a known method"),
                    });
                }
                let templates = [route].into_iter().filter(|route| *route != UNMATCHED);
                routes::check_each("initialize", templates, mistakes);
            }
            Expected::Grpc(path) if is_call_path(path) => {}
            Expected::Grpc(path) => mistakes.add(BuildError::InvalidRoute {
                setting: "initialize_grpc",
                route: path.clone(),
                reason: String::from("a method's path has the form \"/package.Service/Method\""),
            }),
        }
    }
}
