"""The recording rules: how raw series become rates, ratios and quantiles of a service, a route, a replica."""

from dataclasses import dataclass, field

from . import settings
from .conventions import Source
from .text import block, number

QUANTILES = {"p50": 0.5, "p95": 0.95, "p99": 0.99}
# Read from what the 5 minutes recorded.
LONG = ["30m", "1h", "6h"]
LONGEST = "3d"


@dataclass
class Rule:
    record: str
    expr: str


@dataclass
class Group:
    name: str
    interval: str
    comment: str
    rules: list = field(default_factory=list)


class Records:
    """The names of recorded series, `level:metric:operation`, and the labels of each level."""

    def __init__(self, convention):
        self.c = convention
        w = convention.word
        self.levels = {"route": f"job_{convention.route}", "job": "job", "instance": "job_instance"}
        self.labels = {"route": f"job, {convention.route}", "job": "job", "instance": "job, instance"}
        self.metrics = {
            "requests": f"{w}_requests",
            "errors": f"{w}_errors",
            "cancelled": f"{w}_requests_cancelled",
            "timed": f"{w}_requests_timed",
            "slow": f"{w}_requests_slow",
            "seconds": convention.seconds,
            "label_sets": f"{w}_label_sets",
            "overflowed": f"{w}_overflowed_requests",
        }
        self.evaluations = f"global:{w}_rules:evaluations"

    def __call__(self, level, metric, operation):
        return f"{self.levels[level]}:{self.metrics[metric]}:{operation}"

    def buckets(self, level):
        return f"{self.levels[level]}_le:{self.c.seconds}_bucket:rate5m"


def rise(convention, source):
    """
    What a counter rose by, a second, over 5 minutes, series by series.

    `rate` alone compares two samples of a series, and so misses the first value of one that is new: the
    first error of its kind, often all there is of a short burst. A series is new if it was not there 5
    minutes ago and is missing from a scrape of its target that succeeded since. (Missing from none: the
    target itself is new, or was away, and who knows when it counted what it has.)
    """
    x = source.select()
    text = block(
        """
          label_replace(rate(@x@[5m]), "__part__", "known", "", "")
        or
          label_replace(
            (
              min_over_time(@x@[5m])
              unless @x@ offset 5m
            )
            and (
              count_over_time(@x@[5m])
              < on (job, instance) group_left ()
              max by (job, instance) (sum_over_time(up[5m]))
            ),
            "__part__", "new", "", ""
          ) / 300
        """,
        x=x,
    )
    return as_route(convention, source, text)


def as_route(convention, source, text):
    """gRPC calls are routes among the others, as `/package.Service/Method`. Only a known method has a slash."""
    if not source.rpc:
        return text
    wrapped = f'label_replace(\n  @text@,\n  "{convention.route}", "/$1", "rpc_method", "(.+/.+)"\n)'
    return block(wrapped, text=text)


def total(labels, parts):
    """Over all replicas, and whatever else is not among the labels."""
    joined = parts[0] if len(parts) == 1 else "\nor\n".join(block("  @p@", p=part) for part in parts)
    return block("sum by (@labels@) (\n  @joined@\n)", labels=labels, joined=joined)


def zero_where(labels_of):
    """A counter that has no series yet is 0, wherever there are requests."""
    return f"\nor\n0 * {labels_of}"


def bound(seconds):
    """A bucket by its bound. Whole numbers read `1` in the classic text and `1.0` in OpenMetrics."""
    if seconds == int(seconds):
        return f'le=~"{int(seconds)}|{int(seconds)}\\\\.0"'
    return f'le="{number(seconds)}"'


def streaming(convention):
    """Leaves out the routes that are slow by design."""
    return f'{convention.route}!~"{settings.STREAMING_ROUTES}"' if settings.STREAMING_ROUTES else ""


def ratio(part, whole):
    # No requests, no ratio: neither NaN nor 0 would be true.
    return f"{part}\n/\n({whole} > 0)"


def quantile(q, buckets):
    # `>= 0` drops NaN, which is what no requests give.
    return f"histogram_quantile({q}, {buckets}) >= 0"


def five_minutes(convention):
    r = Records(convention)
    group = Group(
        f"{convention.word}_5m",
        "30s",
        "From raw series. Each is read over 5 minutes only, whatever the windows below.",
    )
    add = lambda record, expr: group.rules.append(Rule(record, expr))

    add(r.evaluations, "vector(1)")

    for level in ["route", "instance"]:
        labels = r.labels[level]
        for metric in ["requests", "errors", "cancelled"]:
            if level == "instance" and metric == "cancelled":
                continue
            sources = getattr(convention, metric)
            expr = total(labels, [rise(convention, source) for source in sources])
            if metric != "requests":
                expr += zero_where(r(level, "requests", "rate5m"))
            add(r(level, metric, "rate5m"), expr)
    for metric in ["requests", "errors", "cancelled"]:
        add(r("job", metric, "rate5m"), f"sum by (job) ({r('route', metric, 'rate5m')})")

    for level in ["route", "job", "instance"]:
        for metric in ["errors", "cancelled"]:
            if level == "instance" and metric == "cancelled":
                continue
            whole = r(level, "requests", "rate5m")
            add(r(level, metric, "ratio_rate5m"), ratio(r(level, metric, "rate5m"), whole))

    def buckets(labels):
        rates = [as_route(convention, s, f"rate({s.select()}[5m])") for s in convention.buckets]
        return total(labels, rates)

    add(r.buckets("route"), buckets(f"{r.labels['route']}, le"))
    add(r.buckets("job"), f"sum by (job, le) ({r.buckets('route')})")
    for level in ["route", "job"]:
        for name, q in QUANTILES.items():
            add(r(level, "seconds", f"{name}_rate5m"), quantile(q, r.buckets(level)))
    of_instances = buckets("job, instance, le")
    add(r("instance", "seconds", "p95_rate5m"), block("histogram_quantile(0.95, @b@) >= 0", b=of_instances))

    def within(matcher):
        matchers = ",".join(m for m in [matcher, streaming(convention)] if m)
        return f"sum by (job) ({r.buckets('route')}{{{matchers}}})"

    add(r("job", "timed", "rate5m"), within('le="+Inf"'))
    fast = within(bound(settings.LATENCY_THRESHOLD))
    add(r("job", "slow", "rate5m"), f"{r('job', 'timed', 'rate5m')}\n-\n{fast}")
    add(r("job", "slow", "ratio_rate5m"), ratio(r("job", "slow", "rate5m"), r("job", "timed", "rate5m")))

    add(r("job", "label_sets", "max"), f"max by (job) ({convention.label_sets})")
    add(r("job", "overflowed", "rate5m"), total("job", [rise(convention, Source(convention.overflowed))]))
    return group


def mean(r, series, window):
    """
    The mean of what was recorded, where nothing recorded counts as 0. `avg_over_time` would leave that out,
    and call a minute of errors an hour of them.
    """
    return block(
        """
        sum_over_time(@series@[@w@])
        / scalar(max(count_over_time(@evaluations@[@w@])))
        """,
        series=series,
        evaluations=r.evaluations,
        w=window,
    )


def long_windows(convention):
    r = Records(convention)
    groups = []
    for window in LONG:
        group = Group(f"{convention.word}_{window}", "2m" if window == "6h" else "1m", "")
        add = lambda record, expr: group.rules.append(Rule(record, expr))
        for level in ["route", "job"]:
            for metric in ["requests", "errors", "cancelled"]:
                add(r(level, metric, f"rate{window}"), mean(r, r(level, metric, "rate5m"), window))
            for metric in ["errors", "cancelled"]:
                whole = r(level, "requests", f"rate{window}")
                add(r(level, metric, f"ratio_rate{window}"), ratio(r(level, metric, f"rate{window}"), whole))
            for name, q in QUANTILES.items():
                # A quantile does not change when all buckets are multiplied: a sum will do.
                summed = f"sum_over_time({r.buckets(level)}[{window}])"
                add(r(level, "seconds", f"{name}_rate{window}"), quantile(q, summed))
        add(r("job", "slow", f"ratio_rate{window}"), summed_ratio(r, "slow", "timed", window))
        groups.append(group)
    groups[-1].rules += [
        Rule(r("job", "errors", f"ratio_rate{LONGEST}"), summed_ratio(r, "errors", "requests", LONGEST)),
        Rule(r("job", "slow", f"ratio_rate{LONGEST}"), summed_ratio(r, "slow", "timed", LONGEST)),
    ]
    groups[0].comment = "From what was recorded above: cheap, and what is new is counted here as well."
    return groups


def summed_ratio(r, part, whole, window):
    return ratio(
        f"sum_over_time({r('job', part, 'rate5m')}[{window}])",
        f"sum_over_time({r('job', whole, 'rate5m')}[{window}])",
    )


def rules(convention):
    return [five_minutes(convention), *long_windows(convention)]


def document(groups):
    return {
        "groups": [
            {
                **({f"# {group.comment}": ""} if group.comment else {}),
                "name": group.name,
                "interval": group.interval,
                "rules": [{"record": rule.record, "expr": rule.expr} for rule in group.rules],
            }
            for group in groups
        ]
    }
