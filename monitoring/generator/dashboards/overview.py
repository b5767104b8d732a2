"""All routes of a service, on all its replicas."""

from .. import settings as s
from ..conventions import SCRAPE_SECONDS, SCRAPES
from ..grafana import GREEN, ORANGE, PLAIN_STEPS, RED, WIDTH, Panel, Row, Target
from ..rules import Records
from ..text import block
from .frame import dashboard, instance_variable, job_variable, route_variable
from .panels import (
    BURN_STEPS,
    CANCELLED_STEPS,
    ERROR_STEPS,
    LATENCY_STEPS,
    graph,
    label,
    quantiles,
    replicas,
    stat,
)
from .queries import WINDOW, HttpQueries


def overview(c, slugs):
    q, r = HttpQueries(c), Records(c)
    route = c.route
    only_http = "" if c.name == "prometheus" else " HTTP alone: gRPC calls are further down."
    of_budget = lambda metric, objective, window: block(
        """
        @ratio@{job=~"$job"}
        / on (job)
        (1 - @objective@)
        """,
        ratio=r("job", metric, f"ratio_rate{window}"),
        objective=r.threshold(objective),
    )
    burn = lambda metric, objective: [
        Target(of_budget(metric, objective, w), f"{{{{job}}}} {w}") for w in ["1h", "6h", "3d"]
    ]
    left = lambda metric, objective: block("1 - (\n  @b@\n)", b=of_budget(metric, objective, "3d"))
    table = Panel(
        "table",
        "Routes",
        "One line per route. A click on a route opens it in depth.",
        "short",
        [
            Target(q.rate(route, q.requests), "", name="Requests/s", unit="reqps"),
            Target(q.ratio(route, q.errors, q.requests), "", name="Errors", unit="percentunit", steps=ERROR_STEPS),
            Target(
                q.ratio(route, q.cancelled, q.requests),
                "",
                name="Cancelled",
                unit="percentunit",
                steps=CANCELLED_STEPS,
            ),
            Target(q.quantile(0.5, route, q.buckets), "", name="p50", unit="s"),
            Target(q.quantile(0.95, route, q.buckets), "", name="p95", unit="s", steps=LATENCY_STEPS),
            Target(q.quantile(0.99, route, q.buckets), "", name="p99", unit="s"),
        ],
        WIDTH,
        height=10,
        options={"key": route, "link": slugs["route"]},
    )
    rows = [
        Row(
            "Now",
            [
                stat(
                    "Requests",
                    f"Finished requests a second, however they ended.{only_http}",
                    "reqps",
                    q.rate("job", q.requests),
                    PLAIN_STEPS,
                ),
                stat(
                    "Errors",
                    "The share of requests that failed: 5xx, panic, error of the service, broken body.",
                    "percentunit",
                    q.ratio("job", q.errors, q.requests),
                    ERROR_STEPS,
                ),
                stat(
                    "p95",
                    "95 of 100 requests are faster, to the end of the response body.",
                    "s",
                    q.quantile(0.95, "job", q.buckets),
                    LATENCY_STEPS,
                ),
                stat(
                    "Cancelled",
                    "The share of requests that were dropped before their end.",
                    "percentunit",
                    q.ratio("job", q.cancelled, q.requests),
                    CANCELLED_STEPS,
                ),
                stat(
                    "In flight",
                    "Started and not yet finished.",
                    "short",
                    f"sum by (job) ({q.in_flight})",
                    PLAIN_STEPS,
                ),
                stat(
                    "Replicas",
                    "That answer when they are scraped.",
                    "short",
                    f"sum by (job) (up{{{q.target}}})",
                    [(None, RED), (1, GREEN)],
                ),
            ],
        ),
        Row(
            "Rate, errors, duration",
            [
                graph(
                    "Requests by route",
                    f"Finished requests a second.{only_http}",
                    "reqps",
                    Target(q.rate(route, q.requests), label(route)),
                    stack=True,
                ),
                graph(
                    "Errors by cause",
                    "A number is the status that was sent. `panic`, `service` (it returned an error), `body` (the "
                    "response broke off).",
                    "reqps",
                    Target(q.rate(c.error, q.errors), label(c.error), ("errors",)),
                    stack=True,
                ),
                graph(
                    "Error ratio by route",
                    "A route without errors is 0, one without requests has no line.",
                    "percentunit",
                    Target(q.ratio(route, q.errors, q.requests), label(route)),
                    steps=ERROR_STEPS,
                ),
                graph(
                    "Latency",
                    "Of all requests, to the end of the response body; of a stream, to its head.",
                    "s",
                    *quantiles(q, "job", q.buckets),
                    steps=LATENCY_STEPS,
                ),
                graph(
                    "Slowest routes, p95",
                    "The ten slowest at each moment.",
                    "s",
                    Target(f"topk(10, {q.quantile(0.95, route, q.buckets)})", label(route)),
                    steps=LATENCY_STEPS,
                ),
                graph(
                    "Statuses",
                    "499: dropped before there was a response. 500 also where a handler panicked."
                    if c.name == "prometheus"
                    else "Without a value: no response was sent.",
                    "reqps",
                    Target(q.rate(c.status, q.requests), label(c.status)),
                    stack=True,
                    statuses=True,
                ),
                graph(
                    "Cancelled",
                    "`head`: before there was a response. `body`: while it was sent."
                    if c.name == "prometheus"
                    else "By status: without one, dropped before there was a response, else while it was sent.",
                    "reqps",
                    Target(
                        q.rate(c.cancelled_by, q.cancelled), f"cancelled {label(c.cancelled_by)}", ("cancelled",)
                    ),
                    stack=True,
                ),
                graph(
                    "In flight",
                    "Started and not yet finished: a stream until it ends."
                    + ("" if c.in_flight_by_route else " The convention has no route here."),
                    "short",
                    Target(f"sum by ({c.in_flight_by}) ({q.in_flight})", label(c.in_flight_by)),
                    stack=True,
                ),
                table,
            ],
        ),
        Row(
            "Objectives (from the recording rules, over all replicas and routes)",
            [
                graph(
                    "Error budget: burn rate",
                    "1 spends the budget in exactly 30 days. The objective is the one in settings.yaml.",
                    "short",
                    *burn("errors", "availability"),
                    width=9,
                    steps=BURN_STEPS,
                ),
                stat(
                    "Left of 3 days",
                    "Of the error budget, were its 30 days the last three.",
                    "percentunit",
                    left("errors", "availability"),
                    [(None, RED), (0, ORANGE), (0.5, GREEN)],
                    width=3,
                ),
                graph(
                    "Latency budget: burn rate",
                    "1 spends the budget in exactly 30 days. The objective is the one in settings.yaml.",
                    "short",
                    *burn("slow", "latency"),
                    width=9,
                    steps=BURN_STEPS,
                ),
                stat(
                    "Left of 3 days",
                    "Of the latency budget, were its 30 days the last three.",
                    "percentunit",
                    left("slow", "latency"),
                    [(None, RED), (0, ORANGE), (0.5, GREEN)],
                    width=3,
                ),
            ],
        ),
        Row("Replicas", replicas(q, "job, instance", "{{job}} {{instance}}")),
        Row(
            "gRPC",
            [
                graph(
                    "Calls by code",
                    "More on the gRPC dashboard.",
                    "reqps",
                    Target(
                        f"sum by ({c.grpc_code}) (rate({c.grpc.select(q.target)}[{WINDOW}]))",
                        label(c.grpc_code),
                        ("grpc",),
                    ),
                    stack=True,
                ),
                graph(
                    "Latency of calls",
                    "Over all methods.",
                    "s",
                    *quantiles(q, "job", c.grpc_buckets.select(q.target), ("grpc",)),
                ),
            ],
        ),
        Row(
            "The layer and the endpoint themselves",
            [
                graph(
                    "Label sets",
                    f"Held by each replica. The default budget is {s.default('label_sets')}.",
                    "short",
                    Target(f"{c.label_sets}{{{q.target}}}", "{{job}} {{instance}}"),
                    width=6,
                    steps=[(None, GREEN), (s.default("label_sets") * s.LABEL_SETS_SHARE, RED)],
                ),
                graph(
                    "Overflowed requests",
                    "Counted under the route `_overflow`: the budget is spent.",
                    "reqps",
                    Target(f"sum by (job) (rate({c.overflowed}{{{q.target}}}[{WINDOW}]))", "{{job}}"),
                    width=6,
                    steps=[(None, GREEN), (0.001, RED)],
                ),
                graph(
                    "Scrapes by status",
                    "As the endpoint counts them, whoever asks. Needs `.instrumented()`.",
                    "reqps",
                    Target(
                        f"sum by (job, status) (rate({SCRAPES}{{{q.target}}}[{WINDOW}]))",
                        "{{job}} {{status}}",
                        ("instrumented",),
                    ),
                    width=6,
                ),
                graph(
                    "Duration of a scrape",
                    "It grows with the number of label sets. The endpoint's own figure needs `.instrumented()`.",
                    "s",
                    Target(
                        f"max by (job) (scrape_duration_seconds{{{q.target}}})", "{{job}} at Prometheus, slowest"
                    ),
                    Target(
                        q.quantile(0.95, "job", f"{SCRAPE_SECONDS}_bucket{{{q.target}}}"),
                        "{{job}} at the endpoint, p95",
                        ("instrumented",),
                    ),
                    width=6,
                ),
            ],
        ),
    ]
    return dashboard(
        c,
        slugs["overview"],
        f"HTTP services{c.title}",
        "All routes of a service, on all its replicas.",
        rows,
        [job_variable(c), instance_variable(c), route_variable(c, everything=True)],
        slugs,
    )
