"""Entry: what this deployment offers, whether it answers, and that nothing else is here."""

from typing import Any

from functions.deployment import Deployment, deployed
from functions.errors import ApiError
from functions.http import Event, Request, Response, answer, answer_anyone
from functions.keys import Caller
from functions.views import flow_description
from noukai_wire.errors import ErrorCode
from noukai_wire.routes import Route


def flows(_request: Request, caller: Caller, deployment: Deployment) -> Response:
    """Answer with every flow of the deployment and the JSON Schema of its input."""
    entries = sorted(deployment.catalog.flows.items())
    return Response({"flows": [flow_description(caller.org, name, entry) for name, entry in entries]})


def health(_request: Request) -> Response:
    """Answer that the gateway reaches a function."""
    return Response({"status": "ok"})


def not_found(_request: Request, _caller: Caller, _deployment: Deployment) -> Response:
    """Answer that there is no such route."""
    raise ApiError(ErrorCode.NOT_FOUND, "There is no such route: check the method and the path against the README.")


def handler(event: Event, _context: object) -> dict[str, Any]:
    """Serve the gateway, its `$default` route included."""
    if event["routeKey"] == Route.HEALTH.key:
        return answer_anyone(event, health)
    return answer(event, deployed(), None, flows if event["routeKey"] == Route.FLOWS.key else not_found)
