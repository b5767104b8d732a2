"""A task that is done, one that never is, a look at it that is remembered, and three runs of tools."""

import time
from fractions import Fraction

from .requests import send

SYSTEM = "task_backend"
PATH = "/metrics"


def environment():
    return {}


def send_round(ports, turn):
    [port] = ports
    mail = send(port, "POST /tasks", "mail", 202)
    send(port, "POST /tasks", "report", 202)
    ended = [f'queue_task_total{{kind="{kind}"}} {turn}\n' for kind in ("mail", "report")]
    # States that still change are not remembered.
    while not all(line in send(port, "GET /metrics") for line in ended):
        time.sleep(0.05)
    for _ in range(2):
        assert send(port, f"GET /tasks/{mail}") == "done"
    send(port, "POST /tools/sum", "1 2")
    send(port, "POST /tools/sort", "b a")
    send(port, "POST /tools/sum", "one", 422)


ENDPOINTS = {"/tasks": 2, "/tasks/{id}": 2, "/tools/{tool}": 3}
QUERIES = {"insert tasks": 2, "update tasks": 2, "select tasks": 1}
NO_QUERY_FAILED = dict.fromkeys(QUERIES, Fraction(0))
TOOLS = {"sum": 2, "sort": 1}
FAILED_TOOLS = {"sum": Fraction(1, 2), "sort": Fraction(0)}
TASKS = {"mail": 1, "report": 1}
HALF = Fraction(1, 2)

PANELS = {
    "Now / Requests": 7,
    "Now / Server errors": Fraction(0),
    "Now / p95": 7,
    "Now / Waiting": 0,
    "Now / Cache hits": HALF,
    "Now / Metrics": None,
    "Requests / Requests by endpoint": ENDPOINTS,
    "Requests / Statuses": {"200": 4, "202": 2, "422": 1},
    "Requests / p95 by endpoint": ENDPOINTS,
    "Requests / In flight": dict.fromkeys(ENDPOINTS, 0),
    "Requests / Errors by code and endpoint": {"/tools/{tool} 422": 1},
    "Tools / Runs": TOOLS,
    "Tools / Error ratio of runs": FAILED_TOOLS,
    "Tools / p95 of runs": TOOLS,
    "Tools / Runs active": dict.fromkeys(TOOLS, 0),
    "Tools / Errors by kind": {"invalid sum": 1},
    "Queue / Tasks": TASKS,
    "Queue / Error ratio of tasks": {"mail": Fraction(0), "report": Fraction(1)},
    "Queue / p95 of tasks": TASKS,
    "Queue / Tasks active": dict.fromkeys(TASKS, 0),
    "Queue / Length": 0,
    "Queue / Retries": {"report": 2},
    "Queue / Errors by kind": {"gave_up report": 1},
    "Database / Queries": QUERIES,
    "Database / Error ratio of queries": NO_QUERY_FAILED,
    "Database / p95 of queries": QUERIES,
    "Database / Queries active": dict.fromkeys(QUERIES, 0),
    "Database / Cache: hits": 1,
    "Database / Cache: misses": 1,
    "Database / Cache hit ratio": HALF,
    "Database / Pool in use": Fraction(0),
    "Database / Connections in use": 0,
    "Database / Waits": 5,
    "Database / p95 of waits": 5,
    "Process / CPU": None,
    "Process / Memory": None,
    "Process / Open files": None,
    "Machine / Processors busy": None,
    "Machine / Memory in use": None,
    "Machine / Free disk space": None,
    "What metrics cost / Time of scrapes": None,
    "What metrics cost / Duration of a scrape": None,
    "What metrics cost / Series": None,
    # Three endpoints, one of which has two statuses: no round adds any.
    "What metrics cost / Label sets": Fraction(4),
}

# What each alert compares with its limits.
MEASURES = {
    "TaskServerErrorsHigh": [Fraction(0), 7],
    "TaskLatencyHigh": [ENDPOINTS, 7],
    "TaskBackendDown": [Fraction(1)],
    "TaskQueueLong": [0],
    "TaskFailuresHigh": [HALF, 2],
    "TaskRetriesHigh": [Fraction(1), 2],
    "TaskToolErrorsHigh": [FAILED_TOOLS, 3],
    "TaskQueryErrorsHigh": [Fraction(0), 5],
    "TaskQueriesSlow": [QUERIES, 5],
    "TaskPoolWaitsLong": [5, 5],
    "TaskCacheHitsLow": [HALF, 1],
    "TaskProcessBusy": [None],
    "TaskMemoryHigh": [None],
    "TaskFilesNearLimit": [None],
    "TaskMachineBusy": [None],
    "TaskMachineMemoryLow": [None],
    "TaskDiskLow": [None],
    "TaskScrapesBusy": [None],
    "TaskScrapesSlow": [None],
    "TaskSeriesMany": [None],
}
FIRES = {"TaskFailuresHigh": HALF}

# As people ask by hand, and as the guides do.
COUNTS = {
    "sum by (error) (http_errors_total)": {"422": 1},
    "sum by (kind) (queue_retries_total)": {"report": 2},
}
GUIDES = {
    "sum(rate(http_requests_total[5m])) by (endpoint)": None,
    "sum(rate(http_errors_total[5m])) / sum(rate(http_requests_total[5m]))": Fraction(1, 7),
    "sum(rate(tool_run_errors_total[5m])) / sum(rate(tool_run_total[5m]))": Fraction(1, 3),
    "histogram_quantile(0.95, sum by (le, kind) (rate(queue_task_duration_seconds_bucket[5m])))": None,
    "rate(process_cpu_seconds_total[5m])": None,
}
