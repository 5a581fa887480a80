"""The gateway's events for HTTP requests."""

import base64
import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote

from noukai_wire.routes import BASE_PATH, DEFAULT_ROUTE, Route

_VARIABLE = re.compile(r"\{(\w+)\}")
_ROUTES = [
    (route, re.compile(BASE_PATH + _VARIABLE.sub(r"(?P<\1>[^/]+)", route.template))) for route in Route
]
# Routes with a literal segment precede those with a variable.
_ROUTES.sort(key=lambda entry: len(entry[0].variables))


def matched(method: str, path: str) -> tuple[Route | None, dict[str, str]]:
    """Return the route of a request and its decoded variables, or None."""
    for route, pattern in _ROUTES:
        if method in {key.split(" ")[0] for key in route.keys} and (match := pattern.fullmatch(path)):
            return route, {name: unquote(value) for name, value in match.groupdict().items()}
    return None, {}


def event_of(
    method: str, target: str, headers: Iterable[tuple[str, str]], content: bytes, *, now: int, request_id: str
) -> dict[str, Any]:
    """Return the event of a request in payload format 2.0; repeated values are joined by commas."""
    path, _, query = target.partition("?")
    route, variables = matched(method, path)
    try:
        body = {"isBase64Encoded": False, "body": content.decode()}
    except UnicodeDecodeError:
        body = {"isBase64Encoded": True, "body": base64.b64encode(content).decode()}
    return {
        "version": "2.0",
        "routeKey": DEFAULT_ROUTE if route is None else f"{method} {BASE_PATH}{route.template}",
        "rawPath": unquote(path),
        "headers": _joined((name.lower(), value) for name, value in headers),
        "requestContext": {"requestId": request_id, "timeEpoch": now, "http": {"method": method}},
        "pathParameters": variables,
        "queryStringParameters": _joined(parse_qsl(query, keep_blank_values=True)),
        **body,
    }


def content_of(answered: Mapping[str, Any]) -> bytes:
    """Return the bytes that the gateway sends for a function's answer."""
    body: str = answered["body"]
    return base64.b64decode(body) if answered.get("isBase64Encoded") else body.encode()


def _joined(pairs: Iterable[tuple[str, str]]) -> Mapping[str, str]:
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return {name: ",".join(values) for name, values in found.items()}
