from ...dashboards.panels import ERROR_STEPS, graph, stat, steps_of
from ...grafana import GREEN, ORANGE, RED, Row, Target
from ..common_rows import HIT_STEPS, cache, database, finished, operation, operation_errors, process, requests
from ..panels import levels, rates
from .budget import CPU, SECONDS, SERIES, scrape_share

LATENCY = steps_of(5)


def rows(q):
    return [
        now(q),
        Row("Requests", [*requests(q, "", "endpoint", "status", LATENCY), failed(q)]),
        Row(
            "Tools",
            [
                *operation(q, "tool_run", "Runs", "tool"),
                operation_errors(
                    q, "tool_run", "tool", "invalid: the text is not what the tool works on.", width=24
                ),
            ],
        ),
        queue(q),
        database(q, [*cache(q, "", 6), pool(q)]),
        process(q),
        machine(q),
        budget(q),
    ]


def now(q):
    requests = "http_requests_total"
    return Row(
        "Now",
        [
            finished(q),
            stat(
                "Server errors",
                "The share that ended with a 5xx.",
                "percentunit",
                q.ratio("job", f'{requests}{{status=~"5.."}}', requests),
                ERROR_STEPS,
            ),
            stat("p95", "Of all requests.", "s", q.p95("job", "http_request_duration_seconds"), LATENCY),
            stat("Waiting", "Tasks in the queue.", "short", q.level("job", "queue_length"), steps_of(80)),
            stat(
                "Cache hits",
                "The hit ratio of the cache.",
                "percentunit",
                q.share("job", "cache_hits_total", "cache_misses_total"),
                HIT_STEPS,
            ),
            stat(
                "Metrics",
                "The time of scrapes, as a share of one processor.",
                "percentunit",
                scrape_share(q, "job"),
                steps_of(CPU),
            ),
        ],
    )


def failed(q):
    return rates(
        q,
        "Errors by code and endpoint",
        "Those of clients too.",
        "error, endpoint",
        "http_errors_total",
        unit="reqps",
        width=24,
        stack=True,
    )


def queue(q):
    return Row(
        "Queue",
        [
            *operation(q, "queue_task", "Tasks", "kind"),
            levels(
                q, "Length", "Tasks that wait. There is room for 100.", "job", "queue_length", steps=steps_of(80)
            ),
            rates(q, "Retries", "Retries a second.", "kind", "queue_retries_total"),
            operation_errors(q, "queue_task", "kind", "gave_up: after the last try."),
        ],
    )


def pool(q):
    share = q.part("job", "db_connection_active", "db_pool_connections")
    return graph("Pool in use", "The share of its connections.", "percentunit", Target(share, "{{job}}"), width=6)


def machine(q):
    used, total = (f'host_memory_bytes{{state="{state}"}}' for state in ["used", "total"])
    free, size = "host_disk_free_bytes", "host_disk_size_bytes"
    share = lambda title, description, by, query, steps: graph(
        title, description, "percentunit", Target(query, f"{{{{{by}}}}}"), width=8, steps=steps
    )
    return Row(
        "Machine",
        [
            share(
                "Processors busy",
                "Of the machine, since the last scrape.",
                "instance",
                q.level("instance", "host_cpu_ratio"),
                steps_of(0.9),
            ),
            share("Memory in use", "Of the machine.", "instance", q.part("instance", used, total), steps_of(0.9)),
            share(
                "Free disk space",
                "Of each disk of the machine.",
                "mount",
                q.part("mount", free, size),
                [(None, RED), (0.1, ORANGE), (0.2, GREEN)],
            ),
        ],
    )


def budget(q):
    seconds = "exposition_scrape_duration_seconds"
    return Row(
        "What metrics cost",
        [
            graph(
                "Time of scrapes",
                "As a share of one processor. The budget is 1 %.",
                "percentunit",
                Target(scrape_share(q, "instance"), "{{instance}}"),
                width=6,
                steps=steps_of(CPU),
            ),
            graph(
                "Duration of a scrape",
                "The mean, at the endpoint. The budget is 50 ms.",
                "s",
                Target(q.mean("instance", seconds), "{{instance}}"),
                width=6,
                steps=steps_of(SECONDS),
            ),
            levels(
                q,
                "Series",
                "Samples of a scrape. The budget is 500.",
                "instance",
                "scrape_samples_scraped",
                width=6,
                steps=steps_of(SERIES),
            ),
            levels(
                q,
                "Label sets",
                "Each takes less than half a KB of memory. The budget is 10 MB.",
                "instance",
                "http_label_sets",
                width=6,
            ),
        ],
    )
