"""The hold of a request until its job ends.

A held request occupies concurrency that the workers share, so each route that holds has its own function.
"""

from collections.abc import Callable

from noukai_functions.clock import Clock
from noukai_functions.jobs.lifecycle import Job
from noukai_functions.jobs.table import JobsTable


def hold(
    job: Job, table: JobsTable, clock: Clock, *, until: int, pause_ms: Callable[[Job, int], int | None]
) -> Job | None:
    """Poll the job until it is terminal or the time is over; return it as last seen.

    `pause_ms` returns the pause until the next read, or None to stop holding. The reads may be inconsistent,
    because a terminal state never changes.
    """
    seen: Job | None = job
    while seen is not None and not seen.is_terminal and (left := until - clock.now()) > 0:
        pause = pause_ms(seen, clock.now())
        if pause is None:
            break
        clock.sleep(min(pause, left) / 1000)
        seen = table.read(job.id, consistent=False)
    return seen
