"""
Compares answers of Prometheus with what was sent. What is expected of a query is one of

    a number                  that each round adds
    a Fraction                that stays the same after each round: a share, or a constant
    None                      any number: nobody can tell it beforehand
    {labels: one of these}    by the values of the labels, sorted by the labels' names; {} is no answer
"""

import math
import re
from fractions import Fraction

# Where something was counted. There is one of each.
PLACES = {"__name__", "job", "instance", "receiver"}


def answers(prometheus, query, at=None):
    """Values by the values of labels, without NaN and infinity."""
    found = {}
    for metric, value in prometheus.query(query, at):
        labels = " ".join(text for name, text in sorted(metric.items()) if name not in PLACES)
        if math.isfinite(value):
            found[labels] = value
    return found


def by_labels(expected):
    return expected if isinstance(expected, dict) else {"": expected}


def is_steady(expected):
    return any(isinstance(count, Fraction) for count in by_labels(expected).values())


def is_total(found, expected, rounds):
    """Whether this is the total after so many rounds."""
    if expected is None:
        return bool(found)
    after = lambda count: count if isinstance(count, Fraction) else count * rounds
    return are_equal(found, {labels: after(count) for labels, count in by_labels(expected).items()})


def are_equal(found, expected):
    return found.keys() == expected.keys() and all(is_close(found[labels], expected[labels]) for labels in found)


def is_close(a, b):
    return math.isclose(a, b, rel_tol=1e-9)


class Window:
    """One round: from a scrape before it to the last one."""

    def __init__(self, prometheus, began):
        self.prometheus = prometheus
        [(_, self.end)] = prometheus.query("max(timestamp(up))")
        # With that scrape, and without the one before, which was a second earlier.
        self.milliseconds = round((self.end - began) * 1000) + 500
        # The rate of what happened once.
        self.pace = None

    def of(self, query):
        """The query, with this window instead of its own."""
        return re.sub(r"\[\d+[smhd]\]", f"[{self.milliseconds}ms]", query)

    def answers(self, query):
        return answers(self.prometheus, self.of(query), self.end)

    def agrees(self, query, expected, rounds):
        found = self.answers(query)
        if "rate(" not in query or expected is None or is_steady(expected):
            return is_total(found, expected, rounds)
        moved = {labels: count for labels, count in by_labels(expected).items() if count}
        if "histogram_quantile(" in query:
            return found.keys() == moved.keys()
        return found.keys() >= moved.keys() and all(
            self.is_rate(found[labels], moved.get(labels, 0)) for labels in found
        )

    def is_rate(self, rate, count):
        """Prometheus extrapolates rates, all of them alike: they are of the same scrapes."""
        if count and not self.pace:
            self.pace = rate / count
        return is_close(rate, count * (self.pace or 0))
