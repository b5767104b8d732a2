"""The objectives of both APIs: 99.9 % available, and a 95th percentile below half a second."""

from ... import settings as s
from ...text import number

ALLOWED = 1 - s.default("availability")
P95 = s.default("latency_seconds")
APIS = {"ingest": "Ingest API", "ui": "UI back end"}


def seconds(api):
    return f"lynex_{api}_http_request_duration_seconds"


def available(q, api):
    """The share of requests that the service is not to blame for."""
    family = f"lynex_{api}_http_requests_total"
    return q.ratio("job", f'{family}{{status_code!~"5.."}}', family)


def burn(q, api):
    """How many times too fast the error budget is spent."""
    family = f"lynex_{api}_http_requests_total"
    bad = q.ratio("job", f'{family}{{status_code=~"5.."}}', family)
    return f"{bad}\n/ {number(ALLOWED)}"
