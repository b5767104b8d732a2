"""Outgoing requests: whom a service asks, and what comes back."""

from .. import settings as s
from ..grafana import GREEN, PLAIN_STEPS, RED, Row, Target, Variable
from .frame import dashboard
from .panels import graph, label, stat, steps_of
from .queries import WINDOW, HttpQueries

NEEDS = ("client",)
ERRORS = steps_of(s.default("client_error_ratio"))
CANCELLED = steps_of(s.default("client_cancelled_ratio"))
LATENCY = steps_of(s.default("client_latency_p95"))


class ClientQueries(HttpQueries):
    """The same queries of the client's families."""

    def __init__(self, convention):
        super().__init__(convention)
        client = convention.client
        every = [self.target, f'{client.peer}=~"$peer"', f'{client.route}=~"$route"']
        select = lambda sources: sources[0].select(*every)
        self.requests, self.errors = select(client.requests), select(client.errors)
        self.no_response, self.cancelled = select(client.no_response), select(client.cancelled)
        self.buckets = select(client.buckets)
        by_peer = [*every[:2], *(every[2:] if convention.in_flight_by_route else [])]
        self.in_flight = f"{client.in_flight}{{{','.join(by_peer)}}}"
        self.calls = client.grpc.select(*every[:2])
        self.call_buckets = client.grpc_buckets.select(*every[:2])

    def named(self, by, query):
        return query


def client(c, slugs):
    q, names = ClientQueries(c), c.client
    peer, route = names.peer, names.route
    share = lambda part, by="job": q.ratio(by, part, q.requests)
    only_http = "" if c.name == "prometheus" else " HTTP alone: gRPC calls are further down."
    now = lambda title, description, unit, expr, steps: stat(
        title, description, unit, expr, steps, needs=NEEDS, width=6
    )
    rows = [
        Row(
            "Now",
            [
                now(
                    "Requests",
                    f"Finished outgoing requests a second.{only_http}",
                    "reqps",
                    q.rate("job", q.requests),
                    PLAIN_STEPS,
                ),
                now(
                    "Errors",
                    "The share that failed: no response, 4xx, 5xx, a broken body.",
                    "percentunit",
                    share(q.errors),
                    ERRORS,
                ),
                now(
                    "p95",
                    "95 of 100 are faster, to the end of the response body.",
                    "s",
                    q.quantile(0.95, "job", q.buckets),
                    LATENCY,
                ),
                now(
                    "Given up",
                    "The share that the service dropped before its end.",
                    "percentunit",
                    share(q.cancelled),
                    CANCELLED,
                ),
            ],
        ),
        Row("Peers", by(q, peer, label(peer))),
        Row("Routes", by(q, f"{peer}, {route}", f"{label(peer)} {label(route)}")),
        Row(
            "Responses",
            [
                graph(
                    "Statuses",
                    "`_none`: there was no response."
                    if c.name == "prometheus"
                    else "Without a value: there was no response.",
                    "reqps",
                    Target(q.rate(names.status, q.requests), label(names.status), NEEDS),
                    stack=True,
                    statuses=True,
                ),
                graph(
                    "Errors by cause",
                    "A number is the status of the response. `service`: there was none. `body`: it broke off.",
                    "reqps",
                    Target(q.rate(names.error, q.errors), label(names.error), NEEDS),
                    stack=True,
                ),
                graph(
                    "No response, by peer",
                    "The share of requests that failed without any response.",
                    "percentunit",
                    Target(share(q.no_response, peer), label(peer), NEEDS),
                    steps=[(None, GREEN), (s.default("client_no_response_ratio"), RED)],
                ),
                graph(
                    "In flight",
                    "Sent and not yet finished.",
                    "short",
                    Target(f"sum by ({names.in_flight_by}) ({q.in_flight})", label(names.in_flight_by), NEEDS),
                    stack=True,
                ),
            ],
        ),
        Row(
            "gRPC",
            [
                graph(
                    "Calls by code",
                    "All of them, OK too.",
                    "reqps",
                    Target(
                        f"sum by ({c.grpc_code}) (rate({q.calls}[{WINDOW}]))",
                        label(c.grpc_code),
                        ("client", "grpc"),
                    ),
                    stack=True,
                ),
                graph(
                    "p95 of calls, by peer",
                    "To the trailers.",
                    "s",
                    Target(q.quantile(0.95, peer, q.call_buckets), label(peer), ("client", "grpc")),
                    steps=LATENCY,
                ),
            ],
        ),
    ]
    first = names.requests[0]
    of_job = first.select('job=~"$job"')
    variables = [
        Variable("job", "Service", "The job of its scrape.", first.select(), "job", False, NEEDS),
        Variable("instance", "Replica", "One or more replicas.", of_job, "instance", True, NEEDS),
        Variable("peer", "Peer", "Whom it asks.", of_job, peer, True, NEEDS),
        Variable("route", "Route", "Templates, as the client names them.", of_job, route, True, NEEDS),
    ]
    title = f"Outgoing HTTP requests{c.title}"
    return dashboard(c, slugs["client"], title, "What a service asks of others.", rows, variables, slugs)


def by(q, labels, legend):
    one = lambda title, description, unit, expr, **more: graph(
        title, description, unit, Target(expr, legend, NEEDS), width=8, **more
    )
    return [
        one("Requests", "Finished outgoing requests a second.", "reqps", q.rate(labels, q.requests), stack=True),
        one(
            "Error ratio",
            "0 where none has failed.",
            "percentunit",
            q.ratio(labels, q.errors, q.requests),
            steps=ERRORS,
        ),
        one("p95", "To the end of the response body.", "s", q.quantile(0.95, labels, q.buckets), steps=LATENCY),
    ]
