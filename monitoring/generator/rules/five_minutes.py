"""The rules that read raw series, and what follows from them at once."""

from ..conventions import Source
from ..text import block
from .model import Group
from .promql import QUANTILES, as_route, quantile, ratio, rise, total, zero_where
from .records import Records
from .thresholds import by_job


def five_minutes(convention):
    r = Records(convention)
    group = Group(
        f"{convention.word}_5m",
        "30s",
        "From raw series. Each is read over 5 minutes only, whatever the windows below.",
    )
    group.add(r.evaluations, "vector(1)")
    rates(group, convention, r)
    durations(group, convention, r)
    group.add(r("job", "label_sets", "max"), max_label_sets(convention))
    overflowed = total("job", [rise(Source(convention.overflowed))])
    group.add(r("job", "overflowed", "rate5m"), overflowed)
    by_job(group, r)
    ratios(group, r)
    slow(group, r)
    return group


def max_label_sets(convention):
    """Of a layer around a server, or around a client."""
    client = f"{convention.client.word}_label_sets"
    return f'max by (job) ({{__name__=~"{convention.label_sets}|{client}"}})'


def rates(group, convention, r):
    for level in ["route", "instance"]:
        for metric in ["requests", "errors", "cancelled"]:
            if level == "instance" and metric == "cancelled":
                continue
            expr = total(r.labels[level], [rise(source) for source in getattr(convention, metric)])
            if metric != "requests":
                expr += zero_where(r(level, "requests", "rate5m"))
            group.add(r(level, metric, "rate5m"), expr)
    for metric in ["requests", "errors", "cancelled"]:
        group.add(r("job", metric, "rate5m"), f"sum by (job) ({r('route', metric, 'rate5m')})")


def durations(group, convention, r):
    def buckets(labels):
        return total(labels, [as_route(s, f"rate({s.select()}[5m])") for s in convention.buckets])

    group.add(r.buckets("route"), buckets(f"{r.labels['route']}, le"))
    group.add(r.buckets("job"), f"sum by (job, le) ({r.buckets('route')})")
    for level in ["route", "job"]:
        for name, q in QUANTILES.items():
            group.add(r(level, "seconds", f"{name}_rate5m"), quantile(q, r.buckets(level)))
    of_instances = buckets("job, instance, le")
    p95 = block("histogram_quantile(0.95, @b@) >= 0", b=of_instances)
    group.add(r("instance", "seconds", "p95_rate5m"), p95)


def ratios(group, r):
    for level in ["route", "instance"]:
        for metric in ["errors", "cancelled"]:
            if level == "instance" and metric == "cancelled":
                continue
            whole = r(level, "requests", "rate5m")
            group.add(r(level, metric, "ratio_rate5m"), ratio(r(level, metric, "rate5m"), whole))
    for metric in ["errors", "cancelled"]:
        group.add(r("job", metric, "ratio_rate5m"), job_ratio(r, metric, "rate5m"))


def slow(group, r):
    """What takes longer than the objective of its service allows."""
    expr = block(
        """
        @buckets@{le="+Inf"}
        - ignoring (le)
        sum without (le) (@buckets@ and on (job, le) @bound@)
        """,
        buckets=r.buckets("route"),
        bound=r.latency_bound,
    )
    group.add(r("route", "slow", "rate5m"), expr)
    part, whole = r("route", "slow", "rate5m"), f'{r.buckets("route")}{{le="+Inf"}}'
    group.add(r("job", "slow", "ratio_rate5m"), watched_ratio(r, part, whole, "latency"))


def watched_ratio(r, part, whole, what):
    """Of a service, without the routes that the settings leave out."""
    of_service = lambda series: block("sum by (job) (\n  @s@\n)", s=r.watched(series, what))
    return f"{of_service(part)}\n/\n({of_service(whole)} > 0)"


def job_ratio(r, metric, operation):
    return watched_ratio(r, r("route", metric, operation), r("route", "requests", operation), metric)
