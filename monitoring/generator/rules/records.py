"""The names of recorded series."""

from .. import settings as s


class Records:
    """The names of recorded series, `level:metric:operation`, and the labels of each level."""

    def __init__(self, convention):
        self.c = convention
        w = convention.word
        client = convention.client
        self.levels = {
            "route": f"job_{convention.route}",
            "job": "job",
            "instance": "job_instance",
            "peer": f"job_{client.peer}",
            "peer_route": f"job_{client.peer}_{client.route}",
        }
        self.labels = {
            "route": f"job, {convention.route}",
            "job": "job",
            "instance": "job, instance",
            "peer": f"job, {client.peer}",
            "peer_route": f"job, {client.peer}, {client.route}",
        }
        self.metrics = {
            "requests": f"{w}_requests",
            "errors": f"{w}_errors",
            "cancelled": f"{w}_requests_cancelled",
            "slow": f"{w}_requests_slow",
            "seconds": convention.seconds,
            "label_sets": f"{w}_label_sets",
            "overflowed": f"{w}_overflowed_requests",
            "service": f"{w}_service",
            "client_requests": f"{client.word}_requests",
            "client_errors": f"{client.word}_errors",
            "client_cancelled": f"{client.word}_requests_cancelled",
            "client_no_response": f"{client.word}_requests_no_response",
            "client_seconds": client.seconds,
        }
        self.evaluations = f"global:{w}_rules:evaluations"

    def __call__(self, level, metric, operation):
        return f"{self.levels[level]}:{self.metrics[metric]}:{operation}"

    def buckets(self, level):
        return f"{self.levels[level]}_le:{self.c.seconds}_bucket:rate5m"

    def setting(self, name):
        """The series in `settings.yaml`: one without a job, and one for each job that has its own."""
        kind = "objective" if name in [key for key, *_ in s.OBJECTIVES] else "threshold"
        return f"{self.c.word}:{kind}:{name}"

    def threshold(self, name):
        """What holds for each job."""
        return f"job:{self.setting(name).replace(':', '_', 1)}"

    @property
    def latency_bound(self):
        """The buckets' bounds that are the latency objective, as a label."""
        return f"job_le:{self.c.word}_objective:latency_bound"

    def excluded(self, what):
        return f"{self.c.word}:exclude:{what}"

    def watched(self, series, what):
        """All routes but those that the settings leave out of `what`."""
        route = self.c.client.route if what.startswith("client") else self.c.route
        return f"{series}\nunless on (job, {route}) {self.excluded(what)}"
