"""One route in depth."""

from ..grafana import PLAIN_STEPS, Panel, Row, Target
from ..text import block
from .frame import dashboard, instance_variable, job_variable, route_variable
from .panels import CANCELLED_STEPS, ERROR_STEPS, LATENCY_STEPS, graph, label, quantiles, replicas, stat
from .queries import WINDOW, HttpQueries


def in_depth(c, slugs):
    q = HttpQueries(c)
    method, status = c.method, c.status
    share = lambda bound: block(
        """
        sum by (@route@) (rate(@below@[@w@]))
        /
        (sum by (@route@) (rate(@all@[@w@])) > 0)
        """,
        route=c.route,
        below=q.buckets[:-1] + f',le="{bound}"}}',
        all=q.buckets[:-1] + ',le="+Inf"}',
        w=WINDOW,
    )
    rows = [
        Row(
            "Now",
            [
                stat(
                    "Requests",
                    "Finished requests a second, however they ended.",
                    "reqps",
                    q.rate(c.route, q.requests),
                    PLAIN_STEPS,
                    label(c.route),
                    width=6,
                ),
                stat(
                    "Errors",
                    "The share of requests that failed.",
                    "percentunit",
                    q.ratio(c.route, q.errors, q.requests),
                    ERROR_STEPS,
                    label(c.route),
                    width=6,
                ),
                stat(
                    "p95",
                    "95 of 100 requests are faster, to the end of the response body.",
                    "s",
                    q.quantile(0.95, c.route, q.buckets),
                    LATENCY_STEPS,
                    label(c.route),
                    width=6,
                ),
                stat(
                    "Cancelled",
                    "The share of requests that were dropped before their end.",
                    "percentunit",
                    q.ratio(c.route, q.cancelled, q.requests),
                    CANCELLED_STEPS,
                    label(c.route),
                    width=6,
                ),
            ],
        ),
        Row(
            "Requests",
            [
                graph(
                    "Requests by method and status",
                    "Finished requests a second.",
                    "reqps",
                    Target(q.rate(f"{method}, {status}", q.requests), f"{label(method)} {label(status)}"),
                    stack=True,
                ),
                graph(
                    "Errors by cause",
                    "A number is the status that was sent.",
                    "reqps",
                    Target(q.rate(c.error, q.errors), label(c.error), ("errors",)),
                    stack=True,
                ),
                graph(
                    "Error ratio by method",
                    "0 where none has failed.",
                    "percentunit",
                    Target(q.ratio(method, q.errors, q.requests), label(method)),
                    steps=ERROR_STEPS,
                ),
                graph(
                    "Cancelled",
                    "`head`: before there was a response. `body`: while it was sent."
                    if c.name == "prometheus"
                    else "By status: without one, before there was a response.",
                    "reqps",
                    Target(
                        q.rate(c.cancelled_by, q.cancelled), f"cancelled {label(c.cancelled_by)}", ("cancelled",)
                    ),
                    stack=True,
                ),
            ],
        ),
        Row(
            "Duration",
            [
                graph(
                    "Latency",
                    "To the end of the response body; of a stream, to its head.",
                    "s",
                    *quantiles(q, "", q.buckets),
                    steps=LATENCY_STEPS,
                ),
                Panel(
                    "heatmap",
                    "Distribution",
                    "How many requests took how long: two bands are two kinds of request.",
                    "s",
                    [Target(f"sum by (le) (increase({q.buckets}[{WINDOW}]))", "{{le}}")],
                    12,
                ),
                graph(
                    "p95 by status",
                    "Errors that are fast, or slow because they ran into a timeout.",
                    "s",
                    Target(q.quantile(0.95, status, q.buckets), label(status)),
                    width=8,
                ),
                graph(
                    "Mean",
                    "Far above the median: a few requests take very long.",
                    "s",
                    Target(
                        block(
                            """
                            sum by (@m@) (rate(@sum@[@w@]))
                            /
                            (sum by (@m@) (rate(@count@[@w@])) > 0)
                            """,
                            m=method,
                            sum=q.sum,
                            count=q.count,
                            w=WINDOW,
                        ),
                        label(method),
                    ),
                    width=8,
                ),
                graph(
                    "Share that is fast enough",
                    "Of all requests, those that took no longer.",
                    "percentunit",
                    *[Target(share(bound), f"{label(c.route)} {bound} s") for bound in ["0.1", "0.5"]],
                    width=8,
                ),
            ],
        ),
        Row("Replicas", replicas(q, "instance", "{{instance}}")),
        Row(
            "In flight",
            [
                graph(
                    "In flight",
                    "Started and not yet finished."
                    + ("" if c.in_flight_by_route else " Of all routes: the convention has none here."),
                    "short",
                    Target(f"sum by (instance) ({q.in_flight})", "{{instance}}"),
                    width=24,
                )
            ],
        ),
    ]
    return dashboard(
        c,
        slugs["route"],
        f"HTTP route{c.title}",
        "One route in depth, or a few together.",
        rows,
        [job_variable(c), instance_variable(c), route_variable(c, everything=False)],
        slugs,
    )
