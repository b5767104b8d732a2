from ...alerts import JOB, SECONDS, SHARE
from ..common_alerts import enough, histogram
from ..model import Case, Measure, alert

REQUESTS = 'http_requests_total{path="/v1/models",status="200"}'
ERRORS = 'http_errors_total{path="/v1/models/{model}/stream",error="503",type="overloaded"}'
CALLS = 'llm_call_total{model="small"}'
SMALL = 'model="small"'


def alerts(q):
    return [*api(q), *models(q), *people(q.over("30m"))]


def api(q):
    streams = 'path="/v1/models/{model}/stream"'
    slow = histogram("http_request_duration_seconds", streams, le_2_0=0, le_5_0=60, le_inf=60)
    fast = histogram("http_request_duration_seconds", streams, le_2_0=60, le_5_0=60, le_inf=60)
    # Whole answers have an alert of their own: it knows the model.
    short = '{path!~".*/complete"}'
    return [
        alert(
            "LlmErrorRatioHigh",
            Measure(q.ratio("job", "http_errors_total", "http_requests_total"), "> 0.05"),
            also=[enough(q, "http_requests_total")],
            severity="critical",
            summary=f"{SHARE} of the requests to {JOB} fail",
            description="Over 5 minutes and all replicas, with the errors of clients. The limit is 5 %.",
            runbook="See the API errors by type. overloaded, broken: it is the model. invalid, not_found: it is a "
            "client.",
            fires=Case("one of ten", {REQUESTS: "0+100x60", ERRORS: "0+10x60"}, value="10%"),
            silent=Case("one of a hundred", {REQUESTS: "0+100x60", ERRORS: "0+1x60"}),
        ),
        alert(
            "LlmLatencyHigh",
            Measure(q.quantile(0.95, "job, path", f"http_request_duration_seconds_bucket{short}"), "> 2"),
            also=[enough(q, "http_requests_total")],
            summary=f"{{{{ $labels.path }}}} of {JOB} takes {SECONDS}",
            description="The 95th percentile over 5 minutes is above 2 s. A streamed answer counts with the time "
            "to its head.",
            runbook="Is it the model? Compare it with the time to the first token.",
            fires=Case(
                "all take between 2 s and 5 s",
                {REQUESTS: "0+60x60", **slow},
                value="4.85s",
                labels={"path": "/v1/models/{model}/stream"},
            ),
            silent=Case("all are faster than 2 s", {REQUESTS: "0+60x60", **fast}),
        ),
    ]


def models(q):
    call, mark = "llm_call_duration_seconds", "llm_call_first_token_seconds"
    return [
        alert(
            "LlmNoTraffic",
            Measure(q.over("15m").rate("job", "llm_call_total"), "== 0"),
            severity="critical",
            summary=f"{JOB} has no LLM traffic",
            description="No call of a model has ended for 15 minutes. Before, there were some.",
            runbook="If requests come in, see how they end. If not, look at the load balancer, at DNS, at the "
            "clients.",
            fires=Case("none from minute 30 on", {CALLS: "0+10x30 300x60"}, value="0"),
            silent=Case("ten a minute", {CALLS: "0+10x60"}),
        ),
        alert(
            "LlmModelErrorsHigh",
            Measure(q.ratio("job, model", "llm_call_errors_total", "llm_call_total"), "> 0.4"),
            also=[enough(q, "llm_call_total")],
            summary=f"{SHARE} of the calls of {{{{ $labels.model }}}} fail",
            description="Over 5 minutes. The limit is 40 %. Streams that broke off are among them, though their "
            "status is 200.",
            runbook="See the errors by kind. overloaded: send it fewer calls, or add capacity. broken: look at its "
            "log.",
            fires=Case(
                "half of them are refused",
                {CALLS: "0+60x60", 'llm_call_errors_total{model="small",error="overloaded"}': "0+30x60"},
                value="50%",
                labels={"model": "small"},
            ),
            silent=Case(
                "one of sixty breaks",
                {CALLS: "0+60x60", 'llm_call_errors_total{model="small",error="broken"}': "0+1x60"},
            ),
        ),
        alert(
            "LlmModelSlow",
            Measure(q.p95("job, model", call), "> 30"),
            also=[enough(q, "llm_call_total")],
            summary=f"{{{{ $labels.model }}}} takes {SECONDS} for an answer",
            description="The 95th percentile over 5 minutes is above 30 s, to the last token.",
            runbook="Are answers longer, or is each token slower? Compare the rates of calls and of tokens.",
            fires=Case(
                "all take between 30 s and a minute",
                {CALLS: "0+60x60", **histogram(call, SMALL, le_30_0=0, le_60_0=60, le_inf=60)},
                value="58.5s",
                labels={"model": "small"},
            ),
            silent=Case(
                "all take less than 30 s",
                {CALLS: "0+60x60", **histogram(call, SMALL, le_30_0=60, le_60_0=60, le_inf=60)},
            ),
        ),
        alert(
            "LlmFirstTokenSlow",
            Measure(q.p95("job, model", mark), "> 2"),
            also=[enough(q, "llm_call_total")],
            summary=f"{{{{ $labels.model }}}} takes {SECONDS} to its first token",
            description="The 95th percentile over 5 minutes is above 2 s: users see nothing until then.",
            runbook="Are more calls active than usual? Are prompts longer?",
            fires=Case(
                "all take between 2 s and 5 s",
                {CALLS: "0+60x60", **histogram(mark, SMALL, le_2_0=0, le_5_0=60, le_inf=60)},
                value="4.85s",
                labels={"model": "small"},
            ),
            silent=Case(
                "all take less than 2 s",
                {CALLS: "0+60x60", **histogram(mark, SMALL, le_2_0=60, le_5_0=60, le_inf=60)},
            ),
        ),
    ]


def people(q):
    begun, escalated = "conversations_total", "escalations_total"
    closed, broken = "websocket_connection_total", "websocket_connection_errors_total"
    return [
        alert(
            "LlmEscalationsHigh",
            Measure(q.ratio("job", escalated, begun), "> 0.2"),
            also=[enough(q, begun)],
            summary=f"{SHARE} of the conversations of {JOB} are escalated",
            description="A person takes them over. Over 30 minutes; the limit is 20 %.",
            runbook="Do models fail, or are they slow? If neither, read some of the answers.",
            fires=Case("three of ten", {begun: "0+10x60", escalated: "0+3x60"}, value="30%"),
            silent=Case("one of ten", {begun: "0+10x60", escalated: "0+1x60"}),
        ),
        alert(
            "LlmSocketsBreak",
            Measure(q.ratio("job", broken, closed), "> 0.6"),
            also=[enough(q, closed)],
            summary=f"{SHARE} of the WebSocket connections of {JOB} break",
            description="Clients leave without a close frame. Over 30 minutes; the limit is 60 %.",
            runbook="Does a proxy in between time out? Do clients crash?",
            fires=Case("eight of ten", {closed: "0+10x60", f'{broken}{{error="error"}}': "0+8x60"}, value="80%"),
            silent=Case("one of ten", {closed: "0+10x60", f'{broken}{{error="error"}}': "0+1x60"}),
        ),
    ]
