"""Handler: accept a job."""

from functions.accepting import accepted_response
from functions.deployment import Deployment
from functions.http import Endpoint, Request, Response
from functions.keys import Caller
from functions.ready import get_ready
from functions.submitting import prepare, submitted


def submit(request: Request, caller: Caller, deployment: Deployment) -> Response:
    """Return 202 with the job.

    The same idempotency key gives the same job, whatever happened in between.
    """
    return accepted_response(submitted(request, caller, deployment), caller, deployment.clock.now())


handler = Endpoint(submit)
get_ready(prepare)
