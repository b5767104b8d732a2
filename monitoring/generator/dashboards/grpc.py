"""The gRPC methods of a service."""

from ..conventions import GRPC_FAULTS
from ..grafana import PLAIN_STEPS, Row, Target
from .frame import dashboard, instance_variable, job_variable, method_variable
from .panels import CANCELLED_STEPS, ERROR_STEPS, LATENCY_STEPS, graph, label, quantiles, stat
from .queries import HttpQueries


def grpc(c, slugs):
    q = HttpQueries(c)
    route, code = c.grpc_route, c.grpc_code
    needs = ("grpc",)
    not_ok = q.calls[:-1] + f',{code}!="OK"}}'
    dropped = q.calls[:-1] + f',{code}=~"CANCELLED|DEADLINE_EXCEEDED"}}'
    rows = [
        Row(
            "Now",
            [
                stat(
                    "Calls",
                    "Finished calls a second.",
                    "reqps",
                    q.rate("job", q.calls),
                    PLAIN_STEPS,
                    needs=needs,
                    width=6,
                ),
                stat(
                    "Errors",
                    f"The share of calls that the server is at fault for: {GRPC_FAULTS.replace('|', ', ')}, and "
                    "UNIMPLEMENTED where the method is known.",
                    "percentunit",
                    q.ratio("job", q.call_faults, q.calls),
                    ERROR_STEPS,
                    needs=needs,
                    width=6,
                ),
                stat(
                    "p95",
                    "95 of 100 calls are faster, to the trailers.",
                    "s",
                    q.quantile(0.95, "job", q.call_buckets),
                    LATENCY_STEPS,
                    needs=needs,
                    width=6,
                ),
                stat(
                    "Cancelled or too late",
                    "The share of calls that ended as CANCELLED or DEADLINE_EXCEEDED.",
                    "percentunit",
                    q.ratio("job", dropped, q.calls),
                    CANCELLED_STEPS,
                    needs=needs,
                    width=6,
                ),
            ],
        ),
        Row(
            "Calls",
            [
                graph(
                    "Calls by method",
                    "Finished calls a second.",
                    "reqps",
                    Target(q.rate(route, q.calls), label(route), needs),
                    stack=True,
                ),
                graph(
                    "Calls by code",
                    "All of them, OK too.",
                    "reqps",
                    Target(q.rate(code, q.calls), label(code), needs),
                    stack=True,
                ),
                graph(
                    "Error ratio by method",
                    "Of codes that the server is at fault for.",
                    "percentunit",
                    Target(q.ratio(route, q.call_faults, q.calls), label(route), needs),
                    steps=ERROR_STEPS,
                ),
                graph(
                    "Not OK, by method and code",
                    "Also what the client is at fault for.",
                    "reqps",
                    Target(q.rate(f"{route}, {code}", not_ok), f"{label(route)} {label(code)}", ("grpc", "errors")),
                    stack=True,
                ),
            ],
        ),
        Row(
            "Duration",
            [
                graph(
                    "Latency",
                    "Over all methods. A declared stream counts with the time to its head.",
                    "s",
                    *quantiles(q, "", q.call_buckets, needs),
                    steps=LATENCY_STEPS,
                ),
                graph(
                    "Slowest methods, p95",
                    "The ten slowest at each moment.",
                    "s",
                    Target(f"topk(10, {q.quantile(0.95, route, q.call_buckets)})", label(route), needs),
                    steps=LATENCY_STEPS,
                ),
            ],
        ),
        Row(
            "Replicas",
            [
                graph(
                    "Calls by replica",
                    "Long-lived connections spread unevenly: balance by call.",
                    "reqps",
                    Target(q.rate("instance", q.calls), "{{instance}}", needs),
                    width=8,
                ),
                graph(
                    "Error ratio by replica",
                    "One line above the others: a sick replica.",
                    "percentunit",
                    Target(q.ratio("instance", q.call_faults, q.calls), "{{instance}}", needs),
                    width=8,
                    steps=ERROR_STEPS,
                ),
                graph(
                    "p95 by replica",
                    "One line above the others: a slow node.",
                    "s",
                    Target(q.quantile(0.95, "instance", q.call_buckets), "{{instance}}", needs),
                    width=8,
                    steps=LATENCY_STEPS,
                ),
            ],
        ),
    ]
    return dashboard(
        c,
        slugs["grpc"],
        f"gRPC{c.title}",
        "The gRPC methods of a service.",
        rows,
        [job_variable(c), instance_variable(c), method_variable(c)],
        slugs,
    )
