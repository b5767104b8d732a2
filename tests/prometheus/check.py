"""The examples, scraped by a real Prometheus: what its queries answer is what was sent.

Takes the folder of the examples' binaries: `check.py target/debug/examples`. Needs `prometheus` and `promtool`,
and what `requirements.txt` lists. Everything listens on loopback and ends with this process.
"""

import collections
import contextlib
import http.client
import http.server
import json
import math
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
import urllib.request

import grpc
import prometheus_client.parser
from grpc_health.v1 import health_pb2, health_pb2_grpc
from prometheus_client.openmetrics.parser import text_string_to_metric_families

MONITORING = pathlib.Path(__file__).parents[2] / "monitoring"
PATIENCE = 60
OPEN_METRICS = "application/openmetrics-text;version=1.0.0"
PROTOBUF = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited"


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def until(what, is_so, *args):
    """Asks again and again until it is so, and gives the answer."""
    end = time.monotonic() + PATIENCE
    while True:
        answer = is_so(*args)
        if answer:
            return answer
        if time.monotonic() > end:
            sys.exit(f"waited in vain: {what}")
        time.sleep(0.2)


def get(port, path, **headers):
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers=headers)
    with urllib.request.urlopen(request, timeout=20) as response:
        return response.headers, response.read()


def impatient(rules, copy):
    """The same rules, each evaluated as often as there are scrapes."""
    copy.write_text(re.sub(r"^ +interval: .*\n", "", rules.read_text(), flags=re.MULTILINE))
    return copy


class Example:
    """A process that serves, on a port that it keeps when it is started again."""

    def __init__(self, binary, **environment):
        self.binary = binary
        self.port = free_port()
        self.environment = {**os.environ, **environment, "PORT": str(self.port), "RUST_BACKTRACE": "0"}
        self.process = None

    def start(self):
        # Panics are part of what is tested, and not of what is to be read.
        quiet = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
        self.process = subprocess.Popen([self.binary], env=self.environment, **quiet)
        self.hear()
        # Or it could not write its next line.
        threading.Thread(target=self.process.stdout.read, daemon=True).start()

    def hear(self):
        """Waits until it serves."""
        assert self.process.stdout.readline().startswith(b"listening on "), self.binary

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(PATIENCE)

    @property
    def target(self):
        return f"127.0.0.1:{self.port}"


class Endpoint(http.server.ThreadingHTTPServer):
    """Answers every scrape with the content type and the body that it is given a function for."""

    daemon_threads = True

    def __init__(self, answer):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                content_type, body = answer()
                self.send_response(200)
                self.send_header("content-type", content_type)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def target(self):
        return f"127.0.0.1:{self.server_address[1]}"


class Classic(Endpoint):
    """Hands scrapes on that ask for the classic text format alone, which Prometheus cannot be told to."""

    def __init__(self, of):
        def answer():
            headers, body = get(of.port, "/metrics", accept="text/plain;version=0.0.4")
            assert headers["content-type"].startswith("text/plain; version=0.0.4"), headers
            return headers["content-type"], body

        super().__init__(answer)


class Outgoing(Endpoint):
    """Exposes the metrics of a client under both names, without one: its rules and dashboards are what is tested."""

    def __init__(self):
        started = time.monotonic()

        def answer():
            count = int((time.monotonic() - started) * 10)
            body = "".join(f"{line}\n" for line in outgoing(count)).encode()
            return "text/plain; version=0.0.4", body

        super().__init__(answer)


def outgoing(count):
    """So many requests of each way to end."""
    route = 'method="GET",route="/stock/{item}",peer="stock"'
    for status in ["200", "404", "_none"]:
        yield f'http_client_requests_total{{{route},status="{status}"}} {count}'
        yield from buckets("http_client_request_duration_seconds", f'{route},status="{status}"', count)
    yield f'http_client_requests_total{{{route},status="200",grpc_status="OK"}} {count}'
    yield from buckets("http_client_request_duration_seconds", f'{route},status="200",grpc_status="OK"', count)
    for error in ["404", "service"]:
        yield f'http_client_errors_total{{{route},error="{error}"}} {count}'
    yield f'http_client_requests_cancelled_total{{{route},phase="head"}} {count}'
    yield 'http_client_requests_in_flight{method="GET",route="/stock/{item}",peer="stock"} 1'
    yield "http_client_label_sets 4"
    peer = 'server_address="stock",server_port="443"'
    http_call = f'http_request_method="GET",url_template="/stock/{{item}}",{peer},url_scheme="https"'
    family = "http_client_request_duration_seconds"
    for more in ['http_response_status_code="200"', 'http_response_status_code="404",error_type="404"']:
        yield from buckets(family, f"{http_call},{more}", count)
    for error in ["service", "cancelled"]:
        yield from buckets(family, f'{http_call},error_type="{error}"', count)
    call = f'rpc_system_name="grpc",rpc_method="shop.Stock/Get",{peer}'
    yield from buckets("rpc_client_call_duration_seconds", f'{call},rpc_response_status_code="OK"', count)
    yield f'http_client_active_requests{{http_request_method="GET",{peer}}} 1'


def buckets(family, labels, count):
    for bound in ["0.1", "0.5", "1", "+Inf"]:
        yield f'{family}_bucket{{{labels},le="{bound}"}} {count}'
    yield f"{family}_sum{{{labels}}} {count * 0.05}"
    yield f"{family}_count{{{labels}}} {count}"


class Prometheus:
    def __init__(self, folder, jobs, rules=(), features=(), paths=None):
        folder.mkdir()
        config = {
            "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
            "rule_files": [str(file) for file in rules],
            "scrape_configs": [
                {
                    "job_name": job,
                    "metrics_path": (paths or {}).get(job, "/metrics"),
                    "static_configs": [{"targets": targets}],
                }
                for job, targets in jobs.items()
            ],
        }
        # What is JSON is YAML.
        (folder / "prometheus.yml").write_text(json.dumps(config))
        self.port = free_port()
        self.log = (folder / "log").open("w+")
        command = [
            "prometheus",
            f"--config.file={folder}/prometheus.yml",
            f"--storage.tsdb.path={folder}/data",
            f"--web.listen-address=127.0.0.1:{self.port}",
            *(f"--enable-feature={feature}" for feature in features),
        ]
        self.process = subprocess.Popen(command, stdout=self.log, stderr=subprocess.STDOUT)
        until("Prometheus is ready", self.is_ready)

    def is_ready(self):
        with contextlib.suppress(OSError):
            return get(self.port, "/-/ready")[1]

    def stop(self):
        self.process.terminate()
        self.process.wait(PATIENCE)

    def query(self, query, at=None):
        """An instant vector: labels and value of each series, now or at another time."""
        parameters = {"query": query, **({"time": at} if at else {})}
        path = "/api/v1/query?" + urllib.parse.urlencode(parameters)
        try:
            answer = json.loads(get(self.port, path)[1])["data"]
        except urllib.error.HTTPError as error:
            sys.exit(f"{query}: {error.read().decode()}")
        if answer["resultType"] == "matrix":
            return [(series["metric"], series["values"]) for series in answer["result"]]
        return [(series["metric"], float(series["value"][1])) for series in answer["result"]]

    def counts(self, query, *labels):
        """The same as a dictionary, by the values of labels."""
        return {tuple(metric.get(label) for label in labels): value for metric, value in self.query(query)}

    def targets(self):
        return self.api("targets")["activeTargets"]

    def api(self, path):
        return json.loads(get(self.port, f"/api/v1/{path}")[1])["data"]


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


def step(text):
    print(f"== {text}", flush=True)


def check_texts(examples):
    for example in examples:
        headers, body = get(example.port, "/metrics", accept=OPEN_METRICS)
        assert headers["content-type"].startswith("application/openmetrics-text"), headers
        families = list(text_string_to_metric_families(body.decode()))
        assert len(families) >= 5, families
        headers, body = get(example.port, "/metrics", accept="text/plain;version=0.0.4")
        assert headers["content-type"].startswith("text/plain; version=0.0.4"), headers
        promtool = subprocess.run(["promtool", "check", "metrics"], input=body, capture_output=True)
        problems = promtool.stdout + promtool.stderr
        assert promtool.returncode == 0 and not problems.strip(), problems.decode()


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


def queries(convention, job):
    """All that is asked under a convention, or of a system."""
    command = [sys.executable, MONITORING / "queries.py", convention, job, "30s"]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    return [json.loads(line) for line in lines]


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
