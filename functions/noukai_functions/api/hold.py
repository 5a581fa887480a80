"""The holding of a request until its job ends.

A held request occupies concurrency that the workers share, so whatever holds is a function of its own.
"""

from collections.abc import Callable

from noukai_functions.clock import Clock
from noukai_functions.jobs.lifecycle import Job
from noukai_functions.jobs.table import JobsTable


def hold(
    job: Job, table: JobsTable, clock: Clock, *, until: int, pause_ms: Callable[[Job, int], int | None]
) -> Job | None:
    """Poll the job until it is terminal or the time is over; return it as last seen.

    `pause_ms` says how long to let it be after it was seen, or None if it is not worth holding on for. The
    looks need not be consistent: what is terminal stays so.
    """
    seen: Job | None = job
    while seen is not None and not seen.is_terminal and (left := until - clock.now()) > 0:
        pause = pause_ms(seen, clock.now())
        if pause is None:
            break
        clock.sleep(min(pause, left) / 1000)
        seen = table.read(job.id, consistent=False)
    return seen
