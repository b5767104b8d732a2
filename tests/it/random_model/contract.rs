//! What the contract says of a request.

use super::{
    case::{Answer, CODES, Case, Code, Hint, Panics, SKIPPED, STREAMS, Step, Use},
    options::{Options, Shown},
};
use crate::support::TestLayer;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Ending {
    Complete,
    /// A stream that was left.
    Left,
    Cancelled,
    BodyFailed,
    ServiceFailed,
    Panicked,
}

/// What a request is as a gRPC call.
struct Call {
    route: &'static str,
    /// Whether it is one even without a response.
    known: bool,
    provable: bool,
}

/// What is counted, and for how long requests took, in nanoseconds.
#[derive(Default)]
pub(super) struct Model {
    client: bool,
    proven: BTreeSet<&'static str>,
    counts: BTreeMap<String, f64>,
    nanos: BTreeMap<String, u64>,
    /// What options show beside all that.
    shown: Option<Shown>,
}

impl Model {
    pub(super) fn new(client: bool) -> Self {
        Self {
            client,
            ..Self::default()
        }
    }

    pub(super) fn with(client: bool, options: Options) -> Self {
        Self {
            shown: Some(Shown::new(options)),
            ..Self::new(client)
        }
    }

    /// How many requests the options have shown.
    pub(super) fn requests(&self) -> u64 {
        self.shown.as_ref().map_or(0, |shown| shown.requests)
    }

    fn call(&self, case: &Case, plain: &'static str) -> Option<Call> {
        let is_call = case
            .content_type
            .is_some_and(|it| it.starts_with("application/grpc"));
        if case.method != "POST" || !is_call {
            return None;
        }
        let path = case.path.0;
        let declared = case.path.1 == path;
        let (route, known, provable) = if self.client || case.template.is_some() {
            (plain, self.client, false)
        } else if declared || self.proven.contains(path) {
            (path, true, false)
        } else if path.starts_with("/pkg.Svc/") {
            ("/pkg.Svc/_OTHER", true, true)
        } else {
            ("_unmatched", false, path.matches('/').count() == 2)
        };
        Some(Call {
            route,
            known,
            provable,
        })
    }

    pub(super) fn count(&mut self, case: &Case) {
        let by_path = if self.client {
            "_unmatched"
        } else {
            case.path.1
        };
        let plain = case.template.unwrap_or(by_path);
        if plain == SKIPPED {
            return;
        }
        let mut call = self.call(case, plain);
        let mut route = plain;
        let responds = case.answer == Answer::Responds;
        let is_grpc = responds
            && case
                .answer_type
                .is_some_and(|it| it.starts_with("application/grpc"));
        // A client alone cannot make a page a call.
        call = call.filter(|call| self.client || is_grpc || (!responds && call.known));
        if let Some(call) = &call {
            route = call.route;
        }
        let is_grpc = is_grpc && call.is_some();
        let overrule = case.overrule.filter(|_| responds);
        route = overrule.unwrap_or(route);

        let declared = case.declared().filter(|_| !is_grpc);
        let is_events = case.answer_type == Some("text/event-stream") && declared.is_none();
        let is_stream = responds && (STREAMS.contains(&route) || is_events);
        let mut passed = 0;
        let (ending, at_head, seen) = case.ending(declared, is_stream, &mut passed);
        passed = passed.min(declared.unwrap_or(u64::MAX));
        let millis = match case.answer {
            Answer::PanicsInCall => 0,
            Answer::Responds if !at_head && !is_stream => case.before + case.after,
            _ => case.before,
        };

        let seen = seen.filter(|_| is_grpc);
        let proves = seen.is_some_and(|(_, name, _)| name == "OK") && overrule.is_none();
        let mut code = call.as_ref().map(|_| match ending {
            Ending::Complete => seen.unwrap_or(mapped(case.status)),
            // The normal end of a call that was answered as one.
            Ending::Left if is_grpc && case.status == 200 => seen.unwrap_or(CODES[0]),
            Ending::Left => seen.unwrap_or(mapped(case.status)),
            Ending::Cancelled if case.timeout.is_some_and(|timeout| millis >= timeout) => {
                ("4", "DEADLINE_EXCEEDED", true)
            }
            Ending::Cancelled => ("1", "CANCELLED", false),
            _ => ("2", "UNKNOWN", true),
        });
        if let (Some(call), Some(code)) = (&call, &mut code) {
            if call.provable && proves && matches!(ending, Ending::Complete | Ending::Left) {
                route = case.path.0;
                self.proven.insert(route);
            }
            let invented = !self.client && ["_unmatched", "/pkg.Svc/_OTHER"].contains(&route);
            code.2 = match self.client {
                true => code.1 != "OK",
                false => code.2 && !(code.1 == "UNIMPLEMENTED" && invented),
            };
        }
        self.add(case, route, ending, code, (millis, passed));
    }

    fn add(
        &mut self,
        case: &Case,
        route: &str,
        ending: Ending,
        code: Option<Code>,
        (millis, passed): (u64, u64),
    ) {
        let responds = case.answer == Answer::Responds;
        let prefix = if self.client { "http_client" } else { "http" };
        let method = if case.method == "BREW" {
            "_OTHER"
        } else {
            case.method
        };
        let status = match (responds, self.client, ending) {
            (true, ..) if case.status > 599 => "_OTHER".to_owned(),
            (true, ..) => case.status.to_string(),
            (false, true, _) => "_none".to_owned(),
            (false, false, Ending::Cancelled) => "499".to_owned(),
            (false, false, _) => "500".to_owned(),
        };
        let from = if self.client { 400 } else { 500 };
        let failed = responds && (from..600).contains(&case.status);
        let late = code.is_some_and(|(_, name, _)| name == "DEADLINE_EXCEEDED");
        let error = match ending {
            Ending::Panicked => Some("panic"),
            Ending::ServiceFailed => Some("service"),
            Ending::BodyFailed => Some("body"),
            Ending::Cancelled if !late => None,
            _ if failed => Some(&*status),
            _ => code.and_then(|(_, name, is_error)| is_error.then_some(name)),
        };
        let first = format!(r#"method="{method}",route="{route}""#);
        let mut labels = format!(r#"{first},status="{status}""#);
        if let Some((_, name, _)) = code {
            labels += &format!(r#",grpc_status="{name}""#);
        }
        let mut own = String::new();
        if let Some(shown) = &mut self.shown {
            let version;
            (version, own) = shown.labels(case, self.client);
            labels += &version;
            labels += &own;
            let measured = (&mut self.counts, &mut self.nanos);
            shown.measure(case, prefix, &labels, passed, measured);
        }
        let mut add = |series: String| *self.counts.entry(series).or_default() += 1.0;
        add(format!("{prefix}_requests_total{{{labels}}}"));
        add(format!(
            "{prefix}_request_duration_seconds_count{{{labels}}}"
        ));
        if let Some(error) = error {
            add(format!(
                r#"{prefix}_errors_total{{{first},error="{error}"{own}}}"#
            ));
        } else if ending == Ending::Cancelled {
            let phase = if responds { "body" } else { "head" };
            add(format!(
                r#"{prefix}_requests_cancelled_total{{{first},phase="{phase}"{own}}}"#
            ));
        }
        let sum = format!("{prefix}_request_duration_seconds_sum{{{labels}}}");
        *self.nanos.entry(sum).or_default() += millis * 1_000_000;
    }

    /// All series but buckets and those that are zero.
    pub(super) async fn assert_shown(&self, layer: &TestLayer) {
        let mut shown = layer.scrape().await.0;
        shown.retain(|series, value| *value != 0.0 && !series.contains("_bucket{"));
        let sums = self.nanos.iter().filter(|(_, nanos)| **nanos > 0);
        let sums = sums.map(|(series, nanos)| (series.clone(), *nanos as f64 / 1e9));
        let mut expected = self.counts.clone();
        expected.extend(sums);
        let differs = |one: &BTreeMap<String, f64>, other: &BTreeMap<String, f64>| {
            let differs = one
                .iter()
                .filter(|(series, value)| other.get(*series) != Some(value));
            differs
                .map(|(series, value)| format!("{series} {value}"))
                .collect::<Vec<_>>()
        };
        let (shown, expected) = (differs(&shown, &expected), differs(&expected, &shown));
        assert!(
            shown.is_empty() && expected.is_empty(),
            "{shown:#?} instead of {expected:#?}"
        );
    }

    pub(super) fn total(&self, name: &str) -> f64 {
        let of_name = self
            .counts
            .iter()
            .filter(|(series, _)| series.starts_with(name));
        of_name.map(|(_, value)| value).sum()
    }
}

/// The code of a gRPC response without one.
fn mapped(status: u16) -> Code {
    match status {
        404 => CODES[3],
        429 | 503 => ("14", "UNAVAILABLE", true),
        _ => ("2", "UNKNOWN", true),
    }
}

impl Case {
    /// How many bytes the response says it has.
    fn declared(&self) -> Option<u64> {
        if let Hint::Exact(bytes) = self.script.hint {
            return Some(bytes);
        }
        let first = self.lengths.first()?;
        let same = self.lengths.iter().all(|length| length == first);
        first.parse().ok().filter(|_| same)
    }

    /// How it ends, whether with its head, and the last `grpc-status`.
    /// Adds how many bytes passed.
    fn ending(
        &self,
        declared: Option<u64>,
        is_stream: bool,
        passed: &mut u64,
    ) -> (Ending, bool, Option<Code>) {
        match self.answer {
            Answer::PanicsInCall | Answer::PanicsInPoll => return (Ending::Panicked, true, None),
            Answer::Fails => return (Ending::ServiceFailed, true, None),
            Answer::Never => return (Ending::Cancelled, true, None),
            Answer::Responds => {}
        }
        let mut script = self.script.clone();
        let at_head = |ending| (ending, true, self.code);
        let bodiless = matches!(self.status, 101 | 204 | 304) || self.method == "HEAD";
        if bodiless || (self.method == "CONNECT" && self.status == 200) {
            return at_head(Ending::Complete);
        }
        // A body that says it has bytes is not asked for its end.
        let asked = match script.hint {
            Hint::Panics => return at_head(Ending::Panicked),
            Hint::Exact(bytes) if bytes > 0 => Ok(false),
            _ => script.is_end_stream(),
        };
        match asked {
            Err(Panics) => return at_head(Ending::Panicked),
            Ok(ended) if ended || declared == Some(0) => return at_head(Ending::Complete),
            Ok(_) => {}
        }
        let (mut left, mut code) = (declared, self.code);
        let (mut ended, mut panicked) = (false, false);
        for how in &self.uses {
            let asked = script.is_end_stream();
            let ending = match how {
                Use::AskForEnd => {
                    panicked |= asked.is_err();
                    ended |= asked.is_ok_and(|ended| ended);
                    continue;
                }
                Use::AskForSize => continue,
                Use::Poll => match script.next() {
                    Step::Wait => continue,
                    Step::Data(bytes) => {
                        *passed += bytes as u64;
                        left = left.map(|left| left.saturating_sub(bytes as u64));
                        match script.is_end_stream() {
                            _ if left == Some(0) => Ending::Complete,
                            Ok(false) => continue,
                            Ok(true) => Ending::Complete,
                            Err(Panics) => Ending::Panicked,
                        }
                    }
                    Step::Trailers(sent) => {
                        code = sent.or(code);
                        Ending::Complete
                    }
                    Step::End => Ending::Complete,
                    Step::Error => Ending::BodyFailed,
                    Step::BadData | Step::Panic => Ending::Panicked,
                },
            };
            let ending = if panicked { Ending::Panicked } else { ending };
            return (ending, false, code);
        }
        let ending = match (panicked, ended, is_stream) {
            (true, ..) => Ending::Panicked,
            (_, true, _) => Ending::Complete,
            (_, _, true) => Ending::Left,
            _ => Ending::Cancelled,
        };
        (ending, false, code)
    }
}
