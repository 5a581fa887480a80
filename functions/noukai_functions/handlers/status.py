"""The handler that returns a job's status."""

from noukai_functions.access.api_keys import ApiKey
from noukai_functions.api.endpoint import Endpoint, Request, Response
from noukai_functions.api.statuses import status_response
from noukai_functions.deployment import Deployment, deployed
from noukai_functions.init_phase import get_ready


def status(request: Request, api_key: ApiKey, deployment: Deployment) -> Response:
    """Return the job that the path names."""
    job = deployment.lookup.find(request.path, api_key)
    request.know_query()
    return status_response(job, deployment.outputs.shown(job), deployment.clock.now())


handler = Endpoint(status, deployed)
get_ready(lambda made: (made.api_keys, made.lookup, made.outputs))
