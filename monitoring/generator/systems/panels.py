"""Graphs of one family each."""

from ..dashboards.panels import graph, label
from ..grafana import Target


def legend(by):
    return " ".join(label(part) for part in by.split(", "))


def rates(q, title, description, by, family, unit="ops", width=8, **more):
    return graph(title, description, unit, Target(q.rate(by, family), legend(by)), width=width, **more)


def ratios(q, title, description, by, part, whole, width=8, **more):
    target = Target(q.ratio(by, part, whole), legend(by))
    return graph(title, description, "percentunit", target, width=width, **more)


def slowest(q, title, description, by, histogram, width=8, **more):
    return graph(title, description, "s", Target(q.p95(by, histogram), legend(by)), width=width, **more)


def levels(q, title, description, by, gauge, unit="short", width=8, **more):
    return graph(title, description, unit, Target(q.level(by, gauge), legend(by)), width=width, **more)
