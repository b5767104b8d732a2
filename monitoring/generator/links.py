"""That the links of alerts lead somewhere."""

import re

from . import settings as s
from .alerts import alerts
from .dashboards import dashboards


def verify(c, page):
    """Each alert has a section of the runbook, each section is an alert's, and dashboards have what links set."""
    anchors = [line[3:].lower() for line in page.splitlines() if line.startswith("## ")]
    linked = [alert.annotations(c)["runbook_url"].removeprefix(f"{s.RUNBOOK}#") for alert in alerts(c)]
    assert anchors == linked, f"sections and alerts differ: {sorted({*anchors} ^ {*linked})}"
    variables = {one.uid: {v.name for v in one.variables} for one in dashboards(c).values()}
    for alert in alerts(c):
        link = alert.link(c).removeprefix(s.GRAFANA)
        uid = link.removeprefix("/d/").split("?")[0]
        assert uid in variables, f"{alert.name}: no dashboard {uid}"
        lacks = {*re.findall(r"[?&]var-(\w+)=", link)} - variables[uid]
        assert not lacks, f"{alert.name}: the dashboard {uid} has no {lacks}"
