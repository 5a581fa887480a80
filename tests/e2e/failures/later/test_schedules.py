"""Schedules on the whole system: the functions with their roles, and the tick as it is deployed."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import psutil
import pytest

from noukai import Noukai
from tests.e2e.local_system import emulator_below


@pytest.fixture
def api(base_url: str, api_key: str) -> Iterator[httpx.Client]:
    """Return a client of HTTP for the API."""
    with httpx.Client(base_url=base_url, headers={"Authorization": f"Bearer {api_key}"}, timeout=30) as api:
        yield api


@pytest.fixture
def schedule(api: httpx.Client) -> Iterator[str]:
    """Put a schedule of each minute; return its path."""
    path = f"schedules/minutely-{uuid4().hex[:8]}"
    body = {"flow": "demo/word-count", "cron": "* * * * *", "message": "to be"}
    made = api.put(path, json=body)
    assert made.status_code == 201, made.text
    yield path
    assert api.delete(path).status_code == 204
    assert api.get(path).status_code == 404


def test_triggered_job_runs(api: httpx.Client, schedule: str, base_url: str, api_key: str) -> None:
    """Its result is shown with the schedule; a paused one runs it too."""
    assert api.post(f"{schedule}/pause").json()["state"] == "paused"
    job_id = api.post(f"{schedule}/trigger").json()["id"]
    with Noukai(api_key=api_key, base_url=base_url) as client:
        assert client.job(job_id).wait(timeout_ms=60_000).output["words"] == 2
    shown = api.get(schedule).json()["jobs"][0]["job"]
    assert (shown["state"], shown["metadata"]) == ("completed", {"schedule": schedule.split("/")[1]})
    assert api.post(f"{schedule}/resume").json()["state"] == "active"


@pytest.mark.skipif("E2E_BASE_URL" in os.environ, reason="it invokes a function of this machine")
def test_tick_submits_the_job_of_the_next_minute(api: httpx.Client, schedule: str) -> None:
    """The job waits for its instant; a pause takes it back, so that it never runs."""
    lambdas: Any = emulator_below(psutil.Process()).client("lambda")
    names = [each["FunctionName"] for each in lambdas.list_functions(MaxItems=100)["Functions"]]
    (tick,) = (name for name in names if "-Tick" in name)
    for _ in range(2):
        answer = lambdas.invoke(FunctionName=tick, Qualifier="live", Payload=b"{}")
        assert "FunctionError" not in answer, answer["Payload"].read()
    jobs = api.get(schedule).json()["jobs"]
    instants = [datetime.fromisoformat(each["instant"]) for each in jobs]
    assert instants == sorted(set(instants), reverse=True)
    assert all(each["job"]["state"] in ("pending", "completed") for each in jobs)
    assert timedelta(0) < instants[0] - datetime.now(UTC) <= timedelta(seconds=90)
    api.post(f"{schedule}/pause")
    assert api.get(schedule).json()["jobs"][0]["job"]["state"] == "cancelled"
