"""Rights of tenants: every route with every kind of key, org, flow and id, against its declaration."""

from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from noukai_wire.errors import ErrorCode
from noukai_wire.operations import OPERATIONS
from noukai_wire.routes import Route
from noukai_wire.scopes import Scope
from tests.functions.harness import Answer, System

UNKNOWN = "job_" + "a" * 26
BODY = {"parameters": {"a": 1}}
BODIES: dict[Route, Any] = {
    Route.SUBMIT_JOBS: {"jobs": [BODY, {**BODY, "idempotencyKey": "k"}]},
    Route.STATUSES: {"ids": [UNKNOWN]},
    Route.PUT_SCHEDULE: {"flow": "trial/add", "cron": "* * * * *", **BODY},
    Route.PUT_WEBHOOK: {"url": "https://hooks.example.com/"},
    Route.ROTATE_WEBHOOK: {},
    Route.REDELIVER: {"since": "2023-01-01T00:00:00Z"},
    Route.MAKE_TOKEN: {"flow": "trial/add", "origin": "https://app.example.com"},
    Route.UPLOAD: {"bytes": 2, "sha256": "0" * 64},
}
"""For the routes whose body is not a submission."""
IN_BODY = {Route.MAKE_TOKEN: (Scope.READ,)}
"""The further scopes that a body asks for."""
EVERY = tuple(Scope)


@dataclass(frozen=True)
class Key:
    """A key as the keys table has it; one without an org is not in the table."""

    text: str | None
    org: str | None = None
    scopes: tuple[Scope, ...] = EVERY
    end: str | None = None

    @property
    def is_valid(self) -> bool:
        return self.org is not None and self.end is None


KEYS = [
    Key(None),
    Key("nk_wrong"),
    Key("wrong"),
    Key("nk_revoked", "acme", end="revoked"),
    Key("nk_expired", "acme", end="expires"),
    Key("nk_every", "acme"),
    Key("nk_elsewhere", "globex"),
    *(
        Key(f"nk_without_{scope}", "acme", tuple(other for other in Scope if other != scope))
        for scope in Scope
    ),
]
VARIABLES = {
    "org": st.sampled_from(["acme", "globex", "nobody", "ACME", "acme/trial", ""]),
    "project": st.sampled_from(["trial", "trial", "nothing", ".."]),
    "flow": st.sampled_from(["add", "add", "greet", "nothing", "größe"]),
    "version": st.sampled_from(["v0", "v1", "jobs"]),
    "id": st.sampled_from(["of acme", "of globex", UNKNOWN, "nonsense", UNKNOWN.upper(), ""]),
    "name": st.sampled_from(["report", "nothing", "trial.add", "..", ""]),
    "step": st.sampled_from(["attempt-1", "attempt-x", ""]),
}


@pytest.fixture
def jobs(system: System) -> dict[str, str]:
    """Submit a pending job for each org; return them by the placeholder of their id."""
    for key in KEYS:
        if key.text and key.org:
            end: dict[str, Any] = {key.end: system.clock.time // 1000} if key.end else {}
            system.add_key(key.text, key.org, key.scopes, **end)
    return {f"of {org}": new_job(system, org) for org in ("acme", "globex")}


def new_job(system: System, org: str) -> str:
    system.key = f"nk_{org}"
    body = {**BODY, "options": {"metadata": {"secret": f"known to {org}"}}}
    job_id: str = system.send(Route.SUBMIT, body=body, org=org, project="trial", flow="add").body["id"]
    return job_id


def test_every_route_is_declared() -> None:
    """A route without an operation would be in no document, and its scopes would be unknown."""
    assert set(OPERATIONS) == set(Route)


def refusal(route: Route, key: Key, path: dict[str, str]) -> ErrorCode | None:
    """Return the refusal that comes before any look-up, if there is one."""
    operation = OPERATIONS[route]
    if operation.is_public and (key.text is None or ErrorCode.UNAUTHENTICATED not in operation.errors):
        return None
    if not key.is_valid:
        return ErrorCode.UNAUTHENTICATED
    lacks_scope = not {*route.scopes, *IN_BODY.get(route, ())} <= set(key.scopes)
    return ErrorCode.FORBIDDEN if lacks_scope or path.get("org", key.org) != key.org else None


def ask(system: System, route: Route, path: dict[str, str]) -> tuple[Answer, list[Any]]:
    """Return the answer, and the AWS calls that it took: only they could make its duration differ."""
    del system.calls[:]
    answer = system.send(route, body=BODIES.get(route, BODY) if OPERATIONS[route].request else None, **path)
    kinds = [
        (operation, parameters.get("TableName"), parameters.get("ConsistentRead"), sorted(parameters))
        for operation, parameters in system.calls
    ]
    return answer, kinds


@settings(max_examples=600, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), route=st.sampled_from(Route), key=st.sampled_from(KEYS))
def test_every_route_answers_each_key_as_declared(
    system: System, jobs: dict[str, str], data: st.DataObject, route: Route, key: Key
) -> None:
    """401 and 403 come before any look-up; another org's job is answered as unknown and left unchanged."""
    named = {name: data.draw(VARIABLES[name], name) for name in route.variables}
    path = {name: jobs.get(value, value) for name, value in named.items()}
    other = jobs["of acme" if key.org == "globex" else "of globex"]
    before = system.row(other)
    system.key = key.text
    answer, calls = ask(system, route, path)
    refused = refusal(route, key, path)
    if refused is not None:
        assert (answer.status, answer.code) == (refused.status, refused)
        assert {table for _, table, *_ in calls} <= {"keys"}
    else:
        operation = OPERATIONS[route]
        assert answer.status in {
            operation.status,
            *([201] if operation.may_create else []),
            *(code.status for code in operation.every_error(route)),
        } - {401, 403}
        is_there = named.get("id") == f"of {key.org}" and named.get("project", "trial") == "trial"
        if "id" in named and not (is_there and named.get("flow", "add") == "add"):
            assert (answer.status, answer.code) == (404, ErrorCode.JOB_NOT_FOUND)
    assert system.row(other) == before
    assert other not in str(answer.body)
    assert f"known to {'acme' if key.org == 'globex' else 'globex'}" not in str(answer.body)


@pytest.mark.parametrize(
    "route", [route for route in Route if "id" in route.variables], ids=lambda route: route.name
)
@pytest.mark.parametrize("state", ["pending", "completed", "cancelled"])
def test_job_of_another_org_takes_the_time_of_an_unknown_one(
    system: System, jobs: dict[str, str], route: Route, state: str
) -> None:
    """In every state it is answered as an unknown id, after the same AWS calls: its existence is hidden."""
    foreign = jobs["of globex"]
    system.key = "nk_globex"
    if state == "cancelled":
        system.send(Route.CANCEL_BY_ID, id=foreign)
    if state == "completed":
        system.deliver()
    system.key = "nk_every"
    path = {"org": "acme", "project": "trial", "flow": "add"}
    path = {name: value for name, value in path.items() if name in route.variables}
    ask(system, route, {**path, "id": UNKNOWN})  # from now on the key is cached
    (unknown, calls), (others, calls_for_others) = (
        ask(system, route, {**path, "id": id_}) for id_ in (UNKNOWN, foreign)
    )
    assert (others.status, others.body, others.headers) == (unknown.status, unknown.body, unknown.headers)
    assert unknown.code == ErrorCode.JOB_NOT_FOUND
    assert calls_for_others == calls != []


@pytest.mark.parametrize("state", ["pending", "completed"])
def test_status_of_many_tells_nothing_of_another_org(
    system: System, jobs: dict[str, str], state: str
) -> None:
    """Among the caller's own, a foreign id is answered as an unknown one, after the same AWS calls."""
    if state == "completed":
        system.deliver()
    system.key = "nk_every"

    def asked(id_: str) -> tuple[str, list[str]]:
        answer = system.send(Route.STATUSES, body={"ids": [jobs["of acme"], id_]})
        assert answer.body["jobs"][0]["job"]["state"] == state
        return str(answer.body["jobs"][1]).replace(id_, "the id"), [
            operation for operation, _ in system.calls
        ]

    answers = []
    for id_ in (UNKNOWN, jobs["of globex"]):
        asked(id_)  # from now on the key is cached
        del system.calls[:]
        answers.append(asked(id_))
    assert answers[0] == answers[1]
    assert "JOB_NOT_FOUND" in answers[0][0]
