"""What a user changes in `settings.yaml`: a number of one service, and routes that are left out."""

from dataclasses import replace

from .kinds import JOB, USERS, AlertCase, dropped, failing, ok, silent, slow
from .world import World

EXPORT = "/orders/{id}/export"


def pair(alert, title, requests, own, minute, fires, minutes=60, **more):
    """With a service's own number one way, with another service's own number the other way."""
    stays = [] if fires else more.pop("otherwise")
    return [
        AlertCase(alert, title, minutes, World(requests, own=own), [(minute, fires)]),
        AlertCase(alert, f"{title}: of another service", minutes, World(requests, others=own), [(minute, stays)]),
    ]


def cases():
    # Every five minutes will do, and takes a fifth of the time.
    return [replace(case, pace="5m") for case in all_of_them()]


def all_of_them():
    half = [ok(50), failing((50, 60))]
    few = [ok(980), failing((20, 60))]
    return [
        # A limit of its own, lower and higher than that of all.
        *pair("ErrorRatioHigh", "a lower limit", few, {"error_ratio": 0.01}, 60, [(JOB, "2%")]),
        *pair("RouteErrorRatioHigh", "a lower limit", few, {"error_ratio": 0.01}, 60, [(USERS, "2%")]),
        *pair("ErrorRatioHigh", "a higher limit", half, {"error_ratio": 0.6}, 60, [], otherwise=[(JOB, "50%")]),
        *pair("RouteErrorRatioHigh", "no limit", half, {"error_ratio": "Inf"}, 60, [], otherwise=[(USERS, "50%")]),
        *pair(
            "CancelledRatioHigh",
            "a higher limit",
            [ok(60), dropped((40, 60))],
            {"cancelled_ratio": 0.5},
            60,
            [],
            otherwise=[(JOB, "40%")],
        ),
        *pair(
            "LatencyHigh",
            "a higher limit",
            [slow((60, 60))],
            {"latency_p95": 5},
            60,
            [],
            otherwise=[(USERS, "2.425s")],
        ),
        *pair(
            "ErrorRatioHigh",
            "pages at a lower volume",
            [failing((6, 60))],
            {"page_rate": 0.05},
            60,
            [(JOB, "100%")],
        ),
        *pair(
            "ErrorBudgetBurnFast",
            "a lower objective",
            [ok(980, 90), failing((20, 90))],
            {"availability": 0.99},
            85,
            [],
            minutes=90,
            otherwise=[(JOB, "2%")],
        ),
        *pair(
            "LatencyBudgetBurnFast",
            "an objective of a whole second",
            [ok(20, 90), slow((80, 90), le=0.75)],
            {"latency_seconds": 1},
            85,
            [],
            minutes=90,
            otherwise=[(JOB, "80%")],
        ),
        *pair(
            "LatencyObjectiveUnmeasured",
            "an objective that is no bound",
            [ok(60)],
            {"latency_seconds": 0.4},
            60,
            [(JOB, "400ms")],
        ),
        *excluded(),
    ]


def excluded():
    """A route that fails and is slow, among others that are well."""
    bad = [ok(60, 90), failing((60, 90), route=EXPORT, le=2.5), dropped((60, 90), route=EXPORT, le=0.1)]
    left_out = lambda what: World(bad, excluded=[(what, EXPORT)])
    elsewhere = lambda what: World(bad, excluded=[(what, "/orders")])
    route = {"route": EXPORT}
    found = []
    for what, alert, labels, value in [
        ("errors", "ErrorRatioHigh", JOB, "33.33%"),
        ("errors", "RouteErrorRatioHigh", route, "50%"),
        ("errors", "ErrorBudgetBurnFast", JOB, "33.33%"),
        ("cancelled", "CancelledRatioHigh", JOB, "33.33%"),
        ("latency", "LatencyHigh", route, "2.35s"),
    ]:
        found += [
            AlertCase(alert, f"a route that {what} leave out", 90, left_out(what), silent(40, 90)),
            AlertCase(alert, f"{what} leave out another route", 90, elsewhere(what), [(90, [(labels, value)])]),
        ]
    # Too many of all, and none of what is left.
    slow_one = [ok(10, 90), slow((90, 90), route=EXPORT)]
    found += [
        AlertCase(
            "LatencyBudgetBurnFast",
            "the slow route is left out",
            90,
            World(slow_one, excluded=[("latency", EXPORT)]),
            silent(90),
        ),
        AlertCase(
            "LatencyBudgetBurnFast", "the slow route is not left out", 90, World(slow_one), [(90, [(JOB, "90%")])]
        ),
        # What is left is too little to page anybody, whatever the volume of the route that is left out.
        AlertCase(
            "ErrorRatioHigh",
            "all that fails and counts is one of five a minute",
            90,
            World([ok(4, 90), failing((1, 90)), failing((60, 90), route=EXPORT)], excluded=[("errors", EXPORT)]),
            silent(60, 90),
        ),
    ]
    return found
