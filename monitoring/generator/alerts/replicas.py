"""Alerts on one replica against the rest of its service."""

from ..text import block
from .model import INSTANCE, JOB, SECONDS, SHARE


def replicas(a):
    r = a.r
    own = r("instance", "requests", "rate5m")
    a.add(
        "ReplicaErrors",
        block(
            """
            @bad@
            and @volume@
            and
            @ratio@
            > (
                (@errors@ - on (job) group_right () @own_errors@)
                /
                (@requests@ - on (job) group_right () @own@ > on (job) group_left () @rate@)
              )
              * on (job) group_left () @factor@
            """,
            bad=a.each_above(r("instance", "errors", "ratio_rate5m"), "replica_error_ratio"),
            volume=a.each_above(own, "min_rate"),
            ratio=r("instance", "errors", "ratio_rate5m"),
            own_errors=r("instance", "errors", "rate5m"),
            own=own,
            errors=r("job", "errors", "rate5m"),
            requests=r("job", "requests", "rate5m"),
            rate=r.threshold("min_rate"),
            factor=r.threshold("replica_factor"),
        ),
        "5m",
        "warning",
        f"{INSTANCE} of {JOB} fails {SHARE} of its requests, the others do not",
        f"More than {a.limit('replica_factor')} times the ratio of all other replicas together.",
        means="One replica fails a much larger share of its requests than the others.",
        look="Compare it with the others: version, configuration, node, connections to what it depends on.",
        act="Take it out of the load balancer, keep it for analysis, and start another.",
        variables=("instance",),
    )
    # Of two replicas, the median is the mean, and neither is ever that much slower: there is no saying which
    # of them is sick.
    a.add(
        "ReplicaSlow",
        block(
            """
            @bad@
            and @volume@
            and @p95@
              > on (job) group_left () (@factor@ * on (job) quantile by (job) (0.5, @p95@))
            """,
            bad=a.each_above(r("instance", "seconds", "p95_rate5m"), "replica_p95"),
            volume=a.each_above(own, "min_rate"),
            p95=r("instance", "seconds", "p95_rate5m"),
            factor=r.threshold("replica_factor"),
        ),
        "10m",
        "warning",
        f"{INSTANCE} of {JOB} takes {SECONDS}, the others do not",
        f"Its 95th percentile is more than {a.limit('replica_factor')} times the median replica's.",
        means="One replica is much slower than the others. With two replicas it never fires, since it cannot "
        "tell which of them is at fault.",
        look="Look at its node: CPU throttling, memory, disk, neighbours. Does its share of the traffic or its "
        "mix of routes differ from the others'?",
        act="Take it out of the load balancer if it stays.",
        variables=("instance",),
    )
