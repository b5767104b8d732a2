//! What the builder's options show of a request.

use super::case::{Answer, Case};
use crate::support::random::Random;
use http::{HeaderMap, Version};
use std::{
    collections::BTreeMap,
    panic::resume_unwind,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};
use tower_red::{Buckets, MetricsLayerBuilder, NativeHistogram, TraceId};

/// What a request and its response say beside all else.
#[derive(Clone, Debug)]
pub(super) struct Said {
    tenant: Option<&'static str>,
    plan: Option<&'static str>,
    cache: Option<&'static str>,
    pub(super) version: (Version, &'static str),
    pub(super) bytes: Option<u64>,
    traced: bool,
}

const PANICS: &str = "panics";
const VERSIONS: [(Version, &str); 3] = [
    (Version::HTTP_10, "1.0"),
    (Version::HTTP_11, "1.1"),
    (Version::HTTP_2, "2"),
];

impl Said {
    pub(super) fn new(random: &mut Random) -> Self {
        let mut one_of = |all: &[&'static str]| match random.below(3) {
            0 => None,
            _ => Some(random.one_of(all)),
        };
        Self {
            tenant: one_of(&["acme", "globex", "evil", "_overflow", PANICS]),
            plan: one_of(&["free", "gold", "evil", "worse", PANICS]),
            cache: one_of(&["hit", "miss", "odd", PANICS]),
            version: random.one_of(&VERSIONS),
            bytes: random.some(|random| random.below(3_000) as u64),
            traced: random.below(2) == 0,
        }
    }

    /// The headers of the request.
    pub(super) fn of_request(&self) -> Vec<(&'static str, String)> {
        let bytes = self.bytes.map(|bytes| bytes.to_string());
        let traced = self.traced.then(String::new);
        let own = |value: Option<&str>| value.map(str::to_owned);
        let headers = [
            ("x-tenant", own(self.tenant)),
            ("x-plan", own(self.plan)),
            ("content-length", bytes),
            ("x-traced", traced),
        ];
        let headers = headers.into_iter();
        let headers = headers.filter_map(|(name, value)| Some((name, value?)));
        headers.collect()
    }

    /// A header of the response.
    pub(super) fn of_response(&self) -> Option<(&'static str, &'static str)> {
        self.cache.map(|cache| ("x-cache", cache))
    }
}

/// The options of a layer.
#[derive(Clone, Default)]
pub(super) struct Options {
    pub(super) first_byte: bool,
    /// How many requests were asked for their trace.
    pub(super) asked: Arc<AtomicU64>,
}

pub(super) fn value<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let value = headers.get(name)?.to_str().ok()?;
    if value == PANICS {
        resume_unwind(Box::new(()));
    }
    Some(value)
}

impl Options {
    pub(super) fn on(&self, builder: MetricsLayerBuilder) -> MetricsLayerBuilder {
        let asked = Arc::clone(&self.asked);
        let sizes = || Buckets::custom([10.0]).unwrap();
        let builder = builder
            .label("tenant", ["acme", "globex"], |head| {
                value(head.headers, "x-tenant")
            })
            .response_label("cache", ["hit", "miss"], |head| {
                value(head.headers, "x-cache")
            })
            .label_up_to("plan", 2, |head| value(head.headers, "x-plan"))
            .http_version()
            .response_start()
            .response_body_buckets(sizes())
            .request_body_buckets(sizes())
            .native_histogram(NativeHistogram::default())
            .exemplar(move |head| {
                asked.fetch_add(1, Ordering::Relaxed);
                head.header("x-traced")
                    .and_then(|_| TraceId::from_bytes([7; 16]))
            });
        match self.first_byte {
            true => builder.time_to_first_byte(),
            false => builder,
        }
    }
}

/// What a layer with options has shown so far.
#[derive(Default)]
pub(super) struct Shown {
    pub(super) options: Options,
    plans: Vec<&'static str>,
    pub(super) requests: u64,
}

impl Shown {
    pub(super) fn new(options: Options) -> Self {
        Self {
            options,
            ..Self::default()
        }
    }

    /// The version as a label, and the labels of the user's own, as texts to be put after others.
    pub(super) fn labels(&mut self, case: &Case, client: bool) -> (String, String) {
        let Said {
            tenant,
            plan,
            cache,
            version,
            ..
        } = case.said;
        let responds = case.answer == Answer::Responds;
        self.requests += 1;
        let tenant = tenant.map(|it| match it {
            "acme" | "globex" | "_overflow" => it,
            _ => "_OTHER",
        });
        let plan = plan.map(|it| {
            if it != PANICS && self.plans.len() < 2 && !self.plans.contains(&it) {
                self.plans.push(it);
            }
            if self.plans.contains(&it) {
                it
            } else {
                "_OTHER"
            }
        });
        let cache = cache.filter(|_| responds).map(|it| match it {
            "hit" | "miss" => it,
            _ => "_OTHER",
        });
        let label = |name: &str, value: Option<&str>| match value {
            Some(value) => format!(r#",{name}="{value}""#),
            None => String::new(),
        };
        let version = Some(version.1).filter(|_| responds || !client);
        let own = [
            label("tenant", tenant),
            label("cache", cache),
            label("plan", plan),
        ];
        (label("http_version", version), own.concat())
    }

    /// What is measured beside the duration: sums and counts.
    pub(super) fn measure(
        &self,
        case: &Case,
        prefix: &str,
        labels: &str,
        passed: u64,
        (counts, nanos): (&mut BTreeMap<String, f64>, &mut BTreeMap<String, u64>),
    ) {
        let responds = case.answer == Answer::Responds;
        let start = match self.options.first_byte {
            true => (passed > 0).then_some(case.before + case.after),
            false => Some(case.before),
        };
        let series = |name: &str, end: &str| format!("{prefix}_{name}_{end}{{{labels}}}");
        if let Some(millis) = start.filter(|_| responds) {
            let name = "response_start_seconds";
            *counts.entry(series(name, "count")).or_default() += 1.0;
            *nanos.entry(series(name, "sum")).or_default() += millis * 1_000_000;
        }
        for (name, bytes) in [
            ("response_body_bytes", Some(passed).filter(|_| responds)),
            ("request_body_bytes", case.said.bytes),
        ] {
            let Some(bytes) = bytes else { continue };
            *counts.entry(series(name, "count")).or_default() += 1.0;
            if bytes > 0 {
                *counts.entry(series(name, "sum")).or_default() += bytes as f64;
            }
        }
    }
}
