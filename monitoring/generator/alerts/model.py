"""What alerts are made of, and the words that they share."""

import re
from dataclasses import dataclass

from .. import settings as s
from ..rules import Records
from ..text import block

JOB = "{{ $labels.job }}"
INSTANCE = "{{ $labels.instance }}"
SHARE = "{{ $value | humanizePercentage }}"
SECONDS = "{{ $value | humanizeDuration }}"
NUMBER = "{{ $value | humanize }}"

# How a limit reads. The others are plain numbers.
SHARES = {"error_ratio", "cancelled_ratio", "availability", "latency"}
SHARES |= {"client_error_ratio", "client_cancelled_ratio", "client_no_response_ratio"}
DURATIONS = {"latency_p95", "latency_seconds", "client_latency_p95"}


@dataclass
class AlertRule:
    """What Prometheus has to know of an alert."""

    name: str
    expr: str
    wait: str
    severity: str

    def json(self, annotations):
        return {
            "alert": self.name,
            "expr": self.expr,
            "for": self.wait,
            "labels": {"severity": self.severity},
            "annotations": annotations,
        }


@dataclass
class Alert(AlertRule):
    summary: str
    description: str
    # For the runbook: what it means, what to look at first, what to do.
    means: str
    look: str
    act: str
    # The settings that it reads.
    settings: list
    # The dashboard, and the variables beside the job.
    dashboard: str = "overview"
    variables: tuple = ()
    # Whether it is about one service. One that is not has no job.
    of_service: bool = True

    def annotations(self, c):
        return {
            "summary": self.summary,
            "description": self.description,
            "runbook": f"{self.look} {self.act}",
            "runbook_url": f"{s.RUNBOOK}#{self.name.lower()}",
            "dashboard": self.link(c),
        }

    def link(self, c):
        variables = [*(["job"] if self.of_service else []), *self.variables]
        labels = {"route": c.route, "peer": c.client.peer, "client_route": c.client.route}
        value = lambda name: f"{{{{ $labels.{labels.get(name, name)} | urlquery }}}}"
        query = "&".join(f"var-{name.removeprefix('client_')}={value(name)}" for name in variables)
        return f"{s.GRAFANA}/d/{c.slug}-{self.dashboard}" + (f"?{query}" if query else "")


class Alerts:
    """The alerts of a convention, one after the other."""

    def __init__(self, convention):
        self.c = convention
        self.r = Records(convention)
        self.found = []

    def add(self, name, expr, wait, severity, summary, description, **more):
        names = [name for name, *_ in s.THRESHOLDS + s.CLIENT_THRESHOLDS + s.OBJECTIVES]
        used = [self.r.setting(n) for n in names if re.search(rf"{self.r.threshold(n)}\b", expr)]
        used += [self.r.excluded(what) for what in s.EXCLUSIONS if re.search(rf"{self.r.excluded(what)}\b", expr)]
        alert = Alert(self.name(name), expr, wait, severity, summary, description, settings=used, **more)
        self.found.append(alert)

    def name(self, name):
        return f"{self.c.prefix}Http{name}"

    def route(self, label=None):
        """A route, or words where the convention leaves the label out."""
        label = f"$labels.{label or self.c.route}"
        return f"{{{{ if {label} }}}}{{{{ {label} }}}}{{{{ else }}}}no route{{{{ end }}}}"

    def peer(self):
        label = f"$labels.{self.c.client.peer}"
        return f"{{{{ if {label} }}}}{{{{ {label} }}}}{{{{ else }}}}all peers{{{{ end }}}}"

    def limit(self, name):
        """What holds for the job, as text."""
        shown = " | humanizePercentage" if name in SHARES else " | humanizeDuration" if name in DURATIONS else ""
        query = f'printf "{self.r.threshold(name)}{{job=%q}}" $labels.job | query'
        return f"{{{{ with {query} }}}}{{{{ . | first | value{shown} }}}}{{{{ end }}}}"

    def above(self, series, name, factor=""):
        """A series of jobs beyond a setting."""
        return f"{series} > on (job) {factor}{self.r.threshold(name)}"

    def each_above(self, series, name):
        """Series of routes, replicas or peers beyond a setting of their job."""
        return f"{series} > on (job) group_left () {self.r.threshold(name)}"

    def each_busy_above(self, series, name, volume, excluded):
        """As `each_above`, of those with enough requests, without the routes that the settings leave out."""
        return block(
            """
            @over@
            and @volume@
            @exclude@
            """,
            over=self.each_above(series, name),
            volume=self.each_above(volume, "min_rate"),
            exclude=self.r.watched("", excluded).strip(),
        )
