"""The handler that resubmits the input of a job that did not complete, as a new job."""

from noukai_functions.access.api_keys import ApiKey
from noukai_functions.api.answers import accepted_response
from noukai_functions.api.endpoint import Endpoint, Request, Response
from noukai_functions.deployment import Deployment, deployed
from noukai_functions.init_phase import get_ready


def retry(request: Request, api_key: ApiKey, deployment: Deployment) -> Response:
    """Return 202 with the new job, whose id is derived from the old one's."""
    old = deployment.lookup.find(request.path, api_key.org)
    request.know_query()
    return accepted_response(
        deployment.retries.retry(old, request.traceparent), api_key, deployment.clock.now()
    )


handler = Endpoint(retry, deployed)
get_ready(lambda made: (made.api_keys, made.lookup, made.retries))
