"""The handler that describes the API, serves the console and health checks, and answers 404 otherwise."""

from functools import partial
from typing import Any

from noukai_functions.access.api_keys import ApiKey
from noukai_functions.api.endpoint import (
    Endpoint,
    Event,
    Request,
    Response,
    answer_anyone,
    error_response,
    key_of,
    prefix_of,
    route_of,
)
from noukai_functions.api.errors import ErrorAnswer
from noukai_functions.catalog.entries import FlowEntry
from noukai_functions.deployment import Deployment, deployed
from noukai_functions.init_phase import get_ready
from noukai_wire.errors import ErrorCode
from noukai_wire.routes import BASE_PATH, DEFAULT_ROUTE, Route


def flows(request: Request, api_key: ApiKey, deployment: Deployment) -> Response:
    """Return every flow that the key covers, with its JSON Schemas."""
    request.know_query()
    entries = sorted(deployment.catalog.flows.items())
    described = [_described(api_key.org, name, entry) for name, entry in entries if api_key.covers(name)]
    return Response({"flows": described})


def _described(org: str, name: str, entry: FlowEntry) -> dict[str, Any]:
    """Return the description of a flow, with its address in an org."""
    fields = {
        "flow": f"{org}/{name}",
        "description": entry.description,
        "input": entry.input,
        "output": entry.output,
        "timeoutSeconds": entry.timeout_seconds,
        "maxAttempts": entry.max_attempts,
        "keepSeconds": entry.keep_seconds,
        "worker": entry.worker_kind,
    }
    return {name: value for name, value in fields.items() if value is not None}


def openapi(request: Request, deployment: Deployment, prefix: str = "") -> Response:
    """Return the OpenAPI document for paths with a prefix.

    It includes the flows for callers whose key covers them all.
    """
    has_key = "authorization" in request.headers
    of_flows = has_key and not key_of(request, deployment).is_limited
    document = deployment.catalog.openapi(of_flows=of_flows)
    if prefix:
        document = {**document, "servers": [{"url": f"{prefix}{BASE_PATH}"}]}
    return Response(document)


def health(_request: Request) -> Response:
    """Answer a health check, which proves that the gateway reaches a function."""
    return Response({"status": "ok"})


def own_key(_request: Request, api_key: ApiKey, _deployment: Deployment) -> Response:
    """Return what the console may know of its key, to offer only what the key may do."""
    return Response({"name": api_key.name, "org": api_key.org, "scopes": sorted(api_key.scopes)})


def not_found(_request: Request, _api_key: ApiKey, _deployment: Deployment) -> Response:
    """Answer 404 for an unknown route."""
    message = "There is no such route: check the method and the path against the README."
    return error_response(ErrorAnswer(ErrorCode.NOT_FOUND, message))


_ENDPOINTS = {Route.FLOWS.key: Endpoint(flows, deployed)}
_DEFAULT = Endpoint(not_found, deployed)
_OWN_KEY = Endpoint(own_key, deployed)


def answer(event: Event, deployment: Deployment) -> dict[str, Any]:
    """Answer a request of the gateway, also one of its `$default` route."""
    route = route_of(event)
    if route == Route.HEALTH.key:
        return answer_anyone(event, health)
    if route == Route.OPENAPI.key:
        return answer_anyone(event, lambda request: openapi(request, deployment, prefix_of(event)))
    if route == DEFAULT_ROUTE and "/console" in event["rawPath"]:
        from noukai_functions.console import answer_console  # noqa: PLC0415 - callers of the API need none

        own = partial(_OWN_KEY.answer, parts=deployment)
        if answered := answer_console(event, deployment.asset, deployment.environment, own):
            return answered
    if route == DEFAULT_ROUTE and (methods := methods_of(event)):
        return answer_anyone(event, lambda _request: Response({}, 204, {"Allow": ", ".join(methods)}))
    return _ENDPOINTS.get(route, _DEFAULT).answer(event, deployment)


def methods_of(event: Event) -> list[str]:
    """Return the methods that an `OPTIONS` request's path supports; none if the path is unknown."""
    http = event["requestContext"].get("http", {})
    if http.get("method") != "OPTIONS":
        return []
    path = event["rawPath"].removeprefix(prefix_of(event)).removeprefix(BASE_PATH).split("/")
    methods = {route.method for route in Route if _fits(path, route.template.split("/"))}
    return sorted([*methods, *(["HEAD"] if "GET" in methods else []), *(["OPTIONS"] if methods else [])])


def _fits(path: list[str], template: list[str]) -> bool:
    return len(path) == len(template) and all(
        bool(part) if name.startswith("{") else part == name
        for part, name in zip(path, template, strict=True)
    )


def handler(event: Event, _context: object) -> dict[str, Any]:
    """Handle an event of the gateway."""
    return answer(event, deployed())


get_ready(lambda made: made.api_keys)
