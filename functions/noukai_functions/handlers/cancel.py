"""The handler that cancels a job."""

from noukai_functions.access.api_keys import ApiKey
from noukai_functions.api.endpoint import Endpoint, Request, Response
from noukai_functions.api.statuses import job_outline, status_response
from noukai_functions.deployment import Deployment, deployed
from noukai_functions.init_phase import get_ready
from noukai_functions.jobs.lifecycle import State
from noukai_functions.requests.lookup import named_job


def cancel(request: Request, api_key: ApiKey, deployment: Deployment) -> Response:
    """Cancel the job and return it; a terminal job is returned unchanged.

    A key without the read scope gets only the state and the times.
    """
    job_id, flow = named_job(request.path)
    request.know_query()
    if api_key.flows and flow is None:
        flow = deployment.lookup.find(request.path, api_key).flow
    job = deployment.cancellation.cancel(job_id, flow, api_key.org, api_key.name)
    is_new = job.state is State.CANCELLED and (job.completed_at or 0) >= request.received_at
    if deployment.audit_log and is_new:
        deployment.audit_log.write("cancel", api_key, request.id, deployment.clock.now(), job_id=job.id)
    if not api_key.may_read:
        return Response(job_outline(job))
    return status_response(job, deployment.outputs.shown(job), deployment.clock.now())


handler = Endpoint(cancel, deployed)
get_ready(lambda made: (made.api_keys, made.cancellation, made.outputs))
