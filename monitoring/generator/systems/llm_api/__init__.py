"""Answers of models: their latency and tokens, sockets, conversations."""

from ..model import System
from .alerts import alerts
from .rows import rows

LLM_API = System(
    name="llm_api",
    title="LLM API",
    description="Models, tokens, sockets and conversations, beside requests.",
    series="conversations_total",
    rows=rows,
    alerts=alerts,
)
