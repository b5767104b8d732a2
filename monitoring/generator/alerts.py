"""The alerts. Each reads recorded series, so that what it compares is what a dashboard can show."""

from dataclasses import dataclass

from . import settings as s
from .rules import LONGEST, Records, streaming
from .text import block, number


@dataclass
class Alert:
    name: str
    expr: str
    wait: str
    severity: str
    summary: str
    description: str
    runbook: str


JOB = "{{ $labels.job }}"
INSTANCE = "{{ $labels.instance }}"
SHARE = "{{ $value | humanizePercentage }}"
SECONDS = "{{ $value | humanizeDuration }}"
NUMBER = "{{ $value | humanize }}"


def route_of(convention):
    """A route, or words where the convention leaves the label out."""
    label = f"$labels.{convention.route}"
    return f"{{{{ if {label} }}}}{{{{ {label} }}}}{{{{ else }}}}no route{{{{ end }}}}"


def percent(value):
    return f"{number(value * 100)} %"


def alerts(convention):
    c = convention
    r = Records(c)
    p = f"{c.prefix}Http"
    route = route_of(c)
    rate = f"> {number(s.MIN_RATE)}"
    only = f"{{{streaming(c)}}}" if s.STREAMING_ROUTES else ""
    known = f"last_over_time({r('job', 'label_sets', 'max')}[1d])"
    found = []
    add = lambda name, *rest: found.append(Alert(p + name, *rest))

    # Errors and cancelled requests.

    # The wait is shorter than the window, so that a short burst is seen.
    add(
        "ErrorRatioHigh",
        f"{r('job', 'errors', 'ratio_rate5m')} > {number(s.ERROR_RATIO)}\n"
        f"and {r('job', 'requests', 'rate5m')} {rate}",
        "2m",
        "critical",
        f"{JOB} fails {SHARE} of its requests",
        f"Over 5 minutes and all replicas. More than {percent(s.ERROR_RATIO)} is too much.",
        "See the overview: which routes fail, and with which cause? A number is the status that was sent, "
        "panic a panic (the log has the message), service an error that the service returned, body a "
        "response that broke off. One replica only: take it out. All of them, since a deployment: roll back. "
        "Else look at what the failing routes depend on.",
    )
    add(
        "RouteErrorRatioHigh",
        f"{r('route', 'errors', 'ratio_rate5m')} > {number(s.ERROR_RATIO)}\n"
        f"and {r('route', 'requests', 'rate5m')} {rate}",
        "2m",
        "warning",
        f"{JOB} fails {SHARE} of its requests to {route}",
        f"Over 5 minutes and all replicas. More than {percent(s.ERROR_RATIO)} is too much.",
        "Open the route's dashboard: causes, statuses, and whether it fails on all replicas. Then the log of "
        "that route.",
    )
    add(
        "CancelledRatioHigh",
        f"{r('job', 'cancelled', 'ratio_rate5m')} > {number(s.CANCELLED_RATIO)}\n"
        f"and {r('job', 'requests', 'rate5m')} {rate}",
        "10m",
        "warning",
        f"{SHARE} of the requests to {JOB} are dropped before their end",
        f"By clients, or by a timeout outside of the layer. More than {percent(s.CANCELLED_RATIO)} is too much.",
        "Before the head: clients or a proxy gave up waiting, so look at the latency, and at the timeouts of "
        "the proxy in front. In the body: downloads that break off, so look at the network, and at limits "
        "on the length of a response.",
    )

    # Latency.

    add(
        "LatencyHigh",
        f"{r('route', 'seconds', 'p95_rate5m')}{only} > {number(s.LATENCY_P95)}\n"
        f"and {r('route', 'requests', 'rate5m')} {rate}",
        "10m",
        "warning",
        f"{JOB} takes {SECONDS} for {route}",
        f"The 95th percentile over 5 minutes and all replicas. More than {number(s.LATENCY_P95)} s is too much.",
        "Open the route's dashboard: is it one replica, one status, all requests or the slowest few? More "
        "requests in flight at the same rate: something that it waits for is slow. A route that streams is "
        "slow by design: name it in STREAMING_ROUTES.",
    )

    # Objectives. The long window says that it matters, the short one that it still goes on.

    def burn(metric, what, objective, details, runbook):
        budget = 1 - objective
        for name, long, short, factor, severity, wait in s.BURNS:
            limit = number(factor * budget)
            times = "" if factor == 1 else f"{number(factor)} times "
            add(
                f"{what}BudgetBurn{name}",
                f"{r('job', metric, f'ratio_rate{long}')} > {limit}\n"
                f"and {r('job', metric, f'ratio_rate{short}')} > {limit}\n"
                # Nothing is kept for three days but the ratio: the short window says whether there is traffic.
                f"and {r('job', 'requests', f'rate{short if long == LONGEST else long}')} {rate}",
                wait,
                severity,
                f"{JOB} spends its {what.lower()} budget at more than {times}the allowed rate",
                f"{SHARE} of the requests of the last {long} {details}, "
                f"and the objective of {percent(objective)} allows {percent(budget)} over 30 days.",
                runbook,
            )

    burn(
        "errors",
        "Error",
        s.AVAILABILITY_OBJECTIVE,
        "failed",
        "Fast and medium: act now, as for a high error ratio. Slow: find the cause in working hours. When the "
        "budget is spent, what makes the service steady goes before what makes it new.",
    )
    burn(
        "slow",
        "Latency",
        s.LATENCY_OBJECTIVE,
        f"took longer than {number(s.LATENCY_THRESHOLD)} s",
        "See the overview for the slowest routes, and go on as for a high latency.",
    )

    # Traffic and targets.

    add(
        "NoTraffic",
        block(
            """
            @long@ @rate@
            unless on (job) (@short@ > 0)
            and on (job) (max by (job) (up) == 1)
            """,
            long=r("job", "requests", "rate6h"),
            short=r("job", "requests", "rate5m"),
            rate=rate,
        ),
        "10m",
        "critical",
        f"{JOB} is up and gets no requests",
        f"Over the last 6 hours it had more than {number(s.MIN_RATE)} a second.",
        "It can be scraped, so it runs. Look at what is in front of it: load balancer, ingress, DNS, "
        "certificates, readiness of the replicas. It ends by itself after six hours without traffic.",
    )
    add(
        "ServiceDown",
        block(
            """
            (
              max by (job) (up) == 0
              and on (job) @known@
            )
            or
            (
              0 * @lately@
              unless on (job) up
            )
            """,
            known=known,
            lately=known.replace("[1d]", "[1h]"),
        ),
        "2m",
        "critical",
        f"{JOB} cannot be scraped at all",
        "No replica answers, or there is none left.",
        "Do its processes run? Then ask the endpoint by hand, as Prometheus does: address, port, token, "
        "certificate. The page of targets in Prometheus says what went wrong. If the service was removed on "
        "purpose, this ends after an hour.",
    )
    add(
        "TargetDown",
        f"up == 0\nand on (job) {known}",
        "5m",
        "warning",
        f"{INSTANCE} of {JOB} cannot be scraped",
        "Its requests are missing from all numbers.",
        "The page of targets in Prometheus says what went wrong. A timeout of the scrape with a healthy "
        "process: see how many label sets it holds.",
    )

    # One replica against the rest.

    add(
        "ReplicaErrors",
        block(
            """
            @ratio@ > @bad@
            and @own@ @rate@
            and
            @ratio@
            > @factor@ * (
                (@errors@ - on (job) group_right () @own_errors@)
                /
                (@requests@ - on (job) group_right () @own@ @rate@)
              )
            """,
            ratio=r("instance", "errors", "ratio_rate5m"),
            own_errors=r("instance", "errors", "rate5m"),
            own=r("instance", "requests", "rate5m"),
            errors=r("job", "errors", "rate5m"),
            requests=r("job", "requests", "rate5m"),
            bad=number(s.REPLICA_ERROR_RATIO),
            factor=number(s.REPLICA_FACTOR),
            rate=rate,
        ),
        "5m",
        "warning",
        f"{INSTANCE} of {JOB} fails {SHARE} of its requests, the others do not",
        f"More than {number(s.REPLICA_FACTOR)} times the ratio of all other replicas together.",
        "Take it out of the load balancer, keep it for a look, start another. Then compare: version, "
        "configuration, node, connections to what it depends on.",
    )
    # Of two replicas, the median is the mean, and neither is ever that much slower: there is no saying which
    # of them is sick.
    add(
        "ReplicaSlow",
        block(
            """
            @p95@ > @bad@
            and @own@ @rate@
            and @p95@
              > on (job) group_left () (@factor@ * quantile by (job) (0.5, @p95@))
            """,
            p95=r("instance", "seconds", "p95_rate5m"),
            own=r("instance", "requests", "rate5m"),
            bad=number(s.REPLICA_P95),
            factor=number(s.REPLICA_FACTOR),
            rate=rate,
        ),
        "10m",
        "warning",
        f"{INSTANCE} of {JOB} takes {SECONDS}, the others do not",
        f"Its 95th percentile is more than {number(s.REPLICA_FACTOR)} times the median replica's.",
        "Look at its node: CPU throttling, memory, disk, neighbours. Is its share of the traffic, or its mix "
        "of routes, another than the others'? Take it out of the load balancer if it stays.",
    )

    # The number of series.

    look = s.LABEL_SETS * s.LABEL_SETS_SHARE
    add(
        "LabelSetsNearBudget",
        f"{r('job', 'label_sets', 'max')} > {number(look)}",
        "5m",
        "warning",
        f"{JOB} holds {NUMBER} label sets",
        f"Of {s.LABEL_SETS}. Beyond, new ones are folded into the route _overflow.",
        "Which label has so many values? `topk(10, count by (label) (family))` tells. A client cannot do this; a "
        "label of your own can. Bound it, or raise max_label_sets and LABEL_SETS.",
    )
    add(
        "LabelSetsGrowing",
        f"{r('job', 'label_sets', 'max')}\n"
        f"- max_over_time({r('job', 'label_sets', 'max')}[1d] offset 1h)\n"
        f"> {s.LABEL_SETS_GROWTH}",
        "30m",
        "warning",
        f"{JOB} holds {NUMBER} label sets more than an hour ago",
        "More than in all the day before, so this is no replica that warms up.",
        "A deployment with many new routes is harmless. Else see which label grows, as for the budget.",
    )
    add(
        "RequestsOverflowed",
        f"{r('job', 'overflowed', 'rate5m')} > 0",
        "0m",
        "warning",
        f"{JOB} is beyond its budget of label sets",
        f"{NUMBER} requests a second are counted under the route _overflow. Error ratios still hold.",
        "As for the budget: find the label, bound it, or raise max_label_sets. Label sets that exist stay until "
        "the process restarts.",
    )
    return found


def document(convention):
    return {
        "groups": [
            {
                "name": f"{convention.word}_alerts",
                "rules": [
                    {
                        "alert": alert.name,
                        "expr": alert.expr,
                        "for": alert.wait,
                        "labels": {"severity": alert.severity},
                        "annotations": {
                            "summary": alert.summary,
                            "description": alert.description,
                            "runbook": alert.runbook,
                        },
                    }
                    for alert in alerts(convention)
                ],
            }
        ]
    }
