"""
A service as the tests of rules and alerts play it. They say what happens in the terms of no convention; here
it becomes the series of one, for `promtool test rules`.
"""

from dataclasses import dataclass, field

from .. import settings as s
from ..conventions import BUCKETS
from ..rules import Records, rules
from .outgoing import write_call


@dataclass
class World:
    """All that is scraped."""

    requests: list = field(default_factory=list)
    label_sets: str | None = "10x{n}"
    overflowed: str | None = None
    up: dict = field(default_factory=dict)
    # No series at all from here on.
    gone: int | None = None
    replicas: list = field(default_factory=lambda: ["a"])
    # Requests in flight, by method and route: as promtool writes values.
    in_flight: dict = field(default_factory=dict)
    # Outgoing requests.
    calls: list = field(default_factory=list)
    # What `settings.yaml` would have beside its defaults: the service's own values, and (what, route) that are
    # left out. Those of another service change nothing.
    own: dict = field(default_factory=dict)
    others: dict = field(default_factory=dict)
    excluded: list = field(default_factory=list)
    # Recorded series of the service, instead of raw ones: (level, metric, operation) and values.
    recorded: dict = field(default_factory=dict)

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
            for (method, route), values in self.in_flight.items():
                labels = {c.method: method, **({c.route: route} if c.in_flight_by_route else {})}
                put(c.in_flight, {**target, **labels}, values)

        for every, write_one in [(self.requests, write), (self.calls, write_call)]:
            bounds = self.bounds(every)
            for one in every:
                target = {"job": "shop", "instance": one.instance}
                for family, labels in write_one(c, one, bounds):
                    counts = float(labels.get("le", "inf")) >= one.le
                    put(family, {**target, **labels}, one.values(counts))
        self.put_settings(c, minutes, put)
        r = Records(c)
        for names, values in self.recorded.items():
            put(r(*names), {"job": "shop"}, values)
        return [{"series": name, "values": values} for name, values in found.items()]

    def bounds(self, every):
        """Of all buckets those that the result depends on: the others would only be read past."""
        needed = {self.own.get("latency_seconds", s.default("latency_seconds"))} & {*BUCKETS}
        for one in every:
            at = BUCKETS.index(one.le)
            needed |= set(BUCKETS[max(at - 1, 0) : at + 1])
        return [str(float(bound)) for bound in sorted(needed)] + ["+Inf"]

    def put_settings(self, c, minutes, put):
        r = Records(c)
        for job, values in [("shop", self.own), ("other", self.others)]:
            for name, value in values.items():
                # promtool reads no `Infx60`.
                put(r.setting(name), {"job": job}, " ".join([str(value)] * minutes))
        for what, route in self.excluded:
            label = c.client.route if what.startswith("client") else c.route
            put(r.excluded(what), {"job": "shop", label: route}, f"1x{minutes}")


def write(c, x, bounds):
    """The series that requests appear in: the only place of this file that knows the conventions."""
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
    """Labels of a convention. A label that is None is what it writes where there is no value."""
    names = {"route": c.route, "peer": c.client.peer, "client_route": c.client.route}
    found = {} if "setting" in labels else {"job": "shop"}
    for key, value in labels.items():
        if value is None:
            if c.name != "prometheus" or key == "peer":
                continue
            value = "_unmatched"
        found[names.get(key, key)] = value
    return found


def braces(labels):
    return "{" + ", ".join(f'{k}="{v}"' for k, v in labels.items()) + "}"


def document(c, tests, pace="1m"):
    return {
        "rule_files": ["settings.yaml", "rules.yaml", "alerts.yaml"],
        "evaluation_interval": pace,
        # Whatever a group reads was recorded before it.
        "group_eval_order": [
            f"{c.word}_settings",
            *[group.name for group in rules(c)],
            f"{c.word}_alerts",
        ],
        "tests": tests,
    }
