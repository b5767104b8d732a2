from ...dashboards.panels import ERROR_STEPS, LATENCY_STEPS, graph, stat, steps_of
from ...grafana import GREEN, ORANGE, PLAIN_STEPS, RED, Row, Target
from ..common_rows import database, finished, operation_errors, process, requests
from ..panels import levels, rates, ratios

STARTED, COMPLETED, ABANDONED = (f"quiz_sessions_{how}_total" for how in ["started", "completed", "abandoned"])


def rows(q):
    return [
        now(q),
        Row("Requests", [*requests(q, "", "route", "status", LATENCY_STEPS), problems(q)]),
        sessions(q),
        database(q, [operation_errors(q, "db_query", "table", "constraint: the name is taken.", width=6)]),
        exporters(q),
        process(q),
    ]


def now(q):
    return Row(
        "Now",
        [
            finished(q),
            stat(
                "Errors",
                "The share that failed.",
                "percentunit",
                q.ratio("job", "http_errors_total", "http_requests_total"),
                ERROR_STEPS,
            ),
            stat("p95", "Of all requests.", "s", q.p95("job", "http_request_duration_seconds"), LATENCY_STEPS),
            stat(
                "Active",
                "Sessions that are neither completed nor abandoned.",
                "short",
                q.level("job", "quiz_sessions_active"),
                PLAIN_STEPS,
            ),
            stat(
                "Completion",
                "Completed sessions per started one.",
                "percentunit",
                q.ratio("job", COMPLETED, STARTED),
                [(None, RED), (0.4, ORANGE), (0.6, GREEN)],
            ),
            stat(
                "Abandonment",
                "Abandoned sessions per started one.",
                "percentunit",
                q.ratio("job", ABANDONED, STARTED),
                steps_of(0.6),
            ),
        ],
    )


def problems(q):
    return rates(
        q,
        "Problems by type and route",
        "The problem that the handler named, a second. Those of clients too.",
        "problem, route",
        'http_requests_total{problem!=""}',
        unit="reqps",
        width=24,
        stack=True,
    )


def sessions(q):
    each = [("started", STARTED), ("completed", COMPLETED), ("abandoned", ABANDONED)]
    questions = [(how, f"quiz_questions_{how}_total") for how in ["generated", "served"]]
    several = lambda families: [Target(q.rate("job", family), name) for name, family in families]
    return Row(
        "Sessions",
        [
            graph("Sessions", "Started, completed and abandoned, a second.", "ops", *several(each)),
            levels(
                q, "Sessions active", "Neither completed nor abandoned.", "job", "quiz_sessions_active", width=12
            ),
            graph("Questions", "Generated, and shown to users, a second.", "ops", *several(questions)),
            rates(q, "Registrations", "New users a second.", "job", "quiz_registrations_total", width=12),
        ],
    )


def exporters(q):
    failures, exports = "otlp_export_failures_total", "otlp_exports_total"
    return Row(
        "Exporters",
        [
            rates(
                q,
                "Scrapes",
                "By status. Those beyond 60 a minute are refused, and not counted.",
                "status",
                "exposition_scrapes_total",
                width=6,
            ),
            rates(q, "Pushes", "Tried, a second.", "receiver", exports, width=6),
            ratios(
                q,
                "Error ratio of pushes",
                "By receiver. No value if nothing is pushed.",
                "receiver",
                failures,
                exports,
                width=6,
            ),
            levels(
                q,
                "Since the last push",
                "That succeeded, or since the start. Keeps growing if nothing is pushed.",
                "receiver",
                "otlp_last_success_age_seconds",
                unit="s",
                width=6,
            ),
        ],
    )
