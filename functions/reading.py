"""The lookup of the job in a request's path."""

from functions.abandoning import settled
from functions.deployment import Deployment
from functions.http import Request, Response
from functions.identity import is_job_id
from functions.keys import Caller
from functions.lifecycle import Job
from functions.pace import pace_headers
from functions.refusals import JobNotFoundError, UnreadableJobError, UnreadableRowError
from functions.results import shown
from functions.telemetry import logger
from functions.views import job_status


def named_job(request: Request) -> tuple[str, str | None]:
    """Read the path: the job's id, and `project/flow` if it names the flow too."""
    job_id = request.path["id"]
    if not is_job_id(job_id):
        raise JobNotFoundError
    flow = f"{request.path['project']}/{request.path['flow']}" if "flow" in request.path else None
    return job_id, flow


def find_job(request: Request, caller: Caller, deployment: Deployment) -> Job:
    """Read the caller's job, strongly consistent: a terminal answer is never followed by another."""
    job_id, flow = named_job(request)
    try:
        job = deployment.store.read(job_id, consistent=True)
    except UnreadableRowError as error:
        # Other orgs are told as little of it as of any job.
        if error.org != caller.org:
            raise JobNotFoundError from None
        logger().exception("a job cannot be read", extra={"job_id": error.job_id})
        raise UnreadableJobError(error.job_id) from None
    now = deployment.clock.now()
    if job is None or not is_visible(job, caller, flow, now):
        raise JobNotFoundError
    return settled(job, deployment.store, now)


def is_visible(job: Job, caller: Caller, flow: str | None, now: int) -> bool:
    """Return whether the job is the caller's, of the flow that the path names, and not expired."""
    return job.org == caller.org and flow in (None, job.flow) and not job.is_expired(now)


def status_response(
    job: Job, deployment: Deployment, now: int, *, held: bool = False, progress: bool = False
) -> Response:
    """Return the job's status and its poll interval."""
    pace = {} if job.is_terminal else pace_headers(job, now, held=held, progress=progress)
    return Response(job_status(job, shown(job, deployment)), headers=pace)
