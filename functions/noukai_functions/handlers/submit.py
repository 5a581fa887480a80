"""The handler that submits a job."""

from noukai_functions.access.api_keys import ApiKey
from noukai_functions.api.answers import accepted_response
from noukai_functions.api.endpoint import Endpoint, Request, Response
from noukai_functions.deployment import Deployment, deployed
from noukai_functions.init_phase import get_ready
from noukai_functions.requests.submission import check_idempotency_key, flow_name, parse_submission


def submit(request: Request, api_key: ApiKey, deployment: Deployment) -> Response:
    """Return 202 with the job.

    The same idempotency key always gives the same job.
    """
    name = flow_name(request.path, deployment.catalog)
    submission = parse_submission(request.body, name, deployment.catalog, request.trace)
    key = check_idempotency_key(request.headers.get("idempotency-key"))
    request.know_query()
    job = deployment.admission.submit(name, key, submission, api_key.org, api_key.name)
    if deployment.audit_log:
        deployment.audit_log.write("submit", api_key, request.id, deployment.clock.now(), job_id=job.id)
    return accepted_response(job, api_key, deployment.clock.now())


handler = Endpoint(submit, deployed)
get_ready(Deployment.prepare_submissions)
