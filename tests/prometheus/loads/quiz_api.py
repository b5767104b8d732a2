"""Three sessions: one is completed, one is left, one goes on. And two mistakes."""

import http.server
import threading
from fractions import Fraction

from .requests import send

SYSTEM = "quiz_api"
PATH = "/v1/metrics"


class Receiver(http.server.BaseHTTPRequestHandler):
    """Of what is pushed: it takes all, and looks at nothing."""

    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("content-type", "application/x-protobuf")
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def environment():
    receiver = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=receiver.serve_forever, daemon=True).start()
    return {
        # The one that goes on is not to be abandoned.
        "SESSION_IDLE_SECONDS": "3600",
        "OTEL_METRICS_EXPORTER": "prometheus,otlp",
        "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{receiver.server_address[1]}",
        "OTEL_METRIC_EXPORT_INTERVAL": "500",
    }


def send_round(ports, turn):
    [port] = ports
    sessions = {}
    for name in ("ada", "bob", "eve"):
        user = send(port, "POST /v1/users", f"{name} {turn}", 201)
        sessions[name] = send(port, f"POST /v1/users/{user}/sessions", "", 201)
    for _ in range(3):
        send(port, f"GET /v1/sessions/{sessions['ada']}/question")
        send(port, f"POST /v1/sessions/{sessions['ada']}/answer", "7")
    send(port, f"GET /v1/sessions/{sessions['bob']}/question")
    send(port, f"DELETE /v1/sessions/{sessions['bob']}", "", 204)
    send(port, "POST /v1/users", f"ada {turn}", 409)
    send(port, "GET /v1/sessions/999/question", "", 404)


ROUTES = {
    "/v1/users": 4,
    "/v1/users/{id}/sessions": 3,
    "/v1/sessions/{id}/question": 5,
    "/v1/sessions/{id}/answer": 3,
    "/v1/sessions/{id}": 1,
}
QUERIES = {
    "insert users": 4,
    "insert sessions": 3,
    "insert questions": 3,
    "select users": 3,
    "select questions": 8,
    "update questions": 3,
    "update sessions": 4,
}
THIRD = Fraction(1, 3)

PANELS = {
    "Now / Requests": 16,
    # A mistake of a client is none here.
    "Now / Errors": Fraction(0),
    "Now / p95": 16,
    "Now / Active": 1,
    "Now / Completion": THIRD,
    "Now / Abandonment": THIRD,
    "Requests / Requests by route": ROUTES,
    "Requests / Statuses": {"200": 7, "201": 6, "204": 1, "404": 1, "409": 1},
    "Requests / p95 by route": ROUTES,
    "Requests / In flight": dict.fromkeys(ROUTES, 0),
    "Requests / Problems by type and route": {
        "conflict /v1/users": 1,
        "not_found /v1/sessions/{id}/question": 1,
    },
    "Sessions / Sessions: started": 3,
    "Sessions / Sessions: completed": 1,
    "Sessions / Sessions: abandoned": 1,
    "Sessions / Sessions active": 1,
    "Sessions / Questions: generated": 9,
    "Sessions / Questions: served": 4,
    "Sessions / Registrations": 3,
    "Database / Queries": QUERIES,
    "Database / Error ratio of queries": {**dict.fromkeys(QUERIES, Fraction(0)), "insert users": Fraction(1, 4)},
    "Database / p95 of queries": QUERIES,
    "Database / Queries active": dict.fromkeys(QUERIES, 0),
    "Database / Errors by kind": {"constraint users": 1},
    "Database / Connections in use": 0,
    "Database / Waits": sum(QUERIES.values()),
    "Database / p95 of waits": sum(QUERIES.values()),
    # How often it was scraped, and has pushed, is a matter of time.
    "Exporters / Scrapes": None,
    "Exporters / Pushes": None,
    "Exporters / Error ratio of pushes": Fraction(0),
    "Exporters / Since the last push": None,
    "Process / CPU": None,
    "Process / Memory": None,
    "Process / Open files": None,
}

# What each alert compares with its limits.
MEASURES = {
    "QuizCompletionLow": [THIRD, 3],
    "QuizAbandonmentHigh": [THIRD, 3],
    # Not those of users who want a name that is taken.
    "QuizQueryErrorsHigh": [Fraction(0), sum(QUERIES.values())],
    "QuizQueriesSlow": [QUERIES, sum(QUERIES.values())],
    "QuizPoolWaitsLong": [sum(QUERIES.values()), sum(QUERIES.values())],
    "QuizPushesFail": [Fraction(0)],
}
FIRES = {"QuizCompletionLow": THIRD}

# As people ask by hand, and as the guides do.
COUNTS = {
    "sum by (problem) (http_requests_total{problem!=''})": {"conflict": 1, "not_found": 1},
    "sum by (operation) (db_query_total{table='questions'})": {"insert": 3, "select": 8, "update": 3},
}
GUIDES = {
    "sum(rate(http_requests_total[5m])) by (route)": None,
    "histogram_quantile(0.95, sum(rate(http_request_duration_seconds_bucket[5m])) by (le, route))": None,
    # No request failed: the guide's ratio has nothing to divide.
    "sum(rate(http_errors_total[5m])) / sum(rate(http_requests_total[5m]))": {},
    "rate(http_request_duration_seconds_sum[5m]) / rate(http_request_duration_seconds_count[5m])": None,
    'sum(rate(http_requests_total{status!~"5.."}[5m])) / sum(rate(http_requests_total[5m]))': Fraction(1),
    "topk(5, histogram_quantile(0.99, sum by (le, route) (rate(http_request_duration_seconds_bucket[5m]))))": None,
    "sum(rate(quiz_sessions_completed_total[5m])) / sum(rate(quiz_sessions_started_total[5m]))": THIRD,
    "histogram_quantile(0.95, sum by (le, table) (rate(db_query_duration_seconds_bucket[5m])))": None,
}
