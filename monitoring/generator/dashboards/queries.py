"""The queries of the dashboards. Each is written once, for whichever convention."""

from ..conventions import GRPC_FAULTS, INVENTED, UNIMPLEMENTED
from ..promql import Queries
from ..text import block

WINDOW = "$__rate_interval"
NO_ROUTE = "(no route)"


class HttpQueries(Queries):
    def __init__(self, convention):
        super().__init__(WINDOW)
        self.c = convention
        c = convention
        target = ['job=~"$job"', 'instance=~"$instance"']
        by_route = [*target, f'{c.route}=~"$route"']
        self.target = ",".join(target)
        self.requests = c.requests[0].select(*by_route)
        self.errors = c.errors[0].select(*by_route)
        self.cancelled = c.cancelled[0].select(*by_route)
        self.buckets = c.buckets[0].select(*by_route)
        self.sum = f"{c.seconds}_sum{{{','.join(by_route)}}}"
        self.count = f"{c.seconds}_count{{{','.join(by_route)}}}"
        in_flight = by_route if c.in_flight_by_route else target
        self.in_flight = f"{c.in_flight}{{{','.join(in_flight)}}}"
        calls = [*target, f'{c.grpc_route}=~"$route"']
        self.calls = c.grpc.select(*calls)
        self.call_faults = (
            c.grpc.select(*calls, f'{c.grpc_code}=~"{GRPC_FAULTS}"'),
            c.grpc.select(*calls, f'{c.grpc_code}="{UNIMPLEMENTED}"', f'{c.grpc_route}!~"{INVENTED}"'),
        )
        self.call_buckets = c.grpc_buckets.select(*calls)

    def named(self, by, query):
        """Gives a name to requests of no route, where the convention leaves the label out."""
        label = self.c.route
        if self.c.name == "prometheus" or label not in [part.strip() for part in by.split(",")]:
            return query
        return block(f'label_replace(\n  @query@,\n  "{label}", "{NO_ROUTE}", "{label}", ""\n)', query=query)
