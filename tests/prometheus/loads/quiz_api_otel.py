"""The same with OpenTelemetry's names for requests: what there is no dashboard of its own for."""

from .quiz_api import PATH, SYSTEM, send_round

__all__ = ["COUNTS", "FIRES", "GUIDES", "MEASURES", "PANELS", "PATH", "SYSTEM", "environment", "send_round"]


def environment():
    return {"NAMING": "opentelemetry", "SESSION_IDLE_SECONDS": "3600"}


PANELS, MEASURES, FIRES = {}, {}, {}
COUNTS = {
    'sum by (http_route) (http_server_request_duration_seconds_count{http_response_status_code=~"4..|5.."})': {
        "/v1/users": 1,
        "/v1/sessions/{id}/question": 1,
    },
}
GUIDES = {
    "histogram_quantile(0.95,"
    " sum(rate(http_server_request_duration_seconds_bucket[5m])) by (le, http_route))": None,
    'sum(rate(http_server_request_duration_seconds_count{http_response_status_code=~"4..|5.."}[5m]))'
    " by (http_route)": None,
}
