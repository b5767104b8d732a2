"""The settings: the file that a user edits, and the rules that find what holds for each service."""

from textwrap import wrap

from .. import settings as s
from ..text import WIDTH, block, number
from .records import Records


def by_job(group, r):
    """A job's own value, or else the one for all."""
    seen = block(
        """
        group by (job) (
          @label_sets@
          or @requests@
          or @outgoing@
        )
        """,
        label_sets=r("job", "label_sets", "max"),
        requests=r("job", "requests", "rate5m"),
        outgoing=r("peer", "client_requests", "rate5m"),
    )
    group.add(r("job", "service", "seen"), seen)
    group.add(r("job", "service", "known"), f"last_over_time({r('job', 'service', 'seen')}[1d])")
    for name, *_ in s.THRESHOLDS + s.CLIENT_THRESHOLDS + s.OBJECTIVES:
        group.add(r.threshold(name), own_or_default(r, name))
    # Whole numbers read `1` in the classic text and `1.0` in OpenMetrics.
    bound = block(
        """
        count_values by (job) ("le", @seconds@)
        or
        label_replace(count_values by (job) ("le", @seconds@), "le", "$1.0", "le", "([0-9]+)")
        """,
        seconds=r.threshold("latency_seconds"),
    )
    group.add(r.latency_bound, bound)


def own_or_default(r, name):
    return block(
        """
        @setting@{job!=""}
        or on (job)
        @setting@{job=""} * on () group_right () @known@
        """,
        setting=r.setting(name),
        known=r("job", "service", "known"),
    )


def default_names(convention):
    """The series without which alerts stay silent."""
    r = Records(convention)
    return [r.setting(name) for name, *_ in s.THRESHOLDS + s.CLIENT_THRESHOLDS + s.OBJECTIVES]


HEAD = """\
# Thresholds, objectives and exclusions: this file is yours. What is here are the defaults. Change a number,
# or add one for a single service, and reload Prometheus. Nothing has to be generated.
#
# A number for one service is the same rule once more, with the service's job:
#
#     - record: @error_ratio@
#       expr: vector(0.1)
#       labels: {job: checkout}
#
# The rule without a job has to stay: it holds for all others. `vector(Inf)` is a limit that is never reached.
# It keeps one alert silent for one service:
#
#     - record: @latency_p95@
#       expr: vector(Inf)
#       labels: {job: reports}
#
# A route is left out of an alert by a rule that names it, for each of its services:
#
#     - record: @exclude_latency@
#       expr: vector(1)
#       labels: {job: shop, @route@: "/orders/{id}/export"}
#
# It can be left out of
#
@exclusions@
#
# Event streams need none of that: the layer counts their time to the head, and a client that leaves one is
# not cancelled. Routes that stream anything else are declared where the layer is built, with `.streams([..])`.
groups:
  - name: @word@_settings
    interval: 30s
    rules:
"""


def settings_file(convention):
    """As text, for the sake of its comments."""
    r = Records(convention)
    exclusions = [f"#     {r.excluded(what)}: {meaning}" for what, meaning in s.EXCLUSIONS.items()]
    head = block(
        HEAD,
        error_ratio=r.setting("error_ratio"),
        latency_p95=r.setting("latency_p95"),
        exclude_latency=r.excluded("latency"),
        route=convention.route,
        exclusions="\n".join(exclusions),
        word=convention.word,
    )
    rules = []
    for name, value, meaning in s.THRESHOLDS + s.CLIENT_THRESHOLDS + s.OBJECTIVES:
        rules += [f"      # {line}\n" for line in wrap(meaning, WIDTH)]
        rules.append(f"      - record: {r.setting(name)}\n        expr: vector({number(value)})\n")
    return f"{head}\n" + "".join(rules)
