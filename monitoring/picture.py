#!/usr/bin/env python3
"""
Draws the graphs of a dashboard, with what a Prometheus has for them, as an SVG: for pages that Grafana cannot
be on.

    picture.py http://127.0.0.1:9090 shop 5m > dashboard.svg
    picture.py http://127.0.0.1:9090 llm_api 5m --system llm_api > systems.svg

The queries are the dashboard's own. Its job is the second argument, and the third how far it looks back.
"""

import argparse
import html
import json
import math
import sys
import time
import urllib.parse
import urllib.request

sys.dont_write_bytecode = True

from generator.conventions import conventions
from generator.dashboards import dashboards
from generator.systems import SYSTEMS, dashboard
from queries import substitute

OVERVIEW = [
    "Requests by route",
    "Errors by cause",
    "Statuses",
    "Latency",
    "Cancelled",
    "In flight",
]
OF_SYSTEMS = {
    "llm_api": [
        "Requests by path",
        "API errors by type, code and path",
        "Calls",
        "Mean time to the first token",
        "Tokens",
        "Messages",
    ],
}
COLOURS = ["#3274d9", "#e0752d", "#56a64b", "#a352cc", "#e02f44", "#0a9ba5", "#b8860b", "#8f6e5d", "#5f6b7a", "#c23a84"]
WIDTH, HEIGHT, GAP = 460, 210, 20
LEFT, TOP, BOTTOM = 52, 34, 58
STEPS = 150


def query_range(base, query, start, end):
    step = max(1, (end - start) / STEPS)
    parameters = {"query": query, "start": start, "end": end, "step": step}
    url = f"{base}/api/v1/query_range?{urllib.parse.urlencode(parameters)}"
    with urllib.request.urlopen(url, timeout=30) as response:
        return json.load(response)["data"]["result"]


def legend(target, metric):
    text = target["legendFormat"]
    for name, value in metric.items():
        text = text.replace("{{" + name + "}}", value)
    return text


def panels(system):
    """Those that are drawn: of a system, or of the overview."""
    if system:
        found = dashboard(next(one for one in SYSTEMS if one.name == system))
    else:
        found = dashboards(next(c for c in conventions() if c.name == "prometheus"))["overview.json"]
    known = {panel["title"]: panel for panel in found.json()["panels"] if panel["type"] == "timeseries"}
    return [known[title] for title in OF_SYSTEMS.get(system, OVERVIEW)]


def lines(base, panel, job, window, start, end):
    for target in panel["targets"]:
        for series in query_range(base, substitute(target["expr"], job, window), start, end):
            values = [(float(t), float(v)) for t, v in series["values"]]
            values = [(t, v) for t, v in values if not math.isnan(v)]
            if values:
                yield legend(target, series["metric"]).replace(f"{job} ", ""), values


def nice(limit):
    """A little above the limit, and easily divided."""
    if limit <= 0:
        return 1.0
    unit = 10 ** math.floor(math.log10(limit))
    return next(unit * step for step in (1, 2, 2.5, 4, 5, 8, 10) if unit * step >= limit)


def number(value, unit):
    if unit == "percentunit":
        return f"{value * 100:g} %"
    if unit == "s":
        return f"{value:g} s" if value >= 1 or value == 0 else f"{value * 1000:g} ms"
    return f"{value:g}"


def draw(panel, found, x, y, start, end):
    unit = panel["fieldConfig"]["defaults"].get("unit", "short")
    top = nice(max((v for _, values in found for _, v in values), default=0))
    inner = HEIGHT - TOP - BOTTOM
    across = WIDTH - LEFT - 12
    at = lambda t, v: (x + LEFT + (t - start) / (end - start) * across, y + TOP + (1 - v / top) * inner)
    suffix = " (per second)" if unit in ("reqps", "ops") else ""
    yield f'<rect x="{x}" y="{y}" width="{WIDTH}" height="{HEIGHT}" rx="3" class="panel"/>'
    yield f'<text x="{x + 12}" y="{y + 20}" class="title">{html.escape(panel["title"] + suffix)}</text>'
    for part in range(5):
        value = top * part / 4
        _, line = at(start, value)
        yield f'<line x1="{x + LEFT}" x2="{x + WIDTH - 12}" y1="{line:.1f}" y2="{line:.1f}" class="grid"/>'
        yield f'<text x="{x + LEFT - 6}" y="{line + 3:.1f}" class="tick">{number(value, unit)}</text>'
    for minutes in range(0, int((end - start) // 60) + 1):
        left, bottom = at(start + 60 * minutes, 0)
        yield f'<text x="{left:.1f}" y="{bottom + 14:.1f}" class="time">{minutes} min</text>'
    # The largest first: these are what a legend has room for.
    found.sort(key=lambda line: -sum(v for _, v in line[1]) / len(line[1]))
    column, row = x + 12, y + HEIGHT - 22
    for index, (name, values) in enumerate(found):
        colour = COLOURS[index % len(COLOURS)]
        points = " ".join("{:.1f},{:.1f}".format(*point) for point in thinned([at(t, v) for t, v in values]))
        yield f'<polyline points="{points}" style="stroke:{colour}"/>'
        width = 22 + 6.2 * len(name)
        if column + width > x + WIDTH:
            column, row = x + 12, row + 14
        if row > y + HEIGHT:
            continue
        yield f'<rect x="{column:.1f}" y="{row - 6}" width="10" height="3" fill="{colour}"/>'
        yield f'<text x="{column + 14:.1f}" y="{row}" class="legend">{html.escape(name)}</text>'
        column += width


def thinned(points, within=0.3):
    """Without those that a straight line between others is as good as: Ramer, Douglas and Peucker's way."""
    if len(points) < 3:
        return points
    (x1, y1), *inner, (x2, y2) = points
    length = math.hypot(x2 - x1, y2 - y1) or 1
    far = [abs((x2 - x1) * (y1 - y) - (x1 - x) * (y2 - y1)) / length for x, y in inner]
    if max(far) <= within:
        return [points[0], points[-1]]
    middle = far.index(max(far)) + 1
    return thinned(points[: middle + 1], within)[:-1] + thinned(points[middle:], within)


def picture(base, job, end, seconds, window, drawn):
    start = end - seconds
    rows = (len(drawn) + 1) // 2
    width, height = 2 * WIDTH + 3 * GAP, rows * (HEIGHT + GAP) + GAP
    yield f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" font-family="sans-serif">'
    yield "<style>.panel{fill:#fff;stroke:#d8dbe0}.title{font-size:13px;fill:#24292e}.grid{stroke:#eceef1}"
    yield ".tick{font-size:10px;fill:#6a737d;text-anchor:end}.time{font-size:10px;fill:#6a737d;text-anchor:middle}"
    yield ".legend{font-size:10.5px;fill:#444d56}polyline{fill:none;stroke-width:1.5;stroke-linejoin:round}</style>"
    yield f'<rect width="{width}" height="{height}" fill="#f4f5f7"/>'
    for index, panel in enumerate(drawn):
        x = GAP + index % 2 * (WIDTH + GAP)
        y = GAP + index // 2 * (HEIGHT + GAP)
        found = list(lines(base, panel, job, window, start, end))
        assert found, f"{panel['title']}: no data"
        yield from draw(panel, found, x, y, start, end)
    yield "</svg>"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("prometheus")
    parser.add_argument("job")
    parser.add_argument("back", help="minutes, such as 5m", type=lambda text: 60 * float(text.removesuffix("m")))
    parser.add_argument("--until", type=float, default=time.time(), help="seconds since 1970, now by default")
    parser.add_argument("--window", default="20s", help="what $__rate_interval becomes")
    parser.add_argument("--system", choices=OF_SYSTEMS, help="whose dashboard it is, by default the overview")
    args = parser.parse_args()
    base, drawn = args.prometheus.rstrip("/"), panels(args.system)
    print("\n".join(picture(base, args.job, args.until, args.back, args.window, drawn)))


if __name__ == "__main__":
    main()
