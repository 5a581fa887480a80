"""The check of flows' processes finds the workers of its jobs by their logs, and what those warn of."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any

import boto3
import httpx
import pytest
from moto import mock_aws

from noukai_functions.worker.process.reaper import Reaper
from noukai_infra.verify.check import CheckFailedError, CheckSkippedError
from noukai_infra.verify.checks.processes import processes_work
from noukai_infra.verify.deployed import Deployed

GROUP = "worker"
LINE = '{"level":"%s","message":"%s","job_id":"%s"}'


class Logged(Deployed):
    """A stack with only the log of its worker."""

    def functions(self) -> list[dict[str, Any]]:
        """Give the worker alone."""
        return [{"Handler": "noukai_functions.handlers.worker.handler", "LoggingConfig": {"LogGroup": GROUP}}]


@dataclass
class Workers:
    """Workers that log each job in the stream that the script names next, or not at all."""

    script: Iterator[str]
    logs: Any
    jobs: Iterator[int] = field(default_factory=count)
    slept: float = 0

    def __post_init__(self) -> None:
        self.logs.create_log_group(logGroupName=GROUP)
        for stream in ("a", "b"):
            self.logs.create_log_stream(logGroupName=GROUP, logStreamName=stream)
        self.log("b", LINE % ("WARNING", "flow processes: those of a worker that no job had", "job_other"))

    def log(self, stream: str, message: str) -> None:
        """Write a line."""
        event = {"timestamp": round(datetime.now(UTC).timestamp() * 1000), "message": message}
        self.logs.put_log_events(logGroupName=GROUP, logStreamName=stream, logEvents=[event])

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.slept += seconds

    def answer(self, request: httpx.Request) -> httpx.Response:
        """Run a job as soon as it is submitted."""
        if request.method == "POST":
            job = f"job_{next(self.jobs)}"
            if stream := next(self.script, ""):
                self.log(stream, LINE % ("ERROR", "the flow raised", job))
            return httpx.Response(202, json={"id": job})
        if request.url.path.endswith("flows"):
            return httpx.Response(200, json={"flows": [{"flow": "verify/demo/sleep"}]})
        return httpx.Response(200, json={"state": "failed"})


@pytest.fixture
def logs(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        yield boto3.client("logs", "us-east-1")


def check(workers: Workers) -> str:
    """Make the check, and return what it has seen."""
    session = boto3.Session("test", "test", region_name="us-east-1")
    api = httpx.Client(transport=httpx.MockTransport(workers.answer), base_url="https://api.test")
    stack = Logged("noukai", {}, session, api, "verify", clock=lambda: workers.slept, sleep=workers.sleep)
    seen: list[object] = []
    try:
        processes_work(stack, seen.append)
    except CheckFailedError as error:
        raise CheckFailedError(*seen) from error
    return str(seen[0])


def test_worker_that_warns_of_nothing(logs: Any) -> None:
    """It has had two jobs with a pause between them; what another worker has logged is not its."""
    workers = Workers(iter("aa"), logs)
    assert "no warning" in check(workers)
    assert workers.slept > 0


def test_worker_that_warns(
    logs: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The finding is what a worker really logs where the system does not list children."""
    monkeypatch.setattr("os.path.exists", lambda _: False)
    with caplog.at_level(logging.WARNING, "noukai"):
        Reaper()
    monkeypatch.undo()
    workers = Workers(iter("aba"), logs)
    workers.log("a", LINE % ("WARNING", caplog.messages[0], ""))
    with pytest.raises(CheckFailedError, match="does not list children") as failed:
        check(workers)
    assert "no job had" not in str(failed.value)


@pytest.mark.parametrize("script", ["", "a"])
def test_job_that_no_log_names(logs: Any, script: str) -> None:
    """Nothing is known of its worker."""
    with pytest.raises(CheckSkippedError, match=f"job job_{len(script)} is not in the workers' logs"):
        check(Workers(iter(script), logs))
