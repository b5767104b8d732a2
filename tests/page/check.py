"""The page, in a real browser: what it shows is what was sent.

Takes the folder of the examples' binaries, and the page's own server, which is to be optimised since it is timed:
`check.py target/debug/examples target/release/examples/page_server`. Needs Debian's `chromium`. Pictures of the page
are left in `target/page`. Everything listens on loopback and ends with this process.
"""

import atexit
import contextlib
import http.client
import os
import pathlib
import re
import statistics
import subprocess
import sys
import time
import urllib.parse

from browser import Browser, Page

PATIENCE = 30
PICTURES = pathlib.Path("target/page")
# How many are timed.
POLLS = int(os.environ.get("POLLS", 20))

# What the page says, as a user would read it.
ROWS = "Object.fromEntries([...document.querySelectorAll('#rows tr')].map(it => [it.querySelector('a').textContent, it.title]))"
CELLS = "Object.fromEntries([...document.querySelectorAll('#rows tr')].map(it => [it.querySelector('a').textContent, [...it.querySelectorAll('td')].map(it => it.textContent)]))"
CHARTS = "Object.fromEntries([...document.querySelectorAll('#charts canvas')].map(it => it.ariaLabel.split(/, now: |, [0-9:]{8}: /)))"
COUNTS = "Object.fromEntries([...document.querySelectorAll('#charts figure')].map(it => [it.querySelector('b').textContent, Object.fromEntries([...it.querySelectorAll('.key[title]')].map(it => [it.firstChild.textContent, it.title]))]))"
TILES = "[...document.querySelectorAll('#tiles .key')].map(it => it.innerText.trim())"
TOTAL = "document.querySelector('#tiles .key').title"
STATE = "document.querySelector('#state').textContent"
NOTES = "[...document.querySelectorAll('#notes li')].map(it => it.textContent)"
LABEL_SETS = "document.querySelector('#count').textContent"


class Server:
    """A program that serves a page, on a port that it keeps when it starts again."""

    def __init__(self, binary, path, **variables):
        self.binary, self.path, self.variables, self.port = binary, path, variables, 0
        self.start()
        # Also if a check fails.
        atexit.register(self.stop)

    def start(self):
        variables = {**os.environ, "PORT": str(self.port), **self.variables}
        self.process = subprocess.Popen([self.binary], env=variables, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.port = int(self.process.stdout.readline().strip().rsplit(":", 1)[1])

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}{self.path}"

    def ask(self, path):
        """Status and body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read()

    def send(self, path, times=1):
        for _ in range(times):
            with contextlib.suppress(http.client.HTTPException, ConnectionError):
                self.ask(path)

    def open(self, path):
        """A request that is not waited for."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        connection.request("GET", path)
        return connection

    def leave(self, path, times, in_body):
        """Requests whose client hangs up."""
        for _ in range(times):
            connection = self.open(path)
            if in_body:
                connection.getresponse().read(8)
            else:
                time.sleep(0.3)
            connection.sock and connection.sock.close()
            connection.close()

    def cpu(self):
        """In milliseconds."""
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) * 1000 / os.sysconf("SC_CLK_TCK")


def until(page, expression, expected):
    """Waits for an expression to be that, or to be so."""
    meets = expected if callable(expected) else lambda value: value == expected
    end = time.monotonic() + PATIENCE
    while not meets(value := page.run(expression)):
        if time.monotonic() > end:
            page.screenshot(PICTURES / "failed.png")
            sys.exit(f"{expression}\n  is {value!r}\n  and not {expected!r}")
        time.sleep(0.1)
    return value


def polls(page):
    return sum(url.endswith("?data") for url in page.urls())


def await_polls(page, count):
    end = polls(page) + count
    while polls(page) < end:
        time.sleep(0.1)
        page.browser.receive(0)
    time.sleep(0.2)


def watch(browser, server, address="", **options):
    """The page of a server, once it has a first answer."""
    page = Page(browser, server.url + address, **options)
    until(page, STATE, lambda text: "Watching since" in text)
    return page


def is_clean(page, server):
    """No error, no violation of the policy, and nothing asked for but of the page's own path."""
    assert page.complaints() == [], page.complaints()
    for url in map(urllib.parse.urlsplit, page.urls()):
        assert (url.scheme, url.port, url.path) == ("http", server.port, server.path), url
        assert url.query in ("", "script", "style", "icon", "data"), url


def step(text):
    print(f"== {text}", flush=True)


def counts(requests, errors=0, cancelled=0):
    return f"{requests} requests, {errors} errors, {cancelled} cancelled"


KNOWN = {
    "GET /users/{id}": counts(40),
    "GET /status/{code}": counts(13, errors=10),
    "GET /panic": counts(3, errors=3),
    "GET /stream-error": counts(4, errors=4),
    "GET /slow": counts(7, cancelled=2),
    "GET /stream": counts(3, cancelled=3),
}


def send_known(server):
    server.send("/users/1", 40)
    server.send("/status/503", 10)
    server.send("/status/404", 3)
    server.send("/panic", 3)
    server.send("/stream-error?chunks=2&ms=0", 4)
    server.send("/slow?ms=300", 5)
    server.leave("/slow?ms=60000", 2, in_body=False)
    server.leave("/stream?chunks=900&ms=20", 3, in_body=True)


def check_known_load(browser, demo):
    step("a known load")
    demo.send("/users/1", 5)
    page = watch(browser, demo, "#window=600")
    send_known(demo)
    waiting = [demo.open("/slow?ms=60000") for _ in range(2)]
    until(page, ROWS, KNOWN)
    until(page, TOTAL, "70 of 75 since its start")
    cells = until(page, CELLS, lambda cells: cells["GET /slow"][-1] == "2")
    assert list(cells)[0] == "GET /status/{code}", cells
    assert cells["GET /slow"][1:6] == ["0 %", "28.6 %", *cells["GET /slow"][3:6]], cells
    [rate, errors, cancelled, p50, p95, p99, active] = page.run(TILES)
    assert (errors, cancelled, active) == ("errors 24.3 %", "cancelled 7.14 %", "2"), page.run(TILES)
    until(page, COUNTS, lambda charts: charts["Requests by status"] == {"200": "52", "404": "3", "499": "2", "500": "3", "503": "10"})
    charts = page.run(COUNTS)
    assert charts["Errors by cause"] == {"503": "10", "body": "4", "panic": "3"}, charts
    assert charts["Cancelled by phase"] == {"body": "3", "head": "2"}, charts
    assert "of 4,000 label sets" in page.run(LABEL_SETS)

    # One route: five of its seven requests took between 0.25 and 0.5 s, the others left at about 0.3 s.
    page.run("location.hash = [...document.querySelectorAll('#rows a')].find(it => it.textContent === 'GET /slow').hash")
    charts = until(page, COUNTS, lambda charts: charts["Requests by status"] == {"200": "5", "499": "2"})
    assert charts["Errors by cause"] == {} and charts["Cancelled by phase"] == {"head": "2"}, charts
    assert page.run(CHARTS)["Latency"] == "p50 375 ms, p95 488 ms, p99 498 ms", page.run(CHARTS)
    assert page.run(CHARTS)["In flight"] == "2", page.run(CHARTS)
    for connection in waiting:
        connection.close()
    until(page, CHARTS, lambda charts: charts["In flight"] == "0")
    is_clean(page, demo)
    return page


def check_freeze(page, demo):
    step("freeze")
    page.key("f")
    until(page, STATE, lambda text: text.startswith("Frozen at"))
    time.sleep(0.5)
    before, asked = page.run(ROWS), polls(page)
    demo.send("/users/1", 10)
    time.sleep(2.5)
    assert (page.run(ROWS), polls(page)) == (before, asked)
    page.key("f")
    until(page, ROWS, {**before, "GET /users/{id}": counts(50)})


def check_links_and_keys(browser, demo):
    step("deep link, cursor and keyboard")
    page = watch(browser, demo, "#row=GET+%2Fslow&filter=S&sort=-name&window=10")
    demo.send("/users/1", 3)
    demo.send("/status/503", 3)
    names = until(page, f"Object.keys({ROWS})", lambda names: len(names) > 1)
    assert all("s" in name.lower() for name in names) and names == sorted(names, reverse=True), names
    assert page.run("document.querySelector('#detail-title').textContent").startswith("GET /slow")
    assert page.run("document.querySelector('#filter').value + document.querySelector('#window').value") == "S10"
    assert page.run("document.querySelector('th[aria-sort]').textContent + document.querySelector('th[aria-sort]').ariaSort") == "Routedescending"
    page.run("document.activeElement.blur()")
    page.key("/", "Slash")
    page.call("Input.insertText", text="tatus")
    until(page, f"Object.keys({ROWS})", ["GET /status/{code}"])
    assert "filter=Status" in page.run("location.hash") or "filter=Statu" in page.run("location.hash"), page.run("location.hash")
    page.key("Escape")
    until(page, "document.querySelector('#filter').value + location.hash", "#row=GET+%2Fslow&window=10")
    page.key("Escape")
    until(page, "document.querySelector('#detail-title').textContent", "All together")
    page.run("history.back()")
    until(page, "document.querySelector('#detail-title').textContent", lambda text: text.startswith("GET /slow"))

    await_polls(page, 3)
    x, y = page.run("(it => [it.right - 1, it.top + 30])(document.querySelector('#charts canvas').getBoundingClientRect())")
    page.move(x, y)
    shown = until(page, "document.querySelector('#cursor').textContent", lambda text: text.count(":") == 2)
    labels = page.run("[...document.querySelectorAll('#tiles canvas, #charts canvas')].map(it => it.ariaLabel)")
    assert len(labels) == 9 and all(shown[:-1] in label for label in labels), (shown, labels)
    page.move(5, 5)
    until(page, "document.querySelector('#cursor').textContent", "")
    page.run("document.querySelector('#tiles canvas').focus()")
    page.key("ArrowLeft")
    page.key("ArrowLeft")
    until(page, "document.querySelector('#cursor').textContent", lambda text: text.count(":") == 2)
    label = page.run("document.querySelector('#tiles canvas').ariaLabel")
    assert label.startswith("Requests, ") and "now" not in label and label.endswith("/s"), label
    is_clean(page, demo)
    page.close()


def check_restart(page, demo):
    step("a restart")
    rows = page.run(ROWS)
    demo.stop()
    until(page, STATE, lambda text: text.startswith("No answer since"))
    # It counts more than it had before, until it is asked again: only that it is another one says that all of it is new.
    page.key("f")
    demo.start()
    demo.send("/users/1", 60)
    page.key("f")
    until(page, NOTES, lambda notes: any(note.startswith("The process started again at") for note in notes))
    demo.send("/users/1", 7)
    until(page, ROWS, {**rows, "GET /users/{id}": counts(53 + 60 + 7)})
    assert page.run(TOTAL).endswith(" of 67 since its start"), page.run(TOTAL)
    demo.send("/status/503", 1)
    until(page, COUNTS, lambda charts: charts["Requests by status"].get("200"))
    page.close()


def check_gap(browser, demo):
    step("a gap")
    page = watch(browser, demo, "#window=600")
    await_polls(page, 2)
    page.key("f")
    time.sleep(13)
    demo.send("/users/1", 4)
    page.key("f")
    until(page, NOTES, lambda notes: any(note.startswith("Nothing is known of") for note in notes))
    demo.send("/users/1", 2)
    # When the four were sent is not known: they are in no rate.
    until(page, ROWS, lambda rows: rows.get("GET /users/{id}") == counts(2))
    is_clean(page, demo)
    page.close()


def check_open_telemetry(browser, demo):
    step("other names")
    server = Server(demo.binary, "/red", NAMING="opentelemetry")
    page = watch(browser, server, "#window=600")
    send_known(server)
    until(page, ROWS, KNOWN)
    until(page, COUNTS, lambda charts: charts["Requests by status"] == {"200": "52", "404": "3", "503": "10", "ended": "5"})
    charts = page.run(COUNTS)
    assert charts["Errors by cause"] == {"503": "10", "body": "4", "panic": "3"}, charts
    assert charts["Cancelled by phase"] == {"body": "3", "head": "2"}, charts
    is_clean(page, server)
    page.close()
    server.stop()


HOSTILE = [
    'GET /<img src=x onerror="window.hacked=1">',
    "GET /</td></script><script>window.hacked=1</script>",
    'GET /"quoted"/\\back\\/{line}\nbreak, and="more"',
    "GET /javascript:window.hacked=1/&lt;é漢{}__proto__",
]


def check_names(browser, binary):
    step("hostile names, operations, process and runtime, behind a prefix")
    server = Server(binary, "/inner/red", ROUTES="8")
    page = watch(browser, server)
    names = until(page, f"Object.keys({ROWS})", lambda names: len(names) == 16)
    assert set(HOSTILE) <= set(names), names
    for name in HOSTILE:
        page.run(f"location.hash = '#' + new URLSearchParams([['row', {name!r}]])")
        until(page, "document.querySelector('#detail-title').textContent", name)
    [note] = until(page, NOTES, lambda notes: len(notes) == 1)
    assert note.startswith('64 of 80 label sets are used (zone="<b>\\"a\\"</b>")'), note

    groups = "[...document.querySelectorAll('nav a')].map(it => it.textContent)"
    assert page.run(groups) == ["http", "db_query", "process", "runtime"], page.run(groups)
    page.run("document.querySelectorAll('nav a')[1].click()")
    rows = until(page, CELLS, lambda rows: len(rows) == 2 and all(cells[1:3] == ["25 %", "25 %"] for cells in rows.values()))
    assert rows["operation=select table=users"][3:] == ["55 ms", "95.5 ms", "99.1 ms", "3"], rows
    assert 'operation=select table=/<img src=x onerror="window.hacked=1">' in rows, rows
    charts = page.run(COUNTS)
    assert [*charts["Errors by cause"], *charts["Cancelled by phase"]] == ["timeout", "cancelled"], charts
    page.run("document.querySelectorAll('nav a')[2].click()")
    cards = "[...document.querySelectorAll('#cards figure:not([hidden]) figcaption')].map(it => it.innerText.replace(/\\s+/g, ' ').trim())"
    until(page, cards, ["resident_memory_bytes 64 MiB"])
    page.run("document.querySelectorAll('nav a')[3].click()")
    until(page, cards, ["num_alive_tasks 17"])
    assert page.run("window.hacked") is None
    assert page.run("document.querySelectorAll('img, script:not([src]), td *, [style]').length") == 0
    is_clean(page, server)
    page.close()
    server.stop()


CONTROLS = {"button", "link", "searchbox", "textbox", "combobox", "option", "checkbox"}
FIGURE = r"[0-9.,]+"
AT_A_GLANCE = [
    rf"Requests, now: {FIGURE}/s",
    rf"Errors and cancelled, now: errors {FIGURE} %, cancelled {FIGURE} %",
    rf"Latency, now: p50 {FIGURE} (s|ms|µs), p95 {FIGURE} (s|ms|µs), p99 {FIGURE} (s|ms|µs)",
    rf"In flight, now: {FIGURE}",
]
COLUMNS = ["Route", "req/s", "errors", "cancelled", "p50", "p95", "p99", "in flight"]


def read_aloud(page, *roles):
    """What a screen reader is told, in its order: of each element of these roles, its name."""
    nodes = page.call("Accessibility.getFullAXTree")["nodes"]
    shown = [node for node in nodes if not node["ignored"]]
    return [node.get("name", {}).get("value", "") for node in shown if node["role"]["value"] in roles]


def check_screen_reader(browser, binary):
    step("a screen reader")
    # Past its budget: a number in the notes changes each second.
    server = Server(binary, "/inner/red", ROUTES="8", BUDGET="40")
    page = watch(browser, server)
    until(page, STATE, lambda text: "Numbers are of" in text)
    until(page, NOTES, lambda notes: any("past the budget" in note for note in notes))
    for controls in (read_aloud(page, *CONTROLS), read_aloud(page, "region"), read_aloud(page, "navigation")):
        assert controls and all(controls), controls
    assert read_aloud(page, "combobox", "searchbox") == ["Numbers over", "Filter"]
    assert read_aloud(page, "table") == ["Routes, worst first"]
    assert read_aloud(page, "columnheader") == COLUMNS, read_aloud(page, "columnheader")
    rows = read_aloud(page, "rowheader")
    assert sorted(rows) == sorted(" ".join(name.split()) for name in page.run(f"Object.keys({ROWS})")), rows
    # Each chart says what it shows, the first four what the service does.
    charts = read_aloud(page, "image")
    assert len(charts) == page.run("document.querySelectorAll('main section:not([hidden]) canvas').length") == 9, charts
    for chart, pattern in zip(charts, AT_A_GLANCE):
        assert re.fullmatch(pattern, chart), (chart, pattern)
    assert all(re.match(r"\w[\w ]+, now: .", chart) for chart in charts), charts

    page.run("window.spoken = []; new MutationObserver(() => spoken.push($('spoken').textContent)).observe($('spoken'), { childList: true, characterData: true, subtree: true })")
    assert page.run("$('spoken').ariaLive") == "polite"
    notes = page.run(NOTES)
    await_polls(page, 3)
    assert page.run(NOTES) != notes
    assert not any(page.run("spoken")), page.run("spoken")
    # But what somebody has to know is said, once.
    server.stop()
    until(page, STATE, lambda text: text.startswith("No answer since"))
    await_polls(page, 2)
    [said] = filter(None, page.run("spoken"))
    assert said.startswith("No answer: "), said
    server.start()
    until(page, "spoken.at(-1)", lambda text: "The process started again at" in text)
    page.close()
    server.stop()


# A history of ten minutes in which every series grew in every second.
FILL = """(async () => {
  freeze();
  const data = await ask();
  const [now, age] = [Date.now(), data.seconds];
  frames.length = 0;
  for (let second = 0; second < 600; second++) {
    data.seconds = 1 + second;
    for (const { type, series } of data.families) {
      if (type !== 'gauge') series.forEach((it, index) => {
        if (typeof series[index - 1] !== 'string') return;
        series[index] = Array.isArray(it) ? [0, 1, 2, 3].map((place) => (it[place] ?? 0) + (place === second % 4)) : it + 1;
      });
    }
    read(data, now - 600e3 + second * 1e3);
  }
  origin.age = age;
  freeze();
})()"""
# The browser counts callbacks as script, but not what runs once a promise is settled. So all that a poll does with its
# answer is done in a callback, and then `polled` is called.
TIMED = """
const [parsing, taking] = [JSON.parse, take];
JSON.parse = (text) => text;
take = (text) => setTimeout(() => {
  taking(parsing(text));
  polled('');
});
"""


def await_poll(page):
    seen = len(page.events("Runtime.bindingCalled"))
    while len(page.events("Runtime.bindingCalled")) == seen:
        time.sleep(0.02)
    # What it changed is laid out and painted.
    time.sleep(0.3)


def time_polls(page, count):
    """By poll, the CPU time of the page's main thread in milliseconds: that of the script, and all of it."""
    times = []
    await_poll(page)
    before = page.metrics()
    for _ in range(count):
        await_poll(page)
        after = page.metrics()
        times.append([(after[name] - before[name]) * 1e3 for name in ("ScriptDuration", "TaskDuration")])
        before = after
    return zip(*times)


def quartiles(times):
    return "median {1:.1f} ms, quartiles {0:.1f} and {2:.1f}".format(*statistics.quantiles(times, n=4))


def check_size(browser, binary):
    step("4 000 label sets of 500 routes")
    server = Server(binary, "/inner/red", ROUTES="500")
    page = watch(browser, server)
    until(page, LABEL_SETS, lambda text: text.startswith("40 of 1,000") and "4,000 of 5,000" in text)
    page.run(FILL)
    page.call("Runtime.addBinding", name="polled")
    page.run(TIMED)
    # The time of the thread, so that what other programs do meanwhile does not count.
    page.call("Performance.disable")
    page.call("Performance.enable", timeDomain="threadTicks")
    for busy in ("500", "3"):
        server.ask(f"/busy/{busy}")
        script, task = map(list, time_polls(page, POLLS))
        print(f"{busy} routes in use, {len(script)} polls: script {quartiles(script)}; with layout and painting {quartiles(task)}")
        assert statistics.median(script) <= 16, script
    heap = page.metrics()["JSHeapUsedSize"] / 1e6
    history = page.run("frames.reduce((sum, { values }) => sum + values.byteLength, 0)") / 1e6
    print(f"heap {heap:.0f} MB, and {history:.0f} MB of history")
    page.screenshot(PICTURES / "large.png")
    server.ask("/busy/0")
    time.sleep(1.5)
    before = server.cpu()
    for _ in range(100):
        status, body = server.ask("/inner/red?data")
        assert status == 200
    took = (server.cpu() - before) / 100
    print(f"server: {took:.1f} ms for {len(body) / 1e6:.2f} MB")
    assert took <= 10, took
    is_clean(page, server)
    page.close()
    server.stop()


def take_pictures(browser, demo):
    step("pictures")
    page = watch(browser, demo)
    for _ in range(5):
        demo.send("/users/1", 10)
        demo.send("/orders/7", 6)
        demo.send("/status/503", 1)
        demo.send("/slow?ms=120", 1)
        demo.leave("/stream?chunks=900&ms=20", 1, in_body=True)
    for name, width, height, dark in (("light", 1400, 1000, 0), ("dark", 1400, 1000, 1), ("narrow", 400, 1800, 0), ("wide", 2000, 1000, 1)):
        page.resize(width, height)
        page.scheme(dark)
        await_polls(page, 2)
        assert page.run("document.documentElement.scrollWidth <= innerWidth"), f"{name}: wider than the window"
        page.screenshot(PICTURES / f"{name}.png")
    is_clean(page, demo)
    page.close()


def main():
    folder, own = map(pathlib.Path, sys.argv[1:3])
    PICTURES.mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as stack:
        browser = Browser()
        stack.callback(browser.stop)
        demo = Server(folder / "demo", "/red")
        page = check_known_load(browser, demo)
        check_freeze(page, demo)
        check_links_and_keys(browser, demo)
        check_restart(page, demo)
        check_gap(browser, demo)
        check_open_telemetry(browser, demo)
        check_names(browser, own)
        check_screen_reader(browser, own)
        take_pictures(browser, demo)
        check_size(browser, own)


if __name__ == "__main__":
    main()
