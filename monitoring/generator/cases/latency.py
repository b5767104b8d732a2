"""Cancelled requests and latency."""

from dataclasses import replace

from .kinds import JOB, SELDOM, USERS, AlertCase, dropped, failing, left, ok, silent, slow
from .world import World


def cases():
    # Every five minutes will do, and takes a fifth of the time.
    return [replace(case, pace="5m") for case in all_of_them()]


def all_of_them():
    return [
        AlertCase(
            "CancelledRatioHigh",
            "a quarter of the requests are dropped from minute 30 on",
            60,
            World([ok(30), dropped((0, 30), (10, 30))]),
            [(30, []), (38, []), (60, [(JOB, "25%")])],
        ),
        AlertCase(
            "CancelledRatioHigh",
            "half of the downloads break off",
            60,
            World([ok(30), left((30, 60), route="/files/{name}")]),
            [(5, []), (60, [(JOB, "50%")])],
        ),
        AlertCase(
            "CancelledRatioHigh",
            "all are dropped, and there are hardly any",
            60,
            World([dropped(*SELDOM)]),
            silent(30, 60),
        ),
        AlertCase(
            "CancelledRatioHigh",
            "a few are dropped, and some fail: that is another alert's",
            60,
            World([ok(60), dropped((1, 60)), failing((30, 60))]),
            silent(30, 60),
        ),
        AlertCase(
            "LatencyHigh",
            "a tenth of the requests takes more than a second from minute 30 on",
            60,
            World([ok(90), slow((0, 30), (10, 30))]),
            [(30, []), (38, []), (60, [(USERS, "1.75s")])],
        ),
        AlertCase("LatencyHigh", "one of a hundred is slow", 60, World([ok(99), slow((1, 60))]), silent(30, 60)),
        AlertCase(
            "LatencyHigh", "all are slow, and there are hardly any", 60, World([slow(*SELDOM)]), silent(30, 60)
        ),
    ]
