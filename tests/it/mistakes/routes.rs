use super::{client, refused, server};

/// What no route may be, and why.
const ROUTES: [(&str, &str); 22] = [
    ("", "it does not begin with `/`"),
    ("healthz", "it does not begin with `/`"),
    (" /healthz", "it does not begin with `/`"),
    ("GET /healthz", "it does not begin with `/`"),
    ("http://shop/healthz", "it does not begin with `/`"),
    ("*", "it does not begin with `/`"),
    ("_OTHER", "it does not begin with `/`"),
    (
        "/healthz\n",
        "there is white space around it; write \"/healthz\"",
    ),
    (
        "/users?id={id}",
        "no path has a `?` or a `#` in it; leave them out",
    ),
    (
        "/users#top",
        "no path has a `?` or a `#` in it; leave them out",
    ),
    (
        "/users/:id",
        "parameters are in braces since axum 0.8; write \"/users/{id}\"",
    ),
    (
        "/users/:id/posts/:post",
        "parameters are in braces since axum 0.8; write \"/users/{id}/posts/{post}\"",
    ),
    (
        "/files/*path",
        "parameters are in braces since axum 0.8; write \"/files/{*path}\"",
    ),
    (
        "/api/**",
        "parameters are in braces since axum 0.8; write \"/api/{*path}\"",
    ),
    (
        "/users/*/posts",
        "parameters are in braces since axum 0.8; write \"/users/{id}/posts\"",
    ),
    ("/a/{b", "Parameters must be registered with a valid name"),
    ("/a/b}", "Parameters must be registered with a valid name"),
    ("/{}", "Parameters must be registered with a valid name"),
    ("/{*}", "Parameters must be registered with a valid name"),
    ("/{a}-{b}", "Only one parameter is allowed per path segment"),
    ("/{a}b", "Only one parameter is allowed per path segment"),
    (
        "/{*rest}/more",
        "Catch-all parameters are only allowed at the end of a route",
    ),
];

#[test]
fn a_route_that_is_no_template() {
    for (route, reason) in ROUTES {
        let message =
            |setting: &str| format!("route {route:?} is not allowed in `{setting}`: {reason}");
        let skip = || server().skip(["/fine", route]).skip(["/also/fine"]);
        refused(skip, &message("skip"));
        refused(|| server().routes(["/fine", route]), &message("routes"));
        for builder in [server, client] {
            let streams = || builder().streams(["/fine", route]).streams(["/also/fine"]);
            refused(streams, &message("streams"));
        }
    }
}

#[test]
fn a_stream_without_a_template() {
    refused(
        || server().streams(["/tail", "_unmatched"]),
        "route \"_unmatched\" is not allowed in `streams`: it stands for requests without a route; write the template of the stream",
    );
    let declared = "route \"_unmatched\" is not allowed in `routes`: it does not begin with `/`";
    refused(|| server().routes(["_unmatched"]), declared);
}

#[test]
fn what_is_written_in_the_place_of_an_older_syntax_is_allowed() {
    for (_, reason) in ROUTES {
        if let Some((_, suggestion)) = reason.split_once("; write ") {
            let route = suggestion.trim_matches('"');
            assert!(server().routes([route]).pair().is_ok(), "{route}");
        }
    }
}

#[test]
fn declared_routes_that_overlap() {
    for (first, second) in [
        ("/a", "/a"),
        ("/users/{id}", "/users/{name}"),
        ("/files/{*path}", "/files/{*rest}"),
    ] {
        let message = format!(
            "route {second:?} is not allowed in `routes`: Insertion failed due to conflict with previously registered route: {first}"
        );
        refused(|| server().routes([first]).routes([second]), &message);
    }
}

#[test]
fn a_service_that_is_none() {
    for service in [
        "", "/a.B", "a.B/C", "/a.B/C", "{a}", "a.B ", ".a.B", "a..B", "a.", "http:a",
    ] {
        let message = format!(
            "gRPC service {service:?} is not the full name of a service, such as \"package.Service\""
        );
        refused(|| server().grpc_service(service), &message);
    }
}
