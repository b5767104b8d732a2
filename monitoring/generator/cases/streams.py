"""Streams: their duration is the time to the head, and a client that leaves one is not cancelled."""

from dataclasses import replace

from .kinds import JOB, AlertCase, dropped, left, ok, silent, slow
from .requests import Requests
from .world import World

EVENTS, WATCH = "/events", "/shop.Cart/Watch"
HELD = {("GET", EVENTS): "0+20x30 600x120", ("POST", WATCH): "0+10x30 300x120"}
# All that a stream could have fired.
ALERTS = [
    "ErrorRatioHigh",
    "RouteErrorRatioHigh",
    "CancelledRatioHigh",
    "LatencyHigh",
    "ErrorBudgetBurnFast",
    "LatencyBudgetBurnFast",
]


def events(rise, **more):
    """Clients that left an event stream: as many successes, as long as the head took."""
    return Requests([(rise, 150)], route=EVENTS, le=0.05, **more)


def watch(rise):
    """The same of a gRPC server stream."""
    return Requests([(rise, 150)], method="POST", route=WATCH, le=0.05, grpc="OK")


def cases():
    # Every five minutes will do, and takes a fifth of the time.
    return [replace(case, pace="5m") for case in all_of_them()]


def all_of_them():
    held = World([events(20), watch(10)], in_flight=HELD)
    mixed = World([events(20), watch(10), ok(30), dropped((0, 60), (20, 90))], in_flight=HELD)
    # A route that streams, and of which the layer was not told: as bad as it looks.
    undeclared = [ok(30), slow((0, 60), (30, 90), route=EVENTS, le=10.0), left((0, 60), (30, 90), route=EVENTS)]
    found = [
        AlertCase(alert, "nine hundred streams are held, and clients leave them", 150, held, silent(20, 80, 150))
        for alert in ALERTS
    ]
    return [
        *found,
        AlertCase(
            "CancelledRatioHigh",
            "a quarter of all requests are cancelled, beside streams that clients leave",
            150,
            mixed,
            [(60, []), (90, [(JOB, "25%")])],
        ),
        AlertCase(
            "LatencyHigh",
            "a quarter of all requests are cancelled, beside streams that clients leave",
            150,
            mixed,
            silent(60, 90),
        ),
        AlertCase(
            "CancelledRatioHigh",
            "streams of a route that the layer does not know as one",
            150,
            World(undeclared, in_flight=HELD),
            [(60, []), (90, [(JOB, "33.33%")])],
        ),
        AlertCase(
            "LatencyHigh",
            "streams of a route that the layer does not know as one",
            150,
            World(undeclared, in_flight=HELD),
            [(60, []), (90, [({"route": EVENTS}, "9.75s")])],
        ),
        *[
            AlertCase(
                alert,
                "the same, once the settings leave that route out",
                150,
                World(undeclared, in_flight=HELD, excluded=[("cancelled", EVENTS), ("latency", EVENTS)]),
                silent(60, 90, 120),
            )
            for alert in ["CancelledRatioHigh", "LatencyHigh"]
        ],
    ]
