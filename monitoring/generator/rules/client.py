"""The recording rules of outgoing requests: a peer, and a peer's route."""

from ..text import block
from .model import Group
from .promql import as_route, ratio, rise, total, zero_where
from .records import Records

NEEDS = {"needs": ("client",)}


def outgoing(convention):
    client = convention.client
    r = Records(convention)
    group = Group(f"{client.word}_5m", "30s", "Outgoing requests, from raw series.")
    requests = r("peer_route", "client_requests", "rate5m")
    for metric in ["requests", "errors", "no_response", "cancelled"]:
        expr = total(r.labels["peer_route"], [rise(source) for source in getattr(client, metric)])
        if metric != "requests":
            expr += zero_where(requests)
        group.add(r("peer_route", f"client_{metric}", "rate5m"), expr, **NEEDS)
    for metric in ["requests", "errors", "no_response", "cancelled"]:
        of_routes = r("peer_route", f"client_{metric}", "rate5m")
        group.add(r("peer", f"client_{metric}", "rate5m"), f"sum by ({r.labels['peer']}) ({of_routes})", **NEEDS)
    group.add(r("peer_route", "client_errors", "ratio_rate5m"), of_requests(r, "peer_route", "errors"), **NEEDS)
    of_peer = lambda metric: block(
        "sum by (@labels@) (\n  @watched@\n)",
        labels=r.labels["peer"],
        watched=r.watched(r("peer_route", metric, "rate5m"), "client_errors"),
    )
    for metric in ["client_errors", "client_no_response"]:
        group.add(r("peer", metric, "ratio_rate5m"), ratio(of_peer(metric), of_peer("client_requests")), **NEEDS)
    group.add(r("peer", "client_cancelled", "ratio_rate5m"), of_requests(r, "peer", "cancelled"), **NEEDS)

    def p95(labels):
        rates = [as_route(s, f"rate({s.select()}[5m])") for s in client.buckets]
        return block("histogram_quantile(\n  0.95,\n  @b@\n) >= 0", b=total(f"{labels}, le", rates))

    for level in ["peer", "peer_route"]:
        group.add(r(level, "client_seconds", "p95_rate5m"), p95(r.labels[level]), **NEEDS)
    return group


def of_requests(r, level, metric):
    return ratio(r(level, f"client_{metric}", "rate5m"), r(level, "client_requests", "rate5m"))
