"""Handler: cancel a job, at once and for good."""

from noukai_functions.access.api_keys import ApiKey
from noukai_functions.api.answers import job_outline, status_response
from noukai_functions.api.endpoint import Endpoint, Request, Response
from noukai_functions.deployment import Deployment, deployed
from noukai_functions.ready import get_ready
from noukai_functions.requests.lookup import named_job


def cancel(request: Request, api_key: ApiKey, deployment: Deployment) -> Response:
    """Return the job after its cancellation; a terminal job is left as it is.

    A key that may not read sees the state and the times alone.
    """
    job_id, flow = named_job(request.path)
    request.know_query()
    job = deployment.cancellation.cancel(job_id, flow, api_key.org)
    if not api_key.may_read:
        return Response(job_outline(job))
    return status_response(job, deployment.outputs.shown(job), deployment.clock.now())


handler = Endpoint(cancel, deployed)
get_ready(lambda made: (made.api_keys, made.cancellation, made.outputs))
