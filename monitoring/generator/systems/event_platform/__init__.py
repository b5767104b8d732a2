"""An API that takes events, the processor behind it, and the back end of a user interface."""

from ..model import System
from .alerts import alerts
from .rows import rows

EVENT_PLATFORM = System(
    name="event_platform",
    title="Event platform",
    description="Objectives, the ingest API, the user interface's back end, the queue and the processor.",
    series="lynex_ingest_rate_limited_total",
    rows=rows,
    alerts=alerts,
)
