"""The files of a system."""

from .. import settings as s
from ..cases.annotations import rendered
from ..dashboards.queries import WINDOW
from ..grafana import Dashboard, Variable, verify
from .queries import SystemQueries

ALERTS = "alerts.yaml"


def uid(system):
    return f"tower-red-{system.name.replace('_', '-')}"


def dashboard(system, queries=SystemQueries):
    """Of other queries, the same panels ask something else."""
    q = queries(['job=~"$job"', 'instance=~"$instance"'], WINDOW)
    of_job = f'{system.series}{{job=~"$job"}}'
    variables = [
        Variable("job", "Service", "The job of its scrape.", system.series, "job", False),
        Variable("instance", "Replica", "One or more replicas.", of_job, "instance", True),
    ]
    found = Dashboard(uid(system), system.title, system.description, system.rows(q), variables, system.links)
    verify(system.name, found)
    return found


def alerts(system, queries=SystemQueries):
    """They look at the job of the system's name: its families are not all its own."""
    return system.alerts(queries([f'job="{system.name}"'], "5m"))


def annotations(system, alert):
    return alert.annotations(f"{s.GRAFANA}/d/{uid(system)}?var-job={system.name}")


def alert_rules(system):
    rules = [alert.json(annotations(system, alert)) for alert in alerts(system)]
    return {"groups": [{"name": f"{system.name}_alerts", "rules": rules}]}


def alert_tests(system):
    """Each alert is seen to fire, and to stay silent. Every five minutes will do, and takes a fifth of the time."""
    tests = [test(system, alert, case) for alert in alerts(system) for case in (alert.fires, alert.silent)]
    return {"rule_files": [ALERTS], "evaluation_interval": "5m", "tests": tests}


def test(system, alert, case):
    asked = {
        "eval_time": f"{case.minute}m",
        "alertname": alert.name,
        "exp_alerts": [firing(system, alert)] if case is alert.fires else [],
    }
    # It has a target, as whatever is scraped.
    target = SystemQueries([f'job="{system.name}"', 'instance="a"'], "")
    series = [{"series": target.select(name), "values": values} for name, values in case.series.items()]
    return {
        "name": f"{alert.name}: {case.title}",
        "interval": "1m",
        "input_series": series,
        "alert_rule_test": [asked],
    }


def firing(system, alert):
    labels, texts = {"job": system.name, **alert.fires.labels}, annotations(system, alert)
    return {
        "exp_labels": {**labels, "severity": alert.severity},
        "exp_annotations": {key: rendered(text, labels, alert.fires.value, {}) for key, text in texts.items()},
    }
