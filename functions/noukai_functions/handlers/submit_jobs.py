"""The handler that submits many jobs of a flow."""

from typing import Any

from noukai_functions.access.api_keys import ApiKey
from noukai_functions.api.answers import accepted, entry_error
from noukai_functions.api.endpoint import Endpoint, Request, Response
from noukai_functions.api.errors import error_answer
from noukai_functions.deployment import Deployment, deployed
from noukai_functions.init_phase import get_ready
from noukai_functions.jobs.lifecycle import Job
from noukai_functions.requests.batch_submission import BatchSubmission
from noukai_functions.requests.submission import check_idempotency_key, flow_name, parse_batch

_MOST_MS = 15_000
"""The time after which the caller must resubmit the rest of a batch.

The gateway times out after 30 seconds."""


def submit_jobs(request: Request, api_key: ApiKey, deployment: Deployment) -> Response:
    """Return 202 with an entry for each submission: accepted, or its own error."""
    name = flow_name(request.path, deployment.catalog)
    entries = parse_batch(request.body)
    key = check_idempotency_key(request.headers.get("idempotency-key"))
    request.know_query()
    batch = BatchSubmission(deployment.admission, name, api_key.org, api_key.name, key, request.trace)
    outcomes = batch.submit(entries, until=request.received_at + _MOST_MS)
    accepted_jobs = sum(isinstance(each, Job) for each in outcomes)
    if deployment.audit_log and accepted_jobs:
        about = {"flow": name, "jobs": accepted_jobs}
        deployment.audit_log.write("submit_jobs", api_key, request.id, deployment.clock.now(), **about)
    return Response({"jobs": [_entry(each, request.id) for each in outcomes]}, status=202)


def _entry(outcome: Job | Exception, request_id: str) -> dict[str, Any]:
    if isinstance(outcome, Job):
        return {"job": accepted(outcome)}
    return entry_error(error_answer(outcome, request_id))


handler = Endpoint(submit_jobs, deployed)
get_ready(Deployment.prepare_submissions)
