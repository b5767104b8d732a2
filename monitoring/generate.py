#!/usr/bin/env python3
"""
Writes rules, alerts, their tests and dashboards, for both conventions.

    generate.py                     what is committed here
    generate.py --check             says what differs from it, and exits with 1
    generate.py --namespace shop    for `.namespace("shop")`
"""

import argparse
import json
import re
import sys
from pathlib import Path

sys.dont_write_bytecode = True

from generator import alert_cases, alerts, rule_cases, rules
from generator.conventions import conventions
from generator.dashboards import dashboards
from generator.text import HEADER, yaml

HERE = Path(__file__).resolve().parent


def files(namespace):
    """Path and contents of all that is generated."""
    found = {}
    for c in conventions(namespace):
        documents = {
            "rules.yaml": rules.document(rules.rules(c)),
            "alerts.yaml": alerts.document(c),
            "rules.test.yaml": rule_cases.rule_tests(c),
            "alerts.test.yaml": alert_cases.alert_tests(c),
        }
        for name, document in documents.items():
            found[Path(c.name, name)] = HEADER + yaml(document)
        for name, dashboard in dashboards(c).items():
            text = json.dumps(dashboard.json(), indent=2, ensure_ascii=False)
            found[Path(c.name, "dashboards", name)] = text + "\n"
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing, compare")
    parser.add_argument("--namespace", default="", help="what stands in front of the layer's families")
    parser.add_argument("--output", type=Path, default=HERE, help="the folder, by default this one")
    args = parser.parse_args()
    if not re.fullmatch(r"([a-zA-Z_][a-zA-Z0-9_]*)?", args.namespace):
        parser.error(f"{args.namespace!r} is no name of a metric")

    wanted = files(args.namespace)
    if not args.check:
        for path, text in wanted.items():
            path = args.output / path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    return compare(args.output, wanted)


def compare(output, wanted):
    """Says what differs, what is missing, and what is there and no longer generated."""
    wrong = []
    for path, text in wanted.items():
        file = output / path
        if not file.is_file():
            wrong.append(f"{path} is missing")
        elif file.read_text(encoding="utf-8") != text:
            wrong.append(f"{path} differs")
    for folder in sorted({path.parts[0] for path in wanted}):
        for file in sorted((output / folder).rglob("*")):
            if file.is_file() and file.relative_to(output) not in wanted:
                wrong.append(f"{file.relative_to(output)} is not generated")
    for line in wrong:
        print(line, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
