"""The hold of a request until its job ends.

A held request occupies concurrency that the workers share, so each route that holds has its own function.
"""

from collections.abc import Callable

from noukai_functions.api.answers import is_held_for, next_poll_ms
from noukai_functions.clock import Clock
from noukai_functions.jobs.lifecycle import Job
from noukai_functions.jobs.table import JobsTable

_LONGEST_HELD_POLL_MS = 500
"""The longest pause in a request that is held to the end: polling this often costs a twentieth of holding."""


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


def watched_poll_ms(seen: Job, now: int, first: Job, *, progress: bool) -> int | None:
    """Return the pause until a held request's next read; None if it should be answered now.

    A client that follows the progress gets each change since `first`.
    """
    pause = next_poll_ms(seen, now, progress=progress)
    is_news = progress and seen.progress != first.progress
    return pause if is_held_for(pause, progress=progress) and not is_news else None


def held_poll_ms(job: Job, now: int) -> int:
    """Return the milliseconds until a request that is held to the end reads the job again."""
    return min(next_poll_ms(job, now), _LONGEST_HELD_POLL_MS)
