"""The settling of jobs that nobody runs: overdue ones, and those whose workers were lost."""

from noukai_functions.jobs.lifecycle import Job, State
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
        return table.fail_unrun(seen, error=cut(_unrun_error(seen)), now=now)
    except Refused as refused:
        return refused.seen


def _unrun_error(job: Job) -> str:
    """Return the error of a job that nobody runs."""
    if job.attempt == 0:
        return "never started: its message was lost or could not be delivered"
    if job.state is State.PENDING:
        return f"never started again after attempt {job.attempt} of {job.max_attempts}: {job.last_error}"
    return f"worker lost: attempt {job.attempt} of {job.max_attempts} ended without reporting an outcome"
