"""The longer windows. They are made from what was recorded over 5 minutes, which is cheap."""

from ..text import block
from .five_minutes import job_ratio, watched_ratio
from .model import Group
from .promql import QUANTILES, mean, quantile, ratio
from .records import Records

# Read from what the 5 minutes recorded.
LONG = ["30m", "1h", "6h"]
LONGEST = "3d"


def long_windows(convention):
    r = Records(convention)
    groups = []
    for window in LONG:
        group = Group(f"{convention.word}_{window}", "2m" if window == "6h" else "1m", "")
        for level in ["route", "job"]:
            for metric in ["requests", "errors", "cancelled"]:
                group.add(r(level, metric, f"rate{window}"), mean(r, r(level, metric, "rate5m"), window))
            for metric in ["errors", "cancelled"]:
                operation = f"rate{window}"
                if level == "job":
                    expr = job_ratio(r, metric, operation)
                else:
                    expr = ratio(r(level, metric, operation), r(level, "requests", operation))
                group.add(r(level, metric, f"ratio_rate{window}"), expr)
            for name, q in QUANTILES.items():
                # A quantile does not change when all buckets are multiplied: a sum will do.
                summed = f"sum_over_time({r.buckets(level)}[{window}])"
                group.add(r(level, "seconds", f"{name}_rate{window}"), quantile(q, summed))
        group.add(r("job", "slow", f"ratio_rate{window}"), slow_ratio(r, f"[{window}]"))
        groups.append(group)
    three_days = f"[{LONGEST}]"
    groups[-1].add(r("job", "errors", f"ratio_rate{LONGEST}"), summed_ratio(r, "errors", "requests", three_days))
    groups[-1].add(r("job", "slow", f"ratio_rate{LONGEST}"), slow_ratio(r, three_days))
    expected(groups[-1], r)
    groups[0].comment = "From what was recorded above: cheap, and what is new is counted here as well."
    return groups


def summed_ratio(r, part, whole, window):
    summed = lambda metric: f"sum_over_time({r('route', metric, 'rate5m')}{window})"
    return watched_ratio(r, summed(part), summed(whole), part)


def slow_ratio(r, window):
    every = f'sum_over_time({r.buckets("route")}{{le="+Inf"}}{window})'
    return watched_ratio(r, f"sum_over_time({r('route', 'slow', 'rate5m')}{window})", every, "latency")


def expected(group, r):
    """
    What a service never fell below in the coming hour, a week ago, or yesterday where a week ago is not known.
    An hour in which it was away counts as 0.
    """
    lowest = lambda offset: block(
        """
        min_over_time(
          (
            1 * @requests@
            or
            0 * @known@
          )[1h:5m] offset @offset@
        )
        """,
        requests=r("job", "requests", "rate5m"),
        known=r("job", "service", "known"),
        offset=offset,
    )
    expr = f"{lowest('167h')}\nor\n{lowest('23h')}"
    group.add(r("job", "requests", "expected_rate5m"), expr, needs=("a day",))
