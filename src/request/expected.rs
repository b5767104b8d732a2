use super::{Code, Completion, Outcome, Recorder, VersionFrom, key::PackedKey};
use crate::label::{Method, Route, Status, Version};

/// Requests that may come. Their series are there before they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Expected {
    /// With that method, to that route.
    Http(String, String),
    /// gRPC calls to that path.
    Grpc(String),
}

impl Recorder {
    /// Makes the series of requests that may come, with 0: those that are complete with 200 and 500, and of gRPC calls
    /// those with OK and INTERNAL.
    pub(crate) fn initialize(&self, expected: &Expected) {
        let (method, route, ends) = match expected {
            Expected::Http(method, route) => {
                let ends = [(Status::OK, None), (Status::INTERNAL, None)];
                (method.as_str(), self.routes.named(route), ends)
            }
            Expected::Grpc(path) => {
                let ends = [Code::OK, Code::INTERNAL].map(|code| (Status::OK, Some(code)));
                ("POST", self.routes.prove(path), ends)
            }
        };
        let method = http::Method::from_bytes(method.as_bytes()).unwrap_or_default();
        let method = self.routes.methods().of(&method);
        if route.skipped {
            return;
        }
        let versions: &[Version] = match (self.version_from, expected) {
            (VersionFrom::Nobody, _) => &[Version::NONE],
            (_, Expected::Http(..)) => &[Version::HTTP_11, Version::HTTP_2],
            (_, Expected::Grpc(_)) => &[Version::HTTP_2],
        };
        for route in self.routes.of_each_peer(route) {
            for version in versions {
                for (status, code) in ends {
                    self.initialize_key(method, route, *version, status, code);
                }
            }
        }
    }

    fn initialize_key(
        &self,
        method: Method,
        route: Route,
        version: Version,
        status: Status,
        code: Option<Code>,
    ) {
        let started = PackedKey::new(method).with_version(version);
        let completion = Completion {
            outcome: Outcome::Complete,
            code,
        };
        let finished = started.with_status(status).with_completion(completion);
        let active = started.of_active().with_labels(route.labels);
        self.store
            .initialize(finished.with_labels(route.labels), active);
    }
}
