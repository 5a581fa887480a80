"""Handler: accept many jobs of a flow."""

from typing import Any

from functions.deployment import Deployment
from functions.errors import error_answer
from functions.http import Endpoint, Request, Response
from functions.keys import Caller
from functions.lifecycle import Job
from functions.ready import get_ready
from functions.submitting import prepare, submitted_each
from functions.views import accepted, entry_error


def submit_jobs(request: Request, caller: Caller, deployment: Deployment) -> Response:
    """Return 202 with an entry for each submission: accepted, or its own error."""
    outcomes = submitted_each(request, caller, deployment)
    return Response({"jobs": [_entry(each, request.id) for each in outcomes]}, status=202)


def _entry(outcome: Job | Exception, request_id: str) -> dict[str, Any]:
    if isinstance(outcome, Job):
        return {"job": accepted(outcome)}
    return entry_error(error_answer(outcome, request_id))


handler = Endpoint(submit_jobs)
get_ready(prepare)
