//! A thread keeps the boxes of its requests for later requests, whatever layer those are of. Nothing that a request left
//! in its box shows in another one.

use super::{case::Case, client, inner, journey::Inner, options::value, server};
use crate::support::{TestLayer, random::Random};
use std::{collections::BTreeSet, thread};
use tower_red::{MetricsLayerBuilder, Naming, TraceId};

type SetOption = fn(MetricsLayerBuilder) -> MetricsLayerBuilder;

/// Each has a request write another part of its box.
const OPTIONS: [(&str, SetOption); 9] = [
    ("no option", |builder| builder),
    ("the version", MetricsLayerBuilder::http_version),
    ("a label of listed values", tenant),
    ("a label of the first values", plan),
    ("a response label", cache),
    ("all labels in few sets", |builder| {
        cache(plan(tenant(builder))).max_label_sets(5)
    }),
    ("the head's time and the bodies' sizes", |builder| {
        let builder = builder.response_start().response_body_bytes();
        builder.request_body_bytes()
    }),
    (
        "the first byte's time",
        MetricsLayerBuilder::time_to_first_byte,
    ),
    ("the trace", |builder| {
        builder.exemplar(|head| {
            let _traced = head.header("x-traced")?;
            TraceId::from_bytes([7; 16])
        })
    }),
];

fn tenant(builder: MetricsLayerBuilder) -> MetricsLayerBuilder {
    builder.label("tenant", ["acme", "globex"], |head| {
        value(head.headers, "x-tenant")
    })
}

fn plan(builder: MetricsLayerBuilder) -> MetricsLayerBuilder {
    builder.label_up_to("plan", 2, |head| value(head.headers, "x-plan"))
}

fn cache(builder: MetricsLayerBuilder) -> MetricsLayerBuilder {
    builder.response_label("cache", ["hit", "miss"], |head| {
        value(head.headers, "x-cache")
    })
}

/// Two layers with the same options, which get the same requests.
struct Twins {
    options: String,
    /// Its requests share a thread with those of all other layers.
    recycled: TestLayer,
    /// Each of its requests has a thread of its own.
    fresh: TestLayer,
}

impl Twins {
    fn new(options: String, builder: impl Fn() -> MetricsLayerBuilder) -> Self {
        Self {
            options,
            recycled: TestLayer::new(builder()),
            fresh: TestLayer::new(builder()),
        }
    }

    /// Servers and clients, under both namings, with each option.
    fn all() -> Vec<Self> {
        let mut all = Vec::new();
        let kinds: [(&str, fn() -> _); 2] = [("server", server), ("client", client)];
        for (kind, builder) in kinds {
            for naming in [Naming::Prometheus, Naming::OpenTelemetry] {
                for (name, option) in OPTIONS {
                    let options = format!("{kind} with {name}, {naming:?}");
                    all.push(Self::new(options, || option(builder().naming(naming))));
                }
            }
        }
        all
    }

    fn run(&self, case: &Case, inner: &Inner) {
        case.run(&self.recycled, inner);
        thread::scope(|scope| {
            let fresh = scope.spawn(|| case.run(&self.fresh, inner));
            // Joined by hand: the scope alone does not wait until the thread has given its shard back.
            fresh.join().unwrap();
        });
    }

    fn assert_same(&self) {
        let recycled = self.recycled.exposition.render().unwrap();
        let recycled: BTreeSet<&str> = recycled.lines().collect();
        let fresh = self.fresh.exposition.render().unwrap();
        let fresh: BTreeSet<&str> = fresh.lines().collect();
        assert!(
            recycled == fresh,
            "{}: {:#?} instead of {:#?}",
            self.options,
            &recycled - &fresh,
            &fresh - &recycled
        );
    }
}

#[test]
fn a_request_is_counted_as_if_its_thread_had_served_no_other() {
    let (_inner_layer, inner) = inner();
    for seed in 1..=3 {
        let mut random = Random(seed);
        let all = Twins::all();
        for _ in 0..1_000 {
            let case = Case::new(&mut random);
            let twins = &all[random.below(all.len())];
            twins.run(&case, &inner);
        }
        all.iter().for_each(Twins::assert_same);
    }
}
