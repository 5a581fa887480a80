"""Entry: accept a job. Put the row, send the message, then answer; a crash in between heals with the caller's retry."""

from functions.deployment import Deployment
from functions.errors import ApiError, flow_not_found
from functions.http import Endpoint, Request, Response
from functions.identity import job_id
from functions.keys import Caller
from functions.lifecycle import GIVE_UP_AFTER_MS, Job, State, poll_after_seconds
from functions.queue import Message
from functions.store import Refused
from functions.submission import Submission, check_idempotency_key, parse_submission
from functions.views import accepted
from noukai_wire import limits
from noukai_wire.errors import ErrorCode
from noukai_wire.routes import BASE_PATH, Route
from noukai_wire.slug import is_slug


def submit(request: Request, caller: Caller, deployment: Deployment) -> Response:
    """Answer 202 with the job; the same idempotency key gives the same job, whatever happened in between."""
    name = _flow_name(request, deployment)
    submission = parse_submission(request.body, name, deployment.catalog)
    key = check_idempotency_key(request.headers.get("idempotency-key"))
    job = _new_job(caller, name, key, submission, deployment)
    try:
        deployment.store.create(job, job.created_at)
    except Refused as refused:
        if refused.seen is None:
            raise
        job = _same_submission(refused.seen, job)
    now = deployment.clock.now()
    if job.attempt == 0 and not job.is_terminal:
        _send(job, submission, deployment, now)
    return _accepted(job, now)


def _flow_name(request: Request, deployment: Deployment) -> str:
    """Read the path: `project/flow` of a flow that is here, in its only version."""
    project, flow = request.path["project"], request.path["flow"]
    name = f"{project}/{flow}"
    if not (is_slug(project) and is_slug(flow)) or name not in deployment.catalog.flows:
        raise flow_not_found(name)
    if request.path.get("version", "v0") != "v0":
        raise flow_not_found(f"{name}/{request.path['version']}")
    return name


def _new_job(caller: Caller, name: str, key: str | None, submission: Submission, deployment: Deployment) -> Job:
    options = submission.options
    now = deployment.clock.now()
    delay = options.get("delaySeconds", 0) * 1000
    return Job(
        id=job_id(caller.org, name, key),
        org=caller.org,
        flow=name,
        state=State.PENDING,
        created_at=now,
        attempt=0,
        max_attempts=options.get("maxAttempts", deployment.catalog.flows[name].max_attempts),
        digest=submission.digest,
        keep_seconds=options.get("keepSeconds", limits.DEFAULT_KEEP_SECONDS),
        give_up_at=now + delay + GIVE_UP_AFTER_MS,
        not_before=now + delay if delay else None,
        metadata=options.get("metadata") or None,
    )


def _same_submission(seen: Job, job: Job) -> Job:
    """Take up the job that has the id; another body under the same key is a conflict."""
    if seen.digest != job.digest:
        raise ApiError(
            ErrorCode.IDEMPOTENCY_CONFLICT,
            "This Idempotency-Key was used before with another body: send the same body, or use a new key.",
        )
    return seen


def _send(job: Job, submission: Submission, deployment: Deployment, now: int) -> None:
    """Send the message, or send it again: until a worker has claimed the job nobody can tell whether it was sent."""
    message = Message(
        id=job.id,
        created_at=job.created_at,
        org=job.org,
        flow=job.flow,
        arguments=submission.arguments,
        timeout_seconds=submission.options.get("timeoutSeconds"),
    )
    remaining = -(-((job.not_before or now) - now) // 1000)
    deployment.queue.send(message, delay_seconds=max(0, remaining))


def _accepted(job: Job, now: int) -> Response:
    org, (project, flow) = job.org, job.flow.split("/")
    location = BASE_PATH + Route.STATUS.path(org=org, project=project, flow=flow, id=job.id)
    headers = {"Location": location, "Retry-After": str(poll_after_seconds(job, now))}
    return Response(accepted(job), status=202, headers=headers)


handler = Endpoint(submit, scope="submit")
