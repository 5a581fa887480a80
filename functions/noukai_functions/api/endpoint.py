"""The conversion of gateway events to requests, and of results and errors to answers."""

import base64
import json
import os
import re
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from noukai_functions.access.api_keys import ApiKey, ApiKeys
from noukai_functions.access.rate_limits import RateLimits
from noukai_functions.access.reach import require_reach
from noukai_functions.api.errors import ErrorAnswer, error_answer
from noukai_functions.json_text import inflated
from noukai_functions.refusals import InvalidInputError
from noukai_functions.telemetry.logger import add_fields, line_fields, trace_id_of
from noukai_wire.routes import BASE_PATH, DEFAULT_ROUTE, Route

if TYPE_CHECKING:
    from noukai_functions.access.browser import BrowserTokens
    from noukai_wire.traces import Trace

Event = Mapping[str, Any]

_MOST_DIGITS = 9
_LEAST_ERROR = 400
_WORTH_COMPRESSING = 600
"""Characters of an answer; compressing a shorter one saves too little."""

_ORIGIN_DIGESTS = os.environ.get("ORIGIN_DIGESTS", "").split()
"""What requests through CloudFront show, if the API is to be called through it alone."""

_HAS_IDENTITIES = "IDENTITY" in os.environ
"""Whether the gateway's authorizer verifies tokens of an identity provider: else nothing that it states is
believed."""

_REQUEST_ID = re.compile(r"[\w.:/+=-]{1,128}", re.ASCII)

_SCOPES = {DEFAULT_ROUTE: ()} | {route.key: route.scopes for route in Route}
"""The scopes that each route requires, by the gateway's route key. An unknown route requires a valid key
only."""


@dataclass(frozen=True, slots=True)
class Request:
    """A request as the gateway passed it on. Header names are lower-case, path variables decoded."""

    id: str
    route: str
    received_at: int
    """In milliseconds since the epoch; the gateway times out 30 seconds later."""
    path: Mapping[str, str]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    address: str
    """The IP address that called the gateway."""
    content: bytes
    """The body as sent, perhaps compressed."""
    identity: Mapping[str, str] | None = None
    """What the gateway's authorizer states, if there is one."""

    @classmethod
    def of(cls, event: Event) -> "Request":
        """Parse an event of an HTTP API, payload format 2.0."""
        text = event.get("body") or ""
        return cls(
            id=request_id_of(event),
            route=route_of(event),
            received_at=event["requestContext"]["timeEpoch"],
            path=event.get("pathParameters") or {},
            query=event.get("queryStringParameters") or {},
            headers=event.get("headers") or {},
            address=_address(event),
            content=base64.b64decode(text)
            if event.get("isBase64Encoded")
            else text.encode("utf-8", "surrogatepass"),
            identity=event["requestContext"].get("authorizer", {}).get("lambda") if _HAS_IDENTITIES else None,
        )

    @property
    def body(self) -> bytes:
        """Return the body, inflated; refuse it if it is too large or cannot be inflated."""
        return inflated(self.content, self.headers.get("content-encoding", "identity"))

    @property
    def trace(self) -> "Trace | None":
        """Return the caller's place in a trace, if its `traceparent` is valid."""
        if (parent := self.headers.get("traceparent")) is None:
            return None
        from noukai_wire.traces import read_trace  # noqa: PLC0415 - many callers send none

        return read_trace(parent, self.headers.get("tracestate"))

    def know_query(self, *names: str) -> None:
        """Refuse unknown query parameters, so that a misspelt one is not ignored."""
        if unknown := sorted(self.query.keys() - set(names)):
            raise InvalidInputError([(name, "is not known here") for name in unknown])

    def whole_number(self, name: str, *, default: int, least: int, most: int) -> int:
        """Parse a query parameter that is a whole number within bounds, of at most nine digits."""
        text = self.query.get(name, str(default))
        # `int` would accept other scripts' digits, and raise its own error for thousands of digits.
        if not (
            text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS and least <= int(text) <= most
        ):
            raise InvalidInputError([(name, f"must be a whole number from {least} to {most}")])
        return int(text)


@dataclass(frozen=True, slots=True)
class Response:
    """An answer with a JSON body, which may be empty, or with a text of another type."""

    body: Mapping[str, Any]
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    text: str | None = None


class Access(Protocol):
    """The parts that authenticate a caller: API keys and rate limits."""

    @property
    def api_keys(self) -> ApiKeys:
        """Return the API keys."""

    @property
    def browser_tokens(self) -> "BrowserTokens":
        """Return the browser tokens; few functions see one."""

    @property
    def rate_limits(self) -> RateLimits:
        """Return the call counters of rate-limited keys."""


Parts = TypeVar("Parts", bound=Access)
"""The parts that a handler works with."""


@dataclass(frozen=True)
class Endpoint(Generic[Parts]):
    """A Lambda function behind the gateway that checks the API key and the route's scopes."""

    handle: Callable[[Request, ApiKey, Parts], Response]
    deployed: Callable[[], Parts]
    """Return the parts of this process."""

    def __call__(self, event: Event, _context: object) -> dict[str, Any]:
        """Handle an event of the gateway."""
        return self.answer(event, self.deployed())

    def answer(self, event: Event, parts: Parts) -> dict[str, Any]:
        """Answer a request; no exception escapes."""

        def authenticated(request: Request) -> Response:
            api_key = key_of(request, parts)
            if (trace := request.trace) is not None:
                add_fields(trace_id=trace_id_of(trace.parent))
            for scope in _SCOPES[request.route]:
                api_key.require(scope)
            if "org" in request.path:
                api_key.require_org(request.path["org"])
            if api_key.is_limited:
                require_reach(api_key, request.route, request.path)
            return self.handle(request, api_key, parts)

        return answer_anyone(event, authenticated)


def error_response(error: ErrorAnswer) -> Response:
    """Return the contract's answer to an error."""
    return Response(error.body, error.code.status, error.headers)


def key_of(request: Request, access: Access) -> ApiKey:
    """Authenticate the request, and count the call if the key is rate-limited."""
    authorization = request.headers.get("authorization")
    scheme, _, shown = (authorization or "").partition(" ")
    if shown.startswith("nt_") and scheme.lower() == "bearer":
        api_key = access.browser_tokens.authenticate(shown.rstrip(" "), request.headers)
    elif _HAS_IDENTITIES and shown and not shown.startswith("nk_") and scheme.lower() == "bearer":
        from noukai_functions.access.identities import key_of_identity  # noqa: PLC0415 - few have a provider

        api_key = key_of_identity(request.identity, shown, access.api_keys.clock.now())
    else:
        api_key = access.api_keys.authenticate(authorization)
    add_fields(org=api_key.org)
    api_key.require_address(request.address)
    if api_key.rate is not None:
        access.rate_limits.count(api_key.counter, api_key.rate)
    return api_key


def answer_anyone(event: Event, handle: Callable[[Request], Response]) -> dict[str, Any]:
    """Answer a request that needs no key; convert errors to the contract's."""
    request_id = request_id_of(event)
    with line_fields(request_id=request_id):
        try:
            if _ORIGIN_DIGESTS:
                from noukai_functions.access.arrival import check_origin  # noqa: PLC0415 - few are behind it

                check_origin(event, _ORIGIN_DIGESTS)
            response = handle(Request.of(event))
        except Exception as raised:  # noqa: BLE001 - the last line of defence: every failure is answered
            response = error_response(error_answer(raised, request_id))
    if "Location" in response.headers or response.status >= _LEAST_ERROR:
        response = _by_its_name(response, prefix_of(event))
    headers = {"Content-Type": "application/json", "X-Request-ID": request_id, **response.headers}
    text = "" if is_head(event) else _text_of(response)
    answer = {"statusCode": int(response.status), "headers": headers, "body": text}
    return _compressed(answer) if len(text) >= _WORTH_COMPRESSING and _takes_gzip(event) else answer


def _by_its_name(response: Response, prefix: str) -> Response:
    """Return an answer whose paths have the prefix of the name that was called."""
    if not prefix:
        return response
    from noukai_functions.access.arrival import with_prefix  # noqa: PLC0415 - few have one

    headers = dict(response.headers)
    if "Location" in headers:
        headers["Location"] = f"{prefix}{headers['Location']}"
    return Response(with_prefix(response.body, prefix), response.status, headers, response.text)


def _text_of(response: Response) -> str:
    if response.text is not None:
        return response.text
    return json.dumps(response.body, separators=(",", ":")) if response.body else ""


def _takes_gzip(event: Event) -> bool:
    accepted = (event.get("headers") or {}).get("accept-encoding", "")
    return "gzip" in (coding.strip() for coding in accepted.lower().split(","))


def _compressed(answer: dict[str, Any]) -> dict[str, Any]:
    """Return the answer compressed with gzip: traffic costs more than CPU."""
    compressor = zlib.compressobj(wbits=zlib.MAX_WBITS | 16)
    content = compressor.compress(answer["body"].encode()) + compressor.flush()
    headers = {**answer["headers"], "Content-Encoding": "gzip"}
    return {**answer, "headers": headers, "body": base64.b64encode(content).decode(), "isBase64Encoded": True}


def request_id_of(event: Event) -> str:
    """Return the caller's request id if it is valid, else the gateway's."""
    own: str = (event.get("headers") or {}).get("x-request-id", "")
    return own if _REQUEST_ID.fullmatch(own) else str(event["requestContext"]["requestId"])


def route_of(event: Event) -> str:
    """Return the route key. A `HEAD` request has the route of its `GET`, and is answered without the body."""
    key: str = event["routeKey"]
    return f"GET{key.removeprefix('HEAD')}" if is_head(event) else key


def _address(event: Event) -> str:
    """Return the caller's IP address: the one that called the gateway, or CloudFront before it.

    A request that gets here with digests has shown the origin secret. CloudFront has appended its caller's
    address to `X-Forwarded-For`, and the gateway CloudFront's; what stands before is the caller's own word.
    """
    source = str(event["requestContext"].get("http", {}).get("sourceIp", ""))
    if not _ORIGIN_DIGESTS:
        return source
    hops = [each.strip() for each in (event.get("headers") or {}).get("x-forwarded-for", "").split(",")]
    if len(hops) > 1 and hops[-1] == source:
        hops.pop()
    return hops[-1] or source


def prefix_of(event: Event) -> str:
    """Return the path before `BASE_PATH`: the key by which a name of several APIs is mapped to this one."""
    path = event.get("rawPath", BASE_PATH)
    if path.startswith(BASE_PATH):
        return ""
    from noukai_functions.access.arrival import mapping_key  # noqa: PLC0415 - few have one

    return mapping_key(event)


def is_head(event: Event) -> bool:
    """Return whether the request is a `HEAD` request."""
    return bool(event["routeKey"].startswith("HEAD "))
