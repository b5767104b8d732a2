"""The example `push`, and receivers of another implementation: they get what the endpoint shows.

Takes the path of the example's binary: `check.py target/debug/examples/push`. The receivers are those of Python:
`http.server` and grpcio, and both decode with Google's protobuf and OpenTelemetry's own definitions.
"""

import gzip
import http.server
import os
import signal
import subprocess
import sys
import threading
import urllib.request
from concurrent import futures

import grpc
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2 as messages
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2_grpc as services
from prometheus_client.parser import text_string_to_metric_families

PATIENCE = 60


class Receiver:
    def __init__(self):
        self.requests = []

    def take(self, request):
        self.requests.append(request)
        return messages.ExportMetricsServiceResponse()


class HttpReceiver(Receiver):
    protocol = "http/protobuf"

    def start(self):
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                assert self.path == "/v1/metrics", self.path
                body = self.rfile.read(int(self.headers["content-length"]))
                if self.headers["content-encoding"] == "gzip":
                    body = gzip.decompress(body)
                response = receiver.take(messages.ExportMetricsServiceRequest.FromString(body)).SerializeToString()
                self.send_response(200)
                self.send_header("content-type", "application/x-protobuf")
                self.send_header("content-length", str(len(response)))
                self.end_headers()
                self.wfile.write(response)

            def log_message(self, *_):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return server.server_port


class GrpcReceiver(Receiver, services.MetricsServiceServicer):
    protocol = "grpc"

    def Export(self, request, context):
        return self.take(request)

    def start(self):
        self.server = grpc.server(futures.ThreadPoolExecutor(2))
        services.add_MetricsServiceServicer_to_server(self, self.server)
        port = self.server.add_insecure_port("127.0.0.1:0")
        self.server.start()
        return port


def pushed(request):
    """The values by name and labels, as a scrape has them."""
    values = {}
    for metric in (m for r in request.resource_metrics for s in r.scope_metrics for m in s.metrics):
        kind = metric.WhichOneof("data")
        for point in getattr(metric, kind).data_points:
            labels = {pair.key: pair.value.string_value for pair in point.attributes}
            if kind == "histogram":
                add(values, metric.name + "_sum", labels, point.sum)
                add(values, metric.name + "_count", labels, point.count)
                total = 0
                for bound, count in zip([*point.explicit_bounds, float("inf")], point.bucket_counts, strict=True):
                    total += count
                    add(values, metric.name + "_bucket", {**labels, "le": bound}, total)
            else:
                add(values, metric.name, labels, getattr(point, point.WhichOneof("value")))
    return values


def scraped(text):
    values = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            labels = dict(sample.labels)
            if "le" in labels:
                labels["le"] = float(labels["le"])
            add(values, sample.name, labels, sample.value)
    return values


def add(values, name, labels, value):
    # What the push says of itself is not the same before and after it.
    if not name.startswith("otlp_"):
        key = (name, *sorted(labels.items()))
        assert key not in values, key
        values[key] = value


def check(binary, receiver, compression):
    environment = {
        **os.environ,
        "PORT": "0",
        "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{receiver.start()}",
        "OTEL_EXPORTER_OTLP_PROTOCOL": receiver.protocol,
        "OTEL_EXPORTER_OTLP_COMPRESSION": compression,
        "OTEL_SERVICE_NAME": "shop",
    }
    process = subprocess.Popen([binary], env=environment, stdout=subprocess.PIPE, text=True)
    try:
        base = process.stdout.readline().removeprefix("listening on ").strip()
        for number in range(5):
            urllib.request.urlopen(f"{base}/users/{number}", timeout=PATIENCE).read()
        text = urllib.request.urlopen(f"{base}/metrics", timeout=PATIENCE).read().decode()
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0
    finally:
        process.kill()
    [request] = receiver.requests
    [resource] = request.resource_metrics
    attributes = {pair.key: pair.value.string_value for pair in resource.resource.attributes}
    assert attributes["service.name"] == "shop", attributes
    expected = scraped(text)
    requests = ("http_requests_total", ("method", "GET"), ("route", "/users/{id}"), ("status", "200"))
    assert expected[requests] == 5, expected
    assert pushed(request) == expected
    print(f"{receiver.protocol}, {compression}: {len(expected)} samples, all as the endpoint shows them")


def main():
    for receiver in (HttpReceiver, GrpcReceiver):
        for compression in ("none", "gzip"):
            check(sys.argv[1], receiver(), compression)


main()
