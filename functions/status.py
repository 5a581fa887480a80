"""Entry: a job as it stands."""

from typing import Any

from functions.deployment import Deployment, deployed
from functions.http import Event, Request, Response, answer
from functions.keys import Caller
from functions.reading import find_job, status_response


def status(request: Request, caller: Caller, deployment: Deployment) -> Response:
    """Answer with the job that the path names."""
    return status_response(find_job(request, caller, deployment), deployment.clock.now())


def handler(event: Event, _context: object) -> dict[str, Any]:
    """Serve the gateway."""
    return answer(event, deployed(), "read", status)
