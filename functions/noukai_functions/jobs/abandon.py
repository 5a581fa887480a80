"""The failing of overdue jobs."""

from noukai_functions.jobs.lifecycle import Job, abandoned_because
from noukai_functions.jobs.table import JobsTable, Refused
from noukai_wire.text import cut


def settled(seen: Job, table: JobsTable, now: int) -> Job:
    """Return the job; fail it first if it is overdue, so that nothing waits for ever."""
    return (abandon(seen, table, now) or seen) if seen.is_overdue(now) else seen


def abandon(seen: Job, table: JobsTable, now: int) -> Job | None:
    """Settle the job as failed if its row is unchanged since it was read.

    Gives it as it stands afterwards, None if it is gone.
    """
    try:
        return table.abandon(seen, error=cut(abandoned_because(seen)), now=now)
    except Refused as refused:
        return refused.seen
