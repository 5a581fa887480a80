"""Webhooks on the whole system: a real program on this machine is told of real jobs."""

import json
import os
import re
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from subprocess import PIPE
from typing import Any
from uuid import uuid4

import httpx
import pytest

from noukai.webhooks import verify
from tests.e2e.conftest import RecordTable
from tests.functions.webhooks.receiver import Post, Receiver, receiving

pytestmark = pytest.mark.skipif("E2E_BASE_URL" in os.environ, reason="it calls no program of this machine")

JOBS = 9
MEDIAN_SECONDS = 2.0


@pytest.fixture
def api(base_url: str, api_key: str) -> Iterator[httpx.Client]:
    """Return a client of HTTP for the API."""
    with httpx.Client(base_url=base_url, headers={"Authorization": f"Bearer {api_key}"}, timeout=30) as api:
        yield api


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Return a receiver that takes everything."""
    with receiving() as receiver:
        yield receiver


def submit(api: httpx.Client, name: str) -> str:
    body = {"message": "to be or not to be", "options": {"webhook": name}}
    answer = api.post("seq/acme/demo/word-count/jobs", json=body)
    assert answer.status_code == 202, answer.text
    return str(answer.json()["id"])


def got(receiver: Receiver, job_id: str, seconds: float = 30) -> Post:
    """Return the event of a job, once the receiver has it."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        for post in receiver.posts:
            if post.event["data"].get("id") == job_id:
                return post
        receiver.arrived.wait(0.05)
    raise AssertionError(f"no event of {job_id} within {seconds} s")


def test_a_receiver_is_told_in_two_seconds(
    api: httpx.Client, receiver: Receiver, record_table: RecordTable
) -> None:
    """At the median, from the job's end to the request; the first submission follows its `put` at once."""
    name = f"hook-{uuid4().hex[:8]}"
    made = api.put(f"webhooks/{name}", json={"url": receiver.url})
    assert made.status_code == 201, made.text
    secret = made.json()["secret"]
    took: list[float] = []
    try:
        for _ in range(JOBS):
            post = got(receiver, submit(api, name))
            event: Any = verify(post.body, post.headers, secret)
            ended = datetime.fromisoformat(event["data"]["completedAt"]).timestamp()
            took.append(post.at - ended)
        shown = api.get(f"webhooks/{name}/deliveries").json()["deliveries"]
        assert {each["state"] for each in shown} <= {"delivered"}
    finally:
        assert api.delete(f"webhooks/{name}").status_code == 204
    median = statistics.median(took)
    record_table("webhooks", [f"from a job's end to the request: {median:.2f} s at the median of {JOBS}"])
    assert median <= MEDIAN_SECONDS


def test_a_failed_event_comes_again(api: httpx.Client, receiver: Receiver) -> None:
    """The tick finds it, and the same id comes with a new signature."""
    name = f"hook-{uuid4().hex[:8]}"
    made = api.put(f"webhooks/{name}", json={"url": receiver.url}).json()
    receiver.answer_with(500)
    try:
        first = got(receiver, submit(api, name))
        receiver.answer_with(200)
        until = time.monotonic() + 150
        while len(receiver.posts) == 1 and time.monotonic() < until:
            receiver.arrived.wait(0.2)
        again = receiver.posts[1]
        assert (again.id, again.body) == (first.id, first.body)
        verify(again.body, again.headers, made["secret"])
    finally:
        api.delete(f"webhooks/{name}")


def test_listen_tells_of_a_job_and_passes_it_on(
    api: httpx.Client, receiver: Receiver, base_url: str, api_key: str
) -> None:
    """`noukai listen` is an endpoint for as long as it runs."""
    command = [str(Path(sys.executable).with_name("noukai")), "listen", receiver.url, "--json"]
    environment = {**os.environ, "NOUKAI_BASE_URL": base_url, "NOUKAI_API_KEY": api_key}
    with subprocess.Popen(command, stdout=PIPE, stderr=PIPE, text=True, env=environment) as process:
        try:
            assert process.stdout is not None
            assert process.stderr is not None
            (name,) = re.findall(r"listen-\w+", process.stderr.readline())
            job_id = submit(api, name)
            told = json.loads(process.stdout.readline())
        finally:
            process.send_signal(signal.SIGINT)
    assert (told["event"]["data"]["id"], told["forwarded"]["status"]) == (job_id, 204)
    assert got(receiver, job_id).id == told["webhookId"]
    assert api.get(f"webhooks/{name}").status_code == 404
