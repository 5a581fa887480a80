"""What an entry raises to answer with an error of the contract."""

from collections.abc import Mapping, Sequence
from typing import Any

from functions.text import cut
from noukai_wire import limits
from noukai_wire.errors import ErrorCode

MAX_ERRORS = 20
"""How many wrong places an answer names: no more are ever looked for."""

_MAX_PATH_BYTES = 200


class ApiError(Exception):
    """An answer that is an error: its code, a message that says what to do, and further details and headers."""

    def __init__(
        self,
        code: ErrorCode,
        message: str,
        *,
        headers: Mapping[str, str] | None = None,
        **details: object,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.headers = dict(headers or {})
        self.details = details

    @property
    def body(self) -> dict[str, Any]:
        """The JSON body of the answer."""
        return {"detail": {"code": self.code.value, "message": self.message, **self.details}}


class InvalidInputError(ApiError):
    """A body, header or query that is wrong: one entry of `errors` for each of the first wrong places."""

    def __init__(self, errors: Sequence[tuple[str, str]]) -> None:
        shown = [(cut(path, _MAX_PATH_BYTES), cut(message, _MAX_PATH_BYTES)) for path, message in errors[:MAX_ERRORS]]
        more = f"; no more than {MAX_ERRORS} are named" if len(errors) >= MAX_ERRORS else ""
        summary = "; ".join(f"{path or 'the body'}: {message}" for path, message in shown)
        super().__init__(
            ErrorCode.INVALID_INPUT,
            cut(f"Correct the input and send it again: {summary}", limits.MAX_ERROR_BYTES - len(more)) + more,
            errors=[{"path": path, "message": message} for path, message in shown],
        )


def job_not_found() -> ApiError:
    """The one answer for an unknown id and for a job that belongs to another org or flow."""
    return ApiError(
        ErrorCode.JOB_NOT_FOUND, "There is no such job here: check its id, or it has expired and was deleted."
    )


class UnreadableRowError(ValueError):
    """A row that is no job's: something else than this code has written it, or a part of it."""

    def __init__(self, job_id: str, org: str, problem: str) -> None:
        super().__init__(f"the row of the job {job_id!r} cannot be read: {problem}")
        self.job_id = job_id
        self.org = org


def job_unreadable(job_id: str) -> ApiError:
    """The answer for a job of the caller's whose row is there and says nothing that can be shown."""
    return ApiError(
        ErrorCode.JOB_NOT_FOUND,
        f"What is stored of the job {job_id} cannot be read: tell the operator of this deployment, whose log says why.",
    )


def unavailable() -> ApiError:
    """The answer to what AWS could not do, or had no time for."""
    message = "This could not be done now: send the request again."
    return ApiError(ErrorCode.UNAVAILABLE, message, headers={"Retry-After": "1"})


def flow_not_found(name: str) -> ApiError:
    """The answer for a flow that this deployment does not have."""
    return ApiError(
        ErrorCode.FLOW_NOT_FOUND, f"There is no flow {name[:160]!r} here: GET /api/v1/flows lists the flows."
    )
