"""The names of families and labels, per convention: the one place that knows them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Source:
    """A family, and which of its series are meant."""

    family: str
    matchers: tuple = ()
    # Its calls are named by `rpc_method`, without the slash that a route begins with. This is the label that
    # they are a route in.
    rpc_route: str = ""

    def select(self, *matchers):
        every = ",".join([*self.matchers, *matchers])
        return f"{self.family}{{{every}}}" if every else self.family


@dataclass(frozen=True)
class Client:
    """The names of outgoing requests."""

    # What the names of recorded series begin with.
    word: str
    peer: str
    route: str
    status: str
    error: str
    cancelled_by: str
    requests: tuple
    errors: tuple
    # Those errors that came instead of a response.
    no_response: tuple
    cancelled: tuple
    buckets: tuple
    seconds: str
    in_flight: str
    in_flight_by: str
    grpc: Source
    grpc_buckets: Source


@dataclass(frozen=True)
class Convention:
    name: str
    title: str
    # What the names of recorded series and of dashboards begin with.
    word: str
    slug: str
    namespace: str

    method: str
    route: str
    status: str
    error: str
    # What tells cancelled requests apart, and how a legend calls it.
    cancelled_by: str

    # Several sources are added up. The first is HTTP.
    requests: tuple
    errors: tuple
    cancelled: tuple
    buckets: tuple
    # The histogram's name, without `_bucket`.
    seconds: str

    in_flight: str
    in_flight_by: str
    in_flight_by_route: bool
    label_sets: str
    overflowed: str

    grpc: Source
    grpc_buckets: Source
    grpc_route: str
    grpc_code: str

    client: Client

    @property
    def prefix(self):
        """What alerts are called in front of `Http`, so that two namespaces stay apart."""
        return "".join(part.capitalize() for part in self.namespace.split("_"))


# The endpoint's own, where it is `.instrumented()`. They belong to no layer, and so have no namespace.
SCRAPES = "exposition_scrapes_total"
SCRAPE_SECONDS = "exposition_scrape_duration_seconds"

# gRPC codes for which the server is at fault. So it is for UNIMPLEMENTED, but not where the client invented
# the method: those are `_unmatched` or `_OTHER`.
GRPC_FAULTS = "UNKNOWN|DEADLINE_EXCEEDED|INTERNAL|UNAVAILABLE|DATA_LOSS"
UNIMPLEMENTED = "UNIMPLEMENTED"
INVENTED = "_unmatched|(.*/)?_OTHER"

# The default buckets. Only the tests need them: queries take what is there.
BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0]


def conventions(namespace=""):
    n = f"{namespace}_" if namespace else ""
    slug = f"-{namespace.replace('_', '-')}" if namespace else ""
    suffix = f" of {namespace}" if namespace else ""

    http = f"{n}http_server_request_duration_seconds"
    rpc = f"{n}rpc_server_call_duration_seconds"

    return [
        Convention(
            name="prometheus",
            title=suffix,
            word=f"{n}http",
            slug=f"tower-red{slug}",
            namespace=namespace,
            method="method",
            route="route",
            status="status",
            error="error",
            cancelled_by="phase",
            requests=(Source(f"{n}http_requests_total"),),
            errors=(Source(f"{n}http_errors_total"),),
            cancelled=(Source(f"{n}http_requests_cancelled_total"),),
            buckets=(Source(f"{n}http_request_duration_seconds_bucket"),),
            seconds=f"{n}http_request_duration_seconds",
            in_flight=f"{n}http_requests_in_flight",
            in_flight_by="route",
            in_flight_by_route=True,
            label_sets=f"{n}http_label_sets",
            overflowed=f"{n}http_overflowed_requests_total",
            grpc=Source(f"{n}http_requests_total", ('grpc_status!=""',)),
            grpc_buckets=Source(f"{n}http_request_duration_seconds_bucket", ('grpc_status!=""',)),
            grpc_route="route",
            grpc_code="grpc_status",
            client=prometheus_client(f"{n}http_client"),
        ),
        Convention(
            name="opentelemetry",
            title=f"{suffix} (OpenTelemetry names)",
            word=f"{n}http_server",
            slug=f"tower-red-otel{slug}",
            namespace=namespace,
            method="http_request_method",
            route="http_route",
            status="http_response_status_code",
            error="error_type",
            # No phase here. A request that was dropped before its head has no status.
            cancelled_by="http_response_status_code",
            # gRPC calls have families of their own, and are requests to the service all the same. There
            # is no counter beside the histogram, nor one of errors: the histogram counts.
            requests=(Source(f"{http}_count"), Source(f"{rpc}_count", rpc_route="http_route")),
            errors=(
                Source(f"{http}_count", ('error_type!~"|cancelled"',)),
                # Every code but OK is an `error_type` there, also those that the client is at fault for.
                Source(
                    f"{rpc}_count", (f'error_type=~"panic|service|body|{GRPC_FAULTS}"',), rpc_route="http_route"
                ),
                Source(
                    f"{rpc}_count",
                    (f'error_type="{UNIMPLEMENTED}"', f'rpc_method!~"{INVENTED}"'),
                    rpc_route="http_route",
                ),
            ),
            cancelled=(
                Source(f"{http}_count", ('error_type="cancelled"',)),
                # Also where the handler itself answered that: the convention has no word for the difference.
                Source(f"{rpc}_count", ('error_type="CANCELLED"',), rpc_route="http_route"),
            ),
            buckets=(Source(f"{http}_bucket"), Source(f"{rpc}_bucket", rpc_route="http_route")),
            seconds=http,
            in_flight=f"{n}http_server_active_requests",
            in_flight_by="http_request_method",
            in_flight_by_route=False,
            label_sets=f"{n}http_server_label_sets",
            overflowed=f"{n}http_server_overflowed_requests_total",
            grpc=Source(f"{rpc}_count", ('rpc_system_name="grpc"',)),
            grpc_buckets=Source(f"{rpc}_bucket", ('rpc_system_name="grpc"',)),
            grpc_route="rpc_method",
            grpc_code="rpc_response_status_code",
            client=open_telemetry_client(f"{n}http_client", f"{n}rpc_client_call_duration_seconds"),
        ),
    ]


def prometheus_client(word):
    return Client(
        word=word,
        peer="peer",
        route="route",
        status="status",
        error="error",
        cancelled_by="phase",
        requests=(Source(f"{word}_requests_total"),),
        errors=(Source(f"{word}_errors_total"),),
        no_response=(Source(f"{word}_errors_total", ('error="service"',)),),
        cancelled=(Source(f"{word}_requests_cancelled_total"),),
        # Both conventions call the histogram of a client the same: the method's label tells them apart.
        buckets=(Source(f"{word}_request_duration_seconds_bucket", ('method!=""',)),),
        seconds=f"{word}_request_duration_seconds",
        in_flight=f"{word}_requests_in_flight",
        in_flight_by="peer",
        grpc=Source(f"{word}_requests_total", ('grpc_status!=""',)),
        grpc_buckets=Source(f"{word}_request_duration_seconds_bucket", ('grpc_status!=""',)),
    )


def open_telemetry_client(word, rpc):
    """Its histogram counts, as a server's does. Every gRPC code but OK is an error of a client."""
    http, route = f"{word}_request_duration_seconds", "url_template"
    every = lambda suffix, *matchers: (
        Source(f"{http}_{suffix}", ('http_request_method!=""', *matchers)),
        Source(f"{rpc}_{suffix}", matchers, rpc_route=route),
    )
    return Client(
        word=word,
        peer="server_address",
        route=route,
        status="http_response_status_code",
        error="error_type",
        cancelled_by="http_response_status_code",
        requests=every("count"),
        errors=every("count", 'error_type!~"|cancelled|CANCELLED"'),
        no_response=every("count", 'error_type="service"'),
        cancelled=every("count", 'error_type=~"cancelled|CANCELLED"'),
        buckets=every("bucket"),
        seconds=http,
        in_flight=f"{word}_active_requests",
        in_flight_by="server_address",
        grpc=Source(f"{rpc}_count"),
        grpc_buckets=Source(f"{rpc}_bucket"),
    )
