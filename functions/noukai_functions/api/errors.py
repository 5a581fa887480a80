"""The answers to errors: a table maps each refusal; other exceptions are internal errors."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from noukai_functions import refusals
from noukai_functions.aws import AwsError
from noukai_functions.refusals import (
    JobNotFoundError,
    Refusal,
    TooManyCallsError,
    UnavailableError,
    UnreadableRowError,
)
from noukai_functions.telemetry.logger import logger
from noukai_wire.errors import ErrorCode

_NONE: Mapping[str, Any] = MappingProxyType({})


class ErrorAnswer:
    """An error answer: its code, a message that says what to do, details and headers."""

    def __init__(
        self,
        code: ErrorCode,
        message: str,
        headers: Mapping[str, str] = _NONE,
        details: Mapping[str, object] = _NONE,
    ) -> None:
        self.code = code
        self.message = message
        self.headers = headers
        self.details = details

    @property
    def body(self) -> dict[str, Any]:
        """Return the JSON body of the answer."""
        return {"detail": {"code": self.code.value, "message": self.message, **self.details}}


_Headers = Callable[[Any], Mapping[str, str]]


def _no_headers(_refusal: Refusal) -> Mapping[str, str]:
    return {}


def _bearer(_refusal: Refusal) -> Mapping[str, str]:
    return {"WWW-Authenticate": "Bearer"}


def _again_after(seconds: int) -> _Headers:
    return lambda _refusal: {"Retry-After": str(seconds)}


def _again_next_second(refusal: TooManyCallsError) -> Mapping[str, str]:
    return {"Retry-After": "1", "Retry-After-Ms": str(refusal.wait_ms)}


ANSWERS: Mapping[type[Refusal], tuple[ErrorCode, _Headers]] = MappingProxyType(
    {
        refusals.InvalidJsonError: (ErrorCode.INVALID_JSON, _no_headers),
        refusals.MissingMessageError: (ErrorCode.MISSING_MESSAGE, _no_headers),
        refusals.UnauthenticatedError: (ErrorCode.UNAUTHENTICATED, _bearer),
        refusals.UnidentifiedError: (ErrorCode.UNAUTHENTICATED, _bearer),
        # As long as the gateway caches what the authorizer has answered.
        refusals.ProviderUnavailableError: (ErrorCode.UNAVAILABLE, _again_after(60)),
        refusals.BudgetUsedUpError: (ErrorCode.INSUFFICIENT_CREDITS, _no_headers),
        refusals.ForbiddenError: (ErrorCode.FORBIDDEN, _no_headers),
        refusals.FlowNotFoundError: (ErrorCode.FLOW_NOT_FOUND, _no_headers),
        refusals.ProjectNotFoundError: (ErrorCode.NOT_FOUND, _no_headers),
        refusals.JobNotFoundError: (ErrorCode.JOB_NOT_FOUND, _no_headers),
        refusals.InputNotKeptError: (ErrorCode.NOT_FOUND, _no_headers),
        refusals.StepNotFoundError: (ErrorCode.NOT_FOUND, _no_headers),
        refusals.OrgRevokedError: (ErrorCode.FORBIDDEN, _no_headers),
        refusals.ScheduleNotFoundError: (ErrorCode.NOT_FOUND, _no_headers),
        refusals.WebhookNotFoundError: (ErrorCode.NOT_FOUND, _no_headers),
        refusals.KeyNotFoundError: (ErrorCode.NOT_FOUND, _no_headers),
        refusals.UnreadableJobError: (ErrorCode.JOB_NOT_FOUND, _no_headers),
        refusals.IdempotencyConflictError: (ErrorCode.IDEMPOTENCY_CONFLICT, _no_headers),
        refusals.TooLargeError: (ErrorCode.PAYLOAD_TOO_LARGE, _no_headers),
        refusals.InvalidInputError: (ErrorCode.INVALID_INPUT, _no_headers),
        refusals.TooManyCallsError: (ErrorCode.RATE_LIMITED, _again_next_second),
        # About as long as the metering takes to notice that jobs have ended.
        refusals.TooManyUnfinishedError: (ErrorCode.RATE_LIMITED, _again_after(30)),
        refusals.UnavailableError: (ErrorCode.UNAVAILABLE, _again_after(1)),
        refusals.InputNotBackError: (ErrorCode.UNAVAILABLE, _again_after(2)),
    }
)
"""The error code, and with it the HTTP status, and the headers for each refusal."""


def refusal_answer(refusal: Refusal) -> ErrorAnswer:
    """Return the answer to a refused request."""
    code, headers = ANSWERS[type(refusal)]
    return ErrorAnswer(code, refusal.message, headers(refusal), refusal.details)


def error_answer(raised: Exception, request_id: str) -> ErrorAnswer:
    """Return the answer to an exception; log the details of an internal failure."""
    if isinstance(raised, Refusal):
        return refusal_answer(raised)
    if isinstance(raised, UnreadableRowError):
        # The caller may belong to another org, so the answer is the same as for an unknown job.
        extra = {
            "request_id": request_id,
            "job_id": raised.job_id,
            "org": raised.org,
            "reason": str(raised),
        }
        logger().error("a job cannot be read", extra=extra)
        return refusal_answer(JobNotFoundError())
    logger().exception("a request failed", exc_info=raised, extra={"request_id": request_id})
    if isinstance(raised, AwsError):
        return refusal_answer(UnavailableError())
    return ErrorAnswer(
        ErrorCode.INTERNAL_ERROR, "The server failed: report it to the operator with this X-Request-ID."
    )
