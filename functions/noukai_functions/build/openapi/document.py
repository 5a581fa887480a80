"""A build step: the OpenAPI document, from the models and operations of `noukai_wire`."""

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from itertools import groupby
from types import MappingProxyType
from typing import Any

from noukai_functions.build.openapi.schemas import (
    flow_identifier,
    flow_reference,
    flow_schemas,
    parameter_schemas,
    reference,
    refusal_schema,
    wire_schemas,
)
from noukai_functions.catalog.entries import FlowEntry
from noukai_wire import limits
from noukai_wire.errors import ErrorCode
from noukai_wire.models import ExecuteAnswer, JobAccepted, Submission, WireModel
from noukai_wire.operations import OPERATIONS, Operation
from noukai_wire.routes import BASE_PATH, Route
from noukai_wire.slug import SLUG_RULE

_DESCRIPTION = f"""Jobs of flows: submit one, watch it, wait for it, cancel it.

A request is checked in this order: 401, 403, 404, 413, 400, 422.

A body holds at most {limits.MAX_BODY_BYTES} bytes and {limits.MAX_JSON_DEPTH} levels of JSON, in UTF-8,
without NaN, numbers beyond a double and halves of surrogate pairs; so does a result in an answer. A larger
input is uploaded first, and a larger result is behind a URL: either has at most
{limits.MAX_PAYLOAD_BYTES} bytes.

Every answer of ours carries `X-Request-ID`. What the gateway answers by itself (429, 413 beyond 10 MB, 431,
503, 504) has a `message` alone, and not that header."""

_SLUG = {
    "type": "string",
    "minLength": limits.MIN_SLUG_LENGTH,
    "maxLength": limits.MAX_SLUG_LENGTH,
    "pattern": "^[a-z0-9]([a-z0-9-]*[a-z0-9])?$",
}
_VARIABLES: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "org": (f"The org of the key: {SLUG_RULE}", _SLUG),
    "project": (f"The flow's project: {SLUG_RULE}", _SLUG),
    "flow": (f"The flow: {SLUG_RULE}", _SLUG),
    "version": ("The flow's version; there is but one", {"type": "string", "enum": ["v0"]}),
    "id": ("The job's id", {"type": "string", "pattern": "^job_[a-z2-7]{26}$"}),
    "name": (
        "The name; that of a schedule in code is `project.flow`",
        {"type": "string", "pattern": r"^[a-z0-9-]+(\.[a-z0-9-]+)?$"},
    ),
    "step": ("An attempt", {"type": "string", "pattern": "^attempt-([1-9]|1[0-9]|20)$"}),
}
_HEADERS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "X-Request-ID": ("Names the request in the logs of the deployment", {"type": "string", "minLength": 1}),
    "Location": ("The path of the job's status", {"type": "string", "pattern": f"^{BASE_PATH}/seq/"}),
    "Retry-After": ("When to ask again, in whole seconds", {"type": "integer", "minimum": 0}),
    "Retry-After-Ms": ("When to ask again, in milliseconds", {"type": "integer", "minimum": 0}),
    "WWW-Authenticate": ("How to authenticate", {"type": "string", "const": "Bearer"}),
}
_POLL_INTERVAL = ("Retry-After", "Retry-After-Ms")
_API_TAG = "api"
_TAGS = {
    "jobs": "Submissions of flows, as they wait, run and end.",
    "uploads": "Inputs that are too large for a body.",
    "flows": "What the deployment offers.",
    "webhooks": "URLs that are told when jobs end.",
    "schedules": "Jobs at the instants of cron expressions.",
    "tokens": "Short-lived tokens for browsers.",
    "usage": "What an org has used.",
    "health": "How a deployment is, for its operator.",
    _API_TAG: "The API itself.",
}
_BY_THE_GATEWAY = {
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.SERVICE_UNAVAILABLE,
}
"""The errors that the gateway may also answer itself, in its own shape and without our headers."""


def openapi(
    flows: Mapping[str, FlowEntry], longest_seconds: int, examples: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    """Return the document, with a path for each flow.

    `longest_seconds` is the longest time limit of all workers; `examples` are submissions of flows.
    """
    paths: dict[str, dict[str, Any]] = {}
    for route, operation in OPERATIONS.items():
        paths.setdefault(route.template, {})[route.method.lower()] = _operation(route, operation)
        if operation.request is Submission and "{version}" not in route.template:
            for name, entry in flows.items():
                template = route.template.replace("{project}/{flow}", name)
                described = _of_flow(route, operation, name, entry, examples.get(name))
                paths.setdefault(template, {})[route.method.lower()] = described
    refusals = [each for route, operation in OPERATIONS.items() for each in _codes(route, operation)]
    return {
        "openapi": "3.1.0",
        "info": {"title": "noukai", "version": BASE_PATH.rpartition("/")[2], "description": _DESCRIPTION},
        "servers": [{"url": BASE_PATH}],
        "tags": [{"name": name, "description": text} for name, text in _TAGS.items()],
        "paths": paths,
        "components": {
            "schemas": wire_schemas(OPERATIONS.values(), longest_seconds)
            | flow_schemas(flows, longest_seconds),
            "responses": {_name(codes): _refusal(status, codes) for status, codes in refusals},
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer", "bearerFormat": "nk_…"}},
        },
    }


def _of_flow(
    route: Route, operation: Operation, name: str, entry: FlowEntry, example: Mapping[str, Any] | None
) -> dict[str, Any]:
    project, flow = name.split("/")
    described = _operation(route, operation, {"project": project, "flow": flow})
    return {
        **described,
        "operationId": f"{described['operationId']}__{flow_identifier(name)}",
        "summary": f"{operation.summary} of {name}",
        **({"description": entry.description} if entry.description else {}),
        "requestBody": _body(flow_reference(name, "Submission"), example),
        **(
            {"responses": _of_output(described["responses"], name)}
            if operation.answer is ExecuteAnswer
            else {}
        ),
    }


def _of_output(responses: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Add the flow's output schema to the success answer."""
    success = str(int(HTTPStatus.OK))
    answer = {
        **responses[success],
        "content": {"application/json": {"schema": flow_reference(name, "Answer")}},
    }
    return {**responses, success: answer}


def _operation(
    route: Route, operation: Operation, known: Mapping[str, str] = MappingProxyType({})
) -> dict[str, Any]:
    """Describe an operation; path variables in `known` are replaced by their values."""
    scopes = " and ".join(f"`{scope}`" for scope in route.scopes)
    needs = f"Needs the scope {scopes}." if scopes else "Needs a key of any scope."
    return {
        "operationId": route.name.lower(),
        "tags": [_tag(route)],
        "summary": operation.summary,
        **({} if operation.is_public else {"description": needs}),
        "security": [{}, {"key": []}] if operation.is_public else [{"key": []}],
        "parameters": [
            *_variables(name for name in route.variables if name not in known),
            *_fields(operation.query, "query"),
            *_fields(operation.request_headers, "header"),
        ],
        **(
            {"requestBody": _body(reference(operation.request), operation.example)}
            if operation.request
            else {}
        ),
        "responses": _responses(route, operation, known),
    }


def _variables(names: Iterable[str]) -> list[dict[str, Any]]:
    return [_variable(name) for name in names]


def _variable(name: str) -> dict[str, Any]:
    text, schema = _VARIABLES[name]
    return {"name": name, "in": "path", "required": True, "description": text, "schema": dict(schema)}


def _fields(model: type[WireModel] | None, place: str) -> list[dict[str, Any]]:
    if model is None:
        return []
    required, fields = parameter_schemas(model)
    return [
        {"name": name, "in": place, "required": name in required, "schema": each}
        for name, each in fields.items()
    ]


def _body(schema: object, example: Mapping[str, Any] | None) -> dict[str, Any]:
    shown = {} if example is None else {"examples": {"example": {"value": example}}}
    return {"required": True, "content": {"application/json": {"schema": schema, **shown}}}


def _responses(route: Route, operation: Operation, known: Mapping[str, str]) -> dict[str, Any]:
    is_accepted = operation.answer is JobAccepted
    # An accepted job always has a poll interval; a shown job has none once it has ended.
    certain = ["X-Request-ID", *(["Location", *_POLL_INTERVAL] if is_accepted else [])]
    possible = _POLL_INTERVAL if operation.has_poll_interval else ()
    shown = None if operation.answer is None else reference(operation.answer)
    answer = _response(operation.summary, shown, certain, possible)
    if operation.is_stream:
        # Before OpenAPI 3.2 some readers take the schema for one of the stream, others for one of each event.
        answer["content"] = {"text/event-stream": {"schema": {}}}
    refusals = {
        str(int(status)): f"#/components/responses/{_name(codes)}"
        for status, codes in _codes(route, operation)
    }
    created = {str(int(HTTPStatus.CREATED)): answer} if operation.may_create else {}
    return {
        str(int(operation.status)): answer | ({"links": _links(route, known)} if is_accepted else {}),
        **created,
        **{status: {"$ref": place} for status, place in refusals.items()},
    }


def _codes(route: Route, operation: Operation) -> list[tuple[HTTPStatus, list[ErrorCode]]]:
    """Group the errors of an operation by status."""
    codes = sorted(operation.every_error(route), key=lambda code: (code.status, code))
    return [(status, list(same)) for status, same in groupby(codes, key=lambda code: code.status)]


def _tag(route: Route) -> str:
    """Return the tag of a route: the last resource that its path names."""
    named = [part for part in route.template.split("/") if part in _TAGS]
    return named[-1] if named else _API_TAG if route in (Route.OPENAPI, Route.HEALTH) else "jobs"


def _name(codes: list[ErrorCode]) -> str:
    return "__".join(codes)


def _refusal(status: HTTPStatus, codes: list[ErrorCode]) -> dict[str, Any]:
    schema = refusal_schema(codes, or_by_gateway=status in _BY_THE_GATEWAY)
    if status in _BY_THE_GATEWAY:
        again = () if status is HTTPStatus.REQUEST_ENTITY_TOO_LARGE else ("Retry-After",)
        return _response(status.phrase, schema, (), ("X-Request-ID", *again))
    certain = ["X-Request-ID", *(["WWW-Authenticate"] if status is HTTPStatus.UNAUTHORIZED else [])]
    return _response(status.phrase, schema, certain, ())


def _response(text: str, schema: object, certain: Iterable[str], possible: Iterable[str]) -> dict[str, Any]:
    """Describe an answer, with its certain and its possible headers."""
    headers = dict.fromkeys(possible, False) | dict.fromkeys(certain, True)
    return {
        "description": text,
        "headers": {
            name: {"required": required, "description": _HEADERS[name][0], "schema": dict(_HEADERS[name][1])}
            for name, required in headers.items()
        },
        **({} if schema is None else {"content": {"application/json": {"schema": schema}}}),
    }


def _links(route: Route, known: Mapping[str, str]) -> dict[str, Any]:
    """Return the links to each operation on the job."""
    given = {
        **{name: f"$request.path.{name}" for name in route.variables},
        **known,
        "id": "$response.body#/id",
    }
    links: dict[str, Any] = {}
    for following in OPERATIONS:
        if "id" in following.variables and given.keys() >= set(following.variables):
            name = following.name.lower()
            parameters = {variable: given[variable] for variable in following.variables}
            links[name] = {"operationId": name, "parameters": parameters}
    return links
