"""Panels as the JSON that Grafana reads."""

from .model import DATASOURCE, GREEN, ORANGE, PLAIN_STEPS, RED


def panel_json(panel):
    steps = panel.steps or PLAIN_STEPS
    defaults = {
        "unit": panel.unit,
        "color": {"mode": "thresholds" if panel.kind == "stat" else "palette-classic"},
        "thresholds": thresholds(steps),
        "mappings": [],
    }
    if panel.kind != "stat":
        defaults["min"] = 0
    common = {
        "type": panel.kind,
        "title": panel.title,
        "description": panel.description,
        "datasource": DATASOURCE,
        "fieldConfig": {"defaults": defaults, "overrides": []},
        "targets": [target_json(panel, i, target) for i, target in enumerate(panel.targets)],
    }
    return {**common, **KINDS[panel.kind](panel, common)}


def thresholds(steps):
    return {"mode": "absolute", "steps": [{"color": color, "value": at} for at, color in steps]}


def target_json(panel, index, target):
    found = {
        "refId": chr(ord("A") + index),
        "datasource": DATASOURCE,
        "editorMode": "code",
        "expr": target.expr,
        "legendFormat": target.legend,
    }
    if panel.kind == "table":
        return {**found, "format": "table", "instant": True, "range": False}
    if panel.kind == "stat":
        return {**found, "instant": True, "range": False}
    # Where requests have exemplars, they are points in the graph that lead to a trace.
    exemplar = {"exemplar": True} if "_bucket{" in target.expr else {}
    if panel.kind == "heatmap":
        return {**found, "format": "heatmap", "range": True, **exemplar}
    return {**found, "range": True, **exemplar}


def stat_json(panel, common):
    return {
        "options": {
            "colorMode": "value",
            "graphMode": "none",
            "justifyMode": "auto",
            "orientation": "auto",
            "textMode": "auto",
            "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
        }
    }


def timeseries_json(panel, common):
    custom = {
        "drawStyle": "line",
        "lineWidth": 1,
        "fillOpacity": 30 if panel.stack else 5,
        "showPoints": "never",
        "spanNulls": False,
        "stacking": {"mode": "normal" if panel.stack else "none", "group": "A"},
        "thresholdsStyle": {"mode": "dashed" if panel.steps else "off"},
    }
    common["fieldConfig"]["defaults"]["custom"] = custom
    if panel.options.get("statuses"):
        common["fieldConfig"]["overrides"] = [
            {
                "matcher": {"id": "byRegexp", "options": f"/^{first}\\d\\d$/"},
                "properties": [{"id": "color", "value": {"mode": "fixed", "fixedColor": color}}],
            }
            for first, color in [("2", GREEN), ("3", "blue"), ("4", ORANGE), ("5", RED)]
        ]
    return {
        "options": {
            "legend": {
                "displayMode": "table",
                "placement": "bottom",
                "showLegend": True,
                "calcs": ["mean", "max", "lastNotNull"],
                "sortBy": "Max",
                "sortDesc": True,
            },
            "tooltip": {"mode": "multi", "sort": "desc"},
        }
    }


def heatmap_json(panel, common):
    return {
        "options": {
            "calculate": False,
            "cellGap": 1,
            "color": {"mode": "scheme", "scheme": "Oranges", "steps": 64, "exponent": 0.5, "fill": "dark-orange"},
            "filterValues": {"le": 1e-9},
            "legend": {"show": True},
            "rowsFrame": {"layout": "auto"},
            "tooltip": {"mode": "single", "yHistogram": False},
            "yAxis": {"axisPlacement": "left", "unit": panel.unit},
        }
    }


def table_json(panel, common):
    key = panel.options["key"]
    overrides = []
    for target in panel.targets:
        properties = [{"id": "unit", "value": target.unit}]
        if target.steps:
            properties += [
                {"id": "thresholds", "value": thresholds(target.steps)},
                {"id": "color", "value": {"mode": "thresholds"}},
                {"id": "custom.cellOptions", "value": {"type": "color-text"}},
            ]
        overrides.append({"matcher": {"id": "byName", "options": target.name}, "properties": properties})
    link = (
        f"/d/{panel.options['link']}?var-route=${{__data.fields.Route}}"
        "&${job:queryparam}&${instance:queryparam}&${datasource:queryparam}&${__url_time_range}"
    )
    overrides.append(
        {
            "matcher": {"id": "byName", "options": "Route"},
            "properties": [
                {"id": "links", "value": [{"title": "In depth", "url": link, "targetBlank": False}]},
                {"id": "custom.width", "value": 420},
            ],
        }
    )
    common["fieldConfig"]["overrides"] = overrides
    letters = [chr(ord("A") + i) for i in range(len(panel.targets))]
    names = {f"Value #{letter}": target.name for letter, target in zip(letters, panel.targets)}
    return {
        "transformations": [
            {"id": "joinByField", "options": {"byField": key, "mode": "outer"}},
            {
                "id": "organize",
                "options": {
                    "excludeByName": {f"Time{n}": True for n in ["", *[f" {i}" for i in range(1, 10)]]},
                    "indexByName": {},
                    "renameByName": {key: "Route", **names},
                },
            },
        ],
        "options": {
            "showHeader": True,
            "cellHeight": "sm",
            "sortBy": [{"displayName": "Requests/s", "desc": True}],
        },
    }


KINDS = {"stat": stat_json, "timeseries": timeseries_json, "heatmap": heatmap_json, "table": table_json}
