"""The creation of a job: put the row, send the message, then answer.

After a crash between these steps, the caller's retry completes them.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from noukai_functions.aws import AwsError
from noukai_functions.clock import Clock
from noukai_functions.jobs.lifecycle import Job
from noukai_functions.jobs.queue import JobQueue, Message, OutgoingMessage
from noukai_functions.jobs.table import JobsTable, Refused
from noukai_functions.refusals import IdempotencyConflictError
from noukai_functions.telemetry import logger
from noukai_functions.usage.budgets import Budgets

if TYPE_CHECKING:
    from noukai_functions.schedules import Schedules


@dataclass(frozen=True, slots=True)
class JobCreation:
    """The creation of jobs, which writes their rows and sends their messages."""

    table: JobsTable
    budgets: Budgets
    clock: Clock
    queue_of: Callable[[str], JobQueue]
    """Returns the queue of the workers that run a flow."""
    schedules: "Callable[[], Schedules]"

    def create(self, job: Job, message: Message) -> Job:
        """Return the new job, or the existing one if it was the same submission."""
        stored = self.create_row(job, message)
        outgoing = self.outgoing(stored, message)
        if outgoing is not None:
            self.queue_of(job.flow).send(outgoing.message, delay_seconds=outgoing.delay_seconds)
            if stored is not job:
                self.note_resent(stored)
        return stored

    def create_row(self, job: Job, message: Message) -> Job:
        """Write the row of a new job, or return the existing job; send nothing yet.

        If a queue cannot delay the message for long enough, schedule it before putting the row. A schedule
        without a row sends a message that a worker drops; a row without a schedule would stay pending until
        its deadline to start.

        Raises:
            Refusal: the job is new, and the org's budget or limit of unfinished jobs is reached.
        """
        refusal = self.budgets.refusal(job.org, is_later=job.is_later)
        # An extra schedule sends only a message that is dropped, so that the cheaper read is enough for it.
        if (refusal or job.is_later) and not self._is_known(job, consistent=refusal is not None):
            if refusal:
                raise refusal
            self.schedules().create(message, job.due_at, self.queue_of(job.flow))
        try:
            self.table.create(job, job.created_at)
        except Refused as refused:
            if refused.seen is None:
                raise
            return _same_submission(refused.seen, job)
        return job

    def outgoing(self, job: Job, message: Message) -> OutgoingMessage | None:
        """Return the message that must be sent now, if any."""
        now = self.clock.now()
        if not job.may_be_resent(now):
            return None
        due_at = max(now, job.not_before or 0)
        return OutgoingMessage(replace(message, created_at=job.created_at), -(-(due_at - now) // 1000))

    def note_resent(self, job: Job) -> None:
        """Record that a repeated submission has sent the job's message again.

        Done after the send: a crash in between costs an extra message, whereas the other order could lose the
        message.
        """
        try:
            self.table.note_resent(job, self.clock.now())
        except Refused:
            pass  # a worker has claimed it in the meantime
        except AwsError:
            logger().warning(
                "a resent message could not be recorded", extra={"job_id": job.id}, exc_info=True
            )

    def _is_known(self, job: Job, *, consistent: bool) -> bool:
        seen = self.table.read(job.id, consistent=consistent)
        return seen is not None and not seen.is_expired(job.created_at)


def _same_submission(seen: Job, job: Job) -> Job:
    """Return the existing job of this id; raise a conflict if the submissions differ."""
    if seen.digest != job.digest:
        raise IdempotencyConflictError
    return seen
