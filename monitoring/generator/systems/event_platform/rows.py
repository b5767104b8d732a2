from ...dashboards.panels import BURN_STEPS, graph, stat, steps_of
from ...grafana import GREEN, RED, Row, Target
from ..common_rows import cache, operation, operation_errors, process, requests
from ..panels import levels, rates, ratios, slowest
from .objectives import APIS, P95, available, burn, seconds

LATENCY = steps_of(P95)


def rows(q):
    ingest = [*requests(q, "lynex_ingest_", "endpoint", "status_code", LATENCY), *refusals(q)]
    ui = [*requests(q, "lynex_ui_", "endpoint", "status_code", LATENCY), *cache(q, "lynex_ui_", 12)]
    return [objectives(q), Row("Ingest API", ingest), queue(q), processor(q), Row("User interface", ui), process(q)]


def objectives(q):
    panels = []
    for api, title in APIS.items():
        panels += [
            stat(
                f"{title}: available",
                "The share of requests that did not end with a 5xx. The objective is 99.9 %.",
                "percentunit",
                available(q, api),
                [(None, RED), (0.999, GREEN)],
            ),
            stat(f"{title}: p95", "The objective is 0.5 s.", "s", q.p95("job", seconds(api)), LATENCY),
            stat(
                f"{title}: burn rate",
                "How many times too fast the error budget is spent, over an hour. At 1 it lasts 30 days.",
                "short",
                burn(q.over("1h"), api),
                BURN_STEPS,
            ),
        ]
    for window in ["5m", "1h"]:
        targets = [Target(burn(q.over(window), api), title) for api, title in APIS.items()]
        panels.append(
            graph(
                f"Burn rate, {window}",
                "How many times too fast the error budget is spent.",
                "short",
                *targets,
                steps=BURN_STEPS,
            )
        )
    return Row("Objectives", panels)


def refusals(q):
    requests = "lynex_ingest_http_requests_total"
    return [
        rates(
            q,
            "Rate-limit rejections",
            "Requests a second that exceed a customer's limit.",
            "job",
            "lynex_ingest_rate_limited_total",
            width=6,
        ),
        ratios(
            q,
            "Share of rate-limit rejections",
            "Of all requests.",
            "job",
            "lynex_ingest_rate_limited_total",
            requests,
            width=6,
        ),
        rates(
            q,
            "Auth failures",
            "Requests a second without a valid key.",
            "reason",
            "lynex_ingest_auth_failures_total",
            width=6,
        ),
        ratios(
            q,
            "Share of auth failures",
            "Of all requests.",
            "job",
            "lynex_ingest_auth_failures_total",
            requests,
            width=6,
        ),
    ]


def queue(q):
    waits = "lynex_processor_queue"
    return Row(
        "Queue",
        [
            levels(q, "Depth", "Events that wait. There is room for 1 000.", "job", f"{waits}_active", width=6),
            rates(
                q,
                "Events",
                "Events a second that left the queue, or found it full.",
                "job",
                f"{waits}_total",
                width=6,
            ),
            slowest(
                q, "p95 of the wait", "From the API to the processor.", "job", f"{waits}_duration_seconds", width=6
            ),
            rates(
                q,
                "Refused",
                "full: the queue had no room. Empty until that happens.",
                "error",
                f"{waits}_errors_total",
                width=6,
            ),
        ],
    )


def processor(q):
    dollars = q.rate("job", "lynex_processor_cost_dollars_total")
    return Row(
        "Processor",
        [
            *operation(q, "lynex_processor_event", "Events", "kind"),
            operation_errors(q, "lynex_processor_event", "kind", "malformed: the event is empty."),
            rates(q, "Tokens", "Tokens a second.", "kind", "lynex_processor_tokens_total", stack=True),
            graph("Cost", "Dollars an hour.", "currencyUSD", Target(f"3600 * {dollars}", "{{job}}"), width=8),
        ],
    )
