from ...dashboards.panels import ERROR_STEPS, graph, stat, steps_of
from ...grafana import PLAIN_STEPS, Row, Target
from ..common_rows import finished, operation, operation_errors, process, requests
from ..panels import levels, rates, ratios, slowest


def rows(q):
    return [
        now(q),
        Row("Requests", [*requests(q, "", "path", "status"), problems(q)]),
        models(q),
        conversations(q),
        process(q),
    ]


def now(q):
    return Row(
        "Now",
        [
            finished(q),
            stat(
                "API errors",
                "The share that failed, by a client's mistake too.",
                "percentunit",
                q.ratio("job", "http_errors_total", "http_requests_total"),
                ERROR_STEPS,
            ),
            stat(
                "First token", "p95 of all models.", "s", q.p95("job", "llm_call_first_token_seconds"), steps_of(2)
            ),
            stat("Tokens", "Read and written, a second.", "ops", q.rate("job", "llm_tokens_total"), PLAIN_STEPS),
            stat(
                "Sockets",
                "WebSocket connections that are open.",
                "short",
                q.level("job", "websocket_connection_active"),
                PLAIN_STEPS,
            ),
            stat(
                "Escalations",
                "The share of conversations that a person took over.",
                "percentunit",
                q.ratio("job", "escalations_total", "conversations_total"),
                steps_of(0.2),
            ),
        ],
    )


def problems(q):
    return rates(
        q,
        "API errors by type, code and path",
        "The type is what the handler says, the code is the status.",
        "type, error, path",
        "http_errors_total",
        unit="reqps",
        width=24,
        stack=True,
    )


def models(q):
    mark = "llm_call_first_token_seconds"
    return Row(
        "Models",
        [
            *operation(q, "llm_call", "Calls", "model"),
            slowest(
                q,
                "p95 of the time to the first token",
                "From the call of the model to its first token, of all answers.",
                "model",
                mark,
                width=6,
                steps=steps_of(2),
            ),
            graph(
                "Mean time to the first token",
                "Far below p95: a few answers take very long to begin.",
                "s",
                Target(q.mean("model", mark), "{{model}}"),
                width=6,
            ),
            rates(
                q, "Tokens", "Read and written, a second.", "model, kind", "llm_tokens_total", width=6, stack=True
            ),
            operation_errors(q, "llm_call", "model", "broken: the answer broke off.", width=6),
        ],
    )


def conversations(q):
    begun, escalated = (Target(q.rate("job", f"{name}_total"), name) for name in ["conversations", "escalations"])
    socket = "websocket_connection"
    return Row(
        "Conversations and sockets",
        [
            graph(
                "Conversations",
                "Conversations that began, and those that a person took over, a second.",
                "ops",
                begun,
                escalated,
                width=8,
            ),
            levels(q, "Sockets open", "WebSocket connections.", "job", f"{socket}_active"),
            rates(q, "Messages", "in: from clients. out: to clients.", "direction", "websocket_messages_total"),
            rates(q, "Sockets closed", "Closed by either side, a second.", "job", f"{socket}_total"),
            ratios(
                q,
                "Sockets that broke",
                "The share that the client left without a close frame.",
                "job",
                f"{socket}_errors_total",
                f"{socket}_total",
            ),
            slowest(
                q, "p95 of sockets", "From the opening of a socket to its end.", "job", f"{socket}_duration_seconds"
            ),
        ],
    )
