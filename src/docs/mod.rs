//! The guide, in short pages. Each takes a few minutes, and they can be read in any order.
//!
//! | page | answers |
//! |---|---|
//! | [Getting started](getting_started) | how to add it, and what can be set |
//! | [Endings and streams](endings) | what is counted, when, and as what |
//! | [Routes](routes) | where the route comes from, and the order of layers |
//! | [Labels and budgets](labels) | names, labels of your own, how many series there are |
//! | [gRPC](grpc) | what counts as a call, and when it is an error |
//! | [Clients](clients) | how to measure outgoing requests |
//! | [Operations](operations) | how to measure queries, jobs, tools and models |
//! | [The endpoint](endpoint) | how to protect, compress, move and share it |
//! | [Push](push) | how to send everything by OTLP |
//! | [Prometheus, alerts and dashboards](prometheus) | what to do with the numbers |
//! | [The page](page) | how to see them without a Prometheus |
//! | [Testing](testing) | how to test that your service is measured |
//! | [Cost](cost) | what it takes of time and memory |
//! | [Coming from another crate](migrating) | what changes, and what is lost |
//! | [Questions](faq) | what is out of scope, and why |
//! | [Features](features) | what other libraries have, and what of it is here |

/// A page. Its text is a file that GitHub shows as well. On GitHub, links lead to files. `links.md` defines where they
/// lead here: it comes before the text, and the first definition of a link counts. The examples are tested with the
/// features that they need.
macro_rules! pages {
    ($($name:ident, $file:literal $(, $feature:literal)*;)*) => {
        $(
            #[cfg_attr(not(doctest), doc = include_str!("links.md"))]
            #[cfg_attr(
                any(not(doctest), all($(feature = $feature),*)),
                doc = include_str!(concat!("../../docs/", $file, ".md"))
            )]
            pub mod $name {}
        )*
    };
}

pages! {
    getting_started, "getting-started", "axum";
    endings, "endings";
    routes, "routes", "axum";
    labels, "labels";
    grpc, "grpc", "axum";
    clients, "clients";
    operations, "operations";
    endpoint, "endpoint", "axum";
    push, "push", "axum", "otlp";
    prometheus, "prometheus";
    page, "page", "axum", "page";
    testing, "testing", "axum";
    cost, "cost";
    migrating, "migrating", "axum", "otlp";
    faq, "faq";
    features, "features";
}
