"""Handler: the status of a job."""

from functions.deployment import Deployment
from functions.http import Endpoint, Request, Response
from functions.keys import Caller
from functions.reading import find_job
from functions.ready import get_ready
from functions.results import shown
from functions.views import status_response


def status(request: Request, caller: Caller, deployment: Deployment) -> Response:
    """Return the job that the path names."""
    job = find_job(request.path, caller.org, deployment)
    request.know_query()
    return status_response(job, shown(job, deployment), deployment.clock.now())


handler = Endpoint(status)
get_ready(lambda made: (made.keys, made.store))
