"""Refusals of requests, and unreadable rows: errors that several parts raise.

None of them knows how it is answered: the table of `errors` says that, for every one of them.
"""

from collections.abc import Mapping, Sequence

from noukai_wire import limits
from noukai_wire.text import cut

MAX_ERRORS = 20
"""How many wrong places an answer names: no more are ever looked for."""

_MAX_PATH_BYTES = 200


class Refusal(Exception):  # noqa: N818 - an answer to a caller, not a fault
    """A refused request, with a message that says what to do instead."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message

    @property
    def details(self) -> Mapping[str, object]:
        """Return the error's details for programs."""
        return {}


class InvalidJsonError(Refusal):
    """A body that holds no JSON."""


class TooLargeError(Refusal):
    """A body or a value that is larger than its limit."""


class MissingMessageError(Refusal):
    """A submission without the message that its flow requires."""

    def __init__(self, flow: str) -> None:
        super().__init__(f"The flow {flow!r} requires a message: send one as 'message'.")


class InvalidInputError(Refusal):
    """An invalid body, header or query, with the first invalid places and a message for each."""

    def __init__(self, errors: Sequence[tuple[str, str]]) -> None:
        shown = [(cut(path, _MAX_PATH_BYTES), cut(message, _MAX_PATH_BYTES)) for path, message in errors[:MAX_ERRORS]]
        more = f"; no more than {MAX_ERRORS} are named" if len(errors) >= MAX_ERRORS else ""
        self.errors = shown
        self.summary = "; ".join(f"{path or 'the body'}: {message}" for path, message in shown)
        message = f"Correct the input and send it again: {self.summary}"
        super().__init__(cut(message, limits.MAX_ERROR_BYTES - len(more)) + more)

    @property
    def details(self) -> Mapping[str, object]:
        """Return one entry of `errors` for each wrong place."""
        return {"errors": [{"path": path, "message": message} for path, message in self.errors]}


class UnauthenticatedError(Refusal):
    """A caller who shows no valid key."""

    def __init__(self) -> None:
        super().__init__(
            "Send a valid key as 'Authorization: Bearer nk_…'; ask the operator of this deployment for one."
        )


class ForbiddenError(Refusal):
    """A caller whose key does not allow what is asked for."""


class BudgetUsedUpError(Refusal):
    """A new job of an org that has used up its budget."""

    def __init__(self, org: str) -> None:
        super().__init__(
            f"The org {org!r} has used up its budget of this month: ask the operator of this deployment to raise it."
        )


class TooManyUnfinishedError(Refusal):
    """A new job of an org that has as many unfinished jobs as it may have."""

    def __init__(self, org: str, most: int, what: str) -> None:
        super().__init__(
            f"The org {org!r} has {most} {what}, as many as it may have: wait until some have ended, cancel some, or "
            "ask the operator of this deployment to raise the bound."
        )


class TooManyCallsError(Refusal):
    """A call beyond the rate limit of its key; `wait_ms` says when to try again."""

    def __init__(self, limit: int, *, wait_ms: int) -> None:
        super().__init__(f"This key may call {limit} times a second: send the request again in a moment.")
        self.wait_ms = wait_ms


class FlowNotFoundError(Refusal):
    """A flow that this deployment does not have."""

    def __init__(self, name: str) -> None:
        super().__init__(f"There is no flow {name[:160]!r} here: GET /api/v1/flows lists the flows.")


class ProjectNotFoundError(Refusal):
    """A project that this deployment does not have."""

    def __init__(self, name: str) -> None:
        super().__init__(f"There is no project {name[:160]!r} here: GET /api/v1/flows lists the flows of each.")


class JobNotFoundError(Refusal):
    """An unknown id, or a job that belongs to another org or flow: callers cannot tell which."""

    def __init__(self) -> None:
        super().__init__("There is no such job here: check its id, or it has expired and was deleted.")


class UnreadableJobError(Refusal):
    """A job of the caller's org whose row cannot be read."""

    def __init__(self, job_id: str) -> None:
        super().__init__(
            f"What is stored of the job {job_id} cannot be read: tell the operator of this deployment, whose log says "
            "why."
        )


class IdempotencyConflictError(Refusal):
    """Another submission under an idempotency key that names a job already."""

    def __init__(self) -> None:
        super().__init__(
            "This Idempotency-Key was used before with another body: send the same body, or use a new key."
        )


class UnavailableError(Refusal):
    """A request that AWS could not serve now."""

    def __init__(self) -> None:
        super().__init__("This could not be done now: send the request again.")


class InputNotBackError(Refusal):
    """A retry of a cancelled job whose message still holds the input."""

    def __init__(self) -> None:
        super().__init__(
            "The input of this cancelled job is still with its message: send the request again in a moment."
        )


class UnreadableRowError(ValueError):
    """A row of the jobs table that does not hold a valid job."""

    def __init__(self, job_id: str, org: str, problem: str) -> None:
        super().__init__(f"the row of the job {job_id!r} cannot be read: {problem}")
        self.job_id = job_id
        self.org = org
