"""Accepting a job: put the row, send the message, then answer.

After a crash in between the caller's retry goes on.
"""

from dataclasses import replace

from functions.aws import AwsError
from functions.deployment import Deployment
from functions.lifecycle import Job
from functions.queue import Letter, Message
from functions.refusals import IdempotencyConflictError
from functions.store import Refused
from functions.telemetry import logger


def accept(job: Job, message: Message, deployment: Deployment) -> Job:
    """Return the new job, or the existing one if it was the same submission."""
    entered = enter(job, message, deployment)
    letter = letter_of(entered, message, deployment)
    if letter is not None:
        deployment.queue_of(job.flow).send(letter.message, delay_seconds=letter.delay_seconds)
        if entered is not job:
            note_resent(entered, deployment)
    return entered


def enter(job: Job, message: Message, deployment: Deployment) -> Job:
    """Write the row of a new job, or return the existing job; send nothing yet.

    A message that a queue cannot hide for so long is left to a schedule before the row is put: a schedule
    without a row sends a message that a worker drops, but a row without a schedule would be pending until its
    deadline to start.

    Raises:
        Refusal: the org has used up its budget or has too many unfinished jobs, and the job is a new one.
    """
    refusal = deployment.budgets.refusal(job.org, is_later=job.is_later)
    # A schedule too many only sends a message that is dropped: for that, the cheaper read is enough.
    if (refusal or job.is_later) and not _is_known(job, deployment, consistent=refusal is not None):
        if refusal:
            raise refusal
        deployment.schedules.create(message, job.due_at, deployment.queue_of(job.flow))
    try:
        deployment.store.create(job, job.created_at)
    except Refused as refused:
        if refused.seen is None:
            raise
        return _same_submission(refused.seen, job)
    return job


def letter_of(job: Job, message: Message, deployment: Deployment) -> Letter | None:
    """Return the message to send for a job now, if there is one."""
    now = deployment.clock.now()
    if not job.may_be_resent(now):
        return None
    due_at = max(now, job.not_before or 0)
    return Letter(replace(message, created_at=job.created_at), -(-(due_at - now) // 1000))


def note_resent(job: Job, deployment: Deployment) -> None:
    """Record that a repeated submission has sent the job's message again.

    This comes after the send: a crash in between costs a message more, the other order could leave the job
    without one.
    """
    try:
        deployment.store.note_resent(job, deployment.clock.now())
    except Refused:
        pass  # a worker has claimed it meanwhile
    except AwsError:
        logger().warning("a resent message could not be recorded", extra={"job_id": job.id}, exc_info=True)


def uploaded_until(job: Job, reference: str, deployment: Deployment) -> int | None:
    """Return until when the uploaded input of a new job is kept at least; None if it is missing."""
    # Only a submission that has an uploaded input loads what it takes.
    from functions.payloads import PayloadLostError, input_key  # noqa: PLC0415 - as said

    try:
        return deployment.payloads.look_for(input_key(job.org, reference))
    except PayloadLostError:
        return None


def _is_known(job: Job, deployment: Deployment, *, consistent: bool) -> bool:
    seen = deployment.store.read(job.id, consistent=consistent)
    return seen is not None and not seen.is_expired(job.created_at)


def _same_submission(seen: Job, job: Job) -> Job:
    """Return the existing job of this id; raise a conflict if its body differs."""
    if seen.digest != job.digest:
        raise IdempotencyConflictError
    return seen
