#!/usr/bin/env python3
"""
Writes settings, rules, alerts, their tests, the runbook and dashboards, for both conventions, and dashboards and
alerts of the systems in `examples/systems`.

    generate.py                     what is committed here
    generate.py --check             says what differs from it, and exits with 1
    generate.py --namespace shop    for `.namespace("shop")`
    generate.py --runbook https://git.example.com/shop/monitoring/runbook.md --grafana https://grafana.example.com
                                    with links that work from anywhere

A `settings.yaml` that is there is kept: it is the user's.
"""

import argparse
import json
import re
import sys
from pathlib import Path

sys.dont_write_bytecode = True

from generator import alerts, links, rules, runbook, settings, systems
from generator.cases import test_files
from generator.conventions import conventions
from generator.dashboards import dashboards
from generator.text import HEADER, yaml

HERE = Path(__file__).resolve().parent
SETTINGS = "settings.yaml"


def files(namespace):
    """Path and contents of all that is generated."""
    found = {}
    for c in conventions(namespace):
        documents = {
            "rules.yaml": rules.document(rules.rules(c)),
            "alerts.yaml": alerts.document(c),
            **test_files(c),
        }
        for name, document in documents.items():
            found[Path(c.name, name)] = HEADER + yaml(document)
        found[Path(c.name, SETTINGS)] = rules.settings_file(c)
        for name, dashboard in dashboards(c).items():
            found[Path(c.name, "dashboards", name)] = grafana(dashboard)
    page = runbook.runbook(conventions(namespace), alerts.alerts)
    for c in conventions(namespace):
        links.verify(c, page)
    found[Path("runbook.md")] = page
    # They have prefixes of their own.
    return found if namespace else {**found, **system_files()}


def system_files():
    found = {}
    for system in systems.SYSTEMS:
        folder = Path("systems", system.name)
        found[folder / systems.ALERTS] = HEADER + yaml(systems.alert_rules(system))
        found[folder / "alerts.test.yaml"] = HEADER + yaml(systems.alert_tests(system))
        found[folder / "dashboard.json"] = grafana(systems.dashboard(system))
    return found


def grafana(dashboard):
    return json.dumps(dashboard.json(), indent=2, ensure_ascii=False) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing, compare")
    parser.add_argument("--namespace", default="", help="what stands in front of the layer's families")
    parser.add_argument("--output", type=Path, default=HERE, help="the folder, by default this one")
    parser.add_argument("--runbook", default=settings.RUNBOOK, help="where runbook.md is, for links of alerts")
    parser.add_argument("--grafana", default=settings.GRAFANA, help="where Grafana is, for links of alerts")
    parser.add_argument("--reset-settings", action="store_true", help=f"write the defaults to {SETTINGS}")
    args = parser.parse_args()
    settings.RUNBOOK, settings.GRAFANA = args.runbook, args.grafana.rstrip("/")
    if not re.fullmatch(r"([a-zA-Z_][a-zA-Z0-9_]*)?", args.namespace):
        parser.error(f"{args.namespace!r} is no name of a metric")

    wanted = files(args.namespace)
    if not args.check:
        kept = [] if args.reset_settings else keep(args.output, wanted)
        for path, text in wanted.items():
            if path not in kept:
                path = args.output / path
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
        for path in kept:
            wanted[path] = (args.output / path).read_text(encoding="utf-8")
    return compare(args.output, wanted)


def keep(output, wanted):
    """The settings that are there, which are the user's. They must have all names, or alerts would be silent."""
    records = lambda text: set(re.findall(r"^ *- record: (\S+)", text, re.MULTILINE))
    kept = [path for path in wanted if path.name == SETTINGS and (output / path).is_file()]
    for path in kept:
        lacks = records(wanted[path]) - records((output / path).read_text(encoding="utf-8"))
        if lacks:
            sys.exit(f"{path} lacks {', '.join(sorted(lacks))}: add them, or use --reset-settings")
    return kept


def compare(output, wanted):
    """Says what differs, what is missing, and what is there and no longer generated."""
    wrong = []
    for path, text in wanted.items():
        file = output / path
        if not file.is_file():
            wrong.append(f"{path} is missing")
        elif file.read_text(encoding="utf-8") != text:
            wrong.append(f"{path} differs")
    for folder in sorted({path.parts[0] for path in wanted if len(path.parts) > 1}):
        for file in sorted((output / folder).rglob("*")):
            if file.is_file() and file.relative_to(output) not in wanted:
                wrong.append(f"{file.relative_to(output)} is not generated")
    for line in wrong:
        print(line, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
