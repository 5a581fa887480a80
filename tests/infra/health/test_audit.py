"""The audit log: who has changed what, once, by name, and without what jobs are about."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from typer.testing import CliRunner

from noukai_infra.__main__ import commands
from noukai_infra.operations import audit_trail
from noukai_infra.operations.account import Account
from noukai_wire.routes import Route
from tests.functions.harness import System

SECRET = "an input of a caller"


@pytest.fixture
def audited(system: System) -> System:
    environment = {**system.deployment.environment, "AUDIT": "on", "LOG_LEVEL": "ERROR"}
    return replace(system, deployment=replace(system.deployment, environment=environment))


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_cancellation_has_its_key(
    system: System, audited: System, capsys: pytest.CaptureFixture[str]
) -> None:
    """Once, whoever asks again; the level is one that the function's log lets through."""
    job_id = system.submit(parameters={"a": 1}).body["id"]
    for _ in range(2):
        assert audited.send(Route.CANCEL_BY_ID, id=job_id).status == 200
        audited.clock.time += 1
    assert lines(capsys) == [
        {
            "level": "ERROR",
            "timestamp": "2023-11-14T22:13:20.000Z",
            "message": "audit",
            "action": "cancel",
            "org": "acme",
            "key": "a test",
            "request_id": "request-1",
            "job_id": job_id,
        }
    ]


def test_cancellation_of_many_is_a_line(
    system: System, audited: System, capsys: pytest.CaptureFixture[str]
) -> None:
    """With their number and no id; none if nothing was cancelled."""
    path = {"org": "acme", "project": "trial", "flow": "add"}
    for _ in range(3):
        system.submit(parameters={"a": 1})
    for _ in range(2):
        audited.send(Route.CANCEL_JOBS, body={}, **path)
    (line,) = lines(capsys)
    assert (line["action"], line["key"], line["jobs"]) == ("cancel_jobs", "a test", 3)
    assert "trial/add" in line["flow"]


def test_nothing_that_a_caller_has_sent_is_in_it(audited: System, capsys: pytest.CaptureFixture[str]) -> None:
    """Neither an input nor metadata nor a key."""
    body = {"message": SECRET, "options": {"metadata": {"customer": SECRET}}}
    job_id = audited.submit("trial/greet", **body).body["id"]
    audited.send(Route.CANCEL_BY_ID, id=job_id)
    out = capsys.readouterr().out
    assert job_id in out
    assert SECRET not in out
    assert "nk_" not in out


PATH = {"org": "acme", "project": "trial", "flow": "greet"}


@pytest.mark.parametrize("route", [Route.SUBMIT, Route.EXECUTE, Route.SUBMIT_JOBS, Route.RETRY_BY_ID])
def test_submission_has_its_key(audited: System, capsys: pytest.CaptureFixture[str], route: Route) -> None:
    """Each has a line where it is on, without the input, the metadata and the idempotency key."""
    body = {"message": SECRET, "options": {"metadata": {"customer": SECRET}}}
    job_id = audited.submit("trial/greet", headers={"idempotency-key": SECRET}, **body).body["id"]
    audited.send(Route.CANCEL_BY_ID, id=job_id)
    audited.deliver()
    capsys.readouterr()
    path = {"id": job_id} if route is Route.RETRY_BY_ID else PATH
    sent = {"jobs": [body, body, {}]} if route is Route.SUBMIT_JOBS else body
    answer = audited.send(route, body=None if route is Route.RETRY_BY_ID else sent, **path)
    assert answer.status in (202, 504)
    out = capsys.readouterr().out
    (line,) = [json.loads(each) for each in out.splitlines()]
    about = {
        Route.SUBMIT: {"job_id": answer.body.get("id")},
        Route.EXECUTE: {"job_id": answer.body.get("detail", {}).get("id")},
        Route.SUBMIT_JOBS: {"flow": "trial/greet", "jobs": 2},
        Route.RETRY_BY_ID: {"job_id": answer.body.get("id"), "retry_of": job_id},
    }[route]
    assert {"org": "acme", "key": "a test", "request_id": "request-1", **about}.items() <= line.items()
    assert line["action"] == route.name.removesuffix("_BY_ID").lower()
    assert SECRET not in out
    assert "nk_" not in out


def test_refused_submission_is_not_in_it(audited: System, capsys: pytest.CaptureFixture[str]) -> None:
    audited.submit("trial/greet")
    audited.send(Route.SUBMIT_JOBS, body={"jobs": [{}]}, **PATH)
    assert capsys.readouterr().out == ""


def test_what_changes_nothing_is_not_in_it(audited: System, capsys: pytest.CaptureFixture[str]) -> None:
    """A job that has ended, and one that is not there."""
    job_id = audited.submit(parameters={"a": 1}).body["id"]
    audited.deliver()
    audited.clock.time += 1000
    capsys.readouterr()
    assert audited.send(Route.CANCEL_BY_ID, id=job_id).body["state"] == "completed"
    assert audited.send(Route.CANCEL_BY_ID, id=f"job_{'a' * 26}").status == 404
    assert lines(capsys) == []


def test_nothing_is_written_where_it_is_off(system: System, capsys: pytest.CaptureFixture[str]) -> None:
    job_id = system.submit(parameters={"a": 1}).body["id"]
    system.send(Route.CANCEL_BY_ID, id=job_id)
    assert lines(capsys) == []


@pytest.fixture
def run(account_with_kinds: Account, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Run an operator's command; gives its output."""
    monkeypatch.setenv("AWS_REGION", account_with_kinds.region)

    def command(*arguments: str) -> str:
        done = CliRunner().invoke(commands, arguments)
        assert done.exit_code == 0, done.output
        return done.output

    return command


def recorded(account: Account) -> list[dict[str, Any]]:
    group = account.deployed("noukai")[audit_trail.OUTPUT]
    events = account.session.client("logs").filter_log_events(logGroupName=group)["events"]
    return [json.loads(event["message"]) for event in events]


def test_operator_is_named(run: Callable[..., str], account_with_kinds: Account) -> None:
    """For keys and budgets; a key itself is not in the log."""
    key = run("keys", "create", "--org", "acme", "--scope", "read", "ci").strip()
    (id_,) = [line.split()[0] for line in run("keys", "list").splitlines() if " ci " in line]
    run("keys", "revoke", id_)
    run("budget", "set", "--org", "acme", "--jobs", "7")
    run("budget", "clear", "--org", "acme")
    found = recorded(account_with_kinds)
    assert [each["action"] for each in found] == ["create_key", "revoke_key", "set_budget", "clear_budget"]
    assert all(each["operator"].startswith("arn:aws:") for each in found)
    assert {each["org"] for each in found} == {"acme"}
    assert (found[0]["key"], found[0]["scopes"], found[1]["id"]) == ("ci", ["read"], id_)
    assert found[2]["jobs"] == "7"
    assert key not in json.dumps(found)


def test_act_that_cannot_be_recorded_is_told(
    run: Callable[..., str], account_with_kinds: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is done already, and the operator has to know."""
    outputs = {**account_with_kinds.deployed("noukai"), audit_trail.OUTPUT: "a-group-that-is-gone"}
    monkeypatch.setattr(Account, "deployed", lambda *_: outputs)
    assert "Warning: this is not in the audit log a-group-that-is-gone" in run(
        "keys", "create", "--org", "acme", "other"
    )
