"""What the settings make of recorded series, and outgoing requests."""

from .. import settings as s
from .kinds import RuleCase, failing, ok
from .requests import Requests
from .world import World

EXPORT = "/orders/{id}/export"


def settled():
    """A service without numbers of its own, one with all of them, and one that leaves a route out."""
    every = s.THRESHOLDS + s.CLIENT_THRESHOLDS + s.OBJECTIVES
    own = {name: value * 2 for name, value, _ in every}
    threshold = lambda name: lambda r: r.threshold(name)
    bound = lambda r: r.latency_bound
    bounds = lambda *values: [({"le": value}, 1) for value in values]
    plain = World([ok(60, 30)])
    users, export = {"route": "/users/{id}"}, {"route": EXPORT}
    two = [ok(60, 120), failing((60, 120), route=EXPORT, le=2.5), dropped_at(EXPORT)]
    ratio = lambda metric, operation, value: (120, "job", metric, f"ratio_rate{operation}", [({}, value)], None)
    found = [
        RuleCase(
            "the defaults hold",
            30,
            World([ok(60, 30)], others=own),
            [],
            # The numbers of another service hold for that one alone.
            [(lambda r, n=name: f'{r.threshold(n)}{{job="shop"}}', 30, [({}, value)]) for name, value, _ in every]
            + [(lambda r: f'{bound(r)}{{job="shop"}}', 30, bounds("0.5"))],
        ),
        RuleCase(
            "a service has numbers of its own",
            30,
            World(plain.requests, own=own),
            [],
            # Both ways to write a whole number.
            [(threshold(name), 30, [({}, value * 2)]) for name, value, _ in every]
            + [(bound, 30, bounds("1", "1.0"))],
        ),
    ]
    for what, errors, cancelled, late in [
        ("errors", 0, 1 / 3, 1 / 3),
        ("cancelled", 1 / 3, 0, 1 / 3),
        ("latency", 1 / 3, 1 / 3, 0),
    ]:
        values = {"errors": errors, "cancelled": cancelled, "slow": late}
        expect = [ratio(m, w, v) for m, v in values.items() for w in ["5m", "30m", "1h", "6h"]]
        expect += [ratio("errors", "3d", errors), ratio("slow", "3d", late)]
        # The route itself, and the sums of the service, are as they were.
        expect += [
            (120, "route", "errors", "ratio_rate5m", [(users, 0), (export, 1 / 2)], None),
            (120, "job", "requests", "rate5m", [({}, 3)], None),
            (120, "job", "errors", "rate5m", [({}, 1)], None),
        ]
        found.append(
            RuleCase(f"a route whose {what} are left out", 120, World(two, excluded=[(what, EXPORT)]), expect)
        )
    rate = ("job", "requests", "rate5m")
    yesterday = World(label_sets=None, recorded={rate: "5x59 3x19 4x1500"})
    expected = lambda minute, samples: (minute, "job", "requests", "expected_rate5m", samples, None)
    found.append(
        RuleCase(
            "what a service had in the coming hour of yesterday, at least",
            1560,
            yesterday,
            # The rules have seen nothing of a day ago, all of an hour with a low, and an hour after it.
            [expected(1200, []), expected(1470, [({}, 3)]), expected(1560, [({}, 4)])],
            pace="30m",
        )
    )
    return found


def dropped_at(route):
    return Requests([(60, 120)], route=route, status=None, phase="head", le=0.1)


def outgoing():
    """Two peers, two routes of one of them, and all ways to end."""
    call = lambda rise, peer, route, **more: Requests([(rise, 60)], peer=peer, route=route, **more)
    world = World(
        calls=[
            call(60, "stock", "/stock/{item}"),
            call(30, "stock", "/stock/{item}", status="404", error="404"),
            call(30, "stock", "/stock/{item}", status=None, error="service"),
            call(60, "stock", "/orders", le=1.0),
            call(60, "stock", "/orders", status=None, phase="head", le=1.0),
            call(48, "mail", "/shop.Mail/Send", method="POST", grpc="OK"),
            call(12, "mail", "/shop.Mail/Send", method="POST", grpc="NOT_FOUND", error="NOT_FOUND"),
        ],
        excluded=[("client_errors", "/orders")],
    )
    item = {"peer": "stock", "client_route": "/stock/{item}"}
    orders = {"peer": "stock", "client_route": "/orders"}
    send = {"peer": "mail", "client_route": "/shop.Mail/Send"}
    routes = lambda a, b, c: [(item, a), (orders, b), (send, c)]
    peers = lambda a, b: [({"peer": "stock"}, a), ({"peer": "mail"}, b)]
    expect = [
        ("peer_route", "client_requests", "rate5m", routes(2, 2, 1)),
        ("peer_route", "client_errors", "rate5m", routes(1, 0, 0.2)),
        ("peer_route", "client_no_response", "rate5m", routes(0.5, 0, 0)),
        ("peer_route", "client_cancelled", "rate5m", routes(0, 1, 0)),
        ("peer_route", "client_errors", "ratio_rate5m", routes(0.5, 0, 0.2)),
        ("peer", "client_requests", "rate5m", peers(4, 1)),
        ("peer", "client_errors", "rate5m", peers(1, 0.2)),
        ("peer", "client_no_response", "rate5m", peers(0.5, 0)),
        ("peer", "client_cancelled", "rate5m", peers(1, 0)),
        # Without the route that is left out.
        ("peer", "client_errors", "ratio_rate5m", peers(0.5, 0.2)),
        ("peer", "client_no_response", "ratio_rate5m", peers(0.25, 0)),
        ("peer", "client_cancelled", "ratio_rate5m", peers(0.25, 0)),
        ("peer_route", "client_seconds", "p95_rate5m", routes(0.09875, 0.9875, 0.09875)),
        ("peer", "client_seconds", "p95_rate5m", peers(0.975, 0.09875)),
        # A process without a server is a service too.
        ("job", "service", "known", [({}, 1)]),
    ]
    return RuleCase("outgoing requests", 60, world, [(60, *e, None) for e in expect])
