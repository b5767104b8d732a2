"""The queries that dashboards and alerts ask of counters, gauges and histograms, each written once."""

from .text import block


class Queries:
    """What happened within a window."""

    def __init__(self, window):
        self.window = window

    def rise(self, series):
        """What a counter rises by, a second."""
        return f"rate({series}[{self.window}])"

    def rate(self, by, series):
        return self.named(by, f"sum by ({by}) ({self.rise(series)})")

    def ratio(self, by, part, whole):
        """What has no series yet is 0, and what has no requests has no ratio."""
        parts = [part] if isinstance(part, str) else part
        return self.named(
            by,
            block(
                """
                (
                  sum by (@by@) (@part@)
                  or
                  0 * sum by (@by@) (@whole@)
                )
                /
                (sum by (@by@) (@whole@) > 0)
                """,
                by=by,
                part="\nor ".join(self.rise(part) for part in parts),
                whole=self.rise(whole),
            ),
        )

    def quantile(self, q, by, buckets):
        labels = f"{by}, le" if by else "le"
        return self.named(by, f"histogram_quantile({q}, sum by ({labels}) ({self.rise(buckets)}))")

    def named(self, by, query):
        """The query, once labels that have no value got a name."""
        return query
