"""Three events that are processed, one beyond the limit, two without a key that is known, and a look at counts."""

from fractions import Fraction

from .requests import send

SYSTEM = "event_platform"
PATH = "/metrics"


def environment():
    return {"RATE_LIMIT": "3", "CACHE_SECONDS": "3600"}


def send_round(ports, turn):
    # Limits and counts that are cached are a customer's and a kind's own: each round has others.
    key = {"x-api-key": ["key-of-ada", "key-of-bob"][turn - 1]}
    kind = ["message", "purchase"][turn - 1]
    ingest, ui, _ = ports
    for event in ("message a", "purchase b", ""):
        send(ingest, "POST /v1/events", event, 202, **key)
    send(ingest, "POST /v1/events", "message too much", 429, **key)
    send(ingest, "POST /v1/events", "message a", 401)
    send(ingest, "POST /v1/events", "message a", 401, **{"x-api-key": "key-of-eve"})
    for _ in range(2):
        send(ui, f"GET /v1/events/{kind}/count")
    send(ui, "GET /v1/events/nothing/count", "", 404)


EVENTS = {"message": 1, "purchase": 1, "other": 1}
FAILED = {"message": Fraction(0), "purchase": Fraction(0), "other": Fraction(1)}
ENDPOINT, COUNT = "/v1/events", "/v1/events/{kind}/count"
HALF = Fraction(1, 2)
# Of four tokens, in an hour.
DOLLARS = 3600 * 4 * 0.000_002

PANELS = {
    "Objectives / Ingest API: available": Fraction(1),
    "Objectives / Ingest API: p95": 6,
    "Objectives / Ingest API: burn rate": Fraction(0),
    "Objectives / UI back end: available": Fraction(1),
    "Objectives / UI back end: p95": 3,
    "Objectives / UI back end: burn rate": Fraction(0),
    "Objectives / Burn rate, 5m: Ingest API": Fraction(0),
    "Objectives / Burn rate, 5m: UI back end": Fraction(0),
    "Objectives / Burn rate, 1h: Ingest API": Fraction(0),
    "Objectives / Burn rate, 1h: UI back end": Fraction(0),
    "Ingest API / Requests by endpoint": {ENDPOINT: 6},
    "Ingest API / Statuses": {"202": 3, "401": 2, "429": 1},
    "Ingest API / p95 by endpoint": {ENDPOINT: 6},
    "Ingest API / In flight": {ENDPOINT: 0},
    "Ingest API / Rate-limit rejections": 1,
    "Ingest API / Share of rate-limit rejections": Fraction(1, 6),
    "Ingest API / Auth failures": {"no_key": 1, "unknown_key": 1},
    "Ingest API / Share of auth failures": Fraction(2, 6),
    "Queue / Depth": 0,
    "Queue / Events": 3,
    "Queue / p95 of the wait": 3,
    # It is never full.
    "Queue / Refused": {},
    "Processor / Events": EVENTS,
    "Processor / Error ratio of events": FAILED,
    "Processor / p95 of events": EVENTS,
    "Processor / Events active": dict.fromkeys(EVENTS, 0),
    "Processor / Errors by kind": {"malformed other": 1},
    "Processor / Tokens": {"message": 2, "purchase": 2},
    "Processor / Cost": DOLLARS,
    "User interface / Requests by endpoint": {COUNT: 3},
    "User interface / Statuses": {"200": 2, "404": 1},
    "User interface / p95 by endpoint": {COUNT: 3},
    "User interface / In flight": {COUNT: 0},
    "User interface / Cache: hits": 1,
    "User interface / Cache: misses": 1,
    "User interface / Cache hit ratio": HALF,
    "Process / CPU": None,
    "Process / Memory": None,
    "Process / Open files": None,
}

# What each alert compares with its limits.
MEASURES = {
    "LynexIngestBudgetBurnFast": [Fraction(0), Fraction(0), 6],
    "LynexIngestBudgetBurnMedium": [Fraction(0), Fraction(0), 6],
    "LynexIngestLatencyHigh": [6, 6],
    "LynexUiBudgetBurnFast": [Fraction(0), Fraction(0), 3],
    "LynexUiBudgetBurnMedium": [Fraction(0), Fraction(0), 3],
    "LynexUiLatencyHigh": [3, 3],
    "LynexRateLimitedHigh": [Fraction(1, 6), 6],
    "LynexAuthFailuresHigh": [Fraction(2, 6), 6],
    "LynexQueueDeep": [0],
    "LynexQueueSlow": [3, 3],
    # It is never full.
    "LynexEventsRefused": [{}],
    "LynexProcessorStalled": [0, 3],
    "LynexProcessorErrorsHigh": [FAILED, 3],
    "LynexCostHigh": [DOLLARS],
    "LynexCacheHitsLow": [HALF, 1],
    "LynexDown": [Fraction(1)],
}
FIRES = {
    "LynexRateLimitedHigh": Fraction(1, 6),
    "LynexAuthFailuresHigh": Fraction(2, 6),
    "LynexProcessorErrorsHigh": {"other": Fraction(1)},
}

# As people ask by hand, and as the guides do.
COUNTS = {
    'sum by (status_code) (lynex_ingest_http_requests_total{status_code=~"4.."})': {"401": 2, "429": 1},
    "sum by (kind) (lynex_processor_event_total)": {"message": 1, "purchase": 1, "other": 1},
}
INGEST = "lynex_ingest_http_requests_total"
GUIDES = {
    f"sum(rate({INGEST}[5m])) by (endpoint, status_code)": None,
    f'sum(rate({INGEST}{{status_code!~"5.."}}[5m])) / sum(rate({INGEST}[5m])) > bool 0.999': Fraction(1),
    "histogram_quantile(0.95, sum by (le) (rate(lynex_ingest_http_request_duration_seconds_bucket[5m])))": None,
    "histogram_quantile(0.95, sum by (le) (rate(lynex_ui_http_request_duration_seconds_bucket[5m])))": None,
    "histogram_quantile(0.95, sum by (le) (rate(lynex_processor_event_duration_seconds_bucket[5m])))": None,
}
