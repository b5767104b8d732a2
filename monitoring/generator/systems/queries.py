"""The queries of one system's dashboard and alerts."""

from ..promql import Queries


class SystemQueries(Queries):
    """Of families that are named as they are exposed, `db_query_total{table="users"}`: the target is added."""

    def __init__(self, target, window):
        super().__init__(window)
        self.target = target

    def select(self, series):
        family, _, own = series.partition("{")
        matchers = [*self.target, own.removesuffix("}")] if own else self.target
        return f"{family}{{{','.join(matchers)}}}"

    def rise(self, series):
        return super().rise(self.select(series))

    def level(self, by, gauge):
        """What a gauge is now."""
        return f"sum by ({by}) ({self.select(gauge)})"

    def part(self, by, gauge, of):
        """One gauge as a share of another."""
        return f"{self.level(by, gauge)}\n/\n{self.level(by, of)}"

    def share(self, by, hits, misses):
        """Of two counters, what the first is of both."""
        hit, missed = self.rate(by, hits), self.rate(by, misses)
        return f"{hit}\n/\n({hit} + {missed} > 0)"

    def mean(self, by, histogram):
        sums, counts = (f"sum by ({by}) ({self.rise(f'{histogram}_{end}')})" for end in ("sum", "count"))
        return f"{sums}\n/\n({counts} > 0)"

    def p95(self, by, histogram):
        return self.quantile(0.95, by, f"{histogram}_bucket")

    def over(self, window):
        return type(self)(self.target, window)


class Totals(SystemQueries):
    """
    The same queries of all that was ever counted, without any window: what they answer can be told beforehand.
    Of a quantile it is the number of durations.
    """

    def rise(self, series):
        return self.select(series)

    def quantile(self, q, by, buckets):
        return self.rate(by, buckets.replace("_bucket", "_count"))
