"""The tests of the alerts: each is seen to fire and to stay silent."""

import json
import re
from dataclasses import dataclass

from . import settings as s
from .alerts import alerts, route_of
from .world import Stream, World, document, labels_in


@dataclass
class AlertCase:
    alert: str
    title: str
    minutes: int
    world: World
    # (minute, [(labels, what the value reads as)])
    expect: list


def alert_cases():
    ok = lambda rise, **more: Stream([(rise, more.pop("minutes", 150))], **more)
    failing = lambda *rise, **more: Stream(list(rise), status="503", error="503", le=1.0, **more)
    dropped = lambda *rise, **more: Stream(list(rise), status=None, phase="head", **more)
    slow = lambda *rise, **more: Stream(list(rise), status="202", **{"le": 2.5, **more})
    job, users = {}, {"route": "/users/{id}"}
    a, b = {"instance": "a"}, {"instance": "b"}
    silent = lambda *minutes: [(minute, []) for minute in minutes]
    three = ["a", "b", "c"]
    # One every other minute.
    seldom = [(1, 1), (0, 1)] * 45

    def errors(title, world, minutes, expect):
        """The service and its only route agree."""
        return [
            AlertCase("ErrorRatioHigh", title, minutes, world, [(m, [(job, v)] if v else []) for m, v in expect]),
            AlertCase(
                "RouteErrorRatioHigh", title, minutes, world, [(m, [(users, v)] if v else []) for m, v in expect]
            ),
        ]

    return [
        *errors(
            "half of the requests fail from minute 30 on",
            World([ok(10), failing((0, 30), (10, 30))]),
            60,
            [(30, None), (31, None), (50, "50%")],
        ),
        *errors("no request has ever failed", World([ok(10)]), 60, [(1, None), (30, None), (60, None)]),
        *errors(
            "the first errors of all come in one burst, in a series that is new",
            World([ok(6), failing((0, 30), born=30, first=10)]),
            60,
            [(29, None), (33, "25%"), (37, None)],
        ),
        *errors("one of a hundred fails", World([ok(99), failing((1, 60))]), 60, [(30, None), (60, None)]),
        *errors("all fail, and there are hardly any", World([failing(*seldom)]), 60, [(30, None), (60, None)]),
        AlertCase(
            "CancelledRatioHigh",
            "a quarter of the requests are dropped from minute 30 on",
            60,
            World([ok(30), dropped((0, 30), (10, 30))]),
            [(30, []), (38, []), (60, [(job, "25%")])],
        ),
        AlertCase(
            "CancelledRatioHigh",
            "all are dropped, and there are hardly any",
            60,
            World([dropped(*seldom)]),
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
            [(30, []), (38, []), (60, [(users, "1.75s")])],
        ),
        AlertCase("LatencyHigh", "one of a hundred is slow", 60, World([ok(99), slow((1, 60))]), silent(30, 60)),
        AlertCase(
            "LatencyHigh", "all are slow, and there are hardly any", 60, World([slow(*seldom)]), silent(30, 60)
        ),
        AlertCase(
            "ErrorBudgetBurnFast",
            "2 % fail from the beginning, and far fewer from minute 70 on",
            90,
            World([ok(980), failing((20, 70), (1, 20))]),
            [(2, []), (60, [(job, "2%")]), (85, [])],
        ),
        AlertCase(
            "ErrorBudgetBurnFast",
            "the same, for eight minutes only",
            110,
            World([ok(98), failing((0, 90), (2, 8), (0, 12))]),
            silent(96, 98, 100),
        ),
        AlertCase(
            "ErrorBudgetBurnFast",
            "all fail, and there are hardly any",
            60,
            World([failing(*seldom)]),
            silent(30, 60),
        ),
        AlertCase("ErrorBudgetBurnFast", "1 % fails", 90, World([ok(99), failing((1, 90))]), silent(60, 90)),
        AlertCase(
            "ErrorBudgetBurnMedium",
            "2 % fail from the beginning, and far fewer from minute 60 on",
            150,
            World([ok(980), failing((20, 60), (1, 90))]),
            [(10, []), (50, [(job, "2%")]), (110, [])],
        ),
        AlertCase(
            "ErrorBudgetBurnMedium",
            "1 % fails, for the last 40 minutes only",
            150,
            World([ok(99), failing((0, 110), (1, 40))]),
            silent(110, 150),
        ),
        AlertCase(
            "ErrorBudgetBurnMedium",
            "all fail, and there are hardly any",
            60,
            World([failing(*seldom)]),
            silent(30, 60),
        ),
        AlertCase(
            "ErrorBudgetBurnMedium", "half of what it takes", 90, World([ok(997), failing((3, 90))]), silent(40, 90)
        ),
        AlertCase(
            "ErrorBudgetBurnSlow",
            "1 % fails from the beginning, and next to none from minute 90 on",
            460,
            World([ok(9900, minutes=460), failing((100, 90), (1, 370))]),
            # Of six hours, few enough; of three days, still too many.
            [(50, []), (85, [(job, "1%")]), (460, [])],
        ),
        AlertCase(
            "ErrorBudgetBurnSlow", "all fail, and there are hardly any", 90, World([failing(*seldom)]), silent(90)
        ),
        AlertCase(
            "ErrorBudgetBurnSlow",
            "within the objective",
            120,
            World([ok(9995), failing((5, 120))]),
            silent(60, 120),
        ),
        AlertCase(
            "LatencyBudgetBurnFast",
            "four fifths are slow from the beginning, and few from minute 70 on",
            90,
            World([ok(20), slow((80, 70), (2, 20), le=0.75)]),
            [(2, []), (60, [(job, "80%")]), (85, [])],
        ),
        AlertCase(
            "LatencyBudgetBurnFast",
            "the same, for eight minutes only",
            110,
            World([ok(20), slow((0, 90), (80, 8), (0, 12), le=0.75)]),
            silent(96, 98, 100),
        ),
        AlertCase(
            "LatencyBudgetBurnFast",
            "all are slow, and there are hardly any",
            60,
            World([slow(*seldom)]),
            silent(30, 60),
        ),
        AlertCase(
            "LatencyBudgetBurnFast",
            "half are slow: too many, but not so fast",
            90,
            World([ok(50), slow((50, 90), le=0.75)]),
            silent(60, 90),
        ),
        AlertCase(
            "LatencyBudgetBurnMedium",
            "four fifths are slow from the beginning, and few from minute 60 on",
            150,
            World([ok(20), slow((80, 60), (2, 90), le=0.75)]),
            [(10, []), (50, [(job, "80%")]), (110, [])],
        ),
        AlertCase(
            "LatencyBudgetBurnMedium",
            "half are slow, for the last 40 minutes only",
            150,
            World([ok(50), slow((0, 110), (50, 40), le=0.75)]),
            silent(110, 150),
        ),
        AlertCase(
            "LatencyBudgetBurnMedium",
            "all are slow, and there are hardly any",
            60,
            World([slow(*seldom)]),
            silent(30, 60),
        ),
        AlertCase(
            "LatencyBudgetBurnMedium",
            "a fifth is slow",
            90,
            World([ok(80), slow((20, 90), le=0.75)]),
            silent(40, 90),
        ),
        AlertCase(
            "LatencyBudgetBurnSlow",
            "half are slow from the beginning, and few from minute 90 on",
            460,
            World([ok(50, minutes=460), slow((50, 90), (1, 370), le=0.75)]),
            [(50, []), (85, [(job, "50%")]), (460, [])],
        ),
        AlertCase(
            "LatencyBudgetBurnSlow",
            "all are slow, and there are hardly any",
            90,
            World([slow(*seldom)]),
            silent(90),
        ),
        AlertCase(
            "LatencyBudgetBurnSlow",
            "within the objective",
            120,
            World([ok(99), slow((1, 120), le=0.75)]),
            silent(60, 120),
        ),
        AlertCase(
            "NoTraffic",
            "an hour of requests, and then none",
            90,
            World([Stream([(60, 60), (0, 30)])]),
            [(60, []), (70, []), (85, [(job, "")])],
        ),
        AlertCase(
            "NoTraffic",
            "the process starts anew and nothing reaches it: its series are gone",
            90,
            World([Stream([(60, 60)])]),
            [(85, [(job, "")])],
        ),
        AlertCase(
            "NoTraffic",
            "little traffic, and never more",
            90,
            World([Stream([(0, 20), (1, 1), (0, 69)])]),
            silent(60, 90),
        ),
        AlertCase(
            "NoTraffic",
            "it is down, and that is another alert's",
            90,
            World([Stream([(60, 60)])], up={"a": "1x60 0x30"}),
            silent(85),
        ),
        AlertCase(
            "ServiceDown",
            "no replica answers",
            90,
            World(replicas=["a", "b"], up={"a": "1x30 0x60", "b": "1x40 0x50"}, label_sets="10x30 stale"),
            [(35, []), (41, []), (45, [(job, "0")]), (90, [(job, "0")])],
        ),
        AlertCase(
            "ServiceDown",
            "no replica is left",
            120,
            World(gone=30, up={"a": "1x30 stale"}, label_sets="10x30 stale"),
            [(30, []), (35, [(job, "0")]), (85, [(job, "0")]), (110, [])],
        ),
        AlertCase(
            "ServiceDown",
            "it never had these metrics, so it is none of ours",
            60,
            World(up={"a": "0x60"}, label_sets=None),
            silent(30, 60),
        ),
        AlertCase(
            "TargetDown",
            "one of two replicas does not answer",
            60,
            World(replicas=["a", "b"], up={"b": "1x30 0x30"}),
            [(30, []), (33, []), (40, [(b, "0")])],
        ),
        AlertCase(
            "TargetDown",
            "all answer, but for one scrape",
            60,
            World(replicas=["a", "b"], up={"b": "1x30 0 1x28"}),
            silent(31, 40, 60),
        ),
        AlertCase(
            "TargetDown",
            "it never had these metrics, so it is none of ours",
            60,
            World(up={"a": "0x60"}, label_sets=None),
            silent(30, 60),
        ),
        AlertCase(
            "ReplicaErrors",
            "one of three fails half of its requests, the others one of a hundred",
            60,
            World(
                [ok(99, instance=i) for i in three]
                + [failing((99 if i == "b" else 1, 60), instance=i) for i in three],
                replicas=three,
            ),
            [(2, []), (60, [(b, "50%")])],
        ),
        AlertCase(
            "ReplicaErrors",
            "one fails one of a hundred, the others none",
            60,
            World([ok(99, instance=i) for i in three] + [failing((1, 60), instance="b")], replicas=three),
            silent(30, 60),
        ),
        AlertCase(
            "ReplicaErrors",
            "one has hardly any requests, and fails all of them",
            60,
            World([ok(10), failing(*seldom, instance="b")], replicas=["a", "b"]),
            silent(30, 60),
        ),
        AlertCase(
            "ReplicaErrors",
            "one has nearly all requests, and fails half of them: the others prove nothing",
            60,
            World([ok(10), failing((10, 60)), Stream(seldom, instance="b")], replicas=["a", "b"]),
            silent(30, 60),
        ),
        AlertCase(
            "ReplicaErrors",
            "all fail alike",
            60,
            World([x for i in three for x in [ok(10, instance=i), failing((10, 60), instance=i)]], replicas=three),
            silent(30, 60),
        ),
        AlertCase("ReplicaErrors", "there is but one", 60, World([ok(10), failing((10, 60))]), silent(30, 60)),
        AlertCase(
            "ReplicaSlow",
            "one of three takes ten times as long",
            60,
            World([ok(10, instance=i, le=2.5 if i == "a" else 0.1) for i in three], replicas=three),
            [(5, []), (60, [(a, "2.425s")])],
        ),
        AlertCase(
            "ReplicaSlow",
            "one takes twice as long",
            60,
            World([ok(10, instance=i, le=0.5 if i == "a" else 0.25) for i in three], replicas=three),
            silent(30, 60),
        ),
        AlertCase(
            "ReplicaSlow",
            "one takes ten times as long, which is not long",
            60,
            World([ok(10, instance=i, le=0.1 if i == "a" else 0.01) for i in three], replicas=three),
            silent(30, 60),
        ),
        AlertCase(
            "ReplicaSlow",
            "one takes ten times as long, with hardly any requests",
            60,
            World([Stream(seldom, le=2.5), ok(10, instance="b"), ok(10, instance="c")], replicas=three),
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
            World([ok(10, instance=i, le=2.5) for i in three], replicas=three),
            silent(30, 60),
        ),
        AlertCase(
            "LabelSetsNearBudget",
            "nine tenths of the budget",
            60,
            World(label_sets=f"10x30 {s.LABEL_SETS * 9 // 10}x30"),
            [(30, []), (33, []), (60, [(job, f"{s.LABEL_SETS * 9 / 10000:.4g}k")])],
        ),
        AlertCase(
            "LabelSetsNearBudget",
            "half of the budget",
            60,
            World(label_sets=f"{s.LABEL_SETS // 2}x60"),
            silent(30, 60),
        ),
        AlertCase(
            "LabelSetsGrowing",
            "five a minute, from hour two on",
            300,
            World(label_sets="100x120 100+5x180"),
            [(120, []), (180, []), (240, [(job, "300")])],
        ),
        AlertCase("LabelSetsGrowing", "one a minute", 300, World(label_sets="100+1x300"), silent(120, 240, 300)),
        AlertCase(
            "LabelSetsGrowing",
            "replicas start anew and warm up again",
            300,
            World(label_sets="500x120 0 300 500x180"),
            silent(60, 122, 180, 200, 300),
        ),
        AlertCase(
            "RequestsOverflowed",
            "the budget is spent from minute 30 on",
            60,
            World(overflowed="0x30 60+60x30"),
            [(30, []), (60, [(job, "1")])],
        ),
        AlertCase(
            "RequestsOverflowed",
            "the first one, in a series that is new",
            60,
            World(overflowed="_x30 3x30"),
            [(29, []), (31, [(job, "10m")]), (40, [])],
        ),
        AlertCase("RequestsOverflowed", "never", 60, World(overflowed="0x60"), silent(30, 60)),
    ]


def rendered(text, c, labels, value):
    """An annotation as Prometheus renders it."""
    text = text.replace(route_of(c), labels.get(c.route, "no route"))
    text = re.sub(r"{{ \$labels\.(\w+) }}", lambda m: labels[m[1]], text)
    return re.sub(r"{{ \$value [^}]*}}", value, text)


def alert_tests(c):
    known = {alert.name: alert for alert in alerts(c)}
    fires, silent, tests = set(), set(), {}
    for case in alert_cases():
        alert = known[f"{c.prefix}Http{case.alert}"]
        series = case.world.series(c, case.minutes)
        # What several alerts are asked about is played once.
        test = tests.setdefault(
            json.dumps(series),
            {"name": case.title, "interval": "1m", "input_series": series, "alert_rule_test": []},
        )
        for minute, expected in case.expect:
            (fires if expected else silent).add(alert.name)
            found = []
            for labels, value in expected:
                labels = labels_in(c, labels)
                text = lambda t: rendered(t, c, labels, value)
                found.append(
                    {
                        "exp_labels": {**labels, "severity": alert.severity},
                        "exp_annotations": {
                            "summary": text(alert.summary),
                            "description": text(alert.description),
                            "runbook": text(alert.runbook),
                        },
                    }
                )
            check = {"eval_time": f"{minute}m", "alertname": alert.name, "exp_alerts": found}
            test["alert_rule_test"].append(check)
    every = set(known)
    assert fires == every, f"alerts that no test sees fire: {sorted(every - fires)}"
    assert silent == every, f"alerts that no test sees silent: {sorted(every - silent)}"
    return document(c, list(tests.values()))
