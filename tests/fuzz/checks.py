"""Two checks of schemathesis with rules that no schema has; its own would report failures."""

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
"""Each field is within its limits, but two do not go together."""

RUN_AT = "options.runAt"
"""A valid time that is past or too distant, or comes with a delay."""

CURSORS = {"cursor", "after"}
"""A text that is no page's cursor, or no place in a log."""

INPUT = "input"
"""A reference to an unknown upload, or one with an input beside it."""

WEBHOOK = "options.webhook"
"""The name of an endpoint that the org does not have."""

STATE = "id"
"""A job that cannot be retried in its state: `errors` names its id."""

_BY_NO_SCHEMA = BETWEEN_FIELDS | {RUN_AT, INPUT, WEBHOOK, STATE} | CURSORS

STILL_UNDER_WAY = "not returned from its queue yet"
"""The input of a just cancelled job: the 503 says when to ask again."""


def _detail(response: Any) -> Any:
    try:
        return json.loads(response.content)["detail"]
    except (ValueError, KeyError, TypeError):
        return {}


@schemathesis.check
def valid_data_is_accepted(ctx: Any, response: Any, case: Any) -> bool | None:
    """Accept what the document allows, except for the cases above."""
    if "{flow}" in case.operation.path and "{id}" not in case.operation.path:
        return None  # the flow decides what is allowed, by its own path in the document
    paths = {error["path"] for error in _detail(response).get("errors", ())}
    if response.status_code == 422 and paths and paths <= _BY_NO_SCHEMA:
        return None
    return positive_data_acceptance(ctx, response, case)


@schemathesis.check
def no_failure_of_ours(ctx: Any, response: Any, case: Any) -> bool | None:
    """Allow no 5xx, except those that name a later time or the place of the job."""
    if response.status_code == 503 and STILL_UNDER_WAY in _detail(response).get("message", ""):
        assert response.headers["retry-after"] == ["2"]
        return None
    if response.status_code == 504 and _detail(response).get("code") == "EXECUTE_TIMEOUT":
        assert response.headers["location"][0].endswith(f"/jobs/{_detail(response)['id']}")
        return None
    return not_a_server_error(ctx, response, case)
