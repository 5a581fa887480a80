"""Handler: accept a job."""

from functions.deployment import Deployment, deployed
from functions.http import Endpoint, Request, Response
from functions.keys import Caller
from functions.ready import get_ready
from functions.submission_request import read_submission
from functions.views import accepted_response


def submit(request: Request, caller: Caller, deployment: Deployment) -> Response:
    """Return 202 with the job.

    The same idempotency key gives the same job, whatever happened in between.
    """
    job = deployment.admission.submit(*read_submission(request, deployment.catalog), caller.org)
    return accepted_response(job, caller, deployment.clock.now())


handler = Endpoint(submit, deployed)
get_ready(Deployment.prepare_submissions)
