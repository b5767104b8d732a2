"""Alerts on errors, cancelled requests and latency, each over five minutes."""

from ..text import block
from .model import JOB, SECONDS, SHARE

ROUTE = {"dashboard": "route", "variables": ("route",)}


def watched(r, metric, operation, what):
    """Of a service, without the routes that the settings leave out."""
    return block("sum by (job) (\n  @s@\n)", s=r.watched(r("route", metric, operation), what))


def requests(a):
    errors(a)
    route_errors(a)
    cancelled(a)
    latency(a)


def errors(a):
    r = a.r
    a.add(
        "ErrorRatioHigh",
        block(
            """
            @over@
            and on (job) @errors@
            and on (job) @volume@
            """,
            over=a.above(r("job", "errors", "ratio_rate5m"), "error_ratio"),
            errors=a.above(watched(r, "errors", "rate5m", "errors"), "page_error_rate"),
            volume=a.above(r("job", "requests", "rate1h"), "page_rate"),
        ),
        # Shorter than the window, so that a short burst is seen.
        "2m",
        "critical",
        f"{JOB} fails {SHARE} of its requests",
        f"Over 5 minutes and all replicas. The limit is {a.limit('error_ratio')}.",
        means="More of a service's requests fail than allowed, and it has enough traffic for that to matter: "
        f"a service with fewer requests only has {a.name('RouteErrorRatioHigh')}.",
        look="See the overview: which routes fail, and with which cause? A number is the status that was sent, "
        "panic is a panic (the log has the message), service is an error that the service returned, and body is "
        "a response that broke off.",
        act="If only one replica fails, take it out. If all fail since a deployment, roll back. Otherwise look "
        "at what the "
        "failing routes depend on.",
    )


def route_errors(a):
    r = a.r
    a.add(
        "RouteErrorRatioHigh",
        a.each_busy_above(
            r("route", "errors", "ratio_rate5m"),
            "error_ratio",
            r("route", "requests", "rate5m"),
            "errors",
        ),
        "2m",
        "warning",
        f"{JOB} fails {SHARE} of its requests to {a.route()}",
        f"Over 5 minutes and all replicas. The limit is {a.limit('error_ratio')}.",
        means="More of a route's requests fail than allowed.",
        look="Open the route's dashboard: causes, statuses, and whether it fails on all replicas. Then the log of "
        "that route.",
        act="Fix or switch off what the route depends on. If the route is allowed to fail, exclude it in "
        "settings.yaml.",
        **ROUTE,
    )


def cancelled(a):
    r = a.r
    a.add(
        "CancelledRatioHigh",
        block(
            """
            @over@
            and on (job) @volume@
            """,
            over=a.above(r("job", "cancelled", "ratio_rate5m"), "cancelled_ratio"),
            volume=a.above(watched(r, "requests", "rate5m", "cancelled"), "min_rate"),
        ),
        "10m",
        "warning",
        f"{SHARE} of the requests to {JOB} are dropped before their end",
        f"By clients, or by a timeout outside of the layer. The limit is {a.limit('cancelled_ratio')}.",
        means="Clients or a timeout outside of the layer drop requests before they end. A client that leaves a "
        "stream does not count.",
        look="See the overview, Cancelled. Before the head: clients or a proxy gave up waiting, so look at the "
        "latency, and at the timeouts of the proxy in front. In the body: downloads that break off, so look at "
        "the network, and at limits on the length of a response.",
        act="Make the slow part faster, or align the timeouts. A route that streams without being an event stream: "
        "declare it with streams() where the layer is built. One that clients leave for other reasons: exclude "
        "it in settings.yaml.",
    )


def latency(a):
    r = a.r
    a.add(
        "LatencyHigh",
        a.each_busy_above(
            r("route", "seconds", "p95_rate5m"),
            "latency_p95",
            r("route", "requests", "rate5m"),
            "latency",
        ),
        "10m",
        "warning",
        f"{JOB} takes {SECONDS} for {a.route()}",
        f"The 95th percentile over 5 minutes and all replicas. The limit is {a.limit('latency_p95')}.",
        means="One of twenty requests to a route takes longer than the limit. A stream counts with the time to its "
        "head.",
        look="Open the route's dashboard: is it one replica, one status, all requests or the slowest few? More "
        "requests in flight at the same rate: something that it waits for is slow.",
        act="Look at what the route waits for. If the route is slow by design, give its service another limit, "
        "or exclude the route, in settings.yaml.",
        **ROUTE,
    )
