"""The cancellation of jobs and of their delayed messages."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from noukai_functions.aws import AwsError
from noukai_functions.clock import Clock
from noukai_functions.jobs.lifecycle import UNSETTLED, Job, State
from noukai_functions.jobs.queues.queue import LaterMessageError
from noukai_functions.jobs.table import JobsTable, Refused
from noukai_functions.refusals import JobNotFoundError, UnreadableRowError
from noukai_functions.requests.job_filter import JobFilter
from noukai_functions.requests.lookup import is_visible
from noukai_functions.telemetry.logger import job_fields, logger

if TYPE_CHECKING:
    from collections.abc import Callable

    from noukai_functions.delayed_messages import DelayedMessages
    from noukai_functions.jobs.saved_inputs import SavedInputs


@dataclass(frozen=True, slots=True)
class Cancellation:
    """The cancellation of an org's jobs, immediate and final."""

    table: JobsTable
    clock: Clock
    delayed_messages: "Callable[[], DelayedMessages]"
    saved_inputs: "Callable[[], SavedInputs]"

    def cancel(self, job_id: str, flow: str | None, org: str, by: str) -> Job:
        """Cancel the org's job and return it; return a terminal job unchanged."""
        now = self.clock.now()
        try:
            job = self.table.cancel(job_id, org=org, flow=flow, now=now, by=by)
        except Refused as refused:
            if refused.seen is None or not is_visible(refused.seen, org, flow, now):
                raise JobNotFoundError from None
            job = refused.seen
        self._withdraw(job)
        return job

    def cancel_matching(self, job: Job, job_filter: JobFilter, by: str) -> bool:
        """Cancel a job of a page; return False if it is terminal or no longer in the selected state."""
        seen = None if job_filter.states == UNSETTLED else job.state
        try:
            now = self.clock.now()
            cancelled = self.table.cancel(job.id, org=job.org, flow=job.flow, now=now, by=by, seen=seen)
        except Refused:
            return False
        except UnreadableRowError as error:
            logger().error("a job could not be cancelled", extra={**job_fields(job), "reason": str(error)})
            return False
        try:
            self._withdraw(cancelled)
        except AwsError:
            # If the schedule fires, a worker drops its message. The other jobs need not wait for that.
            logger().warning(
                "the schedule of a cancelled job could not be deleted",
                extra=job_fields(job),
                exc_info=True,
            )
        return True

    def _withdraw(self, job: Job) -> None:
        """Delete the schedule of a cancelled job, and store its input for a retry; idempotent.

        The job is cancelled first, so that a worker drops the message if the schedule fires in between.
        """
        now = self.clock.now()
        if job.state is not State.CANCELLED or not job.has_schedule(now):
            return
        try:
            message = self.delayed_messages().read(job)
        except LaterMessageError as error:
            # When the schedule fires, a worker of the later version keeps the input.
            logger().warning(
                "the schedule of a cancelled job stays", extra={**job_fields(job), "reason": str(error)}
            )
            return
        if message is not None:
            self.saved_inputs().keep(message, job, now)
            self.delayed_messages().delete(job)
