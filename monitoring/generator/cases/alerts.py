"""The tests of the alerts: each is seen to fire and to stay silent."""

import json

from ..alerts import alerts
from . import budgets, client, errors, latency, layer, overrides, replicas, streams, traffic
from .annotations import rendered
from .world import labels_in

PARTS = [errors, latency, streams, budgets, traffic, replicas, layer, overrides, client]


def all_cases():
    return [case for part in PARTS for case in part.cases()]


def alert_tests(c, pace):
    """The cases of one pace. All of them together must see each alert fire, and stay silent."""
    known = {alert.name: alert for alert in alerts(c)}
    cases = [case for case in all_cases() if case.pace == pace]
    tests = {}
    for case in cases:
        alert = known[f"{c.prefix}Http{case.alert}"]
        series = case.world.series(c, case.minutes)
        # What several alerts are asked about is played once.
        test = tests.setdefault(
            json.dumps(series),
            {"name": case.title, "interval": "1m", "input_series": series, "alert_rule_test": []},
        )
        for minute, expected in case.expect:
            found = []
            for labels, value in expected:
                labels = labels_in(c, labels)
                annotations = alert.annotations(c).items()
                found.append(
                    {
                        "exp_labels": {**labels, "severity": alert.severity},
                        "exp_annotations": {
                            key: rendered(text, labels, value, case.world.own) for key, text in annotations
                        },
                    }
                )
            test["alert_rule_test"].append(
                {"eval_time": f"{minute}m", "alertname": alert.name, "exp_alerts": found}
            )
    return list(tests.values())


def verify(c):
    """That each alert is seen to fire, and to stay silent."""
    every = {alert.name.removeprefix(c.prefix).removeprefix("Http") for alert in alerts(c)}
    # Needs other rule files: `missing.py` has it.
    fires, silent = {"SettingsMissing"}, set()
    for case in all_cases():
        for _, expected in case.expect:
            (fires if expected else silent).add(case.alert)
    assert fires == every, f"alerts that no test sees fire: {sorted(every - fires)}"
    assert silent == every, f"alerts that no test sees silent: {sorted(every - silent)}"
