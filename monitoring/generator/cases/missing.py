"""A Prometheus that was given no `settings.yaml`, or one that lacks something."""

from ..alerts import alerts
from ..rules import default_names
from .alerts import rendered
from .world import document


def missing_tests(c):
    alert = next(a for a in alerts(c) if a.name.endswith("HttpSettingsMissing"))
    names = default_names(c)

    def fired(name):
        labels = {"setting": name}
        annotations = alert.annotations(c).items()
        return {
            "exp_labels": {**labels, "severity": alert.severity},
            "exp_annotations": {key: rendered(text, labels, "1", {}) for key, text in annotations},
        }

    def test(title, there, missing):
        # One service that has its own number is not enough.
        series = [{"series": name, "values": "1x30"} for name in there]
        series += [{"series": f'{name}{{job="shop"}}', "values": "1x30"} for name in missing]
        return {
            "name": title,
            "interval": "1m",
            "input_series": series,
            "alert_rule_test": [
                {"eval_time": "5m", "alertname": alert.name, "exp_alerts": []},
                {"eval_time": "20m", "alertname": alert.name, "exp_alerts": [fired(name) for name in missing]},
            ],
        }

    first, second = names[::2], names[1::2]
    tests = [
        test("no settings at all", [], names),
        test("the first half of each pair is missing", second, first),
        test("the second half of each pair is missing", first, second),
        test("none is missing", names, []),
    ]
    found = document(c, tests)
    found["rule_files"].remove("settings.yaml")
    found["group_eval_order"].remove(f"{c.word}_settings")
    return found
