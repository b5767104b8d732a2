"""The texts of endpoints, read by other implementations."""

import subprocess

from prometheus_client.openmetrics.parser import text_string_to_metric_families

from harness import get

OPEN_METRICS = "application/openmetrics-text;version=1.0.0"


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
