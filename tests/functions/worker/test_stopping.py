"""Flows that end early, are stopped, or end their own process."""

import os
import re
from pathlib import Path
from typing import Any

import pytest

from noukai_wire.routes import Route
from tests.functions.harness import System, output


@pytest.mark.parametrize(
    ("how", "error"),
    [
        ("sys-exit", "SystemExit: 3"),
        ("exit", "ProcessDied: the flow's process ended itself with status 3"),
        ("kill", "ProcessDied: the flow's process was ended by SIGKILL; it held up to [0-9]+ MB of memory"),
        ("segfault", "ProcessDied: the flow's process was ended by SIGSEGV"),
    ],
)
def test_flow_that_ends_its_process(system: System, how: str, error: str) -> None:
    """A flow that ends its process takes only its own attempt with it."""
    status = system.run("end-process", parameters={"how": how})
    assert status["state"] == "failed"
    assert re.fullmatch(error, status["error"])


def test_flow_that_closes_its_streams(system: System) -> None:
    """A flow may close its standard streams; its process uses other pipes to answer."""
    assert output(system.run("close-streams")) == "still here"


def test_flow_that_leaves_a_thread(system: System) -> None:
    """A flow that has returned is done, whatever still runs."""
    assert output(system.run("leave-a-thread")) == "returned"


def test_flow_that_leaves_a_daemon(system: System, tmp_path: Path) -> None:
    """A process that left the flow's group, with all pipes open, ends with the attempt."""
    pid_file = tmp_path / "pid"
    assert output(system.run("leave-a-daemon", parameters={"pid_file": str(pid_file)})) == "returned"
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid_file.read_text()), 0)


def test_flow_with_much_output(system: System, capfd: pytest.CaptureFixture[str]) -> None:
    """Its output goes to its log, even ten megabytes, and nobody can block it; none goes to the worker's."""
    assert output(system.run("talk", parameters={"megabytes": 10})) == "said"
    assert "".join(capfd.readouterr()) == ""


def test_flow_that_recurses_for_ever(system: System) -> None:
    """A flow with endless recursion fails with the interpreter's error."""
    status = system.run("recurse")
    assert (status["state"], status["attempt"]) == ("failed", 1)
    assert status["error"].startswith("RecursionError: ")


@pytest.mark.parametrize("flow", ["hang", "hang-later"])
def test_timeout_stops_the_flow(system: System, tmp_path: Path, flow: str) -> None:
    """It is interrupted, cleans up, and its job fails with `TimeoutError`."""
    begun, ended = tmp_path / "begun", tmp_path / "ended"
    system.clock.step = 1000
    status = system.run(
        flow, parameters={"begun": str(begun), "ended": str(ended)}, options={"timeoutSeconds": 2}
    )
    assert (status["state"], status["error"]) == (
        "failed",
        "TimeoutError: the flow was stopped after 2 seconds",
    )
    assert status["stoppedAt"]
    assert ended.exists()


@pytest.mark.parametrize("flow", ["hang", "hang-later", "hang-in-a-task"])
def test_cancelled_flow_is_stopped(system: System, tmp_path: Path, flow: str) -> None:
    """Every reader sees it cancelled at once; its code is interrupted, and `stoppedAt` says when."""
    begun, ended = tmp_path / "begun", tmp_path / "ended"
    job_id = system.submit(f"trial/{flow}", parameters={"begun": str(begun), "ended": str(ended)}).body["id"]
    answers = cancel_once_begun(system, job_id, begun)
    status = system.status(job_id)
    assert (answers[0]["state"], status["state"]) == ("cancelled", "cancelled")
    assert status["stoppedAt"] > status["completedAt"]
    assert ended.exists()
    assert system.messages() == 0


@pytest.mark.parametrize(("flow", "more"), [("hang", {"stubborn": True}), ("ignore-signals", {})])
def test_stubborn_flow_is_killed_after_the_grace(
    system: System, tmp_path: Path, flow: str, more: dict[str, bool]
) -> None:
    """A flow that catches the interruption, or never gets it, is killed after the grace."""
    begun, ended = tmp_path / "begun", tmp_path / "ended"
    parameters = {"begun": str(begun), "ended": str(ended), **more}
    job_id = system.submit(f"trial/{flow}", parameters=parameters).body["id"]
    cancel_once_begun(system, job_id, begun)
    assert system.status(job_id)["stoppedAt"]
    assert not ended.exists()


def cancel_once_begun(system: System, job_id: str, begun: Path) -> list[Any]:
    """Deliver the job, and cancel it as soon as its flow has begun."""
    answers: list[Any] = []

    def cancel() -> None:
        if begun.exists() and not answers:
            answers.append(None)
            answers[0] = system.send(Route.CANCEL_BY_ID, id=job_id).body

    system.clock.step = 1000
    system.clock.at_each_look = cancel
    system.deliver()
    return answers
