"""The answers to refusals: the status, the body and the headers of each, byte by byte."""

import json
from collections.abc import Iterator, Mapping

import pytest

from noukai_functions import refusals
from noukai_functions.api.errors import ANSWERS, error_answer, refusal_answer
from noukai_functions.aws import AwsError
from noukai_functions.refusals import Refusal
from noukai_wire.errors import ErrorCode

_FLOWS = "GET /api/v1/flows lists the flows"
_FLOW_NOT_FOUND = f"There is no flow 'text/none' here: {_FLOWS}."
_UNAUTHENTICATED = (
    "Send a valid key as 'Authorization: Bearer nk_…'; ask the operator of this deployment for one."
)
_NO_BUDGET = (
    "The org 'acme' has used up its budget for this month: ask the operator of this deployment to raise it."
)
_UNFINISHED = (
    "The org 'acme' has 3 unfinished jobs, the most that it may have: "
    "wait until some end, cancel some, or ask the operator of this deployment to raise the limit."
)
_NO_JOB = "There is no such job here: check the id; an expired job is deleted."
_NO_STEP = (
    "This run has no such step: attempt-2 is its second attempt, and has no other; "
    "of many attempts only the last eight are shown."
)
_NO_KEY = (
    "The org 'acme' has no valid key: "
    "ask the operator of this deployment for one, and put the schedule again."
)
_NO_OWN_KEY = (
    "There is no key 'ci' that yours may change: GET /api/v1/keys lists them; an operator's keys are not "
    "among them."
)
_NO_SCHEDULE = "There is no schedule 'report' here: GET /api/v1/schedules lists those of the org."
_NO_WEBHOOK = (
    "There is no webhook endpoint 'billing' here: GET /api/v1/webhooks lists those of your org. "
    "A name has 2 to 50 lower-case letters, digits and hyphens, no hyphen first or last."
)
_UNREADABLE = (
    "The stored row of the job job_1 cannot be read: "
    "tell the operator of this deployment, whose log says why."
)
_CONFLICT = "This Idempotency-Key was already used with another body: send the same body, or use a new key."
_NOT_BACK = (
    "The input of this cancelled job has not returned from its queue yet: send the request again in a moment."
)
_UNAVAILABLE = "The service is unavailable at the moment: send the request again."
_MISSING = "The flow 'text/count' requires a message: send one as 'message'."
_CALLS = "This key may make 5 calls a second: send the request again in a second."

CASES: tuple[tuple[Refusal, int, str, str, Mapping[str, str]], ...] = (
    (refusals.InvalidJsonError("Not JSON."), 400, "INVALID_JSON", "Not JSON.", {}),
    (refusals.MissingMessageError("text/count"), 400, "MISSING_MESSAGE", _MISSING, {}),
    (
        refusals.UnauthenticatedError(),
        401,
        "UNAUTHENTICATED",
        _UNAUTHENTICATED,
        {"WWW-Authenticate": "Bearer"},
    ),
    (refusals.BudgetUsedUpError("acme"), 402, "INSUFFICIENT_CREDITS", _NO_BUDGET, {}),
    (refusals.ForbiddenError("Not you."), 403, "FORBIDDEN", "Not you.", {}),
    (refusals.FlowNotFoundError("text/none"), 404, "FLOW_NOT_FOUND", _FLOW_NOT_FOUND, {}),
    (
        refusals.ProjectNotFoundError("none"),
        404,
        "NOT_FOUND",
        f"There is no project 'none' here: {_FLOWS} of each.",
        {},
    ),
    (refusals.JobNotFoundError(), 404, "JOB_NOT_FOUND", _NO_JOB, {}),
    (refusals.StepNotFoundError(), 404, "NOT_FOUND", _NO_STEP, {}),
    (refusals.OrgRevokedError("acme"), 403, "FORBIDDEN", _NO_KEY, {}),
    (refusals.ScheduleNotFoundError("report"), 404, "NOT_FOUND", _NO_SCHEDULE, {}),
    (refusals.WebhookNotFoundError("billing"), 404, "NOT_FOUND", _NO_WEBHOOK, {}),
    (refusals.UnreadableJobError("job_1"), 404, "JOB_NOT_FOUND", _UNREADABLE, {}),
    (refusals.IdempotencyConflictError(), 409, "IDEMPOTENCY_CONFLICT", _CONFLICT, {}),
    (refusals.TooLargeError("Send less."), 413, "PAYLOAD_TOO_LARGE", "Send less.", {}),
    (
        refusals.TooManyCallsError(5, wait_ms=120),
        429,
        "RATE_LIMITED",
        _CALLS,
        {"Retry-After": "1", "Retry-After-Ms": "120"},
    ),
    (
        refusals.TooManyUnfinishedError("acme", 3, "unfinished jobs"),
        429,
        "RATE_LIMITED",
        _UNFINISHED,
        {"Retry-After": "30"},
    ),
    (refusals.UnavailableError(), 503, "UNAVAILABLE", _UNAVAILABLE, {"Retry-After": "1"}),
    (refusals.KeyNotFoundError("ci"), 404, "NOT_FOUND", _NO_OWN_KEY, {}),
    (
        refusals.UnidentifiedError(),
        401,
        "UNAUTHENTICATED",
        refusals.UnidentifiedError().message,
        {"WWW-Authenticate": "Bearer"},
    ),
    (
        refusals.ProviderUnavailableError(),
        503,
        "UNAVAILABLE",
        refusals.ProviderUnavailableError().message,
        {"Retry-After": "60"},
    ),
    (
        refusals.InputNotKeptError("it was lost"),
        404,
        "NOT_FOUND",
        "The input of this job cannot be shown: it was lost.",
        {},
    ),
    (refusals.InputNotBackError(), 503, "UNAVAILABLE", _NOT_BACK, {"Retry-After": "2"}),
)


@pytest.mark.parametrize(
    ("refusal", "status", "code", "message", "headers"), CASES, ids=[type(case[0]).__name__ for case in CASES]
)
def test_answer(refusal: Refusal, status: int, code: str, message: str, headers: Mapping[str, str]) -> None:
    """A refusal has its code, its message, and what a client needs to continue."""
    answer = refusal_answer(refusal)
    assert (int(answer.code.status), answer.headers) == (status, headers)
    assert json.dumps(answer.body) == json.dumps({"detail": {"code": code, "message": message}})


def test_answer_to_wrong_input_names_the_places() -> None:
    """Programs read the places beside the message."""
    answer = refusal_answer(refusals.InvalidInputError([("", "must be an object"), ("a.0", "is wrong")]))
    assert (answer.code, answer.headers) == (ErrorCode.INVALID_INPUT, {})
    assert answer.body == {
        "detail": {
            "code": "INVALID_INPUT",
            "message": "Correct the input and send it again: the body: must be an object; a.0: is wrong",
            "errors": [{"path": "", "message": "must be an object"}, {"path": "a.0", "message": "is wrong"}],
        }
    }


def test_every_refusal_has_an_answer() -> None:
    """A refusal without one would be a 500; one without a test could change unnoticed."""
    covered = {type(case[0]) for case in CASES} | {refusals.InvalidInputError}
    assert set(_kinds(Refusal)) == ANSWERS.keys() == covered


def test_refusals_have_no_http() -> None:
    """They are raised without code or header."""
    assert not {"ErrorCode", "HTTPStatus", "Response"} & vars(refusals).keys()


@pytest.mark.parametrize(
    ("raised", "code", "headers"),
    [
        (
            AwsError("GetItem", "ThrottlingException", "slow down"),
            ErrorCode.UNAVAILABLE,
            {"Retry-After": "1"},
        ),
        (refusals.UnreadableRowError("job_1", "other", "no state"), ErrorCode.JOB_NOT_FOUND, {}),
        (KeyError("secret"), ErrorCode.INTERNAL_ERROR, {}),
    ],
)
def test_failures_hide_their_cause(raised: Exception, code: ErrorCode, headers: Mapping[str, str]) -> None:
    """Only the log shows them."""
    answer = error_answer(raised, "request")
    assert (answer.code, answer.headers) == (code, headers)
    assert not any(word in json.dumps(answer.body) for word in ("slow down", "no state", "secret", "job_1"))


def _kinds(of: type[Refusal]) -> Iterator[type[Refusal]]:
    for kind in of.__subclasses__():
        yield kind
        yield from _kinds(kind)
