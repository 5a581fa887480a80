"""The resubmission of the input of a job that did not complete."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from noukai_functions.catalog.entries import Catalog
from noukai_functions.clock import Clock
from noukai_functions.jobs.lifecycle import START_WITHIN_MS, Job, State, job_id
from noukai_functions.jobs.queues.queue import LaterMessageError
from noukai_functions.jobs.saved_inputs import SavedInputs
from noukai_functions.names import ALL_WEBHOOKS
from noukai_functions.refusals import (
    FlowNotFoundError,
    InputNotBackError,
    InvalidInputError,
    Refusal,
    UnreadableJobError,
)
from noukai_functions.requests.admission import Admission
from noukai_functions.telemetry.logger import job_fields, logger

if TYPE_CHECKING:
    from collections.abc import Callable

    from noukai_functions.jobs.objects import JobObjects
    from noukai_wire.traces import Trace

_COMES_BACK_MS = 60 * 60 * 1000
"""After an hour, assume that the message of a cancelled job was never sent."""


@dataclass(frozen=True, slots=True)
class Retries:
    """The retries of failed and cancelled jobs, each as a new job."""

    catalog: Catalog
    saved_inputs: SavedInputs
    admission: Admission
    clock: Clock
    objects: "Callable[[], JobObjects]"

    def retry(self, old: Job, by: str, trace: "Trace | None" = None) -> Job:
        """Resubmit the input of a job as a new job, for the API key with the name `by`.

        Retrying twice makes one job.

        Without a trace of its own, it belongs to the trace of the old job.

        Raises:
            Refusal: the job is not failed or cancelled, or its flow or input is gone.
        """
        now = self.clock.now()
        if old.state not in (State.FAILED, State.CANCELLED):
            reason = f"is a job in the state {old.state}: only a failed or cancelled job can be retried"
            raise InvalidInputError([("id", reason)])
        if old.flow not in self.catalog.flows:
            raise FlowNotFoundError(old.flow)
        try:
            message = self.saved_inputs.read(old)
        except LaterMessageError as error:
            logger().error("a job cannot be retried", extra={**job_fields(old), "reason": str(error)})
            raise UnreadableJobError(old.id) from error
        if message is None:
            raise _without_input(old, now)
        job = _again(old, by, now)
        if message.input is not None:
            kept_until = self.objects().uploaded_until(job.org, message.input)
            if (kept_until or 0) < job.start_by:
                raise InvalidInputError(
                    [("id", "is a job whose uploaded input has expired: upload and submit it again")]
                )
        job = replace(job, webhook=_webhook_named(old) or self.admission.webhook_of(old.org))
        if trace is not None:
            message = replace(message, traceparent=trace.parent, tracestate=trace.state)
        return self.admission.create(job, replace(message, id=job.id))


def _webhook_named(job: Job) -> str | None:
    """Return the webhook endpoint that a submission has named."""
    return None if job.webhook == ALL_WEBHOOKS else job.webhook


def _without_input(old: Job, now: int) -> Refusal:
    """Return the error for a missing input, which may still be in a cancelled job's message."""
    if old.state is State.CANCELLED and now < min(old.start_by, (old.completed_at or 0) + _COMES_BACK_MS):
        return InputNotBackError()
    return InvalidInputError([("id", "is a job whose input was lost with its message: submit it again")])


def _again(old: Job, by: str, now: int) -> Job:
    """Return a new job with the same input and options, but without a delay."""
    # No idempotency key can hold a line break, so that no submission has this id. The creation time is
    # included because an expired job's id may be reused.
    id_ = job_id(old.org, old.flow, f"\n{old.id}\n{old.created_at}")
    fresh = Job(
        id=id_,
        org=old.org,
        flow=old.flow,
        state=State.PENDING,
        created_at=now,
        attempt=0,
        max_attempts=old.max_attempts,
        digest=old.digest,
        keep_seconds=old.keep_seconds,
        start_by=now + START_WITHIN_MS,
    )
    return replace(fresh, metadata=old.metadata, retry_of=old.id, submitted_by=by or None)
