"""Answers, an error of a model, one of a client, two conversations, and three sockets."""

from fractions import Fraction

from .requests import WebSocket, send

SYSTEM = "llm_api"
PATH = "/metrics"
# Sockets that stay open until the end.
OPEN = []


def environment():
    return {}


def send_round(ports, _):
    [port] = ports
    send(port, "POST /v1/models/small/complete", "a b")
    send(port, "POST /v1/models/small/stream", "a b")
    send(port, "POST /v1/models/large/stream", "a b")
    send(port, "POST /v1/models/small/stream", "overload", 503)
    send(port, "POST /v1/models/huge/complete", "a", 422)
    send(port, "POST /v1/conversations", "", 201)
    conversation = send(port, "POST /v1/conversations", "", 201)
    send(port, f"POST /v1/conversations/{conversation}/escalate", "", 202)
    stays, closed, dropped = (WebSocket(port, "/v1/socket") for _ in range(3))
    stays.send("a b")
    assert [stays.receive(), stays.receive()] == ["b", "a"]
    OPEN.append(stays)
    closed.close()
    dropped.drop()


PATHS = {
    "/v1/conversations": 2,
    "/v1/conversations/{id}/escalate": 1,
    "/v1/models/{model}/complete": 2,
    "/v1/models/{model}/stream": 3,
    "/v1/socket": 3,
}
REQUESTS = sum(PATHS.values())
CALLS = {"small": 4, "large": 1}
FIRST_TOKENS = {"small": 3, "large": 1}
HALF = Fraction(1, 2)
FAILED_CALLS = {"small": Fraction(1, 4), "large": Fraction(0)}

PANELS = {
    "Now / Requests": REQUESTS,
    "Now / API errors": Fraction(2, REQUESTS),
    "Now / First token": 4,
    "Now / Tokens": 17,
    "Now / Sockets": 1,
    "Now / Escalations": HALF,
    "Requests / Requests by path": PATHS,
    "Requests / Statuses": {"101": 3, "200": 3, "201": 2, "202": 1, "422": 1, "503": 1},
    "Requests / p95 by path": PATHS,
    "Requests / In flight": dict.fromkeys(PATHS, 0),
    "Requests / API errors by type, code and path": {
        "422 /v1/models/{model}/complete invalid": 1,
        "503 /v1/models/{model}/stream overloaded": 1,
    },
    "Models / Calls": CALLS,
    "Models / Error ratio of calls": FAILED_CALLS,
    "Models / p95 of calls": CALLS,
    "Models / Calls active": dict.fromkeys(CALLS, 0),
    "Models / p95 of the time to the first token": FIRST_TOKENS,
    "Models / Mean time to the first token": None,
    "Models / Tokens": {"prompt small": 7, "completion small": 6, "prompt large": 2, "completion large": 2},
    "Models / Errors by kind": {"overloaded small": 1},
    "Conversations and sockets / Conversations: conversations": 2,
    "Conversations and sockets / Conversations: escalations": 1,
    "Conversations and sockets / Sockets open": 1,
    "Conversations and sockets / Messages": {"in": 1, "out": 2},
    "Conversations and sockets / Sockets closed": 2,
    "Conversations and sockets / Sockets that broke": HALF,
    "Conversations and sockets / p95 of sockets": 2,
    "Process / CPU": None,
    "Process / Memory": None,
    "Process / Open files": None,
}

# What each alert compares with its limits.
MEASURES = {
    "LlmErrorRatioHigh": [Fraction(2, REQUESTS), REQUESTS],
    "LlmLatencyHigh": [
        {path: count for path, count in PATHS.items() if not path.endswith("/complete")},
        REQUESTS,
    ],
    "LlmNoTraffic": [5],
    "LlmModelErrorsHigh": [FAILED_CALLS, 5],
    "LlmModelSlow": [CALLS, 5],
    "LlmFirstTokenSlow": [FIRST_TOKENS, 5],
    "LlmEscalationsHigh": [HALF, 2],
    "LlmSocketsBreak": [HALF, 2],
}
FIRES = {"LlmErrorRatioHigh": Fraction(2, REQUESTS), "LlmEscalationsHigh": HALF}

# As people ask by hand, and as the guides do.
COUNTS = {
    "sum by (type) (http_errors_total)": {"overloaded": 1, "invalid": 1},
    "sum by (kind) (llm_tokens_total)": {"prompt": 9, "completion": 8},
}
GUIDES = {
    "sum(rate(http_requests_total[5m])) by (path)": None,
    "sum(rate(http_errors_total[5m])) / sum(rate(http_requests_total[5m]))": Fraction(2, REQUESTS),
    "histogram_quantile(0.95, sum by (le, path) (rate(http_request_duration_seconds_bucket[5m])))": None,
    "histogram_quantile(0.95, sum by (le, model) (rate(llm_call_first_token_seconds_bucket[5m])))": None,
    "sum(rate(llm_call_errors_total[5m])) / sum(rate(llm_call_total[5m]))": Fraction(1, 5),
}
