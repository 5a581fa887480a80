"""From a request that submits to its accepted job, for every route that takes a submission."""

from functions.accepting import accept
from functions.deployment import Deployment
from functions.errors import InvalidInputError, flow_not_found
from functions.http import Request
from functions.identity import job_id
from functions.keys import Caller
from functions.lifecycle import GIVE_UP_AFTER_MS, Job, State, needs_schedule
from functions.queue import Message
from functions.submission import Submission, check_idempotency_key, parse_submission, run_at_errors
from noukai_wire.slug import is_slug


def submitted(request: Request, caller: Caller, deployment: Deployment) -> Job:
    """Accept the job that a request asks for; the same idempotency key gives the same one, whatever happened since."""
    name = _flow_name(request, deployment)
    submission = parse_submission(request.body, name, deployment.catalog)
    key = check_idempotency_key(request.headers.get("idempotency-key"))
    job = _new_job(caller, name, key, submission, deployment)
    message = _message(job, submission)
    if "runAt" in submission.options:
        _check_run_at(job, message, submission.options["runAt"], deployment)
    return accept(job, message, deployment)


def _flow_name(request: Request, deployment: Deployment) -> str:
    """Read the path: `project/flow` of a flow that is here, in its only version."""
    project, flow = request.path["project"], request.path["flow"]
    name = f"{project}/{flow}"
    if not (is_slug(project) and is_slug(flow)) or name not in deployment.catalog.flows:
        raise flow_not_found(name)
    if request.path.get("version", "v0") != "v0":
        raise flow_not_found(f"{name}/{request.path['version']}")
    return name


def _check_run_at(job: Job, message: Message, run_at: int, deployment: Deployment) -> None:
    """Refuse a moment that is over or too far, unless the job is there: a retry may come after it."""
    errors = run_at_errors(run_at, job.created_at)
    if errors:
        seen = deployment.store.read(job.id, consistent=True)
        if seen is None or seen.is_expired(job.created_at):
            raise InvalidInputError(errors)
    if needs_schedule(run_at - job.created_at):
        # Only a submission that waits so long loads what it takes.
        from functions.schedules import check_size  # noqa: PLC0415 - as said

        check_size(message)


def _new_job(caller: Caller, name: str, key: str | None, submission: Submission, deployment: Deployment) -> Job:
    options, flow = submission.options, deployment.catalog.flows[name]
    now = deployment.clock.now()
    due_at = options.get("runAt", now + options.get("delaySeconds", 0) * 1000)
    return Job(
        id=job_id(caller.org, name, key),
        org=caller.org,
        flow=name,
        state=State.PENDING,
        created_at=now,
        attempt=0,
        max_attempts=options.get("maxAttempts", flow.max_attempts),
        digest=submission.digest,
        keep_seconds=options.get("keepSeconds", flow.keep_seconds),
        give_up_at=due_at + GIVE_UP_AFTER_MS,
        not_before=due_at if due_at > now else None,
        metadata=options.get("metadata") or None,
    )


def _message(job: Job, submission: Submission) -> Message:
    """Say to the worker what the row does not."""
    options = submission.options
    return Message(
        id=job.id,
        created_at=job.created_at,
        org=job.org,
        flow=job.flow,
        arguments=submission.arguments,
        timeout_seconds=options.get("timeoutSeconds"),
        backoff_seconds=options.get("backoffSeconds"),
        backoff_cap_seconds=options.get("backoffCapSeconds"),
    )
