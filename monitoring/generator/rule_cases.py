"""The tests of the recording rules."""

from dataclasses import dataclass

from .rules import LONG, LONGEST, QUANTILES, Records, rules
from .world import Stream, World, braces, document, labels_in


@dataclass
class RuleCase:
    title: str
    minutes: int
    world: World
    # (minute, level, metric, operation, [(labels, value)], tolerance)
    expect: list


def steady():
    """Two replicas, of which one fails. All windows see the same, and the numbers can be checked by hand."""
    every = lambda count: [(count, 480)]
    world = World(
        replicas=["a", "b"],
        overflowed="0+30x480",
        streams=[
            # 100 a minute, of which 10 fail: 90 in (0.075, 0.1], 10 in (0.75, 1].
            Stream(every(50), le=0.1),
            Stream(every(40), le=0.1, instance="b"),
            Stream(every(10), le=1.0, status="503", error="503"),
            # 20 a minute, of which 2 are dropped: 18 in (0.025, 0.05], 2 in (7.5, 10].
            Stream(every(18), le=0.05, method="POST", route="/orders", status="201", instance="b"),
            Stream(every(2), le=10.0, method="POST", route="/orders", status=None, phase="head", instance="b"),
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
        ("job", "timed", "rate5m", job(2)),
        ("job", "slow", "rate5m", job(12 / 60)),
        ("instance", "requests", "rate5m", instance(1, 1)),
        ("instance", "errors", "rate5m", instance(10 / 60, 0)),
        ("instance", "errors", "ratio_rate5m", instance(10 / 60, 0)),
        # b: 40 in (0.075, 0.1], 18 below, 2 far above: the 57th of 60.
        ("instance", "seconds", "p95_rate5m", instance(0.75 + 0.25 * 7 / 10, 0.075 + 0.025 * 39 / 40)),
        ("job", "label_sets", "max", job(10)),
        ("job", "overflowed", "rate5m", job(1)),
    ]
    return RuleCase("two replicas, steady", 480, world, [(480, *e, None) for e in expect])


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
        streams=[
            Stream(rise(0), le=0.1),
            Stream(rise(1), le=1.0, status="500", error="panic"),
            Stream(rise(2), le=10.0, status=None, phase="head"),
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


def rule_cases():
    users = lambda value: [({"route": "/users/{id}"}, value)]
    ratio = lambda minute, value: (minute, "route", "errors", "ratio_rate5m", value, None)
    errors = lambda minute, value: (minute, "route", "errors", "rate5m", value, None)
    requests = lambda minute, value: (minute, "route", "requests", "rate5m", value, None)
    failing = lambda **more: Stream(status="503", error="503", le=1.0, **more)
    ok = lambda rise: Stream([(rise, 60)])
    call = lambda rise, **more: Stream([(rise, 60)], method="POST", **more)
    by_route = lambda none, add, watch: [
        ({"route": None}, none),
        ({"route": "/shop.Cart/Add"}, add),
        ({"route": "/shop.Cart/Watch"}, watch),
    ]
    return [
        steady(),
        changing(),
        RuleCase(
            "no error yet is a ratio of 0, and the first ones count though their series is new",
            60,
            World([ok(6), failing(rise=[(0, 40)], born=20, first=3)]),
            [
                ratio(19, users(0)),
                errors(19, users(0)),
                # 30 good ones and 3 bad ones in 5 minutes.
                errors(20, users(3 / 300)),
                ratio(20, users(3 / 33)),
                requests(20, users(33 / 300)),
                ratio(24, users(3 / 33)),
                # Counted for 5 minutes, and then no longer.
                ratio(26, users(0)),
                (26, "job", "errors", "rate5m", [({}, 0)], None),
                # In a longer window too: recorded five times in the hour up to here, or 20 of them.
                (50, "job", "errors", "rate1h", [({}, 3 / 300 * 5 / 51)], 0.03),
                (50, "instance", "errors", "ratio_rate5m", [({"instance": "a"}, 0)], None),
                (22, "instance", "errors", "ratio_rate5m", [({"instance": "a"}, 3 / 33)], None),
            ],
        ),
        RuleCase(
            "the first of all requests fail",
            60,
            World([failing(rise=[(0, 40)], born=20, first=3)]),
            [(19, "job", "errors", "ratio_rate5m", [], None), ratio(21, users(1))],
        ),
        RuleCase(
            "a target that is new here may have counted for years: no rise",
            60,
            World(
                [Stream([(6, 40)], born=20, first=1000), failing(rise=[(0, 40)], born=20, first=1000)],
                up={"a": "_x20 1x40"},
                label_sets=None,
            ),
            [errors(m, users(0)) for m in [21, 23, 30]],
        ),
        RuleCase(
            "nor does a target that was away",
            60,
            World(
                [
                    Stream([(6, 20), (6, 40)], restart=20, first=1000),
                    failing(rise=[(0, 20), (0, 40)], restart=20, first=1000),
                ],
                up={"a": "1x20 0x2 1x37"},
            ),
            [errors(m, users(0)) for m in [19, 25, 30]],
        ),
        RuleCase(
            "a process that starts anew loses its series: what they had is not counted again",
            60,
            World([ok(6), failing(rise=[(0, 20), (0, 40)], restart=20, first=100)]),
            [errors(m, users(0)) for m in [19, 21, 22, 30]],
        ),
        RuleCase(
            "half a second is not slow, more is",
            60,
            World([Stream([(30, 60)], le=0.5), Stream([(10, 60)], le=0.75, status="202")]),
            [(60, "job", "slow", "ratio_rate5m", [({}, 0.25)], None)],
        ),
        RuleCase(
            "no requests, no ratio and no latency",
            60,
            World([ok(0)]),
            [
                requests(30, users(0)),
                errors(30, users(0)),
                ratio(30, []),
                (30, "job", "errors", "ratio_rate1h", [], None),
                (30, "route", "seconds", "p95_rate5m", [], None),
                (30, "job", "seconds", "p99_rate1h", [], None),
                (30, "job", "slow", "ratio_rate5m", [], None),
            ],
        ),
        RuleCase(
            "gRPC calls and requests of no route are requests as well",
            60,
            World(
                [
                    Stream([(30, 60)], route=None, status="404"),
                    call(48, route="/shop.Cart/Add", grpc="OK"),
                    call(3, route="/shop.Cart/Add", grpc="INTERNAL", error="INTERNAL"),
                    call(2, route="/shop.Cart/Add", grpc="UNIMPLEMENTED", error="UNIMPLEMENTED"),
                    call(1, route="/shop.Cart/Add", grpc="UNKNOWN", error="panic"),
                    # The client's doing.
                    call(6, route="/shop.Cart/Add", grpc="NOT_FOUND"),
                    call(30, route=None, grpc="UNIMPLEMENTED"),
                    call(30, route="/shop.Cart/Watch", grpc="CANCELLED", phase="body"),
                ]
            ),
            [
                (60, "route", "requests", "rate5m", by_route(1, 1, 0.5), None),
                (60, "route", "errors", "ratio_rate5m", by_route(0, 0.1, 0), None),
                (60, "route", "cancelled", "ratio_rate5m", by_route(0, 0, 1), None),
                (60, "route", "seconds", "p50_rate5m", by_route(0.0875, 0.0875, 0.0875), None),
                (60, "job", "errors", "ratio_rate5m", [({}, 6 / 150)], None),
                (60, "instance", "errors", "ratio_rate5m", [({"instance": "a"}, 6 / 150)], None),
            ],
        ),
    ]


def rounded(value):
    """As `round(.., 0.0001)` has it."""
    return round(value * 10000) / 10000


def rule_tests(c):
    r = Records(c)
    tests, seen = [], set()
    for case in rule_cases():
        checks = []
        for minute, level, metric, operation, samples, tolerance in case.expect:
            record = r(level, metric, operation)
            seen.add(record)
            expr, values = f"round({record}, 0.0001)", rounded
            if tolerance:
                ((_, value),) = samples
                expr = f"abs({record} / {value:.6g} - 1) < bool {tolerance}"
                values = lambda _: 1
            checks.append(
                {
                    "expr": expr,
                    "eval_time": f"{minute}m",
                    "exp_samples": [
                        {"labels": braces(labels_in(c, labels)), "value": values(value)}
                        for labels, value in samples
                    ],
                }
            )
        if case.title == "two replicas, steady":
            # Those that have no level of their own.
            for record, labels in [
                (r.buckets("route"), {"job": "shop", c.route: "/users/{id}", "le": "0.1"}),
                (r.buckets("job"), {"job": "shop", "le": "0.1"}),
            ]:
                seen.add(record)
                selected = ",".join(f'{k}="{v}"' for k, v in labels.items())
                value = 1.5 if c.route in labels else 1.8
                checks.append(
                    {
                        "expr": f"round({record}{{{selected}}}, 0.0001)",
                        "eval_time": "480m",
                        "exp_samples": [{"labels": braces(labels), "value": value}],
                    }
                )
            seen.add(r.evaluations)
            checks.append(
                {"expr": r.evaluations, "eval_time": "480m", "exp_samples": [{"labels": r.evaluations, "value": 1}]}
            )
        tests.append(
            {
                "name": case.title,
                "interval": "1m",
                "input_series": case.world.series(c, case.minutes),
                "promql_expr_test": checks,
            }
        )
    every = {rule.record for group in rules(c) for rule in group.rules}
    assert seen == every, f"rules without a test: {sorted(every - seen)}, tests of none: {sorted(seen - every)}"
    return document(c, tests)
