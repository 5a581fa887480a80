"""Handler: cancel a job, at once and for good."""

from functions.deployment import Deployment, deployed
from functions.http import Endpoint, Request, Response
from functions.keys import Caller
from functions.reading import named_job
from functions.ready import get_ready
from functions.views import job_outline, status_response


def cancel(request: Request, caller: Caller, deployment: Deployment) -> Response:
    """Return the job after its cancellation; a terminal job is left as it is.

    A key that may not read sees the state and the times alone.
    """
    job_id, flow = named_job(request.path)
    request.know_query()
    job = deployment.cancellation.cancel(job_id, flow, caller.org)
    if not caller.may_read:
        return Response(job_outline(job))
    return status_response(job, deployment.outputs.shown(job), deployment.clock.now())


handler = Endpoint(cancel, deployed)
get_ready(lambda made: (made.keys, made.cancellation, made.outputs))
