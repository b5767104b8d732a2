"""Prints `python.txt`: what Python's client writes of every type, with all that has to be escaped.

`python3 python.py > python.txt`, with prometheus-client 0.16. Times are always the same.
"""

import time

time.time = lambda: 1700000000.25

from prometheus_client import CollectorRegistry, Counter, Enum, Gauge, Histogram, Info, Summary, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, UntypedMetricFamily


class Others:
    def collect(self):
        yield UntypedMetricFamily("py_unknown", "Of no type.", value=3.5)
        measured = GaugeMetricFamily("py_measured", "Of times of their own.", labels=["at"])
        measured.add_metric(["then"], 21.5, timestamp=1600000000.125)
        measured.add_metric(["before 1970"], -2, timestamp=-1.5)
        yield measured
        bare = CounterMetricFamily("py_passed", "A counter of somebody else's.")
        bare.add_metric([], 12345678901234567)
        yield bare


registry = CollectorRegistry()
jobs = Counter("py_jobs", 'Jobs "done", by \\ and\nover lines.', ["queue"], registry=registry)
jobs.labels("fast").inc()
jobs.labels('a"b\\c\nd,e}f= gäß').inc(2.5)
Counter("py_idle", "Never counted.", ["queue"], registry=registry)
level = Gauge("py_level", "A level.", ["of"], registry=registry)
for name, value in [("nan", float("nan")), ("up", float("inf")), ("down", float("-inf")), ("small", 1e-9), ("big", 1e21)]:
    level.labels(name).set(value)
sizes = Histogram("py_size_bytes", "Sizes.", ["of"], buckets=[0.00001, 1, 10, 1e6], registry=registry)
for value in [0.000001, 5, 5, 2e6]:
    sizes.labels("file").observe(value)
Summary("py_time_seconds", "Times.", registry=registry).observe(0.25)
Info("py_build", "The build.", registry=registry).info({"version": "1.2.3"})
Enum("py_state", "The state.", states=["up", "down"], registry=registry).state("down")
registry.register(Others())
print(generate_latest(registry).decode(), end="")
