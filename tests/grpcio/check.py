"""Calls of another implementation: the example `grpc`, driven by grpcio, and what its metrics say.

Takes the path of the example's binary: `check.py target/debug/examples/grpc`.
"""

import os
import signal
import subprocess
import sys
import time
import urllib.request

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

CHECK = "/grpc.health.v1.Health/Check"
WATCH = "/grpc.health.v1.Health/Watch"
OTHER = "/grpc.health.v1.Health/_OTHER"

SERVING = health_pb2.HealthCheckResponse.SERVING


def call_all(channel):
    health = health_pb2_grpc.HealthStub(channel)

    def check(service, **options):
        request = health_pb2.HealthCheckRequest(service=service)
        return health.Check(request, timeout=20, **options)

    def watch(service):
        # No deadline: one that passes while it is cancelled would make an error of it.
        return health.Watch(health_pb2.HealthCheckRequest(service=service))

    # The first is what makes a route of it: this one is counted with the others, but was in flight before.
    assert check("").status == SERVING
    assert check("shop.Orders").status == SERVING
    fails(grpc.StatusCode.NOT_FOUND, lambda: check("shop.Nothing"))
    # The server has not learnt to decompress: the fault of a method that there is.
    fails(
        grpc.StatusCode.UNIMPLEMENTED,
        lambda: check("", compression=grpc.Compression.Gzip),
    )

    updates = watch("shop.Orders")
    assert next(updates).status == SERVING
    updates.cancel()
    fails(grpc.StatusCode.CANCELLED, lambda: next(updates))
    fails(grpc.StatusCode.NOT_FOUND, lambda: next(watch("shop.Nothing")))

    # What clients invent.
    for n in range(10):
        for path in f"/grpc.health.v1.Health/Invented{n}", f"/invented.Service{n}/Check":
            invented = channel.unary_unary(path)
            fails(grpc.StatusCode.UNIMPLEMENTED, lambda: invented(b"", timeout=20))


def fails(code, call):
    try:
        answer = call()
    except grpc.RpcError as error:
        assert error.code() == code, error
    else:
        raise AssertionError(f"{answer!r} instead of {code}")


# Durations depend on the clock: of the histogram only its count, which is that of the requests.
ENDED = {
    (CHECK, "OK"): 2,
    (CHECK, "NOT_FOUND"): 1,
    (CHECK, "UNIMPLEMENTED"): 1,
    # A stream that its client left.
    (WATCH, "OK"): 1,
    (WATCH, "NOT_FOUND"): 1,
    (OTHER, "UNIMPLEMENTED"): 10,
    ("_unmatched", "UNIMPLEMENTED"): 10,
}


def expected():
    for (route, code), count in ENDED.items():
        labels = f'{{method="POST",route="{route}",status="200",grpc_status="{code}"}}'
        yield f"http_requests_total{labels}", count
        yield f"http_request_duration_seconds_count{labels}", count
    for route in CHECK, WATCH, OTHER, "_unmatched":
        yield f'http_requests_in_flight{{method="POST",route="{route}"}}', 0
    errors = f'{{method="POST",route="{CHECK}",error="UNIMPLEMENTED"}}'
    yield f"http_errors_total{errors}", 1
    yield "http_label_sets", len(ENDED)
    yield "http_overflowed_requests_total", 0


def scrape(base):
    """Once nothing is in flight: a server hears of a cancelled call later than its client."""
    deadline = time.monotonic() + 20
    # Straight to it, whatever proxy the environment names.
    client = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    while True:
        with client.open(f"{base}/metrics", timeout=20) as response:
            lines = response.read().decode().splitlines()
        samples = (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
        series = {name: float(value) for name, value in samples}
        in_flight = [name for name in series if name.startswith("http_requests_in_flight")]
        if not any(series[name] for name in in_flight):
            break
        assert time.monotonic() < deadline, [name for name in in_flight if series[name]]
    # What depends on the clock, and what the endpoint says of itself.
    other = "http_request_duration_seconds_bucket{", "http_request_duration_seconds_sum{", "exposition_"
    return {name: value for name, value in series.items() if not name.startswith(other)}


def main():
    example = subprocess.Popen(
        sys.argv[1:], env=os.environ | {"PORT": "0"}, stdout=subprocess.PIPE, text=True
    )
    try:
        line = example.stdout.readline().strip()
        assert line.startswith("listening on http://"), line
        base = line.removeprefix("listening on ")
        # Straight to it, too.
        options = [("grpc.enable_http_proxy", 0)]
        with grpc.insecure_channel(base.removeprefix("http://"), options) as channel:
            call_all(channel)
        actual, wanted = scrape(base), dict(expected())
        different = [
            f"{name}: {actual.get(name)}, and not {wanted.get(name)}"
            for name in sorted(actual.keys() | wanted.keys())
            if actual.get(name) != wanted.get(name)
        ]
        assert not different, "\n".join(different)
        example.send_signal(signal.SIGTERM)
        assert example.wait(20) == 0, example.returncode
    finally:
        example.kill()
    print(f"{sum(ENDED.values())} calls, {len(wanted)} series, as they should be")


main()
