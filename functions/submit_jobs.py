"""Entry: accept many jobs of a flow."""

from functions.deployment import Deployment
from functions.http import Endpoint, Request, Response
from functions.keys import Caller
from functions.lifecycle import Job
from functions.submitting import submitted_each
from functions.views import accepted, entry_error


def submit_jobs(request: Request, caller: Caller, deployment: Deployment) -> Response:
    """Answer 202 with an entry for each submission, accepted or with its own error."""
    outcomes = submitted_each(request, caller, deployment)
    entries = [{"job": accepted(each)} if isinstance(each, Job) else entry_error(each) for each in outcomes]
    return Response({"jobs": entries}, status=202)


handler = Endpoint(submit_jobs)
