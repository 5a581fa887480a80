"""Refusals of requests, and unreadable rows: domain errors that several parts raise.

None of them knows HTTP; the table in `api.errors` maps each to its answer.
"""

from collections.abc import Mapping, Sequence

from noukai_wire import limits
from noukai_wire.slug import SLUG_RULE
from noukai_wire.text import cut

MAX_ERRORS = 20
"""The most invalid places that an answer names; validation stops there."""

_MAX_PATH_BYTES = 200


class Refusal(Exception):  # noqa: N818 - an answer to a caller, not a fault
    """A refused request, with a message that tells the caller what to do."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message

    @property
    def details(self) -> Mapping[str, object]:
        """Return the machine-readable details of the error."""
        return {}


class InvalidJsonError(Refusal):
    """A body that is not JSON."""


class TooLargeError(Refusal):
    """A body or a value that exceeds its size limit."""


class MissingMessageError(Refusal):
    """A submission without the message that its flow requires."""

    def __init__(self, flow: str) -> None:
        super().__init__(f"The flow {flow!r} requires a message: send one as 'message'.")


class InvalidInputError(Refusal):
    """An invalid body, header or query, with the first invalid places and a message for each."""

    def __init__(self, errors: Sequence[tuple[str, str]]) -> None:
        shown = [
            (cut(path, _MAX_PATH_BYTES), cut(message, _MAX_PATH_BYTES))
            for path, message in errors[:MAX_ERRORS]
        ]
        more = f"; only the first {MAX_ERRORS} are listed" if len(errors) >= MAX_ERRORS else ""
        self.errors = shown
        self.summary = "; ".join(f"{path or 'the body'}: {message}" for path, message in shown)
        message = f"Correct the input and send it again: {self.summary}"
        super().__init__(cut(message, limits.MAX_ERROR_BYTES - len(more)) + more)

    @property
    def details(self) -> Mapping[str, object]:
        """Return the `errors` entries, one for each invalid place."""
        return {"errors": [{"path": path, "message": message} for path, message in self.errors]}


class UnauthenticatedError(Refusal):
    """A request without a valid key."""

    def __init__(self) -> None:
        super().__init__(
            "Send a valid key as 'Authorization: Bearer nk_…'; ask the operator of this deployment for one."
        )


class UnidentifiedError(Refusal):
    """A request with an invalid token, where tokens of an identity provider are taken."""

    def __init__(self) -> None:
        super().__init__(
            "This token is not valid here: get a new one from the identity provider of this deployment, or "
            "send a key as 'Authorization: Bearer nk_…'."
        )


class ProviderUnavailableError(Refusal):
    """A request whose token cannot be verified, because the identity provider cannot be reached."""

    def __init__(self) -> None:
        super().__init__("The identity provider cannot be reached: send the request again in a minute.")


class ForbiddenError(Refusal):
    """A request that the caller's key does not permit."""


class BudgetUsedUpError(Refusal):
    """A new job of an org whose budget is used up."""

    def __init__(self, org: str) -> None:
        super().__init__(
            f"The org {org!r} has used up its budget for this month: "
            "ask the operator of this deployment to raise it."
        )


class TooManyUnfinishedError(Refusal):
    """A new job of an org that has reached its limit of unfinished jobs."""

    def __init__(self, org: str, most: int, what: str) -> None:
        super().__init__(
            f"The org {org!r} has {most} {what}, the most that it may have: wait until some end, "
            "cancel some, or ask the operator of this deployment to raise the limit."
        )


class TooManyCallsError(Refusal):
    """A call beyond the rate limit of its key; `wait_ms` says when to try again."""

    def __init__(self, limit: int, *, wait_ms: int) -> None:
        super().__init__(f"This key may make {limit} calls a second: send the request again in a second.")
        self.wait_ms = wait_ms


class FlowNotFoundError(Refusal):
    """A flow that is not deployed."""

    def __init__(self, name: str) -> None:
        super().__init__(f"There is no flow {name[:160]!r} here: GET /api/v1/flows lists the flows.")


class ProjectNotFoundError(Refusal):
    """A project that is not deployed."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"There is no project {name[:160]!r} here: GET /api/v1/flows lists the flows of each."
        )


class JobNotFoundError(Refusal):
    """A job id that is unknown, or belongs to another org or flow. Callers cannot tell which."""

    def __init__(self) -> None:
        super().__init__("There is no such job here: check the id; an expired job is deleted.")


class StepNotFoundError(Refusal):
    """A step that a run does not have, or not with that attempt."""

    def __init__(self) -> None:
        super().__init__(
            "This run has no such step: attempt-2 is its second attempt, and has no other; "
            "of many attempts only the last eight are shown."
        )


class ScheduleNotFoundError(Refusal):
    """A schedule that the caller's org does not have."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"There is no schedule {name[:160]!r} here: GET /api/v1/schedules lists those of the org."
        )


class OrgRevokedError(Refusal):
    """A job of an org without a valid key."""

    def __init__(self, org: str) -> None:
        super().__init__(
            f"The org {org!r} has no valid key: ask the operator of this deployment for one, "
            "and put the schedule again."
        )


class WebhookNotFoundError(Refusal):
    """A webhook endpoint that the org does not have."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"There is no webhook endpoint {name[:60]!r} here: GET /api/v1/webhooks lists those of your org. "
            f"A name has {SLUG_RULE}."
        )


class KeyNotFoundError(Refusal):
    """A name that none of the org's own keys has, or one wider than the caller's."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"There is no key {cut(name, _MAX_PATH_BYTES)!r} that yours may change: GET /api/v1/keys lists "
            "them; an operator's keys are not among them."
        )


class UnreadableJobError(Refusal):
    """A job of the caller's org whose row cannot be read."""

    def __init__(self, job_id: str) -> None:
        super().__init__(
            f"The stored row of the job {job_id} cannot be read: "
            "tell the operator of this deployment, whose log says why."
        )


class IdempotencyConflictError(Refusal):
    """A submission with an idempotency key that was used with another body."""

    def __init__(self) -> None:
        super().__init__(
            "This Idempotency-Key was already used with another body: send the same body, or use a new key."
        )


class UnavailableError(Refusal):
    """A request that failed because AWS was unavailable."""

    def __init__(self) -> None:
        super().__init__("The service is unavailable at the moment: send the request again.")


class InputNotBackError(Refusal):
    """A retry of a cancelled job whose input is still in its message."""

    def __init__(self) -> None:
        super().__init__(
            "The input of this cancelled job has not returned from its queue yet: "
            "send the request again in a moment."
        )


class InputNotKeptError(Refusal):
    """A request for the input of a job that is not stored where it can be read."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"The input of this job cannot be shown: {reason}.")


class UnreadableRowError(ValueError):
    """A row of the jobs table that is not a valid job."""

    def __init__(self, job_id: str, org: str, problem: str) -> None:
        super().__init__(f"the row of the job {job_id!r} cannot be read: {problem}")
        self.job_id = job_id
        self.org = org
