"""The handler that resubmits the input of a job that did not complete, as a new job."""

from noukai_functions.access.api_keys import ApiKey
from noukai_functions.api.answers import accepted_response
from noukai_functions.api.endpoint import Endpoint, Request, Response
from noukai_functions.deployment import Deployment, deployed
from noukai_functions.init_phase import get_ready


def retry(request: Request, api_key: ApiKey, deployment: Deployment) -> Response:
    """Return 202 with the new job, whose id is derived from the old one's."""
    old = deployment.lookup.find(request.path, api_key)
    request.know_query()
    job, now = deployment.retries.retry(old, api_key.name, request.trace), deployment.clock.now()
    if deployment.audit_log:
        deployment.audit_log.write("retry", api_key, request.id, now, job_id=job.id, retry_of=old.id)
    return accepted_response(job, api_key, now)


handler = Endpoint(retry, deployed)
get_ready(lambda made: (made.api_keys, made.lookup, made.retries))
