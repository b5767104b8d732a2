"""The examples, scraped by a real Prometheus: what its queries answer is what was sent.

Takes the folder of the examples' binaries: `check.py target/debug/examples`. Needs `prometheus` and `promtool`,
and what `requirements.txt` lists.
"""

import contextlib
import http.client
import math
import pathlib
import re
import subprocess
import sys
import tempfile
import threading
import time

import grpc
import prometheus_client.parser
from grpc_health.v1 import health_pb2, health_pb2_grpc

from endpoints import Classic, Outgoing
from harness import MONITORING, PATIENCE, Example, Prometheus, get, queries, step
from ledger import FAMILIES, Ledger, across_restarts, flat, must_agree, summed
from texts import check_texts

PROTOBUF = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited"


def impatient(rules, copy):
    """The same rules, each evaluated as often as there are scrapes."""
    copy.write_text(re.sub(r"^ +interval: .*\n", "", rules.read_text(), flags=re.MULTILINE))
    return copy


def process_families(port):
    """The type of each family of the standard set, and the value of its one sample."""
    # Prometheus' own OpenMetrics has two families of one name, which this parser does not take.
    text = get(port, "/metrics", accept="text/plain;version=0.0.4")[1].decode()
    families = prometheus_client.parser.text_string_to_metric_families(text)
    return {
        family.name: (family.type, family.samples[0].name, family.samples[0].value)
        for family in families
        if family.name.startswith("process_")
    }


def check_process(example, prometheus):
    """The same set as that of Prometheus' own process, and as plausible."""
    ours, theirs = process_families(example.port), process_families(prometheus.port)
    assert len(theirs) >= 7, theirs
    for name, (kind, sample, value) in theirs.items():
        assert ours[name][:2] == (kind, sample), (name, ours[name])
        # Within three orders of magnitude of each other, as two servers on one machine are.
        assert value == 0 or 1e-3 < (ours[name][2] or 1) / value < 1e3, (name, ours[name], value)
    for port, process in ((example.port, example.process), (prometheus.port, prometheus.process)):
        started = process_families(port)["process_start_time_seconds"][2]
        seconds = subprocess.run(["ps", "-o", "etimes=", "-p", str(process.pid)], capture_output=True, check=True)
        assert abs(time.time() - int(seconds.stdout) - started) < 3, (started, seconds.stdout)
    return len(theirs)


def call_grpc(example):
    with grpc.insecure_channel(example.target) as channel:
        health = health_pb2_grpc.HealthStub(channel)
        for service in ["", "shop.Orders"] * 5:
            health.Check(health_pb2.HealthCheckRequest(service=service))
        for fails in [{"service": "nothing"}, {"compression": grpc.Compression.Gzip}]:
            request = health_pb2.HealthCheckRequest(service=fails.pop("service", ""))
            try:
                health.Check(request, **fails)
                sys.exit("that call has no answer")
            except grpc.RpcError:
                pass


def move(replica):
    """A little of everything that there are panels for."""
    for path in ("/users/1", "/status/503", "/panic", "/stream-error?chunks=2&ms=0"):
        with contextlib.suppress(OSError, http.client.HTTPException):
            get(replica.port, path)
    connection = http.client.HTTPConnection("127.0.0.1", replica.port, timeout=20)
    connection.request("GET", "/stream?chunks=900&ms=10")
    connection.getresponse().read(8)
    connection.close()


def answers(prometheus, query):
    return [value for _, value in prometheus.query(query) if not math.isnan(value)]


def check_queries(prometheus, convention, job):
    asked = queries(convention, job)
    assert len(asked) > 50, asked
    empty = lambda: [q for q in asked if not q["may_be_empty"] and not answers(prometheus, q["query"])]
    end = time.monotonic() + PATIENCE
    while empty() and time.monotonic() < end:
        time.sleep(1)
    for query in empty():
        print(f"no data: {query['where']}: {query['query']}")
    assert not empty(), convention
    # Alerts have to be asked too: a mistake in one would be an error.
    for query in asked:
        prometheus.query(query["query"])
    return len(asked)


def main():
    folder = pathlib.Path(sys.argv[1])
    demo, health = folder / "demo", folder / "grpc"
    opentelemetry = {"NAMING": "opentelemetry"}
    replicas = [Example(demo) for _ in range(3)]
    otel = [Example(demo, **opentelemetry), Example(health, **opentelemetry)]
    calls = Example(health)
    process = Example(folder / "process")
    ledger = Ledger()
    with contextlib.ExitStack() as stack:
        temporary = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory()))
        for example in [*replicas, *otel, calls, process]:
            example.start()
            stack.callback(example.stop)
        proxies = [Classic(replica) for replica in replicas]
        jobs = {
            "demo": [replica.target for replica in replicas],
            "classic": [proxy.target for proxy in proxies],
            "grpc": [calls.target],
            "process": [process.target],
            "otel": [example.target for example in otel],
            "outgoing": [Outgoing().target],
        }
        rules = [
            impatient(MONITORING / convention / f"{kind}.yaml", temporary / f"{convention}-{kind}.yaml")
            for convention in ("prometheus", "opentelemetry")
            for kind in ("settings", "rules", "alerts")
        ]
        text = Prometheus(temporary / "text", jobs, rules)
        stack.callback(text.stop)
        native = Prometheus(
            temporary / "native", {"demo": jobs["demo"]}, features=["native-histograms"]
        )
        stack.callback(native.stop)

        step("known traffic to three replicas")
        for times, replica in enumerate(replicas, start=3):
            ledger.send_some(replica, times, bad_times=2)
        for prometheus in (text, native):
            must_agree(prometheus, "demo", ledger)
        classic = Ledger()
        for kind in FAMILIES:
            by_proxy = {proxy.target: getattr(ledger, kind)[replica.target] for proxy, replica in zip(proxies, replicas)}
            setattr(classic, kind, by_proxy)
        must_agree(text, "classic", classic)
        sent = sum(summed(ledger.requests).values())
        print(f"{sent:.0f} requests, as sent: by OpenMetrics, by 0.0.4, and by protobuf")

        step("native histograms")
        found = native.counts('histogram_count(http_request_duration_seconds{job="demo"})', "instance", "method", "route", "status")
        assert found == flat(ledger.requests), found
        quantile = 'histogram_quantile(0.5, sum(http_request_duration_seconds{route="/stream"}))'
        [(_, median)] = native.query(quantile)
        assert 0.0001 < median < 30, median
        headers, _ = get(replicas[0].port, "/metrics", accept=PROTOBUF)
        assert headers["content-type"] == PROTOBUF.replace(";", "; ") or headers["content-type"] == PROTOBUF, headers
        print(f"{sum(found.values()):.0f} requests in {len(found)} series, one median {median:.3f} s")

        step("one replica starts again")
        replicas[0].stop()
        first = ledger.requests.pop(replicas[0].target)
        for kind in ("errors", "cancelled"):
            getattr(ledger, kind).pop(replicas[0].target)
        replicas[0].start()
        # Less of all than before: a counter that begins anew and comes as far looks as if nothing had been.
        ledger.send_some(replicas[0], 2)
        ledger.send_some(replicas[1], 1)
        must_agree(text, "demo", ledger)
        everything = flat(ledger.requests)
        for key, count in first.items():
            at = (replicas[0].target, *key)
            everything[at] = everything.get(at, 0) + count
        found = across_restarts(text, "demo")
        assert found == everything, (found, everything)
        print(f"{sum(found.values()):.0f} requests in all, {sum(first.values())} of them before the restart")

        step("the texts")
        check_texts([*replicas, *otel, calls, process])

        step("the process, beside Prometheus' own")
        print(f"{check_process(process, text)} families are of the same names and types")
        assert text.query('process_open_fds{job="process"} > 0 and tokio_workers > 0')

        step("every query of dashboards, rules and guides")
        # Rates need counters that move while they are scraped.
        stop = threading.Event()
        stack.callback(stop.set)

        def go_on():
            while not stop.is_set():
                for replica in (replicas[1], otel[0]):
                    move(replica)
                for example in (calls, otel[1]):
                    call_grpc(example)
                stop.wait(1)

        threading.Thread(target=go_on, daemon=True).start()
        for convention, jobs in (("prometheus", "demo|grpc|outgoing"), ("opentelemetry", "otel|outgoing")):
            print(f"{check_queries(text, convention, jobs)} queries of {convention} have data")
        stop.set()

        step("all targets are up")
        for prometheus in (text, native):
            for target in prometheus.targets():
                assert target["health"] == "up", target
        if "--keep" in sys.argv:
            input(f"http://127.0.0.1:{text.port}")


if __name__ == "__main__":
    main()
