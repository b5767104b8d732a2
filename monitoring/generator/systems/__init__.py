"""The systems of `examples/systems`: a dashboard and alerts for each, and the tests of these."""

from .documents import ALERTS, alert_rules, alert_tests, alerts, dashboard
from .event_platform import EVENT_PLATFORM
from .llm_api import LLM_API
from .queries import Totals
from .quiz_api import QUIZ_API
from .task_backend import TASK_BACKEND

__all__ = ["ALERTS", "SYSTEMS", "Totals", "alert_rules", "alert_tests", "alerts", "dashboard"]

SYSTEMS = [QUIZ_API, LLM_API, EVENT_PLATFORM, TASK_BACKEND]
