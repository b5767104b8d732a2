#!/usr/bin/env python3
"""
Prints every query of a convention, one JSON object a line: of dashboards, their variables, rules, alerts and
guides; or of a system of `examples/systems`. Grafana's variables are replaced, so that each can be sent to a
Prometheus as it is.

    queries.py prometheus shop 1m
    queries.py quiz_api quiz_api 1m

    kind       panel, annotation, variable, rule (what it records from), record (what it recorded), alert, guide
    where      the dashboard and panel, or the rule
    query      PromQL
    needs      what must have happened for it to return data: requests, errors, cancelled, grpc, client
               (outgoing requests), instrumented (the endpoint), process (its start), a day
    may_be_empty   true for alerts, which return nothing while all is well, and for what takes a day

A system has one more kind, `measure`: what an alert compares with a limit. Panels and measures also have a `total`,
the same query over everything counted so far, without a window.
"""

import argparse
import json
import re
import sys

sys.dont_write_bytecode = True

from generator.alerts import alerts
from generator.conventions import conventions
from generator.dashboards import dashboards
from generator.grafana import STARTS
from generator.rules import rules
from generator.systems import SYSTEMS, Totals
from generator.systems import alerts as system_alerts
from generator.systems import dashboard as system_dashboard

# As guides to monitoring write them, word for word: they must work on these metrics too.
GUIDES = {
    "prometheus": [
        "sum(rate(http_requests_total[5m])) by (route)",
        "histogram_quantile(0.95, sum(rate(http_request_duration_seconds_bucket[5m])) by (le, route))",
        "sum(rate(http_errors_total[5m])) / sum(rate(http_requests_total[5m]))",
        "rate(http_request_duration_seconds_sum[5m]) / rate(http_request_duration_seconds_count[5m])",
        'sum(rate(http_requests_total{status!~"5.."}[5m])) / sum(rate(http_requests_total[5m]))',
        "topk(5, histogram_quantile(0.99, sum by (le, route) (rate(http_request_duration_seconds_bucket[5m]))))",
    ],
    "opentelemetry": [
        "histogram_quantile(0.95, sum(rate(http_server_request_duration_seconds_bucket[5m])) by (le, http_route))",
        'sum(rate(http_server_request_duration_seconds_count{http_response_status_code=~"4..|5.."}[5m])) by (http_route)',
    ],
}


def substitute(query, job, window):
    """As Grafana does: the job that was asked for, all replicas, all routes."""
    values = {
        "job": job,
        "instance": ".*",
        "route": ".*",
        "peer": ".*",
        "__rate_interval": window,
        "__interval": window,
        "__range": window,
    }
    return re.sub(
        r"\$(?:(\w+)|{(\w+)(?::\w+)?})",
        # `$1` belongs to label_replace.
        lambda match: values.get(match[1] or match[2], match[0]),
        query,
    )


def queries(convention, job, window):
    def found(kind, where, query, needs=("requests",), may_be_empty=False):
        return {
            "convention": convention.name,
            "kind": kind,
            "where": where,
            "query": substitute(query, job, window),
            "needs": list(needs),
            "may_be_empty": may_be_empty,
        }

    for dashboard in dashboards(convention).values():
        for where, target in dashboard.queries():
            yield found("panel", f"{dashboard.uid}: {where}", target.expr, target.needs)
        yield found("annotation", f"{dashboard.uid}: starts", STARTS, ("process",), may_be_empty=True)
        for v in dashboard.variables:
            yield found("variable", f"{dashboard.uid}: ${v.name}", f"group by ({v.of}) ({v.series})", v.needs)
    for group in rules(convention):
        for rule in group.rules:
            # Nobody waits a day for it.
            late = "a day" in rule.needs
            yield found("rule", rule.record, rule.expr, rule.needs, may_be_empty=late)
            yield found("record", rule.record, rule.record, rule.needs, may_be_empty=late)
    for alert in alerts(convention):
        yield found("alert", alert.name, alert.expr, may_be_empty=True)
    prefix = f"{convention.namespace}_" if convention.namespace else ""
    for query in GUIDES[convention.name]:
        needs = ("errors",) if "http_errors" in query or "4.." in query else ("requests",)
        yield found("guide", "a guide", re.sub(r"\bhttp_(?=request|error|server)", f"{prefix}http_", query), needs)


def system_queries(system, job, window):
    def found(kind, where, query, total=""):
        texts = {"query": substitute(query, job, window), "total": substitute(total, job, window)}
        return {"system": system.name, "kind": kind, "where": where, **texts, "may_be_empty": kind == "alert"}

    dashboard, totals = system_dashboard(system), system_dashboard(system, Totals)
    for (where, target), (_, total) in zip(dashboard.queries(), totals.queries()):
        # The legend tells what several queries of one panel are.
        where = where if "{{" in target.legend else f"{where}: {target.legend}"
        yield found("panel", where, target.expr, total.expr)
    yield found("annotation", "starts", STARTS)
    for v in dashboard.variables:
        yield found("variable", f"${v.name}", f"group by ({v.of}) ({v.series})")
    for alert, totals in zip(system_alerts(system), system_alerts(system, Totals)):
        yield found("alert", alert.name, alert.expr)
        for measure, total in zip(alert.measures, totals.measures):
            yield found("measure", alert.name, measure.query, total.query)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    known = [c.name for c in conventions()]
    systems = {system.name: system for system in SYSTEMS}
    parser.add_argument("convention", choices=[*known, *systems], help="or a system")
    parser.add_argument("job", nargs="?", default=".+", help="a regular expression, by default any")
    parser.add_argument("window", nargs="?", default="5m", help="what $__rate_interval becomes")
    parser.add_argument("--namespace", default="")
    args = parser.parse_args()
    if args.convention in systems:
        found = system_queries(systems[args.convention], args.job, args.window)
    else:
        convention = next(c for c in conventions(args.namespace) if c.name == args.convention)
        found = queries(convention, args.job, args.window)
    for query in found:
        print(json.dumps(query, ensure_ascii=False))


if __name__ == "__main__":
    main()
