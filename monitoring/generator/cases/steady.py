"""Recorded series of two services whose numbers can be worked out by hand."""

from ..rules import LONG, LONGEST, QUANTILES
from .kinds import RuleCase
from .requests import Requests
from .world import World


def steady():
    """Two replicas, of which one fails. All windows see the same, and the numbers can be checked by hand."""
    every = lambda count: [(count, 480)]
    world = World(
        replicas=["a", "b"],
        overflowed="0+30x480",
        requests=[
            # 100 a minute, of which 10 fail: 90 in (0.075, 0.1], 10 in (0.75, 1].
            Requests(every(50), le=0.1),
            Requests(every(40), le=0.1, instance="b"),
            Requests(every(10), le=1.0, status="503", error="503"),
            # 20 a minute, of which 2 are dropped: 18 in (0.025, 0.05], 2 in (7.5, 10].
            Requests(every(18), le=0.05, method="POST", route="/orders", status="201", instance="b"),
            Requests(every(2), le=10.0, method="POST", route="/orders", status=None, phase="head", instance="b"),
        ],
    )
    users, orders = "/users/{id}", "/orders"
    route = lambda a, b: [({"route": users}, a), ({"route": orders}, b)]
    job = lambda a: [({}, a)]
    instance = lambda a, b: [({"instance": "a"}, a), ({"instance": "b"}, b)]
    expect = []
    for w in ["5m", *LONG]:
        expect += [
            ("route", "requests", f"rate{w}", route(100 / 60, 20 / 60)),
            ("job", "requests", f"rate{w}", job(2)),
            ("route", "errors", f"rate{w}", route(10 / 60, 0)),
            ("job", "errors", f"rate{w}", job(10 / 60)),
            ("route", "cancelled", f"rate{w}", route(0, 2 / 60)),
            ("job", "cancelled", f"rate{w}", job(2 / 60)),
            ("route", "errors", f"ratio_rate{w}", route(0.1, 0)),
            ("job", "errors", f"ratio_rate{w}", job(10 / 120)),
            ("route", "cancelled", f"ratio_rate{w}", route(0, 0.1)),
            ("job", "cancelled", f"ratio_rate{w}", job(2 / 120)),
            # The 50th of 100 is the 50th of 90 in its bucket, the 95th the 5th of 10 in the other.
            ("route", "seconds", f"p50_rate{w}", route(0.075 + 0.025 * 50 / 90, 0.025 + 0.025 * 10 / 18)),
            ("route", "seconds", f"p95_rate{w}", route(0.875, 8.75)),
            ("route", "seconds", f"p99_rate{w}", route(0.975, 9.75)),
            ("job", "seconds", f"p50_rate{w}", job(0.075 + 0.025 * 42 / 90)),
            ("job", "seconds", f"p95_rate{w}", job(0.9)),
            ("job", "seconds", f"p99_rate{w}", job(8.5)),
            # Above half a second: 10 and 2 of 120.
            ("job", "slow", f"ratio_rate{w}", job(0.1)),
        ]
    expect += [
        ("job", "errors", f"ratio_rate{LONGEST}", job(10 / 120)),
        ("job", "slow", f"ratio_rate{LONGEST}", job(0.1)),
        ("route", "slow", "rate5m", route(10 / 60, 2 / 60)),
        ("job", "service", "seen", job(1)),
        ("job", "service", "known", job(1)),
        ("instance", "requests", "rate5m", instance(1, 1)),
        ("instance", "errors", "rate5m", instance(10 / 60, 0)),
        ("instance", "errors", "ratio_rate5m", instance(10 / 60, 0)),
        # b: 40 in (0.075, 0.1], 18 below, 2 far above: the 57th of 60.
        ("instance", "seconds", "p95_rate5m", instance(0.75 + 0.25 * 7 / 10, 0.075 + 0.025 * 39 / 40)),
        ("job", "label_sets", "max", job(10)),
        ("job", "overflowed", "rate5m", job(1)),
    ]
    bucket = {"route": users, "le": "0.1"}
    named = [
        (lambda r: f'{r.buckets("route")}{{le="0.1",{r.c.route}="{users}"}}', 480, [(bucket, 1.5)]),
        (lambda r: f'{r.buckets("job")}{{le="0.1"}}', 480, [({"le": "0.1"}, 1.8)]),
    ]
    return RuleCase("two replicas, steady", 480, world, [(480, *e, None) for e in expect], named)


# How many a minute succeed, fail and are dropped, by the minute in which it begins. Each window ends up with
# a mixture of its own.
PHASES = [(0, 100, 80, 10), (110, 200, 10, 40), (415, 400, 60, 5), (445, 800, 20, 100), (470, 100, 100, 50)]
END = 480


def at_minute(minute):
    return [row for row in PHASES if row[0] < minute][-1][1:]


def changing():
    """The same numbers again, worked out on lists instead of by queries, where windows differ."""
    ends = [start for start, *_ in PHASES[1:]] + [END]
    rise = lambda i: [(row[1 + i], end - row[0]) for row, end in zip(PHASES, ends)]
    world = World(
        requests=[
            Requests(rise(0), le=0.1),
            Requests(rise(1), le=1.0, status="500", error="panic"),
            Requests(rise(2), le=10.0, status=None, phase="head"),
        ]
    )

    def recorded(minute):
        last = [at_minute(m) for m in range(minute - 4, minute + 1)]
        return [sum(row[i] for row in last) / 300 for i in range(3)]

    def window(minutes):
        # The first five have no full window of 5 minutes, and are few.
        rows = [recorded(m) for m in range(max(END - minutes, 5), END + 1)]
        return [sum(row[i] for row in rows) / len(rows) for i in range(3)]

    def quantile(q, ok, failed, dropped):
        rank, below = q * (ok + failed + dropped), 0
        for count, low, high in [(ok, 0.075, 0.1), (failed, 0.75, 1.0), (dropped, 7.5, 10.0)]:
            if rank <= below + count:
                return low + (high - low) * (rank - below) / count
            below += count
        raise AssertionError

    expect = []
    lengths = {"30m": 30, "1h": 60, "6h": 360, LONGEST: END}
    for w, minutes in lengths.items():
        ok, failed, dropped = counts = window(minutes)
        every = sum(counts)
        only = {"errors": failed / every, "slow": (failed + dropped) / every}
        for metric, value in only.items():
            expect.append((END, "job", metric, f"ratio_rate{w}", [({}, value)], 0.03))
        if w == LONGEST:
            continue
        for level, labels in [("route", {"route": "/users/{id}"}), ("job", {})]:
            values = {"requests": every, "errors": failed, "cancelled": dropped}
            for metric, value in values.items():
                expect.append((END, level, metric, f"rate{w}", [(labels, value)], 0.03))
            expect.append((END, level, "errors", f"ratio_rate{w}", [(labels, failed / every)], 0.03))
            expect.append((END, level, "cancelled", f"ratio_rate{w}", [(labels, dropped / every)], 0.03))
            for name, q in QUANTILES.items():
                value = quantile(q, *counts)
                expect.append((END, level, "seconds", f"{name}_rate{w}", [(labels, value)], 0.03))
    return RuleCase("one replica, changing: each window sees its own", END, world, expect)
