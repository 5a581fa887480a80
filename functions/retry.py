"""Handler: resubmit the input of a job that did not complete, as a new job."""

from dataclasses import replace

from functions.accepting import accept, uploaded_until
from functions.deployment import Deployment
from functions.http import Endpoint, Request, Response
from functions.identity import job_id
from functions.keys import Caller
from functions.lifecycle import GIVE_UP_AFTER_MS, Job, State
from functions.reading import find_job
from functions.ready import get_ready
from functions.refusals import FlowNotFoundError, InputNotBackError, InvalidInputError, Refusal
from functions.views import accepted_response

_COMES_BACK_MS = 60 * 60 * 1000
"""A message that has not come by so long after its job was cancelled was hardly ever sent."""


def retry(request: Request, caller: Caller, deployment: Deployment) -> Response:
    """Return 202 with the new job.

    Its id is derived from the old one's, so that retrying twice makes one.
    """
    old = find_job(request.path, caller.org, deployment)
    request.know_query()
    now = deployment.clock.now()
    if old.state not in (State.FAILED, State.CANCELLED):
        raise InvalidInputError([("id", f"is a job that is {old.state}; only a failed or cancelled one is retried")])
    if old.flow not in deployment.catalog.flows:
        raise FlowNotFoundError(old.flow)
    message = deployment.inputs.read(old)
    if message is None:
        raise _without_input(old, now)
    job = _again(old, now)
    if message.input is not None and (uploaded_until(job, message.input, deployment) or 0) < job.give_up_at:
        raise InvalidInputError([("id", "is a job whose uploaded input is not kept any more: submit it anew")])
    accepted = accept(job, replace(message, id=job.id), deployment)
    return accepted_response(accepted, caller, deployment.clock.now())


def _without_input(old: Job, now: int) -> Refusal:
    """Return why the input is missing: a cancelled job's message may still hold it."""
    if old.state is State.CANCELLED and now < min(old.give_up_at, (old.completed_at or 0) + _COMES_BACK_MS):
        return InputNotBackError()
    return InvalidInputError([("id", "is a job whose input is lost with its message: submit it anew")])


def _again(old: Job, now: int) -> Job:
    """Return the same submission, with the caller's options except a delay."""
    # No idempotency key can hold a line break, so no submission has this id. Once it has expired, the old id
    # may be used again, by another submission.
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
        give_up_at=now + GIVE_UP_AFTER_MS,
    )
    return replace(fresh, metadata=old.metadata, retry_of=old.id)


handler = Endpoint(retry)
get_ready(lambda made: (made.keys, made.store, made.catalog, made.inputs, made.budgets, made.queue))
