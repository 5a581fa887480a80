"""Handler: accept a job."""

from noukai_functions.access.api_keys import Caller
from noukai_functions.api.answers import accepted_response
from noukai_functions.api.endpoint import Endpoint, Request, Response
from noukai_functions.api.submission_request import read_submission
from noukai_functions.deployment import Deployment, deployed
from noukai_functions.ready import get_ready


def submit(request: Request, caller: Caller, deployment: Deployment) -> Response:
    """Return 202 with the job.

    The same idempotency key gives the same job, whatever happened in between.
    """
    job = deployment.admission.submit(*read_submission(request, deployment.catalog), caller.org)
    return accepted_response(job, caller, deployment.clock.now())


handler = Endpoint(submit, deployed)
get_ready(Deployment.prepare_submissions)
