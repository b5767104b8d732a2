"""What checks start, and ask. Everything listens on loopback and ends with the check."""

import contextlib
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

MONITORING = pathlib.Path(__file__).parents[2] / "monitoring"
PATIENCE = 60


def step(text):
    print(f"== {text}", flush=True)


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


def queries(convention, job):
    """All that is asked under a convention, or of a system."""
    command = [sys.executable, MONITORING / "queries.py", convention, job, "30s"]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    return [json.loads(line) for line in lines]
