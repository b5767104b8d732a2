"""Alerts on objectives. The long window says that it matters, the short one that it still goes on."""

from .. import settings as s
from ..text import block, number
from .model import JOB, SHARE
from .requests import watched

LONGEST = "3d"


def budgets(a):
    burn(
        a,
        "errors",
        "Error",
        "availability",
        "failed",
        "more requests fail than the error budget of 30 days allows",
        f"Look for the failing routes and their cause, as for {a.name('ErrorRatioHigh')}.",
    )
    burn(
        a,
        "slow",
        "Latency",
        "latency",
        f"took longer than {a.limit('latency_seconds')}",
        "more requests are slow than the latency budget of 30 days allows",
        f"See the overview for the slowest routes, and go on as for {a.name('LatencyHigh')}.",
    )


def burn(a, metric, what, objective, details, means, look):
    r = a.r
    for name, long, short, factor, severity, wait in s.BURNS:
        times = "" if factor == 1 else f"{number(factor)} times "
        allowed = f"> on (job) {'' if factor == 1 else f'{number(factor)} * '}(1 - {r.threshold(objective)})"
        # Nothing is kept of the service for three days but the ratio: the short window has the traffic.
        requests = r("job", "requests", f"rate{short if long == LONGEST else long}")
        critical = severity == "critical"
        expr = block(
            """
            @ratio@@long@ @allowed@
            and on (job) @ratio@@short@ @allowed@
            and on (job) @volume@
            """,
            ratio=r("job", metric, "ratio_rate"),
            long=long,
            short=short,
            allowed=allowed,
            volume=a.above(requests, "page_rate" if critical else "min_rate"),
        )
        if critical and metric == "errors":
            failed = a.above(watched(r, metric, f"rate{long}", metric), "page_error_rate")
            expr += "\n" + block("and on (job) @failed@", failed=failed)
        before = f"last_over_time({r('job', 'requests', 'rate5m')}[{long}] offset {long})"
        expr += f"\n# It was there before the window began.\nand on (job) {before}"
        a.add(
            f"{what}BudgetBurn{name}",
            expr,
            wait,
            severity,
            f"{JOB} spends its {what.lower()} budget at more than {times}the allowed rate",
            f"{SHARE} of the requests of the last {long} {details}. The objective over 30 days is "
            f"{a.limit(objective)}.",
            means=f"Over the last {long}, and still over the last {short}, {means}: {times or 'just '}too fast. "
            "It needs "
            f"{long} of data before it can fire.",
            look=look,
            act="Act now: stop what causes it, or roll back."
            if critical
            else "Find the cause in working hours. When the budget is spent, reliability comes before features.",
        )
