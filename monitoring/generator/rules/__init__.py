"""The recording rules: how raw series become rates, ratios and quantiles of a service, a route, a replica."""

from .client import outgoing
from .five_minutes import five_minutes
from .model import Group, Rule, document
from .promql import QUANTILES
from .records import Records
from .thresholds import default_names, settings_file
from .windows import LONG, LONGEST, long_windows

__all__ = [
    "LONG",
    "LONGEST",
    "QUANTILES",
    "Group",
    "Records",
    "Rule",
    "default_names",
    "document",
    "rules",
    "settings_file",
]


def rules(convention):
    return [five_minutes(convention), *long_windows(convention), outgoing(convention)]
