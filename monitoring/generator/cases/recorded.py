"""The tests of the recording rules."""

from ..rules import Records, rules
from .kinds import RuleCase
from .requests import Requests
from .settled import outgoing, settled
from .steady import changing, steady
from .world import World, braces, labels_in


def rule_cases():
    users = lambda value: [({"route": "/users/{id}"}, value)]
    ratio = lambda minute, value: (minute, "route", "errors", "ratio_rate5m", value, None)
    errors = lambda minute, value: (minute, "route", "errors", "rate5m", value, None)
    requests = lambda minute, value: (minute, "route", "requests", "rate5m", value, None)
    failing = lambda **more: Requests(status="503", error="503", le=1.0, **more)
    ok = lambda rise: Requests([(rise, 60)])
    call = lambda rise, **more: Requests([(rise, 60)], method="POST", **more)
    by_route = lambda none, add, watch: [
        ({"route": None}, none),
        ({"route": "/shop.Cart/Add"}, add),
        ({"route": "/shop.Cart/Watch"}, watch),
    ]
    return [
        steady(),
        changing(),
        *settled(),
        outgoing(),
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
                [Requests([(6, 40)], born=20, first=1000), failing(rise=[(0, 40)], born=20, first=1000)],
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
                    Requests([(6, 20), (6, 40)], restart=20, first=1000),
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
            World([Requests([(30, 60)], le=0.5), Requests([(10, 60)], le=0.75, status="202")]),
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
                    Requests([(30, 60)], route=None, status="404"),
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


def rule_tests(c, pace):
    """The tests of one pace. All of them together must know every rule."""
    r = Records(c)
    tests, seen = [], {r.evaluations}
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
        for find, minute, samples in case.named:
            series = find(r)
            seen.add(series.split("{")[0])
            checks.append(
                {
                    "expr": f"round({series}, 0.0001)",
                    "eval_time": f"{minute}m",
                    "exp_samples": [
                        {"labels": braces(labels_in(c, labels)), "value": rounded(value)}
                        for labels, value in samples
                    ],
                }
            )
        if case.pace != pace:
            continue
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
    return tests
