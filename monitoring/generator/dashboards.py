"""The Grafana dashboards: an overview of services, one route in depth, and gRPC."""

from . import settings as s
from .conventions import GRPC_FAULTS, INVENTED, SCRAPE_SECONDS, SCRAPES, UNIMPLEMENTED
from .grafana import GREEN, ORANGE, PLAIN_STEPS, RED, WIDTH, Dashboard, Panel, Row, Target, Variable, verify
from .rules import Records
from .text import block, number

WINDOW = "$__rate_interval"
NO_ROUTE = "(no route)"


# Queries. Each is written once, for whichever convention.


class Queries:
    def __init__(self, convention):
        self.c = convention
        c = convention
        target = ['job=~"$job"', 'instance=~"$instance"']
        by_route = [*target, f'{c.route}=~"$route"']
        self.target = ",".join(target)
        self.requests = c.requests[0].select(*by_route)
        self.errors = c.errors[0].select(*by_route)
        self.cancelled = c.cancelled[0].select(*by_route)
        self.buckets = c.buckets[0].select(*by_route)
        self.sum = f"{c.seconds}_sum{{{','.join(by_route)}}}"
        self.count = f"{c.seconds}_count{{{','.join(by_route)}}}"
        in_flight = by_route if c.in_flight_by_route else target
        self.in_flight = f"{c.in_flight}{{{','.join(in_flight)}}}"
        calls = [*target, f'{c.grpc_route}=~"$route"']
        self.calls = c.grpc.select(*calls)
        self.call_faults = (
            c.grpc.select(*calls, f'{c.grpc_code}=~"{GRPC_FAULTS}"'),
            c.grpc.select(*calls, f'{c.grpc_code}="{UNIMPLEMENTED}"', f'{c.grpc_route}!~"{INVENTED}"'),
        )
        self.call_buckets = c.grpc_buckets.select(*calls)

    def rate(self, by, series):
        return self.named(by, f"sum by ({by}) (rate({series}[{WINDOW}]))")

    def ratio(self, by, part, whole):
        """What has no series yet is 0, and what has no requests has no ratio."""
        parts = [part] if isinstance(part, str) else part
        return self.named(
            by,
            block(
                """
                (
                  sum by (@by@) (@part@)
                  or
                  0 * sum by (@by@) (rate(@whole@[@w@]))
                )
                /
                (sum by (@by@) (rate(@whole@[@w@])) > 0)
                """,
                by=by,
                part="\nor ".join(f"rate({part}[{WINDOW}])" for part in parts),
                whole=whole,
                w=WINDOW,
            ),
        )

    def quantile(self, q, by, buckets):
        labels = f"{by}, le" if by else "le"
        return self.named(by, f"histogram_quantile({q}, sum by ({labels}) (rate({buckets}[{WINDOW}])))")

    def named(self, by, query):
        """Gives a name to requests of no route, where the convention leaves the label out."""
        label = self.c.route
        if self.c.name == "prometheus" or label not in [part.strip() for part in by.split(",")]:
            return query
        return block(f'label_replace(\n  @query@,\n  "{label}", "{NO_ROUTE}", "{label}", ""\n)', query=query)


# Panels.


def steps_of(limit):
    """Orange from half of what alerts, red from there on."""
    return [(None, GREEN), (limit / 2, ORANGE), (limit, RED)]


ERROR_STEPS = steps_of(s.ERROR_RATIO)
CANCELLED_STEPS = steps_of(s.CANCELLED_RATIO)
LATENCY_STEPS = steps_of(s.LATENCY_P95)
BURN_STEPS = [(None, GREEN), (1, ORANGE), (6, RED)]


def stat(title, description, unit, expr, steps, legend="{{job}}", needs=("requests",), width=4):
    targets = [Target(expr, legend, needs)]
    return Panel("stat", title, description, unit, targets, width, height=4, steps=steps)


def graph(title, description, unit, *targets, width=12, steps=(), stack=False, **options):
    return Panel(
        "timeseries",
        title,
        description,
        unit,
        list(targets),
        width,
        steps=list(steps),
        stack=stack,
        options=options,
    )


def label(name):
    return f"{{{{{name}}}}}"


def quantiles(q, by, buckets, needs=("requests",)):
    prefix = "".join(f"{label(part.strip())} " for part in by.split(",") if part)
    return [Target(q.quantile(n, by, buckets), f"{prefix}p{int(n * 100)}", needs) for n in [0.5, 0.95, 0.99]]


def overview(c, slugs):
    q, r = Queries(c), Records(c)
    route = c.route
    only_http = "" if c.name == "prometheus" else " HTTP alone: gRPC calls are further down."
    burn = lambda metric, objective: [
        Target(f'{r("job", metric, f"ratio_rate{w}")}{{job=~"$job"}} / {number(1 - objective)}', f"{{{{job}}}} {w}")
        for w in ["1h", "6h", "3d"]
    ]
    left = lambda metric, objective: (
        f'1 - {r("job", metric, "ratio_rate3d")}{{job=~"$job"}} / {number(1 - objective)}'
    )
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
                    "Of all requests, to the end of the response body.",
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
                    "Started and not yet finished."
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
                    f"1 spends the budget of {number(s.AVAILABILITY_OBJECTIVE * 100)} % in exactly 30 days.",
                    "short",
                    *burn("errors", s.AVAILABILITY_OBJECTIVE),
                    width=9,
                    steps=BURN_STEPS,
                ),
                stat(
                    "Left of 3 days",
                    "Of the error budget, were its 30 days the last three.",
                    "percentunit",
                    left("errors", s.AVAILABILITY_OBJECTIVE),
                    [(None, RED), (0, ORANGE), (0.5, GREEN)],
                    width=3,
                ),
                graph(
                    "Latency budget: burn rate",
                    f"The objective: {number(s.LATENCY_OBJECTIVE * 100)} % take no longer than "
                    f"{number(s.LATENCY_THRESHOLD)} s.",
                    "short",
                    *burn("slow", s.LATENCY_OBJECTIVE),
                    width=9,
                    steps=BURN_STEPS,
                ),
                stat(
                    "Left of 3 days",
                    "Of the latency budget, were its 30 days the last three.",
                    "percentunit",
                    left("slow", s.LATENCY_OBJECTIVE),
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
                    f"Held by each replica. The default budget is {s.LABEL_SETS}.",
                    "short",
                    Target(f"{c.label_sets}{{{q.target}}}", "{{job}} {{instance}}"),
                    width=6,
                    steps=[(None, GREEN), (s.LABEL_SETS * s.LABEL_SETS_SHARE, RED)],
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


def replicas(q, by, legend):
    return [
        graph(
            "Requests by replica",
            "Uneven lines: look at the load balancer.",
            "reqps",
            Target(q.rate(by, q.requests), legend),
            width=8,
        ),
        graph(
            "Error ratio by replica",
            "One line above the others: a sick replica.",
            "percentunit",
            Target(q.ratio(by, q.errors, q.requests), legend),
            width=8,
            steps=ERROR_STEPS,
        ),
        graph(
            "p95 by replica",
            "One line above the others: a slow node, or another mix of requests.",
            "s",
            Target(q.quantile(0.95, by, q.buckets), legend),
            width=8,
            steps=LATENCY_STEPS,
        ),
    ]


def in_depth(c, slugs):
    q = Queries(c)
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
                    "To the end of the response body.",
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


def grpc(c, slugs):
    q = Queries(c)
    route, code = c.grpc_route, c.grpc_code
    needs = ("grpc",)
    not_ok = q.calls[:-1] + f',{code}!="OK"}}'
    dropped = q.calls[:-1] + f',{code}=~"CANCELLED|DEADLINE_EXCEEDED"}}'
    rows = [
        Row(
            "Now",
            [
                stat(
                    "Calls",
                    "Finished calls a second.",
                    "reqps",
                    q.rate("job", q.calls),
                    PLAIN_STEPS,
                    needs=needs,
                    width=6,
                ),
                stat(
                    "Errors",
                    f"The share of calls that the server is at fault for: {GRPC_FAULTS.replace('|', ', ')}, and "
                    "UNIMPLEMENTED where the method is known.",
                    "percentunit",
                    q.ratio("job", q.call_faults, q.calls),
                    ERROR_STEPS,
                    needs=needs,
                    width=6,
                ),
                stat(
                    "p95",
                    "95 of 100 calls are faster, to the trailers.",
                    "s",
                    q.quantile(0.95, "job", q.call_buckets),
                    LATENCY_STEPS,
                    needs=needs,
                    width=6,
                ),
                stat(
                    "Cancelled or too late",
                    "The share of calls that ended as CANCELLED or DEADLINE_EXCEEDED.",
                    "percentunit",
                    q.ratio("job", dropped, q.calls),
                    CANCELLED_STEPS,
                    needs=needs,
                    width=6,
                ),
            ],
        ),
        Row(
            "Calls",
            [
                graph(
                    "Calls by method",
                    "Finished calls a second.",
                    "reqps",
                    Target(q.rate(route, q.calls), label(route), needs),
                    stack=True,
                ),
                graph(
                    "Calls by code",
                    "All of them, OK too.",
                    "reqps",
                    Target(q.rate(code, q.calls), label(code), needs),
                    stack=True,
                ),
                graph(
                    "Error ratio by method",
                    "Of codes that the server is at fault for.",
                    "percentunit",
                    Target(q.ratio(route, q.call_faults, q.calls), label(route), needs),
                    steps=ERROR_STEPS,
                ),
                graph(
                    "Not OK, by method and code",
                    "Also what the client is at fault for.",
                    "reqps",
                    Target(q.rate(f"{route}, {code}", not_ok), f"{label(route)} {label(code)}", ("grpc", "errors")),
                    stack=True,
                ),
            ],
        ),
        Row(
            "Duration",
            [
                graph(
                    "Latency",
                    "Over all methods. A streaming call lasts as long as its stream.",
                    "s",
                    *quantiles(q, "", q.call_buckets, needs),
                    steps=LATENCY_STEPS,
                ),
                graph(
                    "Slowest methods, p95",
                    "The ten slowest at each moment.",
                    "s",
                    Target(f"topk(10, {q.quantile(0.95, route, q.call_buckets)})", label(route), needs),
                    steps=LATENCY_STEPS,
                ),
            ],
        ),
        Row(
            "Replicas",
            [
                graph(
                    "Calls by replica",
                    "Long-lived connections spread unevenly: balance by call.",
                    "reqps",
                    Target(q.rate("instance", q.calls), "{{instance}}", needs),
                    width=8,
                ),
                graph(
                    "Error ratio by replica",
                    "One line above the others: a sick replica.",
                    "percentunit",
                    Target(q.ratio("instance", q.call_faults, q.calls), "{{instance}}", needs),
                    width=8,
                    steps=ERROR_STEPS,
                ),
                graph(
                    "p95 by replica",
                    "One line above the others: a slow node.",
                    "s",
                    Target(q.quantile(0.95, "instance", q.call_buckets), "{{instance}}", needs),
                    width=8,
                    steps=LATENCY_STEPS,
                ),
            ],
        ),
    ]
    return dashboard(
        c,
        slugs["grpc"],
        f"gRPC{c.title}",
        "The gRPC methods of a service.",
        rows,
        [job_variable(c), instance_variable(c), method_variable(c)],
        slugs,
    )


# Variables.


def job_variable(c):
    # Held from the start, before there is any request.
    return Variable("job", "Service", "The job of its scrape.", c.label_sets, "job", False)


def instance_variable(c):
    series = f'{c.label_sets}{{job=~"$job"}}'
    return Variable("instance", "Replica", "One or more replicas.", series, "instance", True)


def route_variable(c, everything):
    series = c.requests[0].select('job=~"$job"')
    return Variable("route", "Route", "Templates, as the router has them.", series, c.route, everything)


def method_variable(c):
    series = c.grpc.select('job=~"$job"')
    return Variable("route", "Method", "Service and method.", series, c.grpc_route, True, ("grpc",))


def dashboard(c, uid, title, description, rows, variables, slugs):
    others = [
        {
            "title": name,
            "type": "link",
            "icon": "dashboard",
            # Service and data source go along; routes are not the same everywhere.
            "url": f"/d/{slugs[key]}?${{datasource:queryparam}}&${{job:queryparam}}",
            "keepTime": True,
            "includeVars": False,
            "targetBlank": False,
            "asDropdown": False,
            "tags": [],
            "tooltip": "",
        }
        for key, name in [("overview", "Services"), ("route", "Route"), ("grpc", "gRPC")]
        if slugs[key] != uid
    ]
    return Dashboard(uid, title, description, rows, variables, others)


def dashboards(c):
    """File names and dashboards."""
    slugs = {key: f"{c.slug}-{key}" for key in ["overview", "route", "grpc"]}
    found = {"overview.json": overview(c, slugs), "route.json": in_depth(c, slugs), "grpc.json": grpc(c, slugs)}
    for name, one in found.items():
        verify(name, one)
    return found
