"""Tasks in a queue, tools, a database behind a pool and a cache, and the machine that all of it runs on."""

from ..model import System
from .alerts import alerts
from .rows import rows

TASK_BACKEND = System(
    name="task_backend",
    title="Task backend",
    description="Tools, the queue, the database and its cache, the process, its machine, and what metrics cost.",
    series="queue_length",
    rows=rows,
    alerts=alerts,
)
