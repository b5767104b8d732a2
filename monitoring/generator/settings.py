"""The numbers that a user may want to change. Change one here, run `generate.py`, and all of it follows."""

# More than this share of failed requests is too much, of a service or of one of its routes.
ERROR_RATIO = 0.05
# The same for requests that were dropped before their end.
CANCELLED_RATIO = 0.10
# A route whose 95th percentile is above this many seconds is slow.
LATENCY_P95 = 1.0
# Requests a second. Below it a ratio says little, and no alert looks at it: 0.02 are six in five minutes.
MIN_RATE = 0.02

# The objectives: this share of requests does not fail ...
AVAILABILITY_OBJECTIVE = 0.999
# ... and this share takes no longer than so many seconds, which must be a bound of the histogram.
LATENCY_OBJECTIVE = 0.95
LATENCY_THRESHOLD = 0.5
# Routes that are slow by design (streams, long polls), as a regular expression. They are left out of the
# latency alert and of the latency objective. Empty: none.
STREAMING_ROUTES = ""

# One replica against the rest of its service: this many times worse, and at least this bad.
REPLICA_FACTOR = 3
REPLICA_ERROR_RATIO = 0.05
REPLICA_P95 = 0.25

# The layer's budget of label sets (`max_label_sets`), the share of it that is worth a look, and how many
# new ones within an hour are.
LABEL_SETS = 4000
LABEL_SETS_SHARE = 0.8
LABEL_SETS_GROWTH = 200

# The burn rates that alert, as (name, long window, short window, factor, severity, for). A factor of 1
# spends the budget of 30 days in 30 days; 14.4 spends 2 % of it in an hour, 6 spends 5 % in six.
BURNS = [
    ("Fast", "1h", "5m", 14.4, "critical", "2m"),
    ("Medium", "6h", "30m", 6, "critical", "15m"),
    ("Slow", "3d", "6h", 1, "warning", "1h"),
]
