"""Handler: accept many jobs of a flow."""

from typing import Any

from functions.deployment import Deployment, deployed
from functions.errors import error_answer
from functions.http import Endpoint, Request, Response
from functions.keys import Caller
from functions.lifecycle import Job
from functions.ready import get_ready
from functions.submission import check_idempotency_key, parse_batch
from functions.submitting import flow_name
from functions.views import accepted, entry_error

_MOST_MS = 15_000
"""The time after which the rest of a batch is left to its caller: the gateway gives up after 30 seconds."""


def submit_jobs(request: Request, caller: Caller, deployment: Deployment) -> Response:
    """Return 202 with an entry for each submission: accepted, or its own error."""
    name = flow_name(request.path, deployment.catalog)
    entries = parse_batch(request.body)
    request.know_query()
    key = check_idempotency_key(request.headers.get("idempotency-key"))
    until = request.received_at + _MOST_MS
    outcomes = deployment.admission.submit_each(name, key, entries, caller.org, until=until)
    return Response({"jobs": [_entry(each, request.id) for each in outcomes]}, status=202)


def _entry(outcome: Job | Exception, request_id: str) -> dict[str, Any]:
    if isinstance(outcome, Job):
        return {"job": accepted(outcome)}
    return entry_error(error_answer(outcome, request_id))


handler = Endpoint(submit_jobs, deployed)
get_ready(Deployment.prepare_submissions)
