"""Annotations of alerts, as Prometheus renders them."""

import re
from urllib.parse import quote_plus

from .. import settings as s
from ..alerts import DURATIONS, SHARES


def limit(name, own):
    """A setting of the service, as an alert says it."""
    value = float(own.get(name, s.default(name)))
    if name in SHARES:
        return f"{value * 100:.4g}%"
    if name in DURATIONS:
        return f"{value * 1000:.4g}ms" if value < 1 else f"{value:.4g}s"
    return "+Inf" if value == float("inf") else f"{value:g}"


def rendered(text, labels, value, own):
    """An annotation as Prometheus renders it."""
    text = re.sub(
        r"{{ with printf \"job:\w+?_(?:threshold|objective):(\w+){job=%q}\".*?{{ end }}",
        lambda m: limit(m[1], own),
        text,
    )
    text = re.sub(r"{{ if \$labels\.(\w+) }}.*?{{ else }}(.*?){{ end }}", lambda m: labels.get(m[1]) or m[2], text)
    text = re.sub(r"{{ \$labels\.(\w+) \| urlquery }}", lambda m: quote_plus(labels.get(m[1], "")), text)
    text = re.sub(r"{{ \$labels\.(\w+) }}", lambda m: labels[m[1]], text)
    return re.sub(r"{{ \$value [^}]*}}", value, text)
