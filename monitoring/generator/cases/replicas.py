"""One replica against the others."""

from dataclasses import replace

from .kinds import SELDOM, THREE, A, AlertCase, B, failing, ok, silent
from .requests import Requests
from .world import World


def cases():
    # Every five minutes will do, and takes a fifth of the time.
    return [replace(case, pace="5m") for case in all_of_them()]


def all_of_them():
    return [
        AlertCase(
            "ReplicaErrors",
            "one of three fails half of its requests, the others one of a hundred",
            60,
            World(
                [ok(99, instance=i) for i in THREE]
                + [failing((99 if i == "b" else 1, 60), instance=i) for i in THREE],
                replicas=THREE,
            ),
            [(2, []), (60, [(B, "50%")])],
        ),
        AlertCase(
            "ReplicaErrors",
            "one fails one of a hundred, the others none",
            60,
            World([ok(99, instance=i) for i in THREE] + [failing((1, 60), instance="b")], replicas=THREE),
            silent(30, 60),
        ),
        AlertCase(
            "ReplicaErrors",
            "one has hardly any requests, and fails all of them",
            60,
            World([ok(10), failing(*SELDOM, instance="b")], replicas=["a", "b"]),
            silent(30, 60),
        ),
        AlertCase(
            "ReplicaErrors",
            "one has nearly all requests, and fails half of them: the others prove nothing",
            60,
            World([ok(10), failing((10, 60)), Requests(SELDOM, instance="b")], replicas=["a", "b"]),
            silent(30, 60),
        ),
        AlertCase(
            "ReplicaErrors",
            "all fail alike",
            60,
            World([x for i in THREE for x in [ok(10, instance=i), failing((10, 60), instance=i)]], replicas=THREE),
            silent(30, 60),
        ),
        AlertCase("ReplicaErrors", "there is but one", 60, World([ok(10), failing((10, 60))]), silent(30, 60)),
        AlertCase(
            "ReplicaSlow",
            "one of three takes ten times as long",
            60,
            World([ok(10, instance=i, le=2.5 if i == "a" else 0.1) for i in THREE], replicas=THREE),
            [(5, []), (60, [(A, "2.425s")])],
        ),
        AlertCase(
            "ReplicaSlow",
            "one takes twice as long",
            60,
            World([ok(10, instance=i, le=0.5 if i == "a" else 0.25) for i in THREE], replicas=THREE),
            silent(30, 60),
        ),
        AlertCase(
            "ReplicaSlow",
            "one takes ten times as long, which is not long",
            60,
            World([ok(10, instance=i, le=0.1 if i == "a" else 0.01) for i in THREE], replicas=THREE),
            silent(30, 60),
        ),
        AlertCase(
            "ReplicaSlow",
            "one takes ten times as long, with hardly any requests",
            60,
            World([Requests(SELDOM, le=2.5), ok(10, instance="b"), ok(10, instance="c")], replicas=THREE),
            silent(30, 60),
        ),
        AlertCase(
            "ReplicaSlow",
            "one of two: which is sick?",
            60,
            World([ok(10, le=2.5), ok(10, instance="b")], replicas=["a", "b"]),
            silent(30, 60),
        ),
        AlertCase(
            "ReplicaSlow",
            "all are slow",
            60,
            World([ok(10, instance=i, le=2.5) for i in THREE], replicas=THREE),
            silent(30, 60),
        ),
    ]
