"""What was sent to replicas, and whether Prometheus has counted it."""

import collections
import contextlib
import http.client
import sys
import time

from harness import PATIENCE, get, until


class Ledger:
    """What was sent to each replica."""

    def __init__(self):
        self.requests = collections.defaultdict(collections.Counter)
        self.errors = collections.defaultdict(collections.Counter)
        self.cancelled = collections.defaultdict(collections.Counter)

    def send(self, replica, method, path, route, status, error=None, cancelled=None):
        connection = http.client.HTTPConnection("127.0.0.1", replica.port, timeout=20)
        connection.request(method, path)
        if cancelled == "head":
            # The client gives up once the request is there.
            until("the request is there", in_flight, replica, route)
        else:
            with contextlib.suppress(http.client.HTTPException, ConnectionError):
                response = connection.getresponse()
                response.read(8) if cancelled else response.read()
                # The body of a connection that it is to be closed with belongs to the response.
                response.close()
        connection.close()
        key = (method, route, str(status))
        self.requests[replica.target][key] += 1
        if error:
            self.errors[replica.target][(method, route, error)] += 1
        if cancelled:
            self.cancelled[replica.target][(method, route, cancelled)] += 1

    def send_some(self, replica, times, bad_times=1):
        for n in range(times):
            self.send(replica, "GET", f"/users/{n}", "/users/{id}", 200)
            self.send(replica, "GET", f"/shop/items/{n}", "/shop/items/{item}", 200)
            self.send(replica, "GET", f"/wp-{n}.php", "_unmatched", 404)
        for _ in range(bad_times):
            self.send(replica, "POST", "/orders", "/orders", 201)
            self.send(replica, "GET", "/status/503", "/status/{code}", 503, error="503")
            self.send(replica, "GET", "/panic", "/panic", 500, error="panic")
            self.send(replica, "GET", "/stream-error?chunks=2&ms=0", "/stream-error", 200, error="body")
            self.send(replica, "GET", "/slow?ms=60000", "/slow", 499, cancelled="head")
            self.send(replica, "GET", "/stream?chunks=900&ms=10", "/stream", 200, cancelled="body")


def in_flight(replica, route):
    text = get(replica.port, "/metrics", accept="text/plain")[1].decode()
    lines = [line for line in text.splitlines() if "_in_flight{" in line and f'"{route}"' in line]
    return any(line.endswith(" 1") for line in lines)


def flat(counters):
    """By replica and labels."""
    return {(replica, *key): float(n) for replica, counts in counters.items() for key, n in counts.items()}


def summed(counters):
    total = collections.Counter()
    for counts in counters.values():
        total.update(counts)
    return {key: float(n) for key, n in total.items()}


FAMILIES = {
    "requests": ("http_requests_total", "status"),
    "errors": ("http_errors_total", "error"),
    "cancelled": ("http_requests_cancelled_total", "phase"),
}


def agrees(prometheus, job, ledger):
    """Whether every counter is as sent, by replica and in all."""
    for kind, (name, last) in FAMILIES.items():
        labels = ("method", "route", last)
        counters = getattr(ledger, kind)
        by_replica = prometheus.counts(f'{name}{{job="{job}"}}', "instance", *labels)
        if by_replica != flat(counters):
            return False
        in_all = prometheus.counts(f'sum by (method, route, {last}) ({name}{{job="{job}"}})', *labels)
        assert in_all == summed(counters), (name, in_all, summed(counters))
    return True


def explain(prometheus, job, ledger):
    for kind, (name, last) in FAMILIES.items():
        found = prometheus.counts(f'{name}{{job="{job}"}}', "instance", "method", "route", last)
        sent = flat(getattr(ledger, kind))
        for key in sorted(found.keys() | sent.keys(), key=str):
            if found.get(key) != sent.get(key):
                print(f"{name} {key}: sent {sent.get(key)}, found {found.get(key)}")


def must_agree(prometheus, job, ledger):
    end = time.monotonic() + PATIENCE
    while not agrees(prometheus, job, ledger):
        if time.monotonic() > end:
            explain(prometheus, job, ledger)
            sys.exit(f"{job}: not what was sent")
        time.sleep(0.2)
    # One snapshot of the same cells.
    differ = prometheus.query(
        f'http_requests_total{{job="{job}"}} != ignoring(__name__) http_request_duration_seconds_count{{job="{job}"}}'
    )
    assert differ == [], differ
    busy = prometheus.query(f'http_requests_in_flight{{job="{job}"}} != 0')
    assert busy == [], busy


def across_restarts(prometheus, job):
    """What was counted in all, by replica and labels: a counter that falls begins anew."""
    total = {}
    for metric, samples in prometheus.query(f'http_requests_total{{job="{job}"}}[1h]'):
        values = [float(value) for _, value in samples]
        count = values[0]
        for before, after in zip(values, values[1:]):
            count += after - before if after >= before else after
        total[(metric["instance"], metric["method"], metric["route"], metric["status"])] = count
    return total
