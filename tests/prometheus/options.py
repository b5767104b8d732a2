"""The example `options`, scraped by a real Prometheus in every format: what its queries answer is what was sent.

Takes the folder of the examples' binaries: `options.py target/debug/examples`. Needs what `check.py` needs.
"""

import contextlib
import pathlib
import sys
import tempfile
import urllib.error
import urllib.request

from endpoints import Classic
from harness import Example, Prometheus, step, until
from texts import check_texts

# Each with how often it is sent.
SENT = [
    ("GET /orders/7", {"x-tenant": "acme", "x-plan": "gold"}, 4),
    ("GET /orders/7", {"x-tenant": "mallory", "x-plan": "free"}, 3),
    ("GET /orders/1000", {"x-tenant": "globex"}, 2),
    ("GET /limited", {"x-again": "1"}, 5),
    ("GET /report", {}, 2),
    *((f"GET /orders/{number}", {"x-plan": f"invented-{number}"}, 1) for number in range(20)),
]
UPLOADS = 3


def send(example, request, headers, data=None):
    method, path = request.split(" ")
    url = f"http://127.0.0.1:{example.port}{path}"
    request = urllib.request.Request(url, data=data, headers=headers, method=method)
    with contextlib.suppress(urllib.error.HTTPError):
        urllib.request.urlopen(request, timeout=20).read()


def expected(job):
    """Queries, and the one number that each answers."""
    of = f'job="{job}"'
    orders = f'{of},route="/orders/{{id}}"'
    yield f'sum(http_requests_total{{{orders},tenant="acme",plan="gold",cache="miss"}})', 4
    yield f'sum(http_requests_total{{{orders},tenant="_OTHER"}})', 3
    yield f'sum(http_requests_total{{{orders},tenant="globex",status="404",cache="hit"}})', 2
    # Three plans are kept, whoever came first.
    yield f'count(count by (plan) (http_requests_total{{{of},plan!="",plan!="_OTHER"}}))', 3
    yield f'sum(http_requests_total{{{orders},plan="_OTHER"}})', 19
    yield f'sum(http_errors_total{{{of},route="/limited",error="429"}})', 5
    yield f'sum(http_errors_total{{{of},route="/never",error="500"}})', 0
    yield f'sum(http_request_duration_seconds_count{{{of},route="/limited",status="4xx",http_version="1.1"}})', 5
    yield f'sum(http_response_body_bytes_sum{{{of},route="/report"}})', 10_000
    yield f'sum(http_request_body_bytes_sum{{{of},route="/upload"}})', 5 * UPLOADS
    yield f'sum(http_response_start_seconds_count{{{of},route="/report"}})', 2
    yield f'sum(http_client_requests_total{{{of},peer="stock",route="/items/{{item}}"}})', 29
    yield f'db_query_total{{{of},operation="select",table="orders"}}', 29
    yield f'db_query_errors_total{{{of},error="error"}}', 2
    yield f'sum(http_requests_total{{{of}}}) - sum(http_request_duration_seconds_count{{{of}}})', 0


def check_buckets(prometheus, job):
    """One family with two sets of bounds: a quantile of each route, and one over both."""
    family = f'http_request_duration_seconds_bucket{{job="{job}",status="2xx"}}'
    by_route = f"histogram_quantile(0.5, sum by (le, route) ({family}))"
    of = prometheus.counts(by_route, "route")
    assert 0 < of[("/orders/{id}",)] <= 0.01 and 0.001 < of[("/report",)] <= 0.5, of
    [(_, over_both)] = prometheus.query(f"histogram_quantile(0.99, sum by (le) ({family}))")
    assert 0.01 < over_both <= 60, over_both


def main():
    example = Example(pathlib.Path(sys.argv[1]) / "options")
    with contextlib.ExitStack() as stack:
        temporary = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory()))
        example.start()
        stack.callback(example.stop)
        jobs = {"text": [example.target], "classic": [Classic(example).target]}
        text = Prometheus(temporary / "text", jobs)
        stack.callback(text.stop)
        native = Prometheus(temporary / "native", {"protobuf": [example.target]}, features=["native-histograms"])
        stack.callback(native.stop)

        step("known traffic to a service with all options")
        for request, headers, times in SENT:
            for _ in range(times):
                send(example, request, headers)
        for _ in range(UPLOADS):
            send(example, "POST /upload", {}, b"hello")
        check_texts([example])
        for job, prometheus in (("text", text), ("classic", text), ("protobuf", native)):
            queries = list(expected(job))
            for query, value in queries:
                until(f"{query} is {value}", lambda: [found for _, found in prometheus.query(query)] == [value])
            check_buckets(prometheus, job)
            print(f"{len(queries)} queries answer what was sent, by {job}")


if __name__ == "__main__":
    main()
