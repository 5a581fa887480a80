"""Every error of the client, in one tree.

NoukaiError
├── InvalidArgumentError (ValueError)   an argument or a setting is missing or wrong; nothing was sent
├── ConnectionFailedError               the API could not be reached, or the connection broke
│   └── RequestTimeoutError             one request took longer than its timeout
├── ApiError                            the API answered, but not with what was asked for
│   ├── InvalidInputError               400, 422: `errors` lists what is wrong where
│   ├── AuthenticationError             401
│   ├── InsufficientCreditsError        402
│   ├── PermissionDeniedError           403
│   ├── NotFoundError                   404
│   │   ├── FlowNotFoundError
│   │   └── JobNotFoundError
│   ├── ConflictError                   409: the idempotency key was used before with another body
│   ├── PayloadTooLargeError            413
│   ├── RateLimitedError                429: `retry_after`
│   ├── ServerError                     5xx
│   └── UnexpectedAnswerError           a success that is not of the contract's shape, or a redirection
├── OutputMismatchError (ValueError)    an output does not fit the type that it was asked for as: `errors`
└── JobError                            of one job; `status` is its JobStatus
    ├── JobFailedError
    ├── JobCancelledError
    ├── ResultLostError                 completed, but its result is not kept any more
    └── WaitTimeoutError (TimeoutError) not finished by the deadline; the job goes on
"""

from typing import Any, cast

from noukai_wire.models import JobStatus
from noukai_wire.output import OutputMismatchError as OutputMismatchError  # noqa: PLC0414 - it is one of the tree
from noukai_wire.root_error import NoukaiError as NoukaiError  # noqa: PLC0414 - it is the tree's root


class InvalidArgumentError(NoukaiError, ValueError):
    """An argument, or a setting in the environment, is missing or wrong; nothing was sent."""


class ConnectionFailedError(NoukaiError):
    """The API could not be reached, or the connection broke before the whole answer was there."""


class RequestTimeoutError(ConnectionFailedError):
    """One request took longer than its timeout."""


class ApiError(NoukaiError):
    """The API answered, but not with what was asked for.

    `retry_after` is how many seconds the API asks to wait, `detail` the error object of the answer.
    """

    def __init__(
        self,
        message: str,
        *,
        status_code: int | None = None,
        code: str | None = None,
        request_id: str | None = None,
        retry_after: float | None = None,
        detail: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(message, status_code=status_code, code=code, request_id=request_id)
        self.retry_after = retry_after
        self.detail = detail or {}


class InvalidInputError(ApiError):
    """The API refuses the body, a header or the query (400 or 422)."""

    @property
    def errors(self) -> list[dict[str, Any]]:
        """Return what is wrong where: objects with `path` and `message`; empty if the API named none."""
        errors: object = self.detail.get("errors")
        entries = cast("list[object]", errors) if isinstance(errors, list) else []
        return [cast("dict[str, Any]", entry) for entry in entries if isinstance(entry, dict)]


class AuthenticationError(ApiError):
    """The API key is missing, unknown, revoked or expired (401)."""


class InsufficientCreditsError(ApiError):
    """The budget of the org is used up (402)."""


class PermissionDeniedError(ApiError):
    """The API key lacks the scope, or the address names another org (403)."""


class NotFoundError(ApiError):
    """Nothing is at this address (404)."""


class FlowNotFoundError(NotFoundError):
    """The deployment has no such flow."""


class JobNotFoundError(NotFoundError):
    """No such job: never submitted, of another org, or no longer kept."""


class ConflictError(ApiError):
    """The idempotency key was used before with another body (409)."""


class PayloadTooLargeError(ApiError):
    """The body is larger than the API takes (413)."""


class RateLimitedError(ApiError):
    """Too many requests (429); `retry_after` seconds later there may be room again."""


class ServerError(ApiError):
    """The API failed (5xx)."""


class UnexpectedAnswerError(ApiError):
    """The answer is not what the API promises: perhaps something else answers at this address."""


class WebPageError(UnexpectedAnswerError):
    """A web page came instead of an answer: a captive portal or a proxy may have made it."""


class JobError(NoukaiError):
    """A job did not give a result."""

    def __init__(self, message: str, status: JobStatus | None) -> None:
        super().__init__(message)
        self.args = (message, status)  # what pickle and copy build the error from again
        self._status = status

    @property
    def status(self) -> JobStatus | None:
        """Return the job as last seen; None if no request was answered in time."""
        return self._status


class _EndedError(JobError):
    def __init__(self, message: str, status: JobStatus) -> None:
        super().__init__(message, status)
        self._end = status

    @property
    def status(self) -> JobStatus:
        """Return the job as it ended."""
        return self._end


class JobFailedError(_EndedError):
    """The job ended as failed; `status.error` says why."""


class JobCancelledError(_EndedError):
    """The job was cancelled."""


class ResultLostError(_EndedError):
    """The job is completed, but its result is lost; `status.error` says how."""


class WaitTimeoutError(JobError, TimeoutError):
    """The job was not finished by the deadline of the wait."""
