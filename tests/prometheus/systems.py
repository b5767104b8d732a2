"""The systems, scraped by a real Prometheus: the queries of their kinds, as people write them, answer what was sent.

Takes the folder of the systems' binaries: `systems.py target/debug`. Needs what `check.py` needs.
"""

import math
import pathlib
import sys
import tempfile
import time
import urllib.error
import urllib.request

from check import PATIENCE, Example, Prometheus, step

ROUNDS = 2


def send(port, request, body="", status=200, **headers):
    """The body of the response, whose status has to be that one."""
    method, path = request.split(" ")
    url = f"http://127.0.0.1:{port}{path}"
    request = urllib.request.Request(url, data=body.encode(), headers=headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=20) as response:
            answered, text = response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        answered, text = error.code, error.read().decode()
    assert answered == status, (url, answered, text)
    return text


def quiz(system, turn):
    """A session that is completed, one that is left, and two mistakes: 11 requests."""
    port = system.port
    for name in ("ada", "bob"):
        user = send(port, "POST /v1/users", f"{name} {turn}", 201)
        session = send(port, f"POST /v1/users/{user}/sessions", "", 201)
        for _ in range(3 if name == "ada" else 0):
            send(port, f"POST /v1/sessions/{session}/answer", "7")
    send(port, f"DELETE /v1/sessions/{session}", "", 204)
    send(port, "POST /v1/users", f"ada {turn}", 409)
    send(port, "GET /v1/sessions/999/question", "", 404)


def chat(system, _):
    """Three answers, an error of the model and one of the client: 5 requests."""
    send(system.port, "POST /v1/models/small/complete", "a b")
    send(system.port, "POST /v1/models/small/stream", "a b")
    send(system.port, "POST /v1/models/large/stream", "a b")
    send(system.port, "POST /v1/models/small/stream", "overload", 503)
    send(system.port, "POST /v1/models/huge/complete", "a", 422)


def events(system, _):
    """Three events, one of them without a key, and a look at them: 4 requests."""
    for event in ("message a", "purchase b"):
        send(system.port, "POST /v1/events", event, 202, **{"x-api-key": "key-of-ada"})
    send(system.port, "POST /v1/events", "message", 401)
    send(system.port + 1, "GET /v1/events/message/count")


def tasks(system, _):
    """A task that is done, one that never is, and three runs of tools, one of which fails: 5 requests."""
    send(system.port, "POST /tasks", "mail", 202)
    send(system.port, "POST /tasks", "report", 202)
    send(system.port, "POST /tools/sum", "1 2")
    send(system.port, "POST /tools/sort", "b a")
    send(system.port, "POST /tools/sum", "one", 422)


# By job: what is to be there once everything was sent, for each round.
COUNTS = {
    "quiz": {
        "sum by (route) (http_requests_total)": {
            "/v1/users": 3, "/v1/users/{id}/sessions": 2, "/v1/sessions/{id}/answer": 3, "/v1/sessions/{id}": 1,
            "/v1/sessions/{id}/question": 1,
        },
        "sum by (problem) (http_requests_total{problem!=''})": {"conflict": 1, "not_found": 1},
        "sum by (operation) (db_query_total{table='questions'})": {"insert": 2, "select": 4, "update": 3},
        "sum by (job) (quiz_sessions_started_total)": {"quiz": 2},
        "sum by (job) (quiz_sessions_completed_total)": {"quiz": 1},
        "sum by (job) (quiz_sessions_abandoned_total)": {"quiz": 1},
        "sum by (job) (quiz_questions_generated_total)": {"quiz": 6},
        "sum by (job) (quiz_registrations_total)": {"quiz": 2},
    },
    "otel": {
        'sum by (http_route) (http_server_request_duration_seconds_count{http_response_status_code=~"4..|5.."})': {
            "/v1/users": 1, "/v1/sessions/{id}/question": 1,
        },
    },
    "chat": {
        "sum by (path) (http_requests_total)": {"/v1/models/{model}/complete": 2, "/v1/models/{model}/stream": 3},
        "sum by (type) (http_errors_total)": {"overloaded": 1, "invalid": 1},
        "sum by (model) (llm_call_total)": {"small": 3, "large": 1},
        "sum by (kind) (llm_tokens_total)": {"prompt": 7, "completion": 6},
        "sum by (model) (llm_call_first_token_seconds_count)": {"small": 2, "large": 1},
    },
    "events": {
        "sum by (status_code) (lynex_ingest_http_requests_total)": {"202": 2, "401": 1},
        "sum by (status_code) (lynex_ui_http_requests_total)": {"200": 1},
        "sum by (reason) (lynex_ingest_auth_failures_total)": {"no_key": 1},
        "sum by (kind) (lynex_processor_event_total)": {"message": 1, "purchase": 1},
        "sum by (job) (lynex_processor_queue_total)": {"events": 2},
        "sum by (kind) (lynex_processor_tokens_total)": {"message": 2, "purchase": 2},
    },
    "tasks": {
        "sum by (endpoint) (http_requests_total)": {"/tasks": 2, "/tools/{tool}": 3},
        "sum by (error) (http_errors_total)": {"422": 1},
        "sum by (tool) (tool_run_total)": {"sum": 2, "sort": 1},
        "sum by (kind) (queue_task_total)": {"mail": 1, "report": 1},
        "sum by (error) (queue_task_errors_total)": {"gave_up": 1},
        "sum by (kind) (queue_retries_total)": {"report": 2},
    },
}

# By job: what the guides' own queries answer after equal rounds, or `None` if it is some time.
RATES = {
    "quiz": {
        "sum(rate(http_requests_total[5m])) by (route)": None,
        "histogram_quantile(0.95, sum(rate(http_request_duration_seconds_bucket[5m])) by (le, route))": None,
        "rate(http_request_duration_seconds_sum[5m]) / rate(http_request_duration_seconds_count[5m])": None,
        'sum(rate(http_requests_total{status!~"5.."}[5m])) / sum(rate(http_requests_total[5m]))': 1,
        "topk(5, histogram_quantile(0.99, sum by (le, route) (rate(http_request_duration_seconds_bucket[5m]))))": None,
        "sum(rate(quiz_sessions_completed_total[5m])) / sum(rate(quiz_sessions_started_total[5m]))": 1 / 2,
        "histogram_quantile(0.95, sum by (le, table) (rate(db_query_duration_seconds_bucket[5m])))": None,
    },
    "otel": {
        "histogram_quantile(0.95, sum(rate(http_server_request_duration_seconds_bucket[5m])) by (le, http_route))": None,
        'sum(rate(http_server_request_duration_seconds_count{http_response_status_code=~"4..|5.."}[5m]))'
        " by (http_route)": None,
    },
    "chat": {
        "sum(rate(http_errors_total[5m])) / sum(rate(http_requests_total[5m]))": 2 / 5,
        "histogram_quantile(0.95, sum by (le, model) (rate(llm_call_first_token_seconds_bucket[5m])))": None,
        "sum(rate(llm_call_errors_total[5m])) / sum(rate(llm_call_total[5m]))": 1 / 4,
    },
    "events": {
        'sum(rate(lynex_ingest_http_requests_total{status_code!~"5.."}[5m]))'
        " / sum(rate(lynex_ingest_http_requests_total[5m])) > bool 0.999": 1,
        "histogram_quantile(0.95, sum by (le) (rate(lynex_ingest_http_request_duration_seconds_bucket[5m])))"
        " < bool 0.5": 1,
        "histogram_quantile(0.95, sum by (le) (rate(lynex_processor_event_duration_seconds_bucket[5m])))": None,
    },
    "tasks": {
        "sum(rate(http_errors_total[5m])) / sum(rate(http_requests_total[5m]))": 1 / 5,
        "sum(rate(tool_run_errors_total[5m])) / sum(rate(tool_run_total[5m]))": 1 / 3,
        "histogram_quantile(0.95, sum by (le, kind) (rate(queue_task_duration_seconds_bucket[5m])))": None,
        "rate(process_cpu_seconds_total[5m])": None,
    },
}

LOADS = {"quiz": quiz, "otel": quiz, "chat": chat, "events": events, "tasks": tasks}


class System:
    """A system, what is sent to it, and where its metrics are."""

    def __init__(self, binary, load, path="/metrics", ports=0, **environment):
        self.example = Example(binary, LOAD="off", **environment)
        self.load = load
        self.path = path
        self.target = f"127.0.0.1:{self.example.port + ports}"


def differences(prometheus, counts, rounds):
    """The queries that do not answer what was sent."""
    for query, expected in counts.items():
        label = query.split("(")[1].rstrip(") ")
        found = prometheus.counts(query, label)
        if found != {(key,): float(count * rounds) for key, count in expected.items()}:
            yield query, found


def must_agree(prometheus, counts, rounds):
    end = time.monotonic() + PATIENCE
    while different := list(differences(prometheus, counts, rounds)):
        if time.monotonic() > end:
            sys.exit("\n".join(map(str, different)))
        time.sleep(0.2)


def check_rates(prometheus, rates):
    for query, expected in rates.items():
        found = [value for _, value in prometheus.query(query)]
        assert found, query
        for value in found:
            # Every series here grew: no rate is zero, and no quantile one of nothing.
            assert math.isfinite(value), (query, found)
            assert expected is None or math.isclose(value, expected, rel_tol=1e-9), (query, found)


def check(job, system):
    with tempfile.TemporaryDirectory() as folder:
        prometheus = Prometheus(pathlib.Path(folder) / "data", {job: [system.target]}, paths={job: system.path})
        try:
            for turn in range(1, ROUNDS + 1):
                system.load(system.example, turn)
                must_agree(prometheus, COUNTS[job], turn)
            check_rates(prometheus, RATES[job])
        finally:
            prometheus.stop()
    print(f"{len(COUNTS[job])} counts are what was sent, {len(RATES[job])} queries of the guide's kind have data")


def main():
    folder = pathlib.Path(sys.argv[1])
    systems = {
        "quiz": System(folder / "quiz_api", quiz, "/v1/metrics"),
        "otel": System(folder / "quiz_api", quiz, "/v1/metrics", NAMING="opentelemetry"),
        "chat": System(folder / "llm_api", chat),
        # Its metrics are on a port of their own.
        "events": System(folder / "event_platform", events, ports=2),
        "tasks": System(folder / "task_backend", tasks),
    }
    for job, system in systems.items():
        step(job)
        system.example.start()
        try:
            check(job, system)
        finally:
            system.example.stop()


if __name__ == "__main__":
    main()
