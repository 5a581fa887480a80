"""Two checks of schemathesis that know what no schema can say; its own take it for a failure."""

import json
from typing import Any

import schemathesis
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import positive_data_acceptance

BETWEEN_FIELDS = {
    "options.backoffSeconds",
    "options.backoffCapSeconds",
    "createdAfter",
    "createdBefore",
    "from",
    "to",
}
"""Each is within its limits, and two do not go together."""

RUN_AT = "options.runAt"
"""A moment, but one that is over or too far, or beside a delay."""

CURSOR = "cursor"
"""A text that no page was answered with."""

INPUT = "input"
"""A reference to what nobody has uploaded, or one that does not stand alone."""

STATE = "id"
"""A job that is not to be retried as it stands: `errors` names its id."""

STILL_UNDER_WAY = "not returned from its queue yet"
"""The input of a job that was cancelled a moment ago: a 503 that says when to ask again."""


def _detail(response: Any) -> Any:
    try:
        return json.loads(response.content)["detail"]
    except (ValueError, KeyError, TypeError):
        return {}


@schemathesis.check
def valid_data_is_accepted(ctx: Any, response: Any, case: Any) -> bool | None:
    """What the document allows is accepted, but for the exceptions above."""
    if "{flow}" in case.operation.path and "{id}" not in case.operation.path:
        return None  # what is allowed is up to the flow, which has a path of its own in the document
    paths = {error["path"] for error in _detail(response).get("errors", ())}
    if response.status_code == 422 and paths and paths <= BETWEEN_FIELDS | {RUN_AT, INPUT, STATE, CURSOR}:
        return None
    return positive_data_acceptance(ctx, response, case)


@schemathesis.check
def no_failure_of_ours(ctx: Any, response: Any, case: Any) -> bool | None:
    """No answer is a 5xx, but for those that promise an answer: in a moment, or where the job is that goes on."""
    if response.status_code == 503 and STILL_UNDER_WAY in _detail(response).get("message", ""):
        assert response.headers["retry-after"] == ["2"]
        return None
    if response.status_code == 504 and _detail(response).get("code") == "EXECUTE_TIMEOUT":
        assert response.headers["location"][0].endswith(f"/jobs/{_detail(response)['id']}")
        return None
    return not_a_server_error(ctx, response, case)
