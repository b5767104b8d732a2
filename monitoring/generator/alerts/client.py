"""Alerts on outgoing requests. None is critical: what matters of them shows in the errors of the service."""

from ..text import block
from .model import JOB, SECONDS, SHARE

PEER = {"dashboard": "client", "variables": ("peer",)}


def outgoing(a):
    r = a.r
    enough = a.each_above(r("peer", "client_requests", "rate5m"), "min_rate")

    def of_peer(name, metric, setting, summary, description, **more):
        over = a.each_above(r("peer", metric, "ratio_rate5m"), setting)
        a.add(
            name,
            f"{over}\nand {enough}",
            "10m",
            "warning",
            summary,
            f"{description} The limit is {a.limit(setting)}.",
            **more,
            **PEER,
        )

    of_peer(
        "ClientErrorRatioHigh",
        "client_errors",
        "client_error_ratio",
        f"{SHARE} of the requests of {JOB} to {a.peer()} fail",
        "Over 5 minutes and all replicas.",
        means="A peer fails many of the requests that the service sends it. A 4xx is an error here, since the "
        "service caused it, and so is every gRPC code but OK.",
        look="Open the dashboard of outgoing requests: which route of the peer, and which error? 5xx: the peer "
        "is failing. 4xx: the service asks for something wrong, or has wrong credentials. service: there was no "
        "response.",
        act="Ask the owner of the peer, or repair the request. Where a 404 is a normal answer, exclude the route "
        "in settings.yaml.",
    )
    of_peer(
        "ClientNoResponse",
        "client_no_response",
        "client_no_response_ratio",
        f"{SHARE} of the requests of {JOB} to {a.peer()} get no response",
        "Connections are refused or break off, over 5 minutes and all replicas.",
        means="Requests fail before there is a response: name resolution, connection, TLS.",
        look="Does the peer run? From all replicas or from one? Then DNS, certificates, network policies, "
        "and limits on connections.",
        act="Restore the connection to the peer.",
    )
    of_peer(
        "ClientCancelledRatioHigh",
        "client_cancelled",
        "client_cancelled_ratio",
        f"{JOB} gives up {SHARE} of its requests to {a.peer()}",
        "Dropped before their end, over 5 minutes and all replicas.",
        means="The service drops its own requests to a peer before they end: its own timeout expired, or its own "
        "client left.",
        look="How long does the peer take, and how long is the timeout? Are requests to the service itself "
        "cancelled at the same time?",
        act="Make the peer faster, or give it more time.",
    )
    a.add(
        "ClientLatencyHigh",
        a.each_busy_above(
            r("peer_route", "client_seconds", "p95_rate5m"),
            "client_latency_p95",
            r("peer_route", "client_requests", "rate5m"),
            "client_latency",
        ),
        "10m",
        "warning",
        f"{a.peer()} takes {SECONDS} for {a.route(a.c.client.route)}, asked by {JOB}",
        f"The 95th percentile over 5 minutes and all replicas. The limit is {a.limit('client_latency_p95')}.",
        means="One of twenty requests to a route of a peer takes longer than the limit.",
        look="Open the dashboard of outgoing requests: is it one route, one replica? Does the peer itself see that "
        "latency? If not, the time is spent on the way, or waiting for a connection.",
        act="Ask the owner of the peer, or send fewer requests at once.",
        dashboard="client",
        variables=("peer", "client_route"),
    )
