"""Rows that several systems have."""

from ..dashboards.panels import graph, stat
from ..grafana import GREEN, ORANGE, PLAIN_STEPS, RED, Row, Target
from .panels import levels, rates, ratios, slowest


def operation(q, name, what, by):
    """Rate, errors, duration and what is active, of an operation that is not an HTTP request."""
    rest = what.lower()
    return [
        rates(q, what, f"{what} that ended, a second.", by, f"{name}_total", width=6, stack=True),
        ratios(
            q,
            f"Error ratio of {rest}",
            "The share that failed.",
            by,
            f"{name}_errors_total",
            f"{name}_total",
            width=6,
        ),
        slowest(q, f"p95 of {rest}", "From the start to the end.", by, f"{name}_duration_seconds", width=6),
        levels(q, f"{what} active", "Started and not yet ended.", by, f"{name}_active", width=6, stack=True),
    ]


def finished(q):
    return stat("Requests", "Finished requests a second.", "reqps", q.rate("job", "http_requests_total"), PLAIN_STEPS)


def requests(q, prefix, route, status, limit=()):
    """The requests of a layer, whatever its names are."""
    return [
        rates(
            q,
            f"Requests by {route}",
            "Finished requests a second.",
            route,
            f"{prefix}http_requests_total",
            unit="reqps",
            width=6,
            stack=True,
        ),
        rates(
            q,
            "Statuses",
            "Finished requests a second.",
            status,
            f"{prefix}http_requests_total",
            unit="reqps",
            width=6,
            stack=True,
            statuses=True,
        ),
        slowest(
            q,
            f"p95 by {route}",
            "To the end of the response body; of a stream, to its head.",
            route,
            f"{prefix}http_request_duration_seconds",
            width=6,
            steps=limit,
        ),
        levels(q, "In flight", "Started and not yet finished.", route, f"{prefix}http_requests_in_flight", width=6),
    ]


def operation_errors(q, name, by, description, width=8):
    return rates(q, "Errors by kind", description, f"{by}, error", f"{name}_errors_total", width=width, stack=True)


def database(q, more):
    waits = "db_pool_wait"
    return Row(
        "Database",
        [
            *operation(q, "db_query", "Queries", "operation, table"),
            *more,
            levels(q, "Connections in use", "Of the pool.", "job", "db_connection_active", width=6),
            rates(q, "Waits", "Requests for a connection, a second.", "job", f"{waits}_total", width=6),
            slowest(
                q, "p95 of waits", "For a connection of the pool.", "job", f"{waits}_duration_seconds", width=6
            ),
        ],
    )


# Red where it alerts.
HIT_STEPS = [(None, RED), (0.3, ORANGE), (0.6, GREEN)]


def cache(q, prefix, width):
    hits, misses = f"{prefix}cache_hits_total", f"{prefix}cache_misses_total"
    found = [Target(q.rate("job", hits), "hits"), Target(q.rate("job", misses), "misses")]
    return [
        graph("Cache", "Look-ups a second.", "ops", *found, width=width, stack=True),
        graph(
            "Cache hit ratio",
            "The share of look-ups that found something.",
            "percentunit",
            Target(q.share("job", hits, misses), "{{job}}"),
            width=width,
            steps=HIT_STEPS,
        ),
    ]


def process(q):
    return Row(
        "Process",
        [
            graph(
                "CPU",
                "Of one processor. With several threads, it may be more than 100 %.",
                "percentunit",
                Target(q.rate("instance", "process_cpu_seconds_total"), "{{instance}}"),
                width=8,
            ),
            levels(q, "Memory", "Resident memory.", "instance", "process_resident_memory_bytes", unit="bytes"),
            levels(q, "Open files", "File descriptors, those of connections too.", "instance", "process_open_fds"),
        ],
    )
