"""The systems, scraped by a real Prometheus: every query of theirs answers what was sent.

Each system is sent the same round of requests twice. Then it is asked every query of its dashboard and its alerts
in `monitoring/systems`, and some that guides to monitoring write:

- over everything counted so far, without a window: the answers are exactly what was sent;
- over a window that holds the second round alone: ratios are exact, rates are in proportion to what was sent, and
  there is a quantile of whatever was sent;
- alerts, over that window: they fire if what was sent exceeds their limits, and only then.

Takes the folder of the systems' binaries: `systems.py target/debug`. Needs what `check.py` needs.
"""

import pathlib
import re
import sys
import tempfile
import time

from answers import Window, answers, are_equal, by_labels, is_total
from harness import MONITORING, PATIENCE, Example, Prometheus, queries, step, until
from loads import event_platform, llm_api, quiz_api, quiz_api_otel, task_backend

ROUNDS = 2
LOADS = [quiz_api, quiz_api_otel, llm_api, event_platform, task_backend]
# Families of Prometheus' own.
OWN = {"up", "scrape_samples_scraped"}


class System(Example):
    """On any free ports. One port and the next ones may not all be free."""

    def __init__(self, binary, **environment):
        super().__init__(binary, LOAD="off", **environment)
        self.environment["PORT"] = "0"

    def hear(self):
        self.ports = []
        while listening := re.fullmatch(rb"listening on http://.*:(\d+)\n", self.process.stdout.readline()):
            self.ports.append(int(listening[1]))
        assert self.ports, self.binary


class Asked:
    """The queries of a system, and what one round adds to their answers."""

    def __init__(self, load):
        self.load = load
        # There are none for OpenTelemetry's names.
        self.all = queries(load.SYSTEM, load.SYSTEM) if load.PANELS else []
        panels = [(query, [load.PANELS[query["where"]]]) for query in self.of("panel")]
        assert len(panels) == len(load.PANELS), "panels that are expected, and are not there"
        measures = {}
        for query in self.of("measure"):
            measures.setdefault(query["where"], []).append(query)
        assert measures.keys() == load.MEASURES.keys(), measures.keys() ^ load.MEASURES.keys()
        self.counted = [(query, expected) for query, [expected] in panels]
        for alert, asked in measures.items():
            self.counted += zip(asked, load.MEASURES[alert], strict=True)

    def of(self, *kinds):
        return [query for query in self.all if query["kind"] in kinds]

    def totals(self):
        return [*self.load.COUNTS.items(), *((query["total"], expected) for query, expected in self.counted)]

    def names(self):
        """Of families. Every query gives them labels."""
        texts = [query["query"] for query in self.of("panel", "measure", "alert")]
        return {name for text in texts for name in re.findall(r"\b([a-z_]+){", text)}


def must_agree(prometheus, totals, rounds):
    wrong = lambda: [
        f"{query}\n  is {answers(prometheus, query)}\n  and not {expected} in each of {rounds} rounds"
        for query, expected in totals
        if not is_total(answers(prometheus, query), expected, rounds)
    ]
    end = time.monotonic() + PATIENCE
    while different := wrong():
        if time.monotonic() > end:
            sys.exit("\n".join(different))
        time.sleep(0.2)


def check_window(window, asked):
    for query, expected in asked.counted:
        text = query["query"]
        wrong = (query["where"], window.of(text), window.answers(text), expected)
        assert window.agrees(text, expected, ROUNDS), wrong
    for query, expected in asked.load.GUIDES.items():
        found = window.answers(query)
        assert is_total(found, expected, ROUNDS), (query, found, expected)
        # As it is written, it has less to tell: the window may hold parts of the first round.
        assert bool(answers(window.prometheus, query)) == bool(found), query
    for query in asked.of("variable", "annotation"):
        assert window.answers(query["query"]), query


def check_alerts(prometheus, window, asked):
    """Those of counts and shares. What the others look at, times and the machine, nobody can tell beforehand."""
    fires = asked.load.FIRES
    told = 0
    for query in asked.of("alert"):
        found = window.answers(query["query"])
        first, *_ = asked.load.MEASURES[query["where"]]
        if first is None or "histogram_quantile(" in query["query"]:
            continue
        told += 1
        expected = by_labels(fires[query["where"]]) if query["where"] in fires else {}
        assert are_equal(found, expected), (query["where"], window.of(query["query"]), found, expected)
    rules = lambda: [rule for group in prometheus.api("rules")["groups"] for rule in group["rules"]]
    until("all alerts are evaluated", lambda: all(rule["health"] == "ok" for rule in rules()))
    assert len(rules()) == len(asked.of("alert")), rules()
    return told


def check_names(prometheus, asked):
    """Also families that have no series yet, such as errors: a wrong name would never have any."""
    suffixes = {"counter": ["_total"], "gauge": [""], "histogram": ["_bucket", "_sum", "_count"]}
    exposed = {
        family["metric"].removesuffix("_total") + suffix
        for family in prometheus.api("targets/metadata")
        for suffix in suffixes.get(family["type"], [])
    }
    unknown = asked.names() - exposed - OWN
    assert not unknown, unknown
    return len(asked.names())


def check(load, system, rules):
    asked = Asked(load)
    # Metrics are on the last of them.
    target = f"127.0.0.1:{system.ports[-1]}"
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder) / "data"
        prometheus = Prometheus(folder, {load.SYSTEM: [target]}, rules, paths={load.SYSTEM: load.PATH})
        try:
            for turn in range(1, ROUNDS + 1):
                load.send_round(system.ports, turn)
                must_agree(prometheus, asked.totals(), turn)
                if turn < ROUNDS:
                    [(_, began)] = prometheus.query("max(timestamp(up))")
            window = Window(prometheus, began)
            check_window(window, asked)
            told = check_alerts(prometheus, window, asked)
            names = check_names(prometheus, asked)
        finally:
            prometheus.stop()
    print(
        f"{len(asked.totals())} totals and {len(asked.counted) + len(load.GUIDES)} queries with a window are right"
    )
    if rules:
        print(f"{len(load.FIRES)} of {told} alerts fire, as expected; {names} families are exposed")


def main():
    folder = pathlib.Path(sys.argv[1])
    for load in LOADS:
        step(load.__name__.removeprefix("loads."))
        rules = [MONITORING / "systems" / load.SYSTEM / "alerts.yaml"] if load.PANELS else []
        system = System(folder / load.SYSTEM, **load.environment())
        system.start()
        try:
            check(load, system, rules)
        finally:
            system.stop()


if __name__ == "__main__":
    main()
