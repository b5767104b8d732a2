"""Words, limits and cases that the alerts of several systems share."""

from .. import settings as s
from ..alerts import JOB, SECONDS, SHARE
from .model import Case, Measure, alert

# Below, no ratio and no percentile alerts.
ENOUGH = f"> {s.default('min_rate')}"


def enough(q, series):
    return Measure(q.rate("job", series), ENOUGH)


def histogram(name, labels, **steps):
    """The buckets of a test: what each rises by in a minute. `le_0_5=10` is ten up to 0.5."""
    labels = f"{labels}," if labels else ""
    bound = lambda key: "+Inf" if key == "le_inf" else key.removeprefix("le_").replace("_", ".")
    return {f'{name}_bucket{{{labels}le="{bound(key)}"}}': f"0+{step}x60" for key, step in steps.items()}


def down(q, name, what):
    up = q.level("job", "up")
    gone = f"0 * absent({q.select('up')})"
    return alert(
        name,
        Measure(f"(\n  {up}\n  or\n  {gone}\n)", "== 0"),
        wait="2m",
        severity="critical",
        summary=f"{what} cannot be scraped",
        description="No replica answers scrapes, or none is left.",
        runbook="Does it run, and does Prometheus find it? Look at its log and at Prometheus' page of targets. "
        "Restart it, or roll back.",
        fires=Case("the only replica is gone from minute 30 on", {"up": "1x30 0x30"}, value="0"),
        silent=Case("all is well", {"up": "1x60"}),
    )


def database(q, prefix, faults):
    """Queries that fail with one of these errors, slow queries, and waits for a connection."""
    users = 'operation="select",table="users"'
    query = "{{ $labels.operation }} of {{ $labels.table }}"
    queries = {f"db_query_total{{{users}}}": "0+60x60"}
    errors = f'db_query_errors_total{{{users},error="@"}}'
    fast = histogram("db_query_duration_seconds", users, le_0_1=60, le_1_0=60, le_inf=60)
    slow = histogram("db_query_duration_seconds", users, le_0_1=0, le_1_0=60, le_inf=60)
    waits = {"db_pool_wait_total": "0+60x60"}
    served = histogram("db_pool_wait_duration_seconds", "", le_0_01=60, le_0_1=60, le_1_0=60, le_inf=60)
    waiting = histogram("db_pool_wait_duration_seconds", "", le_0_01=0, le_0_1=0, le_1_0=60, le_inf=60)
    return [
        alert(
            f"{prefix}QueryErrorsHigh",
            Measure(q.ratio("job", f"db_query_errors_total{faults}", "db_query_total"), "> 0.01"),
            also=[enough(q, "db_query_total")],
            summary=f"{SHARE} of the queries of {JOB} fail",
            description="Over 5 minutes. The limit is 1 %.",
            runbook="See the errors by kind. busy: what else holds the database? other: look at its log and its "
            "disk.",
            fires=Case(
                "one of twenty finds the database busy",
                {**queries, errors.replace("@", "busy"): "0+3x60"},
                value="5%",
            ),
            silent=Case("one of two hundred fails", {**queries, errors.replace("@", "busy"): "0+0.3x60"}),
        ),
        alert(
            f"{prefix}QueriesSlow",
            Measure(q.p95("job, operation, table", "db_query_duration_seconds"), "> 0.25"),
            also=[enough(q, "db_query_total")],
            summary=f"{query} takes {SECONDS}",
            description="The 95th percentile over 5 minutes is above 250 ms.",
            runbook="If it is one query, look at its plan: an index may be missing. If all are slow, look at the "
            "load and the disk of the database.",
            fires=Case(
                "all take between 0.1 s and 1 s",
                {**queries, **slow},
                value="955ms",
                labels={"operation": "select", "table": "users"},
            ),
            silent=Case("all are fast", {**queries, **fast}),
        ),
        alert(
            f"{prefix}PoolWaitsLong",
            Measure(q.p95("job", "db_pool_wait_duration_seconds"), "> 0.1"),
            also=[enough(q, "db_pool_wait_total")],
            summary=f"{JOB} waits {SECONDS} for a connection",
            description="The 95th percentile over 5 minutes is above 100 ms: the pool of connections is used up.",
            runbook="Slow queries hold their connections for longer: look at them first. If they are fast, "
            "enlarge the pool, or add a replica.",
            fires=Case("all wait between 0.1 s and 1 s", {**waits, **waiting}, value="955ms"),
            silent=Case("hardly any waits", {**waits, **served}),
        ),
    ]


def cache(q, name, prefix):
    hits, misses = f"{prefix}cache_hits_total", f"{prefix}cache_misses_total"
    return alert(
        name,
        Measure(q.share("job", hits, misses), "< 0.3"),
        also=[enough(q, misses)],
        wait="30m",
        summary=f"The cache of {JOB} has a hit ratio of {SHARE}",
        description="Over 5 minutes. It should be at least 30 %.",
        runbook="After a start the cache is empty. Otherwise, it may be too small, or its entries may expire too "
        "soon.",
        fires=Case("one of ten", {hits: "0+6x60", misses: "0+54x60"}, value="10%"),
        silent=Case("nine of ten", {hits: "0+54x60", misses: "0+6x60"}),
    )
