"""The panels that several dashboards have, and the colours of their limits."""

from .. import settings as s
from ..grafana import GREEN, ORANGE, RED, Panel, Target


def steps_of(limit):
    """Orange from half of what alerts, red from there on."""
    return [(None, GREEN), (limit / 2, ORANGE), (limit, RED)]


ERROR_STEPS = steps_of(s.default("error_ratio"))
CANCELLED_STEPS = steps_of(s.default("cancelled_ratio"))
LATENCY_STEPS = steps_of(s.default("latency_p95"))
BURN_STEPS = [(None, GREEN), (1, ORANGE), (6, RED)]


def stat(title, description, unit, expr, steps, legend="{{job}}", needs=("requests",), width=4):
    targets = [Target(expr, legend, needs)]
    return Panel("stat", title, description, unit, targets, width, height=4, steps=steps)


def graph(title, description, unit, *targets, width=12, steps=(), stack=False, **options):
    return Panel(
        "timeseries",
        title,
        description,
        unit,
        list(targets),
        width,
        steps=list(steps),
        stack=stack,
        options=options,
    )


def label(name):
    return f"{{{{{name}}}}}"


def quantiles(q, by, buckets, needs=("requests",)):
    prefix = "".join(f"{label(part.strip())} " for part in by.split(",") if part)
    return [Target(q.quantile(n, by, buckets), f"{prefix}p{int(n * 100)}", needs) for n in [0.5, 0.95, 0.99]]


def replicas(q, by, legend):
    return [
        graph(
            "Requests by replica",
            "Uneven lines: look at the load balancer.",
            "reqps",
            Target(q.rate(by, q.requests), legend),
            width=8,
        ),
        graph(
            "Error ratio by replica",
            "One line above the others: a sick replica.",
            "percentunit",
            Target(q.ratio(by, q.errors, q.requests), legend),
            width=8,
            steps=ERROR_STEPS,
        ),
        graph(
            "p95 by replica",
            "One line above the others: a slow node, or another mix of requests.",
            "s",
            Target(q.quantile(0.95, by, q.buckets), legend),
            width=8,
            steps=LATENCY_STEPS,
        ),
    ]
