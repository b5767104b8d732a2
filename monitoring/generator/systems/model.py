"""What a system's dashboard and alerts are made of."""

from collections.abc import Callable
from dataclasses import dataclass, field

from ..alerts import AlertRule


@dataclass
class Measure:
    """A query, and what it is compared with."""

    query: str
    limit: str

    def __str__(self):
        return f"{self.query} {self.limit}"


@dataclass
class Case:
    """What an alert is tested with."""

    title: str
    # Names, and values as promtool writes them. The target is added.
    series: dict
    # What the alert then says. Nothing, if it stays silent.
    value: str = ""
    labels: dict = field(default_factory=dict)
    minute: int = 60


@dataclass
class SystemAlert(AlertRule):
    summary: str
    description: str
    runbook: str
    # What is measured: the first is the alert's value.
    measures: list
    fires: Case
    silent: Case

    def annotations(self, dashboard):
        return {
            "summary": self.summary,
            "description": self.description,
            "runbook": self.runbook,
            "dashboard": dashboard,
        }


def alert(name, measure, *, also=(), unless=(), wait="10m", severity="warning", **more):
    """One that fires while the measure is beyond its limit, and what else is measured is, or is not."""
    lines = [str(measure), *[f"and on (job) {one}" for one in also], *[f"unless on (job) {one}" for one in unless]]
    return SystemAlert(name, "\n".join(lines), wait, severity, measures=[measure, *also, *unless], **more)


@dataclass
class System:
    # Of its binary, and of the job that scrapes it.
    name: str
    title: str
    description: str
    # A family that it has from its start on, and nobody else.
    series: str
    # Both take the queries that they are to be made of.
    rows: Callable
    alerts: Callable
    links: list = field(default_factory=list)
