"""Pieces of PromQL that rules are made of."""

from ..text import block

QUANTILES = {"p50": 0.5, "p95": 0.95, "p99": 0.99}


def rise(source):
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
    return as_route(source, text)


def as_route(source, text):
    """gRPC calls are routes among the others, as `/package.Service/Method`. Only a known method has a slash."""
    if not source.rpc_route:
        return text
    wrapped = f'label_replace(\n  @text@,\n  "{source.rpc_route}", "/$1", "rpc_method", "(.+/.+)"\n)'
    return block(wrapped, text=text)


def total(labels, parts):
    """Over all replicas, and whatever else is not among the labels."""
    joined = parts[0] if len(parts) == 1 else "\nor\n".join(block("  @p@", p=part) for part in parts)
    return block("sum by (@labels@) (\n  @joined@\n)", labels=labels, joined=joined)


def zero_where(labels_of):
    """A counter that has no series yet is 0, wherever there are requests."""
    return f"\nor\n0 * {labels_of}"


def ratio(part, whole):
    # No requests, no ratio: neither NaN nor 0 would be true.
    return f"{part}\n/\n({whole} > 0)"


def quantile(q, buckets):
    # `>= 0` drops NaN, which is what no requests give.
    return f"histogram_quantile({q}, {buckets}) >= 0"


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
