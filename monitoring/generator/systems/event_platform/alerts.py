from ... import settings as s
from ...alerts import NUMBER, SECONDS, SHARE
from ...text import number
from ..common_alerts import ENOUGH, cache, down, enough, histogram
from ..model import Case, Measure, alert
from .objectives import APIS, P95, burn, seconds

QUEUE, EVENT = "lynex_processor_queue", "lynex_processor_event"
GOOD = 'lynex_ingest_http_requests_total{endpoint="/v1/events",status_code="202"}'


def alerts(q):
    return [
        *[one for api, title in APIS.items() for one in objectives(q, api, title)],
        *refusals(q),
        *queue(q),
        *processor(q),
        cache(q, "LynexCacheHitsLow", "lynex_ui_"),
        down(q, "LynexDown", "The event platform"),
    ]


def objectives(q, api, title):
    family = f"lynex_{api}_http_requests_total"
    labels = 'endpoint="/v1/events"'
    good, bad = (f'{family}{{{labels},status_code="{code}"}}' for code in ["200", "503"])
    # What takes three days is left to recording rules.
    for name, long, short, factor, severity, wait in s.BURNS[:2]:
        limit = f"> {number(factor)}"
        yield alert(
            f"Lynex{api.capitalize()}BudgetBurn{name}",
            Measure(burn(q.over(long), api), limit),
            also=[Measure(burn(q.over(short), api), limit), Measure(q.over(long).rate("job", family), ENOUGH)],
            wait=wait,
            severity=severity,
            summary=f"{title} spends its error budget {NUMBER} times too fast",
            description=f"Over {long}, and still over {short}. The objective is that 99.9 % of the requests of 30 "
            f"days do not end with a 5xx. The limit is {number(factor)} times.",
            runbook="See the statuses. A 503 of the ingest API says that the queue is full: look at the processor.",
            fires=Case("a tenth fails", {good: "0+90x480", bad: "0+10x480"}, value="100", minute=480),
            silent=Case("one of a thousand fails", {good: "0+999x480", bad: "0+1x480"}, minute=480),
        )
    yield alert(
        f"Lynex{api.capitalize()}LatencyHigh",
        Measure(q.p95("job", seconds(api)), f"> {number(P95)}"),
        also=[enough(q, family)],
        summary=f"{title} takes {SECONDS}",
        description="The 95th percentile over 5 minutes is above the objective of 0.5 s.",
        runbook="Is it one endpoint? Is the machine busy?",
        fires=Case(
            "all take between 0.5 s and 0.75 s",
            {good: "0+60x60", **histogram(seconds(api), labels, le_0_5=0, le_0_75=60, le_inf=60)},
            value="737.5ms",
        ),
        silent=Case(
            "all take less than 0.5 s",
            {good: "0+60x60", **histogram(seconds(api), labels, le_0_5=60, le_0_75=60, le_inf=60)},
        ),
    )


def refusals(q):
    requests, limited = "lynex_ingest_http_requests_total", "lynex_ingest_rate_limited_total"
    failures = "lynex_ingest_auth_failures_total"
    return [
        alert(
            "LynexRateLimitedHigh",
            Measure(q.ratio("job", limited, requests), "> 0.1"),
            also=[enough(q, requests)],
            summary=f"{SHARE} of the requests exceed a customer's rate limit",
            description="Over 5 minutes. The limit is 10 %.",
            runbook="One customer, or many? Talk to that one, or raise the limit for all.",
            fires=Case("a fifth", {GOOD: "0+100x60", limited: "0+20x60"}, value="20%"),
            silent=Case("one of a hundred", {GOOD: "0+100x60", limited: "0+1x60"}),
        ),
        alert(
            "LynexAuthFailuresHigh",
            Measure(q.ratio("job", failures, requests), "> 0.25"),
            also=[enough(q, requests)],
            summary=f"{SHARE} of the requests have no valid key",
            description="Over 5 minutes. The limit is 25 %.",
            runbook="See the reason. no_key: a client is configured wrong. unknown_key: a key was withdrawn, or "
            "somebody guesses keys.",
            fires=Case("a half", {GOOD: "0+100x60", f'{failures}{{reason="no_key"}}': "0+50x60"}, value="50%"),
            silent=Case("a tenth", {GOOD: "0+100x60", f'{failures}{{reason="no_key"}}': "0+10x60"}),
        ),
    ]


def queue(q):
    waits = f"{QUEUE}_duration_seconds"
    return [
        alert(
            "LynexQueueDeep",
            Measure(q.level("job", f"{QUEUE}_active"), "> 500"),
            wait="5m",
            summary=f"{NUMBER} events wait for the processor",
            description="Half of the room is taken. Beyond 1 000, the API answers 503.",
            runbook="Does the processor work, and how long does an event take? Are there more events than usual?",
            fires=Case("it grows", {f"{QUEUE}_active": "0+20x60"}, value="1.2k"),
            silent=Case("some wait", {f"{QUEUE}_active": "20x60"}),
        ),
        alert(
            "LynexQueueSlow",
            Measure(q.p95("job", waits), "> 0.5"),
            also=[enough(q, f"{QUEUE}_total")],
            summary=f"Events wait {SECONDS} for the processor",
            description="The 95th percentile over 5 minutes is above 0.5 s.",
            runbook="As for LynexQueueDeep.",
            fires=Case(
                "all wait between 0.5 s and 1 s",
                {f"{QUEUE}_total": "0+60x60", **histogram(waits, "", le_0_5=0, le_1_0=60, le_inf=60)},
                value="975ms",
            ),
            silent=Case(
                "all wait less than 0.5 s",
                {f"{QUEUE}_total": "0+60x60", **histogram(waits, "", le_0_5=60, le_1_0=60, le_inf=60)},
            ),
        ),
        alert(
            "LynexEventsRefused",
            Measure(q.rate("job", f'{QUEUE}_errors_total{{error="full"}}'), "> 0"),
            wait="1m",
            severity="critical",
            summary=f"{NUMBER} events a second are refused",
            description="The queue is full. Customers are answered 503.",
            runbook="As for LynexQueueDeep. Customers who retry make it worse: lower their rate limit.",
            fires=Case("one a second", {f'{QUEUE}_errors_total{{error="full"}}': "0+60x60"}, value="1"),
            silent=Case("none for an hour", {f'{QUEUE}_errors_total{{error="full"}}': "60x60"}),
        ),
    ]


def processor(q):
    cost = "lynex_processor_cost_dollars_total"
    return [
        alert(
            "LynexProcessorStalled",
            Measure(q.level("job", f"{QUEUE}_active"), "> 0"),
            unless=[Measure(q.rate("job", f"{EVENT}_total"), "> 0")],
            wait="5m",
            severity="critical",
            summary=f"{NUMBER} events wait, and none is processed",
            description="No event has ended for 5 minutes, neither well nor with an error.",
            runbook="Look at the log, and at the kind of the event that is active. A restart loses the events "
            "that wait.",
            fires=Case("it stands still", {f"{QUEUE}_active": "7x60", f"{EVENT}_total": "5x60"}, value="7"),
            silent=Case("it works", {f"{QUEUE}_active": "7x60", f"{EVENT}_total": "0+5x60"}),
        ),
        alert(
            "LynexProcessorErrorsHigh",
            Measure(q.ratio("job, kind", f"{EVENT}_errors_total", f"{EVENT}_total"), "> 0.6"),
            also=[enough(q, f"{EVENT}_total")],
            summary=f"{SHARE} of the events of the kind {{{{ $labels.kind }}}} fail",
            description="Over 5 minutes. The limit is 60 %: many events of the kind other are malformed.",
            runbook="See the errors by kind. malformed: a customer sends events that cannot be read.",
            fires=Case(
                "nine of ten",
                {
                    f'{EVENT}_total{{kind="other"}}': "0+10x60",
                    f'{EVENT}_errors_total{{kind="other",error="malformed"}}': "0+9x60",
                },
                value="90%",
                labels={"kind": "other"},
            ),
            silent=Case(
                "one of ten",
                {
                    f'{EVENT}_total{{kind="other"}}': "0+10x60",
                    f'{EVENT}_errors_total{{kind="other",error="malformed"}}': "0+1x60",
                },
            ),
        ),
        alert(
            "LynexCostHigh",
            Measure(f"3600 * {q.over('1h').rate('job', cost)}", "> 10"),
            summary=f"Tokens cost {NUMBER} dollars an hour",
            description="Over an hour. The limit is 10 dollars.",
            runbook="See the tokens by kind. Are there more events, or longer ones? Whose are they?",
            fires=Case("twenty-four", {cost: "0+0.4x60"}, value="24"),
            silent=Case("six", {cost: "0+0.1x60"}),
        ),
    ]
