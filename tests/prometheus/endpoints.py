"""Endpoints for Prometheus to scrape, which hand on what an example exposes, or expose what no example does."""

import http.server
import threading
import time

from harness import get


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
