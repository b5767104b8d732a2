"""
A service as the tests of rules and alerts play it. They say what happens in the terms of no convention; here
it becomes the series of one, for `promtool test rules`.
"""

from dataclasses import dataclass, field

from . import settings as s
from .conventions import BUCKETS
from .rules import rules


@dataclass
class Stream:
    """Requests of one kind to one replica. All of them take between two bounds of the histogram."""

    # (so many a minute, for so many minutes), one after the other.
    rise: list
    # The upper bound.
    le: float = 0.1
    method: str = "GET"
    route: str | None = "/users/{id}"
    # None: there was no head.
    status: str | None = "200"
    error: str | None = None
    # Cancelled: `head` or `body`.
    phase: str | None = None
    grpc: str | None = None
    instance: str = "a"
    # The minute in which the series appears, and its first value.
    born: int = 0
    first: int = 0
    # The minute in which it goes, and comes back from its first value.
    restart: int | None = None

    def values(self, counts=True):
        """In promtool's notation. A bucket that counts none of them is there all the same, as 0."""
        parts = [f"_x{self.born}"] if self.born else []
        value, minute, started = self.first, self.born, False
        for step, minutes in self.rise:
            if minute == self.restart:
                parts.append("stale _x2")
                value, started = self.first, False
            if started:
                value += step
            shown, rise = (value, step) if counts else (0, 0)
            times = minutes - 1 if started else minutes
            parts.append(f"{shown}+{rise}x{times}")
            value += step * times
            minute, started = minute + minutes, True
        return " ".join(parts)


@dataclass
class World:
    """All that is scraped."""

    streams: list = field(default_factory=list)
    label_sets: str | None = "10x{n}"
    overflowed: str | None = None
    up: dict = field(default_factory=dict)
    # No series at all from here on.
    gone: int | None = None
    replicas: list = field(default_factory=lambda: ["a"])

    def series(self, c, minutes):
        found = {}

        def put(family, labels, values):
            text = ",".join(f'{k}="{v}"' for k, v in labels.items() if v is not None)
            name = f"{family}{{{text}}}"
            assert name not in found, f"twice: {name}"
            found[name] = values

        for replica in self.replicas:
            target = {"job": "shop", "instance": replica}
            length = minutes if self.gone is None else self.gone
            put("up", target, self.up.get(replica, f"1x{length}"))
            if self.label_sets:
                put(c.label_sets, target, self.label_sets.format(n=length))
            if self.overflowed:
                put(c.overflowed, target, self.overflowed)

        bounds = self.bounds()
        for stream in self.streams:
            target = {"job": "shop", "instance": stream.instance}
            for family, labels in write(c, stream, bounds):
                counts = float(labels.get("le", "inf")) >= stream.le
                put(family, {**target, **labels}, stream.values(counts))
        return [{"series": name, "values": values} for name, values in found.items()]

    def bounds(self):
        """Of all buckets those that the result depends on: the others would only be read past."""
        needed = {s.LATENCY_THRESHOLD}
        for stream in self.streams:
            at = BUCKETS.index(stream.le)
            needed |= set(BUCKETS[max(at - 1, 0) : at + 1])
        return [str(bound) for bound in sorted(needed)] + ["+Inf"]


def write(c, x, bounds):
    """The series that a stream appears in: the only place of this file that knows the conventions."""
    if c.name == "prometheus":
        status = x.status or ("499" if x.phase else "500")
        name = {c.method: x.method, c.route: x.route or "_unmatched"}
        labels = {**name, c.status: status, c.grpc_code: x.grpc}
        yield c.requests[0].family, labels
        if x.error:
            yield c.errors[0].family, {**name, c.error: x.error}
        if x.phase:
            yield c.cancelled[0].family, {**name, c.cancelled_by: x.phase}
        histogram = c.buckets[0].family
    elif x.grpc:
        labels = {
            "rpc_system_name": "grpc",
            c.grpc_route: x.route.removeprefix("/") if x.route else "_OTHER",
            c.grpc_code: x.grpc,
            # Also for codes that are no error of the server's.
            c.error: x.error or (x.grpc if x.grpc != "OK" else None),
        }
        yield c.requests[1].family, labels
        histogram = c.buckets[1].family
    else:
        labels = {
            c.method: x.method,
            c.route: x.route,
            c.status: x.status,
            c.error: x.error or ("cancelled" if x.phase else None),
            "url_scheme": "http",
            "network_protocol_version": "1.1",
        }
        yield c.requests[0].family, labels
        histogram = c.buckets[0].family
    for bound in bounds:
        yield histogram, {**labels, "le": bound}


def labels_in(c, labels):
    found = {"job": "shop"}
    for key, value in labels.items():
        if key == "route":
            if value is None:
                if c.name != "prometheus":
                    continue
                value = "_unmatched"
            key = c.route
        found[key] = value
    return found


def braces(labels):
    return "{" + ", ".join(f'{k}="{v}"' for k, v in labels.items()) + "}"


def document(c, tests):
    return {
        "rule_files": ["rules.yaml", "alerts.yaml"],
        "evaluation_interval": "1m",
        # Whatever a group reads was recorded before it.
        "group_eval_order": [group.name for group in rules(c)] + [f"{c.word}_alerts"],
        "tests": tests,
    }
