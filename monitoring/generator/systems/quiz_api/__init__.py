"""The back end of a quiz: sessions, questions, its database, and what it pushes."""

from ...dashboards.frame import link
from ..model import System
from .alerts import alerts
from .rows import rows

QUIZ_API = System(
    name="quiz_api",
    title="Quiz API",
    description="Sessions, questions and queries of the quiz, beside its requests.",
    series="quiz_sessions_active",
    rows=rows,
    alerts=alerts,
    links=[link("Services", "tower-red-overview"), link("Route", "tower-red-route")],
)
