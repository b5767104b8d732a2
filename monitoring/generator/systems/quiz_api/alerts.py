from ...alerts import JOB, SHARE
from ..common_alerts import database
from ..model import Case, Measure, alert

STARTED = {"quiz_sessions_started_total": "0+10x60"}


def alerts(q):
    return [
        *sessions(q.over("30m")),
        *database(q, "Quiz", '{error!="constraint"}'),
        pushes(q),
    ]


def sessions(q):
    """Over half an hour: a session takes a while."""
    started = "quiz_sessions_started_total"
    # Nine sessions in half an hour.
    many = Measure(q.rate("job", started), "> 0.005")
    return [
        alert(
            "QuizCompletionLow",
            Measure(q.ratio("job", "quiz_sessions_completed_total", started), "< 0.4"),
            also=[many],
            summary=f"{SHARE} of the sessions of {JOB} are completed",
            description="Completed sessions per started one, over 30 minutes. It should be at least 40 %.",
            runbook="Are sessions abandoned, or do they just take longer? Do requests to the answer route fail?",
            fires=Case("three of ten", {**STARTED, "quiz_sessions_completed_total": "0+3x60"}, value="30%"),
            silent=Case("eight of ten", {**STARTED, "quiz_sessions_completed_total": "0+8x60"}),
        ),
        alert(
            "QuizAbandonmentHigh",
            Measure(q.ratio("job", "quiz_sessions_abandoned_total", started), "> 0.6"),
            also=[many],
            summary=f"{SHARE} of the sessions of {JOB} are abandoned",
            description="Abandoned sessions per started one, over 30 minutes. The limit is 60 %.",
            runbook="What changed before users left: errors, latency, or the questions?",
            fires=Case("seven of ten", {**STARTED, "quiz_sessions_abandoned_total": "0+7x60"}, value="70%"),
            silent=Case("two of ten", {**STARTED, "quiz_sessions_abandoned_total": "0+2x60"}),
        ),
    ]


def pushes(q):
    exports, failures = (
        'otlp_exports_total{receiver="a"}',
        'otlp_export_failures_total{receiver="a",cause="timeout"}',
    )
    return alert(
        "QuizPushesFail",
        Measure(q.ratio("job, receiver", "otlp_export_failures_total", "otlp_exports_total"), "> 0.5"),
        summary=f"{SHARE} of the pushes of {JOB} to {{{{ $labels.receiver }}}} fail",
        description="Over 5 minutes; the limit is 50 %. Counts are not lost: the next push that succeeds has them.",
        runbook="See the label cause of otlp_export_failures_total, and the log. Does the receiver run? Are the "
        "endpoint and the headers right?",
        fires=Case("all time out", {exports: "0+5x60", failures: "0+5x60"}, value="100%", labels={"receiver": "a"}),
        silent=Case("one of five", {exports: "0+5x60", failures: "0+1x60"}),
    )
