"""The functions' logs while jobs run, fail, are refused and cannot be read."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.e2e.local_system import KEY, LocalSystem
from tests.e2e.waiting import until

FLOWS = '''
from typing import Annotated

from pydantic import AfterValidator

from noukai.flow import Context, flow


def nothing(value: str) -> str:
    raise ValueError("nothing will do")


@flow(max_attempts=1)
def join(message: str, value: str, *, context: Context) -> str:
    context.progress(percent=50, message=message)
    context.logger.info("joining")
    return message + value


@flow(max_attempts=1)
def divide(message: str, value: str) -> float:
    return len(message + value) / 0


@flow(max_attempts=1)
def count(message: str, value: str) -> int:
    try:
        return int(message)
    except ValueError:
        return {}[value]


@flow(max_attempts=1)
def choose(message: str, value: Annotated[str, AfterValidator(nothing)]) -> None:
    """It is never called."""
'''
SECRET = "x5tErT1se"
"""Text in all that callers send and flows return; no log may contain it."""
JOB = {"message": f"{SECRET} message", "parameters": {"value": f"{SECRET} value"}}
TERMINAL = ("completed", "failed", "cancelled")


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalSystem]:
    flows = tmp_path_factory.mktemp("flows")
    (flows / "talk.py").write_text(FLOWS)
    # The functions log as on AWS, where no variable asks for the texts of errors.
    with LocalSystem.start(flows, {"log_level": "DEBUG"}, LOG_ERROR_TEXTS="false") as system:
        yield system


@pytest.fixture(scope="module")
def log(system: LocalSystem) -> str:
    """Return everything logged after the system was ready, once everything was tried."""
    with httpx.Client(base_url=system.url, headers={"Authorization": f"Bearer {KEY}"}, timeout=30) as api:
        metadata = {"metadata": {"for": f"{SECRET} metadata"}}
        jobs = [
            submit(api, flow, {**JOB, "options": metadata}) for flow in ("join", "divide", "count", "choose")
        ]
        until(lambda: all(has_ended(api, job) for job in jobs), every=0.2)
        assert SECRET in api.get(f"/jobs/{jobs[0]}").json()["result"]["output"]
        refuse(api)
        again = api.post(f"/jobs/{jobs[1]}/retry").json()["id"]
        until(lambda: has_ended(api, again), every=0.2)
    poison(system)
    until(lambda: system.running.output.count("was dropped") >= 2)
    return system.running.output.partition(f"{system.url} ready")[2]


def has_ended(api: httpx.Client, job: str) -> bool:
    return api.get(f"/jobs/{job}").json()["state"] in TERMINAL


def submit(api: httpx.Client, flow: str, body: Any, **headers: str) -> str:
    headers = {"Idempotency-Key": f"{SECRET} {flow}", **headers}
    return str(
        api.post(f"/seq/acme/talk/{flow}/jobs", json=body, headers=headers).raise_for_status().json()["id"]
    )


def refuse(api: httpx.Client) -> None:
    """Send refused requests: with every kind of wrong body, header and path."""
    path = "/seq/acme/talk/join/jobs"
    for content in (
        f'{{"message": "{SECRET}',
        f'{{"message": "{SECRET}", "no": 1}}',
        f'["{SECRET}"]',
        SECRET * 40_000,
    ):
        assert api.post(path, content=content).status_code in (400, 413, 422)
    assert api.post(path, json={**JOB, "message": None}).status_code == 400
    assert api.post(path, json=JOB, headers={"Authorization": f"Bearer nk_{SECRET}"}).status_code == 401
    assert api.post(path, json=JOB, headers={"Idempotency-Key": f"{SECRET} join"}).status_code == 409
    assert api.get(f"/jobs/{SECRET}", params={SECRET: SECRET}).status_code == 404


def poison(system: LocalSystem) -> None:
    """Put messages that no submission sends on the queues."""
    sqs = system.emulator.client("sqs")
    for url in sqs.list_queues()["QueueUrls"]:
        if "Unprocessed" not in url:
            sqs.send_message(QueueUrl=url, MessageBody=f'{{"id": "{SECRET}", "arguments": ["{SECRET}"]}}')


def test_functions_log_what_they_do(log: str) -> None:
    """They log a flow's own lines, where it raised, and why a message was dropped."""
    for told in (
        "joining",
        "the flow raised",
        "ZeroDivisionError",
        "KeyError",
        "ArgumentsError",
        "an invalid dead-letter message was dropped",
    ):
        assert told in log


def test_no_function_was_refused_anything(log: str) -> None:
    """The roles are enforced here, and some refusals would appear only in the log."""
    assert [line for line in log.splitlines() if "AccessDenied" in line or "not authorized" in line] == []


def test_log_holds_no_data_of_callers(log: str) -> None:
    """No message, parameter, metadata, idempotency key, path, API key or result is in it."""
    assert [line for line in log.splitlines() if SECRET in line or KEY in line or "Bearer" in line] == []
