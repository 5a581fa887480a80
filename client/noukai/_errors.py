"""Every error of the client, in one tree.

NoukaiError
├── InvalidArgumentError (ValueError)   an argument or a setting is missing or wrong; nothing was sent
├── ConnectionFailedError               the API could not be reached, or the connection broke
│   └── RequestTimeoutError             one request took longer than its timeout
├── ApiError                            the API answered with an error
│   ├── InvalidInputError               400, 422: `errors` lists each wrong place
│   ├── AuthenticationError             401
│   ├── InsufficientCreditsError        402
│   ├── PermissionDeniedError           403
│   ├── NotFoundError                   404
│   │   ├── FlowNotFoundError
│   │   └── JobNotFoundError
│   ├── ConflictError                   409: the idempotency key was used with another body
│   ├── PayloadTooLargeError            413
│   ├── RateLimitedError                429: `retry_after`
│   ├── ServerError                     5xx
│   └── UnexpectedAnswerError           an answer of another shape, or a redirect
├── OutputMismatchError (ValueError)    an output does not fit the requested type: `errors`
└── JobError                            about one job; `status` is its JobStatus
    ├── JobFailedError
    ├── JobCancelledError
    ├── ResultLostError                 the job is completed, but its result is lost
    └── WaitTimeoutError (TimeoutError) the job had not ended at the deadline; it goes on
"""

from typing import Any, cast

from noukai_wire.models import JobStatus
from noukai_wire.output import OutputMismatchError as OutputMismatchError  # noqa: PLC0414 - it is one of the tree
from noukai_wire.root_error import NoukaiError as NoukaiError  # noqa: PLC0414 - it is the tree's root


class InvalidArgumentError(NoukaiError, ValueError):
    """A missing or invalid argument or setting; nothing was sent."""


class ConnectionFailedError(NoukaiError):
    """A failure to reach the API, or a connection that broke before the whole answer arrived."""


class RequestTimeoutError(ConnectionFailedError):
    """A request that took longer than its timeout."""


class ApiError(NoukaiError):
    """An error answer of the API.

    `retry_after` is how many seconds the API asks to wait; `detail` is the error object of the answer.
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
    """A body, header or query that the API refuses (400 or 422)."""

    @property
    def errors(self) -> list[dict[str, Any]]:
        """Return the wrong places as objects with `path` and `message`; empty if the API named none."""
        errors: object = self.detail.get("errors")
        entries = cast("list[object]", errors) if isinstance(errors, list) else []
        return [cast("dict[str, Any]", entry) for entry in entries if isinstance(entry, dict)]


class AuthenticationError(ApiError):
    """An API key that is missing, unknown, revoked or expired (401)."""


class InsufficientCreditsError(ApiError):
    """A budget of the org that is used up (402)."""


class PermissionDeniedError(ApiError):
    """An API key without the scope, or an address in another org (403)."""


class NotFoundError(ApiError):
    """An address at which there is nothing (404)."""


class FlowNotFoundError(NotFoundError):
    """A flow that the deployment does not have."""


class JobNotFoundError(NotFoundError):
    """A job that was never submitted, belongs to another org, or has expired."""


class ConflictError(ApiError):
    """An idempotency key that was used with another body (409)."""


class PayloadTooLargeError(ApiError):
    """A body that is larger than the API accepts (413)."""


class RateLimitedError(ApiError):
    """A request beyond a rate limit (429); try again after `retry_after` seconds."""


class ServerError(ApiError):
    """A failure of the API (5xx)."""


class UnexpectedAnswerError(ApiError):
    """An answer that the API never gives: another server may be at this address."""


class WebPageError(UnexpectedAnswerError):
    """A web page instead of an answer, perhaps from a captive portal or a proxy."""


class JobError(NoukaiError):
    """An error about one job."""

    def __init__(self, message: str, status: JobStatus | None) -> None:
        super().__init__(message)
        self.args = (message, status)  # the arguments with which pickle and copy rebuild the error
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
    """A job that failed; `status.error` has the reason."""


class JobCancelledError(_EndedError):
    """A job that was cancelled."""


class ResultLostError(_EndedError):
    """A completed job whose result is lost; `status.error` has the reason."""


class WaitTimeoutError(JobError, TimeoutError):
    """A job that had not ended at the deadline of the wait."""
