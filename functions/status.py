"""Handler: the status of a job."""

from functions.deployment import Deployment, deployed
from functions.http import Endpoint, Request, Response
from functions.keys import Caller
from functions.ready import get_ready
from functions.views import status_response


def status(request: Request, caller: Caller, deployment: Deployment) -> Response:
    """Return the job that the path names."""
    job = deployment.lookup.find(request.path, caller.org)
    request.know_query()
    return status_response(job, deployment.outputs.shown(job), deployment.clock.now())


handler = Endpoint(status, deployed)
get_ready(lambda made: (made.keys, made.lookup, made.outputs))
