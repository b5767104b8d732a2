from ...alerts import JOB, NUMBER, SECONDS, SHARE
from ..common_alerts import cache, database, down, enough, histogram
from ..model import Case, Measure, alert
from .resources import budget, resources

REQUESTS = 'http_requests_total{endpoint="/tasks",status="202"}'


def alerts(q):
    return [
        *api(q),
        down(q, "TaskBackendDown", "The task backend"),
        *queue(q),
        tools(q),
        *database(q, "Task", ""),
        cache(q, "TaskCacheHitsLow", ""),
        *resources(q),
        *budget(q),
    ]


def api(q):
    requests, seconds = "http_requests_total", "http_request_duration_seconds"
    failed = 'http_requests_total{endpoint="/tasks",status="503"}'
    tasks = 'endpoint="/tasks"'
    return [
        alert(
            "TaskServerErrorsHigh",
            Measure(q.ratio("job", f'{requests}{{status=~"5.."}}', requests), "> 0.05"),
            also=[enough(q, requests)],
            severity="critical",
            summary=f"{SHARE} of the requests to {JOB} end with a 5xx",
            description="Over 5 minutes and all replicas. The limit is 5 %.",
            runbook="See the statuses. 503: the queue is full. 500: see the database's errors.",
            fires=Case("one of ten", {REQUESTS: "0+90x60", failed: "0+10x60"}, value="10%"),
            silent=Case("one of a hundred", {REQUESTS: "0+99x60", failed: "0+1x60"}),
        ),
        alert(
            "TaskLatencyHigh",
            Measure(q.p95("job, endpoint", seconds), "> 5"),
            also=[enough(q, requests)],
            summary=f"{{{{ $labels.endpoint }}}} of {JOB} takes {SECONDS}",
            description="The 95th percentile over 5 minutes is above 5 s.",
            runbook="Compare the p95 of tools, of queries, and of waits for a connection.",
            fires=Case(
                "all take between 5 s and 7.5 s",
                {REQUESTS: "0+60x60", **histogram(seconds, tasks, le_5_0=0, le_7_5=60, le_inf=60)},
                value="7.375s",
                labels={"endpoint": "/tasks"},
            ),
            silent=Case(
                "all take less than 5 s",
                {REQUESTS: "0+60x60", **histogram(seconds, tasks, le_5_0=60, le_7_5=60, le_inf=60)},
            ),
        ),
    ]


def queue(q):
    mail, report = (f'queue_task_total{{kind="{kind}"}}' for kind in ["mail", "report"])
    return [
        alert(
            "TaskQueueLong",
            Measure(q.level("job", "queue_length"), "> 80"),
            wait="5m",
            severity="critical",
            summary=f"{NUMBER} tasks wait",
            description="There is room for 100. Beyond, the API answers 503.",
            runbook="Do tasks take longer than usual, are there more of them, or more retries?",
            fires=Case("it grows", {"queue_length": "0+1.5x60"}, value="90"),
            silent=Case("some wait", {"queue_length": "12x60"}),
        ),
        alert(
            "TaskFailuresHigh",
            Measure(q.ratio("job", "queue_task_errors_total", "queue_task_total"), "> 0.25"),
            also=[enough(q, "queue_task_total")],
            summary=f"{SHARE} of the tasks of {JOB} fail",
            description="After the last try, over 5 minutes. The limit is 25 %.",
            runbook="See the errors by kind. gave_up: all tries of the task failed. database: its state could not "
            "be saved.",
            fires=Case(
                "all reports, which are half of the tasks",
                {
                    mail: "0+10x60",
                    report: "0+10x60",
                    'queue_task_errors_total{kind="report",error="gave_up"}': "0+10x60",
                },
                value="50%",
            ),
            silent=Case(
                "one of twenty",
                {
                    mail: "0+19x60",
                    report: "0+1x60",
                    'queue_task_errors_total{kind="report",error="gave_up"}': "0+1x60",
                },
            ),
        ),
        alert(
            "TaskRetriesHigh",
            Measure(q.ratio("job", "queue_retries_total", "queue_task_total"), "> 1.5"),
            also=[enough(q, "queue_task_total")],
            summary=f"{JOB} retries each task {NUMBER} times",
            description="The mean over 5 minutes. The limit is 1.5, and there are at most 2 retries.",
            runbook="See the retries by kind. What do these tasks depend on?",
            fires=Case("each twice", {mail: "0+10x60", 'queue_retries_total{kind="mail"}': "0+20x60"}, value="2"),
            silent=Case("every other task once", {mail: "0+10x60", 'queue_retries_total{kind="mail"}': "0+5x60"}),
        ),
    ]


def tools(q):
    total, errors = 'tool_run_total{tool="sum"}', 'tool_run_errors_total{tool="sum",error="invalid"}'
    return alert(
        "TaskToolErrorsHigh",
        Measure(q.ratio("job, tool", "tool_run_errors_total", "tool_run_total"), "> 0.6"),
        also=[enough(q, "tool_run_total")],
        summary=f"{SHARE} of the runs of the tool {{{{ $labels.tool }}}} fail",
        description="Over 5 minutes. The limit is 60 %.",
        runbook="See the errors by kind. invalid: clients send it what it cannot use. panic: the tool is broken.",
        fires=Case("nine of ten", {total: "0+10x60", errors: "0+9x60"}, value="90%", labels={"tool": "sum"}),
        silent=Case("one of ten", {total: "0+10x60", errors: "0+1x60"}),
    )
