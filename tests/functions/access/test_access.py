"""Access to the routes: keys, scopes, orgs, and what is not there."""

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from noukai_functions.access.api_keys import CACHE_MS
from noukai_wire.errors import ErrorCode
from noukai_wire.operations import OPERATIONS
from noukai_wire.routes import Route
from noukai_wire.scopes import Scope
from tests.functions.harness import System, assert_refused
from tests.functions.stand_ins.calls import hook


@pytest.mark.parametrize(
    ("project", "flow"),
    [
        ("trial", "nothing"),
        ("nothing", "add"),
        ("trial", "ADD"),
        ("trial", "-add"),
        ("trial", "a"),
        ("trial", "a" * 51),
        ("trial/add", "x"),
        ("trial", "add/jobs"),
        ("..", "add"),
        ("trial", "größe"),
    ],
)
def test_unknown_flow(system: System, project: str, flow: str) -> None:
    """A flow that is not here, or whose slugs cannot exist, is a 404."""
    answer = system.send(Route.SUBMIT, body={}, org="acme", project=project, flow=flow)
    assert_refused(system, answer, ErrorCode.FLOW_NOT_FOUND)


def test_version_of_a_flow(system: System) -> None:
    """`v0` is the flow itself; it has no other version."""
    path = {"org": "acme", "project": "trial", "flow": "add"}
    assert (
        system.send(Route.SUBMIT_VERSION, body={"parameters": {"a": 1}}, version="v0", **path).status == 202
    )
    for version in ("v1", "0", "latest"):
        answer = system.send(Route.SUBMIT_VERSION, body={"parameters": {"a": 1}}, version=version, **path)
        assert (answer.status, answer.code) == (404, "FLOW_NOT_FOUND")


@pytest.mark.parametrize("key", [None, "nk_wrong", "nk_", "wrong", "nk_\ud800", "nk_expired", "nk_revoked"])
@pytest.mark.parametrize("route", [route for route in Route if not OPERATIONS[route].is_public])
def test_no_valid_key(system: System, route: Route, key: str | None) -> None:
    """Every route but the public ones answers 401 without a valid key, before anything else."""
    system.add_key("nk_expired", "acme", expires=1_600_000_000)
    system.add_key("nk_revoked", "acme", revoked=1_600_000_000)
    del system.calls[:]
    system.key = key
    answer = system.send(route, raw="{", org="globex", project="x", flow="y", id="z", version="v9")
    assert_refused(system, answer, ErrorCode.UNAUTHENTICATED)
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_scheme_is_required(system: System) -> None:
    """A key without the scheme `Bearer` is no key."""
    system.key = None
    answer = system.send(Route.FLOWS, headers={"authorization": "nk_acme"})
    assert_refused(system, answer, ErrorCode.UNAUTHENTICATED)
    assert system.send(Route.FLOWS, headers={"authorization": "bearer nk_acme"}).status == 200


@pytest.mark.parametrize(
    "route", [route for route in Route if "org" in route.variables], ids=lambda route: route.name
)
def test_path_of_another_org(system: System, route: Route) -> None:
    """A path that names another org is a 403, before any look-up and before the body is read."""
    answer = system.send(route, raw="{", org="globex", project="x", flow="y", id="z", version="v9")
    assert_refused(system, answer, ErrorCode.FORBIDDEN)
    assert [operation for operation, _ in system.calls if operation != "GetItem"] == []


@pytest.mark.parametrize(("route", "needed"), [(route, scope) for route in Route for scope in route.scopes])
def test_missing_scope(system: System, route: Route, needed: Scope) -> None:
    """A key that lacks one scope of a route gets a 403 that names it."""
    system.add_key("nk_lacking", "acme", tuple(scope for scope in Scope if scope != needed))
    system.key = "nk_lacking"
    del system.calls[:]
    answer = system.send(route, raw="{", org="acme", project="trial", flow="add", version="v0", id="z")
    assert_refused(system, answer, ErrorCode.FORBIDDEN)
    assert f"the scope '{needed}':" in answer.body["detail"]["message"]


def test_cancelling_key_sees_no_result(system: System) -> None:
    """A key that may cancel but not read sees the job's state and times, and no data of the job."""
    job_id = system.submit(parameters={"a": 1, "b": 2}, options={"metadata": {"customer": "u7"}}).body["id"]
    system.deliver()
    assert system.status(job_id)["result"]["output"] == 3
    system.add_key("nk_cancelling", "acme", (Scope.CANCEL,))
    system.key = "nk_cancelling"
    answer = system.send(Route.CANCEL_BY_ID, id=job_id)
    assert answer.body["state"] == "completed"
    assert not {"result", "error", "lastError", "progress", "metadata"} & answer.body.keys()


def test_submitting_key_learns_nothing_of_an_old_job(system: System) -> None:
    """A repeated submission is answered like a new one; a retry is refused whatever the job's state."""
    headers = {"idempotency-key": "once"}
    new = system.submit(parameters={"a": 1, "b": 2}, headers=headers)
    system.deliver()
    system.add_key("nk_submitting", "acme", (Scope.SUBMIT,))
    system.key = "nk_submitting"
    again = system.submit(parameters={"a": 1, "b": 2}, headers=headers)
    assert (again.body, again.headers) == (new.body, new.headers)
    refusals = [system.send(Route.RETRY_BY_ID, id=id_).code for id_ in (new.body["id"], "job_unknown")]
    assert refusals == [ErrorCode.FORBIDDEN] * 2


def test_security_document_has_the_scopes() -> None:
    """SECURITY.md names the scopes that the functions require for each route."""
    rows = [
        f"| `{route.method} {route.template}` | {' and '.join(f'`{scope}`' for scope in route.scopes)} |"
        for route in Route
        if route.scopes
    ]
    assert "\n".join(rows) in Path(".github/SECURITY.md").read_text(encoding="utf-8")


DAY_MS = 24 * 60 * 60 * 1000


def test_use_of_a_key_is_noted_once_a_day(system: System) -> None:
    """The first request of a day writes the day into the key's row; the others write nothing."""
    system.add_key("nk_new", "acme", used=0)
    system.key = "nk_new"
    for _ in range(2):
        del system.calls[:]
        for _ in range(3):
            assert system.send(Route.FLOWS).status == 200
            system.clock.time += 2 * CACHE_MS
        assert [operation for operation, _ in system.calls] == ["GetItem", "UpdateItem", "GetItem", "GetItem"]
        assert used_on(system, "nk_new") == system.clock.time // DAY_MS
        system.clock.time += DAY_MS


def attributes_of(request: Mapping[str, Any]) -> set[str]:
    """Return what DynamoDB checks against `dynamodb:Attributes`: every attribute an update names anywhere.

    Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html: a
    policy with that condition lists the key and every attribute of every expression.
    """
    text = f"{request['UpdateExpression']} {request['ConditionExpression']}"
    words = re.findall(r"[#\w:]+", re.sub(r"\w+\(", " ", text))
    named = {word for word in words if not word.startswith(":") and word not in ("SET", "AND", "OR")}
    return {request["ExpressionAttributeNames"].get(name, name) for name in named} | set(request["Key"])


def test_noting_a_use_needs_no_right_to_write_the_org(system: System) -> None:
    """The roles allow `hash` and `used` alone; a condition may only name attributes with that right."""
    system.add_key("nk_new", "acme", used=0)
    system.key = "nk_new"
    system.send(Route.FLOWS)
    (request,) = [parameters for operation, parameters in system.calls if operation == "UpdateItem"]
    assert attributes_of(request) == {"hash", "used"}


def test_failure_to_note_a_use_does_no_harm(system: System) -> None:
    """A key works although its row cannot be written, and a deleted row is not recreated."""
    system.add_key("nk_new", "acme", used=0)
    system.key = "nk_new"
    table: Any = {"TableName": "keys", "Key": {"hash": {"S": hashlib.sha256(b"nk_new").hexdigest()}}}
    client = system.deployment.table.client

    hook(client, "UpdateItem", before=lambda _: client.delete_item(**table))
    assert system.send(Route.FLOWS).status == 200
    assert "Item" not in client.get_item(**table)


def test_revoked_key_ends_within_a_minute(system: System) -> None:
    """A process caches a key for a minute at most."""
    system.add_key("nk_going", "acme")
    system.key = "nk_going"
    assert system.send(Route.FLOWS).status == 200
    system.add_key("nk_going", "acme", revoked=system.clock.time // 1000)
    system.clock.time += 60_000
    assert system.send(Route.FLOWS).status == 401


def test_key_ends_when_it_expires(system: System) -> None:
    """The key is refused from that second on, even where a process has cached it."""
    system.add_key("nk_ending", "acme", expires=system.clock.time // 1000 + 30)
    system.key = "nk_ending"
    assert system.send(Route.FLOWS).status == 200
    system.clock.time += 29_999
    assert system.send(Route.FLOWS).status == 200
    system.clock.time += 1
    assert system.send(Route.FLOWS).code == ErrorCode.UNAUTHENTICATED


def test_every_wrong_key_takes_the_same_time(system: System) -> None:
    """Each is one read by its hash: no text is compared, and the answers do not differ."""
    system.add_key("nk_expired", "acme", expires=1_600_000_000)
    system.add_key("nk_revoked", "acme", revoked=1_600_000_000)
    system.add_key("nk_right", "acme")
    system.send(Route.FLOWS)
    seen = []
    for key in ("nk_wrong", "nk_expired", "nk_revoked", "nk_right"[:-1], "nk_acmf", "nk_" + "x" * 43):
        del system.calls[:]
        system.key = key
        answer = system.send(Route.FLOWS)
        hashed = {"hash": {"S": hashlib.sha256(key.encode()).hexdigest()}}
        assert system.calls == [("GetItem", {"TableName": "keys", "Key": hashed, "ConsistentRead": True})]
        seen.append((answer.status, answer.body, answer.headers))
    assert all(each == seen[0] for each in seen)


def used_on(system: System, key: str) -> int:
    """Return the day of last use in the key's row, counted from the epoch."""
    found = system.deployment.table.client.get_item(
        TableName="keys", Key={"hash": {"S": hashlib.sha256(key.encode()).hexdigest()}}
    )
    return int(found["Item"]["used"]["N"]) * 1000 // DAY_MS
