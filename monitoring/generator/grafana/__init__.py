"""Dashboards as Grafana 10 and 11 read them."""

from .dashboard import STARTS, Dashboard, verify
from .model import GREEN, ORANGE, PLAIN_STEPS, RED, WIDTH, Panel, Row, Target, Variable

__all__ = [
    "GREEN",
    "ORANGE",
    "PLAIN_STEPS",
    "RED",
    "STARTS",
    "WIDTH",
    "Dashboard",
    "Panel",
    "Row",
    "Target",
    "Variable",
    "verify",
]
