"""Unknown parameters of the query: they are refused, since a misspelt one would be ignored."""

from typing import Any

import pytest

from noukai_wire.errors import ErrorCode
from noukai_wire.operations import OPERATIONS
from noukai_wire.routes import Route
from noukai_wire.scopes import Scope
from tests.functions.harness import System

PLACE = {
    "org": "acme",
    "project": "trial",
    "flow": "add",
    "version": "v0",
    "step": "attempt-1",
    "name": "report",
}
SUBMISSION = {"parameters": {"a": 1}}
BODIES: dict[Route, Any] = {
    Route.SUBMIT_JOBS: {"jobs": [SUBMISSION]},
    Route.STATUSES: {"ids": ["job_" + "a" * 26]},
    Route.UPLOAD: {"bytes": 2, "sha256": "0" * 64},
    Route.CANCEL_JOBS: {},
    Route.PUT_WEBHOOK: {"url": "https://hooks.example.com/"},
    Route.ROTATE_WEBHOOK: {},
    Route.REDELIVER: {"since": "2023-01-01T00:00:00Z"},
    Route.MAKE_TOKEN: {"flow": "trial/add", "origin": "https://app.example.com"},
    Route.PUT_SCHEDULE: {"flow": "trial/add", "cron": "* * * * *", **SUBMISSION},
}


@pytest.mark.parametrize(
    "route", [each for each in Route if not OPERATIONS[each].is_public], ids=lambda each: each.name
)
def test_unknown_parameter_of_the_query_is_named(system: System, route: Route) -> None:
    """Every route that needs a key names it; nothing is stored, sent or changed."""
    system.add_key("nk_every", "acme", tuple(Scope))
    job_id = system.submit(parameters={"a": 1}).body["id"]
    system.key = "nk_every"
    path = {name: {**PLACE, "id": job_id}[name] for name in route.variables}
    before = (system.jobs(), system.messages(), system.row(job_id))
    body = BODIES.get(route, SUBMISSION) if OPERATIONS[route].request else None
    answer = system.send(route, body=body, query="colour=red", **path)
    assert (answer.status, answer.code) == (422, ErrorCode.INVALID_INPUT)
    assert answer.body["detail"]["errors"] == [{"path": "colour", "message": "is not known here"}]
    assert (system.jobs(), system.messages(), system.row(job_id)) == before
