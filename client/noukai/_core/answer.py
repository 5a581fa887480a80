"""The reading of the API's answers: a model, an error, or a poll interval."""

import math
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, TypeVar, cast

import httpx
from pydantic import ValidationError

from noukai._errors import (
    ApiError,
    AuthenticationError,
    ConflictError,
    ConnectionFailedError,
    FlowNotFoundError,
    InsufficientCreditsError,
    InvalidInputError,
    JobNotFoundError,
    NotFoundError,
    NoukaiError,
    PayloadTooLargeError,
    PermissionDeniedError,
    RateLimitedError,
    RequestTimeoutError,
    ServerError,
    UnexpectedAnswerError,
    WebPageError,
)
from noukai_wire.answers import ErrorDetail
from noukai_wire.errors import ErrorCode
from noukai_wire.models import JobAccepted, JobStatus, WireModel

from .address import FlowAddress
from .operation import Operation

Model = TypeVar("Model", bound=WireModel)
Accepted = TypeVar("Accepted", JobAccepted, JobAccepted | ApiError)

_LONGEST_PAUSE = 24 * 60 * 60.0
"""In seconds: a larger `Retry-After` is reduced to this, so that no sleep overflows."""

_DEFAULT_INTERVAL = 1.0
"""The poll interval in seconds if the API gives none."""

_LEAST_INTERVAL = 0.2
"""The shortest time in seconds between two requests, so that a hold that returns at once does not spin."""

_SNIFFED_BYTES = 64
_BLANKS = b"\xef\xbb\xbf \t\r\n"
"""The bytes that may precede a page's first tag: a byte-order mark and white space."""

_TEMPORARY_REDIRECTIONS = {HTTPStatus.FOUND, HTTPStatus.SEE_OTHER, HTTPStatus.TEMPORARY_REDIRECT}

_BY_STATUS: dict[int, type[ApiError]] = {
    HTTPStatus.BAD_REQUEST: InvalidInputError,
    HTTPStatus.UNAUTHORIZED: AuthenticationError,
    HTTPStatus.PAYMENT_REQUIRED: InsufficientCreditsError,
    HTTPStatus.FORBIDDEN: PermissionDeniedError,
    HTTPStatus.NOT_FOUND: NotFoundError,
    HTTPStatus.CONFLICT: ConflictError,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: PayloadTooLargeError,
    HTTPStatus.UNPROCESSABLE_ENTITY: InvalidInputError,
    HTTPStatus.TOO_MANY_REQUESTS: RateLimitedError,
}
_BY_CODE: dict[str | None, type[ApiError]] = {
    ErrorCode.FLOW_NOT_FOUND: FlowNotFoundError,
    ErrorCode.JOB_NOT_FOUND: JobNotFoundError,
}

_STATUS_BY_CODE: dict[str, HTTPStatus] = {code.value: code.status for code in ErrorCode}


def answered(request: httpx.Request) -> Operation[httpx.Response]:
    """Send the request; return a successful answer, and raise any other as an error."""
    try:
        response: httpx.Response = yield request
    except httpx.RequestError as failure:
        raise error_of_failure(request, failure) from failure
    if page := _web_page(response):
        raise unexpected(response, page, WebPageError)
    if not response.is_success:
        raise error_of(response)
    return response


def of_flow(address: FlowAddress, outcome: Accepted, response: httpx.Response) -> Accepted:
    """Return the accepted job; raise `UnexpectedAnswerError` if it belongs to another flow."""
    if isinstance(outcome, JobAccepted) and outcome.flow != str(address):
        raise unexpected(response, f"it is about a job of {outcome.flow}: do processes share a connection?")
    return outcome


def read(model: type[Model], response: httpx.Response) -> Model:
    """Return the body of a successful answer.

    Raises `UnexpectedAnswerError` if it does not have the model's shape.
    """
    try:
        return model.model_validate_json(response.content)
    except ValidationError as invalid:
        problem = invalid.errors(include_url=False, include_input=False, include_context=False)[0]
        where = ".".join(str(part) for part in problem["loc"])
        raise unexpected(response, f"{where}: {problem['msg']}" if where else problem["msg"]) from None


def read_job(job_id: str, response: httpx.Response) -> JobStatus:
    """Return the requested job; raise `UnexpectedAnswerError` if the answer is about another job."""
    status = read(JobStatus, response)
    if status.id != job_id:
        raise unexpected(response, f"it is about job {status.id}: do processes share a connection?")
    return status


def unexpected(
    response: httpx.Response, problem: str, kind: type[UnexpectedAnswerError] = UnexpectedAnswerError
) -> UnexpectedAnswerError:
    """Return the error for an answer that the API never gives."""
    what = f"the answer to {_request(response)} is not from this API ({problem})"
    return kind(
        f"{what}: check base_url (NOUKAI_BASE_URL)",
        status_code=response.status_code,
        request_id=_request_id(response),
    )


def _web_page(response: httpx.Response) -> str | None:
    """Describe the answer if it is a web page. The API answers only with JSON and never redirects."""
    if not response.is_error and _is_page(response):
        return "it is a web page"
    if response.status_code in _TEMPORARY_REDIRECTIONS:
        return "it is a temporary redirect, as to a login page"
    return None


_NO_KEY_ARRIVED = (
    ": not the API but something before it refused the request. Check that no proxy removes or replaces the "
    "header Authorization, and base_url (NOUKAI_BASE_URL)"
)
"""What the answer of a gateway with an authorizer means, which it gives to requests without the header."""


def _is_page(response: httpx.Response) -> bool:
    if response.headers.get("Content-Type", "").lower().startswith("text/html"):
        return True
    # A captive portal may not state the content type; JSON never begins with `<`.
    return response.content[:_SNIFFED_BYTES].lstrip(_BLANKS).startswith(b"<")


def error_of(response: httpx.Response) -> ApiError:
    """Return the error for an unsuccessful answer of the API, a gateway or a proxy."""
    if not response.is_error:
        return unexpected(response, f"HTTP {response.status_code}")
    detail = _detail(response)
    message = _text(detail.get("message")) or _unexplained(response)
    if response.status_code == HTTPStatus.UNAUTHORIZED and "code" not in detail:
        message = f"{message}{_NO_KEY_ARRIVED}"
    return _error(response, response.status_code, message, detail, retry_after(response))


def error_of_entry(entry: ErrorDetail, response: httpx.Response) -> ApiError:
    """Return the error of one entry in an answer, as a request for it alone would raise it."""
    status = _STATUS_BY_CODE.get(entry.code, HTTPStatus.UNPROCESSABLE_ENTITY)
    return _error(response, status, entry.message, entry.model_dump(by_alias=True, exclude_none=True), None)


def error_of_failure(request: httpx.Request, failure: httpx.RequestError) -> NoukaiError:
    """Return the error for a request without a readable answer."""
    # A query may hold a secret, such as a signature.
    what = f"{request.method} {request.url.copy_with(query=None)}"
    if isinstance(failure, httpx.TimeoutException):
        return RequestTimeoutError(f"{what} was not answered in time")
    if isinstance(failure, httpx.TransportError):
        said = str(failure) or type(failure).__name__
        advice = "check base_url (NOUKAI_BASE_URL) and the network"
        if "CERTIFICATE_VERIFY_FAILED" in said:
            advice = "an authority to trust is named in SSL_CERT_FILE or SSL_CERT_DIR"
        return ConnectionFailedError(f"{what}: {said}; {advice}")
    return UnexpectedAnswerError(f"the answer to {what} cannot be read: {failure}")


def _error(
    response: httpx.Response, status: int, message: str, detail: dict[str, Any], retry_after: float | None
) -> ApiError:
    code = _text(detail.get("code"))
    default = ServerError if status >= HTTPStatus.INTERNAL_SERVER_ERROR else ApiError
    kind = _BY_CODE.get(code) or _BY_STATUS.get(status, default)
    return kind(
        message,
        status_code=int(status),
        code=code,
        request_id=_request_id(response),
        retry_after=retry_after,
        detail=detail,
    )


def retry_after(response: httpx.Response) -> float | None:
    """Return the seconds that the answer asks to wait, or None.

    `Retry-After-Ms` is more exact than `Retry-After`. A date is compared with the answer's own `Date`, if
    present, so that this machine's clock does not matter.
    """
    asked = response.headers.get("Retry-After", "")
    exact = response.headers.get("Retry-After-Ms", "")
    try:
        seconds = int(exact) / 1000 if exact.isascii() and exact.isdigit() else float(asked)
    except ValueError:
        until = _date(asked)
        if until is None:
            return None
        seconds = (until - (_date(response.headers.get("Date", "")) or datetime.now(UTC))).total_seconds()
    return None if math.isnan(seconds) else min(max(seconds, 0.0), _LONGEST_PAUSE)


def poll_interval(response: httpx.Response, took: float) -> float:
    """Return the seconds until the next request; this answer took `took` seconds."""
    asked = retry_after(response)
    return max(_DEFAULT_INTERVAL if asked is None else asked, _LEAST_INTERVAL - took)


def _detail(response: httpx.Response) -> dict[str, Any]:
    try:
        body: object = response.json()
    except (ValueError, RecursionError):  # such as HTML, an empty body, another encoding, or endless nesting
        return {}
    if not isinstance(body, dict):
        return {}
    answer = cast("dict[str, Any]", body)
    detail: object = answer.get("detail", answer)
    return cast("dict[str, Any]", detail) if isinstance(detail, dict) else {"message": detail}


def _unexplained(response: httpx.Response) -> str:
    return (
        f"{_request(response)} was answered with HTTP {response.status_code} {response.reason_phrase}".strip()
    )


def _request(response: httpx.Response) -> str:
    return f"{response.request.method} {response.request.url.copy_with(query=None)}"


def _request_id(response: httpx.Response) -> str | None:
    # A gateway's own answer has its own request id, which an operator can look up.
    return _text(response.headers.get("X-Request-ID") or response.headers.get("Apigw-Requestid"))


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _date(text: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(text)
    except ValueError:
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)
