"""A headless Chromium, driven by the DevTools protocol over a pipe: nothing but the standard library."""

import base64
import collections
import json
import os
import pathlib
import select
import shlex
import subprocess
import tempfile
import time

PATIENCE = 30


class Browser:
    """One browser with a profile of its own."""

    def __init__(self):
        self.profile = tempfile.TemporaryDirectory(prefix="page-")
        to_read, self.to_browser = os.pipe()
        self.from_browser, to_write = os.pipe()
        options = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--disable-background-networking",
            "--disable-component-update",
            "--no-first-run",
            "--hide-scrollbars",
            "--remote-debugging-pipe",
            f"--user-data-dir={self.profile.name}",
            "about:blank",
        ]
        command = f"exec chromium {shlex.join(options)} 3<&{to_read} 4>&{to_write}"
        self.process = subprocess.Popen(
            ["bash", "-c", command],
            pass_fds=(to_read, to_write),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(to_read)
        os.close(to_write)
        self.number = 0
        self.rest = b""
        self.answers = {}
        self.events = collections.defaultdict(list)

    def stop(self):
        self.call("Browser.close")
        self.process.wait(PATIENCE)
        self.profile.cleanup()

    def call(self, method, session=None, **params):
        self.number += 1
        message = {"id": self.number, "method": method, "params": params}
        if session:
            message["sessionId"] = session
        os.write(self.to_browser, json.dumps(message).encode() + b"\0")
        end = time.monotonic() + PATIENCE
        while self.number not in self.answers:
            assert self.receive(end - time.monotonic()), f"no answer to {method}"
        answer = self.answers.pop(self.number)
        assert "error" not in answer, (method, answer)
        return answer["result"]

    def receive(self, patience):
        """Takes in what the browser says. False if that is nothing."""
        if not select.select([self.from_browser], [], [], max(patience, 0))[0]:
            return False
        self.rest += os.read(self.from_browser, 1 << 20)
        *messages, self.rest = self.rest.split(b"\0")
        for message in map(json.loads, messages):
            if "id" in message:
                self.answers[message["id"]] = message
            else:
                self.events[message.get("sessionId")].append(message)
        return True


class Page:
    """A tab, and all that it asked for and complained about."""

    def __init__(self, browser, url, width=1400, height=1000, dark=False, script=""):
        self.browser = browser
        target = browser.call("Target.createTarget", url="about:blank")["targetId"]
        attached = browser.call("Target.attachToTarget", targetId=target, flatten=True)
        self.target, self.session = target, attached["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log", "Audits"):
            self.call(f"{domain}.enable")
        self.call("Performance.enable")
        self.resize(width, height)
        self.scheme(dark)
        if script:
            self.call("Page.addScriptToEvaluateOnNewDocument", source=script)
        self.go(url)

    def call(self, method, **params):
        return self.browser.call(method, self.session, **params)

    def go(self, url):
        loaded = len(self.events("Page.loadEventFired"))
        self.call("Page.navigate", url=url)
        end = time.monotonic() + PATIENCE
        while len(self.events("Page.loadEventFired")) == loaded:
            assert time.monotonic() < end, f"{url} does not load"
            time.sleep(0.02)

    def close(self):
        self.browser.call("Target.closeTarget", targetId=self.target)

    def resize(self, width, height):
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )

    def scheme(self, dark):
        features = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        self.call("Emulation.setEmulatedMedia", features=features)

    def run(self, script):
        """What an expression is."""
        answer = self.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def key(self, key, code=None, **more):
        text = {"text": key} if len(key) == 1 else {}
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=key, code=code or key, **text, **more)

    def move(self, x, y):
        self.call("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)

    def metrics(self):
        return {it["name"]: it["value"] for it in self.call("Performance.getMetrics")["metrics"]}

    def events(self, *methods):
        self.browser.receive(0)
        return [it["params"] for it in self.browser.events[self.session] if it["method"] in methods]

    def complaints(self):
        """Exceptions, errors in the console, violations of the policy, and requests that failed."""
        found = [it["exceptionDetails"] for it in self.events("Runtime.exceptionThrown")]
        found += [it["entry"] for it in self.events("Log.entryAdded") if it["entry"]["level"] == "error"]
        found += [it for it in self.events("Runtime.consoleAPICalled") if it["type"] in ("error", "assert")]
        issues = [it["issue"] for it in self.events("Audits.issueAdded")]
        return found + [it for it in issues if it["code"] == "ContentSecurityPolicyIssue"]

    def urls(self):
        return [it["request"]["url"] for it in self.events("Network.requestWillBeSent")]

    def screenshot(self, path, whole=False):
        image = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        pathlib.Path(path).write_bytes(base64.b64decode(image["data"]))
