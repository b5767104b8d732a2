"""
What the generator writes down once. Thresholds, objectives and exclusions are no part of it beyond their
defaults: `settings.yaml` has them as series, to be changed there.
"""

# Where the runbook and Grafana are, as links of alerts begin. A path of the repository and one of Grafana by
# default: `generate.py --runbook URL --grafana URL` makes links of them that work from anywhere.
RUNBOOK = "monitoring/runbook.md"
GRAFANA = ""

# The limits of the bundled dashboards' colours are the defaults too. (name, value, what it means)
THRESHOLDS = [
    (
        "error_ratio",
        0.05,
        "The share of failed requests that is too much, of a service and of each of its routes.",
    ),
    ("cancelled_ratio", 0.1, "The share of requests that were dropped before their end, of a service."),
    ("latency_p95", 1.0, "Seconds that the 95th percentile of a route may take."),
    (
        "min_rate",
        0.02,
        "Requests a second below which a ratio or a percentile says little, and nothing alerts on it: six in "
        "five minutes.",
    ),
    (
        "page_rate",
        0.2,
        "Requests a second below which nothing is critical, as a mean over the last hour or longer: 720 an hour.",
    ),
    (
        "page_error_rate",
        0.02,
        "Failed requests a second below which no error ratio is critical: six in five minutes, 72 an hour.",
    ),
    ("replica_factor", 3, "One replica against the others: this many times worse ..."),
    ("replica_error_ratio", 0.05, "... and at least this share of failed requests ..."),
    ("replica_p95", 0.25, "... or at least this 95th percentile, in seconds."),
    ("label_sets", 4000, "The layer's budget of label sets (`max_label_sets`)."),
    ("label_sets_growth", 200, "New label sets within an hour that are worth a look."),
]
CLIENT_THRESHOLDS = [
    ("client_error_ratio", 0.05, "Outgoing requests: the share of failed ones that is too much, of each peer."),
    ("client_cancelled_ratio", 0.1, "The share that the service gave up before their end, of each peer."),
    ("client_no_response_ratio", 0.01, "The share that failed without any response, of each peer."),
    ("client_latency_p95", 1.0, "Seconds that the 95th percentile of a peer's route may take."),
]
OBJECTIVES = [
    ("availability", 0.999, "The share of requests that must not fail, over 30 days."),
    ("latency", 0.95, "The share of requests that must be fast enough, over 30 days ..."),
    (
        "latency_seconds",
        0.5,
        "... and how long that is, in seconds. It must be a bucket's bound of the histogram.",
    ),
]
# What a route can be left out of, and what that means.
EXCLUSIONS = {
    "errors": "its errors, in the error ratios and the error budget",
    "cancelled": "its cancelled requests, in the cancelled ratio",
    "latency": "its durations, in the latency alert and the latency budget",
    "client_errors": "failed outgoing requests, in the ratios of peers",
    "client_latency": "durations of outgoing requests",
}

# The share of the budget of label sets that is worth a look.
LABEL_SETS_SHARE = 0.8

# The burn rates that alert, as (name, long window, short window, factor, severity, for). A factor of 1
# spends the budget of 30 days in 30 days; 14.4 spends 2 % of it in an hour, 6 spends 5 % in six.
BURNS = [
    ("Fast", "1h", "5m", 14.4, "critical", "2m"),
    ("Medium", "6h", "30m", 6, "critical", "15m"),
    ("Slow", "3d", "6h", 1, "warning", "1h"),
]


def default(name):
    for key, value, _ in THRESHOLDS + CLIENT_THRESHOLDS + OBJECTIVES:
        if key == name:
            return value
    raise KeyError(name)
