"""What an entry raises to answer with an error of the contract."""

from collections.abc import Mapping, Sequence
from typing import Any

from noukai_wire.errors import ErrorCode


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
    """A body, header or query that is wrong: one entry of `errors` for each wrong place."""

    def __init__(self, errors: Sequence[tuple[str, str]]) -> None:
        summary = "; ".join(f"{path}: {message}" for path, message in errors)
        super().__init__(
            ErrorCode.INVALID_INPUT,
            f"Correct the input and send it again: {summary}"[:1000],
            errors=[{"path": path, "message": message} for path, message in errors],
        )


def job_not_found() -> ApiError:
    """The one answer for an unknown id and for a job that belongs to another org or flow."""
    return ApiError(
        ErrorCode.JOB_NOT_FOUND, "There is no such job here: check its id, or it has expired and was deleted."
    )


def flow_not_found(name: str) -> ApiError:
    """The answer for a flow that this deployment does not have."""
    return ApiError(
        ErrorCode.FLOW_NOT_FOUND, f"There is no flow {name[:160]!r} here: GET /api/v1/flows lists the flows."
    )
