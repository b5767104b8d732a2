"""The alerts. Each reads recorded series, so that what it compares is what a dashboard can show."""

from .budgets import budgets
from .client import outgoing
from .layer import layer
from .model import DURATIONS, INSTANCE, JOB, NUMBER, SECONDS, SHARE, SHARES, Alert, AlertRule, Alerts
from .replicas import replicas
from .requests import requests
from .targets import targets

__all__ = [
    "DURATIONS",
    "INSTANCE",
    "JOB",
    "NUMBER",
    "SECONDS",
    "SHARE",
    "SHARES",
    "Alert",
    "AlertRule",
    "Alerts",
    "alerts",
    "document",
]


def alerts(convention):
    a = Alerts(convention)
    for part in [requests, budgets, targets, replicas, layer, outgoing]:
        part(a)
    return a.found


def document(convention):
    rules = [alert.json(alert.annotations(convention)) for alert in alerts(convention)]
    return {"groups": [{"name": f"{convention.word}_alerts", "rules": rules}]}
