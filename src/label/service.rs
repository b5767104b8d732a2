use super::Route;

/// A declared gRPC service, and the route of its methods that are not proven.
#[derive(Debug)]
pub(super) struct Service {
    pub(super) name: String,
    pub(super) other: Route,
}

/// The service of a gRPC path, which has the form `/service/method`.
pub(super) fn service_of(path: &str) -> Option<&str> {
    let (service, method) = path.strip_prefix('/')?.split_once('/')?;
    let is_path = !service.is_empty() && !method.is_empty() && !method.contains('/');
    is_path.then_some(service)
}

/// Whether a path may be that of a gRPC method.
pub(crate) fn is_call_path(path: &str) -> bool {
    service_of(path).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_has_a_service_and_a_method() {
        assert_eq!(service_of("/a.B/C"), Some("a.B"));
        for path in ["", "/", "/a", "/a/", "//b", "a/b", "/a/b/", "/a/b/c"] {
            assert_eq!(service_of(path), None, "{path}");
        }
    }
}
