"""Alerts on the layer itself, and on the settings."""

from .. import settings as s
from ..rules import default_names
from ..text import block, number
from .model import JOB, NUMBER


def layer(a):
    label_sets(a)
    settings(a)


def label_sets(a):
    r = a.r
    held = r("job", "label_sets", "max")
    bound_it = (
        "A client cannot do this; a label of your own can. Bound it, or raise max_label_sets, and label_sets in "
        "settings.yaml. Label sets that exist stay until the process restarts."
    )
    find_it = "Which label has so many values? `topk(10, count by (label) (family))` shows it."
    a.add(
        "LabelSetsNearBudget",
        a.above(held, "label_sets", f"{number(s.LABEL_SETS_SHARE)} * "),
        "5m",
        "warning",
        f"{JOB} holds {NUMBER} label sets",
        f"Of {a.limit('label_sets')}. Beyond, new ones are folded into the route _overflow.",
        means=f"A replica holds more than {number(s.LABEL_SETS_SHARE * 100)} % of the label sets that its layer may "
        "hold.",
        look=find_it,
        act=bound_it,
    )
    a.add(
        "LabelSetsGrowing",
        f"{held}\n- max_over_time({held}[1d] offset 1h)\n> on (job) {r.threshold('label_sets_growth')}",
        "30m",
        "warning",
        f"{JOB} holds {NUMBER} label sets more than an hour ago",
        "More than in all the day before, so this is no replica that warms up.",
        means="The number of label sets keeps growing, which it should not once all routes have been called.",
        look=find_it,
        act=f"A deployment with many new routes is harmless. {bound_it}",
    )
    a.add(
        "RequestsOverflowed",
        f"{r('job', 'overflowed', 'rate5m')} > 0",
        "0m",
        "warning",
        f"{JOB} is beyond its budget of label sets",
        f"{NUMBER} requests a second are counted under the route _overflow. Error ratios still hold.",
        means="The budget of label sets is spent: requests with new ones are counted under the route _overflow.",
        look=find_it,
        act=bound_it,
    )


def settings(a):
    r = a.r
    missing = [
        f'label_replace(absent({name}{{job=""}}), "setting", "{name}", "", "")' for name in default_names(a.c)
    ]
    a.add(
        "SettingsMissing",
        block("(\n  @m@\n)\nand on () @evaluations@", m="\nor\n".join(missing), evaluations=r.evaluations),
        "10m",
        "warning",
        "{{ $labels.setting }} has no value for all services",
        "Alerts that need it stay silent.",
        means="settings.yaml is not among the rule files, or lacks a rule that holds for every service. Alerts that "
        "read it cannot fire.",
        look="Is settings.yaml loaded? The page of rules in Prometheus lists it, and says what is wrong with it.",
        act="Load it, or add the rule without a job from the settings.yaml of this version.",
        of_service=False,
    )
    a.add(
        "LatencyObjectiveUnmeasured",
        block(
            """
            @objective@
            unless on (job) group by (job) (@slow@)
            and on (job) @requests@ > 0
            """,
            objective=r.threshold("latency_seconds"),
            slow=r("route", "slow", "rate5m"),
            requests=r("job", "requests", "rate5m"),
        ),
        "10m",
        "warning",
        f"The latency objective of {JOB} is no bucket of its histogram",
        "{{ $value | humanizeDuration }} is not among the bounds, so that the latency budget has no data.",
        means="The latency objective counts the requests in a bucket of the histogram, and no bucket has that bound.",
        look="Which bounds are there? `group by (le) (family_bucket)` lists them.",
        act="Choose one of them as latency_seconds of this job in settings.yaml, or build the layer with other "
        "buckets.",
    )
