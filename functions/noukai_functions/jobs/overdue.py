"""The settling of jobs that nobody runs: overdue ones, and those whose workers were lost."""

from noukai_functions.jobs.lifecycle import Job, unrun_error
from noukai_functions.jobs.table import JobsTable, Refused
from noukai_wire.text import cut


def settled(seen: Job, table: JobsTable, now: int) -> Job:
    """Return the job; fail it first if it is overdue."""
    return (fail_unrun(seen, table, now) or seen) if seen.is_overdue(now) else seen


def fail_unrun(seen: Job, table: JobsTable, now: int) -> Job | None:
    """Fail the job if its row is unchanged since it was read.

    Returns the job as it is afterwards; None if its row is gone.
    """
    try:
        return table.fail_unrun(seen, error=cut(unrun_error(seen)), now=now)
    except Refused as refused:
        return refused.seen
